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

/* Sets the bit; false if it was. */
static bool mark(uint64_t **bits, ds_arena *a, uint32_t n_rows, uint32_t row)
{
    if (!*bits)
        *bits = ds_new(a, uint64_t, (n_rows + 63) / 64);
    if ((*bits)[row / 64] >> (row % 64) & 1)
        return false;
    (*bits)[row / 64] |= 1ull << (row % 64);
    return true;
}

static uint64_t **item_bits(ds_row_errors *e, ds_arena *a, uint32_t item)
{
    if (item >= e->n_items) {
        uint64_t **more = ds_new(a, uint64_t *, item + 8);

        if (e->n_items)
            memcpy(more, e->items, e->n_items * sizeof(*more));
        e->items = more;
        e->n_items = item + 8;
    }
    return &e->items[item];
}

void ds_row_errors_add(ds_row_errors *e, ds_arena *a, uint32_t n_rows,
                       uint32_t row, const char *code, uint32_t item,
                       const char *msg)
{
    bool first = mark(&e->bad, a, n_rows, row);

    if (e->by_item)
        first = mark(item_bits(e, a, item), a, n_rows, row);
    if (!first)
        return;
    if (e->n == e->cap)
        errors_grow(e, a);
    e->list[e->n++] = (ds_row_error){row, code, ds_str_copy(a, msg), item};
}
