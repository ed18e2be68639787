/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_rowfmt.c - rows come back as they were; bytes that are no row do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/rowfmt.h"
#include "values.h"

enum { ROWS = 100, COLS = 20 };

static uint32_t random_schema(ds_field *fields)
{
    uint32_t n = (uint32_t)rand() % (COLS + 1);
    for (uint32_t c = 0; c < n; c++)
        fields[c] = (ds_field){"c", random_type(), 0, false};
    return n;
}

static void test_round_trip(void **state)
{
    (void)state;
    srand(8);
    for (int round = 0; round < 200; round++) {
        ds_arena *a = ds_arena_new(4096);
        ds_field fields[COLS];
        ds_schema schema = {random_schema(fields), fields};
        ds_col cols[COLS], back[COLS];
        uint32_t sel[ROWS], n_sel = 0;
        for (uint32_t c = 0; c < schema.n; c++)
            cols[c] = random_col(a, fields[c].type, ROWS);
        for (uint32_t i = 0; i < ROWS; i++)
            if (round % 2 || rand() % 2)
                sel[n_sel++] = i;
        ds_slice out[ROWS];
        uint64_t *bad;
        ds_rows_encode(cols, &schema, ROWS, round % 2 ? NULL : sel, n_sel, a,
                       out);
        ds_rows_decode(out, n_sel, &schema, a, back, &bad);
        assert_null(bad);
        for (uint32_t i = 0; i < n_sel; i++)
            for (uint32_t c = 0; c < schema.n; c++)
                assert_int_equal(
                    value_cmp(fields[c].type, &cols[c], sel[i], &back[c], i),
                    0);
        ds_arena_free(a);
    }
}

static void test_layout(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    ds_field fields[] = {{"a", DS_I64, 0, false},
                         {"b", DS_STR, 0, false},
                         {"c", DS_BOOL, 0, false}};
    ds_schema schema = {3, fields};
    int64_t n = 258;
    ds_slice s = {(const uint8_t *)"hi", 2};
    ds_col cols[3] = {ds_col_const(DS_I64, &n, 1, a),
                      ds_col_const(DS_STR, &s, 1, a),
                      ds_col_const(DS_BOOL, NULL, 1, a)};
    ds_slice out;
    ds_rows_encode(cols, &schema, 1, NULL, 1, a, &out);
    static const uint8_t want[] = {1, 4, 2, 1, 0, 0, 0,   0,
                                   0, 0, 2, 0, 0, 0, 'h', 'i'};
    assert_int_equal(out.len, sizeof(want));
    assert_memory_equal(out.ptr, want, sizeof(want));
    ds_arena_free(a);
}

static void test_null_rows(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    ds_field fields[] = {{"a", DS_I64, 0, false}};
    ds_schema schema = {1, fields};
    ds_slice rows[] = {DS_NULL_SLICE, {(const uint8_t *)"", 0}};
    ds_col col;
    uint64_t *bad;
    ds_rows_decode(rows, 2, &schema, a, &col, &bad);
    assert_true(ds_col_is_null(&col, 0) && ds_col_is_null(&col, 1));
    assert_non_null(bad);
    assert_true(!ds_bit_get(bad, 0) && ds_bit_get(bad, 1));
    ds_arena_free(a);
}

/* Rows with bytes changed, cut off and added: refused, or the same bytes again
 * when encoded. */
static void test_hostile(void **state)
{
    (void)state;
    srand(9);
    for (int round = 0; round < 30000; round++) {
        ds_arena *a = ds_arena_new(1024);
        ds_field fields[COLS];
        ds_schema schema = {random_schema(fields), fields};
        ds_col cols[COLS], back[COLS];
        ds_slice out, again;
        uint64_t *bad;
        for (uint32_t c = 0; c < schema.n; c++)
            cols[c] = random_col(a, fields[c].type, 1);
        ds_rows_encode(cols, &schema, 1, NULL, 1, a, &out);
        uint32_t len = out.len + (uint32_t)rand() % 3;
        uint8_t *p = calloc(len + 1, 1);
        memcpy(p, out.ptr, out.len);
        for (int k = rand() % 4; k > 0; k--)
            p[(uint32_t)rand() % len] = (uint8_t)rand();
        if (rand() % 3 == 0)
            len = (uint32_t)rand() % len;
        p = realloc(p, len ? len : 1);
        ds_slice row = {p, len};
        ds_rows_decode(&row, 1, &schema, a, back, &bad);
        if (bad) {
            for (uint32_t c = 0; c < schema.n; c++)
                assert_true(ds_col_is_null(&back[c], 0));
        } else {
            ds_rows_encode(back, &schema, 1, NULL, 1, a, &again);
            assert_true(ds_slice_eq(row, again));
        }
        free(p);
        ds_arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_null_rows),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
