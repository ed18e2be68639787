/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time.h - kernels of dates, times and intervals, by file.
 */
#ifndef EXPR_TIME_H
#define EXPR_TIME_H

#include "expr/func.h"

/* time.c: operators. A timestamptz lies and counts as a timestamp does. */
run_kernel time_stamp_add, time_add_stamp, time_stamp_sub, time_stamp_diff,
    time_date_add_days, time_days_add_date, time_date_sub_days, time_date_diff,
    time_date_add, time_add_date, time_date_sub, time_date_at, time_at_date,
    time_clock_add, time_add_clock, time_clock_sub, time_clock_diff,
    time_iv_add, time_iv_sub, time_iv_negate, time_iv_multiply,
    time_multiply_iv, time_iv_divide;
/* time_cast.c */
run_kernel time_date_to_stamp, time_stamp_to_date, time_stamp_to_clock,
    time_clock_to_iv, time_iv_to_clock;
/* time_field.c */
run_kernel time_extract, time_date_part, time_date_part_date;
void time_field_prepare(tx *call, ds_arena *a);
/* time_trunc.c */
run_kernel time_trunc, time_trunc_zone, time_trunc_iv, time_bin;
void time_trunc_prepare(tx *call, ds_arena *a);
/* time_age.c */
run_kernel time_age, time_age_now, time_is_finite, time_is_finite_iv,
    time_justify_days, time_justify_hours, time_justify_interval, time_overlaps;
/* time_make.c */
run_kernel time_make_date, time_make_time, time_make_timestamp,
    time_make_timestamptz, time_make_interval, time_from_seconds;
/* time_at_zone.c */
run_kernel time_to_zone, time_from_zone, time_to_zone_iv, time_from_zone_iv;
void time_zone_prepare(tx *call, ds_arena *a);
/* time_to_char.c, time_from_char.c */
run_kernel time_to_char, time_to_char_iv, time_to_timestamp, time_to_date;
void time_template_prepare(tx *call, ds_arena *a);

/* A row whose zone is none: the error of all functions that take one. */
void time_refuse_zone(run *r, const run_step *s, uint32_t row, ds_slice name);

#endif
