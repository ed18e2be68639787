/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codes.h - the error codes of expressions, each with a line for `help`.
 *
 * Codes are stable and never reused. E02xx: the text does not parse; E03xx: it
 * parses and is refused when the job is loaded; E07xx: a row was refused.
 */
#ifndef EXPR_CODES_H
#define EXPR_CODES_H

/* clang-format off */
#define DS_EXPR_CODES(X)                                                       \
    X("E0201", "the text is not PostgreSQL's syntax")                          \
    X("E0202", "the text is too long or nested too deeply")                    \
    X("E0301", "no such column")                                               \
    X("E0302", "no operator or function takes these types")                    \
    X("E0303", "a value of another type is needed")                            \
    X("E0304", "the syntax is PostgreSQL's, but this is not supported")        \
    X("E0305", "an aggregate cannot stand here")                               \
    X("E0306", "a set-returning function cannot stand here")                   \
    X("E0307", "a record's metadata is gone after an aggregation")             \
    X("E0312", "a name stands twice in one list")                              \
    X("E0313", "an item needs a name: AS name")                                \
    X("E0320", "a query names no such table, or one twice")                    \
    X("E0321", "a column's name fits more than one table")                     \
    X("E0322", "a column is neither grouped nor aggregated")                   \
    X("E0323", "the parts of a query do not fit each other")                   \
    X("E0324", "a window function cannot stand here")                          \
    X("E0701", "a result is out of range")                                     \
    X("E0702", "a value cannot be converted")                                  \
    X("E0703", "division by zero")                                             \
    X("E0704", "a function refused its arguments")                            \
    X("E0705", "a subquery gave more than one row")
/* clang-format on */

typedef struct ds_expr_code {
    const char *code;
    const char *text;
} ds_expr_code;

/* All of them; the last has code NULL. */
extern const ds_expr_code ds_expr_codes[];

#endif
