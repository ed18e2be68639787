/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_stats.c - what a job's metrics count, and that a scrape is well formed.
 *
 * A job of two stages, in steps, on a clock that stands still: every number is
 * known. Commits that fail and batches that run again change none of them but
 * the counters of what was aborted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "memory/memory.h"
#include "obs/families.h"
#include "run/run.h"

#define START (INT64_C(1700000000) * DS_SECOND)

typedef struct fixture {
    ds_job *job;
    const ds_plan *plan;
    ds_clock clock;
    ds_broker *broker;
    metrics *metrics;
    ds_context *ctx;
    char dir[40];
} fixture;

static int set_up(void **state)
{
    static fixture f;
    ds_stream *s;

    f = (fixture){.job = ds_job_new(cmd_registry()), .metrics = metrics_new()};
    families_register(f.metrics);
    ds_clock_virtual_init(&f.clock, START);
    ds_job_set(f.job, "job", "nums");
    ds_job_set(f.job, "errors.on_error", "skip");
    ds_job_source(f.job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "format", "text"));
    s = ds_job_stream(f.job, "big", "lines");
    ds_stream_step(s, "map", "value::bigint AS n");
    ds_stream_step(s, "filter", "n > 1");
    ds_stream_step(s, "keyBy", "n");
    ds_stream_step(s, "updateStateByKey", "coalesce(state, 0) + count(*) AS c");
    ds_job_sink(f.job, "out", "big", "kafka", DS_OPTS("topic", "counts"));
    f.plan = ds_job_plan(f.job);
    assert_non_null(f.plan);
    f.broker = memory_new(&f.clock);
    memory_topic(f.broker, "lines", 2);
    memory_topic(f.broker, "counts", 1);
    snprintf(f.dir, sizeof(f.dir), "/tmp/test-stats-XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    char remove[80];

    f->broker->type->close(f->broker);
    ds_job_free(f->job);
    metrics_free(f->metrics);
    snprintf(remove, sizeof(remove), "rm -rf %s", f->dir);
    return system(remove);
}

static void open_context(fixture *f)
{
    ds_run_options o = {.broker = f->broker->type,
                        .store = ds_registry_store(cmd_registry(), "rocksdb"),
                        .opened = f->broker,
                        .state_dir = f->dir,
                        .instance = "a",
                        .clock = &f->clock,
                        .metrics = f->metrics,
                        .workers = 1};
    ds_err err;

    if (ds_context_open(f->plan, &o, &f->ctx, &err))
        fail_msg("%s", err.msg);
}

static void put(fixture *f, const char *line)
{
    memory_record rec = {.ts = START - 3 * DS_SECOND, .val = ds_slice_of(line)};

    memory_put(f->broker, "lines", 0, &rec);
}

static void run(fixture *f)
{
    ds_err err = {DS_OK, ""};
    ds_rc rc;

    do
        rc = ds_context_step(f->ctx, NULL, &err);
    while (rc == DS_OK);
    if (rc < 0)
        fail_msg("%s", err.msg);
    for (uint32_t i = 0; i < f->ctx->n_workers; i++) {
        f->ctx->workers[i].ticked = 0;
        stats_tick(&f->ctx->workers[i]);
    }
}

static double value(fixture *f, family which, const char *const *labels)
{
    return metric_get(family_series(f->metrics, which, labels));
}
#define VALUE(f, which, ...)                                                   \
    value((f), FAMILY_##which, METRIC_VALUES("nums", __VA_ARGS__))
#define assert_value(n, f, which, ...)                                         \
    assert_true(VALUE(f, which, __VA_ARGS__) == (n))

static const char *scrape(fixture *f, ds_arena *a)
{
    ds_slice s = metrics_render(f->metrics, a);

    return ds_strn_copy(a, (const char *)s.ptr, s.len);
}

static void feed(fixture *f)
{
    static const char *const lines[] = {"1", "2", "3", "x", "2"};

    for (int i = 0; i < 5; i++)
        put(f, lines[i]);
}

/* What the five lines come to, however often a batch had to run. */
static void assert_counted(fixture *f)
{
    assert_value(5, f, SOURCE_RECORDS, "lines", "lines");
    assert_value(5, f, OPERATOR_RECORDS, "lines", "source", "in");
    assert_value(5, f, OPERATOR_RECORDS, "big", "map", "in");
    assert_value(4, f, OPERATOR_RECORDS, "big", "map", "out");
    assert_value(4, f, OPERATOR_RECORDS, "big", "filter", "in");
    assert_value(3, f, OPERATOR_RECORDS, "big", "filter", "out");
    assert_value(3, f, OPERATOR_RECORDS, "big", "partial", "in");
    assert_value(2, f, OPERATOR_RECORDS, "big", "updateStateByKey", "in");
    assert_value(2, f, OPERATOR_RECORDS, "big", "updateStateByKey", "out");
    assert_value(2, f, SINK_RECORDS, "out", "counts");
    assert_value(1, f, DISCARDED, "big", "map", "skip");
    assert_value(1, f, ERRORS, "big", "map", "E0702", "skip");
    assert_value(2, f, TRANSACTIONS, "committed");
    assert_value(2, f, BATCHES, "committed");
    assert_value(1, f, LATENCY, "out");
    assert_value(5 + 2, f, ROWS, "in");
    assert_value(2 + 2, f, ROWS, "made");
    assert_value(2, f, ROWS, "out");
    assert_value(2, f, ROWS, "crossed");
    assert_value(3 + 2, f, ROWS, "kept");
    assert_value(1, f, ROWS, "filtered");
    assert_value(0, f, ROWS, "late");
    assert_value(0, f, ROWS, "dlq");
    assert_value(1, f, ROWS, "skipped");
}

static void test_counts(void **state)
{
    fixture *f = *state;

    open_context(f);
    feed(f);
    run(f);
    assert_counted(f);
    assert_value(0, f, BATCHES, "aborted");
    assert_value(0, f, TRANSACTIONS, "aborted");
    ds_context_close(f->ctx);
}

static void test_aborts(void **state)
{
    fixture *f = *state;

    memory_fail_commits(f->broker, true);
    open_context(f);
    feed(f);
    run(f);
    assert_counted(f);
    assert_value(2, f, BATCHES, "aborted");
    assert_value(2, f, TRANSACTIONS, "aborted");
    ds_context_close(f->ctx);
}

/* A batch that is not in a transaction yet has none that could be aborted. */
static void test_abort_before_transaction(void **state)
{
    fixture *f = *state;
    worker *w;

    open_context(f);
    w = f->ctx->workers;
    stats_abort(w, DS_E_IO);
    assert_value(1, f, BATCHES, "aborted");
    assert_value(0, f, TRANSACTIONS, "aborted");
    atomic_store(&w->stats.txn_since, ds_mono_now());
    stats_abort(w, DS_E_FENCED);
    assert_value(1, f, TRANSACTIONS, "fenced");
    atomic_store(&w->stats.txn_since, 0);
    ds_context_close(f->ctx);
}

static void test_phases(void **state)
{
    static const char *const phases[] = {
        "fetch", "decode", "process", "state", "produce", "commit", "total"};
    fixture *f = *state;
    ds_arena *a = ds_arena_new(0);

    open_context(f);
    feed(f);
    run(f);
    for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++)
        assert_value(2, f, BATCH_DURATION, phases[i]);
    assert_value(2, f, REBALANCE_DURATION, NULL); /* one of each worker */
    ds_context_close(f->ctx);
    assert_null(strstr(scrape(f, a), "_sum{job=\"nums\",phase=\"process\"} -"));
    ds_arena_free(a);
}

/* The record is three seconds old; the clock stands still. */
static void test_latency(void **state)
{
    fixture *f = *state;
    worker *w;
    ds_arena *a = ds_arena_new(0);

    open_context(f);
    feed(f);
    run(f);
    /* The second stage reads rows that the first has just written. */
    assert_non_null(strstr(
        scrape(f, a),
        "end_to_end_latency_seconds_count{job=\"nums\",sink=\"out\"} 1\n"));
    w = &f->ctx->workers[f->ctx->n_workers - 1];
    w->epoch->late = 250 * DS_MS;
    stats_phases(w);
    assert_non_null(
        strstr(scrape(f, a),
               "batch_scheduling_delay_seconds_sum{job=\"nums\"} 0.25\n"));
    ds_context_close(f->ctx);
    ds_arena_free(a);
}

static void test_discard(void **state)
{
    fixture *f = *state;
    worker *w;
    ds_op *op;

    open_context(f);
    run(f);
    w = f->ctx->workers;
    epoch_begin(w->epoch);
    op = w->tasks[0].ops[0];
    op->host->discard(op, 3, "null_key");
    op->host->discard(op, 4, "null_key");
    op->host->discard(op, 1, "late");
    stats_error(w, op->node, "E0601", "dlq");
    assert_value(0, f, DISCARDED, "lines", "source", "null_key");
    stats_commit(w, 0);
    assert_value(7, f, DISCARDED, "lines", "source", "null_key");
    assert_value(1, f, DISCARDED, "lines", "source", "late");
    assert_value(0, f, DISCARDED, "lines", "source", "dlq");
    assert_value(1, f, ERRORS, "lines", "source", "E0601", "dlq");
    ds_context_close(f->ctx);
}

static void test_state(void **state)
{
    fixture *f = *state;
    const char *text;
    ds_arena *a = ds_arena_new(0);
    double gets, writes;
    const task_store *ts;
    worker *w;
    ds_err err;

    open_context(f);
    feed(f);
    run(f);
    assert_value(2, f, STATE_KEYS, "big");
    assert_true(VALUE(f, MEMORY_USED, "table") > 0);
    assert_true(VALUE(f, MEMORY_USED, "batch") > 0);
    gets = VALUE(f, STATE_OPERATIONS, "big", "get");
    writes = VALUE(f, STATE_OPERATIONS, "big", "write");
    assert_true(gets > 0);
    w = &f->ctx->workers[f->ctx->n_workers - 1];
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        ts = &w->tasks[i].stores[0];
        assert_int_equal(ts->store->type->tick(ts->store, INT64_MAX, &err),
                         DS_OK);
    }
    run(f);
    assert_value(gets, f, STATE_OPERATIONS, "big", "get");
    assert_value(writes + w->n_tasks, f, STATE_OPERATIONS, "big", "write");
    assert_true(VALUE(f, ROCKSDB_MEMTABLE, NULL) > 0);
    assert_value(VALUE(f, ROCKSDB_MEMTABLE, NULL), f, MEMORY_USED, "memtable");
    text = scrape(f, a);
    assert_non_null(strstr(text, "dstream_rocksdb_block_cache_bytes{"));
    assert_non_null(strstr(text, "dstream_rocksdb_pending_compaction_bytes{"));
    assert_non_null(strstr(text, "dstream_rocksdb_write_stall_seconds_total{"));
    assert_non_null(strstr(text, "dstream_restore_ratio{"));
    assert_non_null(strstr(text, "dstream_consumer_lag_records{"));
    ds_context_close(f->ctx);
    /* What is not there any more is not told. */
    assert_value(0, f, MEMORY_USED, "table");
    assert_value(0, f, ASSIGNED, NULL);
    text = scrape(f, a);
    assert_null(strstr(text, "dstream_restore_ratio{"));
    assert_null(strstr(text, "dstream_consumer_lag_records{"));
    ds_arena_free(a);
}

/* ---- why a job is not ready ---- */

static void test_status(void **state)
{
    fixture *f = *state;
    ds_job_status st;
    worker_stats *s;

    open_context(f);
    run(f);
    s = &f->ctx->workers[1].stats;
    ds_context_status(f->ctx, &st);
    assert_true(st.txn_open == 0);
    atomic_store(&s->state, "stalled");
    atomic_store(&s->why, "waiting for the transaction coordinator");
    atomic_store(&s->txn_since, ds_mono_now() - 5 * DS_SECOND);
    ds_context_status(f->ctx, &st);
    assert_string_equal(st.state, "stalled");
    assert_string_equal(st.note, "waiting for the transaction coordinator");
    assert_true(st.txn_open >= 5 * DS_SECOND && st.txn_open < 60 * DS_SECOND);
    atomic_store(&f->ctx->workers[0].stats.state, "restoring");
    ds_context_status(f->ctx, &st);
    assert_string_equal(st.state, "stalled");
    ds_context_close(f->ctx);
}

/* ---- the text ---- */

typedef struct scraped {
    char family[128], type[16];
    int samples;
    char seen[600][200]; /* series */
    int n_seen;
    char open[200]; /* a histogram's labels without le */
    double last;    /* of its buckets */
} scraped;

static const char *name_skip(const char *p)
{
    assert_true(isalpha((unsigned char)*p) || *p == '_');
    while (isalnum((unsigned char)*p) || *p == '_')
        p++;
    return p;
}

/* `{a="b",…}`; `le` is copied out, the others to `rest`. */
static const char *labels_skip(const char *p, char *le, char *rest)
{
    *le = *rest = 0;
    if (*p != '{')
        return p;
    do {
        const char *name = ++p, *v;
        bool is_le;

        p = name_skip(p);
        is_le = p - name == 2 && !strncmp(name, "le", 2);
        assert_true(p[0] == '=' && p[1] == '"');
        for (v = p += 2; *p != '"'; p++) {
            assert_true((unsigned char)*p >= ' ');
            if (*p == '\\')
                assert_non_null(strchr("\\\"n", *++p));
        }
        p++;
        if (is_le)
            sprintf(le, "%.*s", (int)(p - 1 - v), v);
        else
            sprintf(rest + strlen(rest), "%.*s,", (int)(p - name), name);
    } while (*p == ',');
    assert_int_equal(*p, '}');
    return p + 1;
}

static void sample_check(scraped *s, const char *line, size_t len)
{
    const char *p = name_skip(line);
    size_t n = (size_t)(p - line), base = strlen(s->family);
    char le[40], rest[200], *end;
    bool histogram = !strcmp(s->type, "histogram");
    double v;

    assert_true(n >= base && !strncmp(line, s->family, base));
    assert_true(histogram ? n > base : n == base);
    p = labels_skip(p, le, rest);
    for (int i = 0; i < s->n_seen; i++)
        assert_false(!strncmp(s->seen[i], line, (size_t)(p - line)) &&
                     !s->seen[i][p - line]);
    assert_true(s->n_seen < 600);
    sprintf(s->seen[s->n_seen++], "%.*s", (int)(p - line), line);
    assert_int_equal(*p, ' ');
    v = strtod(p + 1, &end);
    assert_ptr_equal(end, line + len);
    assert_true(!strcmp(s->type, "gauge") || v >= 0);
    s->samples++;
    if (!histogram)
        return;
    if (!strncmp(line + base, "_bucket{", 8)) {
        assert_true(*le);
        assert_true(strcmp(rest, s->open) != 0 || v >= s->last);
        strcpy(s->open, rest);
        s->last = v;
    } else if (!strncmp(line + base, "_count", 6)) {
        assert_string_equal(rest, s->open);
        assert_true(v == s->last); /* that of +Inf */
        s->open[0] = 0;
    } else {
        assert_int_equal(strncmp(line + base, "_sum", 4), 0);
    }
}

static void line_check(scraped *s, const char *line, size_t len)
{
    char name[128];

    assert_true(len > 0);
    if (!strncmp(line, "# HELP ", 7)) {
        assert_int_equal(sscanf(line, "# HELP %127s", s->family), 1);
        assert_true(len > 8 + strlen(s->family)); /* it says something */
        s->type[0] = 0;
    } else if (!strncmp(line, "# TYPE ", 7)) {
        assert_int_equal(sscanf(line, "# TYPE %127s %15s", name, s->type), 2);
        assert_string_equal(name, s->family);
        if (!strcmp(s->type, "counter"))
            assert_string_equal(name + strlen(name) - 6, "_total");
    } else {
        assert_true(s->type[0]);
        sample_check(s, line, len);
    }
}

static void test_text(void **state)
{
    fixture *f = *state;
    static scraped s;
    ds_arena *a = ds_arena_new(0);
    const char *p, *end;

    s = (scraped){.samples = 0};
    memory_fail_commits(f->broker, true);
    open_context(f);
    feed(f);
    run(f);
    for (p = scrape(f, a); *p; p = end + 1) {
        end = strchr(p, '\n');
        assert_non_null(end);
        line_check(&s, p, (size_t)(end - p));
    }
    assert_true(s.samples > 200);
    ds_context_close(f->ctx);
    ds_arena_free(a);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_counts),
        TEST(test_aborts),
        TEST(test_abort_before_transaction),
        TEST(test_phases),
        TEST(test_latency),
        TEST(test_discard),
        TEST(test_state),
        TEST(test_status),
        TEST(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
