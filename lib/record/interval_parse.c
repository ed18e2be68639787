/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interval_parse.c - text to intervals: "1 year 2 mons -3 days 04:05:06",
 * "1-2 3 4:5:6", "P1Y2M3DT4H5M6S", "P0001-02-03T04:05:06".
 *
 * A list of numbers and units is read from its end, since a number is
 * understood by the unit after it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "record/datetime_words.h"
#include "record/interval.h"

#define HOUR_US (3600 * DS_SECOND)
#define MINUTE_US (60 * DS_SECOND)

typedef struct interval_sum {
    int64_t us;
    int32_t days, months, years;
    bool over;
} interval_sum;

/* A part of a unit, to the nearest microsecond. */
static void add_part_us(interval_sum *s, double part, int64_t unit)
{
    double scaled = part * (double)unit;
    int64_t us = (int64_t)scaled;
    scaled -= (double)us;
    if (scaled > 0.5)
        us++;
    else if (scaled < -0.5)
        us--;
    s->over |= __builtin_add_overflow(s->us, us, &s->us);
}

static void add_us(interval_sum *s, int64_t v, double part, int64_t unit)
{
    int64_t us;
    s->over |= __builtin_mul_overflow(v, unit, &us) ||
               __builtin_add_overflow(s->us, us, &s->us);
    add_part_us(s, part, unit);
}

static void add_units(interval_sum *s, int32_t *to, int64_t v, int32_t unit)
{
    int32_t n;
    s->over |= v != (int32_t)v || __builtin_mul_overflow(v, unit, &n) ||
               __builtin_add_overflow(*to, n, to);
}

/* A part of a number of days is days and time. */
static void add_part_days(interval_sum *s, double part, int32_t days)
{
    double scaled = part * days;
    int32_t whole = (int32_t)scaled;
    s->over |= __builtin_add_overflow(s->days, whole, &s->days);
    add_part_us(s, scaled - whole, CALENDAR_DAY);
}

static void add_days(interval_sum *s, int64_t v, double part, int32_t unit)
{
    add_units(s, &s->days, v, unit);
    if (unit == 1)
        add_part_us(s, part, CALENDAR_DAY);
    else
        add_part_days(s, part, unit);
}

static void add_months(interval_sum *s, int64_t v, double part)
{
    add_units(s, &s->months, v, 1);
    add_part_days(s, part, 30);
}

/* A part of years is whole months. */
static void add_years(interval_sum *s, int64_t v, double part, int32_t unit)
{
    add_units(s, &s->years, v, unit);
    int32_t months = (int32_t)rint(part * unit * 12);
    s->over |= __builtin_add_overflow(s->months, months, &s->months);
}

static bool add_unit(interval_sum *s, word_unit unit, int64_t v, double part)
{
    switch (unit) {
    case UNIT_MICROSECOND:
        add_us(s, v, part, 1);
        return true;
    case UNIT_MILLISECOND:
        add_us(s, v, part, 1000);
        return true;
    case UNIT_SECOND:
        add_us(s, v, part, DS_SECOND);
        return true;
    case UNIT_MINUTE:
        add_us(s, v, part, MINUTE_US);
        return true;
    case UNIT_HOUR:
        add_us(s, v, part, HOUR_US);
        return true;
    case UNIT_DAY:
        add_days(s, v, part, 1);
        return true;
    case UNIT_WEEK:
        add_days(s, v, part, 7);
        return true;
    case UNIT_MONTH:
        add_months(s, v, part);
        return true;
    case UNIT_YEAR:
        add_years(s, v, part, 1);
        return true;
    case UNIT_DECADE:
        add_years(s, v, part, 10);
        return true;
    case UNIT_CENTURY:
        add_years(s, v, part, 100);
        return true;
    case UNIT_MILLENNIUM:
        add_years(s, v, part, 1000);
        return true;
    default:
        return false;
    }
}

/* ---- a list of numbers and units ---- */

/* Each unit once; a second with a fraction is milli- and microseconds too, a
 * clock hours to microseconds. */
enum {
    SUM_SECOND =
        1u << UNIT_SECOND | 1u << UNIT_MILLISECOND | 1u << UNIT_MICROSECOND,
    SUM_CLOCK = SUM_SECOND | 1u << UNIT_MINUTE | 1u << UNIT_HOUR,
};

typedef struct list_reader {
    interval_sum sum;
    word_unit unit; /* of the number before */
    int32_t fields; /* of the type */
    uint32_t has, found;
    bool ago;
} list_reader;

/* The unit of a number at the end that has none. */
static word_unit last_unit(int32_t fields)
{
    if (fields == INTERVAL_FULL || fields & INTERVAL_SECOND)
        return UNIT_SECOND;
    if (fields & INTERVAL_MINUTE)
        return UNIT_MINUTE;
    if (fields & INTERVAL_HOUR)
        return UNIT_HOUR;
    if (fields & INTERVAL_DAY)
        return UNIT_DAY;
    return fields & INTERVAL_MONTH ? UNIT_MONTH : UNIT_YEAR;
}

/* [-]hh:mm[:ss[.f]]; mm:ss for minute to second. */
static datetime_rc read_clock(char *s, int32_t fields, int64_t *out)
{
    int64_t hour;
    int32_t minute, second = 0;
    double fraction = 0;
    char *p;
    if (!read_long(s, &p, &hour))
        return DATETIME_FIELD;
    if (*p != ':')
        return DATETIME_SYNTAX;
    if (!read_int(p + 1, &p, &minute))
        return DATETIME_FIELD;
    bool short_form =
        *p == '.' ||
        (*p == '\0' && fields == (INTERVAL_MINUTE | INTERVAL_SECOND));
    if (*p == ':' && !read_int(p + 1, &p, &second))
        return DATETIME_FIELD;
    if (short_form) {
        second = minute;
        if (hour != (int32_t)hour)
            return DATETIME_FIELD;
        minute = (int32_t)hour;
        hour = 0;
    }
    if (*p && (*p != '.' || !read_fraction(p, &fraction)))
        return DATETIME_SYNTAX;
    int64_t micro = (int64_t)rint(fraction * 1e6);
    if (hour < 0 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
        micro < 0 || micro > DS_SECOND ||
        __builtin_mul_overflow(hour, HOUR_US, out))
        return DATETIME_FIELD;
    int64_t rest = minute * MINUTE_US + second * DS_SECOND + micro;
    bool over = __builtin_add_overflow(*out, rest, out);
    return over ? DATETIME_FIELD : DATETIME_OK;
}

static datetime_rc take_clock(list_reader *r, char *s, bool minus)
{
    int64_t us;
    datetime_rc rc = read_clock(s, r->fields, &us);
    if (rc)
        return rc;
    r->sum.us = minus ? -us : us;
    r->found = SUM_CLOCK;
    r->unit = UNIT_DAY;
    return DATETIME_OK;
}

/* 1-2: years and months */
static datetime_rc years_months(char *rest, bool minus, int64_t *v)
{
    int32_t months;
    bool ok = read_int(rest + 1, &rest, &months);
    if (!ok || months < 0 || months >= 12)
        return DATETIME_FIELD;
    if (*rest)
        return DATETIME_SYNTAX;
    if (__builtin_mul_overflow(*v, 12, v) ||
        __builtin_add_overflow(*v, minus ? -months : months, v))
        return DATETIME_FIELD;
    return DATETIME_OK;
}

static uint32_t found_by(word_unit unit, double part)
{
    if (unit == UNIT_SECOND && part != 0)
        return SUM_SECOND;
    return 1u << unit;
}

static datetime_rc take_number(list_reader *r, char *s)
{
    int64_t v;
    double part = 0;
    char *rest;
    bool minus = *s == '-';
    if (r->unit == UNIT_NONE)
        r->unit = last_unit(r->fields);
    if (!read_long(s, &rest, &v))
        return DATETIME_FIELD;
    if (*rest == '-') {
        datetime_rc rc = years_months(rest, minus, &v);
        if (rc)
            return rc;
        r->unit = UNIT_MONTH;
    } else if (*rest == '.') {
        if (!read_fraction(rest, &part))
            return DATETIME_SYNTAX;
        if (minus)
            part = -part;
    } else if (*rest) {
        return DATETIME_SYNTAX;
    }
    r->found = found_by(r->unit, part);
    if (!add_unit(&r->sum, r->unit, v, part))
        return DATETIME_SYNTAX;
    if (r->unit == UNIT_HOUR)
        r->unit = UNIT_DAY; /* of the number before it */
    return r->sum.over ? DATETIME_FIELD : DATETIME_OK;
}

static datetime_rc take_word(list_reader *r, const char *s, bool *skip)
{
    int value = 0;
    switch (word_find_unit(s, &value)) {
    case WORD_FILLER:
        *skip = true;
        return DATETIME_OK;
    case WORD_UNIT:
        r->unit = (word_unit)value;
        return DATETIME_OK;
    case WORD_AGO:
        r->ago = true;
        r->unit = UNIT_TIME; /* none that a number could have */
        return DATETIME_OK;
    default:
        return DATETIME_SYNTAX;
    }
}

static datetime_rc take_token(list_reader *r, char *s, token_kind kind,
                              bool *skip)
{
    switch (kind) {
    case TOKEN_CLOCK:
        return take_clock(r, s, false);
    case TOKEN_ZONE:
        if (strchr(s + 1, ':') &&
            take_clock(r, s + 1, *s == '-') == DATETIME_OK)
            return DATETIME_OK;
        return take_number(r, s);
    case TOKEN_DATE:
    case TOKEN_NUMBER:
        return take_number(r, s);
    case TOKEN_WORD:
    case TOKEN_SIGNED:
        break;
    }
    return take_word(r, s, skip);
}

static datetime_rc read_list(ds_slice text, list_reader *r)
{
    tokens t;
    if (!tokens_split(text, 256, &t))
        return DATETIME_SYNTAX;
    for (int i = t.n - 1; i >= 0; i--) {
        bool skip = false;
        r->found = 0;
        datetime_rc rc = take_token(r, t.list[i].s, t.list[i].kind, &skip);
        if (rc)
            return rc;
        if (skip)
            continue;
        if (r->found & r->has)
            return DATETIME_SYNTAX;
        r->has |= r->found;
    }
    return r->has ? DATETIME_OK : DATETIME_SYNTAX;
}

/* ---- ISO 8601 ---- */

static datetime_rc iso_number(char **p, int64_t *v, double *part)
{
    const char *s = *p;
    if (!((*s >= '0' && *s <= '9') || *s == '-' || *s == '.'))
        return DATETIME_SYNTAX;
    errno = 0;
    double d = strtod(s, p);
    if (*p == s || errno)
        return DATETIME_SYNTAX;
    if (isnan(d) || d < -1e15 || d > 1e15)
        return DATETIME_FIELD;
    *v = (int64_t)d;
    *part = d - (double)*v;
    return DATETIME_OK;
}

static size_t digits_at(const char *s)
{
    s += *s == '-';
    return strspn(s, "0123456789");
}

static word_unit iso_unit(char c, bool time)
{
    switch (c) {
    case 'Y':
        return time ? UNIT_NONE : UNIT_YEAR;
    case 'M':
        return time ? UNIT_MINUTE : UNIT_MONTH;
    case 'W':
        return time ? UNIT_NONE : UNIT_WEEK;
    case 'D':
        return time ? UNIT_NONE : UNIT_DAY;
    case 'H':
        return time ? UNIT_HOUR : UNIT_NONE;
    case 'S':
        return time ? UNIT_SECOND : UNIT_NONE;
    default:
        return UNIT_NONE;
    }
}

/* Digits run together: 00010203, 040506 */
static void iso_run(interval_sum *s, bool time, int64_t v, double part)
{
    const word_unit *u =
        time ? (const word_unit[]){UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND}
             : (const word_unit[]){UNIT_YEAR, UNIT_MONTH, UNIT_DAY};
    add_unit(s, u[0], v / 10000, 0);
    add_unit(s, u[1], v / 100 % 100, 0);
    add_unit(s, u[2], v % 100, time ? 0 : part);
    if (time) /* PostgreSQL takes the fraction for microseconds */
        add_part_us(s, part, 1);
}

/* 0001-02-03, 04:05:06: the first number has been read, p is after the mark
 * that followed it. */
static datetime_rc iso_marked(interval_sum *s, bool time, char mark, int64_t v,
                              double part, char **p)
{
    const word_unit *u =
        time ? (const word_unit[]){UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND}
             : (const word_unit[]){UNIT_YEAR, UNIT_MONTH, UNIT_DAY};
    char sep = time ? ':' : '-';
    add_unit(s, u[0], v, part);
    if (mark == '\0' || mark == 'T') {
        *p -= 1;
        return DATETIME_OK;
    }
    for (int i = 1; i < 3; i++) {
        datetime_rc rc = iso_number(p, &v, &part);
        if (rc)
            return rc;
        add_unit(s, u[i], v, part);
        if (**p == '\0' || (!time && **p == 'T'))
            return DATETIME_OK;
        if (i == 2 || **p != sep)
            return DATETIME_SYNTAX;
        *p += 1;
    }
    return DATETIME_OK;
}

/* A number and what follows it; *fields: a unit was named in this part. */
static datetime_rc iso_field(char **p, bool time, bool *fields, interval_sum *s)
{
    int64_t v;
    double part;
    char *start = *p;
    datetime_rc rc = iso_number(p, &v, &part);
    if (rc)
        return rc;
    char mark = *(*p)++;
    word_unit unit = iso_unit(mark, time);
    bool ends = mark == '\0' || (mark == 'T' && !time);
    if (unit != UNIT_NONE) {
        add_unit(s, unit, v, part);
        *fields = true;
    } else if (ends && !*fields && digits_at(start) == (time ? 6 : 8)) {
        iso_run(s, time, v, part);
        *p -= 1;
    } else if (!*fields && (ends || mark == (time ? ':' : '-'))) {
        rc = iso_marked(s, time, mark, v, part, p);
        if (rc)
            return rc;
        *fields = **p == '\0';
    } else {
        return DATETIME_SYNTAX;
    }
    return s->over ? DATETIME_FIELD : DATETIME_OK;
}

static datetime_rc read_iso(char *p, interval_sum *s)
{
    bool time = false, fields = false;
    if (p[0] != 'P' || p[1] == '\0')
        return DATETIME_SYNTAX;
    for (p++; *p;) {
        if (*p == 'T') {
            time = true;
            fields = false;
            p++;
            continue;
        }
        datetime_rc rc = iso_field(&p, time, &fields, s);
        if (rc)
            return rc;
    }
    return DATETIME_OK;
}

/* ---- all together ---- */

static datetime_rc read_any(ds_slice text, list_reader *r)
{
    char buf[400];
    datetime_rc rc = read_list(text, r);
    if (rc != DATETIME_SYNTAX || text.len == 0 || text.ptr[0] != 'P' ||
        text.len >= sizeof buf)
        return rc;
    memcpy(buf, text.ptr, text.len);
    buf[text.len] = '\0';
    r->sum = (interval_sum){0};
    r->ago = false;
    return read_iso(buf, &r->sum);
}

static bool negate(interval_sum *s)
{
    return !__builtin_sub_overflow(0, s->us, &s->us) &&
           !__builtin_sub_overflow(0, s->days, &s->days) &&
           !__builtin_sub_overflow(0, s->months, &s->months) &&
           !__builtin_sub_overflow(0, s->years, &s->years);
}

datetime_rc interval_parse_mod(ds_slice text, int32_t mod, ds_interval *out)
{
    list_reader r = {.fields = INTERVAL_FULL};
    if (mod)
        r.fields = (mod - 1) >> 16 & INTERVAL_FULL;
    datetime_rc rc = read_any(text, &r);
    if (rc)
        return rc;
    interval_sum *s = &r.sum;
    int32_t months;
    if (r.ago && !negate(s))
        return DATETIME_FIELD;
    if (__builtin_mul_overflow(s->years, 12, &months) ||
        __builtin_add_overflow(months, s->months, &months))
        return DATETIME_RANGE;
    *out = (ds_interval){s->us, s->days, months};
    return DATETIME_OK;
}

datetime_rc interval_parse(ds_slice s, ds_interval *out)
{
    return interval_parse_mod(s, 0, out);
}
