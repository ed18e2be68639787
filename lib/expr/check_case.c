/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_case.c - CASE, COALESCE, GREATEST and LEAST.
 */
#include "expr/check.h"

/* CASE x WHEN v: x is evaluated once. */
static tx *case_cond(check *c, tx *subject, const ds_node *when)
{
    tx *cond = check_node(c, when);
    if (cond == NULL)
        return NULL;
    if (subject == NULL)
        return check_bool(c, cond, "CASE/WHEN");
    return check_apply(c, "=", subject, cond, when);
}

/* The conditions in the even places of `out`, the results in the odd ones. */
static bool case_parts(check *c, const ds_node *n, tx *subject, tx **out,
                       uint32_t pairs)
{
    bool ok = true;
    for (uint32_t i = 0; i < pairs; i++) {
        out[2 * i] = case_cond(c, subject, n->args[1 + 2 * i]);
        out[2 * i + 1] = check_node(c, n->args[2 + 2 * i]);
        ok = ok && out[2 * i] && out[2 * i + 1];
    }
    const ds_node *otherwise = n->args[n->n_args - 1];
    out[2 * pairs] =
        otherwise ? check_node(c, otherwise) : tx_null(c->arena, DS_NONE, NULL);
    return ok && out[2 * pairs];
}

tx *check_case(check *c, const ds_node *n)
{
    uint32_t pairs = (n->n_args - 2) / 2;
    tx *subject = NULL;
    c->at_root = false;
    if (n->args[0]) {
        subject = check_node(c, n->args[0]);
        if (subject && subject->type == DS_NONE)
            subject = check_coerce(c, subject, DS_STR);
        if (subject == NULL)
            return NULL;
    }
    tx **parts = ds_new(c->arena, tx *, 2 * pairs + 1);
    if (!case_parts(c, n, subject, parts, pairs))
        return NULL;
    /* PostgreSQL looks at ELSE first. */
    tx **results = ds_new(c->arena, tx *, pairs + 1);
    results[0] = parts[2 * pairs];
    for (uint32_t i = 0; i < pairs; i++)
        results[i + 1] = parts[2 * i + 1];
    ds_type type;
    int32_t mod;
    if (!check_unify(c, "CASE", results, pairs + 1, &type, &mod))
        return NULL;
    parts[2 * pairs] = results[0];
    for (uint32_t i = 0; i < pairs; i++)
        parts[2 * i + 1] = results[i + 1];
    tx *x = check_typed(c, n, TX_CASE, type);
    x->args = parts;
    x->n_args = 2 * pairs + 1;
    x->mod = mod;
    return subject ? check_let(c, subject, x, n) : x;
}

tx *check_coalesce(check *c, const ds_node *n)
{
    ds_type type;
    int32_t mod;
    tx **args = check_args(c, n);
    if (args == NULL ||
        !check_unify(c, "COALESCE", args, n->n_args, &type, &mod))
        return NULL;
    tx *x = check_typed(c, n, TX_COALESCE, type);
    x->mod = mod;
    x->args = args;
    x->n_args = n->n_args;
    return x;
}

/* The best of a list: that of the best of its halves. */
static tx *pick(check *c, const func_def *f, tx **list, uint32_t n,
                const ds_node *node)
{
    if (n == 1)
        return list[0];
    tx *left = pick(c, f, list, n / 2, node);
    tx *right = pick(c, f, list + n / 2, n - n / 2, node);
    tx *x = check_where(tx_call2(c->arena, f, left, right, NULL), node);
    x->type = left->type;
    return x;
}

tx *check_pick(check *c, const ds_node *n)
{
    bool most = n->kind == DS_N_GREATEST;
    const char *name = most ? "greatest" : "least";
    ds_type type;
    int32_t mod;
    tx **args = check_args(c, n);
    if (args == NULL || !check_unify(c, most ? "GREATEST" : "LEAST", args,
                                     n->n_args, &type, &mod))
        return NULL;
    if (type == DS_NONE || n->n_args == 1)
        return args[0];
    const func_def *f = func_exact2(name, type, type);
    if (f == NULL)
        f = func_exact2(name, FUNC_ANYELEMENT, FUNC_ANYELEMENT);
    tx *x = pick(c, f, args, n->n_args, n);
    x->mod = mod;
    return x;
}
