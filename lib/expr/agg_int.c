/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_int.c - counts, sums and means of integers, bits and booleans.
 *
 * A sum of integers is kept in 128 bits: only a result that does not fit is an
 * error, as a sum in another order or in parts would be the same.
 */
#include "expr/agg_kinds.h"

/* ---- count ---- */

static void count_add(ds_acc *acc, const agg_rows *in)
{
    int64_t *count = acc->state;
    AGG_EACH(in, i)
    count[in->group[i]]++;
}

static void count_merge(ds_acc *acc, const agg_rows *in)
{
    int64_t *count = acc->state;
    const int64_t *part = in->cols[0].v.i64;
    AGG_EACH(in, i)
    count[in->group[i]] = agg_count_add(count[in->group[i]], part[i]);
}

static void count_subtract(ds_acc *acc, const agg_rows *in)
{
    int64_t *count = acc->state;
    const int64_t *part = in->cols[0].v.i64;
    AGG_EACH(in, i)
    count[in->group[i]] = agg_count_sub(count[in->group[i]], part[i]);
}

static void count_split(const ds_acc *acc, uint32_t n, ds_arena *a,
                        ds_col *cols)
{
    int64_t *values = ds_new(a, int64_t, n + 1);
    uint32_t known = agg_known(acc, n);
    if (known)
        memcpy(values, acc->state, sizeof(*values) * known);
    cols[0] = (ds_col){.v.i64 = values};
}

static void count_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                         ds_col *out)
{
    count_split(acc, n, ev->arena, out);
}

#define COUNT(name, more)                                                      \
    const agg_type name = {                                                    \
        .size = sizeof(int64_t),                                               \
        .flags = AGG_COUNTS | AGG_ANY_ORDER | (more),                          \
        .parts = {DS_I64},                                                     \
        .add = count_add,                                                      \
        .merge = count_merge,                                                  \
        .subtract = count_subtract,                                            \
        .split = count_split,                                                  \
        .result = count_result,                                                \
    };
COUNT(agg_count_rows, AGG_NULLS)
COUNT(agg_count, 0)

/* ---- sum and avg ---- */

/* Two halves, so that a state has 24 bytes and not 32. */
typedef struct int_sum {
    uint64_t low;
    int64_t high;
    int64_t n;
} int_sum;

static inline void sum_plus(int_sum *s, int64_t v)
{
    uint64_t low = s->low + (uint64_t)v;
    s->high += (v >> 63) + (low < s->low);
    s->low = low;
}

static numeric_int sum_of(const int_sum *s)
{
    return (numeric_int)((numeric_uint)(uint64_t)s->high << 64 | s->low);
}

static void sum_add(ds_acc *acc, const agg_rows *in)
{
    int_sum *state = acc->state;
    const int64_t *v = in->cols[0].v.i64;
    AGG_EACH(in, i)
    {
        int_sum *s = &state[in->group[i]];
        sum_plus(s, v[i]);
        s->n++;
    }
}

/* Parts: count, lower half, upper half; the last is NULL if it only repeats
 * the sign. */
static void sum_split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    agg_out count = agg_out_new(DS_I64, n, a), low = agg_out_new(DS_I64, n, a);
    agg_out high = agg_out_new(DS_I64, n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const int_sum *s = AGG_STATE(acc, int_sum, g);
        if (s->n == 0)
            continue;
        agg_out_set(&count, g, &s->n);
        agg_out_set(&low, g, &s->low);
        if (s->high != (int64_t)s->low >> 63)
            agg_out_set(&high, g, &s->high);
    }
    cols[0] = agg_out_done(&count);
    cols[1] = agg_out_done(&low);
    cols[2] = agg_out_done(&high);
}

/* The sum in a row of parts; false: there is none. */
static bool sum_part(const ds_col *c, uint32_t i, int64_t *low, int64_t *high)
{
    if (ds_col_is_null(&c[1], i))
        return false;
    *low = c[1].v.i64[i];
    *high = ds_col_is_null(&c[2], i) ? *low >> 63 : c[2].v.i64[i];
    return true;
}

static void sum_merge(ds_acc *acc, const agg_rows *in)
{
    const ds_col *c = in->cols;
    AGG_EACH(in, i)
    {
        int_sum *s = AGG_STATE(acc, int_sum, in->group[i]);
        int64_t low, high;
        if (!sum_part(c, i, &low, &high))
            continue;
        s->n = agg_count_add(s->n, c[0].v.i64[i]);
        uint64_t sum = s->low + (uint64_t)low;
        s->high = agg_count_add(agg_count_add(s->high, high), sum < s->low);
        s->low = sum;
    }
}

static void sum_subtract(ds_acc *acc, const agg_rows *in)
{
    const ds_col *c = in->cols;
    AGG_EACH(in, i)
    {
        int_sum *s = AGG_STATE(acc, int_sum, in->group[i]);
        int64_t low, high;
        if (!sum_part(c, i, &low, &high))
            continue;
        s->n = agg_count_sub(s->n, c[0].v.i64[i]);
        bool borrow = s->low < (uint64_t)low;
        s->high = agg_count_sub(agg_count_sub(s->high, high), borrow);
        s->low -= (uint64_t)low;
    }
}

static void sum_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                       ds_col *col)
{
    agg_out out = agg_out_new(DS_I64, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const int_sum *s = AGG_STATE(acc, int_sum, g);
        int64_t v = (int64_t)s->low;
        if (s->n == 0)
            continue;
        if (s->high != v >> 63)
            agg_error(ev, n, g, "E0701", "bigint out of range");
        agg_out_set(&out, g, &v);
    }
    *col = agg_out_done(&out);
}

static void sum_result_num(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                           ds_col *col)
{
    agg_out out = agg_out_new(DS_NUM, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const int_sum *s = AGG_STATE(acc, int_sum, g);
        ds_numeric v = {.kind = 0};
        if (s->n)
            agg_num_set(&out, g, n, ev, agg_num_whole(sum_of(s), &v), &v);
    }
    *col = agg_out_done(&out);
}

static void avg_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                       ds_col *col)
{
    agg_out out = agg_out_new(DS_NUM, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const int_sum *s = AGG_STATE(acc, int_sum, g);
        ds_numeric v = {.kind = 0};
        if (s->n > 0)
            agg_num_set(&out, g, n, ev, agg_num_quotient(sum_of(s), s->n, &v),
                        &v);
    }
    *col = agg_out_done(&out);
}

#define INT_SUM(name, of)                                                      \
    const agg_type name = {                                                    \
        .size = sizeof(int_sum),                                               \
        .flags = AGG_ANY_ORDER,                                                \
        .parts = {DS_I64, DS_I64, DS_I64},                                     \
        .add = sum_add,                                                        \
        .merge = sum_merge,                                                    \
        .subtract = sum_subtract,                                              \
        .split = sum_split,                                                    \
        .result = (of),                                                        \
    };
INT_SUM(agg_sum_i64, sum_result)
INT_SUM(agg_sum_i64_num, sum_result_num)
INT_SUM(agg_avg_i64, avg_result)

/* ---- bits ---- */

typedef struct bits {
    int64_t v;
    bool some;
} bits;

static void bits_split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    agg_out out = agg_out_new(DS_I64, n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++)
        if (AGG_STATE(acc, bits, g)->some)
            agg_out_set(&out, g, &AGG_STATE(acc, bits, g)->v);
    cols[0] = agg_out_done(&out);
}

static void bits_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                        ds_col *out)
{
    bits_split(acc, n, ev->arena, out);
}

/* Parts are values too. */
#define BITS(kind, op, more)                                                   \
    static void bit_##kind(ds_acc *acc, const agg_rows *in)                    \
    {                                                                          \
        AGG_EACH(in, i)                                                        \
        {                                                                      \
            bits *s = AGG_STATE(acc, bits, in->group[i]);                      \
            int64_t v = in->cols[0].v.i64[i];                                  \
            s->v = s->some ? s->v op v : v;                                    \
            s->some = true;                                                    \
        }                                                                      \
    }                                                                          \
    const agg_type agg_bit_##kind = {                                          \
        .size = sizeof(bits),                                                  \
        .flags = AGG_ANY_ORDER | (more),                                       \
        .parts = {DS_I64},                                                     \
        .add = bit_##kind,                                                     \
        .merge = bit_##kind,                                                   \
        .split = bits_split,                                                   \
        .result = bits_result,                                                 \
    };
BITS(and, &, AGG_ONCE)
BITS(or, |, AGG_ONCE)
BITS(xor, ^, 0)

/* ---- booleans ---- */

enum { SEEN_FALSE = 1, SEEN_TRUE = 2 };

static void bool_add(ds_acc *acc, const agg_rows *in)
{
    uint8_t *state = acc->state;
    AGG_EACH(in, i)
    state[in->group[i]] |= in->cols[0].v.b[i] ? SEEN_TRUE : SEEN_FALSE;
}

/* Of AND false decides, of OR true. */
static ds_col bools(const ds_acc *acc, uint32_t n, ds_arena *a, uint8_t decides)
{
    const uint8_t *state = acc->state;
    agg_out out = agg_out_new(DS_BOOL, n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        uint8_t v =
            (state[g] & decides) ? decides == SEEN_TRUE : decides == SEEN_FALSE;
        if (state[g])
            agg_out_set(&out, g, &v);
    }
    return agg_out_done(&out);
}

#define BOOLS(kind, decides)                                                   \
    static void bool_##kind##_split(const ds_acc *acc, uint32_t n,             \
                                    ds_arena *a, ds_col *cols)                 \
    {                                                                          \
        cols[0] = bools(acc, n, a, decides);                                   \
    }                                                                          \
    static void bool_##kind##_result(const ds_acc *acc, uint32_t n,            \
                                     const ds_eval *ev, ds_col *out)           \
    {                                                                          \
        *out = bools(acc, n, ev->arena, decides);                              \
    }                                                                          \
    const agg_type agg_bool_##kind = {                                         \
        .size = 1,                                                             \
        .flags = AGG_ANY_ORDER | AGG_ONCE,                                     \
        .parts = {DS_BOOL},                                                    \
        .add = bool_add,                                                       \
        .merge = bool_add,                                                     \
        .split = bool_##kind##_split,                                          \
        .result = bool_##kind##_result,                                        \
    };
BOOLS(and, SEEN_FALSE)
BOOLS(or, SEEN_TRUE)
