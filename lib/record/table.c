/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - versions of a table; the picture is in record/table.h.
 */
#include "record/table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "record/groups.h"
#include "record/rowfmt.h"

enum { PARTS_MAX = 24, MERGE_AT = 4 };

/* Open addressing, linear probes: a slot is an entry's number + 1. */
typedef struct part {
    _Atomic uint32_t holders;
    ds_arena *arena;
    uint32_t n;
    ds_slice *keys, *rows; /* a null row: the key is gone */
    uint64_t *hashes;
    uint32_t *slots;
    uint32_t mask;
    size_t bytes;
} part;

struct ds_table {
    _Atomic uint32_t holders;
    ds_arena *arena;
    const ds_schema *schema, *values;
    uint16_t key;
    uint32_t n_parts;
    part *parts[PARTS_MAX];
    uint64_t n;
    size_t bytes;
    pthread_mutex_t lock; /* of `rows` */
    const ds_batch *rows; /* NULL: nobody has asked yet */
};

/* ---- parts ---- */

static part *part_new(uint32_t n)
{
    ds_arena *a = ds_arena_new(4096);
    part *p = ds_new(a, part, 1);
    uint32_t n_slots = 16;

    while (n_slots < (uint64_t)n * 2)
        n_slots *= 2;
    p->arena = a;
    p->keys = ds_new(a, ds_slice, n + 1);
    p->rows = ds_new(a, ds_slice, n + 1);
    p->hashes = ds_new(a, uint64_t, n + 1);
    p->slots = ds_new(a, uint32_t, n_slots);
    p->mask = n_slots - 1;
    atomic_init(&p->holders, 1);
    return p;
}

static void part_drop(part *p)
{
    if (atomic_fetch_sub(&p->holders, 1) == 1)
        ds_arena_free(p->arena);
}

/* The slot of a key: its own, or the free one where it belongs. */
static uint32_t part_slot(const part *p, ds_slice key, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & p->mask;

    for (; p->slots[at]; at = (at + 1) & p->mask) {
        uint32_t i = p->slots[at] - 1;

        if (p->hashes[i] == hash && ds_slice_eq(p->keys[i], key))
            break;
    }
    return at;
}

/* False: it does not know the key. */
static bool part_find(const part *p, ds_slice key, uint64_t hash, ds_slice *row)
{
    uint32_t slot = p->slots[part_slot(p, key, hash)];

    if (slot)
        *row = p->rows[slot - 1];
    return slot != 0;
}

/* Points to the bytes; part_own() copies them. There is room for it. */
static void part_put(part *p, ds_slice key, uint64_t hash, ds_slice row)
{
    uint32_t at = part_slot(p, key, hash);

    if (p->slots[at]) {
        p->rows[p->slots[at] - 1] = row;
        return;
    }
    p->keys[p->n] = key;
    p->hashes[p->n] = hash;
    p->rows[p->n] = row;
    p->slots[at] = ++p->n;
}

/* All its bytes in its own memory, in one piece. */
static void part_own(part *p)
{
    size_t total = 0;
    uint8_t *to;

    for (uint32_t i = 0; i < p->n; i++)
        total += (size_t)p->keys[i].len + p->rows[i].len;
    to = ds_arena_alloc(p->arena, total + 1, 1);
    for (uint32_t i = 0; i < p->n; i++) {
        ds_slice *both[] = {&p->keys[i], &p->rows[i]};

        for (int k = 0; k < 2; k++) {
            if (!both[k]->ptr)
                continue;
            memcpy(to, both[k]->ptr, both[k]->len);
            both[k]->ptr = to;
            to += both[k]->len;
        }
    }
    p->bytes = ds_arena_used(p->arena);
}

/* `newer` wins; nothing lies under the result if `last`, so that no key has to
 * be known as gone. */
static part *part_merge(const part *older, const part *newer, bool last)
{
    part *p = part_new(older->n + newer->n);
    const part *both[] = {older, newer};

    for (int k = 0; k < 2; k++)
        for (uint32_t i = 0; i < both[k]->n; i++) {
            ds_slice row = both[k]->rows[i];

            if (k == 0)
                (void)part_find(newer, older->keys[i], older->hashes[i], &row);
            if (row.ptr || !last)
                part_put(p, both[k]->keys[i], both[k]->hashes[i], row);
        }
    part_own(p);
    return p;
}

/* ---- versions ---- */

static ds_table *table_like(const ds_schema *schema, uint16_t key,
                            const ds_schema *values)
{
    ds_arena *a = ds_arena_new(1024);
    ds_table *t = ds_new(a, ds_table, 1);

    t->arena = a;
    t->schema = schema;
    t->key = key;
    t->values = values;
    atomic_init(&t->holders, 1);
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

ds_table *ds_table_new(const ds_schema *schema, uint16_t key,
                       const ds_schema *values)
{
    return table_like(schema, key, values);
}

/* The changes as a part: what they add to the number of rows is counted. */
static part *changes_part(ds_table *made, const ds_table *t,
                          const ds_slice *keys, const ds_slice *rows,
                          uint32_t n)
{
    part *p = part_new(n);

    for (uint32_t i = 0; i < n; i++)
        part_put(p, keys[i], ds_hash(keys[i].ptr, keys[i].len), rows[i]);
    made->n = t->n;
    for (uint32_t i = 0; i < p->n; i++) {
        ds_slice old = DS_NULL_SLICE;

        ds_table_get(t, &p->keys[i], &p->hashes[i], 1, &old);
        made->n += p->rows[i].ptr != NULL;
        made->n -= old.ptr != NULL;
    }
    part_own(p);
    return p;
}

static void parts_merge(ds_table *t)
{
    while (t->n_parts > 1 &&
           (t->n_parts == PARTS_MAX ||
            (uint64_t)t->parts[0]->n * MERGE_AT >= t->parts[1]->n)) {
        part *merged = part_merge(t->parts[1], t->parts[0], t->n_parts == 2);

        part_drop(t->parts[0]);
        part_drop(t->parts[1]);
        t->n_parts--;
        memmove(&t->parts[1], &t->parts[2],
                (t->n_parts - 1) * sizeof(t->parts[0]));
        t->parts[0] = merged;
    }
}

ds_table *ds_table_with(const ds_table *t, const ds_slice *keys,
                        const ds_slice *rows, uint32_t n)
{
    ds_table *made = table_like(t->schema, t->key, t->values);

    /* One part less than there may be: the last step of parts_merge(). */
    DS_BUG_ON(t->n_parts >= PARTS_MAX);
    made->parts[0] = changes_part(made, t, keys, rows, n);
    made->n_parts = 1;
    for (uint32_t i = 0; i < t->n_parts; i++) {
        atomic_fetch_add(&t->parts[i]->holders, 1);
        made->parts[made->n_parts++] = t->parts[i];
    }
    parts_merge(made);
    for (uint32_t i = 0; i < made->n_parts; i++)
        made->bytes += made->parts[i]->bytes;
    return made;
}

ds_table *ds_table_hold(ds_table *t)
{
    atomic_fetch_add(&t->holders, 1);
    return t;
}

void ds_table_drop(ds_table *t)
{
    if (!t || atomic_fetch_sub(&t->holders, 1) != 1)
        return;
    for (uint32_t i = 0; i < t->n_parts; i++)
        part_drop(t->parts[i]);
    pthread_mutex_destroy(&t->lock);
    ds_arena_free(t->arena);
}

/* ---- questions ---- */

void ds_table_get(const ds_table *t, const ds_slice *keys,
                  const uint64_t *hashes, uint32_t n, ds_slice *out)
{
    for (uint32_t i = 0; i < n; i++) {
        out[i] = DS_NULL_SLICE;
        for (uint32_t k = 0; k < t->n_parts; k++)
            if (part_find(t->parts[k], keys[i], hashes[i], &out[i]))
                break;
    }
}

uint64_t ds_table_n(const ds_table *t)
{
    return t->n;
}

size_t ds_table_bytes(const ds_table *t)
{
    return t->bytes;
}

/* ---- all rows ---- */

struct pair {
    ds_slice key, row;
};

static int pair_cmp(const void *x, const void *y)
{
    return ds_slice_cmp(((const struct pair *)x)->key,
                        ((const struct pair *)y)->key);
}

static bool is_hidden(const ds_table *t, uint32_t nth, uint32_t i)
{
    const part *p = t->parts[nth];
    ds_slice row;

    for (uint32_t k = 0; k < nth; k++)
        if (part_find(t->parts[k], p->keys[i], p->hashes[i], &row))
            return true;
    return p->rows[i].ptr == NULL;
}

static struct pair *pairs_of(const ds_table *t)
{
    struct pair *pairs = ds_new(t->arena, struct pair, t->n + 1);
    uint64_t n = 0;

    for (uint32_t k = 0; k < t->n_parts; k++)
        for (uint32_t i = 0; i < t->parts[k]->n; i++)
            if (!is_hidden(t, k, i))
                pairs[n++] =
                    (struct pair){t->parts[k]->keys[i], t->parts[k]->rows[i]};
    DS_BUG_ON(n != t->n);
    qsort(pairs, n, sizeof(*pairs), pair_cmp);
    return pairs;
}

static const ds_batch *rows_make(const ds_table *t)
{
    ds_arena *a = t->arena;
    uint32_t n = (uint32_t)t->n;
    struct pair *pairs = pairs_of(t);
    ds_slice *keys = ds_new(a, ds_slice, n + 1);
    ds_slice *rows = ds_new(a, ds_slice, n + 1);
    ds_col *cols = ds_new(a, ds_col, t->schema->n + 1);
    ds_col *values = ds_new(a, ds_col, t->schema->n + 1);
    const ds_field *key = &t->schema->fields[t->key];
    const ds_schema only = {1, key};
    ds_batch *b = ds_new(a, ds_batch, 1);
    uint64_t *bad = NULL;

    for (uint32_t i = 0; i < n; i++) {
        keys[i] = pairs[i].key;
        rows[i] = pairs[i].row;
    }
    ds_rows_decode(rows, n, t->values, a, values, &bad);
    DS_BUG_ON(bad || !ds_key_decode(keys, n, &key->type, 1, a, &cols[t->key]));
    ds_key_fit(&only, &cols[t->key], n, a);
    for (uint32_t c = 0, v = 0; c < t->schema->n; c++)
        if (c != t->key)
            cols[c] = values[v++];
    *b = (ds_batch){
        .schema = t->schema, .cols = cols, .n = n, .n_sel = n, .arena = a};
    return b;
}

const ds_batch *ds_table_rows(const ds_table *t)
{
    ds_table *own = (ds_table *)t; /* what it keeps for later is no change */

    pthread_mutex_lock(&own->lock);
    if (!own->rows)
        own->rows = rows_make(t);
    pthread_mutex_unlock(&own->lock);
    return t->rows;
}
