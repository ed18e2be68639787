/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help.h - what can be called, for people: `dstream help NAME` and
 * docs/functions.md.
 */
#ifndef EXPR_HELP_H
#define EXPR_HELP_H

#include "dstream/slice.h"

typedef struct ds_func_help {
    const char *name;
    const char *family; /* "Numbers": a heading */
    const char *form; /* "lpad(text, integer) → text", "text || text → text" */
    const char *help;    /* a line; NULL: as the one before of this name */
    const char *example; /* an expression that is true, or NULL */
    bool op;             /* an operator */
    bool aggregate;      /* its example is about func_agg.c's four rows */
    bool set;            /* returns a set: its example is an item of flatMap */
} ds_func_help;

/* Entry i of the table, in `a`; false past the last one. Entries that nobody
 * can name have name NULL. */
bool ds_func_help_at(uint32_t i, ds_arena *a, ds_func_help *out);

#endif
