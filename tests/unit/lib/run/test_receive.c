/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_receive.c - pumps between receivers and topics, and sinks that are no
 * topics, on threads and the memory cluster.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "dstream/context.h"
#include "dstream/job.h"
#include "memory/memory.h"

enum { ROWS = 3000, PATIENCE_MS = 20000 };

/* ---- a receiver that counts, and fails now and then ---- */

static struct {
    int next;      /* the number that it gives next */
    int fail_at;   /* poll fails once before it gives this one */
    int open_fail; /* opens that fail first */
    int opens, closes;
} given;

static const ds_receiver_type given_receiver;

static ds_rc given_open(const ds_receiver_use *use, void **out, ds_err *err)
{
    assert_ptr_equal(use->type, &given_receiver);
    assert_string_equal(use->source, "numbers");
    if (given.open_fail-- > 0)
        return ds_fail(err, DS_E_IO, "not yet");
    given.opens++;
    *out = &given;
    return DS_OK;
}

static void given_close(void *receiver)
{
    assert_ptr_equal(receiver, &given);
    given.closes++;
}

static ds_rc given_poll(void *receiver, ds_arena *a, int timeout_ms,
                        uint32_t max, ds_received *out, uint32_t *n,
                        ds_err *err)
{
    (void)receiver;
    *n = 0;
    if (given.next == given.fail_at) {
        given.fail_at = -1;
        return ds_fail(err, DS_E_IO, "it broke");
    }
    while (*n < max && *n < 100 && given.next < ROWS &&
           given.next != given.fail_at)
        out[(*n)++] = (ds_received){
            .val = ds_slice_of(ds_str_printf(a, "%d", given.next++)),
            .ts = DS_TIME_NONE};
    if (*n)
        return DS_OK;
    ds_clock_wall.sleep(&ds_clock_wall, timeout_ms * DS_MS);
    return DS_END;
}

static const ds_receiver_type given_receiver = {.name = "given",
                                                .help = "Numbers.",
                                                .format = "text",
                                                .open = given_open,
                                                .close = given_close,
                                                .poll = given_poll};

/* ---- a sink that remembers ---- */

static struct {
    pthread_mutex_t lock;
    int open, fail_commits;
    uint32_t pending, batches, empty;
    uint32_t n;
    int pend[2 * ROWS];
    int seen[ROWS]; /* times that a number was committed */
    ds_time last;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static ds_rc kept_open(const ds_sink_use *use, void **out, ds_err *err)
{
    (void)err;
    assert_string_equal(use->job, "received");
    assert_string_equal(use->name, "out");
    assert_string_equal(use->columns->fields[0].name, "n");
    kept.open++;
    *out = &kept;
    return DS_OK;
}

static void kept_close(void *sink)
{
    assert_ptr_equal(sink, &kept);
    kept.open--;
}

static ds_rc kept_write(void *sink, const ds_sink_use *use,
                        const ds_batch *rows, ds_err *err)
{
    (void)sink;
    (void)use;
    (void)err;
    DS_EACH (rows, i)
        kept.pend[kept.pending++] = (int)rows->cols[0].v.i64[i];
    return DS_OK;
}

static ds_rc kept_commit(void *sink, const ds_sink_use *use,
                         const ds_sink_batch *batch, ds_err *err)
{
    (void)sink;
    assert_int_equal(batch->partition, use->partition);
    assert_int_equal(batch->rows, kept.pending);
    assert_true(batch->time >= kept.last);
    if (kept.fail_commits > 0 && kept.pending > 0) {
        kept.fail_commits--;
        kept.pending = 0;
        return ds_fail(err, DS_E_IO, "full");
    }
    pthread_mutex_lock(&kept.lock);
    for (uint32_t i = 0; i < kept.pending; i++)
        kept.seen[kept.pend[i]]++;
    kept.n += kept.pending;
    kept.empty += kept.pending == 0;
    kept.batches++;
    pthread_mutex_unlock(&kept.lock);
    kept.pending = 0;
    kept.last = batch->time;
    return DS_OK;
}

static const ds_sink_type kept_sink = {.name = "kept",
                                       .help = "In memory.",
                                       .empty = true,
                                       .open = kept_open,
                                       .close = kept_close,
                                       .write = kept_write,
                                       .commit = kept_commit};

/* ---- the job ---- */

typedef struct fixture {
    ds_registry *reg;
    ds_job *job;
    ds_broker *broker;
    ds_context *ctx;
} fixture;

static void *wait_main(void *arg)
{
    fixture *f = arg;
    static ds_err err;

    return ds_context_wait(f->ctx, &err) == DS_OK ? NULL : &err;
}

static fixture begin(const ds_sink_type *sink)
{
    fixture f = {.reg = ds_registry_new()};
    const ds_plan *plan;
    ds_run_options o = {.workers = 1, .clock = &ds_clock_wall};
    ds_err err = {DS_OK, ""};
    ds_stream *s;

    ds_register_ops(f.reg);
    ds_register_codecs(f.reg);
    ds_register_stores(f.reg);
    ds_registry_add_receiver(f.reg, &given_receiver);
    ds_registry_add_sink(f.reg, sink);
    f.job = ds_job_new(f.reg);
    ds_job_set(f.job, "job", "received");
    ds_job_set(f.job, "batch", "20ms");
    ds_job_source(f.job, "numbers", "given", NULL);
    s = ds_job_stream(f.job, "parsed", "numbers");
    ds_stream_step(s, "map", "value::integer AS n");
    ds_job_sink(f.job, "out", "parsed", "kept", NULL);
    plan = ds_job_plan(f.job);
    assert_non_null(plan);
    f.broker = memory_new(&ds_clock_wall);
    o.broker = f.broker->type;
    o.opened = f.broker;
    o.store = ds_registry_store(f.reg, "memory");
    assert_int_equal(ds_context_open(plan, &o, &f.ctx, &err), DS_OK);
    assert_int_equal(ds_context_start(f.ctx, &err), DS_OK);
    return f;
}

static void end(fixture *f)
{
    ds_context_close(f->ctx);
    f->broker->type->close(f->broker);
    ds_job_free(f->job);
    ds_registry_free(f->reg);
    assert_int_equal(kept.open, 0);
    assert_int_equal(given.opens, given.closes);
}

static bool came(uint32_t n)
{
    for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
        uint32_t have;

        pthread_mutex_lock(&kept.lock);
        have = kept.n;
        pthread_mutex_unlock(&kept.lock);
        if (have >= n)
            return true;
        ds_clock_wall.sleep(&ds_clock_wall, 10 * DS_MS);
    }
    return false;
}

static int reset(void **state)
{
    (void)state;
    memset(&given, 0, sizeof(given));
    given.fail_at = -1;
    kept.n = kept.batches = kept.pending = kept.empty = 0;
    kept.fail_commits = 0;
    kept.last = 0;
    memset(kept.seen, 0, sizeof(kept.seen));
    return 0;
}

static void assert_once(void)
{
    for (int i = 0; i < ROWS; i++)
        if (kept.seen[i] != 1)
            fail_msg("number %d came %d times", i, kept.seen[i]);
}

/* The receiver fails at its opening and in the middle: every number comes, and
 * once. A sink whose commit fails gets the rows again. */
static void test_all_come(void **state)
{
    fixture f;

    (void)state;
    given.open_fail = 1;
    given.fail_at = ROWS / 2;
    kept.fail_commits = 2;
    f = begin(&kept_sink);
    assert_true(came(ROWS));
    end(&f);
    assert_int_equal(given.opens, 2);
    assert_int_equal(kept.fail_commits, 0);
    assert_once();
    assert_true(kept.empty > 0); /* while the receiver rested */
}

/* What was received is done before the job stops. */
static void test_drain(void **state)
{
    pthread_t waits;
    fixture f = begin(&kept_sink);
    void *failed;

    (void)state;
    assert_int_equal(pthread_create(&waits, NULL, wait_main, &f), 0);
    assert_true(came(1));
    ds_context_drain(f.ctx);
    pthread_join(waits, &failed);
    assert_null(failed);
    assert_int_equal(kept.n, given.next);
    end(&f);
}

/* An error that nothing helps against stops the job. */
static ds_rc failing_commit(void *sink, const ds_sink_use *use,
                            const ds_sink_batch *batch, ds_err *err)
{
    (void)sink;
    (void)use;
    kept.pending = 0;
    return batch->rows ? ds_fail(err, DS_E_FAILED, "the disk is gone") : DS_OK;
}

static void test_sink_stops(void **state)
{
    ds_sink_type failing = kept_sink;
    ds_err err = {DS_OK, ""};
    fixture f;

    (void)state;
    failing.commit = failing_commit;
    f = begin(&failing);
    assert_int_equal(ds_context_wait(f.ctx, &err), DS_E_FAILED);
    assert_non_null(strstr(err.msg, "the disk is gone"));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_come, reset),
        cmocka_unit_test_setup(test_drain, reset),
        cmocka_unit_test_setup(test_sink_stops, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
