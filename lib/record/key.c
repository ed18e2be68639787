/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.c - key columns to bytes that compare as the keys do, and back.
 */
#include "record/key.h"

#include "base/calendar.h"
#include "record/builder.h"
#include "record/datetime.h"
#include "record/groups.h"
#include "record/numeric.h"
#include "record/value.h"

enum { MONTH_DAYS = 30 };

static const uint64_t sign_bit = 1ull << 63;

static uint8_t *put_u64(uint8_t *to, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(to, &v, sizeof(v));
    return to + sizeof(v);
}

static uint64_t get_u64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return __builtin_bswap64(v);
}

/* Negative numbers in reverse, then the others; NaN above everything. */
static uint64_t order_f64(double d)
{
    uint64_t bits;
    if (d == 0)
        d = 0;
    if (d != d)
        return UINT64_MAX;
    memcpy(&bits, &d, sizeof(bits));
    if (bits == sign_bit) /* -0 */
        bits = 0;
    return bits & sign_bit ? ~bits : bits | sign_bit;
}

static double unorder_f64(uint64_t order)
{
    double d;
    if (order == UINT64_MAX)
        return (double)__builtin_nan("");
    uint64_t bits = order & sign_bit ? order & ~sign_bit : ~order;
    memcpy(&d, &bits, sizeof(d));
    return d;
}

size_t key_bound(const ds_col *const *cols, const ds_type *types, uint32_t n,
                 uint32_t row)
{
    size_t size = 0;
    for (uint32_t c = 0; c < n; c++) {
        size += 1;
        if (ds_col_is_null(cols[c], row))
            continue;
        switch (ds_type_phys(types[c])) {
        case DS_PHYS_SLICE:
            size += (c + 1 < n ? 2 : 1) * (size_t)cols[c]->v.str[row].len + 2;
            break;
        case DS_PHYS_NUM:
            size += NUMERIC_KEY;
            break;
        default:
            size += sizeof(ds_interval);
        }
    }
    return size;
}

static uint8_t *put_bytes(uint8_t *to, ds_slice s, bool last)
{
    if (last || !s.len || !memchr(s.ptr, 0, s.len)) {
        if (s.len)
            memcpy(to, s.ptr, s.len);
        to += s.len;
    } else {
        for (uint32_t i = 0; i < s.len; i++) {
            *to++ = s.ptr[i];
            if (s.ptr[i] == 0)
                *to++ = 0xff;
        }
    }
    if (!last) {
        *to++ = 0x00;
        *to++ = 0x01;
    }
    return to;
}

/* The whole length: in days of 24 hours, 30 to the month, and what is left. */
static uint8_t *put_interval(uint8_t *to, const ds_interval *iv)
{
    int64_t days = iv->us / CALENDAR_DAY, rest = iv->us % CALENDAR_DAY;
    if (rest < 0) {
        rest += CALENDAR_DAY;
        days--;
    }
    days += (int64_t)iv->months * MONTH_DAYS + iv->days;
    to = put_u64(to, (uint64_t)days ^ sign_bit);
    return put_u64(to, (uint64_t)rest);
}

uint32_t key_write(const ds_col *const *cols, const ds_type *types, uint32_t n,
                   uint32_t row, uint8_t *to)
{
    uint8_t *start = to;
    for (uint32_t i = 0; i < n; i++) {
        const ds_col *c = cols[i];
        if (ds_col_is_null(c, row)) {
            *to++ = KEY_NULL;
            continue;
        }
        *to++ = KEY_VALUE;
        switch (ds_type_phys(types[i])) {
        case DS_PHYS_BOOL:
            *to++ = c->v.b[row] != 0;
            break;
        case DS_PHYS_I64:
            to = put_u64(to, (uint64_t)c->v.i64[row] ^ sign_bit);
            break;
        case DS_PHYS_F64:
            to = put_u64(to, order_f64(c->v.f64[row]));
            break;
        case DS_PHYS_NUM:
            to += numeric_key(&c->v.num[row], to);
            break;
        case DS_PHYS_IV:
            to = put_interval(to, &c->v.iv[row]);
            break;
        case DS_PHYS_SLICE:
            to = put_bytes(to, c->v.str[row], i + 1 == n);
            break;
        }
    }
    return (uint32_t)(to - start);
}

/* One row of a column: a value that key_write() can take, at row 0. */
static ds_col key_cell(const ds_col *c, ds_type type, uint32_t row, ds_arena *a)
{
    static const uint64_t none = 0;
    ds_col cell = {0};
    if (ds_col_is_null(c, row)) {
        cell.valid = &none;
        return cell;
    }
    cell.v.p = (const uint8_t *)c->v.p + row * ds_type_size(type);
    if (key_needs_plain(type)) {
        ds_value *v = ds_new(a, ds_value, 1);
        v->s = *cell.v.str;
        ds_value_plain(type, v, a);
        cell.v.p = v;
    }
    return cell;
}

ds_slice ds_key_encode(const ds_col *cols, const ds_type *types, uint32_t n,
                       uint32_t row, ds_arena *a)
{
    const ds_col **list = ds_new(a, const ds_col *, n);
    ds_col *cells = ds_new(a, ds_col, n);
    for (uint32_t c = 0; c < n; c++) {
        cells[c] = key_cell(&cols[c], types[c], row, a);
        list[c] = &cells[c];
    }
    size_t bound = key_bound(list, types, n, 0);
    DS_BUG_ON(bound > UINT32_MAX);
    uint8_t *to = ds_arena_alloc(a, bound, 1);
    return (ds_slice){to, key_write(list, types, n, 0, to)};
}

/* The bytes of text or bytea up to its end mark, or all when it is the last
 * column. */
static bool take_bytes(ds_slice *rest, bool last, ds_arena *a, ds_slice *out)
{
    if (last) {
        *out = *rest;
        *rest = (ds_slice){rest->ptr + rest->len, 0};
        return true;
    }
    uint32_t end = 0, escapes = 0;
    for (;;) {
        const uint8_t *zero =
            memchr(rest->ptr + end, 0, (size_t)(rest->len - end));
        if (!zero || zero + 1 == rest->ptr + rest->len)
            return false;
        end = (uint32_t)(zero - rest->ptr);
        if (zero[1] == 0x01)
            break;
        if (zero[1] != 0xff)
            return false;
        escapes++;
        end += 2;
    }
    *out = (ds_slice){rest->ptr, end};
    if (escapes) {
        uint8_t *to = ds_arena_alloc(a, end - escapes, 1);
        uint32_t n = 0;
        for (uint32_t i = 0; i < end; i++) {
            to[n++] = rest->ptr[i];
            i += rest->ptr[i] == 0; /* 0xff */
        }
        *out = (ds_slice){to, n};
    }
    *rest = (ds_slice){rest->ptr + end + 2, rest->len - end - 2};
    return true;
}

/* Whether it is a value, and one that equal values would have been encoded
 * as. */
static bool is_key_value(ds_type type, ds_slice s, ds_arena *a)
{
    ds_value v = {.s = s};
    if (!ds_value_valid(type, s))
        return false;
    if (!key_needs_plain(type))
        return true;
    ds_value_plain(type, &v, a);
    return ds_slice_eq(v.s, s);
}

static int32_t to_int32(int64_t v)
{
    return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
}

static bool take_interval(int64_t days, uint64_t rest, ds_interval *out)
{
    if (rest >= (uint64_t)CALENDAR_DAY || days != days % (1ll << 40))
        return false;
    ds_interval iv = {.months = to_int32(days / MONTH_DAYS)};
    days -= (int64_t)iv.months * MONTH_DAYS;
    iv.days = to_int32(days);
    if (__builtin_mul_overflow(days - iv.days, CALENDAR_DAY, &iv.us) ||
        __builtin_add_overflow(iv.us, (int64_t)rest, &iv.us))
        return false;
    *out = interval_plain(&iv);
    return true;
}

static bool take_f64(uint64_t order, double *out)
{
    *out = unorder_f64(order);
    return order_f64(*out) == order;
}

/* One value after its tag; `to` is where the column holds it. */
static bool take_value(ds_slice *rest, ds_type type, bool last, bool trusted,
                       ds_arena *a, void *to)
{
    ds_phys phys = ds_type_phys(type);
    if (phys == DS_PHYS_SLICE) {
        ds_slice s;
        if (!take_bytes(rest, last, a, &s))
            return false;
        memcpy(to, &s, sizeof(s));
        return trusted || is_key_value(type, s, a);
    }
    if (phys == DS_PHYS_NUM) {
        uint32_t n = numeric_from_key(rest->ptr, rest->len, to);
        *rest = (ds_slice){rest->ptr + n, rest->len - n};
        return n > 0;
    }
    uint32_t size = (uint32_t)ds_type_size(type);
    if (rest->len < size)
        return false;
    const uint8_t *p = rest->ptr;
    *rest = (ds_slice){p + size, rest->len - size};
    if (phys == DS_PHYS_BOOL) {
        memcpy(to, p, 1);
        return p[0] <= 1;
    }
    uint64_t v = get_u64(p);
    if (phys == DS_PHYS_F64)
        return take_f64(v, to);
    v ^= sign_bit;
    if (phys == DS_PHYS_IV)
        return take_interval((int64_t)v, get_u64(p + sizeof(v)), to);
    memcpy(to, &v, sizeof(v));
    return trusted || ds_fixed_valid(type, to);
}

/* Where keys are read to. */
struct target {
    const ds_type *types;
    uint32_t n;
    bool trusted;
    ds_arena *arena;
    uint8_t **values; /* per column */
    uint64_t **valid;
};

static bool key_read_one(const struct target *t, ds_slice key, uint32_t row)
{
    ds_slice rest = key;
    for (uint32_t c = 0; c < t->n; c++) {
        if (rest.len == 0)
            return false;
        uint8_t tag = rest.ptr[0];
        rest = (ds_slice){rest.ptr + 1, rest.len - 1};
        if (tag == KEY_NULL)
            continue;
        void *to = t->values[c] + row * ds_type_size(t->types[c]);
        if (tag != KEY_VALUE || !take_value(&rest, t->types[c], c + 1 == t->n,
                                            t->trusted, t->arena, to))
            return false;
        ds_bit_set(t->valid[c], row);
    }
    return rest.len == 0;
}

bool key_read(const ds_slice *keys, uint32_t n_keys, const ds_type *types,
              uint32_t n, bool trusted, ds_arena *a, ds_col *out)
{
    struct target t = {types,
                       n,
                       trusted,
                       a,
                       ds_new(a, uint8_t *, n),
                       ds_new(a, uint64_t *, n)};
    for (uint32_t c = 0; c < n; c++) {
        t.values[c] = ds_arena_alloc(a, n_keys * ds_type_size(types[c]), 8);
        t.valid[c] = ds_bits_new(a, n_keys, false);
    }
    for (uint32_t row = 0; row < n_keys; row++)
        if (!keys[row].ptr || !key_read_one(&t, keys[row], row))
            return false;
    for (uint32_t c = 0; c < n; c++) {
        out[c].valid = t.valid[c];
        out[c].v.p = t.values[c];
    }
    return true;
}

bool ds_key_decode(const ds_slice *keys, uint32_t n_keys, const ds_type *types,
                   uint32_t n, ds_arena *a, ds_col *out)
{
    return key_read(keys, n_keys, types, n, false, a, out);
}

void ds_key_fit(const ds_schema *key, ds_col *cols, uint32_t n, ds_arena *a)
{
    const char *code;
    for (uint32_t c = 0; c < key->n; c++) {
        const ds_field *f = &key->fields[c];
        bool nested = (uint32_t)f->type >= DS_N_BASE_TYPES;
        if (!nested && (f->type != DS_NUM || f->mod == 0))
            continue;
        size_t size = ds_type_size(f->type);
        uint8_t *to = ds_arena_alloc(a, n * size + 1, 8);
        for (uint32_t i = 0; i < n; i++) {
            if (ds_col_is_null(&cols[c], i))
                continue;
            ds_value v = ds_col_value(&cols[c], f->type, i);
            ds_value_fit(f->type, f->mod, a, &v, &code);
            memcpy(to + i * size, &v, size);
        }
        cols[c].v.p = to;
    }
}
