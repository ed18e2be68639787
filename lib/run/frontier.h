/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frontier.h - how far the sources behind one input of a stage are.
 *
 * The sources of a repartition topic are all topic partitions that the stage
 * before it reads. Each one's owner says from time to time up to which batch it
 * is whole, and its watermark (progress.h); what is known of all of them is the
 * frontier: the least of what they said. A source that has not said anything
 * yet holds it back, so sources are named before they speak.
 *
 * What a source said is kept by batch, until the batch has been left behind: so
 * the watermark of a batch does not depend on how much was read before it ran.
 *
 * Pure: no clock, no cluster. Memory is the arena's that it was made in.
 */
#ifndef RUN_FRONTIER_H
#define RUN_FRONTIER_H

#include "dstream/slice.h"

enum frontier_flags {
    FRONTIER_IDLE = 1, /* gives no rows: its watermark holds nothing back */
    FRONTIER_QUIET =
        2, /* batches by record time: nor does it hold back those */
};

static inline ds_time time_later(ds_time a, ds_time b)
{
    return a > b ? a : b;
}

/* What a source says at a batch. */
typedef struct frontier_mark {
    ds_time through;   /* it is whole up to there; DS_TIME_NONE: not at all */
    ds_time watermark; /* DS_TIME_NONE: it has none */
    unsigned flags;
} frontier_mark;

typedef struct frontier_source {
    const char *topic;
    int32_t partition;
    frontier_mark last;
    uint32_t n, cap;
    frontier_mark *marks; /* of batches not left behind, ascending */
} frontier_source;

typedef struct frontier frontier;

frontier *frontier_new(ds_arena *a);
/* A source that there is, and what is known of it from before (a restart). More
 * is kept of one that is known already. */
void frontier_expect(frontier *f, const char *topic, int32_t partition,
                     const frontier_mark *known);
/* A source speaks; one that nobody expected joins. */
void frontier_note(frontier *f, const char *topic, int32_t partition,
                   const frontier_mark *said);
/* All sources are whole up to there; DS_TIME_NONE: not known, or no source. If
 * all are quiet: as far as the last of them. */
ds_time frontier_through(const frontier *f);
/* After batch `t`, of the sources that are not idle then; DS_TIME_NONE: one of
 * them has none, or all are idle. */
ds_time frontier_watermark(const frontier *f, ds_time t);
bool frontier_idle(const frontier *f, ds_time t); /* all are */
/* Batches up to `t` are done. */
void frontier_leave(frontier *f, ds_time t);
/* The one that all wait for; NULL: there is no source. */
const frontier_source *frontier_slowest(const frontier *f);
uint32_t frontier_sources(const frontier *f);

#endif
