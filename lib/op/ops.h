/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.h - all operators, and the little that several of them share.
 */
#ifndef OP_OPS_H
#define OP_OPS_H

#include "expr/expr.h"
#include "plan/plan.h"

extern const ds_op_type op_source;
extern const ds_op_type op_unshuffle;
extern const ds_op_type op_shuffle;
extern const ds_op_type op_sink;
extern const ds_op_type op_console;
extern const ds_op_type op_table_join;
extern const ds_op_type op_stored_table_join;
extern const ds_op_type op_outside;
extern const ds_op_type op_partial;
extern const ds_op_type op_map;
extern const ds_op_type op_flat_map;
extern const ds_op_type op_filter;
extern const ds_op_type op_window;
extern const ds_op_type op_count_by_window;
extern const ds_op_type op_count_by_value_and_window;
extern const ds_op_type op_reduce_by_window;
extern const ds_op_type op_reduce_by_key_and_window;
extern const ds_op_type op_group_by_key_and_window;
extern const ds_op_type op_key_by;
extern const ds_op_type op_reduce_by_key;
extern const ds_op_type op_update_state_by_key;
extern const ds_op_type op_union;
extern const ds_op_type op_repartition;
extern const ds_op_type op_map_with_state;
extern const ds_op_type op_transform;
extern const ds_op_type op_transform_with;
extern const ds_op_type op_map_partitions;
extern const ds_op_type op_join;
extern const ds_op_type op_left_outer_join;
extern const ds_op_type op_right_outer_join;
extern const ds_op_type op_full_outer_join;
extern const ds_op_type op_cogroup;
extern const ds_op_type op_reduce;
extern const ds_op_type op_count;
extern const ds_op_type op_count_by_key;
extern const ds_op_type op_count_by_value;
extern const ds_op_type op_by_value;
extern const ds_op_type op_group_by_key;
extern const ds_op_type op_map_values;
extern const ds_op_type op_flat_map_values;
extern const ds_op_type op_glom;

/* A sink's port for keys that were removed: a batch of which only the key
 * columns are defined. updateStateByKey pushes it, and only to sinks. */
#define OP_PORT_DELETES 1

/* select.c: arguments that are select lists. NULL and a diagnostic: wrong. */
ds_exprs *select_compile(const ds_arg *list, const ds_scope *scope, ds_arena *a,
                         ds_diags *d);
/* The node reads what the list reads, and nothing else. */
void select_reads(ds_node *node, const ds_exprs *e);
/* plain[i] is the input's column that column i of the result is, unchanged, or
 * -1: the column that `col` became, or -1; and the key, as long as all of its
 * columns come through (contract.md 8.4). */
int select_item(const ds_node *node, const int *plain, int col);
void select_keys(ds_node *node, const int *plain, ds_arena *a);
/* The node's event time, if the list has that column as it is. */
void select_event_time(ds_node *node, const ds_exprs *e);
/* `in` with the columns of the list, without the rows that were refused. */
ds_rc select_eval(ds_op *op, const ds_exprs *e, const ds_batch *in,
                  const ds_batch **out, ds_err *err);
/* True if a word stands in the text by itself, in letters of any case; if it
 * stands there as a function that is called, not as a column or its name. */
bool select_mentions(const ds_arg *list, const char *word);
bool select_calls(const ds_arg *list, const char *function);
/* The fields of `a`, then those of `b`; a name that stands twice is E0125. */
const ds_schema *select_concat(const ds_schema *x, const ds_schema *y,
                               const ds_node *node, ds_arena *a, ds_diags *d);

/* A time that no broker refuses: not in the future (contract.md 4.7). */
static inline ds_time op_record_time(const ds_op *op, const ds_batch *in,
                                     uint32_t row)
{
    ds_time t;

    if (!in->env || !in->env->ts)
        return DS_TIME_NONE;
    t = in->env->ts[ds_batch_rec(in, row)];
    return t > op->now ? op->now : t;
}

#endif
