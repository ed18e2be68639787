/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codes.c - the error codes of expressions.
 */
#include <stddef.h>

#include "expr/codes.h"

#define CODE(code, text) {code, text},
const ds_expr_code ds_expr_codes[] = {DS_EXPR_CODES(CODE){NULL, NULL}};
