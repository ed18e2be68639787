/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interval.c - intervals: months, days and microseconds, each for itself.
 */
#include <math.h>

#include "base/calendar.h"
#include "record/datetime.h"
#include "record/interval.h"

/* ---- comparison: a month has 30 days, a day 24 hours ---- */

#define MONTH_DAYS 30

/* Wide enough for any interval in microseconds. */
__extension__ typedef __int128 wide;

static wide total(const ds_interval *iv)
{
    int64_t days = (int64_t)iv->months * MONTH_DAYS + iv->days;
    return (wide)days * CALENDAR_DAY + iv->us;
}

int interval_cmp(const ds_interval *a, const ds_interval *b)
{
    wide x = total(a), y = total(b);
    return (x > y) - (x < y);
}

/* Takes as many units out of *rest as fit into an int32_t. */
static int32_t take_units(wide *rest, int64_t unit)
{
    wide n = *rest / unit;
    if (n > INT32_MAX)
        n = INT32_MAX;
    if (n < INT32_MIN)
        n = INT32_MIN;
    *rest -= n * unit;
    return (int32_t)n;
}

ds_interval interval_plain(const ds_interval *iv)
{
    wide rest = total(iv);
    ds_interval out;
    out.months = take_units(&rest, MONTH_DAYS * CALENDAR_DAY);
    out.days = take_units(&rest, CALENDAR_DAY);
    out.us = (int64_t)rest;
    return out;
}

/* ---- arithmetic ---- */

bool interval_negate(const ds_interval *iv, ds_interval *out)
{
    ds_interval zero = {0, 0, 0};
    return interval_sub(&zero, iv, out);
}

bool interval_add(const ds_interval *a, const ds_interval *b, ds_interval *out)
{
    return !__builtin_add_overflow(a->months, b->months, &out->months) &&
           !__builtin_add_overflow(a->days, b->days, &out->days) &&
           !__builtin_add_overflow(a->us, b->us, &out->us);
}

bool interval_sub(const ds_interval *a, const ds_interval *b, ds_interval *out)
{
    return !__builtin_sub_overflow(a->months, b->months, &out->months) &&
           !__builtin_sub_overflow(a->days, b->days, &out->days) &&
           !__builtin_sub_overflow(a->us, b->us, &out->us);
}

static bool to_int32(double v, int32_t *out)
{
    if (isnan(v) || v < INT32_MIN || v >= -(double)INT32_MIN)
        return false;
    *out = (int32_t)v;
    return true;
}

/* To whole microseconds, as PostgreSQL cleans up what is left of a month. */
static double micro_rounded(double seconds)
{
    return rint(seconds * 1e6) / 1e6;
}

/* What fractions of months and days make, downwards: days, then time. */
static bool scale(const ds_interval *iv, double months, double days, double us,
                  ds_interval *out)
{
    if (!to_int32(months, &out->months) || !to_int32(days, &out->days))
        return false;
    double more = micro_rounded((months - out->months) * MONTH_DAYS);
    double seconds = (days - out->days + more - (int32_t)more) * 86400;
    seconds = micro_rounded(seconds);
    (void)iv;
    if (fabs(seconds) >= 86400) { /* a whole day after rounding */
        int32_t whole = (int32_t)(seconds / 86400);
        if (__builtin_add_overflow(out->days, whole, &out->days))
            return false;
        seconds -= whole * 86400.0;
    }
    if (__builtin_add_overflow(out->days, (int32_t)more, &out->days))
        return false;
    double sum = rint(us + seconds * 1e6);
    if (isnan(sum) || sum < -0x1p63 || sum >= 0x1p63)
        return false;
    out->us = (int64_t)sum;
    return true;
}

bool interval_multiply(const ds_interval *iv, double by, ds_interval *out)
{
    return scale(iv, iv->months * by, iv->days * by, (double)iv->us * by, out);
}

bool interval_divide(const ds_interval *iv, double by, ds_interval *out)
{
    return scale(iv, iv->months / by, iv->days / by, (double)iv->us / by, out);
}

/* ---- a time and an interval ---- */

static bool add_months(ds_time t, int32_t months, ds_time *out)
{
    calendar_time c;
    calendar_split(t, &c);
    int64_t m = c.year * 12 + (c.month - 1) + months;
    int64_t year = m >= 0 ? m / 12 : -((11 - m) / 12);
    int month = (int)(m - year * 12) + 1;
    int last = calendar_days_in_month(year, month);
    int64_t day = calendar_days(year, month, c.day < last ? c.day : last);
    int64_t in_day = t % CALENDAR_DAY;
    if (in_day < 0)
        in_day += CALENDAR_DAY;
    return datetime_valid(DS_DATE, day) &&
           !__builtin_mul_overflow(day, (int64_t)CALENDAR_DAY, out) &&
           !__builtin_add_overflow(*out, in_day, out) && datetime_finite(*out);
}

bool timestamp_add(ds_time t, const ds_interval *iv, ds_time *out)
{
    *out = t;
    if (!datetime_finite(t))
        return true;
    if (iv->months != 0 && !add_months(t, iv->months, &t))
        return false;
    int64_t days_us;
    if (__builtin_mul_overflow(iv->days, (int64_t)CALENDAR_DAY, &days_us) ||
        __builtin_add_overflow(t, days_us, &t) ||
        (iv->days && !datetime_valid(DS_TS, t)) ||
        __builtin_add_overflow(t, iv->us, &t))
        return false;
    *out = t;
    return datetime_finite(t) && datetime_valid(DS_TS, t);
}

/* ---- typmod ---- */

/* Bits of the fields in an interval's typmod. */
static int64_t field_unit(int32_t range)
{
    if (range & INTERVAL_SECOND)
        return 1;
    if (range & INTERVAL_MINUTE)
        return 60 * DS_SECOND;
    if (range & INTERVAL_HOUR)
        return 3600 * DS_SECOND;
    return 0; /* no time at all */
}

static bool round_micro(int64_t *us, int32_t precision)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    if (precision < 0 || precision > 5)
        return true;
    int64_t unit = units[precision];
    int64_t half = *us < 0 ? -unit / 2 : unit / 2, sum;
    if (__builtin_add_overflow(*us, half, &sum))
        return false;
    *us = sum - sum % unit;
    return true;
}

bool interval_fit(int32_t mod, ds_interval *iv)
{
    int32_t typmod = mod - 1;
    int32_t range = typmod >> 16 & INTERVAL_FULL, precision = typmod & 0xffff;
    if (mod == 0)
        return true;
    if (range != INTERVAL_FULL) {
        if (range == INTERVAL_YEAR)
            iv->months -= iv->months % 12;
        if (!(range & ~(INTERVAL_YEAR | INTERVAL_MONTH)))
            iv->days = 0;
        int64_t unit = field_unit(range);
        iv->us = unit ? iv->us - iv->us % unit : 0;
        if (!(range & INTERVAL_SECOND))
            return true;
    }
    return precision == 0xffff || round_micro(&iv->us, precision);
}
