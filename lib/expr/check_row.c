/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_row.c - (a, b) = (c, d) and the like: comparisons of their parts.
 */
#include "expr/check.h"

/* Both sides, checked; their number in *n; NULL after a message. */
static tx **both_sides(check *c, const ds_node *n, uint32_t *n_pairs)
{
    const ds_node *left = n->args[0], *right = n->args[1];
    *n_pairs = left->n_args;
    if (left->n_args > CHECK_ROW_ENTRIES)
        return check_fail(c, "E0202", n->at, n->len, NULL,
                          "ROW expressions can have at most %d entries",
                          CHECK_ROW_ENTRIES);
    if (left->n_args != right->n_args)
        return check_fail(c, "E0303", n->at, n->len, NULL,
                          "unequal number of entries in row expressions");
    if (left->n_args == 0)
        return check_fail(c, "E0303", n->at, n->len, NULL,
                          "cannot compare rows of zero length");
    tx **x = check_args(c, left), **y = check_args(c, right);
    if (x == NULL || y == NULL)
        return NULL;
    tx **all = ds_new(c->arena, tx *, 2 * left->n_args);
    for (uint32_t i = 0; i < left->n_args; i++) {
        all[2 * i] = x[i];
        all[2 * i + 1] = y[i];
    }
    return all;
}

/* The first pair that differs or has a NULL decides, and no later one is looked
 * at: CASE WHEN a = c THEN b < d ELSE a < c END. */
static tx *rows_order(check *c, const char *op, tx **p, uint32_t n_pairs,
                      const ds_node *n)
{
    const char *strict = op[0] == '<' ? "<" : ">";
    if (n_pairs == 1)
        return check_apply(c, op, p[0], p[1], n);
    tx *before = check_apply(c, strict, p[0], p[1], n);
    tx *equal = before ? check_apply(c, "=", p[0], p[1], n) : NULL;
    tx *rest = equal ? rows_order(c, op, p + 2, n_pairs - 1, n) : NULL;
    if (rest == NULL)
        return NULL;
    tx *body = check_typed(c, n, TX_CASE, DS_BOOL);
    body->args = ds_new(c->arena, tx *, 3);
    body->args[0] = equal;
    body->args[1] = rest;
    body->args[2] = before;
    body->n_args = 3;
    return check_let(c, p[0], check_let(c, p[1], body, n), n);
}

static tx *rows_all(check *c, tx_kind kind, const char *op, tx **p,
                    uint32_t n_pairs, const ds_node *n)
{
    tx *x = check_typed(c, n, kind, DS_BOOL);
    x->args = ds_new(c->arena, tx *, n_pairs);
    for (uint32_t i = 0; i < n_pairs; i++) {
        tx *is = check_apply(c, op, p[2 * i], p[2 * i + 1], n);
        if (is == NULL)
            return NULL;
        x->args[x->n_args++] = is;
    }
    return n_pairs == 1 ? x->args[0] : x;
}

tx *check_rows(check *c, const char *op, const ds_node *n)
{
    uint32_t n_pairs;
    tx **p = both_sides(c, n, &n_pairs);
    if (p == NULL)
        return NULL;
    if (strcmp(op, "=") == 0)
        return rows_all(c, TX_AND, op, p, n_pairs, n);
    if (strcmp(op, "<>") == 0)
        return rows_all(c, TX_OR, op, p, n_pairs, n);
    return rows_order(c, op, p, n_pairs, n);
}

tx *check_rows_distinct(check *c, const ds_node *n)
{
    const ds_node *left = n->args[0], *right = n->args[1];
    if (left->n_args != right->n_args)
        return check_fail(c, "E0303", n->at, n->len, NULL,
                          "unequal number of entries in row expressions");
    tx *any = check_typed(c, n, TX_OR, DS_BOOL);
    any->args = ds_new(c->arena, tx *, left->n_args + 1);
    for (uint32_t i = 0; i < left->n_args; i++) {
        ds_node pair = *n;
        ds_node *both[2] = {left->args[i], right->args[i]};
        pair.args = both;
        pair.negated = false;
        tx *is = check_distinct(c, &pair);
        if (is == NULL)
            return NULL;
        any->args[any->n_args++] = is;
    }
    if (any->n_args == 0)
        return check_fail(c, "E0303", n->at, n->len, NULL,
                          "cannot compare rows of zero length");
    return check_negate(c, any->n_args == 1 ? any->args[0] : any, n);
}

/* ROW(a, b) IS NULL: all of them are; IS NOT NULL: none of them is. */
tx *check_row_null(check *c, const ds_node *n)
{
    const ds_node *row = n->args[0];
    tx **args = check_args(c, row);
    if (args == NULL)
        return NULL;
    tx *all = check_typed(c, n, TX_AND, DS_BOOL);
    all->args = ds_new(c->arena, tx *, row->n_args + 1);
    for (uint32_t i = 0; i < row->n_args; i++)
        all->args[all->n_args++] =
            check_test(c, n, n->negated ? "is not null" : "is null", args[i]);
    if (all->n_args == 0)
        return check_where(
            tx_const(c->arena, DS_BOOL, (ds_value){.b = 1}, NULL), n);
    return all->n_args == 1 ? all->args[0] : all;
}
