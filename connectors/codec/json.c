/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c - JSON objects to columns and back (contract.md 4 and 8).
 *
 * All declared columns are checked in every record, wanted or not: what a plan
 * reads must not decide which records are bad.
 */
#include <stdio.h>

#include "codec/codecs.h"
#include "codec/json_walk.h"
#include "dstream/clock.h"
#include "record/builder.h"
#include "record/show.h"

enum {
    SHOWN_MAX = 64,          /* bytes of a bad value in a message */
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
    ds_arena *arena;
    ds_col *cols;
    uint8_t **values; /* per column; NULL: not wanted */
    uint64_t **valid; /* NULL: no NULLs so far */
    uint32_t n;
    uint8_t *unescaped; /* room for the unescaped text of all rows; NULL: none
                           was needed so far */
    char error[300];
};

static ds_rc json_check(const ds_schema *columns, bool decode, ds_err *err)
{
    if (decode && columns->n == 0)
        return ds_fail(err, DS_E_CONFIG, "format json needs `columns`");
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

static int shown(ds_slice s)
{
    uint32_t n = s.len;
    if (n > SHOWN_MAX) {
        n = SHOWN_MAX;
        while (n > 0 && (s.ptr[n] & 0xc0) == 0x80)
            n--;
    }
    return (int)n;
}

static bool bad_syntax(struct decode *d, uint32_t col, ds_slice s)
{
    const ds_field *f = &d->codec->spec.columns->fields[col];
    snprintf(d->error, sizeof(d->error),
             "column \"%s\": invalid input syntax for type %s: \"%.*s%s\"",
             f->name, ds_type_name(f->type), shown(s), (const char *)s.ptr,
             s.len > SHOWN_MAX ? "..." : "");
    return false;
}

static bool out_of_range(struct decode *d, uint32_t col, ds_slice s)
{
    const ds_field *f = &d->codec->spec.columns->fields[col];
    snprintf(d->error, sizeof(d->error),
             "column \"%s\": value \"%.*s%s\" is out of range for type %s",
             f->name, shown(s), (const char *)s.ptr,
             s.len > SHOWN_MAX ? "..." : "", ds_type_name(f->type));
    return false;
}

static bool wrong_kind(struct decode *d, uint32_t col, json_kind kind)
{
    const ds_field *f = &d->codec->spec.columns->fields[col];
    snprintf(d->error, sizeof(d->error),
             "column \"%s\": cannot cast a JSON %s to type %s", f->name,
             json_kind_name(kind), ds_type_name(f->type));
    return false;
}

/* The characters of a string, in a room that is made once for the batch. */
static ds_slice string_of(struct decode *d, const json_cell *cell)
{
    if (!cell->escaped)
        return cell->raw;
    ds_slice s = {d->unescaped, json_unescape(cell->raw, d->unescaped)};
    d->unescaped += s.len;
    return s;
}

static bool to_i64(struct decode *d, uint32_t col, const json_cell *cell,
                   int64_t *out)
{
    ds_slice s = cell->raw;
    if (cell->escaped)
        return bad_syntax(d, col, s);
    bool minus = s.ptr[0] == '-';
    int64_t v = 0;
    for (uint32_t i = minus; i < s.len; i++) {
        int64_t digit = s.ptr[i] - '0';
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, minus ? -digit : digit, &v))
            return out_of_range(d, col, s);
    }
    *out = v;
    return true;
}

static int hex_digit(uint8_t c)
{
    uint8_t low = c | 0x20;
    return c >= '0' && c <= '9'       ? c - '0'
           : low >= 'a' && low <= 'f' ? low - 'a' + 10
                                      : -1;
}

/* "\x0102", PostgreSQL's hex form. */
static bool to_bytes(struct decode *d, uint32_t col, ds_slice s, ds_slice *out)
{
    if (s.len < 2 || s.len % 2 || memcmp(s.ptr, "\\x", 2) != 0)
        return bad_syntax(d, col, s);
    uint32_t n = s.len / 2 - 1;
    uint8_t *to = ds_arena_alloc(d->arena, n, 1);
    for (uint32_t i = 0; i < n; i++) {
        int high = hex_digit(s.ptr[2 + 2 * i]);
        int low = hex_digit(s.ptr[3 + 2 * i]);
        if (high < 0 || low < 0)
            return bad_syntax(d, col, s);
        to[i] = (uint8_t)(high * 16 + low);
    }
    *out = (ds_slice){to, n};
    return true;
}

static bool string_to(struct decode *d, uint32_t col, const json_cell *cell,
                      ds_type type, void *to)
{
    ds_slice s = string_of(d, cell);
    if (type == DS_TS)
        return ds_time_parse(s, to) || bad_syntax(d, col, s);
    if (type == DS_BYTES)
        return to_bytes(d, col, s, to);
    if (cell->escaped && s.len && memchr(s.ptr, 0, s.len)) {
        snprintf(d->error, sizeof(d->error),
                 "column \"%s\": \\u0000 cannot be converted to text",
                 d->codec->spec.columns->fields[col].name);
        return false;
    }
    memcpy(to, &s, sizeof(s));
    return true;
}

/* A value that is there to `to`, which has room for any type. */
static bool convert(struct decode *d, uint32_t col, const json_cell *cell,
                    void *to)
{
    ds_type type = d->codec->spec.columns->fields[col].type;
    json_kind kind = cell->kind;
    switch (type) {
    case DS_BOOL:
        if (kind != JSON_TRUE && kind != JSON_FALSE)
            return wrong_kind(d, col, kind);
        *(uint8_t *)to = kind == JSON_TRUE;
        return true;
    case DS_I64:
        if (kind != JSON_NUMBER)
            return wrong_kind(d, col, kind);
        return to_i64(d, col, cell, to);
    case DS_F64:
        if (kind != JSON_NUMBER)
            return wrong_kind(d, col, kind);
        return json_to_double(cell->raw.ptr, cell->raw.len, to) ||
               out_of_range(d, col, cell->raw);
    default:
        if (kind != JSON_STRING)
            return wrong_kind(d, col, kind);
        return string_to(d, col, cell, type, to);
    }
}

static void set_null(struct decode *d, uint32_t col, uint32_t row)
{
    if (!d->values[col])
        return;
    if (!d->valid[col])
        d->valid[col] = ds_bits_new(d->arena, d->n, true);
    ds_bit_clear(d->valid[col], row);
}

static bool decode_cell(struct decode *d, uint32_t col, uint32_t row)
{
    const ds_field *f = &d->codec->spec.columns->fields[col];
    const json_cell *cell = &d->codec->cells[col];
    if (cell->kind == JSON_MISSING || cell->kind == JSON_NULL) {
        set_null(d, col, row);
        if (f->not_null)
            snprintf(d->error, sizeof(d->error),
                     "null value in column \"%s\" violates not-null "
                     "constraint",
                     f->name);
        return !f->not_null;
    }
    if (d->values[col])
        return convert(d, col, cell,
                       d->values[col] + row * ds_type_size(f->type));
    union {
        int64_t i64;
        double f64;
        ds_slice s;
    } nowhere;
    return convert(d, col, cell, &nowhere);
}

/* The first record with an escape makes room for this and all later ones:
 * unescaped text is never longer than it was. */
static void need_room(struct decode *d, const ds_slice *vals, uint32_t row)
{
    uint32_t n = d->codec->spec.columns->n;
    const json_cell *cells = d->codec->cells;
    size_t size = 0;
    if (d->unescaped)
        return;
    uint32_t i = 0;
    while (i < n && !(cells[i].kind == JSON_STRING && cells[i].escaped))
        i++;
    if (i == n)
        return;
    for (; row < d->n; row++)
        size += vals[row].len;
    d->unescaped = ds_arena_alloc(d->arena, size, 1);
}

static bool decode_row(struct decode *d, const ds_slice *vals, uint32_t row)
{
    struct json_codec *c = d->codec;
    if (!vals[row].len) {
        snprintf(d->error, sizeof(d->error),
                 "a JSON object was expected, not %s value",
                 vals[row].ptr ? "an empty" : "a null");
        return false;
    }
    if (!json_walk_object(&c->walk, vals[row], c->cells)) {
        snprintf(d->error, sizeof(d->error), "%s", c->walk.error);
        return false;
    }
    need_room(d, vals, row);
    for (uint32_t col = 0; col < c->spec.columns->n; col++)
        if (!decode_cell(d, col, row))
            return false;
    return true;
}

static ds_rc json_decode(ds_codec *codec, const ds_slice *vals, uint32_t n,
                         ds_arena *a, ds_col *cols, ds_row_errors *errs,
                         ds_err *err)
{
    (void)err;
    struct json_codec *c = (struct json_codec *)codec;
    const ds_schema *columns = c->spec.columns;
    struct decode d = {.codec = c, .arena = a, .cols = cols, .n = n};
    d.values = ds_new(a, uint8_t *, columns->n);
    d.valid = ds_new(a, uint64_t *, columns->n);
    for (uint32_t col = 0; col < columns->n; col++)
        if (!c->spec.want || c->spec.want[col])
            d.values[col] = ds_arena_alloc(
                a, n * ds_type_size(columns->fields[col].type), 8);
    for (uint32_t row = 0; row < n; row++) {
        if (decode_row(&d, vals, row))
            continue;
        ds_row_errors_add(errs, a, n, row, CODEC_ERROR, 0, d.error);
        for (uint32_t col = 0; col < columns->n; col++)
            set_null(&d, col, row);
    }
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
    .help = "One JSON object per record, a field per column.",
    .lone = DS_NONE,
    .check = json_check,
    .open = json_open,
    .close = json_close,
    .decode = json_decode,
    .encode = json_encode,
};
