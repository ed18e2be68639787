/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag.h - the mistakes of a file, all at once, each where it stands.
 *
 *     job.yaml:18:31: error[E0201]: syntax error at or near "AND"
 *        18 |       - filter: price > 0 AND AND page <> ''
 *           |                               ^^^ a hint
 *
 * A ds_text is a text plus where it came from: expressions are checked long
 * after the YAML was read, and their mistakes are reported at the file's line
 * and column, also inside quoted and block scalars.
 */
#ifndef DSTREAM_DIAG_H
#define DSTREAM_DIAG_H

#include <stdarg.h>
#include <stdio.h>

#include "dstream/public.h"
#include "dstream/slice.h"

DS_PUBLIC_BEGIN

/* A place in a file: lines and columns count from 1, columns in characters. */
typedef struct ds_where {
    const char *file; /* as the user gave it; NULL: none */
    uint32_t line, col;
    uint32_t len; /* characters to underline; 0 counts as 1 */
} ds_where;

/* From byte `at` of the text on, positions are line:col + (characters since
 * `at`). A text of one line has one segment; a block scalar one per line; an
 * escape sequence or a substituted variable starts a new one. */
typedef struct ds_text_seg {
    uint32_t at;
    uint32_t line, col;
} ds_text_seg;

typedef struct ds_text {
    const char *s; /* NUL-terminated UTF-8; NULL: not given */
    uint32_t len;
    const char *file;
    uint32_t n_segs; /* 0: came from no file */
    const ds_text_seg *segs;
} ds_text;

/* A text that came from no file. */
ds_text ds_text_of(const char *s);
/* Where byte `offset` of the text stands; `len` bytes from there. */
ds_where ds_text_where(const ds_text *t, uint32_t offset, uint32_t len);

typedef enum ds_severity { DS_ERROR, DS_WARNING } ds_severity;

typedef struct ds_diag {
    ds_severity severity;
    const char *code; /* "E0201" */
    ds_where where;
    const char *msg;
    const char *hint; /* NULL: none */
} ds_diag;

typedef struct ds_diags {
    ds_arena *arena;
    ds_diag *list;
    uint32_t n, cap;
    uint32_t errors;   /* of severity DS_ERROR; the same one again counts too */
    ds_where *unknown; /* ds_diags_unknown() */
    uint32_t n_unknown;
} ds_diags;

void ds_diags_init(ds_diags *d, ds_arena *a);
/* `hint` may be NULL. Copies everything. At most 200 are kept. */
void ds_diag_add(ds_diags *d, ds_severity severity, const char *code,
                 ds_where where, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* The same with the arguments of `fmt` in a list. */
void ds_diag_addv(ds_diags *d, ds_severity severity, const char *code,
                  ds_where where, const char *hint, const char *fmt,
                  va_list args) __attribute__((format(printf, 6, 0)));
/* Nobody knows what stands there, and why has been said: what else is said of
 * it counts, but is not kept. */
void ds_diags_unknown(ds_diags *d, ds_where where);
/* Sorted by file, line, column; `source` (the file's bytes; may be null) gives
 * the quoted line. */
void ds_diags_show(ds_diags *d, ds_slice source, FILE *to);

DS_PUBLIC_END

#endif
