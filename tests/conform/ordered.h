/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ordered.h - ordered keys, and visits, against a model.
 */
#ifndef TESTS_CONFORM_ORDERED_H
#define TESTS_CONFORM_ORDERED_H

#include "stores.h"

#define ORDERED 2000

struct times {
    bool plain[ORDERED], ordered[ORDERED];
};

static ds_slice time_key(ds_arena *a, int i)
{
    uint8_t *k = ds_new(a, uint8_t, 12);

    snprintf((char *)k, 12, "\xff%05d", i);
    return (ds_slice){k, 6};
}

static void times_put(struct world *w, ds_overlay *ov, struct times *m,
                      uint64_t *x, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        int k = (int)(rng(x) % ORDERED);
        bool there = rng(x) % 2;
        ds_slice plain = key_of(w->epoch, k), time = time_key(w->epoch, k);
        ds_slice val = there
                           ? ds_slice_of(ds_str_printf(w->epoch, "%d%*s", k,
                                                       (int)(rng(x) % 90), ""))
                           : DS_NULL_SLICE;

        if (rng(x) % 2) {
            m->ordered[k] = there;
            assert_int_equal(type->put(w->s, ov, &time, NULL, &val, 1, NULL),
                             DS_OK);
        } else {
            m->plain[k] = there;
            assert_int_equal(type->put(w->s, ov, &plain, NULL, &val, 1, NULL),
                             DS_OK);
        }
    }
}

/* A range of ordered keys: those, and in order. */
static ds_rc time_row(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    struct {
        const bool *v;
        int at;
    } *s = arg;
    int k = number_in((ds_slice){key.ptr + 1, key.len - 1});

    (void)err;
    assert_int_equal(key.ptr[0], 0xff);
    for (; s->at < k; s->at++)
        assert_false(s->v[s->at]);
    assert_int_equal(s->at, k);
    assert_true(s->v[k]);
    assert_int_equal(number_in(val), k);
    s->at++;
    return DS_OK;
}

static void times_scan(struct world *w, ds_overlay *ov, const struct times *m,
                       int lo, int hi)
{
    struct {
        const bool *v;
        int at;
    } s = {m->ordered, lo};

    assert_int_equal(type->scan(w->s, ov, time_key(w->a, lo),
                                time_key(w->a, hi), time_row, &s, NULL),
                     DS_OK);
    for (; s.at < hi; s.at++)
        assert_false(m->ordered[s.at]);
    ds_arena_reset(w->a);
}

struct visit {
    struct world *w;
    ds_overlay *ov;
    bool seen[ORDERED];
};

/* Puts while it visits: its own key and a new one. */
static ds_rc visit_row(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    struct visit *v = arg;
    int k = number_in((ds_slice){key.ptr + 5, key.len - 5});
    ds_slice more[] = {key_of(v->w->epoch, k), key_of(v->w->epoch, 10000 + k)};
    ds_slice vals[] = {DS_NULL_SLICE, ds_slice_of("new")};

    assert_int_equal(key.ptr[0], 1);
    assert_in_range(k, 0, ORDERED - 1);
    assert_false(v->seen[k]);
    assert_int_equal(number_in(val), k);
    v->seen[k] = true;
    return v->ov ? type->put(v->w->s, v->ov, more, NULL, vals, 2, err) : DS_OK;
}

static void times_visit(struct world *w, ds_overlay *ov, const struct times *m,
                        bool puts)
{
    struct visit v = {.w = w, .ov = puts ? ov : NULL};

    assert_int_equal(type->visit(w->s, ov, visit_row, &v, NULL), DS_OK);
    for (int i = 0; i < ORDERED; i++)
        assert_int_equal(v.seen[i], m->plain[i]);
}

static void test_ordered(void **state)
{
    struct world *w = *state;
    struct times m = {0}, next;
    uint64_t x = 7;
    int64_t pos = 0;

    for (int e = 0; e < 300; e++) {
        int lo = (int)(rng(&x) % ORDERED);
        ds_overlay *ov;

        if (e == 150) /* from now on not everything fits */
            world_reopen(w, 100 << 10);
        ov = begin(w);
        next = m;
        times_put(w, ov, &next, &x, 1 + rng(&x) % 200);
        times_scan(w, ov, &next, lo,
                   lo + (int)(rng(&x) % 300) % (ORDERED - lo));
        times_scan(w, NULL, &m, 0, ORDERED);
        times_visit(w, ov, &next, false);
        times_visit(w, NULL, &m, false);
        if (e % 8 == 0)
            times_visit(w, ov, &next, true); /* and is not committed */
        else
            m = next;
        if (e % 8)
            commit(w, ov, pos += 200);
        ds_arena_reset(w->epoch);
        assert_int_equal(type->tick(w->s, e * DS_SECOND, NULL), DS_OK);
        if (e == 149 && type == &store_memory)
            break;
    }
}

#endif
