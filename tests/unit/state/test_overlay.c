/* SPDX-License-Identifier: Apache-2.0 */
/* test_overlay.c - the writes of one epoch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "state/overlay.h"

static ds_arena *a;

static int setup(void **state)
{
    (void)state;
    a = ds_arena_new(1 << 12);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ds_arena_free(a);
    return 0;
}

static void put(ds_overlay *ov, const char *key, const char *val)
{
    ds_slice k = ds_slice_of(key);
    ds_slice v = val ? ds_slice_of(val) : DS_NULL_SLICE;
    uint64_t hash = ds_hash(k.ptr, k.len);

    overlay_put(ov, &k, &hash, &v, 1);
}

static const overlay_entry *find(const ds_overlay *ov, const char *key)
{
    return overlay_find(ov, ds_hash(key, strlen(key)), ds_slice_of(key));
}

static void test_put(void **state)
{
    ds_overlay *ov = overlay_new(a, NULL);

    (void)state;
    assert_null(find(ov, "a"));
    put(ov, "a", "1");
    put(ov, "b", NULL);
    put(ov, "a", "");
    assert_int_equal(ov->n, 2);
    assert_true(ds_slice_eq(find(ov, "a")->val, ds_slice_of("")));
    assert_non_null(find(ov, "b"));
    assert_null(find(ov, "b")->val.ptr);
    assert_null(find(ov, "c"));
}

static void test_copies(void **state)
{
    ds_overlay *ov = overlay_new(a, NULL);
    char key[] = "key", val[] = "val";

    (void)state;
    put(ov, key, val);
    key[0] = val[0] = '?';
    assert_true(ds_slice_eq(find(ov, "key")->val, ds_slice_of("val")));
}

static void test_many(void **state)
{
    ds_overlay *ov = overlay_new(a, NULL);
    char key[16], val[16];

    (void)state;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 5000; i++) {
            snprintf(key, sizeof(key), "k%d", i);
            snprintf(val, sizeof(val), "%d", i + round);
            put(ov, key, val);
        }
    assert_int_equal(ov->n, 5000);
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        snprintf(val, sizeof(val), "%d", i + 1);
        assert_true(ds_slice_eq(find(ov, key)->val, ds_slice_of(val)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_put, setup, teardown),
        cmocka_unit_test_setup_teardown(test_copies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
