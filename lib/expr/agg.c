/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg.c - aggregates over groups of rows.
 *
 * A sum of bigints is kept in 128 bits: only a result that does not fit is an
 * error, as a sum in another order or in parts would be the same.
 */
#include <math.h>

#include "expr/exprs.h"

__extension__ typedef __int128 wide;

/* What a group has, by kind: count (its rows that are not NULL) and a sum or a
 * value. */
struct ds_acc {
    const ds_agg *agg;
    ds_arena *arena;
    uint32_t n, cap;
    int64_t *count;
    wide *sum_i64;
    double *sum_f64;
    ds_value *value;
    bool infinite; /* an argument was: a sum may be */
};

ds_type ds_agg_type(const ds_agg *agg)
{
    return agg->out;
}

uint32_t ds_agg_partial(const ds_agg *agg, ds_type types[3])
{
    types[0] = types[1] = types[2] = DS_I64;
    switch (agg->kind) {
    case AGG_COUNT:
    case AGG_COUNT_STAR:
        return 1;
    case AGG_SUM:
    case AGG_AVG:
        if (agg->in == DS_I64)
            return 3; /* count, low half, high half */
        types[1] = DS_F64;
        return 2; /* count, sum */
    default:
        types[0] = agg->in;
        return 1;
    }
}

ds_acc *ds_acc_new(const ds_agg *agg, ds_arena *a)
{
    ds_acc *acc = ds_new(a, ds_acc, 1);
    acc->agg = agg;
    acc->arena = a;
    return acc;
}

static bool is_sum(const ds_acc *acc)
{
    return acc->agg->kind == AGG_SUM || acc->agg->kind == AGG_AVG;
}

static bool is_count(const ds_acc *acc)
{
    return acc->agg->kind <= AGG_COUNT;
}

static void *acc_more(const ds_acc *acc, const void *old, size_t size,
                      uint32_t cap)
{
    void *p = ds_arena_alloc(acc->arena, size * cap, 16);
    if (acc->n)
        memcpy(p, old, size * acc->n);
    return p;
}

static void acc_grow(ds_acc *acc, uint32_t n)
{
    if (n > acc->cap) {
        uint32_t cap = n < 8 ? 16 : 2 * n;
        acc->count = acc_more(acc, acc->count, sizeof(int64_t), cap);
        if (is_sum(acc) && acc->agg->in == DS_I64)
            acc->sum_i64 = acc_more(acc, acc->sum_i64, sizeof(wide), cap);
        else if (is_sum(acc))
            acc->sum_f64 = acc_more(acc, acc->sum_f64, sizeof(double), cap);
        else if (!is_count(acc))
            acc->value = acc_more(acc, acc->value, sizeof(ds_value), cap);
        acc->cap = cap;
    }
    if (n > acc->n)
        acc->n = n;
}

/* ---- one more value ---- */

static int value_cmp(ds_type type, ds_value a, ds_value b)
{
    switch (type) {
    case DS_F64:
        if (isnan(a.f) || isnan(b.f))
            return (isnan(a.f) ? 1 : 0) - (isnan(b.f) ? 1 : 0);
        return (a.f > b.f) - (a.f < b.f);
    case DS_STR:
        return ds_slice_cmp(a.s, b.s);
    default:
        return (a.i > b.i) - (a.i < b.i);
    }
}

static ds_value value_at(ds_type type, const ds_col *c, uint32_t i)
{
    ds_value v = {.i = 0};
    if (type == DS_STR)
        v.s = c->v.str[i];
    else
        v.i = c->v.i64[i]; /* the bits of a double too */
    return v;
}

static void acc_value(ds_acc *acc, uint32_t g, ds_value v, bool copy)
{
    ds_type type = acc->agg->in;
    if (acc->count[g]++ > 0) {
        int c = value_cmp(type, v, acc->value[g]);
        if (acc->agg->kind == AGG_MIN ? c >= 0 : c <= 0)
            return;
    }
    if (type == DS_STR && copy)
        v.s = ds_slice_copy(acc->arena, v.s);
    acc->value[g] = v;
}

static void add_sums(ds_acc *acc, const ds_batch *rows, const ds_col *c,
                     const uint32_t *group, const uint64_t *bad)
{
    bool i64 = acc->agg->in == DS_I64;
    DS_EACH (rows, i) {
        if (ds_col_is_null(c, i) || (bad && ds_bit_get(bad, i)))
            continue;
        uint32_t g = group[i];
        acc->count[g]++;
        if (i64)
            acc->sum_i64[g] += c->v.i64[i];
        else
            acc->sum_f64[g] += c->v.f64[i];
        if (!i64 && isinf(c->v.f64[i]))
            acc->infinite = true;
    }
}

ds_rc ds_acc_add(ds_acc *acc, const ds_batch *rows, const uint32_t *group,
                 uint32_t n_groups, const ds_eval *ev, ds_err *err)
{
    acc_grow(acc, n_groups);
    if (acc->agg->prog == NULL) {
        DS_EACH (rows, i)
            acc->count[group[i]]++;
        return DS_OK;
    }
    ds_col c;
    DS_TRY(ds_exprs_eval(acc->agg->prog, rows, ev, &c, err));
    const uint64_t *bad = ev->errs->bad;
    if (is_sum(acc)) {
        add_sums(acc, rows, &c, group, bad);
        return DS_OK;
    }
    DS_EACH (rows, i) {
        if (ds_col_is_null(&c, i) || (bad && ds_bit_get(bad, i)))
            continue;
        if (is_count(acc))
            acc->count[group[i]]++;
        else
            acc_value(acc, group[i], value_at(acc->agg->in, &c, i),
                      acc->arena != ev->arena);
    }
    return DS_OK;
}

/* ---- partial results ---- */

static void acc_merge_f64(ds_acc *acc, uint32_t g, double v)
{
    acc->sum_f64[g] += v;
    acc->infinite = acc->infinite || isinf(v);
}

ds_rc ds_acc_merge(ds_acc *acc, const ds_batch *rows, const ds_col *cols,
                   const uint32_t *group, uint32_t n_groups, ds_err *err)
{
    (void)err;
    acc_grow(acc, n_groups);
    DS_EACH (rows, i) {
        uint32_t g = group[i];
        if (ds_col_is_null(&cols[0], i))
            continue;
        if (is_count(acc)) {
            acc->count[g] += cols[0].v.i64[i];
        } else if (!is_sum(acc)) {
            acc_value(acc, g, value_at(acc->agg->in, &cols[0], i),
                      acc->arena != rows->arena);
        } else {
            if (ds_col_is_null(&cols[1], i))
                continue;
            acc->count[g] += cols[0].v.i64[i];
            if (acc->agg->in == DS_F64)
                acc_merge_f64(acc, g, cols[1].v.f64[i]);
            else if (!ds_col_is_null(&cols[2], i))
                acc->sum_i64[g] += (wide)cols[2].v.i64[i] * ((wide)1 << 64) +
                                   (wide)(uint64_t)cols[1].v.i64[i];
        }
    }
    return DS_OK;
}

static ds_col acc_values(const ds_acc *acc, uint32_t n, ds_arena *a)
{
    ds_type type = acc->agg->in;
    size_t size = ds_type_size(type);
    uint8_t *values = ds_arena_alloc(a, size * n + 1, 16);
    uint64_t *valid = ds_bits_new(a, n, true);
    for (uint32_t g = 0; g < n; g++) {
        if (g < acc->n && acc->count[g])
            memcpy(values + g * size, &acc->value[g], size);
        else
            ds_bit_clear(valid, g);
    }
    return (ds_col){.valid = valid, .v.p = values};
}

static ds_col acc_counts(const ds_acc *acc, uint32_t n, ds_arena *a)
{
    int64_t *values = ds_new(a, int64_t, n + 1);
    if (n && acc->n)
        memcpy(values, acc->count, sizeof *values * (n < acc->n ? n : acc->n));
    return (ds_col){.v.i64 = values};
}

void ds_acc_partial(const ds_acc *acc, uint32_t n_groups, ds_arena *a,
                    ds_col *cols)
{
    if (!is_sum(acc) && !is_count(acc)) {
        cols[0] = acc_values(acc, n_groups, a);
        return;
    }
    cols[0] = acc_counts(acc, n_groups, a);
    if (is_count(acc))
        return;
    uint32_t n = n_groups < acc->n ? n_groups : acc->n;
    if (acc->agg->in == DS_F64) {
        double *sums = ds_new(a, double, n_groups + 1);
        for (uint32_t g = 0; g < n; g++)
            sums[g] = acc->sum_f64[g];
        cols[1] = (ds_col){.v.f64 = sums};
        return;
    }
    int64_t *low = ds_new(a, int64_t, n_groups + 1);
    int64_t *high = ds_new(a, int64_t, n_groups + 1);
    for (uint32_t g = 0; g < n; g++) {
        low[g] = (int64_t)(uint64_t)acc->sum_i64[g];
        high[g] = (int64_t)(acc->sum_i64[g] >> 64);
    }
    cols[1] = (ds_col){.v.i64 = low};
    cols[2] = (ds_col){.v.i64 = high};
}

/* ---- results ---- */

static void acc_error(const ds_eval *ev, uint32_t n, uint32_t g,
                      const char *msg)
{
    ds_row_errors_add(ev->errs, ev->arena, n, g, "E0701", 0, msg);
}

static void sum_result(const ds_acc *acc, uint32_t g, uint32_t n,
                       const ds_eval *ev, ds_value *out)
{
    if (acc->agg->in == DS_I64) {
        wide w = acc->sum_i64[g];
        out->i = (int64_t)w;
        if (w > INT64_MAX || w < INT64_MIN)
            acc_error(ev, n, g, "bigint out of range");
    } else {
        out->f = acc->sum_f64[g];
        if (isinf(out->f) && !acc->infinite)
            acc_error(ev, n, g, "value out of range: overflow");
    }
}

static void avg_result(const ds_acc *acc, uint32_t g, ds_value *out)
{
    double sum =
        acc->agg->in == DS_I64 ? (double)acc->sum_i64[g] : acc->sum_f64[g];
    out->f = sum / (double)acc->count[g];
}

void ds_acc_result(const ds_acc *acc, uint32_t n_groups, const ds_eval *ev,
                   ds_col *out)
{
    ds_arena *a = ev->arena;
    if (is_count(acc)) {
        *out = acc_counts(acc, n_groups, a);
        return;
    }
    if (!is_sum(acc)) {
        *out = acc_values(acc, n_groups, a);
        return;
    }
    int64_t *values = ds_new(a, int64_t, n_groups + 1);
    uint64_t *valid = ds_bits_new(a, n_groups, true);
    bool nulls = false;
    for (uint32_t g = 0; g < n_groups; g++) {
        ds_value v = {.i = 0};
        if (g >= acc->n || acc->count[g] == 0) {
            ds_bit_clear(valid, g);
            nulls = true;
            continue;
        }
        if (acc->agg->kind == AGG_SUM)
            sum_result(acc, g, n_groups, ev, &v);
        else
            avg_result(acc, g, &v);
        values[g] = v.i;
    }
    *out = (ds_col){.valid = nulls ? valid : NULL, .v.i64 = values};
}
