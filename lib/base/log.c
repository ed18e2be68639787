/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - events to standard error, through a writer thread.
 *
 * Two buffers: callers append to one under a mutex, the writer writes the
 * other one out without it. So a slow terminal or a full pipe stops the writer
 * only; when the callers' buffer is full as well, lines are dropped and
 * counted. Before the start and after the end, lines are written directly.
 */
#include "dstream/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log_line.h"
#include "base/utf8.h"

enum {
    LOG_BUFFER = 256 << 10,
    LOG_SITES = 512,     /* a power of two */
    LOG_PER_WINDOW = 10, /* lines of one site before they are only counted */
    LOG_KVS = 32,
    PROGRESS_MAX = 256,
};
#define LOG_WINDOW (10 * DS_SECOND)
#define LOG_STOP_WAIT (2 * DS_SECOND)

/* A place in the sources that logs. */
struct site {
    const char *name; /* NULL: free */
    ds_time window;   /* when it began, monotonic */
    uint32_t passed, suppressed;
    ds_log_level level;
    char msg[160];
};

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t wake;    /* the writer has something to do */
    pthread_cond_t stopped; /* the writer is gone */
    pthread_t thread;
    bool running, stop, done;
    bool json, terminal;
    char *fill, *drain;
    char *left[2]; /* with a writer that did not end */
    size_t n;
    unsigned long dropped;
    struct site sites[LOG_SITES];
    char progress[PROGRESS_MAX];
    bool progress_new, progress_shown;
} log_state = {.mutex = PTHREAD_MUTEX_INITIALIZER,
               .wake = PTHREAD_COND_INITIALIZER,
               .stopped = PTHREAD_COND_INITIALIZER};

static atomic_int log_least = DS_LOG_INFO;
static atomic_ulong log_counts[DS_LOG_ERROR + 1];

struct kv_buffer {
    bool number;
    char text[LOG_VALUE_MAX + 64];
};
static _Thread_local struct kv_buffer kv_buffers[LOG_KVS];
static _Thread_local unsigned kv_next;

/* "%d", "%ld", "%llu", "%zu", ...: nothing else than one integer. */
static bool is_integer_format(const char *fmt)
{
    if (*fmt++ != '%')
        return false;
    fmt += strspn(fmt, "lzjht");
    return (*fmt == 'd' || *fmt == 'u' || *fmt == 'i') && fmt[1] == '\0';
}

const char *ds_log_kv(const char *key, const char *fmt, ...)
{
    struct kv_buffer *kv = &kv_buffers[kv_next++ % LOG_KVS];
    int n = snprintf(kv->text, 64, "%s", key);
    size_t at = (size_t)(n < 63 ? n : 63) + 1;
    va_list args;
    va_start(args, fmt);
    n = vsnprintf(kv->text + at, sizeof(kv->text) - at, fmt, args);
    va_end(args);
    if (n < 0)
        kv->text[at] = '\0';
    else if ((size_t)n >= sizeof(kv->text) - at)
        utf8_cut(kv->text + at);
    kv->number = is_integer_format(fmt);
    return kv->text;
}

static bool kv_is_number(const char *kv)
{
    for (unsigned i = 0; i < LOG_KVS; i++)
        if (kv == kv_buffers[i].text)
            return kv_buffers[i].number;
    return false;
}

static void write_all(const char *s, size_t n)
{
    while (n > 0) {
        ssize_t wrote = write(STDERR_FILENO, s, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return; /* nobody reads: there is nobody to tell */
        s += wrote;
        n -= (size_t)wrote;
    }
}

/* Needs the mutex. */
static void log_append(const char *s, size_t n)
{
    if (!log_state.running) {
        write_all(s, n);
        return;
    }
    if (log_state.n + n > LOG_BUFFER) {
        log_state.dropped++;
        return;
    }
    memcpy(log_state.fill + log_state.n, s, n);
    log_state.n += n;
    pthread_cond_signal(&log_state.wake);
}

static void add_number(log_line *l, const char *key, unsigned long n)
{
    char buf[24];
    snprintf(buf, sizeof(buf), "%lu", n);
    log_line_add(l, key, buf, true);
}

static struct site *site_find(const char *name)
{
    size_t h = ds_hash(name, strlen(name));
    for (size_t i = 0; i < LOG_SITES; i++) {
        struct site *s = &log_state.sites[(h + i) % LOG_SITES];
        if (!s->name)
            s->name = name;
        if (s->name == name || strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

/* A line for what was only counted. */
static void site_report(struct site *s)
{
    log_line l;
    log_line_begin(&l, log_state.json, ds_clock_now(&ds_clock_wall), s->level,
                   s->msg);
    add_number(&l, "suppressed", s->suppressed);
    log_line_end(&l);
    s->suppressed = 0;
    log_append(l.s, l.n);
}

/* May this line be written? If so, *suppressed says how many were not. */
static bool site_pass(const char *name, ds_log_level level, const char *msg,
                      uint32_t *suppressed)
{
    struct site *s = site_find(name);
    *suppressed = 0;
    if (!s)
        return true;
    ds_time now = ds_mono_now();
    if (s->passed == 0 || now - s->window >= LOG_WINDOW) {
        s->window = now;
        s->passed = 0;
    }
    if (s->passed == LOG_PER_WINDOW) {
        s->suppressed++;
        s->level = level;
        snprintf(s->msg, sizeof(s->msg), "%s", msg);
        return false;
    }
    s->passed++;
    *suppressed = s->suppressed;
    s->suppressed = 0;
    return true;
}

/* Tells of sites that have gone quiet; all of them at the end. */
static void sites_report(bool all)
{
    ds_time now = ds_mono_now();
    for (size_t i = 0; i < LOG_SITES; i++) {
        struct site *s = &log_state.sites[i];
        if (s->suppressed && (all || now - s->window >= LOG_WINDOW))
            site_report(s);
    }
}

void ds_log_at(const char *site, ds_log_level level, const char *const *msg_kv)
{
    if ((int)level < atomic_load_explicit(&log_least, memory_order_relaxed))
        return;
    atomic_fetch_add_explicit(&log_counts[level], 1, memory_order_relaxed);
    const char *msg = msg_kv[0];
    uint32_t suppressed;
    pthread_mutex_lock(&log_state.mutex);
    bool pass = site_pass(site, level, msg, &suppressed);
    bool json = log_state.json;
    pthread_mutex_unlock(&log_state.mutex);
    if (!pass)
        return;
    log_line l;
    log_line_begin(&l, json, ds_clock_now(&ds_clock_wall), level, msg);
    for (const char *const *kv = msg_kv + 1; *kv; kv++)
        log_line_add(&l, *kv, *kv + strlen(*kv) + 1, kv_is_number(*kv));
    if (suppressed)
        add_number(&l, "suppressed", suppressed);
    log_line_end(&l);
    pthread_mutex_lock(&log_state.mutex);
    log_append(l.s, l.n);
    pthread_mutex_unlock(&log_state.mutex);
}

/* Needs the mutex: a line for the lines that did not fit. */
static void log_report_dropped(void)
{
    if (!log_state.dropped)
        return;
    log_line l;
    log_line_begin(&l, log_state.json, ds_clock_now(&ds_clock_wall),
                   DS_LOG_WARN, "log lines were dropped");
    add_number(&l, "n", log_state.dropped);
    log_line_end(&l);
    log_state.dropped = 0;
    log_append(l.s, l.n);
}

/* Needs the mutex, and gives it up while it writes. */
static void log_drain(void)
{
    char *s = log_state.fill;
    size_t n = log_state.n;
    char progress[PROGRESS_MAX];
    bool draw = log_state.progress_new || (n && log_state.progress[0]);
    bool clear = log_state.progress_shown && (n || draw);
    memcpy(progress, log_state.progress, sizeof(progress));
    log_state.fill = log_state.drain;
    log_state.drain = s;
    log_state.n = 0;
    log_report_dropped();
    log_state.progress_new = false;
    log_state.progress_shown = draw ? progress[0] : log_state.progress_shown;
    pthread_mutex_unlock(&log_state.mutex);
    if (clear)
        write_all("\r\033[K", 4);
    write_all(s, n);
    if (draw)
        write_all(progress, strlen(progress));
    pthread_mutex_lock(&log_state.mutex);
}

static void *log_writer(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&log_state.mutex);
    for (;;) {
        sites_report(log_state.stop);
        if (log_state.n || log_state.progress_new) {
            log_drain();
            continue;
        }
        if (log_state.stop)
            break;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 5;
        pthread_cond_timedwait(&log_state.wake, &log_state.mutex, &until);
    }
    log_state.done = true;
    pthread_cond_signal(&log_state.stopped);
    pthread_mutex_unlock(&log_state.mutex);
    return NULL;
}

void ds_log_start(ds_log_level least, ds_log_format format)
{
    static bool at_exit;
    atomic_store(&log_least, (int)least);
    pthread_mutex_lock(&log_state.mutex);
    log_state.terminal = isatty(STDERR_FILENO);
    log_state.json =
        format == DS_LOG_JSON || (format == DS_LOG_AUTO && !log_state.terminal);
    if (!log_state.running) {
        if (!log_state.fill)
            log_state.fill = malloc(LOG_BUFFER);
        if (!log_state.drain)
            log_state.drain = malloc(LOG_BUFFER);
        log_state.stop = log_state.done = false;
        log_state.running =
            log_state.fill && log_state.drain &&
            pthread_create(&log_state.thread, NULL, log_writer, NULL) == 0;
        if (!at_exit)
            at_exit = atexit(ds_log_stop) == 0;
    }
    pthread_mutex_unlock(&log_state.mutex);
}

/* Waits a moment only: a reader that has gone to sleep must not keep the
 * process from ending. */
void ds_log_stop(void)
{
    pthread_mutex_lock(&log_state.mutex);
    if (log_state.running) {
        log_state.stop = true;
        log_state.progress[0] = '\0';
        log_state.progress_new = log_state.progress_shown;
        pthread_cond_signal(&log_state.wake);
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += LOG_STOP_WAIT / DS_SECOND;
        int rc = 0;
        while (!log_state.done && rc == 0)
            rc = pthread_cond_timedwait(&log_state.stopped, &log_state.mutex,
                                        &until);
        if (log_state.done) {
            pthread_join(log_state.thread, NULL);
        } else {
            pthread_detach(log_state.thread);
            /* The writer still uses them: the next start takes others. */
            log_state.left[0] = log_state.fill;
            log_state.left[1] = log_state.drain;
            log_state.fill = log_state.drain = NULL;
        }
        log_state.running = false;
    }
    pthread_mutex_unlock(&log_state.mutex);
}

bool ds_progress_wanted(void)
{
    return isatty(STDERR_FILENO);
}

void ds_progress(const char *line)
{
    if (!ds_progress_wanted())
        return;
    pthread_mutex_lock(&log_state.mutex);
    if (log_state.running) {
        snprintf(log_state.progress, sizeof(log_state.progress), "%s", line);
        log_state.progress_new = true;
        pthread_cond_signal(&log_state.wake);
    }
    pthread_mutex_unlock(&log_state.mutex);
}

unsigned long ds_log_count(ds_log_level level)
{
    return atomic_load_explicit(&log_counts[level], memory_order_relaxed);
}
