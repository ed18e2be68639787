/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - names and types: parsed trees to typed ones.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "expr/check.h"
#include "record/value.h"

void *check_fail(check *c, const char *code, uint32_t at, uint32_t len,
                 const char *hint, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ds_diag_addv(c->diags, DS_ERROR, code, ds_text_where(c->text, at, len),
                 hint, fmt, args);
    va_end(args);
    return NULL;
}

tx *check_where(tx *x, const ds_node *n)
{
    x->at = n->at;
    x->len = n->len;
    x->from = n->from;
    return x;
}

tx *check_typed(check *c, const ds_node *n, tx_kind kind, ds_type type)
{
    return check_where(tx_new(c->arena, kind, type, NULL), n);
}

tx **check_args(check *c, const ds_node *n)
{
    tx **args = ds_new(c->arena, tx *, n->n_args + 1);
    bool ok = true;
    c->at_root = false;
    for (uint32_t i = 0; i < n->n_args; i++) {
        args[i] = check_node(c, n->args[i]);
        ok = ok && args[i];
    }
    return ok ? args : NULL;
}

/* Integers are as small as they fit, other numbers numeric. */
static tx *check_number(check *c, const ds_node *n)
{
    tx *x = check_typed(c, n, TX_CONST, DS_NUM);
    const char *code;
    if (n->kind == DS_N_INT) {
        x->type = n->i == (int32_t)n->i ? DS_I32 : DS_I64;
        x->v.i = n->i;
        return x;
    }
    const char *msg = ds_value_parse(DS_NUM, 0, ds_slice_of(n->name),
                                     DS_TIME_NONE, c->arena, &x->v, &code);
    if (msg && c->in_agg) /* nobody would find it there later */
        return check_fail(c, code, n->at, n->len, "write float8 '...'", "%s",
                          msg);
    if (msg) {
        x->wide = n->name;
        x->v = (ds_value){.i = 0};
    }
    return x;
}

static tx *check_const(check *c, const ds_node *n)
{
    tx *x = check_typed(c, n, TX_CONST, DS_NONE);
    switch (n->kind) {
    case DS_N_BOOL:
        x->type = DS_BOOL;
        x->v.b = (uint8_t)n->i;
        return x;
    case DS_N_STR:
        x->v.s = ds_slice_of(n->name);
        return x;
    case DS_N_NULL:
        x->null = true;
        return x;
    default:
        return check_number(c, n);
    }
}

static tx *check_logic(check *c, const ds_node *n)
{
    const char *what = n->kind == DS_N_AND  ? "AND"
                       : n->kind == DS_N_OR ? "OR"
                                            : "NOT";
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    bool ok = true;
    for (uint32_t i = 0; i < n->n_args; i++) {
        args[i] = check_bool(c, args[i], what);
        ok = ok && args[i];
    }
    if (!ok)
        return NULL;
    if (n->kind == DS_N_NOT)
        return check_where(
            tx_call1(c->arena, func_exact1("not", DS_BOOL), args[0]), n);
    tx *x = check_typed(c, n, n->kind == DS_N_AND ? TX_AND : TX_OR, DS_BOOL);
    x->args = args;
    x->n_args = n->n_args;
    return x;
}

tx *check_test(check *c, const ds_node *n, const char *name, tx *arg)
{
    if (arg->type == DS_NONE)
        arg = check_coerce(c, arg, DS_STR);
    const func_def *f = func_exact1(name, arg->type);
    if (f == NULL)
        f = func_exact1(name, FUNC_ANY);
    return check_where(tx_call1(c->arena, f, arg), n);
}

static tx *check_is_null(check *c, const ds_node *n)
{
    if (check_is_state(c, n->args[0]))
        return check_state_null(c, n);
    if (n->args[0]->kind == DS_N_ROW)
        return check_row_null(c, n);
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    return check_test(c, n, n->negated ? "is not null" : "is null", args[0]);
}

static tx *check_is_bool(check *c, const ds_node *n)
{
    static const char *const names[3][2] = {{"is null", "is not null"},
                                            {"is false", "is not false"},
                                            {"is true", "is not true"}};
    static const char *const whats[3] = {"IS UNKNOWN", "IS FALSE", "IS TRUE"};
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    tx *x = check_bool(c, args[0], whats[n->i + 1]);
    return x ? check_test(c, n, names[n->i + 1][n->negated], x) : NULL;
}

static tx *check_unsupported(check *c, const ds_node *n, const char *what)
{
    const char *hint = NULL;
    if (strcmp(what, "a name of the session") == 0)
        hint = "if it is a column, quote its name";
    else if (!c->hooks && strcmp(what, "a subquery") == 0)
        hint = "a query has it: transform: SELECT ... FROM batch";
    return check_fail(c, "E0304", n->at, n->len, hint, "%s is not supported",
                      what);
}

/* current_timestamp and the like: the batch's time, in UTC. */
static tx *check_now(check *c, const ds_node *n)
{
    ds_type type = DS_TS;
    if (strcmp(n->name, "current_date") == 0)
        type = DS_DATE;
    else if (strcmp(n->name, "localtimestamp") == 0)
        type = DS_TIMESTAMP;
    else if (strcmp(n->name, "localtime") == 0)
        type = DS_TIME;
    else if (strcmp(n->name, "current_time") == 0)
        return check_fail(c, "E0304", n->at, n->len,
                          "localtime is the time of day without a zone",
                          "current_time has the type timetz, which is not "
                          "supported");
    tx *x = tx_cast(c->arena, check_typed(c, n, TX_NOW, DS_TS), type,
                    FUNC_CAST_EXPLICIT);
    if (x == NULL)
        return check_unsupported(c, n, n->name);
    check_where(x, n);
    if (n->i < 0)
        return x;
    int32_t digits = n->i > 6 ? 6 : (int32_t)n->i;
    return check_where(tx_fit(c->arena, x, digits + 1, true), n);
}

static tx *check_collate(check *c, const ds_node *n)
{
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    ds_type type = args[0]->type;
    if (strcmp(n->name, "C") != 0 && strcmp(n->name, "POSIX") != 0 &&
        strcmp(n->name, "default") != 0 && strcmp(n->name, "ucs_basic") != 0)
        return check_fail(c, "E0304", n->at, n->len,
                          "text compares by code point: COLLATE \"C\"",
                          "collation \"%s\" is not supported", n->name);
    if (func_category(ds_type_elem(type) ? ds_type_elem(type) : type) != 'S' &&
        type != DS_NONE)
        return check_fail(c, "E0303", n->at, n->len, NULL,
                          "collations are not supported by type %s",
                          ds_type_name(type));
    return type == DS_NONE ? check_coerce(c, args[0], DS_STR) : args[0];
}

tx *check_node(check *c, const ds_node *n)
{
    switch (n->kind) {
    case DS_N_COLUMN:
        return check_column(c, n);
    case DS_N_STAR:
        return check_fail(c, "E0304", n->at, n->len, NULL,
                          "* cannot stand inside an expression");
    case DS_N_NULL:
    case DS_N_BOOL:
    case DS_N_INT:
    case DS_N_DEC:
    case DS_N_STR:
        return check_const(c, n);
    case DS_N_OP:
        return check_op(c, n);
    case DS_N_AND:
    case DS_N_OR:
    case DS_N_NOT:
        return check_logic(c, n);
    case DS_N_IS_NULL:
        return check_is_null(c, n);
    case DS_N_IS_BOOL:
        return check_is_bool(c, n);
    case DS_N_DISTINCT:
        return check_distinct(c, n);
    case DS_N_IN:
        return check_in(c, n);
    case DS_N_BETWEEN:
        return check_between(c, n);
    case DS_N_LIKE:
        return check_like(c, n);
    case DS_N_CASE:
        return check_case(c, n);
    case DS_N_COALESCE:
        return check_coalesce(c, n);
    case DS_N_GREATEST:
    case DS_N_LEAST:
        return check_pick(c, n);
    case DS_N_NULLIF:
        return check_nullif(c, n);
    case DS_N_FUNC:
        return check_func(c, n);
    case DS_N_CAST:
        return check_cast(c, n);
    case DS_N_NOW:
        return check_now(c, n);
    case DS_N_ARRAY:
        return check_array(c, n, DS_NONE, 0);
    case DS_N_ROW:
        return check_row(c, n);
    case DS_N_INDEX:
        return check_index(c, n);
    case DS_N_SLICE:
        return check_slice(c, n);
    case DS_N_FIELD:
        return check_field(c, n);
    case DS_N_ANY:
        return check_any(c, n);
    case DS_N_COLLATE:
        return check_collate(c, n);
    case DS_N_QUERY:
        return c->hooks ? c->hooks->query(c, n)
                        : check_unsupported(c, n, "a subquery");
    case DS_N_OTHER:
        break;
    }
    return check_unsupported(c, n, n->what);
}
