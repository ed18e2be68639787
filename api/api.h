/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - the inside of a streaming context.
 *
 *     streaming.c   the context: states, start, stop
 *     dstreams.c    sources, steps and outputs, as they are said
 *     queue.c       texts that the program gives itself
 *     foreach.c     a function as a sink
 *     local.c       jobs that need no Kafka
 *
 * What is said is kept, and becomes a job at start: names may be given late.
 */
#ifndef API_API_H
#define API_API_H

#include <pthread.h>

#include "dstream/streaming.h"

struct ds_dstream {
    ds_streaming_context *ssc;
    struct ds_dstream *next; /* in the order of the calls */
    const char *name;
    const char *from; /* NULL: a source, or a stream of the file */
    const char *op;
    const char *arg;
    const char *const *opts; /* NULL: `arg` */
};

/* A source, table or output: the call that it becomes. */
struct end {
    struct end *next;
    const ds_dstream *stream; /* of an output */
    const char *name;
    const char *connector;
    const char *const *opts;
};

struct ds_streaming_context {
    ds_arena *arena;
    ds_registry *reg;
    ds_streaming_options options;
    const char *file; /* NULL: from options */
    ds_dstream *streams, **last_stream;
    struct end *sources, **last_source;
    struct end *tables, **last_table;
    struct end *outputs, **last_output;
    uint32_t n_streams, n_outputs;
    ds_err wrong; /* the first mistake of a call */

    ds_job *job; /* once it was planned */
    const ds_plan *plan;
    ds_broker *memory;

    pthread_mutex_t starting; /* held by start; stop waits for it */
    pthread_mutex_t lock;     /* what follows */
    pthread_cond_t moved;
    ds_streaming_state state;
    ds_context *ctx; /* while it is active */
    ds_job_status status;
    ds_err failed; /* what ended it; rc 0: nothing */
    pthread_t supervisor;
    pthread_t trimmer;
    bool supervised, trimmed; /* the threads are to be joined */
    struct ds_streaming_context *next_active;
};

/* dstreams.c: everything that was said, as calls on the job. */
void dstreams_say(ds_streaming_context *ssc, ds_job *job);
/* foreach.c: the name of a sink type of the function. */
const char *foreach_add(ds_streaming_context *ssc, ds_batch_fn *fn, void *arg);
/* streaming.c: whether something may still be said; if not, that is a mistake.
 */
bool streaming_open(ds_streaming_context *ssc);
void streaming_wrong(ds_streaming_context *ssc, const char *msg);
/* Likewise, and whether all that `call` needs is there. */
bool streaming_given(ds_streaming_context *ssc, const char *call, bool given);

#endif
