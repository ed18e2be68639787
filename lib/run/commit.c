/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit.c - the transaction of an epoch (exactly-once.md, B2).
 *
 *     begin, produce everything, flush, then the positions of all owned
 *     partitions, then commit; and only then the state.
 *
 * Nothing is produced after the positions were sent (H1), and every transaction
 * carries them (H2).
 */
#include <stdio.h>

#include "dstream/fault.h"
#include "run/run.h"

/* DS_E_RECORD: some were refused, and the others sent: the transaction is lost,
 * but the next one knows all that must not be in it. */
static ds_rc chunk_send(worker *w, const ds_row *rows, uint32_t n, ds_err *err)
{
    ds_txn *txn = w->txn;
    ds_rc failed = DS_OK;

    for (uint32_t bad = 0; n > 0; rows += bad + 1, n -= bad + 1) {
        ds_rc rc = txn->type->send(txn, rows, n, &bad, err);

        if (rc != DS_E_LIMIT)
            return rc < 0 ? rc : failed;
        rc = reject_row(w, &rows[bad], err ? err->msg : "too large", err);
        if (rc != DS_E_RECORD)
            return rc;
        failed = rc;
    }
    return failed;
}

static ds_rc rows_send(worker *w, ds_err *err)
{
    const ds_outbox *box = w->epoch->outbox;
    ds_rc failed = DS_OK;
    const ds_row *rows;
    uint32_t n;

    for (uint32_t i = 0; (rows = ds_outbox_chunk(box, i, &n)) != NULL; i++) {
        ds_rc rc = chunk_send(w, rows, n, err);

        if (rc < 0 && rc != DS_E_RECORD)
            return rc;
        failed = rc < 0 ? rc : failed;
    }
    return failed;
}

static ds_rc positions_send(worker *w, ds_err *err)
{
    ds_position *pos = ds_new(w->epoch->mem, ds_position, w->n_inputs + 1);

    for (uint32_t i = 0; i < w->n_inputs; i++)
        pos[i] = batch_position(w, &w->inputs[i]);
    return w->txn->type->positions(w->txn, w->source, pos, w->n_inputs, err);
}

/* The committed overlays enter the tables. A local failure here stops the
 * process: Kafka is ahead of it, and a restart restores the rest. */
static ds_rc stores_commit(worker *w, ds_err *err)
{
    DS_TRY(ds_fault("before_store", err));
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        task *t = &w->tasks[i];
        for (uint32_t k = 0; t->open && k < t->n_stores; k++) {
            task_store *ts = &t->stores[k];
            int64_t pos =
                w->txn->type->acked(w->txn, ts->plan->topic, t->partition);
            DS_TRY(ts->store->type->commit(ts->store, ts->overlay, pos, err));
            if (ts->reset)
                context_store_reset(w->ctx, ts->plan, t->partition);
            ts->reset = false;
            if (ds_breaks("apply_before_commit"))
                DS_TRY(ts->store->type->tick(ts->store, INT64_MAX, err));
        }
    }
    return ds_fault("after_store", err);
}

static ds_rc transaction_produce(worker *w, ds_err *err)
{
    ds_txn *txn = w->txn;

    DS_TRY(txn->type->begin(txn, err));
    DS_TRY(rows_send(w, err));
    return txn->type->flush(txn, err);
}

/* What goes elsewhere comes last: if it fails, nothing was committed. */
static ds_rc outside_deliver(worker *w, ds_err *err)
{
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        const task *t = &w->tasks[i];

        for (uint32_t k = 0; t->open && k < t->n_ops; k++)
            if (t->ops[k]->type->deliver)
                DS_TRY(t->ops[k]->type->deliver(t->ops[k], err));
    }
    return DS_OK;
}

static ds_rc outside_delivered(worker *w, ds_err *err)
{
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        const task *t = &w->tasks[i];

        for (uint32_t k = 0; t->open && k < t->n_ops; k++)
            if (t->ops[k]->type->delivered)
                DS_TRY(t->ops[k]->type->delivered(t->ops[k], err));
    }
    return DS_OK;
}

static ds_rc transaction_commit(worker *w, ds_err *err)
{
    DS_TRY(outside_deliver(w, err));
    DS_TRY(positions_send(w, err));
    DS_TRY(ds_fault("after_offsets", err));
    if (ds_breaks("apply_before_commit"))
        DS_TRY(stores_commit(w, err));
    DS_TRY(ds_fault("before_commit", err));
    return w->txn->type->commit(w->txn, err);
}

static ds_rc transaction(worker *w, ds_err *err)
{
    epoch *e = w->epoch;
    ds_time at = ds_mono_now();

    DS_TRY(ds_fault("before_produce", err));
    atomic_store(&w->stats.txn_since, at);
    DS_TRY(transaction_produce(w, err));
    at = epoch_lap(e, PHASE_PRODUCE, at);
    epoch_go(e, EPOCH_FLUSHED);
    DS_TRY(ds_fault("after_flush", err));
    DS_TRY(transaction_commit(w, err));
    atomic_store(&w->stats.txn_since, 0);
    epoch_lap(e, PHASE_COMMIT, at);
    epoch_go(e, EPOCH_COMMITTED);
    return ds_fault("after_commit", err);
}

static void lines_print(worker *w)
{
    const ds_run_options *o = &w->ctx->opts;

    for (struct epoch_shown *s = w->epoch->shown; s; s = s->next) {
        ds_slice rows = {(const uint8_t *)s->text.s, s->text.len}, all;
        ds_buf b;

        ds_buf_init(&b, w->epoch->mem, rows.len + 128);
        ds_show_printed(&b, s->time, rows, s->rows > s->limit);
        all = (ds_slice){(const uint8_t *)b.s, b.len};
        if (o->print)
            o->print(o->print_arg, all);
        else
            fwrite(all.ptr, 1, all.len, stdout);
    }
    if (w->epoch->shown && !o->print)
        fflush(stdout);
}

static void commit_count(worker *w)
{
    epoch *e = w->epoch;
    ds_tally rows;

    tally_epoch(w, &rows);
    tally_add(&w->stats, &rows);
    stats_rows(w, &rows);
    atomic_fetch_add(&w->stats.batches, 1);
    atomic_fetch_add(&w->stats.rows_in, e->n_rows);
    atomic_fetch_add(&w->stats.bytes_in, e->n_bytes);
    atomic_fetch_add(&w->stats.rows_out,
                     ds_outbox_rows(e->outbox) - e->n_progress);
    atomic_fetch_add(&w->stats.errors, e->errors);
}

/* An epoch may come to nothing: tasks that were asked and had no answer. */
static bool epoch_has_work(const worker *w)
{
    if (!w->epoch->works)
        return false;
    if (ds_outbox_rows(w->epoch->outbox))
        return true;
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        if (batch_position(w, in).next != in->position &&
            (!in->moved_by_eof || w->epoch->idle))
            return true;
    }
    return false;
}

static ds_rc commit_done(worker *w, ds_err *err)
{
    if (!ds_breaks("apply_before_commit"))
        DS_TRY(stores_commit(w, err));
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        w->inputs[i].position = batch_position(w, &w->inputs[i]).next;
        w->inputs[i].moved_by_eof = false;
    }
    w->fences = w->rebuilds = 0;
    reject_settle(w, true);
    reject_forget(w);
    commit_count(w);
    return DS_OK;
}

ds_rc commit_epoch(worker *w, ds_err *err)
{
    if (epoch_has_work(w)) {
        ds_time start = ds_mono_now(), committed;
        DS_TRY(transaction(w, err));
        committed = ds_mono_now();
        stats_commit(w, committed - start);
        DS_TRY(commit_done(w, err));
        committed = epoch_lap(w->epoch, PHASE_STATE, committed);
        stats_phases(w);
        atomic_store(&w->stats.last_batch_us, committed - start);
    } else {
        DS_TRY(outside_deliver(w, err));
    }
    batch_committed(w);
    DS_TRY(outside_delivered(w, err));
    lines_print(w);
    epoch_go(w->epoch, EPOCH_IDLE);
    return DS_OK;
}
