/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_cast.c - jsonb to booleans and numbers.
 */
#include "expr/json.h"
#include "record/numeric.h"
#include "record/value.h"

/* Whether the value is of this kind; else the row is refused. */
static bool is_kind(run *r, const run_step *s, uint32_t row, jsonb_kind want)
{
    static const char *const names[] = {
        "null", "boolean", "boolean", "numeric", "string", "array", "object"};
    jsonb_kind kind = jsonb_kind_of(json_arg(r, s, 0, row));
    if (kind == want || (kind == JSONB_FALSE && want == JSONB_TRUE))
        return true;
    run_error(r, s, row, "E0704", "cannot cast jsonb %s to type %s",
              names[kind], ds_type_name(s->types[s->n_args]));
    return false;
}

void json_to_bool(run *r, const run_step *s)
{
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = *json_arg(r, s, 0, i).ptr == 't';
        is_kind(r, s, i, JSONB_TRUE);
    }
}

/* The nearest integer, halves away from zero. */
static bool integer_of(ds_slice number, int64_t *out)
{
    const uint8_t *p = number.ptr, *end = p + number.len;
    bool minus = *p == '-', good = true;
    int64_t v = 0; /* counted downwards: there is one more negative number */
    for (p += minus; p < end && *p != '.'; p++)
        good = good && !__builtin_mul_overflow(v, 10, &v) &&
               !__builtin_sub_overflow(v, *p - '0', &v);
    if (p < end && p[1] >= '5')
        good = good && !__builtin_sub_overflow(v, 1, &v);
    *out = v;
    return good && (minus || !__builtin_sub_overflow(0, v, out));
}

static void to_integer(run *r, const run_step *s, int64_t min, int64_t max)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = 0;
        if (!is_kind(r, s, i, JSONB_NUMBER))
            continue;
        if (!integer_of(json_arg(r, s, 0, i), &out[i]) || out[i] < min ||
            out[i] > max)
            run_error(r, s, i, "E0701", "%s out of range",
                      ds_type_name(s->types[s->n_args]));
    }
}

void json_to_i16(run *r, const run_step *s)
{
    to_integer(r, s, INT16_MIN, INT16_MAX);
}

void json_to_i32(run *r, const run_step *s)
{
    to_integer(r, s, INT32_MIN, INT32_MAX);
}

void json_to_i64(run *r, const run_step *s)
{
    to_integer(r, s, INT64_MIN, INT64_MAX);
}

static void to_float(run *r, const run_step *s, ds_type type)
{
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        ds_value v = {.f = 0};
        const char *code, *why;
        out[i] = 0;
        if (!is_kind(r, s, i, JSONB_NUMBER))
            continue;
        why = ds_value_parse(type, 0, json_arg(r, s, 0, i), 0, r->ev->arena, &v,
                             &code);
        if (why)
            run_error(r, s, i, code, "%s", why);
        out[i] = v.f;
    }
}

void json_to_f32(run *r, const run_step *s)
{
    to_float(r, s, DS_F32);
}

void json_to_f64(run *r, const run_step *s)
{
    to_float(r, s, DS_F64);
}

void json_to_num(run *r, const run_step *s)
{
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = numeric_of(0, 0);
        if (is_kind(r, s, i, JSONB_NUMBER) &&
            numeric_parse(json_arg(r, s, 0, i), &out[i]) != NUMERIC_OK)
            run_error(r, s, i, "E0701", "a numeric has at most 38 digits");
    }
}
