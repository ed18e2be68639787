/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - rows in the order of a window, and the frame of each.
 *
 *     place    0   1   2   3   4   5      a number in that order
 *              [ part 0  ] [ part 1  ]
 *              [peers]         [peers]    equal in ORDER BY
 *                  [frame  )
 */
#ifndef QUERY_FRAME_H
#define QUERY_FRAME_H

#include "query/eval.h"

typedef struct frame_range {
    uint32_t from, end; /* places; empty: end <= from */
} frame_range;

typedef struct frames {
    uint32_t n;
    const uint32_t *rows;  /* of each place */
    frame_range *part;     /* of each place */
    frame_range *peers;    /* of each place */
    uint32_t *peer_number; /* of each place, from 0 in its part */
    frame_range *frame;    /* of each place, before EXCLUDE */
    const ds_col *keys;    /* of the window, by row */
    ds_type range_type;    /* of what RANGE compares */
    ds_frame_exclude exclude;
    bool whole; /* every frame is its part */
} frames;

/* `rows`: the layout. */
ds_rc frames_make(evaluation *e, const rel_over *over, const ds_batch *rows,
                  frames *out);
enum { FRAME_RANGES = 3 };
/* The frame of a place without what is excluded, in order; how many ranges, all
 * of them not empty. */
uint32_t frames_ranges(const frames *f, uint32_t place,
                       frame_range out[FRAME_RANGES]);

#endif
