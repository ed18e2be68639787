/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_core.c - comparisons, logic, casts between families.
 */
#include "expr/func_table.h"

/* clang-format off */
#define CMP(name, op) \
    OP2(name, B, B, B, cmp_##op##_bool), OP2(name, B, I, I, cmp_##op##_i64), \
    OP2(name, B, F, F, cmp_##op##_f64), OP2(name, B, T, T, cmp_##op##_i64), \
    OP2(name, B, S, S, cmp_##op##_str), OP2(name, B, Y, Y, cmp_##op##_str)
#define PICK(name, op) \
    INNER(name, B, 2, FUNC_NULLS, cmp_##op##_bool, B, B), \
    INNER(name, I, 2, FUNC_NULLS, cmp_##op##_i64, I, I), \
    INNER(name, F, 2, FUNC_NULLS, cmp_##op##_f64, F, F), \
    INNER(name, T, 2, FUNC_NULLS, cmp_##op##_i64, T, T), \
    INNER(name, S, 2, FUNC_NULLS, cmp_##op##_str, S, S)
#define DISTINCT(type, fn) INNER("distinct", B, 2, FUNC_NULLS, fn, type, type)
#define TEST(name, fn) \
    INNER(name, B, 1, FUNC_NULLS, fn, B), INNER(name, B, 1, FUNC_NULLS, fn, I), \
    INNER(name, B, 1, FUNC_NULLS, fn, F), INNER(name, B, 1, FUNC_NULLS, fn, T), \
    INNER(name, B, 1, FUNC_NULLS, fn, S), INNER(name, B, 1, FUNC_NULLS, fn, Y)

const func_def func_core[] = {
    CMP("=", eq), CMP("<>", ne), CMP("<", lt), CMP("<=", le), CMP(">", gt),
    CMP(">=", ge),
    INNER("not", B, 1, 0, logic_not, B),
    INNER("bool out", S, 1, 0, cast_bool_out, B),
    TEST("is null", logic_is_null), TEST("is not null", logic_is_not_null),
    INNER("is true", B, 1, FUNC_NULLS, logic_is_true, B),
    INNER("is not true", B, 1, FUNC_NULLS, logic_is_not_true, B),
    INNER("is false", B, 1, FUNC_NULLS, logic_is_false, B),
    INNER("is not false", B, 1, FUNC_NULLS, logic_is_not_false, B),
    DISTINCT(B, cmp_distinct_bool), DISTINCT(I, cmp_distinct_i64),
    DISTINCT(F, cmp_distinct_f64), DISTINCT(T, cmp_distinct_i64),
    DISTINCT(S, cmp_distinct_str), DISTINCT(Y, cmp_distinct_str),
    PICK("greatest", greatest), PICK("least", least),
    INNER("in", B, 1, 0, cmp_in_i64, I), INNER("in", B, 1, 0, cmp_in_f64, F),
    INNER("in", B, 1, 0, cmp_in_i64, T), INNER("in", B, 1, 0, cmp_in_str, S),

    CAST(I, F, FUNC_IMPLICIT, cast_i64_f64), CAST(F, I, 0, cast_f64_i64),
    CAST(I, B, 0, cast_i64_bool), CAST(B, I, 0, cast_bool_i64),
    CAST(B, S, 0, cast_to_text_bool), CAST(I, S, 0, cast_to_text_i64),
    CAST(F, S, 0, cast_to_text_f64), CAST(T, S, 0, cast_to_text_ts),
    CAST(Y, S, 0, cast_to_text_bytes),
    CAST(S, B, 0, cast_text_bool), CAST(S, I, 0, cast_text_i64),
    CAST(S, F, 0, cast_text_f64), CAST(S, T, 0, cast_text_ts),
    INNER("narrow2", I, 1, 0, cast_narrow2, I),
    INNER("narrow4", I, 1, 0, cast_narrow4, I),
    INNER("text narrow2", I, 1, 0, cast_text_narrow2, S),
    INNER("text narrow4", I, 1, 0, cast_text_narrow4, S),
};
/* clang-format on */

const uint32_t func_core_count = sizeof func_core / sizeof *func_core;
