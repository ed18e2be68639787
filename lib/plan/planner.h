/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planner.h - a plan that is being made.
 *
 *     planner_node()    a node after another one; the caller sets its args
 *     planner_add()     cuts before it if need be, calls its plan(), appends it
 *     planner_finish()  outputs, stages, stores, topics, reads
 *
 * lib/build makes nodes of what a job says; a planner knows nothing of jobs
 * but their name.
 */
#ifndef PLAN_PLANNER_H
#define PLAN_PLANNER_H

#include "plan/plan.h"

struct planner {
    ds_plan *plan;
    ds_arena *a;
    ds_diags *d;
    uint32_t cap_nodes, cap_stages, cap_stores, cap_topics;
};

void planner_init(struct planner *p, ds_plan *plan, ds_diags *d);

/* A node that is not in the plan yet. `input` may be NULL. `name` is unique
 * within the job; `op` is the name as written. */
ds_node *planner_node(struct planner *p, const ds_op_type *type,
                      const char *stream, const char *name, const char *op,
                      ds_where where, ds_node *input);
/* One more input. */
void planner_input(struct planner *p, ds_node *node, ds_node *input);
/* Its args are set, or it is broken. */
void planner_add(struct planner *p, ds_node *node);
/* All nodes are there and no mistake was found. */
void planner_finish(struct planner *p);

/* The number of a topic in the plan's table; a name and kind stand once. */
int planner_topic(struct planner *p, const char *name, ds_topic_kind kind,
                  uint32_t stage);

/* cut.c: how the rows have to cross before the node. */
ds_cut planner_cut_of(const ds_node *node);
/* cut.c: puts [combine,] shuffle and unshuffle between `node` and its inputs.
 * The node, planned if it has a combine, gets the unshuffles as inputs. */
void planner_cut(struct planner *p, ds_node *node, ds_cut cut);
/* planner.c: what a node has of its inputs before plan(). */
void planner_inherit(ds_node *node);
/* cut.c: the first stage, "main"; stages, their nodes and sources. */
void planner_first_stage(struct planner *p);
void planner_fill_stages(struct planner *p);
/* stores.c */
void planner_fill_stores(struct planner *p);
/* reads.c */
void planner_reads_begin(struct planner *p, ds_node *node);
void planner_reads_default(ds_node *node);
void planner_reads_spread(struct planner *p);
/* syntax.c: the expressions among the arguments of a node whose input is
 * broken: what can be said without columns. */
void planner_syntax(const ds_param *params, const void *args, ds_arena *a,
                    ds_diags *d);

/* Room for one more in an array that doubles; `size` is that of an item. */
void *planner_grow(ds_arena *a, void *list, uint32_t n, uint32_t *cap,
                   size_t size);

#endif
