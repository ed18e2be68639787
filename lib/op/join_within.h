/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join_within.h - a join across batches: rows wait for each other in two
 * stores, one per side.
 *
 *     key of the store (store.h: ordered)     value
 *     0xf0, pane, the join's key              the rows of a key in that pane
 *     0xf1, event time, the join's key        that is due then (outer sides)
 *
 *     row: 1 byte (1: it has found a match)  i64 event time, little-endian
 *          u32 length  bytes (record/rowfmt.h, the values)
 *
 * A pane is a span of event time, half of `within`; the panes of a key that a
 * row may find a match in are thus few, and are got all at once. Time stands in
 * front, so that what is over lies side by side.
 *
 * A row of an outer side that has found no match has an entry under its event
 * time; it is looked at when the watermark is past the last time at which a
 * match could have come, and dropped then. An entry may be of a row that has
 * found its match since.
 */
#ifndef OP_JOIN_WITHIN_H
#define OP_JOIN_WITHIN_H

#include "op/join.h"

enum { WITHIN_PANE = DS_KEY_ORDERED, WITHIN_DUE };

struct within_side {
    ds_store *store;
    ds_overlay *overlay;
    /* Store keys: where the rows at hand lie, and where matches may. */
    uint32_t n_panes;
    const ds_slice *pane_keys;
    uint32_t *pane_group; /* the join's group of each */
    bool *dirty;          /* its rows have changed */
    /* Rows: those of the store, then those of the batch. */
    uint32_t n_stored, n;
    ds_slice *bytes;
    ds_time *times;
    uint32_t *groups, *panes_of;
    bool *matched;
    const ds_col *cols; /* of the values, and a NULL */
};

struct within {
    struct join *join;
    const struct join_plan *plan;
    ds_arena *arena;
    uint32_t n_groups;
    const ds_col *keys; /* by group */
    ds_type *types;     /* of a store key's columns: a number, the key */
    struct within_side side[2];
};

/* join_panes.c: the rows of the batch and those that they may meet. */
ds_rc within_load(struct within *w, int side, ds_err *err);
/* What has changed, and what is due when. */
ds_rc within_save(struct within *w, int side, ds_err *err);
/* Rows for which no match can come any more leave; those of an outer side are
 * emitted if they never had one. */
ds_rc within_expire(struct within *w, int side, ds_err *err);

/* t + d, not past the ends. */
static inline ds_time within_add(ds_time t, ds_time d)
{
    ds_time sum;

    if (!__builtin_add_overflow(t, d, &sum))
        return sum;
    return d < 0 ? INT64_MIN : INT64_MAX;
}
/* The pane of a time. */
static inline int64_t within_pane(const struct join_plan *p, ds_time t)
{
    return t / p->pane - (t % p->pane < 0);
}
/* Rows of this side before that time are over at that watermark; DS_TIME_NONE:
 * none is. */
static inline ds_time within_limit(const struct join_plan *p, int side,
                                   ds_time watermark)
{
    if (watermark == DS_TIME_NONE)
        return DS_TIME_NONE;
    return within_add(within_add(watermark, -p->side[!side].lag), -p->within);
}

#endif
