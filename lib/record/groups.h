/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups.h - the distinct keys of an epoch, numbered from 0 as they come.
 *
 * One hash lookup per row, no allocation per row: the keys' bytes are copied
 * into the arena once per distinct key. NULL is a key value like any other.
 *
 * The bytes of a key (state keys, ds_key_encode) are injective and ordered
 * within a column; a single text column is a tag byte and its bytes. The first
 * byte is never 0x00: such keys are the engine's own (store.h).
 *
 * Thread: one.
 */
#ifndef RECORD_GROUPS_H
#define RECORD_GROUPS_H

#include "dstream/batch.h"

typedef struct ds_groups ds_groups;

/* `types` are the types of the key's columns. */
ds_groups *ds_groups_new(ds_arena *a, const ds_type *types, uint32_t n_types);
/* group[i] for each selected row i of the batch; cols are the batch's columns
 * that make the key. */
void ds_groups_map(ds_groups *g, const ds_batch *in, const uint16_t *cols,
                   uint32_t *group);
uint32_t ds_groups_n(const ds_groups *g);
/* Whether an encoded key is among them. */
bool ds_groups_has(const ds_groups *g, ds_slice key);
/* The encoded keys, ds_groups_n() of them, and their ds_hash. */
const ds_slice *ds_groups_keys(const ds_groups *g);
const uint64_t *ds_groups_hashes(const ds_groups *g);
/* The keys as columns, one value per group. */
void ds_groups_cols(const ds_groups *g, ds_arena *a, ds_col *out);

/* Row `row` of key columns to bytes, and n such bytes back to columns (false:
 * not made by ds_key_encode for these types). */
ds_slice ds_key_encode(const ds_col *cols, const ds_type *types, uint32_t n,
                       uint32_t row, ds_arena *a);
bool ds_key_decode(const ds_slice *keys, uint32_t n_keys, const ds_type *types,
                   uint32_t n, ds_arena *a, ds_col *out);
/* A key does not keep how many digits a numeric showed: in columns that were
 * read from keys, those of numeric(p,s) get theirs again. */
void ds_key_fit(const ds_schema *key, ds_col *cols, uint32_t n, ds_arena *a);

#endif
