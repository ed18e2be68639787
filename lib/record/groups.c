/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups.c - the distinct keys of an epoch: open addressing, linear probes.
 *
 *     slots     hash (upper 32 bits) | group + 1 (lower 32 bits); 0 is free
 *
 * Rows are taken in blocks: first the hashes of a block, and the slots that
 * they will need are asked for, then the lookups, which find them in the cache.
 *
 * A key of one text column is looked up by its own bytes, so nothing is encoded
 * for a row whose key is known. The hash that the table uses for it is that of
 * the bare text, while ds_groups_hashes() are those of the encoded keys.
 */
#include "record/groups.h"

#include "record/builder.h"
#include "record/key.h"

enum { GROUPS_BLOCK = 128, GROUPS_FIRST_SLOTS = 256 };

struct ds_groups {
    ds_arena *arena;
    const ds_type *types;
    uint32_t n_types;
    bool bare; /* one column of text, bytea or uuid */

    uint64_t *slots;
    uint32_t mask;

    uint32_t n, cap;
    ds_slice *keys;
    uint64_t *hashes;
    uint32_t null_group; /* of a bare key; group + 1, 0: none yet */

    const ds_col **cols; /* of the batch at hand */
    uint8_t *scratch;    /* the encoded keys of a block */
    size_t scratch_cap;
};

/* The rows of a block: what to look up for each. */
struct block {
    uint32_t n;
    uint32_t rows[GROUPS_BLOCK];
    ds_slice keys[GROUPS_BLOCK]; /* bare: null for NULL */
    uint64_t hashes[GROUPS_BLOCK];
};

ds_groups *ds_groups_new(ds_arena *a, const ds_type *types, uint32_t n_types)
{
    ds_groups *g = ds_new(a, ds_groups, 1);
    ds_type *copy = ds_new(a, ds_type, n_types);
    memcpy(copy, types, n_types * sizeof(*copy));
    g->arena = a;
    g->types = copy;
    g->n_types = n_types;
    g->bare = n_types == 1 && (types[0] == DS_STR || types[0] == DS_BYTES ||
                               types[0] == DS_UUID);
    g->slots = ds_new(a, uint64_t, GROUPS_FIRST_SLOTS);
    g->mask = GROUPS_FIRST_SLOTS - 1;
    g->cols = ds_new(a, const ds_col *, n_types);
    return g;
}

static void groups_rehash(ds_groups *g)
{
    uint32_t old_slots = g->mask + 1;
    uint64_t *old = g->slots;
    DS_BUG_ON(old_slots > UINT32_MAX / 4);
    g->mask = old_slots * 4 - 1;
    g->slots = ds_new(g->arena, uint64_t, (size_t)old_slots * 4);
    for (uint32_t i = 0; i < old_slots; i++) {
        if (!old[i])
            continue;
        uint32_t at = (uint32_t)(old[i] >> 32) & g->mask;
        while (g->slots[at])
            at = (at + 1) & g->mask;
        g->slots[at] = old[i];
    }
}

static void groups_grow_keys(ds_groups *g)
{
    uint32_t cap = g->cap ? g->cap * 2 : 64;
    ds_slice *keys = ds_new(g->arena, ds_slice, cap);
    uint64_t *hashes = ds_new(g->arena, uint64_t, cap);
    if (g->n) {
        memcpy(keys, g->keys, g->n * sizeof(*keys));
        memcpy(hashes, g->hashes, g->n * sizeof(*hashes));
    }
    g->keys = keys;
    g->hashes = hashes;
    g->cap = cap;
}

/* A new group; of a bare key the tag is put in front. */
static uint32_t groups_add(ds_groups *g, ds_slice key)
{
    if (g->n == g->cap)
        groups_grow_keys(g);
    uint32_t tag = g->bare ? 1 : 0;
    uint32_t len = key.len + tag;
    uint8_t *p = ds_arena_alloc(g->arena, len, 1);
    if (tag)
        p[0] = key.ptr ? KEY_VALUE : KEY_NULL;
    if (key.ptr)
        memcpy(p + tag, key.ptr, key.len);
    g->keys[g->n] = (ds_slice){p, len};
    g->hashes[g->n] = ds_hash(p, len);
    return g->n++;
}

static bool groups_key_is(const ds_groups *g, uint32_t group, ds_slice key)
{
    ds_slice known = g->keys[group];
    uint32_t tag = g->bare ? 1 : 0;
    return known.len == key.len + tag &&
           (key.len == 0 || memcmp(known.ptr + tag, key.ptr, key.len) == 0);
}

static uint32_t groups_find(ds_groups *g, ds_slice key, uint64_t hash)
{
    if (!key.ptr) {
        if (!g->null_group)
            g->null_group = groups_add(g, key) + 1;
        return g->null_group - 1;
    }
    uint32_t part = (uint32_t)(hash >> 32);
    uint32_t at = part & g->mask;
    for (; g->slots[at]; at = (at + 1) & g->mask)
        if (g->slots[at] >> 32 == part &&
            groups_key_is(g, (uint32_t)g->slots[at] - 1, key))
            return (uint32_t)g->slots[at] - 1;
    uint32_t group = groups_add(g, key);
    g->slots[at] = (uint64_t)part << 32 | (group + 1);
    if (g->n > g->mask / 2)
        groups_rehash(g);
    return group;
}

static void groups_need_scratch(ds_groups *g, size_t size)
{
    if (size <= g->scratch_cap)
        return;
    g->scratch_cap = size * 2;
    g->scratch = ds_arena_alloc(g->arena, g->scratch_cap, 1);
}

static void block_encode(ds_groups *g, struct block *block)
{
    size_t bound = 0;
    for (uint32_t k = 0; k < block->n; k++)
        bound += key_bound(g->cols, g->types, g->n_types, block->rows[k]);
    groups_need_scratch(g, bound + 1);
    uint8_t *to = g->scratch;
    for (uint32_t k = 0; k < block->n; k++) {
        uint32_t len =
            key_write(g->cols, g->types, g->n_types, block->rows[k], to);
        block->keys[k] = (ds_slice){to, len};
        to += len;
    }
}

static void block_bare(const ds_groups *g, struct block *block)
{
    const ds_col *col = g->cols[0];
    for (uint32_t k = 0; k < block->n; k++) {
        uint32_t row = block->rows[k];
        ds_slice s = DS_NULL_SLICE;
        if (!ds_col_is_null(col, row)) {
            s = col->v.str[row];
            s.ptr = s.ptr ? s.ptr : (const uint8_t *)"";
        }
        block->keys[k] = s;
    }
}

static void block_map(ds_groups *g, struct block *block, uint32_t *group)
{
    if (g->bare)
        block_bare(g, block);
    else
        block_encode(g, block);
    for (uint32_t k = 0; k < block->n; k++) {
        ds_slice key = block->keys[k];
        block->hashes[k] = ds_hash(key.ptr, key.len);
        __builtin_prefetch(&g->slots[block->hashes[k] >> 32 & g->mask]);
    }
    for (uint32_t k = 0; k < block->n; k++)
        group[block->rows[k]] =
            groups_find(g, block->keys[k], block->hashes[k]);
}

/* The column with its values in plain form. */
static const ds_col *plain_col(const ds_col *c, ds_type type,
                               const ds_batch *in, ds_arena *a)
{
    ds_col *out = ds_new(a, ds_col, 1);
    ds_slice *to = ds_new(a, ds_slice, in->n);
    DS_EACH (in, row) {
        if (ds_col_is_null(c, row))
            continue;
        ds_value v = {.s = c->v.str[row]};
        ds_value_plain(type, &v, a);
        to[row] = v.s;
    }
    out->valid = c->valid;
    out->v.str = to;
    return out;
}

void ds_groups_map(ds_groups *g, const ds_batch *in, const uint16_t *cols,
                   uint32_t *group)
{
    struct block block;
    for (uint32_t c = 0; c < g->n_types; c++) {
        g->cols[c] = &in->cols[cols[c]];
        if (key_needs_plain(g->types[c]))
            g->cols[c] = plain_col(g->cols[c], g->types[c], in, g->arena);
    }
    block.n = 0;
    DS_EACH (in, row) {
        block.rows[block.n++] = row;
        if (block.n == GROUPS_BLOCK) {
            block_map(g, &block, group);
            block.n = 0;
        }
    }
    if (block.n)
        block_map(g, &block, group);
}

bool ds_groups_has(const ds_groups *g, ds_slice key)
{
    uint64_t hash;
    uint32_t part, at;

    if (g->bare && key.len && key.ptr[0] == KEY_NULL)
        return g->null_group != 0;
    if (g->bare && key.len) {
        key.ptr++;
        key.len--;
    }
    hash = ds_hash(key.ptr, key.len);
    part = (uint32_t)(hash >> 32);
    for (at = part & g->mask; g->slots[at]; at = (at + 1) & g->mask)
        if (g->slots[at] >> 32 == part &&
            groups_key_is(g, (uint32_t)g->slots[at] - 1, key))
            return true;
    return false;
}

uint32_t ds_groups_n(const ds_groups *g)
{
    return g->n;
}

const ds_slice *ds_groups_keys(const ds_groups *g)
{
    return g->keys;
}

const uint64_t *ds_groups_hashes(const ds_groups *g)
{
    return g->hashes;
}

void ds_groups_cols(const ds_groups *g, ds_arena *a, ds_col *out)
{
    DS_BUG_ON(!key_read(g->keys, g->n, g->types, g->n_types, true, a, out));
}
