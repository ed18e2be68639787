/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.h - bytes that belong to somebody else, and times.
 */
#ifndef DSTREAM_SLICE_H
#define DSTREAM_SLICE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dstream/arena.h"
#include "dstream/public.h"

DS_PUBLIC_BEGIN

/* ptr == NULL means null (a tombstone, an SQL NULL); an empty value has
 * ptr != NULL and len == 0. */
typedef struct ds_slice {
    const uint8_t *ptr;
    uint32_t len;
} ds_slice;

/* Microseconds since 1970-01-01 UTC, or a duration in microseconds. */
typedef int64_t ds_time;
#define DS_TIME_NONE INT64_MIN
#define DS_MS ((ds_time)1000)
#define DS_SECOND ((ds_time)1000000)

#define DS_NULL_SLICE ((ds_slice){NULL, 0})

static inline ds_slice ds_slice_of(const char *s)
{
    ds_slice made = {(const uint8_t *)s, (uint32_t)strlen(s)};

    return made;
}

/* Two nulls are equal; null and empty are not. */
static inline bool ds_slice_eq(ds_slice a, ds_slice b)
{
    return a.len == b.len && (a.ptr == NULL) == (b.ptr == NULL) &&
           (a.len == 0 || a.ptr == NULL || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Byte order, a prefix first; null before everything. */
int ds_slice_cmp(ds_slice a, ds_slice b);

/* A copy in `a`; null stays null. */
ds_slice ds_slice_copy(ds_arena *a, ds_slice s);
/* A NUL-terminated copy in `a`. */
char *ds_str_copy(ds_arena *a, const char *s);
char *ds_strn_copy(ds_arena *a, const char *s, size_t n);
/* printf into `a`. */
char *ds_str_printf(ds_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* 64-bit hash of bytes (XXH3), for hash tables; not for partitions. */
uint64_t ds_hash(const void *p, size_t n);
/* The partition that Kafka's Java client chooses: toPositive(murmur2(key)) % n
 * (org.apache.kafka.clients.producer.internals.BuiltInPartitioner). An empty
 * key is hashed. */
int32_t ds_murmur2_partition(ds_slice key, int32_t n);

DS_PUBLIC_END

#endif
