/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonb_valid.c - whether bytes that come back from a topic or a state are a
 * jsonb value, written as jsonb_parse() writes it.
 */
#include "record/jsonb.h"

typedef struct scan {
    const uint8_t *p, *end;
    int depth;
} scan;

static bool take(scan *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

static bool digits(scan *s)
{
    const uint8_t *from = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > from;
}

static bool number(scan *s)
{
    bool minus = take(s, "-"), zero = true;
    const uint8_t *first = s->p;
    if (!digits(s) || (*first == '0' && s->p > first + 1))
        return false;
    if (take(s, ".") && !digits(s))
        return false;
    for (; zero && first < s->p; first++) /* numeric has no -0 */
        zero = *first == '0' || *first == '.';
    return !minus || !zero;
}

static int hex(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* An escape at p: the byte it stands for, which is one of those that cannot
 * stand for themselves; -1: it is none. *len: its length. */
static int escape(const uint8_t *p, const uint8_t *end, uint32_t *len)
{
    static const char from[] = "\"\\bfnrt", to[] = "\"\\\b\f\n\r\t";
    *len = 2;
    if (end - p < 2)
        return -1;
    const char *found = p[1] ? strchr(from, p[1]) : NULL;
    if (found)
        return to[found - from];
    if (end - p < 6 || memcmp(p, "\\u00", 4) != 0)
        return -1;
    int c = hex(p[4]) * 16 + hex(p[5]);
    *len = 6;
    bool ok = hex(p[4]) >= 0 && hex(p[5]) >= 0 && c > 0 && c < 0x20;
    return ok && !strchr(to, c) ? c : -1; /* those have shorter ones */
}

/* A string; *text: what stands between its quotes. */
static bool string(scan *s, ds_slice *text)
{
    if (!take(s, "\""))
        return false;
    const uint8_t *from = s->p;
    while (s->p < s->end && *s->p != '"') {
        uint32_t len = 1;
        if (*s->p < 0x20 || (*s->p == '\\' && escape(s->p, s->end, &len) < 0))
            return false;
        s->p += len;
    }
    *text = (ds_slice){from, (uint32_t)(s->p - from)};
    return take(s, "\"") && ds_utf8_valid(*text);
}

static int next_byte(ds_slice *s)
{
    uint32_t len = 1;
    int c = s->ptr[0];
    if (c == '\\')
        c = escape(s->ptr, s->ptr + s->len, &len);
    *s = (ds_slice){s->ptr + len, s->len - len};
    return c;
}

/* Whether key a stands before b: the shorter one, then by bytes. */
static bool before(ds_slice a, ds_slice b)
{
    int order = 0;
    while (a.len && b.len) {
        int x = next_byte(&a), y = next_byte(&b);
        if (order == 0)
            order = x - y;
    }
    return a.len == b.len ? order < 0 : b.len > 0;
}

static bool value(scan *s);

static bool array(scan *s)
{
    if (take(s, "]"))
        return true;
    do
        if (!value(s))
            return false;
    while (take(s, ", "));
    return take(s, "]");
}

static bool object(scan *s)
{
    ds_slice key, last = DS_NULL_SLICE;
    if (take(s, "}"))
        return true;
    do {
        if (!string(s, &key) || (last.ptr && !before(last, key)) ||
            !take(s, ": ") || !value(s))
            return false;
        last = key;
    } while (take(s, ", "));
    return take(s, "}");
}

static bool value(scan *s)
{
    ds_slice text;
    if (s->p == s->end)
        return false;
    switch (*s->p) {
    case '"':
        return string(s, &text);
    case '[':
    case '{':
        if (s->depth == JSONB_DEPTH)
            return false;
        s->depth++;
        bool ok = *s->p++ == '[' ? array(s) : object(s);
        s->depth--;
        return ok;
    case 'n':
        return take(s, "null");
    case 't':
        return take(s, "true");
    case 'f':
        return take(s, "false");
    default:
        return number(s);
    }
}

bool jsonb_valid(ds_slice v)
{
    scan s = {v.ptr, v.ptr + v.len, 0};
    return v.len > 0 && value(&s) && s.p == s.end;
}
