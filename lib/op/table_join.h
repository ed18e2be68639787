/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_join.h - what both joins with a table share: rows stay where they are,
 * and get the columns of the table's row that has their key.
 *
 *     table_join.c          the process holds the whole table
 *     stored_table_join.c   the task has its part of the table, in a store
 */
#ifndef OP_TABLE_JOIN_H
#define OP_TABLE_JOIN_H

#include "op/ops.h"
#include "record/groups.h"

struct table_join_args {
    ds_text with;
    const ds_arg *within;
};

struct table_join {
    const ds_plan_table *table;
    bool outer; /* rows without a match go on, with NULLs */
    uint16_t key;
    ds_type type; /* of the stream's key */
};

extern const ds_param table_join_params[];

/* Whether there is such a join with a table; false: it was said. */
bool table_join_check(const ds_node *node, ds_diags *d);
/* Checks the node against the table, and plans it: node->planned. False: a
 * mistake was said. */
bool table_join_plan(ds_node *node, const ds_plan_table *t, ds_arena *a,
                     ds_diags *d);
/* The rows of `in` with those of the table, of which rows[i] belongs to row i:
 * null where there is none. */
ds_rc table_join_emit(ds_op *op, const ds_batch *in, const ds_slice *rows,
                      ds_err *err);

#endif
