/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timed.c - a stage behind repartition topics whose batches are whole.
 *
 *     read -> hold rows by batch -> all sources are whole through t -> run t
 *
 * Rows wait in memory (held.h) until each source of the stages before has said
 * that it is whole through their batch (frontier.h). Then a task runs its
 * batches in order, those without rows too, as many in one epoch as are whole.
 * It does not wait for the clock: what came last decides.
 *
 * What is committed of an input is the first record whose batch has not run,
 * and the marks: through which batch the task is, and how far was read. After a
 * restart a record below that, of a batch that has run, is in already; any
 * other record of such a batch is late, and goes into the next one.
 */
#include <stdio.h>

#include "dstream/fault.h"
#include "run/progress.h"
#include "run/run.h"

#define CHUNK_BYTES ((size_t)1 << 20)
#define LINGER_MOST (50 * DS_MS)
#define POLL_ROWS 10000
#define STALL_LEAST (5 * DS_SECOND)
#define HELD_LEAST ((size_t)4 << 20)

/* ---- sources behind the inputs ---- */

static ds_rc expect_topic(worker *w, input *in, const char *topic, ds_err *err)
{
    ds_broker *b = w->ctx->broker;
    frontier_mark known = {DS_TIME_NONE, DS_TIME_NONE, 0};
    ds_topic_info info = {0, 0};
    ds_rc rc;

    if (in->marks.set) {
        known.through = in->marks.through;
        known.watermark = in->marks.watermark;
    }
    pthread_mutex_lock(&w->ctx->cluster);
    rc = b->type->topic_info(b, topic, &info, err);
    pthread_mutex_unlock(&w->ctx->cluster);
    for (int32_t p = 0; rc == DS_OK && p < info.partitions; p++)
        frontier_expect(in->frontier, topic, p, &known);
    return rc < 0 ? rc : DS_OK;
}

static ds_rc expect_name(worker *w, input *in, const char *name, ds_err *err)
{
    ds_broker *b = w->ctx->broker;
    const char *const *list = &name;
    uint32_t n = 1;
    ds_rc rc = DS_OK;

    if (name[0] == '^') {
        pthread_mutex_lock(&w->ctx->cluster);
        rc = b->type->topic_match(b, name, w->assignment, &list, &n, err);
        pthread_mutex_unlock(&w->ctx->cluster);
    }
    for (uint32_t i = 0; rc == DS_OK && i < n; i++)
        rc = expect_topic(w, in, list[i], err);
    return rc;
}

/* All topic partitions that the stage before reads. */
static ds_rc input_expect(worker *w, input *in, ds_err *err)
{
    const ds_plan *plan = w->ctx->plan;
    const ds_node *node = w->stage->nodes[in->nodes[0]];
    const ds_stage *from = &plan->stages[plan->topics[node->topic].stage];
    const char *names[TOPICS_MAX];
    uint32_t n = 0;

    if (in->frontier) /* what sources have said stays true */
        return DS_OK;
    in->frontier = frontier_new(w->assignment);
    for (uint32_t i = 0; i < from->n_sources; i++)
        topics_of_node(from->sources[i], plan, names, &n);
    for (uint32_t i = 0; i < n; i++)
        DS_TRY(expect_name(w, in, names[i], err));
    return DS_OK;
}

static void task_place(worker *w, task *t)
{
    held_clear(t->held);
    t->through = t->due = DS_TIME_NONE;
    t->kept_below = INT64_MAX;
    t->stopped = false;
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        if (in->task == t && in->marks.set && in->marks.through > t->through)
            t->through = in->marks.through;
    }
    t->ran = t->through;
}

ds_rc timed_place(worker *w, ds_err *err)
{
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];

        in->dropped = INT64_MAX;
        in->scanned = in->next;
        if (in->marks.set && in->marks.scanned > in->scanned)
            in->scanned = in->marks.scanned;
        DS_TRY(input_expect(w, in, err));
    }
    for (uint32_t i = 0; i < w->n_tasks; i++)
        task_place(w, &w->tasks[i]);
    return DS_OK;
}

void timed_close(worker *w)
{
    if (w->chunk)
        chunk_close(w->chunk);
    w->chunk = NULL;
}

/* ---- records come in ---- */

static held_chunk *chunk_take(worker *w)
{
    if (w->chunk && (w->chunk_bytes > CHUNK_BYTES ||
                     ds_arena_used(w->chunk->arena) > CHUNK_BYTES))
        timed_close(w);
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

/* Where a record belongs. */
typedef enum place { PLACE_BATCH, PLACE_LATE, PLACE_IN, PLACE_PROGRESS } place;

static place row_place(const input *in, const ds_envelope *rows, uint32_t i,
                       ds_time *batch)
{
    *batch = DS_TIME_NONE;
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

/* The records [from, to) without their batch time in front. */
static const ds_envelope *rows_strip(const ds_envelope *rows, uint32_t from,
                                     uint32_t to, ds_arena *a)
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

        val[i] =
            whole ? (ds_slice){v.ptr + PROGRESS_STAMP, v.len - PROGRESS_STAMP}
                  : DS_NULL_SLICE;
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
    kept = rows_strip(rows, from, to, w->chunk->arena);
    held_add(t->held, batch, in, rows->off[from], kept, w->chunk);
}

/* Runs of records that belong to the same place. */
static ds_rc take_envelope(worker *w, input *in, const ds_envelope *rows,
                           ds_err *err)
{
    for (uint32_t from = 0, to; from < rows->n; from = to) {
        ds_time batch, other;
        place at = row_place(in, rows, from, &batch);

        to = from + 1;
        if (at == PLACE_PROGRESS) {
            DS_TRY(take_progress(w, in, rows, from, err));
            continue;
        }
        while (to < rows->n && row_place(in, rows, to, &other) == at &&
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
        w->chunk_bytes += rows_bytes(f->rows);
        DS_TRY(ds_fault("after_poll", err));
        DS_TRY(take_envelope(w, in, f->rows, err));
    }
    in->next = f->next;
    if (in->next > in->scanned)
        in->scanned = in->next;
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
static ds_rc held_reread(worker *w, task *t, ds_err *err)
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
        pos = ds_position_of(in->topic, in->partition, in->next);
        DS_TRY(w->source->type->seek(w->source, &pos, 1, err));
    }
    return DS_OK;
}

/* ---- which batches are due ---- */

static ds_time task_frontier(const worker *w, const task *t)
{
    ds_time least = INT64_MAX;

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        ds_time through;

        if (in->task != t)
            continue;
        through = frontier_through(in->frontier);
        if (in->next < in->scanned) /* being read again */
            through = DS_TIME_NONE;
        least = through < least ? through : least;
    }
    return least == INT64_MAX ? DS_TIME_NONE : least;
}

/* The batch of a record that must not pass; INT64_MAX: there is none. */
static ds_time task_stop(const worker *w, const task *t)
{
    ds_time stop = INT64_MAX, batch;

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];

        if (in->task != t || in->limit == INT64_MAX ||
            !held_find(t->held, in, in->limit, &batch))
            continue;
        if (batch == DS_TIME_NONE)
            batch = held_next(t->held, t->through);
        stop = batch < stop ? batch : stop;
    }
    return stop;
}

/* A partition waits for a while at a record of that batch (hold.c). */
static bool task_waits(const worker *w, const task *t, ds_time next)
{
    ds_time batch;

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];

        if (in->task == t && in->held && in->limit != INT64_MAX &&
            held_find(t->held, in, in->limit, &batch) && batch <= next)
            return true;
    }
    return false;
}

/* A batch that may run now is there. */
static bool task_is_due(const worker *w, task *t)
{
    ds_time next = held_next(t->held, t->through);

    t->due = task_frontier(w, t);
    return next != DS_TIME_NONE && next <= t->due && !task_waits(w, t, next);
}

static ds_rc rereads(worker *w, ds_err *err)
{
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        task *t = &w->tasks[i];
        ds_time next = held_next(t->held, t->through);

        if (next != DS_TIME_NONE && next >= t->kept_below)
            DS_TRY(held_reread(w, t, err));
    }
    return DS_OK;
}

uint32_t timed_due(worker *w)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->n_tasks; i++)
        n += task_is_due(w, &w->tasks[i]);
    return n;
}

/* ---- until some are ---- */

static ds_rc poll_once(worker *w, int wait_ms, ds_err *err)
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
    return rereads(w, err);
}

static ds_time linger(const worker *w)
{
    ds_time part = w->ctx->plan->batch / 10;

    return part < LINGER_MOST ? part : LINGER_MOST;
}

/* The source that the batches of a task wait for. */
static const frontier_source *task_waits_for(const worker *w, const task *t)
{
    const frontier_source *slow = NULL;

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const frontier_source *s;

        if (w->inputs[i].task != t)
            continue;
        s = frontier_slowest(w->inputs[i].frontier);
        if (s && (!slow || s->last.through < slow->last.through))
            slow = s;
    }
    return slow;
}

static void stall_tell(worker *w, const frontier_source *s, ds_time batch)
{
    char text[200];

    snprintf(text, sizeof(text),
             "waiting for topic %.100s partition %d: its batches are not whole",
             s->topic, (int)s->partition);
    atomic_store(&w->stats.why, hold_reason(w, text));
    atomic_store(&w->stats.state, "stalled");
    ds_log(DS_LOG_WARN, "batches wait for a source",
           DS_KV("job", "%s", w->ctx->plan->job),
           DS_KV("stage", "%s", w->stage->name), DS_KV("topic", "%s", s->topic),
           DS_KV("partition", "%d", (int)s->partition),
           DS_KV("batch_us", "%lld", (long long)batch));
}

/* Batches that wait for a source for longer than a few intervals are told. */
static void stall_watch(worker *w, bool due)
{
    ds_time limit = 5 * w->ctx->plan->batch, now = ds_mono_now();
    const frontier_source *slow = NULL;
    ds_time next = DS_TIME_NONE;

    for (uint32_t i = 0; !due && i < w->n_tasks && !slow; i++) {
        const task *t = &w->tasks[i];

        next = held_next(t->held, t->through);
        if (next != DS_TIME_NONE)
            slow = task_waits_for(w, t);
    }
    if (!slow) {
        w->wait_since = w->waits = 0;
        return;
    }
    if (!w->wait_since)
        w->wait_since = now;
    limit = limit > STALL_LEAST ? limit : STALL_LEAST;
    if (now - (w->waits ? w->waits : w->wait_since) < limit)
        return;
    w->waits = now;
    stall_tell(w, slow, next);
}

static ds_rc collect_waiting(worker *w, ds_err *err)
{
    ds_time start = ds_mono_now(), due_since = 0;

    while (!atomic_load(&w->ctx->stop)) {
        uint32_t due = timed_due(w);
        ds_time now = ds_mono_now();
        ds_rc rc;

        if (due && !due_since)
            due_since = now;
        stall_watch(w, due > 0);
        if (due == w->n_tasks && due)
            return DS_OK;
        if (due && now - due_since >= linger(w))
            return DS_OK;
        if (!due && now - start > DS_SECOND)
            return DS_OK; /* positions that an EOF moved */
        w->txn->type->serve(w->txn);
        rc = poll_once(w, due ? 5 : 50, err);
        if (rc < 0 || rc == DS_CHANGED)
            return rc;
    }
    return DS_OK;
}

ds_rc timed_collect(worker *w, bool wait, ds_err *err)
{
    ds_rc rc = rereads(w, err);

    DS_TRY(rc);
    if (wait)
        return collect_waiting(w, err);
    while (rc != DS_END) {
        rc = poll_once(w, 0, err);
        if (rc < 0 || rc == DS_CHANGED)
            return rc;
    }
    timed_due(w);
    return DS_OK;
}

/* ---- batches through the graphs ---- */

static ds_rc piece_push(worker *w, task *t, const held_piece *p, ds_err *err)
{
    const ds_envelope *kept;
    ds_rc failed = DS_OK;

    DS_TRY(reject_filter(w, p->input, p->rows, &kept, err));
    w->epoch->n_rows += p->rows->n;
    w->epoch->n_bytes += p->bytes;
    for (uint32_t i = 0; kept->n && i < p->input->n_nodes; i++) {
        ds_rc rc = task_push(t, p->input->nodes[i], kept, err);
        if (rc < 0 && rc != DS_E_RECORD)
            return rc;
        if (rc < 0)
            failed = rc;
    }
    return failed;
}

static ds_rc pieces_push(worker *w, task *t, ds_time batch, ds_err *err)
{
    const held_piece *p = held_pieces(t->held, batch);
    ds_rc failed = DS_OK;

    for (; p; p = p->next) {
        ds_rc rc = p->rows ? piece_push(w, t, p, err) : DS_OK;
        if (rc < 0 && rc != DS_E_RECORD)
            return rc;
        if (rc < 0)
            failed = rc;
    }
    return failed;
}

static void batch_note(epoch *e, ds_time time, uint32_t most)
{
    uint32_t at = e->n_times;

    if (!e->times)
        e->times = ds_new(e->mem, ds_time, most + 1);
    while (at > 0 && e->times[at - 1] > time)
        at--;
    if (at > 0 && e->times[at - 1] == time)
        return;
    memmove(e->times + at + 1, e->times + at,
            (e->n_times - at) * sizeof(*e->times));
    e->times[at] = time;
    e->n_times++;
}

static ds_rc batch_run(worker *w, task *t, ds_time time, ds_err *err)
{
    ds_rc late = DS_OK, rc;

    DS_TRY(task_begin(t, err));
    DS_TRY(task_batch_begin(t, time, err));
    if (t->ran == t->through) /* the epoch's first */
        late = pieces_push(w, t, DS_TIME_NONE, err);
    if (late < 0 && late != DS_E_RECORD)
        return late;
    rc = pieces_push(w, t, time, err);
    DS_TRY(rc);
    DS_TRY(late);
    DS_TRY(task_batch_seal(t, err));
    t->ran = time;
    return DS_OK;
}

static bool epoch_is_full(const worker *w)
{
    const ds_plan *plan = w->ctx->plan;
    uint32_t rows = w->ctx->opts.epoch_rows;
    size_t least = (size_t)(16 * plan->max_bytes);

    if (!rows)
        rows = (uint32_t)plan->max_records;
    return w->epoch->n_rows >= rows ||
           w->epoch->n_bytes >= (uint64_t)plan->max_bytes ||
           ds_arena_used(w->epoch->mem) >=
               ((size_t)plan->memory > least ? (size_t)plan->memory : least);
}

/* The most batches that can run now. */
static uint32_t batches_due(const worker *w)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->n_tasks; i++) {
        const task *t = &w->tasks[i];
        ds_time at = t->through;

        while ((at = held_next(t->held, at)) != DS_TIME_NONE && at <= t->due)
            n++;
    }
    return n;
}

static ds_rc task_run(worker *w, task *t, uint32_t most, ds_err *err)
{
    ds_time stop = task_stop(w, t), next;

    t->stopped = false;
    while ((next = held_next(t->held, t->ran)) != DS_TIME_NONE &&
           next <= t->due && next < t->kept_below) {
        if (next >= stop) {
            t->stopped = true;
            break;
        }
        if (t->ran != t->through && epoch_is_full(w)) {
            t->due = t->ran; /* and no more of them if it has to run again */
            break;
        }
        DS_TRY(batch_run(w, t, next, err));
        batch_note(w->epoch, next, most);
    }
    return DS_OK;
}

ds_rc timed_run(worker *w, ds_err *err)
{
    uint32_t most = batches_due(w);

    w->epoch->n_rows = 0;
    w->epoch->n_bytes = 0;
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        task *t = &w->tasks[i];

        t->ran = t->through;
        t->watermark_now = t->watermark;
        DS_TRY(task_run(w, t, most, err));
        if (t->ran > w->epoch->time)
            w->epoch->time = t->ran;
    }
    return DS_OK;
}

/* ---- what is committed ---- */

int64_t timed_low(const input *in)
{
    const task *t = in->task;
    int64_t low = held_low(t->held, in, t->ran, t->ran == t->through, in->next);

    return in->dropped < low ? in->dropped : low;
}

void timed_mark(worker *w)
{
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];
        const task *t = in->task;

        in->made = (ds_marks){.set = true,
                              .through = t->ran,
                              .batch = t->ran,
                              .scanned = in->scanned,
                              .watermark = t->watermark_now};
        if (t->ran == t->through) /* a late one is in no batch yet */
            in->made.scanned = held_low_late(t->held, in, in->scanned);
    }
}

void timed_committed(worker *w)
{
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        task *t = &w->tasks[i];

        if (t->ran != t->through)
            held_done(t->held, t->ran);
        t->through = t->ran;
    }
    for (uint32_t i = 0; i < w->n_inputs; i++)
        frontier_leave(w->inputs[i].frontier, w->inputs[i].task->through);
}
