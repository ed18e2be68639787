/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exprs.h - what a compiled list consists of.
 */
#ifndef EXPR_EXPRS_H
#define EXPR_EXPRS_H

#include "expr/expr.h"
#include "expr/func.h"

/* ORDER BY in an aggregate: a column of its arguments and keys. */
typedef struct agg_key {
    uint16_t col;
    bool desc, nulls_first;
} agg_key;

struct agg_type;

struct ds_agg {
    const func_def *f;
    const struct agg_type *type; /* f's (agg.h) */
    ds_type out;
    ds_type *args; /* of the columns that are added, then of the keys */
    uint32_t n_args, n_cols; /* without and with the keys */
    const ds_exprs *filter;  /* over the rows, or NULL */
    const ds_exprs *prog;    /* arguments and keys over the rows, or NULL */
    agg_key *keys;
    uint32_t n_keys;
    bool distinct;
    tx **direct;      /* all arguments, for those that are constants */
    const void *data; /* the type's */
    const char *canon;
};

struct ds_exprs {
    ds_schema schema;
    tx **items;
    const char **canons;
    ds_scope scope; /* as it was given; its schemas live as long */
    const ds_agg **aggs;
    uint32_t n_aggs;
    int set_item;
    bool uses_now;

    /* Outputs of the program: the arguments of the set, then the items without
     * it. */
    tx **slots;
    uint16_t *slot_items;
    ds_type *slot_types;
    int *slot_plain; /* column of the input that the slot is, or -1 */
    uint32_t n_slots;
    const run_program *prog;

    /* set.c: the list's set, which may stand inside items. */
    tx *set; /* NULL: none */
    bool *of_set;
    uint32_t set_slot; /* the first of its arguments; before all items */
    const run_program *set_prog; /* items around it, over the expanded rows */
};

/* Everything that follows from items, canons, aggs and the names. */
void exprs_finish(ds_exprs *e, ds_arena *a);
/* set.c: finds the set and compiles what comes after it; the set's column
 * there. */
void exprs_find_set(ds_exprs *e, ds_arena *a);
uint32_t exprs_set_col(const ds_scope *s);
/* A set that cannot stand where it does, and why; NULL: there is none. */
const tx *exprs_set_trouble(tx **items, uint32_t n, const ds_scope *scope,
                            ds_arena *a, const char **code, const char **why);
/* Columns of the batch that is evaluated. */
uint32_t exprs_first_state(const ds_scope *s);
uint32_t exprs_first_agg(const ds_scope *s);
ds_rc exprs_eval_slots(const ds_exprs *e, const ds_batch *in, const ds_eval *ev,
                       ds_col *slots);

#endif
