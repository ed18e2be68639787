/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numeric.h - PostgreSQL's numeric, exact to 38 digits.
 *
 * Results have PostgreSQL 15's scale: the larger one for + and -, the sum for
 * *, for / at least 16 digits counted in groups of four.
 * Intermediate values may be wider; a result with more than 38 digits is
 * NUMERIC_WIDE. That is the one difference from PostgreSQL (contract.md 8.11).
 */
#ifndef RECORD_NUMERIC_H
#define RECORD_NUMERIC_H

#include "record/show.h"

enum { NUMERIC_DIGITS = 38, NUMERIC_SCALE = 16383 };

/* ds_numeric.kind. */
enum { NUMERIC_INF = 1, NUMERIC_NAN = 2 };

typedef enum numeric_rc {
    NUMERIC_OK,
    NUMERIC_SYNTAX, /* invalid input syntax for type numeric */
    NUMERIC_WIDE,   /* more than 38 digits */
    NUMERIC_RANGE,  /* out of range of the target type, or of (p,s) */
    NUMERIC_ZERO,   /* division by zero */
    NUMERIC_DOMAIN, /* logarithm or root of what has none */
} numeric_rc;

__extension__ typedef __int128 numeric_int;
__extension__ typedef unsigned __int128 numeric_uint;

static inline numeric_int numeric_value(const ds_numeric *n)
{
    return (numeric_int)((numeric_uint)(uint64_t)n->hi << 64 | n->lo);
}
static inline ds_numeric numeric_of(numeric_int v, int32_t scale)
{
    return (ds_numeric){(uint64_t)v, (int64_t)(v >> 64), scale, 0};
}

static inline numeric_uint numeric_magnitude(const ds_numeric *n)
{
    return n->hi < 0 ? -(numeric_uint)numeric_value(n)
                     : (numeric_uint)numeric_value(n);
}

/* As numeric_in: spaces around, exponent, NaN, Infinity. */
numeric_rc numeric_parse(ds_slice s, ds_numeric *out);
/* As numeric_out. */
void numeric_show(ds_buf *b, const ds_numeric *n);
/* Rounds to (p,s) of a field's `mod`; NUMERIC_RANGE: it does not fit. */
numeric_rc numeric_fit(ds_numeric *n, int32_t mod);
/* -1, 0, 1; NaN equals NaN and is above everything. */
int numeric_cmp(const ds_numeric *a, const ds_numeric *b);
int numeric_sign(const ds_numeric *n); /* of NaN: 1 */
ds_numeric numeric_neg(const ds_numeric *n);
/* The same number without zeros at the end of its fraction: equal numbers are
 * equal bytes then (keys, hashes). */
ds_numeric numeric_plain(const ds_numeric *n);
/* Bytes that compare as the numbers do; at most NUMERIC_KEY. `from` gives back
 * the number (as numeric_plain() does) and the bytes it took, 0: not such. */
enum { NUMERIC_KEY = 40 };
uint32_t numeric_key(const ds_numeric *n, uint8_t *to);
uint32_t numeric_from_key(const uint8_t *p, uint32_t len, ds_numeric *out);

numeric_rc numeric_add(const ds_numeric *a, const ds_numeric *b,
                       ds_numeric *out);
numeric_rc numeric_sub(const ds_numeric *a, const ds_numeric *b,
                       ds_numeric *out);
numeric_rc numeric_mul(const ds_numeric *a, const ds_numeric *b,
                       ds_numeric *out);
numeric_rc numeric_div(const ds_numeric *a, const ds_numeric *b,
                       ds_numeric *out);
/* Truncated division, and its remainder. */
numeric_rc numeric_quot(const ds_numeric *a, const ds_numeric *b,
                        ds_numeric *out);
numeric_rc numeric_mod(const ds_numeric *a, const ds_numeric *b,
                       ds_numeric *out);
/* To `scale` digits after the point, which may be negative; halves away from
 * zero. */
numeric_rc numeric_round(const ds_numeric *a, int32_t scale, ds_numeric *out);
numeric_rc numeric_trunc(const ds_numeric *a, int32_t scale, ds_numeric *out);

static inline ds_numeric numeric_from_i64(int64_t v)
{
    return (ds_numeric){(uint64_t)v, v >> 63, 0, 0};
}
/* NUMERIC_DOMAIN: a root of a negative number; a logarithm of a number that is
 * not positive; a negative number to the power of a fraction. NUMERIC_ZERO: a
 * logarithm to base 1; 0 to a negative power. */
numeric_rc numeric_sqrt(const ds_numeric *a, ds_numeric *out);
numeric_rc numeric_exp(const ds_numeric *a, ds_numeric *out);
numeric_rc numeric_ln(const ds_numeric *a, ds_numeric *out);
numeric_rc numeric_log(const ds_numeric *base, const ds_numeric *a,
                       ds_numeric *out);
numeric_rc numeric_power(const ds_numeric *a, const ds_numeric *b,
                         ds_numeric *out);

/* As float8_numeric: 15 significant digits (6 for real). */
numeric_rc numeric_from_f64(double v, ds_numeric *out);
numeric_rc numeric_from_f32(double v, ds_numeric *out);
/* Rounds; NUMERIC_RANGE also for what is no number. */
numeric_rc numeric_to_i64(const ds_numeric *n, int64_t *out);
/* The nearest double; NUMERIC_RANGE when it over- or underflows. */
numeric_rc numeric_to_f64(const ds_numeric *n, double *out);
numeric_rc numeric_to_f32(const ds_numeric *n, double *out); /* float */

#endif
