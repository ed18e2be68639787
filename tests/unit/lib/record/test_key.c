/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_key.c - keys come back as they were, compare as their values do, and
 * bytes that are no key are refused.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/groups.h"
#include "values.h"

enum { ROWS = 60 };

static void test_random_keys(void **state)
{
    (void)state;
    srand(2);
    for (int round = 0; round < 200; round++) {
        ds_arena *a = ds_arena_new(4096);
        uint32_t n = 1 + (uint32_t)rand() % 4;
        ds_type types[4];
        ds_col cols[4], back[4];
        ds_slice keys[ROWS];
        for (uint32_t c = 0; c < n; c++) {
            types[c] = random_type();
            cols[c] = random_col(a, types[c], ROWS);
        }
        for (uint32_t i = 0; i < ROWS; i++) {
            keys[i] = ds_key_encode(cols, types, n, i, a);
            assert_int_not_equal(keys[i].ptr[0], 0);
        }
        assert_true(ds_key_decode(keys, ROWS, types, n, a, back));
        for (uint32_t i = 0; i < ROWS; i++)
            for (uint32_t k = 0; k < ROWS; k++) {
                int want = 0, got = ds_slice_cmp(keys[i], keys[k]);
                bool ordered = true;
                for (uint32_t c = 0; c < n && !want; c++) {
                    want = sign(value_cmp(types[c], &cols[c], i, &cols[c], k));
                    ordered = type_is_ordered(types[c]);
                }
                if (want == 0 || !ordered)
                    assert_int_equal(got == 0, want == 0);
                else
                    assert_int_equal(got, want);
            }
        for (uint32_t i = 0; i < ROWS; i++)
            for (uint32_t c = 0; c < n; c++)
                assert_int_equal(value_cmp(types[c], &cols[c], i, &back[c], i),
                                 0);
        ds_arena_free(a);
    }
}

static void test_special_doubles(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    const double values[] = {0.0, -0.0, NAN, -NAN, INFINITY};
    ds_col col = {0}, back;
    ds_type type = DS_F64;
    ds_slice keys[5];
    col.v.f64 = values;
    for (uint32_t i = 0; i < 5; i++)
        keys[i] = ds_key_encode(&col, &type, 1, i, a);
    assert_true(ds_slice_eq(keys[0], keys[1]));
    assert_true(ds_slice_eq(keys[2], keys[3]));
    assert_int_equal(ds_slice_cmp(keys[4], keys[2]), -1);
    assert_true(ds_key_decode(keys, 5, &type, 1, a, &back));
    assert_true(isnan(back.v.f64[2]));
    assert_false(signbit(back.v.f64[1]));
    ds_arena_free(a);
}

/* What is decoded is exactly what encoding would have made. */
static void test_hostile(void **state)
{
    (void)state;
    srand(4);
    int accepted = 0;
    for (int round = 0; round < 200000; round++) {
        ds_arena *a = ds_arena_new(1024);
        static const uint8_t bytes[] = {0, 1, 2, 3, 0x80, 0xff, 'a', 0xc3};
        uint32_t n = 1 + (uint32_t)rand() % 3;
        ds_type types[3];
        ds_col cols[3];
        for (uint32_t c = 0; c < n; c++)
            types[c] = random_type();
        uint32_t len = (uint32_t)rand() % 24;
        uint8_t *p = malloc(len ? len : 1); /* so that ASan sees its end */
        for (uint32_t i = 0; i < len; i++)
            p[i] = bytes[rand() % 8];
        ds_slice key = {p, len};
        if (ds_key_decode(&key, 1, types, n, a, cols)) {
            accepted++;
            ds_slice again = ds_key_encode(cols, types, n, 0, a);
            assert_true(ds_slice_eq(key, again));
        }
        free(p);
        ds_arena_free(a);
    }
    assert_true(accepted > 100);
    ds_arena *a = ds_arena_new(1024);
    ds_type type = DS_STR;
    ds_col col;
    assert_false(ds_key_decode(&DS_NULL_SLICE, 1, &type, 1, a, &col));
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_keys),
        cmocka_unit_test(test_special_doubles),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
