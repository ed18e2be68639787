/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.h - random columns and their comparison, for the tests of this folder.
 */
#ifndef TESTS_RECORD_VALUES_H
#define TESTS_RECORD_VALUES_H

#include <math.h>
#include <stdlib.h>

#include "record/builder.h"

static const ds_type value_types[] = {DS_BOOL, DS_I64, DS_F64,
                                      DS_TS,   DS_STR, DS_BYTES};

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

/* Values that are near each other and far apart. */
static inline void random_value(ds_arena *a, ds_type type, void *to)
{
    static const double doubles[] = {
        0, 1, -1, 0.5, -0.5, 1e300, -1e300, 5e-324, HUGE_VAL, -HUGE_VAL, 0.1};
    uint64_t bits =
        (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
    switch (type) {
    case DS_BOOL:
        *(uint8_t *)to = rand() % 2;
        break;
    case DS_F64:
        *(double *)to = doubles[rand() % 11];
        break;
    case DS_STR:
    case DS_BYTES:
        *(ds_slice *)to = random_slice(a, type == DS_STR);
        break;
    default:
        *(int64_t *)to = rand() % 2 ? rand() % 7 - 3 : (int64_t)bits;
        break;
    }
}

static inline ds_col random_col(ds_arena *a, ds_type type, uint32_t n)
{
    ds_col_builder b;
    ds_col_builder_init(&b, type, a, rand() % 2 ? n : 1);
    for (uint32_t i = 0; i < n; i++) {
        union {
            int64_t i64;
            double f64;
            ds_slice s;
        } v;
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
    switch (type) {
    case DS_BOOL:
        return x->v.b[i] - y->v.b[k];
    case DS_F64:
        return (x->v.f64[i] > y->v.f64[k]) - (x->v.f64[i] < y->v.f64[k]);
    case DS_STR:
    case DS_BYTES:
        return ds_slice_cmp(x->v.str[i], y->v.str[k]);
    default:
        return (x->v.i64[i] > y->v.i64[k]) - (x->v.i64[i] < y->v.i64[k]);
    }
}

static inline int sign(int v)
{
    return (v > 0) - (v < 0);
}

#endif
