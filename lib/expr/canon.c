/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canon.c - a typed tree as text, fully bracketed, with every type: two
 * expressions with the same text do the same, whatever their spelling was.
 */
#include <stdio.h>

#include "expr/func.h"
#include "record/show.h"

typedef struct canon {
    ds_buf out;
    const ds_schema *cols, *state;
    const char *const *aggs;
    int lets;
} canon;

static void canon_shown(canon *c, ds_type type, ds_value v)
{
    ds_buf text;
    ds_col col = {.v.p = &v};
    ds_buf_init(&text, c->out.arena, 64);
    ds_show_text(&text, type, &col, 0);
    ds_show_json_str(&c->out, (ds_slice){(const uint8_t *)text.s, text.len});
}

static void canon_value(canon *c, ds_type type, ds_value v)
{
    char room[40];
    switch (type) {
    case DS_BOOL:
        ds_buf_str(&c->out, v.b ? "true" : "false");
        break;
    case DS_I16:
    case DS_I32:
    case DS_I64:
    case DS_DATE:
    case DS_TIME:
    case DS_TIMESTAMP:
    case DS_TS:
        ds_buf_printf(&c->out, "%lld", (long long)v.i);
        break;
    case DS_F32:
    case DS_F64:
        snprintf(room, sizeof room, "%.17g", v.f);
        ds_buf_str(&c->out, room);
        break;
    case DS_IV:
        ds_buf_printf(&c->out, "%d mons %d days %lld us", (int)v.iv.months,
                      (int)v.iv.days, (long long)v.iv.us);
        break;
    case DS_NONE:
    case DS_STR:
        ds_show_json_str(&c->out, v.s);
        break;
    default:
        canon_shown(c, type, v);
    }
}

static void canon_const(canon *c, const tx *x)
{
    if (x->null)
        ds_buf_str(&c->out, "NULL");
    else
        canon_value(c, x->type, x->v);
    ds_buf_printf(&c->out, "::%s", ds_type_name(x->type));
}

static void canon_column(canon *c, const tx *x)
{
    uint32_t i = x->col, n_cols = c->cols ? c->cols->n : 0;
    uint32_t n_state = c->state ? c->state->n : 0;
    if (i < n_cols)
        ds_show_json_str(&c->out, ds_slice_of(c->cols->fields[i].name));
    else if (i < n_cols + n_state)
        ds_buf_printf(&c->out, "state.%s", c->state->fields[i - n_cols].name);
    else if (c->aggs)
        ds_buf_str(&c->out, c->aggs[i - n_cols - n_state]);
    else
        ds_buf_printf(&c->out, "$%u", i);
    ds_buf_printf(&c->out, "::%s", ds_type_name(x->type));
}

static void canon_set(canon *c, const cmp_set *set, ds_type type)
{
    size_t size = ds_type_size(type);
    for (uint32_t i = 0; i < set->n; i++) {
        ds_value v = {.i = 0};
        memcpy(&v, (const uint8_t *)set->values + i * size, size);
        ds_buf_str(&c->out, " ");
        canon_value(c, type, v);
    }
    if (set->null)
        ds_buf_str(&c->out, " NULL");
}

static const char *canon_head(const tx *x)
{
    switch (x->kind) {
    case TX_AND:
        return "and";
    case TX_OR:
        return "or";
    case TX_CASE:
        return "case";
    case TX_COALESCE:
        return "coalesce";
    case TX_LET:
        return "let";
    default:
        return x->f->name;
    }
}

static void canon_node(canon *c, tx *x)
{
    static const char *const metas[] = {"_key",       "_ts",     "_topic",
                                        "_partition", "_offset", "_headers"};
    if (x->bound) {
        ds_buf_printf(&c->out, "$%d", x->bound);
        return;
    }
    switch (x->kind) {
    case TX_CONST:
        canon_const(c, x);
        return;
    case TX_COL:
        canon_column(c, x);
        return;
    case TX_META:
        ds_buf_str(&c->out, metas[x->col]);
        return;
    case TX_NOW:
        ds_buf_str(&c->out, "now");
        return;
    default:
        break;
    }
    ds_buf_printf(&c->out, "(%s", canon_head(x));
    for (uint32_t i = 0; i < x->n_args; i++) {
        ds_buf_str(&c->out, " ");
        canon_node(c, x->args[i]);
        if (x->kind == TX_LET && i == 0)
            x->args[0]->bound = ++c->lets;
    }
    if (x->kind == TX_LET)
        x->args[0]->bound = 0;
    if (x->f && strcmp(x->f->name, "in") == 0)
        canon_set(c, x->data, x->args[0]->type);
    ds_buf_printf(&c->out, ")::%s", ds_type_name(x->type));
}

const char *canon_tree(tx *x, const ds_schema *cols, const ds_schema *state,
                       const char *const *aggs, ds_arena *a)
{
    canon c = {.cols = cols, .state = state, .aggs = aggs};
    ds_buf_init(&c.out, a, 128);
    canon_node(&c, x);
    ds_buf_add(&c.out, "", 1);
    return c.out.s;
}
