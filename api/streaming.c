/* SPDX-License-Identifier: Apache-2.0 */
/* streaming.c - a streaming context: its states, start and stop. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "api/api.h"
#include "api/local.h"
#include "dstream/log.h"
#include "memory/memory.h"
#include "yaml/yaml_job.h"

#define DRAIN_BATCHES 10 /* Spark's spark.streaming.gracefulStopTimeout */
#define DRAIN_LEAST (10 * DS_SECOND)

/* Contexts that are active in this process: a job name stands once. */
static pthread_mutex_t active_lock = PTHREAD_MUTEX_INITIALIZER;
static ds_streaming_context *active;

/* ---- make ---- */

static void options_copy(ds_streaming_context *ssc,
                         const ds_streaming_options *from)
{
    ds_streaming_options *to = &ssc->options;
    const char **texts[] = {&to->job, &to->batch, &to->brokers, &to->state_dir,
                            &to->instance};
    const char **settings;
    uint32_t n = 0;

    *to = from ? *from : (ds_streaming_options){.job = NULL};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (*texts[i])
            *texts[i] = ds_str_copy(ssc->arena, *texts[i]);
    while (to->settings && to->settings[n])
        n++;
    settings = ds_new(ssc->arena, const char *, n + 1);
    for (uint32_t i = 0; i < n; i++)
        settings[i] = ds_str_copy(ssc->arena, to->settings[i]);
    to->settings = settings;
}

ds_streaming_context *
ds_streaming_context_new(const ds_streaming_options *options)
{
    ds_streaming_context *ssc = calloc(1, sizeof(*ssc));

    DS_BUG_ON(!ssc);
    ssc->arena = ds_arena_new(1 << 14);
    ssc->last_stream = &ssc->streams;
    ssc->last_source = &ssc->sources;
    ssc->last_table = &ssc->tables;
    ssc->last_output = &ssc->outputs;
    pthread_mutex_init(&ssc->starting, NULL);
    pthread_mutex_init(&ssc->lock, NULL);
    pthread_cond_init(&ssc->moved, NULL);
    options_copy(ssc, options);
    ssc->reg = ds_registry_new();
    ds_register_ops(ssc->reg);
    ds_register_stores(ssc->reg);
    ds_register_kafka(ssc->reg);
    ds_register_memory(ssc->reg);
    ds_register_codecs(ssc->reg);
    ds_register_schemas(ssc->reg);
    ds_register_socket(ssc->reg);
    ds_register_files(ssc->reg);
    return ssc;
}

ds_streaming_context *
ds_streaming_context_load(const char *path, const ds_streaming_options *options)
{
    ds_streaming_context *ssc = ds_streaming_context_new(options);

    if (path)
        ssc->file = ds_str_copy(ssc->arena, path);
    else
        streaming_wrong(ssc, "ds_streaming_context_load: a path is missing");
    return ssc;
}

void ds_streaming_context_free(ds_streaming_context *ssc)
{
    ds_err ignored;

    if (!ssc)
        return;
    if (ds_streaming_context_state(ssc) == DS_STREAMING_ACTIVE)
        (void)!ds_streaming_context_stop(ssc, false, &ignored);
    if (ssc->supervised)
        pthread_join(ssc->supervisor, NULL);
    if (ssc->trimmed)
        pthread_join(ssc->trimmer, NULL);
    ds_job_free(ssc->job);
    ds_registry_free(ssc->reg);
    pthread_cond_destroy(&ssc->moved);
    pthread_mutex_destroy(&ssc->lock);
    pthread_mutex_destroy(&ssc->starting);
    ds_arena_free(ssc->arena);
    free(ssc);
}

ds_registry *ds_streaming_context_registry(ds_streaming_context *ssc)
{
    return ssc->reg;
}

/* ---- mistakes of calls ---- */

void streaming_wrong(ds_streaming_context *ssc, const char *msg)
{
    ds_log(DS_LOG_ERROR, "a call on a streaming context is wrong",
           DS_KV("job", "%s", ssc->options.job ? ssc->options.job : ""),
           DS_KV("error", "%s", msg));
    pthread_mutex_lock(&ssc->lock);
    if (ssc->wrong.rc == DS_OK)
        ssc->wrong.rc = ds_fail(&ssc->wrong, DS_E_INVALID, "%s", msg);
    pthread_mutex_unlock(&ssc->lock);
}

bool streaming_open(ds_streaming_context *ssc)
{
    if (ds_streaming_context_state(ssc) == DS_STREAMING_INITIALIZED &&
        !ssc->job)
        return true;
    streaming_wrong(ssc,
                    "Adding new inputs, transformations, and output operations "
                    "after starting/stopping a context is not supported");
    return false;
}

bool streaming_given(ds_streaming_context *ssc, const char *call, bool given)
{
    char msg[160];

    if (!streaming_open(ssc))
        return false;
    snprintf(msg, sizeof(msg), "%s: an argument is missing or wrong", call);
    if (!given)
        streaming_wrong(ssc, msg);
    return given;
}

ds_rc ds_streaming_context_error(const ds_streaming_context *ssc, ds_err *err)
{
    if (ssc->wrong.rc < 0 && err)
        *err = ssc->wrong;
    return ssc->wrong.rc;
}

ds_diags *ds_streaming_context_diags(ds_streaming_context *ssc)
{
    static ds_diags none;

    return ssc->job ? ds_job_diags(ssc->job) : &none;
}

/* ---- the plan ---- */

/* What the job runs on when it says nothing itself. */
static const ds_arg *brokers_of(void *arg, const char *name)
{
    ds_streaming_context *ssc = arg;
    ds_arena *a = ssc->arena;
    ds_arg *map = ds_new(a, ds_arg, 1), *item = ds_new(a, ds_arg, 1);
    ds_text *names = ds_new(a, ds_text, 1);
    const ds_arg **items = ds_new(a, const ds_arg *, 1);

    if (strcmp(name, "main") != 0)
        return NULL;
    names[0] = ds_text_of("bootstrap.servers");
    item->text = ds_text_of("localhost:9092");
    items[0] = item;
    *map = (ds_arg){.kind = DS_ARG_MAP, .n = 1, .names = names, .items = items};
    return map;
}

static void settings_say(ds_streaming_context *ssc, ds_job *job)
{
    const ds_streaming_options *o = &ssc->options;

    if (o->job)
        ds_job_set(job, "job", o->job);
    if (o->batch)
        ds_job_set(job, "batch", o->batch);
    if (o->brokers)
        ds_job_set(job, "kafka.bootstrap.servers", o->brokers);
    for (uint32_t i = 0; o->settings[i] && o->settings[i + 1]; i += 2)
        ds_job_set(job, o->settings[i], o->settings[i + 1]);
}

static ds_rc diags_fail(const ds_diags *d, ds_err *err)
{
    for (uint32_t i = 0; i < d->n; i++) {
        const ds_diag *m = &d->list[i];

        if (m->severity != DS_ERROR)
            continue;
        if (m->where.line)
            return ds_fail(err, DS_E_CONFIG, "%s:%u:%u: error[%s]: %s%s%s",
                           m->where.file ? m->where.file : "", m->where.line,
                           m->where.col, m->code, m->msg, m->hint ? "; " : "",
                           m->hint ? m->hint : "");
        return ds_fail(err, DS_E_CONFIG, "error[%s]: %s%s%s", m->code, m->msg,
                       m->hint ? "; " : "", m->hint ? m->hint : "");
    }
    return ds_fail(err, DS_E_CONFIG, "the job is incomplete");
}

static ds_rc streaming_plan(ds_streaming_context *ssc, ds_err *err)
{
    ds_slice source = DS_NULL_SLICE;
    ds_err failed = {DS_OK, ""};

    if (ssc->wrong.rc < 0)
        return ds_streaming_context_error(ssc, err);
    if (ssc->plan)
        return DS_OK;
    if (ssc->job)
        return diags_fail(ds_job_diags(ssc->job), err);
    if (!ssc->outputs && !ssc->file)
        return ds_fail(
            err, DS_E_CONFIG,
            "No output operations registered, so nothing to execute");
    ssc->job = ds_job_new(ssc->reg);
    ds_job_set_online(ssc->job);
    ds_job_set_clusters(ssc->job, brokers_of, ssc);
    if (ssc->file)
        yaml_job_load(ssc->job, ssc->file, NULL, &source);
    settings_say(ssc, ssc->job);
    dstreams_say(ssc, ssc->job);
    ssc->plan = ds_job_plan(ssc->job);
    if (ssc->plan)
        return DS_OK;
    if (ds_job_failed(ssc->job, &failed) < 0) {
        if (err)
            *err = failed;
        return failed.rc;
    }
    return diags_fail(ds_job_diags(ssc->job), err);
}

const char *ds_streaming_context_explain(ds_streaming_context *ssc, ds_err *err)
{
    return streaming_plan(ssc, err) == DS_OK
               ? ds_plan_explain(ssc->plan, ssc->arena)
               : NULL;
}

/* ---- active ---- */

static ds_rc active_add(ds_streaming_context *ssc, ds_err *err)
{
    ds_rc rc = DS_OK;

    pthread_mutex_lock(&active_lock);
    for (ds_streaming_context *o = active; o; o = o->next_active)
        if (strcmp(o->plan->job, ssc->plan->job) == 0)
            rc = ds_fail(err, DS_E_INVALID,
                         "job %s is active in this process already",
                         ssc->plan->job);
    if (rc == DS_OK) {
        ssc->next_active = active;
        active = ssc;
    }
    pthread_mutex_unlock(&active_lock);
    return rc;
}

static void active_remove(ds_streaming_context *ssc)
{
    ds_streaming_context **at = &active;

    pthread_mutex_lock(&active_lock);
    while (*at && *at != ssc)
        at = &(*at)->next_active;
    if (*at)
        *at = ssc->next_active;
    pthread_mutex_unlock(&active_lock);
}

/* ---- run ---- */

static bool folder_make(const char *path)
{
    char *copy = strdup(path);
    bool ok;

    DS_BUG_ON(!copy);
    for (char *p = copy + 1; *p; p++)
        if (*p == '/') {
            *p = 0;
            (void)!mkdir(copy, 0777);
            *p = '/';
        }
    ok = mkdir(copy, 0777) == 0 || errno == EEXIST;
    free(copy);
    return ok;
}

static ds_rc streaming_open_context(ds_streaming_context *ssc, ds_context **out,
                                    ds_err *err)
{
    const ds_streaming_options *o = &ssc->options;
    bool local = local_is(ssc->plan);
    ds_run_options run = {
        .broker = ds_registry_broker(ssc->reg, local ? "memory" : "kafka"),
        .store =
            ds_registry_store(ssc->reg, o->state_dir ? "rocksdb" : "memory"),
        .state_dir = o->state_dir,
        .instance = o->instance,
        .clock = &ds_clock_wall,
        .workers = local ? 1 : o->workers, /* a group of it has one member */
        .print = o->print,
        .print_arg = o->print_arg};

    if (o->state_dir && !folder_make(o->state_dir))
        return ds_fail(err, DS_E_DISK, "the folder %s cannot be made: %s",
                       o->state_dir, strerror(errno));
    if (local)
        run.opened = ssc->memory = memory_new(&ds_clock_wall);
    return ds_context_open(ssc->plan, &run, out, err);
}

static void streaming_close_context(ds_streaming_context *ssc)
{
    ds_broker *memory;
    ds_context *ctx;

    pthread_mutex_lock(&ssc->lock);
    ctx = ssc->ctx;
    memory = ssc->memory;
    if (ctx)
        ds_context_status(ctx, &ssc->status);
    ssc->ctx = NULL;
    ssc->memory = NULL;
    pthread_mutex_unlock(&ssc->lock);
    ds_context_close(ctx);
    if (memory)
        memory->type->close(memory);
}

static void state_set(ds_streaming_context *ssc, ds_streaming_state state,
                      const ds_err *failed)
{
    pthread_mutex_lock(&ssc->lock);
    ssc->state = state;
    if (failed)
        ssc->failed = *failed;
    pthread_cond_broadcast(&ssc->moved);
    pthread_mutex_unlock(&ssc->lock);
}

/* A moment, or until the context has stopped; true: it has. */
static bool moment(ds_streaming_context *ssc, ds_time d)
{
    struct timespec until;
    bool stopped;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += d / DS_SECOND;
    until.tv_nsec += d % DS_SECOND * 1000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&ssc->lock);
    if (ssc->state != DS_STREAMING_STOPPED)
        pthread_cond_timedwait(&ssc->moved, &ssc->lock, &until);
    stopped = ssc->state == DS_STREAMING_STOPPED;
    pthread_mutex_unlock(&ssc->lock);
    return stopped;
}

/* What the memory cluster need not keep. */
static void *trim_main(void *arg)
{
    ds_streaming_context *ssc = arg;

    while (!moment(ssc, DS_SECOND)) {
        pthread_mutex_lock(&ssc->lock);
        if (ssc->memory)
            local_trim(ssc->memory, ssc->plan);
        pthread_mutex_unlock(&ssc->lock);
    }
    return NULL;
}

static void *supervisor_main(void *arg)
{
    ds_streaming_context *ssc = arg;
    ds_err failed = {DS_OK, ""};
    ds_rc rc = ds_context_wait(ssc->ctx, &failed);

    failed.rc = rc < 0 ? rc : DS_OK;
    streaming_close_context(ssc);
    active_remove(ssc);
    state_set(ssc, DS_STREAMING_STOPPED, &failed);
    return NULL;
}

static ds_rc threads_start(ds_streaming_context *ssc, ds_err *err)
{
    ds_context *ctx = NULL;
    ds_rc rc = streaming_open_context(ssc, &ctx, err);

    if (rc == DS_OK)
        rc = ds_context_start(ctx, err);
    pthread_mutex_lock(&ssc->lock);
    ssc->ctx = ctx; /* from here on status sees it */
    pthread_mutex_unlock(&ssc->lock);
    if (rc == DS_OK &&
        pthread_create(&ssc->supervisor, NULL, supervisor_main, ssc))
        rc = ds_fail(err, DS_E_LIMIT, "no thread can be started");
    ssc->supervised = rc == DS_OK;
    if (rc == DS_OK && local_is(ssc->plan))
        ssc->trimmed = pthread_create(&ssc->trimmer, NULL, trim_main, ssc) == 0;
    return rc;
}

static ds_rc streaming_start(ds_streaming_context *ssc, ds_err *err)
{
    sigset_t all, before;
    ds_rc rc;

    DS_TRY(streaming_plan(ssc, err));
    DS_TRY(active_add(ssc, err));
    state_set(ssc, DS_STREAMING_ACTIVE, NULL);
    /* The threads take the mask over: signals are the program's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = threads_start(ssc, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == DS_OK)
        return DS_OK;
    streaming_close_context(ssc);
    active_remove(ssc);
    state_set(ssc, DS_STREAMING_STOPPED, NULL);
    return rc;
}

static ds_rc start_by_state(ds_streaming_context *ssc, ds_err *err)
{
    switch (ds_streaming_context_state(ssc)) {
    case DS_STREAMING_ACTIVE:
        ds_log(DS_LOG_WARN, "StreamingContext has already been started",
               DS_KV("job", "%s", ssc->plan->job));
        return DS_OK;
    case DS_STREAMING_STOPPED:
        return ds_fail(err, DS_E_INVALID,
                       "StreamingContext has already been stopped");
    case DS_STREAMING_INITIALIZED:
        break;
    }
    return streaming_start(ssc, err);
}

ds_rc ds_streaming_context_start(ds_streaming_context *ssc, ds_err *err)
{
    ds_rc rc;

    pthread_mutex_lock(&ssc->starting);
    rc = start_by_state(ssc, err);
    pthread_mutex_unlock(&ssc->starting);
    return rc;
}

/* ---- wait and stop ---- */

static ds_rc streaming_failed(ds_streaming_context *ssc, ds_err *err)
{
    ds_rc rc;

    pthread_mutex_lock(&ssc->lock);
    rc = ssc->failed.rc;
    if (rc < 0 && err)
        *err = ssc->failed;
    pthread_mutex_unlock(&ssc->lock);
    return rc;
}

ds_rc ds_streaming_context_await_or_timeout(ds_streaming_context *ssc,
                                            int64_t timeout_ms, bool *stopped,
                                            ds_err *err)
{
    ds_time began = ds_mono_now(), most = (INT64_MAX - began) / DS_MS;
    ds_time until = began + (timeout_ms < most ? timeout_ms : most) * DS_MS;
    bool done = false;

    if (ds_streaming_context_state(ssc) == DS_STREAMING_INITIALIZED)
        return ds_fail(err, DS_E_INVALID,
                       "the streaming context has not been started");
    while (!done) {
        ds_time left = until - ds_mono_now();

        if (timeout_ms >= 0 && left <= 0)
            break;
        done =
            moment(ssc, timeout_ms >= 0 && left < DS_SECOND ? left : DS_SECOND);
    }
    if (!done)
        done = ds_streaming_context_state(ssc) == DS_STREAMING_STOPPED;
    if (stopped)
        *stopped = done;
    return done ? streaming_failed(ssc, err) : DS_OK;
}

ds_rc ds_streaming_context_await(ds_streaming_context *ssc, ds_err *err)
{
    return ds_streaming_context_await_or_timeout(ssc, -1, NULL, err);
}

/* Tells the engine, if there is one. */
static void engine_stop(ds_streaming_context *ssc, int how, bool drain)
{
    pthread_mutex_lock(&ssc->lock);
    if (ssc->ctx && drain)
        ds_context_drain(ssc->ctx);
    else if (ssc->ctx)
        ds_context_stop(ssc->ctx, how);
    pthread_mutex_unlock(&ssc->lock);
}

/* Whether there is something to stop; a start has ended then. */
static bool stop_begin(ds_streaming_context *ssc)
{
    ds_streaming_state state;

    pthread_mutex_lock(&ssc->starting);
    state = ds_streaming_context_state(ssc);
    if (state == DS_STREAMING_INITIALIZED) {
        ds_log(DS_LOG_WARN, "StreamingContext has not been started yet");
        state_set(ssc, DS_STREAMING_STOPPED, NULL);
    } else if (state == DS_STREAMING_STOPPED) {
        ds_log(DS_LOG_WARN, "StreamingContext has already been stopped");
    }
    pthread_mutex_unlock(&ssc->starting);
    return state == DS_STREAMING_ACTIVE;
}

ds_rc ds_streaming_context_stop(ds_streaming_context *ssc, bool gracefully,
                                ds_err *err)
{
    ds_time patience;
    ds_err ignored;
    bool stopped = false;

    (void)err;
    if (!stop_begin(ssc))
        return DS_OK;
    patience = DRAIN_BATCHES * ssc->plan->batch;
    if (patience < DRAIN_LEAST)
        patience = DRAIN_LEAST;
    if (gracefully) {
        engine_stop(ssc, 0, true);
        (void)!ds_streaming_context_await_or_timeout(ssc, patience / DS_MS,
                                                     &stopped, &ignored);
    }
    if (!stopped)
        engine_stop(ssc, gracefully ? 1 : 2, false);
    (void)!ds_streaming_context_await(ssc, &ignored);
    return DS_OK;
}

ds_streaming_state ds_streaming_context_state(ds_streaming_context *ssc)
{
    ds_streaming_state state;

    pthread_mutex_lock(&ssc->lock);
    state = ssc->state;
    pthread_mutex_unlock(&ssc->lock);
    return state;
}

void ds_streaming_context_status(ds_streaming_context *ssc, ds_job_status *out)
{
    pthread_mutex_lock(&ssc->lock);
    if (ssc->ctx)
        ds_context_status(ssc->ctx, &ssc->status);
    *out = ssc->status;
    pthread_mutex_unlock(&ssc->lock);
}
