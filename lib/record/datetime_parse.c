/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime_parse.c - text to dates and times.
 *
 * ISO 8601 as programs write it is read digit by digit; everything else goes
 * through tokens (datetime_decode.c).
 */
#include "base/calendar.h"
#include "record/datetime_decode.h"

#define DAY_FIRST (-2440588)                /* 4714-11-24 BC */
#define DAY_LAST (2147483494 - 2440588 - 1) /* 5874897-12-31 */
#define TIME_FIRST (DAY_FIRST * CALENDAR_DAY)

bool datetime_valid(ds_type type, int64_t v)
{
    if (type == DS_TIME)
        return v >= 0 && v <= CALENDAR_DAY;
    if (!datetime_finite(v))
        return true;
    if (type == DS_DATE)
        return v >= DAY_FIRST && v <= DAY_LAST;
    return v >= TIME_FIRST;
}

/* ---- the fast path ---- */

typedef struct quick {
    const uint8_t *p, *end;
    bool bad;
} quick;

static int quick_two(quick *q)
{
    if (q->end - q->p < 2) {
        q->bad = true;
        return 0;
    }
    uint32_t high = q->p[0] - '0', low = q->p[1] - '0';
    q->bad |= high > 9 || low > 9;
    q->p += 2;
    return (int)(high * 10 + low);
}

static void quick_mark(quick *q, char c)
{
    q->bad |= q->p == q->end || *q->p++ != (uint8_t)c;
}

static bool quick_at(const quick *q, char c)
{
    return q->p < q->end && *q->p == (uint8_t)c;
}

static int64_t quick_date(quick *q)
{
    int year = quick_two(q) * 100;
    year += quick_two(q);
    quick_mark(q, '-');
    int month = quick_two(q);
    quick_mark(q, '-');
    int day = quick_two(q);
    if (q->bad || year == 0 || month < 1 || month > 12 || day < 1 ||
        (day > 28 && day > calendar_days_in_month(year, month))) {
        q->bad = true;
        return 0;
    }
    return calendar_days(year, month, day);
}

static int64_t quick_clock(quick *q)
{
    int hour = quick_two(q);
    quick_mark(q, ':');
    int minute = quick_two(q), second = 0, micro = 0;
    if (quick_at(q, ':')) {
        q->p++;
        second = quick_two(q);
        if (quick_at(q, '.')) {
            int unit = 100000;
            for (q->p++; q->p < q->end && *q->p >= '0' && *q->p <= '9';
                 q->p++) {
                micro += (*q->p - '0') * unit;
                q->bad |= unit == 0; /* to be rounded */
                unit /= 10;
            }
        }
    }
    q->bad |= hour > 23 || minute > 59 || second > 59;
    return ((hour * 60LL + minute) * 60 + second) * DS_SECOND + micro;
}

/* Z, +02, +02:00 or nothing. */
static int64_t quick_zone(quick *q)
{
    if (q->p == q->end)
        return 0;
    if (quick_at(q, 'Z')) {
        q->p++;
        return 0;
    }
    bool west = quick_at(q, '-');
    if (!west && !quick_at(q, '+')) {
        q->bad = true;
        return 0;
    }
    q->p++;
    int hour = quick_two(q), minute = 0;
    if (quick_at(q, ':')) {
        q->p++;
        minute = quick_two(q);
    }
    q->bad |= hour > 15 || minute > 59;
    int64_t us = (hour * 60 + minute) * 60 * DS_SECOND;
    return west ? -us : us;
}

static bool quick_parse(ds_type type, ds_slice s, int64_t *out)
{
    quick q = {s.ptr, s.ptr + s.len, false};
    int64_t v = 0, zone = 0;
    if (type == DS_TIME) {
        v = quick_clock(&q);
    } else {
        v = quick_date(&q);
        if (q.bad)
            return false;
        if (type != DS_DATE)
            v *= CALENDAR_DAY;
        if (q.p < q.end) {
            if (type == DS_DATE || (*q.p != ' ' && *q.p != 'T'))
                return false;
            q.p++;
            v += quick_clock(&q);
            zone = quick_zone(&q);
        }
    }
    if (q.bad || q.p != q.end)
        return false;
    *out = type == DS_TS ? v - zone : v;
    return true;
}

/* ---- by tokens ---- */

static datetime_rc special_value(int special, int64_t *out)
{
    *out = special == SPECIAL_EPOCH      ? 0
           : special == SPECIAL_INFINITY ? DS_TIME_INF
                                         : DS_TIME_NINF;
    return DATETIME_OK;
}

static datetime_rc assemble(const decode *d, ds_type type, int64_t *out)
{
    int64_t us =
        ((d->hour * 60LL + d->minute) * 60 + d->second) * DS_SECOND + d->micro;
    *out = us;
    if (type == DS_TIME)
        return DATETIME_OK;
    if (d->special >= 0)
        return special_value(d->special, out);
    int64_t day = calendar_days(d->year, d->month, d->day);
    if (!datetime_valid(DS_DATE, day))
        return DATETIME_RANGE;
    *out = day;
    if (type == DS_DATE)
        return DATETIME_OK;
    int64_t t;
    if (__builtin_mul_overflow(day, (int64_t)CALENDAR_DAY, &t) ||
        __builtin_add_overflow(t, us, &t) || !datetime_valid(type, t))
        return DATETIME_RANGE;
    if (type == DS_TS) {
        if (d->zone)
            t = datetime_zone_utc(d->zone, t);
        else if (__builtin_sub_overflow(t, d->east * DS_SECOND, &t))
            return DATETIME_RANGE;
    }
    *out = t;
    bool ok = datetime_finite(t) && datetime_valid(type, t);
    return ok ? DATETIME_OK : DATETIME_RANGE;
}

datetime_rc datetime_parse(ds_type type, ds_slice s, ds_time now, int64_t *out)
{
    if (quick_parse(type, s, out))
        return DATETIME_OK;
    decode d;
    datetime_rc rc = decode_text(&d, type, s, now);
    return rc ? rc : assemble(&d, type, out);
}

/* ---- messages ---- */

/* A value in a message: bounded, and cut between characters. */
static int shown(ds_slice s)
{
    uint32_t n = s.len < 200 ? s.len : 200;
    while (n && n < s.len && (s.ptr[n] & 0xc0) == 0x80)
        n--;
    return (int)n;
}

/* The zone's name stands somewhere in the text. */
static const char *zone_error(ds_type type, ds_slice s, ds_arena *a)
{
    decode d;
    const char *name = "";
    if (decode_text(&d, type, s, DS_TIME_NONE) == DATETIME_ZONE)
        name = d.unknown_zone;
    return ds_str_printf(a, "time zone \"%s\" not recognized", name);
}

/* As PostgreSQL's input functions call the types. */
static const char *input_name(ds_type type)
{
    return type == DS_TIME        ? "time"
           : type == DS_TIMESTAMP ? "timestamp"
                                  : ds_type_name(type);
}

const char *datetime_error(ds_type type, datetime_rc rc, ds_slice s,
                           ds_arena *a, const char **code)
{
    const char *what = NULL;
    *code = "E0701";
    switch (rc) {
    case DATETIME_FIELD:
        what = type == DS_IV ? "interval field value out of range"
                             : "date/time field value out of range";
        break;
    case DATETIME_SHIFT:
        what = "time zone displacement out of range";
        break;
    case DATETIME_RANGE:
        if (type == DS_IV)
            return "interval out of range";
        what = type == DS_DATE ? "date out of range" : "timestamp out of range";
        break;
    case DATETIME_ZONE:
        *code = "E0702";
        return zone_error(type, s, a);
    case DATETIME_OK:
    case DATETIME_SYNTAX:
        *code = "E0702";
        what = ds_str_printf(a, "invalid input syntax for type %s",
                             input_name(type));
        break;
    }
    return ds_str_printf(a, "%s: \"%.*s\"", what, shown(s),
                         (const char *)s.ptr);
}

int64_t datetime_round(ds_type type, int64_t v, int32_t precision)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    /* Halves go away from 2000-01-01. */
    int64_t zero = type == DS_TIME ? 0 : 946684800 * DS_SECOND;
    if (precision < 0 || precision > 5 || type == DS_DATE ||
        (type != DS_TIME && !datetime_finite(v)))
        return v;
    int64_t unit = units[precision], rest = v % unit;
    if (rest < 0)
        rest += unit;
    int64_t down = v - rest;
    bool up = v >= zero ? rest * 2 >= unit : rest * 2 > unit;
    return up && down < INT64_MAX - unit ? down + unit : down;
}
