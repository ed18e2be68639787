/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time.c - times plus and minus intervals.
 */
#include "expr/time.h"
#include "record/datetime.h"

static void time_shift(run *r, const run_step *s, uint32_t time, bool minus)
{
    const int64_t *a = RUN_ARG(r, s, time)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    const ds_interval *iv = RUN_ARG(r, s, 1 - time)->v.iv;
    RUN_EACH_OK(r, s, i)
    {
        ds_interval by = iv[i];
        out[i] = 0;
        if ((minus && !interval_negate(&by, &by)) ||
            !timestamp_add(a[i], &by, &out[i]))
            run_error(r, s, i, "E0701", "timestamp out of range");
    }
}

void time_add(run *r, const run_step *s)
{
    time_shift(r, s, 0, false);
}

void time_add_swapped(run *r, const run_step *s)
{
    time_shift(r, s, 1, false);
}

void time_sub(run *r, const run_step *s)
{
    time_shift(r, s, 0, true);
}
