/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_sum.c - partial results by group.
 */
#include "op/window_sum.h"

#include "record/builder.h"

/* ---- sums ---- */

void window_sum_init(struct window_sum *s, const struct keyed_plan *p,
                     ds_arena *a)
{
    *s = (struct window_sum){.arena = a};
    s->accs = ds_new(a, ds_acc *, p->n_aggs + 1);
    for (uint32_t i = 0; i < p->n_aggs; i++)
        s->accs[i] = ds_acc_new(p->aggs[i], a);
}

void window_sum_reset(struct window_sum *s, const struct keyed_plan *p)
{
    ds_arena_reset(s->arena);
    window_sum_init(s, p, s->arena);
}

static void sum_grow(struct window_sum *s, uint32_t n)
{
    if (n > s->cap) {
        uint32_t cap = n < 512 ? 1024 : (2 * n + 63) / 64 * 64;
        uint64_t *more = ds_new(s->arena, uint64_t, cap / 64);

        if (s->cap)
            memcpy(more, s->there, s->cap / 8);
        s->there = more;
        s->cap = cap;
    }
    if (n > s->n)
        s->n = n;
}

/* `rows` has the parts only. */
static ds_rc sum_merge(struct window_sum *s, const struct keyed_plan *p,
                       const ds_batch *rows, const uint32_t *group, uint32_t n,
                       ds_arena *scratch, ds_err *err)
{
    const ds_col *parts = rows->cols;
    ds_row_errors errs = {0};
    ds_eval ev = {0, scratch, &errs};
    ds_type types[DS_AGG_PARTS];

    for (uint32_t i = 0; i < p->n_aggs; i++) {
        ds_acc_merge(s->accs[i], rows, parts, group, n, &ev);
        parts += ds_agg_parts(p->aggs[i], types);
    }
    return errs.n ? ds_fail(err, DS_E_STATE, "%s", errs.list[0].msg) : DS_OK;
}

ds_rc window_sum_rows(struct window_sum *s, const struct keyed_plan *p,
                      const ds_batch *rows, const uint32_t *group, uint32_t n,
                      ds_err *err)
{
    ds_batch parts = *rows;

    parts.cols = rows->cols + p->key->n;
    sum_grow(s, n);
    DS_EACH (rows, i)
        ds_bit_set(s->there, group[i]);
    return sum_merge(s, p, &parts, group, n, rows->arena, err);
}

ds_rc window_sum_subtract(struct window_sum *s, const struct keyed_plan *p,
                          const ds_batch *rows, const uint32_t *group,
                          uint32_t n, ds_err *err)
{
    ds_row_errors errs = {0};
    ds_eval ev = {0, rows->arena, &errs};
    const ds_col *parts = rows->cols + p->key->n;
    ds_type types[DS_AGG_PARTS];

    sum_grow(s, n);
    for (uint32_t i = 0; i < p->n_aggs; i++) {
        ds_acc_subtract(s->accs[i], rows, parts, group, n, &ev);
        parts += ds_agg_parts(p->aggs[i], types);
    }
    return errs.n ? ds_fail(err, DS_E_STATE, "%s", errs.list[0].msg) : DS_OK;
}

void window_sum_clear(struct window_sum *s, const struct keyed_plan *p,
                      const uint32_t *groups, uint32_t n)
{
    for (uint32_t i = 0; i < p->n_aggs; i++)
        ds_acc_clear(s->accs[i], groups, n);
    for (uint32_t i = 0; i < n; i++)
        ds_bit_clear(s->there, groups[i]);
}

bool window_sum_failed(const struct window_sum *s, const struct keyed_plan *p,
                       ds_arena *scratch)
{
    ds_row_errors errs = {0};
    ds_eval ev = {0, scratch, &errs};
    ds_col unused;

    for (uint32_t i = 0; i < p->n_aggs; i++)
        if (ds_agg_may_fail(p->aggs[i]))
            ds_acc_result(s->accs[i], s->n, &ev, &unused);
    return errs.n > 0;
}

ds_rc window_sum_map(struct window_sum *s, const struct keyed_plan *p,
                     const struct window_map *map, const uint32_t *same,
                     ds_arena *scratch, ds_err *err)
{
    ds_batch rows = {
        .cols = map->parts, .n = map->n, .n_sel = map->n, .arena = map->arena};

    if (map->n == 0)
        return DS_OK;
    sum_grow(s, map->n);
    for (uint32_t w = 0; w < (map->n + 63) / 64; w++)
        s->there[w] |= map->there[w];
    return sum_merge(s, p, &rows, same, map->n, scratch, err);
}

ds_col *window_sum_parts(const struct window_sum *s, const struct keyed_plan *p,
                         uint32_t n, ds_arena *a)
{
    ds_col *cols = ds_new(a, ds_col, keyed_n_parts(p) + 1);
    bool *more = ds_new(a, bool, n + 1);
    ds_type types[DS_AGG_PARTS];

    for (uint32_t i = 0, at = 0; i < p->n_aggs; i++) {
        ds_acc_parts(s->accs[i], NULL, n, a, &cols[at], more);
        at += ds_agg_parts(p->aggs[i], types);
    }
    return cols;
}

uint32_t *window_sum_there(const struct window_sum *s, uint32_t *n, ds_arena *a)
{
    uint32_t *groups = ds_new(a, uint32_t, s->n + 1);

    *n = 0;
    for (uint32_t w = 0; w < (s->n + 63) / 64; w++)
        for (uint64_t word = s->there[w]; word; word &= word - 1)
            groups[(*n)++] = w * 64 + (uint32_t)__builtin_ctzll(word);
    return groups;
}

/* ---- maps ---- */

/* The bytes of a column's values to `a`. */
static void bytes_copy(ds_col *col, uint32_t n, ds_arena *a)
{
    ds_slice *to = ds_new(a, ds_slice, n + 1);

    for (uint32_t i = 0; i < n; i++)
        if (!ds_col_is_null(col, i))
            to[i] = ds_slice_copy(a, col->v.str[i]);
    col->v.str = to;
}

void window_map_of(struct window_map *map, const struct window_sum *s,
                   const struct keyed_plan *p, uint32_t n)
{
    ds_arena *a = map->arena;
    ds_type types[DS_AGG_PARTS];
    ds_col *parts;
    uint64_t *there;

    ds_arena_reset(a);
    parts = window_sum_parts(s, p, n, a);
    for (uint32_t i = 0, at = 0; i < p->n_aggs; i++) {
        uint32_t k = ds_agg_parts(p->aggs[i], types);

        for (uint32_t c = 0; c < k; c++, at++)
            if (ds_type_phys(types[c]) == DS_PHYS_SLICE)
                bytes_copy(&parts[at], n, a);
    }
    there = ds_bits_new(a, n, false);
    if (s->n)
        memcpy(there, s->there, (size_t)((s->n < n ? s->n : n) + 63) / 64 * 8);
    *map = (struct window_map){a, n, parts, there};
}
