/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - progress records: how far the sources of a repartition topic
 * are, said in the topic itself.
 *
 * A worker of a paced stage writes one into every partition of each repartition
 * topic that a timed stage reads, in each transaction and after its rows: who
 * has read it has read those. So it is there if and only if the rows are.
 *
 *     key    "\0p": no row's key begins so
 *     value  u8 version (1)
 *            u16 n, then n times: i64 batch that was run
 *            u16 n, then n times: u16 length, topic, i32 partition,
 *                                 i64 whole through, i64 watermark, u8 flags;
 *                  a source that said more since stands again
 *
 * Little-endian; DS_TIME_NONE is none. A row of such a topic has its batch time
 * in front: i64, then the row (record/rowfmt.h).
 */
#ifndef RUN_PROGRESS_H
#define RUN_PROGRESS_H

#include "run/frontier.h"

#define PROGRESS_KEY ((ds_slice){(const uint8_t *)"\0p", 2})
#define PROGRESS_STAMP 8

typedef struct progress_source {
    const char *topic;
    int32_t partition;
    frontier_mark mark;
} progress_source;

typedef struct progress {
    uint32_t n_times, n_sources;
    ds_time *times; /* ascending */
    progress_source *sources;
} progress;

ds_slice progress_encode(const progress *p, ds_arena *a);
/* False: the bytes are none. */
bool progress_decode(ds_slice s, ds_arena *a, progress *out);

#endif
