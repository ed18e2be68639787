/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rel.h - a checked query: relations made of relations.
 *
 * A SELECT computes over one row layout from FROM to ORDER BY, so that a tree
 * may stand in any clause and name what was made before it:
 *
 *     from | subs | windows | keys | outer | aggregates
 *
 *     from      columns of FROM; undefined once rows are grouped
 *     subs      a handle per subquery of an expression (sub.h)
 *     windows   results of window functions
 *     keys      values of GROUP BY
 *     outer     columns of the query around this one: only in the conditions
 *               that correlate both, which are not evaluated here
 */
#ifndef QUERY_REL_H
#define QUERY_REL_H

#include "expr/exprs.h"
#include "parse/query.h"

typedef struct rel rel;

typedef enum rel_kind {
    REL_TABLE,  /* table */
    REL_VALUES, /* cells, n_rows */
    REL_JOIN,
    REL_SET,
    REL_SELECT
} rel_kind;

typedef struct rel_join {
    const rel *left, *right;
    ds_join_kind kind;
    /* Equalities: rows meet if these are equal and not NULL. NULL: none. */
    const ds_exprs *left_keys, *right_keys;
    const ds_exprs *on;     /* the rest, over the columns of both; or NULL */
    const ds_exprs *merged; /* columns of USING, behind both; or NULL */
} rel_join;

typedef struct rel_set {
    ds_query_kind kind; /* DS_Q_UNION, ... */
    bool all;
    const rel *left, *right;
} rel_set;

/* An item of ORDER BY: a column of what is sorted. */
typedef struct rel_order {
    uint32_t col;
    bool desc, nulls_first;
} rel_order;

/* A subquery of an expression. */
typedef struct rel_sub {
    ds_sub_kind kind;
    const rel *rel;
    uint32_t n_values; /* its first columns: what is asked for; */
    uint32_t n_corr;   /* behind them: what the query around it looks up */
    const rel *empty;  /* a value of aggregates over no rows, or NULL */
} rel_sub;

typedef enum win_call {
    WIN_ROW_NUMBER,
    WIN_RANK,
    WIN_DENSE_RANK,
    WIN_PERCENT_RANK,
    WIN_CUME_DIST,
    WIN_NTILE,
    WIN_LAG,
    WIN_LEAD,
    WIN_FIRST_VALUE,
    WIN_LAST_VALUE,
    WIN_NTH_VALUE,
    WIN_AGG
} win_call;

#define REL_NO_COL UINT32_MAX

/* OVER (...) */
typedef struct rel_over {
    const ds_exprs *keys; /* PARTITION BY, then ORDER BY; NULL: neither */
    uint32_t n_parts;
    rel_order *order; /* col: of keys */
    uint32_t n_order;
    ds_frame_mode mode;
    ds_frame_bound start, end;
    ds_frame_exclude exclude;
    const ds_exprs *start_by, *end_by; /* over any row: the same for all */
    /* RANGE with offsets. Columns of keys: what ORDER BY orders by, and up to
     * which of its values a frame goes; REL_NO_COL: no such bound. */
    uint32_t range_key, range_start, range_end;
} rel_over;

typedef struct rel_window {
    win_call call;
    const rel_over *over;
    const ds_exprs *args; /* over the rows; NULL: none */
    const ds_agg *agg;    /* WIN_AGG */
    ds_type type;
} rel_window;

typedef struct rel_select {
    const rel *from; /* NULL: one row without columns */
    const ds_schema *layout;
    uint32_t n_cols; /* of the layout, without aggregates */
    uint32_t first_sub, first_win, first_key;
    rel_sub *subs;
    uint32_t n_subs;
    const ds_exprs *where; /* NULL: none; so the others */
    bool grouped;
    const ds_exprs *keys;
    uint32_t n_keys;
    const ds_agg *const *aggs;
    uint32_t n_aggs;
    const ds_exprs *having;
    rel_window *wins;
    uint32_t n_wins;
    const ds_exprs *items; /* the columns of the result, then more to sort by */
    uint32_t n_out;        /* those of the result */
    bool distinct;         /* by all of the result's columns, or */
    const uint32_t *on;    /* by these items */
    uint32_t n_on;
    rel_order *order;
    uint32_t n_order;
    const ds_exprs *limit, *offset;
    bool ties;
} rel_select;

struct rel {
    rel_kind kind;
    uint32_t id; /* below ds_sql.n_rels: a run keeps each result once */
    const ds_schema *schema;
    const int *plain; /* per column: that of table 0 that it is, or -1 */
    /* Per column that nobody has read yet: 1 + DS_SQL_COL of its table; 0: none
     * that needs to be noted. NULL: no column has one. */
    const uint32_t *base;
    uint32_t table;
    const ds_exprs *cells;
    uint32_t n_rows;
    union {
        const rel_join *join;
        const rel_set *set;
        const rel_select *select;
    } u;
};

/* A column of a table in a number. */
#define REL_BASE(table, col) ((uint32_t)(table) << 16 | (uint32_t)(col))

/* Whether equal values of the two types have the same key (record/key.h). */
static inline bool rel_same_keys(ds_type x, ds_type y)
{
    bool ints = x >= DS_I16 && x <= DS_I64 && y >= DS_I16 && y <= DS_I64;
    bool floats = (x == DS_F32 || x == DS_F64) && (y == DS_F32 || y == DS_F64);
    return x == y || ints || floats;
}

struct ds_sql {
    const rel *top;
    uint32_t n_rels;
    const ds_text *text;
    const ds_where *places; /* of the result's columns */
    const bool *unnamed;
    uint64_t uses;   /* a bit per table */
    bool *reads[64]; /* per table that is used: a bool per column */
};

#endif
