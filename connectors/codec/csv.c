/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.c - a row of comma-separated fields per record (RFC 4180).
 *
 *     1,"a ""quoted"" text",,""        1 | a "quoted" text | NULL | empty text
 *
 * A field without quotes that is empty is NULL, as in PostgreSQL's COPY; "" is
 * an empty text. A line end after the row (CR LF or LF) is allowed and not
 * written. With `header` a line of names stands before the row: fields are then
 * found by name, and fields that no column has are skipped, or errors if the
 * source is strict. Without it fields and columns stand in the same order, and
 * there must be as many of one as of the other.
 *
 * All columns are checked in every record, wanted or not.
 */
#include <stdio.h>

#include "codec/codecs.h"
#include "record/builder.h"
#include "record/value.h"

enum { ENCODE_BUFFER = 1 << 20, MAX_FIELDS = 4096 };

typedef struct csv_codec {
    ds_arena *arena;
    ds_codec_spec spec;
    ds_slice names; /* encode: the header line, with its line end */
} csv_codec;

typedef struct csv_fields {
    uint32_t n, cap;
    ds_slice *list; /* null slice: NULL */
} csv_fields;

typedef struct csv_decode {
    const csv_codec *codec;
    ds_arena *arena;
    uint8_t **values; /* per column; NULL: not wanted */
    uint64_t **valid;
    uint32_t n;
    csv_fields header, row;
    char error[300];
} csv_decode;

static ds_rc csv_check(const ds_schema *columns, bool decode, ds_err *err)
{
    if (decode && columns->n == 0)
        return ds_fail(err, DS_E_CONFIG, "format csv needs `columns`");
    if (columns->n > MAX_FIELDS)
        return ds_fail(err, DS_E_CONFIG, "format csv holds at most %d columns",
                       MAX_FIELDS);
    return DS_OK;
}

static bool must_quote(ds_slice s)
{
    for (uint32_t i = 0; i < s.len; i++)
        if (s.ptr[i] == ',' || s.ptr[i] == '"' || s.ptr[i] == '\n' ||
            s.ptr[i] == '\r')
            return true;
    /* Otherwise they would be NULL, or lost by readers that trim. */
    return s.len == 0 || s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ';
}

static void add_field(ds_buf *b, ds_slice s)
{
    if (!must_quote(s)) {
        ds_buf_add(b, s.ptr, s.len);
        return;
    }
    ds_buf_add(b, "\"", 1);
    for (uint32_t i = 0, from = 0; i <= s.len; i++) {
        if (i < s.len && s.ptr[i] != '"')
            continue;
        ds_buf_add(b, s.ptr + from, i - from);
        if (i < s.len)
            ds_buf_add(b, "\"\"", 2);
        from = i + 1;
    }
    ds_buf_add(b, "\"", 1);
}

static ds_slice names_line(const ds_schema *columns, ds_arena *a)
{
    ds_buf b;
    ds_buf_init(&b, a, 256);
    for (uint32_t i = 0; i < columns->n; i++) {
        if (i)
            ds_buf_add(&b, ",", 1);
        add_field(&b, ds_slice_of(columns->fields[i].name));
    }
    ds_buf_add(&b, "\r\n", 2);
    return (ds_slice){(const uint8_t *)b.s, b.len};
}

static ds_rc csv_open(const ds_codec_spec *spec, ds_codec **out, ds_err *err)
{
    (void)err;
    ds_arena *a = ds_arena_new(1024);
    csv_codec *c = ds_new(a, csv_codec, 1);
    c->arena = a;
    c->spec = *spec;
    c->names = names_line(spec->columns, a);
    *out = (ds_codec *)c;
    return DS_OK;
}

static void csv_close(ds_codec *codec)
{
    if (codec)
        ds_arena_free(((csv_codec *)codec)->arena);
}

/* ---- decode ---- */

/* After the opening quote. The text between the quotes, with "" as ". */
static bool quoted(csv_decode *d, const uint8_t **p, const uint8_t *end,
                   ds_slice *out)
{
    const uint8_t *from = *p, *q = from;
    uint32_t doubled = 0;
    for (;;) {
        q = q < end ? memchr(q, '"', (size_t)(end - q)) : NULL;
        if (q == NULL) {
            snprintf(d->error, sizeof d->error,
                     "unterminated CSV quoted field");
            return false;
        }
        if (q + 1 == end || q[1] != '"')
            break;
        doubled++;
        q += 2;
    }
    *p = q + 1;
    *out = (ds_slice){from, (uint32_t)(q - from)};
    if (doubled == 0)
        return true;
    uint8_t *to = ds_arena_alloc(d->arena, out->len, 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < out->len; i++) {
        to[n++] = from[i];
        i += from[i] == '"';
    }
    *out = (ds_slice){to, n};
    return true;
}

static bool field_add(csv_decode *d, csv_fields *f, ds_slice s)
{
    if (f->n == MAX_FIELDS) {
        snprintf(d->error, sizeof d->error, "more than %d CSV fields",
                 MAX_FIELDS);
        return false;
    }
    if (f->n == f->cap) {
        uint32_t cap = 2 * f->cap + 16;
        ds_slice *list = ds_new(d->arena, ds_slice, cap);
        if (f->n)
            memcpy(list, f->list, f->n * sizeof(*list));
        f->list = list;
        f->cap = cap;
    }
    f->list[f->n++] = s;
    return true;
}

static bool at_line_end(const uint8_t *p, const uint8_t *end)
{
    return p == end || *p == '\n' ||
           (*p == '\r' && (p + 1 == end || p[1] == '\n'));
}

/* The fields of the line at *p, which is moved behind its end. */
static bool take_line(csv_decode *d, const uint8_t **p, const uint8_t *end,
                      csv_fields *out)
{
    const uint8_t *q = *p;
    out->n = 0;
    for (;;) {
        ds_slice s = DS_NULL_SLICE;
        if (q < end && *q == '"') {
            q++;
            if (!quoted(d, &q, end, &s))
                return false;
        } else {
            const uint8_t *from = q;
            while (q < end && *q != ',' && *q != '"' && !at_line_end(q, end))
                q++;
            if (q > from)
                s = (ds_slice){from, (uint32_t)(q - from)};
        }
        if (!field_add(d, out, s))
            return false;
        if (at_line_end(q, end))
            break;
        if (*q != ',') {
            snprintf(d->error, sizeof d->error,
                     "CSV field %u: a quote stands inside, or text after a "
                     "closing quote",
                     out->n);
            return false;
        }
        q++;
    }
    q += q < end && *q == '\r';
    q += q < end && *q == '\n';
    *p = q;
    return true;
}

static void set_null(csv_decode *d, uint32_t col, uint32_t row)
{
    if (d->valid[col] == NULL)
        d->valid[col] = ds_bits_new(d->arena, d->n, true);
    ds_bit_clear(d->valid[col], row);
}

static bool decode_field(csv_decode *d, uint32_t col, uint32_t row, ds_slice s)
{
    const ds_field *f = &d->codec->spec.columns->fields[col];
    ds_value v = {.i = 0};
    const char *code;
    if (s.ptr == NULL) {
        set_null(d, col, row);
        if (f->not_null)
            snprintf(d->error, sizeof d->error,
                     "null value in column \"%s\" violates not-null constraint",
                     f->name);
        return !f->not_null;
    }
    const char *why =
        ds_value_parse(f->type, f->mod, s, DS_TIME_NONE, d->arena, &v, &code);
    if (why) {
        snprintf(d->error, sizeof d->error, "column \"%s\": %s", f->name, why);
        return false;
    }
    size_t size = ds_type_size(f->type);
    if (d->values[col])
        memcpy(d->values[col] + row * size, &v, size);
    return true;
}

/* Without a header: as many fields as columns, in their order. */
static bool decode_in_order(csv_decode *d, uint32_t row)
{
    uint32_t n = d->codec->spec.columns->n;
    if (d->row.n != n) {
        snprintf(d->error, sizeof d->error,
                 "%u CSV fields stand where %u columns are expected", d->row.n,
                 n);
        return false;
    }
    for (uint32_t col = 0; col < n; col++)
        if (!decode_field(d, col, row, d->row.list[col]))
            return false;
    return true;
}

static int header_find(const csv_decode *d, const char *name)
{
    ds_slice want = ds_slice_of(name);
    for (uint32_t i = 0; i < d->header.n; i++)
        if (d->header.list[i].ptr && ds_slice_eq(d->header.list[i], want))
            return (int)i;
    return -1;
}

static bool header_known(csv_decode *d)
{
    const ds_schema *columns = d->codec->spec.columns;
    for (uint32_t i = 0; i < d->header.n; i++) {
        ds_slice name = d->header.list[i];
        char text[64];
        snprintf(text, sizeof text, "%.*s", (int)name.len,
                 name.ptr ? (const char *)name.ptr : "");
        if (name.ptr && ds_schema_find(columns, text) >= 0)
            continue;
        snprintf(d->error, sizeof d->error, "unknown field \"%s\"", text);
        return false;
    }
    return true;
}

static bool decode_by_name(csv_decode *d, uint32_t row)
{
    const ds_schema *columns = d->codec->spec.columns;
    if (d->row.n != d->header.n) {
        snprintf(d->error, sizeof d->error,
                 "%u CSV fields stand under a header of %u", d->row.n,
                 d->header.n);
        return false;
    }
    if (d->codec->spec.strict && !header_known(d))
        return false;
    for (uint32_t col = 0; col < columns->n; col++) {
        int at = header_find(d, columns->fields[col].name);
        ds_slice s = at < 0 ? DS_NULL_SLICE : d->row.list[at];
        if (!decode_field(d, col, row, s))
            return false;
    }
    return true;
}

static bool decode_row(csv_decode *d, ds_slice val, uint32_t row)
{
    const uint8_t *p = val.ptr, *end = p + val.len;
    bool header = d->codec->spec.header;
    /* One column that is NULL is written as nothing. */
    bool nothing = val.ptr && !header && d->codec->spec.columns->n == 1;
    if (val.ptr == NULL || (val.len == 0 && !nothing)) {
        snprintf(d->error, sizeof d->error,
                 "a CSV row was expected, not %s value",
                 val.ptr ? "an empty" : "a null");
        return false;
    }
    if (!ds_utf8_valid(val) || memchr(val.ptr, 0, val.len)) {
        snprintf(d->error, sizeof d->error,
                 "invalid byte sequence for encoding \"UTF8\"");
        return false;
    }
    if (header && !take_line(d, &p, end, &d->header))
        return false;
    if (header && p == end) {
        snprintf(d->error, sizeof d->error,
                 "no CSV row stands after the header");
        return false;
    }
    if (!take_line(d, &p, end, &d->row))
        return false;
    if (p != end) {
        snprintf(d->error, sizeof d->error, "text stands after the CSV row");
        return false;
    }
    return header ? decode_by_name(d, row) : decode_in_order(d, row);
}

static ds_rc csv_decode_rows(ds_codec *codec, const ds_slice *vals, uint32_t n,
                             ds_arena *a, ds_col *cols, ds_row_errors *errs,
                             ds_err *err)
{
    (void)err;
    const csv_codec *c = (const csv_codec *)codec;
    const ds_schema *columns = c->spec.columns;
    csv_decode d = {.codec = c, .arena = a, .n = n};
    d.values = ds_new(a, uint8_t *, columns->n);
    d.valid = ds_new(a, uint64_t *, columns->n);
    for (uint32_t col = 0; col < columns->n; col++)
        if (!c->spec.want || c->spec.want[col])
            d.values[col] = ds_arena_alloc(
                a, n * ds_type_size(columns->fields[col].type), 8);
    for (uint32_t row = 0; row < n; row++) {
        if (decode_row(&d, vals[row], row))
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

static void encode_row(const csv_codec *c, const ds_col *cols, uint32_t row,
                       ds_buf *b, ds_buf *text)
{
    const ds_schema *columns = c->spec.columns;
    for (uint32_t i = 0; i < columns->n; i++) {
        ds_type type = columns->fields[i].type;
        if (i)
            ds_buf_add(b, ",", 1);
        if (ds_col_is_null(&cols[i], row))
            continue;
        text->len = 0;
        ds_show_text(text, type, &cols[i], row);
        add_field(b, (ds_slice){(const uint8_t *)text->s, text->len});
    }
}

static ds_rc csv_encode(ds_codec *codec, const ds_batch *rows, ds_arena *a,
                        ds_slice *out, ds_row_errors *errs, ds_err *err)
{
    (void)errs;
    (void)err;
    const csv_codec *c = (const csv_codec *)codec;
    ds_buf b, text;
    ds_buf_init(&b, a, rows->n_sel < 1024 ? 64 * (rows->n_sel + 1) : 64 << 10);
    ds_buf_init(&text, a, 256);
    DS_EACH (rows, row) {
        if (b.len > ENCODE_BUFFER)
            ds_buf_init(&b, a, 64 << 10);
        uint32_t start = b.len;
        if (c->spec.header)
            ds_buf_add(&b, c->names.ptr, c->names.len);
        encode_row(c, rows->cols, row, &b, &text);
        /* When the buffer moves later, these bytes stay where they are. */
        out[k_row] = (ds_slice){(const uint8_t *)b.s + start, b.len - start};
    }
    return DS_OK;
}

const ds_codec_type codec_csv = {
    .name = "csv",
    .help = "A row of comma-separated fields per record, RFC 4180.",
    .lone = DS_NONE,
    .check = csv_check,
    .open = csv_open,
    .close = csv_close,
    .decode = csv_decode_rows,
    .encode = csv_encode,
};
