/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_typename.c - types as they are written, with what stands in brackets.
 */
#include <stdarg.h>
#include <stdio.h>

#include "expr/check.h"
#include "expr/typmod.h"

typedef struct type_word {
    const char *name; /* PostgreSQL's own, as its grammar gives it */
    ds_type type;
} type_word;

static const type_word type_words[] = {
    {"bool", DS_BOOL},
    {"int2", DS_I16},
    {"int4", DS_I32},
    {"int8", DS_I64},
    {"float4", DS_F32},
    {"float8", DS_F64},
    {"numeric", DS_NUM},
    {"text", DS_STR},
    {"varchar", DS_STR},
    {"bytea", DS_BYTES},
    {"date", DS_DATE},
    {"time", DS_TIME},
    {"timestamp", DS_TIMESTAMP},
    {"timestamptz", DS_TS},
    {"interval", DS_IV},
    {"uuid", DS_UUID},
    {"jsonb", DS_JSON},
};

/* PostgreSQL's, but not ours; what to take instead. */
static const struct {
    const char *name, *hint;
} type_others[] = {
    {"json", "jsonb is supported"},
    {"bpchar", "text and varchar(n) are supported"},
    {"char", "text and varchar(n) are supported"},
    {"name", "text is supported"},
    {"timetz", "time and timestamptz are supported"},
    {"money", "numeric is supported"},
    {"bit", "bytea is supported"},
    {"varbit", "bytea is supported"},
    {"xml", NULL},
    {"oid", NULL},
    {"inet", NULL},
    {"cidr", NULL},
    {"macaddr", NULL},
    {"macaddr8", NULL},
    {"point", NULL},
    {"line", NULL},
    {"lseg", NULL},
    {"box", NULL},
    {"path", NULL},
    {"polygon", NULL},
    {"circle", NULL},
    {"tsvector", NULL},
    {"tsquery", NULL},
    {"int4range", NULL},
    {"int8range", NULL},
    {"numrange", NULL},
    {"tsrange", NULL},
    {"tstzrange", NULL},
    {"daterange", NULL},
    {"jsonpath", NULL},
    {"record", NULL},
    {"regclass", NULL},
    {"regtype", NULL},
};

typedef struct reading {
    const ds_text *text;
    ds_diags *diags;
    const ds_typename *t;
} reading;

static bool refuse(const reading *r, const char *code, const char *hint,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static bool refuse(const reading *r, const char *code, const char *hint,
                   const char *fmt, ...)
{
    char msg[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    ds_diag_add(r->diags, DS_ERROR, code,
                ds_text_where(r->text, r->t->at, r->t->len), hint, "%s", msg);
    return false;
}

static bool unknown_type(const reading *r)
{
    const char *array = r->t->array ? "[]" : "";
    for (size_t i = 0; i < sizeof type_others / sizeof *type_others; i++)
        if (strcmp(type_others[i].name, r->t->name) == 0)
            return refuse(r, "E0304", type_others[i].hint,
                          "type %s%s is not supported", r->t->name, array);
    return refuse(r, "E0303",
                  "there are boolean, smallint, integer, bigint, real, double "
                  "precision, numeric, text, bytea, date, time, timestamp, "
                  "timestamptz, interval, uuid, jsonb and arrays of them",
                  "type \"%s%s\" does not exist", r->t->name, array);
}

/* ---- brackets ---- */

static bool numeric_mod(const reading *r, int32_t *mod)
{
    const ds_typename *t = r->t;
    int32_t p = t->mods[0], s = t->n_mods > 1 ? t->mods[1] : 0;
    if (p < 1 || p > 1000)
        return refuse(r, "E0303", NULL,
                      "NUMERIC precision %d must be between 1 and 1000", p);
    if (s < -1000 || s > 1000)
        return refuse(r, "E0303", NULL,
                      "NUMERIC scale %d must be between -1000 and 1000", s);
    *mod = ds_mod_numeric(p, s);
    return true;
}

static bool varchar_mod(const reading *r, int32_t *mod)
{
    enum { MOST = 10485760 };
    int32_t n = r->t->mods[0];
    if (n < 1)
        return refuse(r, "E0303", NULL,
                      "length for type varchar must be at least 1");
    if (n > MOST)
        return refuse(r, "E0303", NULL,
                      "length for type varchar cannot exceed %d", MOST);
    *mod = ds_mod_varchar(n);
    return true;
}

/* More than microseconds are microseconds. */
static int32_t digits_of(int32_t n)
{
    return n > 6 ? 6 : n;
}

static bool interval_mod(const reading *r, int32_t *mod)
{
    const ds_typename *t = r->t;
    int32_t mask = t->mods[0] & TYPMOD_ALL_FIELDS;
    int32_t digits = t->n_mods > 1 ? digits_of(t->mods[1]) : TYPMOD_ALL_DIGITS;
    if (mask != TYPMOD_ALL_FIELDS || digits != TYPMOD_ALL_DIGITS)
        *mod = (mask << 16 | digits) + 1;
    return true;
}

static bool type_mod(const reading *r, ds_type type, int32_t *mod)
{
    const ds_typename *t = r->t;
    uint32_t most = type == DS_NUM || type == DS_IV ? 2 : 1;
    *mod = 0;
    if (t->n_mods == 0)
        return true;
    if (t->n_mods > 2 && type == DS_NUM)
        return refuse(r, "E0303", NULL, "invalid NUMERIC type modifier");
    if (t->odd_mods)
        return refuse(r, "E0303", NULL,
                      "type modifiers must be simple constants or identifiers");
    bool varchar = strcmp(t->name, "varchar") == 0;
    bool time = type == DS_TIME || type == DS_TIMESTAMP || type == DS_TS;
    if (!varchar && !time && type != DS_NUM && type != DS_IV)
        return refuse(r, "E0303", NULL,
                      "type modifier is not allowed for type \"%s\"", t->name);
    if (t->n_mods > most)
        return refuse(r, "E0303", NULL, "invalid type modifier of %s", t->name);
    if (type == DS_NUM)
        return numeric_mod(r, mod);
    if (type == DS_IV)
        return interval_mod(r, mod);
    if (varchar)
        return varchar_mod(r, mod);
    *mod = digits_of(t->mods[0]) + 1;
    return true;
}

bool check_type_name(const ds_text *text, ds_diags *d, const ds_typename *t,
                     ds_type *type, int32_t *mod)
{
    const reading r = {text, d, t};
    if (t->setof)
        return refuse(&r, "E0304", NULL, "SETOF and %%TYPE are not supported");
    for (size_t i = 0; i < sizeof type_words / sizeof *type_words; i++) {
        if (strcmp(type_words[i].name, t->name) != 0)
            continue;
        *type = type_words[i].type;
        if (!type_mod(&r, *type, mod))
            return false;
        if (t->array)
            *type = ds_array_type(*type);
        return true;
    }
    return unknown_type(&r);
}

ds_type check_type_word(const char *name)
{
    for (size_t i = 0; i < sizeof type_words / sizeof *type_words; i++)
        if (strcmp(type_words[i].name, name) == 0)
            return type_words[i].type;
    return DS_NONE;
}

/* ---- types of columns ---- */

ds_rc ds_type_parse(const ds_text *text, ds_diags *d, ds_field *out)
{
    ds_typename t;
    ds_type type = DS_NONE;
    int32_t mod = 0;
    bool not_null = false;
    ds_arena *a = ds_arena_new(4096);
    ds_rc rc = ds_parse_type(text, a, d, &t, &not_null);
    if (rc == DS_OK && !check_type_name(text, d, &t, &type, &mod))
        rc = DS_E_CONFIG;
    ds_arena_free(a);
    if (rc == DS_OK) {
        out->type = type;
        out->mod = mod;
        out->not_null = not_null;
    }
    return rc;
}
