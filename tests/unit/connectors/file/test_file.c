/* SPDX-License-Identifier: Apache-2.0 */
/* test_file.c - parts are shown once their transaction has committed, once. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "file/file.h"

static char dir[64];
static const ds_field fields[] = {{"w", DS_STR, 0, false},
                                  {"n", DS_I64, 0, false}};
static const ds_schema schema = {2, fields};

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/dstream-file-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}

static void *sink_open(uint64_t committed, ds_sink_use *use)
{
    static char path[128];
    static struct file_sink_args args;
    void *sink = NULL;
    ds_err err = {DS_OK, ""};

    snprintf(path, sizeof(path), "%s/counts", dir);
    args.path = ds_text_of(path);
    args.suffix = ds_text_of("txt");
    *use = (ds_sink_use){.job = "j",
                         .name = "f",
                         .args = &args,
                         .columns = &schema,
                         .partition = 3,
                         .committed = committed};
    assert_int_equal(file_sink.open(use, &sink, &err), DS_OK);
    return sink;
}

/* One row (word, NULL) as the batch of that second. */
static void batch(void *sink, const ds_sink_use *use, const char *word,
                  int second, uint64_t token)
{
    static const uint64_t none = 0;
    ds_arena *a = ds_arena_new(4096);
    ds_slice words[] = {ds_slice_of(word)};
    int64_t n[] = {0};
    ds_col cols[] = {{NULL, .v.str = words}, {&none, .v.i64 = n}};
    ds_batch rows = {
        .schema = &schema, .cols = cols, .n = 1, .n_sel = 1, .arena = a};
    ds_sink_batch b = {
        .time = second * DS_SECOND, .partition = 3, .rows = 1, .token = token};
    ds_err err = {DS_OK, ""};

    assert_int_equal(file_sink.write(sink, use, &rows, &err), DS_OK);
    assert_int_equal(file_sink.commit(sink, use, &b, &err), DS_OK);
    ds_arena_free(a);
}

static void done(void *sink, const ds_sink_use *use)
{
    ds_err err = {DS_OK, ""};

    assert_int_equal(file_sink.done(sink, use, &err), DS_OK);
}

static int entries(bool hidden)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    int n = 0;

    while ((e = readdir(d)) != NULL)
        n += strlen(e->d_name) > 2 && (e->d_name[0] == '.') == hidden;
    closedir(d);
    return n;
}

static void shows(const char *part, const char *text)
{
    char path[256], got[256] = "";
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, part);
    f = fopen(path, "r");
    if (text == NULL) {
        assert_null(f);
        return;
    }
    assert_non_null(f);
    assert_true(fread(got, 1, sizeof(got) - 1, f) < sizeof(got));
    fclose(f);
    assert_string_equal(got, text);
}

static void test_shown_after_commit(void **state)
{
    ds_sink_use use;
    void *sink = sink_open(0, &use);

    (void)state;
    batch(sink, &use, "be", 1, 11);
    assert_int_equal(entries(false), 0);
    assert_int_equal(entries(true), 1);
    done(sink, &use);
    shows("counts-1000.txt/part-00003", "(be,null)\n");
    assert_int_equal(entries(true), 0);
    /* The same time again, in another transaction: nothing is overwritten. */
    batch(sink, &use, "or", 1, 12);
    done(sink, &use);
    shows("counts-1000.txt/part-00003", "(be,null)\n");
    shows("counts-1000.txt/part-00003-2", "(or,null)\n");
    file_sink.close(sink);
}

static void test_crash_after_commit(void **state)
{
    ds_sink_use use;
    void *sink = sink_open(0, &use);

    (void)state;
    batch(sink, &use, "be", 1, 11);
    batch(sink, &use, "to", 2, 11); /* two batches of one transaction */
    file_sink.close(sink);
    sink = sink_open(11, &use);
    shows("counts-1000.txt/part-00003", "(be,null)\n");
    shows("counts-2000.txt/part-00003", "(to,null)\n");
    assert_int_equal(entries(true), 0);
    file_sink.close(sink);
    file_sink.close(sink_open(11, &use));
    shows("counts-1000.txt/part-00003-2", NULL);
}

static void test_crash_before_commit(void **state)
{
    ds_sink_use use;
    void *sink = sink_open(0, &use);

    (void)state;
    batch(sink, &use, "be", 1, 11);
    file_sink.close(sink);
    sink = sink_open(10, &use);
    assert_int_equal(entries(true) + entries(false), 0);
    file_sink.close(sink);
}

static void test_abort(void **state)
{
    ds_sink_use use;
    void *sink = sink_open(0, &use);

    (void)state;
    batch(sink, &use, "be", 1, 11);
    batch(sink, &use, "be", 1, 11); /* the same once more */
    assert_int_equal(entries(true), 1);
    batch(sink, &use, "be", 2, 12); /* with more records */
    assert_int_equal(entries(true), 1);
    done(sink, &use);
    assert_int_equal(entries(false), 1);
    shows("counts-2000.txt/part-00003", "(be,null)\n");
    file_sink.close(sink);
}

/* Another instance has taken the partition over and finished what we had. */
static void test_taken_over(void **state)
{
    ds_sink_use use, other;
    void *sink = sink_open(0, &use), *next;

    (void)state;
    batch(sink, &use, "be", 1, 11);
    next = sink_open(11, &other);
    done(sink, &use);
    shows("counts-1000.txt/part-00003", "(be,null)\n");
    shows("counts-1000.txt/part-00003-2", NULL);
    file_sink.close(next);
    file_sink.close(sink);
}

/* Sinks of one prefix: neither in each other's way, nor taken for another. */
static void test_same_prefix(void **state)
{
    struct file_sink_args other_args;
    ds_sink_use use, other;
    void *sink = sink_open(0, &use), *next = NULL;
    ds_err err = {DS_OK, ""};

    (void)state;
    other_args = *(const struct file_sink_args *)use.args;
    other_args.suffix = (ds_text){0};
    other = use;
    other.name = "g";
    other.args = &other_args;
    assert_int_equal(file_sink.open(&other, &next, &err), DS_OK);
    batch(sink, &use, "be", 1, 11);
    batch(next, &other, "to", 1, 11);
    assert_int_equal(entries(true), 2);
    file_sink.close(next);
    file_sink.close(sink);
    sink = sink_open(11, &use); /* shows its own only */
    shows("counts-1000.txt/part-00003", "(be,null)\n");
    shows("counts-1000.txt/part-00003-2", NULL);
    assert_int_equal(entries(true), 1);
    other.committed = 11;
    assert_int_equal(file_sink.open(&other, &next, &err), DS_OK);
    shows("counts-1000/part-00003", "(to,null)\n");
    assert_int_equal(entries(true), 0);
    file_sink.close(next);
    file_sink.close(sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shown_after_commit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_crash_after_commit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_crash_before_commit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_abort, setup, teardown),
        cmocka_unit_test_setup_teardown(test_taken_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_prefix, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
