/* SPDX-License-Identifier: Apache-2.0 */
/*
 * array_any.c - x OP ANY (array) and x OP ALL (array).
 *
 * ANY is true if one comparison is, else NULL if one is NULL, else false; ALL
 * the other way round. Of an empty array they are false and true, whatever x
 * is.
 */
#include "expr/array.h"

/* What is found so far. */
typedef struct verdict {
    bool all;
    bool decided; /* true for ANY, false for ALL */
    bool null;
} verdict;

static void verdict_put(run *r, const run_step *s, uint32_t row,
                        const verdict *v)
{
    run_reg *d = RUN_DST(r, s);
    d->v.b[row] = v->decided != v->all;
    if (!v->decided && v->null)
        run_set_null(r, s->dst, row);
}

/* ---- comparisons ---- */

/* Which signs of ds_value_cmp() make the operator true, as bits: 1 below, 2
 * equal, 4 above. */
enum { LT = 1, EQ = 2, GT = 4 };

static verdict compare(ds_type elem, ds_slice list, const ds_value *x,
                       int signs, bool all)
{
    verdict v = {.all = all};
    nested_iter it = nested_begin(ds_array_type(elem), list);
    ds_value e;
    bool null;
    while (!v.decided && nested_next(&it, NULL, &null, &e)) {
        v.null = v.null || null || !x;
        if (!null && x) {
            int c = ds_value_cmp(elem, x, &e);
            bool is = signs >> (c + 1) & 1;
            v.decided = is != all;
        }
    }
    return v;
}

static void any(run *r, const run_step *s, int signs, bool all)
{
    const run_reg *x = RUN_ARG(r, s, 0), *list = RUN_ARG(r, s, 1);
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        ds_value value = {.i = 0};
        bool null = run_is_null(x, i);
        if (run_is_null(list, i)) {
            run_set_null(r, s->dst, i);
            continue;
        }
        if (!null)
            value = array_arg(r, s, 0, i);
        verdict v = compare(s->types[0], list->v.str[i], null ? NULL : &value,
                            signs, all);
        verdict_put(r, s, i, &v);
    }
}

#define ANY_ALL(name, signs)                                                   \
    void array_any_##name(run *r, const run_step *s)                           \
    {                                                                          \
        any(r, s, signs, false);                                               \
    }                                                                          \
    void array_all_##name(run *r, const run_step *s)                           \
    {                                                                          \
        any(r, s, signs, true);                                                \
    }
ANY_ALL(eq, EQ)
ANY_ALL(ne, LT | GT)
ANY_ALL(lt, LT)
ANY_ALL(le, LT | EQ)
ANY_ALL(gt, GT)
ANY_ALL(ge, GT | EQ)

/* ---- patterns: the operator's own kernel, an element a row ---- */

/* "~~ any": the operator "~~". */
void array_any_prepare(tx *call, ds_arena *a)
{
    const char *name = call->f->name;
    const char *op = ds_strn_copy(a, name, (size_t)(strchr(name, ' ') - name));
    call->data = func_exact2(op, DS_STR, DS_STR);
}

typedef struct matcher {
    run run;
    run_step step;
    run_reg regs[3];
    run_sel sel;
    ds_batch in;
    ds_eval ev;
    ds_row_errors errs;
} matcher;

static void matcher_begin(matcher *m, run *r, const func_def *f)
{
    static const uint16_t args[] = {0, 1};
    static const ds_type types[] = {DS_STR, DS_STR, DS_BOOL};
    ds_arena *a = r->ev->arena;
    *m = (matcher){.in = {.arena = a}};
    m->ev = (ds_eval){.now = r->ev->now, .arena = a, .errs = &m->errs};
    m->run = (run){.in = &m->in,
                   .ev = &m->ev,
                   .regs = m->regs,
                   .sels = &m->sel,
                   .began = r->began};
    m->step = (run_step){
        .fn = f->fn, .dst = 2, .n_args = 2, .args = args, .types = types};
    for (int k = 0; k < 3; k++) {
        m->regs[k].v.p =
            ds_arena_alloc(a, RUN_ROWS * ds_type_size(types[k]), 16);
        m->regs[k].bits = ds_new(a, uint64_t, RUN_WORDS);
    }
}

/* The next elements, at most a vector of them. */
static void match_some(matcher *m, nested_iter *it, ds_slice x, verdict *v)
{
    uint32_t n = 0;
    ds_value e;
    bool null;
    while (n < RUN_ROWS && nested_next(it, NULL, &null, &e)) {
        v->null = v->null || null;
        m->regs[0].v.str[n] = x;
        m->regs[1].v.str[n] = e.s;
        n += !null;
    }
    m->run.n = m->sel.n = m->in.n = n;
    m->regs[2].valid = NULL;
    if (n)
        m->step.fn(&m->run, &m->step);
    for (uint32_t i = 0; i < n; i++)
        v->decided = v->decided || (m->regs[2].v.b[i] != 0) != v->all;
}

static void text(run *r, const run_step *s, bool all)
{
    const run_reg *x = RUN_ARG(r, s, 0), *list = RUN_ARG(r, s, 1);
    matcher m;
    matcher_begin(&m, r, s->data);
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        verdict v = {.all = all};
        if (run_is_null(list, i)) {
            run_set_null(r, s->dst, i);
            continue;
        }
        nested_iter it = nested_begin(s->types[1], list->v.str[i]);
        m.errs = (ds_row_errors){0};
        v.null = it.n > 0 && run_is_null(x, i);
        while (it.i < it.n && !v.decided && !run_is_null(x, i) && !m.errs.n)
            match_some(&m, &it, x->v.str[i], &v);
        if (m.errs.n)
            run_error(r, s, i, m.errs.list[0].code, "%s", m.errs.list[0].msg);
        verdict_put(r, s, i, &v);
    }
}

void array_any_text(run *r, const run_step *s)
{
    text(r, s, false);
}

void array_all_text(run *r, const run_step *s)
{
    text(r, s, true);
}
