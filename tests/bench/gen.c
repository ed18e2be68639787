/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen.c - makes a topic and fills it with the input of a workload.
 *
 *     bench_gen --brokers B --topic T [--partitions N] [--kind pass|words|
 *         lines] [--records N] [--keys N] [--dist uniform|zipf] [--seed N]
 *         [--time MS]
 *
 *     bench_gen --brokers B --delete T1[,T2…]
 *
 * --records 0 makes an empty topic.
 */
#include <stdio.h>
#include <string.h>

#include "common/data.h"
#include "common/kit.h"

static int64_t lost;

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    (void)rk;
    (void)opaque;
    if (m->err)
        lost++;
}

static void send_record(rd_kafka_t *rk, rd_kafka_topic_t *t, int32_t partition,
                        data_record *r)
{
    rd_kafka_vu_t vu[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = t},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {r->value, r->value_len}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = r->ms},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {r->key, r->key_len}},
    };
    rd_kafka_error_t *e;
    while ((e = rd_kafka_produceva(rk, vu, r->key_len ? 6 : 5)) != NULL) {
        if (rd_kafka_error_code(e) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            kit_die("produce: %s", rd_kafka_error_string(e));
        rd_kafka_error_destroy(e);
        rd_kafka_poll(rk, 20);
    }
}

/* What is not there is no mistake. */
static int delete_topics(const char *brokers, const char *list)
{
    rd_kafka_DeleteTopic_t *topics[32];
    size_t n = 0;
    char text[1024], *at;
    snprintf(text, sizeof(text), "%s", list);
    for (char *t = strtok_r(text, ",", &at); t && n < 32;
         t = strtok_r(NULL, ",", &at))
        topics[n++] = rd_kafka_DeleteTopic_new(t);
    rd_kafka_t *rk = kit_client(RD_KAFKA_PRODUCER, kit_conf(brokers, NULL));
    rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
    rd_kafka_DeleteTopics(rk, topics, n, NULL, q);
    rd_kafka_event_t *ev = rd_kafka_queue_poll(q, 30000);
    if (ev)
        rd_kafka_event_destroy(ev);
    rd_kafka_DeleteTopic_destroy_array(topics, n);
    rd_kafka_queue_destroy(q);
    rd_kafka_destroy(rk);
    return ev == NULL;
}

int main(int argc, char **argv)
{
    const char *brokers = kit_opt(argc, argv, "brokers", "127.0.0.1:9092");
    const char *topic = kit_opt(argc, argv, "topic", NULL);
    int32_t partitions = (int32_t)kit_opt_int(argc, argv, "partitions", 6);
    const char *const pairs[] = {"linger.ms",
                                 "20",
                                 "acks",
                                 "1",
                                 "queue.buffering.max.messages",
                                 "200000",
                                 "delivery.report.only.error",
                                 "true",
                                 NULL};
    const char *gone = kit_opt(argc, argv, "delete", NULL);
    data d;
    data_record r;
    if (gone)
        return delete_topics(brokers, gone);
    if (!topic)
        kit_die("--topic is missing");
    data_open(&d, argc, argv);
    rd_kafka_conf_t *conf = kit_conf(brokers, pairs);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    rd_kafka_t *rk = kit_client(RD_KAFKA_PRODUCER, conf);
    kit_create_topic(rk, topic, partitions, NULL);
    kit_partitions(rk, topic);
    rd_kafka_topic_t *t = rd_kafka_topic_new(rk, topic, NULL);
    for (int64_t i = 0; i < d.records; i++) {
        data_next(&d, &r);
        int32_t p = r.key_len ? kit_partition(r.key, r.key_len, partitions)
                              : (int32_t)(i / 1000 % partitions);
        send_record(rk, t, p, &r);
        if (i % 1000 == 0)
            rd_kafka_poll(rk, 0);
    }
    if (rd_kafka_flush(rk, 120000) || lost > 0)
        kit_die("%lld records were not written", (long long)lost);
    rd_kafka_topic_destroy(t);
    rd_kafka_destroy(rk);
    data_close(&d);
    return 0;
}
