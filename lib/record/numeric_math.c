/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numeric_math.c - roots, logarithms and powers of exact decimal numbers. The
 * results have PostgreSQL's scales: 16 digits at least, by an estimate of how
 * large the result is, and no fewer after the point than the arguments have.
 */
#include <math.h>
#include <stdlib.h>

#include "record/precise.h"

enum { LEAST_DIGITS = 16, MOST_SCALE = 1000 };

static numeric_rc special(int32_t kind, ds_numeric *out)
{
    *out = (ds_numeric){0, 0, 0, kind};
    return NUMERIC_OK;
}

static int32_t largest(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t bounded(int32_t scale)
{
    return scale < 0 ? 0 : scale > MOST_SCALE ? MOST_SCALE : scale;
}

/* ---- how large a number is ---- */

/* A number by digits of base 10000: the place of the first one, and the first
 * two of them. */
typedef struct leading {
    int32_t weight;
    int32_t first, second;
    bool more; /* there is a second one */
} leading;

static leading leading_of(const ds_numeric *n)
{
    ds_numeric plain = numeric_plain(n);
    numeric_uint v = numeric_magnitude(&plain);
    leading l = {0, 0, 0, false};
    if (v == 0)
        return l;
    int32_t digits = (int32_t)wide_digits(v);
    int32_t exponent = digits - plain.scale - 1;
    l.weight = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
    int32_t taken = exponent - 4 * l.weight + 1, rest = digits - taken;
    if (rest <= 0) {
        l.first = (int32_t)(v * wide_pow10[-rest]);
        return l;
    }
    l.first = (int32_t)(v / wide_pow10[rest]);
    v %= wide_pow10[rest];
    l.more = v != 0;
    l.second = (int32_t)(rest > 4 ? v / wide_pow10[rest - 4]
                                  : v * wide_pow10[4 - rest]);
    return l;
}

/* About the decimal exponent of ln(n); n > 0. */
static int32_t ln_weight(const ds_numeric *n)
{
    const ds_numeric low = {9, 0, 1, 0}, high = {11, 0, 1, 0},
                     one = {1, 0, 0, 0};
    if (numeric_cmp(n, &low) >= 0 && numeric_cmp(n, &high) <= 0) {
        ds_numeric off; /* ln(1 + off) is about off */
        if (numeric_sub(n, &one, &off) != NUMERIC_OK || !numeric_sign(&off))
            return 0;
        leading l = leading_of(&off);
        return 4 * l.weight + (int32_t)log10(l.first);
    }
    leading l = leading_of(n);
    double digits = l.first;
    int32_t exponent = 4 * l.weight;
    if (l.more) {
        digits = digits * 10000 + l.second;
        exponent -= 4;
    }
    double ln = log(digits) + exponent * 2.302585092994046;
    return (int32_t)log10(fabs(ln));
}

/* ---- square root ---- */

/* The integer part of the root; v < 10^76. */
static numeric_uint root_of(wide v)
{
    double about = sqrt((double)v.hi * 0x1p128 + (double)v.lo);
    numeric_uint x, rest;
    if (v.hi == 0 && v.lo < 4)
        return v.lo != 0;
    /* A step of Newton's doubles the digits; then its neighbours are looked at.
     */
    x = (numeric_uint)about;
    for (int i = 0; i < 2; i++) {
        numeric_uint q = wide_div(v, x, &rest);
        x = x / 2 + q / 2 + (x & q & 1);
    }
    while (wide_cmp(wide_mul(x, x), v) > 0)
        x--;
    while (wide_cmp(wide_mul(x + 1, x + 1), v) <= 0)
        x++;
    return x;
}

numeric_rc numeric_sqrt(const ds_numeric *a, ds_numeric *out)
{
    wide v;
    if (a->kind == NUMERIC_NAN || a->kind == NUMERIC_INF)
        return special(a->kind, out);
    if (numeric_sign(a) < 0)
        return NUMERIC_DOMAIN;
    int32_t scale = LEAST_DIGITS - 1 - 2 * leading_of(a).weight;
    scale = bounded(largest(scale, a->scale));
    *out = numeric_of(0, scale);
    if (numeric_sign(a) == 0)
        return NUMERIC_OK;
    int32_t up = 2 * scale - a->scale;
    if (up > 2 * NUMERIC_DIGITS ||
        !wide_scale(numeric_magnitude(a), (uint32_t)up, &v) ||
        wide_cmp(v, wide_mul(wide_pow10[NUMERIC_DIGITS],
                             wide_pow10[NUMERIC_DIGITS])) >= 0)
        return NUMERIC_WIDE;
    numeric_uint root = root_of(v);
    /* (root + 1/2)^2 is root^2 + root + 1/4. */
    wide rest = wide_sub(v, wide_mul(root, root));
    root += wide_cmp(rest, (wide){0, root}) > 0;
    if (root >= wide_pow10[NUMERIC_DIGITS])
        return NUMERIC_WIDE;
    *out = numeric_of((numeric_int)root, scale);
    return NUMERIC_OK;
}

/* ---- exponential, logarithms ---- */

static const double log10_e = 0.434294481903252;

/* e^x, which is about 10^(weight). */
static numeric_rc exp_rounded(precise x, double weight, int32_t least,
                              ds_numeric *out)
{
    if (weight > 2000)
        return NUMERIC_WIDE;
    weight = weight < -2000 ? -2000 : weight;
    int32_t scale = bounded(largest(LEAST_DIGITS - (int32_t)weight, least));
    *out = numeric_of(0, scale);
    return weight < -MOST_SCALE - 20
               ? NUMERIC_OK
               : precise_round(precise_exp(x), scale, out);
}

numeric_rc numeric_exp(const ds_numeric *a, ds_numeric *out)
{
    if (a->kind == -NUMERIC_INF)
        return special(0, out);
    if (a->kind)
        return special(a->kind, out);
    double weight;
    if (numeric_to_f64(a, &weight) != NUMERIC_OK)
        weight = 0; /* too small for a double */
    precise x = fabs(weight) > 10000 ? precise_of(0) : precise_of_numeric(a);
    return exp_rounded(x, weight * log10_e, a->scale, out);
}

numeric_rc numeric_ln(const ds_numeric *a, ds_numeric *out)
{
    if (a->kind == NUMERIC_NAN || a->kind == NUMERIC_INF)
        return special(a->kind, out);
    if (numeric_sign(a) <= 0)
        return NUMERIC_DOMAIN;
    int32_t scale = largest(LEAST_DIGITS - ln_weight(a), a->scale);
    return precise_round(precise_ln(precise_of_numeric(a)), bounded(scale),
                         out);
}

static numeric_rc log_special(const ds_numeric *base, const ds_numeric *a,
                              ds_numeric *out)
{
    if (base->kind == NUMERIC_NAN || a->kind == NUMERIC_NAN)
        return special(NUMERIC_NAN, out);
    if (numeric_sign(base) <= 0 || numeric_sign(a) <= 0)
        return NUMERIC_DOMAIN;
    if (base->kind)
        return special(a->kind ? NUMERIC_NAN : 0, out);
    return special(NUMERIC_INF, out);
}

numeric_rc numeric_log(const ds_numeric *base, const ds_numeric *a,
                       ds_numeric *out)
{
    if (base->kind || a->kind)
        return log_special(base, a, out);
    if (numeric_sign(base) <= 0 || numeric_sign(a) <= 0)
        return NUMERIC_DOMAIN;
    int32_t weight = ln_weight(a) - ln_weight(base);
    int32_t scale = largest(LEAST_DIGITS - weight, base->scale);
    precise divisor = precise_ln(precise_of_numeric(base));
    if (precise_is_zero(divisor))
        return NUMERIC_ZERO;
    precise log = precise_div(precise_ln(precise_of_numeric(a)), divisor);
    return precise_round(log, bounded(largest(scale, a->scale)), out);
}

/* ---- powers ---- */

static bool is_whole(const ds_numeric *n, bool *odd)
{
    ds_numeric whole;
    if (n->kind)
        return false;
    numeric_trunc(n, 0, &whole);
    *odd = whole.lo & 1;
    return numeric_cmp(n, &whole) == 0;
}

/* 0^0 and 1^NaN are 1, as in IEEE 754. */
static numeric_rc power_special(const ds_numeric *a, const ds_numeric *b,
                                ds_numeric *out)
{
    const ds_numeric one = numeric_of(1, 0), minus_one = numeric_of(-1, 0);
    bool odd = false;
    if (a->kind == NUMERIC_NAN || b->kind == NUMERIC_NAN) {
        bool sure = a->kind ? b->kind == 0 && numeric_sign(b) == 0
                            : numeric_cmp(a, &one) == 0;
        *out = one;
        return sure ? NUMERIC_OK : special(NUMERIC_NAN, out);
    }
    if (b->kind) {
        if (numeric_sign(a) == 0 && b->kind < 0)
            return NUMERIC_ZERO;
        ds_numeric size = numeric_sign(a) < 0 ? numeric_neg(a) : *a;
        int way = numeric_cmp(&size, &one) * b->kind;
        if (numeric_cmp(a, &one) == 0 || numeric_cmp(a, &minus_one) == 0) {
            *out = one;
            return NUMERIC_OK;
        }
        return special(way > 0 ? NUMERIC_INF : 0, out);
    }
    bool whole = is_whole(b, &odd);
    if (a->kind < 0 && !whole)
        return NUMERIC_DOMAIN;
    if (numeric_sign(b) == 0) {
        *out = one;
        return NUMERIC_OK;
    }
    if (numeric_sign(b) < 0)
        return special(0, out);
    return special(a->kind < 0 && odd ? -NUMERIC_INF : NUMERIC_INF, out);
}

/* v^n within 128 bits; false: it is larger. */
static bool exact_power(numeric_uint v, uint32_t n, numeric_uint *out)
{
    *out = 1;
    for (; n; n >>= 1) {
        wide w = wide_mul(*out, v);
        if (n & 1) {
            if (w.hi)
                return false;
            *out = w.lo;
        }
        w = wide_mul(v, v);
        if (n > 1 && w.hi)
            return false;
        v = w.lo;
    }
    return true;
}

/* p / 10^(from), to the scale; p is the power itself. */
static numeric_rc put_power(numeric_uint p, int64_t from, int32_t scale,
                            bool minus, ds_numeric *out)
{
    int64_t cut = from - scale;
    wide w = {0, p};
    *out = numeric_of(0, scale);
    if (cut > NUMERIC_DIGITS + 1)
        return NUMERIC_OK;
    if (cut < 0 &&
        (-cut > NUMERIC_DIGITS || !wide_scale(p, (uint32_t)-cut, &w)))
        return NUMERIC_WIDE;
    for (; cut > 1; cut--) /* digits that decide nothing */
        w.lo /= 10;
    if (cut == 1)
        w.lo = w.lo / 10 + (w.lo % 10 >= 5);
    if (w.hi || w.lo >= wide_pow10[NUMERIC_DIGITS])
        return NUMERIC_WIDE;
    *out = numeric_of(minus ? -(numeric_int)w.lo : (numeric_int)w.lo, scale);
    return NUMERIC_OK;
}

/* 10^(up) / p */
static numeric_rc put_inverse(numeric_uint p, int64_t up, int32_t scale,
                              bool minus, ds_numeric *out)
{
    wide w;
    numeric_uint rest;
    if (up > 2 * NUMERIC_DIGITS || !wide_scale(1, (uint32_t)up, &w) ||
        w.hi >= p)
        return NUMERIC_WIDE;
    numeric_uint q = wide_div(w, p, &rest);
    q += rest >= p - rest;
    if (q >= wide_pow10[NUMERIC_DIGITS])
        return NUMERIC_WIDE;
    *out = numeric_of(minus ? -(numeric_int)q : (numeric_int)q, scale);
    return NUMERIC_OK;
}

/* a^n for an integer; a is not 0. Small powers are exact, so that halves are
 * rounded as they must be; large ones have too many digits to be halves. */
static numeric_rc whole_power(const ds_numeric *a, int32_t n, ds_numeric *out)
{
    int32_t scale = bounded(largest(LEAST_DIGITS, a->scale));
    ds_numeric base = numeric_plain(a);
    bool minus = base.hi < 0 && (n & 1);
    uint32_t times = n < 0 ? -(uint32_t)n : (uint32_t)n;
    numeric_uint p;
    if (exact_power(numeric_magnitude(&base), times, &p)) {
        int64_t from = (int64_t)base.scale * times;
        return n < 0 ? put_inverse(p, from + scale, scale, minus, out)
                     : put_power(p, from, scale, minus, out);
    }
    precise v = precise_of_numeric(&base);
    double weight = precise_f64(precise_ln((precise){v.m, v.exponent, false})) *
                    log10_e * n;
    if (weight > NUMERIC_DIGITS + 1)
        return NUMERIC_WIDE;
    *out = numeric_of(0, scale);
    if (weight < -scale - 2)
        return NUMERIC_OK;
    v = precise_power(v, times);
    return precise_round(n < 0 ? precise_div(precise_of(1), v) : v, scale, out);
}

/* The decimal exponent of a^b as it is estimated: with a logarithm of few
 * digits, whose rounding shows in the scale of the result. */
static double power_weight(precise ln, int32_t ln_digits, const ds_numeric *b)
{
    ds_numeric few, product;
    double weight = 0, times = 0;
    if (precise_round(ln, ln_digits, &few) == NUMERIC_OK &&
        numeric_mul(&few, b, &product) == NUMERIC_OK &&
        numeric_round(&product, ln_digits, &product) == NUMERIC_OK) {
        numeric_to_f64(&product, &weight);
        return weight * log10_e;
    }
    if (numeric_to_f64(b, &times) != NUMERIC_OK)
        return 0; /* too small for a double */
    return precise_f64(ln) * times * log10_e;
}

static numeric_rc broken_power(const ds_numeric *a, const ds_numeric *b,
                               bool minus, ds_numeric *out)
{
    int32_t digits = 8 - ln_weight(a);
    precise ln = precise_ln(precise_of_numeric(a));
    double weight = power_weight(ln, digits < 0 ? 0 : digits, b);
    precise x = fabs(weight) > 10000 ? precise_of(0)
                                     : precise_mul(ln, precise_of_numeric(b));
    int32_t least = largest(a->scale, b->scale);
    numeric_rc rc = exp_rounded(x, weight, least, out);
    if (rc == NUMERIC_OK && minus)
        *out = numeric_neg(out);
    return rc;
}

numeric_rc numeric_power(const ds_numeric *a, const ds_numeric *b,
                         ds_numeric *out)
{
    int64_t n;
    bool odd = false;
    if (a->kind || b->kind)
        return power_special(a, b, out);
    if (numeric_sign(a) == 0 && numeric_sign(b) < 0)
        return NUMERIC_ZERO;
    bool whole = is_whole(b, &odd);
    if (numeric_sign(a) < 0 && !whole)
        return NUMERIC_DOMAIN;
    if (numeric_sign(a) == 0) {
        whole = whole && numeric_to_i64(b, &n) == NUMERIC_OK && n == (int32_t)n;
        int32_t scale = whole ? largest(LEAST_DIGITS, a->scale) : LEAST_DIGITS;
        precise v = precise_of(numeric_sign(b) == 0);
        return precise_round(v, bounded(scale), out);
    }
    if (whole && numeric_to_i64(b, &n) == NUMERIC_OK && n == (int32_t)n)
        return whole_power(a, (int32_t)n, out);
    ds_numeric size = numeric_sign(a) < 0 ? numeric_neg(a) : *a;
    return broken_power(&size, b, numeric_sign(a) < 0 && odd, out);
}
