/* SPDX-License-Identifier: Apache-2.0 */
/* socket.c - lines of a TCP server. */
#include "socket/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dstream/log.h"
#include "dstream/registry.h"

#define CONNECT_MS 3000
#define READ_BYTES ((size_t)64 << 10)

typedef struct lines {
    const struct socket_args *args;
    int fd;
    bool ended;    /* the server closed it */
    bool skipping; /* the rest of a line that is too long */
    size_t from, to, cap;
    char *bytes; /* [from, to): read, and no line yet */
} lines;

/* ---- connect ---- */

/* 0, or an errno. */
static int connect_wait(int fd, const struct addrinfo *to)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    socklen_t size = sizeof(int);
    int e = 0;

    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    if (poll(&p, 1, CONNECT_MS) <= 0)
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size) ? errno : e;
}

/* The first of its addresses that answers. */
static ds_rc host_connect(lines *l, ds_err *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *list, *at;
    char port[16];
    int e;

    snprintf(port, sizeof(port), "%d", (int)l->args->port);
    e = getaddrinfo(l->args->host.s, port, &hints, &list);
    if (e)
        return ds_fail(err, DS_E_IO, "host %s is not known: %s",
                       l->args->host.s, gai_strerror(e));
    e = ENOENT;
    for (at = list; at && l->fd < 0; at = at->ai_next) {
        int fd = socket(at->ai_family,
                        at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                        at->ai_protocol);

        if (fd < 0) {
            e = errno;
            continue;
        }
        e = connect_wait(fd, at);
        if (e == 0)
            l->fd = fd;
        else
            close(fd);
    }
    freeaddrinfo(list);
    if (l->fd < 0)
        return ds_fail(err, DS_E_IO, "%s:%s cannot be reached: %s",
                       l->args->host.s, port, strerror(e));
    return DS_OK;
}

static void lines_close(void *receiver)
{
    lines *l = receiver;

    if (l->fd >= 0)
        close(l->fd);
    free(l->bytes);
    free(l);
}

static ds_rc lines_open(const ds_receiver_use *use, void **out, ds_err *err)
{
    lines *l = calloc(1, sizeof(*l));
    ds_rc rc;

    DS_BUG_ON(!l);
    l->args = use->args;
    l->fd = -1;
    rc = host_connect(l, err);
    if (rc != DS_OK) {
        lines_close(l);
        return rc;
    }
    *out = l;
    return DS_OK;
}

/* ---- read ---- */

static void room_make(lines *l)
{
    if (l->from > 0) {
        memmove(l->bytes, l->bytes + l->from, l->to - l->from);
        l->to -= l->from;
        l->from = 0;
    }
    if (l->cap - l->to >= READ_BYTES)
        return;
    l->cap = l->to + 2 * READ_BYTES;
    l->bytes = realloc(l->bytes, l->cap);
    DS_BUG_ON(!l->bytes);
}

/* What there is now, or comes within the time. DS_END: nothing. */
static ds_rc bytes_read(lines *l, int timeout_ms, ds_err *err)
{
    struct pollfd p = {.fd = l->fd, .events = POLLIN};
    ssize_t n;

    if (l->ended)
        return ds_fail(err, DS_E_IO, "%s:%d has closed the connection",
                       l->args->host.s, (int)l->args->port);
    if (poll(&p, 1, timeout_ms) <= 0)
        return DS_END;
    room_make(l);
    n = read(l->fd, l->bytes + l->to, l->cap - l->to);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return DS_END;
    if (n < 0)
        return ds_fail(err, DS_E_IO, "%s:%d cannot be read: %s",
                       l->args->host.s, (int)l->args->port, strerror(errno));
    l->ended = n == 0;
    l->to += (size_t)n;
    return DS_OK;
}

static void long_line_tell(const lines *l)
{
    ds_log(DS_LOG_WARN, "a line is too long and is left out",
           DS_KV("host", "%s", l->args->host.s),
           DS_KV("port", "%d", (int)l->args->port),
           DS_KV("limit", "%d", SOCKET_LINE_MAX));
}

/* The bytes up to the next end, without it; false: there is none yet. */
static bool line_end(lines *l, ds_slice *out)
{
    const char *line = l->bytes + l->from;
    size_t left = l->to - l->from;
    const char *end = left ? memchr(line, '\n', left) : NULL;

    if (!end && (!l->ended || left == 0))
        return false;
    *out = (ds_slice){(const uint8_t *)line,
                      (uint32_t)(end ? (size_t)(end - line) : left)};
    l->from += out->len + (end != NULL);
    return true;
}

/* The next line that counts; false: there is none yet. */
static bool line_next(lines *l, ds_slice *out)
{
    while (line_end(l, out)) {
        bool skipped = l->skipping;

        l->skipping = false;
        if (skipped)
            continue;
        out->len -= out->len > 0 && out->ptr[out->len - 1] == '\r';
        if (out->len <= SOCKET_LINE_MAX)
            return true;
        long_line_tell(l);
    }
    if (l->to - l->from <= SOCKET_LINE_MAX)
        return false;
    if (!l->skipping)
        long_line_tell(l);
    l->skipping = true;
    l->from = l->to;
    return false;
}

static void lines_take(lines *l, ds_arena *a, uint32_t max, ds_received *out,
                       uint32_t *n)
{
    ds_slice line;

    for (*n = 0; *n < max && line_next(l, &line); (*n)++)
        out[*n] =
            (ds_received){.val = ds_slice_copy(a, line), .ts = DS_TIME_NONE};
}

static ds_rc lines_poll(void *receiver, ds_arena *a, int timeout_ms,
                        uint32_t max, ds_received *out, uint32_t *n,
                        ds_err *err)
{
    lines *l = receiver;
    ds_rc rc;

    lines_take(l, a, max, out, n);
    if (*n)
        return DS_OK;
    rc = bytes_read(l, timeout_ms, err);
    if (rc != DS_OK)
        return rc;
    lines_take(l, a, max, out, n);
    return *n ? DS_OK : DS_END;
}

static const ds_param params[] = {
    {.name = "host",
     .type = DS_P_STR,
     .offset = offsetof(struct socket_args, host),
     .required = true,
     .help = "Name or address of the server."},
    {.name = "port",
     .type = DS_P_INT,
     .offset = offsetof(struct socket_args, port),
     .required = true,
     .min = 1,
     .max = 65535,
     .help = "Its TCP port."},
    {0},
};

const ds_receiver_type socket_receiver = {
    .name = "socket",
    .help = "Lines of a TCP server; what was not read yet is lost with it.",
    .params = params,
    .args_size = sizeof(struct socket_args),
    .format = "text",
    .open = lines_open,
    .close = lines_close,
    .poll = lines_poll,
};

void ds_register_socket(ds_registry *reg)
{
    ds_registry_add_receiver(reg, &socket_receiver);
}
