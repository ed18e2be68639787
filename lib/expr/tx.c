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

tx *tx_const(ds_arena *a, ds_type type, ds_value v, const tx *where)
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

void tx_walk(tx *x, void (*fn)(tx *x, void *arg), void *arg)
{
    if (x->bound)
        return;
    fn(x, arg);
    for (uint32_t i = 0; i < x->n_args; i++) {
        tx_walk(x->args[i], fn, arg);
        if (x->kind == TX_LET && i == 0)
            x->args[0]->bound = 1;
    }
    if (x->kind == TX_LET)
        x->args[0]->bound = 0;
}
