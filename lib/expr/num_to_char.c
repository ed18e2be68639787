/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num_to_char.c - numbers by a template.
 *
 * A number is first written as digits, rounded to what the template has places
 * for; then the template is walked through, each place taking a digit.
 *
 *     -12.5 by 9990.99   places      9 9 9 0 . 9 9
 *                        digits          1 2 . 5 0
 *                        written     ' ' ' ' '-12.50'
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "expr/num.h"
#include "expr/num_template.h"

/* A number as digits, and the template as this number changes it. */
typedef struct figure {
    char sign;   /* '+' or '-' */
    ds_buf text; /* without the sign, with a point if there is a fraction */
    int pre, post;
    int blanks; /* places before the first digit */
} figure;

/* ---- walking through the template ---- */

typedef struct writer {
    const num_template *t;
    const figure *f;
    ds_buf *out;
    const char *digits, *at;
    const char *last; /* FM: the last digit that is needed, or NULL */
    int place;        /* places done */
    int end;          /* places, and one for a point */
    num_sign_place s;
    bool bracket;
    bool sign_done;
    bool begun;   /* a digit has been written */
    uint32_t cut; /* the text is no longer than that */
} writer;

static void put(writer *w, char c)
{
    ds_buf_add(w->out, &c, 1);
}

/* A place that has no digit left ends the text, as a NUL does in C. */
static void cut_off(writer *w)
{
    if (w->cut == UINT32_MAX)
        w->cut = w->out->len;
}

/* The digit before zeros that only fill, or the point. */
static const char *last_needed(const char *digits)
{
    const char *point = strchr(digits, '.');
    if (point == NULL)
        return NULL;
    const char *last = point;
    for (const char *p = point + 1; *p; p++)
        if (*p != '0')
            last = p;
    return last;
}

static void begin_last(writer *w)
{
    if (!w->t->fill_mode || !w->t->point)
        return;
    w->last = last_needed(w->digits);
    /* A zero that the template asks for stays. */
    int keep = w->t->zero_end - w->f->blanks;
    if (w->last == NULL || keep <= 0)
        return;
    int most = (int)strlen(w->digits) - 1;
    const char *zero = w->digits + (keep < most ? keep : most);
    if (w->last < zero)
        w->last = zero;
}

static void begin(writer *w)
{
    const num_template *t = w->t;
    w->s = t->s;
    w->bracket = t->bracket;
    if (t->plus || t->minus) {
        /* PL alone says nothing about negative numbers. */
        w->sign_done = t->minus;
    } else {
        if (w->f->sign != '-' && t->fill_mode)
            w->bracket = false;
        w->sign_done =
            w->f->sign == '+' && t->fill_mode && t->s == SIGN_NOWHERE;
        if (t->s == SIGN_BEFORE && w->f->pre == t->s_at)
            w->s = SIGN_BEHIND;
    }
    begin_last(w);
    w->end = w->f->post + w->f->pre - 1 + (w->f->blanks ? 1 : 0) +
             (t->point ? 1 : 0) + (!w->sign_done && w->f->blanks == 0);
}

/* A lonely zero before the point is no digit: 9.9 shows .5. */
static bool is_no_digit(const writer *w)
{
    return w->t->first_zero < 0 && w->at == w->digits && w->digits[0] == '0' &&
           w->f->post != 0;
}

static bool is_bare_point(const writer *w)
{
    return w->last && *w->last == '.';
}

/* The sign, if it stands directly before the digits, which begin here. */
static void put_sign(writer *w)
{
    bool starts = w->place >= w->f->blanks || w->t->first_zero == w->place;
    if (w->sign_done || !starts || (is_no_digit(w) && !is_bare_point(w)))
        return;
    if (w->s == SIGN_BEHIND)
        return;
    w->sign_done = true;
    if (w->s == SIGN_BEFORE)
        put(w, w->f->sign);
    else if (w->bracket)
        put(w, w->f->sign == '+' ? ' ' : '<');
    else if (w->f->sign == '-')
        put(w, '-');
    else if (!w->t->fill_mode)
        put(w, ' ');
}

static void put_digit(writer *w, bool zero_place)
{
    if (*w->at == '.') {
        if (!is_bare_point(w) || w->t->fill_mode)
            put(w, '.');
    } else if (w->last && w->at > w->last && !zero_place) {
        /* a zero that only fills */
    } else if (is_no_digit(w)) {
        if (!w->t->fill_mode)
            put(w, ' ');
        else if (is_bare_point(w))
            put(w, '0');
    } else {
        if (*w->at)
            put(w, *w->at);
        else
            cut_off(w);
        w->begun = true;
    }
    if (*w->at)
        w->at++;
}

/* What stands behind the last digit. */
static void put_end(writer *w)
{
    int end = w->last && w->last == w->at ? w->place : w->end;
    if (w->place + 1 != end)
        return;
    if (w->sign_done && w->bracket)
        put(w, w->f->sign == '+' ? ' ' : '>');
    else if (w->s == SIGN_BEHIND)
        put(w, w->f->sign);
}

static void put_place(writer *w, num_pattern kind)
{
    bool zeros = w->t->first_zero >= 0 && w->t->first_zero <= w->place;
    if (w->t->roman)
        return;
    w->begun = false;
    put_sign(w);
    if (w->place >= w->f->blanks) {
        put_digit(w, kind == PATTERN_0);
    } else if (zeros) {
        put(w, '0');
        w->begun = true;
    } else if (!w->t->fill_mode) {
        put(w, ' ');
    }
    put_end(w);
    w->place++;
}

/* 1st, 2nd, 3rd, 4th, 11th; false: the digits are none. */
static bool put_ordinal(writer *w, bool large)
{
    static const char *const words[] = {"th", "st", "nd", "rd"};
    uint32_t len = (uint32_t)strlen(w->digits);
    char last = w->digits[len - 1];
    if (w->t->roman || w->digits[0] == '#' || w->f->sign == '-' || w->t->point)
        return true;
    if (!isdigit((unsigned char)last))
        return false;
    bool teen = len > 1 && w->digits[len - 2] == '1';
    const char *word = words[teen || last > '3' ? 0 : last - '0'];
    for (int i = 0; i < 2; i++)
        put(w, (char)(large ? toupper(word[i]) : word[i]));
    return true;
}

static void put_roman(writer *w, bool large)
{
    int n = (int)strlen(w->digits);
    for (int i = n; i < 15 && !w->t->fill_mode; i++)
        put(w, ' ');
    for (int i = 0; i < n; i++)
        put(w, (char)(large ? w->digits[i] : tolower(w->digits[i])));
}

/* A mark that is written only for one sign. */
static void put_mark(writer *w, char sign)
{
    if (w->f->sign == sign)
        put(w, sign);
    else if (!w->t->fill_mode)
        put(w, ' ');
}

static bool put_item(writer *w, const num_item *item)
{
    switch (item->kind) {
    case PATTERN_TEXT:
        ds_buf_add(w->out, item->text.ptr, item->text.len);
        return true;
    case PATTERN_9:
    case PATTERN_0:
    case PATTERN_POINT:
        put_place(w, item->kind);
        return true;
    case PATTERN_COMMA:
        if (w->begun || !w->t->fill_mode)
            put(w, w->begun ? ',' : ' ');
        return true;
    case PATTERN_MONEY:
        put(w, ' ');
        return true;
    case PATTERN_ROMAN:
    case PATTERN_roman:
        put_roman(w, item->kind == PATTERN_ROMAN);
        return true;
    case PATTERN_TH:
    case PATTERN_th:
        return put_ordinal(w, item->kind == PATTERN_TH);
    case PATTERN_MI:
        put_mark(w, '-');
        return true;
    case PATTERN_PL:
        put_mark(w, '+');
        return true;
    case PATTERN_SG:
        if (w->t->roman)
            cut_off(w);
        else
            put(w, w->f->sign);
        return true;
    default:
        return true;
    }
}

/* false: TH of what is no number. */
static bool write_all(const num_template *t, const figure *f, ds_buf *out)
{
    writer w = {.t = t,
                .f = f,
                .out = out,
                .digits = f->text.s,
                .at = f->text.s,
                .cut = UINT32_MAX};
    begin(&w);
    for (uint32_t i = 0; i < t->n_items; i++)
        if (!put_item(&w, &t->items[i]))
            return false;
    if (w.cut < out->len)
        out->len = w.cut;
    return true;
}

/* ---- numbers as digits ---- */

static void add_char(ds_buf *b, char c, int n)
{
    while (n-- > 0)
        ds_buf_add(b, &c, 1);
}

static void terminate(ds_buf *b)
{
    ds_buf_add(b, "", 1);
    b->len--;
}

/* Takes off the sign, and looks whether there are places enough. */
static void finish(figure *f)
{
    terminate(&f->text);
    f->sign = f->text.s[0] == '-' ? '-' : '+';
    if (f->sign == '-')
        memmove(f->text.s, f->text.s + 1, f->text.len--);
    int digits = (int)strcspn(f->text.s, ".");
    f->blanks = digits < f->pre ? f->pre - digits : 0;
    if (digits <= f->pre)
        return;
    f->text.len = 0;
    add_char(&f->text, '#', f->pre);
    add_char(&f->text, '.', 1);
    add_char(&f->text, '#', f->post);
    terminate(&f->text);
}

/* What has no exponent: as wide as the template would make it. */
static void no_exponent(const num_template *t, ds_buf *b)
{
    b->len = 0;
    add_char(b, ' ', 1);
    add_char(b, '#', t->pre);
    add_char(b, '.', 1);
    add_char(b, '#', t->post + 4);
}

static void roman_digits(int64_t v, ds_buf *b)
{
    static const struct {
        int value;
        const char *text;
    } steps[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"},
                 {90, "XC"},  {50, "L"},   {40, "XL"}, {10, "X"},   {9, "IX"},
                 {5, "V"},    {4, "IV"},   {1, "I"}};
    if (v < 1 || v > 3999) {
        add_char(b, '#', 15);
        return;
    }
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        for (; v >= steps[i].value; v -= steps[i].value)
            ds_buf_str(b, steps[i].text);
}

/* ---- by type ---- */

/* Digits of a value, into f->text; NULL, or the message why not. With EEEE and
 * RN all there is to write. */
typedef const char *digits_of(const run_reg *a, uint32_t row,
                              const num_template *t, figure *f);

static const char *out_of_range(ds_type type)
{
    return type == DS_I32 ? "integer out of range" : "bigint out of range";
}

static const char *integer_digits(int64_t v, ds_type type, int64_t most,
                                  const num_template *t, figure *f)
{
    double factor = pow(10, t->multi);
    if (t->v && factor > (double)most)
        return out_of_range(type);
    if (t->v && (__builtin_mul_overflow(v, (int64_t)factor, &v) || v > most ||
                 v < -most - 1))
        return out_of_range(type);
    ds_buf_printf(&f->text, "%lld", (long long)v);
    if (f->post) {
        add_char(&f->text, '.', 1);
        add_char(&f->text, '0', f->post);
    }
    return NULL;
}

/* d.ddde+dd: the digits are rounded after the exponent has been found, so that
 * 9.99 is 10.0e+00. */
static const char *numeric_exponent(const ds_numeric *n, const num_template *t,
                                    figure *f)
{
    ds_buf *b = &f->text;
    ds_numeric m = *n;
    if (n->kind) {
        no_exponent(t, b);
        return NULL;
    }
    numeric_show(b, n);
    uint32_t digits = 0, first = b->len;
    for (uint32_t i = 0; i < b->len; i++) {
        bool digit = isdigit((unsigned char)b->s[i]);
        if (digit && b->s[i] != '0' && first == b->len)
            first = i;
        digits += digit && i >= first;
    }
    int exponent = digits ? (int)digits - n->scale - 1 : 0;
    m.scale = digits ? (int)digits - 1 : 0;
    if (t->post < m.scale)
        numeric_round(&m, t->post, &m);
    b->len = 0;
    if (numeric_sign(&m) >= 0)
        add_char(b, ' ', 1);
    numeric_show(b, &m);
    if (t->post > 0 && m.scale == 0)
        add_char(b, '.', 1);
    add_char(b, '0', t->post - m.scale);
    ds_buf_printf(b, "e%+03d", exponent);
    return NULL;
}

static const char *numeric_digits(const ds_numeric *n, const num_template *t,
                                  figure *f)
{
    ds_numeric v = *n;
    ds_buf *b = &f->text;
    int zeros = 0;
    if (n->kind) {
        numeric_show(b, n);
        return NULL;
    }
    if (t->v) {
        v.scale -= t->multi;
        zeros = v.scale < 0 && numeric_sign(&v) ? -v.scale : 0;
        v.scale = v.scale < 0 ? 0 : v.scale;
    }
    if (f->post < v.scale && numeric_round(&v, f->post, &v) != NUMERIC_OK)
        return "a numeric has at most 38 digits";
    numeric_show(b, &v);
    add_char(b, '0', zeros);
    if (f->post > 0 && v.scale == 0)
        add_char(b, '.', 1);
    add_char(b, '0', f->post - v.scale);
    return NULL;
}

static const char *numeric_figure(const run_reg *a, uint32_t row,
                                  const num_template *t, figure *f)
{
    const ds_numeric *n = &a->v.num[row];
    int64_t v;
    if (!t->roman)
        return t->exponent ? numeric_exponent(n, t, f)
                           : numeric_digits(n, t, f);
    if (numeric_to_i64(n, &v) != NUMERIC_OK || v != (int32_t)v)
        return n->kind == NUMERIC_NAN ? "cannot convert NaN to integer"
               : n->kind              ? "cannot convert infinity to integer"
                                      : "integer out of range";
    roman_digits(v, &f->text);
    return NULL;
}

static const char *i64_figure(const run_reg *a, uint32_t row,
                              const num_template *t, figure *f)
{
    int64_t v = a->v.i64[row];
    ds_numeric n = numeric_from_i64(v);
    if (t->roman) {
        if (v != (int32_t)v)
            return out_of_range(DS_I32);
        roman_digits(v, &f->text);
        return NULL;
    }
    return t->exponent ? numeric_exponent(&n, t, f)
                       : integer_digits(v, DS_I64, INT64_MAX, t, f);
}

static const char *float_exponent(double v, const num_template *t, figure *f)
{
    if (isnan(v) || isinf(v)) {
        no_exponent(t, &f->text);
        return NULL;
    }
    ds_buf_printf(&f->text, "%+.*e", t->post, v);
    if (f->text.s[0] == '+')
        f->text.s[0] = ' ';
    return NULL;
}

static const char *i32_figure(const run_reg *a, uint32_t row,
                              const num_template *t, figure *f)
{
    int64_t v = a->v.i64[row];
    if (t->roman) {
        roman_digits(v, &f->text);
        return NULL;
    }
    return t->exponent ? float_exponent((double)v, t, f)
                       : integer_digits(v, DS_I32, INT32_MAX, t, f);
}

static const char *float_figure(double v, int digits, const num_template *t,
                                figure *f)
{
    if (t->roman) {
        double x = rint(v);
        roman_digits(x >= 1 && x < 4000 ? (int64_t)x : 0, &f->text);
        return NULL;
    }
    if (t->exponent)
        return float_exponent(v, t, f);
    if (t->v)
        v *= pow(10, t->multi);
    if (digits == 6 && t->v)
        v = (double)(float)v;
    bool odd = isnan(v) || isinf(v);
    const char *word = isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity";
    /* No more digits than the type certainly has. */
    int before = odd ? (isnan(v) ? 3 : 8) : snprintf(NULL, 0, "%.0f", fabs(v));
    if (before >= digits)
        f->post = 0;
    else if (before + f->post > digits)
        f->post = digits - before;
    if (odd)
        ds_buf_str(&f->text, word);
    else
        ds_buf_printf(&f->text, "%.*f", f->post, v);
    return NULL;
}

static const char *f64_figure(const run_reg *a, uint32_t row,
                              const num_template *t, figure *f)
{
    return float_figure(a->v.f64[row], 15, t, f);
}

static const char *f32_figure(const run_reg *a, uint32_t row,
                              const num_template *t, figure *f)
{
    return float_figure(a->v.f64[row], 6, t, f);
}

/* ---- kernels ---- */

static const char *to_char(const run_reg *a, uint32_t row,
                           const num_template *t, digits_of *of, figure *f,
                           ds_buf *out)
{
    f->text.len = 0;
    f->pre = t->pre + (t->v ? t->multi : 0);
    f->post = t->post;
    f->blanks = 0;
    f->sign = ' ';
    const char *msg = of(a, row, t, f);
    if (msg)
        return msg;
    if (t->exponent) {
        ds_buf_add(out, f->text.s, f->text.len);
        return NULL;
    }
    if (t->roman) {
        terminate(&f->text);
        f->pre = f->post = 0;
    } else {
        finish(f);
    }
    return write_all(t, f, out)
               ? NULL
               : ds_str_printf(out->arena, "\"%s\" is not a number", f->text.s);
}

/* All rows go into one buffer, which may move while it grows. */
static void kernel(run *r, const run_step *s, digits_of *of)
{
    const run_reg *a = RUN_ARG(r, s, 0);
    const ds_slice *b = RUN_ARG(r, s, 1)->v.str;
    ds_slice *out = RUN_DST(r, s)->v.str;
    num_templates last = {.text = DS_NULL_SLICE};
    figure f;
    ds_buf all;
    ds_buf_init(&f.text, r->ev->arena, 64);
    ds_buf_init(&all, r->ev->arena, 16 * r->sels[s->sel].n + 16);
    RUN_EACH_OK(r, s, i)
    {
        uint32_t from = all.len;
        out[i].len = 0;
        const num_template *t = num_template_of(r, s, i, b[i], &last);
        const char *msg = t ? to_char(a, i, t, of, &f, &all) : NULL;
        if (msg) {
            all.len = from;
            run_error(r, s, i, strstr(msg, "range") ? "E0701" : "E0704", "%s",
                      msg);
        }
        out[i].len = all.len - from;
    }
    const uint8_t *p = (const uint8_t *)all.s;
    RUN_EACH_OK(r, s, i)
    {
        out[i].ptr = p;
        p += out[i].len;
    }
}

void num_to_char_i32(run *r, const run_step *s)
{
    kernel(r, s, i32_figure);
}

void num_to_char_i64(run *r, const run_step *s)
{
    kernel(r, s, i64_figure);
}

void num_to_char_f32(run *r, const run_step *s)
{
    kernel(r, s, f32_figure);
}

void num_to_char_f64(run *r, const run_step *s)
{
    kernel(r, s, f64_figure);
}

void num_to_char_num(run *r, const run_step *s)
{
    kernel(r, s, numeric_figure);
}
