/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.c - what can be named in a query: tables with their columns.
 */
#include "query/names.h"

static names one_table(const char *table, names_col *cols, uint32_t n,
                       ds_arena *a)
{
    names out = {.tables = ds_new(a, names_table, 1),
                 .n_tables = 1,
                 .cols = cols,
                 .n_cols = n};
    out.tables[0] = (names_table){table, cols, n, false};
    return out;
}

names names_of(const ds_schema *s, const char *table, const char *const *cols,
               uint32_t n_cols, ds_arena *a)
{
    names_col *list = ds_new(a, names_col, s->n + 1);
    for (uint32_t i = 0; i < s->n; i++)
        list[i] = (names_col){i < n_cols ? cols[i] : s->fields[i].name, i};
    return one_table(table, list, s->n, a);
}

names names_alias(const names *n, const char *table, const char *const *cols,
                  uint32_t n_cols, ds_arena *a)
{
    names_col *list = ds_new(a, names_col, n->n_cols + 1);
    for (uint32_t i = 0; i < n->n_cols; i++) {
        list[i] = n->cols[i];
        if (i < n_cols)
            list[i].name = cols[i];
    }
    return one_table(table, list, n->n_cols, a);
}

static names_col *shifted(names_col *to, const names_col *from, uint32_t n,
                          uint32_t shift)
{
    for (uint32_t i = 0; i < n; i++)
        *to++ = (names_col){from[i].name, from[i].col + shift};
    return to;
}

names names_both(const names *x, const names *y, uint32_t shift, ds_arena *a)
{
    names_col *cols = ds_new(a, names_col, x->n_cols + y->n_cols + 1);
    names out = {.tables =
                     ds_new(a, names_table, x->n_tables + y->n_tables + 1),
                 .n_tables = x->n_tables + y->n_tables,
                 .cols = cols,
                 .n_cols = x->n_cols + y->n_cols};
    shifted(shifted(cols, x->cols, x->n_cols, 0), y->cols, y->n_cols, shift);
    for (uint32_t i = 0; i < x->n_tables; i++)
        out.tables[i] = x->tables[i];
    for (uint32_t i = 0; i < y->n_tables; i++) {
        const names_table *t = &y->tables[i];
        names_col *list = ds_new(a, names_col, t->n + 1);
        shifted(list, t->cols, t->n, shift);
        out.tables[x->n_tables + i] =
            (names_table){t->name, list, t->n, t->scalar};
    }
    return out;
}

static bool is_one_of(const char *name, const char *const *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

void names_merge(names *n, const char *const *with, const uint32_t *merged,
                 uint32_t n_with, ds_arena *a)
{
    names_col *cols = ds_new(a, names_col, n->n_cols + n_with + 1);
    uint32_t k = 0;
    for (uint32_t i = 0; i < n_with; i++)
        cols[k++] = (names_col){with[i], merged[i]};
    for (uint32_t i = 0; i < n->n_cols; i++)
        if (!is_one_of(n->cols[i].name, with, n_with))
            cols[k++] = n->cols[i];
    n->cols = cols;
    n->n_cols = k;
}

int names_find(const names_col *cols, uint32_t n, const char *name)
{
    int found = NAMES_NONE;
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(cols[i].name, name) != 0)
            continue;
        if (found >= 0)
            return NAMES_AMBIGUOUS;
        found = (int)cols[i].col;
    }
    return found;
}

const names_table *names_table_of(const names *n, const char *table,
                                  bool *twice)
{
    const names_table *found = NULL;
    *twice = false;
    for (uint32_t i = 0; i < n->n_tables; i++) {
        if (!n->tables[i].name || strcmp(n->tables[i].name, table) != 0)
            continue;
        *twice = found != NULL;
        found = &n->tables[i];
    }
    return found;
}
