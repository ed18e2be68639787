/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_batch.c - selecting and dropping rows, builders, gathering.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "values.h"

static void test_types(void **state)
{
    (void)state;
    assert_string_equal(ds_type_name(DS_TS), "timestamp with time zone");
    assert_string_equal(ds_type_name(DS_NONE), "unknown");
    assert_int_equal(ds_type_size(DS_STR), sizeof(ds_slice));
    assert_int_equal(ds_type_size(DS_BOOL), 1);
    ds_field fields[] = {{"a", DS_I64, 0, false}, {"b", DS_STR, 0, false}};
    ds_schema s = {2, fields};
    assert_int_equal(ds_schema_find(&s, "b"), 1);
    assert_int_equal(ds_schema_find(&s, "B"), -1);
}

static void test_drop(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    ds_batch b = {.n = 130, .n_sel = 130, .arena = a};
    uint64_t none[3] = {0}, drop[3] = {0};
    assert_ptr_equal(ds_batch_drop(&b, none), &b);
    ds_bit_set(drop, 0);
    ds_bit_set(drop, 64);
    ds_bit_set(drop, 129);
    const ds_batch *out = ds_batch_drop(&b, drop);
    assert_int_equal(out->n_sel, 127);
    DS_EACH (out, i)
        assert_false(ds_bit_get(drop, i));
    /* Once more, on a batch that has a selection. */
    memset(drop, 0, sizeof(drop));
    ds_bit_set(drop, 1);
    ds_bit_set(drop, 64);
    out = ds_batch_drop(out, drop);
    assert_int_equal(out->n_sel, 126);
    assert_int_equal(out->sel[0], 2);
    ds_arena_free(a);
}

static void test_builder_and_gather(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    srand(1);
    for (size_t t = 0; t < N_VALUE_TYPES; t++) {
        ds_type type = value_types[t];
        ds_col col = random_col(a, type, 500);
        uint32_t rows[700];
        for (uint32_t i = 0; i < 700; i++)
            rows[i] = (uint32_t)rand() % 500;
        ds_col got = ds_col_gather(&col, type, rows, 700, a);
        for (uint32_t i = 0; i < 700; i++)
            assert_int_equal(value_cmp(type, &got, i, &col, rows[i]), 0);
    }
    int64_t seven = 7;
    ds_col c = ds_col_const(DS_I64, &seven, 100, a);
    assert_null(c.valid);
    assert_int_equal(c.v.i64[99], 7);
    c = ds_col_const(DS_STR, NULL, 100, a);
    assert_true(ds_col_is_null(&c, 0) && ds_col_is_null(&c, 99));
    ds_col_builder b;
    ds_col_builder_init(&b, DS_I64, a, 0);
    ds_col_builder_add(&b, &seven);
    assert_null(ds_col_builder_done(&b).valid);
    for (uint32_t n = 0; n < 130; n++) {
        uint64_t *bits = ds_bits_new(a, n, true);
        for (uint32_t i = 0; i < (n + 63) / 64 * 64; i++)
            assert_int_equal(ds_bit_get(bits, i), i < n);
    }
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_builder_and_gather),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
