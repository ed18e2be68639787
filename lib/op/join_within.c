/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join_within.c - the pairs of a batch in a join across batches (contract.md
 * 6.8, 8.6).
 *
 * Rows of the batch meet each other and those of the stores; rows of the stores
 * have met already. What comes late is judged by the watermark as it stood
 * after the previous batch, so that it does not matter how a batch is cut.
 */
#include "op/join_within.h"

#include <stdlib.h>

/* ---- rows that come in ---- */

/* Event times at or before it are late. */
static ds_time late_limit(const ds_op *op, int side)
{
    const struct join_plan *p = op->node->planned;

    if (op->watermark_before == DS_TIME_NONE)
        return DS_TIME_NONE;
    return within_add(op->watermark_before, -p->side[side].lag);
}

/* The rows that are neither late nor without a time. */
static const ds_batch *timely(ds_op *op, int side, const ds_batch *in)
{
    const struct join_plan *p = op->node->planned;
    const ds_col *c = &in->cols[p->side[side].time];
    ds_time limit = late_limit(op, side);
    uint32_t *keep = ds_new(in->arena, uint32_t, in->n_sel + 1);
    uint32_t *late = ds_new(in->arena, uint32_t, in->n_sel + 1);
    uint32_t n = 0, n_late = 0;

    DS_EACH (in, i) {
        ds_time t = ds_col_is_null(c, i) ? INT64_MAX : c->v.ts[i];

        if (t == INT64_MAX || t == INT64_MIN)
            continue;
        if (limit != DS_TIME_NONE && t <= limit)
            late[n_late++] = i;
        else
            keep[n++] = i;
    }
    if (n_late)
        op->host->late(op, ds_batch_select(in, late, n_late));
    if (n + n_late < in->n_sel)
        op->host->discard(op, in->n_sel - n - n_late, "null_time");
    return n == in->n_sel ? in : ds_batch_select(in, keep, n);
}

ds_rc join_within_push(struct join *j, int port, const ds_batch *in,
                       ds_err *err)
{
    const struct join_plan *p = j->op.node->planned;
    uint32_t *group = ds_new(in->arena, uint32_t, in->n + 1);

    (void)err;
    in = timely(&j->op, port, in);
    ds_groups_map(j->groups, in, p->side[port].keys, group);
    rows_add(&j->rows[port], in, group);
    j->op.rows_kept += in->n_sel;
    return DS_OK;
}

/* ---- pairs ---- */

/* Rows of a side, by group and then by time. */
struct timeline {
    const struct within_side *side;
    struct rows_index index;
};

struct at {
    ds_time time;
    uint32_t row;
};

static int at_cmp(const void *x, const void *y)
{
    const struct at *a = x, *b = y;

    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static void sort_group(const struct timeline *t, uint32_t g, struct at *tmp)
{
    uint32_t *rows = t->index.order + t->index.start[g];
    uint32_t n = t->index.start[g + 1] - t->index.start[g];

    if (n < 2)
        return;
    for (uint32_t i = 0; i < n; i++)
        tmp[i] = (struct at){t->side->times[rows[i]], rows[i]};
    qsort(tmp, n, sizeof(*tmp), at_cmp);
    for (uint32_t i = 0; i < n; i++)
        rows[i] = tmp[i].row;
}

/* The rows from `first` on, up to `n`, of all groups. */
static struct timeline timeline_make(struct within *w, int side, uint32_t first,
                                     uint32_t n, struct at *tmp)
{
    const struct within_side *s = &w->side[side];
    struct timeline t = {
        s, rows_by_group(s->groups + first, n - first, w->n_groups, w->arena)};

    for (uint32_t i = 0; i < n - first; i++)
        t.index.order[i] += first;
    for (uint32_t g = 0; g < w->n_groups; g++)
        sort_group(&t, g, tmp);
    return t;
}

static ds_rc pair_add(struct within *w, struct join_pairs *pairs, uint32_t g,
                      uint32_t left, uint32_t right, ds_err *err)
{
    const uint32_t rows[] = {left, right};

    for (int s = JOIN_LEFT; s <= JOIN_RIGHT; s++) {
        struct within_side *side = &w->side[s];
        uint32_t row = rows[s];

        if (side->matched[row])
            continue;
        side->matched[row] = true;
        if (row < side->n_stored && w->plan->side[s].outer)
            side->dirty[side->panes_of[row]] = true;
    }
    return join_pairs_add(pairs, g, left, right, err);
}

/* Both sides of a group are in the order of time, so the partners of a row
 * begin no earlier than those of the row before it. */
static ds_rc group_pairs(struct within *w, struct join_pairs *pairs, uint32_t g,
                         const struct timeline *l, const struct timeline *r,
                         ds_err *err)
{
    const uint32_t *left = l->index.order, *right = r->index.order;
    uint32_t from = r->index.start[g], end = r->index.start[g + 1];
    ds_time within = w->plan->within;

    for (uint32_t i = l->index.start[g]; i < l->index.start[g + 1]; i++) {
        ds_time t = l->side->times[left[i]];

        while (from < end &&
               within_add(r->side->times[right[from]], within) < t)
            from++;
        for (uint32_t k = from;
             k < end && r->side->times[right[k]] <= within_add(t, within); k++)
            DS_TRY(pair_add(w, pairs, g, left[i], right[k], err));
    }
    return DS_OK;
}

static ds_rc within_pairs(struct within *w, ds_err *err)
{
    struct within_side *l = &w->side[JOIN_LEFT], *r = &w->side[JOIN_RIGHT];
    uint32_t most = l->n > r->n ? l->n : r->n;
    struct at *tmp = ds_new(w->arena, struct at, most + 1);
    struct timeline left_new =
        timeline_make(w, JOIN_LEFT, l->n_stored, l->n, tmp);
    struct timeline left_old = timeline_make(w, JOIN_LEFT, 0, l->n_stored, tmp);
    struct timeline right_new =
        timeline_make(w, JOIN_RIGHT, r->n_stored, r->n, tmp);
    struct timeline right_all = timeline_make(w, JOIN_RIGHT, 0, r->n, tmp);
    struct join_pairs pairs = {.op = &w->join->op,
                               .plan = w->plan,
                               .keys = w->keys,
                               .cols = {l->cols, r->cols}};

    join_pairs_begin(&pairs);
    for (uint32_t g = 0; g < w->n_groups; g++) {
        DS_TRY(group_pairs(w, &pairs, g, &left_new, &right_all, err));
        DS_TRY(group_pairs(w, &pairs, g, &left_old, &right_new, err));
    }
    return join_pairs_end(&pairs, err);
}

/* ---- the end of a batch ---- */

static void within_begin(struct within *w, struct join *j)
{
    const struct join_plan *p = j->op.node->planned;
    ds_arena *a = j->op.epoch_arena;
    ds_col *keys = ds_new(a, ds_col, p->key->n + 1);

    *w = (struct within){
        .join = j, .plan = p, .arena = a, .n_groups = ds_groups_n(j->groups)};
    w->types = ds_new(a, ds_type, p->key->n + 1);
    w->types[0] = DS_I64;
    memcpy(w->types + 1, p->key_types, p->key->n * sizeof(ds_type));
    if (w->n_groups) {
        ds_groups_cols(j->groups, a, keys);
        ds_key_fit(p->key, keys, w->n_groups, a);
    }
    w->keys = keys;
    w->side[JOIN_LEFT].store = j->op.store;
    w->side[JOIN_LEFT].overlay = j->op.overlay;
    w->side[JOIN_RIGHT].store = j->op.second;
    w->side[JOIN_RIGHT].overlay = j->op.second_overlay;
}

/* The batch's rows among themselves and with those that wait. */
static ds_rc within_join(struct within *w, ds_err *err)
{
    DS_TRY(within_load(w, JOIN_LEFT, err));
    DS_TRY(within_load(w, JOIN_RIGHT, err));
    DS_TRY(within_pairs(w, err));
    DS_TRY(within_save(w, JOIN_LEFT, err));
    return within_save(w, JOIN_RIGHT, err);
}

ds_rc join_within_seal(struct join *j, ds_err *err)
{
    struct within w;

    within_begin(&w, j);
    if (w.n_groups)
        DS_TRY(within_join(&w, err));
    DS_TRY(within_expire(&w, JOIN_LEFT, err));
    return within_expire(&w, JOIN_RIGHT, err);
}
