/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab.h - memory for many small pieces of a few sizes.
 *
 * Sizes are rounded up to 16 bytes; a piece that is given back is used again
 * for one of its own size. Pieces above SLAB_MAX are the allocator's.
 */
#ifndef STATE_SLAB_H
#define STATE_SLAB_H

#include <stddef.h>

#define SLAB_STEP 16
#define SLAB_MAX 1024

typedef struct slab {
    void *free[SLAB_MAX / SLAB_STEP + 1];
    struct slab_chunk *chunks;
    char *at, *end;
    size_t next_chunk;
    size_t used; /* given and not given back */
} slab;

/* The size that is really given for `n`. */
size_t slab_size(size_t n);
void *slab_alloc(slab *s, size_t n);
void slab_give(slab *s, void *p, size_t n);
/* All at once, except pieces above SLAB_MAX. */
void slab_clear(slab *s);

#endif
