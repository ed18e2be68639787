/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonb.c - walking through jsonb values.
 */
#include "record/jsonb_scan.h"

static const uint8_t *container_end(const uint8_t *p, const uint8_t *end)
{
    uint32_t depth = 0;
    for (;;) {
        switch (*p) {
        case '"':
            p = jsonb_string_end(p, end);
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (--depth == 0)
                return p + 1;
            break;
        default:
            break;
        }
        p++;
    }
}

const uint8_t *jsonb_value_end(const uint8_t *p, const uint8_t *end)
{
    switch (*p) {
    case '"':
        return jsonb_string_end(p, end);
    case '{':
    case '[':
        return container_end(p, end);
    case 'n':
    case 't':
        return p + 4;
    case 'f':
        return p + 5;
    default:
        while (p < end && *p != ',' && *p != '}' && *p != ']')
            p++;
        return p;
    }
}

static ds_slice between(const uint8_t *from, const uint8_t *to)
{
    return (ds_slice){from, (uint32_t)(to - from)};
}

jsonb_iter jsonb_begin(ds_slice container)
{
    const uint8_t *p = container.ptr;
    return (jsonb_iter){p + 1, p + container.len - 1, *p == '{'};
}

bool jsonb_next(jsonb_iter *it, ds_slice *key, ds_slice *value)
{
    const uint8_t *p = it->p;
    if (p >= it->end)
        return false;
    if (*p == ',')
        p += 2;
    if (it->object) {
        const uint8_t *to = jsonb_string_end(p, it->end);
        if (key)
            *key = between(p, to);
        p = to + 2;
    }
    it->p = jsonb_value_end(p, it->end);
    *value = between(p, it->p);
    return true;
}

/* Whether a text stands in jsonb as it is. */
static bool is_plain(ds_slice s)
{
    return jsonb_string_stop(s.ptr, s.ptr + s.len) == s.ptr + s.len;
}

static ds_slice member_escaped(ds_slice v, ds_slice key)
{
    ds_slice name = DS_NULL_SLICE, value;
    for (jsonb_iter it = jsonb_begin(v); jsonb_next(&it, &name, &value);)
        if (jsonb_string_is(name, key))
            return value;
    return DS_NULL_SLICE;
}

ds_slice jsonb_member(ds_slice v, ds_slice key)
{
    if (*v.ptr != '{')
        return DS_NULL_SLICE;
    if (!is_plain(key))
        return member_escaped(v, key);
    const uint8_t *p = v.ptr + 1, *end = v.ptr + v.len - 1;
    while (p < end) {
        p += *p == ',' ? 3 : 1;
        const uint8_t *stop = jsonb_quote(p, end);
        uint32_t len = (uint32_t)(stop - p);
        bool here =
            *stop == '"' && len == key.len && memcmp(p, key.ptr, len) == 0;
        if (*stop != '"')
            stop = jsonb_string_end(stop - 1, end) - 1;
        else if (len > key.len) /* shorter keys come first */
            return DS_NULL_SLICE;
        p = stop + 3;
        stop = jsonb_value_end(p, end);
        if (here)
            return between(p, stop);
        p = stop;
    }
    return DS_NULL_SLICE;
}

ds_slice jsonb_element(ds_slice v, int64_t i)
{
    ds_slice value;
    if (*v.ptr != '[')
        return DS_NULL_SLICE;
    if (i < 0)
        i += jsonb_count(v);
    if (i < 0 || i > v.len)
        return DS_NULL_SLICE;
    for (jsonb_iter it = jsonb_begin(v); jsonb_next(&it, NULL, &value); i--)
        if (i == 0)
            return value;
    return DS_NULL_SLICE;
}

uint32_t jsonb_count(ds_slice container)
{
    uint32_t n = 0;
    ds_slice value;
    for (jsonb_iter it = jsonb_begin(container); jsonb_next(&it, NULL, &value);)
        n++;
    return n;
}

/* ---- strings ---- */

ds_slice jsonb_unescape(ds_slice v, ds_arena *a)
{
    const uint8_t *p = v.ptr + 1, *end = v.ptr + v.len - 1;
    ds_slice inside = between(p, end);
    if (inside.len == 0 || memchr(p, '\\', inside.len) == NULL)
        return inside;
    uint8_t *to = ds_arena_alloc(a, inside.len, 1), *t = to;
    while (p < end) {
        if (*p == '\\')
            *t++ = jsonb_unescape_one(&p);
        else
            *t++ = *p++;
    }
    return between(to, t);
}

bool jsonb_string_is(ds_slice v, ds_slice text)
{
    const uint8_t *p = v.ptr + 1, *end = v.ptr + v.len - 1;
    if (v.len - 2 < text.len)
        return false;
    for (uint32_t i = 0; i < text.len; i++) {
        if (p == end)
            return false;
        uint8_t c = *p == '\\' ? jsonb_unescape_one(&p) : *p++;
        if (c != text.ptr[i])
            return false;
    }
    return p == end;
}

ds_slice jsonb_text(ds_slice v, ds_arena *a)
{
    switch (jsonb_kind_of(v)) {
    case JSONB_NULL:
        return DS_NULL_SLICE;
    case JSONB_STRING:
        return jsonb_unescape(v, a);
    default:
        return v;
    }
}

bool jsonb_depth_ok(ds_slice v)
{
    const uint8_t *p = v.ptr, *end = v.ptr + v.len;
    uint32_t depth = 0;
    if (v.len <= 2 * JSONB_DEPTH)
        return true;
    while (p < end) {
        if (*p == '"') {
            p = jsonb_string_end(p, end);
            continue;
        }
        if ((*p == '{' || *p == '[') && ++depth > JSONB_DEPTH)
            return false;
        if (*p == '}' || *p == ']')
            depth--;
        p++;
    }
    return true;
}
