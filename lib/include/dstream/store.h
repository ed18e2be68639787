/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - key-value state of one task, and how it takes part in an epoch.
 *
 *        get/put/scan             seal              commit         later
 *   operators -----> overlay -------------> outbox --------> table ------> base
 *                    (epoch)    changelog rows     (committed)     (RocksDB)
 *
 * Writes stay in the epoch's overlay until the Kafka transaction that carries
 * their changelog rows has committed; then they enter the table of committed
 * values, and later the base, together with the changelog position, in one
 * atomic write. So the base is never ahead of the changelog, and after a crash
 * it is enough to replay the changelog from position().
 *
 * An abort drops the overlay: there is nothing to undo. Two epochs at once have
 * an overlay each; the younger reads through the older.
 *
 * Keys are made by ds_key_encode and begin with 0x01 or 0x02. Beside them an
 * operator may have ordered keys of its own, which begin with DS_KEY_ORDERED or
 * above: an index by time, say. A scan among them costs what it finds; a scan
 * of the others costs the whole store. Keys never begin with 0x00: in the
 * changelog the key 0x00 'e' is the engine record: opaque bytes that the engine
 * wants back together with the state (input positions, exactly-once.md H6).
 *
 * A job's process has one database (ds_db); stores of it may be used by
 * different threads, one store by one thread.
 *
 * Thread: the worker that owns the task; db_open and db_close: main.
 */
#ifndef DSTREAM_STORE_H
#define DSTREAM_STORE_H

#include "dstream/batch.h"
#include "dstream/outbox.h"
#include "dstream/public.h"

DS_PUBLIC_BEGIN

#define DS_KEY_ORDERED 0xf0 /* the first byte of an ordered key, or above */

typedef struct ds_db ds_db;
typedef struct ds_store ds_store;
typedef struct ds_overlay ds_overlay;

typedef struct ds_db_spec {
    const char *dir; /* the job's own, <state dir>/<job>; made if absent */
    const char *job;
    const char *cluster_id; /* "" : not known */
    int64_t memory;         /* bytes for tables, memtables and cache together */
} ds_db_spec;

typedef struct ds_store_spec {
    const char *name;  /* "counts" */
    const char *topic; /* its changelog */
    int32_t partition;
    uint64_t signature; /* of the operator and its types; another one at open:
                           DS_E_DECISION; 0: not checked */
} ds_store_spec;

typedef struct ds_store_stats {
    int64_t keys;  /* known keys; an estimate where the table is not complete */
    int64_t bytes; /* memory of table + size of base */
    int64_t unwritten;  /* keys not yet in the base */
    int64_t base_calls; /* calls into the base so far */
    int64_t memory;     /* of the bytes: those of the table */
    int64_t reads, writes, scans, flushes; /* the calls, by kind */
} ds_store_stats;

typedef struct ds_db_stats {
    int64_t cache, memtables; /* bytes in memory */
    int64_t compaction;       /* bytes that wait for one; an estimate */
    double stalled; /* seconds that writes have waited; < 0: not known */
} ds_db_stats;

/* Return > 0 to stop the scan early, < 0 to fail it. */
typedef ds_rc ds_scan_fn(void *arg, ds_slice key, ds_slice val, ds_err *err);

typedef struct ds_store_type {
    const char *name; /* "rocksdb", "memory" */
    const char *help;

    /* Locks the folder. DS_E_DISK: locked by another process (the message says
     * so), read-only, full; DS_E_CONFIG: it belongs to another job or to a
     * newer format, nothing is written. */
    ds_rc (*db_open)(const ds_db_spec *spec, ds_db **out, ds_err *err);
    /* Writes what is committed, flushes, closes. All stores are closed. */
    ds_rc (*db_close)(ds_db *db, ds_err *err);
    /* NULL: there is no base to tell of. Thread: any. */
    void (*db_stats)(ds_db *db, ds_db_stats *out);

    ds_rc (*open)(ds_db *db, const ds_store_spec *spec, ds_store **out,
                  ds_err *err);
    /* The local data stays, and what is committed will be in the base. */
    ds_rc (*close)(ds_store *s, ds_err *err);
    /* Forget the local data: position() is DS_NOTFOUND then. */
    ds_rc (*wipe)(ds_store *s, ds_err *err);

    /* A new overlay, in the epoch's arena; `below` is that of the epoch before
     * if it has not committed yet, else NULL. */
    ds_overlay *(*begin)(ds_store *s, ds_overlay *below, ds_arena *epoch);
    /* n keys at once. vals[i].ptr is NULL where keys[i] is absent. Values live
     * in `a` or in the epoch. hashes: ds_hash of the keys; NULL: computed. */
    ds_rc (*get)(ds_store *s, ds_overlay *ov, const ds_slice *keys,
                 const uint64_t *hashes, uint32_t n, ds_arena *a,
                 ds_slice *vals, ds_err *err);
    /* n keys at once; copies both. A null value deletes. */
    ds_rc (*put)(ds_store *s, ds_overlay *ov, const ds_slice *keys,
                 const uint64_t *hashes, const ds_slice *vals, uint32_t n,
                 ds_err *err);
    /* Keys in [lo, hi) in byte order, overlays included; a null slice: no
     * bound. ov may be NULL: committed values. The callback must not put. */
    ds_rc (*scan)(ds_store *s, ds_overlay *ov, ds_slice lo, ds_slice hi,
                  ds_scan_fn *fn, void *arg, ds_err *err);

    /* Every key that is not ordered, in any order: cheaper than scan(). The
     * callback may put(), and keys that it adds are not visited; it must not
     * get(). Slices hold until it returns. */
    ds_rc (*visit)(ds_store *s, ds_overlay *ov, ds_scan_fn *fn, void *arg,
                   ds_err *err);

    /* Append the overlay's writes as changelog rows to `out` (topic: number in
     * the plan), one per dirty key, and `engine` as the engine record unless it
     * is null. No put() after it. */
    ds_rc (*seal)(ds_store *s, ds_overlay *ov, ds_slice engine, uint32_t topic,
                  ds_outbox *out, ds_err *err);
    /* The transaction committed: the overlay enters the table. `pos` is the
     * changelog offset after its last row, or -1 if it is not known. Overlays
     * commit in the order of their begin(). */
    ds_rc (*commit)(ds_store *s, ds_overlay *ov, int64_t pos, ds_err *err);

    /* Restore: rows of the changelog (an envelope: key, val, off), in order, up
     * to position `pos`. Row keys 0x00 'e' set the engine record. */
    ds_rc (*apply)(ds_store *s, const ds_envelope *rows, int64_t pos,
                   ds_err *err);
    /* The next changelog offset that the local data does not hold; `written`:
     * wall time when it was last in step with the changelog. DS_NOTFOUND: there
     * is no local data. */
    ds_rc (*position)(ds_store *s, int64_t *pos, ds_time *written, ds_err *err);
    /* The engine record of the committed state; null: none. */
    ds_rc (*engine)(ds_store *s, ds_arena *a, ds_slice *out, ds_err *err);

    /* Called between epochs: writes to the base when it is due (contract.md 9),
     * off the worker's thread. */
    ds_rc (*tick)(ds_store *s, ds_time now, ds_err *err);
    void (*stats)(ds_store *s, ds_store_stats *out);
} ds_store_type;

/* First members of every database and store. */
struct ds_db {
    const ds_store_type *type;
};
struct ds_store {
    const ds_store_type *type;
    ds_store_stats told; /* the engine's: what its metrics have of it */
};

#define DS_ENGINE_KEY ((ds_slice){(const uint8_t *)"\0e", 2})

DS_PUBLIC_END

#endif
