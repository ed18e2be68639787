/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.c - a growing string in an arena, and the check for UTF-8.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "record/show.h"

void ds_buf_init(ds_buf *b, ds_arena *a, uint32_t expect)
{
    uint32_t cap = expect ? expect : 64;
    *b = (ds_buf){a, ds_arena_alloc(a, cap, 1), 0, cap};
}

void ds_buf_grow(ds_buf *b, uint32_t n)
{
    DS_BUG_ON(n > UINT32_MAX / 2 - b->len);
    uint32_t cap = (b->len + n) * 2;
    char *s = ds_arena_alloc(b->arena, cap, 1);
    memcpy(s, b->s, b->len);
    b->s = s;
    b->cap = cap;
}

void ds_buf_str(ds_buf *b, const char *s)
{
    ds_buf_add(b, s, (uint32_t)strlen(s));
}

void ds_buf_printf(ds_buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    uint32_t room = b->cap - b->len;
    int n = vsnprintf(b->s + b->len, room, fmt, args);
    va_end(args);
    DS_BUG_ON(n < 0);
    if ((uint32_t)n >= room) {
        vsnprintf(ds_buf_room(b, (uint32_t)n + 1), (size_t)n + 1, fmt, again);
    }
    va_end(again);
    b->len += (uint32_t)n;
}

bool ds_utf8_valid(ds_slice s)
{
    const uint8_t *p = s.ptr;
    uint32_t i = 0;
    while (i < s.len) {
        uint64_t eight;
        if (s.len - i >= sizeof(eight)) {
            memcpy(&eight, p + i, sizeof(eight));
            if (!(eight & 0x8080808080808080ull)) {
                i += (uint32_t)sizeof(eight);
                continue;
            }
        }
        uint32_t len = utf8_char(p + i, s.len - i);
        if (!utf8_char_valid(p + i, len))
            return false;
        i += len;
    }
    return true;
}
