/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_array.c - arrays and rows.
 */
#include "expr/func_table.h"

const func_def func_array[] = {{0}};
const uint32_t func_array_count = 0;
