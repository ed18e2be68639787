/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - a parsed query, in our own words.
 *
 * What PostgreSQL's grammar takes and dstream does not support has a name in
 * `what` and a position, so that the checker can refuse it there.
 */
#ifndef PARSE_QUERY_H
#define PARSE_QUERY_H

#include "parse/tree.h"

typedef struct ds_query ds_query;

typedef enum ds_frame_mode {
    DS_FRAME_RANGE,
    DS_FRAME_ROWS,
    DS_FRAME_GROUPS
} ds_frame_mode;

typedef enum ds_frame_bound {
    DS_BOUND_FIRST,     /* UNBOUNDED PRECEDING */
    DS_BOUND_PRECEDING, /* x PRECEDING */
    DS_BOUND_CURRENT,   /* CURRENT ROW */
    DS_BOUND_FOLLOWING, /* x FOLLOWING */
    DS_BOUND_LAST       /* UNBOUNDED FOLLOWING */
} ds_frame_bound;

typedef enum ds_frame_exclude {
    DS_EXCLUDE_NONE,
    DS_EXCLUDE_CURRENT,
    DS_EXCLUDE_GROUP,
    DS_EXCLUDE_TIES
} ds_frame_exclude;

typedef struct ds_window {
    const char *name;  /* WINDOW name AS (...); OVER name; or NULL */
    const char *refer; /* the window that this one adds to, or NULL */
    uint32_t at, len;
    ds_node **parts;
    uint32_t n_parts;
    ds_order *order;
    uint32_t n_order;
    bool has_frame; /* it was written */
    ds_frame_mode mode;
    ds_frame_bound start, end;
    ds_frame_exclude exclude;
    ds_node *start_by, *end_by; /* the x of a bound, or NULL */
} ds_window;

typedef enum ds_from_kind {
    DS_F_TABLE, /* name */
    DS_F_QUERY, /* query */
    DS_F_FUNC,  /* call */
    DS_F_JOIN,  /* left, right */
    DS_F_OTHER, /* what */
} ds_from_kind;

typedef enum ds_join_kind {
    DS_JOIN_INNER, /* also CROSS: no condition */
    DS_JOIN_LEFT,
    DS_JOIN_RIGHT,
    DS_JOIN_FULL
} ds_join_kind;

typedef struct ds_from {
    ds_from_kind kind;
    uint32_t at, len;
    const char *name;
    const char *what;
    const char *alias;       /* NULL: none */
    const char *const *cols; /* alias (a, b, ...) */
    uint32_t n_cols;
    const ds_query *query;
    ds_node *call;
    bool ordinality, lateral;
    ds_join_kind join;
    bool natural;
    const char *const *with; /* USING (a, b, ...) */
    uint32_t n_with;
    ds_node *on; /* ON, or NULL */
    struct ds_from *left, *right;
} ds_from;

/* WITH name (cols) AS (query) */
typedef struct ds_with {
    const char *name;
    const char *const *cols;
    uint32_t n_cols;
    const ds_query *query;
    uint32_t at, len;
} ds_with;

typedef enum ds_query_kind {
    DS_Q_SELECT,
    DS_Q_VALUES,
    DS_Q_UNION, /* left, right, and so the next two */
    DS_Q_INTERSECT,
    DS_Q_EXCEPT
} ds_query_kind;

struct ds_query {
    ds_query_kind kind;
    uint32_t at, len; /* what to point at */
    const char *what; /* an unsupported clause, or NULL; it stands at what_at */
    uint32_t what_at;
    ds_with *with;
    uint32_t n_with;

    bool distinct; /* SELECT DISTINCT */
    ds_node **on;  /* DISTINCT ON (...) */
    uint32_t n_on;
    ds_item *items;
    uint32_t n_items;
    ds_from **from;
    uint32_t n_from;
    ds_node *where;
    ds_node **group;
    uint32_t n_group;
    ds_node *having;
    ds_window **windows;
    uint32_t n_windows;

    ds_node ***rows; /* VALUES: n_rows rows of n_items each */
    uint32_t *row_sizes;
    uint32_t n_rows;

    bool all; /* UNION ALL ... */
    ds_query *left, *right;

    ds_order *order;
    uint32_t n_order;
    ds_node *limit, *offset; /* NULL: none, or LIMIT ALL */
    bool ties;               /* FETCH FIRST ... WITH TIES */
};

#endif
