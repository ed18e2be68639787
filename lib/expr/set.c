/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set.c - set-returning functions: a row becomes as many as its set has.
 *
 *     items       (jsonb_each(doc)).key AS k,  name,    upper(name) AS u
 *     slots       doc (the set's argument),    name,    upper(name)
 *     expanded    a row per row of the set: its value, name, u
 *     after       k, computed over the expanded rows
 *
 * A list has one set. Items that name the same one, such as (f(x)).key and
 * (f(x)).value, share it: PostgreSQL's sets advance side by side, so that is
 * the same. A TX_SET in an item is read like a column behind all others.
 */
#include "expr/set_run.h"
#include "expr/words.h"

/* Of a row, and of a batch: what an expression may ask for is bounded. */
enum { SET_MOST = 1000000, SET_MOST_ALL = 1 << 26 };

/* ---- when a list is compiled ---- */

typedef struct set_search {
    const ds_exprs *e;
    ds_arena *arena;
    tx *set;
    const char *canon; /* of `set`, once a second one was found */
    tx *other;         /* a set that is another one */
    uint32_t n;
} set_search;

static const char *set_canon(const set_search *s, tx *x)
{
    return canon_tree(x, s->e->scope.cols, s->e->scope.state, NULL, s->arena);
}

static void find_set(tx *x, void *arg)
{
    set_search *s = arg;
    if (x->kind != TX_SET)
        return;
    x->col = exprs_set_col(&s->e->scope);
    s->n++;
    if (s->set == NULL) {
        s->set = x;
        return;
    }
    if (s->canon == NULL)
        s->canon = set_canon(s, s->set);
    if (s->other == NULL && strcmp(set_canon(s, x), s->canon) != 0)
        s->other = x;
}

/* A set inside something that does not always look at all it is made of, or
 * inside another set. */
static const tx *set_misplaced(const tx *x, tx_kind around)
{
    if (x->kind == TX_SET && around != TX_CALL)
        return x;
    if (x->kind == TX_CASE || x->kind == TX_COALESCE || x->kind == TX_SET)
        around = x->kind;
    const tx *bad = NULL;
    for (uint32_t i = 0; i < x->n_args && !bad; i++)
        bad = set_misplaced(x->args[i], around);
    return bad;
}

const tx *exprs_set_trouble(tx **items, uint32_t n, const ds_scope *scope,
                            ds_arena *a, const char **code, const char **why)
{
    ds_exprs e = {.scope = *scope};
    set_search s = {.e = &e, .arena = a};
    const tx *bad = NULL;
    for (uint32_t i = 0; i < n; i++) {
        if (items[i])
            tx_walk(items[i], find_set, &s);
        if (items[i] && s.set && !bad)
            bad = set_misplaced(items[i], TX_CALL);
    }
    *code = bad ? "E0306" : "E0304";
    *why = bad ? "set-returning functions are not allowed here"
               : "a second set-returning function in a list is not supported";
    return bad ? bad : s.other;
}

uint32_t exprs_set_col(const ds_scope *s)
{
    return exprs_first_agg(s);
}

/* The items with the set in them are computed over the expanded rows. */
void exprs_find_set(ds_exprs *e, ds_arena *a)
{
    set_search s = {.e = e, .arena = a};
    e->set_item = -1;
    e->set = NULL;
    e->of_set = ds_new(a, bool, e->schema.n + 1);
    tx **after = ds_new(a, tx *, e->schema.n + 1);
    uint16_t *numbers = ds_new(a, uint16_t, e->schema.n + 1);
    for (uint32_t i = 0; i < e->schema.n; i++) {
        uint32_t before = s.n;
        numbers[i] = (uint16_t)i;
        tx_walk(e->items[i], find_set, &s);
        e->of_set[i] = s.n > before;
        if (e->of_set[i] && e->set_item < 0)
            e->set_item = (int)i;
        if (e->of_set[i] && e->items[i]->kind != TX_SET)
            after[i] = e->items[i];
    }
    e->set = s.set;
    if (s.set == NULL)
        return;
    gen_input in = {.slots = after, .items = numbers, .n = e->schema.n};
    e->set_prog = gen_program(&in, a);
}

/* ---- what sets are made with ---- */

/* Each row has as many as another, whatever stands beside it. */
static void set_stop(set_ctx *c)
{
    uint32_t most = c->first + SET_MOST;
    c->stop = most < c->cap ? most : c->cap;
}

bool set_grow(set_ctx *c, uint32_t row)
{
    if (c->failed)
        return false;
    if (c->n - c->first >= SET_MOST || c->n >= SET_MOST_ALL) {
        set_fail(c, row, "E0704",
                 c->n >= SET_MOST_ALL
                     ? "the sets of a batch have more than 67108864 rows"
                     : "a set has more than 1000000 rows");
        return false;
    }
    ds_arena *a = c->ev->arena;
    uint32_t cap = 2 * c->cap;
    uint8_t *values = ds_arena_alloc(a, cap * c->size, 16);
    uint32_t *rows = ds_new(a, uint32_t, cap);
    memcpy(values, c->values, c->n * c->size);
    memcpy(rows, c->rows, c->n * sizeof *rows);
    if (c->valid) {
        uint64_t *valid = ds_bits_new(a, cap, true);
        for (uint32_t i = 0; i < c->n; i++)
            if (!ds_bit_get(c->valid, i))
                ds_bit_clear(valid, i);
        c->valid = valid;
    }
    c->values = values;
    c->rows = rows;
    c->cap = cap;
    set_stop(c);
    return true;
}

void set_fail(set_ctx *c, uint32_t row, const char *code, const char *msg)
{
    if (!c->failed)
        run_row_error(c->ev, c->in, row, (uint32_t)c->e->set_item, code, msg);
    c->failed = true;
}

void set_put_null(set_ctx *c, uint32_t row)
{
    if (c->n == c->stop && !set_grow(c, row))
        return;
    if (c->valid == NULL)
        c->valid = ds_bits_new(c->ev->arena, c->cap, true);
    ds_bit_clear(c->valid, c->n);
    c->rows[c->n++] = row;
}

void set_put_parts(set_ctx *c, uint32_t row, ds_slice t, uint8_t sep)
{
    uint32_t part = 0, i = 0;
    for (; i + 8 <= t.len; i += 8) {
        uint64_t hits = zero_bytes(load8(t.ptr + i) ^ eight_of(sep));
        for (; hits; hits &= hits - 1) {
            uint32_t at = i + (uint32_t)__builtin_ctzll(hits) / 8;
            if (t.ptr[at] != sep)
                continue;
            set_put_text(c, row, t.ptr + part, at - part);
            part = at + 1;
        }
    }
    for (; i < t.len; i++)
        if (t.ptr[i] == sep) {
            set_put_text(c, row, t.ptr + part, i - part);
            part = i + 1;
        }
    set_put_text(c, row, t.ptr + part, t.len - part);
}

void set_emit(set_row *row, const ds_value *value, bool is_null)
{
    set_ctx *c = row->ctx;
    if (is_null) {
        set_put_null(c, row->row);
    } else if (c->n < c->stop || set_grow(c, row->row)) {
        uint8_t *to = c->values + c->n * c->size;
        c->rows[c->n++] = row->row;
        /* What most sets are made of, without a call. */
        if (c->size == sizeof(ds_slice))
            memcpy(to, value, sizeof(ds_slice));
        else
            memcpy(to, value, c->size);
    }
    row->done = c->failed;
}

void set_error(set_row *row, const char *code, const char *msg)
{
    set_fail(row->ctx, row->row, code, msg);
    row->done = true;
}

/* ---- the batch ---- */

static void set_call(set_ctx *c, const func_def *f, set_row *row,
                     ds_value *args, bool *nulls)
{
    bool any = false;
    for (uint32_t k = 0; k < c->n_args; k++) {
        nulls[k] = ds_col_is_null(&c->args[k], row->row);
        any = any || nulls[k];
        if (!nulls[k])
            args[k] = ds_col_value(&c->args[k], row->types[k], row->row);
    }
    if (!any || (f->flags & FUNC_NULLS))
        f->set(row, args, nulls);
}

/* What the row has emitted does not count. */
static void set_undo(set_ctx *c)
{
    for (uint32_t i = c->first; c->valid && i < c->n; i++)
        ds_bit_set(c->valid, i);
    c->n = c->first;
}

static void set_each(set_ctx *c, set_row *row)
{
    const func_def *f = c->e->set->f;
    ds_value *args = ds_new(c->ev->arena, ds_value, c->n_args + 1);
    bool *nulls = ds_new(c->ev->arena, bool, c->n_args + 1);
    DS_EACH (c->in, i) {
        if (c->ev->errs->bad && ds_bit_get(c->ev->errs->bad, i))
            continue;
        c->first = c->n;
        set_stop(c);
        c->failed = false;
        row->row = i;
        row->done = false;
        set_call(c, f, row, args, nulls);
        if (c->failed)
            set_undo(c);
    }
}

static void set_expand(set_ctx *c)
{
    const tx *set = c->e->set;
    ds_arena *a = c->ev->arena;
    ds_type *types = ds_new(a, ds_type, set->n_args + 1);
    for (uint32_t k = 0; k < set->n_args; k++)
        types[k] = set->args[k]->type;
    types[set->n_args] = set->type;
    set_row row = {.arena = a,
                   .types = types,
                   .n_args = set->n_args,
                   .data = set->data,
                   .now = c->ev->now,
                   .ctx = c};
    set_each(c, &row);
}

/* Rows that have a set; those made of one row stand together. */
static uint32_t set_from(const set_ctx *c)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n; i++)
        n += i == 0 || c->rows[i] != c->rows[i - 1];
    return n;
}

static const uint32_t *set_records(const set_ctx *c)
{
    if (c->in->env == NULL || c->in->rec == NULL)
        return c->rows;
    uint32_t *rec = ds_new(c->ev->arena, uint32_t, c->n + 1);
    for (uint32_t i = 0; i < c->n; i++)
        rec[i] = c->in->rec[c->rows[i]];
    return rec;
}

static void find_column(tx *x, void *arg)
{
    bool *used = arg;
    if (x->kind == TX_COL)
        used[x->col] = true;
}

/* The input's columns that the items behind the set read, and the set's. */
static ds_col *after_columns(const set_ctx *c, const ds_col *set)
{
    const ds_exprs *e = c->e;
    const ds_scope *scope = &e->scope;
    uint32_t n = exprs_set_col(scope);
    ds_col *cols = ds_new(c->ev->arena, ds_col, n + 1);
    bool *used = ds_new(c->ev->arena, bool, n + 1);
    for (uint32_t i = 0; i < e->schema.n; i++)
        if (e->of_set[i] && e->items[i]->kind != TX_SET)
            tx_walk(e->items[i], find_column, used);
    for (uint32_t k = 0; k < n && scope->cols && k < scope->cols->n; k++)
        if (used[k])
            cols[k] =
                ds_col_gather(&c->in->cols[k], scope->cols->fields[k].type,
                              c->rows, c->n, c->ev->arena);
    cols[n] = *set;
    return cols;
}

/* The items with the set inside an expression. */
static ds_rc set_after(const set_ctx *c, const ds_batch *rows,
                       const ds_col *set, ds_col *out)
{
    const ds_exprs *e = c->e;
    ds_arena *a = c->ev->arena;
    ds_row_errors errs = {0};
    ds_eval ev = {.now = c->ev->now, .arena = a, .errs = &errs};
    ds_type *types = ds_new(a, ds_type, e->schema.n + 1);
    int *skip = ds_new(a, int, e->schema.n + 1);
    ds_col *slots = ds_new(a, ds_col, e->schema.n + 1);
    ds_batch in = *rows;
    in.cols = after_columns(c, set);
    for (uint32_t i = 0; i < e->schema.n; i++) {
        bool after = e->of_set[i] && e->items[i]->kind != TX_SET;
        types[i] = e->schema.fields[i].type;
        skip[i] = after ? -1 : 0;
    }
    DS_TRY(run_eval(e->set_prog, &in, &ev, types, slots, e->schema.n, skip));
    for (uint32_t i = 0; i < e->schema.n; i++)
        if (skip[i] < 0)
            out[i] = slots[i];
    for (uint32_t i = 0; i < errs.n; i++)
        run_row_error(c->ev, c->in, c->rows[errs.list[i].row],
                      errs.list[i].item, errs.list[i].code, errs.list[i].msg);
    return DS_OK;
}

static set_ctx set_begin(const ds_exprs *e, const ds_batch *in,
                         const ds_eval *ev, const ds_col *slots)
{
    set_ctx c = {.e = e, .in = in, .ev = ev, .n_args = e->set->n_args};
    c.args = slots + e->set_slot;
    c.type = e->set->type;
    c.size = ds_type_size(c.type);
    c.cap = 4 * in->n_sel + 16;
    c.values = ds_arena_alloc(ev->arena, c.cap * c.size, 16);
    c.rows = ds_new(ev->arena, uint32_t, c.cap);
    return c;
}

ds_rc ds_exprs_eval_set(const ds_exprs *e, const ds_batch *in,
                        const ds_eval *ev, const ds_batch **out,
                        uint32_t *n_from, ds_err *err)
{
    ds_arena *a = ev->arena;
    if (e->set == NULL)
        return ds_fail(err, DS_E_INVALID, "the list returns no set");
    ds_col *slots = ds_new(a, ds_col, e->n_slots + 1);
    DS_TRY(exprs_eval_slots(e, in, ev, slots));
    set_ctx c = set_begin(e, in, ev, slots);
    set_expand(&c);

    ds_batch *b = ds_new(a, ds_batch, 1);
    ds_col *cols = ds_new(a, ds_col, e->schema.n + 1);
    ds_col set = {.valid = c.valid, .v.p = c.values};
    *b = (ds_batch){.schema = &e->schema,
                    .cols = cols,
                    .n = c.n,
                    .n_sel = c.n,
                    .env = in->env,
                    .rec = set_records(&c),
                    .arena = a};
    bool after = false;
    for (uint32_t i = 0, slot = e->set_slot + c.n_args; i < e->schema.n; i++) {
        if (!e->of_set[i])
            cols[i] = ds_col_gather(&slots[slot++], e->schema.fields[i].type,
                                    c.rows, c.n, a);
        else if (e->items[i]->kind == TX_SET)
            cols[i] = set;
        else
            after = true;
    }
    if (after)
        DS_TRY(set_after(&c, b, &set, cols));
    *n_from = set_from(&c);
    *out = b;
    return DS_OK;
}
