/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.c - `dstream serve`: all jobs of a folder in one process.
 *
 * A job has a thread that opens it, waits for its end, and opens it again after
 * a while if the reason may pass. Jobs share nothing but the process: a bad
 * file or a failed job is shown and leaves the others alone.
 */
#include "cmd/serve.h"

#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/monitor.h"
#include "kafka/version.h"
#include "parse/version.h"
#include "state/version.h"
#include "yaml/yaml_job.h"

static const char usage[] =
    "usage: dstream serve --config F [OPTION…]\n"
    "\n"
    "Run all jobs of the daemon file's folder in one process, with health, "
    "readiness\n"
    "and metrics over HTTP on loopback (default 127.0.0.1:9640): /healthz, "
    "/readyz,\n"
    "/readyz?job=NAME, /metrics. SIGTERM finishes all batches and exits 0; a "
    "second\n"
    "one aborts them.\n"
    "\n"
    "  --config F           the daemon file (default: "
    "/etc/dstream/dstream.yaml)\n"
    "  --check              read it and all job files, start nothing\n"
    "\n" CMD_LOG_HELP;

#define BACKOFF_FIRST DS_SECOND
#define BACKOFF_MOST (60 * DS_SECOND)
#define OPEN_PATIENCE (3 * DS_SECOND)

/* ---- states ---- */

static const char *const states[] = {
    "starting", "restoring", "running",           "paused",
    "draining", "stalled",   "awaiting_approval", "failed"};
#define N_STATES (sizeof(states) / sizeof(*states))

static void slot_set(slot *s, ds_context *ctx, const char *state,
                     const char *note)
{
    pthread_mutex_lock(&s->lock);
    s->ctx = ctx;
    s->state = state;
    snprintf(s->note, sizeof(s->note), "%s", note ? note : "");
    pthread_mutex_unlock(&s->lock);
}

static void slot_opened(slot *s)
{
    pthread_mutex_lock(&s->lock);
    s->opening = false;
    pthread_mutex_unlock(&s->lock);
}

/* Why it ended the last time is still worth knowing. */
static void slot_begins(slot *s)
{
    pthread_mutex_lock(&s->lock);
    s->state = "starting";
    s->opening = true;
    if (!s->note[0])
        snprintf(s->note, sizeof(s->note), "waiting for the cluster");
    pthread_mutex_unlock(&s->lock);
}

static const char *slot_state(slot *s, ds_job_status *st)
{
    const char *state;

    *st = (ds_job_status){.restore_ratio = 1, .lag = -1};
    pthread_mutex_lock(&s->lock);
    state = s->state;
    if (s->ctx) {
        ds_context_status(s->ctx, st);
        state = st->state;
    } else {
        snprintf(st->note, sizeof(st->note), "%.199s", s->note);
    }
    pthread_mutex_unlock(&s->lock);
    return state;
}

const char *slot_not_ready(slot *s, ds_arena *a)
{
    ds_job_status st;
    const char *state = slot_state(s, &st);

    if (!strcmp(state, "running") && st.restore_ratio >= 1)
        return NULL;
    if (!strcmp(state, "restoring"))
        return ds_str_printf(a, "job %s is restoring %.0f %%%s%s", s->name,
                             100 * st.restore_ratio, st.note[0] ? ": " : "",
                             st.note);
    return ds_str_printf(a, "job %s is %s%s%s", s->name, state,
                         st.note[0] ? ": " : "", st.note);
}

slot *server_find(server *srv, const char *job)
{
    for (uint32_t i = 0; i < srv->n; i++)
        if (!strcmp(srv->slots[i].name, job))
            return &srv->slots[i];
    return NULL;
}

/* ---- a job ---- */

/* Whether the same may succeed later. */
static bool is_transient(ds_rc rc)
{
    return rc == DS_E_UNREACHABLE || rc == DS_E_DISK || rc == DS_E_TXN ||
           rc == DS_E_UNKNOWN || rc == DS_E_LIMIT || rc == DS_E_STATE ||
           ds_rc_act(rc) == DS_ACT_RETRY;
}

static ds_rc slot_run(slot *s, ds_err *err)
{
    const daemon_config *c = s->server->config;
    ds_run_options o = {.broker = ds_registry_broker(cmd_registry(), "kafka"),
                        .store = ds_registry_store(cmd_registry(), "rocksdb"),
                        .state_dir = c->state,
                        .instance = c->instance,
                        .clock = &ds_clock_wall,
                        .metrics = s->server->metrics};
    ds_context *ctx;
    int stop;
    ds_rc rc;

    slot_begins(s);
    rc = ds_context_open(s->plan, &o, &ctx, err);
    if (rc == DS_OK)
        slot_set(s, ctx, "starting", NULL);
    slot_opened(s);
    DS_TRY(rc);
    stop = atomic_load(&s->server->stop);
    if (stop)
        ds_context_stop(ctx, stop);
    rc = ds_context_start(ctx, err);
    if (rc == DS_OK)
        rc = ds_context_wait(ctx, err);
    slot_set(s, NULL, rc < 0 ? "failed" : "draining", rc < 0 ? err->msg : NULL);
    ds_context_close(ctx);
    return rc;
}

/* False: the daemon stops. */
static bool slot_sleep(slot *s, ds_time d)
{
    struct timespec until;
    bool stop;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(d / DS_SECOND);
    pthread_mutex_lock(&s->lock);
    while (!(stop = atomic_load(&s->server->stop) != 0))
        if (pthread_cond_timedwait(&s->wake, &s->lock, &until) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&s->lock);
    return !stop;
}

static void slot_load(slot *s);
static void slot_memory(slot *s);

/* Until the registry answers that a plan needs. False: the daemon stops, or the
 * file has mistakes. */
static bool slot_plan(slot *s)
{
    ds_time wait = BACKOFF_FIRST;

    while (s->unplanned) {
        if (!slot_sleep(s, wait))
            return false;
        wait = wait * 2 < BACKOFF_MOST ? wait * 2 : BACKOFF_MOST;
        slot_load(s);
    }
    slot_memory(s);
    return s->job != NULL;
}

static void *slot_main(void *arg)
{
    slot *s = arg;
    ds_time wait = BACKOFF_FIRST;

    if (s->unplanned && !slot_plan(s))
        return NULL;
    while (!atomic_load(&s->server->stop)) {
        ds_err err = {DS_OK, ""};
        ds_time start = ds_mono_now();
        ds_rc rc = slot_run(s, &err);

        if (rc >= 0)
            break; /* stopped */
        if (!is_transient(rc)) {
            slot_set(s, NULL, "failed", err.msg);
            ds_log(DS_LOG_ERROR,
                   "the job has failed; restart the daemon once "
                   "the reason is gone",
                   DS_KV("job", "%s", s->name), DS_KV("error", "%s", err.msg));
            break;
        }
        if (ds_mono_now() - start > BACKOFF_MOST)
            wait = BACKOFF_FIRST;
        slot_set(s, NULL, "stalled", err.msg);
        ds_log(DS_LOG_ERROR, "the job has stopped; it is started again",
               DS_KV("job", "%s", s->name), DS_KV("error", "%s", err.msg),
               DS_KV("in_s", "%d", (int)(wait / DS_SECOND)));
        if (!slot_sleep(s, wait))
            break;
        wait = wait * 2 < BACKOFF_MOST ? wait * 2 : BACKOFF_MOST;
    }
    return NULL;
}

/* ---- files ---- */

static const ds_arg *cluster_of(void *arg, const char *name)
{
    return daemon_cluster(arg, name);
}

static const ds_arg *registry_of(void *arg, const char *name)
{
    return daemon_registry(arg, name);
}

static void slot_name(slot *s, const char *name)
{
    const char *slash = strrchr(s->path, '/');

    if (name) {
        snprintf(s->name, sizeof(s->name), "%s", name);
        return;
    }
    snprintf(s->name, sizeof(s->name), "%.*s",
             (int)strcspn(slash ? slash + 1 : s->path, "."),
             slash ? slash + 1 : s->path);
}

/* All jobs together have the daemon's memory. */
static void slot_memory(slot *s)
{
    const server *srv = s->server;
    int64_t share = srv->config->memory / (srv->n ? srv->n : 1);
    ds_plan *copy;

    if (!srv->config->memory || !s->plan || s->plan->memory <= share)
        return;
    copy = ds_new(ds_job_arena(s->job), ds_plan, 1);
    *copy = *s->plan;
    copy->memory = share > (16 << 20) ? share : 16 << 20;
    s->plan = copy;
}

/* No plan: the file has mistakes, or a registry that it needs is away. */
static void slot_no_plan(slot *s, const ds_job *job)
{
    ds_err err = {DS_OK, ""};

    if (!s->name[0]) /* others read it */
        slot_name(s, ds_job_name(job));
    s->unplanned = ds_job_failed(job, &err) == DS_E_UNREACHABLE;
    pthread_mutex_lock(&s->lock);
    s->state = s->unplanned ? "stalled" : "failed";
    if (s->unplanned)
        snprintf(s->note, sizeof(s->note), "%.290s", err.msg);
    else
        snprintf(s->note, sizeof(s->note), "%.200s has mistakes", s->path);
    pthread_mutex_unlock(&s->lock);
}

/* The job of a file; a mistake is shown as lint shows it. */
static void slot_load(slot *s)
{
    ds_job *job = ds_job_new(cmd_registry());
    ds_slice source = DS_NULL_SLICE;
    const ds_plan *plan;

    ds_job_set_clusters(job, cluster_of, s->server->config);
    ds_job_set_registries(job, registry_of, s->server->config);
    ds_job_set_online(job);
    yaml_job_load(job, s->path, NULL, &source);
    plan = ds_job_plan(job);
    ds_diags_show(ds_job_diags(job), source, stderr);
    if (!plan) {
        slot_no_plan(s, job);
        ds_job_free(job);
        return;
    }
    if (!s->name[0])
        slot_name(s, plan->job);
    s->unplanned = false;
    s->job = job;
    s->plan = cmd_plan_brokers(job, plan);
    snprintf(s->hash, sizeof(s->hash), "%08x",
             (unsigned)(ds_hash(source.ptr, source.len) >> 32));
}

static void slot_drop(slot *s, const char *why)
{
    ds_log(DS_LOG_ERROR, why, DS_KV("file", "%s", s->path),
           DS_KV("job", "%s", s->name));
    ds_job_free(s->job);
    s->job = NULL;
    s->unplanned = false;
    s->plan = NULL;
    slot_name(s, NULL);
    slot_set(s, NULL, "failed", why);
}

/* False: there is a mistake in one of the files. */
static bool slots_load(server *srv)
{
    ds_arena *a = srv->config->arena;
    char *pattern = ds_str_printf(a, "%s/*.yaml", srv->config->jobs);
    glob_t found;
    bool ok = true;

    if (glob(pattern, 0, NULL, &found) != 0)
        found.gl_pathc = 0;
    srv->slots = ds_new(a, slot, found.gl_pathc + 1);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        slot *s = &srv->slots[srv->n], *other;
        const char *path = found.gl_pathv[i];
        size_t n = strlen(path);

        if (n > 10 && !strcmp(path + n - 10, ".test.yaml"))
            continue;
        s->server = srv;
        s->path = ds_str_copy(a, path);
        pthread_mutex_init(&s->lock, NULL);
        pthread_cond_init(&s->wake, NULL);
        s->state = "starting";
        slot_load(s);
        other = s->job || s->unplanned ? server_find(srv, s->name) : NULL;
        if (other)
            slot_drop(s, "another file has a job of the same name");
        srv->n++;
        ok = ok && (s->job || s->unplanned);
    }
    if (found.gl_pathc)
        globfree(&found);
    else
        ds_log(DS_LOG_WARN, "there is no job file",
               DS_KV("folder", "%s", srv->config->jobs));
    for (uint32_t i = 0; i < srv->n; i++)
        slot_memory(&srv->slots[i]);
    return ok;
}

/* ---- metrics ---- */

static void state_show(server *srv, slot *s)
{
    ds_job_status st;
    const char *state = slot_state(s, &st);

    for (size_t i = 0; i < N_STATES; i++)
        metric_set(family_series(srv->metrics, FAMILY_JOB_STATE,
                                 METRIC_VALUES(s->name, states[i])),
                   !strcmp(states[i], state));
    if (s->plan)
        metric_set(family_series(srv->metrics, FAMILY_TRANSACTION_OPEN,
                                 METRIC_VALUES(s->name)),
                   (double)st.txn_open / DS_SECOND);
}

static void metrics_refresh(void *arg)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    server *srv = arg;

    for (uint32_t i = 0; i < srv->n; i++)
        state_show(srv, &srv->slots[i]);
    for (int i = 0; i <= DS_LOG_ERROR; i++) {
        unsigned long n = ds_log_count((ds_log_level)i);

        metric_add(family_series(srv->metrics, FAMILY_LOG_MESSAGES,
                                 METRIC_VALUES(levels[i], "")),
                   (double)(n - srv->logged[i]));
        srv->logged[i] = n;
    }
}

static void metrics_begin(server *srv, bool ok)
{
    metrics *m = srv->metrics = metrics_new();

    families_register(m);
    metric_set(
        family_series(m, FAMILY_BUILD_INFO,
                      METRIC_VALUES(DSTREAM_VERSION, kafka_library_version(),
                                    state_library_version(),
                                    parse_library_version())),
        1);
    metric_set(family_series(m, FAMILY_RELOAD_SUCCESSFUL, METRIC_PLAIN), ok);
    if (ok)
        metric_set(family_series(m, FAMILY_RELOAD_TIME, METRIC_PLAIN),
                   (double)ds_clock_now(&ds_clock_wall) / DS_SECOND);
    for (uint32_t i = 0; i < srv->n; i++) {
        const slot *s = &srv->slots[i];

        if (!s->plan)
            continue;
        metric_set(family_series(m, FAMILY_JOB_INFO,
                                 METRIC_VALUES(s->name, s->path, s->hash,
                                               s->plan->stages[0].group)),
                   1);
        metric_set(family_series(m, FAMILY_MEMORY_LIMIT,
                                 METRIC_VALUES(s->name, "job")),
                   (double)s->plan->memory);
    }
    metrics_on_render(m, metrics_refresh, srv);
}

/* ---- the daemon ---- */

static http *web;
static pthread_mutex_t server_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t server_wake = PTHREAD_COND_INITIALIZER;

static void server_stop(void *arg, int how)
{
    server *srv = arg;

    atomic_store(&srv->stop, how);
    for (uint32_t i = 0; i < srv->n; i++) {
        slot *s = &srv->slots[i];

        pthread_mutex_lock(&s->lock);
        if (s->ctx)
            ds_context_stop(s->ctx, how);
        pthread_cond_broadcast(&s->wake);
        pthread_mutex_unlock(&s->lock);
    }
    pthread_mutex_lock(&server_lock);
    pthread_cond_broadcast(&server_wake);
    pthread_mutex_unlock(&server_lock);
}

static void server_tick(void *arg)
{
    (void)arg;
    http_tick(web);
}

static void slots_start(server *srv)
{
    for (uint32_t i = 0; i < srv->n; i++) {
        slot *s = &srv->slots[i];

        if (!s->job && !s->unplanned)
            continue;
        s->started = pthread_create(&s->thread, NULL, slot_main, s) == 0;
        if (!s->started)
            slot_set(s, NULL, "failed", "no thread can be started");
    }
}

static bool slot_is_open(slot *s)
{
    bool open;

    pthread_mutex_lock(&s->lock);
    open = !s->opening;
    pthread_mutex_unlock(&s->lock);
    return open;
}

/* False: a job still waits for its cluster, in which nothing was begun. */
static bool slot_join(slot *s, ds_time until)
{
    while (!slot_is_open(s) && ds_mono_now() < until) {
        struct timespec soon;

        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec += 100 * 1000 * 1000;
        soon.tv_sec += soon.tv_nsec / 1000000000;
        soon.tv_nsec %= 1000000000;
        if (pthread_timedjoin_np(s->thread, NULL, &soon) == 0)
            return true;
    }
    if (!slot_is_open(s))
        return false;
    pthread_join(s->thread, NULL);
    return true;
}

/* Waits for a signal, then for the jobs. */
static bool slots_end(server *srv)
{
    bool all = true;
    ds_time until;

    pthread_mutex_lock(&server_lock);
    while (!atomic_load(&srv->stop))
        pthread_cond_wait(&server_wake, &server_lock);
    pthread_mutex_unlock(&server_lock);
    until = ds_mono_now() + OPEN_PATIENCE;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < srv->n; i++) {
            slot *s = &srv->slots[i];

            if (!s->started || (pass == 0 && !slot_is_open(s)))
                continue;
            s->started = !slot_join(s, until);
            all = all && !s->started;
        }
    return all;
}

static void server_free(server *srv)
{
    for (uint32_t i = 0; i < srv->n; i++)
        if (srv->slots[i].job)
            ds_job_free(srv->slots[i].job);
    metrics_free(srv->metrics);
    daemon_config_free(srv->config);
}

static int server_run(server *srv, bool ok)
{
    ds_err err = {DS_OK, ""};

    if (!cmd_mkdirs(srv->config->state))
        return cmd_fail_at(DS_E_DISK, "the state folder %s cannot be made: %s",
                           srv->config->state, strerror(errno));
    metrics_begin(srv, ok);
    if (http_start(srv, &web, &err) < 0)
        return cmd_fail(&err);
    monitor_start(&(monitor_fns){server_stop, server_tick, srv});
    slots_start(srv);
    if (!slots_end(srv)) {
        ds_log_stop();
        _exit(0);
    }
    monitor_end();
    http_stop(web);
    ds_log_stop();
    return 0;
}

int verb_serve(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'k'},
        {"log-format", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    const char *config = "/etc/dstream/dstream.yaml";
    server srv = {.n = 0};
    int c, code, verbose = 0;
    bool check = false, ok;

    while ((c = getopt_long(argc, argv, "vqh", options, NULL)) != -1) {
        if (c == 'c')
            config = optarg;
        else if (c == 'k')
            check = true;
        else if (c == 'v' || c == 'q')
            verbose = c == 'v' ? 1 : -1;
        else if (c != 'l')
            return cmd_help(c, "serve", usage);
        else if (!monitor_set_log_format(optarg))
            return cmd_usage("serve", "--log-format: auto, text or json");
    }
    if (optind != argc)
        return cmd_usage("serve", "it takes no argument but --config F");
    cmd_signals_block();
    srv.config = daemon_config_load(config, stderr);
    if (!srv.config)
        return EXIT_BAD_CONFIG;
    cmd_log_start(verbose, srv.config->level);
    ok = slots_load(&srv);
    code = check ? (ok ? 0 : EXIT_BAD_CONFIG) : server_run(&srv, ok);
    ds_log_stop();
    server_free(&srv);
    return code;
}
