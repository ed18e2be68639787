/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.c - comparing, copying and hashing bytes.
 */
#include "dstream/slice.h"

#include <stdarg.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dstream/error.h"

int ds_slice_cmp(ds_slice a, ds_slice b)
{
    if (!a.ptr || !b.ptr)
        return (a.ptr != NULL) - (b.ptr != NULL);
    uint32_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (c != 0)
        return c < 0 ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

ds_slice ds_slice_copy(ds_arena *a, ds_slice s)
{
    if (!s.ptr)
        return s;
    uint8_t *p = ds_arena_alloc(a, s.len, 1);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    return (ds_slice){p, s.len};
}

char *ds_strn_copy(ds_arena *a, const char *s, size_t n)
{
    char *p = ds_arena_alloc(a, n + 1, 1);
    if (n)
        memcpy(p, s, n);
    return p;
}

char *ds_str_copy(ds_arena *a, const char *s)
{
    return ds_strn_copy(a, s, strlen(s));
}

char *ds_str_printf(ds_arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    DS_BUG_ON(n < 0);
    char *p = ds_arena_alloc(a, (size_t)n + 1, 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

uint64_t ds_hash(const void *p, size_t n)
{
    return XXH3_64bits(p, n);
}

/* Kafka's variant of MurmurHash2: its own seed, 32 bits. */
static uint32_t murmur2(const uint8_t *p, uint32_t n)
{
    const uint32_t m = 0x5bd1e995;
    uint32_t h = 0x9747b28cu ^ n;
    for (; n >= 4; p += 4, n -= 4) {
        uint32_t k = (uint32_t)p[0] | (uint32_t)p[1] << 8 |
                     (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        h = h * m ^ k;
    }
    if (n == 3)
        h ^= (uint32_t)p[2] << 16;
    if (n >= 2)
        h ^= (uint32_t)p[1] << 8;
    if (n >= 1)
        h = (h ^ p[0]) * m;
    h ^= h >> 13;
    h *= m;
    h ^= h >> 15;
    return h;
}

int32_t ds_murmur2_partition(ds_slice key, int32_t n)
{
    DS_BUG_ON(n <= 0);
    return (int32_t)(murmur2(key.ptr, key.len) & 0x7fffffffu) % n;
}
