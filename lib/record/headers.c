/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers.c - record headers in Kafka's wire form.
 */
#include "dstream/outbox.h"

enum { VARINT_MAX = 5 };

static uint8_t *put_varint(uint8_t *to, int32_t v)
{
    uint32_t z = (uint32_t)v << 1 ^ (v < 0 ? UINT32_MAX : 0);
    for (; z >= 0x80; z >>= 7)
        *to++ = (uint8_t)(z | 0x80);
    *to++ = (uint8_t)z;
    return to;
}

static bool take_varint(ds_slice *rest, int32_t *out)
{
    uint32_t z = 0;
    for (uint32_t i = 0; i < VARINT_MAX && i < rest->len; i++) {
        uint8_t c = rest->ptr[i];
        if (i == VARINT_MAX - 1 && c > 0x0f)
            return false;
        z |= (uint32_t)(c & 0x7f) << (7 * i);
        if (c < 0x80) {
            *out = (int32_t)(z >> 1 ^ (z & 1 ? UINT32_MAX : 0));
            *rest = (ds_slice){rest->ptr + i + 1, rest->len - i - 1};
            return true;
        }
    }
    return false;
}

static uint8_t *put_bytes(uint8_t *to, ds_slice s)
{
    if (!s.ptr)
        return to;
    memcpy(to, s.ptr, s.len);
    return to + s.len;
}

ds_slice ds_headers_encode(ds_arena *a, ds_slice before, const ds_header *add,
                           uint32_t n)
{
    int32_t count = 0;
    ds_slice rest = before;
    if (!before.ptr || !take_varint(&rest, &count) || count < 0) {
        count = 0;
        rest = DS_NULL_SLICE;
    }
    size_t size = VARINT_MAX + rest.len;
    for (uint32_t i = 0; i < n; i++)
        size += 2 * VARINT_MAX + (size_t)add[i].name.len + add[i].value.len;
    DS_BUG_ON(size > INT32_MAX);
    uint8_t *start = ds_arena_alloc(a, size, 1);
    uint8_t *to = put_varint(start, count + (int32_t)n);
    to = put_bytes(to, rest);
    for (uint32_t i = 0; i < n; i++) {
        to = put_varint(to, (int32_t)add[i].name.len);
        to = put_bytes(to, add[i].name);
        bool null = !add[i].value.ptr;
        to = put_varint(to, null ? -1 : (int32_t)add[i].value.len);
        to = put_bytes(to, add[i].value);
    }
    return (ds_slice){start, (uint32_t)(to - start)};
}

static bool take_bytes(ds_slice *rest, bool may_be_null, ds_slice *out)
{
    int32_t n;
    if (!take_varint(rest, &n))
        return false;
    if (n == -1 && may_be_null) {
        *out = DS_NULL_SLICE;
        return true;
    }
    if (n < 0 || (uint32_t)n > rest->len)
        return false;
    *out = (ds_slice){rest->ptr, (uint32_t)n};
    *rest = (ds_slice){rest->ptr + n, rest->len - (uint32_t)n};
    return true;
}

bool ds_headers_decode(ds_arena *a, ds_slice hdr, ds_header **out, uint32_t *n)
{
    int32_t count;
    *out = NULL;
    *n = 0;
    if (!hdr.ptr)
        return true;
    /* A header takes two bytes at least, so a count is bounded by the bytes. */
    if (!take_varint(&hdr, &count) || count < 0 ||
        (uint32_t)count > hdr.len / 2)
        return false;
    ds_header *list = ds_new(a, ds_header, count);
    for (int32_t i = 0; i < count; i++)
        if (!take_bytes(&hdr, false, &list[i].name) ||
            !take_bytes(&hdr, true, &list[i].value))
            return false;
    if (hdr.len)
        return false;
    *out = list;
    *n = (uint32_t)count;
    return true;
}
