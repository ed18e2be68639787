/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reject.c - records that cannot be processed: dead letter, skip, or stop.
 *
 * `fail` cuts the epoch before the record: the input gets a limit, the epoch
 * runs again up to it and commits, then the job stops at exactly that offset.
 * An aggregate that many records went into blames the last one; the epoch runs
 * again, and that operator does not get it (a poison). Limits and poisons
 * outlive an abort: the same records come again.
 *
 * A row that an aggregate made belongs to no record. Its dead letter is the row
 * itself; that of a row which crossed a cut as well, under the repartition
 * topic's name.
 */
#include <stdio.h>
#include <stdlib.h>

#include "record/rowfmt.h"
#include "record/show.h"
#include "run/run.h"

struct poison {
    char *topic;
    int32_t partition;
    int64_t off;
    const ds_node *node; /* the operator that refused it */
    bool all;            /* nobody gets it, not only that operator */
    const char *code;
    char *msg;
    uint32_t next; /* another one in the same slot, index + 1 */
};

/* By partition and offset; slots hold an index + 1. */
struct poisons {
    uint32_t n, cap;
    struct poison *list;
    uint32_t *slots; /* twice cap */
};

/* Records that the epoch refused: open addressing over topic, partition and
 * offset. */
struct letter {
    uint32_t n, cap;
    struct letter_key {
        const char *topic; /* NULL: free */
        int32_t partition;
        int64_t off;
        const char *code, *msg; /* for errors.limit */
        bool dead;              /* it has its dead letter */
    } * slots;
};

static uint64_t record_hash(int32_t partition, int64_t off)
{
    uint64_t h = (uint64_t)off * 0x9e3779b97f4a7c15ull +
                 (uint64_t)partition * 0xff51afd7ed558ccdull;

    return h >> 32;
}

static struct letter_key *letter_slot(struct letter *l, const char *topic,
                                      int32_t partition, int64_t off)
{
    uint64_t h = record_hash(partition, off);

    for (uint32_t i = (uint32_t)h & (l->cap - 1);; i = (i + 1) & (l->cap - 1)) {
        struct letter_key *k = &l->slots[i];
        if (!k->topic || (k->off == off && k->partition == partition &&
                          !strcmp(k->topic, topic)))
            return k;
    }
}

static void letters_grow(epoch *e)
{
    struct letter *old = e->letters;
    struct letter *l = ds_new(e->mem, struct letter, 1);

    l->cap = old ? old->cap * 2 : 64;
    l->slots = ds_new(e->mem, struct letter_key, l->cap);
    for (uint32_t i = 0; old && i < old->cap; i++)
        if (old->slots[i].topic)
            *letter_slot(l, old->slots[i].topic, old->slots[i].partition,
                         old->slots[i].off) = old->slots[i];
    l->n = old ? old->n : 0;
    e->letters = l;
}

/* A record that is refused; *first: for the first time in this epoch. */
static struct letter_key *letter_note(epoch *e, const ds_envelope *env,
                                      uint32_t rec, const char *code,
                                      const char *msg, bool *first)
{
    struct letter_key *k;

    if (!e->letters || e->letters->n * 2 >= e->letters->cap)
        letters_grow(e);
    k = letter_slot(e->letters, env->topic, env->partition, env->off[rec]);
    *first = k->topic == NULL;
    if (!*first)
        return k;
    *k = (struct letter_key){env->topic, env->partition, env->off[rec], code,
                             msg,        false};
    e->letters->n++;
    return k;
}

/* The last one of a partition before an offset; NULL: there is none. */
static const struct letter_key *
letter_last(const struct letter *l, const ds_envelope *env, int64_t before)
{
    const struct letter_key *last = NULL;

    for (uint32_t i = 0; i < l->cap; i++) {
        const struct letter_key *k = &l->slots[i];

        if (k->topic && k->off < before && k->partition == env->partition &&
            !strcmp(k->topic, env->topic) && (!last || k->off > last->off))
            last = k;
    }
    return last;
}

static const char *error_class(const char *code)
{
    return !strncmp(code, "E06", 3)   ? "DecodeError"
           : !strncmp(code, "E07", 3) ? "EvaluationError"
                                      : "RecordError";
}

/* A row that crossed a cut is shown as JSON: its bytes are the engine's. */
ds_slice reject_value(const worker *w, const ds_envelope *env, uint32_t rec)
{
    const ds_plan *plan = w->ctx->plan;
    ds_arena *a = w->epoch->mem;
    const ds_node *from = NULL;
    uint64_t *bad = NULL;
    ds_col *cols;
    ds_buf b;

    for (uint32_t i = 0; i < w->stage->n_sources; i++) {
        const ds_node *n = w->stage->sources[i];

        if (!strcmp(n->type->name, "unshuffle") &&
            !strcmp(plan->topics[n->topic].name, env->topic))
            from = n;
    }
    if (!env->val)
        return DS_NULL_SLICE;
    if (!from)
        return env->val[rec];
    cols = ds_new(a, ds_col, from->schema->n + 1);
    ds_rows_decode(&env->val[rec], 1, from->schema, a, cols, &bad);
    if (bad)
        return env->val[rec];
    ds_buf_init(&b, a, 128);
    ds_show_json_row(&b, from->schema, cols, 0);
    return (ds_slice){(const uint8_t *)b.s, b.len};
}

void reject_keep(worker *w, const ds_row *row)
{
    epoch *e = w->epoch;

    if (!e->letter_rows)
        e->letter_rows = ds_outbox_new(e->mem);
    ds_outbox_add(e->letter_rows, row);
}

void reject_letter(worker *w, const ds_node *node, const ds_envelope *env,
                   uint32_t rec, const char *code, const char *msg)
{
    epoch *e = w->epoch;
    ds_arena *a = e->mem;
    const char *file = node->where.file ? node->where.file : "";
    ds_header h[] = {
        {ds_slice_of("__streams.errors.exception"),
         ds_slice_of(error_class(code))},
        {ds_slice_of("__streams.errors.message"), ds_slice_of(msg)},
        {ds_slice_of("__streams.errors.topic"), ds_slice_of(env->topic)},
        {ds_slice_of("__streams.errors.partition"),
         ds_slice_of(ds_str_printf(a, "%d", env->partition))},
        {ds_slice_of("__streams.errors.offset"),
         ds_slice_of(ds_str_printf(a, "%lld", (long long)env->off[rec]))},
        {ds_slice_of("__dstream.errors.job"), ds_slice_of(w->ctx->plan->job)},
        {ds_slice_of("__dstream.errors.stream"), ds_slice_of(node->stream)},
        {ds_slice_of("__dstream.errors.op"), ds_slice_of(node->op)},
        {ds_slice_of("__dstream.errors.code"), ds_slice_of(code)},
        {ds_slice_of("__dstream.errors.where"),
         ds_slice_of(ds_str_printf(a, "%s:%u:%u", file, node->where.line,
                                   node->where.col))},
    };
    ds_row row = {.topic = (uint32_t)w->ctx->plan->dlq_topic,
                  .partition = DS_PARTITION_BY_KEY,
                  .key = env->key ? env->key[rec] : DS_NULL_SLICE,
                  .val = reject_value(w, env, rec),
                  .ts = env->ts ? env->ts[rec] : DS_TIME_NONE,
                  .env = env,
                  .rec = rec};

    row.hdr = ds_headers_encode(a, env->hdr ? env->hdr[rec] : DS_NULL_SLICE, h,
                                sizeof(h) / sizeof(*h));
    reject_keep(w, &row);
    e->dead++;
}

static int letter_order(const void *a, const void *b)
{
    const ds_row *x = *(const ds_row *const *)a;
    const ds_row *y = *(const ds_row *const *)b;
    int64_t ox = x->env->off[x->rec], oy = y->env->off[y->rec];
    int topics = strcmp(x->env->topic, y->env->topic);

    if (topics)
        return topics;
    if (x->env->partition != y->env->partition)
        return x->env->partition < y->env->partition ? -1 : 1;
    return ox < oy ? -1 : ox > oy;
}

void reject_send(worker *w)
{
    epoch *e = w->epoch;
    uint32_t n, all = 0;
    const ds_row **sorted;
    const ds_row *rows;

    if (!e->letter_rows)
        return;
    sorted = ds_new(e->mem, const ds_row *, ds_outbox_rows(e->letter_rows));
    for (uint32_t c = 0; (rows = ds_outbox_chunk(e->letter_rows, c, &n)); c++)
        for (uint32_t i = 0; i < n; i++)
            sorted[all++] = &rows[i];
    qsort(sorted, all, sizeof(*sorted), letter_order);
    for (uint32_t i = 0; i < all; i++)
        ds_outbox_add(e->outbox, sorted[i]);
    e->letter_rows = NULL;
}

static void reject_log(const worker *w, const ds_node *node,
                       const ds_envelope *env, uint32_t rec, const char *code,
                       const char *msg, const char *what)
{
    ds_log(DS_LOG_WARN, what, DS_KV("code", "%s", code),
           DS_KV("job", "%s", w->ctx->plan->job),
           DS_KV("stream", "%s", node->stream), DS_KV("op", "%s", node->op),
           DS_KV("where", "%s:%u:%u", node->where.file ? node->where.file : "-",
                 node->where.line, node->where.col),
           DS_KV("topic", "%s", env->topic),
           DS_KV("partition", "%d", env->partition),
           DS_KV("offset", "%lld", (long long)env->off[rec]),
           DS_KV("error", "%s", msg));
}

/* Where batches are whole, what is in an earlier one comes first. */
static bool limit_is_earlier(const worker *w, const input *in, int64_t off)
{
    if (w->holds && in->limit != INT64_MAX && in->task->now != in->limit_batch)
        return in->task->now < in->limit_batch;
    return off < in->limit;
}

/* The job has to stop at this record, unless an earlier one stops it. */
static ds_rc limit_at(worker *w, const ds_envelope *env, int64_t off,
                      const char *code, const char *msg, ds_err *err)
{
    input *in = assign_input(w, env->topic, env->partition);

    DS_BUG_ON(!in);
    if (limit_is_earlier(w, in, off)) {
        in->limit = off;
        in->limit_batch = in->task->now;
        in->held = NULL;
        in->limit_msg =
            ds_str_printf(w->assignment, "error[%s]: %s", code, msg);
    }
    return ds_fail(err, DS_E_RECORD, "topic %s partition %d offset %lld: %s",
                   env->topic, env->partition, (long long)off, msg);
}

static ds_rc limit_set(worker *w, const ds_envelope *env, uint32_t rec,
                       const char *code, const char *msg, ds_err *err)
{
    return limit_at(w, env, env->off[rec], code, msg, err);
}

/* One error too many: the last of those that are known. An operator may refuse
 * a record that stands before one which another has refused already. */
static ds_rc limit_reached(worker *w, const ds_envelope *env, uint32_t rec,
                           ds_err *err)
{
    const input *in = assign_input(w, env->topic, env->partition);
    int64_t off = env->off[rec];
    const struct letter_key *k;

    DS_BUG_ON(!in);
    k = off < in->limit
            ? letter_last(w->epoch->letters, env, in->limit)
            : letter_slot(w->epoch->letters, env->topic, env->partition, off);
    return limit_at(
        w, env, k->off, k->code,
        ds_str_printf(w->epoch->mem, "errors.limit is reached; %s", k->msg),
        err);
}

/* One more error. errors.limit: more than that within the span, of all workers
 * of the process, make the job fail; false: this one is too many. */
static bool error_count(worker *w)
{
    const ds_plan *plan = w->ctx->plan;
    struct error_count *c = &w->ctx->refused;
    ds_time now = ds_clock_now(w->ctx->opts.clock);
    bool fits;

    if (plan->error_span == 0) {
        w->epoch->errors++;
        return true;
    }
    pthread_mutex_lock(&c->lock);
    if (now - c->since >= plan->error_span) {
        c->since = now;
        c->committed = 0;
    }
    fits = c->committed + c->in_epochs < (uint64_t)plan->error_limit;
    c->in_epochs += fits;
    pthread_mutex_unlock(&c->lock);
    w->epoch->limited += fits;
    w->epoch->errors += fits;
    return fits;
}

void reject_settle(worker *w, bool committed)
{
    struct error_count *c = &w->ctx->refused;
    uint64_t n = w->epoch->limited;

    if (n == 0)
        return;
    pthread_mutex_lock(&c->lock);
    c->in_epochs -= n;
    c->committed += committed ? n : 0;
    pthread_mutex_unlock(&c->lock);
    w->epoch->limited = 0;
}

/* One refused record, by the node's on_error. */
static ds_rc reject_one(worker *w, const ds_node *node, const ds_envelope *env,
                        uint32_t rec, const char *code, const char *msg,
                        ds_err *err)
{
    ds_on_error policy = node->on_error;
    struct letter_key *k;
    bool first;

    if (!strcmp(code, DS_CODE_WAIT))
        return hold_set(w, env, rec, msg, err);
    if (policy == DS_ON_ERROR_FAIL) {
        const input *in = assign_input(w, env->topic, env->partition);
        if (in && env->off[rec] < in->limit)
            stats_failed(w, node, code);
        return limit_set(w, env, rec, code, msg, err);
    }
    k = letter_note(w->epoch, env, rec, code, ds_str_copy(w->epoch->mem, msg),
                    &first);
    if (!first && (k->dead || policy != DS_ON_ERROR_DLQ))
        return DS_OK;
    if (first && !error_count(w))
        return limit_reached(w, env, rec, err);
    stats_error(w, node, code, policy == DS_ON_ERROR_DLQ ? "dlq" : "skip");
    if (policy == DS_ON_ERROR_DLQ) {
        k->dead = true;
        reject_letter(w, node, env, rec, code, msg);
        reject_log(w, node, env, rec, code, msg, "row sent to dead letters");
    } else {
        reject_log(w, node, env, rec, code, msg, "row skipped");
    }
    return DS_OK;
}

/* ---- rows that belong to no record ---- */

void reject_orphan(worker *w, const ds_node *node, const ds_batch *in,
                   const ds_row_error *why)
{
    epoch *e = w->epoch;
    const char *file = node->where.file ? node->where.file : "";
    ds_header h[] = {
        {ds_slice_of("__streams.errors.exception"),
         ds_slice_of(error_class(why->code))},
        {ds_slice_of("__streams.errors.message"), ds_slice_of(why->msg)},
        {ds_slice_of("__dstream.errors.job"), ds_slice_of(w->ctx->plan->job)},
        {ds_slice_of("__dstream.errors.stream"), ds_slice_of(node->stream)},
        {ds_slice_of("__dstream.errors.op"), ds_slice_of(node->op)},
        {ds_slice_of("__dstream.errors.code"), ds_slice_of(why->code)},
        {ds_slice_of("__dstream.errors.where"),
         ds_slice_of(ds_str_printf(e->mem, "%s:%u:%u", file, node->where.line,
                                   node->where.col))},
    };
    ds_row row = {.topic = (uint32_t)w->ctx->plan->dlq_topic,
                  .partition = DS_PARTITION_BY_KEY,
                  .ts = DS_TIME_NONE};
    ds_buf b;

    ds_buf_init(&b, e->mem, 128);
    ds_show_json_row(&b, in->schema, in->cols, why->row);
    row.val = (ds_slice){(const uint8_t *)b.s, b.len};
    row.hdr =
        ds_headers_encode(e->mem, DS_NULL_SLICE, h, sizeof(h) / sizeof(*h));
    ds_outbox_add(e->outbox, &row);
    e->dead++;
}

static ds_rc orphan_reject(worker *w, const ds_node *node, const ds_batch *in,
                           const ds_row_error *why, ds_err *err)
{
    bool letter = node->on_error == DS_ON_ERROR_DLQ;
    bool limit = node->on_error != DS_ON_ERROR_FAIL && !error_count(w);

    if (limit || node->on_error == DS_ON_ERROR_FAIL)
        return ds_fail(err, DS_E_FAILED,
                       "%s: error[%s]: %s%s (a row made of "
                       "many records)",
                       node->name, why->code,
                       limit ? "errors.limit is reached; " : "", why->msg);
    if (letter)
        reject_orphan(w, node, in, why);
    ds_log(DS_LOG_WARN, letter ? "row sent to dead letters" : "row skipped",
           DS_KV("code", "%s", why->code),
           DS_KV("job", "%s", w->ctx->plan->job),
           DS_KV("stream", "%s", node->stream), DS_KV("op", "%s", node->op),
           DS_KV("error", "%s", why->msg));
    return DS_OK;
}

/* ---- what operators call ---- */

static ds_rc host_reject(ds_op *op, const ds_batch *in,
                         const ds_row_errors *errs, const ds_batch **rest,
                         ds_err *err)
{
    worker *w = ((task *)op->task)->worker;
    ds_rc failed = DS_OK;

    *rest = in;
    if (errs->n == 0)
        return DS_OK;
    for (uint32_t i = 0; i < errs->n; i++) {
        const ds_row_error *e = &errs->list[i];
        ds_rc rc =
            in->env ? reject_one(w, op->node, in->env, ds_batch_rec(in, e->row),
                                 e->code, e->msg, err)
                    : orphan_reject(w, op->node, in, e, err);
        if (rc < 0)
            failed = rc; /* go on: an earlier record may fail too */
    }
    op->rows_refused += errs->n;
    *rest = ds_batch_drop(in, errs->bad);
    return failed;
}

static ds_rc host_null_items(ds_op *op, const ds_batch *in,
                             const ds_row_errors *errs, ds_err *err)
{
    worker *w = ((task *)op->task)->worker;

    for (uint32_t i = 0; i < errs->n; i++) {
        const ds_row_error *e = &errs->list[i];
        uint32_t rec = ds_batch_rec(in, e->row);

        if (!error_count(w)) {
            const char *msg = ds_str_printf(
                w->epoch->mem, "errors.limit is reached; %s", e->msg);

            return in->env ? limit_set(w, in->env, rec, e->code, msg, err)
                           : ds_fail(err, DS_E_FAILED, "%s: error[%s]: %s",
                                     op->node->name, e->code, msg);
        }
        stats_error(w, op->node, e->code, "null");
        if (in->env)
            reject_log(w, op->node, in->env, rec, e->code, e->msg,
                       "value set to NULL");
    }
    return DS_OK;
}

static uint32_t *poison_slot(const struct poisons *ps, int32_t partition,
                             int64_t off)
{
    return &ps->slots[record_hash(partition, off) & (2 * ps->cap - 1)];
}

static void poisons_grow(struct poisons *ps)
{
    ps->cap = ps->cap ? 2 * ps->cap : 16;
    ps->list = realloc(ps->list, ps->cap * sizeof(*ps->list));
    free(ps->slots);
    ps->slots = calloc((size_t)2 * ps->cap, sizeof(*ps->slots));
    DS_BUG_ON(!ps->list || !ps->slots);
    for (uint32_t i = 0; i < ps->n; i++) {
        struct poison *p = &ps->list[i];
        uint32_t *slot = poison_slot(ps, p->partition, p->off);

        p->next = *slot;
        *slot = i + 1;
    }
}

static struct poison *poison_add(worker *w, const ds_node *node,
                                 const ds_envelope *env, uint32_t rec,
                                 const char *code, const char *msg)
{
    struct poisons *ps = w->poisons;
    struct poison *p;
    uint32_t *slot;

    if (!ps)
        ps = w->poisons = calloc(1, sizeof(*ps));
    DS_BUG_ON(!ps);
    if (ps->n == ps->cap)
        poisons_grow(ps);
    slot = poison_slot(ps, env->partition, env->off[rec]);
    p = &ps->list[ps->n++];
    *p = (struct poison){.topic = strdup(env->topic),
                         .partition = env->partition,
                         .off = env->off[rec],
                         .node = node,
                         .code = code,
                         .msg = strdup(msg),
                         .next = *slot};
    *slot = ps->n;
    return p;
}

void reject_forget(worker *w)
{
    struct poisons *ps = w->poisons;

    if (!ps)
        return;
    for (uint32_t i = 0; i < ps->n; i++) {
        free(ps->list[i].topic);
        free(ps->list[i].msg);
    }
    free(ps->list);
    free(ps->slots);
    free(ps);
    w->poisons = NULL;
}

static ds_rc host_reject_record(ds_op *op, const ds_envelope *env, uint32_t rec,
                                const char *code, const char *msg, ds_err *err)
{
    worker *w = ((task *)op->task)->worker;

    if (op->node->on_error == DS_ON_ERROR_FAIL)
        return limit_set(w, env, rec, code, msg, err);
    poison_add(w, op->node, env, rec, code, msg);
    return ds_fail(err, DS_E_RECORD, "topic %s partition %d offset %lld: %s",
                   env->topic, env->partition, (long long)env->off[rec], msg);
}

static void host_print(ds_op *op, const ds_shown *rows)
{
    epoch_print(((task *)op->task)->worker->epoch, op->node, op->now, rows);
}

static uint64_t host_token(ds_op *op, bool next)
{
    return batch_token(op->task, next);
}

static void host_discard(ds_op *op, uint32_t n, const char *reason)
{
    op->rows_dropped += n;
    if (strcmp(reason, "late") == 0)
        op->rows_late += n;
    stats_discard(((task *)op->task)->worker, op->node, reason, n);
    ds_log(DS_LOG_DEBUG, "rows discarded", DS_KV("op", "%s", op->node->name),
           DS_KV("reason", "%s", reason), DS_KV("n", "%u", n));
}

/* The sink that writes to a topic; the source if the topic is the engine's. */
static const ds_node *node_writing(const worker *w, uint32_t topic)
{
    for (uint32_t i = 0; i < w->stage->n_nodes; i++)
        if (w->stage->nodes[i]->topic == (int)topic &&
            !strcmp(w->stage->nodes[i]->type->name, "sink"))
            return w->stage->nodes[i];
    return w->stage->sources[0];
}

ds_rc reject_row(worker *w, const ds_row *row, const char *why, ds_err *err)
{
    const ds_plan *plan = w->ctx->plan;
    const char *topic = plan->topics[row->topic].name;
    const ds_node *node = node_writing(w, row->topic);
    char msg[300];

    snprintf(msg, sizeof(msg), "a record for topic %s is refused: %s", topic,
             why);
    if (!row->env)
        return ds_fail(err, DS_E_FAILED, "%s", msg);
    if (node->on_error == DS_ON_ERROR_FAIL ||
        row->topic == (uint32_t)plan->dlq_topic)
        return limit_set(w, row->env, row->rec, "E0801", msg, err);
    poison_add(w, node, row->env, row->rec, "E0801", msg)->all = true;
    return ds_fail(err, DS_E_RECORD, "%s", msg);
}

/* The next poison from `*at` on (index + 1) that is this record; `*at` moves
 * past it. */
static const struct poison *
poison_next(const worker *w, const ds_envelope *rows, uint32_t i, uint32_t *at)
{
    while (*at) {
        const struct poison *p = &w->poisons->list[*at - 1];

        *at = p->next;
        if (p->off == rows->off[i] && p->partition == rows->partition &&
            !strcmp(p->topic, rows->topic))
            return p;
    }
    return NULL;
}

static const struct poison *
poison_first(const worker *w, const ds_envelope *rows, uint32_t i, uint32_t *at)
{
    *at = *poison_slot(w->poisons, rows->partition, rows->off[i]);
    return poison_next(w, rows, i, at);
}

static const ds_slice *slices_gather(ds_arena *a, const ds_slice *from,
                                     const uint32_t *idx, uint32_t n)
{
    ds_slice *to = from ? ds_new(a, ds_slice, n + 1) : NULL;

    for (uint32_t i = 0; to && i < n; i++)
        to[i] = from[idx[i]];
    return to;
}

static const int64_t *numbers_gather(ds_arena *a, const int64_t *from,
                                     const uint32_t *idx, uint32_t n)
{
    int64_t *to = from ? ds_new(a, int64_t, n + 1) : NULL;

    for (uint32_t i = 0; to && i < n; i++)
        to[i] = from[idx[i]];
    return to;
}

/* The records idx[0..n) of an envelope. */
static const ds_envelope *envelope_gather(ds_arena *a, const ds_envelope *from,
                                          const uint32_t *idx, uint32_t n)
{
    ds_envelope *e = ds_new(a, ds_envelope, 1);

    *e = (ds_envelope){n,
                       from->topic,
                       from->partition,
                       slices_gather(a, from->key, idx, n),
                       slices_gather(a, from->val, idx, n),
                       slices_gather(a, from->hdr, idx, n),
                       numbers_gather(a, from->ts, idx, n),
                       numbers_gather(a, from->off, idx, n)};
    return e;
}

/* The record is refused where it comes in: nobody gets it. */
static bool is_at_source(const struct poison *p)
{
    return p->all || p->node->n_inputs == 0 ||
           !strcmp(p->node->type->name, "unshuffle");
}

ds_rc reject_filter(worker *w, const input *in, const ds_envelope *rows,
                    const ds_envelope **out, ds_err *err)
{
    uint32_t *kept, n_kept = 0;
    uint32_t n = rows->n;

    while (!w->holds && n && rows->off[n - 1] >= in->limit)
        n--;
    if (n == rows->n && !w->poisons) {
        *out = rows;
        return DS_OK;
    }
    kept = ds_new(w->epoch->mem, uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        const struct poison *p = NULL;
        uint32_t at = 0;
        bool keep = true, dlq = false;
        if (w->poisons)
            p = poison_first(w, rows, i, &at);
        for (; p; p = poison_next(w, rows, i, &at)) {
            DS_TRY(reject_one(w, p->node, rows, i, p->code, p->msg, err));
            keep = keep && !is_at_source(p);
            dlq = dlq || p->node->on_error == DS_ON_ERROR_DLQ;
        }
        if (keep)
            kept[n_kept++] = i;
        w->epoch->turned_away += !keep;
        w->epoch->turned_away_dlq += !keep && dlq;
    }
    *out = envelope_gather(w->epoch->mem, rows, kept, n_kept);
    return DS_OK;
}

static const ds_batch *host_admit(ds_op *op, const ds_batch *in)
{
    const worker *w = ((task *)op->task)->worker;
    uint64_t *bad = NULL;

    if (!w->poisons || !in->env)
        return in;
    DS_EACH (in, i) {
        uint32_t at = 0, rec = ds_batch_rec(in, i);
        const struct poison *p = poison_first(w, in->env, rec, &at);
        for (; p; p = poison_next(w, in->env, rec, &at)) {
            if (p->node != op->node)
                continue;
            if (!bad)
                bad = ds_new(in->arena, uint64_t, in->n / 64 + 1);
            bad[i / 64] |= UINT64_C(1) << (i % 64);
        }
    }
    if (!bad)
        return in;
    const ds_batch *rest = ds_batch_drop(in, bad);
    op->rows_refused += in->n_sel - rest->n_sel;
    return rest;
}

const ds_op_host reject_host = {
    .reject = host_reject,
    .null_items = host_null_items,
    .reject_record = host_reject_record,
    .admit = host_admit,
    .print = host_print,
    .discard = host_discard,
    .late = late_rows,
    .token = host_token,
};
