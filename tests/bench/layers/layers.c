/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers.c - the clock and the rows of programs that measure our own layers.
 */
#include "layers/layers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Long enough for the clock, short enough that a whole run takes seconds. */
static const double long_enough = 0.1;

static bool comma;
static char **wanted; /* ends with a NULL; none: all */

void layers_die(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static double cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool is_wanted(const char *name)
{
    for (char **w = wanted; *w; w++)
        if (strncmp(name, *w, strlen(*w)) == 0)
            return true;
    return !*wanted;
}

void layers_measure(const char *name, layers_work *work, void *arg)
{
    if (!is_wanted(name))
        return;
    ds_arena *epoch = ds_arena_new(1 << 20);
    double start, spent;
    long rounds = 0;

    for (uint32_t k = 0; k < LAYERS_BATCHES; k++)
        work(arg, k, epoch); /* once, for the caches */
    start = cpu_now();
    do {
        for (uint32_t k = 0; k < LAYERS_BATCHES; k++, rounds++) {
            ds_arena_reset(epoch);
            work(arg, k, epoch);
        }
        spent = cpu_now() - start;
    } while (spent < long_enough);
    ds_arena_free(epoch);
    printf("%s\"%s\": %.3f", comma ? ", " : "{", name,
           spent * 1e9 / ((double)rounds * LAYERS_ROWS));
    comma = true;
}

uint64_t layers_random(void)
{
    static uint64_t x = 88172645463325252ull;

    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

void layers_keep(const void *p)
{
    __asm__ volatile("" : : "g"(p) : "memory");
}

/* Eight chains of steps that never change: as much as the processor can do at
 * once, so that a neighbour on the same core shows. */
static void spin(void *arg, uint32_t k, ds_arena *epoch)
{
    uint64_t *x = arg;

    (void)k;
    (void)epoch;
    for (int i = 0; i < LAYERS_ROWS; i++)
        for (int c = 0; c < 8; c++)
            x[c] = (x[c] ^ x[c] >> 29) * 0xbf58476d1ce4e5b9ull;
    layers_keep(x);
}

void layers_begin(int argc, char **argv)
{
    uint64_t x[8];

    wanted = argv + (argc > 0);
    for (int c = 0; c < 8; c++)
        x[c] = layers_random();
    layers_measure("spin", spin, x);
}

void layers_end(void)
{
    puts("}");
}

ds_batch layers_batch(const ds_schema *schema, ds_arena *a)
{
    ds_col *cols = ds_new(a, ds_col, schema->n);

    for (uint32_t i = 0; i < schema->n; i++)
        cols[i].v.p = ds_arena_alloc(
            a, LAYERS_ROWS * ds_type_size(schema->fields[i].type), 16);
    return (ds_batch){.schema = schema,
                      .cols = cols,
                      .n = LAYERS_ROWS,
                      .n_sel = LAYERS_ROWS,
                      .arena = a};
}

void *layers_room(ds_batch *b, uint32_t col)
{
    return (void *)(uintptr_t)b->cols[col].v.p;
}

ds_slice layers_text(ds_arena *a, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (n < 0 || n >= (int)sizeof(text))
        layers_die("a text of the benchmark is too long");
    return ds_slice_copy(a, (ds_slice){(const uint8_t *)text, (uint32_t)n});
}
