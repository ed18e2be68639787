/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.h - the loop of the yardsticks: consume, work, produce in a transaction.
 *
 * The least that a hand-written exactly-once program on librdkafka does, with
 * the settings that were measured best (docs/performance.md). One thread, one
 * group member, one transactional producer; a batch is a transaction.
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "kit.h"

enum { RAW_BATCH_ROWS = 50000, RAW_BATCH_MS = 100, RAW_FETCH = 1000 };

typedef struct raw {
    rd_kafka_t *consumer, *producer;
    rd_kafka_topic_t *out, *changelog; /* changelog may be NULL */
    int64_t next[KIT_MAX_PARTITIONS];  /* of the input; -1: not touched */
} raw;

/* Work on messages while a batch is collected; may be NULL. They live until the
 * batch's flush has returned, so their bytes may be produced without a copy. */
typedef void raw_take(raw *r, rd_kafka_message_t **messages, int64_t n);
/* Produce what the batch of n messages owes. Its bytes must stay until the next
 * batch. */
typedef void raw_seal(raw *r, rd_kafka_message_t **messages, int64_t n);

/* --brokers --in --out [--changelog] --id [--forever 1]. Ends when everything
 * that stood in the input at the start is committed. */
int raw_main(int argc, char **argv, raw_take *take, raw_seal *seal);

/* Send n rows to one partition; they have no timestamp. */
void raw_send(raw *r, rd_kafka_topic_t *t, int32_t partition,
              rd_kafka_message_t *rows, int n);

#endif
