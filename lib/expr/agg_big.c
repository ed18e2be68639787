/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_big.c - large integers: schoolbook arithmetic on 32-bit limbs.
 */
#include "expr/agg_big.h"

static void big_trim(big *b)
{
    while (b->n && b->limb[b->n - 1] == 0)
        b->n--;
}

void big_set(big *b, numeric_uint v)
{
    b->n = 0;
    for (; v; v >>= 32)
        b->limb[b->n++] = (uint32_t)v;
}

bool big_set_signed(big *b, const uint64_t *limbs, uint32_t n)
{
    bool negative = limbs[n - 1] >> 63;
    uint64_t carry = negative;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t v = negative ? ~limbs[i] + carry : limbs[i];
        carry = carry && v == 0;
        b->limb[2 * i] = (uint32_t)v;
        b->limb[2 * i + 1] = (uint32_t)(v >> 32);
    }
    b->n = 2 * n;
    big_trim(b);
    return negative;
}

bool big_get(const big *b, numeric_int *out)
{
    numeric_uint v = 0;
    if (b->n > 4)
        return false;
    for (uint32_t i = b->n; i-- > 0;)
        v = v << 32 | b->limb[i];
    *out = (numeric_int)v;
    return v >> 127 == 0;
}

int big_cmp(const big *a, const big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (uint32_t i = a->n; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

void big_sub(big *a, const big *b)
{
    uint64_t borrow = 0;
    for (uint32_t i = 0; i < a->n; i++) {
        uint64_t take = (i < b->n ? b->limb[i] : 0) + borrow;
        borrow = a->limb[i] < take;
        a->limb[i] = (uint32_t)(a->limb[i] - take);
    }
    big_trim(a);
}

bool big_add(big *a, uint32_t v)
{
    uint64_t carry = v;
    for (uint32_t i = 0; carry; i++) {
        if (i == BIG_LIMBS)
            return false;
        if (i == a->n)
            a->limb[a->n++] = 0;
        carry += a->limb[i];
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return true;
}

bool big_mul(big *out, const big *a, const big *b)
{
    if (a->n + b->n > BIG_LIMBS)
        return false;
    out->n = a->n + b->n;
    memset(out->limb, 0, out->n * sizeof(*out->limb));
    for (uint32_t i = 0; i < a->n; i++) {
        uint64_t carry = 0;
        for (uint32_t j = 0; j < b->n; j++) {
            carry += (uint64_t)a->limb[i] * b->limb[j] + out->limb[i + j];
            out->limb[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        out->limb[i + b->n] = (uint32_t)carry;
    }
    big_trim(out);
    return true;
}

static bool mul_small(big *a, uint32_t v)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < a->n; i++) {
        carry += (uint64_t)a->limb[i] * v;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry == 0)
        return true;
    if (a->n == BIG_LIMBS)
        return false;
    a->limb[a->n++] = (uint32_t)carry;
    return true;
}

bool big_mul_pow10(big *a, uint32_t k)
{
    for (; k >= 9; k -= 9)
        if (!mul_small(a, 1000000000))
            return false;
    uint32_t rest = 1;
    while (k-- > 0)
        rest *= 10;
    return mul_small(a, rest);
}

static uint32_t div_small(big *a, uint32_t d)
{
    uint64_t rem = 0;
    for (uint32_t i = a->n; i-- > 0;) {
        rem = rem << 32 | a->limb[i];
        a->limb[i] = (uint32_t)(rem / d);
        rem %= d;
    }
    big_trim(a);
    return (uint32_t)rem;
}

/* Both shifted to the left, so that d's highest bit is set; one more limb in
 * `to` than in `from`. */
static void shift_left(uint32_t *to, const uint32_t *from, uint32_t n,
                       uint32_t bits)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < n; i++) {
        carry |= (uint64_t)from[i] << bits;
        to[i] = (uint32_t)carry;
        carry >>= 32;
    }
    to[n] = (uint32_t)carry;
}

/* u[at..at+n] -= q * v[0..n): true if that was too much. */
static bool sub_product(uint32_t *u, const uint32_t *v, uint32_t n, uint64_t q)
{
    uint64_t carry = 0, borrow = 0;
    for (uint32_t i = 0; i <= n; i++) {
        carry += i < n ? q * v[i] : 0;
        uint64_t take = (carry & 0xffffffff) + borrow;
        borrow = u[i] < take;
        u[i] = (uint32_t)(u[i] - take);
        carry >>= 32;
    }
    return borrow;
}

static void add_back(uint32_t *u, const uint32_t *v, uint32_t n)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i <= n; i++) {
        carry += (uint64_t)u[i] + (i < n ? v[i] : 0);
        u[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* Long division (Knuth, Algorithm D); d has two limbs at least, a as many. */
static void div_long(big *quot, big *rem, const big *a, const big *d)
{
    uint32_t u[BIG_LIMBS + 1] = {0}, v[BIG_LIMBS + 1] = {0}, n = d->n;
    DS_BUG_ON(n < 2 || a->n < n || a->n > BIG_LIMBS);
    uint32_t bits = (uint32_t)__builtin_clz(d->limb[n - 1]);
    shift_left(v, d->limb, n, bits);
    shift_left(u, a->limb, a->n, bits);
    quot->n = a->n - n + 1;
    for (uint32_t j = quot->n; j-- > 0;) {
        uint64_t top = (uint64_t)u[j + n] << 32 | u[j + n - 1];
        uint64_t q = top / v[n - 1], r = top % v[n - 1];
        while (q >> 32 || q * v[n - 2] > (r << 32 | u[j + n - 2])) {
            q--;
            r += v[n - 1];
            if (r >> 32)
                break;
        }
        if (sub_product(u + j, v, n, q)) {
            q--;
            add_back(u + j, v, n);
        }
        quot->limb[j] = (uint32_t)q;
    }
    big_trim(quot);
    rem->n = n;
    for (uint32_t i = 0; i < n; i++)
        rem->limb[i] = (uint32_t)(((uint64_t)u[i + 1] << 32 | u[i]) >> bits);
    big_trim(rem);
}

void big_div(big *quot, big *rem, const big *a, const big *d)
{
    big q, r;
    if (big_cmp(a, d) < 0) {
        big_set(&q, 0);
        r = *a;
    } else if (d->n == 1) {
        q = *a;
        big_set(&r, div_small(&q, d->limb[0]));
    } else {
        div_long(&q, &r, a, d);
    }
    if (quot)
        *quot = q;
    if (rem)
        *rem = r;
}

static uint32_t big_bits(const big *a)
{
    if (a->n == 0)
        return 0;
    return 32 * a->n - (uint32_t)__builtin_clz(a->limb[a->n - 1]);
}

/* Newton's steps from above: x = (x + a / x) / 2 falls until it is the root. */
bool big_sqrt(big *out, const big *a)
{
    uint32_t bits = (big_bits(a) + 1) / 2 + 1;
    big x = {.n = bits / 32 + 1};
    if (a->n == 0 || x.n > BIG_LIMBS / 2) {
        big_set(out, 0);
        return a->n == 0;
    }
    x.limb[bits / 32] = 1u << (bits % 32);
    for (;;) {
        big next;
        uint64_t carry = 0;
        big_div(&next, NULL, a, &x);
        uint32_t n = x.n > next.n ? x.n : next.n;
        for (uint32_t i = 0; i < n; i++) {
            carry += i < x.n ? x.limb[i] : 0;
            carry += i < next.n ? next.limb[i] : 0;
            next.limb[i] = (uint32_t)carry;
            carry >>= 32;
        }
        next.n = n + 1;
        next.limb[n] = (uint32_t)carry;
        for (uint32_t i = 0; i < next.n; i++)
            next.limb[i] =
                next.limb[i] >> 1 | (i < n ? next.limb[i + 1] << 31 : 0);
        big_trim(&next);
        if (big_cmp(&next, &x) >= 0)
            break;
        x = next;
    }
    *out = x;
    return true;
}

uint32_t big_digits(const big *a)
{
    big rest = *a;
    uint32_t digits = 0;
    while (rest.n > 1) {
        (void)div_small(&rest, 1000000000);
        digits += 9;
    }
    for (uint32_t v = rest.n ? rest.limb[0] : 0; v; v /= 10)
        digits++;
    return digits;
}

/* ---- quotients ---- */

/* PostgreSQL counts in digits of base 10000: the position of the first one of
 * a / 10^scale, and the digit. */
static bool first_digit(const big *a, uint32_t scale, int32_t *weight,
                        uint32_t *digit)
{
    *weight = 0;
    *digit = 0;
    if (a->n == 0)
        return true;
    int32_t top = (int32_t)big_digits(a) - 1 - (int32_t)scale;
    *weight = top >= 0 ? top / 4 : -((3 - top) / 4);
    int32_t drop = (int32_t)scale + 4 * *weight; /* digits below it */
    big v = *a, d;
    if (drop < 0) {
        if (!big_mul_pow10(&v, (uint32_t)-drop))
            return false;
    } else {
        big_set(&d, 1);
        if (!big_mul_pow10(&d, (uint32_t)drop))
            return false;
        big_div(&v, NULL, &v, &d);
    }
    *digit = v.n ? v.limb[0] : 0;
    return true;
}

static void round_quotient(big *quot, const big *rem, const big *d)
{
    big twice = *rem;
    (void)mul_small(&twice, 2);
    if (big_cmp(&twice, d) >= 0)
        (void)big_add(quot, 1);
}

bool big_quotient(const big *a, uint32_t scale, uint32_t shown, const big *d,
                  big *out, uint32_t *rscale)
{
    int32_t wa, wd;
    uint32_t fa, fd;
    if (!first_digit(a, scale, &wa, &fa) || !first_digit(d, 0, &wd, &fd))
        return false;
    int32_t weight = wa - wd - (fa <= fd ? 1 : 0);
    int32_t want = 16 - 4 * weight; /* 16 significant digits */
    want = want > (int32_t)shown ? want : (int32_t)shown;
    want = want > 0 ? want : 0;
    want = want < 1000 ? want : 1000;
    *rscale = (uint32_t)want;
    big v = *a, div = *d, rem;
    bool fits = *rscale >= scale ? big_mul_pow10(&v, *rscale - scale)
                                 : big_mul_pow10(&div, scale - *rscale);
    if (!fits)
        return false;
    big_div(out, &rem, &v, &div);
    round_quotient(out, &rem, &div);
    return true;
}

bool big_numeric(const big *a, bool negative, uint32_t scale, ds_numeric *out)
{
    numeric_int v;
    if (big_digits(a) > NUMERIC_DIGITS || !big_get(a, &v))
        return false;
    *out = numeric_of(negative ? -v : v, (int32_t)scale);
    return true;
}
