/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num_float.c - arithmetic and functions of real and double precision. A real
 * is a double that is exactly a float; double has enough digits that a sum, a
 * product or a quotient of floats, rounded to double and then to float, is what
 * float arithmetic gives.
 */
#include <math.h>

#include "expr/num.h"

/* Do not vanish if o is infinite or NaN, if o is 0. */
static inline uint64_t is_odd(double o)
{
    uint64_t bits;
    memcpy(&bits, &o, sizeof bits);
    const uint64_t exponent = 0x7ff0000000000000;
    return ((bits & exponent) + (exponent & -exponent)) >> 63;
}

static inline uint64_t is_zero(double o)
{
    uint64_t bits;
    memcpy(&bits, &o, sizeof bits);
    return ((bits & INT64_MAX) - 1) >> 63;
}

/* `suspect`: the result o of x and y may be an error; `over` and `under`: it is
 * one. */
#define FLOAT2(name, result, suspect, over, under)                             \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const double *restrict a = RUN_ARG(r, s, 0)->v.f64;                    \
        const double *restrict b = RUN_ARG(r, s, 1)->v.f64;                    \
        double *restrict out = RUN_DST(r, s)->v.f64;                           \
        if (run_dense(r, s)) {                                                 \
            uint64_t any = 0;                                                  \
            NUM_DENSE(r->n, i, {                                               \
                double x = a[i], y = b[i], o = (result);                       \
                any |= (suspect);                                              \
                out[i] = o;                                                    \
            });                                                                \
            if (!any)                                                          \
                return;                                                        \
        }                                                                      \
        RUN_EACH_OK(r, s, i)                                                   \
        {                                                                      \
            double x = a[i], y = b[i], o = (result);                           \
            out[i] = o;                                                        \
            if (over)                                                          \
                num_overflow(r, s, i);                                         \
            else if (under)                                                    \
                num_underflow(r, s, i);                                        \
        }                                                                      \
    }

#define OVER (isinf(o) && !isinf(x) && !isinf(y))
#define TINY (o == 0 && x != 0 && y != 0)
#define FLOAT(v) ((double)(float)(v))

FLOAT2(num_add_f64, x + y, is_odd(o), OVER, false)
FLOAT2(num_sub_f64, x - y, is_odd(o), OVER, false)
FLOAT2(num_mul_f64, x *y, is_odd(o) | is_zero(o), OVER, TINY)
FLOAT2(num_add_f32, FLOAT(x + y), is_odd(o), OVER, false)
FLOAT2(num_sub_f32, FLOAT(x - y), is_odd(o), OVER, false)
FLOAT2(num_mul_f32, FLOAT(x *y), is_odd(o) | is_zero(o), OVER, TINY)

static double as_double(double v)
{
    return v;
}

static double as_float(double v)
{
    return (double)(float)v;
}

static void quotients(run *r, const run_step *s, double (*round)(double))
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    const double *b = RUN_ARG(r, s, 1)->v.f64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        double x = a[i], y = b[i];
        out[i] = 0;
        if (y == 0 && !isnan(x)) {
            num_zero(r, s, i);
            continue;
        }
        out[i] = round(x / y);
        if (isinf(out[i]) && !isinf(x))
            num_overflow(r, s, i);
        else if (out[i] == 0 && x != 0 && !isinf(y))
            num_underflow(r, s, i);
    }
}

void num_div_f64(run *r, const run_step *s)
{
    quotients(r, s, as_double);
}

void num_div_f32(run *r, const run_step *s)
{
    quotients(r, s, as_float);
}

/* ---- of one number; nothing goes wrong ---- */

#define FLOAT1(name, result)                                                   \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const double *restrict a = RUN_ARG(r, s, 0)->v.f64;                    \
        double *restrict out = RUN_DST(r, s)->v.f64;                           \
        NUM_DENSE(r->n, i, {                                                   \
            double x = a[i];                                                   \
            out[i] = (result);                                                 \
        });                                                                    \
    }

FLOAT1(num_neg_f64, -x)
FLOAT1(num_abs_f64, fabs(x))
FLOAT1(num_round_f64, rint(x))
FLOAT1(num_floor_f64, floor(x))
FLOAT1(num_ceil_f64, ceil(x))
FLOAT1(num_trunc_f64, trunc(x))
FLOAT1(num_sign_f64, x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0)
FLOAT1(num_cbrt_f64, cbrt(x))

void num_pi(run *r, const run_step *s)
{
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH(r, s, i)
    out[i] = M_PI;
}

/* ---- roots, logarithms, powers ---- */

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

void num_exp_f64(run *r, const run_step *s)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = exp(a[i]);
        if (isinf(out[i]) && !isinf(a[i]))
            num_overflow(r, s, i);
        else if (out[i] == 0 && !isinf(a[i]))
            num_underflow(r, s, i);
    }
}

static void logarithms(run *r, const run_step *s, double (*of)(double))
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = 0;
        if (a[i] == 0)
            run_error(r, s, i, "E0704", "cannot take logarithm of zero");
        else if (a[i] < 0)
            run_error(r, s, i, "E0704",
                      "cannot take logarithm of a negative number");
        else
            out[i] = of(a[i]);
    }
}

void num_ln_f64(run *r, const run_step *s)
{
    logarithms(r, s, log);
}

void num_log_f64(run *r, const run_step *s)
{
    logarithms(r, s, log10);
}

static void power_row(run *r, const run_step *s, uint32_t i, double x, double y,
                      double *out)
{
    *out = 0;
    if (x == 0 && y < 0) {
        run_error(r, s, i, "E0704",
                  "zero raised to a negative power is undefined");
    } else if (x < 0 && isfinite(y) && floor(y) != y) {
        run_error(r, s, i, "E0704",
                  "a negative number raised to a non-integer power yields a "
                  "complex result");
    } else {
        *out = pow(x, y);
        if (isinf(*out) && !isinf(x) && !isinf(y))
            num_overflow(r, s, i);
        else if (*out == 0 && x != 0 && !isinf(x) && !isinf(y))
            num_underflow(r, s, i);
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
