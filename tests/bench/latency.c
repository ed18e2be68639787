/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latency.c - how long a record takes from its producer, through a job, to a
 * read_committed reader.
 *
 *     bench_latency --brokers B --in T --out T [--rate N] [--warm S]
 *         [--seconds S]
 *
 * Values begin with their number and the time of sending. One line of JSON;
 * exit 1 if a record did not come, or came twice.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/kit.h"

enum {
    LATENCY_VALUE = 100,
    LATENCY_LOST_S = 10, /* after that a record is lost */
};

struct load {
    const char *brokers, *topic;
    int64_t rate, records;
    int64_t sent; /* atomic */
};

static rd_kafka_t *open_producer(const char *brokers)
{
    const char *const pairs[] = {
        "linger.ms", "1", "acks", "1", "delivery.report.only.error",
        "true",      NULL};
    return kit_client(RD_KAFKA_PRODUCER, kit_conf(brokers, pairs));
}

/* Each millisecond, what is due by then. */
static void *load_run(void *arg)
{
    struct load *load = arg;
    rd_kafka_t *rk = open_producer(load->brokers);
    int32_t partitions = kit_partitions(rk, load->topic);
    rd_kafka_topic_t *t = rd_kafka_topic_new(rk, load->topic, NULL);
    int64_t began = kit_mono_ns();
    char key[16], value[LATENCY_VALUE + 20];
    for (int64_t i = 0; i < load->records;) {
        int64_t due = (kit_mono_ns() - began) * load->rate / 1000000000;
        for (; i < due && i < load->records; i++) {
            int n = snprintf(key, sizeof(key), "k%07lld",
                             (long long)(i * 7919 % 10000000));
            snprintf(value, sizeof(value), "%019lld %019lld %060d",
                     (long long)i, (long long)kit_mono_ns(), 0);
            if (rd_kafka_produce(t, kit_partition(key, (size_t)n, partitions),
                                 RD_KAFKA_MSG_F_COPY, value, LATENCY_VALUE, key,
                                 (size_t)n, NULL))
                kit_die("produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
        }
        __atomic_store_n(&load->sent, i, __ATOMIC_RELEASE);
        rd_kafka_poll(rk, 0);
        kit_sleep_ms(1);
    }
    rd_kafka_flush(rk, 10000);
    rd_kafka_topic_destroy(t);
    rd_kafka_destroy(rk);
    return NULL;
}

static rd_kafka_t *open_reader(const char *brokers, const char *topic)
{
    const char *const pairs[] = {"group.id",
                                 "bench-latency",
                                 "isolation.level",
                                 "read_committed",
                                 "fetch.min.bytes",
                                 "1",
                                 "fetch.wait.max.ms",
                                 "100",
                                 "enable.auto.commit",
                                 "false",
                                 NULL};
    rd_kafka_t *rk = kit_client(RD_KAFKA_CONSUMER, kit_conf(brokers, pairs));
    int32_t n = kit_partitions(rk, topic);
    int64_t ends[KIT_MAX_PARTITIONS];
    kit_ends(rk, topic, n, ends);
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(n);
    for (int32_t p = 0; p < n; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = ends[p];
    rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return rk;
}

struct seen {
    int64_t records, warm, got, twice;
    uint8_t *flags;
    float *ms; /* by record */
};

static void take(struct seen *s, const rd_kafka_message_t *m)
{
    char text[64];
    long long number, sent;
    if (m->err || m->len < 40)
        return;
    memcpy(text, m->payload, 40);
    text[40] = '\0';
    if (sscanf(text, "%lld %lld", &number, &sent) != 2 || number < 0 ||
        number >= s->records)
        return;
    if (s->flags[number]) {
        s->twice++;
        return;
    }
    s->flags[number] = 1;
    s->ms[number] = (float)((double)(kit_mono_ns() - sent) / 1e6);
    s->got++;
}

static void read_out(rd_kafka_t *rk, struct seen *s, struct load *load)
{
    rd_kafka_queue_t *q = rd_kafka_queue_get_consumer(rk);
    static rd_kafka_message_t *m[1000];
    int64_t end = 0;
    while (s->got < s->records) {
        ssize_t n = rd_kafka_consume_batch_queue(q, 20, m, 1000);
        for (ssize_t i = 0; i < n; i++) {
            take(s, m[i]);
            rd_kafka_message_destroy(m[i]);
        }
        int64_t sent = __atomic_load_n(&load->sent, __ATOMIC_ACQUIRE);
        if (sent == s->records && end == 0)
            end = kit_mono_ns() + LATENCY_LOST_S * 1000000000LL;
        if (end && kit_mono_ns() > end)
            break;
    }
    rd_kafka_queue_destroy(q);
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void report(struct seen *s)
{
    int64_t n = 0;
    for (int64_t i = s->warm; i < s->records; i++)
        if (s->flags[i])
            s->ms[n++] = s->ms[i];
    qsort(s->ms, (size_t)n, sizeof(*s->ms), by_size);
    int64_t p99 = n * 99 / 100;
    printf("{\"ok\": %s, \"records\": %lld, \"lost\": %lld, \"twice\": %lld, "
           "\"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}\n",
           s->got == s->records && s->twice == 0 ? "true" : "false",
           (long long)s->records, (long long)(s->records - s->got),
           (long long)s->twice, n ? (double)s->ms[n / 2] : -1.0,
           n ? (double)s->ms[p99] : -1.0, n ? (double)s->ms[n - 1] : -1.0);
}

int main(int argc, char **argv)
{
    const char *brokers = kit_opt(argc, argv, "brokers", "127.0.0.1:9092");
    struct load load = {.brokers = brokers,
                        .topic = kit_opt(argc, argv, "in", NULL),
                        .rate = kit_opt_int(argc, argv, "rate", 10000)};
    const char *out = kit_opt(argc, argv, "out", NULL);
    int64_t warm = kit_opt_int(argc, argv, "warm", 3);
    int64_t seconds = kit_opt_int(argc, argv, "seconds", 15);
    pthread_t thread;
    if (!load.topic || !out)
        kit_die("--in or --out is missing");
    load.records = load.rate * (warm + seconds);
    struct seen seen = {.records = load.records, .warm = load.rate * warm};
    seen.flags = calloc((size_t)load.records, 1);
    seen.ms = calloc((size_t)load.records, sizeof(*seen.ms));
    if (!seen.flags || !seen.ms)
        kit_die("no memory");
    rd_kafka_t *rk = open_reader(brokers, out);
    if (pthread_create(&thread, NULL, load_run, &load) != 0)
        kit_die("no thread");
    read_out(rk, &seen, &load);
    pthread_join(thread, NULL);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    report(&seen);
    bool ok = seen.got == seen.records && seen.twice == 0;
    free(seen.flags);
    free(seen.ms);
    return !ok;
}
