/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - questions to a compiled list.
 */
#include "expr/agg.h"
#include "record/show.h"

const ds_schema *ds_exprs_schema(const ds_exprs *e)
{
    return &e->schema;
}

int ds_exprs_plain(const ds_exprs *e, uint32_t i)
{
    const tx *x = e->items[i];
    if (x->kind != TX_COL || x->col >= exprs_first_state(&e->scope))
        return -1;
    return (int)x->col;
}

typedef struct reads {
    uint32_t col;
    bool found;
} reads;

static void reads_node(tx *x, void *arg)
{
    reads *r = arg;
    r->found = r->found || (x->kind == TX_COL && x->col == r->col);
}

bool ds_exprs_reads(const ds_exprs *e, uint32_t c)
{
    reads r = {.col = c};
    for (uint32_t i = 0; i < e->schema.n && !r.found; i++)
        tx_walk(e->items[i], reads_node, &r);
    return r.found;
}

bool ds_exprs_rows_read(const ds_exprs *e, uint32_t c)
{
    for (uint32_t i = 0; i < e->n_aggs; i++)
        if ((e->aggs[i]->prog && ds_exprs_reads(e->aggs[i]->prog, c)) ||
            (e->aggs[i]->filter && ds_exprs_reads(e->aggs[i]->filter, c)))
            return true;
    return false;
}

bool ds_exprs_uses_now(const ds_exprs *e)
{
    return e->uses_now;
}

bool ds_exprs_uses_count(const ds_exprs *e)
{
    for (uint32_t i = 0; i < e->n_aggs; i++)
        if (agg_is_count(e->aggs[i]))
            return true;
    return false;
}

int ds_exprs_set_item(const ds_exprs *e)
{
    return e->set_item;
}

/* Whether its value is certainly not NULL, whatever comes in. */
static bool never_null(const tx *x, uint32_t aggs, const bool *is_count)
{
    if (x->kind == TX_CONST)
        return !x->null;
    if (x->kind == TX_COL)
        return x->col >= aggs && is_count[x->col - aggs];
    bool some = x->kind == TX_COALESCE;
    bool sum = x->kind == TX_CALL && x->n_args == 2 &&
               (strcmp(x->f->name, "+") == 0 || strcmp(x->f->name, "-") == 0);
    if (!some && !sum)
        return false;
    for (uint32_t i = 0; i < x->n_args; i++)
        if (never_null(x->args[i], aggs, is_count) == some)
            return some;
    return sum;
}

bool ds_exprs_idle_keeps(const ds_exprs *e, bool given)
{
    const ds_schema *state = e->scope.state;
    if (state == NULL || state->n != e->schema.n)
        return false;
    ds_arena *a = ds_arena_new(4096);
    uint32_t first = exprs_first_state(&e->scope);
    bool *is_count = ds_new(a, bool, e->n_aggs + 1);
    for (uint32_t i = 0; i < e->n_aggs; i++)
        is_count[i] = agg_is_count(e->aggs[i]);
    uint32_t aggs = exprs_first_agg(&e->scope);
    bool keeps = true;
    for (uint32_t i = 0; i < e->schema.n && keeps; i++) {
        bool kept = state->n == 1 ||
                    (!given && never_null(e->items[i], aggs, is_count));
        const tx *x = fold_idle(e->items[i], aggs, is_count,
                                kept ? (int)(first + i) : -1, a);
        keeps = x->kind == TX_COL && x->col == first + i;
    }
    ds_arena_free(a);
    return keeps;
}

const ds_agg *const *ds_exprs_aggs(const ds_exprs *e, uint32_t *n)
{
    *n = e->n_aggs;
    return e->aggs;
}

const char *ds_exprs_canon(const ds_exprs *e, ds_arena *a)
{
    ds_buf b;
    ds_buf_init(&b, a, 256);
    for (uint32_t i = 0; i < e->schema.n; i++) {
        ds_buf_printf(&b, "%s%s AS ", i ? ", " : "", e->canons[i]);
        ds_show_json_str(&b, ds_slice_of(e->schema.fields[i].name));
    }
    ds_buf_add(&b, "", 1);
    return b.s;
}
