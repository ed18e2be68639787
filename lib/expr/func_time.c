/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_time.c - dates, times, intervals.
 */
#include "expr/func_table.h"
#include "expr/time.h"

/* clang-format off */
/* With a prepare function. */
#define FNP(name, res, n, fn, prepare, help, example, ...) \
    {name, res, n, 0, {__VA_ARGS__}, fn, prepare, help, example}
#define EXTRACT(type, part_fn, example_extract, example_part) \
    FNP("extract", N, 2, time_extract, time_field_prepare, \
        "a part of a date or time, as numeric: extract(part FROM value)", example_extract, S, type), \
    FNP("date_part", F, 2, part_fn, time_field_prepare, \
        "a part of a date or time, as double precision", example_part, S, type)
#define OVERLAPS(a, b, c, d, example) \
    FNX("overlaps", B, 4, FUNC_NULLS, time_overlaps, \
        "(start, end) OVERLAPS (start, end): whether two spans of time meet; an end may be a length", \
        example, a, b, c, d)
#define TO_STAMP(from, fn) CAST(from, TL, FUNC_IMPLICIT, fn), CAST(from, T, FUNC_IMPLICIT, fn)

const func_def func_time[] = {
    /* operators */
    OP2("+", D, D, I4, time_date_add_days), OP2("+", D, I4, D, time_days_add_date),
    OP2("-", D, D, I4, time_date_sub_days), OP2("-", I4, D, D, time_date_diff),
    OP2("+", TL, D, V, time_date_add), OP2("+", TL, V, D, time_add_date), OP2("-", TL, D, V, time_date_sub),
    OP2("+", TL, D, TOD, time_date_at), OP2("+", TL, TOD, D, time_at_date),
    OP2("+", TOD, TOD, V, time_clock_add), OP2("+", TOD, V, TOD, time_add_clock),
    OP2("-", TOD, TOD, V, time_clock_sub), OP2("-", V, TOD, TOD, time_clock_diff),
    OP2("+", T, T, V, time_stamp_add), OP2("+", T, V, T, time_add_stamp), OP2("-", T, T, V, time_stamp_sub),
    OP2("+", TL, TL, V, time_stamp_add), OP2("+", TL, V, TL, time_add_stamp), OP2("-", TL, TL, V, time_stamp_sub),
    OP2("-", V, T, T, time_stamp_diff), OP2("-", V, TL, TL, time_stamp_diff),
    OP2("+", V, V, V, time_iv_add), OP2("-", V, V, V, time_iv_sub), OP1("-", V, V, time_iv_negate),
    OP2("*", V, V, F, time_iv_multiply), OP2("*", V, F, V, time_multiply_iv), OP2("/", V, V, F, time_iv_divide),

    /* casts */
    TO_STAMP(D, time_date_to_stamp), CAST(TL, T, FUNC_IMPLICIT, NULL), CAST(T, TL, FUNC_ASSIGNMENT, NULL),
    CAST(TL, D, FUNC_ASSIGNMENT, time_stamp_to_date), CAST(T, D, FUNC_ASSIGNMENT, time_stamp_to_date),
    CAST(TL, TOD, FUNC_ASSIGNMENT, time_stamp_to_clock), CAST(T, TOD, FUNC_ASSIGNMENT, time_stamp_to_clock),
    CAST(TOD, V, FUNC_IMPLICIT, time_clock_to_iv), CAST(V, TOD, FUNC_ASSIGNMENT, time_iv_to_clock),

    /* parts */
    EXTRACT(D, time_date_part_date, "extract(year FROM date '2001-02-16') = 2001", "date_part('doy', date '2001-02-16') = 47"),
    EXTRACT(TL, time_date_part, "extract(second FROM timestamp '2001-02-16 20:38:40.12') = 40.12",
            "date_part('week', timestamp '2001-02-16 20:38:40') = 7"),
    EXTRACT(T, time_date_part, "extract(epoch FROM timestamptz '1970-01-02 00:00:00.5Z') = 86400.5",
            "date_part('hour', timestamptz '2001-02-16 20:38:40+02') = 18"),
    EXTRACT(TOD, time_date_part, "extract(minute FROM time '20:38:40') = 38", "date_part('epoch', time '01:00') = 3600"),
    EXTRACT(V, time_date_part, "extract(epoch FROM interval '1 day 2 hours') = 93600",
            "date_part('month', interval '2 years 3 months') = 3"),
    FNP("date_trunc", TL, 2, time_trunc, time_trunc_prepare, "the beginning of the year, month, hour, … of a timestamp",
        "date_trunc('hour', timestamp '2001-02-16 20:38:40') = timestamp '2001-02-16 20:00:00'", S, TL),
    FNP("date_trunc", T, 2, time_trunc, time_trunc_prepare, "the beginning of the year, month, hour, … in UTC",
        "date_trunc('day', timestamptz '2001-02-16 20:38:40Z') = timestamptz '2001-02-16 00:00:00Z'", S, T),
    FNP("date_trunc", T, 3, time_trunc_zone, time_trunc_prepare, "the beginning of the year, month, hour, … in a time zone",
        "date_trunc('day', timestamptz '2001-02-16 20:38:40Z', 'Australia/Sydney') = timestamptz '2001-02-16 13:00:00Z'", S, T, S),
    FNP("date_trunc", V, 2, time_trunc_iv, time_trunc_prepare, "an interval without its smaller parts",
        "date_trunc('hour', interval '2 days 3 hours 40 minutes') = interval '2 days 3 hours'", S, V),
    FN("date_bin", TL, 3, time_bin, "the beginning of the interval that a timestamp is in, counted from an origin",
        "date_bin('15 minutes', timestamp '2001-02-16 20:38:40', timestamp '2001-02-16') = timestamp '2001-02-16 20:30:00'", V, TL, TL),
    FN("date_bin", T, 3, time_bin, "the beginning of the interval that a timestamp is in, counted from an origin",
        "date_bin('15 minutes', timestamptz '2001-02-16 20:38:40Z', timestamptz '2001-02-16 00:05Z') = timestamptz '2001-02-16 20:35:00Z'", V, T, T),

    /* differences */
    FN("age", V, 2, time_age, "the years, months, days and time between two timestamps",
        "age(timestamp '2001-04-10', timestamp '1957-06-13') = interval '43 years 9 mons 27 days'", TL, TL),
    FN("age", V, 2, time_age, "the years, months, days and time between two timestamps",
        "age(timestamptz '2001-04-10Z', timestamptz '2001-03-31Z') = interval '10 days'", T, T),
    FNX("age", V, 1, FUNC_NOW, time_age_now, "the years, months and days up to the beginning of the current day (UTC)",
        "age(timestamp '2001-04-10') > interval '20 years'", TL),
    FNX("age", V, 1, FUNC_NOW, time_age_now, "the years, months and days up to the beginning of the current day (UTC)",
        "age(timestamptz '2001-04-10Z') > interval '20 years'", T),
    FN("isfinite", B, 1, time_is_finite, "whether a date is not infinity", "isfinite(date '2001-02-16')", D),
    FN("isfinite", B, 1, time_is_finite, "whether a timestamp is not infinity", "NOT isfinite(timestamp 'infinity')", TL),
    FN("isfinite", B, 1, time_is_finite, "whether a timestamp is not infinity", "NOT isfinite(timestamptz '-infinity')", T),
    FN("isfinite", B, 1, time_is_finite_iv, "true: all intervals are finite", "isfinite(interval '4 hours')", V),
    FN("justify_days", V, 1, time_justify_days, "30 days as a month", "justify_days(interval '35 days')::text = '1 mon 5 days'", V),
    FN("justify_hours", V, 1, time_justify_hours, "24 hours as a day", "justify_hours(interval '27 hours')::text = '1 day 03:00:00'", V),
    FN("justify_interval", V, 1, time_justify_interval, "justify_days and justify_hours, with equal signs",
        "justify_interval(interval '1 mon -1 hour')::text = '29 days 23:00:00'", V),
    OVERLAPS(TL, TL, TL, TL, "(timestamp '2001-01-01', timestamp '2001-02-01') OVERLAPS (timestamp '2001-01-31', timestamp '2001-03-01')"),
    OVERLAPS(TL, V, TL, V, "(timestamp '2001-01-01', interval '1 month') OVERLAPS (timestamp '2001-01-31', interval '1 day')"),
    OVERLAPS(TL, TL, TL, V, "(timestamp '2001-01-01', timestamp '2001-02-01') OVERLAPS (timestamp '2001-01-31', interval '1 day')"),
    OVERLAPS(TL, V, TL, TL, "NOT (timestamp '2001-01-01', interval '1 day') OVERLAPS (timestamp '2001-01-02', timestamp '2001-01-03')"),
    OVERLAPS(T, T, T, T, "(timestamptz '2001-01-01Z', timestamptz '2001-02-01Z') OVERLAPS (timestamptz '2001-01-31Z', timestamptz '2001-03-01Z')"),
    OVERLAPS(T, V, T, V, "(timestamptz '2001-01-01Z', interval '1 month') OVERLAPS (timestamptz '2001-01-31Z', interval '1 day')"),
    OVERLAPS(T, T, T, V, "(timestamptz '2001-01-01Z', timestamptz '2001-02-01Z') OVERLAPS (timestamptz '2001-01-31Z', interval '1 day')"),
    OVERLAPS(T, V, T, T, "NOT (timestamptz '2001-01-01Z', interval '1 day') OVERLAPS (timestamptz '2001-01-02Z', timestamptz '2001-01-03Z')"),
    OVERLAPS(TOD, TOD, TOD, TOD, "(time '01:00', time '03:00') OVERLAPS (time '02:00', time '04:00')"),
    OVERLAPS(TOD, V, TOD, V, "(time '01:00', interval '2 hours') OVERLAPS (time '02:00', interval '1 hour')"),
    OVERLAPS(TOD, TOD, TOD, V, "(time '01:00', time '03:00') OVERLAPS (time '02:00', interval '1 hour')"),
    OVERLAPS(TOD, V, TOD, TOD, "(time '01:00', interval '2 hours') OVERLAPS (time '02:00', time '04:00')"),

    /* from numbers */
    FN("make_date", D, 3, time_make_date, "a date from year, month and day; negative years are BC",
        "make_date(2001, 2, 16) = date '2001-02-16'", I4, I4, I4),
    FN("make_time", TOD, 3, time_make_time, "a time from hour, minute and seconds",
        "make_time(8, 15, 23.5) = time '08:15:23.5'", I4, I4, F),
    FN("make_timestamp", TL, 6, time_make_timestamp, "a timestamp from year, month, day, hour, minute and seconds",
        "make_timestamp(2001, 2, 16, 8, 15, 23.5) = timestamp '2001-02-16 08:15:23.5'", I4, I4, I4, I4, I4, F),
    FN("make_timestamptz", T, 6, time_make_timestamptz, "the same with time zone, in UTC",
        "make_timestamptz(2001, 2, 16, 8, 15, 23.5) = timestamptz '2001-02-16 08:15:23.5Z'", I4, I4, I4, I4, I4, F),
    FN("make_timestamptz", T, 7, time_make_timestamptz, "the same in a time zone",
        "make_timestamptz(2001, 2, 16, 8, 15, 0, 'Europe/Paris') = timestamptz '2001-02-16 07:15:00Z'", I4, I4, I4, I4, I4, F, S),
#define MAKE_INTERVAL(n, example, ...) \
    FN("make_interval", V, n, time_make_interval, "an interval from years, months, weeks, days, hours, minutes and seconds", example, __VA_ARGS__)
    MAKE_INTERVAL(0, "make_interval() = interval '0'", DS_NONE),
    MAKE_INTERVAL(1, "make_interval(2) = interval '2 years'", I4),
    MAKE_INTERVAL(2, "make_interval(0, 3) = interval '3 months'", I4, I4),
    MAKE_INTERVAL(3, "make_interval(0, 0, 1) = interval '7 days'", I4, I4, I4),
    MAKE_INTERVAL(4, "make_interval(0, 0, 0, 10) = interval '10 days'", I4, I4, I4, I4),
    MAKE_INTERVAL(5, "make_interval(0, 0, 0, 0, 4) = interval '4 hours'", I4, I4, I4, I4, I4),
    MAKE_INTERVAL(6, "make_interval(0, 0, 0, 0, 0, 5) = interval '5 minutes'", I4, I4, I4, I4, I4, I4),
    MAKE_INTERVAL(7, "make_interval(0, 0, 0, 0, 0, 0, 1.5) = interval '1.5 seconds'", I4, I4, I4, I4, I4, I4, F),
#undef MAKE_INTERVAL
    FN("to_timestamp", T, 1, time_from_seconds, "a timestamp from seconds since 1970",
        "to_timestamp(1284352323) = timestamptz '2010-09-13 04:32:03Z'", F),

    /* time zones */
    FNP("timezone", TL, 2, time_to_zone, time_zone_prepare, "value AT TIME ZONE zone: what a clock there shows",
        "timestamptz '2001-02-16 20:38:40Z' AT TIME ZONE 'America/Denver' = timestamp '2001-02-16 13:38:40'", S, T),
    FNP("timezone", T, 2, time_from_zone, time_zone_prepare, "value AT TIME ZONE zone: when a clock there shows it",
        "timestamp '2001-02-16 13:38:40' AT TIME ZONE 'America/Denver' = timestamptz '2001-02-16 20:38:40Z'", S, TL),
    FN("timezone", TL, 2, time_to_zone_iv, "value AT TIME ZONE interval: what a clock so far east shows",
        "timestamptz '2001-02-16 20:38:40Z' AT TIME ZONE interval '-07:00' = timestamp '2001-02-16 13:38:40'", V, T),
    FN("timezone", T, 2, time_from_zone_iv, "value AT TIME ZONE interval: when a clock so far east shows it",
        "timestamp '2001-02-16 13:38:40' AT TIME ZONE interval '-07:00' = timestamptz '2001-02-16 20:38:40Z'", V, TL),

    /* templates */
#define TO_CHAR(type, fn, example) \
    {"to_char", S, 2, FUNC_GROWS, {type, S}, fn, time_template_prepare, "a date or time through a template", example}
    TO_CHAR(TL, time_to_char, "to_char(timestamp '2001-02-16 20:38:40', 'FMDay, DD Mon YYYY HH12:MI AM') = 'Friday, 16 Feb 2001 08:38 PM'"),
    TO_CHAR(T, time_to_char, "to_char(timestamptz '2001-02-16 20:38:40Z', 'YYYY-MM-DD HH24:MI TZ') = '2001-02-16 20:38 UTC'"),
    TO_CHAR(V, time_to_char_iv, "to_char(interval '15h 2m 12s', 'HH24:MI:SS') = '15:02:12'"),
#undef TO_CHAR
    FNP("to_timestamp", T, 2, time_to_timestamp, time_template_prepare, "text to a timestamp, read with a template",
        "to_timestamp('05 Dec 2000', 'DD Mon YYYY') = timestamptz '2000-12-05Z'", S, S),
    FNP("to_date", D, 2, time_to_date, time_template_prepare, "text to a date, read with a template",
        "to_date('05 Dec 2000', 'DD Mon YYYY') = date '2000-12-05'", S, S),
};
/* clang-format on */

const uint32_t func_time_count = sizeof func_time / sizeof *func_time;
