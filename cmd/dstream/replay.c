/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - `dstream replay`: shows what a replay would do, and does it.
 */
#include "dstream/replay.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/monitor.h"
#include "dstream/clock.h"

static const char usage[] =
    "usage: dstream replay FILE TARGET [OPTION…]\n"
    "\n"
    "Move the job of FILE back in time, offsets and state together. Prints a "
    "plan;\n"
    "changes something only with --execute, in one transaction, and only while "
    "no\n"
    "instance of the job runs.\n"
    "\n"
    "  --to-earliest        to the beginning; state is reset\n"
    "  --to-datetime T      to the first records at or after T (RFC 3339)\n"
    "  --to-offset N        to offset N in every partition\n"
    "  --state reset        the job has state: let it be empty at a target "
    "that is\n"
    "                       not the beginning\n"
    "  --execute            do it\n"
    "  --plan HASH          only if the plan is still this one\n"
    "\n" CMD_LOG_HELP "\n"
    "Exit 3: a decision is needed: an instance runs, the plan has changed, or "
    "state\n"
    "would not match the target.\n";

typedef struct flags {
    const char *file, *plan, *said; /* the target as it was given */
    bool target, execute;
    ds_replay_target to;
} flags;

/* ---- the plan, for people ---- */

static int64_t rewind_of(const ds_replay_part *p)
{
    return p->committed == DS_OFFSET_NONE ? 0 : p->committed - p->target;
}

static void part_show(const ds_replay_part *p)
{
    char name[280], committed[24] = "-";

    snprintf(name, sizeof(name), "%.249s/%d", p->topic, p->partition);
    if (p->committed != DS_OFFSET_NONE)
        snprintf(committed, sizeof(committed), "%" PRId64, p->committed);
    printf("  %-36s %12s %12" PRId64 " %12" PRId64 " %12" PRId64 "%s\n", name,
           committed, p->target, p->end, rewind_of(p),
           p->internal && p->end > p->committed && p->committed >= 0
               ? "  skipped: made again from the input"
           : p->clamped ? "  ! the nearest that is there"
                        : "");
}

static void outputs_show(const ds_plan *plan, int64_t again)
{
    for (uint32_t i = 0; i < plan->n_topics; i++)
        if (plan->topics[i].kind == DS_TOPIC_SINK)
            printf("  outputs  %s: rows of up to %" PRId64
                   " input records are written again; readers will see them\n",
                   plan->topics[i].name, again);
}

static void plan_show(const ds_plan *plan, const ds_replay_view *v,
                      const flags *f)
{
    int64_t again = 0;

    printf("Replay plan %s for job %s%s\n\n", v->hash, plan->job,
           f->execute ? "" : "        nothing has been changed");
    printf("  target   %s\n", f->said);
    for (uint32_t i = 0; i < v->n_groups; i++)
        printf("  group    %s: %d member%s%s\n", v->groups[i].name,
               v->groups[i].members, v->groups[i].members == 1 ? "" : "s",
               v->groups[i].members ? "; stop all instances first" : "");
    printf("\n  %-36s %12s %12s %12s %12s\n", "PARTITION", "COMMITTED",
           "TARGET", "END", "REWIND");
    for (uint32_t i = 0; i < v->n_parts; i++) {
        part_show(&v->parts[i]);
        if (!v->parts[i].internal && rewind_of(&v->parts[i]) > 0)
            again += rewind_of(&v->parts[i]);
    }
    putchar('\n');
    for (uint32_t i = 0; i < v->n_stores; i++)
        printf("  state    %s: reset; every key of %s is deleted (%" PRId64
               " records in %d partitions)\n",
               v->stores[i].name, v->stores[i].topic, v->stores[i].records,
               v->stores[i].partitions);
    outputs_show(plan, again);
}

static void how_show(const flags *f, const ds_replay_view *v)
{
    printf("\n  To do it:  dstream replay %s %s%s --plan %s --execute\n",
           f->file, f->said, f->to.reset_state ? " --state reset" : "",
           v->hash);
}

/* ---- the verb ---- */

static ds_rc replay_do(const ds_plan *plan, ds_replay *r, const flags *f,
                       ds_err *err)
{
    const ds_replay_view *v = ds_replay_look(r);

    plan_show(plan, v, f);
    DS_TRY(ds_replay_allowed(r, err));
    if (f->plan && strcmp(f->plan, v->hash) != 0)
        return ds_fail(err, DS_E_DECISION,
                       "the plan is %s now, not %.20s: nothing was changed",
                       v->hash, f->plan);
    if (!f->execute) {
        how_show(f, v);
        return DS_OK;
    }
    fflush(stdout);
    DS_TRY(ds_replay_execute(r, err));
    printf("\nDone");
    for (uint32_t i = 0; i < v->n_stores; i++)
        printf("%s %" PRIu64 " keys of %s", i ? "," : ": deleted",
               v->stores[i].keys, v->stores[i].name);
    puts(". The job goes on from there when it is started.");
    return DS_OK;
}

static int replay_run(const flags *f)
{
    const ds_plan *plan;
    ds_err err = {DS_OK, ""};
    ds_job *job = cmd_job_online(f->file, false, false, stderr, &plan, &err);
    ds_replay *r = NULL;
    ds_rc rc;
    int code = 0;

    if (!job)
        return err.rc != DS_OK ? ds_rc_exit(err.rc) : EXIT_BAD_CONFIG;
    plan = cmd_plan_brokers(job, plan);
    rc = ds_replay_plan(plan, &f->to, &r, &err);
    if (rc == DS_OK)
        rc = replay_do(plan, r, f, &err);
    fflush(stdout);
    if (rc < 0)
        code = cmd_fail(&err);
    ds_replay_close(r);
    ds_log_stop();
    ds_job_free(job);
    return code;
}

static int target_take(flags *f, ds_replay_to to, const char *option)
{
    char *end;
    static char said[100];

    if (f->target)
        return cmd_usage("replay", "one target, not two");
    f->target = true;
    f->to.to = to;
    snprintf(said, sizeof(said), "%s%s%.60s", option,
             to == DS_REPLAY_EARLIEST ? "" : " ",
             to == DS_REPLAY_EARLIEST ? "" : optarg);
    f->said = said;
    if (to == DS_REPLAY_DATETIME &&
        !ds_time_parse(ds_slice_of(optarg), &f->to.time))
        return cmd_usage("replay", "--to-datetime: an RFC 3339 time, as "
                                   "2026-11-22T09:00:00Z");
    if (to == DS_REPLAY_OFFSET) {
        f->to.offset = strtoll(optarg, &end, 10);
        if (!*optarg || *end || f->to.offset < 0)
            return cmd_usage("replay", "--to-offset: a number");
    }
    return 0;
}

static int state_take(flags *f, const char *how)
{
    if (!strcmp(how, "reset")) {
        f->to.reset_state = true;
        return 0;
    }
    if (!strcmp(how, "restore") || !strcmp(how, "keep")) {
        fprintf(stderr,
                "dstream replay: --state %s is not of this version; "
                "there is --state reset\n",
                how);
        return EXIT_DECISION;
    }
    return cmd_usage("replay", "--state: reset");
}

enum {
    OPT_EARLIEST = 256,
    OPT_DATETIME,
    OPT_OFFSET,
    OPT_STATE,
    OPT_EXECUTE,
    OPT_PLAN,
    OPT_LOG
};

static int flag_take(flags *f, int c, int *verbose)
{
    switch (c) {
    case OPT_EARLIEST:
        return target_take(f, DS_REPLAY_EARLIEST, "--to-earliest");
    case OPT_DATETIME:
        return target_take(f, DS_REPLAY_DATETIME, "--to-datetime");
    case OPT_OFFSET:
        return target_take(f, DS_REPLAY_OFFSET, "--to-offset");
    case OPT_STATE:
        return state_take(f, optarg);
    case OPT_EXECUTE:
        f->execute = true;
        return 0;
    case OPT_PLAN:
        f->plan = optarg;
        return 0;
    case OPT_LOG:
        return monitor_set_log_format(optarg)
                   ? 0
                   : cmd_usage("replay", "--log-format: auto, text or json");
    case 'v':
    case 'q':
        *verbose = c == 'v' ? 1 : -1;
        return 0;
    default:
        return -1;
    }
}

int verb_replay(int argc, char **argv)
{
    static const struct option options[] = {
        {"to-earliest", no_argument, NULL, OPT_EARLIEST},
        {"to-datetime", required_argument, NULL, OPT_DATETIME},
        {"to-offset", required_argument, NULL, OPT_OFFSET},
        {"state", required_argument, NULL, OPT_STATE},
        {"execute", no_argument, NULL, OPT_EXECUTE},
        {"plan", required_argument, NULL, OPT_PLAN},
        {"log-format", required_argument, NULL, OPT_LOG},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    flags f = {.to = {.broker = ds_registry_broker(cmd_registry(), "kafka")}};
    int c, code, verbose = 0;

    while ((c = getopt_long(argc, argv, "vqh", options, NULL)) != -1) {
        code = flag_take(&f, c, &verbose);
        if (code > 0)
            return code;
        if (code < 0)
            return cmd_help(c, "replay", usage);
    }
    if (argc - optind != 1)
        return cmd_usage("replay", "one job file");
    if (!f.target)
        return cmd_usage("replay", "to where? --to-earliest, --to-datetime T "
                                   "or --to-offset N");
    f.file = argv[optind];
    cmd_log_start(verbose, DS_LOG_WARN);
    return replay_run(&f);
}
