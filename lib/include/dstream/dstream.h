/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dstream.h - everything.
 *
 *     streaming.h   a StreamingContext: begin here
 *     function.h    steps that are functions in C
 *     receiver.h    a source of your own
 *     sink.h        a sink of your own
 *     op.h, node.h  an operator of your own
 *     codec.h       a format of your own
 *     job.h         a job by calls, what streaming.h is made of
 *     context.h     run a plan
 *     registry.h    what a job may name
 */
#ifndef DSTREAM_DSTREAM_H
#define DSTREAM_DSTREAM_H

#include "dstream/context.h"
#include "dstream/function.h"
#include "dstream/job.h"
#include "dstream/log.h"
#include "dstream/node.h"
#include "dstream/outbox.h"
#include "dstream/registry.h"
#include "dstream/streaming.h"

#endif
