/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base.h - RocksDB behind the tables: a database per job and process, a column
 * family per store and partition.
 *
 * Keys that begin with 0x00 are ours: META holds the position that the data
 * reflects. It is always written with the data, in one batch, in the same
 * column family; the log is off, so a crash falls back to the last flush, with
 * the position that belongs to it (exactly-once.md B6).
 *
 * Thread: a base belongs to one thread and the writer; base_db calls: any.
 */
#ifndef STATE_BASE_H
#define STATE_BASE_H

#include "dstream/store.h"

typedef struct base_db base_db;
typedef struct base base;
typedef struct base_iter base_iter;

/* A pair to write; a null value deletes. */
typedef struct base_pair {
    ds_slice key, val;
    uint64_t order; /* the writer's: what keys are mostly sorted by */
} base_pair;

/* DS_E_STATE: corrupt. */
ds_rc base_db_open(const char *dir, int64_t memory, base_db **out, ds_err *err);
/* What RocksDB takes of `memory`. */
int64_t base_db_memory(int64_t memory);
/* Flushes everything first. */
ds_rc base_db_close(base_db *db, ds_err *err);

/* The column family, made if absent. */
ds_rc base_open(base_db *db, const char *name, base **out, ds_err *err);
void base_close(base *b);
/* Empty, as new. */
ds_rc base_wipe(base *b, ds_err *err);

/* One call for n ascending keys; vals[i].ptr NULL where there is none. */
ds_rc base_get(base *b, const ds_slice *keys, uint32_t n, ds_arena *a,
               ds_slice *vals, ds_err *err);
/* Ascending pairs and META, atomically. Many of them go into a file of their
 * own that RocksDB takes over: a fifth of the work, and on disk at once. */
ds_rc base_write(base *b, const base_pair *pairs, uint32_t n, ds_slice meta,
                 ds_err *err);
/* From how many bytes on; 8 MiB: smaller ones make too many files. */
void base_db_files(base_db *db, size_t least);
/* DS_NOTFOUND: there is none. */
ds_rc base_meta(base *b, ds_arena *a, ds_slice *meta, ds_err *err);
/* Memory to disk; `wait`: it is there when the call returns. */
ds_rc base_flush(base *b, bool wait, ds_err *err);

/* The data keys from `lo` on (null: the first). */
base_iter *base_iter_new(base *b, ds_slice lo);
/* DS_END: no more. The slices hold until the next call. */
ds_rc base_iter_next(base_iter *it, ds_slice *key, ds_slice *val, ds_err *err);
void base_iter_free(base_iter *it);

int64_t base_keys(base *b);  /* an estimate */
int64_t base_bytes(base *b); /* on disk and in memory */

typedef enum base_call {
    BASE_READ,
    BASE_WRITE,
    BASE_SCAN,
    BASE_FLUSH,
    BASE_CALLS_N
} base_call;
int64_t base_calls(const base *b, base_call kind); /* so far */

/* Of the whole database. Thread: any. */
void base_db_stats(base_db *db, ds_db_stats *out);

#endif
