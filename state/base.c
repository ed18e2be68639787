/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base.c - RocksDB's C API, and its traps (exactly-once.md E): all column
 * families are named at open, their handles destroyed before the database;
 * values are not NUL-terminated; every error text is freed.
 */
#include "state/base.h"

#include <dirent.h>
#include <libgen.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define META_KEY "\0meta"
#define META_LEN 5
#define FORMAT_VERSION 5 /* what RocksDB 7 can read */
#define BLOCK_SIZE ((size_t)16 << 10)
#define BLOOM_BITS 10.0
#define FILE_LEAST ((size_t)8 << 20)
#define FILE_END ".ingest"
#define GET_MOST 512 /* keys of a call: what it found pins its blocks */
#define AHEAD 8      /* keys: as long as memory takes */

struct base_db {
    char *dir;
    char *parent; /* the folder it lies in */
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_block_based_table_options_t *blocks;
    rocksdb_cache_t *cache;
    rocksdb_readoptions_t *reads, *scans;
    rocksdb_writeoptions_t *writes;
    pthread_mutex_t lock; /* the families */
    struct family {
        char *name;
        rocksdb_column_family_handle_t *cf;
    } * families;
    size_t n_families;
    size_t file_least;      /* bytes of a write that is a file */
    _Atomic uint64_t files; /* that were made to be taken over */
};

struct base {
    base_db *db;
    struct family family; /* a copy */
    _Atomic int64_t calls[BASE_CALLS_N];
};

struct base_iter {
    base *b;
    rocksdb_iterator_t *it;
    bool started;
};

/* RocksDB has no codes in C, only texts. Takes over `msg`. */
static ds_rc fail_text(char *msg, const char *what, ds_err *err)
{
    static const char *const disk[] = {"No space left", "Read-only file",
                                       "Permission denied", "Disk quota"};
    bool is_disk = false;
    ds_rc rc;

    for (size_t i = 0; i < sizeof(disk) / sizeof(*disk); i++)
        is_disk = is_disk || strstr(msg, disk[i]);
    if (is_disk)
        rc = ds_fail(err, DS_E_DISK,
                     "the state directory cannot be used: %s: %s", what, msg);
    else if (strncmp(msg, "Corruption", 10) == 0 ||
             strstr(msg, "No such file") || strstr(msg, "does not exist"))
        rc = ds_fail(err, DS_E_STATE, "local state is damaged: %s: %s", what,
                     msg);
    else
        rc = ds_fail(err, DS_E_DISK, "%s: %s", what, msg);
    rocksdb_free(msg);
    return rc;
}

/* ---- the database ---- */

/* Few shards: a block that is larger than its share of the cache is read for
 * every key. */
static rocksdb_cache_t *cache_new(size_t size)
{
    rocksdb_lru_cache_options_t *o = rocksdb_lru_cache_options_create();
    rocksdb_cache_t *cache;

    rocksdb_lru_cache_options_set_capacity(o, size);
    rocksdb_lru_cache_options_set_num_shard_bits(o, 2);
    cache = rocksdb_cache_create_lru_opts(o);
    rocksdb_lru_cache_options_destroy(o);
    return cache;
}

static void blocks_set(base_db *db, size_t cache)
{
    db->cache = cache_new(cache);
    db->blocks = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_cache(db->blocks, db->cache);
    rocksdb_block_based_options_set_block_size(db->blocks, BLOCK_SIZE);
    rocksdb_block_based_options_set_format_version(db->blocks, FORMAT_VERSION);
    rocksdb_block_based_options_set_filter_policy(
        db->blocks, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
    /* Filters and indexes in parts, so that those in use fit. */
    rocksdb_block_based_options_set_index_type(
        db->blocks,
        rocksdb_block_based_table_index_type_two_level_index_search);
    rocksdb_block_based_options_set_partition_filters(db->blocks, 1);
    rocksdb_block_based_options_set_pin_top_level_index_and_filter(db->blocks,
                                                                   1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(db->blocks,
                                                                  1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(
        db->blocks, 1);
}

static size_t clamp(int64_t v, size_t least, size_t most)
{
    return v < (int64_t)least ? least : v > (int64_t)most ? most : (size_t)v;
}

static size_t memtables_size(int64_t memory)
{
    return clamp(memory / 8, (size_t)1 << 20, (size_t)128 << 20);
}

static size_t cache_size(int64_t memory)
{
    return clamp(memory / 8, (size_t)1 << 20, (size_t)512 << 20);
}

/* Memtables twice: while some are written to disk, others fill. */
int64_t base_db_memory(int64_t memory)
{
    return (int64_t)(2 * memtables_size(memory) + cache_size(memory));
}

static void options_set(base_db *db, int64_t memory)
{
    rocksdb_options_t *o = rocksdb_options_create();
    size_t memtables = memtables_size(memory);

    db->options = o;
    blocks_set(db, cache_size(memory));
    rocksdb_options_set_block_based_table_factory(o, db->blocks);
    rocksdb_options_set_create_if_missing(o, 1);
    rocksdb_options_set_create_missing_column_families(o, 1);
    rocksdb_options_set_db_write_buffer_size(o, memtables);
    rocksdb_options_set_write_buffer_size(
        o, clamp((int64_t)memtables / 2, (size_t)1 << 20, (size_t)64 << 20));
    rocksdb_options_set_max_write_buffer_number(o, 3);
    rocksdb_options_set_arena_block_size(o, (size_t)256 << 10);
    rocksdb_options_set_max_background_jobs(o, 2);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(o, 1);
    rocksdb_options_set_compression(o, rocksdb_lz4_compression);
    rocksdb_options_set_bytes_per_sync(o, (uint64_t)1 << 20);
    rocksdb_options_set_stats_dump_period_sec(o, 0);
    rocksdb_options_set_info_log_level(o, 2 /* warn */);
    rocksdb_options_set_keep_log_file_num(o, 2);
    rocksdb_options_set_max_open_files(o, 1000);
    rocksdb_options_set_paranoid_checks(o, 1);
    db->reads = rocksdb_readoptions_create();
    db->scans = rocksdb_readoptions_create();
    rocksdb_readoptions_set_fill_cache(db->scans, 0);
    db->writes = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(db->writes, 1);
}

static void options_free(base_db *db)
{
    rocksdb_options_destroy(db->options);
    rocksdb_block_based_options_destroy(db->blocks);
    rocksdb_cache_destroy(db->cache);
    rocksdb_readoptions_destroy(db->reads);
    rocksdb_readoptions_destroy(db->scans);
    rocksdb_writeoptions_destroy(db->writes);
}

/* Debian's RocksDB asserts that a write after one that failed for want of room
 * never comes: so it must not begin where room is short. */
static ds_rc room_check(const base_db *db, uint64_t need, ds_err *err)
{
    const uint64_t spare = (uint64_t)8 << 20;
    struct statvfs fs;
    uint64_t room;

    if (statvfs(db->parent, &fs) != 0)
        return DS_OK; /* the write will tell */
    room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (room >= need + spare)
        return DS_OK;
    return ds_fail(
        err, DS_E_DISK,
        "state directory %s is full: %llu MiB are free, %llu MiB are "
        "needed; free some space",
        db->parent, (unsigned long long)(room >> 20),
        (unsigned long long)((need + spare) >> 20));
}

/* Opens the families that are named; of a new database, "default". */
static ds_rc families_open_named(base_db *db, const char *dir,
                                 const char *const *names, size_t n,
                                 ds_err *err)
{
    rocksdb_column_family_handle_t **cfs = calloc(n, sizeof(*cfs));
    const rocksdb_options_t **options = calloc(n, sizeof(*options));
    char *msg = NULL;

    db->families = calloc(n, sizeof(*db->families));
    DS_BUG_ON(!cfs || !options || !db->families);
    for (size_t i = 0; i < n; i++)
        options[i] = db->options;
    db->db = rocksdb_open_column_families(db->options, dir, (int)n, names,
                                          options, cfs, &msg);
    for (size_t i = 0; !msg && i < n; i++)
        db->families[db->n_families++] =
            (struct family){strdup(names[i]), cfs[i]};
    free(cfs);
    free(options);
    return msg ? fail_text(msg, "open", err) : DS_OK;
}

static ds_rc families_open(base_db *db, const char *dir, ds_err *err)
{
    static const char *const fresh[] = {"default"};
    char *msg = NULL;
    size_t n = 0;
    char **names = rocksdb_list_column_families(db->options, dir, &n, &msg);
    ds_rc rc;

    if (msg)
        rc = families_open_named(db, dir, fresh, 1, err);
    else
        rc = families_open_named(db, dir, (const char *const *)names, n, err);
    rocksdb_list_column_families_destroy(names, n);
    rocksdb_free(msg);
    return rc;
}

static void db_free(base_db *db)
{
    for (size_t i = 0; i < db->n_families; i++) {
        rocksdb_column_family_handle_destroy(db->families[i].cf);
        free(db->families[i].name);
    }
    free(db->families);
    if (db->db)
        rocksdb_close(db->db);
    options_free(db);
    free(db->dir);
    free(db->parent);
    pthread_mutex_destroy(&db->lock);
    free(db);
}

/* Files that a crash left before they were taken over. */
static void files_drop(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *e;

    while (d && (e = readdir(d)) != NULL) {
        const char *end = strrchr(e->d_name, '.');

        if (end && strcmp(end, FILE_END) == 0)
            unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d)
        closedir(d);
}

ds_rc base_db_open(const char *dir, int64_t memory, base_db **out, ds_err *err)
{
    base_db *db = calloc(1, sizeof(*db));
    ds_rc rc;

    DS_BUG_ON(db == NULL);
    pthread_mutex_init(&db->lock, NULL);
    db->dir = strdup(dir);
    db->parent = strdup(dir);
    DS_BUG_ON(db->dir == NULL || db->parent == NULL);
    dirname(db->parent);
    options_set(db, memory);
    db->file_least = FILE_LEAST;
    files_drop(dir);
    rc = room_check(db, 0, err);
    if (rc == DS_OK)
        rc = families_open(db, dir, err);
    if (rc == DS_OK)
        *out = db;
    else
        db_free(db);
    return rc;
}

static ds_rc family_flush(base_db *db, rocksdb_column_family_handle_t *cf,
                          bool wait, ds_err *err)
{
    rocksdb_flushoptions_t *o = rocksdb_flushoptions_create();
    char *msg = NULL;

    rocksdb_flushoptions_set_wait(o, wait);
    rocksdb_flush_cf(db->db, o, cf, &msg);
    rocksdb_flushoptions_destroy(o);
    return msg ? fail_text(msg, "flush", err) : DS_OK;
}

ds_rc base_db_close(base_db *db, ds_err *err)
{
    ds_rc rc = DS_OK;

    for (size_t i = 0; i < db->n_families; i++) {
        ds_rc one = family_flush(db, db->families[i].cf, true, err);
        if (one < 0)
            rc = one;
    }
    rocksdb_cancel_all_background_work(db->db, 1);
    db_free(db);
    return rc;
}

/* ---- families ---- */

/* Under the lock. */
static struct family *family_find(base_db *db, const char *name)
{
    for (size_t i = 0; i < db->n_families; i++)
        if (strcmp(db->families[i].name, name) == 0)
            return &db->families[i];
    return NULL;
}

/* Under the lock. */
static ds_rc family_make(base_db *db, const char *name, struct family **out,
                         ds_err *err)
{
    char *msg = NULL;
    rocksdb_column_family_handle_t *cf =
        rocksdb_create_column_family(db->db, db->options, name, &msg);

    if (msg)
        return fail_text(msg, "make a store", err);
    db->families =
        realloc(db->families, (db->n_families + 1) * sizeof(*db->families));
    DS_BUG_ON(db->families == NULL);
    *out = &db->families[db->n_families++];
    **out = (struct family){strdup(name), cf};
    return DS_OK;
}

ds_rc base_open(base_db *db, const char *name, base **out, ds_err *err)
{
    struct family *f;
    ds_rc rc = DS_OK;

    pthread_mutex_lock(&db->lock);
    f = family_find(db, name);
    if (f == NULL)
        rc = family_make(db, name, &f, err);
    if (rc == DS_OK) {
        *out = calloc(1, sizeof(**out));
        DS_BUG_ON(*out == NULL || f == NULL);
        (*out)->db = db;
        (*out)->family = (struct family){strdup(name), f->cf};
    }
    pthread_mutex_unlock(&db->lock);
    return rc;
}

void base_close(base *b)
{
    free(b->family.name);
    free(b);
}

ds_rc base_wipe(base *b, ds_err *err)
{
    base_db *db = b->db;
    struct family *f;
    char *msg = NULL;
    ds_rc rc = DS_OK;

    pthread_mutex_lock(&db->lock);
    f = family_find(db, b->family.name);
    DS_BUG_ON(f == NULL);
    rocksdb_drop_column_family(db->db, f->cf, &msg);
    if (msg) {
        rc = fail_text(msg, "drop a store", err);
    } else {
        rocksdb_column_family_handle_destroy(f->cf);
        free(f->name);
        *f = db->families[--db->n_families];
        rc = family_make(db, b->family.name, &f, err);
        b->family.cf = rc == DS_OK ? f->cf : NULL;
    }
    pthread_mutex_unlock(&db->lock);
    return rc;
}

/* ---- data ---- */

static void count_call(base *b, base_call kind)
{
    atomic_fetch_add_explicit(&b->calls[kind], 1, memory_order_relaxed);
}

int64_t base_calls(const base *b, base_call kind)
{
    return atomic_load_explicit(&b->calls[kind], memory_order_relaxed);
}

/* Takes over what was found. */
static ds_rc found_take(rocksdb_pinnableslice_t **found, char **msgs,
                        uint32_t n, ds_arena *a, ds_slice *vals, ds_err *err)
{
    ds_rc rc = DS_OK;

    for (uint32_t i = 0; i < n; i++) {
        size_t len = 0;
        const char *p =
            found[i] ? rocksdb_pinnableslice_value(found[i], &len) : NULL;
        uint8_t *copy;

        vals[i] = DS_NULL_SLICE;
        if (found[i]) {
            copy = ds_arena_alloc(a, len + 1, 1);
            if (len)
                memcpy(copy, p, len);
            vals[i] = (ds_slice){copy, (uint32_t)len};
            rocksdb_pinnableslice_destroy(found[i]);
        }
        if (msgs[i])
            rc = fail_text(msgs[i], "read", err);
    }
    return rc;
}

static ds_rc some_get(base *b, const ds_slice *keys, uint32_t n, ds_arena *a,
                      ds_slice *vals, ds_err *err)
{
    const char **ptrs = ds_new(a, const char *, n + 1);
    size_t *lens = ds_new(a, size_t, n + 1);
    rocksdb_pinnableslice_t **found =
        ds_new(a, rocksdb_pinnableslice_t *, n + 1);
    char **msgs = ds_new(a, char *, n + 1);

    for (uint32_t i = 0; i < n; i++) {
        ptrs[i] = (const char *)keys[i].ptr;
        lens[i] = keys[i].len;
    }
    rocksdb_batched_multi_get_cf(b->db->db, b->db->reads, b->family.cf, n, ptrs,
                                 lens, found, msgs, true);
    return found_take(found, msgs, n, a, vals, err);
}

ds_rc base_get(base *b, const ds_slice *keys, uint32_t n, ds_arena *a,
               ds_slice *vals, ds_err *err)
{
    count_call(b, BASE_READ);
    for (uint32_t at = 0; at < n; at += GET_MOST) {
        uint32_t some = n - at < GET_MOST ? n - at : GET_MOST;

        DS_TRY(some_get(b, keys + at, some, a, vals + at, err));
    }
    return DS_OK;
}

static size_t pairs_bytes(const base_pair *pairs, uint32_t n)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < n; i++)
        bytes += (size_t)pairs[i].key.len + pairs[i].val.len;
    return bytes;
}

/* A null value deletes. */
static void file_put(rocksdb_sstfilewriter_t *to, ds_slice key, ds_slice val,
                     char **msg)
{
    if (val.ptr)
        rocksdb_sstfilewriter_put(to, (const char *)key.ptr, key.len,
                                  (const char *)val.ptr, val.len, msg);
    else
        rocksdb_sstfilewriter_delete(to, (const char *)key.ptr, key.len, msg);
}

/* META's key is less than every other. */
static char *file_write(const base *b, const char *path, const base_pair *pairs,
                        uint32_t n, ds_slice meta)
{
    static const ds_slice meta_key = {(const uint8_t *)META_KEY, META_LEN};
    rocksdb_envoptions_t *env = rocksdb_envoptions_create();
    rocksdb_sstfilewriter_t *to =
        rocksdb_sstfilewriter_create(env, b->db->options);
    char *msg = NULL;

    rocksdb_sstfilewriter_open(to, path, &msg);
    if (!msg)
        file_put(to, meta_key, meta, &msg);
    for (uint32_t i = 0; !msg && i < n; i++) {
        if (i + AHEAD < n) /* sorted, they lie anywhere */
            __builtin_prefetch(pairs[i + AHEAD].key.ptr);
        file_put(to, pairs[i].key, pairs[i].val, &msg);
    }
    if (!msg)
        rocksdb_sstfilewriter_finish(to, &msg);
    rocksdb_sstfilewriter_destroy(to);
    rocksdb_envoptions_destroy(env);
    return msg;
}

/* What is in memory of the same keys goes to disk before it, so that the
 * position never goes back. */
static char *file_ingest(base *b, const char *path)
{
    rocksdb_ingestexternalfileoptions_t *o =
        rocksdb_ingestexternalfileoptions_create();
    char *msg = NULL;

    rocksdb_ingestexternalfileoptions_set_move_files(o, 1);
    rocksdb_ingest_external_file_cf(b->db->db, b->family.cf, &path, 1, o, &msg);
    rocksdb_ingestexternalfileoptions_destroy(o);
    return msg;
}

static ds_rc write_file(base *b, const base_pair *pairs, uint32_t n,
                        ds_slice meta, ds_err *err)
{
    unsigned long long number = atomic_fetch_add(&b->db->files, 1);
    char *path, *msg;

    DS_BUG_ON(asprintf(&path, "%s/%llu" FILE_END, b->db->dir, number) < 0);
    msg = file_write(b, path, pairs, n, meta);
    if (!msg)
        msg = file_ingest(b, path);
    if (msg)
        unlink(path);
    free(path);
    return msg ? fail_text(msg, "write", err) : DS_OK;
}

static ds_rc write_batch(base *b, const base_pair *pairs, uint32_t n,
                         ds_slice meta, ds_err *err)
{
    rocksdb_writebatch_t *wb = rocksdb_writebatch_create();
    char *msg = NULL;

    for (uint32_t i = 0; i < n; i++) {
        const char *key = (const char *)pairs[i].key.ptr;

        if (pairs[i].val.ptr)
            rocksdb_writebatch_put_cf(wb, b->family.cf, key, pairs[i].key.len,
                                      (const char *)pairs[i].val.ptr,
                                      pairs[i].val.len);
        else
            rocksdb_writebatch_delete_cf(wb, b->family.cf, key,
                                         pairs[i].key.len);
    }
    rocksdb_writebatch_put_cf(wb, b->family.cf, META_KEY, META_LEN,
                              (const char *)meta.ptr, meta.len);
    rocksdb_write(b->db->db, b->db->writes, wb, &msg);
    rocksdb_writebatch_destroy(wb);
    return msg ? fail_text(msg, "write", err) : DS_OK;
}

void base_db_files(base_db *db, size_t least)
{
    db->file_least = least;
}

ds_rc base_write(base *b, const base_pair *pairs, uint32_t n, ds_slice meta,
                 ds_err *err)
{
    size_t bytes = pairs_bytes(pairs, n);

    DS_TRY(room_check(b->db, 2 * (bytes + meta.len), err));
    count_call(b, BASE_WRITE);
    if (bytes >= b->db->file_least)
        return write_file(b, pairs, n, meta, err);
    return write_batch(b, pairs, n, meta, err);
}

ds_rc base_meta(base *b, ds_arena *a, ds_slice *meta, ds_err *err)
{
    char *msg = NULL;
    size_t len = 0;
    char *val;

    count_call(b, BASE_READ);
    val = rocksdb_get_cf(b->db->db, b->db->reads, b->family.cf, META_KEY,
                         META_LEN, &len, &msg);
    if (msg)
        return fail_text(msg, "read", err);
    if (val == NULL)
        return DS_NOTFOUND;
    *meta = ds_slice_copy(a, (ds_slice){(const uint8_t *)val, (uint32_t)len});
    rocksdb_free(val);
    return DS_OK;
}

ds_rc base_flush(base *b, bool wait, ds_err *err)
{
    count_call(b, BASE_FLUSH);
    return family_flush(b->db, b->family.cf, wait, err);
}

/* ---- scan ---- */

base_iter *base_iter_new(base *b, ds_slice lo)
{
    base_iter *it = calloc(1, sizeof(*it));
    static const char first[] = {1}; /* after the keys that are ours */

    DS_BUG_ON(it == NULL);
    count_call(b, BASE_SCAN);
    it->b = b;
    it->it = rocksdb_create_iterator_cf(b->db->db, b->db->scans, b->family.cf);
    if (lo.ptr && lo.len && lo.ptr[0] != 0)
        rocksdb_iter_seek(it->it, (const char *)lo.ptr, lo.len);
    else
        rocksdb_iter_seek(it->it, first, sizeof(first));
    return it;
}

ds_rc base_iter_next(base_iter *it, ds_slice *key, ds_slice *val, ds_err *err)
{
    size_t len = 0;
    const char *p;
    char *msg = NULL;

    if (it->started)
        rocksdb_iter_next(it->it);
    it->started = true;
    if (!rocksdb_iter_valid(it->it)) {
        rocksdb_iter_get_error(it->it, &msg);
        return msg ? fail_text(msg, "scan", err) : DS_END;
    }
    p = rocksdb_iter_key(it->it, &len);
    *key = (ds_slice){(const uint8_t *)p, (uint32_t)len};
    p = rocksdb_iter_value(it->it, &len);
    *val = (ds_slice){(const uint8_t *)p, (uint32_t)len};
    return DS_OK;
}

void base_iter_free(base_iter *it)
{
    rocksdb_iter_destroy(it->it);
    free(it);
}

/* ---- sizes ---- */

static int64_t property(base *b, const char *name)
{
    uint64_t v = 0;

    if (rocksdb_property_int_cf(b->db->db, b->family.cf, name, &v) != 0)
        return 0;
    return (int64_t)v;
}

int64_t base_keys(base *b)
{
    return property(b, "rocksdb.estimate-num-keys");
}

int64_t base_bytes(base *b)
{
    return property(b, "rocksdb.total-sst-files-size") +
           property(b, "rocksdb.size-all-mem-tables");
}

/* RocksDB counts this for its own report, with statistics switched off. */
static double stall_seconds(base_db *db)
{
    static const char label[] = "Cumulative stall: ";
    char *text = rocksdb_property_value(db->db, "rocksdb.dbstats");
    const char *at = text ? strstr(text, label) : NULL;
    int h, m;
    double s, seconds = -1;

    if (at &&
        sscanf(at + sizeof(label) - 1, "%d:%d:%lf H:M:S", &h, &m, &s) == 3)
        seconds = h * 3600.0 + m * 60.0 + s;
    rocksdb_free(text);
    return seconds;
}

static int64_t compaction_bytes(base_db *db)
{
    int64_t sum = 0;

    pthread_mutex_lock(&db->lock);
    for (size_t i = 0; i < db->n_families; i++) {
        uint64_t v = 0;

        if (rocksdb_property_int_cf(db->db, db->families[i].cf,
                                    "rocksdb.estimate-pending-compaction-bytes",
                                    &v) == 0)
            sum += (int64_t)v;
    }
    pthread_mutex_unlock(&db->lock);
    return sum;
}

static int64_t memtable_bytes(base_db *db)
{
    rocksdb_memory_consumers_t *of = rocksdb_memory_consumers_create();
    rocksdb_memory_usage_t *usage;
    char *msg = NULL;
    int64_t bytes = 0;

    rocksdb_memory_consumers_add_db(of, db->db);
    usage = rocksdb_approximate_memory_usage_create(of, &msg);
    if (!msg) {
        bytes = (int64_t)rocksdb_approximate_memory_usage_get_mem_table_total(
            usage);
        rocksdb_approximate_memory_usage_destroy(usage);
    }
    rocksdb_free(msg);
    rocksdb_memory_consumers_destroy(of);
    return bytes;
}

void base_db_stats(base_db *db, ds_db_stats *out)
{
    *out = (ds_db_stats){.cache = (int64_t)rocksdb_cache_get_usage(db->cache),
                         .memtables = memtable_bytes(db),
                         .compaction = compaction_bytes(db),
                         .stalled = stall_seconds(db)};
}
