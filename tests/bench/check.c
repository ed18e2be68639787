/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - reads an output back, read_committed, and compares it with what the
 * input must give. One line of JSON; exit 1 if they differ.
 *
 *     bench_check --brokers B --topic OUT --kind pass|words|lines …
 *
 * with the options that the input was made with. For kind pass the output must
 * be the input: number and sum of the hashes of key, value and timestamp. For
 * words, the counts of a word must grow and end with its number of words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/data.h"
#include "common/kit.h"

struct result {
    int64_t records, bytes, wrong;
    uint64_t sum;
    int64_t *last; /* by word */
};

static uint64_t record_hash(const void *key, size_t key_len, const void *value,
                            size_t value_len, int64_t ms)
{
    uint64_t h = kit_hash((uint64_t)ms, key, key_len);
    return kit_hash(h, value, value_len);
}

/* {"word":"word0000000000000123","n":45}, with or without spaces. */
static bool parse_count(const rd_kafka_message_t *m, uint32_t *word, int64_t *n)
{
    char text[128], quoted[DATA_WORD + 8];
    if (m->len >= sizeof(text) || m->key_len != DATA_WORD)
        return false;
    memcpy(text, m->payload, m->len);
    text[m->len] = '\0';
    snprintf(quoted, sizeof(quoted), "\"%.*s\"", DATA_WORD,
             (const char *)m->key);
    const char *count = strstr(text, "\"n\":");
    if (!count || !strstr(text, "\"word\":") || !strstr(text, quoted))
        return false;
    *n = strtoll(count + 4, NULL, 10);
    *word = (uint32_t)strtoul(quoted + 5, NULL, 10);
    return strncmp(quoted, "\"word", 5) == 0;
}

static void take(struct result *r, const data *d, const rd_kafka_message_t *m)
{
    uint32_t word;
    int64_t n;
    r->records++;
    r->bytes += (int64_t)(m->len + m->key_len);
    if (d->kind == DATA_PASS) {
        r->sum += record_hash(m->key, m->key_len, m->payload, m->len,
                              rd_kafka_message_timestamp(m, NULL));
        return;
    }
    if (!parse_count(m, &word, &n) || word >= d->keys || n <= r->last[word]) {
        if (r->wrong++ == 0)
            fprintf(stderr, "bench: partition %d offset %lld: %.*s\n",
                    (int)m->partition, (long long)m->offset, (int)m->len,
                    (const char *)m->payload);
        return;
    }
    r->last[word] = n;
}

static void read_all(const char *brokers, const char *topic, const data *d,
                     struct result *r)
{
    const char *const pairs[] = {"group.id",
                                 "bench-check",
                                 "isolation.level",
                                 "read_committed",
                                 "enable.partition.eof",
                                 "true",
                                 "enable.auto.commit",
                                 "false",
                                 "queued.min.messages",
                                 "1000000",
                                 NULL};
    rd_kafka_t *rk = kit_client(RD_KAFKA_CONSUMER, kit_conf(brokers, pairs));
    int32_t n = kit_partitions(rk, topic), open = n;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(n);
    for (int32_t p = 0; p < n; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = 0;
    rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_t *q = rd_kafka_queue_get_consumer(rk);
    int64_t until = kit_mono_ns() + 120 * 1000000000LL;
    static rd_kafka_message_t *m[1000];
    while (open > 0) {
        ssize_t got = rd_kafka_consume_batch_queue(q, 100, m, 1000);
        if (kit_mono_ns() > until)
            kit_die("the output cannot be read to its end");
        for (ssize_t i = 0; i < got; i++) {
            if (m[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
                open--;
            else if (!m[i]->err)
                take(r, d, m[i]);
            rd_kafka_message_destroy(m[i]);
        }
    }
    rd_kafka_queue_destroy(q);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
}

/* The same from the input: for words, takes what it finds off the counts. */
static int64_t compare(data *d, struct result *r)
{
    data_record rec;
    uint64_t sum = 0;
    int64_t words = d->records * (d->kind == DATA_LINES ? DATA_LINE_WORDS : 1);
    int64_t wrong = r->wrong;
    if (d->kind == DATA_PASS) {
        for (int64_t i = 0; i < d->records; i++) {
            data_next(d, &rec);
            sum += record_hash(rec.key, rec.key_len, rec.value, rec.value_len,
                               rec.ms);
        }
        return (r->records != d->records) + (r->sum != sum);
    }
    for (int64_t i = 0; i < words; i++)
        r->last[data_word(d)]--;
    for (uint32_t i = 0; i < d->keys; i++)
        wrong += r->last[i] != 0;
    return wrong;
}

int main(int argc, char **argv)
{
    const char *brokers = kit_opt(argc, argv, "brokers", "127.0.0.1:9092");
    const char *topic = kit_opt(argc, argv, "topic", NULL);
    struct result r = {0};
    data d;
    if (!topic)
        kit_die("--topic is missing");
    data_open(&d, argc, argv);
    r.last = calloc(d.keys, sizeof(*r.last));
    if (!r.last)
        kit_die("no memory");
    read_all(brokers, topic, &d, &r);
    int64_t wrong = compare(&d, &r);
    printf(
        "{\"ok\": %s, \"records\": %lld, \"bytes\": %lld, \"wrong\": %lld}\n",
        wrong ? "false" : "true", (long long)r.records, (long long)r.bytes,
        (long long)wrong);
    free(r.last);
    data_close(&d);
    return wrong != 0;
}
