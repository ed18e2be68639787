/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map_with_state.c - a state per key, and a row per batch for each key that had
 * rows: Spark's mapWithState, with aggregates over the batch's rows of a key
 * instead of a call per row (contract.md 8.9); see update.h.
 *
 *     update       the state after the batch: StateSpec's function
 *     init         StateSpec.initialState: states of given keys; or that of a
 *                  new one
 *     emit         what it returns: a row per key that had rows. Absent: the
 *                  state, and then a removed key gives no row
 *     timeout      StateSpec.timeout: a key without rows for longer is dropped
 *     on_timeout   the call with isTimingOut(): a row for such a key
 */
#include "op/update.h"

struct map_args {
    const ds_arg *update;
    const ds_arg *init;
    const ds_arg *emit;
    ds_time timeout;
    const ds_arg *on_timeout;
};

static void emit_plan(struct update_plan *p, ds_node *node,
                      const ds_scope *scope, ds_arena *a, ds_diags *d)
{
    const struct map_args *args = node->args;
    ds_exprs *e = select_compile(args->emit, scope, a, d);

    if (e == NULL)
        return;
    keyed_plan_more(&p->keyed, node, e, a);
    p->emits = true;
    node->schema = select_concat(p->keyed.key, ds_exprs_schema(e), node, a, d);
}

/* The node's columns that the items are, with their types; NULL: a diagnostic
 * was added. */
static const ds_schema *last_columns(struct update_plan *p, const ds_node *node,
                                     const ds_schema *items, ds_arena *a,
                                     ds_diags *d)
{
    const struct map_args *args = node->args;
    ds_schema *s = ds_new(a, ds_schema, 1);
    ds_field *f = ds_new(a, ds_field, items->n + 1);

    p->last_cols = ds_new(a, uint32_t, items->n + 1);
    for (uint32_t i = 0; i < items->n; i++) {
        int at = ds_schema_find(node->schema, items->fields[i].name);

        if (at < (int)p->keyed.key->n) {
            ds_diag_add(d, DS_ERROR, "E0101", args->on_timeout->where,
                        "it gives the columns that `emit` gives",
                        "`%s` is no column that %s emits",
                        items->fields[i].name, node->name);
            return NULL;
        }
        p->last_cols[i] = (uint32_t)at;
        f[i] = node->schema->fields[at];
    }
    *s = (ds_schema){items->n, f};
    return s;
}

static void last_plan(struct update_plan *p, const ds_node *node, ds_arena *a,
                      ds_diags *d)
{
    const struct map_args *args = node->args;
    ds_scope scope = {
        .cols = p->keyed.key, .names = true, .state = p->keyed.state};
    const ds_schema *want;
    ds_exprs *e;

    if (!args->timeout) {
        ds_diag_add(d, DS_ERROR, "E0102", args->on_timeout->where,
                    "timeout: 1h", "`on_timeout` needs `timeout`");
        return;
    }
    e = select_compile(args->on_timeout, &scope, a, d);
    want = e ? last_columns(p, node, ds_exprs_schema(e), a, d) : NULL;
    if (want)
        p->last = update_cast(e, want, args->on_timeout, a, d);
}

static void map_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct map_args *args = node->args;
    struct update_plan *p = ds_new(a, struct update_plan, 1);
    ds_scope scope = keyed_scope(&p->keyed, node, a);
    const ds_schema *state;
    ds_exprs *e = update_compile(args->update, &scope, &state, a, d);

    if (e == NULL)
        return;
    keyed_plan(&p->keyed, node, e, state, a, d);
    node->canon = ds_exprs_canon(e, a);
    /* Past the deadline, as in Spark: not in the batch whose time it is. */
    update_forgets(p, node, args->timeout ? args->timeout + 1 : 0, a);
    update_init(p, node, args->init, a, d);
    node->deletes = args->emit == NULL;
    if (args->emit)
        emit_plan(p, node, &scope, a, d);
    if (args->on_timeout)
        last_plan(p, node, a, d);
}

static const ds_param map_params[] = {
    {.name = "update",
     .type = DS_P_SELECT,
     .offset = offsetof(struct map_args, update),
     .help =
         "The new state, from `state` and aggregates over the batch's rows; "
         "NULL removes the key.",
     .required = true,
     .main = true},
    {.name = "init",
     .type = DS_P_SELECT,
     .offset = offsetof(struct map_args, init),
     .help = UPDATE_INIT_HELP},
    {.name = "emit",
     .type = DS_P_SELECT,
     .offset = offsetof(struct map_args, emit),
     .help = "A row per key that had rows, from the new `state` and aggregates "
             "over the batch's rows; absent: the state."},
    {.name = "timeout",
     .type = DS_P_DURATION,
     .offset = offsetof(struct map_args, timeout),
     .help = "Drop keys that had no rows for longer than this."},
    {.name = "on_timeout",
     .type = DS_P_SELECT,
     .offset = offsetof(struct map_args, on_timeout),
     .help = "A row for a key that is dropped, from its last `state`."},
    {0},
};

const ds_op_type op_map_with_state = {
    .name = "mapWithState",
    .keeps = "a state per key, deadlines by time",
    .cost = "one get and one put per distinct key and batch; what times out is "
            "found by time",
    .help = "A state per key, and a row for each key that had rows.",
    .params = map_params,
    .args_size = sizeof(struct map_args),
    .size = sizeof(struct update),
    .flags = DS_OP_STATEFUL | DS_OP_BY_KEY | DS_OP_NEEDS_BATCH,
    .plan = map_plan,
    .begin = update_begin,
    .push = update_push,
    .seal = update_seal,
    .combine = &op_partial,
};
