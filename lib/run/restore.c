/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.c - bring positions and stores to what is committed
 * (exactly-once.md, B3).
 *
 *     committed offsets (stable) -> log ends -> changelog tails -> cross-check
 *     -> the source starts, or is sought
 *
 * The same for a takeover and after an abort. The end of a changelog is the
 * true end (read_uncommitted), read after the offsets were stable, and the
 * reader is read_committed: so it waits for an open transaction of a dead
 * writer, and never stops short of what that transaction may still commit.
 *
 * All the while the group member is polled, so that it stays one.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "dstream/fault.h"
#include "run/run.h"

#define STALL (50 * DS_SECOND)
/* Local data that lags further behind than half of Kafka's default
 * delete.retention.ms may have missed tombstones. */
#define STALE (12 * 3600 * DS_SECOND)
/* Never too old: the topic's settings need not be asked for. */
#define FRESH (200 * DS_MS)

/* A changelog that is being read. */
typedef struct tail {
    task *task;
    task_store *ts;
    int64_t next, low, high, from;
} tail;

/* DS_CHANGED: the assignment changes, or the job stops. */
static ds_rc restore_poll(worker *w, ds_err *err)
{
    ds_fetch f;
    ds_change c;
    ds_rc rc;

    if (atomic_load(&w->ctx->stop))
        return DS_CHANGED;
    rc = w->source->type->poll(w->source, w->scratch, 1000, 0, &f, err);
    if (rc == DS_CHANGED) {
        w->source->type->change(w->source, &c);
        if (c.kind == DS_ASSIGNED && w->unanswered)
            rc = DS_OK; /* the one that is being answered */
    }
    ds_arena_reset(w->scratch);
    return rc == DS_END ? DS_OK : rc;
}

/* For a while; the group member is polled. */
static ds_rc restore_rest(worker *w, ds_err *err)
{
    ds_clock *clock = w->ctx->opts.clock;

    for (ds_time t = 0; t < DOUBT_EVERY; t += DOUBT_EVERY / 10) {
        ds_rc rc = restore_poll(w, err);

        if (rc != DS_OK)
            return rc;
        clock->sleep(clock, DOUBT_EVERY / 10);
    }
    return DS_OK;
}

/* Stable ones. */
static ds_rc positions_ask(worker *w, ds_position *pos, ds_err *err)
{
    for (;;) {
        ds_rc rc;
        for (uint32_t i = 0; i < w->n_inputs; i++)
            pos[i] = ds_position_of(w->inputs[i].topic, w->inputs[i].partition,
                                    DS_OFFSET_NONE);
        rc = w->source->type->committed(w->source, pos, w->n_inputs, 1000, err);
        if (rc == DS_OK)
            return DS_OK;
        if (rc < 0 && ds_rc_act(rc) != DS_ACT_RETRY)
            return rc;
        rc = restore_poll(w, err);
        if (rc != DS_OK)
            return rc;
    }
}

/* One that is lower than what this process knows to be committed; NULL: none.
 */
static const input *positions_old(const worker *w, const ds_position *pos)
{
    for (uint32_t i = 0; i < w->n_inputs; i++)
        if (pos[i].next < w->inputs[i].position)
            return &w->inputs[i];
    return NULL;
}

static void old_tell(const worker *w, const input *in, const char *text)
{
    ds_log(DS_LOG_WARN, text, DS_KV("job", "%s", w->ctx->plan->job),
           DS_KV("group", "%s", w->stage->group),
           DS_KV("topic", "%s", in->topic),
           DS_KV("partition", "%d", in->partition),
           DS_KV("committed", "%" PRId64, in->position));
}

/* Committed offsets do not go back. But a coordinator that has just come back
 * may tell those of long ago, and be sure of them (Kafka 4.1): it is asked
 * again for a while, and then what was committed is known better here. */
static ds_rc positions_committed(worker *w, ds_position *pos, ds_err *err)
{
    for (int i = 0;; i++) {
        ds_rc rc = positions_ask(w, pos, err);
        const input *old = rc == DS_OK ? positions_old(w, pos) : NULL;

        if (!old)
            return rc;
        if (i == 0)
            old_tell(w, old,
                     "a group's offsets are older than those that were "
                     "committed; they are asked for again");
        if (i == DOUBTS_MAX)
            break;
        rc = restore_rest(w, err);
        if (rc != DS_OK)
            return rc;
    }
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];

        if (pos[i].next >= in->position)
            continue;
        old_tell(w, in,
                 "a group's offset went back; going on from the one "
                 "that was committed");
        pos[i].next = in->position;
        pos[i].marks = in->marks;
    }
    return DS_OK;
}

/* "earliest", "latest" or a time: where a partition without an offset starts.
 * One that appears later than others of its topic starts at its earliest. */
static ds_rc position_start(worker *w, const input *in, bool later,
                            int64_t *out, ds_err *err)
{
    const ds_node *node = w->stage->nodes[in->nodes[0]];
    const ds_source_args *args =
        strcmp(node->type->name, "source") ? NULL : node->args;
    const char *start = args && args->start.s ? args->start.s : "earliest";
    ds_broker *b = w->ctx->broker;
    int64_t low = 0, high;
    ds_time t;
    ds_rc rc;

    later = later || topics_is_later(w->ctx, in->topic, in->partition);
    pthread_mutex_lock(&w->ctx->cluster);
    rc = b->type->watermarks(b, in->topic, in->partition, &low, &high, err);
    if (rc == DS_OK && !later && !strcmp(start, "latest"))
        low = high;
    else if (rc == DS_OK && !later && strcmp(start, "earliest") &&
             ds_time_parse(ds_slice_of(start), &t))
        rc = b->type->offset_at(b, in->topic, in->partition, t, &low, err);
    pthread_mutex_unlock(&w->ctx->cluster);
    *out = low;
    return rc;
}

/* A log that ends too early, or does not hold what was committed of it. */
static void log_doubt(worker *w)
{
    w->doubted = w->doubts < DOUBTS_MAX;
}

/* ---- changelog tails ---- */

/* From the log's beginning. Data that is restored halfway is as old as the
 * restore's beginning: deleted keys may be gone from the rest of the log when
 * it goes on another day. */
static ds_rc tail_fresh(worker *w, tail *t, ds_err *err)
{
    ds_store *s = t->ts->store;

    t->next = t->low;
    return s->type->tick(s, ds_clock_now(w->ctx->opts.clock), err);
}

static ds_rc tail_wipe(worker *w, tail *t, const char *why, ds_err *err)
{
    ds_log(DS_LOG_WARN, "local state is dropped and restored",
           DS_KV("job", "%s", w->ctx->plan->job),
           DS_KV("store", "%s", t->ts->plan->name),
           DS_KV("partition", "%d", t->task->partition),
           DS_KV("why", "%s", why));
    DS_TRY(t->ts->store->type->wipe(t->ts->store, err));
    return tail_fresh(w, t, err);
}

/* delete.retention.ms / 2 of the changelog: older local data may have missed
 * tombstones. */
static ds_time tail_stale_after(worker *w, const tail *t)
{
    ds_broker *b = w->ctx->broker;
    const char *value = NULL;
    ds_rc rc = DS_NOTFOUND;
    ds_time stale = STALE;

    pthread_mutex_lock(&w->ctx->cluster);
    if (b->type->topic_config)
        rc = b->type->topic_config(b, t->ts->plan->changelog,
                                   "delete.retention.ms", w->scratch, &value,
                                   NULL);
    pthread_mutex_unlock(&w->ctx->cluster);
    if (rc == DS_OK && value)
        stale = strtoll(value, NULL, 10) * DS_MS / 2;
    return stale;
}

/* Where to read on, by what the local data and the log have. */
static ds_rc tail_begin(worker *w, tail *t, bool resync, ds_err *err)
{
    ds_store *s = t->ts->store;
    ds_time written = DS_TIME_NONE;
    ds_rc rc = s->type->position(s, &t->next, &written, err);

    DS_TRY(rc);
    if (rc == DS_NOTFOUND)
        return tail_fresh(w, t, err);
    if (t->next > t->high)
        log_doubt(w);
    if (t->next > t->high && w->doubted)
        return ds_fail(err, DS_E_TIMEOUT,
                       "topic %s partition %d ends at offset %" PRId64
                       ", before the local state at %" PRId64,
                       t->ts->plan->changelog, t->task->partition, t->high,
                       t->next);
    if (t->next > t->high)
        return tail_wipe(w, t, "the changelog ends before it", err);
    if (t->next < t->low)
        return tail_wipe(w, t, "the changelog begins after it", err);
    if (!resync && written != DS_TIME_NONE && t->next < t->high &&
        ds_clock_now(w->ctx->opts.clock) - written > FRESH &&
        ds_clock_now(w->ctx->opts.clock) - written > tail_stale_after(w, t))
        return tail_wipe(w, t, "it is older than deleted keys are kept", err);
    return DS_OK;
}

static ds_rc tails_ends(worker *w, tail *tails, uint32_t n, ds_err *err)
{
    ds_position *pos = ds_new(w->scratch, ds_position, n + 1);
    int64_t *low = ds_new(w->scratch, int64_t, n + 1);
    int64_t *high = ds_new(w->scratch, int64_t, n + 1);

    for (uint32_t i = 0; i < n; i++)
        pos[i] = ds_position_of(tails[i].ts->plan->changelog,
                                tails[i].task->partition, 0);
    DS_TRY(w->reader->type->ends(w->reader, pos, n, low, high, err));
    for (uint32_t i = 0; i < n; i++) {
        tails[i].low = low[i];
        tails[i].high = high[i];
    }
    return DS_OK;
}

static tail *tail_find(tail *tails, uint32_t n, const ds_fetch *f)
{
    for (uint32_t i = 0; i < n; i++)
        if (tails[i].task->partition == f->partition &&
            !strcmp(tails[i].ts->plan->changelog, f->topic))
            return &tails[i];
    return NULL;
}

static int64_t tails_left(const tail *tails, uint32_t n)
{
    int64_t left = 0;

    for (uint32_t i = 0; i < n; i++)
        if (tails[i].next < tails[i].high)
            left += tails[i].high - tails[i].next;
    return left;
}

/* How far the restore is, for metrics; now and then, or now (`told` NULL). */
static void tails_tell(worker *w, const tail *tails, uint32_t n, ds_time *told)
{
    if (told && ds_mono_now() - *told < DS_SECOND / 4)
        return;
    for (uint32_t i = 0; i < n; i++) {
        const tail *t = &tails[i];
        int64_t left = t->next < t->high ? t->high - t->next : 0;

        stats_restore(w, t->ts->plan->changelog, t->task->partition, left,
                      t->high - t->from);
    }
    if (told)
        *told = ds_mono_now();
}

static void tails_stalled(worker *w, const tail *tails, uint32_t n)
{
    atomic_store(&w->stats.why,
                 "waiting for an open transaction of another writer");
    for (uint32_t i = 0; i < n; i++)
        if (tails[i].next < tails[i].high)
            ds_log(DS_LOG_WARN,
                   "restore waits for an open transaction of another writer",
                   DS_KV("job", "%s", w->ctx->plan->job),
                   DS_KV("topic", "%s", tails[i].ts->plan->changelog),
                   DS_KV("partition", "%d", tails[i].task->partition),
                   DS_KV("at", "%" PRId64, tails[i].next),
                   DS_KV("end", "%" PRId64, tails[i].high));
}

/* One poll of the reader. */
static ds_rc tails_step(worker *w, tail *tails, uint32_t n, bool *progress,
                        ds_err *err)
{
    ds_fetch f;
    ds_rc rc =
        w->reader->type->poll(w->reader, w->scratch, 10000, 100, &f, err);
    tail *t;

    DS_TRY(rc);
    if (rc == DS_END)
        return DS_OK;
    t = tail_find(tails, n, &f);
    if (!t || f.next <= t->next)
        return DS_OK;
    if (f.rows)
        DS_TRY(t->ts->store->type->apply(t->ts->store, f.rows, f.next, err));
    t->next = f.next;
    *progress = true;
    return ds_fault("during_restore", err);
}

static ds_rc tails_read(worker *w, tail *tails, uint32_t n, ds_err *err)
{
    ds_position *pos = ds_new(w->scratch, ds_position, n + 1);
    ds_time last = ds_mono_now(), told = 0;
    ds_rc rc;

    for (uint32_t i = 0; i < n; i++)
        tails[i].from = tails[i].next;
    for (uint32_t i = 0; i < n; i++)
        pos[i] = ds_position_of(tails[i].ts->plan->changelog,
                                tails[i].task->partition, tails[i].next);
    tails_tell(w, tails, n, NULL);
    if (tails_left(tails, n) == 0)
        return DS_OK;
    DS_TRY(w->reader->type->assign(w->reader, pos, n, err));
    atomic_store(&w->stats.restore_total, tails_left(tails, n));
    while (tails_left(tails, n) > 0) {
        bool progress = false;
        atomic_store(&w->stats.restore_left, tails_left(tails, n));
        tails_tell(w, tails, n, &told);
        DS_TRY(tails_step(w, tails, n, &progress, err));
        rc = restore_poll(w, err); /* resets the scratch arena */
        if (rc != DS_OK)
            return rc;
        if (progress || ds_mono_now() - last > STALL) {
            if (!progress)
                tails_stalled(w, tails, n);
            else
                atomic_store(&w->stats.why, NULL);
            last = ds_mono_now();
        }
    }
    atomic_store(&w->stats.restore_left, 0);
    tails_tell(w, tails, n, NULL);
    return w->reader->type->assign(w->reader, NULL, 0, err);
}

/* ---- the cross-check of positions (H6) ---- */

static void offsets_alarm(const worker *w, const input *in, int64_t committed,
                          int64_t state)
{
    static const char text[] = "group offset is missing or behind the state; "
                               "going on from the state's";

    ds_log(DS_LOG_WARN, text, DS_KV("job", "%s", w->ctx->plan->job),
           DS_KV("group", "%s", w->stage->group),
           DS_KV("topic", "%s", in->topic),
           DS_KV("partition", "%d", in->partition),
           DS_KV("committed", "%" PRId64, committed),
           DS_KV("state", "%" PRId64, state));
}

static ds_rc offsets_refuse(worker *w, const input *in, const task_store *ts,
                            int64_t committed, int64_t state, ds_err *err)
{
    log_doubt(w);
    if (state == DS_OFFSET_NONE)
        return ds_fail(
            err, DS_E_DECISION,
            "the state of store %s (topic %s, partition %d) is lost: group %s "
            "has committed offset %" PRId64
            " of topic %s partition %d, but the "
            "changelog knows of none. Either put the changelog back, or start "
            "over with `dstream replay FILE --to-earliest --execute`, or go on "
            "with empty state with --reset-state",
            ts->plan->name, ts->plan->changelog, in->task->partition,
            w->stage->group, committed, in->topic, in->partition);
    return ds_fail(err, DS_E_DECISION,
                   "group %s has committed offset %" PRId64
                   " of topic %s partition %d, ahead of the state of store %s, "
                   "which holds the input up to %" PRId64
                   ": records would be missing in it. Use `dstream replay` to "
                   "move offsets and state together",
                   w->stage->group, committed, in->topic, in->partition,
                   ts->plan->name, state);
}

/* The position of an input that a store's engine record has. */
static ds_position state_position(const ds_position *pos, uint32_t n,
                                  const input *in)
{
    for (uint32_t i = 0; i < n; i++)
        if (pos[i].partition == in->partition &&
            !strcmp(pos[i].topic, in->topic))
            return pos[i];
    return ds_position_of(in->topic, in->partition, DS_OFFSET_NONE);
}

static ds_rc store_check(worker *w, input *in, task_store *ts, ds_err *err)
{
    ds_position *pos = NULL;
    uint64_t signature = 0;
    ds_time started = 0;
    uint32_t n = 0;
    ds_slice record;
    ds_position state;

    DS_TRY(ts->store->type->engine(ts->store, w->scratch, &record, err));
    if (record.ptr && !engine_record_decode(record, w->scratch, &signature,
                                            &started, &pos, &n))
        return ds_fail(err, DS_E_DECISION,
                       "the engine record in topic %s partition %d cannot be "
                       "read: it is damaged, or of a newer version",
                       ts->plan->changelog, in->task->partition);
    /* It may have been forgotten by a transaction of unknown outcome, or by a
     * process that was started later. */
    if (ts->reset && record.ptr && started >= w->ctx->started)
        ts->reset = false;
    if (ts->reset)
        return DS_OK;
    if (record.ptr && signature != ts->plan->signature)
        return ds_fail(err, DS_E_DECISION,
                       "the state of store %s was made by another operator or "
                       "for other columns; take the old job file, rename the "
                       "store with id:, or forget it with --reset-state",
                       ts->plan->name);
    state = state_position(pos, n, in);
    if (in->next > state.next)
        return offsets_refuse(w, in, ts, in->next, state.next, err);
    if (in->next < state.next || !in->marks.set)
        in->marks = state.marks;
    in->next = state.next;
    return DS_OK;
}

/* All stores of the task reflect the same input: the offset may be behind them,
 * but none of them behind another. */
static ds_rc stores_check(worker *w, input *in, int64_t committed, ds_err *err)
{
    /* The second time finds a store that is behind a later one. */
    for (int round = 0; round < 2; round++)
        for (uint32_t k = 0; k < in->task->n_stores; k++)
            DS_TRY(store_check(w, in, &in->task->stores[k], err));
    if (in->next > committed)
        offsets_alarm(w, in, committed, in->next);
    return DS_OK;
}

static bool topic_has_offsets(const ds_position *pos, uint32_t n,
                              const char *topic)
{
    for (uint32_t i = 0; i < n; i++)
        if (pos[i].next >= 0 && !strcmp(pos[i].topic, topic))
            return true;
    return false;
}

/* What was committed is asked for first, and the cluster may take its time in
 * between. Whoever has the partition by then reads on, commits and deletes. */
static ds_rc log_passed(worker *w, const input *in, ds_err *err)
{
    ds_position now = ds_position_of(in->topic, in->partition, DS_OFFSET_NONE);

    DS_TRY(w->source->type->committed(w->source, &now, 1, 1000, err));
    if (now.next == in->position)
        return DS_OK;
    return ds_fail(err, DS_E_TXN,
                   "topic %s partition %d: another member of group %s has read "
                   "on from offset %" PRId64 " to %" PRId64,
                   in->topic, in->partition, w->stage->group, in->position,
                   now.next);
}

/* A topic of the engine's own has to hold what was committed of it. With the
 * topic the cluster deletes the group's offsets: then the state knows. */
static ds_rc log_check(worker *w, const input *in, int64_t low, int64_t high,
                       ds_err *err)
{
    ds_err gone;
    ds_rc rc = purge_check(in->topic, in->partition, w->stage->group, in->next,
                           low, high, &gone);
    if (rc == DS_OK)
        return DS_OK;
    DS_TRY(log_passed(w, in, err));
    log_doubt(w);
    *err = gone;
    return rc;
}

static ds_rc logs_check(worker *w, ds_err *err)
{
    uint32_t n = w->n_inputs;
    ds_position *pos = ds_new(w->scratch, ds_position, n + 1);
    int64_t *low = ds_new(w->scratch, int64_t, n + 1);
    int64_t *high = ds_new(w->scratch, int64_t, n + 1);

    if (w->stage->id == 0)
        return DS_OK;
    for (uint32_t i = 0; i < n; i++)
        pos[i] = ds_position_of(w->inputs[i].topic, w->inputs[i].partition, 0);
    DS_TRY(w->reader->type->ends(w->reader, pos, n, low, high, err));
    for (uint32_t i = 0; i < n; i++)
        if (w->inputs[i].next >= 0)
            DS_TRY(log_check(w, &w->inputs[i], low[i], high[i], err));
    return DS_OK;
}

static ds_rc inputs_place(worker *w, const ds_position *committed, ds_err *err)
{
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];
        in->position = in->next = committed[i].next;
        in->marks = committed[i].marks;
        in->moved_by_eof = false;
        DS_TRY(stores_check(w, in, committed[i].next, err));
    }
    DS_TRY(logs_check(w, err));
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];

        if (in->next < 0)
            DS_TRY(position_start(
                w, in, topic_has_offsets(committed, w->n_inputs, in->topic),
                &in->next, err));
    }
    return batch_place(w, err);
}

static ds_rc source_place(worker *w, bool resync, ds_err *err)
{
    ds_position *pos = ds_new(w->scratch, ds_position, w->n_inputs + 1);

    for (uint32_t i = 0; i < w->n_inputs; i++)
        pos[i] = ds_position_of(w->inputs[i].topic, w->inputs[i].partition,
                                w->inputs[i].next);
    if (resync)
        return w->source->type->seek(w->source, pos, w->n_inputs, err);
    return w->source->type->assign(w->source, pos, w->n_inputs, err);
}

static ds_rc restore_once(worker *w, bool resync, ds_err *err)
{
    ds_arena *a = ds_arena_new(1 << 14);
    ds_position *committed = ds_new(a, ds_position, w->n_inputs + 1);
    uint32_t n = 0, cap = 1;
    tail *tails;
    ds_rc rc;

    for (uint32_t i = 0; i < w->n_tasks; i++)
        cap += w->tasks[i].n_stores;
    tails = ds_new(a, tail, cap);
    for (uint32_t i = 0; i < w->n_tasks; i++)
        for (uint32_t k = 0; k < w->tasks[i].n_stores; k++)
            tails[n++] =
                (tail){.task = &w->tasks[i], .ts = &w->tasks[i].stores[k]};
    rc = positions_committed(w, committed, err);
    if (rc == DS_OK && n)
        rc = tails_ends(w, tails, n, err);
    for (uint32_t i = 0; rc == DS_OK && i < n; i++)
        rc = tail_begin(w, &tails[i], resync, err);
    if (rc == DS_OK && n)
        rc = tails_read(w, tails, n, err);
    if (rc == DS_OK)
        rc = inputs_place(w, committed, err);
    if (rc == DS_OK)
        rc = first_place(w, resync, err);
    if (rc == DS_OK)
        rc = source_place(w, resync, err);
    ds_arena_reset(w->scratch);
    ds_arena_free(a);
    return rc;
}

static ds_rc doubt_wait(worker *w, ds_err *err)
{
    if (w->doubts++ == 0)
        ds_log(DS_LOG_WARN,
               "a log does not hold what was committed; it is looked at again",
               DS_KV("job", "%s", w->ctx->plan->job),
               DS_KV("stage", "%s", w->stage->name),
               DS_KV("error", "%s", err->msg));
    return restore_rest(w, err);
}

ds_rc restore_run(worker *w, bool resync, ds_err *err)
{
    for (;;) {
        ds_rc rc;

        w->doubted = false;
        rc = restore_once(w, resync, err);
        if (rc == DS_OK)
            w->doubts = 0;
        if (rc >= 0 || !w->doubted)
            return rc;
        rc = doubt_wait(w, err);
        if (rc != DS_OK)
            return rc;
    }
}
