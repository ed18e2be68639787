/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num_cast.c - numbers of one type as another.
 */
#include <math.h>

#include "expr/num.h"

/* ---- to integers ---- */

static void narrow(run *r, const run_step *s, ds_type type, int64_t most)
{
    const int64_t *restrict a = RUN_ARG(r, s, 0)->v.i64;
    int64_t *restrict out = RUN_DST(r, s)->v.i64;
    const uint64_t room = 2 * (uint64_t)most + 1;
    uint64_t any = 0;
    NUM_DENSE(r->n, i, {
        out[i] = a[i];
        any |= ((uint64_t)a[i] + (uint64_t)most + 1) & ~room;
    });
    if (!any)
        return;
    RUN_EACH_OK(r, s, i)
    if (a[i] > most || a[i] < -most - 1)
        num_range(r, s, i, type);
}

void num_i64_i16(run *r, const run_step *s)
{
    narrow(r, s, DS_I16, INT16_MAX);
}

void num_i64_i32(run *r, const run_step *s)
{
    narrow(r, s, DS_I32, INT32_MAX);
}

/* To the nearest integer, halves to even; `end`: the first one that is too
 * large. */
static void from_float(run *r, const run_step *s, ds_type type, double end)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        double x = rint(a[i]);
        out[i] = 0;
        if (x >= -end && x < end)
            out[i] = (int64_t)x;
        else
            num_range(r, s, i, type);
    }
}

void num_f64_i16(run *r, const run_step *s)
{
    from_float(r, s, DS_I16, 0x1p15);
}

void num_f64_i32(run *r, const run_step *s)
{
    from_float(r, s, DS_I32, 0x1p31);
}

void num_f64_i64(run *r, const run_step *s)
{
    from_float(r, s, DS_I64, 0x1p63);
}

static void no_integer(run *r, const run_step *s, uint32_t i, ds_type type,
                       const ds_numeric *n)
{
    if (n->kind)
        run_error(r, s, i, "E0701", "cannot convert %s to %s",
                  n->kind == NUMERIC_NAN ? "NaN" : "infinity",
                  ds_type_name(type));
    else
        num_range(r, s, i, type);
}

static void from_numeric(run *r, const run_step *s, ds_type type, int64_t most)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        int64_t v;
        numeric_rc rc = numeric_to_i64(&a[i], &v);
        out[i] = rc == NUMERIC_OK ? v : 0;
        if (rc != NUMERIC_OK || v > most || v < -most - 1)
            no_integer(r, s, i, type, &a[i]);
    }
}

void num_num_i16(run *r, const run_step *s)
{
    from_numeric(r, s, DS_I16, INT16_MAX);
}

void num_num_i32(run *r, const run_step *s)
{
    from_numeric(r, s, DS_I32, INT32_MAX);
}

void num_num_i64(run *r, const run_step *s)
{
    from_numeric(r, s, DS_I64, INT64_MAX);
}

/* ---- to floating point ---- */

void num_i64_f64(run *r, const run_step *s)
{
    const int64_t *restrict a = RUN_ARG(r, s, 0)->v.i64;
    double *restrict out = RUN_DST(r, s)->v.f64;
    NUM_DENSE(r->n, i, out[i] = (double)a[i]);
}

void num_i64_f32(run *r, const run_step *s)
{
    const int64_t *restrict a = RUN_ARG(r, s, 0)->v.i64;
    double *restrict out = RUN_DST(r, s)->v.f64;
    NUM_DENSE(r->n, i, out[i] = (double)(float)a[i]);
}

void num_f64_f32(run *r, const run_step *s)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = (double)(float)a[i];
        if (isinf(out[i]) && !isinf(a[i]))
            num_overflow(r, s, i);
        else if (out[i] == 0 && a[i] != 0)
            num_underflow(r, s, i);
    }
}

static void no_float(run *r, const run_step *s, uint32_t i, ds_type type,
                     const ds_numeric *n)
{
    ds_buf b;
    ds_buf_init(&b, r->ev->arena, 64);
    numeric_show(&b, n);
    run_error(r, s, i, "E0701", "\"%.*s\" is out of range for type %s",
              (int)b.len, b.s, ds_type_name(type));
}

void num_num_f64(run *r, const run_step *s)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    if (numeric_to_f64(&a[i], &out[i]) != NUMERIC_OK)
        no_float(r, s, i, DS_F64, &a[i]);
}

void num_num_f32(run *r, const run_step *s)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    if (numeric_to_f32(&a[i], &out[i]) != NUMERIC_OK)
        no_float(r, s, i, DS_F32, &a[i]);
}

/* ---- to numeric ---- */

void num_i64_num(run *r, const run_step *s)
{
    const int64_t *restrict a = RUN_ARG(r, s, 0)->v.i64;
    ds_numeric *restrict out = RUN_DST(r, s)->v.num;
    NUM_DENSE(r->n, i, out[i] = numeric_from_i64(a[i]));
}

static void to_numeric(run *r, const run_step *s,
                       numeric_rc (*from)(double, ds_numeric *))
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    {
        numeric_rc rc = from(a[i], &out[i]);
        if (rc == NUMERIC_OK)
            continue;
        out[i] = numeric_of(0, 0);
        num_refuse(r, s, i, rc);
    }
}

void num_f32_num(run *r, const run_step *s)
{
    to_numeric(r, s, numeric_from_f32);
}

void num_f64_num(run *r, const run_step *s)
{
    to_numeric(r, s, numeric_from_f64);
}

/* ---- boolean ---- */

void num_i64_bool(run *r, const run_step *s)
{
    const int64_t *restrict a = RUN_ARG(r, s, 0)->v.i64;
    uint8_t *restrict out = RUN_DST(r, s)->v.b;
    NUM_DENSE(r->n, i, out[i] = a[i] != 0);
}

void num_bool_i64(run *r, const run_step *s)
{
    const uint8_t *restrict a = RUN_ARG(r, s, 0)->v.b;
    int64_t *restrict out = RUN_DST(r, s)->v.i64;
    NUM_DENSE(r->n, i, out[i] = a[i] != 0);
}
