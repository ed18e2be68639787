/* SPDX-License-Identifier: Apache-2.0 */
/*
 * array_set.c - the elements of an array and its subscripts as rows, and series
 * of numbers and times.
 */
#include "expr/array.h"
#include "record/datetime.h"
#include "record/numeric.h"

void array_set_unnest(set_row *row, const ds_value *args, const bool *nulls)
{
    nested_iter it = nested_begin(row->types[0], args[0].s);
    ds_value v;
    bool null;
    (void)nulls;
    while (nested_next(&it, NULL, &null, &v))
        set_emit(row, &v, null);
}

void array_set_subscripts(set_row *row, const ds_value *args, const bool *nulls)
{
    int64_t n = array_count(args[0].s);
    bool reverse = row->n_args > 2 && args[2].b;
    (void)nulls;
    if (args[1].i != 1)
        return;
    for (int64_t i = 1; i <= n; i++)
        set_emit(row, &(ds_value){.i = reverse ? n + 1 - i : i}, false);
}

/* ---- series ---- */

static const char no_step[] = "step size cannot equal zero";

void array_set_series(set_row *row, const ds_value *args, const bool *nulls)
{
    int64_t at = args[0].i, stop = args[1].i;
    int64_t step = row->n_args > 2 ? args[2].i : 1;
    bool small = row->types[row->n_args] == DS_I32;
    (void)nulls;
    if (step == 0) {
        set_error(row, "E0704", no_step);
        return;
    }
    while (step > 0 ? at <= stop : at >= stop) {
        set_emit(row, &(ds_value){.i = at}, false);
        if (__builtin_add_overflow(at, step, &at) ||
            (small && at != (int32_t)at) || row->done)
            return;
    }
}

/* Whether a bound is a number; if not, the error that says which is none. */
static bool is_finite(set_row *row, const ds_numeric *n, const char *what)
{
    if (n->kind == 0)
        return true;
    set_error(row, "E0704",
              ds_str_printf(row->arena, "%s cannot be %s", what,
                            n->kind == 2 ? "NaN" : "infinity"));
    return false;
}

void array_set_series_num(set_row *row, const ds_value *args, const bool *nulls)
{
    ds_numeric at = args[0].num, stop = args[1].num;
    ds_numeric step = row->n_args > 2 ? args[2].num : numeric_from_i64(1);
    ds_numeric zero = numeric_from_i64(0);
    (void)nulls;
    if (!is_finite(row, &at, "start value") ||
        !is_finite(row, &stop, "stop value") ||
        !is_finite(row, &step, "step size"))
        return;
    int up = numeric_cmp(&step, &zero);
    if (up == 0) {
        set_error(row, "E0704", no_step);
        return;
    }
    while (numeric_cmp(&at, &stop) * up <= 0 && !row->done) {
        set_emit(row, &(ds_value){.num = at}, false);
        if (numeric_add(&at, &step, &at) != NUMERIC_OK) {
            set_error(row, "E0701", "a numeric has at most 38 digits");
            return;
        }
    }
}

void array_set_series_time(set_row *row, const ds_value *args,
                           const bool *nulls)
{
    ds_time at = args[0].i, stop = args[1].i;
    ds_interval none = {0, 0, 0};
    int up = interval_cmp(&args[2].iv, &none);
    (void)nulls;
    if (up == 0) {
        set_error(row, "E0704", no_step);
        return;
    }
    while ((up > 0 ? at <= stop : at >= stop) && !row->done) {
        set_emit(row, &(ds_value){.i = at}, false);
        if (!timestamp_add(at, &args[2].iv, &at)) {
            set_error(row, "E0701", "timestamp out of range");
            return;
        }
    }
}
