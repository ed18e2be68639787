/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_table_file.c - a file as a table: what is in it, what is wrong with it,
 * and that a wrong one never takes the place of a good one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "memory/memory.h"
#include "obs/families.h"
#include "record/show.h"
#include "run/tables.h"

enum { HANGS_S = 60 };

static char dir[] = "/tmp/test_table_file.XXXXXX";
static char path[64];

static int make_dir(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/table", dir);
    alarm(HANGS_S);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void file_write(const char *text, size_t n)
{
    static time_t touched = 1000000000;
    FILE *to = fopen(path, "we");

    touched++;
    struct timespec times[2] = {{touched, 0}, {touched, 0}};

    assert_non_null(to);
    assert_int_equal(fwrite(text, 1, n, to), n);
    assert_int_equal(fclose(to), 0);
    /* Not touched a moment ago. */
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void file_put(const char *text)
{
    file_write(text, strlen(text));
}

/* ---- a job with one table ---- */

typedef struct rig {
    ds_job *job;
    const ds_plan *plan;
    ds_broker *broker;
    metrics *metrics;
    ds_context *ctx;
} rig;

static const char csv[] = "csv", csv_header[] = "csv, header", json[] = "json";

static void rig_open(rig *r, const char *format, const char *refresh)
{
    ds_stream *s;
    const ds_text columns_names[] = {ds_text_of("k"), ds_text_of("n"),
                                     ds_text_of("t")};
    const ds_arg k = {.text = ds_text_of("text")},
                 n = {.text = ds_text_of("integer")};
    const ds_arg *const types[] = {&k, &n, &k};
    const ds_arg columns = {
        .kind = DS_ARG_MAP, .n = 3, .names = columns_names, .items = types};
    const ds_text names[] = {ds_text_of("path"),    ds_text_of("format"),
                             ds_text_of("header"),  ds_text_of("key"),
                             ds_text_of("columns"), ds_text_of("refresh")};
    const ds_arg values[] = {
        {.text = ds_text_of(path)},
        {.text = ds_text_of(format == json ? "json" : "csv")},
        {.text = ds_text_of(format == csv_header ? "true" : "false")},
        {.text = ds_text_of("k")},
        columns,
        {.text = ds_text_of(refresh ? refresh : "1h")}};
    const ds_arg *const items[] = {&values[0], &values[1], &values[2],
                                   &values[3], &columns,   &values[5]};
    const ds_arg file = {
        .kind = DS_ARG_MAP, .n = 6, .names = names, .items = items};
    const ds_arg *const under[] = {&file};
    const ds_text connector = ds_text_of("file"), name = ds_text_of("tab");
    const ds_arg table = {
        .kind = DS_ARG_MAP, .n = 1, .names = &connector, .items = under};

    *r = (rig){.job = ds_job_new(cmd_registry()), .metrics = metrics_new()};
    ds_job_set(r->job, "job", "lookup");
    ds_job_set(r->job, "batch", "50ms");
    ds_job_set(r->job, "memory", "16MiB");
    ds_job_source(r->job, "lines", "kafka",
                  DS_OPTS("topic", "lines", "format", "text"));
    ds_job_table_arg(r->job, &name, &table);
    s = ds_job_stream(r->job, "joined", "lines");
    ds_stream_step(s, "keyBy", "value AS k");
    ds_stream_step(s, "leftOuterJoin", "tab");
    ds_stream_step(s, "map", "k, n");
    ds_job_sink(r->job, "out", "joined", "kafka", DS_OPTS("topic", "out"));
    r->plan = ds_job_plan(r->job);
    if (!r->plan)
        ds_diags_show(ds_job_diags(r->job), DS_NULL_SLICE, stderr);
    assert_non_null(r->plan);
    r->broker = memory_new(&ds_clock_wall);
    memory_topic(r->broker, "lines", 1);
    memory_topic(r->broker, "out", 1);
}

static ds_rc rig_start(rig *r, ds_err *err)
{
    ds_run_options o = {.broker = r->broker->type,
                        .store = ds_registry_store(cmd_registry(), "memory"),
                        .opened = r->broker,
                        .instance = "a",
                        .clock = &ds_clock_wall,
                        .metrics = r->metrics,
                        .workers = 1};

    return ds_context_open(r->plan, &o, &r->ctx, err);
}

static void rig_close(rig *r)
{
    ds_context_close(r->ctx);
    r->broker->type->close(r->broker);
    metrics_free(r->metrics);
    ds_job_free(r->job);
}

/* The rows as text: "k=n t;". */
static const char *rows_text(const rig *r, ds_arena *a)
{
    const ds_batch *b = ds_table_rows(tables_newest(&r->ctx->tables->list[0]));
    ds_buf out;

    ds_buf_init(&out, a, 256);
    for (uint32_t i = 0; i < b->n; i++)
        for (uint32_t c = 0; c < 3; c++) {
            if (!ds_col_is_null(&b->cols[c], i))
                ds_show_text(&out, b->schema->fields[c].type, &b->cols[c], i);
            ds_buf_str(&out, c == 0 ? "=" : c == 1 ? " " : ";");
        }
    ds_buf_add(&out, "", 1);
    return out.s;
}

/* ---- at the start ---- */

static void check_rows(const char *format, const char *text, const char *want)
{
    ds_arena *a = ds_arena_new(4096);
    ds_err err;
    rig r;

    file_put(text);
    rig_open(&r, format, NULL);
    if (rig_start(&r, &err) < 0)
        fail_msg("%s: %s", text, err.msg);
    assert_string_equal(rows_text(&r, a), want);
    rig_close(&r);
    ds_arena_free(a);
}

static void test_rows(void **state)
{
    (void)state;
    check_rows(csv, "", "");
    check_rows(csv, "\n\n", "");
    check_rows(csv, "b,2,two\na,1,one\n", "a=1 one;b=2 two;");
    check_rows(csv,
               "\xef\xbb\xbf"
               "a,1,one\r\n\r\nb,,\r\n",
               "a=1 one;b= ;");
    check_rows(csv, "a,1,\"x\n\"\"y\"\"\"\nb,2,\"\"\n", "a=1 x\n\"y\";b=2 ;");
    check_rows(csv, "a,1,old\n,5,no key\na,2,new\n", "a=2 new;");
    check_rows(csv_header, "n,more,\"k\",t\n1,x,a,one\n2,y,b,two\n",
               "a=1 one;b=2 two;");
    check_rows(csv_header, "k,n,t\n", "");
    check_rows(json, "", "");
    check_rows(json, "{\"k\": \"a\", \"n\": 1}\n\n{\"n\": 2}\n{\"k\": \"b\"}",
               "a=1 ;b= ;");
}

/* What is wrong, and in which line. */
static const struct {
    const char *format, *text, *msg;
} mistakes[] = {
    {csv, "a,1,one\nb,2\n", "table:2: error[E0601]: 2 CSV fields"},
    {csv, "a,1,one\nb,x,two\nc\n", "table:2: error[E0601]: column \"n\""},
    {csv, "a,1,one\nb,2,tw", "table:2: the last line has no line end"},
    {csv, "a,1,one\n\n\"b,2,two\nc,3,three\n", "table:3: a quoted field"},
    {csv, "a,1,\"x\ny\"\nb,2,t\xff\n", "table:3: error[E0601]: invalid byte"},
    {csv, "k,n,t\na,1,one\n", "table:1: error[E0601]: column \"n\""},
    {csv_header, "k,t\na,one\n", "table:1: the header has no field \"n\""},
    {csv_header, "", "table:1: the file is empty"},
    {csv_header, "k,n,t\na,1\n", "table:2: error[E0601]: 2 CSV fields"},
    {json, "{\"k\": \"a\"}\n{\"k\": \"b\", \"n\n", "table:2: error[E0601]"},
    {json, "{\"k\": \"a\"}\n{\"k\": \"b\", \"n\": 1", "table:2: error[E0601]"},
    {json, "[1]\n", "table:1: error[E0601]"},
    {json, "{\"k\": \"a\", \"n\": 1.5}\n", "table:1: error[E0601]"},
};

static void check_refused(const char *format, const char *msg)
{
    ds_err err = {DS_OK, ""};
    rig r;

    rig_open(&r, format, NULL);
    assert_int_equal(rig_start(&r, &err), DS_E_FAILED);
    if (!strstr(err.msg, msg) || !strstr(err.msg, "table tab: "))
        fail_msg("not \"%s\" but: %s", msg, err.msg);
    rig_close(&r);
}

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        file_put(mistakes[i].text);
        check_refused(mistakes[i].format, mistakes[i].msg);
    }
    unlink(path);
    check_refused(csv, "table: No such file or directory");
    assert_int_equal(mkdir(path, 0700), 0);
    check_refused(csv, "no plain file");
    assert_int_equal(rmdir(path), 0);
}

/* A fourth of 16 MiB: by its bytes, or by those of its rows. */
static void test_limit(void **state)
{
    size_t size = 5 << 20;
    char *text = malloc(size);
    size_t n = 0;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', size);
    file_write(text, size);
    check_refused(csv, "a fourth of `memory:`");
    for (int i = 0; n < (size_t)3 << 20; i++)
        n += (size_t)snprintf(text + n, size - n, "%d,%d,%d\n", i, i, i);
    file_write(text, n);
    check_refused(csv, "a fourth of `memory:`");
    free(text);
}

/* ---- again ---- */

static void line_put(rig *r, const char *line)
{
    memory_record rec = {.ts = DS_TIME_NONE, .val = ds_slice_of(line)};

    memory_put(r->broker, "lines", 0, &rec);
}

/* Puts "a" until it comes back with that n: which file a batch sees is a
 * question of time. */
static void wait_for(rig *r, int64_t *at, const char *want)
{
    memory_record rec;

    for (;;) {
        line_put(r, "a");
        while (!memory_get(r->broker, "out", 0, *at, &rec))
            usleep(5000);
        *at = rec.off + 1;
        if (rec.val.len == strlen(want) &&
            memcmp(rec.val.ptr, want, rec.val.len) == 0)
            return;
    }
}

static double count(const rig *r, family f)
{
    return metric_get(
        family_series(r->metrics, f, METRIC_VALUES("lookup", "tab")));
}

static void wait_failures(const rig *r, double n)
{
    while (count(r, FAMILY_TABLE_FAILURES) < n)
        usleep(5000);
    usleep(300000); /* and no more than that */
    assert_true(count(r, FAMILY_TABLE_FAILURES) == n);
}

static void test_refresh(void **state)
{
    int64_t at = 0;
    ds_err err;
    rig r;

    (void)state;
    file_put("a,1,one\n");
    rig_open(&r, csv, "20ms");
    assert_int_equal(rig_start(&r, &err), DS_OK);
    assert_int_equal(ds_context_start(r.ctx, &err), DS_OK);
    wait_for(&r, &at, "{\"k\":\"a\",\"n\":1}");
    file_put("a,2,one\nb,3,tw"); /* half-written */
    wait_failures(&r, 1);
    wait_for(&r, &at, "{\"k\":\"a\",\"n\":1}");
    file_put("a,2,one\nb,3,two\n");
    wait_for(&r, &at, "{\"k\":\"a\",\"n\":2}");
    unlink(path);
    wait_failures(&r, 2);
    wait_for(&r, &at, "{\"k\":\"a\",\"n\":2}");
    file_put("a,x,one\n");
    wait_failures(&r, 3);
    unlink(path); /* another reason is another failure */
    wait_failures(&r, 4);
    wait_for(&r, &at, "{\"k\":\"a\",\"n\":2}");
    file_put(""); /* cut by whoever is about to write it */
    wait_failures(&r, 5);
    wait_for(&r, &at, "{\"k\":\"a\",\"n\":2}");
    file_put("b,3,two\n");
    wait_for(&r, &at, "{\"k\":\"a\",\"n\":null}");
    while (count(&r, FAMILY_TABLE_ROWS) != 1)
        usleep(5000);
    file_put("\n"); /* no rows, on purpose */
    while (count(&r, FAMILY_TABLE_ROWS) != 0)
        usleep(5000);
    assert_true(count(&r, FAMILY_TABLE_FAILURES) == 5);
    rig_close(&r);
}

/* A file that has just been touched waits. */
static void test_settles(void **state)
{
    int64_t at = 0;
    ds_time start;
    ds_err err;
    rig r;

    (void)state;
    file_put("a,1,one\n");
    rig_open(&r, csv, "20ms");
    assert_int_equal(rig_start(&r, &err), DS_OK);
    assert_int_equal(ds_context_start(r.ctx, &err), DS_OK);
    file_put("a,2,one\n");
    assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
    start = ds_mono_now();
    wait_for(&r, &at, "{\"k\":\"a\",\"n\":2}");
    assert_true(ds_mono_now() - start > 900 * DS_MS);
    assert_true(count(&r, FAMILY_TABLE_FAILURES) == 0);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows), cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_limit), cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_settles)};

    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
