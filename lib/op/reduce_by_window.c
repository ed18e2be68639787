/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reduce_by_window.c - aggregates of the last batches' rows, one row per slide;
 * none for a window without rows (Spark's reduceByWindow).
 */
#include "op/window_keyed.h"

struct reduce_all_args {
    struct window_args window;
    const ds_arg *reduce;
};

static void reduce_all_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct reduce_all_args *args = node->args;
    struct window_plan *p = ds_new(a, struct window_plan, 1);
    ds_scope scope = keyed_scope(&p->keyed, node, a);
    ds_exprs *e = select_compile(args->reduce, &scope, a, d);

    if (e)
        window_keyed_plan(p, node, &args->window, e, NULL, a, d);
    else
        window_args_plan(&args->window, node, d);
}

static const ds_param reduce_all_params[] = {
    {.name = "reduce",
     .type = DS_P_SELECT,
     .offset = offsetof(struct reduce_all_args, reduce),
     .help = "Aggregates with names: count(*) AS events, sum(ms) AS ms.",
     .required = true},
    WINDOW_PARAMS,
    {0},
};

const ds_op_type op_reduce_by_window = {
    .name = "reduceByWindow",
    .help = "Aggregates of the last batches' rows, one row per slide.",
    .params = reduce_all_params,
    .args_size = sizeof(struct reduce_all_args),
    .flags = DS_OP_ONE | WINDOW_FLAGS,
    .plan = reduce_all_plan,
    WINDOW_KEYED,
};
