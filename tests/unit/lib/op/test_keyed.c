/* SPDX-License-Identifier: Apache-2.0 */
/* test_keyed.c - reduceByKey and updateStateByKey, with and without a cut. */
#include "rig.h"

/* Keyed by k from the start: nothing has to cross. */
#define JOB(steps)                                                             \
    "dstream: 1\njob: j\n"                                                     \
    "sources: {in: {kafka: {topic: in, key: k, "                               \
    "columns: {k: text, n: bigint, t: text}}}}\n"                              \
    "streams: {s: {from: in, do: [" steps "]}}\n"                              \
    "sinks: {out: {from: s, kafka: {topic: out}}}\n"
/* The same behind a repartition. */
#define CUT(steps)                                                             \
    "dstream: 1\njob: j\n"                                                     \
    "sources: {in: {kafka: {topic: in, "                                       \
    "columns: {k: text, n: bigint, t: text}}}}\n"                              \
    "streams: {s: {from: in, do: [{keyBy: k}, " steps "]}}\n"                  \
    "sinks: {out: {from: s, kafka: {topic: out}}}\n"

#define ROW(k, n) "{\"k\":\"" k "\",\"n\":" #n "}"
#define COUNT "{updateStateByKey: \"coalesce(state, 0) + sum(n) AS c\"}"

static const char *changelog(void)
{
    return rig_rows(DS_TOPIC_CHANGELOG);
}

/* ---- reduceByKey ---- */

#define REDUCE "{reduceByKey: \"count(*) AS c, sum(n) AS s, avg(n) AS a\"}"

static void test_reduce(void **state)
{
    (void)state;
    rig_open(JOB(REDUCE));
    assert_string_equal(
        RIG_RUN(ROW("b", 1), ROW("a", 2), ROW("b", 2), "{\"n\":5}",
                "{\"n\":6}"),
        "out: b={\"k\":\"b\",\"c\":2,\"s\":3,\"a\":1.5000000000000000}\n"
        "out: a={\"k\":\"a\",\"c\":1,\"s\":2,\"a\":2.0000000000000000}\n"
        "out: ~={\"k\":null,\"c\":2,\"s\":11,\"a\":5.5000000000000000}\n");
    /* Of the batch only. */
    assert_string_equal(
        RIG_RUN(ROW("b", 1)),
        "out: b={\"k\":\"b\",\"c\":1,\"s\":1,\"a\":1.00000000000000000000}\n");
    assert_string_equal(RIG_IDLE(), "");
}

/* A refused row is in no aggregate, whatever comes first, and makes no key. */
static void test_reduce_refuses(void **state)
{
    (void)state;
    rig_open(JOB("{reduceByKey: \"count(*) AS c, sum(10 / n) AS s\"}"));
    for (rig.step = 0; rig.step < 3; rig.step++) {
        rig.said[0] = 0;
        rig.off = 0;
        assert_string_equal(RIG_RUN(ROW("a", 5), ROW("a", 0), ROW("b", 0),
                                    ROW("a", 10), ROW("c", 0), ROW("c", 1)),
                            "out: a={\"k\":\"a\",\"c\":2,\"s\":3}\n"
                            "out: c={\"k\":\"c\",\"c\":1,\"s\":10}\n");
        assert_string_equal(rig.said, "reduceByKey refuses 1: E0703\n"
                                      "reduceByKey refuses 2: E0703\n"
                                      "reduceByKey refuses 4: E0703\n");
    }
}

static void test_reduce_overflow(void **state)
{
    const rig_rec recs[] = {{NULL, ROW("a", 9223372036854775807), NULL, 0},
                            {NULL, ROW("b", 1), NULL, 0},
                            {NULL, ROW("a", 1), NULL, 0},
                            {NULL, ROW("b", 1), NULL, 0}};
    ds_err err = {0};

    (void)state;
    rig_open(JOB("{reduceByKey: \"sum(n)::bigint AS s\"}"));
    assert_int_equal(rig_epoch(recs, 4, &err), DS_E_RECORD);
    assert_string_equal(rig.said, "reduceByKey blames 2: E0701\n");
}

static void test_reduce_mistakes(void **state)
{
    (void)state;
    assert_string_equal(rig_mistake(JOB("{reduceByKey: a.n + b.n AS n}")),
                        "E0424");
    ds_job_free(rig.job);
    rig.job = NULL;
    assert_string_equal(rig_mistake(JOB("{reduceByKey: count(*) AS k}")),
                        "E0125");
}

/* ---- updateStateByKey ---- */

static void test_update(void **state)
{
    (void)state;
    rig_open(JOB(COUNT));
    assert_string_equal(RIG_RUN(ROW("a", 1), ROW("b", 2), ROW("a", 3)),
                        "out: a={\"k\":\"a\",\"c\":4}\n"
                        "out: b={\"k\":\"b\",\"c\":2}\n");
    assert_string_equal(RIG_RUN(ROW("a", 1)), "out: a={\"k\":\"a\",\"c\":5}\n");
    /* One that had rows is emitted, but a state that is what it was is not
     * written again. */
    assert_string_equal(RIG_RUN(ROW("a", 0)), "out: a={\"k\":\"a\",\"c\":5}\n");
    assert_string_equal(changelog(), "");
    assert_string_equal(RIG_IDLE(), "");
    assert_string_equal(RIG_RUN(ROW("b", 1)), "out: b={\"k\":\"b\",\"c\":3}\n");
}

/* Whatever the cut and the column batches: the same. */
static void test_update_cut(void **state)
{
    (void)state;
    rig_open(CUT("{updateStateByKey: \"coalesce(state.c, 0) + count(*) AS c, "
                 "avg(n) AS a, coalesce(max(t), state.m) AS m\"}"));
    for (rig.step = 0; rig.step < 3; rig.step++)
        RIG_RUN(ROW("a", 1), ROW("b", 2), ROW("a", 4));
    assert_string_equal(
        RIG_RUN(ROW("a", 1), "{\"k\":\"c\",\"t\":\"z\"}", ROW("a", 2)),
        "out: a={\"k\":\"a\",\"c\":8,\"a\":1.5000000000000000,\"m\":null}\n"
        "out: c={\"k\":\"c\",\"c\":1,\"a\":null,\"m\":\"z\"}\n"
        "out: b={\"k\":\"b\",\"c\":3,\"a\":null,\"m\":null}\n");
    /* Combined: one row per key crossed. */
    assert_int_equal(ds_outbox_rows(rig.box), 2 + 3 + 3);
}

static void test_update_removes(void **state)
{
    (void)state;
    rig_open(JOB("{updateStateByKey: \"CASE WHEN sum(n) < 0 THEN NULL ELSE "
                 "coalesce(state, 0) + sum(n) END AS c\"}"));
    RIG_RUN(ROW("a", 1), ROW("b", 1));
    assert_string_equal(RIG_RUN(ROW("a", -1), ROW("c", -1)), "out: a=~\n");
    assert_non_null(strstr(changelog(), "=~\n"));
    assert_string_equal(RIG_RUN(ROW("a", 7)), "out: a={\"k\":\"a\",\"c\":7}\n");
}

/* Only a sink right behind it gets tombstones. */
static void test_update_removes_before(void **state)
{
    (void)state;
    rig_open(JOB("{updateStateByKey: CASE WHEN sum(n) > 0 THEN sum(n) END AS "
                 "c}, {filter: c > 0}"));
    RIG_RUN(ROW("a", 1));
    assert_string_equal(RIG_RUN(ROW("a", -1)), "");
}

/* Evaluated without rows only if it asks for count or now (contract 5.8). */
static void test_update_idle(void **state)
{
    (void)state;
    rig_open(JOB("{updateStateByKey: CASE WHEN count(*) > 0 THEN count(*) END "
                 "AS c}"));
    RIG_RUN(ROW("a", 1), ROW("b", 1));
    assert_string_equal(RIG_RUN(ROW("b", 1)),
                        "out: b={\"k\":\"b\",\"c\":1}\nout: a=~\n");
    assert_string_equal(RIG_IDLE(), "out: b=~\n");
    assert_string_equal(RIG_IDLE(), "");
}

static void test_update_keeps_idle(void **state)
{
    (void)state;
    rig_open(JOB("{updateStateByKey: \"coalesce(state, 0) + count(*) AS c\"}"));
    assert_false(rig.plan->stages[0].every_epoch);
    RIG_RUN(ROW("a", 1));
    assert_string_equal(RIG_IDLE(), "");
}

static void test_update_all(void **state)
{
    (void)state;
    rig_open(
        JOB("{updateStateByKey: {update: \"coalesce(state, 0) + sum(n) AS c\", "
            "emit: all}}"));
    assert_true(rig.plan->stages[0].every_epoch);
    RIG_RUN(ROW("b", 1), ROW("a", 1));
    assert_string_equal(RIG_RUN(ROW("b", 1)), "out: b={\"k\":\"b\",\"c\":2}\n"
                                              "out: a={\"k\":\"a\",\"c\":1}\n");
    assert_string_equal(RIG_IDLE(), "out: a={\"k\":\"a\",\"c\":1}\n"
                                    "out: b={\"k\":\"b\",\"c\":2}\n");
}

static void test_update_all_idle(void **state)
{
    (void)state;
    rig_open(JOB("{updateStateByKey: {update: count(*) AS c, emit: all}}"));
    RIG_RUN(ROW("b", 1), ROW("a", 1));
    assert_string_equal(RIG_RUN(ROW("b", 1)), "out: b={\"k\":\"b\",\"c\":1}\n"
                                              "out: a={\"k\":\"a\",\"c\":0}\n");
}

static void test_update_init(void **state)
{
    (void)state;
    rig_open(JOB("{updateStateByKey: {update: {c: state.c + sum(n), l: "
                 "state.l}, init: {c: 100}}}"));
    assert_string_equal(RIG_RUN(ROW("a", 1)),
                        "out: a={\"k\":\"a\",\"c\":101,\"l\":null}\n");
    assert_string_equal(RIG_RUN(ROW("a", 1)),
                        "out: a={\"k\":\"a\",\"c\":102,\"l\":null}\n");
}

static void test_update_overflow(void **state)
{
    const rig_rec recs[] = {{NULL, ROW("a", 1), NULL, 0},
                            {NULL, ROW("b", 1), NULL, 0}};
    ds_err err = {0};

    (void)state;
    rig_open(JOB("{updateStateByKey: {update: state + sum(n) AS c, init: "
                 "9223372036854775806}}"));
    RIG_RUN(ROW("a", 1));
    assert_int_equal(rig_epoch(recs, 2, &err), DS_E_RECORD);
    assert_string_equal(rig.said, "updateStateByKey blames 1: E0701\n");
}

static void test_update_mistakes(void **state)
{
    static const char *const yaml[] = {
        JOB("{updateStateByKey: {update: count(*) AS c, evict: soon}}"),
        JOB("{updateStateByKey: {update: count(*) AS c, init: {d: 1}}}"),
        JOB("{updateStateByKey: {update: count(*) AS c, emit: some}}"),
        JOB("{updateStateByKey: count(*) AS k}"),
    };
    static const char *const codes[] = {"E0105", "E0101", "E0104", "E0125"};

    (void)state;
    for (int i = 0; i < 4; i++) {
        if (strcmp(rig_mistake(yaml[i]), codes[i]))
            fail_msg("%s: not %s", yaml[i], codes[i]);
        ds_job_free(rig.job);
        rig.job = NULL;
    }
}

static void test_null_key(void **state)
{
    (void)state;
    rig_open(CUT(COUNT));
    RIG_RUN("{\"n\":1}", "{\"n\":2}", ROW("", 5));
    assert_string_equal(RIG_RUN("{\"n\":1}"), "out: ~={\"k\":null,\"c\":4}\n");
    /* A null key has a partition of its own all the same. */
    assert_non_null(strstr(rig_rows(DS_TOPIC_REPARTITION), "repartition: ="));
}

static void test_unshuffle_refuses(void **state)
{
    static const ds_schema none = {0, NULL};
    const ds_slice vals[] = {{(const uint8_t *)"\x07junk", 5}, DS_NULL_SLICE};
    const int64_t offs[] = {40, 41};
    const ds_envelope env = {.n = 2, .topic = "re", .val = vals, .off = offs};
    ds_batch b = {.schema = &none, .n = 2, .n_sel = 2, .env = &env};
    ds_op *op = NULL;

    (void)state;
    rig_open(CUT(COUNT));
    assert_int_equal(rig_begin(NULL), DS_OK);
    b.arena = rig.epoch;
    for (uint32_t i = 0; i < rig.plan->n_nodes; i++)
        if (strcmp(rig.ops[i]->type->name, "unshuffle") == 0)
            op = rig.ops[i];
    assert_int_equal(op->type->push(op, 0, &b, NULL), DS_OK);
    assert_non_null(strstr(rig.said, "refuses 40: E0690"));
    assert_non_null(strstr(rig.said, "refuses 41: E0690"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_reduce),
        T(test_reduce_refuses),
        T(test_reduce_overflow),
        T(test_reduce_mistakes),
        T(test_update),
        T(test_update_cut),
        T(test_update_removes),
        T(test_update_removes_before),
        T(test_update_idle),
        T(test_update_keeps_idle),
        T(test_update_all),
        T(test_update_all_idle),
        T(test_update_init),
        T(test_update_overflow),
        T(test_update_mistakes),
        T(test_null_key),
        T(test_unshuffle_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
