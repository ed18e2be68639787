/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.h - small helpers around ds_arg, for whoever checks one by hand.
 */
#ifndef PLAN_ARGS_H
#define PLAN_ARGS_H

#include "dstream/param.h"

/* [a-z_][a-z0-9_]{0,62} */
bool args_is_name(const char *s);
/* Nothing was written: no argument, or a null scalar. */
bool args_is_null(const ds_arg *arg);
/* Where the value begins; nowhere for NULL. */
ds_where args_where(const ds_arg *arg);
/* Where a name stands. */
ds_where args_name_where(const ds_text *name);
/* The parameter of that name, or NULL. `params` may be NULL. */
const ds_param *args_param(const ds_param *params, const char *name);
/* "did you mean `x`?", or NULL. */
const char *args_hint(const char *name, const char *const *names, uint32_t n,
                      ds_arena *a);
/* For a name with nothing that is the rest of a value, cut off by a comma: what
 * to do; else NULL. */
const char *args_comma_hint(const ds_text *name, const ds_arg *item);
/* {price: numeric(10,2)} is price with "numeric(10", and "2)" with nothing:
 * whether item i is such a rest. Then E0201 says so. */
bool args_split_by_comma(const ds_arg *map, uint32_t i, ds_arena *a,
                         ds_diags *d);
/* "a text", "a list", "a map": what was written. */
const char *args_kind(const ds_arg *arg);
/* E0190 at that place. */
void args_later(ds_where where, const char *what, ds_diags *d);

/* A scalar of that text, a map of these names and items. From C. */
const ds_arg *args_scalar(const char *text, ds_arena *a);
const ds_arg *args_map(const ds_text *names, const ds_arg *const *items,
                       uint32_t n, ds_where where, ds_arena *a);

#endif
