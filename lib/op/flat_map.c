/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flat_map.c - any number of rows for each row: a select list in which an item
 * returns a set.
 *
 * The rows made from a record still belong to it, but no longer to a key.
 */
#include "op/ops.h"

struct flat_map_args {
    const ds_arg *select;
};

static void flat_map_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct flat_map_args *args = node->args;
    ds_scope scope = {.cols = ds_node_input(node, 0),
                      .meta = node->records,
                      .sets = true,
                      .names = true};
    ds_exprs *e = select_compile(args->select, &scope, a, d);

    if (e == NULL)
        return;
    select_reads(node, e);
    node->planned = e;
    node->schema = ds_exprs_schema(e);
    select_event_time(node, e);
    node->n_keys = 0;
    node->by_key = false;
    node->copies = false;
}

/* A record whose set cannot be made gives no row at all. */
static ds_rc flat_map_eval(ds_op *op, const ds_batch *in, const ds_batch **out,
                           ds_err *err)
{
    const ds_exprs *e = op->node->planned;
    uint32_t n_from = 0;
    ds_row_errors errs = {0};
    ds_eval ev = {op->now, in->arena, &errs};

    if (ds_exprs_set_item(e) < 0)
        return select_eval(op, e, in, out, err);
    DS_TRY(ds_exprs_eval_set(e, in, &ev, out, &n_from, err));
    if (errs.n) {
        DS_TRY(op->host->reject(op, in, &errs, &in, err));
        errs = (ds_row_errors){0};
        DS_TRY(ds_exprs_eval_set(e, in, &ev, out, &n_from, err));
    }
    op->rows_kept += n_from;
    if (n_from < in->n_sel)
        op->host->discard(op, in->n_sel - n_from, "empty");
    return DS_OK;
}

static ds_rc flat_map_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    const ds_batch *out;

    (void)port;
    DS_TRY(flat_map_eval(op, in, &out, err));
    return ds_emit(op, out, err);
}

static const ds_param flat_map_params[] = {
    {.name = "select",
     .type = DS_P_SELECT,
     .offset = offsetof(struct flat_map_args, select),
     .help = "The columns of the result; one of them may return a set, such as "
             "string_to_table(value, ' ') AS word.",
     .required = true,
     .main = true},
    {0},
};

const ds_op_type op_flat_map = {
    .name = "flatMap",
    .cost = "the rows of the sets",
    .help = "Any number of rows for each row.",
    .params = flat_map_params,
    .args_size = sizeof(struct flat_map_args),
    .size = sizeof(ds_op),
    .plan = flat_map_plan,
    .push = flat_map_push,
};
