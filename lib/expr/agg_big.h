/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_big.h - integers of up to 2048 bits, without sign: what the exact sums of
 * an aggregate are divided and drawn roots with. Once per group, not per row.
 *
 * Operations whose result does not fit return false; those that cannot overflow
 * by their arguments return nothing.
 */
#ifndef EXPR_AGG_BIG_H
#define EXPR_AGG_BIG_H

#include "record/numeric.h"

enum { BIG_LIMBS = 64 };

typedef struct big {
    uint32_t n; /* limbs in use; the last one is not 0 */
    uint32_t limb[BIG_LIMBS];
} big;

void big_set(big *b, numeric_uint v);
/* Two's complement, n 64-bit limbs; true: it is negative. */
bool big_set_signed(big *b, const uint64_t *limbs, uint32_t n);
/* Below 2^127. */
bool big_get(const big *b, numeric_int *out);
int big_cmp(const big *a, const big *b);
void big_sub(big *a, const big *b); /* a >= b */
bool big_add(big *a, uint32_t v);
bool big_mul(big *out, const big *a, const big *b); /* out: neither of both */
bool big_mul_pow10(big *a, uint32_t k);
/* quot = a / d, rem = a % d (either may be NULL); d is not 0. */
void big_div(big *quot, big *rem, const big *a, const big *d);
bool big_sqrt(big *out, const big *a); /* rounded down */
uint32_t big_digits(const big *a);     /* decimal ones; 0 of 0 */

/* a / 10^scale divided by d, with the scale that PostgreSQL gives to a quotient
 * of a number with `shown` digits after the point by an integer. The rounded
 * value at *rscale goes to `out`. */
bool big_quotient(const big *a, uint32_t scale, uint32_t shown, const big *d,
                  big *out, uint32_t *rscale);
/* False: more than 38 digits. */
bool big_numeric(const big *a, bool negative, uint32_t scale, ds_numeric *out);

#endif
