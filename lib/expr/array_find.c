/* SPDX-License-Identifier: Apache-2.0 */
/*
 * array_find.c - elements looked for in arrays.
 */
#include <stdlib.h>

#include "expr/array.h"

/* ---- @> <@ && ---- */

/* So many comparisons are made before it is better to sort. */
enum { FIND_LINEAR = 4096 };

typedef struct finder {
    ds_type type, elem;
    ds_slice list;
    ds_value *sorted; /* its elements; NULL: it is looked through */
    uint32_t n;
} finder;

static int order(const void *x, const void *y, void *type)
{
    return ds_value_cmp(*(const ds_type *)type, x, y);
}

static finder finder_new(ds_type type, ds_slice list, uint32_t times,
                         ds_arena *a)
{
    finder f = {.type = type, .elem = ds_type_elem(type), .list = list};
    uint32_t n = array_count(list);
    bool null;
    if ((uint64_t)n * times < FIND_LINEAR)
        return f;
    f.sorted = ds_new(a, ds_value, n);
    nested_iter it = nested_begin(type, list);
    while (nested_next(&it, NULL, &null, &f.sorted[f.n]))
        f.n += !null;
    qsort_r(f.sorted, f.n, sizeof *f.sorted, order, &f.elem);
    return f;
}

/* A NULL is not found, and finds nothing. */
static bool find(const finder *f, const ds_value *v)
{
    ds_value e;
    bool null;
    if (f->sorted) {
        uint32_t low = 0, high = f->n;
        while (low < high) {
            uint32_t mid = low + (high - low) / 2;
            int c = ds_value_cmp(f->elem, &f->sorted[mid], v);
            if (c == 0)
                return true;
            if (c < 0)
                low = mid + 1;
            else
                high = mid;
        }
        return false;
    }
    nested_iter it = nested_begin(f->type, f->list);
    while (nested_next(&it, NULL, &null, &e))
        if (!null && ds_value_cmp(f->elem, &e, v) == 0)
            return true;
    return false;
}

/* Whether all elements of `these` are in `list`, or any of them. */
static bool are_in(ds_type type, ds_slice these, ds_slice list, bool all,
                   ds_arena *a)
{
    finder f = finder_new(type, list, array_count(these), a);
    nested_iter it = nested_begin(type, these);
    ds_value v;
    bool null;
    while (nested_next(&it, NULL, &null, &v))
        if ((!null && find(&f, &v)) != all)
            return !all;
    return all;
}

static void sets(run *r, const run_step *s, uint32_t list, bool all)
{
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH_OK(r, s, i)
    out[i] = are_in(s->types[0], RUN_ARG(r, s, 1 - list)->v.str[i],
                    RUN_ARG(r, s, list)->v.str[i], all, r->ev->arena);
}

void array_contains(run *r, const run_step *s)
{
    sets(r, s, 0, true);
}

void array_contained(run *r, const run_step *s)
{
    sets(r, s, 1, true);
}

void array_overlaps(run *r, const run_step *s)
{
    sets(r, s, 0, false);
}

/* ---- array_position, array_positions: NULL finds NULL ---- */

typedef struct wanted {
    ds_type elem;
    bool null;
    ds_value v;
} wanted;

static wanted wanted_of(const run *r, const run_step *s, uint32_t k,
                        uint32_t row)
{
    wanted w = {.elem = s->types[k]};
    w.null = run_is_null(RUN_ARG(r, s, k), row);
    if (!w.null)
        w.v = array_arg(r, s, k, row);
    return w;
}

static bool is_wanted(const wanted *w, bool null, const ds_value *v)
{
    return null || w->null ? null && w->null
                           : ds_value_cmp(w->elem, v, &w->v) == 0;
}

/* From `from` on; 0: it is not there. */
static uint32_t position(ds_type type, ds_slice list, const wanted *w,
                         int64_t from)
{
    nested_iter it = nested_begin(type, list);
    ds_value v;
    bool null;
    for (uint32_t i = 1; nested_next(&it, NULL, &null, &v); i++)
        if (i >= from && is_wanted(w, null, &v))
            return i;
    return 0;
}

/* Where the search begins; 0: nothing can be found. */
static int64_t start_of(run *r, const run_step *s, uint32_t row, ds_slice list,
                        const wanted *w)
{
    if (s->n_args < 3)
        return 1;
    if (!run_is_null(RUN_ARG(r, s, 2), row))
        return RUN_ARG(r, s, 2)->v.i64[row] > 1 ? RUN_ARG(r, s, 2)->v.i64[row]
                                                : 1;
    if (array_count(list) > 0 &&
        (!w->null || position(s->types[0], list, w, 1) > 0))
        run_error(r, s, row, "E0704", "initial position must not be null");
    return 0;
}

void array_position(run *r, const run_step *s)
{
    run_reg *d = RUN_DST(r, s);
    d->valid = NULL;
    RUN_EACH(r, s, i)
    {
        uint32_t at = 0;
        if (!run_is_null(RUN_ARG(r, s, 0), i)) {
            ds_slice list = RUN_ARG(r, s, 0)->v.str[i];
            wanted w = wanted_of(r, s, 1, i);
            int64_t from = start_of(r, s, i, list, &w);
            at = from ? position(s->types[0], list, &w, from) : 0;
        }
        d->v.i64[i] = at;
        if (at == 0)
            run_set_null(r, s->dst, i);
    }
}

void array_positions(run *r, const run_step *s)
{
    run_reg *d = RUN_DST(r, s);
    ds_arena *a = r->ev->arena;
    d->valid = NULL;
    RUN_EACH(r, s, i)
    {
        if (run_is_null(RUN_ARG(r, s, 0), i)) {
            run_set_null(r, s->dst, i);
            continue;
        }
        wanted w = wanted_of(r, s, 1, i);
        ds_slice list = RUN_ARG(r, s, 0)->v.str[i];
        ds_value *found = ds_new(a, ds_value, array_count(list) + 1), v;
        uint32_t n = 0;
        bool null;
        nested_iter it = nested_begin(s->types[0], list);
        while (nested_next(&it, NULL, &null, &v))
            if (is_wanted(&w, null, &v))
                found[n++].i = it.i;
        d->v.str[i] = array_make(DS_I32, found, NULL, n, a);
    }
}

/* ---- array_remove, array_replace ---- */

/* `list` with those that are wanted left out, or with `other` in their
 * place. */
static ds_slice without(run *r, const run_step *s, uint32_t row, ds_slice list,
                        const wanted *w, const wanted *other)
{
    ds_arena *a = r->ev->arena;
    uint32_t n = 0, count = array_count(list);
    ds_value *values = ds_new(a, ds_value, count + 1);
    bool *nulls = ds_new(a, bool, count + 1), changed = false;
    nested_iter it = nested_begin(s->types[0], list);
    while (nested_next(&it, NULL, &nulls[n], &values[n])) {
        bool hit = is_wanted(w, nulls[n], &values[n]);
        changed = changed || hit;
        if (hit && !other)
            continue;
        if (hit) {
            nulls[n] = other->null;
            values[n] = other->v;
        }
        n++;
    }
    if (!changed)
        return list;
    if (!array_may(r, s, row, nested_size(s->types[0], values, nulls, n)))
        return (ds_slice){(const uint8_t *)"", 0};
    return array_make(w->elem, values, nulls, n, a);
}

static void replace(run *r, const run_step *s, bool removes)
{
    run_reg *d = RUN_DST(r, s);
    d->valid = NULL;
    RUN_EACH(r, s, i)
    {
        if (run_is_null(RUN_ARG(r, s, 0), i)) {
            run_set_null(r, s->dst, i);
            continue;
        }
        wanted w = wanted_of(r, s, 1, i), other = {0};
        if (!removes)
            other = wanted_of(r, s, 2, i);
        d->v.str[i] = without(r, s, i, RUN_ARG(r, s, 0)->v.str[i], &w,
                              removes ? NULL : &other);
    }
}

void array_remove(run *r, const run_step *s)
{
    replace(r, s, true);
}

void array_replace(run *r, const run_step *s)
{
    replace(r, s, false);
}
