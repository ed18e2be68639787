/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embed.c - a job without a broker: the real engine on the memory connector.
 *
 *     files --feed--> source topics --step--> sink topics --drain--> files
 *
 * The clock is virtual and moves by `batch` before each step. A step takes all
 * rows that were fed; nothing stays in memory afterwards, so that a file may be
 * larger than it.
 */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "api/local.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "memory/memory.h"

/* Longer than any source may be silent. */
#define FOREVER (100LL * 366 * 86400 * DS_SECOND)

typedef struct embed_in {
    feed *from;
    const char *topic;
    bool table; /* its rows are there before the first step */
    bool ended;
} embed_in;

typedef struct embed_out {
    FILE *to; /* NULL: nobody wants these records */
    uint32_t topic;
    int64_t next;
    uint64_t unseen; /* records that went nowhere */
} embed_out;

typedef struct embed {
    const ds_plan *plan;
    const run_flags *flags;
    ds_arena *a; /* of the run */
    ds_arena *rows;
    ds_clock clock;
    ds_broker *broker;
    ds_context *ctx;
    int32_t partitions; /* of every source topic */
    uint32_t n_in, n_out;
    embed_in *in;
    embed_out *out; /* one for each topic that sinks write to */
    FILE *print;    /* console sinks */
    uint64_t fed;   /* rows so far */
} embed;

/* ---- names ---- */

static bool is_type(const ds_node *n, const char *type)
{
    return !strcmp(n->type->name, type);
}

static const ds_node *node_find(const embed *e, const char *type,
                                const char *name)
{
    for (uint32_t i = 0; i < e->plan->n_nodes; i++)
        if (is_type(e->plan->nodes[i], type) &&
            !strcmp(e->plan->nodes[i]->stream, name))
            return e->plan->nodes[i];
    return NULL;
}

static int name_unknown(const embed *e, const char *option, const char *type,
                        const char *name)
{
    fprintf(stderr, "dstream run: --%s: job %s has no %s `%.80s`; it has",
            option, e->plan->job, type, name);
    for (uint32_t i = 0, n = 0; i < e->plan->n_nodes; i++)
        if (is_type(e->plan->nodes[i], type) &&
            !ds_node_reads_table(e->plan->nodes[i]))
            fprintf(stderr, "%s %s", n++ ? "," : "", e->plan->nodes[i]->stream);
    for (uint32_t i = 0; !strcmp(option, "in") && i < e->plan->n_tables; i++)
        fprintf(stderr, ", table %s", e->plan->tables[i].name);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

/* A topic that a pattern matches, made of what the pattern says. */
static char *pattern_topic(embed *e, const char *pattern, const char *source)
{
    char *plain = ds_str_copy(e->a, pattern), *to = plain;
    regex_t re;
    bool fits = false;

    for (const char *p = pattern; *p; p++)
        if (!strchr("^$\\()*+?[]{}|", *p))
            *to++ = *p;
    *to = 0;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
        return NULL;
    for (int i = 0; i < 2 && !fits; i++) {
        if (i == 1)
            plain = ds_str_printf(e->a, "%s%s", plain, source);
        fits = !regexec(&re, plain, 0, NULL, 0);
    }
    regfree(&re);
    return fits ? plain : NULL;
}

static ds_plan_table *table_find(const embed *e, const char *name)
{
    for (uint32_t i = 0; i < e->plan->n_tables; i++)
        if (!strcmp(e->plan->tables[i].name, name))
            return &e->plan->tables[i];
    return NULL;
}

static const char *source_topic(embed *e, const ds_node *node)
{
    const ds_source_args *args = node->args;

    if (args->topic.s)
        return args->topic.s;
    if (args->topics)
        return args->topics->items[0]->text.s;
    return pattern_topic(e, args->pattern.s, node->stream);
}

/* ---- set up ---- */

/* Puts up to n rows of one file; DS_END: there are no more. */
static ds_rc rows_feed(embed *e, embed_in *in, int64_t n, int64_t bytes,
                       ds_err *err)
{
    while (n-- > 0 && bytes > 0) {
        feed_row row;
        memory_record rec;
        ds_rc rc = feed_next(in->from, e->rows, &row, err);

        if (rc != DS_OK)
            return rc;
        rec = (memory_record){
            .ts = row.ts, .key = row.key, .val = row.val, .hdr = row.hdr};
        memory_put(e->broker, in->topic, row.partition, &rec);
        e->fed++;
        bytes -= (int64_t)row.key.len + row.val.len;
    }
    return DS_OK;
}

static int input_open(embed *e, embed_in *in, run_file file, bool header)
{
    ds_err err;
    int32_t n;

    file.header = header;
    if (feed_open(&file, &in->from, &err) < 0)
        return cmd_fail(&err);
    e->n_in++;
    if (feed_partitions(in->from, &n, &err) < 0)
        return cmd_fail(&err);
    if (n > e->partitions)
        e->partitions = n;
    return 0;
}

/* The file in the place of the table's own, or records of its topic. */
static int table_open(embed *e, ds_plan_table *t, const run_file *file)
{
    embed_in *in = &e->in[e->n_in];

    if (t->topic < 0 && (file->envelope || !strcmp(file->path, "-")))
        return cmd_usage("run", "--in %s: the table needs a file of its rows",
                         t->name);
    if (t->topic < 0) {
        t->path = file->path;
        return 0;
    }
    if (!file->envelope && t->args->key_from_record)
        return cmd_usage("run",
                         "--in %s=FILE,envelope: the table's key `%s` is not "
                         "among its columns",
                         t->name, t->args->key.s);
    in->topic = e->plan->topics[t->topic].name;
    in->table = true;
    return input_open(e, in, *file, t->args->header);
}

static int inputs_open(embed *e)
{
    const run_flags *f = e->flags;

    e->in = ds_new(e->a, embed_in, f->n_in);
    e->partitions = 1;
    for (uint32_t i = 0; i < f->n_in; i++) {
        const ds_node *node = node_find(e, "source", f->in[i].name);
        ds_plan_table *table = table_find(e, f->in[i].name);
        embed_in *in = &e->in[e->n_in];
        int code;

        if (!node && !table)
            return name_unknown(e, "in", "source", f->in[i].name);
        in->topic = table ? NULL : source_topic(e, node);
        if (!table && !in->topic)
            return cmd_usage("run",
                             "--in %s: no topic name could be made of the "
                             "source's pattern",
                             node->stream);
        code = table ? table_open(e, table, &f->in[i])
                     : input_open(e, in, f->in[i],
                                  ((const ds_source_args *)node->args)->header);
        if (code)
            return code;
    }
    return 0;
}

/* Rows of tables come before all others. */
static ds_rc tables_feed(embed *e, ds_err *err)
{
    for (uint32_t i = 0; i < e->n_in; i++) {
        if (!e->in[i].table)
            continue;
        while (!e->in[i].ended) {
            ds_rc rc = rows_feed(e, &e->in[i], e->plan->max_records,
                                 e->plan->max_bytes, err);

            DS_TRY(rc);
            e->in[i].ended = rc == DS_END;
            ds_arena_reset(e->rows);
        }
    }
    return DS_OK;
}

static bool is_fed(const embed *e, const ds_plan_table *t)
{
    for (uint32_t i = 0; i < e->n_in; i++)
        if (e->in[i].table &&
            !strcmp(e->in[i].topic, e->plan->topics[t->topic].name))
            return true;
    return false;
}

static void tables_tell(const embed *e)
{
    for (uint32_t i = 0; i < e->plan->n_tables; i++) {
        const ds_plan_table *t = &e->plan->tables[i];

        if (t->topic >= 0 && !is_fed(e, t) && !e->flags->quiet)
            fprintf(stderr,
                    "dstream: table %s is empty; --in %s=FILE gives its rows\n",
                    t->name, t->name);
    }
}

/* Topics of the user's; the engine makes its own. */
static void topics_make(embed *e)
{
    for (uint32_t i = 0; i < e->plan->n_topics; i++) {
        const ds_plan_topic *t = &e->plan->topics[i];

        if (t->name[0] == '^')
            continue;
        if (t->kind == DS_TOPIC_SOURCE || t->kind == DS_TOPIC_TABLE)
            memory_topic(e->broker, t->name, e->partitions);
        else if (t->kind == DS_TOPIC_SINK || t->kind == DS_TOPIC_DLQ ||
                 t->kind == DS_TOPIC_LATE)
            memory_topic(e->broker, t->name, 1);
    }
    for (uint32_t i = 0; i < e->plan->n_nodes; i++)
        if (is_type(e->plan->nodes[i], "source")) {
            const char *topic = source_topic(e, e->plan->nodes[i]);
            if (topic)
                memory_topic(e->broker, topic, e->partitions);
        }
}

static embed_out *out_of(embed *e, uint32_t topic)
{
    for (uint32_t i = 0; i < e->n_out; i++)
        if (e->out[i].topic == topic)
            return &e->out[i];
    e->out[e->n_out] = (embed_out){.topic = topic};
    return &e->out[e->n_out++];
}

static FILE *file_open(const char *path)
{
    FILE *to = strcmp(path, "-") ? fopen(path, "we") : stdout;

    if (!to)
        fprintf(stderr, "dstream: %s cannot be written: %s\n", path,
                strerror(errno));
    return to;
}

/* The dead letters go by the name dlq, late rows by late, if no sink has it. */
static int out_topic(const embed *e, const char *name)
{
    const ds_node *node = node_find(e, "sink", name);

    if (node)
        return node->topic;
    if (!strcmp(name, "late"))
        return e->plan->late_topic;
    return strcmp(name, "dlq") ? -1 : e->plan->dlq_topic;
}

/* The file of --out i; sinks may share one. */
static FILE *out_file(embed *e, FILE **files, uint32_t i)
{
    const run_file *out = e->flags->out;

    for (uint32_t k = 0; k < i; k++)
        if (!strcmp(out[k].path, out[i].path))
            return files[k];
    return file_open(out[i].path);
}

static int outputs_open(embed *e)
{
    const run_flags *f = e->flags;
    FILE *files[RUN_FILES_MAX];

    e->out = ds_new(e->a, embed_out, e->plan->n_topics + 1);
    for (uint32_t i = 0; i < e->plan->n_topics; i++)
        if (e->plan->topics[i].kind == DS_TOPIC_SINK)
            out_of(e, i);
    for (uint32_t i = 0; i < f->n_out; i++) {
        FILE *to;

        if (f->out[i].name && out_topic(e, f->out[i].name) < 0) {
            if (node_find(e, "console", f->out[i].name))
                return cmd_usage("run",
                                 "--out: %s is a console sink; it goes "
                                 "to standard error",
                                 f->out[i].name);
            return name_unknown(e, "out", "sink", f->out[i].name);
        }
        to = files[i] = out_file(e, files, i);
        if (!to)
            return EXIT_STATE;
        if (f->out[i].name)
            out_of(e, (uint32_t)out_topic(e, f->out[i].name))->to = to;
        for (uint32_t k = 0; !f->out[i].name && k < e->n_out; k++)
            if (!e->out[k].to &&
                e->plan->topics[e->out[k].topic].kind == DS_TOPIC_SINK)
                e->out[k].to = to;
    }
    return 0;
}

static void console_print(void *arg, ds_slice text)
{
    const embed *e = arg;

    fwrite(text.ptr, 1, text.len, e->print);
    fflush(e->print);
}

/* A step is one batch over everything that was fed, whatever it becomes on its
 * way: the limits of epochs are those of the feed. */
static const ds_plan *plan_unlimited(embed *e)
{
    ds_plan *p = ds_new(e->a, ds_plan, 1);

    *p = *e->plan;
    p->max_records = INT32_MAX;
    p->max_bytes = INT64_MAX;
    return p;
}

static ds_rc engine_open(embed *e, ds_err *err)
{
    const char *store = e->flags->state ? "rocksdb" : "memory";
    ds_run_options o = {.broker = e->broker->type,
                        .store = ds_registry_store(cmd_registry(), store),
                        .opened = e->broker,
                        .state_dir = e->flags->state,
                        .instance = e->flags->instance ? e->flags->instance
                                                       : "embedded",
                        .clock = &e->clock,
                        .reset_state = e->flags->reset_state,
                        .print = console_print,
                        .print_arg = e,
                        .workers = 1};

    return ds_context_open(plan_unlimited(e), &o, &e->ctx, err);
}

/* ---- a step ---- */

/* The rows of one step; *more: there may be others. */
static ds_rc step_feed(embed *e, bool *more, ds_err *err)
{
    uint32_t open = 0;
    int64_t n, bytes;

    for (uint32_t i = 0; i < e->n_in; i++)
        open += !e->in[i].ended;
    n = e->plan->max_records / (open ? open : 1);
    bytes = e->plan->max_bytes / (open ? open : 1);
    *more = false;
    for (uint32_t i = 0; i < e->n_in; i++) {
        ds_rc rc;

        if (e->in[i].ended)
            continue;
        rc = rows_feed(e, &e->in[i], n > 0 ? n : 1, bytes > 0 ? bytes : 1, err);
        DS_TRY(rc);
        e->in[i].ended = rc == DS_END;
        *more |= rc == DS_OK;
    }
    ds_arena_reset(e->rows);
    return DS_OK;
}

static void out_drain(embed *e, embed_out *out)
{
    const char *topic = e->plan->topics[out->topic].name;
    memory_record rec;

    for (; memory_get(e->broker, topic, 0, out->next, &rec);
         out->next = rec.off + 1) {
        if (!out->to) {
            out->unseen++;
        } else if (rec.val.ptr) {
            fwrite(rec.val.ptr, 1, rec.val.len, out->to);
            fputc('\n', out->to);
        }
    }
}

static ds_rc outs_drain(embed *e, ds_err *err)
{
    for (uint32_t i = 0; i < e->n_out; i++)
        out_drain(e, &e->out[i]);
    for (uint32_t i = 0; i < e->n_out; i++)
        if (e->out[i].to && (fflush(e->out[i].to) || ferror(e->out[i].to)))
            return ds_fail(err, DS_E_DISK, "the output cannot be written: %s",
                           strerror(errno));
    return DS_OK;
}

/* What nobody reads again is forgotten. */
static void topics_trim(embed *e)
{
    local_trim(e->broker, e->plan);
    for (uint32_t i = 0; i < e->plan->n_topics; i++) {
        const ds_plan_topic *t = &e->plan->topics[i];

        if (t->kind == DS_TOPIC_SINK || t->kind == DS_TOPIC_DLQ)
            local_trim_topic(e->broker, t->name, 0);
    }
    for (uint32_t i = 0; i < e->n_in; i++)
        if (!e->in[i].table)
            local_trim_read(e->broker, e->in[i].topic,
                            e->plan->stages[0].group);
}

static ds_rc step_run(embed *e, ds_rc *result, ds_err *err)
{
    ds_rc drained;

    e->clock.virtual_now += e->plan->batch;
    *result = ds_context_step(e->ctx, NULL, err);
    /* What was committed before a failure is output. */
    drained = outs_drain(e, *result < 0 ? NULL : err);
    DS_TRY(*result);
    DS_TRY(drained);
    topics_trim(e);
    return DS_OK;
}

static ds_rc steps_run(embed *e, ds_err *err)
{
    bool more = true;
    ds_rc result = DS_OK;

    for (uint32_t n = 0; more; n++) {
        uint64_t before = e->fed;

        DS_TRY(step_feed(e, &more, err));
        /* A file that ended where a step did makes no batch without rows. */
        if (n == 0 || e->fed > before)
            DS_TRY(step_run(e, &result, err));
    }
    if (!e->plan->record_clock)
        return DS_OK;
    e->clock.virtual_now += FOREVER; /* nothing more comes: batches are whole */
    do
        DS_TRY(step_run(e, &result, err));
    while (result == DS_OK && e->plan->n_stages > 1);
    return DS_OK;
}

/* ---- the run ---- */

/* What became of the rows, also of those before a failure. */
static void rows_tell(const embed *e, ds_job_status *st)
{
    char rows[300];

    ds_context_status(e->ctx, st);
    ds_log_stop();
    cmd_tally_text(&st->rows, false, rows, sizeof(rows));
    if (!e->flags->quiet)
        fprintf(stderr, "dstream: %s: %s\n", e->plan->job, rows);
}

/* Nothing vanishes without a word. */
static void unseen_tell(const embed *e, const ds_job_status *st)
{
    uint64_t unseen = 0;

    for (uint32_t i = 0; i < e->n_out; i++)
        unseen += e->out[i].unseen;
    if (unseen)
        fprintf(stderr,
                "dstream: %llu records of sinks were not shown; --out - shows "
                "them\n",
                (unsigned long long)unseen);
    if (st->errors)
        fprintf(stderr, "dstream: %llu records were refused%s%s\n",
                (unsigned long long)st->errors,
                e->plan->dlq_topic >= 0 ? "; dead letters go to " : "",
                e->plan->dlq_topic >= 0
                    ? e->plan->topics[e->plan->dlq_topic].name
                    : "");
}

static void embed_close(embed *e)
{
    ds_context_close(e->ctx);
    for (uint32_t i = 0; i < e->n_in; i++)
        feed_close(e->in[i].from);
    for (uint32_t i = 0; i < e->n_out; i++)
        if (e->out[i].to && e->out[i].to != stdout)
            for (uint32_t k = i + 1; k <= e->n_out; k++) {
                if (k == e->n_out)
                    fclose(e->out[i].to);
                else if (e->out[k].to == e->out[i].to)
                    break;
            }
    if (e->broker)
        e->broker->type->close(e->broker);
    ds_arena_free(e->rows);
    ds_arena_free(e->a);
}

static int embed_go(embed *e)
{
    ds_job_status st = {.errors = 0};
    ds_err err = {DS_OK, ""};
    ds_rc rc = tables_feed(e, &err);

    tables_tell(e);
    if (rc == DS_OK)
        rc = engine_open(e, &err);
    if (rc == DS_OK)
        rc = steps_run(e, &err);
    if (e->ctx)
        rows_tell(e, &st);
    if (rc < 0) {
        if (rc == DS_E_FAILED || ds_rc_exit(rc) == 1)
            ds_wrap(&err, "job %s failed", e->plan->job);
        return cmd_fail(&err);
    }
    unseen_tell(e, &st);
    return 0;
}

int embed_run(const ds_plan *plan, const run_flags *flags)
{
    embed e = {.plan = plan,
               .flags = flags,
               .a = ds_arena_new(1 << 14),
               .rows = ds_arena_new(1 << 16),
               .print = flags->n_out ? stderr : stdout};
    ds_time now = ds_clock_now(&ds_clock_wall);
    int code;

    ds_clock_virtual_init(&e.clock, now - now % plan->batch);
    code = inputs_open(&e);
    if (code == 0)
        code = outputs_open(&e);
    if (code == 0) {
        e.broker = memory_new(&e.clock);
        topics_make(&e);
        code = embed_go(&e);
    }
    embed_close(&e);
    return code;
}
