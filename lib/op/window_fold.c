/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_fold.c - what the panes of a window come to.
 */
#include "op/window_fold.h"

#include "record/builder.h"

enum { DEAD_GROUPS = 1024 }; /* that are not worth making a fold again */

/* ---- open and close ---- */

static int64_t root_of(int64_t n)
{
    int64_t b = 1;

    while (b * b < n)
        b++;
    return b;
}

static void sum_open(struct window_sum *s)
{
    *s = (struct window_sum){.arena = ds_arena_new(1 << 12)};
}

static void maps_open(struct window_map *maps, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        maps[i].arena = ds_arena_new(1 << 12);
}

void window_fold_open(struct window_fold *f, const struct window_plan *plan,
                      ds_arena *task)
{
    *f = (struct window_fold){.plan = plan};
    if (plan->how == WINDOW_AGAIN)
        return;
    f->arena = ds_arena_new(1 << 16);
    f->scratch = ds_arena_new(1 << 16);
    f->work = ds_arena_new(1 << 16);
    sum_open(&f->open);
    if (plan->how == WINDOW_SUBTRACT)
        return;
    f->b = root_of(plan->span.n);
    f->n_totals = plan->span.n / f->b + 2;
    sum_open(&f->prefix);
    sum_open(&f->middle);
    f->totals = ds_new(task, struct window_map, f->n_totals);
    f->total_of = ds_new(task, int64_t, f->n_totals);
    f->suffix = ds_new(task, struct window_map, f->b + 1);
    maps_open(f->totals, f->n_totals);
    maps_open(f->suffix, f->b + 1);
}

void window_fold_close(struct window_fold *f)
{
    if (f->plan == NULL || f->plan->how == WINDOW_AGAIN)
        return;
    for (int64_t i = 0; i < f->n_totals; i++)
        ds_arena_free(f->totals[i].arena);
    for (int64_t i = 0; f->suffix && i <= f->b; i++)
        ds_arena_free(f->suffix[i].arena);
    ds_arena_free(f->prefix.arena);
    ds_arena_free(f->middle.arena);
    ds_arena_free(f->open.arena);
    ds_arena_free(f->work);
    ds_arena_free(f->scratch);
    ds_arena_free(f->arena);
    *f = (struct window_fold){.plan = NULL};
}

/* Whether a function failed there: parts do not say so. */
static void sum_look(struct window_fold *f, const struct window_sum *s,
                     ds_arena *scratch)
{
    f->failed = f->failed || window_sum_failed(s, &f->plan->keyed, scratch);
}

/* ---- groups ---- */

static uint32_t *groups_of(ds_groups *groups, const struct window_fold *f,
                           const ds_batch *rows)
{
    uint32_t n_keys = f->plan->keyed.key->n;
    uint32_t *group = ds_new(rows->arena, uint32_t, rows->n + 1);
    uint16_t *cols = ds_new(rows->arena, uint16_t, n_keys + 1);

    for (uint32_t i = 0; i < n_keys; i++)
        cols[i] = (uint16_t)i;
    ds_groups_map(groups, rows, cols, group);
    return group;
}

static const uint32_t *same_of(struct window_fold *f)
{
    uint32_t n = ds_groups_n(f->groups);

    if (n > f->same_n) {
        f->same_n = 2 * n + 64;
        f->same = ds_new(f->arena, uint32_t, f->same_n);
        for (uint32_t i = 0; i < f->same_n; i++)
            f->same[i] = i;
    }
    return f->same;
}

static void *more_of(ds_arena *a, const void *old, uint32_t n, uint32_t cap,
                     size_t size)
{
    void *more = ds_arena_alloc(a, size * cap, 16);

    if (n)
        memcpy(more, old, size * n);
    return more;
}

static void panes_grow(struct window_fold *f)
{
    uint32_t n = ds_groups_n(f->groups), old = f->panes_cap;

    if (n <= old)
        return;
    f->panes_cap = 2 * n + 64;
    f->panes = more_of(f->arena, f->panes, old, f->panes_cap, sizeof(uint32_t));
    f->entered =
        more_of(f->arena, f->entered, old, f->panes_cap, sizeof(int64_t));
    f->left = more_of(f->arena, f->left, old, f->panes_cap, sizeof(int64_t));
    for (uint32_t i = old; i < f->panes_cap; i++)
        f->entered[i] = f->left[i] = INT64_MIN;
}

/* ---- subtract ---- */

static ds_rc running_enter(struct window_fold *f, int64_t pane,
                           const ds_batch *rows, const uint32_t *group,
                           ds_err *err)
{
    panes_grow(f);
    DS_EACH (rows, i) {
        uint32_t g = group[i];

        f->panes[g] += f->entered[g] != pane;
        f->entered[g] = pane;
    }
    return window_sum_rows(&f->running, &f->plan->keyed, rows, group,
                           ds_groups_n(f->groups), err);
}

/* Of the rows that leave: those of groups that stay, and the groups that do
 * not. */
static const ds_batch *running_split(struct window_fold *f, int64_t pane,
                                     const ds_batch *rows,
                                     const uint32_t *group, uint32_t *gone,
                                     uint32_t *n_gone)
{
    uint32_t *sel = ds_new(rows->arena, uint32_t, rows->n_sel + 1), n = 0;

    *n_gone = 0;
    DS_EACH (rows, i) {
        uint32_t g = group[i];

        if (f->left[g] != pane && f->panes[g] > 0)
            f->panes[g]--;
        f->left[g] = pane;
        if (f->panes[g] == 0)
            gone[(*n_gone)++] = g;
        else
            sel[n++] = i;
    }
    return ds_batch_select(rows, sel, n);
}

static ds_rc running_leave(void *arg, int64_t pane, const ds_batch *rows,
                           ds_err *err)
{
    struct window_fold *f = arg;
    const uint32_t *group = groups_of(f->groups, f, rows);
    uint32_t *gone = ds_new(rows->arena, uint32_t, rows->n_sel + 1), n_gone;

    panes_grow(f);
    rows = running_split(f, pane, rows, group, gone, &n_gone);
    window_sum_clear(&f->running, &f->plan->keyed, gone, n_gone);
    return window_sum_subtract(&f->running, &f->plan->keyed, rows, group,
                               ds_groups_n(f->groups), err);
}

/* Panes before `first` leave. */
static ds_rc running_move(struct window_fold *f, ds_op *op,
                          const struct panes *panes, int64_t first, ds_err *err)
{
    const struct panes_walk walk = {running_leave, f, f->scratch, true};
    int64_t from = f->from;

    if (first <= from)
        return DS_OK;
    f->from = first;
    return panes_each(panes, op, from, first - 1, &walk, err);
}

/* ---- blocks ---- */

static int64_t block_of(const struct window_fold *f, int64_t pane)
{
    return pane >= 0 ? pane / f->b : -((-pane + f->b - 1) / f->b);
}

/* The prefix is of the block of this pane: what it was of is done. */
static void prefix_roll(struct window_fold *f, int64_t pane)
{
    int64_t block = block_of(f, pane), at = f->block % f->n_totals;

    if (block == f->block)
        return;
    if (f->prefix.n) {
        at += at < 0 ? f->n_totals : 0;
        sum_look(f, &f->prefix, f->work);
        window_map_of(&f->totals[at], &f->prefix, &f->plan->keyed,
                      ds_groups_n(f->groups));
        f->total_of[at] = f->block;
    }
    f->block = block;
    window_sum_reset(&f->prefix, &f->plan->keyed);
}

static const struct window_map *total_find(const struct window_fold *f,
                                           int64_t block)
{
    int64_t at = block % f->n_totals;

    at += at < 0 ? f->n_totals : 0;
    return f->total_of[at] == block ? &f->totals[at] : NULL;
}

/* The middle is of blocks from..to - 1. */
static ds_rc middle_make(struct window_fold *f, int64_t from, int64_t to,
                         ds_err *err)
{
    if (from == f->middle_from && to == f->middle_to)
        return DS_OK;
    window_sum_reset(&f->middle, &f->plan->keyed);
    for (int64_t k = from; k < to; k++) {
        const struct window_map *total = total_find(f, k);

        if (total)
            DS_TRY(window_sum_map(&f->middle, &f->plan->keyed, total,
                                  same_of(f), f->scratch, err));
        ds_arena_reset(f->scratch);
    }
    f->middle_from = from;
    f->middle_to = to;
    return DS_OK;
}

struct sum_into {
    const struct window_fold *f;
    ds_groups *groups;
    struct window_sum *sum;
    bool some;
};

static ds_rc rows_into(void *arg, int64_t pane, const ds_batch *rows,
                       ds_err *err)
{
    struct sum_into *into = arg;
    const uint32_t *group = groups_of(into->groups, into->f, rows);

    (void)pane;
    into->some = true;
    return window_sum_rows(into->sum, &into->f->plan->keyed, rows, group,
                           ds_groups_n(into->groups), err);
}

/* suffix[i]: panes i and later of the block. */
static ds_rc suffix_one(struct window_fold *f, ds_op *op,
                        const struct panes *panes, int64_t i, ds_err *err)
{
    int64_t pane = f->suffix_of * f->b + i;
    const struct window_map *after = &f->suffix[i + 1];
    struct window_sum sum;
    struct sum_into into = {f, f->groups, &sum, false};
    const struct panes_walk walk = {rows_into, &into, f->scratch, true};

    ds_arena_reset(f->work);
    window_sum_init(&sum, &f->plan->keyed, f->work);
    DS_TRY(panes_each(panes, op, pane, pane, &walk, err));
    if (!into.some) {
        f->suffix[i].n = after->n;
        f->suffix[i].parts = after->parts;
        f->suffix[i].there = after->there;
        return DS_OK;
    }
    DS_TRY(window_sum_map(&sum, &f->plan->keyed, after, same_of(f), f->scratch,
                          err));
    sum_look(f, &sum, f->scratch);
    ds_arena_reset(f->scratch);
    window_map_of(&f->suffix[i], &sum, &f->plan->keyed, ds_groups_n(f->groups));
    return DS_OK;
}

static ds_rc suffix_make(struct window_fold *f, ds_op *op,
                         const struct panes *panes, int64_t first, ds_err *err)
{
    int64_t block = block_of(f, first);

    if (block == f->suffix_of)
        return DS_OK;
    f->suffix_of = block;
    f->suffix[f->b].n = 0;
    for (int64_t i = f->b - 1; i >= first - block * f->b; i--)
        DS_TRY(suffix_one(f, op, panes, i, err));
    return DS_OK;
}

static ds_rc blocks_result(struct window_fold *f, ds_op *op,
                           const struct panes *panes, int64_t pane,
                           struct window_sum *out, ds_err *err)
{
    const struct keyed_plan *p = &f->plan->keyed;
    int64_t first = pane - f->plan->span.n + 1;
    int64_t block = block_of(f, first);
    struct window_map prefix = {.n = 0};

    prefix_roll(f, pane);
    if (block == f->block) {
        *out = f->prefix;
        return DS_OK;
    }
    DS_TRY(suffix_make(f, op, panes, first, err));
    DS_TRY(middle_make(f, block + 1, f->block, err));
    window_sum_init(out, p, op->epoch_arena);
    DS_TRY(window_sum_map(out, p, &f->suffix[first - block * f->b], same_of(f),
                          op->epoch_arena, err));
    for (int i = 0; i < 2; i++) {
        const struct window_sum *s = i ? &f->prefix : &f->middle;

        if (s->n == 0)
            continue;
        sum_look(f, s, op->epoch_arena);
        prefix = (struct window_map){
            s->arena, s->n, window_sum_parts(s, p, s->n, op->epoch_arena),
            s->there};
        DS_TRY(
            window_sum_map(out, p, &prefix, same_of(f), op->epoch_arena, err));
    }
    return DS_OK;
}

/* ---- again ---- */

static ds_rc again_result(const struct window_fold *f, ds_op *op,
                          const struct panes *panes, int64_t pane,
                          ds_groups **groups, struct window_sum *out,
                          ds_err *err)
{
    struct sum_into into = {f, NULL, out, false};
    const struct panes_walk walk = {rows_into, &into, op->epoch_arena, false};

    *groups = ds_groups_new(op->epoch_arena, f->plan->keyed.key_types,
                            f->plan->keyed.key->n);
    into.groups = *groups;
    window_sum_init(out, &f->plan->keyed, op->epoch_arena);
    return panes_each(panes, op, pane - f->plan->span.n + 1, pane, &walk, err);
}

/* ---- the whole ---- */

static void fold_reset(struct window_fold *f, int64_t first)
{
    const struct keyed_plan *p = &f->plan->keyed;

    ds_arena_reset(f->arena);
    f->groups = ds_groups_new(f->arena, p->key_types, p->key->n);
    f->same = NULL;
    f->same_n = f->panes_cap = 0;
    f->panes = NULL;
    f->entered = f->left = NULL;
    f->failed = false;
    f->from = first;
    f->open_pane = INT64_MIN;
    window_sum_reset(&f->open, p);
    if (f->plan->how == WINDOW_SUBTRACT) {
        window_sum_init(&f->running, p, f->arena);
        return;
    }
    f->block = block_of(f, first);
    window_sum_reset(&f->prefix, p);
    for (int64_t i = 0; i < f->n_totals; i++)
        f->total_of[i] = INT64_MIN;
    f->suffix_of = f->middle_from = f->middle_to = INT64_MIN;
}

static ds_rc fold_rows(struct window_fold *f, int64_t pane,
                       const ds_batch *rows, const uint32_t *group, ds_err *err)
{
    const struct keyed_plan *p = &f->plan->keyed;
    uint32_t n = ds_groups_n(f->groups);

    if (f->plan->span.pane > f->plan->tick) {
        if (pane != f->open_pane)
            window_sum_reset(&f->open, p);
        f->open_pane = pane;
        DS_TRY(window_sum_rows(&f->open, p, rows, group, n, err));
    }
    if (f->plan->how == WINDOW_SUBTRACT)
        return running_enter(f, pane, rows, group, err);
    prefix_roll(f, pane);
    return window_sum_rows(&f->prefix, p, rows, group, n, err);
}

static ds_rc fold_read(void *arg, int64_t pane, const ds_batch *rows,
                       ds_err *err)
{
    struct window_fold *f = arg;
    const uint32_t *group = groups_of(f->groups, f, rows);

    return fold_rows(f, pane, rows, group, err);
}

ds_rc window_fold_begin(struct window_fold *f, ds_op *op,
                        const struct panes *panes, int64_t pane, ds_err *err)
{
    const struct panes_span *s = &f->plan->span;
    int64_t past = pane % s->step;
    int64_t end = past ? pane + s->step - past : pane; /* of the next window */
    int64_t first = end - s->n + 1;

    const struct panes_walk walk = {fold_read, f, f->scratch, true};
    bool made = f->made && f->tag == panes->tag;

    f->made = false; /* if this epoch fails it is of neither state */
    if (f->plan->how == WINDOW_AGAIN || made)
        return DS_OK;
    fold_reset(f, first);
    DS_TRY(panes_each(panes, op, first, panes->last, &walk, err));
    f->tired = false;
    return DS_OK;
}

ds_rc window_fold_add(struct window_fold *f, int64_t pane, const ds_batch *rows,
                      ds_err *err)
{
    if (f->plan->how == WINDOW_AGAIN)
        return DS_OK;
    return fold_rows(f, pane, rows, groups_of(f->groups, f, rows), err);
}

/* Groups that are in no window any more only cost: the fold is made again. */
static void fold_tire(struct window_fold *f, const struct window_sum *sum)
{
    uint32_t live = 0;

    for (uint32_t w = 0; w < (sum->n + 63) / 64; w++)
        live += (uint32_t)__builtin_popcountll(sum->there[w]);
    if (ds_groups_n(f->groups) > 2 * live + DEAD_GROUPS)
        f->tired = true;
}

ds_rc window_fold_result(struct window_fold *f, ds_op *op,
                         const struct panes *panes, int64_t pane,
                         ds_groups **groups, struct window_sum *out,
                         ds_err *err)
{
    if (f->plan->how == WINDOW_AGAIN)
        return again_result(f, op, panes, pane, groups, out, err);
    if (f->plan->how == WINDOW_SUBTRACT) {
        DS_TRY(running_move(f, op, panes, pane - f->plan->span.n + 1, err));
        *out = f->running;
        sum_look(f, &f->running, op->epoch_arena);
    } else {
        DS_TRY(blocks_result(f, op, panes, pane, out, err));
    }
    fold_tire(f, out);
    *groups = f->groups;
    if (!f->failed)
        return DS_OK;
    f->tired = true;
    return again_result(f, op, panes, pane, groups, out, err);
}

const ds_batch *window_fold_open_rows(struct window_fold *f, ds_op *op,
                                      int64_t pane)
{
    const struct keyed_plan *p = &f->plan->keyed;
    ds_arena *a = op->epoch_arena;
    uint32_t n = f->open.n, n_sel;
    ds_col *cols, *parts;
    ds_batch *rows;

    if (f->plan->how == WINDOW_AGAIN || f->open_pane != pane)
        return NULL;
    if (window_sum_failed(&f->open, p, a))
        return NULL;
    cols = ds_new(a, ds_col, f->plan->partial->n + 1);
    rows = ds_new(a, ds_batch, 1);
    ds_groups_cols(f->groups, a, cols);
    parts = window_sum_parts(&f->open, p, n, a);
    for (uint32_t c = p->key->n; c < f->plan->partial->n; c++)
        cols[c] = parts[c - p->key->n];
    *rows = (ds_batch){.schema = f->plan->partial,
                       .cols = cols,
                       .n = n,
                       .sel = window_sum_there(&f->open, &n_sel, a),
                       .arena = a};
    rows->n_sel = n_sel;
    return rows;
}

void window_fold_seal(struct window_fold *f, const struct panes *panes)
{
    f->tag = panes->tag;
    f->made = !f->tired;
}
