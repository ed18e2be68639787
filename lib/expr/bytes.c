/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes.c - functions on bytea: parts, bytes and bits.
 */
#include "expr/text.h"

static ds_slice trim(ds_slice a, ds_slice set, bool left, bool right)
{
    while (left && a.len && set.len && memchr(set.ptr, a.ptr[0], set.len)) {
        a.ptr++;
        a.len--;
    }
    while (right && a.len && set.len &&
           memchr(set.ptr, a.ptr[a.len - 1], set.len))
        a.len--;
    return a;
}

static void trim_rows(run *r, const run_step *s, bool left, bool right)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i], set = ARG_STR(1)[i];
        out[i] = set.len < 16 || text_quick(r, s, i, a.len, set.len)
                     ? trim(a, set, left, right)
                     : text_empty;
    }
}

void bytes_btrim(run *r, const run_step *s)
{
    trim_rows(r, s, true, true);
}

void bytes_ltrim(run *r, const run_step *s)
{
    trim_rows(r, s, true, false);
}

void bytes_rtrim(run *r, const run_step *s)
{
    trim_rows(r, s, false, true);
}

/* Bytes [from, to) counted from 1. */
static ds_slice part(ds_slice a, int64_t from, int64_t to)
{
    from = from < 1 ? 1 : from;
    to = to > (int64_t)a.len + 1 ? (int64_t)a.len + 1 : to;
    if (to <= from)
        return text_empty;
    return (ds_slice){a.ptr + from - 1, (uint32_t)(to - from)};
}

void bytes_substr2(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = part(ARG_STR(0)[i], ARG_I64(1)[i], INT64_MAX);
}

void bytes_substr3(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        int64_t from = ARG_I64(1)[i], len = ARG_I64(2)[i];
        out[i] = text_empty;
        if (len < 0)
            run_error(r, s, i, "E0704",
                      "negative substring length not allowed");
        else
            out[i] = part(ARG_STR(0)[i], from, from + len);
    }
}

void bytes_position(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        uint32_t at = text_find(ARG_STR(0)[i], ARG_STR(1)[i], 0);
        out[i] = at == TEXT_NOWHERE ? 0 : (int64_t)at + 1;
    }
}

/* ---- bytes and bits ---- */

static bool in_range(run *r, const run_step *s, uint32_t i, int64_t n)
{
    int64_t at = ARG_I64(1)[i];
    if (at >= 0 && at < n)
        return true;
    run_error(r, s, i, "E0704", "index %lld out of valid range, 0..%lld",
              (long long)at, (long long)n - 1);
    return false;
}

void bytes_get_byte(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        out[i] = in_range(r, s, i, a.len) ? a.ptr[ARG_I64(1)[i]] : 0;
    }
}

void bytes_get_bit(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        int64_t at = ARG_I64(1)[i];
        out[i] = in_range(r, s, i, (int64_t)a.len * 8)
                     ? a.ptr[at / 8] >> (at % 8) & 1
                     : 0;
    }
}

static uint8_t *copy(run *r, ds_slice a)
{
    uint8_t *p = run_bytes(r, a.len);
    memcpy(p, a.ptr, a.len);
    return p;
}

void bytes_set_byte(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        out[i] = a;
        if (!in_range(r, s, i, a.len))
            continue;
        uint8_t *p = copy(r, a);
        p[ARG_I64(1)[i]] = (uint8_t)ARG_I64(2)[i];
        out[i].ptr = p;
    }
}

void bytes_set_bit(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        int64_t at = ARG_I64(1)[i], bit = ARG_I64(2)[i];
        out[i] = a;
        if (!in_range(r, s, i, (int64_t)a.len * 8))
            continue;
        if (bit != 0 && bit != 1) {
            run_error(r, s, i, "E0704", "new bit must be 0 or 1");
            continue;
        }
        uint8_t *p = copy(r, a);
        p[at / 8] = (uint8_t)((p[at / 8] & ~(1u << (at % 8))) |
                              (unsigned)bit << (at % 8));
        out[i].ptr = p;
    }
}

void bytes_bit_count(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        out[i] = 0;
        for (uint32_t k = 0; k < a.len; k++)
            out[i] += __builtin_popcount(a.ptr[k]);
    }
}
