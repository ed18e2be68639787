/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sort.c - a stable merge sort of row numbers.
 */
#include "record/sort.h"

#include "record/nested.h"

static int key_cmp(const sort_key *k, uint32_t x, uint32_t y)
{
    if (ds_type_phys(k->type) == DS_PHYS_I64) {
        int64_t u = k->col.v.i64[x], v = k->col.v.i64[y];
        return (u > v) - (u < v);
    }
    if (k->type == DS_STR)
        return ds_slice_cmp(k->col.v.str[x], k->col.v.str[y]);
    ds_value u = ds_col_value(&k->col, k->type, x);
    ds_value v = ds_col_value(&k->col, k->type, y);
    return ds_value_cmp(k->type, &u, &v);
}

static int rows_cmp(const sort_key *keys, uint32_t n_keys, uint32_t x,
                    uint32_t y)
{
    for (uint32_t i = 0; i < n_keys; i++) {
        const sort_key *k = &keys[i];
        if (k->col.valid) {
            bool u = ds_col_is_null(&k->col, x), v = ds_col_is_null(&k->col, y);
            if (u && v)
                continue;
            if (u || v)
                return u == k->nulls_first ? -1 : 1;
        }
        int c = key_cmp(k, x, y);
        if (c)
            return k->desc ? -c : c;
    }
    return 0;
}

void sort_rows(const sort_key *keys, uint32_t n_keys, uint32_t *rows,
               uint32_t n, uint32_t *room)
{
    if (n < 2)
        return;
    uint32_t half = n / 2;
    sort_rows(keys, n_keys, rows, half, room);
    sort_rows(keys, n_keys, rows + half, n - half, room);
    if (rows_cmp(keys, n_keys, rows[half - 1], rows[half]) <= 0)
        return;
    memcpy(room, rows, half * sizeof(*rows));
    uint32_t i = 0, j = half, k = 0;
    while (i < half && j < n)
        rows[k++] = rows_cmp(keys, n_keys, room[i], rows[j]) <= 0 ? room[i++]
                                                                  : rows[j++];
    memcpy(rows + k, room + i, (half - i) * sizeof(*rows));
}
