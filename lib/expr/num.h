/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num.h - kernels of numbers: arithmetic, casts, functions, to_char().
 *
 * Overflow is an error of the row, never a wrong number. Where the rows lie
 * dense, a first loop without branches computes all of them and notes whether
 * any of them may be wrong; only then the rows that count are looked at one by
 * one.
 */
#ifndef EXPR_NUM_H
#define EXPR_NUM_H

#include "expr/run.h"
#include "record/numeric.h"

/* The statement for all rows i, as the compiler likes it: a plain loop. */
#define NUM_DENSE(rows, i, ...)                                                \
    do {                                                                       \
        const uint32_t i##_end = (rows);                                       \
        for (uint32_t i = 0; i < i##_end; i++) {                               \
            __VA_ARGS__;                                                       \
        }                                                                      \
    } while (0)

/* The row is refused for what a numeric_ function returned. */
void num_refuse(run *r, const run_step *s, uint32_t row, numeric_rc rc);
void num_range(run *r, const run_step *s, uint32_t row, ds_type type);
void num_zero(run *r, const run_step *s, uint32_t row);
void num_overflow(run *r, const run_step *s, uint32_t row);
void num_underflow(run *r, const run_step *s, uint32_t row);

/* num.c: by the width of the result. */
#define NUM_INT_KERNELS(X) X(add) X(sub) X(mul) X(div) X(neg) X(abs)
#define NUM_INT_DECLARE(op)                                                    \
    run_kernel num_##op##_i16, num_##op##_i32, num_##op##_i64;
NUM_INT_KERNELS(NUM_INT_DECLARE)
run_kernel num_mod_i64;

/* num_bits.c */
run_kernel num_and_i64, num_or_i64, num_xor_i64, num_not_i64, num_shl_i16,
    num_shl_i32, num_shl_i64, num_shr_i32, num_shr_i64, num_gcd_i32,
    num_gcd_i64, num_lcm_i32, num_lcm_i64, num_hex_i32, num_hex_i64,
    num_factorial;

/* num_float.c */
run_kernel num_add_f32, num_sub_f32, num_mul_f32, num_div_f32, num_add_f64,
    num_sub_f64, num_mul_f64, num_div_f64, num_neg_f64, num_abs_f64,
    num_round_f64, num_floor_f64, num_ceil_f64, num_trunc_f64, num_sign_f64,
    num_sqrt_f64, num_cbrt_f64, num_power_f64, num_exp_f64, num_ln_f64,
    num_log_f64, num_pi;

/* num_trig.c */
#define NUM_TRIG_KERNELS(X)                                                    \
    X(degrees)                                                                 \
    X(radians)                                                                 \
    X(sin)                                                                     \
    X(cos)                                                                     \
    X(tan)                                                                     \
    X(cot)                                                                     \
    X(asin)                                                                    \
    X(acos)                                                                    \
    X(atan)                                                                    \
    X(atan2)                                                                   \
    X(sind)                                                                    \
    X(cosd)                                                                    \
    X(tand)                                                                    \
    X(cotd)                                                                    \
    X(asind)                                                                   \
    X(acosd)                                                                   \
    X(atand) X(atan2d) X(sinh) X(cosh) X(tanh) X(asinh) X(acosh) X(atanh)
#define NUM_TRIG_DECLARE(op) run_kernel num_##op;
NUM_TRIG_KERNELS(NUM_TRIG_DECLARE)

/* num_numeric.c */
run_kernel num_add_num, num_sub_num, num_mul_num, num_div_num, num_quot_num,
    num_mod_num, num_neg_num, num_abs_num, num_sign_num, num_round_num,
    num_round2_num, num_trunc_num, num_trunc2_num, num_floor_num, num_ceil_num,
    num_scale, num_min_scale, num_trim_scale, num_gcd_num, num_lcm_num,
    num_sqrt_num, num_exp_num, num_ln_num, num_log_num, num_log2_num,
    num_power_num;

/* num_bucket.c */
run_kernel num_bucket_f64, num_bucket_num, num_bucket_array;

/* num_cast.c: the names say from and to. */
run_kernel num_i64_i16, num_i64_i32, num_f64_i16, num_f64_i32, num_f64_i64,
    num_num_i16, num_num_i32, num_num_i64, num_i64_f32, num_i64_f64,
    num_f64_f32, num_num_f32, num_num_f64, num_i64_num, num_f32_num,
    num_f64_num, num_i64_bool, num_bool_i64;

/* num_to_char.c, num_to_number.c */
run_kernel num_to_char_i32, num_to_char_i64, num_to_char_f32, num_to_char_f64,
    num_to_char_num, num_to_number;

#endif
