/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time.c - + and - of dates, times, timestamps and intervals.
 */
#include "expr/time.h"
#include "expr/time_calc.h"

static const char division_by_zero[] = "division by zero";

const char *time_error_code(const char *msg)
{
    return msg == division_by_zero ? "E0703" : "E0701";
}

/* ---- one value at a time ---- */

static const char *date_add_days(int64_t date, int64_t days, int64_t *out)
{
    *out = date;
    if (!datetime_finite(date))
        return NULL;
    *out = date + days;
    return datetime_valid(DS_DATE, *out) ? NULL : "date out of range";
}

static const char *date_sub_days(int64_t date, int64_t days, int64_t *out)
{
    return date_add_days(date, -days, out);
}

static const char *date_diff(int64_t a, int64_t b, int64_t *out)
{
    if (!datetime_finite(a) || !datetime_finite(b))
        return "cannot subtract infinite dates";
    *out = a - b;
    return NULL;
}

const char *time_date_to_timestamp(int64_t date, int64_t *out)
{
    *out = date;
    if (!datetime_finite(date))
        return NULL;
    if (__builtin_mul_overflow(date, (int64_t)CALENDAR_DAY, out))
        return "date out of range for timestamp";
    return NULL;
}

const char *time_add_interval(int64_t t, ds_interval iv, int64_t *out)
{
    return timestamp_add(t, &iv, out) ? NULL : "timestamp out of range";
}

const char *time_sub_interval(int64_t t, ds_interval iv, int64_t *out)
{
    if (!datetime_finite(t)) {
        *out = t;
        return NULL;
    }
    return interval_negate(&iv, &iv) ? time_add_interval(t, iv, out)
                                     : "interval out of range";
}

static const char *date_add(int64_t date, ds_interval iv, int64_t *out)
{
    int64_t t;
    const char *msg = time_date_to_timestamp(date, &t);
    return msg ? msg : time_add_interval(t, iv, out);
}

static const char *date_sub(int64_t date, ds_interval iv, int64_t *out)
{
    int64_t t;
    const char *msg = time_date_to_timestamp(date, &t);
    return msg ? msg : time_sub_interval(t, iv, out);
}

static const char *date_at(int64_t date, int64_t clock, int64_t *out)
{
    const char *msg = time_date_to_timestamp(date, out);
    if (msg || !datetime_finite(*out))
        return msg;
    if (__builtin_add_overflow(*out, clock, out) || !datetime_finite(*out))
        return "timestamp out of range";
    return NULL;
}

/* A difference is told in days and time. It wraps as PostgreSQL 15's does. */
static const char *stamp_diff(int64_t a, int64_t b, ds_interval *out)
{
    if (!datetime_finite(a) || !datetime_finite(b))
        return "cannot subtract infinite timestamps";
    int64_t us = (int64_t)((uint64_t)a - (uint64_t)b);
    out->months = 0;
    out->days = (int32_t)(us / CALENDAR_DAY);
    out->us = us % CALENDAR_DAY;
    return NULL;
}

/* Days and months of the interval do not count; the clock goes round. */
static const char *clock_add(int64_t clock, ds_interval iv, int64_t *out)
{
    *out = time_floor_mod(clock + iv.us % CALENDAR_DAY, CALENDAR_DAY);
    return NULL;
}

static const char *clock_sub(int64_t clock, ds_interval iv, int64_t *out)
{
    *out = time_floor_mod(clock - iv.us % CALENDAR_DAY, CALENDAR_DAY);
    return NULL;
}

static const char *clock_diff(int64_t a, int64_t b, ds_interval *out)
{
    *out = (ds_interval){a - b, 0, 0};
    return NULL;
}

static const char *in_range(bool ok)
{
    return ok ? NULL : "interval out of range";
}

static const char *iv_add(ds_interval a, ds_interval b, ds_interval *out)
{
    return in_range(interval_add(&a, &b, out));
}

static const char *iv_sub(ds_interval a, ds_interval b, ds_interval *out)
{
    return in_range(interval_sub(&a, &b, out));
}

static const char *iv_multiply(ds_interval a, double b, ds_interval *out)
{
    return in_range(interval_multiply(&a, b, out));
}

static const char *iv_divide(ds_interval a, double b, ds_interval *out)
{
    if (b == 0)
        return division_by_zero;
    return in_range(interval_divide(&a, b, out));
}

/* ---- kernels ---- */

/* fn(a, b, &out), where a is argument `first` and b the other one. The member
 * of a register that holds each is named. */
#define BINARY(name, fn, first, va, vb, vout, zero)                            \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        run_reg *d = RUN_DST(r, s);                                            \
        const run_reg *a = RUN_ARG(r, s, first);                               \
        const run_reg *b = RUN_ARG(r, s, 1 - (first));                         \
        RUN_EACH_OK(r, s, i)                                                   \
        {                                                                      \
            const char *msg = fn(a->v.va[i], b->v.vb[i], &d->v.vout[i]);       \
            if (msg) {                                                         \
                d->v.vout[i] = zero;                                           \
                run_error(r, s, i, time_error_code(msg), "%s", msg);           \
            }                                                                  \
        }                                                                      \
    }
#define NO_INTERVAL ((ds_interval){0, 0, 0})

/* clang-format off */
BINARY(time_stamp_add, time_add_interval, 0, i64, iv, i64, 0)
BINARY(time_add_stamp, time_add_interval, 1, i64, iv, i64, 0)
BINARY(time_stamp_sub, time_sub_interval, 0, i64, iv, i64, 0)
BINARY(time_stamp_diff, stamp_diff, 0, i64, i64, iv, NO_INTERVAL)
BINARY(time_date_add_days, date_add_days, 0, i64, i64, i64, 0)
BINARY(time_days_add_date, date_add_days, 1, i64, i64, i64, 0)
BINARY(time_date_sub_days, date_sub_days, 0, i64, i64, i64, 0)
BINARY(time_date_diff, date_diff, 0, i64, i64, i64, 0)
BINARY(time_date_add, date_add, 0, i64, iv, i64, 0)
BINARY(time_add_date, date_add, 1, i64, iv, i64, 0)
BINARY(time_date_sub, date_sub, 0, i64, iv, i64, 0)
BINARY(time_date_at, date_at, 0, i64, i64, i64, 0)
BINARY(time_at_date, date_at, 1, i64, i64, i64, 0)
BINARY(time_clock_add, clock_add, 0, i64, iv, i64, 0)
BINARY(time_add_clock, clock_add, 1, i64, iv, i64, 0)
BINARY(time_clock_sub, clock_sub, 0, i64, iv, i64, 0)
BINARY(time_clock_diff, clock_diff, 0, i64, i64, iv, NO_INTERVAL)
BINARY(time_iv_add, iv_add, 0, iv, iv, iv, NO_INTERVAL)
BINARY(time_iv_sub, iv_sub, 0, iv, iv, iv, NO_INTERVAL)
BINARY(time_iv_multiply, iv_multiply, 0, iv, f64, iv, NO_INTERVAL)
BINARY(time_multiply_iv, iv_multiply, 1, iv, f64, iv, NO_INTERVAL)
BINARY(time_iv_divide, iv_divide, 0, iv, f64, iv, NO_INTERVAL)
/* clang-format on */

void time_iv_negate(run *r, const run_step *s)
{
    const ds_interval *a = RUN_ARG(r, s, 0)->v.iv;
    ds_interval *out = RUN_DST(r, s)->v.iv;
    RUN_EACH_OK(r, s, i)
    {
        if (interval_negate(&a[i], &out[i]))
            continue;
        out[i] = NO_INTERVAL;
        run_error(r, s, i, "E0701", "interval out of range");
    }
}
