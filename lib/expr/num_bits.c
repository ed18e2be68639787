/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num_bits.c - integers as bits, their divisors, factorials, hexadecimal.
 */
#include "base/gcd.h"
#include "expr/num.h"

#define BITS2(name, result)                                                    \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const int64_t *restrict a = RUN_ARG(r, s, 0)->v.i64;                   \
        const int64_t *restrict b = RUN_ARG(r, s, 1)->v.i64;                   \
        int64_t *restrict out = RUN_DST(r, s)->v.i64;                          \
        NUM_DENSE(r->n, i, {                                                   \
            int64_t x = a[i], y = b[i];                                        \
            out[i] = (result);                                                 \
        });                                                                    \
    }

/* A shift counts modulo the width of what is shifted, 32 for smallint. */
BITS2(num_and_i64, x &y)
BITS2(num_or_i64, x | y)
BITS2(num_xor_i64, x ^ y)
BITS2(num_shl_i16, (int16_t)((uint32_t)x << (y & 31)))
BITS2(num_shl_i32, (int32_t)((uint32_t)x << (y & 31)))
BITS2(num_shl_i64, (int64_t)((uint64_t)x << (y & 63)))
BITS2(num_shr_i32, x >> (y & 31))
BITS2(num_shr_i64, x >> (y & 63))

void num_not_i64(run *r, const run_step *s)
{
    const int64_t *restrict a = RUN_ARG(r, s, 0)->v.i64;
    int64_t *restrict out = RUN_DST(r, s)->v.i64;
    NUM_DENSE(r->n, i, out[i] = ~a[i]);
}

/* ---- divisors ---- */

static uint64_t magnitude(int64_t x)
{
    return x < 0 ? -(uint64_t)x : (uint64_t)x;
}

static void divisors(run *r, const run_step *s, ds_type type, uint64_t most)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    const int64_t *b = RUN_ARG(r, s, 1)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        uint64_t v = gcd_of(magnitude(a[i]), magnitude(b[i]));
        out[i] = (int64_t)v;
        if (v > most)
            num_range(r, s, i, type);
    }
}

void num_gcd_i32(run *r, const run_step *s)
{
    divisors(r, s, DS_I32, INT32_MAX);
}

void num_gcd_i64(run *r, const run_step *s)
{
    divisors(r, s, DS_I64, INT64_MAX);
}

static void multiples(run *r, const run_step *s, ds_type type, uint64_t most)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    const int64_t *b = RUN_ARG(r, s, 1)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        uint64_t x = magnitude(a[i]), y = magnitude(b[i]), v;
        out[i] = 0;
        if (x == 0 || y == 0)
            continue;
        if (__builtin_mul_overflow(x / gcd_of(x, y), y, &v) || v > most)
            num_range(r, s, i, type);
        else
            out[i] = (int64_t)v;
    }
}

void num_lcm_i32(run *r, const run_step *s)
{
    multiples(r, s, DS_I32, INT32_MAX);
}

void num_lcm_i64(run *r, const run_step *s)
{
    multiples(r, s, DS_I64, INT64_MAX);
}

void num_factorial(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    {
        numeric_int v = 1;
        out[i] = numeric_of(0, 0);
        if (a[i] < 0) {
            run_error(r, s, i, "E0701",
                      "factorial of a negative number is undefined");
        } else if (a[i] > 33) { /* 34! has 39 digits */
            num_refuse(r, s, i, a[i] > 32177 ? NUMERIC_RANGE : NUMERIC_WIDE);
        } else {
            for (int64_t k = 2; k <= a[i]; k++)
                v *= k;
            out[i] = numeric_of(v, 0);
        }
    }
}

/* ---- hexadecimal ---- */

static void hexadecimal(run *r, const run_step *s, uint64_t mask)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        uint64_t v = (uint64_t)a[i] & mask;
        uint32_t len = v ? (67 - (uint32_t)__builtin_clzll(v)) / 4 : 1;
        uint8_t *to = run_bytes(r, len);
        out[i] = (ds_slice){to, len};
        for (uint32_t k = len; k-- > 0; v >>= 4)
            to[k] = (uint8_t) "0123456789abcdef"[v & 15];
    }
}

void num_hex_i32(run *r, const run_step *s)
{
    hexadecimal(r, s, UINT32_MAX);
}

void num_hex_i64(run *r, const run_step *s)
{
    hexadecimal(r, s, UINT64_MAX);
}
