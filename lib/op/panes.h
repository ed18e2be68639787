/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panes.h - what a window has seen, in its store: panes of rows.
 *
 * A pane is a stretch of time, pane p that of the batches with time in
 * ((p - 1) * pane, p * pane]; windows that slide share it. Its rows are packed
 * into chunks, so that the store is called once per batch and not per row, and
 * what is old lies in few, large values that go to disk as they are.
 *
 *     0x01                    the head: which panes there are
 *     0x02 pane               of a pane: its chunks
 *     0x03 pane number        a chunk: rows
 *
 *     pane    8 bytes, big-endian, sign bit turned
 *     number  4 bytes, big-endian
 *     head    version (1), oldest, last, tag: i64, i64, u64, little-endian
 *     chunks  version (1), first, end: u32, u32; bytes, whole: u64, u64
 *     chunk   version (1), u32 rows, then of each u32 length and a row
 *             (rowfmt.h)
 *
 * All of it goes through the epoch's overlay: an abort leaves nothing behind.
 *
 * Thread: the worker that owns the task.
 */
#ifndef OP_PANES_H
#define OP_PANES_H

#include "op/ops.h"

/* A window and how it slides, in panes. */
struct panes_span {
    ds_time length, slide; /* in microseconds */
    ds_time pane;          /* the largest that divides both */
    int64_t n, step;       /* panes of a window, of a slide */
};

struct panes_span panes_span_of(ds_time length, ds_time slide);
/* The pane that the batch of this time belongs to. */
int64_t panes_at(const struct panes_span *s, ds_time batch);
/* Whether a window will have this pane: not all, if it slides further than it
 * is long. */
bool panes_wanted(const struct panes_span *s, int64_t pane);
/* Whether windows end with the batch of this time. */
static inline bool panes_slides(const struct panes_span *s, ds_time batch)
{
    return batch % s->slide == 0;
}

struct panes {
    const ds_schema *rows;
    int64_t oldest; /* the first pane that may be there */
    int64_t last;   /* the youngest that ever had rows */
    bool some;      /* rows came, ever: oldest and last count */
    bool changed;   /* since panes_begin() */
    uint64_t tag;   /* of everything put so far, in its order: what was made of
                       the panes is still right if this is what it was */
};

/* Before each batch; reads the head. `rows` is what the rows are. */
ds_rc panes_begin(struct panes *p, ds_op *op, const ds_schema *rows,
                  ds_err *err);
/* Adds the selected rows of a batch of `rows` to the end of a pane. */
ds_rc panes_add(struct panes *p, ds_op *op, int64_t pane, const ds_batch *rows,
                ds_err *err);
/* These instead of all that the pane has. */
ds_rc panes_replace(struct panes *p, ds_op *op, int64_t pane,
                    const ds_batch *rows, ds_err *err);
/* True if a pane has grown so much since it was last replaced that it is worth
 * doing again; `always`: if there is anything to gain. */
ds_rc panes_is_worth(struct panes *p, ds_op *op, int64_t pane, bool always,
                     bool *worth, ds_err *err);
/* The panes before this one are of no use any more. */
ds_rc panes_forget(struct panes *p, ds_op *op, int64_t before, ds_err *err);
/* After each batch; writes the head. */
ds_rc panes_seal(struct panes *p, ds_op *op, ds_err *err);

typedef ds_rc panes_fn(void *arg, int64_t pane, const ds_batch *rows,
                       ds_err *err);
/* Who gets the rows of panes. The batches live in `arena`, which is emptied
 * after each pane if `reset`. */
struct panes_walk {
    panes_fn *fn;
    void *arg;
    ds_arena *arena;
    bool reset;
};
/* The rows of panes from..to, oldest first, in the order in which they came. */
ds_rc panes_each(const struct panes *p, ds_op *op, int64_t from, int64_t to,
                 const struct panes_walk *walk, ds_err *err);

#endif
