/* SPDX-License-Identifier: Apache-2.0 */
/* test_run.c - embedded runs: --in, --out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verb.h"

static const char words[] =
    "dstream: 1\n"
    "job: words\n"
    "sources: {lines: {kafka: {topic: lines, format: text}}}\n"
    "streams:\n"
    "  counts:\n"
    "    from: lines\n"
    "    do:\n"
    "      - flatMap: string_to_table(value, ' ') AS word\n"
    "      - keyBy: word\n"
    "      - updateStateByKey: coalesce(state, 0) + count(*) AS n\n"
    "sinks:\n"
    "  counts: {from: counts, kafka: {topic: counts}}\n"
    "  screen: {from: counts, console: {limit: 10}}\n";

static const char divide[] =
    "dstream: 1\n"
    "job: divide\n"
    "sources: {a: {kafka: {topic: ta, columns: {x: bigint}}}}\n"
    "streams: {s: {from: a, do: [map: 10 / x AS y]}}\n"
    "sinks: {o: {from: s, kafka: {topic: to}}}\n";

static void out_has_the_records_and_nothing_else(void **state)
{
    const char *job = verb_file("words.yaml", words);
    const char *in = verb_file("in", "a b a\nc"); /* no newline at the end */
    char arg[300];
    const ran *r;

    (void)state;
    snprintf(arg, sizeof(arg), "lines=%s", in);
    r = VERB(verb_run, job, "--in", arg, "--out", "-");
    assert_int_equal(r->code, 0);
    assert_string_equal(r->out, "{\"word\":\"a\",\"n\":2}\n"
                                "{\"word\":\"b\",\"n\":1}\n"
                                "{\"word\":\"c\",\"n\":1}\n");
    assert_non_null(strstr(r->err, "(a,2)")); /* the console */
}

static int times(const char *text, const char *word)
{
    int n = 0;

    for (const char *s = text; (s = strstr(s, word)) != NULL; s++)
        n++;
    return n;
}

/* One head, and no more lines than the limit, over all partitions; of two sinks
 * first the one that stands first. */
static void a_batch_of_several_partitions_is_shown_as_one(void **state)
{
    const char *job =
        verb_file("show.yaml",
                  "dstream: 1\n"
                  "job: show\n"
                  "sources: {a: {kafka: {topic: ta, columns: {x: bigint}}}}\n"
                  "streams: {b: {from: a, do: [filter: x > 2]}}\n"
                  "sinks: {first: {from: a, console: {limit: 3}},\n"
                  "        second: {from: b, console: {}}}\n");
    const char *in =
        verb_file("in", "{\"value\": {\"x\": 1}, \"partition\": 2}\n"
                        "{\"value\": {\"x\": 2}, \"partition\": 0}\n"
                        "{\"value\": {\"x\": 3}, \"partition\": 1}\n"
                        "{\"value\": {\"x\": 4}, \"partition\": 2}\n");
    char arg[300];
    const ran *r;

    (void)state;
    snprintf(arg, sizeof(arg), "a=%s,envelope", in);
    r = VERB(verb_run, job, "--in", arg);
    assert_int_equal(r->code, 0);
    assert_int_equal(times(r->out, "Time: "), 2);
    assert_non_null(strstr(r->out, "---\n2\n3\n1\n...\n\n---"));
    assert_non_null(strstr(r->out, "---\n3\n4\n\n"));
}

static void many_steps_count_everything_once(void **state)
{
    const char *job = verb_file("words.yaml", words);
    const char *path = verb_path("many"), *out = verb_path("counts");
    FILE *to = fopen(path, "w"), *from;
    char in_arg[300], out_arg[300], line[100];
    long last = 0;

    (void)state;
    for (int i = 0; i < 120000; i++)
        fputs("x\n", to);
    fclose(to);
    snprintf(in_arg, sizeof(in_arg), "lines=%s", path);
    snprintf(out_arg, sizeof(out_arg), "counts=%s", out);
    assert_int_equal(
        VERB(verb_run, job, "--in", in_arg, "--out", out_arg)->code, 0);
    from = fopen(out, "r");
    for (int steps = 0; fgets(line, sizeof(line), from); steps++)
        assert_int_equal(sscanf(line, "{\"word\":\"x\",\"n\":%ld}", &last), 1);
    fclose(from);
    assert_int_equal(last, 120000);
}

static void the_last_batch_is_that_of_the_last_rows(void **state)
{
    const char *job =
        verb_file("count.yaml",
                  "dstream: 1\n"
                  "job: count\n"
                  "batch: {interval: 1s, max_records: 2}\n"
                  "sources: {lines: {kafka: {topic: lines, format: text}}}\n"
                  "streams: {n: {from: lines, do: [count]}}\n"
                  "sinks: {n: {from: n, kafka: {topic: n}}}\n");
    char in[300];

    (void)state;
    snprintf(in, sizeof(in), "lines=%s", verb_file("in", "a\nb\nc\nd\n"));
    assert_string_equal(VERB(verb_run, job, "--in", in, "--out", "-")->out,
                        "{\"count\":2}\n{\"count\":2}\n");
    snprintf(in, sizeof(in), "lines=%s", verb_file("in", "a\nb\nc\n"));
    assert_string_equal(VERB(verb_run, job, "--in", in, "--out", "-")->out,
                        "{\"count\":2}\n{\"count\":1}\n");
    assert_string_equal(
        VERB(verb_run, job, "--in", "lines=/dev/null", "--out", "-")->out,
        "{\"count\":0}\n");
}

static void two_sinks_may_share_a_file(void **state)
{
    static const char two[] =
        "dstream: 1\njob: two\nsources: {a: {kafka: {topic: a, format: text}}}"
        "\nsinks:\n  o: {from: a, kafka: {topic: o}}\n"
        "  p: {from: a, kafka: {topic: p, format: text}}\n";
    const char *job = verb_file("two.yaml", two), *out = verb_path("shared");
    char in[300], o[300], p[300], text[100];
    FILE *from;

    (void)state;
    snprintf(in, sizeof(in), "a=%s", verb_file("in", "xyz\n"));
    snprintf(o, sizeof(o), "o=%s", out);
    snprintf(p, sizeof(p), "p=%s", out);
    assert_int_equal(
        VERB(verb_run, job, "--in", in, "--out", o, "--out", p)->code, 0);
    from = fopen(out, "r");
    assert_non_null(from);
    text[fread(text, 1, sizeof(text) - 1, from)] = 0;
    fclose(from);
    assert_string_equal(text, "{\"value\":\"xyz\"}\nxyz\n");
}

static void a_failed_record_says_where(void **state)
{
    const char *job = verb_file("divide.yaml", divide);
    const char *in = verb_file("in", "{\"x\":1}\n{\"x\":2}\n{\"x\":0}\n");
    char arg[300];
    const ran *r;

    (void)state;
    snprintf(arg, sizeof(arg), "a=%s", in);
    r = VERB(verb_run, job, "--in", arg, "--out", "-");
    assert_int_equal(r->code, 1);
    assert_string_equal(r->out, "{\"y\":10}\n{\"y\":5}\n");
    assert_non_null(strstr(r->err, "topic ta partition 0 offset 2"));
}

static void envelopes_name_their_partition(void **state)
{
    const char *job = verb_file("divide.yaml", divide);
    const char *in =
        verb_file("in", "{\"value\": {\"x\": 0}, \"partition\": 2}\n");
    char arg[300];
    const ran *r;

    (void)state;
    snprintf(arg, sizeof(arg), "a=%s,envelope", in);
    r = VERB(verb_run, job, "--in", arg, "--out", "-");
    assert_int_equal(r->code, 1);
    assert_non_null(strstr(r->err, "topic ta partition 2 offset 0"));
}

static void standard_input_is_a_file(void **state)
{
    const char *job = verb_file("divide.yaml", divide);
    const char *in = verb_file("in", "{\"x\":5}");
    const ran *r;
    FILE *keep = freopen(in, "r", stdin);

    (void)state;
    assert_non_null(keep);
    r = VERB(verb_run, job, "--in", "a=-", "--out", "-");
    assert_int_equal(r->code, 0);
    assert_string_equal(r->out, "{\"y\":2}\n");
}

static void wrong_usage_is_64_and_names_what_there_is(void **state)
{
    const char *job = verb_file("divide.yaml", divide);
    const ran *r = VERB(verb_run, job, "--in", "b=/dev/null", "--out", "-");

    (void)state;
    assert_int_equal(r->code, 64);
    assert_non_null(strstr(r->err, "it has a\n"));
    assert_int_equal(
        VERB(verb_run, job, "--in", "a=/dev/null", "--out", "z=x")->code, 64);
    assert_int_equal(VERB(verb_run, job, "--out", "-")->code, 64);
    assert_int_equal(VERB(verb_run, job, "--in", "a")->code, 64);
    assert_int_equal(VERB(verb_run, job, "--nonsense")->code, 64);
    assert_int_equal(VERB(verb_run, job, "--instance", "a b")->code, 64);
    assert_int_equal(VERB(verb_run, job, job)->code, 64);
    assert_int_equal(VERB(verb_run, "--help")->code, 0);
    assert_int_equal(VERB(verb_run, job, "--in", "a=/nowhere/x")->code, 78);
}

static void a_bad_job_starts_nothing(void **state)
{
    const char *job = verb_file("bad.yaml", "dstream: 1\njob: bad\n");
    const ran *r = VERB(verb_run, job, "--in", "a=/dev/null", "--out", "-");

    (void)state;
    assert_int_equal(r->code, 78);
    assert_string_equal(r->out, "");
    assert_non_null(strstr(r->err, "error[E"));
}

static void a_folder_of_another_job_is_refused(void **state)
{
    const char *job = verb_file("divide.yaml", divide);
    char dir[300], from[400], to[400];
    const ran *r;

    (void)state;
    snprintf(dir, sizeof(dir), "%s", verb_path("state"));
    r = VERB(verb_run, job, "--in", "a=/dev/null", "--out", "-", "--state",
             dir);
    assert_int_equal(r->code, 0);
    snprintf(from, sizeof(from), "%s/divide", dir);
    snprintf(to, sizeof(to), "%s/words", dir);
    assert_int_equal(rename(from, to), 0);
    job = verb_file("words.yaml", words);
    r = VERB(verb_run, job, "--in", "lines=/dev/null", "--out", "-", "--state",
             dir);
    assert_int_equal(r->code, 78);
    assert_non_null(strstr(r->err, "divide"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(out_has_the_records_and_nothing_else),
        cmocka_unit_test(a_batch_of_several_partitions_is_shown_as_one),
        cmocka_unit_test(many_steps_count_everything_once),
        cmocka_unit_test(the_last_batch_is_that_of_the_last_rows),
        cmocka_unit_test(two_sinks_may_share_a_file),
        cmocka_unit_test(a_failed_record_says_where),
        cmocka_unit_test(envelopes_name_their_partition),
        cmocka_unit_test(standard_input_is_a_file),
        cmocka_unit_test(wrong_usage_is_64_and_names_what_there_is),
        cmocka_unit_test(a_bad_job_starts_nothing),
        cmocka_unit_test(a_folder_of_another_job_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, verb_clean);
}
