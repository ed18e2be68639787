/* SPDX-License-Identifier: Apache-2.0 */
/*
 * precise.h - floating point with 256 bits (77 digits): roots, logarithms and
 * powers of numbers of 38 digits are computed in it and rounded once. The last
 * few bits are not exact.
 */
#ifndef RECORD_PRECISE_H
#define RECORD_PRECISE_H

#include "record/wide.h"

/* m * 2^exponent, the highest bit of m set; 0: m is 0. */
typedef struct precise {
    wide m;
    int32_t exponent;
    bool minus;
} precise;

precise precise_of(numeric_int v);
precise precise_add(precise a, precise b);
precise precise_sub(precise a, precise b);
precise precise_mul(precise a, precise b);
precise precise_div(precise a, precise b);       /* b is not 0 */
precise precise_by(precise a, uint32_t d);       /* a / d */
precise precise_power(precise a, uint32_t n);    /* a^n */
precise precise_ln(precise a);                   /* a > 0 */
precise precise_exp(precise a);                  /* |a| < 10^6 */
precise precise_of_numeric(const ds_numeric *n); /* a number */
double precise_f64(precise a);
/* To so many digits after the point, halves away from zero. */
numeric_rc precise_round(precise a, int32_t scale, ds_numeric *out);

static inline bool precise_is_zero(precise a)
{
    return (a.m.hi | a.m.lo) == 0;
}

#endif
