/* SPDX-License-Identifier: Apache-2.0 */
/* raw.c - the loop of the yardsticks. */
#include "raw.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RAW_TIMEOUT_MS = 30000 };

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

/* Without a callback, flush() sleeps in steps of 10 ms. */
static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    (void)rk;
    (void)opaque;
    if (m->err)
        kit_die("a record was not written: %s", rd_kafka_err2str(m->err));
}

static void check(rd_kafka_error_t *e, const char *what)
{
    if (e)
        kit_die("%s: %s", what, rd_kafka_error_string(e));
}

/* ---- clients ---- */

static void open_consumer(raw *r, const char *brokers, const char *topic,
                          const char *id)
{
    const char *const pairs[] = {"group.id",
                                 id,
                                 "group.instance.id",
                                 id,
                                 "isolation.level",
                                 "read_committed",
                                 "enable.auto.commit",
                                 "false",
                                 "enable.auto.offset.store",
                                 "false",
                                 "auto.offset.reset",
                                 "earliest",
                                 "fetch.min.bytes",
                                 "65536",
                                 "fetch.wait.max.ms",
                                 "10",
                                 "max.partition.fetch.bytes",
                                 "262144",
                                 "queued.min.messages",
                                 "5000",
                                 "queued.max.messages.kbytes",
                                 "65536",
                                 "check.crcs",
                                 "true",
                                 NULL};
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(1);
    r->consumer = kit_client(RD_KAFKA_CONSUMER, kit_conf(brokers, pairs));
    rd_kafka_poll_set_consumer(r->consumer);
    rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(r->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
}

static void open_producer(raw *r, const char *brokers, const char *id)
{
    const char *const pairs[] = {"transactional.id",
                                 id,
                                 "linger.ms",
                                 "5",
                                 "retry.backoff.ms",
                                 "10",
                                 "queue.buffering.max.messages",
                                 "500000",
                                 "queue.buffering.max.kbytes",
                                 "262144",
                                 NULL};
    rd_kafka_conf_t *conf = kit_conf(brokers, pairs);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    r->producer = kit_client(RD_KAFKA_PRODUCER, conf);
    check(rd_kafka_init_transactions(r->producer, RAW_TIMEOUT_MS),
          "init_transactions");
}

/* ---- the stall of old fetchers ---- */

struct poke {
    rd_kafka_t *rk;
    const char *topic;
    pthread_t thread;
    int stop, flow; /* atomic */
};

/* librdkafka before 2.2 fetches a full partition again after a second only; a
 * request wakes its thread. */
static void *poke_run(void *arg)
{
    struct poke *p = arg;
    int64_t low, high;
    while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
        if (__atomic_exchange_n(&p->flow, 0, __ATOMIC_RELAXED))
            rd_kafka_query_watermark_offsets(p->rk, p->topic, 0, &low, &high,
                                             500);
        kit_sleep_ms(10);
    }
    return NULL;
}

/* ---- a batch ---- */

typedef struct batch {
    rd_kafka_message_t *rows[RAW_BATCH_ROWS];
    int64_t n;
} batch;

/* Rows that came go to the batch; what has an error is dropped. */
static void add_rows(raw *r, batch *b, ssize_t n, struct poke *poke,
                     raw_take *take)
{
    int64_t first = b->n;
    for (ssize_t i = 0; i < n; i++) {
        rd_kafka_message_t *m = b->rows[first + i];
        if (m->err) {
            rd_kafka_message_destroy(m);
            continue;
        }
        r->next[m->partition] = m->offset + 1;
        b->rows[b->n++] = m;
    }
    if (b->n == first)
        return;
    __atomic_store_n(&poke->flow, 1, __ATOMIC_RELAXED);
    if (take)
        take(r, b->rows + first, b->n - first);
}

/* At a low rate: sleep, then drain what has come. At a high one: block. */
static void collect(raw *r, rd_kafka_queue_t *q, batch *b, struct poke *poke,
                    bool *busy, raw_take *take)
{
    int64_t grid = (int64_t)RAW_BATCH_MS * 1000000, left, cut;
    while (b->n == 0 && !stopping)
        add_rows(r, b, rd_kafka_consume_batch_queue(q, 500, b->rows, 1), poke,
                 take);
    cut = (kit_mono_ns() / grid + 1) * grid;
    while (b->n + RAW_FETCH <= RAW_BATCH_ROWS &&
           (left = cut - kit_mono_ns()) > 0) {
        int ms = (int)(left / 1000000) + 1;
        if (!*busy)
            kit_sleep_ms(ms < 25 ? ms : 25);
        ssize_t n = rd_kafka_consume_batch_queue(q, *busy ? ms : 0,
                                                 b->rows + b->n, RAW_FETCH);
        if (n == RAW_FETCH)
            *busy = true; /* more than can be drained now and then */
        add_rows(r, b, n, poke, take);
    }
    if (b->n < RAW_BATCH_ROWS / 10)
        *busy = false;
}

static void commit(raw *r, const char *topic)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(KIT_MAX_PARTITIONS);
    for (int32_t p = 0; p < KIT_MAX_PARTITIONS; p++)
        if (r->next[p] >= 0)
            rd_kafka_topic_partition_list_add(list, topic, p)->offset =
                r->next[p];
    rd_kafka_consumer_group_metadata_t *md =
        rd_kafka_consumer_group_metadata(r->consumer);
    check(rd_kafka_send_offsets_to_transaction(r->producer, list, md,
                                               RAW_TIMEOUT_MS),
          "send_offsets");
    rd_kafka_consumer_group_metadata_destroy(md);
    rd_kafka_topic_partition_list_destroy(list);
    check(rd_kafka_commit_transaction(r->producer, RAW_TIMEOUT_MS), "commit");
}

static void finish(raw *r, batch *b, const char *topic, raw_seal *seal)
{
    seal(r, b->rows, b->n);
    if (rd_kafka_flush(r->producer, RAW_TIMEOUT_MS))
        kit_die("flush: timed out");
    for (int64_t i = 0; i < b->n; i++)
        rd_kafka_message_destroy(b->rows[i]);
    b->n = 0;
    commit(r, topic);
}

static bool at_end(const raw *r, const int64_t *ends, int32_t n)
{
    for (int32_t p = 0; p < n; p++)
        if (ends[p] > 0 && r->next[p] < ends[p])
            return false;
    return true;
}

static void run(raw *r, const char *topic, const int64_t *ends, int32_t n,
                raw_take *take, raw_seal *seal)
{
    static batch b;
    rd_kafka_queue_t *q = rd_kafka_queue_get_consumer(r->consumer);
    struct poke poke = {.rk = r->consumer, .topic = topic};
    bool busy = false;
    if (pthread_create(&poke.thread, NULL, poke_run, &poke) != 0)
        kit_die("no thread");
    while (!stopping && !(ends && at_end(r, ends, n))) {
        /* Costs nothing until the first row is produced into it. */
        check(rd_kafka_begin_transaction(r->producer), "begin");
        collect(r, q, &b, &poke, &busy, take);
        if (b.n > 0)
            finish(r, &b, topic, seal);
    }
    __atomic_store_n(&poke.stop, 1, __ATOMIC_RELAXED);
    pthread_join(poke.thread, NULL);
    rd_kafka_queue_destroy(q);
}

void raw_send(raw *r, rd_kafka_topic_t *t, int32_t partition,
              rd_kafka_message_t *rows, int n)
{
    int done = 0;
    while (done < n) {
        rd_kafka_produce_batch(t, partition, RD_KAFKA_MSG_F_PARTITION,
                               rows + done, n - done);
        while (done < n && !rows[done].err)
            done++;
        if (done < n && rows[done].err != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            kit_die("produce: %s", rd_kafka_err2str(rows[done].err));
        if (done < n)
            rd_kafka_poll(r->producer, 10);
    }
}

int raw_main(int argc, char **argv, raw_take *take, raw_seal *seal)
{
    const char *brokers = kit_opt(argc, argv, "brokers", "127.0.0.1:9092");
    const char *in = kit_opt(argc, argv, "in", NULL);
    const char *out = kit_opt(argc, argv, "out", NULL);
    const char *changelog = kit_opt(argc, argv, "changelog", NULL);
    const char *id = kit_opt(argc, argv, "id", "raw");
    bool forever = kit_opt_int(argc, argv, "forever", 0) != 0;
    const char *const reader[] = {"group.id", id, "isolation.level",
                                  "read_uncommitted", NULL};
    int64_t ends[KIT_MAX_PARTITIONS];
    raw r = {0};
    if (!in || !out)
        kit_die("--in or --out is missing");
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    rd_kafka_t *rk = kit_client(RD_KAFKA_CONSUMER, kit_conf(brokers, reader));
    int32_t n = kit_partitions(rk, in);
    kit_ends(rk, in, n, ends);
    rd_kafka_destroy(rk);
    memset(r.next, -1, sizeof(r.next));
    open_producer(&r, brokers, id);
    r.out = rd_kafka_topic_new(r.producer, out, NULL);
    if (changelog)
        r.changelog = rd_kafka_topic_new(r.producer, changelog, NULL);
    open_consumer(&r, brokers, in, id);
    run(&r, in, forever ? NULL : ends, n, take, seal);
    rd_kafka_topic_destroy(r.out);
    if (r.changelog)
        rd_kafka_topic_destroy(r.changelog);
    rd_kafka_consumer_close(r.consumer);
    rd_kafka_destroy(r.consumer);
    rd_kafka_destroy(r.producer);
    return 0;
}
