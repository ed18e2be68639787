/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro.h - what is known of a use of Avro, before its codecs and for all of
 * them (avro_options.c).
 */
#ifndef CODEC_AVRO_H
#define CODEC_AVRO_H

#include "codec/avro_schema.h"
#include "dstream/codec.h"

/* Made by plan(), completed by start(); read-only then. */
struct avro_options {
    ds_codec_use use;
    bool framed; /* records carry the id of their schema */
    struct registry *registry;
    const char *subject;     /* NULL: not known, or none */
    const avro_type *reader; /* decode: NULL: not known yet */
    const avro_type *writer; /* encode: idem */
    ds_slice text;           /* encode: the schema that is registered */
    uint32_t id;             /* encode, framed */
};

ds_rc avro_plan(const ds_codec_use *use, void **options,
                const ds_schema **columns, ds_err *err);
ds_rc avro_fits(void *options, const ds_schema *columns, ds_err *err);
ds_rc avro_start(void *options, const ds_schema *columns, ds_err *err);

/* Of a record. DS_NOTFOUND: there is no such Avro schema, *why says it. < 0:
 * the registry does not answer. */
ds_rc avro_schema_of_id(const struct avro_options *o, uint32_t id, ds_arena *a,
                        const avro_type **out, const char **why, ds_err *err);

#endif
