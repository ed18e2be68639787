/* SPDX-License-Identifier: Apache-2.0 */
/* jobtest_compare.c - expected rows against those that came. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/jobtest.h"
#include "record/builder.h"
#include "record/show.h"
#include "record/value.h"

/* ---- values ---- */

json_t *json_read(ds_slice text)
{
    const char *s = (const char *)text.ptr;
    json_t *value;

    if (!s)
        return NULL;
    value = json_loadb(s, text.len, JSON_DECODE_ANY, NULL);
    return value ? value
                 : json_loadb(s, text.len,
                              JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
}

/* YAML's names for what is no number, as JSON output has them. */
static const char *no_number(const char *s)
{
    static const char *const names[][2] = {{".nan", "NaN"},
                                           {".inf", "Infinity"},
                                           {"+.inf", "Infinity"},
                                           {"-.inf", "-Infinity"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcasecmp(s, names[i][0]))
            return names[i][1];
    return s;
}

static bool numbers_equal(const char *s, const json_t *got)
{
    char *end;
    double want, have;

    if (json_is_integer(got)) {
        char text[32];
        snprintf(text, sizeof(text), "%lld",
                 (long long)json_integer_value(got));
        if (!strcmp(text, s))
            return true;
    }
    want = strtod(s, &end);
    if (*end || end == s || !json_is_number(got))
        return json_is_string(got) &&
               !strcasecmp(no_number(s), json_string_value(got));
    have = json_number_value(got);
    return want == have ||
           fabs(want - have) <= 1e-9 * fmax(fabs(want), fabs(have));
}

/* A text of its type as JSON output has it, if it is one. */
static ds_slice plain(ds_type type, const char *s, ds_arena *a)
{
    ds_value v = {.i = 0};
    const char *code;
    ds_col col;
    ds_buf out;

    if (ds_value_parse(type, 0, ds_slice_of(s), DS_TIME_NONE, a, &v, &code))
        return DS_NULL_SLICE;
    col = ds_col_const(type, &v, 1, a);
    ds_buf_init(&out, a, 64);
    ds_show_json(&out, type, &col, 0);
    return (ds_slice){(const uint8_t *)out.s, out.len};
}

/* Times as instants, and other types with several texts for a value. */
static bool parsed_equal(const char *s, ds_type type, const json_t *got)
{
    const char *text = json_string_value(got);
    ds_slice want, have;
    ds_arena *a;
    bool equal;

    if (!text || !strcmp(s, text))
        return text != NULL;
    a = ds_arena_new(1 << 10);
    want = plain(type, s, a);
    have = plain(type, text, a);
    equal = want.ptr && have.ptr && ds_slice_eq(want, have);
    ds_arena_free(a);
    return equal;
}

static bool bools_equal(const char *s, const json_t *got)
{
    return json_is_boolean(got) &&
           !strcmp(s, json_is_true(got) ? "true" : "false");
}

/* Without a type to go by: as the value that came. */
static bool texts_equal(const char *s, const json_t *got)
{
    if (json_is_string(got))
        return !strcmp(s, json_string_value(got));
    return json_is_boolean(got) ? bools_equal(s, got) : numbers_equal(s, got);
}

static ds_type column_type(const ds_schema *schema, const char *name)
{
    int c = schema ? ds_schema_find(schema, name) : -1;

    return c < 0 ? DS_STR : schema->fields[c].type;
}

/* Arrays, rows and jsonb: lists and maps, exactly. */
static bool nested_equal(const ds_arg *expected, ds_type type,
                         const json_t *got)
{
    bool map = expected->kind == DS_ARG_MAP;
    const ds_schema *row = ds_row_fields(type);

    if (map ? !json_is_object(got) || json_object_size(got) != expected->n
            : !json_is_array(got) || json_array_size(got) != expected->n)
        return false;
    for (uint32_t i = 0; i < expected->n; i++) {
        const char *name = map ? expected->names[i].s : NULL;
        const json_t *part =
            map ? json_object_get(got, name) : json_array_get(got, i);
        if (!value_matches(expected->items[i],
                           map ? column_type(row, name) : ds_type_elem(type),
                           part))
            return false;
    }
    return true;
}

bool value_matches(const ds_arg *expected, ds_type type, const json_t *got)
{
    const char *s = expected->text.s;

    if (expected->kind != DS_ARG_SCALAR)
        return nested_equal(expected, type, got);
    if (expected->null)
        return !got || json_is_null(got);
    if (!got || json_is_null(got))
        return false;
    switch (type) {
    case DS_I16:
    case DS_I32:
    case DS_I64:
    case DS_F32:
    case DS_F64:
    case DS_NUM:
        return numbers_equal(s, got);
    case DS_DATE:
    case DS_TIME:
    case DS_TIMESTAMP:
    case DS_TS:
    case DS_IV:
    case DS_UUID:
    case DS_BYTES:
        return parsed_equal(s, type, got);
    case DS_BOOL:
        return bools_equal(s, got);
    default:
        return texts_equal(s, got);
    }
}

static bool row_matches(const ds_arg *want, const json_t *have,
                        const ds_schema *schema, bool exact)
{
    if (want->kind == DS_ARG_SCALAR) /* a row of one column */
        return schema && schema->n == 1
                   ? value_matches(
                         want, schema->fields[0].type,
                         json_object_get(have, schema->fields[0].name))
                   : value_matches(want, DS_STR,
                                   json_object_get(have, "value"));
    if (want->kind != DS_ARG_MAP ||
        (exact && want->n != json_object_size(have)))
        return false;
    for (uint32_t i = 0; i < want->n; i++) {
        const char *name = want->names[i].s;
        if (!value_matches(want->items[i], column_type(schema, name),
                           json_object_get(have, name)))
            return false;
    }
    return true;
}

/* ---- bags: a matching of expected and got rows ---- */

typedef struct matching {
    const ds_arg *want;
    const got_rows *got;
    bool exact;
    int *of_got; /* expected row matched to it, or -1 */
    bool *seen;
} matching;

/* Finds a place for an expected row, moving others if need be. */
static bool match_try(matching *m, uint32_t i)
{
    for (uint32_t k = 0; k < m->got->n; k++) {
        if (m->seen[k] || !row_matches(m->want->items[i], m->got->rows[k],
                                       m->got->schema, m->exact))
            continue;
        m->seen[k] = true;
        if (m->of_got[k] < 0 || match_try(m, (uint32_t)m->of_got[k])) {
            m->of_got[k] = (int)i;
            return true;
        }
    }
    return false;
}

/* A number with as few digits as it needs: 0.1, not 0.10000000000000001. */
static char *json_text(const json_t *value)
{
    for (size_t digits = 15; digits < 17; digits++) {
        char *text =
            json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits));
        json_t *back = json_loads(text, JSON_DECODE_ANY, NULL);
        bool same = json_equal(value, back);

        json_decref(back);
        if (same)
            return text;
        free(text);
    }
    return json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
}

static void json_show(const json_t *row, ds_buf *out)
{
    const char *name;
    json_t *value;
    bool first = true;

    ds_buf_str(out, "{");
    json_object_foreach((json_t *)(uintptr_t)row, name, value)
    {
        char *text = json_text(value);

        ds_buf_printf(out, "%s%s: %s", first ? "" : ", ", name, text);
        first = false;
        free(text);
    }
    ds_buf_str(out, "}");
}

static bool bags_equal(const ds_arg *want, const got_rows *got, bool exact,
                       ds_arena *a, ds_buf *diff)
{
    matching m = {want, got, exact, ds_new(a, int, got->n + 1),
                  ds_new(a, bool, got->n + 1)};
    bool ok = true;

    for (uint32_t k = 0; k < got->n; k++)
        m.of_got[k] = -1;
    for (uint32_t i = 0; i < want->n; i++) {
        memset(m.seen, 0, got->n);
        if (match_try(&m, i))
            continue;
        ok = false;
        ds_buf_str(diff, "  - ");
        arg_show(want->items[i], diff);
        ds_buf_str(diff, "      expected\n");
    }
    for (uint32_t k = 0; k < got->n; k++) {
        if (m.of_got[k] >= 0)
            continue;
        ok = false;
        ds_buf_str(diff, "  + ");
        json_show(got->rows[k], diff);
        ds_buf_str(diff, "      got\n");
    }
    return ok;
}

static bool lists_equal(const ds_arg *want, const got_rows *got, bool exact,
                        ds_buf *diff)
{
    uint32_t n = want->n > got->n ? want->n : got->n;
    bool ok = true;

    for (uint32_t i = 0; i < n; i++) {
        if (i < want->n && i < got->n &&
            row_matches(want->items[i], got->rows[i], got->schema, exact))
            continue;
        ok = false;
        if (i < want->n) {
            ds_buf_printf(diff, "  - %u: ", i + 1);
            arg_show(want->items[i], diff);
            ds_buf_str(diff, "      expected\n");
        }
        if (i < got->n) {
            ds_buf_printf(diff, "  + %u: ", i + 1);
            json_show(got->rows[i], diff);
            ds_buf_str(diff, "      got\n");
        }
    }
    return ok;
}

/* ---- other cuts: only the last row of a key counts ---- */

static char *got_key(const got_rows *g, const json_t *row)
{
    json_t *key = json_array();
    char *text;

    for (uint32_t i = 0; i < g->n_keys; i++) {
        json_t *v = json_object_get(row, g->schema->fields[g->keys[i]].name);
        json_array_append(key, v ? v : json_null());
    }
    text = json_dumps(key, JSON_COMPACT);
    json_decref(key);
    return text;
}

static void got_last_only(got_rows *g, ds_arena *a)
{
    json_t **kept = ds_new(a, json_t *, g->n + 1);
    char **keys = ds_new(a, char *, g->n + 1);
    uint32_t n = 0;

    for (uint32_t i = 0; i < g->n; i++) {
        char *key = got_key(g, g->rows[i]);
        uint32_t k = 0;
        while (k < n && strcmp(keys[k], key) != 0)
            k++;
        kept[k] = g->rows[i];
        if (k < n) {
            free(key);
        } else {
            keys[n++] = key;
        }
    }
    for (uint32_t k = 0; k < n; k++)
        free(keys[k]);
    g->rows = kept;
    g->n = n;
}

/* Of expected rows with the same key the last one. */
static ds_arg *want_last_only(const ds_arg *want, const got_rows *g,
                              ds_arena *a)
{
    ds_arg *out = ds_new(a, ds_arg, 1);
    const ds_arg **items = ds_new(a, const ds_arg *, want->n + 1);

    *out = *want;
    out->items = items;
    out->n = 0;
    for (uint32_t i = 0; i < want->n; i++) {
        bool again = false;
        for (uint32_t k = i + 1; k < want->n && !again; k++) {
            again = g->n_keys > 0;
            for (uint32_t c = 0; c < g->n_keys && again; c++) {
                const char *name = g->schema->fields[g->keys[c]].name;
                const ds_arg *x = ds_arg_find(want->items[i], name);
                const ds_arg *y = ds_arg_find(want->items[k], name);
                again = x && y && x->null == y->null &&
                        !strcmp(x->text.s, y->text.s);
            }
        }
        if (!again)
            items[out->n++] = want->items[i];
    }
    return out;
}

bool rows_compare(const ds_arg *expected, const got_rows *got,
                  const compare_how *how, ds_arena *a, ds_buf *diff)
{
    got_rows g = *got;

    if (how->last_only && g.n_keys) {
        got_last_only(&g, a);
        expected = want_last_only(expected, &g, a);
    }
    if (how->strict && !how->last_only)
        return lists_equal(expected, &g, how->exact, diff);
    return bags_equal(expected, &g, how->exact, a, diff);
}

/* ---- YAML values as text ---- */

static const char *digits(const char *s)
{
    return s + strspn(s, "0123456789");
}

/* As JSON writes numbers; 007 is a text. */
static bool is_number(const char *s)
{
    const char *end;

    s += *s == '-';
    end = digits(s);
    if (end == s || (*s == '0' && end > s + 1))
        return false;
    if (*end == '.') {
        s = end + 1;
        if ((end = digits(s)) == s)
            return false;
    }
    if (*end == 'e' || *end == 'E') {
        s = end + 1;
        s += *s == '+' || *s == '-';
        if ((end = digits(s)) == s)
            return false;
    }
    return !*end;
}

void arg_to_json(const ds_arg *arg, ds_buf *out)
{
    const char *s = arg->text.s;

    if (arg->kind == DS_ARG_SCALAR) {
        if (arg->null)
            ds_buf_str(out, "null");
        else if (!arg->quoted &&
                 (!strcmp(s, "true") || !strcmp(s, "false") || is_number(s)))
            ds_buf_str(out, s);
        else
            ds_show_json_str(out, ds_slice_of(arg->quoted ? s : no_number(s)));
        return;
    }
    ds_buf_str(out, arg->kind == DS_ARG_MAP ? "{" : "[");
    for (uint32_t i = 0; i < arg->n; i++) {
        if (i)
            ds_buf_str(out, ",");
        if (arg->kind == DS_ARG_MAP) {
            ds_show_json_str(out, ds_slice_of(arg->names[i].s));
            ds_buf_str(out, ":");
        }
        arg_to_json(arg->items[i], out);
    }
    ds_buf_str(out, arg->kind == DS_ARG_MAP ? "}" : "]");
}

void arg_show(const ds_arg *arg, ds_buf *out)
{
    if (arg->kind == DS_ARG_SCALAR) {
        ds_buf_str(out, arg->null ? "null" : arg->text.s);
        return;
    }
    ds_buf_str(out, arg->kind == DS_ARG_MAP ? "{" : "[");
    for (uint32_t i = 0; i < arg->n; i++) {
        if (i)
            ds_buf_str(out, ", ");
        if (arg->kind == DS_ARG_MAP)
            ds_buf_printf(out, "%s: ", arg->names[i].s);
        arg_show(arg->items[i], out);
    }
    ds_buf_str(out, arg->kind == DS_ARG_MAP ? "}" : "]");
}

/* ---- watermarks ---- */

static void time_add(ds_time t, const char *what, ds_buf *to)
{
    char text[64] = "null";

    if (t != DS_TIME_NONE)
        ds_time_format(t, text);
    ds_buf_printf(to, "  %c %s      %s\n", what[0] == 'e' ? '-' : '+', text,
                  what);
}

bool watermark_compare(const ds_arg *expected, ds_time got, ds_buf *diff)
{
    ds_time want = DS_TIME_NONE;

    if (!expected->null)
        ds_time_parse(ds_slice_of(expected->text.s), &want);
    if (want == got)
        return true;
    time_add(want, "expected", diff);
    time_add(got, "got", diff);
    return false;
}
