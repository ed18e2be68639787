/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyed.c - the rows of an epoch, gathered by key.
 *
 * A row goes into all accumulators or into none. Whether one refuses it is only
 * known when its argument is evaluated, and an accumulator cannot give a row
 * back; so after a refused row the epoch's accumulators are made again from its
 * batches, and from then on each batch is tried before it is added. That costs
 * nothing as long as no row is refused.
 */
#include "op/keyed.h"

/* ---- plan ---- */

ds_scope keyed_scope(struct keyed_plan *p, const ds_node *node, ds_arena *a)
{
    const ds_node *in = node->inputs[0];
    /* Without keys all rows are one group. */
    uint32_t n_keys = node->flags & DS_OP_BY_KEY ? in->n_keys : 0;
    ds_schema *key = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, n_keys + 1);

    p->rows = in->schema;
    p->row_keys = in->keys;
    p->key_types = ds_new(a, ds_type, n_keys + 1);
    for (uint32_t i = 0; i < n_keys; i++) {
        fields[i] = in->schema->fields[in->keys[i]];
        p->key_types[i] = fields[i].type;
    }
    *key = (ds_schema){n_keys, fields};
    p->key = key;
    return (ds_scope){.cols = key,
                      .names = true,
                      .rows = in->schema,
                      .rows_meta = in->records};
}

/* Key, state, and the results of aggs[from..to). */
static const ds_schema *eval_schema(const struct keyed_plan *p, uint32_t from,
                                    uint32_t to, ds_arena *a)
{
    uint32_t n_state = p->state ? p->state->n : 0;
    ds_schema *s = ds_new(a, ds_schema, 1);
    ds_field *f = ds_new(a, ds_field, p->key->n + n_state + to - from + 1);

    for (uint32_t i = 0; i < p->key->n; i++)
        f[s->n++] = p->key->fields[i];
    for (uint32_t i = 0; i < n_state; i++)
        f[s->n++] = p->state->fields[i];
    for (uint32_t i = from; i < to; i++)
        f[s->n++] = (ds_field){ds_str_printf(a, "$%u", i - from),
                               ds_agg_type(p->aggs[i]), 0, false};
    s->fields = f;
    return s;
}

void keyed_plan(struct keyed_plan *p, ds_node *node, const ds_exprs *items,
                const ds_schema *state, ds_arena *a, ds_diags *d)
{
    uint16_t *keys = ds_new(a, uint16_t, p->key->n + 1);

    p->items = items;
    p->state = state;
    p->aggs = ds_exprs_aggs(items, &p->n_aggs);
    p->eval = eval_schema(p, 0, p->n_aggs, a);
    ds_node_read_none(node, 0);
    for (uint32_t i = 0; i < p->key->n; i++) {
        keys[i] = (uint16_t)i;
        ds_node_read(node, 0, p->row_keys[i]);
        if (p->row_keys[i] == node->inputs[0]->event_time)
            node->event_time = (int)i;
    }
    for (uint32_t c = 0; c < p->rows->n; c++)
        if (ds_exprs_rows_read(items, c))
            ds_node_read(node, 0, c);
    node->schema = select_concat(p->key, ds_exprs_schema(items), node, a, d);
    node->keys = keys;
    node->n_keys = p->key->n;
    node->records = false;
    node->copies = false;
    node->planned = p;
}

void keyed_plan_more(struct keyed_plan *p, ds_node *node, const ds_exprs *more,
                     ds_arena *a)
{
    uint32_t n;
    const ds_agg *const *aggs = ds_exprs_aggs(more, &n);
    const ds_agg **all = ds_new(a, const ds_agg *, p->n_aggs + n + 1);

    for (uint32_t i = 0; i < p->n_aggs; i++)
        all[i] = p->aggs[i];
    for (uint32_t i = 0; i < n; i++)
        all[p->n_aggs + i] = aggs[i];
    p->more = more;
    p->more_agg = p->n_aggs;
    p->aggs = all;
    p->n_aggs += n;
    p->more_eval = eval_schema(p, p->more_agg, p->n_aggs, a);
    for (uint32_t c = 0; c < p->rows->n; c++)
        if (ds_exprs_rows_read(more, c))
            ds_node_read(node, 0, c);
}

/* ---- rows into groups ---- */

static ds_acc **accs_new(const struct keyed_plan *p, ds_arena *a)
{
    ds_acc **accs = ds_new(a, ds_acc *, p->n_aggs + 1);

    for (uint32_t i = 0; i < p->n_aggs; i++)
        accs[i] = ds_acc_new(p->aggs[i], a);
    return accs;
}

/* New groups and accumulators, empty. */
static void groups_new(struct keyed *k, ds_arena *a)
{
    const struct keyed_plan *p = k->plan;

    k->groups = ds_groups_new(a, p->key_types, p->key->n);
    k->accs = accs_new(p, a);
    k->active = 0;
}

void keyed_begin(struct keyed *k, ds_op *op, const struct keyed_plan *plan,
                 bool partial)
{
    *k = (struct keyed){.plan = plan, .partial = partial};
    groups_new(k, op->epoch_arena);
}

static void records_grow(struct keyed *k, ds_arena *a, uint32_t n)
{
    uint32_t cap = k->cap ? k->cap : 1024;
    const ds_envelope **env;
    uint32_t *rec;

    if (n <= k->cap)
        return;
    while (cap < n)
        cap *= 2;
    env = ds_new(a, const ds_envelope *, cap);
    rec = ds_new(a, uint32_t, cap);
    if (k->cap) {
        memcpy(env, k->env, k->cap * sizeof(*env));
        memcpy(rec, k->rec, k->cap * sizeof(*rec));
    }
    k->env = env;
    k->rec = rec;
    k->cap = cap;
}

static void records_note(struct keyed *k, const ds_batch *in,
                         const uint32_t *group)
{
    records_grow(k, in->arena, k->active);
    DS_EACH (in, i) {
        k->env[group[i]] = in->env;
        k->rec[group[i]] = in->env ? ds_batch_rec(in, i) : 0;
    }
}

static void accs_merge(const struct keyed_plan *p, ds_acc **accs,
                       const ds_batch *in, const uint32_t *group,
                       uint32_t n_groups, const ds_eval *ev)
{
    const ds_col *cols = in->cols + p->key->n;
    ds_type types[DS_AGG_PARTS];

    for (uint32_t i = 0; i < p->n_aggs; i++) {
        ds_acc_merge(accs[i], in, cols, group, n_groups, ev);
        cols += ds_agg_parts(p->aggs[i], types);
    }
}

static const uint16_t *key_columns(const struct keyed *k, ds_arena *a)
{
    uint16_t *keys;

    if (!k->partial)
        return k->plan->row_keys;
    keys = ds_new(a, uint16_t, k->plan->key->n + 1);
    for (uint32_t i = 0; i < k->plan->key->n; i++)
        keys[i] = (uint16_t)i;
    return keys;
}

/* Rows that an aggregate refuses go to `errs`; the accumulators are of no use
 * then. */
static ds_rc batch_add(struct keyed *k, ds_op *op, const ds_batch *in,
                       ds_row_errors *errs, ds_err *err)
{
    const struct keyed_plan *p = k->plan;
    uint32_t *group = ds_new(in->arena, uint32_t, in->n + 1);
    ds_eval ev = {op->now, in->arena, errs};

    ds_groups_map(k->groups, in, key_columns(k, in->arena), group);
    k->active = ds_groups_n(k->groups);
    records_note(k, in, group);
    if (k->partial)
        accs_merge(p, k->accs, in, group, k->active, &ev);
    for (uint32_t i = 0; i < p->n_aggs && !k->partial; i++)
        DS_TRY(ds_acc_add(k->accs[i], in, group, k->active, &ev, err));
    return DS_OK;
}

/* Add to accumulators that are thrown away. */
static ds_rc batch_try(struct keyed *k, ds_op *op, const ds_batch *in,
                       ds_row_errors *errs, ds_err *err)
{
    uint32_t *group = ds_new(in->arena, uint32_t, in->n + 1);
    ds_eval ev = {op->now, in->arena, errs};

    ds_acc **accs = accs_new(k->plan, in->arena);

    if (k->partial)
        accs_merge(k->plan, accs, in, group, 1, &ev);
    for (uint32_t i = 0; i < k->plan->n_aggs && !k->partial; i++)
        DS_TRY(ds_acc_add(accs[i], in, group, 1, &ev, err));
    return DS_OK;
}

static void batch_keep(struct keyed *k, const ds_batch *in)
{
    if (k->n_batches == k->cap_batches) {
        uint32_t cap = k->cap_batches ? k->cap_batches * 2 : 16;
        ds_batch *more = ds_new(in->arena, ds_batch, cap);

        if (k->n_batches)
            memcpy(more, k->batches, k->n_batches * sizeof(*more));
        k->batches = more;
        k->cap_batches = cap;
    }
    k->batches[k->n_batches++] = *in;
}

/* Everything again from the batches before, which have no such row. */
static ds_rc groups_rebuild(struct keyed *k, ds_op *op, ds_err *err)
{
    ds_row_errors none = {0};

    groups_new(k, op->epoch_arena);
    for (uint32_t i = 0; i < k->n_batches; i++)
        DS_TRY(batch_add(k, op, &k->batches[i], &none, err));
    return DS_OK;
}

ds_rc keyed_add(struct keyed *k, ds_op *op, const ds_batch *in, ds_err *err)
{
    ds_row_errors errs = {0};
    ds_row_errors none = {0};

    if (op->host->admit)
        in = op->host->admit(op, in);
    if (k->careful)
        DS_TRY(batch_try(k, op, in, &errs, err));
    else
        DS_TRY(batch_add(k, op, in, &errs, err));
    if (errs.n) {
        DS_TRY(op->host->reject(op, in, &errs, &in, err));
        if (!k->careful)
            DS_TRY(groups_rebuild(k, op, err));
    }
    if ((errs.n || k->careful) && in->n_sel)
        DS_TRY(batch_add(k, op, in, &none, err));
    k->careful = k->careful || errs.n;
    op->rows_kept += in->n_sel;
    batch_keep(k, in);
    return DS_OK;
}

ds_rc keyed_add_idle(struct keyed *k, ds_op *op, const ds_col *cols, uint32_t n,
                     ds_err *err)
{
    const struct keyed_plan *p = k->plan;
    ds_arena *a = op->epoch_arena;
    uint32_t *group = ds_new(a, uint32_t, n + 1);
    uint16_t *keys = ds_new(a, uint16_t, p->key->n + 1);
    ds_batch rows = {
        .schema = p->key, .cols = cols, .n = n, .n_sel = n, .arena = a};
    ds_batch nothing = {.schema = p->rows,
                        .cols = ds_new(a, ds_col, p->rows->n + 1),
                        .arena = a};
    ds_row_errors errs = {0};
    ds_eval ev = {op->now, a, &errs};

    for (uint32_t i = 0; i < p->key->n; i++)
        keys[i] = (uint16_t)i;
    ds_groups_map(k->groups, &rows, keys, group);
    for (uint32_t i = 0; i < p->n_aggs; i++)
        DS_TRY(ds_acc_add(k->accs[i], &nothing, group, ds_groups_n(k->groups),
                          &ev, err));
    return DS_OK;
}

/* ---- results ---- */

/* All groups at once: the epoch runs again after it. */
ds_rc keyed_refused(const struct keyed *k, ds_op *op, const ds_row_errors *errs,
                    ds_err *err)
{
    ds_rc rc = DS_OK;

    for (uint32_t i = 0; i < errs->n; i++) {
        const ds_row_error *e = &errs->list[i];

        if (e->row >= k->active || !k->env[e->row])
            return ds_fail(err, DS_E_FAILED,
                           "%s: error[%s]: %s (a key without rows)",
                           op->node->name, e->code, e->msg);
        rc = op->host->reject_record(op, k->env[e->row], k->rec[e->row],
                                     e->code, e->msg, err);
        if (rc != DS_E_RECORD)
            return rc;
    }
    return rc;
}

ds_rc keyed_check(const struct keyed *k, ds_op *op, ds_err *err)
{
    ds_arena *a = op->epoch_arena;
    ds_row_errors errs = {0};
    ds_eval ev = {op->now, a, &errs};
    ds_col unused;

    for (uint32_t i = 0; i < k->plan->n_aggs; i++)
        if (ds_agg_may_fail(k->plan->aggs[i]))
            ds_acc_result(k->accs[i], ds_groups_n(k->groups), &ev, &unused);
    return errs.n ? keyed_refused(k, op, &errs, err) : DS_OK;
}

/* A list over key, state and the results of its aggregates. */
struct list {
    const ds_exprs *items;
    const ds_schema *eval;
    uint32_t first_agg;
    uint32_t n; /* for so many groups, of which k->sel count */
};

/* What is refused is added to `errs`. */
static ds_rc list_try(const struct keyed *k, ds_op *op, const struct list *list,
                      const ds_col *state, ds_col *out, ds_row_errors *errs,
                      ds_err *err)
{
    const struct keyed_plan *p = k->plan;
    ds_arena *a = op->epoch_arena;
    uint32_t n_state = p->state ? p->state->n : 0;
    uint32_t before = p->key->n + n_state, refused = errs->n, n = list->n;
    ds_col *cols = ds_new(a, ds_col, list->eval->n + 1);
    ds_eval ev = {op->now, a, errs};
    ds_batch in = {.schema = list->eval,
                   .cols = cols,
                   .n = n,
                   .n_sel = k->sel ? k->n_sel : n,
                   .sel = k->sel,
                   .arena = a};

    ds_groups_cols(k->groups, a, cols);
    ds_key_fit(p->key, cols, ds_groups_n(k->groups), a);
    for (uint32_t i = 0; i < n_state; i++)
        cols[p->key->n + i] = state[i];
    for (uint32_t i = before; i < list->eval->n; i++)
        ds_acc_result(k->accs[list->first_agg + i - before], n, &ev, &cols[i]);
    if (errs->n > refused)
        return DS_OK;
    return ds_exprs_eval(list->items, &in, &ev, out, err);
}

static ds_rc list_eval(const struct keyed *k, ds_op *op,
                       const struct list *list, const ds_col *state,
                       ds_col *out, ds_err *err)
{
    ds_row_errors errs = {0};

    DS_TRY(list_try(k, op, list, state, out, &errs, err));
    return errs.n ? keyed_refused(k, op, &errs, err) : DS_OK;
}

ds_rc keyed_try(const struct keyed *k, ds_op *op, uint32_t n, ds_col *out,
                ds_row_errors *errs, ds_err *err)
{
    const struct list list = {k->plan->items, k->plan->eval, 0, n};

    return list_try(k, op, &list, NULL, out, errs, err);
}

ds_rc keyed_eval(struct keyed *k, ds_op *op, const ds_col *state, ds_col *out,
                 ds_err *err)
{
    const struct list list = {k->plan->items, k->plan->eval, 0,
                              ds_groups_n(k->groups)};

    return list_eval(k, op, &list, state, out, err);
}

ds_rc keyed_eval_more(struct keyed *k, ds_op *op, const ds_col *state,
                      ds_col *out, ds_err *err)
{
    const struct list list = {k->plan->more, k->plan->more_eval,
                              k->plan->more_agg, ds_groups_n(k->groups)};

    return list_eval(k, op, &list, state, out, err);
}
