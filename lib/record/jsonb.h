/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonb.h - jsonb values.
 *
 * A value is the text that PostgreSQL's jsonb_out writes, and only that: keys
 * sorted by length, then bytes, each once (the last one wins), ": " and ", "
 * as separators, numbers as numeric_out writes them (all digits kept, also
 * those past 38), strings with the escapes that jsonb_out uses. So ::text costs
 * nothing, a part of a value is a slice of it, and equal texts are equal
 * values; 1.0 and 1 are equal too, though their texts are not.
 *
 * jsonb_parse() is the only way in from outside; the walkers trust the text.
 */
#ifndef RECORD_JSONB_H
#define RECORD_JSONB_H

#include "record/show.h"

enum { JSONB_DEPTH = 512 }; /* levels; PostgreSQL's stack allows about 6000 */

typedef enum jsonb_kind {
    JSONB_NULL,
    JSONB_FALSE,
    JSONB_TRUE,
    JSONB_NUMBER,
    JSONB_STRING,
    JSONB_ARRAY,
    JSONB_OBJECT,
} jsonb_kind;

/* Any JSON text to jsonb. False: *why is PostgreSQL's message (in `a`, or
 * static), with its DETAIL: "invalid input syntax for type json: Token \"x\" is
 * invalid.", "value overflows numeric format", ... Linear in time and memory;
 * no recursion. */
bool jsonb_parse(ds_slice text, ds_arena *a, ds_slice *out, const char **why);

/* Whether bytes are such a value: for what comes back from a topic. */
bool jsonb_valid(ds_slice v);

static inline jsonb_kind jsonb_kind_of(ds_slice v)
{
    switch (v.ptr[0]) {
    case 'n':
        return JSONB_NULL;
    case 'f':
        return JSONB_FALSE;
    case 't':
        return JSONB_TRUE;
    case '"':
        return JSONB_STRING;
    case '[':
        return JSONB_ARRAY;
    case '{':
        return JSONB_OBJECT;
    default:
        return JSONB_NUMBER;
    }
}

/* The members of an array or object, in order. */
typedef struct jsonb_iter {
    const uint8_t *p, *end;
    bool object;
} jsonb_iter;
jsonb_iter jsonb_begin(ds_slice container);
/* False at the end. `key` (NULL allowed): as it stands, with its quotes. */
bool jsonb_next(jsonb_iter *it, ds_slice *key, ds_slice *value);

/* The member with this (unescaped) key, or element `i` (negative: from the
 * end); a null slice if there is none or v is no such container. */
ds_slice jsonb_member(ds_slice v, ds_slice key);
ds_slice jsonb_element(ds_slice v, int64_t i);
uint32_t jsonb_count(ds_slice container);
/* Whether a string value (or a key, with its quotes) is this text. */
bool jsonb_string_is(ds_slice v, ds_slice text);
/* The text of a string value, without quotes and escapes: points into v if it
 * has none. */
ds_slice jsonb_unescape(ds_slice v, ds_arena *a);
/* As ->>: strings unescaped, null a null slice, others their text. */
ds_slice jsonb_text(ds_slice v, ds_arena *a);
/* PostgreSQL's order of jsonb (compareJsonbContainers). */
int jsonb_cmp(ds_slice a, ds_slice b);
/* Two numbers, two strings: -1, 0, 1. */
int jsonb_number_cmp(ds_slice a, ds_slice b);
int jsonb_string_cmp(ds_slice a, ds_slice b);
/* The order of keys in an object; with their quotes. */
int jsonb_key_cmp(ds_slice a, ds_slice b);
/* With numbers as numeric_plain() writes them: equal values are equal bytes
 * (keys, hashes). Points to v if nothing changes. */
ds_slice jsonb_plain(ds_slice v, ds_arena *a);
/* A text as a jsonb string, with jsonb_out's escapes. */
void jsonb_add_string(ds_buf *b, ds_slice text);

/* Any value as jsonb (to_jsonb): NULL is null, numbers are numbers, times are
 * ISO 8601, arrays and rows are arrays and objects, others their text. */
void jsonb_add_value(ds_buf *b, ds_type type, const ds_col *c, uint32_t row);
/* A value, not NULL, as the (unescaped) key of an object: "1.50", "true". */
void jsonb_add_key(ds_buf *b, ds_type type, const ds_col *c, uint32_t row);
/* Whether what was made of other values has at most JSONB_DEPTH levels. */
bool jsonb_depth_ok(ds_slice v);

/* Objects are sorted when they end: collect keys and values, then write. */
typedef struct jsonb_pair {
    ds_slice key;   /* unescaped */
    ds_slice value; /* jsonb */
} jsonb_pair;
/* In any order; the last of equal keys wins. */
void jsonb_add_object(ds_buf *b, const jsonb_pair *pairs, uint32_t n);

#endif
