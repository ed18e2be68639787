/* SPDX-License-Identifier: Apache-2.0 */
/*
 * missed.h - the batches that nobody has run, between a partition's last one
 * and now.
 *
 * A worker that was busy, a partition between two owners, a restart: nothing of
 * the grid is left out, so that windows end where they would have ended. Time
 * when the job was down for longer has no batches (docs/batches.md), but for
 * those in which windows still hold rows: no row leaves a window unseen.
 *
 * Pure: no clock, no cluster.
 */
#ifndef RUN_MISSED_H
#define RUN_MISSED_H

#include "plan/plan.h"

/* from, from + step, ... below until: all without rows. */
typedef struct missed {
    ds_time from, until, step;
} missed;

/* After batch `last` and before `time`; none if `last` is DS_TIME_NONE. `live`:
 * the worker ran all that long, and was only late. */
missed missed_batches(const ds_plan *plan, ds_time last, ds_time time,
                      bool live);

#endif
