/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_time.c - dates, times, intervals.
 */
#include "expr/func_table.h"
#include "expr/time.h"

/* clang-format off */
const func_def func_time[] = {
    OP2("+", T, T, DS_IV, time_add), OP2("+", T, DS_IV, T, time_add_swapped),
    OP2("-", T, T, DS_IV, time_sub),
};
/* clang-format on */

const uint32_t func_time_count = sizeof func_time / sizeof *func_time;
