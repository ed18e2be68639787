/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_num.c - numbers of all types: the table in num_cases.h, over one row,
 * over many rows of which one is not NULL, and over a few rows of many.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "expr/expr.h"
#include "record/builder.h"
#include "record/value.h"

static const struct {
    const char *expr, *want;
} cases[] = {
#include "num_cases.h"
};

static const ds_field fields[] = {
    {"a", DS_I16, 0, false},   {"b", DS_I32, 0, false},
    {"c", DS_I64, 0, false},   {"a0", DS_I16, 0, false},
    {"b0", DS_I32, 0, false},  {"c0", DS_I64, 0, false},
    {"x", DS_F32, 0, false},   {"y", DS_F64, 0, false},
    {"n", DS_NUM, 0, false},   {"m", DS_NUM, 0, false},
    {"big", DS_NUM, 0, false}, {"nan", DS_NUM, 0, false},
    {"inf", DS_F64, 0, false}, {"z", DS_I32, 0, false},
};
static const char *const texts[] = {
    "300",
    "70000",
    "5000000000",
    "-32768",
    "-2147483648",
    "-9223372036854775808",
    "1.5",
    "2.25",
    "12.345",
    "-0.70",
    "99999999999999999999999999999999999999",
    "NaN",
    "Infinity",
    "0",
};
static const ds_schema schema = {sizeof fields / sizeof *fields, fields};

/* n rows with these values; if `only` is set, all others but `row` are NULL. */
static ds_batch *rows_new(ds_arena *a, uint32_t n, uint32_t row, bool only)
{
    ds_col *cols = ds_new(a, ds_col, schema.n);
    for (uint32_t c = 0; c < schema.n; c++) {
        ds_value v;
        const char *code;
        assert_null(ds_value_parse(fields[c].type, 0, ds_slice_of(texts[c]), 0,
                                   a, &v, &code));
        ds_col_builder b;
        ds_col_builder_init(&b, fields[c].type, a, n);
        for (uint32_t i = 0; i < n; i++)
            if (only && i != row)
                ds_col_builder_add_null(&b);
            else
                ds_col_builder_add(&b, &v);
        cols[c] = ds_col_builder_done(&b);
    }
    ds_batch *batch = ds_new(a, ds_batch, 1);
    *batch = (ds_batch){
        .schema = &schema, .cols = cols, .n = n, .n_sel = n, .arena = a};
    return batch;
}

/* Every eighth row counts. */
static void select_few(ds_arena *a, ds_batch *in)
{
    uint32_t *sel = ds_new(a, uint32_t, in->n), n = 0;
    for (uint32_t i = 3; i < in->n; i += 8)
        sel[n++] = i;
    in->sel = sel;
    in->n_sel = n;
}

static const char *answer(ds_arena *a, const ds_exprs *e, const ds_batch *in,
                          uint32_t row)
{
    ds_row_errors errs = {0};
    ds_eval ev = {.now = 1, .arena = a, .errs = &errs};
    ds_col out;
    ds_err err;
    ds_buf b;
    assert_int_equal(ds_exprs_eval(e, in, &ev, &out, &err), DS_OK);
    for (uint32_t k = 0; k < errs.n; k++)
        if (errs.list[k].row == row)
            return ds_str_printf(a, "!%s %s", errs.list[k].code,
                                 errs.list[k].msg);
    if (ds_col_is_null(&out, row))
        return "NULL";
    ds_buf_init(&b, a, 16);
    ds_show_text(&b, ds_exprs_schema(e)->fields[0].type, &out, row);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static int wrong(const char *expr, const char *want, const char *got,
                 const char *rows)
{
    if (strcmp(got, want) == 0)
        return 0;
    print_error("%s\n  gives %s\n  not   %s (%s)\n", expr, got, want, rows);
    return 1;
}

static int check_case(ds_arena *a, const char *expr, const char *want)
{
    ds_diags d = {.arena = a};
    ds_scope scope = {.cols = &schema};
    ds_text text = {.s = expr, .len = (uint32_t)strlen(expr)};
    ds_exprs *e;
    if (ds_expr_compile(&text, DS_NONE, &scope, a, &d, &e) != DS_OK) {
        print_error("%s\n  is refused: %s\n", expr, d.list[0].msg);
        return 1;
    }
    int bad =
        wrong(expr, want, answer(a, e, rows_new(a, 1, 0, false), 0), "one row");
    bad += wrong(expr, want, answer(a, e, rows_new(a, 2100, 1500, true), 1500),
                 "one of 2100 rows");
    ds_batch *few = rows_new(a, 1300, 0, false);
    bad += wrong(expr, want, answer(a, e, few, 1299), "1300 rows");
    select_few(a, few);
    bad += wrong(expr, want, answer(a, e, few, 1027), "few rows");
    return bad;
}

static void test_cases(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1 << 20);
    int bad = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bad += check_case(a, cases[i].expr, cases[i].want);
        ds_arena_reset(a);
    }
    ds_arena_free(a);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests_name("num", tests, NULL, NULL);
}
