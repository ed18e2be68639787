/* SPDX-License-Identifier: Apache-2.0 */
/*
 * level.h - a query while it is checked.
 *
 *     ds_sql_check -> check_query -> a level per SELECT --> rel
 *                                      from     tables and joins
 *                                      items    expressions, by lib/expr
 *                                      group    what may stand after GROUP BY
 *                                      order    ORDER BY, DISTINCT, LIMIT
 *                                      window   OVER
 *                                      sub      subqueries of expressions
 *
 * As in lib/expr: after a mistake was reported a function gives NULL or false,
 * and the work goes on with the next item.
 */
#ifndef QUERY_LEVEL_H
#define QUERY_LEVEL_H

#include "expr/check.h"
#include "query/names.h"
#include "query/query.h"
#include "query/rel.h"

/* WITH, innermost first. */
typedef struct with_scope {
    const ds_with *with;
    const rel *rel; /* NULL: it is wrong */
    const struct with_scope *next;
} with_scope;

/* What is the same in all of a query. */
typedef struct builder {
    const ds_text *text;
    const ds_sql_names *tables;
    ds_arena *arena;
    ds_diags *diags;
    ds_sql *sql;
    const with_scope *withs;
} builder;

/* How a subquery hangs together with the query around it: trees over the
 * latter's layout, whose values are compared with the columns behind the
 * subquery's own. */
typedef struct query_corr {
    ds_sub_kind kind; /* what is asked of the subquery */
    tx **outer;
    uint32_t n;
    bool aggregates; /* one row of aggregates: also for what finds none */
} query_corr;

typedef struct level_item {
    tx *x;
    const char *name;
    ds_where where;
    bool unnamed; /* PostgreSQL calls it "?column?" */
} level_item;

/* A call with OVER, between its two steps. */
typedef struct level_window {
    const ds_node *node;
    win_call call;
    check_parts *agg; /* WIN_AGG */
    tx **args;
    uint32_t n_args;
    ds_type type;
    struct level_over *over;
} level_window;

typedef struct level_over {
    const ds_window *window; /* as written */
    const ds_window *frame;  /* whose frame counts */
    tx **keys;               /* PARTITION BY, ORDER BY, what RANGE compares */
    uint32_t n_keys, n_parts, n_order;
    const ds_order *order;
    tx *start_by, *end_by;
    uint32_t range_key, range_start, range_end; /* as in rel_over */
    rel_over *made;
} level_over;

/* outer = inner, in WHERE. */
typedef struct level_corr {
    tx *outer; /* over the level around */
    tx *inner; /* over this one */
} level_corr;

typedef struct level {
    check c; /* first: the hooks get it */
    builder *b;
    struct level *outer; /* the level around, if its names may be used */
    const ds_query *q;
    names names;
    ds_scope scope;
    ds_schema layout;
    ds_field *fields;
    rel_select *s;
    rel *rel;
    uint32_t n_from, n_keys, cap_wins, cap_subs, first_outer, n_outer,
        cap_outer;
    uint32_t *outer_cols; /* of the level around, that the outer columns are */
    uint32_t outer_at, outer_len; /* where the first one stands */
    bool in_where;                /* this level's WHERE is being checked */
    bool in_having;               /* HAVING is: it has no windows */
    bool
        set; /* of UNION and its like: ORDER BY has the result's columns only */
    level_item *items;
    uint32_t n_items, cap_items, n_out;
    tx *where, *having, *limit, *offset;
    tx **keys;
    const char **key_canons;
    level_window *wins;
    level_over **overs;
    uint32_t n_overs;
    bool in_over; /* inside a window function */
    level_corr *corr;
    uint32_t n_corr;
    query_corr *may; /* NULL: no correlation is supported here */
    uint32_t depth;  /* of queries around this one */
} level;

/* check_query.c */
void *query_fail(const builder *b, const char *code, uint32_t at, uint32_t len,
                 const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
rel *rel_new(builder *b, rel_kind kind, const ds_schema *schema);
/* A whole query, with its WITH and ORDER BY. `outer`: the level whose names may
 * be used, or NULL; `corr`: filled in if that is supported, else NULL. */
rel *check_query(builder *b, level *outer, const ds_query *q, query_corr *corr);
/* A SELECT, checked up to its types; NULL after a message. */
level *check_select(builder *b, level *outer, const ds_query *q,
                    query_corr *corr);
/* And finished: untyped items become `want` (NULL: text). */
rel *level_finish(level *l, const ds_type *want);
/* WITH: *kept is to be given back to with_end(). */
void with_begin(builder *b, const ds_query *q, const with_scope **kept);
void with_end(builder *b, const with_scope *kept);

/* level.c */
/* A level over the columns of `from` (NULL: none). */
level *level_new(builder *b, level *outer, const ds_query *q);
void level_layout(level *l, const rel *from, uint32_t n_subs, uint32_t n_wins,
                  uint32_t n_keys, uint32_t n_outer);
tx *level_column(level *l, uint32_t col, uint32_t at, uint32_t len);
/* The same, of a column that only passes through. */
tx *level_column_unread(level *l, uint32_t col);
void level_item_add(level *l, tx *x, const char *name, ds_where where,
                    bool unnamed);
/* An expression of a clause; `place`: its name if it may have neither
 * aggregates nor windows. */
tx *level_expr(level *l, const ds_node *n, const char *place);
ds_exprs *level_list(level *l, tx **items, uint32_t n);
const char *level_canon(level *l, tx *x);
void level_read(level *l, const rel *r, uint32_t col);
bool level_has_outer(const level *l, tx *x);
bool level_has_inner(const level *l, tx *x);
extern const check_hooks level_hooks;

/* items.c */
void level_items(level *l);
/* from.c */
rel *check_from(builder *b, level *outer, ds_from *const *list, uint32_t n,
                names *out);
/* group.c */
void level_keys(level *l);
/* Trees over the rows become trees over the groups; false after a message. */
bool level_ungroup(level *l, tx *x);
/* order.c */
/* The item of this name, or -1; *found: there is one, though it may be wrong.
 */
int level_item_named(level *l, const ds_node *n, const char *clause,
                     bool *found);
void level_order(level *l);
void level_distinct(level *l);
void level_limit(level *l);
/* window.c */
tx *level_window_call(check *c, const ds_node *n);
void level_windows(level *l); /* of the clause WINDOW */
bool level_windows_ungroup(level *l);
bool level_windows_finish(level *l);
/* sub.c */
tx *level_sub(check *c, const ds_node *n);
/* Takes the conditions that name the level around out of WHERE. */
bool level_correlate(level *l);
/* EXISTS asks for rows, and not what is in them: no item can fail then. */
void level_only_rows(level *l);
/* sets.c */
rel *check_sides(builder *b, level *outer, const ds_query *q);
/* The columns of r as these types. */
rel *rel_cast(builder *b, rel *r, const ds_type *want);

#endif
