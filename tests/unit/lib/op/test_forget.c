/* SPDX-License-Identifier: Apache-2.0 */
/* test_forget.c - many keys that time out, and the lists that find them. */
#include "dstream/clock.h"
#include "rig.h"

#define JOB(steps)                                                             \
    "dstream: 1\njob: j\n"                                                     \
    "sources: {in: {kafka: {topic: in, key: k, "                               \
    "columns: {k: text, n: bigint, t: text}}}}\n"                              \
    "streams: {s: {from: in, do: [" steps "]}}\n"                              \
    "sinks: {out: {from: s, kafka: {topic: out}}}\n"

#define TIMED                                                                  \
    "{mapWithState: {update: \"coalesce(state, 0) + sum(n) AS n\", "           \
    "timeout: 2s, on_timeout: -state AS n}}"

#define MANY 20000

static uint32_t rows_of_kind(ds_topic_kind kind)
{
    const ds_row *rows;
    uint32_t n, count = 0;

    for (uint32_t c = 0; (rows = ds_outbox_chunk(rig.box, c, &n)); c++)
        for (uint32_t i = 0; i < n; i++)
            count += rig.plan->topics[rows[i].topic].kind == kind;
    return count;
}

/* Keys first..first + n, each of some fifty bytes. */
static void keys_run(int first, int n)
{
    rig_rec *recs = calloc((size_t)n + 1, sizeof(*recs));
    ds_arena *a = ds_arena_new(1 << 16);
    ds_err err = {0};

    assert_non_null(recs);
    for (int i = 0; i < n; i++)
        recs[i].val = ds_str_printf(a, "{\"k\":\"%050d\",\"n\":1}", first + i);
    if (rig_epoch(recs, (uint32_t)n, &err) != DS_OK)
        fail_msg("%s", err.msg);
    ds_arena_free(a);
    free(recs);
}

/* A list is no record too large for a topic, and a few of them do. */
static void test_many(void **state)
{
    (void)state;
    rig_open(JOB(TIMED));
    keys_run(0, MANY);
    assert_int_equal(rows_of_kind(DS_TOPIC_SINK), MANY);
    assert_in_range(rows_of_kind(DS_TOPIC_CHANGELOG), MANY + 4, MANY + 6);
    keys_run(0, 0);
    assert_int_equal(rows_of_kind(DS_TOPIC_CHANGELOG), 0);
    keys_run(MANY - 10, 10); /* these stay */
    assert_int_equal(rows_of_kind(DS_TOPIC_CHANGELOG), 10);
    keys_run(0, 0);
    assert_int_equal(rows_of_kind(DS_TOPIC_SINK), MANY - 10);
    /* Gone keys, gone lists, the ten with a new deadline, their list. */
    assert_in_range(rows_of_kind(DS_TOPIC_CHANGELOG), MANY + 5, MANY + 7);
    keys_run(0, 0);
    assert_int_equal(rows_of_kind(DS_TOPIC_SINK), 0);
    keys_run(0, 0);
    assert_int_equal(rows_of_kind(DS_TOPIC_SINK), 10);
    assert_int_equal(rows_of_kind(DS_TOPIC_CHANGELOG), 11);
    keys_run(0, 0);
    assert_int_equal(rows_of_kind(DS_TOPIC_CHANGELOG), 0);
}

/* Several epochs of one batch time: none takes the lists of another. */
static void test_same_time(void **state)
{
    (void)state;
    rig_open(JOB(TIMED));
    for (int i = 0; i < 5; i++) {
        keys_run(i * 10, 10);
        rig.now -= DS_SECOND;
    }
    rig.now += 3 * DS_SECOND;
    keys_run(45, 5);
    assert_int_equal(rows_of_kind(DS_TOPIC_SINK), 45 + 5);
    rig.now += DS_SECOND;
    keys_run(0, 0);
    assert_int_equal(rows_of_kind(DS_TOPIC_SINK), 0);
    keys_run(0, 0);
    assert_int_equal(rows_of_kind(DS_TOPIC_SINK), 5);
}

/* Removed and back within one batch time: it is listed twice, and goes once. */
static void test_listed_twice(void **state)
{
    (void)state;
    rig_open(JOB(TIMED));
    RIG_RUN("{\"k\":\"a\",\"n\":1}");
    rig.now -= DS_SECOND;
    RIG_RUN("{\"k\":\"a\"}");
    rig.now -= DS_SECOND;
    RIG_RUN("{\"k\":\"a\",\"n\":2}");
    assert_string_equal(RIG_IDLE(), "");
    assert_string_equal(RIG_IDLE(), "");
    assert_string_equal(RIG_IDLE(), "out: a={\"k\":\"a\",\"n\":-2}\n");
    assert_string_equal(RIG_IDLE(), "");
}

/* Far away is never. */
static void test_far(void **state)
{
    (void)state;
    rig_open(JOB("{updateStateByKey: {update: sum(n) AS n, evict: "
                 "106000000d}}"));
    RIG_RUN("{\"k\":\"a\",\"n\":1}");
    rig.now += 1000000 * DS_SECOND;
    assert_string_equal(RIG_IDLE(), "");
    assert_int_equal(rows_of_kind(DS_TOPIC_CHANGELOG), 0);
}

#define AT(k, s) "{\"k\":\"" k "\",\"n\":1,\"at\":\"2026-01-01T00:00:" s "Z\"}"
#define EVENTS(cut, steps)                                                     \
    "dstream: 1\njob: j\n"                                                     \
    "sources: {in: {kafka: {topic: in, " cut                                   \
    "columns: {k: text, n: bigint, at: timestamptz}}, event_time: at, "        \
    "watermark: 1s}}\n"                                                        \
    "streams: {s: {from: in, do: [" steps "]}}\n"                              \
    "sinks: {out: {from: s, kafka: {topic: out}}}\n"
#define EVICT                                                                  \
    "{updateStateByKey: {update: \"coalesce(state, 0) + sum(n) AS n\", "       \
    "evict: 10s}}"

static ds_time at(int seconds)
{
    ds_time t = 0;

    assert_true(ds_time_parse(ds_slice_of("2026-01-01T00:00:00Z"), &t));
    return t + seconds * DS_SECOND;
}

static void check_event_time(void)
{
    RIG_RUN(AT("a", "05.2"), AT("b", "07"), AT("a", "03"));
    rig.watermark = at(15); /* 05.2 + 10 s is rounded up to a batch */
    assert_string_equal(RIG_IDLE(), "");
    rig.watermark = at(16);
    assert_string_equal(RIG_IDLE(), "out: a=~\n");
    /* Late, but there: kept by its rows for this batch. */
    rig.watermark = at(17);
    assert_string_equal(RIG_RUN(AT("b", "01")),
                        "out: b={\"k\":\"b\",\"n\":2}\n");
    assert_string_equal(RIG_IDLE(), "out: b=~\n");
    assert_string_equal(RIG_IDLE(), "");
    /* Rows later than all before move the deadline; those without a time are
     * from the watermark's. */
    RIG_RUN(AT("c", "10"), AT("d", "10"), "{\"k\":\"e\",\"n\":1}");
    RIG_RUN(AT("c", "12"));
    rig.watermark = at(20);
    assert_string_equal(RIG_IDLE(), "out: d=~\n");
    rig.watermark = at(26);
    assert_string_equal(RIG_IDLE(), "out: c=~\n");
    rig.watermark = at(27);
    assert_string_equal(RIG_IDLE(), "out: e=~\n");
}

static void test_event_time(void **state)
{
    (void)state;
    rig_open(EVENTS("key: k, ", EVICT));
    check_event_time();
}

static void test_event_time_cut(void **state)
{
    (void)state;
    rig_open(EVENTS("", "{keyBy: k}, " EVICT));
    check_event_time();
}

/* mapWithState times out by batch time, whatever the source has. */
static void test_timeout_is_batch_time(void **state)
{
    (void)state;
    rig_open(EVENTS("key: k, ", TIMED));
    RIG_RUN(AT("a", "05"));
    rig.watermark = at(50);
    assert_string_equal(RIG_IDLE(), "");
    assert_string_equal(RIG_IDLE(), "");
    rig.watermark = 0;
    assert_string_equal(RIG_IDLE(), "out: a={\"k\":\"a\",\"n\":-1}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_same_time, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(test_listed_twice, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(test_far, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_event_time, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(test_event_time_cut, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(test_timeout_is_batch_time, rig_setup,
                                        rig_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
