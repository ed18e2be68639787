/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_edit.c - regexp_replace, regexp_split_to_array and _to_table.
 */
#include "expr/regex_call.h"
#include "expr/set_run.h"

/* ---- replace ---- */

static const regex_use replace_where = {NULL, NULL, 1, 3, REGEX_WHERE};
static const regex_use replace_groups = {NULL, NULL, 1, 3, REGEX_GROUPS};
static const regex_use from_where = {NULL, NULL, 1, 5, REGEX_WHERE};
static const regex_use from_groups = {NULL, NULL, 1, 5, REGEX_GROUPS};

/* Whether a replacement has \1 … \9. */
static bool has_groups(ds_slice s)
{
    for (uint32_t i = 0; i + 1 < s.len; i++) {
        if (s.ptr[i] != '\\')
            continue;
        i++;
        if (s.ptr[i] >= '1' && s.ptr[i] <= '9')
            return true;
    }
    return false;
}

static bool call_has_groups(const tx *call)
{
    const tx *with = call->args[2];
    return with->kind != TX_CONST || (!with->null && has_groups(with->v.s));
}

void regex_replace_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(call_has_groups(call) ? &replace_groups : &replace_where,
                      call, a);
}

void regex_replace_from_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(call_has_groups(call) ? &from_groups : &from_where, call,
                      a);
}

static void put_span(ds_buf *b, ds_slice t, regex_span g)
{
    if (g.begin != REGEX_UNSET)
        ds_buf_add(b, t.ptr + g.begin, g.end - g.begin);
}

/* The replacement: \1 to \9, \& for all, \\; other backslashes stay. */
static void put_with(ds_buf *b, ds_slice with, ds_slice t, const regex_run *m)
{
    for (uint32_t i = 0; i < with.len;) {
        const uint8_t *p = memchr(with.ptr + i, '\\', with.len - i);
        uint32_t n = p ? (uint32_t)(p - with.ptr) - i : with.len - i;
        ds_buf_add(b, with.ptr + i, n);
        i += n;
        if (p == NULL)
            return;
        uint8_t c = i + 1 < with.len ? with.ptr[i + 1] : 0;
        if (c >= '1' && c <= '9') {
            if (c - '0' <= (int)m->re->n_groups)
                put_span(b, t, m->spans[c - '0']);
        } else if (c == '&') {
            put_span(b, t, m->spans[0]);
        } else {
            ds_buf_str(b, "\\");
        }
        i += (c >= '1' && c <= '9') || c == '&' || c == '\\' ? 2 : 1;
    }
}

/* What is replaced in one row. */
typedef struct edit {
    regex_walk walk;
    ds_slice with;
    bool plain; /* the replacement has no backslash */
    int64_t n;  /* which match; 0: all of them */
} edit;

static regex_rc edit_text(edit *e, run *r, const run_step *s, uint32_t i,
                          ds_slice *out)
{
    ds_slice t = e->walk.text;
    uint32_t done = 0;
    int64_t k = 0;
    regex_rc rc;
    ds_buf b = {0};
    *out = t;
    while ((rc = regex_walk_next(&e->walk)) == REGEX_MATCH) {
        if (++k < e->n)
            continue;
        if (b.arena == NULL)
            ds_buf_init(&b, r->ev->arena, t.len + e->with.len + 16);
        ds_buf_add(&b, t.ptr + done, e->walk.begin - done);
        if (e->plain)
            ds_buf_add(&b, e->with.ptr, e->with.len);
        else
            put_with(&b, e->with, t, e->walk.run);
        done = e->walk.end;
        if (e->n || b.len > TEXT_MAX)
            break;
    }
    if (rc == REGEX_LIMIT || b.arena == NULL)
        return rc;
    ds_buf_add(&b, t.ptr + done, t.len - done);
    *out = (ds_slice){(const uint8_t *)b.s, b.len};
    (void)text_fits(r, s, i, b.len, out);
    return REGEX_MATCH;
}

static void replace_row(regex_cache *c, run *r, const run_step *s, uint32_t i,
                        int flag, int64_t n, int64_t start)
{
    ds_slice *out = &RUN_DST(r, s)->v.str[i];
    const char *why;
    ds_slice t = ARG_STR(0)[i];
    edit e = {.walk = {.text = t}, .with = ARG_STR(2)[i], .n = n};
    *out = t;
    e.walk.run = regex_cache_get(
        c, ARG_STR(1)[i], flag < s->n_args ? ARG_STR(flag)[i] : text_empty, t,
        &why);
    if (e.walk.run == NULL) {
        run_error(r, s, i, "E0704", "%s", why);
        return;
    }
    if (n < 0)
        e.n = e.walk.run->re->global ? 0 : 1;
    e.walk.from =
        start - 1 > (int64_t)t.len ? t.len + 1 : text_byte_of(t, start - 1);
    if (e.walk.from == t.len && start > 1 && text_chars(t) < start - 1)
        e.walk.from = t.len + 1;
    e.plain = e.with.len == 0 || memchr(e.with.ptr, '\\', e.with.len) == NULL;
    if (edit_text(&e, r, s, i, out) == REGEX_LIMIT)
        run_error(r, s, i, "E0704", REGEX_TOO_LONG);
}

/* (text, pattern, replacement, flags) */
void regex_replace(run *r, const run_step *s)
{
    regex_cache c;
    regex_cache_begin(&c, &replace_groups, s->data);
    RUN_EACH_OK(r, s, i)
    replace_row(&c, r, s, i, 3, -1, 1);
    regex_cache_end(&c);
}

/* (text, pattern, replacement, start, n, flags) */
void regex_replace_from(run *r, const run_step *s)
{
    regex_cache c;
    regex_cache_begin(&c, &from_groups, s->data);
    RUN_EACH_OK(r, s, i)
    {
        int64_t start = ARG_I64(3)[i], n = s->n_args > 4 ? ARG_I64(4)[i] : 1;
        bool bad_start = start < 1;
        RUN_DST(r, s)->v.str[i] = text_empty;
        if (bad_start || n < 0)
            run_error(
                r, s, i, "E0704", "invalid value for parameter \"%s\": %lld",
                bad_start ? "start" : "n", (long long)(bad_start ? start : n));
        else
            replace_row(&c, r, s, i, 5, n, start);
    }
    regex_cache_end(&c);
}

/* ---- split ---- */

static const regex_use split_array = {"regexp_split_to_array()", NULL, 1, 2,
                                      REGEX_WHERE};
static const regex_use split_table = {"regexp_split_to_table()", NULL, 1, 2,
                                      REGEX_WHERE};

void regex_split_array_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(&split_array, call, a);
}

void regex_split_table_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(&split_table, call, a);
}

/* The parts between matches. Empty matches at the start, at the end and right
 * after a match do not count. */
typedef struct split {
    regex_walk walk;
    uint32_t part; /* where the next part begins */
    uint32_t last; /* where the last match ended */
    bool done;
} split;

/* REGEX_NONE: there was none left. */
static regex_rc split_next(split *p, ds_slice *out)
{
    ds_slice t = p->walk.text;
    regex_rc rc;
    if (p->done)
        return REGEX_NONE;
    while ((rc = regex_walk_next(&p->walk)) == REGEX_MATCH) {
        bool counts = p->walk.begin < t.len && p->walk.end > p->last;
        p->last = p->walk.end;
        if (!counts)
            continue;
        *out = (ds_slice){t.ptr + p->part, p->walk.begin - p->part};
        p->part = p->walk.end;
        return REGEX_MATCH;
    }
    if (rc == REGEX_LIMIT)
        return rc;
    p->done = true;
    *out = (ds_slice){t.ptr + p->part, t.len - p->part};
    return REGEX_MATCH;
}

typedef struct list {
    ds_arena *arena;
    ds_value *values;
    uint32_t n, cap;
} list;

static void list_add(list *l, ds_slice s)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? 2 * l->cap : 16;
        ds_value *values = ds_new(l->arena, ds_value, cap);
        if (l->n)
            memcpy(values, l->values, sizeof *values * l->n);
        l->values = values;
        l->cap = cap;
    }
    l->values[l->n++].s = s;
}

void regex_split_array(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    regex_cache c;
    list l = {.arena = r->ev->arena};
    regex_cache_begin(&c, &split_array, s->data);
    RUN_EACH_OK(r, s, i)
    {
        const char *why = REGEX_TOO_LONG;
        ds_slice part;
        regex_rc rc = REGEX_LIMIT;
        split p = {.walk = {.text = ARG_STR(0)[i]}};
        p.walk.run = regex_cache_get(&c, ARG_STR(1)[i],
                                     s->n_args > 2 ? ARG_STR(2)[i] : text_empty,
                                     ARG_STR(0)[i], &why);
        l.n = 0;
        while (p.walk.run && (rc = split_next(&p, &part)) == REGEX_MATCH)
            list_add(&l, part);
        out[i] = text_empty;
        if (rc == REGEX_LIMIT)
            run_error(r, s, i, "E0704", "%s", why);
        else
            out[i] = array_make(DS_STR, l.values, NULL, l.n, r->ev->arena);
    }
    regex_cache_end(&c);
}

/* The word count's pattern, without a call per part. */
static void split_spaces(const set_row *row, ds_slice t)
{
    const uint8_t *p = t.ptr, *end = t.ptr + t.len, *begin = p;
    set_ctx *c = row->ctx;
    uint32_t i = row->row;
    while (p < end) {
        uint32_t n;
        if ((*p > ' ' && *p < 0xe1) || (n = regex_space(p, end)) == 0) {
            p++;
            continue;
        }
        set_put_text(c, i, begin, (uint32_t)(p - begin));
        do
            p += n;
        while (p < end && (n = regex_space(p, end)) != 0);
        begin = p;
    }
    set_put_text(c, i, begin, (uint32_t)(end - begin));
}

void regex_split_table(set_row *row, const ds_value *args, const bool *nulls)
{
    (void)nulls;
    const regex_const *k = row->data;
    split p = {.walk = {.text = args[0].s}};
    ds_value part;
    regex_rc rc = REGEX_NONE;
    if (k && k->re && k->re->shape == REGEX_SPACES) {
        split_spaces(row, args[0].s);
        return;
    }
    if (k && k->re && k->re->shape == REGEX_TEXT && k->re->text.len == 1) {
        set_put_parts(row->ctx, row->row, args[0].s, k->re->text.ptr[0]);
        return;
    }
    p.walk.run = regex_set_get(row, &split_table, args);
    while (p.walk.run && (rc = split_next(&p, &part.s)) == REGEX_MATCH)
        set_emit(row, &part, false);
    if (rc == REGEX_LIMIT)
        set_error(row, "E0704", REGEX_TOO_LONG);
}
