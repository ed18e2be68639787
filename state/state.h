/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - a database and its stores: table before base.
 *
 *     rocksdb.c   the type "rocksdb": folder, RocksDB, writer
 *     memory.c    the type "memory": tables only
 *     store.c     what both have in common: get, put, seal, commit, apply
 *     scan.c      reading many keys
 *     behind.c    writing behind, and keeping to the memory bound
 *     meta.c      the record that stands beside the data in the base
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <stdatomic.h>

#include "state/folder.h"
#include "state/overlay.h"
#include "state/table.h"
#include "state/writer.h"

#define STATE_FORMAT 1

struct db {
    ds_db head;
    char *job, *cluster;
    int64_t memory;
    folder folder;
    base_db *base; /* NULL: memory only */
    writer writer;
    _Atomic int64_t n_stores;
};

/* What stands beside the data. */
struct meta {
    uint64_t signature;
    int64_t pos; /* -1: not known */
    ds_time written;
    ds_slice engine;
};

struct store {
    ds_store head;
    struct db *db;
    char *name; /* "counts", for messages */
    char *job, *topic;
    int32_t partition;
    table table;
    base *base;                /* NULL: memory only */
    base_iter *load;           /* what is not in the table yet; NULL: nothing */
    struct meta meta;          /* of the committed state; engine is malloc'ed */
    uint64_t begun, committed; /* overlays, by number */

    /* Writing behind. */
    write_job job_of;
    bool writing;
    bool moved;     /* meta is newer than what was last written */
    bool unflushed; /* something was written since the last flush */
    ds_time last_write, last_flush, last_meta; /* DS_TIME_NONE: not yet */
    ds_err failed;                             /* rc 0: no write has failed */
};

/* store.c; `base` NULL: memory only. */
ds_rc store_open(ds_db *db, const ds_store_spec *spec, ds_store **out,
                 ds_err *err);
ds_rc store_close(ds_store *s, ds_err *err);
ds_rc store_wipe(ds_store *s, ds_err *err);
ds_overlay *store_begin(ds_store *s, ds_overlay *below, ds_arena *epoch);
ds_rc store_get(ds_store *s, ds_overlay *ov, const ds_slice *keys,
                const uint64_t *hashes, uint32_t n, ds_arena *a, ds_slice *vals,
                ds_err *err);
ds_rc store_put(ds_store *s, ds_overlay *ov, const ds_slice *keys,
                const uint64_t *hashes, const ds_slice *vals, uint32_t n,
                ds_err *err);
ds_rc store_seal(ds_store *s, ds_overlay *ov, ds_slice engine, uint32_t topic,
                 ds_outbox *out, ds_err *err);
ds_rc store_commit(ds_store *s, ds_overlay *ov, int64_t pos, ds_err *err);
ds_rc store_apply(ds_store *s, const ds_envelope *rows, int64_t pos,
                  ds_err *err);
ds_rc store_position(ds_store *s, int64_t *pos, ds_time *written, ds_err *err);
ds_rc store_engine(ds_store *s, ds_arena *a, ds_slice *out, ds_err *err);
void store_stats(ds_store *s, ds_store_stats *out);
/* The overlay under `ov` that has not committed, or NULL. */
const ds_overlay *store_below(const struct store *s, const ds_overlay *ov);
/* As if the store had never been used. */
void store_forget(struct store *s);
/* The first record, or the next: copied. */
void store_set_engine(struct store *s, ds_slice engine);

/* scan.c */
ds_rc store_scan(ds_store *s, ds_overlay *ov, ds_slice lo, ds_slice hi,
                 ds_scan_fn *fn, void *arg, ds_err *err);
ds_rc store_visit(ds_store *s, ds_overlay *ov, ds_scan_fn *fn, void *arg,
                  ds_err *err);

/* behind.c */
size_t behind_budget(const struct store *s);
/* Keep to the memory bound; called whenever the table has grown. */
ds_rc behind_bound(struct store *s, ds_err *err);
/* Wait for what is being written. */
ds_rc behind_wait(struct store *s, ds_err *err);
/* Everything committed to the base, and wait. */
ds_rc behind_all(struct store *s, bool flush, ds_err *err);
/* The base's data into the table, as far as memory allows: a first part of it
 * now, the rest between epochs. */
ds_rc behind_load(struct store *s, ds_err *err);
/* No more of it; `complete`: there is no more. */
void behind_load_end(struct store *s, bool complete);
ds_rc store_tick(ds_store *s, ds_time now, ds_err *err);

/* meta.c */
size_t meta_size(const struct store *s);
ds_slice meta_encode(const struct store *s, uint8_t *to);
/* Whether the base's data can be used: DS_E_STATE if it is damaged or of
 * another cluster, DS_E_DECISION for another signature, DS_E_CONFIG if it is
 * newer. */
ds_rc meta_decode(struct store *s, uint64_t signature, ds_slice bytes,
                  ds_err *err);

#endif
