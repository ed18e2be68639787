/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_num.c - sums, means and variances of numeric, and variances of integers.
 *
 * Exact: the values are added up as integers at the largest scale seen, in
 * enough bits for any number of values whose scales are not more than
 * SCALE_SPAN apart; only the result is rounded. So the sum does not depend on
 * the order of the values, nor on how it was split.
 *
 * In parts:  byte 0 version (1); counts of numbers, NaN, Infinity, -Infinity
 *            (i64 each); largest scale, least scale of a value that is not 0
 *            (i32 each); number of limbs, limbs of the sum; the same of the
 *            squares. Little-endian; limbs that only repeat the sign are left
 *            out.
 */
#include "expr/agg.h"
#include "expr/agg_big.h"
#include "expr/agg_kinds.h"

enum {
    NUM_VERSION = 1,
    SCALE_SPAN = 60,
    SUM_LIMBS = 8,     /* 10^38 * 10^60 * 2^63 and a sign */
    SQUARE_LIMBS = 12, /* (10^38)^2 * (10^60)^2 * 2^63 and a sign */
    NUM_HEAD = 1 + 4 * 8 + 2 * 4,
};

typedef struct num_sum {
    int64_t n, nan, plus, minus; /* minus, plus: infinities */
    int32_t scale, least;
    bool some; /* a value that is not 0: `least` counts */
    uint64_t sum[SUM_LIMBS];
} num_sum;

/* Begins as num_sum does. */
typedef struct num_var {
    num_sum s;
    uint64_t squares[SQUARE_LIMBS];
} num_var;

/* ---- two's complement integers of n limbs ---- */

__extension__ typedef unsigned __int128 u128;

static void limbs_set(uint64_t *to, uint32_t n, numeric_int v)
{
    to[0] = (uint64_t)v;
    to[1] = (uint64_t)((u128)v >> 64);
    for (uint32_t i = 2; i < n; i++)
        to[i] = v < 0 ? UINT64_MAX : 0;
}

static void limbs_add(uint64_t *to, const uint64_t *v, uint32_t n)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < n; i++) {
        u128 t = (u128)to[i] + v[i] + carry;
        to[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
}

/* Mostly the upper limbs stay as they are. */
static void limbs_add_int(uint64_t *to, uint32_t n, numeric_int v)
{
    u128 t = (u128)to[0] + (uint64_t)v;
    to[0] = (uint64_t)t;
    t = (t >> 64) + to[1] + (uint64_t)((u128)v >> 64);
    to[1] = (uint64_t)t;
    uint64_t carry = (uint64_t)(t >> 64), sign = v < 0 ? UINT64_MAX : 0;
    for (uint32_t i = 2; i < n && carry != (sign & 1); i++) {
        t = (u128)to[i] + sign + carry;
        to[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
}

static void limbs_mul(uint64_t *to, uint32_t n, uint64_t by)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < n; i++) {
        u128 t = (u128)to[i] * by + carry;
        to[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
}

static void limbs_mul_pow10(uint64_t *to, uint32_t n, int32_t k)
{
    for (; k >= 18; k -= 18)
        limbs_mul(to, n, UINT64_C(1000000000000000000));
    uint64_t rest = 1;
    for (; k > 0; k--)
        rest *= 10;
    if (rest > 1)
        limbs_mul(to, n, rest);
}

/* v * v, v not negative. */
static void limbs_square(uint64_t *to, numeric_uint v)
{
    uint64_t lo = (uint64_t)v, hi = (uint64_t)(v >> 64);
    u128 low = (u128)lo * lo, mid = (u128)lo * hi, high = (u128)hi * hi;
    memset(to, 0, SQUARE_LIMBS * sizeof(*to));
    to[0] = (uint64_t)low;
    u128 t = (low >> 64) + (uint64_t)mid + (uint64_t)mid;
    to[1] = (uint64_t)t;
    t = (t >> 64) + (mid >> 64) + (mid >> 64) + (uint64_t)high;
    to[2] = (uint64_t)t;
    to[3] = (uint64_t)((t >> 64) + (high >> 64));
}

/* ---- adding ---- */

static bool num_wide(const num_sum *s)
{
    return s->some && s->scale - s->least > SCALE_SPAN;
}

/* Room for digits of this scale. The sums of what is too wide do not count. */
static void num_scale(num_sum *s, uint64_t *squares, int32_t scale, bool zero)
{
    if (!zero && (!s->some || scale < s->least))
        s->least = scale;
    if (scale > s->scale) {
        int32_t more = scale - s->scale;
        bool fits = s->some && scale - s->least <= SCALE_SPAN;
        if (fits)
            limbs_mul_pow10(s->sum, SUM_LIMBS, more);
        if (fits && squares)
            limbs_mul_pow10(squares, SQUARE_LIMBS, 2 * more);
        s->scale = scale;
    }
    s->some = s->some || !zero;
}

static void num_add_value(num_sum *s, uint64_t *squares, numeric_int v,
                          int32_t scale)
{
    s->n++;
    if (scale != s->scale || !s->some)
        num_scale(s, squares, scale, v == 0);
    if (num_wide(s) || v == 0)
        return;
    int32_t up = s->scale - scale;
    uint64_t room[SQUARE_LIMBS];
    if (up == 0) {
        limbs_add_int(s->sum, SUM_LIMBS, v);
    } else {
        limbs_set(room, SUM_LIMBS, v);
        limbs_mul_pow10(room, SUM_LIMBS, up);
        limbs_add(s->sum, room, SUM_LIMBS);
    }
    if (squares) {
        limbs_square(room, v < 0 ? -(numeric_uint)v : (numeric_uint)v);
        limbs_mul_pow10(room, SQUARE_LIMBS, 2 * up);
        limbs_add(squares, room, SQUARE_LIMBS);
    }
}

static void num_add(num_sum *s, uint64_t *squares, const ds_numeric *v)
{
    if (v->kind == 0)
        num_add_value(s, squares, numeric_value(v), v->scale);
    else if (v->kind == 2)
        s->nan++;
    else if (v->kind > 0)
        s->plus++;
    else
        s->minus++;
}

static void sum_add(ds_acc *acc, const agg_rows *in)
{
    const ds_numeric *v = in->cols[0].v.num;
    AGG_EACH(in, i)
    num_add(AGG_STATE(acc, num_sum, in->group[i]), NULL, &v[i]);
}

static void var_add(ds_acc *acc, const agg_rows *in)
{
    const ds_numeric *v = in->cols[0].v.num;
    AGG_EACH(in, i)
    {
        num_var *s = AGG_STATE(acc, num_var, in->group[i]);
        num_add(&s->s, s->squares, &v[i]);
    }
}

static void var_add_i64(ds_acc *acc, const agg_rows *in)
{
    const int64_t *v = in->cols[0].v.i64;
    AGG_EACH(in, i)
    {
        num_var *s = AGG_STATE(acc, num_var, in->group[i]);
        num_add_value(&s->s, s->squares, v[i], 0);
    }
}

/* ---- parts ---- */

static uint8_t *limbs_write(uint8_t *to, const uint64_t *limbs, uint32_t n)
{
    uint64_t sign = limbs[n - 1] >> 63 ? UINT64_MAX : 0;
    while (n > 1 && limbs[n - 1] == sign && limbs[n - 2] >> 63 == (sign & 1))
        n--;
    *to++ = (uint8_t)n;
    memcpy(to, limbs, n * sizeof(*limbs));
    return to + n * sizeof(*limbs);
}

static const uint8_t *limbs_read(const uint8_t *p, const uint8_t *end,
                                 uint64_t *limbs, uint32_t n)
{
    if (p == NULL || p == end)
        return NULL;
    uint32_t have = *p++;
    if (have < 1 || have > n || (size_t)(end - p) < have * sizeof(*limbs))
        return NULL;
    memcpy(limbs, p, have * sizeof(*limbs));
    for (uint32_t i = have; i < n; i++)
        limbs[i] = limbs[have - 1] >> 63 ? UINT64_MAX : 0;
    return p + have * sizeof(*limbs);
}

static ds_slice num_write(const num_sum *s, const uint64_t *squares,
                          ds_arena *a)
{
    uint8_t *bytes = ds_arena_alloc(
        a, NUM_HEAD + 2 + (SUM_LIMBS + SQUARE_LIMBS) * sizeof(uint64_t), 1);
    int32_t least = s->some ? s->least : -1;
    uint8_t *to = bytes;
    *to++ = NUM_VERSION;
    memcpy(to, s, 4 * sizeof(int64_t));
    to += 4 * sizeof(int64_t);
    memcpy(to, &s->scale, 4);
    memcpy(to + 4, &least, 4);
    to = limbs_write(to + 8, s->sum, SUM_LIMBS);
    if (squares)
        to = limbs_write(to, squares, SQUARE_LIMBS);
    return (ds_slice){bytes, (uint32_t)(to - bytes)};
}

static bool num_counts_valid(const num_sum *s)
{
    const int64_t most = INT64_C(1) << 48;
    return s->n >= 0 && s->nan >= 0 && s->plus >= 0 && s->minus >= 0 &&
           s->n < most && s->nan < most && s->plus < most && s->minus < most &&
           s->scale >= 0 && s->scale <= 16383 && s->least <= s->scale;
}

static bool num_read(ds_slice part, num_sum *s, uint64_t *squares)
{
    const uint8_t *p = part.ptr, *end = p + part.len;
    *s = (num_sum){.n = 0};
    if (part.len < NUM_HEAD || *p++ != NUM_VERSION)
        return false;
    memcpy(s, p, 4 * sizeof(int64_t));
    p += 4 * sizeof(int64_t);
    memcpy(&s->scale, p, 4);
    memcpy(&s->least, p + 4, 4);
    s->some = s->least >= 0;
    s->least = s->some ? s->least : 0;
    p = limbs_read(p + 8, end, s->sum, SUM_LIMBS);
    if (squares)
        p = limbs_read(p, end, squares, SQUARE_LIMBS);
    return p == end && num_counts_valid(s);
}

/* The part is brought to the state's scale, or the reverse. */
static void num_merge(num_sum *s, uint64_t *squares, num_sum *part,
                      uint64_t *part_squares)
{
    s->n = agg_count_add(s->n, part->n);
    s->nan = agg_count_add(s->nan, part->nan);
    s->plus = agg_count_add(s->plus, part->plus);
    s->minus = agg_count_add(s->minus, part->minus);
    int32_t scale = part->scale > s->scale ? part->scale : s->scale;
    num_scale(s, squares, scale, true);
    num_scale(part, part_squares, scale, true);
    if (part->some && (!s->some || part->least < s->least))
        s->least = part->least;
    s->some = s->some || part->some;
    if (num_wide(s))
        return;
    limbs_add(s->sum, part->sum, SUM_LIMBS);
    if (squares)
        limbs_add(squares, part_squares, SQUARE_LIMBS);
}

static void num_merge_parts(ds_acc *acc, const agg_rows *in)
{
    bool squares = acc->agg->type->size == sizeof(num_var);
    AGG_EACH(in, i)
    {
        num_var part = {.s = {.n = 0}};
        if (!num_read(in->cols[0].v.str[i], &part.s,
                      squares ? part.squares : NULL)) {
            agg_bad_part(in, i);
            continue;
        }
        uint8_t *at =
            (uint8_t *)acc->state + (size_t)in->group[i] * acc->agg->type->size;
        num_sum *s = (num_sum *)(void *)at;
        num_merge(s, squares ? ((num_var *)s)->squares : NULL, &part.s,
                  part.squares);
    }
}

static int64_t num_all(const num_sum *s)
{
    return agg_count_add(agg_count_add(s->n, s->nan),
                         agg_count_add(s->plus, s->minus));
}

static void num_split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    bool squares = acc->agg->type->size == sizeof(num_var);
    agg_out out = agg_out_new(DS_BYTES, n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const num_sum *s = squares ? &AGG_STATE(acc, num_var, g)->s
                                   : AGG_STATE(acc, num_sum, g);
        if (num_all(s) == 0)
            continue;
        ds_slice part =
            num_write(s, squares ? ((const num_var *)s)->squares : NULL, a);
        agg_out_set(&out, g, &part);
    }
    cols[0] = agg_out_done(&out);
}

/* ---- results ---- */

void agg_num_set(agg_out *out, uint32_t g, uint32_t n, const ds_eval *ev,
                 bool fits, const ds_numeric *v)
{
    if (fits)
        agg_out_set(out, g, v);
    else
        agg_error(ev, n, g, "E0701", "a numeric has at most 38 digits");
}

/* What NaN and infinities make of a sum. */
static bool num_special(const num_sum *s, ds_numeric *out)
{
    if (s->nan == 0 && s->plus == 0 && s->minus == 0)
        return false;
    *out = (ds_numeric){.kind = 2};
    if (s->nan == 0 && s->minus == 0)
        out->kind = 1;
    else if (s->nan == 0 && s->plus == 0)
        out->kind = -1;
    return true;
}

static bool num_total(const num_sum *s, ds_numeric *out)
{
    big sum;
    if (num_special(s, out))
        return true;
    if (num_wide(s))
        return false;
    bool negative = big_set_signed(&sum, s->sum, SUM_LIMBS);
    return big_numeric(&sum, negative, (uint32_t)s->scale, out);
}

static bool num_mean(const num_sum *s, ds_numeric *out)
{
    big sum, n, mean;
    uint32_t rscale;
    if (num_special(s, out))
        return true;
    if (num_wide(s))
        return false;
    bool negative = big_set_signed(&sum, s->sum, SUM_LIMBS);
    big_set(&n, (uint64_t)s->n);
    return big_quotient(&sum, (uint32_t)s->scale, (uint32_t)s->scale, &n, &mean,
                        &rscale) &&
           big_numeric(&mean, negative, rscale, out);
}

static void num_results(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                        ds_col *col,
                        bool (*result)(const num_sum *s, ds_numeric *out))
{
    agg_out out = agg_out_new(DS_NUM, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const num_sum *s = AGG_STATE(acc, num_sum, g);
        ds_numeric v = {.kind = 0};
        if (num_all(s))
            agg_num_set(&out, g, n, ev, result(s, &v), &v);
    }
    *col = agg_out_done(&out);
}

static void sum_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                       ds_col *out)
{
    num_results(acc, n, ev, out, num_total);
}

static void avg_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                       ds_col *out)
{
    num_results(acc, n, ev, out, num_mean);
}

bool agg_num_whole(numeric_int v, ds_numeric *out)
{
    const numeric_int most = (numeric_int)UINT64_C(10000000000000000000) *
                             (numeric_int)UINT64_C(10000000000000000000);
    *out = numeric_of(v, 0);
    return v < most && v > -most;
}

/* The position and value of the first digit in base 10000. */
static int32_t first_digit(uint64_t v, uint64_t *digit)
{
    int32_t weight = 0;
    for (; v >= 10000; v /= 10000)
        weight++;
    *digit = v;
    return weight;
}

/* As big_quotient() for what fits into 128 bits, which it nearly always does;
 * false: it does not. */
static bool small_quotient(uint64_t a, uint64_t d, numeric_uint *out,
                           uint32_t *rscale)
{
    static const uint64_t by[6] = {
        1, 10000, 100000000, 1000000000000, 10000000000000000, 0};
    uint64_t fa, fd;
    int32_t weight = first_digit(a, &fa) - first_digit(d, &fd);
    weight -= fa <= fd;
    int32_t digits = weight < 4 ? 4 - weight : 0; /* of base 10000 */
    if (digits > 5 || (digits == 5 && a >> 32))
        return false;
    numeric_uint v = a;
    v *= by[digits < 4 ? digits : 4];
    v *= digits == 5 ? 10000 : 1;
    *rscale = 4 * (uint32_t)digits;
    *out = v / d;
    *out += v % d >= d - v % d;
    return true;
}

bool agg_num_quotient(numeric_int sum, int64_t n, ds_numeric *out)
{
    big a, d, mean;
    uint32_t rscale;
    numeric_uint v = sum < 0 ? -(numeric_uint)sum : (numeric_uint)sum, small;
    if (v >> 63 == 0 &&
        small_quotient((uint64_t)v, (uint64_t)n, &small, &rscale)) {
        *out = numeric_of(sum < 0 ? -(numeric_int)small : (numeric_int)small,
                          (int32_t)rscale);
        return small < (numeric_uint)UINT64_C(10000000000000000000) *
                           UINT64_C(10000000000000000000);
    }
    big_set(&a, v);
    big_set(&d, (uint64_t)n);
    return big_quotient(&a, 0, 0, &d, &mean, &rscale) &&
           big_numeric(&mean, sum < 0, rscale, out);
}

/* ---- variances ---- */

/* n * sum of squares - square of the sum, at twice the scale; 0 if there is no
 * variance. */
static bool var_numerator(const num_var *s, const big *n, big *out)
{
    big sum, squares, square;
    (void)big_set_signed(&sum, s->s.sum, SUM_LIMBS);
    (void)big_set_signed(&squares, s->squares, SQUARE_LIMBS);
    if (!big_mul(out, n, &squares) || !big_mul(&square, &sum, &sum))
        return false;
    if (big_cmp(out, &square) <= 0)
        big_set(out, 0);
    else
        big_sub(out, &square);
    return true;
}

static bool var_root(big *v, uint32_t scale)
{
    big root, ten;
    /* One more digit, and then rounded. */
    if (!big_mul_pow10(v, scale + 2) || !big_sqrt(&root, v) ||
        !big_add(&root, 5))
        return false;
    big_set(&ten, 10);
    big_div(v, NULL, &root, &ten);
    return true;
}

static bool var_of(const num_var *s, bool sample, bool root, ds_numeric *out)
{
    uint32_t scale = 2 * (uint32_t)s->s.scale, rscale;
    big n, less, above, below, v;
    big_set(&n, (uint64_t)s->s.n);
    big_set(&less, (uint64_t)(s->s.n - sample));
    if (num_wide(&s->s) || !var_numerator(s, &n, &above) ||
        !big_mul(&below, &n, &less))
        return false;
    if (above.n == 0) {
        *out = numeric_of(0, 0);
        return true;
    }
    return big_quotient(&above, scale, scale, &below, &v, &rscale) &&
           (!root || var_root(&v, rscale)) &&
           big_numeric(&v, false, rscale, out);
}

static void var_results(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                        ds_col *col, bool sample, bool root)
{
    agg_out out = agg_out_new(DS_NUM, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const num_var *s = AGG_STATE(acc, num_var, g);
        int64_t all = num_all(&s->s);
        ds_numeric v = {.kind = 2};
        if (all == 0 || (sample && all == 1))
            continue;
        bool fits = all != s->s.n || var_of(s, sample, root, &v);
        agg_num_set(&out, g, n, ev, fits, &v);
    }
    *col = agg_out_done(&out);
}

static void var_samp(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                     ds_col *out)
{
    var_results(acc, n, ev, out, true, false);
}

static void var_pop(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                    ds_col *out)
{
    var_results(acc, n, ev, out, false, false);
}

static void stddev_samp(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                        ds_col *out)
{
    var_results(acc, n, ev, out, true, true);
}

static void stddev_pop(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                       ds_col *out)
{
    var_results(acc, n, ev, out, false, true);
}

#define NUM_SUM(name, of)                                                      \
    const agg_type name = {                                                    \
        .size = sizeof(num_sum),                                               \
        .flags = AGG_ANY_ORDER,                                                \
        .parts = {DS_BYTES},                                                   \
        .add = sum_add,                                                        \
        .merge = num_merge_parts,                                              \
        .split = num_split,                                                    \
        .result = (of),                                                        \
    };
#define NUM_VAR(name, with, of)                                                \
    const agg_type name = {                                                    \
        .size = sizeof(num_var),                                               \
        .flags = AGG_ANY_ORDER,                                                \
        .parts = {DS_BYTES},                                                   \
        .add = (with),                                                         \
        .merge = num_merge_parts,                                              \
        .split = num_split,                                                    \
        .result = (of),                                                        \
    };

NUM_SUM(agg_sum_num, sum_result)
NUM_SUM(agg_avg_num, avg_result)
NUM_VAR(agg_var_samp_i64, var_add_i64, var_samp)
NUM_VAR(agg_var_pop_i64, var_add_i64, var_pop)
NUM_VAR(agg_stddev_samp_i64, var_add_i64, stddev_samp)
NUM_VAR(agg_stddev_pop_i64, var_add_i64, stddev_pop)
NUM_VAR(agg_var_samp_num, var_add, var_samp)
NUM_VAR(agg_var_pop_num, var_add, var_pop)
NUM_VAR(agg_stddev_samp_num, var_add, stddev_samp)
NUM_VAR(agg_stddev_pop_num, var_add, stddev_pop)
