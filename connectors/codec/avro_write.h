/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_write.h - rows to records of a schema, and the schema of rows.
 *
 * A value that the schema's type cannot hold (an int out of range, a decimal
 * with too many digits before the point, a NULL) is refused, row by row.
 * Decimals and milliseconds round as PostgreSQL rounds an assignment to
 * numeric(p,s) and timestamp(3).
 */
#ifndef CODEC_AVRO_WRITE_H
#define CODEC_AVRO_WRITE_H

#include "codec/avro_schema.h"
#include "record/nested.h"

typedef struct avro_encoder avro_encoder;

/* The columns by the names of the schema's fields; one column and a schema that
 * is no record: the value. A field without a column takes its default. What
 * does not go together is in `err`, with both types. */
ds_rc avro_encoder_new(const avro_type *t, const ds_schema *columns,
                       ds_arena *a, avro_encoder **out, ds_err *err);
/* Appends the record of a row. False: *why, valid until the next call. */
bool avro_encode_record(avro_encoder *w, const ds_col *cols, uint32_t row,
                        ds_buf *b, const char **why);

/* The schema of columns, as JSON: `record` is its full name. `value`: one
 * column is the value itself, no record. */
ds_rc avro_schema_make(const ds_schema *columns, const char *record, bool value,
                       ds_arena *a, ds_slice *out, ds_err *err);

#endif
