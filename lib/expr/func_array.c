/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_array.c - arrays, and sets of numbers and times.
 */
#include "expr/array.h"
#include "expr/func_table.h"

/* clang-format off */
#define AA FUNC_ANYARRAY
#define EL FUNC_ANYELEMENT
#define CA FUNC_ANYCOMPATIBLEARRAY
#define CO FUNC_ANYCOMPATIBLE
#define I4S DS_ARRAY_OF(I4)
#define TEXTS DS_ARRAY_OF(S)
#define NULLS FUNC_NULLS

#define ANY_ALL(op, name) \
    INNER(op " any", B, 2, NULLS, array_any_##name, EL, AA), \
    INNER(op " all", B, 2, NULLS, array_all_##name, EL, AA)
#define TEXT_ANY(op, how, fn) \
    {op " " how, B, 2, NULLS | FUNC_HIDDEN, {S, TEXTS}, fn, array_any_prepare, NULL, NULL}
#define TEXT_ANY_ALL(op) \
    TEXT_ANY(op, "any", array_any_text), TEXT_ANY(op, "all", array_all_text)

const func_def func_array[] = {
    {"||", CA, 2, NULLS, {CA, CA}, array_cat, NULL, NULL, NULL},
    {"||", CA, 2, NULLS, {CA, CO}, array_append, NULL, NULL, NULL},
    {"||", CA, 2, NULLS, {CO, CA}, array_prepend, NULL, NULL, NULL},
    OP2("@>", B, AA, AA, array_contains), OP2("<@", B, AA, AA, array_contained),
    OP2("&&", B, AA, AA, array_overlaps),

    ANY_ALL("=", eq), ANY_ALL("<>", ne), ANY_ALL("<", lt), ANY_ALL("<=", le),
    ANY_ALL(">", gt), ANY_ALL(">=", ge),
    TEXT_ANY_ALL("~~"), TEXT_ANY_ALL("!~~"), TEXT_ANY_ALL("~~*"),
    TEXT_ANY_ALL("!~~*"), TEXT_ANY_ALL("~"), TEXT_ANY_ALL("!~"),
    TEXT_ANY_ALL("~*"), TEXT_ANY_ALL("!~*"),

    FNX("array_cat", CA, 2, NULLS, array_cat, "the elements of one array, then the other's",
        "array_cat(ARRAY[1, 2], ARRAY[3]) = ARRAY[1, 2, 3]", CA, CA),
    FNX("array_append", CA, 2, NULLS, array_append, "with an element more at the end",
        "array_append(ARRAY[1, 2], 3) = ARRAY[1, 2, 3]", CA, CO),
    FNX("array_prepend", CA, 2, NULLS, array_prepend, "with an element more at the beginning",
        "array_prepend(1, ARRAY[2, 3]) = ARRAY[1, 2, 3]", CO, CA),
    FN("array_dims", S, 1, array_dims, "its bounds as text; NULL when it is empty",
        "array_dims(ARRAY[7, 8, 9]) = '[1:3]'", AA),
    FN("array_ndims", I4, 1, array_ndims, "1, or NULL when it is empty",
        "array_ndims(ARRAY[7, 8]) = 1", AA),
    FN("array_length", I4, 2, array_length, "length of a dimension (1); NULL when it is empty",
        "array_length(ARRAY[7, 8, 9], 1) = 3", AA, I4),
    FN("array_lower", I4, 2, array_lower, "the first subscript, 1; NULL when it is empty",
        "array_lower(ARRAY[7, 8, 9], 1) = 1", AA, I4),
    FN("array_upper", I4, 2, array_length, "the last subscript; NULL when it is empty",
        "array_upper(ARRAY[7, 8, 9], 1) = 3", AA, I4),
    FN("cardinality", I4, 1, array_cardinality, "number of elements, 0 when it is empty",
        "cardinality(ARRAY[7, NULL, 9]) = 3", AA),
    FNX("array_fill", AA, 2, NULLS | FUNC_GROWS, array_fill, "an array of so many copies",
        "array_fill(7, ARRAY[3]) = ARRAY[7, 7, 7]", EL, I4S),
    FNX("array_fill", AA, 3, NULLS | FUNC_GROWS, array_fill, "the same; the lower bound must be 1",
        "array_fill(7, ARRAY[2], ARRAY[1]) = ARRAY[7, 7]", EL, I4S, I4S),
    FNX("array_position", I4, 2, NULLS, array_position, "the subscript of the first such element, or NULL",
        "array_position(ARRAY['a', 'b', 'a'], 'a') = 1", CA, CO),
    FNX("array_position", I4, 3, NULLS, array_position, "the same from a subscript on",
        "array_position(ARRAY['a', 'b', 'a'], 'a', 2) = 3", CA, CO, I4),
    FNX("array_positions", I4S, 2, NULLS, array_positions, "the subscripts of all such elements",
        "array_positions(ARRAY['a', 'b', 'a'], 'a') = ARRAY[1, 3]", CA, CO),
    FNX("array_remove", CA, 2, NULLS, array_remove, "without all such elements",
        "array_remove(ARRAY[1, 2, 1], 1) = ARRAY[2]", CA, CO),
    FNX("array_replace", CA, 3, NULLS, array_replace, "with another one in the place of all such elements",
        "array_replace(ARRAY[1, 2, 1], 1, 5) = ARRAY[5, 2, 5]", CA, CO, CO),
    FN("trim_array", AA, 2, array_trim, "without the last so many elements",
        "trim_array(ARRAY[1, 2, 3], 2) = ARRAY[1]", AA, I4),

    SETX("unnest", EL, 1, 0, array_set_unnest, "a row per element of an array",
        "unnest(tags) AS tag", AA),
    SETX("generate_subscripts", I4, 2, 0, array_set_subscripts, "a row per subscript of an array's dimension (1)",
        "generate_subscripts(tags, 1) AS i", AA, I4),
    SETX("generate_subscripts", I4, 3, 0, array_set_subscripts, "the same, backwards if the last argument is true",
        "generate_subscripts(tags, 1, true) AS i", AA, I4, B),
    SETX("generate_series", I4, 2, 0, array_set_series, "the numbers from one to another",
        "generate_series(1, 3) AS n", I4, I4),
    SETX("generate_series", I4, 3, 0, array_set_series, "the same in steps",
        "generate_series(10, 1, -3) AS n", I4, I4, I4),
    SETX("generate_series", I, 2, 0, array_set_series, "the numbers from one to another",
        "generate_series(1, 3::bigint) AS n", I, I),
    SETX("generate_series", I, 3, 0, array_set_series, "the same in steps",
        "generate_series(1, 10, 3::bigint) AS n", I, I, I),
    SETX("generate_series", N, 2, 0, array_set_series_num, "the numbers from one to another, one apart",
        "generate_series(0.5, 3) AS n", N, N),
    SETX("generate_series", N, 3, 0, array_set_series_num, "the same in steps",
        "generate_series(0, 1, 0.25) AS n", N, N, N),
    SETX("generate_series", TL, 3, 0, array_set_series_time, "the times from one to another in steps",
        "generate_series(timestamp '2026-01-01', '2026-01-02', '6 hours') AS t", TL, TL, V),
    SETX("generate_series", T, 3, 0, array_set_series_time, "the same with time zone",
        "generate_series(timestamptz '2026-01-01Z', '2026-01-02Z', '1 hour') AS t", T, T, V),
};
/* clang-format on */

const uint32_t func_array_count = sizeof func_array / sizeof *func_array;
