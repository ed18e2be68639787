/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num_numeric.c - arithmetic and functions of numeric. Two short numbers (64
 * bits) of one scale are added without a call, as are two short numbers
 * multiplied.
 */
#include "expr/num.h"

typedef numeric_rc numeric_op2(const ds_numeric *a, const ds_numeric *b,
                               ds_numeric *out);

static void of_two(run *r, const run_step *s, numeric_op2 *op)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    const ds_numeric *b = RUN_ARG(r, s, 1)->v.num;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    {
        numeric_rc rc = op(&a[i], &b[i], &out[i]);
        if (rc == NUMERIC_OK)
            continue;
        out[i] = numeric_of(0, 0);
        num_refuse(r, s, i, rc);
    }
}

/* Does not vanish if one of them is long or no number. */
static inline uint64_t long_ones(const ds_numeric *x, const ds_numeric *y)
{
    return (uint64_t)((x->hi ^ (int64_t)x->lo >> 63) |
                      (y->hi ^ (int64_t)y->lo >> 63)) |
           (uint32_t)(x->kind | y->kind);
}

/* `wrong`: does not vanish if the short way is not right for x and y. */
#define SHORT2(name, result, scale_of, wrong, op)                              \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const ds_numeric *restrict a = RUN_ARG(r, s, 0)->v.num;                \
        const ds_numeric *restrict b = RUN_ARG(r, s, 1)->v.num;                \
        ds_numeric *restrict out = RUN_DST(r, s)->v.num;                       \
        uint64_t any = !run_dense(r, s);                                       \
        for (uint32_t i = 0; i < r->n && !any; i++) {                          \
            const ds_numeric *x = &a[i], *y = &b[i];                           \
            any = long_ones(x, y) | (wrong);                                   \
            out[i] = numeric_of(result, scale_of);                             \
        }                                                                      \
        if (any)                                                               \
            of_two(r, s, op);                                                  \
    }

#define SHORT(x) ((numeric_int)(int64_t)(x)->lo)
#define OTHER_SCALE (uint32_t)(x->scale ^ y->scale)
#define SCALES ((uint32_t)x->scale + (uint32_t)y->scale)

SHORT2(num_add_num, SHORT(x) + SHORT(y), x->scale, OTHER_SCALE, numeric_add)
SHORT2(num_sub_num, SHORT(x) - SHORT(y), x->scale, OTHER_SCALE, numeric_sub)
SHORT2(num_mul_num, SHORT(x) * SHORT(y), (int32_t)SCALES,
       SCALES > NUMERIC_SCALE, numeric_mul)

#define LONG2(name, op)                                                        \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        of_two(r, s, op);                                                      \
    }

static numeric_rc gcd(const ds_numeric *a, const ds_numeric *b, ds_numeric *out)
{
    if (a->kind || b->kind) {
        *out = (ds_numeric){0, 0, 0, NUMERIC_NAN};
        return NUMERIC_OK;
    }
    int32_t scale = a->scale > b->scale ? a->scale : b->scale;
    ds_numeric x = *a, y = *b, rest;
    while (numeric_sign(&y)) {
        numeric_mod(&x, &y, &rest);
        x = y;
        y = rest;
    }
    if (numeric_sign(&x) < 0)
        x = numeric_neg(&x);
    return numeric_round(&x, scale, out);
}

static numeric_rc lcm(const ds_numeric *a, const ds_numeric *b, ds_numeric *out)
{
    int32_t scale = a->scale > b->scale ? a->scale : b->scale;
    ds_numeric divisor, times;
    if (!a->kind && !b->kind && (!numeric_sign(a) || !numeric_sign(b))) {
        *out = numeric_of(0, scale);
        return NUMERIC_OK;
    }
    numeric_rc rc = gcd(a, b, &divisor);
    if (rc == NUMERIC_OK && divisor.kind) {
        *out = divisor;
        return NUMERIC_OK;
    }
    if (rc == NUMERIC_OK)
        rc = numeric_quot(a, &divisor, &times);
    if (rc == NUMERIC_OK)
        rc = numeric_mul(&times, b, &times);
    if (rc != NUMERIC_OK)
        return rc;
    if (numeric_sign(&times) < 0)
        times = numeric_neg(&times);
    return numeric_round(&times, scale, out);
}

LONG2(num_div_num, numeric_div)
LONG2(num_quot_num, numeric_quot)
LONG2(num_mod_num, numeric_mod)
LONG2(num_gcd_num, gcd)
LONG2(num_lcm_num, lcm)

/* ---- of one number ---- */

static void of_one(run *r, const run_step *s,
                   numeric_rc (*op)(const ds_numeric *, ds_numeric *))
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    {
        numeric_rc rc = op(&a[i], &out[i]);
        if (rc == NUMERIC_OK)
            continue;
        out[i] = numeric_of(0, 0);
        num_refuse(r, s, i, rc);
    }
}

#define LONG1(name, op)                                                        \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        of_one(r, s, op);                                                      \
    }

static numeric_rc negative(const ds_numeric *a, ds_numeric *out)
{
    *out = numeric_neg(a);
    return NUMERIC_OK;
}

static numeric_rc positive(const ds_numeric *a, ds_numeric *out)
{
    *out = numeric_sign(a) < 0 ? numeric_neg(a) : *a;
    return NUMERIC_OK;
}

static numeric_rc sign(const ds_numeric *a, ds_numeric *out)
{
    *out = a->kind == NUMERIC_NAN ? *a : numeric_of(numeric_sign(a), 0);
    return NUMERIC_OK;
}

static numeric_rc nearest(const ds_numeric *a, ds_numeric *out)
{
    return numeric_round(a, 0, out);
}

static numeric_rc towards_zero(const ds_numeric *a, ds_numeric *out)
{
    return numeric_trunc(a, 0, out);
}

static numeric_rc step_from_zero(const ds_numeric *a, int towards,
                                 ds_numeric *out)
{
    ds_numeric one = numeric_of(towards, 0);
    numeric_trunc(a, 0, out);
    if (a->kind || numeric_sign(a) != towards || numeric_cmp(a, out) == 0)
        return NUMERIC_OK;
    return numeric_add(out, &one, out);
}

static numeric_rc below(const ds_numeric *a, ds_numeric *out)
{
    return step_from_zero(a, -1, out);
}

static numeric_rc above(const ds_numeric *a, ds_numeric *out)
{
    return step_from_zero(a, 1, out);
}

static numeric_rc without_zeros(const ds_numeric *a, ds_numeric *out)
{
    *out = numeric_plain(a);
    return NUMERIC_OK;
}

LONG1(num_neg_num, negative)
LONG1(num_abs_num, positive)
LONG1(num_sign_num, sign)
LONG1(num_round_num, nearest)
LONG1(num_trunc_num, towards_zero)
LONG1(num_floor_num, below)
LONG1(num_ceil_num, above)
LONG1(num_trim_scale, without_zeros)

/* ---- of a number and a scale ---- */

static void to_scale(run *r, const run_step *s,
                     numeric_rc (*op)(const ds_numeric *, int32_t,
                                      ds_numeric *))
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    const int64_t *b = RUN_ARG(r, s, 1)->v.i64;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    {
        numeric_rc rc = op(&a[i], (int32_t)b[i], &out[i]);
        if (rc == NUMERIC_OK)
            continue;
        out[i] = numeric_of(0, 0);
        num_refuse(r, s, i, rc);
    }
}

void num_round2_num(run *r, const run_step *s)
{
    to_scale(r, s, numeric_round);
}

void num_trunc2_num(run *r, const run_step *s)
{
    to_scale(r, s, numeric_trunc);
}

/* NULL for what is no number. */
static void scales(run *r, const run_step *s, bool least)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = least ? numeric_plain(&a[i]).scale : a[i].scale;
        if (a[i].kind)
            run_set_null(r, s->dst, i);
    }
}

void num_scale(run *r, const run_step *s)
{
    scales(r, s, false);
}

void num_min_scale(run *r, const run_step *s)
{
    scales(r, s, true);
}

/* ---- roots, logarithms, powers ---- */

static void no_logarithm(run *r, const run_step *s, uint32_t i, int sign)
{
    run_error(r, s, i, "E0704", "cannot take logarithm of %s",
              sign < 0 ? "a negative number" : "zero");
}

void num_sqrt_num(run *r, const run_step *s)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    {
        numeric_rc rc = numeric_sqrt(&a[i], &out[i]);
        if (rc == NUMERIC_OK)
            continue;
        out[i] = numeric_of(0, 0);
        if (rc == NUMERIC_DOMAIN)
            run_error(r, s, i, "E0704",
                      "cannot take square root of a negative number");
        else
            num_refuse(r, s, i, rc);
    }
}

LONG1(num_exp_num, numeric_exp)

void num_ln_num(run *r, const run_step *s)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    {
        numeric_rc rc = numeric_ln(&a[i], &out[i]);
        if (rc == NUMERIC_OK)
            continue;
        out[i] = numeric_of(0, 0);
        if (rc == NUMERIC_DOMAIN)
            no_logarithm(r, s, i, numeric_sign(&a[i]));
        else
            num_refuse(r, s, i, rc);
    }
}

static void log_row(run *r, const run_step *s, uint32_t i,
                    const ds_numeric *base, const ds_numeric *a,
                    ds_numeric *out)
{
    numeric_rc rc = numeric_log(base, a, out);
    if (rc == NUMERIC_OK)
        return;
    *out = numeric_of(0, 0);
    /* The base is looked at first, unless one of them is infinite. */
    int sign = numeric_sign(base) <= 0 && !a->kind && !base->kind
                   ? numeric_sign(base)
               : numeric_sign(base) < 0 || numeric_sign(a) < 0 ? -1
                                                               : 0;
    if (rc == NUMERIC_DOMAIN)
        no_logarithm(r, s, i, sign);
    else
        num_refuse(r, s, i, rc);
}

void num_log_num(run *r, const run_step *s)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num, ten = numeric_of(10, 0);
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    log_row(r, s, i, &ten, &a[i], &out[i]);
}

void num_log2_num(run *r, const run_step *s)
{
    const ds_numeric *base = RUN_ARG(r, s, 0)->v.num;
    const ds_numeric *a = RUN_ARG(r, s, 1)->v.num;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    log_row(r, s, i, &base[i], &a[i], &out[i]);
}

void num_power_num(run *r, const run_step *s)
{
    const ds_numeric *a = RUN_ARG(r, s, 0)->v.num;
    const ds_numeric *b = RUN_ARG(r, s, 1)->v.num;
    ds_numeric *out = RUN_DST(r, s)->v.num;
    RUN_EACH_OK(r, s, i)
    {
        numeric_rc rc = numeric_power(&a[i], &b[i], &out[i]);
        if (rc == NUMERIC_OK)
            continue;
        out[i] = numeric_of(0, 0);
        if (rc == NUMERIC_DOMAIN)
            run_error(r, s, i, "E0704",
                      "a negative number raised to a non-integer power yields "
                      "a complex result");
        else if (rc == NUMERIC_ZERO)
            run_error(r, s, i, "E0704",
                      "zero raised to a negative power is undefined");
        else
            num_refuse(r, s, i, rc);
    }
}
