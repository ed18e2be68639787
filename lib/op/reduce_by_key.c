/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reduce_by_key.c - the batch's rows reduced, to one row per key or to one row.
 *
 * Of this batch only: what should go on counting is updateStateByKey.
 */
#include "op/per_batch.h"

struct reduce_args {
    const ds_arg *reduce;
};

static void reduce_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    per_batch_plan(node, ((const struct reduce_args *)node->args)->reduce, a,
                   d);
}

static const ds_param reduce_params[] = {
    {.name = "reduce",
     .type = DS_P_SELECT,
     .offset = offsetof(struct reduce_args, reduce),
     .help = "Aggregates with names (count(*) AS events, sum(ms) AS ms), or a "
             "function of two rows: a.ms + b.ms AS ms.",
     .required = true,
     .main = true},
    {0},
};

const ds_op_type op_reduce_by_key = {
    .name = "reduceByKey",
    .cost = "a hash lookup per row; a function of a and b is evaluated over "
            "pairs, all at once",
    .help = "The batch's rows reduced to one row per key.",
    .params = reduce_params,
    .args_size = sizeof(struct reduce_args),
    .size = sizeof(struct per_batch),
    .flags = DS_OP_BY_KEY | DS_OP_NEEDS_BATCH,
    .plan = reduce_plan,
    .begin = per_batch_begin,
    .push = per_batch_push,
    .seal = per_batch_seal,
    .combine = &op_partial,
};

const ds_op_type op_reduce = {
    .name = "reduce",
    .cost = "a partial result per task and batch crosses",
    .help = "The batch's rows reduced to one row; none of an empty batch.",
    .params = reduce_params,
    .args_size = sizeof(struct reduce_args),
    .size = sizeof(struct per_batch),
    .flags = DS_OP_ONE | DS_OP_NEEDS_BATCH,
    .plan = reduce_plan,
    .begin = per_batch_begin,
    .push = per_batch_push,
    .seal = per_batch_seal,
    .combine = &op_partial,
};
