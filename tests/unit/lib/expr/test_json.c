/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_json.c - jsonb: operators, functions, paths, sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expr/expr.h"
#include "record/builder.h"
#include "record/value.h"

static const struct {
    const char *expr, *want;
} cases[] = {
#include "json_cases.h"
};

/* The row: name, type, text of the value or NULL. */
static const char *const columns[][3] = {
    {"j", "jsonb",
     "{\"id\": 7, \"name\": \"Ann\", \"tags\": [\"a\", \"b\", null], \"n\": "
     "null, \"at\": {\"x\": 1.50, \"y\": [1, 2.0, {\"z\": \"é\\\"q\"}]}, "
     "\"ok\": true, \"\": \"e\", \"a\\\\b\": -0.5}"},
    {"l", "jsonb", "[10, \"x\", [1, 2], {\"k\": \"v\"}, false, 1e2]"},
    {"nj", "jsonb", NULL},
    {"key", "text", "name"},
    {"nt", "text", NULL},
    {"i", "integer", "1"},
    {"pa", "text[]", "{at,y,2,z}"},
    {"p", "text", "$.tags[*] ? (@ == \"b\")"},
    {"num", "numeric", "2.50"},
    {"f8", "double precision", "0.1"},
    {"f4", "real", "1.5"},
    {"d", "date", "2026-01-31"},
    {"tz", "timestamptz", "2026-01-31 10:00:00.25+00"},
    {"tl", "timestamp", "2026-01-31 10:00:00"},
    {"iv", "interval", "1 day 02:00:00"},
    {"y", "bytea", "\\x00ff"},
    {"ia", "integer[]", "{1,NULL,3}"},
    {"ta", "text[]", "{a,\"b\\\"\",NULL}"},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns, ROWS = 70 };

static ds_field fields[N_COLUMNS];
static const ds_schema schema = {N_COLUMNS, fields};
static const ds_text_seg seg = {0, 1, 1};

static ds_text text_of(const char *s)
{
    ds_text t = ds_text_of(s);
    t.segs = &seg;
    t.n_segs = 1;
    return t;
}

/* The row, n times. */
static ds_batch *rows_new(ds_arena *a, uint32_t n)
{
    ds_col *cols = ds_new(a, ds_col, N_COLUMNS);
    ds_diags d;
    ds_diags_init(&d, a);
    for (uint32_t c = 0; c < N_COLUMNS; c++) {
        ds_text type = text_of(columns[c][1]);
        ds_value v = {.i = 0};
        const char *code, *text = columns[c][2];
        assert_int_equal(ds_type_parse(&type, &d, &fields[c]), DS_OK);
        fields[c].name = columns[c][0];
        if (text)
            assert_null(ds_value_parse(fields[c].type, fields[c].mod,
                                       ds_slice_of(text), DS_TIME_NONE, a, &v,
                                       &code));
        cols[c] = ds_col_const(fields[c].type, text ? &v : NULL, n, a);
    }
    ds_batch *batch = ds_new(a, ds_batch, 1);
    *batch = (ds_batch){
        .schema = &schema, .cols = cols, .n = n, .n_sel = n, .arena = a};
    return batch;
}

static const char *shown(ds_arena *a, ds_type type, const ds_col *c,
                         uint32_t row)
{
    ds_buf b;
    if (ds_col_is_null(c, row))
        return "<NULL>";
    ds_buf_init(&b, a, 64);
    ds_show_text(&b, type, c, row);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static const char *answer(ds_arena *a, const ds_exprs *e, const ds_batch *in)
{
    ds_row_errors errs = {0};
    ds_eval ev = {.now = 1, .arena = a, .errs = &errs};
    ds_type type = ds_exprs_schema(e)->fields->type;
    ds_col out;
    ds_err err;
    assert_int_equal(ds_exprs_eval(e, in, &ev, &out, &err), DS_OK);
    if (errs.n) {
        assert_int_equal(errs.n, in->n);
        return ds_str_printf(a, "!%s", errs.list[in->n - 1].msg);
    }
    const char *first = shown(a, type, &out, 0);
    assert_string_equal(shown(a, type, &out, in->n - 1), first);
    return first;
}

static ds_exprs *compile(ds_arena *a, const char *expr, bool sets,
                         const char **why)
{
    ds_diags d;
    ds_diags_init(&d, a);
    ds_text text = text_of(expr);
    ds_scope scope = {.cols = &schema, .sets = sets};
    ds_exprs *e = NULL;
    ds_rc rc = sets ? ds_exprs_compile(&text, &scope, a, &d, &e)
                    : ds_expr_compile(&text, DS_NONE, &scope, a, &d, &e);
    if (rc < 0)
        *why = ds_str_printf(a, "!%s", d.list[0].msg);
    return rc < 0 ? NULL : e;
}

static void as_postgresql(void **state)
{
    int bad = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        const ds_batch *in = rows_new(a, ROWS);
        const char *got;
        const ds_exprs *e = compile(a, cases[i].expr, false, &got);
        if (e)
            got = answer(a, e, in);
        if (strcmp(got, cases[i].want) != 0) {
            print_error("%s\n  gives %s\n  not   %s\n", cases[i].expr, got,
                        cases[i].want);
            bad++;
        }
        ds_arena_free(a);
    }
    assert_int_equal(bad, 0);
}

/* What the sets of a row are, with | between them. */
static const struct {
    const char *item, *want;
} set_cases[] = {
    {"jsonb_array_elements(l) AS x",
     "10|\"x\"|[1, 2]|{\"k\": \"v\"}|false|100"},
    {"jsonb_array_elements_text(l) AS x", "10|x|[1, 2]|{\"k\": \"v\"}|false|"
                                          "100"},
    {"jsonb_array_elements_text(j -> 'tags') AS x", "a|b|<NULL>"},
    {"jsonb_array_elements(j) AS x", "!cannot extract elements from an "
                                     "object"},
    {"jsonb_array_elements(j -> 'id') AS x",
     "!cannot extract elements from a scalar"},
    {"jsonb_array_elements(nj) AS x", ""},
    {"jsonb_array_elements('[]') AS x", ""},
    {"jsonb_object_keys(j) AS x", "|n|at|id|ok|a\\b|name|tags"},
    {"jsonb_object_keys(l) AS x", "!cannot call jsonb_object_keys on an array"},
    {"jsonb_object_keys(j -> 'id') AS x",
     "!cannot call jsonb_object_keys on a scalar"},
    {"jsonb_each(j -> 'at') AS x", "(x,1.50)|(y,\"[1, 2.0, {\"\"z\"\": "
                                   "\"\"é\\\\\"\"q\"\"}]\")"},
    {"(jsonb_each_text(j)).value AS x",
     "e|<NULL>|{\"x\": 1.50, \"y\": [1, 2.0, {\"z\": \"é\\\"q\"}]}|7|true|"
     "-0.5|Ann|[\"a\", \"b\", null]"},
    {"jsonb_each(l) AS x", "!cannot call jsonb_each on a non-object"},
    {"jsonb_each_text(l) AS x", "!cannot call jsonb_each_text on a non-object"},
    {"jsonb_path_query(j, p) AS x", "\"b\""},
    {"jsonb_path_query(j, '$.at.y[*]') AS x", "1|2.0|{\"z\": \"é\\\"q\"}"},
    {"jsonb_path_query(l, '$[*] ? (@ > $m)', '{\"m\": 1}') AS x", "10|2|100"},
    {"jsonb_path_query(l, 'strict $.a') AS x",
     "!jsonpath member accessor can only be applied to an object"},
    {"jsonb_path_query(l, 'strict $.a', '{}', true) AS x", ""},
};

static const char *set_answer(ds_arena *a, const ds_exprs *e,
                              const ds_batch *in)
{
    ds_row_errors errs = {0};
    ds_eval ev = {.now = 1, .arena = a, .errs = &errs};
    const ds_batch *out;
    const uint32_t one = 0;
    ds_batch row = *in;
    ds_err err;
    ds_buf b;
    uint32_t n_from = 0;
    row.n_sel = 1;
    row.sel = &one;
    assert_int_equal(ds_exprs_eval_set(e, &row, &ev, &out, &n_from, &err),
                     DS_OK);
    if (errs.n)
        return ds_str_printf(a, "!%s", errs.list[0].msg);
    ds_buf_init(&b, a, 64);
    DS_EACH (out, i) {
        if (i)
            ds_buf_str(&b, "|");
        ds_buf_str(&b, shown(a, out->schema->fields->type, out->cols, i));
    }
    ds_buf_add(&b, "", 1);
    return b.s;
}

static const char *ask(ds_arena *a, const char *expr)
{
    const char *got;
    const ds_batch *in = rows_new(a, 1);
    const ds_exprs *e = compile(a, expr, false, &got);
    return e ? answer(a, e, in) : got;
}

/* Here a path may be any text, not only a constant. */
static void paths_of_rows(void **state)
{
    ds_arena *a = ds_arena_new(4096);
    (void)state;
    assert_string_equal(ask(a, "jsonb_path_query_array(j, p)"), "[\"b\"]");
    assert_string_equal(ask(a, "jsonb_path_query_array(j, p || ')')"),
                        "!syntax error at or near \")\" of jsonpath input");
    assert_string_equal(ask(a, "j @? nt"), "<NULL>");
    ds_arena_free(a);
}

static void sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof set_cases / sizeof *set_cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        const ds_batch *in = rows_new(a, ROWS);
        const char *got;
        const ds_exprs *e = compile(a, set_cases[i].item, true, &got);
        assert_string_equal(e ? set_answer(a, e, in) : got, set_cases[i].want);
        ds_arena_free(a);
    }
}

/* ---- hostile input ---- */

static const char *repeated(ds_arena *a, const char *before, const char *each,
                            uint32_t n, const char *after)
{
    ds_buf b;
    ds_buf_init(&b, a, 64);
    ds_buf_str(&b, before);
    for (uint32_t i = 0; i < n; i++)
        ds_buf_str(&b, each);
    ds_buf_str(&b, after);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static void hostile(void **state)
{
    ds_arena *a = ds_arena_new(4096);
    const char *deep = repeated(a, "'", "[", 512, "");
    (void)state;
    deep = repeated(a, deep, "]", 512, "'::jsonb");
    assert_string_equal(
        ask(a, ds_str_printf(a, "jsonb_build_array(%s) IS NULL", deep)),
        "!stack depth limit exceeded: jsonb has at most 512 levels");
    assert_string_equal(ask(a, ds_str_printf(a, "%s @> %s", deep, deep)),
                        "true");
    assert_string_equal(ask(a, repeated(a, "l @? '", "(", 300, "$'")),
                        "!the jsonpath is nested too deeply");
    assert_string_equal(ask(a, repeated(a, "l @? '$", ".a", 2000, "'")),
                        "!the jsonpath is too long");
    assert_string_equal(ask(a, repeated(a, "l @? '$", " + 1", 2000, "'")),
                        "!the jsonpath is too long");
    assert_string_equal(
        ask(a, repeated(a, "jsonb_path_exists('[[[[[[[[[1]]]]]]]]]', '$", ".**",
                        40, " ? (@ == 77)')")),
        "!the jsonpath takes too long on this value");
    /* Bytes that are walked count, and what is found has a size. */
    assert_string_equal(
        ask(a, ds_str_printf(a, "jsonb_path_exists(%s, '$.**.** ? (@ == 1)')",
                             deep)),
        "false");
    assert_string_equal(
        ask(a, ds_str_printf(a,
                             "jsonb_path_exists(%s, '$.**.**.** ? "
                             "(@ == 1)')",
                             deep)),
        "!the jsonpath takes too long on this value");
    assert_string_equal(
        ask(a, ds_str_printf(a, "jsonb_path_query_array(%s, '$.**.**')", deep)),
        "!requested length too large");
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_postgresql),
        cmocka_unit_test(paths_of_rows),
        cmocka_unit_test(sets),
        cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
