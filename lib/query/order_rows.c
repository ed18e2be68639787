/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_rows.c - rows in the order of a query.
 */
#include "query/eval.h"
#include "record/nested.h"
#include "record/sort.h"

uint32_t *order_rows(const ds_col *cols, const ds_schema *schema,
                     const rel_order *order, uint32_t n_order, uint32_t n,
                     ds_arena *a)
{
    sort_key *keys = ds_new(a, sort_key, n_order + 1);
    uint32_t *rows = ds_new(a, uint32_t, n + 1);
    for (uint32_t i = 0; i < n_order; i++)
        keys[i] = (sort_key){.col = cols[order[i].col],
                             .type = schema->fields[order[i].col].type,
                             .desc = order[i].desc,
                             .nulls_first = order[i].nulls_first};
    for (uint32_t i = 0; i < n; i++)
        rows[i] = i;
    if (n_order)
        sort_rows(keys, n_order, rows, n, ds_new(a, uint32_t, n / 2 + 1));
    return rows;
}

bool order_equal(const ds_col *cols, const ds_schema *schema,
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
