/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_arena.c - zeroed, aligned, reused, and hooks in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dstream/arena.h"

static void assert_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(p[i], 0);
}

static void test_zeroed_and_aligned(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    srand(7);
    for (int round = 0; round < 20; round++) {
        size_t used = 0;
        for (int i = 0; i < 500; i++) {
            size_t size = (size_t)rand() % (i % 50 ? 200 : 40000);
            size_t align = (size_t)1 << (rand() % 7);
            uint8_t *p = ds_arena_alloc(a, size, align);
            assert_int_equal((uintptr_t)p % align, 0);
            assert_zero(p, size);
            memset(p, 0xff, size);
            used += size;
        }
        assert_int_equal(ds_arena_used(a), used);
        ds_arena_reset(a);
        assert_int_equal(ds_arena_used(a), 0);
    }
    ds_arena_free(a);
}

static void test_allocations_do_not_overlap(void **state)
{
    (void)state;
    enum { N = 3000 };
    static uint8_t *ps[N];
    static size_t sizes[N];
    ds_arena *a = ds_arena_new(4096);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++) {
            sizes[i] = 1 + (size_t)rand() % 3000;
            ps[i] = ds_arena_alloc(a, sizes[i], 1);
            memset(ps[i], i & 0xff, sizes[i]);
        }
        for (int i = 0; i < N; i++)
            for (size_t k = 0; k < sizes[i]; k += 97)
                assert_int_equal(ps[i][k], i & 0xff);
        ds_arena_reset(a);
    }
    ds_arena_free(a);
}

static void test_big(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++) {
            uint8_t *p = ds_arena_alloc(a, (size_t)30 << 20, 64);
            assert_int_equal(p[0], 0);
            assert_int_equal(p[((size_t)30 << 20) - 1], 0);
            p[0] = p[((size_t)30 << 20) - 1] = 1;
            uint8_t *small = ds_arena_alloc(a, 10, 1);
            assert_zero(small, 10);
            memset(small, 1, 10);
        }
        ds_arena_reset(a);
    }
    ds_arena_free(a);
}

static char order[16];

static void note(void *arg)
{
    strcat(order, arg);
}

static void test_hooks(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(0);
    ds_arena_on_reset(a, note, "a");
    ds_arena_on_reset(a, note, "b");
    ds_arena_reset(a);
    assert_string_equal(order, "ba");
    ds_arena_reset(a);
    assert_string_equal(order, "ba");
    ds_arena_on_reset(a, note, "c");
    ds_arena_free(a);
    assert_string_equal(order, "bac");
    ds_arena_free(NULL);
}

static void test_empty(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    assert_non_null(ds_arena_alloc(a, 0, 1));
    assert_non_null(ds_arena_alloc(a, 0, 16));
    ds_arena_free(a);
}

#ifndef NDEBUG
#if !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
static void test_wiped(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    volatile uint8_t *p = ds_arena_alloc(a, 16, 1);
    p[3] = 1;
    ds_arena_reset(a);
    assert_int_equal(p[3], 0xdd);
    ds_arena_free(a);
}
#define WIPED cmocka_unit_test(test_wiped),
#endif
#endif
#ifndef WIPED
#define WIPED
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIPED cmocka_unit_test(test_zeroed_and_aligned),
        cmocka_unit_test(test_allocations_do_not_overlap),
        cmocka_unit_test(test_big),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
