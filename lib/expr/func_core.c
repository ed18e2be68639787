/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_core.c - comparisons, logic, casts, arrays and rows as values.
 */
#include "expr/core.h"
#include "expr/func_table.h"

/* clang-format off */
/* Integers are one kind to the kernels, and so are real and double precision;
 * their mixed operators are PostgreSQL's and decide which conversion is
 * best. The session's time zone is UTC, so a timestamp and a timestamptz lie
 * alike. */
#define CMP(name, op) \
    OP2(name, B, B, B, cmp_##op##_bool), \
    OP2(name, B, I2, I2, cmp_##op##_i64), OP2(name, B, I2, I4, cmp_##op##_i64), \
    OP2(name, B, I2, I, cmp_##op##_i64), OP2(name, B, I4, I2, cmp_##op##_i64), \
    OP2(name, B, I4, I4, cmp_##op##_i64), OP2(name, B, I4, I, cmp_##op##_i64), \
    OP2(name, B, I, I2, cmp_##op##_i64), OP2(name, B, I, I4, cmp_##op##_i64), \
    OP2(name, B, I, I, cmp_##op##_i64), \
    OP2(name, B, F4, F4, cmp_##op##_f64), OP2(name, B, F4, F, cmp_##op##_f64), \
    OP2(name, B, F, F4, cmp_##op##_f64), OP2(name, B, F, F, cmp_##op##_f64), \
    OP2(name, B, N, N, cmp_##op##_num), OP2(name, B, S, S, cmp_##op##_str), \
    OP2(name, B, Y, Y, cmp_##op##_str), OP2(name, B, U, U, cmp_##op##_str), \
    OP2(name, B, D, D, cmp_##op##_i64), OP2(name, B, TOD, TOD, cmp_##op##_i64), \
    OP2(name, B, TL, TL, cmp_##op##_i64), OP2(name, B, T, T, cmp_##op##_i64), \
    OP2(name, B, TL, T, cmp_##op##_i64), OP2(name, B, T, TL, cmp_##op##_i64), \
    OP2(name, B, D, TL, cmp_##op##_date_i64), OP2(name, B, D, T, cmp_##op##_date_i64), \
    OP2(name, B, TL, D, cmp_##op##_i64_date), OP2(name, B, T, D, cmp_##op##_i64_date), \
    OP2(name, B, V, V, cmp_##op##_iv), OP2(name, B, J, J, cmp_##op##_any), \
    OP2(name, B, FUNC_ANYARRAY, FUNC_ANYARRAY, cmp_##op##_any), \
    OP2(name, B, FUNC_ANYROW, FUNC_ANYROW, cmp_##op##_any)
/* The same for a hidden function of two values of one type. */
#define PAIR(name, result, type, fn) INNER(name, result, 2, FUNC_NULLS, fn, type, type)
#define PAIRS(name, op, RESULT) \
    PAIR(name, RESULT(B), B, cmp_##op##_bool), \
    PAIR(name, RESULT(I2), I2, cmp_##op##_i64), PAIR(name, RESULT(I4), I4, cmp_##op##_i64), \
    PAIR(name, RESULT(I), I, cmp_##op##_i64), PAIR(name, RESULT(F4), F4, cmp_##op##_f64), \
    PAIR(name, RESULT(F), F, cmp_##op##_f64), PAIR(name, RESULT(N), N, cmp_##op##_num), \
    PAIR(name, RESULT(S), S, cmp_##op##_str), PAIR(name, RESULT(Y), Y, cmp_##op##_str), \
    PAIR(name, RESULT(U), U, cmp_##op##_str), PAIR(name, RESULT(D), D, cmp_##op##_i64), \
    PAIR(name, RESULT(TOD), TOD, cmp_##op##_i64), PAIR(name, RESULT(TL), TL, cmp_##op##_i64), \
    PAIR(name, RESULT(T), T, cmp_##op##_i64), PAIR(name, RESULT(V), V, cmp_##op##_iv), \
    PAIR(name, RESULT(FUNC_ANYELEMENT), FUNC_ANYELEMENT, cmp_##op##_any)
#define SAME(type) type
#define BOOL(type) B
#define TEST(name, fn) INNER(name, B, 1, FUNC_NULLS, fn, B)
#define IN(type, fn) INNER("in", B, 1, 0, fn, type)

const func_def func_core[] = {
    CMP("=", eq), CMP("<>", ne), CMP("<", lt), CMP("<=", le), CMP(">", gt),
    CMP(">=", ge),
    PAIRS("distinct", distinct, BOOL), PAIRS("greatest", greatest, SAME),
    PAIRS("least", least, SAME),
    IN(I2, cmp_in_i64), IN(I4, cmp_in_i64), IN(I, cmp_in_i64), IN(F4, cmp_in_f64),
    IN(F, cmp_in_f64), IN(S, cmp_in_str), IN(Y, cmp_in_str), IN(U, cmp_in_str),
    IN(D, cmp_in_i64), IN(TOD, cmp_in_i64), IN(TL, cmp_in_i64), IN(T, cmp_in_i64),
    IN(FUNC_ANYELEMENT, cmp_in_any),

    INNER("not", B, 1, 0, logic_not, B),
    INNER("is null", B, 1, FUNC_NULLS, logic_is_null, FUNC_ANY),
    INNER("is not null", B, 1, FUNC_NULLS, logic_is_not_null, FUNC_ANY),
    TEST("is true", logic_is_true), TEST("is not true", logic_is_not_true),
    TEST("is false", logic_is_false), TEST("is not false", logic_is_not_false),

    CAST(B, S, FUNC_ASSIGNMENT, cast_out),

    /* By way of text, for every type. */
    INNER("cast out", S, 1, 0, cast_out, FUNC_ANY),
    INNER("cast in", FUNC_ANY, 1, 0, cast_in, S),
    INNER("cast in now", FUNC_ANY, 1, FUNC_NOW, cast_in, S),
    INNER("bool out", S, 1, 0, cast_bool_out, B),
    INNER("fit", FUNC_ANY, 2, 0, cast_fit, FUNC_ANY, I4),
    INNER("fit cut", FUNC_ANY, 2, 0, cast_fit_cut, FUNC_ANY, I4),
    INNER("cast array", FUNC_ANYARRAY, 1, 0, cast_array, FUNC_ANYARRAY),

    FNX("pg_typeof", S, 1, FUNC_NULLS, core_typeof, "the name of its type",
        "pg_typeof(1 + 1) = 'integer'", FUNC_ANY),
    FNX("num_nulls", I4, 1, FUNC_NULLS | FUNC_VARIADIC, logic_num_nulls,
        "how many of its arguments are NULL", "num_nulls(1, NULL, 2) = 1", FUNC_ANY),
    FNX("num_nonnulls", I4, 1, FUNC_NULLS | FUNC_VARIADIC, logic_num_nonnulls,
        "how many of its arguments are not NULL", "num_nonnulls(1, NULL, 2) = 2", FUNC_ANY),

    OP2("||", S, S, FUNC_ANYNONARRAY, NULL), OP2("||", S, FUNC_ANYNONARRAY, S, NULL),

    INNER("array", FUNC_ANYARRAY, 1, FUNC_NULLS, nest_array, FUNC_ANY),
    INNER("row", FUNC_ANYROW, 1, FUNC_NULLS, nest_row, FUNC_ANY),
    INNER("field", FUNC_ANY, 2, 0, nest_field, FUNC_ANYROW, I4),
    INNER("element", FUNC_ANYELEMENT, 2, 0, nest_subscript, FUNC_ANYARRAY, I4),
    INNER("slice", FUNC_ANYARRAY, 3, 0, nest_slice, FUNC_ANYARRAY, I4, I4),
    INNER("headers", J, 1, 0, nest_headers, Y),
    INNER("header", S, 2, 0, nest_header, Y, S),
};
/* clang-format on */

const uint32_t func_core_count = sizeof func_core / sizeof *func_core;
