/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.c - reads changelogs, on restore.
 *
 * Records are read committed; the end to be reached is the true end of the
 * log, which only a handle that reads uncommitted is told (exactly-once.md B3).
 */
#include <stdlib.h>

#include "dstream/fault.h"
#include "dstream/log.h"
#include "kafka/kafka.h"

typedef struct kafka_reader {
    ds_reader base;
    kafka_broker *broker;
    rd_kafka_t *rk;
    kafka_rows rows;
    kafka_poke *poke;
    kafka_range range; /* of what was last refused */
} kafka_reader;

static void reader_close(ds_reader *reader)
{
    kafka_reader *r = (kafka_reader *)reader;
    if (!r)
        return;
    kafka_poke_stop(r->poke);
    kafka_rows_free(&r->rows);
    if (r->rk)
        kafka_destroy(r->rk, true);
    free(r);
}

ds_rc kafka_reader_open(ds_broker *broker, ds_reader **out, ds_err *err)
{
    kafka_reader *r = calloc(1, sizeof(*r));
    DS_BUG_ON(!r);
    r->base.type = &kafka_reader_type;
    r->broker = (kafka_broker *)broker;
    rd_kafka_conf_t *conf = kafka_conf(r->broker, KAFKA_CONSUMER);
    /* The library wants a group; it is never joined. */
    kafka_set(conf, "group.id", r->broker->job);
    kafka_default(r->broker, conf, "max.partition.fetch.bytes", 1 << 20);
    ds_rc rc = kafka_new(r->broker, RD_KAFKA_CONSUMER, conf, &r->rk, err);
    if (rc < 0) {
        free(r);
        return rc;
    }
    rd_kafka_poll_set_consumer(r->rk);
    kafka_rows_init(&r->rows, r->broker, r->rk);
    r->poke = kafka_poke_start(r->rk);
    *out = &r->base;
    return DS_OK;
}

static ds_rc reader_ends(ds_reader *reader, const ds_position *pos, uint32_t n,
                         int64_t *low, int64_t *high, ds_err *err)
{
    kafka_reader *r = (kafka_reader *)reader;
    rd_kafka_t *rk = r->broker->ru;
    if (ds_breaks("restore_lso"))
        rk = r->rk;
    return kafka_ends(rk, pos, n, low, high, err);
}

/* All partitions at once: one assignment each costs 0.1 to 0.3 s. */
static ds_rc reader_assign(ds_reader *reader, const ds_position *pos,
                           uint32_t n, ds_err *err)
{
    kafka_reader *r = (kafka_reader *)reader;
    kafka_rows_assign(&r->rows, pos, n);
    rd_kafka_resp_err_t e = kafka_rows_start(&r->rows);
    kafka_poke_parts(r->poke, r->rows.parts, n);
    return e ? kafka_fail(err, e, NULL, "start reading the changelogs") : DS_OK;
}

/* It may be about a fetch of an earlier assignment, or of a broker that leads
 * no more: the library is made to fetch once more (source.c). */
static ds_rc reader_range(kafka_reader *r, const rd_kafka_message_t *m,
                          ds_err *err)
{
    kafka_part *part =
        kafka_rows_find(&r->rows, rd_kafka_topic_name(m->rkt), m->partition);
    rd_kafka_resp_err_t e;

    if (!part)
        return DS_OK;
    ds_rc rc = kafka_range_ask(r->broker->ru, part, m->offset, &r->range, err);
    if (rc == DS_OK && r->range.out && !kafka_range_passes(&r->range))
        return kafka_range_fail(part, &r->range, err);
    if (rc < 0 && rc != DS_E_TIMEOUT && rc != DS_E_IO)
        return rc;
    e = kafka_rows_start(&r->rows);
    return e ? kafka_fail(err, e, NULL, "start reading the changelogs") : DS_OK;
}

static ds_rc reader_odd(void *arg, const rd_kafka_message_t *m, ds_err *err)
{
    ds_rc rc = kafka_rc(m->err);
    if (!m->rkt || m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return DS_OK;
    if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        m->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
        return reader_range(arg, m, err);
    if (rc == DS_E_IO || rc == DS_E_TIMEOUT) {
        ds_log(DS_LOG_INFO, "a kafka error that should pass",
               DS_KV("topic", "%s", rd_kafka_topic_name(m->rkt)),
               DS_KV("text", "%s", rd_kafka_message_errstr(m)));
        return DS_OK;
    }
    return kafka_fail(err, m->err, rd_kafka_message_errstr(m),
                      "read topic %s partition %d offset %lld",
                      rd_kafka_topic_name(m->rkt), (int)m->partition,
                      (long long)m->offset);
}

static ds_rc reader_poll(ds_reader *reader, ds_arena *a, uint32_t max_rows,
                         int timeout_ms, ds_fetch *out, ds_err *err)
{
    kafka_reader *r = (kafka_reader *)reader;
    ds_rc rc = kafka_rows_next(&r->rows, a, max_rows, out, reader_odd, r, err);
    if (rc != DS_END)
        return rc;
    rc = kafka_rows_fetch(&r->rows, max_rows, timeout_ms, reader_odd, r, err);
    if (r->rows.full)
        kafka_poke_flow(r->poke);
    DS_TRY(rc);
    return kafka_rows_next(&r->rows, a, max_rows, out, reader_odd, r, err);
}

const ds_reader_type kafka_reader_type = {
    .close = reader_close,
    .ends = reader_ends,
    .assign = reader_assign,
    .poll = reader_poll,
};
