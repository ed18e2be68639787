/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - a cluster in this process: topics, groups and transactions.
 *
 * It stands where Kafka stands: embedded runs and job tests use it, and the
 * engine cannot tell the difference. Transactions are atomic, readers see
 * committed records only, and every transaction leaves one offset without a
 * record behind in each partition that it wrote to, as Kafka's markers do.
 *
 * It outlives the engine: a test crashes the engine and starts another on the
 * same cluster.
 *
 * Thread: any; one mutex guards the cluster.
 */
#ifndef MEMORY_MEMORY_H
#define MEMORY_MEMORY_H

#include "dstream/clock.h"
#include "dstream/registry.h"

extern const ds_broker_type ds_broker_memory;

typedef struct memory_record {
    int64_t off;
    ds_time ts; /* µs */
    ds_slice key, val, hdr;
} memory_record;

/* An empty cluster; owned by the caller, closed by ds_broker_type.close. */
ds_broker *memory_new(ds_clock *clock);

/* Makes the topic, or gives it more partitions. */
void memory_topic(ds_broker *b, const char *topic, int32_t partitions);
/* Partitions of a topic; 0: there is none of that name. */
int32_t memory_partitions(ds_broker *b, const char *topic);
/* A committed record. Copies the bytes; ts DS_TIME_NONE: now. */
void memory_put(ds_broker *b, const char *topic, int32_t partition,
                const memory_record *rec);
/* The first committed record at or after `off`; false at the end. It lives as
 * long as the cluster. */
bool memory_get(ds_broker *b, const char *topic, int32_t partition, int64_t off,
                memory_record *out);
/* Forget records below `off` (a run that nobody reads again keeps its memory
 * small). */
void memory_trim(ds_broker *b, const char *topic, int32_t partition,
                 int64_t off);
/* Every other commit fails and aborts its transaction. */
void memory_fail_commits(ds_broker *b, bool on);

#endif
