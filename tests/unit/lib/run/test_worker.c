/* SPDX-License-Identifier: Apache-2.0 */
/* test_worker.c - the clock goes back; where sources begin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "dstream/context.h"
#include "memory/memory.h"
#include "run/run.h"

enum { PARTITIONS = 2, HANGS_S = 30 };

static _Atomic int64_t set_back;

static ds_time now_of(ds_clock *c)
{
    (void)c;
    return ds_clock_now(&ds_clock_wall) - atomic_load(&set_back);
}

static void sleep_of(ds_clock *c, ds_time d)
{
    (void)c;
    ds_clock_wall.sleep(&ds_clock_wall, d);
}

typedef struct fixture {
    ds_job *job;
    const ds_plan *plan;
    ds_clock clock;
    ds_broker *broker;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    ds_stream *s;

    alarm(HANGS_S);
    atomic_store(&set_back, 0);
    f = (fixture){.job = ds_job_new(cmd_registry()),
                  .clock = {now_of, sleep_of, 0}};
    ds_job_set(f.job, "job", "copy");
    ds_job_set(f.job, "batch", "2s");
    ds_job_source(
        f.job, "lines", "kafka",
        DS_OPTS("topic", "lines", "format", "text", "start", "latest"));
    s = ds_job_stream(f.job, "times", "lines");
    ds_stream_step(s, "map", "value, now() AS at");
    ds_job_sink(f.job, "out", "times", "kafka", DS_OPTS("topic", "out"));
    f.plan = ds_job_plan(f.job);
    assert_non_null(f.plan);
    f.broker = memory_new(&f.clock);
    memory_topic(f.broker, "lines", PARTITIONS);
    memory_topic(f.broker, "out", 1);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;

    alarm(0);
    f->broker->type->close(f->broker);
    ds_job_free(f->job);
    return 0;
}

static ds_context *open_context(fixture *f)
{
    ds_run_options o = {.broker = f->broker->type,
                        .store = ds_registry_store(cmd_registry(), "memory"),
                        .opened = f->broker,
                        .instance = "a",
                        .clock = &f->clock,
                        .workers = 1};
    ds_context *ctx = NULL;
    ds_err err;

    if (ds_context_open(f->plan, &o, &ctx, &err))
        fail_msg("%s", err.msg);
    return ctx;
}

static void put(fixture *f, int32_t partition, const char *line)
{
    memory_record rec = {.ts = DS_TIME_NONE, .val = ds_slice_of(line)};

    memory_put(f->broker, "lines", partition, &rec);
}

/* Waits for a row of the output. */
static ds_slice row_wait(fixture *f, int64_t at, int64_t *next)
{
    memory_record rec;

    while (!memory_get(f->broker, "out", 0, at, &rec))
        usleep(10000);
    *next = rec.off + 1;
    return rec.val;
}

/* Somebody sets the clock back by an hour while rows wait for the cut: they do
 * not wait for an hour, and now() does not go back. */
static void test_clock_goes_back(void **state)
{
    fixture *f = *state;
    ds_context *ctx = open_context(f);
    ds_slice first, second;
    int64_t at = 0;
    ds_err err;

    assert_int_equal(ds_context_start(ctx, &err), DS_OK);
    usleep(500000);
    put(f, 0, "x");
    first = row_wait(f, 0, &at);
    put(f, 0, "x");
    usleep(300000);
    atomic_store(&set_back, 3600 * DS_SECOND);
    second = row_wait(f, at, &at);
    assert_int_equal(first.len, second.len);
    assert_true(memcmp(second.ptr, first.ptr, first.len) >= 0);
    ds_context_close(ctx);
}

/* `start: latest` is for the first start only. */
static void test_later_partitions(void **state)
{
    fixture *f = *state;
    ds_context *ctx = open_context(f);
    ds_err err;

    assert_false(topics_is_later(ctx, "lines", 0));
    assert_false(topics_is_later(ctx, "lines", 1));
    assert_true(topics_is_later(ctx, "lines", 2));
    assert_true(ds_context_step(ctx, NULL, &err) >= 0); /* commits the start */
    ds_context_close(ctx);
    memory_topic(f->broker, "lines", PARTITIONS + 1);
    ctx = open_context(f);
    assert_true(topics_is_later(ctx, "lines", 2));
    ds_context_close(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clock_goes_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_later_partitions, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
