/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pending.c - stand-ins, each until its layer has the real one.
 */
#include "record/jsonb.h"
#include "record/numeric.h"

#define PENDING __attribute__((weak))

PENDING numeric_rc numeric_fit(ds_numeric *n, int32_t mod)
{
    (void)n;
    (void)mod;
    return NUMERIC_OK;
}

PENDING int numeric_cmp(const ds_numeric *a, const ds_numeric *b)
{
    return memcmp(a, b, sizeof *a);
}

PENDING ds_numeric numeric_plain(const ds_numeric *n)
{
    return *n;
}

PENDING int jsonb_cmp(ds_slice a, ds_slice b)
{
    return ds_slice_cmp(a, b);
}

PENDING ds_slice jsonb_plain(ds_slice v, ds_arena *a)
{
    (void)a;
    return v;
}
