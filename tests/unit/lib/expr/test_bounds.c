/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_bounds.c - what rows from outside may ask of expressions: texts of a
 * megabyte that make others take for ever, or all memory. Each ends soon, with
 * a result or an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "expr/expr.h"
#include "record/builder.h"
#include "record/show.h"

/* Processor time; much less is needed without sanitizers. */
enum { MOST_SECONDS = 30, MEGABYTE = 1 << 20 };

/* Each group is the one before twice. */
#define BACKS                                                                  \
    "(a)(\\1\\1)(\\2\\2)(\\3\\3)(\\4\\4)(\\5\\5)(\\6\\6)(\\7\\7)"              \
    "(\\8\\8)(\\9\\9)(\\10\\10)(\\11\\11)(\\12\\12)(\\13\\13)"                 \
    "(\\14\\14)(\\15\\15)(\\16\\16)(\\17\\17)(\\18\\18)(\\19\\19)"             \
    "(\\20\\20)(\\21\\21)(\\22\\22)(\\23\\23)(\\24\\24)(\\25\\25)"             \
    "(\\26\\26)(\\27\\27)(\\28\\28)(\\29\\29)(\\30\\30)"

/* A column: so much in front, one text over and over, an end. */
static const struct {
    const char *name, *front, *again, *end;
} columns[] = {
    {"a", "", "a", ""},
    {"ab", "", "ab", ""},
    {"line", "", "aaaaaaaaaaaaaaaaaaaaaaaac", ""},
    {"pattern", "%", "a", "b"},
    {"blanks", "%", "a_", "b"},
    {"open", "", "(", ""},
    {"groups", "", "(a)", ""},
    {"back", BACKS, "x", ""},
    {"lazy", "", "a*?b*", ""},
    {"quotes", "", "\"", ""},
    {"slashes", "", "\\", ""},
    {"list", "{a", ",a", "}"},
    {"items", "[1", ", 1", "]"},
    {"objects", "[{}", ", {}", ", {\"a\": \"x\"}]"},
    {"member", "[{\"a\": \"", "x", "\"}]"},
    {"deep", "[1", ", [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "]"},
    {"wide", "\xe4\xb8\x80", "\xe4\xb8\x81", "\xe4\xb8\x80"},
    {"fill", "{", "1", "}"},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

#define SLOW "the regular expression takes too long on this text"
#define COMPLEX "a pattern that is too complex in a regular expression is not "
#define LARGE "requested length too large"

static const struct {
    const char *expr, *want; /* text, or ! and the error; NULL: any */
} cases[] = {
    {"a LIKE '%' || left(a, 500000) || 'b'",
     "!the LIKE pattern takes too long on this text"},
    {"a ILIKE '%' || left(blanks, 500000) || 'b'",
     "!the LIKE pattern takes too long on this text"},
    {"a LIKE '%a%a%a%a%b'", "false"},
    {"length(translate(a, pattern, 'x'))",
     "!the arguments are too long together"},
    {"length(btrim(a, pattern))", "!the arguments are too long together"},
    {"a ~ '(a+)+b'", "false"},
    {"a ~ '(a*)*b'", "false"},
    {"a ~ 'a*a*a*a*a*b'", "false"},
    {"a ~ '(.*)(.*)(.*)(.*)[0-9]'", "false"},
    {"a ~ '(a|aa)+$'", "true"},
    {"ab ~ '(a|b)+?c'", "false"},
    {"regexp_count(ab, '(a|b)+?c')", "0"},
    {"length(regexp_replace(line, '(a+)+b|c', '', 'g'))", NULL},
    {"length(substring(a SIMILAR '%#\"a+#\"%' ESCAPE '#'))", "!" SLOW},
    {"length(substring(left(a, 4000) SIMILAR '%#\"a+#\"%' ESCAPE '#'))",
     "4000"},
    {"a ~ open", NULL},
    {"a ~ groups", "!" COMPLEX "supported"},
    {"a ~ left(back, 225)", "!" COMPLEX "supported"},
    {"a ~ lazy", "!" COMPLEX "supported"},
    {"regexp_match(a, left(groups, 6000)) IS NULL", NULL},
    {"array_length(array_replace(list::text[], 'a', a), 1)",
     "!array size exceeds the maximum allowed (134217727)"},
    {"cardinality((list::text[])[200000:400000])", "200001"},
    {"list::text[] @> list::text[]", "true"},
    {"cardinality(array_fill(a, ARRAY[1000]))",
     "!array size exceeds the maximum allowed (134217727)"},
    {"objects::jsonb @> member::jsonb",
     "!jsonb values are too large for @> and <@"},
    {"jsonb_path_exists(items::jsonb, '$[*] ? ($.size() > 5 && @ > 5)')",
     "!the jsonpath takes too long on this value"},
    {"jsonb_path_exists(items::jsonb, '$[*] ? (@ > $[*])')",
     "!the jsonpath takes too long on this value"},
    {"items::jsonb ?| list::text[]",
     "!too many keys for a jsonb value this large"},
    {"length(jsonb_pretty(deep::jsonb)) > 0", NULL},
    {"length(repeat(a, 100))", "!" LARGE},
    {"length(rpad(a, 2000000000))", "!" LARGE},
    {"length(format('%2000000000s', a))", "!" LARGE},
    {"length(replace(a, 'a', 'aaaaaaaaaaaaaaaaaaaa'))", "!" LARGE},
    {"length(ROW(ROW(ROW(ROW(ROW(ROW(ROW(ROW(ROW(ROW(quotes))))))))))::text)",
     "!" LARGE},
    {"length(ROW(ROW(slashes))::text)", NULL},
    {"length(normalize(wide))", NULL},
    {"length(quote_literal(slashes)) > 2000000", "true"},
};

static ds_field fields[N_COLUMNS];
static const ds_schema schema = {N_COLUMNS, fields};
static const ds_text_seg seg = {0, 1, 1};

static ds_slice column_text(uint32_t c, ds_arena *a)
{
    ds_buf b;
    size_t n = strlen(columns[c].again);
    ds_buf_init(&b, a, MEGABYTE + 64);
    ds_buf_str(&b, columns[c].front);
    while (b.len + n <= MEGABYTE)
        ds_buf_add(&b, columns[c].again, (uint32_t)n);
    ds_buf_str(&b, columns[c].end);
    return (ds_slice){(const uint8_t *)b.s, b.len};
}

static ds_batch *rows_new(ds_arena *a, uint32_t n)
{
    ds_col *cols = ds_new(a, ds_col, N_COLUMNS);
    ds_batch *batch = ds_new(a, ds_batch, 1);
    for (uint32_t c = 0; c < N_COLUMNS; c++) {
        ds_slice text = column_text(c, a);
        fields[c] = (ds_field){columns[c].name, DS_STR, 0, false};
        cols[c] = ds_col_const(DS_STR, &text, n, a);
    }
    *batch = (ds_batch){
        .schema = &schema, .cols = cols, .n = n, .n_sel = n, .arena = a};
    return batch;
}

static const char *answer(const char *expr, ds_batch *rows, uint32_t row)
{
    const ds_scope scope = {.cols = &schema};
    ds_arena *a = rows->arena;
    ds_text text = ds_text_of(expr);
    ds_exprs *e;
    ds_diags d;
    ds_col col;
    ds_err err;
    ds_buf b;
    text.segs = &seg;
    text.n_segs = 1;
    ds_diags_init(&d, a);
    if (ds_expr_compile(&text, DS_NONE, &scope, a, &d, &e) != DS_OK)
        return d.n ? d.list[0].msg : "does not compile";
    ds_row_errors errs = {0};
    const ds_eval ev = {.now = 0, .arena = a, .errs = &errs};
    assert_int_equal(ds_exprs_eval(e, rows, &ev, &col, &err), DS_OK);
    for (uint32_t i = 0; i < errs.n; i++)
        if (errs.list[i].row == row)
            return ds_str_printf(a, "!%s", errs.list[i].msg);
    if (ds_col_is_null(&col, row))
        return "NULL";
    ds_buf_init(&b, a, 64);
    ds_show_text(&b, ds_exprs_schema(e)->fields[0].type, &col, row);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static void test_ends_soon(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_arena *a = ds_arena_new(1 << 20);
        ds_batch *rows = rows_new(a, 1);
        clock_t began = clock();
        const char *got = answer(cases[i].expr, rows, 0);
        double took = (double)(clock() - began) / CLOCKS_PER_SEC;
        if ((cases[i].want && strcmp(got, cases[i].want) != 0) ||
            took > MOST_SECONDS)
            fail_msg("%s: %.200s after %.1f s, not %s", cases[i].expr, got,
                     took, cases[i].want ? cases[i].want : "soon");
        ds_arena_free(a);
    }
}

/* Each result would be allowed; all of them take too much memory. */
static void test_a_batch_has_a_limit(void **state)
{
    (void)state;
    enum { ROWS = 200 };
    ds_arena *a = ds_arena_new(1 << 20);
    ds_batch *rows = rows_new(a, ROWS);
    assert_string_equal(answer("length(repeat(a, 12))", rows, 0), "12582912");
    assert_string_equal(
        answer("length(repeat(a, 12))", rows, ROWS - 1),
        "!out of memory: the results of a batch take more than 1 GB");
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_soon),
        cmocka_unit_test(test_a_batch_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
