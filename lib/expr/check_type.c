/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_type.c - conversions: implicit ones, casts, the type of alternatives.
 */
#include "expr/check.h"
#include "record/value.h"

typedef struct type_word {
    const char *name;
    ds_type type;
    int width;
} type_word;

static const type_word type_words[] = {
    {"bool", DS_BOOL, 0},      {"boolean", DS_BOOL, 0}, {"int8", DS_I64, 8},
    {"bigint", DS_I64, 8},     {"int4", DS_I64, 4},     {"int", DS_I64, 4},
    {"integer", DS_I64, 4},    {"int2", DS_I64, 2},     {"smallint", DS_I64, 2},
    {"float8", DS_F64, 0},     {"text", DS_STR, 0},     {"varchar", DS_STR, 0},
    {"timestamptz", DS_TS, 0}, {"bytea", DS_BYTES, 0},  {"interval", DS_IV, 0},
};

bool check_type_name(const ds_typename *t, ds_type *type, int *width)
{
    if (t->array || t->n_mods)
        return false;
    for (size_t i = 0; i < sizeof type_words / sizeof *type_words; i++) {
        if (strcmp(type_words[i].name, t->name) == 0) {
            *type = type_words[i].type;
            *width = type_words[i].width;
            return true;
        }
    }
    return false;
}

void check_type_unknown(const ds_text *text, ds_diags *d, const ds_typename *t)
{
    static const char *const known[] = {
        "numeric", "float4", "date",  "timestamp", "time", "timetz",
        "uuid",    "json",   "jsonb", "bpchar",    "char", "interval",
        "money",   "xml",    "bit",   "varbit",    "name", "oid"};
    bool exists = t->array || t->n_mods;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        exists = exists || strcmp(known[i], t->name) == 0;
    ds_where at = ds_text_where(text, t->at, t->len);
    const char *hint = "there are boolean, bigint, double precision, text, "
                       "timestamptz and bytea";
    const char *mods = t->n_mods ? "(...)" : "";
    if (exists)
        ds_diag_add(d, DS_ERROR, "E0304", at, hint,
                    "type %s%s%s is not supported yet", t->name, mods,
                    t->array ? "[]" : "");
    else
        ds_diag_add(d, DS_ERROR, "E0303", at, hint,
                    "type \"%s\" does not exist", t->name);
}

/* ---- implicit ---- */

bool check_can_coerce(const tx *x, ds_type type)
{
    return x->type == type || x->type == DS_NONE ||
           func_cast(x->type, type, FUNC_CAST_IMPLICIT) != NULL;
}

/* A literal is read when the job is loaded. */
static tx *literal(check *c, tx *x, ds_type type, int width)
{
    tx *out = tx_new(c->arena, TX_CONST, type, x);
    const char *code = NULL;
    ds_type as = type != DS_I64 || width == 8 ? type
                 : width == 2                 ? DS_I16
                                              : DS_I32;
    const char *msg =
        ds_value_parse(as, 0, x->v.s, DS_TIME_NONE, c->arena, &out->v, &code);
    if (msg)
        return check_fail(c, code, x->at, x->len, NULL, "%s", msg);
    return out;
}

tx *check_coerce(check *c, tx *x, ds_type type)
{
    if (x->type == type)
        return x;
    if (tx_is_literal(x)) {
        if (type == DS_BYTES)
            return check_fail(c, "E0304", x->at, x->len, NULL,
                              "bytea constants are not supported yet");
        return literal(c, x, type, 8);
    }
    if (x->type == DS_NONE)
        return tx_null(c->arena, type, x);
    const func_def *f = func_cast(x->type, type, FUNC_CAST_IMPLICIT);
    DS_BUG_ON(f == NULL);
    return tx_call1(c->arena, f, x);
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
    ds_type type = DS_NONE;
    bool literals = false;
    for (uint32_t i = 0; i < n; i++) {
        tx *x = list[i];
        literals = literals || tx_is_literal(x);
        if (x->type == DS_NONE || x->type == type)
            continue;
        if (x->type == DS_IV)
            return check_fail(c, "E0304", x->from, x->len, NULL,
                              "an interval in %s is not supported yet", what);
        if (type == DS_NONE || (type == DS_I64 && x->type == DS_F64))
            type = x->type;
        else if (!(type == DS_F64 && x->type == DS_I64))
            return check_fail(c, "E0303", x->from, x->len, "cast one of them",
                              "%s types %s and %s cannot be matched", what,
                              ds_type_name(type), ds_type_name(x->type));
    }
    /* Only NULLs: the type stays open, for a state whose type is not known. */
    *out = type == DS_NONE && literals ? DS_STR : type;
    return true;
}

/* ---- casts ---- */

static tx *cast_literal(check *c, tx *x, ds_type type, int width,
                        const ds_node *n)
{
    tx *out = x->null ? tx_null(c->arena, type, x) : literal(c, x, type, width);
    if (out == NULL)
        return NULL;
    out->int4 = width == 2 || width == 4;
    return check_where(out, n);
}

static tx *cast_narrow(check *c, tx *x, int width, const ds_node *n)
{
    if (width != 2 && width != 4)
        return x;
    x = check_where(tx_call1(c->arena, func_narrow(width), x), n);
    x->int4 = true;
    return x;
}

static const char *cast_target(ds_type type, int width)
{
    return width == 2   ? "smallint"
           : width == 4 ? "integer"
                        : ds_type_name(type);
}

static tx *cast_none(check *c, const tx *x, ds_type type, int width,
                     const ds_node *n)
{
    const char *hint = NULL;
    if (type == DS_BOOL && x->type == DS_I64)
        hint = "write x <> 0";
    if (type == DS_I64 && x->type == DS_BOOL)
        hint = "write x::int";
    return check_fail(c, "E0303", n->at, n->len, hint,
                      "cannot cast type %s to %s", ds_type_name(x->type),
                      cast_target(type, width));
}

tx *check_cast(check *c, const ds_node *n)
{
    ds_type type;
    int width;
    tx **args = check_args(c, n);
    if (!check_type_name(&n->type, &type, &width)) {
        check_type_unknown(c->text, c->diags, &n->type);
        return NULL;
    }
    if (args == NULL)
        return NULL;
    tx *x = args[0];
    if (x->type == DS_NONE && type == DS_BYTES && !x->null)
        return check_fail(c, "E0304", n->at, n->len, NULL,
                          "bytea constants are not supported yet");
    if (x->type == DS_NONE)
        return cast_literal(c, x, type, width, n);
    if (x->type == type)
        return type == DS_I64 ? cast_narrow(c, x, width, n) : x;
    /* PostgreSQL has these two for integer only. */
    if ((type == DS_BOOL && x->type == DS_I64 && !x->int4) ||
        (type == DS_I64 && x->type == DS_BOOL && width != 4))
        return cast_none(c, x, type, width, n);
    const func_def *f = func_cast(x->type, type, FUNC_CAST_EXPLICIT);
    if (f && x->type == DS_STR && type == DS_I64 && width != 8)
        f = func_exact1(width == 2 ? "text narrow2" : "text narrow4", DS_STR);
    if (f == NULL)
        return cast_none(c, x, type, width, n);
    tx *out = check_where(tx_call1(c->arena, f, x), n);
    if (type == DS_I64)
        out = x->type == DS_STR ? out : cast_narrow(c, out, width, n);
    out->int4 = width == 2 || width == 4;
    return out;
}

/* ---- types of columns ---- */

ds_rc ds_type_parse(const ds_text *text, ds_diags *d, ds_field *out)
{
    ds_typename t;
    ds_type type = DS_NONE;
    int width = 0;
    bool not_null = false;
    ds_arena *a = ds_arena_new(4096);
    ds_rc rc = ds_parse_type(text, a, d, &t, &not_null);
    if (rc == DS_OK && (!check_type_name(&t, &type, &width) || type == DS_IV)) {
        check_type_unknown(text, d, &t);
        rc = DS_E_CONFIG;
    }
    ds_arena_free(a);
    if (rc == DS_OK) {
        out->type = type;
        out->not_null = not_null;
    }
    return rc;
}
