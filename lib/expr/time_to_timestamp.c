/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_to_timestamp.c - to_timestamp(text, text) and to_date(text, text).
 */
#include "expr/time.h"
#include "expr/time_from_char.h"
#include "record/datetime_decode.h"

typedef struct moment {
    int64_t year;
    int month, day, hour, minute, second;
    int64_t micro;
    bool has_year, has_month, has_day;
} moment;

static void set_day(moment *m, int64_t day)
{
    calendar_time c;
    time_day_split(day, &c);
    m->year = c.year;
    m->month = c.month;
    m->day = c.day;
    m->has_year = m->has_month = m->has_day = true;
}

static const char *clock_of(const from_char *f, moment *m, ds_arena *a)
{
    if (f->second_of_day) {
        m->hour = f->second_of_day / 3600;
        m->minute = f->second_of_day % 3600 / 60;
        m->second = f->second_of_day % 60;
    }
    if (f->second)
        m->second = f->second;
    if (f->minute)
        m->minute = f->minute;
    if (f->hour)
        m->hour = f->hour;
    m->micro = f->milli * 1000LL + f->micro;
    if (!f->twelve)
        return NULL;
    if (m->hour < 1 || m->hour > 12)
        return ds_str_printf(a, "hour \"%d\" is invalid for the 12-hour clock",
                             m->hour);
    if (f->pm && m->hour < 12)
        m->hour += 12;
    else if (!f->pm && m->hour == 12)
        m->hour = 0;
    return NULL;
}

/* A year within a century; one that ends in 00 is the century's last. */
static int64_t year_in_century(int64_t year, int64_t century)
{
    year %= 100;
    if (year == 0)
        return century * 100 + (century >= 0 ? 0 : 1);
    if (century >= 0)
        return year + (century - 1) * 100;
    return (century + 1) * 100 - year + 1;
}

static void year_of(const from_char *f, moment *m)
{
    int64_t century = f->bc ? -(int64_t)f->century : f->century;
    if (f->year == 0 && f->century == 0)
        return;
    m->has_year = true;
    if (f->year == 0) {
        m->year = century >= 0 ? (century - 1) * 100 + 1 : century * 100 + 1;
    } else if (f->century && f->year_digits <= 2) {
        m->year = year_in_century(f->year, century);
    } else {
        m->year = f->bc ? -(int64_t)f->year : f->year;
        if (m->year < 0)
            m->year++;
    }
}

/* The day of the year, as far as month and day have not been given. */
static const char *from_day_of_year(const from_char *f, int day_of_year,
                                    moment *m)
{
    if (m->year == 0 && !f->bc)
        return "cannot calculate day of year without year information";
    if (f->mode == MODE_ISO_WEEK) {
        set_day(m, time_iso_year_start(m->year) - 1 + day_of_year);
        return NULL;
    }
    int month = 1;
    int days = day_of_year;
    while (month <= 12 && days > calendar_days_in_month(m->year, month))
        days -= calendar_days_in_month(m->year, month++);
    if (m->month <= 1)
        m->month = month;
    if (m->day <= 1)
        m->day = days;
    m->has_month = m->has_day = true;
    return NULL;
}

static const char *date_of(const from_char *f, moment *m)
{
    int day_of_year = f->day_of_year, day = f->day;
    year_of(f, m);
    if (f->julian)
        set_day(m, (int64_t)f->julian - TIME_JULIAN);
    if (f->week && f->mode == MODE_ISO_WEEK) {
        /* Without a day of the week it is the Monday. */
        int after = f->weekday == 0 ? 0 : f->weekday > 1 ? f->weekday - 2 : 6;
        set_day(m, time_iso_year_start(m->year) + (f->week - 1) * 7LL + after);
    } else if (f->week) {
        day_of_year = (f->week - 1) * 7 + 1;
    }
    if (f->week_of_month)
        day = (f->week_of_month - 1) * 7 + 1;
    if (day) {
        m->day = day;
        m->has_day = true;
    }
    if (f->month) {
        m->month = f->month;
        m->has_month = true;
    }
    if (day_of_year && (m->month <= 1 || m->day <= 1))
        return from_day_of_year(f, day_of_year, m);
    return NULL;
}

/* Whether there is such a day and such a time. */
static bool is_real(const moment *m)
{
    if (m->has_month && (m->month < 1 || m->month > 12))
        return false;
    if (m->has_day && (m->day < 1 || m->day > 31))
        return false;
    if (m->has_year && m->has_month && m->has_day &&
        m->day > calendar_days_in_month(m->year, m->month))
        return false;
    return m->hour >= 0 && m->hour < 24 && m->minute >= 0 && m->minute < 60 &&
           m->second >= 0 && m->second < 60 && m->micro >= 0 &&
           m->micro < DS_SECOND;
}

static bool zone_is_real(const from_char *f)
{
    return f->zone_hour >= 0 && f->zone_hour <= 15 && f->zone_minute >= 0 &&
           f->zone_minute < 60;
}

/* Errors name the text and its type, as if it had been a timestamp's input. */
static const char *read_moment(const template *t, ds_slice text, ds_arena *a,
                               from_char *f, moment *m, const char **code)
{
    *code = "E0704";
    *m = (moment){.month = 1, .day = 1};
    const char *msg = from_char_read(t, text, a, f);
    if (msg || (msg = clock_of(f, m, a)) || (msg = date_of(f, m)))
        return msg;
    if (!is_real(m))
        return datetime_error(DS_TIMESTAMP, DATETIME_FIELD, text, a, code);
    if (f->zone_sign && !zone_is_real(f))
        return datetime_error(DS_TIMESTAMP, DATETIME_SHIFT, text, a, code);
    return NULL;
}

/* The day, which may be one that no month has: without a year the days of
 * February are not counted. */
static bool day_of(const moment *m, int64_t *day)
{
    *day = calendar_days(m->year, m->month, 1) + m->day - 1;
    return datetime_valid(DS_DATE, *day);
}

static bool instant_of(const from_char *f, const moment *m, int64_t *out)
{
    int64_t day;
    int64_t clock = m->hour * TIME_HOUR + m->minute * TIME_MINUTE +
                    m->second * (int64_t)DS_SECOND + m->micro;
    int64_t shift = f->zone_sign *
                    (f->zone_hour * TIME_HOUR + f->zone_minute * TIME_MINUTE);
    if (!day_of(m, &day) ||
        __builtin_mul_overflow(day, (int64_t)CALENDAR_DAY, out) ||
        __builtin_add_overflow(*out, clock, out) ||
        __builtin_sub_overflow(*out, shift, out))
        return false;
    if (f->precision)
        *out = datetime_round(DS_TS, *out, f->precision);
    return datetime_finite(*out) && datetime_valid(DS_TS, *out);
}

void time_to_timestamp(run *r, const run_step *s)
{
    const ds_slice *a = RUN_ARG(r, s, 0)->v.str;
    const ds_slice *texts = RUN_ARG(r, s, 1)->v.str;
    int64_t *out = RUN_DST(r, s)->v.i64;
    const template *t = NULL;
    RUN_EACH_OK(r, s, i)
    {
        from_char f;
        moment m;
        const char *code;
        t = template_of(s->data, t, texts[i], r->ev->arena);
        const char *msg = read_moment(t, a[i], r->ev->arena, &f, &m, &code);
        if (msg == NULL && !instant_of(&f, &m, &out[i])) {
            msg = "timestamp out of range";
            code = "E0701";
        }
        if (msg) {
            out[i] = 0;
            run_error(r, s, i, code, "%s", msg);
        }
    }
}

void time_to_date(run *r, const run_step *s)
{
    const ds_slice *a = RUN_ARG(r, s, 0)->v.str;
    const ds_slice *texts = RUN_ARG(r, s, 1)->v.str;
    int64_t *out = RUN_DST(r, s)->v.i64;
    const template *t = NULL;
    RUN_EACH_OK(r, s, i)
    {
        from_char f;
        moment m;
        const char *code;
        t = template_of(s->data, t, texts[i], r->ev->arena);
        const char *msg = read_moment(t, a[i], r->ev->arena, &f, &m, &code);
        if (msg == NULL && !day_of(&m, &out[i]))
            msg = datetime_error(DS_DATE, DATETIME_RANGE, a[i], r->ev->arena,
                                 &code);
        if (msg) {
            out[i] = 0;
            run_error(r, s, i, code, "%s", msg);
        }
    }
}
