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
    metric *total, *commit, *duration;
    metric *assigned, *rebalances;
    metric **keys, **bytes;     /* by number of the store */
    ds_store_stats *last;       /* what this worker has put into them */
    uint64_t *rows, *row_bytes; /* by number of the topic; zero between calls */
    int64_t last_assigned;
    uint64_t last_rebalances;
};

static metric *series(const worker *w, family f, const char *value)
{
    const char *job = w->ctx->plan->job;

    return family_series(w->ctx->opts.metrics, f, METRIC_VALUES(job, value));
}

void stats_open(worker *w)
{
    const ds_plan *plan = w->ctx->plan;
    ds_arena *a = w->ctx->arena;
    struct stats *s;

    if (!w->ctx->opts.metrics || w->metrics)
        return;
    s = w->metrics = ds_new(a, struct stats, 1);
    s->committed = series(w, FAMILY_BATCHES, "committed");
    s->aborted = series(w, FAMILY_BATCHES, "aborted");
    s->tx_committed = series(w, FAMILY_TRANSACTIONS, "committed");
    s->tx_aborted = series(w, FAMILY_TRANSACTIONS, "aborted");
    s->tx_fenced = series(w, FAMILY_TRANSACTIONS, "fenced");
    s->total = series(w, FAMILY_BATCH_DURATION, "total");
    s->commit = series(w, FAMILY_BATCH_DURATION, "commit");
    s->duration = series(w, FAMILY_TRANSACTION_DURATION, NULL);
    s->assigned = series(w, FAMILY_ASSIGNED, NULL);
    s->rebalances = series(w, FAMILY_REBALANCES, NULL);
    s->keys = ds_new(a, metric *, plan->n_stores + 1);
    s->bytes = ds_new(a, metric *, plan->n_stores + 1);
    s->last = ds_new(a, ds_store_stats, plan->n_stores + 1);
    s->rows = ds_new(a, uint64_t, plan->n_topics + 1);
    s->row_bytes = ds_new(a, uint64_t, plan->n_topics + 1);
    for (uint32_t i = 0; i < plan->n_stores; i++) {
        s->keys[i] = series(w, FAMILY_STATE_KEYS, plan->stores[i].name);
        s->bytes[i] = series(w, FAMILY_STATE_BYTES, plan->stores[i].name);
    }
    metric_set(series(w, FAMILY_BATCH_INTERVAL, NULL),
               (double)plan->batch / DS_SECOND);
}

/* ---- gauges ---- */

static void gauges_move(worker *w, const ds_store_stats *now, int64_t assigned)
{
    struct stats *s = w->metrics;

    for (uint32_t i = 0; i < w->ctx->plan->n_stores; i++) {
        metric_add(s->keys[i], (double)(now[i].keys - s->last[i].keys));
        metric_add(s->bytes[i], (double)(now[i].bytes - s->last[i].bytes));
        s->last[i] = now[i];
    }
    metric_add(s->assigned, (double)(assigned - s->last_assigned));
    s->last_assigned = assigned;
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
            ds_store_stats one = {0};

            ts->store->type->stats(ts->store, &one);
            sums[ts->plan->id].keys += one.keys;
            sums[ts->plan->id].bytes += one.bytes;
        }
    gauges_move(w, sums, atomic_load(&w->stats.assigned));
    rebalances = atomic_load(&w->stats.rebalances);
    metric_add(s->rebalances, (double)(rebalances - s->last_rebalances));
    s->last_rebalances = rebalances;
    ds_arena_reset(w->scratch);
}

void stats_close(worker *w)
{
    if (!w->metrics)
        return;
    gauges_move(
        w, ds_new(w->ctx->arena, ds_store_stats, w->ctx->plan->n_stores + 1),
        0);
    w->metrics = NULL;
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

void stats_error(worker *w, const ds_node *node, const char *code,
                 const char *action)
{
    struct error_note *n;

    if (!w->metrics)
        return;
    for (n = w->epoch->notes; n; n = n->next)
        if (n->node == node && n->action == action && !strcmp(n->code, code))
            break;
    if (!n) {
        n = ds_new(w->epoch->mem, struct error_note, 1);
        *n = (struct error_note){w->epoch->notes, node, code, action, 0};
        w->epoch->notes = n;
    }
    n->count++;
}

static void errors_count(const worker *w)
{
    for (const struct error_note *n = w->epoch->notes; n; n = n->next)
        metric_add(
            family_series(w->ctx->opts.metrics, FAMILY_ERRORS,
                          METRIC_VALUES(w->ctx->plan->job, n->node->stream,
                                        n->node->op, n->code, n->action)),
            (double)n->count);
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
    return "dlq";
}

static void sinks_count(const worker *w)
{
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

        if (s->rows[t] && (kind == DS_TOPIC_SINK || kind == DS_TOPIC_DLQ)) {
            metric_add(
                family_series(w->ctx->opts.metrics, FAMILY_SINK_RECORDS, names),
                (double)s->rows[t]);
            metric_add(
                family_series(w->ctx->opts.metrics, FAMILY_SINK_BYTES, names),
                (double)s->row_bytes[t]);
        }
        s->rows[t] = s->row_bytes[t] = 0;
    }
}

void stats_commit(worker *w, ds_time commit)
{
    struct stats *s = w->metrics;
    double seconds = (double)commit / DS_SECOND;

    if (!s)
        return;
    metric_add(s->committed, 1);
    metric_add(s->tx_committed, 1);
    metric_observe(s->commit, seconds);
    metric_observe(s->duration, seconds);
    metric_observe(s->total,
                   (double)(ds_mono_now() - w->epoch->began) / DS_SECOND);
    sources_count(w);
    sinks_count(w);
    errors_count(w);
}

void stats_abort(worker *w, ds_rc rc)
{
    struct stats *s = w->metrics;

    if (!s)
        return;
    metric_add(s->aborted, 1);
    metric_add(rc == DS_E_FENCED ? s->tx_fenced : s->tx_aborted, 1);
}
