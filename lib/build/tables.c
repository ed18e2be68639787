/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables.c - what a table says: a compacted topic or a file, its columns, its
 * key.
 */
#include <string.h>

#include "build/build.h"

struct table_set {
    const ds_arg *kafka, *file;
};

/* `kafka:` and `file:` alike. */
struct table_in {
    struct kafka_in in;
    ds_text path;
    ds_time refresh;
};

#define AT(member) offsetof(struct table_in, in.args.member)

#define COLUMNS                                                                \
    {                                                                          \
        .name = "columns", .type = DS_P_COLUMNS, .offset = AT(columns),        \
        .help = "Name and type of each column; {field: type} is a row, "       \
                "[type] an array."                                             \
    }
#define HEADER(text)                                                           \
    {                                                                          \
        .name = "header", .type = DS_P_BOOL, .offset = AT(header),             \
        .help = (text)                                                         \
    }

const ds_param ds_table_kafka_params[] = {
    {.name = "topic",
     .type = DS_P_STR,
     .offset = AT(topic),
     .required = true,
     .help = "The topic, with cleanup.policy=compact: the latest record of "
             "each key is the row, a null value deletes it."},
    {.name = "format",
     .type = DS_P_STR,
     .offset = AT(format),
     .def = "json",
     .help = "What the bytes of a value are."},
    HEADER("Format csv: a line of names stands before each row."),
    {.name = "key",
     .type = DS_P_STR,
     .offset = AT(key),
     .required = true,
     .help = "The column that the record's key is; it need not be among the "
             "columns."},
    {.name = "key_format",
     .type = DS_P_STR,
     .offset = AT(key_format),
     .def = "text",
     .help = "What the bytes of a key are: text, json or raw."},
    COLUMNS,
    {.name = "copartitioned",
     .type = DS_P_BOOL,
     .offset = AT(copartitioned),
     .help = "Partitioned as the streams that it is joined with: each process "
             "has the rows of its own partitions, in its state, which may be "
             "larger than its memory."},
    {.name = "properties",
     .type = DS_P_PROPS,
     .offset = offsetof(struct table_in, in.properties),
     .help = "librdkafka properties."},
    {.name = "schema",
     .type = DS_P_OBJECT,
     .offset = offsetof(struct table_in, in.schema),
     .sub = ds_source_schema_params,
     .help = "avro: where the schema is."},
    {0},
};

const ds_param ds_table_file_params[] = {
    {.name = "path",
     .type = DS_P_STR,
     .offset = offsetof(struct table_in, path),
     .required = true,
     .help = "The file; relative to the job's."},
    {.name = "format",
     .type = DS_P_STR,
     .offset = AT(format),
     .def = "json",
     .help = "csv, or json: an object a line."},
    HEADER("Format csv: the first line has the names of the fields."),
    {.name = "key",
     .type = DS_P_STR,
     .offset = AT(key),
     .required = true,
     .help = "The column that rows are found by."},
    {.name = "columns",
     .type = DS_P_COLUMNS,
     .offset = AT(columns),
     .required = true,
     .help = "Name and type of each column."},
    {.name = "refresh",
     .type = DS_P_DURATION,
     .offset = offsetof(struct table_in, refresh),
     .help = "How often the file is read again if it changed; absent: it is "
             "read at the start only."},
    {0},
};

const ds_param ds_table_params[] = {
    {.name = "kafka",
     .type = DS_P_ARG,
     .offset = offsetof(struct table_set, kafka),
     .sub = ds_table_kafka_params,
     .help = "A compacted topic."},
    {.name = "file",
     .type = DS_P_ARG,
     .offset = offsetof(struct table_set, file),
     .sub = ds_table_file_params,
     .help = "A file."},
    {0},
};

/* ---- names ---- */

bool build_is_table(const ds_job *job, const char *name)
{
    for (uint32_t i = 0; i < job->tables.n; i++)
        if (strcmp(job->tables.list[i].name.s, name) == 0)
            return true;
    return false;
}

static void check_name(ds_job *job, uint32_t i)
{
    const ds_text *name = &job->tables.list[i].name;
    ds_where where = args_name_where(name);

    if (!args_is_name(name->s))
        ds_diag_add(&job->diags, DS_ERROR, "E0105", where,
                    "small letters, digits and _, at most 63",
                    "\"%.80s\" is no name of a table", name->s);
    if (strcmp(name->s, "batch") == 0)
        ds_diag_add(&job->diags, DS_ERROR, "E0125", where, NULL,
                    "`batch` is the name of the rows at hand in a query");
    for (uint32_t k = 0; k < i; k++)
        if (strcmp(job->tables.list[k].name.s, name->s) == 0)
            ds_diag_add(&job->diags, DS_ERROR, "E0125", where, NULL,
                        "table `%s` stands twice", name->s);
    for (uint32_t k = 0; k < job->sources.n; k++)
        if (strcmp(job->srcs[k].name.s, name->s) == 0)
            ds_diag_add(&job->diags, DS_ERROR, "E0125", where,
                        "sources, tables and streams share their names",
                        "a source is already named `%s`", name->s);
}

/* ---- a table ---- */

static ds_schema *schema_without(ds_job *job, const ds_schema *all,
                                 uint16_t key)
{
    ds_schema *s = ds_new(job->arena, ds_schema, 1);
    ds_field *fields = ds_new(job->arena, ds_field, all->n + 1);

    for (uint32_t i = 0; i < all->n; i++)
        if (i != key)
            fields[s->n++] = all->fields[i];
    s->fields = fields;
    return s;
}

/* The key of a record is its key: the value need not have it. */
static void key_nullable(ds_job *job, ds_source_args *s, uint16_t key)
{
    ds_schema *body = ds_new(job->arena, ds_schema, 1);
    ds_field *fields = ds_new(job->arena, ds_field, s->body->n + 1);

    for (uint32_t i = 0; i < s->body->n; i++)
        fields[i] = s->body->fields[i];
    if (key < s->body->n)
        fields[key].not_null = false;
    *body = (ds_schema){s->body->n, fields};
    s->body = body;
}

/* The bytes of a record's key: text of any type, JSON, or bytea as it is. */
static bool check_key_format(ds_job *job, const ds_source_args *s, ds_type type)
{
    const char *format = s->key_codec->name;
    ds_where where = args_name_where(&s->key_format);

    if (strcmp(format, "raw") == 0 && type != DS_BYTES) {
        ds_diag_add(&job->diags, DS_ERROR, "E0142", where,
                    "key_format: text reads every other type",
                    "key_format raw holds bytea, not %s", ds_type_name(type));
        return false;
    }
    if (strcmp(format, "text") == 0 || strcmp(format, "json") == 0 ||
        strcmp(format, "raw") == 0)
        return true;
    args_later(where,
               ds_str_printf(job->arena, "key_format %s of a table", format),
               &job->diags);
    return false;
}

static bool check_key(ds_job *job, const ds_source_args *s,
                      const ds_schema *schema, uint16_t key, bool file)
{
    ds_type type = schema->fields[key].type;

    if (ds_type_elem(type) != DS_NONE || ds_row_fields(type) ||
        type == DS_JSON) {
        ds_diag_add(&job->diags, DS_ERROR, "E0142", args_name_where(&s->key),
                    NULL, "a table has no key of type %s", ds_type_name(type));
        return false;
    }
    return file || check_key_format(job, s, type);
}

/* The plan's table of what was said; NULL: nothing of it can be known. */
static void table_add(ds_job *job, const struct source *src, const char *path,
                      ds_time refresh)
{
    ds_plan *plan = job->plan;
    ds_source_args *s = src->args;
    uint16_t key = 0;
    const ds_schema *schema = build_with_key(job, s, &key);
    ds_plan_table *t = &plan->tables[plan->n_tables];

    if (!schema || !check_key(job, s, schema, key, path != NULL))
        return;
    if (!path)
        key_nullable(job, s, key);
    *t = (ds_plan_table){.id = plan->n_tables,
                         .name = src->name.s,
                         .where = args_name_where(&src->name),
                         .args = s,
                         .schema = schema,
                         .key = key,
                         .values = schema_without(job, schema, key),
                         .topic = -1,
                         .path = path,
                         .refresh = refresh,
                         .copartitioned = s->copartitioned,
                         .on_error = job->on_error};
    if (path && job->tap) {
        s->topic =
            ds_text_of(ds_str_printf(job->arena, "table.%s", src->name.s));
        s->codec = ds_registry_codec(job->reg, "json");
        s->header = false;
        key_nullable(job, s, key);
    }
    if (s->topic.s)
        t->topic = planner_topic(
            &job->planner, s->topic.s,
            t->copartitioned ? DS_TOPIC_SOURCE : DS_TOPIC_TABLE, 0);
    plan->n_tables++;
}

/* ---- of a file ---- */

static const char *path_of(const ds_job *job, const ds_text *path)
{
    const char *slash = job->file ? strrchr(job->file, '/') : NULL;

    if (path->s[0] == '/' || !slash)
        return path->s;
    return ds_str_printf(job->arena, "%.*s/%s", (int)(slash - job->file),
                         job->file, path->s);
}

static bool file_format(ds_job *job, ds_source_args *s)
{
    s->codec = build_codec(job, &s->format, "json");
    s->key_codec = ds_registry_codec(job->reg, "text");
    if (!s->codec || strcmp(s->codec->name, "csv") == 0 ||
        strcmp(s->codec->name, "json") == 0)
        return s->codec != NULL;
    ds_diag_add(&job->diags, DS_ERROR, "E0140", args_name_where(&s->format),
                "csv or json", "a table's file is no %s", s->codec->name);
    return false;
}

/* Every row of a file is read from it alone. */
static bool file_key(ds_job *job, const ds_source_args *s)
{
    const char **names;

    if (ds_schema_find(s->body, s->key.s) >= 0)
        return true;
    names = ds_new(job->arena, const char *, s->body->n + 1);
    for (uint32_t i = 0; i < s->body->n; i++)
        names[i] = s->body->fields[i].name;
    ds_diag_add(&job->diags, DS_ERROR, "E0101", args_name_where(&s->key),
                args_hint(s->key.s, names, s->body->n, job->arena),
                "the key `%.80s` is not among the columns", s->key.s);
    return false;
}

static void table_file(ds_job *job, struct source *src, const ds_arg *arg,
                       const char *what)
{
    struct table_in *set = ds_new(job->arena, struct table_in, 1);
    ds_source_args *s = &set->in.args;
    bool filled = ds_args_fill(arg, ds_table_file_params, what, set, job->arena,
                               &job->diags);

    src->args = s;
    if (!file_format(job, s))
        return;
    build_header(job, arg, s->header, s->codec);
    if (s->columns)
        s->body = build_body(job, src, arg, &set->in.schema);
    if (s->body && s->key.s && file_key(job, s) && filled)
        table_add(job, src, path_of(job, &set->path), set->refresh);
}

/* ---- of a topic ---- */

static void table_kafka(ds_job *job, struct source *src, const ds_arg *arg,
                        const char *what)
{
    uint32_t errors = job->diags.errors;

    if (build_kafka_in(job, src, arg, ds_table_kafka_params, what, false) &&
        job->diags.errors == errors)
        table_add(job, src, NULL, 0);
}

/* ---- all of them ---- */

static void build_table(ds_job *job, struct source *src, const ds_arg *arg)
{
    struct table_set set = {0};
    const char *what = ds_str_printf(job->arena, "table %s", src->name.s);
    uint32_t errors = job->diags.errors;
    const ds_arg *in;

    ds_args_fill(arg, ds_table_params, what, &set, job->arena, &job->diags);
    in = set.kafka ? set.kafka : set.file;
    if (job->diags.errors != errors)
        return;
    if (!in || (set.kafka && set.file)) {
        ds_diag_add(&job->diags, DS_ERROR, "E0126", args_name_where(&src->name),
                    "kafka: {topic: users, key: id, columns: {id: text}}",
                    in ? "%s has two connectors"
                       : "%s says not where it comes from",
                    what);
        return;
    }
    what = ds_str_printf(job->arena, "`%s` of %s", set.kafka ? "kafka" : "file",
                         what);
    if (in->kind != DS_ARG_MAP)
        ds_diag_add(&job->diags, DS_ERROR, "E0103", in->where, NULL,
                    "%s needs a map, not %s", what, args_kind(in));
    else if (set.kafka)
        table_kafka(job, src, in, what);
    else
        table_file(job, src, in, what);
}

void build_tables(ds_job *job)
{
    job->plan->tables = ds_new(job->arena, ds_plan_table, job->tables.n + 1);
    for (uint32_t i = 0; i < job->tables.n; i++) {
        struct source *src = ds_new(job->arena, struct source, 1);

        src->name = job->tables.list[i].name;
        check_name(job, i);
        build_table(job, src, job->tables.list[i].arg);
    }
    job->plan->tables_bad = job->plan->n_tables < job->tables.n;
}

/* ---- co-partitioned ---- */

ds_plan_table *build_table_find(const ds_job *job, const char *name)
{
    for (uint32_t i = 0; i < job->plan->n_tables; i++)
        if (strcmp(job->plan->tables[i].name, name) == 0)
            return &job->plan->tables[i];
    return NULL;
}

/* Its records as they are, by the bytes of their keys. */
static ds_node *table_source(ds_job *job, ds_plan_table *t)
{
    static const ds_field fields[] = {{"value", DS_BYTES, 0, false},
                                      {"key", DS_BYTES, 0, false}};
    static const ds_schema body = {1, fields}, all = {2, fields};
    static const uint16_t key = 1;
    ds_source_args *s = ds_new(job->arena, ds_source_args, 1);
    ds_node *node =
        planner_node(&job->planner, ds_registry_op(job->reg, "source"), t->name,
                     t->name, "source", t->where, NULL);

    *s = (ds_source_args){.topic = t->args->topic,
                          .codec = ds_registry_codec(job->reg, "raw"),
                          .key_codec = ds_registry_codec(job->reg, "raw"),
                          .body = &body,
                          .key_from_record = true,
                          .names = t->args->names,
                          .n_names = t->args->n_names,
                          .table = t};
    node->args = s;
    node->on_error = job->on_error;
    node->schema = &all;
    node->keys = &key;
    node->n_keys = 1;
    node->by_key = node->records = node->copies = true;
    planner_add(&job->planner, node);
    return node;
}

void build_table_join(ds_job *job, ds_node *node, const ds_text *name)
{
    ds_plan_table *t = build_table_find(job, name->s);
    const ds_node *in = node->inputs[0];

    if (!t->source)
        t->source = table_source(job, t);
    planner_input(&job->planner, node, t->source);
    if (in->broken || in->n_keys == 0 || planner_cut_of(node) == DS_CUT_NONE)
        return;
    ds_diag_add(&job->diags, DS_ERROR, "E0461", args_name_where(name),
                "the stream's source needs `key:` and the table's key_format, "
                "and no keyBy may stand between; a table without "
                "`copartitioned` is joined by any key",
                "table `%s` is co-partitioned, but `%s` is not partitioned by "
                "the key of its topic",
                t->name, node->stream);
    node->broken = true;
}

void build_tables_whole(ds_job *job, const ds_node *node)
{
    for (uint32_t i = 0; i < node->n_tables; i++)
        if (node->tables[i]->copartitioned)
            ds_diag_add(&job->diags, DS_ERROR, "E0461", node->where,
                        "leave `copartitioned` out of the table",
                        "%s needs all of table `%s`, and a process has only "
                        "its own partitions of it",
                        node->op, node->tables[i]->name);
}

static bool is_read(const ds_plan *plan, const ds_plan_table *t)
{
    if (t->source)
        return true;
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        for (uint32_t k = 0; k < plan->nodes[i]->n_tables; k++)
            if (plan->nodes[i]->tables[k] == t)
                return true;
    return false;
}

void build_tables_used(ds_job *job)
{
    for (uint32_t i = 0; i < job->plan->n_tables; i++)
        if (!is_read(job->plan, &job->plan->tables[i]))
            ds_diag_add(&job->diags, DS_WARNING, "W0102",
                        job->plan->tables[i].where, NULL,
                        "nothing reads table `%s`", job->plan->tables[i].name);
}
