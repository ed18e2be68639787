/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.c - a plan for people: stages, cuts and why, topics, stores, what is
 * promised. Stages come in the order in which rows pass them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

struct explain {
    const ds_plan *plan;
    FILE *to;
    int width; /* of the first column: names of streams, sources and sinks */
};

static bool is(const ds_node *node, const char *type)
{
    return strcmp(node->type->name, type) == 0;
}

static bool is_tap(const ds_plan *plan, const ds_node *node)
{
    return is(node, "sink") && node->topic >= 0 &&
           plan->topics[node->topic].tap;
}

/* ---- values ---- */

static void put_duration(FILE *to, ds_time t)
{
    static const struct {
        const char *unit;
        ds_time us;
    } units[] = {{"d", 86400 * DS_SECOND},
                 {"h", 3600 * DS_SECOND},
                 {"m", 60 * DS_SECOND},
                 {"s", DS_SECOND},
                 {"ms", DS_MS}};

    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
        if (t >= units[i].us) {
            fprintf(to, "%" PRId64 "%s", t / units[i].us, units[i].unit);
            t %= units[i].us;
        }
}

/* Blanks and line ends folded: an expression on one line. */
static void put_text(FILE *to, const char *s)
{
    bool blank = false, first = true;

    for (; *s; s++) {
        bool is_blank = strchr(" \t\r\n", *s) != NULL;

        if (!is_blank) {
            fprintf(to, "%s%c", blank && !first ? " " : "", *s);
            first = false;
        }
        blank = is_blank;
    }
}

static void put_tree(FILE *to, const ds_arg *arg)
{
    if (arg->kind == DS_ARG_SCALAR) {
        put_text(to, arg->text.s);
        return;
    }
    for (uint32_t i = 0; i < arg->n; i++) {
        fputs(i ? ", " : "", to);
        put_tree(to, arg->items[i]);
        if (arg->kind == DS_ARG_MAP)
            fprintf(to, " AS %s", arg->names[i].s);
    }
}

static void put_choice(FILE *to, const char *choices, int nth)
{
    for (; nth > 0; nth--)
        choices += strcspn(choices, "|") + 1;
    fprintf(to, "%.*s", (int)strcspn(choices, "|"), choices);
}

/* Whether something was said that is worth showing. */
static bool is_said(const ds_param *p, const void *at)
{
    switch (p->type) {
    case DS_P_STR:
    case DS_P_NAME:
    case DS_P_EXPR:
    case DS_P_QUERY:
    case DS_P_STREAM:
        return ((const ds_text *)at)->s != NULL;
    case DS_P_ENUM:
        return *(const int *)at != 0;
    case DS_P_BOOL:
        return *(const bool *)at;
    case DS_P_INT:
    case DS_P_SIZE:
    case DS_P_DURATION:
        return *(const int64_t *)at != 0;
    case DS_P_OBJECT:
        return false;
    default:
        return *(const ds_arg *const *)at != NULL;
    }
}

static void put_value(FILE *to, const ds_param *p, const void *at)
{
    switch (p->type) {
    case DS_P_STR:
    case DS_P_NAME:
    case DS_P_EXPR:
    case DS_P_QUERY:
    case DS_P_STREAM:
        put_text(to, ((const ds_text *)at)->s);
        break;
    case DS_P_ENUM:
        put_choice(to, p->choices, *(const int *)at);
        break;
    case DS_P_BOOL:
        fputs("true", to);
        break;
    case DS_P_INT:
    case DS_P_SIZE:
        fprintf(to, "%" PRId64, *(const int64_t *)at);
        break;
    case DS_P_DURATION:
        put_duration(to, *(const ds_time *)at);
        break;
    default:
        put_tree(to, *(const ds_arg *const *)at);
    }
}

static void put_args(FILE *to, const ds_node *node)
{
    bool first = true;

    for (const ds_param *p = node->type->params; p && p->name; p++) {
        const void *at = (const char *)node->args + p->offset;

        if (!is_said(p, at))
            continue;
        if (!first)
            fputs("   ", to);
        if (!p->main)
            fprintf(to, "%s: ", p->name);
        put_value(to, p, at);
        first = false;
    }
}

static void put_keys(FILE *to, const ds_node *node)
{
    for (uint32_t i = 0; i < node->n_keys; i++)
        fprintf(to, "%s%s", i ? ", " : "",
                node->schema->fields[node->keys[i]].name);
}

/* ---- lines ---- */

static void put_name(struct explain *x, const char *name)
{
    fprintf(x->to, "  %-*s  ", x->width, name);
}

static const char *codec_name(const ds_codec_type *codec, const ds_text *given)
{
    return codec ? codec->name : given->s ? given->s : "";
}

/* With what a job wrote in brackets. */
static void put_field(FILE *to, const ds_field *f)
{
    ds_type elem = ds_type_elem(f->type);
    ds_type base = elem == DS_NONE ? f->type : elem;
    const char *array = elem == DS_NONE ? "" : "[]";

    if (f->mod && base == DS_NUM)
        fprintf(to, "%s numeric(%d,%d)%s", f->name, ds_mod_precision(f->mod),
                ds_mod_scale(f->mod), array);
    else if (f->mod && base == DS_STR)
        fprintf(to, "%s varchar(%d)%s", f->name, ds_mod_length(f->mod), array);
    else
        fprintf(to, "%s %s", f->name, ds_type_name(f->type));
}

static void put_source(struct explain *x, const ds_node *node)
{
    const ds_source_args *s = node->args;

    put_name(x, node->stream);
    if (s->table) {
        fprintf(x->to,
                "kafka %s   the table's records, each task its own "
                "partition\n",
                s->topic.s);
        return;
    }
    if (s->receiver)
        fprintf(x->to, "%s, received into ", s->receiver->name);
    else
        fputs("kafka ", x->to);
    for (uint32_t i = 0; i < s->n_names; i++)
        fprintf(x->to, "%s%s", i ? ", " : "", s->names[i]);
    fprintf(x->to, "   %s", codec_name(s->codec, &s->format));
    for (uint32_t i = 0; i < node->schema->n; i++) {
        fputs(i ? ", " : " (", x->to);
        put_field(x->to, &node->schema->fields[i]);
    }
    fputc(')', x->to);
    if (node->n_keys) {
        fputs("   key ", x->to);
        put_keys(x->to, node);
        if (s->key_from_record)
            fputs(", from the record's key", x->to);
    }
    if (node->event_time >= 0)
        fprintf(x->to, "   event time %s", s->event_time.s);
    if (s->watermark) {
        fputs(", watermark ", x->to);
        put_duration(x->to, s->watermark);
    }
    fputc('\n', x->to);
}

/* What a table is read from, and by which key. */
static void put_table(struct explain *x, const ds_plan_table *t)
{
    const ds_source_args *s = t->args;

    put_name(x, t->name);
    fprintf(x->to, "%s %s   %s (", t->path ? "file" : "kafka",
            t->path ? t->path : x->plan->topics[t->topic].name,
            codec_name(s->codec, &s->format));
    for (uint32_t i = 0; i < t->schema->n; i++) {
        fputs(i ? ", " : "", x->to);
        put_field(x->to, &t->schema->fields[i]);
    }
    fprintf(x->to, ")   key %s%s\n", t->schema->fields[t->key].name,
            t->path ? "" : ", from the record's key");
    put_name(x, "");
    if (t->copartitioned) {
        fputs("co-partitioned: read to its end before the rows that it is "
              "joined with, and kept in state",
              x->to);
    } else if (!t->path) {
        fputs("every process reads all of it, and follows it", x->to);
    } else if (t->refresh) {
        fputs("every process reads it at the start, and every ", x->to);
        put_duration(x->to, t->refresh);
        fputs(" if it has changed", x->to);
    } else {
        fputs("every process reads it at the start", x->to);
    }
    fputc('\n', x->to);
}

static void put_tables(struct explain *x)
{
    if (x->plan->n_tables)
        fputs("\ntables\n", x->to);
    for (uint32_t i = 0; i < x->plan->n_tables; i++)
        put_table(x, &x->plan->tables[i]);
}

/* The two of a join. */
static void put_stores(struct explain *x, const ds_node *node)
{
    for (uint32_t i = 0; i < 2; i++) {
        const ds_plan_store *store =
            &x->plan->stores[(uint32_t)node->store + i];

        put_name(x, "");
        fprintf(x->to,
                "state %s: the rows of that side that may still find a match; "
                "changelog %s\n",
                store->name, store->changelog);
    }
}

static void put_store(struct explain *x, const ds_node *node)
{
    const ds_plan_store *store = &x->plan->stores[node->store];
    const ds_schema *vals = node->state ? node->state : node->schema;
    const char *before = "";

    put_name(x, "");
    fprintf(x->to, "state %s: ", store->name);
    if (node->n_keys) {
        fputs("key ", x->to);
        put_keys(x->to, node);
        fputs(", ", x->to);
    }
    fputs("value ", x->to);
    for (uint32_t i = 0; i < vals->n; i++) {
        if (vals == node->schema && ds_node_is_key(node, i))
            continue;
        if (vals->fields[i].name[0] == '$') /* when its time is up */
            continue;
        fputs(before, x->to);
        put_field(x->to, &vals->fields[i]);
        before = ", ";
    }
    fprintf(x->to, "; changelog %s\n", store->changelog);
}

/* What made the stream's key: "keyBy word". */
static const ds_node *key_maker(const ds_node *node)
{
    while (node->n_inputs && !is(node, "keyBy"))
        node = node->inputs[0];
    return is(node, "keyBy") ? node : NULL;
}

static void put_cut_key(struct explain *x, const ds_node *shuffle)
{
    const ds_node *maker = key_maker(shuffle);

    if (maker) {
        fputs("keyBy ", x->to);
        put_args(x->to, maker);
        fputs(" changes the key", x->to);
    } else if (shuffle->inputs[0]->by_key) {
        fputs("the other stream is in another stage", x->to);
    } else {
        fputs("the partitions are not those of the key", x->to);
    }
    fprintf(x->to, " and %s needs each key in one place:\n",
            shuffle->for_node->op);
}

static void put_cut(struct explain *x, const ds_node *shuffle)
{
    const ds_node *node = shuffle->for_node;

    put_name(x, "");
    fputs("! ", x->to);
    if (shuffle->cut == DS_CUT_KEY)
        put_cut_key(x, shuffle);
    else if (shuffle->cut == DS_CUT_ONE)
        fprintf(x->to, "%s needs the rows of all partitions in one place:\n",
                node->op);
    else if (shuffle->cut == DS_CUT_SPREAD)
        fprintf(x->to, "%s spreads the rows over %d partitions:\n", node->op,
                shuffle->spread);
    else
        fprintf(x->to, "%s needs streams of several stages in one:\n",
                node->op);
    put_name(x, "");
    fprintf(x->to, "  rows cross %s, %s\n",
            x->plan->topics[shuffle->topic].name,
            !node->partial               ? "one by one"
            : shuffle->cut == DS_CUT_ONE ? "combined per batch"
                                         : "combined per key and batch");
}

static void put_step(struct explain *x, const ds_node *node)
{
    put_name(x, "");
    fprintf(x->to, "%-7s  ", node->op);
    put_args(x->to, node);
    if (node->on_error == DS_ON_ERROR_SKIP)
        fputs("   on error: skip", x->to);
    if (node->n_tables)
        fputs("   looked up where the rows are", x->to);
    fputc('\n', x->to);
    if (node->store >= 0 && node->store_names)
        put_stores(x, node);
    else if (node->store >= 0)
        put_store(x, node);
}

static void put_sink(struct explain *x, const ds_node *node)
{
    const ds_sink_args *s = node->args;

    put_name(x, "");
    fprintf(x->to, "> kafka %s   %s", s->topic.s,
            codec_name(s->codec, &s->format));
    if (s->key.s) {
        fputs("   key ", x->to);
        put_text(x->to, s->key.s);
    } else if (node->inputs[0]->copies && s->key_format.s == NULL) {
        fputs("   the record's key", x->to);
    } else if (node->inputs[0]->n_keys) {
        fputs("   key ", x->to);
        put_keys(x->to, node->inputs[0]);
    } else {
        fputs("   no key", x->to);
    }
    if (s->headers) {
        fputs("   headers", x->to);
        for (uint32_t i = 0; i < s->headers->n; i++) {
            fprintf(x->to, "%s %s: ", i ? "," : "", s->headers->names[i].s);
            put_tree(x->to, s->headers->items[i]);
        }
    }
    if (node->inputs[0]->copies)
        fputs("   the record's time and headers", x->to);
    if (node->inputs[0]->deletes)
        fputs("   a removed key: a tombstone", x->to);
    fputc('\n', x->to);
}

static void put_node(struct explain *x, const ds_node *node)
{
    if (is(node, "shuffle")) {
        put_cut(x, node);
    } else if (is(node, "sink")) {
        put_sink(x, node);
    } else if (is(node, "console")) {
        const ds_console_args *s = node->args;

        put_name(x, "");
        fprintf(x->to, "> console   %" PRId64 " rows\n", s->limit);
    } else if (is(node, "outside")) {
        put_name(x, "");
        fprintf(x->to, "> %s\n", node->op);
    } else if (!node->combines && !is(node, "unshuffle")) {
        put_step(x, node);
    }
}

/* What a stream or sink reads, in front of its first step. */
static void put_from(struct explain *x, const ds_node *node)
{
    const ds_node *input = node->n_inputs ? node->inputs[0] : NULL;

    if (input == NULL)
        return;
    if (is(node, "unshuffle"))
        fprintf(x->to, "  %-*s  from %s\n", x->width, node->stream,
                x->plan->topics[node->topic].name);
    else
        fprintf(x->to, "  %-*s  from %s\n", x->width, node->stream,
                input->stream);
}

static bool is_where(const ds_node *node)
{
    return strcmp(node->op, "where") == 0;
}

/* A stream, a source or a sink begins here. A sink may have the name of the
 * stream that it comes from. */
static bool begins(const ds_node *node, const ds_node *before)
{
    if (before == NULL || strcmp(before->stream, node->stream) != 0 ||
        is_where(node))
        return true;
    if (is(node, "sink") || is(node, "console") || is(node, "outside"))
        return !is_where(node->inputs[0]);
    return node->n_inputs && node->inputs[0] != before;
}

/* The sources first: that of a table stands where it is joined. */
static void put_stage(struct explain *x, const ds_stage *stage)
{
    const ds_node *before = NULL;

    fprintf(x->to, "\nstage %s   group %s\n", stage->name, stage->group);
    for (uint32_t i = 0; i < stage->n_nodes; i++)
        if (is(stage->nodes[i], "source"))
            put_source(x, stage->nodes[i]);
    for (uint32_t i = 0; i < stage->n_nodes; i++) {
        const ds_node *node = stage->nodes[i];

        if (is_tap(x->plan, node) || is(node, "source"))
            continue;
        if (begins(node, before))
            put_from(x, node);
        put_node(x, node);
        before = node;
    }
}

/* ---- the ends ---- */

static const char *topic_what(ds_topic_kind kind)
{
    switch (kind) {
    case DS_TOPIC_SOURCE:
        return "read";
    case DS_TOPIC_SINK:
        return "written";
    case DS_TOPIC_DLQ:
        return "written: dead letters";
    case DS_TOPIC_LATE:
        return "written: late rows";
    case DS_TOPIC_RECEIVED:
        return "internal: cleanup.policy=delete, retention.ms=-1, one "
               "partition";
    case DS_TOPIC_TABLE:
        return "read: rows of a table, from the beginning";
    case DS_TOPIC_CHANGELOG:
        return "internal: cleanup.policy=compact, partitions as its stage has";
    case DS_TOPIC_REPARTITION:
        return "internal: cleanup.policy=delete, retention.ms=-1, ";
    }
    return "";
}

static void put_topic_partitions(struct explain *x, const ds_plan_topic *t)
{
    if (t->kind != DS_TOPIC_REPARTITION)
        return;
    if (t->partitions == 0)
        fputs("partitions as its stage has", x->to);
    else
        fprintf(x->to, "%d partition%s", t->partitions,
                t->partitions == 1 ? "" : "s");
}

static void put_topics(struct explain *x)
{
    int width = 0;

    for (uint32_t i = 0; i < x->plan->n_topics; i++)
        if ((int)strlen(x->plan->topics[i].name) > width)
            width = (int)strlen(x->plan->topics[i].name);
    fputs("\ntopics\n", x->to);
    for (uint32_t i = 0; i < x->plan->n_topics; i++) {
        const ds_plan_topic *t = &x->plan->topics[i];

        if (t->tap)
            continue;
        fprintf(x->to, "  %-*s  %s", width, t->name, topic_what(t->kind));
        put_topic_partitions(x, t);
        fputc('\n', x->to);
    }
}

static void put_errors(struct explain *x)
{
    const ds_plan *plan = x->plan;

    if (plan->dlq_topic >= 0)
        fprintf(x->to,
                "  a record that is refused goes to %s in the same "
                "transaction, unless a step says otherwise\n",
                plan->topics[plan->dlq_topic].name);
    else
        fputs("  a record that is refused stops the job at its offset, unless "
              "`errors` or a step says otherwise\n",
              x->to);
    if (plan->error_span) {
        fprintf(x->to, "  more than %" PRId64 " errors in ", plan->error_limit);
        put_duration(x->to, plan->error_span);
        fputs(" stop the job\n", x->to);
    }
}

static void put_tables_promise(struct explain *x)
{
    bool whole = false, own = false;

    for (uint32_t i = 0; i < x->plan->n_tables; i++) {
        whole = whole || !x->plan->tables[i].copartitioned;
        own = own || x->plan->tables[i].copartitioned;
    }
    if (own)
        fputs("  what was read of a co-partitioned table is committed with the "
              "batch\n",
              x->to);
    if (whole)
        fputs("  a batch sees one state of a table; when it runs again after "
              "a crash, that may be a later one\n",
              x->to);
}

/* What the sinks that are no topics promise (dstream/sink.h). */
static void put_outside(struct explain *x)
{
    bool file = false, twice = false, done = false;

    for (uint32_t i = 0; i < x->plan->n_nodes; i++) {
        const ds_node *node = x->plan->nodes[i];
        const ds_sink_type *type;

        if (!is(node, "outside"))
            continue;
        type = ((const ds_outside_args *)node->args)->type;
        if (!type->done)
            twice = true;
        else if (strcmp(type->name, "file") == 0)
            file = true;
        else
            done = true;
    }
    if (file)
        fputs("  files have their names when their batch has committed: once\n",
              x->to);
    if (done)
        fputs("  a sink of two phases is told when its batch has committed\n",
              x->to);
    if (twice)
        fputs("  a sink that is no topic gets a batch at least once\n", x->to);
}

static void put_promise(struct explain *x)
{
    bool console = false, received = false;

    for (uint32_t i = 0; i < x->plan->n_nodes; i++) {
        const ds_node *node = x->plan->nodes[i];

        console = console || is(node, "console");
        received = received ||
                   (is(node, "source") &&
                    ((const ds_source_args *)node->args)->receiver != NULL);
    }
    fputs("\nguarantees\n", x->to);
    fputs("  exactly once: a batch is one transaction of positions, state and "
          "rows; readers need isolation.level=read_committed\n",
          x->to);
    if (console)
        fputs("  the console is not part of it: a crash may lose what was to "
              "be shown\n",
              x->to);
    put_outside(x);
    if (received)
        fputs("  what is received counts exactly once from its topic on; "
              "nobody sends it again\n",
              x->to);
    put_tables_promise(x);
    put_errors(x);
}

static int name_width(const ds_plan *plan)
{
    int width = 8;

    for (uint32_t i = 0; i < plan->n_nodes; i++)
        if ((int)strlen(plan->nodes[i]->stream) > width)
            width = (int)strlen(plan->nodes[i]->stream);
    for (uint32_t i = 0; i < plan->n_tables; i++)
        if ((int)strlen(plan->tables[i].name) > width)
            width = (int)strlen(plan->tables[i].name);
    return width > 24 ? 24 : width;
}

char *ds_plan_explain(const ds_plan *plan, ds_arena *a)
{
    char *text = NULL, *copy;
    size_t len = 0;
    struct explain x = {plan, open_memstream(&text, &len), name_width(plan)};

    DS_BUG_ON(x.to == NULL);
    fprintf(x.to, "%s   batch ", plan->job);
    put_duration(x.to, plan->batch);
    fprintf(x.to, " · exactly_once · group %s\n", plan->job);
    for (uint32_t i = 0; i < plan->n_stages; i++)
        put_stage(&x, &plan->stages[i]);
    put_tables(&x);
    put_topics(&x);
    put_promise(&x);
    DS_BUG_ON(fclose(x.to) != 0);
    copy = ds_strn_copy(a, text, len);
    free(text);
    return copy;
}
