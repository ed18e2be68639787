/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the daemon's parts.
 *
 *     daemon.c   its file
 *     serve.c    the verb: jobs in their threads
 *     http.c     health, readiness, metrics
 *
 * Nothing that HTTP calls waits for the engine.
 */
#ifndef CMD_SERVE_H
#define CMD_SERVE_H

#include <pthread.h>

#include "cmd/daemon.h"
#include "dstream/context.h"
#include "obs/families.h"

typedef struct server server;

/* A file of the folder. */
typedef struct slot {
    server *server;
    char *path;
    char name[80];  /* of the job; of the file if that has a mistake */
    ds_job *job;    /* NULL: the file has a mistake, or: */
    bool unplanned; /* a schema registry did not answer; its thread asks again
                     */
    const ds_plan *plan;
    char hash[12]; /* of the file */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* the rest; held for moments only */
    pthread_cond_t wake;
    ds_context *ctx;   /* NULL: not open */
    bool opening;      /* it waits for its cluster */
    const char *state; /* while ctx is NULL */
    char note[300];    /* why it does not run */
} slot;

struct server {
    daemon_config *config;
    metrics *metrics;
    uint32_t n;
    slot *slots;
    _Atomic int stop; /* 1: drain, 2: abort */
    unsigned long logged[DS_LOG_ERROR + 1];
};

/* What /readyz says of a job: NULL when it is ready, else the reason, in `a`.
 */
const char *slot_not_ready(slot *s, ds_arena *a);
slot *server_find(server *srv, const char *job);

typedef struct http http;
ds_rc http_start(server *srv, http **out, ds_err *err);
/* Ends connections that are open for too long. */
void http_tick(http *h);
void http_stop(http *h);

#endif
