/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg.h - what aggregates are written with.
 *
 * An aggregate keeps a state of fixed size per group, all groups' states side
 * by side; zeroes are the state over no rows. What grows lies in the epoch's
 * arena. A state goes to another task in parts: columns that a row can hold.
 *
 *     rows --> FILTER --> arguments --add--> states --result--> values
 *                                              | parts
 *                               rows of parts -+--merge--> states
 *
 * With DISTINCT or ORDER BY the arguments are kept as they come (agg_list), and
 * added in order when the result is asked for. Aggregates of whole lists
 * (array_agg, percentiles) have `finish` instead of `add`.
 */
#ifndef EXPR_AGG_H
#define EXPR_AGG_H

#include "expr/exprs.h"
#include "record/builder.h"

/* In agg_type.parts, + i: the type of column i. */
#define AGG_ARG ((ds_type)0x200)

/* Rows to add. */
typedef struct agg_rows {
    uint32_t n;
    const uint32_t *sel;   /* their numbers; NULL: 0..n-1 */
    const uint32_t *group; /* by row number */
    const ds_col *cols;    /* arguments, or parts */
    const ds_eval *ev;
    uint32_t n_batch; /* rows of the batch, for errors */
} agg_rows;

/* for each row to add:  AGG_EACH (in, i) { add(in->group[i], i); } */
#define AGG_EACH(in, i)                                                        \
    for (uint32_t k_##i = 0, i = 0;                                            \
         k_##i < (in)->n && (i = (in)->sel ? (in)->sel[k_##i] : k_##i, 1);     \
         k_##i++)

enum {
    AGG_NULLS = 1,     /* sees rows with NULLs among the arguments */
    AGG_COUNTS = 2,    /* 0, not NULL, over no rows */
    AGG_ANY_ORDER = 4, /* the order of the rows does not matter, */
    AGG_ONCE = 8,      /* nor does it matter how often a row comes */
    AGG_FAILS = 32,    /* adding may fail; result tells */
    AGG_WITHIN = 16,   /* WITHIN GROUP (ORDER BY ...): the last argument */
};

/* The rows of all groups in order: those of group g are
 * rows[starts[g]..starts[g + 1]), numbers of rows of cols. */
typedef struct agg_order {
    const ds_col *cols; /* arguments */
    const uint32_t *rows, *starts;
    uint32_t n_groups;
} agg_order;

typedef struct agg_type {
    uint32_t size; /* of a state */
    uint32_t flags;
    /* Arguments that are columns, the others being constants (ds_agg.direct);
     * 0: all. Of AGG_WITHIN it is the last one. */
    uint32_t n_cols;
    ds_type parts[DS_AGG_PARTS]; /* up to DS_NONE; of a list: DS_BYTES */
    /* Called when the job is loaded: prepares agg->data from the constants.
     * NULL, or why they are refused. */
    const char *(*prepare)(ds_agg *agg, ds_arena *a);
    void (*add)(ds_acc *acc, const agg_rows *in);
    void (*merge)(ds_acc *acc, const agg_rows *in);
    /* Takes parts out; NULL: what went in cannot be told apart any more. */
    void (*subtract)(ds_acc *acc, const agg_rows *in);
    /* Parts of groups 0..n-1. Where a group has nothing its first part is
     * NULL. */
    void (*split)(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols);
    /* Instead of it, of sketches: as ds_acc_parts(). */
    void (*pieces)(const ds_acc *acc, const uint32_t *groups, uint32_t n,
                   ds_arena *a, ds_col *cols, bool *more);
    void (*result)(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                   ds_col *out);
    /* Instead of all of these: the result of whole lists. */
    void (*finish)(const ds_agg *agg, const agg_order *order, const ds_eval *ev,
                   ds_col *out);
    /* Of such: looks at new rows before they are kept, for errors. */
    void (*look)(const ds_agg *agg, const agg_rows *in);
} agg_type;

typedef struct agg_list agg_list;

struct ds_acc {
    const ds_agg *agg;
    ds_arena *arena;
    uint32_t n, cap; /* groups */
    void *state;     /* agg->type->size bytes per group */
    agg_list *list;
    bool copies; /* bytes of arguments do not live as long as this */
};

/* State of group g. */
#define AGG_STATE(acc, type, g) (&((type *)(acc)->state)[g])
/* Groups that have a state among the first n; the others have zeroes. */
static inline uint32_t agg_known(const ds_acc *acc, uint32_t n)
{
    return n < acc->n ? n : acc->n;
}

/* agg.c */
bool agg_is_count(const ds_agg *agg);
bool agg_keeps_list(const ds_agg *agg);
void agg_error(const ds_eval *ev, uint32_t n, uint32_t g, const char *code,
               const char *msg);
/* A part that was not written by this program: its row is refused. */
void agg_bad_part(const agg_rows *in, uint32_t row);
/* A value of an argument, to be kept. */
ds_value agg_keep(const ds_acc *acc, ds_type type, ds_value v);
/* Room for groups up to n. */
void agg_grow(ds_acc *acc, uint32_t n);

/* Columns of results: all NULL, then each value is set at most once. */
typedef struct agg_out {
    uint8_t *values;
    uint64_t *valid;
    size_t size;
    uint32_t n, n_set;
} agg_out;
agg_out agg_out_new(ds_type type, uint32_t n, ds_arena *a);
static inline void agg_out_set(agg_out *o, uint32_t i, const void *value)
{
    uint8_t *to = o->values + i * o->size;
    if (o->size == 8) /* mostly, and then without a call */
        memcpy(to, value, 8);
    else if (o->size == 16)
        memcpy(to, value, 16);
    else
        memcpy(to, value, o->size);
    ds_bit_set(o->valid, i);
    o->n_set++;
}
ds_col agg_out_done(const agg_out *o);

/* agg_list.c */
agg_list *agg_list_new(const ds_agg *agg, ds_arena *a);
void agg_list_add(ds_acc *acc, const agg_rows *in);
void agg_list_merge(ds_acc *acc, const agg_rows *in);
void agg_list_parts(const ds_acc *acc, const uint32_t *groups, uint32_t n,
                    ds_arena *a, ds_col *cols, bool *more);
void agg_list_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                     ds_col *out);

#endif
