/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_kinds.h - the aggregates, by file, and what the files share.
 */
#ifndef EXPR_AGG_KINDS_H
#define EXPR_AGG_KINDS_H

#include "expr/agg.h"
#include "record/numeric.h"

/* agg_int.c */
extern const agg_type agg_count_rows, agg_count, agg_sum_i64, agg_sum_i64_num,
    agg_avg_i64, agg_bit_and, agg_bit_or, agg_bit_xor, agg_bool_and,
    agg_bool_or;
/* agg_num.c */
extern const agg_type agg_sum_num, agg_avg_num, agg_var_samp_i64,
    agg_var_pop_i64, agg_stddev_samp_i64, agg_stddev_pop_i64, agg_var_samp_num,
    agg_var_pop_num, agg_stddev_samp_num, agg_stddev_pop_num;
/* agg_float.c */
extern const agg_type agg_sum_f32, agg_sum_f64, agg_avg_f64, agg_var_samp_f64,
    agg_var_pop_f64, agg_stddev_samp_f64, agg_stddev_pop_f64;
/* agg_regr.c */
extern const agg_type agg_corr, agg_covar_pop, agg_covar_samp, agg_regr_avgx,
    agg_regr_avgy, agg_regr_intercept, agg_regr_r2, agg_regr_slope,
    agg_regr_sxx, agg_regr_sxy, agg_regr_syy;
/* agg_interval.c */
extern const agg_type agg_sum_interval, agg_avg_interval;
/* agg_pick.c */
extern const agg_type agg_min_i64, agg_max_i64, agg_min_f64, agg_max_f64,
    agg_min, agg_max, agg_first, agg_last, agg_any_value, agg_min_by,
    agg_max_by;
/* agg_array.c */
extern const agg_type agg_array, agg_string, agg_jsonb, agg_jsonb_object;
/* agg_within.c */
extern const agg_type agg_mode, agg_percentile_disc, agg_percentile_discs,
    agg_percentile_cont, agg_percentile_conts, agg_percentile_cont_iv,
    agg_percentile_conts_iv;
/* agg_hll.c, agg_quantile.c */
extern const agg_type agg_distinct, agg_quantile;

/* A numeric result, or the error that it has too many digits. */
void agg_num_set(agg_out *out, uint32_t g, uint32_t n, const ds_eval *ev,
                 bool fits, const ds_numeric *v);
/* False: more than 38 digits. */
bool agg_num_whole(numeric_int v, ds_numeric *out);
/* sum / n with PostgreSQL's scale; false: too many digits. */
bool agg_num_quotient(numeric_int sum, int64_t n, ds_numeric *out);
/* Counts from partial results: they wrap. */
static inline int64_t agg_count_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}
static inline int64_t agg_count_sub(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

/* NULL, or that it is not between 0 and 1. */
const char *agg_fraction_check(double v, ds_arena *a);

#endif
