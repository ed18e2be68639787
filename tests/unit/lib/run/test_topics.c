/* SPDX-License-Identifier: Apache-2.0 */
/* test_topics.c - what is asked of topics before anything is written. */
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

/* Two topics that are joined by their own keys. */
static ds_job *job_new(void)
{
    ds_job *job = ds_job_new(cmd_registry());
    ds_stream *pairs;

    ds_job_set(job, "job", "pairs");
    ds_job_source(job, "left", "kafka",
                  DS_OPTS("topic", "left", "format", "json", "key", "id",
                          "columns", "id text, a bigint"));
    ds_job_source(job, "right", "kafka",
                  DS_OPTS("topic", "right", "format", "json", "key", "id",
                          "columns", "id text, b bigint"));
    pairs = ds_job_stream(job, "pairs", "left");
    ds_stream_step(pairs, "join", "right");
    ds_job_sink(job, "out", "pairs", "kafka", DS_OPTS("topic", "out"));
    return job;
}

/* The memory cluster; one of its brokers does not know `left` yet. */
static struct {
    ds_broker_type broker;
    int unknown; /* times that it is asked */
    int silent;  /* times that nobody answers */
} behind;

static ds_rc behind_topic_info(ds_broker *b, const char *topic,
                               ds_topic_info *out, ds_err *err)
{
    if (!strcmp(topic, "left") && behind.unknown-- > 0)
        return DS_NOTFOUND;
    if (!strcmp(topic, "right") && behind.silent-- > 0)
        return ds_fail(err, DS_E_TIMEOUT, "made to be silent");
    return ds_broker_memory.topic_info(b, topic, out, err);
}

static ds_rc open_with(int32_t left, int32_t right, ds_err *err)
{
    ds_job *job = job_new();
    const ds_plan *plan = ds_job_plan(job);
    ds_context *ctx = NULL;
    ds_clock clock;
    ds_broker *b;
    ds_rc rc;

    assert_non_null(plan);
    assert_int_equal(plan->n_stages, 1);
    ds_clock_virtual_init(&clock, 0);
    b = memory_new(&clock);
    behind.broker = ds_broker_memory;
    behind.broker.topic_info = behind_topic_info;
    b->type = &behind.broker;
    memory_topic(b, "left", left);
    memory_topic(b, "right", right);
    memory_topic(b, "out", 1);
    rc = ds_context_open(
        plan,
        &(ds_run_options){.broker = b->type,
                          .store = ds_registry_store(cmd_registry(), "memory"),
                          .opened = b,
                          .instance = "a",
                          .clock = &clock,
                          .workers = 1},
        &ctx, err);
    ds_context_close(ctx);
    b->type->close(b);
    ds_job_free(job);
    return rc;
}

static void test_partitions(void **state)
{
    ds_err err = {DS_OK, ""};

    (void)state;
    assert_int_equal(open_with(3, 3, &err), DS_OK);
    assert_int_equal(open_with(3, 4, &err), DS_E_CONFIG);
    assert_string_equal(err.msg,
                        "error[E0440]: topic left has 3 partitions, topic "
                        "right 4: keyed state needs the same number in all "
                        "topics that it reads");
}

/* A topic that was made a moment ago is not known to every broker. */
static void test_just_made(void **state)
{
    ds_err err = {DS_OK, ""};

    (void)state;
    behind.unknown = 2;
    assert_int_equal(open_with(3, 3, &err), DS_OK);
    behind.unknown = INT32_MAX;
    assert_int_equal(open_with(3, 3, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.msg, "topic left (source) does not exist"));
}

/* One of several brokers is gone, and its partitions are still to be led by
 * others. */
static void test_broker_gone(void **state)
{
    ds_err err = {DS_OK, ""};

    (void)state;
    behind.unknown = 0;
    behind.silent = 2;
    assert_int_equal(open_with(3, 3, &err), DS_OK);
    behind.silent = INT32_MAX;
    assert_int_equal(open_with(3, 3, &err), DS_E_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions),
        cmocka_unit_test(test_just_made),
        cmocka_unit_test(test_broker_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
