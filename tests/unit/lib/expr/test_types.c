/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_types.c - types, conversions, overload resolution, arrays and rows: an
 * expression, and value and type as PostgreSQL 15 gave them (types.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "expr/expr.h"
#include "record/builder.h"
#include "record/value.h"

typedef struct type_case {
    const char *expr, *want;
} type_case;

static const type_case cases[] = {
#include "types.h"
};

/* The row: name, type, text of the value or NULL. */
static const char *const columns[][3] = {
    {"b", "boolean", "true"},
    {"i2", "smallint", "3"},
    {"i4", "integer", "7"},
    {"i8", "bigint", "9000000000"},
    {"f4", "real", "1.5"},
    {"f8", "double precision", "2.25"},
    {"n", "numeric", "12.345"},
    {"n2", "numeric(12,2)", "99.95"},
    {"t", "text", "Hello"},
    {"vc", "varchar(5)", "abc"},
    {"y", "bytea", "\\x00ff41"},
    {"d", "date", "2026-01-31"},
    {"tm", "time", "10:20:30.5"},
    {"tl", "timestamp", "2026-01-31 10:00:00"},
    {"tz", "timestamptz", "2026-01-31 10:00:00+00"},
    {"iv", "interval", "1 day 02:00:00"},
    {"u", "uuid", "123e4567-e89b-12d3-a456-426614174000"},
    {"j", "jsonb",
     "{\"a\": [1, 2, {\"b\": \"x\"}], \"c\": null, \"s\": \"str\"}"},
    {"ia", "integer[]", "{1,2,3}"},
    {"ta", "text[]", "{a,b,NULL}"},
    {"na", "numeric[]", "{1.5,2}"},
    {"nul", "text", NULL},
    {"ni", "integer", NULL},
};
#include "one_row.h"

/* "7 :: integer", "<NULL> :: text", "!message". */
static const char *answer(ds_arena *a, const ds_exprs *e, const ds_batch *in)
{
    ds_row_errors errs = {0};
    ds_eval ev = {.now = 1, .arena = a, .errs = &errs};
    const ds_field *f = ds_exprs_schema(e)->fields;
    ds_col out;
    ds_err err;
    ds_buf b;
    assert_int_equal(ds_exprs_eval(e, in, &ev, &out, &err), DS_OK);
    if (errs.n)
        return ds_str_printf(a, "!%s", errs.list[0].msg);
    ds_buf_init(&b, a, 64);
    if (ds_col_is_null(&out, 0))
        ds_buf_str(&b, "<NULL>");
    else
        ds_show_text(&b, f->type, &out, 0);
    ds_buf_printf(&b, " :: %s", ds_type_name(f->type));
    ds_buf_add(&b, "", 1);
    return b.s;
}

static int check_case(const type_case *c)
{
    ds_arena *a = ds_arena_new(4096);
    ds_diags d;
    ds_diags_init(&d, a);
    ds_text text = text_of(c->expr);
    const ds_batch *in = row_new(a);
    ds_scope scope = {.cols = &schema};
    ds_exprs *e = NULL;
    const char *got;
    if (ds_expr_compile(&text, DS_NONE, &scope, a, &d, &e) < 0)
        got = ds_str_printf(a, "!%s", d.list[0].msg);
    else
        got = answer(a, e, in);
    bool ok = strcmp(got, c->want) == 0;
    if (!ok)
        print_error("%s\n  gives %s\n  not   %s\n", c->expr, got, c->want);
    ds_arena_free(a);
    return ok ? 0 : 1;
}

static void as_postgresql(void **state)
{
    int bad = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        bad += check_case(&cases[i]);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_postgresql)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
