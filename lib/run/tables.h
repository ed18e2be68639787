/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables.h - the tables of a job that runs: read at start, then followed. (What
 * is co-partitioned is an input of its stage, and no matter of this.)
 *
 *     topic --reader--> changes --+
 *                                 +--> a new version ---> batches after the
 *     file --read again--> rows --+                       last one that asked
 *
 * One thread of the process reads them all; a worker never waits for it. A
 * version is for batches later than every batch that has asked before it came:
 * so all workers of the process see the same version in the same batch, and a
 * batch that runs again sees the one that it saw. Stages behind a repartition
 * run their batches later: the last versions are kept for them.
 *
 *     tables.c        versions, the thread, limits, metrics
 *     table_topic.c   reads topics
 *     table_file.c    reads files
 */
#ifndef RUN_TABLES_H
#define RUN_TABLES_H

#include "plan/table_rows.h"
#include "record/table.h"
#include "run/run.h"

#define TABLE_VERSIONS 8 /* those of a topic share most of their memory */
#define TABLE_FILE_VERSIONS 2

struct table_topic {
    int32_t n; /* partitions */
    int64_t *next, *high;
    bool *done; /* the end that stood at the start was reached */
};

/* What a file looked like when it was read. */
struct table_stamp {
    int64_t size, mtime_ns, ctime_ns;
    uint64_t inode, device;
};

struct table_file {
    struct table_stamp read;   /* of what is in the table */
    struct table_stamp failed; /* of what could not be read; zeroed: nothing */
    bool bad;                  /* the last look failed */
    ds_time due;               /* mono: look at it again */
};

struct run_table {
    const ds_plan_table *plan;
    struct table_codec codec;
    /* Under the lock of struct tables; the newest version first. */
    struct table_version {
        ds_table *rows;
        ds_time from; /* batches from this time on see it */
    } versions[TABLE_VERSIONS];
    uint32_t n_versions; /* at least 1 */
    ds_time seen;        /* the latest batch that asked */
    /* Of the thread. */
    ds_time current; /* mono: when it was known to be as its source is */
    struct table_topic topic;
    struct table_file file;
    struct table_rows changes;
};

/* What the thread has to do with it. */
static inline bool table_is_topic(const struct run_table *t)
{
    return t->plan->topic >= 0 && !t->plan->copartitioned;
}
static inline bool table_is_file(const struct run_table *t)
{
    return t->plan->topic < 0;
}

struct tables {
    ds_context *ctx;
    ds_arena *arena; /* of the thread */
    uint32_t n;
    struct run_table *list; /* as in the plan */
    pthread_mutex_t lock;
    ds_reader *reader; /* of all topics; NULL: there are none */
    ds_arena *polled;
    int64_t limit; /* bytes of all of them */
    pthread_t thread;
    bool started;
    _Atomic bool stop;
    ds_time grown; /* mono: when partitions were last counted */
};

/* Opens and reads them all. DS_E_FAILED: a file or record is wrong. */
ds_rc tables_open(ds_context *ctx, ds_err *err);
/* From now on a thread follows them. */
ds_rc tables_start(ds_context *ctx, ds_err *err);
/* Without the thread: what topics have by now. */
ds_rc tables_step(ds_context *ctx, ds_err *err);
void tables_close(ds_context *ctx);
/* op->tables as the batch of op->now sees them; held until `a` is reset.
 * Thread: a worker. */
void tables_pin(ds_context *ctx, ds_op *op, ds_arena *a);

/* tables.c: a new version. DS_E_LIMIT: the tables would be too large. */
ds_rc tables_publish(struct tables *ts, struct run_table *t, ds_table *made,
                     ds_err *err);
/* tables.c: the version that was made last. Thread: the tables'. */
const ds_table *tables_newest(const struct run_table *t);
void tables_count(struct tables *ts, struct run_table *t, const char *reason,
                  uint64_t n);
/* tables.c: it could not be read; the old rows stay. */
void tables_failed(struct tables *ts, struct run_table *t, const ds_err *err);

/* table_topic.c: to the ends that stood at the call. */
ds_rc table_topics_read(struct tables *ts, ds_err *err);
/* What comes within `timeout_ms`, as new versions. */
ds_rc table_topics_follow(struct tables *ts, int timeout_ms, ds_err *err);

/* table_file.c: the file as a new version; the message names file and line. */
ds_rc table_file_read(struct tables *ts, struct run_table *t, ds_err *err);
/* Reads it again if that is due and it has changed; never fails. */
void table_file_refresh(struct tables *ts, struct run_table *t);

#endif
