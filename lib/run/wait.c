/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait.c - what the main thread does while the workers work: it watches for the
 * end, for failures, and for how far behind the job is.
 *
 * --until-end: a stage is done when its group has committed the ends that its
 * topics had when the stages before it were done, wherever its partitions are
 * assigned.
 */
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct stage_end {
    char *topic;
    int32_t partition;
    int64_t end;
} stage_end;

static ds_rc end_add(ds_context *ctx, const char *topic, ds_err *err)
{
    ds_broker *b = ctx->broker;
    ds_topic_info info = {0, 0};
    int64_t low;
    ds_rc rc = b->type->topic_info(b, topic, &info, err);

    for (int32_t p = 0; rc == DS_OK && p < info.partitions; p++) {
        stage_end e = {strdup(topic), p, 0};
        rc = b->type->watermarks(b, topic, p, &low, &e.end, err);
        ctx->ends = realloc(ctx->ends, (ctx->n_ends + 1) * sizeof(*ctx->ends));
        ctx->ends[ctx->n_ends++] = e;
    }
    return rc < 0 ? rc : DS_OK; /* a topic that is gone gives no more rows */
}

static void ends_free(ds_context *ctx)
{
    for (uint32_t i = 0; i < ctx->n_ends; i++)
        free(ctx->ends[i].topic);
    free(ctx->ends);
    ctx->ends = NULL;
    ctx->n_ends = 0;
}

static bool topic_received(const ds_context *ctx, const char *topic)
{
    for (uint32_t i = 0; i < ctx->plan->n_topics; i++)
        if (ctx->plan->topics[i].kind == DS_TOPIC_RECEIVED &&
            !strcmp(ctx->plan->topics[i].name, topic))
            return true;
    return false;
}

/* The partitions of a stage's topics and their ends now. What a cluster told
 * before it failed is not all of them. */
static ds_rc ends_take(ds_context *ctx, const ds_stage *s, ds_err *err)
{
    const char *names[TOPICS_MAX];
    uint32_t n = 0;
    ds_rc rc = DS_OK;

    ends_free(ctx);
    ctx->ends_known = false;
    for (uint32_t i = 0; i < s->n_sources; i++)
        topics_of_node(s->sources[i], ctx->plan, names, &n);
    for (uint32_t i = 0; rc == DS_OK && i < n; i++) {
        const char *const *matches = &names[i];
        uint32_t m = 1;

        /* When the job drains, only what came by itself and may not come
         * again. */
        if (s->id == 0 && ctx->drains && !topic_received(ctx, names[i]))
            continue;
        if (names[i][0] == '^')
            rc = ctx->broker->type->topic_match(ctx->broker, names[i],
                                                ctx->arena, &matches, &m, err);
        for (uint32_t k = 0; rc == DS_OK && k < m; k++)
            rc = end_add(ctx, matches[k], err);
    }
    ctx->ends_known = rc == DS_OK;
    return rc;
}

/* How many records the group has still to commit up to the ends. */
static ds_rc ends_left(ds_context *ctx, const ds_stage *s, int64_t *left,
                       ds_err *err)
{
    ds_arena *a = ds_arena_new(1 << 12);
    ds_position *pos = ds_new(a, ds_position, ctx->n_ends + 1);
    ds_rc rc;

    *left = 0;
    for (uint32_t i = 0; i < ctx->n_ends; i++)
        pos[i] = ds_position_of(ctx->ends[i].topic, ctx->ends[i].partition,
                                DS_OFFSET_NONE);
    rc = ctx->broker->type->group_offsets(ctx->broker, s->group, pos,
                                          ctx->n_ends, 1000, err);
    for (uint32_t i = 0; rc == DS_OK && i < ctx->n_ends; i++) {
        int64_t at = pos[i].next < 0 ? 0 : pos[i].next;
        if (at < ctx->ends[i].end)
            *left += ctx->ends[i].end - at;
    }
    ds_arena_free(a);
    return rc;
}

/* What the cluster does not tell now is asked for again. */
ds_rc wait_begin(ds_context *ctx, ds_err *err)
{
    ds_rc rc = ctx->to_end ? ends_take(ctx, &ctx->plan->stages[0], err) : DS_OK;

    return ds_rc_act(rc) == DS_ACT_RETRY ? DS_OK : rc;
}

/* State is looked at before the job ends, also if there is nothing to read:
 * what is lost has to be told, and --reset-state has to be done. */
static bool states_ready(const ds_context *ctx)
{
    for (uint32_t i = 0; i < ctx->n_workers && ctx->plan->n_stores; i++) {
        const char *state = atomic_load(&ctx->workers[i].stats.state);

        if (!state || strcmp(state, "running") != 0)
            return false;
    }
    return true;
}

/* One look at the end; stops the job when the last stage is done. */
static ds_rc until_end_step(ds_context *ctx, ds_err *err)
{
    const ds_stage *s = &ctx->plan->stages[ctx->end_stage];
    int64_t left;

    if (!ctx->ends_known)
        DS_TRY(ends_take(ctx, s, err));
    DS_TRY(ends_left(ctx, s, &left, err));
    if (left > 0)
        return DS_OK;
    if (ctx->end_stage + 1 < ctx->plan->n_stages) {
        ctx->end_stage++;
        return ends_take(ctx, &ctx->plan->stages[ctx->end_stage], err);
    }
    if (states_ready(ctx))
        ds_context_stop(ctx, 1);
    return DS_OK;
}

static void wait_step(ds_context *ctx)
{
    ds_err err = {DS_OK, ""};
    ds_rc rc = until_end_step(ctx, &err);

    /* Offsets that are not stable yet are asked for again. */
    if (rc < 0 && rc != DS_E_TIMEOUT)
        ds_log(DS_LOG_WARN, "the cluster does not tell how far the job is",
               DS_KV("error", "%s", err.msg));
}

/* Once: receivers end, and the job goes on to the end of what they gave. */
static void drain_begin(ds_context *ctx)
{
    ds_err err = {DS_OK, ""};

    ctx->drains = true;
    ctx->to_end = true;
    ctx->end_stage = 0;
    receive_join(ctx);
    if (ctx->n_pumps == 0) {
        ds_context_stop(ctx, 1);
    } else if (ends_take(ctx, &ctx->plan->stages[0], &err) < 0) {
        ds_log(DS_LOG_WARN, "what was received is not waited for",
               DS_KV("error", "%s", err.msg));
        ds_context_stop(ctx, 1);
    }
}

ds_rc ds_context_wait(ds_context *ctx, ds_err *err)
{
    for (uint32_t round = 0; atomic_load(&ctx->stop) == 0; round++) {
        ctx->opts.clock->sleep(ctx->opts.clock, 50 * DS_MS);
        if (atomic_load(&ctx->drain) && !ctx->drains)
            drain_begin(ctx);
        if (ctx->to_end && round % 4 == 0)
            wait_step(ctx);
    }
    while (atomic_load(&ctx->ended) < (int)ctx->n_workers)
        ctx->opts.clock->sleep(ctx->opts.clock, 5 * DS_MS);
    ends_free(ctx);
    if (ctx->failed.rc != DS_OK) {
        *err = ctx->failed;
        return ctx->failed.rc;
    }
    return DS_OK;
}

/* ---- status ---- */

static int state_rank(const char *state)
{
    static const char *const order[] = {"running", "starting", "restoring",
                                        "stalled", "failed"};

    for (int i = 0; i < 5; i++)
        if (!strcmp(order[i], state))
            return i;
    return 0;
}

static void status_worker(worker_stats *s, ds_job_status *out)
{
    const char *state = atomic_load(&s->state);
    const char *why = atomic_load(&s->why);
    ds_time since = atomic_load(&s->txn_since);
    ds_time open = since ? ds_mono_now() - since : 0;

    if (open > out->txn_open)
        out->txn_open = open;
    if (!state || state_rank(state) < state_rank(out->state))
        return;
    if (state_rank(state) > state_rank(out->state))
        out->note[0] = 0;
    out->state = state;
    if (why && !out->note[0])
        snprintf(out->note, sizeof(out->note), "%s", why);
}

void ds_context_status(ds_context *ctx, ds_job_status *out)
{
    int64_t total = 0, left = 0;

    *out = (ds_job_status){.state = "running", .lag = -1};
    for (uint32_t i = 0; i < ctx->n_workers; i++) {
        worker_stats *s = &ctx->workers[i].stats;
        int64_t us = atomic_load(&s->last_batch_us);

        out->batches += atomic_load(&s->batches);
        out->rows_out += atomic_load(&s->rows_out);
        out->errors += atomic_load(&s->errors);
        tally_sum(&out->rows, s);
        if (ctx->workers[i].stage->id == 0) {
            int64_t lag = atomic_load(&s->lag);
            out->rows_in += atomic_load(&s->rows_in);
            if (lag >= 0)
                out->lag = lag + (out->lag < 0 ? 0 : out->lag);
        }
        if (us > out->batch_time)
            out->batch_time = us;
        total += atomic_load(&s->restore_total);
        left += atomic_load(&s->restore_left);
        status_worker(s, out);
    }
    out->restore_ratio = total > 0 ? 1.0 - (double)left / (double)total : 1.0;
    pthread_mutex_lock(&ctx->fail_lock);
    if (ctx->failed.rc != DS_OK) {
        out->state = "failed";
        snprintf(out->note, sizeof(out->note), "%.199s", ctx->failed.msg);
    } else if (atomic_load(&ctx->stop)) {
        out->state = "draining";
    }
    pthread_mutex_unlock(&ctx->fail_lock);
}
