/* SPDX-License-Identifier: Apache-2.0 */
/* missed.c - the batches that nobody has run. */
#include "run/missed.h"

#define SHORT_SPAN (60 * DS_SECOND)
#define SHORT_BATCHES 5
#define LATE_BATCHES 1000
#define MOST 60000 /* a progress record names them all */

static bool is_short(const ds_plan *plan, ds_time gap, bool live)
{
    return gap <= SHORT_SPAN ||
           gap / plan->batch <= (live ? LATE_BATCHES : SHORT_BATCHES);
}

missed missed_batches(const ds_plan *plan, ds_time last, ds_time time,
                      bool live)
{
    missed m = {time, time, plan->batch};
    ds_time gap = time - last;

    if (last == DS_TIME_NONE || gap <= plan->batch)
        return m;
    if (!is_short(plan, gap, live)) {
        if (plan->span == 0)
            return m;
        if (plan->span / plan->batch > LATE_BATCHES)
            m.step = plan->slide;
        if (plan->span < gap)
            m.until = last + plan->span;
    }
    m.from = (last / m.step + 1) * m.step;
    if (m.until > m.from + MOST * m.step)
        m.until = m.from + MOST * m.step;
    if (m.until < m.from)
        m.until = m.from;
    return m;
}
