/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_record.c - what the engine keeps in a changelog beside the state.
 *
 * The input positions that the state reflects travel with it, so that lost or
 * reset group offsets never make rows count twice (exactly-once.md, H6).
 *
 *     u8  version (2)
 *     u64 signature of the store
 *     i64 batch time
 *     u16 n, then n times:  u16 length, topic, i32 partition, i64 next,
 *                           u8 marks set, i64 through, i64 batch, i64 scanned,
 *                           i64 watermark
 *     i64 when the process that wrote it was started
 *
 * All little-endian. Version 1 has no marks; it is still read.
 */
#include "run/run.h"

#define VERSION 2
#define HEAD (1 + 8 + 8 + 2)
#define MARKS (1 + 4 * 8)
#define TAIL 8

static uint8_t *put(uint8_t *at, const void *p, size_t n)
{
    memcpy(at, p, n);
    return at + n;
}

static uint8_t *marks_put(uint8_t *at, const ds_marks *m)
{
    uint8_t set = m->set;

    at = put(at, &set, 1);
    at = put(at, &m->through, 8);
    at = put(at, &m->batch, 8);
    at = put(at, &m->scanned, 8);
    return put(at, &m->watermark, 8);
}

ds_slice engine_record_make(uint64_t signature, ds_time time, ds_time started,
                            const ds_position *pos, uint32_t n, ds_arena *a)
{
    size_t size = HEAD + TAIL;
    uint16_t count = (uint16_t)n;
    uint8_t version = VERSION, *buf, *at;

    DS_BUG_ON(n > UINT16_MAX);
    for (uint32_t i = 0; i < n; i++)
        size += 2 + strlen(pos[i].topic) + 4 + 8 + MARKS;
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
        at = marks_put(at, &pos[i].marks);
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
            pos[n++] = batch_position(w, in);
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

static bool marks_take(ds_slice *s, ds_marks *m)
{
    uint8_t set;

    if (!take(s, &set, 1) || !take(s, &m->through, 8) ||
        !take(s, &m->batch, 8) || !take(s, &m->scanned, 8) ||
        !take(s, &m->watermark, 8))
        return false;
    m->set = set != 0;
    return true;
}

static bool position_take(ds_slice *s, uint8_t version, ds_arena *a,
                          ds_position *out)
{
    uint16_t len;

    if (!take(s, &len, 2) || s->len < len)
        return false;
    out->topic = ds_strn_copy(a, (const char *)s->ptr, len);
    s->ptr += len;
    s->len -= len;
    return take(s, &out->partition, 4) && take(s, &out->next, 8) &&
           (version == 1 || marks_take(s, &out->marks));
}

bool engine_record_decode(ds_slice s, ds_arena *a, uint64_t *signature,
                          ds_time *started, ds_position **pos, uint32_t *n)
{
    uint8_t version;
    int64_t time;
    uint16_t count;
    ds_position *list;

    if (!take(&s, &version, 1) || version < 1 || version > VERSION ||
        !take(&s, signature, 8) || !take(&s, &time, 8) || !take(&s, &count, 2))
        return false;
    list = ds_new(a, ds_position, (size_t)count + 1);
    for (uint16_t i = 0; i < count; i++)
        if (!position_take(&s, version, a, &list[i]))
            return false;
    if (!take(&s, started, TAIL))
        return false;
    *pos = list;
    *n = count;
    return true;
}
