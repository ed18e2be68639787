/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_by_key.c - the batch's rows of each key side by side: every value
 * column as an array, in the order in which the rows came.
 */
#include "op/per_batch.h"

#include "record/show.h"

ds_exprs *group_by_key_arrays(const ds_node *node, const ds_scope *scope,
                              ds_arena *a, ds_diags *d)
{
    const ds_node *in = node->inputs[0];
    ds_text *names = ds_new(a, ds_text, in->schema->n + 1);
    ds_text *texts = ds_new(a, ds_text, in->schema->n + 1);
    ds_exprs *e = NULL;
    uint32_t n = 0, errors = d->errors;

    if (in->n_keys == in->schema->n)
        ds_diag_add(d, DS_ERROR, "E0425", node->where,
                    "countByKey counts the rows of a key",
                    "%s needs columns beside the key", node->op);
    for (uint32_t c = 0; c < in->schema->n; c++) {
        const char *name = in->schema->fields[c].name;

        if (ds_node_is_key(in, c))
            continue;
        if (ds_type_elem(in->schema->fields[c].type) != DS_NONE)
            ds_diag_add(d, DS_ERROR, "E0444", node->where,
                        "arrays have one dimension: make a jsonb of it with "
                        "to_jsonb, or leave it out",
                        "%s makes an array of each column, and `%s` is one "
                        "already",
                        node->op, name);
        names[n] = ds_text_of(name);
        texts[n++] = ds_text_of(
            ds_str_printf(a, "array_agg(%s)", ds_show_name(name, a)));
    }
    if (d->errors != errors ||
        ds_exprs_compile_named(names, texts, n, scope, a, d, &e) < 0)
        return NULL;
    return e;
}

static void group_by_key_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    struct keyed_plan *p = ds_new(a, struct keyed_plan, 1);
    ds_scope scope = keyed_scope(p, node, a);
    ds_exprs *e = group_by_key_arrays(node, &scope, a, d);

    if (e)
        keyed_plan(p, node, e, NULL, a, d);
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
