/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.c - entries of a table in the order of their keys.
 */
#include "state/order.h"

#include <stdlib.h>

#include "dstream/error.h"
#include "state/table.h"

#define BLOCK 128 /* entries */

struct order_block {
    uint32_t n; /* at least one */
    entry *v[BLOCK];
};

void order_free(order *o)
{
    for (uint32_t i = 0; i < o->n; i++)
        free(o->v[i]);
    free(o->v);
    *o = (order){0};
}

size_t order_bytes(const order *o)
{
    return o->n * sizeof(struct order_block) + o->cap * sizeof(*o->v);
}

/* ---- search ---- */

/* The last block whose first key is not above `key`; the first if none is. */
static uint32_t block_of(const order *o, ds_slice key)
{
    uint32_t lo = 0, hi = o->n;

    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (ds_slice_cmp(entry_key(o->v[mid]->v[0]), key) <= 0)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

/* The first entry of a block that is not below `key`. */
static uint32_t entry_of(const struct order_block *b, ds_slice key)
{
    uint32_t lo = 0, hi = b->n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (ds_slice_cmp(entry_key(b->v[mid]), key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

order_at order_seek(const order *o, ds_slice key)
{
    uint32_t block;

    if (o->n == 0 || key.ptr == NULL)
        return (order_at){0, 0};
    block = block_of(o, key);
    return (order_at){block, entry_of(o->v[block], key)};
}

entry *order_next(const order *o, order_at *at)
{
    while (at->block < o->n && at->i == o->v[at->block]->n)
        *at = (order_at){at->block + 1, 0};
    return at->block < o->n ? o->v[at->block]->v[at->i++] : NULL;
}

static order_at place_of(const order *o, const entry *e)
{
    order_at at = order_seek(o, entry_key(e));

    DS_BUG_ON(at.block >= o->n || at.i >= o->v[at.block]->n ||
              o->v[at.block]->v[at.i] != e);
    return at;
}

/* ---- changes ---- */

static struct order_block *block_add(order *o, uint32_t at)
{
    struct order_block *b = malloc(sizeof(*b));

    if (o->n == o->cap) {
        o->cap = o->cap ? o->cap * 2 : 16;
        o->v = realloc(o->v, o->cap * sizeof(*o->v));
    }
    DS_BUG_ON(b == NULL || o->v == NULL);
    b->n = 0;
    memmove(&o->v[at + 1], &o->v[at], (o->n - at) * sizeof(*o->v));
    o->v[at] = b;
    o->n++;
    return b;
}

/* Room in a full block: its end leaves, or where the new one is the last of
 * all, nothing does: an index of times grows there. */
static order_at block_split(order *o, order_at at)
{
    struct order_block *b = o->v[at.block];
    uint32_t keep = at.i == BLOCK && at.block + 1 == o->n ? BLOCK : BLOCK / 2;
    struct order_block *next = block_add(o, at.block + 1);

    memcpy(next->v, &b->v[keep], (BLOCK - keep) * sizeof(*b->v));
    next->n = BLOCK - keep;
    b->n = keep;
    return at.i < keep ? at : (order_at){at.block + 1, at.i - keep};
}

void order_add(order *o, entry *e)
{
    order_at at = order_seek(o, entry_key(e));
    struct order_block *b;

    if (o->n == 0)
        block_add(o, 0);
    if (o->v[at.block]->n == BLOCK)
        at = block_split(o, at);
    b = o->v[at.block];
    memmove(&b->v[at.i + 1], &b->v[at.i], (b->n - at.i) * sizeof(*b->v));
    b->v[at.i] = e;
    b->n++;
    o->entries++;
}

void order_remove(order *o, const entry *e)
{
    order_at at = place_of(o, e);
    struct order_block *b = o->v[at.block];

    b->n--;
    o->entries--;
    memmove(&b->v[at.i], &b->v[at.i + 1], (b->n - at.i) * sizeof(*b->v));
    if (b->n)
        return;
    free(b);
    o->n--;
    memmove(&o->v[at.block], &o->v[at.block + 1],
            (o->n - at.block) * sizeof(*o->v));
}

void order_replace(order *o, const entry *old, entry *e)
{
    order_at at = place_of(o, old);

    o->v[at.block]->v[at.i] = e;
}
