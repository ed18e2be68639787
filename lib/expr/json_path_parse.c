/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_path_parse.c - SQL/JSON paths to trees.
 *
 * A predicate is no expression: it can be combined by && || ! and stand in a
 * filter, and becomes an expression when something is asked of it:
 * ($.a == 1).type().
 */
#include "expr/json_path.h"

/* Walking a value recurs as deep as the path is long. */
enum { PATH_NESTING = 200, PATH_NODES = 1000 };

typedef struct parser {
    path_lexer x;
    path *path;
    uint32_t depth, filters, subscripts, nodes;
    const char *misplaced; /* last or @ where they cannot stand */
} parser;

static path_node *parse_or(parser *p);
static path_node *parse_sum(parser *p);

static path_node *new_node(parser *p, path_kind kind)
{
    path_node *n = ds_new(p->x.arena, path_node, 1);
    n->kind = kind;
    p->nodes++;
    return n;
}

static path_node *binary(parser *p, path_kind kind, path_node *l, path_node *r)
{
    path_node *n = new_node(p, kind);
    n->left = l;
    n->right = r;
    return r ? n : NULL;
}

/* NULL: an error that is told already. */
static path_node *unexpected(parser *p)
{
    if (p->x.error == NULL)
        path_lex_fail(&p->x, "syntax error");
    return NULL;
}

static bool next(parser *p)
{
    if (p->nodes > PATH_NODES) {
        p->x.error = "the jsonpath is too long";
        return false;
    }
    return path_lex(&p->x);
}

/* The token that must stand here, and on to the next one. */
static bool expect(parser *p, int token)
{
    if (p->x.error)
        return false;
    if (p->x.token != token)
        return unexpected(p) != NULL;
    return next(p);
}

static bool expect_word(parser *p, const char *word)
{
    if (!path_is_word(&p->x, word))
        return unexpected(p) != NULL;
    return next(p);
}

static path_node *an_expression(parser *p, path_node *n)
{
    if (n && path_is_predicate(n->kind) && n->next == NULL)
        return unexpected(p);
    return n;
}

static path_node *a_predicate(parser *p, path_node *n)
{
    if (n && (!path_is_predicate(n->kind) || n->next))
        return unexpected(p);
    return n;
}

/* ---- literals ---- */

static path_node *literal(parser *p, const char *text, uint32_t len)
{
    path_node *n = new_node(p, PATH_LITERAL);
    n->text = (ds_slice){(const uint8_t *)text, len};
    return next(p) ? n : NULL;
}

static path_node *string_literal(parser *p)
{
    ds_buf b;
    ds_buf_init(&b, p->x.arena, p->x.text.len + 16);
    jsonb_add_string(&b, p->x.text);
    return literal(p, b.s, b.len);
}

/* jsonb knows neither .5 nor 1. */
static path_node *number_literal(parser *p)
{
    ds_buf b;
    ds_slice v, t = p->x.text;
    const char *why;
    ds_buf_init(&b, p->x.arena, t.len + 16);
    if (*t.ptr == '.')
        ds_buf_add(&b, "0", 1);
    for (uint32_t i = 0; i < t.len; i++)
        if (t.ptr[i] != '.' ||
            (i + 1 < t.len && t.ptr[i + 1] >= '0' && t.ptr[i + 1] <= '9'))
            ds_buf_add(&b, t.ptr + i, 1);
    if (!jsonb_parse(json_since(&b, 0), p->x.arena, &v, &why)) {
        p->x.error = why;
        return NULL;
    }
    return literal(p, (const char *)v.ptr, v.len);
}

/* ---- accessors ---- */

static bool level(parser *p, uint32_t *out)
{
    *out = PATH_DEEPEST;
    if (path_is_word(&p->x, "last"))
        return next(p);
    if (p->x.token != TOKEN_INT)
        return unexpected(p) != NULL;
    int64_t n;
    if (!path_position(p->x.text, &n)) {
        p->x.error = ds_str_printf(
            p->x.arena, "value \"%.*s\" is out of range for type integer",
            (int)(p->x.text.len < 200 ? p->x.text.len : 200),
            (const char *)p->x.text.ptr);
        return false;
    }
    *out = (uint32_t)n;
    return next(p);
}

/* .** with its levels: {2}, {2 to last}. */
static path_node *any_levels(parser *p)
{
    path_node *n = new_node(p, PATH_ANY);
    n->last = PATH_DEEPEST;
    if (!next(p))
        return NULL;
    if (p->x.token != '{')
        return n;
    if (!next(p) || !level(p, &n->first))
        return NULL;
    n->last = n->first;
    if (path_is_word(&p->x, "to") && (!next(p) || !level(p, &n->last)))
        return NULL;
    return expect(p, '}') ? n : NULL;
}

static path_node *method(parser *p, ds_slice name)
{
    static const struct {
        const char *name;
        path_kind kind;
    } methods[] = {
        {"type", PATH_TYPE},         {"size", PATH_SIZE},
        {"double", PATH_DOUBLE},     {"ceiling", PATH_CEILING},
        {"floor", PATH_FLOOR},       {"abs", PATH_ABS},
        {"keyvalue", PATH_KEYVALUE},
    };
    path_lexer word = {.token = TOKEN_IDENT, .text = name};
    if (path_is_word(&word, "datetime")) {
        p->x.error = "jsonpath item method .datetime() is not supported";
        return NULL;
    }
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (path_is_word(&word, methods[i].name)) {
            path_node *n = new_node(p, methods[i].kind);
            return next(p) && expect(p, ')') ? n : NULL;
        }
    return unexpected(p);
}

/* After a dot. */
static path_node *member(parser *p)
{
    int token = p->x.token;
    ds_slice name = p->x.text;
    if (token == '*')
        return next(p) ? new_node(p, PATH_ALL_MEMBERS) : NULL;
    if (token == TOKEN_ANY)
        return any_levels(p);
    if (token != TOKEN_IDENT && token != TOKEN_STRING)
        return unexpected(p);
    if (!next(p))
        return NULL;
    if (token == TOKEN_IDENT && p->x.token == '(')
        return method(p, name);
    path_node *n = new_node(p, PATH_KEY);
    n->text = name;
    return n;
}

/* After an opening bracket. */
static path_node *subscript(parser *p)
{
    path_node *n = new_node(p, PATH_SUBSCRIPT);
    path_range **end = &n->ranges;
    if (p->x.token == '*') {
        n->kind = PATH_ALL_ELEMENTS;
        return next(p) && expect(p, ']') ? n : NULL;
    }
    p->subscripts++;
    for (;;) {
        path_range *range = ds_new(p->x.arena, path_range, 1);
        *end = range;
        end = &range->next;
        range->from = an_expression(p, parse_sum(p));
        if (range->from == NULL)
            return NULL;
        if (path_is_word(&p->x, "to")) {
            range->to = next(p) ? an_expression(p, parse_sum(p)) : NULL;
            if (range->to == NULL)
                return NULL;
        }
        if (p->x.token != ',')
            break;
        if (!next(p))
            return NULL;
    }
    p->subscripts--;
    return expect(p, ']') ? n : NULL;
}

static path_node *filter(parser *p)
{
    path_node *n = new_node(p, PATH_FILTER);
    if (!expect(p, '('))
        return NULL;
    p->filters++;
    n->left = a_predicate(p, parse_or(p));
    p->filters--;
    return n->left && expect(p, ')') ? n : NULL;
}

static bool is_accessor(const parser *p)
{
    return p->x.token == '.' || p->x.token == '[' || p->x.token == '?';
}

static path_node *accessors(parser *p, path_node *n)
{
    path_node *last = n;
    while (last && last->next)
        last = last->next;
    while (last && is_accessor(p)) {
        int token = p->x.token;
        if (!next(p))
            return NULL;
        last->next = token == '.'   ? member(p)
                     : token == '[' ? subscript(p)
                                    : filter(p);
        last = last->next;
    }
    return last && p->x.error == NULL ? n : NULL;
}

/* ---- expressions ---- */

static path_node *place(parser *p, path_kind kind, bool right, const char *why)
{
    if (!right && p->misplaced == NULL)
        p->misplaced = why;
    return next(p) ? new_node(p, kind) : NULL;
}

static path_node *variable(parser *p)
{
    path_node *n = new_node(p, PATH_VARIABLE);
    n->text = p->x.text;
    return next(p) ? n : NULL;
}

static path_node *primary(parser *p)
{
    switch (p->x.token) {
    case TOKEN_STRING:
        return string_literal(p);
    case TOKEN_INT:
    case TOKEN_NUMBER:
        return number_literal(p);
    case TOKEN_VARIABLE:
        return variable(p);
    case '$':
        return place(p, PATH_ROOT, true, NULL);
    case '@':
        return place(p, PATH_CURRENT, p->filters > 0,
                     "@ is not allowed in root expressions");
    default:
        break;
    }
    if (path_is_word(&p->x, "last"))
        return place(p, PATH_LAST, p->subscripts > 0,
                     "LAST is allowed only in array subscripts");
    if (path_is_word(&p->x, "true") || path_is_word(&p->x, "false") ||
        path_is_word(&p->x, "null"))
        return literal(p, (const char *)p->x.text.ptr, p->x.text.len);
    return unexpected(p);
}

static path_node *exists(parser *p)
{
    path_node *n = new_node(p, PATH_EXISTS);
    if (!next(p) || !expect(p, '('))
        return NULL;
    n->left = an_expression(p, parse_sum(p));
    return n->left && expect(p, ')') ? n : NULL;
}

/* What stands in parentheses; of a predicate perhaps: IS UNKNOWN. */
static path_node *parentheses(parser *p, bool negated)
{
    path_node *n = next(p) ? parse_or(p) : NULL;
    if (n == NULL || !expect(p, ')'))
        return NULL;
    if (!path_is_predicate(n->kind) || n->next)
        return negated ? unexpected(p) : accessors(p, n);
    if (negated)
        return n;
    if (is_accessor(p))
        return accessors(p, n);
    if (!path_is_word(&p->x, "is"))
        return n;
    if (!next(p) || !expect_word(p, "unknown"))
        return NULL;
    path_node *unknown = new_node(p, PATH_IS_UNKNOWN);
    unknown->left = n;
    return unknown;
}

static path_node *parse_unary(parser *p)
{
    path_node *n;
    if (++p->depth > PATH_NESTING) {
        p->x.error = "the jsonpath is nested too deeply";
        return NULL;
    }
    if (p->x.token == '+' || p->x.token == '-') {
        n = new_node(p, p->x.token == '+' ? PATH_PLUS : PATH_MINUS);
        n->left = next(p) ? an_expression(p, parse_unary(p)) : NULL;
        n = n->left ? n : NULL;
    } else if (p->x.token == '(') {
        n = parentheses(p, false);
    } else if (path_is_word(&p->x, "exists")) {
        n = exists(p);
    } else {
        n = primary(p);
        n = n ? accessors(p, n) : NULL;
    }
    p->depth--;
    return n;
}

static bool is_expression(const path_node *n)
{
    return n && (!path_is_predicate(n->kind) || n->next);
}

static path_node *parse_product(parser *p)
{
    path_node *n = parse_unary(p);
    while (is_expression(n) &&
           (p->x.token == '*' || p->x.token == '/' || p->x.token == '%')) {
        path_kind kind = p->x.token == '*'   ? PATH_MUL
                         : p->x.token == '/' ? PATH_DIV
                                             : PATH_MOD;
        n = binary(p, kind, n,
                   next(p) ? an_expression(p, parse_unary(p)) : NULL);
    }
    return n;
}

static path_node *parse_sum(parser *p)
{
    path_node *n = parse_product(p);
    while (is_expression(n) && (p->x.token == '+' || p->x.token == '-')) {
        path_kind kind = p->x.token == '+' ? PATH_ADD : PATH_SUB;
        n = binary(p, kind, n,
                   next(p) ? an_expression(p, parse_product(p)) : NULL);
    }
    return n;
}

/* ---- predicates ---- */

static path_node *starts_with(parser *p, path_node *l)
{
    path_node *r = NULL;
    if (!next(p) || !expect_word(p, "with"))
        return NULL;
    if (p->x.token == TOKEN_STRING)
        r = string_literal(p);
    else if (p->x.token == TOKEN_VARIABLE)
        r = variable(p);
    else
        unexpected(p);
    return binary(p, PATH_STARTS_WITH, l, r);
}

/* XQuery's flags as those of our regular expressions. */
static bool regex_flags(parser *p, ds_slice flags, ds_buf *b)
{
    bool dot = false, lines = false, quoted = false;
    for (uint32_t i = 0; i < flags.len; i++)
        switch (flags.ptr[i]) {
        case 'i':
        case 'q':
            quoted = quoted || flags.ptr[i] == 'q';
            ds_buf_add(b, flags.ptr + i, 1);
            break;
        case 's':
            dot = true;
            break;
        case 'm':
            lines = true;
            break;
        case 'x':
            p->x.error = "XQuery \"x\" flag (expanded regular expressions) is "
                         "not implemented";
            return false;
        default:
            p->x.error = ds_str_printf(
                p->x.arena,
                "invalid input syntax for type jsonpath: Unrecognized flag "
                "character \"%c\" in LIKE_REGEX predicate.",
                flags.ptr[i]);
            return false;
        }
    if (!quoted)
        ds_buf_str(b, lines ? (dot ? "w" : "n") : dot ? "s" : "p");
    return true;
}

static path_node *like_regex(parser *p, path_node *l)
{
    path_node *n = binary(p, PATH_LIKE_REGEX, l, l);
    ds_slice pattern, flags = {NULL, 0};
    ds_buf b;
    bool refused;
    n->right = NULL;
    if (!next(p))
        return NULL;
    pattern = p->x.text;
    if (!expect(p, TOKEN_STRING))
        return NULL;
    if (path_is_word(&p->x, "flag")) {
        flags = next(p) ? p->x.text : flags;
        if (!expect(p, TOKEN_STRING))
            return NULL;
    }
    ds_buf_init(&b, p->x.arena, 16);
    if (!regex_flags(p, flags, &b))
        return NULL;
    const char *why = NULL;
    n->re = regex_compile(pattern, json_since(&b, 0), REGEX_WHETHER, p->x.arena,
                          &why, &refused);
    if (n->re == NULL)
        p->x.error = why;
    n->re_number = p->path->n_regex++;
    return n->re ? n : NULL;
}

static path_node *parse_comparison(parser *p)
{
    path_node *n = parse_sum(p);
    if (!is_expression(n))
        return n;
    path_kind kind;
    switch (p->x.token) {
    case TOKEN_EQUAL:
        kind = PATH_EQUAL;
        break;
    case TOKEN_NOT_EQUAL:
        kind = PATH_NOT_EQUAL;
        break;
    case '<':
        kind = PATH_LESS;
        break;
    case TOKEN_LESS_EQUAL:
        kind = PATH_LESS_EQUAL;
        break;
    case '>':
        kind = PATH_GREATER;
        break;
    case TOKEN_GREATER_EQUAL:
        kind = PATH_GREATER_EQUAL;
        break;
    default:
        if (path_is_word(&p->x, "starts"))
            return starts_with(p, n);
        if (path_is_word(&p->x, "like_regex"))
            return like_regex(p, n);
        return n;
    }
    return binary(p, kind, n, next(p) ? an_expression(p, parse_sum(p)) : NULL);
}

static path_node *parse_not(parser *p)
{
    if (p->x.token != '!')
        return parse_comparison(p);
    path_node *n = new_node(p, PATH_NOT);
    if (!next(p))
        return NULL;
    if (p->x.token == '(')
        n->left = parentheses(p, true);
    else if (path_is_word(&p->x, "exists"))
        n->left = exists(p);
    else
        unexpected(p);
    return n->left ? n : NULL;
}

static path_node *parse_and(parser *p)
{
    path_node *n = parse_not(p);
    while (n && !is_expression(n) && p->x.token == TOKEN_AND)
        n = binary(p, PATH_AND, n,
                   next(p) ? a_predicate(p, parse_not(p)) : NULL);
    return n;
}

static path_node *parse_or(parser *p)
{
    if (++p->depth > PATH_NESTING) {
        p->x.error = "the jsonpath is nested too deeply";
        return NULL;
    }
    path_node *n = parse_and(p);
    while (n && !is_expression(n) && p->x.token == TOKEN_OR)
        n = binary(p, PATH_OR, n,
                   next(p) ? a_predicate(p, parse_and(p)) : NULL);
    p->depth--;
    return n;
}

const path *path_parse(ds_slice text, ds_arena *a)
{
    parser p = {.path = ds_new(a, path, 1)};
    p.x = (path_lexer){.arena = a, .p = text.ptr, .end = text.ptr + text.len};
    p.path->lax = true;
    bool good = path_lex(&p.x);
    if (good && p.x.token == TOKEN_END) {
        p.path->error = ds_str_printf(
            a, "invalid input syntax for type jsonpath: \"%.*s\"",
            (int)(text.len < 200 ? text.len : 200), (const char *)text.ptr);
        return p.path;
    }
    if (good && (path_is_word(&p.x, "strict") || path_is_word(&p.x, "lax"))) {
        p.path->lax = path_is_word(&p.x, "lax");
        good = path_lex(&p.x);
    }
    path_node *root = good ? parse_or(&p) : NULL;
    if (root && p.x.token != TOKEN_END)
        unexpected(&p);
    p.path->error = p.x.error ? p.x.error : p.misplaced;
    if (p.path->error == NULL)
        p.path->root = root;
    return p.path;
}
