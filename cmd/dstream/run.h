/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - what `dstream run` is split into.
 *
 *     run.c     the verb; a job on a cluster
 *     embed.c   a job on the memory connector: --in, --out
 *     feed.c    files of rows for embedded runs
 */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "dstream/context.h"
#include "plan/plan.h"

#define RUN_FILES_MAX 64

typedef struct run_file {
    const char *name; /* of the source or sink; --out -: NULL */
    const char *path; /* "-": standard input or output */
    bool envelope;
    bool header; /* the first line stands before each value */
} run_file;

typedef struct run_flags {
    const char *instance, *state;
    bool until_end, reset_state, quiet;
    int workers;
    uint32_t n_in, n_out;
    run_file in[RUN_FILES_MAX], out[RUN_FILES_MAX];
} run_flags;

/* The whole embedded run; the exit code. */
int embed_run(const ds_plan *plan, const run_flags *flags);

/* ---- feed.c ---- */

typedef struct feed feed;

/* One row of a file. Valid until the next call. */
typedef struct feed_row {
    ds_slice key, val;
    ds_slice hdr; /* as in a record; null: none */
    ds_time ts;   /* DS_TIME_NONE: now */
    int32_t partition;
} feed_row;

#define FEED_LINE_MAX (16u << 20)
#define FEED_PARTITIONS_MAX 1024

ds_rc feed_open(const run_file *file, feed **out, ds_err *err);
void feed_close(feed *f);
/* How many partitions the rows name; reads an envelope file once through. */
ds_rc feed_partitions(feed *f, int32_t *out, ds_err *err);
/* DS_END: no more. The row lives in `a`. */
ds_rc feed_next(feed *f, ds_arena *a, feed_row *out, ds_err *err);

#endif
