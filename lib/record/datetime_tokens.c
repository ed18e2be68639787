/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime_tokens.c - text of a date, a time or an interval, taken apart.
 *
 *     "Jan 8 1999 04:05:06 -8"  ->  word jan, number 8, number 1999,
 *                                   clock 04:05:06, zone -8
 *
 * A token is a run of what may belong together: digits with - / or . between
 * them, or a month's name among them, are a date; digits with colons a clock.
 * Commas and the like only separate.
 */
#include <errno.h>
#include <stdlib.h>

#include "record/datetime_words.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_mark(char c)
{
    return c > ' ' && c < 127 && !is_digit(c) && !is_letter(c);
}

typedef struct splitter {
    const char *p, *end;
    char *to, *to_end;
    bool full;
} splitter;

static char now_at(const splitter *s)
{
    return s->p < s->end ? *s->p : '\0';
}

static void take(splitter *s)
{
    char c = *s->p++;
    if (s->to + 1 >= s->to_end) {
        s->full = true;
        return;
    }
    *s->to++ = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static void take_digits(splitter *s)
{
    while (is_digit(now_at(s)))
        take(s);
}

/* Digits and the given marks. */
static void take_digits_and(splitter *s, const char *marks)
{
    while (is_digit(now_at(s)) || (now_at(s) && strchr(marks, now_at(s))))
        take(s);
}

static token_kind take_number(splitter *s)
{
    take_digits(s);
    char mark = now_at(s);
    if (mark == ':') {
        take_digits_and(s, ":.");
        return TOKEN_CLOCK;
    }
    if (mark == '\0' || !strchr("-/.", mark))
        return TOKEN_NUMBER;
    take(s);
    if (!is_digit(now_at(s))) { /* 08-Jan-1999 */
        while (is_digit(now_at(s)) || is_letter(now_at(s)) || now_at(s) == mark)
            take(s);
        return TOKEN_DATE;
    }
    token_kind kind = mark == '.' ? TOKEN_NUMBER : TOKEN_DATE;
    take_digits(s);
    if (now_at(s) == mark) {
        char marks[2] = {mark, 0};
        kind = TOKEN_DATE;
        take_digits_and(s, marks);
    }
    return kind;
}

/* A word; or a date or a zone's name that begins with one: jan-8-1999,
 * europe/paris, gmt+3. */
static token_kind take_word(splitter *s)
{
    char *start = s->to;
    while (is_letter(now_at(s)))
        take(s);
    char c = now_at(s);
    bool date = c && strchr("-/.", c);
    if (!date && (c == '+' || is_digit(c))) {
        int value;
        *s->to = '\0';
        date = word_find(start, &value) == WORD_NONE;
    }
    if (!date)
        return TOKEN_WORD;
    while (is_digit(now_at(s)) || is_letter(now_at(s)) ||
           (now_at(s) && strchr("+-/_.:", now_at(s))))
        take(s);
    return TOKEN_DATE;
}

static bool take_signed(splitter *s, token_kind *kind)
{
    take(s);
    while (is_space(now_at(s)))
        s->p++;
    if (is_digit(now_at(s))) {
        *kind = TOKEN_ZONE;
        take_digits_and(s, ":.-");
        return true;
    }
    if (!is_letter(now_at(s)))
        return false;
    *kind = TOKEN_SIGNED;
    while (is_letter(now_at(s)))
        take(s);
    return true;
}

static bool take_token(splitter *s, token_kind *kind)
{
    char c = now_at(s);
    if (is_digit(c)) {
        *kind = take_number(s);
    } else if (c == '.') {
        *kind = TOKEN_NUMBER;
        take(s);
        take_digits(s);
    } else if (is_letter(c)) {
        *kind = take_word(s);
    } else if (c == '+' || c == '-') {
        return take_signed(s, kind);
    } else {
        return false;
    }
    return true;
}

bool tokens_split(ds_slice text, uint32_t most, tokens *t)
{
    splitter s = {.p = (const char *)text.ptr,
                  .end = (const char *)text.ptr + text.len,
                  .to = t->room,
                  .to_end = t->room + most};
    t->n = 0;
    while (s.p < s.end) {
        char c = *s.p;
        if (is_space(c) || (is_mark(c) && !strchr(".+-", c))) {
            s.p++;
            continue;
        }
        char *start = s.to;
        token_kind kind;
        if (!take_token(&s, &kind) || s.full || t->n == TOKENS_MOST ||
            s.to >= s.to_end)
            return false;
        *s.to++ = '\0';
        t->list[t->n].s = start;
        t->list[t->n].kind = kind;
        t->n++;
    }
    return true;
}

bool read_long(char *p, char **end, int64_t *out)
{
    errno = 0;
    *out = strtoll(p, end, 10);
    return errno != ERANGE;
}

bool read_int(char *p, char **end, int32_t *out)
{
    int64_t v;
    bool ok = read_long(p, end, &v);
    *out = (int32_t)v;
    return ok && v == *out;
}

bool read_fraction(const char *p, double *out)
{
    char *end;
    *out = 0;
    if (p[1] == '\0')
        return true;
    errno = 0;
    *out = strtod(p, &end);
    return *end == '\0' && errno == 0;
}
