/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers.h - what the programs share that measure our own layers.
 *
 * They link dstream's code, unlike the loops that dstream is compared with.
 * One line of JSON each: nanoseconds of the thread's CPU time per row.
 *
 *     bench_formats [NAME…]     {"spin": 2.05, "json_3_of_7": 140.1, …}
 *
 * NAME: only what begins so, for a profiler. `spin` is a loop that never
 * changes, measured in the same run: what the machine is worth at that moment.
 */
#ifndef BENCH_LAYERS_H
#define BENCH_LAYERS_H

#include "dstream/batch.h"
#include "expr/expr.h"

/* Several batches in turn: a processor learns the branches of a single one by
 * heart. */
enum { LAYERS_ROWS = 4096, LAYERS_BATCHES = 4 };

_Noreturn void layers_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* One call works on the LAYERS_ROWS rows of batch k; what it makes goes to
 * `epoch`, which is reset before each call. */
typedef void layers_work(void *arg, uint32_t k, ds_arena *epoch);

/* Measures and prints. */
void layers_begin(int argc, char **argv);
void layers_measure(const char *name, layers_work *work, void *arg);
void layers_end(void);

/* The same numbers in each run. */
uint64_t layers_random(void);
/* Keeps the compiler from dropping what nobody reads. */
void layers_keep(const void *p);

/* A batch of LAYERS_ROWS rows without NULLs. */
ds_batch layers_batch(const ds_schema *schema, ds_arena *a);
/* Room for a column of it. */
void *layers_room(ds_batch *b, uint32_t col);
/* printf to a slice. */
ds_slice layers_text(ds_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
