/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - N rows, kept by column, and the records they came from.
 *
 *            row | user:text  n:bigint   rec ->  envelope (from Kafka)
 *            0   | "a"        3          0       key "a"  val {..}  ts  off
 *   sel ->   1   | "b"        NULL       0
 *            2   | "a"        7          1       key "b"  val {..}  ts  off
 *
 * A batch starts as an envelope: slices into the source's own buffers, nothing
 * copied. The codec adds columns, and only those the plan reads. Operators
 * never change a batch they were given: filter makes a new header with another
 * selection vector, projection a new header with other columns; both share the
 * rest. That is safe because all of it lives in one epoch's arenas.
 *
 * A batch holds records of one partition only.
 */
#ifndef DSTREAM_BATCH_H
#define DSTREAM_BATCH_H

#include "dstream/error.h"
#include "dstream/public.h"
#include "dstream/slice.h"

DS_PUBLIC_BEGIN

/* PostgreSQL's types. Arrays and rows are types too, made by ds_array_type()
 * and ds_row_type(): a type is a small number, and equal numbers are equal
 * types. Times without a zone count from 1970-01-01 00:00 of that zone. The
 * first and the last value of dates and times are -infinity and infinity. */
typedef enum ds_type {
    DS_NONE,      /* the type of an untyped NULL; never of a column */
    DS_BOOL,      /* boolean: uint8_t, 0 or 1 */
    DS_I16,       /* smallint: int64_t, within its range */
    DS_I32,       /* integer: int64_t, within its range */
    DS_I64,       /* bigint: int64_t */
    DS_F32,       /* real: a double that is exactly a float */
    DS_F64,       /* double precision: double */
    DS_NUM,       /* numeric: ds_numeric */
    DS_STR,       /* text, varchar(n): ds_slice, valid UTF-8 without NUL */
    DS_BYTES,     /* bytea: ds_slice */
    DS_DATE,      /* date: int64_t, days */
    DS_TIME,      /* time: int64_t, microseconds of the day */
    DS_TIMESTAMP, /* timestamp (without time zone): ds_time */
    DS_TS,        /* timestamptz: ds_time */
    DS_IV,        /* interval: ds_interval */
    DS_UUID,      /* uuid: ds_slice of 16 bytes */
    DS_JSON,      /* jsonb: ds_slice, PostgreSQL's text of it (jsonb.h) */
    DS_N_BASE_TYPES
} ds_type;

/* A decimal number: value / 10^scale. |value| < 10^38. */
typedef struct ds_numeric {
    uint64_t lo;   /* value, two's complement, lower and */
    int64_t hi;    /* upper half */
    int32_t scale; /* digits after the point that are shown, 0..16383 */
    int32_t kind;  /* 0 a number, 1 Infinity, -1 -Infinity, 2 NaN */
} ds_numeric;

typedef struct ds_interval {
    ds_time us;
    int32_t days, months;
} ds_interval;

/* How the values of a type lie in memory. */
typedef enum ds_phys {
    DS_PHYS_BOOL,  /* uint8_t */
    DS_PHYS_I64,   /* int64_t: integers, dates, times */
    DS_PHYS_F64,   /* double: real, double precision */
    DS_PHYS_NUM,   /* ds_numeric */
    DS_PHYS_IV,    /* ds_interval */
    DS_PHYS_SLICE, /* ds_slice: all others, arrays and rows among them */
} ds_phys;

static inline ds_phys ds_type_phys(ds_type t)
{
    switch (t) {
    case DS_BOOL:
        return DS_PHYS_BOOL;
    case DS_I16:
    case DS_I32:
    case DS_I64:
    case DS_DATE:
    case DS_TIME:
    case DS_TIMESTAMP:
    case DS_TS:
        return DS_PHYS_I64;
    case DS_F32:
    case DS_F64:
        return DS_PHYS_F64;
    case DS_NUM:
        return DS_PHYS_NUM;
    case DS_IV:
        return DS_PHYS_IV;
    default:
        return DS_PHYS_SLICE;
    }
}

/* Bytes per value in a column. */
static inline size_t ds_type_size(ds_type t)
{
    switch (ds_type_phys(t)) {
    case DS_PHYS_BOOL:
        return sizeof(uint8_t);
    case DS_PHYS_NUM:
        return sizeof(ds_numeric);
    case DS_PHYS_I64:
    case DS_PHYS_F64:
        return sizeof(int64_t);
    default: /* also an interval */
        return t == DS_NONE ? 0 : sizeof(ds_slice);
    }
}
DS_STATIC_ASSERT(sizeof(ds_interval) == sizeof(ds_slice), "of one size");

/* PostgreSQL's name: "bigint", "timestamp with time zone", "text[]"; of
 * DS_NONE: "unknown"; of a row: "row(a text, b bigint)". */
const char *ds_type_name(ds_type t);

/* An array of this type: its values are record/nested.h's bytes. Arrays have
 * one dimension; an array of arrays does not exist. */
ds_type ds_array_type(ds_type elem);
#define DS_ARRAY_OF(elem) ((ds_type)((elem) | 1 << 24)) /* for tables */
/* The type of its elements; DS_NONE: it is no array. */
ds_type ds_type_elem(ds_type t);

typedef struct ds_field {
    const char *name;
    ds_type type;
    /* What stands in brackets after the type: PostgreSQL's typmod + 1;
     * 0: nothing. Of an array: of its elements. Of a row: ds_mod_row(). */
    int32_t mod;
    bool not_null; /* checked at decode */
} ds_field;

typedef struct ds_schema {
    uint32_t n;
    const ds_field *fields;
} ds_schema;

/* The row type with these fields (not_null does not count): the same number for
 * the same fields, copied when seen first and kept until the process ends.
 * Any thread. */
ds_type ds_row_type(const ds_schema *fields);
/* The fields of a row type; NULL: it is none. */
const ds_schema *ds_row_fields(ds_type t);
/* What columns declare about the fields of a row besides its type, as its `mod`
 * (0: nothing), and the fields with it: their not_null counts. */
int32_t ds_mod_row(const ds_schema *fields);
const ds_schema *ds_row_declared(ds_type t, int32_t mod);

/* numeric(p,s), varchar(n) as a field's `mod`, and back. */
static inline int32_t ds_mod_numeric(int32_t p, int32_t s)
{
    return ((p << 16) | (s & 0x7ff)) + 5;
}
static inline int32_t ds_mod_precision(int32_t mod) /* of numeric */
{
    return (mod - 5) >> 16 & 0xffff;
}
static inline int32_t ds_mod_scale(int32_t mod) /* of numeric; may be < 0 */
{
    return (((mod - 5) & 0x7ff) ^ 1024) - 1024;
}
static inline int32_t ds_mod_varchar(int32_t n)
{
    return n + 5;
}
static inline int32_t ds_mod_length(int32_t mod) /* of varchar */
{
    return mod - 5;
}

typedef struct ds_col {
    const uint64_t *valid; /* bit i set: row i is not NULL; NULL: no NULLs */
    union {
        const void *p;
        const uint8_t *b;
        const int64_t *i64;
        const double *f64;
        const ds_time *ts;
        const ds_slice *str;
        const ds_numeric *num;
        const ds_interval *iv;
    } v; /* `n` values, named by the field's type; undefined where NULL */
} ds_col;

/* The records of one partition that a batch was decoded from. Every array has
 * n entries and may be NULL except off. */
typedef struct ds_envelope {
    uint32_t n;
    const char *topic;
    int32_t partition;
    const ds_slice *key;
    const ds_slice *val;
    const ds_slice *hdr; /* headers as in a Kafka record (varint count, ...);
                            null: none */
    const ds_time *ts;   /* record timestamps */
    const int64_t *off;
} ds_envelope;

typedef struct ds_batch {
    const ds_schema *schema;
    const ds_col *cols; /* schema->n columns; one that nobody reads may have
                           v.p == NULL */

    uint32_t n;          /* rows stored */
    uint32_t n_sel;      /* rows that count; n when sel is NULL */
    const uint32_t *sel; /* their numbers, ascending; NULL: all */

    const ds_envelope *env; /* NULL after an aggregation */
    const uint32_t *rec;    /* row i came from record rec[i] of env; NULL: row i
                               from record i */
    ds_arena *arena;        /* the epoch's */
} ds_batch;

/* for each row that counts:  DS_EACH (b, i) { use(i); } */
#define DS_EACH(b, i)                                                          \
    for (uint32_t k_##i = 0, i = 0;                                            \
         k_##i < (b)->n_sel && (i = (b)->sel ? (b)->sel[k_##i] : k_##i, 1);    \
         k_##i++)

static inline bool ds_col_is_null(const ds_col *c, uint32_t row)
{
    return c->valid && !(c->valid[row / 64] >> (row % 64) & 1);
}

/* The record of env that a row came from. */
static inline uint32_t ds_batch_rec(const ds_batch *b, uint32_t row)
{
    return b->rec ? b->rec[row] : row;
}

/* A copy of the header of `b` in which only the rows in sel[0..n_sel) count.
 * Takes over `sel`, which must be in b->arena. */
ds_batch *ds_batch_select(const ds_batch *b, const uint32_t *sel,
                          uint32_t n_sel);
/* Without the rows for which bit i of `drop` (n bits) is set. */
const ds_batch *ds_batch_drop(const ds_batch *b, const uint64_t *drop);

/* Rows of a batch that were refused: a value that does not decode, an
 * expression that overflows. Each row stands there once, with its first error.
 */
typedef struct ds_row_error {
    uint32_t row;     /* of the batch */
    const char *code; /* "E0702"; static */
    const char *msg;  /* as PostgreSQL says it; in the arena */
    uint32_t item;    /* which item of a select list; 0 otherwise */
} ds_row_error;

typedef struct ds_row_errors {
    uint32_t n, cap;
    ds_row_error *list;
    uint64_t *bad; /* bit per row of the batch; NULL while n == 0 */
    /* on_error null: a row stands there once per item that failed. Set before
     * evaluation; items[i] (NULL: none) has a bit per row. */
    bool by_item;
    uint32_t n_items;
    uint64_t **items;
} ds_row_errors;

/* Adds an error (copies msg) unless the row (by_item: and item) has one;
 * n_rows: n of the batch. */
void ds_row_errors_add(ds_row_errors *e, ds_arena *a, uint32_t n_rows,
                       uint32_t row, const char *code, uint32_t item,
                       const char *msg);

/* The position of a field, or -1. Plan time only: never in push(). */
int ds_schema_find(const ds_schema *s, const char *name);

DS_PUBLIC_END

#endif
