/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - a member of a consumer group.
 *
 * Rebalances. The library tells them in a callback inside poll(); the engine
 * answers later, with assign():
 *
 *     given:  nothing is read yet. The library is told so at once (an empty
 *             assignment), so that a long restore does not hold up the group;
 *             a further change may come before the answer and takes its place.
 *     taken:  the answer waits for the engine, which may have an epoch open;
 *             the group waits for it, at most max.poll.interval.ms.
 *
 * Assignment is by range and eager: equal partition numbers of all topics go
 * to one member (exactly-once.md C4).
 */
#include <stdio.h>
#include <stdlib.h>

#include "dstream/log.h"
#include "kafka/kafka.h"

enum {
    RANGE_MS = 1000,        /* then the caller is asked to call again */
    SEEK_MS = 1000,         /* the library's own thread answers */
    SOURCE_GONE_MS = 10000, /* a topic that is missing that long is gone */
};

typedef struct kafka_source {
    ds_source base;
    kafka_broker *broker;
    rd_kafka_t *rk;
    char *group;
    char *member;
    kafka_rows rows;
    kafka_poke *poke;
    bool closing;
    bool news; /* a change that poll() has to report */
    ds_change change;
    ds_position *parts; /* of the change */
    bool revoked;       /* the library waits for an answer */
    bool paused;        /* a partition was paused since the last assign() */
    char *gone;         /* a topic that was missing */
    ds_time gone_at;
    kafka_range range; /* of what was last refused */
} kafka_source;

rd_kafka_t *kafka_source_handle(ds_source *s)
{
    return s->type == &kafka_source_type ? ((kafka_source *)s)->rk : NULL;
}

const char *kafka_source_group(ds_source *s)
{
    return ((kafka_source *)s)->group;
}

/* ---- rebalance ---- */

static void note_change(kafka_source *s, ds_change_kind kind,
                        const rd_kafka_topic_partition_list_t *list)
{
    uint32_t n = (uint32_t)list->cnt;
    s->parts = realloc(s->parts, (n + 1) * sizeof(*s->parts));
    DS_BUG_ON(!s->parts);
    for (uint32_t i = 0; i < n; i++)
        s->parts[i] = (ds_position){
            .topic = kafka_rows_name(&s->rows, list->elems[i].topic),
            .partition = list->elems[i].partition,
            .next = DS_OFFSET_NONE};
    s->change = (ds_change){.kind = kind, .n = n, .parts = s->parts};
    s->news = true;
}

/* Runs inside poll(). */
static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t e,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    kafka_source *s = opaque;
    if (s->closing) {
        rd_kafka_assign(rk, NULL);
        return;
    }
    kafka_rows_assign(&s->rows, NULL, 0);
    if (e == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        rd_kafka_topic_partition_list_t *none =
            rd_kafka_topic_partition_list_new(0);
        rd_kafka_assign(rk, none);
        rd_kafka_topic_partition_list_destroy(none);
        s->revoked = false;
        note_change(s, DS_ASSIGNED, list);
    } else if (e == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
        s->revoked = true;
        note_change(s, rd_kafka_assignment_lost(rk) ? DS_LOST : DS_REVOKED,
                    list);
    } else {
        rd_kafka_assign(rk, NULL);
    }
}

static void source_change(ds_source *src, ds_change *out)
{
    kafka_source *s = (kafka_source *)src;
    s->news = false;
    *out = s->change;
}

/* Another process took our member id; or the library fenced itself: its
 * JoinGroup was answered, the answer was lost, and it joined once more, so that
 * the broker knows a younger member id than it does. Nothing that a broker
 * tells sets the two apart (a static member keeps the client id of its first
 * join): joining once more does. */
static ds_rc fail_fenced(kafka_source *s, ds_err *err)
{
    return ds_fail(err, s->member ? DS_E_REJOIN : DS_E_FENCED,
                   "member %s of group %s was taken over",
                   s->member ? s->member : "(none)", s->group);
}

/* Tell the library what `rows` says. */
static ds_rc assign_rows(kafka_source *s, ds_err *err)
{
    rd_kafka_resp_err_t e = kafka_rows_start(&s->rows);
    kafka_poke_parts(s->poke, s->rows.parts, s->rows.n_parts);
    if (!e)
        return DS_OK;
    if (rd_kafka_fatal_error(s->rk, NULL, 0) ==
        RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        return fail_fenced(s, err);
    return kafka_fail(err, e, NULL, "start reading in group %s", s->group);
}

/* The library remembers a pause of a partition that went and came back. */
static void resume_all(kafka_source *s, const ds_position *pos, uint32_t n)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)n + 1);

    for (uint32_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, pos[i].topic, pos[i].partition);
    rd_kafka_resume_partitions(s->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
}

static ds_rc source_assign(ds_source *src, const ds_position *pos, uint32_t n,
                           ds_err *err)
{
    kafka_source *s = (kafka_source *)src;
    for (uint32_t i = 0; i < n; i++)
        if (pos[i].next < 0)
            return ds_fail(err, DS_E_INVALID,
                           "topic %s partition %d has no position",
                           pos[i].topic, (int)pos[i].partition);
    if (n && s->news)
        return DS_CHANGED;
    s->revoked = false;
    kafka_rows_assign(&s->rows, pos, n);
    DS_TRY(assign_rows(s, err));
    if (n && s->paused)
        resume_all(s, pos, n);
    s->paused = s->paused && n == 0;
    return DS_OK;
}

/* Whether all of them are moved. The library refuses where it has not started
 * yet, and where it has stopped because of an error. */
static bool seek_list(kafka_source *s, rd_kafka_topic_partition_list_t *list)
{
    /* Before 2.1 it waits for a thousandth of what it is told. */
    int ms = rd_kafka_version() < 0x020100ff ? 1000 * SEEK_MS : SEEK_MS;
    rd_kafka_error_t *e = rd_kafka_seek_partitions(s->rk, list, ms);
    bool moved = e == NULL;

    for (int i = 0; i < list->cnt; i++)
        moved = moved && !list->elems[i].err;
    if (e)
        rd_kafka_error_destroy(e);
    return moved;
}

/* Where the library does not move them, the assignment is made again. */
static ds_rc source_seek(ds_source *src, const ds_position *pos, uint32_t n,
                         ds_err *err)
{
    kafka_source *s = (kafka_source *)src;
    if (n == 0)
        return DS_OK;
    if (s->news)
        return DS_CHANGED;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)n);
    for (uint32_t i = 0; i < n; i++) {
        kafka_part *part =
            kafka_rows_find(&s->rows, pos[i].topic, pos[i].partition);
        if (!part || pos[i].next < 0) {
            rd_kafka_topic_partition_list_destroy(list);
            return ds_fail(err, DS_E_INVALID,
                           "topic %s partition %d cannot be moved",
                           pos[i].topic, (int)pos[i].partition);
        }
        kafka_rows_drop(&s->rows, part);
        part->next = pos[i].next;
        rd_kafka_topic_partition_list_add(list, pos[i].topic, pos[i].partition)
            ->offset = pos[i].next;
    }
    bool moved = seek_list(s, list);
    rd_kafka_topic_partition_list_destroy(list);
    return moved ? DS_OK : assign_rows(s, err);
}

static ds_rc source_pause(ds_source *src, const char *topic, int32_t partition,
                          bool on, ds_err *err)
{
    kafka_source *s = (kafka_source *)src;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t e;

    rd_kafka_topic_partition_list_add(list, topic, partition);
    s->paused = s->paused || on;
    e = on ? rd_kafka_pause_partitions(s->rk, list)
           : rd_kafka_resume_partitions(s->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return e ? kafka_fail(err, e, NULL, "pause topic %s partition %d", topic,
                          (int)partition)
             : DS_OK;
}

/* ---- errors ---- */

static ds_rc fail_fatal(kafka_source *s, ds_err *err)
{
    char text[256] = "";
    rd_kafka_resp_err_t e = rd_kafka_fatal_error(s->rk, text, sizeof(text));
    if (e == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        return fail_fenced(s, err);
    return kafka_fail(err, e, text, "stay in group %s", s->group);
}

/* Whoever was frozen may not know yet that another member has the partition:
 * that one has read on, and deleted what it read. */
static ds_rc range_passed(kafka_source *s, const char *topic, int32_t partition,
                          int64_t at, ds_err *err)
{
    ds_position pos = ds_position_of(topic, partition, DS_OFFSET_NONE);
    DS_TRY(kafka_committed(s->rk, &pos, 1, RANGE_MS, err));
    if (pos.next <= at)
        return DS_OK;
    return ds_fail(err, DS_E_TXN,
                   "topic %s partition %d: another member of group %s has read "
                   "on from offset %lld to %lld",
                   topic, (int)partition, s->group, (long long)at,
                   (long long)pos.next);
}

/* What the library tells may be about a fetch of an earlier assignment: such
 * errors it does not drop. Then, and while nobody can be asked, it is made to
 * fetch once more; by itself it would never again read that partition. */
static ds_rc fail_range(kafka_source *s, const rd_kafka_message_t *m,
                        ds_err *err)
{
    const char *topic = rd_kafka_topic_name(m->rkt);
    kafka_part *part = kafka_rows_find(&s->rows, topic, m->partition);
    kafka_range *r = &s->range;
    if (!part)
        return DS_OK; /* not ours any more */
    ds_rc rc = kafka_range_ask(s->broker->ru, part, m->offset, r, err);
    if (rc == DS_OK && r->out)
        rc = range_passed(s, topic, m->partition, r->at, err);
    if (rc == DS_OK && r->out && !kafka_range_passes(r))
        return kafka_range_fail(part, r, err);
    return rc == DS_OK || rc == DS_E_TIMEOUT || rc == DS_E_IO
               ? assign_rows(s, err)
               : rc;
}

/* After a restart brokers may not know a topic for a moment. */
static void note_gone(kafka_source *s, const char *topic)
{
    if (s->gone)
        return;
    s->gone = strdup(topic ? topic : "");
    s->gone_at = ds_mono_now() + SOURCE_GONE_MS * DS_MS;
}

static ds_rc check_gone(kafka_source *s, ds_err *err)
{
    ds_topic_info info;
    char *topic = s->gone;
    if (!topic || ds_mono_now() < s->gone_at)
        return DS_OK;
    s->gone = NULL;
    ds_rc rc = topic[0] && topic[0] != '^'
                   ? kafka_topic_info(&s->broker->base, topic, &info, NULL)
                   : DS_OK;
    if (rc == DS_NOTFOUND)
        rc = ds_fail(err, DS_E_FAILED,
                     "topic %s does not exist any more: it was deleted while "
                     "the job was reading it",
                     topic);
    else
        rc = DS_OK;
    free(topic);
    return rc;
}

static ds_rc fail_message(kafka_source *s, const rd_kafka_message_t *m,
                          ds_err *err)
{
    const char *text = rd_kafka_message_errstr(m);
    if (!m->rkt)
        return kafka_fail(err, m->err, text, "read in group %s", s->group);
    return kafka_fail(err, m->err, text,
                      "read topic %s partition %d offset "
                      "%lld",
                      rd_kafka_topic_name(m->rkt), (int)m->partition,
                      (long long)m->offset);
}

static ds_rc source_odd(void *arg, const rd_kafka_message_t *m, ds_err *err)
{
    kafka_source *s = arg;
    const char *topic = m->rkt ? rd_kafka_topic_name(m->rkt) : NULL;
    switch (m->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED: /* DS_LOST follows */
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
        return DS_OK;
    case RD_KAFKA_RESP_ERR__FATAL:
        return fail_fatal(s, err);
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        return fail_fenced(s, err);
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return m->rkt ? fail_range(s, m, err) : fail_message(s, m, err);
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        note_gone(s, topic);
        return DS_OK;
    default:
        break;
    }
    ds_rc rc = kafka_rc(m->err);
    if (rc == DS_E_IO || rc == DS_E_TIMEOUT) {
        ds_log(DS_LOG_INFO, "a kafka error that should pass",
               DS_KV("topic", "%s", topic ? topic : ""),
               DS_KV("text", "%s", rd_kafka_message_errstr(m)));
        return DS_OK;
    }
    return fail_message(s, m, err);
}

/* ---- poll ---- */

static ds_rc source_poll(ds_source *src, ds_arena *a, uint32_t max_rows,
                         int timeout_ms, ds_fetch *out, ds_err *err)
{
    kafka_source *s = (kafka_source *)src;
    if (s->news)
        return DS_CHANGED;
    ds_rc rc = kafka_rows_next(&s->rows, a, max_rows, out, source_odd, s, err);
    if (rc != DS_END)
        return rc;
    rc = kafka_rows_fetch(&s->rows, max_rows, timeout_ms, source_odd, s, err);
    if (s->rows.full)
        kafka_poke_flow(s->poke);
    DS_TRY(rc);
    DS_TRY(check_gone(s, err));
    if (s->news)
        return DS_CHANGED;
    return kafka_rows_next(&s->rows, a, max_rows, out, source_odd, s, err);
}

static ds_rc source_committed(ds_source *src, ds_position *pos, uint32_t n,
                              int timeout_ms, ds_err *err)
{
    kafka_source *s = (kafka_source *)src;
    ds_rc rc = kafka_committed(s->rk, pos, n, timeout_ms, err);
    if (rc < 0)
        ds_wrap(err, "group %s", s->group);
    return rc;
}

/* ---- open, close ---- */

static void source_free(kafka_source *s)
{
    free(s->gone);
    free(s->parts);
    free(s->member);
    free(s->group);
    free(s);
}

static void source_close(ds_source *src)
{
    kafka_source *s = (kafka_source *)src;
    if (!s)
        return;
    s->closing = true;
    kafka_poke_stop(s->poke);
    bool dead = true;
    kafka_rows_free(&s->rows);
    if (s->rk && s->revoked) /* closing waits for the answer */
        rd_kafka_assign(s->rk, NULL);
    if (s->rk)
        dead = kafka_destroy(s->rk, true);
    if (dead) /* else its callbacks still use s */
        source_free(s);
}

/* A member has to answer for longer than its slowest step takes. */
static void conf_group(kafka_source *s, rd_kafka_conf_t *conf,
                       const ds_source_spec *spec)
{
    kafka_broker *b = s->broker;
    int session_ms = kafka_prop_int(b, "session.timeout.ms", 10000);
    kafka_default(b, conf, "session.timeout.ms", session_ms);
    kafka_default(b, conf, "heartbeat.interval.ms",
                  session_ms / 3 < 3000 ? session_ms / 3 : 3000);
    kafka_default(b, conf, "max.poll.interval.ms",
                  session_ms > 120000 ? session_ms : 120000);
    kafka_set(conf, "group.id", spec->group);
    if (spec->member)
        kafka_set(conf, "group.instance.id", spec->member);
    kafka_set(conf, "partition.assignment.strategy", "range");
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_opaque(conf, s);
}

static ds_rc subscribe(kafka_source *s, const ds_source_spec *spec, ds_err *err)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)spec->n_topics);
    for (uint32_t i = 0; i < spec->n_topics; i++)
        rd_kafka_topic_partition_list_add(list, spec->topics[i],
                                          RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t e = rd_kafka_subscribe(s->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (e)
        return kafka_fail(err, e, NULL, "subscribe in group %s", s->group);
    return DS_OK;
}

ds_rc kafka_source_open(ds_broker *broker, const ds_source_spec *spec,
                        ds_source **out, ds_err *err)
{
    kafka_source *s = calloc(1, sizeof(*s));
    DS_BUG_ON(!s);
    s->base.type = &kafka_source_type;
    s->broker = (kafka_broker *)broker;
    s->group = strdup(spec->group);
    s->member = spec->member ? strdup(spec->member) : NULL;
    rd_kafka_conf_t *conf = kafka_conf(s->broker, KAFKA_CONSUMER);
    conf_group(s, conf, spec);
    ds_rc rc = kafka_new(s->broker, RD_KAFKA_CONSUMER, conf, &s->rk, err);
    if (rc == DS_OK) {
        rd_kafka_poll_set_consumer(s->rk);
        kafka_rows_init(&s->rows, s->broker, s->rk);
        s->poke = kafka_poke_start(s->rk);
        rc = subscribe(s, spec, err);
    }
    if (rc < 0)
        source_close(&s->base);
    else
        *out = &s->base;
    return rc;
}

static int64_t source_end(ds_source *src, const char *topic, int32_t partition)
{
    kafka_source *s = (kafka_source *)src;
    int64_t low = -1, high = -1;
    if (rd_kafka_get_watermark_offsets(s->rk, topic, partition, &low, &high))
        return -1;
    return high >= 0 ? high : -1;
}

const ds_source_type kafka_source_type = {
    .close = source_close,
    .poll = source_poll,
    .change = source_change,
    .assign = source_assign,
    .seek = source_seek,
    .pause = source_pause,
    .committed = source_committed,
    .end = source_end,
};
