/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.h - move a job that does not run back in time, offsets and state
 * together.
 *
 *     ds_replay *r;
 *     if (ds_replay_plan(plan, &to, a, &r, &err))       reads, changes nothing
 *         return fail(&err);
 *     show(r);
 *     rc = ds_replay_execute(r, &err);                  one transaction
 *     ds_replay_close(r);
 *
 * Everything that is changed is changed by one transaction, so a crash leaves
 * the job as it was or as it shall be:
 *
 *   - a tombstone for every key of every changelog, and an engine record with
 *     the new input positions: whoever restores from the changelog, from its
 *     beginning or from the position of his local state, ends with no key and
 *     with these positions. So local state directories need not be touched;
 *   - the offsets of all groups. The group of a later stage goes to the end of
 *     its repartition topic: what waits there was made from input that will be
 *     read again.
 *
 * Thread: main.
 */
#ifndef DSTREAM_REPLAY_H
#define DSTREAM_REPLAY_H

#include "dstream/broker.h"
#include "dstream/public.h"

DS_PUBLIC_BEGIN

typedef struct ds_plan ds_plan;
typedef struct ds_replay ds_replay;

typedef enum ds_replay_to {
    DS_REPLAY_EARLIEST,
    DS_REPLAY_DATETIME, /* the first record at or after `time` */
    DS_REPLAY_OFFSET
} ds_replay_to;

typedef struct ds_replay_target {
    const ds_broker_type *broker;
    ds_broker *opened; /* use this one and leave it open; NULL: open one */
    ds_replay_to to;
    ds_time time;
    int64_t offset;
    bool reset_state; /* said by hand: state goes although the target is not the
                         beginning */
} ds_replay_target;

/* One input partition of a stage. */
typedef struct ds_replay_part {
    const char *group;
    const char *topic;
    int32_t partition;
    bool internal;     /* of a repartition topic */
    int64_t committed; /* DS_OFFSET_NONE: nothing is */
    int64_t low, end;
    int64_t target;
    bool clamped; /* the target that was asked for is not there */
} ds_replay_part;

/* State that is reset: a changelog. */
typedef struct ds_replay_store {
    const char *name, *topic;
    int32_t partitions; /* 0: it does not exist */
    int64_t records;    /* offsets in it: at least as many as keys */
    uint64_t keys;      /* deleted by ds_replay_execute() */
} ds_replay_store;

typedef struct ds_replay_group {
    const char *name;
    int members;
} ds_replay_group;

typedef struct ds_replay_view {
    char hash[12]; /* of what the plan depends on */
    uint32_t n_groups, n_parts, n_stores;
    const ds_replay_group *groups;
    const ds_replay_part *parts;
    const ds_replay_store *stores;
} ds_replay_view;

/* Reads offsets, ends and members. */
ds_rc ds_replay_plan(const ds_plan *plan, const ds_replay_target *to,
                     ds_replay **out, ds_err *err);
const ds_replay_view *ds_replay_look(const ds_replay *r);
/* DS_E_DECISION: an instance runs; the world has moved since the plan; the
 * target is not the beginning and the state would not match. */
ds_rc ds_replay_execute(ds_replay *r, ds_err *err);
/* The last check as such, for those who only plan. */
ds_rc ds_replay_allowed(const ds_replay *r, ds_err *err);
void ds_replay_close(ds_replay *r);

DS_PUBLIC_END

#endif
