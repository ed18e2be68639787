/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_text.c - times as text: RFC 3339, ISO 8601, PostgreSQL's ISO style.
 *
 *     2026-11-22T09:00:00.5Z   2026-11-22 09:00:00.5+05:30   20261122T0900Z
 *     2026-11-22 09:00         2026-11-22                    2026-1-2 9:00
 *
 * What the forms have in common is read by one small parser; text that goes on
 * after it, or a field out of its range, is no time.
 */
#include <stdlib.h>

#include "base/calendar.h"
#include "dstream/clock.h"

/* The years that fit in a ds_time, with a day to spare for the zone. */
enum { TIME_MIN_YEAR = 1, TIME_MAX_YEAR = 294246, TIME_MAX_ZONE_HOUR = 15 };

struct reader {
    const uint8_t *p, *end;
};

static bool at_digit(const struct reader *r)
{
    return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

static bool at_char(const struct reader *r, char c)
{
    return r->p < r->end && *r->p == (uint8_t)c;
}

static bool take_char(struct reader *r, char c)
{
    if (!at_char(r, c))
        return false;
    r->p++;
    return true;
}

/* Between `least` and `most` digits. */
static bool take_digits(struct reader *r, int least, int most, int *out)
{
    int n = 0;
    *out = 0;
    for (; n < most && at_digit(r); n++, r->p++)
        *out = *out * 10 + (*r->p - '0');
    return n >= least;
}

static int count_digits(const struct reader *r)
{
    int n = 0;
    while (r->p + n < r->end && r->p[n] >= '0' && r->p[n] <= '9')
        n++;
    return n;
}

static void skip_blanks(struct reader *r)
{
    while (at_char(r, ' ') || at_char(r, '\t') || at_char(r, '\n'))
        r->p++;
}

static bool take_date(struct reader *r, int64_t *days)
{
    int year, month, day;
    if (count_digits(r) == 8) {
        if (!take_digits(r, 4, 4, &year) || !take_digits(r, 2, 2, &month) ||
            !take_digits(r, 2, 2, &day))
            return false;
    } else if (!take_digits(r, 4, 6, &year) || !take_char(r, '-') ||
               !take_digits(r, 1, 2, &month) || !take_char(r, '-') ||
               !take_digits(r, 1, 2, &day)) {
        return false;
    }
    if (year < TIME_MIN_YEAR || year > TIME_MAX_YEAR || month < 1 ||
        month > 12 || day < 1 || day > calendar_days_in_month(year, month))
        return false;
    *days = calendar_days(year, month, day);
    return true;
}

/* The digits after the point, rounded to µs as PostgreSQL does it: a half goes
 * to the even neighbour. */
static bool take_fraction(struct reader *r, int64_t *micros)
{
    int count = count_digits(r), exact_micros;
    if (count >= 1 && count <= 6) {
        take_digits(r, 1, 6, &exact_micros);
        for (; count < 6; count++)
            exact_micros *= 10;
        *micros = exact_micros;
        return true;
    }
    char digits[32] = "0.";
    size_t n = 2;
    if (!at_digit(r))
        return false;
    for (; at_digit(r); r->p++)
        if (n < sizeof(digits) - 1)
            digits[n++] = (char)*r->p;
    digits[n] = '\0';
    double exact = strtod(digits, NULL) * 1e6;
    int64_t whole = (int64_t)exact;
    double rest = exact - (double)whole;
    if (rest > 0.5 || (rest == 0.5 && whole % 2 != 0))
        whole++;
    *micros = whole;
    return true;
}

static bool take_clock(struct reader *r, ds_time *out)
{
    int hour, minute = 0, second = 0;
    int64_t micros = 0;
    int digits = count_digits(r);
    bool colons = digits <= 2;
    if (!colons && digits != 4 && digits != 6)
        return false;
    if (!take_digits(r, colons ? 1 : 2, 2, &hour))
        return false;
    if (colons && !take_char(r, ':'))
        return false;
    if (!take_digits(r, 2, 2, &minute))
        return false;
    if (colons ? take_char(r, ':') : digits == 6) {
        if (!take_digits(r, 2, 2, &second))
            return false;
        if ((take_char(r, '.') || take_char(r, ',')) &&
            !take_fraction(r, &micros))
            return false;
    }
    /* PostgreSQL takes a 60th second, and 24:00:00 for the day's end. */
    if (hour > 24 || minute > 59 || second > 60 ||
        (hour == 24 && (minute || second || micros)))
        return false;
    *out = ((hour * 60 + minute) * 60 + second) * DS_SECOND + micros;
    return true;
}

/* "Z", "UTC", "+02", "+0200", "+02:00", "+02:00:30"; nothing is UTC. */
static bool take_zone(struct reader *r, ds_time *out)
{
    *out = 0;
    if (r->p == r->end || take_char(r, 'Z') || take_char(r, 'z'))
        return true;
    if (r->end - r->p >= 3 &&
        (memcmp(r->p, "UTC", 3) == 0 || memcmp(r->p, "GMT", 3) == 0)) {
        r->p += 3;
        return true;
    }
    bool west = at_char(r, '-');
    if (!west && !at_char(r, '+'))
        return false;
    r->p++;
    int digits = count_digits(r), hour, minute = 0, second = 0;
    if (digits != 1 && digits != 2 && digits != 4)
        return false;
    if (!take_digits(r, 1, 2, &hour))
        return false;
    if (digits == 4 || take_char(r, ':')) {
        if (!take_digits(r, 2, 2, &minute))
            return false;
        if (take_char(r, ':') && !take_digits(r, 2, 2, &second))
            return false;
    }
    if (hour > TIME_MAX_ZONE_HOUR || minute > 59 || second > 59)
        return false;
    *out = ((hour * 60 + minute) * 60 + second) * DS_SECOND;
    if (west)
        *out = -*out;
    return true;
}

bool ds_time_parse(ds_slice s, ds_time *out)
{
    if (!s.ptr)
        return false;
    struct reader r = {s.ptr, s.ptr + s.len};
    int64_t days;
    ds_time clock = 0, zone = 0;
    skip_blanks(&r);
    if (!take_date(&r, &days))
        return false;
    bool t = take_char(&r, 'T') || take_char(&r, 't');
    if (!t)
        skip_blanks(&r);
    if (t || at_digit(&r)) {
        if (!take_clock(&r, &clock))
            return false;
        skip_blanks(&r);
    }
    if (!take_zone(&r, &zone))
        return false;
    skip_blanks(&r);
    ds_time time = days * CALENDAR_DAY + clock - zone;
    if (r.p != r.end ||
        time < calendar_days(TIME_MIN_YEAR, 1, 1) * CALENDAR_DAY)
        return false;
    *out = time;
    return true;
}

int ds_time_format(ds_time t, char *buf)
{
    calendar_time split;
    calendar_split(t, &split);
    int n = calendar_format(&split, 'T', buf);
    buf[n++] = 'Z';
    buf[n] = '\0';
    return n;
}
