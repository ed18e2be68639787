/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec.h - between the bytes of a record and columns.
 *
 * A codec instance belongs to one task (it may hold a parser); the type is a
 * constant. Formats: text, json, csv, raw (contract.md 1).
 *
 * Thread: the worker that owns the task.
 */
#ifndef DSTREAM_CODEC_H
#define DSTREAM_CODEC_H

#include "dstream/batch.h"
#include "dstream/diag.h"
#include "dstream/public.h"

DS_PUBLIC_BEGIN

typedef struct ds_codec ds_codec;

/* What a job says under `schema:` of a source or sink. */
typedef enum ds_schema_strategy {
    DS_SUBJECT_TOPIC,       /* <topic>-value, <topic>-key */
    DS_SUBJECT_RECORD,      /* <full name of the record> */
    DS_SUBJECT_TOPIC_RECORD /* <topic>-<full name of the record> */
} ds_schema_strategy;

typedef enum ds_schema_framing {
    DS_FRAMING_AUTO,      /* as the job has a registry or not */
    DS_FRAMING_CONFLUENT, /* 0, four bytes of id, the bytes */
    DS_FRAMING_NONE       /* the bytes only */
} ds_schema_framing;

typedef struct ds_codec_schema {
    ds_text file;    /* with the schema; relative to the job's */
    ds_text subject; /* a name in place of the strategy's */
    int strategy;    /* a ds_schema_strategy */
    int framing;     /* a ds_schema_framing */
    ds_text record;  /* sink: full name of what is made of the columns */
    bool reg;        /* sink: register it at start; else the latest rules */
} ds_codec_schema;

/* Where a format is used. All of it lives as long as the job. */
typedef struct ds_codec_use {
    ds_codec_schema schema;         /* zeroed: nothing was said */
    bool said;                      /* `schema:` stands there */
    const struct ds_prop *registry; /* properties of the job's; NULL: none */
    uint32_t n_registry;
    const char *job_file; /* NULL: from C */
    const char *topic;    /* NULL: several, or a pattern */
    bool key;             /* the record's key, not its value */
    bool decode;
    bool online;              /* servers may be asked now */
    const ds_schema *columns; /* decode: those that are declared; or NULL */
    ds_arena *arena;
} ds_codec_use;

/* What an instance is for. It is there while open() runs, which copies it; what
 * it points to lives longer than the instance. */
typedef struct ds_codec_spec {
    const ds_schema *columns; /* what the bytes hold */
    const bool *want;         /* decode: only these; NULL: all */
    bool strict;              /* unknown fields are errors */
    void *options;            /* what plan() made; NULL: nothing */
    bool header;              /* csv: a line of names stands before the row */
    bool lone; /* decode: no columns were declared; this one is the codec
                  type's `lone` */
} ds_codec_spec;

/* No error: the engine holds the partition before that record, shows `msg` as
 * the reason, and tries again. */
#define DS_CODE_WAIT "wait"

typedef struct ds_codec_type {
    const char *name; /* "json" */
    const char *help;
    /* A source without `columns:` has this one column; DS_NONE: it needs
     * `columns:`. */
    ds_type lone; /* text: DS_STR, raw: DS_BYTES, json: DS_JSON; the column's
                     name is value */
    /* Whether these columns can be read (decode) or written in this format:
     * text takes one column of any type when writing. */
    ds_rc (*check)(const ds_schema *columns, bool decode, ds_err *err);

    /* Formats with schemas; all three may be NULL.
     * Job time: reads what the job says. *columns is what the bytes hold:
     * given: the declared ones, or NULL. DS_NOTFOUND: only a server knows.
     * DS_E_UNREACHABLE, DS_E_AUTH: it did not say. */
    ds_rc (*plan)(const ds_codec_use *use, void **options,
                  const ds_schema **columns, ds_err *err);
    /* Job time, encode: as check(), where plan() made options. */
    ds_rc (*fits)(void *options, const ds_schema *columns, ds_err *err);
    /* Once before the job runs, in one thread: servers are asked, schemas are
     * registered. Where it is already known (`columns` of all rows) what does
     * not fit is refused. */
    ds_rc (*start)(void *options, const ds_schema *columns, ds_err *err);

    ds_rc (*open)(const ds_codec_spec *spec, ds_codec **out, ds_err *err);
    void (*close)(ds_codec *c);
    /* n values to columns->n columns of n values; a column not wanted gets
     * v.p == NULL. A value that does not decode, or a NULL in a not-null
     * column, goes to `errs`. The columns may point into the values.
     * A value that cannot be decoded now, for want of a server's answer, goes
     * to `errs` with the code DS_CODE_WAIT: the partition waits there. */
    ds_rc (*decode)(ds_codec *c, const ds_slice *vals, uint32_t n, ds_arena *a,
                    ds_col *cols, ds_row_errors *errs, ds_err *err);
    /* The selected rows of a batch whose columns are `columns`, to
     * out[0..n_sel). A null slice is a null value (tombstone). */
    ds_rc (*encode)(ds_codec *c, const ds_batch *rows, ds_arena *a,
                    ds_slice *out, ds_row_errors *errs, ds_err *err);
} ds_codec_type;

DS_PUBLIC_END

#endif
