/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmp.c - comparison, membership, greatest and least.
 *
 * Text compares by code point, which is by byte; so do bytea and uuid. NaN
 * equals itself and is greater than every number, as in PostgreSQL. Kernels
 * named `any` are for types whose order only ds_value_cmp() knows.
 */
#include <stdlib.h>

#include "expr/core.h"
#include "expr/words.h"
#include "record/datetime.h"
#include "record/numeric.h"

static inline bool str_eq(ds_slice a, ds_slice b)
{
    return a.len == b.len && words_eq(a.ptr, b.ptr, a.len);
}

static inline int str_cmp(ds_slice a, ds_slice b)
{
    uint32_t n = a.len < b.len ? a.len : b.len;
    if (n >= 8) {
        uint64_t x = __builtin_bswap64(load8(a.ptr));
        uint64_t y = __builtin_bswap64(load8(b.ptr));
        if (x != y)
            return x < y ? -1 : 1;
        int c = memcmp(a.ptr + 8, b.ptr + 8, n - 8);
        return c ? c : (a.len > b.len) - (a.len < b.len);
    }
    for (uint32_t i = 0; i < n; i++)
        if (a.ptr[i] != b.ptr[i])
            return a.ptr[i] < b.ptr[i] ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

/* Without a branch: these are loops over whole vectors. */
static inline int f64_cmp(double a, double b)
{
    int a_nan = a != a, b_nan = b != b;
    return ((a > b) | (a_nan & !b_nan)) - ((a < b) | (b_nan & !a_nan));
}

static inline bool is_small(const ds_numeric *n)
{
    return n->kind == 0 && n->hi == (int64_t)n->lo >> 63;
}

/* Numbers of 64 bits whose scales are near each other, without a call. */
static inline int num_cmp(ds_numeric a, ds_numeric b)
{
    static const int64_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    uint32_t shift =
        (uint32_t)(a.scale > b.scale ? a.scale - b.scale : b.scale - a.scale);
    if (!is_small(&a) || !is_small(&b) || shift >= sizeof tens / sizeof *tens)
        return numeric_cmp(&a, &b);
    numeric_int x = (int64_t)a.lo, y = (int64_t)b.lo;
    if (a.scale > b.scale)
        y *= tens[shift];
    else
        x *= tens[shift];
    return (x > y) - (x < y);
}

static inline int iv_cmp(ds_interval a, ds_interval b)
{
    return interval_cmp(&a, &b);
}

#define EQ_num(x, y) (num_cmp(x, y) == 0)
#define EQ_iv(x, y) (iv_cmp(x, y) == 0)
#define LT_num(x, y) (num_cmp(x, y) < 0)
#define LT_iv(x, y) (iv_cmp(x, y) < 0)
#define EQ_bool(x, y) ((x) == (y))
#define EQ_i64(x, y) ((x) == (y))
#define EQ_f64(x, y) (((x) == (y)) | (((x) != (x)) & ((y) != (y))))
#define EQ_str(x, y) str_eq(x, y)
#define LT_bool(x, y) ((x) < (y))
#define LT_i64(x, y) ((x) < (y))
#define LT_f64(x, y) (((x) < (y)) | (((y) != (y)) & ((x) == (x))))
#define LT_str(x, y) (str_cmp(x, y) < 0)

/* Numbers may be computed on where they are undefined, slices may not. */
#define CMP(name, t, f, test)                                                  \
    void cmp_##name##_##t(run *r, const run_step *s)                           \
    {                                                                          \
        const run_reg *a = RUN_ARG(r, s, 0), *b = RUN_ARG(r, s, 1);            \
        uint8_t *out = RUN_DST(r, s)->v.b;                                     \
        if (run_dense(r, s)) {                                                 \
            for (uint32_t i = 0; i < r->n; i++)                                \
                out[i] = test(a->v.f[i], b->v.f[i]);                           \
            return;                                                            \
        }                                                                      \
        RUN_EACH(r, s, i)                                                      \
        out[i] = test(a->v.f[i], b->v.f[i]);                                   \
    }
/* Where a pointer or a call is behind it: only rows that count. */
#define CMP_OK(name, t, f, test)                                               \
    void cmp_##name##_##t(run *r, const run_step *s)                           \
    {                                                                          \
        const run_reg a = *RUN_ARG(r, s, 0), b = *RUN_ARG(r, s, 1);            \
        const run_sel sel = r->sels[s->sel];                                   \
        uint8_t *out = RUN_DST(r, s)->v.b;                                     \
        if (RUN_DST(r, s)->valid) {                                            \
            RUN_EACH_OK(r, s, i)                                               \
            out[i] = test(a.v.f[i], b.v.f[i]);                                 \
        } else if (sel.idx == NULL) {                                          \
            for (uint32_t i = 0; i < sel.n; i++)                               \
                out[i] = test(a.v.f[i], b.v.f[i]);                             \
        } else {                                                               \
            for (uint32_t k = 0; k < sel.n; k++)                               \
                out[sel.idx[k]] = test(a.v.f[sel.idx[k]], b.v.f[sel.idx[k]]);  \
        }                                                                      \
    }

#define NE_bool(x, y) (!EQ_bool(x, y))
#define NE_i64(x, y) (!EQ_i64(x, y))
#define NE_f64(x, y) (!EQ_f64(x, y))
#define NE_str(x, y) (!EQ_str(x, y))
#define NE_num(x, y) (!EQ_num(x, y))
#define NE_iv(x, y) (!EQ_iv(x, y))
#define GT_num(x, y) LT_num(y, x)
#define GT_iv(x, y) LT_iv(y, x)
#define LE_num(x, y) (!LT_num(y, x))
#define LE_iv(x, y) (!LT_iv(y, x))
#define GE_num(x, y) (!LT_num(x, y))
#define GE_iv(x, y) (!LT_iv(x, y))
#define GT_bool(x, y) LT_bool(y, x)
#define GT_i64(x, y) LT_i64(y, x)
#define GT_f64(x, y) LT_f64(y, x)
#define GT_str(x, y) LT_str(y, x)
#define LE_bool(x, y) (!LT_bool(y, x))
#define LE_i64(x, y) (!LT_i64(y, x))
#define LE_f64(x, y) (!LT_f64(y, x))
#define LE_str(x, y) (!LT_str(y, x))
#define GE_bool(x, y) (!LT_bool(x, y))
#define GE_i64(x, y) (!LT_i64(x, y))
#define GE_f64(x, y) (!LT_f64(x, y))
#define GE_str(x, y) (!LT_str(x, y))

static ds_value any_value(const run_reg *g, ds_type type, uint32_t i)
{
    const ds_col c = {.v.p = g->v.p};
    return ds_col_value(&c, type, i);
}

static int any_cmp(ds_type type, const run_reg *a, const run_reg *b, uint32_t i)
{
    ds_value x = any_value(a, type, i), y = any_value(b, type, i);
    return ds_value_cmp(type, &x, &y);
}

#define EQ_any(c) ((c) == 0)
#define NE_any(c) ((c) != 0)
#define LT_any(c) ((c) < 0)
#define LE_any(c) ((c) <= 0)
#define GT_any(c) ((c) > 0)
#define GE_any(c) ((c) >= 0)
#define CMP_ANY(name, test)                                                    \
    void cmp_##name##_any(run *r, const run_step *s)                           \
    {                                                                          \
        const run_reg *a = RUN_ARG(r, s, 0), *b = RUN_ARG(r, s, 1);            \
        uint8_t *out = RUN_DST(r, s)->v.b;                                     \
        RUN_EACH_OK(r, s, i)                                                   \
        out[i] = test(any_cmp(s->types[0], a, b, i));                          \
    }

#define CMP_ALL(name, test)                                                    \
    CMP(name, bool, b, test##_bool)                                            \
    CMP(name, i64, i64, test##_i64)                                            \
    CMP(name, f64, f64, test##_f64)                                            \
    CMP_OK(name, str, str, test##_str)                                         \
    CMP_OK(name, num, num, test##_num)                                         \
    CMP_OK(name, iv, iv, test##_iv)                                            \
    CMP_ANY(name, test##_any)

CMP_ALL(eq, EQ)
CMP_ALL(ne, NE)
CMP_ALL(lt, LT)
CMP_ALL(le, LE)
CMP_ALL(gt, GT)
CMP_ALL(ge, GE)

/* ---- a date with a time ---- */

enum { MOST_DAYS = 106751991 }; /* of 64 bits of microseconds */

/* A date that no timestamp reaches stands before or after all of them. */
static inline int64_t midnight(int64_t day)
{
    if (day == DS_TIME_INF || day == DS_TIME_NINF)
        return day;
    if (day > MOST_DAYS)
        return DS_TIME_INF - 1;
    if (day < -MOST_DAYS)
        return DS_TIME_NINF + 1;
    return day * (24 * 3600 * DS_SECOND);
}

#define CMP_DATE(name, op)                                                     \
    void cmp_##name##_date_i64(run *r, const run_step *s)                      \
    {                                                                          \
        const int64_t *a = RUN_ARG(r, s, 0)->v.i64;                            \
        const int64_t *b = RUN_ARG(r, s, 1)->v.i64;                            \
        uint8_t *out = RUN_DST(r, s)->v.b;                                     \
        RUN_EACH(r, s, i)                                                      \
        out[i] = midnight(a[i]) op b[i];                                       \
    }                                                                          \
    void cmp_##name##_i64_date(run *r, const run_step *s)                      \
    {                                                                          \
        const int64_t *a = RUN_ARG(r, s, 0)->v.i64;                            \
        const int64_t *b = RUN_ARG(r, s, 1)->v.i64;                            \
        uint8_t *out = RUN_DST(r, s)->v.b;                                     \
        RUN_EACH(r, s, i)                                                      \
        out[i] = a[i] op midnight(b[i]);                                       \
    }
CMP_DATE(eq, ==)
CMP_DATE(ne, !=)
CMP_DATE(lt, <)
CMP_DATE(le, <=)
CMP_DATE(gt, >)
CMP_DATE(ge, >=)

/* ---- with NULLs ---- */

#define DISTINCT(t, f)                                                         \
    void cmp_distinct_##t(run *r, const run_step *s)                           \
    {                                                                          \
        const run_reg *a = RUN_ARG(r, s, 0), *b = RUN_ARG(r, s, 1);            \
        run_reg *d = RUN_DST(r, s);                                            \
        d->valid = NULL;                                                       \
        RUN_EACH(r, s, i)                                                      \
        {                                                                      \
            bool an = run_is_null(a, i), bn = run_is_null(b, i);               \
            d->v.b[i] = an || bn ? an != bn : !EQ_##t(a->v.f[i], b->v.f[i]);   \
        }                                                                      \
    }
DISTINCT(bool, b)
DISTINCT(i64, i64)
DISTINCT(f64, f64)
DISTINCT(str, str)
DISTINCT(num, num)
DISTINCT(iv, iv)

void cmp_distinct_any(run *r, const run_step *s)
{
    const run_reg *a = RUN_ARG(r, s, 0), *b = RUN_ARG(r, s, 1);
    run_reg *d = RUN_DST(r, s);
    d->valid = NULL;
    RUN_EACH(r, s, i)
    {
        bool an = run_is_null(a, i), bn = run_is_null(b, i);
        d->v.b[i] = an || bn ? an != bn : any_cmp(s->types[0], a, b, i) != 0;
    }
}

/* NULLs are passed over; NULL only if both are. */
#define PICK(name, t, f, better)                                               \
    void cmp_##name##_##t(run *r, const run_step *s)                           \
    {                                                                          \
        const run_reg *a = RUN_ARG(r, s, 0), *b = RUN_ARG(r, s, 1);            \
        run_reg *d = RUN_DST(r, s);                                            \
        d->valid = NULL;                                                       \
        RUN_EACH(r, s, i)                                                      \
        {                                                                      \
            bool an = run_is_null(a, i), bn = run_is_null(b, i);               \
            if (an && bn)                                                      \
                run_set_null(r, s->dst, i);                                    \
            else if (an || (!bn && better(b->v.f[i], a->v.f[i])))              \
                d->v.f[i] = b->v.f[i];                                         \
            else                                                               \
                d->v.f[i] = a->v.f[i];                                         \
        }                                                                      \
    }
PICK(greatest, bool, b, GT_bool)
PICK(greatest, i64, i64, GT_i64)
PICK(greatest, f64, f64, GT_f64)
PICK(greatest, str, str, GT_str)
PICK(least, bool, b, LT_bool)
PICK(least, i64, i64, LT_i64)
PICK(least, f64, f64, LT_f64)
PICK(least, str, str, LT_str)
PICK(greatest, num, num, GT_num)
PICK(least, num, num, LT_num)
PICK(greatest, iv, iv, GT_iv)
PICK(least, iv, iv, LT_iv)

/* Types that are slices. */
static void pick_any(run *r, const run_step *s, int sign)
{
    const run_reg *a = RUN_ARG(r, s, 0), *b = RUN_ARG(r, s, 1);
    run_reg *d = RUN_DST(r, s);
    d->valid = NULL;
    RUN_EACH(r, s, i)
    {
        bool an = run_is_null(a, i), bn = run_is_null(b, i);
        if (an && bn)
            run_set_null(r, s->dst, i);
        else if (an || (!bn && sign * any_cmp(s->types[0], b, a, i) > 0))
            d->v.str[i] = b->v.str[i];
        else
            d->v.str[i] = a->v.str[i];
    }
}

void cmp_greatest_any(run *r, const run_step *s)
{
    pick_any(r, s, 1);
}

void cmp_least_any(run *r, const run_step *s)
{
    pick_any(r, s, -1);
}

/* ---- x IN (constants) ---- */

static int order_i64(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

static int order_f64(const void *x, const void *y)
{
    return f64_cmp(*(const double *)x, *(const double *)y);
}

static int order_str(const void *x, const void *y)
{
    return str_cmp(*(const ds_slice *)x, *(const ds_slice *)y);
}

static int order_any(const void *x, const void *y, void *type)
{
    ds_value a = {.i = 0}, b = {.i = 0};
    size_t size = ds_type_size(*(const ds_type *)type);
    memcpy(&a, x, size);
    memcpy(&b, y, size);
    return ds_value_cmp(*(const ds_type *)type, &a, &b);
}

static void set_sort(cmp_set *set, void *values, ds_type type)
{
    size_t size = ds_type_size(type);
    switch (ds_type_phys(type)) {
    case DS_PHYS_I64:
        qsort(values, set->n, size, order_i64);
        break;
    case DS_PHYS_F64:
        qsort(values, set->n, size, order_f64);
        break;
    default:
        if (type == DS_STR || type == DS_BYTES || type == DS_UUID)
            qsort(values, set->n, size, order_str);
        else
            qsort_r(values, set->n, size, order_any, &type);
    }
}

cmp_set *cmp_set_new(ds_type type, tx **list, uint32_t n, ds_arena *a)
{
    cmp_set *set = ds_new(a, cmp_set, 1);
    size_t size = ds_type_size(type);
    uint8_t *values = ds_arena_alloc(a, size * n + 1, 16);
    for (uint32_t i = 0; i < n; i++) {
        if (list[i]->null)
            set->null = true;
        else
            memcpy(values + size * set->n++, &list[i]->v, size);
    }
    if (set->n)
        set_sort(set, values, type);
    set->values = values;
    return set;
}

/* Few are looked at one by one. */
#define IN_SET(t, f, ctype, cmp)                                               \
    static bool in_##t(const cmp_set *set, ctype x)                            \
    {                                                                          \
        const ctype *v = set->values;                                          \
        uint32_t lo = 0, hi = set->n;                                          \
        if (hi <= 8) {                                                         \
            for (uint32_t i = 0; i < hi; i++)                                  \
                if (EQ_##t(v[i], x))                                           \
                    return true;                                               \
            return false;                                                      \
        }                                                                      \
        while (lo < hi) {                                                      \
            uint32_t mid = (lo + hi) / 2;                                      \
            int c = cmp(v[mid], x);                                            \
            if (c == 0)                                                        \
                return true;                                                   \
            if (c < 0)                                                         \
                lo = mid + 1;                                                  \
            else                                                               \
                hi = mid;                                                      \
        }                                                                      \
        return false;                                                          \
    }                                                                          \
    void cmp_in_##t(run *r, const run_step *s)                                 \
    {                                                                          \
        const cmp_set set = *(const cmp_set *)s->data;                         \
        const ctype *a = RUN_ARG(r, s, 0)->v.f;                                \
        const run_sel *sel = &r->sels[s->sel];                                 \
        run_reg *d = RUN_DST(r, s);                                            \
        uint8_t *out = d->v.b;                                                 \
        if (sel->idx == NULL && d->valid == NULL && !set.null) {               \
            for (uint32_t i = 0, n = sel->n; i < n; i++)                       \
                out[i] = in_##t(&set, a[i]);                                   \
            return;                                                            \
        }                                                                      \
        RUN_EACH_OK(r, s, i)                                                   \
        {                                                                      \
            out[i] = in_##t(&set, a[i]);                                       \
            if (!out[i] && set.null)                                           \
                run_set_null(r, s->dst, i);                                    \
        }                                                                      \
    }
#define CMP_I64(x, y) (((x) > (y)) - ((x) < (y)))
IN_SET(i64, i64, int64_t, CMP_I64)
IN_SET(f64, f64, double, f64_cmp)
IN_SET(str, str, ds_slice, str_cmp)

static bool in_any(const cmp_set *set, ds_type type, const ds_value *x)
{
    size_t size = ds_type_size(type);
    uint32_t lo = 0, hi = set->n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        ds_value v = {.i = 0};
        memcpy(&v, (const uint8_t *)set->values + size * mid, size);
        int c = ds_value_cmp(type, &v, x);
        if (c == 0)
            return true;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

void cmp_in_any(run *r, const run_step *s)
{
    const cmp_set *set = s->data;
    const run_reg *a = RUN_ARG(r, s, 0);
    run_reg *d = RUN_DST(r, s);
    ds_type type = s->types[0];
    RUN_EACH_OK(r, s, i)
    {
        ds_value x = any_value(a, type, i);
        d->v.b[i] = in_any(set, type, &x);
        if (!d->v.b[i] && set->null)
            run_set_null(r, s->dst, i);
    }
}
