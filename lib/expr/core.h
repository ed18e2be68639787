/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core.h - kernels of comparison, logic, casts, arrays and rows as values.
 */
#ifndef EXPR_CORE_H
#define EXPR_CORE_H

#include "expr/func.h"

/* cmp.c. Of any type: `any` asks ds_value_cmp(). */
#define CORE_CMP_OPS(X)                                                        \
    X(eq) X(ne) X(lt) X(le) X(gt) X(ge) X(distinct) X(greatest) X(least)
#define CORE_CMP_DECLARE(op)                                                   \
    run_kernel cmp_##op##_bool, cmp_##op##_i64, cmp_##op##_f64,                \
        cmp_##op##_str, cmp_##op##_num, cmp_##op##_iv, cmp_##op##_any;
CORE_CMP_OPS(CORE_CMP_DECLARE)
#define CORE_CMP_DATE(op) run_kernel cmp_##op##_date_i64, cmp_##op##_i64_date;
CORE_CMP_DATE(eq)
CORE_CMP_DATE(ne)
CORE_CMP_DATE(lt)
CORE_CMP_DATE(le)
CORE_CMP_DATE(gt)
CORE_CMP_DATE(ge)
run_kernel cmp_in_i64, cmp_in_f64, cmp_in_str, cmp_in_any;

/* logic.c */
run_kernel logic_not, logic_is_null, logic_is_not_null, logic_is_true,
    logic_is_not_true, logic_is_false, logic_is_not_false, logic_num_nulls,
    logic_num_nonnulls;

/* cast.c: by way of text, and what stands in brackets */
run_kernel core_typeof, cast_out, cast_in, cast_bool_out, cast_fit,
    cast_fit_cut, cast_array;
/* nest.c */
run_kernel nest_array, nest_row, nest_field, nest_subscript, nest_slice,
    nest_headers, nest_header;

#endif
