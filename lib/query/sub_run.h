/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sub_run.h - subqueries while a query runs.
 */
#ifndef QUERY_SUB_RUN_H
#define QUERY_SUB_RUN_H

#include "query/eval.h"
#include "query/level.h"

/* Calls of a handle, the left side of IN, and the outer columns that tie the
 * subquery to the query around it. */
extern const func_def sub_func_exists, sub_func_in, sub_func_value,
    sub_func_array;

/* The handles of a SELECT's subqueries, one value of type bytea each. */
const ds_slice *sub_handles(evaluation *e, const rel_select *s);

#endif
