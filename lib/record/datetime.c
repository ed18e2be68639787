/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime.c - dates, times and intervals as text.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/calendar.h"
#include "dstream/clock.h"
#include "record/datetime.h"

/* ---- text of an interval ---- */

typedef struct interval_unit {
    const char *names; /* separated by spaces */
    int months;
    int days;
    int64_t us;
} interval_unit;

static const interval_unit interval_units[] = {
    {"us usec usecs microsecond microseconds", 0, 0, 1},
    {"ms msec msecs millisecond milliseconds", 0, 0, 1000},
    {"s sec secs second seconds", 0, 0, 1000000},
    {"m min mins minute minutes", 0, 0, 60000000},
    {"h hr hrs hour hours", 0, 0, 3600000000},
    {"d day days", 0, 1, 0},
    {"w week weeks", 0, 7, 0},
    {"mon mons month months", 1, 0, 0},
    {"y yr yrs year years", 12, 0, 0},
    {"dec decs decade decades", 120, 0, 0},
    {"c cent century centuries", 1200, 0, 0},
    {"mil mils millennium millennia", 12000, 0, 0},
};

static const interval_unit *unit_find(const char *word, size_t len)
{
    size_t n = sizeof interval_units / sizeof *interval_units;
    for (size_t i = 0; i < n; i++) {
        for (const char *p = interval_units[i].names; *p;) {
            size_t l = strcspn(p, " ");
            if (l == len && strncasecmp(p, word, len) == 0)
                return &interval_units[i];
            p += l + (p[l] == ' ');
        }
    }
    return NULL;
}

typedef struct interval_sum {
    double months, days; /* whole */
    int64_t us;
    uint32_t units; /* named so far: none may come twice */
    bool bad;
} interval_sum;

static void sum_once(interval_sum *s, uint32_t unit)
{
    s->bad = s->bad || (s->units & unit);
    s->units |= unit;
}

static void sum_us(interval_sum *s, double us)
{
    if (!(fabs(us) <= 9e18) ||
        __builtin_add_overflow(s->us, (int64_t)rint(us), &s->us))
        s->bad = true;
}

/* A fraction of a month is days, a fraction of a day is time. */
static void sum_days(interval_sum *s, double days)
{
    double whole = trunc(days);
    s->days += whole;
    sum_us(s, (days - whole) * (double)CALENDAR_DAY);
}

static void sum_unit(interval_sum *s, double value, const interval_unit *u)
{
    sum_once(s, 1u << (u - interval_units));
    if (u->months) {
        double months = value * u->months;
        double whole = trunc(months);
        s->months += whole;
        if (months != whole)
            sum_days(s, (months - whole) * 30);
    } else if (u->days) {
        sum_days(s, value * u->days);
    } else {
        sum_us(s, value * (double)u->us);
    }
}

/* [-]hh:mm[:ss[.f]] */
static bool parse_clock(const char **p, interval_sum *s)
{
    const char *q = *p;
    int sign = *q == '-' ? -1 : 1;
    q += *q == '-' || *q == '+';
    char *end;
    double part[3] = {0, 0, 0};
    int n = 0;
    while (n < 3 && *q >= '0' && *q <= '9') {
        part[n++] = strtod(q, &end);
        q = end;
        if (*q != ':')
            break;
        q++;
    }
    if (n < 2 || part[1] >= 60 || part[2] >= 60)
        return false;
    sum_once(s, 7u << 2); /* hours, minutes, seconds */
    sum_us(s, sign * (part[0] * 3600e6 + part[1] * 60e6 + part[2] * 1e6));
    *p = q;
    return true;
}

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \t\n\r\f\v");
}

static bool starts_number(const char *p)
{
    p += *p == '-' || *p == '+';
    return (*p >= '0' && *p <= '9') || *p == '.';
}

/* A number and its unit; seconds if there is none. */
static bool parse_unit(const char **p, interval_sum *s)
{
    char *end;
    if (!starts_number(*p))
        return false;
    double value = strtod(*p, &end);
    if (end == *p || end - *p > 40)
        return false;
    const char *word = skip_space(end);
    size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    const interval_unit *u = len ? unit_find(word, len) : unit_find("s", 1);
    if (u == NULL)
        return false;
    sum_unit(s, value, u);
    *p = word + len;
    return true;
}

static bool at_clock(const char *p)
{
    p += *p == '-' || *p == '+';
    size_t digits = strspn(p, "0123456789");
    return digits > 0 && p[digits] == ':';
}

static bool parse_words(const char *p, interval_sum *s)
{
    int fields = 0;
    p = skip_space(p);
    if (*p == '@')
        p = skip_space(p + 1);
    for (; *p; p = skip_space(p)) {
        if (fields && strncasecmp(p, "ago", 3) == 0 &&
            *skip_space(p + 3) == 0) {
            s->months = -s->months;
            s->days = -s->days;
            s->bad = s->bad || __builtin_sub_overflow(0, s->us, &s->us);
            return true;
        }
        if (!(at_clock(p) ? parse_clock(&p, s) : parse_unit(&p, s)))
            return false;
        fields++;
    }
    return fields > 0;
}

/* ISO 8601: P1Y2M3DT4H5M6S, P2W */
static bool parse_iso(const char *p, interval_sum *s)
{
    bool time = false;
    int fields = 0;
    for (p++; *p;) {
        if (*p == 'T' && !time) {
            time = true;
            p++;
            continue;
        }
        char *end;
        double value = strtod(p, &end);
        if (end == p || !starts_number(p))
            return false;
        const char *unit = NULL;
        switch (*end) {
        case 'Y':
            unit = "year";
            break;
        case 'M':
            unit = time ? "min" : "mon";
            break;
        case 'W':
            unit = "week";
            break;
        case 'D':
            unit = "day";
            break;
        case 'H':
            unit = "hour";
            break;
        case 'S':
            unit = "sec";
            break;
        default:
            return false;
        }
        sum_unit(s, value, unit_find(unit, strlen(unit)));
        p = end + 1;
        fields++;
    }
    return fields > 0;
}

datetime_rc interval_parse(ds_slice text, ds_interval *out)
{
    char buf[200];
    if (text.len >= sizeof buf)
        return DATETIME_SYNTAX;
    memcpy(buf, text.ptr, text.len);
    buf[text.len] = 0;
    interval_sum s = {0};
    bool ok = buf[0] == 'P' ? parse_iso(buf, &s) : parse_words(buf, &s);
    if (!ok || s.bad || !(fabs(s.months) <= INT32_MAX) ||
        !(fabs(s.days) <= INT32_MAX))
        return DATETIME_SYNTAX;
    *out = (ds_interval){s.us, (int32_t)s.days, (int32_t)s.months};
    return DATETIME_OK;
}

/* Shaped like a date, but there is no such day or hour. */
static bool looks_like_time(ds_slice s)
{
    uint32_t digits = 0, dashes = 0;
    for (uint32_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        digits += c >= '0' && c <= '9';
        dashes += c == '-';
        if (!((c >= '0' && c <= '9') || strchr("-+:. TZ", c)))
            return false;
    }
    return digits >= 6 && dashes >= 2 && s.len && s.ptr[0] >= '0' &&
           s.ptr[0] <= '9';
}

datetime_rc datetime_parse(ds_type type, ds_slice s, ds_time now, int64_t *out)
{
    (void)now;
    if (type != DS_TS)
        return DATETIME_SYNTAX;
    if (s.len == 5 && strncasecmp((const char *)s.ptr, "epoch", 5) == 0) {
        *out = 0;
        return DATETIME_OK;
    }
    if (ds_time_parse(s, out))
        return DATETIME_OK;
    return looks_like_time(s) ? DATETIME_FIELD : DATETIME_SYNTAX;
}

void datetime_show(ds_buf *b, ds_type type, int64_t v)
{
    char buf[64];
    (void)type;
    calendar_time split;
    calendar_split(v, &split);
    bool bc = split.year <= 0;
    if (bc)
        split.year = 1 - split.year;
    int n = calendar_format(&split, ' ', buf);
    n += sprintf(buf + n, "+00%s", bc ? " BC" : "");
    ds_buf_add(b, buf, (uint32_t)n);
}

void datetime_show_json(ds_buf *b, ds_type type, int64_t v)
{
    char buf[64];
    (void)type;
    ds_buf_add(b, buf, (uint32_t)ds_time_format(v, buf));
}

void interval_show(ds_buf *b, const ds_interval *iv)
{
    ds_buf_printf(b, "%d mons %d days %lld us", iv->months, iv->days,
                  (long long)iv->us);
}

ds_interval interval_plain(const ds_interval *iv)
{
    return *iv;
}
