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
#include "codec/codecs.h"
#include "record/numeric.h"

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

/* As events are: numbers, texts, a time, a nested value. */
static void write_events(const char *name, int n)
{
    char path[128];
    FILE *f = fopen(in_folder(name, path), "w");
    assert_non_null(f);
    for (int i = 0; i < n; i++)
        fprintf(f,
                "{\"id\": %d, \"price\": %d.%02d, \"rate\": %d.5, "
                "\"url\": \"https://example.org/shop/%d/item?a=%d\", "
                "\"at\": \"2024-05-%02dT%02d:08:09.%06dZ\", \"tags\": "
                "[\"a\", \"b%d\"], \"doc\": {\"user\": {\"id\": %d}, "
                "\"kind\": \"k%d\", \"amount\": 1%d.25}, \"note\": "
                "\"a \\\"quoted\\\" word%d\"}\n",
                i % WORDS, i, i % 100, i % 7 + 1, i, i % 13, i % 28 + 1, i % 24,
                i % 1000000, i % 5, i, i % 3, i % 1000, i);
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

static const char *job_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* In a process of its own: counters and options begin anew. */
static void run_child(const char *job, const char *input, bool state, int to)
{
    char path[128], in[160], base[128];
    char *argv[] = {"dstream run", (char *)job, "--in",    in,   "--out",
                    "-",           "-q",        "--state", base, NULL};
    int argc = state ? 9 : 7;
    counts c;
    snprintf(in, sizeof(in), "in=%s", in_folder(input, path));
    snprintf(base, sizeof(base), "%s/state-%s-%s", folder, job_name(job),
             input);
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

static counts run(const char *job, const char *input, bool state)
{
    char path[128];
    int fds[2], status;
    counts c = {-1, -1};
    in_folder(job, path);
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        run_child(path, input, state, fds[1]);
    close(fds[1]);
    assert_int_equal(read(fds[0], &c, sizeof(c)), sizeof(c));
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    return c;
}

/* Input "X" has LINES records, "X2" twice as many. */
static void check_most(const char *job, const char *input, bool state,
                       double most)
{
    char more[32];
    if (SANITIZED)
        skip();
    snprintf(more, sizeof(more), "%s2", input);
    counts once = run(job, input, state), twice = run(job, more, state);
    double extra = (double)(twice.allocations - once.allocations) / LINES;
    double calls = (double)(twice.rocksdb - once.rocksdb) / LINES;
    print_message("per record: %.4f allocations, %.5f calls of RocksDB\n",
                  extra, calls);
    assert_true(once.allocations > 0);
    assert_true(extra < most);
    assert_true(calls < 0.001);
    if (state)
        assert_true(once.rocksdb > 0);
}

static void check(const char *job, const char *input, bool state)
{
    check_most(job, input, state, 0.01);
}

static void test_pass(void **arg)
{
    (void)arg;
    check("pass.yaml", "lines", false);
}

static void test_count(void **arg)
{
    (void)arg;
    check("count.yaml", "lines", false);
}

static void test_count_rocksdb(void **arg)
{
    (void)arg;
    check("count.yaml", "lines", true);
}

static void test_expressions(void **arg)
{
    (void)arg;
    check("expressions.yaml", "events", false);
}

/* Each takes a few for a thousand rows. */
static void test_patterns(void **arg)
{
    (void)arg;
    check_most("patterns.yaml", "events", false, 0.03);
}

static void test_numeric_keys(void **arg)
{
    (void)arg;
    check("keys.yaml", "events", true);
}

/* ---- formats ---- */

enum { ROWS = 4096, ROUNDS = 10 };

static const ds_field fields[] = {
    {"id", DS_I64, 0, true},    {"price", DS_NUM, ((12 << 16) | 2) + 5, true},
    {"note", DS_STR, 0, false}, {"at", DS_TS, 0, true},
    {"ok", DS_BOOL, 0, false},  {"x", DS_F64, 0, true},
};
static const ds_schema rows_of = {6, fields};

static const char avro_schema[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
    "{\"name\":\"id\",\"type\":\"long\"},"
    "{\"name\":\"price\",\"type\":{\"type\":\"bytes\",\"logicalType\":"
    "\"decimal\",\"precision\":12,\"scale\":2}},"
    "{\"name\":\"note\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":"
    "\"timestamp-micros\"}},"
    "{\"name\":\"ok\",\"type\":[\"null\",\"boolean\"]},"
    "{\"name\":\"x\",\"type\":\"double\"}]}";

static ds_codec *codec_opened(const ds_codec_type *type, bool read, ds_arena *a)
{
    char path[128];
    ds_codec_use use = {.said = true, .decode = read, .arena = a};
    ds_codec_spec spec = {.columns = &rows_of};
    ds_codec *codec = NULL;
    ds_err err = {DS_OK, ""};
    if (type->plan) {
        use.schema.file = ds_text_of(in_folder("r.avsc", path));
        use.columns = read ? &rows_of : NULL;
        if (type->plan(&use, &spec.options, &spec.columns, &err) < 0 ||
            (!read && type->fits(spec.options, &rows_of, &err) < 0) ||
            type->start(spec.options, &rows_of, &err) < 0)
            fail_msg("%s", err.msg);
        spec.columns = &rows_of;
    }
    if (type->open(&spec, &codec, &err) < 0)
        fail_msg("%s", err.msg);
    return codec;
}

static void fill(ds_col *cols, ds_arena *a)
{
    int64_t *id = ds_new(a, int64_t, ROWS), *at = ds_new(a, int64_t, ROWS);
    ds_numeric *price = ds_new(a, ds_numeric, ROWS);
    ds_slice *note = ds_new(a, ds_slice, ROWS);
    uint8_t *ok = ds_new(a, uint8_t, ROWS);
    double *x = ds_new(a, double, ROWS);
    for (int i = 0; i < ROWS; i++) {
        id[i] = i;
        at[i] = 1700000000000000 + i;
        price[i] = numeric_of(i * 7, 2);
        note[i] = ds_slice_of(i % 2 ? "a \"note\"" : "none");
        ok[i] = i % 3 == 0;
        x[i] = i / 7.0;
    }
    cols[0].v.i64 = id;
    cols[1].v.num = price;
    cols[2].v.str = note;
    cols[3].v.i64 = at;
    cols[4].v.b = ok;
    cols[5].v.f64 = x;
}

/* Written and read again. */
static void there_and_back(const ds_codec_type *type, ds_codec *to,
                           ds_codec *in, const ds_col *cols, ds_arena *epoch)
{
    ds_row_errors errs = {0};
    ds_batch b = {&rows_of, cols, ROWS, ROWS, NULL, NULL, NULL, epoch};
    ds_slice *out = ds_new(epoch, ds_slice, ROWS);
    ds_col *back = ds_new(epoch, ds_col, rows_of.n);
    ds_err err = {DS_OK, ""};
    if (type->encode(to, &b, epoch, out, &errs, &err) < 0 ||
        type->decode(in, out, ROWS, epoch, back, &errs, &err) < 0)
        fail_msg("%s", err.msg);
    if (errs.n)
        fail_msg("%s", errs.list[0].msg);
    assert_int_equal(back[0].v.i64[ROWS - 1], ROWS - 1);
    ds_arena_reset(epoch);
}

static void check_format(const ds_codec_type *type)
{
    ds_arena *a = ds_arena_new(1 << 20), *epoch = ds_arena_new(1 << 24);
    ds_codec *in = codec_opened(type, true, a);
    ds_codec *to = codec_opened(type, false, a);
    ds_col cols[6] = {{0}};
    fill(cols, a);
    there_and_back(type, to, in, cols, epoch); /* grows what it needs */
    long before = atomic_load(&allocations);
    for (int round = 0; round < ROUNDS; round++)
        there_and_back(type, to, in, cols, epoch);
    double each =
        (double)(atomic_load(&allocations) - before) / (ROUNDS * ROWS);
    print_message("%s: %.4f allocations per record\n", type->name, each);
    assert_true(each < 0.001);
    type->close(in);
    type->close(to);
    ds_arena_free(epoch);
    ds_arena_free(a);
}

static void test_formats(void **arg)
{
    (void)arg;
    if (SANITIZED)
        skip();
    check_format(&codec_json);
    check_format(&codec_csv);
    check_format(&codec_avro);
}

/* ---- jobs ---- */

static const char columns[] =
    "sources:\n  in:\n    kafka:\n      topic: in\n      format: json\n"
    "      columns: {id: bigint not null, price: 'numeric(12,2)', "
    "rate: numeric, url: text, at: timestamptz, 'tags': 'text[]', doc: jsonb, "
    "note: text}\n";

static const char pass_job[] =
    "dstream: 1\njob: pass\nbatch: 1s\n"
    "sources: {in: {kafka: {topic: lines, format: text}}}\n"
    "streams: {kept: {from: in, do: [{filter: value <> ''}]}}\n"
    "sinks: {out: {from: kept, kafka: {topic: o, format: text}}}\n";

static const char count_job[] =
    "dstream: 1\njob: count\nbatch: 1s\n"
    "sources: {in: {kafka: {topic: lines, format: text}}}\n"
    "streams:\n  counts:\n    from: in\n    do:\n"
    "      - flatMap: regexp_split_to_table(value, ' ') AS word\n"
    "      - keyBy: word\n"
    "      - updateStateByKey: coalesce(state, 0) + count(*) AS n\n"
    "sinks: {out: {from: counts, kafka: {topic: o}}}\n";

/* Something of each family of functions. */
static const char *const expressions[] = {
    "id",
    "price * rate",
    "round(price / rate, 2)",
    "price::text",
    "upper(note) || '-' || lpad(id::text, 8, '0')",
    "split_part(url, '/', 3)",
    "substring(url FROM 9 FOR 20)",
    "replace(url, 'shop', 'store')",
    "regexp_replace(url, '\\d+', 'N', 'g')",
    "array_to_string(string_to_array(url, '/'), '+')",
    "url LIKE '%item%' OR note ILIKE 'a_quoted%'",
    "md5(note) || encode(sha256(url::bytea), 'hex')",
    "concat_ws(',', note, id, price)",
    "doc->>'kind'",
    "doc->'user'->>'id'",
    "(doc->>'amount')::numeric + 1",
    "jsonb_build_object('id', id, 'kind', doc->'kind')",
    "tags[2]",
    "array_append(tags, note)",
    "date_trunc('hour', at)",
    "extract(epoch FROM at)",
    "to_char(at, 'YYYY-MM-DD HH24:MI')",
    "at + interval '1 day'",
    "at AT TIME ZONE 'Europe/Berlin'",
    "('2024-05-06 07:08:0' || id % 10 || '+00')::timestamptz",
    "CASE WHEN id > 10 THEN 'many' ELSE coalesce(note, 'none') END",
    NULL,
};

static const char *const patterns[] = {
    "regexp_replace(note, '(\\w+)(\\d)', '\\2\\1')",
    "substring(url, 'shop/(\\d+)')",
    "regexp_split_to_array(url, '[/?]')",
    "regexp_match(url, '([a-z]+)=(\\d+)')",
    "url ~ '^https://[a-z.]+/'",
    "url SIMILAR TO 'https%item%'",
    NULL,
};

static void write_map(const char *name, const char *const *items)
{
    char text[4096];
    size_t len = (size_t)snprintf(
        text, sizeof(text),
        "dstream: 1\njob: e\nbatch: 1s\n%s"
        "streams:\n  made:\n    from: in\n    do:\n"
        "      - filter: price > 0.50 AND note IS NOT NULL\n      - map:\n",
        columns);
    for (size_t i = 0; items[i]; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "          c%zu: >-\n            %s\n", i,
                                items[i]);
    snprintf(text + len, sizeof(text) - len,
             "sinks: {out: {from: made, kafka: {topic: o, format: json}}}\n");
    write_file(name, text);
}

static void write_keys(void)
{
    char text[2048];
    snprintf(text, sizeof(text),
             "dstream: 1\njob: k\nbatch: 1s\n%s"
             "streams:\n  sums:\n    from: in\n    do:\n"
             "      - map: 'id * 1.50 AS key, price, rate'\n"
             "      - keyBy: key\n"
             "      - updateStateByKey: 'coalesce(state.total, 0) + sum(price) "
             "AS total, max(rate) AS highest'\n"
             "sinks: {out: {from: sums, kafka: {topic: o, format: json}}}\n",
             columns);
    write_file("keys.yaml", text);
}

static int setup(void **arg)
{
    (void)arg;
    strcpy(folder, "/tmp/dstream-test-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    write_lines("lines", LINES);
    write_lines("lines2", 2 * LINES);
    write_events("events", LINES);
    write_events("events2", 2 * LINES);
    write_file("r.avsc", avro_schema);
    write_file("pass.yaml", pass_job);
    write_file("count.yaml", count_job);
    write_map("expressions.yaml", expressions);
    write_map("patterns.yaml", patterns);
    write_keys();
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
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_numeric_keys),
        cmocka_unit_test(test_formats),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
