/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num.c - arithmetic of integers.
 */
#include "expr/num.h"

void num_range(run *r, const run_step *s, uint32_t row, ds_type type)
{
    run_error(r, s, row, "E0701", "%s out of range", ds_type_name(type));
}

void num_zero(run *r, const run_step *s, uint32_t row)
{
    run_error(r, s, row, "E0703", "division by zero");
}

void num_overflow(run *r, const run_step *s, uint32_t row)
{
    run_error(r, s, row, "E0701", "value out of range: overflow");
}

void num_underflow(run *r, const run_step *s, uint32_t row)
{
    run_error(r, s, row, "E0701", "value out of range: underflow");
}

void num_refuse(run *r, const run_step *s, uint32_t row, numeric_rc rc)
{
    if (rc == NUMERIC_ZERO)
        num_zero(r, s, row);
    else if (rc == NUMERIC_RANGE)
        run_error(r, s, row, "E0701", "value overflows numeric format");
    else
        run_error(r, s, row, "E0701", "a numeric has at most %d digits",
                  NUMERIC_DIGITS);
}

/* What does not vanish if the value does not fit. */
#define WRONG_16(v) (((uint64_t)(v) + 0x8000) & ~(uint64_t)0xffff)
#define WRONG_32(v) (((uint64_t)(v) + 0x80000000) & ~(uint64_t)0xffffffff)
#define SIGN ((uint64_t)1 << 63)

static inline uint64_t add_wrong(int64_t x, int64_t y, int64_t v)
{
    return (uint64_t)((x ^ v) & (y ^ v)) & SIGN;
}

static inline uint64_t sub_wrong(int64_t x, int64_t y, int64_t v)
{
    return (uint64_t)((x ^ y) & (x ^ v)) & SIGN;
}

static inline uint64_t mul_wrong(int64_t x, int64_t y)
{
    int64_t v;
    return __builtin_mul_overflow(x, y, &v);
}

static inline int64_t wrap_add(int64_t x, int64_t y)
{
    return (int64_t)((uint64_t)x + (uint64_t)y);
}

static inline int64_t wrap_sub(int64_t x, int64_t y)
{
    return (int64_t)((uint64_t)x - (uint64_t)y);
}

static inline int64_t wrap_mul(int64_t x, int64_t y)
{
    return (int64_t)((uint64_t)x * (uint64_t)y);
}

/* `result` of x and y; `wrong` of x, y and the result v does not vanish if the
 * row is to be refused. */
#define INT2(name, type, result, wrong)                                        \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const int64_t *restrict a = RUN_ARG(r, s, 0)->v.i64;                   \
        const int64_t *restrict b = RUN_ARG(r, s, 1)->v.i64;                   \
        int64_t *restrict out = RUN_DST(r, s)->v.i64;                          \
        if (run_dense(r, s)) {                                                 \
            uint64_t any = 0;                                                  \
            NUM_DENSE(r->n, i, {                                               \
                int64_t x = a[i], y = b[i], v = (result);                      \
                any |= (wrong);                                                \
                out[i] = v;                                                    \
            });                                                                \
            if (!any)                                                          \
                return;                                                        \
        }                                                                      \
        RUN_EACH_OK(r, s, i)                                                   \
        {                                                                      \
            int64_t x = a[i], y = b[i], v = (result);                          \
            out[i] = v;                                                        \
            if (wrong)                                                         \
                num_range(r, s, i, type);                                      \
        }                                                                      \
    }

INT2(num_add_i16, DS_I16, x + y, WRONG_16(v))
INT2(num_sub_i16, DS_I16, x - y, WRONG_16(v))
INT2(num_mul_i16, DS_I16, wrap_mul(x, y), WRONG_16(v))
INT2(num_add_i32, DS_I32, wrap_add(x, y), WRONG_32(v))
INT2(num_sub_i32, DS_I32, wrap_sub(x, y), WRONG_32(v))
INT2(num_mul_i32, DS_I32, wrap_mul(x, y), WRONG_32(v))
INT2(num_add_i64, DS_I64, wrap_add(x, y), add_wrong(x, y, v))
INT2(num_sub_i64, DS_I64, wrap_sub(x, y), sub_wrong(x, y, v))
INT2(num_mul_i64, DS_I64, wrap_mul(x, y), mul_wrong(x, y))

/* The only quotients that do not fit are those of the least number and -1. */
static void quotients(run *r, const run_step *s, ds_type type, int64_t least)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    const int64_t *b = RUN_ARG(r, s, 1)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        int64_t x = a[i], y = b[i];
        out[i] = 0;
        if (y == 0)
            num_zero(r, s, i);
        else if (y == -1 && x == least)
            num_range(r, s, i, type);
        else if (((x | y) >> 32) == 0) /* much faster on older processors */
            out[i] = (uint32_t)x / (uint32_t)y;
        else
            out[i] = x / y;
    }
}

void num_div_i16(run *r, const run_step *s)
{
    quotients(r, s, DS_I16, INT16_MIN);
}

void num_div_i32(run *r, const run_step *s)
{
    quotients(r, s, DS_I32, INT32_MIN);
}

void num_div_i64(run *r, const run_step *s)
{
    quotients(r, s, DS_I64, INT64_MIN);
}

void num_mod_i64(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    const int64_t *b = RUN_ARG(r, s, 1)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        int64_t x = a[i], y = b[i];
        out[i] = 0;
        if (y == 0)
            num_zero(r, s, i);
        else if (((x | y) >> 32) == 0)
            out[i] = (uint32_t)x % (uint32_t)y;
        else if (y != -1)
            out[i] = x % y;
    }
}

#define INT1(name, type, result, wrong)                                        \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const int64_t *restrict a = RUN_ARG(r, s, 0)->v.i64;                   \
        int64_t *restrict out = RUN_DST(r, s)->v.i64;                          \
        if (run_dense(r, s)) {                                                 \
            uint64_t any = 0;                                                  \
            NUM_DENSE(r->n, i, {                                               \
                int64_t x = a[i], v = (result);                                \
                any |= (wrong);                                                \
                out[i] = v;                                                    \
            });                                                                \
            if (!any)                                                          \
                return;                                                        \
        }                                                                      \
        RUN_EACH_OK(r, s, i)                                                   \
        {                                                                      \
            int64_t x = a[i], v = (result);                                    \
            out[i] = v;                                                        \
            if (wrong)                                                         \
                num_range(r, s, i, type);                                      \
        }                                                                      \
    }

static inline int64_t wrap_abs(int64_t x)
{
    return wrap_sub(x ^ x >> 63, x >> 63);
}

INT1(num_neg_i16, DS_I16, wrap_sub(0, x), WRONG_16(v))
INT1(num_neg_i32, DS_I32, wrap_sub(0, x), WRONG_32(v))
INT1(num_neg_i64, DS_I64, wrap_sub(0, x), (uint64_t)(x &v) & SIGN)
INT1(num_abs_i16, DS_I16, wrap_abs(x), WRONG_16(v))
INT1(num_abs_i32, DS_I32, wrap_abs(x), WRONG_32(v))
INT1(num_abs_i64, DS_I64, wrap_abs(x), (uint64_t)v &SIGN)
