/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.h - random columns and their comparison, for the tests of this folder.
 */
#ifndef TESTS_RECORD_VALUES_H
#define TESTS_RECORD_VALUES_H

#include <math.h>
#include <stdlib.h>

#include "record/builder.h"
#include "record/jsonb.h"
#include "record/nested.h"
#include "record/numeric.h"

/* Every type that a column may have: those of the table, an array of any of
 * them, a row of two, an array of such rows. */
static const ds_type value_types[] = {
    DS_BOOL,  DS_I16,  DS_I32,  DS_I64,       DS_F32, DS_F64, DS_NUM,  DS_STR,
    DS_BYTES, DS_DATE, DS_TIME, DS_TIMESTAMP, DS_TS,  DS_IV,  DS_UUID, DS_JSON};
enum { N_VALUE_TYPES = sizeof value_types / sizeof *value_types };

static inline ds_type random_type(void)
{
    ds_type base = value_types[rand() % N_VALUE_TYPES];
    if (rand() % 3)
        return base;
    ds_field fields[] = {{"a", base, 0, false},
                         {"b", value_types[rand() % N_VALUE_TYPES], 0, false}};
    ds_type row = ds_row_type(&(ds_schema){2, fields});
    return rand() % 2 ? ds_array_type(rand() % 2 ? base : row) : row;
}

/* Bytes of keys and their values have the same order. */
static inline bool type_is_ordered(ds_type t)
{
    return (uint32_t)t < DS_N_BASE_TYPES && t != DS_JSON;
}

static inline ds_slice random_slice(ds_arena *a, bool text)
{
    static const char *const pieces[] = {"a",        "b", "\x01",
                                         "\xc3\xa9", "~", "\xf0\x9f\x98\x80"};
    static const uint8_t bytes[] = {0, 1, 2, 0xff, 'a'};
    uint8_t *p = ds_arena_alloc(a, 64, 1);
    uint32_t n = 0;
    for (int k = rand() % 6; k > 0; k--) {
        if (text) {
            const char *piece = pieces[rand() % 6];
            memcpy(p + n, piece, strlen(piece));
            n += (uint32_t)strlen(piece);
        } else {
            p[n++] = bytes[rand() % 5];
        }
    }
    return (ds_slice){p, n};
}

static inline int64_t random_int(int64_t low, int64_t high)
{
    uint64_t bits =
        (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
    int64_t near = rand() % 7 - 3;
    if (rand() % 2)
        return near < low ? low : near;
    return low + (int64_t)(bits % ((uint64_t)high - (uint64_t)low));
}

static inline ds_numeric random_numeric(void)
{
    static const ds_numeric odd[] = {{0, 0, 0, 1}, {0, 0, 0, -1}, {0, 0, 0, 2}};
    numeric_int v = rand() % 7 - 3;
    if (rand() % 20 == 0)
        return odd[rand() % 3];
    for (int k = rand() % 8; k > 0; k--)
        v = v * 1000 + rand() % 1000;
    return numeric_of(v * (rand() % 3 ? 1 : 1000), rand() % 9);
}

static inline ds_slice random_json(ds_arena *a)
{
    static const char *const texts[] = {"1",
                                        "1.0",
                                        "1.00",
                                        "null",
                                        "\"a\"",
                                        "[1, 2.50]",
                                        "[1.0,2.5]",
                                        "{}",
                                        "{\"b\":1,\"a\":2}",
                                        "{\"a\":2.0,\"b\":1.0}",
                                        "true",
                                        "\"\\u0001\\n\""};
    ds_slice out = {0};
    const char *why;
    jsonb_parse(ds_slice_of(texts[rand() % 12]), a, &out, &why);
    return out;
}

static inline void random_value(ds_arena *a, ds_type type, ds_value *v);

static inline ds_slice random_nested(ds_arena *a, ds_type type)
{
    const ds_schema *fields = ds_row_fields(type);
    uint32_t n = fields ? fields->n : (uint32_t)rand() % 4;
    ds_value values[4];
    bool nulls[4];
    for (uint32_t i = 0; i < n; i++) {
        nulls[i] = rand() % 5 == 0;
        random_value(a, fields ? fields->fields[i].type : ds_type_elem(type),
                     &values[i]);
    }
    return fields ? row_make(type, values, nulls, a)
                  : array_make(ds_type_elem(type), values, nulls, n, a);
}

/* Values that are near each other, or equal in other words, and far apart. */
static inline void random_value(ds_arena *a, ds_type type, ds_value *v)
{
    static const double doubles[] = {
        0, -0.0, 1, -1, 0.5, -0.5, 1e30, -1e30, 1e-30, HUGE_VAL, -HUGE_VAL};
    static const int64_t day = 86400000000;
    *v = (ds_value){.i = 0};
    switch (type) {
    case DS_BOOL:
        v->b = rand() % 2;
        break;
    case DS_F32:
    case DS_F64:
        v->f = doubles[rand() % 11];
        if (type == DS_F32)
            v->f = (double)(float)v->f;
        break;
    case DS_NUM:
        v->num = random_numeric();
        break;
    case DS_STR:
    case DS_BYTES:
        v->s = random_slice(a, type == DS_STR);
        break;
    case DS_IV:
        v->iv = (ds_interval){rand() % 3 * day + rand() % 3 - 1,
                              rand() % 61 - 30, rand() % 3 - 1};
        break;
    case DS_UUID:
        v->s = (ds_slice){ds_arena_alloc(a, 16, 1), 16};
        memset((uint8_t *)(uintptr_t)v->s.ptr, rand() % 3, 16);
        break;
    case DS_JSON:
        v->s = random_json(a);
        break;
    case DS_I16:
        v->i = random_int(INT16_MIN, INT16_MAX);
        break;
    case DS_I32:
        v->i = random_int(INT32_MIN, INT32_MAX);
        break;
    case DS_DATE:
        v->i = rand() % 9 ? random_int(-100000, 100000) : INT64_MAX;
        break;
    case DS_TIME:
        v->i = random_int(0, day);
        break;
    case DS_I64:
    case DS_TIMESTAMP:
    case DS_TS:
        v->i = random_int(INT64_MIN, INT64_MAX);
        break;
    default:
        v->s = random_nested(a, type);
    }
}

static inline ds_col random_col(ds_arena *a, ds_type type, uint32_t n)
{
    ds_col_builder b;
    ds_col_builder_init(&b, type, a, rand() % 2 ? n : 1);
    for (uint32_t i = 0; i < n; i++) {
        ds_value v;
        if (rand() % 5 == 0) {
            ds_col_builder_add_null(&b);
        } else {
            random_value(a, type, &v);
            ds_col_builder_add(&b, &v);
        }
    }
    return ds_col_builder_done(&b);
}

/* The order of values; NULL first. */
static inline int value_cmp(ds_type type, const ds_col *x, uint32_t i,
                            const ds_col *y, uint32_t k)
{
    bool xn = ds_col_is_null(x, i), yn = ds_col_is_null(y, k);
    if (xn || yn)
        return yn - xn;
    ds_value v = ds_col_value(x, type, i), w = ds_col_value(y, type, k);
    return ds_value_cmp(type, &v, &w);
}

static inline int sign(int v)
{
    return (v > 0) - (v < 0);
}

#endif
