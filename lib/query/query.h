/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - SQL over batches: a query is checked once, when the job is loaded,
 * and evaluated over the rows of one batch after the other.
 *
 *     text --parse--> ds_query --check--> relations made of relations
 *                                                      |
 *     one ds_batch per table that it names ----ds_sql_run-+--> one ds_batch
 *
 * PostgreSQL 15's grammar, semantics and messages; text compares by code point.
 * What the grammar takes and this does not is an error with its position.
 *
 * A ds_sql is read-only: any number of threads may run it.
 */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include "dstream/batch.h"
#include "dstream/diag.h"
#include "expr/help.h"

typedef struct ds_sql ds_sql;

/* Window functions, for people; false past the last one. Aggregates are window
 * functions too. */
bool ds_window_help_at(uint32_t i, ds_func_help *out);

/* The tables that a query may name. Each has a number, below DS_SQL_TABLES;
 * number 0 is the one whose rows belong to records. */
enum { DS_SQL_TABLES = 64 };
typedef struct ds_sql_names {
    /* The columns of the table of this name and its number; NULL: none. */
    const ds_schema *(*find)(void *arg, const char *name, uint32_t *table);
    /* The i-th name, for hints; NULL past the last one. */
    const char *(*at)(void *arg, uint32_t i);
    void *arg;
} ds_sql_names;

/* Mistakes go to `d`, as many as there are, with DS_E_CONFIG. */
ds_rc ds_sql_check(const ds_text *text, const ds_sql_names *tables, ds_arena *a,
                   ds_diags *d, const ds_sql **out);

/* ---- questions to a checked query ---- */

const ds_schema *ds_sql_schema(const ds_sql *q);
/* The column of table 0 that column i of the result is, in every row of it and
 * unchanged; else -1. */
int ds_sql_plain(const ds_sql *q, uint32_t i);
/* Whether the query names that table, and whether it reads that column of it.
 */
bool ds_sql_uses(const ds_sql *q, uint32_t table);
bool ds_sql_reads(const ds_sql *q, uint32_t table, uint32_t col);
/* Whether a column of the result is called "?column?" or a name stands twice:
 * E0313, E0312, for who makes a stream of the result. */
bool ds_sql_check_names(const ds_sql *q, ds_diags *d);

/* ---- evaluation ---- */

/* The most rows that a part of a query may have, and values in them: a join
 * that explodes ends there with DS_E_LIMIT. */
enum { DS_SQL_MOST_ROWS = 4000000, DS_SQL_MOST_VALUES = 32000000 };

typedef struct ds_sql_input {
    const ds_batch *const *tables; /* by number; those that the query uses */
    ds_time now;                   /* now(): the batch's time */
    ds_arena *arena;               /* of the result and all between */
} ds_sql_input;

#define DS_SQL_NO_ROW UINT32_MAX

/* What a row was refused for. */
typedef struct ds_sql_error {
    uint32_t row; /* of table 0; DS_SQL_NO_ROW: it belongs to none. Of a group
                     the last of its rows that came */
    const char *code; /* "E0703"; static */
    const char *msg;  /* in the arena */
} ds_sql_error;

typedef struct ds_sql_errors {
    uint32_t n;
    ds_sql_error *list;
} ds_sql_errors;

/* The result has no selection and no envelope; rec[i] is the row of table 0
 * that row i was made of, or DS_SQL_NO_ROW. Rows of a table are taken by their
 * selection. DS_E_RECORD: rows were refused, `errs` says which, at least one;
 * there is no result then. */
ds_rc ds_sql_run(const ds_sql *q, const ds_sql_input *in, const ds_batch **out,
                 ds_sql_errors *errs, ds_err *err);

#endif
