/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update.h - a state per key, made anew from itself and the batch's rows: what
 * updateStateByKey and mapWithState have in common.
 *
 *     update_plan.c   types: the state has the update's own columns
 *     update_init.c   states of given keys, from a table
 *     update_run.c    a batch: keys with rows, then those without
 *     forget.c        keys that had no rows for a while
 *
 * State is touched once per distinct key and batch, at seal: one get for all
 * keys, the update as one evaluation over columns, one put for those whose
 * state changed.
 */
#ifndef OP_UPDATE_H
#define OP_UPDATE_H

#include "op/deadlines.h"
#include "op/keyed.h"

#define UPDATE_INIT_HELP                                                       \
    "The state of a key that was not there: constants; or {table: NAME}: "     \
    "those of given keys, before the first batch."

struct update_args {
    const ds_arg *update;
    const ds_arg *init;
    int emit; /* 0: changed, 1: all */
    ds_time evict;
};

/* Hidden columns of a stored state, after its own, where keys are forgotten. */
enum { STORED_LAST, STORED_DUE, STORED_HIDDEN };

struct update_plan {
    struct keyed_plan keyed; /* items: the update, cast to the state's types;
                                more: what mapWithState emits, or the largest
                                event time where that says who is idle */
    bool emits;              /* the former */
    const ds_schema *stored; /* the state's columns, and the hidden ones: when
                                the key last had rows, where it is listed */
    ds_slice init; /* the state of a new key, as stored; null: all NULL */
    const struct init_table *from; /* init: {table: NAME}; NULL: none */
    bool all;                      /* emit: all */
    bool idle;      /* keys without rows are evaluated too (contract.md 5.8) */
    ds_time forget; /* keys without rows for so long; 0: never */
    ds_time step;   /* idle in event time, whose deadlines are multiples of
                       this; 0: in batch time */
    /* The row of a key that is forgotten, over key and state; NULL: none. Item
     * i is column last_cols[i] of the node. */
    const ds_exprs *last;
    uint32_t *last_cols;
};

struct update {
    ds_op op;
    struct keyed keyed;
};

/* Keys of a batch and their states; n values each. */
struct states {
    uint32_t n;
    const ds_slice *keys;
    const uint64_t *hashes;
    const ds_slice *old; /* as stored; null: the key is new */
    ds_col *cols;        /* the stored columns */
};

/* update_plan.c */
void update_plan(ds_node *node, ds_arena *a, ds_diags *d);
/* `update` with its state's types; NULL: a diagnostic was added. */
ds_exprs *update_compile(const ds_arg *arg, ds_scope *scope,
                         const ds_schema **state, ds_arena *a, ds_diags *d);
/* Keys are forgotten after `forget` (0: never): what is stored. */
void update_forgets(struct update_plan *p, ds_node *node, ds_time forget,
                    ds_arena *a);
/* `e` as items of the types of `want`; NULL: a diagnostic was added. */
ds_exprs *update_cast(ds_exprs *e, const ds_schema *want, const ds_arg *arg,
                      ds_arena *a, ds_diags *d);

/* What `init` says (NULL: nothing); true: states of given keys, from a table.
 */
bool update_init(struct update_plan *p, ds_node *node, const ds_arg *init,
                 ds_arena *a, ds_diags *d);

/* update_init.c: false: `init` names no table. */
bool update_init_plan(struct update_plan *p, ds_node *node, const ds_arg *arg,
                      ds_arena *a, ds_diags *d);
/* The table's states, if this is the first batch. */
ds_rc update_init_take(ds_op *op, ds_err *err);

/* update_run.c: the callbacks of both. */
ds_rc update_begin(ds_op *op, ds_err *err);
ds_rc update_push(ds_op *op, int port, const ds_batch *in, ds_err *err);
ds_rc update_seal(ds_op *op, ds_err *err);
/* s->keys and hashes are given: old and cols. */
ds_rc states_get(ds_op *op, struct states *s, ds_err *err);
ds_rc state_bad(const ds_op *op, ds_err *err);
ds_batch *rows_of(ds_op *op, const ds_col *cols, uint32_t n,
                  const uint32_t *sel, uint32_t n_sel);
/* Removed keys: only sinks want to know. */
ds_rc deletes_emit(ds_op *op, const ds_batch *removed, ds_err *err);

/* forget.c */
/* New keys: sel of them, whose columns `cols` are. */
ds_rc forget_list(ds_op *op, const struct states *s, const uint32_t *sel,
                  uint32_t n, ds_err *err);
/* The keys whose time is over by now. */
ds_rc forget_due(ds_op *op, ds_err *err);
/* The time by which keys are forgotten: the batch's, or the watermark, which
 * may be none yet. */
ds_time forget_clock(const ds_op *op);
/* When a key is due that had its last rows at `last`. */
ds_time forget_after(const struct update_plan *p, ds_time last);

#endif
