/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_agg.h - aggregates over frames.
 */
#ifndef QUERY_WINDOW_AGG_H
#define QUERY_WINDOW_AGG_H

#include "query/frame.h"

/* The aggregate over the frame of every row, by row. */
ds_rc window_agg(evaluation *e, const ds_agg *agg, const ds_batch *rows,
                 const frames *f, ds_col *out);

#endif
