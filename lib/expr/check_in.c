/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_in.c - x IN (a, b, ...), x OP ANY (array), x OP ALL (array).
 *
 * Constants become one look-up in a sorted list; the rest is OR and AND.
 */
#include "expr/check.h"

/* The constants of the list in one look-up; they have the type of x. */
static tx *in_constants(check *c, tx *x, tx **list, uint32_t n_list,
                        const ds_node *n)
{
    const func_def *f = func_exact1("in", x->type);
    if (n_list == 0)
        return NULL;
    if (f == NULL)
        f = func_exact1("in", FUNC_ANYELEMENT);
    tx *call = check_where(tx_call1(c->arena, f, x), n);
    call->args = ds_new(c->arena, tx *, n_list + 1);
    call->args[0] = x;
    for (uint32_t i = 0; i < n_list; i++)
        call->args[1 + i] = list[i]; /* for the canonical text */
    call->data = cmp_set_new(x->type, list, n_list, c->arena);
    return call;
}

static void find_column(tx *x, void *arg)
{
    *(bool *)arg = *(bool *)arg || x->kind == TX_COL || x->kind == TX_META;
}

static bool has_column(tx *x)
{
    bool found = false;
    tx_walk(x, find_column, &found);
    return found;
}

/* The type in which x meets the items without columns, as PostgreSQL makes an
 * array of them; DS_NONE: each is compared for itself. */
static ds_type list_type(check *c, tx *x, tx **items, uint32_t n)
{
    ds_type *types = ds_new(c->arena, ds_type, n + 1);
    ds_type type;
    uint32_t k = 0;
    types[k++] = x->type;
    for (uint32_t i = 0; i < n; i++)
        if (!has_column(items[i]))
            types[k++] = items[i]->type;
    if (k < 3 || func_common(types, k, &type) >= 0)
        return DS_NONE;
    for (uint32_t i = 0; i < k; i++)
        if (!func_implicit(types[i], type))
            return DS_NONE;
    return type == DS_NONE ? DS_STR : type;
}

typedef struct parts {
    tx *subject; /* as the constants are compared with it */
    tx **constants;
    uint32_t n_constants;
    tx *any; /* TX_OR of the others */
} parts;

/* x = item: into the constants if it is one and x needs no other type than it
 * had for them. */
static bool in_item(check *c, parts *p, tx *x, tx *item, const ds_node *n)
{
    ds_type types[2] = {x->type, item->type};
    func_match m;
    if (n->negated && func_resolve_op("=", types, 2, c->arena, &m) != FUNC_OK)
        return check_apply(c, "<>", x, item, n) && false; /* its message */
    tx *eq = check_apply(c, "=", x, item, n);
    if (eq == NULL)
        return false;
    if (eq->kind != TX_CALL) {
        p->any->args[p->any->n_args++] = eq;
        return true;
    }
    tx *constant = fold_tree(eq->args[1], c->arena);
    tx *subject = eq->args[0];
    bool fits = constant->kind == TX_CONST && subject->type == constant->type &&
                (p->subject == NULL || p->subject->type == subject->type);
    if (fits) {
        if (p->subject == NULL)
            p->subject = subject;
        p->constants[p->n_constants++] = constant;
    } else {
        p->any->args[p->any->n_args++] = eq;
    }
    return true;
}

static tx *in_list(check *c, tx *x, tx **items, uint32_t n_items,
                   const ds_node *n)
{
    parts p = {.constants = ds_new(c->arena, tx *, n_items + 1)};
    ds_type type = list_type(c, x, items, n_items);
    bool ok = true;
    p.any = check_typed(c, n, TX_OR, DS_BOOL);
    p.any->args = ds_new(c->arena, tx *, n_items + 1);
    p.any->n_args = 1; /* the constants come first */
    for (uint32_t i = 0; i < n_items; i++) {
        tx *item = items[i];
        if (type != DS_NONE && !has_column(item))
            item = check_coerce(c, item, type);
        ok = item && in_item(c, &p, x, item, n) && ok;
    }
    if (!ok)
        return NULL;
    tx *found = p.n_constants
                    ? in_constants(c, p.subject, p.constants, p.n_constants, n)
                    : NULL;
    p.any->args[0] = found;
    if (found == NULL) {
        p.any->args++;
        p.any->n_args--;
    }
    return p.any->n_args == 1 ? p.any->args[0] : p.any;
}

/* (a, b) IN ((1, 2), ...) */
static tx *in_rows(check *c, const ds_node *n)
{
    tx *any = check_typed(c, n, TX_OR, DS_BOOL);
    any->args = ds_new(c->arena, tx *, n->n_args);
    for (uint32_t i = 1; i < n->n_args; i++) {
        if (n->args[i]->kind != DS_N_ROW)
            return check_fail(c, "E0304", n->args[i]->at, n->args[i]->len, NULL,
                              "a row beside other values in IN is not "
                              "supported");
        ds_node pair = *n;
        ds_node *both[2] = {n->args[0], n->args[i]};
        pair.args = both;
        pair.n_args = 2;
        pair.negated = false;
        tx *eq = check_rows(c, "=", &pair);
        if (eq == NULL)
            return NULL;
        any->args[any->n_args++] = eq;
    }
    return check_negate(c, any, n);
}

tx *check_in(check *c, const ds_node *n)
{
    if (n->args[0]->kind == DS_N_ROW)
        return in_rows(c, n);
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    tx *x = args[0];
    tx *body = in_list(c, x, args + 1, n->n_args - 1, n);
    return body ? check_let(c, x, check_negate(c, body, n), n) : NULL;
}

/* ---- ANY, ALL ---- */

/* The elements of a constant array as constants; NULL: it is none. */
static tx **array_items(check *c, tx *array, uint32_t *n)
{
    ds_type elem = ds_type_elem(array->type);
    if (array->kind != TX_CONST || array->null)
        return NULL;
    *n = array_count(array->v.s);
    tx **items = ds_new(c->arena, tx *, *n + 1);
    nested_iter it = nested_begin(array->type, array->v.s);
    for (uint32_t i = 0; i < *n; i++) {
        ds_value v = {.i = 0};
        bool null = false;
        nested_next(&it, NULL, &null, &v);
        items[i] = null ? tx_null(c->arena, elem, array)
                        : tx_const(c->arena, elem, v, array);
    }
    return items;
}

static tx *any_items(check *c, const ds_node *n, tx *x, tx **items,
                     uint32_t n_items)
{
    bool all = n->i;
    if (!all && n_items && strcmp(n->name, "=") == 0)
        return check_let(c, x, in_list(c, x, items, n_items, n), n);
    tx *list = check_typed(c, n, all ? TX_AND : TX_OR, DS_BOOL);
    list->args = ds_new(c->arena, tx *, n_items + 1);
    for (uint32_t i = 0; i < n_items; i++) {
        tx *is = check_apply(c, n->name, x, items[i], n);
        if (is == NULL)
            return NULL;
        if (is->type != DS_BOOL)
            return check_fail(c, "E0303", n->at, n->len, NULL,
                              "op ANY/ALL (array) requires operator to yield "
                              "boolean");
        list->args[list->n_args++] = is;
    }
    if (n_items == 0)
        return check_where(
            tx_const(c->arena, DS_BOOL, (ds_value){.b = all}, NULL), n);
    return check_let(c, x, n_items == 1 ? list->args[0] : list, n);
}

/* x OP ANY (NULL): NULL, but x is computed. */
static tx *any_null(check *c, const ds_node *n, tx *x)
{
    tx *null = check_where(tx_null(c->arena, DS_BOOL, x), n);
    if (x->kind == TX_CONST || x->kind == TX_COL)
        return null;
    tx *pick = check_typed(c, n, TX_CASE, DS_BOOL);
    pick->args = ds_new(c->arena, tx *, 3);
    pick->args[0] = check_test(c, n, "is null", x);
    pick->args[1] = pick->args[2] = null;
    pick->n_args = 3;
    return pick;
}

/* The array table's function: "= any" and so on. */
static tx *any_call(check *c, const ds_node *n, tx *x, tx *array)
{
    const char *op = strcmp(n->name, "!=") == 0 ? "<>" : n->name;
    ds_type types[2] = {x->type, ds_type_elem(array->type)};
    func_match m;
    if (func_resolve_op(op, types, 2, c->arena, &m) != FUNC_OK)
        return check_apply(c, op, x, tx_null(c->arena, types[1], array), n);
    /* Sides of two types meet in their common one. */
    ds_type type = m.args[0], other = m.args[1];
    if (type != other &&
        (func_common(m.args, 2, &type) >= 0 || !func_implicit(other, type)))
        type = m.args[0];
    else
        other = type;
    x = check_coerce(c, x, type);
    array = tx_cast(c->arena, array, ds_array_type(other), FUNC_CAST_IMPLICIT);
    const char *name =
        ds_str_printf(c->arena, "%s %s", op, n->i ? "all" : "any");
    const func_def *f = func_exact2(name, type, ds_array_type(other));
    if (x && array && tx_is_null(array))
        return any_null(c, n, x);
    if (f == NULL)
        f = func_exact2(name, FUNC_ANYELEMENT, FUNC_ANYARRAY);
    if (f == NULL || x == NULL || array == NULL)
        return check_fail(c, "E0304", n->at, n->len, NULL,
                          "%s %s of an array that is no constant is not "
                          "supported",
                          op, n->i ? "ALL" : "ANY");
    return check_where(tx_call2(c->arena, f, x, array, NULL), n);
}

tx *check_any(check *c, const ds_node *n)
{
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    tx *x = args[0], *array = args[1];
    if (array->type == DS_NONE) {
        ds_type elem = x->type == DS_NONE ? DS_STR : x->type;
        if (ds_type_elem(elem) != DS_NONE)
            elem = DS_NONE;
        if (elem != DS_NONE)
            array = check_coerce(c, array, ds_array_type(elem));
        if (array == NULL)
            return NULL;
    }
    if (ds_type_elem(array->type) == DS_NONE)
        return check_fail(c, "E0303", n->at, n->len, NULL,
                          "op ANY/ALL (array) requires array on right side");
    if (n->args[1]->kind == DS_N_ARRAY && array->kind == TX_CALL)
        return any_items(c, n, x, array->args, array->n_args);
    array = fold_tree(array, c->arena);
    uint32_t n_items;
    tx **items = array_items(c, array, &n_items);
    if (items)
        return any_items(c, n, x, items, n_items);
    return any_call(c, n, x, array);
}
