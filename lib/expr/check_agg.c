/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_agg.c - calls of aggregates: what they see, DISTINCT, FILTER, ORDER BY.
 *
 * An aggregate is computed beside the list; in its tree it is a column.
 */
#include "expr/agg_kinds.h"
#include "expr/check.h"
#include "record/show.h"

static const agg_type *any_type(const char *name)
{
    for (uint32_t i = 0; i < func_agg_count; i++)
        if (strcmp(func_agg[i].name, name) == 0)
            return func_agg[i].agg;
    return NULL;
}

bool check_is_agg(const char *name)
{
    return any_type(name) || strcmp(name, "json_agg") == 0 ||
           strcmp(name, "json_object_agg") == 0;
}

/* Aggregates that are the same are computed once. */
static uint32_t agg_add(check *c, const ds_agg *agg)
{
    for (uint32_t i = 0; i < c->n_aggs; i++)
        if (strcmp(c->aggs[i]->canon, agg->canon) == 0)
            return i;
    if (c->n_aggs == c->cap_aggs) {
        uint32_t cap = c->cap_aggs ? 2 * c->cap_aggs : 8;
        const ds_agg **more = ds_new(c->arena, const ds_agg *, cap);
        for (uint32_t i = 0; i < c->n_aggs; i++)
            more[i] = c->aggs[i];
        c->aggs = more;
        c->cap_aggs = cap;
    }
    c->aggs[c->n_aggs] = agg;
    return c->n_aggs++;
}

/* ---- where and how ---- */

static bool refuse(check *c, const ds_node *n, const char *code,
                   const char *hint, const char *msg)
{
    check_fail(c, code, n->at, n->len, hint, "%s", msg);
    return false;
}

static bool place_allowed(check *c, const ds_node *n)
{
    if (c->in_filter)
        return refuse(c, n, "E0305", NULL,
                      "aggregate functions are not allowed in FILTER");
    if (c->in_agg)
        return refuse(c, n, "E0305", NULL,
                      "aggregate function calls cannot be nested");
    if (c->place) {
        check_fail(c, "E0305", n->at, n->len, NULL,
                   "aggregate functions are not allowed in %s", c->place);
        return false;
    }
    if (c->scope->rows == NULL)
        return refuse(c, n, "E0305",
                      "aggregates stand in reduceByKey and updateStateByKey",
                      "aggregate functions are not allowed here");
    if (strncmp(n->name, "json_", 5) == 0)
        return refuse(c, n, "E0304",
                      strcmp(n->name, "json_agg") ? "write jsonb_object_agg"
                                                  : "write jsonb_agg",
                      "there is no type json, only jsonb");
    return true;
}

static bool call_allowed(check *c, const ds_node *n)
{
    const ds_call *call = n->call;
    bool count = strcmp(n->name, "count") == 0;
    if (call->variadic || call->names)
        return refuse(c, n, "E0304", NULL,
                      call->names
                          ? "a named argument of an aggregate is not supported"
                          : "VARIADIC in an aggregate is not supported");
    if (n->n_args == 0 && !n->i && count)
        return refuse(c, n, "E0302", NULL,
                      "count(*) must be used to call a parameterless aggregate "
                      "function");
    if (n->i && call->distinct)
        return refuse(c, n, "E0302", NULL,
                      "DISTINCT specified, but count(*) has no argument");
    return true;
}

/* ---- arguments ---- */

typedef check_parts parts;

static tx *inside(check *c, const ds_node *n, bool filter)
{
    c->in_agg = true;
    c->in_filter = filter;
    c->at_root = false;
    tx *x = check_node(c, n);
    c->in_agg = false;
    c->in_filter = false;
    return x;
}

static bool inside_args(check *c, const ds_node *n, parts *p)
{
    const ds_call *call = n->call;
    bool ok = true;
    p->args = ds_new(c->arena, tx *, n->n_args + call->n_order + 1);
    p->keys = ds_new(c->arena, tx *, call->n_order + 1);
    p->n_keys = call->n_order;
    for (uint32_t i = 0; i < n->n_args; i++) {
        p->args[p->n_args] = inside(c, n->args[i], false);
        ok = p->args[p->n_args++] && ok;
    }
    for (uint32_t i = 0; i < call->n_order; i++) {
        p->keys[i] = inside(c, call->order[i].expr, false);
        ok = p->keys[i] && ok;
    }
    for (uint32_t i = 0; call->within && i < call->n_order; i++)
        p->args[p->n_args++] = p->keys[i];
    if (call->filter) {
        p->filter = inside(c, call->filter, true);
        if (p->filter)
            p->filter = check_bool(c, p->filter, "FILTER");
        ok = ok && p->filter;
    }
    return ok;
}

static bool within_allowed(check *c, const ds_node *n, const func_def *f)
{
    bool within = f->agg->flags & AGG_WITHIN;
    if (within == n->call->within)
        return true;
    check_fail(c, "E0302", n->at, n->len, NULL,
               within ? "WITHIN GROUP is required for ordered-set aggregate %s"
                      : "%s is not an ordered-set aggregate, so it cannot have "
                        "WITHIN GROUP",
               n->name);
    return false;
}

static bool resolved(check *c, const ds_node *n, parts *p)
{
    ds_type *types = ds_new(c->arena, ds_type, p->n_args + 1);
    func_match m;
    ds_node call = *n;
    for (uint32_t i = 0; i < p->n_args; i++)
        types[i] = p->args[i]->type;
    call.n_args = p->n_args;
    if (strcmp(n->name, "array_agg") == 0 && p->n_args == 1 &&
        ds_type_elem(types[0]) != DS_NONE)
        return refuse(c, n, "E0304", "jsonb_agg takes arrays",
                      "array_agg of arrays is not supported: arrays have one "
                      "dimension");
    func_found found = func_resolve(n->name, types, p->n_args, c->arena, &m);
    if (found == FUNC_UNKNOWN)
        return refuse(c, n, "E0302", "cast the argument",
                      "could not determine polymorphic type because input has "
                      "type unknown");
    if (found != FUNC_OK || (n->i && m.f->n_args)) {
        check_no_function(c, &call, p->args, found != FUNC_AMBIGUOUS);
        return false;
    }
    if (!within_allowed(c, n, m.f))
        return false;
    p->f = m.f;
    p->result = m.result;
    for (uint32_t i = 0; i < p->n_args; i++)
        if ((p->args[i] = check_coerce(c, p->args[i], m.args[i])) == NULL)
            return false;
    for (uint32_t i = 0; n->call->within && i < p->n_keys; i++)
        p->keys[i] = p->args[p->n_args - p->n_keys + i];
    return true;
}

/* ---- columns ---- */

typedef struct columns {
    check *c;
    ds_agg *agg;
    tx **list;
    const char **canons;
    uint32_t n;
} columns;

static const char *rows_canon(check *c, tx *x)
{
    static const ds_schema none = {0, NULL};
    return canon_tree(x, c->scope->rows ? c->scope->rows : &none, NULL, NULL,
                      c->arena);
}

static uint32_t column_add(columns *cols, tx *x)
{
    x = x->type == DS_NONE ? check_coerce(cols->c, x, DS_STR) : x;
    const char *canon = rows_canon(cols->c, x);
    cols->list[cols->n] = x;
    cols->canons[cols->n] = canon;
    cols->agg->args[cols->n] = x->type;
    return cols->n++;
}

static int column_find(const columns *cols, tx *x)
{
    const char *canon = rows_canon(cols->c, x);
    for (uint32_t i = 0; i < cols->n; i++)
        if (strcmp(cols->canons[i], canon) == 0)
            return (int)i;
    return -1;
}

/* The arguments that are columns; the others must be constants. */
static bool args_split(columns *cols, const parts *p)
{
    const agg_type *type = p->f->agg;
    bool within = type->flags & AGG_WITHIN;
    uint32_t n_cols = type->n_cols ? type->n_cols : p->n_args;
    uint32_t first = within ? p->n_args - n_cols : 0;
    cols->agg->direct = p->args;
    for (uint32_t i = 0; i < p->n_args; i++) {
        if (i >= first && i < first + n_cols) {
            column_add(cols, p->args[i]);
            continue;
        }
        p->args[i] = fold_tree(p->args[i], cols->c->arena);
        if (p->args[i]->kind != TX_CONST) {
            check_fail(cols->c, "E0304", p->args[i]->from, p->args[i]->len,
                       NULL, "this argument of %s must be a constant",
                       p->f->name);
            return false;
        }
    }
    cols->agg->n_args = cols->n;
    return true;
}

static bool keys_add(columns *cols, const ds_node *n, const parts *p)
{
    ds_agg *agg = cols->agg;
    agg->keys = ds_new(cols->c->arena, agg_key, p->n_keys + 1);
    agg->n_keys = p->n_keys;
    for (uint32_t i = 0; i < p->n_keys; i++) {
        const ds_order *order = &n->call->order[i];
        int col = column_find(cols, p->keys[i]);
        if (col < 0 && agg->distinct) {
            check_fail(cols->c, "E0302", order->expr->from, order->expr->len,
                       NULL,
                       "in an aggregate with DISTINCT, ORDER BY expressions "
                       "must appear in argument list");
            return false;
        }
        if (col < 0)
            col = (int)column_add(cols, p->keys[i]);
        agg->keys[i] =
            (agg_key){(uint16_t)col, order->desc, order->nulls_first};
    }
    agg->n_cols = cols->n;
    return true;
}

/* Several trees over the rows as one list. */
static const ds_exprs *rows_exprs(check *c, tx **list, const char **canons,
                                  uint32_t n)
{
    ds_exprs *e = ds_new(c->arena, ds_exprs, 1);
    ds_field *fields = ds_new(c->arena, ds_field, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        fields[i] = (ds_field){"value", list[i]->type, 0, false};
        fold_tree(list[i], c->arena);
    }
    e->schema = (ds_schema){n, fields};
    e->items = list;
    e->canons = canons;
    e->scope = (ds_scope){.cols = c->scope->rows, .meta = c->scope->rows_meta};
    exprs_finish(e, c->arena);
    return e;
}

/* The call as text that changes when its meaning does. */
static const char *agg_canon(check *c, const parts *p, const columns *cols,
                             const char *filter)
{
    const ds_agg *agg = cols->agg;
    ds_buf b;
    ds_buf_init(&b, c->arena, 64);
    ds_buf_printf(&b, "%s(%s", p->f->name, agg->distinct ? "DISTINCT " : "");
    if (p->n_args == 0)
        ds_buf_str(&b, "*");
    for (uint32_t i = 0; i < p->n_args; i++)
        ds_buf_printf(&b, "%s%s", i ? ", " : "", rows_canon(c, p->args[i]));
    for (uint32_t i = 0; i < agg->n_keys; i++) {
        const agg_key *key = &agg->keys[i];
        ds_buf_printf(&b, "%s%s%s%s", i ? ", " : " ORDER BY ",
                      cols->canons[key->col], key->desc ? " DESC" : "",
                      key->nulls_first == key->desc ? ""
                      : key->nulls_first            ? " NULLS FIRST"
                                                    : " NULLS LAST");
    }
    ds_buf_str(&b, ")");
    if (filter)
        ds_buf_printf(&b, " FILTER %s", filter);
    ds_buf_add(&b, "", 1);
    return b.s;
}

/* In a state sums of bigint stay bigint (contract.md 8.2). */
static void state_rule(const check *c, ds_agg *agg)
{
    if (c->scope->state && agg->type == &agg_sum_i64_num) {
        agg->type = &agg_sum_i64;
        agg->out = DS_I64;
    }
}

static ds_agg *agg_make(check *c, const ds_node *n, parts *p)
{
    ds_agg *agg = ds_new(c->arena, ds_agg, 1);
    uint32_t most = p->n_args + p->n_keys + 1;
    columns cols = {.c = c,
                    .agg = agg,
                    .list = ds_new(c->arena, tx *, most),
                    .canons = ds_new(c->arena, const char *, most)};
    agg->f = p->f;
    agg->type = p->f->agg;
    agg->out = p->result;
    agg->distinct = n->call->distinct;
    agg->args = ds_new(c->arena, ds_type, most);
    state_rule(c, agg);
    if (!args_split(&cols, p) || !keys_add(&cols, n, p))
        return NULL;
    const char *why = NULL;
    if (agg->type->prepare)
        why = agg->type->prepare(agg, c->arena);
    if (why)
        return check_fail(c, "E0302", n->at, n->len, NULL, "%s", why);
    const char *filter = p->filter ? rows_canon(c, p->filter) : NULL;
    agg->canon = agg_canon(c, p, &cols, filter);
    if (p->filter)
        agg->filter = rows_exprs(c, &p->filter, &filter, 1);
    if (cols.n)
        agg->prog = rows_exprs(c, cols.list, cols.canons, cols.n);
    return agg;
}

tx *check_agg(check *c, const ds_node *n)
{
    parts *p = ds_new(c->arena, parts, 1);
    if (!place_allowed(c, n) || !call_allowed(c, n) || !inside_args(c, n, p) ||
        !resolved(c, n, p))
        return NULL;
    ds_agg *agg = agg_make(c, n, p);
    if (agg == NULL)
        return NULL;
    tx *x = check_typed(c, n, TX_COL, agg->out);
    x->col = exprs_first_agg(c->scope) + agg_add(c, agg);
    return x;
}

/* ---- as window functions ---- */

/* Its arguments are like any expression beside it: they may have aggregates. */
static bool window_args(check *c, const ds_node *n, parts *p)
{
    bool ok = true;
    p->args = ds_new(c->arena, tx *, n->n_args + 1);
    for (uint32_t i = 0; i < n->n_args; i++) {
        p->args[p->n_args] = check_node(c, n->args[i]);
        ok = p->args[p->n_args++] && ok;
    }
    if (n->call->filter) {
        p->filter = check_node(c, n->call->filter);
        if (p->filter)
            p->filter = check_bool(c, p->filter, "FILTER");
        ok = ok && p->filter;
    }
    return ok;
}

static bool window_allowed(check *c, const ds_node *n)
{
    const ds_call *call = n->call;
    if (call->within) {
        check_fail(c, "E0304", n->at, n->len, NULL,
                   "OVER is not supported for ordered-set aggregate %s",
                   n->name);
        return false;
    }
    if (call->distinct)
        return refuse(c, n, "E0304", NULL,
                      "DISTINCT is not implemented for window functions");
    if (call->n_order)
        return refuse(c, n, "E0304", NULL,
                      "aggregate ORDER BY is not implemented for window "
                      "functions");
    return true;
}

check_parts *check_agg_begin(check *c, const ds_node *n)
{
    parts *p = ds_new(c->arena, parts, 1);
    c->at_root = false;
    if (!window_allowed(c, n) || !call_allowed(c, n) || !window_args(c, n, p) ||
        !resolved(c, n, p))
        return NULL;
    return p;
}

const ds_agg *check_agg_end(check *c, const ds_node *n, check_parts *p)
{
    return agg_make(c, n, p);
}
