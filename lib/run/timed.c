/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timed.c - a stage that holds rows until their batch is whole: one behind
 * repartition topics, or main where the records' timestamps move the batch
 * time.
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

#include "run/progress.h"
#include "run/run.h"

#define LINGER_MOST (50 * DS_MS)
#define STALL_LEAST (5 * DS_SECOND)
#define TIMES_MOST 10000 /* batches of one epoch */
#define FILL_MOST 100000 /* batches without rows between two records */

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
        in->row_batch = DS_TIME_NONE;
        in->quiet = false;
        if (w->stage->id > 0)
            DS_TRY(input_expect(w, in, err));
    }
    for (uint32_t i = 0; i < w->n_tasks; i++)
        task_place(w, &w->tasks[i]);
    return DS_OK;
}

/* ---- which batches are due ---- */

/* A source whose records move the batch time: a record of a later batch makes
 * those before whole. */
static ds_time source_through(const worker *w, const input *in)
{
    return in->row_batch == DS_TIME_NONE ? DS_TIME_NONE
                                         : in->row_batch - w->ctx->plan->batch;
}

static ds_time task_frontier(const worker *w, const task *t)
{
    ds_time least = INT64_MAX, most = DS_TIME_NONE;

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        ds_time through;

        if (in->task != t)
            continue;
        most = in->row_batch > most ? in->row_batch : most;
        if (in->quiet && in->next >= in->scanned)
            continue;
        through = in->frontier ? frontier_through(in->frontier)
                               : source_through(w, in);
        /* Being read again; what sources have said stays known meanwhile. */
        if (in->next < in->scanned || in->next < in->reached)
            through = DS_TIME_NONE;
        least = through < least ? through : least;
    }
    return least == INT64_MAX ? most : least;
}

/* The batch after `at`. Where operators are asked in every batch, those between
 * two records are batches too: whichever input the records are of, and in
 * whichever order they were read. */
static ds_time task_next(const worker *w, const task *t, ds_time at)
{
    ds_time next = held_next(t->held, at), step = w->ctx->plan->batch;

    if (w->stage->id > 0 || !w->stage->every_epoch || at == DS_TIME_NONE ||
        next == DS_TIME_NONE || (next - at) / step > FILL_MOST)
        return next;
    return (at / step + 1) * step;
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
            batch = task_next(w, t, t->through);
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
    ds_time next = task_next(w, t, t->through);

    t->due = task_frontier(w, t);
    return next != DS_TIME_NONE && next <= t->due && !task_waits(w, t, next);
}

static ds_rc rereads(worker *w, ds_err *err)
{
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        task *t = &w->tasks[i];
        ds_time next = task_next(w, t, t->through);

        if (next != DS_TIME_NONE && next >= t->kept_below)
            DS_TRY(intake_again(w, t, err));
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

/* Partitions that have fallen silent, or speak again, are told to later stages
 * too. */
static void quiet_watch(worker *w)
{
    for (uint32_t i = 0; w->stage->id == 0 && i < w->n_inputs; i++) {
        input *in = &w->inputs[i];
        bool quiet = batch_is_silent(w, in);

        w->epoch->quiet = w->epoch->quiet || quiet != in->quiet;
        in->quiet = quiet;
    }
}

/* ---- until some are ---- */

static ds_rc poll_once(worker *w, int wait_ms, ds_err *err)
{
    ds_rc rc = intake_poll(w, wait_ms, err);

    return rc == DS_OK ? rereads(w, err) : rc;
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

        if (w->inputs[i].task != t || !w->inputs[i].frontier)
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
        uint32_t due = (quiet_watch(w), timed_due(w));
        ds_time now = ds_mono_now();
        ds_rc rc;

        if (due && !due_since)
            due_since = now;
        stall_watch(w, due > 0);
        if ((due == w->n_tasks && due) || (w->epoch->quiet && w->stage->paced))
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
    quiet_watch(w);
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
        if (!p->input->frontier)
            batch_saw(w, p->input, p->input->nodes[i]);
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

/* One that was idle comes back at the watermark as it is now. */
static ds_time input_watermark(const input *in)
{
    ds_time now = in->task->watermark_now;

    if (!in->frontier && (!in->watermarked || in->watermark > now))
        return in->watermark;
    return now;
}

static void watermarks_note(worker *w, const task *t, ds_time time)
{
    for (uint32_t i = 0; w->stage->paced && i < w->n_inputs; i++) {
        input *in = &w->inputs[i];
        ds_time mark = input_watermark(in);

        if (in->task != t || mark <= in->made.watermark)
            continue;
        epoch_step(w->epoch, in, time, in->made.watermark);
        in->made.watermark = mark;
    }
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
    watermarks_note(w, t, time);
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
    return w->epoch->n_rows >= rows || w->epoch->n_times >= TIMES_MOST ||
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

        while ((at = task_next(w, t, at)) != DS_TIME_NONE && at <= t->due)
            n++;
    }
    return n;
}

static ds_rc task_run(worker *w, task *t, uint32_t most, ds_err *err)
{
    ds_time stop = task_stop(w, t), next;

    t->stopped = false;
    while ((next = task_next(w, t, t->ran)) != DS_TIME_NONE && next <= t->due &&
           next < t->kept_below) {
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
    for (uint32_t i = 0; i < w->n_inputs; i++)
        w->inputs[i].made.watermark = batch_watermark_before(&w->inputs[i]);
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
                              .cuts = w->stage->cuts,
                              .watermark = input_watermark(in)};
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
        if (w->inputs[i].frontier)
            frontier_leave(w->inputs[i].frontier, w->inputs[i].task->through);
}
