/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shuffle.c - rows to a repartition topic: to the partition of their key, to
 * one partition, round over all, or to that of the same number.
 *
 * A row travels as bytes of the row format; where the key decides, the record
 * key is its text, so that the partition is the one that any Kafka client would
 * choose. Equal keys must give one text: rows that were not combined first may
 * hold them in different forms (1.5, 1.50), and the sides of a join under
 * different names.
 */
#include "op/ops.h"
#include "record/nested.h"
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

/* The key's columns of a batch, in their plain form. */
struct shuffle_key {
    const ds_schema *names; /* columns 0 to n */
    const ds_col *cols;
    const uint16_t *at;
};

static ds_col col_plain(const ds_batch *in, const ds_col *c, ds_type type)
{
    size_t size = ds_type_size(type);
    uint8_t *plain;

    if (!ds_type_has_plain(type))
        return *c;
    plain = ds_arena_alloc(in->arena, in->n * size, 16);
    DS_EACH (in, row) {
        ds_value v;

        if (ds_col_is_null(c, row))
            continue;
        v = ds_col_value(c, type, row);
        ds_value_plain(type, &v, in->arena);
        memcpy(plain + row * size, &v, size);
    }
    return (ds_col){.valid = c->valid, .v.p = plain};
}

static struct shuffle_key key_of(const ds_node *node, const ds_batch *in)
{
    const ds_node *first = node->for_node->inputs[0];
    ds_schema *names = ds_new(in->arena, ds_schema, 1);
    ds_field *fields = ds_new(in->arena, ds_field, node->n_keys + 1);
    ds_col *cols = ds_new(in->arena, ds_col, node->n_keys + 1);
    uint16_t *at = ds_new(in->arena, uint16_t, node->n_keys + 1);

    for (uint32_t k = 0; k < node->n_keys; k++) {
        fields[k] = in->schema->fields[node->keys[k]];
        fields[k].name = first->schema->fields[first->keys[k]].name;
        at[k] = (uint16_t)k;
        cols[k] = node->for_node->partial
                      ? in->cols[node->keys[k]]
                      : col_plain(in, &in->cols[node->keys[k]], fields[k].type);
    }
    *names = (ds_schema){node->n_keys, fields};
    return (struct shuffle_key){names, cols, at};
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

/* The batch's time in front of each row, for a stage that runs whole batches:
 * the engine takes it off again (run/progress.h). */
static void rows_stamp(const ds_op *op, ds_slice *vals, uint32_t n, ds_arena *a)
{
    size_t total = 0;
    uint8_t *to;

    for (uint32_t i = 0; i < n; i++)
        total += sizeof(op->now) + vals[i].len;
    to = ds_arena_alloc(a, total, 1);
    for (uint32_t i = 0; i < n; i++) {
        ds_slice row = vals[i];

        vals[i] = (ds_slice){to, row.len + (uint32_t)sizeof(op->now)};
        memcpy(to, &op->now, sizeof(op->now));
        memcpy(to + sizeof(op->now), row.ptr, row.len);
        to += vals[i].len;
    }
}

static ds_rc shuffle_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    const ds_node *node = op->node;
    const ds_slice empty = {(const uint8_t *)"", 0};
    struct shuffle_key by = {0};
    ds_slice *vals;
    ds_row *rows;

    (void)port;
    (void)err;
    if (in->n_sel == 0)
        return DS_OK;
    vals = ds_new(in->arena, ds_slice, in->n_sel);
    ds_rows_encode(in->cols, in->schema, in->n, in->sel, in->n_sel, in->arena,
                   vals);
    if (node->cut == DS_CUT_KEY)
        by = key_of(node, in);
    if (op->stamps)
        rows_stamp(op, vals, in->n_sel, in->arena);
    rows = ds_outbox_add_n(op->outbox, in->n_sel);
    DS_EACH (in, i) {
        ds_slice key = empty;

        if (node->cut == DS_CUT_KEY)
            key = ds_show_key(by.names, by.cols, by.at, node->n_keys, i,
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
