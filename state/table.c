/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - the committed values of a store, in memory.
 */
#include "state/table.h"

#include <stdlib.h>

#include "dstream/error.h"

#define CAP_FIRST 64
#define BLOCK 32 /* keys whose memory is fetched at once */

/* ---- lists of entries ---- */

static void list_add(entry_list *l, entry *e)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 256;
        l->v = realloc(l->v, l->cap * sizeof(*l->v));
        DS_BUG_ON(l->v == NULL);
    }
    e->link = l->n;
    l->v[l->n++] = e;
}

/* The entry has moved. */
static void list_move(table *t, entry *e)
{
    if (e->flags & ENTRY_DIRTY)
        t->dirty.v[e->link] = e;
    else if (e->flags & ENTRY_FROZEN)
        t->frozen.v[e->link] = e;
}

static void dirty_add(table *t, entry *e)
{
    if (!t->based || e->flags & ENTRY_DIRTY)
        return;
    if (e->flags & ENTRY_FROZEN) {
        t->frozen.v[e->link] = NULL;
        t->n_frozen--;
    }
    e->flags = (uint8_t)((e->flags & ~ENTRY_FROZEN) | ENTRY_DIRTY);
    list_add(&t->dirty, e);
}

/* ---- slots ---- */

void table_init(table *t, bool based)
{
    *t = (table){.based = based, .complete = true, .cap = CAP_FIRST};
    t->slots = calloc(t->cap, sizeof(*t->slots));
    DS_BUG_ON(t->slots == NULL);
}

static size_t entry_size(const entry *e)
{
    return sizeof(entry) + e->cap;
}

static void entry_give(table *t, entry *e)
{
    slab_give(&t->slab, e, entry_size(e));
}

void table_free(table *t)
{
    for (uint64_t i = 0; i < t->cap; i++)
        if (t->slots[i].e && entry_size(t->slots[i].e) > SLAB_MAX)
            entry_give(t, t->slots[i].e);
    slab_clear(&t->slab);
    order_free(&t->order);
    free(t->slots);
    free(t->dirty.v);
    free(t->frozen.v);
    *t = (table){0};
}

void table_clear(table *t)
{
    bool based = t->based;

    table_free(t);
    table_init(t, based);
}

size_t table_bytes(const table *t)
{
    return t->slab.used + t->cap * sizeof(*t->slots) +
           (t->dirty.cap + t->frozen.cap) * sizeof(entry *) +
           order_bytes(&t->order);
}

static struct table_slot *slot_free(struct table_slot *slots, uint64_t cap,
                                    uint64_t hash)
{
    uint64_t i = hash & (cap - 1);

    while (slots[i].e)
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static void slots_grow(table *t)
{
    uint64_t cap = t->cap * 2;
    struct table_slot *slots = calloc(cap, sizeof(*slots));

    DS_BUG_ON(slots == NULL);
    for (uint64_t i = 0; i < t->cap; i++)
        if (t->slots[i].e)
            *slot_free(slots, cap, t->slots[i].hash) = t->slots[i];
    free(t->slots);
    t->slots = slots;
    t->cap = cap;
    t->hand = 0;
}

static bool entry_is(const entry *e, ds_slice key)
{
    return e->klen == key.len && memcmp(e->data, key.ptr, key.len) == 0;
}

static struct table_slot *slot_find(const table *t, uint64_t hash, ds_slice key)
{
    uint64_t i = hash & (t->cap - 1);

    for (; t->slots[i].e; i = (i + 1) & (t->cap - 1))
        if (t->slots[i].hash == hash && entry_is(t->slots[i].e, key))
            return &t->slots[i];
    return NULL;
}

entry *table_find(const table *t, uint64_t hash, ds_slice key)
{
    struct table_slot *s = slot_find(t, hash, key);

    return s ? s->e : NULL;
}

void table_prefetch(const table *t, uint64_t hash)
{
    __builtin_prefetch(&t->slots[hash & (t->cap - 1)]);
}

void table_prefetch_entry(const table *t, uint64_t hash)
{
    const struct table_slot *s = &t->slots[hash & (t->cap - 1)];

    if (s->e)
        __builtin_prefetch(s->e);
}

void table_find_n(const table *t, const uint64_t *hashes, const ds_slice *keys,
                  uint32_t n, entry **out)
{
    for (uint32_t at = 0; at < n; at += BLOCK) {
        uint32_t end = n - at < BLOCK ? n : at + BLOCK;

        for (uint32_t i = at; i < end; i++)
            table_prefetch(t, hashes[i]);
        for (uint32_t i = at; i < end; i++)
            table_prefetch_entry(t, hashes[i]);
        for (uint32_t i = at; i < end; i++) {
            out[i] = table_find(t, hashes[i], keys[i]);
            if (out[i])
                out[i]->flags |= ENTRY_USED;
        }
    }
}

/* Takes the slot out and closes the gap that it leaves in its run. */
static void slot_remove(table *t, struct table_slot *s)
{
    uint64_t mask = t->cap - 1;
    uint64_t hole = (uint64_t)(s - t->slots);

    if (key_ordered(entry_key(s->e)))
        order_remove(&t->order, s->e);
    entry_give(t, s->e);
    t->n--;
    for (uint64_t i = (hole + 1) & mask; t->slots[i].e; i = (i + 1) & mask) {
        uint64_t home = t->slots[i].hash & mask;

        if (((i - home) & mask) < ((i - hole) & mask))
            continue; /* it would stand before its home */
        t->slots[hole] = t->slots[i];
        hole = i;
    }
    t->slots[hole].e = NULL;
}

/* ---- values ---- */

static entry *entry_new(table *t, ds_slice key, uint32_t vlen)
{
    size_t size = slab_size(sizeof(entry) + (size_t)key.len + vlen);
    entry *e = slab_alloc(&t->slab, size);

    *e = (entry){.klen = key.len, .cap = (uint32_t)(size - sizeof(entry))};
    memcpy(e->data, key.ptr, key.len);
    return e;
}

static void entry_set(table *t, entry *e, ds_slice val)
{
    t->gone -= (e->flags & ENTRY_GONE) != 0;
    e->flags = (uint8_t)((e->flags & ~ENTRY_GONE) | ENTRY_USED);
    if (val.ptr == NULL) {
        e->flags |= ENTRY_GONE;
        t->gone++;
    } else if (val.len) {
        memcpy(e->data + e->klen, val.ptr, val.len);
    }
    e->vlen = val.len;
}

static entry *entry_add(table *t, uint64_t hash, ds_slice key, ds_slice val)
{
    struct table_slot *s;

    if ((t->n + 1) * 4 > t->cap * 3)
        slots_grow(t);
    s = slot_free(t->slots, t->cap, hash);
    *s = (struct table_slot){hash, entry_new(t, key, val.len)};
    entry_set(t, s->e, val);
    if (key_ordered(key))
        order_add(&t->order, s->e);
    t->n++;
    return s->e;
}

static entry *entry_fit(table *t, struct table_slot *s, uint32_t vlen)
{
    entry *old = s->e;
    entry *e;

    if ((uint64_t)old->klen + vlen <= old->cap)
        return old;
    e = entry_new(t, entry_key(old), vlen);
    e->flags = old->flags;
    e->link = old->link;
    e->vlen = 0;
    s->e = e;
    list_move(t, e);
    if (key_ordered(entry_key(e)))
        order_replace(&t->order, old, e);
    entry_give(t, old);
    return e;
}

void table_put(table *t, uint64_t hash, ds_slice key, ds_slice val)
{
    struct table_slot *s = slot_find(t, hash, key);
    entry *e;

    if (val.ptr == NULL && !t->based) {
        if (s)
            slot_remove(t, s);
        return;
    }
    if (s) {
        e = entry_fit(t, s, val.len);
        entry_set(t, e, val);
    } else {
        e = entry_add(t, hash, key, val);
    }
    if (t->based && !(e->flags & ENTRY_DIRTY))
        t->dirty_bytes += key.len + val.len;
    dirty_add(t, e);
}

void table_fill(table *t, uint64_t hash, ds_slice key, ds_slice val)
{
    if (table_find(t, hash, key) == NULL)
        entry_add(t, hash, key, val);
}

/* ---- towards the base ---- */

void table_evict(table *t, size_t bytes)
{
    size_t over = table_bytes(t), freed = 0;
    uint64_t steps = t->cap * 3; /* every slot: used, clean, gone */

    /* Nearly nothing may go: do not look for it. */
    if (t->n - t->n_frozen - t->dirty.n < t->n / 16)
        return;
    if (!t->based || over <= bytes)
        return;
    over -= bytes;
    while (freed < over && steps-- && t->n) {
        struct table_slot *s = &t->slots[t->hand];
        entry *e = s->e;

        if (e == NULL || e->flags & (ENTRY_DIRTY | ENTRY_FROZEN)) {
            t->hand = (t->hand + 1) & (t->cap - 1);
        } else if (e->flags & ENTRY_USED) {
            e->flags = (uint8_t)(e->flags & ~ENTRY_USED);
            t->hand = (t->hand + 1) & (t->cap - 1);
        } else {
            freed += slab_size(entry_size(e));
            slot_remove(t, s); /* another one may have moved here */
            t->complete = false;
        }
    }
}

void table_freeze(table *t)
{
    entry_list none = t->frozen;

    DS_BUG_ON(t->n_frozen);
    t->frozen = t->dirty;
    t->dirty = none;
    t->dirty.n = 0;
    t->n_frozen = t->frozen.n;
    t->dirty_bytes = 0;
    for (uint32_t i = 0; i < t->frozen.n; i++) {
        entry *e = t->frozen.v[i];
        e->flags = (uint8_t)((e->flags & ~ENTRY_DIRTY) | ENTRY_FROZEN);
    }
}

void table_thaw(table *t)
{
    for (uint32_t i = 0; i < t->frozen.n; i++) {
        entry *e = t->frozen.v[i];

        if (e == NULL)
            continue;
        e->flags = (uint8_t)(e->flags & ~ENTRY_FROZEN);
        if (e->flags & ENTRY_GONE && !t->loading) {
            uint64_t hash = ds_hash(e->data, e->klen);
            t->gone--;
            slot_remove(t, slot_find(t, hash, entry_key(e)));
        }
    }
    t->frozen.n = 0;
    t->n_frozen = 0;
}

void table_loaded(table *t)
{
    uint64_t left = t->gone;

    t->loading = false;
    for (uint64_t i = 0; i < t->cap && left;) {
        entry *e = t->slots[i].e;

        if (e == NULL || !(e->flags & ENTRY_GONE)) {
            i++;
            continue;
        }
        left--;
        if (e->flags & (ENTRY_DIRTY | ENTRY_FROZEN)) {
            i++;
            continue;
        }
        t->gone--;
        slot_remove(t, &t->slots[i]); /* another one may have moved here */
    }
}
