/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold.c - what is known when the job is loaded is computed then.
 *
 * A call that fails is left as it is: its error belongs to the rows that reach
 * it, perhaps none (CASE WHEN x <> 0 THEN 1 / 0 END). Nodes are changed in
 * place, so that what a TX_LET shares stays shared.
 */
#include "expr/func.h"

typedef struct fold {
    ds_arena *arena;
    bool idle;
    int kept; /* column that is not NULL, or -1 */
} fold;

static void fold_node(fold *f, tx *x);

static bool is_bool(const tx *x, bool value)
{
    return x->kind == TX_CONST && !x->null && x->v.b == value;
}

static void become_const(tx *x, ds_value v, bool null)
{
    x->kind = TX_CONST;
    x->v = v;
    x->null = null;
    x->n_args = 0;
    x->f = NULL;
    x->data = NULL;
}

/* x is y from now on, unless y must be evaluated only once. */
static bool become(tx *x, const tx *y)
{
    if (y->shared && y->kind != TX_CONST && y->kind != TX_COL)
        return false;
    bool shared = x->shared;
    uint32_t at = x->at, len = x->len, from = x->from;
    *x = *y;
    x->shared = shared;
    x->at = at;
    x->len = len;
    x->from = from;
    return true;
}

/* ---- calls ---- */

static void call_eval(fold *f, tx *x)
{
    static const ds_schema none = {0, NULL};
    ds_row_errors errs = {0};
    ds_batch in = {.schema = &none, .n = 1, .n_sel = 1, .arena = f->arena};
    ds_eval ev = {.now = DS_TIME_NONE, .arena = f->arena, .errs = &errs};
    uint16_t item = 0;
    gen_input input = {.slots = &x, .items = &item, .n = 1};
    ds_col out;
    if (run_eval(gen_program(&input, f->arena), &in, &ev, &x->type, &out, 1,
                 NULL) < 0 ||
        errs.n > 0)
        return;
    ds_value v = {.i = 0};
    bool null = ds_col_is_null(&out, 0);
    if (!null)
        memcpy(&v, out.v.p, ds_type_size(x->type));
    become_const(x, v, null);
}

static bool is_zero(const tx *x)
{
    return x->kind == TX_CONST && !x->null && x->type <= DS_I64 &&
           x->type >= DS_I16 && x->v.i == 0;
}

/* x + 0, 0 + x, x - 0; NULLs that greatest and least pass over. */
static void call_idle(tx *x)
{
    const char *name = x->f->name;
    if (x->n_args != 2)
        return;
    bool plus = strcmp(name, "+") == 0, minus = strcmp(name, "-") == 0;
    bool pick = strcmp(name, "greatest") == 0 || strcmp(name, "least") == 0;
    if (((plus || minus) && is_zero(x->args[1])) ||
        (pick && tx_is_null(x->args[1])))
        become(x, x->args[0]);
    else if ((plus && is_zero(x->args[0])) || (pick && tx_is_null(x->args[0])))
        become(x, x->args[1]);
}

/* The kept column is not NULL, and that can be asked. */
static bool call_kept(const fold *f, tx *x)
{
    bool is = strcmp(x->f->name, "is null") == 0;
    bool is_not = strcmp(x->f->name, "is not null") == 0;
    if ((!is && !is_not) || f->kept < 0 || x->args[0]->kind != TX_COL ||
        x->args[0]->col != (uint32_t)f->kept)
        return false;
    ds_value v = {.b = is_not};
    become_const(x, v, false);
    return true;
}

/* What a function that grows its arguments may be given at load: its result is
 * then small enough, and no argument of another such call. */
enum { SMALL = 1000 };

static bool is_small(const tx *x)
{
    if (x->kind != TX_CONST || x->null)
        return true;
    switch (ds_type_phys(x->type)) {
    case DS_PHYS_SLICE:
        return x->v.s.len <= SMALL;
    case DS_PHYS_I64:
        return x->v.i <= SMALL || func_category(x->type) != 'N';
    default:
        return true;
    }
}

static bool grows(const tx *x)
{
    for (uint32_t i = 0; i < x->n_args; i++)
        if (!is_small(x->args[i]))
            return x->f->flags & FUNC_GROWS;
    return false;
}

/* PostgreSQL computes the others although this one is NULL: one of many, which
 * make an array there, or a subscript. */
static bool others_count(const func_def *f, uint32_t arg)
{
    static const char *const subscripts[] = {"element", "slice", "subscript"};
    for (size_t i = 0; i < sizeof subscripts / sizeof *subscripts; i++)
        if (arg > 0 && (f->flags & FUNC_HIDDEN) &&
            strcmp(f->name, subscripts[i]) == 0)
            return true;
    return (f->flags & FUNC_VARIADIC) && arg + 1 >= f->n_args;
}

static void fold_call(fold *f, tx *x)
{
    bool constant = !(x->f->flags & FUNC_NOW) && !grows(x);
    for (uint32_t i = 0; i < x->n_args; i++) {
        const tx *arg = x->args[i];
        if (arg->kind != TX_CONST || arg->wide) {
            constant = false;
        } else if (arg->null && !(x->f->flags & FUNC_NULLS) &&
                   !others_count(x->f, i)) {
            become_const(x, (ds_value){.i = 0}, true);
            return;
        }
    }
    if (constant)
        call_eval(f, x);
    else if (f->idle && !call_kept(f, x))
        call_idle(x);
}

/* ---- control flow ---- */

static void fold_logic(tx *x)
{
    bool stop = x->kind == TX_OR; /* the value that decides */
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->n_args; i++) {
        if (is_bool(x->args[i], stop)) {
            become_const(x, (ds_value){.b = stop}, false);
            return;
        }
        if (!is_bool(x->args[i], !stop))
            x->args[n++] = x->args[i];
    }
    x->n_args = n;
    if (n == 0)
        become_const(x, (ds_value){.b = !stop}, false);
    else if (n == 1)
        become(x, x->args[0]);
}

static void fold_case(tx *x)
{
    uint32_t n = 0;
    tx *otherwise = x->args[x->n_args - 1];
    for (uint32_t i = 0; i + 1 < x->n_args; i += 2) {
        const tx *cond = x->args[i];
        if (tx_is_null(cond) || is_bool(cond, false))
            continue;
        if (is_bool(cond, true)) {
            otherwise = x->args[i + 1];
            break;
        }
        x->args[n++] = x->args[i];
        x->args[n++] = x->args[i + 1];
    }
    x->args[n++] = otherwise;
    x->n_args = n;
    if (n == 1)
        become(x, otherwise);
}

static void fold_coalesce(const fold *f, tx *x)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->n_args; i++) {
        tx *arg = x->args[i];
        if (tx_is_null(arg))
            continue;
        x->args[n++] = arg;
        bool kept = f->kept >= 0 && arg->kind == TX_COL &&
                    arg->col == (uint32_t)f->kept;
        if (arg->kind == TX_CONST || kept)
            break;
    }
    x->n_args = n;
    if (n == 0)
        become_const(x, (ds_value){.i = 0}, true);
    else if (n == 1)
        become(x, x->args[0]);
}

static void fold_let(tx *x)
{
    const tx *body = x->args[1];
    if (body->kind == TX_CONST || body->kind == TX_COL)
        become(x, body);
}

static void fold_node(fold *f, tx *x)
{
    if (x->folded)
        return;
    x->folded = true;
    if (x->kind == TX_LET)
        x->args[0]->shared = true;
    for (uint32_t i = 0; i < x->n_args; i++)
        fold_node(f, x->args[i]);
    switch (x->kind) {
    case TX_CALL:
        fold_call(f, x);
        break;
    case TX_AND:
    case TX_OR:
        fold_logic(x);
        break;
    case TX_CASE:
        fold_case(x);
        break;
    case TX_COALESCE:
        fold_coalesce(f, x);
        break;
    case TX_LET:
        fold_let(x);
        break;
    default:
        break;
    }
}

tx *fold_tree(tx *x, ds_arena *a)
{
    fold f = {.arena = a, .kept = -1};
    fold_node(&f, x);
    return x;
}

/* ---- a key without new rows ---- */

static tx *copy_tree(tx *x, uint32_t aggs, const bool *is_count, ds_arena *a)
{
    if (x->copy)
        return x->copy;
    tx *out = ds_new(a, tx, 1);
    *out = *x;
    out->folded = false;
    if (x->kind == TX_COL && x->col >= aggs)
        become_const(out, (ds_value){.i = 0}, !is_count[x->col - aggs]);
    out->args = ds_new(a, tx *, x->n_args + 1);
    for (uint32_t i = 0; i < x->n_args; i++) {
        out->args[i] = copy_tree(x->args[i], aggs, is_count, a);
        if (x->kind == TX_LET && i == 0)
            x->args[0]->copy = out->args[0];
    }
    if (x->kind == TX_LET)
        x->args[0]->copy = NULL;
    return out;
}

tx *fold_idle(tx *x, uint32_t aggs, const bool *is_count, int kept, ds_arena *a)
{
    fold f = {.arena = a, .idle = true, .kept = kept};
    tx *copy = copy_tree(x, aggs, is_count, a);
    fold_node(&f, copy);
    return copy;
}
