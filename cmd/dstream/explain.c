/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.c - `dstream explain` and `dstream schema`: what is known of a job,
 * and of all jobs.
 */
#include <getopt.h>
#include <string.h>

#include "cmd/cmd.h"

static const char explain_usage[] =
    "usage: dstream explain [OPTION…] FILE\n"
    "\n"
    "Print what the job of FILE does: its stages and why they are cut, the "
    "topics it\n"
    "reads, writes and creates, its stores, and what is guaranteed.\n"
    "\n"
    "  --format text        the only format so far\n"
    "  --help               this text\n";

static const char schema_usage[] =
    "usage: dstream schema\n"
    "\n"
    "Print the JSON schema of job files, for editors.\n"
    "\n"
    "  --help               this text\n";

int verb_explain(int argc, char **argv)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    const ds_plan *plan;
    ds_job *job;
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (c != 'f')
            return cmd_help(c, "explain", explain_usage);
        if (strcmp(optarg, "text") != 0)
            return cmd_usage("explain", "--format: text is the only one so "
                                        "far");
    }
    if (argc - optind != 1)
        return cmd_usage("explain", "one job file");
    job = cmd_job(argv[optind], cmd_cluster_any, NULL, stderr, &plan);
    if (!job)
        return EXIT_BAD_CONFIG;
    fputs(ds_plan_explain(plan, ds_job_arena(job)), stdout);
    ds_job_free(job);
    return 0;
}

int verb_schema(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    ds_arena *a;
    int c = getopt_long(argc, argv, "h", options, NULL);

    if (c != -1)
        return cmd_help(c, "schema", schema_usage);
    if (optind != argc)
        return cmd_usage("schema", "it takes no argument");
    a = ds_arena_new(1 << 16);
    fputs(ds_job_schema(cmd_registry(), a), stdout);
    ds_arena_free(a);
    return 0;
}
