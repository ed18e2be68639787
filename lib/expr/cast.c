/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cast.c - values of one type as another, as PostgreSQL reads and writes them.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "dstream/clock.h"
#include "expr/func.h"
#include "record/show.h"

/* ---- from text ---- */

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static ds_slice trim_space(ds_slice s)
{
    while (s.len && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static bool bool_word(ds_slice s, const char *word, uint32_t least)
{
    return s.len >= least && s.len <= strlen(word) &&
           strncasecmp((const char *)s.ptr, word, s.len) == 0;
}

/* Any unambiguous beginning of true, false, yes, no; on, off, 1, 0. */
static bool parse_bool(ds_slice s, uint8_t *out)
{
    s = trim_space(s);
    if (bool_word(s, "true", 1) || bool_word(s, "yes", 1) ||
        bool_word(s, "on", 2) || bool_word(s, "1", 1))
        *out = 1;
    else if (bool_word(s, "false", 1) || bool_word(s, "no", 1) ||
             bool_word(s, "off", 2) || bool_word(s, "0", 1))
        *out = 0;
    else
        return false;
    return true;
}

typedef enum parse_rc { PARSE_OK, PARSE_SYNTAX, PARSE_RANGE } parse_rc;

static parse_rc parse_i64(ds_slice s, int64_t *out)
{
    s = trim_space(s);
    bool minus = s.len && s.ptr[0] == '-';
    uint32_t i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+');
    if (i == s.len)
        return PARSE_SYNTAX;
    int64_t v = 0;
    bool over = false;
    for (; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return PARSE_SYNTAX;
        /* Counted downwards: there is one more negative number. */
        over |= __builtin_mul_overflow(v, 10, &v) ||
                __builtin_sub_overflow(v, s.ptr[i] - '0', &v);
    }
    if (!minus)
        over |= __builtin_sub_overflow(0, v, &v);
    *out = v;
    return over ? PARSE_RANGE : PARSE_OK;
}

static parse_rc parse_f64(ds_slice s, double *out, ds_arena *a)
{
    char room[64];
    s = trim_space(s);
    if (s.len == 0)
        return PARSE_SYNTAX;
    char *text = room;
    if (s.len >= sizeof room)
        text = ds_strn_copy(a, (const char *)s.ptr, s.len);
    else {
        memcpy(room, s.ptr, s.len);
        room[s.len] = 0;
    }
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    if (end != text + s.len || strchr(text, '('))
        return PARSE_SYNTAX;
    bool over = errno == ERANGE && (*out == 0 || isinf(*out));
    return over ? PARSE_RANGE : PARSE_OK;
}

/* Shaped like a date, but there is no such day or hour. */
static bool looks_like_time(ds_slice s)
{
    uint32_t digits = 0, dashes = 0;
    for (uint32_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        digits += c >= '0' && c <= '9';
        dashes += c == '-';
        if (!((c >= '0' && c <= '9') || strchr("-+:. TZ", c)))
            return false;
    }
    return digits >= 6 && dashes >= 2 && s.len && s.ptr[0] >= '0' &&
           s.ptr[0] <= '9';
}

static parse_rc parse_ts(ds_slice s, ds_time *out)
{
    s = trim_space(s);
    if (s.len == 5 && strncasecmp((const char *)s.ptr, "epoch", 5) == 0) {
        *out = 0;
        return PARSE_OK;
    }
    if (ds_time_parse(s, out))
        return PARSE_OK;
    return looks_like_time(s) ? PARSE_RANGE : PARSE_SYNTAX;
}

/* A value in a message: bounded, and cut between characters. */
static int shown(ds_slice s)
{
    uint32_t n = s.len < 200 ? s.len : 200;
    while (n && n < s.len && (s.ptr[n] & 0xc0) == 0x80)
        n--;
    return (int)n;
}

static const char *int_name(int width)
{
    return width == 2 ? "smallint" : width == 4 ? "integer" : "bigint";
}

static const char *parse_int(int width, ds_slice s, tx_value *out, ds_arena *a,
                             const char **code)
{
    parse_rc rc = parse_i64(s, &out->i);
    if (rc == PARSE_OK && ((width == 4 && out->i != (int32_t)out->i) ||
                           (width == 2 && out->i != (int16_t)out->i)))
        rc = PARSE_RANGE;
    if (rc == PARSE_OK)
        return NULL;
    *code = rc == PARSE_RANGE ? "E0701" : "E0702";
    const char *p = (const char *)s.ptr;
    if (rc == PARSE_RANGE)
        return ds_str_printf(a, "value \"%.*s\" is out of range for type %s",
                             shown(s), p, int_name(width));
    return ds_str_printf(a, "invalid input syntax for type %s: \"%.*s\"",
                         int_name(width), shown(s), p);
}

const char *cast_parse(ds_type type, int width, ds_slice s, tx_value *out,
                       ds_arena *a, const char **code)
{
    parse_rc rc = PARSE_OK;
    switch ((int)type) {
    case DS_BOOL:
        rc = parse_bool(s, &out->b) ? PARSE_OK : PARSE_SYNTAX;
        break;
    case DS_I64:
        return parse_int(width, s, out, a, code);
    case DS_F64:
        rc = parse_f64(s, &out->f, a);
        break;
    case DS_TS:
        rc = parse_ts(s, &out->i);
        break;
    case DS_IV:
        rc = interval_parse(s, &out->iv) ? PARSE_OK : PARSE_SYNTAX;
        break;
    default:
        out->s = s;
    }
    if (rc == PARSE_OK)
        return NULL;
    *code = rc == PARSE_RANGE ? "E0701" : "E0702";
    int n = shown(s);
    const char *p = (const char *)s.ptr;
    if (rc == PARSE_SYNTAX)
        return ds_str_printf(a, "invalid input syntax for type %s: \"%.*s\"",
                             tx_type_name(type), n, p);
    if (type == DS_TS)
        return ds_str_printf(a, "date/time field value out of range: \"%.*s\"",
                             n, p);
    return ds_str_printf(a, "\"%.*s\" is out of range for type %s", n, p,
                         tx_type_name(type));
}

static void from_text(run *r, const run_step *s, ds_type type, int width)
{
    const ds_slice *a = RUN_ARG(r, s, 0)->v.str;
    run_reg *d = RUN_DST(r, s);
    RUN_EACH_OK(r, s, i)
    {
        tx_value v = {.i = 0};
        const char *code = NULL;
        const char *msg =
            cast_parse(type, width, a[i], &v, r->ev->arena, &code);
        if (msg) {
            run_error(r, s, i, code, "%s", msg);
            v.i = 0;
        }
        if (type == DS_BOOL)
            d->v.b[i] = v.b;
        else if (type == DS_F64)
            d->v.f64[i] = v.f;
        else
            d->v.i64[i] = v.i;
    }
}

void cast_text_bool(run *r, const run_step *s)
{
    from_text(r, s, DS_BOOL, 0);
}

void cast_text_i64(run *r, const run_step *s)
{
    from_text(r, s, DS_I64, 8);
}

void cast_text_narrow4(run *r, const run_step *s)
{
    from_text(r, s, DS_I64, 4);
}

void cast_text_narrow2(run *r, const run_step *s)
{
    from_text(r, s, DS_I64, 2);
}

void cast_text_f64(run *r, const run_step *s)
{
    from_text(r, s, DS_F64, 0);
}

void cast_text_ts(run *r, const run_step *s)
{
    from_text(r, s, DS_TS, 0);
}

/* ---- to text ---- */

/* All rows into one buffer; it may move while it grows, so the slices are set
 * afterwards. */
static void to_text(run *r, const run_step *s, ds_type type)
{
    const run_reg *a = RUN_ARG(r, s, 0);
    ds_slice *out = RUN_DST(r, s)->v.str;
    ds_col c = {.v.p = a->v.p};
    ds_buf b;
    ds_buf_init(&b, r->ev->arena, 16 * r->sels[s->sel].n + 16);
    RUN_EACH_OK(r, s, i)
    {
        uint32_t from = b.len;
        ds_show_text(&b, type, &c, i);
        out[i].len = b.len - from;
    }
    const uint8_t *p = (const uint8_t *)b.s;
    RUN_EACH_OK(r, s, i)
    {
        out[i].ptr = p;
        p += out[i].len;
    }
}

void cast_to_text_bool(run *r, const run_step *s)
{
    to_text(r, s, DS_BOOL);
}

void cast_to_text_i64(run *r, const run_step *s)
{
    to_text(r, s, DS_I64);
}

void cast_to_text_f64(run *r, const run_step *s)
{
    to_text(r, s, DS_F64);
}

void cast_to_text_ts(run *r, const run_step *s)
{
    to_text(r, s, DS_TS);
}

void cast_to_text_bytes(run *r, const run_step *s)
{
    to_text(r, s, DS_BYTES);
}

/* "t" and "f": what concat() writes. */
void cast_bool_out(run *r, const run_step *s)
{
    const uint8_t *a = RUN_ARG(r, s, 0)->v.b;
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH(r, s, i)
    out[i] = (ds_slice){(const uint8_t *)(a[i] ? "t" : "f"), 1};
}

/* ---- between numbers ---- */

void cast_i64_f64(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH(r, s, i)
    out[i] = (double)a[i];
}

void cast_f64_i64(run *r, const run_step *s)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        double x = rint(a[i]);
        out[i] = 0;
        if (isnan(x) || x < -0x1p63 || x >= 0x1p63)
            run_error(r, s, i, "E0701", "bigint out of range");
        else
            out[i] = (int64_t)x;
    }
}

void cast_i64_bool(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH(r, s, i)
    out[i] = a[i] != 0;
}

void cast_bool_i64(run *r, const run_step *s)
{
    const uint8_t *a = RUN_ARG(r, s, 0)->v.b;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH(r, s, i)
    out[i] = a[i] != 0;
}

static void narrow(run *r, const run_step *s, int64_t most, const char *name)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = a[i];
        if (a[i] > most || a[i] < -most - 1)
            run_error(r, s, i, "E0701", "%s out of range", name);
    }
}

void cast_narrow2(run *r, const run_step *s)
{
    narrow(r, s, INT16_MAX, "smallint");
}

void cast_narrow4(run *r, const run_step *s)
{
    narrow(r, s, INT32_MAX, "integer");
}
