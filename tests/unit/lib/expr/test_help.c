/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_help.c - everything that can be called says what it does, and its
 * example is true.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "expr/expr.h"
#include "expr/help.h"
#include "record/builder.h"
#include "record/value.h"

/* The rows of func_agg.c's head. */
static const ds_field fields[] = {
    {"n", DS_I32, 0, false}, {"x", DS_F64, 0, false},   {"v", DS_NUM, 0, false},
    {"s", DS_STR, 0, false}, {"ok", DS_BOOL, 0, false}, {"i", DS_IV, 0, false}};
enum { N_FIELDS = 6, N_ROWS = 4 };
static const char *const texts[N_ROWS - 1][N_FIELDS] = {
    {"3", "0.5", "1.50", "c", "true", "1 hour"},
    {"1", "1.5", "2.5", "a", "false", "2 hours"},
    {"2", "2.5", "3.5", "b", "true", "3 hours"}};
static const ds_schema schema = {N_FIELDS, fields};
static const ds_schema none = {0, NULL};

/* What examples of sets are about. */
static const ds_field set_fields[] = {{"line", DS_STR, 0, false},
                                      {"doc", DS_JSON, 0, false},
                                      {"items", DS_JSON, 0, false},
                                      {"tags", DS_ARRAY_OF(DS_STR), 0, false}};
enum { N_SET_FIELDS = 4 };
static const char *const set_texts[] = {
    "k=v 12,x", "{\"items\": [{\"price\": 2}]}", "[1, 2]", "{a,b}"};
static const ds_schema set_schema = {N_SET_FIELDS, set_fields};

static ds_col column_of(const ds_field *field, const char *const *cells,
                        uint32_t step, uint32_t n, uint32_t nulls, ds_arena *a)
{
    ds_col_builder col;
    ds_col_builder_init(&col, field->type, a, n + nulls);
    for (uint32_t r = 0; r < n; r++) {
        ds_value v;
        const char *code;
        assert_null(ds_value_parse(field->type, 0,
                                   ds_slice_of(cells[(size_t)r * step]),
                                   DS_TIME_NONE, a, &v, &code));
        ds_col_builder_add(&col, &v);
    }
    for (uint32_t r = 0; r < nulls; r++)
        ds_col_builder_add_null(&col);
    return ds_col_builder_done(&col);
}

static ds_batch *batch_new(const ds_schema *s, const char *const *cells,
                           uint32_t n, uint32_t nulls, ds_arena *a)
{
    ds_col *cols = ds_new(a, ds_col, s->n);
    ds_batch *b = ds_new(a, ds_batch, 1);
    for (uint32_t c = 0; c < s->n; c++)
        cols[c] = column_of(&s->fields[c], cells + c, s->n, n, nulls, a);
    *b = (ds_batch){.schema = s,
                    .cols = cols,
                    .n = n + nulls,
                    .n_sel = n + nulls,
                    .arena = a};
    return b;
}

static ds_batch *rows_new(ds_arena *a)
{
    return batch_new(&schema, &texts[0][0], N_ROWS - 1, 1, a);
}

/* The aggregates' results, one group, as the columns of the expression. */
static ds_col *results(const ds_exprs *e, const ds_eval *ev, ds_arena *a)
{
    static const uint32_t groups[N_ROWS] = {0};
    const ds_batch *rows = rows_new(a);
    uint32_t n;
    const ds_agg *const *aggs = ds_exprs_aggs(e, &n);
    ds_col *cols = ds_new(a, ds_col, n + 1);
    ds_err err;
    for (uint32_t i = 0; i < n; i++) {
        ds_acc *acc = ds_acc_new(aggs[i], a);
        assert_int_equal(ds_acc_add(acc, rows, groups, 1, ev, &err), DS_OK);
        ds_acc_result(acc, 1, ev, &cols[i]);
    }
    return cols;
}

static bool is_true(const ds_func_help *h, ds_arena *a)
{
    ds_text text = ds_text_of(h->example);
    ds_scope scope = {.cols = &none, .rows = h->aggregate ? &schema : NULL};
    ds_row_errors errs = {0};
    /* 2026-01-01: some examples are true of the present only. */
    ds_eval ev = {.now = 1767225600000000, .arena = a, .errs = &errs};
    ds_batch in = {.schema = &none, .n = 1, .n_sel = 1, .arena = a};
    ds_exprs *e = NULL;
    ds_diags d;
    ds_col out;
    ds_err err;
    ds_diags_init(&d, a);
    if (ds_expr_compile(&text, DS_BOOL, &scope, a, &d, &e) < 0) {
        fprintf(stderr, "%s: %s\n", h->example, d.list[0].msg);
        return false;
    }
    in.cols = results(e, &ev, a);
    assert_int_equal(ds_exprs_eval(e, &in, &ev, &out, &err), DS_OK);
    if (errs.n == 0 && !ds_col_is_null(&out, 0) && out.v.b[0])
        return true;
    fprintf(stderr, "%s: %s\n", h->example,
            errs.n ? errs.list[0].msg : "is not true");
    return false;
}

/* An item of flatMap that gives rows. */
static bool gives_rows(const ds_func_help *h, ds_arena *a)
{
    ds_text text = ds_text_of(h->example);
    ds_scope scope = {.cols = &set_schema, .sets = true};
    ds_row_errors errs = {0};
    ds_eval ev = {.now = 1767225600000000, .arena = a, .errs = &errs};
    const ds_batch *in = batch_new(&set_schema, set_texts, 1, 0, a), *out;
    ds_exprs *e = NULL;
    uint32_t n_from = 0;
    ds_diags d;
    ds_err err;
    ds_diags_init(&d, a);
    if (ds_exprs_compile(&text, &scope, a, &d, &e) < 0) {
        fprintf(stderr, "%s: %s\n", h->example, d.list[0].msg);
        return false;
    }
    assert_int_equal(ds_exprs_eval_set(e, in, &ev, &out, &n_from, &err), DS_OK);
    if (errs.n == 0 && out->n_sel > 0)
        return true;
    fprintf(stderr, "%s: %s\n", h->example,
            errs.n ? errs.list[0].msg : "gives no row");
    return false;
}

static void test_examples(void **state)
{
    (void)state;
    const char *described = "";
    uint32_t failed = 0, seen = 0;
    ds_func_help h;
    ds_arena *names = ds_arena_new(1 << 16);
    for (uint32_t i = 0; ds_func_help_at(i, names, &h); i++) {
        if (h.name == NULL)
            continue;
        if (h.help)
            described = h.name;
        if (strcmp(described, h.name) != 0) {
            fprintf(stderr, "%s: nobody says what it does\n", h.form);
            failed++;
        }
        if (h.example == NULL)
            continue;
        ds_arena *a = ds_arena_new(1 << 14);
        failed += !(h.set ? gives_rows(&h, a) : is_true(&h, a));
        seen++;
        ds_arena_free(a);
    }
    ds_arena_free(names);
    assert_true(seen > 200);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
