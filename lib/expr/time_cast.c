/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_cast.c - dates, times, timestamps and intervals as one another.
 */
#include "expr/time.h"
#include "expr/time_calc.h"

void time_date_to_stamp(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        const char *msg = time_date_to_timestamp(a[i], &out[i]);
        if (msg) {
            out[i] = 0;
            run_error(r, s, i, "E0701", "%s", msg);
        }
    }
}

void time_stamp_to_date(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    out[i] = datetime_finite(a[i]) ? time_floor_div(a[i], CALENDAR_DAY) : a[i];
}

/* Infinity has no time of day: NULL. */
void time_stamp_to_clock(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = time_floor_mod(a[i], CALENDAR_DAY);
        if (!datetime_finite(a[i]))
            run_set_null(r, s->dst, i);
    }
}

void time_clock_to_iv(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    ds_interval *out = RUN_DST(r, s)->v.iv;
    RUN_EACH_OK(r, s, i)
    out[i] = (ds_interval){a[i], 0, 0};
}

void time_iv_to_clock(run *r, const run_step *s)
{
    const ds_interval *a = RUN_ARG(r, s, 0)->v.iv;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    out[i] = time_floor_mod(a[i].us, CALENDAR_DAY);
}
