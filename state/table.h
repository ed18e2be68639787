/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - the committed values of a store, in memory.
 *
 * Open addressing over (hash, entry); an entry is one piece of a slab that
 * holds key and value, and a new value goes where the old one was if it fits.
 *
 *     put() --> DIRTY --freeze--> FROZEN --thaw--> clean --evict--> gone
 *                 ^                  |
 *                 +------ put() -----+
 *
 * With a base, a deleted key stays as a tombstone until the base knows. A table
 * that is not complete has evicted entries: what it does not hold may be in the
 * base. Without a base it is always complete, and nothing is ever dirty.
 *
 * Ordered keys (store.h) stand in an order besides, tombstones among them.
 */
#ifndef STATE_TABLE_H
#define STATE_TABLE_H

#include "dstream/store.h"
#include "state/order.h"
#include "state/slab.h"

enum entry_flags {
    ENTRY_DIRTY = 1,  /* not in the base, and nobody is writing it */
    ENTRY_FROZEN = 2, /* is being written */
    ENTRY_GONE = 4,   /* a tombstone */
    ENTRY_USED = 8    /* since the clock hand came by */
};

typedef struct entry {
    uint32_t klen, vlen;
    uint32_t cap;  /* bytes of data[] */
    uint32_t link; /* place in the list of dirty or of frozen entries */
    uint8_t flags;
    uint8_t data[]; /* key, value */
} entry;

typedef struct entry_list {
    entry **v;
    uint32_t n, cap;
} entry_list;

typedef struct table {
    bool based;
    bool complete;
    bool loading; /* what the base had at some time comes in: tombstones stay
                     even when the base knows, or deleted keys would be back */
    struct table_slot {
        uint64_t hash;
        entry *e; /* NULL: free */
    } * slots;
    uint64_t cap, n; /* slots; entries, tombstones among them */
    uint64_t gone;   /* tombstones */
    uint64_t hand;   /* of the clock */
    slab slab;
    order order; /* of the ordered keys */
    entry_list dirty, frozen;
    uint32_t n_frozen;
    uint64_t dirty_bytes;
} table;

static inline ds_slice entry_key(const entry *e)
{
    return (ds_slice){e->data, e->klen};
}
static inline bool key_ordered(ds_slice key)
{
    return key.len && key.ptr[0] >= DS_KEY_ORDERED;
}
/* Null for a tombstone. */
static inline ds_slice entry_val(const entry *e)
{
    return e->flags & ENTRY_GONE ? DS_NULL_SLICE
                                 : (ds_slice){e->data + e->klen, e->vlen};
}

void table_init(table *t, bool based);
void table_free(table *t);
/* Empty and complete. */
void table_clear(table *t);

entry *table_find(const table *t, uint64_t hash, ds_slice key);
/* n at once, with prefetching; NULL where there is none. */
void table_find_n(const table *t, const uint64_t *hashes, const ds_slice *keys,
                  uint32_t n, entry **out);
/* A committed value; null deletes. */
void table_put(table *t, uint64_t hash, ds_slice key, ds_slice val);
/* What the base has, unless the table knows better. */
void table_fill(table *t, uint64_t hash, ds_slice key, ds_slice val);
/* Bring what is needed for `hash` into the cache: first the slot, and once that
 * is there, the entry. */
void table_prefetch(const table *t, uint64_t hash);
void table_prefetch_entry(const table *t, uint64_t hash);

size_t table_bytes(const table *t);
/* Drops clean entries until `bytes` is reached or none is left. */
void table_evict(table *t, size_t bytes);
/* The dirty entries become the frozen ones; there are none frozen now. */
void table_freeze(table *t);
/* The base has the frozen entries. */
void table_thaw(table *t);
/* Nothing more comes in: tombstones that the base knows go. */
void table_loaded(table *t);

#endif
