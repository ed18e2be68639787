/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wide.h - 256-bit integers without sign, for what lies between two numbers of
 * 38 digits and a result of 38 digits: a product before it is rounded, a
 * dividend before it is divided.
 */
#ifndef RECORD_WIDE_H
#define RECORD_WIDE_H

#include "record/numeric.h"

typedef struct wide {
    numeric_uint hi, lo;
} wide;

/* 10^n, n in 0..38. */
extern const numeric_uint wide_pow10[NUMERIC_DIGITS + 1];
/* How many decimal digits v has; 0 of 0. Up to 39. */
uint32_t wide_digits(numeric_uint v);

wide wide_mul(numeric_uint a, numeric_uint b);
/* n / d and the remainder; d > n.hi, so that the quotient fits. */
numeric_uint wide_div(wide n, numeric_uint d, numeric_uint *rem);
/* a * 10^n, n in 0..76; false: more than 256 bits. */
bool wide_scale(numeric_uint a, uint32_t n, wide *out);

static inline wide wide_add(wide a, wide b) /* wraps */
{
    wide r = {a.hi + b.hi, a.lo + b.lo};
    r.hi += r.lo < a.lo;
    return r;
}

static inline wide wide_sub(wide a, wide b) /* wraps */
{
    return (wide){a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo};
}

static inline int wide_cmp(wide a, wide b)
{
    if (a.hi != b.hi)
        return a.hi < b.hi ? -1 : 1;
    return a.lo == b.lo ? 0 : a.lo < b.lo ? -1 : 1;
}

#endif
