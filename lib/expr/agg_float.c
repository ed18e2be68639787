/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_float.c - sums, means and variances of real and double precision.
 *
 * Variances by the algorithm of Youngs and Cramer, as PostgreSQL does it: with
 * the same rows in the same order the results are the same to the last bit.
 * Sums that pass the largest double are an error, unless an infinity was among
 * the values. PostgreSQL's avg() keeps the sum of squares too and fails when
 * that overflows; it can only do so if a value is huge, and is kept from then
 * on.
 */
#include <float.h>
#include <math.h>

#include "expr/agg_kinds.h"

/* ---- sum ---- */

typedef struct float_sum {
    double sum;
    bool some, over;
} float_sum;

static void float_plus(float_sum *s, double v, bool narrow)
{
    double sum = s->some ? s->sum + v : v;
    sum = narrow ? (double)(float)sum : sum;
    if (isinf(sum) && !isinf(v) && !isinf(s->sum))
        s->over = true;
    s->sum = sum;
    s->some = true;
}

static void sum_add_f64(ds_acc *acc, const agg_rows *in)
{
    float_sum *state = acc->state;
    const double *v = in->cols[0].v.f64;
    AGG_EACH(in, i)
    float_plus(&state[in->group[i]], v[i], false);
}

static void sum_add_f32(ds_acc *acc, const agg_rows *in)
{
    float_sum *state = acc->state;
    const double *v = in->cols[0].v.f64;
    AGG_EACH(in, i)
    float_plus(&state[in->group[i]], v[i], true);
}

/* Parts: the sum; true if it overflowed. */
static void sum_split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    agg_out sum = agg_out_new(DS_F64, n, a), over = agg_out_new(DS_BOOL, n, a);
    const uint8_t yes = 1;
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const float_sum *s = AGG_STATE(acc, float_sum, g);
        if (s->some)
            agg_out_set(&sum, g, &s->sum);
        if (s->over)
            agg_out_set(&over, g, &yes);
    }
    cols[0] = agg_out_done(&sum);
    cols[1] = agg_out_done(&over);
}

static void sum_merge(ds_acc *acc, const agg_rows *in)
{
    bool narrow = acc->agg->out == DS_F32;
    AGG_EACH(in, i)
    {
        float_sum *s = AGG_STATE(acc, float_sum, in->group[i]);
        float_plus(s, in->cols[0].v.f64[i], narrow);
        s->over = s->over || !ds_col_is_null(&in->cols[1], i);
    }
}

static void over_error(const ds_eval *ev, uint32_t n, uint32_t g)
{
    agg_error(ev, n, g, "E0701", "value out of range: overflow");
}

static void sum_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                       ds_col *col)
{
    agg_out out = agg_out_new(DS_F64, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const float_sum *s = AGG_STATE(acc, float_sum, g);
        if (s->over)
            over_error(ev, n, g);
        if (s->some)
            agg_out_set(&out, g, &s->sum);
    }
    *col = agg_out_done(&out);
}

#define FLOAT_SUM(name, with)                                                  \
    const agg_type name = {                                                    \
        .size = sizeof(float_sum),                                             \
        .parts = {DS_F64, DS_BOOL},                                            \
        .add = (with),                                                         \
        .merge = sum_merge,                                                    \
        .split = sum_split,                                                    \
        .result = sum_result,                                                  \
    };
FLOAT_SUM(agg_sum_f32, sum_add_f32)
FLOAT_SUM(agg_sum_f64, sum_add_f64)

/* ---- mean and variance ---- */

/* Count, sum, sum of the squares of differences from the mean. */
typedef struct moments {
    double n, sum, squares;
    bool over;
} moments;

/* squares or the sum passed the largest double. */
static void moments_over(moments *m, double sum, double v)
{
    if (!isinf(sum) && !isinf(v))
        m->over = true;
    m->squares = (double)NAN;
}

static void moments_add(moments *m, double v)
{
    double old_sum = m->sum, old_n = m->n;
    m->n += 1;
    m->sum += v;
    if (old_n > 0) {
        double t = v * m->n - m->sum;
        m->squares += t * t / (m->n * old_n);
        if (isinf(m->sum) || isinf(m->squares))
            moments_over(m, old_sum, v);
    } else if (isnan(v) || isinf(v)) {
        m->squares = (double)NAN;
    }
}

static void var_add(ds_acc *acc, const agg_rows *in)
{
    moments *state = acc->state;
    const double *v = in->cols[0].v.f64;
    AGG_EACH(in, i)
    moments_add(&state[in->group[i]], v[i]);
}

static void moments_merge(moments *m, const moments *part)
{
    if (m->n == 0) {
        *m = *part;
    } else if (part->n != 0) {
        double n = m->n + part->n, sum = m->sum + part->sum;
        double t = m->sum / m->n - part->sum / part->n;
        double squares =
            m->squares + part->squares + m->n * part->n * t * t / n;
        m->over = m->over || part->over ||
                  ((isinf(squares) || isinf(sum)) && !isinf(m->sum) &&
                   !isinf(part->sum));
        m->squares = isinf(squares) ? (double)NAN : squares;
        m->n = n;
        m->sum = sum;
    }
}

/* Parts: the three, and true if one overflowed. */
static moments moments_part(const agg_rows *in, uint32_t row)
{
    const ds_col *c = in->cols;
    return (moments){.n = c[0].v.f64[row],
                     .sum = ds_col_is_null(&c[1], row) ? 0 : c[1].v.f64[row],
                     .squares =
                         ds_col_is_null(&c[2], row) ? 0 : c[2].v.f64[row],
                     .over = !ds_col_is_null(&c[3], row)};
}

typedef struct moments_out {
    agg_out n, sum, squares, over;
} moments_out;

static moments_out moments_out_new(uint32_t n, ds_arena *a)
{
    return (moments_out){agg_out_new(DS_F64, n, a), agg_out_new(DS_F64, n, a),
                         agg_out_new(DS_F64, n, a), agg_out_new(DS_BOOL, n, a)};
}

static void moments_out_set(moments_out *out, uint32_t g, const moments *m)
{
    const uint8_t yes = 1;
    if (m->n == 0)
        return;
    agg_out_set(&out->n, g, &m->n);
    agg_out_set(&out->sum, g, &m->sum);
    if (m->squares != 0)
        agg_out_set(&out->squares, g, &m->squares);
    if (m->over)
        agg_out_set(&out->over, g, &yes);
}

static void moments_out_done(const moments_out *out, ds_col *cols)
{
    cols[0] = agg_out_done(&out->n);
    cols[1] = agg_out_done(&out->sum);
    cols[2] = agg_out_done(&out->squares);
    cols[3] = agg_out_done(&out->over);
}

static void var_merge(ds_acc *acc, const agg_rows *in)
{
    AGG_EACH(in, i)
    {
        moments part = moments_part(in, i);
        moments_merge(AGG_STATE(acc, moments, in->group[i]), &part);
    }
}

static void var_split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    moments_out out = moments_out_new(n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++)
        moments_out_set(&out, g, AGG_STATE(acc, moments, g));
    moments_out_done(&out, cols);
}

static double var_pop_of(const moments *m)
{
    return m->squares / m->n;
}

static double var_samp_of(const moments *m)
{
    return m->squares / (m->n - 1);
}

static double stddev_pop_of(const moments *m)
{
    return sqrt(m->squares / m->n);
}

static double stddev_samp_of(const moments *m)
{
    return sqrt(m->squares / (m->n - 1));
}

/* NULL over fewer than `least` values. */
static void moments_results(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                            ds_col *col, double least,
                            double (*of)(const moments *m))
{
    agg_out out = agg_out_new(DS_F64, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const moments *m = AGG_STATE(acc, moments, g);
        if (m->over)
            over_error(ev, n, g);
        if (!(m->n >= least))
            continue;
        double v = of(m);
        agg_out_set(&out, g, &v);
    }
    *col = agg_out_done(&out);
}

#define MOMENTS(kind, with, least)                                             \
    static void kind##_result(const ds_acc *acc, uint32_t n,                   \
                              const ds_eval *ev, ds_col *col)                  \
    {                                                                          \
        moments_results(acc, n, ev, col, least, kind##_of);                    \
    }                                                                          \
    const agg_type agg_##kind##_f64 = {                                        \
        .size = sizeof(moments),                                               \
        .parts = {DS_F64, DS_F64, DS_F64, DS_BOOL},                            \
        .add = (with),                                                         \
        .merge = var_merge,                                                    \
        .split = var_split,                                                    \
        .result = kind##_result,                                               \
    };
MOMENTS(var_pop, var_add, 1)
MOMENTS(var_samp, var_add, 2)
MOMENTS(stddev_pop, var_add, 1)
MOMENTS(stddev_samp, var_add, 2)

/* ---- avg ---- */

/* Squares of what is smaller do not overflow, nor do they matter next to the
 * squares of what is larger: they are not kept until something is huge. */
static const double HUGE_FROM = 1e140;

typedef struct mean {
    double n; /* below 0: `all` */
    union {
        double sum;
        moments *all;
    } v;
} mean;

static moments *mean_all(ds_acc *acc, mean *m)
{
    if (m->n >= 0) {
        moments *all = ds_new(acc->arena, moments, 1);
        *all = (moments){.n = m->n, .sum = m->v.sum};
        *m = (mean){-1, {.all = all}};
    }
    return m->v.all;
}

static moments mean_moments(const mean *m)
{
    return m->n < 0 ? *m->v.all : (moments){.n = m->n, .sum = m->v.sum};
}

static void mean_add(ds_acc *acc, const agg_rows *in)
{
    mean *state = acc->state;
    const double *v = in->cols[0].v.f64;
    AGG_EACH(in, i)
    {
        mean *m = &state[in->group[i]];
        if (m->n >= 0 && fabs(v[i]) < HUGE_FROM && fabs(m->v.sum) < HUGE_FROM) {
            m->v.sum = m->n > 0 ? m->v.sum + v[i] : v[i];
            m->n += 1;
        } else {
            moments_add(mean_all(acc, m), v[i]);
        }
    }
}

static void mean_merge(ds_acc *acc, const agg_rows *in)
{
    AGG_EACH(in, i)
    {
        mean *m = AGG_STATE(acc, mean, in->group[i]);
        moments part = moments_part(in, i);
        if (m->n >= 0 && part.squares == 0 && !part.over && part.n > 0 &&
            fabs(part.sum) < HUGE_FROM && fabs(m->v.sum) < HUGE_FROM) {
            m->v.sum = m->n > 0 ? m->v.sum + part.sum : part.sum;
            m->n += part.n;
        } else {
            moments_merge(mean_all(acc, m), &part);
        }
    }
}

static void mean_split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    moments_out out = moments_out_new(n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        moments m = mean_moments(AGG_STATE(acc, mean, g));
        moments_out_set(&out, g, &m);
    }
    moments_out_done(&out, cols);
}

static void mean_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                        ds_col *col)
{
    agg_out out = agg_out_new(DS_F64, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        moments m = mean_moments(AGG_STATE(acc, mean, g));
        double v = m.sum / m.n;
        if (m.over)
            over_error(ev, n, g);
        if (m.n > 0)
            agg_out_set(&out, g, &v);
    }
    *col = agg_out_done(&out);
}

const agg_type agg_avg_f64 = {
    .size = sizeof(mean),
    .parts = {DS_F64, DS_F64, DS_F64, DS_BOOL},
    .add = mean_add,
    .merge = mean_merge,
    .split = mean_split,
    .result = mean_result,
};
