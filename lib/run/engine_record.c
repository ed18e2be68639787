/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_record.c - what the engine keeps in a changelog beside the state.
 *
 * The input positions that the state reflects travel with it, so that lost or
 * reset group offsets never make rows count twice (exactly-once.md, H6).
 *
 *     u8  version (1)
 *     u64 signature of the store
 *     i64 batch time
 *     u16 n, then n times:  u16 length, topic, i32 partition, i64 next
 *     i64 when the process that wrote it was started
 *
 * All little-endian.
 */
#include "run/run.h"

#define VERSION 1
#define HEAD (1 + 8 + 8 + 2)
#define TAIL 8

static uint8_t *put(uint8_t *at, const void *p, size_t n)
{
    memcpy(at, p, n);
    return at + n;
}

ds_slice engine_record_make(uint64_t signature, ds_time time, ds_time started,
                            const ds_position *pos, uint32_t n, ds_arena *a)
{
    size_t size = HEAD + TAIL;
    uint16_t count = (uint16_t)n;
    uint8_t version = VERSION, *buf, *at;

    DS_BUG_ON(n > UINT16_MAX);
    for (uint32_t i = 0; i < n; i++)
        size += 2 + strlen(pos[i].topic) + 4 + 8;
    buf = at = ds_arena_alloc(a, size, 1);
    at = put(at, &version, 1);
    at = put(at, &signature, 8);
    at = put(at, &time, 8);
    at = put(at, &count, 2);
    for (uint32_t i = 0; i < n; i++) {
        uint16_t len = (uint16_t)strlen(pos[i].topic);

        at = put(at, &len, 2);
        at = put(at, pos[i].topic, len);
        at = put(at, &pos[i].partition, 4);
        at = put(at, &pos[i].next, 8);
    }
    put(at, &started, TAIL);
    return (ds_slice){buf, (uint32_t)size};
}

ds_slice engine_record_encode(const worker *w, const task *t,
                              const task_store *ts, ds_arena *a)
{
    ds_position *pos = ds_new(a, ds_position, w->n_inputs + 1);
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        const input *in = &w->inputs[i];

        if (in->task == t && in->next >= 0)
            pos[n++] = (ds_position){in->topic, in->partition, in->next};
    }
    return engine_record_make(ts->plan->signature, w->epoch->time,
                              w->ctx->started, pos, n, a);
}

/* Takes n bytes off the front; false if there are fewer. */
static bool take(ds_slice *s, void *out, uint32_t n)
{
    if (s->len < n)
        return false;
    memcpy(out, s->ptr, n);
    s->ptr += n;
    s->len -= n;
    return true;
}

bool engine_record_decode(ds_slice s, ds_arena *a, uint64_t *signature,
                          ds_time *started, ds_position **pos, uint32_t *n)
{
    uint8_t version;
    int64_t time;
    uint16_t count, len;
    ds_position *list;

    if (!take(&s, &version, 1) || version != VERSION ||
        !take(&s, signature, 8) || !take(&s, &time, 8) || !take(&s, &count, 2))
        return false;
    list = ds_new(a, ds_position, (size_t)count + 1);
    for (uint16_t i = 0; i < count; i++) {
        if (!take(&s, &len, 2) || s.len < len)
            return false;
        list[i].topic = ds_strn_copy(a, (const char *)s.ptr, len);
        s.ptr += len;
        s.len -= len;
        if (!take(&s, &list[i].partition, 4) || !take(&s, &list[i].next, 8))
            return false;
    }
    if (!take(&s, started, TAIL))
        return false;
    *pos = list;
    *n = count;
    return true;
}
