/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx.c - the typed tree of an expression.
 */
#include "expr/func.h"

tx *tx_new(ds_arena *a, tx_kind kind, ds_type type, const tx *where)
{
    tx *x = ds_new(a, tx, 1);
    x->kind = kind;
    x->type = type;
    x->reg = -1;
    if (where) {
        x->at = where->at;
        x->len = where->len;
        x->from = where->from;
    }
    return x;
}

tx *tx_const(ds_arena *a, ds_type type, tx_value v, const tx *where)
{
    tx *x = tx_new(a, TX_CONST, type, where);
    x->v = v;
    return x;
}

tx *tx_null(ds_arena *a, ds_type type, const tx *where)
{
    tx *x = tx_new(a, TX_CONST, type, where);
    x->null = true;
    return x;
}

tx *tx_call(ds_arena *a, const func_def *f, tx **args, uint32_t n,
            const tx *where)
{
    tx *x = tx_new(a, TX_CALL, f->result, where);
    x->f = f;
    x->args = ds_new(a, tx *, n);
    x->n_args = n;
    for (uint32_t i = 0; i < n; i++)
        x->args[i] = args[i];
    return x;
}

tx *tx_call1(ds_arena *a, const func_def *f, tx *arg)
{
    return tx_call(a, f, &arg, 1, arg);
}

tx *tx_call2(ds_arena *a, const func_def *f, tx *arg1, tx *arg2,
             const tx *where)
{
    tx *args[2] = {arg1, arg2};
    return tx_call(a, f, args, 2, where);
}

static bool tx_same_value(const tx *x, const tx *y)
{
    if (x->null || y->null)
        return x->null == y->null;
    switch ((int)x->type) {
    case DS_BOOL:
        return x->v.b == y->v.b;
    case DS_F64:
    case DS_I64:
    case DS_TS:
        return x->v.i == y->v.i;
    case DS_IV:
        return x->v.iv.months == y->v.iv.months &&
               x->v.iv.days == y->v.iv.days && x->v.iv.us == y->v.iv.us;
    default:
        return ds_slice_eq(x->v.s, y->v.s);
    }
}

bool tx_same(const tx *x, const tx *y)
{
    if (x == y)
        return true;
    if (x->kind != y->kind || x->type != y->type || x->n_args != y->n_args ||
        x->f != y->f || x->col != y->col)
        return false;
    if (x->kind == TX_CONST)
        return tx_same_value(x, y);
    for (uint32_t i = 0; i < x->n_args; i++)
        if (!tx_same(x->args[i], y->args[i]))
            return false;
    return true;
}

const char *tx_type_name(ds_type t)
{
    return t == DS_IV ? "interval" : ds_type_name(t);
}
