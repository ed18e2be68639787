/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_table.c - versions of a table, against an array.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record/groups.h"
#include "record/rowfmt.h"
#include "record/table.h"

enum { KEYS = 500, VERSIONS = 60 };

static const ds_field fields[] = {
    {"v", DS_I64, 0, false}, {"k", DS_STR, 0, false}, {"t", DS_STR, 0, false}};
static const ds_schema schema = {3, fields};
static const ds_field value_fields[] = {{"v", DS_I64, 0, false},
                                        {"t", DS_STR, 0, false}};
static const ds_schema values = {2, value_fields};

static ds_slice key_of(ds_arena *a, int k)
{
    ds_slice text = ds_slice_of(ds_str_printf(a, "key-%d", k));
    ds_col col = {.v.str = &text};
    ds_type type = DS_STR;

    return ds_key_encode(&col, &type, 1, 0, a);
}

static ds_slice row_of(ds_arena *a, int64_t v)
{
    ds_slice text = ds_slice_of(ds_str_printf(a, "text %d", (int)v)), out;
    ds_col cols[] = {{.v.i64 = &v}, {.v.str = &text}};

    ds_rows_encode(cols, &values, 1, NULL, 1, a, &out);
    return out;
}

/* 0: the table must not have the key. */
static void check(const ds_table *t, const int64_t *want, ds_arena *a)
{
    const ds_batch *all = ds_table_rows(t);
    uint64_t n = 0;

    for (int k = 0; k < KEYS; k++) {
        ds_slice key = key_of(a, k), row;
        uint64_t hash = ds_hash(key.ptr, key.len);

        ds_table_get(t, &key, &hash, 1, &row);
        assert_int_equal(row.ptr != NULL, want[k] != 0);
        if (row.ptr)
            assert_true(ds_slice_eq(row, row_of(a, want[k])));
        n += want[k] != 0;
    }
    assert_int_equal(ds_table_n(t), n);
    assert_int_equal(all->n, n);
    for (uint32_t i = 0; i < all->n; i++) {
        ds_slice name = all->cols[1].v.str[i];
        int k = atoi((const char *)name.ptr + 4);

        assert_int_equal(all->cols[0].v.i64[i], want[k]);
        assert_true(i == 0 ||
                    ds_slice_cmp(all->cols[1].v.str[i - 1], name) < 0);
    }
}

/* Random changes; every version is looked at again when all are made. */
static void test_versions(void **state)
{
    static int64_t want[VERSIONS + 1][KEYS];
    ds_table *t[VERSIONS + 1];
    ds_arena *a = ds_arena_new(1 << 16);

    (void)state;
    srand(5);
    t[0] = ds_table_new(&schema, 1, &values);
    for (int v = 1; v <= VERSIONS; v++) {
        ds_slice keys[200], rows[200];
        int n = v % 7 == 0 ? 0 : rand() % (v % 5 ? 9 : 200);

        memcpy(want[v], want[v - 1], sizeof(want[v]));
        for (int i = 0; i < n; i++) {
            int k = rand() % KEYS;

            want[v][k] = rand() % 3 ? rand() % 1000 + 1 : 0;
            keys[i] = key_of(a, k);
            rows[i] = want[v][k] ? row_of(a, want[v][k]) : DS_NULL_SLICE;
        }
        t[v] = ds_table_with(t[v - 1], keys, rows, (uint32_t)n);
    }
    for (int v = VERSIONS; v >= 0; v -= 2) {
        check(t[v], want[v], a);
        ds_table_drop(t[v]);
    }
    for (int v = 1; v < VERSIONS; v += 2) {
        check(t[v], want[v], a);
        ds_table_drop(t[v]);
    }
    ds_arena_free(a);
}

/* A table whose keys are all gone takes no more room than an empty one. */
static void test_gone(void **state)
{
    ds_arena *a = ds_arena_new(1 << 16);
    ds_table *t = ds_table_new(&schema, 1, &values), *next;

    (void)state;
    for (int round = 0; round < 40; round++)
        for (int k = 0; k < KEYS; k++) {
            ds_slice key = key_of(a, k);
            ds_slice row = round % 2 ? DS_NULL_SLICE : row_of(a, k + 1);

            next = ds_table_with(t, &key, &row, 1);
            ds_table_drop(t);
            t = next;
        }
    assert_int_equal(ds_table_n(t), 0);
    assert_int_equal(ds_table_rows(t)->n, 0);
    assert_true(ds_table_bytes(t) < (size_t)KEYS * 200);
    ds_table_drop(ds_table_hold(t));
    ds_table_drop(t);
    ds_table_drop(NULL);
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_versions),
                                       cmocka_unit_test(test_gone)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
