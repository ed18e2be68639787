/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_run.c - a batch of updateStateByKey or mapWithState (contract.md 5.7,
 * 5.8).
 *
 *     keys with rows      get, update, put, emit
 *     keys to forget      see forget.c
 *     keys without rows   update, put, emit: a part of the store at a time;
 *                         only with emit: all, or where their update could give
 *                         something new
 */
#include "op/update.h"
#include "record/builder.h"
#include "record/rowfmt.h"

#define PART_ROWS 4096 /* keys without rows that are taken at once */

ds_rc update_begin(ds_op *op, ds_err *err)
{
    (void)err;
    keyed_begin(&((struct update *)op)->keyed, op, op->node->planned,
                op->node->partial != NULL);
    return DS_OK;
}

ds_rc update_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    (void)port;
    return keyed_add(&((struct update *)op)->keyed, op, in, err);
}

/* ---- states ---- */

ds_rc state_bad(const ds_op *op, ds_err *err)
{
    return ds_fail(err, DS_E_STATE,
                   "%s: a key or a value in the state cannot be read",
                   op->node->name);
}

static ds_rc states_decode(ds_op *op, struct states *s, ds_err *err)
{
    const struct update_plan *p = op->node->planned;
    ds_slice *vals = ds_new(op->epoch_arena, ds_slice, s->n + 1);
    uint64_t *bad = NULL;

    s->cols = ds_new(op->epoch_arena, ds_col, p->stored->n + 1);
    for (uint32_t i = 0; i < s->n; i++)
        vals[i] = s->old[i].ptr ? s->old[i] : p->init;
    ds_rows_decode(vals, s->n, p->stored, op->epoch_arena, s->cols, &bad);
    return bad ? state_bad(op, err) : DS_OK;
}

ds_rc states_get(ds_op *op, struct states *s, ds_err *err)
{
    ds_slice *old = ds_new(op->epoch_arena, ds_slice, s->n + 1);

    DS_TRY(op->store->type->get(op->store, op->overlay, s->keys, s->hashes,
                                s->n, op->epoch_arena, old, err));
    s->old = old;
    return states_decode(op, s, err);
}

/* ---- what becomes of them ---- */

ds_batch *rows_of(ds_op *op, const ds_col *cols, uint32_t n,
                  const uint32_t *sel, uint32_t n_sel)
{
    ds_batch *b = ds_new(op->epoch_arena, ds_batch, 1);

    *b = (ds_batch){.schema = op->node->schema,
                    .cols = cols,
                    .n = n,
                    .n_sel = n_sel,
                    .sel = sel,
                    .arena = op->epoch_arena};
    return b;
}

ds_rc deletes_emit(ds_op *op, const ds_batch *removed, ds_err *err)
{
    if (removed->n_sel == 0 || !op->node->deletes)
        return DS_OK;
    for (uint32_t i = 0; i < op->n_outs; i++)
        if (op->outs[i]->type == &op_sink)
            DS_TRY(op_sink.push(op->outs[i], OP_PORT_DELETES, removed, err));
    return DS_OK;
}

static bool all_null(const ds_col *cols, uint32_t n_cols, uint32_t row)
{
    for (uint32_t c = 0; c < n_cols; c++)
        if (!ds_col_is_null(&cols[c], row))
            return false;
    return true;
}

/* What becomes of the keys. */
struct outcome {
    ds_slice *keys, *vals; /* to put */
    uint64_t *hashes;
    uint32_t n_puts;
    uint32_t *rows; /* to emit */
    uint32_t n_rows;
    uint32_t *removed;
    uint32_t n_removed;
    uint32_t *added; /* new keys */
    uint32_t n_added;
};

static void outcome_new(struct outcome *o, uint32_t n, ds_arena *a)
{
    *o = (struct outcome){.keys = ds_new(a, ds_slice, n),
                          .vals = ds_new(a, ds_slice, n),
                          .hashes = ds_new(a, uint64_t, n),
                          .rows = ds_new(a, uint32_t, n),
                          .removed = ds_new(a, uint32_t, n),
                          .added = ds_new(a, uint32_t, n)};
}

/* `s->cols`: the new states. `active`: so many had rows. */
static void outcome_make(ds_op *op, const struct states *s, uint32_t active,
                         struct outcome *o)
{
    const struct update_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    ds_slice *vals = ds_new(a, ds_slice, s->n);

    outcome_new(o, s->n, a);
    ds_rows_encode(s->cols, p->stored, s->n, NULL, s->n, a, vals);
    for (uint32_t i = 0; i < s->n; i++) {
        bool gone = all_null(s->cols, p->keyed.state->n, i);
        ds_slice val = gone ? DS_NULL_SLICE : vals[i];
        bool changed = ds_slice_cmp(val, s->old[i]) != 0;

        if (changed) {
            o->keys[o->n_puts] = s->keys[i];
            o->hashes[o->n_puts] = s->hashes[i];
            o->vals[o->n_puts++] = val;
        }
        if (gone && changed)
            o->removed[o->n_removed++] = i;
        else if (!gone && s->old[i].ptr == NULL)
            o->added[o->n_added++] = i;
        if (!gone && (changed || i < active || p->all))
            o->rows[o->n_rows++] = i;
    }
}

/* The time of a key's last rows. `rows`: the largest event time of those of the
 * batch; NULL: it is the batch's time that counts. */
static ds_time last_time(const ds_op *op, const ds_col *before, uint32_t row,
                         bool active, const ds_col *rows)
{
    ds_time last =
        ds_col_is_null(before, row) ? DS_TIME_NONE : before->v.i64[row];

    if (!active)
        return last;
    if (rows == NULL)
        return op->now;
    if (!ds_col_is_null(rows, row) &&
        (last == DS_TIME_NONE || rows->v.i64[row] > last))
        last = rows->v.i64[row];
    return last == DS_TIME_NONE ? forget_clock(op) : last;
}

/* When they last had rows, and where they are listed. */
static ds_rc hidden_make(ds_op *op, struct keyed *k, struct states *s,
                         const ds_col *before, ds_err *err)
{
    const struct update_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    const ds_col *hidden = before + p->keyed.state->n;
    int64_t *last = ds_new(a, int64_t, s->n), *due = ds_new(a, int64_t, s->n);
    ds_col *made = s->cols + p->keyed.state->n;
    ds_col rows;

    if (!p->forget)
        return DS_OK;
    if (p->step)
        DS_TRY(keyed_eval_more(k, op, before, &rows, err));
    for (uint32_t i = 0; i < s->n; i++) {
        last[i] = last_time(op, &hidden[STORED_LAST], i, i < k->active,
                            p->step ? &rows : NULL);
        due[i] = s->old[i].ptr ? hidden[STORED_DUE].v.i64[i]
                               : forget_after(p, last[i]);
    }
    made[STORED_LAST] = (ds_col){.v.i64 = last};
    made[STORED_DUE] = (ds_col){.v.i64 = due};
    return DS_OK;
}

/* mapWithState with `emit`: every key that had rows, also if it is removed. */
static ds_rc mapped_emit(ds_op *op, struct keyed *k, const ds_col *keys,
                         const ds_col *state, ds_err *err)
{
    const ds_schema *schema = op->node->schema;
    uint32_t n_keys = k->plan->key->n;
    ds_col *cols = ds_new(op->epoch_arena, ds_col, schema->n + 1);

    if (k->active == 0)
        return DS_OK;
    for (uint32_t i = 0; i < n_keys; i++)
        cols[i] = keys[i];
    DS_TRY(keyed_eval_more(k, op, state, cols + n_keys, err));
    return ds_emit(op, rows_of(op, cols, k->active, NULL, k->active), err);
}

static ds_rc groups_update(ds_op *op, struct keyed *k, struct states *s,
                           ds_err *err)
{
    const struct update_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    ds_col *before = s->cols;
    ds_col *cols = ds_new(a, ds_col, p->keyed.key->n + p->stored->n + 1);
    struct outcome o;

    s->cols = cols + p->keyed.key->n;
    DS_TRY(keyed_eval(k, op, before, s->cols, err));
    DS_TRY(hidden_make(op, k, s, before, err));
    outcome_make(op, s, k->active, &o);
    if (o.n_puts)
        DS_TRY(op->store->type->put(op->store, op->overlay, o.keys, o.hashes,
                                    o.vals, o.n_puts, err));
    if (p->forget)
        DS_TRY(forget_list(op, s, o.added, o.n_added, err));
    ds_groups_cols(k->groups, a, cols);
    ds_key_fit(p->keyed.key, cols, s->n, a);
    DS_TRY(
        deletes_emit(op, rows_of(op, cols, s->n, o.removed, o.n_removed), err));
    if (p->emits)
        return mapped_emit(op, k, cols, s->cols, err);
    return ds_emit(op, rows_of(op, cols, s->n, o.rows, o.n_rows), err);
}

/* ---- keys with rows ---- */

static ds_rc active_update(struct update *u, ds_err *err)
{
    const ds_groups *g = u->keyed.groups;
    struct states s = {.n = ds_groups_n(g),
                       .keys = ds_groups_keys(g),
                       .hashes = ds_groups_hashes(g)};

    if (s.n == 0)
        return DS_OK;
    DS_TRY(states_get(&u->op, &s, err));
    return groups_update(&u->op, &u->keyed, &s, err);
}

/* ---- keys without rows ---- */

/* A part of the store. */
struct part {
    struct update *u;
    ds_slice *keys, *vals;
    uint32_t n;
};

/* Updated: they may be new, or gone. */
static ds_rc part_update(struct part *part, ds_col *cols, ds_err *err)
{
    ds_op *op = &part->u->op;
    struct keyed k;
    struct states s = {.n = part->n, .old = part->vals};

    keyed_begin(&k, op, op->node->planned, op->node->partial != NULL);
    DS_TRY(keyed_add_idle(&k, op, cols, part->n, err));
    DS_BUG_ON(ds_groups_n(k.groups) != part->n); /* a key stands once */
    s.keys = ds_groups_keys(k.groups);
    s.hashes = ds_groups_hashes(k.groups);
    DS_TRY(states_decode(op, &s, err));
    return groups_update(op, &k, &s, err);
}

/* As they are. */
static ds_rc part_emit(struct part *part, ds_col *cols, ds_err *err)
{
    ds_op *op = &part->u->op;
    const struct update_plan *p = op->node->planned;
    struct states s = {.n = part->n, .old = part->vals};

    ds_key_fit(p->keyed.key, cols, part->n, op->epoch_arena);
    DS_TRY(states_decode(op, &s, err));
    for (uint32_t c = 0; c < p->keyed.state->n; c++)
        cols[p->keyed.key->n + c] = s.cols[c];
    return ds_emit(op, rows_of(op, cols, part->n, NULL, part->n), err);
}

static ds_rc part_end(struct part *part, ds_err *err)
{
    ds_op *op = &part->u->op;
    const struct update_plan *p = op->node->planned;
    ds_col *cols;
    ds_rc rc;

    if (part->n == 0)
        return DS_OK;
    cols = ds_new(op->epoch_arena, ds_col, op->node->schema->n + 1);
    if (!ds_key_decode(part->keys, part->n, p->keyed.key_types, p->keyed.key->n,
                       op->epoch_arena, cols))
        return state_bad(op, err);
    rc = p->idle ? part_update(part, cols, err) : part_emit(part, cols, err);
    part->n = 0;
    return rc;
}

static ds_rc part_add(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    struct part *part = arg;
    ds_arena *a = part->u->op.epoch_arena;

    if (ds_groups_has(part->u->keyed.groups, key))
        return DS_OK; /* it had rows */
    if (part->n == 0) {
        part->keys = ds_new(a, ds_slice, PART_ROWS);
        part->vals = ds_new(a, ds_slice, PART_ROWS);
    }
    part->keys[part->n] = ds_slice_copy(a, key);
    part->vals[part->n++] = ds_slice_copy(a, val);
    return part->n == PART_ROWS ? part_end(part, err) : DS_OK;
}

static ds_rc idle_update(struct update *u, ds_err *err)
{
    ds_op *op = &u->op;
    struct part part = {.u = u};

    DS_TRY(
        op->store->type->visit(op->store, op->overlay, part_add, &part, err));
    return part_end(&part, err);
}

ds_rc update_seal(ds_op *op, ds_err *err)
{
    struct update *u = (struct update *)op;
    const struct update_plan *p = op->node->planned;

    if (p->from)
        DS_TRY(update_init_take(op, err));
    DS_TRY(active_update(u, err));
    if (p->forget)
        DS_TRY(forget_due(op, err));
    return p->idle || p->all ? idle_update(u, err) : DS_OK;
}
