/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_pick.c - aggregates that give one of the values: min, max, first, last,
 * any_value, min_by, max_by.
 *
 * Of equal values that look different (0 and -0, 1.0 and 1.00) min and max give
 * the last one, as PostgreSQL does; min_by and max_by give the value of the
 * first row. first and last mean the order in which rows came: within a source
 * partition that of its offsets.
 */
#include <math.h>

#include "expr/agg_kinds.h"

/* ---- min and max of numbers that lie in 8 bytes ---- */

typedef struct pick_i64 {
    int64_t v;
    bool some;
} pick_i64;

typedef struct pick_f64 {
    double v;
    bool some;
} pick_f64;

/* NaN is above everything. */
static inline bool not_above(double a, double b)
{
    return a <= b || isnan(b);
}

#define PICK_NUMBER(kind, phys, ctype, type, better)                           \
    static void kind##_##phys##_add(ds_acc *acc, const agg_rows *in)           \
    {                                                                          \
        pick_##phys *state = acc->state;                                       \
        const ctype *v = in->cols[0].v.phys;                                   \
        AGG_EACH(in, i)                                                        \
        {                                                                      \
            pick_##phys *s = &state[in->group[i]];                             \
            if (!s->some || (better))                                          \
                s->v = v[i];                                                   \
            s->some = true;                                                    \
        }                                                                      \
    }                                                                          \
    static void kind##_##phys##_split(const ds_acc *acc, uint32_t n,           \
                                      ds_arena *a, ds_col *cols)               \
    {                                                                          \
        agg_out out = agg_out_new(type, n, a);                                 \
        for (uint32_t g = 0; g < agg_known(acc, n); g++)                       \
            if (AGG_STATE(acc, pick_##phys, g)->some)                          \
                agg_out_set(&out, g, &AGG_STATE(acc, pick_##phys, g)->v);      \
        cols[0] = agg_out_done(&out);                                          \
    }                                                                          \
    static void kind##_##phys##_result(const ds_acc *acc, uint32_t n,          \
                                       const ds_eval *ev, ds_col *out)         \
    {                                                                          \
        kind##_##phys##_split(acc, n, ev->arena, out);                         \
    }                                                                          \
    const agg_type agg_##kind##_##phys = {                                     \
        .size = sizeof(pick_##phys),                                           \
        .flags = AGG_ANY_ORDER | AGG_ONCE,                                     \
        .parts = {AGG_ARG},                                                    \
        .add = kind##_##phys##_add,                                            \
        .merge = kind##_##phys##_add,                                          \
        .split = kind##_##phys##_split,                                        \
        .result = kind##_##phys##_result,                                      \
    };
PICK_NUMBER(min, i64, int64_t, DS_I64, v[i] < s->v)
PICK_NUMBER(max, i64, int64_t, DS_I64, v[i] > s->v)
PICK_NUMBER(min, f64, double, DS_F64, not_above(v[i], s->v))
PICK_NUMBER(max, f64, double, DS_F64, not_above(s->v, v[i]))

/* ---- one value of any type, and one to compare by ---- */

enum { PICK_NOTHING, PICK_NULL, PICK_VALUE };

typedef struct pick {
    ds_value v, by;
    uint8_t has; /* of v */
} pick;

static ds_value value_at(const agg_rows *in, const ds_acc *acc, uint32_t c,
                         uint32_t row)
{
    return ds_col_value(&in->cols[c], acc->agg->args[c], row);
}

static void pick_set(ds_acc *acc, pick *p, const agg_rows *in, uint32_t row)
{
    if (ds_col_is_null(&in->cols[0], row)) {
        p->has = PICK_NULL;
        return;
    }
    p->has = PICK_VALUE;
    p->v = agg_keep(acc, acc->agg->args[0], value_at(in, acc, 0, row));
}

/* Parts: the value. Nothing is not told from NULL. */
static ds_col pick_values(const ds_acc *acc, uint32_t n, ds_arena *a)
{
    agg_out out = agg_out_new(acc->agg->args[0], n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++)
        if (AGG_STATE(acc, pick, g)->has == PICK_VALUE)
            agg_out_set(&out, g, &AGG_STATE(acc, pick, g)->v);
    return agg_out_done(&out);
}

static void pick_split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    cols[0] = pick_values(acc, n, a);
}

static void pick_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                        ds_col *out)
{
    *out = pick_values(acc, n, ev->arena);
}

static void extreme_add(ds_acc *acc, const agg_rows *in, int sign)
{
    ds_type type = acc->agg->args[0];
    AGG_EACH(in, i)
    {
        pick *p = AGG_STATE(acc, pick, in->group[i]);
        ds_value v = value_at(in, acc, 0, i);
        if (p->has && sign * ds_value_cmp(type, &v, &p->v) > 0)
            continue;
        p->v = agg_keep(acc, type, v);
        p->has = PICK_VALUE;
    }
}

static void min_add(ds_acc *acc, const agg_rows *in)
{
    extreme_add(acc, in, 1);
}

static void max_add(ds_acc *acc, const agg_rows *in)
{
    extreme_add(acc, in, -1);
}

static void any_add(ds_acc *acc, const agg_rows *in)
{
    AGG_EACH(in, i)
    {
        pick *p = AGG_STATE(acc, pick, in->group[i]);
        if (!p->has)
            pick_set(acc, p, in, i);
    }
}

#define PICK(name, how, more)                                                  \
    const agg_type name = {                                                    \
        .size = sizeof(pick),                                                  \
        .flags = (more),                                                       \
        .parts = {AGG_ARG},                                                    \
        .add = (how),                                                          \
        .merge = (how),                                                        \
        .split = pick_split,                                                   \
        .result = pick_result,                                                 \
    };
PICK(agg_min, min_add, AGG_ANY_ORDER | AGG_ONCE)
PICK(agg_max, max_add, AGG_ANY_ORDER | AGG_ONCE)
PICK(agg_any_value, any_add, AGG_ONCE)

/* ---- first and last ---- */

/* The second argument, if there is one: NULLs do not count. */
static const char *first_prepare(ds_agg *agg, ds_arena *a)
{
    bool *ignore = ds_new(a, bool, 1);
    if (agg->f->n_args > 1) {
        if (agg->direct[1]->null)
            return "ignoreNulls must be true or false";
        *ignore = agg->direct[1]->v.b;
    }
    agg->data = ignore;
    return NULL;
}

static bool first_ignores(const ds_acc *acc, const agg_rows *in, uint32_t row)
{
    return *(const bool *)acc->agg->data && ds_col_is_null(&in->cols[0], row);
}

static void first_add(ds_acc *acc, const agg_rows *in)
{
    AGG_EACH(in, i)
    {
        pick *p = AGG_STATE(acc, pick, in->group[i]);
        if (!p->has && !first_ignores(acc, in, i))
            pick_set(acc, p, in, i);
    }
}

static void last_add(ds_acc *acc, const agg_rows *in)
{
    AGG_EACH(in, i)
    if (!first_ignores(acc, in, i))
        pick_set(acc, AGG_STATE(acc, pick, in->group[i]), in, i);
}

/* Parts: whether there is a value (true: it is not NULL), the value. */
static void first_split(const ds_acc *acc, uint32_t n, ds_arena *a,
                        ds_col *cols)
{
    agg_out out = agg_out_new(DS_BOOL, n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        uint8_t has = AGG_STATE(acc, pick, g)->has;
        uint8_t value = has == PICK_VALUE;
        if (has)
            agg_out_set(&out, g, &value);
    }
    cols[0] = agg_out_done(&out);
    cols[1] = pick_values(acc, n, a);
}

static void first_merge_rows(ds_acc *acc, const agg_rows *in, bool last)
{
    agg_rows values = *in;
    values.cols = in->cols + 1;
    AGG_EACH(in, i)
    {
        pick *p = AGG_STATE(acc, pick, in->group[i]);
        if (last || !p->has)
            pick_set(acc, p, &values, i);
    }
}

static void first_merge(ds_acc *acc, const agg_rows *in)
{
    first_merge_rows(acc, in, false);
}

static void last_merge(ds_acc *acc, const agg_rows *in)
{
    first_merge_rows(acc, in, true);
}

#define FIRST(name)                                                            \
    const agg_type agg_##name = {                                              \
        .size = sizeof(pick),                                                  \
        .flags = AGG_NULLS,                                                    \
        .n_cols = 1,                                                           \
        .parts = {DS_BOOL, AGG_ARG},                                           \
        .prepare = first_prepare,                                              \
        .add = name##_add,                                                     \
        .merge = name##_merge,                                                 \
        .split = first_split,                                                  \
        .result = pick_result,                                                 \
    };
FIRST(first)
FIRST(last)

/* ---- min_by and max_by ---- */

/* Rows whose value to compare by is NULL do not count. */
static void by_add_rows(ds_acc *acc, const agg_rows *in, int sign)
{
    ds_type by = acc->agg->args[1];
    AGG_EACH(in, i)
    {
        pick *p = AGG_STATE(acc, pick, in->group[i]);
        if (ds_col_is_null(&in->cols[1], i))
            continue;
        ds_value v = value_at(in, acc, 1, i);
        if (p->has && sign * ds_value_cmp(by, &v, &p->by) >= 0)
            continue;
        p->by = agg_keep(acc, by, v);
        pick_set(acc, p, in, i);
    }
}

static void min_by_add(ds_acc *acc, const agg_rows *in)
{
    by_add_rows(acc, in, 1);
}

static void max_by_add(ds_acc *acc, const agg_rows *in)
{
    by_add_rows(acc, in, -1);
}

/* Parts: whether there is a row, its value, what it compares by. */
static void by_split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    agg_out by = agg_out_new(acc->agg->args[1], n, a);
    first_split(acc, n, a, cols);
    for (uint32_t g = 0; g < agg_known(acc, n); g++)
        if (AGG_STATE(acc, pick, g)->has)
            agg_out_set(&by, g, &AGG_STATE(acc, pick, g)->by);
    cols[2] = agg_out_done(&by);
}

static void min_by_merge(ds_acc *acc, const agg_rows *in)
{
    agg_rows values = *in;
    values.cols = in->cols + 1;
    by_add_rows(acc, &values, 1);
}

static void max_by_merge(ds_acc *acc, const agg_rows *in)
{
    agg_rows values = *in;
    values.cols = in->cols + 1;
    by_add_rows(acc, &values, -1);
}

#define BY(name)                                                               \
    const agg_type agg_##name = {                                              \
        .size = sizeof(pick),                                                  \
        .flags = AGG_NULLS | AGG_ONCE,                                         \
        .parts = {DS_BOOL, AGG_ARG, AGG_ARG + 1},                              \
        .add = name##_add,                                                     \
        .merge = name##_merge,                                                 \
        .split = by_split,                                                     \
        .result = pick_result,                                                 \
    };
BY(min_by)
BY(max_by)
