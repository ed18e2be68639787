/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_fold.h - what the panes of a window come to, key by key.
 *
 * The truth is in the panes (panes.h): a partial result per key and pane. A
 * fold is made of them and can be made again, so it lives in memory and
 * outlives epochs; if it is not of what the store holds now (after an abort, a
 * restart) it is made again. Three kinds:
 *
 *   SUBTRACT  every aggregate has an inverse: one running result per key. A
 *             pane is added when it comes and subtracted when it leaves.
 *
 *   BLOCKS    panes stand in blocks of about the square root of a window's
 *             panes, cut by time alone:
 *
 *                 block      block      block      block
 *              |. . o o o|o o o o o|o o o o o|o o o . .|     o: in the window
 *                   suffix   middle              prefix
 *
 *             prefix: what came of the youngest block, added to as panes come.
 *             middle: whole blocks between, made when one of them changes.
 *             suffix: of the oldest block, one per pane, made backwards when
 *             the window's beginning gets there. The window is these three. A
 *             pane is merged twice and read once, however many panes there are;
 *             and floating point is added in an order that follows from the
 *             time alone: nothing drifts, and a restart gives the same digits.
 *
 *   AGAIN     also of one window if a function of two rows fails in a part of
 * it (an overflow, which in the order of the rows may be none); results that
 * are as large as their rows (lists) and sketches in pieces: the panes are
 * merged at every slide; no fold is kept.
 */
#ifndef OP_WINDOW_FOLD_H
#define OP_WINDOW_FOLD_H

#include "op/panes.h"
#include "op/window_sum.h"

enum window_how { WINDOW_SUBTRACT, WINDOW_BLOCKS, WINDOW_AGAIN };

/* What a keyed window is planned as; first member of node->planned. */
struct window_plan {
    struct keyed_plan keyed;
    struct panes_span span;
    ds_time tick;             /* of the batches that come in */
    const ds_schema *partial; /* rows of a pane: key, parts */
    enum window_how how;
    const ds_exprs *keep; /* NULL: every result */
    bool zero; /* a window without rows gives a row, once there were some */
};

struct window_fold {
    const struct window_plan *plan;
    bool made;    /* of the panes as `tag` says; not while a batch is added */
    bool failed;  /* a function of two rows failed in a part of the window */
    bool tired;   /* many groups are dead: to be made again */
    uint64_t tag; /* see panes.tag */
    ds_arena *arena; /* groups, running, what is by group */
    ds_arena *scratch, *work;
    ds_groups *groups;
    uint32_t *same; /* 0, 1, 2 ... same_n */
    uint32_t same_n;
    struct window_sum open; /* the youngest pane, if it takes several batches */
    int64_t open_pane;

    /* SUBTRACT */
    struct window_sum running;
    int64_t from;            /* the first pane in it */
    uint32_t *panes;         /* by group: how many panes it is in */
    int64_t *entered, *left; /* by group: the last pane that came, that went */
    uint32_t panes_cap;

    /* BLOCKS */
    int64_t b; /* panes of a block */
    struct window_sum prefix;
    int64_t block;             /* of the prefix */
    struct window_map *totals; /* of block k at k % n_totals */
    int64_t *total_of;         /* which block is there */
    int64_t n_totals;
    struct window_sum middle;
    int64_t middle_from, middle_to; /* its blocks; to: after the last */
    struct window_map *suffix;      /* by pane of the block */
    int64_t suffix_of;              /* which block */
};

/* Task. The fold's memory is given back by window_fold_close(). */
void window_fold_open(struct window_fold *f, const struct window_plan *plan,
                      ds_arena *task);
void window_fold_close(struct window_fold *f);

/* Before a batch of that pane is added: makes the fold again if it is not of
 * what the panes are. */
ds_rc window_fold_begin(struct window_fold *f, ds_op *op,
                        const struct panes *panes, int64_t pane, ds_err *err);
/* Partial rows of a pane that were put there. */
ds_rc window_fold_add(struct window_fold *f, int64_t pane, const ds_batch *rows,
                      ds_err *err);
/* The result of the window that ends with this pane, by *groups. It lives in
 * the epoch and until the next call for the fold. */
ds_rc window_fold_result(struct window_fold *f, ds_op *op,
                         const struct panes *panes, int64_t pane,
                         ds_groups **groups, struct window_sum *out,
                         ds_err *err);
/* What the pane has so far, as rows to put in place of what it has; NULL: that
 * is not kept apart. */
const ds_batch *window_fold_open_rows(struct window_fold *f, ds_op *op,
                                      int64_t pane);
/* After the batch: the fold is of what the panes are now. */
void window_fold_seal(struct window_fold *f, const struct panes *panes);

#endif
