/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shuffle.c - rows to a repartition topic, to the partition of their key.
 *
 * A row travels as bytes of the row format; the record key is the key's text,
 * so that the partition is the one that any Kafka client would choose.
 */
#include "op/ops.h"
#include "record/rowfmt.h"
#include "record/show.h"

static ds_rc shuffle_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    const ds_node *node = op->node;
    const ds_slice empty = {(const uint8_t *)"", 0};
    ds_slice *vals;
    ds_row *rows;

    (void)port;
    (void)err;
    if (in->n_sel == 0)
        return DS_OK;
    vals = ds_new(in->arena, ds_slice, in->n_sel);
    ds_rows_encode(in->cols, in->schema, in->n, in->sel, in->n_sel, in->arena,
                   vals);
    rows = ds_outbox_add_n(op->outbox, in->n_sel);
    DS_EACH (in, i) {
        ds_slice key = ds_show_key(in->schema, in->cols, node->keys,
                                   node->n_keys, i, in->arena);

        rows[k_i] = (ds_row){.topic = (uint32_t)node->topic,
                             .partition = DS_PARTITION_BY_KEY,
                             .key = key.ptr ? key : empty,
                             .val = vals[k_i],
                             .ts = op_record_time(op, in, i),
                             .env = in->env,
                             .rec = in->env ? ds_batch_rec(in, i) : 0};
    }
    op->rows_out += in->n_sel;
    op->rows_kept += in->n_sel;
    return DS_OK;
}

const ds_op_type op_shuffle = {
    .name = "shuffle",
    .help = "Rows to a repartition topic.",
    .size = sizeof(ds_op),
    .flags = DS_OP_INTERNAL,
    .push = shuffle_push,
};
