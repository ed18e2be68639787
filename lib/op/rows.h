/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - the rows of a batch as they came in, side by side, for what needs
 * all of them at once.
 *
 *     rows_add     +---+ +---+ +---+        a group number per row, dense
 *     rows_col     +---------------+-+      one column; behind the last row
 *                                           stands a NULL
 */
#ifndef OP_ROWS_H
#define OP_ROWS_H

#include "dstream/batch.h"

/* Zeroed, but for schema and arena, which outlive it. */
struct rows {
    const ds_schema *schema;
    ds_arena *arena;
    uint32_t n;       /* rows that counted */
    uint32_t *groups; /* of each */
    ds_batch *batches;
    uint32_t cap, n_batches, cap_batches;
};

/* The rows that count; group[row] is that of a row, by its number in `in`.
 * Keeps what `in` points to, not `in`. */
void rows_add(struct rows *r, const ds_batch *in, const uint32_t *group);
/* Column `col` of all rows, in order of arrival, and a NULL at r->n. A column
 * that nobody reads stays empty. */
ds_col rows_col(const struct rows *r, uint32_t col);

/* Rows by group: those of group g are order[start[g]] to order[start[g + 1]],
 * in order of arrival. */
struct rows_index {
    uint32_t *start, *order;
};
struct rows_index rows_by_group(const uint32_t *groups, uint32_t n,
                                uint32_t n_groups, ds_arena *a);

#endif
