/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadlines.c - the keys of a store by the time at which something is due.
 */
#include "op/deadlines.h"

#include <stdlib.h>

#define LIST_TAG 0xff
#define LIST_KEY (1 + 8 + 8 + 4)
#define LIST_BYTES ((size_t)256 << 10) /* a record that every topic takes */

_Static_assert(LIST_TAG >= DS_KEY_ORDERED, "lists are found by their order");

/* ---- the keys of lists ---- */

static uint8_t *put_time(uint8_t *to, ds_time t)
{
    uint64_t v = __builtin_bswap64((uint64_t)t ^ 1ull << 63);

    memcpy(to, &v, sizeof(v));
    return to + sizeof(v);
}

static ds_time get_time(const uint8_t *from)
{
    uint64_t v;

    memcpy(&v, from, sizeof(v));
    return (ds_time)(__builtin_bswap64(v) ^ 1ull << 63);
}

static ds_slice list_key(ds_arena *a, ds_time deadline, ds_time batch,
                         uint32_t number)
{
    uint8_t *key = ds_arena_alloc(a, LIST_KEY, 1);
    uint32_t last = __builtin_bswap32(number);

    key[0] = LIST_TAG;
    memcpy(put_time(put_time(key + 1, deadline), batch), &last, sizeof(last));
    return (ds_slice){key, LIST_KEY};
}

/* ---- add ---- */

struct listing {
    ds_time at;
    uint32_t i;
};

/* The keys of a deadline, from..to in the listings. */
struct run {
    ds_time at;
    uint32_t from, to;
    uint32_t number; /* of its first list */
};

struct lists {
    ds_slice *keys, *vals;
    uint32_t n;
};

static int listing_cmp(const void *x, const void *y)
{
    const struct listing *a = x, *b = y;

    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->i < b->i ? -1 : a->i > b->i;
}

static struct run *runs_make(ds_op *op, const ds_time *at, uint32_t n,
                             struct listing *l, uint32_t *n_runs)
{
    struct run *runs = ds_new(op->epoch_arena, struct run, n);

    for (uint32_t i = 0; i < n; i++)
        l[i] = (struct listing){at[i], i};
    qsort(l, n, sizeof(*l), listing_cmp);
    *n_runs = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || l[i].at != l[i - 1].at)
            runs[(*n_runs)++] = (struct run){l[i].at, i, i, 0};
        runs[*n_runs - 1].to = i + 1;
    }
    return runs;
}

/* Lists that this batch has made already are not touched: the first number of
 * each run that is free. One call as long as there are none. */
static ds_rc runs_number(ds_op *op, struct run *runs, uint32_t n, ds_err *err)
{
    ds_arena *a = op->epoch_arena;
    struct run **open = ds_new(a, struct run *, n);
    ds_slice *keys = ds_new(a, ds_slice, n);
    ds_slice *vals = ds_new(a, ds_slice, n);

    for (uint32_t i = 0; i < n; i++)
        open[i] = &runs[i];
    while (n) {
        uint32_t left = 0;

        for (uint32_t i = 0; i < n; i++)
            keys[i] = list_key(a, open[i]->at, op->now, open[i]->number);
        DS_TRY(op->store->type->get(op->store, op->overlay, keys, NULL, n, a,
                                    vals, err));
        for (uint32_t i = 0; i < n; i++) {
            if (vals[i].ptr == NULL)
                continue;
            open[i]->number++;
            open[left++] = open[i];
        }
        n = left;
    }
    return DS_OK;
}

/* As many of the run's keys as one list takes; returns the next. */
static uint32_t list_fill(ds_op *op, const ds_slice *keys,
                          const struct listing *l, uint32_t from, uint32_t to,
                          ds_slice *out)
{
    size_t size = 0;
    uint32_t end = from;
    uint8_t *at;

    while (end < to && (end == from || size < LIST_BYTES))
        size += 4 + (size_t)keys[l[end++].i].len;
    at = ds_arena_alloc(op->epoch_arena, size, 1);
    *out = (ds_slice){at, (uint32_t)size};
    for (; from < end; from++) {
        ds_slice key = keys[l[from].i];

        memcpy(at, &key.len, 4);
        memcpy(at + 4, key.ptr, key.len);
        at += 4 + key.len;
    }
    return end;
}

static void run_lists(ds_op *op, const ds_slice *keys, const struct listing *l,
                      const struct run *run, struct lists *out)
{
    uint32_t number = run->number;

    for (uint32_t from = run->from; from < run->to; out->n++) {
        out->keys[out->n] =
            list_key(op->epoch_arena, run->at, op->now, number++);
        from = list_fill(op, keys, l, from, run->to, &out->vals[out->n]);
    }
}

ds_rc deadlines_add(ds_op *op, const ds_slice *keys, const ds_time *at,
                    uint32_t n, ds_err *err)
{
    ds_arena *a = op->epoch_arena;
    struct listing *l = ds_new(a, struct listing, n + 1);
    struct lists lists = {ds_new(a, ds_slice, n + 1),
                          ds_new(a, ds_slice, n + 1), 0};
    struct run *runs;
    uint32_t n_runs;

    if (n == 0)
        return DS_OK;
    runs = runs_make(op, at, n, l, &n_runs);
    DS_TRY(runs_number(op, runs, n_runs, err));
    for (uint32_t i = 0; i < n_runs; i++)
        run_lists(op, keys, l, &runs[i], &lists);
    return op->store->type->put(op->store, op->overlay, lists.keys, NULL,
                                lists.vals, lists.n, err);
}

/* ---- take ---- */

struct taken {
    ds_op *op;
    struct due *due;
    ds_slice *lists; /* their keys */
    uint32_t n, cap;
};

static void *grown(ds_arena *a, const void *old, uint32_t n, uint32_t cap,
                   size_t size)
{
    void *more = ds_arena_alloc(a, cap * size, 8);

    if (n)
        memcpy(more, old, n * size);
    return more;
}

static void due_add(ds_arena *a, struct due *d, ds_slice key, ds_time at)
{
    if (d->n == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 256;
        d->keys = grown(a, d->keys, d->n, d->cap, sizeof(*d->keys));
        d->at = grown(a, d->at, d->n, d->cap, sizeof(*d->at));
    }
    d->keys[d->n] = key;
    d->at[d->n++] = at;
}

static ds_rc list_bad(const ds_op *op, ds_err *err)
{
    return ds_fail(err, DS_E_STATE,
                   "%s: a list of deadlines in the state cannot be read",
                   op->node->name);
}

static ds_rc list_take(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    struct taken *t = arg;
    ds_arena *a = t->op->epoch_arena;
    ds_slice left = ds_slice_copy(a, val);

    if (key.len != LIST_KEY)
        return list_bad(t->op, err);
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 16;
        t->lists = grown(a, t->lists, t->n, t->cap, sizeof(*t->lists));
    }
    t->lists[t->n++] = ds_slice_copy(a, key);
    while (left.len) {
        ds_slice one;

        if (left.len < 4)
            return list_bad(t->op, err);
        memcpy(&one.len, left.ptr, 4);
        one.ptr = left.ptr + 4;
        if (left.len - 4 < one.len)
            return list_bad(t->op, err);
        due_add(a, t->due, one, get_time(key.ptr + 1));
        left.ptr += 4 + one.len;
        left.len -= 4 + one.len;
    }
    return DS_OK;
}

ds_rc deadlines_take(ds_op *op, ds_time now, struct due *out, ds_err *err)
{
    static const uint8_t tag[] = {LIST_TAG};
    ds_slice hi = list_key(op->epoch_arena, now + 1, INT64_MIN, 0);
    struct taken t = {.op = op, .due = out};
    ds_slice *gone;

    *out = (struct due){0};
    DS_TRY(op->store->type->scan(op->store, op->overlay, (ds_slice){tag, 1}, hi,
                                 list_take, &t, err));
    if (t.n == 0)
        return DS_OK;
    gone = ds_new(op->epoch_arena, ds_slice, t.n);
    return op->store->type->put(op->store, op->overlay, t.lists, NULL, gone,
                                t.n, err);
}
