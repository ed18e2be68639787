/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobtest_run.c - one test on the real engine.
 *
 * The cluster is in memory and outlives the engine; the clock is virtual. A
 * crash drops the engine as it is, and another one starts on the same cluster:
 * what is compared are committed records, as a reader sees them.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/jobtest.h"
#include "dstream/fault.h"
#include "memory/memory.h"
#include "record/groups.h"
#include "record/rowfmt.h"
#include "record/value.h"

typedef struct runner {
    const test_file *file;
    const job_test *test;
    const test_variant *variant;
    const ds_registry *reg;
    ds_arena *a;
    ds_buf report;

    ds_job *job;
    const ds_plan *plan;
    ds_clock clock;
    ds_broker *broker;
    ds_context *ctx;
    uint32_t at; /* the stage that a crash interrupted */

    const char *point; /* crash there next; NULL: nowhere */
    bool then_restore; /* and once more while restoring */
    bool crashed;      /* since it was last looked at */
    bool failed;       /* the job stopped: the next batch is a restart */
    int64_t *seen;     /* by topic: offsets up to which rows were compared */
    int64_t *recorded; /* idem, of records */
} runner;

/* ---- faults ---- */

static bool crash_hook(void *arg, const char *point)
{
    runner *r = arg;

    if (!r->point || strcmp(point, r->point) != 0)
        return false;
    r->point = NULL;
    if (r->then_restore) {
        r->then_restore = false;
        r->point = "during_restore";
    }
    return true;
}

/* The sweep: once in every batch. */
static void crash_arm(runner *r)
{
    const char *point = r->variant->point;

    if (!point)
        return;
    r->then_restore = !strcmp(point, "during_restore");
    r->point = r->then_restore ? "after_commit" : point;
}

/* ---- the engine ---- */

static void lines_drop(void *arg, ds_slice text)
{
    (void)arg;
    (void)text;
}

static ds_rc engine_open(runner *r, ds_err *err)
{
    ds_run_options o = {.broker = r->broker->type,
                        .store = ds_registry_store(r->reg, "memory"),
                        .opened = r->broker,
                        .instance = "test",
                        .clock = &r->clock,
                        .column_rows = r->variant->column_rows,
                        .epoch_rows = r->variant->epoch_rows
                                          ? r->variant->epoch_rows
                                          : INT32_MAX, /* a batch takes all */
                        .print = lines_drop,
                        .workers = 1};

    return ds_context_open(r->plan, &o, &r->ctx, err);
}

/* One step of every stage, crashed and started again as often as asked. */
static ds_rc engine_step(runner *r, ds_err *err)
{
    for (;;) {
        ds_rc rc = ds_context_step(r->ctx, &r->at, err);
        const char *name;

        if (rc != DS_E_CRASH)
            return rc;
        /* The message names the point: what had committed is not run again. */
        name = err->msg;
        if (strstr(name, "after_commit") || strstr(name, "before_store") ||
            strstr(name, "after_store"))
            r->at++;
        ds_context_crash(r->ctx);
        r->ctx = NULL;
        r->crashed = true;
        do {
            rc = r->ctx ? DS_OK : engine_open(r, err);
        } while (rc == DS_E_CRASH);
        DS_TRY(rc);
    }
}

/* After a job that failed. */
static ds_rc engine_restart(runner *r, ds_err *err)
{
    ds_rc rc;

    r->failed = false;
    r->at = 0;
    if (r->ctx)
        ds_context_close(r->ctx);
    r->ctx = NULL;
    do {
        rc = engine_open(r, err);
    } while (rc == DS_E_CRASH);
    return rc < 0 ? rc : DS_OK;
}

/* `all`: until nothing is left, in as many epochs as that takes. */
static ds_rc engine_batch(runner *r, bool all, ds_err *err)
{
    ds_rc rc = DS_OK;

    r->clock.virtual_now += r->plan->batch;
    r->clock.virtual_now -= r->clock.virtual_now % r->plan->batch;
    crash_arm(r);
    if (r->failed)
        DS_TRY(engine_restart(r, err));
    do {
        r->crashed = false;
        rc = engine_step(r, err);
    } while ((rc == DS_OK && (all || r->variant->epoch_rows)) ||
             (rc == DS_END && all && r->crashed));
    if (r->variant->point)
        r->point = NULL;
    return rc < 0 ? rc : DS_OK;
}

/* ---- rows in ---- */

/* A name that the pattern takes, as far as that can be guessed: what is written
 * literally, one of what stands for several. */
static const char *topic_of_pattern(const char *pattern, ds_arena *a)
{
    char *name = ds_str_copy(a, pattern);
    size_t n = 0;
    int skip = 0; /* inside the other choices of a group */

    for (const char *p = pattern; *p; p++) {
        char c = *p;
        if (c == '\\' && p[1])
            c = *++p;
        else if (c == '.')
            c = 'x';
        else if (c == '[') {
            c = p[1] == '^' ? 'x' : p[1];
            p += strcspn(p, "]") - (strchr(p, ']') == NULL);
        } else if (c == '|')
            skip++;
        else if (c == ')')
            skip = 0;
        if (!skip && (*p == '.' || *p == ']' || !strchr("^$|()*+?", *p)))
            name[n++] = c;
    }
    name[n] = 0;
    return name;
}

/* The topic that rows of a source or table are put into. */
static const char *source_topic(const runner *r, const ds_source_args *args)
{
    if (args->topic.s)
        return args->topic.s;
    if (args->pattern.s)
        return topic_of_pattern(args->pattern.s, r->a);
    return args->topics->items[0]->text.s;
}

static const ds_plan_table *table_find(const runner *r, const char *name)
{
    for (uint32_t i = 0; i < r->plan->n_tables; i++)
        if (!strcmp(r->plan->tables[i].name, name))
            return &r->plan->tables[i];
    return NULL;
}

/* Rows of a file are all of it: what was there before is gone. */
static void table_empty(runner *r, const char *topic)
{
    int64_t low, high;
    memory_record rec;

    if (r->broker->type->watermarks(r->broker, topic, 0, &low, &high, NULL) < 0)
        return;
    for (int64_t off = low;
         off < high && memory_get(r->broker, topic, 0, off, &rec);
         off = rec.off + 1) {
        memory_record gone = {.ts = r->clock.virtual_now, .key = rec.key};
        if (rec.val.ptr && rec.key.ptr)
            memory_put(r->broker, topic, 0, &gone);
    }
}

static void rows_put(runner *r, const test_step *s)
{
    const ds_plan_table *table = table_find(r, s->source);
    const ds_source_args *args =
        table ? table->args : jobtest_source(r->plan, s->source)->args;
    const char *topic = source_topic(r, args);

    if (table && table->path)
        table_empty(r, topic);

    for (uint32_t i = 0; i < s->arg->n; i++) {
        const ds_arg *row = s->arg->items[i];
        const ds_arg *key = s->key;
        memory_record rec = {.ts = r->clock.virtual_now};

        if (!key && args->key.s && row->kind == DS_ARG_MAP)
            key = ds_arg_find(row, args->key.s);
        rec.val = jobtest_value(r->a, args, row);
        rec.key = jobtest_bytes(key);
        rec.hdr = headers_of(s->headers, r->a);
        if (s->ts && s->ts->text.s)
            ds_time_parse(ds_slice_of(s->ts->text.s), &rec.ts);
        memory_put(r->broker, topic, s->partition, &rec);
    }
}

/* ---- rows out ---- */

static int tap_topic(const runner *r, const char *name)
{
    for (uint32_t i = 0; i < r->plan->n_topics; i++)
        if (!strncmp(r->plan->topics[i].name, "tap.", 4) &&
            !strcmp(r->plan->topics[i].name + 4, name))
            return (int)i;
    return -1;
}

static const ds_node *tap_input(const runner *r, int topic)
{
    for (uint32_t i = 0; i < r->plan->n_nodes; i++)
        if (r->plan->nodes[i]->topic == topic && r->plan->nodes[i]->n_inputs)
            return r->plan->nodes[i]->inputs[0];
    return NULL;
}

/* A dead letter: the fields of its value, or `value`. */
static json_t *letter_row(const memory_record *rec)
{
    json_t *row = json_read(rec->val);
    json_t *text;

    if (!json_is_object(row)) {
        json_decref(row);
        row = json_object();
    }
    text = rec->val.ptr ? json_stringn((const char *)rec->val.ptr, rec->val.len)
                        : json_null();
    if (!json_object_get(row, "value"))
        json_object_set_new(row, "value", text ? text : json_null());
    else
        json_decref(text);
    return row;
}

static json_t *tap_row(const memory_record *rec)
{
    return json_read(rec->val);
}

/* The records of a topic since the last time. */
static void got_take(runner *r, int topic, bool letters, got_rows *got)
{
    const char *name = r->plan->topics[topic].name;
    int64_t from = r->seen[topic];
    uint32_t cap = 0;
    memory_record rec;

    got->n = 0;
    got->rows = NULL;
    for (int64_t off = from; memory_get(r->broker, name, 0, off, &rec);
         off = rec.off + 1) {
        json_t *row = letters ? letter_row(&rec) : tap_row(&rec);
        r->seen[topic] = rec.off + 1;
        if (!row)
            continue; /* a tombstone */
        if (got->n == cap) {
            json_t **more;
            cap = cap ? cap * 2 : 16;
            more = ds_new(r->a, json_t *, cap);
            if (got->n)
                memcpy(more, got->rows, got->n * sizeof(*more));
            got->rows = more;
        }
        got->rows[got->n++] = row;
    }
}

static void got_free(got_rows *got)
{
    for (uint32_t i = 0; i < got->n; i++)
        json_decref(got->rows[i]);
}

static void report_where(runner *r, ds_where w, const char *what)
{
    ds_buf_printf(&r->report, "%s:%u:%u  %s\n", w.file, w.line, w.col, what);
}

/* The topic of dead letters or of late rows by its name in a test, or -1. */
static int letters_topic(const runner *r, const char *name)
{
    if (!strcmp(name, "dlq"))
        return r->plan->dlq_topic;
    if (!strcmp(name, "late") && tap_topic(r, name) < 0)
        return r->plan->late_topic;
    return -1;
}

static bool expect_one(runner *r, const test_step *s, uint32_t i)
{
    const char *name = s->arg->names[i].s;
    bool letters = letters_topic(r, name) >= 0;
    int topic = letters ? letters_topic(r, name) : tap_topic(r, name);
    compare_how how = {s->strict, s->exact,
                       r->variant->epoch_rows && r->file->cuts_any};
    got_rows got = {NULL, NULL, 0, 0, NULL};
    ds_buf diff;
    bool ok;

    ds_buf_init(&diff, r->a, 256);
    if (topic >= 0) {
        const ds_node *in = letters ? NULL : tap_input(r, topic);
        got.schema = in ? in->schema : NULL;
        got.keys = in ? in->keys : NULL;
        got.n_keys = in ? in->n_keys : 0;
        got_take(r, topic, letters, &got);
    }
    ok = rows_compare(s->arg->items[i], &got, &how, r->a, &diff);
    got_free(&got);
    if (!ok) {
        report_where(r, ds_text_where(&s->arg->names[i], 0, 1), name);
        ds_buf_add(&r->report, diff.s, diff.len);
    }
    return ok;
}

/* Whether a step expects something of a topic of letters. */
static bool letters_named(const runner *r, const test_step *s, int topic)
{
    static const char *const names[] = {"dlq", "late"};

    for (int i = 0; i < 2; i++)
        if (ds_arg_find(s->arg, names[i]) &&
            letters_topic(r, names[i]) == topic)
            return true;
    return false;
}

/* Rows of sinks that the step does not name are passed over; dead letters and
 * late rows that it does not name are not. */
static bool expect_rest(runner *r, const test_step *s)
{
    const ds_arg none = {.kind = DS_ARG_LIST};
    const compare_how how = {false, false, false};
    bool ok = true;

    for (uint32_t i = 0; i < r->plan->n_topics; i++) {
        bool late = (int)i == r->plan->late_topic;
        bool letters = late || (int)i == r->plan->dlq_topic;
        got_rows got = {NULL, NULL, 0, 0, NULL};
        if (!letters && strncmp(r->plan->topics[i].name, "tap.", 4) != 0)
            continue;
        got_take(r, (int)i, letters, &got);
        if (letters && got.n && !letters_named(r, s, (int)i)) {
            report_where(r, s->where,
                         late ? "late rows that nobody expected"
                              : "dead letters that nobody expected");
            (void)rows_compare(&none, &got, &how, r->a, &r->report);
            ok = false;
        }
        got_free(&got);
    }
    return ok;
}

static bool expect_batch(runner *r, const test_step *s)
{
    ds_err err = {DS_OK, ""};
    ds_rc rc = engine_batch(r, s->fails != NULL, &err);

    r->failed = rc < 0;
    if (rc < 0 && !s->fails) {
        report_where(r, s->where, err.msg);
        return false;
    }
    if (!s->fails || (rc < 0 && strstr(err.msg, s->fails->text.s)))
        return true;
    report_where(r, s->fails->where, "the job should have failed");
    ds_buf_printf(&r->report, "  - %s      expected\n", s->fails->text.s);
    ds_buf_printf(&r->report, "  + %s      got\n",
                  rc < 0 ? err.msg : "it went on");
    return false;
}

static bool expect_watermark(runner *r, const ds_arg *want, uint32_t i)
{
    ds_time got = ds_context_watermark(r->ctx, want->names[i].s);
    ds_buf diff;

    ds_buf_init(&diff, r->a, 128);
    if (watermark_compare(want->items[i], got, &diff))
        return true;
    report_where(r, want->items[i]->where, "watermark");
    ds_buf_add(&r->report, diff.s, diff.len);
    return false;
}

static bool step_expect(runner *r, const test_step *s)
{
    bool ok = expect_batch(r, s);

    if (!ok)
        return false;
    for (uint32_t i = 0; i < s->arg->n; i++)
        ok = expect_one(r, s, i) && ok;
    for (uint32_t i = 0; s->watermark && i < s->watermark->n; i++)
        ok = expect_watermark(r, s->watermark, i) && ok;
    return expect_rest(r, s) && ok;
}

/* ---- records ---- */

static int plan_topic(const ds_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->n_topics; i++)
        if (!strcmp(plan->topics[i].name, name))
            return (int)i;
    return -1;
}

static const memory_record *records_take(runner *r, const char *name,
                                         uint32_t *n)
{
    int topic = plan_topic(r->plan, name);
    memory_record *list = NULL, rec;
    uint32_t cap = 0;

    *n = 0;
    for (int64_t off = r->recorded[topic];
         memory_get(r->broker, name, 0, off, &rec); off = rec.off + 1) {
        if (*n == cap) {
            memory_record *more;
            cap = cap ? cap * 2 : 16;
            more = ds_new(r->a, memory_record, cap);
            if (*n)
                memcpy(more, list, *n * sizeof(*more));
            list = more;
        }
        list[(*n)++] = rec;
        r->recorded[topic] = rec.off + 1;
    }
    return list;
}

static bool step_records(runner *r, const test_step *s)
{
    compare_how how = {s->strict, false,
                       r->variant->epoch_rows && r->file->cuts_any};
    bool ok = true;

    for (uint32_t i = 0; i < s->arg->n; i++) {
        uint32_t n;
        const memory_record *got = records_take(r, s->arg->names[i].s, &n);
        ds_buf diff;

        ds_buf_init(&diff, r->a, 256);
        if (records_compare(s->arg->items[i], got, n, &how, r->a, &diff))
            continue;
        ok = false;
        report_where(r, ds_text_where(&s->arg->names[i], 0, 1),
                     s->arg->names[i].s);
        ds_buf_add(&r->report, diff.s, diff.len);
    }
    return ok;
}

/* ---- state ---- */

typedef struct state_search {
    runner *r;
    const ds_node *node;
    const char *key; /* as the test writes it */
    json_t *found;
} state_search;

static void state_schema(const ds_node *node, ds_arena *a, ds_schema *out)
{
    ds_field *f = ds_new(a, ds_field, node->schema->n);

    out->n = 0;
    out->fields = f;
    if (node->state) {
        *out = *node->state;
        return;
    }
    for (uint32_t i = 0; i < node->schema->n; i++) {
        bool key = false;
        for (uint32_t k = 0; k < node->n_keys; k++)
            key = key || node->keys[k] == i;
        if (!key)
            f[out->n++] = node->schema->fields[i];
    }
}

/* The key as a test names it: its text, or a JSON array of several. */
static bool key_is(const state_search *f, const ds_col *cols,
                   const ds_schema *keys)
{
    const ds_field *only = &keys->fields[0];
    ds_value want, have;
    const char *code;
    ds_buf b;
    json_t *x, *y;
    bool same;

    if (keys->n == 1 && ds_col_is_null(&cols[0], 0))
        return !strcmp(f->key, "null");
    if (keys->n == 1) {
        have = ds_col_value(&cols[0], only->type, 0);
        return !ds_value_parse(only->type, only->mod, ds_slice_of(f->key),
                               DS_TIME_NONE, f->r->a, &want, &code) &&
               ds_value_cmp(only->type, &want, &have) == 0;
    }
    ds_buf_init(&b, f->r->a, 64);
    for (uint32_t i = 0; i < keys->n; i++) {
        ds_buf_str(&b, i ? "," : "[");
        ds_show_json(&b, keys->fields[i].type, &cols[i], 0);
    }
    ds_buf_str(&b, "]");
    x = json_loads(f->key, 0, NULL);
    y = json_loadb(b.s, b.len, 0, NULL);
    same = x && y && json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return same;
}

static ds_rc state_visit(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    state_search *f = arg;
    ds_arena *a = f->r->a;
    const ds_node *node = f->node;
    ds_field *fields = ds_new(a, ds_field, node->n_keys);
    ds_type *types = ds_new(a, ds_type, node->n_keys);
    ds_schema keys = {node->n_keys, fields}, state;
    ds_col *cols;
    uint64_t *bad = NULL;
    ds_buf b;

    (void)err;
    state_schema(node, a, &state);
    cols = ds_new(a, ds_col, node->n_keys + state.n);
    for (uint32_t i = 0; i < node->n_keys; i++) {
        fields[i] = node->schema->fields[node->keys[i]];
        types[i] = fields[i].type;
    }
    if (!ds_key_decode(&key, 1, types, node->n_keys, a, cols) ||
        !key_is(f, cols, &keys))
        return DS_OK;
    ds_rows_decode(&val, 1, &state, a, cols, &bad);
    ds_buf_init(&b, a, 128);
    ds_show_json_row(&b, &state, cols, 0);
    f->found = json_loadb(b.s, b.len, 0, NULL);
    return DS_END;
}

static bool state_row(runner *r, const ds_plan_store *store, const ds_text *key,
                      const ds_arg *want)
{
    state_search f = {r, store->node, key->s, NULL};
    got_rows got = {NULL, NULL, 0, 0, &f.found};
    ds_schema state;
    ds_err err;
    ds_arg list = {.kind = DS_ARG_LIST, .n = 1, .items = &want};
    compare_how how = {false, false, false};
    ds_buf diff;
    bool ok;

    ds_buf_init(&diff, r->a, 128);
    state_schema(store->node, r->a, &state);
    got.schema = &state;
    if (ds_context_scan(r->ctx, store->name, state_visit, &f, &err) < 0) {
        report_where(r, ds_text_where(key, 0, 1), err.msg);
        return false;
    }
    got.n = f.found != NULL;
    list.n = want->kind == DS_ARG_SCALAR && want->null ? 0 : 1;
    ok = rows_compare(&list, &got, &how, r->a, &diff);
    if (!ok) {
        report_where(r, ds_text_where(key, 0, 1), "state");
        ds_buf_add(&r->report, diff.s, diff.len);
    }
    json_decref(f.found);
    return ok;
}

static bool step_state(runner *r, const test_step *s)
{
    bool ok = r->ctx != NULL;

    for (uint32_t i = 0; ok && i < s->arg->n; i++)
        for (uint32_t k = 0; k < r->plan->n_stores; k++)
            for (uint32_t j = 0;
                 !strcmp(r->plan->stores[k].name, s->arg->names[i].s) &&
                 j < s->arg->items[i]->n;
                 j++)
                ok = state_row(r, &r->plan->stores[k],
                               &s->arg->items[i]->names[j],
                               s->arg->items[i]->items[j]) &&
                     ok;
    return ok;
}

/* ---- steps ---- */

static bool step_lose(runner *r, const test_step *s)
{
    int32_t *list = ds_new(r->a, int32_t, s->arg->n + 1);
    ds_err err = {DS_OK, ""};

    for (uint32_t i = 0; i < s->arg->n; i++)
        list[i] = atoi(s->arg->items[i]->text.s);
    if (ds_context_lose(r->ctx, list, s->arg->n, &err) >= 0)
        return true;
    report_where(r, s->where, err.msg);
    return false;
}

static bool step_run(runner *r, const test_step *s)
{
    switch (s->kind) {
    case STEP_ROWS:
        rows_put(r, s);
        return true;
    case STEP_EXPECT:
        return step_expect(r, s);
    case STEP_STATE:
        return step_state(r, s);
    case STEP_RECORDS:
        return step_records(r, s);
    case STEP_CRASH:
        r->point = s->point;
        return true;
    case STEP_AT:
        r->clock.virtual_now = s->time;
        return true;
    case STEP_ADVANCE:
        r->clock.virtual_now += s->time;
        return true;
    case STEP_LOSE:
        return step_lose(r, s);
    }
    return false;
}

static bool pattern_takes(const char *pattern, const char *topic)
{
    regex_t re;
    bool yes;

    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
        return false;
    yes = regexec(&re, topic, 0, NULL, 0) == 0;
    regfree(&re);
    return yes;
}

/* As the steps of one name say, or (`all`) those of all sources. */
static int32_t partitions_of(const runner *r, bool all, const char *name)
{
    int32_t n = 1;

    for (uint32_t i = 0; i < r->test->n_steps; i++) {
        const test_step *s = &r->test->steps[i];
        const ds_plan_table *t =
            s->kind == STEP_ROWS ? table_find(r, s->source) : NULL;
        bool is = s->kind == STEP_ROWS &&
                  (all ? !t || t->copartitioned : !strcmp(s->source, name));
        if (is && s->partition >= n)
            n = s->partition + 1;
    }
    return n;
}

/* State by partition of the sources: they have to have the same number. */
static bool partitions_agree(const ds_plan *plan)
{
    bool agree = plan->stages[0].keyed;

    for (uint32_t i = 0; i < plan->n_stores; i++)
        agree |= plan->stores[i].node->stage == 0;
    return agree;
}

/* A source has the partitions that its steps name; if they agree, the most. */
static bool topics_make(runner *r)
{
    for (uint32_t i = 0; i < r->plan->n_nodes; i++) {
        const ds_node *node = r->plan->nodes[i];
        const ds_source_args *args = node->args;
        if (strcmp(node->type->name, "source") != 0)
            continue;
        int32_t n = partitions_of(r, partitions_agree(r->plan), node->stream);
        if (args->pattern.s &&
            !pattern_takes(args->pattern.s, source_topic(r, args))) {
            report_where(r, r->test->where,
                         "no name of a topic could be made for the pattern");
            return false;
        }
        if (args->pattern.s)
            memory_topic(r->broker, source_topic(r, args), n);
        for (uint32_t k = 0; !args->pattern.s && k < args->n_names; k++)
            memory_topic(r->broker, args->names[k], n);
    }
    for (uint32_t i = 0; i < r->plan->n_tables; i++)
        if (!r->plan->tables[i].source)
            memory_topic(r->broker, source_topic(r, r->plan->tables[i].args),
                         partitions_of(r, false, r->plan->tables[i].name));
    for (uint32_t i = 0; i < r->plan->n_topics; i++)
        if (r->plan->topics[i].kind == DS_TOPIC_SINK ||
            r->plan->topics[i].kind == DS_TOPIC_DLQ ||
            r->plan->topics[i].kind == DS_TOPIC_LATE)
            memory_topic(r->broker, r->plan->topics[i].name, 1);
    return true;
}

static bool runner_steps(runner *r)
{
    ds_err err = {DS_OK, ""};

    if (!topics_make(r))
        return false;
    memory_fail_commits(r->broker, r->variant->abort);
    r->seen = ds_new(r->a, int64_t, r->plan->n_topics + 1);
    r->recorded = ds_new(r->a, int64_t, r->plan->n_topics + 1);
    ds_fault_set_hook(crash_hook, r);
    if (engine_open(r, &err) < 0) {
        report_where(r, r->test->where, err.msg);
        return false;
    }
    for (uint32_t i = 0; i < r->test->n_steps; i++)
        if (!step_run(r, &r->test->steps[i]))
            return false;
    return true;
}

bool test_run(const test_file *f, const job_test *t, const test_variant *v,
              const ds_registry *reg, ds_arena *a, char **report)
{
    runner r = {.file = f, .test = t, .variant = v, .reg = reg, .a = a};
    ds_diags d;
    bool ok = false;

    ds_diags_init(&d, a);
    ds_buf_init(&r.report, a, 256);
    ds_clock_virtual_init(&r.clock, 0);
    r.job = test_job_open(t, reg, &r.plan, &d);
    r.broker = memory_new(&r.clock);
    if (r.job)
        ok = runner_steps(&r);
    ds_fault_set_hook(NULL, NULL);
    if (r.ctx)
        ds_context_close(r.ctx);
    r.broker->type->close(r.broker);
    ds_job_free(r.job);
    ds_buf_add(&r.report, "", 1);
    *report = r.report.s;
    return ok;
}
