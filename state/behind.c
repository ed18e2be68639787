/* SPDX-License-Identifier: Apache-2.0 */
/*
 * behind.c - committed values reach the base later, and in bulk.
 *
 * The dirty entries are copied together with the position of the last epoch
 * that they hold; a thread sorts and writes them. The table is not touched
 * meanwhile, except that the entries are frozen: they may change again, but
 * they are not evicted before the base has them.
 *
 * A write that fails is final: Kafka is ahead of the base, and a restart will
 * restore the rest.
 */
#include <stdlib.h>

#include "state/state.h"

/* contract.md 9 */
#define WRITE_EVERY (10 * DS_SECOND)
#define WRITE_KEYS 1000000
#define FLUSH_EVERY (60 * DS_SECOND)
/* The position is written again now and then, so that a quiet store is not
 * taken for a stale one. */
#define META_EVERY (600 * DS_SECOND)

/* Keys that come into the table when a store is opened, and then between two
 * epochs: a start does not wait for all of them. */
#define LOAD_FIRST 8192
#define LOAD_STEP 4096

#define EPOCHS_MOST ((int64_t)64 << 20)

/* What RocksDB and the epochs leave, in equal parts. */
size_t behind_budget(const struct store *s)
{
    int64_t memory = s->db->memory, n = atomic_load(&s->db->n_stores);
    int64_t epochs = memory / 8 < EPOCHS_MOST ? memory / 8 : EPOCHS_MOST;
    int64_t left = memory - base_db_memory(memory) - epochs;

    left = left > memory / 2 ? left : memory / 2; /* it is tiny */
    return (size_t)(left / (n > 0 ? n : 1));
}

/* The table, and the copy of what is being written. */
static size_t held_bytes(const struct store *s)
{
    return table_bytes(&s->table) + s->job_of.bytes_cap +
           s->job_of.cap * sizeof(*s->job_of.pairs);
}

/* Down to seven eighths of the budget, as far as entries are clean. */
static void bytes_evict(struct store *s)
{
    size_t most = behind_budget(s) / 8 * 7;
    size_t copy = held_bytes(s) - table_bytes(&s->table);

    table_evict(&s->table, most > copy ? most - copy : 0);
}

/* ---- from the base into the table ---- */

void behind_load_end(struct store *s, bool complete)
{
    if (s->load == NULL)
        return;
    base_iter_free(s->load);
    s->load = NULL;
    s->table.complete = complete;
    table_loaded(&s->table);
}

/* The iterator shows the base as it was at open. What is in the table is
 * younger and stays; nothing is evicted as long as it is there. */
static ds_rc load_some(struct store *s, uint32_t n, ds_err *err)
{
    size_t budget = behind_budget(s) / 8 * 7;
    ds_slice key, val;

    if (s->load == NULL)
        return DS_OK;
    for (uint32_t i = 0; s->load && i < n; i++) {
        ds_rc rc = base_iter_next(s->load, &key, &val, err);

        if (rc < 0)
            return rc;
        if (rc == DS_END || held_bytes(s) > budget)
            behind_load_end(s, rc == DS_END);
        else
            table_fill(&s->table, ds_hash(key.ptr, key.len), key, val);
    }
    if (s->load == NULL && !s->table.complete && held_bytes(s) > budget)
        bytes_evict(s); /* the last one may have made it grow */
    return DS_OK;
}

ds_rc behind_load(struct store *s, ds_err *err)
{
    s->load = base_iter_new(s->base, DS_NULL_SLICE);
    s->table.complete = false;
    s->table.loading = true;
    return load_some(s, LOAD_FIRST, err);
}

/* ---- a write ---- */

static void job_reserve(write_job *job, uint32_t n, size_t bytes)
{
    if (n > job->cap) {
        free(job->pairs);
        job->pairs = malloc(n * sizeof(*job->pairs));
        DS_BUG_ON(job->pairs == NULL);
        job->cap = n;
    }
    if (bytes > job->bytes_cap) {
        free(job->bytes);
        job->bytes = malloc(bytes);
        DS_BUG_ON(job->bytes == NULL);
        job->bytes_cap = bytes;
    }
}

static size_t frozen_bytes(const table *t)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < t->frozen.n; i++)
        bytes += (size_t)t->frozen.v[i]->klen + t->frozen.v[i]->vlen;
    return bytes;
}

/* A copy of the frozen entries and of the position that they reflect. */
static void job_fill(struct store *s)
{
    write_job *job = &s->job_of;
    const table *t = &s->table;
    uint8_t *at;

    job_reserve(job, t->frozen.n, frozen_bytes(t) + meta_size(s) + 1);
    job->meta = meta_encode(s, job->bytes);
    at = job->bytes + job->meta.len;
    for (uint32_t i = 0; i < t->frozen.n; i++) {
        const entry *e = t->frozen.v[i];
        bool gone = e->flags & ENTRY_GONE;

        memcpy(at, e->data, (size_t)e->klen + e->vlen);
        job->pairs[i].key = (ds_slice){at, e->klen};
        job->pairs[i].val =
            gone ? DS_NULL_SLICE : (ds_slice){at + e->klen, e->vlen};
        at += e->klen + e->vlen;
    }
    job->n = t->frozen.n;
    job->base = s->base;
}

/* None is being written. */
static void write_start(struct store *s, bool flush)
{
    table_freeze(&s->table);
    job_fill(s);
    s->job_of.flush = flush;
    s->job_of.err = (ds_err){0};
    s->writing = true;
    s->moved = false;
    s->unflushed = !flush;
    writer_add(&s->db->writer, &s->job_of);
}

/* The writer has finished with it. */
static ds_rc write_end(struct store *s, ds_err *err)
{
    s->writing = false;
    if (s->job_of.err.rc != DS_OK) {
        s->failed = s->job_of.err;
        return ds_fail(err, s->failed.rc, "store %s: %s", s->name,
                       s->failed.msg);
    }
    table_thaw(&s->table);
    if (s->job_of.n > WRITE_KEYS / 4 || /* do not keep the largest for ever */
        held_bytes(s) > behind_budget(s) / 4 * 3) {
        free(s->job_of.pairs);
        free(s->job_of.bytes);
        s->job_of = (write_job){0};
    }
    return DS_OK;
}

static ds_rc write_failed(const struct store *s, ds_err *err)
{
    if (s->failed.rc == DS_OK)
        return DS_OK;
    return ds_fail(err, s->failed.rc, "store %s: %s", s->name, s->failed.msg);
}

static ds_rc write_poll(struct store *s, ds_err *err)
{
    DS_TRY(write_failed(s, err));
    if (!s->writing || writer_busy(&s->db->writer, &s->job_of))
        return DS_OK;
    return write_end(s, err);
}

ds_rc behind_wait(struct store *s, ds_err *err)
{
    if (!s->writing)
        return write_failed(s, err);
    writer_wait(&s->db->writer, &s->job_of);
    return write_end(s, err);
}

ds_rc behind_all(struct store *s, bool flush, ds_err *err)
{
    DS_TRY(behind_wait(s, err));
    if (!s->moved && s->table.dirty.n == 0 && !flush)
        return DS_OK;
    write_start(s, flush);
    return behind_wait(s, err);
}

/* ---- when ---- */

/* What a changed key takes besides its bytes: entry, slot, the pair of its
 * copy. */
#define KEY_BYTES 88

/* A quarter of the memory for what is changed and its copy: the other stores
 * have their own. */
static bool due_by_size(const struct store *s)
{
    const table *t = &s->table;

    return t->dirty.n >= WRITE_KEYS ||
           2 * t->dirty_bytes + t->dirty.n * (uint64_t)KEY_BYTES >=
               behind_budget(s) * 5 / 12;
}

ds_rc behind_bound(struct store *s, ds_err *err)
{
    size_t budget = behind_budget(s);

    if (s->base == NULL)
        return DS_OK;
    DS_TRY(write_poll(s, err));
    if (!s->writing && due_by_size(s))
        write_start(s, false);
    if (held_bytes(s) <= budget)
        return DS_OK;
    behind_load_end(s, false);
    bytes_evict(s);
    if (held_bytes(s) <= budget)
        return DS_OK;
    /* What is not written fills it: wait for the disk. */
    DS_TRY(behind_wait(s, err));
    if (s->table.dirty.n)
        DS_TRY(behind_all(s, false, err));
    bytes_evict(s);
    return DS_OK;
}

/* Since `last` more than `every` has passed; a clock that went back counts. */
static bool passed(ds_time last, ds_time now, ds_time every)
{
    return now < last || now - last >= every;
}

ds_rc store_tick(ds_store *head, ds_time now, ds_err *err)
{
    struct store *s = (struct store *)head;
    bool flush;

    if (now == INT64_MAX) /* at once, all the way to the disk */
        return s->base ? behind_all(s, true, err) : DS_OK;
    s->meta.written = now;
    if (s->base == NULL)
        return DS_OK;
    if (s->last_write == DS_TIME_NONE)
        s->last_write = s->last_flush = s->last_meta = now;
    DS_TRY(write_poll(s, err));
    DS_TRY(load_some(s, LOAD_STEP, err));
    if (s->writing)
        return DS_OK;
    flush = s->unflushed && passed(s->last_flush, now, FLUSH_EVERY);
    if (!flush && !due_by_size(s) &&
        !(s->moved && passed(s->last_write, now, WRITE_EVERY)) &&
        !(s->meta.pos >= 0 && passed(s->last_meta, now, META_EVERY)))
        return DS_OK;
    s->last_write = s->last_meta = now;
    if (flush)
        s->last_flush = now;
    write_start(s, flush);
    return DS_OK;
}
