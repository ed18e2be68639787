/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_num.c - numbers.
 */
#include "expr/func_table.h"

/* clang-format off */
const func_def func_num[] = {
    OP2("+", I, I, I, num_add_i64), OP2("-", I, I, I, num_sub_i64),
    OP2("*", I, I, I, num_mul_i64), OP2("/", I, I, I, num_div_i64),
    OP2("%", I, I, I, num_mod_i64),
    OP2("+", F, F, F, num_add_f64), OP2("-", F, F, F, num_sub_f64),
    OP2("*", F, F, F, num_mul_f64), OP2("/", F, F, F, num_div_f64),
    OP2("^", F, F, F, num_power_f64),
    {"-", I, 1, 0, {I}, num_neg_i64, NULL, NULL, NULL},
    {"-", F, 1, 0, {F}, num_neg_f64, NULL, NULL, NULL},
    FN("abs", I, 1, num_abs_i64, "absolute value", "abs(-7) = 7", I),
    FN("abs", F, 1, num_abs_f64, "absolute value", "abs(-7.5) = 7.5", F),
    FN("round", F, 1, num_round_f64, "to the nearest integer, halves to even",
       "round(2.5) = 2", F),
    FN("floor", F, 1, num_floor_f64, "the next integer below",
       "floor(-2.5) = -3", F),
    FN("ceil", F, 1, num_ceil_f64, "the next integer above",
       "ceil(2.1) = 3", F),
    FN("ceiling", F, 1, num_ceil_f64, "the next integer above",
       "ceiling(2.1) = 3", F),
    FN("trunc", F, 1, num_trunc_f64, "towards zero", "trunc(-2.5) = -2", F),
    FN("sign", F, 1, num_sign_f64, "-1, 0 or 1", "sign(-2.5) = -1", F),
    FN("sqrt", F, 1, num_sqrt_f64, "square root", "sqrt(9) = 3", F),
    FN("power", F, 2, num_power_f64, "a to the power of b",
       "power(2, 10) = 1024", F, F),
    FN("mod", I, 2, num_mod_i64, "remainder of a / b", "mod(7, 4) = 3", I, I),
};
/* clang-format on */

const uint32_t func_num_count = sizeof func_num / sizeof *func_num;
