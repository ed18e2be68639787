/* SPDX-License-Identifier: Apache-2.0 */
/*
 * type.c - what is known of a type, and the types that jobs make: arrays and
 * rows.
 *
 * A row type is the position of its fields in a table that only grows, block by
 * block; readers take no lock. Beside it stand the fields as columns declare
 * them, with what must not be NULL.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "dstream/batch.h"
#include "record/show.h"

enum {
    ARRAY_BIT = 1 << 24,
    FIRST_ROW = 1 << 16,
    BLOCK = 1024,
    BLOCKS = 4096,
};

static_assert((uint32_t)DS_ARRAY_OF(0) == ARRAY_BIT,
              "tables of functions know array types");

static const struct {
    const char *name, *array;
} types[DS_N_BASE_TYPES] = {
#define TYPE(name)                                                             \
    {                                                                          \
        name, name "[]"                                                        \
    }
    [DS_NONE] = TYPE("unknown"),
    [DS_BOOL] = TYPE("boolean"),
    [DS_I16] = TYPE("smallint"),
    [DS_I32] = TYPE("integer"),
    [DS_I64] = TYPE("bigint"),
    [DS_F32] = TYPE("real"),
    [DS_F64] = TYPE("double precision"),
    [DS_NUM] = TYPE("numeric"),
    [DS_STR] = TYPE("text"),
    [DS_BYTES] = TYPE("bytea"),
    [DS_DATE] = TYPE("date"),
    [DS_TIME] = TYPE("time without time zone"),
    [DS_TIMESTAMP] = TYPE("timestamp without time zone"),
    [DS_TS] = TYPE("timestamp with time zone"),
    [DS_IV] = TYPE("interval"),
    [DS_UUID] = TYPE("uuid"),
    [DS_JSON] = TYPE("jsonb"),
#undef TYPE
};

typedef struct row_type {
    ds_schema fields;
    uint64_t hash;
    const char *name, *array;
} row_type;

typedef struct row_table {
    _Atomic uint32_t n;
    row_type *blocks[BLOCKS];
    /* Where to look for given fields: number + 1, by hash; for writers. */
    uint32_t *slots, mask;
} row_table;

static pthread_mutex_t rows_lock = PTHREAD_MUTEX_INITIALIZER;
static ds_arena *rows_arena;
static row_table rows, declared;

static const row_type *table_get(row_table *t, uint32_t i)
{
    return &t->blocks[i / BLOCK][i % BLOCK];
}

static const row_type *row_find(ds_type t)
{
    uint32_t i = (uint32_t)t & ~(uint32_t)ARRAY_BIT;
    if (i < FIRST_ROW || i - FIRST_ROW >= atomic_load(&rows.n))
        return NULL;
    return table_get(&rows, i - FIRST_ROW);
}

const char *ds_type_name(ds_type t)
{
    bool array = (uint32_t)t & ARRAY_BIT;
    uint32_t base = (uint32_t)t & ~(uint32_t)ARRAY_BIT;
    const row_type *row = row_find(t);
    if (row)
        return array ? row->array : row->name;
    if (base >= DS_N_BASE_TYPES)
        return "???";
    return array ? types[base].array : types[base].name;
}

ds_type ds_array_type(ds_type elem)
{
    DS_BUG_ON((uint32_t)elem & ARRAY_BIT);
    return (ds_type)((uint32_t)elem | ARRAY_BIT);
}

ds_type ds_type_elem(ds_type t)
{
    if (!((uint32_t)t & ARRAY_BIT))
        return DS_NONE;
    return (ds_type)((uint32_t)t & ~(uint32_t)ARRAY_BIT);
}

/* ---- rows ---- */

/* A type that is a row or an array of rows: what its `mod` says is no part of
 * the type. */
static bool is_rows(ds_type t)
{
    return row_find(t) != NULL;
}

static uint64_t fields_hash(const ds_schema *s)
{
    uint64_t h = s->n;
    for (uint32_t i = 0; i < s->n; i++) {
        const ds_field *f = &s->fields[i];
        uint64_t parts[4] = {h, ds_hash(f->name, strlen(f->name)),
                             (uint64_t)f->type << 32 | (uint32_t)f->mod,
                             f->not_null};
        h = ds_hash(parts, sizeof parts);
    }
    return h;
}

static bool same_fields(const ds_schema *a, const ds_schema *b)
{
    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (a->fields[i].type != b->fields[i].type ||
            a->fields[i].mod != b->fields[i].mod ||
            a->fields[i].not_null != b->fields[i].not_null ||
            strcmp(a->fields[i].name, b->fields[i].name) != 0)
            return false;
    return true;
}

static void table_rehash(row_table *t, uint32_t n)
{
    t->mask = t->slots ? 2 * t->mask + 1 : 255;
    t->slots = ds_new(rows_arena, uint32_t, (size_t)t->mask + 1);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = (uint32_t)table_get(t, i)->hash & t->mask;
        while (t->slots[at])
            at = (at + 1) & t->mask;
        t->slots[at] = i + 1;
    }
}

static void row_names(row_type *row)
{
    ds_buf name;
    ds_buf_init(&name, rows_arena, 64);
    ds_buf_str(&name, "row(");
    for (uint32_t i = 0; i < row->fields.n; i++) {
        const ds_field *f = &row->fields.fields[i];
        ds_buf_printf(&name, "%s%s %s", i ? ", " : "", f->name,
                      ds_type_name(f->type));
    }
    ds_buf_add(&name, ")", 2);
    row->name = name.s;
    row->array = ds_str_printf(rows_arena, "%s[]", name.s);
}

static void table_add(row_table *t, uint32_t n, const ds_schema *from,
                      uint64_t hash)
{
    DS_BUG_ON(n == BLOCK * BLOCKS);
    if (n % BLOCK == 0)
        t->blocks[n / BLOCK] = ds_new(rows_arena, row_type, BLOCK);
    row_type *row = &t->blocks[n / BLOCK][n % BLOCK];
    ds_field *fields = ds_new(rows_arena, ds_field, from->n + 1);
    for (uint32_t i = 0; i < from->n; i++) {
        fields[i] = from->fields[i];
        fields[i].name = ds_str_copy(rows_arena, from->fields[i].name);
    }
    row->fields = (ds_schema){from->n, fields};
    row->hash = hash;
    row_names(row);
    atomic_store(&t->n, n + 1);
}

/* The number of these fields, which are added if they are new. */
static uint32_t table_number(row_table *t, const ds_schema *fields)
{
    uint64_t hash = fields_hash(fields);
    pthread_mutex_lock(&rows_lock);
    if (rows_arena == NULL)
        rows_arena = ds_arena_new(4096);
    uint32_t n = atomic_load(&t->n), found = n;
    if (t->slots == NULL || n > t->mask / 2)
        table_rehash(t, n);
    uint32_t at = (uint32_t)hash & t->mask;
    for (; t->slots[at] && found == n; at = (at + 1) & t->mask) {
        const row_type *row = table_get(t, t->slots[at] - 1);
        if (row->hash == hash && same_fields(&row->fields, fields))
            found = t->slots[at] - 1;
    }
    if (found == n) {
        table_add(t, n, fields, hash);
        t->slots[at] = n + 1;
    }
    pthread_mutex_unlock(&rows_lock);
    return found;
}

ds_type ds_row_type(const ds_schema *fields)
{
    ds_arena *a = ds_arena_new(1024);
    ds_field *plain = ds_new(a, ds_field, fields->n + 1);
    for (uint32_t i = 0; i < fields->n; i++) {
        plain[i] = fields->fields[i];
        plain[i].not_null = false;
        if (is_rows(plain[i].type))
            plain[i].mod = 0;
    }
    uint32_t i = table_number(&rows, &(ds_schema){fields->n, plain});
    ds_arena_free(a);
    return (ds_type)(FIRST_ROW + i);
}

const ds_schema *ds_row_fields(ds_type t)
{
    if ((uint32_t)t & ARRAY_BIT)
        return NULL;
    const row_type *row = row_find(t);
    return row ? &row->fields : NULL;
}

int32_t ds_mod_row(const ds_schema *fields)
{
    for (uint32_t i = 0; i < fields->n; i++) {
        const ds_field *f = &fields->fields[i];
        if (f->not_null || (f->mod && is_rows(f->type)))
            return (int32_t)table_number(&declared, fields) + 1;
    }
    return 0;
}

const ds_schema *ds_row_declared(ds_type t, int32_t mod)
{
    uint32_t i = (uint32_t)mod - 1;
    if (mod <= 0 || i >= atomic_load(&declared.n))
        return ds_row_fields(t);
    return &table_get(&declared, i)->fields;
}
