/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task.c - a stage's graph, instantiated for one partition.
 */
#include <stdlib.h>

#include "dstream/fault.h"
#include "run/run.h"
#include "run/tables.h"

/* The operator of a node of this stage, or NULL if it is in another one. */
static ds_op *task_op(const task *t, const ds_node *node)
{
    const ds_stage *stage = t->worker->stage;

    for (uint32_t i = 0; i < stage->n_nodes; i++)
        if (stage->nodes[i] == node)
            return t->ops[i];
    return NULL;
}

static void op_link(task *t, ds_op *op)
{
    const ds_node *node = op->node;

    op->outs = ds_new(t->arena, ds_op *, node->n_outputs + 1);
    op->out_ports = ds_new(t->arena, int, node->n_outputs + 1);
    for (uint32_t i = 0; i < node->n_outputs; i++) {
        ds_op *next = task_op(t, node->outputs[i]);
        if (!next)
            continue;
        op->outs[op->n_outs] = next;
        op->out_ports[op->n_outs++] = node->out_ports ? node->out_ports[i] : 0;
    }
}

static ds_rc task_stores_open(worker *w, task *t, ds_err *err)
{
    const ds_plan *plan = w->ctx->plan;

    t->stores = ds_new(t->arena, task_store, plan->n_stores + 1);
    for (uint32_t i = 0; i < plan->n_stores; i++) {
        const ds_plan_store *ps = &plan->stores[i];
        task_store *ts = &t->stores[t->n_stores];
        ds_rc rc;

        if (ps->node->stage != w->stage->id)
            continue;
        rc = context_store_take(w->ctx, ps, t->partition, ts, err);
        if (rc != DS_OK)
            return rc;
        t->n_stores++;
        task_op(t, ps->node)->partitions = w->ctx->partitions[ps->topic];
        if (ps->nth == 0)
            task_op(t, ps->node)->store = ts->store;
        else
            task_op(t, ps->node)->second = ts->store;
    }
    return DS_OK;
}

/* Its rows are read by a stage that runs whole batches. */
static bool op_stamps(const task *t, const ds_node *node)
{
    const ds_plan *plan = t->worker->ctx->plan;

    return !strcmp(node->type->name, "shuffle") &&
           plan->stages[plan->topics[node->topic].reader].timed;
}

static ds_op *op_new(task *t, const ds_node *node)
{
    ds_op *op = ds_arena_alloc(t->arena, node->type->size, 16);

    op->type = node->type;
    op->node = node;
    op->host = &reject_host;
    op->task = t;
    op->task_arena = t->arena;
    op->partition = t->partition;
    op->stamps = op_stamps(t, node);
    op->event_max = op->watermark = op->watermark_before = DS_TIME_NONE;
    return op;
}

ds_rc task_open(worker *w, task *t, int32_t partition, ds_err *err)
{
    const ds_stage *stage = w->stage;

    t->worker = w;
    t->partition = partition;
    t->arena = ds_arena_new(1 << 14);
    t->watermark = t->watermark_now = DS_TIME_NONE;
    t->through = t->ran = t->due = DS_TIME_NONE;
    t->kept_below = INT64_MAX;
    t->held = w->holds ? held_new() : NULL;
    t->ops = ds_new(t->arena, ds_op *, stage->n_nodes);
    t->fed = ds_new(t->arena, bool, stage->n_nodes);
    for (uint32_t i = 0; i < stage->n_nodes; i++)
        t->ops[i] = op_new(t, stage->nodes[i]);
    for (uint32_t i = 0; i < stage->n_nodes; i++)
        op_link(t, t->ops[i]);
    DS_TRY(task_stores_open(w, t, err));
    for (uint32_t i = 0; i < stage->n_nodes; i++) {
        if (t->ops[i]->type->open)
            DS_TRY(t->ops[i]->type->open(t->ops[i], err));
        t->n_ops = i + 1;
    }
    return DS_OK;
}

static bool is_fed(const task *t, uint32_t nth)
{
    const ds_stage *stage = t->worker->stage;
    const ds_node *node = stage->nodes[nth];

    for (uint32_t k = 0; k < nth; k++) /* inputs come before */
        for (uint32_t i = 0; t->fed[k] && i < node->n_inputs; i++)
            if (stage->nodes[k] == node->inputs[i])
                return true;
    return t->ops[nth]->store != NULL;
}

void tasks_feed(worker *w)
{
    for (uint32_t i = 0; i < w->n_inputs; i++)
        for (uint32_t k = 0; k < w->inputs[i].n_nodes; k++)
            w->inputs[i].task->fed[w->inputs[i].nodes[k]] = true;
    for (uint32_t i = 0; i < w->n_tasks; i++)
        for (uint32_t k = 0; k < w->stage->n_nodes; k++)
            w->tasks[i].fed[k] |= is_fed(&w->tasks[i], k);
}

void task_close(task *t, bool crash)
{
    (void)crash;
    for (uint32_t i = 0; i < t->n_ops; i++)
        if (t->ops[i]->type->close)
            t->ops[i]->type->close(t->ops[i]);
    for (uint32_t i = 0; i < t->n_stores; i++)
        context_store_give(t->worker->ctx, t->stores[i].plan, t->partition);
    t->n_ops = t->n_stores = 0;
    held_free(t->held);
    t->held = NULL;
    ds_arena_free(t->arena);
    t->arena = NULL;
}

/* --reset-state: every key gets a tombstone in the first epoch. */
struct forget {
    task_store *ts;
    ds_arena *arena;
};

static ds_rc forget_key(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    struct forget *f = arg;
    ds_slice copy = ds_slice_copy(f->arena, key);

    (void)val;
    return f->ts->store->type->put(f->ts->store, f->ts->overlay, &copy, NULL,
                                   &DS_NULL_SLICE, 1, err);
}

static ds_rc task_forget(task_store *ts, ds_arena *a, ds_err *err)
{
    struct forget f = {ts, a};

    return ts->store->type->scan(ts->store, NULL, DS_NULL_SLICE, DS_NULL_SLICE,
                                 forget_key, &f, err);
}

ds_rc task_begin(task *t, ds_err *err)
{
    epoch *e = t->worker->epoch;

    if (t->open)
        return DS_OK;
    t->open = true;
    t->in_batch = false;
    for (uint32_t i = 0; i < t->n_stores; i++) {
        task_store *ts = &t->stores[i];
        ts->overlay = ts->store->type->begin(ts->store, NULL, e->mem);
        if (ts->plan->nth == 0)
            task_op(t, ts->plan->node)->overlay = ts->overlay;
        else
            task_op(t, ts->plan->node)->second_overlay = ts->overlay;
        if (ts->reset)
            DS_TRY(task_forget(ts, e->mem, err));
    }
    for (uint32_t i = 0; i < t->n_ops; i++) {
        ds_op *op = t->ops[i];
        op->epoch_arena = e->mem;
        op->outbox = e->outbox;
        op->epoch = e->number;
        op->rows_in = op->rows_out = op->rows_kept = 0;
        op->rows_dropped = op->rows_late = op->rows_refused = 0;
        op->decoding = 0;
    }
    return DS_OK;
}

/* Of a node whose input slides: only in batches at which something comes. Of a
 * source with fewer partitions than others: not in those that it has not. */
static bool op_runs(const task *t, uint32_t nth)
{
    ds_time tick = t->ops[nth]->node->tick;

    return t->fed[nth] &&
           (tick == 0 || !t->worker->stage->timed || t->now % tick == 0);
}

ds_rc task_batch_begin(task *t, ds_time time, ds_err *err)
{
    t->now = time;
    t->in_batch = true;
    for (uint32_t i = 0; i < t->n_ops; i++) {
        ds_op *op = t->ops[i];

        op->now = time;
        op->watermark_before = op->watermark = t->watermark_now;
        if (op->node->n_tables)
            tables_pin(t->worker->ctx, op, op->epoch_arena);
        if (op->type->begin && op_runs(t, i))
            DS_TRY(op->type->begin(op, err));
    }
    return DS_OK;
}

ds_rc task_batch_seal(task *t, ds_err *err)
{
    ds_time watermark = batch_watermark(t);

    if (watermark > t->watermark_now)
        t->watermark_now = watermark;
    for (uint32_t i = 0; i < t->n_ops; i++)
        t->ops[i]->watermark = t->watermark_now;
    for (uint32_t i = 0; i < t->n_ops; i++)
        if (t->ops[i]->type->seal && op_runs(t, i))
            DS_TRY(t->ops[i]->type->seal(t->ops[i], err));
    t->in_batch = false;
    return DS_OK;
}

ds_rc task_ready(task *t, ds_err *err)
{
    const epoch *e = t->worker->epoch;
    const missed *m = &e->missed;

    if (t->open && t->in_batch)
        return DS_OK;
    DS_TRY(task_begin(t, err));
    for (ds_time at = m->from; at < m->until; at += m->step) {
        if (at <= t->through)
            continue;
        DS_TRY(task_batch_begin(t, at, err));
        DS_TRY(task_batch_seal(t, err));
    }
    return task_batch_begin(t, e->time, err);
}

static ds_rc push_slice(task *t, ds_op *op, const ds_envelope *rows,
                        ds_err *err)
{
    static const ds_schema none = {0, NULL};
    ds_arena *a = op->epoch_arena;
    ds_batch *b = ds_new(a, ds_batch, 1);

    *b = (ds_batch){.schema = &none,
                    .n = rows->n,
                    .n_sel = rows->n,
                    .env = rows,
                    .arena = a};
    op->rows_in += rows->n;
    op->event_max = DS_TIME_NONE;
    DS_TRY(op->type->push(op, 0, b, err));
    if (op->event_max > t->event_max)
        t->event_max = op->event_max;
    return DS_OK;
}

ds_rc task_push(task *t, uint32_t node, const ds_envelope *rows, ds_err *err)
{
    ds_op *op = t->ops[node];
    uint32_t step = t->worker->ctx->opts.column_rows;

    if (!step)
        step = 4096;
    t->event_max = DS_TIME_NONE;
    for (uint32_t at = 0; at < rows->n; at += step) {
        ds_envelope *part = ds_new(op->epoch_arena, ds_envelope, 1);
        *part = *rows;
        part->n = rows->n - at < step ? rows->n - at : step;
        part->key = rows->key ? rows->key + at : NULL;
        part->val = rows->val ? rows->val + at : NULL;
        part->hdr = rows->hdr ? rows->hdr + at : NULL;
        part->ts = rows->ts ? rows->ts + at : NULL;
        part->off = rows->off + at;
        DS_TRY(push_slice(t, op, part, err));
    }
    return DS_OK;
}

static bool task_moved(const task *t)
{
    const worker *w = t->worker;

    for (uint32_t i = 0; i < w->n_inputs; i++)
        if (w->inputs[i].task == t &&
            batch_position(w, &w->inputs[i]).next != w->inputs[i].position)
            return true;
    return t->held && t->ran != t->through;
}

ds_rc task_seal(task *t, ds_err *err)
{
    epoch *e = t->worker->epoch;
    ds_time start;

    if (t->open && t->in_batch)
        DS_TRY(task_batch_seal(t, err));
    if (!t->open && !task_moved(t))
        return DS_OK;
    DS_TRY(task_begin(t, err)); /* an engine record needs an overlay */
    start = ds_mono_now();
    for (uint32_t i = 0; i < t->n_stores; i++) {
        task_store *ts = &t->stores[i];
        ds_slice engine = DS_NULL_SLICE;
        if (task_moved(t) || ts->reset)
            engine = engine_record_encode(t->worker, t, ts, e->mem);
        DS_TRY(ts->store->type->seal(ts->store, ts->overlay, engine,
                                     ts->plan->topic, e->outbox, err));
    }
    epoch_lap(e, PHASE_STATE, start);
    return DS_OK;
}
