/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.c - days and dates.
 *
 * Both directions count in years that begin in March, so that the leap day is
 * the last one, and in eras of 400 years, which all have 146097 days.
 */
#include "base/calendar.h"

#include <stdio.h>

enum { ERA_DAYS = 146097, EPOCH_SHIFT = 719468 /* 0000-03-01 to 1970 */ };

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t calendar_days(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_SHIFT;
}

int calendar_days_in_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

void calendar_split(ds_time t, calendar_time *out)
{
    int64_t days = floor_div(t, CALENDAR_DAY);
    int64_t micros = t - days * CALENDAR_DAY;
    int64_t z = days + EPOCH_SHIFT;
    int64_t era = floor_div(z, ERA_DAYS);
    int64_t day_of_era = z - era * ERA_DAYS;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / 146096) /
                          365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (int)((5 * day_of_year + 2) / 153);
    out->day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    out->month =
        month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    out->year = year_of_era + era * 400 + (out->month <= 2);
    out->micro = (int)(micros % DS_SECOND);
    int seconds = (int)(micros / DS_SECOND);
    out->second = seconds % 60;
    out->minute = seconds / 60 % 60;
    out->hour = seconds / 3600;
}

/* Digits with leading zeros; returns where they end. */
static char *put_digits(char *p, int n, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        p[i] = (char)('0' + n % 10);
        n /= 10;
    }
    return p + width;
}

int calendar_format(const calendar_time *t, char sep, char *buf)
{
    char *p = buf;
    if (t->year >= 0 && t->year <= 9999)
        p = put_digits(p, (int)t->year, 4);
    else
        p += sprintf(p, t->year < 0 ? "%05lld" : "%lld", (long long)t->year);
    *p++ = '-';
    p = put_digits(p, t->month, 2);
    *p++ = '-';
    p = put_digits(p, t->day, 2);
    *p++ = sep;
    p = put_digits(p, t->hour, 2);
    *p++ = ':';
    p = put_digits(p, t->minute, 2);
    *p++ = ':';
    p = put_digits(p, t->second, 2);
    if (t->micro) {
        *p++ = '.';
        p = put_digits(p, t->micro, 6);
        while (p[-1] == '0')
            p--;
    }
    return (int)(p - buf);
}
