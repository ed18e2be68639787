/* SPDX-License-Identifier: Apache-2.0 */
/* test_tell.c - what a stage says of its batches: none has the watermark of a
 * later one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/cmd.h"
#include "dstream/context.h"
#include "memory/memory.h"
#include "run/progress.h"
#include "run/run.h"

#define S DS_SECOND
#define NONE DS_TIME_NONE

typedef struct fixture {
    ds_job *job;
    ds_clock clock;
    ds_broker *broker;
    ds_context *ctx;
} fixture;

/* Counts of a topic of one partition, in a stage of their own. */
static int open_job(void **state, const char *name, const char *value)
{
    static fixture f;
    ds_run_options opts;
    ds_err err;

    f = (fixture){.job = ds_job_new(cmd_registry())};
    ds_clock_virtual_init(&f.clock, 100 * S);
    ds_job_set(f.job, "job", "counts");
    ds_job_set(f.job, "batch.interval", "1s");
    ds_job_set(f.job, name, value);
    ds_job_source(f.job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "columns", "at timestamptz",
                          "event_time", "at", "watermark", "2s"));
    ds_stream_step(ds_job_stream(f.job, "counts", "lines"), "count", NULL);
    ds_job_sink(f.job, "out", "counts", "kafka", DS_OPTS("topic", "out"));
    f.broker = memory_new(&f.clock);
    memory_topic(f.broker, "lines", 1);
    memory_topic(f.broker, "out", 1);
    opts =
        (ds_run_options){.broker = f.broker->type,
                         .store = ds_registry_store(cmd_registry(), "memory"),
                         .opened = f.broker,
                         .instance = "a",
                         .clock = &f.clock,
                         .epoch_rows = 2,
                         .workers = 1};
    if (ds_context_open(ds_job_plan(f.job), &opts, &f.ctx, &err) ||
        worker_ready(&f.ctx->workers[0], &err))
        fail_msg("%s", err.msg);
    *state = &f;
    return 0;
}

static int set_up(void **state)
{
    return open_job(state, "batch.clock", "wall");
}

static int set_up_record(void **state)
{
    return open_job(state, "batch.clock", "record");
}

static int tear_down(void **state)
{
    fixture *f = *state;

    ds_context_close(f->ctx);
    f->broker->type->close(f->broker);
    ds_job_free(f->job);
    return 0;
}

static uint32_t said_by(worker *w, progress *said)
{
    uint32_t all = 0, n = 0;
    const ds_row *rows = ds_outbox_chunk(w->epoch->outbox, 0, &all);

    for (uint32_t i = 0; i < all; i++)
        if (ds_slice_eq(rows[i].key, PROGRESS_KEY))
            assert_true(
                progress_decode(rows[i].val, w->assignment, &said[n++]));
    return n;
}

/* The epoch of batch `t`, after whose rows the watermark is `mark`, as if it
 * had committed; what it says. */
static uint32_t epoch_at(worker *w, ds_time t, ds_time mark, bool due,
                         progress *said)
{
    epoch *e = w->epoch;
    uint32_t n;

    epoch_begin(e);
    batch_time(w, t);
    batch_missed(w);
    e->due = due;
    e->n_rows = 1;
    w->inputs[0].watermark = mark;
    batch_mark(w);
    batch_tell(w);
    n = said_by(w, said);
    batch_committed(w);
    epoch_go(e, EPOCH_ABORTING);
    epoch_go(e, EPOCH_IDLE);
    return n;
}

static void assert_said(const progress *p, uint32_t n_times, ds_time through,
                        ds_time watermark)
{
    assert_int_equal(p->n_times, n_times);
    assert_int_equal(p->n_sources, 1);
    assert_int_equal(p->sources[0].mark.through, through);
    assert_int_equal(p->sources[0].mark.watermark, watermark);
}

static void test_missed(void **state)
{
    worker *w = &((fixture *)*state)->ctx->workers[0];
    progress said[4];

    /* What is said first holds for no batch before, so that none is told. */
    assert_int_equal(epoch_at(w, 100 * S, 10 * S, true, said), 1);
    assert_said(&said[0], 1, 100 * S, 10 * S);
    assert_int_equal(epoch_at(w, 101 * S, 20 * S, true, said), 1);
    assert_said(&said[0], 1, 101 * S, 20 * S);
    assert_int_equal(epoch_at(w, 105 * S, 30 * S, true, said), 2);
    assert_said(&said[0], 3, 104 * S, 20 * S);
    assert_said(&said[1], 1, 105 * S, 30 * S);
    assert_int_equal(epoch_at(w, 108 * S, 30 * S, true, said), 1);
    assert_said(&said[0], 3, 108 * S, 30 * S);
}

/* A limit cut the batch early: the one before has nothing of it. */
static void test_open(void **state)
{
    worker *w = &((fixture *)*state)->ctx->workers[0];
    progress said[4];

    epoch_at(w, 100 * S, 10 * S, true, said);
    assert_int_equal(epoch_at(w, 103 * S, 20 * S, false, said), 2);
    assert_said(&said[0], 2, 102 * S, 10 * S);
    assert_said(&said[1], 0, NONE, NONE);
    assert_int_equal(epoch_at(w, 103 * S, 30 * S, false, said), 1);
    assert_said(&said[0], 0, NONE, NONE);
    assert_int_equal(epoch_at(w, 103 * S, 40 * S, true, said), 1);
    assert_said(&said[0], 1, 103 * S, 40 * S);
}

static void put(fixture *f, ds_time ts, const char *line)
{
    memory_record rec = {.ts = ts, .val = ds_slice_of(line)};

    memory_put(f->broker, "lines", 0, &rec);
}

/* By the records' timestamps, several batches in an epoch; a limit leaves rows
 * of a partition that has fallen silent to the next one. */
static void test_record(void **state)
{
    fixture *f = *state;
    worker *w = &f->ctx->workers[0];
    progress said[4];
    ds_err err;

    put(f, 1 * S, "{\"at\": \"1970-01-01T00:01:00Z\"}");
    put(f, 2 * S, "{\"at\": \"1970-01-01T00:01:01Z\"}");
    put(f, 3 * S, "{\"at\": \"1970-01-01T00:01:02Z\"}");
    epoch_begin(w->epoch);
    assert_int_equal(timed_collect(w, false, &err), DS_OK);
    f->clock.virtual_now += 60 * S;
    for (int n = 0; n < 2; n++) {
        bool last = n == 1;

        assert_int_equal(timed_collect(w, false, &err), DS_OK);
        assert_int_equal(timed_run(w, &err), DS_OK);
        timed_mark(w);
        batch_tell(w);
        assert_int_equal(said_by(w, said), last ? 1 : 2);
        assert_said(&said[0], 1, (last ? 4 : 2) * S, (last ? 60 : 58) * S);
        assert_int_equal(said[0].sources[0].mark.flags,
                         last ? FRONTIER_IDLE | FRONTIER_QUIET : 0);
        if (!last) {
            assert_said(&said[1], 1, 3 * S, 59 * S);
            assert_int_equal(said[1].sources[0].mark.flags, 0);
        }
        batch_committed(w);
        epoch_go(w->epoch, EPOCH_ABORTING);
        epoch_go(w->epoch, EPOCH_IDLE);
        epoch_begin(w->epoch);
    }
}

/* A partition whose rows have not been read is not silent, however long that
 * takes. */
static void test_unread(void **state)
{
    fixture *f = *state;
    worker *w = &f->ctx->workers[0];
    input *in = &w->inputs[0];

    in->silent = f->clock.virtual_now;
    f->clock.virtual_now += 29 * S;
    assert_false(batch_is_silent(w, in));
    f->clock.virtual_now += 2 * S;
    assert_true(batch_is_silent(w, in));
    put(f, 1 * S, "{\"at\": \"1970-01-01T00:01:00Z\"}");
    assert_false(batch_is_silent(w, in));
    in->next = 1;
    assert_true(batch_is_silent(w, in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_missed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_record, set_up_record, tear_down),
        cmocka_unit_test_setup_teardown(test_unread, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
