/* SPDX-License-Identifier: Apache-2.0 */
/* test_socket.c - lines of a server, however they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socket/socket.h"

typedef struct server {
    int listener, client;
    struct socket_args args;
    ds_receiver_use use;
    void *receiver;
    ds_arena *arena;
} server;

static int server_make(void **state)
{
    server *s = calloc(1, sizeof(*s));
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof(at);
    ds_err err;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &size),
                     0);
    s->args.host = ds_text_of("localhost");
    s->args.port = ntohs(at.sin_port);
    s->use = (ds_receiver_use){&socket_receiver, "job", "lines", &s->args};
    s->arena = ds_arena_new(1 << 16);
    assert_int_equal(socket_receiver.open(&s->use, &s->receiver, &err), DS_OK);
    s->client = accept(s->listener, NULL, NULL);
    *state = s;
    return 0;
}

static int server_drop(void **state)
{
    server *s = *state;

    socket_receiver.close(s->receiver);
    close(s->client);
    close(s->listener);
    ds_arena_free(s->arena);
    free(s);
    return 0;
}

static void send_all(const server *s, const void *bytes, size_t n)
{
    const char *at = bytes;

    while (n > 0) {
        ssize_t k = write(s->client, at, n);

        assert_true(k > 0);
        at += k;
        n -= (size_t)k;
    }
}

static void send_text(const server *s, const char *text)
{
    send_all(s, text, strlen(text));
}

/* Polls until something comes that is no DS_END; lines as "a|b|". */
static const char *lines_of(server *s, uint32_t max, ds_rc *rc)
{
    static char text[4096];
    ds_received out[16];
    uint32_t n = 0;
    size_t at = 0;
    ds_err err;

    ds_arena_reset(s->arena);
    *text = 0;
    for (int i = 0; i < 100; i++) {
        *rc =
            socket_receiver.poll(s->receiver, s->arena, 50, max, out, &n, &err);
        if (*rc != DS_END)
            break;
    }
    for (uint32_t i = 0; *rc == DS_OK && i < n; i++) {
        assert_non_null(out[i].val.ptr);
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%.*s|",
                               (int)out[i].val.len, out[i].val.ptr);
    }
    return text;
}

static void test_lines(void **state)
{
    server *s = *state;
    ds_rc rc;

    send_text(s, "one\r\n\ntwo \r three\nhal");
    assert_string_equal(lines_of(s, 16, &rc), "one||two \r three|");
    send_text(s, "f\n");
    assert_string_equal(lines_of(s, 16, &rc), "half|");
}

static void test_limit_of_a_poll(void **state)
{
    server *s = *state;
    ds_rc rc;

    send_text(s, "1\n2\n3\n");
    assert_string_equal(lines_of(s, 2, &rc), "1|2|");
    assert_string_equal(lines_of(s, 2, &rc), "3|");
}

/* What has no end when the server closes is a line; then it is an error. */
static void test_end(void **state)
{
    server *s = *state;
    ds_rc rc;

    send_text(s, "last");
    shutdown(s->client, SHUT_WR);
    assert_string_equal(lines_of(s, 16, &rc), "last|");
    lines_of(s, 16, &rc);
    assert_int_equal(rc, DS_E_IO);
}

static void test_nothing(void **state)
{
    server *s = *state;
    ds_received out[1];
    uint32_t n = 0;

    assert_int_equal(
        socket_receiver.poll(s->receiver, s->arena, 1, 1, out, &n, NULL),
        DS_END);
}

static void long_line(server *s, size_t bytes)
{
    char *line = malloc(bytes + 1);
    pid_t child;

    memset(line, 'x', bytes);
    line[bytes] = '\n';
    child = fork(); /* more than the kernel keeps */
    if (child == 0) {
        send_all(s, line, bytes + 1);
        send_text(s, "next\n");
        _exit(0);
    }
    free(line);
}

static void test_too_long(void **state)
{
    server *s = *state;
    ds_rc rc;

    long_line(s, SOCKET_LINE_MAX + 1);
    assert_string_equal(lines_of(s, 16, &rc), "next|");
}

static void test_longest(void **state)
{
    server *s = *state;
    ds_received out[2];
    uint32_t n = 0;
    ds_rc rc = DS_END;

    long_line(s, SOCKET_LINE_MAX);
    for (int i = 0; i < 1000 && rc == DS_END; i++)
        rc = socket_receiver.poll(s->receiver, s->arena, 50, 1, out, &n, NULL);
    assert_int_equal(rc, DS_OK);
    assert_int_equal(out[0].val.len, SOCKET_LINE_MAX);
}

static void test_nobody_there(void **state)
{
    struct socket_args args = {.host = ds_text_of("localhost"), .port = 1};
    ds_receiver_use use = {&socket_receiver, "job", "lines", &args};
    void *receiver = NULL;
    ds_err err = {DS_OK, ""};

    (void)state;
    assert_int_equal(socket_receiver.open(&use, &receiver, &err), DS_E_IO);
    assert_non_null(strstr(err.msg, "localhost:1"));
    args.host = ds_text_of("no.such.host.invalid");
    assert_int_equal(socket_receiver.open(&use, &receiver, &err), DS_E_IO);
}

int main(void)
{
#define WITH_SERVER(fn)                                                        \
    cmocka_unit_test_setup_teardown(fn, server_make, server_drop)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_lines),
        WITH_SERVER(test_limit_of_a_poll),
        WITH_SERVER(test_end),
        WITH_SERVER(test_nothing),
        WITH_SERVER(test_too_long),
        WITH_SERVER(test_longest),
        cmocka_unit_test(test_nobody_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
