/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.c - functions on text. Results that are parts of their argument point
 * into it; the others of a vector share one allocation.
 */
#include <utf8proc.h>

#include "expr/regex.h"
#include "expr/text.h"
#include "expr/words.h"

int64_t text_chars(ds_slice s)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < s.len; i++)
        n += text_is_start(s.ptr[i]);
    return n;
}

uint32_t text_byte_of(ds_slice s, int64_t n)
{
    uint32_t i = 0;
    while (n > 0 && i < s.len) {
        i += text_char_len(s.ptr[i]);
        n--;
    }
    return i < s.len ? i : s.len;
}

/* Where the first and the last byte of `b` stand at their distance; after some
 * places that were wrong, memmem, whose time is linear. */
static const uint8_t *find_ends(const uint8_t *p, uint32_t n, ds_slice b)
{
    const uint64_t first = eight_of(b.ptr[0]);
    const uint64_t last = eight_of(b.ptr[b.len - 1]);
    uint32_t places = n - b.len + 1, wrong = 0;
    if (places < 8)
        return memmem(p, n, b.ptr, b.len);
    for (uint32_t i = 0;;) {
        uint64_t hits = zero_bytes((load8(p + i) ^ first) |
                                   (load8(p + i + b.len - 1) ^ last));
        for (; hits; hits &= hits - 1) {
            const uint8_t *at = p + i + __builtin_ctzll(hits) / 8;
            if (words_eq(at, b.ptr, b.len))
                return at;
            wrong++;
        }
        if (i + 8 == places)
            return NULL;
        if (wrong > 64)
            return memmem(p + i, n - i, b.ptr, b.len);
        i = i + 16 <= places ? i + 8 : places - 8; /* the last ones overlap */
    }
}

uint32_t text_find(ds_slice a, ds_slice b, uint32_t from)
{
    if (from > a.len)
        return TEXT_NOWHERE;
    if (b.len == 0)
        return from;
    if (a.len - from < b.len)
        return TEXT_NOWHERE;
    const uint8_t *p = b.len == 1 ? memchr(a.ptr + from, b.ptr[0], a.len - from)
                                  : find_ends(a.ptr + from, a.len - from, b);
    return p ? (uint32_t)(p - a.ptr) : TEXT_NOWHERE;
}

bool text_fits(run *r, const run_step *s, uint32_t row, uint64_t len,
               ds_slice *out)
{
    if (len < TEXT_MAX && run_may(r, s, row, len))
        return true;
    *out = text_empty;
    if (len < TEXT_MAX)
        return false;
    run_error(r, s, row, "E0704", "requested length too large");
    return false;
}

bool text_quick(run *r, const run_step *s, uint32_t row, uint32_t a, uint32_t b)
{
    if ((uint64_t)a * b <= (uint64_t)1 << 28)
        return true;
    run_error(r, s, row, "E0704", "the arguments are too long together");
    return false;
}

int32_t text_get_char(ds_slice s, uint32_t *at)
{
    const uint8_t *p = s.ptr + *at;
    uint32_t n = text_char_at(s, *at);
    *at += n;
    switch (n) {
    case 1:
        return p[0];
    case 2:
        return (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    case 3:
        return (p[0] & 0xf) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    default:
        return (p[0] & 7) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 |
               (p[3] & 0x3f);
    }
}

uint32_t text_put_char(int32_t c, uint8_t *p)
{
    uint32_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (uint32_t i = n - 1; i > 0; i--) {
        p[i] = (uint8_t)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    p[0] = (uint8_t)(lead[n] | c);
    return n;
}

/* ---- concatenation ---- */

static uint64_t concat_len(const run *r, const run_step *s, uint32_t i)
{
    uint64_t len = 0;
    for (uint32_t k = 0; k < s->n_args; k++)
        len += ARG_STR(k)[i].len;
    return len;
}

static uint8_t *concat_put(const run *r, const run_step *s, uint32_t i,
                           uint8_t *p)
{
    for (uint32_t k = 0; k < s->n_args; k++) {
        ds_slice a = ARG_STR(k)[i];
        if (a.len == 0)
            continue;
        memcpy(p, a.ptr, a.len);
        p += a.len;
    }
    return p;
}

/* The lengths first, then all bytes into one allocation; a result that is too
 * long has its (empty) text already. */
void str_concat(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    size_t total = 0;
    RUN_EACH_OK(r, s, i)
    {
        uint64_t len = concat_len(r, s, i);
        out[i] = DS_NULL_SLICE;
        if (!text_fits(r, s, i, len, &out[i]))
            continue;
        out[i].len = (uint32_t)len;
        total += len;
    }
    uint8_t *p = run_bytes(r, total);
    RUN_EACH_OK(r, s, i)
    {
        if (out[i].ptr)
            continue;
        out[i].ptr = p;
        p = concat_put(r, s, i, p);
    }
}

/* ---- case ---- */

static inline uint8_t ascii_lower(uint8_t c)
{
    return (uint8_t)(c | ((uint8_t)(c - 'A') < 26 ? 0x20 : 0));
}

static inline uint8_t ascii_upper(uint8_t c)
{
    return (uint8_t)(c & ~((uint8_t)(c - 'a') < 26 ? 0x20 : 0));
}

/* utf8proc maps ß to ẞ, which is no simple mapping of Unicode's. */
int32_t text_upper_char(int32_t c)
{
    return c == 0xdf ? c : utf8proc_toupper(c);
}

int32_t text_lower_char(int32_t c)
{
    return utf8proc_tolower(c);
}

/* Maps character by character (no 'ß' to "SS"); a mapping may be longer. */
static ds_slice map_wide(run *r, ds_slice in, bool upper)
{
    uint8_t *out = run_bytes(r, (size_t)in.len * 2);
    uint32_t n = 0;
    for (uint32_t i = 0; i < in.len;) {
        int32_t c = text_get_char(in, &i);
        c = upper ? text_upper_char(c) : text_lower_char(c);
        n += text_put_char(c, out + n);
    }
    return (ds_slice){out, n};
}

static void map_case(run *r, const run_step *s, bool upper)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    size_t total = 0;
    RUN_EACH_OK(r, s, i)
    total += ARG_STR(0)[i].len;
    uint8_t *p = run_bytes(r, total);
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        uint8_t high = 0;
        if (upper)
            for (uint32_t k = 0; k < a.len; k++) {
                high |= a.ptr[k];
                p[k] = ascii_upper(a.ptr[k]);
            }
        else
            for (uint32_t k = 0; k < a.len; k++) {
                high |= a.ptr[k];
                p[k] = ascii_lower(a.ptr[k]);
            }
        out[i] = high & 0x80 ? map_wide(r, a, upper) : (ds_slice){p, a.len};
        p += a.len;
    }
}

void str_lower(run *r, const run_step *s)
{
    map_case(r, s, false);
}

void str_upper(run *r, const run_step *s)
{
    map_case(r, s, true);
}

/* The prepared pattern of a word: letters and digits of any script. */
void str_initcap_prepare(tx *call, ds_arena *a)
{
    const char *why;
    bool refused;
    call->data = regex_compile(ds_slice_of("[[:alnum:]]+"), DS_NULL_SLICE,
                               REGEX_WHERE, a, &why, &refused);
}

static uint32_t initcap_word(ds_slice a, uint32_t from, uint32_t to,
                             uint8_t *out)
{
    uint32_t n = 0;
    for (uint32_t i = from; i < to;) {
        bool first = i == from;
        int32_t c = text_get_char(a, &i);
        c = first ? text_upper_char(c) : text_lower_char(c);
        n += text_put_char(c, out + n);
    }
    return n;
}

void str_initcap(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    regex_run re;
    regex_begin(&re, s->data);
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        uint8_t *p = run_bytes(r, (size_t)a.len * 2);
        uint32_t n = 0, from = 0, begin, end;
        regex_text(&re, a);
        while (from < a.len &&
               regex_next(&re, a, from, &begin, &end) == REGEX_MATCH) {
            memcpy(p + n, a.ptr + from, begin - from);
            n += begin - from;
            n += initcap_word(a, begin, end, p + n);
            from = end;
        }
        memcpy(p + n, a.ptr + from, a.len - from);
        out[i] = (ds_slice){p, n + a.len - from};
    }
    regex_end(&re);
}

/* ---- length ---- */

void str_length(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    out[i] = text_chars(ARG_STR(0)[i]);
}

void str_octets(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    out[i] = ARG_STR(0)[i].len;
}

void str_bits(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    out[i] = (int64_t)ARG_STR(0)[i].len * 8;
}

/* ---- trim ---- */

/* Whether the character of n bytes at p is one of those in set. */
static bool in_set(const uint8_t *p, uint32_t n, ds_slice set)
{
    for (uint32_t i = 0; i < set.len; i += text_char_len(set.ptr[i]))
        if (i + n <= set.len && text_char_len(set.ptr[i]) == n &&
            memcmp(set.ptr + i, p, n) == 0)
            return true;
    return false;
}

static ds_slice trim(ds_slice a, ds_slice set, bool left, bool right)
{
    while (left && a.len) {
        uint32_t n = text_char_len(a.ptr[0]);
        if (n > a.len || !in_set(a.ptr, n, set))
            break;
        a.ptr += n;
        a.len -= n;
    }
    while (right && a.len) {
        uint32_t at = a.len - 1;
        while (at > 0 && !text_is_start(a.ptr[at]))
            at--;
        if (!in_set(a.ptr + at, a.len - at, set))
            break;
        a.len = at;
    }
    return a;
}

static void trim_rows(run *r, const run_step *s, bool left, bool right)
{
    static const ds_slice space = {(const uint8_t *)" ", 1};
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i], set = s->n_args > 1 ? ARG_STR(1)[i] : space;
        out[i] = set.len < 16 || text_quick(r, s, i, a.len, set.len)
                     ? trim(a, set, left, right)
                     : text_empty;
    }
}

void str_btrim(run *r, const run_step *s)
{
    trim_rows(r, s, true, true);
}

void str_ltrim(run *r, const run_step *s)
{
    trim_rows(r, s, true, false);
}

void str_rtrim(run *r, const run_step *s)
{
    trim_rows(r, s, false, true);
}

/* ---- parts ---- */

/* Characters [from, to) counted from 1; to may be past the end. */
static ds_slice part(ds_slice a, int64_t from, int64_t to)
{
    if (from < 1)
        from = 1;
    if (to <= from)
        return text_empty;
    uint32_t begin = text_byte_of(a, from - 1);
    ds_slice rest = {a.ptr + begin, a.len - begin};
    /* No text has as many characters. */
    rest.len = to - from >= rest.len ? rest.len : text_byte_of(rest, to - from);
    return rest;
}

void str_substr2(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = part(ARG_STR(0)[i], ARG_I64(1)[i], INT64_MAX);
}

void str_substr3(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        int64_t from = ARG_I64(1)[i], len = ARG_I64(2)[i], to;
        out[i] = text_empty;
        if (len < 0) {
            run_error(r, s, i, "E0704",
                      "negative substring length not allowed");
            continue;
        }
        if (__builtin_add_overflow(from, len, &to))
            to = INT64_MAX;
        out[i] = part(ARG_STR(0)[i], from, to);
    }
}

void str_left(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        int64_t n = ARG_I64(1)[i];
        if (n < 0)
            n = n < -(int64_t)a.len ? 0 : text_chars(a) + n;
        out[i] = n >= a.len ? a : n <= 0 ? text_empty : part(a, 1, n + 1);
    }
}

void str_right(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        int64_t n = ARG_I64(1)[i];
        if (n < 0)
            out[i] =
                n < -(int64_t)a.len ? text_empty : part(a, 1 - n, INT64_MAX);
        else
            out[i] = n >= a.len ? a : part(a, text_chars(a) - n + 1, INT64_MAX);
    }
}

static ds_slice split_forward(ds_slice a, ds_slice sep, int64_t n)
{
    uint32_t from = 0;
    for (;;) {
        uint32_t at = text_find(a, sep, from);
        if (at == TEXT_NOWHERE)
            return n == 1 ? (ds_slice){a.ptr + from, a.len - from} : text_empty;
        if (n == 1)
            return (ds_slice){a.ptr + from, at - from};
        n--;
        from = at + sep.len;
    }
}

/* From the end: field -1 is the last. Occurrences are those found from the
 * front. */
static ds_slice split_backward(ds_slice a, ds_slice sep, int64_t n)
{
    int64_t fields = 1;
    for (uint32_t at = text_find(a, sep, 0); at != TEXT_NOWHERE;
         at = text_find(a, sep, at + sep.len))
        fields++;
    if (n < -fields)
        return text_empty;
    return split_forward(a, sep, fields + n + 1);
}

static ds_slice split_part(ds_slice a, ds_slice sep, int64_t n)
{
    if (a.len == 0)
        return text_empty;
    if (sep.len == 0)
        return n == 1 || n == -1 ? a : text_empty;
    return n > 0 ? split_forward(a, sep, n) : split_backward(a, sep, n);
}

void str_split_part(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = text_empty;
        if (ARG_I64(2)[i] == 0)
            run_error(r, s, i, "E0704", "field position must not be zero");
        else
            out[i] = split_part(ARG_STR(0)[i], ARG_STR(1)[i], ARG_I64(2)[i]);
    }
}

/* ---- others ---- */

void str_strpos(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        uint32_t at = text_find(a, ARG_STR(1)[i], 0);
        out[i] = at == TEXT_NOWHERE ? 0 : text_chars((ds_slice){a.ptr, at}) + 1;
    }
}

void str_starts_with(run *r, const run_step *s)
{
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i], b = ARG_STR(1)[i];
        out[i] = a.len >= b.len && memcmp(a.ptr, b.ptr, b.len) == 0;
    }
}

void str_reverse(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        uint8_t *p = run_bytes(r, a.len);
        uint32_t to = a.len;
        for (uint32_t k = 0; k < a.len;) {
            uint32_t n = text_char_len(a.ptr[k]);
            n = n > a.len - k ? a.len - k : n;
            to -= n;
            memcpy(p + to, a.ptr + k, n);
            k += n;
        }
        out[i] = (ds_slice){p, a.len};
    }
}
