/* SPDX-License-Identifier: Apache-2.0 */
/*
 * array.h - kernels of arrays, and the sets that are made of ranges.
 */
#ifndef EXPR_ARRAY_H
#define EXPR_ARRAY_H

#include "expr/func.h"

/* array.c */
run_kernel array_cat, array_append, array_prepend, array_dims, array_ndims,
    array_length, array_lower, array_cardinality, array_fill, array_trim;
/* array_find.c */
run_kernel array_contains, array_contained, array_overlaps, array_position,
    array_positions, array_remove, array_replace;
/* array_any.c: x OP ANY (array), x OP ALL (array). */
run_kernel array_any_eq, array_any_ne, array_any_lt, array_any_le, array_any_gt,
    array_any_ge, array_all_eq, array_all_ne, array_all_lt, array_all_le,
    array_all_gt, array_all_ge, array_any_text, array_all_text;
void array_any_prepare(tx *call, ds_arena *a);
/* array_set.c */
set_fn array_set_unnest, array_set_subscripts, array_set_series,
    array_set_series_num, array_set_series_time;

/* As many elements as PostgreSQL allows, and far fewer bytes. */
enum { ARRAY_MOST = 134217727, ARRAY_MOST_BYTES = 64 << 20 };
/* Whether a result may have so many bytes; else the row is refused. */
bool array_may(run *r, const run_step *s, uint32_t row, uint64_t bytes);

static inline ds_value array_arg(const run *r, const run_step *s, uint32_t k,
                                 uint32_t row)
{
    const ds_col c = {.v.p = RUN_ARG(r, s, k)->v.p};
    return ds_col_value(&c, s->types[k], row);
}

#endif
