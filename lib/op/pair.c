/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair.c - functions of two rows.
 */
#include "op/pair.h"

static bool calls_aggregate(const ds_arg *list)
{
    const char *name;

    for (uint32_t i = 0; (name = ds_agg_name(i)); i++)
        if (select_calls(list, name))
            return true;
    return false;
}

bool pair_is_function(const ds_arg *list, const ds_schema *rows, ds_arena *a)
{
    ds_scope scope = {.cols = rows, .rows = rows};
    ds_diags tried;

    if (!select_mentions(list, "a") || !select_mentions(list, "b"))
        return false;
    ds_diags_init(&tried, a);
    return select_compile(list, &scope, a, &tried) == NULL &&
           !calls_aggregate(list);
}

/* The columns that are not of the key. */
static const ds_schema *pair_values(const ds_schema *rows, const ds_schema *key,
                                    ds_arena *a)
{
    ds_schema *values = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, rows->n + 1);

    for (uint32_t i = 0; i < rows->n; i++)
        if (ds_schema_find(key, rows->fields[i].name) < 0)
            fields[values->n++] = rows->fields[i];
    values->fields = fields;
    return values;
}

static const char *pair_names(const ds_schema *values, ds_arena *a)
{
    const char *s = values->n ? values->fields[0].name : "none";

    for (uint32_t i = 1; i < values->n; i++)
        s = ds_str_printf(a, "%s, %s", s, values->fields[i].name);
    return s;
}

/* What it gives are the values themselves again, by name and type. */
static ds_exprs *pair_fit(const ds_exprs *e, const ds_schema *values,
                          ds_where where, ds_arena *a, ds_diags *d)
{
    const ds_schema *made = ds_exprs_schema(e);
    bool same = made->n == values->n;
    ds_exprs *cast = NULL;
    ds_err err = {DS_OK, ""};

    for (uint32_t i = 0; i < values->n; i++)
        same = same && ds_schema_find(made, values->fields[i].name) >= 0;
    if (same && ds_exprs_cast(ds_exprs_order(e, values, a), values, a, &cast,
                              &err) == DS_OK)
        return cast;
    ds_diag_add(d, DS_ERROR, "E0424", where,
                ds_str_printf(a, "its columns are: %s", pair_names(values, a)),
                "a function of two rows gives a row of the same columns%s%s",
                same ? ": " : "", same ? err.msg : "");
    return NULL;
}

static ds_exprs *pair_one(const ds_arg *list, const ds_schema *values,
                          ds_arena *a, ds_diags *d)
{
    ds_scope scope = {
        .cols = ds_pair_schema(values, a), .names = true, .pair = true};
    ds_exprs *e = select_compile(list, &scope, a, d);

    return e ? pair_fit(e, values, list->where, a, d) : NULL;
}

ds_exprs *pair_compile(const ds_node *node, const ds_arg *list,
                       const ds_arg *inverse, const ds_schema *key, ds_arena *a,
                       ds_diags *d)
{
    const ds_schema *rows = ds_node_input(node, 0);
    const ds_schema *values = pair_values(rows, key, a);
    uint16_t *cols = ds_new(a, uint16_t, values->n + 1);
    ds_exprs *reduce, *back, *out;

    if (values->n == 0) {
        ds_diag_add(d, DS_ERROR, "E0425", node->where,
                    "aggregates count the rows of a key: count(*) AS n",
                    "a function of two rows needs columns beside the key");
        return NULL;
    }
    reduce = pair_one(list, values, a, d);
    back = inverse ? pair_one(inverse, values, a, d) : NULL;
    if (reduce == NULL || (inverse && back == NULL))
        return NULL;
    if (back && !pair_check(reduce, back, list->where, inverse->where, a, d))
        return NULL;
    for (uint32_t i = 0; i < values->n; i++)
        cols[i] = (uint16_t)ds_schema_find(rows, values->fields[i].name);
    ds_exprs_pair(reduce, back, rows, cols, key, a, &out);
    return out;
}
