/* SPDX-License-Identifier: Apache-2.0 */
/* function.c - operators that call functions of a program. */
#include "op/function.h"

#include "plan/args.h"
#include "plan/columns.h"

/* ---- plan ---- */

const ds_schema *function_columns(const ds_node *node, ds_arena *a, ds_diags *d)
{
    const char *const *list = function_of(node)->columns;
    ds_schema *schema = ds_new(a, ds_schema, 1);
    ds_text *names;
    const ds_arg **items;
    uint32_t n = 0;

    while (list && list[2 * n] && list[2 * n + 1])
        n++;
    if (n == 0) {
        ds_diag_add(d, DS_ERROR, "E0102", node->where,
                    ".columns = DS_OPTS(\"word\", \"text\")",
                    "function %s says not which columns it makes",
                    function_of(node)->name);
        return NULL;
    }
    names = ds_new(a, ds_text, n);
    items = ds_new(a, const ds_arg *, n);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(list[2 * k], list[2 * i]) == 0) {
                ds_diag_add(d, DS_ERROR, "E0312", node->where,
                            "give it another name",
                            "column name \"%s\" stands twice in function %s",
                            list[2 * i], function_of(node)->name);
                return NULL;
            }
        names[i] = ds_text_of(list[2 * i]);
        items[i] = args_scalar(list[2 * i + 1], a);
    }
    return columns_parse(args_map(names, items, n, node->where, a), a, d,
                         schema)
               ? schema
               : NULL;
}

static void map_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const ds_schema *schema = function_columns(node, a, d);

    ds_node_read_all(node, 0);
    if (schema)
        node->schema = schema;
    node->n_keys = 0;
    node->by_key = false;
    node->copies = false;
    node->event_time = -1;
    node->watermarked = false;
    if (function_of(node)->map_columns)
        node->records = false;
}

static void filter_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    (void)a;
    (void)d;
    ds_node_read_all(node, 0);
}

/* ---- rows one by one ---- */

ds_rc function_said(const ds_node *node, ds_rc rc, ds_err *why)
{
    const char *name = function_of(node)->name;

    if (rc > 0)
        return ds_fail(why, DS_E_FAILED,
                       "%s: function %s returns %d, which means nothing: "
                       "DS_OK, or an error",
                       node->name, name, (int)rc);
    if (rc < 0 && !why->msg[0] && rc == DS_E_RECORD)
        snprintf(why->msg, sizeof(why->msg), "the function refused the row");
    else if (rc < 0 && !why->msg[0])
        snprintf(why->msg, sizeof(why->msg), "%s: function %s: %s", node->name,
                 name, ds_rc_text(rc));
    why->rc = rc;
    return rc;
}

/* A call is over: its rows count, or it goes to `errs`. DS_OK, or what passes
 * up. */
static ds_rc call_end(ds_out *out, ds_rc rc, uint32_t before,
                      ds_row_errors *errs, const ds_in *in, const ds_err *why,
                      ds_err *err)
{
    const char *msg = why->msg;

    out_end(out);
    if (rc >= 0 && out->refused) {
        rc = DS_E_RECORD;
        msg = out->refused;
    }
    if (rc >= 0)
        return DS_OK;
    if (rc != DS_E_RECORD) {
        if (err)
            *err = *why;
        return rc;
    }
    ds_row_errors_add(errs, in->batch->arena, in->batch->n, in->row,
                      FUNCTION_REFUSED, 0, msg);
    out_cut(out, before);
    return DS_OK;
}

/* Which row each result came from, as rec of the result. */
struct origin {
    uint32_t *rec;
    uint32_t n, cap;
};

static void origin_fill(struct origin *o, ds_arena *a, uint32_t to,
                        uint32_t rec)
{
    if (to > o->cap) {
        uint32_t cap = o->cap ? 2 * o->cap : 256;
        uint32_t *more;

        while (cap < to)
            cap *= 2;
        more = ds_new(a, uint32_t, cap);
        if (o->n)
            memcpy(more, o->rec, o->n * sizeof(*more));
        o->rec = more;
        o->cap = cap;
    }
    while (o->n < to)
        o->rec[o->n++] = rec;
}

static ds_rc rows_call(ds_op *op, const ds_batch *in, ds_out *out,
                       struct origin *from, ds_row_errors *errs,
                       uint32_t *empty, ds_err *err)
{
    const ds_function *f = function_of(op->node);

    DS_EACH (in, i) {
        ds_in row = {in, i};
        ds_err why = {DS_OK, ""};
        uint32_t before = out->n, refused = errs->n;
        ds_rc rc = f->flat_map(f->arg, &row, out, &why);

        rc = function_said(op->node, rc, &why);
        DS_TRY(call_end(out, rc, before, errs, &row, &why, err));
        if (out->misused)
            break;
        *empty += errs->n == refused && out->n == before;
        origin_fill(from, in->arena, out->n, ds_batch_rec(in, i));
    }
    return out_check(out, op->node, err);
}

static ds_rc flat_map_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    ds_row_errors errs = {0};
    struct origin from = {0};
    const ds_batch *rest = in;
    uint32_t empty = 0;
    ds_batch *made;
    ds_out out;

    (void)port;
    out_init(&out, op->node->schema, op->now, in->arena, in->n_sel);
    DS_TRY(rows_call(op, in, &out, &from, &errs, &empty, err));
    if (errs.n)
        DS_TRY(op->host->reject(op, in, &errs, &rest, err));
    op->rows_kept += rest->n_sel - empty;
    if (empty)
        op->host->discard(op, empty, "empty");
    made = out_batch(&out);
    made->env = in->env;
    made->rec = in->env ? from.rec : NULL;
    return ds_emit(op, made, err);
}

/* A batch is refused: which of its rows, one by one. What they give is thrown
 * away. */
static ds_rc columns_refused(ds_op *op, const ds_batch *in, ds_row_errors *errs,
                             ds_err *err)
{
    const ds_function *f = function_of(op->node);

    DS_EACH (in, i) {
        ds_err why = {DS_OK, ""};
        ds_batch one = *in;
        ds_out out;
        ds_rc rc;

        one.sel = &i;
        one.n_sel = 1;
        out_init(&out, op->node->schema, op->now, in->arena, 1);
        rc = f->map_columns(f->arg, &one, &out, &why);
        rc = function_said(op->node, rc, &why);
        if (rc == DS_E_RECORD)
            ds_row_errors_add(errs, in->arena, in->n, i, FUNCTION_REFUSED, 0,
                              why.msg);
        else if (rc < 0)
            return ds_fail(err, rc, "%s", why.msg);
    }
    if (errs->n == 0)
        return ds_fail(err, DS_E_FAILED,
                       "%s: function %s refuses rows, but none alone",
                       op->node->name, f->name);
    return DS_OK;
}

static ds_rc columns_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    const ds_function *f = function_of(op->node);
    ds_row_errors errs = {0};
    const ds_batch *rest;
    ds_err why = {DS_OK, ""};
    ds_out out;
    ds_rc rc;

    out_init(&out, op->node->schema, op->now, in->arena, in->n_sel);
    rc = f->map_columns(f->arg, in, &out, &why);
    rc = function_said(op->node, rc, &why);
    if (rc == DS_E_RECORD) {
        DS_TRY(columns_refused(op, in, &errs, err));
        DS_TRY(op->host->reject(op, in, &errs, &rest, err));
        return rest->n_sel ? columns_push(op, port, rest, err) : DS_OK;
    }
    if (rc < 0)
        return ds_fail(err, rc, "%s", why.msg);
    out_end(&out);
    DS_TRY(out_check(&out, op->node, err));
    if (out.refused)
        return ds_fail(err, DS_E_FAILED, "%s: function %s: %s", op->node->name,
                       f->name, out.refused);
    op->rows_kept += in->n_sel;
    return ds_emit(op, out_batch(&out), err);
}

static ds_rc filter_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    const ds_function *f = function_of(op->node);
    uint32_t *sel = ds_new(in->arena, uint32_t, in->n_sel);
    uint32_t n_sel = 0;
    ds_row_errors errs = {0};
    const ds_batch *rest = in;

    (void)port;
    DS_EACH (in, i) {
        ds_in row = {in, i};
        ds_err why = {DS_OK, ""};
        bool keep = false;
        ds_rc rc = f->filter(f->arg, &row, &keep, &why);

        rc = function_said(op->node, rc, &why);
        if (rc < 0 && rc != DS_E_RECORD) {
            if (err)
                *err = why;
            return rc;
        }
        if (rc < 0)
            ds_row_errors_add(&errs, in->arena, in->n, i, FUNCTION_REFUSED, 0,
                              why.msg);
        else if (keep)
            sel[n_sel++] = i;
    }
    if (errs.n)
        DS_TRY(op->host->reject(op, in, &errs, &rest, err));
    op->rows_kept += n_sel;
    if (n_sel < rest->n_sel)
        op->host->discard(op, rest->n_sel - n_sel, "filtered");
    return ds_emit(op, ds_batch_select(in, sel, n_sel), err);
}

/* ---- types ---- */

static void type_fill(ds_op_type *t, const ds_function *f)
{
    t->size = sizeof(ds_op);
    if (f->flat_map || f->map_columns) {
        t->plan = map_plan;
        t->push = f->flat_map ? flat_map_push : columns_push;
    } else if (f->filter) {
        t->flags = DS_OP_KEEPS_COLUMNS;
        t->plan = filter_plan;
        t->push = filter_push;
    } else {
        t->size = sizeof(struct function_keyed);
        t->begin = function_keyed_begin;
        t->push = function_keyed_push;
        t->flags = DS_OP_BY_KEY;
        t->flags |= f->reduce ? DS_OP_NEEDS_BATCH : DS_OP_STATEFUL;
        t->plan = f->reduce ? function_reduce_plan : function_update_plan;
        t->seal = f->reduce ? function_reduce_seal : function_update_seal;
    }
}

void ds_registry_add_function(ds_registry *reg, const ds_function *fn)
{
    ds_arena *a = ds_registry_arena(reg);
    struct function_type *t = ds_new(a, struct function_type, 1);
    const char **columns;
    uint32_t n = 0;

    DS_BUG_ON((fn->flat_map != NULL) + (fn->map_columns != NULL) +
                  (fn->filter != NULL) + (fn->reduce != NULL) +
                  (fn->update != NULL) !=
              1);
    while (fn->columns && fn->columns[n])
        n++;
    columns = ds_new(a, const char *, n + 1);
    for (uint32_t i = 0; i < n; i++)
        columns[i] = ds_str_copy(a, fn->columns[i]);
    t->fn = *fn;
    t->fn.name = ds_str_copy(a, fn->name);
    t->fn.version = ds_str_copy(a, fn->version ? fn->version : "1");
    t->fn.help =
        ds_str_copy(a, fn->help ? fn->help : "A function of the program.");
    t->fn.columns = columns;
    t->type.name = t->fn.name;
    t->type.help = t->fn.help;
    type_fill(&t->type, &t->fn);
    ds_registry_add_op(reg, &t->type);
}
