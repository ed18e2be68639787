/* SPDX-License-Identifier: Apache-2.0 */
/*
 * array.c - arrays made of others, and how long they are.
 *
 * They have one dimension and begin at 1: what PostgreSQL says of an array with
 * more than one, no function here ever says.
 */
#include "expr/array.h"

static const ds_slice empty = {(const uint8_t *)"", 0};

bool array_may(run *r, const run_step *s, uint32_t row, uint64_t bytes)
{
    if (bytes <= ARRAY_MOST_BYTES)
        return run_may(r, s, row, bytes);
    run_error(r, s, row, "E0704", "array size exceeds the maximum allowed (%d)",
              ARRAY_MOST);
    return false;
}

static ds_slice arg_slice(const run *r, const run_step *s, uint32_t k,
                          uint32_t row)
{
    bool null = run_is_null(RUN_ARG(r, s, k), row);
    return null ? DS_NULL_SLICE : RUN_ARG(r, s, k)->v.str[row];
}

/* ---- || ---- */

/* NULL beside an array is nothing. */
void array_cat(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        ds_slice a = arg_slice(r, s, 0, i), b = arg_slice(r, s, 1, i);
        if (!a.ptr && !b.ptr)
            run_set_null(r, s->dst, i);
        else if (!a.ptr || !b.ptr)
            out[i] = a.ptr ? a : b;
        else if (array_may(r, s, i, (uint64_t)a.len + b.len))
            out[i] = array_concat(a, b, r->ev->arena);
    }
}

/* A NULL array is an empty one here; a NULL element is an element. */
static void add_element(run *r, const run_step *s, uint32_t list, uint32_t elem)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    ds_arena *a = r->ev->arena;
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        bool null = run_is_null(RUN_ARG(r, s, elem), i);
        ds_value v = {.i = 0};
        if (!null)
            v = array_arg(r, s, elem, i);
        ds_slice one = array_make(s->types[elem], &v, &null, 1, a);
        ds_slice old = arg_slice(r, s, list, i);
        old = old.ptr ? old : empty;
        if (array_may(r, s, i, (uint64_t)old.len + one.len))
            out[i] = list == 0 ? array_concat(old, one, a)
                               : array_concat(one, old, a);
    }
}

void array_append(run *r, const run_step *s)
{
    add_element(r, s, 0, 1);
}

void array_prepend(run *r, const run_step *s)
{
    add_element(r, s, 1, 0);
}

/* ---- how long ---- */

void array_dims(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        uint32_t n = array_count(RUN_ARG(r, s, 0)->v.str[i]);
        out[i] = empty;
        if (n == 0)
            run_set_null(r, s->dst, i);
        else
            out[i] = ds_slice_of(ds_str_printf(r->ev->arena, "[1:%u]", n));
    }
}

void array_ndims(run *r, const run_step *s)
{
    RUN_EACH_OK(r, s, i)
    {
        RUN_DST(r, s)->v.i64[i] = 1;
        if (array_count(RUN_ARG(r, s, 0)->v.str[i]) == 0)
            run_set_null(r, s->dst, i);
    }
}

void array_cardinality(run *r, const run_step *s)
{
    RUN_EACH_OK(r, s, i)
    RUN_DST(r, s)->v.i64[i] = array_count(RUN_ARG(r, s, 0)->v.str[i]);
}

/* Of dimension 1, when there is one. array_upper() is array_length() too. */
static void dimension(run *r, const run_step *s, bool lower)
{
    RUN_EACH_OK(r, s, i)
    {
        uint32_t n = array_count(RUN_ARG(r, s, 0)->v.str[i]);
        RUN_DST(r, s)->v.i64[i] = lower ? 1 : n;
        if (n == 0 || RUN_ARG(r, s, 1)->v.i64[i] != 1)
            run_set_null(r, s->dst, i);
    }
}

void array_length(run *r, const run_step *s)
{
    dimension(r, s, false);
}

void array_lower(run *r, const run_step *s)
{
    dimension(r, s, true);
}

/* ---- array_fill, trim_array ---- */

/* The only element of an array of integers; false after an error. */
static bool fill_bound(run *r, const run_step *s, uint32_t k, uint32_t row,
                       int64_t *n)
{
    ds_slice v = arg_slice(r, s, k, row);
    ds_value first;
    const char *what = NULL;
    uint32_t count = array_count(v);
    if (!v.ptr)
        what = "dimension array or low bound array cannot be null";
    else if (count > 1)
        what = "multidimensional arrays are not supported";
    else if (count == 1 && !array_get(DS_I32, v, 0, &first))
        what = "dimension values cannot be null";
    if (what)
        run_error(r, s, row, "E0704", "%s", what);
    *n = count == 1 && !what ? first.i : 0;
    return !what;
}

static bool fill_lower(run *r, const run_step *s, uint32_t row, int64_t n)
{
    int64_t lower;
    const char *what = NULL;
    if (s->n_args < 3)
        return true;
    if (!fill_bound(r, s, 2, row, &lower))
        return false;
    if (array_count(arg_slice(r, s, 1, row)) !=
        array_count(arg_slice(r, s, 2, row)))
        what = "wrong number of array subscripts";
    else if (n != 0 && lower != 1)
        what = "arrays that begin at another position than 1 are not supported";
    if (what)
        run_error(r, s, row, "E0704", "%s", what);
    return !what;
}

static ds_slice fill(run *r, const run_step *s, uint32_t row, uint32_t n)
{
    ds_arena *a = r->ev->arena;
    bool null = run_is_null(RUN_ARG(r, s, 0), row);
    ds_value v = {.i = 0};
    if (!null)
        v = array_arg(r, s, 0, row);
    size_t size = ds_type_phys(s->types[0]) == DS_PHYS_SLICE && !null
                      ? v.s.len + (size_t)4
                      : sizeof(ds_value);
    if (!array_may(r, s, row, (uint64_t)size * n))
        return empty;
    ds_value *values = ds_new(a, ds_value, n);
    bool *nulls = ds_new(a, bool, n);
    for (uint32_t i = 0; i < n; i++) {
        values[i] = v;
        nulls[i] = null;
    }
    return array_make(s->types[0], values, nulls, n, a);
}

void array_fill(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        int64_t n;
        out[i] = empty;
        if (!fill_bound(r, s, 1, i, &n) || !fill_lower(r, s, i, n))
            continue;
        if (n < 0 || n > ARRAY_MOST)
            run_error(r, s, i, "E0704",
                      "array size exceeds the maximum allowed (%d)",
                      ARRAY_MOST);
        else if (n > 0)
            out[i] = fill(r, s, i, (uint32_t)n);
    }
}

void array_trim(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    ds_type elem = ds_type_elem(s->types[0]);
    ds_arena *a = r->ev->arena;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice v = RUN_ARG(r, s, 0)->v.str[i];
        int64_t n = array_count(v), drop = RUN_ARG(r, s, 1)->v.i64[i];
        out[i] = empty;
        if (drop < 0 || drop > n) {
            run_error(r, s, i, "E0704",
                      "number of elements to trim must be between 0 and %d",
                      (int)n);
            continue;
        }
        uint32_t kept = (uint32_t)(n - drop);
        ds_value *values = ds_new(a, ds_value, kept + 1u);
        bool *nulls = ds_new(a, bool, kept + 1u);
        nested_iter it = nested_begin(s->types[0], v);
        for (uint32_t k = 0; k < kept; k++)
            nested_next(&it, NULL, &nulls[k], &values[k]);
        out[i] = array_make(elem, values, nulls, kept, a);
    }
}
