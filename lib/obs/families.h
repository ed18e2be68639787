/* SPDX-License-Identifier: Apache-2.0 */
/*
 * families.h - the metrics of dstream: names, types, labels, what they mean.
 *
 * One table (families.c); all of them are shown from the start, also while
 * they have no series.
 *
 * Thread: any.
 */
#ifndef OBS_FAMILIES_H
#define OBS_FAMILIES_H

#include "obs/metrics.h"

typedef enum family {
    FAMILY_BUILD_INFO,
    FAMILY_JOB_INFO,
    FAMILY_JOB_STATE,
    FAMILY_RELOAD_SUCCESSFUL,
    FAMILY_RELOAD_TIME,
    FAMILY_BATCHES,
    FAMILY_BATCH_DURATION,
    FAMILY_BATCH_DELAY,
    FAMILY_BATCH_INTERVAL,
    FAMILY_SOURCE_RECORDS,
    FAMILY_SOURCE_BYTES,
    FAMILY_SINK_RECORDS,
    FAMILY_SINK_BYTES,
    FAMILY_OPERATOR_RECORDS,
    FAMILY_ROWS,
    FAMILY_DISCARDED,
    FAMILY_ERRORS,
    FAMILY_LAG_RECORDS,
    FAMILY_LAG_SECONDS,
    FAMILY_LATENCY,
    FAMILY_WATERMARK,
    FAMILY_SOURCE_IDLE,
    FAMILY_TRANSACTIONS,
    FAMILY_TRANSACTION_DURATION,
    FAMILY_TRANSACTION_OPEN,
    FAMILY_STATE_KEYS,
    FAMILY_STATE_BYTES,
    FAMILY_STATE_EVICTED,
    FAMILY_STATE_OPERATIONS,
    FAMILY_RESTORE_REMAINING,
    FAMILY_RESTORE_RATIO,
    FAMILY_ROCKSDB_CACHE,
    FAMILY_ROCKSDB_MEMTABLE,
    FAMILY_ROCKSDB_COMPACTION,
    FAMILY_ROCKSDB_STALL,
    FAMILY_MEMORY_LIMIT,
    FAMILY_MEMORY_USED,
    FAMILY_ASSIGNED,
    FAMILY_REBALANCES,
    FAMILY_REBALANCE_DURATION,
    FAMILY_TABLE_ROWS,
    FAMILY_TABLE_AGE,
    FAMILY_TABLE_BYTES,
    FAMILY_TABLE_REFRESHES,
    FAMILY_TABLE_FAILURES,
    FAMILY_TABLE_SKIPPED,
    FAMILY_REGISTRY_REQUESTS,
    FAMILY_LOG_MESSAGES,
    FAMILY_N
} family;

void families_register(metrics *m);
/* The series of a family; values in the order of its labels, then NULL. */
metric *family_series(metrics *m, family f, const char *const *values);

#endif
