/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside.c - rows to a sink that is no topic (dstream/sink.h).
 *
 * They are kept in the epoch until the rest of it is as good as committed, so
 * that an abort before has written nothing: an epoch may have several batches,
 * and each is handed over as one.
 */
#include "dstream/sink.h"
#include "op/ops.h"

struct outside_rows {
    struct outside_rows *next;
    ds_batch rows;
};

struct outside_batch {
    struct outside_batch *next;
    ds_sink_batch is;
    struct outside_rows *first, **last;
};

struct outside {
    ds_op op;
    ds_sink_use use;
    void *sink;
    bool opened;
    uint64_t epoch; /* that the batches belong to */
    struct outside_batch *first, **last;
    struct outside_batch *now; /* NULL: no row yet */
};

static void outside_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const ds_outside_args *args = node->args;
    const ds_schema *columns = ds_node_input(node, 0);

    (void)a;
    ds_node_read_all(node, 0);
    if (args->type->empty)
        node->flags |= DS_OP_EVERY_EPOCH;
    if (args->type->check)
        args->type->check(args->args, columns, node->where, d);
}

/* When its first batch begins: by then it is known what has committed. */
static ds_rc outside_open(struct outside *o, ds_err *err)
{
    const ds_op *op = &o->op;
    const ds_outside_args *args = op->node->args;

    if (o->opened)
        return DS_OK;
    o->use = (ds_sink_use){.type = args->type,
                           .job = args->job,
                           .job_file = args->file,
                           .name = op->node->stream,
                           .args = args->args,
                           .columns = op->node->schema,
                           .partition = op->partition,
                           .committed = op->host->token(&o->op, false)};
    if (args->type->open)
        DS_TRY(args->type->open(&o->use, &o->sink, err));
    o->opened = true;
    return DS_OK;
}

static void outside_close(ds_op *op)
{
    struct outside *o = (struct outside *)op;
    const ds_outside_args *args = op->node->args;

    if (o->opened && args->type->close)
        args->type->close(o->sink);
}

static void batch_begin(struct outside *o)
{
    struct outside_batch *b =
        ds_new(o->op.epoch_arena, struct outside_batch, 1);

    b->is = (ds_sink_batch){.time = o->op.now, .partition = o->op.partition};
    b->last = &b->first;
    *o->last = b;
    o->last = &b->next;
    o->now = b;
}

static ds_rc outside_begin(ds_op *op, ds_err *err)
{
    struct outside *o = (struct outside *)op;
    const ds_outside_args *args = op->node->args;

    DS_TRY(outside_open(o, err));
    if (o->epoch != op->epoch) {
        o->epoch = op->epoch;
        o->first = NULL;
        o->last = &o->first;
    }
    o->now = NULL;
    if (args->type->empty)
        batch_begin(o);
    return DS_OK;
}

static ds_rc outside_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    struct outside *o = (struct outside *)op;
    struct outside_rows *r = ds_new(op->epoch_arena, struct outside_rows, 1);

    (void)port;
    (void)err;
    if (!o->now)
        batch_begin(o);
    r->rows = *in;
    *o->now->last = r;
    o->now->last = &r->next;
    o->now->is.rows += in->n_sel;
    op->rows_kept += in->n_sel;
    op->rows_out += in->n_sel;
    return DS_OK;
}

static ds_rc outside_deliver(ds_op *op, ds_err *err)
{
    struct outside *o = (struct outside *)op;
    const ds_sink_type *type = ((const ds_outside_args *)op->node->args)->type;

    if (o->epoch != op->epoch)
        return DS_OK; /* no batch of it was begun */
    for (struct outside_batch *b = o->first; b; b = b->next) {
        b->is.token = op->host->token(op, true);
        for (struct outside_rows *r = b->first; r; r = r->next)
            DS_TRY(type->write(o->sink, &o->use, &r->rows, err));
        if (type->commit)
            DS_TRY(type->commit(o->sink, &o->use, &b->is, err));
    }
    return DS_OK;
}

static ds_rc outside_delivered(ds_op *op, ds_err *err)
{
    struct outside *o = (struct outside *)op;
    const ds_sink_type *type = ((const ds_outside_args *)op->node->args)->type;

    if (!o->opened || type->done == NULL)
        return DS_OK;
    return type->done(o->sink, &o->use, err);
}

const ds_op_type op_outside = {
    .name = "outside",
    .help = "Rows to a sink that is no topic.",
    .args_size = sizeof(ds_outside_args),
    .size = sizeof(struct outside),
    .flags = DS_OP_INTERNAL,
    .plan = outside_plan,
    .begin = outside_begin,
    .push = outside_push,
    .deliver = outside_deliver,
    .delivered = outside_delivered,
    .close = outside_close,
};
