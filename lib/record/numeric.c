/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numeric.c - arithmetic with exact decimal numbers.
 *
 * Numbers are worked on as a sign and a magnitude. What fits 64 bits, nearly
 * everything in practice, goes the short way.
 */
#include "record/wide.h"

enum {
    LEAST_DIGITS = 16, /* a quotient has at least so many digits */
    MOST_SCALE = 1000, /* of what is not exact */
};

static ds_numeric special(int32_t kind)
{
    return (ds_numeric){0, 0, 0, kind};
}

static numeric_rc put(bool minus, numeric_uint v, int32_t scale,
                      ds_numeric *out)
{
    if (v >= wide_pow10[NUMERIC_DIGITS])
        return NUMERIC_WIDE;
    *out = numeric_of(minus ? -(numeric_int)v : (numeric_int)v, scale);
    return NUMERIC_OK;
}

/* v * 10^n; false: more than 128 bits. */
static bool raise(numeric_uint v, uint32_t n, numeric_uint *out)
{
    if (v == 0 || n == 0) {
        *out = v;
        return true;
    }
    if (n > NUMERIC_DIGITS)
        return false;
    wide w = wide_mul(v, wide_pow10[n]);
    *out = w.lo;
    return w.hi == 0;
}

static bool is_short(const ds_numeric *n)
{
    return n->kind == 0 && n->hi == (int64_t)n->lo >> 63;
}

int numeric_sign(const ds_numeric *n)
{
    if (n->kind)
        return n->kind == -NUMERIC_INF ? -1 : 1;
    return n->hi < 0 ? -1 : (n->hi | (int64_t)n->lo) != 0;
}

ds_numeric numeric_neg(const ds_numeric *n)
{
    ds_numeric r = *n;
    if (n->kind)
        r.kind = n->kind == NUMERIC_NAN ? NUMERIC_NAN : -n->kind;
    else
        r = numeric_of(-numeric_value(n), n->scale);
    return r;
}

/* ---- comparison ---- */

/* |a| against |b|, neither of them 0. */
static int cmp_magnitude(const ds_numeric *a, const ds_numeric *b)
{
    numeric_uint x = numeric_magnitude(a), y = numeric_magnitude(b);
    int32_t ax = (int32_t)wide_digits(x) - a->scale;
    int32_t ay = (int32_t)wide_digits(y) - b->scale;
    if (ax != ay)
        return ax < ay ? -1 : 1;
    wide wx = {0, x}, wy = {0, y};
    if (a->scale < b->scale)
        wide_scale(x, (uint32_t)(b->scale - a->scale), &wx);
    else
        wide_scale(y, (uint32_t)(a->scale - b->scale), &wy);
    return wide_cmp(wx, wy);
}

int numeric_cmp(const ds_numeric *a, const ds_numeric *b)
{
    if (a->kind | b->kind) /* -Infinity < numbers < Infinity < NaN */
        return (a->kind > b->kind) - (a->kind < b->kind);
    if (a->scale == b->scale) {
        numeric_int x = numeric_value(a), y = numeric_value(b);
        return (x > y) - (x < y);
    }
    int sa = numeric_sign(a), sb = numeric_sign(b);
    if (sa != sb)
        return sa < sb ? -1 : 1;
    return sa == 0 ? 0 : sa * cmp_magnitude(a, b);
}

ds_numeric numeric_plain(const ds_numeric *n)
{
    if (n->kind)
        return special(n->kind);
    numeric_uint v = numeric_magnitude(n);
    int32_t scale = v ? n->scale : 0;
    while (scale > 0 && v >> 64) {
        numeric_uint q = v / 10;
        if (v - q * 10)
            break;
        v = q;
        scale--;
    }
    if (!(v >> 64)) {
        uint64_t s = (uint64_t)v;
        for (; scale > 0 && s % 10 == 0; scale--)
            s /= 10;
        v = s;
    }
    return numeric_of(n->hi < 0 ? -(numeric_int)v : (numeric_int)v, scale);
}

/* ---- + - * ---- */

static numeric_rc add(const ds_numeric *a, const ds_numeric *b, ds_numeric *out)
{
    numeric_uint x = numeric_magnitude(a), y = numeric_magnitude(b);
    bool minus = a->hi < 0;
    bool same = minus == (b->hi < 0);
    int32_t scale = a->scale > b->scale ? a->scale : b->scale;
    /* A sum of 38 digits has no part of more than 128 bits. */
    if (!raise(x, (uint32_t)(scale - a->scale), &x) ||
        !raise(y, (uint32_t)(scale - b->scale), &y))
        return NUMERIC_WIDE;
    if (!same && x < y)
        return put(!minus, y - x, scale, out);
    numeric_uint sum = same ? x + y : x - y;
    return same && sum < x ? NUMERIC_WIDE : put(minus, sum, scale, out);
}

numeric_rc numeric_add(const ds_numeric *a, const ds_numeric *b,
                       ds_numeric *out)
{
    if (is_short(a) && is_short(b) && a->scale == b->scale) {
        *out =
            numeric_of((numeric_int)(int64_t)a->lo + (int64_t)b->lo, a->scale);
        return NUMERIC_OK;
    }
    if (!(a->kind | b->kind))
        return add(a, b, out);
    if (a->kind == NUMERIC_NAN || b->kind == NUMERIC_NAN ||
        a->kind + b->kind == 0)
        *out = special(NUMERIC_NAN);
    else
        *out = special(a->kind ? a->kind : b->kind);
    return NUMERIC_OK;
}

numeric_rc numeric_sub(const ds_numeric *a, const ds_numeric *b,
                       ds_numeric *out)
{
    if (is_short(a) && is_short(b) && a->scale == b->scale) {
        *out =
            numeric_of((numeric_int)(int64_t)a->lo - (int64_t)b->lo, a->scale);
        return NUMERIC_OK;
    }
    ds_numeric minus = numeric_neg(b);
    return numeric_add(a, &minus, out);
}

/* v / 10^n to the nearest, halves away from zero. */
static numeric_uint lower(wide v, uint32_t n, bool *fits)
{
    numeric_uint rest, d = wide_pow10[n < NUMERIC_DIGITS ? n : NUMERIC_DIGITS];
    *fits = v.hi < d;
    if (n > 2 * NUMERIC_DIGITS || !*fits)
        return 0;
    if (n > NUMERIC_DIGITS) {
        v = (wide){0, wide_div(v, d, &rest)};
        d = wide_pow10[n - NUMERIC_DIGITS];
    }
    numeric_uint q = wide_div(v, d, &rest);
    return q + (rest >= d - rest);
}

static numeric_rc mul(const ds_numeric *a, const ds_numeric *b, ds_numeric *out)
{
    bool fits = true;
    bool minus = (a->hi < 0) != (b->hi < 0);
    int32_t scale = a->scale + b->scale;
    wide w = wide_mul(numeric_magnitude(a), numeric_magnitude(b));
    if (scale > NUMERIC_SCALE) {
        w = (wide){0, lower(w, (uint32_t)(scale - NUMERIC_SCALE), &fits)};
        scale = NUMERIC_SCALE;
    }
    return !fits || w.hi ? NUMERIC_WIDE : put(minus, w.lo, scale, out);
}

numeric_rc numeric_mul(const ds_numeric *a, const ds_numeric *b,
                       ds_numeric *out)
{
    if (is_short(a) && is_short(b) && a->scale + b->scale <= NUMERIC_SCALE) {
        *out = numeric_of((numeric_int)(int64_t)a->lo * (int64_t)b->lo,
                          a->scale + b->scale);
        return NUMERIC_OK;
    }
    if (!(a->kind | b->kind))
        return mul(a, b, out);
    if (a->kind == NUMERIC_NAN || b->kind == NUMERIC_NAN)
        *out = special(NUMERIC_NAN);
    else {
        int sign = numeric_sign(a) * numeric_sign(b);
        *out = special(sign ? sign : NUMERIC_NAN);
    }
    return NUMERIC_OK;
}

/* ---- / and what belongs to it ---- */

/* A number by digits of base 10000: the place of the first one, and itself. */
typedef struct leading {
    int32_t weight;
    int32_t first;
} leading;

static leading leading_of(const ds_numeric *n, numeric_uint v)
{
    if (v == 0)
        return (leading){0, 0};
    int32_t digits = (int32_t)wide_digits(v);
    int32_t exponent = digits - n->scale - 1;
    int32_t weight = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
    int32_t taken = exponent - 4 * weight + 1;
    numeric_uint first;
    if (taken > digits)
        first = v * wide_pow10[taken - digits];
    else if (v >> 64)
        first = v / wide_pow10[digits - taken];
    else
        first = (uint64_t)v / (uint64_t)wide_pow10[digits - taken];
    return (leading){weight, (int32_t)first};
}

/* The scale of a quotient: 16 digits for certain, counted in groups of four,
 * and no fewer after the point than either side has. */
static int32_t div_scale(const ds_numeric *a, numeric_uint x,
                         const ds_numeric *b, numeric_uint y)
{
    leading la = leading_of(a, x), lb = leading_of(b, y);
    int32_t weight = la.weight - lb.weight - (la.first <= lb.first);
    int32_t scale = LEAST_DIGITS - 4 * weight;
    scale = scale > a->scale ? scale : a->scale;
    scale = scale > b->scale ? scale : b->scale;
    return scale < 0 ? 0 : scale > MOST_SCALE ? MOST_SCALE : scale;
}

/* x / y, of which the first is 10^up larger, rounded or cut off. */
static numeric_rc divide(bool minus, numeric_uint x, numeric_uint y, int32_t up,
                         bool nearest, int32_t scale, ds_numeric *out)
{
    numeric_uint q, rest;
    wide w = {0, x};
    if (x == 0)
        return put(false, 0, scale, out);
    if (up < 0) {
        /* More than 128 bits in the divisor: less than a half. */
        if (!raise(y, (uint32_t)-up, &y))
            return put(false, 0, scale, out);
    } else {
        if (up > 2 * NUMERIC_DIGITS || !wide_scale(x, (uint32_t)up, &w) ||
            w.hi >= y)
            return NUMERIC_WIDE;
    }
    if (w.hi == 0 && w.lo >> 64 == 0 && y >> 64 == 0) {
        q = (uint64_t)w.lo / (uint64_t)y;
        rest = (uint64_t)w.lo % (uint64_t)y;
    } else {
        q = wide_div(w, y, &rest);
    }
    q += nearest && rest >= y - rest;
    return put(minus && q, q, scale, out);
}

/* Quotients with what is no number; false: both are. */
static bool div_special(const ds_numeric *a, const ds_numeric *b,
                        numeric_rc *rc, ds_numeric *out)
{
    *rc = NUMERIC_OK;
    if (a->kind == NUMERIC_NAN || b->kind == NUMERIC_NAN ||
        (a->kind && b->kind))
        *out = special(NUMERIC_NAN);
    else if (numeric_sign(b) == 0)
        *rc = NUMERIC_ZERO;
    else if (a->kind)
        *out = special(a->kind * numeric_sign(b));
    else if (b->kind)
        *out = numeric_of(0, 0);
    else
        return false;
    return true;
}

numeric_rc numeric_div(const ds_numeric *a, const ds_numeric *b,
                       ds_numeric *out)
{
    numeric_rc rc;
    if (div_special(a, b, &rc, out))
        return rc;
    numeric_uint x = numeric_magnitude(a), y = numeric_magnitude(b);
    int32_t scale = div_scale(a, x, b, y);
    int32_t up = scale + b->scale - a->scale;
    return divide((a->hi < 0) != (b->hi < 0), x, y, up, true, scale, out);
}

numeric_rc numeric_quot(const ds_numeric *a, const ds_numeric *b,
                        ds_numeric *out)
{
    numeric_rc rc;
    if (div_special(a, b, &rc, out))
        return rc;
    return divide((a->hi < 0) != (b->hi < 0), numeric_magnitude(a),
                  numeric_magnitude(b), b->scale - a->scale, false, 0, out);
}

/* x * 10^up mod y. */
static numeric_uint mod_raised(numeric_uint x, uint32_t up, numeric_uint y)
{
    x %= y;
    while (up && x) {
        uint32_t n = up < NUMERIC_DIGITS ? up : NUMERIC_DIGITS;
        wide_div(wide_mul(x, wide_pow10[n]), y, &x);
        up -= n;
    }
    return x;
}

numeric_rc numeric_mod(const ds_numeric *a, const ds_numeric *b,
                       ds_numeric *out)
{
    numeric_rc rc;
    if (!b->kind || a->kind || b->kind == NUMERIC_NAN) {
        if (div_special(a, b, &rc, out)) {
            if (a->kind)
                *out = special(NUMERIC_NAN);
            return rc;
        }
    } else {
        *out = *a; /* x % Infinity */
        return NUMERIC_OK;
    }
    numeric_uint x = numeric_magnitude(a), y = numeric_magnitude(b), rest;
    int32_t up = b->scale - a->scale;
    if (up >= 0)
        rest = mod_raised(x, (uint32_t)up, y);
    else
        rest = raise(y, (uint32_t)-up, &y) ? x % y : x;
    return put(a->hi < 0 && rest, rest, up > 0 ? b->scale : a->scale, out);
}

/* ---- rounding ---- */

static numeric_rc to_scale(const ds_numeric *a, int32_t scale, bool nearest,
                           ds_numeric *out)
{
    numeric_uint v = numeric_magnitude(a);
    bool minus = a->hi < 0;
    int32_t shown = scale < 0 ? 0 : scale;
    if (scale >= a->scale)
        return raise(v, (uint32_t)(scale - a->scale), &v)
                   ? put(minus, v, scale, out)
                   : NUMERIC_WIDE;
    uint32_t cut = (uint32_t)(a->scale - scale);
    if (cut > NUMERIC_DIGITS)
        return put(false, 0, shown, out); /* less than a tenth of a half */
    numeric_uint d = wide_pow10[cut], q = v / d, rest = v - q * d;
    q += nearest && rest >= d - rest;
    if (!raise(q, scale < 0 ? (uint32_t)-scale : 0, &q))
        return NUMERIC_WIDE;
    return put(minus && q, q, shown, out);
}

static int32_t bound(int32_t scale)
{
    return scale > NUMERIC_SCALE    ? NUMERIC_SCALE
           : scale < -NUMERIC_SCALE ? -NUMERIC_SCALE
                                    : scale;
}

numeric_rc numeric_round(const ds_numeric *a, int32_t scale, ds_numeric *out)
{
    if (!a->kind)
        return to_scale(a, bound(scale), true, out);
    *out = *a;
    return NUMERIC_OK;
}

numeric_rc numeric_trunc(const ds_numeric *a, int32_t scale, ds_numeric *out)
{
    if (!a->kind)
        return to_scale(a, bound(scale), false, out);
    *out = *a;
    return NUMERIC_OK;
}

numeric_rc numeric_fit(ds_numeric *n, int32_t mod)
{
    if (mod == 0 || n->kind == NUMERIC_NAN)
        return NUMERIC_OK;
    if (n->kind)
        return NUMERIC_RANGE; /* no field holds an infinite value */
    int32_t p = ds_mod_precision(mod), scale = ds_mod_scale(mod);
    ds_numeric r;
    if (to_scale(n, scale, true, &r) != NUMERIC_OK) {
        int32_t whole = (int32_t)wide_digits(numeric_magnitude(n)) - n->scale;
        return whole > p - scale ? NUMERIC_RANGE : NUMERIC_WIDE;
    }
    numeric_uint v = numeric_magnitude(&r);
    if (v && (int32_t)wide_digits(v) - r.scale > p - scale)
        return NUMERIC_RANGE;
    *n = r;
    return NUMERIC_OK;
}
