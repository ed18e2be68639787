/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join.h - what the joins of two streams share.
 *
 *     port 0, left  --> rows by key --+
 *                                     +--> pairs --> key, left, right values
 *     port 1, right --> rows by key --+
 *
 * Without `within` a join is of one batch: rows of the same time. With it rows
 * wait for each other in two stores (join_within.c).
 *
 * A NULL key is a key like any other, as in an RDD: NULL meets NULL.
 */
#ifndef OP_JOIN_H
#define OP_JOIN_H

#include "op/ops.h"
#include "op/rows.h"
#include "record/groups.h"

enum { JOIN_LEFT, JOIN_RIGHT };

#define JOIN_PAIRS_MAX UINT64_C(20000000) /* of a batch */

struct join_args {
    ds_text with;
    ds_time within; /* 0: within the batch, as cogroup always is */
};

struct join_side {
    const ds_schema *rows;
    const uint16_t *keys;
    const ds_schema *vals; /* its columns besides the key */
    const uint16_t *cols;  /* of vals, in rows */
    bool outer;            /* its rows come without a match too */
    int time;              /* within: the event time's place in rows */
    ds_time lag;           /* within: its input's, as in ds_node */
};

struct join_plan {
    const ds_schema *key;
    const ds_type *key_types;
    struct join_side side[2];
    ds_time within;
    ds_time pane; /* within: rows of a key and a pane lie together */
};

/* join_plan.c */
void join_plan(ds_node *node, ds_arena *a, ds_diags *d);
/* The key's columns, the values of both sides; false: a mistake was said. */
bool join_plan_sides(struct join_plan *p, ds_node *node, ds_arena *a,
                     ds_diags *d);

/* Pairs of rows on their way out, some thousand at a time. Row `n` of a side
 * stands for no row. */
struct join_pairs {
    ds_op *op;
    const struct join_plan *plan;
    const ds_col *keys;    /* by group */
    const ds_col *cols[2]; /* of the sides' vals, with a NULL at the end */
    uint32_t none[2];      /* the number of that NULL */
    uint32_t n;
    uint32_t *groups, *rows[2];
};

/* join_pairs.c: the caller has set all up to `none`. */
void join_pairs_begin(struct join_pairs *p);
ds_rc join_pairs_add(struct join_pairs *p, uint32_t group, uint32_t left,
                     uint32_t right, ds_err *err);
ds_rc join_pairs_end(struct join_pairs *p, ds_err *err);

/* The parameter that join and cogroup share. */
#define JOIN_WITH                                                              \
    {                                                                          \
        .name = "with", .type = DS_P_STREAM,                                   \
        .offset = offsetof(struct join_args, with),                            \
        .help = "The other stream, with a key of the same types.",             \
        .required = true, .main = true                                         \
    }

/* A join's instance. */
struct join {
    ds_op op;
    ds_groups *groups; /* keys of both sides */
    struct rows rows[2];
};

/* join.c: also of cogroup. */
ds_rc join_begin(ds_op *op, ds_err *err);
ds_rc join_push(ds_op *op, int port, const ds_batch *in, ds_err *err);

/* join_within.c */
ds_rc join_within_push(struct join *j, int port, const ds_batch *in,
                       ds_err *err);
ds_rc join_within_seal(struct join *j, ds_err *err);

#endif
