/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_by.c - say which columns are the key.
 *
 * The key comes first; a column of the same name is replaced (contract.md 8.4).
 * Nothing moves here: the cut is made before the operator that needs the rows
 * of a key in one place.
 */
#include "op/ops.h"

struct key_by_args {
    const ds_arg *key;
};

/* One item of the new key: an expression list and its first column. */
struct key_by_item {
    const ds_exprs *e;
    uint32_t first;
};

struct key_by {
    uint32_t n_items;
    struct key_by_item *items;
    const ds_schema *key;
    uint32_t n_rest;
    uint16_t *rest; /* input columns that follow the key */
    bool same;      /* the key stands in front already */
};

static bool compile_items(struct key_by *p, ds_node *node, const ds_arg *arg,
                          ds_arena *a, ds_diags *d)
{
    ds_scope scope = {
        .cols = ds_node_input(node, 0), .meta = node->records, .names = true};
    uint32_t n = arg->kind == DS_ARG_LIST ? arg->n : 1;

    p->items = ds_new(a, struct key_by_item, n + 1);
    for (uint32_t i = 0, at = 0; i < n; i++) {
        const ds_arg *item = arg->kind == DS_ARG_LIST ? arg->items[i] : arg;
        ds_exprs *e = select_compile(item, &scope, a, d);

        if (e == NULL)
            return false;
        p->items[p->n_items++] = (struct key_by_item){e, at};
        at += ds_exprs_schema(e)->n;
    }
    return true;
}

/* The key's columns; NULL if a name stands twice. */
static const ds_schema *key_schema(const struct key_by *p, ds_node *node,
                                   ds_arena *a, ds_diags *d)
{
    const ds_schema *last = ds_exprs_schema(p->items[p->n_items - 1].e);
    uint32_t n = p->items[p->n_items - 1].first + last->n;
    ds_field *fields = ds_new(a, ds_field, n + 1);
    ds_schema *key = ds_new(a, ds_schema, 1);

    key->fields = fields;
    for (uint32_t i = 0; i < p->n_items; i++) {
        const ds_schema *s = ds_exprs_schema(p->items[i].e);

        for (uint32_t k = 0; k < s->n; k++) {
            if (ds_schema_find(key, s->fields[k].name) >= 0) {
                ds_diag_add(d, DS_ERROR, "E0125", node->where, NULL,
                            "`%s` stands twice in the key", s->fields[k].name);
                return NULL;
            }
            fields[key->n++] = s->fields[k];
        }
    }
    return key;
}

/* The input column that key column `i` is, unchanged; else -1. */
static int key_plain(const struct key_by *p, uint32_t i)
{
    uint32_t k = p->n_items - 1;

    while (p->items[k].first > i)
        k--;
    return ds_exprs_plain(p->items[k].e, i - p->items[k].first);
}

static void key_by_schema(struct key_by *p, ds_node *node, ds_arena *a)
{
    const ds_schema *in = ds_node_input(node, 0);
    ds_field *fields = ds_new(a, ds_field, p->key->n + in->n + 1);
    ds_schema *out = ds_new(a, ds_schema, 1);

    p->rest = ds_new(a, uint16_t, in->n + 1);
    memcpy(fields, p->key->fields, p->key->n * sizeof(*fields));
    out->n = p->key->n;
    out->fields = fields;
    for (uint32_t c = 0; c < in->n; c++) {
        if (ds_schema_find(p->key, in->fields[c].name) >= 0)
            continue;
        p->rest[p->n_rest++] = (uint16_t)c;
        fields[out->n++] = in->fields[c];
    }
    p->same = true;
    for (uint32_t i = 0; i < p->key->n; i++)
        p->same = p->same && key_plain(p, i) == (int)i &&
                  strcmp(p->key->fields[i].name, in->fields[i].name) == 0;
    node->schema = p->same ? in : out;
}

static void key_by_keys(const struct key_by *p, ds_node *node, ds_arena *a)
{
    const ds_node *in = node->inputs[0];
    uint16_t *keys = ds_new(a, uint16_t, p->key->n + 1);
    bool kept = in->by_key && in->n_keys == p->key->n;

    for (uint32_t i = 0; i < p->key->n; i++) {
        keys[i] = (uint16_t)i;
        kept = kept && key_plain(p, i) == (int)in->keys[i];
    }
    node->keys = keys;
    node->n_keys = p->key->n;
    node->by_key = kept;
    node->copies = false;
}

/* Among the key, or behind it. */
static void key_by_event_time(const struct key_by *p, ds_node *node)
{
    int col = node->inputs[0]->event_time;

    if (col < 0)
        return;
    for (uint32_t i = 0; i < p->n_rest; i++)
        if (p->rest[i] == col)
            node->event_time = (int)(p->key->n + i);
    for (uint32_t i = p->key->n; i-- > 0;)
        if (key_plain(p, i) == col)
            node->event_time = (int)i;
}

static void key_by_reads(const struct key_by *p, ds_node *node)
{
    uint32_t n = ds_node_input(node, 0)->n;

    ds_node_read_none(node, 0);
    for (uint32_t i = 0; i < p->n_items; i++)
        for (uint32_t c = 0; c < n; c++)
            if (ds_exprs_reads(p->items[i].e, c))
                ds_node_read(node, 0, c);
    for (uint32_t i = 0; i < p->n_rest && !p->same; i++)
        ds_node_read(node, 0, p->rest[i]);
}

static void key_by_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct key_by_args *args = node->args;
    struct key_by *p = ds_new(a, struct key_by, 1);

    if (!compile_items(p, node, args->key, a, d))
        return;
    if (p->n_items == 0) {
        ds_diag_add(d, DS_ERROR, "E0102", node->where, NULL,
                    "keyBy needs a column");
        return;
    }
    p->key = key_schema(p, node, a, d);
    if (p->key == NULL)
        return;
    key_by_schema(p, node, a);
    key_by_keys(p, node, a);
    key_by_event_time(p, node);
    key_by_reads(p, node);
    node->planned = p;
}

static ds_rc key_by_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    const struct key_by *p = op->node->planned;
    ds_col *cols;
    ds_row_errors errs = {0};
    ds_eval ev = {op->now, in->arena, &errs};
    ds_batch *out;

    (void)port;
    if (p->same) {
        op->rows_kept += in->n_sel;
        return ds_emit(op, in, err);
    }
    cols = ds_new(in->arena, ds_col, p->key->n + p->n_rest + 1);
    for (uint32_t i = 0; i < p->n_items; i++)
        DS_TRY(ds_exprs_eval(p->items[i].e, in, &ev, cols + p->items[i].first,
                             err));
    for (uint32_t i = 0; i < p->n_rest; i++)
        cols[p->key->n + i] = in->cols[p->rest[i]];
    if (errs.n)
        DS_TRY(op->host->reject(op, in, &errs, &in, err));
    op->rows_kept += in->n_sel;
    out = ds_new(in->arena, ds_batch, 1);
    *out = *in;
    out->schema = op->node->schema;
    out->cols = cols;
    return ds_emit(op, out, err);
}

static const ds_param key_by_params[] = {
    {.name = "key",
     .type = DS_P_EXPRS,
     .offset = offsetof(struct key_by_args, key),
     .help = "A column, an expression with a name, or a list of them.",
     .required = true,
     .main = true},
    {0},
};

const ds_op_type op_key_by = {
    .name = "keyBy",
    .cost = "none, if the columns are there",
    .help = "Say which columns are the key; they come first.",
    .params = key_by_params,
    .args_size = sizeof(struct key_by_args),
    .size = sizeof(ds_op),
    .plan = key_by_plan,
    .push = key_by_push,
};
