/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - `dstream run`: one job in the foreground.
 */
#include "cmd/run.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/local.h"
#include "cmd/cmd.h"
#include "cmd/monitor.h"
#include "memory/memory.h"

static const char usage[] =
    "usage: dstream run FILE [OPTION…]\n"
    "\n"
    "Run the job of FILE beside its Kafka cluster until it is stopped. SIGTERM "
    "and\n"
    "Ctrl-C finish the batch and exit 0; a second one aborts it.\n"
    "\n"
    "  --instance N         name of this process among those that run the "
    "job\n"
    "                       (default: the host name); a restart under the "
    "same\n"
    "                       name takes over at once\n"
    "  --state DIR          parent of the job's state folder (default:\n"
    "                       DSTREAM_STATE, /var/lib/dstream if it can be "
    "written\n"
    "                       to, else ~/.local/state/dstream)\n"
    "  --until-end          exit when what was there at the start is done\n"
    "  --reset-state        forget the state of all stores first\n"
    "  --workers N          threads per stage (default: as the job says)\n"
    "\n"
    "Without a broker, on files:\n"
    "\n"
    "  --in NAME=FILE       rows of source NAME, one a line; - is standard "
    "input\n"
    "  --in NAME=FILE,envelope   each line is {\"key\": …, \"value\": …, "
    "\"ts\": …,\n"
    "                       \"partition\": …, \"headers\": {…}}\n"
    "  --out -              records of all sinks to standard output; console\n"
    "                       sinks then go to standard error\n"
    "  --out NAME=FILE      records of one sink, of dlq, the dead letters, or "
    "of\n"
    "                       late, late rows that have a topic\n"
    "\n" CMD_LOG_HELP "\n"
    "A job without bootstrap.servers uses DSTREAM_BROKERS, else "
    "localhost:9092.\n";

/* ---- a job on a cluster ---- */

typedef struct session {
    pthread_mutex_t lock;
    const ds_plan *plan;
    ds_context *ctx;   /* NULL: not open */
    ds_broker *memory; /* of a job that needs no Kafka */
    bool ended;        /* it was open */
    int stops;
    uint32_t ticks;
    uint64_t rows; /* at the last tick */
    ds_time at, began;
} session;

static void session_stop(void *arg, int how)
{
    session *s = arg;

    pthread_mutex_lock(&s->lock);
    s->stops = how;
    if (s->ctx) {
        ds_context_stop(s->ctx, how);
    } else if (!s->ended) {
        ds_log_stop();
        _exit(0); /* it waits for the cluster; nothing was begun */
    }
    pthread_mutex_unlock(&s->lock);
}

static void progress_line(const session *s, const ds_job_status *st,
                          double rate)
{
    char line[400], lag[32] = "?", restore[40] = "", lost[120];

    if (st->lag >= 0)
        snprintf(lag, sizeof(lag), "%" PRId64, st->lag);
    if (st->restore_ratio < 1)
        snprintf(restore, sizeof(restore), "  restored %.0f %%",
                 100 * st->restore_ratio);
    cmd_tally_text(&st->rows, true, lost, sizeof(lost));
    snprintf(line, sizeof(line),
             "%s  %s  %" PRIu64 " batches  %.0f rows/s  lag %s  last batch "
             "%.0f ms  errors %" PRIu64 "%s%s%s%s%.60s",
             s->plan->job, st->state, st->batches, rate, lag,
             (double)st->batch_time / DS_MS, st->errors, lost[0] ? "  " : "",
             lost, restore, st->note[0] ? "  " : "", st->note);
    ds_progress(line);
}

static void progress_log(const session *s, const char *what,
                         const ds_job_status *st, double rate)
{
    ds_log(DS_LOG_INFO, what, DS_KV("job", "%s", s->plan->job),
           DS_KV("state", "%s", st->state),
           DS_KV("batches", "%" PRIu64, st->batches),
           DS_KV("in", "%" PRIu64, st->rows.in),
           DS_KV("rows_per_s", "%.0f", rate), DS_KV("lag", "%" PRId64, st->lag),
           DS_KV("batch_ms", "%.1f", (double)st->batch_time / DS_MS),
           DS_KV("made", "%" PRIu64, st->rows.made),
           DS_KV("out", "%" PRIu64, st->rows.out),
           DS_KV("crossed", "%" PRIu64, st->rows.crossed),
           DS_KV("kept", "%" PRIu64, st->rows.kept),
           DS_KV("filtered", "%" PRIu64, st->rows.filtered),
           DS_KV("late", "%" PRIu64, st->rows.late),
           DS_KV("dlq", "%" PRIu64, st->rows.dlq),
           DS_KV("skipped", "%" PRIu64, st->rows.skipped),
           DS_KV("errors", "%" PRIu64, st->errors),
           DS_KV("restored", "%.3f", st->restore_ratio),
           st->note[0] ? DS_KV("reason", "%s", st->note) : NULL);
}

/* The sums of this run, whatever ended it. */
static void session_sum(session *s, ds_context *ctx)
{
    ds_time took = ds_mono_now() - s->began;
    ds_job_status st;

    ds_context_status(ctx, &st);
    progress_log(s, "ended", &st,
                 took > 0 ? (double)st.rows_in * DS_SECOND / (double)took : 0);
}

static void session_tick(void *arg)
{
    session *s = arg;
    ds_job_status st;
    ds_time now = ds_mono_now();
    double rate;
    bool terminal = ds_progress_wanted();

    pthread_mutex_lock(&s->lock);
    s->ticks++;
    if (!s->ctx && !s->ended && s->ticks % 10 == 0)
        ds_log(DS_LOG_INFO, "still starting: the cluster is slow to answer",
               DS_KV("job", "%s", s->plan->job),
               DS_KV("seconds", "%u", (unsigned)s->ticks));
    if (s->ctx && s->memory)
        local_trim(s->memory, s->plan);
    if (s->ctx && (terminal || s->ticks % 10 == 0)) {
        ds_context_status(s->ctx, &st);
        rate = now > s->at ? (double)(st.rows_in - s->rows) * DS_SECOND /
                                 (double)(now - s->at)
                           : 0;
        s->rows = st.rows_in;
        s->at = now;
        if (terminal)
            progress_line(s, &st, rate);
        else
            progress_log(s, "progress", &st, rate);
    }
    pthread_mutex_unlock(&s->lock);
}

static ds_rc session_run(session *s, const ds_run_options *o, ds_err *err)
{
    ds_context *ctx;
    ds_rc rc = ds_context_open(s->plan, o, &ctx, err);

    DS_TRY(rc);
    pthread_mutex_lock(&s->lock);
    s->ctx = ctx;
    s->at = s->began = ds_mono_now();
    if (s->stops)
        ds_context_stop(ctx, s->stops);
    pthread_mutex_unlock(&s->lock);
    rc = ds_context_start(ctx, err);
    if (rc == DS_OK)
        rc = ds_context_wait(ctx, err);
    monitor_ending(rc < 0 ? ds_rc_exit(rc) : 0);
    pthread_mutex_lock(&s->lock);
    s->ctx = NULL;
    s->ended = true;
    pthread_mutex_unlock(&s->lock);
    session_sum(s, ctx);
    ds_context_close(ctx);
    return rc;
}

/* A job that names no topic runs in memory; its state too, unless a folder is
 * given. */
static void memory_options(session *s, const run_flags *f, ds_run_options *o)
{
    s->memory = o->opened = memory_new(&ds_clock_wall);
    o->broker = s->memory->type;
    o->state_dir = f->state;
    if (!f->state)
        o->store = ds_registry_store(cmd_registry(), "memory");
    o->workers = 1; /* a group of it has one member */
}

static int cluster_run(ds_job *job, const ds_plan *plan, const run_flags *f)
{
    session s = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const char *state =
        f->state ? f->state : cmd_state_default(ds_job_arena(job));
    ds_run_options o = {.broker = ds_registry_broker(cmd_registry(), "kafka"),
                        .store = ds_registry_store(cmd_registry(), "rocksdb"),
                        .state_dir = state,
                        .instance = f->instance,
                        .clock = &ds_clock_wall,
                        .until_end = f->until_end,
                        .reset_state = f->reset_state,
                        .workers = f->workers};
    ds_err err = {DS_OK, ""};
    ds_rc rc;

    if (local_is(plan))
        memory_options(&s, f, &o);
    if (o.state_dir && !cmd_mkdirs(state))
        return cmd_fail_at(DS_E_DISK, "the state folder %s cannot be made: %s",
                           state, strerror(errno));
    s.plan = s.memory ? plan : cmd_plan_brokers(job, plan);
    monitor_start(&(monitor_fns){session_stop, session_tick, &s});
    rc = session_run(&s, &o, &err);
    monitor_end();
    if (s.memory)
        s.memory->type->close(s.memory);
    if (rc < 0) {
        ds_wrap(&err, "job %s failed", plan->job);
        return cmd_fail(&err);
    }
    ds_progress("");
    ds_log_stop();
    return 0;
}

/* ---- flags ---- */

static bool is_instance(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= 100 &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789._-") == n;
}

/* NAME=FILE. */
static bool file_flag(char *arg, run_file *out)
{
    char *eq = strchr(arg, '=');

    if (!eq || eq == arg || !eq[1])
        return false;
    *eq = 0;
    out->name = arg;
    out->path = eq + 1;
    return true;
}

static bool in_flag(run_flags *f, char *arg)
{
    static const char suffix[] = ",envelope";
    run_file *in = &f->in[f->n_in];
    size_t n;

    if (f->n_in == RUN_FILES_MAX || !file_flag(arg, in))
        return false;
    n = strlen(in->path);
    if (n > strlen(suffix) && !strcmp(in->path + n - strlen(suffix), suffix)) {
        in->envelope = true;
        ((char *)in->path)[n - strlen(suffix)] = 0;
    }
    f->n_in++;
    return true;
}

static bool out_flag(run_flags *f, char *arg)
{
    run_file *out = &f->out[f->n_out];

    if (f->n_out == RUN_FILES_MAX)
        return false;
    if (!strcmp(arg, "-"))
        out->path = arg;
    else if (!file_flag(arg, out))
        return false;
    f->n_out++;
    return true;
}

static int flags_check(const run_flags *f)
{
    uint32_t from_stdin = 0;

    for (uint32_t i = 0; i < f->n_in; i++) {
        from_stdin += !strcmp(f->in[i].path, "-");
        for (uint32_t k = 0; k < i; k++)
            if (!strcmp(f->in[i].name, f->in[k].name))
                return cmd_usage("run", "--in %s is given twice",
                                 f->in[i].name);
    }
    if (from_stdin > 1)
        return cmd_usage("run", "only one --in can read standard input");
    if (f->n_out && !f->n_in)
        return cmd_usage("run", "--out needs --in: on a cluster the records "
                                "go to their topics");
    if (f->n_in && f->workers > 1)
        return cmd_usage("run", "--workers is for a cluster; with --in one "
                                "thread does everything");
    return 0;
}

enum {
    OPT_INSTANCE = 256,
    OPT_STATE,
    OPT_UNTIL,
    OPT_RESET,
    OPT_IN,
    OPT_OUT,
    OPT_WORKERS,
    OPT_LOG
};

static int flag_take(run_flags *f, int c, int *verbose)
{
    char *end;

    switch (c) {
    case OPT_INSTANCE:
        f->instance = optarg;
        return is_instance(optarg)
                   ? 0
                   : cmd_usage("run", "--instance: letters, digits, . _ - "
                                      "only, at most 100");
    case OPT_STATE:
        f->state = optarg;
        return *optarg ? 0 : cmd_usage("run", "--state: no folder is named");
    case OPT_UNTIL:
        f->until_end = true;
        return 0;
    case OPT_RESET:
        f->reset_state = true;
        return 0;
    case OPT_IN:
        return in_flag(f, optarg) ? 0 : cmd_usage("run", "--in NAME=FILE");
    case OPT_OUT:
        return out_flag(f, optarg) ? 0
                                   : cmd_usage("run", "--out - or NAME=FILE");
    case OPT_WORKERS:
        f->workers = (int)strtol(optarg, &end, 10);
        return f->workers >= 1 && f->workers <= 1024 && !*end
                   ? 0
                   : cmd_usage("run", "--workers: a number from 1 to 1024");
    case OPT_LOG:
        return monitor_set_log_format(optarg)
                   ? 0
                   : cmd_usage("run", "--log-format: auto, text or json");
    case 'v':
    case 'q':
        *verbose = c == 'v' ? 1 : -1;
        return 0;
    default:
        return -1;
    }
}

static int run_job(const char *path, run_flags *f, int verbose)
{
    const ds_plan *plan;
    ds_err err = {DS_OK, ""};
    ds_job *job;
    int code;

    if (!f->n_in)
        cmd_signals_block();
    f->quiet = verbose < 0;
    job = cmd_job_online(path, f->n_in > 0, f->n_out > 0, stderr, &plan, &err);
    if (!job && err.rc != DS_OK)
        return ds_rc_exit(err.rc);
    if (!job)
        return EXIT_BAD_CONFIG;
    cmd_log_start(verbose, f->n_in ? DS_LOG_WARN : DS_LOG_INFO);
    if (f->n_in && f->state && !cmd_mkdirs(f->state)) {
        fprintf(stderr, "dstream: the state folder %s cannot be made: %s\n",
                f->state, strerror(errno));
        code = EXIT_STATE;
    } else {
        code = f->n_in ? embed_run(plan, f) : cluster_run(job, plan, f);
    }
    ds_log_stop();
    ds_job_free(job);
    return code;
}

int verb_run(int argc, char **argv)
{
    static const struct option options[] = {
        {"instance", required_argument, NULL, OPT_INSTANCE},
        {"state", required_argument, NULL, OPT_STATE},
        {"until-end", no_argument, NULL, OPT_UNTIL},
        {"reset-state", no_argument, NULL, OPT_RESET},
        {"in", required_argument, NULL, OPT_IN},
        {"out", required_argument, NULL, OPT_OUT},
        {"workers", required_argument, NULL, OPT_WORKERS},
        {"log-format", required_argument, NULL, OPT_LOG},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    static run_flags f;
    int c, code, verbose = 0;

    while ((c = getopt_long(argc, argv, "vqh", options, NULL)) != -1) {
        code = flag_take(&f, c, &verbose);
        if (code > 0)
            return code;
        if (code < 0)
            return cmd_help(c, "run", usage);
    }
    if (argc - optind != 1)
        return cmd_usage("run", argc == optind ? "which job file?"
                                               : "one job file at a time");
    code = flags_check(&f);
    return code ? code : run_job(argv[optind], &f, verbose);
}
