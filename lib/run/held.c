/* SPDX-License-Identifier: Apache-2.0 */
/* held.c - rows that wait for their batch. */
#include "run/held.h"

#include <stdlib.h>

#include "dstream/error.h"

/* A batch that has not run; of DS_TIME_NONE the rows that have none yet. */
typedef struct held_batch {
    struct held_batch *next;
    ds_time time;
    held_piece *first, **last;
    uint32_t n_rows;
    size_t bytes;
} held_batch;

struct holder {
    held_batch *first; /* by time: those without a batch first */
    size_t bytes;
};

held_chunk *chunk_new(void)
{
    held_chunk *c = calloc(1, sizeof(*c));

    DS_BUG_ON(!c);
    c->arena = ds_arena_new(1 << 16);
    c->current = true;
    return c;
}

static void chunk_check(held_chunk *c)
{
    if (c->pieces || c->current)
        return;
    ds_arena_free(c->arena);
    free(c);
}

void chunk_close(held_chunk *c)
{
    c->current = false;
    chunk_check(c);
}

holder *held_new(void)
{
    holder *h = calloc(1, sizeof(*h));

    DS_BUG_ON(!h);
    return h;
}

/* The piece itself lies in its chunk. */
static void piece_drop(held_piece *p)
{
    held_chunk *c = p->chunk;

    c->pieces--;
    chunk_check(c);
}

static void pieces_drop(holder *h, held_batch *b)
{
    held_piece *p = b->first;

    while (p) {
        held_piece *next = p->next;
        piece_drop(p);
        p = next;
    }
    h->bytes -= b->bytes;
    b->first = NULL;
    b->last = &b->first;
    b->n_rows = 0;
    b->bytes = 0;
}

static void first_drop(holder *h)
{
    held_batch *b = h->first;

    h->first = b->next;
    pieces_drop(h, b);
    free(b);
}

void held_clear(holder *h)
{
    while (h->first)
        first_drop(h);
}

void held_free(holder *h)
{
    if (!h)
        return;
    held_clear(h);
    free(h);
}

static held_batch *batch_find(const holder *h, ds_time time)
{
    for (held_batch *b = h->first; b && b->time <= time; b = b->next)
        if (b->time == time)
            return b;
    return NULL;
}

static held_batch *batch_make(holder *h, ds_time time)
{
    held_batch **at = &h->first, *b;

    while (*at && (*at)->time < time)
        at = &(*at)->next;
    if (*at && (*at)->time == time)
        return *at;
    b = calloc(1, sizeof(*b));
    DS_BUG_ON(!b);
    b->time = time;
    b->last = &b->first;
    b->next = *at;
    *at = b;
    return b;
}

static size_t rows_bytes(const ds_envelope *rows)
{
    size_t bytes = 0;

    for (uint32_t i = 0; rows && i < rows->n; i++)
        bytes += 48 + (size_t)rows->key[i].len + rows->val[i].len +
                 (rows->hdr ? rows->hdr[i].len : 0);
    return bytes;
}

void held_add(holder *h, ds_time batch, struct input *in, int64_t low,
              const ds_envelope *rows, held_chunk *chunk)
{
    held_batch *b = batch_make(h, batch);
    held_piece *p = ds_new(chunk->arena, held_piece, 1);

    *p = (held_piece){.input = in,
                      .low = low,
                      .rows = rows,
                      .chunk = chunk,
                      .bytes = rows_bytes(rows)};
    chunk->pieces++;
    *b->last = p;
    b->last = &p->next;
    b->n_rows += rows ? rows->n : 0;
    b->bytes += p->bytes;
    h->bytes += p->bytes;
}

void held_announce(holder *h, ds_time batch)
{
    batch_make(h, batch);
}

ds_time held_next(const holder *h, ds_time t)
{
    for (const held_batch *b = h->first; b; b = b->next)
        if (b->time > t && b->time != DS_TIME_NONE)
            return b->time;
    return DS_TIME_NONE;
}

const held_piece *held_pieces(const holder *h, ds_time batch)
{
    const held_batch *b = batch_find(h, batch);

    return b ? b->first : NULL;
}

uint32_t held_rows(const holder *h, ds_time batch)
{
    const held_batch *b = batch_find(h, batch);

    return b ? b->n_rows : 0;
}

static bool piece_has(const held_piece *p, const struct input *in, int64_t off)
{
    for (uint32_t i = 0; p->input == in && p->rows && i < p->rows->n; i++)
        if (p->rows->off[i] == off)
            return true;
    return false;
}

bool held_find(const holder *h, const struct input *in, int64_t off,
               ds_time *batch)
{
    for (const held_batch *b = h->first; b; b = b->next)
        for (const held_piece *p = b->first; p; p = p->next)
            if (piece_has(p, in, off)) {
                *batch = b->time;
                return true;
            }
    return false;
}

void held_done(holder *h, ds_time t)
{
    while (h->first && h->first->time <= t)
        first_drop(h);
}

static int64_t batch_low(const held_batch *b, const struct input *in,
                         int64_t low)
{
    for (const held_piece *p = b->first; p; p = p->next)
        if (p->input == in && p->low < low)
            low = p->low;
    return low;
}

int64_t held_low(const holder *h, const struct input *in, ds_time t, bool late,
                 int64_t otherwise)
{
    int64_t low = otherwise;

    for (const held_batch *b = h->first; b; b = b->next)
        if (b->time > t || (late && b->time == DS_TIME_NONE))
            low = batch_low(b, in, low);
    return low;
}

int64_t held_low_late(const holder *h, const struct input *in,
                      int64_t otherwise)
{
    return h->first && h->first->time == DS_TIME_NONE
               ? batch_low(h->first, in, otherwise)
               : otherwise;
}

size_t held_bytes(const holder *h)
{
    return h->bytes;
}

ds_time held_last(const holder *h)
{
    ds_time last = DS_TIME_NONE;

    for (const held_batch *b = h->first; b; b = b->next)
        if (b->bytes)
            last = b->time;
    return last;
}

void held_forget(holder *h, ds_time batch)
{
    held_batch *b = batch_find(h, batch);

    if (b)
        pieces_drop(h, b);
}

static void piece_unlink(holder *h, held_batch *b, held_piece **at)
{
    held_piece *p = *at;

    *at = p->next;
    if (b->last == &p->next)
        b->last = at;
    b->n_rows -= p->rows ? p->rows->n : 0;
    b->bytes -= p->bytes;
    h->bytes -= p->bytes;
    piece_drop(p);
}

void held_forget_input(holder *h, const struct input *in, int64_t from)
{
    for (held_batch *b = h->first; b; b = b->next) {
        held_piece **at = &b->first;

        while (b->time != DS_TIME_NONE && *at) {
            if ((*at)->input == in && (*at)->low >= from)
                piece_unlink(h, b, at);
            else
                at = &(*at)->next;
        }
    }
}
