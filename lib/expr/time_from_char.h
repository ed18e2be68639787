/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_from_char.h - text read with a template, and what was found in it.
 */
#ifndef EXPR_TIME_FROM_CHAR_H
#define EXPR_TIME_FROM_CHAR_H

#include "expr/time_template.h"

/* 0: not said. */
typedef struct from_char {
    template_mode mode;
    int hour, minute, second, second_of_day, milli, micro;
    int precision; /* of FF1 to FF6 */
    int pm;
    bool twelve; /* a clock of twelve hours */
    int weekday; /* 1: Sunday */
    int day, day_of_year, month, year;
    int year_digits;
    int bc, week, week_of_month, century, julian;
    int zone_sign, zone_hour, zone_minute;
} from_char;

/* NULL, or PostgreSQL's message. */
const char *from_char_read(const template *t, ds_slice text, ds_arena *a,
                           from_char *out);

#endif
