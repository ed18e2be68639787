/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_pair.c - a function of two rows as an aggregate.
 *
 * The state of a group is a row of values, or nothing yet. Rows that come are
 * brought together two by two, all pairs of all groups in one evaluation, then
 * the results of those, and so on: as many evaluations as the logarithm of the
 * largest group.
 *
 *     group 0:   state r1 r2 r3 r4        f f .      f .      f
 *     group 1:   r1 r2                     f
 *
 * Where the function fails its group keeps why, and has no result.
 */
#include <stdlib.h>

#include "expr/agg.h"
#include "record/nested.h"
#include "record/show.h"

typedef struct pair_fn {
    const ds_exprs *reduce, *inverse;
    const ds_schema *values;
    ds_type row; /* a row of them */
} pair_fn;

typedef struct pair_state {
    ds_value *vals; /* NULL: no row came yet */
    bool *nulls;
    const char *code, *msg; /* why the function failed; NULL: it did not */
} pair_state;

/* Rows by column, in the order of their groups. */
typedef struct pair_rows {
    const pair_fn *fn;
    const ds_eval *ev;
    uint32_t n;
    ds_col *cols;
    uint32_t *group;
} pair_rows;

static const pair_fn *fn_of(const ds_acc *acc)
{
    return acc->agg->data;
}

/* ---- rows in order ---- */

static int u64_order(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

/* group | row number, in order. */
static uint64_t *rows_sort(const agg_rows *in)
{
    uint64_t *list = ds_new(in->ev->arena, uint64_t, in->n + 1);
    uint32_t n = 0;
    bool sorted = true;
    AGG_EACH(in, i)
    {
        list[n] = (uint64_t)in->group[i] << 32 | i;
        sorted = sorted && (n == 0 || list[n - 1] < list[n]);
        n++;
    }
    if (!sorted)
        qsort(list, n, sizeof *list, u64_order);
    return list;
}

static pair_rows rows_new(const pair_fn *fn, const ds_eval *ev, uint32_t cap)
{
    pair_rows r = {.fn = fn, .ev = ev};
    r.cols = ds_new(ev->arena, ds_col, fn->values->n + 1);
    r.group = ds_new(ev->arena, uint32_t, cap + 1);
    return r;
}

/* The states of the groups that rows come to, each before the rows. */
static pair_rows rows_with_states(const ds_acc *acc, const agg_rows *in)
{
    const pair_fn *fn = fn_of(acc);
    const pair_state *states = acc->state;
    uint64_t *list = rows_sort(in);
    pair_rows r = rows_new(fn, in->ev, 2 * in->n);
    uint32_t *from = ds_new(in->ev->arena, uint32_t, 2 * (size_t)in->n + 1);
    for (uint32_t k = 0; k < in->n; k++) {
        uint32_t g = (uint32_t)(list[k] >> 32);
        bool first = k == 0 || g != (uint32_t)(list[k - 1] >> 32);
        if (first && states[g].vals) {
            from[r.n] = UINT32_MAX;
            r.group[r.n++] = g;
        }
        from[r.n] = (uint32_t)list[k];
        r.group[r.n++] = g;
    }
    for (uint32_t c = 0; c < fn->values->n; c++) {
        ds_type type = fn->values->fields[c].type;
        ds_col_builder b;
        ds_col_builder_init(&b, type, in->ev->arena, r.n);
        for (uint32_t k = 0; k < r.n; k++) {
            const pair_state *s = &states[r.group[k]];
            bool state = s->vals && from[k] == UINT32_MAX;
            if (state ? s->nulls[c] : ds_col_is_null(&in->cols[c], from[k])) {
                ds_col_builder_add_null(&b);
                continue;
            }
            ds_value v =
                state ? s->vals[c] : ds_col_value(&in->cols[c], type, from[k]);
            ds_col_builder_add(&b, &v);
        }
        r.cols[c] = ds_col_builder_done(&b);
    }
    return r;
}

/* ---- two by two ---- */

static void group_fails(ds_acc *acc, uint32_t g, const ds_row_error *e)
{
    pair_state *s = AGG_STATE(acc, pair_state, g);
    if (s->code)
        return;
    s->code = e->code;
    s->msg = ds_str_copy(acc->arena, e->msg);
}

/* f(a, b) for n rows each; who fails is NULL and its group has failed. */
static void pairs_eval(ds_acc *acc, const ds_exprs *f, const pair_rows *r,
                       const uint32_t *left, const uint32_t *right, uint32_t n,
                       ds_col *out)
{
    const pair_fn *fn = r->fn;
    ds_arena *a = r->ev->arena;
    uint32_t width = fn->values->n;
    ds_col *cols = ds_new(a, ds_col, 2 * (size_t)width + 1);
    ds_row_errors errs = {0};
    ds_eval ev = {r->ev->now, a, &errs};
    ds_batch in = {
        .schema = f->scope.cols, .cols = cols, .n = n, .n_sel = n, .arena = a};
    ds_err err;
    for (uint32_t c = 0; c < width; c++) {
        ds_type type = fn->values->fields[c].type;
        cols[c] = ds_col_gather(&r->cols[c], type, left, n, a);
        cols[width + c] = ds_col_gather(&r->cols[c], type, right, n, a);
    }
    /* It fails as a whole for sets only, and those are refused before. */
    DS_BUG_ON(ds_exprs_eval(f, &in, &ev, out, &err) != DS_OK);
    for (uint32_t i = 0; i < errs.n; i++)
        group_fails(acc, r->group[left[errs.list[i].row]], &errs.list[i]);
    for (uint32_t c = 0; c < width && errs.n; c++) {
        uint64_t *valid = ds_bits_new(a, n, true);
        for (uint32_t i = 0; i < n; i++)
            if (ds_bit_get(errs.bad, i) || ds_col_is_null(&out[c], i))
                ds_bit_clear(valid, i);
        out[c].valid = valid;
    }
}

/* What comes of one pass: results of pairs, and rows left over. */
static pair_rows pairs_join(const pair_rows *r, const ds_col *made,
                            const uint32_t *from, const uint32_t *group,
                            uint32_t n)
{
    const ds_schema *values = r->fn->values;
    pair_rows out = rows_new(r->fn, r->ev, n);
    out.n = n;
    memcpy(out.group, group, n * sizeof *group);
    for (uint32_t c = 0; c < values->n; c++) {
        ds_type type = values->fields[c].type;
        ds_col_builder b;
        uint32_t pair = 0;
        ds_col_builder_init(&b, type, r->ev->arena, n);
        for (uint32_t k = 0; k < n; k++) {
            bool of_pair = from[k] == UINT32_MAX;
            const ds_col *col = of_pair ? &made[c] : &r->cols[c];
            uint32_t at = of_pair ? pair++ : from[k];
            if (ds_col_is_null(col, at)) {
                ds_col_builder_add_null(&b);
                continue;
            }
            ds_value v = ds_col_value(col, type, at);
            ds_col_builder_add(&b, &v);
        }
        out.cols[c] = ds_col_builder_done(&b);
    }
    return out;
}

/* One pass; false: no group has two rows any more. */
static bool pairs_pass(ds_acc *acc, pair_rows *r)
{
    ds_arena *a = r->ev->arena;
    uint32_t *left = ds_new(a, uint32_t, r->n + 1);
    uint32_t *right = ds_new(a, uint32_t, r->n + 1);
    uint32_t *from = ds_new(a, uint32_t, r->n + 1);
    uint32_t *group = ds_new(a, uint32_t, r->n + 1);
    ds_col *made = ds_new(a, ds_col, r->fn->values->n + 1);
    uint32_t n = 0, pairs = 0;
    for (uint32_t k = 0; k < r->n; n++) {
        bool two = k + 1 < r->n && r->group[k] == r->group[k + 1];
        from[n] = two ? UINT32_MAX : k;
        group[n] = r->group[k];
        if (two) {
            left[pairs] = k;
            right[pairs++] = k + 1;
        }
        k += two ? 2 : 1;
    }
    if (pairs == 0)
        return false;
    pairs_eval(acc, r->fn->reduce, r, left, right, pairs, made);
    *r = pairs_join(r, made, from, group, n);
    return true;
}

/* ---- states ---- */

static void state_set(ds_acc *acc, const pair_rows *r, uint32_t k)
{
    const ds_schema *values = r->fn->values;
    pair_state *s = AGG_STATE(acc, pair_state, r->group[k]);
    if (s->vals == NULL) {
        s->vals = ds_new(acc->arena, ds_value, values->n + 1);
        s->nulls = ds_new(acc->arena, bool, values->n + 1);
    }
    for (uint32_t c = 0; c < values->n; c++) {
        ds_type type = values->fields[c].type;
        s->nulls[c] = ds_col_is_null(&r->cols[c], k);
        if (!s->nulls[c])
            s->vals[c] =
                agg_keep(acc, type, ds_col_value(&r->cols[c], type, k));
    }
}

static void pair_add(ds_acc *acc, const agg_rows *in)
{
    if (in->n == 0)
        return;
    acc->copies = acc->arena != in->ev->arena;
    pair_rows r = rows_with_states(acc, in);
    while (pairs_pass(acc, &r))
        ;
    for (uint32_t k = 0; k < r.n; k++)
        state_set(acc, &r, k);
}

/* ---- parts: a row each ---- */

/* Rows of parts as columns. */
static ds_col *parts_cols(const pair_fn *fn, const agg_rows *in)
{
    ds_arena *a = in->ev->arena;
    ds_col *cols = ds_new(a, ds_col, fn->values->n + 1);
    for (uint32_t c = 0; c < fn->values->n; c++) {
        size_t size = ds_type_size(fn->values->fields[c].type);
        uint8_t *values = ds_arena_alloc(a, size * in->n_batch + 1, 16);
        uint64_t *valid = ds_bits_new(a, in->n_batch, false);
        AGG_EACH(in, i)
        {
            ds_value v;
            ds_slice part = in->cols[0].v.str[i];
            if (!nested_valid(fn->row, part)) {
                agg_bad_part(in, i);
                continue;
            }
            if (!row_get(fn->row, part, c, &v))
                continue;
            memcpy(values + i * size, &v, size);
            ds_bit_set(valid, i);
        }
        cols[c] = (ds_col){.valid = valid, .v.p = values};
    }
    return cols;
}

static void pair_merge(ds_acc *acc, const agg_rows *in)
{
    agg_rows rows = *in;
    rows.cols = parts_cols(fn_of(acc), in);
    pair_add(acc, &rows);
}

/* One row of each group, of those in list[at..n) of which it has no other
 * before; the rest moves up. */
static uint32_t firsts(const uint64_t *list, uint32_t n, uint64_t *now,
                       uint64_t *rest)
{
    uint32_t took = 0, left = 0;
    for (uint32_t k = 0; k < n; k++)
        if (k == 0 || list[k] >> 32 != list[k - 1] >> 32)
            now[took++] = list[k];
        else
            rest[left++] = list[k];
    return took;
}

/* The inverse of the state and a row, for groups that have one each. */
static void pair_take(ds_acc *acc, const agg_rows *in, const ds_col *parts,
                      const uint64_t *list, uint32_t n)
{
    const pair_fn *fn = fn_of(acc);
    agg_rows one = *in;
    uint32_t *sel = ds_new(in->ev->arena, uint32_t, n + 1);
    uint32_t *left = ds_new(in->ev->arena, uint32_t, n + 1);
    uint32_t *right = ds_new(in->ev->arena, uint32_t, n + 1);
    for (uint32_t k = 0; k < n; k++)
        sel[k] = (uint32_t)list[k];
    one.sel = sel;
    one.n = n;
    one.cols = parts;
    pair_rows r = rows_with_states(acc, &one);
    pair_rows made = rows_new(fn, in->ev, n);
    for (uint32_t k = 0; k + 1 < r.n; k += 2) {
        left[made.n] = k;
        right[made.n] = k + 1;
        made.group[made.n++] = r.group[k];
    }
    pairs_eval(acc, fn->inverse, &r, left, right, made.n, made.cols);
    for (uint32_t k = 0; k < made.n; k++)
        state_set(acc, &made, k);
}

/* Every group has a state: what is taken out was brought in. */
static void pair_subtract(ds_acc *acc, const agg_rows *in)
{
    ds_arena *a = in->ev->arena;
    const pair_state *states = acc->state;
    const ds_col *parts = parts_cols(fn_of(acc), in);
    uint64_t *list = rows_sort(in), *now = ds_new(a, uint64_t, in->n + 1);
    uint32_t n = 0;
    for (uint32_t k = 0; k < in->n; k++)
        if (states[list[k] >> 32].vals)
            list[n++] = list[k];
    while (n > 0) {
        uint64_t *rest = ds_new(a, uint64_t, n);
        uint32_t took = firsts(list, n, now, rest);
        pair_take(acc, in, parts, now, took);
        list = rest;
        n -= took;
    }
}

static void pair_split(const ds_acc *acc, uint32_t n, ds_arena *a, ds_col *cols)
{
    const pair_fn *fn = fn_of(acc);
    agg_out out = agg_out_new(DS_BYTES, n, a);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const pair_state *s = AGG_STATE(acc, pair_state, g);
        if (s->vals == NULL)
            continue;
        ds_slice row = row_make(fn->row, s->vals, s->nulls, a);
        agg_out_set(&out, g, &row);
    }
    cols[0] = agg_out_done(&out);
}

static void pair_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                        ds_col *out)
{
    const pair_fn *fn = fn_of(acc);
    agg_out rows = agg_out_new(fn->row, n, ev->arena);
    for (uint32_t g = 0; g < agg_known(acc, n); g++) {
        const pair_state *s = AGG_STATE(acc, pair_state, g);
        if (s->code)
            agg_error(ev, n, g, s->code, s->msg);
        if (s->vals == NULL)
            continue;
        ds_slice row = row_make(fn->row, s->vals, s->nulls, ev->arena);
        agg_out_set(&rows, g, &row);
    }
    *out = agg_out_done(&rows);
}

#define PAIR(name, back)                                                       \
    static const agg_type name = {                                             \
        .size = sizeof(pair_state),                                            \
        .flags = AGG_NULLS | AGG_FAILS,                                        \
        .parts = {DS_BYTES},                                                   \
        .add = pair_add,                                                       \
        .merge = pair_merge,                                                   \
        .subtract = (back),                                                    \
        .split = pair_split,                                                   \
        .result = pair_result,                                                 \
    };
PAIR(agg_pair, NULL)
PAIR(agg_pair_inverse, pair_subtract)

/* ---- making one ---- */

const ds_schema *ds_pair_schema(const ds_schema *values, ds_arena *a)
{
    ds_schema *both = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, 2 * (size_t)values->n + 1);
    for (uint32_t i = 0; i < 2 * values->n; i++) {
        bool b = i >= values->n;
        fields[i] = values->fields[b ? i - values->n : i];
        fields[i].not_null = false;
        fields[i].name =
            ds_str_printf(a, "%c.%s", b ? 'b' : 'a', fields[i].name);
    }
    *both = (ds_schema){2 * values->n, fields};
    return both;
}

/* Expressions that cannot be wrong. */
static ds_exprs *exprs_sure(const ds_schema *names, const char *const *texts,
                            const ds_schema *cols, ds_arena *a)
{
    ds_scope scope = {.cols = cols};
    ds_text *list = ds_new(a, ds_text, 2 * (size_t)names->n + 1);
    ds_exprs *e = NULL;
    ds_diags d;
    ds_diags_init(&d, a);
    for (uint32_t i = 0; i < names->n; i++) {
        list[i] = ds_text_of(names->fields[i].name);
        list[names->n + i] = ds_text_of(texts[i]);
    }
    DS_BUG_ON(ds_exprs_compile_named(list, list + names->n, names->n, &scope, a,
                                     &d, &e) != DS_OK);
    return e;
}

/* The values among the columns of a row. */
static const ds_exprs *values_of(const ds_schema *rows, const uint16_t *cols,
                                 const ds_schema *values, ds_arena *a)
{
    const char **texts = ds_new(a, const char *, values->n + 1);
    for (uint32_t i = 0; i < values->n; i++)
        texts[i] = ds_show_name(rows->fields[cols[i]].name, a);
    return exprs_sure(values, texts, rows, a);
}

/* The fields of the aggregate's row, which stands behind the key. */
static ds_exprs *fields_of_row(const ds_schema *key, const ds_schema *values,
                               ds_type row, ds_arena *a)
{
    const char **texts = ds_new(a, const char *, values->n + 1);
    ds_field *fields = ds_new(a, ds_field, key->n + 1);
    ds_schema cols = {key->n + 1, fields};
    memcpy(fields, key->fields, key->n * sizeof *fields);
    fields[key->n] = (ds_field){"$row", row, ds_mod_row(values), false};
    for (uint32_t i = 0; i < values->n; i++)
        texts[i] = ds_str_printf(a, "(\"$row\").%s",
                                 ds_show_name(values->fields[i].name, a));
    return exprs_sure(values, texts, &cols, a);
}

/* Whether the inverse gives back exactly what was there: not of floating point,
 * which drifts, nor where a NULL may come, which nothing takes out. */
static bool is_exact(const ds_exprs *inverse, const ds_schema *rows,
                     const uint16_t *cols, const ds_schema *values)
{
    for (uint32_t i = 0; inverse && i < values->n; i++)
        if (!rows->fields[cols[i]].not_null ||
            ds_type_phys(values->fields[i].type) == DS_PHYS_F64)
            return false;
    return inverse != NULL;
}

static const char *pair_canon(const ds_exprs *reduce, const ds_exprs *inverse,
                              ds_arena *a)
{
    return ds_str_printf(a, "pair(%s; %s)", ds_exprs_canon(reduce, a),
                         inverse ? ds_exprs_canon(inverse, a) : "");
}

void ds_exprs_pair(const ds_exprs *reduce, const ds_exprs *inverse,
                   const ds_schema *rows, const uint16_t *cols,
                   const ds_schema *key, ds_arena *a, ds_exprs **out)
{
    const ds_schema *values = ds_exprs_schema(reduce);
    pair_fn *fn = ds_new(a, pair_fn, 1);
    ds_agg *agg = ds_new(a, ds_agg, 1);
    const ds_agg **aggs = ds_new(a, const ds_agg *, 1);
    ds_exprs *e;
    *fn = (pair_fn){reduce, inverse, values, ds_row_type(values)};
    agg->type =
        is_exact(inverse, rows, cols, values) ? &agg_pair_inverse : &agg_pair;
    agg->out = fn->row;
    agg->n_args = agg->n_cols = values->n;
    agg->args = ds_new(a, ds_type, values->n + 1);
    for (uint32_t i = 0; i < values->n; i++)
        agg->args[i] = values->fields[i].type;
    agg->prog = values_of(rows, cols, values, a);
    agg->data = fn;
    agg->canon = pair_canon(reduce, inverse, a);
    e = fields_of_row(key, values, fn->row, a);
    aggs[0] = agg;
    e->aggs = aggs;
    e->n_aggs = 1;
    e->scope = (ds_scope){.cols = key, .rows = rows};
    for (uint32_t i = 0; i < values->n; i++)
        e->canons[i] =
            ds_str_printf(a, "%s.%s", agg->canon, values->fields[i].name);
    *out = e;
}
