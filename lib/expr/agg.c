/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg.c - accumulators: which rows count, and who keeps what of them.
 */
#include "expr/agg.h"

/* ---- questions ---- */

ds_type ds_agg_type(const ds_agg *agg)
{
    return agg->out;
}

const char *ds_agg_name(uint32_t i)
{
    return i < func_agg_count ? func_agg[i].name : NULL;
}

bool ds_agg_may_fail(const ds_agg *agg)
{
    return agg->type->flags & AGG_FAILS;
}

bool agg_is_count(const ds_agg *agg)
{
    return agg->type->flags & AGG_COUNTS;
}

/* DISTINCT and ORDER BY only cost where they change nothing. */
bool agg_keeps_list(const ds_agg *agg)
{
    uint32_t flags = agg->type->flags;
    if (agg->type->finish)
        return true;
    return (agg->distinct && !(flags & AGG_ONCE)) ||
           (agg->n_keys && !(flags & AGG_ANY_ORDER));
}

uint32_t ds_agg_parts(const ds_agg *agg, ds_type types[DS_AGG_PARTS])
{
    uint32_t n = 0;
    if (agg_keeps_list(agg)) {
        types[0] = DS_BYTES;
        return 1;
    }
    for (; n < DS_AGG_PARTS && agg->type->parts[n] != DS_NONE; n++) {
        uint32_t t = (uint32_t)agg->type->parts[n];
        types[n] = t >= AGG_ARG ? agg->args[t - AGG_ARG] : (ds_type)t;
    }
    return n;
}

/* ---- accumulators ---- */

ds_acc *ds_acc_new(const ds_agg *agg, ds_arena *a)
{
    ds_acc *acc = ds_new(a, ds_acc, 1);
    acc->agg = agg;
    acc->arena = a;
    if (agg_keeps_list(agg))
        acc->list = agg_list_new(agg, a);
    return acc;
}

void agg_grow(ds_acc *acc, uint32_t n)
{
    uint32_t size = acc->agg->type->size;
    if (n > acc->cap) {
        uint32_t cap = n < 8 ? 16 : 2 * n;
        void *more = ds_arena_alloc(acc->arena, (size_t)size * cap, 16);
        if (acc->n)
            memcpy(more, acc->state, (size_t)size * acc->n);
        acc->state = more;
        acc->cap = cap;
    }
    if (n > acc->n)
        acc->n = n;
}

ds_value agg_keep(const ds_acc *acc, ds_type type, ds_value v)
{
    if (acc->copies && ds_type_phys(type) == DS_PHYS_SLICE)
        v.s = ds_slice_copy(acc->arena, v.s);
    return v;
}

/* ---- which rows count ---- */

static void rows_all(agg_rows *in, const ds_batch *rows)
{
    in->n = rows->n_sel;
    in->sel = rows->sel;
}

/* Those for which FILTER is true; the arguments of others are not looked at. */
static ds_rc rows_filter(const ds_agg *agg, const ds_batch **rows,
                         const ds_eval *ev, ds_err *err)
{
    ds_col c;
    if (agg->filter == NULL)
        return DS_OK;
    DS_TRY(ds_exprs_eval(agg->filter, *rows, ev, &c, err));
    uint32_t *sel = ds_new(ev->arena, uint32_t, (*rows)->n_sel + 1), n = 0;
    const uint64_t *bad = ev->errs->bad;
    DS_EACH (*rows, i)
        if (!ds_col_is_null(&c, i) && c.v.b[i] && !(bad && ds_bit_get(bad, i)))
            sel[n++] = i;
    *rows = ds_batch_select(*rows, sel, n);
    return DS_OK;
}

/* What makes rows not count: 64 of them at a time. */
typedef struct masks {
    const uint64_t *valid[FUNC_ARGS];
    uint32_t n;
    const uint64_t *bad;
} masks;

static uint64_t masks_word(const masks *m, uint32_t w)
{
    uint64_t word = m->bad ? ~m->bad[w] : UINT64_MAX;
    for (uint32_t c = 0; c < m->n; c++)
        word &= m->valid[c][w];
    return word;
}

static uint32_t select_some(const masks *m, const ds_batch *rows, uint32_t *sel)
{
    uint32_t n = 0;
    DS_EACH (rows, i)
        if (masks_word(m, i / 64) >> (i % 64) & 1)
            sel[n++] = i;
    return n;
}

/* The same when all rows are selected. */
static uint32_t select_all(const masks *m, uint32_t n_rows, uint32_t *sel)
{
    uint32_t n = 0;
    for (uint32_t at = 0; at < n_rows; at += 64) {
        uint32_t left = n_rows - at < 64 ? n_rows - at : 64;
        uint64_t word = masks_word(m, at / 64);
        if (word == UINT64_MAX) {
            for (uint32_t k = 0; k < left; k++)
                sel[n + k] = at + k;
            n += left;
            continue;
        }
        if (left < 64)
            word &= (UINT64_C(1) << left) - 1;
        for (; word; word &= word - 1)
            sel[n++] = at + (uint32_t)__builtin_ctzll(word);
    }
    return n;
}

/* Without rows that were refused and, if the aggregate is strict, those with a
 * NULL. */
static void rows_strict(const ds_agg *agg, agg_rows *in, const ds_batch *rows,
                        const ds_eval *ev)
{
    masks m = {.bad = ev->errs->bad};
    uint32_t n_cols = agg->type->flags & AGG_NULLS ? 0 : agg->n_args;
    rows_all(in, rows);
    for (uint32_t c = 0; c < n_cols; c++)
        if (in->cols[c].valid)
            m.valid[m.n++] = in->cols[c].valid;
    if (m.n == 0 && !m.bad)
        return;
    uint32_t *sel = ds_new(ev->arena, uint32_t, rows->n_sel + 1);
    in->n =
        rows->sel ? select_some(&m, rows, sel) : select_all(&m, rows->n, sel);
    in->sel = sel;
}

ds_rc ds_acc_add(ds_acc *acc, const ds_batch *rows, const uint32_t *group,
                 uint32_t n_groups, const ds_eval *ev, ds_err *err)
{
    const ds_agg *agg = acc->agg;
    agg_grow(acc, n_groups);
    if (rows->n_sel == 0)
        return DS_OK;
    agg_rows in = {.group = group, .ev = ev, .n_batch = rows->n};
    ds_col *cols = ds_new(ev->arena, ds_col, agg->n_cols + 1);
    in.cols = cols;
    acc->copies = acc->arena != ev->arena;
    DS_TRY(rows_filter(agg, &rows, ev, err));
    if (agg->prog)
        DS_TRY(ds_exprs_eval(agg->prog, rows, ev, cols, err));
    rows_strict(agg, &in, rows, ev);
    if (agg->type->look)
        agg->type->look(agg, &in);
    if (acc->list)
        agg_list_add(acc, &in);
    else
        agg->type->add(acc, &in);
    return DS_OK;
}

/* ---- in parts ---- */

const char *ds_agg_function(const ds_agg *agg)
{
    return agg->f->name;
}

bool ds_agg_subtracts(const ds_agg *agg)
{
    return agg->type->subtract && !agg_keeps_list(agg);
}

bool ds_agg_grows(const ds_agg *agg)
{
    return agg_keeps_list(agg) || agg->type->pieces;
}

/* The parts that are something. */
static agg_rows parts_rows(ds_acc *acc, const ds_batch *rows,
                           const ds_col *cols, const uint32_t *group,
                           uint32_t n_groups, const ds_eval *ev)
{
    agg_grow(acc, n_groups);
    agg_rows in = {.group = group, .cols = cols, .ev = ev, .n_batch = rows->n};
    acc->copies = acc->arena != rows->arena;
    rows_all(&in, rows);
    if (cols[0].valid) {
        uint32_t *sel = ds_new(ev->arena, uint32_t, rows->n_sel + 1), n = 0;
        DS_EACH (rows, i)
            if (!ds_col_is_null(&cols[0], i))
                sel[n++] = i;
        in.sel = sel;
        in.n = n;
    }
    return in;
}

void ds_acc_merge(ds_acc *acc, const ds_batch *rows, const ds_col *cols,
                  const uint32_t *group, uint32_t n_groups, const ds_eval *ev)
{
    agg_rows in = parts_rows(acc, rows, cols, group, n_groups, ev);
    if (acc->list)
        agg_list_merge(acc, &in);
    else
        acc->agg->type->merge(acc, &in);
}

void ds_acc_subtract(ds_acc *acc, const ds_batch *rows, const ds_col *cols,
                     const uint32_t *group, uint32_t n_groups,
                     const ds_eval *ev)
{
    agg_rows in = parts_rows(acc, rows, cols, group, n_groups, ev);
    acc->agg->type->subtract(acc, &in);
}

void ds_acc_clear(ds_acc *acc, const uint32_t *groups, uint32_t n)
{
    size_t size = acc->agg->type->size;
    for (uint32_t i = 0; i < n; i++)
        if (groups[i] < acc->n)
            memset((uint8_t *)acc->state + groups[i] * size, 0, size);
}

void ds_acc_parts(const ds_acc *acc, const uint32_t *groups, uint32_t n,
                  ds_arena *a, ds_col *cols, bool *more)
{
    ds_type types[DS_AGG_PARTS];
    if (acc->list) {
        agg_list_parts(acc, groups, n, a, cols, more);
    } else if (acc->agg->type->pieces) {
        acc->agg->type->pieces(acc, groups, n, a, cols, more);
    } else if (groups == NULL) {
        acc->agg->type->split(acc, n, a, cols);
    } else {
        uint32_t n_parts = ds_agg_parts(acc->agg, types);
        for (uint32_t i = 0; i < n_parts; i++)
            cols[i] = ds_col_const(types[i], NULL, n, a);
    }
}

/* ---- results ---- */

void agg_error(const ds_eval *ev, uint32_t n, uint32_t g, const char *code,
               const char *msg)
{
    ds_row_errors_add(ev->errs, ev->arena, n, g, code, 0, msg);
}

void agg_bad_part(const agg_rows *in, uint32_t row)
{
    ds_row_errors_add(in->ev->errs, in->ev->arena, in->n_batch, row, "E0690", 0,
                      "the record of a repartition topic is damaged, or of "
                      "another version of the job");
}

agg_out agg_out_new(ds_type type, uint32_t n, ds_arena *a)
{
    size_t size = ds_type_size(type);
    return (agg_out){ds_arena_alloc(a, size * n + 1, 16),
                     ds_bits_new(a, n, false), size, n, 0};
}

ds_col agg_out_done(const agg_out *o)
{
    return (ds_col){.valid = o->n_set == o->n ? NULL : o->valid,
                    .v.p = o->values};
}

void ds_acc_result(const ds_acc *acc, uint32_t n_groups, const ds_eval *ev,
                   ds_col *out)
{
    if (acc->list)
        agg_list_result(acc, n_groups, ev, out);
    else
        acc->agg->type->result(acc, n_groups, ev, out);
}
