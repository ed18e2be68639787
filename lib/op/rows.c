/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - all rows of a batch, one column after the other.
 */
#include "op/rows.h"

#include <string.h>

#include "record/builder.h"

static void rows_grow(struct rows *r, uint32_t n)
{
    uint32_t cap = r->cap ? r->cap : 1024;
    uint32_t *more;

    if (n <= r->cap)
        return;
    while (cap < n)
        cap *= 2;
    more = ds_new(r->arena, uint32_t, cap);
    if (r->n)
        memcpy(more, r->groups, r->n * sizeof(*more));
    r->groups = more;
    r->cap = cap;
}

static void batches_grow(struct rows *r)
{
    uint32_t cap = r->cap_batches ? r->cap_batches * 2 : 16;
    ds_batch *more;

    if (r->n_batches < r->cap_batches)
        return;
    more = ds_new(r->arena, ds_batch, cap);
    if (r->n_batches)
        memcpy(more, r->batches, r->n_batches * sizeof(*more));
    r->batches = more;
    r->cap_batches = cap;
}

void rows_add(struct rows *r, const ds_batch *in, const uint32_t *group)
{
    if (in->n_sel == 0)
        return;
    rows_grow(r, r->n + in->n_sel);
    batches_grow(r);
    DS_EACH (in, i)
        r->groups[r->n + k_i] = group[i];
    r->n += in->n_sel;
    r->batches[r->n_batches++] = *in;
}

static bool has_values(const struct rows *r, uint32_t col)
{
    for (uint32_t i = 0; i < r->n_batches; i++)
        if (r->batches[i].cols[col].v.p == NULL)
            return false;
    return true;
}

/* Only the rows that count, to `to`. */
static void values_copy(const ds_batch *b, const ds_col *c, size_t size,
                        uint8_t *to)
{
    const uint8_t *from = c->v.p;

    if (b->sel == NULL) {
        memcpy(to, from, b->n_sel * size);
        return;
    }
    for (uint32_t i = 0; i < b->n_sel; i++)
        memcpy(to + i * size, from + b->sel[i] * size, size);
}

ds_col rows_col(const struct rows *r, uint32_t col)
{
    ds_type type = r->schema->fields[col].type;
    size_t size = ds_type_size(type);
    uint64_t *valid;
    uint8_t *values;
    uint32_t at = 0;

    if (!has_values(r, col))
        return (ds_col){0};
    valid = ds_bits_new(r->arena, r->n + 1, true);
    values = ds_arena_alloc(r->arena, (r->n + 1) * size, 16);
    for (uint32_t i = 0; i < r->n_batches; i++) {
        const ds_batch *b = &r->batches[i];
        const ds_col *c = &b->cols[col];

        values_copy(b, c, size, values + at * size);
        DS_EACH (b, row)
            if (ds_col_is_null(c, row))
                ds_bit_clear(valid, at + k_row);
        at += b->n_sel;
    }
    ds_bit_clear(valid, r->n);
    return (ds_col){.valid = valid, .v.p = values};
}

struct rows_index rows_by_group(const uint32_t *groups, uint32_t n,
                                uint32_t n_groups, ds_arena *a)
{
    struct rows_index x = {ds_new(a, uint32_t, n_groups + 2),
                           ds_new(a, uint32_t, n + 1)};

    /* Counted two places ahead, so that start[g + 1] runs while g is filled. */
    for (uint32_t i = 0; i < n; i++)
        x.start[groups[i] + 2]++;
    for (uint32_t g = 2; g < n_groups + 2; g++)
        x.start[g] += x.start[g - 1];
    for (uint32_t i = 0; i < n; i++)
        x.order[x.start[groups[i] + 1]++] = i;
    return x;
}
