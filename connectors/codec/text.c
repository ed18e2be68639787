/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - the formats of one column: text, and raw bytes.
 *
 * Nothing is copied: columns point into the records, and the other way round.
 */
#include <stdio.h>

#include "codec/codecs.h"
#include "codec/json_shim.h"
#include "record/builder.h"
#include "record/show.h"

struct lone_codec {
    ds_arena *arena;
    ds_codec_spec spec;
};

static ds_rc check_one(const ds_schema *columns, const char *format,
                       ds_err *err)
{
    if (columns->n == 1)
        return DS_OK;
    return ds_fail(err, DS_E_CONFIG, "format %s holds one column, not %u",
                   format, columns->n);
}

static ds_rc check_type(const ds_schema *columns, const char *format,
                        const char *type, ds_err *err)
{
    return ds_fail(err, DS_E_CONFIG, "format %s holds %s, not %s", format, type,
                   ds_type_name(columns->fields[0].type));
}

static ds_rc text_check(const ds_schema *columns, bool decode, ds_err *err)
{
    DS_TRY(check_one(columns, "text", err));
    if (decode && columns->fields[0].type != DS_STR)
        return check_type(columns, "text", "text", err);
    return DS_OK;
}

static ds_rc raw_check(const ds_schema *columns, bool decode, ds_err *err)
{
    ds_type type = columns->n ? columns->fields[0].type : DS_NONE;
    DS_TRY(check_one(columns, "raw", err));
    if (type != DS_BYTES && (decode || type != DS_STR))
        return check_type(columns, "raw", "bytea", err);
    return DS_OK;
}

static ds_rc lone_open(const ds_codec_spec *spec, ds_codec **out, ds_err *err)
{
    if (spec->columns->n != 1)
        return ds_fail(err, DS_E_INVALID, "one column, not %u",
                       spec->columns->n);
    ds_arena *a = ds_arena_new(256);
    struct lone_codec *c = ds_new(a, struct lone_codec, 1);
    c->arena = a;
    c->spec = *spec;
    *out = (ds_codec *)c;
    return DS_OK;
}

static void lone_close(ds_codec *codec)
{
    if (codec)
        ds_arena_free(((struct lone_codec *)codec)->arena);
}

/* Why a value cannot be text; NULL: it can. */
static const char *text_wrong(ds_slice s)
{
    if (s.len == 0)
        return NULL;
    if (!json_utf8_valid(s.ptr, s.len))
        return "invalid byte sequence for encoding \"UTF8\"";
    if (memchr(s.ptr, 0, s.len))
        return "invalid byte sequence for encoding \"UTF8\": 0x00";
    return NULL;
}

static ds_rc lone_decode(const struct lone_codec *c, bool text,
                         const ds_slice *vals, uint32_t n, ds_arena *a,
                         ds_col *col, ds_row_errors *errs)
{
    const ds_field *f = &c->spec.columns->fields[0];
    uint64_t *valid = NULL;
    for (uint32_t row = 0; row < n; row++) {
        const char *wrong = text ? text_wrong(vals[row]) : NULL;
        char buf[128];
        if (!vals[row].ptr && f->not_null) {
            snprintf(buf, sizeof(buf),
                     "null value in column \"%s\" violates not-null "
                     "constraint",
                     f->name);
            wrong = buf;
        }
        if (wrong)
            ds_row_errors_add(errs, a, n, row, CODEC_ERROR, 0, wrong);
        if (vals[row].ptr && !wrong)
            continue;
        if (!valid)
            valid = ds_bits_new(a, n, true);
        ds_bit_clear(valid, row);
    }
    bool want = !c->spec.want || c->spec.want[0];
    col->valid = valid;
    col->v.str = want ? vals : NULL;
    return DS_OK;
}

static ds_rc text_decode(ds_codec *codec, const ds_slice *vals, uint32_t n,
                         ds_arena *a, ds_col *cols, ds_row_errors *errs,
                         ds_err *err)
{
    (void)err;
    return lone_decode((struct lone_codec *)codec, true, vals, n, a, cols,
                       errs);
}

static ds_rc raw_decode(ds_codec *codec, const ds_slice *vals, uint32_t n,
                        ds_arena *a, ds_col *cols, ds_row_errors *errs,
                        ds_err *err)
{
    (void)err;
    return lone_decode((struct lone_codec *)codec, false, vals, n, a, cols,
                       errs);
}

/* Text and bytea as they are, an empty one never as null. */
static void encode_bytes(const ds_batch *rows, ds_slice *out)
{
    const ds_col *col = &rows->cols[0];
    DS_EACH (rows, row) {
        ds_slice s = DS_NULL_SLICE;
        if (!ds_col_is_null(col, row)) {
            s = col->v.str[row];
            s.ptr = s.ptr ? s.ptr : (const uint8_t *)"";
        }
        out[k_row] = s;
    }
}

static ds_rc text_encode(ds_codec *codec, const ds_batch *rows, ds_arena *a,
                         ds_slice *out, ds_row_errors *errs, ds_err *err)
{
    (void)errs;
    (void)err;
    const struct lone_codec *c = (const struct lone_codec *)codec;
    ds_type type = c->spec.columns->fields[0].type;
    const ds_col *col = &rows->cols[0];
    if (type == DS_STR) {
        encode_bytes(rows, out);
        return DS_OK;
    }
    ds_buf b;
    ds_buf_init(&b, a, 24 * (rows->n_sel < 1024 ? rows->n_sel + 1 : 1024));
    DS_EACH (rows, row) {
        uint32_t start = b.len;
        out[k_row] = DS_NULL_SLICE;
        if (ds_col_is_null(col, row))
            continue;
        ds_show_text(&b, type, col, row);
        /* When the buffer moves later, these bytes stay where they are. */
        out[k_row] = (ds_slice){(const uint8_t *)b.s + start, b.len - start};
        if (b.len > 1 << 20)
            ds_buf_init(&b, a, 64 << 10);
    }
    return DS_OK;
}

static ds_rc raw_encode(ds_codec *codec, const ds_batch *rows, ds_arena *a,
                        ds_slice *out, ds_row_errors *errs, ds_err *err)
{
    (void)codec;
    (void)a;
    (void)errs;
    (void)err;
    encode_bytes(rows, out);
    return DS_OK;
}

const ds_codec_type codec_text = {
    .name = "text",
    .help = "A record's value is one column of text, UTF-8.",
    .lone = DS_STR,
    .check = text_check,
    .open = lone_open,
    .close = lone_close,
    .decode = text_decode,
    .encode = text_encode,
};

const ds_codec_type codec_raw = {
    .name = "raw",
    .help = "A record's value is one column of bytes, as they are.",
    .lone = DS_BYTES,
    .check = raw_check,
    .open = lone_open,
    .close = lone_close,
    .decode = raw_decode,
    .encode = raw_encode,
};
