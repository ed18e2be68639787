/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx.h - the typed tree of an expression, between check and compile.
 *
 * A node is evaluated where it stands, except the first argument of TX_LET: it
 * is evaluated once, and the second argument refers to it by the same pointer.
 */
#ifndef EXPR_TX_H
#define EXPR_TX_H

#include "record/nested.h"

typedef enum tx_kind {
    TX_CONST, /* v, or null */
    TX_COL,   /* col: a column of the batch that is evaluated */
    TX_META,  /* col: a tx_meta */
    TX_NOW,   /* the batch's time */
    TX_CALL,  /* f(args) */
    TX_AND,   /* args, left to right, as far as needed */
    TX_OR,
    TX_CASE, /* condition, result, ..., else */
    TX_COALESCE,
    TX_LET, /* args[0] in args[1] */
    TX_SET, /* a set-returning f(args), one per list; col: where its rows are
               while the rest of the item is evaluated */
} tx_kind;

typedef enum tx_meta {
    TX_META_KEY,
    TX_META_TS,
    TX_META_TOPIC,
    TX_META_PARTITION,
    TX_META_OFFSET,
    TX_META_HEADERS, /* their bytes, of type bytea */
} tx_meta;

struct func_def;

typedef struct tx {
    tx_kind kind;
    ds_type type;           /* DS_NONE: an untyped NULL or an untyped literal */
    uint32_t at, len, from; /* in the text, for messages */
    bool null;
    int32_t mod; /* ds_field.mod of its values */
    ds_value v;
    const char *wide; /* a numeric constant of too many digits, as written: it
                         may still become a double precision */
    uint32_t col;
    const struct func_def *f;
    const void *data; /* f's: prepared from constant arguments */
    struct tx **args;
    uint32_t n_args;
    int reg;         /* while compiling: the register that holds it, or -1 */
    bool folded;     /* fold.c has been here */
    bool shared;     /* the first argument of a TX_LET */
    int bound;       /* while walking: number of the TX_LET around, or 0 */
    struct tx *copy; /* while copying */
} tx;

tx *tx_new(ds_arena *a, tx_kind kind, ds_type type, const tx *where);
tx *tx_const(ds_arena *a, ds_type type, ds_value v, const tx *where);
tx *tx_null(ds_arena *a, ds_type type, const tx *where);
tx *tx_call(ds_arena *a, const struct func_def *f, tx **args, uint32_t n,
            const tx *where);
tx *tx_call1(ds_arena *a, const struct func_def *f, tx *x);
tx *tx_call2(ds_arena *a, const struct func_def *f, tx *x, tx *y,
             const tx *where);
static inline bool tx_is_null(const tx *x)
{
    return x->kind == TX_CONST && x->null;
}
static inline bool tx_is_literal(const tx *x)
{
    return x->kind == TX_CONST && x->type == DS_NONE && !x->null;
}
/* Calls fn for x and everything below it, each node once. */
void tx_walk(tx *x, void (*fn)(tx *x, void *arg), void *arg);

/* Constant folding, in place; errors are left for the rows that reach them. */
tx *fold_tree(tx *x, ds_arena *a);
/* A copy of x as it is for a key without new rows: the columns from `aggs` on
 * are 0 if they are a count and NULL otherwise. `kept`: a column of the state
 * that is not NULL, or -1. */
tx *fold_idle(tx *x, uint32_t aggs, const bool *is_count, int kept,
              ds_arena *a);

/* canon.c: a tree as text that changes when its meaning does. */
const char *canon_tree(tx *x, const ds_schema *cols, const ds_schema *state,
                       const char *const *aggs, ds_arena *a);

#endif
