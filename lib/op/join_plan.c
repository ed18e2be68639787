/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join_plan.c - keys, columns and times of a join.
 */
#include "op/join.h"
#include "plan/args.h"

/* The other stream; behind a cut its node bears this one's name. */
static const char *other_name(const ds_node *node)
{
    return ((const struct join_args *)node->args)->with.s;
}

/* ---- keys ---- */

static bool keys_agree(const ds_node *node, ds_diags *d)
{
    const ds_node *l = node->inputs[JOIN_LEFT], *r = node->inputs[JOIN_RIGHT];
    bool ok = true;

    if (l->n_keys != r->n_keys) {
        ds_diag_add(d, DS_ERROR, "E0442", node->where, NULL,
                    "`%s` has a key of %u columns, `%s` one of %u",
                    node->stream, l->n_keys, other_name(node), r->n_keys);
        return false;
    }
    for (uint32_t k = 0; k < l->n_keys; k++) {
        const ds_field *x = &l->schema->fields[l->keys[k]];
        const ds_field *y = &r->schema->fields[r->keys[k]];

        if (x->type == y->type)
            continue;
        ds_diag_add(d, DS_ERROR, "E0442", node->where,
                    "cast one of them in keyBy: ... AS name",
                    "key column `%s` is %s, `%s` of `%s` is %s", x->name,
                    ds_type_name(x->type), y->name, other_name(node),
                    ds_type_name(y->type));
        ok = false;
    }
    return ok;
}

static void plan_key(struct join_plan *p, const ds_node *node, ds_arena *a)
{
    const ds_node *in = node->inputs[JOIN_LEFT];
    ds_schema *key = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, in->n_keys + 1);
    ds_type *types = ds_new(a, ds_type, in->n_keys + 1);

    for (uint32_t k = 0; k < in->n_keys; k++) {
        fields[k] = in->schema->fields[in->keys[k]];
        fields[k].not_null = false;
        types[k] = fields[k].type;
    }
    *key = (ds_schema){in->n_keys, fields};
    p->key = key;
    p->key_types = types;
}

/* ---- values ---- */

static void plan_side(struct join_side *s, const ds_node *in, ds_arena *a)
{
    ds_schema *vals = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, in->schema->n + 1);
    uint16_t *cols = ds_new(a, uint16_t, in->schema->n + 1);

    vals->fields = fields;
    for (uint32_t c = 0; c < in->schema->n; c++) {
        if (ds_node_is_key(in, c))
            continue;
        cols[vals->n] = (uint16_t)c;
        fields[vals->n] = in->schema->fields[c];
        fields[vals->n++].not_null = false;
    }
    s->rows = in->schema;
    s->keys = in->keys;
    s->vals = vals;
    s->cols = cols;
}

/* A column of the other stream has a name that is there already. */
static bool names_differ(const struct join_plan *p, const ds_node *node,
                         ds_diags *d)
{
    const ds_schema *left = p->side[JOIN_LEFT].vals;
    const ds_schema *right = p->side[JOIN_RIGHT].vals;
    bool ok = true;

    for (uint32_t c = 0; c < right->n; c++) {
        const char *name = right->fields[c].name;
        bool key = ds_schema_find(p->key, name) >= 0;

        if (!key && ds_schema_find(left, name) < 0)
            continue;
        ds_diag_add(d, DS_ERROR, "E0441", node->where,
                    "rename one of them with map before the join: ... AS name",
                    "column `%s` of `%s` has the name of %s of `%s`", name,
                    other_name(node), key ? "a key column" : "a column",
                    node->stream);
        ok = false;
    }
    return ok;
}

bool join_plan_sides(struct join_plan *p, ds_node *node, ds_arena *a,
                     ds_diags *d)
{
    bool ok = keys_agree(node, d);

    plan_key(p, node, a);
    plan_side(&p->side[JOIN_LEFT], node->inputs[JOIN_LEFT], a);
    plan_side(&p->side[JOIN_RIGHT], node->inputs[JOIN_RIGHT], a);
    return names_differ(p, node, d) && ok;
}

/* ---- within ---- */

static const ds_node *source_of(const ds_node *node)
{
    while (node->n_inputs)
        node = node->inputs[0];
    return node;
}

/* What keeps a side from having a watermark. */
static bool side_times(const ds_node *node, int port, ds_diags *d)
{
    const ds_node *in = node->inputs[port], *source = source_of(in);

    if (in->watermarked)
        return true;
    if (source->event_time < 0)
        ds_diag_add(d, DS_ERROR, "E0443", node->where,
                    "event_time: COLUMN and watermark: 5m beside its `kafka`",
                    "%s with `within` needs an event time on both sides: "
                    "source `%s` has none",
                    node->op, source->stream);
    else if (in->event_time < 0)
        ds_diag_add(d, DS_ERROR, "E0443", node->where,
                    "let the column through as it is; it may get another name",
                    "%s with `within` needs an event time on both sides: "
                    "`%s` lost column `%s` of source `%s`",
                    node->op, port ? other_name(node) : node->stream,
                    source->schema->fields[source->event_time].name,
                    source->stream);
    else
        ds_diag_add(d, DS_ERROR, "E0443", node->where,
                    "watermark: 5m beside its `kafka`",
                    "%s with `within` would keep rows for ever: source `%s` "
                    "has no watermark",
                    node->op, source->stream);
    return false;
}

static const char *const store_names[] = {"left", "right"};

/* What the bytes of the stores mean. */
static const char *canon(const struct join_plan *p, ds_arena *a)
{
    const char *s = ds_str_printf(a, "within %lld", (long long)p->within);

    for (int side = JOIN_LEFT; side <= JOIN_RIGHT; side++)
        s = ds_str_printf(a, "%s %s %s", s, store_names[side],
                          p->side[side].outer ? "outer" : "inner");
    return s;
}

static void plan_within(struct join_plan *p, ds_node *node, ds_arena *a,
                        ds_diags *d)
{
    bool ok = side_times(node, JOIN_LEFT, d);

    if (!side_times(node, JOIN_RIGHT, d) || !ok)
        return;
    for (int s = JOIN_LEFT; s <= JOIN_RIGHT; s++) {
        p->side[s].time = node->inputs[s]->event_time;
        p->side[s].lag = node->inputs[s]->lag;
    }
    /* Half of it: a row then meets those of five panes. */
    p->pane = (p->within + 1) / 2;
    node->flags |= DS_OP_STATEFUL | DS_OP_EVERY_EPOCH;
    node->store_names = store_names;
    node->canon = canon(p, a);
}

/* ---- what leaves ---- */

static void plan_output(const struct join_plan *p, ds_node *node, ds_arena *a)
{
    const ds_schema *parts[] = {p->key, p->side[JOIN_LEFT].vals,
                                p->side[JOIN_RIGHT].vals};
    ds_schema *out = ds_new(a, ds_schema, 1);
    uint16_t *keys = ds_new(a, uint16_t, p->key->n + 1);
    ds_field *fields =
        ds_new(a, ds_field, parts[0]->n + parts[1]->n + parts[2]->n + 1);

    for (int i = 0; i < 3; i++)
        for (uint32_t c = 0; c < parts[i]->n; c++)
            fields[out->n++] = parts[i]->fields[c];
    out->fields = fields;
    for (uint32_t k = 0; k < p->key->n; k++)
        keys[k] = (uint16_t)k;
    node->schema = out;
    node->keys = keys;
    node->n_keys = p->key->n;
    node->records = false;
    node->copies = false;
}

/* A column of a side in the result: of a key's from either side. */
static int output_column(const struct join_plan *p, const ds_node *node,
                         int side)
{
    const ds_node *in = node->inputs[side];
    uint32_t at = p->key->n + (side ? p->side[JOIN_LEFT].vals->n : 0);

    if (in->event_time < 0)
        return -1;
    for (uint32_t k = 0; k < in->n_keys; k++)
        if (in->keys[k] == in->event_time)
            return (int)k;
    for (uint32_t c = 0; c < p->side[side].vals->n; c++)
        if (p->side[side].cols[c] == in->event_time)
            return (int)(at + c);
    return -1;
}

/* The event time of the result is that of the left rows, of a rightOuterJoin
 * that of the right ones: the side that is never NULL. */
static void plan_event_time(const struct join_plan *p, ds_node *node)
{
    int first = p->side[JOIN_RIGHT].outer && !p->side[JOIN_LEFT].outer;
    const ds_node *l = node->inputs[JOIN_LEFT], *r = node->inputs[JOIN_RIGHT];
    int side = node->inputs[first]->event_time >= 0 ? first : !first;

    node->event_time = output_column(p, node, side);
    node->watermarked = node->inputs[side]->watermarked;
    node->lag = node->inputs[side]->lag;
    if (p->within) /* it may wait for the other side's last row */
        node->lag = (l->lag > r->lag ? l->lag : r->lag) + p->within + 1;
}

void join_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct join_args *args = node->args;
    struct join_plan *p = ds_new(a, struct join_plan, 1);
    bool full = node->type == &op_full_outer_join;

    p->within = args->within;
    p->side[JOIN_LEFT].outer = full || node->type == &op_left_outer_join;
    p->side[JOIN_RIGHT].outer = full || node->type == &op_right_outer_join;
    if (!join_plan_sides(p, node, a, d))
        return;
    if (p->within)
        plan_within(p, node, a, d);
    plan_output(p, node, a);
    plan_event_time(p, node);
    ds_node_read_all(node, JOIN_LEFT);
    ds_node_read_all(node, JOIN_RIGHT);
    node->planned = p;
}
