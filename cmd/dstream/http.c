/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - /healthz, /readyz, /metrics; read-only, on loopback.
 *
 * GET and HEAD only, and no request body is read. A request must be meant for
 * a loopback host, so that no web page can read the answers by a name that it
 * points here. Every connection serves one request and is over in 10 s.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cmd/serve.h"
#include "record/show.h"

enum {
    CONNECTIONS_MAX = 64,
    CONNECTIONS_PER_IP = 16,
    IDLE_S = 5,
    URL_MAX = 2048,
    HEADERS_MAX = 64,
    HEADERS_BYTES = 8192,
    MEMORY_PER_CONNECTION = 16 * 1024,
};
#define DEADLINE (10 * DS_SECOND)

struct http {
    server *server;
    struct MHD_Daemon *mhd;
    pthread_mutex_t lock;
    struct {
        int fd; /* -1: free */
        ds_time since;
    } open[CONNECTIONS_MAX];
};

/* ---- answers ---- */

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status,
                              const char *type, const void *body, size_t n)
{
    static const char *const headers[][2] = {
        {"Cache-Control", "no-store"},
        {"Connection", "close"},
        {"Content-Security-Policy",
         "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
         "form-action 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
    };
    struct MHD_Response *r = MHD_create_response_from_buffer(
        n, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "Content-Type", type);
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
        MHD_add_response_header(r, headers[i][0], headers[i][1]);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(r, "Allow", "GET, HEAD");
    result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, const char *text)
{
    return answer(c, MHD_HTTP_OK, "text/plain; charset=utf-8", text,
                  strlen(text));
}

/* RFC 9457. */
static enum MHD_Result answer_problem(struct MHD_Connection *c, unsigned status,
                                      const char *detail)
{
    ds_arena *a = ds_arena_new(1 << 12);
    ds_buf b;
    enum MHD_Result result;

    ds_buf_init(&b, a, 256);
    ds_buf_printf(&b,
                  "{\"type\":\"about:blank\",\"title\":\"%s\","
                  "\"status\":%u,\"detail\":",
                  MHD_get_reason_phrase_for(status), status);
    ds_show_json_str(&b, ds_slice_of(detail));
    ds_buf_str(&b, "}\n");
    result = answer(c, status, "application/problem+json", b.s, b.len);
    ds_arena_free(a);
    return result;
}

/* ---- routes ---- */

typedef enum MHD_Result route_fn(http *h, struct MHD_Connection *c);

static enum MHD_Result route_healthz(http *h, struct MHD_Connection *c)
{
    (void)h;
    return answer_text(c, "ok\n");
}

static enum MHD_Result route_metrics(http *h, struct MHD_Connection *c)
{
    ds_arena *a = ds_arena_new(1 << 16);
    ds_slice text = metrics_render(h->server->metrics, a);
    enum MHD_Result result =
        answer(c, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
               text.ptr, text.len);

    ds_arena_free(a);
    return result;
}

static enum MHD_Result ready_answer(struct MHD_Connection *c, const char *why)
{
    return why ? answer_problem(c, MHD_HTTP_SERVICE_UNAVAILABLE, why)
               : answer_text(c, "ready\n");
}

static enum MHD_Result route_readyz(http *h, struct MHD_Connection *c)
{
    const char *job =
        MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "job");
    ds_arena *a;
    char *all = NULL;
    enum MHD_Result result;

    if (job) {
        slot *s = server_find(h->server, job);
        if (!s)
            return answer_problem(c, MHD_HTTP_NOT_FOUND,
                                  "there is no job of that name");
        a = ds_arena_new(1 << 12);
        result = ready_answer(c, slot_not_ready(s, a));
        ds_arena_free(a);
        return result;
    }
    a = ds_arena_new(1 << 12);
    for (uint32_t i = 0; i < h->server->n; i++) {
        const char *why = slot_not_ready(&h->server->slots[i], a);
        if (why)
            all = ds_str_printf(a, "%s%s%s", all ? all : "", all ? "; " : "",
                                why);
    }
    result = ready_answer(c, all);
    ds_arena_free(a);
    return result;
}

static const struct {
    const char *path;
    route_fn *fn;
} routes[] = {
    {"/healthz", route_healthz},
    {"/readyz", route_readyz},
    {"/metrics", route_metrics},
};

/* ---- requests ---- */

/* localhost, 127.x.y.z or [::1], with or without a port. */
static bool host_is_loopback(const char *host)
{
    char name[64];
    size_t n = strlen(host);
    const char *colon = strrchr(host, ':');
    struct in_addr four;

    if (host[0] == '[')
        return !strncmp(host, "[::1]", 5) && (host[5] == 0 || host[5] == ':');
    if (colon)
        n = (size_t)(colon - host);
    if (n == 0 || n >= sizeof(name))
        return false;
    memcpy(name, host, n);
    name[n] = 0;
    return !strcasecmp(name, "localhost") ||
           (inet_pton(AF_INET, name, &four) == 1 &&
            ntohl(four.s_addr) >> 24 == 127);
}

struct heads {
    unsigned n, hosts, bodies;
    size_t bytes, query;
    bool foreign;
};

/* Bytes of the query. */
static enum MHD_Result query_look(void *arg, enum MHD_ValueKind kind,
                                  const char *key, const char *value)
{
    struct heads *h = arg;

    (void)kind;
    h->query += strlen(key) + (value ? strlen(value) : 0) + 2; /* & and = */
    return MHD_YES;
}

static enum MHD_Result head_look(void *arg, enum MHD_ValueKind kind,
                                 const char *key, const char *value)
{
    struct heads *h = arg;

    (void)kind;
    h->n++;
    h->bytes += strlen(key) + (value ? strlen(value) : 0) + 4; /* ": ", end */
    if (!strcasecmp(key, "Host")) {
        h->hosts++;
        h->foreign |= !value || !host_is_loopback(value);
    }
    if (!strcasecmp(key, "Transfer-Encoding") ||
        (!strcasecmp(key, "Content-Length") && value && strcmp(value, "0")))
        h->bodies++;
    return MHD_YES;
}

static bool is_plain(const char *url)
{
    for (; *url; url++)
        if (*url <= ' ' || *url > '~')
            return false;
    return true;
}

/* 0: the request is all right. */
static unsigned refusal(const struct heads *heads, const char *url,
                        const char *method, const char **why)
{
    *why = "only GET and HEAD";
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return MHD_HTTP_METHOD_NOT_ALLOWED;
    *why = "a request has one Host and no body";
    if (heads->hosts > 1 || heads->bodies)
        return MHD_HTTP_BAD_REQUEST;
    *why = "this server answers for loopback hosts only";
    if (heads->foreign)
        return MHD_HTTP_MISDIRECTED_REQUEST;
    *why = "too many header fields, or too long ones";
    if (heads->n > HEADERS_MAX || heads->bytes > HEADERS_BYTES)
        return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    *why = "the address is too long";
    if (strlen(url) + heads->query > URL_MAX)
        return MHD_HTTP_URI_TOO_LONG;
    *why = "the path is not plain ASCII";
    return is_plain(url) ? 0 : MHD_HTTP_BAD_REQUEST;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters of the library */
static enum MHD_Result request(void *arg, struct MHD_Connection *c,
                               const char *url, const char *method,
                               const char *version, const char *body,
                               size_t *n_body, void **seen)
{
    http *h = arg;
    struct heads heads = {0};
    const char *why;
    unsigned status;

    (void)version;
    (void)body;
    (void)n_body;
    if (!*seen) {
        *seen = h;
        MHD_get_connection_values(c, MHD_HEADER_KIND, head_look, &heads);
        MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, query_look, &heads);
        status = refusal(&heads, url, method, &why);
        return status ? answer_problem(c, status, why) : MHD_YES;
    }
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
        if (!strcmp(url, routes[i].path))
            return routes[i].fn(h, c);
    return answer_problem(c, MHD_HTTP_NOT_FOUND,
                          "there are /healthz, /readyz and /metrics");
}

/* ---- connections ---- */

static void connection_event(void *arg, struct MHD_Connection *c, void **own,
                             enum MHD_ConnectionNotificationCode code)
{
    http *h = arg;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    int fd = info ? info->connect_fd : -1;
    bool starts = code == MHD_CONNECTION_NOTIFY_STARTED;

    (void)own;
    pthread_mutex_lock(&h->lock);
    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        if (h->open[i].fd != (starts ? -1 : fd))
            continue;
        h->open[i].fd = starts ? fd : -1;
        h->open[i].since = ds_mono_now();
        break;
    }
    pthread_mutex_unlock(&h->lock);
}

void http_tick(http *h)
{
    ds_time now = ds_mono_now();

    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        if (h->open[i].fd >= 0 && now - h->open[i].since > DEADLINE)
            shutdown(h->open[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&h->lock);
}

static void quiet(void *arg, const char *fmt, va_list args)
{
    (void)arg;
    (void)fmt;
    (void)args;
}

static struct MHD_Daemon *daemon_start(http *h, const struct sockaddr *addr,
                                       unsigned flags)
{
    flags |= MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_USE_ERROR_LOG;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, request, h, MHD_OPTION_EXTERNAL_LOGGER, quiet,
        NULL, MHD_OPTION_SOCK_ADDR, addr, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_PER_IP, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_CONNECTION, connection_event, h,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
}

ds_rc http_start(server *srv, http **out, ds_err *err)
{
    const daemon_config *cfg = srv->config;
    struct sockaddr_in four = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)cfg->port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)cfg->port)};
    bool is_four = inet_pton(AF_INET, cfg->host, &four.sin_addr) == 1;
    http *h = calloc(1, sizeof(*h));

    DS_BUG_ON(!h);
    h->server = srv;
    pthread_mutex_init(&h->lock, NULL);
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        h->open[i].fd = -1;
    if (!is_four)
        (void)inet_pton(AF_INET6, cfg->host, &six.sin6_addr);
    errno = 0;
    h->mhd = is_four ? daemon_start(h, (struct sockaddr *)&four, 0)
                     : daemon_start(h, (struct sockaddr *)&six, MHD_USE_IPv6);
    if (!h->mhd) {
        free(h);
        return ds_fail(err, DS_E_UNREACHABLE,
                       "HTTP cannot listen on %s port %d: %s", cfg->host,
                       cfg->port, strerror(errno));
    }
    ds_log(DS_LOG_INFO, "HTTP listens", DS_KV("host", "%s", cfg->host),
           DS_KV("port", "%d",
                 MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_BIND_PORT)->port));
    *out = h;
    return DS_OK;
}

void http_stop(http *h)
{
    if (!h)
        return;
    MHD_stop_daemon(h->mhd);
    pthread_mutex_destroy(&h->lock);
    free(h);
}
