/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_value.h - a JSON value that has been walked, to a value of a column.
 */
#ifndef CODEC_JSON_VALUE_H
#define CODEC_JSON_VALUE_H

#include "codec/json_walk.h"
#include "record/nested.h"

enum { JSON_SHOWN = 64 }; /* bytes of a bad value in a message */

/* Where a value stands: a field, or an item of the array above it. */
typedef struct json_path {
    const struct json_path *up; /* NULL: a column */
    const char *name;           /* NULL: an item */
    uint32_t item;              /* counted from 1 */
} json_path;

/* Values of one batch being read. */
typedef struct json_reader {
    ds_arena *arena;
    bool strict;       /* a field that is none of the row's is an error */
    const char *error; /* what was wrong with the last value; in the arena */

    uint8_t *unescaped; /* room for the unescaped text of all records that are
                           left; NULL: none was needed so far */
    size_t room;        /* how much that is */

    /* Elements and fields of the values that are open: a stack. */
    ds_value *values;
    bool *nulls;
    uint32_t n, cap;
} json_reader;

/* A value that is there to `out`. `f`: its type, and what it may be. False:
 * r->error says why. */
bool json_value(json_reader *r, const ds_field *f, const json_path *path,
                const json_cell *cell, ds_value *out);
/* Any text that should be JSON as jsonb; the same. */
bool json_any(json_reader *r, ds_slice text, ds_value *out);
/* False, with the error of a value that must be there. */
bool json_null_error(json_reader *r, const json_path *path);

#endif
