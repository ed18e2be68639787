/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nest.c - arrays and rows made of values and taken apart; a record's headers.
 */
#include "dstream/outbox.h"
#include "expr/core.h"
#include "record/jsonb.h"

static ds_value arg_value(const run *r, const run_step *s, uint32_t k,
                          uint32_t row)
{
    const ds_col c = {.v.p = RUN_ARG(r, s, k)->v.p};
    return ds_col_value(&c, s->types[k], row);
}

static void put_value(const run *r, const run_step *s, uint32_t row,
                      const ds_value *v)
{
    size_t size = ds_type_size(s->types[s->n_args]);
    memcpy((uint8_t *)RUN_DST(r, s)->v.p + size * row, v, size);
}

/* The arguments of one row; NULLs do not make the whole NULL. False: they are
 * too large together. */
static bool arg_values(run *r, const run_step *s, uint32_t row,
                       ds_value *values, bool *nulls)
{
    for (uint32_t k = 0; k < s->n_args; k++) {
        nulls[k] = run_is_null(RUN_ARG(r, s, k), row);
        values[k] = nulls[k] ? (ds_value){.i = 0} : arg_value(r, s, k, row);
    }
    return run_may(r, s, row,
                   nested_size(s->types[s->n_args], values, nulls, s->n_args));
}

void nest_array(run *r, const run_step *s)
{
    ds_value *values = ds_new(r->ev->arena, ds_value, s->n_args + 1u);
    bool *nulls = ds_new(r->ev->arena, bool, s->n_args + 1u);
    ds_type elem = ds_type_elem(s->types[s->n_args]);
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        if (arg_values(r, s, i, values, nulls))
            RUN_DST(r, s)->v.str[i] =
                array_make(elem, values, nulls, s->n_args, r->ev->arena);
    }
}

void nest_row(run *r, const run_step *s)
{
    ds_value *values = ds_new(r->ev->arena, ds_value, s->n_args + 1u);
    bool *nulls = ds_new(r->ev->arena, bool, s->n_args + 1u);
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        if (arg_values(r, s, i, values, nulls))
            RUN_DST(r, s)->v.str[i] =
                row_make(s->types[s->n_args], values, nulls, r->ev->arena);
    }
}

void nest_field(run *r, const run_step *s)
{
    const ds_slice *a = RUN_ARG(r, s, 0)->v.str;
    const int64_t *field = RUN_ARG(r, s, 1)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        ds_value v = {.i = 0};
        if (row_get(s->types[0], a[i], (uint32_t)field[i], &v))
            put_value(r, s, i, &v);
        else
            run_set_null(r, s->dst, i);
    }
}

void nest_subscript(run *r, const run_step *s)
{
    const ds_slice *a = RUN_ARG(r, s, 0)->v.str;
    const int64_t *at = RUN_ARG(r, s, 1)->v.i64;
    ds_type elem = s->types[2];
    RUN_EACH_OK(r, s, i)
    {
        ds_value v = {.i = 0};
        if (at[i] >= 1 && array_get(elem, a[i], (uint32_t)at[i] - 1, &v))
            put_value(r, s, i, &v);
        else
            run_set_null(r, s->dst, i);
    }
}

static ds_slice slice_of(ds_type type, ds_slice v, int64_t from, int64_t to,
                         ds_arena *a)
{
    int64_t n = array_count(v);
    from = from < 1 ? 1 : from;
    to = to > n ? n : to;
    if (from == 1 && to == n)
        return v;
    uint32_t count = to < from ? 0 : (uint32_t)(to - from + 1);
    ds_value *values = ds_new(a, ds_value, count + 1u);
    bool *nulls = ds_new(a, bool, count + 1u), null;
    nested_iter it = nested_begin(type, v);
    while (count && it.i + 1 < from)
        nested_next(&it, NULL, &null, &values[0]);
    for (uint32_t i = 0; i < count; i++)
        nested_next(&it, NULL, &nulls[i], &values[i]);
    return array_make(ds_type_elem(type), values, nulls, count, a);
}

void nest_slice(run *r, const run_step *s)
{
    const ds_slice *a = RUN_ARG(r, s, 0)->v.str;
    const int64_t *from = RUN_ARG(r, s, 1)->v.i64;
    const int64_t *to = RUN_ARG(r, s, 2)->v.i64;
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = slice_of(s->types[0], a[i], from[i], to[i], r->ev->arena);
}

/* ---- headers ---- */

static bool is_text(ds_slice s)
{
    return s.ptr == NULL ||
           (ds_utf8_valid(s) && memchr(s.ptr, 0, s.len) == NULL);
}

/* A name or a value that is no text is an error where it is read. */
static bool header_text(run *r, const run_step *s, uint32_t i,
                        const ds_header *h)
{
    if (!is_text(h->name)) {
        run_error(r, s, i, "E0702",
                  "the name of a header is no text: invalid byte sequence for "
                  "encoding \"UTF8\"");
        return false;
    }
    if (is_text(h->value))
        return true;
    run_error(r, s, i, "E0702",
              "header \"%.*s\" is no text: invalid byte sequence for encoding "
              "\"UTF8\"",
              (int)(h->name.len < 100 ? h->name.len : 100),
              (const char *)h->name.ptr);
    return false;
}

static bool headers_of(run *r, const run_step *s, uint32_t i, ds_header **list,
                       uint32_t *n)
{
    ds_slice bytes = RUN_ARG(r, s, 0)->v.str[i];
    if (bytes.len == 0 || ds_headers_decode(r->ev->arena, bytes, list, n))
        return true;
    run_error(r, s, i, "E0702", "the record's headers cannot be read");
    return false;
}

static ds_slice headers_json(run *r, const run_step *s, uint32_t row,
                             const ds_header *list, uint32_t n)
{
    ds_arena *a = r->ev->arena;
    jsonb_pair *pairs = ds_new(a, jsonb_pair, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        ds_buf v;
        if (!header_text(r, s, row, &list[i]))
            return ds_slice_of("{}");
        ds_buf_init(&v, a, list[i].value.len + 8);
        if (list[i].value.ptr)
            jsonb_add_string(&v, list[i].value);
        else
            ds_buf_str(&v, "null");
        pairs[i] = (jsonb_pair){list[i].name, {(uint8_t *)v.s, v.len}};
    }
    ds_buf out;
    ds_buf_init(&out, a, 64);
    jsonb_add_object(&out, pairs, n);
    return (ds_slice){(uint8_t *)out.s, out.len};
}

void nest_headers(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_header *list = NULL;
        uint32_t n = 0;
        out[i] = ds_slice_of("{}");
        if (headers_of(r, s, i, &list, &n))
            out[i] = headers_json(r, s, i, list, n);
    }
}

void nest_header(run *r, const run_step *s)
{
    const ds_slice *name = RUN_ARG(r, s, 1)->v.str;
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_header *list = NULL;
        uint32_t n = 0;
        out[i] = DS_NULL_SLICE;
        if (!headers_of(r, s, i, &list, &n))
            continue;
        while (n > 0 && !ds_slice_eq(list[n - 1].name, name[i]))
            n--;
        if (n == 0 || list[n - 1].value.ptr == NULL)
            run_set_null(r, s->dst, i);
        else if (header_text(r, s, i, &list[n - 1]))
            out[i] = list[n - 1].value;
    }
}
