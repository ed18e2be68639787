/* SPDX-License-Identifier: Apache-2.0 */
/*
 * units.c - durations and sizes as people write them.
 */
#include "dstream/clock.h"

struct unit {
    const char *name;
    int64_t factor;
};

/* A name before another one that it begins with. */
static const struct unit duration_units[] = {
    {"ms", DS_MS},
    {"us", 1},
    {"s", DS_SECOND},
    {"m", 60 * DS_SECOND},
    {"h", 3600 * DS_SECOND},
    {"d", 86400 * DS_SECOND},
    {"w", 7 * 86400 * DS_SECOND},
    {NULL, 0},
};

static const struct unit size_units[] = {
    {"KiB", (int64_t)1 << 10},
    {"MiB", (int64_t)1 << 20},
    {"GiB", (int64_t)1 << 30},
    {"TiB", (int64_t)1 << 40},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", 1000000000000},
    {"B", 1},
    {NULL, 0},
};

static bool is_digit(const uint8_t *p, const uint8_t *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

/* Digits to a number; false if there are none or too many. */
static bool take_number(const uint8_t **p, const uint8_t *end, int64_t *out)
{
    if (!is_digit(*p, end))
        return false;
    int64_t n = 0;
    for (; is_digit(*p, end); (*p)++)
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, **p - '0', &n))
            return false;
    *out = n;
    return true;
}

static const struct unit *take_unit(const uint8_t **p, const uint8_t *end,
                                    const struct unit *units)
{
    for (; units->name; units++) {
        size_t n = strlen(units->name);
        if ((size_t)(end - *p) >= n && memcmp(*p, units->name, n) == 0) {
            *p += n;
            return units;
        }
    }
    return NULL;
}

static bool add_product(int64_t *sum, int64_t n, int64_t factor)
{
    int64_t product;
    return !__builtin_mul_overflow(n, factor, &product) &&
           !__builtin_add_overflow(*sum, product, sum);
}

/* ".5" of a second to µs; digits past the sixth are cut off. */
static bool take_fraction(const uint8_t **p, const uint8_t *end, int64_t *out)
{
    *out = 0;
    if (*p == end || **p != '.')
        return true;
    (*p)++;
    if (!is_digit(*p, end))
        return false;
    int64_t unit = DS_SECOND;
    for (; is_digit(*p, end); (*p)++) {
        unit /= 10;
        *out += (**p - '0') * unit;
    }
    return true;
}

/* ISO 8601 after the P: weeks, or days and a time. Months and years have no
 * fixed length and are refused. */
static bool duration_parse_iso(const uint8_t *p, const uint8_t *end,
                               ds_time *out)
{
    static const struct {
        char letter;
        bool time;
        int64_t factor;
    } parts[] = {
        {'W', false, 7 * 86400 * DS_SECOND},
        {'D', false, 86400 * DS_SECOND},
        {'H', true, 3600 * DS_SECOND},
        {'M', true, 60 * DS_SECOND},
        {'S', true, DS_SECOND},
    };
    const size_t n_parts = sizeof(parts) / sizeof(parts[0]);
    size_t next = 0;
    bool in_time = false, empty = true;
    int64_t sum = 0;
    while (p < end) {
        if (*p == 'T' && !in_time) {
            in_time = true;
            empty = true;
            p++;
            continue;
        }
        int64_t n, fraction;
        if (!take_number(&p, end, &n) || !take_fraction(&p, end, &fraction) ||
            p == end)
            return false;
        while (next < n_parts &&
               (parts[next].letter != (char)*p || parts[next].time != in_time))
            next++;
        if (next == n_parts || (p[-1] == '.') ||
            (fraction && parts[next].letter != 'S'))
            return false;
        if (!add_product(&sum, n, parts[next].factor) ||
            __builtin_add_overflow(sum, fraction, &sum))
            return false;
        next++;
        p++;
        empty = false;
    }
    if (!empty)
        *out = sum;
    return !empty;
}

bool ds_duration_parse(ds_slice s, ds_time *out)
{
    const uint8_t *p = s.ptr, *end = s.ptr + s.len;
    if (s.len == 0)
        return false;
    if (*p == 'P')
        return duration_parse_iso(p + 1, end, out);
    int64_t sum = 0;
    while (p < end) {
        int64_t n;
        const struct unit *unit;
        if (!take_number(&p, end, &n) ||
            !(unit = take_unit(&p, end, duration_units)) ||
            !add_product(&sum, n, unit->factor))
            return false;
    }
    *out = sum;
    return true;
}

bool ds_size_parse(ds_slice s, int64_t *out)
{
    const uint8_t *p = s.ptr, *end = s.ptr + s.len;
    int64_t n, sum = 0;
    if (!take_number(&p, end, &n))
        return false;
    if (p == end) {
        *out = n;
        return true;
    }
    if (*p == ' ')
        p++;
    const struct unit *unit = take_unit(&p, end, size_units);
    if (!unit || p != end || !add_product(&sum, n, unit->factor))
        return false;
    *out = sum;
    return true;
}
