/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nested.h - the bytes of arrays and rows.
 *
 *     array   u32 n, n > 0 or nothing at all: an empty array has no bytes
 *             null bitmap, one bit per element (1: NULL), rounded up
 *             per element that is not NULL: its value
 *     row     null bitmap, one bit per field (1: NULL), rounded up
 *             per field that is not NULL: its value
 *
 *     value   as rowfmt.h writes it: fixed size, or u32 length and bytes
 *
 * Numbers are little-endian. Elements of fixed size lie side by side, so that
 * element i of an array without NULLs is found at once.
 */
#ifndef RECORD_NESTED_H
#define RECORD_NESTED_H

#include "record/show.h"

/* A value of any type, by its ds_phys. */
typedef union ds_value {
    uint8_t b;
    int64_t i;
    double f;
    ds_slice s;
    ds_numeric num;
    ds_interval iv;
} ds_value;

static inline ds_value ds_col_value(const ds_col *c, ds_type type, uint32_t row)
{
    ds_value v = {.i = 0};
    size_t size = ds_type_size(type);
    memcpy(&v, (const uint8_t *)c->v.p + row * size, size);
    return v;
}

/* Walks an array or a row. */
typedef struct nested_iter {
    const uint8_t *nulls, *p, *end;
    uint32_t i, n;
    ds_type type;            /* of the elements */
    const ds_schema *fields; /* of a row, else NULL */
} nested_iter;
nested_iter nested_begin(ds_type type, ds_slice v);
/* False at the end. *type may be NULL. */
bool nested_next(nested_iter *it, ds_type *type, bool *null, ds_value *out);

uint32_t array_count(ds_slice v);
/* Element i, counted from 0. False: it is NULL or not there. */
bool array_get(ds_type elem, ds_slice v, uint32_t i, ds_value *out);
/* Field i of a row. False: it is NULL. */
bool row_get(ds_type row, ds_slice v, uint32_t i, ds_value *out);
/* The bytes that an array or a row of these values takes: more than 4 GiB
 * cannot be made. */
size_t nested_size(ds_type type, const ds_value *values, const bool *nulls,
                   uint32_t n);
/* nulls[i] (may be NULL) or values[i]. */
ds_slice array_make(ds_type elem, const ds_value *values, const bool *nulls,
                    uint32_t n, ds_arena *a);
/* The elements of x, then those of y, of one type; may be x or y. */
ds_slice array_concat(ds_slice x, ds_slice y, ds_arena *a);
ds_slice row_make(ds_type row, const ds_value *values, const bool *nulls,
                  ds_arena *a);

/* Whether bytes from outside are a value of this type. */
bool nested_valid(ds_type type, ds_slice v);
/* PostgreSQL's order: -1, 0, 1. NULL elements equal each other and come last.
 */
int nested_cmp(ds_type type, ds_slice a, ds_slice b);
/* Any two values of a type that has an order (btree operators); the one place
 * that knows how values compare. */
int ds_value_cmp(ds_type type, const ds_value *a, const ds_value *b);
/* Equal values in equal form, so that they have equal bytes and texts: for
 * keys. nested_plain() gives v itself where nothing changes. */
void ds_value_plain(ds_type type, ds_value *v, ds_arena *a);
/* Whether that ever changes a value of the type. */
bool ds_type_has_plain(ds_type type);
ds_slice nested_plain(ds_type type, ds_slice v, ds_arena *a);
/* array_out, record_out; array_in. */
void nested_show(ds_buf *b, ds_type type, ds_slice v);
/* As ds_show_json() shows its elements and fields: lists and objects. */
void nested_show_json(ds_buf *b, ds_type type, ds_slice v);
/* NULL, or PostgreSQL's message; *code is E0702 or what an element said. */
const char *array_parse(ds_type elem, int32_t mod, ds_slice text, ds_arena *a,
                        ds_slice *out, const char **code);
/* record_in, as array_parse(). */
const char *row_parse(ds_type row, ds_slice text, ds_arena *a, ds_slice *out,
                      const char **code);

#endif
