/* SPDX-License-Identifier: Apache-2.0 */
/*
 * count_by_window.c - how many rows the last batches had: countByWindow, which
 * gives nothing before the first row ever and 0 for an empty window after it
 * (contract.md 5.9), and countByValueAndWindow, of each row by itself.
 */
#include "op/window_keyed.h"

static void count_plan(ds_node *node, bool zero, ds_arena *a, ds_diags *d)
{
    static const char *const text = "count(*) AS count";
    struct window_plan *p = ds_new(a, struct window_plan, 1);
    ds_scope scope = keyed_scope(&p->keyed, node, a);
    ds_text list = ds_text_of(text);
    ds_exprs *e = NULL;

    p->zero = zero;
    if (ds_exprs_compile(&list, &scope, a, d, &e) >= 0)
        window_keyed_plan(p, node, node->args, e, NULL, a, d);
}

static void count_window_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    count_plan(node, true, a, d);
}

static void count_values_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    count_plan(node, false, a, d);
}

static const ds_param count_window_params[] = {WINDOW_PARAMS, {0}};

const ds_op_type op_count_by_window = {
    .name = "countByWindow",
    .keeps = "a number per pane",
    .cost = "two additions per slide",
    .help = "How many rows the last batches had, at each slide.",
    .params = count_window_params,
    .args_size = sizeof(struct window_args),
    .flags = DS_OP_ONE | WINDOW_FLAGS,
    .plan = count_window_plan,
    WINDOW_KEYED,
};

const ds_op_type op_count_by_value_and_window = {
    .name = "countByValueAndWindow",
    .keeps = "a number per value and pane",
    .cost = "two additions per value that came or went",
    .help = "How often each row was there in the last batches, at each slide.",
    .params = count_window_params,
    .args_size = sizeof(struct window_args),
    .flags = DS_OP_BY_KEY | WINDOW_FLAGS,
    .before = &op_by_value,
    .plan = count_values_plan,
    WINDOW_KEYED,
};
