/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.c - named points at which tests make the engine crash.
 */
#include "dstream/fault.h"

#include <stddef.h>

const char *const ds_fault_points[] = {
    "after_poll",    "before_produce", "mid_produce",  "after_flush",
    "after_offsets", "before_commit",  "after_commit", "before_store",
    "after_store",   "during_restore", NULL,
};

static ds_fault_hook *fault_hook;
static void *fault_arg;

void ds_fault_set_hook(ds_fault_hook *hook, void *arg)
{
    fault_hook = hook;
    fault_arg = arg;
}

#ifdef DSTREAM_TEST_HOOKS

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the environment asks for. */
static struct {
    char point[32]; /* "": nothing */
    unsigned long at;
    int signal;
    atomic_ulong passed;
    const char *breaks; /* rules, separated by commas; NULL: none */
} fault_env;
static pthread_once_t fault_once = PTHREAD_ONCE_INIT;

/* A test that names what does not exist would prove nothing. */
static void fault_refuse(const char *what)
{
    fprintf(stderr, "dstream: DSTREAM_FAULT=%s: not POINT[:N[:kill|stop]]\n",
            what);
    _exit(64);
}

static bool fault_known(const char *point)
{
    for (size_t i = 0; ds_fault_points[i]; i++)
        if (strcmp(point, ds_fault_points[i]) == 0)
            return true;
    return false;
}

static void fault_read_env(void)
{
    fault_env.breaks = getenv("DSTREAM_BREAK");
    const char *text = getenv("DSTREAM_FAULT");
    if (!text || !*text)
        return;
    size_t n = strcspn(text, ":");
    fault_env.at = 1;
    fault_env.signal = SIGKILL;
    if (n >= sizeof(fault_env.point))
        fault_refuse(text);
    memcpy(fault_env.point, text, n);
    if (!fault_known(fault_env.point))
        fault_refuse(text);
    if (text[n] != ':')
        return;
    char *end;
    fault_env.at = strtoul(text + n + 1, &end, 10);
    if (end == text + n + 1 || fault_env.at == 0)
        fault_refuse(text);
    if (strcmp(end, ":stop") == 0)
        fault_env.signal = SIGSTOP;
    else if (*end && strcmp(end, ":kill") != 0)
        fault_refuse(text);
}

static void fault_obey_env(const char *point)
{
    pthread_once(&fault_once, fault_read_env);
    if (strcmp(point, fault_env.point) == 0 &&
        atomic_fetch_add(&fault_env.passed, 1) + 1 == fault_env.at)
        kill(getpid(), fault_env.signal);
}

bool ds_breaks(const char *rule)
{
    pthread_once(&fault_once, fault_read_env);
    size_t n = strlen(rule);
    for (const char *p = fault_env.breaks; p; p = strchr(p, ',')) {
        if (*p == ',')
            p++;
        if (strncmp(p, rule, n) == 0 && (p[n] == '\0' || p[n] == ','))
            return true;
    }
    return false;
}

#else

static void fault_obey_env(const char *point)
{
    (void)point;
}

#endif

ds_rc ds_fault(const char *point, ds_err *err)
{
    fault_obey_env(point);
    if (fault_hook && fault_hook(fault_arg, point))
        return ds_fail(err, DS_E_CRASH, "a test asked for a crash at %s",
                       point);
    return DS_OK;
}
