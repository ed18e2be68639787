/* SPDX-License-Identifier: Apache-2.0 */
/*
 * builder.c - columns whose length is not known beforehand.
 */
#include "record/builder.h"

static size_t bit_words(uint32_t n)
{
    return ((size_t)n + 63) / 64;
}

uint64_t *ds_bits_new(ds_arena *a, uint32_t n, bool set)
{
    size_t words = bit_words(n ? n : 1);
    uint64_t *bits = ds_new(a, uint64_t, words);
    if (set) {
        memset(bits, 0xff, words * sizeof(*bits));
        if (n % 64)
            bits[words - 1] = (1ull << (n % 64)) - 1;
    }
    return bits;
}

void ds_col_builder_init(ds_col_builder *b, ds_type type, ds_arena *a,
                         uint32_t expect)
{
    uint32_t cap = expect ? expect : 16;
    *b = (ds_col_builder){.arena = a, .type = type, .cap = cap};
    b->valid = ds_bits_new(a, cap, false);
    b->values = ds_arena_alloc(a, cap * ds_type_size(type), 8);
}

static void builder_grow(ds_col_builder *b)
{
    DS_BUG_ON(b->cap > UINT32_MAX / 2);
    size_t size = ds_type_size(b->type);
    uint32_t cap = b->cap * 2;
    uint64_t *valid = ds_bits_new(b->arena, cap, false);
    uint8_t *values = ds_arena_alloc(b->arena, cap * size, 8);
    memcpy(valid, b->valid, bit_words(b->n) * sizeof(*valid));
    memcpy(values, b->values, b->n * size);
    b->valid = valid;
    b->values = values;
    b->cap = cap;
}

void ds_col_builder_add(ds_col_builder *b, const void *value)
{
    if (b->n == b->cap)
        builder_grow(b);
    size_t size = ds_type_size(b->type);
    memcpy(b->values + b->n * size, value, size);
    ds_bit_set(b->valid, b->n);
    b->n++;
}

void ds_col_builder_add_null(ds_col_builder *b)
{
    if (b->n == b->cap)
        builder_grow(b);
    b->nulls = true;
    b->n++;
}

ds_col ds_col_builder_done(const ds_col_builder *b)
{
    ds_col col = {.valid = b->nulls ? b->valid : NULL};
    col.v.p = b->values;
    return col;
}

static uint64_t *gather_valid(const ds_col *c, const uint32_t *rows, uint32_t n,
                              ds_arena *a)
{
    uint64_t *valid = ds_bits_new(a, n, false);
    for (uint32_t i = 0; i < n; i++)
        valid[i / 64] |= (uint64_t)ds_bit_get(c->valid, rows[i]) << (i % 64);
    return valid;
}

_Static_assert(sizeof(ds_interval) == sizeof(ds_slice), "gathered alike");

ds_col ds_col_gather(const ds_col *c, ds_type type, const uint32_t *rows,
                     uint32_t n, ds_arena *a)
{
    ds_col out = {0};
    if (!c->v.p)
        return out;
    if (c->valid)
        out.valid = gather_valid(c, rows, n, a);
    size_t size = ds_type_size(type);
    uint8_t *to = ds_arena_alloc(a, n * size, 8);
    switch (ds_type_phys(type)) {
    case DS_PHYS_BOOL:
        for (uint32_t i = 0; i < n; i++)
            to[i] = c->v.b[rows[i]];
        break;
    case DS_PHYS_I64:
    case DS_PHYS_F64:
        for (uint32_t i = 0; i < n; i++)
            ((int64_t *)(void *)to)[i] = c->v.i64[rows[i]];
        break;
    case DS_PHYS_IV: /* both are two words */
    case DS_PHYS_SLICE:
        for (uint32_t i = 0; i < n; i++)
            ((ds_slice *)(void *)to)[i] = c->v.str[rows[i]];
        break;
    case DS_PHYS_NUM:
        for (uint32_t i = 0; i < n; i++)
            ((ds_numeric *)(void *)to)[i] = c->v.num[rows[i]];
        break;
    }
    out.v.p = to;
    return out;
}

ds_col ds_col_const(ds_type type, const void *value, uint32_t n, ds_arena *a)
{
    size_t size = type == DS_NONE ? 8 : ds_type_size(type);
    uint8_t *values = ds_arena_alloc(a, (n ? n : 1) * size, 8);
    ds_col col = {0};
    col.v.p = values;
    if (!value)
        col.valid = ds_bits_new(a, n, false);
    else
        for (uint32_t i = 0; i < n; i++)
            memcpy(values + i * size, value, size);
    return col;
}
