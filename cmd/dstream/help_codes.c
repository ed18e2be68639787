/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help_codes.c - what codes mean, and examples.
 */
#include <stddef.h>
#include <string.h>

#include "cmd/help_codes.h"
#include "expr/codes.h"
#include "plan/codes.h"

/* Codes of layers that have no table of their own. */
static const struct {
    const char *code, *text;
} others[] = {
    {"E0110", "the file is not YAML"},
    {"E0111", "the file is too large, too deep, or has too many nodes"},
    {"E0112", "a key stands twice in one map"},
    {"E0113", "a key is no plain name"},
    {"E0114", "merge keys (<<) are not supported"},
    {"E0115", "tags of YAML are not supported"},
    {"E0116", "an alias without its anchor, or inside it"},
    {"E0117", "a file has one document"},
    {"E0118", "the file cannot be read"},
    {"E0440", "topics that meet in a state have different partition counts"},
    {"E0510", "a property that is not the job's to set"},
    {"E0511", "no such property"},
    {"E0512", "a property does not take this value"},
    {"E0520", "a variable or secret is not there"},
    {"E0601", "a value does not decode"},
    {"E0602", "a value names a schema that the registry does not have"},
    {"E0603", "a value's schema does not fit the job's columns"},
    {"E0604", "a row does not fit the sink's schema"},
    {"E0690", "a record of an internal topic is damaged"},
    {"E0790", "a function of a program refused a row"},
    {"E0801", "a record is too large for its topic"},
    {"E0802", "a row came after the watermark"},
    {"E0901", "a mistake in a test file"},
    {"W0510", "a password goes over the network in clear text"},
    {"W0511", "librdkafka here does not know this property: it is left out"},
};

const char *help_code_text(const char *code)
{
    const char *text = codes_text(code);

    for (const ds_expr_code *e = ds_expr_codes; !text && e->code; e++)
        if (strcmp(e->code, code) == 0)
            text = e->text;
    for (size_t i = 0; !text && i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].code, code) == 0)
            text = others[i].text;
    return text;
}

const char help_columns[] = "{id: text, n: integer, amount: numeric, tags: "
                            "\"text[]\", at: timestamptz, doc: jsonb}";
const char help_row[] =
    "{\"id\": \"A-17\", \"n\": 5, \"amount\": 12.50, \"tags\": [\"x\", "
    "\"y\"], \"at\": \"2026-01-01T00:00:00Z\", \"doc\": {\"a\": 1}}\n";

const char help_job[] =
    "dstream: 1\n"
    "job: example\n"
    "batch: 1s\n"
    "sources: {rows: {kafka: {topic: orders, columns: {id: text, n: integer, "
    "amount: numeric, tags: \"text[]\", at: timestamptz, doc: jsonb}}}}\n"
    "streams: {s: {from: rows, do: [filter: n > 0]}}\n"
    "sinks: {out: {from: s, kafka: {topic: result}}}\n";

#define STREAM(steps) "streams: {s: {from: rows, do: [" steps "]}}"
/* With a stream t. */
#define TWO(steps, other)                                                      \
    "streams: {s: {from: rows, do: [" steps                                    \
    "]}, t: {from: rows, do: [map: " other "]}}"
#define SOURCE(text) "sources: {rows: {kafka: {topic: orders, " text "}}}"
#define ROWS(more)                                                             \
    "sources: {rows: {kafka: {topic: orders, columns: {id: text, n: integer, " \
    "at: timestamptz}}, " more "}}"
#define KEYED SOURCE("key: id, columns: {id: text, n: integer}") "\n"
#define USERS                                                                  \
    "tables: {users: {kafka: {topic: users, key: id, columns: {id: text, "     \
    "name: text}}}}\n"
#define OWN_USERS                                                              \
    "tables: {users: {kafka: {topic: users, key: id, copartitioned: true, "    \
    "columns: {name: text}}}}\n"
#define SINK(text) "sinks: {out: {from: s, kafka: {topic: result, " text "}}}"

const help_example help_examples[] = {
    {"E0101", HELP_JOB, SINK("fromat: csv"), SINK("format: csv")},
    {"E0102", HELP_JOB, "sinks: {out: {from: s, kafka: {format: json}}}",
     SINK("format: json")},
    {"E0103", HELP_JOB, "streams: {s: {from: rows, do: filter}}",
     STREAM("filter: n > 0")},
    {"E0104", HELP_JOB, "workers: 0", "workers: 2"},
    {"E0105", HELP_JOB, "batch: 10", "batch: 10s"},
    {"E0112", HELP_JOB, "errors: {dlq: failed, dlq: failed.too}",
     "errors: {dlq: failed}"},
    {"E0120", HELP_JOB, "sinks: {out: {from: t, kafka: {topic: result}}}",
     "sinks: {out: {from: s, kafka: {topic: result}}}"},
    {"E0121", HELP_JOB,
     "streams: {s: {from: t, do: [filter: n > 0]}, t: {from: s, do: [filter: n "
     "< 9]}}",
     "streams: {s: {from: t, do: [filter: n > 0]}, t: {from: rows, do: "
     "[filter: n < 9]}}"},
    {"E0125", HELP_JOB,
     "streams: {s: {from: rows, do: [filter: n > 0]}, rows: {from: s, do: "
     "[filter: n < 9]}}",
     "streams: {s: {from: rows, do: [filter: n > 0]}}"},
    {"E0126", HELP_JOB,
     "sinks: {out: {from: s, kafka: {topic: result}, console: {limit: 5}}}",
     "sinks: {out: {from: s, kafka: {topic: result}}, screen: {from: s, "
     "console: {limit: 5}}}"},
    {"E0127", HELP_JOB, STREAM("{filter: n > 0, keyBy: id}"),
     STREAM("filter: n > 0, keyBy: id")},
    {"E0129", HELP_JOB, STREAM("fliter: n > 0"), STREAM("filter: n > 0")},
    {"E0130", HELP_JOB, "sinks: {out: {from: s, kafka: {topic: orders}}}",
     "sinks: {out: {from: s, kafka: {topic: result}}}"},
    {"E0140", HELP_JOB, SINK("format: xml"), SINK("format: json")},
    {"E0141", HELP_JOB, SOURCE("format: csv"),
     SOURCE("format: csv, columns: {id: text, n: integer}")},
    {"E0142", HELP_JOB, SINK("format: text"), SINK("format: csv")},
    {"E0143", HELP_JOB, SOURCE("columns: {_key: text, n: integer}"),
     SOURCE("key: id, columns: {id: text, n: integer}")},
    {"E0150", HELP_JOB, "errors: {on_error: dlq}", "errors: {dlq: failed}"},
    {"E0152", HELP_JOB, STREAM("foreachBatch: f"), STREAM("filter: n > 0")},
    {"E0190", HELP_JOB, "delivery: at_least_once", "delivery: exactly_once"},
    {"E0411", HELP_JOB, ROWS("event_time: id"), ROWS("event_time: at")},
    {"E0412", HELP_JOB, ROWS("watermark: 5m"),
     ROWS("event_time: at, watermark: 5m")},
    {"E0420", HELP_JOB, STREAM("window: {length: 45s, slide: 2500ms}"),
     STREAM("window: {length: 45s, slide: 3s}")},
    {"E0421", HELP_JOB,
     STREAM("keyBy: id, reduceByKeyAndWindow: {reduce: max(n) AS n, inverse: a "
            "- b, length: 1m}"),
     STREAM("keyBy: id, reduceByKeyAndWindow: {reduce: max(n) AS n, length: "
            "1m}")},
    {"E0422", HELP_JOB, STREAM("window: {length: 1m, slide: 10s}, union: rows"),
     STREAM("union: rows, window: {length: 1m, slide: 10s}")},
    {"E0423", HELP_JOB, STREAM("map: id, union: rows"),
     STREAM("filter: n > 0, union: rows")},
    {"E0424", HELP_JOB, STREAM("map: n, reduce: a + b AS total"),
     STREAM("map: n, reduce: a + b AS n")},
    {"E0425", HELP_JOB, STREAM("map: id, keyBy: id, groupByKey"),
     STREAM("map: id, keyBy: id, countByKey")},
    {"E0441", HELP_JOB,
     TWO("map: 'id, n', keyBy: id, join: t", "'id, n', keyBy: id"),
     TWO("map: 'id, n', keyBy: id, join: t", "'id, n AS m', keyBy: id")},
    {"E0442", HELP_JOB, TWO("map: id, keyBy: id, join: t", "n AS m, keyBy: m"),
     TWO("map: id, keyBy: id, join: t", "'n::text AS m', keyBy: m")},
    {"E0443", HELP_JOB,
     TWO("keyBy: id, join: {with: t, within: 5m}", "'id, at AS t', keyBy: id"),
     ROWS("event_time: at, watermark: 5m") "\n" TWO(
         "keyBy: id, join: {with: t, within: 5m}", "'id, at AS t', keyBy: id")},
    {"E0444", HELP_JOB,
     TWO("map: 'id, n', keyBy: id, cogroup: t", "'id, tags', keyBy: id"),
     TWO("map: 'id, n', keyBy: id, cogroup: t",
         "'id, to_jsonb(tags) AS tags', keyBy: id")},
    {"E0451", HELP_JOB, STREAM("updateStateByKey: count(*) AS n"),
     STREAM("keyBy: id, updateStateByKey: count(*) AS n")},
    {"E0460", HELP_JOB, USERS STREAM("keyBy: id, rightOuterJoin: users"),
     USERS STREAM("keyBy: id, leftOuterJoin: users")},
    {"E0461", HELP_JOB, OWN_USERS STREAM("keyBy: id, join: users"),
     USERS STREAM("keyBy: id, join: users")},
    {"E0510", HELP_JOB,
     "kafka: {bootstrap.servers: \"kafka:9092\", transactional.id: mine}",
     "kafka: {bootstrap.servers: \"kafka:9092\"}"},
    {"E0511", HELP_JOB,
     "kafka: {bootstrap.servers: \"kafka:9092\", lingr.ms: 5}",
     "kafka: {bootstrap.servers: \"kafka:9092\", linger.ms: 5}"},
    {"E0520", HELP_JOB, "kafka: {bootstrap.servers: \"${KAFKA_OF_NOBODY}\"}",
     "kafka: {bootstrap.servers: \"${KAFKA_OF_NOBODY:-localhost:9092}\"}"},

    {"E0201", HELP_EXPR, "n > 0 AND AND amount > 0", "n > 0 AND amount > 0"},
    {"E0301", HELP_EXPR, "amuont > 0", "amount > 0"},
    {"E0302", HELP_EXPR, "id + 1", "n + 1"},
    {"E0303", HELP_EXPR, "NOT n", "NOT n = 0"},
    {"E0304", HELP_EXPR, "n IN (SELECT 1)", "n IN (1, 2)"},
    {"E0305", HELP_JOB, KEYED STREAM("filter: sum(n) > 9"),
     KEYED STREAM("reduceByKey: sum(n) AS n, filter: n > 9")},
    {"E0306", HELP_JOB, STREAM("map: 'id, unnest(tags) AS tag'"),
     STREAM("flatMap: 'id, unnest(tags) AS tag'")},
    {"E0307", HELP_JOB,
     KEYED STREAM("reduceByKey: count(*) AS n, map: 'id, n, _ts AS t'"),
     KEYED STREAM("reduceByKey: 'count(*) AS n, max(_ts) AS t'")},
    {"E0312", HELP_JOB, STREAM("map: 'id, n AS id'"),
     STREAM("map: 'id, n AS count'")},
    {"E0313", HELP_JOB, STREAM("map: 'id, n + 1'"),
     STREAM("map: 'id, n + 1 AS next'")},
    {"E0320", HELP_JOB, STREAM("transform: 'SELECT id FROM btach'"),
     STREAM("transform: 'SELECT id FROM batch'")},
    {"E0321", HELP_JOB,
     STREAM("transform: 'SELECT n FROM batch a JOIN batch b USING (id)'"),
     STREAM("transform: 'SELECT a.n FROM batch a JOIN batch b USING (id)'")},
    {"E0322", HELP_JOB,
     STREAM("transform: 'SELECT id, n FROM batch GROUP BY id'"),
     STREAM("transform: 'SELECT id, max(n) AS n FROM batch GROUP BY id'")},
    {"E0323", HELP_JOB, STREAM("transform: 'SELECT id FROM batch ORDER BY 2'"),
     STREAM("transform: 'SELECT id FROM batch ORDER BY 1'")},
    {"E0324", HELP_JOB,
     STREAM("transform: 'SELECT id FROM batch WHERE rank() OVER () = 1'"),
     STREAM("transform: 'SELECT id FROM (SELECT id, rank() OVER () AS r FROM "
            "batch) x WHERE r = 1'")},
    {"E0701", HELP_EXPR, "n * 1000000000", "n * 1000000000::bigint"},
    {"E0702", HELP_EXPR, "id::integer",
     "CASE WHEN id ~ '^\\d+$' THEN id::integer END"},
    {"E0703", HELP_EXPR, "100 / (n - 5)", "100 / nullif(n - 5, 0)"},
    {"E0704", HELP_EXPR, "substring(id, 1, n - 9)",
     "substring(id, 1, greatest(n - 9, 0))"},

    {"W0101", HELP_JOB,
     "streams: {s: {from: rows, do: [filter: n > 0]}, debug: {from: rows, do: "
     "[filter: n < 0]}}",
     STREAM("filter: n > 0")},
    {"W0107", HELP_JOB,
     "sources: {rows: {socket: {host: localhost, port: 9999}}}\n"
     "streams: {s: {from: rows, do: [filter: value <> '']}}",
     "sources: {rows: {kafka: {topic: orders, format: text}}}\n"
     "streams: {s: {from: rows, do: [filter: value <> '']}}"},
    {NULL, HELP_EXPR, NULL, NULL},
};
