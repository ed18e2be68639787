/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reduce_by_key.c - aggregates of the batch's rows, one row per key.
 *
 * Of this batch only: what should go on counting is updateStateByKey.
 */
#include "op/keyed.h"

struct reduce_args {
    const ds_arg *reduce;
};

struct reduce {
    ds_op op;
    struct keyed keyed;
};

static bool mentions_aggregate(const ds_arg *list)
{
    const char *name;

    for (uint32_t i = 0; (name = ds_agg_name(i)); i++)
        if (select_mentions(list, name))
            return true;
    return false;
}

/* A function of two rows `a` and `b` instead of aggregates: it names both and
 * means nothing else. */
static bool is_function(const ds_arg *list, const ds_scope *scope, ds_arena *a)
{
    ds_diags tried;

    if (!select_mentions(list, "a") || !select_mentions(list, "b") ||
        ds_schema_find(scope->rows, "a") >= 0 ||
        ds_schema_find(scope->rows, "b") >= 0)
        return false;
    ds_diags_init(&tried, a);
    return select_compile(list, scope, a, &tried) == NULL &&
           !mentions_aggregate(list);
}

static void reduce_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct reduce_args *args = node->args;
    struct keyed_plan *p = ds_new(a, struct keyed_plan, 1);
    ds_scope scope = keyed_scope(p, node, a);
    ds_exprs *e;

    if (is_function(args->reduce, &scope, a)) {
        ds_diag_add(d, DS_ERROR, "E0190", args->reduce->where,
                    "aggregates can be written instead: sum(n) AS n",
                    "a function of two rows `a` and `b` is not supported in "
                    "this version");
        return;
    }
    e = select_compile(args->reduce, &scope, a, d);
    if (e)
        keyed_plan(p, node, e, NULL, a, d);
}

static ds_rc reduce_begin(ds_op *op, ds_err *err)
{
    (void)err;
    keyed_begin(&((struct reduce *)op)->keyed, op, op->node->planned,
                op->node->partial != NULL);
    return DS_OK;
}

static ds_rc reduce_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    (void)port;
    return keyed_add(&((struct reduce *)op)->keyed, op, in, err);
}

static ds_rc reduce_seal(ds_op *op, ds_err *err)
{
    struct keyed *k = &((struct reduce *)op)->keyed;
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

static const ds_param reduce_params[] = {
    {.name = "reduce",
     .type = DS_P_SELECT,
     .offset = offsetof(struct reduce_args, reduce),
     .help = "Aggregates with names: count(*) AS events, sum(ms) AS ms.",
     .required = true,
     .main = true},
    {0},
};

const ds_op_type op_reduce_by_key = {
    .name = "reduceByKey",
    .help = "Aggregates of the batch's rows, one row per key.",
    .params = reduce_params,
    .args_size = sizeof(struct reduce_args),
    .size = sizeof(struct reduce),
    .flags = DS_OP_BY_KEY | DS_OP_NEEDS_BATCH,
    .plan = reduce_plan,
    .begin = reduce_begin,
    .push = reduce_push,
    .seal = reduce_seal,
    .combine = &op_partial,
};
