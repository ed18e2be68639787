/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - versions of a table, made one of the other.
 *
 *     version 3 ---> part c (3 changes) ---> part b ---> part a (the most)
 *     version 2 -----------------------------^
 *
 * A version is a list of parts, the newest first; a key's row is that of the
 * first part that knows it. A part never changes and is shared by all versions
 * that have it. Parts of like size are merged, so that there are few of them:
 * a change costs about the logarithm of the table's size.
 *
 * Thread: any; a version is counted, and gone with its last holder.
 */
#ifndef RECORD_TABLE_H
#define RECORD_TABLE_H

#include "dstream/table.h"

/* An empty table. `schema` are its columns, `key` the number of the key's,
 * `values` the others; they live longer than every version. */
ds_table *ds_table_new(const ds_schema *schema, uint16_t key,
                       const ds_schema *values);
/* A version with these changes: row i is that of key i, a null slice: the key
 * is gone. Of several of one key the last one counts. Copies all bytes. */
ds_table *ds_table_with(const ds_table *t, const ds_slice *keys,
                        const ds_slice *rows, uint32_t n);
ds_table *ds_table_hold(ds_table *t);
void ds_table_drop(ds_table *t); /* NULL is fine */

#endif
