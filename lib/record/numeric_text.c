/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numeric_text.c - exact decimal numbers to and from text, keys, and the other
 * types of numbers.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "record/wide.h"

#define E19 10000000000000000000u

/* ---- text ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(ds_slice s, const char *word)
{
    return s.len == strlen(word) &&
           strncasecmp((const char *)s.ptr, word, s.len) == 0;
}

static bool parse_special(ds_slice s, ds_numeric *out)
{
    int32_t sign = 1;
    *out = (ds_numeric){0, 0, 0, NUMERIC_NAN};
    if (is_word(s, "nan"))
        return true;
    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+')) {
        sign = s.ptr[0] == '-' ? -1 : 1;
        s = (ds_slice){s.ptr + 1, s.len - 1};
    }
    out->kind = sign * NUMERIC_INF;
    return is_word(s, "inf") || is_word(s, "infinity");
}

/* What the digits say: value * 10^(exponent), with so many digits shown after
 * the point before the exponent is applied. */
typedef struct decimal {
    numeric_uint value;
    int64_t exponent; /* of the digits not kept, and what stands after e */
    uint32_t fraction;
    uint32_t kept; /* digits of value */
    bool wide;     /* there were others than zeros after the first 38 */
    bool any;
} decimal;

static void take_digit(decimal *d, uint8_t digit, bool fraction)
{
    d->any = true;
    d->fraction += fraction;
    if (d->kept < NUMERIC_DIGITS) {
        d->value = d->value * 10 + digit;
        d->kept += d->value != 0;
        d->exponent -= fraction;
    } else {
        d->wide |= digit != 0;
        d->exponent += !fraction;
    }
}

/* The exponent, bounded; false: it has no digits. */
static bool parse_exponent(ds_slice s, int64_t *out)
{
    bool minus = s.len && s.ptr[0] == '-';
    uint32_t i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+');
    if (i == s.len)
        return false;
    *out = 0;
    for (; i < s.len; i++) {
        if (!is_digit(s.ptr[i]))
            return false;
        if (*out < INT32_MAX)
            *out = *out * 10 + s.ptr[i] - '0';
    }
    if (minus)
        *out = -*out;
    return true;
}

/* The number of digits shown, and the digits themselves as an integer of that
 * scale. */
static numeric_rc assemble(const decimal *d, int64_t e, bool minus,
                           ds_numeric *out)
{
    int64_t scale = d->fraction - e;
    int64_t up = d->exponent + e;
    numeric_uint v = d->value;
    enum { MOST_WEIGHT = 131072, MOST_EXPONENT = INT32_MAX / 2 };
    if (e >= MOST_EXPONENT || e <= -MOST_EXPONENT)
        return NUMERIC_RANGE;
    if (scale < 0)
        scale = 0;
    if (scale > NUMERIC_SCALE || (v && d->kept + up > MOST_WEIGHT))
        return NUMERIC_RANGE;
    if (d->wide)
        return NUMERIC_WIDE;
    up += scale; /* zeros that are shown behind the digits */
    if (v && (up < 0 || up + d->kept > NUMERIC_DIGITS))
        return NUMERIC_WIDE;
    if (v)
        v *= wide_pow10[up];
    *out = numeric_of(minus ? -(numeric_int)v : (numeric_int)v, (int32_t)scale);
    return NUMERIC_OK;
}

numeric_rc numeric_parse(ds_slice s, ds_numeric *out)
{
    while (s.len && is_space(s.ptr[0]))
        s = (ds_slice){s.ptr + 1, s.len - 1};
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    decimal d = {0};
    int64_t exponent = 0;
    bool minus = s.len && s.ptr[0] == '-', fraction = false;
    uint32_t i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+');
    for (; i < s.len; i++) {
        if (is_digit(s.ptr[i]))
            take_digit(&d, s.ptr[i] - '0', fraction);
        else if (s.ptr[i] == '.' && !fraction)
            fraction = true;
        else
            break;
    }
    if (!d.any)
        return parse_special(s, out) ? NUMERIC_OK : NUMERIC_SYNTAX;
    if (i < s.len) {
        ds_slice rest = {s.ptr + i + 1, s.len - i - 1};
        if ((s.ptr[i] | 0x20) != 'e' || !parse_exponent(rest, &exponent))
            return NUMERIC_SYNTAX;
    }
    return assemble(&d, exponent, minus, out);
}

/* The digits of v, at least one, at the end of `to`; returns how many. */
static uint32_t put_digits(numeric_uint v, char to[NUMERIC_DIGITS + 1])
{
    char *end = to + NUMERIC_DIGITS + 1, *p = end;
    while (v >> 64) {
        uint64_t low = (uint64_t)(v % E19);
        v /= E19;
        for (int i = 0; i < 19; i++, low /= 10)
            *--p = (char)('0' + low % 10);
    }
    for (uint64_t low = (uint64_t)v; low || p == end; low /= 10)
        *--p = (char)('0' + low % 10);
    return (uint32_t)(end - p);
}

static void add_zeros(ds_buf *b, uint32_t n)
{
    static const char zeros[] = "00000000000000000000000000000000";
    for (; n; n -= n < 32 ? n : 32)
        ds_buf_add(b, zeros, n < 32 ? n : 32);
}

void numeric_show(ds_buf *b, const ds_numeric *n)
{
    char room[NUMERIC_DIGITS + 1];
    if (n->kind) {
        ds_buf_str(b, n->kind == NUMERIC_NAN ? "NaN"
                      : n->kind > 0          ? "Infinity"
                                             : "-Infinity");
        return;
    }
    uint32_t len = put_digits(numeric_magnitude(n), room);
    uint32_t scale = (uint32_t)n->scale;
    const char *p = room + sizeof room - len;
    if (n->hi < 0)
        ds_buf_add(b, "-", 1);
    if (len > scale) {
        ds_buf_add(b, p, len - scale);
        if (scale) {
            ds_buf_add(b, ".", 1);
            ds_buf_add(b, p + len - scale, scale);
        }
    } else {
        ds_buf_add(b, "0.", 2);
        add_zeros(b, scale - len);
        ds_buf_add(b, p, len);
    }
}

/* ---- keys ---- */

/*
 * One byte for the kind; of a number that is not 0 then the place of its point
 * (two bytes) and its digits without zeros at the end, two a byte, 1..100, and
 * a byte 0. All of it but the first byte is inverted if the number is negative.
 */
enum {
    KEY_MINUS_INF = 1,
    KEY_MINUS,
    KEY_ZERO,
    KEY_PLUS,
    KEY_INF,
    KEY_NAN,
    KEY_BIAS = 0x8000
};

static uint8_t key_kind(const ds_numeric *n)
{
    switch (n->kind) {
    case NUMERIC_NAN:
        return KEY_NAN;
    case 0:
        return (uint8_t)(KEY_ZERO + numeric_sign(n));
    default:
        return n->kind > 0 ? KEY_INF : KEY_MINUS_INF;
    }
}

uint32_t numeric_key(const ds_numeric *n, uint8_t *to)
{
    char room[NUMERIC_DIGITS + 1];
    to[0] = key_kind(n);
    if (to[0] != KEY_MINUS && to[0] != KEY_PLUS)
        return 1;
    uint8_t flip = to[0] == KEY_MINUS ? 0xff : 0;
    uint32_t len = put_digits(numeric_magnitude(n), room);
    const char *p = room + sizeof room - len;
    uint32_t place = KEY_BIAS + len - (uint32_t)n->scale, at = 3;
    while (p[len - 1] == '0')
        len--;
    to[1] = (uint8_t)(place >> 8) ^ flip;
    to[2] = (uint8_t)place ^ flip;
    for (uint32_t i = 0; i < len; i += 2) {
        int pair = 10 * (p[i] - '0') + (i + 1 < len ? p[i + 1] - '0' : 0);
        to[at++] = (uint8_t)(pair + 1) ^ flip;
    }
    to[at++] = flip;
    return at;
}

/* The number with these digits, the point after the first `place` of them. */
static bool from_digits(numeric_uint v, int32_t len, int32_t place, bool minus,
                        ds_numeric *out)
{
    int32_t scale = len > place ? len - place : 0;
    int32_t zeros = place - len + scale;
    /* Half of the last pair may be a zero too much. */
    if (len == 0 || scale > NUMERIC_SCALE + 1 || len + zeros > NUMERIC_DIGITS)
        return false;
    v *= wide_pow10[zeros];
    ds_numeric n = numeric_of(minus ? -(numeric_int)v : (numeric_int)v, scale);
    *out = numeric_plain(&n);
    return out->scale <= NUMERIC_SCALE;
}

uint32_t numeric_from_key(const uint8_t *p, uint32_t len, ds_numeric *out)
{
    static const int32_t kinds[] = {[KEY_MINUS_INF] = -NUMERIC_INF,
                                    [KEY_ZERO] = 0,
                                    [KEY_INF] = NUMERIC_INF,
                                    [KEY_NAN] = NUMERIC_NAN};
    if (len == 0 || p[0] < KEY_MINUS_INF || p[0] > KEY_NAN)
        return 0;
    if (p[0] != KEY_MINUS && p[0] != KEY_PLUS) {
        *out = (ds_numeric){0, 0, 0, kinds[p[0]]};
        return 1;
    }
    bool minus = p[0] == KEY_MINUS;
    uint8_t flip = minus ? 0xff : 0;
    if (len < 3)
        return 0;
    int32_t place = ((p[1] ^ flip) << 8 | (p[2] ^ flip)) - KEY_BIAS;
    numeric_uint v = 0;
    int32_t n = 0;
    for (uint32_t i = 3; i < len && n <= NUMERIC_DIGITS; i++, n += 2) {
        uint8_t pair = p[i] ^ flip;
        if (pair == 0)
            return from_digits(v, n, place, minus, out) ? i + 1 : 0;
        if (pair > 100)
            return 0;
        v = v * 100 + pair - 1;
    }
    return 0;
}

/* ---- the other types of numbers ---- */

numeric_rc numeric_to_i64(const ds_numeric *n, int64_t *out)
{
    ds_numeric whole = *n;
    if (n->kind)
        return NUMERIC_RANGE;
    if (n->scale)
        numeric_round(n, 0, &whole);
    *out = (int64_t)whole.lo;
    return whole.hi == *out >> 63 ? NUMERIC_OK : NUMERIC_RANGE;
}

static numeric_rc from_text(double v, int digits, ds_numeric *out)
{
    char text[40];
    int len = snprintf(text, sizeof text, "%.*e", digits - 1, v);
    numeric_rc rc =
        numeric_parse((ds_slice){(const uint8_t *)text, (uint32_t)len}, out);
    if (rc == NUMERIC_OK)
        *out = numeric_plain(out);
    return rc;
}

/* v * 10^up to the nearest integer, halves to even, as printf does: exact, as
 * both the mantissa and 2^e are. False: not within 128 bits. */
static bool scaled(double v, int up, numeric_uint *out)
{
    int e;
    numeric_uint m = (numeric_uint)ldexp(frexp(v, &e), 53), rest, half;
    e -= 53;
    if (up > 22 || up < -37 || e > 74 || e < -126 || (up < 0 && e < -100))
        return false;
    if (up >= 0) {
        if (e > 0)
            return false;
        m *= wide_pow10[up];
        *out = m >> -e;
        rest = m & (((numeric_uint)1 << -e) - 1);
        half = (numeric_uint)1 << -e >> 1;
    } else {
        numeric_uint d = wide_pow10[-up];
        if (e >= 0)
            m <<= e;
        else if (d >> (127 + e))
            return false;
        else
            d <<= -e;
        *out = m / d;
        rest = m % d;
        half = d / 2;
    }
    *out += rest > half || (rest == half && half && (*out & 1));
    return true;
}

static numeric_rc from_double(double v, int digits, ds_numeric *out)
{
    if (isnan(v) || isinf(v)) {
        *out = (ds_numeric){0, 0, 0, isnan(v) ? NUMERIC_NAN : v > 0 ? 1 : -1};
        return NUMERIC_OK;
    }
    if (v == 0) {
        *out = numeric_of(0, 0);
        return NUMERIC_OK;
    }
    double size = fabs(v);
    numeric_uint m = 0;
    int up = digits - 1 - (int)floor(log10(size));
    /* log10 may be one off near a power of ten: a digit less then rounds to
     * that power, a digit more is too long. */
    numeric_uint least = wide_pow10[digits - 1], longer;
    if (!scaled(size, up, &m) || m < least || m >= wide_pow10[digits])
        return from_text(v, digits, out);
    if (m == least && scaled(size, up + 1, &longer) &&
        longer < wide_pow10[digits]) {
        m = longer;
        up++;
    }
    ds_numeric n = numeric_of((numeric_int)m, up < 0 ? 0 : up);
    if (up < 0) {
        if (digits - up > NUMERIC_DIGITS)
            return NUMERIC_WIDE;
        n = numeric_of((numeric_int)(m * wide_pow10[-up]), 0);
    }
    *out = numeric_plain(&n);
    if (v < 0)
        *out = numeric_neg(out);
    return NUMERIC_OK;
}

numeric_rc numeric_from_f64(double v, ds_numeric *out)
{
    return from_double(v, 15, out);
}

numeric_rc numeric_from_f32(double v, ds_numeric *out)
{
    return from_double(v, 6, out);
}

/* Without a point: what stands for it is the locale's. */
static void exponent_text(const ds_numeric *n, char *text, size_t size)
{
    char room[NUMERIC_DIGITS + 1];
    uint32_t len = put_digits(numeric_magnitude(n), room);
    snprintf(text, size, "%s%.*se-%d", n->hi < 0 ? "-" : "", (int)len,
             room + sizeof room - len, n->scale);
}

static const double pow10_f64[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static double special_f64(const ds_numeric *n)
{
    return n->kind == NUMERIC_NAN ? (double)NAN : n->kind * (double)INFINITY;
}

static numeric_rc float_rc(double v)
{
    return errno == ERANGE && (v == 0 || isinf(v)) ? NUMERIC_RANGE : NUMERIC_OK;
}

numeric_rc numeric_to_f64(const ds_numeric *n, double *out)
{
    char text[NUMERIC_DIGITS + 16];
    if (n->kind) {
        *out = special_f64(n);
        return NUMERIC_OK;
    }
    /* One rounding only: both sides are exact. */
    if (numeric_magnitude(n) <= (numeric_uint)1 << 53 && n->scale <= 22) {
        *out = (double)(int64_t)n->lo / pow10_f64[n->scale];
        return NUMERIC_OK;
    }
    exponent_text(n, text, sizeof text);
    errno = 0;
    *out = strtod(text, NULL);
    return float_rc(*out);
}

numeric_rc numeric_to_f32(const ds_numeric *n, double *out)
{
    char text[NUMERIC_DIGITS + 16];
    if (n->kind) {
        *out = special_f64(n);
        return NUMERIC_OK;
    }
    if (numeric_magnitude(n) <= 1 << 24 && n->scale <= 10) {
        *out = (double)((float)(int64_t)n->lo / (float)pow10_f64[n->scale]);
        return NUMERIC_OK;
    }
    exponent_text(n, text, sizeof text);
    errno = 0;
    *out = (double)strtof(text, NULL);
    return float_rc(*out);
}
