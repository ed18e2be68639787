/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.c - one row for each row: a select list.
 *
 * A stream stays keyed if every column of its key comes through as it is; it
 * may get another name and place (contract.md 8.4).
 */
#include "op/ops.h"

struct map_args {
    const ds_arg *select;
};

static void map_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct map_args *args = node->args;
    ds_scope scope = {
        .cols = ds_node_input(node, 0), .meta = node->records, .names = true};
    ds_exprs *e = select_compile(args->select, &scope, a, d);
    int *plain;

    if (e == NULL)
        return;
    select_reads(node, e);
    node->planned = e;
    node->schema = ds_exprs_schema(e);
    plain = ds_new(a, int, node->schema->n + 1);
    for (uint32_t i = 0; i < node->schema->n; i++)
        plain[i] = ds_exprs_plain(e, i);
    select_keys(node, plain, a);
    select_event_time(node, e);
}

static ds_rc map_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    const ds_batch *out;

    (void)port;
    DS_TRY(select_eval(op, op->node->planned, in, &out, err));
    return ds_emit(op, out, err);
}

static const ds_param map_params[] = {
    {.name = "select",
     .type = DS_P_SELECT,
     .offset = offsetof(struct map_args, select),
     .help = "The columns of the result: expressions with names.",
     .required = true,
     .main = true},
    {0},
};

const ds_op_type op_map = {
    .name = "map",
    .cost = "one evaluation per column and row",
    .help = "One row for each row: a select list.",
    .params = map_params,
    .args_size = sizeof(struct map_args),
    .size = sizeof(ds_op),
    .flags = DS_OP_NULLS,
    .plan = map_plan,
    .push = map_push,
};
