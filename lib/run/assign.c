/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assign.c - what a rebalance gives to a worker and takes from it.
 */
#include <stdlib.h>

#include "run/run.h"

#define REBUILDS_MAX 3

input *assign_input(worker *w, const char *topic, int32_t partition)
{
    for (uint32_t i = 0; i < w->n_inputs; i++)
        if (w->inputs[i].partition == partition &&
            (w->inputs[i].topic == topic || !strcmp(w->inputs[i].topic, topic)))
            return &w->inputs[i];
    return NULL;
}

void assign_drop(worker *w)
{
    stats_lost(w);
    receive_own(w->ctx, w, false);
    context_positions_keep(w->ctx, w);
    for (uint32_t i = 0; i < w->n_tasks; i++)
        task_close(&w->tasks[i], false);
    intake_close(w);
    w->n_tasks = 0;
    w->n_inputs = 0;
    w->assigned = false;
    atomic_store(&w->stats.assigned, 0);
    if (w->epoch->state == EPOCH_OPEN || w->epoch->state == EPOCH_SEALED)
        epoch_go(w->epoch, EPOCH_ABORTING);
    if (w->epoch->state == EPOCH_ABORTING)
        epoch_go(w->epoch, EPOCH_IDLE);
    ds_arena_reset(w->assignment);
}

/* Keyed state is bound to the number of partitions that it was made for. */
static ds_rc partition_check(const worker *w, const ds_position *p, ds_err *err)
{
    const ds_plan *plan = w->ctx->plan;

    for (uint32_t i = 0; i < plan->n_stores; i++) {
        const ds_plan_store *s = &plan->stores[i];
        if (s->node->stage != w->stage->id ||
            p->partition < w->ctx->partitions[s->topic])
            continue;
        return ds_fail(err, DS_E_CONFIG,
                       "topic %s has a partition %d now, but the state of "
                       "store %s was made for %d partitions: its keys would "
                       "move, and older rows of a key stay where they are. "
                       "Bring each key to one place, by keyBy instead of "
                       "`key:` at the source or by a new topic; then delete "
                       "topic %s and start over with `dstream replay FILE "
                       "--to-earliest --execute`",
                       p->topic, p->partition, s->name,
                       w->ctx->partitions[s->topic], s->changelog);
    }
    return DS_OK;
}

/* Keys of the sources' own partitions would move in the middle of a batch. */
static ds_rc keys_check(const worker *w, const ds_position *p, ds_err *err)
{
    const ds_plan *plan = w->ctx->plan;

    for (uint32_t i = 0;
         w->stage->id == 0 && w->stage->keyed && i < plan->n_topics; i++)
        if (!strcmp(plan->topics[i].name, p->topic) &&
            w->ctx->partitions[i] > 0 && p->partition >= w->ctx->partitions[i])
            return ds_fail(err, DS_E_CONFIG,
                           "topic %s has a partition %d now, and had %d when "
                           "the job started: its keys have moved. Start the "
                           "job again, or bring each key to one place by keyBy "
                           "instead of `key:` at the source",
                           p->topic, p->partition, w->ctx->partitions[i]);
    return DS_OK;
}

static task *task_of(worker *w, int32_t partition)
{
    for (uint32_t i = 0; i < w->n_tasks; i++)
        if (w->tasks[i].partition == partition)
            return &w->tasks[i];
    return NULL;
}

static void input_init(worker *w, input *in, const ds_position *p)
{
    *in = (input){.topic = ds_str_copy(w->assignment, p->topic),
                  .partition = p->partition,
                  .position = DS_OFFSET_NONE,
                  .next = DS_OFFSET_NONE,
                  .limit = INT64_MAX,
                  .dropped = INT64_MAX,
                  .watermark = DS_TIME_NONE};
    context_position_recall(w->ctx, w->stage, in);
    in->nodes = ds_new(w->assignment, uint32_t, w->stage->n_nodes);
    for (uint32_t i = 0; i < w->stage->n_nodes; i++)
        if (topics_node_reads(w->stage->nodes[i], w->ctx->plan, p->topic))
            in->nodes[in->n_nodes++] = i;
}

static ds_rc tasks_open(worker *w, const ds_change *c, ds_err *err)
{
    w->inputs = ds_new(w->assignment, input, c->n + 1);
    w->tasks = ds_new(w->assignment, task, c->n + 1);
    for (uint32_t i = 0; i < c->n; i++) {
        input *in = &w->inputs[w->n_inputs];
        ds_rc rc;

        DS_TRY(partition_check(w, &c->parts[i], err));
        DS_TRY(keys_check(w, &c->parts[i], err));
        input_init(w, in, &c->parts[i]);
        if (in->n_nodes == 0)
            continue;
        w->n_inputs++;
        in->task = task_of(w, in->partition);
        if (in->task)
            continue;
        in->task = &w->tasks[w->n_tasks++];
        rc = task_open(w, in->task, in->partition, err);
        if (rc != DS_OK)
            return rc;
    }
    tasks_feed(w);
    return DS_OK;
}

/* Local state is no good: it is restored from the changelogs. If that does not
 * help, they are no good either. */
ds_rc assign_wipe(worker *w, ds_err *err)
{
    if (++w->rebuilds > REBUILDS_MAX)
        return ds_fail(err, DS_E_DECISION,
                       "state cannot be read, not even when it is restored: a "
                       "changelog of stage %s is damaged. Start over with "
                       "`dstream replay FILE --to-earliest --execute`",
                       w->stage->name);
    for (uint32_t i = 0; i < w->n_tasks; i++)
        for (uint32_t k = 0; k < w->tasks[i].n_stores; k++) {
            ds_store *s = w->tasks[i].stores[k].store;
            ds_rc rc = s->type->wipe(s, err);
            if (rc < 0) /* not DS_E_STATE: it would come here again */
                return ds_fail(err, DS_E_DISK, "store %s cannot be emptied",
                               w->tasks[i].stores[k].plan->name);
        }
    return DS_OK;
}

static ds_rc assign_gained(worker *w, const ds_change *c, ds_err *err)
{
    ds_time start = ds_mono_now();
    ds_rc rc;

    assign_drop(w);
    atomic_store(&w->stats.state, "restoring");
    rc = tasks_open(w, c, err);
    if (rc == DS_OK)
        rc = restore_run(w, false, err);
    if (rc == DS_E_STATE) {
        ds_rc wiped = assign_wipe(w, err);
        if (wiped < 0)
            rc = wiped;
    }
    if (rc != DS_OK) {
        assign_drop(w);
        return rc;
    }
    w->assigned = true;
    receive_own(w->ctx, w, true);
    atomic_store(&w->stats.assigned, (int64_t)w->n_inputs);
    stats_gained(w, start);
    atomic_store(&w->stats.state, "running");
    for (uint32_t i = 0; i < w->n_inputs; i++)
        ds_log(DS_LOG_INFO, "resumed", DS_KV("job", "%s", w->ctx->plan->job),
               DS_KV("stage", "%s", w->stage->name),
               DS_KV("at", "%s/%d@%lld", w->inputs[i].topic,
                     w->inputs[i].partition, (long long)w->inputs[i].next));
    return DS_OK;
}

/* The last change is answered, or a later one that came meanwhile. After an
 * error it stays unanswered: the source does not tell it again. */
ds_rc assign_changed(worker *w, ds_err *err)
{
    ds_change c;
    ds_rc rc;

    w->unanswered = true;
    do {
        w->source->type->change(w->source, &c);
        atomic_fetch_add(&w->stats.rebalances, 1);
        if (c.kind == DS_ASSIGNED) {
            rc = assign_gained(w, &c, err);
        } else {
            assign_drop(w);
            rc = w->source->type->assign(w->source, NULL, 0, err);
        }
    } while (rc == DS_CHANGED && !atomic_load(&w->ctx->stop));
    w->unanswered = rc != DS_OK;
    return rc;
}

static bool is_one_of(int32_t p, const int32_t *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i] == p)
            return true;
    return false;
}

ds_rc assign_lose(worker *w, const int32_t *partitions, uint32_t n, ds_err *err)
{
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        task *t = &w->tasks[i];
        if (!is_one_of(t->partition, partitions, n))
            continue;
        for (uint32_t k = 0; k < t->n_stores; k++)
            DS_TRY(t->stores[k].store->type->wipe(t->stores[k].store, err));
    }
    return w->assigned ? restore_run(w, true, err) : DS_OK;
}
