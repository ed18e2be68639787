/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_quantile.c - approx_percentile: a sketch of the ranks of the values.
 *
 * A level h holds values that stand for 2^h values each. A level that is full
 * (k values) is sorted, and every other value goes one level up, alternately
 * the odd and the even ones (Manku, Rajagopalan and Lindsay, 1998). One such
 * step moves a rank by at most 2^h, and there are n / (k 2^h) of them at level
 * h, so that with k = 8 * accuracy no rank is off by more than n / accuracy for
 * up to 10^9 values. Up to k values the answer is exact: percentile_disc.
 *
 * In parts, each of bounded size:  byte 0 version (1), byte 1 level, values of
 * that level as they lie in memory.
 */
#include <math.h>
#include <stdlib.h>

#include "expr/agg_kinds.h"
#include "record/value.h"

enum {
    QUANTILE_VERSION = 1,
    QUANTILE_LEVELS = 40,
    QUANTILE_HEAD = 2,
    QUANTILE_PIECE = 64 * 1024,
};

typedef struct level {
    uint8_t *values;
    uint32_t n, cap;
    bool odd;
} level;

typedef struct quantile {
    level *levels;         /* QUANTILE_LEVELS of them, or NULL */
    uint32_t at_level, at; /* while parts are asked for */
} quantile;

typedef struct wanted {
    double *p;
    bool *nulls;
    uint32_t n;
    bool null, many;
    uint32_t k;
} wanted;

/* ---- constants ---- */

static const char *accuracy_prepare(const ds_agg *agg, wanted *w)
{
    int64_t accuracy = 10000;
    if (agg->f->n_args > 2)
        accuracy = agg->direct[2]->null ? 0 : agg->direct[2]->v.i;
    if (accuracy < 1 || accuracy > 100000)
        return "the accuracy must lie between 1 and 100000";
    w->k = 8 * (uint32_t)accuracy;
    return NULL;
}

static const char *fractions_prepare(wanted *w, const tx *x, ds_arena *a)
{
    const char *why = NULL;
    w->null = x->null;
    w->n = x->null ? 0 : w->many ? array_count(x->v.s) : 1;
    w->p = ds_new(a, double, w->n + 1);
    w->nulls = ds_new(a, bool, w->n + 1);
    for (uint32_t i = 0; i < w->n && why == NULL; i++) {
        ds_value v = x->v;
        if (w->many && !array_get(DS_F64, x->v.s, i, &v)) {
            w->nulls[i] = true;
            continue;
        }
        w->p[i] = v.f;
        why = agg_fraction_check(v.f, a);
    }
    return why;
}

static const char *quantile_prepare(ds_agg *agg, ds_arena *a)
{
    wanted *w = ds_new(a, wanted, 1);
    ds_phys phys = ds_type_phys(agg->args[0]);
    if (phys == DS_PHYS_SLICE || phys == DS_PHYS_BOOL)
        return "approx_percentile takes numbers, dates, times and intervals";
    w->many = ds_type_elem(agg->direct[1]->type) != DS_NONE;
    agg->data = w;
    const char *why = fractions_prepare(w, agg->direct[1], a);
    return why ? why : accuracy_prepare(agg, w);
}

/* ---- values in ---- */

#define BY(phys_type, phys)                                                    \
    static int by_##phys(const void *x, const void *y)                         \
    {                                                                          \
        ds_value a = {.i = 0}, b = {.i = 0};                                   \
        memcpy(&a, x, ds_type_size(phys_type));                                \
        memcpy(&b, y, ds_type_size(phys_type));                                \
        return ds_value_cmp(phys_type, &a, &b);                                \
    }
BY(DS_F64, f64)
BY(DS_NUM, num)
BY(DS_IV, iv)

static int by_i64(const void *x, const void *y)
{
    int64_t a, b;
    memcpy(&a, x, sizeof(a));
    memcpy(&b, y, sizeof(b));
    return (a > b) - (a < b);
}

static int (*order_of(ds_type type))(const void *, const void *)
{
    switch (ds_type_phys(type)) {
    case DS_PHYS_F64:
        return by_f64;
    case DS_PHYS_NUM:
        return by_num;
    case DS_PHYS_IV:
        return by_iv;
    default:
        return by_i64;
    }
}

static void level_put(ds_acc *acc, quantile *q, uint32_t h, const uint8_t *v);

/* Half of a full level goes up. */
static void level_up(ds_acc *acc, quantile *q, uint32_t h)
{
    ds_type type = acc->agg->args[0];
    size_t size = ds_type_size(type);
    level *l = &q->levels[h];
    uint32_t n = l->n;
    qsort(l->values, n, size, order_of(type));
    l->n = 0;
    for (uint32_t i = l->odd; i < n; i += 2)
        level_put(acc, q, h + 1, l->values + i * size);
    l->odd = !l->odd;
}

static void level_put(ds_acc *acc, quantile *q, uint32_t h, const uint8_t *v)
{
    const wanted *w = acc->agg->data;
    size_t size = ds_type_size(acc->agg->args[0]);
    if (q->levels == NULL)
        q->levels = ds_new(acc->arena, level, QUANTILE_LEVELS);
    level *l = &q->levels[h];
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? 4 * l->cap : 8;
        cap = cap < w->k ? cap : w->k;
        uint8_t *more = ds_arena_alloc(acc->arena, cap * size, 16);
        if (l->n)
            memcpy(more, l->values, l->n * size);
        l->values = more;
        l->cap = cap;
    }
    memcpy(l->values + l->n++ * size, v, size);
    if (l->n < w->k)
        return;
    if (h + 1 < QUANTILE_LEVELS)
        level_up(acc, q, h);
    else
        l->n /= 2; /* no honest sketch comes here */
}

static void quantile_add(ds_acc *acc, const agg_rows *in)
{
    size_t size = ds_type_size(acc->agg->args[0]);
    const uint8_t *v = in->cols[0].v.p;
    AGG_EACH(in, i)
    level_put(acc, AGG_STATE(acc, quantile, in->group[i]), 0, v + i * size);
}

/* ---- parts ---- */

/* The next level that has values left. */
static bool piece_at(quantile *q)
{
    while (q->levels && q->at_level < QUANTILE_LEVELS) {
        if (q->at < q->levels[q->at_level].n)
            return true;
        q->at_level++;
        q->at = 0;
    }
    return false;
}

static ds_slice piece_next(quantile *q, size_t size, ds_arena *a)
{
    const level *l = &q->levels[q->at_level];
    DS_BUG_ON(size == 0);
    uint32_t n = l->n - q->at, most = (uint32_t)(QUANTILE_PIECE / size);
    n = n < most ? n : most;
    uint8_t *to = ds_arena_alloc(a, QUANTILE_HEAD + n * size, 1);
    to[0] = QUANTILE_VERSION;
    to[1] = (uint8_t)q->at_level;
    memcpy(to + QUANTILE_HEAD, l->values + q->at * size, n * size);
    q->at += n;
    return (ds_slice){to, (uint32_t)(QUANTILE_HEAD + n * size)};
}

static void quantile_pieces(const ds_acc *acc, const uint32_t *groups,
                            uint32_t n, ds_arena *a, ds_col *cols, bool *more)
{
    size_t size = ds_type_size(acc->agg->args[0]);
    agg_out out = agg_out_new(DS_BYTES, n, a);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t g = groups ? groups[k] : k;
        if (g >= acc->n)
            continue;
        quantile *q = AGG_STATE(acc, quantile, g);
        if (groups == NULL)
            q->at_level = q->at = 0;
        if (!piece_at(q))
            continue;
        ds_slice piece = piece_next(q, size, a);
        agg_out_set(&out, k, &piece);
        more[k] = more[k] || piece_at(q);
    }
    cols[0] = agg_out_done(&out);
}

static bool value_valid(ds_type type, const uint8_t *p)
{
    ds_value v = {.i = 0};
    memcpy(&v, p, ds_type_size(type));
    return ds_fixed_valid(type, &v);
}

static bool quantile_merge_part(ds_acc *acc, quantile *q, ds_slice part)
{
    ds_type type = acc->agg->args[0];
    size_t size = ds_type_size(type);
    DS_BUG_ON(size == 0);
    if (part.len < QUANTILE_HEAD || part.ptr[0] != QUANTILE_VERSION ||
        part.ptr[1] >= QUANTILE_LEVELS ||
        (part.len - QUANTILE_HEAD) % size != 0)
        return false;
    for (size_t at = QUANTILE_HEAD; at < part.len; at += size) {
        if (!value_valid(type, part.ptr + at))
            return false;
        level_put(acc, q, part.ptr[1], part.ptr + at);
    }
    return true;
}

static void quantile_merge(ds_acc *acc, const agg_rows *in)
{
    AGG_EACH(in, i)
    if (!quantile_merge_part(acc, AGG_STATE(acc, quantile, in->group[i]),
                             in->cols[0].v.str[i]))
        agg_bad_part(in, i);
}

/* ---- results ---- */

typedef struct weighed {
    ds_value v; /* first: it is sorted by */
    uint64_t weight;
} weighed;

static weighed *quantile_sorted(const quantile *q, ds_type type, ds_arena *a,
                                uint32_t *n, uint64_t *total)
{
    size_t size = ds_type_size(type);
    uint32_t count = 0;
    *n = 0;
    *total = 0;
    for (uint32_t h = 0; h < QUANTILE_LEVELS; h++)
        count += q->levels[h].n;
    weighed *list = ds_new(a, weighed, count + 1);
    for (uint32_t h = 0; h < QUANTILE_LEVELS; h++)
        for (uint32_t i = 0; i < q->levels[h].n; i++) {
            memcpy(&list[*n].v, q->levels[h].values + i * size, size);
            list[(*n)++].weight = UINT64_C(1) << h;
            *total += UINT64_C(1) << h;
        }
    qsort(list, *n, sizeof(*list), order_of(type));
    return list;
}

static ds_value rank_at(const weighed *list, uint32_t n, uint64_t total,
                        double p)
{
    double rank = ceil(p * (double)total), before = 0;
    for (uint32_t i = 0; i + 1 < n; i++) {
        before += (double)list[i].weight;
        if (before >= rank)
            return list[i].v;
    }
    return list[n - 1].v;
}

static void quantile_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                            ds_col *col)
{
    const wanted *w = acc->agg->data;
    ds_type type = acc->agg->args[0];
    ds_value *values = ds_new(ev->arena, ds_value, w->n + 1);
    agg_out out = agg_out_new(acc->agg->out, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const quantile *q = AGG_STATE(acc, quantile, g);
        uint32_t count;
        uint64_t total;
        if (q->levels == NULL || w->null)
            continue;
        const weighed *list =
            quantile_sorted(q, type, ev->arena, &count, &total);
        for (uint32_t i = 0; i < w->n && count; i++)
            if (!w->nulls[i])
                values[i] = rank_at(list, count, total, w->p[i]);
        if (w->many)
            values[0].s = array_make(type, values, w->nulls, w->n, ev->arena);
        if (count)
            agg_out_set(&out, g, &values[0]);
    }
    *col = agg_out_done(&out);
}

const agg_type agg_quantile = {
    .size = sizeof(quantile),
    .flags = AGG_ANY_ORDER,
    .n_cols = 1,
    .parts = {DS_BYTES},
    .prepare = quantile_prepare,
    .add = quantile_add,
    .merge = quantile_merge,
    .pieces = quantile_pieces,
    .result = quantile_result,
};
