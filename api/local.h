/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local.h - jobs that need no Kafka: they run on the memory connector's
 * cluster, in this process.
 */
#ifndef API_LOCAL_H
#define API_LOCAL_H

#include "plan/plan.h"

/* Whether the job names no topic of Kafka: it reads receivers only, and writes
 * to consoles and sinks of programs. */
bool local_is(const ds_plan *plan);

/* Forgets the records of the job's own topics that nobody reads again: what
 * their readers have committed, and the changelogs but for their last offsets,
 * which must not pass what a store holds. Thread: any. */
void local_trim(ds_broker *memory, const ds_plan *plan);

/* Keeps the last `keep` offsets of each partition. */
void local_trim_topic(ds_broker *memory, const char *topic, int64_t keep);
/* What the group has committed. */
void local_trim_read(ds_broker *memory, const char *topic, const char *group);

#endif
