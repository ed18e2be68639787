/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poke.c - wakes the fetcher of old libraries.
 *
 * When its queue is full, librdkafka before 2.2 does not fetch a partition
 * again for up to a second, however quickly the queue gets empty. Asking a
 * broker for anything wakes its thread; so this thread asks each of them for
 * the ends of one partition, every few milliseconds, from when the queue was
 * half full until the library would have come back by itself. At a low rate it
 * sleeps.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "kafka/kafka.h"

enum {
    POKE_EVERY_MS = 10,
    POKE_ROUNDS = 120, /* longer than the library waits */
    POKE_MAX = 64,     /* brokers */
};

struct target {
    const char *topic;
    int32_t partition, leader;
};

struct kafka_poke {
    rd_kafka_t *rk;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    uint32_t version; /* of parts */
    struct target *parts;
    uint32_t n_parts;
    int flow;   /* atomic: the queue was full since the last round */
    int asleep; /* atomic */
};

static int32_t leader_of(const struct rd_kafka_metadata *md, const char *topic,
                         int32_t partition)
{
    for (int i = 0; i < md->topic_cnt; i++)
        if (strcmp(md->topics[i].topic, topic) == 0)
            for (int j = 0; j < md->topics[i].partition_cnt; j++)
                if (md->topics[i].partitions[j].id == partition)
                    return md->topics[i].partitions[j].leader;
    return -1;
}

/* One partition for each broker. */
static uint32_t choose(kafka_poke *p, struct target *to, uint32_t *version)
{
    const struct rd_kafka_metadata *md;
    uint32_t n = 0;
    if (rd_kafka_metadata(p->rk, 0, NULL, &md, 1000))
        return 0;
    pthread_mutex_lock(&p->lock);
    *version = p->version;
    for (uint32_t i = 0; i < p->n_parts && n < POKE_MAX; i++) {
        struct target t = p->parts[i];
        t.leader = leader_of(md, t.topic, t.partition);
        uint32_t j = 0;
        while (j < n && to[j].leader != t.leader)
            j++;
        if (j == n && t.leader >= 0)
            to[n++] = t;
    }
    pthread_mutex_unlock(&p->lock);
    rd_kafka_metadata_destroy(md);
    return n;
}

/* False: stop. */
static bool rest(kafka_poke *p, int *idle)
{
    struct timespec ts = {.tv_nsec = POKE_EVERY_MS * 1000000};
    nanosleep(&ts, NULL);
    *idle = __atomic_exchange_n(&p->flow, 0, __ATOMIC_RELAXED) ? 0 : *idle + 1;
    pthread_mutex_lock(&p->lock);
    if (*idle >= POKE_ROUNDS) {
        __atomic_store_n(&p->asleep, 1, __ATOMIC_SEQ_CST);
        while (!p->stop && !__atomic_load_n(&p->flow, __ATOMIC_SEQ_CST))
            pthread_cond_wait(&p->wake, &p->lock);
        __atomic_store_n(&p->asleep, 0, __ATOMIC_SEQ_CST);
        *idle = 0;
    }
    bool go = !p->stop;
    pthread_mutex_unlock(&p->lock);
    return go;
}

static void *poke_run(void *arg)
{
    kafka_poke *p = arg;
    struct target to[POKE_MAX];
    uint32_t n = 0, version = 0;
    int idle = 0;
    while (rest(p, &idle)) {
        pthread_mutex_lock(&p->lock);
        bool stale = version != p->version;
        pthread_mutex_unlock(&p->lock);
        if (stale)
            n = choose(p, to, &version);
        bool failed = false;
        for (uint32_t i = 0; i < n; i++) {
            int64_t low, high;
            if (rd_kafka_query_watermark_offsets(
                    p->rk, to[i].topic, to[i].partition, &low, &high, 500))
                failed = true;
        }
        if (failed)
            version = 0; /* a leader has moved: look again */
    }
    return NULL;
}

kafka_poke *kafka_poke_start(rd_kafka_t *rk)
{
    if (rd_kafka_version() >= 0x020200ff)
        return NULL;
    kafka_poke *p = calloc(1, sizeof(*p));
    DS_BUG_ON(!p);
    p->rk = rk;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    if (pthread_create(&p->thread, NULL, poke_run, p) == 0)
        return p;
    free(p);
    return NULL;
}

void kafka_poke_stop(kafka_poke *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    free(p->parts);
    free(p);
}

void kafka_poke_parts(kafka_poke *p, const kafka_part *parts, uint32_t n)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->parts = realloc(p->parts, (n + 1) * sizeof(*p->parts));
    DS_BUG_ON(!p->parts);
    for (uint32_t i = 0; i < n; i++)
        p->parts[i] = (struct target){parts[i].topic, parts[i].partition, -1};
    p->n_parts = n;
    p->version++;
    pthread_mutex_unlock(&p->lock);
}

void kafka_poke_flow(kafka_poke *p)
{
    if (!p)
        return;
    __atomic_store_n(&p->flow, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&p->asleep, __ATOMIC_SEQ_CST))
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
}
