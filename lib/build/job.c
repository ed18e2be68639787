/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.c - the calls that say a job.
 */
#include <stdlib.h>
#include <string.h>

#include "build/build.h"

ds_job *ds_job_new(const ds_registry *reg)
{
    ds_job *job = calloc(1, sizeof(*job));

    DS_BUG_ON(job == NULL);
    job->arena = ds_arena_new(64 * 1024);
    job->reg = reg;
    ds_diags_init(&job->diags, job->arena);
    return job;
}

void ds_job_free(ds_job *job)
{
    if (job == NULL)
        return;
    ds_arena_free(job->arena);
    free(job);
}

ds_diags *ds_job_diags(ds_job *job)
{
    return &job->diags;
}

ds_arena *ds_job_arena(ds_job *job)
{
    return job->arena;
}

void ds_job_set_clusters(ds_job *job, ds_cluster_fn *fn, void *arg)
{
    job->cluster = fn;
    job->cluster_arg = arg;
}

void ds_job_set_registries(ds_job *job, ds_cluster_fn *fn, void *arg)
{
    job->registries = fn;
    job->registries_arg = arg;
}

void ds_job_set_online(ds_job *job)
{
    job->online = true;
}

void ds_job_set_captured(ds_job *job)
{
    job->captured = true;
}

void ds_job_set_plain(ds_job *job)
{
    job->plain = true;
}

ds_rc ds_job_failed(const ds_job *job, ds_err *err)
{
    if (job->failed.rc == DS_OK ||
        (job->failed.rc != DS_E_UNREACHABLE && job->failed.rc != DS_E_AUTH))
        return DS_OK;
    *err = job->failed;
    return job->failed.rc;
}

const char *ds_job_name(const ds_job *job)
{
    return job->set.job.s;
}

bool ds_job_incomplete(const ds_job *job)
{
    return job->incomplete;
}

void ds_job_tap_all(ds_job *job)
{
    job->tap = true;
}

/* ---- entries ---- */

static struct entry *entry_find(struct entries *e, const char *name)
{
    for (uint32_t i = 0; i < e->n; i++)
        if (strcmp(e->list[i].name.s, name) == 0)
            return &e->list[i];
    return NULL;
}

static void entry_add(ds_job *job, struct entries *e, const ds_text *name,
                      const ds_arg *arg)
{
    e->list =
        planner_grow(job->arena, e->list, e->n, &e->cap, sizeof(*e->list));
    e->list[e->n++] = (struct entry){*name, arg};
    if (job->file == NULL)
        job->file = name->file;
}

static ds_text text_copy(ds_job *job, const char *s)
{
    return ds_text_of(ds_str_copy(job->arena, s));
}

/* The map with one more name, or another value of one that it has. */
static const ds_arg *map_with(ds_job *job, const ds_arg *map, const char *name,
                              const ds_arg *item)
{
    uint32_t n = map && map->kind == DS_ARG_MAP ? map->n : 0;
    ds_text *names = ds_new(job->arena, ds_text, n + 1);
    const ds_arg **items = ds_new(job->arena, const ds_arg *, n + 1);

    uint32_t at = n;

    for (uint32_t i = 0; i < n; i++) {
        names[i] = map->names[i];
        items[i] = map->items[i];
        if (strcmp(names[i].s, name) == 0)
            at = i;
    }
    if (at == n)
        names[n++] = text_copy(job, name);
    items[at] = item;
    return args_map(names, items, n, args_where(map), job->arena);
}

/* The map with one more value; "columns.id" goes into the map of that name. */
static const ds_arg *map_put(ds_job *job, const ds_arg *map, const char *name,
                             const ds_arg *item)
{
    const char *dot = strchr(name, '.');
    const char *top;
    const ds_arg *inner;

    if (dot == NULL)
        return map_with(job, map, name, item);
    top = ds_strn_copy(job->arena, name, (size_t)(dot - name));
    inner = map ? ds_arg_find(map, top) : NULL;
    return map_with(job, map, top, map_with(job, inner, dot + 1, item));
}

/* name, value, ..., NULL; those of `above` go to *rest instead. */
static const ds_arg *opts_map(ds_job *job, const char *const *opts,
                              const ds_param *above, const ds_arg **rest)
{
    const ds_arg *map = args_map(NULL, NULL, 0, (ds_where){0}, job->arena);

    for (uint32_t i = 0; opts && opts[i] && opts[i + 1]; i += 2) {
        const ds_arg *item = args_scalar(opts[i + 1], job->arena);

        if (args_param(above, opts[i]))
            *rest = map_with(job, *rest, opts[i], item);
        else
            map = map_put(job, map, opts[i], item);
    }
    return map;
}

/* ---- settings ---- */

/* What was said of `top` so far, as a map: a bare value is that of its main
 * parameter. */
static const ds_arg *setting_map(ds_job *job, const char *top,
                                 const ds_arg *known)
{
    const ds_param *p = args_param(ds_job_params, top);

    if (args_is_null(known) || known->kind == DS_ARG_MAP)
        return known;
    for (p = p ? p->sub : NULL; p && p->name; p++)
        if (p->main)
            return map_with(job, NULL, p->name, known);
    return known;
}

void ds_job_set(ds_job *job, const char *name, const char *value)
{
    const char *dot = strchr(name, '.');
    const ds_arg *arg = args_scalar(value, job->arena);
    size_t len = dot ? (size_t)(dot - name) : strlen(name);
    ds_text top = ds_text_of(ds_strn_copy(job->arena, name, len));
    struct entry *known = entry_find(&job->settings, top.s);

    if (dot)
        arg = map_with(job, known ? setting_map(job, top.s, known->arg) : NULL,
                       dot + 1, arg);
    if (known)
        known->arg = arg;
    else
        ds_job_set_arg(job, &top, arg);
}

typedef void section_fn(ds_job *job, const ds_text *name, const ds_arg *arg);

static void section(ds_job *job, const ds_text *name, const ds_arg *arg,
                    section_fn *each, struct entries *list)
{
    if (list) {
        list->said = name;
        list->wrong = !args_is_null(arg) && arg->kind != DS_ARG_MAP;
    }
    if (args_is_null(arg))
        return;
    if (arg->kind != DS_ARG_MAP) {
        ds_diag_add(&job->diags, DS_ERROR, "E0103", arg->where, NULL,
                    "`%s` needs a map, not %s", name->s, args_kind(arg));
        return;
    }
    for (uint32_t i = 0; i < arg->n; i++)
        each(job, &arg->names[i], arg->items[i]);
}

void ds_job_set_arg(ds_job *job, const ds_text *name, const ds_arg *value)
{
    if (job->file == NULL)
        job->file = name->file;
    if (strcmp(name->s, "sources") == 0)
        section(job, name, value, ds_job_source_arg, &job->sources);
    else if (strcmp(name->s, "tables") == 0)
        section(job, name, value, ds_job_table_arg, NULL);
    else if (strcmp(name->s, "streams") == 0)
        section(job, name, value, build_stream_arg, NULL);
    else if (strcmp(name->s, "sinks") == 0)
        section(job, name, value, ds_job_sink_arg, &job->sinks);
    else
        entry_add(job, &job->settings, name, value);
}

/* ---- sources, streams, sinks ---- */

void ds_job_source_arg(ds_job *job, const ds_text *name, const ds_arg *arg)
{
    entry_add(job, &job->sources, name, arg);
}

/* {connector: {options}}, and beside it the options of `above`. */
static void opts_add(ds_job *job, const char *name, const char *connector,
                     const char *const *opts, const ds_param *above,
                     section_fn *add)
{
    const ds_arg *rest = NULL;
    const ds_arg *map = opts_map(job, opts, above, &rest);
    ds_text text = text_copy(job, name);

    add(job, &text, map_with(job, rest, connector, map));
}

void ds_job_source(ds_job *job, const char *name, const char *connector,
                   const char *const *opts)
{
    opts_add(job, name, connector, opts, ds_source_params, ds_job_source_arg);
}

void ds_job_table_arg(ds_job *job, const ds_text *name, const ds_arg *arg)
{
    entry_add(job, &job->tables, name, arg);
}

void ds_job_table(ds_job *job, const char *name, const char *connector,
                  const char *const *opts)
{
    opts_add(job, name, connector, opts, ds_table_params, ds_job_table_arg);
}

void ds_job_sink_arg(ds_job *job, const ds_text *name, const ds_arg *arg)
{
    entry_add(job, &job->sinks, name, arg);
}

void ds_job_sink(ds_job *job, const char *name, const char *from,
                 const char *connector, const char *const *opts)
{
    const ds_arg *rest = NULL;
    const ds_arg *map = opts_map(job, opts, ds_sink_params, &rest);
    ds_text text = text_copy(job, name);

    rest = map_with(job, rest, "from", args_scalar(from, job->arena));
    ds_job_sink_arg(job, &text, map_with(job, rest, connector, map));
}

ds_stream *ds_job_stream_arg(ds_job *job, const ds_text *name,
                             const ds_text *from)
{
    ds_stream *s = ds_new(job->arena, ds_stream, 1);

    s->job = job;
    s->name = *name;
    s->from = *from;
    if (job->file == NULL)
        job->file = name->file;
    job->streams = planner_grow(job->arena, job->streams, job->n_streams,
                                &job->cap_streams, sizeof(*job->streams));
    job->streams[job->n_streams++] = s;
    return s;
}

ds_stream *ds_job_stream(ds_job *job, const char *name, const char *from)
{
    ds_text n = text_copy(job, name), f = text_copy(job, from);

    return ds_job_stream_arg(job, &n, &f);
}

void ds_stream_step_arg(ds_stream *s, const ds_text *op, const ds_arg *arg,
                        const ds_arg *more)
{
    s->steps = planner_grow(s->job->arena, s->steps, s->n_steps, &s->cap_steps,
                            sizeof(*s->steps));
    s->steps[s->n_steps++] = (struct step){*op, arg, more};
}

void ds_stream_step(ds_stream *s, const char *op, const char *arg)
{
    ds_text text = text_copy(s->job, op);

    ds_stream_step_arg(s, &text, arg ? args_scalar(arg, s->job->arena) : NULL,
                       NULL);
}

/* The map with one more value of that name: the second one makes a list. */
static const ds_arg *map_append(ds_job *job, const ds_arg *map,
                                const char *name, const ds_arg *item)
{
    const ds_arg *before = map ? ds_arg_find(map, name) : NULL;
    const ds_arg **items;
    ds_arg *list;
    uint32_t n;

    if (before == NULL)
        return map_with(job, map, name, item);
    n = before->kind == DS_ARG_LIST ? before->n : 1;
    items = ds_new(job->arena, const ds_arg *, n + 1);
    for (uint32_t i = 0; i < n; i++)
        items[i] = before->kind == DS_ARG_LIST ? before->items[i] : before;
    items[n] = item;
    list = ds_new(job->arena, ds_arg, 1);
    *list = (ds_arg){.kind = DS_ARG_LIST, .n = n + 1, .items = items};
    return map_with(job, map, name, list);
}

void ds_stream_step_opts(ds_stream *s, const char *op, const char *const *opts)
{
    ds_job *job = s->job;
    ds_text text = text_copy(job, op);
    const ds_arg *map = NULL, *more = NULL;

    for (uint32_t i = 0; opts && opts[i] && opts[i + 1]; i += 2) {
        const ds_arg *item = args_scalar(opts[i + 1], job->arena);

        if (args_param(ds_step_params, opts[i]))
            more = map_with(job, more, opts[i], item);
        else
            map = map_append(job, map, opts[i], item);
    }
    ds_stream_step_arg(s, &text, map, more);
}

/* ---- the plan ---- */

static void check_some(ds_job *job, const struct entries *list,
                       const char *code, const char *hint, const char *what)
{
    ds_where top = {job->file, job->file ? 1 : 0, 1, 0};

    if (list->n == 0 && !list->wrong)
        ds_diag_add(&job->diags, DS_ERROR, code,
                    list->said ? args_name_where(list->said) : top, hint,
                    "the job has no %s", what);
}

static void check_counts(ds_job *job)
{
    check_some(job, &job->sources, "E0122",
               "sources: {lines: {kafka: {topic: lines, format: text}}}",
               "source");
    check_some(job, &job->sinks, "E0123",
               "sinks: {out: {from: STREAM, kafka: {topic: out}}}", "sink");
}

static bool is_too_long(ds_job *job)
{
    uint64_t n = (uint64_t)job->sources.n + job->tables.n + job->n_streams +
                 job->sinks.n;

    if (n <= BUILD_MAX_STEPS)
        return false;
    ds_diag_add(&job->diags, DS_ERROR, "E0104",
                (ds_where){job->file, job->file ? 1 : 0, 1, 0}, NULL,
                "a job has at most %d sources, tables, streams and sinks",
                BUILD_MAX_STEPS);
    return true;
}

/* The file was no YAML: that was said, and nothing else is. */
static bool is_nothing(const ds_job *job)
{
    return job->diags.errors && job->settings.n + job->sources.n +
                                        job->tables.n + job->n_streams +
                                        job->sinks.n ==
                                    0;
}

/* The topic that late rows go to. */
static void build_late(ds_job *job)
{
    const ds_text *late = &job->set.errors.late;

    if (late->s == NULL || strcmp(late->s, "drop") == 0)
        return;
    job->plan->late_topic =
        strcmp(late->s, "dlq") == 0
            ? job->plan->dlq_topic
            : planner_topic(&job->planner, late->s, DS_TOPIC_LATE, 0);
}

const ds_plan *ds_job_plan(ds_job *job)
{
    if (job->planned)
        return job->diags.errors || job->incomplete ? NULL : job->plan;
    job->planned = true;
    job->plan = ds_new(job->arena, ds_plan, 1);
    job->plan->arena = job->arena;
    job->plan->reg = job->reg;
    job->plan->file = job->file;
    if (is_too_long(job) || is_nothing(job))
        return NULL;
    check_counts(job);
    build_settings(job);
    planner_init(&job->planner, job->plan, &job->diags);
    if (job->set.errors.dlq.s)
        job->plan->dlq_topic = planner_topic(
            &job->planner, job->set.errors.dlq.s, DS_TOPIC_DLQ, 0);
    build_late(job);
    build_sources(job);
    build_tables(job);
    build_streams(job);
    build_sinks(job);
    if (job->tap && job->diags.errors == 0 && !job->incomplete)
        build_taps(job);
    if (job->diags.errors == 0 && !job->incomplete)
        planner_finish(&job->planner);
    build_check_topics(job);
    job->plan->props = job->props;
    job->plan->n_props = job->n_props;
    return job->diags.errors || job->incomplete ? NULL : job->plan;
}
