/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - a version of a table of the job (`tables:`): rows by key.
 *
 * A version never changes, so that a batch sees one state of the table from its
 * begin to its end, whatever the topic or the file does meanwhile. Operators
 * find the versions of their batch in op->tables. They are held until the
 * epoch ends, and the bytes of their rows with them: columns may point into
 * them, nothing is copied.
 *
 * A row is its value columns, those of the table without the key's, as bytes
 * (record/rowfmt.h). Keys are bytes of ds_key_encode(). No row has a NULL key.
 *
 * Thread: any.
 */
#ifndef DSTREAM_TABLE_H
#define DSTREAM_TABLE_H

#include "dstream/batch.h"
#include "dstream/public.h"

DS_PUBLIC_BEGIN

typedef struct ds_table ds_table;

/* out[i]: the row of keys[i], null if there is none. `hashes` are ds_hash() of
 * the keys, as ds_groups_hashes() has them. */
void ds_table_get(const ds_table *t, const ds_slice *keys,
                  const uint64_t *hashes, uint32_t n, ds_slice *out);
/* How many rows there are. */
uint64_t ds_table_n(const ds_table *t);
/* Bytes that it takes. */
size_t ds_table_bytes(const ds_table *t);
/* All rows, in the order of their keys, with all columns of the table: made
 * when first asked for, once for each version. Lives as long as `t`. */
const ds_batch *ds_table_rows(const ds_table *t);

DS_PUBLIC_END

#endif
