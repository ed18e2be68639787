/* SPDX-License-Identifier: Apache-2.0 */
/* test_reject.c - records that cannot be processed, many and large. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "dstream/context.h"
#include "dstream/log.h"
#include "memory/memory.h"

enum { HANGS_S = 30, MANY = 20000 };

typedef struct fixture {
    ds_job *job;
    ds_clock clock;
    ds_broker *broker;
} fixture;

static fixture f;

/* The memory cluster, where topic "out" takes no value that begins with B. */
static struct {
    ds_broker_type broker;
    ds_txn_type txn;
} strict;

static ds_rc strict_send(ds_txn *t, const ds_row *rows, uint32_t n,
                         uint32_t *bad, ds_err *err)
{
    for (*bad = 0; *bad < n; ++*bad)
        if (rows[*bad].val.len && rows[*bad].val.ptr[0] == 'B')
            return ds_fail(err, DS_E_LIMIT, "too large");
    return ds_broker_memory.txn->send(t, rows, n, bad, err);
}

static ds_rc strict_txn_open(ds_broker *b, const ds_txn_spec *spec,
                             ds_txn **out, ds_err *err)
{
    ds_rc rc = ds_broker_memory.txn_open(b, spec, out, err);

    (*out)->type = &strict.txn;
    return rc;
}

static int set_up(void **state)
{
    (void)state;
    alarm(HANGS_S);
    f = (fixture){.job = ds_job_new(cmd_registry())};
    ds_clock_virtual_init(&f.clock, DS_SECOND);
    f.broker = memory_new(&f.clock);
    strict.broker = ds_broker_memory;
    strict.broker.txn_open = strict_txn_open;
    strict.txn = *ds_broker_memory.txn;
    strict.txn.send = strict_send;
    f.broker->type = &strict.broker;
    memory_topic(f.broker, "lines", 1);
    memory_topic(f.broker, "out", 1);
    ds_job_set(f.job, "job", "copy");
    ds_job_set(f.job, "errors.on_error", "skip");
    ds_job_source(f.job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "format", "text"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    alarm(0);
    f.broker->type->close(f.broker);
    ds_job_free(f.job);
    return 0;
}

static void put(const char *line)
{
    memory_record rec = {.ts = 0, .val = ds_slice_of(line)};

    memory_put(f.broker, "lines", 0, &rec);
}

static ds_job_status run(void)
{
    const ds_plan *plan = ds_job_plan(f.job);
    ds_run_options o = {.broker = f.broker->type,
                        .store = ds_registry_store(cmd_registry(), "memory"),
                        .opened = f.broker,
                        .instance = "a",
                        .clock = &f.clock,
                        .workers = 1};
    ds_job_status status;
    ds_context *ctx;
    ds_err err;

    assert_non_null(plan);
    assert_int_equal(ds_context_open(plan, &o, &ctx, &err), DS_OK);
    for (int i = 0; i < 3; i++) {
        f.clock.virtual_now += DS_SECOND;
        if (ds_context_step(ctx, NULL, &err) < 0)
            fail_msg("%s", err.msg);
    }
    ds_context_status(ctx, &status);
    ds_context_close(ctx);
    return status;
}

/* A record that its topic does not take goes by on_error too. */
static void test_too_large_is_skipped(void **state)
{
    ds_stream *s = ds_job_stream(f.job, "same", "lines");
    memory_record rec;
    int64_t at = 0;
    ds_job_status status;

    (void)state;
    ds_stream_step(s, "filter", "value <> 'x'");
    ds_job_sink(f.job, "out", "same", "kafka",
                DS_OPTS("topic", "out", "format", "text"));
    put("a");
    put("Big");
    put("b");
    put("Bigger");
    status = run();
    assert_int_equal(status.errors, 2);
    for (const char *want = "ab"; *want; want++) {
        assert_true(memory_get(f.broker, "out", 0, at, &rec));
        assert_int_equal(rec.val.len, 1);
        assert_int_equal(rec.val.ptr[0], *want);
        at = rec.off + 1;
    }
    assert_false(memory_get(f.broker, "out", 0, at, &rec));
}

/* Every key of a large epoch is refused: not an epoch's work for each. */
static void test_many_are_refused_at_once(void **state)
{
    ds_stream *s = ds_job_stream(f.job, "bad", "lines");
    char word[16];

    (void)state;
    ds_stream_step(s, "keyBy", "value AS word");
    ds_stream_step(s, "updateStateByKey", "10 / (count(*) - 1) AS n");
    ds_job_sink(f.job, "out", "bad", "kafka", DS_OPTS("topic", "out"));
    for (int i = 0; i < MANY; i++) {
        snprintf(word, sizeof(word), "w%d", i);
        put(word);
    }
    assert_int_equal(run().errors, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_too_large_is_skipped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_many_are_refused_at_once, set_up,
                                        tear_down),
    };

    ds_log_start(DS_LOG_ERROR, DS_LOG_AUTO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
