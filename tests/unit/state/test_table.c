/* SPDX-License-Identifier: Apache-2.0 */
/* test_table.c - the table of committed values, its flags and its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "state/table.h"

static table t;

static int setup(void **state)
{
    (void)state;
    table_init(&t, true);
    return 0;
}

static int setup_memory(void **state)
{
    (void)state;
    table_init(&t, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    table_free(&t);
    return 0;
}

static uint64_t hash_of(const char *key)
{
    return ds_hash(key, strlen(key));
}

static void put(const char *key, const char *val)
{
    table_put(&t, hash_of(key), ds_slice_of(key),
              val ? ds_slice_of(val) : DS_NULL_SLICE);
}

static entry *find(const char *key)
{
    return table_find(&t, hash_of(key), ds_slice_of(key));
}

static void assert_val(const char *key, const char *val)
{
    entry *e = find(key);

    assert_non_null(e);
    assert_true(ds_slice_eq(entry_val(e), ds_slice_of(val)));
}

static void test_in_place(void **state)
{
    entry *e;

    (void)state;
    put("a", "12345678");
    e = find("a");
    put("a", "1234");
    assert_ptr_equal(find("a"), e);
    put("a", "a value that certainly does not fit in there any more");
    assert_val("a", "a value that certainly does not fit in there any more");
    assert_int_equal(t.n, 1);
    assert_int_equal(t.dirty.n, 1);
    assert_ptr_equal(t.dirty.v[0], find("a"));
}

static void test_flags(void **state)
{
    (void)state;
    put("a", "1");
    put("b", "1");
    table_freeze(&t);
    assert_int_equal(find("a")->flags & (ENTRY_DIRTY | ENTRY_FROZEN),
                     ENTRY_FROZEN);
    put("a", "2"); /* again, while it is being written */
    assert_int_equal(find("a")->flags & (ENTRY_DIRTY | ENTRY_FROZEN),
                     ENTRY_DIRTY);
    table_evict(&t, 0);
    assert_val("b", "1"); /* the base does not have it yet */
    table_thaw(&t);
    assert_int_equal(find("b")->flags & (ENTRY_DIRTY | ENTRY_FROZEN), 0);
    assert_int_equal(t.dirty.n, 1);
    table_evict(&t, 0);
    assert_null(find("b"));
    assert_val("a", "2");
    assert_false(t.complete);
}

static void test_tombstones(void **state)
{
    (void)state;
    put("a", "1");
    put("a", NULL);
    assert_non_null(find("a")); /* the base must learn of it */
    assert_null(entry_val(find("a")).ptr);
    assert_int_equal(t.gone, 1);
    table_freeze(&t);
    put("a", "back");
    table_thaw(&t);
    assert_val("a", "back");
    put("a", NULL);
    table_freeze(&t);
    table_thaw(&t);
    assert_null(find("a"));
    assert_int_equal(t.n, 0);
    assert_int_equal(t.gone, 0);
}

static void test_memory_deletes(void **state)
{
    (void)state;
    put("a", "1");
    put("a", NULL);
    put("never", NULL);
    assert_null(find("a"));
    assert_int_equal(t.n, 0);
    assert_int_equal(t.dirty.n, 0);
}

static void test_fill(void **state)
{
    (void)state;
    put("a", "new");
    table_fill(&t, hash_of("a"), ds_slice_of("a"), ds_slice_of("old"));
    table_fill(&t, hash_of("b"), ds_slice_of("b"), ds_slice_of("there"));
    assert_val("a", "new");
    assert_val("b", "there");
    assert_int_equal(t.dirty.n, 1);
}

/* Removing from a run of slots leaves no gap: many keys with few homes. */
static void test_runs(void **state)
{
    char key[8];
    uint32_t x = 7;
    bool there[200] = {false};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint32_t k;

        x = x * 1664525 + 1013904223;
        k = (x >> 8) % 200;
        snprintf(key, sizeof(key), "k%u", k);
        there[k] = (x >> 20) % 3 != 0;
        table_put(&t, k % 5, ds_slice_of(key),
                  there[k] ? ds_slice_of("v") : DS_NULL_SLICE);
    }
    for (uint32_t k = 0; k < 200; k++) {
        snprintf(key, sizeof(key), "k%u", k);
        assert_int_equal(table_find(&t, k % 5, ds_slice_of(key)) != NULL,
                         there[k]);
    }
}

static void test_find_n(void **state)
{
    enum { N = 1000 };
    static char names[N][12];
    static ds_slice keys[N];
    static uint64_t hashes[N];
    static entry *found[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof(names[i]), "key%d", i);
        keys[i] = ds_slice_of(names[i]);
        hashes[i] = hash_of(names[i]);
        if (i % 3)
            put(names[i], names[i]);
    }
    table_find_n(&t, hashes, keys, N, found);
    for (int i = 0; i < N; i++) {
        assert_int_equal(found[i] != NULL, i % 3 != 0);
        if (found[i])
            assert_true(ds_slice_eq(entry_val(found[i]), keys[i]));
    }
}

static void test_evict(void **state)
{
    char key[16];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        put(key, "a value of some length");
    }
    table_freeze(&t);
    table_thaw(&t);
    table_evict(&t, table_bytes(&t) * 2);
    assert_int_equal(t.n, 20000);
    table_evict(&t, (size_t)1 << 20);
    assert_true(table_bytes(&t) <= (size_t)1 << 20);
    assert_true(t.n > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_place, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flags, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tombstones, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_deletes, setup_memory,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_fill, setup, teardown),
        cmocka_unit_test_setup_teardown(test_runs, setup_memory, teardown),
        cmocka_unit_test_setup_teardown(test_find_n, setup, teardown),
        cmocka_unit_test_setup_teardown(test_evict, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
