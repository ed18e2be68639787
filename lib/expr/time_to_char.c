/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_to_char.c - timestamps and intervals through a template.
 */
#include <stdio.h>
#include <stdlib.h>

#include "expr/time.h"
#include "expr/time_template.h"

/* A value taken apart. */
typedef struct fields {
    bool interval, has_zone;
    int64_t year, hour;
    int month, day;
    int minute, second, micro;
    int weekday;    /* 0: Sunday */
    int64_t of_day; /* its Julian day */
    int64_t day_of_year;
    int64_t iso_year, iso_day; /* of the year, from 1 */
    int iso_week;
} fields;

/* The Julian day of a year, a month and a day, which need not be a date's: an
 * interval has them too. Then PostgreSQL counts in 32 bits and rounds towards
 * zero, and its months go on before March. */
static int32_t julian_of(int64_t year, int month, int64_t day)
{
    enum { SHIFT = 4800 };
    int from_march = month > 2 ? month - 3 : month + 9;
    int32_t y = (int32_t)(year + SHIFT - (month <= 2));
    int64_t in_year = time_floor_div(153 * from_march + 2, 5) + day;
    int64_t leaps = y / 4 - y / 100 + y / 100 / 4;
    return (int32_t)(uint32_t)(365LL * y + leaps + in_year - 32045);
}

/* The Julian day of the Monday of ISO week 1. */
static int32_t iso_start(int64_t year)
{
    int32_t fourth = julian_of(year, 1, 4);
    return fourth - (int32_t)time_floor_mod(fourth, 7);
}

static void iso_fields(fields *f)
{
    int32_t day = (int32_t)f->of_day, start = iso_start(f->year);
    f->iso_year = f->year;
    if (day < start)
        start = iso_start(--f->iso_year);
    f->iso_week = (day - start) / 7 + 1;
    if (f->iso_week >= 52 && day >= iso_start(f->iso_year + 1)) {
        start = iso_start(++f->iso_year);
        f->iso_week = (day - start) / 7 + 1;
    }
    f->iso_day = day - start + 1;
}

static fields fields_of_timestamp(int64_t t, bool has_zone)
{
    calendar_time c;
    calendar_split(t, &c);
    fields f = {.has_zone = has_zone,
                .year = c.year,
                .month = c.month,
                .day = c.day,
                .hour = c.hour,
                .minute = c.minute,
                .second = c.second,
                .micro = c.micro};
    int64_t day = time_floor_div(t, CALENDAR_DAY);
    f.of_day = day + TIME_JULIAN;
    f.weekday = time_weekday(day);
    f.day_of_year = day - calendar_days(c.year, 1, 1) + 1;
    return f;
}

static fields fields_of_interval(const ds_interval *iv)
{
    time_clock c = time_clock_of(iv->us);
    fields f = {.interval = true,
                .year = iv->months / 12,
                .month = iv->months % 12,
                .day = iv->days,
                .hour = c.hour,
                .minute = c.minute,
                .second = c.second,
                .micro = c.micro};
    f.day_of_year = (int32_t)((uint32_t)iv->months * 30u + (uint32_t)iv->days);
    f.of_day = julian_of(f.year, f.month, f.day);
    return f;
}

/* ---- writing ---- */

typedef struct writer {
    ds_buf *b;
    const template_node *node;
} writer;

/* 1st, 2nd, 3rd, 11th */
static const char *ordinal(const char *digits, size_t n, bool upper)
{
    bool teen = n > 1 && digits[n - 2] == '1';
    char last = teen ? '0' : digits[n - 1];
    switch (last) {
    case '1':
        return upper ? "ST" : "st";
    case '2':
        return upper ? "ND" : "nd";
    case '3':
        return upper ? "RD" : "rd";
    default:
        return upper ? "TH" : "th";
    }
}

static void put_ordinal(const writer *w, const char *digits, size_t n)
{
    if (w->node->th_upper || w->node->th_lower)
        ds_buf_add(w->b, ordinal(digits, n, w->node->th_upper), 2);
}

/* As %0*lld: zeros in front up to `width`, which counts the sign. */
static void put_fixed(const writer *w, int64_t v, int width)
{
    char buf[32], *end = buf + sizeof buf, *p = end;
    uint64_t rest = v < 0 ? -(uint64_t)v : (uint64_t)v;
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    while (end - p < width - (v < 0))
        *--p = '0';
    if (v < 0)
        *--p = '-';
    ds_buf_add(w->b, p, (uint32_t)(end - p));
    put_ordinal(w, p, (size_t)(end - p));
}

/* The same, without zeros for FM. */
static void put_number(const writer *w, int64_t v, int width)
{
    put_fixed(w, v, w->node->fill ? 0 : width);
}

/* The same, one more for a sign. */
static void put_signed(const writer *w, int64_t v, int width)
{
    put_number(w, v, v >= 0 ? width : width + 1);
}

/* A name, with blanks after it up to `width`, none with FM or TM. */
static void put_name(const writer *w, const char *name, size_t len,
                     size_t width)
{
    template_case letters = w->node->word->letters;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool upper = c >= 'A' && c <= 'Z';
        if (letters == CASE_UPPER && c >= 'a' && c <= 'z')
            c = (char)(c - 32);
        else if (letters == CASE_LOWER && upper)
            c = (char)(c + 32);
        ds_buf_add(w->b, &c, 1);
    }
    if (!w->node->fill && !w->node->translate)
        for (; len < width; len++)
            ds_buf_add(w->b, " ", 1);
}

static void put_text(const writer *w, const char *name)
{
    put_name(w, name, strlen(name), 0);
}

/* ---- fields ---- */

static int64_t year_shown(const fields *f, int64_t year)
{
    return f->interval || year > 0 ? year : 1 - year;
}

static int64_t century(const fields *f)
{
    if (f->interval)
        return f->year / 100;
    return f->year > 0 ? (f->year - 1) / 100 + 1 : f->year / 100 - 1;
}

static void put_century(const writer *w, int64_t v)
{
    put_number(w, v, v > 99 || v < -99 ? 0 : v >= 0 ? 2 : 3);
}

/* The last digits of a year; room for a sign is kept by the year itself, also
 * where it is the ISO year that is shown. */
static void put_year(const writer *w, const fields *f, int64_t year, int digits)
{
    static const int powers[] = {1, 10, 100, 1000};
    int64_t v = year_shown(f, year);
    int sign = year_shown(f, f->year) < 0;
    if (digits == 4)
        put_number(w, v, 4 + sign);
    else if (digits == 1)
        put_fixed(w, v % 10, 1);
    else
        put_number(w, v % powers[digits], digits + sign);
}

static void put_year_comma(const writer *w, const fields *f)
{
    char buf[32];
    int64_t v = year_shown(f, f->year), thousands = v / 1000;
    int n = snprintf(buf, sizeof buf, "%lld,%03lld", (long long)thousands,
                     (long long)(v - thousands * 1000));
    ds_buf_add(w->b, buf, (uint32_t)n);
    put_ordinal(w, buf, (size_t)n);
}

/* For intervals too, where months are counted within a year. */
static void put_roman(const writer *w, const fields *f)
{
    int month = f->month;
    if (f->month == 0 && f->year == 0)
        return;
    if (month == 0)
        month = f->year >= 0 ? 12 : 1;
    else if (month < 0)
        month += 13;
    const char *name = template_roman[month - 1];
    bool translate = w->node->translate;
    size_t len = strlen(name);
    put_name(w, name, len, 0);
    (void)translate;
    if (!w->node->fill)
        for (; len < 4; len++)
            ds_buf_add(w->b, " ", 1);
}

static void put_month_name(const writer *w, const fields *f, bool whole)
{
    const char *name = template_months[f->month - 1];
    if (f->month)
        put_name(w, name, whole ? strlen(name) : 3, whole ? 9 : 3);
}

static void put_day_name(const writer *w, const fields *f, bool whole)
{
    const char *name = template_days[f->weekday];
    put_name(w, name, whole ? strlen(name) : 3, whole ? 9 : 3);
}

static void put_fraction(const writer *w, const fields *f, int digits)
{
    int v = f->micro;
    for (int i = digits; i < 6; i++)
        v /= 10;
    put_fixed(w, v, digits);
}

/* The session's zone is UTC. */
static void put_zone(const writer *w, const fields *f)
{
    switch (w->node->word->field) {
    case FIELD_TZ:
        if (f->has_zone)
            put_text(w, "UTC");
        break;
    case FIELD_TZH:
        ds_buf_str(w->b, "+00");
        break;
    case FIELD_TZM:
        ds_buf_str(w->b, "00");
        break;
    default: /* FIELD_OF */
        ds_buf_str(w->b, w->node->fill ? "+0" : "+00");
        break;
    }
}

static void put_clock_field(const writer *w, const fields *f)
{
    int64_t hour;
    switch (w->node->word->field) {
    case FIELD_HH12:
        hour = f->hour % 12 == 0 ? 12 : f->hour % 12;
        put_number(w, hour, f->hour >= 0 ? 2 : 3);
        break;
    case FIELD_HH24:
        put_signed(w, f->hour, 2);
        break;
    case FIELD_MI:
        put_signed(w, f->minute, 2);
        break;
    case FIELD_SS:
        put_signed(w, f->second, 2);
        break;
    case FIELD_FF:
        put_fraction(w, f, w->node->word->letters);
        break;
    case FIELD_MS:
        put_fraction(w, f, 3);
        break;
    case FIELD_US:
        put_fraction(w, f, 6);
        break;
    case FIELD_SSSS:
        put_fixed(w, f->hour * 3600 + f->minute * 60 + f->second, 0);
        break;
    case FIELD_MERIDIEM:
        put_text(w, f->hour % 24 >= 12 ? "PM" : "AM");
        break;
    default: /* FIELD_MERIDIEM_DOTS */
        put_text(w, f->hour % 24 >= 12 ? "P.M." : "A.M.");
        break;
    }
}

static void put_day_field(const writer *w, const fields *f)
{
    switch (w->node->word->field) {
    case FIELD_DDD:
        put_number(w, f->day_of_year, 3);
        break;
    case FIELD_IDDD:
        put_number(w, f->iso_day, 3);
        break;
    case FIELD_DD:
        put_number(w, f->day, 2);
        break;
    case FIELD_D:
        put_fixed(w, f->weekday + 1, 0);
        break;
    case FIELD_ID:
        put_fixed(w, f->weekday == 0 ? 7 : f->weekday, 0);
        break;
    case FIELD_WW:
        put_number(w, (f->day_of_year - 1) / 7 + 1, 2);
        break;
    case FIELD_IW:
        put_number(w, f->iso_week, 2);
        break;
    case FIELD_W:
        put_fixed(w, (f->day - 1) / 7 + 1, 0);
        break;
    default: /* FIELD_J */
        put_fixed(w, f->of_day, 0);
        break;
    }
}

static void put_year_field(const writer *w, const fields *f)
{
    switch (w->node->word->field) {
    case FIELD_CC:
        put_century(w, century(f));
        break;
    case FIELD_Y_YYY:
        put_year_comma(w, f);
        break;
    case FIELD_YYYY:
        put_year(w, f, f->year, 4);
        break;
    case FIELD_YYY:
        put_year(w, f, f->year, 3);
        break;
    case FIELD_YY:
        put_year(w, f, f->year, 2);
        break;
    case FIELD_Y:
        put_year(w, f, f->year, 1);
        break;
    case FIELD_IYYY:
        put_year(w, f, f->iso_year, 4);
        break;
    case FIELD_IYY:
        put_year(w, f, f->iso_year, 3);
        break;
    case FIELD_IY:
        put_year(w, f, f->iso_year, 2);
        break;
    default: /* FIELD_I */
        put_year(w, f, f->iso_year, 1);
        break;
    }
}

/* Fields that need a day of the calendar. */
static bool needs_date(template_field field)
{
    switch (field) {
    case FIELD_ERA:
    case FIELD_ERA_DOTS:
    case FIELD_DAY_NAME:
    case FIELD_DY_NAME:
    case FIELD_MONTH_NAME:
    case FIELD_MON_NAME:
    case FIELD_D:
    case FIELD_ID:
    case FIELD_TZ:
    case FIELD_TZH:
    case FIELD_TZM:
    case FIELD_OF:
        return true;
    default:
        return false;
    }
}

static void put_field(const writer *w, fields *f)
{
    if (w->node->word->mode == MODE_ISO_WEEK && f->iso_week == 0)
        iso_fields(f);
    switch ((template_field)w->node->word->field) {
    case FIELD_FX:
        break;
    case FIELD_ERA:
        put_text(w, f->year <= 0 ? "BC" : "AD");
        break;
    case FIELD_ERA_DOTS:
        put_text(w, f->year <= 0 ? "B.C." : "A.D.");
        break;
    case FIELD_DAY_NAME:
    case FIELD_DY_NAME:
        put_day_name(w, f, w->node->word->field == FIELD_DAY_NAME);
        break;
    case FIELD_MONTH_NAME:
    case FIELD_MON_NAME:
        put_month_name(w, f, w->node->word->field == FIELD_MONTH_NAME);
        break;
    case FIELD_MM:
        put_signed(w, f->month, 2);
        break;
    case FIELD_RM:
        put_roman(w, f);
        break;
    case FIELD_Q:
        if (f->month)
            put_fixed(w, (f->month - 1) / 3 + 1, 0);
        break;
    case FIELD_TZ:
    case FIELD_TZH:
    case FIELD_TZM:
    case FIELD_OF:
        put_zone(w, f);
        break;
    case FIELD_HH12:
    case FIELD_HH24:
    case FIELD_MI:
    case FIELD_SS:
    case FIELD_FF:
    case FIELD_MS:
    case FIELD_US:
    case FIELD_SSSS:
    case FIELD_MERIDIEM:
    case FIELD_MERIDIEM_DOTS:
        put_clock_field(w, f);
        break;
    case FIELD_DDD:
    case FIELD_IDDD:
    case FIELD_DD:
    case FIELD_D:
    case FIELD_ID:
    case FIELD_WW:
    case FIELD_IW:
    case FIELD_W:
    case FIELD_J:
        put_day_field(w, f);
        break;
    default:
        put_year_field(w, f);
        break;
    }
}

/* False: the template does not fit an interval. */
static bool put_all(ds_buf *b, const template *t, fields *f)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const template_node *node = &t->nodes[i];
        if (node->kind != NODE_FIELD) {
            ds_buf_add(b, node->text, node->len);
            continue;
        }
        if (f->interval && needs_date(node->word->field))
            return false;
        writer w = {b, node};
        put_field(&w, f);
    }
    return true;
}

/* ---- kernels ---- */

void time_template_prepare(tx *call, ds_arena *a)
{
    const tx *text = call->args[1];
    if (text->kind == TX_CONST && !text->null)
        call->data = template_parse(text->v.s, a);
}

/* All rows into one buffer, which may move while it grows. */
static void to_char(run *r, const run_step *s, bool interval)
{
    const run_reg *a = RUN_ARG(r, s, 0);
    const ds_slice *texts = RUN_ARG(r, s, 1)->v.str;
    ds_slice *out = RUN_DST(r, s)->v.str;
    const template *t = NULL;
    ds_buf b;
    ds_buf_init(&b, r->ev->arena, 24 * r->sels[s->sel].n + 32);
    RUN_EACH_OK(r, s, i)
    {
        uint32_t from = b.len;
        if (texts[i].len == 0 || (!interval && !datetime_finite(a->v.i64[i]))) {
            run_set_null(r, s->dst, i);
            continue;
        }
        t = template_of(s->data, t, texts[i], r->ev->arena);
        fields f = interval
                       ? fields_of_interval(&a->v.iv[i])
                       : fields_of_timestamp(a->v.i64[i], s->types[0] == DS_TS);
        if (!put_all(&b, t, &f)) {
            b.len = from;
            run_error(r, s, i, "E0704",
                      "invalid format specification for an interval value");
        }
        out[i].len = b.len - from;
    }
    const uint8_t *p = (const uint8_t *)b.s;
    RUN_EACH_OK(r, s, i)
    {
        out[i].ptr = p;
        p += out[i].len;
    }
}

void time_to_char(run *r, const run_step *s)
{
    to_char(r, s, false);
}

void time_to_char_iv(run *r, const run_step *s)
{
    to_char(r, s, true);
}
