/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables.c - versions of the job's tables, and the thread that makes them.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "obs/families.h"
#include "run/tables.h"

#define SHARE 4 /* of the job's memory: all tables together have a fourth */
#define ROUND_MS 100
#define TELL_EVERY DS_SECOND
#define LATE_BATCHES 20

/* ---- versions ---- */

/* A version that no batch can have seen is replaced. */
static void version_set(struct run_table *t, ds_table *made)
{
    uint32_t most = table_is_file(t) ? TABLE_FILE_VERSIONS : TABLE_VERSIONS;
    struct table_version *v = t->versions;

    if (t->seen == DS_TIME_NONE || v[0].from > t->seen) {
        ds_table_drop(v[0].rows);
        v[0].rows = made;
        return;
    }
    if (t->n_versions == most)
        ds_table_drop(v[--t->n_versions].rows);
    memmove(&v[1], &v[0], t->n_versions * sizeof(*v));
    v[0] = (struct table_version){made, t->seen + 1};
    t->n_versions++;
}

/* Old versions, once no stage can be that late. */
static void versions_trim(struct tables *ts, struct run_table *t)
{
    ds_time late = LATE_BATCHES * ts->ctx->plan->batch;

    pthread_mutex_lock(&ts->lock);
    while (t->n_versions > 1 &&
           t->seen - late > t->versions[t->n_versions - 2].from)
        ds_table_drop(t->versions[--t->n_versions].rows);
    pthread_mutex_unlock(&ts->lock);
}

/* What all of them would take with this one. */
static int64_t bytes_with(const struct tables *ts, const struct run_table *t,
                          const ds_table *made)
{
    int64_t sum = (int64_t)ds_table_bytes(made);

    for (uint32_t i = 0; i < ts->n; i++)
        if (&ts->list[i] != t)
            sum += (int64_t)ds_table_bytes(tables_newest(&ts->list[i]));
    return sum;
}

static metric *series(const struct tables *ts, const struct run_table *t,
                      family f, const char *more)
{
    return family_series(
        ts->ctx->opts.metrics, f,
        METRIC_VALUES(ts->ctx->plan->job, t->plan->name, more));
}

static void table_tell(struct tables *ts, struct run_table *t)
{
    if (!ts->ctx->opts.metrics || t->plan->copartitioned)
        return;
    metric_set(series(ts, t, FAMILY_TABLE_ROWS, NULL),
               (double)ds_table_n(tables_newest(t)));
    metric_set(series(ts, t, FAMILY_TABLE_BYTES, NULL),
               (double)ds_table_bytes(tables_newest(t)));
    metric_set(series(ts, t, FAMILY_TABLE_AGE, NULL),
               (double)(ds_mono_now() - t->current) / DS_SECOND);
    metric_add(series(ts, t, FAMILY_TABLE_REFRESHES, NULL), 0);
    metric_add(series(ts, t, FAMILY_TABLE_FAILURES, NULL), 0);
}

void tables_count(struct tables *ts, struct run_table *t, const char *reason,
                  uint64_t n)
{
    if (n && ts->ctx->opts.metrics)
        metric_add(series(ts, t, FAMILY_TABLE_SKIPPED, reason), (double)n);
}

void tables_failed(struct tables *ts, struct run_table *t, const ds_err *err)
{
    ds_log(DS_LOG_WARN, "a table could not be read again: the old rows stay",
           DS_KV("job", "%s", ts->ctx->plan->job),
           DS_KV("table", "%s", t->plan->name),
           DS_KV("rows", "%" PRIu64, ds_table_n(tables_newest(t))),
           DS_KV("error", "%s", err->msg));
    if (ts->ctx->opts.metrics)
        metric_add(series(ts, t, FAMILY_TABLE_FAILURES, NULL), 1);
}

ds_rc tables_publish(struct tables *ts, struct run_table *t, ds_table *made,
                     ds_err *err)
{
    int64_t bytes = bytes_with(ts, t, made);

    if (bytes > ts->limit) {
        ds_table_drop(made);
        return ds_fail(err, DS_E_LIMIT,
                       "table %s: with it the tables take %" PRId64
                       " bytes, more than the %" PRId64
                       " that they may: a fourth of `memory:`%s",
                       t->plan->name, bytes, ts->limit,
                       table_is_file(t)
                           ? ""
                           : "; one that is `copartitioned` may be larger");
    }
    pthread_mutex_lock(&ts->lock);
    version_set(t, made);
    pthread_mutex_unlock(&ts->lock);
    t->current = ds_mono_now();
    if (ts->ctx->opts.metrics)
        metric_add(series(ts, t, FAMILY_TABLE_REFRESHES, NULL), 1);
    return DS_OK;
}

const ds_table *tables_newest(const struct run_table *t)
{
    return t->versions[0].rows; /* only the thread that asks changes it */
}

/* ---- batches ---- */

static void version_drop(void *arg)
{
    ds_table_drop(arg);
}

static ds_table *version_of(struct run_table *t, ds_time batch)
{
    uint32_t i = 0;

    while (i + 1 < t->n_versions && batch < t->versions[i].from)
        i++;
    if (batch > t->seen)
        t->seen = batch;
    return ds_table_hold(t->versions[i].rows);
}

void tables_pin(ds_context *ctx, ds_op *op, ds_arena *a)
{
    struct tables *ts = ctx->tables;
    const ds_node *node = op->node;

    op->tables = ds_new(a, const ds_table *, node->n_tables);
    pthread_mutex_lock(&ts->lock);
    for (uint32_t i = 0; i < node->n_tables; i++) {
        ds_table *v = version_of(&ts->list[node->tables[i]->id], op->now);

        ds_arena_on_reset(a, version_drop, v);
        op->tables[i] = v;
    }
    pthread_mutex_unlock(&ts->lock);
}

/* ---- open ---- */

static void table_init(struct run_table *t, const ds_plan_table *plan)
{
    t->plan = plan;
    t->versions[0] = (struct table_version){
        ds_table_new(plan->schema, plan->key, plan->values), DS_TIME_NONE};
    t->n_versions = 1;
    t->seen = DS_TIME_NONE;
    table_rows_init(&t->changes, ds_arena_new(1 << 12));
}

/* A topic that forgets loses rows. */
static void topic_warn(struct tables *ts, const struct run_table *t)
{
    static const char text[] = "the topic of a table is not compacted: rows "
                               "are gone with its retention at the next start";
    ds_context *ctx = ts->ctx;
    const char *topic = ctx->plan->topics[t->plan->topic].name, *policy;
    ds_err err;

    if (ctx->broker->type->topic_config(ctx->broker, topic, "cleanup.policy",
                                        ts->polled, &policy, &err) != DS_OK ||
        strstr(policy, "compact"))
        return;
    ds_log(DS_LOG_WARN, text, DS_KV("job", "%s", ctx->plan->job),
           DS_KV("table", "%s", t->plan->name), DS_KV("topic", "%s", topic),
           DS_KV("cleanup.policy", "%s", policy));
}

static ds_rc topics_read(struct tables *ts, ds_err *err)
{
    ds_broker *b = ts->ctx->broker;
    bool any = false;

    for (uint32_t i = 0; i < ts->n; i++)
        if (table_is_topic(&ts->list[i])) {
            topic_warn(ts, &ts->list[i]);
            any = true;
        }
    if (!any)
        return DS_OK;
    DS_TRY(b->type->reader_open(b, &ts->reader, err));
    ts->grown = ds_mono_now();
    return table_topics_read(ts, err);
}

static void tables_said(const struct tables *ts)
{
    for (uint32_t i = 0; i < ts->n; i++) {
        const struct run_table *t = &ts->list[i];

        if (!t->plan->copartitioned)
            ds_log(DS_LOG_INFO, "table read",
                   DS_KV("job", "%s", ts->ctx->plan->job),
                   DS_KV("table", "%s", t->plan->name),
                   DS_KV("rows", "%" PRIu64, ds_table_n(tables_newest(t))),
                   DS_KV("bytes", "%zu", ds_table_bytes(tables_newest(t))));
    }
}

static ds_rc tables_read(struct tables *ts, ds_err *err)
{
    for (uint32_t i = 0; i < ts->n; i++) {
        struct run_table *t = &ts->list[i];

        if (t->plan->copartitioned)
            continue;
        DS_TRY(table_codec_start(t->plan, err));
        DS_TRY(table_codec_open(&t->codec, t->plan, err));
        if (table_is_file(t))
            DS_TRY(table_file_read(ts, t, err));
    }
    return topics_read(ts, err);
}

ds_rc tables_open(ds_context *ctx, ds_err *err)
{
    const ds_plan *plan = ctx->plan;
    struct tables *ts;
    uint32_t n = 0;
    ds_rc rc;

    for (uint32_t i = 0; i < plan->n_tables; i++)
        n += !plan->tables[i].copartitioned;
    if (n == 0)
        return DS_OK;
    ts = ds_new(ctx->arena, struct tables, 1);
    ts->ctx = ctx;
    ts->n = plan->n_tables;
    ts->list = ds_new(ctx->arena, struct run_table, ts->n);
    ts->limit = plan->memory / SHARE;
    ts->arena = ds_arena_new(1 << 12);
    ts->polled = ds_arena_new(1 << 16);
    pthread_mutex_init(&ts->lock, NULL);
    for (uint32_t i = 0; i < ts->n; i++)
        table_init(&ts->list[i], &plan->tables[i]);
    ctx->tables = ts;
    rc = tables_read(ts, err);
    if (rc == DS_E_LIMIT) /* nothing to try again */
        rc = ds_fail(err, DS_E_FAILED, "%s", err->msg);
    if (rc == DS_OK)
        tables_said(ts);
    return rc;
}

/* ---- the thread ---- */

static ds_rc tables_round(struct tables *ts, ds_err *err)
{
    ds_rc rc = DS_OK;

    for (uint32_t i = 0; i < ts->n; i++)
        if (table_is_file(&ts->list[i]))
            table_file_refresh(ts, &ts->list[i]);
    if (ts->reader)
        rc = table_topics_follow(ts, ROUND_MS, err);
    else
        ds_clock_wall.sleep(&ds_clock_wall, ROUND_MS * DS_MS);
    return rc;
}

/* What passes is tried again, and told once. */
static bool round_may_go_on(struct tables *ts, ds_rc rc, const ds_err *err,
                            bool *failing)
{
    bool again = ds_rc_act(rc) == DS_ACT_RETRY || rc == DS_E_UNREACHABLE;

    if (rc >= 0) {
        *failing = false;
        return true;
    }
    if (!again)
        return false;
    for (uint32_t i = 0; i < ts->n && !*failing; i++)
        if (table_is_topic(&ts->list[i]))
            tables_failed(ts, &ts->list[i], err);
    *failing = true;
    ds_clock_wall.sleep(&ds_clock_wall, DS_SECOND);
    return true;
}

static void *tables_main(void *arg)
{
    struct tables *ts = arg;
    ds_time told = 0;
    bool failing = false;
    ds_err err = {DS_OK, ""};

    while (!atomic_load(&ts->stop)) {
        ds_rc rc = tables_round(ts, &err);

        if (!round_may_go_on(ts, rc, &err, &failing)) {
            err.rc = rc == DS_E_LIMIT ? DS_E_FAILED : rc;
            context_fail(ts->ctx, &err);
            break;
        }
        if (ds_mono_now() - told < TELL_EVERY)
            continue;
        told = ds_mono_now();
        for (uint32_t i = 0; i < ts->n; i++) {
            versions_trim(ts, &ts->list[i]);
            table_tell(ts, &ts->list[i]);
        }
    }
    return NULL;
}

ds_rc tables_start(ds_context *ctx, ds_err *err)
{
    struct tables *ts = ctx->tables;

    if (!ts)
        return DS_OK;
    if (pthread_create(&ts->thread, NULL, tables_main, ts))
        return ds_fail(err, DS_E_LIMIT, "no thread can be started");
    ts->started = true;
    return DS_OK;
}

ds_rc tables_step(ds_context *ctx, ds_err *err)
{
    if (!ctx->tables || !ctx->tables->reader)
        return DS_OK;
    return table_topics_follow(ctx->tables, 0, err);
}

void tables_close(ds_context *ctx)
{
    struct tables *ts = ctx->tables;

    if (!ts)
        return;
    atomic_store(&ts->stop, true);
    if (ts->started)
        pthread_join(ts->thread, NULL);
    if (ts->reader)
        ts->reader->type->close(ts->reader);
    for (uint32_t i = 0; i < ts->n; i++) {
        table_codec_close(&ts->list[i].codec);
        for (uint32_t k = 0; k < ts->list[i].n_versions; k++)
            ds_table_drop(ts->list[i].versions[k].rows);
        ds_arena_free(ts->list[i].changes.arena);
    }
    pthread_mutex_destroy(&ts->lock);
    ds_arena_free(ts->polled);
    ds_arena_free(ts->arena);
    ctx->tables = NULL;
}
