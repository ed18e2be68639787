/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_hll.c - approx_count_distinct: HyperLogLog (Flajolet et al., 2007) with
 * Ertl's estimator (arXiv 1702.01284), which needs no tables of corrections.
 *
 * Of a group with up to HLL_FEW distinct values their hashes are kept, and the
 * answer is exact; of more, 2^p registers of a byte. Either follows from the
 * set of values alone, so order and parts do not matter.
 *
 * In parts:  byte 0 version (1), byte 1 p, byte 2: 0 hashes of 8 bytes each,
 *            1 registers
 */
#include <math.h>

#include "expr/agg_kinds.h"
#include "record/key.h"

enum { HLL_VERSION = 1, HLL_FEW = 64, HLL_HEAD = 3 };

typedef struct hll {
    uint64_t *hashes; /* ascending; NULL once there are registers */
    uint8_t *registers;
    uint32_t n, cap;
} hll;

static uint8_t hll_p(const ds_acc *acc)
{
    return *(const uint8_t *)acc->agg->data;
}

/* 1.04 / sqrt(2^p) is at most the wanted standard error. */
static const char *hll_prepare(ds_agg *agg, ds_arena *a)
{
    uint8_t *p = ds_new(a, uint8_t, 1);
    double rsd = 0.05;
    if (agg->f->n_args > 1)
        rsd = agg->direct[1]->null ? 0 : agg->direct[1]->v.f;
    if (!(rsd >= 0.005 && rsd <= 0.25))
        return "the relative standard deviation must lie between 0.005 and "
               "0.25";
    *p = 4;
    while (1.04 / sqrt((double)(1u << *p)) > rsd)
        (*p)++;
    agg->data = p;
    return NULL;
}

/* ---- values in ---- */

static void registers_add(uint8_t *registers, uint8_t p, uint64_t hash)
{
    uint64_t rest = hash << p;
    uint8_t rank =
        rest ? (uint8_t)(__builtin_clzll(rest) + 1) : (uint8_t)(64 - p + 1);
    uint8_t *r = &registers[hash >> (64 - p)];
    if (rank > *r)
        *r = rank;
}

static void hll_registers(ds_acc *acc, hll *h)
{
    uint8_t p = hll_p(acc);
    h->registers = ds_new(acc->arena, uint8_t, 1u << p);
    for (uint32_t i = 0; i < h->n; i++)
        registers_add(h->registers, p, h->hashes[i]);
    h->hashes = NULL;
    h->n = h->cap = 0;
}

static void hashes_insert(ds_acc *acc, hll *h, uint32_t at, uint64_t hash)
{
    if (h->n == h->cap) {
        uint32_t cap = h->cap ? 2 * h->cap : 4;
        uint64_t *more = ds_new(acc->arena, uint64_t, cap);
        if (h->n)
            memcpy(more, h->hashes, h->n * sizeof(*more));
        h->hashes = more;
        h->cap = cap;
    }
    memmove(h->hashes + at + 1, h->hashes + at, (h->n - at) * sizeof(hash));
    h->hashes[at] = hash;
    h->n++;
}

static void hll_add_hash(ds_acc *acc, hll *h, uint64_t hash)
{
    if (h->registers == NULL) {
        uint32_t from = 0, to = h->n;
        while (from < to) {
            uint32_t mid = (from + to) / 2;
            if (h->hashes[mid] < hash)
                from = mid + 1;
            else
                to = mid;
        }
        if (from < h->n && h->hashes[from] == hash)
            return;
        if (h->n < HLL_FEW) {
            hashes_insert(acc, h, from, hash);
            return;
        }
        hll_registers(acc, h);
    }
    registers_add(h->registers, hll_p(acc), hash);
}

/* Equal values have equal keys (key.h). */
static void hll_add(ds_acc *acc, const agg_rows *in)
{
    ds_type type = acc->agg->args[0];
    const ds_col *col = &in->cols[0];
    bool bytes = type == DS_STR || type == DS_BYTES || type == DS_UUID;
    uint8_t *room = NULL;
    size_t cap = 0;
    AGG_EACH(in, i)
    {
        ds_slice key;
        if (bytes) {
            key = col->v.str[i];
        } else {
            size_t bound = key_bound(&col, &type, 1, i);
            if (bound > cap) {
                cap = 2 * bound;
                room = ds_arena_alloc(in->ev->arena, cap, 1);
            }
            key = (ds_slice){room, key_write(&col, &type, 1, i, room)};
        }
        hll_add_hash(acc, AGG_STATE(acc, hll, in->group[i]),
                     ds_hash(key.ptr, key.len));
    }
}

/* ---- parts ---- */

static void hll_split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    uint8_t p = hll_p(acc);
    agg_out out = agg_out_new(DS_BYTES, n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const hll *h = AGG_STATE(acc, hll, g);
        uint32_t size = h->registers ? 1u << p : h->n * 8;
        if (size == 0)
            continue;
        uint8_t *to = ds_arena_alloc(a, HLL_HEAD + size, 1);
        to[0] = HLL_VERSION;
        to[1] = p;
        to[2] = h->registers != NULL;
        memcpy(to + HLL_HEAD,
               h->registers ? (void *)h->registers : (void *)h->hashes, size);
        ds_slice part = {to, HLL_HEAD + size};
        agg_out_set(&out, g, &part);
    }
    cols[0] = agg_out_done(&out);
}

static bool registers_valid(ds_slice v, uint8_t p)
{
    for (uint32_t i = 0; i < v.len; i++)
        if (v.ptr[i] > 64 - p + 1)
            return false;
    return v.len == 1u << p;
}

static bool hll_merge_part(ds_acc *acc, hll *h, ds_slice part)
{
    uint8_t p = hll_p(acc);
    if (part.len < HLL_HEAD || part.ptr[0] != HLL_VERSION || part.ptr[1] != p)
        return false;
    ds_slice v = {part.ptr + HLL_HEAD, part.len - HLL_HEAD};
    if (part.ptr[2] == 0) {
        for (uint32_t i = 0; i + 8 <= v.len; i += 8) {
            uint64_t hash;
            memcpy(&hash, v.ptr + i, 8);
            hll_add_hash(acc, h, hash);
        }
        return v.len % 8 == 0;
    }
    if (part.ptr[2] != 1 || !registers_valid(v, p))
        return false;
    if (h->registers == NULL)
        hll_registers(acc, h);
    for (uint32_t i = 0; i < v.len; i++)
        if (v.ptr[i] > h->registers[i])
            h->registers[i] = v.ptr[i];
    return true;
}

static void hll_merge(ds_acc *acc, const agg_rows *in)
{
    AGG_EACH(in, i)
    if (!hll_merge_part(acc, AGG_STATE(acc, hll, in->group[i]),
                        in->cols[0].v.str[i]))
        agg_bad_part(in, i);
}

/* ---- the estimate ---- */

static double sigma(double x)
{
    double y = 1, z = x, before;
    if (x == 1)
        return HUGE_VAL;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

static double tau(double x)
{
    double y = 1, z = 1 - x, before;
    if (x == 0 || x == 1)
        return 0;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

static int64_t hll_estimate(const uint8_t *registers, uint8_t p)
{
    uint32_t m = 1u << p, q = 64u - p, count[66] = {0};
    const double alpha = 0.7213475204444817; /* 1 / (2 ln 2) */
    for (uint32_t i = 0; i < m; i++)
        count[registers[i]]++;
    double z = m * tau(1 - (double)count[q + 1] / m);
    for (uint32_t k = q; k >= 1; k--)
        z = 0.5 * (z + count[k]);
    z += m * sigma((double)count[0] / m);
    return (int64_t)round(alpha * m * m / z);
}

static void hll_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                       ds_col *out)
{
    int64_t *values = ds_new(ev->arena, int64_t, n + 1);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const hll *h = AGG_STATE(acc, hll, g);
        values[g] =
            h->registers ? hll_estimate(h->registers, hll_p(acc)) : h->n;
    }
    *out = (ds_col){.v.i64 = values};
}

const agg_type agg_distinct = {
    .size = sizeof(hll),
    .flags = AGG_COUNTS | AGG_ANY_ORDER | AGG_ONCE,
    .n_cols = 1,
    .parts = {DS_BYTES},
    .prepare = hll_prepare,
    .add = hll_add,
    .merge = hll_merge,
    .split = hll_split,
    .result = hll_result,
};
