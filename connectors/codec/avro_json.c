/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_json.c - jsonb to Avro types that have no SQL type: maps, unions, arrays
 * of arrays, records that hold themselves, and whatever stands in them.
 *
 * A value goes out as it came in: strings are texts, enums, bytes ("\\x01"),
 * times and uuids. Of a union it takes the first branch that it fits; whole
 * numbers try int and long first.
 */
#include "codec/avro_program.h"
#include "codec/avro_put.h"
#include "record/jsonb.h"
#include "record/value.h"

/* Attempts at branches may be nested; a value takes at most so many steps. */
enum { STEPS = 1 << 20 };

typedef struct json {
    avro_encoder *w;
    const put *p; /* of the column: its name */
    ds_arena *a;
    uint32_t depth, steps;
} json;

static bool put_any(json *j, const avro_type *t, ds_slice v);

static bool no(json *j, const avro_type *t, ds_slice v)
{
    uint32_t n = v.len < 40 ? v.len : 40;

    return avro_refuse(j->w, j->p,
                       ds_str_printf(j->a, "%.*s does not fit %s", (int)n,
                                     (const char *)v.ptr,
                                     avro_type_show(t, j->a)));
}

/* ---- one value ---- */

/* What a leaf's value is as JSON. */
static bool kind_fits(ds_type type, ds_slice v)
{
    jsonb_kind kind = jsonb_kind_of(v);

    switch (type) {
    case DS_BOOL:
        return kind == JSONB_TRUE || kind == JSONB_FALSE;
    case DS_I32:
    case DS_I64:
    case DS_NUM:
        return kind == JSONB_NUMBER;
    case DS_F32:
    case DS_F64: /* NaN and the infinities are strings */
        return kind == JSONB_NUMBER || kind == JSONB_STRING;
    case DS_BYTES:
        return kind == JSONB_STRING && v.len > 3 && v.ptr[1] == '\\' &&
               v.ptr[2] == '\\' && v.ptr[3] == 'x';
    default:
        return kind == JSONB_STRING;
    }
}

static bool put_leaf(json *j, const avro_type *t, ds_slice v)
{
    bool nullable;
    put leaf = {.avro = t, .name = j->p->name, .null_branch = -1, .branch = -1};
    ds_value value = {.i = 0};
    const char *code, *why;
    int32_t mod;

    if (t->kind == AVRO_KIND_NULL)
        return jsonb_kind_of(v) == JSONB_NULL || no(j, t, v);
    leaf.type = avro_sql_type(t, &mod, &nullable);
    leaf.fn = avro_put_fn(t, leaf.type);
    if (!leaf.fn || !kind_fits(leaf.type, v))
        return no(j, t, v);
    why = ds_value_parse(leaf.type, 0, jsonb_text(v, j->a), DS_TIME_NONE, j->a,
                         &value, &code);
    return why ? avro_refuse(j->w, j->p, why) : leaf.fn(j->w, &leaf, &value);
}

/* ---- values of values ---- */

static bool put_items(json *j, const avro_type *t, ds_slice v)
{
    bool map = t->kind == AVRO_KIND_MAP;
    ds_slice key, item;
    uint32_t n;

    if (jsonb_kind_of(v) != (map ? JSONB_OBJECT : JSONB_ARRAY))
        return no(j, t, v);
    n = jsonb_count(v);
    if (n)
        avro_add_long(j->w, n);
    for (jsonb_iter it = jsonb_begin(v);
         jsonb_next(&it, map ? &key : NULL, &item);) {
        if (map) {
            key = jsonb_unescape(key, j->a);
            avro_add_bytes(j->w, key.ptr, key.len);
        }
        if (!put_any(j, t->items[0], item))
            return false;
    }
    avro_add_long(j->w, 0);
    return true;
}

/* A member that is missing is the field's default, or null. */
static bool put_record(json *j, const avro_type *t, ds_slice v)
{
    uint32_t found = 0;

    if (jsonb_kind_of(v) != JSONB_OBJECT)
        return no(j, t, v);
    for (uint32_t i = 0; i < t->n; i++) {
        const avro_field *f = &t->fields[i];
        ds_slice member = jsonb_member(v, ds_slice_of(f->name));

        found += member.ptr != NULL;
        if (!member.ptr && f->def.ptr)
            ds_buf_add(j->w->b, f->def.ptr, f->def.len);
        else if (!put_any(j, f->type,
                          member.ptr ? member : ds_slice_of("null")))
            return false;
    }
    return found == jsonb_count(v) || no(j, t, v);
}

/* ---- unions ---- */

static bool is_whole(ds_slice v)
{
    return jsonb_kind_of(v) == JSONB_NUMBER && !memchr(v.ptr, '.', v.len);
}

static bool put_branch(json *j, const avro_type *t, uint32_t i, ds_slice v)
{
    uint32_t before = j->w->b->len;

    avro_add_long(j->w, i);
    if (put_any(j, t->items[i], v))
        return true;
    j->w->b->len = before;
    return false;
}

static bool put_union(json *j, const avro_type *t, ds_slice v)
{
    for (uint32_t pass = is_whole(v) ? 0 : 1; pass < 2; pass++)
        for (uint32_t i = 0; i < t->n; i++) {
            const avro_type *b = t->items[i];
            bool whole =
                b->logical == AVRO_PLAIN &&
                (b->kind == AVRO_KIND_INT || b->kind == AVRO_KIND_LONG);

            if ((pass == 1 || whole) && put_branch(j, t, i, v))
                return true;
        }
    return no(j, t, v);
}

static bool put_kind(json *j, const avro_type *t, ds_slice v)
{
    switch (t->kind) {
    case AVRO_KIND_UNION:
        return put_union(j, t, v);
    case AVRO_KIND_RECORD:
        return put_record(j, t, v);
    case AVRO_KIND_ARRAY:
    case AVRO_KIND_MAP:
        return put_items(j, t, v);
    default:
        return put_leaf(j, t, v);
    }
}

static bool put_any(json *j, const avro_type *t, ds_slice v)
{
    bool ok;

    if (j->steps == 0)
        return avro_refuse(j->w, j->p,
                           "it takes too long to find what fits the schema");
    j->steps--;
    if (j->depth == AVRO_DEPTH_MAX)
        return avro_refuse(j->w, j->p, "the value is nested too deeply");
    j->depth++;
    ok = put_kind(j, t, v);
    j->depth--;
    return ok;
}

bool avro_put_json(avro_encoder *w, const put *p, const ds_value *v)
{
    json j = {.w = w, .p = p, .a = w->b->arena, .steps = STEPS};

    return put_any(&j, p->avro, v->s);
}
