/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.h - the thread that writes to RocksDB, so that no worker waits for it.
 *
 * A job is a store's: one at a time. Between writer_add and the end of the job
 * everything in it belongs to the writer.
 */
#ifndef STATE_WRITER_H
#define STATE_WRITER_H

#include <pthread.h>

#include "state/base.h"

typedef struct write_job {
    base *base;
    base_pair *pairs; /* sorted by the writer */
    uint32_t n, cap;
    uint8_t *bytes; /* what pairs and meta point to */
    size_t bytes_cap;
    ds_slice meta;
    bool flush; /* and then memory to disk */
    bool busy;  /* under the writer's lock */
    ds_err err; /* rc 0: written */
    struct write_job *next;
} write_job;

typedef struct writer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    write_job *first, **last;
    bool stop;
} writer;

void writer_start(writer *w);
/* Jobs that wait are done first. */
void writer_stop(writer *w);
void writer_add(writer *w, write_job *job);
bool writer_busy(writer *w, const write_job *job);
void writer_wait(writer *w, const write_job *job);

#endif
