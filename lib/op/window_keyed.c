/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_keyed.c - a result per key and slide.
 */
#include "op/window_keyed.h"

#include "op/pair.h"

/* ---- plan ---- */

static enum window_how how_of(const struct window_plan *p)
{
    enum window_how how = p->span.n == 1
                              ? WINDOW_BLOCKS
                              : WINDOW_SUBTRACT; /* all leave at once */

    for (uint32_t i = 0; i < p->keyed.n_aggs; i++) {
        if (ds_agg_grows(p->keyed.aggs[i]))
            return WINDOW_AGAIN;
        if (!ds_agg_subtracts(p->keyed.aggs[i]))
            how = WINDOW_BLOCKS;
    }
    return how;
}

static void keep_plan(struct window_plan *p, const ds_node *node,
                      const ds_text *keep, ds_arena *a, ds_diags *d)
{
    ds_scope scope = {.cols = node->schema};
    ds_exprs *e = NULL;

    if (keep && keep->s &&
        ds_expr_compile(keep, DS_BOOL, &scope, a, d, &e) >= 0)
        p->keep = e;
}

/* The panes hold partial results: their types are part of what they mean. */
static const char *canon_of(const struct window_plan *p, const ds_exprs *items,
                            ds_arena *a)
{
    const char *text = ds_exprs_canon(items, a);

    for (uint32_t i = p->keyed.key->n; i < p->partial->n; i++)
        text = ds_str_printf(a, "%s %s", text,
                             ds_type_name(p->partial->fields[i].type));
    return window_args_canon(&p->span, text, a);
}

void window_keyed_plan(struct window_plan *p, ds_node *node,
                       const struct window_args *args, const ds_exprs *items,
                       const ds_text *keep, ds_arena *a, ds_diags *d)
{
    p->tick = node->tick;
    p->span = window_args_plan(args, node, d);
    keyed_plan(&p->keyed, node, items, NULL, a, d);
    p->partial = keyed_partial_schema(&p->keyed, a);
    p->how = how_of(p);
    node->canon = canon_of(p, items, a);
    keep_plan(p, node, keep, a, d);
}

/* Aggregates bring their inverse along, or have none. */
static void check_inverse(const struct window_reduce_args *args,
                          const ds_exprs *e, ds_diags *d)
{
    const ds_agg *const *aggs;
    uint32_t n;

    if (args->inverse == NULL)
        return;
    aggs = ds_exprs_aggs(e, &n);
    for (uint32_t i = 0; i < n; i++)
        if (!ds_agg_subtracts(aggs[i])) {
            ds_diag_add(d, DS_ERROR, "E0421", args->inverse->where,
                        "drop `inverse`: the window will be re-reduced",
                        "%s() has no inverse", ds_agg_function(aggs[i]));
            return;
        }
    ds_diag_add(d, DS_ERROR, "E0421", args->inverse->where,
                "drop `inverse`: rows that leave are subtracted without it",
                "aggregates have their own inverse");
}

void window_reduce_plan(ds_node *node, const struct window_reduce_args *args,
                        ds_arena *a, ds_diags *d)
{
    struct window_plan *p = ds_new(a, struct window_plan, 1);
    ds_scope scope = keyed_scope(&p->keyed, node, a);
    ds_exprs *e;

    if (pair_is_function(args->reduce, p->keyed.rows, a)) {
        e = pair_compile(node, args->reduce, args->inverse, p->keyed.key, a, d);
    } else {
        e = select_compile(args->reduce, &scope, a, d);
        if (e)
            check_inverse(args, e, d);
    }
    if (e)
        window_keyed_plan(p, node, &args->window, e, &args->keep, a, d);
    else
        window_args_plan(&args->window, node, d);
}

/* ---- a batch ---- */

ds_rc window_keyed_open(ds_op *op, ds_err *err)
{
    struct window_keyed *w = (struct window_keyed *)op;

    (void)err;
    window_fold_open(&w->fold, op->node->planned, op->task_arena);
    return DS_OK;
}

void window_keyed_close(ds_op *op)
{
    window_fold_close(&((struct window_keyed *)op)->fold);
}

ds_rc window_keyed_begin(ds_op *op, ds_err *err)
{
    struct window_keyed *w = (struct window_keyed *)op;
    const struct window_plan *p = op->node->planned;

    keyed_begin(&w->keyed, op, &p->keyed, op->node->partial != NULL);
    return panes_begin(&w->panes, op, p->partial, err);
}

ds_rc window_keyed_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    const struct window_plan *p = op->node->planned;

    (void)port;
    if (panes_wanted(&p->span, panes_at(&p->span, op->now)))
        return keyed_add(&((struct window_keyed *)op)->keyed, op, in, err);
    op->host->discard(op, in->n_sel, "no_window");
    return DS_OK;
}

/* The batch's partial results to its pane. */
static ds_rc rows_add(struct window_keyed *w, int64_t pane, ds_err *err)
{
    const struct window_plan *p = w->op.node->planned;
    const struct keyed *k = &w->keyed;
    ds_arena *a = w->op.epoch_arena;
    uint32_t n = ds_groups_n(k->groups);
    ds_col *keys = ds_new(a, ds_col, p->keyed.key->n + 1);
    uint32_t *groups = NULL;

    DS_TRY(keyed_check(k, &w->op, err));
    ds_groups_cols(k->groups, a, keys);
    ds_key_fit(p->keyed.key, keys, n, a);
    while (n > 0) {
        const ds_batch *rows = keyed_parts(k, p->partial, keys, &groups, &n, a);

        DS_TRY(panes_add(&w->panes, &w->op, pane, rows, err));
        DS_TRY(window_fold_add(&w->fold, pane, rows, err));
    }
    return DS_OK;
}

/* A pane of several batches: one partial result per key, now and then and when
 * it is done. */
static ds_rc pane_pack(struct window_keyed *w, int64_t pane, bool done,
                       ds_err *err)
{
    const ds_batch *rows;
    bool worth;

    DS_TRY(panes_is_worth(&w->panes, &w->op, pane, done, &worth, err));
    if (!worth)
        return DS_OK;
    rows = window_fold_open_rows(&w->fold, &w->op, pane);
    return rows ? panes_replace(&w->panes, &w->op, pane, rows, err) : DS_OK;
}

/* ---- a result ---- */

/* The records of this batch that went into the groups of the result. */
static void records_of(const struct window_keyed *w, struct keyed *view)
{
    const struct keyed *k = &w->keyed;
    const struct keyed_plan *p = k->plan;
    ds_arena *a = w->op.epoch_arena;
    uint32_t n = ds_groups_n(k->groups);
    ds_col *cols = ds_new(a, ds_col, p->key->n + 1);
    uint16_t *keys = ds_new(a, uint16_t, p->key->n + 1);
    uint32_t *group = ds_new(a, uint32_t, n + 1);
    ds_batch rows = {
        .schema = p->key, .cols = cols, .n = n, .n_sel = n, .arena = a};

    for (uint32_t i = 0; i < p->key->n; i++)
        keys[i] = (uint16_t)i;
    ds_groups_cols(k->groups, a, cols);
    if (n)
        ds_groups_map(view->groups, &rows, keys, group);
    view->active = ds_groups_n(view->groups);
    view->env = ds_new(a, const ds_envelope *, view->active + 1);
    view->rec = ds_new(a, uint32_t, view->active + 1);
    for (uint32_t i = 0; i < n; i++) {
        view->env[group[i]] = k->env[i];
        view->rec[group[i]] = k->rec[i];
    }
}

/* Results without a record in this batch: they do not leave, and are refused as
 * rows of their own. They were not rows that came in. */
static ds_rc orphans_refused(struct window_keyed *w, struct keyed *view,
                             uint32_t n, const ds_row_errors *errs, ds_err *err)
{
    ds_arena *a = w->op.epoch_arena;
    const struct keyed_plan *p = view->plan;
    ds_col *cols = ds_new(a, ds_col, p->key->n + 1);
    ds_batch rows = {.schema = p->key,
                     .cols = cols,
                     .n = n,
                     .n_sel = view->n_sel,
                     .sel = view->sel,
                     .arena = a};
    const ds_batch *rest = &rows;

    ds_groups_cols(view->groups, a, cols);
    ds_key_fit(p->key, cols, ds_groups_n(view->groups), a);
    DS_TRY(w->op.host->reject(&w->op, &rows, errs, &rest, err));
    w->op.rows_kept -= errs->n;
    view->sel = rest->sel;
    view->n_sel = rest->n_sel;
    return DS_OK;
}

/* Results were refused: `errs` from number `from` on. If rows of this batch
 * went into one of them, the last of them is to blame, and the epoch runs again
 * without it. */
static ds_rc window_refused(struct window_keyed *w, struct keyed *view,
                            uint32_t n, const ds_row_errors *errs,
                            uint32_t from, ds_err *err)
{
    ds_arena *a = w->op.epoch_arena;
    ds_row_errors blamed = {0}, orphans = {0};

    records_of(w, view);
    for (uint32_t i = from; i < errs->n; i++) {
        const ds_row_error *e = &errs->list[i];
        bool known = e->row < view->active && view->env[e->row];

        ds_row_errors_add(known ? &blamed : &orphans, a, n, e->row, e->code,
                          e->item, e->msg);
    }
    if (blamed.n)
        return keyed_refused(view, &w->op, &blamed, err);
    return orphans_refused(w, view, n, &orphans, err);
}

static ds_rc rows_eval(struct window_keyed *w, struct keyed *view, uint32_t n,
                       ds_col *out, ds_err *err)
{
    ds_row_errors errs = {0};
    uint32_t before;

    for (;;) {
        before = errs.n;
        DS_TRY(keyed_try(view, &w->op, n, out, &errs, err));
        if (errs.n == before)
            return DS_OK;
        DS_TRY(window_refused(w, view, n, &errs, before, err));
    }
}

/* Those for which `keep` is true. */
static ds_rc rows_keep(struct window_keyed *w, struct keyed *view,
                       ds_batch *rows, ds_err *err)
{
    const struct window_plan *p = w->op.node->planned;
    uint32_t *sel, n = 0;
    ds_row_errors errs = {0};
    ds_eval ev = {w->op.now, rows->arena, &errs};
    ds_col keep;

    DS_TRY(ds_exprs_eval(p->keep, rows, &ev, &keep, err));
    if (errs.n)
        DS_TRY(window_refused(w, view, rows->n, &errs, 0, err));
    rows->sel = view->sel;
    rows->n_sel = view->n_sel;
    sel = ds_new(rows->arena, uint32_t, rows->n_sel + 1);
    DS_EACH (rows, i)
        if (!ds_col_is_null(&keep, i) && keep.v.b[i])
            sel[n++] = i;
    rows->sel = sel;
    rows->n_sel = n;
    return DS_OK;
}

static ds_rc rows_emit(struct window_keyed *w, struct keyed *view, uint32_t n,
                       ds_err *err)
{
    ds_op *op = &w->op;
    const struct window_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    ds_col *cols = ds_new(a, ds_col, op->node->schema->n + 1);
    ds_batch *out = ds_new(a, ds_batch, 1);

    ds_groups_cols(view->groups, a, cols);
    ds_key_fit(p->keyed.key, cols, ds_groups_n(view->groups), a);
    DS_TRY(rows_eval(w, view, n, cols + p->keyed.key->n, err));
    *out = (ds_batch){.schema = op->node->schema,
                      .cols = cols,
                      .n = n,
                      .n_sel = view->n_sel,
                      .sel = view->sel,
                      .arena = a};
    if (p->keep)
        DS_TRY(rows_keep(w, view, out, err));
    return ds_emit(op, out, err);
}

static ds_rc window_emit(struct window_keyed *w, int64_t pane, ds_err *err)
{
    const struct window_plan *p = w->op.node->planned;
    struct keyed view = {.plan = &p->keyed};
    struct window_sum sum;
    uint32_t n;

    if (!w->panes.some)
        return DS_OK; /* no row was ever there */
    DS_TRY(window_fold_result(&w->fold, &w->op, &w->panes, pane, &view.groups,
                              &sum, err));
    view.accs = sum.accs;
    view.sel = window_sum_there(&sum, &view.n_sel, w->op.epoch_arena);
    n = ds_groups_n(view.groups);
    if (view.n_sel == 0 && !p->zero)
        return DS_OK;
    if (view.n_sel == 0) { /* one row over no rows */
        window_sum_init(&sum, &p->keyed, w->op.epoch_arena);
        view.accs = sum.accs;
        view.sel = NULL;
        view.n_sel = n = 1;
    }
    return rows_emit(w, &view, n, err);
}

/* A window ends with this batch: its rows, and what no other one needs goes. */
static ds_rc window_slide(struct window_keyed *w, int64_t pane, ds_err *err)
{
    const struct window_plan *p = w->op.node->planned;
    int64_t first = pane - p->span.n + 1; /* what leaves is still needed once */

    DS_TRY(window_emit(w, pane, err));
    if (p->how != WINDOW_SUBTRACT)
        first += p->span.step;
    return panes_forget(&w->panes, &w->op, first, err);
}

ds_rc window_keyed_seal(ds_op *op, ds_err *err)
{
    struct window_keyed *w = (struct window_keyed *)op;
    const struct window_plan *p = op->node->planned;
    const struct panes_span *s = &p->span;
    int64_t pane = panes_at(s, op->now);
    bool done = op->now % s->pane == 0;

    DS_TRY(window_fold_begin(&w->fold, op, &w->panes, pane, err));
    if (ds_groups_n(w->keyed.groups))
        DS_TRY(rows_add(w, pane, err));
    if (s->pane > p->tick && (done || ds_groups_n(w->keyed.groups)))
        DS_TRY(pane_pack(w, pane, done, err));
    if (panes_slides(s, op->now))
        DS_TRY(window_slide(w, pane, err));
    DS_TRY(panes_seal(&w->panes, op, err));
    window_fold_seal(&w->fold, &w->panes);
    return DS_OK;
}
