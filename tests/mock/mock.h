/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mock.h - librdkafka's mock cluster for the programs of this ring.
 *
 * It takes requests and answers as it is told; it has no transactions worth the
 * name, so nothing here says anything about exactly-once.
 */
#ifndef MOCK_MOCK_H
#define MOCK_MOCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "kafka/kafka.h"

/* Kafka's request numbers. */
enum {
    API_PRODUCE = 0,
    API_FETCH = 1,
    API_OFFSET_FETCH = 9,
    API_HEARTBEAT = 12,
    API_INIT_PRODUCER_ID = 22,
    API_ADD_PARTITIONS = 24,
    API_ADD_OFFSETS = 25,
    API_END_TXN = 26,
    API_TXN_OFFSET_COMMIT = 28
};

typedef struct mock {
    rd_kafka_t *rk; /* owns the cluster */
    rd_kafka_mock_cluster_t *cluster;
    ds_broker *broker;
    ds_err err;
    ds_arena *arena;
} mock;

enum { MOCK_PARTS = 4 };

#define OK(m, call)                                                            \
    do {                                                                       \
        ds_rc rc_ = (call);                                                    \
        if (rc_ < 0)                                                           \
            fail_msg("%s: %s: %s", #call, ds_rc_name(rc_), (m)->err.msg);      \
    } while (0)

static inline const ds_txn_type *txn_calls(void)
{
    return &kafka_txn_type;
}

static inline ds_broker *mock_broker(mock *m, const ds_prop *more, uint32_t n)
{
    ds_prop props[16] = {
        {.name = "bootstrap.servers",
         .value = rd_kafka_mock_cluster_bootstraps(m->cluster)},
        {.name = "transaction.timeout.ms", .value = "2000"},
        {.name = "session.timeout.ms", .value = "6000"}};
    uint32_t k = 3;
    for (uint32_t i = 0; i < n; i++)
        props[k++] = more[i];
    ds_broker_spec spec = {"job", props, k, 100 * DS_MS};
    ds_broker *b = NULL;
    OK(m, kafka_type.open(&spec, &b, &m->err));
    return b;
}

static inline mock *mock_start(int brokers)
{
    char text[256];
    mock *m = calloc(1, sizeof(*m));
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", "127.0.0.1:1", NULL, 0);
    rd_kafka_conf_set(conf, "log_level", "0", NULL, 0);
    m->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    assert_non_null(m->rk);
    m->cluster = rd_kafka_mock_cluster_new(m->rk, brokers);
    assert_non_null(m->cluster);
    rd_kafka_mock_topic_create(m->cluster, "in", MOCK_PARTS, brokers);
    rd_kafka_mock_topic_create(m->cluster, "out", MOCK_PARTS, brokers);
    rd_kafka_mock_topic_create(m->cluster, "log", MOCK_PARTS, brokers);
    m->arena = ds_arena_new(1 << 16);
    m->broker = mock_broker(m, NULL, 0);
    return m;
}

static inline void mock_stop(mock *m)
{
    kafka_type.close(m->broker);
    rd_kafka_mock_cluster_destroy(m->cluster);
    rd_kafka_destroy(m->rk);
    ds_arena_free(m->arena);
    free(m);
}

static inline ds_txn *mock_txn(mock *m, ds_broker *b, const char *id)
{
    static const char *const topics[] = {"out", "log", "in"};
    ds_txn_spec spec = {id, topics, 3};
    ds_txn *t = NULL;
    OK(m, kafka_type.txn_open(b, &spec, &t, &m->err));
    return t;
}

static inline ds_source *mock_source(mock *m, ds_broker *b, const char *group,
                                     const char *member)
{
    static const char *const topics[] = {"in"};
    ds_source_spec spec = {group, member, topics, 1};
    ds_source *s = NULL;
    OK(m, kafka_type.source_open(b, &spec, &s, &m->err));
    return s;
}

/* Poll until a change of that kind; rows before it are thrown away. */
static inline ds_change mock_change(mock *m, ds_source *s, ds_change_kind kind,
                                    int seconds)
{
    ds_time until = ds_mono_now() + seconds * DS_SECOND;
    ds_change c = {0};
    while (ds_mono_now() < until) {
        ds_fetch f;
        ds_rc rc = s->type->poll(s, m->arena, 100, 100, &f, &m->err);
        OK(m, rc);
        if (rc != DS_CHANGED)
            continue;
        s->type->change(s, &c);
        if (c.kind == kind)
            return c;
        OK(m, s->type->assign(s, NULL, 0, &m->err));
    }
    fail_msg("no change of kind %d", (int)kind);
    return c;
}

/* Join, and read everything from `next` on. */
static inline uint32_t mock_join(mock *m, ds_source *s, ds_position *pos,
                                 int64_t next)
{
    ds_change c = mock_change(m, s, DS_ASSIGNED, 20);
    for (uint32_t i = 0; i < c.n; i++) {
        pos[i] = c.parts[i];
        pos[i].next = next;
    }
    OK(m, s->type->assign(s, pos, c.n, &m->err));
    return c.n;
}

/* `n` rows: key k<i>, value v<i>, to that partition or by key. */
static inline ds_row *mock_rows(mock *m, uint32_t topic, int32_t partition,
                                uint32_t n)
{
    ds_row *rows = ds_new(m->arena, ds_row, n);
    for (uint32_t i = 0; i < n; i++)
        rows[i] =
            (ds_row){.topic = topic,
                     .partition = partition,
                     .key = ds_slice_of(ds_str_printf(m->arena, "k%u", i)),
                     .val = ds_slice_of(ds_str_printf(m->arena, "v%u", i)),
                     .ts = DS_TIME_NONE};
    return rows;
}

static inline void mock_fill(mock *m, int32_t partition, uint32_t n)
{
    ds_txn *t = mock_txn(m, m->broker, "fill");
    uint32_t bad;
    OK(m, t->type->begin(t, &m->err));
    OK(m, t->type->send(t, mock_rows(m, 2, partition, n), n, &bad, &m->err));
    OK(m, t->type->flush(t, &m->err));
    OK(m, t->type->commit(t, &m->err));
    t->type->close(t);
}

#endif
