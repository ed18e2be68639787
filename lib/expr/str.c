/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.c - functions on text. Results that are parts of their argument point
 * into it; the others of a vector share one allocation.
 */
#include <utf8proc.h>

#include "expr/func.h"

#define ARG_STR(k) (RUN_ARG(r, s, k)->v.str)
#define ARG_I64(k) (RUN_ARG(r, s, k)->v.i64)

static const ds_slice empty = {(const uint8_t *)"", 0};

static inline uint32_t char_len(uint8_t lead)
{
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static inline bool is_char_start(uint8_t c)
{
    return (c & 0xc0) != 0x80;
}

static int64_t chars_of(ds_slice s)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < s.len; i++)
        n += is_char_start(s.ptr[i]);
    return n;
}

/* The byte where the n-th character (from 0) begins; the length past the end.
 */
static uint32_t byte_of(ds_slice s, int64_t n)
{
    uint32_t i = 0;
    while (n > 0 && i < s.len) {
        i += char_len(s.ptr[i]);
        n--;
    }
    return i < s.len ? i : s.len;
}

/* No function makes more of its arguments: memory is bounded by the input. */
#define TEXT_MAX (16u << 20)

static bool text_fits(run *r, const run_step *s, uint32_t i, uint64_t len,
                      ds_slice *out)
{
    if (len < TEXT_MAX)
        return true;
    *out = empty;
    run_error(r, s, i, "E0704", "requested length too large");
    return false;
}

/* ---- concatenation ---- */

static uint64_t concat_len(const run *r, const run_step *s, uint32_t i)
{
    uint64_t len = 0;
    for (uint32_t k = 0; k < s->n_args; k++)
        if (!run_is_null(RUN_ARG(r, s, k), i))
            len += ARG_STR(k)[i].len;
    return len;
}

static uint8_t *concat_put(const run *r, const run_step *s, uint32_t i,
                           uint8_t *p)
{
    for (uint32_t k = 0; k < s->n_args; k++) {
        ds_slice a = ARG_STR(k)[i];
        if (run_is_null(RUN_ARG(r, s, k), i) || a.len == 0)
            continue;
        memcpy(p, a.ptr, a.len);
        p += a.len;
    }
    return p;
}

/* The lengths first, then all bytes into one allocation; a result that is too
 * long has its (empty) text already. */
static void concat(run *r, const run_step *s)
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

void str_concat(run *r, const run_step *s)
{
    concat(r, s);
}

void str_concat_nulls(run *r, const run_step *s)
{
    RUN_DST(r, s)->valid = NULL;
    concat(r, s);
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
static utf8proc_int32_t simple_upper(utf8proc_int32_t c)
{
    return c == 0xdf ? c : utf8proc_toupper(c);
}

/* Maps character by character (no 'ß' to "SS"); a mapping may be longer. */
static ds_slice map_wide(run *r, ds_slice in, bool upper)
{
    uint8_t *out = run_bytes(r, (size_t)in.len * 2);
    uint32_t n = 0;
    for (uint32_t i = 0; i < in.len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t l =
            utf8proc_iterate(in.ptr + i, (utf8proc_ssize_t)(in.len - i), &c);
        if (l <= 0) {
            out[n++] = in.ptr[i++];
            continue;
        }
        c = upper ? simple_upper(c) : utf8proc_tolower(c);
        n += (uint32_t)utf8proc_encode_char(c, out + n);
        i += (uint32_t)l;
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

/* ---- length ---- */

void str_length(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    out[i] = chars_of(ARG_STR(0)[i]);
}

void str_octets(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    out[i] = ARG_STR(0)[i].len;
}

/* ---- trim ---- */

/* Whether the character of n bytes at p is one of those in set. */
static bool in_set(const uint8_t *p, uint32_t n, ds_slice set)
{
    for (uint32_t i = 0; i < set.len; i += char_len(set.ptr[i]))
        if (i + n <= set.len && char_len(set.ptr[i]) == n &&
            memcmp(set.ptr + i, p, n) == 0)
            return true;
    return false;
}

static ds_slice trim(ds_slice a, ds_slice set, bool left, bool right)
{
    while (left && a.len) {
        uint32_t n = char_len(a.ptr[0]);
        if (n > a.len || !in_set(a.ptr, n, set))
            break;
        a.ptr += n;
        a.len -= n;
    }
    while (right && a.len) {
        uint32_t at = a.len - 1;
        while (at > 0 && !is_char_start(a.ptr[at]))
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
    out[i] =
        trim(ARG_STR(0)[i], s->n_args > 1 ? ARG_STR(1)[i] : space, left, right);
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
        return empty;
    uint32_t begin = byte_of(a, from - 1);
    ds_slice rest = {a.ptr + begin, a.len - begin};
    /* No text has as many characters. */
    rest.len = to - from >= rest.len ? rest.len : byte_of(rest, to - from);
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
        out[i] = empty;
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
            n = n < -(int64_t)a.len ? 0 : chars_of(a) + n;
        out[i] = n >= a.len ? a : n <= 0 ? empty : part(a, 1, n + 1);
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
            out[i] = n < -(int64_t)a.len ? empty : part(a, 1 - n, INT64_MAX);
        else
            out[i] = n >= a.len ? a : part(a, chars_of(a) - n + 1, INT64_MAX);
    }
}

/* The first occurrence of b in a from byte `from` on, or UINT32_MAX. */
static uint32_t find(ds_slice a, ds_slice b, uint32_t from)
{
    if (from > a.len)
        return UINT32_MAX;
    const uint8_t *p = memmem(a.ptr + from, a.len - from, b.ptr, b.len);
    return p ? (uint32_t)(p - a.ptr) : UINT32_MAX;
}

static ds_slice split_forward(ds_slice a, ds_slice sep, int64_t n)
{
    uint32_t from = 0;
    for (;;) {
        uint32_t at = find(a, sep, from);
        if (at == UINT32_MAX)
            return n == 1 ? (ds_slice){a.ptr + from, a.len - from} : empty;
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
    for (uint32_t at = find(a, sep, 0); at != UINT32_MAX;
         at = find(a, sep, at + sep.len))
        fields++;
    if (n < -fields)
        return empty;
    return split_forward(a, sep, fields + n + 1);
}

static ds_slice split_part(ds_slice a, ds_slice sep, int64_t n)
{
    if (a.len == 0)
        return empty;
    if (sep.len == 0)
        return n == 1 || n == -1 ? a : empty;
    return n > 0 ? split_forward(a, sep, n) : split_backward(a, sep, n);
}

void str_split_part(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = empty;
        if (ARG_I64(2)[i] == 0)
            run_error(r, s, i, "E0704", "field position must not be zero");
        else
            out[i] = split_part(ARG_STR(0)[i], ARG_STR(1)[i], ARG_I64(2)[i]);
    }
}

/* ---- others ---- */

static ds_slice replace(run *r, const run_step *s, uint32_t i)
{
    ds_slice a = ARG_STR(0)[i], from = ARG_STR(1)[i], to = ARG_STR(2)[i];
    ds_slice out = a;
    uint64_t n = 0;
    if (from.len == 0)
        return a;
    for (uint32_t at = find(a, from, 0); at != UINT32_MAX;
         at = find(a, from, at + from.len))
        n++;
    uint64_t len = a.len + n * to.len - n * from.len;
    if (n == 0 || !text_fits(r, s, i, len, &out))
        return out;
    uint8_t *p = run_bytes(r, len);
    out = (ds_slice){p, (uint32_t)len};
    uint32_t done = 0;
    for (uint32_t at = find(a, from, 0); at != UINT32_MAX;
         at = find(a, from, done)) {
        memcpy(p, a.ptr + done, at - done);
        p += at - done;
        if (to.len)
            memcpy(p, to.ptr, to.len);
        p += to.len;
        done = at + from.len;
    }
    if (a.len > done)
        memcpy(p, a.ptr + done, a.len - done);
    return out;
}

void str_replace(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = replace(r, s, i);
}

void str_strpos(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        uint32_t at = find(a, ARG_STR(1)[i], 0);
        out[i] = at == UINT32_MAX ? 0 : chars_of((ds_slice){a.ptr, at}) + 1;
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
            uint32_t n = char_len(a.ptr[k]);
            n = n > a.len - k ? a.len - k : n;
            to -= n;
            memcpy(p + to, a.ptr + k, n);
            k += n;
        }
        out[i] = (ds_slice){p, a.len};
    }
}

void str_repeat(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        int64_t n = ARG_I64(1)[i] > 0 ? ARG_I64(1)[i] : 0;
        out[i] = empty;
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
