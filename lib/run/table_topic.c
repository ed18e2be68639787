/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_topic.c - tables that are topics: read from the beginning to the end,
 * then followed. Only committed records count; a group is not needed, since
 * every process reads all of it.
 */
#include <inttypes.h>

#include "run/tables.h"

#define POLL_ROWS 10000
#define CHANGES_MAX 100000 /* then they become a version, more or not */
#define PATIENCE (60 * DS_SECOND)
#define COUNT_EVERY (30 * DS_SECOND)

static const char *topic_of(const struct tables *ts, const struct run_table *t)
{
    return ts->ctx->plan->topics[t->plan->topic].name;
}

/* ---- partitions ---- */

/* Room for partitions that are new; those are read from their beginning. */
static void topic_grow(struct tables *ts, struct table_topic *topic, int32_t n)
{
    ds_arena *a = ts->arena;
    int64_t *next = ds_new(a, int64_t, n), *high = ds_new(a, int64_t, n);
    bool *done = ds_new(a, bool, n);

    for (int32_t p = 0; p < n; p++) {
        next[p] = p < topic->n ? topic->next[p] : DS_OFFSET_NONE;
        high[p] = p < topic->n ? topic->high[p] : 0;
        done[p] = p < topic->n && topic->done[p];
    }
    *topic = (struct table_topic){n, next, high, done};
}

static ds_rc topic_count(struct tables *ts, struct run_table *t, bool *grew,
                         ds_err *err)
{
    ds_context *ctx = ts->ctx;
    ds_topic_info info = {0, 0};
    ds_rc rc;

    pthread_mutex_lock(&ctx->cluster);
    rc =
        ctx->broker->type->topic_info(ctx->broker, topic_of(ts, t), &info, err);
    pthread_mutex_unlock(&ctx->cluster);
    if (rc == DS_NOTFOUND)
        return ds_fail(err, DS_E_FAILED, "topic %s of table %s is gone",
                       topic_of(ts, t), t->plan->name);
    DS_TRY(rc);
    *grew = *grew || info.partitions > t->topic.n;
    if (info.partitions > t->topic.n)
        topic_grow(ts, &t->topic, info.partitions);
    return DS_OK;
}

/* Where to begin in those that are new, and the ends of all. */
static ds_rc topic_ends(struct tables *ts, struct run_table *t, ds_err *err)
{
    struct table_topic *topic = &t->topic;
    ds_position *pos = ds_new(ts->polled, ds_position, topic->n + 1);
    int64_t *low = ds_new(ts->polled, int64_t, topic->n + 1);

    for (int32_t p = 0; p < topic->n; p++)
        pos[p] = (ds_position){.topic = topic_of(ts, t), .partition = p};
    DS_TRY(ts->reader->type->ends(ts->reader, pos, (uint32_t)topic->n, low,
                                  topic->high, err));
    for (int32_t p = 0; p < topic->n; p++) {
        if (topic->next[p] == DS_OFFSET_NONE)
            topic->next[p] = low[p];
        topic->done[p] = topic->next[p] >= topic->high[p];
    }
    return DS_OK;
}

/* Several tables of one topic are read together. */
static bool is_second(const struct tables *ts, uint32_t nth)
{
    for (uint32_t i = 0; i < nth; i++)
        if (table_is_topic(&ts->list[i]) &&
            ts->list[i].plan->topic == ts->list[nth].plan->topic)
            return true;
    return false;
}

static ds_rc topics_assign(struct tables *ts, ds_err *err)
{
    ds_position *pos;
    uint32_t n = 0;

    for (uint32_t i = 0; i < ts->n; i++)
        n += (uint32_t)ts->list[i].topic.n;
    pos = ds_new(ts->polled, ds_position, n + 1);
    n = 0;
    for (uint32_t i = 0; i < ts->n; i++)
        for (int32_t p = 0; p < ts->list[i].topic.n && !is_second(ts, i); p++)
            pos[n++] = (ds_position){.topic = topic_of(ts, &ts->list[i]),
                                     .partition = p,
                                     .next = ts->list[i].topic.next[p]};
    return ts->reader->type->assign(ts->reader, pos, n, err);
}

/* ---- records ---- */

static void record_skip(struct tables *ts, struct run_table *t,
                        const ds_envelope *rows, const ds_row_error *e)
{
    ds_log(DS_LOG_WARN, "a record of a table is left out",
           DS_KV("job", "%s", ts->ctx->plan->job),
           DS_KV("table", "%s", t->plan->name), DS_KV("code", "%s", e->code),
           DS_KV("topic", "%s", rows->topic),
           DS_KV("partition", "%d", rows->partition),
           DS_KV("offset", "%" PRId64, rows->off[e->row]),
           DS_KV("error", "%s", e->msg));
    tables_count(ts, t, "refused", 1);
}

/* No dead letters here: a table is read in no transaction. */
static ds_rc records_refused(struct tables *ts, struct run_table *t,
                             const ds_envelope *rows, const ds_row_errors *errs,
                             ds_err *err)
{
    const ds_row_error *e = &errs->list[0];

    for (uint32_t i = 1; i < errs->n; i++)
        if (errs->list[i].row < e->row)
            e = &errs->list[i];
    if (errs->n && t->plan->on_error == DS_ON_ERROR_FAIL)
        return ds_fail(err, DS_E_FAILED,
                       "table %s: topic %s partition %d offset %" PRId64
                       ": error[%s]: %s",
                       t->plan->name, rows->topic, rows->partition,
                       rows->off[e->row], e->code, e->msg);
    for (uint32_t i = 0; i < errs->n; i++)
        record_skip(ts, t, rows, &errs->list[i]);
    return DS_OK;
}

/* A server that a codec asks may be away for a while. */
static ds_rc records_decode(struct tables *ts, struct run_table *t,
                            const ds_envelope *rows, ds_row_errors *errs,
                            ds_err *err)
{
    ds_time until = ds_mono_now() + PATIENCE;
    ds_slice *none = ds_new(ts->polled, ds_slice, rows->n + 1);
    ds_rc rc;

    for (;;) {
        *errs = (ds_row_errors){0};
        rc =
            table_rows_add(&t->changes, &t->codec, rows->key ? rows->key : none,
                           rows->val ? rows->val : none, rows->n, errs, err);
        if (rc != DS_E_UNREACHABLE || ds_mono_now() > until ||
            atomic_load(&ts->stop))
            return rc;
        ds_clock_wall.sleep(&ds_clock_wall, DS_SECOND);
    }
}

static ds_rc records_take(struct tables *ts, struct run_table *t,
                          const ds_fetch *f, ds_err *err)
{
    ds_row_errors errs = {0};
    int32_t p = f->partition;

    if (f->rows && f->rows->n) {
        t->changes.no_key = 0;
        DS_TRY(records_decode(ts, t, f->rows, &errs, err));
        DS_TRY(records_refused(ts, t, f->rows, &errs, err));
        tables_count(ts, t, "null_key", t->changes.no_key);
    }
    t->topic.next[p] = f->next;
    t->topic.done[p] =
        t->topic.done[p] || f->eof || f->next >= t->topic.high[p];
    return DS_OK;
}

/* One poll. *some: there was something. */
static ds_rc topics_poll(struct tables *ts, int timeout_ms, bool *some,
                         ds_err *err)
{
    ds_fetch f;
    ds_rc rc = ts->reader->type->poll(ts->reader, ts->polled, POLL_ROWS,
                                      timeout_ms, &f, err);

    DS_TRY(rc);
    *some = rc == DS_OK;
    if (rc != DS_OK)
        return DS_OK;
    for (uint32_t i = 0; i < ts->n; i++)
        if (table_is_topic(&ts->list[i]) &&
            strcmp(topic_of(ts, &ts->list[i]), f.topic) == 0 &&
            f.partition < ts->list[i].topic.n)
            DS_TRY(records_take(ts, &ts->list[i], &f, err));
    ds_arena_reset(ts->polled);
    return DS_OK;
}

/* What was collected becomes a version. */
static ds_rc topics_publish(struct tables *ts, ds_err *err)
{
    for (uint32_t i = 0; i < ts->n; i++) {
        struct run_table *t = &ts->list[i];

        if (!table_is_topic(t) || t->changes.n == 0)
            continue;
        DS_TRY(tables_publish(ts, t,
                              ds_table_with(tables_newest(t), t->changes.keys,
                                            t->changes.rows, t->changes.n),
                              err));
        ds_arena_reset(t->changes.arena);
        table_rows_init(&t->changes, t->changes.arena);
    }
    return DS_OK;
}

static uint32_t changes_n(const struct tables *ts)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < ts->n; i++)
        n += ts->list[i].changes.n;
    return n;
}

static bool all_done(const struct tables *ts)
{
    for (uint32_t i = 0; i < ts->n; i++)
        for (int32_t p = 0; p < ts->list[i].topic.n; p++)
            if (!ts->list[i].topic.done[p])
                return false;
    return true;
}

/* ---- at start ---- */

static ds_rc topics_open(struct tables *ts, ds_err *err)
{
    bool grew = false;

    for (uint32_t i = 0; i < ts->n; i++)
        if (table_is_topic(&ts->list[i])) {
            DS_TRY(topic_count(ts, &ts->list[i], &grew, err));
            DS_TRY(topic_ends(ts, &ts->list[i], err));
        }
    DS_TRY(topics_assign(ts, err));
    ds_arena_reset(ts->polled);
    return DS_OK;
}

ds_rc table_topics_read(struct tables *ts, ds_err *err)
{
    ds_time last = ds_mono_now();

    DS_TRY(topics_open(ts, err));
    while (!all_done(ts)) {
        bool some;

        DS_TRY(topics_poll(ts, 100, &some, err));
        if (some)
            last = ds_mono_now();
        else if (ds_mono_now() - last > PATIENCE)
            return ds_fail(err, DS_E_UNREACHABLE,
                           "the topics of the tables give no records");
        if (changes_n(ts) > CHANGES_MAX)
            DS_TRY(topics_publish(ts, err));
    }
    return topics_publish(ts, err);
}

/* ---- later ---- */

static ds_rc topics_recount(struct tables *ts, ds_err *err)
{
    bool grew = false;

    if (ds_mono_now() - ts->grown < COUNT_EVERY)
        return DS_OK;
    ts->grown = ds_mono_now();
    for (uint32_t i = 0; i < ts->n; i++)
        if (table_is_topic(&ts->list[i]))
            DS_TRY(topic_count(ts, &ts->list[i], &grew, err));
    return grew ? topics_open(ts, err) : DS_OK;
}

ds_rc table_topics_follow(struct tables *ts, int timeout_ms, ds_err *err)
{
    bool some = true;

    DS_TRY(topics_recount(ts, err));
    while (some && changes_n(ts) <= CHANGES_MAX) {
        DS_TRY(topics_poll(ts, timeout_ms, &some, err));
        timeout_ms = 0;
    }
    for (uint32_t i = 0; i < ts->n && !some; i++)
        if (table_is_topic(&ts->list[i]))
            ts->list[i].current = ds_mono_now();
    return topics_publish(ts, err);
}
