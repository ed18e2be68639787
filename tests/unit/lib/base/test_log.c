/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_log.c - lines of the log as they arrive on standard error.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dstream/clock.h"
#include "dstream/log.h"

static char captured[4 << 20];
static int saved, file;

static void capture_start(void)
{
    char name[] = "/tmp/ds-log-XXXXXX";
    file = mkstemp(name);
    unlink(name);
    fflush(stderr);
    saved = dup(STDERR_FILENO);
    dup2(file, STDERR_FILENO);
}

static const char *capture_end(void)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t n = pread(file, captured, sizeof(captured) - 1, 0);
    assert_true(n >= 0);
    captured[n] = '\0';
    close(file);
    return captured;
}

static int count_lines(const char *s)
{
    int n = 0;
    for (; (s = strchr(s, '\n')); s++)
        n++;
    return n;
}

static void test_json(void **state)
{
    (void)state;
    capture_start();
    ds_log_start(DS_LOG_INFO, DS_LOG_JSON);
    ds_log(DS_LOG_DEBUG, "not shown");
    ds_log(DS_LOG_WARN, "a \"msg\"", DS_KV("job", "%s", "x\ny\x1b[2J"),
           DS_KV("partition", "%d", 3), DS_KV("n", "%lu", 17ul),
           DS_KV("name", "%s", "3"), DS_KV("bad", "%s", "\xff|\xe2\x80\xae"));
    ds_log_stop();
    const char *s = capture_end();
    assert_int_equal(count_lines(s), 1);
    assert_memory_equal(s, "{\"ts\":\"2", 8);
    const char *rest = strstr(s, "Z\",\"level\"");
    assert_non_null(rest);
    assert_int_equal(rest - s, 30); /* three digits after the point */
    assert_string_equal(rest,
                        "Z\",\"level\":\"warn\",\"msg\":\"a \\\"msg\\\"\","
                        "\"job\":\"x\\ny\\u001b[2J\",\"partition\":3,\"n\":17,"
                        "\"name\":\"3\",\"bad\":\"\\ufffd|\\u202e\"}\n");
}

static void test_text(void **state)
{
    (void)state;
    capture_start();
    ds_log_start(DS_LOG_INFO, DS_LOG_TEXT);
    ds_log(DS_LOG_ERROR, "it\nfailed", DS_KV("a", "%s", "b c"),
           DS_KV("d", "%s", ""), DS_KV("e", "%s", "x\x1b"),
           DS_KV("f", "%d", 1));
    ds_log_stop();
    const char *s = capture_end();
    assert_string_equal(strchr(s, 'Z'),
                        "Z ERROR it\\nfailed a=\"b c\" d=\"\" e=x\\x1b f=1\n");
}

static void test_long_values(void **state)
{
    (void)state;
    char big[100000];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    capture_start();
    ds_log_start(DS_LOG_INFO, DS_LOG_JSON);
    for (int i = 0; i < 3; i++)
        ds_log(DS_LOG_INFO, big, DS_KV("a", "%s", big), DS_KV("b", "%s", big),
               DS_KV("c", "%s", big), DS_KV("d", "%s", big),
               DS_KV("e", "%s", big), DS_KV("f", "%s", big),
               DS_KV("g", "%s", big), DS_KV("h", "%s", big));
    ds_log_stop();
    const char *s = capture_end();
    assert_int_equal(count_lines(s), 3);
    assert_true(strlen(s) < 3 * 4096 + 1);
    assert_non_null(strstr(s, "\"}\n{"));
}

static void test_repeats_are_counted(void **state)
{
    (void)state;
    unsigned long before = ds_log_count(DS_LOG_WARN);
    capture_start();
    ds_log_start(DS_LOG_INFO, DS_LOG_JSON);
    for (int i = 0; i < 1000; i++)
        ds_log(DS_LOG_WARN, "again", DS_KV("i", "%d", i));
    ds_log(DS_LOG_INFO, "another site");
    ds_log_stop();
    const char *s = capture_end();
    assert_int_equal(count_lines(s), 12);
    assert_non_null(strstr(s, "\"msg\":\"again\",\"suppressed\":990}"));
    assert_non_null(strstr(s, "another site"));
    assert_int_equal(ds_log_count(DS_LOG_WARN) - before, 1000);
}

/* Nobody reads the pipe, and more is logged than it and the buffers hold:
 * nothing waits, neither for the lines nor at the exit. */
static void test_blocked_reader(void **state)
{
    (void)state;
    enum { SITES = 10000 };
    static char sites[SITES][16]; /* one each, or they are only counted */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        const char *msg[] = {"a message of some length, to fill it up", NULL};
        dup2(ends[1], STDERR_FILENO);
        ds_log_start(DS_LOG_INFO, DS_LOG_JSON);
        for (int i = 0; i < SITES; i++) {
            snprintf(sites[i], sizeof(sites[i]), "f.c:%d", i);
            ds_log_at(sites[i], DS_LOG_INFO, msg);
        }
        exit(0);
    }
    ds_time start = ds_mono_now();
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(ds_mono_now() - start < 10 * DS_SECOND);
    close(ends[0]);
    close(ends[1]);
}

static void *chatter(void *arg)
{
    for (int i = 0; i < 2000; i++)
        ds_log(DS_LOG_INFO, "chat", DS_KV("who", "%s", (const char *)arg));
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    capture_start();
    ds_log_start(DS_LOG_INFO, DS_LOG_JSON);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, chatter, "x");
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ds_log_stop();
    for (const char *s = capture_end(); *s; s = strchr(s, '\n') + 1)
        assert_memory_equal(s, "{\"ts\":\"", 7);
}

/* A line is not lost when the program ends without ds_log_stop(). */
static void test_exit(void **state)
{
    (void)state;
    capture_start();
    pid_t child = fork();
    if (child == 0) {
        ds_log_start(DS_LOG_INFO, DS_LOG_JSON);
        ds_log(DS_LOG_INFO, "the last words");
        exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_non_null(strstr(capture_end(), "the last words"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit),
        cmocka_unit_test(test_blocked_reader),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_repeats_are_counted),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
