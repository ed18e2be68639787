/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wide.c - 256-bit integers.
 */
#include "record/wide.h"

/* clang-format off */
#define E19 10000000000000000000u
#define LOW(x) ((numeric_uint)x##u)
#define HIGH(x) ((numeric_uint)x##u * E19)
const numeric_uint wide_pow10[NUMERIC_DIGITS + 1] = {
    LOW(1), LOW(10), LOW(100), LOW(1000), LOW(10000), LOW(100000),
    LOW(1000000), LOW(10000000), LOW(100000000), LOW(1000000000),
    LOW(10000000000), LOW(100000000000), LOW(1000000000000),
    LOW(10000000000000), LOW(100000000000000), LOW(1000000000000000),
    LOW(10000000000000000), LOW(100000000000000000),
    LOW(1000000000000000000),
    HIGH(1), HIGH(10), HIGH(100), HIGH(1000), HIGH(10000), HIGH(100000),
    HIGH(1000000), HIGH(10000000), HIGH(100000000), HIGH(1000000000),
    HIGH(10000000000), HIGH(100000000000), HIGH(1000000000000),
    HIGH(10000000000000), HIGH(100000000000000), HIGH(1000000000000000),
    HIGH(10000000000000000), HIGH(100000000000000000),
    HIGH(1000000000000000000), HIGH(10000000000000000000),
};
/* clang-format on */

static uint32_t bits_of(numeric_uint v)
{
    uint64_t hi = (uint64_t)(v >> 64), lo = (uint64_t)v;
    if (hi)
        return 128 - (uint32_t)__builtin_clzll(hi);
    return lo ? 64 - (uint32_t)__builtin_clzll(lo) : 0;
}

uint32_t wide_digits(numeric_uint v)
{
    /* 1233 / 4096 is log10(2), near enough for 128 bits. */
    uint32_t n = bits_of(v) * 1233 >> 12;
    if (n > NUMERIC_DIGITS)
        return n;
    return n + (v >= wide_pow10[n]);
}

wide wide_mul(numeric_uint a, numeric_uint b)
{
    uint64_t a0 = (uint64_t)a, a1 = (uint64_t)(a >> 64);
    uint64_t b0 = (uint64_t)b, b1 = (uint64_t)(b >> 64);
    numeric_uint low = (numeric_uint)a0 * b0;
    numeric_uint mid = (numeric_uint)a0 * b1 + (uint64_t)(low >> 64);
    numeric_uint mid2 = (numeric_uint)a1 * b0 + (uint64_t)mid;
    return (wide){(numeric_uint)a1 * b1 + (mid >> 64) + (mid2 >> 64),
                  mid2 << 64 | (uint64_t)low};
}

/* One digit, of base 2^64, of a long division: (top:next) / d, top < d; d has
 * its highest bit set. */
static uint64_t long_digit(numeric_uint *top, uint64_t next, numeric_uint d)
{
    uint64_t d1 = (uint64_t)(d >> 64), d0 = (uint64_t)d;
    uint64_t n1 = (uint64_t)(*top >> 64);
    numeric_uint q = n1 >= d1 ? UINT64_MAX : *top / d1;
    numeric_uint r = *top - q * d1;
    /* The estimate is too large by at most two. */
    while (!(r >> 64) && q * d0 > (r << 64 | next)) {
        q--;
        r += d1;
    }
    *top = (*top << 64 | next) - q * d;
    return (uint64_t)q;
}

static numeric_uint div_narrow(wide n, uint64_t d, numeric_uint *rem)
{
    numeric_uint high = n.hi << 64 | (uint64_t)(n.lo >> 64); /* n.hi < d */
    uint64_t q1 = (uint64_t)(high / d);
    numeric_uint low = (high - (numeric_uint)q1 * d) << 64 | (uint64_t)n.lo;
    uint64_t q0 = (uint64_t)(low / d);
    *rem = low - (numeric_uint)q0 * d;
    return (numeric_uint)q1 << 64 | q0;
}

numeric_uint wide_div(wide n, numeric_uint d, numeric_uint *rem)
{
    if (n.hi == 0) {
        numeric_uint q = n.lo / d;
        *rem = n.lo - q * d;
        return q;
    }
    if (d >> 64 == 0)
        return div_narrow(n, (uint64_t)d, rem);
    uint32_t shift = 128 - bits_of(d);
    if (shift) {
        n.hi = n.hi << shift | n.lo >> (128 - shift);
        n.lo <<= shift;
        d <<= shift;
    }
    numeric_uint top = n.hi;
    uint64_t q1 = long_digit(&top, (uint64_t)(n.lo >> 64), d);
    uint64_t q0 = long_digit(&top, (uint64_t)n.lo, d);
    *rem = top >> shift;
    return (numeric_uint)q1 << 64 | q0;
}

bool wide_scale(numeric_uint a, uint32_t n, wide *out)
{
    uint32_t first = n < NUMERIC_DIGITS ? n : NUMERIC_DIGITS;
    *out = wide_mul(a, wide_pow10[first]);
    if (n == first)
        return true;
    wide high = wide_mul(out->hi, wide_pow10[n - first]);
    *out = wide_mul(out->lo, wide_pow10[n - first]);
    out->hi += high.lo;
    return high.hi == 0 && out->hi >= high.lo;
}
