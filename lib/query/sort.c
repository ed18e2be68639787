/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sort.c - rows in order: a stable merge sort of their numbers.
 */
#include "query/eval.h"
#include "record/nested.h"

/* A column to sort by, ready to be compared. */
typedef struct sort_key {
    ds_col col;
    ds_type type;
    ds_phys phys;
    bool desc, nulls_first;
} sort_key;

typedef struct sorting {
    const sort_key *keys;
    uint32_t n;
} sorting;

static sorting sort_begin(const ds_col *cols, const ds_schema *schema,
                          const rel_order *order, uint32_t n_order, ds_arena *a)
{
    sort_key *keys = ds_new(a, sort_key, n_order + 1);
    for (uint32_t i = 0; i < n_order; i++) {
        ds_type type = schema->fields[order[i].col].type;
        keys[i] = (sort_key){.col = cols[order[i].col],
                             .type = type,
                             .phys = ds_type_phys(type),
                             .desc = order[i].desc,
                             .nulls_first = order[i].nulls_first};
    }
    return (sorting){keys, n_order};
}

static int key_cmp(const sort_key *k, uint32_t x, uint32_t y)
{
    if (k->phys == DS_PHYS_I64) {
        int64_t u = k->col.v.i64[x], v = k->col.v.i64[y];
        return (u > v) - (u < v);
    }
    if (k->type == DS_STR)
        return ds_slice_cmp(k->col.v.str[x], k->col.v.str[y]);
    ds_value u = ds_col_value(&k->col, k->type, x);
    ds_value v = ds_col_value(&k->col, k->type, y);
    return ds_value_cmp(k->type, &u, &v);
}

static int sort_cmp(const sorting *s, uint32_t x, uint32_t y)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const sort_key *k = &s->keys[i];
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

static void sort_part(const sorting *s, uint32_t *rows, uint32_t n,
                      uint32_t *room)
{
    if (n < 2)
        return;
    uint32_t half = n / 2;
    sort_part(s, rows, half, room);
    sort_part(s, rows + half, n - half, room);
    if (sort_cmp(s, rows[half - 1], rows[half]) <= 0)
        return;
    memcpy(room, rows, half * sizeof(*rows));
    uint32_t i = 0, j = half, k = 0;
    while (i < half && j < n)
        rows[k++] = sort_cmp(s, room[i], rows[j]) <= 0 ? room[i++] : rows[j++];
    memcpy(rows + k, room + i, (half - i) * sizeof(*rows));
}

uint32_t *sort_rows(const ds_col *cols, const ds_schema *schema,
                    const rel_order *order, uint32_t n_order, uint32_t n,
                    ds_arena *a)
{
    sorting s = sort_begin(cols, schema, order, n_order, a);
    uint32_t *rows = ds_new(a, uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++)
        rows[i] = i;
    if (n_order)
        sort_part(&s, rows, n, ds_new(a, uint32_t, n / 2 + 1));
    return rows;
}

bool sort_equal(const ds_col *cols, const ds_schema *schema,
                const rel_order *order, uint32_t n_order, uint32_t x,
                uint32_t y)
{
    for (uint32_t i = 0; i < n_order; i++) {
        const ds_col *c = &cols[order[i].col];
        ds_type type = schema->fields[order[i].col].type;
        bool u = ds_col_is_null(c, x), v = ds_col_is_null(c, y);
        if (u != v)
            return false;
        if (u)
            continue;
        ds_value a = ds_col_value(c, type, x), b = ds_col_value(c, type, y);
        if (ds_value_cmp(type, &a, &b))
            return false;
    }
    return true;
}
