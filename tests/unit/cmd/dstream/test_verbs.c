/* SPDX-License-Identifier: Apache-2.0 */
/* test_verbs.c - lint, explain, schema, eval, version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "verb.h"

static const char good[] =
    "dstream: 1\n"
    "job: good\n"
    "sources: {a: {kafka: {topic: ta, format: text}}}\n"
    "streams: {s: {from: a, do: [filter: value <> '']}}\n"
    "sinks: {o: {from: s, kafka: {topic: to, format: text}}}\n";

static const char bad[] =
    "dstream: 1\n"
    "job: bad\n"
    "sources: {a: {kafka: {topic: ta, format: text}}}\n"
    "streams: {s: {from: a, do: [filter: valu <> '']}}\n"
    "sinks: {o: {from: s, kafka: {topic: to, format: text}}}\n";

static void lint_shows_mistakes_of_all_files(void **state)
{
    const char *g = verb_file("good.yaml", good);
    const char *b = verb_file("bad.yaml", bad);
    char place[300];
    const ran *r;

    (void)state;
    assert_int_equal(VERB(verb_lint, g)->code, 0);
    r = VERB(verb_lint, b, "/nowhere/x.yaml", g);
    assert_int_equal(r->code, 78);
    snprintf(place, sizeof(place), "%s:4:37: error[E0301]: ", b);
    assert_non_null(strstr(r->out, place));
    assert_non_null(strstr(r->out, "/nowhere/x.yaml"));
    assert_int_equal(VERB(verb_lint, verb_path("."))->code, 78);
    assert_int_equal(VERB(verb_lint, "--help")->code, 0);
    assert_int_equal(VERB(verb_lint, "--what")->code, 64);
}

static void lint_takes_names_of_clusters(void **state)
{
    char text[600], config[600];
    const char *job, *file;

    (void)state;
    snprintf(text, sizeof(text), "%skafka: main\n", good);
    job = verb_file("named.yaml", text);
    assert_int_equal(VERB(verb_lint, job)->code, 0);
    snprintf(config, sizeof(config),
             "dstream: 1\njobs: %s\nclusters: {other: {bootstrap.servers: "
             "x}}\n",
             verb_dir);
    file = verb_file("daemon.yml", config);
    assert_int_equal(VERB(verb_lint, "--config", file, job)->code, 78);
}

static void explain_names_topics(void **state)
{
    const ran *r = VERB(verb_explain, verb_file("good.yaml", good));

    (void)state;
    assert_int_equal(r->code, 0);
    assert_non_null(strstr(r->out, "ta"));
    r = VERB(verb_explain, verb_file("bad.yaml", bad));
    assert_int_equal(r->code, 78);
    assert_string_equal(r->out, "");
    assert_int_equal(VERB(verb_explain, "--format", "dot", "x")->code, 64);
}

static void eval_answers_once(void **state)
{
    const ran *r = VERB(verb_eval, "1 + 1");

    (void)state;
    assert_int_equal(r->code, 0);
    assert_string_equal(r->out, "{\"value\": 2}\n");
    r = VERB(verb_eval, "-7 / 2", "-o", "json");
    assert_string_equal(r->out, "{\"value\": -3}\n");
    r = VERB(verb_eval, "NULL");
    assert_string_equal(r->out, "{\"value\": null}\n");
    r = VERB(verb_eval, "1 / 0");
    assert_int_equal(r->code, 1);
    assert_string_equal(r->out, "{\"error\": {\"code\": \"E0703\", "
                                "\"message\": \"division by zero\"}}\n");
    r = VERB(verb_eval, "1 +");
    assert_int_equal(r->code, 78);
    assert_string_equal(r->out, "");
    assert_non_null(strstr(r->err, "syntax error"));
    r = VERB(verb_eval, "'\xff'");
    assert_int_equal(r->code, 78);
    assert_non_null(strstr(r->err, "invalid byte sequence"));
}

static void eval_answers_each_row_in_order(void **state)
{
    const char *in = verb_file("rows", "{\"x\": 1}\n{\"x\": 0}\n{\"x\": \"a\"}"
                                       "\n{}\n{\"x\": 5}");
    const ran *r = VERB(verb_eval, "10 / x", "--in", in, "--columns",
                        "{x: bigint}", "-o", "json");
    const char *at = r->out;
    static const char *const want[] = {
        "{\"value\": 10}\n", "{\"error\": {\"code\": \"E0703\"",
        "{\"error\": {\"code\": \"E06", "{\"value\": null}\n",
        "{\"value\": 2}\n"};

    (void)state;
    assert_int_equal(r->code, 1);
    for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
        assert_memory_equal(at, want[i], strlen(want[i]));
        at = strchr(at, '\n') + 1;
    }
    assert_int_equal(*at, 0);
    /* A line is a row, also an empty one, which is no JSON object. */
    r = VERB(verb_eval, "x", "--in", verb_file("rows", "{}\n\n{\"x\": 1}\n"),
             "--columns", "{x: bigint}");
    assert_int_equal(r->code, 1);
    assert_memory_equal(r->out, "{\"value\": null}\n{\"error\": ", 26);
    assert_non_null(strstr(r->out, "}}\n{\"value\": 1}\n"));
    r = VERB(verb_eval, "y", "--in", in, "--columns", "{x: bigint}");
    assert_int_equal(r->code, 78);
    r = VERB(verb_eval, "x", "--in", in, "--columns", "{x: what}");
    assert_int_equal(r->code, 78);
    r = VERB(verb_eval, "x", "--in", in);
    assert_int_equal(r->code, 64);
}

static void schema_and_version_print(void **state)
{
    const ran *r = VERB(verb_schema, NULL);

    (void)state;
    assert_int_equal(r->code, 0);
    assert_int_equal(r->out[0], '{');
    r = VERB(verb_version, NULL);
    assert_int_equal(r->code, 0);
    assert_memory_equal(r->out, "dstream ", 8);
    assert_int_equal(VERB(verb_version, "x")->code, 64);
}

static int help_verb(int argc, char **argv)
{
    (void)argc;
    return help_main(argv[1]);
}

static void help_knows_operators(void **state)
{
    const ran *r = VERB(help_verb, "mapWithState");

    (void)state;
    assert_int_equal(r->code, 0);
    assert_memory_equal(r->out, "mapWithState: ", 14);
    assert_non_null(strstr(r->out, "\n  on_timeout "));
    r = VERB(help_verb, "count"); /* and a function */
    assert_int_equal(r->code, 0);
    assert_non_null(strstr(r->out, "count(*)"));
    r = VERB(help_verb, "map"); /* its one argument has no name */
    assert_int_equal(r->code, 0);
    assert_non_null(strstr(r->out, "a select list, or {name: expression"));
    assert_null(strstr(r->out, "(required)"));
    r = VERB(help_verb, "dense_rank");
    assert_non_null(strstr(r->out, "OVER"));
    r = VERB(help_verb, "flatmap");
    assert_int_equal(r->code, 64);
    assert_non_null(strstr(r->err, "did you mean `flatMap`?"));
    assert_int_equal(VERB(help_verb, "tableJoin")->code, 64);
}

static void replay_wants_a_target(void **state)
{
    const char *g = verb_file("good.yaml", good);

    (void)state;
    assert_int_equal(VERB(verb_replay, g)->code, 64);
    assert_int_equal(VERB(verb_replay, g, "--to-offset", "x")->code, 64);
    assert_int_equal(
        VERB(verb_replay, g, "--to-earliest", "--to-offset", "1")->code, 64);
    assert_int_equal(VERB(verb_replay, g, "--to-datetime", "soon")->code, 64);
    assert_int_equal(VERB(verb_replay, "--help")->code, 0);
}

static void serve_refuses_what_it_cannot_do(void **state)
{
    const char *far = verb_file(
        "far.yml", "dstream: 1\njobs: .\nhttp: {listen: \"0.0.0.0:9640\"}\n");
    const ran *r = VERB(verb_serve, "--config", far, "--check");

    (void)state;
    assert_int_equal(r->code, 78);
    assert_non_null(strstr(r->err, "loopback"));
    assert_int_equal(VERB(verb_serve, "--config", "/nowhere", "--check")->code,
                     78);
    r = VERB(verb_serve, "--config",
             verb_file("no.yml", "dstream: 1\njobs: /nowhere\nwhat: 1\n"));
    assert_int_equal(r->code, 78);
    assert_non_null(strstr(r->err, "what"));
}

/* As they are written, also inside arrays. */
static void a_failed_test_shows_short_numbers(void **state)
{
    const ran *r;

    (void)state;
    verb_file("numbers.yaml",
              "dstream: 1\n"
              "job: numbers\n"
              "sources: {a: {kafka: {topic: ta, columns: {d: numeric}}}}\n"
              "streams: {s: {from: a, do: [map: \"d, ARRAY[d] AS l\"]}}\n"
              "sinks: {o: {from: s, kafka: {topic: to}}}\n");
    r = VERB(verb_test,
             verb_file("numbers.test.yaml", "job: numbers.yaml\n"
                                            "tests:\n"
                                            "  - name: t\n"
                                            "    steps:\n"
                                            "      - a: [{d: 0.1}]\n"
                                            "      - expect: {o: []}\n"));
    assert_int_equal(r->code, 1);
    assert_non_null(strstr(r->out, "+ {d: 0.1, l: [0.1]}      got\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lint_shows_mistakes_of_all_files),
        cmocka_unit_test(lint_takes_names_of_clusters),
        cmocka_unit_test(explain_names_topics),
        cmocka_unit_test(eval_answers_once),
        cmocka_unit_test(eval_answers_each_row_in_order),
        cmocka_unit_test(schema_and_version_print),
        cmocka_unit_test(help_knows_operators),
        cmocka_unit_test(replay_wants_a_target),
        cmocka_unit_test(serve_refuses_what_it_cannot_do),
        cmocka_unit_test(a_failed_test_shows_short_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, verb_clean);
}
