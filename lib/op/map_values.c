/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map_values.c - other values for the same keys: the key's columns stay as they
 * are, in front, and so does the partition (Spark's mapValues, flatMapValues).
 */
#include "op/ops.h"
#include "record/builder.h"

struct map_values_args {
    const ds_arg *select;
};

struct map_values {
    const ds_exprs *values;
    const uint16_t *from; /* the key's columns in what comes in */
};

static bool has_key(const ds_node *node, ds_diags *d)
{
    if (node->n_keys)
        return true;
    ds_diag_add(d, DS_ERROR, "E0451", node->where,
                "map changes rows without a key",
                "%s needs a key: put keyBy before it", node->op);
    return false;
}

static const ds_schema *key_schema(const ds_node *node, ds_arena *a)
{
    ds_schema *key = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, node->n_keys + 1);

    for (uint32_t i = 0; i < node->n_keys; i++)
        fields[i] = node->schema->fields[node->keys[i]];
    *key = (ds_schema){node->n_keys, fields};
    return key;
}

/* The event time may be of the key, or come through the list. */
static void keep_event_time(ds_node *node, const struct map_values *p)
{
    int was = node->inputs[0]->event_time;

    for (uint32_t i = 0; was >= 0 && i < node->n_keys; i++)
        if (p->from[i] == was)
            node->event_time = (int)i;
    for (uint32_t i = 0; was >= 0 && i < ds_exprs_schema(p->values)->n; i++)
        if (node->event_time < 0 && ds_exprs_plain(p->values, i) == was)
            node->event_time = (int)(node->n_keys + i);
}

static void plan(ds_node *node, bool sets, ds_arena *a, ds_diags *d)
{
    const struct map_values_args *args = node->args;
    struct map_values *p = ds_new(a, struct map_values, 1);
    uint16_t *keys = ds_new(a, uint16_t, node->n_keys + 1);
    ds_scope scope = {.cols = ds_node_input(node, 0),
                      .meta = node->records,
                      .sets = sets,
                      .names = true};

    if (!has_key(node, d))
        return;
    p->values = select_compile(args->select, &scope, a, d);
    if (p->values == NULL)
        return;
    p->from = node->keys;
    select_reads(node, p->values);
    for (uint32_t i = 0; i < node->n_keys; i++) {
        keys[i] = (uint16_t)i;
        ds_node_read(node, 0, p->from[i]);
    }
    node->planned = p;
    node->schema = select_concat(key_schema(node, a),
                                 ds_exprs_schema(p->values), node, a, d);
    node->keys = keys;
    node->copies = false;
    keep_event_time(node, p);
}

static void map_values_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    plan(node, false, a, d);
}

static void flat_map_values_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    plan(node, true, a, d);
}

/* `made` with the key's columns in front: keys[i], of its rows. */
static ds_rc with_key(ds_op *op, const ds_batch *made, const ds_col *keys,
                      ds_err *err)
{
    const ds_schema *schema = op->node->schema;
    uint32_t n_keys = op->node->n_keys;
    ds_batch *out = ds_new(made->arena, ds_batch, 1);
    ds_col *cols = ds_new(made->arena, ds_col, schema->n + 1);

    for (uint32_t i = 0; i < schema->n; i++)
        cols[i] = i < n_keys ? keys[i] : made->cols[i - n_keys];
    *out = *made;
    out->schema = schema;
    out->cols = cols;
    return ds_emit(op, out, err);
}

static ds_rc map_values_push(ds_op *op, int port, const ds_batch *in,
                             ds_err *err)
{
    const struct map_values *p = op->node->planned;
    ds_col *keys = ds_new(in->arena, ds_col, op->node->n_keys + 1);
    const ds_batch *made;

    (void)port;
    DS_TRY(select_eval(op, p->values, in, &made, err));
    for (uint32_t i = 0; i < op->node->n_keys; i++)
        keys[i] = in->cols[p->from[i]];
    return with_key(op, made, keys, err);
}

/* The list evaluated over rows that know their own number, so that the key can
 * be found for what came of them. */
static ds_rc sets_eval(ds_op *op, const ds_batch **in, const ds_batch **made,
                       ds_err *err)
{
    const struct map_values *p = op->node->planned;
    ds_row_errors errs = {0};
    ds_eval ev = {op->now, (*in)->arena, &errs};
    uint32_t *self = ds_new((*in)->arena, uint32_t, (*in)->n + 1);
    ds_batch numbered = **in;
    uint32_t n_from = 0;

    for (uint32_t i = 0; i < numbered.n; i++)
        self[i] = i;
    numbered.rec = self;
    DS_TRY(ds_exprs_eval_set(p->values, &numbered, &ev, made, &n_from, err));
    if (errs.n) {
        DS_TRY(op->host->reject(op, *in, &errs, in, err));
        return sets_eval(op, in, made, err);
    }
    op->rows_kept += n_from;
    if (n_from < (*in)->n_sel)
        op->host->discard(op, (*in)->n_sel - n_from, "empty");
    return DS_OK;
}

static ds_rc flat_map_values_push(ds_op *op, int port, const ds_batch *in,
                                  ds_err *err)
{
    const struct map_values *p = op->node->planned;
    ds_col *keys = ds_new(in->arena, ds_col, op->node->n_keys + 1);
    const ds_batch *made;
    ds_batch out;
    uint32_t *rec;

    if (ds_exprs_set_item(p->values) < 0)
        return map_values_push(op, port, in, err);
    DS_TRY(sets_eval(op, &in, &made, err));
    if (made->n == 0)
        return DS_OK;
    for (uint32_t i = 0; i < op->node->n_keys; i++)
        keys[i] = ds_col_gather(&in->cols[p->from[i]],
                                op->node->schema->fields[i].type, made->rec,
                                made->n, in->arena);
    rec = ds_new(in->arena, uint32_t, made->n + 1);
    for (uint32_t i = 0; i < made->n; i++)
        rec[i] = ds_batch_rec(in, made->rec[i]);
    out = *made;
    out.rec = in->env ? rec : NULL;
    return with_key(op, &out, keys, err);
}

static const ds_param map_values_params[] = {
    {.name = "select",
     .type = DS_P_SELECT,
     .offset = offsetof(struct map_values_args, select),
     .help = "The new values: expressions with names. The key's columns stay "
             "and are not listed.",
     .required = true,
     .main = true},
    {0},
};

const ds_op_type op_map_values = {
    .name = "mapValues",
    .cost = "as map",
    .help = "Other values for the same key: a select list.",
    .params = map_values_params,
    .args_size = sizeof(struct map_values_args),
    .size = sizeof(ds_op),
    .flags = DS_OP_NULLS,
    .plan = map_values_plan,
    .push = map_values_push,
};

const ds_op_type op_flat_map_values = {
    .name = "flatMapValues",
    .cost = "as flatMap",
    .help = "Any number of values for the same key.",
    .params = map_values_params,
    .args_size = sizeof(struct map_values_args),
    .size = sizeof(ds_op),
    .plan = flat_map_values_plan,
    .push = flat_map_values_push,
};
