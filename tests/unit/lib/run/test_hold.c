/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hold.c - a partition whose record cannot be decoded for a while waits
 * there; what came before it is committed, others go on, nothing is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/cmd.h"
#include "dstream/context.h"
#include "memory/memory.h"

enum { HANGS_S = 60 };

/* ---- a format whose server is away ---- */

static atomic_bool away;
static atomic_int waits;

static ds_rc moody_open(const ds_codec_spec *spec, ds_codec **out, ds_err *err)
{
    (void)spec;
    (void)err;
    *out = NULL;
    return DS_OK;
}

static void moody_close(ds_codec *c)
{
    (void)c;
}

static ds_rc moody_decode(ds_codec *c, const ds_slice *vals, uint32_t n,
                          ds_arena *a, ds_col *cols, ds_row_errors *errs,
                          ds_err *err)
{
    (void)c;
    (void)err;
    for (uint32_t i = 0; i < n; i++)
        if (atomic_load(&away) && ds_slice_eq(vals[i], ds_slice_of("new"))) {
            atomic_fetch_add(&waits, 1);
            ds_row_errors_add(errs, a, n, i, DS_CODE_WAIT, 0,
                              "waiting for the test");
        }
    cols[0] = (ds_col){.v.str = vals};
    return DS_OK;
}

static const ds_codec_type moody = {
    .name = "moody",
    .help = "Text, when it likes.",
    .lone = DS_STR,
    .open = moody_open,
    .close = moody_close,
    .decode = moody_decode,
};

/* ---- the job ---- */

static struct rig {
    ds_registry *reg;
    ds_job *job;
    ds_broker *broker;
    ds_context *ctx;
} rig;

static int set_up(void **state)
{
    (void)state;
    alarm(HANGS_S);
    rig.reg = ds_registry_new();
    ds_register_ops(rig.reg);
    ds_register_stores(rig.reg);
    ds_register_memory(rig.reg);
    ds_register_codecs(rig.reg);
    ds_registry_add_codec(rig.reg, &moody);
    rig.job = ds_job_new(rig.reg);
    ds_job_set(rig.job, "job", "hold");
    ds_job_set(rig.job, "batch", "20ms");
    ds_job_set(rig.job, "errors.dlq", "dead");
    ds_job_source(rig.job, "s", "kafka",
                  DS_OPTS("topic", "in", "format", "moody"));
    ds_job_sink(rig.job, "out", "s", "kafka",
                DS_OPTS("topic", "out", "format", "text"));
    rig.broker = memory_new(&ds_clock_wall);
    memory_topic(rig.broker, "in", 2);
    memory_topic(rig.broker, "out", 1);
    memory_topic(rig.broker, "dead", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    alarm(0);
    rig.broker->type->close(rig.broker);
    ds_job_free(rig.job);
    ds_registry_free(rig.reg);
    return 0;
}

static void start(void)
{
    const ds_plan *plan = ds_job_plan(rig.job);
    ds_run_options o = {.broker = rig.broker->type,
                        .store = ds_registry_store(rig.reg, "memory"),
                        .opened = rig.broker,
                        .instance = "a",
                        .clock = &ds_clock_wall,
                        .workers = 1};
    ds_err err;

    assert_non_null(plan);
    if (ds_context_open(plan, &o, &rig.ctx, &err))
        fail_msg("%s", err.msg);
}

static void put(int32_t partition, const char *text)
{
    memory_record rec = {.ts = DS_TIME_NONE, .val = ds_slice_of(text)};

    memory_put(rig.broker, "in", partition, &rec);
}

/* The values in a topic, with spaces between. */
static const char *all_of(const char *topic, char *to, size_t size)
{
    memory_record rec;
    size_t n = 0;

    to[0] = 0;
    for (int64_t at = 0; memory_get(rig.broker, topic, 0, at, &rec);
         at = rec.off + 1)
        n += (size_t)snprintf(to + n, size - n, "%s%.*s", n ? " " : "",
                              (int)rec.val.len, (const char *)rec.val.ptr);
    return to;
}

static void wait_for(const char *want)
{
    char got[200];

    while (strcmp(all_of("out", got, sizeof(got)), want) != 0)
        usleep(10000);
}

static void test_waits(void **state)
{
    ds_job_status st;
    char text[200];
    ds_err err;

    (void)state;
    atomic_store(&away, true);
    atomic_store(&waits, 0);
    start();
    put(0, "a");
    put(0, "new");
    put(0, "b");
    assert_int_equal(ds_context_start(rig.ctx, &err), DS_OK);
    wait_for("a");
    put(1, "c");
    wait_for("a c");
    do {
        usleep(10000);
        ds_context_status(rig.ctx, &st);
    } while (strcmp(st.state, "stalled") != 0);
    assert_string_equal(st.note, "waiting for the test");
    while (atomic_load(&waits) < 2) /* it is tried again */
        usleep(10000);
    assert_string_equal(all_of("out", text, sizeof(text)), "a c");
    atomic_store(&away, false);
    wait_for("a c new b");
    do {
        usleep(10000);
        ds_context_status(rig.ctx, &st);
    } while (strcmp(st.state, "running") != 0);
    ds_context_stop(rig.ctx, 1);
    assert_int_equal(ds_context_wait(rig.ctx, &err), DS_OK);
    ds_context_close(rig.ctx);
    assert_string_equal(all_of("dead", text, sizeof(text)), "");
}

/* Where nobody would wait, it is an error, after what could be done. */
static void test_steps(void **state)
{
    char text[200];
    ds_err err = {DS_OK, ""};

    (void)state;
    atomic_store(&away, true);
    start();
    put(0, "a");
    put(0, "new");
    assert_int_equal(ds_context_step(rig.ctx, NULL, &err), DS_E_UNREACHABLE);
    assert_non_null(strstr(err.msg, "topic in partition 0 offset 1: waiting"));
    assert_string_equal(all_of("out", text, sizeof(text)), "a");
    ds_context_close(rig.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_steps, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
