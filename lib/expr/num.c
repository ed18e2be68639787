/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num.c - arithmetic. Overflow is an error of the row, never a wrong number.
 */
#include <math.h>

#include "expr/func.h"

static void i64_range(run *r, const run_step *s, uint32_t i)
{
    run_error(r, s, i, "E0701", "bigint out of range");
}

/* Computes every row, then looks whether one that counts overflowed. */
#define I64_CHECKED(name, builtin)                                             \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const int64_t *a = RUN_ARG(r, s, 0)->v.i64;                            \
        const int64_t *b = RUN_ARG(r, s, 1)->v.i64;                            \
        int64_t *out = RUN_DST(r, s)->v.i64;                                   \
        if (run_dense(r, s)) {                                                 \
            bool over = false;                                                 \
            for (uint32_t i = 0; i < r->n; i++)                                \
                over |= builtin(a[i], b[i], &out[i]);                          \
            if (!over)                                                         \
                return;                                                        \
        }                                                                      \
        RUN_EACH_OK(r, s, i)                                                   \
        if (builtin(a[i], b[i], &out[i]))                                      \
            i64_range(r, s, i);                                                \
    }

I64_CHECKED(num_add_i64, __builtin_add_overflow)
I64_CHECKED(num_sub_i64, __builtin_sub_overflow)
I64_CHECKED(num_mul_i64, __builtin_mul_overflow)

void num_div_i64(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    const int64_t *b = RUN_ARG(r, s, 1)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = 0;
        if (b[i] == 0)
            run_error(r, s, i, "E0703", "division by zero");
        else if (b[i] == -1 && a[i] == INT64_MIN)
            i64_range(r, s, i);
        else
            out[i] = a[i] / b[i];
    }
}

void num_mod_i64(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    const int64_t *b = RUN_ARG(r, s, 1)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = 0;
        if (b[i] == 0)
            run_error(r, s, i, "E0703", "division by zero");
        else if (b[i] != -1)
            out[i] = a[i] % b[i];
    }
}

void num_neg_i64(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    if (__builtin_sub_overflow(0, a[i], &out[i]))
        i64_range(r, s, i);
}

void num_abs_i64(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = a[i];
        if (a[i] < 0 && __builtin_sub_overflow(0, a[i], &out[i]))
            i64_range(r, s, i);
    }
}

/* ---- double precision ---- */

static void f64_over(run *r, const run_step *s, uint32_t i)
{
    run_error(r, s, i, "E0701", "value out of range: overflow");
}

static void f64_under(run *r, const run_step *s, uint32_t i)
{
    run_error(r, s, i, "E0701", "value out of range: underflow");
}

/* `under`: whether a result of 0 means that it was too small. */
#define F64_CHECKED(name, op, under)                                           \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const double *a = RUN_ARG(r, s, 0)->v.f64;                             \
        const double *b = RUN_ARG(r, s, 1)->v.f64;                             \
        double *out = RUN_DST(r, s)->v.f64;                                    \
        RUN_EACH_OK(r, s, i)                                                   \
        {                                                                      \
            out[i] = a[i] op b[i];                                             \
            if (isinf(out[i]) && !isinf(a[i]) && !isinf(b[i]))                 \
                f64_over(r, s, i);                                             \
            else if (out[i] == 0 && (under))                                   \
                f64_under(r, s, i);                                            \
        }                                                                      \
    }

F64_CHECKED(num_add_f64, +, false)
F64_CHECKED(num_sub_f64, -, false)
F64_CHECKED(num_mul_f64, *, a[i] != 0 && b[i] != 0)

void num_div_f64(run *r, const run_step *s)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    const double *b = RUN_ARG(r, s, 1)->v.f64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = 0;
        if (b[i] == 0 && !isnan(a[i])) {
            run_error(r, s, i, "E0703", "division by zero");
            continue;
        }
        out[i] = a[i] / b[i];
        if (isinf(out[i]) && !isinf(a[i]))
            f64_over(r, s, i);
        else if (out[i] == 0 && a[i] != 0 && !isinf(b[i]))
            f64_under(r, s, i);
    }
}

#define F64_UNARY(name, result)                                                \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const double *a = RUN_ARG(r, s, 0)->v.f64;                             \
        double *out = RUN_DST(r, s)->v.f64;                                    \
        RUN_EACH(r, s, i)                                                      \
        out[i] = (result);                                                     \
    }

F64_UNARY(num_neg_f64, -a[i])
F64_UNARY(num_abs_f64, fabs(a[i]))
F64_UNARY(num_round_f64, rint(a[i]))
F64_UNARY(num_floor_f64, floor(a[i]))
F64_UNARY(num_ceil_f64, ceil(a[i]))
F64_UNARY(num_trunc_f64, trunc(a[i]))
F64_UNARY(num_sign_f64, a[i] > 0 ? 1.0 : a[i] < 0 ? -1.0 : 0.0)

void num_sqrt_f64(run *r, const run_step *s)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = 0;
        if (a[i] < 0)
            run_error(r, s, i, "E0704",
                      "cannot take square root of a negative number");
        else
            out[i] = sqrt(a[i]);
    }
}

static void power_row(run *r, const run_step *s, uint32_t i, double x, double y,
                      double *out)
{
    *out = 0;
    if (x == 0 && y < 0) {
        run_error(r, s, i, "E0704",
                  "zero raised to a negative power is undefined");
    } else if (x < 0 && !isinf(x) && !isinf(y) && floor(y) != y) {
        run_error(r, s, i, "E0704",
                  "a negative number raised to a non-integer power yields a "
                  "complex result");
    } else {
        *out = pow(x, y);
        if (isinf(*out) && !isinf(x) && !isinf(y))
            f64_over(r, s, i);
        else if (*out == 0 && x != 0 && !isinf(x) && !isinf(y))
            f64_under(r, s, i);
    }
}

void num_power_f64(run *r, const run_step *s)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    const double *b = RUN_ARG(r, s, 1)->v.f64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    power_row(r, s, i, a[i], b[i], &out[i]);
}
