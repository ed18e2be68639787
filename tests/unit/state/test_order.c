/* SPDX-License-Identifier: Apache-2.0 */
/* test_order.c - entries in order, against a set of flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "state/table.h"

#define N 3000

static bool there[N];
static entry *entries[N];

/* A new entry with key `i`. */
static entry *entry_of(int i)
{
    entry *e = calloc(1, sizeof(*e) + 16);
    char text[16];

    assert_non_null(e);
    snprintf(text, sizeof(text), "%06d", i);
    memcpy(e->data, text, 6);
    e->klen = 6;
    return e;
}

static void check(const order *o, int from)
{
    char text[16];
    order_at at;
    entry *e;
    uint64_t n = 0;

    snprintf(text, sizeof(text), "%06d", from);
    at = order_seek(o, ds_slice_of(text));
    for (int i = from; i < N; i++)
        if (there[i])
            assert_ptr_equal(order_next(o, &at), entries[i]);
    assert_null(order_next(o, &at));
    at = order_seek(o, DS_NULL_SLICE);
    while ((e = order_next(o, &at)))
        n++;
    assert_int_equal(n, o->entries);
}

static void toggle(order *o, int i)
{
    if (there[i]) {
        order_remove(o, entries[i]);
        free(entries[i]);
    } else {
        entries[i] = entry_of(i);
        order_add(o, entries[i]);
    }
    there[i] = !there[i];
}

static void swap(order *o, int i)
{
    entry *e = entry_of(i);

    order_replace(o, entries[i], e);
    free(entries[i]);
    entries[i] = e;
}

static void clear(order *o)
{
    for (int i = 0; i < N; i++)
        if (there[i])
            toggle(o, i);
    assert_int_equal(o->n, 0);
    assert_int_equal(o->entries, 0);
    order_free(o);
}

static void test_random(void **state)
{
    order o = {0};

    (void)state;
    srand(3);
    check(&o, 0);
    for (int round = 0; round < 60; round++) {
        for (int i = 0; i < 400; i++) {
            int k = rand() % N;

            if (there[k] && rand() % 3 == 0)
                swap(&o, k);
            else
                toggle(&o, k);
        }
        check(&o, rand() % N);
    }
    clear(&o);
}

/* As times come: at the end, and go at the beginning. Blocks are full. */
static void test_queue(void **state)
{
    order o = {0};
    uint32_t blocks;

    (void)state;
    for (int i = 0; i < N; i++)
        toggle(&o, i);
    blocks = o.n;
    assert_true(blocks <= N / 128 + 1);
    for (int i = 0; i < N / 2; i++)
        toggle(&o, i);
    check(&o, 0);
    assert_true(o.n <= blocks / 2 + 1);
    clear(&o);
}

/* From above: each goes before all others. */
static void test_backwards(void **state)
{
    order o = {0};

    (void)state;
    for (int i = N - 1; i >= 0; i--)
        toggle(&o, i);
    check(&o, 0);
    check(&o, N - 1);
    clear(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_backwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
