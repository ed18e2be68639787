/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nested.c - the bytes of arrays and rows: making, walking, checking and
 * comparing them. As text: nested_text.c.
 */
#include "record/nested.h"

#include "record/builder.h"
#include "record/datetime.h"
#include "record/jsonb.h"
#include "record/numeric.h"
#include "record/value.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "numbers are copied as they lie in memory");

enum { COUNT_SIZE = 4, LENGTH_SIZE = 4 };

static size_t bitmap_size(uint32_t n)
{
    return ((size_t)n + 7) / 8;
}

static bool bit(const uint8_t *bits, uint32_t i)
{
    return bits[i / 8] >> (i % 8) & 1;
}

static bool is_slice(ds_type t)
{
    return ds_type_phys(t) == DS_PHYS_SLICE;
}

/* ---- walking ---- */

uint32_t array_count(ds_slice v)
{
    uint32_t n = 0;
    if (v.len >= COUNT_SIZE)
        memcpy(&n, v.ptr, COUNT_SIZE);
    return n;
}

nested_iter nested_begin(ds_type type, ds_slice v)
{
    nested_iter it = {.fields = ds_row_fields(type)};
    it.n = it.fields ? it.fields->n : array_count(v);
    it.type = it.fields ? type : ds_type_elem(type);
    if (it.n == 0)
        return it;
    it.nulls = it.fields ? v.ptr : v.ptr + COUNT_SIZE;
    it.p = it.nulls + bitmap_size(it.n);
    it.end = v.ptr + v.len;
    return it;
}

/* The value at p; returns where the next one lies. */
static const uint8_t *take(const uint8_t *p, ds_type type, ds_value *out)
{
    if (is_slice(type)) {
        memcpy(&out->s.len, p, LENGTH_SIZE);
        out->s.ptr = p + LENGTH_SIZE;
        return out->s.ptr + out->s.len;
    }
    size_t size = ds_type_size(type);
    memcpy(out, p, size);
    return p + size;
}

bool nested_next(nested_iter *it, ds_type *type, bool *null, ds_value *out)
{
    if (it->i == it->n)
        return false;
    ds_type t = it->fields ? it->fields->fields[it->i].type : it->type;
    *null = bit(it->nulls, it->i);
    if (!*null)
        it->p = take(it->p, t, out);
    if (type)
        *type = t;
    it->i++;
    return true;
}

/* How many of the first i elements are NULL. */
static uint32_t nulls_before(const uint8_t *nulls, uint32_t i)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < i / 8; k++)
        n += (uint32_t)__builtin_popcount(nulls[k]);
    if (i % 8)
        n += (uint32_t)__builtin_popcount(nulls[i / 8] & ((1u << (i % 8)) - 1));
    return n;
}

static const uint8_t *skip(const uint8_t *p, ds_type type)
{
    if (!is_slice(type))
        return p + ds_type_size(type);
    uint32_t len;
    memcpy(&len, p, LENGTH_SIZE);
    return p + LENGTH_SIZE + len;
}

bool array_get(ds_type elem, ds_slice v, uint32_t i, ds_value *out)
{
    uint32_t n = array_count(v);
    const uint8_t *nulls = v.ptr + COUNT_SIZE;
    if (i >= n || bit(nulls, i))
        return false;
    const uint8_t *p = nulls + bitmap_size(n);
    uint32_t before = i - nulls_before(nulls, i);
    if (is_slice(elem))
        while (before-- > 0)
            p = skip(p, elem);
    else
        p += before * ds_type_size(elem);
    take(p, elem, out);
    return true;
}

bool row_get(ds_type row, ds_slice v, uint32_t i, ds_value *out)
{
    const ds_schema *fields = ds_row_fields(row);
    DS_BUG_ON(!fields || i >= fields->n);
    if (bit(v.ptr, i))
        return false;
    const uint8_t *p = v.ptr + bitmap_size(fields->n);
    for (uint32_t k = 0; k < i; k++)
        if (!bit(v.ptr, k))
            p = skip(p, fields->fields[k].type);
    take(p, fields->fields[i].type, out);
    return true;
}

/* ---- making ---- */

static size_t value_size(ds_type type, const ds_value *v)
{
    return is_slice(type) ? LENGTH_SIZE + (size_t)v->s.len : ds_type_size(type);
}

static uint8_t *put(uint8_t *to, ds_type type, const ds_value *v)
{
    if (is_slice(type)) {
        memcpy(to, &v->s.len, LENGTH_SIZE);
        if (v->s.len)
            memcpy(to + LENGTH_SIZE, v->s.ptr, v->s.len);
        return to + LENGTH_SIZE + v->s.len;
    }
    size_t size = ds_type_size(type);
    memcpy(to, v, size);
    return to + size;
}

/* The type of value i: of an array or of a row. */
static ds_type type_at(ds_type elem, const ds_schema *fields, uint32_t i)
{
    return fields ? fields->fields[i].type : elem;
}

static size_t size_of(ds_type elem, const ds_schema *fields,
                      const ds_value *values, const bool *nulls, uint32_t n)
{
    size_t size = (fields ? 0 : COUNT_SIZE) + bitmap_size(n);
    for (uint32_t i = 0; i < n; i++)
        if (!nulls || !nulls[i])
            size += value_size(type_at(elem, fields, i), &values[i]);
    return size;
}

size_t nested_size(ds_type type, const ds_value *values, const bool *nulls,
                   uint32_t n)
{
    return size_of(ds_type_elem(type), ds_row_fields(type), values, nulls, n);
}

static ds_slice make(ds_type elem, const ds_schema *fields,
                     const ds_value *values, const bool *nulls, uint32_t n,
                     ds_arena *a)
{
    size_t head = fields ? 0 : COUNT_SIZE;
    size_t size = size_of(elem, fields, values, nulls, n);
    DS_BUG_ON(size > UINT32_MAX);
    uint8_t *start = ds_arena_alloc(a, size ? size : 1, 1);
    if (!fields)
        memcpy(start, &n, COUNT_SIZE);
    uint8_t *bits = start + head, *to = bits + bitmap_size(n);
    for (uint32_t i = 0; i < n; i++) {
        if (nulls && nulls[i])
            bits[i / 8] |= (uint8_t)(1u << (i % 8));
        else
            to = put(to, type_at(elem, fields, i), &values[i]);
    }
    return (ds_slice){start, (uint32_t)size};
}

ds_slice array_make(ds_type elem, const ds_value *values, const bool *nulls,
                    uint32_t n, ds_arena *a)
{
    if (n == 0)
        return (ds_slice){(const uint8_t *)"", 0};
    return make(elem, NULL, values, nulls, n, a);
}

ds_slice array_concat(ds_slice x, ds_slice y, ds_arena *a)
{
    uint32_t n_x = array_count(x), n_y = array_count(y), n = n_x + n_y;
    if (n_x == 0 || n_y == 0)
        return n_x ? x : y;
    size_t head_x = COUNT_SIZE + bitmap_size(n_x), body_x = x.len - head_x;
    size_t head_y = COUNT_SIZE + bitmap_size(n_y), body_y = y.len - head_y;
    size_t head = COUNT_SIZE + bitmap_size(n), size = head + body_x + body_y;
    DS_BUG_ON(size > UINT32_MAX || n < n_x);
    uint8_t *to = ds_arena_alloc(a, size, 1), *bits = to + COUNT_SIZE;
    memcpy(to, &n, COUNT_SIZE);
    memcpy(bits, x.ptr + COUNT_SIZE, bitmap_size(n_x));
    for (uint32_t i = 0; i < n_y; i++)
        if (bit(y.ptr + COUNT_SIZE, i))
            bits[(n_x + i) / 8] |= (uint8_t)(1u << ((n_x + i) % 8));
    memcpy(to + head, x.ptr + head_x, body_x);
    memcpy(to + head + body_x, y.ptr + head_y, body_y);
    return (ds_slice){to, (uint32_t)size};
}

ds_slice row_make(ds_type row, const ds_value *values, const bool *nulls,
                  ds_arena *a)
{
    const ds_schema *fields = ds_row_fields(row);
    DS_BUG_ON(!fields);
    return make(DS_NONE, fields, values, nulls, fields->n, a);
}

/* ---- checking ---- */

/* One value of at most end - p bytes; NULL: it is none. */
static const uint8_t *check(const uint8_t *p, const uint8_t *end, ds_type type)
{
    ds_value v;
    size_t left = (size_t)(end - p);
    if (!is_slice(type)) {
        size_t size = ds_type_size(type);
        if (size == 0 || left < size)
            return NULL;
        memcpy(&v, p, size);
        return ds_fixed_valid(type, &v) ? p + size : NULL;
    }
    if (left < LENGTH_SIZE)
        return NULL;
    memcpy(&v.s.len, p, LENGTH_SIZE);
    v.s.ptr = p + LENGTH_SIZE;
    if (left - LENGTH_SIZE < v.s.len || !ds_value_valid(type, v.s))
        return NULL;
    return v.s.ptr + v.s.len;
}

bool nested_valid(ds_type type, ds_slice v)
{
    const ds_schema *fields = ds_row_fields(type);
    ds_type elem = ds_type_elem(type);
    const uint8_t *p = v.ptr, *end = p + v.len;
    uint32_t n = fields ? fields->n : array_count(v);
    if (!fields) {
        if (elem == DS_NONE)
            return false;
        if (v.len == 0)
            return true;
        if (n == 0) /* fewer than four bytes among them */
            return false;
        p += COUNT_SIZE;
    }
    if ((size_t)(end - p) < bitmap_size(n))
        return false;
    const uint8_t *nulls = p;
    p += bitmap_size(n);
    if (n % 8 && nulls[n / 8] >> (n % 8))
        return false;
    for (uint32_t i = 0; i < n && p; i++)
        if (!bit(nulls, i))
            p = check(p, end, type_at(elem, fields, i));
    return p == end;
}

/* ---- order ---- */

static int cmp_bytes(ds_slice a, ds_slice b)
{
    uint32_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return c ? (c > 0) - (c < 0) : (a.len > b.len) - (a.len < b.len);
}

static int cmp_f64(double a, double b)
{
    if (a < b || a > b)
        return a < b ? -1 : 1;
    return (a != a) - (b != b);
}

int ds_value_cmp(ds_type type, const ds_value *a, const ds_value *b)
{
    switch (ds_type_phys(type)) {
    case DS_PHYS_BOOL:
        return (a->b > b->b) - (a->b < b->b);
    case DS_PHYS_I64:
        return (a->i > b->i) - (a->i < b->i);
    case DS_PHYS_F64:
        return cmp_f64(a->f, b->f);
    case DS_PHYS_NUM:
        return numeric_cmp(&a->num, &b->num);
    case DS_PHYS_IV:
        return interval_cmp(&a->iv, &b->iv);
    case DS_PHYS_SLICE:
        break;
    }
    if (type == DS_JSON)
        return jsonb_cmp(a->s, b->s);
    if ((uint32_t)type < DS_N_BASE_TYPES)
        return cmp_bytes(a->s, b->s);
    return nested_cmp(type, a->s, b->s);
}

int nested_cmp(ds_type type, ds_slice a, ds_slice b)
{
    nested_iter x = nested_begin(type, a), y = nested_begin(type, b);
    ds_value u = {.i = 0}, v = {.i = 0};
    ds_type t = DS_NONE;
    bool u_null = true, v_null = true;
    while (nested_next(&x, &t, &u_null, &u) &&
           nested_next(&y, NULL, &v_null, &v)) {
        int c = u_null || v_null ? u_null - v_null : ds_value_cmp(t, &u, &v);
        if (c)
            return c;
    }
    return (x.n > y.n) - (x.n < y.n);
}

/* ---- for keys ---- */

bool ds_type_has_plain(ds_type type)
{
    const ds_schema *fields = ds_row_fields(type);
    if (fields) {
        for (uint32_t i = 0; i < fields->n; i++)
            if (ds_type_has_plain(fields->fields[i].type))
                return true;
        return false;
    }
    ds_type elem = ds_type_elem(type);
    if (elem != DS_NONE)
        return ds_type_has_plain(elem);
    ds_phys phys = ds_type_phys(type);
    return type == DS_JSON || phys == DS_PHYS_F64 || phys == DS_PHYS_NUM ||
           phys == DS_PHYS_IV;
}

void ds_value_plain(ds_type type, ds_value *v, ds_arena *a)
{
    switch (ds_type_phys(type)) {
    case DS_PHYS_F64:
        if (v->f != v->f)
            v->f = (double)__builtin_nan("");
        if (v->f == 0)
            v->f = 0; /* not -0 */
        break;
    case DS_PHYS_NUM:
        v->num = numeric_plain(&v->num);
        break;
    case DS_PHYS_IV:
        v->iv = interval_plain(&v->iv);
        break;
    case DS_PHYS_SLICE:
        if (type == DS_JSON)
            v->s = jsonb_plain(v->s, a);
        else if ((uint32_t)type >= DS_N_BASE_TYPES)
            v->s = nested_plain(type, v->s, a);
        break;
    case DS_PHYS_BOOL:
    case DS_PHYS_I64:
        break;
    }
}

ds_slice nested_plain(ds_type type, ds_slice v, ds_arena *a)
{
    if (!ds_type_has_plain(type))
        return v;
    nested_iter it = nested_begin(type, v);
    ds_value *values = ds_new(a, ds_value, it.n + 1);
    bool *nulls = ds_new(a, bool, it.n + 1);
    const ds_schema *fields = it.fields;
    ds_type t;
    for (uint32_t i = 0; nested_next(&it, &t, &nulls[i], &values[i]); i++)
        if (!nulls[i])
            ds_value_plain(t, &values[i], a);
    return fields ? row_make(type, values, nulls, a)
                  : array_make(it.type, values, nulls, it.n, a);
}
