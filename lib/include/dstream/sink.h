/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.h - a sink that is no topic of Kafka: a user's own.
 *
 *     open --> (write* commit) (write* commit) done ... --> close
 *
 * A batch is handed over when everything else of its transaction is done except
 * the commit: its rows for topics are acknowledged. If the sink's commit()
 * succeeds, the transaction commits. So after a crash between the two, or a
 * transaction that fails at its end, the same records come again: at least
 * once.
 *
 * A sink that can keep a batch ready without showing it makes it exactly once,
 * in two phases: commit() makes it ready under the transaction's token, done()
 * shows it, and open() is told the token of the transaction that committed
 * last: what is ready under this one was cut off before done(), and is shown;
 * what is ready under another one never committed, and is thrown away. The file
 * sink does that (connectors/file).
 *
 * Else the sink may use what is stable:
 *
 *   - behind a step that is one result per batch (reduceByKey, windows, ...)
 *     the batch's time and the partition name the result: the same ones come
 *     again with the same rows, and a sink that writes under the two of them
 *     overwrites;
 *   - before such a step a batch is what was there when it was cut, and may
 *     come again cut differently: then rows are known by the topic, partition
 *     and offset of their record (ds_batch.env), or by a key of their own.
 *
 * A type is a constant and goes into the registry (ds_registry_add_sink). In a
 * job it is a connector of a sink by its name:
 *
 *     sinks: {out: {from: counts, NAME: {…}}}
 *
 * The simplest one is a function: ds_dstream_foreach_batch() of streaming.h.
 *
 * Thread: the worker that owns the task; check() main. There is one open sink
 * per partition.
 */
#ifndef DSTREAM_SINK_H
#define DSTREAM_SINK_H

#include "dstream/batch.h"
#include "dstream/param.h"
#include "dstream/public.h"

DS_PUBLIC_BEGIN

struct ds_sink_type;

/* Where it is used. All of it lives longer than the sink. */
typedef struct ds_sink_use {
    const struct ds_sink_type *type;
    const char *job;
    const char *job_file; /* relative paths begin beside it; NULL: from C */
    const char *name;     /* of the sink in the job */
    const void *args;     /* the struct that the params filled in */
    const ds_schema *columns;
    int32_t partition;
    uint64_t committed; /* token of the partition's last transaction that has
                           committed, as of open() */
} ds_sink_use;

/* Which batch it is. */
typedef struct ds_sink_batch {
    ds_time time;      /* the batch's, on the job's grid */
    int32_t partition; /* the task's */
    uint64_t rows;     /* that were written */
    uint64_t token;    /* of its transaction: how far the partition was read */
} ds_sink_batch;

typedef struct ds_sink_type {
    const char *name;
    const char *help; /* one sentence */
    const ds_param *params;
    size_t args_size; /* sizeof the struct that the params fill in */
    /* Batches without rows too: commit() without a write(). */
    bool empty;

    /* Lint: what the table of parameters cannot say. May be NULL. */
    void (*check)(const void *args, const ds_schema *columns, ds_where where,
                  ds_diags *d);
    /* May be NULL, as close: then the sink is NULL in the other calls. */
    ds_rc (*open)(const ds_sink_use *use, void **out, ds_err *err);
    void (*close)(void *sink);
    /* Some rows of the batch, in the stream's order. They live until commit()
     * returns. */
    ds_rc (*write)(void *sink, const ds_sink_use *use, const ds_batch *rows,
                   ds_err *err);
    /* The batch is complete and has to last now. An error of it, or of write(),
     * aborts the transaction; its code says what then: DS_E_IO and DS_E_TIMEOUT
     * try again, DS_E_FAILED stops the job. What was written and not committed
     * has to be forgotten by the next write(). */
    ds_rc (*commit)(void *sink, const ds_sink_use *use,
                    const ds_sink_batch *batch, ds_err *err);
    /* The transaction of all batches since the last done() has committed. May
     * be NULL. An error stops the job: a restart goes on from open(). */
    ds_rc (*done)(void *sink, const ds_sink_use *use, ds_err *err);
} ds_sink_type;

DS_PUBLIC_END

#endif
