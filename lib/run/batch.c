/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c - batch times, and how far a timed stage says that it is.
 *
 * Batch times lie on the job's grid. A stage that reads the sources gives an
 * epoch the time of its cut; a worker never goes back, nor does a new owner of
 * a partition: the marks beside its offset say where batches go on. An epoch
 * that a limit cut early leaves its batch open, and the next one goes on with
 * the same time; where operators need the whole batch right there (strict), it
 * ends the batch, and the next one has the next time.
 */
#include <stdlib.h>

#include "run/progress.h"
#include "run/run.h"

#define LIVE_SPAN (60 * DS_SECOND)
#define CATCH_UP 10 /* missed batches of an epoch, if they give results */
#define IDLE_LEAST (30 * DS_SECOND)
#define END_PATIENCE (2 * DS_SECOND) /* --until-end: no more is to come */

/* ---- times ---- */

static ds_time grid_next(ds_time t, ds_time step)
{
    return (t / step + 1) * step;
}

/* The clock; but when it was set back, on from where it stood: a worker that
 * said nothing for an hour would hold up all others. */
ds_time batch_now(worker *w)
{
    ds_time now = ds_clock_now(w->ctx->opts.clock), mono = ds_mono_now();
    ds_time on = w->clock_then + (mono - w->mono_then);

    if (w->stage->timed && w->mono_then && on - now > w->ctx->plan->batch)
        return on;
    w->clock_then = now;
    w->mono_then = mono;
    return now;
}

static bool is_strict(const worker *w)
{
    return w->stage->timed && w->stage->needs_batch;
}

/* The batch that all its partitions have behind them: one of them may come from
 * an owner that was not as far. DS_TIME_NONE: all are new. */
static ds_time tasks_through(const worker *w)
{
    ds_time least = INT64_MAX;

    for (uint32_t i = 0; i < w->n_tasks; i++)
        if (w->tasks[i].through != DS_TIME_NONE && w->tasks[i].through < least)
            least = w->tasks[i].through;
    return least == INT64_MAX ? DS_TIME_NONE : least;
}

void batch_time(worker *w, ds_time cut)
{
    epoch *e = w->epoch;

    e->time = cut > w->last_time ? cut : w->last_time;
    if (w->stage->timed && e->time <= w->through)
        e->time = grid_next(w->through, w->ctx->plan->batch);
}

/* Results of many batches would be more than a transaction takes: some of them
 * in an epoch of its own, which reads nothing. */
static void catch_up(worker *w)
{
    epoch *e = w->epoch;
    missed *m = &e->missed;
    ds_time last = m->from + CATCH_UP * m->step;

    if (last <= w->through)
        last = grid_next(w->through, m->step);
    e->behind = is_strict(w) && last < m->until;
    if (!e->behind)
        return;
    /* What the clock has passed by meanwhile is missed too. */
    if (m->until < e->time)
        w->catch_up = m->until;
    e->time = m->until = last;
    e->due = true;
}

void batch_missed(worker *w)
{
    bool all = w->stage->timed && w->stage->every_epoch;
    ds_time last = all ? tasks_through(w) : DS_TIME_NONE;
    missed m = missed_batches(w->ctx->plan, last, w->epoch->time,
                              w->live != DS_TIME_NONE);

    if (w->catch_up != DS_TIME_NONE && w->catch_up < m.until)
        m.until = w->catch_up > m.from ? w->catch_up : m.from;
    w->epoch->missed = m;
    catch_up(w);
}

bool batch_is_new(const worker *w, ds_time cut)
{
    return w->stage->every_epoch && (!w->stage->timed || cut > w->through);
}

bool batch_wants_all(const worker *w)
{
    return w->stage->every_epoch &&
           (!w->stage->timed || w->epoch->due || w->epoch->n_rows);
}

/* ---- watermarks ---- */

void batch_saw(worker *w, input *in, uint32_t node)
{
    const ds_node *n = w->stage->nodes[node];
    const ds_source_args *args = n->args;
    ds_time max = in->task->event_max;

    if (!w->holds)
        in->silent = ds_clock_now(w->ctx->opts.clock);
    if (max == DS_TIME_NONE || strcmp(n->type->name, "source") != 0 ||
        args->watermark == 0)
        return;
    in->watermark = time_later(in->watermark, max - args->watermark);
}

/* How long its partition may be silent before it holds nothing back. */
static ds_time input_patience(const worker *w, const input *in)
{
    ds_time least = 5 * w->ctx->plan->batch;

    least = least > IDLE_LEAST ? least : IDLE_LEAST;
    for (uint32_t i = 0; i < in->n_nodes; i++) {
        const ds_node *n = w->stage->nodes[in->nodes[i]];
        const ds_source_args *args = n->args;

        if (!strcmp(n->type->name, "source") && args->idle > 0)
            least = args->idle;
    }
    return w->ctx->to_end && least > END_PATIENCE ? END_PATIENCE : least;
}

static bool is_at_end(const worker *w, const input *in)
{
    int64_t end = w->source->type->end(w->source, in->topic, in->partition);

    return end >= 0 && in->next >= end;
}

bool batch_is_silent(const worker *w, const input *in)
{
    ds_time now = ds_clock_now(w->ctx->opts.clock);

    if (in->frontier || now - in->silent <= input_patience(w, in))
        return false;
    return is_at_end(w, in); /* if not, what is there has not been read yet */
}

/* Rows that wait in memory are still to come. */
static bool is_run(const worker *w, const input *in)
{
    const task *t = in->task;

    return !w->holds || in->row_batch <= (t->in_batch ? t->now : t->ran);
}

static bool is_idle(const worker *w, const input *in)
{
    return batch_is_silent(w, in) && is_run(w, in);
}

ds_time batch_watermark(const task *t)
{
    const worker *w = t->worker;
    ds_time least = INT64_MAX;

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        ds_time mark = in->watermark;

        if (in->task != t)
            continue;
        if (in->frontier)
            mark = frontier_watermark(in->frontier, t->now);
        else if (!in->watermarked || is_idle(w, in))
            continue;
        least = mark < least ? mark : least;
    }
    return least == INT64_MAX ? DS_TIME_NONE : least;
}

static bool input_is_of(const worker *w, const input *in, const char *source)
{
    for (uint32_t i = 0; i < in->n_nodes; i++)
        if (!strcmp(w->stage->nodes[in->nodes[i]]->stream, source))
            return true;
    return false;
}

ds_time batch_source_watermark(const worker *w, const char *source)
{
    ds_time least = INT64_MAX;

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];

        if (in->watermarked && input_is_of(w, in, source) && !is_idle(w, in) &&
            in->watermark < least)
            least = in->watermark;
    }
    return least;
}

/* ---- marks ---- */

static bool epoch_is_batch(const worker *w)
{
    return w->stage->timed && (w->epoch->due || w->epoch->n_rows);
}

ds_time batch_watermark_before(const input *in)
{
    return in->marks.set ? in->marks.watermark : DS_TIME_NONE;
}

void batch_mark(worker *w)
{
    ds_time step = w->ctx->plan->batch;
    epoch *e = w->epoch;

    e->whole = is_strict(w) || e->due;
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];

        in->made = in->marks;
        if (!epoch_is_batch(w))
            continue;
        if (!in->made.set)
            in->made =
                (ds_marks){.through = DS_TIME_NONE, .batch = DS_TIME_NONE};
        in->made.set = true;
        in->made.cuts = w->stage->cuts;
        in->made.batch = time_later(in->made.batch, e->time);
        in->made.through =
            time_later(in->made.through, e->whole ? e->time : e->time - step);
        in->made.scanned = in->next;
        /* One that was idle comes back at the watermark as it is now. */
        if (in->watermarked)
            in->watermark = time_later(in->watermark, in->task->watermark_now);
        in->made.watermark = in->watermark;
        if (in->watermark > batch_watermark_before(in))
            epoch_step(e, in, e->time, batch_watermark_before(in));
    }
}

ds_position batch_position(const worker *w, const input *in)
{
    ds_position pos = ds_position_of(in->topic, in->partition, in->next);

    if (!w->stage->timed)
        return pos;
    if (w->holds)
        pos.next = timed_low(in);
    pos.marks = in->made;
    return pos;
}

static uint64_t token_add(uint64_t hash, const ds_position *pos)
{
    int64_t numbers[] = {(int64_t)hash, pos->partition, pos->next,
                         pos->marks.set ? pos->marks.through : 0};

    return ds_hash(numbers, sizeof(numbers)) ^
           ds_hash(pos->topic, strlen(pos->topic));
}

/* Of each input by itself: their order does not matter. */
uint64_t batch_token(const task *t, bool next)
{
    const worker *w = t->worker;
    uint64_t token = 0;

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        ds_position pos =
            ds_position_of(in->topic, in->partition, in->position);

        if (in->task != t)
            continue;
        pos.marks = in->marks;
        if (next)
            pos = batch_position(w, in);
        if (!w->stage->timed)
            pos.marks = (ds_marks){0};
        token += token_add(1, &pos);
    }
    return token;
}

void batch_committed(worker *w)
{
    epoch *e = w->epoch;

    for (uint32_t i = 0; i < w->n_inputs; i++)
        w->inputs[i].marks = w->inputs[i].made;
    for (uint32_t i = 0; i < w->n_tasks; i++)
        w->tasks[i].watermark = w->tasks[i].watermark_now;
    if (w->holds) {
        timed_committed(w);
    } else if (epoch_is_batch(w)) {
        ds_time through = e->whole ? e->time : e->time - w->ctx->plan->batch;

        w->through = time_later(w->through, through);
        w->live = through;
        if (!e->behind)
            w->catch_up = DS_TIME_NONE;
        for (uint32_t i = 0; i < w->n_tasks; i++)
            w->tasks[i].through = w->tasks[i].ran =
                time_later(w->tasks[i].through, through);
    }
}

void batch_aborted(worker *w)
{
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        task *t = &w->tasks[i];

        t->in_batch = false;
        t->ran = t->through;
        t->watermark_now = t->watermark;
    }
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];

        in->watermark = batch_watermark_before(in);
    }
}

static bool is_watermarked(const worker *w, const input *in)
{
    for (uint32_t i = 0; i < in->n_nodes; i++) {
        const ds_node *n = w->stage->nodes[in->nodes[i]];
        const ds_source_args *args = n->args;

        if (!strcmp(n->type->name, "source") && args->watermark > 0)
            return true;
    }
    return false;
}

static void input_place(worker *w, input *in)
{
    const ds_marks *m = &in->marks;

    in->made = *m;
    in->watermarked = is_watermarked(w, in);
    in->watermark = batch_watermark_before(in);
    if (!in->silent) /* an abort makes nobody speak */
        in->silent = ds_clock_now(w->ctx->opts.clock);
    if (!m->set || w->holds)
        return;
    w->last_time = time_later(w->last_time, m->batch);
    w->through = time_later(w->through, m->through);
    in->task->through = in->task->ran =
        time_later(in->task->through, m->through);
}

/* As it stood when the marks were committed. */
static ds_time task_watermark(const worker *w, const task *t)
{
    ds_time mark = DS_TIME_NONE;

    if (w->stage->id == 0)
        return batch_watermark(t);
    for (uint32_t i = 0; i < w->n_inputs; i++)
        if (w->inputs[i].task == t)
            mark = time_later(mark, w->inputs[i].watermark);
    return mark;
}

ds_rc batch_place(worker *w, ds_err *err)
{
    ds_time now = ds_clock_now(w->ctx->opts.clock);

    for (uint32_t i = 0; i < w->n_inputs; i++)
        input_place(w, &w->inputs[i]);
    if (w->live != DS_TIME_NONE && now - w->live > LIVE_SPAN)
        w->live = DS_TIME_NONE;
    w->catch_up = DS_TIME_NONE;
    if (w->holds)
        DS_TRY(timed_place(w, err));
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        task *t = &w->tasks[i];

        t->watermark = t->watermark_now = task_watermark(w, t);
    }
    return DS_OK;
}

/* ---- what others are told ---- */

static void times_of_epoch(worker *w, progress *p)
{
    epoch *e = w->epoch;
    const missed *m = &e->missed;

    if (w->holds) {
        p->times = e->times;
        p->n_times = e->n_times;
        return;
    }
    p->times =
        ds_new(e->mem, ds_time, (size_t)((m->until - m->from) / m->step) + 3);
    for (ds_time t = m->from; t < m->until; t += m->step)
        p->times[p->n_times++] = t;
    if (e->whole)
        p->times[p->n_times++] = e->time;
}

/* What an input said of itself before batch `until`; DS_TIME_NONE: all of the
 * epoch. A batch that is open has no watermark yet: others would take it for
 * that of the batch before. */
static frontier_mark input_mark(const worker *w, const input *in, ds_time until)
{
    const epoch *e = w->epoch;
    const ds_marks *m = &in->made;
    frontier_mark mark = {DS_TIME_NONE, DS_TIME_NONE, 0};
    ds_time last;

    if (m->set && (until != DS_TIME_NONE || e->whole || w->holds))
        mark = (frontier_mark){m->through, m->watermark, 0};
    if (until == DS_TIME_NONE)
        return mark;
    last = until - w->ctx->plan->batch;
    mark.through = last < mark.through ? last : mark.through;
    for (uint32_t i = e->n_steps; i-- > 0;)
        if (e->steps[i].input == in && e->steps[i].time >= until)
            mark.watermark = e->steps[i].before;
    return mark;
}

/* In pieces before the last one it may still have rows to come. */
static unsigned input_flags(const worker *w, const input *in, bool last)
{
    bool idle = in->frontier ? frontier_idle(in->frontier, in->task->ran)
                             : !in->watermarked || (last && is_idle(w, in));
    bool quiet = last && in->quiet && is_run(w, in);

    return (idle ? FRONTIER_IDLE : 0u) | (quiet ? FRONTIER_QUIET : 0u);
}

/* Behind what the record says of earlier batches. */
static void sources_until(const worker *w, ds_time until, progress *p)
{
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        frontier_mark mark = input_mark(w, in, until);

        mark.flags = input_flags(w, in, until == DS_TIME_NONE);
        p->sources[p->n_sources++] =
            (progress_source){in->topic, in->partition, mark};
    }
}

/* The next batch in which a watermark rose; DS_TIME_NONE: there is none. */
static ds_time step_after(const epoch *e, ds_time t)
{
    ds_time least = INT64_MAX;

    for (uint32_t i = 0; i < e->n_steps; i++)
        if (e->steps[i].time > t && e->steps[i].time < least)
            least = e->steps[i].time;
    return least == INT64_MAX ? DS_TIME_NONE : least;
}

/* Of the batches before it nobody has heard yet. What a source says first is
 * told by itself: it holds for no batch before (frontier.c). */
static bool step_is_news(const worker *w, ds_time time, bool times)
{
    const epoch *e = w->epoch;
    ds_time last = time - w->ctx->plan->batch;

    for (uint32_t i = 0; i < e->n_steps; i++) {
        const ds_marks *m = &e->steps[i].input->marks;

        if (e->steps[i].time == time && (m->set ? m->through < last : times))
            return true;
    }
    return false;
}

static void tell_topic(worker *w, uint32_t topic, ds_slice val)
{
    epoch *e = w->epoch;

    for (int32_t i = 0; i < w->ctx->partitions[topic]; i++) {
        ds_row row = {.topic = topic,
                      .partition = i,
                      .key = PROGRESS_KEY,
                      .val = val,
                      .ts = DS_TIME_NONE};

        ds_outbox_add(e->outbox, &row);
        e->n_progress++;
    }
}

static void tell(worker *w, const progress *p)
{
    const ds_plan *plan = w->ctx->plan;
    ds_slice val = progress_encode(p, w->epoch->mem);

    for (uint32_t i = 0; i < plan->n_topics; i++) {
        const ds_plan_topic *t = &plan->topics[i];

        if (t->kind == DS_TOPIC_REPARTITION && t->stage == w->stage->id &&
            plan->stages[t->reader].timed)
            tell_topic(w, i, val);
    }
}

/* A batch's watermark does not have that of later ones: what is said of several
 * batches, or of missed ones, is said in pieces where it rose. A piece without
 * batches is said with the next one: by itself it would make a batch. */
void batch_tell(worker *w)
{
    const epoch *e = w->epoch;
    bool ran = w->holds ? e->n_times > 0 || e->quiet : epoch_is_batch(w);
    progress p = {0};
    uint32_t n;

    if (!w->stage->paced || !ran || w->n_inputs == 0)
        return;
    times_of_epoch(w, &p);
    p.sources = ds_new(w->epoch->mem, progress_source,
                       (size_t)(e->n_steps + 1) * w->n_inputs);
    n = p.n_times;
    for (ds_time t = step_after(e, DS_TIME_NONE); t != DS_TIME_NONE;
         t = step_after(e, t)) {
        p.n_times = 0;
        while (p.n_times < n && p.times[p.n_times] < t)
            p.n_times++;
        if (!step_is_news(w, t, p.n_times > 0))
            continue;
        sources_until(w, t, &p);
        if (p.n_times == 0 && n > 0)
            continue;
        tell(w, &p);
        p.times += p.n_times;
        p.n_sources = 0;
        n -= p.n_times;
    }
    p.n_times = n;
    sources_until(w, DS_TIME_NONE, &p);
    tell(w, &p);
}
