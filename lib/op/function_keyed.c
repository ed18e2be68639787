/* SPDX-License-Identifier: Apache-2.0 */
/*
 * function_keyed.c - functions of a program over rows by key.
 *
 * The rows of a batch are gathered as they come, and brought in order of their
 * keys once, at its end. State is touched once for all keys.
 */
#include "op/function.h"
#include "op/update.h"
#include "record/rowfmt.h"

/* What the plan knows; node->planned. */
struct keyed_columns {
    const ds_schema *key;
    const ds_type *key_types;
    const ds_schema *values;    /* result or state, without the key */
    const uint32_t *value_cols; /* reduce: those of the input */
};

/* ---- plan ---- */

static struct keyed_columns *columns_of(const ds_node *node, ds_arena *a)
{
    const ds_node *in = node->inputs[0];
    struct keyed_columns *p = ds_new(a, struct keyed_columns, 1);
    ds_schema *key = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, in->n_keys + 1);
    ds_type *types = ds_new(a, ds_type, in->n_keys + 1);

    for (uint32_t i = 0; i < in->n_keys; i++) {
        fields[i] = in->schema->fields[in->keys[i]];
        types[i] = fields[i].type;
    }
    *key = (ds_schema){in->n_keys, fields};
    p->key = key;
    p->key_types = types;
    return p;
}

static void keyed_result(ds_node *node, struct keyed_columns *p, ds_arena *a,
                         ds_diags *d)
{
    uint16_t *keys = ds_new(a, uint16_t, p->key->n + 1);

    for (uint32_t i = 0; i < p->key->n; i++)
        keys[i] = (uint16_t)i;
    ds_node_read_all(node, 0);
    node->schema = select_concat(p->key, p->values, node, a, d);
    node->keys = keys;
    node->n_keys = p->key->n;
    node->records = false;
    node->copies = false;
    node->event_time = -1;
    node->watermarked = false;
    node->planned = p;
}

void function_reduce_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const ds_node *in = node->inputs[0];
    struct keyed_columns *p = columns_of(node, a);
    ds_schema *values = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, in->schema->n + 1);
    uint32_t *cols = ds_new(a, uint32_t, in->schema->n + 1);

    for (uint32_t i = 0; i < in->schema->n; i++)
        if (!ds_node_is_key(in, i)) {
            fields[values->n] = in->schema->fields[i];
            cols[values->n++] = i;
        }
    values->fields = fields;
    p->values = values;
    p->value_cols = cols;
    keyed_result(node, p, a, d);
}

void function_update_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const ds_function *f = function_of(node);
    struct keyed_columns *p = columns_of(node, a);

    p->values = function_columns(node, a, d);
    if (!p->values)
        return;
    keyed_result(node, p, a, d);
    if (f->every_key)
        node->flags |= DS_OP_EVERY_EPOCH | DS_OP_NEEDS_BATCH;
    node->deletes = true;
    node->canon =
        ds_str_printf(a, "function %s version %s", f->name, f->version);
}

/* ---- rows ---- */

ds_rc function_keyed_begin(ds_op *op, ds_err *err)
{
    struct function_keyed *k = (struct function_keyed *)op;
    const struct keyed_columns *p = op->node->planned;

    (void)err;
    k->groups = ds_groups_new(op->epoch_arena, p->key_types, p->key->n);
    k->n = k->cap = 0;
    return DS_OK;
}

static void rows_grow(struct function_keyed *k, uint32_t n)
{
    ds_arena *a = k->op.epoch_arena;
    uint32_t cap = k->cap ? k->cap : 1024;
    ds_in *rows;
    uint32_t *group;

    if (n <= k->cap)
        return;
    while (cap < n)
        cap *= 2;
    rows = ds_new(a, ds_in, cap);
    group = ds_new(a, uint32_t, cap);
    if (k->n) {
        memcpy(rows, k->rows, k->n * sizeof(*rows));
        memcpy(group, k->group, k->n * sizeof(*group));
    }
    k->rows = rows;
    k->group = group;
    k->cap = cap;
}

/* The batch without the key's columns, as a reduce is given it. */
static const ds_batch *values_of(const ds_op *op, const ds_batch *in)
{
    const struct keyed_columns *p = op->node->planned;
    ds_batch *b = ds_new(op->epoch_arena, ds_batch, 1);
    ds_col *cols;

    *b = *in;
    if (!p->value_cols)
        return b;
    cols = ds_new(op->epoch_arena, ds_col, p->values->n + 1);
    for (uint32_t i = 0; i < p->values->n; i++)
        cols[i] = in->cols[p->value_cols[i]];
    b->schema = p->values;
    b->cols = cols;
    return b;
}

ds_rc function_keyed_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    struct function_keyed *k = (struct function_keyed *)op;
    const ds_batch *kept;
    uint32_t *group;

    (void)port;
    (void)err;
    if (op->host->admit)
        in = op->host->admit(op, in);
    kept = values_of(op, in);
    group = ds_new(op->epoch_arena, uint32_t, in->n + 1);
    ds_groups_map(k->groups, in, op->node->inputs[0]->keys, group);
    rows_grow(k, k->n + in->n_sel);
    DS_EACH (in, i) {
        k->rows[k->n] = (ds_in){kept, i};
        k->group[k->n++] = group[i];
    }
    op->rows_kept += in->n_sel;
    return DS_OK;
}

/* Rows in the order of their groups; those of group g begin at begins[g]. */
static ds_in *rows_by_group(const struct function_keyed *k, uint32_t n_groups,
                            uint32_t **begins)
{
    ds_arena *a = k->op.epoch_arena;
    uint32_t *at = ds_new(a, uint32_t, n_groups + 2);
    uint32_t *next = ds_new(a, uint32_t, n_groups + 1);
    ds_in *rows = ds_new(a, ds_in, k->n + 1);

    for (uint32_t i = 0; i < k->n; i++)
        at[k->group[i] + 1]++;
    for (uint32_t g = 0; g < n_groups; g++) {
        at[g + 1] += at[g];
        next[g] = at[g];
    }
    for (uint32_t i = 0; i < k->n; i++)
        rows[next[k->group[i]]++] = k->rows[i];
    *begins = at;
    return rows;
}

/* The function refused its answer: the last row that went in is blamed. */
static ds_rc keyed_refuse(ds_op *op, const ds_in *last, const char *msg,
                          ds_err *err)
{
    const ds_envelope *env = last ? last->batch->env : NULL;

    if (!env)
        return ds_fail(err, DS_E_FAILED, "%s: error[%s]: %s", op->node->name,
                       FUNCTION_REFUSED, msg);
    return op->host->reject_record(op, env,
                                   ds_batch_rec(last->batch, last->row),
                                   FUNCTION_REFUSED, msg, err);
}

/* What a call gave, after `before` rows: one, or none if `least` is 0. `why`
 * has what it returned. */
static ds_rc call_end(ds_op *op, ds_out *out, uint32_t before, uint32_t least,
                      const ds_in *last, const ds_err *why, ds_err *err)
{
    ds_rc rc = why->rc;

    out_end(out);
    if (rc == DS_E_RECORD || (rc >= 0 && out->refused)) {
        const char *msg = rc < 0 ? why->msg : out->refused;

        return keyed_refuse(op, last, msg, err);
    }
    if (rc < 0) {
        if (err)
            *err = *why;
        return rc;
    }
    if (out->n > before + 1 || out->n < before + least)
        out->misused = least ? "does not make one row"
                             : "makes more than one row of state";
    return out_check(out, op->node, err);
}

static ds_batch *keyed_batch(ds_op *op, const struct function_keyed *k,
                             const ds_out *values)
{
    const struct keyed_columns *p = op->node->planned;
    const ds_batch *b = out_batch(values);
    ds_batch *all = ds_new(op->epoch_arena, ds_batch, 1);
    ds_col *cols = ds_new(op->epoch_arena, ds_col, op->node->schema->n + 1);

    ds_groups_cols(k->groups, op->epoch_arena, cols);
    ds_key_fit(p->key, cols, b->n, op->epoch_arena);
    for (uint32_t i = 0; i < p->values->n; i++)
        cols[p->key->n + i] = b->cols[i];
    *all = *b;
    all->schema = op->node->schema;
    all->cols = cols;
    return all;
}

/* ---- reduce ---- */

static void row_copy(ds_out *out, const ds_in *from)
{
    ds_out_row(out);
    for (uint32_t i = 0; i < out->schema->n; i++)
        ds_out_copy(out, i, from, i);
    out_end(out);
}

/* All rows of a group to one. */
static ds_rc group_reduce(ds_op *op, const ds_in *rows, uint32_t n,
                          ds_out *made, ds_out *out, ds_err *err)
{
    const ds_function *f = function_of(op->node);
    ds_in sum = rows[0];

    for (uint32_t i = 1; i < n; i++) {
        ds_err why = {DS_OK, ""};
        uint32_t before = made->n;

        why.rc = f->reduce(f->arg, &sum, &rows[i], made, &why);
        why.rc = function_said(op->node, why.rc, &why);
        DS_TRY(call_end(op, made, before, 1, &rows[i], &why, err));
        sum = (ds_in){out_batch(made), before};
    }
    row_copy(out, &sum);
    return DS_OK;
}

ds_rc function_reduce_seal(ds_op *op, ds_err *err)
{
    struct function_keyed *k = (struct function_keyed *)op;
    const struct keyed_columns *p = op->node->planned;
    uint32_t n = ds_groups_n(k->groups), *begins;
    ds_out made, out;
    ds_in *rows;

    if (n == 0)
        return DS_OK;
    rows = rows_by_group(k, n, &begins);
    out_init(&made, p->values, op->now, op->epoch_arena, k->n);
    out_init(&out, p->values, op->now, op->epoch_arena, n);
    for (uint32_t g = 0; g < n; g++)
        DS_TRY(group_reduce(op, rows + begins[g], begins[g + 1] - begins[g],
                            &made, &out, err));
    return ds_emit(op, keyed_batch(op, k, &out), err);
}

/* ---- update ---- */

struct keys_of_store {
    ds_arena *arena;
    ds_slice *keys;
    uint32_t n, cap;
};

static ds_rc key_add(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    struct keys_of_store *s = arg;

    (void)val;
    (void)err;
    if (s->n == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : 1024;
        ds_slice *more = ds_new(s->arena, ds_slice, cap);

        if (s->n)
            memcpy(more, s->keys, s->n * sizeof(*more));
        s->keys = more;
        s->cap = cap;
    }
    s->keys[s->n++] = ds_slice_copy(s->arena, key);
    return DS_OK;
}

/* Every key of the state becomes a group. */
static ds_rc idle_add(struct function_keyed *k, ds_err *err)
{
    ds_op *op = &k->op;
    const struct keyed_columns *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    struct keys_of_store s = {.arena = a};
    ds_col *cols = ds_new(a, ds_col, p->key->n + 1);
    uint16_t *which = ds_new(a, uint16_t, p->key->n + 1);
    ds_batch all;

    DS_TRY(op->store->type->scan(op->store, op->overlay, DS_NULL_SLICE,
                                 DS_NULL_SLICE, key_add, &s, err));
    if (s.n == 0)
        return DS_OK;
    if (!ds_key_decode(s.keys, s.n, p->key_types, p->key->n, a, cols))
        return state_bad(op, err);
    for (uint32_t i = 0; i < p->key->n; i++)
        which[i] = (uint16_t)i;
    all = (ds_batch){
        .schema = p->key, .cols = cols, .n = s.n, .n_sel = s.n, .arena = a};
    ds_groups_map(k->groups, &all, which, ds_new(a, uint32_t, s.n));
    return DS_OK;
}

/* Keys and states of all groups. */
struct states_in {
    ds_slice *stored; /* null: the key is new */
    ds_batch keys, states;
};

static ds_rc states_read(struct function_keyed *k, struct states_in *s,
                         ds_err *err)
{
    ds_op *op = &k->op;
    const struct keyed_columns *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    uint32_t n = ds_groups_n(k->groups);
    ds_col *keys = ds_new(a, ds_col, p->key->n + 1);
    ds_col *cols = ds_new(a, ds_col, p->values->n + 1);
    uint64_t *bad = NULL;

    s->stored = ds_new(a, ds_slice, n);
    DS_TRY(op->store->type->get(
        op->store, op->overlay, ds_groups_keys(k->groups),
        ds_groups_hashes(k->groups), n, a, s->stored, err));
    ds_rows_decode(s->stored, n, p->values, a, cols, &bad);
    if (bad)
        return state_bad(op, err);
    ds_groups_cols(k->groups, a, keys);
    ds_key_fit(p->key, keys, n, a);
    s->keys = (ds_batch){
        .schema = p->key, .cols = keys, .n = n, .n_sel = n, .arena = a};
    s->states = (ds_batch){
        .schema = p->values, .cols = cols, .n = n, .n_sel = n, .arena = a};
    return DS_OK;
}

/* One row for each group; gone: bit set, the row is all NULL. */
static ds_rc groups_call(struct function_keyed *k, const struct states_in *s,
                         ds_out *out, uint64_t *gone, ds_err *err)
{
    ds_op *op = &k->op;
    const ds_function *f = function_of(op->node);
    uint32_t n = ds_groups_n(k->groups), *begins;
    ds_in *rows = rows_by_group(k, n, &begins);

    for (uint32_t g = 0; g < n; g++) {
        ds_in state = {&s->states, g};
        ds_err why = {DS_OK, ""};
        ds_update u = {.key = {&s->keys, g},
                       .state = s->stored[g].ptr ? &state : NULL,
                       .n = begins[g + 1] - begins[g],
                       .rows = rows + begins[g]};

        why.rc = f->update(f->arg, &u, out, &why);
        why.rc = function_said(op->node, why.rc, &why);
        DS_TRY(
            call_end(op, out, g, 0, u.n ? &u.rows[u.n - 1] : NULL, &why, err));
        if (out->n > g)
            continue;
        ds_bit_set(gone, g);
        ds_out_row(out);
        out_end(out);
    }
    return DS_OK;
}

/* What becomes of the groups. */
static ds_rc groups_settle(struct function_keyed *k, const struct states_in *s,
                           const ds_batch *all, const uint64_t *gone,
                           uint32_t active, ds_err *err)
{
    ds_op *op = &k->op;
    const struct keyed_columns *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    uint32_t n = all->n, n_puts = 0, n_rows = 0, n_removed = 0;
    ds_slice *vals = ds_new(a, ds_slice, n), *keys = ds_new(a, ds_slice, n);
    ds_slice *puts = ds_new(a, ds_slice, n);
    uint64_t *hashes = ds_new(a, uint64_t, n);
    uint32_t *rows = ds_new(a, uint32_t, n), *removed = ds_new(a, uint32_t, n);

    ds_rows_encode(all->cols + p->key->n, p->values, n, NULL, n, a, vals);
    for (uint32_t g = 0; g < n; g++) {
        bool is_gone = ds_bit_get(gone, g);
        ds_slice val = is_gone ? DS_NULL_SLICE : vals[g];
        bool changed = ds_slice_cmp(val, s->stored[g]) != 0;

        if (changed) {
            keys[n_puts] = ds_groups_keys(k->groups)[g];
            hashes[n_puts] = ds_groups_hashes(k->groups)[g];
            puts[n_puts++] = val;
        }
        if (is_gone && changed)
            removed[n_removed++] = g;
        else if (!is_gone &&
                 (changed || g < active || function_of(op->node)->every_key))
            rows[n_rows++] = g;
    }
    if (n_puts)
        DS_TRY(op->store->type->put(op->store, op->overlay, keys, hashes, puts,
                                    n_puts, err));
    DS_TRY(deletes_emit(op, ds_batch_select(all, removed, n_removed), err));
    return ds_emit(op, ds_batch_select(all, rows, n_rows), err);
}

ds_rc function_update_seal(ds_op *op, ds_err *err)
{
    struct function_keyed *k = (struct function_keyed *)op;
    const struct keyed_columns *p = op->node->planned;
    uint32_t active = ds_groups_n(k->groups), n;
    struct states_in s;
    uint64_t *gone;
    ds_out out;

    if (function_of(op->node)->every_key)
        DS_TRY(idle_add(k, err));
    n = ds_groups_n(k->groups);
    if (n == 0)
        return DS_OK;
    DS_TRY(states_read(k, &s, err));
    gone = ds_bits_new(op->epoch_arena, n, false);
    out_init(&out, p->values, op->now, op->epoch_arena, n);
    DS_TRY(groups_call(k, &s, &out, gone, err));
    return groups_settle(k, &s, keyed_batch(op, k, &out), gone, active, err);
}
