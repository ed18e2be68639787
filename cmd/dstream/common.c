/* SPDX-License-Identifier: Apache-2.0 */
/*
 * common.c - what the verbs share: registry, messages, job files, folders.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/monitor.h"
#include "yaml/yaml_job.h"

const ds_registry *cmd_registry(void)
{
    static ds_registry *reg;

    if (reg)
        return reg;
    reg = ds_registry_new();
    ds_register_ops(reg);
    ds_register_stores(reg);
    ds_register_kafka(reg);
    ds_register_memory(reg);
    ds_register_codecs(reg);
    ds_register_schemas(reg);
    ds_register_socket(reg);
    ds_register_files(reg);
    return reg;
}

/* ---- messages ---- */

int cmd_usage(const char *verb, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "dstream %s: ", verb);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\nSee `dstream %s --help`.\n", verb);
    return EXIT_USAGE;
}

int cmd_help(int c, const char *verb, const char *usage)
{
    if (c == 'h') {
        fputs(usage, stdout);
        return 0;
    }
    fprintf(stderr, "See `dstream %s --help`.\n", verb);
    return EXIT_USAGE;
}

int cmd_fail(const ds_err *err)
{
    ds_progress("");
    ds_log_stop();
    fprintf(stderr, "dstream: %s\n", err->msg);
    return ds_rc_exit(err->rc);
}

int cmd_fail_at(ds_rc rc, const char *fmt, ...)
{
    ds_err err = {rc, ""};
    va_list args;

    va_start(args, fmt);
    vsnprintf(err.msg, sizeof(err.msg), fmt, args);
    va_end(args);
    return cmd_fail(&err);
}

void cmd_tally_text(const ds_tally *t, bool lost, char *to, size_t size)
{
    const uint64_t *n = (const uint64_t *)(const void *)t;
    size_t at = 0;

    *to = 0;
    for (size_t i = 0; i < DS_TALLY_N && at < size; i++) {
        bool ends = &n[i] == &t->in || &n[i] == &t->out;

        if (lost ? &n[i] < &t->filtered || n[i] == 0 : !ends && n[i] == 0)
            continue;
        at += (size_t)snprintf(to + at, size - at, "%s%" PRIu64 " %s",
                               at ? ", " : "", n[i], ds_tally_names[i]);
    }
}

void cmd_log_start(int verbose, ds_log_level usual)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    const char *env = getenv("DSTREAM_LOG");
    ds_log_level level = usual;

    for (int i = 0; env && i < 4; i++)
        if (!strcmp(env, names[i]))
            level = (ds_log_level)i;
    if (verbose > 0)
        level = DS_LOG_DEBUG;
    if (verbose < 0)
        level = DS_LOG_WARN;
    ds_log_start(level, monitor_log_format);
}

/* ---- job files ---- */

ds_job *cmd_job(const char *path, ds_cluster_fn *clusters, void *arg, FILE *to,
                const ds_plan **plan)
{
    ds_job *job = ds_job_new(cmd_registry());
    ds_slice source = DS_NULL_SLICE;

    if (clusters) {
        ds_job_set_clusters(job, clusters, arg);
        ds_job_set_registries(job, cmd_registry_any, NULL);
    }
    yaml_job_load(job, path, NULL, &source);
    *plan = ds_job_plan(job);
    ds_diags_show(ds_job_diags(job), source, to);
    if (*plan)
        return job;
    ds_job_free(job);
    return NULL;
}

ds_job *cmd_job_online(const char *path, bool plain, bool captured, FILE *to,
                       const ds_plan **plan, ds_err *err)
{
    ds_job *job = ds_job_new(cmd_registry());
    ds_slice source = DS_NULL_SLICE;

    ds_job_set_online(job);
    if (plain)
        ds_job_set_plain(job);
    if (captured)
        ds_job_set_captured(job);
    yaml_job_load(job, path, NULL, &source);
    *plan = ds_job_plan(job);
    ds_diags_show(ds_job_diags(job), source, to);
    if (*plan)
        return job;
    (void)ds_job_failed(job, err);
    ds_job_free(job);
    return NULL;
}

const ds_arg *cmd_registry_any(void *arg, const char *name)
{
    static const ds_arg url = {
        .kind = DS_ARG_SCALAR,
        .text = {.s = "http://localhost:8081", .len = 21}};
    static const ds_text names[] = {{.s = "url", .len = 3}};
    static const ds_arg *const items[] = {&url};
    static const ds_arg props = {
        .kind = DS_ARG_MAP, .n = 1, .names = names, .items = items};

    (void)arg;
    return name ? &props : NULL;
}

const ds_arg *cmd_cluster_any(void *arg, const char *name)
{
    static const ds_arg brokers = {.kind = DS_ARG_SCALAR,
                                   .text = {.s = "localhost:9092", .len = 14}};
    static const ds_text names[] = {{.s = "bootstrap.servers", .len = 17}};
    static const ds_arg *const items[] = {&brokers};
    static const ds_arg props = {
        .kind = DS_ARG_MAP, .n = 1, .names = names, .items = items};

    (void)arg;
    (void)name;
    return &props;
}

static bool has_brokers(const ds_plan *plan)
{
    for (uint32_t i = 0; i < plan->n_props; i++)
        if ((!strcmp(plan->props[i].name, "bootstrap.servers") ||
             !strcmp(plan->props[i].name, "metadata.broker.list")) &&
            plan->props[i].value[0])
            return true;
    return false;
}

const ds_plan *cmd_plan_brokers(ds_job *job, const ds_plan *plan)
{
    ds_arena *a = ds_job_arena(job);
    const char *brokers = getenv("DSTREAM_BROKERS");
    ds_plan *copy;
    ds_prop *props;
    uint32_t n = 0;

    if (has_brokers(plan))
        return plan;
    if (!brokers || !*brokers)
        brokers = "localhost:9092";
    ds_log(DS_LOG_INFO, "the job names no bootstrap.servers",
           DS_KV("job", "%s", plan->job), DS_KV("using", "%s", brokers));
    copy = ds_new(a, ds_plan, 1);
    *copy = *plan;
    props = ds_new(a, ds_prop, plan->n_props + 1);
    for (uint32_t i = 0; i < plan->n_props; i++)
        if (plan->props[i].value[0])
            props[n++] = plan->props[i];
    props[n++] = (ds_prop){.name = "bootstrap.servers", .value = brokers};
    copy->props = props;
    copy->n_props = n;
    return copy;
}

/* ---- folders ---- */

bool cmd_mkdirs(const char *path)
{
    char *copy = strdup(path);
    bool ok = true;

    for (char *p = copy + 1; ok && *p; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        ok = mkdir(copy, 0777) == 0 || errno == EEXIST;
        *p = '/';
    }
    ok = ok && (mkdir(copy, 0700) == 0 || errno == EEXIST);
    free(copy);
    return ok;
}

const char *cmd_state_default(ds_arena *a)
{
    const char *env = getenv("DSTREAM_STATE");
    const char *home = getenv("HOME"), *xdg = getenv("XDG_STATE_HOME");

    if (env && *env)
        return ds_str_copy(a, env);
    if (access("/var/lib/dstream", W_OK) == 0)
        return "/var/lib/dstream";
    if (xdg && *xdg)
        return ds_str_printf(a, "%s/dstream", xdg);
    return ds_str_printf(a, "%s/.local/state/dstream",
                         home && *home ? home : ".");
}
