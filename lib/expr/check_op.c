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
        hint = "cast to bigint: x::bigint % y::bigint";
    if (x)
        return check_fail(c, "E0302", n->at, n->len, hint,
                          "operator does not exist: %s %s %s", ds_type_name(a),
                          op, ds_type_name(b));
    return check_fail(c, "E0302", n->at, n->len, hint,
                      "operator does not exist: %s %s", op, ds_type_name(b));
}

static tx *apply(check *c, const func_def *f, tx *x, tx *y, const ds_node *n)
{
    x = check_coerce(c, x, f->args[0]);
    y = check_coerce(c, y, f->args[1]);
    if (x == NULL || y == NULL)
        return NULL;
    return check_where(tx_call2(c->arena, f, x, y, NULL), n);
}

static tx *to_text(check *c, tx *x)
{
    if (x->type == DS_STR || x->type == DS_NONE)
        return check_coerce(c, x, DS_STR);
    return tx_call1(c->arena, func_cast(x->type, DS_STR, FUNC_CAST_EXPLICIT),
                    x);
}

/* Text with anything; a || b || c is one call. */
static tx *apply_concat(check *c, tx *x, tx *y, const ds_node *n)
{
    bool text = x->type == DS_STR || x->type == DS_NONE || y->type == DS_STR ||
                y->type == DS_NONE;
    if (!text || x->type == DS_IV || y->type == DS_IV)
        return no_operator(c, n, "||", x, y);
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

static tx *apply_time(check *c, const char *op, tx *x, tx *y, const ds_node *n)
{
    if (strcmp(op, "-") == 0 && x->type == DS_TS &&
        (y->type == DS_TS || tx_is_literal(y)))
        return check_fail(
            c, "E0304", n->at, n->len,
            tx_is_literal(y) ? "write interval '...'"
                             : "compare a < b + interval '...' instead",
            "a difference of times is an interval: not supported yet");
    const func_def *f = func_exact2(op, x->type, y->type);
    bool constant = (x->type != DS_IV || x->kind == TX_CONST) &&
                    (y->type != DS_IV || y->kind == TX_CONST);
    if (f && constant)
        return apply(c, f, x, y, n);
    if (x->type == DS_IV || y->type == DS_IV)
        return check_fail(c, "E0304", n->at, n->len,
                          "timestamptz + interval '...' is supported",
                          "operator %s of %s and %s is not supported yet", op,
                          ds_type_name(x->type), ds_type_name(y->type));
    return no_operator(c, n, op, x, y);
}

static const char *op_name(const char *op)
{
    return strcmp(op, "!=") == 0 ? "<>" : op;
}

tx *check_apply(check *c, const char *op, tx *x, tx *y, const ds_node *n)
{
    ds_type types[2] = {x->type, y->type};
    const func_def *f;
    op = op_name(op);
    if (strcmp(op, "||") == 0)
        return apply_concat(c, x, y, n);
    bool arithmetic = strchr("+-*/%^", op[0]) && op[1] == 0;
    if (arithmetic && (x->type == DS_IV || y->type == DS_IV ||
                       x->type == DS_TS || y->type == DS_TS))
        return apply_time(c, op, x, y, n);
    if (arithmetic && tx_is_null(x) && tx_is_null(y) && x->type == DS_NONE &&
        y->type == DS_NONE)
        return x; /* a state whose type is not known yet */
    switch (func_resolve(op, types, 2, &f)) {
    case FUNC_OK:
        return apply(c, f, x, y, n);
    case FUNC_AMBIGUOUS:
        return check_fail(c, "E0302", n->at, n->len, "cast one of them",
                          "operator is not unique: %s %s %s",
                          ds_type_name(x->type), op, ds_type_name(y->type));
    case FUNC_NONE:
        break;
    }
    return no_operator(c, n, op, x, y);
}

static bool op_known(const char *op)
{
    static const char *const known[] = {"=",  "<>", "!=", "<",   "<=",  ">",
                                        ">=", "+",  "-",  "*",   "/",   "%",
                                        "^",  "||", "~~", "!~~", "~~*", "!~~*"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], op) == 0)
            return true;
    return false;
}

static tx *check_unary(check *c, const ds_node *n, tx *x)
{
    if (strcmp(n->name, "+") == 0 && (x->type == DS_I64 || x->type == DS_F64))
        return x;
    if (x->type == DS_NONE && tx_is_null(x))
        return x;
    const func_def *f;
    func_found found = func_resolve(n->name, &x->type, 1, &f);
    if (found == FUNC_OK && f->args[0] == x->type)
        return check_where(tx_call1(c->arena, f, x), n);
    if (x->type == DS_IV)
        return check_fail(
            c, "E0304", n->at, n->len, "write it inside: interval '-1 day'",
            "operator %s of an interval is not supported yet", n->name);
    return no_operator(c, n, n->name, NULL, x);
}

tx *check_op(check *c, const ds_node *n)
{
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    if (!op_known(n->name)) {
        bool exists = strpbrk(n->name, "=&") == NULL || strchr(n->name, '>') ||
                      strchr(n->name, '@');
        return check_fail(c, exists ? "E0304" : "E0302", n->at, n->len,
                          strcmp(n->name, "==") == 0 ? "SQL writes =" : NULL,
                          exists ? "operator %s is not supported"
                                 : "operator does not exist: %s",
                          n->name);
    }
    if (n->n_args == 1)
        return check_unary(c, n, args[0]);
    return check_apply(c, n->name, args[0], args[1], n);
}

static tx *negate(check *c, tx *x, const ds_node *n)
{
    if (x == NULL || !n->negated)
        return x;
    return check_where(tx_call1(c->arena, func_exact1("not", DS_BOOL), x), n);
}

static tx *logic2(check *c, tx_kind kind, tx *x, tx *y, const ds_node *n)
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

static tx *let(check *c, tx *x, tx *body, const ds_node *n)
{
    if (body == NULL || x->kind == TX_COL || x->kind == TX_CONST)
        return body;
    tx *l = check_typed(c, n, TX_LET, body->type);
    l->args = ds_new(c->arena, tx *, 2);
    l->args[0] = x;
    l->args[1] = body;
    l->n_args = 2;
    return l;
}

static tx *between(check *c, tx *x, tx *low, tx *high, const ds_node *n)
{
    return logic2(c, TX_AND, check_apply(c, ">=", x, low, n),
                  check_apply(c, "<=", x, high, n), n);
}

tx *check_between(check *c, const ds_node *n)
{
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    tx *x = args[0];
    tx *body = between(c, x, args[1], args[2], n);
    if (n->i && body)
        body = logic2(c, TX_OR, body, between(c, x, args[2], args[1], n), n);
    return let(c, x, negate(c, body, n), n);
}

/* The constants of the list in one look-up, if they have the type of x. */
static tx *in_constants(check *c, tx *x, tx **list, uint32_t n_list,
                        const ds_node *n)
{
    const func_def *f = func_exact1("in", x->type);
    if (f == NULL || n_list == 0)
        return NULL;
    tx *call = check_where(tx_call1(c->arena, f, x), n);
    call->args = ds_new(c->arena, tx *, n_list + 1);
    call->args[0] = x;
    for (uint32_t i = 0; i < n_list; i++)
        call->args[1 + i] = list[i]; /* for the canonical text */
    call->data = cmp_set_new(x->type, list, n_list, c->arena);
    return call;
}

/* x = a OR x = b ... for what is no constant. */
static tx *in_any(check *c, tx *x, tx *found, tx **list, uint32_t n_list,
                  const ds_node *n)
{
    tx *any = check_typed(c, n, TX_OR, DS_BOOL);
    any->args = ds_new(c->arena, tx *, n_list + 1);
    if (found)
        any->args[any->n_args++] = found;
    for (uint32_t i = 0; i < n_list; i++) {
        tx *eq = check_apply(c, "=", x, list[i], n);
        if (eq == NULL)
            return NULL;
        any->args[any->n_args++] = eq;
    }
    return any->n_args == 1 ? any->args[0] : any;
}

static bool is_number(const tx *x)
{
    return x->type == DS_I64 || x->type == DS_F64;
}

/* PostgreSQL says of x IN (y) what it says of x = y. */
static bool in_types(check *c, tx **args, const ds_node *n)
{
    bool ok = true;
    for (uint32_t i = 1; i < n->n_args; i++) {
        bool same = args[i]->type == args[0]->type ||
                    args[i]->type == DS_NONE || args[0]->type == DS_NONE ||
                    (is_number(args[i]) && is_number(args[0]));
        if (!same)
            ok = check_apply(c, "=", args[0], args[i], n) && ok;
    }
    return ok;
}

tx *check_in(check *c, const ds_node *n)
{
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    ds_type type;
    if (!in_types(c, args, n))
        return NULL;
    if (!check_common(c, "IN", args, n->n_args, &type))
        return NULL;
    if (type == DS_NONE)
        type = DS_STR;
    tx **constants = ds_new(c->arena, tx *, n->n_args);
    tx **others = ds_new(c->arena, tx *, n->n_args);
    uint32_t n_const = 0, n_other = 0;
    bool ok = true;
    for (uint32_t i = 0; i < n->n_args; i++) {
        args[i] = check_coerce(c, args[i], type);
        ok = ok && args[i];
        if (!ok || i == 0)
            continue;
        tx *item = fold_tree(args[i], c->arena);
        bool constant = item->kind == TX_CONST && func_exact1("in", type);
        if (constant)
            constants[n_const++] = item;
        else
            others[n_other++] = item;
    }
    if (!ok)
        return NULL;
    tx *found = in_constants(c, args[0], constants, n_const, n);
    tx *body = n_other ? in_any(c, args[0], found, others, n_other, n) : found;
    return let(c, args[0], negate(c, body, n), n);
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

tx *check_distinct(check *c, const ds_node *n)
{
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    tx *eq = check_apply(c, "=", args[0], args[1], n);
    if (eq == NULL)
        return NULL;
    const func_def *f = func_exact2("distinct", eq->f->args[0], eq->f->args[1]);
    tx *x = check_where(tx_call(c->arena, f, eq->args, 2, NULL), n);
    if (!n->negated)
        return x;
    return check_where(tx_call1(c->arena, func_exact1("not", DS_BOOL), x), n);
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
    body->args = ds_new(c->arena, tx *, 3);
    body->args[0] = eq;
    body->args[1] = tx_null(c->arena, x->type, x);
    body->args[2] = x;
    body->n_args = 3;
    return let(c, x, body, n);
}
