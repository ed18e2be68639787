/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_plan.c - types of states (contract.md 8.2).
 *
 * The state has the update's own columns, so its types are not known before the
 * update is typed, and the update names the state. First pass: `state` is an
 * untyped NULL; what comes out is the state's types, shorter integers widened
 * to bigint. Second pass: with these types, and cast to them.
 */
#include "expr/text.h"
#include "op/update.h"
#include "record/rowfmt.h"

/* The state's columns: names and types of the first pass; integers are wide
 * enough to count in. */
static const ds_schema *state_schema(const ds_exprs *first, const ds_arg *arg,
                                     ds_arena *a, ds_diags *d)
{
    const ds_schema *typed = ds_exprs_schema(first);
    ds_schema *s = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, typed->n + 1);

    for (uint32_t i = 0; i < typed->n; i++) {
        fields[i] = typed->fields[i];
        fields[i].not_null = false;
        if (fields[i].type == DS_I16 || fields[i].type == DS_I32)
            fields[i].type = DS_I64;
        if (fields[i].type == DS_NONE) {
            ds_diag_add(
                d, DS_ERROR, "E0104", arg->where, "give it one: NULL::bigint",
                "the type of state column `%s` is not known", fields[i].name);
            return NULL;
        }
    }
    *s = (ds_schema){typed->n, fields};
    return s;
}

static bool same_types(const ds_schema *x, const ds_schema *y)
{
    for (uint32_t i = 0; i < x->n; i++)
        if (x->fields[i].type != y->fields[i].type)
            return false;
    return true;
}

ds_exprs *update_cast(ds_exprs *e, const ds_schema *want, const ds_arg *arg,
                      ds_arena *a, ds_diags *d)
{
    ds_exprs *made = NULL;
    ds_err err = {0};

    if (same_types(ds_exprs_schema(e), want))
        return e;
    if (ds_exprs_cast(e, want, a, &made, &err) >= 0)
        return made;
    ds_diag_add(d, DS_ERROR, "E0104", arg->where, NULL, "%s", err.msg);
    return NULL;
}

/* The state column that each item of init is; false: it is none. */
static bool init_columns(const ds_schema *items, const ds_schema *state,
                         const ds_arg *arg, uint32_t *col, ds_diags *d)
{
    for (uint32_t i = 0; i < items->n; i++) {
        int at = ds_schema_find(state, items->fields[i].name);

        if (at < 0 && state->n == 1 && arg->kind == DS_ARG_SCALAR)
            at = 0;
        if (at < 0) {
            ds_diag_add(d, DS_ERROR, "E0101", arg->where, NULL,
                        "`%s` is no column of the state",
                        items->fields[i].name);
            return false;
        }
        col[i] = (uint32_t)at;
    }
    return true;
}

static const ds_schema *init_types(const ds_schema *items,
                                   const ds_schema *state, const uint32_t *col,
                                   ds_arena *a)
{
    ds_schema *s = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, items->n + 1);

    for (uint32_t i = 0; i < items->n; i++)
        fields[i] = state->fields[col[i]];
    *s = (ds_schema){items->n, fields};
    return s;
}

/* The constants of init as one encoded row of the state. */
static void init_encode(struct update_plan *p, const ds_exprs *e,
                        const uint32_t *col, const ds_arg *arg, ds_arena *a,
                        ds_diags *d)
{
    static const ds_schema none = {0, NULL};
    static const uint64_t null_row = 0;
    const ds_schema *state = p->stored;
    uint32_t n = ds_exprs_schema(e)->n;
    ds_col *items = ds_new(a, ds_col, n + 1);
    ds_col *cols = ds_new(a, ds_col, state->n + 1);
    int64_t *zero = ds_new(a, int64_t, 2);
    ds_row_errors errs = {0};
    ds_eval ev = {0, a, &errs};
    ds_batch one = {
        .schema = &none, .cols = cols, .n = 1, .n_sel = 1, .arena = a};
    ds_err err = {0};

    if (ds_exprs_eval(e, &one, &ev, items, &err) < 0 || errs.n) {
        ds_diag_add(d, DS_ERROR, "E0104", arg->where, NULL, "%s",
                    errs.n ? errs.list[0].msg : err.msg);
        return;
    }
    for (uint32_t i = 0; i < state->n; i++)
        cols[i] = (ds_col){.valid = &null_row, .v.p = zero};
    for (uint32_t i = 0; i < n; i++)
        cols[col[i]] = items[i];
    ds_rows_encode(cols, state, 1, NULL, 1, a, &p->init);
}

static void init_plan(struct update_plan *p, const ds_arg *arg, ds_arena *a,
                      ds_diags *d)
{
    static const ds_schema none = {0, NULL};
    ds_scope scope = {.cols = &none};
    ds_exprs *e = select_compile(arg, &scope, a, d);
    uint32_t *col;

    if (e == NULL)
        return;
    if (ds_exprs_uses_now(e)) {
        ds_diag_add(d, DS_ERROR, "E0190", arg->where, NULL,
                    "now() in init is not supported in this version");
        return;
    }
    col = ds_new(a, uint32_t, ds_exprs_schema(e)->n + 1);
    if (!init_columns(ds_exprs_schema(e), p->keyed.state, arg, col, d))
        return;
    e = update_cast(e, init_types(ds_exprs_schema(e), p->keyed.state, col, a),
                    arg, a, d);
    if (e)
        init_encode(p, e, col, arg, a, d);
}

bool update_init(struct update_plan *p, ds_node *node, const ds_arg *init,
                 ds_arena *a, ds_diags *d)
{
    if (init == NULL)
        return false;
    if (update_init_plan(p, node, init, a, d))
        return true;
    init_plan(p, init, a, d);
    return false;
}

/* Both passes. */
ds_exprs *update_compile(const ds_arg *arg, ds_scope *scope,
                         const ds_schema **state, ds_arena *a, ds_diags *d)
{
    static const ds_schema unknown = {0, NULL};
    ds_exprs *e;

    scope->state = &unknown;
    e = select_compile(arg, scope, a, d);
    *state = e ? state_schema(e, arg, a, d) : NULL;
    if (*state == NULL)
        return NULL;
    scope->state = *state;
    e = select_compile(arg, scope, a, d);
    return e ? update_cast(e, *state, arg, a, d) : NULL;
}

void update_forgets(struct update_plan *p, ds_node *node, ds_time forget,
                    ds_arena *a)
{
    const ds_schema *state = p->keyed.state;
    ds_schema *s = ds_new(a, ds_schema, 1);
    ds_field *f = ds_new(a, ds_field, state->n + STORED_HIDDEN);

    p->forget = forget;
    p->stored = node->state = state;
    if (!forget)
        return;
    for (uint32_t i = 0; i < state->n; i++)
        f[i] = state->fields[i];
    f[state->n + STORED_LAST] = (ds_field){.name = "$last", .type = DS_I64};
    f[state->n + STORED_DUE] = (ds_field){.name = "$due", .type = DS_I64};
    *s = (ds_schema){state->n + STORED_HIDDEN, f};
    p->stored = node->state = s;
    node->flags |= DS_OP_EVERY_EPOCH;
    node->canon = ds_str_printf(a, "%s; forgets", node->canon);
}

/* evict goes by event time: the largest one of a key's rows is gathered. */
static void evict_plan(struct update_plan *p, ds_node *node, ds_scope *scope,
                       ds_arena *a, ds_diags *d)
{
    const ds_node *in = node->inputs[0];
    const ds_field *f = &in->schema->fields[in->event_time];
    ds_exprs *e = NULL;
    ds_buf name;
    ds_text text;

    ds_buf_init(&name, a, 64);
    text_quote_ident(&name, ds_slice_of(f->name));
    text = ds_text_of(ds_str_printf(a, "max(%.*s::timestamptz) AS last",
                                    (int)name.len, name.s));
    if (ds_exprs_compile(&text, scope, a, d, &e) < 0)
        return;
    keyed_plan_more(&p->keyed, node, e, a);
    p->step = node->tick;
    node->canon = ds_str_printf(a, "%s by event time", node->canon);
}

void update_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct update_args *args = node->args;
    struct update_plan *p = ds_new(a, struct update_plan, 1);
    ds_scope scope = keyed_scope(&p->keyed, node, a);
    const ds_schema *state;
    ds_exprs *e = update_compile(args->update, &scope, &state, a, d);
    bool given;

    if (e == NULL)
        return;
    keyed_plan(&p->keyed, node, e, state, a, d);
    node->canon = ds_exprs_canon(e, a);
    update_forgets(p, node, args->evict, a);
    if (args->evict && node->inputs[0]->watermarked)
        evict_plan(p, node, &scope, a, d);
    given = update_init(p, node, args->init, a, d);
    p->all = args->emit == 1;
    p->idle = (ds_exprs_uses_count(e) || ds_exprs_uses_now(e)) &&
              !ds_exprs_idle_keeps(e, given);
    if (p->all || p->idle)
        node->flags |= DS_OP_EVERY_EPOCH;
    if (p->all || p->idle || p->forget) /* keys without rows: in the batch */
        node->flags |= DS_OP_NEEDS_BATCH;
    node->deletes = true;
}
