/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - the top level of a job: everything but its data flow.
 */
#include <stdlib.h>
#include <string.h>

#include "build/build.h"
#include "dstream/clock.h"

#define MIB (1024 * 1024)

const ds_param ds_batch_params[] = {
    {.name = "interval",
     .type = DS_P_DURATION,
     .offset = offsetof(struct batch_settings, interval),
     .where = offsetof(struct batch_settings, interval_where),
     .def = "1s",
     .main = true,
     .help = "Every batch is one Kafka transaction."},
    {.name = "clock",
     .type = DS_P_ENUM,
     .offset = offsetof(struct batch_settings, clock),
     .def = "wall",
     .choices = "wall|record",
     .help = "What moves the batch time: the clock, or the timestamps of "
             "records, so that a replay cuts the same batches."},
    {.name = "max_records",
     .type = DS_P_INT,
     .offset = offsetof(struct batch_settings, max_records),
     .def = "50000",
     .min = 1,
     .max = 10000000,
     .help = "A batch of a worker ends early after so many records."},
    {.name = "max_bytes",
     .type = DS_P_SIZE,
     .offset = offsetof(struct batch_settings, max_bytes),
     .def = "16MiB",
     .min = 64 * 1024,
     .max = 1024LL * MIB,
     .help = "A batch of a worker ends early after so many bytes."},
    {0},
};

#define ON_ERROR_CHOICES "fail|dlq|skip" /* in the order of ds_on_error */

const ds_param ds_errors_params[] = {
    {.name = "dlq",
     .type = DS_P_STR,
     .offset = offsetof(struct error_settings, dlq),
     .help = "Topic for records that are refused, with their original bytes."},
    {.name = "on_error",
     .type = DS_P_ENUM,
     .offset = offsetof(struct error_settings, on_error),
     .choices = ON_ERROR_CHOICES,
     .help = "What happens to a record that is refused: dlq if there is one, "
             "else fail."},
    {.name = "limit",
     .type = DS_P_STR,
     .offset = offsetof(struct error_settings, limit),
     .help = "100/1m: more errors in that time and the job fails."},
    {.name = "late",
     .type = DS_P_STR,
     .offset = offsetof(struct error_settings, late),
     .def = "drop",
     .help = "What happens to rows that come too late: drop, dlq, or a topic "
             "that gets their records."},
    {0},
};

const ds_param ds_job_params[] = {
    {.name = "dstream",
     .type = DS_P_INT,
     .offset = offsetof(struct settings, dstream),
     .min = 1,
     .max = 1,
     .help = "Version of the language: 1."},
    {.name = "job",
     .type = DS_P_STR,
     .offset = offsetof(struct settings, job),
     .required = true,
     .help = "Consumer group, transactional ids, state directory: [a-z0-9] "
             "and then [a-z0-9._-]."},
    {.name = "description",
     .type = DS_P_STR,
     .offset = offsetof(struct settings, description),
     .help = "For people."},
    {.name = "batch",
     .type = DS_P_OBJECT,
     .offset = offsetof(struct settings, batch),
     .def = "1s",
     .sub = ds_batch_params,
     .help = "Batch interval: every batch is one Kafka transaction."},
    {.name = "delivery",
     .type = DS_P_ENUM,
     .offset = offsetof(struct settings, delivery),
     .def = "exactly_once",
     .choices = "exactly_once",
     .later_choices = "at_least_once",
     .help = "What is promised."},
    {.name = "kafka",
     .type = DS_P_ARG,
     .offset = offsetof(struct settings, kafka),
     .help = "A cluster named in the daemon file, or librdkafka properties."},
    {.name = "workers",
     .type = DS_P_INT,
     .offset = offsetof(struct settings, workers),
     .min = 1,
     .max = 1024,
     .help = "Threads per stage; absent: as many as cores, at most one per "
             "partition."},
    {.name = "memory",
     .type = DS_P_SIZE,
     .offset = offsetof(struct settings, memory),
     .def = "256MiB",
     .min = 16 * MIB,
     .max = INT64_C(1) << 46,
     .help = "Bound for state, batches and queues together."},
    {.name = "errors",
     .type = DS_P_OBJECT,
     .offset = offsetof(struct settings, errors),
     .sub = ds_errors_params,
     .help = "What happens to records that do not decode or are refused."},
    {.name = "sources",
     .type = DS_P_ARG,
     .offset = offsetof(struct settings, sources),
     .sub = ds_source_params,
     .help = "What the job reads, by name."},
    {.name = "tables",
     .type = DS_P_ARG,
     .offset = offsetof(struct settings, tables),
     .sub = ds_table_params,
     .help = "Rows by key that streams are joined with, by name."},
    {.name = "streams",
     .type = DS_P_ARG,
     .offset = offsetof(struct settings, streams),
     .sub = ds_stream_params,
     .help = "What it makes of it, by name."},
    {.name = "sinks",
     .type = DS_P_ARG,
     .offset = offsetof(struct settings, sinks),
     .sub = ds_sink_params,
     .help = "What it writes, by name."},
    {.name = "registry",
     .type = DS_P_ARG,
     .offset = offsetof(struct settings, registry),
     .help = "A schema registry named in the daemon file, or its properties."},
    {.name = "state", .type = DS_P_ARG, .later = true},
    {.name = "trigger", .type = DS_P_ARG, .later = true},
    {0},
};

/* ---- properties ---- */

static void add_prop(ds_job *job, const ds_text *name, const ds_arg *value)
{
    const ds_broker_type *kafka = ds_registry_broker(job->reg, "kafka");
    ds_prop prop = {name->s, value->text.s, args_name_where(name)};

    for (uint32_t i = 0; i < job->n_props; i++) {
        if (strcmp(job->props[i].name, prop.name) != 0)
            continue;
        if (strcmp(job->props[i].value, prop.value) != 0)
            ds_diag_add(&job->diags, DS_ERROR, "E0161", prop.where,
                        "one consumer reads all sources: say it once",
                        "property %s has two values", prop.name);
        return;
    }
    if (kafka && kafka->check_prop)
        kafka->check_prop(&prop, &job->diags);
    job->props = planner_grow(job->arena, job->props, job->n_props,
                              &job->cap_props, sizeof(*job->props));
    job->props[job->n_props++] = prop;
}

void build_props(ds_job *job, const ds_arg *props)
{
    for (uint32_t i = 0; props && i < props->n; i++)
        if (props->items[i]->kind == DS_ARG_SCALAR && !props->items[i]->null)
            add_prop(job, &props->names[i], props->items[i]);
}

static bool is_job_name(const char *s)
{
    size_t n = strlen(s);
    const char *first = "abcdefghijklmnopqrstuvwxyz0123456789";

    return n > 0 && n <= 63 && strchr(first, s[0]) != NULL &&
           strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

static const ds_arg *cluster_find(ds_job *job, const ds_arg *arg)
{
    const char *name = args_is_null(arg) ? "main" : arg->text.s;
    const ds_arg *found =
        job->cluster ? job->cluster(job->cluster_arg, name) : NULL;

    if (found == NULL && !args_is_null(arg))
        ds_diag_add(&job->diags, DS_ERROR, "E0160", arg->where,
                    "clusters are named in the daemon's file; here, give "
                    "properties: kafka: {bootstrap.servers: ...}",
                    "no cluster is named `%.80s`", name);
    return found;
}

static const ds_param props_params[] = {
    {.name = "kafka", .type = DS_P_PROPS, .main = true}, {0}};

static void settings_kafka(ds_job *job)
{
    const ds_arg *arg = job->set.kafka;
    const ds_arg *props = NULL;

    if (args_is_null(arg) || arg->kind == DS_ARG_SCALAR)
        arg = cluster_find(job, arg);
    if (arg && arg != job->set.kafka && arg->n == 0)
        return; /* a cluster without properties of its own */
    if (arg == NULL)
        return;
    /* Of a map with a mistake the rest is checked all the same. */
    ds_args_fill(arg, props_params, "kafka", &props, job->arena, &job->diags);
    build_props(job, arg->kind == DS_ARG_MAP ? arg : NULL);
}

static const ds_arg *registry_find(ds_job *job, const ds_arg *arg)
{
    const char *name = args_is_null(arg) ? NULL : arg->text.s;
    const ds_arg *found =
        job->registries ? job->registries(job->registries_arg, name) : NULL;

    if (found == NULL && !args_is_null(arg))
        ds_diag_add(&job->diags, DS_ERROR, "E0162", arg->where,
                    "registries are named in the daemon's file; here, give "
                    "properties: registry: {url: ...}",
                    "no registry is named `%.80s`", name);
    return found;
}

static const ds_param registry_params[] = {
    {.name = "registry", .type = DS_P_PROPS, .main = true}, {0}};

static void settings_registry(ds_job *job)
{
    const ds_schemas_type *schemas = ds_registry_schemas(job->reg);
    const ds_arg *arg = job->set.registry, *map = NULL;
    uint32_t errors = job->diags.errors;
    ds_prop *props;

    if (args_is_null(arg) || arg->kind == DS_ARG_SCALAR)
        arg = registry_find(job, arg);
    if (arg == NULL ||
        !ds_args_fill(arg, registry_params, "registry", &map, job->arena,
                      &job->diags) ||
        arg->kind != DS_ARG_MAP)
        return;
    props = ds_new(job->arena, ds_prop, arg->n + 1);
    for (uint32_t i = 0; i < arg->n; i++)
        props[i] = (ds_prop){arg->names[i].s, arg->items[i]->text.s,
                             args_name_where(&arg->names[i])};
    job->registry = props;
    job->n_registry = arg->n;
    if (schemas)
        schemas->check(props, arg->n, arg->where, &job->diags);
    job->registry_wrong = job->diags.errors > errors;
}

/* ---- errors ---- */

/* "100/1m" */
static void settings_limit(ds_job *job)
{
    const ds_text *limit = &job->set.errors.limit;
    char *end;

    if (limit->s == NULL)
        return;
    job->plan->error_limit = strtoll(limit->s, &end, 10);
    if (end != limit->s && *end == '/' && limit->s[0] >= '0' &&
        limit->s[0] <= '9' && job->plan->error_limit < INT64_MAX &&
        ds_duration_parse(ds_slice_of(end + 1), &job->plan->error_span) &&
        job->plan->error_span > 0)
        return;
    ds_diag_add(&job->diags, DS_ERROR, "E0105",
                ds_text_where(limit, 0, limit->len),
                "a number of errors and a time: 100/1m",
                "\"%.80s\" is no limit", limit->s);
}

static void settings_dlq(ds_job *job)
{
    const ds_text *dlq = &job->set.errors.dlq;

    job->plan->dlq_topic = -1;
    if (dlq->s == NULL)
        return;
    if (!build_is_topic(dlq->s))
        ds_diag_add(&job->diags, DS_ERROR, "E0105",
                    ds_text_where(dlq, 0, dlq->len),
                    "letters, digits, dots, _ and -, at most 249",
                    "\"%.80s\" is no topic name", dlq->s);
    build_written(job, dlq);
}

/* drop, dlq or a topic. */
static void settings_late(ds_job *job)
{
    const ds_text *late = &job->set.errors.late;

    job->plan->late_topic = -1;
    if (late->s == NULL || strcmp(late->s, "drop") == 0)
        return;
    if (strcmp(late->s, "dlq") == 0) {
        if (job->set.errors.dlq.s == NULL)
            ds_diag_add(&job->diags, DS_ERROR, "E0150",
                        ds_text_where(late, 0, late->len), NULL,
                        "`late: dlq` needs `dlq: TOPIC` beside it");
        return;
    }
    if (!build_is_topic(late->s))
        ds_diag_add(&job->diags, DS_ERROR, "E0105",
                    ds_text_where(late, 0, late->len),
                    "drop, dlq, or a topic: letters, digits, dots, _ and -",
                    "\"%.80s\" is no topic name", late->s);
    build_written(job, late);
}

static void settings_errors(ds_job *job, const ds_arg *errors)
{
    struct error_settings *set = &job->set.errors;
    const ds_arg *on_error = ds_arg_find(errors, "on_error");

    job->on_error = set->dlq.s ? DS_ON_ERROR_DLQ : DS_ON_ERROR_FAIL;
    if (on_error)
        job->on_error = (ds_on_error)set->on_error;
    if (job->on_error == DS_ON_ERROR_DLQ && set->dlq.s == NULL)
        ds_diag_add(&job->diags, DS_ERROR, "E0150", args_where(on_error), NULL,
                    "`on_error: dlq` needs `dlq: TOPIC` beside it");
    settings_limit(job);
    settings_dlq(job);
    settings_late(job);
}

/* ---- all of it ---- */

static const ds_arg *settings_map(ds_job *job, const ds_arg **errors,
                                  const ds_arg **batch)
{
    uint32_t n = job->settings.n;
    ds_text *names = ds_new(job->arena, ds_text, n + 1);
    const ds_arg **items = ds_new(job->arena, const ds_arg *, n + 1);
    ds_where top = {job->file, job->file ? 1 : 0, 1, 0};

    for (uint32_t i = 0; i < n; i++) {
        names[i] = job->settings.list[i].name;
        items[i] = job->settings.list[i].arg;
        if (strcmp(names[i].s, "errors") == 0)
            *errors = items[i];
        else if (strcmp(names[i].s, "batch") == 0)
            *batch = items[i];
    }
    return args_map(names, items, n, top, job->arena);
}

static void check_job_name(ds_job *job)
{
    const ds_text *name = &job->set.job;

    if (name->s && !is_job_name(name->s))
        ds_diag_add(&job->diags, DS_ERROR, "E0105",
                    ds_text_where(name, 0, name->len),
                    "small letters, digits, then also . _ -, at most 63",
                    "\"%.80s\" is no job name", name->s);
}

/* Batches that are shorter than it takes to commit one never catch up. */
static void check_interval(ds_job *job)
{
    struct batch_settings *batch = &job->set.batch;

    if (batch->interval <= 0 || batch->interval >= DS_MS)
        return;
    ds_diag_add(&job->diags, DS_ERROR, "E0104", batch->interval_where,
                "a second is a good one", "a batch takes at least 1ms");
    batch->interval = 0;
}

void build_settings(ds_job *job)
{
    struct settings *set = &job->set;
    ds_plan *plan = job->plan;
    const ds_arg *errors = NULL, *batch = NULL;
    const ds_arg *map = settings_map(job, &errors, &batch);

    /* What is wrong is in the diags; what is right is filled in all the same.
     */
    ds_args_fill(map, ds_job_params, "the job", set, job->arena, &job->diags);
    check_job_name(job);
    check_interval(job);
    plan->job = set->job.s ? set->job.s : "job";
    /* A wrong one has been told: of this one everything is a multiple. */
    plan->batch = set->batch.interval > 0 ? set->batch.interval : 1;
    plan->record_clock = set->batch.clock == 1;
    plan->max_records = set->batch.max_records;
    plan->max_records_said =
        batch && batch->kind == DS_ARG_MAP && ds_arg_find(batch, "max_records");
    plan->max_bytes = set->batch.max_bytes;
    plan->workers = (int)set->workers;
    plan->memory = set->memory;
    settings_errors(job, errors);
    settings_kafka(job);
    settings_registry(job);
}
