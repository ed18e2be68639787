/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_agg.c - calls of aggregates.
 */
#include "expr/check.h"

static const char *const agg_names[] = {"count", "count", "sum",
                                        "min",   "max",   "avg"};

static int agg_find(const char *name)
{
    for (int k = AGG_COUNT; k <= AGG_AVG; k++)
        if (strcmp(agg_names[k], name) == 0)
            return k;
    return -1;
}

static bool agg_type(agg_kind kind, ds_type in, ds_type *out)
{
    *out = in;
    switch (kind) {
    case AGG_COUNT:
    case AGG_COUNT_STAR:
        *out = DS_I64;
        return true;
    case AGG_SUM:
        return in == DS_I64 || in == DS_F64;
    case AGG_AVG:
        *out = DS_F64;
        return in == DS_I64 || in == DS_F64;
    default:
        return in == DS_I64 || in == DS_F64 || in == DS_TS || in == DS_STR;
    }
}

static uint32_t agg_add(check *c, const ds_agg *agg)
{
    for (uint32_t i = 0; i < c->n_aggs; i++)
        if (c->aggs[i]->kind == agg->kind &&
            strcmp(c->aggs[i]->canon, agg->canon) == 0)
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

static tx *agg_arg(check *c, const ds_node *n)
{
    c->in_agg = true;
    tx **args = check_args(c, n);
    c->in_agg = false;
    return args ? args[0] : NULL;
}

static void agg_compile(check *c, ds_agg *agg, tx *arg)
{
    static const ds_schema none = {0, NULL};
    ds_scope scope = {.cols = c->scope->rows, .meta = c->scope->rows_meta};
    const char *canon =
        canon_tree(arg, scope.cols ? scope.cols : &none, NULL, NULL, c->arena);
    agg->arg = arg;
    agg->in = arg->type;
    agg->canon = ds_str_printf(c->arena, "%s(%s)", agg_names[agg->kind], canon);
    agg->prog =
        exprs_of_tree(fold_tree(arg, c->arena), canon, &scope, c->arena);
}

bool check_is_agg(const char *name)
{
    return agg_find(name) >= 0;
}

static const char *agg_modifier(const ds_call *call)
{
    if (call->distinct)
        return "DISTINCT in an aggregate";
    if (call->filter)
        return "FILTER";
    if (call->within)
        return "WITHIN GROUP";
    return call->n_order ? "ORDER BY in an aggregate" : NULL;
}

tx *check_agg(check *c, const ds_node *n)
{
    const char *modifier = agg_modifier(n->call);
    if (modifier)
        return check_fail(c, "E0304", n->at, n->len, NULL,
                          "%s is not supported yet", modifier);
    agg_kind kind = (agg_kind)agg_find(n->name);
    if (c->in_agg)
        return check_fail(c, "E0305", n->at, n->len, NULL,
                          "aggregate function calls cannot be nested");
    if (c->scope->rows == NULL)
        return check_fail(c, "E0305", n->at, n->len,
                          "aggregates stand in reduceByKey and "
                          "updateStateByKey",
                          "aggregate functions are not allowed here");
    ds_agg *agg = ds_new(c->arena, ds_agg, 1);
    agg->kind = kind;
    agg->out = DS_I64;
    agg->canon = "count(*)";
    if (n->i) {
        if (kind != AGG_COUNT)
            return check_fail(c, "E0302", n->at, n->len, NULL,
                              "function %s() does not exist", n->name);
        agg->kind = AGG_COUNT_STAR;
    } else {
        if (n->n_args != 1)
            return check_fail(c, "E0302", n->at, n->len,
                              n->n_args ? "it takes one argument" : NULL,
                              "function %s does not exist with %u arguments",
                              n->name, n->n_args);
        tx *arg = agg_arg(c, n);
        if (arg == NULL)
            return NULL;
        if (arg->type == DS_I16 || arg->type == DS_I32)
            arg = check_coerce(c, arg, DS_I64);
        else if (arg->type == DS_NUM || arg->type == DS_F32)
            arg = check_coerce(c, arg, DS_F64);
        if (arg->type == DS_NONE && kind != AGG_SUM && kind != AGG_AVG)
            arg = check_coerce(c, arg, DS_STR);
        if (arg == NULL || arg->type == DS_IV ||
            !agg_type(kind, arg->type, &agg->out))
            return arg ? check_no_function(c, n, &arg, arg->type != DS_NONE)
                       : NULL;
        agg_compile(c, agg, arg);
    }
    tx *x = check_typed(c, n, TX_COL, agg->out);
    x->col = exprs_first_agg(c->scope) + agg_add(c, agg);
    return x;
}
