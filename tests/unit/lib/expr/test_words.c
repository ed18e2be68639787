/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_words.c - texts compared and searched a word at a time give what bytes
 * give. All of them end where their memory does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expr/text.h"
#include "expr/words.h"

/* Few different bytes, so that much is nearly equal. */
static uint8_t *some_bytes(uint32_t n)
{
    static const char bytes[] = "aab\x01\x80";
    uint8_t *p = malloc(n + 1);
    for (uint32_t i = 0; i < n; i++)
        p[i] = (uint8_t)bytes[rand() % 5];
    return realloc(p, n ? n : 1);
}

static void test_equal(void **state)
{
    (void)state;
    srand(1);
    for (uint32_t n = 0; n < 100; n++)
        for (int turn = 0; turn < 50; turn++) {
            uint8_t *a = some_bytes(n), *b = some_bytes(n);
            if (n && turn % 2)
                memcpy(b, a, n);
            if (n && turn % 4 == 3)
                b[(uint32_t)rand() % n] ^= 1;
            assert_int_equal(words_eq(a, b, n), memcmp(a, b, n) == 0);
            free(a);
            free(b);
        }
}

static uint32_t by_bytes(ds_slice a, ds_slice b, uint32_t from)
{
    for (uint32_t i = from; i + b.len <= a.len; i++)
        if (memcmp(a.ptr + i, b.ptr, b.len) == 0)
            return i;
    return TEXT_NOWHERE;
}

static void test_find(void **state)
{
    (void)state;
    int found = 0;
    srand(2);
    for (int turn = 0; turn < 200000; turn++) {
        uint32_t n = (uint32_t)rand() % 70, m = 1 + (uint32_t)rand() % 9;
        uint8_t *a = some_bytes(n), *b = some_bytes(m);
        ds_slice text = {a, n}, part = {b, m};
        uint32_t from = (uint32_t)rand() % (n + 2);
        uint32_t want = by_bytes(text, part, from);
        assert_int_equal(text_find(text, part, from), want);
        found += want != TEXT_NOWHERE;
        free(a);
        free(b);
    }
    assert_true(found > 20000 && found < 180000);
}

/* A text in which every place looks right at its ends. */
static void test_find_hostile(void **state)
{
    (void)state;
    enum { LONG = 1 << 20, PART = 1 << 19 };
    uint8_t *a = malloc(LONG), *b = malloc(PART);
    memset(a, 'a', LONG);
    memset(b, 'a', PART);
    b[PART / 2] = 'b';
    ds_slice text = {a, LONG}, part = {b, PART};
    assert_int_equal(text_find(text, part, 0), TEXT_NOWHERE);
    a[LONG - PART / 2] = 'b';
    assert_int_equal(text_find(text, part, 0), LONG - PART);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_find_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
