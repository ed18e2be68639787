/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_table.h - what the tables of functions are written with.
 *
 * A family has a table: operators, casts and functions, each with a line of
 * help and an example `expression = value`, which a test runs. NULL help: an
 * operator or an inner function, whose family is explained in docs.
 */
#ifndef EXPR_FUNC_TABLE_H
#define EXPR_FUNC_TABLE_H

#include "expr/func.h"

/* Entries end where they have nothing more to say. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* clang-format off */
#define B DS_BOOL
#define I2 DS_I16
#define I4 DS_I32
#define I DS_I64
#define F4 DS_F32
#define F DS_F64
#define N DS_NUM
#define S DS_STR
#define Y DS_BYTES
#define D DS_DATE
#define TOD DS_TIME
#define TL DS_TIMESTAMP
#define T DS_TS
#define V DS_IV
#define U DS_UUID
#define J DS_JSON

#define FN(name, res, n, fn, help, example, ...) \
    {name, res, n, 0, {__VA_ARGS__}, fn, NULL, help, example}
/* With flags. */
#define FNX(name, res, n, flags, fn, help, example, ...) \
    {name, res, n, flags, {__VA_ARGS__}, fn, NULL, help, example}
#define OP2(name, res, a, b, fn) {name, res, 2, 0, {a, b}, fn, NULL, NULL, NULL}
#define OP1(name, res, a, fn) {name, res, 1, 0, {a}, fn, NULL, NULL, NULL}
#define INNER(name, res, n, flags, fn, ...) \
    {name, res, n, (flags) | FUNC_HIDDEN, {__VA_ARGS__}, fn, NULL, NULL, NULL}
/* fn NULL: the values stay as they lie. */
#define CAST(from, to, how, fn) INNER("cast", to, 1, how, fn, from)
#define SET(name, res, n, help, example, ...) \
    {name, res, n, FUNC_SET, {__VA_ARGS__}, NULL, NULL, help, example}
/* A set with its function (set.h) and more flags. */
#define SETX(name, res, n, flags, fn, help, example, ...) \
    {name, res, n, FUNC_SET | (flags), {__VA_ARGS__}, NULL, NULL, help, \
     example, fn}
/* clang-format on */

#endif
