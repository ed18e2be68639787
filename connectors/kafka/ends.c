/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ends.c - where logs begin and end, and which offset a time has; what it means
 * that a log does not have one.
 *
 * All partitions are asked for at once, one request to each broker: one after
 * the other they would take seconds each while a broker is away.
 */
#include <string.h>
#include <unistd.h>

#include "kafka/kafka.h"

#define ENDS_PATIENCE (5 * DS_SECOND)
#define EARLY_PATIENCE (5 * DS_SECOND)

enum {
    ENDS_MS = 5000,
    /* Times that stand for ends, in Kafka's ListOffsets. */
    LATEST = -1,
    EARLIEST = -2
};

/* A partition that has just been added or moved is not known everywhere at
 * once. */
static bool is_new_partition(rd_kafka_resp_err_t e)
{
    return e == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
           e == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           e == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           e == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           e == RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH ||
           e == RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH;
}

/* The client answers from what it has cached until it is told to ask again. */
static void ask_again(rd_kafka_t *rk, const char *topic)
{
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    const struct rd_kafka_metadata *md = NULL;

    if (rkt && rd_kafka_metadata(rk, 0, rkt, &md, ENDS_MS) == 0)
        rd_kafka_metadata_destroy(md);
    if (rkt)
        rd_kafka_topic_destroy(rkt);
    usleep(100000);
}

/* The offsets of a time, or of an end; *at: what an error is about. */
static rd_kafka_resp_err_t offsets_once(rd_kafka_t *rk, const ds_position *pos,
                                        uint32_t n, int64_t time, int ms,
                                        int64_t *out, uint32_t *at)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)n);
    rd_kafka_resp_err_t e;

    for (uint32_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, pos[i].topic, pos[i].partition)
            ->offset = time;
    e = rd_kafka_offsets_for_times(rk, list, ms);
    *at = 0;
    for (uint32_t i = 0; i < n && !e; i++) {
        *at = i;
        e = list->elems[i].err;
        out[i] = list->elems[i].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return e;
}

static ds_rc ends_of(rd_kafka_t *rk, const ds_position *pos, uint32_t n,
                     int64_t end, int64_t *out, ds_err *err)
{
    ds_time until = ds_mono_now() + ENDS_PATIENCE;
    rd_kafka_resp_err_t e;
    uint32_t at;

    while ((e = offsets_once(rk, pos, n, end, ENDS_MS, out, &at)) != 0 &&
           is_new_partition(e) && ds_mono_now() < until)
        ask_again(rk, pos[at].topic);
    for (uint32_t i = 0; i < n && !e; i++)
        if (out[i] < 0) { /* nobody has answered for it */
            at = i;
            e = RD_KAFKA_RESP_ERR__TIMED_OUT;
        }
    if (e)
        return kafka_fail(err, e, NULL,
                          "read the log ends of topic %s partition %d",
                          pos[at].topic, (int)pos[at].partition);
    return DS_OK;
}

ds_rc kafka_ends(rd_kafka_t *rk, const ds_position *pos, uint32_t n,
                 int64_t *low, int64_t *high, ds_err *err)
{
    if (n == 0)
        return DS_OK;
    DS_TRY(ends_of(rk, pos, n, EARLIEST, low, err));
    return ends_of(rk, pos, n, LATEST, high, err);
}

ds_rc kafka_watermarks(ds_broker *broker, const char *topic, int32_t partition,
                       int64_t *low, int64_t *high, ds_err *err)
{
    ds_position pos = ds_position_of(topic, partition, 0);

    return kafka_ends(((kafka_broker *)broker)->ru, &pos, 1, low, high, err);
}

ds_rc kafka_offset_at(ds_broker *broker, const char *topic, int32_t partition,
                      ds_time t, int64_t *out, ds_err *err)
{
    kafka_broker *b = (kafka_broker *)broker;
    int64_t ms = t / 1000 + (t % 1000 > 0);
    ds_position pos = ds_position_of(topic, partition, 0);
    uint32_t at;
    rd_kafka_resp_err_t e =
        offsets_once(b->ru, &pos, 1, ms, KAFKA_ADMIN_MS, out, &at);

    if (e)
        return kafka_fail(err, e, NULL,
                          "find an offset by time in topic %s partition %d",
                          topic, (int)partition);
    if (*out < 0) /* nothing that late: the end */
        return ends_of(b->ru, &pos, 1, LATEST, out, err);
    return DS_OK;
}

/* ---- offsets that are out of range ---- */

ds_rc kafka_range_ask(rd_kafka_t *rk, const kafka_part *part, int64_t refused,
                      kafka_range *r, ds_err *err)
{
    ds_position pos = ds_position_of(part->topic, part->partition, part->next);

    DS_TRY(kafka_ends(rk, &pos, 1, &r->low, &r->high, err));
    r->at = part->next;
    r->out = r->at < r->low || r->at > r->high || refused > r->high;
    return DS_OK;
}

/* A broker that was frozen takes itself for the leader until it hears of the
 * new one, and its log ends where it ended before. */
bool kafka_range_passes(kafka_range *r)
{
    ds_time now = ds_mono_now();

    if (r->at < r->low)
        return false;
    if (!r->early_at || now - r->early_at > 2 * EARLY_PATIENCE)
        r->early_from = now;
    r->early_at = now;
    return now - r->early_from <= EARLY_PATIENCE;
}

ds_rc kafka_range_fail(const kafka_part *part, const kafka_range *r,
                       ds_err *err)
{
    return ds_fail(err, DS_E_FAILED,
                   "topic %s partition %d offset %lld is not in the log any "
                   "more (it holds %lld to %lld): records were deleted before "
                   "they were read, or the log was truncated. Choose where to "
                   "go on with dstream replay",
                   part->topic, (int)part->partition, (long long)r->at,
                   (long long)r->low, (long long)r->high);
}
