/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sub_run.c - subqueries while a query runs: a result that is looked up.
 *
 * A handle is the address of a sub_state, as the bytes of a value. The subquery
 * is evaluated when an expression first reaches it, as PostgreSQL does: what
 * nobody asks for cannot fail.
 */
#include "query/sub_run.h"

typedef struct sub_state {
    evaluation *e;
    const rel_sub *sub;
    bool made;
    const ds_batch *rows;
    uint32_t n_values, n_corr;
    /* Rows by what ties them to the query around: group of each, rows and NULLs
     * of each group, and its first row. */
    ds_groups *ties;
    uint32_t n_ties;
    uint32_t *tie, *tie_n, *tie_row;
    bool *tie_null;
    /* Rows of IN by tie and values, without those that have a NULL. */
    ds_groups *all;
    uint32_t n_all;
    const ds_batch *empty;
    ds_slice array;
} sub_state;

const ds_slice *sub_handles(evaluation *e, const rel_select *s)
{
    ds_slice *out = ds_new(e->arena, ds_slice, s->n_subs + 1);
    for (uint32_t i = 0; i < s->n_subs; i++) {
        sub_state *state = ds_new(e->arena, sub_state, 1);
        state->e = e;
        state->sub = &s->subs[i];
        out[i] = (ds_slice){(const uint8_t *)state, sizeof(*state)};
    }
    return out;
}

/* ---- the result ---- */

static ds_groups *groups_of(const ds_batch *rows, uint32_t first, uint32_t n,
                            uint16_t *numbers, ds_arena *a)
{
    ds_type *types = ds_new(a, ds_type, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        numbers[i] = (uint16_t)(first + i);
        types[i] = rows->schema->fields[first + i].type;
    }
    return ds_groups_new(a, types, n);
}

/* Without correlation all rows have one tie. */
static void state_ties(sub_state *s)
{
    ds_arena *a = s->e->arena;
    uint32_t n = s->rows->n;
    uint16_t *numbers = ds_new(a, uint16_t, s->n_corr + 1);
    s->tie = ds_new(a, uint32_t, n + 1);
    s->n_ties = n ? 1 : 0;
    if (s->n_corr) {
        s->ties = groups_of(s->rows, s->n_values, s->n_corr, numbers, a);
        ds_groups_map(s->ties, s->rows, numbers, s->tie);
        s->n_ties = ds_groups_n(s->ties);
    }
    s->tie_n = ds_new(a, uint32_t, s->n_ties + 1);
    s->tie_row = ds_new(a, uint32_t, s->n_ties + 1);
    s->tie_null = ds_new(a, bool, s->n_ties + 1);
    for (uint32_t i = n; i-- > 0;) {
        s->tie_n[s->tie[i]]++;
        s->tie_row[s->tie[i]] = i;
    }
}

static bool row_null(const ds_batch *b, uint32_t first, uint32_t n,
                     uint32_t row)
{
    for (uint32_t i = 0; i < n; i++)
        if (ds_col_is_null(&b->cols[first + i], row))
            return true;
    return false;
}

static void state_all(sub_state *s)
{
    ds_arena *a = s->e->arena;
    uint32_t n = s->n_values + s->n_corr, k = 0;
    uint16_t *numbers = ds_new(a, uint16_t, n + 1);
    uint32_t *sel = ds_new(a, uint32_t, s->rows->n + 1);
    for (uint32_t i = 0; i < s->rows->n; i++) {
        if (row_null(s->rows, 0, s->n_values, i))
            s->tie_null[s->tie[i]] = true;
        else
            sel[k++] = i;
    }
    ds_batch known = *s->rows;
    known.sel = sel;
    known.n_sel = k;
    s->all = groups_of(s->rows, 0, n, numbers, a);
    ds_groups_map(s->all, &known, numbers, ds_new(a, uint32_t, s->rows->n + 1));
    s->n_all = ds_groups_n(s->all);
}

static void state_array(sub_state *s)
{
    ds_arena *a = s->e->arena;
    uint32_t n = s->rows->n;
    ds_type type = s->rows->schema->fields[0].type;
    ds_value *values = ds_new(a, ds_value, n + 1);
    bool *nulls = ds_new(a, bool, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        nulls[i] = ds_col_is_null(&s->rows->cols[0], i);
        if (!nulls[i])
            values[i] = ds_col_value(&s->rows->cols[0], type, i);
    }
    s->array = array_make(type, values, nulls, n, a);
    if (s->array.ptr == NULL)
        s->array.ptr = (const uint8_t *)"";
}

/* False: the run has failed. */
static bool state_make(sub_state *s)
{
    evaluation *e = s->e;
    if (s->made || e->rc < 0)
        return e->rc >= 0;
    s->made = true;
    s->n_values = s->sub->n_values;
    s->n_corr = s->sub->n_corr;
    ds_rc rc = eval_rel(e, s->sub->rel, &s->rows);
    if (rc >= 0 && s->sub->empty)
        rc = eval_select_empty(e, s->sub->empty, &s->empty);
    if (rc < 0) {
        e->rc = rc;
        return false;
    }
    state_ties(s);
    if (s->sub->kind == DS_SUB_ANY)
        state_all(s);
    else if (s->sub->kind == DS_SUB_ARRAY)
        state_array(s);
    return true;
}

/* ---- looking up ---- */

/* The rows of a step, as a batch of its arguments from `first` on. */
typedef struct probe {
    run *r;
    const run_step *s;
    sub_state *state;
    uint32_t first, n; /* arguments */
    ds_batch rows;
    const uint32_t *tie; /* by row; NULL: all have tie 0 */
} probe;

static sub_state *step_state(run *r, const run_step *s)
{
    const run_sel *sel = &r->sels[s->sel];
    uint32_t row = sel->idx ? sel->idx[0] : 0;
    return (sub_state *)(uintptr_t)RUN_ARG(r, s, 0)->v.str[row].ptr;
}

static void all_null(run *r, const run_step *s)
{
    RUN_EACH(r, s, i)
    run_set_null(r, s->dst, i);
}

static const uint32_t *probe_map(const probe *p, ds_groups *g, uint32_t first,
                                 uint32_t n)
{
    ds_arena *a = p->r->ev->arena;
    uint32_t *group = ds_new(a, uint32_t, p->rows.n + 1);
    uint16_t *numbers = ds_new(a, uint16_t, n + 1);
    for (uint32_t i = 0; i < n; i++)
        numbers[i] = (uint16_t)(first + i);
    ds_groups_map(g, &p->rows, numbers, group);
    return group;
}

/* False: the run has failed, the step's rows are NULL. */
static bool probe_begin(probe *p, run *r, const run_step *s)
{
    *p = (probe){.r = r, .s = s, .state = step_state(r, s)};
    if (!state_make(p->state)) {
        all_null(r, s);
        return false;
    }
    ds_arena *a = r->ev->arena;
    const run_sel *sel = &r->sels[s->sel];
    ds_col *cols = ds_new(a, ds_col, s->n_args);
    uint32_t *list = ds_new(a, uint32_t, sel->n + 1), k = 0;
    RUN_EACH(r, s, i)
    list[k++] = i;
    p->n = s->n_args - 1u;
    for (uint32_t i = 0; i < p->n; i++) {
        const run_reg *g = RUN_ARG(r, s, i + 1);
        cols[i] = (ds_col){.valid = g->valid, .v.p = g->v.p};
    }
    p->rows = (ds_batch){
        .cols = cols, .n = r->n, .n_sel = k, .sel = list, .arena = a};
    uint32_t n_corr = p->state->n_corr;
    if (n_corr)
        p->tie = probe_map(p, p->state->ties, p->n - n_corr, n_corr);
    return true;
}

/* The tie of a row; false: no row of the subquery has it. */
static bool probe_tie(const probe *p, uint32_t row, uint32_t *tie)
{
    const sub_state *s = p->state;
    *tie = p->tie ? p->tie[row] : 0;
    return *tie < s->n_ties &&
           !row_null(&p->rows, p->n - s->n_corr, s->n_corr, row);
}

static void sub_exists(run *r, const run_step *s)
{
    probe p;
    if (!probe_begin(&p, r, s))
        return;
    run_reg *dst = RUN_DST(r, s);
    RUN_EACH(r, s, i)
    {
        uint32_t tie;
        dst->v.b[i] = probe_tie(&p, i, &tie);
    }
}

/* Whether a row of the tie may be equal, if only its NULLs were known. */
static bool in_perhaps(const probe *p, uint32_t row, uint32_t tie)
{
    const sub_state *s = p->state;
    for (uint32_t k = 0; k < s->rows->n; k++) {
        bool maybe = s->tie[k] == tie;
        for (uint32_t c = 0; c < s->n_values && maybe; c++) {
            const ds_col *x = &p->rows.cols[c], *y = &s->rows->cols[c];
            if (ds_col_is_null(x, row) || ds_col_is_null(y, k))
                continue;
            ds_type type = s->rows->schema->fields[c].type;
            ds_value u = ds_col_value(x, type, row);
            ds_value v = ds_col_value(y, type, k);
            maybe = ds_value_cmp(type, &u, &v) == 0;
        }
        if (maybe)
            return true;
    }
    return false;
}

static void sub_in(run *r, const run_step *s)
{
    probe p;
    if (!probe_begin(&p, r, s))
        return;
    run_reg *dst = RUN_DST(r, s);
    const sub_state *state = p.state;
    const uint32_t *found = probe_map(&p, state->all, 0, p.n);
    RUN_EACH(r, s, i)
    {
        uint32_t tie;
        bool null = row_null(&p.rows, 0, state->n_values, i);
        dst->v.b[i] = 0;
        if (!probe_tie(&p, i, &tie))
            continue;
        if (!null && found[i] < state->n_all)
            dst->v.b[i] = 1;
        else if ((null || state->tie_null[tie]) &&
                 (state->n_values == 1 || in_perhaps(&p, i, tie)))
            run_set_null(r, s->dst, i);
    }
}

static void value_copy(run *r, const run_step *s, uint32_t row,
                       const ds_batch *from, uint32_t at)
{
    size_t size = ds_type_size(s->types[s->n_args]);
    if (ds_col_is_null(&from->cols[0], at))
        run_set_null(r, s->dst, row);
    else
        memcpy(RUN_DST(r, s)->v.b + row * size,
               (const uint8_t *)from->cols[0].v.p + at * size, size);
}

static void sub_value(run *r, const run_step *s)
{
    probe p;
    if (!probe_begin(&p, r, s))
        return;
    const sub_state *state = p.state;
    RUN_EACH(r, s, i)
    {
        uint32_t tie;
        if (!probe_tie(&p, i, &tie)) {
            if (state->empty && state->empty->n)
                value_copy(r, s, i, state->empty, 0);
            else
                run_set_null(r, s->dst, i);
        } else if (state->tie_n[tie] > 1) {
            run_error(r, s, i, "E0705",
                      "more than one row returned by a subquery used as an "
                      "expression");
        } else {
            value_copy(r, s, i, state->rows, state->tie_row[tie]);
        }
    }
}

static void sub_array(run *r, const run_step *s)
{
    sub_state *state = step_state(r, s);
    if (!state_make(state)) {
        all_null(r, s);
        return;
    }
    RUN_EACH(r, s, i)
    RUN_DST(r, s)->v.str[i] = state->array;
}

#define SUB_FLAGS (FUNC_NULLS | FUNC_VARIADIC | FUNC_HIDDEN)
const func_def sub_func_exists = {.name = "exists",
                                  .result = DS_BOOL,
                                  .n_args = 2,
                                  .flags = SUB_FLAGS,
                                  .args = {DS_BYTES, FUNC_ANY},
                                  .fn = sub_exists};
const func_def sub_func_in = {.name = "in (select)",
                              .result = DS_BOOL,
                              .n_args = 2,
                              .flags = SUB_FLAGS,
                              .args = {DS_BYTES, FUNC_ANY},
                              .fn = sub_in};
const func_def sub_func_value = {.name = "(select)",
                                 .result = FUNC_ANY,
                                 .n_args = 2,
                                 .flags = SUB_FLAGS,
                                 .args = {DS_BYTES, FUNC_ANY},
                                 .fn = sub_value};
const func_def sub_func_array = {.name = "array(select)",
                                 .result = FUNC_ANY,
                                 .n_args = 2,
                                 .flags = SUB_FLAGS,
                                 .args = {DS_BYTES, FUNC_ANY},
                                 .fn = sub_array};
