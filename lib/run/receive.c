/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receive.c - pumps: what receivers give is written to topics (receiver.h).
 *
 *     open --> poll, poll, ... --> one transaction --> poll, ...
 *       ^            |                    |
 *       +-- 2 s -----+ failed             + failed: the same rows again
 *
 * A pump works while a worker of this process has partition 0 of its topic. Its
 * transactional id is the source's, whichever process it is: a pump that goes
 * on after it lost the partition is fenced by the next one.
 */
#include <stdlib.h>

#include "run/run.h"

#define REST                                                                   \
    (2 * DS_SECOND) /* Spark's spark.streaming.receiverRestartDelay            \
                     */
#define GATHER (20 * DS_MS)
#define POLL_MS 100
#define ROWS_MAX 10000
#define BYTES_MAX (1u << 20)

struct pump {
    ds_context *ctx;
    const ds_node *node;
    ds_receiver_use use;
    const char *topic;
    pthread_t thread;
    bool started;
    _Atomic bool owned; /* a worker of this process reads the topic */

    void *receiver; /* NULL: not open */
    ds_txn *txn;    /* likewise */
    ds_arena *arena;
    ds_received *came; /* room for ROWS_MAX */
    ds_row *rows;      /* likewise */
    uint32_t n;
    uint64_t bytes;
};

static bool pump_ends(const struct pump *p)
{
    return atomic_load(&p->ctx->stop) || atomic_load(&p->ctx->drain);
}

/* ---- one transaction ---- */

static ds_rc pump_open(struct pump *p, ds_err *err)
{
    ds_broker *b = p->ctx->broker;
    ds_txn_spec spec = {p->topic, &p->topic, 1};
    ds_rc rc = DS_OK;

    if (!p->txn) {
        pthread_mutex_lock(&p->ctx->cluster);
        rc = b->type->txn_open(b, &spec, &p->txn, err);
        pthread_mutex_unlock(&p->ctx->cluster);
    }
    DS_TRY(rc);
    if (p->receiver || p->n)
        return DS_OK;
    DS_TRY(p->use.type->open(&p->use, &p->receiver, err));
    ds_log(DS_LOG_INFO, "the receiver is open",
           DS_KV("job", "%s", p->ctx->plan->job),
           DS_KV("source", "%s", p->node->stream));
    return DS_OK;
}

static void receiver_close(struct pump *p)
{
    if (p->receiver)
        p->use.type->close(p->receiver);
    p->receiver = NULL;
}

static void pump_close(struct pump *p)
{
    receiver_close(p);
    if (p->txn)
        p->txn->type->close(p->txn);
    p->txn = NULL;
}

static void rows_add(struct pump *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const ds_received *r = &p->came[i];

        p->rows[p->n++] =
            (ds_row){.partition = 0, .key = r->key, .val = r->val, .ts = r->ts};
        p->bytes += (uint64_t)r->key.len + r->val.len;
    }
}

/* What comes within a moment. An error is told after the rows before it. */
static ds_rc rows_gather(struct pump *p, ds_err *err)
{
    ds_time until = ds_mono_now() + GATHER;
    int timeout_ms = POLL_MS;
    ds_rc rc = DS_OK;

    ds_arena_reset(p->arena);
    p->bytes = 0;
    while (rc == DS_OK && p->n < ROWS_MAX && p->bytes < BYTES_MAX) {
        uint32_t n = 0;

        rc = p->use.type->poll(p->receiver, p->arena, timeout_ms,
                               ROWS_MAX - p->n, p->came, &n, err);
        if (rc == DS_OK)
            rows_add(p, n);
        if (p->n == 0 || ds_mono_now() > until)
            break;
        timeout_ms = GATHER / DS_MS;
        rc = rc == DS_END && ds_mono_now() < until ? DS_OK : rc;
    }
    return rc;
}

static ds_rc rows_send(struct pump *p, ds_err *err)
{
    const ds_row *rows = p->rows;
    uint32_t bad = 0, n = p->n;

    for (; n > 0; rows += bad + 1, n -= bad + 1) {
        ds_rc rc = p->txn->type->send(p->txn, rows, n, &bad, err);

        if (rc != DS_E_LIMIT)
            return rc;
        ds_log(DS_LOG_WARN, "what was received is too large for its topic",
               DS_KV("source", "%s", p->node->stream),
               DS_KV("bytes", "%u", rows[bad].val.len));
    }
    return DS_OK;
}

static ds_rc rows_commit_once(struct pump *p, ds_err *err)
{
    ds_txn *t = p->txn;

    DS_TRY(t->type->begin(t, err));
    DS_TRY(rows_send(p, err));
    DS_TRY(t->type->flush(t, err));
    return t->type->commit(t, err);
}

/* Until they are in the topic: nobody gives them again. After a commit whose
 * outcome is unknown they may stand there twice. */
static ds_rc rows_commit(struct pump *p, ds_err *err)
{
    ds_rc rc = p->n ? rows_commit_once(p, err) : DS_OK;

    while (rc < 0 && ds_rc_act(rc) != DS_ACT_STOP &&
           atomic_load(&p->ctx->stop) < 2) {
        ds_log(DS_LOG_WARN, "what was received is written again",
               DS_KV("source", "%s", p->node->stream),
               DS_KV("error", "%s", err->msg));
        p->ctx->opts.clock->sleep(p->ctx->opts.clock, 200 * DS_MS);
        rc = p->txn->type->reset(p->txn, err);
        if (rc == DS_OK)
            rc = rows_commit_once(p, err);
    }
    return rc;
}

/* ---- the thread ---- */

static void pump_rest(struct pump *p, ds_rc rc, const ds_err *err)
{
    ds_time until = ds_mono_now() + REST;

    ds_log(DS_LOG_WARN, "the receiver failed and is opened again",
           DS_KV("job", "%s", p->ctx->plan->job),
           DS_KV("source", "%s", p->node->stream),
           DS_KV("rc", "%s", ds_rc_name(rc)), DS_KV("error", "%s", err->msg));
    while (ds_mono_now() < until && !pump_ends(p))
        p->ctx->opts.clock->sleep(p->ctx->opts.clock, 50 * DS_MS);
}

static void pump_round(struct pump *p)
{
    ds_err err = {DS_OK, ""}, late = {DS_OK, ""};
    ds_rc rc = pump_open(p, &err), came;

    if (rc == DS_OK) {
        came = p->n ? DS_OK : rows_gather(p, &late);
        rc = rows_commit(p, &err);
        if (rc == DS_OK)
            p->n = 0;
        if (rc == DS_OK && came < 0) {
            rc = came;
            err = late;
            receiver_close(p);
        } else if (rc < 0) {
            pump_close(p); /* fenced: another process has the partition */
        }
    }
    if (rc < 0)
        pump_rest(p, rc, &err);
}

static void *pump_main(void *arg)
{
    struct pump *p = arg;

    while (!pump_ends(p)) {
        if (atomic_load(&p->owned) || p->n) {
            pump_round(p);
            continue;
        }
        pump_close(p);
        p->ctx->opts.clock->sleep(p->ctx->opts.clock, 20 * DS_MS);
    }
    pump_close(p);
    return NULL;
}

/* ---- all of them ---- */

static bool is_received(const ds_node *node)
{
    return strcmp(node->type->name, "source") == 0 &&
           ((const ds_source_args *)node->args)->receiver != NULL;
}

ds_rc receive_start(ds_context *ctx, ds_err *err)
{
    for (uint32_t i = 0; i < ctx->n_pumps; i++) {
        struct pump *p = ctx->pumps[i];

        if (pthread_create(&p->thread, NULL, pump_main, p))
            return ds_fail(err, DS_E_LIMIT, "no thread can be started for %s",
                           p->node->stream);
        p->started = true;
    }
    return DS_OK;
}

void receive_open(ds_context *ctx)
{
    const ds_plan *plan = ctx->plan;

    ctx->pumps = ds_new(ctx->arena, struct pump *, plan->n_nodes + 1);
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        const ds_node *node = plan->nodes[i];
        const ds_source_args *args;
        struct pump *p;

        if (!is_received(node))
            continue;
        p = ds_new(ctx->arena, struct pump, 1);
        p->ctx = ctx;
        p->node = node;
        args = node->args;
        p->use = (ds_receiver_use){args->receiver, plan->job, node->stream,
                                   args->receiver_args};
        p->topic = args->topic.s;
        p->arena = ds_arena_new(1 << 16);
        p->came = ds_new(ctx->arena, ds_received, ROWS_MAX);
        p->rows = ds_new(ctx->arena, ds_row, ROWS_MAX);
        ctx->pumps[ctx->n_pumps++] = p;
    }
}

void receive_join(ds_context *ctx)
{
    for (uint32_t i = 0; i < ctx->n_pumps; i++) {
        if (ctx->pumps[i]->started)
            pthread_join(ctx->pumps[i]->thread, NULL);
        ctx->pumps[i]->started = false;
    }
}

void receive_close(ds_context *ctx)
{
    receive_join(ctx);
    for (uint32_t i = 0; i < ctx->n_pumps; i++)
        ds_arena_free(ctx->pumps[i]->arena);
}

void receive_own(ds_context *ctx, const worker *w, bool owned)
{
    for (uint32_t i = 0; i < ctx->n_pumps; i++)
        for (uint32_t k = 0; k < w->n_inputs; k++)
            if (w->inputs[k].partition == 0 &&
                !strcmp(w->inputs[k].topic, ctx->pumps[i]->topic))
                atomic_store(&ctx->pumps[i]->owned, owned);
}
