/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_types.c - what Avro's types are in SQL.
 */
#include <stdlib.h>

#include "codec/avro_program.h"

enum {
    NEST_MAX = 16,
    COLUMNS_MAX = 1600,
    EXPANDED_MAX = 5000, /* fields of a column, those of rows inside too */
};

ds_type avro_logical_type(avro_logical l)
{
    switch (l) {
    case AVRO_DECIMAL:
        return DS_NUM;
    case AVRO_UUID:
        return DS_UUID;
    case AVRO_DATE:
        return DS_DATE;
    case AVRO_TIME_MS:
    case AVRO_TIME_US:
        return DS_TIME;
    case AVRO_TS_MS:
    case AVRO_TS_US:
        return DS_TS;
    case AVRO_LOCAL_MS:
    case AVRO_LOCAL_US:
        return DS_TIMESTAMP;
    case AVRO_DURATION:
        return DS_IV;
    case AVRO_PLAIN:
        break;
    }
    return DS_NONE;
}

/* The records that a type stands in, innermost first. */
struct inside {
    const avro_type *record;
    const struct inside *next;
    uint32_t depth;
};

static ds_type sql_type(const avro_type *t, int32_t *mod, bool *nullable,
                        const struct inside *in);

const avro_type *avro_nullable_of(const avro_type *t)
{
    if (t->kind != AVRO_KIND_UNION || t->n != 2)
        return NULL;
    if (t->items[0]->kind == AVRO_KIND_NULL)
        return t->items[1];
    return t->items[1]->kind == AVRO_KIND_NULL ? t->items[0] : NULL;
}

/* Counts the fields that a type's rows have when each is written out: a schema
 * may name a record many times in each of many records. False: too many. */
static bool few_fields(const avro_type *t, const struct inside *in,
                       uint32_t *left)
{
    struct inside here = {t, in, in ? in->depth + 1 : 1};
    const avro_type *just = avro_nullable_of(t);

    if (just)
        return few_fields(just, in, left);
    if (t->kind == AVRO_KIND_UNION && t->n == 1)
        return few_fields(t->items[0], in, left);
    if (here.depth > NEST_MAX)
        return true;
    if (t->kind == AVRO_KIND_ARRAY)
        return few_fields(t->items[0], &here, left);
    for (; in; in = in->next)
        if (in->record == t)
            return true;
    for (uint32_t i = 0; i < t->n && t->kind == AVRO_KIND_RECORD; i++)
        if ((*left)-- == 0 || !few_fields(t->fields[i].type, &here, left))
            return false;
    return true;
}

static ds_type row_type(const avro_type *t, const struct inside *in)
{
    struct inside here = {t, in, in ? in->depth + 1 : 1};
    ds_schema row = {t->n, NULL};
    ds_field *fields;
    ds_type type;

    for (; in; in = in->next)
        if (in->record == t)
            return DS_JSON;
    if (here.depth > NEST_MAX || t->n == 0 || t->n > COLUMNS_MAX)
        return DS_JSON;
    fields = calloc(t->n, sizeof(*fields));
    DS_BUG_ON(!fields);
    for (uint32_t i = 0; i < t->n; i++) {
        bool nullable;

        fields[i].name = t->fields[i].name;
        fields[i].type =
            sql_type(t->fields[i].type, &fields[i].mod, &nullable, &here);
    }
    row.fields = fields;
    type = ds_row_type(&row);
    free(fields);
    return type;
}

/* Of a column as a whole. */
static ds_type column_type(const avro_type *t, int32_t *mod, bool *nullable,
                           const struct inside *in)
{
    uint32_t left = EXPANDED_MAX;

    if (few_fields(t, in, &left))
        return sql_type(t, mod, nullable, in);
    *mod = 0;
    *nullable = avro_nullable_of(t) != NULL;
    return DS_JSON;
}

static ds_type sql_type(const avro_type *t, int32_t *mod, bool *nullable,
                        const struct inside *in)
{
    static const ds_type plain[] = {
        [AVRO_KIND_NULL] = DS_STR,    [AVRO_KIND_BOOLEAN] = DS_BOOL,
        [AVRO_KIND_INT] = DS_I32,     [AVRO_KIND_LONG] = DS_I64,
        [AVRO_KIND_FLOAT] = DS_F32,   [AVRO_KIND_DOUBLE] = DS_F64,
        [AVRO_KIND_BYTES] = DS_BYTES, [AVRO_KIND_STRING] = DS_STR,
        [AVRO_KIND_FIXED] = DS_BYTES, [AVRO_KIND_ENUM] = DS_STR};
    struct inside here = {NULL, in, in ? in->depth + 1 : 1};
    const avro_type *just = avro_nullable_of(t);
    bool ignored;
    ds_type elem;

    *mod = 0;
    *nullable = just || t->kind == AVRO_KIND_NULL;
    if (just)
        return sql_type(just, mod, &ignored, in);
    if (t->logical == AVRO_DECIMAL)
        *mod = ds_mod_numeric(t->precision, t->scale);
    if (t->logical != AVRO_PLAIN)
        return avro_logical_type(t->logical);
    switch (t->kind) {
    case AVRO_KIND_RECORD:
        return row_type(t, in);
    case AVRO_KIND_ARRAY:
        if (here.depth > NEST_MAX)
            return DS_JSON;
        elem = sql_type(t->items[0], mod, &ignored, &here);
        return ds_type_elem(elem) == DS_NONE ? ds_array_type(elem)
                                             : (*mod = 0, DS_JSON);
    case AVRO_KIND_UNION:
        if (t->n == 1)
            return sql_type(t->items[0], mod, nullable, in);
        for (uint32_t i = 0; i < t->n; i++)
            *nullable |= t->items[i]->kind == AVRO_KIND_NULL;
        return DS_JSON;
    case AVRO_KIND_MAP:
        return DS_JSON;
    default:
        return plain[t->kind];
    }
}

ds_type avro_sql_type(const avro_type *t, int32_t *mod, bool *nullable)
{
    return column_type(t, mod, nullable, NULL);
}

ds_rc avro_columns(const avro_type *t, ds_arena *a, const ds_schema **out,
                   ds_err *err)
{
    uint32_t n = t->kind == AVRO_KIND_RECORD ? t->n : 1;
    ds_schema *s = ds_new(a, ds_schema, 1);
    ds_field *f = ds_new(a, ds_field, n + 1);

    if (n == 0 || n > COLUMNS_MAX)
        return ds_fail(err, DS_E_CONFIG,
                       "%s has %u fields; a source has 1 to %d columns",
                       avro_type_show(t, a), n, COLUMNS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        struct inside top = {t, NULL, 1};
        bool record = t->kind == AVRO_KIND_RECORD, nullable;

        f[i].name = record ? t->fields[i].name : "value";
        f[i].type = column_type(record ? t->fields[i].type : t, &f[i].mod,
                                &nullable, record ? &top : NULL);
        f[i].not_null = !nullable;
    }
    *s = (ds_schema){n, f};
    *out = s;
    return DS_OK;
}
