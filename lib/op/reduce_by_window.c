/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reduce_by_window.c - the last batches' rows reduced to one row per slide;
 * none for a window without rows (Spark's reduceByWindow).
 */
#include "op/window_keyed.h"

static void reduce_all_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    window_reduce_plan(node, node->args, a, d);
}

static const ds_param reduce_all_params[] = {WINDOW_REDUCE_PARAMS, {0}};

const ds_op_type op_reduce_by_window = {
    .name = "reduceByWindow",
    .keeps = "a partial result per pane",
    .cost = "with an inverse two steps per slide, without about two per pane",
    .help = "The last batches' rows reduced to one row per slide.",
    .params = reduce_all_params,
    .args_size = sizeof(struct window_reduce_args),
    .flags = DS_OP_ONE | WINDOW_FLAGS,
    .plan = reduce_all_plan,
    WINDOW_KEYED,
};
