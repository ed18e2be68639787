/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_make.c - dates, times and intervals from numbers.
 */
#include <math.h>
#include <stdio.h>

#include "expr/time.h"
#include "expr/time_calc.h"
#include "record/datetime_decode.h"

/* ---- checks ---- */

/* Negative years are BC. */
static bool make_day(int64_t year, int64_t month, int64_t day, int64_t *out)
{
    if (year == 0 || month < 1 || month > 12 || day < 1)
        return false;
    if (year < 0)
        year++;
    if (day > calendar_days_in_month(year, (int)month))
        return false;
    *out = calendar_days(year, (int)month, (int)day);
    return true;
}

static bool make_clock(int64_t hour, int64_t minute, double second,
                       int64_t *out)
{
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || isnan(second))
        return false;
    double us = rint(second * 1e6);
    if (us < 0 || us > 60e6)
        return false;
    *out = hour * TIME_HOUR + minute * TIME_MINUTE + (int64_t)us;
    return *out <= CALENDAR_DAY;
}

/* PostgreSQL writes "NaN" where C says "nan". */
static const char *show_seconds(double v, char buf[32])
{
    if (isnan(v))
        return "NaN";
    if (isinf(v))
        return v > 0 ? "Infinity" : "-Infinity";
    snprintf(buf, 32, "%02g", v);
    return buf;
}

/* ---- make_date, make_time ---- */

/* make_date() shows the year as it counts inside, where 1 BC is 0. */
static void day_error(run *r, const run_step *s, uint32_t i, const char *what,
                      const int64_t *const *p)
{
    int64_t year = p[0][i];
    if (s->n_args == 3 && year < 0)
        year++;
    run_error(r, s, i, "E0701", "%s: %lld-%02lld-%02lld", what, (long long)year,
              (long long)p[1][i], (long long)p[2][i]);
}

static void clock_error(run *r, const run_step *s, uint32_t i, int64_t hour,
                        int64_t minute, double second)
{
    char buf[32];
    run_error(r, s, i, "E0701", "time field value out of range: %lld:%02lld:%s",
              (long long)hour, (long long)minute, show_seconds(second, buf));
}

/* The day of arguments 0 to 2, or an error. */
static bool day_of_row(run *r, const run_step *s, uint32_t i, int64_t *day)
{
    const int64_t *p[3];
    for (uint32_t k = 0; k < 3; k++)
        p[k] = RUN_ARG(r, s, k)->v.i64;
    *day = 0;
    if (!make_day(p[0][i], p[1][i], p[2][i], day))
        day_error(r, s, i, "date field value out of range", p);
    else if (!datetime_valid(DS_DATE, *day))
        day_error(r, s, i, "date out of range", p);
    else
        return true;
    *day = 0;
    return false;
}

void time_make_date(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    day_of_row(r, s, i, &out[i]);
}

void time_make_time(run *r, const run_step *s)
{
    const int64_t *hour = RUN_ARG(r, s, 0)->v.i64;
    const int64_t *minute = RUN_ARG(r, s, 1)->v.i64;
    const double *second = RUN_ARG(r, s, 2)->v.f64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        if (make_clock(hour[i], minute[i], second[i], &out[i]))
            continue;
        out[i] = 0;
        clock_error(r, s, i, hour[i], minute[i], second[i]);
    }
}

/* ---- make_timestamp, make_timestamptz ---- */

static void stamp_error(run *r, const run_step *s, uint32_t i)
{
    char buf[32];
    const run_reg *a[6];
    for (uint32_t k = 0; k < 6; k++)
        a[k] = RUN_ARG(r, s, k);
    run_error(r, s, i, "E0701",
              "timestamp out of range: %lld-%02lld-%02lld %lld:%02lld:%s",
              (long long)a[0]->v.i64[i], (long long)a[1]->v.i64[i],
              (long long)a[2]->v.i64[i], (long long)a[3]->v.i64[i],
              (long long)a[4]->v.i64[i], show_seconds(a[5]->v.f64[i], buf));
}

static bool stamp_of_row(run *r, const run_step *s, uint32_t i, int64_t *out)
{
    int64_t hour = RUN_ARG(r, s, 3)->v.i64[i];
    int64_t minute = RUN_ARG(r, s, 4)->v.i64[i];
    double second = RUN_ARG(r, s, 5)->v.f64[i];
    int64_t day, clock;
    if (!day_of_row(r, s, i, &day))
        return false;
    if (!make_clock(hour, minute, second, &clock)) {
        clock_error(r, s, i, hour, minute, second);
        return false;
    }
    if (__builtin_mul_overflow(day, (int64_t)CALENDAR_DAY, out) ||
        __builtin_add_overflow(*out, clock, out) || !datetime_finite(*out)) {
        stamp_error(r, s, i);
        return false;
    }
    return true;
}

void time_make_timestamp(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    if (!stamp_of_row(r, s, i, &out[i]))
        out[i] = 0;
}

/* +hh[:mm[:ss]], as text input reads it; a digit first is a mistake. */
static const char *zone_shift(ds_slice name, int32_t *east, bool *numeric)
{
    char buf[64];
    *numeric = false;
    if (name.len && name.ptr[0] >= '0' && name.ptr[0] <= '9')
        return "invalid input syntax for type numeric time zone: \"%.*s\"";
    if (name.len == 0 || name.len >= sizeof buf)
        return NULL;
    memcpy(buf, name.ptr, name.len);
    buf[name.len] = '\0';
    datetime_rc rc = decode_offset(buf, east);
    *numeric = rc == DATETIME_OK;
    return rc == DATETIME_SHIFT ? "numeric time zone \"%.*s\" out of range"
                                : NULL;
}

static bool at_zone(run *r, const run_step *s, uint32_t i, ds_slice name,
                    int64_t *t)
{
    int32_t east = 0;
    bool numeric;
    const char *bad = zone_shift(name, &east, &numeric);
    const datetime_zone *z = NULL;
    if (bad == NULL && !numeric) {
        z = datetime_zone_find(name, r->ev->arena);
        if (z == NULL)
            bad = "time zone \"%.*s\" not recognized";
    }
    if (bad) {
        ds_arena *a = r->ev->arena;
        const char *text = ds_strn_copy(a, (const char *)name.ptr, name.len);
        const char *start = strstr(bad, "%.*s");
        run_error(r, s, i, "E0704", "%.*s%s%s", (int)(start - bad), bad, text,
                  start + 4);
        return false;
    }
    if (z)
        *t = datetime_zone_utc(z, *t);
    else if (__builtin_sub_overflow(*t, east * DS_SECOND, t))
        *t = DS_TIME_INF;
    if (datetime_finite(*t) && datetime_valid(DS_TS, *t))
        return true;
    run_error(r, s, i, "E0701", "timestamp out of range");
    return false;
}

void time_make_timestamptz(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        bool ok = stamp_of_row(r, s, i, &out[i]);
        if (ok && s->n_args == 7)
            ok = at_zone(r, s, i, RUN_ARG(r, s, 6)->v.str[i], &out[i]);
        if (!ok)
            out[i] = 0;
    }
}

/* ---- make_interval ---- */

static int64_t int_arg(run *r, const run_step *s, uint32_t k, uint32_t i)
{
    return k < s->n_args ? RUN_ARG(r, s, k)->v.i64[i] : 0;
}

/* What is too large wraps round, as in PostgreSQL 15. */
static ds_interval interval_of_row(run *r, const run_step *s, uint32_t i,
                                   double seconds)
{
    uint64_t months =
        (uint64_t)int_arg(r, s, 0, i) * 12 + (uint64_t)int_arg(r, s, 1, i);
    uint64_t days =
        (uint64_t)int_arg(r, s, 2, i) * 7 + (uint64_t)int_arg(r, s, 3, i);
    uint64_t us = (uint64_t)int_arg(r, s, 4, i) * TIME_HOUR +
                  (uint64_t)int_arg(r, s, 5, i) * TIME_MINUTE;
    double rounded = rint(seconds * 1e6);
    bool fits = rounded >= -0x1p63 && rounded < 0x1p63;
    us += (uint64_t)(fits ? (int64_t)rounded : INT64_MIN);
    return (ds_interval){(int64_t)us, (int32_t)(uint32_t)days,
                         (int32_t)(uint32_t)months};
}

void time_make_interval(run *r, const run_step *s)
{
    ds_interval *out = RUN_DST(r, s)->v.iv;
    RUN_EACH_OK(r, s, i)
    {
        double seconds = s->n_args == 7 ? RUN_ARG(r, s, 6)->v.f64[i] : 0;
        if (isfinite(seconds)) {
            out[i] = interval_of_row(r, s, i, seconds);
        } else {
            out[i] = (ds_interval){0, 0, 0};
            run_error(r, s, i, "E0701", "interval out of range");
        }
    }
}

/* ---- to_timestamp(double) ---- */

static bool from_seconds(double seconds, int64_t *out)
{
    const double year_2000 = 946684800.0;
    if (isinf(seconds)) {
        *out = seconds > 0 ? DS_TIME_INF : DS_TIME_NINF;
        return true;
    }
    if (seconds < -(double)TIME_JULIAN * 86400 || seconds >= 1e13)
        return false;
    /* In PostgreSQL's steps, for equal last digits. */
    double us = rint((seconds - year_2000) * 1e6);
    if (us >= 0x1p63 ||
        __builtin_add_overflow((int64_t)us, 946684800 * DS_SECOND, out))
        return false;
    return datetime_finite(*out) && datetime_valid(DS_TS, *out);
}

void time_from_seconds(run *r, const run_step *s)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = 0;
        if (isnan(a[i]))
            run_error(r, s, i, "E0701", "timestamp cannot be NaN");
        else if (!from_seconds(a[i], &out[i]))
            run_error(r, s, i, "E0701", "timestamp out of range: \"%g\"", a[i]);
    }
}
