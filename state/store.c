/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - overlay before table before base.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dstream/log.h"
#include "state/state.h"

/* ---- open and close ---- */

void store_set_engine(struct store *s, ds_slice engine)
{
    uint8_t *copy = NULL;

    if (engine.ptr) {
        copy = malloc(engine.len + (size_t)1);
        DS_BUG_ON(copy == NULL);
        if (engine.len)
            memcpy(copy, engine.ptr, engine.len);
    }
    free((void *)(uintptr_t)s->meta.engine.ptr);
    s->meta.engine = (ds_slice){copy, engine.len};
}

void store_forget(struct store *s)
{
    behind_load_end(s, false);
    table_clear(&s->table);
    store_set_engine(s, DS_NULL_SLICE);
    s->meta.pos = -1;
    s->meta.written = DS_TIME_NONE;
    s->moved = false;
    s->failed = (ds_err){0};
}

static void store_free(struct store *s)
{
    behind_load_end(s, false);
    table_free(&s->table);
    store_set_engine(s, DS_NULL_SLICE);
    if (s->base)
        base_close(s->base);
    free(s->job_of.pairs);
    free(s->job_of.bytes);
    free(s->name);
    free(s->job);
    free(s->topic);
    free(s);
}

/* What the base holds is only a copy of the changelog: what cannot be used is
 * dropped, and will be restored. */
static ds_rc base_drop(struct store *s, const char *why, ds_err *err)
{
    ds_log(DS_LOG_WARN, "local state is dropped and restored",
           DS_KV("job", "%s", s->job), DS_KV("store", "%s", s->name),
           DS_KV("partition", "%d", s->partition), DS_KV("why", "%s", why));
    store_forget(s);
    return base_wipe(s->base, err);
}

static ds_rc base_use(struct store *s, uint64_t signature, ds_err *err)
{
    ds_arena *a = ds_arena_new(4096);
    ds_slice bytes = DS_NULL_SLICE;
    ds_rc rc = base_meta(s->base, a, &bytes, err);

    if (rc == DS_OK)
        rc = meta_decode(s, signature, bytes, err);
    if (rc == DS_OK)
        rc = behind_load(s, err);
    ds_arena_free(a);
    return rc == DS_NOTFOUND ? DS_OK : rc;
}

static ds_rc base_attach(struct store *s, uint64_t signature, ds_err *err)
{
    char name[300];
    ds_err why = {0};
    ds_rc rc;

    snprintf(name, sizeof(name), "s.%s.%d", s->name, s->partition);
    DS_TRY(base_open(s->db->base, name, &s->base, err));
    rc = base_use(s, signature, &why);
    if (rc == DS_E_STATE)
        return base_drop(s, why.msg, err);
    return rc < 0 ? ds_fail(err, rc, "%s", why.msg) : DS_OK;
}

ds_rc store_open(ds_db *head, const ds_store_spec *spec, ds_store **out,
                 ds_err *err)
{
    struct db *db = (struct db *)head;
    struct store *s = calloc(1, sizeof(*s));
    ds_rc rc = DS_OK;

    DS_BUG_ON(s == NULL);
    s->head.type = head->type;
    s->db = db;
    s->name = strdup(spec->name);
    s->job = strdup(db->job);
    s->topic = strdup(spec->topic);
    s->partition = spec->partition;
    s->meta = (struct meta){spec->signature, -1, DS_TIME_NONE, DS_NULL_SLICE};
    s->last_write = s->last_flush = s->last_meta = DS_TIME_NONE;
    table_init(&s->table, db->base != NULL);
    atomic_fetch_add(&db->n_stores, 1);
    if (db->base)
        rc = base_attach(s, spec->signature, err);
    if (rc != DS_OK) {
        atomic_fetch_sub(&db->n_stores, 1);
        store_free(s);
        return rc;
    }
    *out = &s->head;
    return DS_OK;
}

ds_rc store_close(ds_store *head, ds_err *err)
{
    struct store *s = (struct store *)head;
    ds_rc rc = s->base ? behind_all(s, false, err) : DS_OK;

    atomic_fetch_sub(&s->db->n_stores, 1);
    store_free(s);
    return rc;
}

ds_rc store_wipe(ds_store *head, ds_err *err)
{
    struct store *s = (struct store *)head;

    if (s->base) {
        if (behind_wait(s, NULL) < 0)
            s->writing = false;    /* what it wrote goes too */
        behind_load_end(s, false); /* before its family */
        DS_TRY(base_wipe(s->base, err));
    }
    store_forget(s);
    return DS_OK;
}

/* ---- get and put ---- */

ds_overlay *store_begin(ds_store *head, ds_overlay *below, ds_arena *epoch)
{
    struct store *s = (struct store *)head;
    ds_overlay *ov = overlay_new(epoch, below);

    ov->number = ++s->begun;
    return ov;
}

const ds_overlay *store_below(const struct store *s, const ds_overlay *ov)
{
    return ov->below && ov->below_number > s->committed ? ov->below : NULL;
}

static const overlay_entry *overlays_find(const struct store *s,
                                          const ds_overlay *ov, uint64_t hash,
                                          ds_slice key)
{
    for (; ov; ov = store_below(s, ov)) {
        const overlay_entry *e = overlay_find(ov, hash, key);
        if (e)
            return e;
    }
    return NULL;
}

static const uint64_t *hashes_of(const ds_slice *keys, const uint64_t *hashes,
                                 uint32_t n, ds_arena *a)
{
    uint64_t *made;

    if (hashes)
        return hashes;
    made = ds_new(a, uint64_t, n + 1);
    for (uint32_t i = 0; i < n; i++)
        made[i] = ds_hash(keys[i].ptr, keys[i].len);
    return made;
}

/* Values of the table are copied: a commit may change them in place. */
static void values_copy(entry *const *found, ds_slice *vals, uint32_t n,
                        ds_arena *a)
{
    size_t bytes = 1;
    uint8_t *at;

    for (uint32_t i = 0; i < n; i++)
        if (found[i])
            bytes += found[i]->vlen;
    at = ds_arena_alloc(a, bytes, 1);
    for (uint32_t i = 0; i < n; i++) {
        if (found[i] == NULL || found[i]->flags & ENTRY_GONE)
            continue;
        vals[i] = (ds_slice){at, found[i]->vlen};
        memcpy(at, found[i]->data + found[i]->klen, found[i]->vlen);
        at += found[i]->vlen;
    }
}

struct missing {
    ds_slice key;
    uint32_t i;
};

static int missing_cmp(const void *x, const void *y)
{
    return ds_slice_cmp(((const struct missing *)x)->key,
                        ((const struct missing *)y)->key);
}

/* One call for all, sorted: a third cheaper, and keys share blocks. */
static ds_rc missing_get(struct store *s, struct missing *m, uint32_t n,
                         const uint64_t *hashes, ds_arena *a, ds_slice *vals,
                         ds_err *err)
{
    ds_slice *keys = ds_new(a, ds_slice, n);
    ds_slice *got = ds_new(a, ds_slice, n);

    qsort(m, n, sizeof(*m), missing_cmp);
    for (uint32_t i = 0; i < n; i++)
        keys[i] = m[i].key;
    DS_TRY(base_get(s->base, keys, n, a, got, err));
    for (uint32_t i = 0; i < n; i++) {
        vals[m[i].i] = got[i];
        if (got[i].ptr)
            table_fill(&s->table, hashes[m[i].i], keys[i], got[i]);
    }
    return behind_bound(s, err);
}

/* NOLINTNEXTLINE(readability-function-size): the interface's parameters */
ds_rc store_get(ds_store *head, ds_overlay *ov, const ds_slice *keys,
                const uint64_t *hashes, uint32_t n, ds_arena *a, ds_slice *vals,
                ds_err *err)
{
    struct store *s = (struct store *)head;
    entry **found = ds_new(a, entry *, n + 1);
    struct missing *missing = NULL;
    uint32_t n_missing = 0;

    hashes = hashes_of(keys, hashes, n, a);
    table_find_n(&s->table, hashes, keys, n, found);
    if (!s->table.complete)
        missing = ds_new(a, struct missing, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        const overlay_entry *e = overlays_find(s, ov, hashes[i], keys[i]);

        vals[i] = e ? e->val : DS_NULL_SLICE;
        if (e)
            found[i] = NULL;
        else if (found[i] == NULL && missing)
            missing[n_missing++] = (struct missing){keys[i], i};
    }
    values_copy(found, vals, n, a);
    if (n_missing == 0)
        return DS_OK;
    return missing_get(s, missing, n_missing, hashes, a, vals, err);
}

ds_rc store_put(ds_store *head, ds_overlay *ov, const ds_slice *keys,
                const uint64_t *hashes, const ds_slice *vals, uint32_t n,
                ds_err *err)
{
    (void)head;
    if (ov->sealed)
        return ds_fail(err, DS_E_INVALID, "put() after seal()");
    for (uint32_t i = 0; i < n; i++)
        if (keys[i].len == 0 || keys[i].ptr[0] == 0)
            return ds_fail(err, DS_E_INVALID, "a key that is the engine's own");
    overlay_put(ov, keys, hashes_of(keys, hashes, n, ov->arena), vals, n);
    return DS_OK;
}

/* ---- the epoch's end ---- */

ds_rc store_seal(ds_store *head, ds_overlay *ov, ds_slice engine,
                 uint32_t topic, ds_outbox *out, ds_err *err)
{
    struct store *s = (struct store *)head;
    uint32_t n = ov->n + (engine.ptr != NULL);
    ds_row *rows;

    (void)err;
    ov->sealed = true;
    ov->engine = ds_slice_copy(ov->arena, engine);
    if (n == 0)
        return DS_OK;
    rows = ds_outbox_add_n(out, n);
    for (uint32_t i = 0; i < ov->n; i++)
        rows[i] = (ds_row){.topic = topic,
                           .partition = s->partition,
                           .key = ov->v[i].key,
                           .val = ov->v[i].val,
                           .ts = DS_TIME_NONE};
    if (engine.ptr)
        rows[ov->n] = (ds_row){.topic = topic,
                               .partition = s->partition,
                               .key = DS_ENGINE_KEY,
                               .val = ov->engine,
                               .ts = DS_TIME_NONE};
    return DS_OK;
}

#define AHEAD 8 /* keys: as long as memory takes */

ds_rc store_commit(ds_store *head, ds_overlay *ov, int64_t pos, ds_err *err)
{
    struct store *s = (struct store *)head;

    DS_BUG_ON(ov->number <= s->committed);
    s->committed = ov->number;
    for (uint32_t i = 0; i < ov->n; i++) {
        if (i + 2 * AHEAD < ov->n)
            table_prefetch(&s->table, ov->v[i + 2 * AHEAD].hash);
        if (i + AHEAD < ov->n)
            table_prefetch_entry(&s->table, ov->v[i + AHEAD].hash);
        table_put(&s->table, ov->v[i].hash, ov->v[i].key, ov->v[i].val);
    }
    if (ov->engine.ptr)
        store_set_engine(s, ov->engine);
    if (pos > s->meta.pos)
        s->meta.pos = pos;
    s->moved = s->moved || ov->n || ov->engine.ptr || pos >= 0;
    return behind_bound(s, err);
}

static uint64_t hash_ahead(const struct store *s, ds_slice key)
{
    uint64_t hash = ds_hash(key.ptr, key.len);

    table_prefetch(&s->table, hash);
    return hash;
}

ds_rc store_apply(ds_store *head, const ds_envelope *rows, int64_t pos,
                  ds_err *err)
{
    struct store *s = (struct store *)head;
    uint32_t n = rows && rows->key ? rows->n : 0;
    uint64_t ahead[2 * AHEAD] = {0};

    for (uint32_t i = 0; i < n + 2 * AHEAD; i++) {
        uint32_t row = i - 2 * AHEAD;
        ds_slice key, val;
        uint64_t hash = ahead[i % (2 * AHEAD)];

        if (i < n)
            ahead[i % (2 * AHEAD)] = hash_ahead(s, rows->key[i]);
        if (i < 2 * AHEAD)
            continue;
        key = rows->key[row];
        val = rows->val ? rows->val[row] : DS_NULL_SLICE;
        if (key.len == 0)
            continue; /* not ours: a changelog row has a key */
        if (key.ptr[0] != 0)
            table_put(&s->table, hash, key, val);
        else if (ds_slice_eq(key, DS_ENGINE_KEY))
            store_set_engine(s, val);
    }
    if (pos > s->meta.pos)
        s->meta.pos = pos;
    s->moved = true;
    return behind_bound(s, err);
}

/* ---- questions ---- */

ds_rc store_position(ds_store *head, int64_t *pos, ds_time *written,
                     ds_err *err)
{
    struct store *s = (struct store *)head;

    (void)err;
    *pos = s->meta.pos;
    *written = s->meta.written;
    return s->meta.pos < 0 ? DS_NOTFOUND : DS_OK;
}

ds_rc store_engine(ds_store *head, ds_arena *a, ds_slice *out, ds_err *err)
{
    struct store *s = (struct store *)head;

    (void)err;
    *out = ds_slice_copy(a, s->meta.engine);
    return DS_OK;
}

void store_stats(ds_store *head, ds_store_stats *out)
{
    const struct store *s = (const struct store *)head;
    int64_t held =
        (int64_t)(s->table.n - s->table.gone - s->table.order.entries);
    int64_t there = s->base && !s->table.complete ? base_keys(s->base) : 0;
    int64_t calls[BASE_CALLS_N] = {0};
    int64_t memory = (int64_t)table_bytes(&s->table);

    for (int i = 0; s->base && i < BASE_CALLS_N; i++)
        calls[i] = base_calls(s->base, (base_call)i);
    *out = (ds_store_stats){
        .keys = there > held ? there
                : held > 0   ? held
                             : 0,
        .bytes = memory + (s->base ? base_bytes(s->base) : 0),
        .unwritten = (int64_t)s->table.dirty.n + s->table.n_frozen,
        .base_calls = calls[BASE_READ] + calls[BASE_WRITE] + calls[BASE_SCAN] +
                      calls[BASE_FLUSH],
        .memory = memory,
        .reads = calls[BASE_READ],
        .writes = calls[BASE_WRITE],
        .scans = calls[BASE_SCAN],
        .flushes = calls[BASE_FLUSH]};
}
