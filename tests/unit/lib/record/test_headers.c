/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_headers.c - headers in Kafka's wire form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dstream/outbox.h"

#define S(text) ((ds_slice){(const uint8_t *)(text), sizeof(text) - 1})

static void test_wire_form(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    const ds_header add[] = {
        {S("a"), S("xy")}, {S(""), DS_NULL_SLICE}, {S("a"), S("")}};
    ds_slice first = ds_headers_encode(a, DS_NULL_SLICE, add, 2);
    assert_int_equal(first.len, 8);
    assert_memory_equal(first.ptr,
                        "\x04\x02"
                        "a\x04xy\x00\x01",
                        8);
    ds_slice both = ds_headers_encode(a, first, add + 2, 1);
    ds_header *got;
    uint32_t n;
    assert_true(ds_headers_decode(a, both, &got, &n));
    assert_int_equal(n, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(ds_slice_eq(got[i].name, add[i].name));
        assert_true(ds_slice_eq(got[i].value, add[i].value));
    }
    assert_true(ds_headers_decode(a, DS_NULL_SLICE, &got, &n));
    assert_int_equal(n, 0);
    assert_true(ds_headers_decode(
        a, ds_headers_encode(a, DS_NULL_SLICE, NULL, 0), &got, &n));
    assert_int_equal(n, 0);
    ds_arena_free(a);
}

static void test_long(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    for (uint32_t size = 60; size < 3000000; size = size * 3 / 2) {
        ds_header h = {S("name"), {ds_arena_alloc(a, size, 1), size}}, *got;
        uint32_t n;
        ds_slice all = DS_NULL_SLICE;
        for (int i = 0; i < 70; i++)
            all = ds_headers_encode(a, all, &(ds_header){S("k"), S("v")}, 1);
        all = ds_headers_encode(a, all, &h, 1);
        assert_true(ds_headers_decode(a, all, &got, &n));
        assert_int_equal(n, 71);
        assert_int_equal(got[70].value.len, size);
    }
    ds_arena_free(a);
}

static void test_hostile(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",             /* no count */
        "\x01",         /* -1 headers */
        "\x02",         /* one, but there is none */
        "\x02\x01\x01", /* a name of length -1 */
        "\x02\x02"
        "a\x03", /* a value of length -2 */
        "\x02\x04"
        "a\x01", /* a name that is too long */
        "\x02\x02"
        "a\x01x",                   /* bytes after the end */
        "\xff\xff\xff\xff\xff\x01", /* a number of six bytes */
        "\xfe\xff\xff\xff\x0f",     /* 2^31 - 1 headers */
    };
    ds_arena *a = ds_arena_new(4096);
    ds_header *got;
    uint32_t n;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ds_headers_decode(a, ds_slice_of(bad[i]), &got, &n));
    srand(11);
    for (int i = 0; i < 200000; i++) {
        uint32_t len = (uint32_t)rand() % 20;
        uint8_t *p = malloc(len ? len : 1);
        for (uint32_t k = 0; k < len; k++)
            p[k] = (uint8_t)(rand() % 4 ? rand() % 9 : rand());
        if (ds_headers_decode(a, (ds_slice){p, len}, &got, &n))
            assert_true(n <= len);
        free(p);
        ds_arena_reset(a);
    }
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire_form),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
