/* SPDX-License-Identifier: Apache-2.0 */
/* test_http.c - what /healthz, /readyz and /metrics answer, and to whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cmd/serve.h"
#include "run/run.h"

static server srv;
static slot slots[2];
static daemon_config config = {.host = "127.0.0.1"};
static http *web;
static char answer[1 << 20];

/* A port that was free a moment ago. */
static int port_free(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    close(fd);
    return ntohs(a.sin_port);
}

static int dial(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)config.port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {20, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

/* Sends the bytes, reads to the end of the connection; the status, or 0. */
static int ask(const char *bytes)
{
    int fd = dial(), status = 0;
    size_t n = 0;
    ssize_t got;

    (void)!write(fd, bytes, strlen(bytes));
    while (n < sizeof(answer) - 1 &&
           (got = read(fd, answer + n, sizeof(answer) - 1 - n)) > 0)
        n += (size_t)got;
    answer[n] = 0;
    close(fd);
    return sscanf(answer, "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

static int get(const char *path)
{
    char bytes[4096];

    snprintf(bytes, sizeof(bytes), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
             path);
    return ask(bytes);
}

static void health_says_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(get("/healthz"), 200);
    assert_non_null(strstr(answer, "\r\n\r\nok\n"));
    assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff"));
    assert_non_null(strstr(answer, "X-Frame-Options: DENY"));
    assert_non_null(strstr(answer, "Content-Security-Policy: default-src"));
    assert_non_null(strstr(answer, "Cache-Control: no-store"));
}

static void ready_when_all_jobs_are(void **state)
{
    (void)state;
    slots[1].state = "running";
    assert_int_equal(get("/readyz"), 200);
    slots[1].state = "failed";
    strcpy(slots[1].note, "topic \"x\" does not exist");
    assert_int_equal(get("/readyz"), 503);
    assert_non_null(strstr(answer, "job two is failed: topic \\\"x\\\""));
    assert_non_null(strstr(answer, "application/problem+json"));
    assert_int_equal(get("/readyz?job=one"), 200);
    assert_int_equal(get("/readyz?job=two"), 503);
    assert_int_equal(get("/readyz?job=three"), 404);
    assert_non_null(strstr(answer, "application/problem+json"));
}

/* What a job that is open waits for. */
static void not_ready_says_why(void **state)
{
    static worker w;
    static ds_context ctx = {.n_workers = 1, .workers = &w};
    static const ds_stage stage = {.id = 0};
    const char *failed = "topic in partition 3 offset 17: no number";

    (void)state;
    w.stage = &stage;
    pthread_mutex_init(&ctx.fail_lock, NULL);
    slots[0].state = "running";
    slots[1].ctx = &ctx;
    atomic_store(&w.stats.state, "running");
    assert_int_equal(get("/readyz"), 200);
    atomic_store(&w.stats.state, "restoring");
    atomic_store(&w.stats.restore_total, 100);
    atomic_store(&w.stats.restore_left, 39);
    assert_int_equal(get("/readyz"), 503);
    assert_non_null(strstr(answer, "\"job two is restoring 61 %\""));
    atomic_store(&w.stats.why, "waiting for an open transaction");
    assert_int_equal(get("/readyz?job=two"), 503);
    assert_non_null(strstr(
        answer, "job two is restoring 61 %: waiting for an open transaction"));
    atomic_store(&w.stats.state, "stalled");
    atomic_store(&w.stats.why, "waiting for the transaction coordinator");
    assert_int_equal(get("/readyz"), 503);
    assert_non_null(strstr(
        answer, "job two is stalled: waiting for the transaction coordinator"));
    (void)ds_fail(&ctx.failed, DS_E_FAILED, "%s", failed);
    assert_int_equal(get("/readyz"), 503);
    assert_non_null(strstr(answer, "job two is failed: topic in partition 3 "
                                   "offset 17: no number"));
    slots[1].ctx = NULL;
}

static void metrics_have_every_family(void **state)
{
    (void)state;
    assert_int_equal(get("/metrics"), 200);
    assert_non_null(strstr(answer, "text/plain; version=0.0.4"));
    assert_non_null(
        strstr(answer, "# TYPE dstream_watermark_timestamp_seconds gauge"));
    assert_non_null(
        strstr(answer, "# TYPE dstream_batch_duration_seconds histogram"));
    assert_non_null(strstr(answer, "# TYPE process_cpu_seconds_total counter"));
}

static void only_get_and_head(void **state)
{
    (void)state;
    assert_int_equal(ask("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                     200);
    assert_null(strstr(answer, "# TYPE"));
    assert_int_equal(ask("POST /healthz HTTP/1.1\r\nHost: localhost\r\n"
                         "Content-Length: 1000000000\r\n\r\n"),
                     405);
    assert_non_null(strstr(answer, "Allow: GET, HEAD"));
    assert_int_equal(ask("DELETE /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                     405);
    assert_int_equal(ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
                         "Content-Length: 5\r\n\r\nabcde"),
                     400);
    assert_int_equal(ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                     400);
}

static void no_long_requests(void **state)
{
    static char bytes[12000], pad[9001];

    (void)state;
    memset(pad, 'a', sizeof(pad) - 1);
    snprintf(bytes, sizeof(bytes),
             "GET /healthz?%.3000s HTTP/1.1\r\nHost: localhost\r\n\r\n", pad);
    assert_int_equal(ask(bytes), 414);
    snprintf(bytes, sizeof(bytes),
             "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", pad);
    assert_int_equal(ask(bytes), 431);
    snprintf(bytes, sizeof(bytes),
             "GET /healthz?%.1000s HTTP/1.1\r\nHost: localhost\r\n"
             "X: %.5000s\r\n\r\n",
             pad, pad);
    assert_int_equal(ask(bytes), 200);
}

static void only_loopback_hosts(void **state)
{
    static const char *const good[] = {"localhost",   "LOCALHOST:9640",
                                       "127.0.0.1:1", "127.9.9.9",
                                       "[::1]",       "[::1]:9640"};
    static const char *const bad[] = {
        "evil",  "evil:9640", "127.0.0.1.evil", "localhost.evil",
        "[::2]", "[::1]x",    "10.0.0.1",       ":9640"};
    char bytes[300];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        snprintf(bytes, sizeof(bytes),
                 "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", good[i]);
        assert_int_equal(ask(bytes), 200);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        snprintf(bytes, sizeof(bytes),
                 "GET /metrics HTTP/1.1\r\nHost: %s\r\n\r\n", bad[i]);
        assert_int_equal(ask(bytes), 421);
        assert_null(strstr(answer, "# TYPE"));
    }
    assert_int_equal(ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
                         "Host: evil\r\n\r\n"),
                     400);
}

static void nothing_else_is_there(void **state)
{
    char path[3000];

    (void)state;
    assert_int_equal(get("/"), 404);
    assert_int_equal(get("/metrics/"), 404);
    assert_int_equal(get("/../etc/passwd"), 404);
    assert_int_equal(get("/%2e%2e/x"), 404);
    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = 0;
    assert_int_equal(get(path), 414);
}

/* Connections that are being closed count against the limit for a moment. */
static void assert_alive(void)
{
    int status = 0;

    for (int i = 0; status != 200 && i < 100; i++) {
        usleep(i ? 100 * 1000 : 0);
        status = get("/healthz");
    }
    assert_int_equal(status, 200);
}

/* Garbage, cut anywhere, leaves the server alive. */
static void garbage_is_survived(void **state)
{
    static const char *const parts[] = {
        "GET ",     "/metrics", " HTTP/1.1", "\r\n", "Host: localhost",
        "\r\n\r\n", "\x01\xff", ": ",        " ",    "Content-Length: -1",
        "%",        "\n",       "POST"};

    (void)state;
    srand(7);
    for (int i = 0; i < 300; i++) {
        char bytes[512] = "";

        for (int k = rand() % 12; k >= 0; k--)
            strcat(bytes,
                   parts[(size_t)rand() % (sizeof(parts) / sizeof(*parts))]);
        int fd = dial();
        (void)!write(fd, bytes, strlen(bytes));
        close(fd);
    }
    assert_alive();
}

/* Someone who sends a byte now and then is thrown out after 10 s. */
static void slow_readers_are_ended(void **state)
{
    int fd = dial(), i;

    (void)state;
    (void)!write(fd, "G", 1);
    for (i = 0; i < 30; i++) {
        usleep(500 * 1000);
        http_tick(web);
        if (send(fd, "x", 1, MSG_NOSIGNAL) < 0)
            break;
    }
    close(fd);
    assert_true(i < 30);
    assert_alive();
}

static int set_up(void **state)
{
    ds_err err;

    (void)state;
    srv = (server){
        .config = &config, .metrics = metrics_new(), .n = 2, .slots = slots};
    families_register(srv.metrics);
    for (int i = 0; i < 2; i++) {
        slots[i].server = &srv;
        pthread_mutex_init(&slots[i].lock, NULL);
        strcpy(slots[i].name, i ? "two" : "one");
        slots[i].state = "running";
    }
    config.port = port_free();
    return http_start(&srv, &web, &err) == DS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    http_stop(web);
    metrics_free(srv.metrics);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_says_nothing_else),
        cmocka_unit_test(ready_when_all_jobs_are),
        cmocka_unit_test(not_ready_says_why),
        cmocka_unit_test(metrics_have_every_family),
        cmocka_unit_test(only_get_and_head),
        cmocka_unit_test(no_long_requests),
        cmocka_unit_test(only_loopback_hosts),
        cmocka_unit_test(nothing_else_is_there),
        cmocka_unit_test(garbage_is_survived),
        cmocka_unit_test(slow_readers_are_ended),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
