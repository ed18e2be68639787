/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert.c - libpg_query's tree to ours.
 */
#include <errno.h>
#include <stdlib.h>

#include "parse/convert.h"
#include "parse/parse.h"

#define NODE(x) PG_QUERY__NODE__NODE_##x

uint32_t convert_at(const convert_ctx *c, int32_t location)
{
    if (location < 0 || (uint32_t)location < c->prefix)
        return 0;
    return (uint32_t)location - c->prefix;
}

static ds_node *node_new(convert_ctx *c, ds_node_kind kind, int32_t location)
{
    ds_node *n = ds_new(c->arena, ds_node, 1);
    n->kind = kind;
    n->at = n->from = convert_at(c, location);
    const scan_token *t = scan_find(c->tokens, n->at);
    n->len = t && t->at == n->at ? t->len : 1;
    return n;
}

static ds_node *node_other(convert_ctx *c, const char *what, int32_t location)
{
    ds_node *n = node_new(c, DS_N_OTHER, location);
    n->what = what;
    return n;
}

static void node_args(convert_ctx *c, ds_node *n, PgQuery__Node **args,
                      size_t n_args)
{
    n->args = ds_new(c->arena, ds_node *, n_args + 1);
    n->n_args = (uint32_t)n_args;
    for (size_t i = 0; i < n_args; i++)
        n->args[i] = convert_node(c, args[i]);
}

/* An operator stands behind its first operand. */
static ds_node *node_begin(ds_node *n)
{
    for (uint32_t i = 0; i < n->n_args; i++)
        if (n->args[i] && n->args[i]->from < n->from)
            n->from = n->args[i]->from;
    return n;
}

static const char *last_name(convert_ctx *c, PgQuery__Node **names, size_t n)
{
    if (n == 0 || names[n - 1]->node_case != NODE(STRING))
        return "";
    return ds_str_copy(c->arena, names[n - 1]->string->sval);
}

/* The integer that a node is; false: it is none. */
static bool const_int(const PgQuery__Node *n, int32_t *out)
{
    if (n->node_case != NODE(A_CONST) || n->a_const->isnull ||
        n->a_const->val_case != PG_QUERY__A__CONST__VAL_IVAL)
        return false;
    *out = n->a_const->ival->ival;
    return true;
}

ds_typename convert_type(convert_ctx *c, const PgQuery__TypeName *t)
{
    ds_typename out = {.name = last_name(c, t->names, t->n_names),
                       .n_mods = (uint32_t)t->n_typmods,
                       .odd_mods = t->n_typmods > 2,
                       .array = t->n_array_bounds > 0,
                       .setof = t->setof || t->pct_type,
                       .at = convert_at(c, t->location)};
    for (size_t i = 0; i < t->n_typmods && i < 2; i++)
        if (!const_int(t->typmods[i], &out.mods[i]))
            out.odd_mods = true;
    const scan_token *tok = scan_find(c->tokens, out.at);
    out.len = tok ? tok->len : 1;
    return out;
}

static ds_node *convert_number(convert_ctx *c, const char *digits, int32_t at)
{
    ds_node *n = node_new(c, DS_N_DEC, at);
    n->name = ds_str_copy(c->arena, digits);
    if (digits[strspn(digits, "-0123456789")] == 0) {
        errno = 0;
        n->i = strtoll(digits, NULL, 10);
        if (errno == 0)
            n->kind = DS_N_INT;
    }
    return n;
}

static ds_node *convert_const(convert_ctx *c, const PgQuery__AConst *k)
{
    ds_node *n;
    if (k->isnull)
        return node_new(c, DS_N_NULL, k->location);
    switch (k->val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
        n = node_new(c, DS_N_INT, k->location);
        n->i = k->ival->ival;
        return n;
    case PG_QUERY__A__CONST__VAL_FVAL:
        return convert_number(c, k->fval->fval, k->location);
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
        n = node_new(c, DS_N_BOOL, k->location);
        n->i = k->boolval->boolval ? 1 : 0;
        return n;
    case PG_QUERY__A__CONST__VAL_SVAL:
        n = node_new(c, DS_N_STR, k->location);
        n->name = ds_str_copy(c->arena, k->sval->sval);
        return n;
    default:
        return node_other(c, "a bit string", k->location);
    }
}

static ds_node *convert_column(convert_ctx *c, const PgQuery__ColumnRef *r)
{
    ds_node *n = node_new(c, DS_N_COLUMN, r->location);
    const char **names = ds_new(c->arena, const char *, r->n_fields);
    for (size_t i = 0; i < r->n_fields; i++) {
        if (r->fields[i]->node_case == NODE(A_STAR)) {
            n->kind = DS_N_STAR;
            break;
        }
        names[n->n_names++] = ds_str_copy(c->arena, r->fields[i]->string->sval);
    }
    n->names = names;
    /* Underline all of a.b. */
    const scan_token *t = scan_find(c->tokens, n->at);
    if (t)
        for (uint32_t i = 1;
             i < r->n_fields && t + 2 * i < c->tokens->list + c->tokens->n; i++)
            n->len = t[2 * i].at + t[2 * i].len - n->at;
    return n;
}

static ds_node *convert_like(convert_ctx *c, const PgQuery__AExpr *e)
{
    ds_node *n = node_new(c, DS_N_LIKE, e->location);
    const char *op = last_name(c, e->name, e->n_name);
    n->negated = op[0] == '!';
    n->i = e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE;
    n->args = ds_new(c->arena, ds_node *, 3);
    n->args[0] = convert_node(c, e->lexpr);
    n->n_args = 2;
    const PgQuery__Node *r = e->rexpr;
    if (r->node_case == NODE(FUNC_CALL) && r->func_call->n_args == 2 &&
        r->func_call->n_funcname == 2 &&
        strcmp(last_name(c, r->func_call->funcname, 2), "like_escape") == 0) {
        n->args[1] = convert_node(c, r->func_call->args[0]);
        n->args[2] = convert_node(c, r->func_call->args[1]);
        n->n_args = 3;
    } else {
        n->args[1] = convert_node(c, r);
    }
    return node_begin(n);
}

/* x IN (list) and x BETWEEN a AND b keep their right side in a list. */
static ds_node *convert_listed(convert_ctx *c, const PgQuery__AExpr *e,
                               ds_node_kind kind)
{
    ds_node *n = node_new(c, kind, e->location);
    if (e->rexpr->node_case != NODE(LIST))
        return node_other(c, "a subquery", e->location);
    const PgQuery__List *l = e->rexpr->list;
    n->args = ds_new(c->arena, ds_node *, l->n_items + 1);
    n->args[n->n_args++] = convert_node(c, e->lexpr);
    for (size_t i = 0; i < l->n_items; i++)
        n->args[n->n_args++] = convert_node(c, l->items[i]);
    return node_begin(n);
}

static ds_node *convert_binary(convert_ctx *c, const PgQuery__AExpr *e,
                               ds_node_kind kind)
{
    ds_node *n = node_new(c, kind, e->location);
    n->name = last_name(c, e->name, e->n_name);
    PgQuery__Node *args[2] = {e->lexpr, e->rexpr};
    if (e->lexpr == NULL)
        node_args(c, n, args + 1, 1);
    else
        node_args(c, n, args, 2);
    return node_begin(n);
}

static ds_node *convert_op(convert_ctx *c, const PgQuery__AExpr *e)
{
    ds_node *n;
    switch (e->kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
        return convert_binary(c, e, DS_N_OP);
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
        return convert_binary(c, e, DS_N_DISTINCT);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
        n = convert_binary(c, e, DS_N_DISTINCT);
        n->negated = true;
        return n;
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
        return convert_binary(c, e, DS_N_NULLIF);
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
        n = convert_listed(c, e, DS_N_IN);
        n->negated = strcmp(last_name(c, e->name, e->n_name), "<>") == 0;
        return n;
    case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
        return convert_like(c, e);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM:
        n = convert_listed(c, e, DS_N_BETWEEN);
        n->negated = e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN ||
                     e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
        n->i = e->kind >= PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM;
        return n;
    case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
        /* The grammar has made a regular expression of the pattern. */
        return convert_binary(c, e, DS_N_OP);
    default:
        n = convert_binary(c, e, DS_N_ANY);
        n->i = e->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL;
        return n;
    }
}

static ds_node *convert_bool(convert_ctx *c, const PgQuery__BoolExpr *e)
{
    ds_node_kind kind = DS_N_NOT;
    if (e->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
        kind = DS_N_AND;
    else if (e->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR)
        kind = DS_N_OR;
    ds_node *n = node_new(c, kind, e->location);
    node_args(c, n, e->args, e->n_args);
    return node_begin(n);
}

static ds_node *convert_bool_test(convert_ctx *c, const PgQuery__BooleanTest *e)
{
    ds_node *n = node_new(c, DS_N_IS_BOOL, e->location);
    PgQuery__Node *arg = e->arg;
    node_args(c, n, &arg, 1);
    switch (e->booltesttype) {
    case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE:
    case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE:
        n->i = 1;
        break;
    case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE:
    case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE:
        n->i = 0;
        break;
    default:
        n->i = -1;
    }
    n->negated = e->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE ||
                 e->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE ||
                 e->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN;
    return node_begin(n);
}

static ds_node *convert_case(convert_ctx *c, const PgQuery__CaseExpr *e)
{
    ds_node *n = node_new(c, DS_N_CASE, e->location);
    n->args = ds_new(c->arena, ds_node *, 2 * e->n_args + 2);
    n->args[n->n_args++] = e->arg ? convert_node(c, e->arg) : NULL;
    for (size_t i = 0; i < e->n_args; i++) {
        const PgQuery__CaseWhen *w = e->args[i]->case_when;
        n->args[n->n_args++] = convert_node(c, w->expr);
        n->args[n->n_args++] = convert_node(c, w->result);
    }
    n->args[n->n_args++] = e->defresult ? convert_node(c, e->defresult) : NULL;
    return n;
}

static const char *func_modifier(const convert_ctx *c,
                                 const PgQuery__FuncCall *f)
{
    if (f->over && !c->queries)
        return "a window function (OVER)";
    for (size_t i = 0; i < f->n_agg_order; i++)
        if (f->agg_order[i]->sort_by->sortby_dir ==
            PG_QUERY__SORT_BY_DIR__SORTBY_USING)
            return "ORDER BY ... USING";
    if (f->n_funcname > 1) {
        const PgQuery__Node *schema = f->funcname[0];
        if (f->n_funcname > 2 || strcmp(schema->string->sval, "pg_catalog"))
            return "a function of a schema";
    }
    return NULL;
}

ds_order *convert_order(convert_ctx *c, PgQuery__Node **list, size_t n)
{
    ds_order *order = ds_new(c->arena, ds_order, n + 1);
    for (size_t i = 0; i < n; i++) {
        const PgQuery__SortBy *s = list[i]->sort_by;
        ds_order *o = &order[i];
        o->expr = convert_node(c, s->node);
        o->desc = s->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
        o->other = s->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING;
        o->nulls_first = o->desc;
        if (s->sortby_nulls != PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT)
            o->nulls_first =
                s->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST;
    }
    return order;
}

/* name => x: the name goes to the call, x stays. */
static void convert_arg_names(convert_ctx *c, const PgQuery__FuncCall *f,
                              ds_node *n, ds_call *call)
{
    const char **names = ds_new(c->arena, const char *, f->n_args + 1);
    n->args = ds_new(c->arena, ds_node *, f->n_args + 1);
    n->n_args = (uint32_t)f->n_args;
    for (size_t i = 0; i < f->n_args; i++) {
        const PgQuery__Node *arg = f->args[i];
        if (arg->node_case == NODE(NAMED_ARG_EXPR)) {
            names[i] = ds_str_copy(c->arena, arg->named_arg_expr->name);
            call->names = names;
            arg = arg->named_arg_expr->arg;
        }
        n->args[i] = convert_node(c, arg);
    }
}

static ds_node *convert_func(convert_ctx *c, const PgQuery__FuncCall *f)
{
    ds_node *n = node_new(c, DS_N_FUNC, f->location);
    ds_call *call = ds_new(c->arena, ds_call, 1);
    n->name = last_name(c, f->funcname, f->n_funcname);
    n->what = func_modifier(c, f);
    n->i = f->agg_star ? 1 : 0;
    n->call = call;
    if (n->what)
        return n;
    call->distinct = f->agg_distinct;
    call->variadic = f->func_variadic;
    call->within = f->agg_within_group;
    convert_arg_names(c, f, n, call);
    call->order = convert_order(c, f->agg_order, f->n_agg_order);
    call->n_order = (uint32_t)f->n_agg_order;
    if (f->over)
        call->over = convert_window(c, f->over);
    if (f->agg_filter)
        call->filter = convert_node(c, f->agg_filter);
    return node_begin(n);
}

static ds_node *convert_cast(convert_ctx *c, const PgQuery__TypeCast *t)
{
    PgQuery__Node *arg = t->arg;
    /* TRUE and FALSE may be casts to the grammar. */
    if (t->location < 0 && arg->node_case == NODE(A_CONST) &&
        arg->a_const->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL)
        return convert_const(c, arg->a_const);
    ds_node *n = node_new(
        c, DS_N_CAST, t->location < 0 ? t->type_name->location : t->location);
    node_args(c, n, &arg, 1);
    n->type = convert_type(c, t->type_name);
    return node_begin(n);
}

static ds_node *convert_value_func(convert_ctx *c,
                                   const PgQuery__SQLValueFunction *f)
{
    static const char *const names[] = {
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE] = "current_date",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME] = "current_time",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N] = "current_time",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP] =
            "current_timestamp",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N] =
            "current_timestamp",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME] = "localtime",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N] = "localtime",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP] =
            "localtimestamp",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N] =
            "localtimestamp",
    };
    uint32_t op = (uint32_t)f->op;
    if (op >= sizeof names / sizeof *names || names[op] == NULL)
        return node_other(c, "a name of the session", f->location);
    ds_node *n = node_new(c, DS_N_NOW, f->location);
    n->name = names[op];
    n->i = f->typmod;
    return n;
}

static ds_node *convert_null_test(convert_ctx *c, const PgQuery__NullTest *t)
{
    ds_node *n = node_new(c, DS_N_IS_NULL, t->location);
    PgQuery__Node *arg = t->arg;
    node_args(c, n, &arg, 1);
    n->negated = t->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL;
    return node_begin(n);
}

static ds_node *convert_min_max(convert_ctx *c, const PgQuery__MinMaxExpr *e)
{
    bool most = e->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST;
    ds_node *n = node_new(c, most ? DS_N_GREATEST : DS_N_LEAST, e->location);
    node_args(c, n, e->args, e->n_args);
    return n;
}

static ds_node *convert_coalesce(convert_ctx *c, const PgQuery__CoalesceExpr *e)
{
    ds_node *n = node_new(c, DS_N_COALESCE, e->location);
    node_args(c, n, e->args, e->n_args);
    return n;
}

/* ---- arrays and rows ---- */

static ds_node *convert_items(convert_ctx *c, ds_node_kind kind,
                              PgQuery__Node **items, size_t n, int32_t at)
{
    ds_node *out = node_new(c, kind, at);
    node_args(c, out, items, n);
    return out;
}

static ds_node *node_part(convert_ctx *c, ds_node_kind kind, ds_node *of)
{
    ds_node *n = ds_new(c->arena, ds_node, 1);
    n->kind = kind;
    n->at = of->at;
    n->len = of->len;
    n->from = of->from;
    n->args = ds_new(c->arena, ds_node *, 3);
    n->args[n->n_args++] = of;
    return n;
}

/* x[1], x[1:2], x.f, one after the other. */
static ds_node *convert_parts(convert_ctx *c, const PgQuery__AIndirection *e)
{
    ds_node *n = convert_node(c, e->arg);
    for (size_t i = 0; i < e->n_indirection; i++) {
        const PgQuery__Node *part = e->indirection[i];
        if (part->node_case == NODE(STRING)) {
            n = node_part(c, DS_N_FIELD, n);
            n->name = ds_str_copy(c->arena, part->string->sval);
        } else if (part->node_case == NODE(A_INDICES)) {
            const PgQuery__AIndices *k = part->a_indices;
            n = node_part(c, k->is_slice ? DS_N_SLICE : DS_N_INDEX, n);
            n->i = i > 0 && e->indirection[i - 1]->node_case == NODE(A_INDICES);
            if (k->is_slice)
                n->args[n->n_args++] =
                    k->lidx ? convert_node(c, k->lidx) : NULL;
            n->args[n->n_args++] = k->uidx ? convert_node(c, k->uidx) : NULL;
        } else {
            uint32_t from = n->from;
            n = node_other(c, "all fields of a row, (...).*,", -1);
            n->at = n->from = from;
            return n;
        }
        if (i + 1 > DS_PARSE_MAX_DEPTH)
            c->too_deep = true;
    }
    return n;
}

static ds_node *convert_collate(convert_ctx *c, const PgQuery__CollateClause *e)
{
    ds_node *n = node_new(c, DS_N_COLLATE, e->location);
    PgQuery__Node *arg = e->arg;
    node_args(c, n, &arg, 1);
    n->name = last_name(c, e->collname, e->n_collname);
    return node_begin(n);
}

/* x IN (SELECT ...) has no operator: it is =. */
static ds_node *convert_sub(convert_ctx *c, const PgQuery__SubLink *s)
{
    ds_node *n = node_new(c, DS_N_QUERY, s->location);
    n->name = s->n_oper_name ? last_name(c, s->oper_name, s->n_oper_name) : "=";
    n->i = DS_SUB_VALUE;
    if (s->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK)
        n->i = DS_SUB_EXISTS;
    else if (s->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK)
        n->i = DS_SUB_ANY;
    else if (s->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK)
        n->i = DS_SUB_ALL;
    else if (s->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK)
        n->i = DS_SUB_ARRAY;
    PgQuery__Node *left = s->testexpr;
    node_args(c, n, &left, left ? 1 : 0);
    n->query = convert_query(c, s->subselect->select_stmt, n->at);
    return node_begin(n);
}

/* Where something that we do not know begins, if we know that much. */
static ds_node *convert_unknown(convert_ctx *c, const PgQuery__Node *n)
{
    switch (n->node_case) {
    case NODE(SUB_LINK):
        return node_other(c, "a subquery", n->sub_link->location);
    case NODE(PARAM_REF):
        return node_other(c, "a parameter", n->param_ref->location);
    case NODE(GROUPING_FUNC):
        return node_other(c, "GROUPING", n->grouping_func->location);
    case NODE(XML_EXPR):
        return node_other(c, "XML", n->xml_expr->location);
    case NODE(SET_TO_DEFAULT):
        return node_other(c, "DEFAULT", n->set_to_default->location);
    default:
        return node_other(c, "this", -1);
    }
}

static ds_node *convert_known(convert_ctx *c, const PgQuery__Node *n)
{
    switch (n->node_case) {
    case NODE(A_CONST):
        return convert_const(c, n->a_const);
    case NODE(COLUMN_REF):
        return convert_column(c, n->column_ref);
    case NODE(A_EXPR):
        return convert_op(c, n->a_expr);
    case NODE(BOOL_EXPR):
        return convert_bool(c, n->bool_expr);
    case NODE(NULL_TEST):
        return convert_null_test(c, n->null_test);
    case NODE(BOOLEAN_TEST):
        return convert_bool_test(c, n->boolean_test);
    case NODE(CASE_EXPR):
        return convert_case(c, n->case_expr);
    case NODE(COALESCE_EXPR):
        return convert_coalesce(c, n->coalesce_expr);
    case NODE(MIN_MAX_EXPR):
        return convert_min_max(c, n->min_max_expr);
    case NODE(FUNC_CALL):
        return convert_func(c, n->func_call);
    case NODE(TYPE_CAST):
        return convert_cast(c, n->type_cast);
    case NODE(SQLVALUE_FUNCTION):
        return convert_value_func(c, n->sqlvalue_function);
    case NODE(A_ARRAY_EXPR):
        return convert_items(c, DS_N_ARRAY, n->a_array_expr->elements,
                             n->a_array_expr->n_elements,
                             n->a_array_expr->location);
    case NODE(ROW_EXPR):
        return convert_items(c, DS_N_ROW, n->row_expr->args,
                             n->row_expr->n_args, n->row_expr->location);
    case NODE(A_INDIRECTION):
        return convert_parts(c, n->a_indirection);
    case NODE(COLLATE_CLAUSE):
        return convert_collate(c, n->collate_clause);
    case NODE(SUB_LINK):
        return c->queries ? convert_sub(c, n->sub_link) : convert_unknown(c, n);
    default:
        return convert_unknown(c, n);
    }
}

ds_node *convert_node(convert_ctx *c, const PgQuery__Node *n)
{
    if (c->depth >= DS_PARSE_MAX_DEPTH) {
        c->too_deep = true;
        return node_other(c, "this depth", -1);
    }
    c->depth++;
    ds_node *out = convert_known(c, n);
    c->depth--;
    return out;
}
