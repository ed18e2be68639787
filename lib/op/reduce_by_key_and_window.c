/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reduce_by_key_and_window.c - the last batches' rows reduced to one row per
 * key and slide (Spark's reduceByKeyAndWindow; contract.md 5.9).
 */
#include "op/window_keyed.h"

static void reduce_window_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    window_reduce_plan(node, node->args, a, d);
}

static const ds_param reduce_window_params[] = {
    WINDOW_REDUCE_PARAMS,
    {.name = "keep",
     .type = DS_P_EXPR,
     .offset = offsetof(struct window_reduce_args, keep),
     .help = "A condition over the result; other rows do not leave."},
    {0},
};

const ds_op_type op_reduce_by_key_and_window = {
    .name = "reduceByKeyAndWindow",
    .keeps = "a partial result per key and pane",
    .cost = "per key that came or went: with an inverse two steps, without "
            "about three; flat in the number of panes",
    .help = "The last batches' rows reduced to one row per key and slide.",
    .params = reduce_window_params,
    .args_size = sizeof(struct window_reduce_args),
    .flags = DS_OP_BY_KEY | WINDOW_FLAGS,
    .plan = reduce_window_plan,
    WINDOW_KEYED,
};
