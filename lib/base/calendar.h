/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.h - days and dates, proleptic Gregorian, in UTC.
 */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include "dstream/slice.h"

#define CALENDAR_DAY (86400 * DS_SECOND)

/* A time taken apart. Year 0 is 1 BC. */
typedef struct calendar_time {
    int64_t year;
    int month, day; /* from 1 */
    int hour, minute, second, micro;
} calendar_time;

/* Days since 1970-01-01. The date must exist. */
int64_t calendar_days(int64_t year, int month, int day);
int calendar_days_in_month(int64_t year, int month);
void calendar_split(ds_time t, calendar_time *out);
/* "2026-11-22" and the time after `sep`, without a zone and with only the
 * fraction digits that are needed; the year as it is. Returns the length; 40
 * bytes are enough. */
int calendar_format(const calendar_time *t, char sep, char *buf);

#endif
