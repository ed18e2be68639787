/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.c - SQL text to trees, by PostgreSQL's grammar.
 */
#include <stdlib.h>

#include "parse/convert.h"
#include "parse/parse.h"

#define SELECT_PREFIX "SELECT "
#define TYPE_PREFIX "SELECT NULL::"

typedef struct parse_ctx {
    const ds_text *text;
    ds_arena *arena;
    ds_diags *diags;
    scan_tokens tokens;
    const char *prefix;
    PgQueryProtobufParseResult res;
    PgQuery__ParseResult *tree;
} parse_ctx;

static ds_rc parse_fail(parse_ctx *p, uint32_t at, uint32_t len,
                        const char *hint, const char *msg)
{
    ds_diag_add(p->diags, DS_ERROR, "E0201", ds_text_where(p->text, at, len),
                hint, "%s", msg);
    return DS_E_CONFIG;
}

static ds_rc parse_fail_token(parse_ctx *p, const scan_token *t,
                              const char *hint)
{
    const char *word = ds_strn_copy(p->arena, p->text->s + t->at, t->len);
    return parse_fail(
        p, t->at, t->len, hint,
        ds_str_printf(p->arena, "syntax error at or near \"%s\"", word));
}

/* Reserved words that people use as names. */
static const char *const as_names[] = {
    "end",        "user",       "order",   "group",   "table",       "column",
    "limit",      "desc",       "asc",     "check",   "default",     "to",
    "primary",    "unique",     "window",  "grant",   "array",       "all",
    "any",        "some",       "only",    "create",  "fetch",       "foreign",
    "using",      "with",       "when",    "then",    "else",        "from",
    "where",      "select",     "into",    "for",     "having",      "union",
    "except",     "current",    "both",    "leading", "trailing",    "placing",
    "references", "constraint", "analyze", "analyse", "session_user"};

/* In a query these are what they are meant to be. */
static bool is_clause_word(const scan_tokens *ts, const scan_token *t)
{
    static const char *const words[] = {
        "select", "from",   "where", "group",  "having", "order", "limit",
        "union",  "except", "with",  "window", "using",  "into",  "for"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (scan_is(ts, t, words[i]))
            return true;
    return false;
}

static const char *parse_word_hint(parse_ctx *p, const scan_token *t)
{
    if (t == NULL || (p->prefix[0] == 0 && is_clause_word(&p->tokens, t)))
        return NULL;
    if (t == p->tokens.list && p->prefix[0] &&
        (scan_is(&p->tokens, t, "select") || scan_is(&p->tokens, t, "where")))
        return "leave it out: what follows it stands here";
    if (scan_is(&p->tokens, t, "offset"))
        return "reserved word: the record's offset is the column _offset";
    if (scan_is(&p->tokens, t, "emit") || scan_is(&p->tokens, t, "changes"))
        return "EMIT CHANGES is ksqlDB's; here use `mode: update`";
    for (size_t i = 0; i < sizeof as_names / sizeof *as_names; i++)
        if (scan_is(&p->tokens, t, as_names[i]))
            return ds_str_printf(p->arena,
                                 "reserved word: quote it, \"%s\", or rename "
                                 "the column",
                                 as_names[i]);
    return NULL;
}

/* What is probably meant, from the token that the grammar stumbled over. */
static const char *parse_hint(parse_ctx *p, const scan_token *t)
{
    const scan_tokens *ts = &p->tokens;
    if (t == NULL) {
        if (ts->open > 0)
            return "a ( is not closed; inside {...} of YAML a comma splits the "
                   "value: quote it";
        return ts->n ? parse_word_hint(p, &ts->list[ts->n - 1]) : NULL;
    }
    const char *hint = parse_word_hint(p, t);
    if (hint == NULL && t > ts->list)
        hint = parse_word_hint(p, t - 1);
    if (hint == NULL && (scan_is(ts, t, "==") || scan_is(ts, t, "&&")))
        hint = "SQL writes = and AND";
    return hint;
}

static ds_rc parse_error(parse_ctx *p, const PgQueryError *e)
{
    uint32_t skip = (uint32_t)strlen(p->prefix);
    uint32_t chars = e->cursorpos > 0 ? (uint32_t)e->cursorpos - 1 : 0;
    chars = chars > skip ? chars - skip : 0;
    uint32_t at = scan_byte_of(p->text->s, p->text->len, chars);
    const scan_token *t = scan_find(&p->tokens, at);
    const scan_token *last = &p->tokens.list[p->tokens.n - 1];
    if (t == NULL && at > last->at + last->len)
        at = last->at + last->len; /* the end, not the blanks behind it */
    uint32_t len = t && t->at == at ? t->len : 1;
    return parse_fail(p, at, len, parse_hint(p, t), e->message);
}

/* The grammar takes a select list of nothing, and a clause after it. */
static bool parse_begins_clause(const parse_ctx *p)
{
    static const char *const clauses[] = {
        "from",      "where", "group", "having", "window", "union", "except",
        "intersect", "order", "limit", "offset", "fetch",  "for",   "into"};
    for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++)
        if (scan_is(&p->tokens, &p->tokens.list[0], clauses[i]))
            return true;
    return false;
}

/* The text behind the prefix, by the grammar. */
static ds_rc parse_grammar(parse_ctx *p)
{
    bool query = p->prefix[0] == 0; /* it may end with a semicolon */
    for (uint32_t i = 0; i + query < p->tokens.n; i++)
        if (p->tokens.list[i].id == ';')
            return parse_fail_token(p, &p->tokens.list[i], NULL);
    char *sql = ds_str_printf(p->arena, "%s%.*s", p->prefix, (int)p->text->len,
                              p->text->s);
    p->res = pg_query_parse_protobuf(sql);
    if (p->res.error)
        return parse_error(p, p->res.error);
    p->tree = pg_query__parse_result__unpack(
        NULL, p->res.parse_tree.len, (const uint8_t *)p->res.parse_tree.data);
    if (p->tree == NULL)
        ds_bug(__FILE__, __LINE__, "the parse tree cannot be unpacked");
    return DS_OK;
}

static ds_rc parse_run(parse_ctx *p)
{
    DS_TRY(scan_text(p->text, p->arena, p->diags, &p->tokens));
    if (p->tokens.n == 0)
        return parse_fail(p, 0, 1, NULL, "an expression is missing");
    if (parse_begins_clause(p))
        return parse_fail_token(p, &p->tokens.list[0],
                                parse_word_hint(p, &p->tokens.list[0]));
    return parse_grammar(p);
}

static void parse_end(parse_ctx *p)
{
    if (p->tree)
        pg_query__parse_result__free_unpacked(p->tree, NULL);
    pg_query_free_protobuf_parse_result(p->res);
}

/* The first word outside parentheses that no select list contains. */
static const scan_token *parse_find_clause(const parse_ctx *p)
{
    static const char *const clauses[] = {
        "from",   "where",     "group", "having",  "window", "union",
        "except", "intersect", "order", "limit",   "offset", "fetch",
        "for",    "into",      "all",   "distinct"};
    const scan_tokens *ts = &p->tokens;
    for (uint32_t i = 0; i < ts->n; i++) {
        const scan_token *t = &ts->list[i];
        if (t->depth > 0 || !t->reserved)
            continue;
        bool is_distinct = scan_is(ts, t, "distinct") && i > 0;
        bool from_distinct = scan_is(ts, t, "from") && i > 0 &&
                             scan_is(ts, t - 1, "distinct") && i > 1;
        if (is_distinct || from_distinct)
            continue;
        for (size_t k = 0; k < sizeof clauses / sizeof *clauses; k++)
            if (scan_is(ts, t, clauses[k]))
                return t;
    }
    return NULL;
}

/* The statement must be nothing but its select list. */
static ds_rc parse_select(parse_ctx *p, const PgQuery__SelectStmt **out)
{
    const PgQuery__SelectStmt *s = NULL;
    if (p->tree->n_stmts == 1 &&
        p->tree->stmts[0]->stmt->node_case == PG_QUERY__NODE__NODE_SELECT_STMT)
        s = p->tree->stmts[0]->stmt->select_stmt;
    bool bare = s && s->n_distinct_clause == 0 && !s->into_clause &&
                s->n_from_clause == 0 && !s->where_clause &&
                s->n_group_clause == 0 && !s->having_clause &&
                s->n_window_clause == 0 && s->n_values_lists == 0 &&
                s->n_sort_clause == 0 && !s->limit_offset && !s->limit_count &&
                s->n_locking_clause == 0 && !s->with_clause &&
                s->op == PG_QUERY__SET_OPERATION__SETOP_NONE && !s->larg &&
                !s->rarg && s->n_target_list > 0;
    if (bare && !scan_is(&p->tokens, &p->tokens.list[0], "all")) {
        *out = s;
        return DS_OK;
    }
    const scan_token *t = parse_find_clause(p);
    if (t)
        return parse_fail_token(
            p, t, "only an expression or a select list stands here");
    return parse_fail(p, 0, 1, NULL, "this is no select list");
}

/* The name of item i is the last token before the next item's comma. */
static void parse_name_at(const parse_ctx *p, uint32_t i, ds_item *item)
{
    const scan_tokens *ts = &p->tokens;
    uint32_t k = 0, commas = 0;
    for (; k < ts->n; k++) {
        const scan_token *t = &ts->list[k];
        if (t->depth == 0 && t->id == ',' && commas++ == i)
            break;
    }
    if (k > 0) {
        item->name_at = ts->list[k - 1].at;
        item->name_len = ts->list[k - 1].len;
    }
}

static ds_rc parse_too_deep(parse_ctx *p, const convert_ctx *c)
{
    if (!c->too_deep)
        return DS_OK;
    ds_diag_add(p->diags, DS_ERROR, "E0202", ds_text_where(p->text, 0, 1),
                "split it into several steps",
                "the expression is nested too deeply (more than %d levels)",
                DS_PARSE_MAX_DEPTH);
    return DS_E_CONFIG;
}

static ds_rc parse_items(parse_ctx *p, ds_item **items, uint32_t *n)
{
    const PgQuery__SelectStmt *s = NULL;
    DS_TRY(parse_run(p));
    DS_TRY(parse_select(p, &s));
    convert_ctx c = {.arena = p->arena,
                     .tokens = &p->tokens,
                     .prefix = (uint32_t)strlen(p->prefix)};
    *n = (uint32_t)s->n_target_list;
    *items = ds_new(p->arena, ds_item, *n);
    for (uint32_t i = 0; i < *n; i++) {
        const PgQuery__ResTarget *t = s->target_list[i]->res_target;
        ds_item *item = &(*items)[i];
        item->expr = convert_node(&c, t->val);
        if (t->name && t->name[0]) {
            item->name = ds_str_copy(p->arena, t->name);
            parse_name_at(p, i, item);
        }
    }
    return parse_too_deep(p, &c);
}

ds_rc ds_parse_list(const ds_text *text, ds_arena *a, ds_diags *d,
                    ds_item **items, uint32_t *n)
{
    parse_ctx p = {
        .text = text, .arena = a, .diags = d, .prefix = SELECT_PREFIX};
    ds_rc rc = parse_items(&p, items, n);
    parse_end(&p);
    return rc;
}

static ds_rc parse_one(parse_ctx *p, ds_node **out)
{
    ds_item *items = NULL;
    uint32_t n = 0;
    DS_TRY(parse_items(p, &items, &n));
    if (n > 1) {
        for (uint32_t i = 0; i < p->tokens.n; i++)
            if (p->tokens.list[i].depth == 0 && p->tokens.list[i].id == ',')
                return parse_fail_token(p, &p->tokens.list[i],
                                        "one expression stands here");
    }
    if (items[0].name)
        return parse_fail(p, items[0].name_at, items[0].name_len, NULL,
                          ds_str_printf(p->arena,
                                        "syntax error at or near \"%s\"",
                                        items[0].name));
    if (items[0].expr->kind == DS_N_STAR)
        return parse_fail(p, items[0].expr->at, 1, NULL,
                          "syntax error at or near \"*\"");
    *out = items[0].expr;
    return DS_OK;
}

ds_rc ds_parse_expr(const ds_text *text, ds_arena *a, ds_diags *d,
                    ds_node **out)
{
    parse_ctx p = {
        .text = text, .arena = a, .diags = d, .prefix = SELECT_PREFIX};
    ds_rc rc = parse_one(&p, out);
    parse_end(&p);
    return rc;
}

/* Cuts "[not] null" from the end of a type's text. */
static bool type_nullness(const scan_tokens *ts, uint32_t *len)
{
    if (ts->n < 2 || !scan_is(ts, &ts->list[ts->n - 1], "null"))
        return false;
    bool not_null = scan_is(ts, &ts->list[ts->n - 2], "not");
    if (not_null && ts->n < 3)
        return false;
    *len = ts->list[ts->n - (not_null ? 2 : 1)].at;
    return not_null;
}

static ds_rc type_cast_only(parse_ctx *p, ds_typename *out)
{
    const PgQuery__SelectStmt *s = NULL;
    DS_TRY(parse_run(p));
    DS_TRY(parse_select(p, &s));
    const PgQuery__ResTarget *t = s->target_list[0]->res_target;
    bool only =
        s->n_target_list == 1 && !(t->name && t->name[0]) &&
        t->val->node_case == PG_QUERY__NODE__NODE_TYPE_CAST &&
        t->val->type_cast->arg->node_case == PG_QUERY__NODE__NODE_A_CONST;
    if (!only)
        return parse_fail(p, 0, p->text->len, NULL, "this is no type");
    convert_ctx c = {.arena = p->arena,
                     .tokens = &p->tokens,
                     .prefix = (uint32_t)strlen(p->prefix)};
    *out = convert_type(&c, t->val->type_cast->type_name);
    return DS_OK;
}

ds_rc ds_parse_type(const ds_text *text, ds_arena *a, ds_diags *d,
                    ds_typename *out, bool *not_null)
{
    scan_tokens ts;
    DS_TRY(scan_text(text, a, d, &ts));
    ds_text type = *text;
    *not_null = type_nullness(&ts, &type.len);
    parse_ctx p = {
        .text = &type, .arena = a, .diags = d, .prefix = TYPE_PREFIX};
    ds_rc rc = type_cast_only(&p, out);
    parse_end(&p);
    return rc;
}

/* ---- queries ---- */

static ds_rc query_only(parse_ctx *p, ds_query **out)
{
    DS_TRY(scan_text(p->text, p->arena, p->diags, &p->tokens));
    if (p->tokens.n == 0)
        return parse_fail(p, 0, 1, NULL, "a query is missing");
    DS_TRY(parse_grammar(p));
    if (p->tree->n_stmts != 1 ||
        p->tree->stmts[0]->stmt->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return parse_fail(p, p->tokens.list[0].at, p->tokens.list[0].len,
                          "it begins with SELECT, WITH or VALUES",
                          "only a query stands here");
    convert_ctx c = {.arena = p->arena, .tokens = &p->tokens, .queries = true};
    *out = convert_query(&c, p->tree->stmts[0]->stmt->select_stmt, 0);
    return parse_too_deep(p, &c);
}

ds_rc ds_parse_query(const ds_text *text, ds_arena *a, ds_diags *d,
                     ds_query **out)
{
    parse_ctx p = {.text = text, .arena = a, .diags = d, .prefix = ""};
    ds_rc rc = query_only(&p, out);
    parse_end(&p);
    return rc;
}
