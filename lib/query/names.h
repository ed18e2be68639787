/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h - what can be named in a query: tables with their columns.
 */
#ifndef QUERY_NAMES_H
#define QUERY_NAMES_H

#include "dstream/batch.h"

typedef struct names_col {
    const char *name;
    uint32_t col; /* of the layout */
} names_col;

typedef struct names_table {
    const char *name; /* NULL: none */
    const names_col *cols;
    uint32_t n;
    bool scalar; /* of a function that gives one value: `name` alone is it */
} names_table;

typedef struct names {
    names_table *tables;
    uint32_t n_tables;
    const names_col *cols; /* without a table's name: what * stands for */
    uint32_t n_cols;
} names;

enum { NAMES_NONE = -1, NAMES_AMBIGUOUS = -2 };

/* The columns of a relation under one name. `cols` renames the first n. */
names names_of(const ds_schema *s, const char *table, const char *const *cols,
               uint32_t n_cols, ds_arena *a);
/* All of x, then y; `shift` is added to y's columns. */
names names_both(const names *x, const names *y, uint32_t shift, ds_arena *a);
/* The same columns under another name, and under it only. */
names names_alias(const names *n, const char *table, const char *const *cols,
                  uint32_t n_cols, ds_arena *a);
/* USING (with): its columns first, numbers `merged`, then the others. */
void names_merge(names *n, const char *const *with, const uint32_t *merged,
                 uint32_t n_with, ds_arena *a);
/* A column, NAMES_NONE or NAMES_AMBIGUOUS. */
int names_find(const names_col *cols, uint32_t n, const char *name);
/* NULL: none. *twice: there are two of this name. */
const names_table *names_table_of(const names *n, const char *table,
                                  bool *twice);

#endif
