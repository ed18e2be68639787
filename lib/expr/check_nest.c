/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_nest.c - ARRAY[...], ROW(...), a[1], a[1:2], (a).b.
 */
#include "expr/check.h"
#include "record/show.h"

/* ---- making ---- */

static tx *make(check *c, const char *name, tx **args, uint32_t n_args,
                ds_type type, const ds_node *n)
{
    const func_def *f = func_exact1(name, FUNC_ANY);
    tx *x = check_where(tx_call(c->arena, f, args, n_args, NULL), n);
    x->type = type;
    return x;
}

static bool array_of_arrays(check *c, const ds_node *n, tx **args)
{
    for (uint32_t i = 0; i < n->n_args; i++)
        if (ds_type_elem(args[i]->type) != DS_NONE) {
            check_fail(c, "E0304", n->args[i]->from, n->args[i]->len, NULL,
                       "an array of arrays is not supported");
            return true;
        }
    return false;
}

/* `type`: of a cast around it, whose elements are cast one by one. */
tx *check_array(check *c, const ds_node *n, ds_type type, int32_t mod)
{
    tx **args = check_args(c, n);
    if (args == NULL || array_of_arrays(c, n, args))
        return NULL;
    if (type != DS_NONE) {
        for (uint32_t i = 0; i < n->n_args; i++)
            if ((args[i] = check_cast_to(c, args[i], ds_type_elem(type), mod,
                                         n->args[i])) == NULL)
                return NULL;
        tx *x = make(c, "array", args, n->n_args, type, n);
        x->mod = mod;
        return x;
    }
    if (n->n_args == 0)
        return check_fail(c, "E0303", n->at, n->len,
                          "cast it to the type that is meant: "
                          "ARRAY[]::integer[]",
                          "cannot determine type of empty array");
    ds_type elem;
    int32_t same;
    if (!check_unify(c, "ARRAY", args, n->n_args, &elem, &same))
        return NULL;
    if (elem == DS_NONE) {
        elem = DS_STR;
        for (uint32_t i = 0; i < n->n_args; i++)
            args[i] = check_coerce(c, args[i], elem);
    }
    tx *x = make(c, "array", args, n->n_args, ds_array_type(elem), n);
    x->mod = same;
    return x;
}

tx *check_row(check *c, const ds_node *n)
{
    if (n->n_args > CHECK_ROW_ENTRIES)
        return check_fail(c, "E0202", n->at, n->len, NULL,
                          "ROW expressions can have at most %d entries",
                          CHECK_ROW_ENTRIES);
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    ds_field *fields = ds_new(c->arena, ds_field, n->n_args + 1);
    for (uint32_t i = 0; i < n->n_args; i++) {
        if (args[i]->type == DS_NONE)
            args[i] = check_coerce(c, args[i], DS_STR);
        fields[i] = (ds_field){.name = ds_str_printf(c->arena, "f%u", i + 1),
                               .type = args[i]->type,
                               .mod = args[i]->mod};
    }
    const ds_schema row = {n->n_args, fields};
    return make(c, "row", args, n->n_args, ds_row_type(&row), n);
}

/* ---- taking apart ---- */

static tx *call_inner(check *c, const char *name, tx **args, uint32_t n_args,
                      ds_type type, const ds_node *n)
{
    uint32_t n_list;
    const func_def *const *list = func_named(name, &n_list);
    DS_BUG_ON(n_list != 1);
    tx *x = check_where(tx_call(c->arena, list[0], args, n_args, NULL), n);
    x->type = type;
    return x;
}

tx *check_field_of(check *c, tx *x, const char *name, const ds_node *n)
{
    const ds_schema *fields = ds_row_fields(x->type);
    if (fields == NULL)
        return check_fail(c, "E0303", n->at, n->len,
                          x->type == DS_JSON
                              ? ds_str_printf(c->arena, "write -> '%s'", name)
                              : NULL,
                          "column notation .%s applied to type %s, which is "
                          "not a composite type",
                          name, ds_type_name(x->type));
    int i = ds_schema_find(fields, name);
    if (i < 0)
        return check_fail(c, "E0301", n->at, n->len, NULL,
                          "could not identify column \"%s\" in record data "
                          "type",
                          name);
    tx *args[2] = {x, tx_const(c->arena, DS_I32, (ds_value){.i = i}, x)};
    tx *out = call_inner(c, "field", args, 2, fields->fields[i].type, n);
    out->mod = fields->fields[i].mod;
    return out;
}

tx *check_field(check *c, const ds_node *n)
{
    tx **args = check_args(c, n);
    return args ? check_field_of(c, args[0], n->name, n) : NULL;
}

static bool is_simple(const tx *x)
{
    return x->kind == TX_CONST || x->kind == TX_COL;
}

/* Subscripts of NULL are not computed. */
static tx *unless_null(check *c, tx *x, tx *part, const ds_node *n)
{
    bool simple = true;
    for (uint32_t i = 1; i < part->n_args; i++)
        simple = simple && is_simple(part->args[i]);
    if (simple)
        return part;
    tx *null =
        check_where(tx_call1(c->arena, func_exact1("is null", FUNC_ANY), x), n);
    tx *pick = check_typed(c, n, TX_CASE, part->type);
    pick->mod = part->mod;
    pick->args = ds_new(c->arena, tx *, 3);
    pick->args[0] = null;
    pick->args[1] = tx_null(c->arena, part->type, part);
    pick->args[2] = part;
    pick->n_args = 3;
    return check_let(c, x, pick, n);
}

/* A subscript of an array; false after a message. */
static bool subscript(check *c, tx **i)
{
    tx *x = *i;
    if (x->type == DS_NONE) {
        *i = check_coerce(c, x, DS_I32);
        return *i != NULL;
    }
    *i = tx_cast(c->arena, x, DS_I32, FUNC_CAST_ASSIGNMENT);
    if (*i)
        return true;
    check_fail(c, "E0303", x->from, x->len, NULL,
               "array subscript must have type integer");
    return false;
}

/* j['a'] and j[0]. */
static tx *json_index(check *c, tx *x, tx *i, const ds_node *n)
{
    if (i->type == DS_NONE)
        i = check_coerce(c, i, DS_STR);
    if (i && i->type != DS_STR) {
        tx *number = tx_cast(c->arena, i, DS_I32, FUNC_CAST_ASSIGNMENT);
        if (number == NULL || func_category(i->type) != 'N')
            return check_fail(c, "E0303", i->from, i->len,
                              "jsonb subscript must be coercible to either "
                              "integer or text",
                              "subscript type %s is not supported",
                              ds_type_name(i->type));
        i = number;
    }
    if (i == NULL)
        return NULL;
    const func_def *f = func_exact2("subscript", DS_JSON, i->type);
    tx *part = check_where(tx_call2(c->arena, f, x, i, x), n);
    return unless_null(c, x, part, n);
}

static void *no_subscripts(check *c, const tx *x, const ds_node *n)
{
    return check_fail(c, "E0303", n->at, n->len, NULL,
                      "cannot subscript type %s because it does not support "
                      "subscripting",
                      ds_type_name(x->type));
}

tx *check_index(check *c, const ds_node *n)
{
    const ds_node *of = n->args[0];
    if (check_is_headers(c, of))
        return check_header(c, n);
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    ds_type elem = ds_type_elem(args[0]->type);
    if (args[0]->type == DS_JSON)
        return json_index(c, args[0], args[1], n);
    if (n->i && of->kind == DS_N_SLICE)
        return check_fail(c, "E0304", n->at, n->len,
                          "write (a[1:2])[1] for an element of the slice",
                          "a subscript after a slice is not supported");
    if (n->i && elem == DS_NONE)
        /* a[1][2] of an array that has one dimension. */
        return check_where(tx_null(c->arena, args[0]->type, NULL), n);
    if (elem == DS_NONE)
        return no_subscripts(c, args[0], n);
    if (!subscript(c, &args[1]))
        return NULL;
    tx *x = call_inner(c, "element", args, 2, elem, n);
    x->mod = args[0]->mod;
    return unless_null(c, args[0], x, n);
}

tx *check_slice(check *c, const ds_node *n)
{
    c->at_root = false;
    tx *x = check_node(c, n->args[0]);
    if (x == NULL)
        return NULL;
    if (x->type == DS_JSON)
        return check_fail(c, "E0303", n->at, n->len, NULL,
                          "jsonb subscript does not support slices");
    if (ds_type_elem(x->type) == DS_NONE)
        return no_subscripts(c, x, n);
    if (n->i)
        return check_fail(c, "E0304", n->at, n->len, NULL,
                          "a slice after a subscript is not supported");
    tx *args[3] = {x, NULL, NULL};
    for (uint32_t i = 1; i < 3; i++) {
        const ds_node *bound = n->args[i];
        ds_value v = {.i = i == 1 ? 1 : INT32_MAX};
        args[i] =
            bound ? check_node(c, bound) : tx_const(c->arena, DS_I32, v, x);
        if (args[i] == NULL || !subscript(c, &args[i]))
            return NULL;
    }
    tx *out = call_inner(c, "slice", args, 3, x->type, n);
    out->mod = x->mod;
    return unless_null(c, x, out, n);
}
