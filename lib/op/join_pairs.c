/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join_pairs.c - pairs of rows to rows: gathered column by column, in batches
 * of a size that a product of many rows does not change.
 */
#include "op/join.h"
#include "record/builder.h"

#define PAIRS 4096

void join_pairs_begin(struct join_pairs *p)
{
    ds_arena *a = p->op->epoch_arena;

    p->n = 0;
    p->groups = ds_new(a, uint32_t, PAIRS);
    p->rows[JOIN_LEFT] = ds_new(a, uint32_t, PAIRS);
    p->rows[JOIN_RIGHT] = ds_new(a, uint32_t, PAIRS);
}

ds_rc join_pairs_end(struct join_pairs *p, ds_err *err)
{
    const ds_schema *schema = p->op->node->schema;
    ds_arena *a = p->op->epoch_arena;
    ds_col *cols, *to;
    ds_batch *out;

    if (p->n == 0)
        return DS_OK;
    out = ds_new(a, ds_batch, 1);
    cols = to = ds_new(a, ds_col, schema->n + 1);
    for (uint32_t c = 0; c < p->plan->key->n; c++)
        *to++ = ds_col_gather(&p->keys[c], p->plan->key_types[c], p->groups,
                              p->n, a);
    for (int s = JOIN_LEFT; s <= JOIN_RIGHT; s++) {
        const ds_schema *vals = p->plan->side[s].vals;

        for (uint32_t c = 0; c < vals->n; c++)
            *to++ = ds_col_gather(&p->cols[s][c], vals->fields[c].type,
                                  p->rows[s], p->n, a);
    }
    *out = (ds_batch){
        .schema = schema, .cols = cols, .n = p->n, .n_sel = p->n, .arena = a};
    p->n = 0;
    return ds_emit(p->op, out, err);
}

ds_rc join_pairs_add(struct join_pairs *p, uint32_t group, uint32_t left,
                     uint32_t right, ds_err *err)
{
    p->groups[p->n] = group;
    p->rows[JOIN_LEFT][p->n] = left;
    p->rows[JOIN_RIGHT][p->n] = right;
    return ++p->n == PAIRS ? join_pairs_end(p, err) : DS_OK;
}
