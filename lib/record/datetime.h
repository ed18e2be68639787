/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime.h - PostgreSQL's dates, times and intervals: text in and out, and
 * time zones.
 *
 * Session: time zone UTC, DateStyle ISO MDY, IntervalStyle postgres. Values are
 * as batch.h says; DS_TIME_INF and DS_TIME_NINF are infinity and -infinity of
 * dates, timestamps and timestamptz alike.
 *
 * Dates go from 4714-11-24 BC to 5874897-12-31 as in PostgreSQL; timestamps
 * begin on the same day and end on 294247-01-10 04:00:54.775806, where
 * microseconds from 1970 end (PostgreSQL's, from 2000, last 30 years longer).
 *
 * Thread: any.
 */
#ifndef RECORD_DATETIME_H
#define RECORD_DATETIME_H

#include "record/show.h"

#define DS_TIME_INF INT64_MAX
#define DS_TIME_NINF INT64_MIN

typedef enum datetime_rc {
    DATETIME_OK,
    DATETIME_SYNTAX, /* invalid input syntax for type ... */
    DATETIME_FIELD,  /* date/time field value out of range */
    DATETIME_RANGE,  /* timestamp, date or interval out of range */
    DATETIME_ZONE,   /* time zone "..." not recognized */
    DATETIME_SHIFT,  /* time zone displacement out of range */
} datetime_rc;

/* Text of DS_DATE, DS_TIME, DS_TIMESTAMP or DS_TS. `now` is what 'now',
 * 'today', 'tomorrow' and 'yesterday' mean; DS_TIME_NONE: they are a
 * DATETIME_SYNTAX. */
datetime_rc datetime_parse(ds_type type, ds_slice s, ds_time now, int64_t *out);
datetime_rc interval_parse(ds_slice s, ds_interval *out);
/* The same for a type with brackets or fields ("interval '1' year"): `mod` says
 * which unit a bare number has. The value is not fitted to it yet. */
datetime_rc interval_parse_mod(ds_slice s, int32_t mod, ds_interval *out);
/* PostgreSQL's message for a text that was refused, in `a`; *code: E0701 or
 * E0702. Any type of this file. */
const char *datetime_error(ds_type type, datetime_rc rc, ds_slice s,
                           ds_arena *a, const char **code);

/* As ::text gives it. */
void datetime_show(ds_buf *b, ds_type type, int64_t v);
void interval_show(ds_buf *b, const ds_interval *iv);
/* As to_json gives it: 2026-01-01T10:00:00, timestamptz with Z and only the
 * fraction digits needed (contract.md 8.12). Without quotes. */
void datetime_show_json(ds_buf *b, ds_type type, int64_t v);

/* Whether a value, infinity included, is one of the type's. */
bool datetime_valid(ds_type type, int64_t v);
static inline bool datetime_finite(int64_t v)
{
    return v != DS_TIME_INF && v != DS_TIME_NINF;
}

/* Rounds to a precision of 0..6 digits. */
int64_t datetime_round(ds_type type, int64_t v, int32_t precision);
/* An interval to what a field's `mod` (not 0) allows: its fields, its
 * precision. False: out of range. */
bool interval_fit(int32_t mod, ds_interval *iv);
int interval_cmp(const ds_interval *a, const ds_interval *b);
/* Equal intervals (30 days and a month) in equal form: for keys. */
ds_interval interval_plain(const ds_interval *iv);

/* Months first, then days, then the rest, as timestamp_pl_interval. False: out
 * of range. Infinity stays. */
bool timestamp_add(ds_time t, const ds_interval *iv, ds_time *out);
/* False: out of range. */
bool interval_negate(const ds_interval *iv, ds_interval *out);
bool interval_add(const ds_interval *a, const ds_interval *b, ds_interval *out);
bool interval_sub(const ds_interval *a, const ds_interval *b, ds_interval *out);
bool interval_multiply(const ds_interval *iv, double by, ds_interval *out);
bool interval_divide(const ds_interval *iv, double by, ds_interval *out);

/* A zone: a name of the system's database ("Europe/Paris"), an abbreviation of
 * PostgreSQL's default list ("CET"), a POSIX text or an offset as AT TIME ZONE
 * takes it ("+02" is west of Greenwich there). Those of the database are kept
 * until the process ends, others live in `a`. NULL: there is none. */
typedef struct datetime_zone datetime_zone;
const datetime_zone *datetime_zone_find(ds_slice name, ds_arena *a);
/* Seconds east of Greenwich at an instant; *abbrev, *dst may be NULL. */
int32_t datetime_zone_at(const datetime_zone *z, ds_time utc,
                         const char **abbrev, bool *dst);
/* A time without zone that a clock there shows to UTC; in a gap or an overlap
 * PostgreSQL's choice (standard time). Out of range: DS_TIME_INF or
 * DS_TIME_NINF. */
ds_time datetime_zone_utc(const datetime_zone *z, ds_time local);

#endif
