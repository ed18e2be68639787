/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_threads.c - a job on threads of its own, watched and fed by another.
 *
 * Three stages are three workers. They share the context, the cluster and one
 * database; the test's own thread writes rows, asks for the status and shows
 * the metrics all the while, as a daemon does. The thread sanitizer runs this.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "dstream/context.h"
#include "memory/memory.h"
#include "obs/metrics.h"

enum { PARTITIONS = 4, LINES = 2000, WORDS = 50, HANGS_S = 120 };

typedef struct fixture {
    ds_job *job;
    const ds_plan *plan;
    ds_broker *broker;
    metrics *metrics;
    ds_context *ctx;
    char dir[40];
} fixture;

/* Words are counted, then the counts are counted by the word's first letter:
 * two cuts. */
static int set_up(void **state)
{
    static fixture f;
    ds_stream *s;

    alarm(HANGS_S);
    f = (fixture){.job = ds_job_new(cmd_registry()), .metrics = metrics_new()};
    ds_job_set(f.job, "job", "threads");
    ds_job_set(f.job, "batch", "20ms");
    ds_job_source(f.job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "format", "text"));
    s = ds_job_stream(f.job, "counts", "lines");
    ds_stream_step(s, "flatMap", "string_to_table(value, ' ') AS word");
    ds_stream_step(s, "keyBy", "word");
    ds_stream_step(s, "updateStateByKey", "coalesce(state, 0) + count(*) AS n");
    s = ds_job_stream(f.job, "letters", "counts");
    ds_stream_step(s, "map", "substr(word, 1, 1) AS letter, word, n");
    ds_stream_step(s, "keyBy", "letter");
    ds_stream_step(s, "updateStateByKey",
                   "greatest(coalesce(state, 0), max(n)) AS n");
    ds_job_sink(f.job, "out", "counts", "kafka", DS_OPTS("topic", "counts"));
    ds_job_sink(f.job, "most", "letters", "kafka", DS_OPTS("topic", "letters"));
    f.plan = ds_job_plan(f.job);
    assert_non_null(f.plan);
    f.broker = memory_new(&ds_clock_wall);
    memory_topic(f.broker, "lines", PARTITIONS);
    memory_topic(f.broker, "counts", 1);
    memory_topic(f.broker, "letters", 1);
    snprintf(f.dir, sizeof(f.dir), "/tmp/test-threads-XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    char remove[80];

    alarm(0);
    f->broker->type->close(f->broker);
    ds_job_free(f->job);
    metrics_free(f->metrics);
    snprintf(remove, sizeof(remove), "rm -rf %s", f->dir);
    return system(remove);
}

static void start(fixture *f, const char *store, bool until_end)
{
    ds_run_options o = {.broker = f->broker->type,
                        .store = ds_registry_store(cmd_registry(), store),
                        .opened = f->broker,
                        .state_dir = f->dir,
                        .instance = "a",
                        .clock = &ds_clock_wall,
                        .metrics = f->metrics,
                        .until_end = until_end,
                        .workers = 1};
    ds_err err;

    if (ds_context_open(f->plan, &o, &f->ctx, &err) ||
        ds_context_start(f->ctx, &err))
        fail_msg("%s", err.msg);
}

static void end(fixture *f)
{
    ds_err err;

    if (ds_context_wait(f->ctx, &err))
        fail_msg("%s", err.msg);
    ds_context_close(f->ctx);
}

/* What a daemon's other threads do. */
static void look(fixture *f)
{
    ds_job_status status;
    ds_arena *a = ds_arena_new(0);

    ds_context_status(f->ctx, &status);
    assert_string_not_equal(status.state, "failed");
    assert_true(metrics_render(f->metrics, a).len > 0);
    ds_arena_free(a);
}

static void feed(fixture *f, int from, int to)
{
    for (int i = from; i < to; i++) {
        char line[40];
        memory_record rec = {.ts = DS_TIME_NONE};

        snprintf(line, sizeof(line), "w%d all", i % WORDS);
        rec.val = ds_slice_of(line);
        memory_put(f->broker, "lines", i % PARTITIONS, &rec);
        if (i % 50 == 0) {
            look(f);
            usleep(1000);
        }
    }
}

/* The last count in the topic under that name; it never gets smaller. */
static long last_of(fixture *f, const char *topic, const char *name)
{
    char want[64];
    memory_record rec;
    long n = 0;
    int len = snprintf(want, sizeof(want), "\"%s\",\"n\":", name);

    for (int64_t at = 0; memory_get(f->broker, topic, 0, at, &rec);
         at = rec.off + 1) {
        char text[200];
        const char *is;
        long next;

        snprintf(text, sizeof(text), "%.*s", (int)rec.val.len, rec.val.ptr);
        is = strstr(text, want);
        if (!is)
            continue;
        next = strtol(is + len, NULL, 10);
        assert_true(next >= n);
        n = next;
    }
    return n;
}

static void expect(fixture *f, int lines)
{
    assert_int_equal(last_of(f, "counts", "all"), lines);
    assert_int_equal(last_of(f, "letters", "a"), lines);
    for (int w = 0; w < WORDS; w++) {
        char word[20];

        snprintf(word, sizeof(word), "w%d", w);
        assert_int_equal(last_of(f, "counts", word), lines / WORDS);
    }
    assert_int_equal(last_of(f, "letters", "w"), lines / WORDS);
}

/* Stopped in the middle and started again, on the state that it left. */
static void runs(fixture *f, const char *store)
{
    start(f, store, false);
    feed(f, 0, LINES / 2);
    ds_context_stop(f->ctx, 1);
    end(f);
    start(f, store, false);
    feed(f, LINES / 2, LINES);
    ds_context_stop(f->ctx, 2);
    end(f);
    start(f, store, true);
    look(f);
    end(f);
    expect(f, LINES);
}

static void test_memory(void **state)
{
    runs(*state, "memory");
}

static void test_rocksdb(void **state)
{
    runs(*state, "rocksdb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rocksdb, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
