/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_bytes.h - the bytes of a record: where the reading is, and the values
 * that need no program. Every length is checked against what is left.
 */
#ifndef CODEC_AVRO_BYTES_H
#define CODEC_AVRO_BYTES_H

#include "dstream/batch.h"

typedef struct avro_bytes {
    const uint8_t *p, *end;
    char why[400]; /* what is wrong, after BAD */
} avro_bytes;

typedef enum got { GOT, GOT_NULL, BAD } got;

got avro_bad(avro_bytes *r, const char *why);
got avro_truncated(avro_bytes *r);
got avro_get_long_slow(avro_bytes *r, int64_t *out);
got avro_get_int(avro_bytes *r, int64_t *out);
got avro_get_bool(avro_bytes *r, uint8_t *out);
got avro_get_fixed(avro_bytes *r, uint32_t n, ds_slice *out);
got avro_get_float(avro_bytes *r, double *out);
got avro_get_double(avro_bytes *r, double *out);
got avro_get_bytes(avro_bytes *r, ds_slice *out);
/* Valid UTF-8 without NUL. */
got avro_get_text(avro_bytes *r, ds_slice *out);

static inline size_t avro_left(const avro_bytes *r)
{
    return (size_t)(r->end - r->p);
}

static inline got avro_get_long(avro_bytes *r, int64_t *out)
{
    if (r->p < r->end && *r->p < 0x80) {
        uint8_t z = *r->p++;

        *out = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
        return GOT;
    }
    return avro_get_long_slow(r, out);
}

#endif
