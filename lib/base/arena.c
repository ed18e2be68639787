/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.c - memory with one lifetime: a bump pointer in a list of blocks.
 *
 *     data            at               dirty            end
 *     | handed out    | used before,   | never touched, |
 *     |               | cleared when   | still zero     |
 *     |               | handed out     | from calloc    |
 *
 * Memory is zeroed only where an earlier round has written: a fresh block
 * costs nothing to clear, a reused one what is handed out again.
 */
#include "dstream/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
/* Between two allocations, so that running over the end is seen. */
static const size_t arena_gap = 16, arena_min_align = 8;
#define arena_poison(p, n) __asan_poison_memory_region((p), (n))
#define arena_unpoison(p, n) __asan_unpoison_memory_region((p), (n))
#else
static const size_t arena_gap = 0, arena_min_align = 1;
#define arena_poison(p, n) ((void)(p), (void)(n))
#define arena_unpoison(p, n) ((void)(p), (void)(n))
#endif

enum {
    ARENA_MIN_BLOCK = 1 << 10,
    ARENA_MAX_BLOCK = 4 << 20, /* blocks grow up to here */
};
/* Blocks that one big allocation needed are kept up to this many bytes. */
static const size_t arena_keep_big = (size_t)64 << 20;

struct block {
    struct block *next;
    uint8_t *end;
    uint8_t *dirty; /* never touched from here on */
    alignas(16) uint8_t data[];
};

struct hook {
    struct hook *next;
    void (*fn)(void *arg);
    void *arg;
};

struct ds_arena {
    uint8_t *at, *dirty, *end; /* of the current block */
    struct block *current;
    struct block *full; /* handed out, without the current one */
    struct block *idle; /* to be used again */
    struct hook *hooks;
    size_t used;
    size_t next_size; /* of the next new block */
};

_Noreturn static void arena_no_memory(size_t size)
{
    fprintf(stderr, "dstream: out of memory (%zu bytes wanted)\n", size);
    abort();
}

static struct block *block_new(size_t size)
{
    struct block *b = NULL;
    if (size < PTRDIFF_MAX / 2)
        b = calloc(1, sizeof(*b) + size);
    if (!b)
        arena_no_memory(size);
    b->end = b->data + size;
    b->dirty = b->data;
    arena_poison(b->data, size);
    return b;
}

static void block_free(struct block *b)
{
    arena_unpoison(b->data, (size_t)(b->end - b->data));
    free(b);
}

static void blocks_free(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        block_free(b);
        b = next;
    }
}

static void arena_set_current(ds_arena *a, struct block *b, uint8_t *at)
{
    a->current = b;
    a->at = at;
    a->dirty = b->dirty;
    a->end = b->end;
}

/* What was handed out of the current block has to be cleared next time. */
static void arena_leave_current(ds_arena *a)
{
    if (a->at > a->current->dirty)
        a->current->dirty = a->at;
}

ds_arena *ds_arena_new(size_t first_block)
{
    ds_arena *a = calloc(1, sizeof(*a));
    if (!a)
        arena_no_memory(sizeof(*a));
    if (first_block < ARENA_MIN_BLOCK)
        first_block = ARENA_MIN_BLOCK;
    a->next_size = first_block;
    struct block *b = block_new(first_block);
    arena_set_current(a, b, b->data);
    return a;
}

static void arena_run_hooks(ds_arena *a)
{
    while (a->hooks) {
        struct hook *hook = a->hooks;
        a->hooks = hook->next;
        hook->fn(hook->arg);
    }
}

void ds_arena_free(ds_arena *a)
{
    if (!a)
        return;
    arena_run_hooks(a);
    blocks_free(a->full);
    blocks_free(a->idle);
    block_free(a->current);
    free(a);
}

/* An idle block with room for `need` bytes, else a new one. */
static struct block *arena_find_block(ds_arena *a, size_t need)
{
    for (struct block **p = &a->idle; *p; p = &(*p)->next) {
        struct block *b = *p;
        if ((size_t)(b->end - b->data) >= need) {
            *p = b->next;
            return b;
        }
    }
    if (a->next_size < ARENA_MAX_BLOCK)
        a->next_size *= 2;
    return block_new(need > a->next_size ? need : a->next_size);
}

static uint8_t *align_up(uint8_t *p, size_t align)
{
    return (uint8_t *)(((uintptr_t)p + align - 1) & ~(uintptr_t)(align - 1));
}

static void *arena_take(uint8_t *p, size_t size, const uint8_t *dirty)
{
    arena_unpoison(p, size);
    if (p < dirty) {
        size_t n = (size_t)(dirty - p);
        memset(p, 0, n < size ? n : size);
    }
    return p;
}

/* Whichever block then has more room stays or becomes the current one. */
__attribute__((noinline)) static void *
arena_alloc_slow(ds_arena *a, size_t size, size_t align)
{
    if (size > PTRDIFF_MAX / 4 || align > ARENA_MAX_BLOCK)
        arena_no_memory(size);
    struct block *b = arena_find_block(a, size + align + arena_gap);
    uint8_t *p = align_up(b->data, align);
    uint8_t *at = p + size + arena_gap;
    void *taken = arena_take(p, size, b->dirty);
    if (b->end - at > a->end - a->at) {
        arena_leave_current(a);
        a->current->next = a->full;
        a->full = a->current;
        arena_set_current(a, b, at);
    } else {
        if (at > b->dirty)
            b->dirty = at;
        b->next = a->full;
        a->full = b;
    }
    a->used += size;
    return taken;
}

void *ds_arena_alloc(ds_arena *a, size_t size, size_t align)
{
    if (align < arena_min_align)
        align = arena_min_align;
    uint8_t *p = align_up(a->at, align);
    if (p > a->end || size > PTRDIFF_MAX / 4 ||
        size + arena_gap > (size_t)(a->end - p))
        return arena_alloc_slow(a, size, align);
    a->at = p + size + arena_gap;
    a->used += size;
    return arena_take(p, size, a->dirty);
}

void ds_arena_on_reset(ds_arena *a, void (*fn)(void *arg), void *arg)
{
    struct hook *hook = ds_new(a, struct hook, 1);
    *hook = (struct hook){a->hooks, fn, arg};
    a->hooks = hook;
}

/* Makes what was handed out unusable in debug builds. */
static void block_wipe(struct block *b)
{
    size_t n = (size_t)(b->dirty - b->data);
#ifndef NDEBUG
    arena_unpoison(b->data, n);
    memset(b->data, 0xdd, n);
#endif
    arena_poison(b->data, n);
}

void ds_arena_reset(ds_arena *a)
{
    arena_run_hooks(a);
    arena_leave_current(a);
    a->current->next = a->full;
    size_t big = 0;
    struct block *idle = a->idle;
    for (struct block *b = a->current, *next; b; b = next) {
        next = b->next;
        size_t size = (size_t)(b->end - b->data);
        if (size > ARENA_MAX_BLOCK && (big += size) > arena_keep_big) {
            block_free(b);
            continue;
        }
        block_wipe(b);
        b->next = idle;
        idle = b;
    }
    a->full = NULL;
    a->idle = idle;
    a->used = 0;
    struct block *first = arena_find_block(a, 1);
    arena_set_current(a, first, first->data);
}

size_t ds_arena_used(const ds_arena *a)
{
    return a->used;
}
