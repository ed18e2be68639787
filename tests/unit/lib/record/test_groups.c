/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_groups.c - rows of one key get one number, against a plain search.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "record/groups.h"
#include "values.h"

enum { ROWS = 700 };

static uint32_t find(const ds_slice *keys, uint32_t n, ds_slice key)
{
    uint32_t i = 0;
    while (i < n && !ds_slice_eq(keys[i], key))
        i++;
    return i;
}

/* Several batches, each with a selection, of some random key columns. */
static void test_random(void **state)
{
    (void)state;
    srand(6);
    for (int round = 0; round < 40; round++) {
        ds_arena *a = ds_arena_new(4096);
        uint32_t n = 1 + (uint32_t)rand() % 3, known = 0;
        ds_type types[3];
        for (uint32_t c = 0; c < n; c++)
            types[c] = round % 2    ? random_type()
                       : rand() % 2 ? DS_STR
                                    : DS_BYTES;
        ds_groups *g = ds_groups_new(a, types, n);
        for (int b = 0; b < 3; b++) {
            ds_col cols[4], key[3];
            uint16_t which[3];
            uint32_t sel[ROWS], n_sel = 0, group[ROWS];
            for (uint32_t c = 0; c < n; c++) {
                which[c] = (uint16_t)(n - c); /* not in order */
                cols[which[c]] = key[c] = random_col(a, types[c], ROWS);
            }
            for (uint32_t i = 0; i < ROWS; i++)
                if (rand() % 3)
                    sel[n_sel++] = i;
            ds_batch batch = {.cols = cols,
                              .n = ROWS,
                              .n_sel = b ? n_sel : ROWS,
                              .sel = b ? sel : NULL,
                              .arena = a};
            for (uint32_t i = 0; i < ROWS; i++) {
                ds_slice k = ds_key_encode(key, types, n, i, a);
                bool has =
                    find(ds_groups_keys(g), ds_groups_n(g), k) < ds_groups_n(g);
                assert_int_equal(ds_groups_has(g, k), has);
            }
            ds_groups_map(g, &batch, which, group);
            DS_EACH (&batch, i) {
                ds_slice k = ds_key_encode(key, types, n, i, a);
                uint32_t want = find(ds_groups_keys(g), ds_groups_n(g), k);
                assert_int_equal(group[i], want);
                assert_true(ds_groups_has(g, k));
                /* New ones are numbered as they come. */
                assert_true(want <= known);
                known += want == known;
            }
        }
        assert_int_equal(known, ds_groups_n(g));
        ds_col back[3];
        ds_groups_cols(g, a, back);
        for (uint32_t i = 0; i < known; i++) {
            ds_slice k = ds_groups_keys(g)[i];
            assert_true(ds_slice_eq(k, ds_key_encode(back, types, n, i, a)));
            assert_true(ds_groups_hashes(g)[i] == ds_hash(k.ptr, k.len));
        }
        ds_arena_free(a);
    }
}

/* Enough keys for the table to grow several times. */
static void test_many(void **state)
{
    (void)state;
    enum { KEYS = 100000, BATCH = 1000 };
    ds_arena *a = ds_arena_new(1 << 20);
    ds_type type = DS_STR;
    ds_groups *g = ds_groups_new(a, &type, 1);
    uint16_t which = 0;
    uint32_t group[BATCH];
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t start = 0; start < KEYS; start += BATCH) {
            ds_slice *values = ds_new(a, ds_slice, BATCH);
            for (uint32_t i = 0; i < BATCH; i++)
                values[i] = ds_slice_of(ds_str_printf(a, "key%u", start + i));
            ds_col col = {.v.str = values};
            ds_batch b = {.cols = &col, .n = BATCH, .n_sel = BATCH, .arena = a};
            ds_groups_map(g, &b, &which, group);
            for (uint32_t i = 0; i < BATCH; i++)
                assert_int_equal(group[i], start + i);
        }
    assert_int_equal(ds_groups_n(g), KEYS);
    ds_arena_free(a);
}

static void test_null_and_empty(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    ds_type type = DS_STR;
    ds_groups *g = ds_groups_new(a, &type, 1);
    const ds_slice values[] = {
        {NULL, 0}, {NULL, 0}, {(const uint8_t *)"", 0}, {NULL, 0}};
    const uint64_t valid = 0x6; /* 1 and 2; the pointer does not decide */
    ds_col col = {.valid = &valid, .v.str = values}, back;
    uint32_t group[4];
    uint16_t which = 0;
    ds_batch b = {.cols = &col, .n = 4, .n_sel = 4, .arena = a};
    ds_groups_map(g, &b, &which, group);
    assert_int_equal(ds_groups_n(g), 2);
    assert_int_equal(group[0], 0);
    assert_int_equal(group[1], 1);
    assert_int_equal(group[2], 1);
    assert_int_equal(group[3], 0);
    ds_groups_cols(g, a, &back);
    assert_true(ds_col_is_null(&back, 0));
    assert_false(ds_col_is_null(&back, 1));
    assert_int_equal(back.v.str[1].len, 0);
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_null_and_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
