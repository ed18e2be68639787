/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.h - run a job.
 *
 *     ds_context *ctx;
 *     if (ds_context_open(plan, &opts, &ctx, &err) ||
 *         ds_context_start(ctx, &err) || ds_context_wait(ctx, &err))
 *         return fail(&err);
 *     ds_context_close(ctx);
 *
 * Or, in one thread and with a virtual clock (tests, embedded runs): instead of
 * start and wait, ds_context_step() runs one batch of every stage.
 */
#ifndef DSTREAM_CONTEXT_H
#define DSTREAM_CONTEXT_H

#include "dstream/clock.h"
#include "dstream/public.h"
#include "dstream/registry.h"

DS_PUBLIC_BEGIN

typedef struct ds_context ds_context;
typedef struct ds_plan ds_plan;
struct metrics;

typedef struct ds_run_options {
    const ds_broker_type *broker;
    const ds_store_type *store;
    ds_broker *opened;     /* use this one and leave it open; NULL: open one */
    const char *state_dir; /* parent; NULL: none (memory store) */
    const char *instance;  /* part of transactional and member ids */
    ds_clock *clock;
    struct metrics *metrics; /* NULL: none */
    bool until_end;       /* stop at the end offsets that stood at the start */
    bool reset_state;     /* forget local state and changelog of all stores */
    uint32_t column_rows; /* rows per column batch; 0: 4096. Tests: 1, 2 */
    uint32_t epoch_rows;  /* rows per epoch; 0: as the plan says */
    ds_time purge;        /* how often records of repartition topics that were
                             read are deleted; 0: 10 s */
    size_t held_bytes;    /* of rows that wait for their batch, per worker; 0: a
                             share of the plan's memory */
    int workers;          /* per stage; 0: as the plan says. Steps need 1 */
    void (*print)(void *arg, ds_slice text); /* console sinks; NULL: stdout */
    void *print_arg;
} ds_run_options;

/* Checks topics, makes internal ones, opens state, joins nothing yet. All that
 * "what bad input gets" promises at start happens here. */
ds_rc ds_context_open(const ds_plan *plan, const ds_run_options *opts,
                      ds_context **out, ds_err *err);
/* Start the workers. */
ds_rc ds_context_start(ds_context *ctx, ds_err *err);
/* Until ds_context_stop() was called and the last epochs are committed, until
 * the end with until_end, or until an error with DS_ACT_STOP. */
ds_rc ds_context_wait(ds_context *ctx, ds_err *err);
/* 1: finish or abort the epoch; 2: abort at once. Thread: any; also from a
 * signal handler. */
void ds_context_stop(ds_context *ctx, int how);
/* The gentle way: receivers end first (dstream/receiver.h), what they gave is
 * done, then the job stops as by 1. Without receivers it stops at once.
 * Thread: any; somebody is in ds_context_wait(). */
void ds_context_drain(ds_context *ctx);
/* Stops first if need be. */
void ds_context_close(ds_context *ctx);
/* Drops everything as a crash would: no commit, no flush; memory is freed. */
void ds_context_crash(ds_context *ctx);

/* Without start: one batch of every stage, in order, on what there is to read.
 * Joins and restores first where that is due. DS_END: no stage had rows to
 * read. `at` (may be NULL) is the stage to begin with; after an error the one
 * that failed, so that a test goes on where a crash was. */
ds_rc ds_context_step(ds_context *ctx, uint32_t *at, ds_err *err);
/* Take the partitions away and give them back (rebalance). */
ds_rc ds_context_lose(ds_context *ctx, const int32_t *partitions, uint32_t n,
                      ds_err *err);
/* Committed state of a store, all local partitions. */
ds_rc ds_context_scan(ds_context *ctx, const char *store, ds_scan_fn *fn,
                      void *arg, ds_err *err);

/* Likewise: the watermark of a source after the last step, the least of its
 * partitions that are not idle; DS_TIME_NONE: it has none yet. */
ds_time ds_context_watermark(ds_context *ctx, const char *source);

/* What became of rows, in committed batches. Always
 *     in + made = out + crossed + kept + filtered + late + dlq + skipped
 * (run/tally.c says what each is). */
typedef struct ds_tally {
    uint64_t in, made, out, crossed, kept, filtered, late, dlq, skipped;
} ds_tally;
#define DS_TALLY_N (sizeof(ds_tally) / sizeof(uint64_t))
extern const char *const ds_tally_names[DS_TALLY_N]; /* in that order */

/* For ps, progress lines, readyz. Thread: any. */
typedef struct ds_job_status {
    const char *state; /* starting restoring running stalled draining failed */
    uint64_t batches, rows_in, rows_out, errors;
    int64_t lag;          /* records; -1: not known yet */
    ds_time batch_time;   /* duration of the last commits, the longest */
    double restore_ratio; /* 1: done */
    ds_time txn_open;     /* age of the oldest open transaction; 0: none */
    char note[200];       /* why it is not running */
    ds_tally rows;        /* of all stages */
} ds_job_status;
void ds_context_status(ds_context *ctx, ds_job_status *out);

DS_PUBLIC_END

#endif
