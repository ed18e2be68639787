/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_any.c - functions that write values of any type: concat, format.
 *
 * They write booleans as t and f, as PostgreSQL's output function does; a cast
 * to text says true and false.
 */
#include "expr/text.h"
#include "record/value.h"

bool text_null_arg(const run *r, const run_step *s, uint32_t k, uint32_t row)
{
    return s->types[k] == DS_NONE || run_is_null(RUN_ARG(r, s, k), row);
}

ds_slice text_of_arg(const run *r, const run_step *s, uint32_t k, uint32_t row,
                     ds_buf *b)
{
    const run_reg *g = RUN_ARG(r, s, k);
    if (s->types[k] == DS_STR)
        return g->v.str[row];
    uint32_t at = b->len;
    ds_col c = {.valid = g->valid, .v.p = g->v.p};
    ds_show_text(b, s->types[k], &c, row);
    return (ds_slice){(const uint8_t *)b->s + at, b->len - at};
}

static void put_arg(const run *r, const run_step *s, uint32_t k, uint32_t row,
                    ds_buf *b)
{
    if (s->types[k] == DS_BOOL) {
        ds_buf_str(b, RUN_ARG(r, s, k)->v.b[row] ? "t" : "f");
        return;
    }
    uint32_t at = b->len;
    ds_slice text = text_of_arg(r, s, k, row, b);
    if (b->len == at)
        ds_buf_add(b, text.ptr, text.len);
}

static ds_slice finish(run *r, const run_step *s, uint32_t i, const ds_buf *b)
{
    ds_slice out = {(const uint8_t *)b->s, b->len};
    (void)text_fits(r, s, i, b->len, &out);
    return out;
}

/* ---- concat, concat_ws ---- */

/* A guess at the length, so that the buffer seldom grows. */
static uint32_t room(const run *r, const run_step *s, uint32_t row)
{
    uint64_t n = 16;
    for (uint32_t k = 0; k < s->n_args; k++)
        n += s->types[k] != DS_STR         ? 24
             : text_null_arg(r, s, k, row) ? 0
                                           : ARG_STR(k)[row].len + 8u;
    return n < TEXT_MAX ? (uint32_t)n : TEXT_MAX;
}

static bool too_long(const ds_buf *b)
{
    return b->len > TEXT_MAX;
}

static ds_slice concat(run *r, const run_step *s, uint32_t i, uint32_t first,
                       ds_slice sep)
{
    ds_buf b;
    bool any = false;
    ds_buf_init(&b, r->ev->arena, room(r, s, i));
    for (uint32_t k = first; k < s->n_args && !too_long(&b); k++) {
        if (text_null_arg(r, s, k, i))
            continue;
        if (any && sep.len)
            ds_buf_add(&b, sep.ptr, sep.len);
        put_arg(r, s, k, i, &b);
        any = true;
    }
    return finish(r, s, i, &b);
}

void text_concat(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    out[i] = concat(r, s, i, 0, text_empty);
}

void text_concat_ws(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        if (text_null_arg(r, s, 0, i))
            run_set_null(r, s->dst, i);
        else
            out[i] = concat(r, s, i, 1, ARG_STR(0)[i]);
    }
}

/* ---- format ---- */

typedef struct format {
    run *r;
    const run_step *s;
    uint32_t row;
    ds_slice text;
    uint32_t at;
    uint32_t arg; /* the last one that was used; 0: the text itself */
    ds_buf out;
    const char *why; /* static, or in the arena */
} format;

/* One %…: where its value and its width come from. */
typedef struct format_spec {
    int64_t arg;       /* n$, or -1 */
    int64_t width_arg; /* *n$; 0: the next one; -1: none */
    int64_t width;
    bool left;
} format_spec;

static bool format_fail(format *f, const char *why)
{
    f->why = why;
    return false;
}

static bool format_more(format *f)
{
    if (++f->at < f->text.len)
        return true;
    return format_fail(f, "unterminated format() type specifier");
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Digits, if there are any; *found tells. */
static bool format_number(format *f, int64_t *value, bool *found)
{
    int64_t n = 0;
    *found = false;
    while (is_digit(f->text.ptr[f->at])) {
        n = n * 10 + (f->text.ptr[f->at] - '0');
        if (n > INT32_MAX)
            return format_fail(f, "number is out of range");
        *found = true;
        if (!format_more(f))
            return false;
    }
    *value = n;
    return true;
}

static bool format_position(format *f, int64_t n)
{
    if (n > 0)
        return true;
    return format_fail(f, "format specifies argument 0, but arguments are "
                          "numbered from 1");
}

static bool format_width(format *f, format_spec *p)
{
    bool found;
    if (f->text.ptr[f->at] != '*') {
        return format_number(f, &p->width, &found);
    }
    if (!format_more(f) || !format_number(f, &p->width_arg, &found))
        return false;
    if (!found) {
        p->width_arg = 0;
        return true;
    }
    if (f->text.ptr[f->at] != '$')
        return format_fail(f, "width argument position must be ended by \"$\"");
    return format_position(f, p->width_arg) && format_more(f);
}

/* After the %: position, flags, width; leaves `at` at the type. */
static bool format_read(format *f, format_spec *p)
{
    int64_t n;
    bool found;
    *p = (format_spec){.arg = -1, .width_arg = -1};
    if (!format_number(f, &n, &found))
        return false;
    if (found && f->text.ptr[f->at] != '$') {
        p->width = n;
        return true;
    }
    if (found) {
        p->arg = n;
        if (!format_position(f, n) || !format_more(f))
            return false;
    }
    while (f->text.ptr[f->at] == '-') {
        p->left = true;
        if (!format_more(f))
            return false;
    }
    return format_width(f, p);
}

static bool format_take(format *f, int64_t want, uint32_t *k)
{
    int64_t n = want > 0 ? want : (int64_t)f->arg + 1;
    if (n >= f->s->n_args)
        return format_fail(f, "too few arguments for format()");
    f->arg = (uint32_t)n;
    *k = (uint32_t)n;
    return true;
}

static bool format_int(format *f, uint32_t k, int64_t *out)
{
    ds_type t = f->s->types[k];
    ds_buf b;
    ds_value v;
    const char *code;
    *out = 0;
    if (text_null_arg(f->r, f->s, k, f->row))
        return true;
    if (t == DS_I16 || t == DS_I32) {
        *out = RUN_ARG(f->r, f->s, k)->v.i64[f->row];
        return true;
    }
    ds_buf_init(&b, f->r->ev->arena, 32);
    put_arg(f->r, f->s, k, f->row, &b);
    const char *why =
        ds_value_parse(DS_I32, 0, (ds_slice){(const uint8_t *)b.s, b.len}, 0,
                       f->r->ev->arena, &v, &code);
    if (why)
        return format_fail(f, why);
    *out = v.i;
    return true;
}

static bool format_value(format *f, uint32_t k, uint8_t type, ds_buf *b)
{
    if (text_null_arg(f->r, f->s, k, f->row)) {
        if (type == 'I')
            return format_fail(f, "null values cannot be formatted as an SQL "
                                  "identifier");
        if (type == 'L')
            ds_buf_str(b, "NULL");
        return true;
    }
    if (type == 's') {
        put_arg(f->r, f->s, k, f->row, b);
        return true;
    }
    ds_buf value;
    ds_buf_init(&value, f->r->ev->arena, 32);
    put_arg(f->r, f->s, k, f->row, &value);
    ds_slice text = {(const uint8_t *)value.s, value.len};
    if (type == 'I')
        text_quote_ident(b, text);
    else
        text_quote_literal(b, text);
    return true;
}

static bool format_pad(format *f, const format_spec *p, const ds_buf *value)
{
    bool left = p->left || p->width < 0;
    int64_t width = p->width < 0 ? -p->width : p->width;
    ds_slice text = {(const uint8_t *)value->s, value->len};
    int64_t fill = width - text_chars(text);
    if (p->width == INT32_MIN)
        return format_fail(f, "number is out of range");
    if (width > TEXT_MAX)
        return format_fail(f, "requested length too large");
    if (left)
        ds_buf_add(&f->out, text.ptr, text.len);
    for (; fill > 0; fill--)
        ds_buf_str(&f->out, " ");
    if (!left)
        ds_buf_add(&f->out, text.ptr, text.len);
    return true;
}

static bool format_one(format *f)
{
    format_spec p;
    uint32_t k;
    if (!format_more(f))
        return false;
    if (f->text.ptr[f->at] == '%') {
        ds_buf_str(&f->out, "%");
        f->at++;
        return true;
    }
    if (!format_read(f, &p))
        return false;
    uint8_t type = f->text.ptr[f->at];
    if (type != 's' && type != 'I' && type != 'L') {
        uint32_t n = text_char_at(f->text, f->at);
        return format_fail(
            f, ds_str_printf(f->r->ev->arena,
                             "unrecognized format() type specifier \"%.*s\"",
                             (int)n, (const char *)f->text.ptr + f->at));
    }
    f->at++;
    if (p.width_arg >= 0 &&
        (!format_take(f, p.width_arg, &k) || !format_int(f, k, &p.width)))
        return false;
    ds_buf value;
    ds_buf_init(&value, f->r->ev->arena, 32);
    return format_take(f, p.arg, &k) && format_value(f, k, type, &value) &&
           format_pad(f, &p, &value);
}

static bool format_all(format *f)
{
    while (f->at < f->text.len && !too_long(&f->out)) {
        const uint8_t *p = f->text.ptr + f->at;
        const uint8_t *next = memchr(p, '%', f->text.len - f->at);
        uint32_t n = next ? (uint32_t)(next - p) : f->text.len - f->at;
        ds_buf_add(&f->out, p, n);
        f->at += n;
        if (next && !format_one(f))
            return false;
    }
    return true;
}

void text_format(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        if (text_null_arg(r, s, 0, i)) {
            run_set_null(r, s->dst, i);
            continue;
        }
        format f = {.r = r, .s = s, .row = i, .text = ARG_STR(0)[i]};
        ds_buf_init(&f.out, r->ev->arena, room(r, s, i));
        out[i] = text_empty;
        if (format_all(&f))
            out[i] = finish(r, s, i, &f.out);
        else
            run_error(r, s, i, "E0704", "%s", f.why);
    }
}
