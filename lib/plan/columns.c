/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.c - columns as they are written: a type, the fields of a row, or an
 * array of either.
 */
#include "plan/columns.h"

#include "expr/expr.h"
#include "plan/args.h"

enum {
    MAX_FIELDS = 1600, /* as many as a table of PostgreSQL has */
    MAX_NESTED = 32,
};

struct columns {
    ds_arena *a;
    ds_diags *d;
    int depth;
};

static bool type_of(struct columns *c, const ds_arg *arg, ds_field *out);

bool columns_name(const ds_text *name, ds_diags *d)
{
    if (name->len > 0 && name->len <= 63 && strlen(name->s) == name->len)
        return true;
    ds_diag_add(d, DS_ERROR, "E0105", args_name_where(name), NULL,
                "a column's name has 1 to 63 bytes");
    return false;
}

static bool too_many(struct columns *c, const ds_arg *map)
{
    if (map->n <= MAX_FIELDS)
        return false;
    ds_diag_add(c->d, DS_ERROR, "E0104", map->where, NULL,
                "a source has at most %d columns, and a row at most as many "
                "fields",
                MAX_FIELDS);
    return true;
}

static bool fields_of(struct columns *c, const ds_arg *map, ds_schema *out)
{
    ds_field *fields = ds_new(c->a, ds_field, map->n + 1);
    bool ok = !too_many(c, map);

    for (uint32_t i = 0; i < map->n && map->n <= MAX_FIELDS; i++) {
        if (i + 1 < map->n && args_split_by_comma(map, i + 1, c->a, c->d)) {
            ok = false;
            i++; /* the rest of its type */
            continue;
        }
        ok = columns_name(&map->names[i], c->d) && ok;
        ok = type_of(c, map->items[i], &fields[i]) && ok;
    }
    for (uint32_t i = 0; i < map->n; i++)
        fields[i].name = map->names[i].s;
    *out = (ds_schema){map->n, fields};
    return ok;
}

static bool row_of(struct columns *c, const ds_arg *map, ds_field *out)
{
    ds_schema fields;

    if (!fields_of(c, map, &fields))
        return false;
    out->type = ds_row_type(&fields);
    out->mod = ds_mod_row(&fields);
    return true;
}

static bool array_of(struct columns *c, const ds_arg *list, ds_field *out)
{
    if (!type_of(c, list->items[0], out))
        return false;
    if (ds_type_elem(out->type) != DS_NONE || out->not_null) {
        ds_diag_add(c->d, DS_ERROR, "E0103", list->items[0]->where, NULL,
                    out->not_null ? "an element may always be NULL"
                                  : "an array of arrays is not supported; "
                                    "jsonb holds one");
        return false;
    }
    out->type = ds_array_type(out->type);
    return true;
}

static bool no_type(struct columns *c, const ds_arg *arg)
{
    ds_diag_add(c->d, DS_ERROR, "E0103", arg->where,
                "a type, {field: type, ...} for a row, [type] for an array",
                "a column needs a type, not %s",
                arg->kind == DS_ARG_LIST && arg->n > 1 ? "several"
                : arg->kind == DS_ARG_SCALAR           ? "nothing"
                                             : "an empty list or map");
    return false;
}

static bool type_of(struct columns *c, const ds_arg *arg, ds_field *out)
{
    bool ok = false;

    if (c->depth == MAX_NESTED) {
        ds_diag_add(c->d, DS_ERROR, "E0104", arg->where, NULL,
                    "a column is nested more than %d levels deep", MAX_NESTED);
        return false;
    }
    c->depth++;
    *out = (ds_field){0};
    if (arg->kind == DS_ARG_SCALAR && !args_is_null(arg))
        ok = ds_type_parse(&arg->text, c->d, out) == DS_OK;
    else if (arg->kind == DS_ARG_MAP && arg->n > 0)
        ok = row_of(c, arg, out);
    else if (arg->kind == DS_ARG_LIST && arg->n == 1)
        ok = array_of(c, arg, out);
    else
        ok = no_type(c, arg);
    c->depth--;
    return ok;
}

bool columns_parse(const ds_arg *map, ds_arena *a, ds_diags *d, ds_schema *out)
{
    struct columns c = {a, d, 0};

    return fields_of(&c, map, out);
}
