/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyed.h - what the keyed operators share: the rows of an epoch, gathered by
 * key into accumulators.
 *
 *     rows --> group by key --> one accumulator per aggregate
 *                                 | seal
 *         partial: ds_acc_parts +--> key columns, partial columns
 *         others:  keyed_eval     +--> [key, state, results] -> select list
 */
#ifndef OP_KEYED_H
#define OP_KEYED_H

#include "op/ops.h"
#include "record/groups.h"

/* Planned over the rows before any cut. First member of node->planned. */
struct keyed_plan {
    const ds_schema *rows;
    const uint16_t *row_keys;
    const ds_schema *key; /* the key's columns */
    ds_type *key_types;
    const ds_exprs *items;
    const ds_schema *state;    /* or NULL */
    const ds_schema *eval;     /* key, state, results */
    const ds_agg *const *aggs; /* those of items, then those of more */
    uint32_t n_aggs;
    const ds_exprs *more; /* a second list over the same rows, or NULL */
    const ds_schema *more_eval;
    uint32_t more_agg; /* its first one in aggs */
};

/* Of one epoch; in its arena. */
struct keyed {
    const struct keyed_plan *plan;
    bool partial; /* the rows are partial ones: key, partial columns */
    ds_groups *groups;
    ds_acc **accs;
    /* The last record that went into a group: it is blamed for its result. */
    const ds_envelope **env;
    uint32_t *rec;
    uint32_t cap, active; /* groups that had rows */
    /* keyed_try(): the groups that count; NULL: all of them. */
    const uint32_t *sel;
    uint32_t n_sel;
    /* The batches, to begin again after a refused row. */
    ds_batch *batches;
    uint32_t n_batches, cap_batches;
    bool careful; /* a row was refused in this epoch: look before adding */
};

/* The scope of the expressions of a keyed operator. */
ds_scope keyed_scope(struct keyed_plan *p, const ds_node *node, ds_arena *a);
/* The list is compiled: the rest of the plan; the node's reads and output. */
void keyed_plan(struct keyed_plan *p, ds_node *node, const ds_exprs *items,
                const ds_schema *state, ds_arena *a, ds_diags *d);

/* After keyed_plan(): a second list; its aggregates are gathered too. */
void keyed_plan_more(struct keyed_plan *p, ds_node *node, const ds_exprs *more,
                     ds_arena *a);

/* group_by_key.c: every column of the input beside the key as an array. NULL
 * after a mistake. */
ds_exprs *group_by_key_arrays(const ds_node *node, const ds_scope *scope,
                              ds_arena *a, ds_diags *d);

void keyed_begin(struct keyed *k, ds_op *op, const struct keyed_plan *plan,
                 bool partial);
ds_rc keyed_add(struct keyed *k, ds_op *op, const ds_batch *in, ds_err *err);
/* Groups for keys without rows; cols are the key's columns, n values. */
ds_rc keyed_add_idle(struct keyed *k, ds_op *op, const ds_col *cols, uint32_t n,
                     ds_err *err);
/* Before partial results leave: groups that have failed already are refused
 * here, where their records are known. */
ds_rc keyed_check(const struct keyed *k, ds_op *op, ds_err *err);
/* The next rows of partial results: one per group, and of what is too large for
 * one row as many as it takes. `*groups` is NULL and `*n` the number of groups
 * at first; then those of which there is more, until *n is 0. `keys` are the
 * groups' key columns, `schema` the rows'. */
ds_batch *keyed_parts(const struct keyed *k, const ds_schema *schema,
                      const ds_col *keys, uint32_t **groups, uint32_t *n,
                      ds_arena *a);
/* The columns of all partial results. */
uint32_t keyed_n_parts(const struct keyed_plan *p);
/* The key, then "$0", "$1", ...: the rows of keyed_parts(). */
const ds_schema *keyed_partial_schema(const struct keyed_plan *p, ds_arena *a);
/* The select list for all groups; `state`: its columns, or NULL. */
ds_rc keyed_eval(struct keyed *k, ds_op *op, const ds_col *state, ds_col *out,
                 ds_err *err);
/* The second list. */
ds_rc keyed_eval_more(struct keyed *k, ds_op *op, const ds_col *state,
                      ds_col *out, ds_err *err);
/* The first one without a state, for n groups of which k->sel count; what is
 * refused is added to `errs`, and then `out` is not defined. */
ds_rc keyed_try(const struct keyed *k, ds_op *op, uint32_t n, ds_col *out,
                ds_row_errors *errs, ds_err *err);
/* Groups whose result was refused: the last record of each is to blame. */
ds_rc keyed_refused(const struct keyed *k, ds_op *op, const ds_row_errors *errs,
                    ds_err *err);

#endif
