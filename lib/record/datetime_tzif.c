/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime_tzif.c - a zone's file of the system's database (RFC 8536).
 *
 *     header   "TZif", version, 15 bytes, six counts (big-endian, 32 bits)
 *     body     times, their types, types (offset, dst, abbreviation), names
 *     from version 2: header and body again with times of 64 bits, and a line
 *     of POSIX text for the times after the last one
 */
#include <stdio.h>

#include "record/datetime_words.h"

enum {
    FILE_MOST = 1 << 20,
    HEADER = 44,
    FIRST_YEAR = 1900, /* that a table is extended to the years of */
    LAST_YEAR = 2200,
    MORE = 2 * (LAST_YEAR - FIRST_YEAR + 1)
};

typedef struct counts {
    uint32_t utc_marks, standard_marks, leaps, times, types, chars;
} counts;

static uint64_t big(const uint8_t *p, int n)
{
    uint64_t v = 0;
    while (n--)
        v = v << 8 | *p++;
    return v;
}

static bool read_header(const uint8_t *p, const uint8_t *end, counts *c)
{
    if (end - p < HEADER || memcmp(p, "TZif", 4) != 0)
        return false;
    c->utc_marks = (uint32_t)big(p + 20, 4);
    c->standard_marks = (uint32_t)big(p + 24, 4);
    c->leaps = (uint32_t)big(p + 28, 4);
    c->times = (uint32_t)big(p + 32, 4);
    c->types = (uint32_t)big(p + 36, 4);
    c->chars = (uint32_t)big(p + 40, 4);
    return c->times < 100000 && c->types > 0 && c->types < 256 &&
           c->chars < 10000 && c->leaps < 10000 && c->utc_marks <= c->types &&
           c->standard_marks <= c->types;
}

static size_t body_size(const counts *c, int width)
{
    size_t w = (size_t)width;
    return c->times * (w + 1) + c->types * 6 + c->chars + c->leaps * (w + 4) +
           c->standard_marks + c->utc_marks;
}

static bool read_types(const uint8_t *p, const counts *c, ds_arena *a,
                       datetime_zone *z)
{
    const char *names = (const char *)p + c->types * 6;
    zone_type *types = ds_new(a, zone_type, c->types + 2);
    z->types = types;
    z->n_types = c->types;
    for (uint32_t i = 0; i < c->types; i++, p += 6) {
        uint32_t at = p[5];
        types[i].east = (int32_t)big(p, 4);
        types[i].dst = p[4] != 0;
        if (at >= c->chars)
            return false;
        size_t n = strnlen(names + at, c->chars - at);
        if (n >= sizeof types[i].abbrev)
            return false;
        memcpy(types[i].abbrev, names + at, n);
    }
    return true;
}

/* With room for what extend_table() adds. */
static bool read_body(const uint8_t *p, const counts *c, int width, ds_arena *a,
                      datetime_zone *z)
{
    int64_t *when = ds_new(a, int64_t, c->times + MORE);
    uint8_t *type = ds_new(a, uint8_t, c->times + MORE);
    z->at = when;
    z->type = type;
    for (uint32_t i = 0; i < c->times; i++, p += width) {
        when[i] = (int64_t)big(p, width);
        if (width == 4)
            when[i] = (int32_t)when[i];
    }
    for (uint32_t i = 0; i < c->times; i++)
        if ((type[i] = *p++) >= c->types)
            return false;
    z->n = c->times;
    return read_types(p, c, a, z);
}

/* The line at the end, between two newlines; it may be empty. */
static bool read_tail(const uint8_t *p, const uint8_t *end, datetime_zone *z)
{
    if (p == end || *p++ != '\n')
        return true;
    const uint8_t *stop = memchr(p, '\n', (size_t)(end - p));
    if (stop == NULL || stop == p)
        return true;
    z->has_tail =
        zone_parse_posix((const char *)p, (size_t)(stop - p), &z->tail) &&
        !z->tail.no_rules;
    return z->has_tail;
}

/* The table goes on by the tail's rules: looking up is quicker than counting.
 */
static void extend_table(datetime_zone *z)
{
    const zone_posix *tail = &z->tail;
    if (!z->has_tail || !tail->has_summer || z->n == 0 || z->n_types > 250)
        return;
    int64_t *when = (int64_t *)z->at;
    uint8_t *type = (uint8_t *)z->type;
    zone_type *types = (zone_type *)z->types;
    types[z->n_types] = tail->standard;
    types[z->n_types + 1] = tail->summer;
    for (int64_t year = FIRST_YEAR; year <= LAST_YEAR; year++) {
        int64_t at[2];
        const zone_type *to[2];
        zone_posix_year(tail, year, at, to);
        for (int i = 0; i < 2; i++) {
            if (at[i] <= when[z->n - 1])
                continue;
            when[z->n] = at[i];
            type[z->n++] = (uint8_t)(z->n_types + (to[i] == &tail->summer));
        }
    }
    z->n_types += 2;
}

/* Zones that count leap seconds are none of PostgreSQL's. */
static bool read_zone(const uint8_t *p, const uint8_t *end, ds_arena *a,
                      datetime_zone *z)
{
    counts c;
    if (!read_header(p, end, &c))
        return false;
    int width = 4;
    bool second = p[4] >= '2';
    const uint8_t *body = p + HEADER;
    if ((size_t)(end - body) < body_size(&c, width))
        return false;
    if (second) {
        p = body + body_size(&c, width);
        width = 8;
        if (!read_header(p, end, &c))
            return false;
        body = p + HEADER;
        if ((size_t)(end - body) < body_size(&c, width))
            return false;
    }
    return c.leaps == 0 && read_body(body, &c, width, a, z) &&
           (!second || read_tail(body + body_size(&c, width), end, z));
}

bool zone_read_file(const char *path, ds_arena *a, datetime_zone *out)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return false;
    ds_arena *scratch = ds_arena_new(FILE_MOST + 64);
    uint8_t *bytes = ds_new(scratch, uint8_t, FILE_MOST);
    size_t n = fread(bytes, 1, FILE_MOST, f);
    fclose(f);
    *out = (datetime_zone){.kind = ZONE_RULES};
    bool ok = n > 0 && n < FILE_MOST && read_zone(bytes, bytes + n, a, out);
    if (ok)
        extend_table(out);
    ds_arena_free(scratch);
    return ok;
}
