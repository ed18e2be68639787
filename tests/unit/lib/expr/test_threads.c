/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_threads.c - expressions compiled and evaluated in four threads at once:
 * what they share is zones, row types, and one compiled expression.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expr/expr.h"
#include "record/builder.h"
#include "record/show.h"

enum { THREADS = 4, ROUNDS = 20, ROWS = 3 };

static const ds_field fields[] = {{"s", DS_STR, 0, false},
                                  {"z", DS_STR, 0, false}};
static const ds_schema schema = {2, fields};
static const ds_text_seg seg = {0, 1, 1};

/* %d: another one in each round, so that there are new row types. */
static const char *const texts[] = {
    "(timestamptz '2026-03-29 01:30Z' AT TIME ZONE z)::text || %d",
    "(timestamp '2026-07-01' AT TIME ZONE 'Asia/Tokyo')::text || %d",
    "to_char(timestamptz '2026-01-31 10:00Z' AT TIME ZONE z, 'Day') || %d",
    "regexp_replace(s, '(a|ab)(c|bcd)?', '<\\1\\2>', 'g') || %d",
    "(s ~ ('^' || left(s, 1)))::text || %d",
    "ROW(s, %d, ROW(z, 1.5))::text",
    "ARRAY[ROW(s, 'x%d'), ROW(z, 'y')]::text",
    ("jsonb_path_query_array(to_jsonb(s), '$ ? (@ like_regex \"^a\")')::text "
     "|| %d"),
    "('2026-10-25 02:30 America/New_York'::timestamptz)::text || %d",
    "('2026-07-01 12:00 CEST'::timestamptz)::text || %d",
};
enum { N = sizeof texts / sizeof *texts };

static ds_exprs *shared[N];
static char results[THREADS][ROUNDS][N][200];

static ds_batch rows_new(ds_arena *a)
{
    static const char *const s[] = {"abcd", "aab", "x"};
    static const char *const z[] = {"Europe/Berlin", "+02:30", "EST5EDT"};
    ds_slice *texts_s = ds_new(a, ds_slice, ROWS);
    ds_slice *texts_z = ds_new(a, ds_slice, ROWS);
    ds_col *cols = ds_new(a, ds_col, 2);
    for (uint32_t i = 0; i < ROWS; i++) {
        texts_s[i] = ds_slice_of(s[i]);
        texts_z[i] = ds_slice_of(z[i]);
    }
    cols[0].v.str = texts_s;
    cols[1].v.str = texts_z;
    return (ds_batch){
        .schema = &schema, .cols = cols, .n = ROWS, .n_sel = ROWS, .arena = a};
}

static ds_exprs *compiled(uint32_t i, int number, ds_arena *a)
{
    const ds_scope scope = {.cols = &schema};
    ds_exprs *e = NULL;
    ds_diags d;
    char text[300];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, texts[i], number);
#pragma GCC diagnostic pop
    ds_text t = ds_text_of(ds_str_copy(a, text));
    t.segs = &seg;
    t.n_segs = 1;
    ds_diags_init(&d, a);
    return ds_expr_compile(&t, DS_STR, &scope, a, &d, &e) == DS_OK ? e : NULL;
}

static void evaluate(const ds_exprs *e, ds_arena *a, char *to, size_t size)
{
    ds_batch rows = rows_new(a);
    ds_row_errors errs = {0};
    const ds_eval ev = {.now = 0, .arena = a, .errs = &errs};
    ds_col col;
    ds_err err;
    size_t at = strlen(to);
    if (ds_exprs_eval(e, &rows, &ev, &col, &err) != DS_OK)
        return;
    for (uint32_t i = 0; i < ROWS && !errs.n && at < size; i++)
        at +=
            (size_t)snprintf(to + at, size - at, "%.*s;", (int)col.v.str[i].len,
                             (const char *)col.v.str[i].ptr);
}

static void *work(void *arg)
{
    size_t me = (size_t)(uintptr_t)arg;
    for (int round = 0; round < ROUNDS; round++) {
        ds_arena *a = ds_arena_new(1 << 14);
        for (uint32_t i = 0; i < N; i++) {
            char *to = results[me][round][i];
            const ds_exprs *own = compiled(i, round, a);
            if (own)
                evaluate(own, a, to, sizeof results[0][0][0]);
            evaluate(shared[i], a, to, sizeof results[0][0][0]);
        }
        ds_arena_free(a);
    }
    return NULL;
}

static void test_four_at_once(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1 << 16);
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < N; i++) {
        shared[i] = compiled(i, 1000, a);
        assert_non_null(shared[i]);
    }
    for (size_t k = 0; k < THREADS; k++)
        assert_int_equal(
            pthread_create(&threads[k], NULL, work, (void *)(uintptr_t)k), 0);
    for (size_t k = 0; k < THREADS; k++)
        assert_int_equal(pthread_join(threads[k], NULL), 0);
    for (uint32_t i = 0; i < N; i++)
        for (int round = 0; round < ROUNDS; round++) {
            assert_true(results[0][round][i][0] != 0);
            for (size_t k = 1; k < THREADS; k++)
                assert_string_equal(results[k][round][i], results[0][round][i]);
        }
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_four_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
