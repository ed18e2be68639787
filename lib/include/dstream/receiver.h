/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receiver.h - a source that gives each record once and never again: a socket,
 * a queue of the program, a user's own.
 *
 *     receiver --poll--> pump thread --> <job>.<source>.received --> the job
 *
 * What a receiver gives is written to an internal topic with one partition, in
 * transactions of its own (Spark's write-ahead log of receivers), and the job
 * reads that topic as any other. So a record is received at least once, and
 * from the topic on it counts exactly once. Of several processes that run the
 * job one has the receiver: the one that was assigned the topic's partition.
 *
 * A job that names no topic of Kafka runs on a cluster in the process
 * (connectors/memory); then what was received lives as long as the process.
 *
 * An error of open() or poll() is logged; the receiver is closed and opened
 * again after two seconds, for ever, as by Spark's Receiver.restart(). DS_END
 * of poll() is no error: nothing came in time.
 *
 * A type is a constant and goes into the registry (ds_registry_add_receiver).
 * In a job it is a connector of a source by its name:
 *
 *     sources: {lines: {socket: {host: localhost, port: 9999}}}
 *
 * Thread: the pump's own, one per source; check() main.
 */
#ifndef DSTREAM_RECEIVER_H
#define DSTREAM_RECEIVER_H

#include "dstream/batch.h"
#include "dstream/param.h"
#include "dstream/public.h"

DS_PUBLIC_BEGIN

/* A record that came. The bytes live in the arena that poll() was given. */
typedef struct ds_received {
    ds_slice key; /* null: none */
    ds_slice val;
    ds_time ts; /* DS_TIME_NONE: now */
} ds_received;

struct ds_receiver_type;

/* Where it is used. All of it lives longer than the receiver. */
typedef struct ds_receiver_use {
    const struct ds_receiver_type *type;
    const char *job;
    const char *source; /* its name in the job */
    const void *args;   /* the struct that the params filled in */
} ds_receiver_use;

typedef struct ds_receiver_type {
    const char *name; /* "socket" */
    const char *help; /* one sentence */
    const ds_param *params;
    size_t args_size;   /* sizeof the struct that the params fill in */
    const char *format; /* of the records, a codec's name; its only column is
                           `value` */

    /* Lint: what the table of parameters cannot say. May be NULL. */
    void (*check)(const void *args, ds_where where, ds_diags *d);
    /* Returns within a few seconds. */
    ds_rc (*open)(const ds_receiver_use *use, void **out, ds_err *err);
    void (*close)(void *receiver);
    /* Up to `max` records into `out`, *n of them, in order. Waits up to
     * timeout_ms for the first one and for no other. DS_END: none. Once it
     * returned them they are the pump's: they are written, however often that
     * has to be tried. */
    ds_rc (*poll)(void *receiver, ds_arena *a, int timeout_ms, uint32_t max,
                  ds_received *out, uint32_t *n, ds_err *err);
} ds_receiver_type;

DS_PUBLIC_END

#endif
