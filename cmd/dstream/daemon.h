/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.h - the daemon file: clusters, the folder of jobs, where state lives,
 * where HTTP listens.
 */
#ifndef CMD_DAEMON_H
#define CMD_DAEMON_H

#include "cmd/cmd.h"

typedef struct daemon_config {
    ds_arena *arena;
    const char *jobs;  /* folder of *.yaml */
    const char *state; /* parent of the jobs' state */
    int64_t memory;    /* of all jobs; 0: as each job says */
    const char *host;  /* loopback: an address; NULL: no HTTP */
    int port;
    const char *instance; /* NULL: the host name */
    ds_log_level level;
    const ds_arg *clusters, *registries; /* name: properties */
} daemon_config;

/* NULL after its mistakes were shown. */
daemon_config *daemon_config_load(const char *path, FILE *to);
void daemon_config_free(daemon_config *c);
/* A cluster's properties; NULL: there is none of that name. */
const ds_arg *daemon_cluster(const daemon_config *c, const char *name);
/* Likewise a registry's; name NULL: `main`, if it is there. */
const ds_arg *daemon_registry(const daemon_config *c, const char *name);
bool daemon_is_folder(const char *path);

#endif
