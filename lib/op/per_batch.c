/* SPDX-License-Identifier: Apache-2.0 */
/*
 * per_batch.c - aggregates of a batch's rows.
 */
#include "op/per_batch.h"

#include "op/pair.h"

void per_batch_plan(ds_node *node, const ds_arg *list, ds_arena *a, ds_diags *d)
{
    struct keyed_plan *p = ds_new(a, struct keyed_plan, 1);
    ds_scope scope = keyed_scope(p, node, a);
    ds_exprs *e;

    if (pair_is_function(list, p->rows, a))
        e = pair_compile(node, list, NULL, p->key, a, d);
    else
        e = select_compile(list, &scope, a, d);
    if (e)
        keyed_plan(p, node, e, NULL, a, d);
}

void per_batch_plan_text(ds_node *node, const char *list, ds_arena *a,
                         ds_diags *d)
{
    ds_arg *arg = ds_new(a, ds_arg, 1);

    arg->text = ds_text_of(list);
    arg->where = node->where;
    per_batch_plan(node, arg, a, d);
}

ds_rc per_batch_begin(ds_op *op, ds_err *err)
{
    (void)err;
    keyed_begin(&((struct per_batch *)op)->keyed, op, op->node->planned,
                op->node->partial != NULL);
    return DS_OK;
}

ds_rc per_batch_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    (void)port;
    return keyed_add(&((struct per_batch *)op)->keyed, op, in, err);
}

ds_rc per_batch_seal(ds_op *op, ds_err *err)
{
    struct keyed *k = &((struct per_batch *)op)->keyed;
    ds_arena *a = op->epoch_arena;
    uint32_t n = ds_groups_n(k->groups);
    ds_batch *out;
    ds_col *cols;

    if (n == 0)
        return DS_OK;
    out = ds_new(a, ds_batch, 1);
    cols = ds_new(a, ds_col, op->node->schema->n + 1);
    ds_groups_cols(k->groups, a, cols);
    ds_key_fit(k->plan->key, cols, n, a);
    DS_TRY(keyed_eval(k, op, NULL, cols + k->plan->key->n, err));
    *out = (ds_batch){.schema = op->node->schema,
                      .cols = cols,
                      .n = n,
                      .n_sel = n,
                      .arena = a};
    return ds_emit(op, out, err);
}
