/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.c - keep the rows for which an expression is true.
 *
 * Rows are not moved: the result is the same batch under a shorter selection
 * vector. NULL counts as false, as in SQL.
 */
#include "op/ops.h"
#include "record/builder.h"

struct filter_args {
    ds_text where;
};

static void filter_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct filter_args *args = node->args;
    ds_scope scope = {.cols = ds_node_input(node, 0), .meta = node->records};
    ds_exprs *where = NULL;

    if (ds_expr_compile(&args->where, DS_BOOL, &scope, a, d, &where) < 0)
        return;
    select_reads(node, where);
    node->planned = where;
}

static ds_rc filter_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    uint32_t *sel = ds_new(in->arena, uint32_t, in->n_sel);
    uint32_t n_sel = 0;
    bool nulls = op->node->on_error == DS_ON_ERROR_NULL;
    ds_row_errors errs = {0};
    ds_eval ev = {op->now, in->arena, &errs};
    ds_col keep;

    (void)port;
    DS_TRY(ds_exprs_eval(op->node->planned, in, &ev, &keep, err));
    if (errs.n && nulls)
        DS_TRY(op->host->null_items(op, in, &errs, err));
    else if (errs.n)
        DS_TRY(op->host->reject(op, in, &errs, &in, err));

    DS_EACH (in, row) {
        bool failed = nulls && errs.n && ds_bit_get(errs.bad, row);

        sel[n_sel] = row;
        n_sel += !failed && !ds_col_is_null(&keep, row) && keep.v.b[row];
    }
    op->rows_kept += n_sel;
    if (n_sel < in->n_sel)
        op->host->discard(op, in->n_sel - n_sel, "filtered");
    if (n_sel == in->n_sel)
        return ds_emit(op, in, err);
    return ds_emit(op, ds_batch_select(in, sel, n_sel), err);
}

static const ds_param filter_params[] = {
    {.name = "where",
     .type = DS_P_EXPR,
     .offset = offsetof(struct filter_args, where),
     .help = "Keep the rows for which this is true; NULL counts as false.",
     .required = true,
     .main = true},
    {0},
};

const ds_op_type op_filter = {
    .name = "filter",
    .cost = "a selection; no row is copied",
    .help = "Keep the rows for which an expression is true.",
    .params = filter_params,
    .args_size = sizeof(struct filter_args),
    .size = sizeof(ds_op),
    .flags = DS_OP_KEEPS_COLUMNS | DS_OP_NULLS,
    .plan = filter_plan,
    .push = filter_push,
};
