/* SPDX-License-Identifier: Apache-2.0 */
/* test_replay.c - offsets and state go back together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "dstream/context.h"
#include "dstream/replay.h"
#include "memory/memory.h"

enum { PARTITIONS = 2 };

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

    f = (fixture){.job = ds_job_new(cmd_registry())};
    ds_job_set(f.job, "job", "words");
    ds_job_source(f.job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "format", "text"));
    s = ds_job_stream(f.job, "counts", "lines");
    ds_stream_step(s, "flatMap", "string_to_table(value, ' ') AS word");
    ds_stream_step(s, "keyBy", "word");
    ds_stream_step(s, "updateStateByKey", "coalesce(state, 0) + count(*) AS n");
    ds_job_sink(f.job, "out", "counts", "kafka", DS_OPTS("topic", "counts"));
    f.plan = ds_job_plan(f.job);
    assert_non_null(f.plan);
    ds_clock_virtual_init(&f.clock, 0);
    f.broker = memory_new(&f.clock);
    memory_topic(f.broker, "lines", PARTITIONS);
    memory_topic(f.broker, "counts", 1);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;

    f->broker->type->close(f->broker);
    ds_job_free(f->job);
    return 0;
}

static void put(fixture *f, int32_t partition, const char *line)
{
    memory_record rec = {.ts = f->clock.virtual_now, .val = ds_slice_of(line)};

    memory_put(f->broker, "lines", partition, &rec);
}

static void run(fixture *f)
{
    ds_run_options o = {.broker = f->broker->type,
                        .store = ds_registry_store(cmd_registry(), "memory"),
                        .opened = f->broker,
                        .instance = "a",
                        .clock = &f->clock,
                        .workers = 1};
    ds_context *ctx;
    ds_err err;

    assert_int_equal(ds_context_open(f->plan, &o, &ctx, &err), DS_OK);
    for (int i = 0; i < 3; i++) {
        f->clock.virtual_now += DS_SECOND;
        assert_true(ds_context_step(ctx, NULL, &err) >= 0);
    }
    ds_context_close(ctx);
}

/* The last count of a word in the output from `from` on; 0: none. */
static long count_of(fixture *f, const char *word, int64_t from)
{
    char want[64];
    memory_record rec;
    long n = 0;
    int len = snprintf(want, sizeof(want), "{\"word\":\"%s\",\"n\":", word);

    for (; memory_get(f->broker, "counts", 0, from, &rec); from = rec.off + 1) {
        char text[200];

        snprintf(text, sizeof(text), "%.*s", (int)rec.val.len, rec.val.ptr);
        if (!strncmp(text, want, (size_t)len))
            n = strtol(text + len, NULL, 10);
    }
    return n;
}

static int rows_of(fixture *f, const char *topic)
{
    memory_record rec;
    int n = 0;

    for (int64_t at = 0; memory_get(f->broker, topic, 0, at, &rec);
         at = rec.off + 1)
        n++;
    return n;
}

static int64_t end_of(fixture *f, const char *topic)
{
    int64_t low, high;
    ds_err err;

    assert_int_equal(
        f->broker->type->watermarks(f->broker, topic, 0, &low, &high, &err),
        DS_OK);
    return high;
}

static int64_t committed(fixture *f, const char *group, const char *topic,
                         int32_t partition)
{
    ds_position pos = ds_position_of(topic, partition, DS_OFFSET_NONE);
    ds_err err;

    assert_int_equal(
        f->broker->type->group_offsets(f->broker, group, &pos, 1, 0, &err),
        DS_OK);
    return pos.next;
}

static ds_replay *plan_of(fixture *f, ds_replay_to to, bool reset)
{
    ds_replay_target t = {.broker = f->broker->type,
                          .opened = f->broker,
                          .to = to,
                          .time = 0,
                          .offset = 1,
                          .reset_state = reset};
    ds_replay *r;
    ds_err err;

    assert_int_equal(ds_replay_plan(f->plan, &t, &r, &err), DS_OK);
    return r;
}

static void to_earliest_counts_the_same_again(void **state)
{
    fixture *f = *state;
    const ds_replay_view *v;
    ds_replay *r;
    ds_err err;
    int64_t before;

    put(f, 0, "a b a");
    put(f, 1, "c a");
    run(f);
    assert_int_equal(count_of(f, "a", 0), 3);
    r = plan_of(f, DS_REPLAY_EARLIEST, false);
    v = ds_replay_look(r);
    assert_true(strlen(v->hash) >= 6);
    assert_int_equal(v->n_groups, 2);
    assert_int_equal(committed(f, "words", "lines", 0), 1);
    assert_int_equal(ds_replay_execute(r, &err), DS_OK);
    assert_int_equal(v->stores[0].keys, 3);
    ds_replay_close(r);
    assert_int_equal(committed(f, "words", "lines", 0), 0);
    assert_int_equal(committed(f, "words", "lines", 1), 0);

    before = end_of(f, "counts");
    put(f, 0, "b");
    run(f);
    assert_int_equal(count_of(f, "a", before), 3);
    assert_int_equal(count_of(f, "b", before), 2);
    assert_int_equal(count_of(f, "c", before), 1);
}

static void what_waits_in_a_repartition_is_not_counted_twice(void **state)
{
    fixture *f = *state;
    ds_replay *r;
    ds_err err;
    int64_t end;

    put(f, 0, "a a");
    run(f);
    end = end_of(f, "words.counts.repartition");
    r = plan_of(f, DS_REPLAY_EARLIEST, false);
    assert_int_equal(ds_replay_execute(r, &err), DS_OK);
    ds_replay_close(r);
    assert_int_equal(
        committed(f, "words.counts", "words.counts.repartition", 0), end);
}

static void a_plan_changes_nothing_and_stays_the_same(void **state)
{
    fixture *f = *state;
    ds_replay *one, *two;
    int64_t changelog;
    ds_err err;

    put(f, 0, "a");
    run(f);
    changelog = end_of(f, "words.counts.changelog");
    one = plan_of(f, DS_REPLAY_EARLIEST, false);
    two = plan_of(f, DS_REPLAY_EARLIEST, false);
    assert_string_equal(ds_replay_look(one)->hash, ds_replay_look(two)->hash);
    ds_replay_close(two);
    put(f, 0, "b"); /* new input does not make it another plan */
    two = plan_of(f, DS_REPLAY_EARLIEST, false);
    assert_string_equal(ds_replay_look(one)->hash, ds_replay_look(two)->hash);
    ds_replay_close(two);
    assert_int_equal(end_of(f, "words.counts.changelog"), changelog);
    run(f); /* progress does */
    two = plan_of(f, DS_REPLAY_EARLIEST, false);
    assert_string_not_equal(ds_replay_look(one)->hash,
                            ds_replay_look(two)->hash);
    ds_replay_close(two);
    assert_int_equal(ds_replay_execute(one, &err), DS_E_DECISION);
    ds_replay_close(one);
    assert_int_equal(committed(f, "words", "lines", 0), 2);
}

static void another_target_needs_a_word_about_state(void **state)
{
    fixture *f = *state;
    ds_replay *r;
    ds_err err;
    int64_t before;

    put(f, 0, "a");
    put(f, 0, "b");
    put(f, 0, "c");
    run(f);
    r = plan_of(f, DS_REPLAY_OFFSET, false);
    assert_int_equal(ds_replay_allowed(r, &err), DS_E_DECISION);
    assert_int_equal(ds_replay_execute(r, &err), DS_E_DECISION);
    ds_replay_close(r);
    assert_int_equal(committed(f, "words", "lines", 0), 3);
    r = plan_of(f, DS_REPLAY_OFFSET, true);
    assert_int_equal(ds_replay_execute(r, &err), DS_OK);
    assert_true(ds_replay_look(r)->parts[1].clamped); /* it is empty */
    ds_replay_close(r);
    before = end_of(f, "counts");
    run(f);
    assert_int_equal(count_of(f, "a", before), 0);
    assert_int_equal(count_of(f, "b", before), 1);
    assert_int_equal(count_of(f, "c", before), 1);
}

/* A table is all of its topic, wherever the rows are read again from. */
static void a_table_is_read_from_its_beginning(void **state)
{
    fixture *f = *state;
    ds_job *job = ds_job_new(cmd_registry());
    memory_record row = {.key = ds_slice_of("a"),
                         .val = ds_slice_of("{\"name\": \"A\"}")};
    ds_stream *s;
    ds_replay *r;
    ds_err err;

    ds_job_set(job, "job", "named");
    ds_job_source(job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "format", "text", "key", "word"));
    ds_job_table(job, "names", "kafka",
                 DS_OPTS("topic", "names", "key", "word", "columns.name",
                         "text", "copartitioned", "true"));
    s = ds_job_stream(job, "named", "lines");
    ds_stream_step(s, "join", "names");
    ds_job_sink(job, "out", "named", "kafka", DS_OPTS("topic", "counts"));
    f->plan = ds_job_plan(job);
    assert_non_null(f->plan);
    memory_topic(f->broker, "names", PARTITIONS);
    memory_put(f->broker, "names", 0, &row);
    row.val = ds_slice_of("x");
    memory_put(f->broker, "lines", 0, &row);
    memory_put(f->broker, "lines", 0, &row);
    run(f);
    assert_int_equal(rows_of(f, "counts"), 2);
    r = plan_of(f, DS_REPLAY_OFFSET, true);
    assert_int_equal(ds_replay_execute(r, &err), DS_OK);
    ds_replay_close(r);
    assert_int_equal(committed(f, "named", "lines", 0), 1);
    assert_int_equal(committed(f, "named", "names", 0), 0);
    run(f);
    assert_int_equal(rows_of(f, "counts"), 3);
    ds_job_free(job);
}

static void a_failed_transaction_changes_nothing(void **state)
{
    fixture *f = *state;
    ds_replay *r;
    ds_err err;

    put(f, 0, "a");
    run(f);
    memory_fail_commits(f->broker, true);
    r = plan_of(f, DS_REPLAY_EARLIEST, false);
    assert_true(ds_replay_execute(r, &err) < 0);
    ds_replay_close(r);
    memory_fail_commits(f->broker, false);
    assert_int_equal(committed(f, "words", "lines", 0), 1);
    put(f, 1, "a");
    run(f);
    assert_int_equal(count_of(f, "a", 0), 2);
}

/* Twice in a row, and on a job that never ran. */
static void nothing_to_do_is_fine(void **state)
{
    fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        ds_replay *r = plan_of(f, DS_REPLAY_EARLIEST, false);
        ds_err err;

        assert_int_equal(ds_replay_execute(r, &err), DS_OK);
        ds_replay_close(r);
    }
    put(f, 1, "x x");
    run(f);
    assert_int_equal(count_of(f, "x", 0), 2);
}

/* Two members that were stopped. When the first one's session ends the other
 * has to join anew, and has another session for that. */
static struct {
    ds_broker_type type;
    ds_time began;
} stopped;

static ds_rc stopped_members(ds_broker *b, const char *group, int *n,
                             ds_err *err)
{
    ds_time since = ds_mono_now() - stopped.began;

    (void)b;
    (void)group;
    (void)err;
    *n = since < 2 * DS_SECOND ? 2 : since < 4 * DS_SECOND ? 1 : 0;
    return DS_OK;
}

static void sessions_that_end_one_after_the_other(void **state)
{
    fixture *f = *state;
    ds_prop props[] = {{.name = "session.timeout.ms", .value = "1000"}};
    ds_plan plan = *f->plan;
    ds_replay_target t = {.opened = f->broker, .to = DS_REPLAY_EARLIEST};
    ds_replay *r;
    ds_err err;

    plan.props = props;
    plan.n_props = 1;
    stopped.type = *f->broker->type;
    stopped.type.group_members = stopped_members;
    stopped.began = ds_mono_now();
    t.broker = f->broker->type = &stopped.type;
    assert_int_equal(ds_replay_plan(&plan, &t, &r, &err), DS_OK);
    assert_int_equal(ds_replay_execute(r, &err), DS_OK);
    assert_true(ds_mono_now() - stopped.began > 4 * DS_SECOND);
    ds_replay_close(r);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(to_earliest_counts_the_same_again),
        TEST(what_waits_in_a_repartition_is_not_counted_twice),
        TEST(a_plan_changes_nothing_and_stays_the_same),
        TEST(another_target_needs_a_word_about_state),
        TEST(a_table_is_read_from_its_beginning),
        TEST(a_failed_transaction_changes_nothing),
        TEST(nothing_to_do_is_fine),
        TEST(sessions_that_end_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
