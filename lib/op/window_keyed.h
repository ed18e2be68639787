/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_keyed.h - what all windows with a result per key share; without a
 * key's columns there is one result.
 *
 *     rows --> keyed (a batch) --> partial rows --> pane --> fold
 *                                                             | at each slide
 *                               select list, keep <-----------+
 */
#ifndef OP_WINDOW_KEYED_H
#define OP_WINDOW_KEYED_H

#include "op/window_args.h"
#include "op/window_fold.h"

struct window_keyed {
    ds_op op;
    struct keyed keyed; /* of the batch */
    struct panes panes;
    struct window_fold fold;
};

/* Arguments of what reduces a window. */
struct window_reduce_args {
    struct window_args window;
    const ds_arg *reduce, *inverse;
    ds_text keep;
};
#define WINDOW_REDUCE_PARAMS                                                   \
    {.name = "reduce",                                                         \
     .type = DS_P_SELECT,                                                      \
     .offset = offsetof(struct window_reduce_args, reduce),                    \
     .help = "Aggregates with names (count(*) AS events, sum(ms) AS ms), or "  \
             "a function of two rows: a.ms + b.ms AS ms.",                     \
     .required = true},                                                        \
        {.name = "inverse",                                                    \
         .type = DS_P_SELECT,                                                  \
         .offset = offsetof(struct window_reduce_args, inverse),               \
         .help = "Of a function of two rows: what takes `b` out of `a` "       \
                 "again."},                                                    \
        WINDOW_PARAMS

/* The plan of such a node, with its mistakes. */
void window_reduce_plan(ds_node *node, const struct window_reduce_args *args,
                        ds_arena *a, ds_diags *d);
/* The select list is compiled, with the scope of p->keyed: the rest. `keep` may
 * be NULL. */
void window_keyed_plan(struct window_plan *p, ds_node *node,
                       const struct window_args *args, const ds_exprs *items,
                       const ds_text *keep, ds_arena *a, ds_diags *d);

ds_rc window_keyed_open(ds_op *op, ds_err *err);
ds_rc window_keyed_begin(ds_op *op, ds_err *err);
ds_rc window_keyed_push(ds_op *op, int port, const ds_batch *in, ds_err *err);
ds_rc window_keyed_seal(ds_op *op, ds_err *err);
void window_keyed_close(ds_op *op);

/* What the types of such operators have in common. */
#define WINDOW_KEYED                                                           \
    .size = sizeof(struct window_keyed), .open = window_keyed_open,            \
    .begin = window_keyed_begin, .push = window_keyed_push,                    \
    .seal = window_keyed_seal, .close = window_keyed_close,                    \
    .check = window_args_check, .combine = &op_partial
#define WINDOW_FLAGS (DS_OP_STATEFUL | DS_OP_NEEDS_BATCH | DS_OP_EVERY_EPOCH)

#endif
