/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c - JSON objects to columns and back (contract.md 4 and 8): the batch.
 *
 * All declared columns are checked in every record, wanted or not: what a plan
 * reads must not decide which records are bad. What a value is: json_value.c.
 */
#include "codec/codecs.h"
#include "codec/json_value.h"
#include "record/builder.h"
#include "record/show.h"

enum {
    ENCODE_BUFFER = 1 << 20, /* rows share a buffer up to here */
};

struct json_codec {
    ds_arena *arena;
    ds_codec_spec spec;
    json_walk walk;
    json_cell *cells;
    ds_slice *names; /* encode: what stands before each value, '{"n":' */
};

/* A batch being decoded. */
struct decode {
    struct json_codec *codec;
    json_reader reader;
    uint8_t **values; /* per column; NULL: not wanted */
    uint64_t **valid; /* NULL: no NULLs so far */
    uint32_t n;
};

static ds_rc json_check(const ds_schema *columns, bool decode, ds_err *err)
{
    if (decode && columns->n == 0)
        return ds_fail(err, DS_E_CONFIG, "format json needs a column");
    return DS_OK;
}

static void free_index(void *arg)
{
    json_index_free(arg);
}

static ds_slice *names_of(const ds_schema *columns, ds_arena *a)
{
    ds_slice *names = ds_new(a, ds_slice, columns->n);
    for (uint32_t c = 0; c < columns->n; c++) {
        ds_buf b;
        ds_buf_init(&b, a, 64);
        ds_buf_add(&b, c > 0 ? "," : "{", 1);
        ds_show_json_str(&b, ds_slice_of(columns->fields[c].name));
        ds_buf_add(&b, ":", 1);
        names[c] = (ds_slice){(const uint8_t *)b.s, b.len};
    }
    return names;
}

static const ds_slice *column_names(const ds_schema *columns, ds_arena *a)
{
    ds_slice *names = ds_new(a, ds_slice, columns->n);
    for (uint32_t c = 0; c < columns->n; c++)
        names[c] = ds_slice_of(columns->fields[c].name);
    return names;
}

static ds_rc json_open(const ds_codec_spec *spec, ds_codec **out, ds_err *err)
{
    json_index *index = json_index_new();
    if (!index)
        return ds_fail(err, DS_E_LIMIT, "no memory for a JSON parser");
    ds_arena *a = ds_arena_new(1024);
    struct json_codec *c = ds_new(a, struct json_codec, 1);
    ds_arena_on_reset(a, free_index, index);
    c->arena = a;
    c->spec = *spec;
    c->walk.index = index;
    c->walk.columns = spec->columns;
    c->walk.names = column_names(spec->columns, a);
    c->walk.strict = spec->strict;
    c->cells = ds_new(a, json_cell, spec->columns->n);
    c->names = names_of(spec->columns, a);
    *out = (ds_codec *)c;
    return DS_OK;
}

static void json_close(ds_codec *codec)
{
    if (codec)
        ds_arena_free(((struct json_codec *)codec)->arena);
}

/* ---- decode ---- */

static void set_null(struct decode *d, uint32_t col, uint32_t row)
{
    if (!d->values[col])
        return;
    if (!d->valid[col])
        d->valid[col] = ds_bits_new(d->reader.arena, d->n, true);
    ds_bit_clear(d->valid[col], row);
}

static void set_value(struct decode *d, ds_type type, uint32_t col,
                      uint32_t row, const ds_value *v)
{
    uint8_t *to = d->values[col];
    if (!to)
        return;
    switch (ds_type_phys(type)) {
    case DS_PHYS_BOOL:
        to[row] = v->b;
        break;
    case DS_PHYS_I64:
    case DS_PHYS_F64:
        ((int64_t *)(void *)to)[row] = v->i;
        break;
    case DS_PHYS_NUM:
        ((ds_numeric *)(void *)to)[row] = v->num;
        break;
    case DS_PHYS_IV:
    case DS_PHYS_SLICE:
        ((ds_slice *)(void *)to)[row] = v->s;
        break;
    }
}

/* The values that are most of all values, without a detour. */
static bool decode_plain(struct decode *d, const ds_field *f,
                         const json_cell *cell, uint32_t col, uint32_t row)
{
    uint8_t *to = d->values[col];
    if (cell->escaped || cell->kind != JSON_STRING || f->type != DS_STR ||
        f->mod != 0 || !to)
        return false;
    ((ds_slice *)(void *)to)[row] = cell->raw;
    return true;
}

static bool decode_cell(struct decode *d, uint32_t col, uint32_t row)
{
    const ds_field *f = &d->codec->spec.columns->fields[col];
    const json_cell *cell = &d->codec->cells[col];
    const json_path path = {NULL, f->name, 0};
    ds_value v;
    if (cell->kind == JSON_MISSING || cell->kind == JSON_NULL) {
        set_null(d, col, row);
        return !f->not_null || json_null_error(&d->reader, &path);
    }
    if (decode_plain(d, f, cell, col, row))
        return true;
    if (!json_value(&d->reader, f, &path, cell, &v))
        return false;
    set_value(d, f->type, col, row, &v);
    return true;
}

static bool decode_fields(struct decode *d, ds_slice text, uint32_t row)
{
    struct json_codec *c = d->codec;
    if (!text.len) {
        d->reader.error = text.ptr
                              ? "a JSON object was expected, not an empty value"
                              : "a JSON object was expected, not a null value";
        return false;
    }
    if (!json_walk_object(&c->walk, text, c->cells)) {
        d->reader.error = c->walk.error;
        return false;
    }
    for (uint32_t col = 0; col < c->spec.columns->n; col++)
        if (!decode_cell(d, col, row))
            return false;
    return true;
}

/* Without columns the whole value is one of type jsonb. */
static bool decode_whole(struct decode *d, ds_slice text, uint32_t row)
{
    const ds_field *f = &d->codec->spec.columns->fields[0];
    ds_value v;
    if (!text.ptr) {
        set_null(d, 0, row);
        return true;
    }
    if (!json_any(&d->reader, text, &v))
        return false;
    set_value(d, f->type, 0, row, &v);
    return true;
}

static void decode_row(struct decode *d, ds_slice text, uint32_t row,
                       ds_row_errors *errs)
{
    bool lone = d->codec->spec.lone;
    d->reader.n = 0;
    if (text.len > 5 && !text.ptr[0] && !text.ptr[1]) {
        ds_row_errors_add(errs, d->reader.arena, d->n, row, CODEC_ERROR, 0,
                          "a JSON value was expected; this record begins with "
                          "a 0, as clients of a schema registry write them "
                          "(format: avro?)");
        for (uint32_t col = 0; col < d->codec->spec.columns->n; col++)
            set_null(d, col, row);
        return;
    }
    if (lone ? decode_whole(d, text, row) : decode_fields(d, text, row))
        return;
    ds_row_errors_add(errs, d->reader.arena, d->n, row, CODEC_ERROR, 0,
                      d->reader.error);
    for (uint32_t col = 0; col < d->codec->spec.columns->n; col++)
        set_null(d, col, row);
}

static ds_rc json_decode(ds_codec *codec, const ds_slice *vals, uint32_t n,
                         ds_arena *a, ds_col *cols, ds_row_errors *errs,
                         ds_err *err)
{
    (void)err;
    struct json_codec *c = (struct json_codec *)codec;
    const ds_schema *columns = c->spec.columns;
    struct decode d = {.codec = c, .n = n};
    d.reader.arena = a;
    d.reader.strict = c->spec.strict;
    d.values = ds_new(a, uint8_t *, columns->n);
    d.valid = ds_new(a, uint64_t *, columns->n);
    for (uint32_t row = 0; row < n; row++)
        d.reader.room += vals[row].len;
    for (uint32_t col = 0; col < columns->n; col++)
        if (!c->spec.want || c->spec.want[col])
            d.values[col] = ds_arena_alloc(
                a, n * ds_type_size(columns->fields[col].type), 8);
    for (uint32_t row = 0; row < n; row++)
        decode_row(&d, vals[row], row, errs);
    for (uint32_t col = 0; col < columns->n; col++) {
        cols[col].valid = d.valid[col];
        cols[col].v.p = d.values[col];
    }
    return DS_OK;
}

/* ---- encode ---- */

/* As ds_show_json_row(), with the names at hand. */
static void encode_row(const struct json_codec *c, const ds_col *cols,
                       uint32_t row, ds_buf *b)
{
    const ds_schema *columns = c->spec.columns;
    for (uint32_t i = 0; i < columns->n; i++) {
        ds_buf_add(b, c->names[i].ptr, c->names[i].len);
        ds_show_json(b, columns->fields[i].type, &cols[i], row);
    }
    ds_buf_str(b, columns->n ? "}" : "{}");
}

static ds_rc json_encode(ds_codec *codec, const ds_batch *rows, ds_arena *a,
                         ds_slice *out, ds_row_errors *errs, ds_err *err)
{
    (void)errs;
    (void)err;
    const struct json_codec *c = (const struct json_codec *)codec;
    ds_buf b;
    ds_buf_init(&b, a, rows->n_sel < 1024 ? 64 * (rows->n_sel + 1) : 64 << 10);
    DS_EACH (rows, row) {
        if (b.len > ENCODE_BUFFER)
            ds_buf_init(&b, a, 64 << 10);
        uint32_t start = b.len;
        encode_row(c, rows->cols, row, &b);
        /* When the buffer moves later, these bytes stay where they are. */
        out[k_row] = (ds_slice){(const uint8_t *)b.s + start, b.len - start};
    }
    return DS_OK;
}

const ds_codec_type codec_json = {
    .name = "json",
    .help = "One JSON object per record, a field per column; without "
            "`columns`, any JSON value as one column `value` of type jsonb.",
    .lone = DS_JSON,
    .check = json_check,
    .open = json_open,
    .close = json_close,
    .decode = json_decode,
    .encode = json_encode,
};
