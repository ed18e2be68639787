/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cmp.c - double precision: NaN equals itself and is above all numbers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "expr/expr.h"

enum { N = 8, PAIRS = N * N };

static const ds_field fields[] = {{"a", DS_F64, 0, true},
                                  {"b", DS_F64, 0, true}};
static const ds_schema schema = {2, fields};

/* In order; equal ones next to each other. */
static const double values[N] = {-INFINITY, -1,       -0.0, 0.0,
                                 5e-324,    INFINITY, NAN,  -NAN};
static const int ranks[N] = {0, 1, 2, 2, 3, 4, 5, 5};

static const ds_col *evaluated(const char *text, ds_arena *a)
{
    const ds_scope scope = {.cols = &schema};
    double *x = ds_new(a, double, PAIRS), *y = ds_new(a, double, PAIRS);
    ds_col *cols = ds_new(a, ds_col, 2), *out = ds_new(a, ds_col, 1);
    ds_text t = ds_text_of(text);
    ds_row_errors errs = {0};
    ds_eval ev = {0, a, &errs};
    ds_exprs *e = NULL;
    ds_diags d;
    ds_err err;

    for (int i = 0; i < PAIRS; i++) {
        x[i] = values[i / N];
        y[i] = values[i % N];
    }
    cols[0].v.f64 = x;
    cols[1].v.f64 = y;
    ds_diags_init(&d, a);
    assert_int_equal(ds_expr_compile(&t, DS_NONE, &scope, a, &d, &e), DS_OK);
    ds_batch b = {&schema, cols, PAIRS, PAIRS, NULL, NULL, NULL, a};
    assert_int_equal(ds_exprs_eval(e, &b, &ev, out, &err), DS_OK);
    return out;
}

static bool holds(int op, int order)
{
    const bool answers[] = {order == 0, order != 0,
                            order<0, order <= 0, order> 0, order >= 0};
    return answers[op];
}

static void test_operators(void **state)
{
    (void)state;
    static const char *const texts[] = {"a = b",  "a <> b", "a < b",
                                        "a <= b", "a > b",  "a >= b"};
    for (int op = 0; op < 6; op++) {
        ds_arena *a = ds_arena_new(4096);
        const ds_col *out = evaluated(texts[op], a);
        for (int i = 0; i < PAIRS; i++)
            if (out->v.b[i] != holds(op, ranks[i / N] - ranks[i % N]))
                fail_msg("%s with %g and %g", texts[op], values[i / N],
                         values[i % N]);
        ds_arena_free(a);
    }
}

static void test_sets(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    const ds_col *out = evaluated("a IN (-1, 'NaN', 0, 'Infinity')", a);
    for (int i = 0; i < PAIRS; i++) {
        int rank = ranks[i / N];
        assert_int_equal(out->v.b[i], rank != 0 && rank != 3);
    }
    out = evaluated("greatest(a, b)", a);
    for (int i = 0; i < PAIRS; i++) {
        int at = ranks[i / N] > ranks[i % N] ? i / N : i % N;
        assert_true(out->v.f64[i] == values[at] ||
                    (isnan(out->v.f64[i]) && isnan(values[at])));
    }
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
