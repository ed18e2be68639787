/* SPDX-License-Identifier: Apache-2.0 */
/*
 * builder.h - columns whose length is not known beforehand.
 */
#ifndef RECORD_BUILDER_H
#define RECORD_BUILDER_H

#include "dstream/batch.h"

typedef struct ds_col_builder {
    ds_arena *arena;
    ds_type type;
    uint32_t n, cap;
    bool nulls; /* a NULL was added: `valid` counts */
    uint64_t *valid;
    uint8_t *values;
} ds_col_builder;

void ds_col_builder_init(ds_col_builder *b, ds_type type, ds_arena *a,
                         uint32_t expect);
/* `value` points to a uint8_t, int64_t, double, ds_time or ds_slice by type. */
void ds_col_builder_add(ds_col_builder *b, const void *value);
void ds_col_builder_add_null(ds_col_builder *b);
ds_col ds_col_builder_done(const ds_col_builder *b);

/* A bitmap of n bits, all `set` or not. */
uint64_t *ds_bits_new(ds_arena *a, uint32_t n, bool set);
static inline void ds_bit_set(uint64_t *bits, uint32_t i)
{
    bits[i / 64] |= 1ull << (i % 64);
}
static inline void ds_bit_clear(uint64_t *bits, uint32_t i)
{
    bits[i / 64] &= ~(1ull << (i % 64));
}
static inline bool ds_bit_get(const uint64_t *bits, uint32_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}
/* rows[0..n) of a column, in that order. */
ds_col ds_col_gather(const ds_col *c, ds_type type, const uint32_t *rows,
                     uint32_t n, ds_arena *a);
/* One value for n rows; `value` NULL: NULL. */
ds_col ds_col_const(ds_type type, const void *value, uint32_t n, ds_arena *a);

#endif
