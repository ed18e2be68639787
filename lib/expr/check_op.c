/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_op.c - operators, and the syntax that means operators.
 */
#include "expr/check.h"

static void *no_operator(check *c, const ds_node *n, const char *op,
                         const tx *x, const tx *y)
{
    const char *hint = NULL;
    ds_type a = x ? x->type : DS_NONE, b = y->type;
    if (x && a != b && a != DS_IV && b != DS_IV && a != DS_NONE && b != DS_NONE)
        hint = ds_str_printf(c->arena, "cast one: ...::%s",
                             ds_type_name(a == DS_STR ? b : a));
    if (strcmp(op, "%") == 0 && (a == DS_F64 || b == DS_F64))
        hint = "cast to numeric: x::numeric % y::numeric";
    if (strcmp(op, "==") == 0)
        hint = "SQL writes =";
    if (x)
        return check_fail(c, "E0302", n->at, n->len, hint,
                          "operator does not exist: %s %s %s", ds_type_name(a),
                          op, ds_type_name(b));
    return check_fail(c, "E0302", n->at, n->len, hint,
                      "operator does not exist: %s %s", op, ds_type_name(b));
}

/* The call that was found, its arguments brought to what it takes. */
static tx *apply(check *c, const func_match *m, tx **args, uint32_t n_args,
                 const ds_node *n)
{
    for (uint32_t i = 0; i < n_args; i++)
        if ((args[i] = check_coerce(c, args[i], m->args[i])) == NULL)
            return NULL;
    tx *x = check_where(tx_call(c->arena, m->f, args, n_args, NULL), n);
    x->type = m->result;
    return check_refuse(c, x);
}

static tx *to_text(check *c, tx *x)
{
    if (x->type == DS_STR || x->type == DS_NONE)
        return check_coerce(c, x, DS_STR);
    return tx_cast(c->arena, x, DS_STR, FUNC_CAST_EXPLICIT);
}

/* Text with anything; a || b || c is one call. */
static tx *apply_concat(check *c, tx *x, tx *y, const ds_node *n)
{
    const func_def *f = func_exact2("||", DS_STR, DS_STR);
    x = to_text(c, x);
    y = to_text(c, y);
    if (x == NULL || y == NULL)
        return NULL;
    if (x->kind != TX_CALL || x->f != f)
        return check_where(tx_call2(c->arena, f, x, y, NULL), n);
    tx **args = ds_new(c->arena, tx *, x->n_args + 1);
    for (uint32_t i = 0; i < x->n_args; i++)
        args[i] = x->args[i];
    args[x->n_args] = y;
    return check_where(tx_call(c->arena, f, args, x->n_args + 1, NULL), n);
}

static const char *op_name(const char *op)
{
    return strcmp(op, "!=") == 0 ? "<>" : op;
}

static bool is_arithmetic(const char *op)
{
    return strchr("+-*/%^", op[0]) && op[1] == 0;
}

static bool is_concat(const func_match *m)
{
    return m->f->n_args == 2 && m->result == DS_STR &&
           strcmp(m->f->name, "||") == 0;
}

/* PostgreSQL finds this out when the rows meet. */
static bool rows_alike(check *c, const tx *x, const tx *y, const ds_node *n)
{
    const ds_schema *a = ds_row_fields(x->type), *b = ds_row_fields(y->type);
    const tx *other = a ? y : x;
    if ((a == NULL) != (b == NULL) && tx_is_literal(other))
        return check_fail(c, "E0304", other->at, other->len, "write ROW(...)",
                          "input of anonymous composite types is not "
                          "implemented");
    if (a == NULL || b == NULL)
        return true;
    if (a->n != b->n)
        return check_fail(c, "E0302", n->at, n->len, NULL,
                          "cannot compare record types with different numbers "
                          "of columns");
    for (uint32_t i = 0; i < a->n; i++)
        if (a->fields[i].type != b->fields[i].type)
            return check_fail(c, "E0302", n->at, n->len, "cast one of them",
                              "cannot compare dissimilar column types %s and "
                              "%s at record column %u",
                              ds_type_name(a->fields[i].type),
                              ds_type_name(b->fields[i].type), i + 1);
    return true;
}

tx *check_apply(check *c, const char *op, tx *x, tx *y, const ds_node *n)
{
    tx *args[2] = {x, y};
    ds_type types[2] = {x->type, y->type};
    func_match m;
    op = op_name(op);
    if (is_arithmetic(op) && check_state_unknown(c) && x->type == DS_NONE &&
        y->type == DS_NONE && !tx_is_literal(x) && !tx_is_literal(y))
        return x;
    if (strcmp(op, "@@") == 0 && x->type == DS_NONE &&
        (y->type == DS_NONE || y->type == DS_STR))
        return check_fail(c, "E0304", n->at, n->len, "cast one to jsonb",
                          "text search is not supported");
    switch (func_resolve_op(op, types, 2, c->arena, &m)) {
    case FUNC_OK:
        if (m.f->args[0] == FUNC_ANYROW && !rows_alike(c, x, y, n))
            return NULL;
        return is_concat(&m) ? apply_concat(c, x, y, n)
                             : apply(c, &m, args, 2, n);
    case FUNC_AMBIGUOUS:
        return check_fail(c, "E0302", n->at, n->len, "cast one of them",
                          "operator is not unique: %s %s %s",
                          ds_type_name(x->type), op, ds_type_name(y->type));
    case FUNC_UNKNOWN:
        return check_fail(c, "E0302", n->at, n->len, "cast one of them",
                          "could not determine polymorphic type because input "
                          "has type unknown");
    case FUNC_NONE:
        break;
    }
    return no_operator(c, n, op, x, y);
}

static tx *check_unary(check *c, const ds_node *n, tx *x)
{
    func_match m;
    if (strcmp(n->name, "+") == 0 && func_category(x->type) == 'N')
        return x;
    if (x->type == DS_NONE && !tx_is_literal(x) && check_state_unknown(c))
        return x;
    switch (func_resolve_op(n->name, &x->type, 1, c->arena, &m)) {
    case FUNC_OK:
        return apply(c, &m, &x, 1, n);
    case FUNC_AMBIGUOUS:
        return check_fail(c, "E0302", n->at, n->len, "cast it",
                          "operator is not unique: %s %s", n->name,
                          ds_type_name(x->type));
    default:
        return no_operator(c, n, n->name, NULL, x);
    }
}

static bool op_compares(const char *op)
{
    static const char *const ops[] = {"=", "<>", "!=", "<", "<=", ">", ">="};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (strcmp(ops[i], op) == 0)
            return true;
    return false;
}

tx *check_op(check *c, const ds_node *n)
{
    if (n->n_args == 2 && n->args[0]->kind == DS_N_ROW &&
        n->args[1]->kind == DS_N_ROW && op_compares(n->name))
        return check_rows(c, op_name(n->name), n);
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    if (n->n_args == 1)
        return check_unary(c, n, args[0]);
    return check_apply(c, n->name, args[0], args[1], n);
}

tx *check_negate(check *c, tx *x, const ds_node *n)
{
    if (x == NULL || !n->negated)
        return x;
    return check_where(tx_call1(c->arena, func_exact1("not", DS_BOOL), x), n);
}

tx *check_logic2(check *c, tx_kind kind, tx *x, tx *y, const ds_node *n)
{
    if (x == NULL || y == NULL)
        return NULL;
    tx *l = check_typed(c, n, kind, DS_BOOL);
    l->args = ds_new(c->arena, tx *, 2);
    l->args[0] = x;
    l->args[1] = y;
    l->n_args = 2;
    return l;
}

/* A leaf that stands more than once becomes as many nodes: a tree outside of
 * TX_LET has each node once. */
typedef struct leaf {
    tx *x;
    bool seen;
    ds_arena *arena;
} leaf;

static void leaf_copy(tx *x, void *arg)
{
    leaf *l = arg;
    for (uint32_t i = 0; i < x->n_args; i++) {
        if (x->args[i] != l->x)
            continue;
        if (l->seen) {
            x->args[i] = ds_new(l->arena, tx, 1);
            *x->args[i] = *l->x;
        }
        l->seen = true;
    }
}

tx *check_let(check *c, tx *x, tx *body, const ds_node *n)
{
    if (body == NULL)
        return NULL;
    if (x->kind == TX_COL || x->kind == TX_CONST) {
        leaf l = {.x = x, .arena = c->arena};
        tx_walk(body, leaf_copy, &l);
        return body;
    }
    tx *l = check_typed(c, n, TX_LET, body->type);
    l->mod = body->mod;
    l->args = ds_new(c->arena, tx *, 2);
    l->args[0] = x;
    l->args[1] = body;
    l->n_args = 2;
    return l;
}

static tx *between(check *c, tx *x, tx *low, tx *high, const ds_node *n)
{
    tx *above = check_apply(c, ">=", x, low, n);
    tx *below = above ? check_apply(c, "<=", x, high, n) : NULL;
    return check_logic2(c, TX_AND, above, below, n);
}

/* (a, b) OP bound, as if it were written so. */
static tx *row_bound(check *c, const char *op, uint32_t bound, const ds_node *n)
{
    ds_node *both[2] = {n->args[0], n->args[bound]};
    ds_node pair = *n;
    pair.name = op;
    pair.args = both;
    pair.n_args = 2;
    return check_op(c, &pair);
}

static tx *row_between(check *c, uint32_t low, uint32_t high, const ds_node *n)
{
    tx *above = row_bound(c, ">=", low, n);
    tx *below = above ? row_bound(c, "<=", high, n) : NULL;
    return check_logic2(c, TX_AND, above, below, n);
}

static tx *check_row_between(check *c, const ds_node *n)
{
    tx *body = row_between(c, 1, 2, n);
    if (n->i && body)
        body = check_logic2(c, TX_OR, body, row_between(c, 2, 1, n), n);
    return check_negate(c, body, n);
}

tx *check_between(check *c, const ds_node *n)
{
    if (n->args[0]->kind == DS_N_ROW)
        return check_row_between(c, n);
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    tx *x = args[0];
    tx *body = between(c, x, args[1], args[2], n);
    if (n->i && body)
        body =
            check_logic2(c, TX_OR, body, between(c, x, args[2], args[1], n), n);
    return check_let(c, x, check_negate(c, body, n), n);
}

tx *check_like(check *c, const ds_node *n)
{
    const char *op =
        n->i ? (n->negated ? "!~~*" : "~~*") : (n->negated ? "!~~" : "~~");
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    tx *pattern = args[1];
    if (n->n_args == 3) {
        if (!check_can_coerce(args[1], DS_STR) ||
            !check_can_coerce(args[2], DS_STR))
            return no_operator(c, n, op, args[0], args[1]);
        tx *p = check_coerce(c, args[1], DS_STR);
        tx *esc = check_coerce(c, args[2], DS_STR);
        pattern = tx_call2(c->arena, func_exact2("like_escape", DS_STR, DS_STR),
                           p, esc, p);
    }
    return check_apply(c, op, args[0], pattern, n);
}

/* Both as one type: = has found that they can be compared. */
static bool comparable(check *c, tx *eq)
{
    ds_type types[2] = {eq->args[0]->type, eq->args[1]->type}, type;
    if (ds_type_phys(types[0]) == ds_type_phys(types[1]) &&
        func_category(types[0]) == 'N')
        return true;
    if (func_common(types, 2, &type) >= 0 || !func_implicit(types[0], type) ||
        !func_implicit(types[1], type))
        return false;
    for (int i = 0; i < 2; i++)
        eq->args[i] = check_coerce(c, eq->args[i], type);
    return true;
}

tx *check_distinct(check *c, const ds_node *n)
{
    if (n->args[0]->kind == DS_N_ROW && n->args[1]->kind == DS_N_ROW)
        return check_rows_distinct(c, n);
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    tx *eq = check_apply(c, "=", args[0], args[1], n);
    if (eq == NULL)
        return NULL;
    if (eq->kind != TX_CALL || !comparable(c, eq))
        return check_fail(c, "E0304", n->at, n->len, NULL,
                          "IS DISTINCT FROM of %s and %s is not supported",
                          ds_type_name(args[0]->type),
                          ds_type_name(args[1]->type));
    ds_type type = eq->args[0]->type;
    const func_def *f = func_exact2("distinct", type, type);
    if (f == NULL)
        f = func_exact2("distinct", FUNC_ANYELEMENT, FUNC_ANYELEMENT);
    tx *x = check_where(tx_call(c->arena, f, eq->args, 2, NULL), n);
    return check_negate(c, x, n);
}

tx *check_nullif(check *c, const ds_node *n)
{
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    tx *eq = check_apply(c, "=", args[0], args[1], n);
    if (eq == NULL)
        return NULL;
    tx *x = eq->args[0];
    tx *body = check_typed(c, n, TX_CASE, x->type);
    body->mod = x->mod;
    body->args = ds_new(c->arena, tx *, 3);
    body->args[0] = eq;
    body->args[1] = tx_null(c->arena, x->type, x);
    body->args[2] = x;
    body->n_args = 3;
    return check_let(c, x, body, n);
}
