/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - names and types: parsed trees to typed ones.
 *
 * Every function returns NULL after it has reported a mistake, so that a
 * caller goes on with the next item and all mistakes are found at once.
 */
#ifndef EXPR_CHECK_H
#define EXPR_CHECK_H

#include "expr/exprs.h"
#include "expr/typmod.h"
#include "parse/parse.h"

struct check;

/* Of a query (lib/query), whose names are not those of one schema. */
typedef struct check_hooks {
    tx *(*column)(struct check *c, const ds_node *n); /* a.b.c */
    tx *(*query)(struct check *c, const ds_node *n);  /* a subquery */
    tx *(*window)(struct check *c, const ds_node *n); /* f(...) OVER (...) */
} check_hooks;

typedef struct check {
    const ds_text *text;
    const ds_scope *scope;
    ds_arena *arena;
    ds_diags *diags;
    bool in_agg;    /* inside an aggregate's argument: sees scope->rows */
    bool in_filter; /* inside its FILTER */
    bool at_root;   /* the node is an item: a set may stand here */
    const ds_agg **aggs;
    uint32_t n_aggs, cap_aggs;
    const check_hooks *hooks; /* NULL: no query */
    const char *place; /* of a query: the clause, if no aggregates and windows
                          are allowed there: "WHERE" */
} check;

tx *check_node(check *c, const ds_node *n);
tx *check_op(check *c, const ds_node *n); /* check_op.c */
tx *check_between(check *c, const ds_node *n);
tx *check_in(check *c, const ds_node *n); /* check_in.c */
tx *check_like(check *c, const ds_node *n);
tx *check_distinct(check *c, const ds_node *n);
tx *check_nullif(check *c, const ds_node *n);
tx *check_func(check *c, const ds_node *n); /* check_func.c */
void *check_no_function(check *c, const ds_node *n, tx **args, bool unique);
/* x, or NULL if its function refuses its constant arguments. */
tx *check_refuse(check *c, tx *x);
bool check_is_agg(const char *name); /* check_agg.c */
tx *check_agg(check *c, const ds_node *n);
/* An aggregate as a window function, in two steps: its arguments, which may be
 * changed in between, and what becomes of them. */
typedef struct check_parts {
    tx **args; /* of the call; of WITHIN GROUP that one last */
    uint32_t n_args;
    tx **keys;
    uint32_t n_keys;
    tx *filter;
    const func_def *f;
    ds_type result;
} check_parts;
check_parts *check_agg_begin(check *c, const ds_node *n);
const ds_agg *check_agg_end(check *c, const ds_node *n, check_parts *p);
tx *check_cast(check *c, const ds_node *n); /* check_type.c */
tx *check_cast_to(check *c, tx *x, ds_type type, int32_t mod, const ds_node *n);
enum { CHECK_ROW_ENTRIES = 1664 };                          /* as PostgreSQL */
tx *check_rows(check *c, const char *op, const ds_node *n); /* check_row.c */
tx *check_rows_distinct(check *c, const ds_node *n);
tx *check_row_null(check *c, const ds_node *n);
tx *check_row(check *c, const ds_node *n); /* check_nest.c */
tx *check_array(check *c, const ds_node *n, ds_type type, int32_t mod);
tx *check_index(check *c, const ds_node *n);
tx *check_slice(check *c, const ds_node *n);
tx *check_field(check *c, const ds_node *n);
tx *check_field_of(check *c, tx *x, const char *name, const ds_node *n);
tx *check_any(check *c, const ds_node *n);  /* check_in.c */
tx *check_case(check *c, const ds_node *n); /* check_case.c */
tx *check_coalesce(check *c, const ds_node *n);
tx *check_pick(check *c, const ds_node *n);
tx *check_column(check *c, const ds_node *n); /* check_name.c */
tx *check_state_null(check *c, const ds_node *n);
/* While the types of the state are looked for, it is an untyped NULL. */
bool check_state_unknown(const check *c);
bool check_is_state(const check *c, const ds_node *n);
/* headers['x'], unless there is a column of this name. */
bool check_is_headers(const check *c, const ds_node *n);
tx *check_header(check *c, const ds_node *n);

/* The arguments of a node, all checked; NULL if one is wrong. */
tx **check_args(check *c, const ds_node *n);
tx *check_typed(check *c, const ds_node *n, tx_kind kind, ds_type type);
void *check_fail(check *c, const char *code, uint32_t at, uint32_t len,
                 const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
tx *check_where(tx *x, const ds_node *n);

/* x as `type`: implicitly, or NULL without a message if that cannot be. */
bool check_can_coerce(const tx *x, ds_type type);
tx *check_coerce(check *c, tx *x, ds_type type);
/* The common type of alternatives, or false with a message. `what` is CASE,
 * COALESCE, ... */
bool check_common(check *c, const char *what, tx **list, uint32_t n,
                  ds_type *out);
tx *check_bool(check *c, tx *x, const char *what);
/* All as one type, with its brackets if they agree; false after a message. */
bool check_unify(check *c, const char *what, tx **list, uint32_t n,
                 ds_type *type, int32_t *mod);
/* body, in which x stands more than once and is evaluated once. */
tx *check_let(check *c, tx *x, tx *body, const ds_node *n);
tx *check_negate(check *c, tx *x, const ds_node *n); /* if n->negated */
tx *check_logic2(check *c, tx_kind kind, tx *x, tx *y, const ds_node *n);
/* A hidden function of one argument of any type. */
tx *check_test(check *c, const ds_node *n, const char *name, tx *arg);
/* An operator on checked arguments. */
tx *check_apply(check *c, const char *op, tx *x, tx *y, const ds_node *n);
/* Checked trees as a list: what is too wide, folded and compiled. `aggs` of c
 * are its own. NULL after a message. */
ds_exprs *check_list(check *c, tx **items, const ds_field *fields, uint32_t n);
/* PostgreSQL's name of an item without AS. */
const char *check_default_name(const ds_node *n);
/* A hint for a name that is none of these columns. */
const char *check_name_hint(check *c, const char *name, const ds_schema *s);
/* A type as written; false after a message. */
bool check_type_name(const ds_text *text, ds_diags *d, const ds_typename *t,
                     ds_type *type, int32_t *mod);
/* The type that is called so (float8, date), or DS_NONE. */
ds_type check_type_word(const char *name);

#endif
