/* SPDX-License-Identifier: Apache-2.0 */
/* test_assign.c - rebalances that come at a bad moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "dstream/context.h"
#include "memory/memory.h"

enum { PARTITIONS = 2, HANGS_S = 30 };

typedef struct fixture {
    ds_job *job;
    const ds_plan *plan;
    ds_clock clock;
    ds_broker *broker;
    ds_context *ctx;
} fixture;

/* The memory cluster, with faults. */
static struct {
    ds_broker_type broker;
    ds_source_type source;
    ds_reader_type reader;
    ds_txn_type txn;
    ds_txn *states_txn;
    int forget_commits; /* of the stage with the state */
    int revokes;   /* times that a change is taken back while it is answered */
    bool revoked;  /* ... and that is to be answered now */
    bool asked;    /* a change was told */
    int ends_fail; /* times that the ends of changelogs are not told */
    ds_rc ends_rc;
    int ends_old; /* times that they are told as they were a batch ago */
    int answers;  /* to a revocation */
    ds_source_type main;
    int old_offsets;    /* times that main is told offsets of long ago */
    int refuse_commits; /* of main */
    int rejoins;        /* times that main has to join again */
} faulty;

static ds_rc faulty_poll(ds_source *s, ds_arena *a, uint32_t max_rows,
                         int timeout_ms, ds_fetch *out, ds_err *err)
{
    ds_rc rc;

    if (faulty.revoked)
        return DS_END; /* told once; the library waits for the answer */
    if (faulty.asked && faulty.revokes > 0) {
        faulty.revokes--;
        faulty.revoked = true;
        return DS_CHANGED;
    }
    rc = ds_broker_memory.source->poll(s, a, max_rows, timeout_ms, out, err);
    if (rc == DS_CHANGED && faulty.asked)
        return DS_END; /* a change is told once */
    faulty.asked = faulty.asked || rc == DS_CHANGED;
    return rc;
}

static void faulty_change(ds_source *s, ds_change *out)
{
    if (faulty.revoked)
        *out = (ds_change){.kind = DS_REVOKED};
    else
        ds_broker_memory.source->change(s, out);
}

static ds_rc faulty_assign(ds_source *s, const ds_position *pos, uint32_t n,
                           ds_err *err)
{
    faulty.asked = false;
    if (faulty.revoked) {
        assert_int_equal(n, 0);
        faulty.revoked = false;
        faulty.answers++;
        return DS_OK; /* and the partitions are given again */
    }
    return ds_broker_memory.source->assign(s, pos, n, err);
}

static ds_rc faulty_ends(ds_reader *r, const ds_position *pos, uint32_t n,
                         int64_t *low, int64_t *high, ds_err *err)
{
    if (faulty.ends_fail-- > 0)
        return ds_fail(err, faulty.ends_rc, "made to fail");
    DS_TRY(ds_broker_memory.reader->ends(r, pos, n, low, high, err));
    if (faulty.ends_old-- > 0)
        for (uint32_t i = 0; i < n; i++)
            high[i] = high[i] > 3 ? high[i] - 3 : 0;
    return DS_OK;
}

static ds_rc faulty_committed(ds_source *s, ds_position *pos, uint32_t n,
                              int timeout_ms, ds_err *err)
{
    DS_TRY(ds_broker_memory.source->committed(s, pos, n, timeout_ms, err));
    if (faulty.old_offsets > 0)
        for (uint32_t i = 0; i < n; i++)
            pos[i].next = pos[i].next > 0 ? 0 : pos[i].next;
    faulty.old_offsets -= faulty.old_offsets > 0;
    return DS_OK;
}

static ds_rc faulty_main_poll(ds_source *s, ds_arena *a, uint32_t max_rows,
                              int timeout_ms, ds_fetch *out, ds_err *err)
{
    if (faulty.rejoins > 0) {
        faulty.rejoins--;
        return ds_fail(err, DS_E_REJOIN, "made to join again");
    }
    return ds_broker_memory.source->poll(s, a, max_rows, timeout_ms, out, err);
}

static ds_rc faulty_source_open(ds_broker *b, const ds_source_spec *spec,
                                ds_source **out, ds_err *err)
{
    ds_rc rc = ds_broker_memory.source_open(b, spec, out, err);

    if (strcmp(spec->group, "words") != 0) /* the stage with the state */
        (*out)->type = &faulty.source;
    else
        (*out)->type = &faulty.main;
    return rc;
}

/* Committed, but the answer is lost. */
static ds_rc faulty_commit(ds_txn *t, ds_err *err)
{
    ds_rc rc;

    if (t != faulty.states_txn && faulty.refuse_commits > 0) {
        faulty.refuse_commits--;
        return ds_fail(err, DS_E_TXN, "made to fail");
    }
    rc = ds_broker_memory.txn->commit(t, err);
    if (rc < 0 || faulty.forget_commits == 0 || !faulty.states_txn ||
        t != faulty.states_txn)
        return rc;
    faulty.forget_commits--;
    return ds_fail(err, DS_E_UNKNOWN, "made to be unknown");
}

static ds_rc faulty_txn_open(ds_broker *b, const ds_txn_spec *spec,
                             ds_txn **out, ds_err *err)
{
    ds_rc rc = ds_broker_memory.txn_open(b, spec, out, err);

    (*out)->type = &faulty.txn;
    if (strncmp(spec->id, "words.main", 10) != 0)
        faulty.states_txn = *out;
    return rc;
}

static ds_rc faulty_reader_open(ds_broker *b, ds_reader **out, ds_err *err)
{
    ds_rc rc = ds_broker_memory.reader_open(b, out, err);

    (*out)->type = &faulty.reader;
    return rc;
}

static void faulty_init(ds_broker *b)
{
    memset(&faulty, 0, sizeof(faulty));
    faulty.broker = ds_broker_memory;
    faulty.source = faulty.main = *ds_broker_memory.source;
    faulty.main.committed = faulty_committed;
    faulty.main.poll = faulty_main_poll;
    faulty.reader = *ds_broker_memory.reader;
    faulty.broker.source_open = faulty_source_open;
    faulty.broker.reader_open = faulty_reader_open;
    faulty.txn = *ds_broker_memory.txn;
    faulty.broker.txn_open = faulty_txn_open;
    faulty.txn.commit = faulty_commit;
    faulty.source.poll = faulty_poll;
    faulty.source.change = faulty_change;
    faulty.source.assign = faulty_assign;
    faulty.reader.ends = faulty_ends;
    b->type = &faulty.broker;
}

static void put(fixture *f, const char *topic, int32_t partition,
                const char *line)
{
    memory_record rec = {.ts = f->clock.virtual_now, .val = ds_slice_of(line)};

    memory_put(f->broker, topic, partition, &rec);
}

static void open_context(fixture *f, bool reset)
{
    ds_run_options o = {.broker = f->broker->type,
                        .store = ds_registry_store(cmd_registry(), "memory"),
                        .opened = f->broker,
                        .instance = "a",
                        .clock = &f->clock,
                        .reset_state = reset,
                        .workers = 1};
    ds_err err;

    if (ds_context_open(f->plan, &o, &f->ctx, &err))
        fail_msg("%s", err.msg);
}

/* One batch, past errors that pass. */
static ds_rc step(fixture *f, ds_err *err)
{
    ds_rc rc = DS_E_IO;

    f->clock.virtual_now += DS_SECOND;
    for (int i = 0; i < 10 && rc < 0 && ds_rc_act(rc) == DS_ACT_RETRY; i++)
        rc = ds_context_step(f->ctx, NULL, err);
    return rc;
}

static void run(fixture *f)
{
    ds_err err = {0};

    open_context(f, false);
    for (int i = 0; i < 3; i++)
        if (step(f, &err) < 0)
            fail_msg("%s", err.msg);
    ds_context_close(f->ctx);
}

/* The last count of a word in the output; 0: none. */
static long count_of(fixture *f, const char *word)
{
    char want[64];
    memory_record rec;
    long n = 0;
    int len = snprintf(want, sizeof(want), "{\"word\":\"%s\",\"n\":", word);

    for (int64_t at = 0; memory_get(f->broker, "counts", 0, at, &rec);
         at = rec.off + 1) {
        char text[200];

        snprintf(text, sizeof(text), "%.*s", (int)rec.val.len, rec.val.ptr);
        if (!strncmp(text, want, (size_t)len))
            n = strtol(text + len, NULL, 10);
    }
    return n;
}

static int set_up(void **state)
{
    static fixture f;
    ds_stream *s;

    alarm(HANGS_S);
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
    ds_clock_virtual_init(&f.clock, DS_SECOND);
    f.broker = memory_new(&f.clock);
    memory_topic(f.broker, "lines", PARTITIONS);
    memory_topic(f.broker, "counts", 1);
    put(&f, "lines", 0, "a b");
    put(&f, "lines", 1, "a");
    run(&f);
    faulty_init(f.broker);
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

/* The library tells a revocation once and waits for its answer, also when it
 * comes while the assignment before is being restored. */
static void test_revoked_while_restoring(void **state)
{
    fixture *f = *state;

    faulty.revokes = 1;
    put(f, "lines", 0, "a c");
    run(f);
    assert_int_equal(faulty.answers, 1);
    assert_int_equal(count_of(f, "a"), 3);
    assert_int_equal(count_of(f, "c"), 1);
}

/* An assignment is told once: an error while it is answered must not lose it.
 */
static void test_error_while_restoring(void **state)
{
    fixture *f = *state;

    faulty.ends_fail = 2;
    faulty.ends_rc = DS_E_IO;
    put(f, "lines", 0, "a c");
    run(f);
    assert_true(faulty.ends_fail < 0);
    assert_int_equal(count_of(f, "a"), 3);
    assert_int_equal(count_of(f, "c"), 1);
}

/* A broker that was frozen does not know for a moment that others lead its
 * partitions by now, and tells where they ended then. */
static void test_old_ends(void **state)
{
    fixture *f = *state;

    put(f, "lines", 0, "a c");
    run(f);
    faulty.ends_old = 3;
    put(f, "lines", 0, "a");
    run(f);
    assert_true(faulty.ends_old < 0);
    assert_int_equal(count_of(f, "a"), 4);
    assert_int_equal(count_of(f, "c"), 1);
}

/* If they stay so, records are missing. */
static void test_ends_stay_old(void **state)
{
    fixture *f = *state;
    ds_err err = {0};
    ds_rc rc = DS_OK;

    put(f, "lines", 0, "a c");
    run(f);
    faulty.ends_old = INT32_MAX;
    put(f, "lines", 0, "a");
    open_context(f, false);
    for (int i = 0; i < 4 && rc >= 0; i++)
        rc = step(f, &err);
    ds_context_close(f->ctx);
    assert_int_equal(rc, DS_E_DECISION);
    assert_non_null(strstr(err.msg, "replay"));
}

/* A coordinator that has just come back may tell offsets of long ago, and be
 * sure of them (Kafka 4.1). Whoever has committed more knows better: rows of a
 * stage without state would come twice. */
static void old_offsets(fixture *f, int times, bool rejoin)
{
    ds_err err = {0};

    open_context(f, false);
    put(f, "lines", 0, "a");
    if (step(f, &err) < 0)
        fail_msg("%s", err.msg);
    put(f, "lines", 0, "a");
    faulty.refuse_commits = !rejoin;
    faulty.rejoins = rejoin;
    faulty.old_offsets = times;
    for (int i = 0; i < 3; i++)
        if (step(f, &err) < 0)
            fail_msg("%s", err.msg);
    ds_context_close(f->ctx);
    assert_int_equal(faulty.refuse_commits + faulty.rejoins, 0);
    assert_int_equal(count_of(f, "a"), 4);
    assert_int_equal(count_of(f, "b"), 1);
}

static void test_old_offsets(void **state)
{
    old_offsets(*state, 2, false);
    assert_int_equal(faulty.old_offsets, 0);
}

static void test_offsets_stay_old(void **state)
{
    old_offsets(*state, INT32_MAX, false);
}

static void test_offsets_old_after_join(void **state)
{
    old_offsets(*state, 2, true);
    assert_int_equal(faulty.old_offsets, 0);
}

/* --reset-state: the partition goes before the first transaction. */
static void test_reset_survives_a_revocation(void **state)
{
    fixture *f = *state;
    ds_err err = {0};

    faulty.revokes = 1;
    put(f, "lines", 0, "a c");
    open_context(f, true);
    for (int i = 0; i < 4; i++)
        if (step(f, &err) < 0)
            fail_msg("%s", err.msg);
    ds_context_close(f->ctx);
    assert_int_equal(faulty.answers, 1);
    assert_int_equal(count_of(f, "a"), 1);
    put(f, "lines", 0, "a");
    run(f);
    assert_int_equal(count_of(f, "a"), 2);
}

/* It is done once, also if nobody heard whether its transaction committed. */
static void test_reset_is_done_once(void **state)
{
    fixture *f = *state;
    ds_err err = {0};

    faulty.forget_commits = 1;
    put(f, "lines", 0, "a c");
    open_context(f, true);
    for (int i = 0; i < 4; i++)
        if (step(f, &err) < 0)
            fail_msg("%s", err.msg);
    put(f, "lines", 0, "a");
    for (int i = 0; i < 4; i++)
        if (step(f, &err) < 0)
            fail_msg("%s", err.msg);
    ds_context_close(f->ctx);
    assert_int_equal(faulty.forget_commits, 0);
    assert_int_equal(count_of(f, "a"), 2);
}

/* A changelog that cannot be read: restored again and again it stays so. */
static void test_damaged_changelog(void **state)
{
    fixture *f = *state;
    ds_err err = {0};
    ds_rc rc = DS_OK;

    for (int32_t p = 0; p < PARTITIONS; p++) {
        memory_record rec, bad = {.ts = 0, .val = ds_slice_of("\x7fno row")};
        int64_t end = 0;

        for (int64_t at = 0;
             memory_get(f->broker, "words.counts.changelog", p, at, &rec);
             at = end)
            end = rec.off + 1;
        for (int64_t at = 0;
             memory_get(f->broker, "words.counts.changelog", p, at, &rec) &&
             rec.off < end;
             at = rec.off + 1) {
            if (rec.key.ptr[0] == 0)
                continue; /* the engine record */
            bad.key = rec.key;
            memory_put(f->broker, "words.counts.changelog", p, &bad);
        }
    }
    put(f, "lines", 0, "a b");
    put(f, "lines", 1, "a b");
    open_context(f, false);
    for (int i = 0; i < 4 && rc >= 0; i++)
        rc = step(f, &err);
    assert_int_equal(rc, DS_E_DECISION);
    assert_non_null(strstr(err.msg, "replay"));
    ds_context_close(f->ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_revoked_while_restoring, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_error_while_restoring, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_old_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ends_stay_old, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_old_offsets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_offsets_stay_old, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_offsets_old_after_join, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_reset_survives_a_revocation,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reset_is_done_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_changelog, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
