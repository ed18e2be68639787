/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c - a thread with its group member, its producer, its tasks and its
 * epoch.
 *
 *     join -> (assigned) restore -> epoch, epoch, ... -> (revoked) drop -> join
 *
 * One epoch: collect rows until the cut, run them through the graphs as they
 * come, seal, commit. Any error ends in worker_handle(): the one place that
 * switches on what an error asks for.
 */
#include <stdlib.h>

#include "dstream/fault.h"
#include "run/run.h"

#define POLL_ROWS 10000
#define SLICE (25 * DS_MS)
#define FENCES_MAX 8
#define FENCE_REST (600 * DS_SECOND)
/* A member that was taken over waits, joins once more, and ends if that is
 * undone again and again: then another process has its id, and the younger of
 * the two stays. Late requests of its own can take it over more than once, when
 * a broker comes back. */
#define REJOIN_AFTER (2 * DS_SECOND)
#define REJOIN_SPAN (60 * DS_SECOND)
#define REJOINS_MAX 2

static int stop_wanted(const worker *w)
{
    return atomic_load(&w->ctx->stop);
}

static ds_time grid_after(ds_time t, ds_time batch)
{
    return (t / batch + 1) * batch;
}

/* ---- one epoch: rows in ---- */

static ds_rc rows_push(worker *w, input *in, const ds_envelope *rows,
                       ds_err *err)
{
    const ds_envelope *kept;
    ds_rc failed = DS_OK;

    DS_TRY(reject_filter(w, in, rows, &kept, err));
    if (kept->n)
        DS_TRY(task_ready(in->task, err));
    for (uint32_t i = 0; kept->n && i < in->n_nodes; i++) {
        ds_rc rc = task_push(in->task, in->nodes[i], kept, err);
        if (rc < 0 && rc != DS_E_RECORD)
            return rc;
        if (rc < 0)
            failed = rc;
        batch_saw(w, in, in->nodes[i]);
    }
    return failed;
}

/* Something has to be forgotten (--reset-state): now, whether rows come or not,
 * so that a later owner of the partition need not. */
static bool task_resets(const task *t)
{
    for (uint32_t i = 0; i < t->n_stores; i++)
        if (t->stores[i].reset)
            return true;
    return false;
}

/* Positions that only moved over transaction markers and aborted records are
 * committed with the next rows, or when no rows come: not in a transaction of
 * their own each time. */
static bool epoch_works(const worker *w)
{
    for (uint32_t i = 0; i < w->n_tasks; i++)
        if (w->tasks[i].open)
            return true;
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        if (batch_position(w, in).next != in->position &&
            (!in->moved_by_eof || w->epoch->idle))
            return true;
    }
    return false;
}

/* The batches of the stage's tasks, to their end. */
static ds_rc batches_seal(worker *w, ds_err *err)
{
    bool all = batch_wants_all(w);

    if (w->holds) {
        DS_TRY(timed_run(w, err));
        timed_mark(w);
        return DS_OK;
    }
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        task *t = &w->tasks[i];

        if (all || (task_resets(t) && !w->stage->timed))
            DS_TRY(task_ready(t, err));
        if (t->open && t->in_batch)
            DS_TRY(task_batch_seal(t, err));
    }
    batch_mark(w);
    return DS_OK;
}

static ds_rc tasks_seal(worker *w, ds_err *err)
{
    DS_TRY(batches_seal(w, err));
    for (uint32_t i = 0; i < w->n_tasks; i++)
        if (task_resets(&w->tasks[i]))
            DS_TRY(task_begin(&w->tasks[i], err));
    w->epoch->works = epoch_works(w) || (w->epoch->quiet && w->stage->paced);
    for (uint32_t i = 0; w->epoch->works && i < w->n_tasks; i++)
        DS_TRY(task_seal(&w->tasks[i], err));
    return DS_OK;
}

static void overlays_drop(worker *w)
{
    reject_settle(w, false);
    batch_aborted(w);
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        w->tasks[i].open = false;
        for (uint32_t k = 0; k < w->tasks[i].n_stores; k++)
            w->tasks[i].stores[k].overlay = NULL;
    }
}

/* Where an input stops in this epoch: before a record that must not pass. */
static void inputs_limit(worker *w)
{
    for (uint32_t i = 0; i < w->n_inputs; i++)
        if (w->inputs[i].next > w->inputs[i].limit)
            w->inputs[i].next = w->inputs[i].limit;
}

/* Everything that was collected, once more: some records are out now. */
static ds_rc epoch_again(worker *w, ds_err *err)
{
    for (;;) {
        ds_rc rc = DS_OK;

        overlays_drop(w);
        epoch_rerun(w->epoch);
        if (w->holds)
            return DS_OK; /* rows are pushed when their batches run */
        inputs_limit(w);
        for (epoch_rows *r = w->epoch->first; r; r = r->next) {
            ds_rc one = rows_push(w, r->input, r->rows, err);
            if (one < 0 && one != DS_E_RECORD)
                return one;
            if (one < 0)
                rc = one;
        }
        if (rc == DS_OK)
            return DS_OK;
    }
}

/* Whether one of them has come to a record that stops the job. A limit outlives
 * an abort, and then the records before it come again. */
static bool inputs_limited(const worker *w)
{
    for (uint32_t i = 0; i < w->n_inputs; i++)
        if (w->inputs[i].next >= w->inputs[i].limit && !w->inputs[i].held)
            return true;
    return false;
}

static ds_rc fetch_take(worker *w, const ds_fetch *f, ds_err *err)
{
    input *in = assign_input(w, f->topic, f->partition);
    ds_rc rc;

    if (!in || f->next <= in->next || in->next >= in->limit || in->waits)
        return DS_OK; /* not ours any more, or behind a record that stops us */
    in->moved_by_eof =
        !f->rows && (in->next == in->position || in->moved_by_eof);
    in->next = f->next < in->limit ? f->next : in->limit;
    DS_TRY(first_reached(w, in, err));
    if (!f->rows || f->rows->n == 0)
        return DS_OK;
    w->last_rows = ds_mono_now();
    epoch_add(w->epoch, in, f->rows);
    DS_TRY(ds_fault("after_poll", err));
    rc = rows_push(w, in, f->rows, err);
    if (rc == DS_E_RECORD)
        rc = epoch_again(w, err);
    epoch_lap(w->epoch, PHASE_PROCESS, w->last_rows);
    return rc;
}

/* What may be made of an epoch's rows: they can become many more. */
static size_t epoch_memory(const ds_plan *plan)
{
    int64_t least = 16 * plan->max_bytes;

    return (size_t)(plan->memory > least ? plan->memory : least);
}

/* The most rows of an epoch. Where operators need the whole batch right here, a
 * cut would end it: only if the job says so. */
static uint32_t rows_limit(const worker *w)
{
    const ds_plan *plan = w->ctx->plan;
    uint32_t rows = w->ctx->opts.epoch_rows;

    if (w->stage->timed && w->stage->needs_batch)
        return plan->max_records_said && !rows ? (uint32_t)plan->max_records
                                               : UINT32_MAX;
    return rows ? rows : (uint32_t)plan->max_records;
}

static bool epoch_full(const worker *w)
{
    const ds_plan *plan = w->ctx->plan;

    return w->epoch->n_rows >= rows_limit(w) ||
           w->epoch->n_bytes >= (uint64_t)plan->max_bytes ||
           ds_arena_used(w->epoch->mem) >= epoch_memory(plan) ||
           inputs_limited(w);
}

static uint32_t rows_wanted(const worker *w)
{
    uint32_t rows = rows_limit(w) - w->epoch->n_rows;

    return rows < POLL_ROWS ? rows : POLL_ROWS;
}

/* How long the next poll may wait. Nothing pending: long. Full rate: a little,
 * inside the call. Low rate: sleep here, so that rows come in one go. */
static int poll_wait(worker *w, ds_time cut, bool drained)
{
    ds_clock *clock = w->ctx->opts.clock;
    ds_time left = cut - batch_now(w);
    bool busy = w->epoch->n_rows > 5000;

    if (!drained)
        return 0;
    if (w->epoch->n_rows == 0 && !w->stage->every_epoch)
        return 100;
    if (left <= 0)
        return 0;
    if (busy)
        return left > 5 * DS_MS ? 5 : 1;
    clock->sleep(clock, left < SLICE ? left : SLICE);
    return 0;
}

static ds_rc rows_poll(worker *w, int wait_ms, ds_fetch *f, ds_err *err)
{
    ds_time start = ds_mono_now();
    ds_rc rc = w->source->type->poll(w->source, w->epoch->in, rows_wanted(w),
                                     wait_ms, f, err);

    epoch_lap(w->epoch, PHASE_FETCH, start);
    return rc;
}

/* Whether the epoch ends because of its time. */
static bool cut_is_due(worker *w, ds_time cut, ds_time last)
{
    ds_time late = batch_now(w) - cut;

    if (late < 0 && ds_mono_now() < last)
        return false;
    w->epoch->late = late > 0 ? late : 0;
    w->epoch->due = batch_is_new(w, cut) || w->epoch->n_rows;
    return true;
}

/* Until the cut, the limits, or a change. */
static ds_rc epoch_collect(worker *w, ds_err *err)
{
    ds_time batch = w->ctx->plan->batch;
    ds_time cut = grid_after(batch_now(w), batch);
    /* The wall clock may be set back: no epoch is longer than a batch. */
    ds_time start = ds_mono_now(), last = start + batch;
    bool drained = false;

    batch_time(w, cut);
    batch_missed(w);
    for (;;) {
        bool pending = w->epoch->n_rows || batch_is_new(w, cut);
        bool waited = drained;
        ds_fetch f;
        ds_rc rc;

        if (stop_wanted(w) || epoch_full(w) || w->epoch->behind ||
            (pending && cut_is_due(w, cut, last)))
            return DS_OK;
        if (!pending) {
            if (ds_mono_now() - start > DS_SECOND)
                return DS_OK; /* positions that an EOF moved */
            cut = grid_after(batch_now(w), batch);
            last = ds_mono_now() + batch;
            batch_time(w, cut);
            batch_missed(w);
        }
        w->txn->type->serve(w->txn);
        rc = rows_poll(w, poll_wait(w, cut, drained), &f, err);
        if (rc < 0 || rc == DS_CHANGED)
            return rc;
        drained = rc == DS_END;
        if (rc == DS_OK)
            DS_TRY(fetch_take(w, &f, err));
        else if (w->ctx->to_end && !pending && waited)
            return DS_OK;
    }
}

/* ---- one epoch: rows out ---- */

static ds_rc epoch_seal(worker *w, ds_err *err)
{
    ds_rc rc = tasks_seal(w, err);

    while (rc == DS_E_RECORD) {
        DS_TRY(epoch_again(w, err));
        rc = tasks_seal(w, err);
    }
    DS_TRY(rc);
    reject_send(w);
    batch_tell(w);
    epoch_lap(w->epoch, PHASE_PROCESS, w->epoch->began);
    w->epoch->spent[PHASE_PROCESS] -= w->epoch->spent[PHASE_STATE];
    epoch_go(w->epoch, EPOCH_SEALED);
    return DS_OK;
}

/* A record that stops the job: everything before it is committed now. */
static ds_rc inputs_failed(const worker *w, ds_err *err)
{
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        bool there = w->holds ? in->task->stopped : in->next >= in->limit;
        if (in->limit != INT64_MAX && there && !in->held)
            return ds_fail(err, DS_E_FAILED,
                           "topic %s partition %d offset %lld: %s", in->topic,
                           in->partition, (long long)in->limit, in->limit_msg);
    }
    return DS_OK;
}

static ds_rc stores_tick(worker *w, ds_err *err)
{
    ds_time now = ds_clock_now(w->ctx->opts.clock);

    stats_tick(w);
    purge_tick(w);
    for (uint32_t i = 0; i < w->n_tasks; i++)
        for (uint32_t k = 0; k < w->tasks[i].n_stores; k++) {
            ds_store *s = w->tasks[i].stores[k].store;
            DS_TRY(s->type->tick(s, now, err));
        }
    return DS_OK;
}

static ds_rc epoch_finish(worker *w, ds_err *err)
{
    if (!w->holds)
        w->last_time = w->epoch->time;
    w->epoch->began = ds_mono_now();
    w->epoch->idle =
        w->ctx->to_end || w->epoch->began - w->last_rows > DS_SECOND;
    DS_TRY(epoch_seal(w, err));
    DS_TRY(commit_epoch(w, err));
    overlays_drop(w);
    DS_TRY(inputs_failed(w, err));
    return stores_tick(w, err);
}

/* ---- after errors ---- */

static void epoch_rewind(worker *w)
{
    overlays_drop(w);
    if (w->epoch->state != EPOCH_IDLE && w->epoch->state != EPOCH_COMMITTED &&
        w->epoch->state != EPOCH_ABORTING)
        epoch_go(w->epoch, EPOCH_ABORTING);
    if (w->epoch->state != EPOCH_IDLE)
        epoch_go(w->epoch, EPOCH_IDLE);
}

/* A new producer: the old transaction is decided when it is there. */
static ds_rc producer_reset(worker *w, ds_err *err)
{
    ds_time said = 0;

    for (;;) {
        ds_rc rc = w->txn->type->reset(w->txn, err);
        if (rc == DS_OK)
            atomic_store(&w->stats.txn_since, 0);
        if (rc == DS_OK || ds_rc_act(rc) != DS_ACT_RETRY)
            return rc;
        if (stop_wanted(w)) /* the epoch is lost anyway: the next start waits */
            return rc;
        if (ds_mono_now() - said > 10 * DS_SECOND) {
            said = ds_mono_now();
            atomic_store(&w->stats.why,
                         "waiting for the transaction coordinator");
            atomic_store(&w->stats.state, "stalled");
            ds_log(DS_LOG_WARN, "waiting for the transaction coordinator",
                   DS_KV("job", "%s", w->ctx->plan->job),
                   DS_KV("error", "%s", err->msg));
        }
        w->ctx->opts.clock->sleep(w->ctx->opts.clock, 100 * DS_MS);
    }
}

static ds_rc consumer_reopen(worker *w, ds_err *err)
{
    ds_source_spec spec;
    const char **topics =
        ds_new(w->scratch, const char *, w->stage->n_sources *TOPICS_MAX);

    assign_drop(w);
    if (w->source)
        w->source->type->close(w->source);
    w->source = NULL;
    w->unanswered = false;
    worker_source_spec(w, topics, &spec);
    DS_TRY(w->ctx->broker->type->source_open(w->ctx->broker, &spec, &w->source,
                                             err));
    return DS_OK;
}

/* What a transaction left in doubt on the wire must not reach the next one
 * (exactly-once.md, Taint). */
static ds_rc worker_untaint(worker *w, bool reset, ds_err *err)
{
    unsigned taint = w->txn->type->taint(w->txn);

    if (taint)
        atomic_fetch_add(&w->stats.taints, 1);
    if (taint || reset)
        DS_TRY(producer_reset(w, err));
    if (taint & DS_TAINT_CONSUMER)
        DS_TRY(consumer_reopen(w, err));
    return DS_OK;
}

static ds_rc worker_resync(worker *w, bool reset, ds_err *err)
{
    ds_rc rc;

    atomic_fetch_add(&w->stats.resyncs, 1);
    atomic_fetch_add(&w->stats.aborts, 1);
    DS_TRY(worker_untaint(w, reset, err));
    if (!w->assigned)
        return DS_OK;
    rc = restore_run(w, true, err);
    if (rc == DS_CHANGED && !stop_wanted(w))
        rc = assign_changed(w, err);
    return rc;
}

/* Only a transaction that was begun has to be aborted. */
static bool txn_open(const worker *w, epoch_state was)
{
    (void)w;
    return was == EPOCH_SEALED || was == EPOCH_FLUSHED;
}

static void error_log(const worker *w, ds_rc rc, const ds_err *e)
{
    ds_log(DS_LOG_WARN, "epoch aborted", DS_KV("job", "%s", w->ctx->plan->job),
           DS_KV("stage", "%s", w->stage->name),
           DS_KV("worker", "%u", w->number), DS_KV("rc", "%s", ds_rc_name(rc)),
           DS_KV("error", "%s", e->msg));
}

/* Until the group's coordinator answers: what it had still to read of us is
 * done then. */
static void coordinator_wait(worker *w)
{
    ds_broker *b = w->ctx->broker;
    ds_time until = ds_mono_now() + REJOIN_AFTER;
    ds_rc rc = DS_OK;
    int n;

    do {
        w->ctx->opts.clock->sleep(w->ctx->opts.clock, 50 * DS_MS);
        if (ds_mono_now() < until)
            continue;
        pthread_mutex_lock(&w->ctx->cluster);
        rc = b->type->group_members(b, w->stage->group, &n, NULL);
        pthread_mutex_unlock(&w->ctx->cluster);
    } while ((ds_rc_act(rc) == DS_ACT_RETRY || ds_mono_now() < until) &&
             !stop_wanted(w));
}

static ds_rc worker_rejoin(worker *w, ds_err *err)
{
    if (ds_mono_now() - w->rejoined > REJOIN_SPAN)
        w->rejoins = 0;
    if (w->rejoins++ == 0)
        w->rejoined = ds_mono_now();
    if (w->rejoins > REJOINS_MAX)
        return ds_fail(err, DS_E_FENCED,
                       "another process runs with the same --instance: member "
                       "%s of group %s was taken over",
                       w->id, w->stage->group);
    coordinator_wait(w);
    return consumer_reopen(w, err);
}

/* Again and again without a commit in between, and without a rest. */
static bool fenced_often(worker *w)
{
    ds_time now = ds_mono_now();

    if (now - w->last_fence > FENCE_REST)
        w->fences = 0;
    w->last_fence = now;
    return ++w->fences >= FENCES_MAX;
}

/* The one switch on what an error asks for. Returns < 0 if the worker has to
 * end. */
static ds_rc worker_handle(worker *w, ds_rc rc, ds_err *err)
{
    epoch_state was = w->epoch->state;
    bool reset = false, rejoin = false, rebuild = false;

    switch (ds_rc_act(rc)) {
    case DS_ACT_NONE:
        return DS_OK;
    case DS_ACT_STOP:
        return rc;
    case DS_ACT_REBUILD:
        rebuild = true;
        break;
    case DS_ACT_RETRY:
    case DS_ACT_ABORT:
    case DS_ACT_SKIP:
        break;
    case DS_ACT_RESYNC:
        reset = true;
        break;
    case DS_ACT_REJOIN:
        rejoin = true;
        break;
    }
    error_log(w, rc, err);
    stats_abort(w, rc);
    if (rebuild)
        DS_TRY(assign_wipe(w, err));
    if (txn_open(w, was) && !reset)
        reset = w->txn->type->abort(w->txn, err) < 0;
    if (!reset)
        atomic_store(&w->stats.txn_since, 0);
    if (reset && fenced_often(w))
        return ds_fail(err, DS_E_FENCED,
                       "%s is fenced again and again: another process uses the "
                       "same instance id",
                       w->id);
    epoch_rewind(w);
    if (ds_rc_act(rc) == DS_ACT_RETRY)
        w->ctx->opts.clock->sleep(w->ctx->opts.clock, 200 * DS_MS);
    if (rejoin)
        DS_TRY(worker_rejoin(w, err));
    return worker_resync(w, reset, err);
}

/* Errors of the handling itself are handled too, until one of them stops the
 * worker. */
static ds_rc worker_recover(worker *w, ds_rc rc, ds_err *err)
{
    while (rc < 0) {
        if (rc == DS_E_FENCED)
            stats_abort(w, rc);
        if (ds_rc_act(rc) == DS_ACT_STOP || stop_wanted(w) == 2)
            return rc;
        rc = worker_handle(w, rc, err);
    }
    return DS_OK;
}

/* ---- rounds ---- */

static ds_rc worker_join(worker *w, int timeout_ms, ds_err *err)
{
    ds_fetch f;
    ds_rc rc;

    if (!w->source) /* it could not be opened again */
        DS_TRY(consumer_reopen(w, err));
    if (w->unanswered)
        return assign_changed(w, err);
    rc = w->source->type->poll(w->source, w->scratch, 1, timeout_ms, &f, err);
    ds_arena_reset(w->scratch);
    if (rc == DS_CHANGED)
        return assign_changed(w, err);
    return rc;
}

static ds_rc worker_round(worker *w, ds_err *err)
{
    ds_rc rc;

    if (!w->assigned)
        return worker_join(w, 250, err);
    if (!hold_any(w) && !w->waits) {
        atomic_store(&w->stats.state, "running");
        atomic_store(&w->stats.why, NULL);
    }
    DS_TRY(hold_round(w, err));
    DS_TRY(first_round(w, err));
    epoch_begin(w->epoch);
    rc = w->holds ? timed_collect(w, true, err) : epoch_collect(w, err);
    if (rc == DS_CHANGED) {
        epoch_rewind(w);
        return assign_changed(w, err);
    }
    DS_TRY(rc);
    if (stop_wanted(w) == 2) {
        epoch_rewind(w);
        return DS_OK;
    }
    DS_TRY(epoch_finish(w, err));
    if (w->txn->type->taint(w->txn))
        return worker_untaint(w, false, err);
    return DS_OK;
}

void *worker_main(void *arg)
{
    worker *w = arg;
    ds_rc rc = DS_OK;

    while (rc >= 0 && !stop_wanted(w)) {
        rc = worker_round(w, &w->failed);
        if (rc < 0)
            rc = worker_recover(w, rc, &w->failed);
    }
    if (rc < 0 && !stop_wanted(w)) {
        w->failed.rc = rc;
        atomic_store(&w->stats.state, "failed");
        context_fail(w->ctx, &w->failed);
    }
    atomic_fetch_add(&w->ctx->ended, 1);
    return NULL;
}

/* The time of a step: on the grid where batches are more than an epoch. */
static ds_time step_time(const worker *w)
{
    ds_time now = ds_clock_now(w->ctx->opts.clock), batch = w->ctx->plan->batch;

    return w->stage->timed ? (now + batch - 1) / batch * batch : now;
}

/* One poll after the other without waiting, as far as the epoch takes. */
static ds_rc epoch_collect_now(worker *w, ds_err *err)
{
    ds_time cut = step_time(w);

    batch_time(w, cut); /* a step is one batch (contract.md 8.8) */
    while (!epoch_full(w)) {
        ds_fetch f;
        ds_rc rc = rows_poll(w, 0, &f, err);

        if (rc == DS_END) {
            w->epoch->due = batch_is_new(w, cut) || w->epoch->n_rows;
            break;
        }
        if (rc < 0 || rc == DS_CHANGED)
            return rc;
        DS_TRY(fetch_take(w, &f, err));
    }
    return DS_OK;
}

ds_rc worker_ready(worker *w, ds_err *err)
{
    while (!w->assigned) {
        ds_rc rc = worker_join(w, 0, err);
        if (rc < 0)
            return rc;
    }
    return DS_OK;
}

static ds_rc step_once(worker *w, bool *rows, ds_err *err)
{
    const input *held;
    ds_rc rc;

    DS_TRY(worker_ready(w, err));
    DS_TRY(first_round(w, err));
    epoch_begin(w->epoch);
    rc = w->holds ? timed_collect(w, false, err) : epoch_collect_now(w, err);
    if (rc == DS_CHANGED) {
        epoch_rewind(w);
        DS_TRY(assign_changed(w, err));
        return step_once(w, rows, err);
    }
    DS_TRY(rc);
    DS_TRY(epoch_finish(w, err));
    *rows = *rows || w->epoch->n_rows > 0;
    held = hold_any(w);
    if (held)
        return ds_fail(err, DS_E_UNREACHABLE,
                       "topic %s partition %d offset %lld: %s", held->topic,
                       held->partition, (long long)held->limit, held->held);
    return DS_OK;
}

ds_rc worker_step(worker *w, ds_err *err)
{
    bool rows = false;

    for (;;) {
        ds_rc rc = step_once(w, &rows, err);
        if (rc >= 0 && w->holds && timed_due(w))
            continue; /* what did not fit into one epoch */
        if (rc >= 0)
            return rows ? DS_OK : DS_END;
        if (ds_rc_act(rc) == DS_ACT_STOP)
            return rc;
        DS_TRY(worker_recover(w, rc, err));
    }
}

/* ---- open and close ---- */

void worker_source_spec(const worker *w, const char **topics,
                        ds_source_spec *spec)
{
    *spec = (ds_source_spec){
        .group = w->stage->group, .member = w->id, .topics = topics};
    for (uint32_t i = 0; i < w->stage->n_sources; i++)
        topics_of_node(w->stage->sources[i], w->ctx->plan, topics,
                       &spec->n_topics);
}

ds_rc worker_open(worker *w, ds_err *err)
{
    ds_broker *b = w->ctx->broker;
    ds_source_spec source;
    const char **topics;
    ds_txn_spec txn = {w->id, w->ctx->topics, w->ctx->plan->n_topics};

    w->assignment = ds_arena_new(1 << 14);
    w->scratch = ds_arena_new(1 << 16);
    w->holds =
        w->stage->timed && (w->stage->id > 0 || w->ctx->plan->record_clock);
    w->last_time = w->through = w->live = w->catch_up = DS_TIME_NONE;
    w->epoch = epoch_new();
    topics = ds_new(w->scratch, const char *, w->stage->n_sources *TOPICS_MAX);
    atomic_store(&w->stats.state, "starting");
    atomic_store(&w->stats.lag, -1);
    stats_open(w);
    DS_TRY(b->type->txn_open(b, &txn, &w->txn, err));
    DS_TRY(b->type->reader_open(b, &w->reader, err));
    worker_source_spec(w, topics, &source);
    return b->type->source_open(b, &source, &w->source, err);
}

void worker_close(worker *w, bool crash)
{
    stats_close(w);
    for (uint32_t i = 0; i < w->n_tasks; i++)
        task_close(&w->tasks[i], crash);
    w->n_tasks = 0;
    intake_close(w);
    if (w->txn)
        w->txn->type->close(w->txn);
    if (w->source)
        w->source->type->close(w->source);
    if (w->reader)
        w->reader->type->close(w->reader);
    reject_forget(w);
    hold_forget(w);
    epoch_free(w->epoch);
    ds_arena_free(w->assignment);
    ds_arena_free(w->scratch);
}
