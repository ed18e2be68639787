/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rowfmt.c - rows as bytes and back.
 */
#include "record/rowfmt.h"

#include "record/builder.h"
#include "record/value.h"

enum { ROW_VERSION = 1 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "numbers are copied as they lie in memory");

static bool is_bytes(ds_type t)
{
    return ds_type_phys(t) == DS_PHYS_SLICE;
}

static uint32_t fixed_size(ds_type t)
{
    return is_bytes(t) ? 4 : (uint32_t)ds_type_size(t);
}

static size_t row_size(const ds_col *cols, const ds_schema *schema,
                       uint32_t row)
{
    size_t size = 1 + (schema->n + 7) / 8;
    for (uint32_t c = 0; c < schema->n; c++) {
        if (ds_col_is_null(&cols[c], row))
            continue;
        ds_type type = schema->fields[c].type;
        size += fixed_size(type);
        if (is_bytes(type))
            size += cols[c].v.str[row].len;
    }
    return size;
}

static uint8_t *put_value(uint8_t *to, ds_type type, const ds_col *c,
                          uint32_t row)
{
    if (is_bytes(type)) {
        ds_slice s = c->v.str[row];
        memcpy(to, &s.len, 4);
        if (s.len)
            memcpy(to + 4, s.ptr, s.len);
        return to + 4 + s.len;
    }
    size_t size = ds_type_size(type);
    memcpy(to, (const uint8_t *)c->v.p + row * size, size);
    return to + size;
}

static uint8_t *put_row(uint8_t *to, const ds_col *cols,
                        const ds_schema *schema, uint32_t row)
{
    *to++ = ROW_VERSION;
    uint8_t *nulls = to;
    to += (schema->n + 7) / 8; /* zero, as the arena gives it */
    for (uint32_t c = 0; c < schema->n; c++) {
        if (ds_col_is_null(&cols[c], row))
            nulls[c / 8] |= (uint8_t)(1u << (c % 8));
        else
            to = put_value(to, schema->fields[c].type, &cols[c], row);
    }
    return to;
}

void ds_rows_encode(const ds_col *cols, const ds_schema *schema, uint32_t n,
                    const uint32_t *sel, uint32_t n_sel, ds_arena *a,
                    ds_slice *out)
{
    (void)n;
    size_t total = 0;
    for (uint32_t i = 0; i < n_sel; i++) {
        size_t size = row_size(cols, schema, sel ? sel[i] : i);
        DS_BUG_ON(size > UINT32_MAX);
        out[i].len = (uint32_t)size;
        total += size;
    }
    uint8_t *to = ds_arena_alloc(a, total, 1);
    for (uint32_t i = 0; i < n_sel; i++) {
        out[i].ptr = to;
        to = put_row(to, cols, schema, sel ? sel[i] : i);
    }
}

/* What is being decoded to. */
struct rows {
    const ds_schema *schema;
    uint8_t **values; /* per column */
    uint64_t **valid;
};

static bool take_value(const uint8_t **p, const uint8_t *end, ds_type type,
                       uint8_t *to)
{
    uint32_t size = fixed_size(type);
    if ((size_t)(end - *p) < size)
        return false;
    if (!is_bytes(type)) {
        ds_value v;
        memcpy(&v, *p, size);
        memcpy(to, *p, size);
        *p += size;
        return ds_fixed_valid(type, &v);
    }
    ds_slice s;
    memcpy(&s.len, *p, 4);
    *p += 4;
    s.ptr = *p;
    if ((size_t)(end - *p) < s.len)
        return false;
    *p += s.len;
    memcpy(to, &s, sizeof(s));
    return ds_value_valid(type, s);
}

static bool take_row(const struct rows *rows, ds_slice bytes, uint32_t row)
{
    uint32_t n = rows->schema->n, n_nulls = (n + 7) / 8;
    const uint8_t *p = bytes.ptr, *end = p + bytes.len;
    if (bytes.len < 1 + n_nulls || *p++ != ROW_VERSION)
        return false;
    const uint8_t *nulls = p;
    p += n_nulls;
    if (n % 8 && nulls[n_nulls - 1] >> (n % 8))
        return false;
    for (uint32_t c = 0; c < n; c++) {
        if (nulls[c / 8] >> (c % 8) & 1)
            continue;
        ds_type type = rows->schema->fields[c].type;
        if (!take_value(&p, end, type,
                        rows->values[c] + row * ds_type_size(type)))
            return false;
        ds_bit_set(rows->valid[c], row);
    }
    return p == end;
}

void ds_rows_decode(const ds_slice *rows, uint32_t n, const ds_schema *schema,
                    ds_arena *a, ds_col *out, uint64_t **bad)
{
    struct rows to = {schema, ds_new(a, uint8_t *, schema->n),
                      ds_new(a, uint64_t *, schema->n)};
    for (uint32_t c = 0; c < schema->n; c++) {
        to.values[c] =
            ds_arena_alloc(a, n * ds_type_size(schema->fields[c].type), 8);
        to.valid[c] = ds_bits_new(a, n, false);
        out[c].valid = to.valid[c];
        out[c].v.p = to.values[c];
    }
    *bad = NULL;
    for (uint32_t row = 0; row < n; row++) {
        if (!rows[row].ptr || take_row(&to, rows[row], row))
            continue;
        if (!*bad)
            *bad = ds_bits_new(a, n, false);
        ds_bit_set(*bad, row);
        for (uint32_t c = 0; c < schema->n; c++)
            ds_bit_clear(to.valid[c], row);
    }
}
