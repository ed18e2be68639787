/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmp.c - comparison, membership, greatest and least, logic on one value.
 *
 * Text compares by code point, which is by byte. NaN equals itself and is
 * greater than every number, as in PostgreSQL.
 */
#include <math.h>
#include <stdlib.h>

#include "expr/func.h"

static inline bool str_eq(ds_slice a, ds_slice b)
{
    if (a.len != b.len)
        return false;
    if (a.len >= 8) {
        uint64_t x, y;
        memcpy(&x, a.ptr, 8);
        memcpy(&y, b.ptr, 8);
        return x == y && memcmp(a.ptr + 8, b.ptr + 8, a.len - 8) == 0;
    }
    for (uint32_t i = 0; i < a.len; i++)
        if (a.ptr[i] != b.ptr[i])
            return false;
    return true;
}

static inline int str_cmp(ds_slice a, ds_slice b)
{
    uint32_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}

static inline int f64_cmp(double a, double b)
{
    if (a < b)
        return -1;
    if (a > b)
        return 1;
    if (a == b)
        return 0;
    return (isnan(a) ? 1 : 0) - (isnan(b) ? 1 : 0);
}

#define EQ_bool(x, y) ((x) == (y))
#define EQ_i64(x, y) ((x) == (y))
#define EQ_f64(x, y) (f64_cmp(x, y) == 0)
#define EQ_str(x, y) str_eq(x, y)
#define LT_bool(x, y) ((x) < (y))
#define LT_i64(x, y) ((x) < (y))
#define LT_f64(x, y) (f64_cmp(x, y) < 0)
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
#define CMP_STR(name, test)                                                    \
    void cmp_##name##_str(run *r, const run_step *s)                           \
    {                                                                          \
        const run_reg *a = RUN_ARG(r, s, 0), *b = RUN_ARG(r, s, 1);            \
        uint8_t *out = RUN_DST(r, s)->v.b;                                     \
        if (RUN_DST(r, s)->valid == NULL) {                                    \
            RUN_EACH(r, s, i)                                                  \
            out[i] = test(a->v.str[i], b->v.str[i]);                           \
            return;                                                            \
        }                                                                      \
        RUN_EACH_OK(r, s, i)                                                   \
        out[i] = test(a->v.str[i], b->v.str[i]);                               \
    }

#define NE_bool(x, y) (!EQ_bool(x, y))
#define NE_i64(x, y) (!EQ_i64(x, y))
#define NE_f64(x, y) (!EQ_f64(x, y))
#define NE_str(x, y) (!EQ_str(x, y))
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

#define CMP_ALL(name, test)                                                    \
    CMP(name, bool, b, test##_bool)                                            \
    CMP(name, i64, i64, test##_i64)                                            \
    CMP(name, f64, f64, test##_f64)                                            \
    CMP_STR(name, test##_str)

CMP_ALL(eq, EQ)
CMP_ALL(ne, NE)
CMP_ALL(lt, LT)
CMP_ALL(le, LE)
CMP_ALL(gt, GT)
CMP_ALL(ge, GE)

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
        qsort(values, set->n, size,
              type == DS_STR   ? order_str
              : type == DS_F64 ? order_f64
                               : order_i64);
    set->values = values;
    return set;
}

#define IN_SET(t, f, ctype, cmp)                                               \
    static bool in_##t(const cmp_set *set, ctype x)                            \
    {                                                                          \
        const ctype *v = set->values;                                          \
        uint32_t lo = 0, hi = set->n;                                          \
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
        const cmp_set *set = s->data;                                          \
        const run_reg *a = RUN_ARG(r, s, 0);                                   \
        run_reg *d = RUN_DST(r, s);                                            \
        RUN_EACH_OK(r, s, i)                                                   \
        {                                                                      \
            d->v.b[i] = in_##t(set, a->v.f[i]);                                \
            if (!d->v.b[i] && set->null)                                       \
                run_set_null(r, s->dst, i);                                    \
        }                                                                      \
    }
#define CMP_I64(x, y) (((x) > (y)) - ((x) < (y)))
IN_SET(i64, i64, int64_t, CMP_I64)
IN_SET(f64, f64, double, f64_cmp)
IN_SET(str, str, ds_slice, str_cmp)

/* ---- logic ---- */

void logic_not(run *r, const run_step *s)
{
    const uint8_t *a = RUN_ARG(r, s, 0)->v.b;
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH(r, s, i)
    out[i] = !a[i];
}

#define TEST(name, test)                                                       \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const run_reg *a = RUN_ARG(r, s, 0);                                   \
        run_reg *d = RUN_DST(r, s);                                            \
        d->valid = NULL;                                                       \
        RUN_EACH(r, s, i)                                                      \
        d->v.b[i] = (test);                                                    \
    }
TEST(logic_is_null, run_is_null(a, i))
TEST(logic_is_not_null, !run_is_null(a, i))
TEST(logic_is_true, !run_is_null(a, i) && a->v.b[i])
TEST(logic_is_not_true, run_is_null(a, i) || !a->v.b[i])
TEST(logic_is_false, !run_is_null(a, i) && !a->v.b[i])
TEST(logic_is_not_false, run_is_null(a, i) || a->v.b[i])
