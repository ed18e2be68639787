/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time.c - times plus and minus intervals.
 */
#include "base/calendar.h"
#include "expr/func.h"

/* PostgreSQL's first timestamp, 4714-11-24 BC. Its last is past ours. */
#define TIME_MIN (-210866803200000000)

/* Months first, then days, then the rest; the day of a shorter month is its
 * last. */
bool interval_add(ds_time t, ds_interval iv, bool minus, ds_time *out)
{
    int64_t months = minus ? -(int64_t)iv.months : iv.months;
    int64_t days = minus ? -(int64_t)iv.days : iv.days;
    if (months != 0) {
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
        if (__builtin_mul_overflow(day, (int64_t)CALENDAR_DAY, &t) ||
            __builtin_add_overflow(t, in_day, &t))
            return false;
    }
    int64_t us;
    if (__builtin_mul_overflow(days, (int64_t)CALENDAR_DAY, &us) ||
        __builtin_add_overflow(t, us, &t))
        return false;
    bool over = minus ? __builtin_sub_overflow(t, iv.us, &t)
                      : __builtin_add_overflow(t, iv.us, &t);
    if (over || t < TIME_MIN)
        return false;
    *out = t;
    return true;
}

static void time_shift(run *r, const run_step *s, bool minus)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    const ds_interval *iv = RUN_ARG(r, s, 1)->v.iv;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = 0;
        if (!interval_add(a[i], iv[i], minus, &out[i]))
            run_error(r, s, i, "E0701", "timestamp out of range");
    }
}

void time_add(run *r, const run_step *s)
{
    time_shift(r, s, false);
}

void time_sub(run *r, const run_step *s)
{
    time_shift(r, s, true);
}
