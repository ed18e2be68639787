/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_select.c - a SELECT over batches, clause by clause.
 */
#include "query/eval.h"
#include "query/sub_run.h"

/* n rows of the layout, the columns of FROM first; the rest is still to come,
 * but for the handles of subqueries. */
static ds_batch *layout_batch(evaluation *e, const rel_select *s,
                              const ds_batch *from, uint32_t n,
                              const ds_slice *handles)
{
    ds_batch *b = eval_batch(e, s->layout, s->layout->n, n);
    ds_col *cols = (ds_col *)(uintptr_t)b->cols;
    for (uint32_t c = 0; from && c < from->schema->n; c++)
        cols[c] = from->cols[c];
    for (uint32_t i = 0; i < s->n_subs; i++)
        cols[s->first_sub + i] =
            ds_col_const(DS_BYTES, &handles[i], n, e->arena);
    return b;
}

static const uint32_t *no_rows(evaluation *e, uint32_t n)
{
    uint32_t *rec = ds_new(e->arena, uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++)
        rec[i] = DS_SQL_NO_ROW;
    return rec;
}

/* WHERE and HAVING. */
static ds_rc select_filter(evaluation *e, const ds_exprs *where,
                           ds_batch **rows)
{
    ds_col keep;
    const ds_batch *in = *rows;
    DS_TRY(eval_exprs(e, where, in, &keep));
    uint32_t *sel = ds_new(e->arena, uint32_t, in->n + 1), n = 0;
    for (uint32_t i = 0; i < in->n; i++) {
        sel[n] = i;
        n += !ds_col_is_null(&keep, i) && keep.v.b[i];
    }
    if (n == in->n)
        return DS_OK;
    *rows = eval_gather(e, in, in->schema->n, sel, n);
    return DS_OK;
}

/* ---- GROUP BY ---- */

typedef struct grouping {
    uint32_t n;            /* groups */
    const uint32_t *group; /* by row */
    uint32_t *first;       /* row */
    uint32_t *rec;         /* of the last row */
    ds_col *keys;
} grouping;

static ds_rc select_groups(evaluation *e, const rel_select *s,
                           const ds_batch *rows, uint32_t n_keys, grouping *g)
{
    uint32_t *group = ds_new(e->arena, uint32_t, rows->n + 1);
    g->keys = ds_new(e->arena, ds_col, n_keys + 1);
    g->group = group;
    g->n = 1;
    if (n_keys) {
        DS_TRY(eval_exprs(e, s->keys, rows, g->keys));
        ds_batch keys = *rows;
        uint32_t *cols = ds_new(e->arena, uint32_t, n_keys);
        for (uint32_t i = 0; i < n_keys; i++)
            cols[i] = i;
        keys.cols = g->keys;
        keys.schema = ds_exprs_schema(s->keys);
        g->n = eval_groups(e, &keys, cols, n_keys, group);
    }
    g->first = ds_new(e->arena, uint32_t, g->n + 1);
    g->rec = ds_new(e->arena, uint32_t, g->n + 1);
    for (uint32_t i = 0; i < g->n; i++)
        g->rec[i] = DS_SQL_NO_ROW;
    for (uint32_t i = rows->n; i-- > 0;)
        g->first[group[i]] = i;
    for (uint32_t i = 0; i < rows->n; i++)
        if (rows->rec[i] != DS_SQL_NO_ROW)
            g->rec[group[i]] = rows->rec[i];
    return DS_OK;
}

static ds_rc select_aggs(evaluation *e, const rel_select *s,
                         const ds_batch *rows, const grouping *g, ds_batch *out)
{
    ds_col *cols = (ds_col *)(uintptr_t)out->cols;
    ds_row_errors errs;
    ds_eval ev = eval_begin(e, &errs);
    for (uint32_t i = 0; i < s->n_aggs; i++) {
        ds_acc *acc = ds_acc_new(s->aggs[i], e->arena);
        DS_TRY(ds_acc_add(acc, rows, g->group, g->n, &ev, e->err));
        DS_TRY(eval_errors(e, rows, &errs));
        ds_acc_result(acc, g->n, &ev, &cols[s->n_cols + i]);
        DS_TRY(eval_errors(e, out, &errs));
    }
    return DS_OK;
}

/* The groups as rows: keys from the first row of each. */
static ds_rc select_group(evaluation *e, const rel_select *s, uint32_t n_keys,
                          const ds_slice *handles, ds_batch **rows)
{
    grouping g;
    DS_TRY(select_groups(e, s, *rows, n_keys, &g));
    ds_batch *out = layout_batch(e, s, NULL, g.n, handles);
    ds_col *cols = (ds_col *)(uintptr_t)out->cols;
    out->rec = g.rec;
    for (uint32_t i = 0; i < s->n_keys; i++) {
        ds_type type = s->layout->fields[s->first_key + i].type;
        cols[s->first_key + i] =
            i < n_keys ? ds_col_gather(&g.keys[i], type, g.first, g.n, e->arena)
                       : ds_col_const(type, NULL, g.n, e->arena);
    }
    DS_TRY(select_aggs(e, s, *rows, &g, out));
    *rows = out;
    return DS_OK;
}

/* ---- the list ---- */

static ds_rc select_items(evaluation *e, const rel_select *s,
                          const ds_batch *rows, ds_batch **out)
{
    const ds_schema *schema = ds_exprs_schema(s->items);
    if (ds_exprs_set_item(s->items) < 0) {
        *out = eval_batch(e, schema, schema->n, rows->n);
        (*out)->rec = rows->rec;
        return eval_exprs(e, s->items, rows, (ds_col *)(uintptr_t)(*out)->cols);
    }
    ds_row_errors errs;
    ds_eval ev = eval_begin(e, &errs);
    const ds_batch *made;
    uint32_t n_from;
    DS_TRY(ds_exprs_eval_set(s->items, rows, &ev, &made, &n_from, e->err));
    DS_TRY(eval_errors(e, rows, &errs));
    DS_TRY(eval_room(e, made->n, schema->n, "a set of rows"));
    ds_batch *b = eval_batch(e, schema, schema->n, made->n);
    uint32_t *rec = ds_new(e->arena, uint32_t, made->n + 1);
    for (uint32_t i = 0; i < made->n; i++)
        rec[i] = rows->rec[made->rec[i]];
    b->cols = made->cols;
    b->rec = rec;
    *out = b;
    return DS_OK;
}

/* The first row of those that are equal. */
static uint32_t select_distinct(evaluation *e, const rel_select *s,
                                const ds_batch *items, uint32_t *rows,
                                uint32_t n)
{
    uint32_t n_cols = s->n_on ? s->n_on : s->n_out, k = 0;
    uint32_t *cols = ds_new(e->arena, uint32_t, n_cols + 1);
    uint32_t *group = ds_new(e->arena, uint32_t, items->n + 1);
    for (uint32_t i = 0; i < n_cols; i++)
        cols[i] = s->n_on ? s->on[i] : i;
    uint32_t n_groups = eval_groups(e, items, cols, n_cols, group);
    bool *seen = ds_new(e->arena, bool, n_groups + 1);
    for (uint32_t i = 0; i < n; i++) {
        if (seen[group[rows[i]]])
            continue;
        seen[group[rows[i]]] = true;
        rows[k++] = rows[i];
    }
    return k;
}

/* The number that LIMIT or OFFSET gives; `none` if it is NULL. */
static ds_rc select_count(evaluation *e, const rel_select *s,
                          const ds_exprs *count, const char *what,
                          const ds_slice *handles, uint32_t none, uint32_t *out)
{
    ds_batch *one = layout_batch(e, s, NULL, 1, handles);
    ds_col value;
    *out = none;
    if (count == NULL)
        return DS_OK;
    one->rec = no_rows(e, 1);
    DS_TRY(eval_exprs(e, count, one, &value));
    if (ds_col_is_null(&value, 0))
        return DS_OK;
    int64_t n = value.v.i64[0];
    if (n < 0)
        return eval_error(
            e, DS_SQL_NO_ROW, "E0704",
            ds_str_printf(e->arena, "%s must not be negative", what));
    *out = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
    return DS_OK;
}

static ds_rc select_tail(evaluation *e, const rel_select *s,
                         const ds_batch *items, const ds_slice *handles,
                         ds_batch **out)
{
    uint32_t offset, limit, n = items->n;
    uint32_t *rows = order_rows(items->cols, items->schema, s->order,
                                s->n_order, n, e->arena);
    if (s->distinct)
        n = select_distinct(e, s, items, rows, n);
    DS_TRY(select_count(e, s, s->offset, "OFFSET", handles, 0, &offset));
    DS_TRY(select_count(e, s, s->limit, "LIMIT", handles, UINT32_MAX, &limit));
    offset = offset < n ? offset : n;
    uint32_t end = limit < n - offset ? offset + limit : n;
    while (s->ties && end > offset && end < n &&
           order_equal(items->cols, items->schema, s->order, s->n_order,
                       rows[end - 1], rows[end]))
        end++;
    *out = eval_gather(e, items, s->n_out, rows + offset, end - offset);
    return DS_OK;
}

/* ---- all of it ---- */

static ds_rc select_run(evaluation *e, const rel *r, const ds_batch *from,
                        uint32_t n_keys, const ds_batch **out)
{
    const rel_select *s = r->u.select;
    const ds_slice *handles = sub_handles(e, s);
    ds_batch *rows = layout_batch(e, s, from, from ? from->n : 1, handles);
    ds_batch *items;
    rows->rec = from ? from->rec : no_rows(e, 1);
    if (s->where)
        DS_TRY(select_filter(e, s->where, &rows));
    if (s->grouped)
        DS_TRY(select_group(e, s, n_keys, handles, &rows));
    if (s->having)
        DS_TRY(select_filter(e, s->having, &rows));
    if (s->n_wins)
        DS_TRY(eval_windows(e, s, rows));
    DS_TRY(select_items(e, s, rows, &items));
    if (s->distinct || s->n_order || s->limit || s->offset)
        DS_TRY(select_tail(e, s, items, handles, &items));
    items->schema = r->schema;
    *out = items;
    return DS_OK;
}

ds_rc eval_select(evaluation *e, const rel *r, const ds_batch **out)
{
    const rel_select *s = r->u.select;
    const ds_batch *from = NULL;
    if (s->from)
        DS_TRY(eval_rel(e, s->from, &from));
    return select_run(e, r, from, s->n_keys, out);
}

ds_rc eval_select_empty(evaluation *e, const rel *r, const ds_batch **out)
{
    const rel_select *s = r->u.select;
    static const ds_schema none = {0, NULL};
    ds_batch *from = eval_batch(e, s->from ? s->from->schema : &none,
                                s->from ? s->from->schema->n : 0, 0);
    from->rec = no_rows(e, 0);
    return select_run(e, r, from, 0, out);
}
