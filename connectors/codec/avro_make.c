/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_make.c - the Avro schema of columns.
 *
 *     smallint, integer  int             date          int date
 *     bigint             long            time          long time-micros
 *     real, double       float, double   timestamp     long
 * local-timestamp-micros numeric(p,s)       bytes decimal   timestamptz   long
 * timestamp-micros numeric            decimal(38,9)   interval      fixed(12)
 * duration text, varchar      string          uuid          string uuid bytea
 * bytes           jsonb         string T[]                array of ["null", T]
 *     rows               records, named after their column
 *
 * A column that may be NULL is ["null", T] with the default null.
 */
#include "codec/avro_write.h"

enum { PRECISION = 38, SCALE = 9 };

struct maker {
    ds_buf b;
    const char *record; /* full name of the outermost */
    bool duration;      /* the fixed is defined */
    ds_err *err;
};

static bool put_type(struct maker *m, const ds_field *f, const char *record);

static bool put_fields(struct maker *m, const ds_schema *row,
                       const char *record)
{
    const char *dot = strrchr(record, '.');

    ds_buf_printf(&m->b, "{\"type\":\"record\",\"name\":\"%s\"",
                  dot ? dot + 1 : record);
    if (dot)
        ds_buf_printf(&m->b, ",\"namespace\":\"%.*s\"", (int)(dot - record),
                      record);
    ds_buf_str(&m->b, ",\"fields\":[");
    for (uint32_t i = 0; i < row->n; i++) {
        const ds_field *f = &row->fields[i];

        if (!avro_is_name(f->name))
            return ds_fail(m->err, DS_E_CONFIG,
                           "column \"%.80s\" cannot be a field of an Avro "
                           "record: rename it to letters, digits and _",
                           f->name) == DS_OK;
        ds_buf_printf(&m->b, "%s{\"name\":\"%s\",\"type\":", i ? "," : "",
                      f->name);
        if (!put_type(m, f,
                      ds_str_printf(m->b.arena, "%s_%s", record, f->name)))
            return false;
        ds_buf_str(&m->b, f->not_null ? "}" : ",\"default\":null}");
    }
    ds_buf_str(&m->b, "]}");
    return true;
}

static const char *plain_type(ds_type type)
{
    switch (type) {
    case DS_BOOL:
        return "\"boolean\"";
    case DS_I16:
    case DS_I32:
        return "\"int\"";
    case DS_I64:
        return "\"long\"";
    case DS_F32:
        return "\"float\"";
    case DS_F64:
        return "\"double\"";
    case DS_STR:
    case DS_JSON:
        return "\"string\"";
    case DS_BYTES:
        return "\"bytes\"";
    case DS_DATE:
        return "{\"type\":\"int\",\"logicalType\":\"date\"}";
    case DS_TIME:
        return "{\"type\":\"long\",\"logicalType\":\"time-micros\"}";
    case DS_TIMESTAMP:
        return "{\"type\":\"long\",\"logicalType\":\"local-timestamp-micros\"}";
    case DS_TS:
        return "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}";
    case DS_UUID:
        return "{\"type\":\"string\",\"logicalType\":\"uuid\"}";
    default:
        return NULL;
    }
}

static void put_decimal(struct maker *m, int32_t mod)
{
    int32_t precision = mod ? ds_mod_precision(mod) : PRECISION;
    int32_t scale = mod ? ds_mod_scale(mod) : SCALE;

    /* numeric(2,-3) has five digits before the point. */
    if (scale < 0) {
        precision -= scale;
        scale = 0;
    }
    if (precision < scale)
        precision = scale;
    ds_buf_printf(&m->b,
                  "{\"type\":\"bytes\",\"logicalType\":\"decimal\","
                  "\"precision\":%d,\"scale\":%d}",
                  precision, scale);
}

/* A fixed has a name, which can be defined once. */
static void put_duration(struct maker *m)
{
    if (m->duration)
        ds_buf_printf(&m->b, "\"%s_duration\"", m->record);
    else
        ds_buf_printf(&m->b,
                      "{\"type\":\"fixed\",\"name\":\"%s_duration\","
                      "\"size\":12,\"logicalType\":\"duration\"}",
                      m->record);
    m->duration = true;
}

static bool put_just(struct maker *m, const ds_field *f, const char *record)
{
    ds_type elem = ds_type_elem(f->type);
    const char *plain = plain_type(f->type);
    const ds_schema *row = ds_row_fields(f->type);

    if (plain) {
        ds_buf_str(&m->b, plain);
    } else if (f->type == DS_NUM) {
        put_decimal(m, f->mod);
    } else if (f->type == DS_IV) {
        put_duration(m);
    } else if (elem != DS_NONE) {
        ds_field item = {.name = f->name, .type = elem, .mod = f->mod};

        ds_buf_str(&m->b, "{\"type\":\"array\",\"items\":");
        if (!put_type(m, &item, record))
            return false;
        ds_buf_str(&m->b, "}");
    } else if (row) {
        return put_fields(m, row, record);
    } else {
        return ds_fail(m->err, DS_E_CONFIG,
                       "column \"%.80s\" of type %s has no Avro type", f->name,
                       ds_type_name(f->type)) == DS_OK;
    }
    return true;
}

static bool put_type(struct maker *m, const ds_field *f, const char *record)
{
    if (!f->not_null)
        ds_buf_str(&m->b, "[\"null\",");
    if (!put_just(m, f, record))
        return false;
    if (!f->not_null)
        ds_buf_str(&m->b, "]");
    return true;
}

static bool is_record_name(const char *s)
{
    const char *dot = strchr(s, '.');
    char part[513];

    for (; dot; s = dot + 1, dot = strchr(s, '.')) {
        if ((size_t)(dot - s) >= sizeof(part))
            return false;
        memcpy(part, s, (size_t)(dot - s));
        part[dot - s] = 0;
        if (!avro_is_name(part))
            return false;
    }
    return avro_is_name(s);
}

ds_rc avro_schema_make(const ds_schema *columns, const char *record, bool value,
                       ds_arena *a, ds_slice *out, ds_err *err)
{
    struct maker m = {.record = record, .err = err};
    bool ok;

    if (!is_record_name(record))
        return ds_fail(err, DS_E_CONFIG,
                       "\"%.80s\" is no name of an Avro record", record);
    ds_buf_init(&m.b, a, 512);
    ok = value && columns->n == 1 ? put_type(&m, columns->fields, record)
                                  : put_fields(&m, columns, record);
    if (!ok)
        return DS_E_CONFIG;
    *out = (ds_slice){(const uint8_t *)m.b.s, m.b.len};
    return DS_OK;
}
