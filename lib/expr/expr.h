/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr.h - SQL expressions: checked once when the job is loaded, compiled to
 * flat steps, evaluated a column at a time.
 *
 *     text --parse--> tree --check--> typed tree --compile--> ds_exprs
 *                                                               |
 *     batch, columns of the inputs ---------------ds_exprs_eval-+--> columns
 *
 * PostgreSQL's grammar and semantics (contract.md 4.8, 8.1). A mistake goes to
 * the diags with the position of the text, PostgreSQL's message where it has
 * one, and a hint. What parses but is not supported is an error with its
 * position.
 *
 * A ds_exprs is read-only: any number of threads may evaluate it.
 */
#ifndef EXPR_EXPR_H
#define EXPR_EXPR_H

#include "dstream/batch.h"
#include "dstream/diag.h"

/* ---- what an expression may name ---- */

typedef struct ds_scope {
    const ds_schema *cols; /* columns by name */
    bool meta;  /* _key _ts _topic _partition _offset may be named; if not,
                   naming one is an error that says why */
    bool sets;  /* an item may be a set-returning function (flatMap) */
    bool names; /* every item that is no plain column needs AS name (E0313) */
    bool
        pair; /* a function of two rows: `cols` is what ds_pair_schema() made */
    /* updateStateByKey. `state`: NULL: there is no `state`. With n == 0 the
     * type is not known yet: `state` and `state.x` are untyped NULLs. With one
     * field `state` stands for it. */
    const ds_schema *state;
    /* Aggregates are allowed; their arguments see `rows`, the rest of the
     * expression sees `cols` (the key). NULL: aggregates are an error. */
    const ds_schema *rows;
    bool rows_meta; /* like meta, for the arguments of aggregates */
} ds_scope;

typedef struct ds_exprs ds_exprs;
typedef struct ds_agg ds_agg;

/* A select list: "word, 1 AS n". `*` stands for all columns. */
ds_rc ds_exprs_compile(const ds_text *list, const ds_scope *scope, ds_arena *a,
                       ds_diags *d, ds_exprs **out);
/* One expression, of type `want` (DS_NONE: any). */
ds_rc ds_expr_compile(const ds_text *text, ds_type want, const ds_scope *scope,
                      ds_arena *a, ds_diags *d, ds_exprs **out);
/* A select list given as names and expressions (YAML mapping). */
ds_rc ds_exprs_compile_named(const ds_text *names, const ds_text *texts,
                             uint32_t n, const ds_scope *scope, ds_arena *a,
                             ds_diags *d, ds_exprs **out);
/* As items of `e` cast to the types of `want` (same number of items). */
ds_rc ds_exprs_cast(const ds_exprs *e, const ds_schema *want, ds_arena *a,
                    ds_exprs **out, ds_err *err);
/* The items of `e` in the order of the names of `want`: all of them. */
ds_exprs *ds_exprs_order(const ds_exprs *e, const ds_schema *want, ds_arena *a);
/* A column type as written in `columns:`: "text not null". */
ds_rc ds_type_parse(const ds_text *text, ds_diags *d, ds_field *out);

/* ---- functions of two rows ---- */

/* Columns a.x, a.y, ..., b.x, b.y, ... for the scope of a function of two rows
 * `a` and `b` of `values`; of a single column `a` and `b` stand for it. */
const ds_schema *ds_pair_schema(const ds_schema *values, ds_arena *a);
/* Such a function as an aggregate: of many rows it makes one, always from two.
 * It has to be associative; rows meet in the order in which they came, and
 * a single one is its own result. `out` has an item per column of `values`,
 * over `key`, and one aggregate over `rows`, whose columns cols[] are the
 * values. `reduce` gives those columns. `inverse`, which takes b from a, may be
 * NULL. A row for which the function fails makes its group fail:
 * ds_acc_result(). Source: the function of Spark's reduce(func),
 * reduceByKey(func). */
void ds_exprs_pair(const ds_exprs *reduce, const ds_exprs *inverse,
                   const ds_schema *rows, const uint16_t *cols,
                   const ds_schema *key, ds_arena *a, ds_exprs **out);

/* ---- questions to a compiled list ---- */

const ds_schema *ds_exprs_schema(const ds_exprs *e); /* names and types */
/* The column of scope->cols that item i is, unchanged; else -1. */
int ds_exprs_plain(const ds_exprs *e, uint32_t i);
/* Whether column c of scope->cols is read (by any item, aggregates not
 * counted). */
bool ds_exprs_reads(const ds_exprs *e, uint32_t c);
/* The same for the arguments of its aggregates, over scope->rows. */
bool ds_exprs_rows_read(const ds_exprs *e, uint32_t c);
bool ds_exprs_uses_now(const ds_exprs *e);
bool ds_exprs_uses_count(const ds_exprs *e);
/* The item that is a set-returning function, else -1. */
int ds_exprs_set_item(const ds_exprs *e);
/* updateStateByKey: true if for a key without new rows (count 0, the other
 * aggregates NULL) every item certainly gives back the state unchanged, so
 * that it need not be evaluated (contract.md 5.8). False when in doubt. A state
 * is what the items made, so a column whose item is never NULL is none;
 * `given`: some states were made elsewhere. */
bool ds_exprs_idle_keeps(const ds_exprs *e, bool given);
/* The aggregates, each once, in the order of their columns (below). */
const ds_agg *const *ds_exprs_aggs(const ds_exprs *e, uint32_t *n);
/* The canonical text (deparsed): for state signatures. */
const char *ds_exprs_canon(const ds_exprs *e, ds_arena *a);

/* ---- evaluation ---- */

typedef struct ds_eval {
    ds_time now;         /* now(): the batch's time */
    ds_arena *arena;     /* results live here */
    ds_row_errors *errs; /* filled in; may not be NULL */
} ds_eval;

/* The batch's columns are, in this order: scope->cols, the columns of
 * scope->state, one column per aggregate (ds_agg_type). Without state and
 * aggregates that is simply a batch of the input stream. Gives one column per
 * item, of in->n values each; only selected rows are defined. A row in
 * ev->errs has undefined values: the caller drops it. */
ds_rc ds_exprs_eval(const ds_exprs *e, const ds_batch *in, const ds_eval *ev,
                    ds_col *out, ds_err *err);

/* flatMap: evaluates a list with a set-returning item: `out` is a new batch,
 * whose rec names the records as in's did. Rows whose set is empty or NULL
 * vanish; *n_from: how many did not. */
ds_rc ds_exprs_eval_set(const ds_exprs *e, const ds_batch *in,
                        const ds_eval *ev, const ds_batch **out,
                        uint32_t *n_from, ds_err *err);

/* ---- aggregates ---- */

/* Aggregates are in the table of functions (func.h). An accumulator keeps a
 * state per group; groups are numbered from 0 (record/groups.h). */
ds_type ds_agg_type(const ds_agg *agg); /* of the result */
/* The names of all aggregates, some twice; NULL past the last one. */
const char *ds_agg_name(uint32_t i);
/* Whether it may fail while rows are added: a function of two rows. */
bool ds_agg_may_fail(const ds_agg *agg);
/* The columns that one partial result takes when it crosses a repartition
 * (avg: a count and a sum). */
enum { DS_AGG_PARTS = 6 };
uint32_t ds_agg_parts(const ds_agg *agg, ds_type types[DS_AGG_PARTS]);

typedef struct ds_acc ds_acc;
ds_acc *ds_acc_new(const ds_agg *agg, ds_arena *a);
/* Row i of `rows` (a batch of scope->rows) goes to group[i]. n_groups is the
 * number of groups so far, these rows included. Rows that cannot be added go to
 * ev->errs; the accumulator is of no use then. */
ds_rc ds_acc_add(ds_acc *acc, const ds_batch *rows, const uint32_t *group,
                 uint32_t n_groups, const ds_eval *ev, ds_err *err);
/* The same for partial results: cols as ds_agg_parts() says. Their order is the
 * order in which their rows count as having come. */
void ds_acc_merge(ds_acc *acc, const ds_batch *rows, const ds_col *cols,
                  const uint32_t *group, uint32_t n_groups, const ds_eval *ev);
/* Whether what was merged can be taken out again; exactly, so that nothing
 * drifts: counts, sums and means of integers, functions of two rows with an
 * inverse over columns that are neither NULL nor floating point. */
bool ds_agg_subtracts(const ds_agg *agg);
/* Whether a partial result may be as large as the rows it is of, and come in
 * several rows. */
bool ds_agg_grows(const ds_agg *agg);
/* "max" */
const char *ds_agg_function(const ds_agg *agg);
/* Takes parts out that were merged before; ds_agg_subtracts(). */
void ds_acc_subtract(ds_acc *acc, const ds_batch *rows, const ds_col *cols,
                     const uint32_t *group, uint32_t n_groups,
                     const ds_eval *ev);
/* Nothing came to these groups yet; not of ds_agg_grows(). */
void ds_acc_clear(ds_acc *acc, const uint32_t *groups, uint32_t n);
/* Partial results, n values each. First of all groups (`groups` NULL), then,
 * as what is large comes in pieces, of those for which more[] was set, until
 * there are none. A group whose first part is NULL has nothing. */
void ds_acc_parts(const ds_acc *acc, const uint32_t *groups, uint32_t n,
                  ds_arena *a, ds_col *cols, bool *more);
/* One result per group. Groups whose result is an error (bigint out of range)
 * go to ev->errs with the group's number as row. */
void ds_acc_result(const ds_acc *acc, uint32_t n_groups, const ds_eval *ev,
                   ds_col *out);

#endif
