/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_within.c - ordered-set aggregates: mode, percentile_disc,
 * percentile_cont, one fraction or an array of them. Exact.
 */
#include <math.h>

#include "expr/agg_kinds.h"
#include "record/datetime.h"
#include "record/nested.h"

/* ---- fractions ---- */

typedef struct fractions {
    double *v;
    bool *nulls;
    uint32_t n;
    bool null; /* the argument as a whole is */
} fractions;

const char *agg_fraction_check(double v, ds_arena *a)
{
    if (v >= 0 && v <= 1)
        return NULL;
    return ds_str_printf(a, "percentile value %g is not between 0 and 1", v);
}

static const char *one_prepare(ds_agg *agg, ds_arena *a)
{
    const tx *x = agg->direct[0];
    fractions *f = ds_new(a, fractions, 1);
    f->v = ds_new(a, double, 1);
    f->nulls = ds_new(a, bool, 1);
    f->n = 1;
    f->v[0] = x->v.f;
    f->null = x->null;
    agg->data = f;
    return x->null ? NULL : agg_fraction_check(f->v[0], a);
}

static const char *many_prepare(ds_agg *agg, ds_arena *a)
{
    const tx *x = agg->direct[0];
    fractions *f = ds_new(a, fractions, 1);
    const char *why = NULL;
    agg->data = f;
    f->null = x->null;
    if (x->null)
        return NULL;
    f->n = array_count(x->v.s);
    f->v = ds_new(a, double, f->n + 1);
    f->nulls = ds_new(a, bool, f->n + 1);
    for (uint32_t i = 0; i < f->n && why == NULL; i++) {
        ds_value v;
        f->nulls[i] = !array_get(DS_F64, x->v.s, i, &v);
        if (f->nulls[i])
            continue;
        f->v[i] = v.f;
        why = agg_fraction_check(v.f, a);
    }
    return why;
}

/* ---- one value of sorted rows ---- */

typedef struct sorted {
    const ds_agg *agg;
    const ds_col *col;
    const uint32_t *rows;
    uint32_t n; /* not 0 */
} sorted;

static ds_value sorted_at(const sorted *s, uint32_t i)
{
    return ds_col_value(s->col, s->agg->args[0], s->rows[i]);
}

/* The first value at or past the fraction. */
static ds_value disc_at(const sorted *s, double p, bool *ok)
{
    double at = ceil(p * s->n);
    *ok = true;
    return sorted_at(s, at < 1 ? 0 : (uint32_t)at - 1);
}

/* Between two values, as far as the fraction lies between them. */
static ds_value cont_at(const sorted *s, double p, bool *ok)
{
    double at = p * (s->n - 1), low = floor(at);
    ds_value v = sorted_at(s, (uint32_t)low);
    *ok = true;
    if (ceil(at) == low)
        return v;
    ds_value next = sorted_at(s, (uint32_t)ceil(at));
    v.f = v.f + (at - low) * (next.f - v.f);
    return v;
}

static ds_value cont_iv_at(const sorted *s, double p, bool *ok)
{
    double at = p * (s->n - 1), low = floor(at);
    ds_value v = sorted_at(s, (uint32_t)low);
    *ok = true;
    if (ceil(at) == low)
        return v;
    ds_value next = sorted_at(s, (uint32_t)ceil(at));
    ds_interval step;
    *ok = interval_sub(&next.iv, &v.iv, &step) &&
          interval_multiply(&step, at - low, &step) &&
          interval_add(&step, &v.iv, &v.iv);
    return v;
}

/* ---- of all groups ---- */

typedef ds_value value_at(const sorted *s, double p, bool *ok);

static sorted sorted_of(const ds_agg *agg, const agg_order *o, uint32_t g)
{
    return (sorted){agg, &o->cols[0], o->rows + o->starts[g],
                    o->starts[g + 1] - o->starts[g]};
}

static void range_error(const agg_order *o, const ds_eval *ev, uint32_t g)
{
    agg_error(ev, o->n_groups, g, "E0701", "interval out of range");
}

static void one_finish(const ds_agg *agg, const agg_order *o, const ds_eval *ev,
                       ds_col *col, value_at *at)
{
    const fractions *f = agg->data;
    agg_out out = agg_out_new(agg->out, o->n_groups, ev->arena);
    for (uint32_t g = 0; g < o->n_groups; g++) {
        sorted s = sorted_of(agg, o, g);
        bool ok;
        if (s.n == 0 || f->null)
            continue;
        ds_value v = at(&s, f->v[0], &ok);
        if (!ok)
            range_error(o, ev, g);
        agg_out_set(&out, g, &v);
    }
    *col = agg_out_done(&out);
}

static void many_finish(const ds_agg *agg, const agg_order *o,
                        const ds_eval *ev, ds_col *col, value_at *at)
{
    const fractions *f = agg->data;
    agg_out out = agg_out_new(agg->out, o->n_groups, ev->arena);
    ds_value *values = ds_new(ev->arena, ds_value, f->n + 1);
    for (uint32_t g = 0; g < o->n_groups; g++) {
        sorted s = sorted_of(agg, o, g);
        if (s.n == 0 || f->null)
            continue;
        for (uint32_t i = 0; i < f->n; i++) {
            bool ok = true;
            if (!f->nulls[i])
                values[i] = at(&s, f->v[i], &ok);
            if (!ok)
                range_error(o, ev, g);
        }
        ds_slice v =
            array_make(agg->args[0], values, f->nulls, f->n, ev->arena);
        agg_out_set(&out, g, &v);
    }
    *col = agg_out_done(&out);
}

#define WITHIN(name, how, at, ready)                                           \
    static void name##_finish(const ds_agg *agg, const agg_order *o,           \
                              const ds_eval *ev, ds_col *col)                  \
    {                                                                          \
        how##_finish(agg, o, ev, col, at);                                     \
    }                                                                          \
    const agg_type agg_percentile_##name = {                                   \
        .flags = AGG_WITHIN,                                                   \
        .n_cols = 1,                                                           \
        .prepare = (ready),                                                    \
        .finish = name##_finish,                                               \
    };
WITHIN(disc, one, disc_at, one_prepare)
WITHIN(discs, many, disc_at, many_prepare)
WITHIN(cont, one, cont_at, one_prepare)
WITHIN(conts, many, cont_at, many_prepare)
WITHIN(cont_iv, one, cont_iv_at, one_prepare)
WITHIN(conts_iv, many, cont_iv_at, many_prepare)

/* ---- mode ---- */

/* The longest run of equal values, the first one of several. */
static ds_value mode_of(const sorted *s)
{
    ds_type type = s->agg->args[0];
    ds_value best = sorted_at(s, 0), current = best;
    uint32_t n = 0, most = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        ds_value v = sorted_at(s, i);
        if (ds_value_cmp(type, &v, &current) != 0) {
            current = v;
            n = 0;
        }
        if (++n > most) {
            most = n;
            best = current;
        }
    }
    return best;
}

static void mode_finish(const ds_agg *agg, const agg_order *o,
                        const ds_eval *ev, ds_col *col)
{
    agg_out out = agg_out_new(agg->out, o->n_groups, ev->arena);
    for (uint32_t g = 0; g < o->n_groups; g++) {
        sorted s = sorted_of(agg, o, g);
        if (s.n == 0)
            continue;
        ds_value v = mode_of(&s);
        agg_out_set(&out, g, &v);
    }
    *col = agg_out_done(&out);
}

const agg_type agg_mode = {
    .flags = AGG_WITHIN, .n_cols = 1, .finish = mode_finish};
