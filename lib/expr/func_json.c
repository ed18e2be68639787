/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_json.c - jsonb.
 */
#include "expr/func_table.h"

const func_def func_json[] = {{0}};
const uint32_t func_json_count = 0;
