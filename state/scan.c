/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.c - reading many keys: overlays before table before base.
 *
 * What is in memory is sorted for a scan; what only the base has is merged in.
 * A key that stands in several places counts where it is youngest. A visit of a
 * complete table goes through its slots as they lie.
 */
#include <stdlib.h>

#include "state/state.h"

struct item {
    ds_slice key, val;
    uint32_t age; /* 0: the youngest */
};

struct items {
    struct item *v;
    size_t n, cap;
    ds_slice lo, hi;
};

static bool in_range(const struct items *l, ds_slice key)
{
    return (!l->lo.ptr || ds_slice_cmp(key, l->lo) >= 0) &&
           (!l->hi.ptr || ds_slice_cmp(key, l->hi) < 0);
}

static void items_add(struct items *l, ds_slice key, ds_slice val, uint32_t age)
{
    if (!in_range(l, key))
        return;
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 256;
        l->v = realloc(l->v, l->cap * sizeof(*l->v));
        DS_BUG_ON(l->v == NULL);
    }
    l->v[l->n++] = (struct item){key, val, age};
}

static int item_cmp(const void *x, const void *y)
{
    const struct item *a = x, *b = y;
    int c = ds_slice_cmp(a->key, b->key);

    return c ? c : a->age < b->age ? -1 : a->age > b->age;
}

/* Each key once, the youngest; deleted ones stay, as such. */
static void items_sort(struct items *l)
{
    size_t n = 0;

    if (l->n == 0)
        return;
    qsort(l->v, l->n, sizeof(*l->v), item_cmp);
    for (size_t i = 1; i < l->n; i++)
        if (ds_slice_cmp(l->v[n].key, l->v[i].key) != 0)
            l->v[++n] = l->v[i];
    l->n = n + 1;
}

/* The range of ordered keys. */
static void order_items(const order *o, struct items *l, uint32_t age)
{
    order_at at = order_seek(o, l->lo);
    const entry *e;

    while ((e = order_next(o, &at)) && in_range(l, entry_key(e)))
        items_add(l, entry_key(e), entry_val(e), age);
}

/* All of a complete table; else only what the base does not have yet. */
static void table_add(const table *t, struct items *l, uint32_t age)
{
    if (key_ordered(l->lo)) {
        order_items(&t->order, l, age);
        return;
    }
    if (t->complete) {
        for (uint64_t i = 0; i < t->cap; i++)
            if (t->slots[i].e)
                items_add(l, entry_key(t->slots[i].e), entry_val(t->slots[i].e),
                          age);
        return;
    }
    for (uint32_t i = 0; i < t->dirty.n; i++)
        items_add(l, entry_key(t->dirty.v[i]), entry_val(t->dirty.v[i]), age);
    for (uint32_t i = 0; i < t->frozen.n; i++)
        if (t->frozen.v[i])
            items_add(l, entry_key(t->frozen.v[i]), entry_val(t->frozen.v[i]),
                      age);
}

static ds_rc call(ds_scan_fn *fn, void *arg, ds_slice key, ds_slice val,
                  ds_err *err)
{
    return val.ptr ? fn(arg, key, val, err) : DS_OK;
}

static ds_rc memory_scan(const struct items *l, ds_scan_fn *fn, void *arg,
                         ds_err *err)
{
    for (size_t i = 0; i < l->n; i++) {
        ds_rc rc = call(fn, arg, l->v[i].key, l->v[i].val, err);
        if (rc != DS_OK)
            return rc;
    }
    return DS_OK;
}

static ds_rc merged_scan(base_iter *it, const struct items *l, ds_scan_fn *fn,
                         void *arg, ds_err *err)
{
    ds_slice key = DS_NULL_SLICE, val = DS_NULL_SLICE;
    ds_rc more = base_iter_next(it, &key, &val, err);
    size_t i = 0;

    if (more == DS_OK && !in_range(l, key))
        more = DS_END;
    while (more == DS_OK || (more == DS_END && i < l->n)) {
        int c = more == DS_END ? 1
                : i == l->n    ? -1
                               : ds_slice_cmp(key, l->v[i].key);
        ds_rc rc = c < 0 ? call(fn, arg, key, val, err)
                         : call(fn, arg, l->v[i].key, l->v[i].val, err);

        if (rc != DS_OK)
            return rc;
        i += c >= 0;
        if (c <= 0) {
            more = base_iter_next(it, &key, &val, err);
            if (more == DS_OK && !in_range(l, key))
                more = DS_END;
        }
    }
    return more < 0 ? more : DS_OK;
}

ds_rc store_scan(ds_store *head, ds_overlay *ov, ds_slice lo, ds_slice hi,
                 ds_scan_fn *fn, void *arg, ds_err *err)
{
    struct store *s = (struct store *)head;
    struct items l = {.lo = lo, .hi = hi};
    const ds_overlay *o = ov;
    uint32_t age = 0;
    ds_rc rc;

    for (; o; o = store_below(s, o), age++)
        for (uint32_t i = 0; i < o->n; i++)
            items_add(&l, o->v[i].key, o->v[i].val, age);
    table_add(&s->table, &l, age);
    items_sort(&l);
    if (s->table.complete) {
        rc = memory_scan(&l, fn, arg, err);
    } else {
        base_iter *it = base_iter_new(s->base, lo);
        rc = merged_scan(it, &l, fn, arg, err);
        base_iter_free(it);
    }
    free(l.v);
    return rc < 0 ? rc : DS_OK;
}

/* ---- visit ---- */

static const overlay_entry *overlays_find(const struct store *s,
                                          const ds_overlay *ov,
                                          const struct table_slot *slot)
{
    for (; ov; ov = store_below(s, ov)) {
        const overlay_entry *e =
            overlay_find(ov, slot->hash, entry_key(slot->e));
        if (e)
            return e;
    }
    return NULL;
}

static ds_rc slots_visit(const struct store *s, const ds_overlay *ov,
                         ds_scan_fn *fn, void *arg, ds_err *err)
{
    const table *t = &s->table;

    for (uint64_t i = 0; i < t->cap; i++) {
        const struct table_slot *slot = &t->slots[i];
        const overlay_entry *e;
        ds_rc rc;

        if (slot->e == NULL || key_ordered(entry_key(slot->e)))
            continue;
        e = overlays_find(s, ov, slot);
        rc = call(fn, arg, entry_key(slot->e), e ? e->val : entry_val(slot->e),
                  err);
        if (rc != DS_OK)
            return rc;
    }
    return DS_OK;
}

/* Keys of overlay `o` that neither the table nor an overlay above it, from
 * `top` on, has. */
static ds_rc overlay_visit(const struct store *s, const ds_overlay *top,
                           const ds_overlay *o, uint32_t n, ds_scan_fn *fn,
                           void *arg, ds_err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        overlay_entry e = o->v[i]; /* they move when the callback puts */
        const ds_overlay *above = top;
        ds_rc rc;

        while (above != o && !overlay_find(above, e.hash, e.key))
            above = store_below(s, above);
        if (above != o || key_ordered(e.key) ||
            table_find(&s->table, e.hash, e.key))
            continue;
        rc = call(fn, arg, e.key, e.val, err);
        if (rc != DS_OK)
            return rc;
    }
    return DS_OK;
}

ds_rc store_visit(ds_store *head, ds_overlay *ov, ds_scan_fn *fn, void *arg,
                  ds_err *err)
{
    static const uint8_t ordered[] = {DS_KEY_ORDERED};
    const struct store *s = (const struct store *)head;
    uint32_t n = ov ? ov->n : 0; /* what the callback adds comes after these */
    ds_rc rc;

    if (!s->table.complete)
        return store_scan(head, ov, DS_NULL_SLICE, (ds_slice){ordered, 1}, fn,
                          arg, err);
    rc = slots_visit(s, ov, fn, arg, err);
    for (const ds_overlay *o = ov; o && rc == DS_OK; o = store_below(s, o))
        rc = overlay_visit(s, ov, o, o == ov ? n : o->n, fn, arg, err);
    return rc < 0 ? rc : DS_OK;
}
