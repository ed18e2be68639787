/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str_edit.c - functions that make a new text: replace, pad, overlay, codes.
 */
#include <stdio.h>
#include <utf8proc.h>

#include "expr/text.h"

static uint8_t *put(uint8_t *p, const uint8_t *from, uint32_t n)
{
    if (n)
        memcpy(p, from, n);
    return p + n;
}

static ds_slice replace(run *r, const run_step *s, uint32_t i)
{
    ds_slice a = ARG_STR(0)[i], from = ARG_STR(1)[i], to = ARG_STR(2)[i];
    ds_slice out = a;
    uint64_t n = 0;
    if (from.len == 0)
        return a;
    for (uint32_t at = text_find(a, from, 0); at != TEXT_NOWHERE;
         at = text_find(a, from, at + from.len))
        n++;
    uint64_t len = a.len + n * to.len - n * from.len;
    if (n == 0 || !text_fits(r, s, i, len, &out))
        return out;
    uint8_t *p = run_bytes(r, len);
    out = (ds_slice){p, (uint32_t)len};
    uint32_t done = 0;
    for (uint32_t at = text_find(a, from, 0); at != TEXT_NOWHERE;
         at = text_find(a, from, done)) {
        p = put(p, a.ptr + done, at - done);
        p = put(p, to.ptr, to.len);
        done = at + from.len;
    }
    put(p, a.ptr + done, a.len - done);
    return out;
}

void str_replace(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = replace(r, s, i);
}

void str_repeat(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        int64_t n = ARG_I64(1)[i] > 0 ? ARG_I64(1)[i] : 0;
        out[i] = text_empty;
        if (n == 0 || a.len == 0)
            continue;
        if (!text_fits(r, s, i, n > TEXT_MAX ? TEXT_MAX : (uint64_t)n * a.len,
                       &out[i]))
            continue;
        uint8_t *p = run_bytes(r, (size_t)n * a.len);
        for (int64_t k = 0; k < n; k++)
            memcpy(p + (size_t)k * a.len, a.ptr, a.len);
        out[i] = (ds_slice){p, (uint32_t)(n * a.len)};
    }
}

/* ---- lpad, rpad ---- */

/* n characters of `fill`, over and over. */
static uint8_t *put_fill(uint8_t *p, ds_slice fill, int64_t n)
{
    for (uint32_t at = 0; n > 0; n--) {
        uint32_t len = text_char_at(fill, at);
        p = put(p, fill.ptr + at, len);
        at += len;
        if (at >= fill.len)
            at = 0;
    }
    return p;
}

static ds_slice pad(run *r, const run_step *s, uint32_t i, bool left)
{
    static const ds_slice space = {(const uint8_t *)" ", 1};
    ds_slice a = ARG_STR(0)[i], fill = s->n_args > 2 ? ARG_STR(2)[i] : space;
    ds_slice out = text_empty;
    int64_t want = ARG_I64(1)[i], have = text_chars(a);
    if (want <= 0)
        return out;
    if (want <= have || fill.len == 0)
        return (ds_slice){a.ptr, text_byte_of(a, want)};
    if (!text_fits(r, s, i, (uint64_t)want, &out))
        return out;
    uint64_t bytes = (uint64_t)(want - have) * 4 + a.len;
    if (!text_fits(r, s, i, bytes / 4, &out))
        return out;
    uint8_t *p = run_bytes(r, bytes);
    out.ptr = p;
    if (!left)
        p = put(p, a.ptr, a.len);
    p = put_fill(p, fill, want - have);
    if (left)
        p = put(p, a.ptr, a.len);
    out.len = (uint32_t)(p - out.ptr);
    return out;
}

void str_lpad(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = pad(r, s, i, true);
}

void str_rpad(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = pad(r, s, i, false);
}

/* ---- translate ---- */

/* Which character of `from` it is: the byte where it begins and its number, or
 * false. */
static bool which_char(ds_slice from, const uint8_t *c, uint32_t n,
                       int64_t *number)
{
    *number = 0;
    for (uint32_t at = 0; at < from.len; (*number)++) {
        uint32_t len = text_char_at(from, at);
        if (len == n && memcmp(from.ptr + at, c, n) == 0)
            return true;
        at += len;
    }
    return false;
}

static ds_slice translate(run *r, const run_step *s, uint32_t i)
{
    ds_slice a = ARG_STR(0)[i], from = ARG_STR(1)[i], to = ARG_STR(2)[i];
    ds_slice out = text_empty;
    if (!text_fits(r, s, i, a.len, &out) ||
        !text_quick(r, s, i, a.len, from.len))
        return out;
    uint8_t *p = run_bytes(r, (size_t)a.len * 4);
    out.ptr = p;
    for (uint32_t at = 0; at < a.len;) {
        uint32_t n = text_char_at(a, at);
        int64_t number;
        if (!which_char(from, a.ptr + at, n, &number)) {
            p = put(p, a.ptr + at, n);
        } else {
            uint32_t k = text_byte_of(to, number);
            if (k < to.len)
                p = put(p, to.ptr + k, text_char_at(to, k));
        }
        at += n;
    }
    out.len = (uint32_t)(p - out.ptr);
    return out;
}

void str_translate(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = translate(r, s, i);
}

/* ---- overlay ---- */

/* The text before character (or byte) `from`, the new part, the text after
 * the `n` that it replaces; n may be negative. */
static ds_slice overlay(run *r, const run_step *s, uint32_t i, bool bytes)
{
    ds_slice a = ARG_STR(0)[i], part = ARG_STR(1)[i], out = text_empty;
    int64_t from = ARG_I64(2)[i];
    int64_t n = s->n_args > 3 ? ARG_I64(3)[i]
                : bytes       ? part.len
                              : text_chars(part);
    if (from <= 0) {
        run_error(r, s, i, "E0704", "negative substring length not allowed");
        return out;
    }
    if (from + n > INT32_MAX || from + n < INT32_MIN) {
        run_error(r, s, i, "E0701", "integer out of range");
        return out;
    }
    int64_t after = from + n < 1 ? 0 : from + n - 1;
    uint32_t head, tail;
    if (bytes) {
        head = from - 1 < a.len ? (uint32_t)(from - 1) : a.len;
        tail = after < a.len ? (uint32_t)after : a.len;
    } else {
        head = text_byte_of(a, from - 1);
        tail = text_byte_of(a, after);
    }
    uint64_t len = (uint64_t)head + part.len + (a.len - tail);
    if (!text_fits(r, s, i, len, &out))
        return out;
    uint8_t *p = run_bytes(r, len);
    out = (ds_slice){p, (uint32_t)len};
    p = put(p, a.ptr, head);
    p = put(p, part.ptr, part.len);
    put(p, a.ptr + tail, a.len - tail);
    return out;
}

void str_overlay(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = overlay(r, s, i, false);
}

void bytes_overlay(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = overlay(r, s, i, true);
}

/* ---- codes of characters ---- */

void str_ascii(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        uint32_t at = 0;
        out[i] = ARG_STR(0)[i].len ? text_get_char(ARG_STR(0)[i], &at) : 0;
    }
}

void str_chr(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        int64_t c = ARG_I64(0)[i];
        out[i] = text_empty;
        if (c < 0)
            run_error(r, s, i, "E0704", "character number must be positive");
        else if (c == 0)
            run_error(r, s, i, "E0704", "null character not permitted");
        else if (c > 0x10ffff)
            run_error(r, s, i, "E0704",
                      "requested character too large for encoding: %u",
                      (unsigned)c);
        else if (c >= 0xd800 && c < 0xe000)
            run_error(r, s, i, "E0704",
                      "requested character not valid for encoding: %u",
                      (unsigned)c);
        else {
            uint8_t *p = run_bytes(r, 4);
            out[i] = (ds_slice){p, text_put_char((int32_t)c, p)};
        }
    }
}

/* ---- unistr ---- */

static bool hex_digits(ds_slice a, uint32_t at, uint32_t n, uint32_t *code)
{
    *code = 0;
    if (at + n > a.len)
        return false;
    for (uint32_t i = at; i < at + n; i++) {
        uint8_t c = a.ptr[i];
        uint32_t v;
        if (c >= '0' && c <= '9')
            v = c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            v = (c | 0x20u) - 'a' + 10;
        else
            return false;
        *code = *code << 4 | v;
    }
    return true;
}

/* After a backslash: XXXX, uXXXX, +XXXXXX, UXXXXXXXX. Bytes read, 0: wrong. */
static uint32_t escape_read(ds_slice a, uint32_t at, uint32_t *code)
{
    if (hex_digits(a, at, 4, code))
        return 4;
    if (at >= a.len)
        return 0;
    if (a.ptr[at] == 'u' && hex_digits(a, at + 1, 4, code))
        return 5;
    if (a.ptr[at] == '+' && hex_digits(a, at + 1, 6, code))
        return 7;
    if (a.ptr[at] == 'U' && hex_digits(a, at + 1, 8, code))
        return 9;
    return 0;
}

typedef struct unistr_state {
    uint8_t *p;
    uint32_t high; /* first half of a pair */
    const char *why;
    uint32_t code;
} unistr_state;

static bool unistr_code(unistr_state *u, uint32_t code)
{
    bool low = code >= 0xdc00 && code < 0xe000;
    u->code = code;
    if (code == 0 || code > 0x10ffff) {
        u->why = "code point";
        return false;
    }
    if (low != (u->high != 0)) {
        u->why = "surrogate pair";
        return false;
    }
    if (code >= 0xd800 && code < 0xdc00) {
        u->high = code;
        return true;
    }
    if (low)
        code = 0x10000 + ((u->high & 0x3ff) << 10 | (code & 0x3ff));
    u->high = 0;
    u->p += text_put_char((int32_t)code, u->p);
    return true;
}

static bool unistr(unistr_state *u, ds_slice a)
{
    for (uint32_t at = 0; at < a.len;) {
        uint32_t code, n;
        bool escape = a.ptr[at] == '\\';
        bool twice = escape && at + 1 < a.len && a.ptr[at + 1] == '\\';
        if (!escape || twice) {
            if (u->high) {
                u->why = "surrogate pair";
                return false;
            }
            *u->p++ = a.ptr[at];
            at += twice ? 2 : 1;
            continue;
        }
        n = escape_read(a, at + 1, &code);
        if (n == 0) {
            u->why = "escape";
            return false;
        }
        if (!unistr_code(u, code))
            return false;
        at += n + 1;
    }
    u->why = "surrogate pair";
    return u->high == 0;
}

void str_unistr(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        uint8_t *p = run_bytes(r, a.len);
        unistr_state u = {.p = p};
        out[i] = text_empty;
        if (unistr(&u, a))
            out[i] = (ds_slice){p, (uint32_t)(u.p - p)};
        else if (strcmp(u.why, "code point") == 0)
            run_error(r, s, i, "E0704", "invalid Unicode code point: %04X",
                      u.code);
        else
            run_error(r, s, i, "E0704", "invalid Unicode %s", u.why);
    }
}

/* ---- normalize ---- */

static bool form_read(ds_slice form, int *options)
{
    static const struct {
        const char *name;
        int options;
    } forms[] = {
        {"NFC", UTF8PROC_COMPOSE},
        {"NFD", UTF8PROC_DECOMPOSE},
        {"NFKC", UTF8PROC_COMPOSE | UTF8PROC_COMPAT},
        {"NFKD", UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (form.len != strlen(forms[i].name))
            continue;
        uint32_t k = 0;
        while (k < form.len && (form.ptr[k] & ~0x20) == forms[i].name[k])
            k++;
        if (k == form.len) {
            *options = forms[i].options | UTF8PROC_STABLE;
            return true;
        }
    }
    return false;
}

static bool is_ascii(ds_slice a)
{
    uint8_t high = 0;
    for (uint32_t i = 0; i < a.len; i++)
        high |= a.ptr[i];
    return high < 0x80;
}

static ds_slice normal_form(run *r, ds_slice a, int options)
{
    if (is_ascii(a))
        return a;
    size_t room = (size_t)a.len * 4 + 16;
    utf8proc_int32_t *codes;
    utf8proc_ssize_t n;
    for (;;) {
        codes = ds_new(r->ev->arena, utf8proc_int32_t, room);
        n = utf8proc_decompose(a.ptr, (utf8proc_ssize_t)a.len, codes,
                               (utf8proc_ssize_t)room - 1,
                               (utf8proc_option_t)options);
        if (n < 0 || (size_t)n < room)
            break;
        room = (size_t)n + 16;
    }
    if (n < 0)
        return a;
    n = utf8proc_reencode(codes, n, (utf8proc_option_t)options);
    return n < 0 ? a : (ds_slice){(const uint8_t *)codes, (uint32_t)n};
}

/* The form that row i asks for; NFC if there is no argument. */
static bool form_of(run *r, const run_step *s, uint32_t i, int *options)
{
    *options = UTF8PROC_COMPOSE | UTF8PROC_STABLE;
    if (s->n_args < 2 || form_read(ARG_STR(1)[i], options))
        return true;
    run_error(r, s, i, "E0704", "invalid normalization form: %.*s",
              (int)ARG_STR(1)[i].len, (const char *)ARG_STR(1)[i].ptr);
    return false;
}

void str_normalize(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        int options;
        out[i] = text_empty;
        if (form_of(r, s, i, &options))
            out[i] = normal_form(r, ARG_STR(0)[i], options);
    }
}

void str_is_normalized(run *r, const run_step *s)
{
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH_OK(r, s, i)
    {
        int options;
        ds_slice a = ARG_STR(0)[i];
        out[i] = 0;
        if (!form_of(r, s, i, &options))
            continue;
        ds_slice n = normal_form(r, a, options);
        out[i] =
            n.len == a.len && (n.len == 0 || memcmp(n.ptr, a.ptr, n.len) == 0);
    }
}
