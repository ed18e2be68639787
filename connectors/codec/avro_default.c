/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_default.c - defaults, encoded once when a schema is read. A missing
 * field is then read from these bytes as if they stood in the record.
 */
#include "codec/avro_default.h"

#include <math.h>
#include <stdio.h>

#include "record/show.h"

enum { TRIED_MAX = 100000 }; /* values; of unions more than one may fit */

struct encoder {
    ds_buf b;
    char *why;
    size_t size;
    uint32_t depth, tried;
};

static bool value(struct encoder *e, const avro_type *t, const json_t *j);

static bool wrong(struct encoder *e, const avro_type *t)
{
    snprintf(e->why, e->size, "it is no %s", avro_type_show(t, e->b.arena));
    return false;
}

static void put_long(struct encoder *e, int64_t v)
{
    uint8_t b[10];

    ds_buf_add(&e->b, b, avro_put_long(b, v));
}

static bool put_integer(struct encoder *e, const avro_type *t, const json_t *j)
{
    json_int_t v = json_integer_value(j);

    if (!json_is_integer(j) ||
        (t->kind == AVRO_KIND_INT && (v < INT32_MIN || v > INT32_MAX)))
        return wrong(e, t);
    put_long(e, v);
    return true;
}

static bool put_real(struct encoder *e, const avro_type *t, const json_t *j)
{
    const char *s = json_string_value(j);
    double v = json_number_value(j);
    float f;

    if (s && !strcmp(s, "NaN"))
        v = NAN;
    else if (s && (!strcmp(s, "Infinity") || !strcmp(s, "-Infinity")))
        v = s[0] == '-' ? -INFINITY : INFINITY;
    else if (!json_is_number(j))
        return wrong(e, t);
    f = (float)v;
    if (t->kind == AVRO_KIND_FLOAT)
        ds_buf_add(&e->b, &f, sizeof(f));
    else
        ds_buf_add(&e->b, &v, sizeof(v));
    return true;
}

/* Bytes are written as characters below U+0100. */
static bool put_bytes(struct encoder *e, const avro_type *t, const json_t *j)
{
    const uint8_t *s = (const uint8_t *)json_string_value(j);
    size_t len = json_string_length(j);
    uint8_t *to;
    uint32_t n = 0;

    if (!s)
        return wrong(e, t);
    to = ds_arena_alloc(e->b.arena, len + 1, 1);
    for (size_t i = 0; i < len; i++) {
        if (s[i] < 0x80) {
            to[n++] = s[i];
        } else if (s[i] <= 0xc3 && i + 1 < len) {
            to[n++] = (uint8_t)((s[i] & 3) << 6 | (s[i + 1] & 0x3f));
            i++;
        } else {
            return wrong(e, t);
        }
    }
    if (t->kind == AVRO_KIND_FIXED && n != t->size)
        return wrong(e, t);
    if (t->kind == AVRO_KIND_BYTES)
        put_long(e, n);
    ds_buf_add(&e->b, to, n);
    return true;
}

static bool put_symbol(struct encoder *e, const avro_type *t, const json_t *j)
{
    const char *s = json_string_value(j);

    for (uint32_t i = 0; s && i < t->n; i++)
        if (ds_slice_eq(t->symbols[i], ds_slice_of(s))) {
            put_long(e, i);
            return true;
        }
    return wrong(e, t);
}

static bool put_record(struct encoder *e, const avro_type *t, const json_t *j)
{
    if (!json_is_object(j))
        return wrong(e, t);
    for (uint32_t i = 0; i < t->n; i++) {
        const avro_field *f = &t->fields[i];
        const json_t *v = json_object_get(j, f->name);

        if (v && !value(e, f->type, v))
            return false;
        if (!v && !f->def.ptr) {
            snprintf(e->why, e->size, "field \"%.80s\" is missing", f->name);
            return false;
        }
        if (!v)
            ds_buf_add(&e->b, f->def.ptr, f->def.len);
    }
    return true;
}

static bool put_array(struct encoder *e, const avro_type *t, const json_t *j)
{
    size_t n = json_array_size(j);

    if (!json_is_array(j))
        return wrong(e, t);
    if (n)
        put_long(e, (int64_t)n);
    for (size_t i = 0; i < n; i++)
        if (!value(e, t->items[0], json_array_get(j, i)))
            return false;
    put_long(e, 0);
    return true;
}

static bool put_map(struct encoder *e, const avro_type *t, const json_t *j)
{
    const char *key;
    json_t *v;

    if (!json_is_object(j))
        return wrong(e, t);
    if (json_object_size(j))
        put_long(e, (int64_t)json_object_size(j));
    json_object_foreach((json_t *)j, key, v)
    {
        put_long(e, (int64_t)strlen(key));
        ds_buf_str(&e->b, key);
        if (!value(e, t->items[0], v))
            return false;
    }
    put_long(e, 0);
    return true;
}

/* Avro says the first branch; writers of schemas often mean another one. */
static bool put_union(struct encoder *e, const avro_type *t, const json_t *j)
{
    uint32_t len = e->b.len;

    for (uint32_t i = 0; i < t->n; i++) {
        e->b.len = len;
        put_long(e, i);
        if (value(e, t->items[i], j))
            return true;
    }
    return wrong(e, t);
}

static bool put_value(struct encoder *e, const avro_type *t, const json_t *j)
{
    switch (t->kind) {
    case AVRO_KIND_NULL:
        return json_is_null(j) || wrong(e, t);
    case AVRO_KIND_BOOLEAN:
        if (!json_is_boolean(j))
            return wrong(e, t);
        ds_buf_add(&e->b, json_is_true(j) ? "\1" : "\0", 1);
        return true;
    case AVRO_KIND_INT:
    case AVRO_KIND_LONG:
        return put_integer(e, t, j);
    case AVRO_KIND_FLOAT:
    case AVRO_KIND_DOUBLE:
        return put_real(e, t, j);
    case AVRO_KIND_STRING:
        if (!json_is_string(j))
            return wrong(e, t);
        put_long(e, (int64_t)json_string_length(j));
        ds_buf_add(&e->b, json_string_value(j),
                   (uint32_t)json_string_length(j));
        return true;
    case AVRO_KIND_BYTES:
    case AVRO_KIND_FIXED:
        return put_bytes(e, t, j);
    case AVRO_KIND_ENUM:
        return put_symbol(e, t, j);
    case AVRO_KIND_RECORD:
        return put_record(e, t, j);
    case AVRO_KIND_ARRAY:
        return put_array(e, t, j);
    case AVRO_KIND_MAP:
        return put_map(e, t, j);
    case AVRO_KIND_UNION:
        return put_union(e, t, j);
    }
    return false;
}

static bool value(struct encoder *e, const avro_type *t, const json_t *j)
{
    bool ok;

    if (e->depth == AVRO_DEPTH_MAX || e->b.len > AVRO_TEXT_MAX ||
        ++e->tried > TRIED_MAX) {
        snprintf(e->why, e->size, "it is too large");
        return false;
    }
    e->depth++;
    ok = put_value(e, t, j);
    e->depth--;
    return ok;
}

bool avro_default_encode(const avro_type *t, const json_t *j, ds_arena *a,
                         ds_slice *out, char *why, size_t size)
{
    struct encoder e = {.why = why, .size = size};

    ds_buf_init(&e.b, a, 16);
    if (!value(&e, t, j))
        return false;
    *out = (ds_slice){(const uint8_t *)e.b.s, e.b.len};
    return true;
}
