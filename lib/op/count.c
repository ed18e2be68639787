/* SPDX-License-Identifier: Apache-2.0 */
/*
 * count.c - how many rows a batch has: in all, by key, by value.
 *
 * count gives a row for every batch, 0 for an empty one (Spark's DStream.count
 * adds an empty element for that); the others only count what is there.
 */
#include "op/per_batch.h"

static void count_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    per_batch_plan_text(node, "count(*) AS count", a, d);
}

static ds_rc count_seal(ds_op *op, ds_err *err)
{
    struct keyed *k = &((struct per_batch *)op)->keyed;

    if (ds_groups_n(k->groups) == 0)
        DS_TRY(keyed_add_idle(k, op, NULL, 1, err));
    return per_batch_seal(op, err);
}

const ds_op_type op_count = {
    .name = "count",
    .cost = "a number per task and batch crosses",
    .help = "How many rows the batch has: one row, also for an empty batch.",
    .size = sizeof(struct per_batch),
    .flags = DS_OP_ONE | DS_OP_NEEDS_BATCH | DS_OP_EVERY_EPOCH,
    .plan = count_plan,
    .begin = per_batch_begin,
    .push = per_batch_push,
    .seal = count_seal,
    .combine = &op_partial,
};

const ds_op_type op_count_by_key = {
    .name = "countByKey",
    .cost = "a hash lookup per row",
    .help = "How many rows each key has in the batch.",
    .size = sizeof(struct per_batch),
    .flags = DS_OP_BY_KEY | DS_OP_NEEDS_BATCH,
    .plan = count_plan,
    .begin = per_batch_begin,
    .push = per_batch_push,
    .seal = per_batch_seal,
    .combine = &op_partial,
};

const ds_op_type op_count_by_value = {
    .name = "countByValue",
    .cost = "a hash lookup per row",
    .help = "How often each row is there in the batch.",
    .size = sizeof(struct per_batch),
    .flags = DS_OP_BY_KEY | DS_OP_NEEDS_BATCH,
    .before = &op_by_value,
    .plan = count_plan,
    .begin = per_batch_begin,
    .push = per_batch_push,
    .seal = per_batch_seal,
    .combine = &op_partial,
};

/* ---- the whole row as key ---- */

static void by_value_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    uint16_t *keys = ds_new(a, uint16_t, node->schema->n + 1);

    (void)d;
    for (uint32_t i = 0; i < node->schema->n; i++)
        keys[i] = (uint16_t)i;
    /* A single column that is the key already: rows stay where they are. */
    node->by_key = node->inputs[0]->by_key && node->n_keys == node->schema->n;
    for (uint32_t i = 0; node->by_key && i < node->n_keys; i++)
        node->by_key = node->keys[i] == i;
    node->keys = keys;
    node->n_keys = node->schema->n;
}

static ds_rc by_value_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    (void)port;
    op->rows_kept += in->n_sel;
    return ds_emit(op, in, err);
}

const ds_op_type op_by_value = {
    .name = "byValue",
    .help = "Rows with all their columns as key.",
    .size = sizeof(ds_op),
    .flags = DS_OP_INTERNAL | DS_OP_KEEPS_COLUMNS,
    .plan = by_value_plan,
    .push = by_value_push,
};
