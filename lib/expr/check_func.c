/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_func.c - calls: functions, aggregates, sets.
 */
#include "expr/check.h"
#include "record/show.h"

static const char *type_list(check *c, tx **args, uint32_t n)
{
    ds_buf b;
    ds_buf_init(&b, c->arena, 64);
    for (uint32_t i = 0; i < n; i++)
        ds_buf_printf(&b, "%s%s", i ? ", " : "", ds_type_name(args[i]->type));
    ds_buf_add(&b, "", 1);
    return b.s;
}

void *check_no_function(check *c, const ds_node *n, tx **args, bool unique)
{
    /* Of PostgreSQL, but not ours. */
    static const char *const later[] = {"md5",
                                        "to_char",
                                        "to_timestamp",
                                        "date_trunc",
                                        "date_part",
                                        "extract",
                                        "timezone",
                                        "age",
                                        "random",
                                        "lpad",
                                        "rpad",
                                        "initcap",
                                        "translate",
                                        "ascii",
                                        "chr",
                                        "encode",
                                        "decode",
                                        "sha256",
                                        "format",
                                        "concat_ws",
                                        "regexp_replace",
                                        "regexp_match",
                                        "regexp_matches",
                                        "string_agg",
                                        "array_agg",
                                        "unnest",
                                        "generate_series",
                                        "json_build_object",
                                        "jsonb_build_object",
                                        "to_json",
                                        "to_jsonb",
                                        "ln",
                                        "exp",
                                        "log",
                                        "bool_and",
                                        "bool_or",
                                        "every",
                                        "stddev",
                                        "variance",
                                        "date_bin",
                                        "tumble",
                                        "hop",
                                        "session",
                                        "window",
                                        "overlay",
                                        "gcd",
                                        "div",
                                        "width_bucket",
                                        "clock_timestamp",
                                        "statement_timestamp",
                                        "timeofday"};
    const char *hint = NULL;
    if (!func_exists(n->name))
        for (size_t i = 0; i < sizeof later / sizeof *later; i++)
            if (strcmp(later[i], n->name) == 0)
                return check_fail(c, "E0304", n->at, n->len, NULL,
                                  "function %s is not supported yet", n->name);
    if (strcmp(n->name, "round") == 0 && n->n_args == 2)
        hint = "round(x * 100) / 100 has two digits";
    else if (func_exists(n->name))
        hint = unique ? "cast the arguments" : "cast one of the arguments";
    return check_fail(c, "E0302", n->at, n->len, hint,
                      unique ? "function %s(%s) does not exist"
                             : "function %s(%s) is not unique",
                      n->name, type_list(c, args, n->n_args));
}

/* ---- sets ---- */

static const tx *set_regex_arg(check *c, tx **args, uint32_t i)
{
    args[i] = fold_tree(args[i], c->arena);
    if (args[i]->kind == TX_CONST)
        return args[i];
    return check_fail(c, "E0304", args[i]->from, args[i]->len, NULL,
                      "the pattern and its flags must be constants");
}

static tx *check_set(check *c, const ds_node *n, tx *x)
{
    if (!c->scope->sets || c->in_agg)
        return check_fail(c, "E0306", n->at, n->len, "it belongs into flatMap",
                          "set-returning functions are not allowed here");
    x->kind = TX_SET;
    if (strcmp(n->name, "regexp_split_to_table") != 0)
        return x;
    const tx *pattern = set_regex_arg(c, x->args, 1);
    const tx *flags = x->n_args > 2 ? set_regex_arg(c, x->args, 2) : NULL;
    if (pattern == NULL || (x->n_args > 2 && flags == NULL))
        return NULL;
    if (pattern->null || (flags && flags->null))
        return x;
    const char *why;
    bool refused;
    x->data = regex_compile(pattern->v.s, flags ? flags->v.s : DS_NULL_SLICE,
                            c->arena, &why, &refused);
    if (x->data == NULL)
        return check_fail(c, refused ? "E0304" : "E0702", pattern->at,
                          pattern->len, NULL,
                          refused ? "%s is not supported" : "%s", why);
    return x;
}

/* ---- functions ---- */

static tx *check_concat(check *c, const ds_node *n, tx **args)
{
    ds_type text = DS_STR;
    for (uint32_t i = 0; i < n->n_args; i++) {
        ds_type t = args[i]->type;
        if (t == DS_IV)
            return check_no_function(c, n, args, true);
        const func_def *f = t == DS_BOOL
                                ? func_exact1("bool out", t)
                                : func_cast(t, DS_STR, FUNC_CAST_EXPLICIT);
        args[i] = f ? tx_call1(c->arena, f, args[i])
                    : check_coerce(c, args[i], DS_STR);
        if (args[i] == NULL)
            return NULL;
    }
    return check_where(tx_call(c->arena, func_exact("concat", &text, 1), args,
                               n->n_args, NULL),
                       n);
}

static tx *check_call(check *c, const ds_node *n, tx **args)
{
    ds_type *types = ds_new(c->arena, ds_type, n->n_args + 1);
    for (uint32_t i = 0; i < n->n_args; i++)
        types[i] = args[i]->type;
    const func_def *f;
    func_found found = func_resolve(n->name, types, n->n_args, &f);
    if (found != FUNC_OK)
        return check_no_function(c, n, args, found == FUNC_NONE);
    bool ok = true;
    for (uint32_t i = 0; i < n->n_args; i++) {
        args[i] = check_coerce(c, args[i], func_arg(f, i));
        ok = ok && args[i];
    }
    if (!ok)
        return NULL;
    tx *x = check_where(tx_call(c->arena, f, args, n->n_args, NULL), n);
    return f->flags & FUNC_SET ? check_set(c, n, x) : x;
}

static bool is_now(const ds_node *n)
{
    return n->n_args == 0 && !n->i &&
           (strcmp(n->name, "now") == 0 ||
            strcmp(n->name, "transaction_timestamp") == 0);
}

/* PostgreSQL's words for what only aggregates have. */
static tx *check_no_aggregate(check *c, const ds_node *n)
{
    const ds_call *call = n->call;
    const char *what = call->within     ? "WITHIN GROUP"
                       : call->distinct ? "DISTINCT"
                       : call->n_order  ? "ORDER BY"
                                        : "FILTER";
    if (!func_exists(n->name))
        return check_fail(c, "E0302", n->at, n->len, NULL,
                          "function %s does not exist", n->name);
    return check_fail(c, "E0305", n->at, n->len, NULL,
                      "%s specified, but %s is not an aggregate function", what,
                      n->name);
}

tx *check_func(check *c, const ds_node *n)
{
    if (n->what)
        return check_fail(c, "E0304", n->at, n->len, NULL,
                          "%s is not supported yet", n->what);
    if (check_is_agg(n->name))
        return check_agg(c, n);
    if (n->call->distinct || n->call->within || n->call->filter ||
        n->call->n_order)
        return check_no_aggregate(c, n);
    if (is_now(n))
        return check_typed(c, n, TX_NOW, DS_TS);
    if (n->i)
        return check_fail(c, "E0302", n->at, n->len, NULL,
                          "%s(*) is no aggregate function", n->name);
    if (n->call->names || n->call->variadic)
        return check_fail(c, "E0304", n->at, n->len, NULL,
                          "%s is not supported yet",
                          n->call->names ? "a named argument" : "VARIADIC");
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    if (strcmp(n->name, "concat") == 0 && n->n_args > 0)
        return check_concat(c, n, args);
    return check_call(c, n, args);
}
