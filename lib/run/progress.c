/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - progress records as bytes. */
#include "run/progress.h"

#include "dstream/error.h"

#include <string.h>

enum { PROGRESS_VERSION = 1, SOURCE_FIXED = 2 + 4 + 8 + 8 + 1 };

static uint8_t *put(uint8_t *at, const void *p, size_t n)
{
    memcpy(at, p, n);
    return at + n;
}

static size_t progress_size(const progress *p)
{
    size_t size = 1 + 2 + 8 * (size_t)p->n_times + 2;

    for (uint32_t i = 0; i < p->n_sources; i++)
        size += SOURCE_FIXED + strlen(p->sources[i].topic);
    return size;
}

static uint8_t *source_put(uint8_t *at, const progress_source *s)
{
    uint16_t len = (uint16_t)strlen(s->topic);
    uint8_t flags = (uint8_t)s->mark.flags;

    at = put(at, &len, 2);
    at = put(at, s->topic, len);
    at = put(at, &s->partition, 4);
    at = put(at, &s->mark.through, 8);
    at = put(at, &s->mark.watermark, 8);
    return put(at, &flags, 1);
}

ds_slice progress_encode(const progress *p, ds_arena *a)
{
    size_t size = progress_size(p);
    uint8_t *buf = ds_arena_alloc(a, size, 1), *at = buf;
    uint16_t n_times = (uint16_t)p->n_times;
    uint16_t n_sources = (uint16_t)p->n_sources;
    uint8_t version = PROGRESS_VERSION;

    DS_BUG_ON(p->n_times > UINT16_MAX || p->n_sources > UINT16_MAX);
    at = put(at, &version, 1);
    at = put(at, &n_times, 2);
    if (n_times)
        at = put(at, p->times, 8 * (size_t)n_times);
    at = put(at, &n_sources, 2);
    for (uint32_t i = 0; i < n_sources; i++)
        at = source_put(at, &p->sources[i]);
    return (ds_slice){buf, (uint32_t)size};
}

/* Takes n bytes off the front; false if there are fewer. */
static bool take(ds_slice *s, void *out, size_t n)
{
    if (s->len < n)
        return false;
    memcpy(out, s->ptr, n);
    s->ptr += n;
    s->len -= (uint32_t)n;
    return true;
}

static bool times_take(ds_slice *s, ds_arena *a, progress *out)
{
    uint16_t n;

    if (!take(s, &n, 2) || s->len < 8 * (size_t)n)
        return false;
    out->n_times = n;
    out->times = ds_new(a, ds_time, (size_t)n + 1);
    return n == 0 || take(s, out->times, 8 * (size_t)n);
}

static bool source_take(ds_slice *s, ds_arena *a, progress_source *out)
{
    uint16_t len;
    uint8_t flags;

    if (!take(s, &len, 2) || s->len < len)
        return false;
    out->topic = ds_strn_copy(a, (const char *)s->ptr, len);
    s->ptr += len;
    s->len -= len;
    if (!take(s, &out->partition, 4) || !take(s, &out->mark.through, 8) ||
        !take(s, &out->mark.watermark, 8) || !take(s, &flags, 1))
        return false;
    out->mark.flags = flags;
    return true;
}

bool progress_decode(ds_slice s, ds_arena *a, progress *out)
{
    uint8_t version;
    uint16_t n;

    *out = (progress){0};
    if (!s.ptr || !take(&s, &version, 1) || version != PROGRESS_VERSION ||
        !times_take(&s, a, out) || !take(&s, &n, 2) ||
        s.len < n * (size_t)SOURCE_FIXED)
        return false;
    out->n_sources = n;
    out->sources = ds_new(a, progress_source, (size_t)n + 1);
    for (uint16_t i = 0; i < n; i++)
        if (!source_take(&s, a, &out->sources[i]))
            return false;
    return s.len == 0;
}
