/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadlines.h - the keys of an operator's store by the time at which something
 * is due.
 *
 *     0xff  deadline  batch time  number   -->   keys, each with its length
 *
 * A list holds the keys that were added in one batch for one deadline, so an
 * index costs far less than a record per key, and what is due is at its
 * beginning. It lies in the store beside the keys (ordered keys, store.h): it
 * is committed, restored and forgotten with them.
 *
 * Nothing is taken out of a list before its time. So who postpones a deadline
 * leaves the key where it is, and adds it again when it is taken; the deadline
 * at which a key is listed belongs into its state, since a key that was removed
 * and has come back may stand in old lists too.
 */
#ifndef OP_DEADLINES_H
#define OP_DEADLINES_H

#include "dstream/node.h"

/* Keys that were due, with the deadlines of their lists, which ascend. */
struct due {
    ds_slice *keys;
    ds_time *at;
    uint32_t n, cap;
};

ds_rc deadlines_add(ds_op *op, const ds_slice *keys, const ds_time *at,
                    uint32_t n, ds_err *err);
/* What is due at `now`; it is listed no more. In the epoch's arena. */
ds_rc deadlines_take(ds_op *op, ds_time now, struct due *out, ds_err *err);

#endif
