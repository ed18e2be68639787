/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint.c - `dstream lint`: every mistake of every file, without a network.
 */
#include <errno.h>
#include <fts.h>
#include <getopt.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/daemon.h"
#include "yaml/yaml_job.h"

static const char usage[] =
    "usage: dstream lint [OPTION…] FILE…\n"
    "\n"
    "Check job files: all mistakes, each as PATH:LINE:COL: error[CODE]: … on\n"
    "standard output. A folder, or DIR/..., stands for the *.yaml files in it\n"
    "(*.test.yaml left out). No network is used unless --online is said. "
    "Exit\n"
    "0, or 78 if a file has a mistake or cannot be read; with --online 69 or "
    "77 "
    "if the\n"
    "schema registry does not answer or lets nobody in.\n"
    "\n"
    "  --deny-warnings      warnings count as mistakes\n"
    "  --config F           clusters are those of this daemon file; without "
    "it\n"
    "                       any name of a cluster is taken\n"
    "  --online             ask the schema registries that jobs name: columns "
    "that\n"
    "                       only they know are checked too\n"
    "  --help               this text\n";

typedef struct session {
    bool deny, online;
    int failed; /* exit code of a registry that did not answer, or 0 */
    daemon_config *config;
    unsigned files, bad;
} session;

static const ds_arg *cluster_any(void *arg, const char *name)
{
    const session *s = arg;

    return s->config ? daemon_cluster(s->config, name)
                     : cmd_cluster_any(NULL, name);
}

static const ds_arg *registry_any(void *arg, const char *name)
{
    const session *s = arg;

    return s->config ? daemon_registry(s->config, name)
                     : cmd_registry_any(NULL, name);
}

static void lint_file(session *s, const char *path)
{
    ds_job *job = ds_job_new(cmd_registry());
    ds_slice source = DS_NULL_SLICE;
    const ds_diags *d = ds_job_diags(job);
    ds_err err = {DS_OK, ""};
    bool planned;

    ds_job_set_clusters(job, cluster_any, s);
    ds_job_set_registries(job, registry_any, s);
    if (s->online)
        ds_job_set_online(job);
    yaml_job_load(job, path, NULL, &source);
    planned =
        ds_job_plan(job) != NULL || (ds_job_incomplete(job) && d->errors == 0);
    ds_diags_show(ds_job_diags(job), source, stdout);
    s->files++;
    if (ds_job_failed(job, &err) < 0)
        s->failed = ds_rc_exit(err.rc);
    else if (!planned || d->errors || (s->deny && d->n))
        s->bad++;
    ds_job_free(job);
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && !strcmp(s + n - m, end);
}

static bool is_job_file(const char *name)
{
    return (ends_with(name, ".yaml") || ends_with(name, ".yml")) &&
           !ends_with(name, ".test.yaml") && !ends_with(name, ".test.yml");
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void lint_folder(session *s, char *path)
{
    char *roots[] = {path, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    FTSENT *e;

    while (walk && (e = fts_read(walk)) != NULL) {
        if (e->fts_info == FTS_D && e->fts_level > 0 && e->fts_name[0] == '.')
            fts_set(walk, e, FTS_SKIP);
        if ((e->fts_info == FTS_F || e->fts_info == FTS_SL) &&
            is_job_file(e->fts_name))
            lint_file(s, e->fts_path);
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR ||
            e->fts_info == FTS_NS) {
            printf("%s: error[E0101]: cannot be read: %s\n", e->fts_path,
                   strerror(e->fts_errno));
            s->bad++;
        }
    }
    if (walk)
        fts_close(walk);
}

static void lint_path(session *s, char *path)
{
    size_t n = strlen(path);

    if (n > 4 && !strcmp(path + n - 4, "/...")) {
        path[n - 4] = 0;
        lint_folder(s, path);
    } else if (daemon_is_folder(path)) {
        lint_folder(s, path);
    } else {
        lint_file(s, path);
    }
}

int verb_lint(int argc, char **argv)
{
    static const struct option options[] = {
        {"deny-warnings", no_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"online", no_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    session s = {.deny = false};
    const char *config = NULL;
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (c == 'd')
            s.deny = true;
        else if (c == 'o')
            s.online = true;
        else if (c == 'c')
            config = optarg;
        else
            return cmd_help(c, "lint", usage);
    }
    if (optind == argc)
        return cmd_usage("lint", "which files?");
    if (config) {
        s.config = daemon_config_load(config, stdout);
        if (!s.config)
            return EXIT_BAD_CONFIG;
    }
    for (int i = optind; i < argc; i++)
        lint_path(&s, argv[i]);
    daemon_config_free(s.config);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "dstream: the output cannot be written: %s\n",
                strerror(errno));
        return 1;
    }
    return s.bad ? EXIT_BAD_CONFIG : s.failed;
}
