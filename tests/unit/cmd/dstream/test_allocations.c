/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_allocations.c - no allocation and no call of RocksDB per record.
 *
 * Links: all. Counted, not timed: a job runs over N lines and over 2 N lines;
 * what the second N lines cost beside is divided by N. This program's malloc
 * takes the library's place, so all allocations of all threads count.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <rocksdb/c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/cmd.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { LINES = 100000, WORDS = 1000 };

static atomic_long allocations, rocksdb_calls;

/* ---- what counts ---- */

/* A sanitizer's own malloc must stay. */
#if !SANITIZED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_realloc(old, size);
}
#endif

/* The function of that name in the library itself. */
static void *library(const char *name)
{
    void *fn = dlsym(RTLD_NEXT, name);
    atomic_fetch_add(&rocksdb_calls, 1);
    if (!fn)
        abort();
    return fn;
}

void rocksdb_write(rocksdb_t *db, const rocksdb_writeoptions_t *options,
                   rocksdb_writebatch_t *batch, char **err)
{
    void (*fn)(rocksdb_t *, const rocksdb_writeoptions_t *,
               rocksdb_writebatch_t *, char **);
    *(void **)&fn = library(__func__);
    fn(db, options, batch, err);
}

char *rocksdb_get_cf(rocksdb_t *db, const rocksdb_readoptions_t *options,
                     rocksdb_column_family_handle_t *cf, const char *key,
                     size_t len, size_t *val_len, char **err)
{
    char *(*fn)(rocksdb_t *, const rocksdb_readoptions_t *,
                rocksdb_column_family_handle_t *, const char *, size_t,
                size_t *, char **);
    *(void **)&fn = library(__func__);
    return fn(db, options, cf, key, len, val_len, err);
}

void rocksdb_batched_multi_get_cf(rocksdb_t *db,
                                  const rocksdb_readoptions_t *options,
                                  rocksdb_column_family_handle_t *cf, size_t n,
                                  const char *const *keys, const size_t *lens,
                                  rocksdb_pinnableslice_t **vals, char **errs,
                                  const bool sorted)
{
    void (*fn)(rocksdb_t *, const rocksdb_readoptions_t *,
               rocksdb_column_family_handle_t *, size_t, const char *const *,
               const size_t *, rocksdb_pinnableslice_t **, char **, bool);
    *(void **)&fn = library(__func__);
    fn(db, options, cf, n, keys, lens, vals, errs, sorted);
}

/* ---- runs ---- */

typedef struct counts {
    long allocations, rocksdb;
} counts;

static char folder[64];

static const char *in_folder(const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    FILE *f = fopen(in_folder(name, path), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void write_lines(const char *name, int n)
{
    char path[128];
    FILE *f = fopen(in_folder(name, path), "w");
    assert_non_null(f);
    for (int i = 0; i < n; i++)
        fprintf(f, "word%d and word%d\n", i % WORDS, (i * 7) % WORDS);
    fclose(f);
}

/* In a process of its own: counters and options begin anew. */
static void run_child(const char *job, const char *lines, bool state, int to)
{
    char path[128], in[160], base[128];
    char *argv[] = {"dstream run", (char *)job, "--in",    in,   "--out",
                    "-",           "-q",        "--state", base, NULL};
    int argc = state ? 9 : 7;
    counts c;
    snprintf(in, sizeof(in), "lines=%s", in_folder(lines, path));
    snprintf(base, sizeof(base), "%s/state-%s", folder, lines);
    argv[argc] = NULL;
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    int rc = verb_run(argc, argv);
    c.allocations = atomic_load(&allocations);
    c.rocksdb = atomic_load(&rocksdb_calls);
    if (write(to, &c, sizeof(c)) != sizeof(c))
        rc = 1;
    _exit(rc);
}

static counts run(const char *job, const char *lines, bool state)
{
    char path[128];
    int fds[2], status;
    counts c = {-1, -1};
    in_folder(job, path);
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        run_child(path, lines, state, fds[1]);
    close(fds[1]);
    assert_int_equal(read(fds[0], &c, sizeof(c)), sizeof(c));
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    return c;
}

static void check(const char *job, bool state)
{
    if (SANITIZED)
        skip();
    counts once = run(job, "lines", state), twice = run(job, "twice", state);
    double extra = (double)(twice.allocations - once.allocations) / LINES;
    double calls = (double)(twice.rocksdb - once.rocksdb) / LINES;
    print_message("per line: %.4f allocations, %.5f calls of RocksDB\n", extra,
                  calls);
    assert_true(once.allocations > 0);
    assert_true(extra < 0.01);
    assert_true(calls < 0.001);
    if (state)
        assert_true(once.rocksdb > 0);
}

static void test_pass(void **arg)
{
    (void)arg;
    check("pass.yaml", false);
}

static void test_count(void **arg)
{
    (void)arg;
    check("count.yaml", false);
}

static void test_count_rocksdb(void **arg)
{
    (void)arg;
    check("count.yaml", true);
}

static int setup(void **arg)
{
    (void)arg;
    strcpy(folder, "/tmp/dstream-test-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    write_lines("lines", LINES);
    write_lines("twice", 2 * LINES);
    write_file("pass.yaml",
               "dstream: 1\njob: pass\nbatch: 1s\n"
               "sources: {lines: {kafka: {topic: lines, format: text}}}\n"
               "streams: {kept: {from: lines, do: [{filter: value <> ''}]}}\n"
               "sinks: {out: {from: kept, kafka: {topic: o, format: text}}}\n");
    write_file("count.yaml",
               "dstream: 1\njob: count\nbatch: 1s\n"
               "sources: {lines: {kafka: {topic: lines, format: text}}}\n"
               "streams:\n  counts:\n    from: lines\n    do:\n"
               "      - flatMap: regexp_split_to_table(value, ' ') AS word\n"
               "      - keyBy: word\n"
               "      - updateStateByKey: coalesce(state, 0) + count(*) AS n\n"
               "sinks: {out: {from: counts, kafka: {topic: o}}}\n");
    return 0;
}

static int teardown(void **arg)
{
    char command[128];
    (void)arg;
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pass),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_count_rocksdb),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
