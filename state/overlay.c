/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.c - the writes of an epoch that has not committed.
 */
#include "state/overlay.h"

ds_overlay *overlay_new(ds_arena *a, ds_overlay *below)
{
    ds_overlay *ov = ds_new(a, ds_overlay, 1);

    ov->arena = a;
    ov->below = below;
    ov->below_number = below ? below->number : 0;
    return ov;
}

/* The slot of a key, or the free one where it would go. */
static uint32_t *slot_of(const ds_overlay *ov, uint64_t hash, ds_slice key)
{
    uint32_t mask = ov->n_slots - 1;

    for (uint32_t i = (uint32_t)hash & mask;; i = (i + 1) & mask) {
        const overlay_entry *e;

        if (ov->slots[i] == 0)
            return &ov->slots[i];
        e = &ov->v[ov->slots[i] - 1];
        if (e->hash == hash && ds_slice_cmp(e->key, key) == 0)
            return &ov->slots[i];
    }
}

const overlay_entry *overlay_find(const ds_overlay *ov, uint64_t hash,
                                  ds_slice key)
{
    uint32_t slot;

    if (ov->n == 0)
        return NULL;
    slot = *slot_of(ov, hash, key);
    return slot ? &ov->v[slot - 1] : NULL;
}

static void slots_grow(ds_overlay *ov, uint32_t n_slots)
{
    ov->slots = ds_new(ov->arena, uint32_t, n_slots);
    ov->n_slots = n_slots;
    for (uint32_t k = 0; k < ov->n; k++) {
        uint32_t i = (uint32_t)ov->v[k].hash & (n_slots - 1);

        while (ov->slots[i])
            i = (i + 1) & (n_slots - 1);
        ov->slots[i] = k + 1;
    }
}

/* Room for n more. */
static void reserve(ds_overlay *ov, uint32_t n)
{
    uint64_t need = (uint64_t)ov->n + n;
    uint64_t cap = ov->cap ? ov->cap : 64;
    overlay_entry *v;

    DS_BUG_ON(need > UINT32_MAX / 4);
    if (need > ov->cap) {
        while (cap < need)
            cap *= 2;
        v = ds_new(ov->arena, overlay_entry, cap);
        if (ov->n)
            memcpy(v, ov->v, ov->n * sizeof(*v));
        ov->v = v;
        ov->cap = (uint32_t)cap;
    }
    if ((uint64_t)ov->cap * 2 > ov->n_slots)
        slots_grow(ov, ov->cap * 2);
}

static ds_slice copy_to(uint8_t **at, ds_slice s)
{
    uint8_t *to = *at;

    if (s.ptr == NULL)
        return DS_NULL_SLICE;
    if (s.len)
        memcpy(to, s.ptr, s.len);
    *at += s.len;
    return (ds_slice){to, s.len};
}

void overlay_put(ds_overlay *ov, const ds_slice *keys, const uint64_t *hashes,
                 const ds_slice *vals, uint32_t n)
{
    size_t bytes = 1; /* an empty value points somewhere too */
    uint8_t *at;

    for (uint32_t i = 0; i < n; i++)
        bytes += (size_t)keys[i].len + vals[i].len;
    at = ds_arena_alloc(ov->arena, bytes, 1);
    reserve(ov, n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t *slot = slot_of(ov, hashes[i], keys[i]);

        if (*slot) {
            ov->v[*slot - 1].val = copy_to(&at, vals[i]);
            continue;
        }
        ov->v[ov->n].hash = hashes[i];
        ov->v[ov->n].key = copy_to(&at, keys[i]);
        ov->v[ov->n].val = copy_to(&at, vals[i]);
        *slot = ++ov->n;
    }
}
