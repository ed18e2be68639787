/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sinks.c - what leaves the job, and what never reaches a sink.
 */
#include <string.h>

#include "build/build.h"

struct sink_set {
    ds_text from;
    ds_text where;
    const ds_arg *kafka;
    const ds_arg *console;
};

/* The args of the operator, and what the planner alone needs. */
struct sink_kafka {
    ds_sink_args args;
    ds_codec_schema schema;
};

const ds_param ds_sink_schema_params[] = {
    {.name = "record",
     .type = DS_P_STR,
     .offset = offsetof(ds_codec_schema, record),
     .help = "Full name of the record that is made of the columns."},
    {.name = "register",
     .type = DS_P_BOOL,
     .offset = offsetof(ds_codec_schema, reg),
     .def = "false",
     .help = "true: register it at the start; false: the latest version of "
             "the subject rules."},
    {.name = "subject",
     .type = DS_P_STR,
     .offset = offsetof(ds_codec_schema, subject),
     .help = "The subject in the registry, literally."},
    {.name = "strategy",
     .type = DS_P_ENUM,
     .offset = offsetof(ds_codec_schema, strategy),
     .def = "topic",
     .choices = "topic|record|topic_record", /* as ds_schema_strategy */
     .help = "What names the subject: <topic>-value, the record, or both."},
    {.name = "file",
     .type = DS_P_STR,
     .offset = offsetof(ds_codec_schema, file),
     .main = true,
     .help = "A file with the schema, in place of one made of the columns."},
    BUILD_FRAMING,
    {0},
};

const ds_param ds_sink_kafka_params[] = {
    {.name = "topic",
     .type = DS_P_STR,
     .offset = offsetof(struct sink_kafka, args.topic),
     .required = true,
     .help = "The topic; it must exist."},
    {.name = "format",
     .type = DS_P_STR,
     .offset = offsetof(struct sink_kafka, args.format),
     .def = "json",
     .help = "What the bytes of a value are."},
    {.name = "header",
     .type = DS_P_BOOL,
     .offset = offsetof(struct sink_kafka, args.header),
     .help = "Format csv: a line of names stands before each row."},
    {.name = "key",
     .type = DS_P_EXPR,
     .offset = offsetof(struct sink_kafka, args.key),
     .help = "Column or expression for the record's key; absent: the stream's "
             "key."},
    {.name = "key_format",
     .type = DS_P_STR,
     .offset = offsetof(struct sink_kafka, args.key_format),
     .help = "What the bytes of a key are: text, or json for a key of several "
             "columns."},
    {.name = "headers",
     .type = DS_P_EXPR_MAP,
     .offset = offsetof(struct sink_kafka, args.headers),
     .help = "Name and expression of each header."},
    {.name = "schema",
     .type = DS_P_OBJECT,
     .offset = offsetof(struct sink_kafka, schema),
     .sub = ds_sink_schema_params,
     .help = "avro: the schema that is written."},
    {.name = "properties", .type = DS_P_ARG, .later = true},
    {0},
};

const ds_param ds_sink_console_params[] = {
    {.name = "limit",
     .type = DS_P_INT,
     .offset = offsetof(ds_console_args, limit),
     .def = "10",
     .min = 1,
     .max = 100000,
     .help = "Rows shown of each batch."},
    {0},
};

const ds_param ds_sink_params[] = {
    {.name = "from",
     .type = DS_P_NAME,
     .offset = offsetof(struct sink_set, from),
     .required = true,
     .help = "A stream or a source."},
    {.name = "where",
     .type = DS_P_EXPR,
     .offset = offsetof(struct sink_set, where),
     .help = "Only the rows for which this is true."},
    {.name = "kafka",
     .type = DS_P_ARG,
     .offset = offsetof(struct sink_set, kafka),
     .sub = ds_sink_kafka_params,
     .help = "A topic of Kafka."},
    {.name = "console",
     .type = DS_P_ARG,
     .offset = offsetof(struct sink_set, console),
     .sub = ds_sink_console_params,
     .help = "Shows the first rows of each batch."},
    {.name = "route", .type = DS_P_ARG, .later = true},
    {0},
};

/* ---- one sink ---- */

struct sink {
    ds_job *job;
    const ds_text *name;
    const char *what; /* "sink counts" */
    ds_where where;
    ds_node *input;
    bool filtered;
    const ds_arg *said; /* all that stands under its name */
};

static const ds_op_type *type_of(const ds_job *job, const char *name)
{
    const ds_op_type *type = ds_registry_op(job->reg, name);

    DS_BUG_ON(type == NULL);
    return type;
}

/* `where:` is a filter in front. */
static void sink_where(struct sink *sink, const ds_text *where)
{
    ds_job *job = sink->job;
    ds_arg *arg = ds_new(job->arena, ds_arg, 1);
    ds_node *node;

    arg->text = *where;
    arg->where = args_name_where(where);
    node = planner_node(&job->planner, type_of(job, "filter"), sink->name->s,
                        ds_str_printf(job->arena, "%s.where", sink->name->s),
                        "where", sink->where, sink->input);
    build_args(job, node, arg);
    planner_add(&job->planner, node);
    sink->input = node;
    sink->filtered = true;
}

/* A removed key leaves a tombstone only right after the operator that removed
 * it (contract 8.5). */
static void sink_deletes(struct sink *sink)
{
    const ds_node *node = sink->input;

    while (!node->deletes && node->n_inputs)
        node = node->inputs[0];
    if (node->deletes && node != sink->input)
        ds_diag_add(&sink->job->diags, DS_WARNING, "W0103", sink->where,
                    "write the state itself to a topic, without `where`",
                    "keys that %s removes leave no tombstone in %s", node->name,
                    sink->what);
}

static bool sink_schema(struct sink *sink, struct sink_kafka *set,
                        const ds_arg *arg)
{
    const ds_arg *schema = ds_arg_find(arg, "schema");
    ds_codec_use use = {.schema = set->schema,
                        .said = schema != NULL,
                        .topic = set->args.topic.s};
    ds_where where = build_codec_where(arg);

    set->args.format_where = where;
    build_codec_use(sink->job, &use);
    if (!build_codec_plan(sink->job, set->args.codec, &use, where, NULL,
                          &set->args.options, NULL))
        return false;
    use.key = true;
    use.said = false;
    /* Of a key only how its schema gets there. */
    use.schema.file = use.schema.subject = (ds_text){0};
    use.schema.strategy = DS_SUBJECT_TOPIC;
    return build_codec_plan(
        sink->job, set->args.key_codec, &use,
        set->args.key_format.s ? args_name_where(&set->args.key_format) : where,
        NULL, &set->args.key_options, NULL);
}

static void sink_kafka(struct sink *sink, const ds_arg *arg)
{
    ds_job *job = sink->job;
    struct sink_kafka *set = ds_new(job->arena, struct sink_kafka, 1);
    ds_sink_args *s = &set->args;
    const ds_arg *topic = ds_arg_find(arg, "topic");
    ds_text none = {0};
    ds_node *node;
    bool ok;

    if (topic && topic->kind == DS_ARG_MAP) {
        args_later(topic->where, "a topic by expression", &job->diags);
        return;
    }
    ok = ds_args_fill(arg, ds_sink_kafka_params,
                      ds_str_printf(job->arena, "`kafka` of %s", sink->what),
                      set, job->arena, &job->diags);
    if (s->topic.s && !build_is_topic(s->topic.s)) {
        ds_diag_add(&job->diags, DS_ERROR, "E0105", args_name_where(&s->topic),
                    "letters, digits, dots, _ and -, at most 249",
                    "\"%.80s\" is no topic name", s->topic.s);
    } else if (s->topic.s) {
        build_written(job, &s->topic);
    }
    s->codec = build_codec(job, &s->format, "json");
    s->key_codec = s->key_format.s ? build_codec(job, &s->key_format, NULL)
                                   : build_codec(job, &none, "text");
    build_header(job, arg, s->header, s->codec);
    if (s->codec && s->key_codec && s->topic.s) {
        ok = sink_schema(sink, set, arg) && ok;
        s->codec = build_codec_plain(job, s->codec, "json");
        s->key_codec = build_codec_plain(job, s->key_codec, "text");
    }
    if (sink->input == NULL)
        return;
    node = planner_node(&job->planner, type_of(job, "sink"), sink->name->s,
                        ds_str_printf(job->arena, "%s.kafka", sink->name->s),
                        "sink", sink->where, sink->input);
    node->args = s;
    node->on_error = job->on_error;
    node->broken = !ok || !s->codec || !s->key_codec;
    if (!node->broken)
        node->topic =
            planner_topic(&job->planner, s->topic.s, DS_TOPIC_SINK, 0);
    planner_add(&job->planner, node);
    sink_deletes(sink);
}

static void sink_console(struct sink *sink, const ds_arg *arg)
{
    ds_job *job = sink->job;
    ds_console_args *s = ds_new(job->arena, ds_console_args, 1);
    ds_node *node;
    bool ok =
        ds_args_fill(arg, ds_sink_console_params,
                     ds_str_printf(job->arena, "`console` of %s", sink->what),
                     s, job->arena, &job->diags);

    if (sink->input == NULL)
        return;
    node = planner_node(&job->planner, type_of(job, "console"), sink->name->s,
                        ds_str_printf(job->arena, "%s.console", sink->name->s),
                        "console", sink->where, sink->input);
    node->args = s;
    node->on_error = job->on_error;
    node->broken = !ok;
    planner_add(&job->planner, node);
}

/* ---- all of them ---- */

/* Whatever `name` comes of reaches a sink. */
static void mark_used(ds_job *job, const char *name)
{
    for (uint32_t i = 0; i < job->n_streams; i++) {
        ds_stream *s = job->streams[i];

        if (strcmp(s->name.s, name) != 0 || s->used)
            continue;
        s->used = true;
        if (s->from.s)
            mark_used(job, s->from.s);
        for (uint32_t k = 0; k < s->n_named; k++)
            mark_used(job, s->named[k]);
    }
}

static void check_sink_name(ds_job *job, uint32_t i)
{
    const ds_text *name = &job->sinks.list[i].name;

    if (!args_is_name(name->s))
        ds_diag_add(&job->diags, DS_ERROR, "E0105", args_name_where(name),
                    "small letters, digits and _, at most 63",
                    "\"%.80s\" is no name of a sink", name->s);
    for (uint32_t k = 0; k < i; k++)
        if (strcmp(job->sinks.list[k].name.s, name->s) == 0)
            ds_diag_add(&job->diags, DS_ERROR, "E0125", args_name_where(name),
                        NULL, "sink `%s` stands twice", name->s);
}

/* A file sink as a topic of its own: lines are records. */
static void sink_captured(struct sink *sink, const ds_arg *under)
{
    ds_arena *a = sink->job->arena;
    const ds_arg *format = ds_arg_find(under, "format");
    bool json = (format && format->text.s && !strcmp(format->text.s, "json")) ||
                sink->input == NULL || sink->input->schema == NULL ||
                sink->input->schema->n != 1;
    ds_text *names = ds_new(a, ds_text, 2);
    const ds_arg **items = ds_new(a, const ds_arg *, 2);

    names[0] = ds_text_of("topic");
    items[0] = args_scalar(ds_str_printf(a, "file.%s", sink->name->s), a);
    names[1] = ds_text_of("format");
    items[1] = args_scalar(json ? "json" : "text", a);
    sink_kafka(sink, args_map(names, items, 2, sink->where, a));
}

/* The connector may be there, under a name that is misspelt. */
static bool all_known(const ds_arg *arg)
{
    for (uint32_t i = 0; i < arg->n; i++)
        if (!args_param(ds_sink_params, arg->names[i].s))
            return false;
    return true;
}

static void sink_connector(struct sink *sink, const struct sink_set *set,
                           const ds_sink_type *type, const ds_arg *under,
                           const ds_arg *arg)
{
    const ds_arg *kafka = ds_arg_find(arg, "kafka");
    const ds_arg *console = ds_arg_find(arg, "console");

    if ((kafka != NULL) + (console != NULL) + (type != NULL) > 1) {
        ds_diag_add(&sink->job->diags, DS_ERROR, "E0126", sink->where,
                    "two sinks can come from one stream",
                    "%s has two connectors", sink->what);
    } else if (type && sink->job->captured && !strcmp(type->name, "file")) {
        sink_captured(sink, under);
    } else if (type) {
        build_outside(sink->job, type, sink->name, sink->input, under);
    } else if (kafka) {
        sink_kafka(sink, set->kafka);
    } else if (console) {
        sink_console(sink, set->console);
    } else if (arg->kind == DS_ARG_MAP && all_known(arg) &&
               !ds_arg_find(arg, "route") &&
               !ds_arg_find(sink->said, "foreachBatch")) {
        ds_diag_add(&sink->job->diags, DS_ERROR, "E0126", sink->where,
                    "kafka: {topic: out}, or console: {}",
                    "%s says not where it goes to", sink->what);
    }
}

static void build_sink(ds_job *job, uint32_t i)
{
    const struct entry *e = &job->sinks.list[i];
    struct sink_set set = {0};
    struct sink sink = {.job = job, .name = &e->name, .said = e->arg};
    const ds_arg *under = NULL, *arg = e->arg;
    const ds_sink_type *type = build_outside_type(job, arg, &under, &arg);

    sink.where = args_name_where(&e->name);
    sink.what = ds_str_printf(job->arena, "sink %s", e->name.s);
    check_sink_name(job, i);
    if (args_is_null(e->arg) || !ds_args_fill(arg, ds_sink_params, sink.what,
                                              &set, job->arena, &job->diags)) {
        if (args_is_null(e->arg))
            ds_diag_add(&job->diags, DS_ERROR, "E0102", sink.where, NULL,
                        "%s needs `from`", sink.what);
    }
    if (set.from.s) {
        sink.input = build_from(job, &set.from);
        mark_used(job, set.from.s);
    }
    if (sink.input && set.where.s)
        sink_where(&sink, &set.where);
    if (!args_is_null(e->arg))
        sink_connector(&sink, &set, type, under, arg);
}

static void check_used(ds_job *job)
{
    for (uint32_t i = 0; i < job->n_streams; i++)
        if (!job->streams[i]->used)
            ds_diag_add(&job->diags, DS_WARNING, "W0101",
                        args_name_where(&job->streams[i]->name), NULL,
                        "stream `%s` reaches no sink", job->streams[i]->name.s);
    build_tables_used(job);
    for (uint32_t i = 0; i < job->sources.n; i++)
        if (!job->srcs[i].used)
            ds_diag_add(&job->diags, DS_WARNING, "W0102",
                        args_name_where(&job->srcs[i].name), NULL,
                        "nothing reads source `%s`", job->srcs[i].name.s);
}

/* `name` under a file sink; the path may stand alone. */
static const char *file_text(const ds_arg *file, const char *name)
{
    const ds_arg *arg = file->kind == DS_ARG_MAP    ? ds_arg_find(file, name)
                        : strcmp(name, "path") == 0 ? file
                                                    : NULL;
    const char *s = arg && arg->kind == DS_ARG_SCALAR ? arg->text.s : NULL;

    while (s && strncmp(s, "./", 2) == 0)
        s += 2;
    return s;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Folders with the parts of two sinks would belong to neither. */
static void check_files(ds_job *job)
{
    for (uint32_t i = 0; i < job->sinks.n; i++) {
        const ds_arg *file = ds_arg_find(job->sinks.list[i].arg, "file");
        const char *path = file ? file_text(file, "path") : NULL;
        const char *suffix = file ? file_text(file, "suffix") : NULL;

        for (uint32_t k = 0; path && k < i; k++) {
            const ds_arg *other = ds_arg_find(job->sinks.list[k].arg, "file");

            if (other && file_text(other, "path") &&
                strcmp(file_text(other, "path"), path) == 0 &&
                same_text(file_text(other, "suffix"), suffix)) {
                ds_diag_add(&job->diags, DS_ERROR, "E0125", file->where,
                            "another path, or another suffix",
                            "sink `%s` has the same folders as sink `%s`",
                            job->sinks.list[i].name.s,
                            job->sinks.list[k].name.s);
                break;
            }
        }
    }
}

void build_sinks(ds_job *job)
{
    for (uint32_t i = 0; i < job->sinks.n; i++)
        build_sink(job, i);
    check_files(job);
    /* After a mistake nobody knows who reads what. */
    if (job->diags.errors == 0)
        check_used(job);
}

/* ---- taps ---- */

static void tap(ds_job *job, const char *name, ds_node *input)
{
    ds_sink_args *s = ds_new(job->arena, ds_sink_args, 1);
    const char *topic = ds_str_printf(job->arena, "tap.%s", name);
    ds_node *node = planner_node(&job->planner, type_of(job, "sink"), name,
                                 topic, "tap", (ds_where){0}, input);

    s->topic = ds_text_of(topic);
    s->format = ds_text_of("json");
    s->codec = build_codec(job, &s->format, "json");
    s->key_codec = build_codec(job, &s->key_format, "text");
    node->args = s;
    node->on_error = job->on_error;
    node->topic = planner_topic(&job->planner, topic, DS_TOPIC_SINK, 0);
    job->plan->topics[node->topic].tap = true;
    planner_add(&job->planner, node);
}

static ds_node *sink_input(const ds_job *job, const char *name)
{
    for (uint32_t i = 0; i < job->plan->n_nodes; i++) {
        ds_node *node = job->plan->nodes[i];

        if (strcmp(node->stream, name) == 0 &&
            (strcmp(node->type->name, "sink") == 0 ||
             strcmp(node->type->name, "console") == 0 ||
             strcmp(node->type->name, "outside") == 0))
            return node->inputs[0];
    }
    return NULL;
}

/* A sink's name wins over a stream's (contract 8.8). */
void build_taps(ds_job *job)
{
    for (uint32_t i = 0; i < job->sinks.n; i++) {
        const char *name = job->sinks.list[i].name.s;
        ds_node *input = sink_input(job, name);

        if (input)
            tap(job, name, input);
    }
    for (uint32_t i = 0; i < job->n_streams; i++)
        if (sink_input(job, job->streams[i]->name.s) == NULL)
            tap(job, job->streams[i]->name.s, job->streams[i]->last);
}
