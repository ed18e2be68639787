/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - runs a program and measures it from outside.
 *
 *     bench_watch --brokers B --topics IN[,T2] --groups G[,G2]
 *         [--timeout S] -- PROGRAM ARGS…     until it ends by itself
 *     bench_watch --brokers B --warm S --seconds S [--hold S] -- PROGRAM ARGS…
 *                                            that long; SIGTERM after `hold`
 *
 * One line of JSON. "steady" is from the first to the last change of the
 * groups' committed offsets: without the start, and without the first batch.
 * CPU is the process's user and system time, all threads; peak is VmHWM.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/kit.h"

enum { WATCH_EVERY_MS = 15, WATCH_GROUPS = 4 };

typedef struct group {
    rd_kafka_t *rk;
    rd_kafka_topic_partition_list_t *list;
    int64_t done; /* sum of the committed offsets */
} group;

typedef struct sample {
    int64_t ns, done;
    double cpu;
} sample;

static group groups[WATCH_GROUPS];
static int n_groups;
static int64_t peak_kb;

/* ---- the process ---- */

static double read_cpu(pid_t pid)
{
    char path[64], text[1024];
    unsigned long long user = 0, sys = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return -1;
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    char *at = strrchr(text, ')');
    if (!at ||
        sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
               &user, &sys) != 2)
        return -1;
    return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

static void read_peak(pid_t pid)
{
    char path[64], line[256];
    long long kb;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return;
    while (fgets(line, sizeof(line), f))
        if (sscanf(line, "VmHWM: %lld kB", &kb) == 1 && kb > peak_kb)
            peak_kb = kb;
    fclose(f);
}

static pid_t start(char **command)
{
    pid_t pid = fork();
    if (pid < 0)
        kit_die("fork: %s", strerror(errno));
    if (pid > 0)
        return pid;
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execvp(command[0], command);
    kit_die("%s: %s", command[0], strerror(errno));
}

static pid_t child;

static void on_signal(int number)
{
    if (child > 0)
        kill(child, number);
}

/* ---- the groups ---- */

static void open_group(const char *brokers, const char *topic, const char *id)
{
    const char *const pairs[] = {"group.id",
                                 id,
                                 "isolation.level",
                                 "read_uncommitted",
                                 "enable.auto.commit",
                                 "false",
                                 NULL};
    group *g = &groups[n_groups++];
    g->rk = kit_client(RD_KAFKA_CONSUMER, kit_conf(brokers, pairs));
    /* A topic that the program makes is not there yet. */
    g->list = rd_kafka_topic_partition_list_new(8);
    for (int32_t p = 0; p < 6; p++)
        rd_kafka_topic_partition_list_add(g->list, topic, p);
}

static void open_groups(const char *brokers, const char *topics,
                        const char *ids)
{
    char t[256], g[256], *t_at, *g_at;
    snprintf(t, sizeof(t), "%s", topics);
    snprintf(g, sizeof(g), "%s", ids);
    char *topic = strtok_r(t, ",", &t_at), *id = strtok_r(g, ",", &g_at);
    while (topic && id && n_groups < WATCH_GROUPS) {
        open_group(brokers, topic, id);
        topic = strtok_r(NULL, ",", &t_at);
        id = strtok_r(NULL, ",", &g_at);
    }
}

static int64_t groups_done(void)
{
    int64_t sum = 0;
    for (int i = 0; i < n_groups; i++) {
        group *g = &groups[i];
        int64_t done = 0;
        if (rd_kafka_committed(g->rk, g->list, 1000) == 0)
            for (int p = 0; p < g->list->cnt; p++)
                if (g->list->elems[p].offset > 0)
                    done += g->list->elems[p].offset;
        if (done > g->done)
            g->done = done;
        sum += g->done;
    }
    return sum;
}

/* ---- modes ---- */

static int wait_end(struct rusage *use)
{
    int status = 0;
    while (wait4(child, &status, 0, use) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static double rusage_cpu(const struct rusage *u)
{
    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
           (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

static int until_end(int64_t timeout_s)
{
    int64_t began = kit_mono_ns(), until = began + timeout_s * 1000000000;
    sample first = {0}, last = {0}, now;
    struct rusage use;
    int status = 0, rc;
    pid_t ended;
    while ((ended = wait4(child, &status, WNOHANG, &use)) == 0) {
        now.done = groups_done();
        now.ns = kit_mono_ns();
        now.cpu = read_cpu(child);
        read_peak(child);
        if (now.done > last.done && now.cpu >= 0) {
            last = now;
            if (first.done == 0)
                first = now;
        }
        if (now.ns > until) {
            kill(child, SIGKILL);
            until = INT64_MAX;
        }
        kit_sleep_ms(WATCH_EVERY_MS);
    }
    if (ended < 0)
        kit_die("wait: %s", strerror(errno));
    rc = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    printf("{\"exit\": %d, \"wall\": %.3f, \"cpu\": %.3f, \"rss_kb\": %lld, "
           "\"start\": %.3f, \"steady\": {\"records\": %lld, \"wall\": %.3f, "
           "\"cpu\": %.3f}}\n",
           rc, (double)(kit_mono_ns() - began) / 1e9, rusage_cpu(&use),
           (long long)(peak_kb > 0 ? peak_kb : use.ru_maxrss),
           (double)(first.ns > 0 ? first.ns - began : 0) / 1e9,
           (long long)(last.done - first.done),
           (double)(last.ns - first.ns) / 1e9, last.cpu - first.cpu);
    return rc;
}

static int for_seconds(int64_t warm, int64_t seconds, int64_t hold)
{
    struct rusage use;
    kit_sleep_ms(warm * 1000);
    int64_t ns = kit_mono_ns();
    double cpu = read_cpu(child);
    kit_sleep_ms(seconds * 1000);
    double used = read_cpu(child) - cpu;
    ns = kit_mono_ns() - ns;
    read_peak(child);
    kit_sleep_ms(hold * 1000);
    kill(child, SIGTERM);
    int rc = wait_end(&use);
    printf("{\"exit\": %d, \"cpu_percent\": %.2f, \"rss_kb\": %lld}\n", rc,
           used * 100 / ((double)ns / 1e9), (long long)peak_kb);
    return rc;
}

int main(int argc, char **argv)
{
    const char *brokers = kit_opt(argc, argv, "brokers", "127.0.0.1:9092");
    const char *topics = kit_opt(argc, argv, "topics", "");
    const char *ids = kit_opt(argc, argv, "groups", "");
    int64_t seconds = kit_opt_int(argc, argv, "seconds", 0);
    int i = 1;
    while (i < argc && strcmp(argv[i], "--") != 0)
        i++;
    if (i + 1 >= argc)
        kit_die("no program after --");
    /* Before the clients exist: a child must not have their threads' locks. */
    child = start(argv + i + 1);
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    if (seconds > 0)
        return for_seconds(kit_opt_int(argc, argv, "warm", 3), seconds,
                           kit_opt_int(argc, argv, "hold", 0));
    open_groups(brokers, topics, ids);
    return until_end(kit_opt_int(argc, argv, "timeout", 120));
}
