/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_slice.c - comparing, copying, and the partition of a key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dstream/slice.h"

#define S(text) ((ds_slice){(const uint8_t *)(text), sizeof(text) - 1})

static void test_compare(void **state)
{
    (void)state;
    const ds_slice sorted[] = {DS_NULL_SLICE, S(""),    S("\0"),
                               S("a"),        S("a\0"), S("a\0\x1"),
                               S("ab"),       S("b"),   S("\xff")};
    const int n = sizeof(sorted) / sizeof(sorted[0]);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            assert_int_equal(ds_slice_cmp(sorted[i], sorted[k]),
                             (i > k) - (i < k));
            assert_int_equal(ds_slice_eq(sorted[i], sorted[k]), i == k);
        }
}

static void test_copy(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(100);
    assert_null(ds_slice_copy(a, DS_NULL_SLICE).ptr);
    assert_non_null(ds_slice_copy(a, S("")).ptr);
    ds_slice s = ds_slice_copy(a, S("a\0b"));
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.ptr, "a\0b", 3);
    assert_string_equal(ds_strn_copy(a, "hello", 3), "hel");
    assert_string_equal(ds_str_copy(a, ""), "");
    assert_string_equal(ds_str_printf(a, "%d-%0300d", 1, 7) + 295, "0000007");
    ds_arena_free(a);
}

/* Hashes from Kafka's own test of its Utils.murmur2, as unsigned numbers modulo
 * 2^31. */
static void test_murmur2(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int32_t hash;
    } vectors[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        int32_t positive = vectors[i].hash & 0x7fffffff;
        ds_slice key = ds_slice_of(vectors[i].key);
        assert_int_equal(ds_murmur2_partition(key, INT32_MAX),
                         positive % INT32_MAX);
        assert_int_equal(ds_murmur2_partition(key, 6), positive % 6);
        assert_int_equal(ds_murmur2_partition(key, 1), 0);
    }
    /* murmur2 of no bytes is 275646681. */
    assert_int_equal(ds_murmur2_partition(S(""), 1000), 681);
    /* Bytes above 0x7f are not sign-extended. */
    int32_t p = ds_murmur2_partition(S("\xff\xfe\xfd"), 1 << 30);
    assert_true(p >= 0 && p < 1 << 30);
}

static void test_hash(void **state)
{
    (void)state;
    assert_true(ds_hash("a", 1) == 0xe6c632b61e964e1full);
    assert_true(ds_hash(NULL, 0) == 0x2d06800538d394c2ull);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_murmur2),
        cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
