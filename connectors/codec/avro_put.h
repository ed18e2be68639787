/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_put.h - what avro_write.c and avro_json.c share.
 */
#ifndef CODEC_AVRO_PUT_H
#define CODEC_AVRO_PUT_H

#include "codec/avro_write.h"

typedef struct put put;

/* Writes a value; false: w->why. */
typedef bool put_fn(avro_encoder *w, const put *p, const ds_value *v);

struct put {
    put_fn *fn;
    ds_type type; /* of the value */
    const avro_type *avro;
    int32_t null_branch, branch; /* of a union; -1: none */
    uint32_t n;                  /* record: fields; array: 1 */
    const put *const *kids;      /* of a record: NULL: `bytes` of the default */
    const uint32_t *from;        /* record: field of the row, or column */
    const char *name;
};

struct avro_encoder {
    const put *top;
    bool value; /* the only column is the value */
    const ds_schema *columns;
    ds_arena *a;
    ds_buf *b;
    uint32_t depth;
    char why[300];
};

bool avro_refuse(avro_encoder *w, const put *p, const char *why);
void avro_add_long(avro_encoder *w, int64_t v);
void avro_add_bytes(avro_encoder *w, const void *p, uint32_t n);
/* What writes a SQL type to a type of one value; NULL: nothing. */
put_fn *avro_put_fn(const avro_type *t, ds_type type);

/* avro_json.c: jsonb to any type, as the reading gives it. */
put_fn avro_put_json;

#endif
