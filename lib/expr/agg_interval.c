/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_interval.c - sums and means of intervals.
 *
 * Months, days and microseconds are added up apart, in more bits than they
 * have: only a result that does not fit is an error.
 */
#include "expr/agg_kinds.h"
#include "record/datetime.h"

typedef struct iv_sum {
    numeric_int us;
    int64_t days, months, n;
} iv_sum;

static void add(ds_acc *acc, const agg_rows *in)
{
    const ds_interval *v = in->cols[0].v.iv;
    AGG_EACH(in, i)
    {
        iv_sum *s = AGG_STATE(acc, iv_sum, in->group[i]);
        s->us += v[i].us;
        s->days += v[i].days;
        s->months += v[i].months;
        s->n++;
    }
}

/* Parts: count, months, days, both halves of the microseconds. */
static void split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    agg_out out[5];
    for (uint32_t k = 0; k < 5; k++)
        out[k] = agg_out_new(DS_I64, n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const iv_sum *s = AGG_STATE(acc, iv_sum, g);
        const int64_t v[5] = {s->n, s->months, s->days,
                              (int64_t)(uint64_t)s->us, (int64_t)(s->us >> 64)};
        for (uint32_t k = 0; k < 5 && s->n; k++)
            agg_out_set(&out[k], g, &v[k]);
    }
    for (uint32_t k = 0; k < 5; k++)
        cols[k] = agg_out_done(&out[k]);
}

static void merge(ds_acc *acc, const agg_rows *in)
{
    AGG_EACH(in, i)
    {
        iv_sum *s = AGG_STATE(acc, iv_sum, in->group[i]);
        int64_t v[5];
        for (uint32_t k = 0; k < 5; k++)
            v[k] = ds_col_is_null(&in->cols[k], i) ? 0 : in->cols[k].v.i64[i];
        s->n = agg_count_add(s->n, v[0]);
        s->months = agg_count_add(s->months, v[1]);
        s->days = agg_count_add(s->days, v[2]);
        s->us = (numeric_int)((numeric_uint)s->us +
                              ((numeric_uint)(uint64_t)v[4] << 64 |
                               (uint64_t)v[3]));
    }
}

static bool total(const iv_sum *s, ds_interval *out)
{
    *out = (ds_interval){(ds_time)s->us, (int32_t)s->days, (int32_t)s->months};
    return out->us == s->us && out->days == s->days && out->months == s->months;
}

static void results(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                    ds_col *col, bool mean)
{
    agg_out out = agg_out_new(DS_IV, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const iv_sum *s = AGG_STATE(acc, iv_sum, g);
        ds_interval v;
        if (s->n <= 0)
            continue;
        bool fits = total(s, &v);
        if (fits && mean)
            fits = interval_divide(&v, (double)s->n, &v);
        if (!fits)
            agg_error(ev, n, g, "E0701", "interval out of range");
        agg_out_set(&out, g, &v);
    }
    *col = agg_out_done(&out);
}

static void sum_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                       ds_col *out)
{
    results(acc, n, ev, out, false);
}

static void avg_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                       ds_col *out)
{
    results(acc, n, ev, out, true);
}

#define IV_SUM(name, of)                                                       \
    const agg_type name = {                                                    \
        .size = sizeof(iv_sum),                                                \
        .flags = AGG_ANY_ORDER,                                                \
        .parts = {DS_I64, DS_I64, DS_I64, DS_I64, DS_I64},                     \
        .add = add,                                                            \
        .merge = merge,                                                        \
        .split = split,                                                        \
        .result = (of),                                                        \
    };
IV_SUM(agg_sum_interval, sum_result)
IV_SUM(agg_avg_interval, avg_result)
