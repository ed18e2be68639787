/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_by_key.c - the batch's rows of each key side by side: every value
 * column as an array, in the order in which the rows came.
 */
#include "op/per_batch.h"

#include "record/show.h"

static bool is_key(const ds_node *in, uint32_t col)
{
    for (uint32_t i = 0; i < in->n_keys; i++)
        if (in->keys[i] == col)
            return true;
    return false;
}

static const char *value_arrays(const ds_node *node, ds_arena *a)
{
    const ds_node *in = node->inputs[0];
    const char *between = "";
    ds_buf b;

    ds_buf_init(&b, a, 256);
    for (uint32_t i = 0; i < in->schema->n; i++) {
        const char *name;

        if (is_key(in, i))
            continue;
        name = ds_show_name(in->schema->fields[i].name, a);
        ds_buf_printf(&b, "%sarray_agg(%s) AS %s", between, name, name);
        between = ", ";
    }
    ds_buf_add(&b, "", 1);
    return b.s;
}

static void group_by_key_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    if (node->inputs[0]->n_keys == node->inputs[0]->schema->n)
        ds_diag_add(d, DS_ERROR, "E0425", node->where,
                    "countByKey counts the rows of a key",
                    "%s needs columns beside the key", node->op);
    else
        per_batch_plan_text(node, value_arrays(node, a), a, d);
}

const ds_op_type op_group_by_key = {
    .name = "groupByKey",
    .cost = "a copy of the rows",
    .help = "The batch's rows of each key: its value columns as arrays.",
    .size = sizeof(struct per_batch),
    .flags = DS_OP_BY_KEY | DS_OP_NEEDS_BATCH,
    .plan = group_by_key_plan,
    .begin = per_batch_begin,
    .push = per_batch_push,
    .seal = per_batch_seal,
    .combine = &op_partial,
};
