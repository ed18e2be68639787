/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_set.c - VALUES, UNION, INTERSECT and EXCEPT over batches.
 */
#include "query/eval.h"
#include "record/nested.h"

ds_rc eval_values(evaluation *e, const rel *r, const ds_batch **out)
{
    static const ds_schema none = {0, NULL};
    uint32_t n_cols = r->schema->n, n = r->n_rows;
    ds_batch *one = eval_batch(e, &none, 0, 1);
    uint32_t *rec = ds_new(e->arena, uint32_t, n + 1);
    ds_col *cells = ds_new(e->arena, ds_col, (size_t)n_cols * n + 1);
    rec[0] = DS_SQL_NO_ROW;
    one->rec = rec;
    DS_TRY(eval_exprs(e, r->cells, one, cells));
    ds_batch *b = eval_batch(e, r->schema, n_cols, n);
    ds_col *cols = (ds_col *)(uintptr_t)b->cols;
    for (uint32_t c = 0; c < n_cols; c++) {
        ds_col_builder col;
        ds_col_builder_init(&col, r->schema->fields[c].type, e->arena, n);
        for (uint32_t i = 0; i < n; i++) {
            const ds_col *cell = &cells[(size_t)i * n_cols + c];
            if (ds_col_is_null(cell, 0))
                ds_col_builder_add_null(&col);
            else
                ds_col_builder_add(&col, cell->v.p);
        }
        cols[c] = ds_col_builder_done(&col);
    }
    for (uint32_t i = 0; i < n; i++)
        rec[i] = DS_SQL_NO_ROW;
    b->rec = rec;
    *out = b;
    return DS_OK;
}

/* How often each row of the result may still come, by its group. */
static uint32_t set_times(const rel_set *s, uint32_t left, uint32_t right)
{
    if (s->kind == DS_Q_INTERSECT)
        return s->all ? (left < right ? left : right) : left && right;
    if (s->kind == DS_Q_EXCEPT)
        return s->all ? (left > right ? left - right : 0) : left && !right;
    return 1;
}

ds_rc eval_set(evaluation *e, const rel *r, const ds_batch **out)
{
    const rel_set *s = r->u.set;
    const ds_batch *x, *y;
    DS_TRY(eval_rel(e, s->left, &x));
    DS_TRY(eval_rel(e, s->right, &y));
    DS_TRY(
        eval_room(e, (uint64_t)x->n + y->n, x->schema->n, "a set operation"));
    ds_batch *both = eval_concat(e, x, y);
    both->schema = r->schema;
    *out = both;
    if (s->kind == DS_Q_UNION && s->all)
        return DS_OK;
    uint32_t *group = ds_new(e->arena, uint32_t, both->n + 1);
    uint32_t *cols = ds_new(e->arena, uint32_t, r->schema->n + 1);
    for (uint32_t c = 0; c < r->schema->n; c++)
        cols[c] = c;
    uint32_t n_groups = eval_groups(e, both, cols, r->schema->n, group);
    uint32_t *left = ds_new(e->arena, uint32_t, n_groups + 1);
    uint32_t *right = ds_new(e->arena, uint32_t, n_groups + 1);
    for (uint32_t i = 0; i < both->n; i++)
        (i < x->n ? left : right)[group[i]]++;
    for (uint32_t g = 0; g < n_groups; g++)
        left[g] = set_times(s, left[g], right[g]);
    uint32_t *rows = ds_new(e->arena, uint32_t, both->n + 1), n = 0;
    for (uint32_t i = 0; i < both->n; i++)
        if (left[group[i]]) {
            left[group[i]]--;
            rows[n++] = i;
        }
    *out = eval_gather(e, both, r->schema->n, rows, n);
    return DS_OK;
}
