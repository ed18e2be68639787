/* SPDX-License-Identifier: Apache-2.0 */
/* test_streaming.c - a streaming context, its rules, and functions in C. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rig.h"

/* ---- what comes out ---- */

static struct {
    pthread_mutex_t lock;
    char text[8192]; /* "a 1|b 2|", in the order of batches */
    size_t len;
    uint32_t batches, empty;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void seen_add(const char *text)
{
    seen.len += (size_t)snprintf(seen.text + seen.len,
                                 sizeof(seen.text) - seen.len, "%s", text);
}

static void seen_row(const ds_batch *b, uint32_t row)
{
    char text[64];

    for (uint32_t c = 0; c < b->schema->n; c++) {
        ds_in in = {b, row};
        ds_slice s;

        if (c)
            seen_add(" ");
        if (ds_in_null(&in, c)) {
            seen_add("null");
            continue;
        }
        if (ds_type_phys(b->schema->fields[c].type) == DS_PHYS_SLICE) {
            s = ds_in_text(&in, c);
            snprintf(text, sizeof(text), "%.*s", (int)s.len, s.ptr);
        } else {
            snprintf(text, sizeof(text), "%lld", (long long)ds_in_i64(&in, c));
        }
        seen_add(text);
    }
    seen_add("|");
}

static ds_rc see(void *arg, const ds_sink_batch *batch,
                 const ds_batch *const *pieces, uint32_t n, ds_err *err)
{
    (void)arg;
    (void)batch;
    (void)err;
    pthread_mutex_lock(&seen.lock);
    seen.batches++;
    seen.empty += batch->rows == 0;
    for (uint32_t p = 0; p < n; p++)
        DS_EACH (pieces[p], i)
            seen_row(pieces[p], i);
    pthread_mutex_unlock(&seen.lock);
    return DS_OK;
}

static bool saw(const char *text)
{
    bool yes;

    pthread_mutex_lock(&seen.lock);
    yes = strstr(seen.text, text) != NULL;
    pthread_mutex_unlock(&seen.lock);
    return yes;
}

static void await_text(const char *text)
{
    for (int ms = 0; ms < PATIENCE_MS && !saw(text); ms += 10)
        usleep(10000);
    if (!saw(text))
        fail_msg("%s is not in %s", text, seen.text);
}

/* ---- a context with one queue ---- */

static void open_with(const char *name, const char *on_error)
{
    const char *const settings[] = {"errors.on_error", on_error, NULL};

    at.ssc = ds_streaming_context_new(
        &(ds_streaming_options){.job = name,
                                .batch = "20ms",
                                .state_dir = at.dir[0] ? at.dir : NULL,
                                .settings = on_error ? settings : NULL});
    at.lines = ds_queue_stream(at.ssc, "lines", at.queue);
    assert_non_null(at.lines);
}

static int setup(void **state)
{
    (void)state;
    memset(seen.text, 0, sizeof(seen.text));
    seen.len = seen.batches = seen.empty = 0;
    at.dir[0] = 0;
    at.queue = ds_queue_new();
    open_with("words", NULL);
    return 0;
}

static void stop(bool gracefully)
{
    ds_err err = {DS_OK, ""};

    assert_int_equal(ds_streaming_context_stop(at.ssc, gracefully, &err),
                     DS_OK);
    if (ds_streaming_context_await(at.ssc, &err) != DS_OK)
        fail_msg("%s", err.msg);
}

/* ---- rules ---- */

static void test_no_outputs(void **state)
{
    ds_err err;

    (void)state;
    assert_int_equal(ds_streaming_context_start(at.ssc, &err), DS_E_CONFIG);
    assert_string_equal(
        err.msg, "No output operations registered, so nothing to execute");
    assert_int_equal(ds_streaming_context_state(at.ssc),
                     DS_STREAMING_INITIALIZED);
    assert_int_equal(ds_streaming_context_await(at.ssc, &err), DS_E_INVALID);
}

static void test_states(void **state)
{
    bool stopped = true;
    ds_err err;

    (void)state;
    ds_dstream_foreach_batch(at.lines, see, NULL);
    start();
    assert_int_equal(ds_streaming_context_state(at.ssc), DS_STREAMING_ACTIVE);
    start(); /* a warning */
    assert_int_equal(
        ds_streaming_context_await_or_timeout(at.ssc, 50, &stopped, &err),
        DS_OK);
    assert_false(stopped);
    /* Nothing may be added; what runs goes on. */
    assert_int_equal(ds_streaming_context_error(at.ssc, &err), DS_OK);
    assert_null(ds_dstream_map(at.lines, "value AS v"));
    ds_dstream_print(at.lines, 3);
    assert_null(ds_socket_text_stream(at.ssc, "more", "localhost", 1));
    assert_int_equal(ds_streaming_context_error(at.ssc, &err), DS_E_INVALID);
    assert_non_null(strstr(err.msg, "Adding new inputs, transformations"));
    push("still");
    await_text("still|");
    stop(true);
    assert_int_equal(ds_streaming_context_state(at.ssc), DS_STREAMING_STOPPED);
    assert_int_equal(
        ds_streaming_context_await_or_timeout(at.ssc, 0, &stopped, &err),
        DS_OK);
    assert_true(stopped);
    assert_int_equal(ds_streaming_context_start(at.ssc, &err), DS_E_INVALID);
    assert_int_equal(ds_streaming_context_stop(at.ssc, true, &err), DS_OK);
}

static void test_stop_before_start(void **state)
{
    ds_err err;

    (void)state;
    ds_dstream_print(at.lines, 3);
    assert_int_equal(ds_streaming_context_stop(at.ssc, false, &err), DS_OK);
    assert_int_equal(ds_streaming_context_start(at.ssc, &err), DS_E_INVALID);
}

/* Two jobs in one process, but not twice the same. */
static void test_two(void **state)
{
    ds_queue *queue = ds_queue_new();
    ds_streaming_context *other =
        ds_streaming_context_new(&(ds_streaming_options){.job = "words"});
    ds_streaming_context *third =
        ds_streaming_context_new(&(ds_streaming_options){.job = "others"});
    ds_err err;

    (void)state;
    ds_dstream_foreach_batch(at.lines, see, NULL);
    ds_dstream_foreach_batch(ds_queue_stream(other, "q", queue), see, NULL);
    ds_dstream_foreach_batch(ds_queue_stream(third, "q", queue), see, NULL);
    start();
    assert_int_equal(ds_streaming_context_start(other, &err), DS_E_INVALID);
    assert_int_equal(ds_streaming_context_start(third, &err), DS_OK);
    ds_streaming_context_free(other);
    ds_streaming_context_free(third);
    ds_queue_free(queue);
    stop(false);
}

static void test_mistakes(void **state)
{
    ds_err err;

    (void)state;
    ds_dstream_print(ds_dstream_filter(at.lines, "valeu <> ''"), 3);
    assert_int_equal(ds_streaming_context_start(at.ssc, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.msg, "E0301"));
    assert_int_equal(ds_streaming_context_diags(at.ssc)->errors, 1);
}

static void test_file(void **state)
{
    char path[] = "/tmp/test_streaming_XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    ds_streaming_context *ssc;
    ds_dstream *s;
    ds_err err = {DS_OK, ""};

    (void)state;
    fputs("dstream: 1\njob: filed\nsources: {l: {socket: {host: localhost, "
          "port: 1}}}\nstreams: {s: {from: l, do: [filter: value <> '']}}\n"
          "sinks: {c: {from: s, console: {limit: 3}}}\n",
          f);
    fclose(f);
    ssc = ds_streaming_context_load(path,
                                    &(ds_streaming_options){.batch = "30ms"});
    s = ds_dstream_named(ssc, "s");
    ds_dstream_foreach_batch(ds_dstream_map(s, "upper(value) AS v"), see, NULL);
    assert_non_null(
        strstr(ds_streaming_context_explain(ssc, &err), "filed   batch 30ms"));
    assert_int_equal(ds_streaming_context_start(ssc, &err), DS_OK);
    ds_streaming_context_free(ssc);
    unlink(path);
}

/* What a call lacks is a mistake of the context, as is another one's stream. */
static ds_rc nothing(void *arg, const ds_in *row, ds_out *out, ds_err *err)
{
    (void)arg;
    (void)row;
    (void)out;
    (void)err;
    return DS_OK;
}

static void test_arguments(void **state)
{
    ds_streaming_context *other =
        ds_streaming_context_new(&(ds_streaming_options){.job = "other"});
    ds_dstream *theirs = ds_queue_stream(other, "lines", at.queue);
    ds_err err;

    (void)state;
    assert_null(ds_dstream_union(at.lines, theirs));
    assert_int_equal(ds_streaming_context_error(at.ssc, &err), DS_E_INVALID);
    assert_non_null(strstr(err.msg, "belong to one context"));
    assert_null(ds_dstream_step(at.lines, NULL, NULL));
    assert_null(ds_dstream_named(at.ssc, NULL));
    ds_streaming_context_table(at.ssc, "t", NULL, NULL);
    assert_null(ds_queue_stream(at.ssc, NULL, at.queue));
    assert_null(ds_socket_text_stream(at.ssc, "s", NULL, 1));
    assert_null(ds_dstream_function(at.lines, NULL));
    assert_null(ds_dstream_function(at.lines, &(ds_function){.name = "none"}));
    assert_null(ds_dstream_function(
        at.lines, &(ds_function){.name = "", .flat_map = nothing}));
    ds_dstream_foreach_batch(at.lines, NULL, NULL);
    ds_dstream_to(at.lines, NULL, NULL, NULL);
    assert_ptr_equal(ds_dstream_as(at.lines, NULL), at.lines);
    assert_int_equal(ds_streaming_context_start(at.ssc, &err), DS_E_INVALID);
    ds_streaming_context_free(other);
}

static void *start_too(void *arg)
{
    ds_err err;

    (void)!ds_streaming_context_start(arg, &err);
    return NULL;
}

/* Starts and stops at once: one start counts, and each stop ends. */
static void test_threads(void **state)
{
    bool stopped = false;
    ds_err err;

    (void)state;
    ds_dstream_foreach_batch(at.lines, see, NULL);
    for (int i = 0; i < 5; i++) {
        pthread_t threads[2];

        for (int k = 0; k < 2; k++)
            assert_int_equal(
                pthread_create(&threads[k], NULL, start_too, at.ssc), 0);
        usleep((useconds_t)i * 300);
        assert_int_equal(ds_streaming_context_stop(at.ssc, false, &err), DS_OK);
        assert_int_equal(ds_streaming_context_await_or_timeout(
                             at.ssc, INT64_MAX, &stopped, &err),
                         DS_OK);
        assert_true(stopped);
        for (int k = 0; k < 2; k++)
            pthread_join(threads[k], NULL);
        ds_streaming_context_free(at.ssc);
        open_with("words", NULL);
        ds_dstream_foreach_batch(at.lines, see, NULL);
    }
}

/* ---- functions ---- */

static ds_rc split(void *arg, const ds_in *line, ds_out *out, ds_err *err)
{
    ds_slice text = ds_in_text(line, 0);
    uint32_t from = 0;

    (void)arg;
    if (!text.ptr)
        return DS_OK;
    if (text.len && text.ptr[0] == '!') {
        ds_out_row(out);
        return ds_fail(err, DS_E_RECORD, "it begins with !");
    }
    for (uint32_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != ' ')
            continue;
        if (i > from) {
            ds_out_row(out);
            ds_out_text(out, 0, (ds_slice){text.ptr + from, i - from});
            ds_out_i64(out, 1, i - from);
        }
        from = i + 1;
    }
    return DS_OK;
}

static const ds_function split_function = {
    .name = "split",
    .columns = (const char *const[]){"word", "text", "len", "bigint", NULL},
    .flat_map = split};

static ds_rc is_long(void *arg, const ds_in *row, bool *keep, ds_err *err)
{
    (void)err;
    *keep = ds_in_i64(row, 1) >= *(const int64_t *)arg;
    return DS_OK;
}

static ds_rc count(void *arg, const ds_update *u, ds_out *state, ds_err *err)
{
    int64_t n = u->state ? ds_in_i64(u->state, 0) : 0;

    (void)arg;
    (void)err;
    assert_int_equal(u->key.batch->schema->n, 1);
    for (uint32_t i = 0; i < u->n; i++) {
        ds_slice word = ds_in_text(&u->rows[i], 0);

        assert_true(ds_slice_eq(word, ds_in_text(&u->key, 0)));
    }
    if (n + u->n >= 5)
        return DS_OK; /* the key is removed */
    ds_out_row(state);
    ds_out_i64(state, 0, n + u->n);
    return DS_OK;
}

static ds_dstream *counted(const char *version, bool every_key)
{
    ds_dstream *words = ds_dstream_function(at.lines, &split_function);

    return ds_dstream_as(
        ds_dstream_function(ds_dstream_key_by(words, "word"),
                            &(ds_function){.name = "counting",
                                           .columns = DS_OPTS("n", "bigint"),
                                           .version = version,
                                           .every_key = every_key,
                                           .update = count}),
        "counts");
}

static void test_update(void **state)
{
    (void)state;
    ds_dstream_foreach_batch(counted("1", false), see, NULL);
    start();
    push("a b a");
    await_text("a 2|");
    await_text("b 1|");
    push("a");
    await_text("a 3|");
    push("a a"); /* 5: it is removed, and begins anew */
    push("b");
    await_text("b 2|");
    push("a");
    await_text("a 1|");
    stop(true);
    assert_true(seen.empty > 0); /* as Spark's foreachRDD */
}

/* Spark's rule: every key in every batch. */
static void test_every_key(void **state)
{
    (void)state;
    ds_dstream_foreach_batch(counted("1", true), see, NULL);
    start();
    push("a b");
    await_text("a 1|b 1|a 1|b 1|");
    push("a");
    await_text("a 2|b 1|a 2|b 1|");
    stop(true);
}

static void test_version(void **state)
{
    ds_err err = {DS_OK, ""};
    char remove[96];

    (void)state;
    ds_streaming_context_free(at.ssc);
    snprintf(at.dir, sizeof(at.dir), "/tmp/test_streaming_%d", (int)getpid());
    open_with("versions", NULL);
    ds_dstream_foreach_batch(counted("1", false), see, NULL);
    start();
    push("a");
    await_text("a 1|");
    stop(true);
    ds_streaming_context_free(at.ssc);
    open_with("versions", NULL);
    ds_dstream_foreach_batch(counted("2", false), see, NULL);
    start();
    assert_int_equal(ds_streaming_context_await(at.ssc, &err), DS_E_DECISION);
    snprintf(remove, sizeof(remove), "rm -r %s", at.dir);
    assert_int_equal(system(remove), 0);
}

static void test_filter_and_refused(void **state)
{
    int64_t least = 3;

    (void)state;
    ds_streaming_context_free(at.ssc);
    open_with("words", "skip");
    ds_dstream_foreach_batch(
        ds_dstream_function(
            ds_dstream_function(at.lines, &split_function),
            &(ds_function){.name = "long", .filter = is_long, .arg = &least}),
        see, NULL);
    start();
    push("of the many");
    push("! refused words");
    ds_queue_push(at.queue, DS_NULL_SLICE);
    push("");
    push("last");
    await_text("last 4|");
    stop(true);
    assert_string_equal(seen.text, "the 3|many 4|last 4|");
}

/* Without on_error the job ends at a row that is refused, with its reason. */
static void test_refused_stops(void **state)
{
    ds_err err;

    (void)state;
    ds_dstream_foreach_batch(ds_dstream_function(at.lines, &split_function),
                             see, NULL);
    start();
    push("fine");
    push("! no");
    push("never");
    assert_int_equal(ds_streaming_context_await(at.ssc, &err), DS_E_FAILED);
    assert_non_null(strstr(err.msg, "it begins with !"));
    assert_string_equal(seen.text, "fine 4|");
}

static ds_rc longer(void *arg, const ds_in *a, const ds_in *b, ds_out *out,
                    ds_err *err)
{
    const ds_in *from = ds_in_i64(a, 1) >= ds_in_i64(b, 1) ? a : b;

    (void)arg;
    (void)err;
    ds_out_row(out);
    ds_out_copy(out, 0, from, 0);
    ds_out_copy(out, 1, from, 1);
    return DS_OK;
}

static void test_reduce(void **state)
{
    ds_dstream *words = ds_dstream_function(at.lines, &split_function);
    ds_dstream *firsts = ds_dstream_map(
        words, "substr(word, 1, 1) AS c, word AS word, len AS len");

    (void)state;
    ds_dstream_foreach_batch(
        ds_dstream_function(
            ds_dstream_key_by(firsts, "c"),
            &(ds_function){.name = "longest", .reduce = longer}),
        see, NULL);
    push("an ant by bee animal");
    start();
    await_text("a animal 6|");
    await_text("b bee 3|");
    stop(true);
}

static ds_rc lengths(void *arg, const ds_batch *batch, ds_out *out, ds_err *err)
{
    (void)arg;
    (void)err;
    DS_EACH (batch, i) {
        ds_out_row(out);
        if (!ds_col_is_null(&batch->cols[0], i))
            ds_out_i64(out, 0, batch->cols[0].v.str[i].len);
    }
    return DS_OK;
}

static void test_columns(void **state)
{
    (void)state;
    ds_dstream_foreach_batch(
        ds_dstream_function(at.lines,
                            &(ds_function){.name = "lengths",
                                           .columns = DS_OPTS("n", "integer"),
                                           .map_columns = lengths}),
        see, NULL);
    start();
    push("four");
    ds_queue_push(at.queue, DS_NULL_SLICE);
    await_text("4|null|");
    stop(true);
}

static ds_rc short_ones(void *arg, const ds_batch *batch, ds_out *out,
                        ds_err *err)
{
    DS_EACH (batch, i)
        if (batch->cols[0].v.str[i].len > 3)
            return ds_fail(err, DS_E_RECORD, "it is long");
    return lengths(arg, batch, out, err);
}

/* A batch that is refused: its rows that are refused alone. */
static void test_columns_refused(void **state)
{
    (void)state;
    ds_streaming_context_free(at.ssc);
    open_with("words", "skip");
    ds_dstream_foreach_batch(
        ds_dstream_function(at.lines,
                            &(ds_function){.name = "lengths",
                                           .columns = DS_OPTS("n", "integer"),
                                           .map_columns = short_ones}),
        see, NULL);
    push("a");
    push("long");
    push("bb");
    push("longer");
    start();
    await_text("1|2|");
    stop(true);
    assert_string_equal(seen.text, "1|2|");
}

static void test_columns_twice(void **state)
{
    ds_err err;

    (void)state;
    ds_dstream_print(
        ds_dstream_function(
            at.lines,
            &(ds_function){.name = "twice",
                           .columns = DS_OPTS("n", "integer", "n", "text"),
                           .map_columns = lengths}),
        3);
    assert_int_equal(ds_streaming_context_start(at.ssc, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.msg, "E0312"));
}

static ds_rc wrong_type(void *arg, const ds_in *row, ds_out *out, ds_err *err)
{
    (void)arg;
    (void)row;
    (void)err;
    ds_out_row(out);
    ds_out_f64(out, 0, 1.5);
    return DS_OK;
}

static void test_misuse(void **state)
{
    ds_err err;

    (void)state;
    ds_dstream_print(
        ds_dstream_function(at.lines,
                            &(ds_function){.name = "wrong",
                                           .columns = DS_OPTS("n", "text"),
                                           .flat_map = wrong_type}),
        3);
    start();
    push("x");
    assert_int_equal(ds_streaming_context_await(at.ssc, &err), DS_E_FAILED);
    assert_non_null(
        strstr(err.msg, "sets column n, which is text, as double precision"));
}

static ds_rc bad_text(void *arg, const ds_in *row, ds_out *out, ds_err *err)
{
    (void)arg;
    (void)row;
    (void)err;
    ds_out_row(out);
    ds_out_text(out, 0, (ds_slice){(const uint8_t *)"\xff", 1});
    return DS_OK;
}

/* Bytes that are no text are refused as a row, not believed. */
static void test_no_text(void **state)
{
    ds_err err;

    (void)state;
    ds_dstream_print(
        ds_dstream_function(at.lines,
                            &(ds_function){.name = "bad",
                                           .columns = DS_OPTS("n", "text"),
                                           .flat_map = bad_text}),
        3);
    start();
    push("x");
    assert_int_equal(ds_streaming_context_await(at.ssc, &err), DS_E_FAILED);
    assert_non_null(strstr(err.msg, "column n"));
}

/* Rows that were pushed before a graceful stop all come out. */
static void test_graceful(void **state)
{
    enum { N = 2000 };
    uint32_t n = 0;

    (void)state;
    ds_dstream_foreach_batch(ds_dstream_map(at.lines, "'x' AS v"), see, NULL);
    start();
    for (int i = 0; i < N; i++)
        push("row");
    await_text("x|");
    for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
        ds_job_status st;

        ds_streaming_context_status(at.ssc, &st);
        n = (uint32_t)st.rows_in;
        if (n >= 1)
            break;
        usleep(10000);
    }
    usleep(300000); /* all of them are received */
    stop(true);
    assert_int_equal(seen.len, 2 * N);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(no_outputs),
        T(states),
        T(stop_before_start),
        T(two),
        T(mistakes),
        T(file),
        T(update),
        T(every_key),
        T(version),
        T(reduce),
        T(columns),
        T(filter_and_refused),
        T(misuse),
        T(refused_stops),
        T(no_text),
        T(graceful),
        T(arguments),
        T(threads),
        T(columns_refused),
        T(columns_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
