/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tables.c - which version of a table a batch sees; a topic that outgrows
 * the memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cmd/cmd.h"
#include "memory/memory.h"
#include "run/tables.h"

typedef struct rig {
    ds_job *job;
    const ds_plan *plan;
    ds_clock clock;
    ds_broker *broker;
    ds_context *ctx;
    ds_op op; /* of the join */
} rig;

static void rig_plan(rig *r)
{
    ds_stream *s;

    r->job = ds_job_new(cmd_registry());
    ds_job_set(r->job, "job", "lookup");
    ds_job_set(r->job, "memory", "16MiB");
    ds_job_source(r->job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "format", "text"));
    ds_job_table(r->job, "users", "kafka",
                 DS_OPTS("topic", "users", "key", "id", "format", "text"));
    s = ds_job_stream(r->job, "joined", "lines");
    ds_stream_step(s, "map", "value AS id");
    ds_stream_step(s, "keyBy", "id");
    ds_stream_step(s, "join", "users");
    ds_job_sink(r->job, "out", "joined", "kafka", DS_OPTS("topic", "out"));
    r->plan = ds_job_plan(r->job);
    if (!r->plan)
        ds_diags_show(ds_job_diags(r->job), DS_NULL_SLICE, stderr);
    assert_non_null(r->plan);
}

static void rig_open(rig *r)
{
    ds_run_options o = {.store = ds_registry_store(cmd_registry(), "memory"),
                        .instance = "a",
                        .clock = &r->clock,
                        .workers = 1};
    ds_err err;

    *r = (rig){.job = NULL};
    rig_plan(r);
    ds_clock_virtual_init(&r->clock, 0);
    r->broker = memory_new(&r->clock);
    memory_topic(r->broker, "lines", 1);
    memory_topic(r->broker, "users", 2);
    memory_topic(r->broker, "out", 1);
    o.broker = r->broker->type;
    o.opened = r->broker;
    if (ds_context_open(r->plan, &o, &r->ctx, &err))
        fail_msg("%s", err.msg);
    for (uint32_t i = 0; i < r->plan->n_nodes; i++)
        if (r->plan->nodes[i]->n_tables)
            r->op.node = r->plan->nodes[i];
    assert_non_null(r->op.node);
}

static void rig_close(rig *r)
{
    ds_context_close(r->ctx);
    r->broker->type->close(r->broker);
    ds_job_free(r->job);
}

/* The row of "a" from now on. */
static void user_put(rig *r, const char *name)
{
    memory_record rec = {
        .ts = DS_TIME_NONE, .key = ds_slice_of("a"), .val = ds_slice_of(name)};
    ds_err err;

    memory_put(r->broker, "users", 1, &rec);
    assert_int_equal(tables_step(r->ctx, &err), DS_OK);
}

/* What the batch of that time sees; NULL: no row. */
static void sees(rig *r, ds_time batch, const char *name)
{
    ds_arena *a = ds_arena_new(4096);
    const ds_batch *rows;

    r->op.now = batch;
    tables_pin(r->ctx, &r->op, a);
    rows = ds_table_rows(r->op.tables[0]);
    assert_int_equal(rows->n, name != NULL);
    if (name)
        assert_true(ds_slice_eq(rows->cols[0].v.str[0], ds_slice_of(name)));
    ds_arena_free(a);
}

/* A batch sees what it saw, whoever asks and when; the next one sees the
 * latest. */
static void test_versions(void **state)
{
    rig r;

    (void)state;
    rig_open(&r);
    user_put(&r, "before"); /* nobody has asked */
    sees(&r, 10, "before");
    user_put(&r, "one");
    sees(&r, 10, "before");
    user_put(&r, "two"); /* "one" was never seen */
    sees(&r, 10, "before");
    sees(&r, 9, "before");
    sees(&r, 20, "two");
    sees(&r, 10, "before");
    user_put(&r, "three");
    sees(&r, 20, "two");
    sees(&r, 10, "before"); /* a stage that is late */
    sees(&r, 21, "three");
    for (int i = 0; i < 3 * TABLE_VERSIONS; i++) {
        user_put(&r, i % 2 ? "odd" : "even");
        sees(&r, 30 + i, i % 2 ? "odd" : "even");
        sees(&r, 29 + i, i == 0 || i % 2 ? "even" : "odd");
    }
    assert_int_equal(r.ctx->tables->list[0].n_versions, TABLE_VERSIONS);
    rig_close(&r);
}

/* A version is there as long as somebody holds it. */
static void test_held(void **state)
{
    ds_arena *a = ds_arena_new(4096);
    const ds_table *held;
    rig r;

    (void)state;
    rig_open(&r);
    user_put(&r, "first");
    r.op.now = 1;
    tables_pin(r.ctx, &r.op, a);
    held = r.op.tables[0];
    for (int i = 0; i < 3 * TABLE_VERSIONS; i++) {
        user_put(&r, "later");
        sees(&r, 2 + i, "later");
    }
    assert_true(ds_slice_eq(ds_table_rows(held)->cols[0].v.str[0],
                            ds_slice_of("first")));
    ds_arena_free(a);
    rig_close(&r);
}

static void test_limit(void **state)
{
    size_t n = 5 << 20;
    uint8_t *big = calloc(n, 1);
    memory_record rec = {.ts = DS_TIME_NONE, .key = ds_slice_of("b")};
    ds_err err = {DS_OK, ""};
    rig r;

    (void)state;
    assert_non_null(big);
    memset(big, 'x', n);
    rig_open(&r);
    user_put(&r, "one");
    rec.val = (ds_slice){big, (uint32_t)n};
    memory_put(r.broker, "users", 0, &rec);
    assert_int_equal(tables_step(r.ctx, &err), DS_E_LIMIT);
    assert_non_null(strstr(err.msg, "table users"));
    assert_non_null(strstr(err.msg, "a fourth of `memory:`"));
    sees(&r, 1, "one");
    free(big);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_versions),
                                       cmocka_unit_test(test_held),
                                       cmocka_unit_test(test_limit)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
