/* SPDX-License-Identifier: Apache-2.0 */
/* test_mistakes.c - what is wrong with a job, each thing at its place. */
#include "jobs.h"

#define HEAD "dstream: 1\njob: j\n"                                 /* 1, 2 */
#define SOURCE "sources: {s: {kafka: {topic: in, format: text}}}\n" /* 3 */
#define SINK "sinks: {o: {from: s, kafka: {topic: out, format: text}}}\n"
#define JOB HEAD SOURCE SINK /* 4 lines without a mistake */
/* A source by itself, and the rest of a job around it; 3 lines. */
#define WITH_SOURCE(text)                                                      \
    HEAD "sinks: {o: {from: s, kafka: {topic: out}}}\nsources: {" text "}\n"
#define WITH_SINK(text) HEAD SOURCE "sinks: {" text "}\n"
#define WITH_STREAM(text)                                                      \
    HEAD SOURCE "sinks: {o: {from: t, kafka: {topic: out}}}\n"                 \
                "streams:\n" text

struct mistake {
    const char *text;
    const char *want;
};

static const struct mistake top[] = {
    {JOB, ""},
    {JOB "btach: 1s\n", "5:1 E0101\n"},
    {JOB "state: {standby: 1}\n", "5:1 E0190\n"},
    {JOB "registry: r\n", "5:11 E0162\n"},
    {JOB "trigger: available_now\n", "5:1 E0190\n"},
    {"dstream: 2\njob: j\n" SOURCE SINK, "1:10 E0104\n"},
    {"dstream: 1\n" SOURCE SINK, "1:1 E0102\n"},
    {"dstream: 1\njob: Big\n" SOURCE SINK, "2:6 E0105\n"},
    {"dstream: 1\njob: .j\n" SOURCE SINK, "2:6 E0105\n"},
    {HEAD SINK, "1:1 E0122\n3:19 E0120\n"},
    {HEAD SOURCE, "1:1 E0123\n"},
    {HEAD SOURCE "sinks: [o]\n", "4:8 E0103\n"},
    {JOB "workers: 0\n", "5:10 E0104\n"},
    {JOB "memory: 1kB\n", "5:9 E0104\n"},
    {JOB "delivery: at_least_once\n", "5:11 E0190\n"},
    {JOB "delivery: twice\n", "5:11 E0104\n"},
    {JOB "description: [a]\n", "5:14 E0103\n"},
};

static const struct mistake batch[] = {
    {JOB "batch: 1\n", "5:8 E0105\n"},
    {JOB "batch: [1s]\n", "5:8 E0103\n"},
    {JOB "batch: {interval: 0s}\n", "5:19 E0105\n"},
    {JOB "batch: {clock: record}\n", ""},
    {JOB "batch: {max_records: 0}\n", "5:22 E0104\n"},
    {JOB "batch: {max_bytes: 1}\n", "5:20 E0104\n"},
    {JOB "batch: {max_byte: 1MiB}\n", "5:9 E0101\n"},
    {JOB "batch: {interval: 2s, clock: wall, max_records: 7}\n", ""},
};

static const struct mistake errors[] = {
    {JOB "errors: {dlq: d, limit: 100/1m, on_error: skip, late: drop}\n", ""},
    {JOB "errors: {on_error: dlq}\n", "5:20 E0150\n"},
    {JOB "errors: {on_error: none}\n", "5:20 E0104\n"},
    {JOB "errors: {limit: 100}\n", "5:17 E0105\n"},
    {JOB "errors: {limit: x/1m}\n", "5:17 E0105\n"},
    {JOB "errors: {limit: -1/1m}\n", "5:17 E0105\n"},
    {JOB "errors: {limit: 1/soon}\n", "5:17 E0105\n"},
    {JOB "errors: {late: dlq}\n", "5:16 E0150\n"},
    {JOB "errors: {dlq: d, late: dlq}\n", ""},
    {JOB "errors: {late: late.rows}\n", ""},
    {JOB "errors: {dlq: 'a b'}\n", "5:16 E0105\n"},
    {JOB "errors: {dlq: in}\n", "5:15 E0130\n"},
    {JOB "errors: d\n", "5:9 E0103\n"},
};

static const struct mistake kafka[] = {
    {JOB "kafka: {bootstrap.servers: 'x:9092'}\n", ""},
    {JOB "kafka: main\n", "5:8 E0160\n"},
    {JOB "kafka: [x]\n", "5:8 E0103\n"},
    {JOB "kafka: {a: [b]}\n", "5:12 E0103\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: text, properties: {a: "
                 "1}}}") "kafka: {a: 2}\n",
     "4:61 E0161\n"},
};

static const struct mistake sources[] = {
    {WITH_SOURCE("s: {}"), "4:11 E0126\n"},
    {WITH_SOURCE("s: {kafka: x}"), "4:22 E0103\n"},
    {WITH_SOURCE("s: {file: {path: x}}"), "4:15 E0190\n"},
    {WITH_SOURCE("s: {socket: {port: 1}}"), "4:23 E0102\n"},
    {WITH_SOURCE("s: {rate: {rows: 1}}"), "4:15 E0190\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: text}, event_time: t}"),
     "4:61 E0411\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: text}, strict: yes}"),
     "4:57 E0103\n"},
    {WITH_SOURCE("s: {kafka: {format: text}}"), "4:22 E0128\n"},
    {WITH_SOURCE("s: {kafka: {topic: a, topics: [b], format: text}}"),
     "4:22 E0128\n"},
    {WITH_SOURCE("s: {kafka: {topics: b, format: text}}"), "4:31 E0103\n"},
    {WITH_SOURCE("s: {kafka: {topics: [b, b], format: text}}"), "4:35 E0131\n"},
    {WITH_SOURCE("s: {kafka: {topic: a/b, format: text}}"), "4:30 E0105\n"},
    {WITH_SOURCE("s: {kafka: {pattern: ab, format: text}}"), "4:32 E0105\n"},
    {WITH_SOURCE("s: {kafka: {pattern: '^(', format: text}}"), "4:33 E0105\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: txet}}"), "4:42 E0140\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: avro}}"), "4:42 E0142\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: xml}}"), "4:42 E0140\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: protobuf}}"), "4:42 E0190\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: avro, schema: nil.avsc}}"),
     "4:56 E0142\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: csv}}"), "4:22 E0141\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, columns: {a: [text, int]}}}"),
     "4:47 E0103\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, columns: {a: {b: [[int]]}}}}"),
     "4:52 E0103\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, columns: {a: [{b: txt}]}}}"),
     "4:52 E0303\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, columns: {a: {b: {}}}}}"),
     "4:51 E0103\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, columns: {a: txt}}}"), "4:47 E0303\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, columns: {_key: text}}}"),
     "4:44 E0143\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, columns: {}}}"), "4:43 E0102\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: text, start: now}}"),
     "4:55 E0105\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: text, key: _ts}}"),
     "4:53 E0143\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: text, frm: x}}"),
     "4:48 E0101\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: text}},"
                 " S: {kafka: {topic: in2, format: text}}"),
     "4:50 E0105\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: text}},"
                 " t: {kafka: {topic: in, format: text}}"),
     "4:50 E0131\n4:50 W0102\n"},
    {WITH_SOURCE("s: {kafka: {topic: in, format: text}},"
                 " t: {kafka: {topic: in2, format: text}}"),
     "4:50 W0102\n"},
};

static const struct mistake sinks[] = {
    {WITH_SINK("o: {from: x, kafka: {topic: out}}"), "4:19 E0120\n"},
    {WITH_SINK("o: {kafka: {topic: out}}"), "4:12 E0102\n"},
    {WITH_SINK("o: "), "4:9 E0102\n"},
    {WITH_SINK("o: {from: s}"), "4:9 E0126\n"},
    {WITH_SINK("o: {from: s, kafka: {topic: out}, console: }"), "4:9 E0126\n"},
    {WITH_SINK("o: {from: s, file: {path: x/}}"), "4:35 E0105\n"},
    {WITH_SINK("o: {from: s, route: []}"), "4:22 E0190\n"},
    {WITH_SINK("o: {from: s, kafka: {}}"), "4:29 E0102\n"},
    {WITH_SINK("o: {from: s, kafka: {topic: {expr: x, allow: [y]}}}"),
     "4:37 E0190\n"},
    {WITH_SINK("o: {from: s, kafka: {topic: in}}"), "4:37 E0130\n"},
    {WITH_SINK("o: {from: s, kafka: {topic: 'a b'}}"), "4:38 E0105\n"},
    {WITH_SINK("o: {from: s, kafka: {topic: out, format: xml}}"),
     "4:50 E0140\n"},
    {WITH_SINK("o: {from: s, console: {limit: 0}}"), "4:39 E0104\n"},
    {WITH_SINK("o: {from: s, console: {limt: 1}}"), "4:32 E0101\n"},
    {WITH_SINK("o: {from: s, console: , where: nope}"), "4:40 E0301\n"},
    {WITH_SINK("O: {from: s, console: }"), "4:9 E0105\n"},
    {WITH_SINK("o: {from: s, console: }"), ""},
};

static const struct mistake streams[] = {
    {WITH_STREAM("  t: {from: s, do: [{filter: value > ''}]}\n"), ""},
    {WITH_STREAM("  t: {from: u, do: [{filter: value > ''}]}\n"),
     "6:13 E0120\n"},
    {WITH_STREAM("  t: {do: [{filter: value > ''}]}\n"), "6:6 E0102\n"},
    {WITH_STREAM("  t: {from: s}\n"), "6:6 E0102\n"},
    {WITH_STREAM("  t: {from: s, do: []}\n"), "6:20 E0103\n"},
    {WITH_STREAM("  t: {from: s, do: {filter: x}}\n"), "6:20 E0103\n"},
    {WITH_STREAM("  t: {sql: SELECT 1, mode: append}\n"), "6:7 E0190\n"},
    {WITH_STREAM("  t: {from: s, do: [{flter: value}]}\n"), "6:22 E0129\n"},
    {WITH_STREAM("  t: {from: s, do: [{source: value}]}\n"), "6:22 E0129\n"},
    {WITH_STREAM("  t: {from: s, do: [dropDuplicates]}\n"), "6:21 E0190\n"},
    {WITH_STREAM("  t: {from: s, do: [{dropDuplicates: value}]}\n"),
     "6:22 E0190\n"},
    {WITH_STREAM("  t: {from: s, do: [{keyBy: value, map: value}]}\n"),
     "6:21 E0127\n"},
    {WITH_STREAM("  t: {from: s, do: [{id: x}]}\n"), "6:21 E0127\n"},
    {WITH_STREAM("  t: {from: s, do: [{filter: }]}\n"), "6:22 E0102\n"},
    {WITH_STREAM("  t: {from: s, do: [{filter: nope}]}\n"), "6:30 E0301\n"},
    {WITH_STREAM("  t: {from: s, do: [{keyBy: value, id: x}]}\n"),
     "6:40 W0104\n"},
    {WITH_STREAM("  t: {from: s, do: [{keyBy: value, on_error: dlq}]}\n"),
     "6:46 E0150\n"},
    {WITH_STREAM("  t: {from: s, do: [{keyBy: value, on_error: null}]}\n"),
     "6:46 E0151\n"},
    {WITH_STREAM("  t: {from: s, do: [{updateStateByKey: count(*) AS n}]}\n"),
     "6:22 E0451\n"},
    {WITH_STREAM("  t: {from: s, do: [{keyBy: value}, {union: [t]}]}\n"),
     "6:46 E0121\n"},
    {WITH_STREAM("  t: {from: s, do: [{filter: value > ''}]}\n"
                 "  u: {from: s, do: [{filter: value > ''}]}\n"),
     "7:3 W0101\n"},
    {WITH_STREAM("  t: {from: s, do: [{filter: value > ''}]}\n"
                 "  s: {from: t, do: [{filter: value > ''}]}\n"),
     "7:3 E0125\n"},
    {WITH_STREAM("  t: {from: u, do: [{filter: value > ''}]}\n"
                 "  u: {from: v, do: [{filter: value > ''}]}\n"
                 "  v: {from: t, do: [{filter: value > ''}]}\n"),
     "8:13 E0121\n"},
    {WITH_STREAM("  t: {from: t, do: [{filter: value > ''}]}\n"),
     "6:13 E0121\n"},
    {WITH_STREAM("  t: {from: s, do: [{keyBy: value},"
                 " {updateStateByKey: count(*) AS n, id: a b}]}\n"),
     "6:75 E0105\n"},
};

static const struct mistake state[] = {
    /* Two operators, one id. */
    {WITH_STREAM("  t: {from: s, do: [{keyBy: value},\n"
                 "    {updateStateByKey: count(*) AS n, id: a}, {keyBy: n},\n"
                 "    {updateStateByKey: count(*) AS m, id: a}]}\n"),
     "8:6 E0124\n"},
    /* A sink with a `where` after it. */
    {HEAD SOURCE "sinks: {o: {from: t, where: n > 1, kafka: {topic: out}}}\n"
                 "streams:\n  t: {from: s, do: [{keyBy: value},\n"
                 "    {updateStateByKey: count(*) AS n}]}\n",
     "4:9 W0103\n"},
    /* The job's own topics. */
    {HEAD SOURCE "sinks: {o: {from: t, kafka: {topic: j.t.changelog}}}\n"
                 "streams:\n  t: {from: s, do: [{keyBy: value},\n"
                 "    {updateStateByKey: count(*) AS n}]}\n",
     "4:37 E0132\n"},
    {HEAD "sources: {s: {kafka: {pattern: '^j', format: text}}}\n"
          "sinks: {o: {from: t, kafka: {topic: out}}}\n"
          "streams:\n  t: {from: s, do: [{keyBy: value},\n"
          "    {updateStateByKey: count(*) AS n}]}\n",
     "3:11 E0132\n"},
    {HEAD "sources: {s: {kafka: {pattern: '^o', format: text}}}\n"
          "sinks: {o: {from: s, kafka: {topic: out}}}\n",
     "4:37 E0130\n"},
};

/* All at once, also behind a step of which nothing is known any more. */
static const struct mistake many[] = {
    {WITH_STREAM("  t:\n    from: s\n    do:\n"
                 "      - map: nope AS x\n"        /* 9 */
                 "      - filter: x > AND\n"       /* 10 */
                 "      - keyBy: [x, 1 +]\n"       /* 11 */
                 "      - {map: {x: x, y: '+'}}\n" /* 12 */
                 "  u:\n    from: t\n    do:\n"
                 "      - flatMap: lower(\n"), /* 16 */
     "9:14 E0301\n10:21 E0201\n11:23 E0201\n12:27 E0201\n16:24 E0201\n"},
    /* A filter lets all columns through, whatever is wrong with it. */
    {WITH_STREAM("  t: {from: s, do: [{filter: nope}, {filter: nada}]}\n"),
     "6:30 E0301\n6:46 E0301\n"},
    {WITH_STREAM("  t: {from: s, do: [{fliter: value}, {filter: 1 +}]}\n"),
     "6:22 E0129\n6:50 E0201\n"},
};

static void check(const struct mistake *m, size_t n)
{
    size_t failed = 0;

    for (size_t i = 0; i < n; i++) {
        const char *got = jobs_lint(m[i].text);

        if (strcmp(got, m[i].want) == 0)
            continue;
        failed++;
        print_error("%s\nwant:\n%sgot:\n%s\n", m[i].text, m[i].want, got);
    }
    assert_int_equal(failed, 0);
}

#define GROUP(name)                                                            \
    static void test_##name(void **s)                                          \
    {                                                                          \
        (void)s;                                                               \
        check(name, sizeof(name) / sizeof(*name));                             \
    }

GROUP(top)
GROUP(batch)
GROUP(errors)
GROUP(kafka)
GROUP(sources)
GROUP(sinks)
GROUP(streams)
GROUP(state)
GROUP(many)

static void test_too_many(void **s)
{
    (void)s;
    jobs_say(JOB);
    for (int i = 0; i < 5000; i++) {
        char name[16], from[16];

        snprintf(name, sizeof(name), "s%d", i + 1);
        snprintf(from, sizeof(from), "s%d", i);
        ds_job_stream(job, name, i ? from : "s");
    }
    assert_null(ds_job_plan(job));
    assert_string_equal(jobs_mistakes(), "1:1 E0104\n");
}

int main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(test_##name, jobs_setup, jobs_teardown)
    const struct CMUnitTest tests[] = {
        T(top),   T(batch),   T(errors), T(kafka), T(sources),
        T(sinks), T(streams), T(state),  T(many),  T(too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
