/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show.h - values as text: PostgreSQL's output for a type (what `::text`
 * gives with DateStyle ISO and time zone UTC), JSON, and back.
 */
#ifndef RECORD_SHOW_H
#define RECORD_SHOW_H

#include "dstream/batch.h"

/* A growing string in an arena. */
typedef struct ds_buf {
    ds_arena *arena;
    char *s;
    uint32_t len, cap;
} ds_buf;
void ds_buf_init(ds_buf *b, ds_arena *a, uint32_t expect);
/* Called by the next one. */
void ds_buf_grow(ds_buf *b, uint32_t n);
/* Where n more bytes can be written; the caller adds to `len`. */
static inline char *ds_buf_room(ds_buf *b, uint32_t n)
{
    if (n > b->cap - b->len)
        ds_buf_grow(b, n);
    return b->s + b->len;
}
static inline void ds_buf_add(ds_buf *b, const void *p, uint32_t n)
{
    if (!n)
        return;
    memcpy(ds_buf_room(b, n), p, n);
    b->len += n;
}
void ds_buf_str(ds_buf *b, const char *s);
void ds_buf_printf(ds_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* PostgreSQL's text of value `row`; not called for NULL. Booleans are "true"
 * and "false" as with ::text, bytea \x.., double the shortest that reads back
 * equal, timestamptz "2026-01-01 10:00:00+00". */
void ds_show_text(ds_buf *b, ds_type type, const ds_col *c, uint32_t row);
/* JSON (contract.md 2.3, 8.12): exact integers, shortest doubles, "NaN" and
 * "Infinity" as strings, timestamptz RFC 3339 with Z, bytea "\\x..", NULL null.
 */
void ds_show_json(ds_buf *b, ds_type type, const ds_col *c, uint32_t row);
/* A JSON string with its quotes. */
void ds_show_json_str(ds_buf *b, ds_slice s);
/* A name in quotes, as SQL takes it. */
const char *ds_show_name(const char *name, ds_arena *a);
/* A row as Spark's toString of what it prints or saves: (be,2), or a single
 * value by itself; null for NULL. */
void ds_show_tuple(ds_buf *b, const ds_schema *s, const ds_col *cols,
                   uint32_t row);
/* A batch as Spark's print() shows it: a head with its time, rows that each end
 * their line, and whether there are more. */
void ds_show_printed(ds_buf *b, ds_time time, ds_slice rows, bool more);
/* A row as a JSON object. */
void ds_show_json_row(ds_buf *b, const ds_schema *s, const ds_col *cols,
                      uint32_t row);
/* The record key of a row (contract.md 8.3): one column: its text (NULL: a null
 * slice; bytea: its bytes); several: a JSON object in key order. Equal values
 * have equal keys: 1.0 and 1.00 are "1" unless their column is numeric(p,s). */
ds_slice ds_show_key(const ds_schema *s, const ds_col *cols,
                     const uint16_t *key, uint32_t n_key, uint32_t row,
                     ds_arena *a);
bool ds_utf8_valid(ds_slice s); /* also: no NUL byte is not checked here */

#endif
