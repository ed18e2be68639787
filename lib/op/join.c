/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join.c - join, leftOuterJoin, rightOuterJoin and fullOuterJoin of two pair
 * streams (contract.md 5.4).
 *
 * Of one batch: all rows of both sides are grouped by key, and a group gives
 * the product of its sides. The batch ends before the first pair is made, since
 * any row may still bring a key's other side.
 */
#include "op/join.h"

static void rows_begin(struct join *j, int side)
{
    const struct join_plan *p = j->op.node->planned;

    j->rows[side] =
        (struct rows){.schema = p->side[side].rows, .arena = j->op.epoch_arena};
}

ds_rc join_begin(ds_op *op, ds_err *err)
{
    struct join *j = (struct join *)op;
    const struct join_plan *p = op->node->planned;

    (void)err;
    j->groups = ds_groups_new(op->epoch_arena, p->key_types, p->key->n);
    rows_begin(j, JOIN_LEFT);
    rows_begin(j, JOIN_RIGHT);
    return DS_OK;
}

ds_rc join_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    struct join *j = (struct join *)op;
    const struct join_plan *p = op->node->planned;
    uint32_t *group;

    if (p->within)
        return join_within_push(j, port, in, err);
    group = ds_new(in->arena, uint32_t, in->n + 1);
    ds_groups_map(j->groups, in, p->side[port].keys, group);
    rows_add(&j->rows[port], in, group);
    op->rows_kept += in->n_sel;
    return DS_OK;
}

/* ---- the end of a batch ---- */

static const ds_col *side_cols(const struct join *j, int side)
{
    const struct join_plan *p = j->op.node->planned;
    const struct join_side *s = &p->side[side];
    ds_col *cols = ds_new(j->op.epoch_arena, ds_col, s->vals->n + 1);

    for (uint32_t c = 0; c < s->vals->n; c++)
        cols[c] = rows_col(&j->rows[side], s->cols[c]);
    return cols;
}

/* A side of a group: its rows, or the one that stands for none. */
struct part {
    const uint32_t *rows;
    uint32_t n;
};

static struct part part_of(const struct rows_index *x, uint32_t group,
                           const uint32_t *none, bool other_outer)
{
    struct part part = {x->order + x->start[group],
                        x->start[group + 1] - x->start[group]};

    if (part.n == 0 && other_outer)
        part = (struct part){none, 1};
    return part;
}

static ds_rc product(struct join_pairs *p, uint32_t group, struct part left,
                     struct part right, ds_err *err)
{
    for (uint32_t l = 0; l < left.n; l++)
        for (uint32_t r = 0; r < right.n; r++)
            DS_TRY(join_pairs_add(p, group, left.rows[l], right.rows[r], err));
    return DS_OK;
}

/* What a batch gives lives until the batch ends: a key that nearly all rows of
 * both sides have would take all memory there is. */
static ds_rc check_product(const struct join *j, const struct rows_index *l,
                           const struct rows_index *r, ds_err *err)
{
    uint64_t sum = 0;

    for (uint32_t g = 0; g < ds_groups_n(j->groups); g++)
        sum += (uint64_t)(l->start[g + 1] - l->start[g]) *
               (r->start[g + 1] - r->start[g]);
    if (sum <= JOIN_PAIRS_MAX)
        return DS_OK;
    return ds_fail(err, DS_E_FAILED,
                   "%s: a batch gives %llu rows, more than %llu: a key has too "
                   "many rows on both sides",
                   j->op.node->name, (unsigned long long)sum,
                   (unsigned long long)JOIN_PAIRS_MAX);
}

static ds_rc join_seal(ds_op *op, ds_err *err)
{
    struct join *j = (struct join *)op;
    const struct join_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    uint32_t n = ds_groups_n(j->groups);
    struct rows_index index[2];
    struct join_pairs pairs = {.op = op, .plan = p};
    ds_col *keys = ds_new(a, ds_col, p->key->n + 1);

    if (p->within)
        return join_within_seal(j, err);
    if (n == 0)
        return DS_OK;
    ds_groups_cols(j->groups, a, keys);
    ds_key_fit(p->key, keys, n, a);
    pairs.keys = keys;
    for (int s = JOIN_LEFT; s <= JOIN_RIGHT; s++) {
        index[s] = rows_by_group(j->rows[s].groups, j->rows[s].n, n, a);
        pairs.cols[s] = side_cols(j, s);
        pairs.none[s] = j->rows[s].n;
    }
    DS_TRY(check_product(j, &index[JOIN_LEFT], &index[JOIN_RIGHT], err));
    join_pairs_begin(&pairs);
    for (uint32_t g = 0; g < n; g++)
        DS_TRY(product(&pairs, g,
                       part_of(&index[JOIN_LEFT], g, &pairs.none[JOIN_LEFT],
                               p->side[JOIN_RIGHT].outer),
                       part_of(&index[JOIN_RIGHT], g, &pairs.none[JOIN_RIGHT],
                               p->side[JOIN_LEFT].outer),
                       err));
    return join_pairs_end(&pairs, err);
}

/* ---- types ---- */

static const ds_param join_params[] = {
    JOIN_WITH,
    {.name = "within",
     .type = DS_P_DURATION,
     .offset = offsetof(struct join_args, within),
     .help = "Rows of different batches meet if their event times differ by "
             "no more than that; absent: rows of the same batch meet."},
    {0},
};

#define JOIN(symbol, yaml, says)                                               \
    const ds_op_type symbol = {                                                \
        .name = (yaml),                                                        \
        .help = (says),                                                        \
        .keeps =                                                               \
            "with `within`: the rows of both sides until no match can come",   \
        .cost = "a hash lookup per row, and the pairs",                        \
        .params = join_params,                                                 \
        .args_size = sizeof(struct join_args),                                 \
        .size = sizeof(struct join),                                           \
        .flags = DS_OP_BY_KEY | DS_OP_NEEDS_BATCH,                             \
        .plan = join_plan,                                                     \
        .begin = join_begin,                                                   \
        .push = join_push,                                                     \
        .seal = join_seal,                                                     \
    }

JOIN(op_join, "join", "Each row of a key with each row of the other stream.");
JOIN(op_left_outer_join, "leftOuterJoin",
     "As join; rows without a match come with NULLs.");
JOIN(op_right_outer_join, "rightOuterJoin",
     "As join; the other stream's rows without a match come with NULLs.");
JOIN(op_full_outer_join, "fullOuterJoin",
     "As join; rows of both streams without a match come with NULLs.");
