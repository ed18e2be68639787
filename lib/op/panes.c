/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panes.c - panes of rows in a store.
 */
#include "op/panes.h"

#include "base/gcd.h"
#include "record/rowfmt.h"

enum {
    PANES_VERSION = 1,
    KEY_HEAD = 1,
    KEY_PANE = 2,
    KEY_CHUNK = 3,
    HEAD_LEN = 1 + 3 * 8,
    INFO_LEN = 1 + 2 * 4 + 2 * 8,
    CHUNK_HEAD = 1 + 4,
    CHUNK_BYTES = 64 * 1024, /* one row more than that at most */
    PANES_AT_ONCE = 256,
};

/* The chunks of a pane. */
struct pane_info {
    uint32_t first, end;   /* their numbers */
    uint64_t bytes, whole; /* of all; as they were when last replaced */
};

/* ---- time ---- */

struct panes_span panes_span_of(ds_time length, ds_time slide)
{
    ds_time pane = (ds_time)gcd_of((uint64_t)length, (uint64_t)slide);

    return (struct panes_span){.length = length,
                               .slide = slide,
                               .pane = pane,
                               .n = length / pane,
                               .step = slide / pane};
}

int64_t panes_at(const struct panes_span *s, ds_time batch)
{
    return batch / s->pane + (batch % s->pane > 0);
}

bool panes_wanted(const struct panes_span *s, int64_t pane)
{
    int64_t past = pane % s->step; /* the last end of a window before it */

    if (past < 0)
        past += s->step;
    return past == 0 || s->step - past < s->n;
}

/* ---- bytes ---- */

static uint8_t *put_u32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        *to++ = (uint8_t)(v >> (8 * i));
    return to;
}

static uint8_t *put_u64(uint8_t *to, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        *to++ = (uint8_t)(v >> (8 * i));
    return to;
}

static uint32_t get_u32(const uint8_t *p)
{
    uint32_t v = 0;

    for (int i = 0; i < 4; i++)
        v |= (uint32_t)p[i] << (8 * i);
    return v;
}

static uint64_t get_u64(const uint8_t *p)
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static uint8_t *put_pane(uint8_t *to, int64_t pane)
{
    uint64_t v = (uint64_t)pane ^ UINT64_C(1) << 63;

    for (int i = 7; i >= 0; i--)
        *to++ = (uint8_t)(v >> (8 * i));
    return to;
}

static ds_slice key_of(ds_arena *a, uint8_t kind, int64_t pane, uint32_t number)
{
    uint8_t *key = ds_new(a, uint8_t, 13);
    uint8_t *end = key;

    *end++ = kind;
    if (kind != KEY_HEAD)
        end = put_pane(end, pane);
    for (int i = 3; kind == KEY_CHUNK && i >= 0; i--)
        *end++ = (uint8_t)(number >> (8 * i));
    return (ds_slice){key, (uint32_t)(end - key)};
}

static ds_rc bad(const ds_op *op, const char *what, ds_err *err)
{
    return ds_fail(err, DS_E_STATE, "%s: %s of the window cannot be read",
                   op->node->name, what);
}

static ds_rc get(ds_op *op, const ds_slice *keys, uint32_t n, ds_arena *a,
                 ds_slice *vals, ds_err *err)
{
    return op->store->type->get(op->store, op->overlay, keys, NULL, n, a, vals,
                                err);
}

static ds_rc put(ds_op *op, const ds_slice *keys, const ds_slice *vals,
                 uint32_t n, ds_err *err)
{
    if (n == 0)
        return DS_OK;
    return op->store->type->put(op->store, op->overlay, keys, NULL, vals, n,
                                err);
}

/* ---- the head ---- */

ds_rc panes_begin(struct panes *p, ds_op *op, const ds_schema *rows,
                  ds_err *err)
{
    ds_arena *a = op->epoch_arena;
    ds_slice key = key_of(a, KEY_HEAD, 0, 0), val;

    *p = (struct panes){.rows = rows};
    DS_TRY(get(op, &key, 1, a, &val, err));
    if (val.ptr == NULL)
        return DS_OK;
    if (val.len != HEAD_LEN || val.ptr[0] != PANES_VERSION)
        return bad(op, "the head", err);
    p->oldest = (int64_t)get_u64(val.ptr + 1);
    p->last = (int64_t)get_u64(val.ptr + 9);
    p->tag = get_u64(val.ptr + 17);
    p->some = true;
    return DS_OK;
}

ds_rc panes_seal(struct panes *p, ds_op *op, ds_err *err)
{
    ds_arena *a = op->epoch_arena;
    uint8_t *head;
    ds_slice key, val;

    if (!p->changed)
        return DS_OK;
    head = ds_new(a, uint8_t, HEAD_LEN);
    head[0] = PANES_VERSION;
    put_u64(put_u64(put_u64(head + 1, (uint64_t)p->oldest), (uint64_t)p->last),
            p->tag);
    key = key_of(a, KEY_HEAD, 0, 0);
    val = (ds_slice){head, HEAD_LEN};
    p->changed = false;
    return put(op, &key, &val, 1, err);
}

/* ---- what is known of panes ---- */

static bool info_decode(ds_slice val, struct pane_info *out)
{
    *out = (struct pane_info){0};
    if (val.ptr == NULL)
        return true;
    if (val.len != INFO_LEN || val.ptr[0] != PANES_VERSION)
        return false;
    out->first = get_u32(val.ptr + 1);
    out->end = get_u32(val.ptr + 5);
    out->bytes = get_u64(val.ptr + 9);
    out->whole = get_u64(val.ptr + 17);
    return out->first <= out->end;
}

/* Of `n` panes from `from` on; all zero where there is none. */
static ds_rc infos_get(ds_op *op, int64_t from, uint32_t n,
                       struct pane_info *out, ds_err *err)
{
    ds_arena *a = op->epoch_arena;
    ds_slice *keys = ds_new(a, ds_slice, n + 1);
    ds_slice *vals = ds_new(a, ds_slice, n + 1);

    for (uint32_t i = 0; i < n; i++)
        keys[i] = key_of(a, KEY_PANE, from + i, 0);
    DS_TRY(get(op, keys, n, a, vals, err));
    for (uint32_t i = 0; i < n; i++)
        if (!info_decode(vals[i], &out[i]))
            return bad(op, "a pane", err);
    return DS_OK;
}

static ds_rc info_put(ds_op *op, int64_t pane, const struct pane_info *info,
                      ds_err *err)
{
    ds_arena *a = op->epoch_arena;
    uint8_t *bytes = ds_new(a, uint8_t, INFO_LEN);
    ds_slice key = key_of(a, KEY_PANE, pane, 0);
    ds_slice val = {bytes, INFO_LEN};

    bytes[0] = PANES_VERSION;
    put_u64(put_u64(put_u32(put_u32(bytes + 1, info->first), info->end),
                    info->bytes),
            info->whole);
    return put(op, &key, &val, 1, err);
}

/* ---- writing ---- */

/* rows[0..n) as one chunk. */
static ds_slice chunk_of(const ds_slice *rows, uint32_t n, size_t bytes,
                         ds_arena *a)
{
    uint8_t *chunk = ds_new(a, uint8_t, bytes);
    uint8_t *to = chunk;

    *to++ = PANES_VERSION;
    to = put_u32(to, n);
    for (uint32_t i = 0; i < n; i++) {
        to = put_u32(to, rows[i].len);
        memcpy(to, rows[i].ptr, rows[i].len);
        to += rows[i].len;
    }
    return (ds_slice){chunk, (uint32_t)bytes};
}

/* How many of the rows go into the next chunk, and how large it gets. */
static uint32_t chunk_take(const ds_slice *rows, uint32_t n, size_t *bytes)
{
    uint32_t took = 0;

    *bytes = CHUNK_HEAD;
    while (took < n && (took == 0 || *bytes + rows[took].len < CHUNK_BYTES))
        *bytes += 4 + (size_t)rows[took++].len;
    return took;
}

/* More than the chunks that the rows take: two that follow each other are
 * together larger than one may be. */
static uint32_t chunks_of(const ds_slice *rows, uint32_t n)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < n; i++)
        bytes += CHUNK_HEAD + 4 + (uint64_t)rows[i].len;
    bytes = 2 * bytes / CHUNK_BYTES + 3;
    return bytes < n ? (uint32_t)bytes : n + 1;
}

static ds_rc chunks_put(struct panes *p, ds_op *op, int64_t pane,
                        struct pane_info *info, const ds_slice *rows,
                        uint32_t n, ds_err *err)
{
    ds_arena *a = op->epoch_arena;
    uint32_t n_chunks = 0, cap = chunks_of(rows, n);
    ds_slice *keys = ds_new(a, ds_slice, cap);
    ds_slice *vals = ds_new(a, ds_slice, cap);

    for (uint32_t at = 0; at < n; n_chunks++) {
        size_t bytes;
        uint32_t took = chunk_take(rows + at, n - at, &bytes);

        keys[n_chunks] = key_of(a, KEY_CHUNK, pane, info->end++);
        vals[n_chunks] = chunk_of(rows + at, took, bytes, a);
        info->bytes += bytes;
        at += took;
        p->tag = ds_hash(vals[n_chunks].ptr, bytes) + p->tag * 31;
    }
    return put(op, keys, vals, n_chunks, err);
}

/* Chunks first..end are gone. */
static ds_rc chunks_delete(ds_op *op, int64_t pane, uint32_t first,
                           uint32_t end, ds_err *err)
{
    ds_arena *a = op->epoch_arena;
    uint32_t n = end - first;
    ds_slice *keys = ds_new(a, ds_slice, n + 1);
    ds_slice *vals = ds_new(a, ds_slice, n + 1);

    for (uint32_t i = 0; i < n; i++)
        keys[i] = key_of(a, KEY_CHUNK, pane, first + i);
    return put(op, keys, vals, n, err);
}

static void head_reach(struct panes *p, int64_t pane)
{
    if (!p->some)
        p->oldest = p->last = pane;
    if (pane < p->oldest)
        p->oldest = pane;
    if (pane > p->last)
        p->last = pane;
    p->some = true;
    p->changed = true;
    p->tag = p->tag * 31 + (uint64_t)pane + 1;
}

static ds_rc rows_put(struct panes *p, ds_op *op, int64_t pane,
                      struct pane_info *info, const ds_batch *rows, ds_err *err)
{
    ds_slice *bytes = ds_new(op->epoch_arena, ds_slice, rows->n_sel + 1);

    ds_rows_encode(rows->cols, p->rows, rows->n, rows->sel, rows->n_sel,
                   op->epoch_arena, bytes);
    return chunks_put(p, op, pane, info, bytes, rows->n_sel, err);
}

ds_rc panes_add(struct panes *p, ds_op *op, int64_t pane, const ds_batch *rows,
                ds_err *err)
{
    struct pane_info info;

    if (rows->n_sel == 0)
        return DS_OK;
    head_reach(p, pane);
    DS_TRY(infos_get(op, pane, 1, &info, err));
    DS_TRY(rows_put(p, op, pane, &info, rows, err));
    if (info.whole == 0)
        info.whole = info.bytes;
    return info_put(op, pane, &info, err);
}

ds_rc panes_replace(struct panes *p, ds_op *op, int64_t pane,
                    const ds_batch *rows, ds_err *err)
{
    struct pane_info info;

    head_reach(p, pane);
    DS_TRY(infos_get(op, pane, 1, &info, err));
    DS_TRY(chunks_delete(op, pane, info.first, info.end, err));
    info.first = info.end;
    info.bytes = 0;
    DS_TRY(rows_put(p, op, pane, &info, rows, err));
    info.whole = info.bytes;
    return info_put(op, pane, &info, err);
}

/* What was added is then as much as what it was added to: so all the copies
 * together are not more than twice what came. */
ds_rc panes_is_worth(struct panes *p, ds_op *op, int64_t pane, bool always,
                     bool *worth, ds_err *err)
{
    struct pane_info info = {0};

    *worth = false;
    if (!p->some || pane < p->oldest || pane > p->last)
        return DS_OK;
    DS_TRY(infos_get(op, pane, 1, &info, err));
    *worth = info.bytes >
             (always ? info.whole : 2 * info.whole + (uint64_t)CHUNK_BYTES);
    return DS_OK;
}

static ds_rc panes_delete(ds_op *op, int64_t from, uint32_t n, ds_err *err)
{
    ds_arena *a = op->epoch_arena;
    struct pane_info *infos = ds_new(a, struct pane_info, n + 1);

    DS_TRY(infos_get(op, from, n, infos, err));
    for (uint32_t i = 0; i < n; i++) {
        ds_slice key;

        if (infos[i].end == 0)
            continue;
        key = key_of(a, KEY_PANE, from + i, 0);
        DS_TRY(put(op, &key, &DS_NULL_SLICE, 1, err));
        DS_TRY(chunks_delete(op, from + i, infos[i].first, infos[i].end, err));
    }
    return DS_OK;
}

ds_rc panes_forget(struct panes *p, ds_op *op, int64_t before, ds_err *err)
{
    int64_t end = before <= p->last ? before : p->last + 1;

    if (!p->some || p->oldest >= before || p->oldest > p->last)
        return DS_OK;
    while (p->oldest < end) {
        int64_t left = end - p->oldest;
        uint32_t n = (uint32_t)(left < PANES_AT_ONCE ? left : PANES_AT_ONCE);

        DS_TRY(panes_delete(op, p->oldest, n, err));
        p->oldest += n;
    }
    p->changed = true;
    return DS_OK;
}

/* ---- reading ---- */

/* The rows of a chunk as slices; NULL: it is damaged. */
static ds_slice *chunk_rows(ds_slice chunk, uint32_t *n, ds_arena *a)
{
    const uint8_t *at = chunk.ptr + CHUNK_HEAD;
    const uint8_t *end = chunk.ptr + chunk.len;
    ds_slice *rows;

    if (chunk.ptr == NULL || chunk.len < CHUNK_HEAD ||
        chunk.ptr[0] != PANES_VERSION)
        return NULL;
    *n = get_u32(chunk.ptr + 1);
    if (*n > chunk.len / 4)
        return NULL;
    rows = ds_new(a, ds_slice, *n + 1);
    for (uint32_t i = 0; i < *n; i++) {
        uint32_t len;

        if (end - at < 4)
            return NULL;
        len = get_u32(at);
        at += 4;
        if (len > (size_t)(end - at))
            return NULL;
        rows[i] = (ds_slice){at, len};
        at += len;
    }
    return at == end ? rows : NULL;
}

static const ds_batch *chunk_decode(const struct panes *p, ds_slice chunk,
                                    ds_arena *a)
{
    ds_batch *b = ds_new(a, ds_batch, 1);
    ds_col *cols = ds_new(a, ds_col, p->rows->n + 1);
    uint64_t *wrong = NULL;
    uint32_t n = 0;
    ds_slice *rows = chunk_rows(chunk, &n, a);

    if (rows == NULL)
        return NULL;
    ds_rows_decode(rows, n, p->rows, a, cols, &wrong);
    *b = (ds_batch){
        .schema = p->rows, .cols = cols, .n = n, .n_sel = n, .arena = a};
    return wrong ? NULL : b;
}

static ds_rc pane_read(const struct panes *p, ds_op *op, int64_t pane,
                       const struct pane_info *info,
                       const struct panes_walk *walk, ds_err *err)
{
    ds_arena *a = walk->arena;
    uint32_t n = info->end - info->first;
    ds_slice *keys = ds_new(a, ds_slice, n + 1);
    ds_slice *vals = ds_new(a, ds_slice, n + 1);

    for (uint32_t i = 0; i < n; i++)
        keys[i] = key_of(a, KEY_CHUNK, pane, info->first + i);
    DS_TRY(get(op, keys, n, a, vals, err));
    for (uint32_t i = 0; i < n; i++) {
        const ds_batch *rows = chunk_decode(p, vals[i], a);

        if (rows == NULL)
            return bad(op, "a chunk", err);
        DS_TRY(walk->fn(walk->arg, pane, rows, err));
    }
    return DS_OK;
}

static ds_rc panes_some(const struct panes *p, ds_op *op, int64_t from,
                        uint32_t n, const struct panes_walk *walk, ds_err *err)
{
    struct pane_info *infos = ds_new(op->epoch_arena, struct pane_info, n + 1);

    DS_TRY(infos_get(op, from, n, infos, err));
    for (uint32_t i = 0; i < n; i++) {
        if (infos[i].first == infos[i].end)
            continue;
        DS_TRY(pane_read(p, op, from + i, &infos[i], walk, err));
        if (walk->reset)
            ds_arena_reset(walk->arena);
    }
    return DS_OK;
}

ds_rc panes_each(const struct panes *p, ds_op *op, int64_t from, int64_t to,
                 const struct panes_walk *walk, ds_err *err)
{
    if (!p->some)
        return DS_OK;
    from = from < p->oldest ? p->oldest : from;
    to = to > p->last ? p->last : to;
    while (from <= to) {
        int64_t left = to - from + 1;
        uint32_t n = (uint32_t)(left < PANES_AT_ONCE ? left : PANES_AT_ONCE);

        DS_TRY(panes_some(p, op, from, n, walk, err));
        from += n;
    }
    return DS_OK;
}
