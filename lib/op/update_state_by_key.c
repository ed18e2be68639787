/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_state_by_key.c - a state per key, made anew from itself and the
 * batch's rows (contract.md 5.7, 5.8); see update.h.
 */
#include "op/update.h"

static const ds_param update_params[] = {
    {.name = "update",
     .type = DS_P_SELECT,
     .offset = offsetof(struct update_args, update),
     .help =
         "The new state, from `state` and aggregates over the batch's rows; "
         "NULL removes the key.",
     .required = true,
     .main = true},
    {.name = "init",
     .type = DS_P_SELECT,
     .offset = offsetof(struct update_args, init),
     .help = UPDATE_INIT_HELP},
    {.name = "emit",
     .type = DS_P_ENUM,
     .offset = offsetof(struct update_args, emit),
     .help = "The keys that had rows or changed, or every key in every batch.",
     .def = "changed",
     .choices = "changed|all"},
    {.name = "evict",
     .type = DS_P_DURATION,
     .offset = offsetof(struct update_args, evict),
     .help = "Forget keys that had no rows for so long."},
    {0},
};

const ds_op_type op_update_state_by_key = {
    .name = "updateStateByKey",
    .keeps = "a state per key",
    .cost = "one get and one put per distinct key and batch; `emit: all` and "
            "updates with count or now(): all keys",
    .help = "A state per key, made anew from itself and the batch's rows.",
    .params = update_params,
    .args_size = sizeof(struct update_args),
    .size = sizeof(struct update),
    .flags = DS_OP_STATEFUL | DS_OP_BY_KEY,
    .plan = update_plan,
    .begin = update_begin,
    .push = update_push,
    .seal = update_seal,
    .combine = &op_partial,
};
