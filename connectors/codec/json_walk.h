/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_walk.h - one pass over a JSON object: checks all of it, and finds the
 * values of the columns.
 */
#ifndef CODEC_JSON_WALK_H
#define CODEC_JSON_WALK_H

#include "codec/json_shim.h"
#include "dstream/batch.h"

enum { JSON_MAX_DEPTH = 64 };

typedef enum json_kind {
    JSON_MISSING,
    JSON_NULL,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_OBJECT,
    JSON_ARRAY
} json_kind;

/* "null", "boolean", ... */
const char *json_kind_name(json_kind kind);

/* A value as it stands in the text. */
typedef struct json_cell {
    json_kind kind;
    bool escaped; /* string: has escapes; number: no integer */
    ds_slice raw; /* a string without its quotes, a number, or all of an array
                     or object */
} json_cell;

/* The field that the last record had in this place: most have it again. */
enum { JSON_SEEN = 64, JSON_SEEN_NAME = 56 };
typedef struct json_seen {
    int32_t col; /* -1: no column */
    uint32_t len;
    uint8_t name[JSON_SEEN_NAME]; /* as it stands in the text */
} json_seen;

typedef struct json_walk {
    json_index *index;
    const ds_schema *columns;
    const ds_slice *names; /* of the columns */
    bool strict;           /* a field that is no column is an error */

    ds_slice text;
    const uint32_t *at; /* where tokens begin */
    uint32_t n_at, next;
    uint32_t end;     /* of the last token */
    bool plain;       /* no backslash in the text */
    uint32_t quotes;  /* in the text, if it is plain */
    uint32_t strings; /* walked so far */
    json_seen seen[JSON_SEEN];
    char error[200]; /* what is wrong, after json_walk_object() failed */
} json_walk;

/* cells[0..columns->n) from the text of an object; of a field that comes
 * several times the last one. False: w->error says why. */
bool json_walk_object(json_walk *w, ds_slice text, json_cell *cells);

/* The characters of a string that has been walked; `to` has room for
 * raw.len bytes. Returns how many there are. */
uint32_t json_unescape(ds_slice raw, uint8_t *to);

#endif
