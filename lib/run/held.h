/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held.h - the rows that a task has read and whose batch it has not run yet.
 *
 *     held ---> batch 10 ---> batch 20 ---> batch 30     by time
 *                 |             |
 *                 rows, rows    (said by a source; no rows)
 *
 * Rows come in pieces: rows of one input and one batch that follow each other.
 * Their bytes lie in chunks, which live as long as a piece in them is held. The
 * log is the store of held rows: nothing here has to outlive the worker, and a
 * batch may be forgotten and read again.
 *
 * What was read of an input and has not been run is what holds back the
 * position that is committed: held_low().
 *
 * Thread: the worker's.
 */
#ifndef RUN_HELD_H
#define RUN_HELD_H

#include "dstream/batch.h"

struct input;
typedef struct holder holder;

/* Memory of what is read; kept as long as something in it is held. */
typedef struct held_chunk {
    ds_arena *arena;
    uint32_t pieces;
    bool current; /* more may still be read into it */
} held_chunk;

held_chunk *chunk_new(void);
/* No more is read into it. */
void chunk_close(held_chunk *c);

typedef struct held_piece {
    struct held_piece *next;
    struct input *input;
    int64_t low;             /* its first offset */
    const ds_envelope *rows; /* NULL: a progress record */
    held_chunk *chunk;
    size_t bytes;
} held_piece;

holder *held_new(void);
/* Forgets everything. */
void held_clear(holder *h);
void held_free(holder *h);

/* Adds rows (or, NULL, a progress record) of a batch; DS_TIME_NONE: of the next
 * one that runs, whichever that is. */
void held_add(holder *h, ds_time batch, struct input *in, int64_t low,
              const ds_envelope *rows, held_chunk *chunk);
/* There is such a batch, with rows or without. */
void held_announce(holder *h, ds_time batch);
/* The first batch after `t`; DS_TIME_NONE: none. */
ds_time held_next(const holder *h, ds_time t);
/* The pieces of a batch, in the order in which they were added; of DS_TIME_NONE
 * those of no batch yet. */
const held_piece *held_pieces(const holder *h, ds_time batch);
uint32_t held_rows(const holder *h, ds_time batch);
/* The batch that a record is held for; false: it is not. */
bool held_find(const holder *h, const struct input *in, int64_t off,
               ds_time *batch);
/* Batches up to `t` have run, and what belonged to none with them. */
void held_done(holder *h, ds_time t);
/* The least offset of an input that is held for a batch after `t`; with `late`,
 * or belongs to none yet. `otherwise` if there is none. */
int64_t held_low(const holder *h, const struct input *in, ds_time t, bool late,
                 int64_t otherwise);
/* Of those without a batch only. */
int64_t held_low_late(const holder *h, const struct input *in,
                      int64_t otherwise);

/* Bytes of rows. */
size_t held_bytes(const holder *h);
/* The last batch that has rows in memory; DS_TIME_NONE: none. */
ds_time held_last(const holder *h);
/* Forgets the rows of a batch, to be read again; the batch stays. */
void held_forget(holder *h, ds_time batch);
/* Forgets what is held of an input from an offset on, but for what belongs to
 * no batch yet. */
void held_forget_input(holder *h, const struct input *in, int64_t from);

#endif
