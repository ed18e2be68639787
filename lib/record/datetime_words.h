/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime_words.h - the words and marks that dates, times and intervals are
 * written with, between the files of this family.
 */
#ifndef RECORD_DATETIME_WORDS_H
#define RECORD_DATETIME_WORDS_H

#include "record/datetime.h"

/* ---- words ---- */

typedef enum word_kind {
    WORD_NONE,
    WORD_MONTH,
    WORD_WEEKDAY,
    WORD_MERIDIEM, /* value: 0 AM, 1 PM */
    WORD_ERA,      /* value: 0 AD, 1 BC */
    WORD_FILLER,   /* "on", "at" */
    WORD_DST,      /* "dst" */
    WORD_UNIT,     /* value: a word_unit; what the next number is */
    WORD_SPECIAL,  /* value: a word_special */
    WORD_TIME,     /* "t": a time follows */
    WORD_AGO,
} word_kind;

typedef enum word_unit {
    UNIT_NONE,
    UNIT_MICROSECOND,
    UNIT_MILLISECOND,
    UNIT_SECOND,
    UNIT_MINUTE,
    UNIT_HOUR,
    UNIT_DAY,
    UNIT_WEEK,
    UNIT_MONTH,
    UNIT_QUARTER,
    UNIT_YEAR,
    UNIT_DECADE,
    UNIT_CENTURY,
    UNIT_MILLENNIUM,
    UNIT_JULIAN,
    UNIT_DOW,
    UNIT_DOY,
    UNIT_ISODOW,
    UNIT_ISOYEAR,
    UNIT_TIMEZONE,
    UNIT_TIMEZONE_HOUR,
    UNIT_TIMEZONE_MINUTE,
    UNIT_EPOCH,
    UNIT_TIME, /* after "t" */
} word_unit;

typedef enum word_special {
    SPECIAL_NOW,
    SPECIAL_TODAY,
    SPECIAL_TOMORROW,
    SPECIAL_YESTERDAY,
    SPECIAL_ALLBALLS,
    SPECIAL_EPOCH,
    SPECIAL_INFINITY,
    SPECIAL_NINFINITY,
} word_special;

/* A word of a date or time, in lower case. */
word_kind word_find(const char *word, int *value);
/* A word of an interval: WORD_UNIT, WORD_AGO, WORD_FILLER or WORD_NONE. Also
 * what extract() and date_trunc() know besides. */
word_kind word_find_unit(const char *word, int *value);

/* ---- marks ---- */

typedef enum token_kind {
    TOKEN_NUMBER,
    TOKEN_WORD,
    TOKEN_DATE,
    TOKEN_CLOCK,
    TOKEN_ZONE,   /* a sign and digits */
    TOKEN_SIGNED, /* a sign and letters */
} token_kind;

enum { TOKENS_MOST = 25 };

typedef struct tokens {
    struct {
        char *s; /* in lower case, ends with a NUL */
        token_kind kind;
    } list[TOKENS_MOST];
    int n;
    char room[260];
} tokens;

/* Takes text apart; `most`: bytes of room. False: not of these forms. */
bool tokens_split(ds_slice s, uint32_t most, tokens *t);

/* ---- numbers inside tokens ---- */

/* As strtol: blanks, a sign, digits; no digits are 0 and *end = p. False: past
 * what the type holds. */
bool read_int(char *p, char **end, int32_t *out);
bool read_long(char *p, char **end, int64_t *out);
/* ".5" up to the end of the token; "." is 0. False: something else follows. */
bool read_fraction(const char *p, double *out);

/* ---- abbreviations of zones ---- */

typedef struct zone_abbrev {
    char name[8]; /* in lower case */
    int32_t east; /* seconds */
    bool dst;
    const char *zone; /* not NULL: what it means depends on the time; ask
                         that zone */
} zone_abbrev;
const zone_abbrev *zone_abbrev_find(const char *word, size_t len);

/* ---- zones (datetime_zone.c) ---- */

typedef enum zone_kind { ZONE_FIXED, ZONE_RULES, ZONE_ABBREV } zone_kind;

/* When summer time begins or ends, as POSIX writes it. */
typedef struct zone_when {
    char kind; /* 'J', 'M' or 'D' */
    int day, week, month;
    int32_t time; /* seconds of the day; may be negative */
} zone_when;

typedef struct zone_type {
    int32_t east;
    bool dst;
    char abbrev[48];
} zone_type;

/* A POSIX text, or the end of a file of the database. */
typedef struct zone_posix {
    zone_type standard, summer;
    bool has_summer;
    bool no_rules; /* none were given: the United States' */
    zone_when begin, end;
} zone_posix;

struct datetime_zone {
    zone_kind kind;
    /* ZONE_RULES: at[i] is when type[i] begins; before the first, types[0]. */
    const int64_t *at;
    const uint8_t *type;
    uint32_t n;
    const zone_type *types;
    uint32_t n_types;
    bool has_tail; /* after the last: tail */
    zone_posix tail;
    zone_type fixed;                /* ZONE_FIXED */
    const struct datetime_zone *of; /* ZONE_ABBREV: whose */
};

/* A name of the database or a POSIX text, but no abbreviation. *room may be
 * used for the zone. NULL: not known. */
const datetime_zone *zone_named(ds_slice name, datetime_zone *room);
/* An abbreviation, if it depends on the time. */
const datetime_zone *zone_of_abbrev(const zone_abbrev *abbrev,
                                    datetime_zone *room);
/* Whether it never changes. */
bool zone_is_fixed(const datetime_zone *z);

/* Reads a zone's file (TZif); false: it is none. What it consists of is
 * allocated with malloc and stays. */
bool zone_read_file(const char *path, ds_arena *a, datetime_zone *out);
/* POSIX text of `len` bytes; false: it is none. */
bool zone_parse_posix(const char *s, size_t len, zone_posix *out);
/* When a zone by rules changes in a year, seconds since 1970: the earlier one
 * first; *first, *second: what it changes to. False: it does not. */
bool zone_posix_year(const zone_posix *p, int64_t year, int64_t at[2],
                     const zone_type *to[2]);

#endif
