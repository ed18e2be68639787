/* SPDX-License-Identifier: Apache-2.0 */
/*
 * precise.c - floating point with 256 bits.
 */
#include <math.h>

#include "record/precise.h"

static uint32_t zeros_before(numeric_uint v) /* v > 0 */
{
    uint64_t hi = (uint64_t)(v >> 64);
    return (uint32_t)(hi ? __builtin_clzll(hi)
                         : 64 + __builtin_clzll((uint64_t)v));
}

static wide shift_left(wide w, uint32_t n) /* n < 256 */
{
    if (n >= 128)
        return (wide){w.lo << (n - 128), 0};
    if (n == 0)
        return w;
    return (wide){w.hi << n | w.lo >> (128 - n), w.lo << n};
}

static wide shift_right(wide w, uint32_t n)
{
    if (n >= 256)
        return (wide){0, 0};
    if (n >= 128)
        return (wide){0, w.hi >> (n - 128)};
    if (n == 0)
        return w;
    return (wide){w.hi >> n, w.lo >> n | w.hi << (128 - n)};
}

static precise normal(wide m, int32_t exponent, bool minus)
{
    if ((m.hi | m.lo) == 0)
        return (precise){{0, 0}, 0, false};
    uint32_t n = m.hi ? zeros_before(m.hi) : 128 + zeros_before(m.lo);
    return (precise){shift_left(m, n), exponent - (int32_t)n, minus};
}

precise precise_of(numeric_int v)
{
    numeric_uint m = v < 0 ? -(numeric_uint)v : (numeric_uint)v;
    return normal((wide){0, m}, 0, v < 0);
}

/* |a| + |b| or |a| - |b|, |a| not the smaller one. */
static precise sum(precise a, precise b, bool subtract)
{
    uint32_t apart = (uint32_t)(a.exponent - b.exponent);
    wide low = precise_is_zero(b) ? b.m : shift_right(b.m, apart);
    if (subtract)
        return normal(wide_sub(a.m, low), a.exponent, a.minus);
    wide m = wide_add(a.m, low);
    if (wide_cmp(m, a.m) >= 0)
        return (precise){m, a.exponent, a.minus};
    m = shift_right(m, 1); /* 257 bits */
    m.hi |= (numeric_uint)1 << 127;
    return (precise){m, a.exponent + 1, a.minus};
}

static bool smaller(precise a, precise b) /* |a| < |b| */
{
    if (precise_is_zero(a) || precise_is_zero(b))
        return precise_is_zero(a) && !precise_is_zero(b);
    if (a.exponent != b.exponent)
        return a.exponent < b.exponent;
    return wide_cmp(a.m, b.m) < 0;
}

precise precise_add(precise a, precise b)
{
    bool subtract = a.minus != b.minus;
    return smaller(a, b) ? sum(b, a, subtract) : sum(a, b, subtract);
}

precise precise_sub(precise a, precise b)
{
    b.minus = !b.minus;
    return precise_add(a, b);
}

precise precise_mul(precise a, precise b)
{
    if (precise_is_zero(a) || precise_is_zero(b))
        return precise_of(0);
    /* Without the lowest quarter of the product. */
    wide m = wide_mul(a.m.hi, b.m.hi);
    wide x = wide_mul(a.m.hi, b.m.lo), y = wide_mul(a.m.lo, b.m.hi);
    m = wide_add(m, (wide){0, x.hi});
    m = wide_add(m, (wide){0, y.hi});
    wide rest = wide_add((wide){0, x.lo}, (wide){0, y.lo});
    rest = wide_add(rest, (wide){0, wide_mul(a.m.lo, b.m.lo).hi});
    m = wide_add(m, (wide){0, rest.hi});
    int32_t exponent = a.exponent + b.exponent + 256;
    if (m.hi >> 127 == 0) {
        m = shift_left(m, 1);
        m.lo |= rest.lo >> 127;
        exponent--;
    }
    return (precise){m, exponent, a.minus != b.minus};
}

/* Newton's way to 1 / b, from the 53 bits that a double has. */
static precise inverse(precise b)
{
    double top = ldexp((double)(uint64_t)(b.m.hi >> 64), -64);
    precise y = normal((wide){0, (numeric_uint)ldexp(1 / top, 62)},
                       -62 - b.exponent - 256, b.minus);
    for (int i = 0; i < 3; i++) {
        precise off = precise_sub(precise_of(1), precise_mul(b, y));
        y = precise_add(y, precise_mul(y, off));
    }
    return y;
}

precise precise_div(precise a, precise b)
{
    return precise_mul(a, inverse(b));
}

precise precise_by(precise a, uint32_t d)
{
    uint64_t limbs[4] = {(uint64_t)(a.m.hi >> 64), (uint64_t)a.m.hi,
                         (uint64_t)(a.m.lo >> 64), (uint64_t)a.m.lo};
    uint64_t rest = 0;
    for (int i = 0; i < 4; i++) {
        numeric_uint n = (numeric_uint)rest << 64 | limbs[i];
        limbs[i] = (uint64_t)(n / d);
        rest = (uint64_t)(n % d);
    }
    /* The bits that come in below are those of the remainder. */
    precise r = normal((wide){(numeric_uint)limbs[0] << 64 | limbs[1],
                              (numeric_uint)limbs[2] << 64 | limbs[3]},
                       a.exponent, a.minus);
    int32_t up = a.exponent - r.exponent;
    if (up > 0 && up < 32)
        r.m.lo |= (rest << up) / d;
    return r;
}

precise precise_power(precise a, uint32_t n)
{
    precise r = precise_of(1);
    for (; n; n >>= 1) {
        if (n & 1)
            r = precise_mul(r, a);
        if (n > 1)
            a = precise_mul(a, a);
    }
    return r;
}

/* ---- logarithm and exponential ---- */

#define LIMBS(a, b) ((numeric_uint)(a) << 64 | (b))
static const precise ln2 = {{LIMBS(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af),
                             LIMBS(0x40f343267298b62d, 0x8a0d175b8baafa2c)},
                            -256,
                            false};

/*
 * a = m * 2^k, m between the roots of 1/2 and 2;
 * ln(m) = 2 * (z + z^3/3 + z^5/5 + ...), z = (m - 1) / (m + 1).
 */
precise precise_ln(precise a)
{
    enum { TERMS = 52 }; /* z^2 < 0.0295: 77 digits */
    const numeric_uint root = LIMBS(0xb504f333f9de6484, 0x597d89b3754abe9f);
    precise m = a, one = precise_of(1);
    m.exponent = a.m.hi >= root ? -256 : -255;
    int32_t k = a.exponent - m.exponent;
    precise z = precise_div(precise_sub(m, one), precise_add(m, one));
    precise z2 = precise_mul(z, z), r = precise_by(one, 2 * TERMS + 1);
    for (uint32_t i = TERMS; i-- > 0;)
        r = precise_add(precise_mul(r, z2), precise_by(one, 2 * i + 1));
    r = precise_mul(r, z);
    r.exponent += !precise_is_zero(r);
    return precise_add(r, precise_mul(ln2, precise_of(k)));
}

/* a = k * ln(2) + r * 2^8; e^r by its series. */
precise precise_exp(precise a)
{
    enum { TERMS = 20, HALVINGS = 8 };
    if (precise_is_zero(a))
        return precise_of(1);
    int32_t k = (int32_t)lrint(precise_f64(a) / 0.693147180559945309);
    precise one = precise_of(1), r = one;
    precise x = precise_sub(a, precise_mul(ln2, precise_of(k)));
    if (!precise_is_zero(x))
        x.exponent -= HALVINGS;
    for (uint32_t i = TERMS; i > 0; i--)
        r = precise_add(one, precise_by(precise_mul(r, x), i));
    for (int i = 0; i < HALVINGS; i++)
        r = precise_mul(r, r);
    r.exponent += k;
    return r;
}

/* ---- there and back ---- */

static precise power_of_10(int32_t n)
{
    return n <= NUMERIC_DIGITS ? precise_of((numeric_int)wide_pow10[n])
                               : precise_power(precise_of(10), (uint32_t)n);
}

precise precise_of_numeric(const ds_numeric *n)
{
    ds_numeric plain = numeric_plain(n); /* 1.00 is exactly 1 */
    precise v = precise_of(numeric_value(&plain));
    return plain.scale ? precise_div(v, power_of_10(plain.scale)) : v;
}

double precise_f64(precise a)
{
    double v = ldexp((double)(uint64_t)(a.m.hi >> 64), a.exponent + 192);
    return a.minus ? -v : v;
}

numeric_rc precise_round(precise a, int32_t scale, ds_numeric *out)
{
    precise v = precise_mul(a, power_of_10(scale));
    *out = numeric_of(0, scale);
    if (precise_is_zero(v) || v.exponent < -256)
        return NUMERIC_OK;
    if (v.exponent > -128) /* 128 bits before the point, or more */
        return NUMERIC_WIDE;
    wide half = shift_left((wide){0, 1}, (uint32_t)-v.exponent - 1);
    /* What is a half but for the last bits is one. */
    uint32_t cut = (uint32_t)-v.exponent;
    wide m = wide_add(v.m, wide_add(half, (wide){0, 1 << 20}));
    bool carry = wide_cmp(m, v.m) < 0;
    m = shift_right(m, cut);
    if (carry && cut > 128)
        m.lo |= (numeric_uint)1 << (256 - cut);
    else if (carry)
        return NUMERIC_WIDE;
    if (m.hi || m.lo >= wide_pow10[NUMERIC_DIGITS])
        return NUMERIC_WIDE;
    *out = numeric_of(v.minus ? -(numeric_int)m.lo : (numeric_int)m.lo, scale);
    return NUMERIC_OK;
}
