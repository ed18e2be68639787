/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_program.h - records of one schema, read straight into columns.
 *
 *     writer's schema --+
 *     reader's schema --+--> avro_compile() --> program -->
 * avro_decode_record() columns ----------+
 *
 * A program is an array of operations. Each reads one value of the writer's
 * schema, with the promotions, defaults and logical types of the reader's, and
 * makes the SQL value that a column holds. A record is a range of steps: which
 * operation, and which field of the result takes what it gives.
 *
 *     column      from
 *     integers    int, long (the wider column only), also numeric and double
 *     real ...    float, double
 *     numeric     decimal of bytes and fixed, int, long
 *     text        string, enum; bytea: bytes, fixed
 *     date ...    the logical types; interval: duration
 *     uuid        logical uuid of string and fixed(16), any string
 *     arrays      arrays; rows: records
 *     jsonb       everything: maps, unions, records that hold themselves; a
 *                 string that goes into a column is JSON text
 *
 * ["null", T] is a T that may be NULL.
 */
#ifndef CODEC_AVRO_PROGRAM_H
#define CODEC_AVRO_PROGRAM_H

#include "codec/avro_schema.h"
#include "record/nested.h"

/* What is read, and what is left in the value. */
typedef enum avro_code {
    AVRO_OP_NULL, /* reads nothing */
    AVRO_OP_BOOL,
    AVRO_OP_INT,  /* i, checked to be one */
    AVRO_OP_LONG, /* i */
    AVRO_OP_FLOAT,
    AVRO_OP_DOUBLE,
    AVRO_OP_TEXT,    /* s, checked */
    AVRO_OP_BYTES,   /* s */
    AVRO_OP_FIXED,   /* s of `size` bytes */
    AVRO_OP_ENUM,    /* s out of `symbols` */
    AVRO_OP_DECIMAL, /* num; `size` 0: bytes */
    AVRO_OP_DURATION,
    AVRO_OP_UNION,   /* an operation per branch */
    AVRO_OP_RECORD,  /* steps to a row */
    AVRO_OP_ARRAY,   /* kid */
    AVRO_OP_MAP,     /* kid; within AVRO_OP_JSON only */
    AVRO_OP_JSON,    /* kid, as jsonb */
    AVRO_OP_DEFAULT, /* kid over `bytes` */
    AVRO_OP_REFUSE,  /* `why` */
    AVRO_SKIP_BOOL,
    AVRO_SKIP_LONG,
    AVRO_SKIP_FIXED,
    AVRO_SKIP_BYTES,
    AVRO_SKIP_ARRAY, /* kid */
    AVRO_SKIP_MAP,
    AVRO_SKIP_UNION,
    AVRO_SKIP_RECORD,
} avro_code;

/* What becomes of it then. */
typedef enum avro_turn {
    AVRO_AS_IT_IS,
    AVRO_WHEN, /* a date or an instant: in range, and no infinity */
    AVRO_MS,   /* milliseconds to microseconds, then the same */
    AVRO_DAY,  /* a time: must be within a day */
    AVRO_DAY_MS,
    AVRO_TO_F64,   /* from i */
    AVRO_TO_NUM,   /* from i */
    AVRO_TO_UUID,  /* from text */
    AVRO_TO_JSONB, /* from text */
    AVRO_FIT,      /* numeric(p,s), varchar(n) */
} avro_turn;

typedef struct avro_op {
    uint8_t code, turn;
    bool open;    /* json mode: the value is a container, not one of `type` */
    ds_type type; /* of what it gives */
    int32_t mod, scale;
    uint32_t size;            /* fixed; symbols, branches */
    uint32_t least;           /* array, map: bytes of an item at least */
    uint32_t kid;             /* array, map, JSON, default: an operation */
    uint32_t first, n;        /* record: steps; union: operations in kids */
    const ds_slice *symbols;  /* a null one: `why` */
    const char *const *names; /* record in json mode: keys */
    ds_slice bytes;
    const char *why;
} avro_op;

typedef struct avro_step {
    uint32_t op;
    int32_t to; /* field of the result; -1: none */
} avro_step;

typedef struct avro_program {
    const avro_op *ops;
    const avro_step *steps;
    const uint32_t *kids;
    /* The record itself. */
    uint32_t first, n;
    uint32_t n_columns;
} avro_program;

/* Of a value with this logical type; DS_NONE: it says nothing. */
ds_type avro_logical_type(avro_logical l);
/* ["null", T]: T; else NULL. */
const avro_type *avro_nullable_of(const avro_type *t);
/* What an avro type is in SQL; *mod: numeric(p,s). */
ds_type avro_sql_type(const avro_type *t, int32_t *mod, bool *nullable);
/* The columns of a schema: the fields of a record, else `value`. */
ds_rc avro_columns(const avro_type *t, ds_arena *a, const ds_schema **out,
                   ds_err *err);

typedef struct avro_target {
    const ds_schema *columns;
    const bool
        *want; /* a column that is not wanted is skipped; NULL: all are */
} avro_target;

/* False: what does not go together, in `err`: names the field and both types.
 */
ds_rc avro_compile(const avro_type *writer, const avro_type *reader,
                   const avro_target *target, ds_arena *a,
                   const avro_program **out, ds_err *err);

/* ---- running it ---- */

typedef struct avro_decoder avro_decoder;

avro_decoder *avro_decoder_new(void);
void avro_decoder_free(avro_decoder *r);

/* values[c] (NULL: not wanted) is column c's array; its row is set, or its bit
 * in nulls[c] cleared, which is made of n_rows bits when it is needed. False:
 * *why, valid until the next call. `a`: where values go that do not point into
 * the bytes. */
typedef struct avro_columns_out {
    void *const *values;
    uint64_t **valid;
    uint32_t n_rows, row;
    const ds_schema *columns;
    ds_arena *a;
} avro_columns_out;
bool avro_decode_record(avro_decoder *r, const avro_program *p, ds_slice bytes,
                        const avro_columns_out *out, const char **why);

#endif
