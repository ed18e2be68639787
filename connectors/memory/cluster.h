/* SPDX-License-Identifier: Apache-2.0 */
/* cluster.h - the data of the memory connector, shared by its parts. */
#ifndef MEMORY_CLUSTER_H
#define MEMORY_CLUSTER_H

#include <pthread.h>

#include "dstream/clock.h"
#include "memory/memory.h"

/* Bytes of records that follow each other; freed with the last of them. */
typedef struct log_chunk {
    size_t used, cap;
    uint32_t n; /* records */
    uint8_t bytes[];
} log_chunk;

typedef struct log_part {
    memory_record *recs;
    log_chunk **chunks; /* where the bytes of each are */
    log_chunk *open;    /* where the next one's go, if they fit */
    uint32_t n, cap;
    int64_t start, end; /* end: the next offset */
} log_part;

typedef struct log_topic {
    char *name;
    bool compact, internal;
    int32_t n_parts;
    log_part *parts;
} log_topic;

typedef struct group_offset {
    char *group;
    log_topic *topic;
    int32_t partition;
    int64_t next;
    ds_marks marks;
} group_offset;

typedef struct cluster {
    ds_broker broker;
    pthread_mutex_t lock;
    ds_clock *clock;
    uint32_t n_topics;
    log_topic **topics;
    uint32_t n_offsets;
    group_offset *offsets;
    int members;
    bool fail_commits;
    uint64_t commits;
} cluster;

extern const ds_source_type memory_source_type;
extern const ds_txn_type memory_txn_type;
extern const ds_reader_type memory_reader_type;
ds_rc memory_source_open(ds_broker *b, const ds_source_spec *spec,
                         ds_source **out, ds_err *err);
ds_rc memory_txn_open(ds_broker *b, const ds_txn_spec *spec, ds_txn **out,
                      ds_err *err);
ds_rc memory_reader_open(ds_broker *b, ds_reader **out, ds_err *err);

const char *memory_source_group(const ds_source *s);

/* All with the lock held. */
log_topic *cluster_topic(cluster *c, const char *name);
log_part *cluster_part(cluster *c, const char *topic, int32_t partition);
void cluster_append(cluster *c, log_part *p, const memory_record *rec);
group_offset *cluster_offset(cluster *c, const char *group, const char *topic,
                             int32_t partition, bool make);
/* Index of the first record at or after `off`. */
uint32_t log_find(const log_part *p, int64_t off);
/* Up to max records from `*next` on as an envelope in `a`; moves *next past
 * them and past offsets without records at the end. False: nothing moved. */
bool cluster_fetch(cluster *c, log_topic *t, int32_t partition, uint32_t max,
                   ds_arena *a, int64_t *next, ds_fetch *out);

#endif
