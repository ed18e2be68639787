/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_get.c - parts of a jsonb value.
 */
#include "expr/json.h"

enum { TEXT_ARRAY = 1 }; /* position of a path among the arguments */

/* To PostgreSQL a scalar alone is an array of one. */
static ds_slice element(ds_slice v, int64_t i)
{
    if (json_is_scalar(v))
        return i == 0 || i == -1 ? v : DS_NULL_SLICE;
    return jsonb_element(v, i);
}

static ds_slice as_text(const run *r, ds_slice v)
{
    return v.ptr ? jsonb_text(v, r->ev->arena) : v;
}

void json_member(run *r, const run_step *s)
{
    RUN_EACH_OK(r, s, i)
    json_give_part(r, s, i,
                   jsonb_member(json_arg(r, s, 0, i), json_arg(r, s, 1, i)));
}

void json_member_text(run *r, const run_step *s)
{
    RUN_EACH_OK(r, s, i)
    {
        ds_slice v = jsonb_member(json_arg(r, s, 0, i), json_arg(r, s, 1, i));
        json_give_part(r, s, i, as_text(r, v));
    }
}

void json_element(run *r, const run_step *s)
{
    const int64_t *at = RUN_ARG(r, s, 1)->v.i64;
    RUN_EACH_OK(r, s, i)
    json_give_part(r, s, i, element(json_arg(r, s, 0, i), at[i]));
}

void json_element_text(run *r, const run_step *s)
{
    const int64_t *at = RUN_ARG(r, s, 1)->v.i64;
    RUN_EACH_OK(r, s, i)
    json_give_part(r, s, i, as_text(r, element(json_arg(r, s, 0, i), at[i])));
}

/* ---- paths ---- */

bool json_index(ds_slice t, int64_t *out)
{
    uint32_t i = 0;
    int64_t v = 0;
    while (i < t.len && (t.ptr[i] == ' ' || (t.ptr[i] >= 9 && t.ptr[i] <= 13)))
        i++;
    bool minus = i < t.len && t.ptr[i] == '-';
    if (i < t.len && (t.ptr[i] == '-' || t.ptr[i] == '+'))
        i++;
    if (i == t.len)
        return false;
    for (; i < t.len; i++) {
        if (t.ptr[i] < '0' || t.ptr[i] > '9')
            return false;
        v = 10 * v + (t.ptr[i] - '0');
        if (v > (int64_t)INT32_MAX + 1)
            return false;
    }
    *out = minus ? -v : v;
    return *out == (int32_t)*out;
}

static ds_slice follow_one(ds_slice v, ds_slice step)
{
    int64_t i;
    switch (*v.ptr) {
    case '{':
        return jsonb_member(v, step);
    case '[':
        return json_index(step, &i) ? jsonb_element(v, i) : DS_NULL_SLICE;
    default:
        return DS_NULL_SLICE;
    }
}

ds_slice json_follow(ds_slice v, ds_slice path)
{
    nested_iter it = nested_begin(ds_array_type(DS_STR), path);
    ds_value step;
    bool null;
    while (v.ptr && nested_next(&it, NULL, &null, &step))
        v = null ? DS_NULL_SLICE : follow_one(v, step.s);
    return v;
}

void json_at(run *r, const run_step *s)
{
    RUN_EACH_OK(r, s, i)
    json_give_part(
        r, s, i,
        json_follow(json_arg(r, s, 0, i), json_arg(r, s, TEXT_ARRAY, i)));
}

void json_at_text(run *r, const run_step *s)
{
    RUN_EACH_OK(r, s, i)
    {
        ds_slice v =
            json_follow(json_arg(r, s, 0, i), json_arg(r, s, TEXT_ARRAY, i));
        json_give_part(r, s, i, as_text(r, v));
    }
}

/* The path's steps are arguments of their own. */
static ds_slice extract(run *r, const run_step *s, uint32_t row)
{
    ds_slice v = json_arg(r, s, 0, row);
    for (uint32_t k = 1; v.ptr && k < s->n_args; k++)
        v = follow_one(v, json_arg(r, s, k, row));
    return v;
}

void json_extract(run *r, const run_step *s)
{
    RUN_EACH_OK(r, s, i)
    json_give_part(r, s, i, extract(r, s, i));
}

void json_extract_text(run *r, const run_step *s)
{
    RUN_EACH_OK(r, s, i)
    json_give_part(r, s, i, as_text(r, extract(r, s, i)));
}

void json_subscript(run *r, const run_step *s)
{
    RUN_EACH_OK(r, s, i)
    json_give_part(r, s, i, extract(r, s, i));
}

/* j[0] is j['0']. */
void json_subscript_int(run *r, const run_step *s)
{
    const int64_t *at = RUN_ARG(r, s, 1)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice v = json_arg(r, s, 0, i);
        char text[24];
        if (*v.ptr == '{') {
            snprintf(text, sizeof text, "%lld", (long long)at[i]);
            v = jsonb_member(v, ds_slice_of(text));
        } else {
            v = jsonb_element(v, at[i]);
        }
        json_give_part(r, s, i, v);
    }
}

/* ---- questions ---- */

/* A key, an element that is this text, or the text itself. */
static bool exists(ds_slice v, ds_slice text)
{
    ds_slice e;
    switch (*v.ptr) {
    case '{':
        return jsonb_member(v, text).ptr != NULL;
    case '[':
        for (jsonb_iter it = jsonb_begin(v); jsonb_next(&it, NULL, &e);)
            if (*e.ptr == '"' && jsonb_string_is(e, text))
                return true;
        return false;
    default:
        return *v.ptr == '"' && jsonb_string_is(v, text);
    }
}

void json_exists(run *r, const run_step *s)
{
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH_OK(r, s, i)
    out[i] = exists(json_arg(r, s, 0, i), json_arg(r, s, 1, i));
}

/* Whether one (or all) of the texts exist; NULLs do not count. */
static bool exists_many(ds_slice v, ds_slice texts, bool all)
{
    nested_iter it = nested_begin(ds_array_type(DS_STR), texts);
    ds_value text;
    bool null;
    while (nested_next(&it, NULL, &null, &text))
        if (!null && exists(v, text.s) != all)
            return !all;
    return all;
}

bool json_affordable(run *r, const run_step *s, uint32_t row, ds_slice v,
                     ds_slice texts)
{
    if ((uint64_t)array_count(texts) * v.len <= (uint64_t)1 << 29)
        return true;
    run_error(r, s, row, "E0704", "too many keys for a jsonb value this large");
    return false;
}

static void exist(run *r, const run_step *s, bool all)
{
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice v = json_arg(r, s, 0, i), texts = json_arg(r, s, 1, i);
        out[i] =
            json_affordable(r, s, i, v, texts) && exists_many(v, texts, all);
    }
}

void json_exists_any(run *r, const run_step *s)
{
    exist(r, s, false);
}

void json_exists_all(run *r, const run_step *s)
{
    exist(r, s, true);
}

void json_length(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice v = json_arg(r, s, 0, i);
        out[i] = *v.ptr == '[' ? jsonb_count(v) : 0;
        if (*v.ptr != '[')
            run_error(r, s, i, "E0704", "cannot get array length of a %s",
                      *v.ptr == '{' ? "non-array" : "scalar");
    }
}

void json_typeof(run *r, const run_step *s)
{
    static const char *const names[] = {
        "null", "boolean", "boolean", "number", "string", "array", "object"};
    RUN_EACH_OK(r, s, i)
    RUN_DST(r, s)->v.str[i] =
        ds_slice_of(names[jsonb_kind_of(json_arg(r, s, 0, i))]);
}
