/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time.h - kernels of dates, times and intervals.
 */
#ifndef EXPR_TIME_H
#define EXPR_TIME_H

#include "expr/func.h"

run_kernel time_add, time_add_swapped, time_sub;

#endif
