/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources.c - what a source says about its topics, bytes and columns.
 */
#include <regex.h>
#include <string.h>

#include "build/build.h"
#include "dstream/clock.h"
#include "plan/columns.h"

#define PATTERN_MAX 500

struct source_set {
    const ds_arg *kafka;
    bool strict;
    ds_text event_time;
    ds_time watermark, idle;
};

#define AT(member) offsetof(struct kafka_in, args.member)

const ds_param ds_source_schema_params[] = {
    {.name = "file",
     .type = DS_P_STR,
     .offset = offsetof(ds_codec_schema, file),
     .main = true,
     .help = "The schema that the columns are read by; without it, the latest "
             "version of the subject at the start."},
    {.name = "subject",
     .type = DS_P_STR,
     .offset = offsetof(ds_codec_schema, subject),
     .help = "The subject in the registry; absent: <topic>-value or "
             "<topic>-key."},
    BUILD_FRAMING,
    {0},
};

const ds_param ds_source_kafka_params[] = {
    {.name = "topic",
     .type = DS_P_STR,
     .offset = AT(topic),
     .help = "The topic."},
    {.name = "topics",
     .type = DS_P_STRS,
     .offset = AT(topics),
     .help = "Several topics."},
    {.name = "pattern",
     .type = DS_P_STR,
     .offset = AT(pattern),
     .help = "All topics that match a regular expression; begins with ^."},
    {.name = "format",
     .type = DS_P_STR,
     .offset = AT(format),
     .def = "json",
     .help = "What the bytes of a value are."},
    {.name = "header",
     .type = DS_P_BOOL,
     .offset = AT(header),
     .help = "Format csv: a line of names stands before each row."},
    {.name = "key",
     .type = DS_P_STR,
     .offset = AT(key),
     .help = "The column that the topic is partitioned by; read from the "
             "record's key if it is not among the columns."},
    {.name = "key_format",
     .type = DS_P_STR,
     .offset = AT(key_format),
     .def = "text",
     .help = "What the bytes of a key are."},
    {.name = "columns",
     .type = DS_P_COLUMNS,
     .offset = AT(columns),
     .help = "Name and type of each column; {field: type} is a row, [type] an "
             "array."},
    {.name = "start",
     .type = DS_P_STR,
     .offset = AT(start),
     .def = "earliest",
     .help = "Where to begin without a committed offset: earliest, latest or "
             "a time."},
    {.name = "properties",
     .type = DS_P_PROPS,
     .offset = offsetof(struct kafka_in, properties),
     .help = "librdkafka properties."},
    {.name = "schema",
     .type = DS_P_OBJECT,
     .offset = offsetof(struct kafka_in, schema),
     .sub = ds_source_schema_params,
     .help = "avro: where the schema is."},
    {0},
};

const ds_param ds_source_params[] = {
    {.name = "kafka",
     .type = DS_P_ARG,
     .offset = offsetof(struct source_set, kafka),
     .sub = ds_source_kafka_params,
     .help = "Topics of Kafka."},
    {.name = "strict",
     .type = DS_P_BOOL,
     .offset = offsetof(struct source_set, strict),
     .def = "false",
     .help = "Unknown fields are errors."},
    {.name = "file", .type = DS_P_ARG, .later = true},
    {.name = "rate", .type = DS_P_ARG, .later = true},
    {.name = "event_time",
     .type = DS_P_STR,
     .offset = offsetof(struct source_set, event_time),
     .help = "The column that says when a row happened: a timestamptz or a "
             "timestamp."},
    {.name = "watermark",
     .type = DS_P_DURATION,
     .offset = offsetof(struct source_set, watermark),
     .help = "How late a row may be, measured from the largest event time "
             "before it."},
    {.name = "idle",
     .type = DS_P_DURATION,
     .offset = offsetof(struct source_set, idle),
     .help = "A partition without rows for so long holds no watermark back; "
             "absent: 5 batches, at least 30s."},
    {0},
};

/* ---- topics ---- */

bool build_is_topic(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= 249 && strcmp(s, ".") != 0 && strcmp(s, "..") != 0 &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789._-") == n;
}

static bool check_topic(ds_job *job, const char *s, ds_where where)
{
    if (build_is_topic(s))
        return true;
    ds_diag_add(&job->diags, DS_ERROR, "E0105", where,
                "letters, digits, dots, _ and -, at most 249; `pattern:` takes "
                "a regular expression",
                "\"%.80s\" is no topic name", s);
    return false;
}

/* Past the counts of a repetition `{2,30}` at s, to the byte before what
 * follows them; NULL: one has more than two digits. */
static const char *pattern_counts(const char *s)
{
    do {
        size_t digits = strspn(++s, "0123456789");
        if (digits > 2)
            return NULL;
        s += digits;
    } while (*s == ',');
    return s - 1;
}

/* To the ] of the set at s. */
static const char *pattern_set(const char *s)
{
    s += s[1] == '^' && s[2] ? 2 : 1;
    while (s[1] && s[1] != ']')
        s++;
    return s;
}

/* regcomp() takes minutes or gigabytes for repetitions of repetitions and for
 * long counts. Names of topics need neither. NULL: the pattern is harmless. */
static const char *pattern_trouble(const ds_text *pattern)
{
    const char *s = pattern->s;
    bool repeated = false, group = false;

    if (pattern->len > PATTERN_MAX)
        return "it is longer than 500 bytes";
    for (; *s; s++) {
        bool repeats = *s == '*' || *s == '+' || *s == '{';
        if (repeats && (group || repeated))
            return "a group, or what is repeated already, is repeated";
        if (*s == '{')
            s = pattern_counts(s);
        if (!s)
            return "a count is larger than 99";
        repeated = repeats || *s == '?' || (repeated && *s == '}');
        group = *s == ')';
        if (*s == '[' && s[1]) {
            s = pattern_set(s);
        } else if (*s == '\\' && s[1]) {
            s++;
            if (*s >= '1' && *s <= '9')
                return "it refers back to a group";
        }
    }
    return NULL;
}

static bool check_pattern(ds_job *job, const ds_text *pattern)
{
    ds_where where = ds_text_where(pattern, 0, pattern->len);
    const char *trouble;
    char why[120];
    regex_t re;
    int rc;

    if (pattern->s[0] != '^') {
        ds_diag_add(&job->diags, DS_ERROR, "E0105", where, NULL,
                    "a pattern of topics begins with ^");
        return false;
    }
    trouble = pattern_trouble(pattern);
    if (trouble) {
        ds_diag_add(&job->diags, DS_ERROR, "E0105", where,
                    "name the topics with `topics:`",
                    "this pattern is not supported: %s", trouble);
        return false;
    }
    rc = regcomp(&re, pattern->s, REG_EXTENDED | REG_NOSUB);
    if (rc == 0) {
        regfree(&re);
        return true;
    }
    regerror(rc, &re, why, sizeof(why));
    ds_diag_add(&job->diags, DS_ERROR, "E0105", where, NULL,
                "\"%.80s\" is no pattern: %s", pattern->s, why);
    return false;
}

/* Which of topic, topics and pattern it is, as a list of names. */
static void source_topics(ds_job *job, struct source *src, const ds_arg *arg)
{
    ds_source_args *s = src->args;
    uint32_t n = s->topics ? s->topics->n : 1;
    const char **names = ds_new(job->arena, const char *, n);
    bool ok = true;

    if ((s->topic.s != NULL) + (s->topics != NULL) + (s->pattern.s != NULL) !=
        1) {
        ds_diag_add(&job->diags, DS_ERROR, "E0128", arg->where, NULL,
                    "source %s needs one of `topic`, `topics` and `pattern`",
                    src->name.s);
        return;
    }
    for (uint32_t i = 0; i < n && s->topics; i++) {
        names[i] = s->topics->items[i]->text.s;
        ok = check_topic(job, names[i], s->topics->items[i]->where) && ok;
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(names[k], names[i]) == 0)
                ds_diag_add(&job->diags, DS_ERROR, "E0131",
                            s->topics->items[i]->where, NULL,
                            "topic %s stands twice", names[i]);
    }
    if (s->topic.s) {
        names[0] = s->topic.s;
        ok = check_topic(job, names[0],
                         ds_text_where(&s->topic, 0, s->topic.len));
    } else if (s->pattern.s) {
        names[0] = s->pattern.s;
        ok = check_pattern(job, &s->pattern);
    }
    if (!ok)
        return; /* what is no pattern must not be compiled as one */
    s->names = names;
    s->n_names = n;
}

static void source_start(ds_job *job, const ds_text *start)
{
    ds_time t;

    if (strcmp(start->s, "earliest") == 0 || strcmp(start->s, "latest") == 0 ||
        ds_time_parse(ds_slice_of(start->s), &t))
        return;
    ds_diag_add(&job->diags, DS_ERROR, "E0105",
                ds_text_where(start, 0, start->len),
                "earliest, latest, or as in 2026-11-22T09:00:00Z",
                "\"%.80s\" is no place to start", start->s);
}

/* ---- formats ---- */

/* Formats of the language that are no codecs yet. */
static const char *const later_formats[] = {"avro", "protobuf", "jsonschema"};

static const char *formats_hint(const ds_job *job, const char *name,
                                const char *const *names, uint32_t n)
{
    const char *near = args_hint(name, names, n, job->arena);
    char *all = NULL;

    for (uint32_t i = 0; !near && i < n; i++)
        all = ds_str_printf(job->arena, "%s %s", all ? all : "there are",
                            names[i]);
    return near ? near : all;
}

const ds_codec_type *build_codec(ds_job *job, const ds_text *name,
                                 const char *absent)
{
    const char *s = name->s ? name->s : absent;
    const ds_codec_type *codec = ds_registry_codec(job->reg, s);
    ds_where where = {0};
    const char *names[32];
    uint32_t n = 0;

    if (codec)
        return codec;
    if (name->s)
        where = ds_text_where(name, 0, name->len);
    for (size_t i = 0; i < sizeof(later_formats) / sizeof(*later_formats); i++)
        if (strcmp(later_formats[i], s) == 0) {
            args_later(where, ds_str_printf(job->arena, "format %s", s),
                       &job->diags);
            return NULL;
        }
    while (n < 32 && ds_registry_codec_at(job->reg, n)) {
        names[n] = ds_registry_codec_at(job->reg, n)->name;
        n++;
    }
    ds_diag_add(&job->diags, DS_ERROR, "E0140", where,
                formats_hint(job, s, names, n), "no format is named \"%.80s\"",
                s);
    return NULL;
}

void build_header(ds_job *job, const ds_arg *arg, bool header,
                  const ds_codec_type *codec)
{
    if (header && codec && strcmp(codec->name, "csv") != 0)
        ds_diag_add(&job->diags, DS_ERROR, "E0142",
                    args_where(ds_arg_find(arg, "header")), "format: csv",
                    "format %s has no header", codec->name);
}

/* ---- columns ---- */

static const char *const meta_names[] = {"_key",       "_ts",     "_topic",
                                         "_partition", "_offset", "_headers"};

bool build_check_column(ds_job *job, const ds_text *name)
{
    for (size_t i = 0; i < sizeof(meta_names) / sizeof(*meta_names); i++)
        if (strcmp(name->s, meta_names[i]) == 0) {
            ds_diag_add(&job->diags, DS_ERROR, "E0143", args_name_where(name),
                        NULL, "column `%s` would hide the record's own",
                        name->s);
            return false;
        }
    return true;
}

static const ds_schema *declared(ds_job *job, const ds_arg *columns)
{
    ds_schema *schema = ds_new(job->arena, ds_schema, 1);
    bool ok = columns_parse(columns, job->arena, &job->diags, schema);

    for (uint32_t i = 0; i < columns->n && i < schema->n; i++)
        ok = build_check_column(job, &columns->names[i]) && ok;
    return ok ? schema : NULL;
}

/* Columns that a schema names, and no job. */
static bool found_columns(ds_job *job, const ds_schema *columns, ds_where where)
{
    for (uint32_t i = 0; i < columns->n; i++) {
        const char *name = columns->fields[i].name;
        bool meta = strlen(name) > 63;

        for (size_t k = 0; k < sizeof(meta_names) / sizeof(*meta_names); k++)
            meta = meta || strcmp(name, meta_names[k]) == 0;
        if (!meta)
            continue;
        ds_diag_add(&job->diags, DS_ERROR, "E0143", where,
                    "say with `columns` which fields are read",
                    "the schema's field `%.80s` cannot be a column", name);
        return false;
    }
    return true;
}

const ds_schema *build_lone(ds_job *job, ds_type type)
{
    ds_schema *schema = ds_new(job->arena, ds_schema, 1);
    ds_field *field = ds_new(job->arena, ds_field, 1);

    field->name = "value";
    field->type = type;
    schema->n = 1;
    schema->fields = field;
    return schema;
}

const ds_codec_type *build_codec_plain(const ds_job *job,
                                       const ds_codec_type *codec,
                                       const char *plain)
{
    return job->plain && codec->plan ? ds_registry_codec(job->reg, plain)
                                     : codec;
}

void build_codec_use(const ds_job *job, ds_codec_use *use)
{
    use->registry = job->registry;
    use->n_registry = job->n_registry;
    use->job_file = job->file;
    use->online = job->online;
    use->arena = job->arena;
}

ds_where build_codec_where(const ds_arg *kafka)
{
    const ds_arg *schema = ds_arg_find(kafka, "schema");
    const ds_arg *file = schema && schema->kind == DS_ARG_MAP
                             ? ds_arg_find(schema, "file")
                             : schema;
    const ds_arg *format = ds_arg_find(kafka, "format");

    return file     ? file->where
           : schema ? schema->where
           : format ? format->where
                    : kafka->where;
}

/* The column that a message of a format's speaks of. */
static ds_where column_where(const ds_job *job, const ds_arg *columns,
                             const char *msg, ds_where otherwise)
{
    for (uint32_t i = 0; columns && i < columns->n; i++) {
        const char *name = columns->names[i].s;
        const char *missing =
            ds_str_printf(job->arena, "the schema has no field \"%s\"", name);
        size_t len = strlen(name);

        if (!strcmp(msg, missing) ||
            (!strncmp(msg, "field ", 6) && !strncmp(msg + 6, name, len) &&
             msg[6 + len] && strchr(":.[", msg[6 + len])))
            return args_name_where(&columns->names[i]);
    }
    return otherwise;
}

/* What a format with schemas makes of the job's words. False: the columns are
 * not known, which was said. */
bool build_codec_plan(ds_job *job, const ds_codec_type *codec,
                      const ds_codec_use *use, ds_where where,
                      const ds_arg *declared, void **options,
                      const ds_schema **columns)
{
    ds_err err = {DS_OK, ""};
    ds_rc rc;

    if (!codec->plan && use->said && !use->key)
        ds_diag_add(&job->diags, DS_ERROR, "E0103", where, NULL,
                    "format %s takes no `schema`", codec->name);
    if (!codec->plan)
        return true;
    if (job->registry_wrong)
        return false;
    rc = codec->plan(use, options, columns, &err);
    if (rc == DS_NOTFOUND) {
        job->incomplete = true;
        ds_diag_add(&job->diags, DS_WARNING, "W0106", where,
                    "schema: {file: x.avsc}, or `columns`",
                    "the columns are known at the start only: what reads them "
                    "was not checked");
    } else if (rc < 0) {
        if (job->failed.rc == DS_OK)
            job->failed = err;
        ds_diag_add(&job->diags, DS_ERROR, "E0142",
                    column_where(job, declared, err.msg, where), NULL,
                    "format %s: %s", codec->name, err.msg);
    }
    return rc == DS_OK;
}

/* The columns of the record's value. */
const ds_schema *build_body(ds_job *job, struct source *src, const ds_arg *arg,
                            const ds_codec_schema *schema)
{
    ds_source_args *s = src->args;
    const ds_schema *body = NULL;
    ds_codec_use use = {.schema = *schema,
                        .said = ds_arg_find(arg, "schema") != NULL,
                        .topic = s->topic.s,
                        .decode = true};
    ds_err err;

    if (s->columns == NULL && s->codec->lone != DS_NONE)
        body = build_lone(job, s->codec->lone);
    if (s->columns == NULL && s->codec->lone == DS_NONE && !s->codec->plan) {
        ds_diag_add(&job->diags, DS_ERROR, "E0141", arg->where,
                    "columns: {id: text, n: bigint}; or, for plain lines, "
                    "format: text",
                    "format %s needs `columns`", s->codec->name);
        return NULL;
    }
    if (s->columns)
        body = declared(job, s->columns);
    if (s->columns && !body)
        return NULL;
    if (body && s->columns && s->codec->check &&
        s->codec->check(body, true, &err) != DS_OK) {
        ds_diag_add(&job->diags, DS_ERROR, "E0142", s->columns->where, NULL,
                    "%s", err.msg);
        return NULL;
    }
    build_codec_use(job, &use);
    use.columns = body;
    if (!build_codec_plan(job, s->codec, &use, build_codec_where(arg),
                          s->columns, &s->options, &body))
        return NULL;
    return body && (s->columns || found_columns(job, body, arg->where)) ? body
                                                                        : NULL;
}

/* The column of a key that has a schema: its field of that name, or all of it.
 */
static ds_field key_field(const ds_schema *made, const char *key)
{
    int at = made->n == 1 ? 0 : ds_schema_find(made, key);
    ds_field f = made->fields[at < 0 ? 0 : at];

    f.name = key;
    f.not_null = false;
    return f;
}

/* The body, and the key behind it if that is only in the record's key. */
const ds_schema *build_with_key(ds_job *job, ds_source_args *s, uint16_t *key)
{
    ds_codec_use use = {.topic = s->topic.s, .decode = true, .key = true};
    ds_schema only = {1, NULL};
    const ds_schema *made = &only;
    int at = ds_schema_find(s->body, s->key.s);
    ds_schema *schema = ds_new(job->arena, ds_schema, 1);
    ds_field *fields = ds_new(job->arena, ds_field, s->body->n + 1);

    if (at >= 0) {
        *key = (uint16_t)at;
        return s->body;
    }
    memcpy(fields, s->body->fields, s->body->n * sizeof(*fields));
    fields[s->body->n].name = s->key.s;
    fields[s->body->n].type =
        s->key_codec->lone == DS_BYTES ? DS_BYTES : DS_STR;
    schema->n = s->body->n + 1;
    schema->fields = fields;
    s->key_from_record = true;
    *key = (uint16_t)s->body->n;
    if (s->key_codec->plan) {
        build_codec_use(job, &use);
        made = NULL;
        if (!build_codec_plan(job, s->key_codec, &use,
                              args_name_where(&s->key_format), NULL,
                              &s->key_options, &made))
            return NULL;
        fields[s->body->n] = key_field(made, s->key.s);
        s->key_codec = build_codec_plain(
            job, s->key_codec,
            fields[s->body->n].type == DS_STR ? "text" : "json");
    }
    return schema;
}

/* ---- event time ---- */

static const char *columns_hint(const ds_job *job, const ds_schema *s,
                                const char *name)
{
    const char **names = ds_new(job->arena, const char *, s->n + 1);
    const char *near, *all = "there are";

    for (uint32_t i = 0; i < s->n; i++)
        names[i] = s->fields[i].name;
    near = args_hint(name, names, s->n, job->arena);
    for (uint32_t i = 0; !near && i < s->n && i < 8; i++)
        all = ds_str_printf(job->arena, "%s%s %s", all, i ? "," : "", names[i]);
    return near ? near : all;
}

/* The event time's column among those of the node. */
static void event_time_column(ds_job *job, ds_node *node, const ds_text *name)
{
    int at = ds_schema_find(node->schema, name->s);
    ds_type type = at < 0 ? DS_NONE : node->schema->fields[at].type;

    if (at < 0)
        ds_diag_add(&job->diags, DS_ERROR, "E0411", args_name_where(name),
                    columns_hint(job, node->schema, name->s),
                    "the event time \"%.80s\" is no column of source %s",
                    name->s, node->stream);
    else if (type != DS_TS && type != DS_TIMESTAMP)
        ds_diag_add(&job->diags, DS_ERROR, "E0411", args_name_where(name),
                    "it is a timestamptz, or a timestamp, which counts as UTC",
                    "the event time `%s` is of type %s", name->s,
                    ds_type_name(type));
    else
        node->event_time = at;
}

/* What a source says of time, without its columns. */
static void event_time_args(ds_job *job, struct source *src,
                            const struct source_set *set, const ds_arg *arg)
{
    ds_source_args *s = src->args;
    const ds_arg *lone = ds_arg_find(arg, "watermark");

    if (lone == NULL)
        lone = ds_arg_find(arg, "idle");
    if (set->event_time.s == NULL && lone)
        ds_diag_add(
            &job->diags, DS_ERROR, "E0412", lone->where, "event_time: COLUMN",
            "source %s says not which column is its event time", src->name.s);
    if (s == NULL)
        return;
    s->event_time = set->event_time;
    s->watermark = set->watermark;
    s->idle = set->idle;
    if (s->idle == 0) {
        s->idle = 5 * job->plan->batch;
        s->idle = s->idle < 30 * DS_SECOND ? 30 * DS_SECOND : s->idle;
    }
}

static void event_time_node(ds_job *job, ds_node *node, const ds_source_args *s)
{
    if (s->event_time.s == NULL)
        return;
    event_time_column(job, node, &s->event_time);
    node->watermarked = s->watermark > 0;
}

/* ---- nodes ---- */

/* A source with mistakes has a node too, so that what follows it is checked as
 * far as that goes. */
static void source_node(ds_job *job, struct source *src, bool whole)
{
    const ds_op_type *type = ds_registry_op(job->reg, "source");
    ds_source_args *s = src->args;
    uint16_t *key = ds_new(job->arena, uint16_t, 1);
    ds_node *node;

    DS_BUG_ON(type == NULL);
    node = planner_node(&job->planner, type, src->name.s, src->name.s, "source",
                        args_name_where(&src->name), NULL);
    node->args = s;
    node->on_error = job->on_error;
    node->records = true;
    node->copies = true;
    node->broken = !whole;
    if (whole)
        node->schema = s->key.s ? build_with_key(job, s, key) : s->body;
    whole = whole && node->schema;
    node->broken = !whole;
    if (whole && s->key.s) {
        node->keys = key;
        node->n_keys = 1;
        node->by_key = true;
    }
    if (whole)
        event_time_node(job, node, s);
    planner_add(&job->planner, node);
    if (node->event_time >= 0) /* the watermark needs it */
        node->wants[node->event_time] = true;
    for (uint32_t i = 0; s && i < s->n_names; i++)
        planner_topic(&job->planner, s->names[i],
                      s->receiver ? DS_TOPIC_RECEIVED : DS_TOPIC_SOURCE, 0);
    src->node = node;
}

bool build_kafka_in(ds_job *job, struct source *src, const ds_arg *arg,
                    const ds_param *params, const char *what, bool strict)
{
    struct kafka_in *set = ds_new(job->arena, struct kafka_in, 1);
    ds_source_args *s = &set->args;
    bool filled = ds_args_fill(arg, params, what, set, job->arena, &job->diags);

    s->strict = strict;
    src->args = s;
    build_props(job, set->properties);
    if (filled || s->topic.s || s->topics || s->pattern.s)
        source_topics(job, src, arg);
    if (s->start.s)
        source_start(job, &s->start);
    if (s->key.s && build_check_column(job, &s->key))
        columns_name(&s->key, &job->diags);
    s->codec = build_codec(job, &s->format, "json");
    s->key_codec = build_codec(job, &s->key_format, "text");
    build_header(job, arg, s->header, s->codec);
    /* Without columns much depends on a format that may be misspelt. */
    if (s->codec && (filled || s->columns))
        s->body = build_body(job, src, arg, &set->schema);
    if (s->codec)
        s->codec = build_codec_plain(job, s->codec, "json");
    return s->body && s->key_codec;
}

static void build_source(ds_job *job, struct source *src, const ds_arg *arg)
{
    struct source_set set = {0};
    const char *what = ds_str_printf(job->arena, "source %s", src->name.s);
    uint32_t errors = job->diags.errors;
    bool whole = false;
    ds_where where = args_name_where(&src->name);
    const ds_arg *under = NULL;
    const ds_receiver_type *receiver = build_receiver(job, arg, &under, &arg);

    if (!args_is_name(src->name.s))
        ds_diag_add(&job->diags, DS_ERROR, "E0105", where,
                    "small letters, digits and _, at most 63",
                    "\"%.80s\" is no name of a source", src->name.s);
    ds_args_fill(arg, ds_source_params, what, &set, job->arena, &job->diags);
    if (receiver && ds_arg_find(arg, "kafka"))
        ds_diag_add(&job->diags, DS_ERROR, "E0126", where,
                    "two sources can go into one stream by `union`",
                    "%s has two connectors", what);
    else if (receiver)
        whole = build_received(job, src, receiver, under);
    else if (set.kafka && set.kafka->kind == DS_ARG_MAP)
        whole = build_kafka_in(job, src, set.kafka, ds_source_kafka_params,
                               ds_str_printf(job->arena, "`kafka` of %s", what),
                               set.strict);
    else if (ds_arg_find(arg, "kafka"))
        ds_diag_add(&job->diags, DS_ERROR, "E0103", args_where(set.kafka), NULL,
                    "`kafka` of %s needs a map, not %s", what,
                    args_kind(set.kafka));
    else if (job->diags.errors == errors)
        ds_diag_add(&job->diags, DS_ERROR, "E0126", where,
                    "kafka: {topic: lines, format: text}",
                    "%s says not where it comes from", what);
    event_time_args(job, src, &set, arg);
    source_node(job, src, whole);
}

void build_sources(ds_job *job)
{
    job->srcs = ds_new(job->arena, struct source, job->sources.n + 1);
    for (uint32_t i = 0; i < job->sources.n; i++) {
        struct source *src = &job->srcs[i];

        src->name = job->sources.list[i].name;
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(job->srcs[k].name.s, src->name.s) == 0)
                ds_diag_add(&job->diags, DS_ERROR, "E0125",
                            args_name_where(&src->name), NULL,
                            "source `%s` stands twice", src->name.s);
        build_source(job, src, job->sources.list[i].arg);
    }
}
