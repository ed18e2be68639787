/* SPDX-License-Identifier: Apache-2.0 */
/*
 * streaming.h - a StreamingContext, as Spark Streaming has it.
 *
 *     ds_streaming_context *ssc = ds_streaming_context_new(
 *         &(ds_streaming_options){.job = "network-word-count", .batch = "1s"});
 *     ds_dstream *lines = ds_socket_text_stream(ssc, "lines", "localhost",
 *                                               9999);
 *     ds_dstream *words = ds_dstream_flat_map(
 *         lines, "string_to_table(value, ' ') AS word");
 *     ds_dstream *pairs = ds_dstream_key_by(words, "word");
 *     ds_dstream_print(ds_dstream_reduce_by_key(pairs, "count(*) AS n"), 10);
 *     if (ds_streaming_context_start(ssc, &err) < 0 ||
 *         ds_streaming_context_await(ssc, &err) < 0)
 *         fprintf(stderr, "%s\n", err.msg);
 *     ds_streaming_context_free(ssc);
 *
 * Nothing runs before start. Calls on streams never fail where they stand:
 * mistakes are kept in the context, and start tells the first one; all of them
 * are in ds_streaming_context_diags(). A stream that could not be made is NULL,
 * and a call on it does nothing.
 *
 * States, as Spark's:
 *
 *     INITIALIZED --start--> ACTIVE --stop, the end, an error--> STOPPED
 *
 * A start when active is a warning; when stopped, an error. Sources, steps and
 * outputs after a start or stop are an error of the context ("Adding new
 * inputs, transformations, and output operations after starting/stopping a
 * context is not supported"), which ds_streaming_context_error() tells; what
 * runs goes on. A stopped context is not started again: make another. Unlike
 * Spark's, several contexts may be active in one process, each with a job name
 * of its own.
 *
 * A job that names no topic of Kafka needs no broker: it runs in memory.
 *
 * The library never ends the process, touches no signal's action and blocks all
 * signals in its threads. What it has to say goes to standard error (log.h).
 *
 * Thread: one at a time until start; then start, stop, await, status: any, but
 * not from a function of the job, which stop would wait for. Nothing of a
 * context is to be called in a process that was forked from the one in which it
 * started: there it has no threads.
 */
#ifndef DSTREAM_STREAMING_H
#define DSTREAM_STREAMING_H

#include "dstream/context.h"
#include "dstream/function.h"
#include "dstream/job.h"
#include "dstream/public.h"
#include "dstream/sink.h"

DS_PUBLIC_BEGIN

typedef struct ds_streaming_context ds_streaming_context;
typedef struct ds_dstream ds_dstream; /* lives as long as its context */

/* ---- the context ---- */

/* Copied. Everything but `job` may be NULL or 0. */
typedef struct ds_streaming_options {
    const char *job;       /* its name: of consumer groups, internal topics, the
                              state folder */
    const char *batch;     /* the batch duration; "1s" */
    const char *brokers;   /* bootstrap.servers; "localhost:9092" */
    const char *state_dir; /* parent of the job's state folder; NULL: state is
                              in memory, and restored from its changelog */
    const char *instance;  /* of several processes; the host's name */
    int workers;           /* threads per stage; as many as cores */
    const char *const *settings; /* DS_OPTS(): others, as for ds_job_set() */
    void (*print)(void *arg, ds_slice text); /* ds_dstream_print(); NULL:
                                                standard output */
    void *print_arg;
} ds_streaming_options;

ds_streaming_context *
ds_streaming_context_new(const ds_streaming_options *options);
/* With everything that a job file says. `options` may be NULL; what it sets
 * wins. Streams of the file are there by name: ds_dstream_named(). */
ds_streaming_context *
ds_streaming_context_load(const char *path,
                          const ds_streaming_options *options);
/* Stops first, not gracefully, if need be. NULL is fine. */
void ds_streaming_context_free(ds_streaming_context *ssc);

/* What comes with dstream is in it; a user's own types are added before they
 * are named. */
ds_registry *ds_streaming_context_registry(ds_streaming_context *ssc);
/* The first mistake of a call so far; DS_OK: none. */
ds_rc ds_streaming_context_error(const ds_streaming_context *ssc, ds_err *err);
/* Mistakes in texts, once start was called. */
ds_diags *ds_streaming_context_diags(ds_streaming_context *ssc);
/* What becomes of the job: stages, topics, guarantees. For people; start may
 * follow. NULL: there are mistakes. Lives as long as the context. */
const char *ds_streaming_context_explain(ds_streaming_context *ssc,
                                         ds_err *err);

ds_rc ds_streaming_context_start(ds_streaming_context *ssc, ds_err *err);
/* Until it has stopped; the job's error, if one ended it (Spark rethrows it).
 */
ds_rc ds_streaming_context_await(ds_streaming_context *ssc, ds_err *err);
/* At most so long; below 0: for ever. *stopped (may be NULL): whether it has.
 */
ds_rc ds_streaming_context_await_or_timeout(ds_streaming_context *ssc,
                                            int64_t timeout_ms, bool *stopped,
                                            ds_err *err);
/* Returns when it has stopped. Gracefully: receivers end first and what they
 * gave is done, for at most 10 batches or 10 s; then the open batch is
 * finished. Else the open batch is aborted. Neither loses nor repeats a record
 * of Kafka. An error of the job is told by await. */
ds_rc ds_streaming_context_stop(ds_streaming_context *ssc, bool gracefully,
                                ds_err *err);

typedef enum ds_streaming_state {
    DS_STREAMING_INITIALIZED,
    DS_STREAMING_ACTIVE,
    DS_STREAMING_STOPPED
} ds_streaming_state;

ds_streaming_state ds_streaming_context_state(ds_streaming_context *ssc);
/* Zeroed before start; the last one after stop. */
void ds_streaming_context_status(ds_streaming_context *ssc, ds_job_status *out);

/* ---- sources ---- */

/* Names are those of the job language: [a-z_][a-z0-9_]{0,62}. */

/* As under `kafka:` in a job file; a dot goes one level down:
 * DS_OPTS("topic", "orders", "columns.id", "text", "columns.n", "bigint"). */
ds_dstream *ds_kafka_stream(ds_streaming_context *ssc, const char *name,
                            const char *const *opts);
/* Lines of a TCP server: one column, value text. */
ds_dstream *ds_socket_text_stream(ds_streaming_context *ssc, const char *name,
                                  const char *host, int port);
/* Any receiver of the registry by its name (receiver.h). */
ds_dstream *ds_receiver_stream(ds_streaming_context *ssc, const char *name,
                               const char *receiver, const char *const *opts);

/* Texts that the program gives itself, for tests: one column, value text. */
typedef struct ds_queue ds_queue;
ds_queue *ds_queue_new(void);
void ds_queue_free(ds_queue *q); /* after the context */
/* Copies it. A null slice is NULL. The job takes it within a moment; what it
 * has not taken when it stops stays in the queue. Thread: any. */
void ds_queue_push(ds_queue *q, ds_slice value);
ds_dstream *ds_queue_stream(ds_streaming_context *ssc, const char *name,
                            ds_queue *q);

/* Rows by key that streams are joined with: `connector` is "kafka" or "file",
 * `opts` what stands under it in a job file. It is named where it is used:
 * ds_dstream_step(s, "join", "users"); queries see it too. */
void ds_streaming_context_table(ds_streaming_context *ssc, const char *name,
                                const char *connector, const char *const *opts);

/* A source or stream by its name, as in a file. NULL: there is none. */
ds_dstream *ds_dstream_named(ds_streaming_context *ssc, const char *name);

/* ---- steps ---- */

/* Any operator of the language by its name there; `arg` is its main argument,
 * mostly an SQL text; NULL: none. A user's own operators too. */
ds_dstream *ds_dstream_step(ds_dstream *s, const char *op, const char *arg);
/* With its parameters by name, DS_OPTS("length", "60s", "slide", "10s"), and
 * id: and on_error:. One that stands several times is a list. */
ds_dstream *ds_dstream_step_opts(ds_dstream *s, const char *op,
                                 const char *const *opts);
/* Of two streams of one context. */
ds_dstream *ds_dstream_step_with(ds_dstream *s, const char *op,
                                 const ds_dstream *with);
/* What names the stream, its state and its internal topics. Without it a stream
 * is named after its operator and its place among the calls
 * ("reduce_by_key_3"): give a name to what keeps state, or the next version of
 * the program may not find it. Returns `s`. */
ds_dstream *ds_dstream_as(ds_dstream *s, const char *name);
const char *ds_dstream_name(const ds_dstream *s);

/* A step that is a function in C (function.h); its name is the operator's. */
ds_dstream *ds_dstream_function(ds_dstream *s, const ds_function *fn);

/* Spark's names. What the arguments mean stands in docs/language.md. */
#define DS_DSTREAM_STEP(c_name, op)                                            \
    static inline ds_dstream *ds_dstream_##c_name(ds_dstream *s,               \
                                                  const char *arg)             \
    {                                                                          \
        return ds_dstream_step(s, op, arg);                                    \
    }
#define DS_DSTREAM_BARE(c_name, op)                                            \
    static inline ds_dstream *ds_dstream_##c_name(ds_dstream *s)               \
    {                                                                          \
        return ds_dstream_step(s, op, NULL);                                   \
    }
#define DS_DSTREAM_OPTS(c_name, op)                                            \
    static inline ds_dstream *ds_dstream_##c_name(ds_dstream *s,               \
                                                  const char *const *opts)     \
    {                                                                          \
        return ds_dstream_step_opts(s, op, opts);                              \
    }
#define DS_DSTREAM_WITH(c_name, op)                                            \
    static inline ds_dstream *ds_dstream_##c_name(ds_dstream *s,               \
                                                  const ds_dstream *with)      \
    {                                                                          \
        return ds_dstream_step_with(s, op, with);                              \
    }

DS_DSTREAM_STEP(map, "map")
DS_DSTREAM_STEP(flat_map, "flatMap")
DS_DSTREAM_STEP(filter, "filter")
DS_DSTREAM_STEP(map_values, "mapValues")
DS_DSTREAM_STEP(flat_map_values, "flatMapValues")
DS_DSTREAM_STEP(map_partitions, "mapPartitions")
DS_DSTREAM_BARE(glom, "glom")
DS_DSTREAM_STEP(key_by, "keyBy")
DS_DSTREAM_WITH(union, "union")
DS_DSTREAM_STEP(repartition, "repartition")
DS_DSTREAM_BARE(count, "count")
DS_DSTREAM_STEP(reduce, "reduce")
DS_DSTREAM_BARE(count_by_value, "countByValue")
DS_DSTREAM_BARE(count_by_key, "countByKey")
DS_DSTREAM_STEP(reduce_by_key, "reduceByKey")
DS_DSTREAM_BARE(group_by_key, "groupByKey")
DS_DSTREAM_STEP(update_state_by_key, "updateStateByKey")
DS_DSTREAM_OPTS(map_with_state, "mapWithState")
DS_DSTREAM_OPTS(window, "window")
DS_DSTREAM_OPTS(count_by_window, "countByWindow")
DS_DSTREAM_OPTS(reduce_by_window, "reduceByWindow")
DS_DSTREAM_OPTS(reduce_by_key_and_window, "reduceByKeyAndWindow")
DS_DSTREAM_OPTS(count_by_value_and_window, "countByValueAndWindow")
DS_DSTREAM_OPTS(group_by_key_and_window, "groupByKeyAndWindow")
DS_DSTREAM_WITH(join, "join")
DS_DSTREAM_WITH(left_outer_join, "leftOuterJoin")
DS_DSTREAM_WITH(right_outer_join, "rightOuterJoin")
DS_DSTREAM_WITH(full_outer_join, "fullOuterJoin")
DS_DSTREAM_WITH(cogroup, "cogroup")
DS_DSTREAM_STEP(transform, "transform")
DS_DSTREAM_OPTS(transform_with, "transformWith")

/* ---- outputs ---- */

/* The first rows of each batch, as Spark's print(). */
void ds_dstream_print(ds_dstream *s, int rows);
/* As under `kafka:` of a sink. */
void ds_dstream_to_kafka(ds_dstream *s, const char *const *opts);
/* Any sink of the registry by its name (sink.h), or kafka, console. `name` may
 * be NULL. */
void ds_dstream_to(ds_dstream *s, const char *name, const char *sink,
                   const char *const *opts);

/* All rows of a batch in one partition, in `n` pieces: see sink.h for what is
 * promised (at least once) and how to make exactly once of it. The pieces live
 * until it returns. Several partitions call it from several threads. */
typedef ds_rc ds_batch_fn(void *arg, const ds_sink_batch *batch,
                          const ds_batch *const *pieces, uint32_t n,
                          ds_err *err);
/* Batches without rows too, as Spark's foreachRDD. */
void ds_dstream_foreach_batch(ds_dstream *s, ds_batch_fn *fn, void *arg);

DS_PUBLIC_END

#endif
