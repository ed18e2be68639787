/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_per_record.c - no allocation and no call into RocksDB per record.
 *
 * Counts the calls of the allocator while a word count runs, once its arenas
 * have grown; what is left is per epoch.
 */
#include <ftw.h>
#include <unistd.h>

#include "rig.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS 0
#else
#define COUNTS 1
#endif
#else
#define COUNTS 1
#endif

#define ROWS 50000
#define EPOCHS 6

static _Thread_local uint64_t allocations;

#if COUNTS
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
    allocations++;
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    allocations++;
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    allocations++;
    return __libc_realloc(p, n);
}
#endif

#define WORDS                                                                  \
    "dstream: 1\njob: j\n"                                                     \
    "sources: {in: {kafka: {topic: in, key: value, format: text}}}\n"          \
    "streams: {s: {from: in, do: [{filter: value <> ''}, {keyBy: value}, "     \
    "{updateStateByKey: \"coalesce(state, 0) + count(*) AS n\"}]}}\n"          \
    "sinks: {out: {from: s, kafka: {topic: out}}}\n"

static char dir[64];

static int remove_one(const char *path, const struct stat *st, int t,
                      struct FTW *f)
{
    (void)st;
    (void)t;
    (void)f;
    return remove(path);
}

static void run_epoch(uint32_t keys, uint64_t *x)
{
    static rig_rec recs[ROWS];
    static char words[ROWS][24];
    ds_err err = {0};

    for (uint32_t i = 0; i < ROWS; i++) {
        *x = *x * 6364136223846793005u + 1442695040888963407u;
        snprintf(words[i], sizeof(words[i]), "word-%u",
                 (uint32_t)(*x >> 33) % keys);
        recs[i].key = recs[i].val = words[i];
    }
    if (rig_epoch(recs, ROWS, &err) != DS_OK)
        fail_msg("%s", err.msg);
    assert_true(ds_outbox_rows(rig.box) > 0);
}

static void test_word_count(void **state)
{
    ds_store_stats before, after;
    uint64_t x = 1, start;

    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/dstream-rec-XXXXXX");
    assert_non_null(mkdtemp(dir));
    rig.dir = dir;
    rig.step = 4096;
    rig_open(WORDS);
    for (int i = 0; i < EPOCHS; i++)
        run_epoch(100000, &x);
    rig.stores[0]->type->stats(rig.stores[0], &before);
    start = allocations;
    for (int i = 0; i < EPOCHS; i++)
        run_epoch(100000, &x);
    rig.stores[0]->type->stats(rig.stores[0], &after);
    print_message("%llu allocations, %lld calls for %d records\n",
                  (unsigned long long)(allocations - start),
                  (long long)(after.base_calls - before.base_calls),
                  EPOCHS * ROWS);
    assert_true(after.keys > 90000);
    assert_int_equal(after.base_calls, before.base_calls);
    if (COUNTS) {
        assert_true(start > 0); /* they are counted at all */
        assert_true(allocations - start < EPOCHS * ROWS / 1000);
    }
}

static int teardown(void **state)
{
    rig_teardown(state);
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_word_count, rig_setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
