/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval.c - a run of a query: each relation becomes a batch.
 */
#include "query/eval.h"

/* ---- errors ---- */

ds_rc eval_error(evaluation *e, uint32_t row, const char *code, const char *msg)
{
    if (e->n_errors == e->cap_errors) {
        uint32_t cap = e->cap_errors ? 2 * e->cap_errors : 16;
        ds_sql_error *more = ds_new(e->arena, ds_sql_error, cap);
        for (uint32_t i = 0; i < e->n_errors; i++)
            more[i] = e->errors[i];
        e->errors = more;
        e->cap_errors = cap;
    }
    e->errors[e->n_errors++] =
        (ds_sql_error){row, code, ds_str_copy(e->arena, msg)};
    return DS_E_RECORD;
}

ds_rc eval_errors(evaluation *e, const ds_batch *in, const ds_row_errors *errs)
{
    if (e->rc < 0)
        return e->rc;
    for (uint32_t i = 0; i < errs->n; i++) {
        const ds_row_error *x = &errs->list[i];
        uint32_t row = x->row < in->n ? in->rec[x->row] : DS_SQL_NO_ROW;
        (void)eval_error(e, row, x->code, x->msg);
    }
    return errs->n ? DS_E_RECORD : DS_OK;
}

ds_eval eval_begin(evaluation *e, ds_row_errors *errs)
{
    *errs = (ds_row_errors){0};
    return (ds_eval){.now = e->in->now, .arena = e->arena, .errs = errs};
}

ds_rc eval_exprs(evaluation *e, const ds_exprs *x, const ds_batch *in,
                 ds_col *out)
{
    ds_row_errors errs;
    ds_eval ev = eval_begin(e, &errs);
    DS_TRY(ds_exprs_eval(x, in, &ev, out, e->err));
    return eval_errors(e, in, &errs);
}

ds_rc eval_room(evaluation *e, uint64_t n, uint32_t n_cols, const char *what)
{
    if (n <= DS_SQL_MOST_ROWS && n * n_cols <= DS_SQL_MOST_VALUES)
        return DS_OK;
    if (n <= DS_SQL_MOST_ROWS)
        return ds_fail(e->err, DS_E_LIMIT,
                       "%s has more than %d values in %u columns", what,
                       DS_SQL_MOST_VALUES, n_cols);
    return ds_fail(e->err, DS_E_LIMIT, "%s has more than %d rows", what,
                   DS_SQL_MOST_ROWS);
}

/* ---- batches ---- */

ds_batch *eval_batch(evaluation *e, const ds_schema *s, uint32_t n_cols,
                     uint32_t n)
{
    ds_batch *b = ds_new(e->arena, ds_batch, 1);
    *b = (ds_batch){.schema = s,
                    .cols = ds_new(e->arena, ds_col, n_cols + 1),
                    .n = n,
                    .n_sel = n,
                    .arena = e->arena};
    return b;
}

ds_batch *eval_gather(evaluation *e, const ds_batch *in, uint32_t n_cols,
                      const uint32_t *rows, uint32_t n)
{
    ds_batch *b = eval_batch(e, in->schema, n_cols, n);
    ds_col *cols = (ds_col *)(uintptr_t)b->cols;
    uint32_t *rec = ds_new(e->arena, uint32_t, n + 1);
    for (uint32_t c = 0; c < n_cols; c++)
        cols[c] = ds_col_gather(&in->cols[c], in->schema->fields[c].type, rows,
                                n, e->arena);
    for (uint32_t i = 0; i < n; i++)
        rec[i] = in->rec[rows[i]];
    b->rec = rec;
    return b;
}

static ds_col concat_col(const ds_col *x, uint32_t n, const ds_col *y,
                         uint32_t m, ds_type type, ds_arena *a)
{
    size_t size = ds_type_size(type);
    uint8_t *to = ds_arena_alloc(a, ((size_t)n + m + 1) * size, 16);
    ds_col out = {.v.p = to};
    if ((n && !x->v.p) || (m && !y->v.p)) /* nobody reads it */
        return (ds_col){0};
    if (n)
        memcpy(to, x->v.p, n * size);
    if (m)
        memcpy(to + n * size, y->v.p, m * size);
    if ((n == 0 || x->valid == NULL) && (m == 0 || y->valid == NULL))
        return out;
    uint64_t *valid = ds_bits_new(a, n + m, false);
    for (uint32_t i = 0; i < n; i++)
        if (!ds_col_is_null(x, i))
            ds_bit_set(valid, i);
    for (uint32_t i = 0; i < m; i++)
        if (!ds_col_is_null(y, i))
            ds_bit_set(valid, n + i);
    out.valid = valid;
    return out;
}

ds_batch *eval_concat(evaluation *e, const ds_batch *x, const ds_batch *y)
{
    ds_batch *b = eval_batch(e, x->schema, x->schema->n, x->n + y->n);
    ds_col *cols = (ds_col *)(uintptr_t)b->cols;
    uint32_t *rec = ds_new(e->arena, uint32_t, b->n + 1);
    for (uint32_t c = 0; c < x->schema->n; c++)
        cols[c] = concat_col(&x->cols[c], x->n, &y->cols[c], y->n,
                             x->schema->fields[c].type, e->arena);
    if (x->n)
        memcpy(rec, x->rec, x->n * sizeof(*rec));
    if (y->n)
        memcpy(rec + x->n, y->rec, y->n * sizeof(*rec));
    b->rec = rec;
    return b;
}

uint32_t eval_groups(evaluation *e, const ds_batch *in, const uint32_t *cols,
                     uint32_t n, uint32_t *group)
{
    ds_type *types = ds_new(e->arena, ds_type, n + 1);
    uint16_t *numbers = ds_new(e->arena, uint16_t, n + 1);
    if (n == 0) {
        memset(group, 0, in->n * sizeof(*group));
        return in->n ? 1 : 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        numbers[i] = (uint16_t)cols[i];
        types[i] = in->schema->fields[cols[i]].type;
    }
    ds_groups *g = ds_groups_new(e->arena, types, n);
    ds_groups_map(g, in, numbers, group);
    return ds_groups_n(g);
}

/* ---- relations ---- */

static ds_rc eval_table(evaluation *e, const rel *r, const ds_batch **out)
{
    const ds_batch *in = e->in->tables[r->table];
    uint32_t *rec = ds_new(e->arena, uint32_t, in->n_sel + 1), k = 0;
    DS_TRY(eval_room(e, in->n_sel, 0, "the batch"));
    DS_EACH (in, i)
        rec[k++] = i;
    ds_batch *b = eval_batch(e, r->schema, r->schema->n, in->n_sel);
    ds_col *cols = (ds_col *)(uintptr_t)b->cols;
    for (uint32_t c = 0; c < r->schema->n; c++)
        cols[c] = in->sel
                      ? ds_col_gather(&in->cols[c], r->schema->fields[c].type,
                                      in->sel, in->n_sel, e->arena)
                      : in->cols[c];
    for (uint32_t i = 0; r->table != 0 && i < k; i++)
        rec[i] = DS_SQL_NO_ROW;
    b->rec = rec;
    *out = b;
    return DS_OK;
}

static ds_rc eval_made(evaluation *e, const rel *r, const ds_batch **out)
{
    switch (r->kind) {
    case REL_TABLE:
        return eval_table(e, r, out);
    case REL_VALUES:
        return eval_values(e, r, out);
    case REL_JOIN:
        return eval_join(e, r, out);
    case REL_SET:
        return eval_set(e, r, out);
    case REL_SELECT:
        return eval_select(e, r, out);
    }
    return ds_fail(e->err, DS_E_INVALID, "no such relation");
}

ds_rc eval_rel(evaluation *e, const rel *r, const ds_batch **out)
{
    if (e->done[r->id] == NULL)
        DS_TRY(eval_made(e, r, &e->done[r->id]));
    *out = e->done[r->id];
    return DS_OK;
}

ds_rc ds_sql_run(const ds_sql *q, const ds_sql_input *in, const ds_batch **out,
                 ds_sql_errors *errs, ds_err *err)
{
    evaluation e = {.q = q,
                    .in = in,
                    .arena = in->arena,
                    .done = ds_new(in->arena, const ds_batch *, q->n_rels + 1),
                    .err = err};
    ds_rc rc = eval_rel(&e, q->top, out);
    *errs = (ds_sql_errors){e.n_errors, e.errors};
    return rc;
}
