/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.h - the rows an epoch is going to send, in order.
 *
 * Sinks, repartitions, dead letters and changelogs add rows; the worker hands
 * them to the transaction. Rows and what they point to are in the epoch's
 * arenas. After an abort the outbox is simply empty again.
 *
 * Thread: the worker.
 */
#ifndef DSTREAM_OUTBOX_H
#define DSTREAM_OUTBOX_H

#include "dstream/batch.h"
#include "dstream/public.h"

DS_PUBLIC_BEGIN

#define DS_PARTITION_BY_KEY (-1) /* murmur2 of the key; a null key anywhere */

typedef struct ds_row {
    uint32_t topic;    /* number in the plan's table of topics */
    int32_t partition; /* or DS_PARTITION_BY_KEY */
    ds_slice key;
    ds_slice val; /* null: delete */
    ds_slice hdr; /* headers, encoded as in a Kafka record; null: none */
    ds_time ts;   /* DS_TIME_NONE: now */
    /* The record it was made from, to blame if the topic refuses the row; NULL:
     * of many. */
    const ds_envelope *env;
    uint32_t rec;
} ds_row;

typedef struct ds_outbox ds_outbox;

ds_outbox *ds_outbox_new(ds_arena *a);
/* Copies the row, not the bytes. */
void ds_outbox_add(ds_outbox *box, const ds_row *row);
/* Room for n rows at once; the caller fills them in. */
ds_row *ds_outbox_add_n(ds_outbox *box, uint32_t n);
/* Rows are kept in chunks: the i-th one, NULL past the last. */
const ds_row *ds_outbox_chunk(const ds_outbox *box, uint32_t i, uint32_t *n);
uint64_t ds_outbox_rows(const ds_outbox *box);
uint64_t ds_outbox_bytes(const ds_outbox *box); /* keys + values + headers */

/* Headers in Kafka's wire form: zigzag varint count, then per header varint
 * length + name, varint length (-1: null) + value. */
typedef struct ds_header {
    ds_slice name;
    ds_slice value;
} ds_header;
/* `before` (may be null) stays in front. */
ds_slice ds_headers_encode(ds_arena *a, ds_slice before, const ds_header *add,
                           uint32_t n);
/* False if the bytes are no headers. */
bool ds_headers_decode(ds_arena *a, ds_slice hdr, ds_header **out, uint32_t *n);

DS_PUBLIC_END

#endif
