/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_agg.c - aggregates over groups, whole and in parts.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expr/expr.h"
#include "record/builder.h"
#include "record/show.h"

static const ds_field row_fields[] = {
    {"n", DS_I64, 0, false}, {"x", DS_F64, 0, false}, {"s", DS_STR, 0, false}};
static const ds_schema rows_schema = {3, row_fields};
static const ds_schema no_cols = {0, NULL};

#define N 6
static const uint32_t groups[N] = {0, 1, 0, 2, 1, 0};

static ds_batch *rows_new(ds_arena *a)
{
    static const int64_t n[N] = {5, INT64_MAX, -2, 0, 1, 9};
    static const double x[N] = {0.5, 1, 1.5, 0, NAN, 4};
    static const char *const s[N] = {"b", "é", "a", NULL, "z", "c"};
    ds_col *cols = ds_new(a, ds_col, 3);
    ds_col_builder b[3];
    for (uint32_t c = 0; c < 3; c++)
        ds_col_builder_init(&b[c], row_fields[c].type, a, N);
    for (uint32_t i = 0; i < N; i++) {
        if (s[i] == NULL) { /* row 3: NULL everywhere */
            for (uint32_t c = 0; c < 3; c++)
                ds_col_builder_add_null(&b[c]);
            continue;
        }
        ds_slice text = ds_slice_of(s[i]);
        ds_col_builder_add(&b[0], &n[i]);
        ds_col_builder_add(&b[1], &x[i]);
        ds_col_builder_add(&b[2], &text);
    }
    for (uint32_t c = 0; c < 3; c++)
        cols[c] = ds_col_builder_done(&b[c]);
    ds_batch *batch = ds_new(a, ds_batch, 1);
    *batch = (ds_batch){
        .schema = &rows_schema, .cols = cols, .n = N, .n_sel = N, .arena = a};
    return batch;
}

static const char *results(ds_acc *acc, const ds_agg *agg, ds_arena *a,
                           uint32_t n)
{
    ds_row_errors errs = {0};
    ds_eval ev = {.arena = a, .errs = &errs};
    ds_col out;
    ds_acc_result(acc, n, &ev, &out);
    ds_buf b;
    ds_buf_init(&b, a, 64);
    for (uint32_t g = 0; g < n; g++) {
        ds_buf_str(&b, g ? "|" : "");
        if (errs.bad && ds_bit_get(errs.bad, g))
            ds_buf_str(&b, errs.list[0].msg);
        else if (ds_col_is_null(&out, g))
            ds_buf_str(&b, "NULL");
        else
            ds_show_text(&b, ds_agg_type(agg), &out, g);
    }
    ds_buf_add(&b, "", 1);
    return b.s;
}

static const ds_agg *agg_of(ds_arena *a, const char *text)
{
    ds_diags d;
    ds_diags_init(&d, a);
    ds_scope s = {.cols = &no_cols, .rows = &rows_schema};
    ds_text t = ds_text_of(text);
    ds_exprs *e = NULL;
    uint32_t n;
    assert_int_equal(ds_expr_compile(&t, DS_NONE, &s, a, &d, &e), DS_OK);
    const ds_agg *const *aggs = ds_exprs_aggs(e, &n);
    assert_int_equal(n, 1);
    return aggs[0];
}

static const struct {
    const char *agg, *want;
} cases[] = {
    {"count(*)", "3|2|1|0"},
    {"count(n)", "3|2|0|0"},
    {"sum(n)", "12|9223372036854775808|NULL|NULL"},
    {"min(n)", "-2|1|NULL|NULL"},
    {"max(n)", "9|9223372036854775807|NULL|NULL"},
    {"avg(n)", "4.0000000000000000|4611686018427387904|NULL|NULL"},
    {"sum(x)", "6|NaN|NULL|NULL"},
    {"avg(x)", "2|NaN|NULL|NULL"},
    {"max(x)", "4|NaN|NULL|NULL"},
    {"min(x)", "0.5|1|NULL|NULL"},
    {"min(s)", "a|z|NULL|NULL"},
    {"max(s || '!')", "c!|é!|NULL|NULL"},
    {"sum(n - 1)", "9|9223372036854775806|NULL|NULL"},
    {"count(nullif(n, 9))", "2|2|0|0"},
};

static void whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        const ds_agg *agg = agg_of(a, cases[i].agg);
        ds_row_errors errs = {0};
        ds_eval ev = {.arena = a, .errs = &errs};
        ds_acc *acc = ds_acc_new(agg, a);
        assert_int_equal(ds_acc_add(acc, rows_new(a), groups, 4, &ev, NULL),
                         DS_OK);
        assert_string_equal(results(acc, agg, a, 4), cases[i].want);
        ds_arena_free(a);
    }
}

/* Each row on its own, its partial result merged. */
static void in_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        const ds_agg *agg = agg_of(a, cases[i].agg);
        ds_row_errors errs = {0};
        ds_eval ev = {.arena = a, .errs = &errs};
        ds_acc *total = ds_acc_new(agg, a);
        const ds_batch *all = rows_new(a);
        for (uint32_t r = 0; r < N; r++) {
            uint32_t *sel = ds_new(a, uint32_t, 1), zeros[N] = {0};
            sel[0] = r;
            ds_acc *one = ds_acc_new(agg, a);
            assert_int_equal(ds_acc_add(one, ds_batch_select(all, sel, 1),
                                        zeros, 1, &ev, NULL),
                             DS_OK);
            ds_col parts[DS_AGG_PARTS];
            bool more = false;
            ds_acc_parts(one, NULL, 1, a, parts, &more);
            ds_batch b = {.n = 1, .n_sel = 1, .arena = a};
            ds_acc_merge(total, &b, parts, &groups[r], 4, &ev);
        }
        assert_string_equal(results(total, agg, a, 4), cases[i].want);
        ds_arena_free(a);
    }
}

/* A row whose argument fails is an error and counts nowhere. */
static void bad_argument(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    const ds_agg *agg = agg_of(a, "sum(10 / (n - 5))");
    ds_row_errors errs = {0};
    ds_eval ev = {.arena = a, .errs = &errs};
    ds_acc *acc = ds_acc_new(agg, a);
    assert_int_equal(ds_acc_add(acc, rows_new(a), groups, 4, &ev, NULL), DS_OK);
    assert_int_equal(errs.n, 1);
    assert_int_equal(errs.list[0].row, 0);
    assert_string_equal(errs.list[0].code, "E0703");
    assert_string_equal(results(acc, agg, a, 3), "1|-2|NULL");
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(in_parts),
        cmocka_unit_test(bad_argument),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
