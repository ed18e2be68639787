/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_schema.c - the JSON of a schema to types.
 *
 * Defaults may name types that come later, so they are encoded at the end
 * (avro_default.c).
 */
#include "codec/avro_schema.h"

#include <jansson.h>
#include <stdlib.h>

#include "codec/avro_default.h"

enum { NAME_MAX_BYTES = 512, FIXED_MAX = 1 << 24, REFERENCES_MAX = 100 };

static const char *const kind_names[] = {
    "null",   "boolean", "int",  "long",   "float", "double", "bytes",
    "string", "fixed",   "enum", "record", "array", "map",    "union"};

static const struct {
    const char *name;
    avro_logical logical;
    unsigned kinds; /* bits by avro_kind */
    uint32_t size;  /* of a fixed; 0: any */
} logicals[] = {
    {"decimal", AVRO_DECIMAL, 1 << AVRO_KIND_BYTES | 1 << AVRO_KIND_FIXED, 0},
    {"uuid", AVRO_UUID, 1 << AVRO_KIND_STRING | 1 << AVRO_KIND_FIXED, 16},
    {"date", AVRO_DATE, 1 << AVRO_KIND_INT, 0},
    {"time-millis", AVRO_TIME_MS, 1 << AVRO_KIND_INT, 0},
    {"time-micros", AVRO_TIME_US, 1 << AVRO_KIND_LONG, 0},
    {"timestamp-millis", AVRO_TS_MS, 1 << AVRO_KIND_LONG, 0},
    {"timestamp-micros", AVRO_TS_US, 1 << AVRO_KIND_LONG, 0},
    {"local-timestamp-millis", AVRO_LOCAL_MS, 1 << AVRO_KIND_LONG, 0},
    {"local-timestamp-micros", AVRO_LOCAL_US, 1 << AVRO_KIND_LONG, 0},
    {"duration", AVRO_DURATION, 1 << AVRO_KIND_FIXED, 12},
};
#define N_LOGICALS (sizeof(logicals) / sizeof(*logicals))

/* A default that is still JSON. */
struct pending {
    avro_field *field;
    const json_t *json;
    const char *record;
    struct pending *next;
};

struct parser {
    ds_arena *a;
    ds_err *err;
    uint32_t nodes, depth;
    avro_type **named;
    uint32_t n_named, cap_named;
    struct pending *pending, **last;
};

static const avro_type *parse(struct parser *p, const json_t *j,
                              const char *space);

/* ---- names ---- */

bool avro_is_name(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= NAME_MAX_BYTES && !(s[0] >= '0' && s[0] <= '9') &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789_") == n;
}

const char *avro_short_name(const char *full)
{
    const char *dot = strrchr(full, '.');

    return dot ? dot + 1 : full;
}

/* Names with dots between them. */
static bool is_full_name(const char *s)
{
    char part[NAME_MAX_BYTES + 1];

    if (strlen(s) > NAME_MAX_BYTES)
        return false;
    for (;;) {
        size_t n = strcspn(s, ".");

        memcpy(part, s, n);
        part[n] = 0;
        if (!avro_is_name(part))
            return false;
        if (!s[n])
            return true;
        s += n + 1;
    }
}

static const avro_type *fail(struct parser *p, const char *fmt, const char *s)
{
    char cut[101];

    snprintf(cut, sizeof(cut), "%.100s", s ? s : "");
    /* The formats are constants of this file. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (p->err->rc == DS_OK)
        (void)ds_fail(p->err, DS_E_CONFIG, fmt, cut);
#pragma GCC diagnostic pop
    return NULL;
}

static const char *text_of(const json_t *j, const char *name)
{
    return json_string_value(json_object_get(j, name));
}

static const char *name_in(struct parser *p, const char *name,
                           const char *space)
{
    if (strchr(name, '.') || !space || !*space)
        return ds_str_copy(p->a, name);
    return ds_str_printf(p->a, "%s.%s", space, name);
}

static const char *space_of(struct parser *p, const char *full)
{
    const char *dot = strrchr(full, '.');

    return dot ? ds_strn_copy(p->a, full, (size_t)(dot - full)) : "";
}

static avro_type *named_find(const struct parser *p, const char *full)
{
    for (uint32_t i = 0; i < p->n_named; i++)
        if (!strcmp(p->named[i]->name, full))
            return p->named[i];
    return NULL;
}

static bool named_add(struct parser *p, avro_type *t)
{
    if (named_find(p, t->name))
        return fail(p, "type %s is defined twice", t->name) != NULL;
    if (p->n_named == p->cap_named) {
        uint32_t cap = p->cap_named ? 2 * p->cap_named : 16;
        avro_type **more = ds_new(p->a, avro_type *, cap);

        if (p->n_named)
            memcpy(more, p->named, p->n_named * sizeof(*more));
        p->named = more;
        p->cap_named = cap;
    }
    p->named[p->n_named++] = t;
    return true;
}

/* ---- types ---- */

/* What schemas are compared by, each part with each of another. */
static bool count(struct parser *p, size_t n)
{
    p->nodes += n < AVRO_NODES_MAX ? (uint32_t)n : AVRO_NODES_MAX;
    return p->nodes <= AVRO_NODES_MAX ||
           fail(p, "the schema has more than 20000 types, fields and names%s",
                NULL) != NULL;
}

static avro_type *type_new(struct parser *p, avro_kind kind)
{
    avro_type *t = ds_new(p->a, avro_type, 1);

    if (!count(p, 1))
        return NULL;
    t->kind = kind;
    t->default_symbol = -1;
    return t;
}

static const avro_type *parse_word(struct parser *p, const char *s,
                                   const char *space)
{
    avro_type *known;

    for (int k = AVRO_KIND_NULL; k <= AVRO_KIND_STRING; k++)
        if (!strcmp(s, kind_names[k]))
            return type_new(p, (avro_kind)k);
    known = named_find(p, name_in(p, s, space));
    if (!known)
        known = named_find(p, s);
    return known ? known : fail(p, "type \"%s\" is not defined", s);
}

static const char *const *aliases_of(struct parser *p, const json_t *j,
                                     const char *space, bool fields,
                                     uint32_t *n)
{
    const json_t *list = json_object_get(j, "aliases");
    size_t size = json_array_size(list);
    const char **out = ds_new(p->a, const char *, size + 1);

    *n = 0;
    for (size_t i = 0; i < size && count(p, 1); i++) {
        const char *s = json_string_value(json_array_get(list, i));

        if (!s || !is_full_name(s)) {
            fail(p, "\"%s\" is no name for an alias", s);
            return out;
        }
        out[(*n)++] = fields ? ds_str_copy(p->a, s) : name_in(p, s, space);
    }
    return out;
}

/* Name and aliases of a record, enum or fixed; it can be named from now on. */
static bool take_name(struct parser *p, avro_type *t, const json_t *j,
                      const char *space)
{
    const char *name = text_of(j, "name"), *own = text_of(j, "namespace");

    if (!name || !is_full_name(name))
        return fail(p, "\"%s\" is no name of a type", name) != NULL;
    if (own && *own && !is_full_name(own))
        return fail(p, "\"%s\" is no namespace", own) != NULL;
    for (int k = AVRO_KIND_NULL; k <= AVRO_KIND_STRING; k++)
        if (!strcmp(name, kind_names[k]))
            return fail(p, "a type cannot be named %s", name) != NULL;
    t->name = name_in(p, name, own ? own : space);
    t->aliases = aliases_of(p, j, space_of(p, t->name), false, &t->n_aliases);
    return named_add(p, t);
}

static bool parse_field(struct parser *p, const json_t *j, const char *space,
                        const char *record, avro_field *f)
{
    const char *name = text_of(j, "name");
    const json_t *def = json_object_get(j, "default");

    if (!count(p, 1))
        return false;
    if (!name || !avro_is_name(name))
        return fail(p, "\"%s\" is no name of a field", name) != NULL;
    f->name = ds_str_copy(p->a, name);
    f->aliases = aliases_of(p, j, space, true, &f->n_aliases);
    if (!json_object_get(j, "type"))
        return fail(p, "field \"%s\" has no type", name) != NULL;
    f->type = parse(p, json_object_get(j, "type"), space);
    if (f->type && def) {
        struct pending *d = ds_new(p->a, struct pending, 1);

        /* Those of the types inside came before: they are needed first. */
        *d = (struct pending){f, def, record, NULL};
        *p->last = d;
        p->last = &d->next;
    }
    return f->type != NULL;
}

static int by_field(const void *a, const void *b)
{
    return strcmp((*(const avro_field *const *)a)->name,
                  (*(const avro_field *const *)b)->name);
}

static bool fields_differ(struct parser *p, const avro_field *f, uint32_t n)
{
    const avro_field **sorted = ds_new(p->a, const avro_field *, n + 1);

    for (uint32_t i = 0; i < n; i++)
        sorted[i] = &f[i];
    qsort(sorted, n, sizeof(*sorted), by_field);
    for (uint32_t i = 1; i < n; i++)
        if (!strcmp(sorted[i - 1]->name, sorted[i]->name))
            return fail(p, "field \"%s\" stands twice", sorted[i]->name) !=
                   NULL;
    return true;
}

static const avro_type *parse_record(struct parser *p, const json_t *j,
                                     const char *space)
{
    avro_type *t = type_new(p, AVRO_KIND_RECORD);
    const json_t *list = json_object_get(j, "fields");
    avro_field *fields;

    if (!t || !take_name(p, t, j, space))
        return NULL;
    if (!json_is_array(list))
        return fail(p, "record %s has no list of fields", t->name);
    space = space_of(p, t->name);
    fields = ds_new(p->a, avro_field, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!parse_field(p, json_array_get(list, i), space, t->name,
                         &fields[i]))
            return NULL;
    t->fields = fields;
    t->n = (uint32_t)json_array_size(list);
    return fields_differ(p, fields, t->n) ? t : NULL;
}

static const avro_type *parse_enum(struct parser *p, const json_t *j,
                                   const char *space)
{
    avro_type *t = type_new(p, AVRO_KIND_ENUM);
    const json_t *list = json_object_get(j, "symbols");
    const char *def = text_of(j, "default");
    ds_slice *symbols;

    if (!t || !take_name(p, t, j, space))
        return NULL;
    if (!json_array_size(list) || json_array_size(list) > AVRO_NODES_MAX)
        return fail(p, "enum %s has no list of symbols", t->name);
    t->n = (uint32_t)json_array_size(list);
    if (!count(p, t->n))
        return NULL;
    symbols = ds_new(p->a, ds_slice, t->n);
    for (uint32_t i = 0; i < t->n; i++) {
        const char *s = json_string_value(json_array_get(list, i));

        if (!s || !avro_is_name(s))
            return fail(p, "\"%s\" is no symbol of an enum", s);
        symbols[i] = ds_slice_of(ds_str_copy(p->a, s));
        if (def && !strcmp(def, s))
            t->default_symbol = (int32_t)i;
        for (uint32_t k = 0; k < i; k++)
            if (ds_slice_eq(symbols[k], symbols[i]))
                return fail(p, "symbol \"%s\" stands twice", s);
    }
    t->symbols = symbols;
    if (def && t->default_symbol < 0)
        return fail(p, "the default \"%s\" of an enum is none of its symbols",
                    def);
    return t;
}

static const avro_type *parse_fixed(struct parser *p, const json_t *j,
                                    const char *space)
{
    avro_type *t = type_new(p, AVRO_KIND_FIXED);
    const json_t *size = json_object_get(j, "size");

    if (!t || !take_name(p, t, j, space))
        return NULL;
    if (!json_is_integer(size) || json_integer_value(size) < 0 ||
        json_integer_value(size) > FIXED_MAX)
        return fail(p, "fixed %s has no size from 0 to 16777216", t->name);
    t->size = (uint32_t)json_integer_value(size);
    return t;
}

static const avro_type *parse_of(struct parser *p, avro_kind kind,
                                 const json_t *j, const char *space)
{
    avro_type *t = type_new(p, kind);
    const char *name = kind == AVRO_KIND_ARRAY ? "items" : "values";
    const avro_type **items = ds_new(p->a, const avro_type *, 1);

    if (!t)
        return NULL;
    if (!json_object_get(j, name))
        return fail(p, "an array or map does not say what `%s` are", name);
    items[0] = parse(p, json_object_get(j, name), space);
    t->items = items;
    t->n = 1;
    return items[0] ? t : NULL;
}

static bool same_branch(const avro_type *a, const avro_type *b)
{
    return a->kind == b->kind &&
           (!a->name || (b->name && !strcmp(a->name, b->name)));
}

static const avro_type *parse_union(struct parser *p, const json_t *j,
                                    const char *space)
{
    avro_type *t = type_new(p, AVRO_KIND_UNION);
    size_t n = json_array_size(j);
    const avro_type **items;

    if (!t)
        return NULL;
    if (n == 0)
        return fail(p, "a union has no branches%s", NULL);
    items = ds_new(p->a, const avro_type *, n);
    for (size_t i = 0; i < n; i++) {
        items[i] = parse(p, json_array_get(j, i), space);
        if (!items[i])
            return NULL;
        if (items[i]->kind == AVRO_KIND_UNION)
            return fail(p, "a union stands in a union%s", NULL);
        for (size_t k = 0; k < i; k++)
            if (same_branch(items[k], items[i]))
                return fail(p, "a union has %s twice",
                            avro_type_show(items[i], p->a));
    }
    t->items = items;
    t->n = (uint32_t)n;
    return t;
}

/* ---- logical types ---- */

static bool take_decimal(avro_type *t, const json_t *j)
{
    const json_t *precision = json_object_get(j, "precision");
    const json_t *scale = json_object_get(j, "scale");
    json_int_t p = json_integer_value(precision);
    json_int_t s = json_integer_value(scale);

    if (!json_is_integer(precision) || (scale && !json_is_integer(scale)) ||
        p < 1 || p > 1000 || s < 0 || s > p ||
        (t->kind == AVRO_KIND_FIXED && t->size == 0))
        return false;
    t->precision = (int32_t)p;
    t->scale = (int32_t)s;
    return true;
}

static void take_logical(avro_type *t, const json_t *j)
{
    const char *name = text_of(j, "logicalType");

    for (size_t i = 0; name && i < N_LOGICALS; i++) {
        if (strcmp(name, logicals[i].name) != 0 ||
            !(logicals[i].kinds >> t->kind & 1))
            continue;
        if (t->kind == AVRO_KIND_FIXED && logicals[i].size &&
            logicals[i].size != t->size)
            continue;
        if (logicals[i].logical == AVRO_DECIMAL && !take_decimal(t, j))
            continue;
        t->logical = logicals[i].logical;
    }
}

/* {"type": …}: a type with attributes, or a type in braces. */
static const avro_type *parse_object(struct parser *p, const json_t *j,
                                     const char *space)
{
    const json_t *type = json_object_get(j, "type");
    const char *s = json_string_value(type);
    const avro_type *t;

    if (!type)
        return fail(p, "a type is an object without `type`%s", NULL);
    if (!s)
        return parse(p, type, space);
    if (!strcmp(s, "record") || !strcmp(s, "error"))
        return parse_record(p, j, space);
    if (!strcmp(s, "enum"))
        return parse_enum(p, j, space);
    if (!strcmp(s, "array"))
        return parse_of(p, AVRO_KIND_ARRAY, j, space);
    if (!strcmp(s, "map"))
        return parse_of(p, AVRO_KIND_MAP, j, space);
    t = !strcmp(s, "fixed") ? parse_fixed(p, j, space)
                            : parse_word(p, s, space);
    /* A type that is only named here keeps what was said of it. */
    if (t && (!t->name || !strcmp(s, "fixed")))
        take_logical((avro_type *)t, j);
    return t;
}

static const avro_type *parse(struct parser *p, const json_t *j,
                              const char *space)
{
    const avro_type *t = NULL;

    if (p->depth == AVRO_DEPTH_MAX)
        return fail(p, "the schema has more than 64 types inside each other%s",
                    NULL);
    p->depth++;
    if (json_is_string(j))
        t = parse_word(p, json_string_value(j), space);
    else if (json_is_array(j))
        t = parse_union(p, j, space);
    else if (json_is_object(j))
        t = parse_object(p, j, space);
    else
        fail(p, "a type is no name, list or object%s", NULL);
    p->depth--;
    return t;
}

/* ---- sizes ---- */

/* Of a record in itself: nothing, the value will tell. */
static uint32_t least_of(avro_type *t, uint32_t depth)
{
    uint64_t sum = 0;

    if (t->measured || depth > AVRO_DEPTH_MAX)
        return t->least;
    t->measured = true;
    switch (t->kind) {
    case AVRO_KIND_NULL:
        return 0;
    case AVRO_KIND_FLOAT:
        return t->least = 4;
    case AVRO_KIND_DOUBLE:
        return t->least = 8;
    case AVRO_KIND_FIXED:
        return t->least = t->size;
    case AVRO_KIND_RECORD:
        for (uint32_t i = 0; i < t->n && sum < FIXED_MAX; i++)
            sum += least_of((avro_type *)t->fields[i].type, depth + 1);
        return t->least = (uint32_t)sum;
    case AVRO_KIND_UNION:
    case AVRO_KIND_ARRAY:
    case AVRO_KIND_MAP:
        for (uint32_t i = 0; i < t->n; i++)
            (void)least_of((avro_type *)t->items[i], depth + 1);
        return t->least = 1;
    default:
        return t->least = 1;
    }
}

/* ---- all of it ---- */

static bool defaults_encode(struct parser *p)
{
    for (struct pending *d = p->pending; d; d = d->next) {
        char why[200];

        if (avro_default_encode(d->field->type, d->json, p->a, &d->field->def,
                                why, sizeof(why)))
            continue;
        fail(p, "%s",
             ds_str_printf(p->a, "the default of field \"%s\" of %s: %s",
                           d->field->name, d->record, why));
        return false;
    }
    return true;
}

static const avro_type *parse_text(struct parser *p, ds_slice text)
{
    json_error_t at;
    const avro_type *t;
    json_t *j;

    if (text.len > AVRO_TEXT_MAX)
        return fail(p, "the schema is longer than 1 MiB%s", NULL);
    p->pending = NULL;
    p->last = &p->pending;
    j = json_loadb((const char *)text.ptr, text.len, JSON_DECODE_ANY, &at);
    if (!j)
        return fail(p, "the schema is no JSON: %s", at.text);
    t = parse(p, j, "");
    if (t && !defaults_encode(p))
        t = NULL;
    json_decref(j);
    return t;
}

ds_rc avro_schema_parse(const ds_slice *texts, uint32_t n, ds_arena *a,
                        const avro_type **out, ds_err *err)
{
    ds_err why = {DS_OK, ""};
    struct parser p = {.a = a, .err = &why};
    const avro_type *t = NULL;

    if (n > REFERENCES_MAX)
        return ds_fail(err, DS_E_CONFIG,
                       "the schema refers to too many others");
    for (uint32_t i = 0; i < n; i++) {
        t = parse_text(&p, texts[i]);
        if (!t || why.rc < 0)
            return ds_fail(err, DS_E_CONFIG, "%s", why.msg);
        (void)least_of((avro_type *)t, 0);
    }
    *out = t;
    return DS_OK;
}

const char *avro_type_show(const avro_type *t, ds_arena *a)
{
    const char *name = kind_names[t->kind];

    for (size_t i = 0; i < N_LOGICALS; i++)
        if (logicals[i].logical == t->logical && t->logical != AVRO_PLAIN) {
            if (t->logical == AVRO_DECIMAL)
                return ds_str_printf(a, "%s (decimal(%d,%d))", name,
                                     t->precision, t->scale);
            return ds_str_printf(a, "%s (%s)", name, logicals[i].name);
        }
    if (t->name)
        return ds_str_printf(a, "%s %s", name, t->name);
    if (t->kind == AVRO_KIND_UNION && t->n == 2)
        return ds_str_printf(a, "[%s, %s]", avro_type_show(t->items[0], a),
                             avro_type_show(t->items[1], a));
    if (t->kind == AVRO_KIND_ARRAY || t->kind == AVRO_KIND_MAP)
        return ds_str_printf(a, "%s of %s", name,
                             avro_type_show(t->items[0], a));
    return name;
}

uint32_t avro_put_long(uint8_t *to, int64_t v)
{
    uint64_t z = (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
    uint32_t n = 0;

    for (; z > 0x7f; z >>= 7)
        to[n++] = (uint8_t)(z | 0x80);
    to[n++] = (uint8_t)z;
    return n;
}
