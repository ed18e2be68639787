/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num_bucket.c - width_bucket(): which of `count` buckets of equal width
 * between two bounds a value falls into. The bounds may be the wrong way round.
 */
#include <math.h>

#include "expr/num.h"

/* Below the first bucket is 0, above the last one count + 1. */
static void outside(run *r, const run_step *s, uint32_t i, int64_t count,
                    bool below, int64_t *out)
{
    *out = below ? 0 : count + 1;
    if (*out > INT32_MAX)
        num_range(r, s, i, DS_I32);
}

static const char *const no_count = "count must be greater than zero";
static const char *const no_width = "lower bound cannot equal upper bound";
static const char *const no_bound = "lower and upper bounds must be finite";
static const char *const no_number =
    "operand, lower bound, and upper bound cannot be NaN";

static const char *float_refused(double x, double low, double high,
                                 int64_t count)
{
    if (count <= 0)
        return no_count;
    if (isnan(x) || isnan(low) || isnan(high))
        return no_number;
    if (isinf(low) || isinf(high))
        return no_bound;
    return low == high ? no_width : NULL;
}

/* Next to the upper bound this may round to one bucket too many, and what
 * overflows is the least integer: both as PostgreSQL 15 has it. */
static int64_t float_bucket(double x, double low, double high, int64_t count)
{
    double at = (double)count * (x - low) / (high - low) + 1;
    return at > -0x1p31 && at < 0x1p31 ? (int32_t)at : INT32_MIN;
}

void num_bucket_f64(run *r, const run_step *s)
{
    const double *x = RUN_ARG(r, s, 0)->v.f64, *low = RUN_ARG(r, s, 1)->v.f64;
    const double *high = RUN_ARG(r, s, 2)->v.f64;
    const int64_t *count = RUN_ARG(r, s, 3)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        const char *msg = float_refused(x[i], low[i], high[i], count[i]);
        out[i] = 0;
        bool up = low[i] < high[i];
        if (msg)
            run_error(r, s, i, "E0704", "%s", msg);
        else if (up ? x[i] < low[i] : x[i] > low[i])
            outside(r, s, i, count[i], true, &out[i]);
        else if (up ? x[i] >= high[i] : x[i] <= high[i])
            outside(r, s, i, count[i], false, &out[i]);
        else
            out[i] = float_bucket(x[i], low[i], high[i], count[i]);
    }
}

static const char *numeric_refused(const ds_numeric *x, const ds_numeric *low,
                                   const ds_numeric *high, int64_t count)
{
    if (count <= 0)
        return no_count;
    if (x->kind == NUMERIC_NAN || low->kind == NUMERIC_NAN ||
        high->kind == NUMERIC_NAN)
        return no_number;
    if (low->kind || high->kind)
        return no_bound;
    return numeric_cmp(low, high) == 0 ? no_width : NULL;
}

/* As the float version, with the rounding of numeric division: next to the
 * upper bound that may be one bucket too many, in PostgreSQL too. */
static numeric_rc numeric_bucket(const ds_numeric *x, const ds_numeric *low,
                                 const ds_numeric *high, int64_t count,
                                 int64_t *out)
{
    ds_numeric at, width, n = numeric_from_i64(count);
    numeric_rc rc = numeric_sub(x, low, &at);
    if (rc == NUMERIC_OK)
        rc = numeric_sub(high, low, &width);
    if (rc == NUMERIC_OK)
        rc = numeric_mul(&at, &n, &at);
    if (rc == NUMERIC_OK)
        rc = numeric_div(&at, &width, &at);
    if (rc == NUMERIC_OK)
        rc = numeric_trunc(&at, 0, &at);
    if (rc != NUMERIC_OK)
        return rc;
    *out = (int64_t)at.lo + 1;
    return NUMERIC_OK;
}

void num_bucket_num(run *r, const run_step *s)
{
    const ds_numeric *x = RUN_ARG(r, s, 0)->v.num;
    const ds_numeric *low = RUN_ARG(r, s, 1)->v.num;
    const ds_numeric *high = RUN_ARG(r, s, 2)->v.num;
    const int64_t *count = RUN_ARG(r, s, 3)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        const char *msg = numeric_refused(&x[i], &low[i], &high[i], count[i]);
        out[i] = 0;
        if (msg) {
            run_error(r, s, i, "E0704", "%s", msg);
            continue;
        }
        int way = numeric_cmp(&high[i], &low[i]);
        if (numeric_cmp(&x[i], &low[i]) == -way) {
            outside(r, s, i, count[i], true, &out[i]);
        } else if (numeric_cmp(&x[i], &high[i]) != -way) {
            outside(r, s, i, count[i], false, &out[i]);
        } else {
            numeric_rc rc =
                numeric_bucket(&x[i], &low[i], &high[i], count[i], &out[i]);
            if (rc != NUMERIC_OK)
                num_refuse(r, s, i, rc);
        }
    }
}

/* ---- bounds in an array ---- */

/* How many of the bounds, which ascend, are not above x; -1: one is NULL. */
static int64_t bounds_below(ds_type elem, ds_slice bounds, const ds_value *x)
{
    uint32_t low = 0, high = array_count(bounds);
    ds_value v;
    for (uint32_t i = 0; i < high; i++)
        if (!array_get(elem, bounds, i, &v))
            return -1;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        array_get(elem, bounds, mid, &v);
        if (ds_value_cmp(elem, x, &v) < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

void num_bucket_array(run *r, const run_step *s)
{
    ds_type elem = s->types[0];
    ds_col x = {.v.p = RUN_ARG(r, s, 0)->v.p};
    const ds_slice *bounds = RUN_ARG(r, s, 1)->v.str;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        ds_value v = ds_col_value(&x, elem, i);
        out[i] = bounds_below(elem, bounds[i], &v);
        if (out[i] < 0)
            run_error(r, s, i, "E0704",
                      "thresholds array must not contain NULLs");
    }
}
