/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.h - the writes of an epoch that has not committed.
 *
 * A hash map in the epoch's arena: an abort forgets it with the arena.
 */
#ifndef STATE_OVERLAY_H
#define STATE_OVERLAY_H

#include "dstream/store.h"

typedef struct overlay_entry {
    uint64_t hash;
    ds_slice key, val; /* null value: deleted */
} overlay_entry;

struct ds_overlay {
    ds_arena *arena;
    ds_overlay *below; /* of the epoch before; not looked at once that has
                          committed, since its arena is gone then */
    uint64_t number, below_number; /* in the order of begin() */
    overlay_entry *v;
    uint32_t n, cap;
    uint32_t *slots; /* 1 + number in v; 0: free */
    uint32_t n_slots;
    bool sealed;
    ds_slice engine; /* the engine record; null: none */
};

ds_overlay *overlay_new(ds_arena *a, ds_overlay *below);
/* In this one only; NULL: not written. */
const overlay_entry *overlay_find(const ds_overlay *ov, uint64_t hash,
                                  ds_slice key);
/* Copies keys and values. */
void overlay_put(ds_overlay *ov, const ds_slice *keys, const uint64_t *hashes,
                 const ds_slice *vals, uint32_t n);

#endif
