/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.c - the daemon file.
 */
#include "cmd/daemon.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/monitor.h"
#include "yaml/yaml_tree.h"

struct http_settings {
    ds_text listen;
};

struct log_settings {
    int level, format;
};

struct daemon_settings {
    int64_t dstream;
    const ds_arg *clusters, *registries;
    ds_text jobs, state, control, instance;
    int64_t memory;
    struct http_settings http;
    struct log_settings log;
};

static const ds_param http_params[] = {
    {.name = "listen",
     .type = DS_P_STR,
     .offset = offsetof(struct http_settings, listen),
     .help = "Address and port; loopback only."},
    {0},
};

static const ds_param log_params[] = {
    {.name = "level",
     .type = DS_P_ENUM,
     .offset = offsetof(struct log_settings, level),
     .def = "info",
     .choices = "debug|info|warn|error", /* in the order of ds_log_level */
     .help = "The least of what is logged."},
    {.name = "format",
     .type = DS_P_ENUM,
     .offset = offsetof(struct log_settings, format),
     .def = "auto",
     .choices = "auto|text|json", /* in the order of ds_log_format */
     .help = "auto: readable on a terminal, JSON otherwise."},
    {0},
};

static const ds_param daemon_params[] = {
    {.name = "dstream",
     .type = DS_P_INT,
     .offset = offsetof(struct daemon_settings, dstream),
     .required = true,
     .min = 1,
     .max = 1,
     .help = "Version of the language: 1."},
    {.name = "clusters",
     .type = DS_P_ARG,
     .offset = offsetof(struct daemon_settings, clusters),
     .help = "librdkafka's properties, by the name that jobs use."},
    {.name = "registries",
     .type = DS_P_ARG,
     .offset = offsetof(struct daemon_settings, registries),
     .help =
         "Schema registries, by the name that jobs use; main is that of jobs "
         "that name none."},
    {.name = "jobs",
     .type = DS_P_STR,
     .offset = offsetof(struct daemon_settings, jobs),
     .required = true,
     .help = "Folder of the job files, *.yaml."},
    {.name = "state",
     .type = DS_P_STR,
     .offset = offsetof(struct daemon_settings, state),
     .help = "Folder for the state of all jobs."},
    {.name = "instance",
     .type = DS_P_STR,
     .offset = offsetof(struct daemon_settings, instance),
     .help = "Name of this process among those that run the jobs."},
    {.name = "memory",
     .type = DS_P_SIZE,
     .offset = offsetof(struct daemon_settings, memory),
     .help = "Of all jobs together."},
    {.name = "http",
     .type = DS_P_OBJECT,
     .offset = offsetof(struct daemon_settings, http),
     .sub = http_params,
     .help = "Health and metrics."},
    {.name = "control",
     .type = DS_P_STR,
     .offset = offsetof(struct daemon_settings, control),
     .help = "Control socket; not used yet."},
    {.name = "log",
     .type = DS_P_OBJECT,
     .offset = offsetof(struct daemon_settings, log),
     .sub = log_params,
     .help = "Level and format."},
    {0},
};

bool daemon_is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Relative paths are relative to the daemon file. */
static const char *path_of(daemon_config *c, const char *file,
                           const ds_text *path)
{
    const char *slash = strrchr(file, '/');

    if (!path->s || path->s[0] == '/' || !slash)
        return path->s;
    return ds_str_printf(c->arena, "%.*s/%s", (int)(slash - file), file,
                         path->s);
}

static bool is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;

    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* "127.0.0.1:9640", "[::1]:9640", "localhost:9640", ":9640". */
static bool listen_split(daemon_config *c, const char *s)
{
    const char *colon = strrchr(s, ':');
    size_t n = colon ? (size_t)(colon - s) : 0;
    char *end;
    long port;

    if (!colon)
        return false;
    port = strtol(colon + 1, &end, 10);
    if (!colon[1] || *end || port < 0 || port > 65535)
        return false;
    if (n > 1 && s[0] == '[' && s[n - 1] == ']')
        c->host = ds_strn_copy(c->arena, s + 1, n - 2);
    else
        c->host = ds_strn_copy(c->arena, s, n);
    if (n == 0 || !strcmp(c->host, "localhost"))
        c->host = "127.0.0.1";
    c->port = (int)port;
    return true;
}

static void http_settings(daemon_config *c, const struct daemon_settings *s,
                          ds_diags *d)
{
    const ds_text *listen = &s->http.listen;

    c->host = "127.0.0.1";
    c->port = 9640;
    if (!listen->s)
        return;
    if (!listen_split(c, listen->s))
        ds_diag_add(d, DS_ERROR, "E0103", ds_text_where(listen, 0, listen->len),
                    "127.0.0.1:9640", "this is no address and port");
    else if (!is_loopback(c->host))
        ds_diag_add(d, DS_ERROR, "E0190", ds_text_where(listen, 0, listen->len),
                    "127.0.0.1:9640",
                    "HTTP listens on loopback only in this version: there is "
                    "no authentication yet");
}

static void clusters_check(const ds_arg *clusters, ds_diags *d)
{
    if (!clusters)
        return;
    if (clusters->kind != DS_ARG_MAP) {
        ds_diag_add(d, DS_ERROR, "E0103", clusters->where,
                    "{main: {bootstrap.servers: \"localhost:9092\"}}",
                    "clusters is a map of names and properties");
        return;
    }
    for (uint32_t i = 0; i < clusters->n; i++)
        if (clusters->items[i]->kind != DS_ARG_MAP)
            ds_diag_add(d, DS_ERROR, "E0103", clusters->items[i]->where,
                        "{bootstrap.servers: \"localhost:9092\"}",
                        "cluster %.80s is a map of librdkafka's properties",
                        clusters->names[i].s);
}

/* Properties are checked with the job that uses them. */
static void registries_check(const ds_arg *registries, ds_diags *d)
{
    const char *hint = "{main: {url: \"https://registry:8081\"}}";

    if (registries && registries->kind != DS_ARG_MAP)
        ds_diag_add(d, DS_ERROR, "E0103", registries->where, hint,
                    "registries is a map of names and properties");
    for (uint32_t i = 0;
         registries && registries->kind == DS_ARG_MAP && i < registries->n; i++)
        if (registries->items[i]->kind != DS_ARG_MAP)
            ds_diag_add(d, DS_ERROR, "E0103", registries->items[i]->where, hint,
                        "registry %.80s is a map of properties",
                        registries->names[i].s);
}

static void settings_take(daemon_config *c, const char *path,
                          const struct daemon_settings *s, ds_diags *d)
{
    http_settings(c, s, d);
    clusters_check(s->clusters, d);
    registries_check(s->registries, d);
    c->clusters = s->clusters;
    c->registries = s->registries;
    c->jobs = path_of(c, path, &s->jobs);
    c->state =
        s->state.s ? path_of(c, path, &s->state) : cmd_state_default(c->arena);
    c->memory = s->memory;
    c->instance = s->instance.s;
    c->level = (ds_log_level)s->log.level;
    if (monitor_log_format == DS_LOG_AUTO)
        monitor_log_format = (ds_log_format)s->log.format;
    if (c->jobs && !daemon_is_folder(c->jobs))
        ds_diag_add(d, DS_ERROR, "E0101",
                    ds_text_where(&s->jobs, 0, s->jobs.len), NULL,
                    "there is no folder %.200s", c->jobs);
}

daemon_config *daemon_config_load(const char *path, FILE *to)
{
    ds_arena *a = ds_arena_new(1 << 14);
    daemon_config *c = ds_new(a, daemon_config, 1);
    yaml_vars vars = {.on = true,
                      .secrets_dir = getenv("CREDENTIALS_DIRECTORY")};
    struct daemon_settings s = {0};
    ds_slice source = DS_NULL_SLICE;
    const ds_arg *root = NULL;
    ds_diags d;

    c->arena = a;
    ds_diags_init(&d, a);
    path = ds_str_copy(a, path);
    if (yaml_read(path, a, &source, &d))
        root = yaml_parse(source, path, &vars, a, &d);
    if (root && ds_args_fill(root, daemon_params, "the daemon file", &s, a, &d))
        settings_take(c, path, &s, &d);
    ds_diags_show(&d, source, to);
    if (root && d.errors == 0)
        return c;
    ds_arena_free(a);
    return NULL;
}

void daemon_config_free(daemon_config *c)
{
    if (c)
        ds_arena_free(c->arena);
}

const ds_arg *daemon_cluster(const daemon_config *c, const char *name)
{
    return c->clusters ? ds_arg_find(c->clusters, name) : NULL;
}

const ds_arg *daemon_registry(const daemon_config *c, const char *name)
{
    return c->registries ? ds_arg_find(c->registries, name ? name : "main")
                         : NULL;
}
