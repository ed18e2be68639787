/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_by_key_and_window.c - the last batches' values of each key as arrays,
 * oldest batch first (Spark's groupByKeyAndWindow; contract.md 5.3).
 */
#include "op/window_keyed.h"

static void group_window_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    struct window_plan *p = ds_new(a, struct window_plan, 1);
    ds_scope scope = keyed_scope(&p->keyed, node, a);
    ds_exprs *e = group_by_key_arrays(node, &scope, a, d);

    if (e)
        window_keyed_plan(p, node, node->args, e, NULL, a, d);
}

static const ds_param group_window_params[] = {WINDOW_PARAMS, {0}};

const ds_op_type op_group_by_key_and_window = {
    .name = "groupByKeyAndWindow",
    .keeps = "the values of the window, by key and pane",
    .cost = "all of them at each slide",
    .help = "The last batches' values of each key as arrays, at each slide.",
    .params = group_window_params,
    .args_size = sizeof(struct window_args),
    .flags = DS_OP_BY_KEY | WINDOW_FLAGS,
    .plan = group_window_plan,
    WINDOW_KEYED,
};
