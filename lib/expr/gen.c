/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen.c - typed trees to flat steps.
 *
 * Registers are given back as soon as their value was read, so a program needs
 * about as many as the tree is deep.
 */
#include "expr/func.h"

/* Registers that keep a constant for all vectors; more are loaded each time, so
 * that a long CASE does not take much memory. */
enum { MOST_CONSTS = 32 };

typedef struct gen {
    ds_arena *arena;
    run_step *steps;
    uint32_t n_steps, cap_steps;
    run_reg_def *regs;
    bool *is_free, *held;
    uint32_t n_regs, cap_regs, n_free;
    bool *sel_free;
    uint32_t n_sels, cap_sels;
    uint32_t n_consts;
    uint16_t item;
} gen;

static void *gen_more(gen *g, const void *old, size_t size, uint32_t n,
                      uint32_t cap)
{
    void *p = ds_arena_alloc(g->arena, size * cap, 16);
    if (n)
        memcpy(p, old, size * n);
    return p;
}

static uint16_t reg_new(gen *g, run_reg_def def)
{
    if (g->n_regs == g->cap_regs) {
        uint32_t cap = g->cap_regs ? 2 * g->cap_regs : 32;
        g->regs = gen_more(g, g->regs, sizeof *g->regs, g->n_regs, cap);
        g->is_free = gen_more(g, g->is_free, sizeof(bool), g->n_regs, cap);
        g->held = gen_more(g, g->held, sizeof(bool), g->n_regs, cap);
        g->cap_regs = cap;
    }
    DS_BUG_ON(g->n_regs >= UINT16_MAX);
    g->regs[g->n_regs] = def;
    return (uint16_t)g->n_regs++;
}

static uint16_t reg_temp(gen *g, ds_type type)
{
    for (uint32_t i = 0; g->n_free > 0 && i < g->n_regs; i++) {
        if (g->is_free[i] && g->regs[i].type == type) {
            g->is_free[i] = false;
            g->n_free--;
            return (uint16_t)i;
        }
    }
    return reg_new(g, (run_reg_def){.kind = RUN_TEMP, .type = type});
}

static void reg_release(gen *g, uint16_t reg)
{
    if (g->regs[reg].kind != RUN_TEMP || g->held[reg] || g->is_free[reg])
        return;
    g->is_free[reg] = true;
    g->n_free++;
}

/* The register of a column, a piece of metadata or now(), made once. */
static uint16_t reg_shared(gen *g, run_reg_kind kind, ds_type type,
                           uint32_t col)
{
    for (uint32_t i = 0; i < g->n_regs; i++)
        if (g->regs[i].kind == kind && g->regs[i].col == col)
            return (uint16_t)i;
    return reg_new(g, (run_reg_def){.kind = kind, .type = type, .col = col});
}

static uint16_t sel_new(gen *g)
{
    for (uint32_t i = 1; i < g->n_sels; i++) {
        if (g->sel_free[i]) {
            g->sel_free[i] = false;
            return (uint16_t)i;
        }
    }
    if (g->n_sels == g->cap_sels) {
        uint32_t cap = g->cap_sels ? 2 * g->cap_sels : 8;
        g->sel_free = gen_more(g, g->sel_free, sizeof(bool), g->n_sels, cap);
        g->cap_sels = cap;
    }
    DS_BUG_ON(g->n_sels >= UINT16_MAX);
    return (uint16_t)g->n_sels++;
}

static run_step *step_new(gen *g, run_kernel *fn, uint16_t dst, uint16_t sel,
                          const uint16_t *args, uint32_t n)
{
    if (g->n_steps == g->cap_steps) {
        uint32_t cap = g->cap_steps ? 2 * g->cap_steps : 32;
        g->steps = gen_more(g, g->steps, sizeof *g->steps, g->n_steps, cap);
        g->cap_steps = cap;
    }
    uint16_t *copy = ds_new(g->arena, uint16_t, n + 1);
    for (uint32_t i = 0; i < n; i++)
        copy[i] = args[i];
    run_step *s = &g->steps[g->n_steps++];
    *s = (run_step){.fn = fn,
                    .dst = dst,
                    .sel = sel,
                    .n_args = (uint16_t)n,
                    .item = g->item,
                    .args = copy};
    return s;
}

static uint16_t step_select(gen *g, run_kernel *fn, uint16_t sel, uint16_t arg)
{
    uint16_t out = sel_new(g);
    step_new(g, fn, out, sel, &arg, 1)->always = true;
    return out;
}

static void step_copy(gen *g, uint16_t dst, uint16_t sel, uint16_t from)
{
    if (dst != from)
        step_new(g, run_copy, dst, sel, &from, 1);
}

static uint16_t gen_tree(gen *g, tx *x, int want, uint16_t sel);

static uint16_t gen_dst(gen *g, const tx *x, int want)
{
    return want >= 0 ? (uint16_t)want : reg_temp(g, x->type);
}

static uint16_t gen_const(gen *g, tx *x, int want, uint16_t sel)
{
    if (want < 0 && g->n_consts < MOST_CONSTS) {
        g->n_consts++;
        return reg_new(
            g, (run_reg_def){.kind = RUN_CONST, .type = x->type, .k = x});
    }
    uint16_t dst = gen_dst(g, x, want);
    step_new(g, run_load, dst, sel, NULL, 0)->data = x;
    return dst;
}

static const ds_type *gen_types(gen *g, const tx *x)
{
    ds_type *types = ds_new(g->arena, ds_type, x->n_args + 1);
    for (uint32_t i = 0; i < x->n_args; i++)
        types[i] = x->args[i]->type;
    types[x->n_args] = x->type;
    return types;
}

static uint16_t gen_call(gen *g, tx *x, int want, uint16_t sel)
{
    if (x->f->fn == NULL) /* the values stay as they lie */
        return gen_tree(g, x->args[0], want, sel);
    if (x->f->prepare && x->data == NULL)
        x->f->prepare(x, g->arena);
    uint16_t *args = ds_new(g->arena, uint16_t, x->n_args + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->n_args; i++)
        args[n++] = gen_tree(g, x->args[i], -1, sel);
    uint16_t dst = gen_dst(g, x, want);
    run_step *s = step_new(g, x->f->fn, dst, sel, args, n);
    s->strict = !(x->f->flags & FUNC_NULLS);
    s->fresh = !s->strict;
    s->data = x->data;
    s->types = gen_types(g, x);
    for (uint32_t i = 0; i < n; i++)
        reg_release(g, args[i]);
    return dst;
}

static uint16_t gen_logic(gen *g, tx *x, int want, uint16_t sel)
{
    bool and = x->kind == TX_AND;
    uint16_t dst = gen_dst(g, x, want);
    uint16_t first = gen_tree(g, x->args[0], dst, sel);
    if (first != dst) {
        step_new(g, run_begin, dst, sel, NULL, 0);
        step_copy(g, dst, sel, first);
        reg_release(g, first);
    }
    uint16_t cur = sel;
    for (uint32_t i = 1; i < x->n_args; i++) {
        uint16_t next =
            step_select(g, and? run_sel_not_false : run_sel_not_true, cur, dst);
        if (cur != sel)
            g->sel_free[cur] = true;
        cur = next;
        uint16_t arg = gen_tree(g, x->args[i], -1, cur);
        step_new(g, and? run_and_into : run_or_into, dst, cur, &arg, 1);
        reg_release(g, arg);
    }
    if (cur != sel)
        g->sel_free[cur] = true;
    return dst;
}

static void gen_branch(gen *g, tx *x, uint16_t dst, uint16_t sel)
{
    uint16_t r = gen_tree(g, x, -1, sel);
    step_copy(g, dst, sel, r);
    reg_release(g, r);
}

static uint16_t gen_case(gen *g, tx *x, int want, uint16_t sel)
{
    uint16_t dst = gen_dst(g, x, want);
    step_new(g, run_begin, dst, sel, NULL, 0);
    uint16_t cur = sel;
    for (uint32_t i = 0; i + 1 < x->n_args; i += 2) {
        uint16_t cond = gen_tree(g, x->args[i], -1, cur);
        uint16_t yes = step_select(g, run_sel_true, cur, cond);
        uint16_t no = step_select(g, run_sel_not_true, cur, cond);
        reg_release(g, cond);
        gen_branch(g, x->args[i + 1], dst, yes);
        g->sel_free[yes] = true;
        if (cur != sel)
            g->sel_free[cur] = true;
        cur = no;
    }
    gen_branch(g, x->args[x->n_args - 1], dst, cur);
    if (cur != sel)
        g->sel_free[cur] = true;
    return dst;
}

static uint16_t gen_coalesce(gen *g, tx *x, int want, uint16_t sel)
{
    uint16_t dst = gen_dst(g, x, want);
    step_new(g, run_begin, dst, sel, NULL, 0);
    uint16_t cur = sel;
    for (uint32_t i = 0; i < x->n_args; i++) {
        gen_branch(g, x->args[i], dst, cur);
        if (i + 1 == x->n_args)
            break;
        uint16_t next = step_select(g, run_sel_null, cur, dst);
        if (cur != sel)
            g->sel_free[cur] = true;
        cur = next;
    }
    if (cur != sel)
        g->sel_free[cur] = true;
    return dst;
}

static uint16_t gen_let(gen *g, tx *x, int want, uint16_t sel)
{
    uint16_t r = gen_tree(g, x->args[0], -1, sel);
    bool was_held = g->held[r];
    g->held[r] = true;
    x->args[0]->reg = r;
    uint16_t dst = gen_tree(g, x->args[1], want, sel);
    x->args[0]->reg = -1;
    g->held[r] = was_held;
    if (dst != r)
        reg_release(g, r);
    return dst;
}

static uint16_t gen_meta(gen *g, const tx *x, uint16_t sel)
{
    uint16_t r = reg_shared(g, RUN_META, x->type, x->col);
    if (x->col == TX_META_KEY)
        step_new(g, run_check_key, r, sel, NULL, 0);
    return r;
}

static uint16_t gen_tree(gen *g, tx *x, int want, uint16_t sel)
{
    if (x->reg >= 0)
        return (uint16_t)x->reg;
    switch (x->kind) {
    case TX_CONST:
        return gen_const(g, x, want, sel);
    case TX_COL:
        return reg_shared(g, RUN_COL, x->type, x->col);
    case TX_META:
        return gen_meta(g, x, sel);
    case TX_NOW:
        return reg_shared(g, RUN_NOW, DS_TS, 0);
    case TX_CALL:
        return gen_call(g, x, want, sel);
    case TX_AND:
    case TX_OR:
        return gen_logic(g, x, want, sel);
    case TX_CASE:
        return gen_case(g, x, want, sel);
    case TX_COALESCE:
        return gen_coalesce(g, x, want, sel);
    case TX_LET:
        return gen_let(g, x, want, sel);
    case TX_SET: /* its column, behind all others */
        return reg_shared(g, RUN_COL, x->type, x->col);
    }
    ds_bug(__FILE__, __LINE__, "no such kind of tree");
}

const run_program *gen_program(const gen_input *in, ds_arena *a)
{
    gen g = {.arena = a};
    sel_new(&g); /* 0: the rows of the batch that count */
    for (uint32_t i = 0; i < in->n; i++) {
        tx *x = in->slots[i];
        if (x == NULL)
            continue;
        g.item = in->items[i];
        uint16_t out = reg_new(
            &g, (run_reg_def){.kind = RUN_OUT, .type = x->type, .col = i});
        uint16_t r = gen_tree(&g, x, out, 0);
        step_copy(&g, out, 0, r);
        reg_release(&g, r);
    }
    run_program *p = ds_new(a, run_program, 1);
    p->steps = g.steps;
    p->n_steps = g.n_steps;
    p->regs = g.regs;
    p->n_regs = g.n_regs;
    p->n_sels = g.n_sels;
    return p;
}
