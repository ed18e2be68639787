/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.c - what was written against the table of what may be.
 *
 * Scalars follow YAML 1.2: only true and false are booleans, so NO is a text. A
 * value in quotes counts as its text, since `"${N:-4}"` has to be quoted inside
 * {…}. Every mistake of an argument is reported, not only the first.
 */
#include "plan/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dstream/clock.h"

struct fill {
    const char *what;
    ds_arena *a;
    ds_diags *d;
};

/* ---- small things ---- */

bool args_is_name(const char *s)
{
    size_t n = strlen(s);

    if (n == 0 || n > 63 || (s[0] >= '0' && s[0] <= '9'))
        return false;
    return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

bool args_is_null(const ds_arg *arg)
{
    return arg == NULL || (arg->kind == DS_ARG_SCALAR && arg->null);
}

ds_where args_where(const ds_arg *arg)
{
    ds_where none = {0};

    return arg ? arg->where : none;
}

ds_where args_name_where(const ds_text *name)
{
    return ds_text_where(name, 0, name->len);
}

const char *args_kind(const ds_arg *arg)
{
    if (args_is_null(arg))
        return "nothing";
    return arg->kind == DS_ARG_LIST  ? "a list"
           : arg->kind == DS_ARG_MAP ? "a map"
                                     : "a single value";
}

void args_later(ds_where where, const char *what, ds_diags *d)
{
    ds_diag_add(d, DS_ERROR, "E0190", where, NULL,
                "%s is not supported in this version", what);
}

const ds_arg *ds_arg_find(const ds_arg *map, const char *name)
{
    if (map == NULL || map->kind != DS_ARG_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->n; i++)
        if (strcmp(map->names[i].s, name) == 0)
            return map->items[i];
    return NULL;
}

const ds_arg *args_scalar(const char *text, ds_arena *a)
{
    ds_arg *arg = ds_new(a, ds_arg, 1);

    arg->kind = DS_ARG_SCALAR;
    arg->null = text == NULL;
    arg->text = ds_text_of(text ? ds_str_copy(a, text) : "");
    return arg;
}

const ds_arg *args_map(const ds_text *names, const ds_arg *const *items,
                       uint32_t n, ds_where where, ds_arena *a)
{
    ds_arg *arg = ds_new(a, ds_arg, 1);

    arg->kind = DS_ARG_MAP;
    arg->n = n;
    arg->names = names;
    arg->items = items;
    arg->where = where;
    return arg;
}

/* ---- the nearest name ---- */

#define MAX_NEAR 64 /* longer names are not compared */

static uint32_t min3(uint32_t x, uint32_t y, uint32_t z)
{
    uint32_t m = x < y ? x : y;

    return m < z ? m : z;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Edits from s to t; two neighbours that changed places count as one, and case
 * does not count. */
static uint32_t distance(const char *s, const char *t)
{
    size_t n = strlen(s), m = strlen(t);
    uint32_t row[3][MAX_NEAR + 1];

    if (n > MAX_NEAR || m > MAX_NEAR)
        return UINT32_MAX;
    for (size_t j = 0; j <= m; j++)
        row[0][j] = (uint32_t)j;
    for (size_t i = 1; i <= n; i++) {
        uint32_t *now = row[i % 3];
        const uint32_t *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

        now[0] = (uint32_t)i;
        for (size_t j = 1; j <= m; j++) {
            char c = lower(s[i - 1]), e = lower(t[j - 1]);

            now[j] = min3(up[j] + 1, now[j - 1] + 1, up[j - 1] + (c != e));
            if (i > 1 && j > 1 && c == lower(t[j - 2]) &&
                lower(s[i - 2]) == e && up2[j - 2] + 1 < now[j])
                now[j] = up2[j - 2] + 1;
        }
    }
    return row[n % 3][m];
}

const char *ds_name_nearest(const char *name, const char *const *names,
                            uint32_t n)
{
    const char *best = NULL;
    uint32_t best_far = ((uint32_t)strlen(name) + 1) / 3;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t far = distance(name, names[i]);

        if (far < best_far || (far == best_far && best == NULL)) {
            best = names[i];
            best_far = far;
        }
    }
    return best;
}

const char *args_hint(const char *name, const char *const *names, uint32_t n,
                      ds_arena *a)
{
    const char *near = ds_name_nearest(name, names, n);

    return near ? ds_str_printf(a, "did you mean `%s`?", near) : NULL;
}

/* ---- one value ---- */

/* A list where one thing is wanted. */
static const char *list_hint(const ds_param *p)
{
    if (p->type == DS_P_SELECT)
        return "its items are one text, with commas: k, n + 1 AS n";
    if (strcmp(p->name, "from") == 0)
        return "one of them; the others come in by a step: - union: [OTHER]";
    return NULL;
}

static bool wrong_kind(struct fill *f, const ds_arg *arg, const ds_param *p,
                       const char *need)
{
    const char *name = p->name;

    if (arg->kind == DS_ARG_SCALAR && !arg->null)
        ds_diag_add(f->d, DS_ERROR, "E0103", arg->where, NULL,
                    "`%s` needs %s, not \"%.80s\"", name, need, arg->text.s);
    else
        ds_diag_add(f->d, DS_ERROR, "E0103", arg->where,
                    arg->kind == DS_ARG_LIST ? list_hint(p) : NULL,
                    "`%s` needs %s, not %s", name, need, args_kind(arg));
    return false;
}

static bool is_scalar(const ds_arg *arg)
{
    return arg->kind == DS_ARG_SCALAR && !arg->null;
}

static bool fill_int(struct fill *f, const ds_arg *arg, const ds_param *p,
                     int64_t *out)
{
    char *end;
    long long v;

    if (!is_scalar(arg))
        return wrong_kind(f, arg, p, "a whole number");
    errno = 0;
    v = strtoll(arg->text.s, &end, 10);
    if (end == arg->text.s || *end != '\0' ||
        strspn(arg->text.s, "-+0123456789") != arg->text.len)
        return wrong_kind(f, arg, p, "a whole number");
    if (errno == ERANGE || ((p->min || p->max) && (v < p->min || v > p->max))) {
        ds_diag_add(f->d, DS_ERROR, "E0104", arg->where, NULL,
                    "`%s` must be between %lld and %lld", p->name,
                    (long long)p->min, (long long)p->max);
        return false;
    }
    *out = v;
    return true;
}

static bool fill_bool(struct fill *f, const ds_arg *arg, const ds_param *p,
                      bool *out)
{
    if (is_scalar(arg) && strcmp(arg->text.s, "true") == 0) {
        *out = true;
        return true;
    }
    if (is_scalar(arg) && strcmp(arg->text.s, "false") == 0) {
        *out = false;
        return true;
    }
    return wrong_kind(f, arg, p, "true or false");
}

/* Whether `word` is one of "a|b|c"; which one. */
static int choice_of(const char *choices, const char *word)
{
    size_t len = strlen(word);
    int i = 0;

    for (const char *at = choices; at && *at; i++) {
        size_t n = strcspn(at, "|");

        if (n == len && memcmp(at, word, n) == 0)
            return i;
        at += n + (at[n] == '|');
    }
    return -1;
}

static const char *choice_hint(const char *choices, const char *word,
                               ds_arena *a)
{
    const char *names[32];
    uint32_t n = 0;

    for (const char *at = choices; *at && n < 32;) {
        size_t len = strcspn(at, "|");

        names[n++] = ds_strn_copy(a, at, len);
        at += len + (at[len] == '|');
    }
    return args_hint(word, names, n, a);
}

static char *choices_show(const char *choices, ds_arena *a)
{
    char *s = ds_str_copy(a, choices);

    for (char *at = s; *at; at++)
        if (*at == '|')
            *at = ' ';
    return s;
}

static bool fill_enum(struct fill *f, const ds_arg *arg, const ds_param *p,
                      int *out)
{
    const char *word = arg->null ? "null" : arg->text.s;
    int i;

    if (arg->kind != DS_ARG_SCALAR)
        return wrong_kind(f, arg, p, "a single word");
    i = choice_of(p->choices, word);
    if (i >= 0) {
        *out = i;
        return true;
    }
    if (choice_of(p->later_choices, word) >= 0)
        args_later(arg->where, ds_str_printf(f->a, "`%s: %s`", p->name, word),
                   f->d);
    else if (arg->null)
        return wrong_kind(f, arg, p, "a word");
    else
        ds_diag_add(f->d, DS_ERROR, "E0104", arg->where,
                    choice_hint(p->choices, word, f->a),
                    "`%s` must be one of: %s; not \"%.80s\"", p->name,
                    choices_show(p->choices, f->a), word);
    return false;
}

static bool fill_duration(struct fill *f, const ds_arg *arg, const ds_param *p,
                          ds_time *out)
{
    const char *hint = "as in 500ms, 10s, 5m, 1h30m, PT10M";

    if (!is_scalar(arg))
        return wrong_kind(f, arg, p, "a duration");
    if (strspn(arg->text.s, "0123456789") == arg->text.len)
        hint = "give it a unit: 500ms, 10s, 5m";
    if (ds_duration_parse(ds_slice_of(arg->text.s), out) && *out > 0)
        return true;
    ds_diag_add(f->d, DS_ERROR, "E0105", arg->where, hint,
                "\"%.80s\" is no duration", arg->text.s);
    return false;
}

static bool fill_size(struct fill *f, const ds_arg *arg, const ds_param *p,
                      int64_t *out)
{
    if (!is_scalar(arg))
        return wrong_kind(f, arg, p, "a size");
    if (!ds_size_parse(ds_slice_of(arg->text.s), out) || *out < 0) {
        ds_diag_add(f->d, DS_ERROR, "E0105", arg->where,
                    "as in 64MiB, 500kB, 4096", "\"%.80s\" is no size",
                    arg->text.s);
        return false;
    }
    if ((p->min || p->max) && (*out < p->min || *out > p->max)) {
        ds_diag_add(f->d, DS_ERROR, "E0104", arg->where, NULL,
                    "`%s` must be between %lld and %lld bytes", p->name,
                    (long long)p->min, (long long)p->max);
        return false;
    }
    return true;
}

static bool fill_text(struct fill *f, const ds_arg *arg, const ds_param *p,
                      ds_text *out)
{
    if (!is_scalar(arg))
        return wrong_kind(f, arg, p,
                          p->type == DS_P_EXPR     ? "an expression"
                          : p->type == DS_P_QUERY  ? "a query"
                          : p->type == DS_P_STREAM ? "the name of a stream"
                                                   : "a text");
    *out = arg->text;
    if ((p->type == DS_P_NAME || p->type == DS_P_STREAM) &&
        !args_is_name(arg->text.s)) {
        ds_diag_add(f->d, DS_ERROR, "E0105", arg->where,
                    "small letters, digits and _, at most 63",
                    "\"%.80s\" is no name", arg->text.s);
        return false;
    }
    return true;
}

/* ---- values that stay what was written ---- */

/* From C a list is one text: "a, b(1,2)". */
static const ds_arg *split(const ds_arg *arg, bool named, ds_arena *a)
{
    const char *at = arg->text.s;
    uint32_t cap = 1;
    ds_arg *out = ds_new(a, ds_arg, 1);
    const ds_arg **items;
    ds_text *names;

    for (const char *c = at; *c; c++)
        cap += *c == ',';
    items = ds_new(a, const ds_arg *, cap);
    names = ds_new(a, ds_text, cap);
    while (*at) {
        size_t n = 0, name = 0;
        int depth = 0;

        at += strspn(at, " ");
        while (at[n] && (at[n] != ',' || depth > 0)) {
            depth += (at[n] == '(') - (at[n] == ')');
            n++;
        }
        if (named)
            name = strcspn(at, " ,");
        if (name > n)
            name = n;
        names[out->n] = ds_text_of(ds_strn_copy(a, at, name));
        name += named && at[name] == ' ';
        items[out->n++] = args_scalar(ds_strn_copy(a, at + name, n - name), a);
        at += n + (at[n] == ',');
    }
    out->kind = named ? DS_ARG_MAP : DS_ARG_LIST;
    out->names = names;
    out->items = items;
    out->where = arg->where;
    return out;
}

/* More ( than ), or fewer. */
static int parens(const char *s)
{
    int n = 0;

    for (; *s; s++)
        n += (*s == '(') - (*s == ')');
    return n;
}

const char *args_comma_hint(const ds_text *name, const ds_arg *item)
{
    return args_is_null(item) && parens(name->s) < 0
               ? "a comma inside {...} splits the value: quote it"
               : NULL;
}

bool args_split_by_comma(const ds_arg *map, uint32_t i, ds_arena *a,
                         ds_diags *d)
{
    const ds_text *before = i ? &map->items[i - 1]->text : NULL;
    const char *hint = args_comma_hint(&map->names[i], map->items[i]);

    if (!hint || !before || !before->s || parens(before->s) <= 0)
        return false;
    ds_diag_add(d, DS_ERROR, "E0201", ds_text_where(before, before->len, 1),
                ds_str_printf(a, "%s, \"%.60s,%.60s\"", hint, before->s,
                              map->names[i].s),
                "syntax error at end of input");
    return true;
}

static bool all_scalars(struct fill *f, const ds_arg *arg, const ds_param *p)
{
    bool map = arg->kind == DS_ARG_MAP;
    bool ok = true;

    for (uint32_t i = 0; i < arg->n; i++) {
        if (is_scalar(arg->items[i]))
            continue;
        ok = false;
        if (map && args_split_by_comma(arg, i, f->a, f->d))
            continue;
        ds_diag_add(f->d, DS_ERROR, "E0103", arg->items[i]->where, NULL,
                    "%s`%s` needs a single value, not %s",
                    map ? "" : "an item of ", map ? arg->names[i].s : p->name,
                    args_kind(arg->items[i]));
    }
    return ok;
}

struct shape {
    bool scalar, list, map, scalars; /* scalars: all its items are */
    const char *need;
};

static struct shape shape_of(ds_param_type type)
{
    switch (type) {
    case DS_P_SELECT:
        return (struct shape){true, false, true, true,
                              "a select list, or a map of name: expression"};
    case DS_P_EXPRS:
        return (struct shape){true, true, false, true,
                              "an expression or a list of them"};
    case DS_P_COLUMNS:
        return (struct shape){false, false, true, true,
                              "a map of column: type"};
    case DS_P_EXPR_MAP:
        return (struct shape){false, false, true, true,
                              "a map of name: expression"};
    case DS_P_PROPS:
        return (struct shape){false, false, true, true,
                              "a map of property: value"};
    case DS_P_STRS:
        return (struct shape){false, true, false, true, "a list"};
    case DS_P_STREAM:
        return (struct shape){true, false, false, false,
                              "the name of a stream"};
    case DS_P_STREAMS:
        return (struct shape){true, true, false, true,
                              "the name of a stream or a list of them"};
    default:
        return (struct shape){true, true, true, false, "a value"};
    }
}

static bool fill_tree(struct fill *f, const ds_arg *arg, const ds_param *p,
                      const ds_arg **out)
{
    struct shape shape = shape_of(p->type);
    bool from_c = is_scalar(arg) && arg->text.n_segs == 0 && !arg->where.file;

    if (p->type == DS_P_ARG) {
        *out = arg;
        return true;
    }
    if (from_c && (p->type == DS_P_COLUMNS || p->type == DS_P_STRS))
        arg = split(arg, p->type == DS_P_COLUMNS, f->a);
    if (args_is_null(arg) || (arg->kind == DS_ARG_SCALAR && !shape.scalar) ||
        (arg->kind == DS_ARG_LIST && !shape.list) ||
        (arg->kind == DS_ARG_MAP && !shape.map))
        return wrong_kind(f, arg, p, shape.need);
    if (arg->kind != DS_ARG_SCALAR && arg->n == 0) {
        ds_diag_add(f->d, DS_ERROR, "E0102", arg->where, NULL, "`%s` is empty",
                    p->name);
        return false;
    }
    /* Columns may be nested: whoever takes them checks them. */
    if (p->type != DS_P_COLUMNS && !all_scalars(f, arg, p))
        return false;
    *out = arg;
    return true;
}

static bool fill_value(struct fill *f, const ds_arg *arg, const ds_param *p,
                       void *args)
{
    void *dst = (char *)args + p->offset;

    switch (p->type) {
    case DS_P_INT:
        return fill_int(f, arg, p, dst);
    case DS_P_BOOL:
        return fill_bool(f, arg, p, dst);
    case DS_P_ENUM:
        return fill_enum(f, arg, p, dst);
    case DS_P_DURATION:
        if (p->where)
            *(ds_where *)(void *)((char *)args + p->where) = arg->where;
        return fill_duration(f, arg, p, dst);
    case DS_P_SIZE:
        return fill_size(f, arg, p, dst);
    case DS_P_STR:
    case DS_P_NAME:
    case DS_P_EXPR:
    case DS_P_QUERY:
    case DS_P_STREAM:
        return fill_text(f, arg, p, dst);
    case DS_P_OBJECT:
        return ds_args_fill(arg, p->sub, p->name, dst, f->a, f->d);
    default:
        return fill_tree(f, arg, p, dst);
    }
}

/* ---- the table ---- */

static const ds_param *main_of(const ds_param *params, uint32_t *n)
{
    const ds_param *found = NULL;

    for (*n = 0; params && params[*n].name; (*n)++)
        if (params[*n].main)
            found = &params[*n];
    return found;
}

/* Whether the map that was written is the main parameter's own. */
static bool is_main_map(const ds_param *p, uint32_t n)
{
    return p && n == 1 && p->type != DS_P_OBJECT && shape_of(p->type).map &&
           p->type >= DS_P_SELECT;
}

const ds_param *args_param(const ds_param *params, const char *name)
{
    for (const ds_param *p = params; p && p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

/* What was meant is not missed too. */
static void unknown_name(struct fill *f, const ds_arg *map, uint32_t at,
                         const ds_param *params, bool *given)
{
    const ds_text *name = &map->names[at];
    const char *hint = args_comma_hint(name, map->items[at]);
    const char *names[64], *near;
    const ds_param *meant;
    uint32_t n = 0;

    for (const ds_param *p = params; p && p->name && n < 64; p++)
        if (!p->later && !ds_arg_find(map, p->name))
            names[n++] = p->name;
    near = hint ? NULL : ds_name_nearest(name->s, names, n);
    ds_diag_add(f->d, DS_ERROR, "E0101", args_name_where(name),
                hint ? hint : args_hint(name->s, names, n, f->a),
                "unknown name `%.80s` in %s", name->s, f->what);
    meant = near ? args_param(params, near) : NULL;
    if (meant && meant->required && !meant->def)
        given[meant - params] = true;
}

static bool fill_map(struct fill *f, const ds_arg *map, const ds_param *params,
                     void *args, bool *given)
{
    bool ok = true;

    for (uint32_t i = 0; i < map->n; i++) {
        const ds_text *name = &map->names[i];
        const ds_param *p = args_param(params, name->s);

        if (p == NULL) {
            unknown_name(f, map, i, params, given);
            ok = false;
            continue;
        }
        given[p - params] = true;
        if (p->later) {
            args_later(args_name_where(name),
                       ds_str_printf(f->a, "`%s` in %s", p->name, f->what),
                       f->d);
            ok = false;
        } else if (!fill_value(f, map->items[i], p, args)) {
            ok = false;
        }
    }
    return ok;
}

static bool fill_rest(struct fill *f, const ds_arg *arg, const ds_param *params,
                      void *args, const bool *given)
{
    bool ok = true;

    for (const ds_param *p = params; p && p->name; p++) {
        if (given[p - params] || p->later)
            continue;
        if (p->def) {
            ok = fill_value(f, args_scalar(p->def, f->a), p, args) && ok;
        } else if (p->required) {
            ds_diag_add(f->d, DS_ERROR, "E0102", args_where(arg), NULL,
                        "%s needs `%s`", f->what, p->name);
            ok = false;
        }
    }
    return ok;
}

bool ds_args_fill(const ds_arg *arg, const ds_param *params, const char *what,
                  void *args, ds_arena *a, ds_diags *d)
{
    struct fill f = {what, a, d};
    uint32_t n;
    const ds_param *main_param = main_of(params, &n);
    bool *given = ds_new(a, bool, n + 1);
    bool ok = true;

    if (args_is_null(arg)) {
        /* Nothing was written. */
    } else if (arg->kind == DS_ARG_MAP && !is_main_map(main_param, n)) {
        ok = fill_map(&f, arg, params, args, given);
    } else if (main_param) {
        given[main_param - params] = true;
        ok = fill_value(&f, arg, main_param, args);
    } else {
        ds_diag_add(d, DS_ERROR, "E0103", arg->where,
                    n ? ds_str_printf(a, "as in {%s: ...}", params->name)
                      : NULL,
                    n ? "%s needs a map, not %s" : "%s takes nothing, not %s",
                    what, args_kind(arg));
        return false;
    }
    return fill_rest(&f, arg, params, args, given) && ok;
}
