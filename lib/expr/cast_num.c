/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cast_num.c - numbers of one type as numbers of another. Halves of double
 * precision go to the even neighbour, halves of numeric away from zero.
 */
#include <math.h>
#include <stdlib.h>

#include "expr/core.h"
#include "record/numeric.h"

void cast_bool_i64(run *r, const run_step *s)
{
    const uint8_t *a = RUN_ARG(r, s, 0)->v.b;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH(r, s, i)
    out[i] = a[i] != 0;
}

void cast_i64_bool(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH(r, s, i)
    out[i] = a[i] != 0;
}

/* ---- from integers ---- */

static void narrow(run *r, const run_step *s, int64_t most, const char *name)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = a[i];
        if (a[i] > most || a[i] < -most - 1)
            run_error(r, s, i, "E0701", "%s out of range", name);
    }
}

void cast_i64_i16(run *r, const run_step *s)
{
    narrow(r, s, INT16_MAX, "smallint");
}

void cast_i64_i32(run *r, const run_step *s)
{
    narrow(r, s, INT32_MAX, "integer");
}

void cast_i64_f64(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH(r, s, i)
    out[i] = (double)a[i];
}

void cast_i64_f32(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH(r, s, i)
    out[i] = (double)(float)a[i];
}

void cast_i64_num(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH(r, s, i)
    out[i] = numeric_from_i64(a[i]);
}

/* ---- from real and double precision ---- */

/* Less than -most - 1 or more than most; `most` + 1 is a power of two. */
static void round_f64(run *r, const run_step *s, double end, const char *name)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        double x = rint(a[i]);
        out[i] = 0;
        if (isnan(x) || x < -end || x >= end)
            run_error(r, s, i, "E0701", "%s out of range", name);
        else
            out[i] = (int64_t)x;
    }
}

void cast_f64_i16(run *r, const run_step *s)
{
    round_f64(r, s, 0x1p15, "smallint");
}

void cast_f64_i32(run *r, const run_step *s)
{
    round_f64(r, s, 0x1p31, "integer");
}

void cast_f64_i64(run *r, const run_step *s)
{
    round_f64(r, s, 0x1p63, "bigint");
}

void cast_f64_f32(run *r, const run_step *s)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = (double)(float)a[i];
        if (isinf(out[i]) && !isinf(a[i]))
            run_error(r, s, i, "E0701", "value out of range: overflow");
        else if (out[i] == 0 && a[i] != 0)
            run_error(r, s, i, "E0701", "value out of range: underflow");
    }
}

static void wide(run *r, const run_step *s, uint32_t i)
{
    run_error(r, s, i, "E0701", "a numeric has at most %d digits",
              NUMERIC_DIGITS);
}

void cast_f64_num(run *r, const run_step *s)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    if (numeric_from_f64(a[i], &out[i]) != NUMERIC_OK)
        wide(r, s, i);
}

void cast_f32_num(run *r, const run_step *s)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    if (numeric_from_f32(a[i], &out[i]) != NUMERIC_OK)
        wide(r, s, i);
}

/* ---- from numeric ---- */

static void round_num(run *r, const run_step *s, int64_t most, const char *name)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        int64_t v = 0;
        out[i] = 0;
        if (a[i].kind)
            run_error(r, s, i, "E0704", "cannot convert %s to %s",
                      a[i].kind == 2 ? "NaN" : "infinity", name);
        else if (numeric_to_i64(&a[i], &v) != NUMERIC_OK || v > most ||
                 v < -most - 1)
            run_error(r, s, i, "E0701", "%s out of range", name);
        else
            out[i] = v;
    }
}

void cast_num_i16(run *r, const run_step *s)
{
    round_num(r, s, INT16_MAX, "smallint");
}

void cast_num_i32(run *r, const run_step *s)
{
    round_num(r, s, INT32_MAX, "integer");
}

void cast_num_i64(run *r, const run_step *s)
{
    round_num(r, s, INT64_MAX, "bigint");
}

static double num_f64(const ds_numeric *n)
{
    double x = 0;
    if (n->kind == 2)
        return NAN;
    if (n->kind)
        return n->kind > 0 ? INFINITY : -INFINITY;
    numeric_to_f64(n, &x);
    return x;
}

void cast_num_f64(run *r, const run_step *s)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    out[i] = num_f64(&a[i]);
}

/* The decimal number is rounded once, as PostgreSQL reads its text. */
void cast_num_f32(run *r, const run_step *s)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        float x = (float)num_f64(&a[i]);
        if (a[i].kind == 0) {
            ds_buf b;
            ds_buf_init(&b, r->ev->arena, 64);
            numeric_show(&b, &a[i]);
            ds_buf_add(&b, "", 1);
            x = strtof(b.s, NULL);
        }
        out[i] = (double)x;
        if (a[i].kind == 0 && (isinf(x) || (x == 0 && numeric_value(&a[i]))))
            run_error(r, s, i, "E0701", "\"%s\" is out of range for type real",
                      ds_str_printf(r->ev->arena, "%.40g", num_f64(&a[i])));
    }
}
