/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_build.c - jsonb out of other values.
 */
#include "expr/json.h"

static ds_col column(const run *r, const run_step *s, uint32_t k)
{
    const run_reg *g = RUN_ARG(r, s, k);
    return (ds_col){.valid = g->valid, .v.p = g->v.p};
}

void json_to_jsonb(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r);
    ds_col c = column(r, s, 0);
    RUN_EACH_OK(r, s, i)
    {
        uint32_t from = json_room(&b, 256);
        jsonb_add_value(&b, s->types[0], &c, i);
        json_give(r, s, i, json_since(&b, from));
    }
}

void json_build_array(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r);
    RUN_EACH(r, s, i)
    {
        uint32_t from = json_room(&b, 256);
        ds_buf_add(&b, "[", 1);
        for (uint32_t k = 0; k < s->n_args && !json_large(&b, from); k++) {
            ds_col c = column(r, s, k);
            if (k)
                ds_buf_add(&b, ", ", 2);
            jsonb_add_value(&b, s->types[k], &c, i);
        }
        ds_buf_add(&b, "]", 1);
        json_give(r, s, i, json_since(&b, from));
    }
}

/* ---- objects ---- */

static const char *key_refused(const run *r, const run_step *s, uint32_t k,
                               uint32_t row, ds_arena *a)
{
    ds_type t = s->types[k];
    if (t == DS_NONE || json_arg_null(r, s, k, row))
        return ds_str_printf(a, "argument %u: key must not be null", k + 1);
    if (t == DS_JSON || ds_type_elem(t) != DS_NONE || ds_row_fields(t))
        return "key value must be scalar, not array, composite, or json";
    return NULL;
}

/* Keys and values are written one after the other to `parts`, whose memory may
 * move meanwhile. */
static const char *build_object(run *r, const run_step *s, uint32_t row,
                                ds_buf *parts, jsonb_pair *pairs, ds_buf *b)
{
    uint32_t at[2], n = s->n_args / 2;
    parts->len = 0;
    for (uint32_t k = 0; k < s->n_args; k++) {
        ds_col c = column(r, s, k);
        const char *why = NULL;
        if (json_large(parts, 0))
            return "the jsonb value is too large";
        at[0] = parts->len;
        if (k % 2)
            jsonb_add_value(parts, s->types[k], &c, row);
        else if ((why = key_refused(r, s, k, row, parts->arena)))
            return why;
        else
            jsonb_add_key(parts, s->types[k], &c, row);
        at[1] = parts->len - at[0];
        if (k % 2)
            pairs[k / 2].value.len = at[1];
        else
            pairs[k / 2].key.len = at[1];
    }
    const uint8_t *p = (const uint8_t *)parts->s;
    for (uint32_t k = 0; k < n; k++) {
        pairs[k].key.ptr = p;
        pairs[k].value.ptr = p + pairs[k].key.len;
        p = pairs[k].value.ptr + pairs[k].value.len;
    }
    jsonb_add_object(b, pairs, n);
    return NULL;
}

void json_build_object(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r), parts = json_buffer(r);
    jsonb_pair *pairs = ds_new(r->ev->arena, jsonb_pair, s->n_args / 2 + 1);
    RUN_EACH(r, s, i)
    {
        uint32_t from = json_room(&b, 256);
        const char *why =
            s->n_args % 2 ? "argument list must have even number of elements"
                          : build_object(r, s, i, &parts, pairs, &b);
        if (why)
            run_error(r, s, i, "E0704", "%s", why);
        json_give(r, s, i, json_since(&b, from));
    }
}

/* ---- from arrays of text ---- */

typedef struct pair_list {
    jsonb_pair *list;
    uint32_t cap;
} pair_list;

static void pair_room(pair_list *p, uint32_t n, ds_arena *a)
{
    if (n <= p->cap)
        return;
    p->cap = 2 * n;
    p->list = ds_new(a, jsonb_pair, p->cap);
}

static ds_slice value_of(ds_buf *parts, bool null, ds_slice text)
{
    if (null)
        return ds_slice_of("null");
    ds_buf b;
    ds_buf_init(&b, parts->arena, text.len + 16);
    jsonb_add_string(&b, text);
    return json_since(&b, 0);
}

/* `values` is a null slice: they stand among the keys. */
static const char *text_object(ds_slice keys, ds_slice values, pair_list *pairs,
                               ds_buf *b)
{
    uint32_t n = array_count(keys);
    bool one = values.ptr == NULL;
    if (one && n % 2)
        return "array must have even number of elements";
    if (!one && n != array_count(values))
        return "mismatched array dimensions";
    nested_iter ik = nested_begin(ds_array_type(DS_STR), keys);
    nested_iter iv = nested_begin(ds_array_type(DS_STR), values);
    if (one)
        n /= 2;
    pair_room(pairs, n, b->arena);
    for (uint32_t i = 0; i < n; i++) {
        ds_value key, value;
        bool key_null, null;
        if (!nested_next(&ik, NULL, &key_null, &key) ||
            !nested_next(one ? &ik : &iv, NULL, &null, &value))
            break;
        if (key_null)
            return "null value not allowed for object key";
        pairs->list[i].key = key.s;
        pairs->list[i].value = value_of(b, null, value.s);
    }
    jsonb_add_object(b, pairs->list, n);
    return NULL;
}

static void make_objects(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r);
    pair_list pairs = {NULL, 0};
    RUN_EACH_OK(r, s, i)
    {
        uint32_t from = json_room(&b, 256);
        ds_slice values = s->n_args > 1 ? json_arg(r, s, 1, i) : DS_NULL_SLICE;
        if (s->n_args > 1 && values.ptr == NULL)
            values = (ds_slice){(const uint8_t *)"", 0};
        const char *why = text_object(json_arg(r, s, 0, i), values, &pairs, &b);
        if (why)
            run_error(r, s, i, "E0704", "%s", why);
        RUN_DST(r, s)->v.str[i] = json_since(&b, from);
    }
}

void json_object_of(run *r, const run_step *s)
{
    make_objects(r, s);
}

void json_object2(run *r, const run_step *s)
{
    make_objects(r, s);
}
