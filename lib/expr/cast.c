/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cast.c - values of one type as another by way of text, as PostgreSQL reads
 * and writes them; what stands in brackets after a type; arrays.
 */
#include "expr/core.h"
#include "expr/typmod.h"

static inline void put_value(const run_reg *d, ds_type type, uint32_t i,
                             const ds_value *v)
{
    size_t size = ds_type_size(type);
    memcpy((uint8_t *)d->v.p + size * i, v, size);
}

static inline ds_value get_value(const run_reg *a, ds_type type, uint32_t i)
{
    const ds_col c = {.v.p = a->v.p};
    return ds_col_value(&c, type, i);
}

void cast_in(run *r, const run_step *s)
{
    const ds_slice *a = RUN_ARG(r, s, 0)->v.str;
    ds_type type = s->types[1];
    RUN_EACH_OK(r, s, i)
    {
        ds_value v = {.i = 0};
        const char *code = NULL;
        const char *msg =
            ds_value_parse(type, 0, a[i], r->ev->now, r->ev->arena, &v, &code);
        if (msg) {
            run_error(r, s, i, code, "%s", msg);
            v = (ds_value){.i = 0};
        }
        put_value(RUN_DST(r, s), type, i, &v);
    }
}

/* Texts of arrays and rows may be long; others cannot be. */
enum { OUT_PIECE = 1 << 20, OUT_MOST = 32 << 20 };

/* Rows share a buffer. When it moves, what was written stays where it was. */
void cast_out(run *r, const run_step *s)
{
    const run_reg *a = RUN_ARG(r, s, 0);
    ds_slice *out = RUN_DST(r, s)->v.str;
    ds_col c = {.v.p = a->v.p};
    ds_buf b;
    ds_buf_init(&b, r->ev->arena, 16 * r->sels[s->sel].n + 16);
    RUN_EACH_OK(r, s, i)
    {
        if (b.len > OUT_PIECE)
            ds_buf_init(&b, r->ev->arena, OUT_PIECE);
        uint32_t from = b.len;
        ds_show_text(&b, s->types[0], &c, i);
        out[i] = (ds_slice){(const uint8_t *)b.s + from, b.len - from};
        if (out[i].len > OUT_MOST)
            run_error(r, s, i, "E0704", "requested length too large");
        else
            (void)run_may(r, s, i, out[i].len);
    }
}

void core_typeof(run *r, const run_step *s)
{
    ds_slice name = ds_slice_of(ds_type_name(s->types[0]));
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    RUN_DST(r, s)->v.str[i] = name;
}

/* "t" and "f": what concat() writes. */
void cast_bool_out(run *r, const run_step *s)
{
    const uint8_t *a = RUN_ARG(r, s, 0)->v.b;
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH(r, s, i)
    out[i] = (ds_slice){(const uint8_t *)(a[i] ? "t" : "f"), 1};
}

/* ---- brackets ---- */

static void fit(run *r, const run_step *s, bool is_explicit)
{
    const run_reg *a = RUN_ARG(r, s, 0);
    const int64_t *mod = RUN_ARG(r, s, 1)->v.i64;
    ds_type type = s->types[0];
    RUN_EACH_OK(r, s, i)
    {
        ds_value v = get_value(a, type, i);
        const char *code = NULL;
        const char *msg = typmod_fit(type, (int32_t)mod[i], is_explicit,
                                     r->ev->arena, &v, &code);
        if (msg)
            run_error(r, s, i, code, "%s", msg);
        put_value(RUN_DST(r, s), type, i, &v);
    }
}

void cast_fit(run *r, const run_step *s)
{
    fit(r, s, false);
}

void cast_fit_cut(run *r, const run_step *s)
{
    fit(r, s, true);
}

/* ---- arrays ---- */

/* A run of its own in which the elements of one array are the rows. */
typedef struct elements {
    run run;
    run_step step;
    run_reg regs[2];
    run_sel sel;
    ds_type types[2];
    ds_batch in;
    ds_eval ev;
    ds_row_errors errs;
} elements;

static void elements_begin(elements *e, run *r, const func_def *f, ds_type from,
                           ds_type to)
{
    static const uint16_t arg = 0;
    ds_arena *a = r->ev->arena;
    *e = (elements){.types = {from, to}};
    e->ev = (ds_eval){.now = r->ev->now, .arena = a, .errs = &e->errs};
    e->in = (ds_batch){.arena = a};
    e->run = (run){.in = &e->in,
                   .ev = &e->ev,
                   .regs = e->regs,
                   .sels = &e->sel,
                   .began = r->began};
    e->step = (run_step){.fn = f->fn,
                         .dst = 1,
                         .n_args = 1,
                         .strict = true,
                         .args = &arg,
                         .types = e->types};
    for (int k = 0; k < 2; k++) {
        e->regs[k].v.p =
            ds_arena_alloc(a, RUN_ROWS * ds_type_size(e->types[k]), 16);
        e->regs[k].bits = ds_new(a, uint64_t, RUN_WORDS);
    }
}

/* n elements in register 0 to values. */
static void elements_cast(elements *e, uint32_t n, ds_value *out, bool *nulls)
{
    e->run.n = e->sel.n = e->in.n = n;
    e->regs[1].valid = e->regs[0].valid;
    if (e->step.fn)
        e->step.fn(&e->run, &e->step);
    else
        memcpy(e->regs[1].v.p, e->regs[0].v.p, n * ds_type_size(e->types[1]));
    for (uint32_t i = 0; i < n; i++) {
        nulls[i] = run_is_null(&e->regs[1], i);
        if (!nulls[i])
            out[i] = get_value(&e->regs[1], e->types[1], i);
    }
}

static ds_slice array_cast(elements *e, ds_slice from)
{
    ds_arena *a = e->ev.arena;
    uint32_t n = array_count(from);
    ds_value *values = ds_new(a, ds_value, n + 1);
    bool *nulls = ds_new(a, bool, n + 1);
    nested_iter it = nested_begin(ds_array_type(e->types[0]), from);
    for (uint32_t at = 0; at < n;) {
        uint32_t k = 0;
        e->regs[0].valid = NULL;
        for (; k < RUN_ROWS && at + k < n; k++) {
            ds_value v = {.i = 0};
            bool null = false;
            nested_next(&it, NULL, &null, &v);
            if (null)
                run_set_null(&e->run, 0, k);
            put_value(&e->regs[0], e->types[0], k, &v);
        }
        elements_cast(e, k, values + at, nulls + at);
        at += k;
    }
    return array_make(e->types[1], values, nulls, n, a);
}

void cast_array(run *r, const run_step *s)
{
    const ds_slice *a = RUN_ARG(r, s, 0)->v.str;
    ds_slice *out = RUN_DST(r, s)->v.str;
    ds_type from = ds_type_elem(s->types[0]), to = ds_type_elem(s->types[1]);
    elements e;
    elements_begin(&e, r, func_cast(from, to, FUNC_CAST_EXPLICIT), from, to);
    RUN_EACH_OK(r, s, i)
    {
        e.errs = (ds_row_errors){0};
        out[i] = array_cast(&e, a[i]);
        (void)run_may(r, s, i, out[i].len);
        if (e.errs.n)
            run_error(r, s, i, e.errs.list[0].code, "%s", e.errs.list[0].msg);
    }
}
