/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_regr.c - statistics of pairs (Y, X): corr, covar_*, regr_*.
 *
 * Sums of squares and of products of the differences from the means, kept as
 * in agg_float.c.
 */
#include <math.h>

#include "expr/agg_kinds.h"

typedef struct pairs {
    double n, sx, sxx, sy, syy, sxy;
    bool over;
} pairs;

static bool is_finite(double v)
{
    return !isnan(v) && !isinf(v);
}

/* A sum of squares that became infinite: an error unless one of the values, or
 * a value before, was. */
static void pairs_check(pairs *p, const pairs *old, double x, double y)
{
    bool x_was = isinf(old->sx) || isinf(x), y_was = isinf(old->sy) || isinf(y);
    if (((isinf(p->sx) || isinf(p->sxx)) && !x_was) ||
        ((isinf(p->sy) || isinf(p->syy)) && !y_was) ||
        (isinf(p->sxy) && !x_was && !y_was))
        p->over = true;
    p->sxx = isinf(p->sxx) ? (double)NAN : p->sxx;
    p->syy = isinf(p->syy) ? (double)NAN : p->syy;
    p->sxy = isinf(p->sxy) ? (double)NAN : p->sxy;
}

static void pairs_add(pairs *p, double y, double x)
{
    pairs old = *p;
    p->n += 1;
    p->sx += x;
    p->sy += y;
    if (old.n > 0) {
        double dx = x * p->n - p->sx, dy = y * p->n - p->sy;
        double scale = 1.0 / (p->n * old.n);
        p->sxx += dx * dx * scale;
        p->syy += dy * dy * scale;
        p->sxy += dx * dy * scale;
        if (isinf(p->sx) || isinf(p->sxx) || isinf(p->sy) || isinf(p->syy) ||
            isinf(p->sxy))
            pairs_check(p, &old, x, y);
    } else {
        if (!is_finite(x))
            p->sxx = p->sxy = (double)NAN;
        if (!is_finite(y))
            p->syy = p->sxy = (double)NAN;
    }
}

static void add(ds_acc *acc, const agg_rows *in)
{
    const double *y = in->cols[0].v.f64, *x = in->cols[1].v.f64;
    AGG_EACH(in, i)
    pairs_add(AGG_STATE(acc, pairs, in->group[i]), y[i], x[i]);
}

static void pairs_merge(pairs *p, const pairs *part)
{
    pairs old = *p;
    if (p->n == 0) {
        *p = *part;
        return;
    }
    if (part->n == 0)
        return;
    double dx = p->sx / p->n - part->sx / part->n;
    double dy = p->sy / p->n - part->sy / part->n;
    double n = p->n + part->n, weight = p->n * part->n;
    p->sxx += part->sxx + weight * dx * dx / n;
    p->syy += part->syy + weight * dy * dy / n;
    p->sxy += part->sxy + weight * dx * dy / n;
    p->sx += part->sx;
    p->sy += part->sy;
    p->n = n;
    p->over = p->over || part->over;
    pairs_check(p, &old, part->sx, part->sy);
}

/* Parts: the six sums. That one overflowed is said by a negative count. */
static void merge(ds_acc *acc, const agg_rows *in)
{
    AGG_EACH(in, i)
    {
        double v[6];
        for (uint32_t k = 0; k < 6; k++)
            v[k] = ds_col_is_null(&in->cols[k], i) ? 0 : in->cols[k].v.f64[i];
        pairs part = {fabs(v[0]), v[1], v[2], v[3], v[4], v[5], v[0] < 0};
        pairs_merge(AGG_STATE(acc, pairs, in->group[i]), &part);
    }
}

static void split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    agg_out out[6];
    for (uint32_t k = 0; k < 6; k++)
        out[k] = agg_out_new(DS_F64, n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const pairs *p = AGG_STATE(acc, pairs, g);
        const double v[6] = {
            p->over ? -p->n : p->n, p->sx, p->sxx, p->sy, p->syy, p->sxy};
        for (uint32_t k = 0; k < 6 && p->n > 0; k++)
            agg_out_set(&out[k], g, &v[k]);
    }
    for (uint32_t k = 0; k < 6; k++)
        cols[k] = agg_out_done(&out[k]);
}

/* ---- results: false for NULL ---- */

static bool corr_of(const pairs *p, double *v)
{
    *v = p->sxy / sqrt(p->sxx * p->syy);
    return p->sxx != 0 && p->syy != 0;
}

static bool covar_pop_of(const pairs *p, double *v)
{
    *v = p->sxy / p->n;
    return true;
}

static bool covar_samp_of(const pairs *p, double *v)
{
    *v = p->sxy / (p->n - 1);
    return p->n >= 2;
}

static bool regr_avgx_of(const pairs *p, double *v)
{
    *v = p->sx / p->n;
    return true;
}

static bool regr_avgy_of(const pairs *p, double *v)
{
    *v = p->sy / p->n;
    return true;
}

static bool regr_intercept_of(const pairs *p, double *v)
{
    *v = (p->sy - p->sx * p->sxy / p->sxx) / p->n;
    return p->sxx != 0;
}

static bool regr_r2_of(const pairs *p, double *v)
{
    *v = p->syy == 0 ? 1 : (p->sxy * p->sxy) / (p->sxx * p->syy);
    return p->sxx != 0;
}

static bool regr_slope_of(const pairs *p, double *v)
{
    *v = p->sxy / p->sxx;
    return p->sxx != 0;
}

static bool regr_sxx_of(const pairs *p, double *v)
{
    *v = p->sxx;
    return true;
}

static bool regr_sxy_of(const pairs *p, double *v)
{
    *v = p->sxy;
    return true;
}

static bool regr_syy_of(const pairs *p, double *v)
{
    *v = p->syy;
    return true;
}

static void pairs_results(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                          ds_col *col, bool (*of)(const pairs *p, double *v))
{
    agg_out out = agg_out_new(DS_F64, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const pairs *p = AGG_STATE(acc, pairs, g);
        double v;
        if (p->over)
            agg_error(ev, n, g, "E0701", "value out of range: overflow");
        if (p->n > 0 && of(p, &v))
            agg_out_set(&out, g, &v);
    }
    *col = agg_out_done(&out);
}

#define PAIRS(kind)                                                            \
    static void kind##_result(const ds_acc *acc, uint32_t n,                   \
                              const ds_eval *ev, ds_col *col)                  \
    {                                                                          \
        pairs_results(acc, n, ev, col, kind##_of);                             \
    }                                                                          \
    const agg_type agg_##kind = {                                              \
        .size = sizeof(pairs),                                                 \
        .parts = {DS_F64, DS_F64, DS_F64, DS_F64, DS_F64, DS_F64},             \
        .add = add,                                                            \
        .merge = merge,                                                        \
        .split = split,                                                        \
        .result = kind##_result,                                               \
    };
PAIRS(corr)
PAIRS(covar_pop)
PAIRS(covar_samp)
PAIRS(regr_avgx)
PAIRS(regr_avgy)
PAIRS(regr_intercept)
PAIRS(regr_r2)
PAIRS(regr_slope)
PAIRS(regr_sxx)
PAIRS(regr_sxy)
PAIRS(regr_syy)
