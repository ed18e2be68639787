/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reduce_by_key_and_window.c - aggregates of the last batches' rows, one row
 * per key and slide (Spark's reduceByKeyAndWindow; contract.md 5.9).
 */
#include "op/window_keyed.h"

struct reduce_window_args {
    struct window_args window;
    const ds_arg *reduce, *inverse;
    ds_text keep;
};

/* Aggregates bring their inverse along, or have none. */
static void check_inverse(const struct reduce_window_args *args,
                          const ds_exprs *e, ds_diags *d)
{
    const ds_agg *const *aggs;
    uint32_t n;

    if (args->inverse == NULL)
        return;
    aggs = ds_exprs_aggs(e, &n);
    for (uint32_t i = 0; i < n; i++)
        if (!ds_agg_subtracts(aggs[i])) {
            ds_diag_add(d, DS_ERROR, "E0421", args->inverse->where,
                        "drop `inverse`: the window will be re-reduced",
                        "%s() has no inverse", ds_agg_function(aggs[i]));
            return;
        }
    ds_diag_add(d, DS_ERROR, "E0421", args->inverse->where,
                "drop `inverse`: rows that leave are subtracted without it",
                "aggregates have their own inverse");
}

static void reduce_window_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct reduce_window_args *args = node->args;
    struct window_plan *p = ds_new(a, struct window_plan, 1);
    ds_scope scope = keyed_scope(&p->keyed, node, a);
    ds_exprs *e = select_compile(args->reduce, &scope, a, d);

    if (e == NULL) {
        window_args_plan(&args->window, node, d);
        return;
    }
    check_inverse(args, e, d);
    window_keyed_plan(p, node, &args->window, e, &args->keep, a, d);
}

static const ds_param reduce_window_params[] = {
    {.name = "reduce",
     .type = DS_P_SELECT,
     .offset = offsetof(struct reduce_window_args, reduce),
     .help = "Aggregates with names: count(*) AS events, sum(ms) AS ms.",
     .required = true},
    {.name = "inverse",
     .type = DS_P_SELECT,
     .offset = offsetof(struct reduce_window_args, inverse),
     .help = "What takes `b` out of `a` again, if `reduce` is a function of "
             "`a` and `b`."},
    WINDOW_PARAMS,
    {.name = "keep",
     .type = DS_P_EXPR,
     .offset = offsetof(struct reduce_window_args, keep),
     .help = "A condition over the result; other rows do not leave."},
    {0},
};

const ds_op_type op_reduce_by_key_and_window = {
    .name = "reduceByKeyAndWindow",
    .help = "Aggregates of the last batches' rows, one row per key and slide.",
    .params = reduce_window_params,
    .args_size = sizeof(struct reduce_window_args),
    .flags = DS_OP_BY_KEY | WINDOW_FLAGS,
    .plan = reduce_window_plan,
    WINDOW_KEYED,
};
