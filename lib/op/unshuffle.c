/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unshuffle.c - the rows of a repartition topic, as they went in.
 */
#include "op/ops.h"
#include "record/builder.h"
#include "record/rowfmt.h"

static void bad_add(ds_row_errors *errs, const ds_batch *in, uint32_t row)
{
    ds_row_errors_add(errs, in->arena, in->n, row, "E0690", 0,
                      "the record of a repartition topic is damaged, or of "
                      "another version of the job");
}

static ds_rc unshuffle_push(ds_op *op, int port, const ds_batch *in,
                            ds_err *err)
{
    const ds_schema *schema = op->node->schema;
    ds_col *cols = ds_new(in->arena, ds_col, schema->n + 1);
    ds_batch *out = ds_new(in->arena, ds_batch, 1);
    ds_row_errors errs = {0};
    const ds_batch *rest = out;
    uint64_t *bad = NULL;

    (void)port;
    DS_BUG_ON(in->sel || in->rec);
    ds_rows_decode(in->env->val, in->n, schema, in->arena, cols, &bad);
    for (uint32_t i = 0; i < in->n; i++)
        if ((bad && ds_bit_get(bad, i)) || in->env->val[i].ptr == NULL)
            bad_add(&errs, in, i);
    *out = *in;
    out->schema = schema;
    out->cols = cols;
    if (errs.n)
        DS_TRY(op->host->reject(op, out, &errs, &rest, err));
    op->rows_kept += rest->n_sel;
    return ds_emit(op, rest, err);
}

const ds_op_type op_unshuffle = {
    .name = "unshuffle",
    .help = "The rows of a repartition topic.",
    .size = sizeof(ds_op),
    .flags = DS_OP_INTERNAL,
    .push = unshuffle_push,
};
