/* SPDX-License-Identifier: Apache-2.0 */
/* test_own.c - what a program brings: a table, a sink, functions that return
 * what they should not. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rig.h"

/* ---- what the context prints ---- */

static struct {
    pthread_mutex_t lock;
    char text[8192];
    size_t len;
} shown = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void show(void *arg, ds_slice text)
{
    (void)arg;
    pthread_mutex_lock(&shown.lock);
    if (shown.len + text.len < sizeof(shown.text)) {
        memcpy(shown.text + shown.len, text.ptr, text.len);
        shown.len += text.len;
        shown.text[shown.len] = 0;
    }
    pthread_mutex_unlock(&shown.lock);
}

static bool is_shown(const char *text)
{
    bool yes;

    pthread_mutex_lock(&shown.lock);
    yes = strstr(shown.text, text) != NULL;
    pthread_mutex_unlock(&shown.lock);
    return yes;
}

static void await_text(const char *text)
{
    for (int ms = 0; ms < PATIENCE_MS && !is_shown(text); ms += 10)
        usleep(10000);
    if (!is_shown(text))
        fail_msg("%s is not in %s", text, shown.text);
}

static int setup(void **state)
{
    (void)state;
    shown.len = 0;
    shown.text[0] = 0;
    at.queue = ds_queue_new();
    at.ssc = ds_streaming_context_new(
        &(ds_streaming_options){.job = "own", .batch = "20ms", .print = show});
    at.lines = ds_queue_stream(at.ssc, "lines", at.queue);
    return 0;
}

/* ---- tests ---- */

static void test_table(void **state)
{
    char path[] = "/tmp/test_streaming_XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    ds_dstream *s;

    (void)state;
    fputs("a,1\nb,2\n", f);
    fclose(f);
    ds_streaming_context_table(at.ssc, "prices", "file",
                               DS_OPTS("path", path, "format", "csv", "key",
                                       "k", "columns.k", "text",
                                       "columns.price", "bigint"));
    s = ds_dstream_key_by(at.lines, "value");
    s = ds_dstream_step(s, "leftOuterJoin", "prices");
    s = ds_dstream_map(s, "value || ' ' || coalesce(price::text, '-') AS v");
    ds_dstream_print(s, 10);
    start();
    push("b");
    push("c");
    await_text("b 2\n");
    await_text("c -\n");
    unlink(path);
}

static ds_rc shelf_write(void *sink, const ds_sink_use *use,
                         const ds_batch *rows, ds_err *err)
{
    (void)sink;
    (void)use;
    (void)rows;
    (void)err;
    return DS_OK;
}

static ds_rc shelf_commit(void *sink, const ds_sink_use *use,
                          const ds_sink_batch *batch, ds_err *err)
{
    (void)sink;
    (void)use;
    (void)batch;
    (void)err;
    return DS_OK;
}

static ds_rc shelf_done(void *sink, const ds_sink_use *use, ds_err *err)
{
    (void)sink;
    (void)use;
    (void)err;
    return DS_OK;
}

/* A sink of two phases is no file. */
static void test_own_sink(void **state)
{
    static const ds_sink_type shelf = {.name = "shelf",
                                       .write = shelf_write,
                                       .commit = shelf_commit,
                                       .done = shelf_done};
    const char *text;
    ds_err err;

    (void)state;
    ds_registry_add_sink(ds_streaming_context_registry(at.ssc), &shelf);
    ds_dstream_to(at.lines, NULL, "shelf", NULL);
    text = ds_streaming_context_explain(at.ssc, &err);
    assert_non_null(text);
    assert_null(strstr(text, "files have"));
    assert_non_null(strstr(text, "a sink of two phases is told when"));
}

static void test_no_file(void **state)
{
    ds_streaming_context *ssc = ds_streaming_context_load(NULL, NULL);
    ds_err err;

    (void)state;
    assert_int_equal(ds_streaming_context_start(ssc, &err), DS_E_INVALID);
    assert_non_null(strstr(err.msg, "a path is missing"));
    ds_streaming_context_free(ssc);
}

static ds_rc returns(void *arg, const ds_in *row, ds_out *out, ds_err *err)
{
    (void)row;
    (void)out;
    (void)err;
    return *(const ds_rc *)arg;
}

/* What a function returns is an error or none, and is told even if the
 * function says nothing. */
static void awaits(ds_rc rc, const char *told)
{
    ds_err err;

    ds_dstream_print(
        ds_dstream_function(at.lines,
                            &(ds_function){.name = "odd",
                                           .columns = DS_OPTS("n", "text"),
                                           .flat_map = returns,
                                           .arg = &rc}),
        3);
    start();
    push("x");
    assert_int_equal(ds_streaming_context_await(at.ssc, &err), DS_E_FAILED);
    assert_non_null(strstr(err.msg, told));
}

static void test_returns_nothing_known(void **state)
{
    (void)state;
    awaits((ds_rc)1, "function odd returns 1,");
}

static void test_fails_silently(void **state)
{
    (void)state;
    awaits(DS_E_FAILED, "function odd: the job failed");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(table),          T(own_sink), T(no_file), T(returns_nothing_known),
        T(fails_silently),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
