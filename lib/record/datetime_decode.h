/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime_decode.h - what the tokens of a date or a time mean.
 */
#ifndef RECORD_DATETIME_DECODE_H
#define RECORD_DATETIME_DECODE_H

#include "record/datetime_words.h"

/* What has been found so far; nothing may come twice. */
enum {
    HAS_YEAR = 1,
    HAS_MONTH = 2,
    HAS_DAY = 4,
    HAS_DATE = 7,
    HAS_HOUR = 8,
    HAS_MINUTE = 16,
    HAS_SECOND = 32,
    HAS_FRACTION = 64,
    HAS_TIME = 120,
    HAS_ZONE = 128,
    HAS_SUMMER = 256,
    HAS_SUMMER_WORD = 512, /* "dst" */
    HAS_MERIDIEM = 1024,
    HAS_ERA = 2048,
    HAS_WEEKDAY = 4096,
    HAS_DAY_OF_YEAR = 8192,
    HAS_SPECIAL = 16384,
};

typedef struct decode {
    tokens t;
    ds_time now; /* DS_TIME_NONE: there is none */
    bool time_only;
    uint32_t has;
    uint32_t found; /* by the token at hand */
    int32_t year, month, day, day_of_year;
    int32_t hour, minute, second;
    int64_t micro;
    word_unit unit; /* what the next number is */
    bool text_month, julian, two_digits;
    int meridiem; /* -1: none */
    bool bc;
    int32_t east; /* of the zone, seconds */
    const datetime_zone *zone;
    datetime_zone room;
    const char *unknown_zone; /* DATETIME_ZONE: its name */
    int special;              /* a word_special that is the value; -1: none */
} decode;

/* Takes apart and decodes; the rest of the checks are the caller's. */
datetime_rc decode_text(decode *d, ds_type type, ds_slice s, ds_time now);

/* ---- numbers (datetime_numbers.c) ---- */

datetime_rc decode_date(decode *d, char *s, uint32_t has);
/* A number by itself: a year, a month, a day, by what is there already. */
datetime_rc decode_number(decode *d, char *s, uint32_t has, bool text_month);
/* Digits run together: 19990108, 040506.789. */
datetime_rc decode_run(decode *d, char *s, uint32_t has);
datetime_rc decode_clock(decode *d, char *s);
datetime_rc decode_offset(char *s, int32_t *east);
/* Years of two digits and before Christ, days of the year, months that are too
 * short. */
datetime_rc decode_check_date(decode *d);
bool decode_time_over(const decode *d);
/* A Julian day number. */
void decode_julian(decode *d, int32_t day);

#endif
