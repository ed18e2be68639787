/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake.c - what a stage that holds rows reads: each record to its batch.
 *
 * Progress records move the frontier; rows are held by batch, as much as there
 * is memory for: past that, rows of later batches are forgotten, and read again
 * when it is their turn.
 */
#include "dstream/fault.h"
#include "run/progress.h"
#include "run/run.h"

#define CHUNK_BYTES ((size_t)1 << 20)
#define POLL_ROWS 10000
#define HELD_LEAST ((size_t)4 << 20)

void intake_close(worker *w)
{
    if (w->chunk)
        chunk_close(w->chunk);
    w->chunk = NULL;
}

static held_chunk *chunk_take(worker *w)
{
    if (w->chunk && (w->chunk_bytes > CHUNK_BYTES ||
                     ds_arena_used(w->chunk->arena) > CHUNK_BYTES))
        intake_close(w);
    if (!w->chunk) {
        w->chunk = chunk_new();
        w->chunk_bytes = 0;
    }
    return w->chunk;
}

static ds_rc take_progress(worker *w, input *in, const ds_envelope *rows,
                           uint32_t i, ds_err *err)
{
    task *t = in->task;
    ds_time last = t->through;
    progress p;

    if (!progress_decode(rows->val[i], w->scratch, &p))
        return ds_fail(err, DS_E_FAILED,
                       "topic %s partition %d offset %lld: the progress record "
                       "is damaged, or of another version",
                       in->topic, in->partition, (long long)rows->off[i]);
    for (uint32_t k = 0; k < p.n_times; k++)
        if (p.times[k] > t->through) {
            held_announce(t->held, p.times[k]);
            last = p.times[k];
        }
    for (uint32_t k = 0; k < p.n_sources; k++) {
        const progress_source *s = &p.sources[k];

        frontier_note(in->frontier, s->topic, s->partition, &s->mark);
        last = s->mark.through > last ? s->mark.through : last;
    }
    if (last > t->through)
        held_add(t->held, last, in, rows->off[i], NULL, w->chunk);
    return DS_OK;
}

/* The grid point after the record's timestamp; never before an earlier record
 * of its partition, nor in a batch that has run. */
static ds_time record_batch(const worker *w, input *in, const ds_envelope *rows,
                            uint32_t i)
{
    ds_time step = w->ctx->plan->batch, through = in->task->through;
    ds_time ts = rows->ts ? rows->ts[i] : DS_TIME_NONE;
    ds_time batch;

    if (ts == DS_TIME_NONE)
        ts = ds_clock_now(w->ctx->opts.clock);
    batch = (ts / step + 1) * step;
    if (batch < in->row_batch)
        batch = in->row_batch;
    if (batch <= through)
        batch = (through / step + 1) * step;
    in->row_batch = batch;
    return batch;
}

/* Where a record belongs. */
typedef enum place { PLACE_BATCH, PLACE_LATE, PLACE_IN, PLACE_PROGRESS } place;

static place row_place(const worker *w, input *in, const ds_envelope *rows,
                       uint32_t i, ds_time *batch)
{
    *batch = DS_TIME_NONE;
    if (!in->frontier) {
        *batch = record_batch(w, in, rows, i);
        return PLACE_BATCH;
    }
    if (ds_slice_eq(rows->key[i], PROGRESS_KEY))
        return PLACE_PROGRESS;
    if (!rows->val[i].ptr || rows->val[i].len < PROGRESS_STAMP)
        return rows->off[i] < in->scanned ? PLACE_IN : PLACE_LATE; /* damaged */
    memcpy(batch, rows->val[i].ptr, PROGRESS_STAMP);
    if (*batch > in->task->through)
        return PLACE_BATCH;
    *batch = DS_TIME_NONE;
    return rows->off[i] < in->scanned ? PLACE_IN : PLACE_LATE;
}

/* The records [from, to), without their batch time in front. */
static const ds_envelope *rows_part(const ds_envelope *rows, uint32_t from,
                                    uint32_t to, bool stamped, ds_arena *a)
{
    ds_envelope *e = ds_new(a, ds_envelope, 1);
    ds_slice *val = ds_new(a, ds_slice, to - from);

    *e = *rows;
    e->n = to - from;
    e->key = rows->key + from;
    e->hdr = rows->hdr ? rows->hdr + from : NULL;
    e->ts = rows->ts ? rows->ts + from : NULL;
    e->off = rows->off + from;
    e->val = val;
    for (uint32_t i = 0; i < e->n; i++) {
        ds_slice v = rows->val[from + i];
        bool whole = v.ptr && v.len >= PROGRESS_STAMP;

        if (stamped && whole)
            v = (ds_slice){v.ptr + PROGRESS_STAMP, v.len - PROGRESS_STAMP};
        val[i] = stamped && !whole ? DS_NULL_SLICE : v;
    }
    return e;
}

static void take_rows(worker *w, input *in, const ds_envelope *rows,
                      uint32_t from, uint32_t to, ds_time batch)
{
    task *t = in->task;
    const ds_envelope *kept;

    if (batch >= t->kept_below && batch != DS_TIME_NONE) {
        held_announce(t->held, batch);
        if (rows->off[from] < in->dropped)
            in->dropped = rows->off[from];
        return;
    }
    kept = rows_part(rows, from, to, in->frontier != NULL, w->chunk->arena);
    held_add(t->held, batch, in, rows->off[from], kept, w->chunk);
}

/* Runs of records that belong to the same place. */
static ds_rc take_envelope(worker *w, input *in, const ds_envelope *rows,
                           ds_err *err)
{
    for (uint32_t from = 0, to; from < rows->n; from = to) {
        ds_time batch, other;
        place at = row_place(w, in, rows, from, &batch);

        to = from + 1;
        if (at == PLACE_PROGRESS) {
            DS_TRY(take_progress(w, in, rows, from, err));
            continue;
        }
        while (to < rows->n && row_place(w, in, rows, to, &other) == at &&
               other == batch)
            to++;
        if (at != PLACE_IN)
            take_rows(w, in, rows, from, to, batch);
    }
    ds_arena_reset(w->scratch);
    return DS_OK;
}

static size_t rows_bytes(const ds_envelope *rows)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < rows->n; i++)
        bytes += (size_t)rows->key[i].len + rows->val[i].len;
    return bytes;
}

static ds_rc fetch_take(worker *w, const ds_fetch *f, ds_err *err)
{
    input *in = assign_input(w, f->topic, f->partition);

    if (!in || f->next <= in->next)
        return DS_OK;
    if (f->rows && f->rows->n) {
        w->last_rows = ds_mono_now();
        in->silent = ds_clock_now(w->ctx->opts.clock);
        w->chunk_bytes += rows_bytes(f->rows);
        DS_TRY(ds_fault("after_poll", err));
        DS_TRY(take_envelope(w, in, f->rows, err));
    }
    in->next = f->next;
    if (in->next > in->scanned)
        in->scanned = in->next;
    if (in->frontier && in->next > in->reached)
        in->reached = in->next;
    return DS_OK;
}

/* ---- how much is held ---- */

static size_t held_limit(const worker *w)
{
    size_t share = (size_t)w->ctx->plan->memory / 4 / w->ctx->n_workers;

    if (w->ctx->opts.held_bytes)
        return w->ctx->opts.held_bytes;
    return share > HELD_LEAST ? share : HELD_LEAST;
}

static size_t held_total(const worker *w)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < w->n_tasks; i++)
        bytes += held_bytes(w->tasks[i].held);
    return bytes;
}

/* The task with the latest batch in memory that is not its next one. */
static task *task_ahead(worker *w, ds_time *last)
{
    task *ahead = NULL;

    for (uint32_t i = 0; i < w->n_tasks; i++) {
        task *t = &w->tasks[i];
        ds_time l = held_last(t->held);

        if (l == DS_TIME_NONE || l <= held_next(t->held, t->through))
            continue;
        if (!ahead || l > *last) {
            ahead = t;
            *last = l;
        }
    }
    return ahead;
}

/* Past the limit rows of later batches are forgotten: they are in the log, and
 * are read again when it is their turn. */
static void held_trim(worker *w)
{
    ds_time last = DS_TIME_NONE;
    task *t;

    while (held_total(w) > held_limit(w) && (t = task_ahead(w, &last))) {
        const held_piece *p = held_pieces(t->held, last);

        for (; p; p = p->next)
            if (p->low < p->input->dropped)
                p->input->dropped = p->low;
        held_forget(t->held, last);
        t->kept_below = last;
    }
}

/* The next batch of the task is not in memory: back to where it begins. */
ds_rc intake_again(worker *w, task *t, ds_err *err)
{
    t->kept_below = INT64_MAX;
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];
        ds_position pos;

        if (in->task != t || in->dropped == INT64_MAX)
            continue;
        held_forget_input(t->held, in, in->dropped);
        in->next = in->dropped;
        in->dropped = INT64_MAX;
        in->row_batch = DS_TIME_NONE;
        pos = ds_position_of(in->topic, in->partition, in->next);
        DS_TRY(w->source->type->seek(w->source, &pos, 1, err));
    }
    return DS_OK;
}

/* ---- one poll ---- */

ds_rc intake_poll(worker *w, int wait_ms, ds_err *err)
{
    ds_time start = ds_mono_now();
    held_chunk *chunk = chunk_take(w);
    ds_fetch f;
    ds_rc rc = w->source->type->poll(w->source, chunk->arena, POLL_ROWS,
                                     wait_ms, &f, err);

    epoch_lap(w->epoch, PHASE_FETCH, start);
    if (rc != DS_OK)
        return rc;
    DS_TRY(fetch_take(w, &f, err));
    held_trim(w);
    return DS_OK;
}
