/* SPDX-License-Identifier: Apache-2.0 */
/*
 * streams.c - streams in the order in which they read each other, step by
 * step.
 */
#include <string.h>

#include "build/build.h"

/* ---- what a file says of a stream ---- */

struct stream_set {
    ds_text from;
    const ds_arg *steps;
};

const ds_param ds_stream_params[] = {
    {.name = "from",
     .type = DS_P_NAME,
     .offset = offsetof(struct stream_set, from),
     .required = true,
     .help = "A source or another stream."},
    {.name = "do",
     .type = DS_P_ARG,
     .offset = offsetof(struct stream_set, steps),
     .required = true,
     .help = "Its steps, in order; each names one operator."},
    {.name = "sql", .type = DS_P_ARG, .later = true},
    {.name = "mode", .type = DS_P_ARG, .later = true},
    {.name = "id", .type = DS_P_ARG, .later = true},
    {.name = "on_error", .type = DS_P_ARG, .later = true},
    {.name = "unbounded", .type = DS_P_ARG, .later = true},
    {0},
};

struct step_set {
    ds_text id;
    int on_error; /* a ds_on_error */
};

const ds_param ds_step_params[] = {
    {.name = "id",
     .type = DS_P_STR,
     .offset = offsetof(struct step_set, id),
     .help = "Names the operator's state, so that its stream can be renamed."},
    {.name = "on_error",
     .type = DS_P_ENUM,
     .offset = offsetof(struct step_set, on_error),
     .choices = "fail|dlq|skip|null",
     .help = "What happens to a row that is refused here; null (map, filter): "
             "the expression that failed gives NULL."},
    {0},
};

/* Why a name beside an operator is none of what stands there. */
static const char *beside_hint(const ds_text *name, const ds_arg *value,
                               ds_arena *a)
{
    const char *const names[] = {ds_step_params[0].name,
                                 ds_step_params[1].name};
    const char *hint = args_comma_hint(name, value);

    return hint ? hint : args_hint(name->s, names, 2, a);
}

/* A step is a bare name, or a map with one operator in it. */
static void step_arg(ds_stream *s, const ds_arg *step)
{
    ds_diags *d = &s->job->diags;
    const char *hint = NULL;
    ds_where where = step->where;
    int op = -1, n = 0;

    if (step->kind == DS_ARG_SCALAR && !step->null) {
        ds_stream_step_arg(s, &step->text, NULL, NULL);
        return;
    }
    for (uint32_t i = 0; step->kind == DS_ARG_MAP && i < step->n; i++)
        if (!args_param(ds_step_params, step->names[i].s) && n++ == 0)
            op = (int)i;
    if (n == 1) {
        ds_stream_step_arg(s, &step->names[op], step->items[op], step);
        return;
    }
    ds_stream_step_arg(s, &(ds_text){0}, NULL, NULL); /* nobody knows which */
    for (uint32_t i = 0; n > 1 && !hint && i < step->n; i++) {
        hint = beside_hint(&step->names[i], step->items[i], s->job->arena);
        if (hint)
            where = args_name_where(&step->names[i]);
    }
    if (n > 1)
        ds_diag_add(d, DS_ERROR, "E0127", where,
                    hint ? hint : "begin each step with a dash of its own",
                    "a step names one operator; this one names `%s` and more",
                    step->names[op].s);
    else
        ds_diag_add(d, DS_ERROR, "E0127", step->where, "as in - filter: n > 0",
                    "a step names one operator");
}

/* A name as it stands in a map, or NULL. */
static const ds_text *name_in(const ds_arg *map, const char *name)
{
    for (uint32_t i = 0; ds_arg_find(map, name) && i < map->n; i++)
        if (strcmp(map->names[i].s, name) == 0)
            return &map->names[i];
    return NULL;
}

void build_stream_arg(ds_job *job, const ds_text *name, const ds_arg *arg)
{
    struct stream_set set = {0};
    const char *what = ds_str_printf(job->arena, "stream %s", name->s);
    const ds_text *sql = name_in(arg, "sql");
    ds_stream *s;

    if (sql) /* the rest of it is of no use then */
        args_later(args_name_where(sql),
                   ds_str_printf(job->arena, "`sql` in %s", what), &job->diags);
    else
        ds_args_fill(arg, ds_stream_params, what, &set, job->arena,
                     &job->diags);
    s = ds_job_stream_arg(job, name, &set.from);
    s->broken = set.from.s == NULL;
    if (set.steps == NULL)
        return;
    if (set.steps->kind != DS_ARG_LIST || set.steps->n == 0) {
        s->broken = true;
        ds_diag_add(&job->diags, DS_ERROR, "E0103", set.steps->where, NULL,
                    "`do` of %s needs a list of steps", what);
        return;
    }
    for (uint32_t i = 0; i < set.steps->n; i++)
        step_arg(s, set.steps->items[i]);
}

/* ---- names ---- */

static ds_stream *stream_find(const ds_job *job, const char *name)
{
    for (uint32_t i = 0; i < job->n_streams; i++)
        if (strcmp(job->streams[i]->name.s, name) == 0)
            return job->streams[i];
    return NULL;
}

static struct source *source_find(const ds_job *job, const char *name)
{
    for (uint32_t i = 0; i < job->sources.n; i++)
        if (strcmp(job->srcs[i].name.s, name) == 0)
            return &job->srcs[i];
    return NULL;
}

static void check_name(ds_job *job, uint32_t i)
{
    const ds_text *name = &job->streams[i]->name;
    ds_where where = args_name_where(name);

    if (!args_is_name(name->s))
        ds_diag_add(&job->diags, DS_ERROR, "E0105", where,
                    "small letters, digits and _, at most 63",
                    "\"%.80s\" is no name of a stream", name->s);
    if (source_find(job, name->s))
        ds_diag_add(&job->diags, DS_ERROR, "E0125", where,
                    "sources and streams share their names",
                    "a source is already named `%s`", name->s);
    if (build_is_table(job, name->s))
        ds_diag_add(&job->diags, DS_ERROR, "E0125", where,
                    "sources, tables and streams share their names",
                    "a table is already named `%s`", name->s);
    if (stream_find(job, name->s) != job->streams[i])
        ds_diag_add(&job->diags, DS_ERROR, "E0125", where, NULL,
                    "stream `%s` stands twice", name->s);
}

/* The nearest name, or what names there are. */
static const char *from_hint(const ds_job *job, const char *name)
{
    uint32_t n = 0;
    const char **names =
        ds_new(job->arena, const char *, job->sources.n + job->n_streams + 1);
    const char *hint;

    for (uint32_t i = 0; i < job->sources.n; i++)
        names[n++] = job->srcs[i].name.s;
    for (uint32_t i = 0; i < job->n_streams; i++)
        names[n++] = job->streams[i]->name.s;
    hint = args_hint(name, names, n, job->arena);
    if (hint || n == 0)
        return hint;
    hint = ds_str_printf(job->arena, "there are: %s", names[0]);
    for (uint32_t i = 1; i < n && i < 8; i++)
        hint = ds_str_printf(job->arena, "%s, %s", hint, names[i]);
    return n > 8 ? ds_str_printf(job->arena, "%s, ...", hint) : hint;
}

ds_node *build_from(ds_job *job, const ds_text *from)
{
    struct source *src = source_find(job, from->s);
    ds_stream *s = stream_find(job, from->s);

    if (src)
        src->used = true;
    if (src)
        return src->node;
    if (s)
        return s->last;
    if (build_is_table(job, from->s))
        ds_diag_add(&job->diags, DS_ERROR, "E0120", args_name_where(from),
                    "a stream is joined with a table: join: TABLE, or "
                    "leftOuterJoin; or read its topic as a source too",
                    "`%s` is a table, no source or stream", from->s);
    else
        ds_diag_add(&job->diags, DS_ERROR, "E0120", args_name_where(from),
                    from_hint(job, from->s),
                    "there is no source or stream `%.80s`", from->s);
    return NULL;
}

/* ---- steps ---- */

/* Operators of the language that are none here yet. */
static const char *const later_ops[] = {"dropDuplicates",
                                        "dropDuplicatesWithinWatermark"};

/* What Spark and SQL call otherwise, or have and a job needs not. */
static const struct {
    const char *name, *hint;
} other_names[] = {
    {"select", "map takes a select list, transform a query"},
    {"where", "here it is `filter`"},
    {"groupBy", "keyBy, and then reduceByKey or groupByKey"},
    {"distinct", "transform: SELECT DISTINCT ... FROM batch"},
    {"sql", "transform: SELECT ... FROM batch"},
    {"orderBy", "transform: SELECT ... FROM batch ORDER BY ..."},
    {"sortBy", "transform: SELECT ... FROM batch ORDER BY ..."},
    {"sortByKey", "transform: SELECT ... FROM batch ORDER BY ..."},
    {"limit", "transform: SELECT ... FROM batch LIMIT ..."},
    {"combineByKey", "reduceByKey with aggregates: avg(n) AS mean"},
    {"aggregateByKey", "reduceByKey with aggregates: avg(n) AS mean"},
    {"foldByKey", "reduceByKey with aggregates: sum(n) AS n"},
    {"leftJoin", "here it is `leftOuterJoin`"},
    {"rightJoin", "here it is `rightOuterJoin`"},
    {"fullJoin", "here it is `fullOuterJoin`"},
    {"outerJoin", "here it is `fullOuterJoin`"},
    {"groupWith", "here it is `cogroup`"},
    {"print", "a sink shows rows: console: {limit: 10}"},
    {"saveAsTextFiles", "a sink writes files: file: {path: out/counts}"},
    {"foreachRDD", "what becomes of rows is said by `sinks`"},
    {"cache", "leave it out: nothing is computed twice"},
    {"persist", "leave it out: nothing is computed twice"},
    {"checkpoint", "leave it out: state is kept with every batch"},
};

static const char *op_hint(const ds_job *job, const char *name)
{
    const char *names[128];
    uint32_t n = 0;

    for (size_t i = 0; i < sizeof(other_names) / sizeof(*other_names); i++)
        if (strcmp(name, other_names[i].name) == 0)
            return other_names[i].hint;
    for (uint32_t i = 0; i < 128 && ds_registry_op_at(job->reg, i); i++)
        if (!(ds_registry_op_at(job->reg, i)->flags & DS_OP_INTERNAL))
            names[n++] = ds_registry_op_at(job->reg, i)->name;
    return args_hint(name, names, n, job->arena);
}

/* The table that a step joins with; NULL: none. */
static const ds_text *joined_table(const ds_job *job, const struct step *step)
{
    static const char *const joins[] = {"join", "leftOuterJoin",
                                        "rightOuterJoin", "fullOuterJoin"};
    const ds_arg *with = step->arg;
    bool is_join = false;

    for (size_t i = 0; i < sizeof(joins) / sizeof(*joins); i++)
        is_join = is_join || strcmp(step->op.s, joins[i]) == 0;
    if (with && with->kind == DS_ARG_MAP)
        with = ds_arg_find(with, "with");
    is_join = is_join && with && with->kind == DS_ARG_SCALAR && with->text.s &&
              build_is_table(job, with->text.s);
    return is_join ? &with->text : NULL;
}

/* A join with a table is another operator than one with a stream. */
static const char *table_join_type(const ds_job *job, const ds_text *name)
{
    const ds_plan_table *t = build_table_find(job, name->s);

    return t && t->copartitioned ? "storedTableJoin" : "tableJoin";
}

static const ds_op_type *step_type(ds_job *job, const struct step *step)
{
    ds_where where = args_name_where(&step->op);
    const ds_op_type *type;

    if (step->op.s == NULL)
        return NULL;
    if (joined_table(job, step))
        return ds_registry_op(job->reg,
                              table_join_type(job, joined_table(job, step)));
    type = ds_registry_op(job->reg, step->op.s);
    if (type && !(type->flags & DS_OP_INTERNAL))
        return type;
    if (build_is_program(job, &step->op))
        return NULL;
    for (size_t i = 0; i < sizeof(later_ops) / sizeof(*later_ops); i++)
        if (strcmp(step->op.s, later_ops[i]) == 0) {
            args_later(where,
                       ds_str_printf(job->arena, "operator %s", step->op.s),
                       &job->diags);
            return NULL;
        }
    ds_diag_add(&job->diags, DS_ERROR, "E0129", where, op_hint(job, step->op.s),
                "no operator is named \"%.80s\"", step->op.s);
    return NULL;
}

void build_args(ds_job *job, ds_node *node, const ds_arg *arg)
{
    const ds_op_type *type = node->type;
    void *args =
        ds_arena_alloc(job->arena, type->args_size + 1, alignof(max_align_t));

    node->args = args;
    node->on_error = job->on_error;
    if (!ds_args_fill(arg, type->params, node->op, args, job->arena,
                      &job->diags))
        node->broken = true;
    if (++job->n_steps == BUILD_MAX_STEPS + 1)
        ds_diag_add(&job->diags, DS_ERROR, "E0104", node->where, NULL,
                    "a job has at most %d steps", BUILD_MAX_STEPS);
}

static bool is_store_name(const ds_text *id)
{
    return id->len > 0 && id->len <= 63 && id->s[0] != '.' &&
           strspn(id->s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789._-") == id->len;
}

/* id: and on_error:, beside the operator. */
static void step_more(ds_job *job, const struct step *step, ds_node *node)
{
    struct step_set set = {0};
    ds_text names[2];
    const ds_arg *items[2];
    uint32_t n = 0;
    ds_diags *d = &job->diags;

    for (uint32_t i = 0; step->more && i < step->more->n && n < 2; i++)
        if (args_param(ds_step_params, step->more->names[i].s)) {
            names[n] = step->more->names[i];
            items[n++] = step->more->items[i];
        }
    ds_args_fill(args_map(names, items, n, node->where, job->arena),
                 ds_step_params, "a step", &set, job->arena, d);
    if (ds_arg_find(step->more, "on_error"))
        node->on_error = (ds_on_error)set.on_error;
    if (node->on_error == DS_ON_ERROR_DLQ && job->set.errors.dlq.s == NULL &&
        ds_arg_find(step->more, "on_error"))
        ds_diag_add(d, DS_ERROR, "E0150",
                    ds_arg_find(step->more, "on_error")->where,
                    "errors: {dlq: TOPIC}",
                    "`on_error: dlq` needs a topic for dead letters");
    if (node->on_error == DS_ON_ERROR_NULL &&
        !(node->type->flags & DS_OP_NULLS))
        ds_diag_add(d, DS_ERROR, "E0151",
                    ds_arg_find(step->more, "on_error")->where,
                    "map and filter have it; or dlq, or skip",
                    "%s has no `on_error: null`", node->op);
    if (set.id.s && !is_store_name(&set.id))
        ds_diag_add(d, DS_ERROR, "E0105", args_name_where(&set.id),
                    "letters, digits, dots, _ and -, at most 63",
                    "\"%.80s\" names no state", set.id.s);
    node->id_text = set.id.s;
}

/* Once the node is planned, it is known whether it has a state. */
static void step_id(ds_job *job, const struct step *step, const ds_node *node)
{
    const ds_arg *id = ds_arg_find(step->more, "id");

    if (id && !node->broken && !(node->flags & DS_OP_STATEFUL))
        ds_diag_add(&job->diags, DS_WARNING, "W0104", id->where, NULL,
                    "%s has no state that `id` could name", node->op);
}

/* "counts.map", the second one "counts.map.2". */
static const char *step_name(const ds_stream *s, uint32_t i)
{
    const char *op = s->steps[i].op.s;
    int nth = 1;

    for (uint32_t k = 0; k < i; k++)
        nth += s->steps[k].op.s && strcmp(s->steps[k].op.s, op) == 0;
    if (nth == 1)
        return ds_str_printf(s->job->arena, "%s.%s", s->name.s, op);
    return ds_str_printf(s->job->arena, "%s.%s.%d", s->name.s, op, nth);
}

/* Arguments that were not written still have a place: the operator's. */
static const ds_arg *step_args(ds_job *job, const struct step *step)
{
    ds_arg *none;

    if (!args_is_null(step->arg))
        return step->arg;
    none = ds_new(job->arena, ds_arg, 1);
    none->null = true;
    none->where = args_name_where(&step->op);
    return none;
}

/* A node after which nothing is known, for what follows a mistake. */
static ds_node *lost_node(ds_job *job, const ds_stream *s)
{
    ds_node *node = planner_node(
        &job->planner, ds_registry_op(job->reg, "source"), s->name.s, s->name.s,
        "source", args_name_where(&s->name), NULL);

    node->broken = true;
    return node;
}

/* ---- other streams that a step names ---- */

static void build_stream(ds_job *job, ds_stream *s);

/* The stream of that name, planned; NULL after a mistake. */
static ds_node *build_named(ds_job *job, const ds_stream *reader,
                            const ds_text *name)
{
    ds_stream *s = NULL;

    if (!source_find(job, name->s))
        s = stream_find(job, name->s);
    if (s && s->seen == 1) {
        ds_diag_add(&job->diags, DS_ERROR, "E0121", args_name_where(name),
                    "a circle has no beginning: start it from a source",
                    "stream `%s` reads `%s`, which comes of it", reader->name.s,
                    s->name.s);
        return NULL;
    }
    if (s)
        build_stream(job, s);
    return build_from(job, name);
}

static void step_input(ds_stream *s, ds_node *node, const ds_text *name)
{
    ds_node *input = build_named(s->job, s, name);

    s->named = planner_grow(s->job->arena, s->named, s->n_named, &s->cap_named,
                            sizeof(*s->named));
    s->named[s->n_named++] = name->s;
    if (input)
        planner_input(&s->job->planner, node, input);
    else
        node->broken = true;
}

/* What its parameters name become inputs of the node. */
static void step_inputs(ds_stream *s, ds_node *node)
{
    for (const ds_param *p = node->type->params; p && p->name; p++) {
        const void *at = (const char *)node->args + p->offset;
        const ds_arg *list;

        if (p->type == DS_P_STREAM && ((const ds_text *)at)->s)
            step_input(s, node, at);
        if (p->type != DS_P_STREAMS)
            continue;
        list = *(const ds_arg *const *)at;
        if (list && list->kind == DS_ARG_SCALAR)
            step_input(s, node, &list->text);
        for (uint32_t i = 0; list && i < list->n; i++)
            step_input(s, node, &list->items[i]->text);
    }
}

/* What an operator has in front of it. */
static void build_before(ds_stream *s, const struct step *step,
                         const ds_op_type *type, const char *name)
{
    ds_node *node =
        planner_node(&s->job->planner, type, s->name.s,
                     ds_str_printf(s->job->arena, "%s.%s", name, type->name),
                     type->name, args_name_where(&step->op), s->last);

    node->on_error = s->job->on_error;
    planner_add(&s->job->planner, node);
    s->last = node;
}

static void build_step(ds_stream *s, uint32_t i)
{
    ds_job *job = s->job;
    const struct step *step = &s->steps[i];
    const ds_op_type *type = step_type(job, step);
    ds_node *node;

    if (type == NULL) {
        s->last = lost_node(job, s);
        return;
    }
    if (job->n_steps > BUILD_MAX_STEPS)
        return;
    if (type->before)
        build_before(s, step, type->before, step_name(s, i));
    node = planner_node(&job->planner, type, s->name.s, step_name(s, i),
                        step->op.s, args_name_where(&step->op), s->last);
    build_args(job, node, step_args(job, step));
    step_inputs(s, node);
    if (type == ds_registry_op(job->reg, "storedTableJoin"))
        build_table_join(job, node, joined_table(job, step));
    step_more(job, step, node);
    planner_add(&job->planner, node);
    build_tables_whole(job, node);
    step_id(job, step, node);
    s->last = node;
}

/* ---- order ---- */

static void build_stream(ds_job *job, ds_stream *s)
{
    if (s->seen)
        return;
    s->seen = 1;
    if (s->from.s)
        s->last = build_named(job, s, &s->from);
    if (s->last == NULL || s->broken)
        s->last = lost_node(job, s);
    for (uint32_t i = 0; i < s->n_steps; i++)
        build_step(s, i);
    s->seen = 2;
}

void build_streams(ds_job *job)
{
    for (uint32_t i = 0; i < job->n_streams; i++)
        check_name(job, i);
    for (uint32_t i = 0; i < job->n_streams; i++)
        build_stream(job, job->streams[i]);
}
