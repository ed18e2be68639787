/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.h - a parsed expression, in our own words.
 *
 * Small on purpose: what PostgreSQL's grammar takes and no part of dstream
 * supports becomes DS_N_OTHER with a name, so that the checker can refuse it
 * at its position. Positions are bytes from the start of the text.
 */
#ifndef PARSE_TREE_H
#define PARSE_TREE_H

#include "dstream/slice.h"

typedef enum ds_node_kind {
    DS_N_COLUMN,   /* names[0..n_names): a.b */
    DS_N_STAR,     /* names before the star: a.* */
    DS_N_NULL,     /* NULL */
    DS_N_BOOL,     /* i: 0 or 1 */
    DS_N_INT,      /* i; an integer that fits */
    DS_N_DEC,      /* name: the digits of another number */
    DS_N_STR,      /* name */
    DS_N_OP,       /* name, one or two args */
    DS_N_AND,      /* two or more args */
    DS_N_OR,       /* two or more args */
    DS_N_NOT,      /* one arg */
    DS_N_IS_NULL,  /* one arg, negated */
    DS_N_IS_BOOL,  /* one arg, i: 1 true, 0 false, -1 unknown; negated */
    DS_N_DISTINCT, /* two args; IS [NOT] DISTINCT FROM */
    DS_N_IN,       /* args[0] IN (args[1]...); negated */
    DS_N_BETWEEN,  /* three args; negated; i: 1 SYMMETRIC */
    DS_N_LIKE,     /* two or three args (ESCAPE); negated; i: 1 ILIKE */
    DS_N_CASE,     /* args[0] or NULL, then WHEN, THEN, ..., ELSE or NULL */
    DS_N_COALESCE,
    DS_N_GREATEST,
    DS_N_LEAST,
    DS_N_NULLIF, /* two args */
    DS_N_FUNC,   /* name, args; i: 1 f(*); call */
    DS_N_CAST,   /* one arg, type */
    DS_N_NOW,    /* name: current_timestamp, current_date, ...; i: its precision
                    or -1 */
    DS_N_ARRAY,  /* ARRAY[args] */
    DS_N_ROW,    /* ROW(args), (a, b) */
    DS_N_INDEX,  /* args[0][args[1]]; i: without parentheses around args[0],
                    which is one of these two */
    DS_N_SLICE,  /* args[0][args[1]:args[2]]; these two may be NULL; i: so */
    DS_N_FIELD,  /* (args[0]).name */
    DS_N_ANY,    /* args[0] name ANY (args[1]); i: 1 ALL */
    DS_N_COLLATE, /* args[0] COLLATE name */
    DS_N_QUERY,   /* a subquery: `query`; i: a ds_sub_kind; args[0] and name:
                     the left side and the operator of IN, ANY and ALL */
    DS_N_OTHER,   /* what: the name of something that is not supported */
} ds_node_kind;

/* A type as written. */
typedef struct ds_typename {
    const char *name; /* PostgreSQL's own: int8, text, timestamptz */
    uint32_t n_mods;  /* of (10,2); of an interval the mask of its fields,
                         then its precision */
    int32_t mods[2];
    bool odd_mods; /* they are no integers, or too many */
    bool array, setof;
    uint32_t at, len;
} ds_typename;

/* What is asked of a subquery. */
typedef enum ds_sub_kind {
    DS_SUB_VALUE,  /* (SELECT ...): its only value */
    DS_SUB_EXISTS, /* EXISTS (SELECT ...) */
    DS_SUB_ANY,    /* x op ANY (SELECT ...); IN is = ANY */
    DS_SUB_ALL,    /* x op ALL (SELECT ...) */
    DS_SUB_ARRAY,  /* ARRAY(SELECT ...) */
} ds_sub_kind;

struct ds_node;
struct ds_query;
struct ds_window;

/* An item of ORDER BY, PostgreSQL's defaults filled in. */
typedef struct ds_order {
    struct ds_node *expr;
    bool desc, nulls_first;
    bool other; /* USING an operator */
} ds_order;

/* What a call may have besides its arguments. */
typedef struct ds_call {
    bool distinct;          /* f(DISTINCT ...) */
    bool variadic;          /* f(..., VARIADIC x): the last argument */
    bool within;            /* `order` is of WITHIN GROUP (ORDER BY ...) */
    struct ds_node *filter; /* FILTER (WHERE ...), or NULL */
    ds_order *order;
    uint32_t n_order;
    const char *const *names;     /* per argument: of name => x, or NULL; NULL:
                                     no argument has one */
    const struct ds_window *over; /* OVER (...), or NULL */
} ds_call;

typedef struct ds_node {
    ds_node_kind kind;
    bool negated;
    uint32_t at, len; /* what to point at: an operator, a name, a literal */
    uint32_t from;    /* where the expression begins */
    const char *name;
    const char *what;    /* DS_N_FUNC: an unsupported modifier, or NULL */
    const ds_call *call; /* DS_N_FUNC: never NULL */
    const char *const *names;
    uint32_t n_names;
    int64_t i;
    struct ds_node **args;
    uint32_t n_args;
    ds_typename type;
    const struct ds_query *query;
} ds_node;

/* One item of a select list. */
typedef struct ds_item {
    ds_node *expr;
    const char *name; /* after AS; NULL: none */
    uint32_t name_at, name_len;
} ds_item;

#endif
