/* SPDX-License-Identifier: Apache-2.0 */
/* test_timed.c - a stage that holds rows until their batch is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "dstream/context.h"
#include "memory/memory.h"
#include "run/run.h"

enum { PARTITIONS = 2, BATCHES = 5 };
#define TOPIC "sums.sums.repartition"

typedef struct fixture {
    ds_job *job;
    const ds_plan *plan;
    ds_clock clock;
    ds_broker *broker;
    ds_context *ctx;
    ds_run_options opts;
} fixture;

static int make(void **state, const char *clock)
{
    static fixture f;
    ds_stream *s;

    f = (fixture){.job = ds_job_new(cmd_registry())};
    ds_clock_virtual_init(&f.clock, 0);
    ds_job_set(f.job, "job", "sums");
    ds_job_set(f.job, "batch.clock", clock);
    ds_job_source(f.job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "format", "text"));
    s = ds_job_stream(f.job, "sums", "lines");
    ds_stream_step(s, "keyBy", "length(value) AS n");
    ds_stream_step(s, "reduceByKey", "count(*) AS c, min(value) AS low");
    ds_job_sink(f.job, "out", "sums", "kafka", DS_OPTS("topic", "out"));
    f.plan = ds_job_plan(f.job);
    assert_non_null(f.plan);
    assert_int_equal(f.plan->n_stages, 2);
    assert_true(f.plan->stages[1].timed);
    f.broker = memory_new(&f.clock);
    memory_topic(f.broker, "lines", PARTITIONS);
    memory_topic(f.broker, "out", 1);
    f.opts =
        (ds_run_options){.broker = f.broker->type,
                         .store = ds_registry_store(cmd_registry(), "memory"),
                         .opened = f.broker,
                         .instance = "a",
                         .clock = &f.clock,
                         .workers = 1};
    *state = &f;
    return 0;
}

static int set_up(void **state)
{
    return make(state, "wall");
}

static int set_up_record(void **state)
{
    return make(state, "record");
}

static int tear_down(void **state)
{
    fixture *f = *state;

    ds_context_close(f->ctx);
    f->broker->type->close(f->broker);
    ds_job_free(f->job);
    return 0;
}

static void open_context(fixture *f)
{
    ds_err err;

    if (ds_context_open(f->plan, &f->opts, &f->ctx, &err))
        fail_msg("%s", err.msg);
}

static void put(fixture *f, int32_t partition, const char *line)
{
    memory_record rec = {.ts = DS_TIME_NONE, .val = ds_slice_of(line)};

    memory_put(f->broker, "lines", partition, &rec);
}

static void step(worker *w)
{
    ds_err err = {DS_OK, ""};

    if (worker_step(w, &err) < 0)
        fail_msg("%s", err.msg);
}

/* main announces batches, and the stage after it reads none of them yet. */
static void run_main(fixture *f)
{
    char line[16];

    for (int i = 0; i < BATCHES; i++) {
        f->clock.virtual_now += f->plan->batch;
        snprintf(line, sizeof(line), "%d", i);
        put(f, i % PARTITIONS, line);
        put(f, 1, line);
        step(&f->ctx->workers[0]);
    }
}

static void expect_row(fixture *f, int64_t *at, const char *want)
{
    memory_record rec;

    if (!memory_get(f->broker, "out", 0, *at, &rec))
        fail_msg("no row %s", want);
    if (rec.val.len != strlen(want) || memcmp(rec.val.ptr, want, rec.val.len))
        fail_msg("%.*s instead of %s", (int)rec.val.len,
                 (const char *)rec.val.ptr, want);
    *at = rec.off + 1;
}

/* One row per batch, in their order, and no other. */
static void expect_batches(fixture *f)
{
    memory_record rec;
    int64_t at = 0;
    char want[64];

    for (int i = 0; i < BATCHES; i++) {
        snprintf(want, sizeof(want), "{\"n\":1,\"c\":2,\"low\":\"%d\"}", i);
        expect_row(f, &at, want);
    }
    assert_false(memory_get(f->broker, "out", 0, at, &rec));
}

static void test_in_order(void **state)
{
    fixture *f = *state;

    open_context(f);
    run_main(f);
    step(&f->ctx->workers[1]);
    expect_batches(f);
}

/* Nearly nothing may be held: later batches are forgotten and read again. */
static void test_read_again(void **state)
{
    fixture *f = *state;

    f->opts.held_bytes = 1;
    open_context(f);
    run_main(f);
    step(&f->ctx->workers[1]);
    expect_batches(f);
}

/* What the topic between the stages holds in a partition. */
static void ask_range(fixture *f, int32_t p, int64_t *low, int64_t *high)
{
    ds_broker *b = f->broker;

    assert_int_equal(b->type->watermarks(b, TOPIC, p, low, high, NULL), DS_OK);
}

/* One batch per transaction, and restarts in between and after. */
static void test_restarts(void **state)
{
    fixture *f = *state;

    f->opts.held_bytes = 1;
    open_context(f);
    run_main(f);
    for (int i = 0; i < BATCHES; i++) {
        ds_err err;

        ds_context_crash(f->ctx);
        open_context(f);
        assert_true(worker_ready(&f->ctx->workers[1], &err) >= 0);
        f->ctx->opts.epoch_rows = 1;
        step(&f->ctx->workers[1]);
    }
    expect_batches(f);
}

/* What was read is deleted; what was not is not. */
static void test_purge(void **state)
{
    fixture *f = *state;
    int64_t low = 0, high = 0, all = 0;

    f->opts.purge = 1;
    open_context(f);
    run_main(f);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        ask_range(f, p, &low, &high);
        assert_int_equal(low, 0);
    }
    step(&f->ctx->workers[1]);
    step(&f->ctx->workers[1]);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        ds_position pos = ds_position_of(TOPIC, p, DS_OFFSET_NONE);
        ds_rc rc;

        rc = f->broker->type->group_offsets(f->broker, "sums.sums", &pos, 1, 0,
                                            NULL);
        assert_int_equal(rc, DS_OK);
        ask_range(f, p, &low, &high);
        assert_int_equal(low, pos.next);
        assert_true(pos.marks.set);
        assert_int_equal(pos.marks.through, BATCHES * f->plan->batch);
        all += low;
    }
    assert_true(all > 0);
    expect_batches(f);
}

/* Records that nobody had read are gone: refused, and nothing is written. */
static void test_truncated(void **state)
{
    fixture *f = *state;
    ds_position pos[PARTITIONS];
    ds_context *ctx = NULL;
    ds_err err;

    open_context(f);
    run_main(f);
    step(&f->ctx->workers[1]);
    run_main(f);
    ds_context_close(f->ctx);
    f->ctx = NULL;
    for (int32_t p = 0; p < PARTITIONS; p++) {
        int64_t low;

        pos[p] = ds_position_of(TOPIC, p, 0);
        ask_range(f, p, &low, &pos[p].next);
    }
    f->broker->type->delete_records(f->broker, pos, PARTITIONS);
    assert_int_equal(ds_context_open(f->plan, &f->opts, &ctx, &err),
                     DS_E_DECISION);
    assert_non_null(strstr(err.msg, TOPIC));
    assert_non_null(strstr(err.msg, "replay"));
}

static struct {
    ds_broker_type type;
    const ds_broker_type *was;
    fixture *f;
} busy;

/* While one asks what is committed, the reader commits more, and deletes it. */
static ds_rc busy_offsets(ds_broker *b, const char *group, ds_position *pos,
                          uint32_t n, int timeout_ms, ds_err *err)
{
    ds_rc rc = busy.was->group_offsets(b, group, pos, n, timeout_ms, err);

    step(&busy.f->ctx->workers[1]);
    step(&busy.f->ctx->workers[1]);
    return rc;
}

/* Another instance starts beside one that reads and deletes: nothing is gone.
 */
static void test_purged_meanwhile(void **state)
{
    fixture *f = *state;
    int64_t low = 0, high = 0;
    ds_context *ctx = NULL;
    ds_err err = {DS_OK, ""};

    f->opts.purge = 1;
    open_context(f);
    run_main(f);
    step(&f->ctx->workers[1]);
    run_main(f);
    busy.type = *f->broker->type;
    busy.type.group_offsets = busy_offsets;
    busy.was = f->broker->type;
    busy.f = f;
    f->broker->type = &busy.type;
    if (ds_context_open(f->plan, &f->opts, &ctx, &err) < 0)
        fail_msg("%s", err.msg);
    ds_context_close(ctx);
    f->broker->type = busy.was;
    ask_range(f, 0, &low, &high);
    assert_int_equal(low, high); /* it did read and delete */
}

static struct {
    ds_source_type type;
    const ds_source_type *was;
    int old;
} slow;

/* The first answer is from long ago. */
static ds_rc slow_committed(ds_source *s, ds_position *pos, uint32_t n,
                            int timeout_ms, ds_err *err)
{
    ds_rc rc = slow.was->committed(s, pos, n, timeout_ms, err);

    for (uint32_t i = 0; i < n && slow.old; i++)
        pos[i].next = 0;
    slow.old = 0;
    return rc;
}

/* A member that is no longer one takes so long to ask that others have read on
 * and deleted: nothing is gone, it has to join again. */
static void test_passed_meanwhile(void **state)
{
    fixture *f = *state;
    worker *w;
    int64_t low = 0, high = 0;
    ds_err err = {DS_OK, ""};

    f->opts.purge = 1;
    open_context(f);
    run_main(f);
    w = &f->ctx->workers[1];
    step(w);
    step(w);
    ask_range(f, 0, &low, &high);
    assert_true(low > 0);
    slow.was = w->source->type;
    slow.type = *slow.was;
    slow.type.committed = slow_committed;
    slow.old = 1;
    w->source->type = &slow.type;
    for (uint32_t i = 0; i < w->n_inputs; i++)
        w->inputs[i].position = 0; /* it was another that committed */
    assert_int_equal(restore_run(w, true, &err), DS_E_TXN);
    assert_non_null(strstr(err.msg, "has read on"));
    assert_int_equal(restore_run(w, true, &err), DS_OK);
    w->source->type = slow.was;
}

/* A row of a batch that has run, from a source that nobody expected, counts in
 * the next one. */
static void test_late(void **state)
{
    fixture *f = *state;
    ds_time stamp = f->plan->batch;
    memory_record rec = {.ts = 0, .key = ds_slice_of("1")};
    uint8_t key[64], val[256];
    int64_t at = 0;

    open_context(f);
    run_main(f);
    /* The first row of the topic, once more, as if another had sent it. */
    for (int32_t p = 0; p < PARTITIONS; p++) {
        memory_record first;

        for (int64_t off = 0; memory_get(f->broker, TOPIC, p, off, &first);
             off = first.off + 1)
            if (first.key.len != 2 && first.key.len < sizeof(key) &&
                first.val.len < sizeof(val)) {
                memcpy(key, first.key.ptr, first.key.len);
                memcpy(val, first.val.ptr, first.val.len);
                memcpy(val, &stamp, sizeof(stamp));
                rec.val = (ds_slice){val, first.val.len};
                rec.key = (ds_slice){key, first.key.len};
                at = p;
                break;
            }
    }
    step(&f->ctx->workers[1]);
    memory_put(f->broker, TOPIC, (int32_t)at, &rec);
    step(&f->ctx->workers[1]);
    ds_context_crash(f->ctx); /* still held: it is not lost with the worker */
    open_context(f);
    f->clock.virtual_now += f->plan->batch;
    step(&f->ctx->workers[0]);
    step(&f->ctx->workers[1]);
    at = 0;
    for (int i = 0; i < BATCHES; i++) {
        memory_record r;

        while (!memory_get(f->broker, "out", 0, at, &r))
            at++;
        at = r.off + 1;
    }
    expect_row(f, &at, "{\"n\":1,\"c\":1,\"low\":\"0\"}");
}

static void put_at(fixture *f, int32_t partition, ds_time ts, const char *line)
{
    memory_record rec = {.ts = ts, .val = ds_slice_of(line)};

    memory_put(f->broker, "lines", partition, &rec);
}

static void steps(fixture *f)
{
    step(&f->ctx->workers[0]);
    step(&f->ctx->workers[1]);
}

/* Records move the batch time. A partition that is silent is waited for, but
 * not for ever; not even one that has never had a record. */
static void test_silent(void **state)
{
    fixture *f = *state;
    memory_record rec;
    int64_t at = 0;

    open_context(f);
    put_at(f, 0, DS_SECOND / 2, "a");
    put_at(f, 0, 5 * DS_SECOND, "b");
    steps(f);
    assert_false(memory_get(f->broker, "out", 0, 0, &rec));
    f->clock.virtual_now += 3600 * DS_SECOND;
    put_at(f, 0, 9 * DS_SECOND, "c");
    steps(f);
    expect_row(f, &at, "{\"n\":1,\"c\":1,\"low\":\"a\"}");
    expect_row(f, &at, "{\"n\":1,\"c\":1,\"low\":\"b\"}");
    assert_false(memory_get(f->broker, "out", 0, at, &rec));
    f->clock.virtual_now += 3600 * DS_SECOND;
    steps(f);
    expect_row(f, &at, "{\"n\":1,\"c\":1,\"low\":\"c\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_restarts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_purge, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_purged_meanwhile, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_passed_meanwhile, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_silent, set_up_record, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
