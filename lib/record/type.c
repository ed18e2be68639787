/* SPDX-License-Identifier: Apache-2.0 */
/*
 * type.c - what is known of a type, and the types that jobs make: arrays and
 * rows.
 *
 * A row type is the position of its fields in a table that only grows; readers
 * take no lock.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "dstream/batch.h"
#include "record/show.h"

enum { ARRAY_BIT = 1 << 24, FIRST_ROW = 1 << 16, MAX_ROWS = 4096 };

static const struct {
    const char *name, *array;
    ds_phys phys;
} types[DS_N_BASE_TYPES] = {
#define TYPE(name, phys)                                                       \
    {                                                                          \
        name, name "[]", phys                                                  \
    }
    [DS_NONE] = TYPE("unknown", DS_PHYS_SLICE),
    [DS_BOOL] = TYPE("boolean", DS_PHYS_BOOL),
    [DS_I16] = TYPE("smallint", DS_PHYS_I64),
    [DS_I32] = TYPE("integer", DS_PHYS_I64),
    [DS_I64] = TYPE("bigint", DS_PHYS_I64),
    [DS_F32] = TYPE("real", DS_PHYS_F64),
    [DS_F64] = TYPE("double precision", DS_PHYS_F64),
    [DS_NUM] = TYPE("numeric", DS_PHYS_NUM),
    [DS_STR] = TYPE("text", DS_PHYS_SLICE),
    [DS_BYTES] = TYPE("bytea", DS_PHYS_SLICE),
    [DS_DATE] = TYPE("date", DS_PHYS_I64),
    [DS_TIME] = TYPE("time without time zone", DS_PHYS_I64),
    [DS_TIMESTAMP] = TYPE("timestamp without time zone", DS_PHYS_I64),
    [DS_TS] = TYPE("timestamp with time zone", DS_PHYS_I64),
    [DS_IV] = TYPE("interval", DS_PHYS_IV),
    [DS_UUID] = TYPE("uuid", DS_PHYS_SLICE),
    [DS_JSON] = TYPE("jsonb", DS_PHYS_SLICE),
#undef TYPE
};

typedef struct row_type {
    ds_schema fields;
    const char *name, *array;
} row_type;

static pthread_mutex_t rows_lock = PTHREAD_MUTEX_INITIALIZER;
static ds_arena *rows_arena;
static row_type *rows[MAX_ROWS];
static _Atomic uint32_t n_rows;

static const row_type *row_find(ds_type t)
{
    uint32_t i = (uint32_t)t & ~(uint32_t)ARRAY_BIT;
    if (i < FIRST_ROW || i - FIRST_ROW >= atomic_load(&n_rows))
        return NULL;
    return rows[i - FIRST_ROW];
}

ds_phys ds_type_phys(ds_type t)
{
    return (uint32_t)t < DS_N_BASE_TYPES ? types[t].phys : DS_PHYS_SLICE;
}

size_t ds_type_size(ds_type t)
{
    static const size_t sizes[] = {
        [DS_PHYS_BOOL] = sizeof(uint8_t),   [DS_PHYS_I64] = sizeof(int64_t),
        [DS_PHYS_F64] = sizeof(double),     [DS_PHYS_NUM] = sizeof(ds_numeric),
        [DS_PHYS_IV] = sizeof(ds_interval), [DS_PHYS_SLICE] = sizeof(ds_slice),
    };
    return t == DS_NONE ? 0 : sizes[ds_type_phys(t)];
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

static bool same_fields(const ds_schema *a, const ds_schema *b)
{
    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (a->fields[i].type != b->fields[i].type ||
            a->fields[i].mod != b->fields[i].mod ||
            strcmp(a->fields[i].name, b->fields[i].name) != 0)
            return false;
    return true;
}

static row_type *row_new(const ds_schema *from)
{
    if (rows_arena == NULL)
        rows_arena = ds_arena_new(4096);
    row_type *row = ds_new(rows_arena, row_type, 1);
    ds_field *fields = ds_new(rows_arena, ds_field, from->n + 1);
    ds_buf name;
    ds_buf_init(&name, rows_arena, 64);
    for (uint32_t i = 0; i < from->n; i++) {
        fields[i] = from->fields[i];
        fields[i].not_null = false;
        fields[i].name = ds_str_copy(rows_arena, from->fields[i].name);
        ds_buf_printf(&name, "%s%s %s", i ? ", " : "row(", fields[i].name,
                      ds_type_name(fields[i].type));
    }
    ds_buf_add(&name, ")", 2);
    row->fields = (ds_schema){from->n, fields};
    row->name = name.s;
    row->array = ds_str_printf(rows_arena, "%s[]", name.s);
    return row;
}

ds_type ds_row_type(const ds_schema *fields)
{
    pthread_mutex_lock(&rows_lock);
    uint32_t i = 0, n = atomic_load(&n_rows);
    while (i < n && !same_fields(&rows[i]->fields, fields))
        i++;
    if (i == n) {
        DS_BUG_ON(n == MAX_ROWS);
        rows[n] = row_new(fields);
        atomic_store(&n_rows, n + 1);
    }
    pthread_mutex_unlock(&rows_lock);
    return (ds_type)(FIRST_ROW + i);
}

const ds_schema *ds_row_fields(ds_type t)
{
    if ((uint32_t)t & ARRAY_BIT)
        return NULL;
    const row_type *row = row_find(t);
    return row ? &row->fields : NULL;
}
