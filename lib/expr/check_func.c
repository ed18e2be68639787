/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_func.c - calls: functions, aggregates, sets.
 */
#include "expr/check.h"
#include "record/show.h"

static const char *type_list(check *c, tx **args, uint32_t n,
                             const char *const *names)
{
    ds_buf b;
    ds_buf_init(&b, c->arena, 64);
    for (uint32_t i = 0; i < n; i++) {
        ds_buf_str(&b, i ? ", " : "");
        if (names && names[i])
            ds_buf_printf(&b, "%s => ", names[i]);
        ds_buf_str(&b, ds_type_name(args[i]->type));
    }
    ds_buf_add(&b, "", 1);
    return b.s;
}

/* Of PostgreSQL, but they would not give the same again after a crash, or mean
 * nothing here. */
static const struct {
    const char *name, *hint;
} func_refused[] = {
    {"random", NULL},
    {"random_normal", NULL},
    {"setseed", NULL},
    {"gen_random_uuid", "make one of the record: md5(_topic || '-' || "
                        "_partition || '-' || _offset)::uuid"},
    {"clock_timestamp", "now() is the batch's time"},
    {"statement_timestamp", "now() is the batch's time"},
    {"timeofday", "now() is the batch's time"},
    {"nextval", NULL},
    {"txid_current", NULL},
    {"pg_sleep", NULL},
};

static bool is_refused(check *c, const ds_node *n)
{
    for (size_t i = 0; i < sizeof func_refused / sizeof *func_refused; i++)
        if (strcmp(func_refused[i].name, n->name) == 0) {
            check_fail(c, "E0304", n->at, n->len, func_refused[i].hint,
                       "%s() is not supported: after a crash it would not "
                       "give the same again",
                       n->name);
            return true;
        }
    return false;
}

void *check_no_function(check *c, const ds_node *n, tx **args, bool unique)
{
    const char *hint = NULL;
    if (func_exists(n->name))
        hint = unique ? "cast the arguments" : "cast one of the arguments";
    return check_fail(c, "E0302", n->at, n->len, hint,
                      unique ? "function %s(%s) does not exist"
                             : "function %s(%s) is not unique",
                      n->name, type_list(c, args, n->n_args, n->call->names));
}

/* ---- sets ---- */

static tx *check_set(check *c, const ds_node *n, tx *x)
{
    if (c->in_agg && c->hooks)
        return check_fail(c, "E0306", n->at, n->len, "it belongs into FROM",
                          "aggregate function calls cannot contain "
                          "set-returning function calls");
    if (!c->scope->sets || c->in_agg)
        return check_fail(c, "E0306", n->at, n->len,
                          c->hooks ? "it belongs into FROM"
                                   : "it belongs into flatMap",
                          "set-returning functions are not allowed %s%s",
                          c->place ? "in " : "here", c->place ? c->place : "");
    x->kind = TX_SET;
    for (uint32_t i = 0; i < x->n_args; i++)
        x->args[i] = fold_tree(x->args[i], c->arena);
    if (x->f->prepare && x->data == NULL)
        x->f->prepare(x, c->arena);
    return x;
}

/* ---- functions ---- */

/* date(x) is x::date, if there is no such function. */
static tx *check_call_cast(check *c, const ds_node *n, tx **args)
{
    ds_type type = n->n_args == 1 ? check_type_word(n->name) : DS_NONE;
    if (type == DS_NONE)
        return check_no_function(c, n, args, true);
    if (args[0]->type != DS_NONE && args[0]->type != type &&
        func_cast(args[0]->type, type, FUNC_CAST_EXPLICIT) == NULL)
        return check_no_function(c, n, args, true);
    return check_cast_to(c, args[0], type, 0, n);
}

tx *check_refuse(check *c, tx *x)
{
    if (x->f->refuse == NULL)
        return x;
    for (uint32_t i = 0; i < x->n_args; i++)
        x->args[i] = fold_tree(x->args[i], c->arena);
    const char *code;
    uint32_t arg = 0;
    const char *why = x->f->refuse(x, c->arena, &code, &arg);
    return why ? check_fail(c, code, x->args[arg]->from, x->args[arg]->len,
                            NULL, "%s", why)
               : x;
}

/* What a function that returns a record gives here. */
static tx *check_record(check *c, tx *x, const ds_node *n)
{
    for (uint32_t i = 0; i < x->n_args; i++)
        x->args[i] = fold_tree(x->args[i], c->arena);
    if (x->f->prepare)
        x->f->prepare(x, c->arena);
    if (x->type != FUNC_ANYROW)
        return x;
    return check_fail(c, "E0304", n->at, n->len, NULL,
                      "the columns of what %s returns are not known", n->name);
}

/* substring(x, pattern, escape) is what PostgreSQL's own function of this name
 * is made of: substring(x, similar_to_escape(pattern, escape)). */
static void similar_open(check *c, func_match *m, tx **args, uint32_t *n_args,
                         const ds_node *n)
{
    if (m->f->fn || m->f->n_args != 3 || m->f->args[2] != DS_STR)
        return;
    const func_def *pattern = func_exact2("similar_to_escape", DS_STR, DS_STR);
    args[1] =
        check_where(tx_call2(c->arena, pattern, args[1], args[2], args[1]), n);
    m->f = func_exact2("substring", DS_STR, DS_STR);
    *n_args = 2;
}

static tx *check_call(check *c, const ds_node *n, tx **args)
{
    uint32_t n_args = n->n_args;
    ds_type *types = ds_new(c->arena, ds_type, n->n_args + 1);
    for (uint32_t i = 0; i < n->n_args; i++)
        types[i] = args[i]->type;
    func_match m;
    switch (func_resolve(n->name, types, n->n_args, c->arena, &m)) {
    case FUNC_OK:
        break;
    case FUNC_NONE:
        return check_call_cast(c, n, args);
    case FUNC_AMBIGUOUS:
        return check_no_function(c, n, args, false);
    case FUNC_UNKNOWN:
        return check_fail(c, "E0302", n->at, n->len, "cast the argument",
                          "could not determine polymorphic type because input "
                          "has type unknown");
    }
    for (uint32_t i = 0; i < n->n_args; i++)
        if ((args[i] = check_coerce(c, args[i], m.args[i])) == NULL)
            return NULL;
    if (strcmp(n->name, "substring") == 0)
        similar_open(c, &m, args, &n_args, n);
    tx *x = check_where(tx_call(c->arena, m.f, args, n_args, NULL), n);
    x->type = m.result;
    if (m.result == FUNC_ANYROW && !check_record(c, x, n))
        return NULL;
    if (!check_refuse(c, x))
        return NULL;
    return m.f->flags & FUNC_SET ? check_set(c, n, x) : x;
}

/* ---- f(a => 1), f(VARIADIC array) ---- */

/* Names of arguments, with the values of those that may be left out. */
static const struct {
    const char *func;
    uint32_t n;
    const char *names[8];
    const char *defaults[8];
} func_args[] = {
    {"make_date", 3, {"year", "month", "day"}, {0}},
    {"make_time", 3, {"hour", "min", "sec"}, {0}},
    {"make_timestamp", 6, {"year", "month", "mday", "hour", "min", "sec"}, {0}},
    {"make_timestamptz",
     6,
     {"year", "month", "mday", "hour", "min", "sec"},
     {0}},
    {"make_timestamptz",
     7,
     {"year", "month", "mday", "hour", "min", "sec", "timezone"},
     {0}},
    {"make_interval",
     7,
     {"years", "months", "weeks", "days", "hours", "mins", "secs"},
     {"0", "0", "0", "0", "0", "0", "0"}},
    {"jsonb_set",
     4,
     {"jsonb_in", "path", "replacement", "create_if_missing"},
     {0, 0, 0, "true"}},
    {"jsonb_set_lax",
     5,
     {"jsonb_in", "path", "replacement", "create_if_missing",
      "null_value_treatment"},
     {0, 0, 0, "true", "use_json_null"}},
    {"jsonb_insert",
     4,
     {"jsonb_in", "path", "replacement", "insert_after"},
     {0, 0, 0, "false"}},
#define JSON_PATH(name)                                                        \
    {                                                                          \
        name, 4, {"target", "path", "vars", "silent"},                         \
        {                                                                      \
            0, 0, "{}", "false"                                                \
        }                                                                      \
    }
    JSON_PATH("jsonb_path_exists"),
    JSON_PATH("jsonb_path_match"),
    JSON_PATH("jsonb_path_query"),
    JSON_PATH("jsonb_path_query_array"),
    JSON_PATH("jsonb_path_query_first"),
#undef JSON_PATH
};

/* The node's arguments in order, those that are left out filled in; false: this
 * function has not these names. */
static bool named_order(check *c, const ds_node *n, size_t k, ds_node *out)
{
    ds_node **args = ds_new(c->arena, ds_node *, func_args[k].n);
    uint32_t most = func_args[k].n;
    if (strcmp(func_args[k].func, n->name) != 0 || n->n_args > most)
        return false;
    for (uint32_t i = 0; i < n->n_args; i++) {
        const char *name = n->call->names[i];
        uint32_t at = name ? 0 : i;
        while (name && at < most && strcmp(func_args[k].names[at], name) != 0)
            at++;
        if (at == most || args[at])
            return false;
        args[at] = n->args[i];
    }
    for (uint32_t i = 0; i < most; i++) {
        if (args[i])
            continue;
        if (func_args[k].defaults[i] == NULL)
            return false;
        args[i] = ds_new(c->arena, ds_node, 1);
        *args[i] = (ds_node){.kind = DS_N_STR,
                             .at = n->at,
                             .len = n->len,
                             .from = n->from,
                             .name = func_args[k].defaults[i]};
    }
    out->args = args;
    out->n_args = most;
    return true;
}

static tx *check_named(check *c, const ds_node *n)
{
    for (size_t k = 0; k < sizeof func_args / sizeof *func_args; k++) {
        ds_node ordered = *n;
        ds_call call = *n->call;
        if (!named_order(c, n, k, &ordered))
            continue;
        call.names = NULL;
        ordered.call = &call;
        tx **args = check_args(c, &ordered);
        return args ? check_call(c, &ordered, args) : NULL;
    }
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    return check_fail(c, "E0302", n->at, n->len,
                      func_exists(n->name) ? "write the arguments in order"
                                           : NULL,
                      "function %s(%s) does not exist", n->name,
                      type_list(c, args, n->n_args, n->call->names));
}

/* f(a, VARIADIC ARRAY[b, c]) is f(a, b, c). */
static tx *check_variadic(check *c, const ds_node *n)
{
    ds_node spread = *n;
    const ds_node *array = n->args[n->n_args - 1];
    if (array->kind == DS_N_CAST && array->args[0]->kind == DS_N_ARRAY)
        array = array->args[0];
    if (array->kind != DS_N_ARRAY)
        return check_fail(c, "E0304", n->at, n->len,
                          "write VARIADIC ARRAY[...], or the arguments "
                          "themselves",
                          "VARIADIC of an array that is not written as "
                          "ARRAY[...] is not supported");
    uint32_t first = n->n_args - 1;
    spread.n_args = first + array->n_args;
    spread.args = ds_new(c->arena, ds_node *, spread.n_args + 1);
    for (uint32_t i = 0; i < spread.n_args; i++)
        spread.args[i] = i < first ? n->args[i] : array->args[i - first];
    ds_call call = *n->call;
    call.variadic = false;
    spread.call = &call;
    return check_func(c, &spread);
}

static bool is_now(const ds_node *n)
{
    return n->n_args == 0 && !n->i &&
           (strcmp(n->name, "now") == 0 ||
            strcmp(n->name, "transaction_timestamp") == 0);
}

/* pg_typeof('a'): a literal has no type yet. */
static tx *check_unknown(check *c, const ds_node *n)
{
    ds_value v = {.s = ds_slice_of(ds_type_name(DS_NONE))};
    return check_where(tx_const(c->arena, DS_STR, v, NULL), n);
}

/* PostgreSQL's words for what only aggregates have. */
static tx *check_no_aggregate(check *c, const ds_node *n)
{
    const ds_call *call = n->call;
    const char *what = call->within     ? "WITHIN GROUP"
                       : call->distinct ? "DISTINCT"
                       : call->n_order  ? "ORDER BY"
                                        : "FILTER";
    if (!func_exists(n->name)) {
        tx **args = check_args(c, n);
        return args ? check_no_function(c, n, args, true) : NULL;
    }
    return check_fail(c, "E0305", n->at, n->len, NULL,
                      "%s specified, but %s is not an aggregate function", what,
                      n->name);
}

/* Window functions by name: they are nothing without OVER. */
static bool needs_over(const ds_node *n)
{
    static const char *const names[] = {
        "row_number",  "rank",       "dense_rank", "percent_rank",
        "cume_dist",   "ntile",      "lag",        "lead",
        "first_value", "last_value", "nth_value"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(n->name, names[i]) == 0)
            return true;
    return false;
}

static tx *no_over(check *c, const ds_node *n)
{
    return check_fail(c, "E0324", n->at, n->len,
                      c->hooks ? NULL
                               : "it stands in the query of transform or "
                                 "mapPartitions",
                      n->call->within
                          ? "WITHIN GROUP of %s is not supported"
                          : "window function %s requires an OVER clause",
                      n->name);
}

tx *check_func(check *c, const ds_node *n)
{
    if (n->what)
        return check_fail(c, "E0304", n->at, n->len,
                          strcmp(n->what, "a window function (OVER)") == 0
                              ? "a query has it: transform: SELECT ... FROM "
                                "batch"
                              : NULL,
                          "%s is not supported", n->what);
    if (n->call->over)
        return c->hooks->window(c, n);
    if (needs_over(n))
        return no_over(c, n);
    if (check_is_agg(n->name))
        return check_agg(c, n);
    if (n->call->distinct || n->call->within || n->call->filter ||
        n->call->n_order)
        return check_no_aggregate(c, n);
    if (is_now(n))
        return check_typed(c, n, TX_NOW, DS_TS);
    if (!func_exists(n->name) && is_refused(c, n))
        return NULL;
    if (n->i)
        return check_fail(c, "E0302", n->at, n->len, NULL,
                          "%s(*) is no aggregate function", n->name);
    if (n->call->variadic && n->n_args > 0)
        return check_variadic(c, n);
    if (n->call->names)
        return check_named(c, n);
    tx **args = check_args(c, n);
    if (args == NULL)
        return NULL;
    if (n->n_args == 1 && args[0]->type == DS_NONE &&
        strcmp(n->name, "pg_typeof") == 0)
        return check_unknown(c, n);
    return check_call(c, n, args);
}
