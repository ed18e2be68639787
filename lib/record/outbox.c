/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.c - the rows an epoch is going to send, in chunks that do not move.
 */
#include "dstream/outbox.h"

enum { OUTBOX_FIRST = 64, OUTBOX_CHUNK = 4096 };

struct chunk {
    uint32_t n, cap;
    ds_row *rows;
};

/* How far the bytes have been added up. */
struct tally {
    uint32_t chunk, row;
    uint64_t bytes;
};

struct ds_outbox {
    ds_arena *arena;
    struct chunk *chunks;
    uint32_t n, cap;
    uint64_t rows;
    struct tally *tally;
};

ds_outbox *ds_outbox_new(ds_arena *a)
{
    ds_outbox *box = ds_new(a, ds_outbox, 1);
    box->arena = a;
    box->tally = ds_new(a, struct tally, 1);
    return box;
}

static struct chunk *outbox_new_chunk(ds_outbox *box, uint32_t least)
{
    if (!box->chunks || box->n == box->cap) {
        uint32_t cap = box->cap ? box->cap * 2 : 16;
        struct chunk *chunks = ds_new(box->arena, struct chunk, cap);
        if (box->chunks)
            memcpy(chunks, box->chunks, box->n * sizeof(*chunks));
        box->chunks = chunks;
        box->cap = cap;
    }
    uint32_t cap = OUTBOX_FIRST;
    if (box->n)
        cap = box->chunks[box->n - 1].cap * 2;
    if (cap > OUTBOX_CHUNK)
        cap = OUTBOX_CHUNK;
    if (cap < least)
        cap = least;
    struct chunk *chunk = &box->chunks[box->n++];
    *chunk = (struct chunk){0, cap, ds_new(box->arena, ds_row, cap)};
    return chunk;
}

ds_row *ds_outbox_add_n(ds_outbox *box, uint32_t n)
{
    struct chunk *chunk = box->n ? &box->chunks[box->n - 1] : NULL;
    if (!chunk || chunk->cap - chunk->n < n)
        chunk = outbox_new_chunk(box, n);
    ds_row *rows = chunk->rows + chunk->n;
    chunk->n += n;
    box->rows += n;
    return rows;
}

void ds_outbox_add(ds_outbox *box, const ds_row *row)
{
    *ds_outbox_add_n(box, 1) = *row;
}

const ds_row *ds_outbox_chunk(const ds_outbox *box, uint32_t i, uint32_t *n)
{
    if (i >= box->n)
        return NULL;
    *n = box->chunks[i].n;
    return box->chunks[i].rows;
}

uint64_t ds_outbox_rows(const ds_outbox *box)
{
    return box->rows;
}

/* Rows are filled in after they were added, so they are added up late; each
 * one only once. */
uint64_t ds_outbox_bytes(const ds_outbox *box)
{
    struct tally *t = box->tally;
    while (t->chunk < box->n) {
        const struct chunk *chunk = &box->chunks[t->chunk];
        for (; t->row < chunk->n; t->row++) {
            const ds_row *row = &chunk->rows[t->row];
            t->bytes += (uint64_t)row->key.len + row->val.len + row->hdr.len;
        }
        if (t->chunk + 1 == box->n)
            break;
        t->chunk++;
        t->row = 0;
    }
    return t->bytes;
}
