/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - what a store holds comes into memory while it is used.
 */
#ifndef TESTS_CONFORM_LOAD_H
#define TESTS_CONFORM_LOAD_H

#include "stores.h"

#define LOAD_KEYS 200000

/* 0: deleted. */
static int load_want(int i)
{
    return i % 5 == 0 ? 0 : i % 5 == 1 ? 2 : 1;
}

/* The keys first..first + n as they shall be at the end, or all 1. */
static void load_put(struct world *w, int first, int n, bool end)
{
    ds_overlay *ov = begin(w);
    ds_slice *keys = ds_new(w->epoch, ds_slice, n);
    ds_slice *vals = ds_new(w->epoch, ds_slice, n);
    uint32_t count = 0;

    for (int i = first; i < first + n; i++) {
        int want = end ? load_want(i) : 1;

        if (end && want == 1)
            continue;
        keys[count] = key_of(w->epoch, i);
        vals[count++] =
            want ? ds_slice_of(want == 1 ? "1" : "2") : DS_NULL_SLICE;
    }
    assert_int_equal(type->put(w->s, ov, keys, NULL, vals, count, NULL), DS_OK);
    commit(w, ov, -1);
    ds_arena_reset(w->epoch);
}

static ds_rc load_row(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    int *count = arg;
    int i = number_in((ds_slice){key.ptr + 5, key.len - 5});

    (void)err;
    assert_int_equal(number_in(val), load_want(i));
    (*count)++;
    return DS_OK;
}

static void load_check(struct world *w)
{
    ds_slice *keys = ds_new(w->epoch, ds_slice, LOAD_KEYS);
    ds_slice *vals = ds_new(w->epoch, ds_slice, LOAD_KEYS);
    int count = 0;

    for (int i = 0; i < LOAD_KEYS; i++)
        keys[i] = key_of(w->epoch, i);
    assert_int_equal(type->scan(w->s, NULL, DS_NULL_SLICE, DS_NULL_SLICE,
                                load_row, &count, NULL),
                     DS_OK);
    assert_int_equal(count, LOAD_KEYS / 5 * 4);
    count = 0;
    assert_int_equal(type->visit(w->s, NULL, load_row, &count, NULL), DS_OK);
    assert_int_equal(count, LOAD_KEYS / 5 * 4);
    assert_int_equal(
        type->get(w->s, NULL, keys, NULL, LOAD_KEYS, w->epoch, vals, NULL),
        DS_OK);
    for (int i = 0; i < LOAD_KEYS; i++)
        assert_int_equal(vals[i].ptr ? number_in(vals[i]) : 0, load_want(i));
    ds_arena_reset(w->epoch);
}

static void load_fill(struct world *w)
{
    world_reopen(w, 512 * MIB);
    for (int at = 0; at < LOAD_KEYS; at += LOAD_KEYS / 4)
        load_put(w, at, LOAD_KEYS / 4, false);
    assert_int_equal(type->tick(w->s, INT64_MAX, NULL), DS_OK);
    world_reopen(w, 512 * MIB);
}

/* Keys are changed and deleted, and the base knows of it, before they would
 * have come in. */
static void test_load(void **state)
{
    struct world *w = *state;
    const struct store *s;
    ds_time now = DS_SECOND;

    load_fill(w);
    s = (const struct store *)w->s;
    assert_non_null(s->load); /* it is open, and not all is there */
    assert_false(s->table.complete);
    load_put(w, 0, LOAD_KEYS / 2, true);
    assert_int_equal(type->tick(w->s, now, NULL), DS_OK);
    load_put(w, LOAD_KEYS / 2, LOAD_KEYS / 2, true);
    assert_int_equal(type->tick(w->s, INT64_MAX, NULL), DS_OK);
    assert_non_null(s->load);
    for (int i = 0; i < 100 && s->load; i++)
        assert_int_equal(type->tick(w->s, now += 10 * DS_MS, NULL), DS_OK);
    assert_null(s->load);
    assert_true(s->table.complete);
    assert_int_equal(s->table.gone, 0);
    load_check(w);
    world_reopen(w, 512 * MIB);
    load_check(w); /* and while it loads */
}

/* What does not fit stays where it is. */
static void test_load_part(void **state)
{
    struct world *w = *state;
    const struct store *s;
    ds_time now = DS_SECOND;

    load_fill(w);
    load_put(w, 0, LOAD_KEYS, true);
    world_reopen(w, 12 * MIB);
    s = (const struct store *)w->s;
    for (int i = 0; i < 100 && s->load; i++)
        assert_int_equal(type->tick(w->s, now += 10 * DS_MS, NULL), DS_OK);
    assert_null(s->load);
    assert_false(s->table.complete);
    assert_true(table_bytes(&s->table) <= behind_budget(s));
    load_check(w);
    assert_int_equal(type->wipe(w->s, NULL), DS_OK);
    assert_get(w, NULL, "\x01key-000001", NULL);
}

/* Forgotten while it loads. */
static void test_load_wipe(void **state)
{
    struct world *w = *state;

    load_fill(w);
    assert_int_equal(type->wipe(w->s, NULL), DS_OK);
    assert_int_equal(type->tick(w->s, DS_SECOND, NULL), DS_OK);
    assert_get(w, NULL, "\x01key-000001", NULL);
    assert_true(((const struct store *)w->s)->table.complete);
}

#endif
