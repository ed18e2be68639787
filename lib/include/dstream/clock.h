/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - the time, real or made up.
 *
 * The engine asks a ds_clock and never the system, so that tests and embedded
 * runs can move time by hand.
 */
#ifndef DSTREAM_CLOCK_H
#define DSTREAM_CLOCK_H

#include "dstream/public.h"
#include "dstream/slice.h"

DS_PUBLIC_BEGIN

typedef struct ds_clock {
    ds_time (*now)(struct ds_clock *c); /* wall time, µs since 1970 */
    /* Wait that long; a virtual clock returns at once and does not move. */
    void (*sleep)(struct ds_clock *c, ds_time d);
    ds_time virtual_now; /* used by the virtual clock only */
} ds_clock;

extern ds_clock ds_clock_wall; /* Thread: any */
void ds_clock_virtual_init(ds_clock *c, ds_time start);
static inline ds_time ds_clock_now(ds_clock *c)
{
    return c->now(c);
}

/* Monotonic, for durations and deadlines. Thread: any. */
ds_time ds_mono_now(void);

/* "10s", "1h30m", "500ms", "7d", "PT10M" to µs; false if it is none. */
bool ds_duration_parse(ds_slice s, ds_time *out);
/* "64MiB", "500 kB", "1GB", "4096" to bytes; false if it is none. */
bool ds_size_parse(ds_slice s, int64_t *out);
/* RFC 3339 / ISO 8601 / PostgreSQL timestamps with optional zone (none: UTC),
 * to µs since 1970; false if it is none. */
bool ds_time_parse(ds_slice s, ds_time *out);
/* "2026-11-22T09:00:00.123Z": as many fraction digits as needed. Returns the
 * length; buf holds at least 40 bytes. */
int ds_time_format(ds_time t, char *buf);

DS_PUBLIC_END

#endif
