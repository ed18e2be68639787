/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_from_char.c - what the text says that is read with a template; to a
 * date or a timestamp: time_to_timestamp.c.
 *
 * PostgreSQL is lenient: text and template run side by side, and what is left
 * of either when the other ends does not count.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include "expr/time_from_char.h"

typedef struct reader {
    const template *t;
    uint32_t node;
    const char *start, *p; /* ends with a NUL */
    bool exact;            /* FX */
    int skipped;           /* more characters than the template had */
    ds_arena *arena;
    from_char *out;
    const char *error;
} reader;

static const template_node *node_of(const reader *r)
{
    return &r->t->nodes[r->node];
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_char(reader *r)
{
    if (*r->p == '\0')
        return;
    do
        r->p++;
    while ((*r->p & 0xc0) == 0x80);
}

static void skip_spaces(reader *r)
{
    for (; is_space(*r->p); r->p++)
        r->skipped++;
}

static bool set(reader *r, int *to, int value)
{
    if (*to != 0 && *to != value) {
        r->error = ds_str_printf(
            r->arena,
            "conflicting values for \"%s\" field in formatting string",
            node_of(r)->word->name);
        return false;
    }
    *to = value;
    return true;
}

/* ---- numbers ---- */

/* Whether what follows cannot be a digit: then a number goes as far as it
 * can. */
static bool ends_number(const reader *r)
{
    const template_node *node = node_of(r);
    if (node->th_upper || node->th_lower || r->node + 1 == r->t->n)
        return true;
    node++;
    if (node->kind == NODE_FIELD)
        return !node->word->digits;
    return !(node->len == 1 && is_digit(node->text[0]));
}

enum { ITEM_MOST = 12 };

static bool fail(reader *r, const char *msg)
{
    r->error = msg;
    return false;
}

static bool take_exactly(reader *r, int len, char *copy, long *v)
{
    char *end;
    const char *name = node_of(r)->word->name;
    if (strlen(r->p) < (size_t)len)
        return fail(r, ds_str_printf(r->arena,
                                     "source string too short for \"%s\" "
                                     "formatting field",
                                     name));
    errno = 0;
    *v = strtol(copy, &end, 10);
    if (end > copy && end - copy < len)
        return fail(r,
                    ds_str_printf(r->arena, "invalid value \"%s\" for \"%s\"",
                                  copy, name));
    r->p += end - copy;
    return true;
}

/* A number of `len` characters, or as long as it is. Into *to unless NULL;
 * *used: its length with the blanks before it. */
static bool take_number(reader *r, int len, int *to, int *used)
{
    const char *init = r->p, *name = node_of(r)->word->name;
    char copy[ITEM_MOST + 1];
    long v;
    while (is_space(*r->p))
        r->p++;
    size_t n = strnlen(r->p, (size_t)len);
    memcpy(copy, r->p, n);
    copy[n] = '\0';
    /* For messages: no character in two. */
    if ((r->p[n] & 0xc0) == 0x80) {
        while (n && (copy[n - 1] & 0xc0) == 0x80)
            n--;
        copy[n - (n > 0)] = '\0';
    }
    if (node_of(r)->fill || ends_number(r)) {
        char *end;
        errno = 0;
        v = strtol(init, &end, 10);
        r->p = end;
    } else if (!take_exactly(r, len, copy, &v)) {
        return false;
    }
    if (r->p == init)
        return fail(r,
                    ds_str_printf(r->arena, "invalid value \"%s\" for \"%s\"",
                                  copy, name));
    if (errno == ERANGE || v < INT_MIN || v > INT_MAX)
        return fail(r, ds_str_printf(r->arena,
                                     "value for \"%s\" in source string is out "
                                     "of range",
                                     name));
    *used = (int)(r->p - init);
    return to == NULL || set(r, to, (int)v);
}

/* After a number with TH: two characters, whatever they are. */
static void skip_ordinal(reader *r)
{
    if (node_of(r)->th_upper || node_of(r)->th_lower) {
        skip_char(r);
        skip_char(r);
    }
}

static bool take_plain(reader *r, int len, int *to)
{
    int used;
    bool ok = take_number(r, len, to, &used);
    if (ok)
        skip_ordinal(r);
    return ok;
}

/* Digits after a point: 25 is .25 and .250. */
static bool take_fraction(reader *r, int digits, int places, int *to)
{
    int used;
    if (!take_number(r, digits, to, &used))
        return false;
    for (; used < places; used++)
        *to = (int)((unsigned)*to * 10u);
    skip_ordinal(r);
    return true;
}

/* ---- names ---- */

/* The first of `n` names that the text begins with; `len`: letters that count,
 * 0: all. */
static bool take_name(reader *r, const char *const *names, int n, size_t len,
                      int *index)
{
    for (int i = 0; i < n; i++) {
        size_t l = len ? len : strlen(names[i]);
        if (strncasecmp(r->p, names[i], l) == 0) {
            r->p += l;
            *index = i;
            return true;
        }
    }
    size_t word = strcspn(r->p, " \t\n\r\f\v");
    return fail(r, ds_str_printf(r->arena, "invalid value \"%.*s\" for \"%s\"",
                                 (int)word, r->p, node_of(r)->word->name));
}

static bool take_meridiem(reader *r, bool dots)
{
    static const char *const plain[] = {"AM", "PM"};
    static const char *const dotted[] = {"A.M.", "P.M."};
    int index;
    if (!take_name(r, dots ? dotted : plain, 2, 0, &index) ||
        !set(r, &r->out->pm, index))
        return false;
    r->out->twelve = true;
    return true;
}

static bool take_era(reader *r, bool dots)
{
    static const char *const plain[] = {"AD", "BC"};
    static const char *const dotted[] = {"A.D.", "B.C."};
    int index;
    return take_name(r, dots ? dotted : plain, 2, 0, &index) &&
           set(r, &r->out->bc, index);
}

static bool take_month(reader *r, size_t len)
{
    int index;
    return take_name(r, template_months, 12, len, &index) &&
           set(r, &r->out->month, index + 1);
}

static bool take_roman(reader *r)
{
    /* The longer ones first. */
    static const char *const names[] = {"XII", "XI", "X",  "IX",  "VIII", "VII",
                                        "VI",  "V",  "IV", "III", "II",   "I"};
    int index;
    return take_name(r, names, 12, 0, &index) &&
           set(r, &r->out->month, 12 - index);
}

static bool take_weekday(reader *r, size_t len)
{
    int index;
    if (!take_name(r, template_days, 7, len, &index) ||
        !set(r, &r->out->weekday, index))
        return false;
    r->out->weekday++;
    return true;
}

/* ---- years ---- */

/* The year next to 2020 that ends in these digits. */
static int near_2020(int year)
{
    if (year < 70)
        return year + 2000;
    if (year < 100)
        return year + 1900;
    if (year < 520)
        return year + 2000;
    return year < 1000 ? year + 1000 : year;
}

static bool take_year(reader *r, int len)
{
    int used;
    if (!take_number(r, len, &r->out->year, &used))
        return false;
    if (len < 4 && used < 4)
        r->out->year = near_2020(r->out->year);
    r->out->year_digits = len;
    skip_ordinal(r);
    return true;
}

/* 1,999 */
static bool take_year_comma(reader *r)
{
    static const char bad[] = "invalid input string for \"Y,YYY\"";
    char *end, rest[4] = "";
    errno = 0;
    long thousands = strtol(r->p, &end, 10), years;
    if (end == r->p || *end != ',')
        return fail(r, bad);
    const char *p = end + 1;
    while (is_space(*p))
        p++;
    strncat(rest, p, 3);
    years = strtol(rest, &end, 10);
    if (end == rest)
        return fail(r, bad);
    if (!set(r, &r->out->year, (int)(years + thousands * 1000)))
        return false;
    r->out->year_digits = 4;
    r->p = p + (end - rest);
    skip_ordinal(r);
    return true;
}

/* ---- fields ---- */

/* The sign may have been taken for a separator before. */
static bool take_zone_hour(reader *r)
{
    int used;
    if (*r->p == '+' || *r->p == '-' || *r->p == ' ') {
        r->out->zone_sign = *r->p == '-' ? -1 : 1;
        r->p++;
    } else {
        bool minus = r->skipped > 0 && r->p > r->start && r->p[-1] == '-';
        r->out->zone_sign = minus ? -1 : 1;
    }
    return take_number(r, 2, &r->out->zone_hour, &used);
}

static bool take_zone_minute(reader *r)
{
    int used;
    if (r->out->zone_sign == 0)
        r->out->zone_sign = 1;
    return take_number(r, 2, &r->out->zone_minute, &used);
}

static bool set_mode(reader *r)
{
    template_mode mode = node_of(r)->word->mode;
    if (mode == MODE_NONE)
        return true;
    if (r->out->mode != MODE_NONE && r->out->mode != mode)
        return fail(r, "invalid combination of date conventions");
    r->out->mode = mode;
    return true;
}

static bool take_clock_field(reader *r)
{
    from_char *out = r->out;
    switch (node_of(r)->word->field) {
    case FIELD_HH12:
        out->twelve = true;
        return take_plain(r, 2, &out->hour);
    case FIELD_HH24:
        return take_plain(r, 2, &out->hour);
    case FIELD_MI:
        return take_plain(r, 2, &out->minute);
    case FIELD_SS:
        return take_plain(r, 2, &out->second);
    case FIELD_MS:
        return take_fraction(r, 3, 3, &out->milli);
    case FIELD_FF:
        out->precision = node_of(r)->word->letters;
        return take_fraction(r, out->precision, 6, &out->micro);
    case FIELD_US:
        return take_fraction(r, 6, 6, &out->micro);
    default: /* FIELD_SSSS */
        return take_plain(r, node_of(r)->word->len, &out->second_of_day);
    }
}

static bool take_iso_weekday(reader *r)
{
    int used;
    if (!take_number(r, 1, &r->out->weekday, &used))
        return false;
    if (++r->out->weekday > 7) /* counted from Sunday */
        r->out->weekday = 1;
    skip_ordinal(r);
    return true;
}

static bool take_day_field(reader *r)
{
    from_char *out = r->out;
    int len = node_of(r)->word->len;
    switch (node_of(r)->word->field) {
    case FIELD_DDD:
    case FIELD_IDDD:
        return take_plain(r, 3, &out->day_of_year);
    case FIELD_DD:
        return take_plain(r, 2, &out->day);
    case FIELD_D:
        return take_plain(r, 1, &out->weekday);
    case FIELD_ID:
        return take_iso_weekday(r);
    case FIELD_WW:
    case FIELD_IW:
        return take_plain(r, 2, &out->week);
    case FIELD_W:
        return take_plain(r, 1, &out->week_of_month);
    case FIELD_Q:
        return take_plain(r, 1, NULL); /* which month would it be? */
    case FIELD_CC:
        return take_plain(r, 2, &out->century);
    case FIELD_J:
        return take_plain(r, 1, &out->julian);
    default: /* FIELD_MM */
        return take_plain(r, len, &out->month);
    }
}

static bool take_field(reader *r)
{
    switch ((template_field)node_of(r)->word->field) {
    case FIELD_FX:
        r->exact = true;
        return true;
    case FIELD_MERIDIEM:
    case FIELD_MERIDIEM_DOTS:
        return take_meridiem(r, node_of(r)->word->field == FIELD_MERIDIEM_DOTS);
    case FIELD_ERA:
    case FIELD_ERA_DOTS:
        return take_era(r, node_of(r)->word->field == FIELD_ERA_DOTS);
    case FIELD_MONTH_NAME:
        return take_month(r, 0);
    case FIELD_MON_NAME:
        return take_month(r, 3);
    case FIELD_RM:
        return take_roman(r);
    case FIELD_DAY_NAME:
        return take_weekday(r, 0);
    case FIELD_DY_NAME:
        return take_weekday(r, 3);
    case FIELD_OF:
    case FIELD_TZ:
        return fail(r,
                    ds_str_printf(r->arena,
                                  "formatting field \"%s\" is only supported "
                                  "in to_char",
                                  node_of(r)->word->name));
    case FIELD_TZH:
        return take_zone_hour(r);
    case FIELD_TZM:
        return take_zone_minute(r);
    case FIELD_Y_YYY:
        return take_year_comma(r);
    case FIELD_YYYY:
    case FIELD_IYYY:
        return take_year(r, 4);
    case FIELD_YYY:
    case FIELD_IYY:
        return take_year(r, 3);
    case FIELD_YY:
    case FIELD_IY:
        return take_year(r, 2);
    case FIELD_Y:
    case FIELD_I:
        return take_year(r, 1);
    case FIELD_HH12:
    case FIELD_HH24:
    case FIELD_MI:
    case FIELD_SS:
    case FIELD_MS:
    case FIELD_FF:
    case FIELD_US:
    case FIELD_SSSS:
        return take_clock_field(r);
    default:
        return take_day_field(r);
    }
}

/* ---- all together ---- */

static void pass_separator(reader *r)
{
    if (r->exact) {
        skip_char(r);
        return;
    }
    r->skipped--;
    if (is_space(*r->p) || template_is_separator(*r->p)) {
        r->p++;
        r->skipped++;
    }
}

/* Any character passes for one of the template's. */
static void pass_char(reader *r)
{
    if (!r->exact && r->skipped > 0)
        r->skipped--;
    else
        skip_char(r);
}

static bool one_node(reader *r)
{
    const template_node *node = node_of(r);
    bool field = node->kind == NODE_FIELD;
    if (!r->exact && (!field || node->word->field != FIELD_FX) &&
        (field || r->node == 0))
        skip_spaces(r);
    if (node->kind == NODE_SEPARATOR || node->kind == NODE_SPACE) {
        pass_separator(r);
        return true;
    }
    if (!field) {
        pass_char(r);
        return true;
    }
    if (!set_mode(r) || !take_field(r))
        return false;
    if (!r->exact) {
        r->skipped = 0;
        skip_spaces(r);
    }
    return true;
}

const char *from_char_read(const template *t, ds_slice text, ds_arena *a,
                           from_char *out)
{
    reader r = {.t = t, .arena = a, .out = out};
    r.start = r.p = ds_strn_copy(a, (const char *)text.ptr, text.len);
    *out = (from_char){0};
    for (; r.node < t->n && *r.p; r.node++)
        if (!one_node(&r))
            return r.error;
    return NULL;
}
