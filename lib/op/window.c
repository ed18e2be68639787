/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.c - the rows of several batches again, as one (Spark's
 * DStream.window).
 *
 * In place: each task keeps the rows of its own partition. What leaves is a
 * stream like any other, with a batch per slide; its rows do not belong to
 * records any more.
 */
#include "op/window_args.h"

struct window_rows_plan {
    struct panes_span span;
};

struct window_rows {
    ds_op op;
    struct panes panes;
    ds_batch *batches; /* of this one */
    uint32_t n, cap;
};

static void window_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    struct window_rows_plan *p = ds_new(a, struct window_rows_plan, 1);
    ds_schema *schema = ds_new(a, ds_schema, 1);

    p->span = window_args_plan(node->args, node, d);
    *schema = *node->schema;
    node->schema = schema; /* all its columns are kept, whoever reads them */
    ds_node_read_all(node, 0);
    node->records = false;
    node->copies = false;
    node->planned = p;
    node->canon = window_args_canon(&p->span, "", a);
}

static ds_rc window_begin(ds_op *op, ds_err *err)
{
    struct window_rows *w = (struct window_rows *)op;

    w->batches = NULL;
    w->n = w->cap = 0;
    return panes_begin(&w->panes, op, op->node->schema, err);
}

static void window_keep(struct window_rows *w, const ds_batch *in)
{
    if (w->n == w->cap) {
        uint32_t cap = w->cap ? w->cap * 2 : 16;
        ds_batch *more = ds_new(w->op.epoch_arena, ds_batch, cap);

        if (w->n)
            memcpy(more, w->batches, w->n * sizeof(*more));
        w->batches = more;
        w->cap = cap;
    }
    w->batches[w->n++] = *in;
}

static ds_rc window_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    const struct window_rows_plan *p = op->node->planned;

    (void)port;
    (void)err;
    if (!panes_wanted(&p->span, panes_at(&p->span, op->now))) {
        op->host->discard(op, in->n_sel, "no_window");
        return DS_OK;
    }
    op->rows_kept += in->n_sel;
    window_keep((struct window_rows *)op, in);
    return DS_OK;
}

static ds_rc window_emit(void *arg, int64_t pane, const ds_batch *rows,
                         ds_err *err)
{
    struct window_rows *w = arg;

    (void)pane;
    return ds_emit(&w->op, rows, err);
}

static ds_rc window_seal(ds_op *op, ds_err *err)
{
    struct window_rows *w = (struct window_rows *)op;
    const struct window_rows_plan *p = op->node->planned;
    const struct panes_span *s = &p->span;
    int64_t pane = panes_at(s, op->now);

    for (uint32_t i = 0; i < w->n; i++)
        DS_TRY(panes_add(&w->panes, op, pane, &w->batches[i], err));
    if (panes_slides(s, op->now)) {
        struct panes_walk walk = {window_emit, w, op->epoch_arena, false};

        DS_TRY(panes_each(&w->panes, op, pane - s->n + 1, pane, &walk, err));
        DS_TRY(panes_forget(&w->panes, op, pane + s->step - s->n + 1, err));
    }
    return panes_seal(&w->panes, op, err);
}

static const ds_param window_params[] = {WINDOW_PARAMS, {0}};

const ds_op_type op_window = {
    .name = "window",
    .keeps = "the rows of the window, by pane",
    .cost = "each row written once, and read at each slide",
    .help = "The rows of the last batches again, at every slide.",
    .params = window_params,
    .args_size = sizeof(struct window_args),
    .size = sizeof(struct window_rows),
    .flags = DS_OP_STATEFUL | DS_OP_NEEDS_BATCH | DS_OP_EVERY_EPOCH,
    .plan = window_plan,
    .check = window_args_check,
    .begin = window_begin,
    .push = window_push,
    .seal = window_seal,
};
