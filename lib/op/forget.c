/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forget.c - keys that had no rows for a while: `evict` of updateStateByKey,
 * `timeout` of mapWithState.
 *
 * A key is forgotten in the first batch whose time is not before its deadline,
 * also if that batch has no rows, unless it has rows itself. It is listed once,
 * when it is new. Rows only move the time in its state; when its list is due,
 * it is listed again for what is left. So a key costs one entry in a list and
 * one look per span, however often it has rows.
 *
 * `evict` goes by event time if there is a watermark: then that is the clock,
 * and the times of rows, which are all different, are rounded up to batches.
 */
#include "op/update.h"
#include "record/builder.h"
#include "record/rowfmt.h"

#define PIECE_KEYS 16384 /* that are looked up at once */

ds_time forget_after(const struct update_plan *p, ds_time last)
{
    ds_time due, rest;

    if (__builtin_add_overflow(last, p->forget, &due))
        return INT64_MAX;
    if (!p->step)
        return due;
    rest = due % p->step;
    rest = rest > 0 ? p->step - rest : -rest;
    return __builtin_add_overflow(due, rest, &due) ? INT64_MAX : due;
}

ds_time forget_clock(const ds_op *op)
{
    const struct update_plan *p = op->node->planned;

    return p->step ? op->watermark : op->now;
}

static ds_col *hidden(const ds_op *op, const struct states *s, int which)
{
    const struct update_plan *p = op->node->planned;

    return &s->cols[p->keyed.state->n + (uint32_t)which];
}

ds_rc forget_list(ds_op *op, const struct states *s, const uint32_t *sel,
                  uint32_t n, ds_err *err)
{
    const int64_t *due = hidden(op, s, STORED_DUE)->v.i64;
    ds_slice *keys = ds_new(op->epoch_arena, ds_slice, n + 1);
    ds_time *at = ds_new(op->epoch_arena, ds_time, n + 1);

    for (uint32_t i = 0; i < n; i++) {
        keys[i] = s->keys[sel[i]];
        at[i] = due[sel[i]];
    }
    return deadlines_add(op, keys, at, n, err);
}

/* ---- what is due ---- */

struct piece {
    struct states s; /* each key once */
    ds_col *keys;    /* its columns */
    uint32_t *again, n_again;
    uint32_t *over, n_over;
};

/* One of them may be listed more than once. */
static ds_groups *piece_groups(ds_op *op, const ds_slice *keys, uint32_t n,
                               uint32_t *group)
{
    const struct keyed_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    ds_groups *g = ds_groups_new(a, p->key_types, p->key->n);
    ds_col *cols = ds_new(a, ds_col, p->key->n + 1);
    uint16_t *all = ds_new(a, uint16_t, p->key->n + 1);
    ds_batch b = {
        .schema = p->key, .cols = cols, .n = n, .n_sel = n, .arena = a};

    for (uint32_t i = 0; i < p->key->n; i++)
        all[i] = (uint16_t)i;
    if (!ds_key_decode(keys, n, p->key_types, p->key->n, a, cols))
        return NULL;
    ds_groups_map(g, &b, all, group);
    return g;
}

/* Whoever came before there was a watermark: as if with it. */
static void piece_ages(ds_op *op, struct states *s)
{
    ds_col *last = hidden(op, s, STORED_LAST);
    int64_t *known = ds_new(op->epoch_arena, int64_t, s->n + 1);

    for (uint32_t i = 0; i < s->n; i++)
        known[i] =
            last->v.i64[i] == DS_TIME_NONE ? forget_clock(op) : last->v.i64[i];
    *last = (ds_col){.v.i64 = known};
}

/* In an old list: gone, or gone and back. Had rows since: again. */
static void piece_sort(ds_op *op, struct piece *piece, const ds_time *at,
                       const uint32_t *group, uint32_t n)
{
    const struct update_plan *p = op->node->planned;
    const struct states *s = &piece->s;
    const int64_t *last = hidden(op, s, STORED_LAST)->v.i64;
    const int64_t *due = hidden(op, s, STORED_DUE)->v.i64;
    bool *done = ds_new(op->epoch_arena, bool, s->n + 1);

    piece->again = ds_new(op->epoch_arena, uint32_t, s->n + 1);
    piece->over = ds_new(op->epoch_arena, uint32_t, s->n + 1);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t g = group[i];

        if (done[g] || s->old[g].ptr == NULL || due[g] != at[i])
            continue;
        done[g] = true;
        if (forget_after(p, last[g]) > forget_clock(op) ||
            ds_groups_has(((struct update *)op)->keyed.groups, s->keys[g]))
            piece->again[piece->n_again++] = g;
        else
            piece->over[piece->n_over++] = g;
    }
}

static ds_rc piece_again(ds_op *op, const struct piece *piece, ds_err *err)
{
    const struct update_plan *p = op->node->planned;
    const struct states *s = &piece->s;
    ds_arena *a = op->epoch_arena;
    uint32_t n = piece->n_again;
    const int64_t *last = hidden(op, s, STORED_LAST)->v.i64;
    int64_t *due = ds_new(a, int64_t, s->n);
    ds_slice *keys = ds_new(a, ds_slice, n + 1);
    ds_slice *vals = ds_new(a, ds_slice, n + 1);
    uint64_t *hashes = ds_new(a, uint64_t, n + 1);

    if (n == 0)
        return DS_OK;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t g = piece->again[i];

        due[g] = forget_after(p, last[g]);
        keys[i] = s->keys[g];
        hashes[i] = s->hashes[g];
    }
    *hidden(op, s, STORED_DUE) = (ds_col){.v.i64 = due};
    ds_rows_encode(s->cols, p->stored, s->n, piece->again, n, a, vals);
    DS_TRY(op->store->type->put(op->store, op->overlay, keys, hashes, vals, n,
                                err));
    return forget_list(op, s, piece->again, n, err);
}

static ds_col col_of_nulls(ds_type type, uint32_t n, ds_arena *a)
{
    return (ds_col){.valid = ds_bits_new(a, n, false),
                    .v.p = ds_arena_alloc(a, n * ds_type_size(type), 16)};
}

/* The rows that mapWithState gives for them. */
static ds_rc piece_rows(ds_op *op, const struct piece *piece, ds_err *err)
{
    const struct update_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    uint32_t n_keys = p->keyed.key->n, n_state = p->keyed.state->n;
    uint32_t n = piece->s.n, n_items = ds_exprs_schema(p->last)->n;
    ds_col *in = ds_new(a, ds_col, n_keys + n_state + 1);
    ds_col *items = ds_new(a, ds_col, n_items + 1);
    ds_col *out = ds_new(a, ds_col, op->node->schema->n + 1);
    ds_batch *b = rows_of(op, in, n, piece->over, piece->n_over);
    ds_row_errors errs = {0};
    ds_eval ev = {op->now, a, &errs};

    for (uint32_t i = 0; i < n_keys; i++)
        in[i] = piece->keys[i];
    for (uint32_t i = 0; i < n_state; i++)
        in[n_keys + i] = piece->s.cols[i];
    DS_TRY(ds_exprs_eval(p->last, b, &ev, items, err));
    if (errs.n)
        return ds_fail(err, DS_E_FAILED,
                       "%s: error[%s]: %s (a key that timed out)",
                       op->node->name, errs.list[0].code, errs.list[0].msg);
    for (uint32_t i = 0; i < op->node->schema->n; i++)
        out[i] = i < n_keys
                     ? piece->keys[i]
                     : col_of_nulls(op->node->schema->fields[i].type, n, a);
    for (uint32_t i = 0; i < n_items; i++)
        out[p->last_cols[i]] = items[i];
    return ds_emit(op, rows_of(op, out, n, piece->over, piece->n_over), err);
}

static ds_rc piece_over(ds_op *op, const struct piece *piece, ds_err *err)
{
    const struct update_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    uint32_t n = piece->n_over;
    ds_slice *keys = ds_new(a, ds_slice, n + 1);
    ds_slice *gone = ds_new(a, ds_slice, n + 1);

    if (n == 0)
        return DS_OK;
    for (uint32_t i = 0; i < n; i++)
        keys[i] = piece->s.keys[piece->over[i]];
    DS_TRY(
        op->store->type->put(op->store, op->overlay, keys, NULL, gone, n, err));
    if (p->last)
        return piece_rows(op, piece, err);
    return deletes_emit(
        op, rows_of(op, piece->keys, piece->s.n, piece->over, n), err);
}

static ds_rc piece_run(ds_op *op, const ds_slice *keys, const ds_time *at,
                       uint32_t n, ds_err *err)
{
    const struct update_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    uint32_t *group = ds_new(a, uint32_t, n);
    ds_groups *g = piece_groups(op, keys, n, group);
    struct piece piece = {0};

    if (g == NULL)
        return state_bad(op, err);
    piece.s = (struct states){.n = ds_groups_n(g),
                              .keys = ds_groups_keys(g),
                              .hashes = ds_groups_hashes(g)};
    DS_TRY(states_get(op, &piece.s, err));
    piece_ages(op, &piece.s);
    piece.keys = ds_new(a, ds_col, p->keyed.key->n + 1);
    ds_groups_cols(g, a, piece.keys);
    ds_key_fit(p->keyed.key, piece.keys, piece.s.n, a);
    piece_sort(op, &piece, at, group, n);
    DS_TRY(piece_over(op, &piece, err));
    return piece_again(op, &piece, err);
}

ds_rc forget_due(ds_op *op, ds_err *err)
{
    struct due due;

    if (forget_clock(op) == DS_TIME_NONE)
        return DS_OK;
    DS_TRY(deadlines_take(op, forget_clock(op), &due, err));
    for (uint32_t at = 0; at < due.n; at += PIECE_KEYS) {
        uint32_t n = due.n - at < PIECE_KEYS ? due.n - at : PIECE_KEYS;

        DS_TRY(piece_run(op, due.keys + at, due.at + at, n, err));
    }
    return DS_OK;
}
