/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num_to_number.c - text to numbers by a template. The template says less where
 * something stands than what may be skipped; signs are found in several places.
 */
#include <string.h>

#include "expr/num.h"
#include "expr/num_template.h"

typedef struct reader {
    const num_template *t;
    ds_slice in;
    uint32_t at; /* may be past the end */
    ds_buf *out; /* the sign, or a blank; then digits and a point */
    int pre, post;
    bool point;
} reader;

static bool at_end(const reader *d)
{
    return d->at >= d->in.len;
}

/* The character here; 0 at the end. */
static uint8_t here(const reader *d)
{
    return at_end(d) ? 0 : d->in.ptr[d->at];
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_sign(uint8_t c)
{
    return c == '-' || c == '+';
}

static void set_sign(reader *d, uint8_t c)
{
    d->out->s[0] = c == '<' ? '-' : (char)c;
}

static bool has_sign(const reader *d)
{
    return d->out->s[0] != ' ';
}

static void skip_character(reader *d)
{
    d->at++;
    while (!at_end(d) && (here(d) & 0xc0) == 0x80)
        d->at++;
}

/* Passes over n characters, but not over what may belong to a number. */
static void skip_others(reader *d, int n)
{
    while (n-- > 0 && !at_end(d) && !strchr("0123456789.,+-", here(d)))
        skip_character(d);
}

static void read_sign_before(reader *d)
{
    uint8_t c = here(d);
    bool anchored = d->t->s == SIGN_BEFORE;
    if (is_sign(c) || (c == '<' && d->t->bracket && !anchored)) {
        set_sign(d, c);
        d->at++;
    }
}

/* A sign behind the last digit. `found`: a digit or the point stands here. */
static void read_sign_behind(reader *d, bool found)
{
    const num_template *t = d->t;
    if (t->s != SIGN_NOWHERE && found) {
        if (d->at + 1 < d->in.len && is_sign(d->in.ptr[d->at + 1]))
            set_sign(d, d->in.ptr[++d->at]);
    } else if (!found && (t->plus || t->minus)) {
        if (is_sign(here(d)))
            set_sign(d, here(d));
    }
}

/* False: there are digits enough behind the point. */
static bool read_digit(reader *d)
{
    if (d->point && d->post == d->t->post)
        return false;
    ds_buf_add(d->out, &d->in.ptr[d->at], 1);
    d->pre += !d->point;
    d->post += d->point;
    return true;
}

static void read_place(reader *d, num_pattern kind)
{
    bool found = false;
    if (here(d) == ' ')
        d->at++;
    if (at_end(d))
        return;
    if (!has_sign(d) && kind != PATTERN_POINT && d->pre + d->post == 0)
        read_sign_before(d);
    if (at_end(d))
        return;
    if (is_digit(here(d))) {
        if (!read_digit(d))
            return;
        found = true;
    } else if (d->t->point && !d->point && here(d) == '.') {
        ds_buf_add(d->out, ".", 1);
        d->point = found = true;
    }
    if (!has_sign(d) && d->pre + d->post > 0)
        read_sign_behind(d, found);
}

/* Takes a sign that stands here; false: there is none. */
static bool read_mark(reader *d, const char *signs)
{
    if (here(d) && strchr(signs, here(d))) {
        set_sign(d, here(d));
        d->at++;
        return true;
    }
    skip_others(d, 1);
    return false;
}

static void read_item(reader *d, const num_item *item)
{
    switch (item->kind) {
    case PATTERN_TEXT:
        skip_character(d);
        break;
    case PATTERN_9:
    case PATTERN_0:
    case PATTERN_POINT:
        read_place(d, item->kind);
        d->at++;
        break;
    case PATTERN_COMMA:
        if (here(d) == ',' && !d->t->fill_mode)
            d->at++;
        break;
    case PATTERN_MONEY:
        skip_others(d, 1);
        break;
    case PATTERN_TH:
    case PATTERN_th:
        if (d->out->s[0] != '-' && !d->t->point)
            skip_others(d, 2);
        break;
    case PATTERN_MI:
        read_mark(d, "-");
        break;
    case PATTERN_PL:
        read_mark(d, "+");
        break;
    case PATTERN_SG:
        read_mark(d, "+-");
        break;
    default:
        break;
    }
}

/* V: so many digits were behind the point. */
static numeric_rc shift(const num_template *t, ds_numeric *out)
{
    const ds_numeric ten = numeric_of(10, 0), n = numeric_of(-t->multi, 0);
    ds_numeric factor;
    if (!t->v)
        return NUMERIC_OK;
    numeric_rc rc = numeric_power(&ten, &n, &factor);
    return rc == NUMERIC_OK ? numeric_mul(out, &factor, out) : rc;
}

/* What was read as a number; NULL, or the message why it is none. */
static const char *finish(reader *d, ds_numeric *out)
{
    const num_template *t = d->t;
    ds_slice s = {(const uint8_t *)d->out->s, d->out->len};
    if (s.ptr[s.len - 1] == '.')
        s.len--;
    numeric_rc rc = numeric_parse(s, out);
    if (rc == NUMERIC_SYNTAX)
        return ds_str_printf(d->out->arena,
                             "invalid input syntax for type numeric: \"%.*s\"",
                             (int)s.len, (const char *)s.ptr);
    int places = t->pre + t->multi + d->post;
    if (rc == NUMERIC_OK)
        rc = numeric_fit(out, ds_mod_numeric(places, d->post));
    if (rc == NUMERIC_RANGE)
        return "numeric field overflow";
    if (rc == NUMERIC_OK)
        rc = shift(t, out);
    return rc == NUMERIC_OK ? NULL : "a numeric has at most 38 digits";
}

static const char *read_all(const num_template *t, ds_slice in, ds_buf *b,
                            ds_numeric *out)
{
    reader d = {.t = t, .in = in, .out = b};
    if (t->roman)
        return "\"RN\" not supported for input";
    if (t->exponent)
        return "\"EEEE\" not supported for input";
    b->len = 0;
    ds_buf_add(b, " ", 1);
    for (uint32_t i = 0; i < t->n_items && !at_end(&d); i++)
        read_item(&d, &t->items[i]);
    return finish(&d, out);
}

void num_to_number(run *r, const run_step *s)
{
    const ds_slice *a = RUN_ARG(r, s, 0)->v.str;
    const ds_slice *b = RUN_ARG(r, s, 1)->v.str;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    num_templates last = {.text = DS_NULL_SLICE};
    ds_buf digits;
    ds_buf_init(&digits, r->ev->arena, 64);
    RUN_EACH_OK(r, s, i)
    {
        out[i] = numeric_of(0, 0);
        if (b[i].len == 0) {
            run_set_null(r, s->dst, i);
            continue;
        }
        const num_template *t = num_template_of(r, s, i, b[i], &last);
        const char *msg = t ? read_all(t, a[i], &digits, &out[i]) : NULL;
        if (msg)
            run_error(r, s, i, "E0702", "%s", msg);
    }
}
