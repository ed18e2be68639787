/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.c - what a store of many keys costs: restored, opened, in use. One line
 * of JSON.
 *
 *     bench_state restore|open|use DIR KEYS MEMORY
 *
 *     restore   an empty folder: KEYS rows of a changelog are applied
 *     open      the folder as it is, until a first epoch is committed, and
 * until the memory is filled use       epochs of 50000 random keys: read,
 * changed, committed, written behind
 *
 * A key has 17 bytes and a value 16; MEMORY is in MiB, the job's `memory:`.
 * Seconds of the wall and of the CPU, with those of RocksDB's threads; rss_mb
 * is the most that the process had.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "state/types.h"

enum { STORES = 6, BATCH = 10000, EPOCH = 50000, EPOCHS = 60 };

struct bench {
    ds_db *db;
    ds_store *stores[STORES];
    ds_arena *arena;
    uint64_t keys; /* a multiple of BATCH * STORES */
    int64_t pos;
};

static const ds_store_type *const type = &store_rocksdb;

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(ds_rc rc, const ds_err *err)
{
    if (rc < 0) {
        fprintf(stderr, "bench_state: %s\n", err->msg);
        exit(1);
    }
}

static double rss_mb(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    long kb = 0;

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "VmHWM: %ld", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return (double)kb / 1024;
}

/* ---- keys ---- */

static uint64_t mixed(uint64_t x)
{
    x ^= x >> 31;
    x *= 0x9e3779b97f4a7c15u;
    x ^= x >> 29;
    return x;
}

static void key_write(uint8_t *to, uint64_t i)
{
    uint64_t v[2] = {mixed(i), i};

    to[0] = 2;
    memcpy(to + 1, v, sizeof(v));
}

/* Blocks of BATCH keys go to the stores in turn; a random key of one. */
static uint64_t key_of(const struct bench *b, uint64_t store)
{
    uint64_t k = ((uint64_t)rand() << 20 ^ (uint64_t)rand()) % b->keys;

    return (k / BATCH / STORES * STORES + store) * BATCH + k % BATCH;
}

/* n keys with values: those from `first` on, or, `epoch` > 0, random ones of
 * store `first`. */
static void rows_make(struct bench *b, uint64_t first, uint32_t n,
                      uint64_t epoch, ds_slice *keys, ds_slice *vals)
{
    uint8_t *at = ds_arena_alloc(b->arena, n * (size_t)33, 8);

    for (uint32_t i = 0; i < n; i++, at += 33) {
        key_write(at, epoch ? key_of(b, first) : first + i);
        memset(at + 17, (int)epoch, 16);
        keys[i] = (ds_slice){at, 17};
        vals[i] = (ds_slice){at + 17, 16};
    }
}

/* ---- phases ---- */

static void bench_open(struct bench *b, const char *dir, int64_t memory)
{
    ds_db_spec spec = {dir, "bench", "", memory << 20};
    ds_err err = {0};

    must(type->db_open(&spec, &b->db, &err), &err);
    for (int i = 0; i < STORES; i++) {
        ds_store_spec s = {"counts", "bench.counts.changelog", i, 1};
        must(type->open(b->db, &s, &b->stores[i], &err), &err);
    }
}

static void bench_close(struct bench *b)
{
    ds_err err = {0};

    for (int i = 0; i < STORES; i++)
        must(type->close(b->stores[i], &err), &err);
    must(type->db_close(b->db, &err), &err);
}

/* A key's store: the same each time. */
static void store_keys(struct bench *b, ds_store *s, uint64_t first)
{
    ds_slice *keys = ds_new(b->arena, ds_slice, BATCH);
    ds_slice *vals = ds_new(b->arena, ds_slice, BATCH);
    ds_envelope rows = {.n = BATCH, .key = keys, .val = vals};
    ds_err err = {0};

    rows_make(b, first, BATCH, 0, keys, vals);
    must(type->apply(s, &rows, b->pos += BATCH, &err), &err);
    ds_arena_reset(b->arena);
}

static void restore(struct bench *b)
{
    for (uint64_t at = 0; at < b->keys; at += BATCH)
        store_keys(b, b->stores[at / BATCH % STORES], at);
}

static void epoch(struct bench *b, uint64_t number)
{
    ds_store *s = b->stores[number % STORES];
    ds_slice *keys = ds_new(b->arena, ds_slice, EPOCH);
    ds_slice *vals = ds_new(b->arena, ds_slice, EPOCH);
    ds_slice *old = ds_new(b->arena, ds_slice, EPOCH);
    ds_overlay *ov = type->begin(s, NULL, b->arena);
    ds_outbox *box = ds_outbox_new(b->arena);
    ds_err err = {0};

    rows_make(b, number % STORES, EPOCH, number + 1, keys, vals);
    must(type->get(s, ov, keys, NULL, EPOCH, b->arena, old, &err), &err);
    must(type->put(s, ov, keys, NULL, vals, EPOCH, &err), &err);
    must(type->seal(s, ov, DS_NULL_SLICE, 0, box, &err), &err);
    must(type->commit(s, ov, -1, &err), &err);
    for (int i = 0; i < STORES; i++)
        must(type->tick(b->stores[i], (ds_time)(seconds(CLOCK_MONOTONIC) * 1e6),
                        &err),
             &err);
    ds_arena_reset(b->arena);
}

static bool loading(const struct bench *b)
{
    for (int i = 0; i < STORES; i++)
        if (((const struct store *)b->stores[i])->load)
            return true;
    return false;
}

static void load_all(struct bench *b)
{
    ds_err err = {0};

    while (loading(b))
        for (int i = 0; i < STORES; i++)
            must(type->tick(b->stores[i],
                            (ds_time)(seconds(CLOCK_MONOTONIC) * 1e6), &err),
                 &err);
}

static void tell(const char *what, double wall, double cpu)
{
    printf("\"%s_s\":%.3f,\"%s_cpu_s\":%.3f,", what,
           seconds(CLOCK_MONOTONIC) - wall, what,
           seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

int main(int argc, char **argv)
{
    struct bench b = {.arena = ds_arena_new(1 << 20)};
    double wall, cpu;

    if (argc != 5)
        return 64;
    b.keys = strtoull(argv[3], NULL, 10) / (BATCH * STORES) * BATCH * STORES;
    wall = seconds(CLOCK_MONOTONIC);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    bench_open(&b, argv[2], strtoll(argv[4], NULL, 10));
    printf("{");
    tell("open", wall, cpu);
    if (strcmp(argv[1], "restore") == 0) {
        restore(&b);
        tell("restore", wall, cpu);
    } else if (strcmp(argv[1], "open") == 0) {
        epoch(&b, 0);
        tell("first", wall, cpu);
        load_all(&b);
        tell("loaded", wall, cpu);
    } else {
        load_all(&b);
        wall = seconds(CLOCK_MONOTONIC);
        cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        for (uint64_t i = 0; i < EPOCHS; i++)
            epoch(&b, i);
        tell("use", wall, cpu);
        printf("\"rows\":%d,", EPOCHS * EPOCH);
    }
    printf("\"rss_mb\":%.0f,", rss_mb());
    wall = seconds(CLOCK_MONOTONIC);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    bench_close(&b);
    tell("close", wall, cpu);
    printf("\"keys\":%llu}\n", (unsigned long long)b.keys);
    ds_arena_free(b.arena);
    return 0;
}
