/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_text.c - functions on text, bytes and patterns, as PostgreSQL 15 does
 * them: once with columns for $1, $2, …, once with constants in their place.
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

enum { MOST_ARGS = 3, ROWS = 3 };

typedef struct text_case {
    const char *expr;
    uint32_t n;
    const char *args[MOST_ARGS];
    const char *want; /* NULL: NULL */
} text_case;

static const text_case text_cases[] = {
#include "text_cases.h"
};
static const text_case regex_cases[] = {
#include "regex_cases.h"
};

static const ds_field fields[MOST_ARGS] = {{"c1", DS_STR, 0, false},
                                           {"c2", DS_STR, 0, false},
                                           {"c3", DS_STR, 0, false}};
static const ds_schema schema = {MOST_ARGS, fields};

static void put_literal(ds_buf *b, const char *s)
{
    if (s == NULL) {
        ds_buf_str(b, "NULL::text");
        return;
    }
    ds_buf_str(b, "'");
    for (; *s; s++) {
        if (*s == '\'')
            ds_buf_str(b, "'");
        ds_buf_add(b, s, 1);
    }
    ds_buf_str(b, "'::text");
}

/* The expression with columns or constants for $1, $2, …. */
static const char *expression(const text_case *c, bool constants, ds_arena *a)
{
    ds_buf b;
    ds_buf_init(&b, a, 256);
    for (const char *p = c->expr; *p; p++) {
        if (*p != '$') {
            ds_buf_add(&b, p, 1);
            continue;
        }
        uint32_t k = (uint32_t)(*++p - '1');
        if (constants)
            put_literal(&b, c->args[k]);
        else
            ds_buf_printf(&b, "c%u", k + 1);
    }
    ds_buf_add(&b, "", 1);
    return b.s;
}

static ds_exprs *compile(const char *expr, ds_arena *a, const char **why)
{
    static const ds_text_seg seg = {0, 1, 1};
    ds_scope scope = {.cols = &schema};
    ds_text text = ds_text_of(expr);
    ds_exprs *e = NULL;
    ds_diags d;
    text.segs = &seg;
    text.n_segs = 1;
    ds_diags_init(&d, a);
    if (ds_expr_compile(&text, DS_NONE, &scope, a, &d, &e) < 0)
        *why = ds_str_printf(a, "!%s", d.list[0].msg);
    return e;
}

/* The second of three equal rows, as text. */
static const char *answer(const ds_exprs *e, const text_case *c, ds_arena *a)
{
    ds_col cols[MOST_ARGS], out;
    ds_row_errors errs = {0};
    ds_err err;
    ds_buf b;
    for (uint32_t k = 0; k < MOST_ARGS; k++) {
        const char *s = k < c->n ? c->args[k] : NULL;
        ds_slice v = ds_slice_of(s ? s : "");
        cols[k] = ds_col_const(DS_STR, s ? &v : NULL, ROWS, a);
    }
    ds_batch in = {
        .schema = &schema, .cols = cols, .n = ROWS, .n_sel = ROWS, .arena = a};
    ds_eval ev = {.now = 1, .arena = a, .errs = &errs};
    assert_int_equal(ds_exprs_eval(e, &in, &ev, &out, &err), DS_OK);
    if (errs.n)
        return ds_str_printf(a, "!%s", errs.list[0].msg);
    if (ds_col_is_null(&out, 1))
        return NULL;
    ds_buf_init(&b, a, 64);
    ds_show_text(&b, ds_exprs_schema(e)->fields[0].type, &out, 1);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static bool same(const char *got, const char *want)
{
    if (got == NULL || want == NULL)
        return got == want;
    /* Refused by us, an error or not. */
    if (want[0] == '\1')
        return strstr(got, " is not supported") != NULL;
    return strcmp(got, want) == 0;
}

static int check_case(const text_case *c, bool constants)
{
    ds_arena *a = ds_arena_new(4096);
    const char *expr = expression(c, constants, a), *got = NULL;
    ds_exprs *e = compile(expr, a, &got);
    if (e)
        got = answer(e, c, a);
    bool ok = same(got, c->want);
    if (!ok)
        print_error("%s of %s, %s\n  gives %s\n  not   %s\n", expr,
                    c->n ? c->args[0] : "", c->n > 1 ? c->args[1] : "",
                    got ? got : "NULL", c->want ? c->want : "NULL");
    ds_arena_free(a);
    return ok ? 0 : 1;
}

static void check_all(const text_case *cases, size_t n)
{
    int bad = 0;
    for (size_t i = 0; i < n; i++)
        bad += check_case(&cases[i], false) + check_case(&cases[i], true);
    assert_int_equal(bad, 0);
}

static void texts(void **state)
{
    (void)state;
    check_all(text_cases, sizeof text_cases / sizeof *text_cases);
}

static void patterns(void **state)
{
    (void)state;
    check_all(regex_cases, sizeof regex_cases / sizeof *regex_cases);
}

/* Patterns that have to be tried in very many ways end in time. */
static void hostile(void **state)
{
    (void)state;
    static const char *const exprs[] = {
        "regexp_match($1, '(a+)+b')",
        "regexp_match($1, '(a|aa)+b')",
        "$1 ~ '(a*)*b'",
        "regexp_match($1, '(a*)(a*)(a*)(a*)b?')",
        "regexp_match($1, '(a*)\\1b')",
        "regexp_replace($1, '(.*)(.*)', 'x')"};
    ds_arena *a = ds_arena_new(4096);
    char *text = ds_new(a, char, 20001);
    memset(text, 'a', 20000);
    ds_time start = ds_mono_now();
    for (size_t i = 0; i < sizeof exprs / sizeof *exprs; i++) {
        text_case c = {exprs[i], 1, {text}, NULL};
        const char *why = NULL;
        ds_exprs *e = compile(expression(&c, false, a), a, &why);
        assert_non_null(e);
        (void)answer(e, &c, a);
    }
    assert_true(ds_mono_now() - start < 30 * DS_SECOND);
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(patterns),
        cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
