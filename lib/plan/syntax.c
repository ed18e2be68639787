/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syntax.c - expressions of which no columns are known.
 *
 * After a mistake in a map nobody knows its columns, but the grammar of what
 * follows can still be checked: all mistakes of a file at once.
 *
 * A file of its own, because a node of lib/parse is another one than a node of
 * the plan, and both headers cannot be seen at once.
 */
#include "parse/parse.h"

#include "dstream/param.h"

void planner_syntax(const ds_param *params, const void *args, ds_arena *a,
                    ds_diags *d);

static void check_text(const ds_text *text, ds_arena *a, ds_diags *d)
{
    ds_item *items;
    uint32_t n;
    ds_rc rc = ds_parse_list(text, a, d, &items, &n);

    (void)rc; /* the mistake is in the diags */
}

static void check_query(const ds_text *text, ds_arena *a, ds_diags *d)
{
    ds_query *q;
    ds_rc rc = ds_parse_query(text, a, d, &q);

    (void)rc;
}

static void check_tree(const ds_arg *arg, ds_arena *a, ds_diags *d)
{
    if (arg == NULL)
        return;
    if (arg->kind == DS_ARG_SCALAR)
        check_text(&arg->text, a, d);
    for (uint32_t i = 0; arg->kind != DS_ARG_SCALAR && i < arg->n; i++)
        check_tree(arg->items[i], a, d);
}

void planner_syntax(const ds_param *params, const void *args, ds_arena *a,
                    ds_diags *d)
{
    for (const ds_param *p = params; args && p && p->name; p++) {
        const void *at = (const char *)args + p->offset;

        if (p->type == DS_P_EXPR && ((const ds_text *)at)->s)
            check_text(at, a, d);
        else if (p->type == DS_P_QUERY && ((const ds_text *)at)->s)
            check_query(at, a, d);
        else if (p->type == DS_P_SELECT || p->type == DS_P_EXPRS ||
                 p->type == DS_P_EXPR_MAP)
            check_tree(*(const ds_arg *const *)at, a, d);
    }
}
