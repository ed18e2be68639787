/* SPDX-License-Identifier: Apache-2.0 */
/* row_errors.c - the rows of a batch that were refused, each once. */
#include "dstream/batch.h"

static void errors_grow(ds_row_errors *e, ds_arena *a)
{
    uint32_t cap = e->cap ? e->cap * 2 : 16;
    ds_row_error *list = ds_new(a, ds_row_error, cap);

    if (e->n)
        memcpy(list, e->list, e->n * sizeof(*list));
    e->list = list;
    e->cap = cap;
}

void ds_row_errors_add(ds_row_errors *e, ds_arena *a, uint32_t n_rows,
                       uint32_t row, const char *code, uint32_t item,
                       const char *msg)
{
    if (!e->bad)
        e->bad = ds_new(a, uint64_t, (n_rows + 63) / 64);
    if (e->bad[row / 64] >> (row % 64) & 1)
        return;
    e->bad[row / 64] |= 1ull << (row % 64);
    if (e->n == e->cap)
        errors_grow(e, a);
    e->list[e->n++] = (ds_row_error){row, code, ds_str_copy(a, msg), item};
}
