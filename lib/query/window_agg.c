/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_agg.c - aggregates over frames.
 *
 * A frame that is its whole part is one group. Others are put together from
 * partial results of 1, 2, 4, ... rows side by side, at most two of each size,
 * so that a frame costs the logarithm of its length:
 *
 *     place     0   1   2   3   4   5   6   7
 *     level 1   [ 0  ]  [ 1  ]  [ 2  ]  [ 3  ]
 *     level 2   [    0       ]  [     1      ]
 *     frame         [1)[   1 ]  [  2 )[6)         1..6
 *
 * Aggregates that keep their rows anyhow (array_agg) get them one by one.
 */
#include "query/window_agg.h"

#include "expr/agg.h"

enum {
    /* Rows that frames may have together if they are taken one by one. */
    AGG_MOST_ROWS = 16 * 1000 * 1000,
    AGG_PIECE = 1 << 16,
    AGG_LEVELS = 32
};

typedef struct windowing {
    evaluation *e;
    const ds_agg *agg;
    const ds_batch *rows; /* in the order of the window */
    const frames *f;
    ds_acc *acc; /* a group per place */
    ds_row_errors errs;
    ds_eval ev;
    ds_type types[DS_AGG_PARTS];
    uint32_t n_parts;
    ds_col *levels[AGG_LEVELS];
    uint32_t sizes[AGG_LEVELS];
    uint32_t n_levels;
} windowing;

/* ---- whole parts ---- */

static ds_rc agg_whole(windowing *w)
{
    uint32_t *group = ds_new(w->e->arena, uint32_t, w->f->n + 1), n = 0;
    for (uint32_t p = 0; p < w->f->n; p++) {
        n += w->f->part[p].from == p;
        group[p] = n - 1;
    }
    ds_acc *acc = ds_acc_new(w->agg, w->e->arena);
    ds_col parts;
    DS_TRY(ds_acc_add(acc, w->rows, group, n, &w->ev, w->e->err));
    DS_TRY(eval_errors(w->e, w->rows, &w->errs));
    ds_acc_result(acc, n, &w->ev, &parts);
    for (uint32_t i = 0; i < w->errs.n; i++) {
        const ds_row_error *x = &w->errs.list[i];
        uint32_t p = 0;
        while (p + 1 < w->f->n && group[p] != x->row)
            p++;
        return eval_error(w->e, w->rows->rec[p], x->code, x->msg);
    }
    w->levels[0] = ds_new(w->e->arena, ds_col, 1);
    w->levels[0][0] =
        ds_col_gather(&parts, w->agg->out, group, w->f->n, w->e->arena);
    return DS_OK;
}

/* ---- row by row ---- */

static ds_rc rows_piece(windowing *w, const uint32_t *places, uint32_t *group,
                        uint32_t n)
{
    const ds_batch *b =
        eval_gather(w->e, w->rows, w->rows->schema->n, places, n);
    DS_TRY(ds_acc_add(w->acc, b, group, w->f->n, &w->ev, w->e->err));
    return eval_errors(w->e, b, &w->errs);
}

static ds_rc agg_rows_each(windowing *w)
{
    uint32_t *places = ds_new(w->e->arena, uint32_t, AGG_PIECE);
    uint32_t *group = ds_new(w->e->arena, uint32_t, AGG_PIECE), n = 0;
    uint64_t all = 0;
    for (uint32_t p = 0; p < w->f->n; p++) {
        frame_range list[FRAME_RANGES];
        uint32_t n_list = frames_ranges(w->f, p, list);
        for (uint32_t i = 0; i < n_list; i++)
            for (uint32_t q = list[i].from; q < list[i].end; q++) {
                places[n] = q;
                group[n++] = p;
                if (n < AGG_PIECE)
                    continue;
                DS_TRY(rows_piece(w, places, group, n));
                n = 0;
            }
        for (uint32_t i = 0; i < n_list; i++)
            all += list[i].end - list[i].from;
        if (all > AGG_MOST_ROWS)
            return ds_fail(w->e->err, DS_E_LIMIT,
                           "the frames of a window have more than %d rows",
                           AGG_MOST_ROWS);
    }
    return rows_piece(w, places, group, n);
}

/* ---- by levels ---- */

static ds_rc levels_first(windowing *w)
{
    ds_arena *a = w->e->arena;
    uint32_t n = w->f->n;
    uint32_t *group = ds_new(a, uint32_t, n + 1);
    ds_acc *acc = ds_acc_new(w->agg, a);
    for (uint32_t p = 0; p < n; p++)
        group[p] = p;
    DS_TRY(ds_acc_add(acc, w->rows, group, n, &w->ev, w->e->err));
    DS_TRY(eval_errors(w->e, w->rows, &w->errs));
    w->n_parts = ds_agg_parts(w->agg, w->types);
    w->levels[0] = ds_new(a, ds_col, DS_AGG_PARTS);
    w->sizes[0] = n;
    w->n_levels = 1;
    ds_acc_parts(acc, NULL, n, a, w->levels[0], ds_new(a, bool, n + 1));
    return DS_OK;
}

static void levels_next(windowing *w)
{
    ds_arena *a = w->e->arena;
    uint32_t k = w->n_levels++, n = w->sizes[k - 1];
    uint32_t *group = ds_new(a, uint32_t, n + 1);
    ds_acc *acc = ds_acc_new(w->agg, a);
    ds_batch rows = {.n = n, .n_sel = n, .arena = a};
    for (uint32_t i = 0; i < n; i++)
        group[i] = i / 2;
    w->sizes[k] = (n + 1) / 2;
    ds_acc_merge(acc, &rows, w->levels[k - 1], group, w->sizes[k], &w->ev);
    w->levels[k] = ds_new(a, ds_col, DS_AGG_PARTS);
    ds_acc_parts(acc, NULL, w->sizes[k], a, w->levels[k],
                 ds_new(a, bool, w->sizes[k] + 1));
}

/* Partial results of one level go to places. */
static void level_merge(windowing *w, uint32_t k, const uint32_t *parts,
                        const uint32_t *group, uint32_t n)
{
    ds_arena *a = w->e->arena;
    ds_col cols[DS_AGG_PARTS];
    ds_batch rows = {.n = n, .n_sel = n, .arena = a};
    if (n == 0)
        return;
    for (uint32_t c = 0; c < w->n_parts; c++)
        cols[c] = ds_col_gather(&w->levels[k][c], w->types[c], parts, n, a);
    ds_acc_merge(w->acc, &rows, cols, group, w->f->n, &w->ev);
}

/* The parts of level k that lie whole in a range: from l to before r. */
static void range_at(const frame_range *range, uint32_t k, uint32_t *l,
                     uint32_t *r)
{
    *l = range->from;
    *r = range->end;
    for (; k > 0; k--) {
        *l = (*l + 1) / 2;
        *r /= 2;
    }
}

/* A range of each place: from the left, larger and larger parts, then from
 * larger to smaller ones up to its end: in the order of the rows. */
static void levels_ranges(windowing *w, const frame_range *ranges)
{
    ds_arena *a = w->e->arena;
    uint32_t n = w->f->n;
    uint32_t *parts = ds_new(a, uint32_t, n + 1);
    uint32_t *group = ds_new(a, uint32_t, n + 1), m;
    for (uint32_t k = 0; k < w->n_levels; k++) {
        m = 0;
        for (uint32_t p = 0; p < n; p++) {
            uint32_t l, r;
            range_at(&ranges[p], k, &l, &r);
            if (l < r && l % 2) {
                parts[m] = l;
                group[m++] = p;
            }
        }
        level_merge(w, k, parts, group, m);
    }
    for (uint32_t k = w->n_levels; k-- > 0;) {
        m = 0;
        for (uint32_t p = 0; p < n; p++) {
            uint32_t l, r;
            range_at(&ranges[p], k, &l, &r);
            if (l % 2)
                l++;
            if (l < r && r % 2) {
                parts[m] = r - 1;
                group[m++] = p;
            }
        }
        level_merge(w, k, parts, group, m);
    }
}

static ds_rc agg_levels(windowing *w)
{
    uint32_t n = w->f->n;
    DS_TRY(levels_first(w));
    while (w->sizes[w->n_levels - 1] > 1)
        levels_next(w);
    frame_range *ranges = ds_new(w->e->arena, frame_range, n + 1);
    for (uint32_t i = 0; i < FRAME_RANGES; i++) {
        bool any = false;
        for (uint32_t p = 0; p < n; p++) {
            frame_range list[FRAME_RANGES];
            uint32_t n_list = frames_ranges(w->f, p, list);
            ranges[p] = i < n_list ? list[i] : (frame_range){0, 0};
            any = any || i < n_list;
        }
        if (any)
            levels_ranges(w, ranges);
    }
    return eval_errors(w->e, w->rows, &w->errs);
}

/* ---- the result ---- */

static ds_rc agg_result(windowing *w, ds_col *out)
{
    ds_arena *a = w->e->arena;
    uint32_t n = w->f->n;
    ds_col sorted;
    if (w->levels[0] && w->n_levels == 0) {
        sorted = w->levels[0][0];
    } else {
        static const uint32_t none = 0;
        ds_batch nothing = *w->rows;
        nothing.n = nothing.n_sel = 0;
        DS_TRY(ds_acc_add(w->acc, &nothing, &none, n, &w->ev, w->e->err));
        ds_acc_result(w->acc, n, &w->ev, &sorted);
        DS_TRY(eval_errors(w->e, w->rows, &w->errs));
    }
    uint32_t *place = ds_new(a, uint32_t, n + 1);
    for (uint32_t p = 0; p < n; p++)
        place[w->f->rows[p]] = p;
    *out = ds_col_gather(&sorted, w->agg->out, place, n, a);
    return DS_OK;
}

ds_rc window_agg(evaluation *e, const ds_agg *agg, const ds_batch *rows,
                 const frames *f, ds_col *out)
{
    windowing w = {.e = e, .agg = agg, .f = f};
    bool one_by_one = agg_keeps_list(agg) || agg->type->pieces;
    w.rows = eval_gather(e, rows, rows->schema->n, f->rows, f->n);
    w.ev = eval_begin(e, &w.errs);
    w.acc = ds_acc_new(agg, e->arena);
    if (f->n == 0) {
        *out = ds_col_const(agg->out, NULL, 0, e->arena);
        return DS_OK;
    }
    DS_TRY(f->whole     ? agg_whole(&w)
           : one_by_one ? agg_rows_each(&w)
                        : agg_levels(&w));
    return agg_result(&w, out);
}
