/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.c - a job that runs: its cluster, its database, its workers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "run/run.h"
#include "run/tables.h"

#define TOPICS_PATIENCE (30 * DS_SECOND)
#define TOPICS_ASKS 60
/* By then a coordinator knows its offsets again; and a topic may have been made
 * anew under the same name. */
#define KEPT_FOR (30 * DS_SECOND)

/* ---- stores, shared by the workers of the process ---- */

static parked_store *parked_find(ds_context *ctx, const ds_plan_store *plan,
                                 int32_t partition)
{
    for (uint32_t i = 0; i < ctx->n_parked; i++)
        if (ctx->parked[i].plan == plan &&
            ctx->parked[i].partition == partition)
            return &ctx->parked[i];
    return NULL;
}

static ds_rc parked_open(ds_context *ctx, const ds_plan_store *plan,
                         int32_t partition, ds_err *err)
{
    /* What is going to be forgotten may be of any operator. */
    uint64_t signature = ctx->opts.reset_state ? 0 : plan->signature;
    ds_store_spec spec = {plan->name, plan->changelog, partition, signature};
    const ds_store_type *type = ctx->db->type;
    ds_store *s;
    ds_rc rc = type->open(ctx->db, &spec, &s, err);

    if (rc == DS_E_STATE) {
        ds_log(DS_LOG_WARN, "local state is damaged; it is restored",
               DS_KV("job", "%s", ctx->plan->job),
               DS_KV("store", "%s", plan->name));
        rc = type->open(ctx->db, &spec, &s, err);
    }
    DS_TRY(rc);
    ctx->parked =
        realloc(ctx->parked, (ctx->n_parked + 1) * sizeof(*ctx->parked));
    ctx->parked[ctx->n_parked++] =
        (parked_store){.plan = plan, .partition = partition, .store = s};
    return DS_OK;
}

/* Waits for another worker of this process to give it back: that one learns at
 * its next poll that it has lost the partition. */
ds_rc context_store_take(ds_context *ctx, const ds_plan_store *plan,
                         int32_t partition, task_store *out, ds_err *err)
{
    ds_rc rc = DS_OK;

    pthread_mutex_lock(&ctx->lock);
    while (rc == DS_OK) {
        parked_store *p = parked_find(ctx, plan, partition);
        if (p && !p->in_use) {
            p->in_use = true;
            *out =
                (task_store){.plan = plan,
                             .store = p->store,
                             .reset = ctx->opts.reset_state && !p->reset_done};
            break;
        }
        if (!p) {
            rc = parked_open(ctx, plan, partition, err);
            continue;
        }
        pthread_mutex_unlock(&ctx->lock);
        if (atomic_load(&ctx->stop))
            return ds_fail(err, DS_E_TIMEOUT, "the job stops");
        ctx->opts.clock->sleep(ctx->opts.clock, 20 * DS_MS);
        pthread_mutex_lock(&ctx->lock);
    }
    pthread_mutex_unlock(&ctx->lock);
    return rc;
}

void context_store_give(ds_context *ctx, const ds_plan_store *plan,
                        int32_t partition)
{
    parked_store *p;

    pthread_mutex_lock(&ctx->lock);
    p = parked_find(ctx, plan, partition);
    DS_BUG_ON(!p || !p->in_use);
    p->in_use = false;
    pthread_mutex_unlock(&ctx->lock);
}

void context_store_reset(ds_context *ctx, const ds_plan_store *plan,
                         int32_t partition)
{
    parked_store *p;

    pthread_mutex_lock(&ctx->lock);
    p = parked_find(ctx, plan, partition);
    DS_BUG_ON(!p);
    p->reset_done = true;
    pthread_mutex_unlock(&ctx->lock);
}

/* ---- what was committed, over rebalances ---- */

static struct kept_position *
position_find(ds_context *ctx, const ds_stage *stage, const input *in)
{
    for (uint32_t i = 0; i < ctx->n_kept; i++) {
        struct kept_position *k = &ctx->kept[i];

        if (k->stage == stage && k->partition == in->partition &&
            !strcmp(k->topic, in->topic))
            return k;
    }
    return NULL;
}

void context_positions_keep(ds_context *ctx, const worker *w)
{
    pthread_mutex_lock(&ctx->lock);
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];
        struct kept_position *k = position_find(ctx, w->stage, in);

        if (in->position < 0 ||
            (k && k->next > in->position && ds_mono_now() < k->until))
            continue;
        if (!k) {
            ctx->kept =
                realloc(ctx->kept, (ctx->n_kept + 1) * sizeof(*ctx->kept));
            DS_BUG_ON(!ctx->kept);
            k = &ctx->kept[ctx->n_kept++];
            *k = (struct kept_position){.stage = w->stage,
                                        .topic = strdup(in->topic),
                                        .partition = in->partition};
        }
        k->next = in->position;
        k->marks = in->marks;
        k->until = ds_mono_now() + KEPT_FOR;
    }
    pthread_mutex_unlock(&ctx->lock);
}

void context_position_recall(ds_context *ctx, const ds_stage *stage, input *in)
{
    const struct kept_position *k;

    pthread_mutex_lock(&ctx->lock);
    k = position_find(ctx, stage, in);
    if (k && ds_mono_now() < k->until) {
        in->position = k->next;
        in->marks = k->marks;
    }
    pthread_mutex_unlock(&ctx->lock);
}

void context_fail(ds_context *ctx, const ds_err *err)
{
    pthread_mutex_lock(&ctx->fail_lock);
    if (ctx->failed.rc == DS_OK)
        ctx->failed = *err;
    pthread_mutex_unlock(&ctx->fail_lock);
    if (atomic_load(&ctx->stop) == 0)
        atomic_store(&ctx->stop, 1);
}

/* ---- open ---- */

static ds_rc context_broker(ds_context *ctx, ds_err *err)
{
    const ds_plan *plan = ctx->plan;
    ds_broker_spec spec = {plan->job, plan->props, plan->n_props, plan->batch};

    ctx->broker = ctx->opts.opened;
    if (!ctx->broker)
        DS_TRY(ctx->opts.broker->open(&spec, &ctx->broker, err));
    return ctx->broker->type->cluster_id(ctx->broker, ctx->arena,
                                         &ctx->cluster_id, err);
}

static ds_rc context_db(ds_context *ctx, ds_err *err)
{
    const ds_plan *plan = ctx->plan;
    ds_db_spec spec = {"", plan->job, ctx->cluster_id, plan->memory};

    if (ctx->opts.state_dir)
        spec.dir =
            ds_str_printf(ctx->arena, "%s/%s", ctx->opts.state_dir, plan->job);
    return ctx->opts.store->db_open(&spec, &ctx->db, err);
}

static int stage_workers(const ds_context *ctx, const ds_stage *s)
{
    int n = ctx->opts.workers ? ctx->opts.workers : ctx->plan->workers;
    int32_t most = 1;

    if (n == 0)
        n = (int)sysconf(_SC_NPROCESSORS_ONLN);
    for (uint32_t i = 0; i < s->n_sources; i++) {
        const char *names[TOPICS_MAX];
        uint32_t k = 0;
        topics_of_node(s->sources[i], ctx->plan, names, &k);
        for (uint32_t t = 0; t < ctx->plan->n_topics; t++)
            for (uint32_t j = 0; j < k; j++)
                if (!strcmp(ctx->topics[t], names[j]) &&
                    ctx->partitions[t] > most)
                    most = ctx->partitions[t];
    }
    return n < most ? n : most;
}

static ds_rc context_workers(ds_context *ctx, ds_err *err)
{
    const ds_plan *plan = ctx->plan;
    uint32_t total = 0, at = 0;

    for (uint32_t i = 0; i < plan->n_stages; i++)
        total += (uint32_t)stage_workers(ctx, &plan->stages[i]);
    ctx->workers = ds_new(ctx->arena, worker, total);
    for (uint32_t i = 0; i < plan->n_stages; i++) {
        int n = stage_workers(ctx, &plan->stages[i]);
        for (int k = 0; k < n; k++) {
            worker *w = &ctx->workers[at++];
            w->ctx = ctx;
            w->stage = &plan->stages[i];
            w->number = (uint32_t)k;
            w->id = ds_str_printf(ctx->arena, "%s.%s.%s.%d", plan->job,
                                  w->stage->name, ctx->opts.instance, k);
            ctx->n_workers = at;
            DS_TRY(worker_open(w, err));
        }
    }
    return DS_OK;
}

/* The cluster has answered; but a broker that is gone leads its partitions
 * until the others notice, and a new leader may take its time. */
static ds_rc context_topics(ds_context *ctx, ds_err *err)
{
    ds_time until = ds_mono_now() + TOPICS_PATIENCE;
    ds_rc rc;

    for (int i = 0;; i++) {
        rc = topics_check(ctx, err);
        if (rc >= 0 || ds_rc_act(rc) != DS_ACT_RETRY || i == TOPICS_ASKS ||
            ds_mono_now() > until)
            return rc;
        if (i == 0)
            ds_log(DS_LOG_WARN, "the cluster does not tell of the topics yet",
                   DS_KV("job", "%s", ctx->plan->job),
                   DS_KV("error", "%s", err->msg));
        ctx->opts.clock->sleep(ctx->opts.clock, TOPICS_PATIENCE / TOPICS_ASKS);
    }
}

/* What operators ask of servers: schemas. */
static ds_rc context_ask(ds_context *ctx, ds_err *err)
{
    for (uint32_t i = 0; i < ctx->plan->n_nodes; i++) {
        const ds_node *node = ctx->plan->nodes[i];

        if (node->type->start)
            DS_TRY(node->type->start(node, err));
    }
    return DS_OK;
}

static const char *host_name(ds_arena *a)
{
    char name[256] = "localhost";

    gethostname(name, sizeof(name) - 1);
    return ds_str_copy(a, name);
}

ds_rc ds_context_open(const ds_plan *plan, const ds_run_options *opts,
                      ds_context **out, ds_err *err)
{
    ds_context *ctx = calloc(1, sizeof(*ctx));
    ds_rc rc;

    DS_BUG_ON(!ctx);
    ctx->plan = plan;
    ctx->opts = *opts;
    ctx->to_end = ctx->opts.until_end;
    ctx->arena = ds_arena_new(1 << 16);
    pthread_mutex_init(&ctx->lock, NULL);
    pthread_mutex_init(&ctx->fail_lock, NULL);
    pthread_mutex_init(&ctx->refused.lock, NULL);
    ctx->opened = ds_mono_now();
    pthread_mutex_init(&ctx->cluster, NULL);
    if (!ctx->opts.clock)
        ctx->opts.clock = &ds_clock_wall;
    ctx->started = ds_clock_now(&ds_clock_wall);
    if (!ctx->opts.instance)
        ctx->opts.instance = host_name(ctx->arena);
    rc = context_broker(ctx, err);
    /* The lock on the folder comes before any producer: a second process must
     * not fence the first. */
    if (rc == DS_OK)
        rc = context_db(ctx, err);
    if (rc == DS_OK)
        rc = context_topics(ctx, err);
    if (rc == DS_OK)
        rc = context_ask(ctx, err);
    if (rc == DS_OK)
        rc = tables_open(ctx, err);
    if (rc == DS_OK)
        rc = context_workers(ctx, err);
    receive_open(ctx);
    if (rc != DS_OK) {
        ds_context_close(ctx);
        return rc;
    }
    *out = ctx;
    return DS_OK;
}

ds_rc ds_context_start(ds_context *ctx, ds_err *err)
{
    DS_TRY(wait_begin(ctx, err));
    DS_TRY(tables_start(ctx, err));
    for (uint32_t i = 0; i < ctx->n_workers; i++) {
        worker *w = &ctx->workers[i];
        if (pthread_create(&w->thread, NULL, worker_main, w))
            return ds_fail(err, DS_E_LIMIT, "no thread can be started");
        w->started = true;
    }
    return receive_start(ctx, err);
}

void ds_context_stop(ds_context *ctx, int how)
{
    if (atomic_load(&ctx->stop) < how)
        atomic_store(&ctx->stop, how);
}

void ds_context_drain(ds_context *ctx)
{
    atomic_store(&ctx->drain, 1);
}

/* ---- close ---- */

static void context_free(ds_context *ctx, bool crash)
{
    ds_err ignored;

    receive_close(ctx);
    for (uint32_t i = 0; i < ctx->n_workers; i++)
        worker_close(&ctx->workers[i], crash);
    tables_close(ctx); /* after the epochs that hold versions */
    for (uint32_t i = 0; i < ctx->n_parked; i++)
        if (ctx->db->type->close(ctx->parked[i].store, &ignored) < 0)
            ds_log(DS_LOG_ERROR, "a store did not close",
                   DS_KV("error", "%s", ignored.msg));
    if (ctx->db && ctx->db->type->db_close(ctx->db, &ignored) < 0)
        ds_log(DS_LOG_ERROR, "the database did not close",
               DS_KV("error", "%s", ignored.msg));
    if (ctx->broker && !ctx->opts.opened)
        ctx->broker->type->close(ctx->broker);
    free(ctx->parked);
    for (uint32_t i = 0; i < ctx->n_kept; i++)
        free(ctx->kept[i].topic);
    free(ctx->kept);
    ds_arena_free(ctx->arena);
    pthread_mutex_destroy(&ctx->lock);
    pthread_mutex_destroy(&ctx->cluster);
    pthread_mutex_destroy(&ctx->fail_lock);
    pthread_mutex_destroy(&ctx->refused.lock);
    free(ctx);
}

void ds_context_close(ds_context *ctx)
{
    if (!ctx)
        return;
    ds_context_stop(ctx, 1);
    for (uint32_t i = 0; i < ctx->n_workers; i++)
        if (ctx->workers[i].started)
            pthread_join(ctx->workers[i].thread, NULL);
    context_free(ctx, false);
}

void ds_context_crash(ds_context *ctx)
{
    context_free(ctx, true);
}

/* ---- steps ---- */

ds_rc ds_context_step(ds_context *ctx, uint32_t *at, ds_err *err)
{
    ds_rc result = DS_END;
    uint32_t first = 0;

    if (!at)
        at = &first;
    for (uint32_t i = 0; i < ctx->n_workers; i++)
        DS_TRY(worker_ready(&ctx->workers[i], err));
    DS_TRY(tables_step(ctx, err));
    for (; *at < ctx->n_workers; (*at)++) {
        ds_rc rc = worker_step(&ctx->workers[*at], err);
        if (rc < 0)
            return rc;
        if (rc == DS_OK)
            result = DS_OK;
    }
    *at = 0;
    return result;
}

ds_time ds_context_watermark(ds_context *ctx, const char *source)
{
    ds_time least = INT64_MAX;

    for (uint32_t i = 0; i < ctx->n_workers; i++)
        if (ctx->workers[i].stage->id == 0) {
            ds_time mark = batch_source_watermark(&ctx->workers[i], source);

            least = mark < least ? mark : least;
        }
    return least == INT64_MAX ? DS_TIME_NONE : least;
}

ds_rc ds_context_lose(ds_context *ctx, const int32_t *partitions, uint32_t n,
                      ds_err *err)
{
    for (uint32_t i = 0; i < ctx->n_workers; i++)
        DS_TRY(assign_lose(&ctx->workers[i], partitions, n, err));
    return DS_OK;
}

ds_rc ds_context_scan(ds_context *ctx, const char *store, ds_scan_fn *fn,
                      void *arg, ds_err *err)
{
    for (uint32_t i = 0; i < ctx->n_parked; i++) {
        parked_store *p = &ctx->parked[i];
        if (strcmp(p->plan->name, store) != 0)
            continue;
        DS_TRY(p->store->type->scan(p->store, NULL, DS_NULL_SLICE,
                                    DS_NULL_SLICE, fn, arg, err));
    }
    return DS_OK;
}
