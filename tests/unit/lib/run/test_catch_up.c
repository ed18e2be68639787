/* SPDX-License-Identifier: Apache-2.0 */
/* test_catch_up.c - missed batches that give results: some in each epoch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cmd/cmd.h"
#include "dstream/context.h"
#include "memory/memory.h"
#include "run/run.h"

#define S DS_SECOND

typedef struct fixture {
    ds_job *job;
    ds_clock clock;
    ds_broker *broker;
    ds_context *ctx;
} fixture;

/* A window over a topic that is keyed: main runs whole batches itself. */
static int set_up(void **state)
{
    static fixture f;
    ds_stream *s;
    ds_run_options opts;
    ds_err err;

    f = (fixture){.job = ds_job_new(cmd_registry())};
    ds_clock_virtual_init(&f.clock, 200 * S);
    ds_job_set(f.job, "job", "sums");
    ds_job_set(f.job, "batch", "1s");
    ds_job_source(f.job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "format", "json", "key", "id",
                          "columns", "id text, n bigint"));
    s = ds_job_stream(f.job, "sums", "lines");
    ds_stream_step_opts(s, "reduceByKeyAndWindow",
                        DS_OPTS("reduce", "sum(n) AS n", "length", "1m"));
    ds_job_sink(f.job, "out", "sums", "kafka", DS_OPTS("topic", "out"));
    f.broker = memory_new(&f.clock);
    memory_topic(f.broker, "lines", 2);
    memory_topic(f.broker, "out", 1);
    opts =
        (ds_run_options){.broker = f.broker->type,
                         .store = ds_registry_store(cmd_registry(), "memory"),
                         .opened = f.broker,
                         .instance = "a",
                         .clock = &f.clock,
                         .workers = 1};
    if (ds_context_open(ds_job_plan(f.job), &opts, &f.ctx, &err) ||
        worker_ready(&f.ctx->workers[0], &err))
        fail_msg("%s", err.msg);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;

    ds_context_close(f->ctx);
    f->broker->type->close(f->broker);
    ds_job_free(f->job);
    return 0;
}

/* The epoch of the cut `t`, as if it had committed: whether there is more. */
static bool epoch_at(worker *w, ds_time t, ds_time *first, ds_time *until)
{
    epoch *e = w->epoch;
    bool behind;

    epoch_begin(e);
    batch_time(w, t);
    batch_missed(w);
    e->due = true;
    *first = e->missed.from;
    *until = e->missed.until;
    behind = e->behind;
    batch_mark(w);
    batch_committed(w);
    epoch_go(e, EPOCH_ABORTING);
    epoch_go(e, EPOCH_IDLE);
    return behind;
}

static void test_catch_up(void **state)
{
    fixture *f = *state;
    worker *w = &f->ctx->workers[0];
    ds_time next = 101 * S, first, until;
    int epochs = 0;

    assert_int_equal(f->ctx->plan->n_stages, 1);
    assert_int_equal(w->n_tasks, 2);
    w->tasks[0].through = 100 * S;
    w->tasks[1].through = w->through = 115 * S; /* its owner went on longer */
    while (epoch_at(w, 200 * S, &first, &until)) {
        assert_int_equal(first, next);
        assert_true(until > first && until <= 160 * S);
        assert_true(w->through > 115 * S); /* none is run again */
        next = until + S;                  /* until is the epoch's own time */
        epochs++;
    }
    assert_int_equal(first, next);
    assert_int_equal(until, 160 * S); /* a window is a minute long */
    assert_in_range(epochs, 3, 6);
    assert_int_equal(w->through, 200 * S);
    assert_false(epoch_at(w, 201 * S, &first, &until));
    assert_int_equal(first, until);
}

/* A short gap: the clock goes on meanwhile, and nothing is left out. */
static void test_nothing_left_out(void **state)
{
    fixture *f = *state;
    worker *w = &f->ctx->workers[0];
    ds_time now = 200 * S, next = 176 * S, first, until;
    bool behind = true;

    w->tasks[0].through = w->tasks[1].through = w->through = 175 * S;
    for (int epochs = 0; behind; epochs++, now += 2 * S) {
        assert_in_range(epochs, 0, 5);
        behind = epoch_at(w, now, &first, &until);
        assert_int_equal(first, next);
        next = until + S;
    }
    assert_int_equal(w->through, now - 2 * S);
    assert_int_equal(until, w->through);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_catch_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_left_out, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
