/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - the loop over vectors of rows, and what steps need of it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "expr/run.h"
#include "record/show.h"

void run_row_error(const ds_eval *ev, const ds_batch *in, uint32_t row,
                   uint32_t item, const char *code, const char *msg)
{
    ds_row_errors_add(ev->errs, ev->arena, in->n, row, code, item, msg);
}

void run_error(run *r, const run_step *s, uint32_t row, const char *code,
               const char *fmt, ...)
{
    uint32_t at = r->base + row;
    /* No later step follows what was not written. */
    run_set_null(r, s->dst, row);
    if (!r->ev->errs->by_item && r->ev->errs->bad &&
        ds_bit_get(r->ev->errs->bad, at))
        return;
    char msg[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    run_row_error(r->ev, r->in, at, s->item, code, msg);
}

void run_set_null(run *r, uint16_t reg, uint32_t row)
{
    run_reg *g = &r->regs[reg];
    if (g->valid == NULL) {
        memset(g->bits, 0xff, sizeof(uint64_t) * RUN_WORDS);
        g->valid = g->bits;
    }
    ds_bit_clear(g->valid, row);
}

uint8_t *run_bytes(run *r, size_t n)
{
    return ds_arena_alloc(r->ev->arena, n ? n : 1, 1);
}

/* Small arguments can make results of megabytes in each of a thousand rows. */
enum { MAY_ALWAYS = 1 << 16, MAY_MOST = 1 << 30 };

bool run_may(run *r, const run_step *s, uint32_t row, uint64_t bytes)
{
    if (bytes < MAY_ALWAYS ||
        ds_arena_used(r->ev->arena) - r->began + bytes <= MAY_MOST)
        return true;
    run_error(r, s, row, "E0704",
              "out of memory: the results of a batch take more than 1 GB");
    return false;
}

/* ---- registers ---- */

static void reg_column(run *r, run_reg *g, const run_reg_def *d)
{
    const ds_col *c = &r->in->cols[d->col];
    g->v.p = (uint8_t *)(uintptr_t)c->v.p + r->base * ds_type_size(d->type);
    /* Vectors begin at multiples of 64 rows. Registers of columns are never
     * written. */
    g->valid =
        c->valid ? (uint64_t *)(uintptr_t)(c->valid + r->base / 64) : NULL;
}

static bool reg_meta_row(run *r, run_reg *g, uint32_t what, uint32_t i)
{
    const ds_envelope *env = r->in->env;
    uint32_t rec = ds_batch_rec(r->in, r->base + i);
    switch (what) {
    case TX_META_KEY:
        g->v.str[i] = env->key ? env->key[rec] : DS_NULL_SLICE;
        return g->v.str[i].ptr != NULL;
    case TX_META_TS:
        g->v.i64[i] = env->ts ? env->ts[rec] : DS_TIME_NONE;
        return g->v.i64[i] != DS_TIME_NONE;
    case TX_META_TOPIC:
        g->v.str[i] = env->topic ? ds_slice_of(env->topic) : DS_NULL_SLICE;
        return env->topic != NULL;
    case TX_META_HEADERS:
        g->v.str[i] = env->hdr ? env->hdr[rec] : DS_NULL_SLICE;
        if (g->v.str[i].ptr == NULL)
            g->v.str[i] = ds_slice_of("");
        return true;
    case TX_META_PARTITION:
        g->v.i64[i] = env->partition;
        return true;
    default:
        g->v.i64[i] = env->off ? env->off[rec] : 0;
        return env->off != NULL;
    }
}

static void reg_meta(run *r, run_reg *g, const run_reg_def *d)
{
    const run_sel *sel = &r->sels[0];
    g->valid = NULL;
    uint16_t self = (uint16_t)(g - r->regs);
    for (uint32_t k = 0; k < sel->n; k++) {
        uint32_t i = sel->idx ? sel->idx[k] : k;
        if (r->in->env == NULL || !reg_meta_row(r, g, d->col, i))
            run_set_null(r, self, i);
    }
}

/* A key may be any bytes; one that is no text is an error where it is read. */
void run_check_key(run *r, const run_step *s)
{
    const run_reg *g = RUN_DST(r, s);
    RUN_EACH(r, s, i)
    {
        if (run_is_null(g, i))
            continue;
        ds_slice key = g->v.str[i];
        if (ds_utf8_valid(key) && memchr(key.ptr, 0, key.len) == NULL)
            continue;
        run_set_null(r, s->dst, i);
        run_error(r, s, i, "E0702",
                  "_key is no text: invalid byte sequence for encoding "
                  "\"UTF8\"");
    }
}

static void reg_bind(run *r, uint32_t k, ds_col *slots)
{
    const run_reg_def *d = &r->prog->regs[k];
    run_reg *g = &r->regs[k];
    switch (d->kind) {
    case RUN_COL:
        reg_column(r, g, d);
        break;
    case RUN_META:
        reg_meta(r, g, d);
        break;
    case RUN_OUT:
        g->v.p = (uint8_t *)(uintptr_t)slots[d->col].v.p +
                 r->base * ds_type_size(d->type);
        g->bits = (uint64_t *)(uintptr_t)slots[d->col].valid + r->base / 64;
        g->valid = NULL;
        break;
    default:
        break;
    }
}

/* ---- vectors ---- */

/* The rows of the batch's selection from *pos on that are in this vector. */
static void run_select(run *r, uint32_t *pos)
{
    run_sel *s = &r->sels[0];
    const ds_batch *in = r->in;
    if (in->sel == NULL) {
        s->idx = NULL;
        s->n = r->n;
        return;
    }
    s->n = 0;
    while (*pos < in->n_sel && in->sel[*pos] < r->base + r->n)
        s->room[s->n++] = (uint16_t)(in->sel[(*pos)++] - r->base);
    s->idx = s->n == r->n ? NULL : s->room;
}

/* The result's NULLs are the arguments'. */
static void run_strict(run *r, const run_step *s)
{
    run_reg *dst = RUN_DST(r, s);
    uint32_t words = (r->n + 63) / 64;
    dst->valid = NULL;
    for (uint32_t a = 0; a < s->n_args; a++) {
        const uint64_t *v = RUN_ARG(r, s, a)->valid;
        if (v == NULL)
            continue;
        if (dst->valid == NULL)
            memcpy(dst->bits, v, sizeof(uint64_t) * words);
        else
            for (uint32_t w = 0; w < words; w++)
                dst->bits[w] &= v[w];
        dst->valid = dst->bits;
    }
}

static void run_steps(run *r)
{
    const run_program *p = r->prog;
    for (uint32_t i = 0; i < p->n_steps; i++) {
        const run_step *s = &p->steps[i];
        if (r->sels[s->sel].n == 0 && !s->always)
            continue;
        if (s->strict)
            run_strict(r, s);
        else if (s->fresh)
            RUN_DST(r, s)->valid = NULL;
        s->fn(r, s);
    }
}

static void run_alloc(run *r)
{
    const run_program *p = r->prog;
    ds_arena *a = r->ev->arena;
    uint32_t rows = r->in->n < RUN_ROWS ? r->in->n : RUN_ROWS;
    r->regs = ds_new(a, run_reg, p->n_regs + 1);
    r->sels = ds_new(a, run_sel, p->n_sels);
    for (uint32_t k = 0; k < p->n_regs; k++) {
        const run_reg_def *d = &p->regs[k];
        run_reg *g = &r->regs[k];
        if (d->kind == RUN_COL || d->kind == RUN_OUT)
            continue;
        g->v.p = ds_arena_alloc(a, rows * ds_type_size(d->type), 16);
        g->bits = ds_new(a, uint64_t, RUN_WORDS);
        if (d->kind == RUN_NOW)
            for (uint32_t i = 0; i < rows; i++)
                g->v.i64[i] = r->ev->now;
        if (d->kind == RUN_CONST)
            run_fill(g, d->k, rows);
    }
    for (uint32_t k = 0; k < p->n_sels; k++)
        r->sels[k].room = ds_new(a, uint16_t, rows);
}

static void run_vector(run *r, uint32_t *pos, ds_col *slots, bool *nulls)
{
    uint32_t words = (r->n + 63) / 64;
    run_select(r, pos);
    for (uint32_t k = 0; k < r->prog->n_regs; k++)
        reg_bind(r, k, slots);
    if (r->sels[0].n > 0)
        run_steps(r);
    for (uint32_t k = 0; k < r->prog->n_regs; k++) {
        const run_reg_def *d = &r->prog->regs[k];
        if (d->kind != RUN_OUT)
            continue;
        if (r->regs[k].valid)
            nulls[d->col] = true;
        else
            memset(r->regs[k].bits, 0xff, sizeof(uint64_t) * words);
    }
}

ds_rc run_eval(const run_program *p, const ds_batch *in, const ds_eval *ev,
               const ds_type *slot_types, ds_col *slots, uint32_t n_slots,
               const int *plain)
{
    ds_arena *a = ev->arena;
    bool *nulls = ds_new(a, bool, n_slots + 1);
    for (uint32_t i = 0; i < n_slots; i++) {
        if (plain && plain[i] >= 0)
            continue;
        slots[i].v.p = ds_arena_alloc(
            a, ((size_t)in->n + 1) * ds_type_size(slot_types[i]), 16);
        /* A whole vector's bitmap may be set at once. */
        slots[i].valid =
            ds_new(a, uint64_t, (in->n / RUN_ROWS + 1) * RUN_WORDS);
    }
    run r = {.prog = p, .in = in, .ev = ev, .began = ds_arena_used(a)};
    run_alloc(&r);
    uint32_t pos = 0;
    for (uint32_t base = 0; base < in->n; base += RUN_ROWS) {
        r.base = base;
        r.n = in->n - base < RUN_ROWS ? in->n - base : RUN_ROWS;
        run_vector(&r, &pos, slots, nulls);
    }
    for (uint32_t i = 0; i < n_slots; i++)
        if (!nulls[i])
            slots[i].valid = NULL;
    return DS_OK;
}
