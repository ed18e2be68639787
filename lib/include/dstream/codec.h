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

typedef struct ds_codec ds_codec;

typedef struct ds_codec_spec {
    const ds_schema *columns; /* what the bytes hold; lives longer */
    const bool *want;         /* decode: only these; NULL: all */
    bool strict;              /* unknown fields are errors */
    bool header;              /* csv: a line of names stands before the row */
    bool lone; /* decode: no columns were declared; this one is the codec
                  type's `lone` */
} ds_codec_spec;

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

    ds_rc (*open)(const ds_codec_spec *spec, ds_codec **out, ds_err *err);
    void (*close)(ds_codec *c);
    /* n values to columns->n columns of n values; a column not wanted gets
     * v.p == NULL. A value that does not decode, or a NULL in a not-null
     * column, goes to `errs`. The columns may point into the values. */
    ds_rc (*decode)(ds_codec *c, const ds_slice *vals, uint32_t n, ds_arena *a,
                    ds_col *cols, ds_row_errors *errs, ds_err *err);
    /* The selected rows of a batch whose columns are `columns`, to
     * out[0..n_sel). A null slice is a null value (tombstone). */
    ds_rc (*encode)(ds_codec *c, const ds_batch *rows, ds_arena *a,
                    ds_slice *out, ds_row_errors *errs, ds_err *err);
} ds_codec_type;

#endif
