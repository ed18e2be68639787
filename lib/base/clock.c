/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - the wall clock and the one that tests move.
 */
#include "dstream/clock.h"

#include <errno.h>
#include <time.h>

static ds_time clock_read(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (ds_time)ts.tv_sec * DS_SECOND + ts.tv_nsec / 1000;
}

static ds_time wall_now(ds_clock *c)
{
    (void)c;
    return clock_read(CLOCK_REALTIME);
}

static void wall_sleep(ds_clock *c, ds_time d)
{
    (void)c;
    if (d <= 0)
        return;
    struct timespec ts = {.tv_sec = d / DS_SECOND,
                          .tv_nsec = d % DS_SECOND * 1000};
    while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
        continue;
}

ds_clock ds_clock_wall = {.now = wall_now, .sleep = wall_sleep};

static ds_time virtual_now(ds_clock *c)
{
    return c->virtual_now;
}

static void virtual_sleep(ds_clock *c, ds_time d)
{
    (void)c;
    (void)d;
}

void ds_clock_virtual_init(ds_clock *c, ds_time start)
{
    *c = (ds_clock){virtual_now, virtual_sleep, start};
}

ds_time ds_mono_now(void)
{
    return clock_read(CLOCK_MONOTONIC);
}
