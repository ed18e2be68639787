/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_expr.c - one expression, one row, one answer: the table in cases.h; and
 * each case once more as the middle of many rows, over vectors and selections.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "dstream/clock.h"
#include "expr/expr.h"
#include "record/builder.h"
#include "record/show.h"

typedef struct expr_case {
    const char *expr;
    const char *want;
} expr_case;

static const expr_case cases[] = {
#include "cases.h"
};

static const ds_field fields[] = {
    {"i", DS_I64, 0, false},    {"j", DS_I64, 0, false},
    {"z", DS_I64, 0, false},    {"big", DS_I64, 0, false},
    {"d", DS_F64, 0, false},    {"e", DS_F64, 0, false},
    {"s", DS_STR, 0, false},    {"t", DS_STR, 0, false},
    {"w", DS_STR, 0, false},    {"o", DS_STR, 0, false},
    {"yes", DS_BOOL, 0, false}, {"no", DS_BOOL, 0, false},
    {"ts", DS_TS, 0, false},    {"ni", DS_I64, 0, false},
    {"nd", DS_F64, 0, false},   {"ns", DS_STR, 0, false},
    {"nb", DS_BOOL, 0, false},  {"nt", DS_TS, 0, false}};
static const ds_schema schema = {sizeof fields / sizeof *fields, fields};

/* n rows, all NULL but row `row`. */
static ds_batch *rows_new(ds_arena *a, uint32_t n, uint32_t row)
{
    static const int64_t ints[] = {7, -3, 0, INT64_MAX};
    static const double doubles[] = {2.5, -1.5};
    static const char *const texts[] = {"Hello", " a b ", "é€x", ""};
    ds_time ts = 0;
    assert_true(ds_time_parse(ds_slice_of("2026-01-31T10:00:00Z"), &ts));
    ds_col *cols = ds_new(a, ds_col, schema.n);
    for (uint32_t c = 0; c < schema.n; c++) {
        ds_col_builder b;
        ds_col_builder_init(&b, fields[c].type, a, n);
        for (uint32_t i = 0; i < n; i++) {
            uint8_t flag = c == 10;
            ds_slice text = ds_slice_of(texts[c >= 6 && c <= 9 ? c - 6 : 0]);
            const void *value = c < 4    ? (const void *)&ints[c]
                                : c < 6  ? (const void *)&doubles[c - 4]
                                : c < 10 ? (const void *)&text
                                : c < 12 ? (const void *)&flag
                                         : (const void *)&ts;
            if (i != row || c > 12)
                ds_col_builder_add_null(&b);
            else
                ds_col_builder_add(&b, value);
        }
        cols[c] = ds_col_builder_done(&b);
    }
    ds_batch *batch = ds_new(a, ds_batch, 1);
    *batch = (ds_batch){
        .schema = &schema, .cols = cols, .n = n, .n_sel = n, .arena = a};
    return batch;
}

static const char *refusal(ds_arena *a, const ds_diags *d)
{
    const ds_diag *g = &d->list[0];
    return ds_str_printf(a, "?%s %u %s", g->code, g->where.col, g->msg);
}

static const char *answer(ds_arena *a, const ds_exprs *e, const ds_batch *in,
                          uint32_t row)
{
    ds_row_errors errs = {0};
    ds_eval ev = {.now = 1, .arena = a, .errs = &errs};
    ds_col out;
    ds_err err;
    assert_int_equal(ds_exprs_eval(e, in, &ev, &out, &err), DS_OK);
    for (uint32_t i = 0; i < errs.n; i++)
        if (errs.list[i].row == row)
            return ds_str_printf(a, "!%s %s", errs.list[i].code,
                                 errs.list[i].msg);
    if (ds_col_is_null(&out, row))
        return "NULL";
    ds_buf b;
    ds_buf_init(&b, a, 64);
    ds_show_text(&b, ds_exprs_schema(e)->fields[0].type, &out, row);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static bool is_right(const char *got, const char *want)
{
    return strcmp(want, "?") == 0 ? got[0] == '?' : strcmp(got, want) == 0;
}

static int check_case(const expr_case *c, uint32_t n, uint32_t row, bool sel)
{
    ds_arena *a = ds_arena_new(4096);
    ds_diags d;
    ds_diags_init(&d, a);
    static const ds_text_seg seg = {0, 1, 1};
    ds_text text = ds_text_of(c->expr);
    text.segs = &seg;
    text.n_segs = 1;
    ds_scope scope = {.cols = &schema, .meta = true};
    ds_exprs *e = NULL;
    const char *got;
    if (ds_expr_compile(&text, DS_NONE, &scope, a, &d, &e) < 0) {
        assert_true(d.errors > 0);
        got = refusal(a, &d);
    } else {
        ds_batch *in = rows_new(a, n, row);
        if (sel) {
            uint32_t *rows = ds_new(a, uint32_t, 1);
            rows[0] = row;
            in = ds_batch_select(in, rows, 1);
        }
        got = answer(a, e, in, row);
    }
    bool ok = is_right(got, c->want);
    if (!ok)
        print_error("%s\n  gives %s\n  not   %s (%u rows)\n", c->expr, got,
                    c->want, n);
    ds_arena_free(a);
    return ok ? 0 : 1;
}

static int check_all(uint32_t n, uint32_t row, bool sel)
{
    int bad = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        bad += check_case(&cases[i], n, row, sel);
    return bad;
}

static void one_row(void **state)
{
    (void)state;
    assert_int_equal(check_all(1, 0, false), 0);
}

static void among_many(void **state)
{
    (void)state;
    assert_int_equal(check_all(2100, 1500, false), 0);
}

static void selected(void **state)
{
    (void)state;
    assert_int_equal(check_all(1300, 1290, true), 0);
}

int main(int argc, char **argv)
{
    /* For comparison with a database: the expressions, one a line. */
    if (argc > 1 && strcmp(argv[1], "--print") == 0) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            printf("%s\t%s\n", cases[i].expr, cases[i].want);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_row),
        cmocka_unit_test(among_many),
        cmocka_unit_test(selected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
