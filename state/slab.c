/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab.c - memory for many small pieces of a few sizes.
 */
#include "state/slab.h"

#include <stdlib.h>
#include <string.h>

#include "dstream/error.h"

#define CHUNK_FIRST ((size_t)8 << 10)
#define CHUNK_LAST ((size_t)512 << 10)

struct slab_chunk {
    struct slab_chunk *next;
    size_t size;
};

size_t slab_size(size_t n)
{
    return (n + SLAB_STEP - 1) / SLAB_STEP * SLAB_STEP;
}

static void *take(size_t n)
{
    void *p = malloc(n);

    DS_BUG_ON(p == NULL);
    return p;
}

static void chunk_new(slab *s)
{
    size_t size = s->next_chunk ? s->next_chunk : CHUNK_FIRST;
    struct slab_chunk *c = take(size);

    *c = (struct slab_chunk){s->chunks, size};
    s->chunks = c;
    s->at = (char *)c + SLAB_STEP;
    s->end = (char *)c + size;
    s->next_chunk = size < CHUNK_LAST ? size * 2 : size;
}

void *slab_alloc(slab *s, size_t n)
{
    size_t size = slab_size(n);
    void **list;
    void *p;

    s->used += size;
    if (size > SLAB_MAX)
        return take(size);
    list = &s->free[size / SLAB_STEP];
    if (*list) {
        p = *list;
        memcpy(list, p, sizeof(*list));
        return p;
    }
    if ((size_t)(s->end - s->at) < size)
        chunk_new(s);
    p = s->at;
    s->at += size;
    return p;
}

void slab_give(slab *s, void *p, size_t n)
{
    size_t size = slab_size(n);
    void **list;

    s->used -= size;
    if (size > SLAB_MAX) {
        free(p);
        return;
    }
    list = &s->free[size / SLAB_STEP];
    memcpy(p, list, sizeof(*list));
    *list = p;
}

void slab_clear(slab *s)
{
    while (s->chunks) {
        struct slab_chunk *c = s->chunks;

        s->chunks = c->next;
        free(c);
    }
    *s = (slab){0};
}
