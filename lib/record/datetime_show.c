/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime_show.c - dates, times and intervals as text.
 */
#include "base/calendar.h"
#include "record/datetime.h"

/* Digits with leading zeros, at least `width`. */
static char *put_number(char *p, uint64_t v, int width)
{
    char digits[24];
    int n = 0;
    while (v || n < width) {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    }
    while (n)
        *p++ = digits[--n];
    return p;
}

static char *put_two(char *p, int v)
{
    p[0] = (char)('0' + v / 10);
    p[1] = (char)('0' + v % 10);
    return p + 2;
}

/* ".5": only the digits needed. */
static char *put_fraction(char *p, int micro)
{
    if (micro == 0)
        return p;
    *p++ = '.';
    p = put_number(p, (uint64_t)micro, 6);
    while (p[-1] == '0')
        p--;
    return p;
}

static char *put_clock(char *p, const calendar_time *t)
{
    p = put_two(p, t->hour);
    *p++ = ':';
    p = put_two(p, t->minute);
    *p++ = ':';
    p = put_two(p, t->second);
    return put_fraction(p, t->micro);
}

static char *put_date(char *p, const calendar_time *t)
{
    p = put_number(p, (uint64_t)(t->year > 0 ? t->year : 1 - t->year), 4);
    *p++ = '-';
    p = put_two(p, t->month);
    *p++ = '-';
    return put_two(p, t->day);
}

static char *put_word(char *p, const char *word)
{
    while (*word)
        *p++ = *word++;
    return p;
}

static void split_clock(int64_t us, calendar_time *t)
{
    int seconds = (int)(us / DS_SECOND);
    t->micro = (int)(us % DS_SECOND);
    t->second = seconds % 60;
    t->minute = seconds / 60 % 60;
    t->hour = seconds / 3600;
}

/* A timestamp can be split by the calendar; a date may be past what fits in
 * microseconds. */
static void split_date(int64_t day, calendar_time *t)
{
    enum { ERA = 146097 };
    int64_t eras = day / ERA;
    calendar_split((day - eras * ERA) * CALENDAR_DAY, t);
    t->year += eras * 400;
}

static char *put_value(char *p, ds_type type, int64_t v, char between,
                       const char *zone)
{
    calendar_time t = {0};
    if (type == DS_TIME) {
        split_clock(v, &t);
        return put_clock(p, &t);
    }
    if (!datetime_finite(v))
        return put_word(p, v == DS_TIME_INF ? "infinity" : "-infinity");
    if (type == DS_DATE)
        split_date(v, &t);
    else
        calendar_split(v, &t);
    p = put_date(p, &t);
    if (type != DS_DATE) {
        *p++ = between;
        p = put_clock(p, &t);
        if (type == DS_TS)
            p = put_word(p, zone);
    }
    return t.year > 0 ? p : put_word(p, " BC");
}

void datetime_show(ds_buf *b, ds_type type, int64_t v)
{
    char buf[64];
    char *end = put_value(buf, type, v, ' ', "+00");
    ds_buf_add(b, buf, (uint32_t)(end - buf));
}

void datetime_show_json(ds_buf *b, ds_type type, int64_t v)
{
    char buf[64];
    char *end = put_value(buf, type, v, 'T', "Z");
    ds_buf_add(b, buf, (uint32_t)(end - buf));
}

/* ---- intervals: 1 year 2 mons -3 days +04:05:06.5 ---- */

typedef struct interval_text {
    char *p;
    bool empty;  /* nothing has been written yet */
    bool before; /* the part before was negative: a sign is needed */
} interval_text;

static void put_unit(interval_text *t, int32_t v, const char *unit)
{
    if (v == 0)
        return;
    if (!t->empty)
        *t->p++ = ' ';
    if (v < 0)
        *t->p++ = '-';
    else if (t->before)
        *t->p++ = '+';
    t->p = put_number(t->p, (uint64_t)(v < 0 ? -(int64_t)v : v), 1);
    *t->p++ = ' ';
    t->p = put_word(t->p, unit);
    if (v != 1)
        *t->p++ = 's';
    t->before = v < 0;
    t->empty = false;
}

static void put_rest(interval_text *t, int64_t us)
{
    uint64_t size = us < 0 ? -(uint64_t)us : (uint64_t)us;
    uint64_t seconds = size / DS_SECOND;
    if (!t->empty)
        *t->p++ = ' ';
    if (us < 0)
        *t->p++ = '-';
    else if (t->before)
        *t->p++ = '+';
    t->p = put_number(t->p, seconds / 3600, 2);
    *t->p++ = ':';
    t->p = put_two(t->p, (int)(seconds / 60 % 60));
    *t->p++ = ':';
    t->p = put_two(t->p, (int)(seconds % 60));
    t->p = put_fraction(t->p, (int)(size % DS_SECOND));
}

void interval_show(ds_buf *b, const ds_interval *iv)
{
    char buf[128];
    interval_text t = {.p = buf, .empty = true};
    put_unit(&t, iv->months / 12, "year");
    put_unit(&t, iv->months % 12, "mon");
    put_unit(&t, iv->days, "day");
    if (iv->us || t.empty)
        put_rest(&t, iv->us);
    ds_buf_add(b, buf, (uint32_t)(t.p - buf));
}
