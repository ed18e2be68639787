/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_type.c - conversions: implicit ones, casts, the type of alternatives.
 */
#include "expr/check.h"
#include "record/value.h"

/* ---- implicit ---- */

bool check_can_coerce(const tx *x, ds_type type)
{
    return x->type == type || func_implicit(x->type, type);
}

/* 'now', 'today' and the like: the batch's time, known when it runs. */
static tx *literal_now(check *c, tx *x, ds_type type)
{
    ds_value v;
    const char *code;
    bool time = type == DS_DATE || type == DS_TIME || type == DS_TIMESTAMP ||
                type == DS_TS;
    if (!time || ds_value_parse(type, 0, x->v.s, 0, c->arena, &v, &code))
        return NULL;
    tx *text = tx_const(c->arena, DS_STR, x->v, x);
    tx *out = tx_call1(c->arena, func_exact1("cast in now", DS_STR), text);
    out->type = type;
    return out;
}

/* A literal is read when the job is loaded. */
static tx *literal(check *c, tx *x, ds_type type, int32_t mod)
{
    tx *out = tx_new(c->arena, TX_CONST, type, x);
    const char *code = NULL;
    ds_slice s =
        type == DS_IV ? typmod_interval_text(x->v.s, mod, c->arena) : x->v.s;
    const char *msg =
        ds_value_parse(type, 0, s, DS_TIME_NONE, c->arena, &out->v, &code);
    if (msg && s.ptr != x->v.s.ptr) /* name the text as it was written */
        msg = ds_value_parse(type, 0, x->v.s, DS_TIME_NONE, c->arena, &out->v,
                             &code);
    if (msg == NULL)
        return out;
    tx *now = literal_now(c, x, type);
    if (now)
        return now;
    return check_fail(c, code, x->at, x->len, NULL, "%s", msg);
}

tx *check_coerce(check *c, tx *x, ds_type type)
{
    if (x->type == type)
        return x;
    if (tx_is_literal(x))
        return literal(c, x, type, 0);
    if (x->type == DS_NONE)
        return tx_null(c->arena, type, x);
    x = tx_cast(c->arena, x, type, FUNC_CAST_IMPLICIT);
    DS_BUG_ON(x == NULL);
    return x;
}

tx *check_bool(check *c, tx *x, const char *what)
{
    if (check_can_coerce(x, DS_BOOL))
        return check_coerce(c, x, DS_BOOL);
    return check_fail(c, "E0303", x->from, x->len, NULL,
                      "argument of %s must be type boolean, not type %s", what,
                      ds_type_name(x->type));
}

bool check_common(check *c, const char *what, tx **list, uint32_t n,
                  ds_type *out)
{
    ds_type *types = ds_new(c->arena, ds_type, n + 1);
    ds_type type;
    bool literals = false;
    for (uint32_t i = 0; i < n; i++) {
        types[i] = list[i]->type;
        literals = literals || tx_is_literal(list[i]);
    }
    int bad = func_common(types, n, &type);
    if (bad >= 0)
        return check_fail(c, "E0303", list[bad]->from, list[bad]->len,
                          "cast one of them",
                          "%s types %s and %s cannot be matched", what,
                          ds_type_name(type), ds_type_name(types[bad]));
    for (uint32_t i = 0; i < n; i++)
        if (!func_implicit(types[i], type))
            return check_fail(c, "E0303", list[i]->from, list[i]->len,
                              "cast one of them",
                              "%s%s could not convert type %s to %s", what,
                              strcmp(what, "CASE") ? ""
                              : i                  ? "/WHEN"
                                                   : "/ELSE",
                              ds_type_name(types[i]), ds_type_name(type));
    /* Only NULLs: the type stays open while that of a state is looked for. */
    if (type == DS_NONE && (literals || !check_state_unknown(c)))
        type = DS_STR;
    *out = type;
    return true;
}

bool check_unify(check *c, const char *what, tx **list, uint32_t n,
                 ds_type *type, int32_t *mod)
{
    bool ok = true;
    if (!check_common(c, what, list, n, type))
        return false;
    *mod = n ? list[0]->mod : 0;
    for (uint32_t i = 0; i < n; i++) {
        if (list[i]->mod != *mod || list[i]->type != *type)
            *mod = 0;
        list[i] = check_coerce(c, list[i], *type);
        ok = ok && list[i];
    }
    return ok;
}

/* ---- casts ---- */

static void *cast_none(check *c, const tx *x, ds_type type, const ds_node *n)
{
    const char *hint = NULL;
    if (type == DS_BOOL && func_category(x->type) == 'N')
        hint = "write x <> 0";
    if (func_category(type) == 'N' && x->type == DS_BOOL)
        hint = "write x::int";
    if (func_category(type) == 'N' && x->type == DS_TS)
        hint = "write extract(epoch from x)";
    return check_fail(c, "E0303", n->at, n->len, hint,
                      "cannot cast type %s to %s", ds_type_name(x->type),
                      ds_type_name(type));
}

tx *check_cast_to(check *c, tx *x, ds_type type, int32_t mod, const ds_node *n)
{
    tx *out;
    if (tx_is_literal(x))
        out = literal(c, x, type, mod);
    else if (x->type == DS_NONE)
        out = tx_null(c->arena, type, x);
    else if ((out = tx_cast(c->arena, x, type, FUNC_CAST_EXPLICIT)) == NULL)
        return cast_none(c, x, type, n);
    if (out == NULL)
        return NULL;
    if (out != x)
        check_where(out, n);
    return mod ? check_where(tx_fit(c->arena, out, mod, true), n) : out;
}

tx *check_cast(check *c, const ds_node *n)
{
    ds_type type;
    int32_t mod;
    bool known = check_type_name(c->text, c->diags, &n->type, &type, &mod);
    if (known && n->args[0]->kind == DS_N_ARRAY &&
        ds_type_elem(type) != DS_NONE)
        return check_array(c, n->args[0], type, mod);
    tx **args = check_args(c, n);
    if (!known || args == NULL)
        return NULL;
    return check_cast_to(c, args[0], type, mod, n);
}
