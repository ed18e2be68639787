/* SPDX-License-Identifier: Apache-2.0 */
/*
 * taint.c - requests that ended without an answer.
 *
 * The library silently sends such a request again, and the first copy can
 * still arrive, in the next transaction: it could commit half of that, or take
 * the group's offsets back (exactly-once.md, Taint). So a transaction in which
 * one was seen costs the producer; a lost TxnOffsetCommit the consumer too.
 */
#include "dstream/fault.h"
#include "kafka/kafka.h"

/* Kafka's request numbers. */
enum {
    API_PRODUCE = 0,
    API_INIT_PRODUCER_ID = 22,
    API_ADD_PARTITIONS = 24,
    API_ADD_OFFSETS = 25,
    API_END_TXN = 26,
    API_TXN_OFFSET_COMMIT = 28
};

/* From the library's threads. */
/* NOLINTNEXTLINE(readability-function-size): the parameters of the library */
static rd_kafka_resp_err_t on_response(rd_kafka_t *rk, int sockfd,
                                       const char *brokername, int32_t brokerid,
                                       int16_t api, int16_t version,
                                       int32_t corrid, size_t size, int64_t rtt,
                                       rd_kafka_resp_err_t e, void *opaque)
{
    kafka_taint *t = opaque;
    (void)rk, (void)sockfd, (void)brokername, (void)brokerid, (void)version;
    (void)corrid, (void)size, (void)rtt;
    if (e >= 0 || e == RD_KAFKA_RESP_ERR__DESTROY)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    unsigned bits = 0;
    switch (api) {
    case API_TXN_OFFSET_COMMIT:
        bits = DS_TAINT_PRODUCER | DS_TAINT_CONSUMER;
        break;
    case API_PRODUCE:
    case API_INIT_PRODUCER_ID:
    case API_ADD_PARTITIONS:
    case API_ADD_OFFSETS:
    case API_END_TXN:
        bits = DS_TAINT_PRODUCER;
        break;
    default:
        break;
    }
    if (bits)
        __atomic_fetch_or(&t->bits, bits, __ATOMIC_SEQ_CST);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf,
                                  void *opaque, char *text, size_t size)
{
    (void)conf, (void)text, (void)size;
    return rd_kafka_interceptor_add_on_response_received(rk, "taint",
                                                         on_response, opaque);
}

void kafka_taint_watch(kafka_taint *t, rd_kafka_conf_t *conf)
{
    __atomic_store_n(&t->bits, 0, __ATOMIC_SEQ_CST);
    if (!ds_breaks("no_taint"))
        rd_kafka_conf_interceptor_add_on_new(conf, "taint", on_new, t);
}
