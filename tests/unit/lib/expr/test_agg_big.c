/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_agg_big.c - large integers: laws of arithmetic on random numbers, and
 * quotients as PostgreSQL rounds them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "expr/agg_big.h"

static uint32_t seed = 1;

static uint32_t next_random(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 4 ^ seed << 9;
}

/* With limbs of ones and zeros among the random ones: they carry. */
static big random_big(uint32_t most)
{
    big b = {.n = next_random() % (most + 1)};
    for (uint32_t i = 0; i < b.n; i++) {
        uint32_t kind = next_random() % 4;
        b.limb[i] = kind == 0 ? 0 : kind == 1 ? UINT32_MAX : next_random();
    }
    if (b.n && b.limb[b.n - 1] == 0)
        b.limb[b.n - 1] = 1 + next_random() % 3;
    return b;
}

static void add_big(big *a, const big *b)
{
    uint64_t carry = 0;
    uint32_t n = (a->n > b->n ? a->n : b->n) + 1;
    for (uint32_t i = 0; i < n; i++) {
        carry +=
            (uint64_t)(i < a->n ? a->limb[i] : 0) + (i < b->n ? b->limb[i] : 0);
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    for (a->n = n; a->n && a->limb[a->n - 1] == 0;)
        a->n--;
}

static void division(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        big a = random_big(24), d = random_big(12), quot, rem, back;
        if (d.n == 0)
            continue;
        big_div(&quot, &rem, &a, &d);
        assert_true(big_cmp(&rem, &d) < 0);
        assert_true(big_mul(&back, &quot, &d));
        add_big(&back, &rem);
        assert_int_equal(big_cmp(&back, &a), 0);
        big_sub(&back, &rem);
        big_div(NULL, &rem, &back, &d);
        assert_int_equal(rem.n, 0);
    }
}

static void roots(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        big a = random_big(16), root, square;
        assert_true(big_sqrt(&root, &a));
        assert_true(big_mul(&square, &root, &root));
        assert_true(big_cmp(&square, &a) <= 0);
        assert_true(big_add(&root, 1));
        assert_true(big_mul(&square, &root, &root));
        assert_true(big_cmp(&square, &a) > 0);
    }
}

static void limits(void **state)
{
    (void)state;
    big a, b = {.n = BIG_LIMBS}, out;
    memset(b.limb, 0xff, sizeof(b.limb));
    big_set(&a, 2);
    assert_false(big_mul(&out, &a, &b));
    assert_false(big_mul_pow10(&b, 1));
    big_set(&a, 0);
    assert_int_equal(big_digits(&a), 0);
    big_set(&a, 1);
    assert_true(big_mul_pow10(&a, 40));
    assert_int_equal(big_digits(&a), 41);
    numeric_int v;
    assert_false(big_get(&a, &v));
    const uint64_t minus[3] = {(uint64_t)-5, UINT64_MAX, UINT64_MAX};
    assert_true(big_set_signed(&a, minus, 3));
    assert_true(big_get(&a, &v) && v == 5);
}

/* a / 10^scale / d, as PostgreSQL gives it. */
static void quotients(void **state)
{
    static const struct {
        uint64_t a;
        uint32_t scale;
        uint64_t d;
        const char *want;
    } cases[] = {
        {1, 0, 3, "0.33333333333333333333"},
        {10, 0, 4, "2.5000000000000000"},
        {150, 2, 3, "0.50000000000000000000"},
        {2, 0, 1, "2.0000000000000000"},
        {12345678, 4, 7, "176.3668285714285714"},
        {7, 3, 3, "0.00233333333333333333"},
        {999999990, 1, 3, "33333333.000000000000"},
        {0, 2, 3, "0.00000000000000000000"},
    };
    (void)state;
    ds_arena *arena = ds_arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        big a, d, out;
        uint32_t rscale;
        ds_numeric v;
        ds_buf b;
        big_set(&a, cases[i].a);
        big_set(&d, cases[i].d);
        assert_true(big_quotient(&a, cases[i].scale, cases[i].scale, &d, &out,
                                 &rscale));
        assert_true(big_numeric(&out, false, rscale, &v));
        ds_buf_init(&b, arena, 64);
        numeric_show(&b, &v);
        ds_buf_add(&b, "", 1);
        assert_string_equal(b.s, cases[i].want);
    }
    ds_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(division),
        cmocka_unit_test(roots),
        cmocka_unit_test(limits),
        cmocka_unit_test(quotients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
