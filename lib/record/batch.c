/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c - new headers for the rows of a batch.
 */
#include "dstream/batch.h"

ds_batch *ds_batch_select(const ds_batch *b, const uint32_t *sel,
                          uint32_t n_sel)
{
    ds_batch *out = ds_new(b->arena, ds_batch, 1);
    *out = *b;
    out->sel = sel;
    out->n_sel = n_sel;
    return out;
}

const ds_batch *ds_batch_drop(const ds_batch *b, const uint64_t *drop)
{
    uint64_t any = 0;
    for (uint32_t w = 0; w < (b->n + 63) / 64; w++)
        any |= drop[w];
    if (!any)
        return b;
    uint32_t *sel = ds_new(b->arena, uint32_t, b->n_sel);
    uint32_t n = 0;
    DS_EACH (b, row) {
        sel[n] = row;
        n += !(drop[row / 64] >> (row % 64) & 1);
    }
    return ds_batch_select(b, sel, n);
}

int ds_schema_find(const ds_schema *s, const char *name)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (strcmp(s->fields[i].name, name) == 0)
            return (int)i;
    return -1;
}
