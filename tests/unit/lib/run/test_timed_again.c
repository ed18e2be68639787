/* SPDX-License-Identifier: Apache-2.0 */
/* test_timed_again.c - a stage that holds rows, after a transaction that was
 * lost: its rows come again, a few at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "dstream/context.h"
#include "memory/memory.h"

enum { PARTITIONS = 2, KEYS = 20, HANGS_S = 60 };

/* The memory cluster, with faults. */
static struct {
    ds_broker_type broker;
    ds_source_type source;
    ds_txn_type txn;
    int fails;        /* commits of the later stage that are refused */
    _Atomic bool few; /* it gets one row a poll */
} faulty;

static ds_rc faulty_poll(ds_source *s, ds_arena *a, uint32_t max_rows,
                         int timeout_ms, ds_fetch *out, ds_err *err)
{
    return ds_broker_memory.source->poll(s, a, faulty.few ? 1 : max_rows,
                                         timeout_ms, out, err);
}

static ds_rc faulty_commit(ds_txn *t, ds_err *err)
{
    if (faulty.fails == 0)
        return ds_broker_memory.txn->commit(t, err);
    faulty.fails--;
    faulty.few = true;
    return ds_fail(err, DS_E_TXN, "made to fail");
}

static ds_rc faulty_source_open(ds_broker *b, const ds_source_spec *spec,
                                ds_source **out, ds_err *err)
{
    ds_rc rc = ds_broker_memory.source_open(b, spec, out, err);

    if (strstr(spec->topics[0], "repartition"))
        (*out)->type = &faulty.source;
    return rc;
}

static ds_rc faulty_txn_open(ds_broker *b, const ds_txn_spec *spec,
                             ds_txn **out, ds_err *err)
{
    ds_rc rc = ds_broker_memory.txn_open(b, spec, out, err);

    if (!strstr(spec->id, ".main."))
        (*out)->type = &faulty.txn;
    return rc;
}

static void faulty_init(ds_broker *b)
{
    memset(&faulty, 0, sizeof(faulty));
    faulty.broker = ds_broker_memory;
    faulty.source = *ds_broker_memory.source;
    faulty.txn = *ds_broker_memory.txn;
    faulty.broker.source_open = faulty_source_open;
    faulty.broker.txn_open = faulty_txn_open;
    faulty.source.poll = faulty_poll;
    faulty.txn.commit = faulty_commit;
    b->type = &faulty.broker;
}

static ds_job *job_new(void)
{
    ds_job *job = ds_job_new(cmd_registry());
    ds_stream *s;

    ds_job_set(job, "job", "sums");
    ds_job_set(job, "batch", "500ms");
    ds_job_source(job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "format", "text"));
    s = ds_job_stream(job, "sums", "lines");
    ds_stream_step(s, "keyBy", "value AS k");
    ds_stream_step(s, "reduceByKey", "count(*) AS c");
    ds_job_sink(job, "out", "sums", "kafka", DS_OPTS("topic", "out"));
    return job;
}

static int rows_of(ds_broker *b, int *wrong)
{
    memory_record rec;
    int n = 0;

    *wrong = 0;
    for (int64_t at = 0; memory_get(b, "out", 0, at, &rec); at = rec.off + 1) {
        char text[100];

        snprintf(text, sizeof(text), "%.*s", (int)rec.val.len, rec.val.ptr);
        if (!strstr(text, "\"c\":2}")) {
            print_message("%s\n", text);
            ++*wrong;
        }
        n++;
    }
    return n;
}

/* The sources behind a topic have said that a batch is whole. That is no reason
 * to run it before its rows have been read again. */
static void test_rows_again(void **state)
{
    ds_job *job = job_new();
    ds_broker *b = memory_new(&ds_clock_wall);
    const ds_plan *plan = ds_job_plan(job);
    ds_run_options o = {.broker = &faulty.broker,
                        .store = ds_registry_store(cmd_registry(), "memory"),
                        .opened = b,
                        .instance = "a",
                        .clock = &ds_clock_wall,
                        .workers = 1};
    ds_context *ctx = NULL;
    ds_err err;
    int n = 0, wrong = 0;

    (void)state;
    alarm(HANGS_S);
    faulty_init(b);
    assert_non_null(plan);
    memory_topic(b, "lines", PARTITIONS);
    memory_topic(b, "out", 1);
    for (int i = 0; i < KEYS * PARTITIONS; i++) {
        char line[20];
        memory_record rec = {.ts = DS_TIME_NONE};

        snprintf(line, sizeof(line), "w%d", i / PARTITIONS);
        rec.val = ds_slice_of(line);
        memory_put(b, "lines", i % PARTITIONS, &rec);
    }
    faulty.fails = 1;
    if (ds_context_open(plan, &o, &ctx, &err) || ds_context_start(ctx, &err))
        fail_msg("%s", err.msg);
    for (int i = 0; i < 100 && (n = rows_of(b, &wrong)) < KEYS; i++)
        usleep(100000);
    usleep(1000000);
    n = rows_of(b, &wrong);
    ds_context_close(ctx);
    assert_int_equal(faulty.fails, 0);
    assert_int_equal(wrong, 0);
    assert_int_equal(n, KEYS);
    b->type->close(b);
    ds_job_free(job);
    alarm(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
