/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shuffle.c - rows to a repartition topic: to the partition of their key, to
 * one partition, round over all, or to that of the same number.
 *
 * A row travels as bytes of the row format; where the key decides, the record
 * key is its text, so that the partition is the one that any Kafka client would
 * choose.
 */
#include "op/ops.h"
#include "record/rowfmt.h"
#include "record/show.h"

struct shuffle {
    ds_op op;
    int32_t next; /* SPREAD: the partition of the next row */
};

static ds_rc shuffle_begin(ds_op *op, ds_err *err)
{
    struct shuffle *s = (struct shuffle *)op;

    (void)err;
    if (op->node->cut == DS_CUT_SPREAD)
        s->next = op->partition % op->node->spread;
    return DS_OK;
}

static int32_t shuffle_partition(struct shuffle *s)
{
    const ds_node *node = s->op.node;
    int32_t at = s->next;

    switch (node->cut) {
    case DS_CUT_ONE:
        return 0;
    case DS_CUT_SPREAD:
        s->next = at + 1 == node->spread ? 0 : at + 1;
        return at;
    case DS_CUT_SAME:
        return s->op.partition;
    default:
        return DS_PARTITION_BY_KEY;
    }
}

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
        ds_slice key = empty;

        if (node->cut == DS_CUT_KEY)
            key = ds_show_key(in->schema, in->cols, node->keys, node->n_keys, i,
                              in->arena);

        rows[k_i] =
            (ds_row){.topic = (uint32_t)node->topic,
                     .partition = shuffle_partition((struct shuffle *)op),
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
    .size = sizeof(struct shuffle),
    .flags = DS_OP_INTERNAL,
    .begin = shuffle_begin,
    .push = shuffle_push,
};
