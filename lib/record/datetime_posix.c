/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime_posix.c - zones as POSIX writes them: CET-1CEST,M3.5.0,M10.5.0/3
 *
 * They stand at the end of the files of the database, for the times after
 * their tables, and may be given instead of a zone's name. Offsets count
 * westwards. PostgreSQL takes an empty name too: "+02".
 */
#include "base/calendar.h"
#include "record/datetime_words.h"

typedef struct reader {
    const char *p, *end;
    bool bad;
} reader;

static char at(const reader *r)
{
    return r->p < r->end ? *r->p : '\0';
}

static bool skip(reader *r, char c)
{
    if (at(r) != c || r->p == r->end)
        return false;
    r->p++;
    return true;
}

static int number(reader *r, int least, int most)
{
    int v = 0, n = 0;
    for (; at(r) >= '0' && at(r) <= '9'; r->p++, n++) {
        v = v * 10 + (at(r) - '0');
        if (v > most)
            break;
    }
    r->bad |= n == 0 || v < least || v > most;
    return v;
}

/* hh[:mm[:ss]] */
static int32_t seconds(reader *r)
{
    int32_t v = number(r, 0, 167) * 3600;
    if (skip(r, ':')) {
        v += number(r, 0, 59) * 60;
        if (skip(r, ':'))
            v += number(r, 0, 60);
    }
    return v;
}

static int32_t offset(reader *r)
{
    bool minus = skip(r, '-');
    if (!minus)
        skip(r, '+');
    int32_t v = seconds(r);
    return minus ? -v : v;
}

/* Up to a digit, a sign or a comma; or anything between < and >. */
static void name(reader *r, zone_type *t)
{
    bool quoted = skip(r, '<');
    const char *start = r->p;
    while (r->p < r->end &&
           !(quoted ? *r->p == '>' : strchr("0123456789,+-", *r->p) != NULL))
        r->p++;
    size_t n = (size_t)(r->p - start);
    r->bad |= n >= sizeof t->abbrev;
    n = n < sizeof t->abbrev ? n : sizeof t->abbrev - 1;
    memcpy(t->abbrev, start, n);
    t->abbrev[n] = '\0';
    if (quoted)
        r->bad |= !skip(r, '>');
}

static void when(reader *r, zone_when *w)
{
    *w = (zone_when){.kind = 'D', .time = 2 * 3600};
    if (skip(r, 'J')) {
        w->kind = 'J';
        w->day = number(r, 1, 365);
    } else if (skip(r, 'M')) {
        w->kind = 'M';
        w->month = number(r, 1, 12);
        r->bad |= !skip(r, '.');
        w->week = number(r, 1, 5);
        r->bad |= !skip(r, '.');
        w->day = number(r, 0, 6);
    } else {
        w->day = number(r, 0, 365);
    }
    if (skip(r, '/'))
        w->time = offset(r);
}

static void rules(reader *r, zone_posix *out)
{
    if (!skip(r, ','))
        r->bad |= !skip(r, ';');
    when(r, &out->begin);
    r->bad |= !skip(r, ',');
    when(r, &out->end);
    r->bad |= r->p != r->end;
}

bool zone_parse_posix(const char *s, size_t len, zone_posix *out)
{
    reader r = {s, s + len, false};
    *out = (zone_posix){.standard.dst = false};
    name(&r, &out->standard);
    if (r.bad || r.p == r.end)
        return false;
    out->standard.east = -offset(&r);
    if (r.bad || r.p == r.end)
        return !r.bad;
    out->has_summer = true;
    out->summer.dst = true;
    bool quoted = at(&r) == '<';
    name(&r, &out->summer);
    if (r.bad || (!quoted && out->summer.abbrev[0] == '\0'))
        return false;
    out->summer.east = out->standard.east + 3600;
    if (r.p < r.end && at(&r) != ',' && at(&r) != ';')
        out->summer.east = -offset(&r);
    out->no_rules = !r.bad && r.p == r.end;
    if (out->no_rules) { /* the United States' */
        static const char usual[] = ",M3.2.0,M11.1.0";
        r = (reader){usual, usual + sizeof usual - 1, false};
    }
    rules(&r, out);
    return !r.bad;
}

/* Seconds since 1970 at which the rule's day begins, in local time. */
static int64_t day_of(const zone_when *w, int64_t year)
{
    bool leap = calendar_days_in_month(year, 2) == 29;
    int64_t day = calendar_days(year, 1, 1);
    if (w->kind == 'D') {
        day += w->day;
    } else if (w->kind == 'J') { /* 29 February is not counted */
        day += w->day - 1 + (leap && w->day >= 60);
    } else {
        day = calendar_days(year, w->month, 1);
        int64_t weekday = (day + 4) % 7;
        if (weekday < 0)
            weekday += 7;
        int64_t in_month = (w->day - weekday + 7) % 7 + (w->week - 1) * 7;
        if (in_month >= calendar_days_in_month(year, w->month))
            in_month -= 7;
        day += in_month;
    }
    return day * 86400;
}

bool zone_posix_year(const zone_posix *p, int64_t year, int64_t when_at[2],
                     const zone_type *to[2])
{
    if (!p->has_summer)
        return false;
    int64_t begin = day_of(&p->begin, year) + p->begin.time - p->standard.east;
    int64_t end = day_of(&p->end, year) + p->end.time - p->summer.east;
    int first = begin <= end ? 0 : 1;
    when_at[first] = begin;
    to[first] = &p->summer;
    when_at[1 - first] = end;
    to[1 - first] = &p->standard;
    return true;
}
