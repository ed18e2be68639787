/* SPDX-License-Identifier: Apache-2.0 */
/* cmd.h - what the verbs of the program share. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdio.h>

#include "dstream/context.h"
#include "dstream/job.h"
#include "dstream/log.h"
#include "dstream/registry.h"
#include "plan/plan.h"

enum {
    EXIT_DECISION = 3,
    EXIT_USAGE = 64,
    EXIT_STATE = 73,
    EXIT_BAD_CONFIG = 78
};

/* Everything that comes with dstream, registered once. */
const ds_registry *cmd_registry(void);

/* One function per verb; argv[0] is "dstream VERB". Returns the exit code. */
typedef int verb_fn(int argc, char **argv);
verb_fn verb_run, verb_serve, verb_lint, verb_explain, verb_schema, verb_eval,
    verb_replay, verb_test, verb_version;

/* `dstream help NAME` where NAME is no verb. */
int help_main(const char *name);

/* A usage error: says it, points to --help; 64. */
int cmd_usage(const char *verb, const char *fmt, ...) DS_PRINTF(2, 3);
/* What getopt_long gave that is no option of the verb: --help (0) or a mistake
 * that getopt has shown already (64). */
int cmd_help(int c, const char *verb, const char *usage);
/* "dstream: MESSAGE" on standard error; the exit code of the error. */
int cmd_fail(const ds_err *err);

/* The same where there is no ds_err yet. */
int cmd_fail_at(ds_rc rc, const char *fmt, ...) DS_PRINTF(2, 3);

/* A job file, read and planned. Mistakes and warnings go to `to` as lint shows
 * them. NULL: there is a mistake; the job is freed then. */
ds_job *cmd_job(const char *path, ds_cluster_fn *clusters, void *arg, FILE *to,
                const ds_plan **plan);
/* The same, and servers may be asked for schemas. NULL with *err set: they did
 * not answer. plain: see ds_job_set_plain(), captured:
 * ds_job_set_captured(). */
ds_job *cmd_job_online(const char *path, bool plain, bool captured, FILE *to,
                       const ds_plan **plan, ds_err *err);
/* Likewise for registries. */
const ds_arg *cmd_registry_any(void *arg, const char *name);
/* A ds_cluster_fn that knows every name: for checks without a daemon file. */
const ds_arg *cmd_cluster_any(void *arg, const char *name);
/* The plan, with brokers where the job names none: DSTREAM_BROKERS, else
 * localhost:9092. */
const ds_plan *cmd_plan_brokers(ds_job *job, const ds_plan *plan);

/* The folder for state if none is given: /var/lib/dstream if it can be written
 * to, else that of the user. */
const char *cmd_state_default(ds_arena *a);
/* mkdir -p; false: errno says why. */
bool cmd_mkdirs(const char *path);

/* "5 in, 3 out, 1 filtered, 1 dlq": what is not zero. `lost`: only what did
 * not come out, "" if all did. */
void cmd_tally_text(const ds_tally *t, bool lost, char *to, size_t size);

/* Blocks the signals that a monitor waits for: before the first thread. */
void cmd_signals_block(void);

/* -v, -q and DSTREAM_LOG (debug, info, warn, error). */
void cmd_log_start(int verbose, ds_log_level usual);

#define CMD_LOG_HELP                                                           \
    "  -v                   more log lines: debug\n"                           \
    "  -q                   fewer log lines: warnings and errors\n"            \
    "  --log-format F       auto (default), text or json\n"                    \
    "  --help               this text\n"

#endif
