/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cast.c - values of one type as another, as PostgreSQL reads and writes them.
 */
#include <math.h>

#include "expr/func.h"
#include "record/value.h"

/* ---- from text ---- */

static void from_text(run *r, const run_step *s, ds_type type)
{
    const ds_slice *a = RUN_ARG(r, s, 0)->v.str;
    run_reg *d = RUN_DST(r, s);
    RUN_EACH_OK(r, s, i)
    {
        ds_value v = {.i = 0};
        const char *code = NULL;
        const char *msg = ds_value_parse(type, 0, a[i], DS_TIME_NONE,
                                         r->ev->arena, &v, &code);
        if (msg) {
            run_error(r, s, i, code, "%s", msg);
            v.i = 0;
        }
        if (type == DS_BOOL)
            d->v.b[i] = v.b;
        else if (type == DS_F64)
            d->v.f64[i] = v.f;
        else
            d->v.i64[i] = v.i;
    }
}

void cast_text_bool(run *r, const run_step *s)
{
    from_text(r, s, DS_BOOL);
}

void cast_text_i64(run *r, const run_step *s)
{
    from_text(r, s, DS_I64);
}

void cast_text_narrow4(run *r, const run_step *s)
{
    from_text(r, s, DS_I32);
}

void cast_text_narrow2(run *r, const run_step *s)
{
    from_text(r, s, DS_I16);
}

void cast_text_f64(run *r, const run_step *s)
{
    from_text(r, s, DS_F64);
}

void cast_text_ts(run *r, const run_step *s)
{
    from_text(r, s, DS_TS);
}

/* ---- to text ---- */

/* All rows into one buffer; it may move while it grows, so the slices are set
 * afterwards. */
static void to_text(run *r, const run_step *s, ds_type type)
{
    const run_reg *a = RUN_ARG(r, s, 0);
    ds_slice *out = RUN_DST(r, s)->v.str;
    ds_col c = {.v.p = a->v.p};
    ds_buf b;
    ds_buf_init(&b, r->ev->arena, 16 * r->sels[s->sel].n + 16);
    RUN_EACH_OK(r, s, i)
    {
        uint32_t from = b.len;
        ds_show_text(&b, type, &c, i);
        out[i].len = b.len - from;
    }
    const uint8_t *p = (const uint8_t *)b.s;
    RUN_EACH_OK(r, s, i)
    {
        out[i].ptr = p;
        p += out[i].len;
    }
}

void cast_to_text_bool(run *r, const run_step *s)
{
    to_text(r, s, DS_BOOL);
}

void cast_to_text_i64(run *r, const run_step *s)
{
    to_text(r, s, DS_I64);
}

void cast_to_text_f64(run *r, const run_step *s)
{
    to_text(r, s, DS_F64);
}

void cast_to_text_ts(run *r, const run_step *s)
{
    to_text(r, s, DS_TS);
}

void cast_to_text_bytes(run *r, const run_step *s)
{
    to_text(r, s, DS_BYTES);
}

/* "t" and "f": what concat() writes. */
void cast_bool_out(run *r, const run_step *s)
{
    const uint8_t *a = RUN_ARG(r, s, 0)->v.b;
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH(r, s, i)
    out[i] = (ds_slice){(const uint8_t *)(a[i] ? "t" : "f"), 1};
}

/* ---- between numbers ---- */

void cast_i64_f64(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH(r, s, i)
    out[i] = (double)a[i];
}

void cast_f64_i64(run *r, const run_step *s)
{
    const double *a = RUN_ARG(r, s, 0)->v.f64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        double x = rint(a[i]);
        out[i] = 0;
        if (isnan(x) || x < -0x1p63 || x >= 0x1p63)
            run_error(r, s, i, "E0701", "bigint out of range");
        else
            out[i] = (int64_t)x;
    }
}

void cast_i64_bool(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH(r, s, i)
    out[i] = a[i] != 0;
}

void cast_bool_i64(run *r, const run_step *s)
{
    const uint8_t *a = RUN_ARG(r, s, 0)->v.b;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH(r, s, i)
    out[i] = a[i] != 0;
}

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

void cast_narrow2(run *r, const run_step *s)
{
    narrow(r, s, INT16_MAX, "smallint");
}

void cast_narrow4(run *r, const run_step *s)
{
    narrow(r, s, INT32_MAX, "integer");
}
