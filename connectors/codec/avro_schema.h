/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_schema.h - Avro schemas, as their JSON says them.
 *
 * avro-c drops `default` and `logicalType`, so the JSON is read here (jansson)
 * and checked by Avro's rules; the tests compare what is taken and what is
 * refused with avro-c.
 *
 * Schemas come from outside: text, nodes and depth are bounded.
 */
#ifndef CODEC_AVRO_SCHEMA_H
#define CODEC_AVRO_SCHEMA_H

#include "dstream/batch.h"

enum {
    AVRO_TEXT_MAX = 1 << 20, /* bytes of a schema */
    AVRO_NODES_MAX = 20000,  /* types, fields, symbols, aliases */
    AVRO_DEPTH_MAX = 64,     /* of types in types, of values in values */
};

typedef enum avro_kind {
    AVRO_KIND_NULL,
    AVRO_KIND_BOOLEAN,
    AVRO_KIND_INT,
    AVRO_KIND_LONG,
    AVRO_KIND_FLOAT,
    AVRO_KIND_DOUBLE,
    AVRO_KIND_BYTES,
    AVRO_KIND_STRING,
    AVRO_KIND_FIXED,
    AVRO_KIND_ENUM,
    AVRO_KIND_RECORD,
    AVRO_KIND_ARRAY,
    AVRO_KIND_MAP,
    AVRO_KIND_UNION
} avro_kind;

/* One that is unknown, or does not fit its type, counts as none: so Avro says.
 */
typedef enum avro_logical {
    AVRO_PLAIN,
    AVRO_DECIMAL, /* bytes, fixed */
    AVRO_UUID,    /* string, fixed(16) */
    AVRO_DATE,    /* int */
    AVRO_TIME_MS, /* int */
    AVRO_TIME_US, /* long, all below */
    AVRO_TS_MS,
    AVRO_TS_US,
    AVRO_LOCAL_MS,
    AVRO_LOCAL_US,
    AVRO_DURATION /* fixed(12) */
} avro_logical;

typedef struct avro_type avro_type;

typedef struct avro_field {
    const char *name;
    const avro_type *type;
    const char *const *aliases;
    uint32_t n_aliases;
    ds_slice def; /* the default, encoded by the field's type; null: none */
} avro_field;

struct avro_type {
    avro_kind kind;
    avro_logical logical;
    int32_t precision, scale; /* decimal */
    const char *name;         /* record, enum, fixed: the full name */
    const char *const *aliases;
    uint32_t n_aliases;
    uint32_t size;            /* fixed */
    uint32_t n;               /* fields, symbols, branches; array, map: 1 */
    const avro_field *fields; /* record */
    const ds_slice *symbols;  /* enum */
    int32_t default_symbol;   /* enum; -1: none */
    const avro_type *const *items; /* union: branches; array, map: what of */
    uint32_t least;                /* bytes that a value has at least */
    bool measured;                 /* `least` is known */
};

/* The last of these texts; those before it are what it refers to by name. */
ds_rc avro_schema_parse(const ds_slice *texts, uint32_t n, ds_arena *a,
                        const avro_type **out, ds_err *err);

/* "record com.acme.Order", "long (timestamp-millis)": for messages. */
const char *avro_type_show(const avro_type *t, ds_arena *a);
/* The part behind the last dot. */
const char *avro_short_name(const char *full);
/* [A-Za-z_][A-Za-z0-9_]* */
bool avro_is_name(const char *s);

/* Avro's zigzag varint; at most 10 bytes, returns how many. */
uint32_t avro_put_long(uint8_t *to, int64_t v);

#endif
