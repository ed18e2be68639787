/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan.c - nodes, cuts, stages, stores, topics and reads of a job. */
#include "jobs.h"

#define HEAD "dstream: 1\njob: wc\n"

#define WORD_COUNT                                                             \
    HEAD "sources:\n"                                                          \
         "  lines: {kafka: {topic: lines, format: text}}\n"                    \
         "streams:\n"                                                          \
         "  counts:\n"                                                         \
         "    from: lines\n"                                                   \
         "    do:\n"                                                           \
         "      - flatMap: string_to_table(value, ' ') AS word\n"              \
         "      - filter: word <> ''\n"                                        \
         "      - map: word, 1 AS n\n"                                         \
         "      - keyBy: word\n"                                               \
         "      - updateStateByKey: coalesce(state, 0) + sum(n) AS n\n"        \
         "sinks:\n"                                                            \
         "  counts: {from: counts, kafka: {topic: out}}\n"                     \
         "  screen: {from: counts, console: {limit: 5}}\n"

/* A keyed source `ev` and a stream `t` with these steps. */
#define KEYED(steps)                                                           \
    HEAD "sources:\n"                                                          \
         "  ev:\n"                                                             \
         "    kafka:\n"                                                        \
         "      topic: ev\n"                                                   \
         "      key: uid\n"                                                    \
         "      columns: {uid: text, page: text, n: bigint}\n"                 \
         "streams:\n"                                                          \
         "  t: {from: ev, do: [" steps "]}\n"                                  \
         "sinks:\n"                                                            \
         "  t: {from: t, kafka: {topic: out}}\n"

static const char *shape(const ds_plan *plan)
{
    ds_arena *a = ds_job_arena(job);
    const char *out = "";

    for (uint32_t i = 0; i < plan->n_stages; i++) {
        const ds_stage *stage = &plan->stages[i];

        out = ds_str_printf(a, "%s%s[%s]:", out, stage->name, stage->group);
        for (uint32_t k = 0; k < stage->n_nodes; k++)
            out = ds_str_printf(a, "%s %s", out, stage->nodes[k]->type->name);
        out = ds_str_printf(a, "%s\n", out);
    }
    return out;
}

static const char *reads(const ds_node *node)
{
    ds_arena *a = ds_job_arena(job);
    const char *out = "";

    for (uint32_t i = 0; i < node->schema->n; i++)
        if (node->reads[i])
            out = ds_str_printf(a, "%s%s ", out, node->schema->fields[i].name);
    return out;
}

/* ---- cuts ---- */

static void test_word_count(void **state)
{
    const ds_plan *plan = jobs_plan(WORD_COUNT);
    const ds_node *op, *partial, *shuffle, *unshuffle;

    (void)state;
    assert_string_equal(shape(plan),
                        "main[wc]: source flatMap filter map keyBy partial "
                        "shuffle\n"
                        "counts[wc.counts]: unshuffle updateStateByKey sink "
                        "console\n");
    op = jobs_node(plan, "counts.updateStateByKey");
    partial = jobs_node(plan, "counts.updateStateByKey.partial");
    shuffle = jobs_node(plan, "counts.updateStateByKey.shuffle");
    unshuffle = jobs_node(plan, "counts.updateStateByKey.unshuffle");
    assert_ptr_equal(op->partial, partial);
    assert_ptr_equal(partial->combines, op);
    assert_ptr_equal(op->inputs[0], unshuffle);
    assert_ptr_equal(unshuffle->inputs[0], shuffle);
    assert_int_equal(shuffle->n_outputs, 0);
    assert_int_equal(unshuffle->n_outputs, 1);
    assert_int_equal(op->n_outputs, 2);
    assert_int_equal(shuffle->topic, unshuffle->topic);
    assert_string_equal(plan->topics[shuffle->topic].name,
                        "wc.counts.repartition");
    assert_ptr_equal(unshuffle->schema, partial->schema);
    assert_true(unshuffle->by_key && !unshuffle->records && op->by_key);
    assert_false(plan->stages[0].keyed);
    assert_true(plan->stages[1].keyed);
    assert_int_equal(plan->stages[1].n_sources, 1);
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        assert_int_equal(plan->nodes[i]->id, i);
        for (uint32_t k = 0; k < plan->nodes[i]->n_inputs; k++)
            assert_true(plan->nodes[i]->inputs[k]->id < i);
    }
}

static void test_keyed_source(void **state)
{
    (void)state;
    assert_string_equal(
        shape(jobs_plan(KEYED("{updateStateByKey: sum(n) AS n}"))),
        "main[wc]: source updateStateByKey sink\n");
    /* The same key again, also after a map that keeps and renames it. */
    assert_string_equal(shape(jobs_plan(KEYED(
                            "{keyBy: uid}, {updateStateByKey: sum(n) AS n}"))),
                        "main[wc]: source keyBy updateStateByKey sink\n");
    assert_string_equal(
        shape(jobs_plan(KEYED("{filter: n > 1}, {map: 'n, uid AS u'}, "
                              "{keyBy: u}, {reduceByKey: sum(n) AS n}"))),
        "main[wc]: source filter map keyBy reduceByKey sink\n");
    /* Another key, or a map that loses it. */
    assert_string_equal(shape(jobs_plan(KEYED(
                            "{keyBy: page}, {updateStateByKey: sum(n) AS n}"))),
                        "main[wc]: source keyBy partial shuffle\n"
                        "t[wc.t]: unshuffle updateStateByKey sink\n");
    assert_string_equal(
        shape(jobs_plan(KEYED("{map: 'lower(uid) AS uid, n'}, {keyBy: uid}, "
                              "{updateStateByKey: sum(n) AS n}"))),
        "main[wc]: source map keyBy partial shuffle\n"
        "t[wc.t]: unshuffle updateStateByKey sink\n");
}

static void test_two_cuts(void **state)
{
    const ds_plan *plan =
        jobs_plan(KEYED("{keyBy: page}, {updateStateByKey: sum(n) AS n}, "
                        "{keyBy: n}, {updateStateByKey: count(*) AS pages}"));

    (void)state;
    assert_string_equal(shape(plan),
                        "main[wc]: source keyBy partial shuffle\n"
                        "t[wc.t]: unshuffle updateStateByKey keyBy partial "
                        "shuffle\n"
                        "t.2[wc.t.2]: unshuffle updateStateByKey sink\n");
    assert_int_equal(plan->n_stores, 2);
    assert_string_equal(plan->stores[0].name, "t");
    assert_string_equal(plan->stores[1].name, "t.2");
    assert_string_equal(plan->stores[1].changelog, "wc.t.2.changelog");
    assert_string_equal(plan->topics[plan->stores[1].topic].name,
                        "wc.t.2.changelog");
    assert_int_equal(plan->topics[plan->stores[1].topic].stage, 2);
    jobs_node(plan, "t.updateStateByKey.2");
}

/* A stream named like the first stage. */
static void test_main_stream(void **state)
{
    const ds_plan *plan =
        jobs_plan(HEAD "sources: {s: {kafka: {topic: in, format: text}}}\n"
                       "streams: {main: {from: s, do: [{keyBy: value},\n"
                       "  {updateStateByKey: count(*) AS n}]}}\n"
                       "sinks: {o: {from: main, console: }}\n");

    (void)state;
    assert_string_equal(plan->stages[1].name, "main.2");
}

/* ---- streams and sinks ---- */

static void test_fan_out(void **state)
{
    const ds_plan *plan =
        jobs_plan(HEAD "sources: {s: {kafka: {topic: in, format: text}}}\n"
                       "streams:\n"
                       "  b: {from: a, do: [{filter: value > 'b'}]}\n"
                       "  a: {from: s, do: [{filter: value > 'a'}]}\n"
                       "  c: {from: a, do: [{filter: value > 'c'}]}\n"
                       "sinks:\n"
                       "  a: {from: a, where: value < 'x', console: }\n"
                       "  b: {from: b, console: }\n"
                       "  c: {from: c, console: }\n"
                       "  s: {from: s, console: }\n");
    const ds_node *a = jobs_node(plan, "a.filter");

    (void)state;
    assert_int_equal(jobs_node(plan, "s")->n_outputs, 2);
    assert_int_equal(a->n_outputs, 3);
    for (uint32_t i = 0; i < a->n_outputs; i++) {
        assert_ptr_equal(a->outputs[i]->inputs[0], a);
        assert_int_equal(a->out_ports[i], 0);
    }
    assert_string_equal(jobs_node(plan, "a.console")->inputs[0]->name,
                        "a.where");
}

static void test_taps(void **state)
{
    const ds_plan *plan;
    int taps = 0;

    (void)state;
    jobs_say(WORD_COUNT);
    ds_job_tap_all(job);
    plan = ds_job_plan(job);
    assert_non_null(plan);
    for (uint32_t i = 0; i < plan->n_topics; i++)
        if (plan->topics[i].tap) {
            assert_int_equal(plan->topics[i].kind, DS_TOPIC_SINK);
            taps++;
        }
    assert_int_equal(taps, 2); /* sink counts has stream counts's name */
    assert_string_equal(jobs_node(plan, "tap.counts")->inputs[0]->name,
                        "counts.updateStateByKey");
    assert_string_equal(jobs_node(plan, "tap.screen")->inputs[0]->name,
                        "counts.updateStateByKey");
}

static void test_topics_once(void **state)
{
    const ds_plan *plan =
        jobs_plan(HEAD "sources: {s: {kafka: {topics: [x, y], format: text}}}\n"
                       "errors: {dlq: o}\n"
                       "sinks:\n"
                       "  a: {from: s, kafka: {topic: o, format: text}}\n"
                       "  b: {from: s, kafka: {topic: o, format: text}}\n");

    (void)state;
    assert_int_equal(plan->n_topics, 4); /* o is a sink and the dlq */
    assert_string_equal(plan->topics[plan->dlq_topic].name, "o");
    assert_int_equal(plan->topics[plan->dlq_topic].kind, DS_TOPIC_DLQ);
    assert_int_equal(jobs_node(plan, "a.kafka")->topic,
                     jobs_node(plan, "b.kafka")->topic);
    assert_int_equal(jobs_node(plan, "a.kafka")->on_error, DS_ON_ERROR_DLQ);
}

static void test_on_error(void **state)
{
    const ds_plan *plan =
        jobs_plan(HEAD "sources: {s: {kafka: {topic: x, format: text}}}\n"
                       "errors: {dlq: d, on_error: skip, limit: 7/1m}\n"
                       "streams:\n"
                       "  t:\n"
                       "    from: s\n"
                       "    do:\n"
                       "      - map: value\n"
                       "        on_error: fail\n"
                       "      - map: value\n"
                       "sinks: {o: {from: t, console: }}\n");

    (void)state;
    assert_int_equal(jobs_node(plan, "s")->on_error, DS_ON_ERROR_SKIP);
    assert_int_equal(jobs_node(plan, "t.map")->on_error, DS_ON_ERROR_FAIL);
    assert_int_equal(jobs_node(plan, "t.map.2")->on_error, DS_ON_ERROR_SKIP);
    assert_int_equal(plan->error_limit, 7);
    assert_int_equal(plan->error_span, 60 * DS_SECOND);
}

/* ---- sources ---- */

static void test_key_from_record(void **state)
{
    const ds_plan *plan =
        jobs_plan(HEAD "sources: {s: {kafka: {topic: x, format: text, key: id}"
                       "}}\nsinks: {o: {from: s, kafka: {topic: y}}}\n");
    const ds_node *s = jobs_node(plan, "s");
    const ds_source_args *args = s->args;

    (void)state;
    assert_int_equal(s->schema->n, 2);
    assert_string_equal(s->schema->fields[1].name, "id");
    assert_int_equal(s->schema->fields[1].type, DS_STR);
    assert_int_equal(args->body->n, 1);
    assert_true(args->key_from_record && s->by_key && s->copies && s->records);
    assert_int_equal(s->n_keys, 1);
    assert_int_equal(s->keys[0], 1);
}

/* Only what is read is decoded, also through filters and cuts. */
static void test_reads(void **state)
{
    const ds_plan *plan;

    (void)state;
    plan = jobs_plan(KEYED("{filter: n > 1}"));
    assert_string_equal(reads(jobs_node(plan, "ev")), "uid page n ");
    plan = jobs_plan(KEYED("{filter: n > 1}, {map: page}"));
    assert_string_equal(reads(jobs_node(plan, "ev")), "page n ");
    plan = jobs_plan(KEYED("{updateStateByKey: count(*) AS c}"));
    assert_string_equal(reads(jobs_node(plan, "ev")), "uid ");
    plan = jobs_plan(KEYED("{filter: n > 1}, {keyBy: page}, "
                           "{updateStateByKey: count(*) AS c}"));
    assert_string_equal(reads(jobs_node(plan, "t.updateStateByKey.unshuffle")),
                        "page $0 ");
}

/* ---- stores ---- */

static uint64_t signature(const char *text)
{
    return jobs_plan(text)->stores[0].signature;
}

static void test_signature(void **state)
{
    uint64_t is = signature(KEYED("{updateStateByKey: sum(n) AS n}"));

    (void)state;
    assert_true(is ==
                signature(KEYED("{updateStateByKey: ' sum( n )  AS n'}")));
    /* A stateless step is no matter of the state. */
    assert_true(is == signature(KEYED("{filter: n > 1}, "
                                      "{updateStateByKey: sum(n) AS n}")));
    assert_true(is != signature(KEYED("{updateStateByKey: max(n) AS n}")));
    assert_true(is != signature(KEYED("{updateStateByKey: sum(n) AS m}")));
    assert_true(is != signature(KEYED(
                          "{keyBy: page}, {updateStateByKey: sum(n) AS n}")));
}

static void test_id(void **state)
{
    const ds_plan *plan =
        jobs_plan(KEYED("{updateStateByKey: sum(n) AS n, id: totals}, "
                        "{updateStateByKey: sum(n) AS n}"));

    (void)state;
    assert_string_equal(plan->stores[0].name, "totals");
    assert_string_equal(plan->stores[0].changelog, "wc.totals.changelog");
    assert_string_equal(plan->stores[1].name, "t");
}

/* ---- calls from C ---- */

static const ds_arg *cluster(void *arg, const char *name)
{
    return strcmp(name, "main") ? NULL : arg;
}

static void test_from_c(void **state)
{
    const ds_plan *plan;
    ds_stream *s;

    (void)state;
    job = ds_job_new(reg);
    ds_job_set(job, "job", "wc");
    ds_job_set(job, "batch", "500ms");
    ds_job_set(job, "batch.max_records", "9");
    ds_job_set(job, "kafka.bootstrap.servers", "x:1");
    ds_job_set(job, "kafka.client.id", "me");
    ds_job_source(job, "ev", "kafka",
                  DS_OPTS("topic", "ev", "columns", "a text, n bigint not null",
                          "strict", "true"));
    s = ds_job_stream(job, "t", "ev");
    ds_stream_step(s, "filter", "n > 1");
    ds_job_sink(job, "o", "t", "kafka",
                DS_OPTS("topic", "out", "where", "n < 5"));
    plan = ds_job_plan(job);
    ds_diags_show(ds_job_diags(job), DS_NULL_SLICE, stderr);
    assert_non_null(plan);
    assert_ptr_equal(ds_job_plan(job), plan);
    assert_int_equal(plan->n_props, 2);
    assert_string_equal(plan->props[0].name, "bootstrap.servers");
    assert_int_equal(plan->max_records, 9);
    assert_int_equal(plan->batch, DS_SECOND / 2);
    assert_true(jobs_node(plan, "ev")->schema->fields[1].not_null);
    assert_true(((const ds_source_args *)jobs_node(plan, "ev")->args)->strict);
    assert_string_equal(jobs_node(plan, "o.kafka")->inputs[0]->name, "o.where");
}

static void test_clusters(void **state)
{
    const ds_plan *plan;
    ds_arena *a = ds_arena_new(1024);
    const ds_arg *value = args_scalar("x:1", a);
    ds_text name = ds_text_of("bootstrap.servers");
    const ds_arg *map = args_map(&name, &value, 1, (ds_where){0}, a);

    (void)state;
    jobs_say(WORD_COUNT);
    ds_job_set_clusters(job, cluster, (void *)(uintptr_t)map);
    plan = ds_job_plan(job);
    assert_non_null(plan);
    assert_int_equal(plan->n_props, 1);
    jobs_say(WORD_COUNT "kafka: other\n");
    ds_job_set_clusters(job, cluster, (void *)(uintptr_t)map);
    assert_null(ds_job_plan(job));
    assert_string_equal(jobs_mistakes(), "17:8 E0160\n");
    ds_arena_free(a);
}

static void test_defaults(void **state)
{
    const ds_plan *plan = jobs_plan(WORD_COUNT);

    (void)state;
    assert_int_equal(plan->batch, DS_SECOND);
    assert_int_equal(plan->max_records, 50000);
    assert_int_equal(plan->max_bytes, 16 * 1024 * 1024);
    assert_int_equal(plan->memory, 256 * 1024 * 1024);
    assert_int_equal(plan->workers, 0);
    assert_int_equal(plan->dlq_topic, -1);
    assert_int_equal(plan->error_limit, 0);
    assert_string_equal(plan->file, "f");
    assert_int_equal(jobs_node(plan, "lines")->on_error, DS_ON_ERROR_FAIL);
}

/* ---- joins ---- */

#define TWO(more, steps)                                                       \
    HEAD "sources:\n"                                                          \
         "  a: {kafka: {topic: a, key: k, columns: {x: bigint}}}\n"            \
         "  b: {kafka: {topic: b, key: k, columns: {y: bigint}" more "}}\n"    \
         "streams:\n"                                                          \
         "  t: {from: a, do: [" steps "]}\n"                                   \
         "sinks:\n"                                                            \
         "  t: {from: t, kafka: {topic: out}}\n"

static void test_join_in_place(void **state)
{
    const ds_plan *plan = jobs_plan(TWO("", "filter: x > 0, join: b"));

    (void)state;
    assert_string_equal(shape(plan), "main[wc]: source source filter join "
                                     "sink\n");
    assert_true(plan->stages[0].keyed && plan->stages[0].timed);
    assert_int_equal(plan->n_stores, 0);
}

/* Keys of other bytes lie in other partitions. */
static void test_join_key_formats(void **state)
{
    const ds_plan *plan =
        jobs_plan(TWO(", key_format: json", "filter: x > 0, join: b"));

    (void)state;
    assert_string_equal(shape(plan),
                        "main[wc]: source source filter shuffle shuffle\n"
                        "t[wc.t]: unshuffle unshuffle join sink\n");
}

/* ---- event time ---- */

#define TIMED(steps)                                                           \
    HEAD "sources:\n"                                                          \
         "  ev:\n"                                                             \
         "    kafka: {topic: ev, columns: {uid: text, at: timestamptz}}\n"     \
         "    event_time: at\n"                                                \
         "    watermark: 5m\n"                                                 \
         "streams:\n"                                                          \
         "  t: {from: ev, do: [" steps "]}\n"                                  \
         "sinks:\n"                                                            \
         "  t: {from: t, kafka: {topic: out}}\n"

static void assert_event_time(const ds_plan *plan, const char *name, int col)
{
    const ds_node *node = jobs_node(plan, name);

    assert_int_equal(node->event_time, col);
    assert_int_equal(node->watermarked, col >= 0);
}

static void test_event_time(void **state)
{
    const ds_plan *plan =
        jobs_plan(TIMED("map: 'uid, at AS t, 1 AS n', filter: n > 0, keyBy: t, "
                        "keyBy: uid, updateStateByKey: count(*) AS n"));

    (void)state;
    assert_event_time(plan, "ev", 1);
    assert_event_time(plan, "t.map", 1);
    assert_event_time(plan, "t.filter", 1);
    assert_event_time(plan, "t.keyBy", 0);
    assert_event_time(plan, "t.keyBy.2", 1);
    assert_event_time(plan, "t.updateStateByKey", -1);
}

static void test_event_time_is_lost(void **state)
{
    const ds_plan *plan = jobs_plan(
        TIMED("map: \"uid, at + '1s' AS at, 1 AS n\", filter: n > 0"));

    (void)state;
    assert_event_time(plan, "t.map", -1);
    assert_event_time(plan, "t.filter", -1);
    assert_true(jobs_node(plan, "ev")->reads[1]);
}

#define UNION(other)                                                           \
    HEAD "sources:\n"                                                          \
         "  a: {kafka: {topic: a, columns: {at: timestamp, t: timestamp}}, "   \
         "event_time: at, watermark: 1s}\n"                                    \
         "  b: {kafka: {topic: b, columns: {t: timestamp, at: timestamp}}, "   \
         "event_time: " other "}\n"                                            \
         "streams:\n"                                                          \
         "  t: {from: a, do: [union: b]}\n"                                    \
         "sinks:\n"                                                            \
         "  t: {from: t, kafka: {topic: out}}\n"

static void test_event_time_of_union(void **state)
{
    (void)state;
    assert_event_time(jobs_plan(UNION("at, watermark: 2s")), "t.union", 0);
}

static void test_event_time_of_union_differs(void **state)
{
    (void)state;
    assert_event_time(jobs_plan(UNION("t, watermark: 2s")), "t.union", -1);
}

static void test_event_time_is_read(void **state)
{
    const ds_plan *plan = jobs_plan(TIMED("map: uid"));
    const ds_source_args *s = jobs_node(plan, "ev")->args;

    (void)state;
    assert_true(jobs_node(plan, "ev")->reads[1]);
    assert_int_equal(s->watermark, 300 * DS_SECOND);
    assert_int_equal(s->idle, 30 * DS_SECOND);
}

int main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(test_##name, jobs_setup, jobs_teardown)
    const struct CMUnitTest tests[] = {
        T(word_count),
        T(keyed_source),
        T(two_cuts),
        T(main_stream),
        T(fan_out),
        T(taps),
        T(topics_once),
        T(on_error),
        T(key_from_record),
        T(reads),
        T(signature),
        T(id),
        T(from_c),
        T(clusters),
        T(defaults),
        T(event_time),
        T(join_in_place),
        T(join_key_formats),
        T(event_time_is_lost),
        T(event_time_is_read),
        T(event_time_of_union),
        T(event_time_of_union_differs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
