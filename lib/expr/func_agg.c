/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_agg.c - aggregates.
 *
 * Their examples are true of four rows:
 *
 *     n integer | x double precision | v numeric | s text | ok boolean | i
 * interval 3         | 0.5                | 1.50      | c      | true       | 1
 * hour 1         | 1.5                | 2.5       | a      | false      | 2
 * hours 2         | 2.5                | 3.5       | b      | true       | 3
 * hours NULL      | NULL               | NULL      | NULL   | NULL       | NULL
 */
#include "expr/agg_kinds.h"
#include "expr/func_table.h"

/* clang-format off */
#define AGG(name, res, n, agg, help, example, ...) \
    {name, res, n, 0, {__VA_ARGS__}, NULL, NULL, help, example, NULL, &agg}
/* Another form of the entry before. */
#define AGGX(name, res, n, agg, ...) \
    {name, res, n, 0, {__VA_ARGS__}, NULL, NULL, NULL, NULL, NULL, &agg}

#define EXTREME(name, kind, help, example) \
    AGG(name, I4, 1, agg_##kind##_i64, help, example, I4), \
    AGGX(name, I2, 1, agg_##kind##_i64, I2), \
    AGGX(name, I, 1, agg_##kind##_i64, I), \
    AGGX(name, F4, 1, agg_##kind##_f64, F4), \
    AGGX(name, F, 1, agg_##kind##_f64, F), \
    AGGX(name, N, 1, agg_##kind, N), AGGX(name, S, 1, agg_##kind, S), \
    AGGX(name, D, 1, agg_##kind##_i64, D), \
    AGGX(name, TOD, 1, agg_##kind##_i64, TOD), \
    AGGX(name, TL, 1, agg_##kind##_i64, TL), \
    AGGX(name, T, 1, agg_##kind##_i64, T), AGGX(name, V, 1, agg_##kind, V), \
    AGGX(name, FUNC_ANYARRAY, 1, agg_##kind, FUNC_ANYARRAY)
#define BITS(name, kind, help, example) \
    AGG(name, I4, 1, agg_bit_##kind, help, example, I4), \
    AGGX(name, I2, 1, agg_bit_##kind, I2), AGGX(name, I, 1, agg_bit_##kind, I)
#define SPREAD(name, kind, help, example) \
    AGG(name, N, 1, agg_##kind##_i64, help, example, I4), \
    AGGX(name, N, 1, agg_##kind##_i64, I2), \
    AGGX(name, N, 1, agg_##kind##_i64, I), \
    AGGX(name, F, 1, agg_##kind##_f64, F4), \
    AGGX(name, F, 1, agg_##kind##_f64, F), \
    AGGX(name, N, 1, agg_##kind##_num, N)
#define REGR(name, help, example) AGG(#name, F, 2, agg_##name, help, example, F, F)

const func_def func_agg[] = {
    AGG("count", I, 0, agg_count_rows, "the number of rows", "count(*) = 4",
        DS_NONE),
    AGG("count", I, 1, agg_count, "the number of values that are not NULL",
        "count(n) = 3", FUNC_ANY),
    AGG("sum", I, 1, agg_sum_i64, "the sum; of bigint it is numeric, in "
        "updateStateByKey bigint", "sum(n) = 6", I4),
    AGGX("sum", I, 1, agg_sum_i64, I2), AGGX("sum", N, 1, agg_sum_i64_num, I),
    AGGX("sum", F4, 1, agg_sum_f32, F4), AGGX("sum", F, 1, agg_sum_f64, F),
    AGGX("sum", N, 1, agg_sum_num, N), AGGX("sum", V, 1, agg_sum_interval, V),
    AGG("avg", N, 1, agg_avg_i64, "the mean", "avg(n) = 2", I4),
    AGGX("avg", N, 1, agg_avg_i64, I2), AGGX("avg", N, 1, agg_avg_i64, I),
    AGGX("avg", F, 1, agg_avg_f64, F4), AGGX("avg", F, 1, agg_avg_f64, F),
    AGGX("avg", N, 1, agg_avg_num, N), AGGX("avg", V, 1, agg_avg_interval, V),
    EXTREME("min", min, "the least value", "min(s) = 'a'"),
    EXTREME("max", max, "the greatest value", "max(v) = 3.5"),
    AGG("bool_and", B, 1, agg_bool_and, "true if all values are",
        "bool_and(ok) = false", B),
    AGG("every", B, 1, agg_bool_and, "true if all values are",
        "every(ok) = false", B),
    AGG("bool_or", B, 1, agg_bool_or, "true if a value is",
        "bool_or(ok) = true", B),
    BITS("bit_and", and, "bits that all values have", "bit_and(n) = 0"),
    BITS("bit_or", or, "bits that a value has", "bit_or(n) = 3"),
    BITS("bit_xor", xor, "bits that an odd number of values has",
         "bit_xor(n) = 0"),

    SPREAD("variance", var_samp, "variance of a sample", "variance(n) = 1"),
    SPREAD("var_samp", var_samp, "variance of a sample", "var_samp(x) = 1"),
    SPREAD("var_pop", var_pop, "variance of all there is",
           "round(var_pop(n), 3) = 0.667"),
    SPREAD("stddev", stddev_samp, "standard deviation of a sample",
           "stddev(n) = 1"),
    SPREAD("stddev_samp", stddev_samp, "standard deviation of a sample",
           "stddev_samp(v) = 1"),
    SPREAD("stddev_pop", stddev_pop, "standard deviation of all there is",
           "round(stddev_pop(n), 3) = 0.816"),
    REGR(corr, "coefficient of correlation", "corr(x, n) = -0.5"),
    REGR(covar_pop, "covariance of all there is",
         "round(covar_pop(x, n)::numeric, 3) = -0.333"),
    REGR(covar_samp, "covariance of a sample", "covar_samp(x, n) = -0.5"),
    REGR(regr_avgx, "mean of X; regr_* are of pairs (Y, X)",
         "regr_avgx(x, n) = 2"),
    REGR(regr_avgy, "mean of Y", "regr_avgy(x, n) = 1.5"),
    AGG("regr_count", I, 2, agg_count, "the number of pairs without NULL",
        "regr_count(x, n) = 3", F, F),
    REGR(regr_intercept, "where the line of least squares meets X = 0",
         "regr_intercept(x, n) = 2.5"),
    REGR(regr_r2, "square of the coefficient of correlation",
         "regr_r2(x, n) = 0.25"),
    REGR(regr_slope, "slope of the line of least squares",
         "regr_slope(x, n) = -0.5"),
    REGR(regr_sxx, "sum of squares of X", "regr_sxx(x, n) = 2"),
    REGR(regr_sxy, "sum of products of X and Y", "regr_sxy(x, n) = -1"),
    REGR(regr_syy, "sum of squares of Y", "regr_syy(x, n) = 2"),

    AGG("array_agg", FUNC_ANYARRAY, 1, agg_array,
        "all values, NULL too, as an array",
        "array_agg(n ORDER BY n) = ARRAY[1, 2, 3, NULL]", FUNC_ANYNONARRAY),
    AGG("string_agg", S, 2, agg_string, "all values with a delimiter between",
        "string_agg(s, ',' ORDER BY s DESC) = 'c,b,a'", S, S),
    AGGX("string_agg", Y, 2, agg_string, Y, Y),
    AGG("jsonb_agg", J, 1, agg_jsonb, "all values, NULL too, as a JSON array",
        "jsonb_agg(n) = '[3, 1, 2, null]'", FUNC_ANYELEMENT),
    AGG("jsonb_object_agg", J, 2, agg_jsonb_object,
        "all pairs as a JSON object; of equal keys the last one counts",
        "jsonb_object_agg(s, n) FILTER (WHERE n < 3) = '{\"a\": 1, \"b\": 2}'",
        FUNC_ANY, FUNC_ANY),
    AGG("first", FUNC_ANYELEMENT, 1, agg_first,
        "the value of the row that came first", "first(n) = 3",
        FUNC_ANYELEMENT),
    AGG("first", FUNC_ANYELEMENT, 2, agg_first,
        "with true: the first one that is not NULL",
        "first(n, true) = 3", FUNC_ANYELEMENT, B),
    AGG("last", FUNC_ANYELEMENT, 1, agg_last,
        "the value of the row that came last", "last(n) IS NULL",
        FUNC_ANYELEMENT),
    AGG("last", FUNC_ANYELEMENT, 2, agg_last,
        "with true: the last one that is not NULL", "last(n, true) = 2",
        FUNC_ANYELEMENT, B),
    AGG("any_value", FUNC_ANYELEMENT, 1, agg_any_value,
        "one of the values that are not NULL: the first",
        "any_value(s) = 'c'", FUNC_ANYELEMENT),
    AGG("min_by", FUNC_ANYELEMENT, 2, agg_min_by,
        "the first argument where the second is least",
        "min_by(s, n) = 'a'", FUNC_ANYELEMENT, FUNC_ANY),
    AGG("max_by", FUNC_ANYELEMENT, 2, agg_max_by,
        "the first argument where the second is greatest",
        "max_by(s, n) = 'c'", FUNC_ANYELEMENT, FUNC_ANY),

    AGG("approx_count_distinct", I, 1, agg_distinct,
        "about how many distinct values there are: exact up to 64, then with "
        "a standard error of 5 %", "approx_count_distinct(n) = 3", FUNC_ANY),
    AGG("approx_count_distinct", I, 2, agg_distinct,
        "with a standard error of so much, 0.005 to 0.25 (HyperLogLog)",
        "approx_count_distinct(n, 0.02) = 3", FUNC_ANY, F),
    AGG("approx_percentile", FUNC_ANYELEMENT, 2, agg_quantile,
        "a value whose rank is that part of all, or an array of them: of "
        "numbers, dates, times and intervals; the rank is off by at most "
        "1/10000 of the rows, up to 80000 rows it is exact",
        "approx_percentile(n, 0.5) = 2", FUNC_ANYELEMENT, F),
    AGGX("approx_percentile", FUNC_ANYARRAY, 2, agg_quantile, FUNC_ANYELEMENT,
         DS_ARRAY_OF(F)),
    AGG("approx_percentile", FUNC_ANYELEMENT, 3, agg_quantile,
        "the rank is off by at most 1/accuracy of the rows",
        "approx_percentile(n, 0.5, 100) = 2", FUNC_ANYELEMENT, F, I),
    AGGX("approx_percentile", FUNC_ANYARRAY, 3, agg_quantile, FUNC_ANYELEMENT,
         DS_ARRAY_OF(F), I),
    AGG("percentile_cont", F, 2, agg_percentile_cont,
        "a value at that part of the rows, between two if need be",
        "percentile_cont(0.5) WITHIN GROUP (ORDER BY x) = 1.5", F, F),
    AGGX("percentile_cont", V, 2, agg_percentile_cont_iv, F, V),
    AGGX("percentile_cont", DS_ARRAY_OF(F), 2, agg_percentile_conts,
         DS_ARRAY_OF(F), F),
    AGGX("percentile_cont", DS_ARRAY_OF(V), 2, agg_percentile_conts_iv,
         DS_ARRAY_OF(F), V),
    AGG("percentile_disc", FUNC_ANYELEMENT, 2, agg_percentile_disc,
        "the first value at or after that part of the rows",
        "percentile_disc(0.5) WITHIN GROUP (ORDER BY n) = 2", F,
        FUNC_ANYELEMENT),
    AGGX("percentile_disc", FUNC_ANYARRAY, 2, agg_percentile_discs,
         DS_ARRAY_OF(F), FUNC_ANYELEMENT),
    AGG("mode", FUNC_ANYELEMENT, 1, agg_mode,
        "the most frequent value, of several the first in order",
        "mode() WITHIN GROUP (ORDER BY s) = 'a'", FUNC_ANYELEMENT),
};
/* clang-format on */

const uint32_t func_agg_count = sizeof func_agg / sizeof *func_agg;
