/* SPDX-License-Identifier: Apache-2.0 */
/*
 * per_batch.h - operators whose result are aggregates of a batch, by key or of
 * all rows: reduceByKey, groupByKey, countByKey, countByValue, reduce, count.
 */
#ifndef OP_PER_BATCH_H
#define OP_PER_BATCH_H

#include "op/keyed.h"

struct per_batch {
    ds_op op;
    struct keyed keyed;
};

/* A select list of aggregates or a function of two rows as the node's plan. */
void per_batch_plan(ds_node *node, const ds_arg *list, ds_arena *a,
                    ds_diags *d);
/* The same of a text that cannot be wrong, except for the node's columns. */
void per_batch_plan_text(ds_node *node, const char *list, ds_arena *a,
                         ds_diags *d);
ds_rc per_batch_begin(ds_op *op, ds_err *err);
ds_rc per_batch_push(ds_op *op, int port, const ds_batch *in, ds_err *err);
/* A row per key; without keys one row, if there were any. */
ds_rc per_batch_seal(ds_op *op, ds_err *err);

#endif
