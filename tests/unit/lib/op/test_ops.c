/* SPDX-License-Identifier: Apache-2.0 */
/* test_ops.c - operators that look at one row at a time, sources and sinks. */
#include "rig.h"

#define JOB(source, steps, sink)                                               \
    "dstream: 1\njob: j\n"                                                     \
    "sources: {in: {kafka: {topic: in, " source "}}}\n"                        \
    "streams: {s: {from: in, do: [" steps "]}}\n"                              \
    "sinks: {out: {from: s, kafka: {topic: out, " sink "}}}\n"
#define JSON_AB "columns: {a: bigint, b: text}"

static void run_recs(const rig_rec *recs, uint32_t n)
{
    ds_err err = {0};

    if (rig_epoch(recs, n, &err) != DS_OK)
        fail_msg("%s", err.msg);
}

static void assert_out(const char *want)
{
    assert_string_equal(rig_rows(DS_TOPIC_SINK), want);
}

/* ---- filter, map, flatMap ---- */

static void test_filter(void **state)
{
    (void)state;
    rig_open(JOB(JSON_AB, "{filter: a > 1}", "format: json"));
    assert_string_equal(
        RIG_RUN("{\"a\":1}", "{\"a\":2,\"b\":\"x\"}", "{\"b\":\"null\"}",
                "{\"a\":3}"),
        "out: ~={\"a\":2,\"b\":\"x\"} @0\nout: ~={\"a\":3,\"b\":null} @0\n");
}

static void test_filter_refuses(void **state)
{
    (void)state;
    rig_open(JOB(JSON_AB, "{filter: 6 / a > 1}", "format: json"));
    assert_string_equal(RIG_RUN("{\"a\":1}", "{\"a\":0}", "{\"a\":2}"),
                        "out: ~={\"a\":1,\"b\":null} @0\n"
                        "out: ~={\"a\":2,\"b\":null} @0\n");
    assert_string_equal(rig.said, "filter refuses 1: E0703\n");
}

static void test_map(void **state)
{
    (void)state;
    rig_open(JOB(JSON_AB, "{map: {c: a + 1, b: upper(b)}}", "format: json"));
    assert_string_equal(
        RIG_RUN("{\"a\":9223372036854775807}", "{\"a\":2,\"b\":\"x\"}"),
        "out: ~={\"c\":3,\"b\":\"X\"} @0\n");
    assert_string_equal(rig.said, "map refuses 0: E0701\n");
}

static void test_flat_map(void **state)
{
    const rig_rec recs[] = {{"k", "b a", "h", 5}, {"k", "", "h", 6}};

    (void)state;
    rig_open(JOB("format: text",
                 "{flatMap: \"string_to_table(value, ' ') AS w\"}, "
                 "{filter: w <> ''}",
                 "format: text"));
    run_recs(recs, 2);
    assert_out("out: ~=b\nout: ~=a\n"); /* no longer copies of the record */
}

static void test_flat_map_refuses(void **state)
{
    (void)state;
    rig_open(JOB(JSON_AB,
                 "{flatMap: \"1 / a AS n, string_to_table(b, ' ') AS w\"}",
                 "format: json"));
    assert_string_equal(
        RIG_RUN("{\"a\":0,\"b\":\"x y\"}", "{\"a\":1,\"b\":\"x y\"}"),
        "out: ~={\"n\":1,\"w\":\"x\"}\nout: ~={\"n\":1,\"w\":\"y\"}\n");
    assert_non_null(strstr(rig.said, "flatMap refuses 0: E0703\n"));
}

/* ---- sources ---- */

static void test_source_key(void **state)
{
    const rig_rec recs[] = {{"k1", "{\"a\":1}", NULL, 0},
                            {NULL, "{\"a\":2}", NULL, 0},
                            {"k3", "{\"a\":\"no\"}", NULL, 0}};

    (void)state;
    rig_open(JOB("key: id, columns: {a: bigint}", "{map: \"id, a\"}",
                 "format: json"));
    run_recs(recs, 3);
    assert_out("out: k1={\"id\":\"k1\",\"a\":1} @0\n"
               "out: ~={\"id\":null,\"a\":2} @0\n");
    assert_string_equal(rig.said, "source refuses 2: E0601\n");
}

static void test_source_json_key(void **state)
{
    const rig_rec recs[] = {{"{\"id\":\"x\"}", "{\"a\":1}", NULL, 0},
                            {NULL, "{\"a\":2}", NULL, 0},
                            {"broken", "{\"a\":3}", NULL, 0}};

    (void)state;
    rig_open(JOB("key: id, key_format: json, columns: {a: bigint}",
                 "{map: \"id, a\"}", "format: json"));
    run_recs(recs, 3);
    assert_out("out: {\"id\":\"x\"}={\"id\":\"x\",\"a\":1} @0\n"
               "out: ~={\"id\":null,\"a\":2} @0\n");
    assert_string_equal(rig.said, "source refuses 2: E0601\n");
}

/* The largest event time of what a push let through. */
static void test_source_event_time(void **state)
{
    (void)state;
    rig_open("dstream: 1\njob: j\n"
             "sources: {in: {kafka: {topic: in, columns: {at: timestamptz, n: "
             "bigint}}, event_time: at}}\n"
             "streams: {s: {from: in, do: [filter: n > 0]}}\n"
             "sinks: {out: {from: s, kafka: {topic: out}}}\n");
    RIG_RUN("{\"at\":\"1970-01-01T00:00:01Z\"}",
            "{\"at\":\"1970-01-01T00:00:03Z\"}",
            "{\"at\":\"1970-01-01T00:00:02Z\"}", "{\"at\":\"infinity\"}",
            "{\"at\":null}", "{\"at\":\"1970-01-01T00:00:09Z\",\"n\":\"no\"}");
    assert_int_equal(rig.ops[0]->event_max, 3 * DS_SECOND);
    RIG_RUN("{\"n\":1}");
    assert_int_equal(rig.ops[0]->event_max, DS_TIME_NONE);
}

/* ---- sinks ---- */

static void test_copies(void **state)
{
    const rig_rec recs[] = {{"k", "v", "h", 7},
                            {NULL, NULL, NULL, 8},
                            {"", "", NULL, 99 * DS_SECOND}};

    (void)state;
    rig_open(
        JOB("format: text", "{filter: value is null or true}", "format: text"));
    run_recs(recs, 3);
    /* The last one is clamped to now. */
    assert_out("out: k=v {h=h} @7\nout: ~=~ @8\nout: = @1000000\n");
}

static void test_headers(void **state)
{
    const rig_rec recs[] = {{"k", "v", "h", 7}, {"k", "w", "i", 7}};

    (void)state;
    rig_open(JOB("format: text", "{filter: true}",
                 "format: text, headers: {h: upper(value), n: length(value), "
                 "z: null::text}"));
    run_recs(recs, 2);
    assert_out("out: k=v {h=V} {n=1} {z=~} @7\n"
               "out: k=w {i=i} {h=W} {n=1} {z=~} @7\n");
}

static void test_sink_key(void **state)
{
    (void)state;
    rig_open(JOB(JSON_AB, "{filter: true}", "format: json, key: b || '!'"));
    assert_string_equal(RIG_RUN("{\"a\":1,\"b\":\"x\"}", "{\"a\":2}"),
                        "out: x!={\"a\":1,\"b\":\"x\"} @0\n"
                        "out: ~={\"a\":2,\"b\":null} @0\n");
}

static void test_stream_key(void **state)
{
    (void)state;
    rig_open(JOB(JSON_AB, "{keyBy: [b, a]}", "format: json"));
    assert_string_equal(RIG_RUN("{\"a\":1,\"b\":\"x\"}"),
                        "out: {\"b\":\"x\",\"a\":1}={\"b\":\"x\",\"a\":1}\n");
}

static void test_text_of_two_columns(void **state)
{
    (void)state;
    assert_string_equal(
        rig_mistake(JOB(JSON_AB, "{filter: true}", "format: text")), "E0142");
}

static void test_console(void **state)
{
    (void)state;
    rig_open("dstream: 1\njob: j\n"
             "sources: {in: {kafka: {topic: in, " JSON_AB "}}}\n"
             "sinks: {c: {from: in, console: {limit: 2}}}\n");
    RIG_RUN("{\"a\":1,\"b\":\"x\"}", "{\"a\":2}", "{\"a\":3}");
    assert_string_equal(rig.said,
                        "-------------------------------------------\n"
                        "Time: 1000 ms\n"
                        "-------------------------------------------\n"
                        "(1,x)\n(2,null)\n...\n\n");
    rig.said[0] = 0;
    RIG_IDLE();
    assert_string_equal(rig.said, "");
}

#define HEAD_AT(ms)                                                            \
    "-------------------------------------------\n"                            \
    "Time: " ms " ms\n"                                                        \
    "-------------------------------------------\n"

/* Exactly the limit, a batch after another, NULL, a line end in a text. */
static void test_console_limit(void **state)
{
    (void)state;
    rig_open("dstream: 1\njob: j\n"
             "sources: {in: {kafka: {topic: in, " JSON_AB "}}}\n"
             "sinks: {c: {from: in, console: {limit: 2}}}\n");
    RIG_RUN("{\"a\":1,\"b\":\"x\"}", "{}");
    RIG_RUN("{\"a\":1,\"b\":\"x\\ny\"}");
    assert_string_equal(rig.said,
                        HEAD_AT("1000") "(1,x)\n(null,null)\n\n" HEAD_AT(
                            "2000") "(1,x\ny)\n\n");
}

/* Where one task has the batch an empty one shows too; one column is no
 * tuple; of sinks the first one in the file comes first. */
static void test_console_empty(void **state)
{
    (void)state;
    rig_open("dstream: 1\njob: j\n"
             "sources: {in: {kafka: {topic: in, " JSON_AB "}}}\n"
             "streams: {n: {from: in, do: [count]}, m: {from: n, do: "
             "[filter: count > 1, map: \"count AS c, 'x' AS x\"]}}\n"
             "sinks: {d: {from: m, console: {}}, c: {from: n, console: {}}}\n");
    RIG_RUN("{\"a\":1}", "{\"a\":2}");
    RIG_IDLE();
    assert_string_equal(
        rig.said, HEAD_AT("1000") "(2,x)\n\n" HEAD_AT("1000") "2\n\n" HEAD_AT(
                      "2000") "\n" HEAD_AT("2000") "0\n\n");
}

/* ---- keys ---- */

static const ds_node *node_named(const char *name)
{
    for (uint32_t i = 0; i < rig.plan->n_nodes; i++)
        if (strcmp(rig.plan->nodes[i]->name, name) == 0)
            return rig.plan->nodes[i];
    fail_msg("no node is named %s", name);
    return NULL;
}

static void test_map_keeps_key(void **state)
{
    const ds_node *node;

    (void)state;
    rig_open(JOB("key: b, " JSON_AB, "{map: \"a + 1 AS c, b AS d\"}",
                 "format: json"));
    node = node_named("s.map");
    assert_int_equal(node->n_keys, 1);
    assert_int_equal(node->keys[0], 1);
    assert_true(node->by_key);
}

static void test_map_loses_key(void **state)
{
    (void)state;
    rig_open(
        JOB("key: b, " JSON_AB, "{map: \"a, lower(b) AS b\"}", "format: json"));
    assert_int_equal(node_named("s.map")->n_keys, 0);
    assert_false(node_named("s.map")->by_key);
}

static void test_key_by(void **state)
{
    const ds_node *node;

    (void)state;
    rig_open(JOB("key: b, " JSON_AB, "{keyBy: lower(b) AS b}", "format: json"));
    node = node_named("s.keyBy");
    assert_false(node->by_key);
    assert_int_equal(node->schema->n, 2); /* it replaces the other one */
    assert_string_equal(RIG_RUN("{\"a\":1,\"b\":\"X\"}"),
                        "out: x={\"b\":\"x\",\"a\":1}\n");
}

static void test_key_by_same(void **state)
{
    (void)state;
    rig_open(JOB("key: b, " JSON_AB, "{keyBy: b}", "format: json"));
    assert_true(node_named("s.keyBy")->by_key);
    assert_string_equal(RIG_RUN("{\"a\":1,\"b\":\"X\"}"),
                        "out: X={\"b\":\"X\",\"a\":1}\n");
}

static void test_key_by_twice(void **state)
{
    (void)state;
    assert_string_equal(
        rig_mistake(JOB(JSON_AB, "{keyBy: [a, \"b AS a\"]}", "format: json")),
        "E0125");
}

#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_filter),
        T(test_filter_refuses),
        T(test_map),
        T(test_flat_map),
        T(test_flat_map_refuses),
        T(test_source_key),
        T(test_source_json_key),
        T(test_source_event_time),
        T(test_copies),
        T(test_headers),
        T(test_sink_key),
        T(test_stream_key),
        T(test_text_of_two_columns),
        T(test_console),
        T(test_console_limit),
        T(test_console_empty),
        T(test_map_keeps_key),
        T(test_map_loses_key),
        T(test_key_by),
        T(test_key_by_same),
        T(test_key_by_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
