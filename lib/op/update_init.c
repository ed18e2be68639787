/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_init.c - init: {table: NAME}: the states of given keys before the
 * first batch (contract.md 8.9; Spark's initialRDD).
 *
 * Once in the life of a state: a mark beside the keys says that it was done,
 * committed with the states and restored with them. Each task takes the keys
 * that come to its partition. A key that has a state already keeps it.
 */
#include "op/update.h"
#include "plan/args.h"
#include "record/builder.h"
#include "record/rowfmt.h"
#include "record/show.h"

#define CHUNK_ROWS 4096

struct init_table {
    int table; /* number in op->tables */
    uint16_t key;
    int *cols; /* the table's column of each of the state's; -1: none */
};

/* ---- plan ---- */

static bool is_integer(ds_type t)
{
    return t == DS_I16 || t == DS_I32 || t == DS_I64;
}

static bool same_type(ds_type x, ds_type y)
{
    return x == y || (is_integer(x) && is_integer(y));
}

/* Where the rows of a key are must follow from its text. */
static bool check_source(const ds_node *node, ds_where where, ds_diags *d)
{
    const ds_node *from = node->inputs[0];
    const ds_source_args *s;

    if (!from->by_key)
        return true;
    while (from->n_inputs && strcmp(from->type->name, "unshuffle") != 0)
        from = from->inputs[0];
    s = strcmp(from->type->name, "source") == 0 ? from->args : NULL;
    if (!s || !s->key_codec || strcmp(s->key_codec->name, "text") == 0)
        return true;
    ds_diag_add(d, DS_ERROR, "E0190", where, "key_format: text",
                "init from a table behind a source with key_format %s is not "
                "supported in this version",
                s->key_codec->name);
    return false;
}

static bool check_key(const struct update_plan *p, const ds_plan_table *t,
                      ds_where where, ds_diags *d)
{
    const ds_schema *key = p->keyed.key;
    const ds_field *f = &t->schema->fields[t->key];

    if (key->n == 1 && same_type(key->fields[0].type, f->type))
        return true;
    if (key->n > 1)
        ds_diag_add(d, DS_ERROR, "E0442", where, NULL,
                    "the state's key has %u columns, that of table %s one",
                    key->n, t->name);
    else
        ds_diag_add(d, DS_ERROR, "E0442", where, NULL,
                    "the state's key %s is %s, table %s has %s %s",
                    key->fields[0].name, ds_type_name(key->fields[0].type),
                    t->name, f->name, ds_type_name(f->type));
    return false;
}

/* The column of the table for a column of the state. */
static int column_for(const struct update_plan *p, const ds_plan_table *t,
                      uint32_t i)
{
    int at = ds_schema_find(t->schema, p->keyed.state->fields[i].name);

    if (at < 0 && p->keyed.state->n == 1 && t->values->n == 1)
        return t->key == 0 ? 1 : 0;
    return at == (int)t->key ? -1 : at;
}

static bool columns_plan(struct init_table *from, const struct update_plan *p,
                         const ds_plan_table *t, ds_where where, ds_arena *a,
                         ds_diags *d)
{
    const ds_schema *state = p->keyed.state;
    bool any = false;

    from->cols = ds_new(a, int, state->n + 1);
    for (uint32_t i = 0; i < state->n; i++) {
        int at = from->cols[i] = column_for(p, t, i);

        if (at >= 0 &&
            !same_type(t->schema->fields[at].type, state->fields[i].type)) {
            ds_diag_add(d, DS_ERROR, "E0104", where,
                        "cast the update, or declare the column so",
                        "column %s of table %s is %s, in the state it is %s",
                        t->schema->fields[at].name, t->name,
                        ds_type_name(t->schema->fields[at].type),
                        ds_type_name(state->fields[i].type));
            return false;
        }
        any = any || at >= 0;
    }
    if (!any)
        ds_diag_add(d, DS_ERROR, "E0101", where, NULL,
                    "table %s has no column of the state's", t->name);
    return any;
}

static void table_plan(struct update_plan *p, ds_node *node,
                       const ds_text *name, ds_arena *a, ds_diags *d)
{
    struct init_table *from = ds_new(a, struct init_table, 1);
    ds_where where = args_name_where(name);
    const ds_plan_table *t;

    from->table = ds_node_table(node, name->s);
    if (from->table < 0 && !node->plan->tables_bad)
        ds_diag_add(d, DS_ERROR, "E0101", where, NULL,
                    "there is no table `%.80s`", name->s);
    node->broken = node->broken || from->table < 0;
    if (from->table < 0)
        return;
    t = node->tables[from->table];
    from->key = t->key;
    if (check_key(p, t, where, d) && check_source(node, where, d) &&
        columns_plan(from, p, t, where, a, d))
        p->from = from;
}

bool update_init_plan(struct update_plan *p, ds_node *node, const ds_arg *arg,
                      ds_arena *a, ds_diags *d)
{
    const ds_arg *name = arg->kind == DS_ARG_MAP && arg->n == 1 &&
                                 ds_schema_find(p->keyed.state, "table") < 0
                             ? ds_arg_find(arg, "table")
                             : NULL;

    if (!name || name->kind != DS_ARG_SCALAR || !name->text.s)
        return false;
    table_plan(p, node, &name->text, a, d);
    return true;
}

/* ---- the first batch ---- */

static const ds_slice mark = {(const uint8_t *)"\xf0init", 5};
static const ds_slice mark_done = {(const uint8_t *)"1", 1};

/* A part of the table's rows. */
struct chunk {
    uint32_t n;
    uint32_t *rows;
    ds_slice *keys;
};

/* The rows whose keys come to this task. */
static void chunk_take(const ds_op *op, const ds_batch *in, uint32_t at,
                       uint32_t n, struct chunk *out)
{
    const struct update_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    ds_type type = in->schema->fields[p->from->key].type;
    ds_slice *keys = ds_new(a, ds_slice, n);
    uint16_t zero = 0;
    ds_col plain;

    *out = (struct chunk){0, ds_new(a, uint32_t, n), ds_new(a, ds_slice, n)};
    for (uint32_t i = 0; i < n; i++)
        keys[i] = ds_key_encode(&in->cols[p->from->key], &type, 1, at + i, a);
    DS_BUG_ON(!ds_key_decode(keys, n, &type, 1, a, &plain));
    for (uint32_t i = 0; i < n; i++) {
        ds_slice text = ds_show_key(p->keyed.key, &plain, &zero, 1, i, a);

        if (ds_murmur2_partition(text, op->partitions) != op->partition)
            continue;
        out->keys[out->n] = keys[i];
        out->rows[out->n++] = at + i;
    }
}

static ds_col col_of_times(ds_time t, uint32_t n, ds_arena *a)
{
    ds_time *all = ds_new(a, ds_time, n + 1);

    for (uint32_t i = 0; i < n; i++)
        all[i] = t;
    return (ds_col){.v.i64 = all};
}

/* The state's columns of all rows of the table, as stored. Where keys are
 * forgotten, those of the table had their last rows in this batch. */
static ds_col *table_states(const ds_op *op, const ds_batch *in)
{
    const struct update_plan *p = op->node->planned;
    uint32_t n_state = p->keyed.state->n;
    ds_arena *a = op->epoch_arena;
    ds_col *cols = ds_new(a, ds_col, p->stored->n + 1);
    ds_time last = forget_clock(op);

    for (uint32_t k = 0; k < n_state; k++)
        cols[k] = p->from->cols[k] < 0
                      ? (ds_col){.valid = ds_bits_new(a, in->n, false)}
                      : in->cols[p->from->cols[k]];
    if (!p->forget)
        return cols;
    cols[n_state + STORED_LAST] = col_of_times(last, in->n, a);
    cols[n_state + STORED_DUE] = col_of_times(forget_after(p, last), in->n, a);
    return cols;
}

/* The states of a chunk, as stored; a null slice: all NULL, no state. */
static ds_slice *chunk_states(const ds_op *op, const ds_batch *in,
                              const ds_col *cols, const struct chunk *c)
{
    const struct update_plan *p = op->node->planned;
    ds_slice *vals = ds_new(op->epoch_arena, ds_slice, c->n + 1);

    ds_rows_encode(cols, p->stored, in->n, c->rows, c->n, op->epoch_arena,
                   vals);
    for (uint32_t i = 0; i < c->n; i++) {
        bool any = false;

        for (uint32_t k = 0; k < p->keyed.state->n; k++)
            any = any || !ds_col_is_null(&cols[k], c->rows[i]);
        if (!any)
            vals[i] = DS_NULL_SLICE;
    }
    return vals;
}

static ds_rc chunk_put(ds_op *op, const ds_batch *in, const ds_col *cols,
                       struct chunk *c, ds_err *err)
{
    const struct update_plan *p = op->node->planned;
    ds_store *s = op->store;
    ds_slice *vals, *old = ds_new(op->epoch_arena, ds_slice, c->n + 1);
    uint32_t n = 0;

    if (c->n == 0)
        return DS_OK;
    vals = chunk_states(op, in, cols, c);
    DS_TRY(s->type->get(s, op->overlay, c->keys, NULL, c->n, op->epoch_arena,
                        old, err));
    for (uint32_t i = 0; i < c->n; i++)
        if (!old[i].ptr && vals[i].ptr) {
            c->keys[n] = c->keys[i];
            vals[n++] = vals[i];
        }
    if (n == 0)
        return DS_OK;
    DS_TRY(s->type->put(s, op->overlay, c->keys, NULL, vals, n, err));
    return p->forget ? deadlines_add(op, c->keys,
                                     cols[p->keyed.state->n + STORED_DUE].v.i64,
                                     n, err)
                     : DS_OK;
}

ds_rc update_init_take(ds_op *op, ds_err *err)
{
    const struct update_plan *p = op->node->planned;
    ds_store *s = op->store;
    const ds_batch *in;
    ds_col *cols;
    ds_slice done;

    DS_TRY(s->type->get(s, op->overlay, &mark, NULL, 1, op->epoch_arena, &done,
                        err));
    if (done.ptr)
        return DS_OK;
    in = ds_table_rows(op->tables[p->from->table]);
    cols = table_states(op, in);
    for (uint32_t at = 0; at < in->n; at += CHUNK_ROWS) {
        uint32_t n = in->n - at < CHUNK_ROWS ? in->n - at : CHUNK_ROWS;
        struct chunk c;

        chunk_take(op, in, at, n, &c);
        DS_TRY(chunk_put(op, in, cols, &c, err));
    }
    return s->type->put(s, op->overlay, &mark, NULL, &mark_done, 1, err);
}
