/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_join.c - a stream's rows with the row of a table that has their key
 * (Spark's stream-static join; join and leftOuterJoin).
 *
 * The process has the whole table, so no row has to move: the stream needs a
 * key, but not its keys in one place. A batch sees one version of the table.
 * NULL is the key of no row.
 */
#include "op/table_join.h"
#include "plan/args.h"
#include "record/rowfmt.h"

static bool is_integer(ds_type t)
{
    return t == DS_I16 || t == DS_I32 || t == DS_I64;
}

/* Spark has no such joins of a stream with a static side either. */
bool table_join_check(const ds_node *node, ds_diags *d)
{
    const struct table_join_args *args = node->args;

    if (args->within) {
        ds_diag_add(d, DS_ERROR, "E0460", args->within->where,
                    "a batch sees the table as it is then: leave `within` out",
                    "a join with a table has no `within`");
        return false;
    }
    if (strcmp(node->op, "join") == 0 || strcmp(node->op, "leftOuterJoin") == 0)
        return true;
    ds_diag_add(d, DS_ERROR, "E0460", node->where,
                "leftOuterJoin keeps the stream's rows; transform: SELECT ... "
                "FROM batch RIGHT JOIN the table is one per batch",
                "there is no %s with a table: its rows would come in every "
                "batch anew",
                node->op);
    return false;
}

static bool check_key(const ds_node *node, const struct table_join_args *args,
                      const ds_plan_table *t, ds_diags *d)
{
    const ds_node *in = node->inputs[0];
    const ds_field *key = &t->schema->fields[t->key], *mine;

    if (in->n_keys == 0) {
        ds_diag_add(d, DS_ERROR, "E0451", node->where,
                    "rows need not move for it: the key is looked up where "
                    "they are",
                    "%s needs a key: put keyBy before it", node->op);
        return false;
    }
    if (in->n_keys > 1) {
        ds_diag_add(d, DS_ERROR, "E0442", args_name_where(&args->with),
                    "keyBy the one column before the join",
                    "the stream's key has %u columns, that of table %s one",
                    in->n_keys, t->name);
        return false;
    }
    mine = &in->schema->fields[in->keys[0]];
    if (mine->type == key->type ||
        (is_integer(mine->type) && is_integer(key->type)))
        return true;
    ds_diag_add(d, DS_ERROR, "E0442", args_name_where(&args->with),
                ds_str_printf(d->arena, "cast it: keyBy: %s::%s AS %s",
                              mine->name, ds_type_name(key->type), mine->name),
                "the stream's key %s is %s, table %s has %s %s", mine->name,
                ds_type_name(mine->type), t->name, key->name,
                ds_type_name(key->type));
    return false;
}

/* The stream's columns, then the table's values. */
static const ds_schema *join_schema(const ds_node *node,
                                    const struct table_join_args *args,
                                    const ds_plan_table *t, ds_arena *a,
                                    ds_diags *d)
{
    const ds_schema *in = ds_node_input(node, 0);
    ds_schema *out = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, in->n + t->values->n + 1);

    for (uint32_t i = 0; i < in->n; i++)
        fields[out->n++] = in->fields[i];
    for (uint32_t i = 0; i < t->values->n; i++) {
        fields[out->n] = t->values->fields[i];
        fields[out->n++].not_null = false;
        if (ds_schema_find(in, t->values->fields[i].name) >= 0)
            ds_diag_add(d, DS_ERROR, "E0441", args_name_where(&args->with),
                        "rename the stream's with map before the join",
                        "`%s` is a column of the stream and of table %s",
                        t->values->fields[i].name, t->name);
    }
    out->fields = fields;
    return out;
}

bool table_join_plan(ds_node *node, const ds_plan_table *t, ds_arena *a,
                     ds_diags *d)
{
    const struct table_join_args *args = node->args;
    struct table_join *p = ds_new(a, struct table_join, 1);

    if (!check_key(node, args, t, d))
        return false;
    p->table = t;
    p->outer = strcmp(node->op, "leftOuterJoin") == 0;
    p->key = node->inputs[0]->keys[0];
    p->type = ds_node_input(node, 0)->fields[p->key].type;
    node->schema = join_schema(node, args, t, a, d);
    node->event_time = node->inputs[0]->event_time;
    node->records = false;
    node->copies = false;
    node->planned = p;
    ds_node_read_all(node, 0);
    return true;
}

static void plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct table_join_args *args = node->args;
    int at;

    if (!table_join_check(node, d))
        return;
    at = ds_node_table(node, args->with.s);
    if (at < 0) /* the table has mistakes */
        node->broken = true;
    else
        table_join_plan(node, node->tables[at], a, d);
}

/* Row i of the table for row i of the batch; null where there is none. */
static const ds_slice *rows_find(const ds_op *op, const struct table_join *p,
                                 const ds_batch *in)
{
    ds_arena *a = in->arena;
    ds_groups *g = ds_groups_new(a, &p->type, 1);
    uint32_t *group = ds_new(a, uint32_t, in->n + 1);
    ds_slice *rows = ds_new(a, ds_slice, in->n + 1), *found;

    ds_groups_map(g, in, &p->key, group);
    found = ds_new(a, ds_slice, ds_groups_n(g) + 1);
    ds_table_get(op->tables[0], ds_groups_keys(g), ds_groups_hashes(g),
                 ds_groups_n(g), found);
    DS_EACH (in, i)
        rows[i] = found[group[i]];
    return rows;
}

/* Without the rows that have no match. */
static const ds_batch *matched(ds_op *op, const struct table_join *p,
                               const ds_batch *in, const ds_slice *rows)
{
    uint32_t *sel = ds_new(in->arena, uint32_t, in->n_sel + 1);
    uint32_t n = 0, nulls = 0;

    DS_EACH (in, i) {
        if (rows[i].ptr)
            sel[n++] = i;
        else
            nulls += ds_col_is_null(&in->cols[p->key], i);
    }
    if (n == in->n_sel)
        return in;
    if (nulls)
        op->host->discard(op, nulls, "null_key");
    if (in->n_sel - n > nulls)
        op->host->discard(op, in->n_sel - n - nulls, "unmatched");
    return ds_batch_select(in, sel, n);
}

ds_rc table_join_emit(ds_op *op, const ds_batch *in, const ds_slice *rows,
                      ds_err *err)
{
    const struct table_join *p = op->node->planned;
    const ds_schema *values = p->table->values;
    uint32_t n_in = in->schema->n;
    ds_col *cols = ds_new(in->arena, ds_col, n_in + values->n + 1);
    ds_batch *out = ds_new(in->arena, ds_batch, 1);
    uint64_t *bad = NULL;

    if (!p->outer)
        in = matched(op, p, in, rows);
    op->rows_kept += in->n_sel;
    memcpy(cols, in->cols, n_in * sizeof(*cols));
    ds_rows_decode(rows, in->n, values, in->arena, cols + n_in, &bad);
    DS_BUG_ON(bad != NULL); /* the table's own bytes */
    *out = *in;
    out->schema = op->node->schema;
    out->cols = cols;
    return ds_emit(op, out, err);
}

static ds_rc push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    (void)port;
    return table_join_emit(op, in, rows_find(op, op->node->planned, in), err);
}

const ds_param table_join_params[] = {
    {.name = "with",
     .type = DS_P_NAME,
     .offset = offsetof(struct table_join_args, with),
     .help = "The table.",
     .required = true,
     .main = true},
    {.name = "within",
     .type = DS_P_ARG,
     .offset = offsetof(struct table_join_args, within),
     .help = "Of joins with streams."},
    {0},
};

const ds_op_type op_table_join = {
    .name = "tableJoin",
    .help = "A stream's rows with the row of a table that has their key.",
    .params = table_join_params,
    .args_size = sizeof(struct table_join_args),
    .size = sizeof(ds_op),
    .flags = DS_OP_INTERNAL,
    .plan = plan,
    .push = push,
};
