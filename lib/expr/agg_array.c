/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_array.c - aggregates that give all values: array_agg, string_agg,
 * jsonb_agg, jsonb_object_agg.
 *
 * Without ORDER BY the values stand in the order in which the rows came: within
 * a source partition that of its offsets, and partition after partition as
 * their rows were read.
 */
#include "expr/agg_kinds.h"
#include "record/jsonb.h"
#include "record/nested.h"

/* PostgreSQL's limit of a value. */
enum { MOST_BYTES = 0x3fffffff };

static bool fits(const ds_eval *ev, uint32_t n, uint32_t g, uint64_t size)
{
    if (size <= MOST_BYTES)
        return true;
    agg_error(ev, n, g, "E0704", "the result of an aggregate exceeds 1 GB");
    return false;
}

static uint64_t group_bytes(const agg_order *o, uint32_t g, uint32_t c)
{
    uint64_t size = 0;
    for (uint32_t k = o->starts[g]; k < o->starts[g + 1]; k++)
        if (!ds_col_is_null(&o->cols[c], o->rows[k]))
            size += o->cols[c].v.str[o->rows[k]].len;
    return size;
}

/* ---- array_agg ---- */

static void array_finish(const ds_agg *agg, const agg_order *o,
                         const ds_eval *ev, ds_col *col)
{
    ds_type elem = agg->args[0];
    bool bytes = ds_type_phys(elem) == DS_PHYS_SLICE;
    uint32_t total = o->starts[o->n_groups];
    ds_value *values = ds_new(ev->arena, ds_value, total + 1);
    bool *nulls = ds_new(ev->arena, bool, total + 1);
    agg_out out = agg_out_new(agg->out, o->n_groups, ev->arena);
    for (uint32_t k = 0; k < total; k++) {
        nulls[k] = ds_col_is_null(&o->cols[0], o->rows[k]);
        if (!nulls[k])
            values[k] = ds_col_value(&o->cols[0], elem, o->rows[k]);
    }
    for (uint32_t g = 0; g < o->n_groups; g++) {
        uint32_t from = o->starts[g], n = o->starts[g + 1] - from;
        uint64_t size = (uint64_t)n * 24 + (bytes ? group_bytes(o, g, 0) : 0);
        if (n == 0 || !fits(ev, o->n_groups, g, size))
            continue;
        ds_slice v =
            array_make(elem, values + from, nulls + from, n, ev->arena);
        agg_out_set(&out, g, &v);
    }
    *col = agg_out_done(&out);
}

const agg_type agg_array = {.flags = AGG_NULLS, .finish = array_finish};

/* ---- string_agg ---- */

/* NULLs are passed over; the delimiter of the first value is not used. */
static ds_slice string_join(const agg_order *o, uint32_t g, ds_arena *a,
                            uint64_t size)
{
    uint8_t *bytes = ds_arena_alloc(a, size + 1, 1), *to = bytes;
    bool some = false;
    for (uint32_t k = o->starts[g]; k < o->starts[g + 1]; k++) {
        uint32_t row = o->rows[k];
        if (ds_col_is_null(&o->cols[0], row))
            continue;
        for (uint32_t c = some && !ds_col_is_null(&o->cols[1], row) ? 2 : 1;
             c-- > 0;) {
            ds_slice s = o->cols[c].v.str[row];
            if (s.len)
                memcpy(to, s.ptr, s.len);
            to += s.len;
        }
        some = true;
    }
    return some ? (ds_slice){bytes, (uint32_t)(to - bytes)} : DS_NULL_SLICE;
}

static void string_finish(const ds_agg *agg, const agg_order *o,
                          const ds_eval *ev, ds_col *col)
{
    agg_out out = agg_out_new(agg->out, o->n_groups, ev->arena);
    for (uint32_t g = 0; g < o->n_groups; g++) {
        uint64_t size = group_bytes(o, g, 0) + group_bytes(o, g, 1);
        if (!fits(ev, o->n_groups, g, size))
            continue;
        ds_slice s = string_join(o, g, ev->arena, size);
        if (s.ptr)
            agg_out_set(&out, g, &s);
    }
    *col = agg_out_done(&out);
}

const agg_type agg_string = {.flags = AGG_NULLS, .finish = string_finish};

/* ---- jsonb_agg, jsonb_object_agg ---- */

/* Elements that are as deep as they may be make a list that is too deep. */
static bool shallow(const ds_eval *ev, uint32_t n, uint32_t g, ds_slice v)
{
    if (jsonb_depth_ok(v))
        return true;
    agg_error(ev, n, g, "E0704",
              "stack depth limit exceeded: jsonb has at most 512 levels");
    return false;
}

static void json_add(ds_buf *b, const ds_agg *agg, const agg_order *o,
                     uint32_t c, uint32_t row)
{
    if (ds_col_is_null(&o->cols[c], row))
        ds_buf_str(b, "null");
    else
        jsonb_add_value(b, agg->args[c], &o->cols[c], row);
}

static void jsonb_finish(const ds_agg *agg, const agg_order *o,
                         const ds_eval *ev, ds_col *col)
{
    agg_out out = agg_out_new(DS_JSON, o->n_groups, ev->arena);
    for (uint32_t g = 0; g < o->n_groups; g++) {
        ds_buf b;
        if (o->starts[g] == o->starts[g + 1])
            continue;
        ds_buf_init(&b, ev->arena, 64);
        for (uint32_t k = o->starts[g]; k < o->starts[g + 1]; k++) {
            ds_buf_str(&b, k == o->starts[g] ? "[" : ", ");
            json_add(&b, agg, o, 0, o->rows[k]);
            if (!fits(ev, o->n_groups, g, b.len))
                break;
        }
        ds_buf_str(&b, "]");
        ds_slice v = {(const uint8_t *)b.s, b.len};
        if (shallow(ev, o->n_groups, g, v))
            agg_out_set(&out, g, &v);
    }
    *col = agg_out_done(&out);
}

const agg_type agg_jsonb = {.flags = AGG_NULLS, .finish = jsonb_finish};

static const char *object_prepare(ds_agg *agg, ds_arena *a)
{
    ds_type key = agg->args[0];
    (void)a;
    if (key == DS_JSON || (uint32_t)key >= DS_N_BASE_TYPES)
        return "key value must be scalar, not array, composite, or json";
    return NULL;
}

static void object_look(const ds_agg *agg, const agg_rows *in)
{
    (void)agg;
    AGG_EACH(in, i)
    if (ds_col_is_null(&in->cols[0], i))
        ds_row_errors_add(in->ev->errs, in->ev->arena, in->n_batch, i, "E0704",
                          0, "field name must not be null");
}

static ds_slice shown(const ds_buf *b)
{
    return (ds_slice){(const uint8_t *)(b->s ? b->s : ""), b->len};
}

static void object_finish(const ds_agg *agg, const agg_order *o,
                          const ds_eval *ev, ds_col *col)
{
    ds_arena *a = ev->arena;
    jsonb_pair *pairs = ds_new(a, jsonb_pair, o->starts[o->n_groups] + 1);
    agg_out out = agg_out_new(DS_JSON, o->n_groups, a);
    for (uint32_t g = 0; g < o->n_groups; g++) {
        uint32_t from = o->starts[g], n = o->starts[g + 1] - from;
        uint64_t size = 2;
        for (uint32_t k = 0; k < n; k++) {
            uint32_t row = o->rows[from + k];
            ds_buf key, value;
            ds_buf_init(&key, a, 16);
            ds_buf_init(&value, a, 16);
            jsonb_add_key(&key, agg->args[0], &o->cols[0], row);
            json_add(&value, agg, o, 1, row);
            pairs[k] = (jsonb_pair){shown(&key), shown(&value)};
            size += 6 * (uint64_t)key.len + value.len + 4;
        }
        if (n == 0 || !fits(ev, o->n_groups, g, size))
            continue;
        ds_buf b;
        ds_buf_init(&b, a, (uint32_t)size);
        jsonb_add_object(&b, pairs, n);
        ds_slice v = shown(&b);
        if (shallow(ev, o->n_groups, g, v))
            agg_out_set(&out, g, &v);
    }
    *col = agg_out_done(&out);
}

const agg_type agg_jsonb_object = {.flags = AGG_NULLS,
                                   .prepare = object_prepare,
                                   .look = object_look,
                                   .finish = object_finish};
