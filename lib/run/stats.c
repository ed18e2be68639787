/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats.c - what a job tells about itself: metrics.
 *
 * Counters count committed batches only. Nothing here happens per record but
 * the sums over an epoch's rows. Gauges that several workers share are moved by
 * differences, so that they are sums.
 */
#include <stdio.h>

#include "obs/families.h"
#include "run/run.h"

#define TICK DS_SECOND

struct stats {
    metric *committed, *aborted;
    metric *tx_committed, *tx_aborted, *tx_fenced;
    metric *phases[PHASE_N], *late, *duration;
    metric *assigned, *rebalances, *rebalancing;
    metric *tables, *batches;   /* memory */
    metric **keys, **bytes;     /* by number of the store */
    metric **calls;             /* CALLS for each store */
    metric **in, **out;         /* by number of the stage's node */
    metric *tally[DS_TALLY_N];  /* as ds_tally */
    ds_store_stats *last;       /* what this worker has put into them */
    uint64_t *rows, *row_bytes; /* by number of the topic; zero between calls */
    int64_t last_assigned;
    uint64_t last_rebalances;
    int64_t last_tables, last_batches;
    double last_stalled;
};

enum { CALLS = 4 };

static metric *series(const worker *w, family f, const char *value)
{
    const char *job = w->ctx->plan->job;

    return family_series(w->ctx->opts.metrics, f, METRIC_VALUES(job, value));
}

static void stores_open(worker *w, struct stats *s, ds_arena *a)
{
    static const char *const calls[CALLS] = {"get", "write", "scan", "flush"};
    const ds_plan *plan = w->ctx->plan;
    metrics *m = w->ctx->opts.metrics;

    s->keys = ds_new(a, metric *, plan->n_stores + 1);
    s->bytes = ds_new(a, metric *, plan->n_stores + 1);
    s->calls = ds_new(a, metric *, CALLS * plan->n_stores + 1);
    s->last = ds_new(a, ds_store_stats, plan->n_stores + 1);
    for (uint32_t i = 0; i < plan->n_stores; i++) {
        const char *store = plan->stores[i].name;

        s->keys[i] = series(w, FAMILY_STATE_KEYS, store);
        s->bytes[i] = series(w, FAMILY_STATE_BYTES, store);
        for (uint32_t k = 0; k < CALLS; k++)
            s->calls[i * CALLS + k] =
                family_series(m, FAMILY_STATE_OPERATIONS,
                              METRIC_VALUES(plan->job, store, calls[k]));
    }
}

/* A step that crosses a cut is several nodes: its own counts under its name,
 * what the planner put beside it under theirs. */
static const char *operator_name(const ds_node *n)
{
    const char *type = n->type->name;
    bool said = !strcmp(type, "source") || !strcmp(type, "sink") ||
                !strcmp(type, "console") || !strcmp(type, "tableJoin") ||
                !strcmp(type, "storedTableJoin");

    return n->type->flags & DS_OP_INTERNAL && !said ? type : n->op;
}

/* Two steps of a stream that have the same name are counted together. */
static void operators_open(worker *w, struct stats *s, ds_arena *a)
{
    const ds_stage *stage = w->stage;
    const char *job = w->ctx->plan->job;
    metrics *m = w->ctx->opts.metrics;

    s->in = ds_new(a, metric *, stage->n_nodes + 1);
    s->out = ds_new(a, metric *, stage->n_nodes + 1);
    for (uint32_t i = 0; i < stage->n_nodes; i++) {
        const ds_node *n = stage->nodes[i];
        const char *op = operator_name(n);

        s->in[i] = family_series(m, FAMILY_OPERATOR_RECORDS,
                                 METRIC_VALUES(job, n->stream, op, "in"));
        s->out[i] = family_series(m, FAMILY_OPERATOR_RECORDS,
                                  METRIC_VALUES(job, n->stream, op, "out"));
    }
}

static void phases_open(worker *w, struct stats *s)
{
    static const char *const names[PHASE_N] = {
        [PHASE_FETCH] = "fetch",     [PHASE_DECODE] = "decode",
        [PHASE_PROCESS] = "process", [PHASE_STATE] = "state",
        [PHASE_PRODUCE] = "produce", [PHASE_COMMIT] = "commit",
        [PHASE_TOTAL] = "total"};

    for (int i = 0; i < PHASE_N; i++)
        s->phases[i] = series(w, FAMILY_BATCH_DURATION, names[i]);
}

void stats_open(worker *w)
{
    const ds_plan *plan = w->ctx->plan;
    ds_arena *a = w->ctx->arena;
    struct stats *s;

    if (!w->ctx->opts.metrics || w->metrics)
        return;
    s = w->metrics = ds_new(a, struct stats, 1);
    phases_open(w, s);
    stores_open(w, s, a);
    operators_open(w, s, a);
    for (size_t i = 0; i < DS_TALLY_N; i++)
        s->tally[i] = series(w, FAMILY_ROWS, ds_tally_names[i]);
    s->committed = series(w, FAMILY_BATCHES, "committed");
    s->aborted = series(w, FAMILY_BATCHES, "aborted");
    s->tx_committed = series(w, FAMILY_TRANSACTIONS, "committed");
    s->tx_aborted = series(w, FAMILY_TRANSACTIONS, "aborted");
    s->tx_fenced = series(w, FAMILY_TRANSACTIONS, "fenced");
    s->late = series(w, FAMILY_BATCH_DELAY, NULL);
    s->duration = series(w, FAMILY_TRANSACTION_DURATION, NULL);
    s->assigned = series(w, FAMILY_ASSIGNED, NULL);
    s->rebalances = series(w, FAMILY_REBALANCES, NULL);
    s->rebalancing = series(w, FAMILY_REBALANCE_DURATION, NULL);
    s->tables = series(w, FAMILY_MEMORY_USED, "table");
    s->batches = series(w, FAMILY_MEMORY_USED, "batch");
    s->rows = ds_new(a, uint64_t, plan->n_topics + 1);
    s->row_bytes = ds_new(a, uint64_t, plan->n_topics + 1);
    metric_set(series(w, FAMILY_BATCH_INTERVAL, NULL),
               (double)plan->batch / DS_SECOND);
}

/* ---- gauges ---- */

static void gauge_move(metric *m, int64_t now, int64_t *last)
{
    metric_add(m, (double)(now - *last));
    *last = now;
}

static void gauges_move(worker *w, const ds_store_stats *now, int64_t assigned,
                        int64_t batches)
{
    struct stats *s = w->metrics;
    int64_t tables = 0;

    for (uint32_t i = 0; i < w->ctx->plan->n_stores; i++) {
        gauge_move(s->keys[i], now[i].keys, &s->last[i].keys);
        gauge_move(s->bytes[i], now[i].bytes, &s->last[i].bytes);
        tables += now[i].memory;
    }
    gauge_move(s->tables, tables, &s->last_tables);
    gauge_move(s->batches, batches, &s->last_batches);
    gauge_move(s->assigned, assigned, &s->last_assigned);
}

/* A store goes from one worker to another; what was told of it goes with it. */
static void store_add(worker *w, const task_store *ts, ds_store_stats *sum)
{
    metric **calls = &w->metrics->calls[CALLS * ts->plan->id];
    const ds_store_stats *told = &ts->store->told;
    ds_store_stats now = {0};

    ts->store->type->stats(ts->store, &now);
    metric_add(calls[0], (double)(now.reads - told->reads));
    metric_add(calls[1], (double)(now.writes - told->writes));
    metric_add(calls[2], (double)(now.scans - told->scans));
    metric_add(calls[3], (double)(now.flushes - told->flushes));
    ts->store->told = now;
    sum->keys += now.keys;
    sum->bytes += now.bytes;
    sum->memory += now.memory;
}

/* The database is one for all workers: the first one tells of it. */
static void database_show(worker *w)
{
    ds_db *db = w->ctx->db;
    double *last = &w->metrics->last_stalled;
    ds_db_stats now = {.stalled = -1};

    if (w != w->ctx->workers || !db->type->db_stats)
        return;
    db->type->db_stats(db, &now);
    metric_set(series(w, FAMILY_ROCKSDB_CACHE, NULL), (double)now.cache);
    metric_set(series(w, FAMILY_ROCKSDB_MEMTABLE, NULL), (double)now.memtables);
    metric_set(series(w, FAMILY_ROCKSDB_COMPACTION, NULL),
               (double)now.compaction);
    metric_set(series(w, FAMILY_MEMORY_USED, "cache"), (double)now.cache);
    metric_set(series(w, FAMILY_MEMORY_USED, "memtable"),
               (double)now.memtables);
    if (now.stalled < *last)
        return;
    metric_add(series(w, FAMILY_ROCKSDB_STALL, NULL), now.stalled - *last);
    *last = now.stalled;
}

static int64_t epoch_bytes(const epoch *e)
{
    return (int64_t)(ds_arena_used(e->in) + ds_arena_used(e->mem));
}

void stats_tick(worker *w)
{
    struct stats *s = w->metrics;
    const ds_plan *plan = w->ctx->plan;
    ds_time now = ds_mono_now();
    ds_store_stats *sums;
    uint64_t rebalances;

    if (now - w->ticked < TICK)
        return;
    w->ticked = now;
    stats_lag(w);
    if (!s)
        return;
    sums = ds_new(w->scratch, ds_store_stats, plan->n_stores + 1);
    for (uint32_t i = 0; i < w->n_tasks; i++)
        for (uint32_t k = 0; k < w->tasks[i].n_stores; k++) {
            const task_store *ts = &w->tasks[i].stores[k];

            store_add(w, ts, &sums[ts->plan->id]);
        }
    gauges_move(w, sums, atomic_load(&w->stats.assigned),
                epoch_bytes(w->epoch));
    database_show(w);
    rebalances = atomic_load(&w->stats.rebalances);
    metric_add(s->rebalances, (double)(rebalances - s->last_rebalances));
    s->last_rebalances = rebalances;
    ds_arena_reset(w->scratch);
}

void stats_close(worker *w)
{
    if (!w->metrics)
        return;
    stats_lost(w);
    gauges_move(
        w, ds_new(w->ctx->arena, ds_store_stats, w->ctx->plan->n_stores + 1), 0,
        0);
    w->metrics = NULL;
}

void stats_gained(worker *w, ds_time start)
{
    if (w->metrics)
        metric_observe(w->metrics->rebalancing,
                       (double)(ds_mono_now() - start) / DS_SECOND);
}

static void partition_forget(worker *w, family f, const char *topic,
                             int32_t partition)
{
    char p[16];

    snprintf(p, sizeof(p), "%d", partition);
    metrics_remove(family_series(w->ctx->opts.metrics, f,
                                 METRIC_VALUES(w->ctx->plan->job, topic, p)));
}

/* Another instance has something to say of them now. */
void stats_lost(worker *w)
{
    if (!w->metrics)
        return;
    for (uint32_t i = 0; i < w->n_inputs; i++)
        partition_forget(w, FAMILY_LAG_RECORDS, w->inputs[i].topic,
                         w->inputs[i].partition);
    for (uint32_t i = 0; i < w->n_tasks; i++)
        for (uint32_t k = 0; k < w->tasks[i].n_stores; k++) {
            const char *topic = w->tasks[i].stores[k].plan->changelog;

            partition_forget(w, FAMILY_RESTORE_REMAINING, topic,
                             w->tasks[i].partition);
            partition_forget(w, FAMILY_RESTORE_RATIO, topic,
                             w->tasks[i].partition);
        }
}

/* What the worker's partitions hold and it has not committed. */
void stats_lag(worker *w)
{
    metrics *m = w->ctx->opts.metrics;
    int64_t total = 0;
    char p[16];

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        int64_t end = w->source->type->end(w->source, in->topic, in->partition);
        int64_t lag = end - (in->position > 0 ? in->position : 0);

        if (end < 0)
            continue;
        lag = lag > 0 ? lag : 0;
        total += lag;
        snprintf(p, sizeof(p), "%d", in->partition);
        if (m)
            metric_set(
                family_series(m, FAMILY_LAG_RECORDS,
                              METRIC_VALUES(w->ctx->plan->job, in->topic, p)),
                (double)lag);
    }
    atomic_store(&w->stats.lag, total);
}

void stats_restore(worker *w, const char *topic, int32_t partition,
                   int64_t left, int64_t total)
{
    metrics *m = w->ctx->opts.metrics;
    const char *job = w->ctx->plan->job;
    char p[16];

    if (!m)
        return;
    snprintf(p, sizeof(p), "%d", partition);
    metric_set(family_series(m, FAMILY_RESTORE_REMAINING,
                             METRIC_VALUES(job, topic, p)),
               (double)left);
    metric_set(
        family_series(m, FAMILY_RESTORE_RATIO, METRIC_VALUES(job, topic, p)),
        total > 0 ? 1 - (double)left / (double)total : 1);
}

/* ---- an epoch ---- */

static bool note_is(const struct error_note *n, const ds_node *node,
                    const char *code, const char *action)
{
    if (n->node != node || strcmp(n->action, action) != 0)
        return false;
    return code && n->code ? !strcmp(n->code, code) : code == n->code;
}

static void note_add(worker *w, const ds_node *node, const char *code,
                     const char *action, uint32_t count)
{
    struct error_note *n = w->epoch->notes;

    if (!w->metrics)
        return;
    while (n && !note_is(n, node, code, action))
        n = n->next;
    if (!n) {
        n = ds_new(w->epoch->mem, struct error_note, 1);
        *n = (struct error_note){w->epoch->notes, node, code, action, 0};
        w->epoch->notes = n;
    }
    n->count += count;
}

void stats_error(worker *w, const ds_node *node, const char *code,
                 const char *action)
{
    note_add(w, node, code, action, 1);
}

void stats_discard(worker *w, const ds_node *node, const char *reason,
                   uint32_t n)
{
    note_add(w, node, NULL, reason, n);
}

/* A skipped record is an error and discarded. */
static void notes_count(const worker *w)
{
    metrics *m = w->ctx->opts.metrics;
    const char *job = w->ctx->plan->job;

    for (const struct error_note *n = w->epoch->notes; n; n = n->next) {
        const char *stream = n->node->stream, *op = n->node->op;

        if (n->code)
            metric_add(family_series(
                           m, FAMILY_ERRORS,
                           METRIC_VALUES(job, stream, op, n->code, n->action)),
                       (double)n->count);
        if (!n->code || !strcmp(n->action, "skip"))
            metric_add(family_series(m, FAMILY_DISCARDED,
                                     METRIC_VALUES(job, stream, op, n->action)),
                       (double)n->count);
    }
}

void stats_failed(worker *w, const ds_node *node, const char *code)
{
    if (w->metrics)
        metric_add(family_series(w->ctx->opts.metrics, FAMILY_ERRORS,
                                 METRIC_VALUES(w->ctx->plan->job, node->stream,
                                               node->op, code, "fail")),
                   1);
}

static const char *source_name(const worker *w, const input *in)
{
    return w->stage->nodes[in->nodes[0]]->stream;
}

/* Records of the user's topics; what crosses a repartition is not counted. */
static void sources_count(const worker *w)
{
    metrics *m = w->ctx->opts.metrics;
    const char *job = w->ctx->plan->job;

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        uint64_t rows = 0, bytes = 0;

        if (!strcmp(w->stage->nodes[in->nodes[0]]->type->name, "unshuffle"))
            continue;
        for (const epoch_rows *r = w->epoch->first; r; r = r->next) {
            for (uint32_t k = 0; r->input == in && k < r->rows->n; k++) {
                if (r->rows->off[k] >= in->limit)
                    break;
                rows++;
                bytes += (uint64_t)r->rows->key[k].len + r->rows->val[k].len;
            }
        }
        if (rows == 0)
            continue;
        metric_add(
            family_series(m, FAMILY_SOURCE_RECORDS,
                          METRIC_VALUES(job, source_name(w, in), in->topic)),
            (double)rows);
        metric_add(
            family_series(m, FAMILY_SOURCE_BYTES,
                          METRIC_VALUES(job, source_name(w, in), in->topic)),
            (double)bytes);
    }
}

/* The sink that writes to a topic; the dead letters' is called dlq. */
static const char *sink_name(const ds_plan *plan, uint32_t topic)
{
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        if (plan->nodes[i]->topic == (int)topic &&
            !strcmp(plan->nodes[i]->type->name, "sink"))
            return plan->nodes[i]->stream;
    return plan->topics[topic].kind == DS_TOPIC_LATE ? "late" : "dlq";
}

/* From the oldest record of the epoch; records of a poll are in order. */
static double epoch_age(const worker *w)
{
    ds_time oldest = INT64_MAX;

    for (const epoch_rows *r = w->epoch->first; r; r = r->next)
        if (r->rows->n && r->rows->ts && r->rows->ts[0] != DS_TIME_NONE &&
            r->rows->ts[0] < oldest)
            oldest = r->rows->ts[0];
    if (oldest == INT64_MAX)
        return -1;
    return (double)(ds_clock_now(w->ctx->opts.clock) - oldest) / DS_SECOND;
}

static void sink_age(const worker *w, const char *sink, double age)
{
    if (age >= 0)
        metric_observe(series(w, FAMILY_LATENCY, sink), age);
}

static void sinks_count(const worker *w)
{
    double age = epoch_age(w);
    const ds_plan *plan = w->ctx->plan;
    struct stats *s = w->metrics;
    const ds_row *rows;
    uint32_t n;

    for (uint32_t c = 0; (rows = ds_outbox_chunk(w->epoch->outbox, c, &n)); c++)
        for (uint32_t i = 0; i < n; i++) {
            s->rows[rows[i].topic]++;
            s->row_bytes[rows[i].topic] +=
                (uint64_t)rows[i].key.len + rows[i].val.len;
        }
    for (uint32_t t = 0; t < plan->n_topics; t++) {
        const char *const *names =
            METRIC_VALUES(plan->job, sink_name(plan, t), plan->topics[t].name);
        ds_topic_kind kind = plan->topics[t].kind;

        if (s->rows[t] && kind >= DS_TOPIC_SINK && kind <= DS_TOPIC_LATE) {
            metric_add(
                family_series(w->ctx->opts.metrics, FAMILY_SINK_RECORDS, names),
                (double)s->rows[t]);
            metric_add(
                family_series(w->ctx->opts.metrics, FAMILY_SINK_BYTES, names),
                (double)s->row_bytes[t]);
            sink_age(w, sink_name(plan, t), age);
        }
        s->rows[t] = s->row_bytes[t] = 0;
    }
}

/* Since the epoch was begun, or run again. */
static void operators_count(worker *w)
{
    struct stats *s = w->metrics;

    for (uint32_t i = 0; i < w->n_tasks; i++) {
        const task *t = &w->tasks[i];

        for (uint32_t k = 0; t->open && k < t->n_ops; k++) {
            metric_add(s->in[k], (double)t->ops[k]->rows_in);
            metric_add(s->out[k], (double)t->ops[k]->rows_out);
            w->epoch->spent[PHASE_DECODE] += t->ops[k]->decoding;
        }
    }
    w->epoch->spent[PHASE_PROCESS] -= w->epoch->spent[PHASE_DECODE];
}

void stats_commit(worker *w, ds_time took)
{
    struct stats *s = w->metrics;

    if (!s)
        return;
    metric_add(s->committed, 1);
    metric_add(s->tx_committed, 1);
    metric_observe(s->duration, (double)took / DS_SECOND);
    operators_count(w);
    sources_count(w);
    sinks_count(w);
    notes_count(w);
}

void stats_rows(worker *w, const ds_tally *rows)
{
    const uint64_t *from = (const uint64_t *)(const void *)rows;

    for (size_t i = 0; w->metrics && i < DS_TALLY_N; i++)
        metric_add(w->metrics->tally[i], (double)from[i]);
}

void stats_phases(worker *w)
{
    struct stats *s = w->metrics;
    epoch *e = w->epoch;

    if (!s)
        return;
    epoch_lap(e, PHASE_TOTAL, e->began);
    for (int i = 0; i < PHASE_N; i++)
        metric_observe(s->phases[i], (double)e->spent[i] / DS_SECOND);
    if (e->late >= 0)
        metric_observe(s->late, (double)e->late / DS_SECOND);
}

void stats_abort(worker *w, ds_rc rc)
{
    struct stats *s = w->metrics;

    if (!s)
        return;
    metric_add(s->aborted, 1);
    if (atomic_load(&w->stats.txn_since) == 0)
        return;
    metric_add(rc == DS_E_FENCED ? s->tx_fenced : s->tx_aborted, 1);
}
