/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_sum.h - partial results by group: while they grow, and when they are
 * done.
 *
 * Parts are as ds_agg_parts() says of the aggregates of a plan, side by side;
 * a row of a pane is a key and its parts.
 */
#ifndef OP_WINDOW_SUM_H
#define OP_WINDOW_SUM_H

#include "op/keyed.h"

/* They grow. Zeroed is not yet made. */
struct window_sum {
    ds_arena *arena;
    ds_acc **accs;
    uint64_t *there; /* bit per group: it had rows */
    uint32_t n, cap; /* groups */
};

/* They are done, and do not change. */
struct window_map {
    ds_arena *arena; /* its own */
    uint32_t n;      /* groups */
    const ds_col *parts;
    const uint64_t *there;
};

/* Nothing yet; all in this arena. */
void window_sum_init(struct window_sum *s, const struct keyed_plan *p,
                     ds_arena *a);
/* Nothing again; the arena is emptied. */
void window_sum_reset(struct window_sum *s, const struct keyed_plan *p);
/* Rows of a pane: row i belongs to group[i], of n groups so far. */
ds_rc window_sum_rows(struct window_sum *s, const struct keyed_plan *p,
                      const ds_batch *rows, const uint32_t *group, uint32_t n,
                      ds_err *err);
/* Takes such rows back, `there` stays: all aggregates have an
 * inverse. */
ds_rc window_sum_subtract(struct window_sum *s, const struct keyed_plan *p,
                          const ds_batch *rows, const uint32_t *group,
                          uint32_t n, ds_err *err);
/* These groups have nothing any more. */
void window_sum_clear(struct window_sum *s, const struct keyed_plan *p,
                      const uint32_t *groups, uint32_t n);
/* Whether a function of two rows has failed in it. */
bool window_sum_failed(const struct window_sum *s, const struct keyed_plan *p,
                       ds_arena *scratch);
/* A map's results after those that are there; same[i] is i. */
ds_rc window_sum_map(struct window_sum *s, const struct keyed_plan *p,
                     const struct window_map *map, const uint32_t *same,
                     ds_arena *scratch, ds_err *err);
/* The first n groups as a map: everything is copied to its arena, which is
 * emptied first. */
void window_map_of(struct window_map *map, const struct window_sum *s,
                   const struct keyed_plan *p, uint32_t n);
/* The columns of the parts of n groups, in `a`; bytes may be those of s. */
ds_col *window_sum_parts(const struct window_sum *s, const struct keyed_plan *p,
                         uint32_t n, ds_arena *a);
/* The groups that are there, ascending. */
uint32_t *window_sum_there(const struct window_sum *s, uint32_t *n,
                           ds_arena *a);

#endif
