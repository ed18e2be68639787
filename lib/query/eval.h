/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval.h - a run of a query: each relation becomes a batch.
 *
 * The batches here are dense: no selection, no envelope. rec[i] is the row of
 * table 0 that row i came from, so that an error can be laid on a record. All
 * memory is the run's arena, and nothing is allocated per row.
 */
#ifndef QUERY_EVAL_H
#define QUERY_EVAL_H

#include "query/query.h"
#include "query/rel.h"
#include "record/builder.h"
#include "record/groups.h"

typedef struct evaluation {
    const ds_sql *q;
    const ds_sql_input *in;
    ds_arena *arena;
    const ds_batch **done; /* by rel.id; NULL: not yet */
    ds_sql_error *errors;
    uint32_t n_errors, cap_errors;
    uint64_t n_joined; /* rows of all joins */
    ds_rc rc; /* of a subquery that was evaluated inside an expression */
    ds_err *err;
} evaluation;

/* eval.c */
ds_rc eval_rel(evaluation *e, const rel *r, const ds_batch **out);
/* A list over rows; errors of rows go to the run: DS_E_RECORD. */
ds_rc eval_exprs(evaluation *e, const ds_exprs *x, const ds_batch *in,
                 ds_col *out);
/* What a step made of row errors over `in`, and of subqueries in it. */
ds_rc eval_errors(evaluation *e, const ds_batch *in, const ds_row_errors *errs);
/* An error that belongs to row `row` of table 0. */
ds_rc eval_error(evaluation *e, uint32_t row, const char *code,
                 const char *msg);
ds_eval eval_begin(evaluation *e, ds_row_errors *errs);
/* A batch of n rows whose columns the caller fills in. */
ds_batch *eval_batch(evaluation *e, const ds_schema *s, uint32_t n_cols,
                     uint32_t n);
/* rows[0..n) of `in`; the first n_cols columns. */
ds_batch *eval_gather(evaluation *e, const ds_batch *in, uint32_t n_cols,
                      const uint32_t *rows, uint32_t n);
/* The rows of x, then those of y; the same types. */
ds_batch *eval_concat(evaluation *e, const ds_batch *x, const ds_batch *y);
/* DS_E_LIMIT if there would be too many rows of so many new columns. */
ds_rc eval_room(evaluation *e, uint64_t n, uint32_t n_cols, const char *what);
/* A number per row, equal for rows that are equal in cols[0..n); how many. */
uint32_t eval_groups(evaluation *e, const ds_batch *in, const uint32_t *cols,
                     uint32_t n, uint32_t *group);

/* eval_select.c */
ds_rc eval_select(evaluation *e, const rel *r, const ds_batch **out);
/* Its aggregates over no rows. */
ds_rc eval_select_empty(evaluation *e, const rel *r, const ds_batch **out);
/* eval_join.c */
ds_rc eval_join(evaluation *e, const rel *r, const ds_batch **out);
/* eval_set.c */
ds_rc eval_values(evaluation *e, const rel *r, const ds_batch **out);
ds_rc eval_set(evaluation *e, const rel *r, const ds_batch **out);
/* eval_window.c: fills in the columns of the window functions. */
ds_rc eval_windows(evaluation *e, const rel_select *s, ds_batch *rows);

/* order_rows.c: the numbers of all rows, sorted, equal ones in their order.
 * `types` are the columns'. */
uint32_t *order_rows(const ds_col *cols, const ds_schema *schema,
                     const rel_order *order, uint32_t n_order, uint32_t n,
                     ds_arena *a);
/* Whether two rows are equal in what is sorted by. */
bool order_equal(const ds_col *cols, const ds_schema *schema,
                 const rel_order *order, uint32_t n_order, uint32_t x,
                 uint32_t y);

#endif
