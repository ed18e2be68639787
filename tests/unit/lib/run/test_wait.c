/* SPDX-License-Identifier: Apache-2.0 */
/* test_wait.c - a job that ends by itself, on a cluster that does not answer
 * each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "dstream/context.h"
#include "memory/memory.h"

enum { PARTITIONS = 3, LINES = 30, HANGS_S = 60 };

#define BETWEEN "words.counts.repartition"

/* The memory cluster, with faults. */
static struct {
    ds_broker_type broker;
    ds_source_type source;
    pthread_t main;
    bool armed;
    int fails_first;  /* times that main is not told where the source ends */
    int fails;        /* times that main is not told where BETWEEN ends */
    _Atomic int told; /* ends of it that were told since */
    bool reads;       /* the member that reads it has partitions */
} faulty;

static ds_rc faulty_watermarks(ds_broker *b, const char *topic,
                               int32_t partition, int64_t *low, int64_t *high,
                               ds_err *err)
{
    if (faulty.armed && pthread_equal(pthread_self(), faulty.main)) {
        bool between = !strcmp(topic, BETWEEN);
        int *fails = between ? &faulty.fails : &faulty.fails_first;

        if (*fails > 0) {
            --*fails;
            return ds_fail(err, DS_E_TIMEOUT, "made to fail");
        }
        faulty.told += between;
    }
    return ds_broker_memory.watermarks(b, topic, partition, low, high, err);
}

/* It gets no rows until it is known where they end. */
static ds_rc faulty_poll(ds_source *s, ds_arena *a, uint32_t max_rows,
                         int timeout_ms, ds_fetch *out, ds_err *err)
{
    if (faulty.reads && faulty.told < PARTITIONS) {
        ds_clock_wall.sleep(&ds_clock_wall, timeout_ms * DS_MS);
        return DS_END;
    }
    return ds_broker_memory.source->poll(s, a, max_rows, timeout_ms, out, err);
}

static ds_rc faulty_assign(ds_source *s, const ds_position *pos, uint32_t n,
                           ds_err *err)
{
    faulty.reads = n > 0;
    return ds_broker_memory.source->assign(s, pos, n, err);
}

static ds_rc faulty_source_open(ds_broker *b, const ds_source_spec *spec,
                                ds_source **out, ds_err *err)
{
    ds_rc rc = ds_broker_memory.source_open(b, spec, out, err);

    if (!strcmp(spec->topics[0], BETWEEN))
        (*out)->type = &faulty.source;
    return rc;
}

static void faulty_init(ds_broker *b)
{
    memset(&faulty, 0, sizeof(faulty));
    faulty.main = pthread_self();
    faulty.broker = ds_broker_memory;
    faulty.source = *ds_broker_memory.source;
    faulty.broker.source_open = faulty_source_open;
    faulty.broker.watermarks = faulty_watermarks;
    faulty.source.poll = faulty_poll;
    faulty.source.assign = faulty_assign;
    b->type = &faulty.broker;
}

static ds_job *job_new(void)
{
    ds_job *job = ds_job_new(cmd_registry());
    ds_stream *s;

    ds_job_set(job, "job", "words");
    ds_job_set(job, "batch", "20ms");
    ds_job_source(job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "format", "text"));
    s = ds_job_stream(job, "counts", "lines");
    ds_stream_step(s, "map", "value AS word");
    ds_stream_step(s, "keyBy", "word");
    ds_stream_step(s, "updateStateByKey", "coalesce(state, 0) + count(*) AS n");
    ds_job_sink(job, "out", "counts", "kafka", DS_OPTS("topic", "counts"));
    return job;
}

static int rows_of(ds_broker *b, const char *topic)
{
    memory_record rec;
    int n = 0;

    for (int64_t at = 0; memory_get(b, topic, 0, at, &rec); at = rec.off + 1)
        n++;
    return n;
}

/* --until-end: that a cluster does not tell for a moment where a stage ends
 * does not mean that there is nothing to wait for. */
static void test_end_not_told(void **state)
{
    ds_job *job = job_new();
    ds_broker *b = memory_new(&ds_clock_wall);
    const ds_plan *plan = ds_job_plan(job);
    ds_run_options o = {.broker = &faulty.broker,
                        .store = ds_registry_store(cmd_registry(), "memory"),
                        .opened = b,
                        .instance = "a",
                        .clock = &ds_clock_wall,
                        .until_end = true,
                        .workers = 1};
    ds_context *ctx = NULL;
    ds_err err;

    (void)state;
    alarm(HANGS_S);
    faulty_init(b);
    assert_non_null(plan);
    memory_topic(b, "lines", PARTITIONS);
    memory_topic(b, "counts", 1);
    for (int i = 0; i < LINES; i++) {
        char line[20];
        memory_record rec = {.ts = DS_TIME_NONE};

        snprintf(line, sizeof(line), "w%d", i);
        rec.val = ds_slice_of(line);
        memory_put(b, "lines", i % PARTITIONS, &rec);
    }
    if (ds_context_open(plan, &o, &ctx, &err))
        fail_msg("%s", err.msg);
    faulty.fails = faulty.fails_first = 2;
    faulty.armed = true;
    if (ds_context_start(ctx, &err) || ds_context_wait(ctx, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(faulty.fails, 0);
    assert_int_equal(faulty.fails_first, 0);
    assert_int_equal(rows_of(b, "counts"), LINES);
    ds_context_close(ctx);
    b->type->close(b);
    ds_job_free(job);
    alarm(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_end_not_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
