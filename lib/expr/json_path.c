/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_path.c - jsonb_path_... and the operators @? and @@.
 *
 * Arguments: value, path [, vars [, silent]]. A constant path is parsed once.
 */
#include "expr/json_path.h"
#include "expr/text.h"

void json_path_prepare(tx *call, ds_arena *a)
{
    const tx *text = call->args[1];
    if (text->kind == TX_CONST && !text->null)
        call->data = path_parse(text->v.s, a);
}

/* A constant that is no path. */
const char *json_path_refuse(tx *call, ds_arena *a, const char **code,
                             uint32_t *arg)
{
    json_path_prepare(call, a);
    const path *p = call->data;
    *code = "E0702";
    *arg = 1;
    return p ? p->error : NULL;
}

/* The path of a row, and what is kept between rows. */
typedef struct walk {
    const path *path;
    path_run run;
    ds_slice text; /* of the path */
} walk;

static void walk_path(walk *w, const path *p, ds_arena *a)
{
    if (w->path)
        path_end(&w->run);
    path_begin(&w->run, p, DS_NULL_SLICE, a);
    w->path = p;
}

static void walk_text(walk *w, ds_slice text, ds_arena *a)
{
    if (w->path && ds_slice_eq(text, w->text))
        return;
    w->text = text;
    walk_path(w, path_parse(text, a), a);
}

static const char *walk_find(walk *w, ds_slice v, ds_slice vars, bool silent,
                             path_items *out, path_rc *rc)
{
    *rc = PATH_ERROR;
    if (w->path->error)
        return w->path->error;
    w->run.vars = vars;
    *rc = path_find(&w->run, v, silent, out);
    return *rc == PATH_ERROR ? w->run.error : NULL;
}

/* ---- kernels ---- */

typedef void answer_fn(run *r, const run_step *s, uint32_t row, path_rc rc,
                       const path_items *found, bool silent);

/* What is the same for all functions. */
typedef struct question {
    answer_fn *fn;
    bool list; /* it looks at all that is found */
    bool silent;
} question;

static void answer(run *r, const run_step *s, uint32_t row, const question *q,
                   walk *w, path_items *found)
{
    path_rc rc;
    ds_slice vars = s->n_args > 2 ? json_arg(r, s, 2, row) : DS_NULL_SLICE;
    bool silent = q->silent || (s->n_args > 3 && RUN_ARG(r, s, 3)->v.b[row]);
    found->n = 0;
    const char *why = walk_find(w, json_arg(r, s, 0, row), vars, silent,
                                q->list ? found : NULL, &rc);
    if (why) {
        run_error(r, s, row, "E0704", "%s", why);
        found->n = 0;
    }
    q->fn(r, s, row, why ? PATH_NONE : rc, found, silent || why);
}

static void answers(run *r, const run_step *s, const question *q)
{
    walk w = {.path = NULL};
    path_items found = {NULL, 0, 0};
    if (s->data)
        walk_path(&w, s->data, r->ev->arena);
    RUN_EACH_OK(r, s, i)
    {
        if (s->data == NULL)
            walk_text(&w, json_arg(r, s, 1, i), r->ev->arena);
        answer(r, s, i, q, &w, &found);
    }
    if (w.path)
        path_end(&w.run);
}

static void answer_exists(run *r, const run_step *s, uint32_t row, path_rc rc,
                          const path_items *found, bool silent)
{
    (void)found;
    (void)silent;
    RUN_DST(r, s)->v.b[row] = rc == PATH_OK;
    if (rc == PATH_ERROR)
        run_set_null(r, s->dst, row);
}

static void answer_match(run *r, const run_step *s, uint32_t row, path_rc rc,
                         const path_items *found, bool silent)
{
    jsonb_kind kind =
        found->n == 1 ? jsonb_kind_of(found->list[0]) : JSONB_OBJECT;
    (void)rc;
    RUN_DST(r, s)->v.b[row] = kind == JSONB_TRUE;
    if (kind == JSONB_TRUE || kind == JSONB_FALSE)
        return;
    run_set_null(r, s->dst, row);
    if (kind != JSONB_NULL && !silent)
        run_error(r, s, row, "E0704", "single boolean result is expected");
}

static void answer_array(run *r, const run_step *s, uint32_t row, path_rc rc,
                         const path_items *found, bool silent)
{
    ds_buf b;
    uint64_t bytes = 2;
    (void)rc;
    (void)silent;
    for (uint32_t i = 0; i < found->n; i++)
        bytes += found->list[i].len + 2;
    if (bytes > TEXT_MAX) {
        run_error(r, s, row, "E0704", "requested length too large");
        return;
    }
    ds_buf_init(&b, r->ev->arena, (uint32_t)bytes);
    ds_buf_add(&b, "[", 1);
    for (uint32_t i = 0; i < found->n; i++) {
        if (i)
            ds_buf_add(&b, ", ", 2);
        ds_buf_add(&b, found->list[i].ptr, found->list[i].len);
    }
    ds_buf_add(&b, "]", 1);
    json_give(r, s, row, json_since(&b, 0));
}

static void answer_first(run *r, const run_step *s, uint32_t row, path_rc rc,
                         const path_items *found, bool silent)
{
    (void)rc;
    (void)silent;
    json_give_part(r, s, row, found->n ? found->list[0] : DS_NULL_SLICE);
}

void json_path_exists(run *r, const run_step *s)
{
    answers(r, s, &(question){answer_exists, false, false});
}

void json_path_exists_op(run *r, const run_step *s)
{
    answers(r, s, &(question){answer_exists, false, true});
}

void json_path_match(run *r, const run_step *s)
{
    answers(r, s, &(question){answer_match, true, false});
}

void json_path_match_op(run *r, const run_step *s)
{
    answers(r, s, &(question){answer_match, true, true});
}

void json_path_array(run *r, const run_step *s)
{
    answers(r, s, &(question){answer_array, true, false});
}

void json_path_first(run *r, const run_step *s)
{
    answers(r, s, &(question){answer_first, true, false});
}

void json_path_set(set_row *row, const ds_value *args, const bool *nulls)
{
    walk w = {.path = NULL};
    path_items found = {NULL, 0, 0};
    path_rc rc;
    (void)nulls;
    walk_path(&w, row->data ? row->data : path_parse(args[1].s, row->arena),
              row->arena);
    ds_slice vars = row->n_args > 2 ? args[2].s : DS_NULL_SLICE;
    bool silent = row->n_args > 3 && args[3].b;
    const char *why = walk_find(&w, args[0].s, vars, silent, &found, &rc);
    path_end(&w.run);
    if (why) {
        set_error(row, "E0704", why);
        return;
    }
    for (uint32_t i = 0; i < found.n; i++) {
        ds_value v = {.s = found.list[i]};
        set_emit(row, &v, false);
    }
}
