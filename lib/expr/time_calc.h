/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_calc.h - what the kernels of time compute with, one value at a time.
 *
 * A function that may fail gives PostgreSQL's message, or NULL.
 */
#ifndef EXPR_TIME_CALC_H
#define EXPR_TIME_CALC_H

#include "base/calendar.h"
#include "record/datetime_words.h"

#define TIME_HOUR (3600 * DS_SECOND)
#define TIME_MINUTE (60 * DS_SECOND)
/* Days between Julian day 0 and 1970. */
#define TIME_JULIAN 2440588

/* The code of a message: E0703 for a division by zero, else E0701. */
const char *time_error_code(const char *msg);

static inline int64_t time_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}
static inline int64_t time_floor_mod(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest < 0 ? rest + b : rest;
}

/* Microseconds of an interval, so many days of 24 hours. */
typedef struct time_clock {
    int64_t hour; /* may be negative, as all of them then */
    int minute, second, micro;
} time_clock;
time_clock time_clock_of(int64_t us);

/* Year, month and day of a day since 1970. */
void time_day_split(int64_t day, calendar_time *out);
/* 0: Sunday. */
static inline int time_weekday(int64_t day)
{
    return (int)time_floor_mod(day + 4, 7);
}
/* The Monday of ISO week 1 of a year. */
int64_t time_iso_year_start(int64_t year);
/* The ISO year of a day, and its week. */
int64_t time_iso_year(int64_t day, int *week);

const char *time_date_to_timestamp(int64_t date, int64_t *out);
const char *time_add_interval(int64_t t, ds_interval iv, int64_t *out);
const char *time_sub_interval(int64_t t, ds_interval iv, int64_t *out);

/* ---- fields: extract, date_part, date_trunc ---- */

typedef struct time_field {
    word_unit unit; /* UNIT_NONE: none that any type has */
    bool known;     /* but a word that means something */
    bool general;   /* one of intervals and date_trunc */
} time_field;
time_field time_field_find(ds_slice name);
/* The name as messages show it: in lower case, at most 63 bytes. */
const char *time_field_name(ds_slice name, char buf[64]);

#endif
