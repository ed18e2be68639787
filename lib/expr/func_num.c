/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_num.c - numbers.
 */
#include "expr/func_table.h"
#include "expr/num.h"

/* clang-format off */
/* Integers of different widths meet in the wider one. */
#define INTS(name, op) \
    OP2(name, I2, I2, I2, num_##op##_i16), \
    OP2(name, I4, I2, I4, num_##op##_i32), OP2(name, I4, I4, I2, num_##op##_i32), \
    OP2(name, I4, I4, I4, num_##op##_i32), \
    OP2(name, I, I2, I, num_##op##_i64), OP2(name, I, I, I2, num_##op##_i64), \
    OP2(name, I, I4, I, num_##op##_i64), OP2(name, I, I, I4, num_##op##_i64), \
    OP2(name, I, I, I, num_##op##_i64)
#define FLOATS(name, op) \
    OP2(name, F4, F4, F4, num_##op##_f32), OP2(name, F, F4, F, num_##op##_f64), \
    OP2(name, F, F, F4, num_##op##_f64), OP2(name, F, F, F, num_##op##_f64)
#define SAME2(name, fn) \
    OP2(name, I2, I2, I2, fn), OP2(name, I4, I4, I4, fn), OP2(name, I, I, I, fn)
#define ALL1(name, i16, i32, i64, f64, num) \
    OP1(name, I2, I2, i16), OP1(name, I4, I4, i32), OP1(name, I, I, i64), \
    OP1(name, F4, F4, f64), OP1(name, F, F, f64), OP1(name, N, N, num)
#define BOTH(name, op, help, f_example, n_example) \
    FN(name, F, 1, num_##op##_f64, help, f_example, F), \
    FN(name, N, 1, num_##op##_num, help, n_example, N)
#define ANGLE(name, help, example) FN(#name, F, 1, num_##name, help, example, F)
#define ANGLE2(name, help, example) \
    FN(#name, F, 2, num_##name, help, example, F, F)

#define TO_CHAR(type, kind, example) \
    FN("to_char", S, 2, num_to_char_##kind, "a number by a template", example, type, S)

const func_def func_num[] = {
    INTS("+", add), FLOATS("+", add), OP2("+", N, N, N, num_add_num),
    INTS("-", sub), FLOATS("-", sub), OP2("-", N, N, N, num_sub_num),
    INTS("*", mul), FLOATS("*", mul), OP2("*", N, N, N, num_mul_num),
    INTS("/", div), FLOATS("/", div), OP2("/", N, N, N, num_div_num),
    SAME2("%", num_mod_i64), OP2("%", N, N, N, num_mod_num),
    OP2("^", F, F, F, num_power_f64), OP2("^", N, N, N, num_power_num),
    ALL1("-", num_neg_i16, num_neg_i32, num_neg_i64, num_neg_f64, num_neg_num),
    ALL1("+", run_copy, run_copy, run_copy, run_copy, run_copy),
    ALL1("@", num_abs_i16, num_abs_i32, num_abs_i64, num_abs_f64, num_abs_num),
    OP1("|/", F, F, num_sqrt_f64), OP1("||/", F, F, num_cbrt_f64),
    SAME2("&", num_and_i64), SAME2("|", num_or_i64), SAME2("#", num_xor_i64),
    OP1("~", I2, I2, num_not_i64), OP1("~", I4, I4, num_not_i64),
    OP1("~", I, I, num_not_i64),
    OP2("<<", I2, I2, I4, num_shl_i16), OP2("<<", I4, I4, I4, num_shl_i32),
    OP2("<<", I, I, I4, num_shl_i64),
    OP2(">>", I2, I2, I4, num_shr_i32), OP2(">>", I4, I4, I4, num_shr_i32),
    OP2(">>", I, I, I4, num_shr_i64),

    FN("abs", I2, 1, num_abs_i16, "absolute value", "abs((-7)::smallint) = 7", I2),
    FN("abs", I4, 1, num_abs_i32, "absolute value", "abs(-7) = 7", I4),
    FN("abs", I, 1, num_abs_i64, "absolute value", "abs(-7::bigint) = 7", I),
    FN("abs", F4, 1, num_abs_f64, "absolute value", "abs((-7.5)::real) = 7.5", F4),
    FN("abs", F, 1, num_abs_f64, "absolute value", "abs((-7.5)::float8) = 7.5", F),
    FN("abs", N, 1, num_abs_num, "absolute value", "abs(-7.50) = 7.5", N),
    FN("round", F, 1, num_round_f64, "to the nearest integer, halves to even",
       "round(2.5::float8) = 2", F),
    FN("round", N, 1, num_round_num, "to the nearest integer, halves away from zero",
       "round(2.5) = 3", N),
    FN("round", N, 2, num_round2_num, "to so many digits after the point",
       "round(2.345, 2) = 2.35", N, I4),
    BOTH("floor", floor, "the next integer below", "floor((-2.5)::float8) = -3",
         "floor(-2.5) = -3"),
    BOTH("ceil", ceil, "the next integer above", "ceil(2.1::float8) = 3",
         "ceil(2.1) = 3"),
    BOTH("ceiling", ceil, "the next integer above", "ceiling(2.1::float8) = 3",
         "ceiling(2.1) = 3"),
    BOTH("trunc", trunc, "towards zero", "trunc((-2.5)::float8) = -2",
         "trunc(-2.5) = -2"),
    FN("trunc", N, 2, num_trunc2_num, "cut off to so many digits after the point",
       "trunc(2.349, 2) = 2.34", N, I4),
    BOTH("sign", sign, "-1, 0 or 1", "sign((-2.5)::float8) = -1", "sign(-2.5) = -1"),
    BOTH("sqrt", sqrt, "square root", "sqrt(9::float8) = 3", "sqrt(2.25) = 1.5"),
    FN("cbrt", F, 1, num_cbrt_f64, "cube root", "cbrt(8) = 2", F),
    FN("power", F, 2, num_power_f64, "a to the power of b",
       "power(2::float8, 10) = 1024", F, F),
    FN("power", N, 2, num_power_num, "a to the power of b",
       "power(1.5, 2) = 2.25", N, N),
    FN("pow", F, 2, num_power_f64, "a to the power of b",
       "pow(2::float8, 10) = 1024", F, F),
    FN("pow", N, 2, num_power_num, "a to the power of b", "pow(1.5, 2) = 2.25", N, N),
    BOTH("exp", exp, "e to the power of x", "exp(0::float8) = 1",
         "round(exp(1.0), 5) = 2.71828"),
    BOTH("ln", ln, "natural logarithm", "ln(1::float8) = 0",
         "round(ln(2.0), 5) = 0.69315"),
    BOTH("log", log, "logarithm to base 10", "log(1000::float8) = 3", "log(0.01) = -2"),
    FN("log", N, 2, num_log2_num, "logarithm to base b", "log(2.0, 64.0) = 6", N, N),
    BOTH("log10", log, "logarithm to base 10", "log10(1000::float8) = 3",
         "log10(0.01) = -2"),
    FN("pi", F, 0, num_pi, "the number pi", "round(pi()::numeric, 5) = 3.14159", 0),

    FN("mod", I2, 2, num_mod_i64, "remainder of a / b; its sign is a's",
       "mod(7::smallint, 4::smallint) = 3", I2, I2),
    FN("mod", I4, 2, num_mod_i64, "remainder of a / b; its sign is a's",
       "mod(-7, 4) = -3", I4, I4),
    FN("mod", I, 2, num_mod_i64, "remainder of a / b; its sign is a's",
       "mod(7::bigint, 4) = 3", I, I),
    FN("mod", N, 2, num_mod_num, "remainder of a / b; its sign is a's",
       "mod(7.5, 2) = 1.5", N, N),
    FN("div", N, 2, num_quot_num, "quotient without its fraction",
       "div(-7, 2) = -3", N, N),
    FN("gcd", I4, 2, num_gcd_i32, "greatest common divisor", "gcd(12, 18) = 6", I4, I4),
    FN("gcd", I, 2, num_gcd_i64, "greatest common divisor",
       "gcd(12::bigint, 18) = 6", I, I),
    FN("gcd", N, 2, num_gcd_num, "greatest common divisor",
       "gcd(1.2, 1.8) = 0.6", N, N),
    FN("lcm", I4, 2, num_lcm_i32, "least common multiple", "lcm(4, 6) = 12", I4, I4),
    FN("lcm", I, 2, num_lcm_i64, "least common multiple",
       "lcm(4::bigint, 6) = 12", I, I),
    FN("lcm", N, 2, num_lcm_num, "least common multiple", "lcm(0.4, 0.6) = 1.2", N, N),
    FN("factorial", N, 1, num_factorial, "1 * 2 * ... * n; n is at most 33",
       "factorial(5) = 120", I),
    FN("scale", I4, 1, num_scale, "digits after the point", "scale(1.500) = 3", N),
    FN("min_scale", I4, 1, num_min_scale, "digits after the point that are needed",
       "min_scale(1.500) = 1", N),
    FN("trim_scale", N, 1, num_trim_scale, "without zeros at the end of the fraction",
       "trim_scale(1.500)::text = '1.5'", N),
    FN("width_bucket", I4, 4, num_bucket_f64,
       "which of n buckets of equal width between two bounds x falls into",
       "width_bucket(3.5::float8, 0, 10, 5) = 2", F, F, F, I4),
    FN("width_bucket", I4, 4, num_bucket_num,
       "which of n buckets of equal width between two bounds x falls into",
       "width_bucket(3.5, 0, 10, 5) = 2", N, N, N, I4),
    FN("width_bucket", I4, 2, num_bucket_array,
       "how many of the ascending bounds are not above x",
       "width_bucket(5, ARRAY[1, 3, 7]) = 2", FUNC_ANYCOMPATIBLE,
       FUNC_ANYCOMPATIBLEARRAY),
    FN("to_hex", S, 1, num_hex_i32, "hexadecimal digits", "to_hex(255) = 'ff'", I4),
    FN("to_hex", S, 1, num_hex_i64, "hexadecimal digits",
       "to_hex(-1::bigint) = 'ffffffffffffffff'", I),

    TO_CHAR(I4, i32, "to_char(485, '999') = ' 485'"),
    TO_CHAR(I, i64, "to_char(148500::bigint, 'FM999,999') = '148,500'"),
    TO_CHAR(F4, f32, "to_char(148.5::real, '999D9') = ' 148.5'"),
    TO_CHAR(F, f64, "to_char(-12.45::float8, '99.9') = '-12.4'"),
    TO_CHAR(N, num, "to_char(0.1, 'FM90.00') = '0.10'"),
    FN("to_number", N, 2, num_to_number, "a number by a template",
       "to_number('12,454.8-', '99G999D9S') = -12454.8", S, S),

    ANGLE(degrees, "radians to degrees", "degrees(pi()) = 180"),
    ANGLE(radians, "degrees to radians", "radians(180) = pi()"),
    ANGLE(sin, "sine", "sin(0) = 0"), ANGLE(cos, "cosine", "cos(0) = 1"),
    ANGLE(tan, "tangent", "tan(0) = 0"),
    ANGLE(cot, "cotangent", "round(cot(pi() / 4)) = 1"),
    ANGLE(asin, "inverse sine", "asin(0) = 0"),
    ANGLE(acos, "inverse cosine", "acos(1) = 0"),
    ANGLE(atan, "inverse tangent", "atan(0) = 0"),
    ANGLE2(atan2, "inverse tangent of y / x", "atan2(0, 1) = 0"),
    ANGLE(sind, "sine of degrees", "sind(30) = 0.5"),
    ANGLE(cosd, "cosine of degrees", "cosd(60) = 0.5"),
    ANGLE(tand, "tangent of degrees", "tand(45) = 1"),
    ANGLE(cotd, "cotangent of degrees", "cotd(45) = 1"),
    ANGLE(asind, "inverse sine in degrees", "asind(0.5) = 30"),
    ANGLE(acosd, "inverse cosine in degrees", "acosd(0.5) = 60"),
    ANGLE(atand, "inverse tangent in degrees", "atand(1) = 45"),
    ANGLE2(atan2d, "inverse tangent of y / x in degrees", "atan2d(1, 1) = 45"),
    ANGLE(sinh, "hyperbolic sine", "sinh(0) = 0"),
    ANGLE(cosh, "hyperbolic cosine", "cosh(0) = 1"),
    ANGLE(tanh, "hyperbolic tangent", "tanh(0) = 0"),
    ANGLE(asinh, "inverse hyperbolic sine", "asinh(0) = 0"),
    ANGLE(acosh, "inverse hyperbolic cosine", "acosh(1) = 0"),
    ANGLE(atanh, "inverse hyperbolic tangent", "atanh(0) = 0"),

    CAST(I2, I4, FUNC_IMPLICIT, NULL), CAST(I2, I, FUNC_IMPLICIT, NULL),
    CAST(I2, F4, FUNC_IMPLICIT, num_i64_f32), CAST(I2, F, FUNC_IMPLICIT, num_i64_f64),
    CAST(I2, N, FUNC_IMPLICIT, num_i64_num),
    CAST(I4, I2, FUNC_ASSIGNMENT, num_i64_i16), CAST(I4, I, FUNC_IMPLICIT, NULL),
    CAST(I4, F4, FUNC_IMPLICIT, num_i64_f32), CAST(I4, F, FUNC_IMPLICIT, num_i64_f64),
    CAST(I4, N, FUNC_IMPLICIT, num_i64_num),
    CAST(I4, B, 0, num_i64_bool), CAST(B, I4, 0, num_bool_i64),
    CAST(I, I2, FUNC_ASSIGNMENT, num_i64_i16), CAST(I, I4, FUNC_ASSIGNMENT, num_i64_i32),
    CAST(I, F4, FUNC_IMPLICIT, num_i64_f32), CAST(I, F, FUNC_IMPLICIT, num_i64_f64),
    CAST(I, N, FUNC_IMPLICIT, num_i64_num),
    CAST(F4, I2, FUNC_ASSIGNMENT, num_f64_i16), CAST(F4, I4, FUNC_ASSIGNMENT, num_f64_i32),
    CAST(F4, I, FUNC_ASSIGNMENT, num_f64_i64), CAST(F4, F, FUNC_IMPLICIT, NULL),
    CAST(F4, N, FUNC_ASSIGNMENT, num_f32_num),
    CAST(F, I2, FUNC_ASSIGNMENT, num_f64_i16), CAST(F, I4, FUNC_ASSIGNMENT, num_f64_i32),
    CAST(F, I, FUNC_ASSIGNMENT, num_f64_i64), CAST(F, F4, FUNC_ASSIGNMENT, num_f64_f32),
    CAST(F, N, FUNC_ASSIGNMENT, num_f64_num),
    CAST(N, I2, FUNC_ASSIGNMENT, num_num_i16), CAST(N, I4, FUNC_ASSIGNMENT, num_num_i32),
    CAST(N, I, FUNC_ASSIGNMENT, num_num_i64), CAST(N, F4, FUNC_IMPLICIT, num_num_f32),
    CAST(N, F, FUNC_IMPLICIT, num_num_f64),
};
/* clang-format on */

const uint32_t func_num_count = sizeof func_num / sizeof *func_num;
