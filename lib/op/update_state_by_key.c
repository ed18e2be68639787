/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_state_by_key.c - a state per key, made anew from itself and the
 * batch's rows (contract.md 5.7, 5.8).
 *
 * State is touched once per distinct key and epoch, at seal: one get for all
 * keys, the update as one evaluation over columns, one put for those whose
 * state changed.
 */
#include "op/update.h"
#include "record/builder.h"
#include "record/rowfmt.h"

#define EMIT_ROWS 4096

struct update {
    ds_op op;
    struct keyed keyed;
};

static ds_rc update_begin(ds_op *op, ds_err *err)
{
    (void)err;
    keyed_begin(&((struct update *)op)->keyed, op, op->node->planned,
                op->node->partial != NULL);
    return DS_OK;
}

static ds_rc update_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    (void)port;
    return keyed_add(&((struct update *)op)->keyed, op, in, err);
}

/* ---- all keys of the store ---- */

struct pairs {
    ds_arena *arena;
    ds_slice *keys, *vals;
    uint32_t n, cap;
};

static ds_slice *slices_grow(const struct pairs *p, const ds_slice *old,
                             uint32_t cap)
{
    ds_slice *more = ds_new(p->arena, ds_slice, cap);

    if (p->n)
        memcpy(more, old, p->n * sizeof(*more));
    return more;
}

static ds_rc pairs_add(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    struct pairs *p = arg;

    (void)err;
    if (p->n == p->cap) {
        uint32_t cap = p->cap ? p->cap * 2 : 1024;

        p->keys = slices_grow(p, p->keys, cap);
        p->vals = slices_grow(p, p->vals, cap);
        p->cap = cap;
    }
    p->keys[p->n] = ds_slice_copy(p->arena, key);
    p->vals[p->n++] = ds_slice_copy(p->arena, val);
    return DS_OK;
}

static ds_rc pairs_scan(struct update *u, struct pairs *p, ds_err *err)
{
    ds_store *s = u->op.store;

    *p = (struct pairs){.arena = u->op.epoch_arena};
    return s->type->scan(s, u->op.overlay, DS_NULL_SLICE, DS_NULL_SLICE,
                         pairs_add, p, err);
}

static ds_rc state_bad(const ds_op *op, ds_err *err)
{
    return ds_fail(err, DS_E_STATE,
                   "%s: a key or a value in the state cannot be read",
                   op->node->name);
}

static ds_rc states_decode(ds_op *op, const ds_slice *vals, uint32_t n,
                           ds_col *out, ds_err *err)
{
    const struct update_plan *p = op->node->planned;
    uint64_t *bad = NULL;

    ds_rows_decode(vals, n, p->keyed.state, op->epoch_arena, out, &bad);
    return bad ? state_bad(op, err) : DS_OK;
}

/* ---- groups ---- */

static ds_batch *rows_of(ds_op *op, const ds_col *cols, uint32_t n,
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

/* Removed keys: only sinks want to know. */
static ds_rc deletes_emit(ds_op *op, const ds_batch *removed, ds_err *err)
{
    if (removed->n_sel == 0)
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

/* What becomes of the groups. */
struct outcome {
    ds_slice *keys, *vals; /* to put */
    uint64_t *hashes;
    uint32_t n_puts;
    uint32_t *rows; /* to emit */
    uint32_t n_rows;
    uint32_t *removed;
    uint32_t n_removed;
};

/* `old`: values as stored, null: the key is new. `vals`: the new ones. */
static void outcome_make(struct update *u, const ds_slice *old,
                         const ds_col *cols, const ds_slice *vals,
                         struct outcome *o)
{
    const struct update_plan *p = u->op.node->planned;
    ds_arena *a = u->op.epoch_arena;
    uint32_t n = ds_groups_n(u->keyed.groups);
    const ds_slice *keys = ds_groups_keys(u->keyed.groups);
    const uint64_t *hashes = ds_groups_hashes(u->keyed.groups);

    o->keys = ds_new(a, ds_slice, n);
    o->vals = ds_new(a, ds_slice, n);
    o->hashes = ds_new(a, uint64_t, n);
    o->rows = ds_new(a, uint32_t, n);
    o->removed = ds_new(a, uint32_t, n);
    for (uint32_t i = 0; i < n; i++) {
        bool gone = all_null(cols, p->keyed.state->n, i);
        ds_slice val = gone ? DS_NULL_SLICE : vals[i];
        bool changed = ds_slice_cmp(val, old[i]) != 0;

        if (changed) {
            o->keys[o->n_puts] = keys[i];
            o->hashes[o->n_puts] = hashes[i];
            o->vals[o->n_puts++] = val;
        }
        if (gone && changed)
            o->removed[o->n_removed++] = i;
        else if (!gone && (changed || i < u->keyed.active || p->all))
            o->rows[o->n_rows++] = i;
    }
}

/* States before the update: stored, or those of new keys. */
static ds_rc states_get(struct update *u, ds_slice *old, ds_col *cols,
                        ds_err *err)
{
    const struct update_plan *p = u->op.node->planned;
    ds_store *s = u->op.store;
    const ds_groups *g = u->keyed.groups;
    uint32_t n = ds_groups_n(g);
    ds_slice *vals = ds_new(u->op.epoch_arena, ds_slice, n);

    DS_TRY(s->type->get(s, u->op.overlay, ds_groups_keys(g),
                        ds_groups_hashes(g), n, u->op.epoch_arena, old, err));
    for (uint32_t i = 0; i < n; i++)
        vals[i] = old[i].ptr ? old[i] : p->init;
    return states_decode(&u->op, vals, n, cols, err);
}

static ds_rc groups_update(struct update *u, ds_err *err)
{
    ds_op *op = &u->op;
    const struct update_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    uint32_t n = ds_groups_n(u->keyed.groups);
    ds_slice *old = ds_new(a, ds_slice, n);
    ds_slice *vals = ds_new(a, ds_slice, n);
    ds_col *state = ds_new(a, ds_col, p->keyed.state->n + 1);
    ds_col *cols = ds_new(a, ds_col, op->node->schema->n + 1);
    ds_col *made = cols + p->keyed.key->n;
    struct outcome o = {0};

    DS_TRY(states_get(u, old, state, err));
    DS_TRY(keyed_eval(&u->keyed, op, state, made, err));
    ds_rows_encode(made, p->keyed.state, n, NULL, n, a, vals);
    outcome_make(u, old, made, vals, &o);
    if (o.n_puts)
        DS_TRY(op->store->type->put(op->store, op->overlay, o.keys, o.hashes,
                                    o.vals, o.n_puts, err));
    ds_groups_cols(u->keyed.groups, a, cols);
    ds_key_fit(p->keyed.key, cols, n, a);
    DS_TRY(deletes_emit(op, rows_of(op, cols, n, o.removed, o.n_removed), err));
    if (p->all && !p->idle)
        return DS_OK; /* states_emit */
    return ds_emit(op, rows_of(op, cols, n, o.rows, o.n_rows), err);
}

/* Every key of the state becomes a group. */
static ds_rc idle_add(struct update *u, ds_err *err)
{
    const struct update_plan *p = u->op.node->planned;
    struct pairs all;
    ds_col *cols = ds_new(u->op.epoch_arena, ds_col, p->keyed.key->n + 1);

    DS_TRY(pairs_scan(u, &all, err));
    if (all.n == 0)
        return DS_OK;
    if (!ds_key_decode(all.keys, all.n, p->keyed.key_types, p->keyed.key->n,
                       u->op.epoch_arena, cols))
        return state_bad(&u->op, err);
    return keyed_add_idle(&u->keyed, &u->op, cols, all.n, err);
}

/* emit: all - every key of the state, as it is now. */
static ds_rc states_emit(struct update *u, ds_err *err)
{
    ds_op *op = &u->op;
    const struct update_plan *p = op->node->planned;
    struct pairs all;

    DS_TRY(pairs_scan(u, &all, err));
    for (uint32_t at = 0; at < all.n; at += EMIT_ROWS) {
        uint32_t n = all.n - at < EMIT_ROWS ? all.n - at : EMIT_ROWS;
        ds_col *cols = ds_new(op->epoch_arena, ds_col, op->node->schema->n + 1);

        if (!ds_key_decode(all.keys + at, n, p->keyed.key_types,
                           p->keyed.key->n, op->epoch_arena, cols))
            return state_bad(op, err);
        ds_key_fit(p->keyed.key, cols, n, op->epoch_arena);
        DS_TRY(
            states_decode(op, all.vals + at, n, cols + p->keyed.key->n, err));
        DS_TRY(ds_emit(op, rows_of(op, cols, n, NULL, n), err));
    }
    return DS_OK;
}

static ds_rc update_seal(ds_op *op, ds_err *err)
{
    struct update *u = (struct update *)op;
    const struct update_plan *p = op->node->planned;

    if (p->idle)
        DS_TRY(idle_add(u, err));
    if (ds_groups_n(u->keyed.groups))
        DS_TRY(groups_update(u, err));
    if (p->all && !p->idle)
        return states_emit(u, err);
    return DS_OK;
}

static const ds_param update_params[] = {
    {.name = "update",
     .type = DS_P_SELECT,
     .offset = offsetof(struct update_args, update),
     .help =
         "The new state, from `state` and aggregates over the batch's rows; "
         "NULL removes the key.",
     .required = true,
     .main = true},
    {.name = "init",
     .type = DS_P_SELECT,
     .offset = offsetof(struct update_args, init),
     .help = "The state of a key that was not there: constants."},
    {.name = "emit",
     .type = DS_P_ENUM,
     .offset = offsetof(struct update_args, emit),
     .help = "The keys that had rows or changed, or every key in every batch.",
     .def = "changed",
     .choices = "changed|all"},
    {.name = "evict",
     .type = DS_P_ARG,
     .offset = offsetof(struct update_args, evict),
     .help = "Forget keys that had no rows for a while.",
     .later = true},
    {0},
};

const ds_op_type op_update_state_by_key = {
    .name = "updateStateByKey",
    .help = "A state per key, made anew from itself and the batch's rows.",
    .params = update_params,
    .args_size = sizeof(struct update_args),
    .size = sizeof(struct update),
    .flags = DS_OP_STATEFUL | DS_OP_BY_KEY,
    .plan = update_plan,
    .begin = update_begin,
    .push = update_push,
    .seal = update_seal,
    .combine = &op_partial,
};
