/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair.h - functions of two rows `a` and `b` as arguments of operators
 * (contract.md 5.1): "a.n + b.n AS n", or "a + b AS n" of a single column.
 */
#ifndef OP_PAIR_H
#define OP_PAIR_H

#include "op/ops.h"

/* Whether a list is such a function: it names both and has no aggregate.
 * Columns `a` and `b` are a.a and b.a, a.b and b.b there. */
bool pair_is_function(const ds_arg *list, const ds_schema *rows, ds_arena *a);
/* The function as an aggregate (ds_exprs_pair) over the node's input; its items
 * are the value columns. `key`: the columns that are no values. `inverse` may
 * be NULL. NULL after a mistake. */
ds_exprs *pair_compile(const ds_node *node, const ds_arg *list,
                       const ds_arg *inverse, const ds_schema *key, ds_arena *a,
                       ds_diags *d);

/* pair_check.c: whether `inverse` takes out what `reduce` has brought in; if
 * not, E0421 with values that show it. */
bool pair_check(const ds_exprs *reduce, const ds_exprs *inverse,
                ds_where reduce_where, ds_where inverse_where, ds_arena *a,
                ds_diags *d);

#endif
