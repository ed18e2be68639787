/* SPDX-License-Identifier: Apache-2.0 */
/* rig.h - for tests of the C API: a context with one queue. */
#ifndef API_RIG_H
#define API_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dstream/dstream.h"

enum { PATIENCE_MS = 20000 };

static struct {
    ds_streaming_context *ssc;
    ds_queue *queue;
    ds_dstream *lines;
    char dir[64];
} at;

static inline int teardown(void **state)
{
    (void)state;
    ds_streaming_context_free(at.ssc);
    ds_queue_free(at.queue);
    return 0;
}

static inline void push(const char *text)
{
    ds_queue_push(at.queue, ds_slice_of(text));
}

static inline void start(void)
{
    ds_err err = {DS_OK, ""};

    if (ds_streaming_context_start(at.ssc, &err) != DS_OK)
        fail_msg("%s", err.msg);
}

#endif
