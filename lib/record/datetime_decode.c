/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime_decode.c - what the tokens of a date or a time mean.
 *
 * Token after token, each adds to what is known; what comes twice is refused.
 * A type with a date needs one; a time alone takes a date only where it cannot
 * be anything else.
 */
#include <math.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "record/datetime_decode.h"

/* Masks for numbers: in a time they are never a date. */
static uint32_t has_for_number(const decode *d)
{
    return d->time_only ? d->has | HAS_DATE : d->has;
}

static datetime_rc named_zone(decode *d, const char *name)
{
    d->zone = zone_named(ds_slice_of(name), &d->room);
    if (d->zone == NULL) {
        d->unknown_zone = name;
        return DATETIME_ZONE;
    }
    d->found = HAS_ZONE;
    return DATETIME_OK;
}

/* 040506-08: a time and its zone run together. */
static datetime_rc run_with_zone(decode *d, char *s)
{
    char *sign = strchr(s, '-');
    if ((d->has & HAS_TIME) == HAS_TIME || sign == NULL)
        return DATETIME_SYNTAX;
    datetime_rc rc = decode_offset(sign, &d->east);
    if (rc)
        return rc;
    *sign = '\0';
    rc = decode_run(d, s, has_for_number(d));
    d->found |= HAS_ZONE;
    return rc;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static datetime_rc date_of_timestamp(decode *d, char *s)
{
    if (d->unit == UNIT_JULIAN) {
        char *end;
        int32_t day;
        d->unit = UNIT_NONE;
        if (!read_int(s, &end, &day) || day < 0)
            return DATETIME_FIELD;
        decode_julian(d, day);
        datetime_rc rc = decode_offset(end, &d->east);
        d->found = HAS_DATE | HAS_TIME | HAS_ZONE;
        return rc;
    }
    uint32_t month_day = HAS_MONTH | HAS_DAY;
    if (d->unit == UNIT_NONE && (d->has & month_day) != month_day)
        return decode_date(d, s, d->has);
    if (!is_digit(*s) && d->unit == UNIT_NONE)
        return named_zone(d, s);
    if (d->unit != UNIT_NONE && d->unit != UNIT_TIME)
        return DATETIME_SYNTAX;
    d->unit = UNIT_NONE;
    return run_with_zone(d, s);
}

static datetime_rc date_of_time(decode *d, int i, char *s)
{
    bool alone = i == 0 && d->t.n >= 2 &&
                 (d->t.list[d->t.n - 1].kind == TOKEN_DATE ||
                  d->t.list[1].kind == TOKEN_CLOCK);
    if (alone)
        return decode_date(d, s, d->has);
    return is_digit(*s) ? run_with_zone(d, s) : named_zone(d, s);
}

/* ---- numbers that a unit's letter announced: y2001 m02 d04, j2451187 ---- */

static datetime_rc julian_number(decode *d, int32_t v, const char *rest)
{
    if (v < 0)
        return DATETIME_FIELD;
    decode_julian(d, v);
    d->found = HAS_DATE;
    if (*rest != '.')
        return DATETIME_OK;
    double fraction;
    if (!read_fraction(rest, &fraction))
        return DATETIME_SYNTAX;
    int64_t us = (int64_t)(fraction * (double)CALENDAR_DAY);
    d->hour = (int32_t)(us / (3600 * DS_SECOND));
    d->minute = (int32_t)(us / (60 * DS_SECOND) % 60);
    d->second = (int32_t)(us / DS_SECOND % 60);
    d->micro = us % DS_SECOND;
    d->found |= HAS_TIME;
    return DATETIME_OK;
}

static datetime_rc unit_second(decode *d, int32_t v, const char *rest)
{
    double fraction;
    d->second = v;
    d->found = HAS_SECOND;
    if (*rest != '.')
        return DATETIME_OK;
    d->found |= HAS_FRACTION;
    if (!read_fraction(rest, &fraction))
        return DATETIME_SYNTAX;
    d->micro = (int64_t)rint(fraction * 1e6);
    return DATETIME_OK;
}

static datetime_rc unit_month(decode *d, int32_t v)
{
    if (d->has & HAS_MONTH && d->has & HAS_HOUR) {
        d->minute = v;
        d->found = HAS_MINUTE;
    } else {
        d->month = v;
        d->found = HAS_MONTH;
    }
    return DATETIME_OK;
}

static datetime_rc number_of_unit(decode *d, char *s)
{
    char *rest;
    int32_t v;
    word_unit unit = d->unit;
    if (!read_int(s, &rest, &v))
        return DATETIME_FIELD;
    if (*rest && *rest != '.')
        return DATETIME_SYNTAX;
    if (*rest == '.' && unit != UNIT_JULIAN && unit != UNIT_TIME &&
        unit != UNIT_SECOND)
        return DATETIME_SYNTAX;
    d->unit = UNIT_NONE;
    d->special = -1;
    switch (unit) {
    case UNIT_YEAR:
        d->year = v;
        d->found = HAS_YEAR;
        return DATETIME_OK;
    case UNIT_MONTH:
        return unit_month(d, v);
    case UNIT_DAY:
        d->day = v;
        d->found = HAS_DAY;
        return DATETIME_OK;
    case UNIT_HOUR:
        d->hour = v;
        d->found = HAS_HOUR;
        return DATETIME_OK;
    case UNIT_MINUTE:
        d->minute = v;
        d->found = HAS_MINUTE;
        return DATETIME_OK;
    case UNIT_SECOND:
        return unit_second(d, v, rest);
    case UNIT_JULIAN:
        return julian_number(d, v, rest);
    case UNIT_TIME: {
        datetime_rc rc = decode_run(d, s, d->has | HAS_DATE);
        return rc == DATETIME_OK && d->found != HAS_TIME ? DATETIME_SYNTAX : rc;
    }
    default:
        return DATETIME_SYNTAX;
    }
}

/* ---- numbers by themselves ---- */

static datetime_rc number_of_timestamp(decode *d, char *s)
{
    size_t len = strlen(s);
    const char *point = strchr(s, '.');
    bool date = d->has & HAS_DATE, time = d->has & HAS_TIME;
    if (point && !date)
        return decode_date(d, s, d->has);
    if (point && point - s > 2)
        return decode_run(d, s, d->has);
    if (!point && len >= 6 && (!date || !time))
        return decode_run(d, s, d->has);
    return decode_number(d, s, d->has, d->text_month);
}

static datetime_rc number_of_time(decode *d, int i, char *s)
{
    const char *point = strchr(s, '.');
    if (point == NULL) {
        if (strlen(s) > 4)
            return decode_run(d, s, d->has | HAS_DATE);
        return decode_number(d, s, d->has | HAS_DATE, false);
    }
    if (i == 0 && d->t.n >= 2 && d->t.list[d->t.n - 1].kind == TOKEN_DATE)
        return decode_date(d, s, d->has);
    if (point - s > 2)
        return decode_run(d, s, d->has | HAS_DATE);
    return DATETIME_SYNTAX;
}

/* ---- words ---- */

static datetime_rc split_now(decode *d, int days, bool time)
{
    calendar_time t;
    if (d->now == DS_TIME_NONE)
        return DATETIME_SYNTAX;
    calendar_split(d->now + days * CALENDAR_DAY, &t);
    if (!d->time_only) {
        d->year = (int32_t)t.year;
        d->month = t.month;
        d->day = t.day;
        d->julian = t.year <= 0; /* the year is as it should be */
        d->found = HAS_DATE;
    }
    if (time) {
        d->hour = t.hour;
        d->minute = t.minute;
        d->second = t.second;
        d->micro = t.micro;
        d->found |= HAS_TIME;
        if (!d->time_only)
            d->found |= HAS_ZONE;
    }
    return DATETIME_OK;
}

static datetime_rc special_word(decode *d, word_special value)
{
    d->special = -1;
    if (value == SPECIAL_NOW)
        return split_now(d, 0, true);
    if (value == SPECIAL_ALLBALLS) {
        d->hour = d->minute = d->second = 0;
        d->micro = 0;
        d->east = 0;
        d->found = HAS_TIME | HAS_ZONE;
        return DATETIME_OK;
    }
    if (d->time_only)
        return DATETIME_SYNTAX;
    switch (value) {
    case SPECIAL_TODAY:
        return split_now(d, 0, false);
    case SPECIAL_TOMORROW:
        return split_now(d, 1, false);
    case SPECIAL_YESTERDAY:
        return split_now(d, -1, false);
    default:
        d->special = (int)value;
        d->found = HAS_SPECIAL;
        return DATETIME_OK;
    }
}

static datetime_rc month_word(decode *d, int value)
{
    d->found = HAS_MONTH;
    /* 8 January: the number was no month. */
    if (d->has & HAS_MONTH && !d->text_month && !(d->has & HAS_DAY) &&
        d->month >= 1 && d->month <= 31) {
        d->day = d->month;
        d->found = HAS_DAY;
    }
    d->text_month = true;
    d->month = value;
    return DATETIME_OK;
}

/* "t": a time follows. */
static datetime_rc time_word(decode *d, int i)
{
    if (!d->time_only && (d->has & HAS_DATE) != HAS_DATE)
        return DATETIME_SYNTAX;
    if (i >= d->t.n - 1)
        return DATETIME_SYNTAX;
    token_kind next = d->t.list[i + 1].kind;
    if (next != TOKEN_NUMBER && next != TOKEN_CLOCK && next != TOKEN_DATE)
        return DATETIME_SYNTAX;
    d->unit = UNIT_TIME;
    return DATETIME_OK;
}

static datetime_rc abbrev_word(decode *d, const zone_abbrev *abbrev)
{
    d->found = HAS_ZONE;
    if (abbrev->zone) {
        d->zone = zone_of_abbrev(abbrev, &d->room);
        return d->zone ? DATETIME_OK : DATETIME_SYNTAX;
    }
    if (abbrev->dst)
        d->found |= HAS_SUMMER;
    d->east = abbrev->east;
    return DATETIME_OK;
}

static datetime_rc word_token(decode *d, int i, char *s, bool *skip)
{
    int value = 0;
    const zone_abbrev *abbrev = zone_abbrev_find(s, strlen(s));
    if (abbrev)
        return abbrev_word(d, abbrev);
    word_kind kind = word_find(s, &value);
    switch (kind) {
    case WORD_FILLER:
        *skip = true;
        return DATETIME_OK;
    case WORD_SPECIAL:
        return special_word(d, (word_special)value);
    case WORD_MONTH:
        return d->time_only ? DATETIME_SYNTAX : month_word(d, value);
    case WORD_WEEKDAY:
        d->found = HAS_WEEKDAY;
        return d->time_only ? DATETIME_SYNTAX : DATETIME_OK;
    case WORD_DST:
        d->found = HAS_SUMMER_WORD | HAS_SUMMER;
        d->east += 3600;
        return DATETIME_OK;
    case WORD_MERIDIEM:
        d->found = HAS_MERIDIEM;
        d->meridiem = value;
        return DATETIME_OK;
    case WORD_ERA:
        d->found = HAS_ERA;
        d->bc = value;
        return DATETIME_OK;
    case WORD_UNIT:
        d->unit = (word_unit)value;
        return DATETIME_OK;
    case WORD_TIME:
        return time_word(d, i);
    default: {
        datetime_rc rc = named_zone(d, s);
        return rc == DATETIME_ZONE ? DATETIME_SYNTAX : rc;
    }
    }
}

/* ---- all together ---- */

static datetime_rc clock_token(decode *d, char *s)
{
    if (!d->time_only && d->unit != UNIT_NONE) {
        if (d->unit != UNIT_TIME)
            return DATETIME_SYNTAX;
        d->unit = UNIT_NONE;
    }
    datetime_rc rc = decode_clock(d, s);
    if (rc == DATETIME_OK && !d->time_only && decode_time_over(d))
        return DATETIME_FIELD;
    return rc;
}

static datetime_rc one_token(decode *d, int i, bool *skip)
{
    char *s = d->t.list[i].s;
    switch (d->t.list[i].kind) {
    case TOKEN_DATE:
        return d->time_only ? date_of_time(d, i, s) : date_of_timestamp(d, s);
    case TOKEN_CLOCK:
        return clock_token(d, s);
    case TOKEN_ZONE:
        d->found = HAS_ZONE;
        return decode_offset(s, &d->east);
    case TOKEN_NUMBER:
        if (d->unit != UNIT_NONE)
            return number_of_unit(d, s);
        return d->time_only ? number_of_time(d, i, s)
                            : number_of_timestamp(d, s);
    case TOKEN_WORD:
    case TOKEN_SIGNED:
        break;
    }
    return word_token(d, i, s, skip);
}

static datetime_rc meridiem(decode *d)
{
    if (d->meridiem < 0)
        return DATETIME_OK;
    if (d->hour > 12)
        return DATETIME_FIELD;
    if (d->meridiem == 0 && d->hour == 12)
        d->hour = 0;
    else if (d->meridiem == 1 && d->hour != 12)
        d->hour += 12;
    return DATETIME_OK;
}

/* A zone by its name needs to know the day. */
static datetime_rc check_zone(const decode *d)
{
    if (d->has & HAS_SUMMER_WORD && (d->zone || !(d->has & HAS_ZONE)))
        return DATETIME_SYNTAX;
    if (d->time_only && d->zone && d->zone->kind != ZONE_ABBREV &&
        (d->has & HAS_DATE) != HAS_DATE && !zone_is_fixed(d->zone))
        return DATETIME_SYNTAX;
    return DATETIME_OK;
}

static datetime_rc finish(decode *d)
{
    datetime_rc rc = decode_check_date(d);
    if (rc || (rc = meridiem(d)))
        return rc;
    if (d->time_only) {
        if (decode_time_over(d))
            return DATETIME_FIELD;
        if ((d->has & HAS_TIME) != HAS_TIME)
            return DATETIME_SYNTAX;
    } else if (d->special < 0 && (d->has & HAS_DATE) != HAS_DATE) {
        return DATETIME_SYNTAX;
    }
    return check_zone(d);
}

/* Bytes that PostgreSQL reserves for the tokens of a text. */
static uint32_t room_of(ds_type type)
{
    return type == DS_DATE || type == DS_TIME ? 129 : 153;
}

datetime_rc decode_text(decode *d, ds_type type, ds_slice s, ds_time now)
{
    d->now = now;
    d->time_only = type == DS_TIME;
    d->has = 0;
    d->year = d->month = d->day = d->day_of_year = 0;
    d->hour = d->minute = d->second = 0;
    d->micro = 0;
    d->unit = UNIT_NONE;
    d->text_month = d->julian = d->two_digits = d->bc = false;
    d->meridiem = d->special = -1;
    d->east = 0;
    d->zone = NULL;
    d->unknown_zone = NULL;
    if (!tokens_split(s, room_of(type), &d->t))
        return DATETIME_SYNTAX;
    for (int i = 0; i < d->t.n; i++) {
        bool skip = false;
        d->found = 0;
        datetime_rc rc = one_token(d, i, &skip);
        if (rc)
            return rc;
        if (skip)
            continue;
        if (d->has & d->found)
            return DATETIME_SYNTAX;
        d->has |= d->found;
    }
    return finish(d);
}
