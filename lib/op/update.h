/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update.h - the planned form of updateStateByKey.
 */
#ifndef OP_UPDATE_H
#define OP_UPDATE_H

#include "op/keyed.h"

struct update_args {
    const ds_arg *update;
    const ds_arg *init;
    int emit; /* 0: changed, 1: all */
    const ds_arg *evict;
};

struct update_plan {
    struct keyed_plan keyed; /* items: the update, cast to the state's types */
    ds_slice init; /* the state of a new key, encoded; null: all NULL */
    bool all;      /* emit: all */
    bool idle;     /* keys without rows are evaluated too (contract.md 5.8) */
};

void update_plan(ds_node *node, ds_arena *a, ds_diags *d);

#endif
