/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num_trig.c - functions of angles, in radians and in degrees, and their
 * hyperbolic cousins.
 */
#include <math.h>

#include "expr/num.h"

typedef enum trig_rc {
    TRIG_OK,
    TRIG_INPUT, /* input is out of range */
    TRIG_OVER,
    TRIG_UNDER,
} trig_rc;

typedef trig_rc trig1(double x, double *out);

static void refuse(run *r, const run_step *s, uint32_t row, trig_rc rc)
{
    if (rc == TRIG_INPUT)
        run_error(r, s, row, "E0701", "input is out of range");
    else if (rc == TRIG_OVER)
        num_overflow(r, s, row);
    else if (rc == TRIG_UNDER)
        num_underflow(r, s, row);
}

static inline void of_one(run *r, const run_step *s, trig1 *fn)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = 0;
        trig_rc rc = fn(a[i], &out[i]);
        if (rc != TRIG_OK)
            refuse(r, s, i, rc);
    }
}

#define KERNEL1(name)                                                          \
    void num_##name(run *r, const run_step *s)                                 \
    {                                                                          \
        of_one(r, s, of_##name);                                               \
    }
/* name: the value of expression `result` in x; an error where `wrong`. */
#define TRIG1(name, wrong, result)                                             \
    static trig_rc of_##name(double x, double *out)                            \
    {                                                                          \
        if (wrong)                                                             \
            return TRIG_INPUT;                                                 \
        *out = (result);                                                       \
        return TRIG_OK;                                                        \
    }                                                                          \
    KERNEL1(name)

static const double radian = 0.0174532925199432957692; /* in degrees: pi/180 */

static trig_rc of_degrees(double x, double *out)
{
    *out = x / radian;
    return isinf(*out) && !isinf(x) ? TRIG_OVER : TRIG_OK;
}

static trig_rc of_radians(double x, double *out)
{
    *out = x * radian;
    return *out == 0 && x != 0 ? TRIG_UNDER : TRIG_OK;
}

KERNEL1(degrees)
KERNEL1(radians)
TRIG1(sin, isinf(x), sin(x))
TRIG1(cos, isinf(x), cos(x))
TRIG1(tan, isinf(x), tan(x))
TRIG1(cot, isinf(x), 1.0 / tan(x))
TRIG1(asin, x<-1 || x> 1, asin(x))
TRIG1(acos, x<-1 || x> 1, acos(x))
TRIG1(atan, false, atan(x))
TRIG1(sinh, false, sinh(x))
TRIG1(cosh, false, cosh(x))
TRIG1(tanh, false, tanh(x))
TRIG1(asinh, false, asinh(x))
TRIG1(acosh, x < 1, acosh(x))
TRIG1(atanh, x<-1 || x> 1, atanh(x))

/* ---- degrees ---- */

/*
 * Angles whose functions are round numbers give round numbers: a function is
 * computed next to 0, where it is exact enough, and scaled such that it is
 * exact at 30, 45 or 60 degrees too. The constants are computed by the same
 * library that computes the functions; volatile, so that no compiler does it.
 */
static double quotient(double (*fn)(double), double at)
{
    volatile double x = at;
    return fn(x);
}

static double sin_to_30(double x)
{
    volatile double v = sin(x * radian);
    return v / quotient(sin, 30 * radian) / 2.0;
}

static double cos_to_60(double x)
{
    volatile double v = 1.0 - cos(x * radian);
    volatile double whole = 1.0 - quotient(cos, 60 * radian);
    return 1.0 - v / whole / 2.0;
}

/* 0 <= x <= 90 */
static double sin_quadrant(double x)
{
    return x <= 30 ? sin_to_30(x) : cos_to_60(90 - x);
}

static double cos_quadrant(double x)
{
    return x <= 60 ? cos_to_60(x) : sin_to_30(90 - x);
}

static double tan_quadrant(double x)
{
    volatile double v = sin_quadrant(x) / cos_quadrant(x);
    volatile double unit = sin_quadrant(45) / cos_quadrant(45);
    return v / unit;
}

static double cot_quadrant(double x)
{
    volatile double v = cos_quadrant(x) / sin_quadrant(x);
    volatile double unit = cos_quadrant(45) / sin_quadrant(45);
    return v / unit;
}

/* Brings an angle to 0..90 and says how often it was mirrored there. */
static double to_quadrant(double x, bool *negative, bool *past_180,
                          bool *past_90)
{
    x = fmod(x, 360);
    *negative = x < 0;
    if (x < 0) /* -0 stays */
        x = -x;
    *past_180 = x > 180;
    if (*past_180)
        x = 360 - x;
    *past_90 = x > 90;
    return *past_90 ? 180 - x : x;
}

/* The sign of a function in its quadrant: odd functions change it for negative
 * angles; `mirror` is how it goes past 90 degrees, `wrap` past 180. */
static trig_rc in_degrees(double x, double (*fn)(double), bool odd, bool mirror,
                          double *out)
{
    bool negative, past_180, past_90;
    *out = x;
    if (isnan(x))
        return TRIG_OK;
    if (isinf(x))
        return TRIG_INPUT;
    x = to_quadrant(x, &negative, &past_180, &past_90);
    bool minus = (odd && negative != past_180) != (mirror && past_90);
    *out = minus ? -fn(x) : fn(x);
    return TRIG_OK;
}

static trig_rc of_sind(double x, double *out)
{
    return in_degrees(x, sin_quadrant, true, false, out);
}

static trig_rc of_cosd(double x, double *out)
{
    return in_degrees(x, cos_quadrant, false, true, out);
}

static trig_rc of_tand(double x, double *out)
{
    trig_rc rc = in_degrees(x, tan_quadrant, true, true, out);
    if (*out == 0) /* no negative zero */
        *out = 0.0;
    return rc;
}

static trig_rc of_cotd(double x, double *out)
{
    trig_rc rc = in_degrees(x, cot_quadrant, true, true, out);
    if (*out == 0)
        *out = 0.0;
    return rc;
}

KERNEL1(sind)
KERNEL1(cosd)
KERNEL1(tand)
KERNEL1(cotd)

/* 0 <= x <= 1 */
static double asin_positive(double x)
{
    if (x <= 0.5) {
        volatile double v = asin(x);
        return v / quotient(asin, 0.5) * 30.0;
    }
    volatile double v = acos(x);
    return 90.0 - v / quotient(acos, 0.5) * 60.0;
}

static double acos_positive(double x)
{
    if (x <= 0.5) {
        volatile double v = asin(x);
        return 90.0 - v / quotient(asin, 0.5) * 30.0;
    }
    volatile double v = acos(x);
    return v / quotient(acos, 0.5) * 60.0;
}

TRIG1(asind, x<-1 || x> 1,
      isnan(x) ? x
      : x < 0  ? -asin_positive(-x)
               : asin_positive(x))
TRIG1(acosd, x<-1 || x> 1,
      isnan(x) ? x
      : x < 0  ? 90.0 + asin_positive(-x)
               : acos_positive(x))

static double atan_degrees(double v)
{
    return v / quotient(atan, 1.0) * 45.0;
}

TRIG1(atand, false, atan_degrees(atan(x)))

/* ---- of two numbers ---- */

static void of_two(run *r, const run_step *s, bool degrees)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    const double *b = RUN_ARG(r, s, 1)->v.f64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        double v = atan2(a[i], b[i]);
        out[i] = degrees ? atan_degrees(v) : v;
    }
}

void num_atan2(run *r, const run_step *s)
{
    of_two(r, s, false);
}

void num_atan2d(run *r, const run_step *s)
{
    of_two(r, s, true);
}
