/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nested_text.c - arrays and rows as text, and back: PostgreSQL's {1,"a b"} and
 * (1,"a b"), and JSON.
 */
#include <stdio.h>
#include <strings.h>

#include "record/nested.h"
#include "record/value.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ---- out ---- */

/* Whether a text must stand in quotes: empty, or with a character that means
 * something there. */
static bool needs_quotes(ds_slice s, const char *special)
{
    for (uint32_t i = 0; i < s.len; i++)
        if (is_space(s.ptr[i]) || (s.ptr[i] && strchr(special, s.ptr[i])))
            return true;
    return s.len == 0;
}

/* Rows in rows double each quote: a text that has become this long grows no
 * further. Nobody takes it. */
enum { QUOTED_MOST = 33 << 20 };

/* The bytes from `from` on are a value's text: puts it in quotes. */
static void quote(ds_buf *b, uint32_t from, bool array)
{
    uint32_t len = b->len - from;
    if (len > QUOTED_MOST)
        return;
    uint8_t *text = ds_arena_alloc(b->arena, len + 1, 1);
    memcpy(text, b->s + from, len);
    b->len = from;
    ds_buf_add(b, "\"", 1);
    for (uint32_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            ds_buf_add(b, array ? (const char *)"\\" : (const char *)&text[i],
                       1);
        ds_buf_add(b, &text[i], 1);
    }
    ds_buf_add(b, "\"", 1);
}

static void show_value(ds_buf *b, ds_type type, const ds_value *v, bool array)
{
    if (type == DS_BOOL) { /* boolout, not the cast to text */
        ds_buf_add(b, v->b ? "t" : "f", 1);
        return;
    }
    uint32_t from = b->len;
    ds_col c = {.v.p = v};
    ds_show_text(b, type, &c, 0);
    if (ds_type_phys(type) == DS_PHYS_I64 && type <= DS_I64)
        return;
    ds_slice s = {(const uint8_t *)b->s + from, b->len - from};
    bool null_word =
        array && s.len == 4 && strncasecmp((const char *)s.ptr, "null", 4) == 0;
    if (null_word || needs_quotes(s, array ? "{}\",\\" : "()\",\\"))
        quote(b, from, array);
}

void nested_show(ds_buf *b, ds_type type, ds_slice v)
{
    nested_iter it = nested_begin(type, v);
    bool array = it.fields == NULL, null;
    ds_value value;
    ds_type t;
    ds_buf_add(b, array ? "{" : "(", 1);
    for (uint32_t i = 0; nested_next(&it, &t, &null, &value); i++) {
        if (i > 0)
            ds_buf_add(b, ",", 1);
        if (!null)
            show_value(b, t, &value, array);
        else if (array)
            ds_buf_add(b, "NULL", 4);
    }
    ds_buf_add(b, array ? "}" : ")", 1);
}

void nested_show_json(ds_buf *b, ds_type type, ds_slice v)
{
    static const uint64_t no_value = 0;
    nested_iter it = nested_begin(type, v);
    bool array = it.fields == NULL, null;
    ds_value value;
    ds_type t;
    ds_buf_add(b, array ? "[" : "{", 1);
    for (uint32_t i = 0; nested_next(&it, &t, &null, &value); i++) {
        if (i > 0)
            ds_buf_add(b, ",", 1);
        if (!array) {
            ds_show_json_str(b, ds_slice_of(it.fields->fields[i].name));
            ds_buf_add(b, ":", 1);
        }
        ds_col c = {.valid = null ? &no_value : NULL, .v.p = &value};
        ds_show_json(b, t, &c, 0);
    }
    ds_buf_add(b, array ? "]" : "}", 1);
}

/* ---- in ---- */

/* Text being read: an array's or a row's. */
typedef struct reader {
    ds_slice text;
    uint32_t at;
    uint32_t shown; /* a message shows it from here on */
    bool array;
    ds_arena *arena;
    ds_buf word; /* the element at hand */
    bool quoted; /* it is not a NULL, whatever it looks like */
    const char **code;
} reader;

static const char *malformed(const reader *r)
{
    ds_slice s = {r->text.ptr + r->shown, r->text.len - r->shown};
    uint32_t n = s.len < 200 ? s.len : 200;
    while (n && n < s.len && (s.ptr[n] & 0xc0) == 0x80)
        n--;
    *r->code = "E0702";
    return ds_str_printf(r->arena, "malformed %s literal: \"%.*s\"",
                         r->array ? "array" : "record", (int)n,
                         (const char *)s.ptr);
}

static void skip_space(reader *r)
{
    while (r->at < r->text.len && is_space(r->text.ptr[r->at]))
        r->at++;
}

static int peek(const reader *r)
{
    return r->at < r->text.len ? r->text.ptr[r->at] : -1;
}

static bool take_char(reader *r, int c)
{
    bool found = peek(r) == c;
    r->at += found;
    return found;
}

/* Up to the closing quote. In a row two quotes are one. */
static bool take_quoted(reader *r)
{
    r->quoted = true;
    while (r->at < r->text.len) {
        uint8_t c = r->text.ptr[r->at++];
        if (c == '"' && (r->array || peek(r) != '"'))
            return true;
        if (c == '"' || c == '\\') {
            if (peek(r) < 0)
                return false;
            c = r->text.ptr[r->at++];
        }
        ds_buf_add(&r->word, &c, 1);
    }
    return false;
}

/* ---- arrays ---- */

/* An element without quotes: up to a comma or brace; blanks at its end do not
 * belong to it unless they were escaped. */
static bool take_bare(reader *r)
{
    uint32_t kept = 0;
    for (; r->at < r->text.len; r->at++) {
        uint8_t c = r->text.ptr[r->at];
        bool escaped = c == '\\';
        if (c == ',' || c == '}')
            break;
        if (c == '{' || c == '"')
            return false;
        if (escaped) {
            if (++r->at == r->text.len)
                return false;
            c = r->text.ptr[r->at];
            r->quoted = true;
        }
        ds_buf_add(&r->word, &c, 1);
        if (escaped || !is_space(c))
            kept = r->word.len;
    }
    r->word.len = kept;
    return kept > 0;
}

/* An element to r->word. */
static bool take_element(reader *r)
{
    ds_buf_init(&r->word, r->arena, 16);
    r->quoted = false;
    skip_space(r);
    if (!take_char(r, '"'))
        return take_bare(r);
    if (!take_quoted(r))
        return false;
    skip_space(r);
    return true;
}

/* "[1:3]=" in front: only bounds that say what is so anyway. */
static const char *take_bounds(reader *r, int64_t *n)
{
    *n = -1;
    skip_space(r);
    if (peek(r) != '[')
        return NULL;
    char buf[64];
    long long low = 1, high = 0;
    int used = 0;
    uint32_t left = r->text.len - r->at;
    uint32_t len = left < sizeof buf - 1 ? left : (uint32_t)sizeof buf - 1;
    memcpy(buf, r->text.ptr + r->at, len);
    buf[len] = 0;
    bool two = sscanf(buf, "[%9lld:%9lld]%n", &low, &high, &used) == 2;
    if (!two || !used) {
        low = 1;
        if (sscanf(buf, "[%9lld]%n", &high, &used) != 1 || !used)
            return malformed(r);
    }
    r->at += (uint32_t)used;
    skip_space(r);
    *r->code = "E0702";
    if (peek(r) == '[')
        return "multidimensional arrays are not supported";
    if (!take_char(r, '='))
        return malformed(r);
    skip_space(r);
    if (low != 1)
        return "arrays that begin at another position than 1 are not supported";
    if (high < 1)
        return malformed(r);
    *n = high;
    return NULL;
}

/* The texts of elements; a null slice for NULL. */
typedef struct words {
    ds_slice *list;
    uint32_t n, cap;
} words;

static void words_add(words *w, const reader *r)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 8;
        ds_slice *list = ds_new(r->arena, ds_slice, w->cap);
        if (w->n)
            memcpy(list, w->list, w->n * sizeof *list);
        w->list = list;
    }
    bool null = !r->quoted && r->word.len == 4 &&
                strncasecmp(r->word.s, "null", 4) == 0;
    w->list[w->n++] = null
                          ? DS_NULL_SLICE
                          : (ds_slice){(const uint8_t *)r->word.s, r->word.len};
}

/* The elements after the opening brace, up to the end of the text. Those of a
 * text that is malformed further on are not read: it is what is wrong. */
static const char *take_words(reader *r, words *w)
{
    skip_space(r);
    bool more = !take_char(r, '}');
    while (more) {
        skip_space(r);
        if (peek(r) == '{') {
            *r->code = "E0702";
            return "multidimensional arrays are not supported";
        }
        if (!take_element(r))
            return malformed(r);
        words_add(w, r);
        more = take_char(r, ',');
        if (!more && !take_char(r, '}'))
            return malformed(r);
    }
    skip_space(r);
    return r->at == r->text.len ? NULL : malformed(r);
}

const char *array_parse(ds_type elem, int32_t mod, ds_slice text, ds_arena *a,
                        ds_slice *out, const char **code)
{
    reader r = {.text = text, .array = true, .arena = a, .code = code};
    words w = {0};
    int64_t bound;
    const char *why = take_bounds(&r, &bound);
    uint32_t brace = r.at;
    if (!why && !take_char(&r, '{'))
        why = malformed(&r);
    r.shown = brace;
    if (!why)
        why = take_words(&r, &w);
    r.shown = 0;
    if (!why && bound >= 0 && bound != w.n)
        why = malformed(&r);
    if (why)
        return why;
    ds_value *values = ds_new(a, ds_value, w.n + 1);
    bool *nulls = ds_new(a, bool, w.n + 1);
    for (uint32_t i = 0; i < w.n && !why; i++) {
        nulls[i] = w.list[i].ptr == NULL;
        if (!nulls[i])
            why = ds_value_parse(elem, mod, w.list[i], DS_TIME_NONE, a,
                                 &values[i], code);
    }
    if (!why)
        *out = array_make(elem, values, nulls, w.n, a);
    return why;
}

/* ---- rows ---- */

/* A field up to a comma or parenthesis: parts of it may stand in quotes. */
static bool take_field(reader *r, bool *null)
{
    ds_buf_init(&r->word, r->arena, 16);
    *null = peek(r) == ',' || peek(r) == ')';
    for (;;) {
        int c = peek(r);
        if (c == ',' || c == ')')
            return true;
        if (c < 0)
            return false;
        r->at++;
        if (c == '"') {
            if (!take_quoted(r))
                return false;
            continue;
        }
        if (c == '\\') {
            c = peek(r);
            if (c < 0)
                return false;
            r->at++;
        }
        ds_buf_add(&r->word, &(uint8_t){(uint8_t)c}, 1);
    }
}

static const char *take_fields(reader *r, const ds_schema *fields,
                               ds_value *values, bool *nulls)
{
    for (uint32_t i = 0; i < fields->n; i++) {
        if ((i > 0 && !take_char(r, ',')) || !take_field(r, &nulls[i]))
            return malformed(r);
        if (nulls[i])
            continue;
        const ds_field *f = &fields->fields[i];
        ds_slice word = {(const uint8_t *)r->word.s, r->word.len};
        const char *why = ds_value_parse(f->type, f->mod, word, DS_TIME_NONE,
                                         r->arena, &values[i], r->code);
        if (why)
            return why;
    }
    return NULL;
}

const char *row_parse(ds_type row, ds_slice text, ds_arena *a, ds_slice *out,
                      const char **code)
{
    const ds_schema *fields = ds_row_fields(row);
    reader r = {.text = text, .arena = a, .code = code};
    ds_value *values = ds_new(a, ds_value, fields->n + 1);
    bool *nulls = ds_new(a, bool, fields->n + 1);
    skip_space(&r);
    if (!take_char(&r, '('))
        return malformed(&r);
    const char *why = take_fields(&r, fields, values, nulls);
    if (why)
        return why;
    if (!take_char(&r, ')'))
        return malformed(&r);
    skip_space(&r);
    if (r.at != r.text.len)
        return malformed(&r);
    *out = row_make(row, values, nulls, a);
    return NULL;
}
