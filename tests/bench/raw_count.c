/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw_count.c - the yardstick of a word count: the key of a record is a word.
 *
 * A hash table of counts; at the end of a batch, for each word that it changed,
 * one record to the changelog and one, as JSON, to the output. Both have as
 * many bytes as dstream's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/raw.h"

enum {
    COUNT_WORD = 24,
    COUNT_STATE = 10, /* bytes of a state value: version, NULLs, bigint */
    COUNT_JSON = 72,
    COUNT_STEP = 1000,
};

typedef struct entry {
    int64_t n;
    uint32_t hash;
    uint32_t batch; /* that changed it last */
    int32_t partition;
    uint32_t len;
    char word[COUNT_WORD];
} entry;

static entry *entries;
static uint32_t n_entries, max_entries;
static uint32_t *slots; /* number of an entry, plus 1 */
static uint32_t n_slots = 1 << 12;

static uint32_t dirty[RAW_BATCH_ROWS];
static uint32_t n_dirty, batch_number = 1;

/* What is produced points here until the next batch. */
static char states[RAW_BATCH_ROWS][COUNT_STATE];
static char texts[RAW_BATCH_ROWS][COUNT_JSON];

static void *must(void *p)
{
    if (!p)
        kit_die("no memory");
    return p;
}

static void grow_slots(void)
{
    free(slots);
    n_slots *= 2;
    slots = must(calloc(n_slots, sizeof(*slots)));
    for (uint32_t i = 0; i < n_entries; i++) {
        uint32_t at = entries[i].hash & (n_slots - 1);
        while (slots[at])
            at = (at + 1) & (n_slots - 1);
        slots[at] = i + 1;
    }
}

static entry *new_entry(uint32_t at, uint32_t hash, const rd_kafka_message_t *m)
{
    if (n_entries == max_entries) {
        max_entries = max_entries ? max_entries * 2 : 4096;
        entries = must(realloc(entries, max_entries * sizeof(*entries)));
    }
    entry *e = &entries[n_entries++];
    *e = (entry){
        .hash = hash, .partition = m->partition, .len = (uint32_t)m->key_len};
    memcpy(e->word, m->key, m->key_len);
    slots[at] = n_entries;
    return e;
}

static entry *find(const rd_kafka_message_t *m)
{
    uint32_t hash = (uint32_t)kit_hash(0, m->key, m->key_len);
    if (n_entries * 2 >= n_slots)
        grow_slots();
    uint32_t at = hash & (n_slots - 1);
    for (; slots[at]; at = (at + 1) & (n_slots - 1)) {
        entry *e = &entries[slots[at] - 1];
        if (e->hash == hash && e->len == m->key_len &&
            memcmp(e->word, m->key, e->len) == 0)
            return e;
    }
    return new_entry(at, hash, m);
}

static void take(raw *r, rd_kafka_message_t **messages, int64_t n)
{
    (void)r;
    for (int64_t i = 0; i < n; i++) {
        if (messages[i]->key_len > COUNT_WORD)
            kit_die("a word of %zu bytes", messages[i]->key_len);
        entry *e = find(messages[i]);
        e->n++;
        if (e->batch != batch_number) {
            e->batch = batch_number;
            dirty[n_dirty++] = (uint32_t)(e - entries);
        }
    }
}

static size_t write_json(char *to, const entry *e)
{
    char digits[24], *at = to;
    int n = 0;
    memcpy(at, "{\"word\":\"", 9);
    memcpy(at + 9, e->word, e->len);
    memcpy(at + 9 + e->len, "\",\"n\":", 6);
    at += 15 + e->len;
    for (int64_t v = e->n; v > 0; v /= 10)
        digits[n++] = (char)('0' + v % 10);
    while (n > 0)
        *at++ = digits[--n];
    *at++ = '}';
    return (size_t)(at - to);
}

/* The dirty entries of a partition, in chunks. */
static void send_partition(raw *r, int32_t partition)
{
    static rd_kafka_message_t logs[COUNT_STEP], rows[COUNT_STEP];
    int n = 0;
    for (uint32_t i = 0; i < n_dirty; i++) {
        entry *e = &entries[dirty[i]];
        if (e->partition != partition)
            continue;
        states[i][0] = 1;
        states[i][1] = 0;
        memcpy(states[i] + 2, &e->n, sizeof(e->n));
        logs[n] = (rd_kafka_message_t){.payload = states[i],
                                       .len = COUNT_STATE,
                                       .key = e->word,
                                       .key_len = e->len};
        rows[n] = (rd_kafka_message_t){.payload = texts[i],
                                       .len = write_json(texts[i], e),
                                       .key = e->word,
                                       .key_len = e->len};
        if (++n == COUNT_STEP) {
            raw_send(r, r->changelog, partition, logs, n);
            raw_send(r, r->out, partition, rows, n);
            n = 0;
        }
    }
    if (n > 0) {
        raw_send(r, r->changelog, partition, logs, n);
        raw_send(r, r->out, partition, rows, n);
    }
}

static void seal(raw *r, rd_kafka_message_t **messages, int64_t n)
{
    (void)messages;
    (void)n;
    for (int32_t p = 0; p < KIT_MAX_PARTITIONS; p++)
        if (r->next[p] >= 0)
            send_partition(r, p);
    n_dirty = 0;
    batch_number++;
}

int main(int argc, char **argv)
{
    slots = must(calloc(n_slots, sizeof(*slots)));
    return raw_main(argc, argv, take, seal);
}
