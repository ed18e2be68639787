/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stored_table_join.c - join and leftOuterJoin with a co-partitioned table
 * (the KStream-KTable join of Kafka Streams).
 *
 *     port 0, rows of the stream ------------> kept until the batch is whole
 * --+ port 1, records of the table's topic --> store: key, row |
 *                                                  +--- looked up, all at
 * once-+
 *
 * The table's topic is an input of the stage like any other: its partition n
 * belongs to the task that has the stream's partition n, and what of it is in
 * the store is committed with the batch. So a batch that runs again, on another
 * machine too, sees the very same table. Records of the table count before the
 * rows that are in the same batch.
 */
#include "op/table_join.h"
#include "plan/table_rows.h"

struct kept {
    ds_batch in;
    uint32_t *group; /* by row */
    struct kept *next;
};

struct stored_table_join {
    ds_op op;
    struct table_codec codec;
    ds_groups *groups; /* the keys of the kept rows */
    struct kept *first, **last;
    struct table_rows changes;
};

/* ---- plan ---- */

/* What the bytes of the store mean. */
static const char *canon(const ds_plan_table *t, ds_arena *a)
{
    const char *s = ds_type_name(t->schema->fields[t->key].type);

    for (uint32_t i = 0; i < t->values->n; i++)
        s = ds_str_printf(a, "%s %s %s", s, t->values->fields[i].name,
                          ds_type_name(t->values->fields[i].type));
    return s;
}

static void plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const ds_plan_table *t = ds_node_reads_table(node->inputs[1]);
    const ds_node *in = node->inputs[0];

    if (!table_join_check(node, d) || !table_join_plan(node, t, a, d))
        return;
    node->tick = node->plan->batch; /* the table's rows come in every batch */
    node->watermarked = in->watermarked;
    node->lag = in->lag;
    node->canon = canon(t, a);
    node->state = t->values;
    ds_node_read_all(node, 1);
}

/* ---- a task ---- */

static const ds_plan_table *table_of(const ds_node *node)
{
    return ((const struct table_join *)node->planned)->table;
}

static ds_rc join_start(const ds_node *node, ds_err *err)
{
    return table_codec_start(table_of(node), err);
}

static ds_rc join_open(ds_op *op, ds_err *err)
{
    struct stored_table_join *j = (struct stored_table_join *)op;

    return table_codec_open(&j->codec, table_of(op->node), err);
}

static void join_close(ds_op *op)
{
    table_codec_close(&((struct stored_table_join *)op)->codec);
}

static ds_rc join_begin(ds_op *op, ds_err *err)
{
    struct stored_table_join *j = (struct stored_table_join *)op;
    const struct table_join *p = op->node->planned;

    (void)err;
    j->groups = ds_groups_new(op->epoch_arena, &p->type, 1);
    j->first = NULL;
    j->last = &j->first;
    table_rows_init(&j->changes, op->epoch_arena);
    return DS_OK;
}

static void rows_push(struct stored_table_join *j, const ds_batch *in)
{
    const struct table_join *p = j->op.node->planned;
    struct kept *k = ds_new(in->arena, struct kept, 1);

    k->in = *in;
    k->group = ds_new(in->arena, uint32_t, in->n + 1);
    ds_groups_map(j->groups, in, &p->key, k->group);
    *j->last = k;
    j->last = &k->next;
}

/* A record without a key is in no partition of its own. */
static const ds_batch *with_key(ds_op *op, const ds_batch *in)
{
    uint32_t *sel = ds_new(in->arena, uint32_t, in->n_sel + 1), n = 0;

    DS_EACH (in, i)
        if (!ds_col_is_null(&in->cols[1], i))
            sel[n++] = i;
    if (n == in->n_sel)
        return in;
    op->host->discard(op, in->n_sel - n, "null_key");
    return ds_batch_select(in, sel, n);
}

static ds_slice bytes_at(const ds_col *c, uint32_t i)
{
    return ds_col_is_null(c, i) ? DS_NULL_SLICE : c->v.str[i];
}

static ds_rc changes_push(struct stored_table_join *j, const ds_batch *in,
                          ds_err *err)
{
    ds_op *op = &j->op;
    ds_row_errors bad = {0}, errs = {0};
    uint32_t *row;
    ds_slice *keys, *vals;
    uint32_t no_key = j->changes.no_key;

    in = with_key(op, in);
    row = ds_new(in->arena, uint32_t, in->n_sel + 1);
    keys = ds_new(in->arena, ds_slice, in->n_sel + 1);
    vals = ds_new(in->arena, ds_slice, in->n_sel + 1);
    DS_EACH (in, i) {
        row[k_i] = i;
        vals[k_i] = bytes_at(&in->cols[0], i);
        keys[k_i] = bytes_at(&in->cols[1], i);
    }
    DS_TRY(table_rows_add(&j->changes, &j->codec, keys, vals, in->n_sel, &bad,
                          err));
    for (uint32_t i = 0; i < bad.n; i++)
        ds_row_errors_add(&errs, in->arena, in->n, row[bad.list[i].row],
                          bad.list[i].code, bad.list[i].item, bad.list[i].msg);
    if (errs.n)
        DS_TRY(op->host->reject(op, in, &errs, &in, err));
    no_key = j->changes.no_key - no_key;
    op->rows_kept += in->n_sel - no_key;
    if (no_key)
        op->host->discard(op, no_key, "null_key");
    return DS_OK;
}

static ds_rc join_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    struct stored_table_join *j = (struct stored_table_join *)op;

    if (port)
        return changes_push(j, in, err);
    rows_push(j, in);
    return DS_OK;
}

/* ---- the end of a batch ---- */

static ds_rc join_seal(ds_op *op, ds_err *err)
{
    struct stored_table_join *j = (struct stored_table_join *)op;
    const ds_store_type *store = op->store->type;
    ds_arena *a = op->epoch_arena;
    uint32_t n = ds_groups_n(j->groups);
    ds_slice *found = ds_new(a, ds_slice, n + 1), *rows;

    if (j->changes.n)
        DS_TRY(store->put(op->store, op->overlay, j->changes.keys, NULL,
                          j->changes.rows, j->changes.n, err));
    if (n)
        DS_TRY(store->get(op->store, op->overlay, ds_groups_keys(j->groups),
                          ds_groups_hashes(j->groups), n, a, found, err));
    for (const struct kept *k = j->first; k; k = k->next) {
        const ds_batch *in = &k->in;

        rows = ds_new(a, ds_slice, in->n + 1);
        DS_EACH (in, i)
            rows[i] = found[k->group[i]];
        DS_TRY(table_join_emit(op, in, rows, err));
    }
    return DS_OK;
}

const ds_op_type op_stored_table_join = {
    .name = "storedTableJoin",
    .help = "A stream's rows with the row of a co-partitioned table that has "
            "their key.",
    .params = table_join_params,
    .args_size = sizeof(struct table_join_args),
    .size = sizeof(struct stored_table_join),
    .flags = DS_OP_INTERNAL | DS_OP_BY_KEY | DS_OP_STATEFUL,
    .plan = plan,
    .start = join_start,
    .open = join_open,
    .begin = join_begin,
    .push = join_push,
    .seal = join_seal,
    .close = join_close,
};
