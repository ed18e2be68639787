/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor.h - signals, progress and the last resort of a running program.
 *
 * One thread waits for the signals, which are blocked everywhere else. SIGTERM
 * and SIGINT drain, a second one aborts; SIGHUP does nothing. When a stop takes
 * longer than 20 s (a library that hangs while it closes), the process ends
 * anyway: a transaction that is open then is aborted by the broker.
 *
 * Thread: main, where nothing else is said.
 */
#ifndef CMD_MONITOR_H
#define CMD_MONITOR_H

#include "dstream/clock.h"
#include "dstream/log.h"

/* What --log-format said. */
extern ds_log_format monitor_log_format;
/* False: no such format. */
bool monitor_set_log_format(const char *name);

typedef struct monitor_fns {
    void (*stop)(void *arg, int how); /* 1, then 2; on the monitor's thread */
    void (*tick)(void *arg);          /* about every second; may be NULL */
    void *arg;
} monitor_fns;

void monitor_start(const monitor_fns *fns);
/* The program is about to end, with this code: the 20 s begin. */
void monitor_ending(int exit_code);
void monitor_end(void);

#endif
