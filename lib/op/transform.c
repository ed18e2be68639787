/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transform.c - an SQL query over the rows of a batch: transform (Spark's
 * DStream.transform), transformWith and mapPartitions.
 *
 * The rows are kept until the batch ends; then the query runs once, also over
 * none. In it they are the table `batch`; the other stream of transformWith and
 * the job's tables have their own names.
 *
 * An error belongs to the record of the row that met it, of a group to the
 * record that came last. That record is refused and the batch is made again
 * without it (on_error); an error without a record ends the job.
 */
#include <stdio.h>

#include "op/ops.h"
#include "query/query.h"
#include "record/builder.h"

struct transform_args {
    ds_text sql;
    ds_text with; /* transformWith */
};

/* Numbers of tables in the query: `batch`, the other stream, then those of
 * node->tables. */
enum { TRANSFORM_STREAMS = 2 };

struct transform_plan {
    const ds_sql *sql;
};

/* The batches of one input. */
struct transform_rows {
    const ds_batch **list;
    uint32_t n, cap;
    uint32_t n_rows;
};

struct transform {
    ds_op op;
    struct transform_rows rows[TRANSFORM_STREAMS];
};

/* ---- plan ---- */

struct transform_names {
    ds_node *node;
    const char *with; /* or NULL */
};

static const ds_schema *names_find(void *arg, const char *name, uint32_t *table)
{
    const struct transform_names *n = arg;
    int at;

    *table = 0;
    if (strcmp(name, "batch") == 0)
        return ds_node_input(n->node, 0);
    *table = 1;
    if (n->with && n->node->n_inputs > 1 && strcmp(name, n->with) == 0)
        return ds_node_input(n->node, 1);
    if (n->node->n_tables + TRANSFORM_STREAMS >= DS_SQL_TABLES)
        return NULL;
    at = ds_node_table(n->node, name);
    if (at < 0)
        return NULL;
    *table = TRANSFORM_STREAMS + (uint32_t)at;
    return n->node->tables[at]->schema;
}

static const char *names_at(void *arg, uint32_t i)
{
    const struct transform_names *n = arg;
    const struct ds_plan *plan = n->node->plan;
    uint32_t first = n->with ? 2 : 1;

    if (i < first)
        return i ? n->with : "batch";
    return i - first < plan->n_tables ? plan->tables[i - first].name : NULL;
}

static void plan_reads(ds_node *node, const ds_sql *sql)
{
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        ds_node_read_none(node, (int)i);
        for (uint32_t c = 0; c < ds_node_input(node, (int)i)->n; c++)
            if (ds_sql_reads(sql, i, c))
                ds_node_read(node, (int)i, c);
    }
}

static void transform_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct transform_args *args = node->args;
    struct transform_names with = {node, args->with.s};
    ds_sql_names names = {names_find, names_at, &with};
    struct transform_plan *p = ds_new(a, struct transform_plan, 1);
    int *plain;

    if (ds_sql_check(&args->sql, &names, a, d, &p->sql) < 0 ||
        !ds_sql_check_names(p->sql, d))
        return;
    plan_reads(node, p->sql);
    node->planned = p;
    node->schema = ds_sql_schema(p->sql);
    plain = ds_new(a, int, node->schema->n + 1);
    for (uint32_t i = 0; i < node->schema->n; i++)
        plain[i] = ds_sql_plain(p->sql, i);
    select_keys(node, plain, a);
    node->event_time = select_item(node, plain, node->inputs[0]->event_time);
    node->records = false;
    node->copies = false;
}

/* ---- rows ---- */

static ds_rc transform_begin(ds_op *op, ds_err *err)
{
    struct transform *t = (struct transform *)op;

    (void)err;
    memset(t->rows, 0, sizeof(t->rows));
    return DS_OK;
}

static ds_rc transform_push(ds_op *op, int port, const ds_batch *in,
                            ds_err *err)
{
    struct transform_rows *r = &((struct transform *)op)->rows[port];

    (void)err;
    if (op->host->admit)
        in = op->host->admit(op, in);
    if (in->n_sel == 0)
        return DS_OK;
    if (r->n == r->cap) {
        uint32_t cap = r->cap ? 2 * r->cap : 16;
        const ds_batch **more = ds_new(op->epoch_arena, const ds_batch *, cap);

        if (r->n)
            memcpy(more, r->list, r->n * sizeof(*more));
        r->list = more;
        r->cap = cap;
    }
    r->list[r->n++] = in;
    r->n_rows += in->n_sel;
    op->rows_kept += in->n_sel;
    return DS_OK;
}

/* A column of all batches, one after the other; one that a batch does not have
 * is read by nobody. */
static ds_col join_col(const struct transform_rows *r, uint32_t c, ds_type type,
                       ds_arena *a)
{
    size_t size = ds_type_size(type);
    uint8_t *to = ds_arena_alloc(a, (r->n_rows + 1) * size, 16);
    uint64_t *valid = NULL;
    uint32_t at = 0;

    for (uint32_t i = 0; i < r->n; i++) {
        const ds_batch *b = r->list[i];
        ds_col col = b->cols[c];

        if (col.v.p == NULL)
            return (ds_col){0};
        if (b->sel)
            col = ds_col_gather(&col, type, b->sel, b->n_sel, a);
        memcpy(to + at * size, col.v.p, b->n_sel * size);
        if (col.valid && !valid)
            valid = ds_bits_new(a, r->n_rows, true);
        for (uint32_t k = 0; col.valid && k < b->n_sel; k++)
            if (ds_col_is_null(&col, k))
                ds_bit_clear(valid, at + k);
        at += b->n_sel;
    }
    return (ds_col){.valid = valid, .v.p = to};
}

/* All rows as one batch, without selection. */
static const ds_batch *rows_join(const struct transform_rows *r,
                                 const ds_schema *schema, ds_arena *a)
{
    ds_batch *b = ds_new(a, ds_batch, 1);
    ds_col *cols = ds_new(a, ds_col, schema->n + 1);
    bool alone = r->n == 1 && r->list[0]->sel == NULL;

    for (uint32_t c = 0; c < schema->n; c++)
        cols[c] = alone ? r->list[0]->cols[c]
                        : join_col(r, c, schema->fields[c].type, a);
    *b = (ds_batch){.schema = schema,
                    .cols = cols,
                    .n = r->n_rows,
                    .n_sel = r->n_rows,
                    .arena = a};
    return b;
}

/* ---- the query ---- */

static ds_rc refuse(ds_op *op, const ds_sql_error *e, ds_err *err)
{
    const struct transform_rows *r = &((struct transform *)op)->rows[0];
    uint32_t row = e->row;

    for (uint32_t i = 0; i < r->n && e->row != DS_SQL_NO_ROW; i++) {
        const ds_batch *b = r->list[i];

        if (row >= b->n_sel) {
            row -= b->n_sel;
            continue;
        }
        if (b->env == NULL)
            break;
        return op->host->reject_record(
            op, b->env, ds_batch_rec(b, b->sel ? b->sel[row] : row), e->code,
            e->msg, err);
    }
    return ds_fail(err, DS_E_FAILED,
                   "%s: error[%s]: %s (of a row that no record of `batch` can "
                   "be blamed for)",
                   op->node->name, e->code, e->msg);
}

/* All of them at once: the epoch runs again after it. */
static ds_rc refuse_all(ds_op *op, const ds_sql_errors *errs, ds_err *err)
{
    ds_rc rc = DS_OK;

    for (uint32_t i = 0; i < errs->n; i++) {
        rc = refuse(op, &errs->list[i], err);
        if (rc != DS_E_RECORD)
            return rc;
    }
    return rc;
}

/* A batch that is too large for the query will be so again. */
static ds_rc too_large(const ds_op *op, ds_err *err)
{
    if (err) {
        err->rc = DS_E_FAILED;
        ds_wrap(err, "%s: error[E0704]", op->node->name);
    }
    return DS_E_FAILED;
}

static ds_rc transform_seal(ds_op *op, ds_err *err)
{
    const struct transform *t = (const struct transform *)op;
    const struct transform_plan *p = op->node->planned;
    const ds_batch *tables[DS_SQL_TABLES] = {NULL};
    ds_sql_input in = {
        .tables = tables, .now = op->now, .arena = op->epoch_arena};
    ds_sql_errors errs;
    const ds_batch *rows;
    ds_batch *out;
    ds_rc rc;

    for (uint32_t i = 0; i < op->node->n_inputs; i++)
        tables[i] = rows_join(&t->rows[i], ds_node_input(op->node, (int)i),
                              op->epoch_arena);
    for (uint32_t i = 0; i < op->node->n_tables; i++)
        tables[TRANSFORM_STREAMS + i] = ds_table_rows(op->tables[i]);
    rc = ds_sql_run(p->sql, &in, &rows, &errs, err);
    if (rc == DS_E_RECORD)
        return refuse_all(op, &errs, err);
    if (rc == DS_E_LIMIT)
        return too_large(op, err);
    if (rc < 0)
        return rc;
    out = ds_batch_select(rows, NULL, rows->n);
    out->rec = NULL; /* rows of `batch`, not records */
    return ds_emit(op, out, err);
}

#define SQL_PARAM                                                              \
    {                                                                          \
        .name = "sql", .type = DS_P_QUERY,                                     \
        .offset = offsetof(struct transform_args, sql),                        \
        .help = "SELECT ... FROM batch ...", .required = true, .main = true    \
    }

static const ds_param transform_params[] = {SQL_PARAM, {0}};

static const ds_param transform_with_params[] = {
    {.name = "with",
     .type = DS_P_STREAM,
     .offset = offsetof(struct transform_args, with),
     .help = "The other stream; the query sees its batch under its name.",
     .required = true},
    {.name = "sql",
     .type = DS_P_QUERY,
     .offset = offsetof(struct transform_args, sql),
     .help = "SELECT ... FROM batch JOIN other ...",
     .required = true},
    {0},
};

#define TRANSFORM                                                              \
    .args_size = sizeof(struct transform_args),                                \
    .size = sizeof(struct transform), .plan = transform_plan,                  \
    .begin = transform_begin, .push = transform_push, .seal = transform_seal

const ds_op_type op_transform = {
    .name = "transform",
    .cost = "a query over the batch in memory",
    .help = "An SQL query over the whole batch, the table `batch`.",
    .params = transform_params,
    .flags = DS_OP_ONE | DS_OP_NEEDS_BATCH | DS_OP_EVERY_EPOCH,
    TRANSFORM,
};

const ds_op_type op_transform_with = {
    .name = "transformWith",
    .cost = "a query over both batches in memory",
    .help = "An SQL query over the batches of two streams.",
    .params = transform_with_params,
    .flags = DS_OP_ONE | DS_OP_NEEDS_BATCH | DS_OP_EVERY_EPOCH,
    TRANSFORM,
};

const ds_op_type op_map_partitions = {
    .name = "mapPartitions",
    .cost = "a query over a partition's rows in memory",
    .help = "An SQL query over each partition's rows of the batch.",
    .params = transform_params,
    .flags = DS_OP_NEEDS_BATCH | DS_OP_EVERY_EPOCH,
    TRANSFORM,
};
