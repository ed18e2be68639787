/* SPDX-License-Identifier: Apache-2.0 */
/* kit.c - what the programs of the benchmark share. */
#include "kit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void kit_die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("bench: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

/* ---- options ---- */

const char *kit_opt(int argc, char **argv, const char *name, const char *absent)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--", 2) != 0 || strcmp(argv[i] + 2, name) != 0)
            continue;
        if (i + 1 >= argc)
            kit_die("--%s needs a value", name);
        return argv[i + 1];
    }
    return absent;
}

int64_t kit_opt_int(int argc, char **argv, const char *name, int64_t absent)
{
    const char *text = kit_opt(argc, argv, name, NULL);
    char *end;
    if (!text)
        return absent;
    long long value = strtoll(text, &end, 10);
    if (*end || end == text)
        kit_die("--%s: not a number: %s", name, text);
    return value;
}

/* ---- time ---- */

static int64_t now_ns(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

int64_t kit_mono_ns(void)
{
    return now_ns(CLOCK_MONOTONIC);
}

int64_t kit_wall_ns(void)
{
    return now_ns(CLOCK_REALTIME);
}

void kit_sleep_ms(int64_t ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&ts, NULL);
}

/* ---- hashes ---- */

/* Murmur2 with the seed of Kafka's Java client. */
int32_t kit_partition(const void *key, size_t len, int32_t partitions)
{
    const uint8_t *p = key;
    const uint32_t m = 0x5bd1e995;
    uint32_t h = 0x9747b28c ^ (uint32_t)len;
    for (; len >= 4; p += 4, len -= 4) {
        uint32_t k;
        memcpy(&k, p, 4);
        k *= m;
        k ^= k >> 24;
        h = (h * m) ^ (k * m);
    }
    if (len >= 3)
        h ^= (uint32_t)p[2] << 16;
    if (len >= 2)
        h ^= (uint32_t)p[1] << 8;
    if (len >= 1)
        h = (h ^ p[0]) * m;
    h = (h ^ (h >> 13)) * m;
    h ^= h >> 15;
    return (int32_t)((h & 0x7fffffff) % (uint32_t)partitions);
}

uint64_t kit_hash(uint64_t seed, const void *p, size_t len)
{
    const uint8_t *at = p;
    uint64_t h = seed ^ (len * 0x9e3779b97f4a7c15u), w;
    for (; len >= 8; at += 8, len -= 8) {
        memcpy(&w, at, 8);
        h = (h ^ w) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    w = 0;
    memcpy(&w, at, len);
    h = (h ^ w) * 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 29);
}

/* ---- clients ---- */

rd_kafka_conf_t *kit_conf(const char *brokers, const char *const *pairs)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *const first[] = {"bootstrap.servers", brokers,
                                 "socket.nagle.disable", "true", NULL};
    for (const char *const *p = first; *p; p += 2)
        if (rd_kafka_conf_set(conf, p[0], p[1], text, sizeof(text)))
            kit_die("%s", text);
    for (const char *const *p = pairs; p && *p; p += 2)
        if (rd_kafka_conf_set(conf, p[0], p[1], text, sizeof(text)))
            kit_die("%s", text);
    return conf;
}

rd_kafka_t *kit_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char text[256];
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof(text));
    if (!rk)
        kit_die("%s", text);
    return rk;
}

void kit_create_topic(rd_kafka_t *rk, const char *topic, int32_t partitions,
                      const char *const *pairs)
{
    char text[256];
    rd_kafka_NewTopic_t *t =
        rd_kafka_NewTopic_new(topic, partitions, -1, text, sizeof(text));
    if (!t)
        kit_die("%s", text);
    for (const char *const *p = pairs; p && *p; p += 2)
        rd_kafka_NewTopic_set_config(t, p[0], p[1]);
    rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
    rd_kafka_CreateTopics(rk, &t, 1, NULL, q);
    rd_kafka_event_t *ev = rd_kafka_queue_poll(q, 30000);
    size_t n = 0;
    const rd_kafka_CreateTopics_result_t *r =
        ev ? rd_kafka_event_CreateTopics_result(ev) : NULL;
    const rd_kafka_topic_result_t **list =
        r ? rd_kafka_CreateTopics_result_topics(r, &n) : NULL;
    if (n != 1 || rd_kafka_topic_result_error(list[0]))
        kit_die("topic %s was not created: %s", topic,
                n == 1 ? rd_kafka_topic_result_error_string(list[0])
                       : "no answer");
    rd_kafka_event_destroy(ev);
    rd_kafka_queue_destroy(q);
    rd_kafka_NewTopic_destroy(t);
}

static int32_t partitions_now(rd_kafka_t *rk, const char *topic)
{
    const struct rd_kafka_metadata *md;
    rd_kafka_topic_t *t = rd_kafka_topic_new(rk, topic, NULL);
    int32_t n = 0;
    if (!rd_kafka_metadata(rk, 0, t, &md, 10000)) {
        if (md->topic_cnt == 1 && !md->topics[0].err)
            n = md->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(md);
    }
    rd_kafka_topic_destroy(t);
    return n;
}

/* A new topic takes a moment. */
int32_t kit_partitions(rd_kafka_t *rk, const char *topic)
{
    int32_t n = 0;
    for (int i = 0; i < 100 && (n = partitions_now(rk, topic)) == 0; i++)
        kit_sleep_ms(100);
    if (n < 1 || n > KIT_MAX_PARTITIONS)
        kit_die("topic %s has %d partitions", topic, (int)n);
    return n;
}

int64_t kit_ends(rd_kafka_t *rk, const char *topic, int32_t n, int64_t *ends)
{
    int64_t sum = 0, low;
    for (int32_t p = 0; p < n; p++) {
        rd_kafka_resp_err_t e = rd_kafka_query_watermark_offsets(
            rk, topic, p, &low, &ends[p], 10000);
        if (e)
            kit_die("ends of %s: %s", topic, rd_kafka_err2str(e));
        sum += ends[p];
    }
    return sum;
}
