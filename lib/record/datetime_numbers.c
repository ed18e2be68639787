/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime_numbers.c - numbers in dates and times.
 *
 * PostgreSQL reads a date by what has been seen before: the first number is a
 * year if it has three digits or more, else (DateStyle MDY) a month.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "record/datetime_decode.h"

/* Days from 1970 of Julian day 0. */
#define JULIAN_SHIFT 2440588

static datetime_rc read_micro(const char *p, int64_t *micro)
{
    double fraction;
    if (!read_fraction(p, &fraction))
        return DATETIME_SYNTAX;
    *micro = (int64_t)rint(fraction * 1e6);
    return DATETIME_OK;
}

void decode_julian(decode *d, int32_t day)
{
    int64_t days = (int64_t)day - JULIAN_SHIFT;
    int64_t eras = days / 146097;
    calendar_time t;
    calendar_split((days - eras * 146097) * CALENDAR_DAY, &t);
    d->year = (int32_t)(t.year + eras * 400);
    d->month = t.month;
    d->day = t.day;
    d->julian = true;
}

/* ---- digits run together ---- */

static int32_t digits_of(const char *s, size_t n)
{
    int64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (s[i] - '0');
    return (int32_t)v;
}

static datetime_rc run_of_date(decode *d, const char *s, size_t len)
{
    d->day = digits_of(s + len - 2, 2);
    d->month = digits_of(s + len - 4, 2);
    int64_t year = strtoll(s, NULL, 10) / 10000;
    d->year = (int32_t)year;
    if (len - 4 == 2)
        d->two_digits = true;
    d->found = HAS_DATE;
    return DATETIME_OK;
}

datetime_rc decode_run(decode *d, char *s, uint32_t has)
{
    char *point = strchr(s, '.');
    size_t len = strlen(s);
    if (point) {
        errno = 0;
        double fraction = strtod(point, NULL);
        if (errno)
            return DATETIME_SYNTAX;
        d->micro = (int64_t)rint(fraction * 1e6);
        *point = '\0';
        len = (size_t)(point - s);
    } else if ((has & HAS_DATE) != HAS_DATE && len >= 6) {
        return run_of_date(d, s, len);
    }
    if ((has & HAS_TIME) == HAS_TIME || (len != 4 && len != 6))
        return DATETIME_SYNTAX;
    d->hour = digits_of(s, 2);
    d->minute = digits_of(s + 2, 2);
    d->second = len == 6 ? digits_of(s + 4, 2) : 0;
    d->found = HAS_TIME;
    return DATETIME_OK;
}

/* ---- a number by itself ---- */

static datetime_rc set_year(decode *d, int32_t v, size_t len)
{
    d->found = HAS_YEAR;
    d->year = v;
    d->two_digits = len <= 2;
    return DATETIME_OK;
}

static datetime_rc set_month(decode *d, int32_t v)
{
    d->found = HAS_MONTH;
    d->month = v;
    return DATETIME_OK;
}

static datetime_rc set_day(decode *d, int32_t v)
{
    d->found = HAS_DAY;
    d->day = v;
    return DATETIME_OK;
}

/* The month has a name: what looked like a day was the year's. */
static datetime_rc after_text_month(decode *d, int32_t v, size_t len)
{
    if (len < 3 || !d->two_digits)
        return set_day(d, v);
    d->found = HAS_DAY;
    d->day = d->year;
    d->year = v;
    d->two_digits = false;
    return DATETIME_OK;
}

datetime_rc decode_number(decode *d, char *s, uint32_t has, bool text_month)
{
    char *end;
    int32_t v;
    size_t len = strlen(s);
    d->found = 0;
    if (!read_int(s, &end, &v))
        return DATETIME_FIELD;
    if (end == s)
        return DATETIME_SYNTAX;
    if (*end == '.') {
        if (end - s > 2) /* 040506.789 */
            return decode_run(d, s, has | HAS_DATE);
        datetime_rc rc = read_micro(end, &d->micro);
        if (rc)
            return rc;
    } else if (*end) {
        return DATETIME_SYNTAX;
    }
    if (len == 3 && (has & HAS_DATE) == HAS_YEAR && v >= 1 && v <= 366) {
        d->found = HAS_DAY_OF_YEAR | HAS_MONTH | HAS_DAY;
        d->day_of_year = v;
        return DATETIME_OK;
    }
    switch (has & HAS_DATE) {
    case 0:
        return len >= 3 ? set_year(d, v, len) : set_month(d, v);
    case HAS_YEAR:
    case HAS_DAY:
        return set_month(d, v);
    case HAS_MONTH:
        return text_month && len >= 3 ? set_year(d, v, len) : set_day(d, v);
    case HAS_YEAR | HAS_MONTH:
        return text_month ? after_text_month(d, v, len) : set_day(d, v);
    case HAS_MONTH | HAS_DAY:
        return set_year(d, v, len);
    case HAS_DATE:
        return decode_run(d, s, has);
    default:
        return DATETIME_SYNTAX;
    }
}

/* ---- a date in one token ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* 1999-jan-08 into its parts; the character after a part is skipped. */
static int date_parts(char *s, char **parts)
{
    int n = 0;
    while (*s && n < TOKENS_MOST) {
        while (*s && !is_digit(*s) && !is_letter(*s))
            s++;
        if (*s == '\0')
            return 0;
        parts[n++] = s;
        bool digits = is_digit(*s);
        while (digits ? is_digit(*s) : is_letter(*s))
            s++;
        if (*s)
            *s++ = '\0';
    }
    return n;
}

static datetime_rc date_add(uint32_t *all, uint32_t *has, uint32_t found)
{
    if (*has & found)
        return DATETIME_SYNTAX;
    *has |= found;
    *all |= found;
    return DATETIME_OK;
}

datetime_rc decode_date(decode *d, char *s, uint32_t has)
{
    char *parts[TOKENS_MOST];
    int n = date_parts(s, parts);
    uint32_t all = 0;
    bool text_month = false;
    if (n == 0)
        return DATETIME_SYNTAX;
    for (int i = 0; i < n; i++) {
        int value;
        if (!is_letter(*parts[i]))
            continue;
        word_kind kind = word_find(parts[i], &value);
        if (kind == WORD_FILLER)
            continue; /* and refused below */
        if (kind != WORD_MONTH || date_add(&all, &has, HAS_MONTH))
            return DATETIME_SYNTAX;
        d->month = value;
        text_month = true;
        parts[i] = NULL;
    }
    for (int i = 0; i < n; i++) {
        if (parts[i] == NULL)
            continue;
        datetime_rc rc = decode_number(d, parts[i], has, text_month);
        if (rc || (rc = date_add(&all, &has, d->found)))
            return rc;
    }
    d->found = all;
    bool whole = (has & ~(uint32_t)(HAS_DAY_OF_YEAR | HAS_ZONE)) == HAS_DATE;
    return whole ? DATETIME_OK : DATETIME_SYNTAX;
}

datetime_rc decode_check_date(decode *d)
{
    if (d->has & HAS_YEAR && !d->julian) {
        if (d->bc ? d->year <= 0 : !d->two_digits && d->year <= 0)
            return DATETIME_FIELD;
        if (d->bc)
            d->year = 1 - d->year;
        else if (d->two_digits && d->year < 0)
            return DATETIME_FIELD;
        else if (d->two_digits && d->year < 100)
            d->year += d->year < 70 ? 2000 : 1900;
    }
    if (d->has & HAS_DAY_OF_YEAR) {
        bool julian = d->julian;
        decode_julian(d, (int32_t)(calendar_days(d->year, 1, 1) + JULIAN_SHIFT +
                                   d->day_of_year - 1));
        d->julian = julian;
    }
    if (d->has & HAS_MONTH && (d->month < 1 || d->month > 12))
        return DATETIME_FIELD;
    if (d->has & HAS_DAY && (d->day < 1 || d->day > 31))
        return DATETIME_FIELD;
    if ((d->has & HAS_DATE) == HAS_DATE &&
        d->day > calendar_days_in_month(d->year, d->month))
        return DATETIME_FIELD;
    return DATETIME_OK;
}

/* ---- clocks and offsets ---- */

datetime_rc decode_clock(decode *d, char *s)
{
    char *p;
    d->found = HAS_TIME;
    d->second = 0;
    d->micro = 0;
    if (!read_int(s, &p, &d->hour))
        return DATETIME_FIELD;
    if (*p != ':')
        return DATETIME_SYNTAX;
    if (!read_int(p + 1, &p, &d->minute))
        return DATETIME_FIELD;
    if (*p == '.') { /* minutes and seconds */
        d->second = d->minute;
        d->minute = d->hour;
        d->hour = 0;
    } else if (*p == ':') {
        if (!read_int(p + 1, &p, &d->second))
            return DATETIME_FIELD;
    }
    if (*p == '.') {
        datetime_rc rc = read_micro(p, &d->micro);
        if (rc)
            return rc;
    } else if (*p) {
        return DATETIME_SYNTAX;
    }
    bool bad = d->hour < 0 || d->minute < 0 || d->minute > 59 ||
               d->second < 0 || d->second > 60 || d->micro < 0 ||
               d->micro > DS_SECOND;
    return bad ? DATETIME_FIELD : DATETIME_OK;
}

bool decode_time_over(const decode *d)
{
    if (d->hour < 0 || d->hour > 24 || d->minute < 0 || d->minute > 59 ||
        d->second < 0 || d->second > 60 || d->micro < 0 || d->micro > DS_SECOND)
        return true;
    int64_t us =
        ((d->hour * 60LL + d->minute) * 60 + d->second) * DS_SECOND + d->micro;
    return us > CALENDAR_DAY;
}

datetime_rc decode_offset(char *s, int32_t *east)
{
    enum { HOURS_MOST = 15 };
    int32_t hour, minute = 0, second = 0;
    char *p;
    if (*s != '+' && *s != '-')
        return DATETIME_SYNTAX;
    if (!read_int(s + 1, &p, &hour))
        return DATETIME_SHIFT;
    if (*p == ':') {
        if (!read_int(p + 1, &p, &minute))
            return DATETIME_SHIFT;
        if (*p == ':' && !read_int(p + 1, &p, &second))
            return DATETIME_SHIFT;
    } else if (*p == '\0' && strlen(s) > 3) {
        minute = hour % 100;
        hour /= 100;
    }
    if (hour < 0 || hour > HOURS_MOST || minute < 0 || minute > 59 ||
        second < 0 || second > 59)
        return DATETIME_SHIFT;
    *east = (hour * 60 + minute) * 60 + second;
    if (*s == '-')
        *east = -*east;
    return *p ? DATETIME_SYNTAX : DATETIME_OK;
}
