/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.h - entries of a table in the order of their keys.
 *
 * Sorted blocks in a sorted list: an index of times grows at its end and
 * shrinks at its beginning, and a range of it costs what it holds. A key stands
 * here once; the entries belong to the table.
 */
#ifndef STATE_ORDER_H
#define STATE_ORDER_H

#include "dstream/slice.h"

struct entry;

typedef struct order {
    struct order_block **v;
    uint32_t n, cap;
    uint64_t entries;
} order;

/* A place in it; good until it changes. */
typedef struct order_at {
    uint32_t block, i;
} order_at;

void order_free(order *o);
size_t order_bytes(const order *o);

void order_add(order *o, struct entry *e);
void order_remove(order *o, const struct entry *e);
/* `e` has the key of `old`, which stands here. */
void order_replace(order *o, const struct entry *old, struct entry *e);

/* Before the first key that is not below `key` (null: the first). */
order_at order_seek(const order *o, ds_slice key);
/* NULL: no more. */
struct entry *order_next(const order *o, order_at *at);

#endif
