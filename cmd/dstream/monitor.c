/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor.c - signals, progress and the last resort of a running program.
 */
#include "cmd/monitor.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"

#define PATIENCE (20 * DS_SECOND)

ds_log_format monitor_log_format = DS_LOG_AUTO;

static struct {
    monitor_fns fns;
    pthread_t thread;
    int stops;
    _Atomic int64_t ending; /* mono; 0: not yet */
    atomic_int exit_code;
    atomic_bool done;
} mon;

bool monitor_set_log_format(const char *name)
{
    static const char *const names[] = {"auto", "text", "json"};

    for (int i = 0; i < 3; i++)
        if (!strcmp(names[i], name)) {
            monitor_log_format = (ds_log_format)i;
            return true;
        }
    return false;
}

static void signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR2); /* our own, to wake the thread */
}

void cmd_signals_block(void)
{
    sigset_t set;

    signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void monitor_signal(int sig)
{
    if (sig != SIGTERM && sig != SIGINT)
        return;
    mon.stops++;
    ds_log(DS_LOG_INFO, mon.stops == 1 ? "stopping" : "stopping at once",
           DS_KV("signal", "%s", sig == SIGTERM ? "SIGTERM" : "SIGINT"));
    if (mon.stops == 1)
        atomic_store(&mon.ending, ds_mono_now());
    mon.fns.stop(mon.fns.arg, mon.stops == 1 ? 1 : 2);
}

static void monitor_watch(void)
{
    int64_t since = atomic_load(&mon.ending);

    if (since == 0 || ds_mono_now() - since < PATIENCE)
        return;
    ds_log(DS_LOG_WARN, "the program does not come to its end; it ends now",
           DS_KV("after_s", "%d", (int)(PATIENCE / DS_SECOND)));
    ds_log_stop();
    _exit(atomic_load(&mon.exit_code));
}

static void *monitor_main(void *arg)
{
    const struct timespec second = {1, 0};
    sigset_t set;

    (void)arg;
    signals(&set);
    while (!atomic_load(&mon.done)) {
        int sig = sigtimedwait(&set, NULL, &second);

        if (sig > 0)
            monitor_signal(sig);
        else if (mon.fns.tick)
            mon.fns.tick(mon.fns.arg);
        monitor_watch();
    }
    return NULL;
}

void monitor_start(const monitor_fns *fns)
{
    mon.fns = *fns;
    mon.stops = 0;
    atomic_store(&mon.ending, 0);
    atomic_store(&mon.exit_code, 0);
    atomic_store(&mon.done, false);
    DS_BUG_ON(pthread_create(&mon.thread, NULL, monitor_main, NULL) != 0);
}

void monitor_ending(int exit_code)
{
    int64_t none = 0;

    atomic_store(&mon.exit_code, exit_code);
    atomic_compare_exchange_strong(&mon.ending, &none, ds_mono_now());
}

void monitor_end(void)
{
    atomic_store(&mon.done, true);
    pthread_kill(mon.thread, SIGUSR2);
    pthread_join(mon.thread, NULL);
}
