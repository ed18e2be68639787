/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_formats.h - a value decoded to columns; a row that it gives is written,
 * read back and must be the same.
 */
#ifndef TESTS_FUZZ_FUZZ_FORMATS_H
#define TESTS_FUZZ_FUZZ_FORMATS_H

#include "codec/codecs.h"
#include "columns.h"
#include "fuzz.h"

/* The row as JSON, or an empty slice if the value does not decode. */
static ds_slice decoded(const ds_codec_type *type, const ds_codec_spec *spec,
                        ds_slice val, ds_col *cols, ds_arena *a)
{
    ds_row_errors errs = {0};
    ds_codec *c;
    ds_err err;
    ds_buf b;
    FUZZ_CHECK(type->open(spec, &c, &err) == DS_OK);
    FUZZ_CHECK(type->decode(c, &val, 1, a, cols, &errs, &err) == DS_OK);
    type->close(c);
    if (errs.n)
        return (ds_slice){(const uint8_t *)"", 0};
    ds_buf_init(&b, a, 256);
    ds_show_json_row(&b, spec->columns, cols, 0);
    return (ds_slice){(const uint8_t *)b.s, b.len};
}

static void round_trip(const ds_codec_type *type, const ds_codec_spec *spec,
                       ds_slice val)
{
    ds_arena *a = ds_arena_new(1 << 14);
    ds_col *cols = ds_new(a, ds_col, FUZZ_COLUMNS);
    ds_slice row = decoded(type, spec, val, cols, a);
    if (row.len) {
        const ds_batch in = {.schema = spec->columns,
                             .cols = cols,
                             .n = 1,
                             .n_sel = 1,
                             .arena = a};
        ds_row_errors errs = {0};
        ds_codec *c;
        ds_slice out;
        ds_err err;
        FUZZ_CHECK(type->open(spec, &c, &err) == DS_OK);
        FUZZ_CHECK(type->encode(c, &in, a, &out, &errs, &err) == DS_OK);
        type->close(c);
        FUZZ_CHECK(errs.n == 0);
        FUZZ_CHECK(ds_slice_eq(decoded(type, spec, out, cols, a), row));
    }
    ds_arena_free(a);
}

#endif
