/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_parse.c - the text of a regular expression to a tree.
 *
 * The syntax is that of PostgreSQL's "advanced" expressions (and, with the
 * option e, its extended ones). Messages are PostgreSQL's.
 */
#include "expr/regex_node.h"
#include "expr/text.h"

#define REPEAT_MAX 255 /* PostgreSQL's */
#define DEPTH_MAX 200
#define NODES_MAX 30000

typedef struct parser {
    regex_tree *t;
    ds_slice s;
    uint32_t at;
    uint32_t depth;
    bool in_look; /* groups do not count there */
    bool bare;    /* the last atom cannot have a quantifier */
    uint32_t cap; /* of t->groups */
} parser;

bool regex_invalid(regex_tree *t, const char *what)
{
    t->why = ds_str_printf(t->arena, "invalid regular expression: %s", what);
    return false;
}

bool regex_refuse(regex_tree *t, const char *what)
{
    t->refused = true;
    t->why = ds_str_printf(t->arena, "%s in a regular expression", what);
    return false;
}

bool regex_too_complex(regex_tree *t)
{
    return regex_refuse(t, "a pattern that is too complex");
}

static bool bad_escape(parser *p)
{
    return regex_invalid(p->t, "invalid escape \\ sequence");
}

static bool bad_repeat(parser *p)
{
    return regex_invalid(p->t, "quantifier operand invalid");
}

regex_node *regex_node_new(regex_tree *t, regex_kind kind)
{
    regex_node *n = ds_new(t->arena, regex_node, 1);
    n->kind = kind;
    t->nodes++;
    return n;
}

void regex_node_add(regex_tree *t, regex_node *to, regex_node *kid)
{
    if (to->n_kids == to->cap) {
        uint32_t cap = to->cap ? 2 * to->cap : 4;
        regex_node **kids = ds_new(t->arena, regex_node *, cap);
        if (to->n_kids)
            memcpy(kids, to->kids, sizeof *kids * to->n_kids);
        to->kids = kids;
        to->cap = cap;
    }
    to->kids[to->n_kids++] = kid;
}

static regex_node *assertion(parser *p, const char *pcre)
{
    regex_node *n = regex_node_new(p->t, REGEX_ASSERT);
    n->pcre = pcre;
    return n;
}

/* The byte k places on, 0 past the end: no pattern has a NUL. */
static inline uint8_t peek(const parser *p, uint32_t k)
{
    return p->at + k < p->s.len ? p->s.ptr[p->at + k] : 0;
}

static bool looking_at(const parser *p, const char *text)
{
    size_t n = strlen(text);
    return p->s.len - p->at >= n && memcmp(p->s.ptr + p->at, text, n) == 0;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Over comments, and white space if that does not count. */
static void skip(parser *p)
{
    const regex_options *o = &p->t->options;
    for (;;) {
        uint8_t c = peek(p, 0);
        if (!o->extended && looking_at(p, "(?#")) {
            while (p->at < p->s.len && peek(p, 0) != ')')
                p->at++;
            p->at += p->at < p->s.len;
        } else if (o->expanded && (c == ' ' || (c >= '\t' && c <= '\r'))) {
            p->at++;
        } else if (o->expanded && c == '#') {
            while (p->at < p->s.len && peek(p, 0) != '\n')
                p->at++;
        } else {
            return;
        }
    }
}

static regex_node *one_char(parser *p, uint32_t c)
{
    regex_set s;
    regex_set_init(&s, p->t);
    regex_set_char(&s, c);
    return regex_set_done(&s, false);
}

static regex_node *class_node(parser *p, const char *name, bool not )
{
    regex_set s;
    regex_set_init(&s, p->t);
    regex_set_class(&s, ds_slice_of(name), not );
    return regex_set_done(&s, false);
}

/* ---- escapes ---- */

static int digit_value(uint8_t c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* `least` to `most` digits of a code. */
static bool escape_digits(parser *p, int base, int least, int most, uint32_t *c)
{
    int n = 0;
    *c = 0;
    while (n < most && digit_value(peek(p, 0)) < base) {
        if (*c < 0x1000000)
            *c = *c * (uint32_t)base + (uint32_t)digit_value(peek(p, 0));
        p->at++;
        n++;
    }
    if (n < least)
        return bad_escape(p);
    if (*c > 0x10ffff)
        return regex_refuse(p->t, "a character past U+10FFFF");
    return true;
}

static bool escape_octal(parser *p, uint32_t *c)
{
    if (!escape_digits(p, 8, 1, 3, c))
        return false;
    if (*c > 0xff) { /* one digit too much */
        p->at--;
        *c >>= 3;
    }
    return true;
}

/* A letter's escape that is one character; 0: another escape. */
static uint32_t escape_letter(uint8_t c)
{
    static const char letters[] = "aBbefnrtv";
    static const uint8_t codes[] = {7, '\\', 8, 27, 12, 10, 13, 9, 11};
    const char *at = strchr(letters, c);
    return at ? codes[at - letters] : 0;
}

/* After the backslash: an escape that is a character. *found: it was one. */
static bool escape_char(parser *p, uint32_t *c, bool *found)
{
    uint8_t e = peek(p, 0);
    *found = true;
    if (p->at >= p->s.len)
        return bad_escape(p);
    *c = escape_letter(e);
    if (*c) {
        p->at++;
        return true;
    }
    if (!is_letter(e) && !is_digit(e)) {
        *c = (uint32_t)text_get_char(p->s, &p->at);
        return true;
    }
    p->at++;
    switch (e) {
    case 'c':
        if (p->at >= p->s.len)
            return bad_escape(p);
        *c = (uint32_t)text_get_char(p->s, &p->at) & 037;
        return true;
    case 'u':
        return escape_digits(p, 16, 4, 4, c);
    case 'U':
        return escape_digits(p, 16, 8, 8, c);
    case 'x':
        return escape_digits(p, 16, 1, 255, c);
    case '0':
        p->at--;
        return escape_octal(p, c);
    default:
        p->at--;
        *found = false;
        return true;
    }
}

static const char *escape_class(uint8_t c, bool * not )
{
    *not = c < 'a';
    switch (c | 0x20) {
    case 'd':
        return "digit";
    case 's':
        return "space";
    case 'w':
        return "word";
    default:
        return NULL;
    }
}

#define AT_START "(?<!" REGEX_WORD ")(?=" REGEX_WORD ")"
#define AT_END "(?<=" REGEX_WORD ")(?!" REGEX_WORD ")"
static const char *escape_assertion(uint8_t c)
{
    switch (c) {
    case 'A':
        return "\\A";
    case 'Z':
        return "\\z";
    case 'm':
        return AT_START;
    case 'M':
        return AT_END;
    case 'y':
        return "(?:" AT_START "|" AT_END ")";
    case 'Y':
        return "(?:(?<!" REGEX_WORD ")(?!" REGEX_WORD ")|(?<=" REGEX_WORD
               ")(?=" REGEX_WORD "))";
    default:
        return NULL;
    }
}

/* \1, or an octal character if there are not that many groups. */
static regex_node *escape_back(parser *p)
{
    uint32_t from = p->at, number = 0, c;
    while (is_digit(peek(p, 0)) && number < 100000)
        number = number * 10 + (uint32_t)(p->s.ptr[p->at++] - '0');
    if (p->at - from > 1 && number > p->t->n_groups) {
        p->at = from;
        return escape_octal(p, &c) ? one_char(p, c) : NULL;
    }
    if (p->in_look || number > p->t->n_groups || !p->t->groups[number]) {
        regex_invalid(p->t, "invalid backreference number");
        return NULL;
    }
    regex_node *n = regex_node_new(p->t, REGEX_BACK);
    n->group = number;
    p->t->backs = true;
    return n;
}

static regex_node *parse_escape(parser *p)
{
    uint8_t c = peek(p, 1);
    bool not, found;
    uint32_t code;
    p->at++;
    if (p->t->options.extended) {
        if (p->at < p->s.len)
            return one_char(p, (uint32_t)text_get_char(p->s, &p->at));
        bad_escape(p);
        return NULL;
    }
    const char *text = escape_assertion(c);
    if (text) {
        p->at++;
        regex_node *n = assertion(p, text);
        n->text_end = c == 'Z';
        return n;
    }
    text = escape_class(c, &not );
    if (text) {
        p->at++;
        return class_node(p, text, not );
    }
    if (c >= '1' && c <= '9')
        return escape_back(p);
    if (!escape_char(p, &code, &found))
        return NULL;
    if (found)
        return one_char(p, code);
    bad_escape(p);
    return NULL;
}

/* ---- brackets ---- */

typedef struct bracket {
    regex_set set;
    bool first; /* nothing yet: ] and - stand for themselves */
} bracket;

/* What is wrong in brackets, if they have an end. */
static bool bad_bracket(parser *p, const char *what)
{
    return regex_invalid(p->t,
                         p->at >= p->s.len ? "brackets [] not balanced" : what);
}

/* [.x.] and [=x=]: the character; [:name:]: the class. */
static bool bracket_named(parser *p, bracket *b, uint8_t kind, uint32_t *c,
                          bool *class)
{
    uint32_t from = p->at + 2, to = from;
    while (to + 1 < p->s.len &&
           !(p->s.ptr[to] == kind && p->s.ptr[to + 1] == ']'))
        to++;
    if (to + 1 >= p->s.len)
        return regex_invalid(p->t, "brackets [] not balanced");
    ds_slice name = {p->s.ptr + from, to - from};
    p->at = to + 2;
    *class = kind == ':';
    if (*class)
        return regex_set_class(&b->set, name, false) ||
               bad_bracket(p, "invalid character class");
    uint32_t at = 0;
    if (name.len == 0 || text_char_at(name, 0) != name.len)
        return regex_refuse(p->t, kind == '.' ? "a named collating element"
                                              : "an equivalence class");
    *c = (uint32_t)text_get_char(name, &at);
    return true;
}

static bool bracket_escape(parser *p, bracket *b, uint32_t *c, bool *class)
{
    bool not, found;
    p->at++;
    const char *name = escape_class(peek(p, 0), &not );
    *class = name != NULL;
    if (*class) {
        p->at++;
        return regex_set_class(&b->set, ds_slice_of(name), not );
    }
    if (is_digit(peek(p, 0)) && peek(p, 0) != '0') {
        uint8_t next = peek(p, 1);
        if (!is_digit(next))
            return bad_escape(p);
        return escape_octal(p, c);
    }
    if (!escape_char(p, c, &found))
        return false;
    return found || bad_escape(p);
}

/* A character, or *class: a class, which is in the set already. */
static bool bracket_item(parser *p, bracket *b, uint32_t *c, bool *class)
{
    uint8_t next = peek(p, 1);
    *class = false;
    if (peek(p, 0) == '[' && (next == ':' || next == '.' || next == '='))
        return bracket_named(p, b, next, c, class);
    if (peek(p, 0) == '\\' && !p->t->options.extended)
        return bracket_escape(p, b, c, class);
    *c = (uint32_t)text_get_char(p->s, &p->at);
    return true;
}

static bool bad_range(parser *p)
{
    return bad_bracket(p, "invalid character range");
}

static bool bracket_part(parser *p, bracket *b)
{
    uint32_t from, to;
    bool class;
    if (peek(p, 0) == '-' && !b->first && peek(p, 1) != ']')
        return bad_range(p);
    b->first = false;
    if (!bracket_item(p, b, &from, &class))
        return false;
    if (class)
        return true;
    if (peek(p, 0) != '-' || peek(p, 1) == ']') {
        regex_set_char(&b->set, from);
        return true;
    }
    p->at++;
    if (p->at >= p->s.len)
        return regex_invalid(p->t, "brackets [] not balanced");
    if (!bracket_item(p, b, &to, &class))
        return false;
    if (class || from > to)
        return bad_range(p);
    regex_set_range(&b->set, from, to);
    return true;
}

static regex_node *parse_bracket(parser *p)
{
    bracket b = {.first = true};
    bool start = looking_at(p, "[[:<:]]");
    if (start || looking_at(p, "[[:>:]]")) {
        p->at += 7;
        return assertion(p, start ? AT_START : AT_END);
    }
    regex_set_init(&b.set, p->t);
    p->at++;
    bool not = peek(p, 0) == '^';
    p->at += not ;
    while (p->at < p->s.len && (b.first || peek(p, 0) != ']'))
        if (!bracket_part(p, &b))
            return NULL;
    if (p->at >= p->s.len) {
        regex_invalid(p->t, "brackets [] not balanced");
        return NULL;
    }
    p->at++;
    return regex_set_done(&b.set, not );
}

/* ---- groups ---- */

static regex_node *parse_alt(parser *p);

static void group_open(parser *p)
{
    regex_tree *t = p->t;
    t->n_groups++;
    if (t->n_groups < p->cap)
        return;
    uint32_t cap = p->cap ? 2 * p->cap : 16;
    regex_node **groups = ds_new(t->arena, regex_node *, cap);
    if (p->cap)
        memcpy(groups, t->groups, sizeof *groups * p->cap);
    t->groups = groups;
    p->cap = cap;
}

/* The inside of parentheses, and their end. */
static regex_node *parse_inside(parser *p)
{
    if (++p->depth > DEPTH_MAX) {
        regex_refuse(p->t, "too many nested parentheses");
        return NULL;
    }
    regex_node *n = parse_alt(p);
    p->depth--;
    if (n == NULL)
        return NULL;
    if (peek(p, 0) != ')') {
        regex_invalid(p->t, "parentheses () not balanced");
        return NULL;
    }
    p->at++;
    return n;
}

static regex_node *parse_look(parser *p, const char *kind)
{
    regex_node *n = regex_node_new(p->t, REGEX_LOOK);
    bool was = p->in_look;
    p->in_look = true;
    regex_node *kid = parse_inside(p);
    p->in_look = was;
    n->pcre = kind;
    if (kid == NULL)
        return NULL;
    regex_node_add(p->t, n, kid);
    return n;
}

static regex_node *parse_group(parser *p)
{
    static const char *const looks[] = {"(?=", "(?!", "(?<=", "(?<!"};
    if (!p->t->options.extended && looking_at(p, "(?")) {
        for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
            if (!looking_at(p, looks[i]))
                continue;
            p->at += (uint32_t)strlen(looks[i]);
            return parse_look(p, looks[i]);
        }
        if (looking_at(p, "(?:")) {
            p->at += 3;
            return parse_inside(p);
        }
        bad_repeat(p);
        return NULL;
    }
    p->at++;
    if (p->in_look)
        return parse_inside(p);
    group_open(p);
    uint32_t number = p->t->n_groups;
    regex_node *kid = parse_inside(p);
    if (kid == NULL)
        return NULL;
    regex_node *n = regex_node_new(p->t, REGEX_GROUP);
    n->group = number;
    regex_node_add(p->t, n, kid);
    p->t->groups[number] = n;
    return n;
}

/* ---- quantifiers ---- */

/* {m}, {m,}, {m,n} */
static bool parse_bounds(parser *p, regex_node *n)
{
    uint32_t v[2] = {0, 0};
    bool comma = false, digits = false;
    for (p->at++; peek(p, 0) != '}'; p->at++) {
        uint8_t c = peek(p, 0);
        if (p->at >= p->s.len)
            return regex_invalid(p->t, "braces {} not balanced");
        if (is_digit(c) && v[comma] <= REPEAT_MAX) {
            v[comma] = v[comma] * 10 + (c - '0');
            digits = true;
        } else if (c == ',' && !comma) {
            comma = true;
            digits = false;
        } else {
            return regex_invalid(p->t, "invalid repetition count(s)");
        }
    }
    p->at++;
    n->min = v[0];
    n->max = !comma ? v[0] : digits ? v[1] : REGEX_MANY;
    n->prefer = comma ? REGEX_LONG : REGEX_EITHER;
    if (v[0] > REPEAT_MAX || v[1] > REPEAT_MAX || n->max < n->min)
        return regex_invalid(p->t, "invalid repetition count(s)");
    return true;
}

static bool is_quantifier(const parser *p)
{
    uint8_t c = peek(p, 0);
    return c == '*' || c == '+' || c == '?' ||
           (c == '{' && is_digit(peek(p, 1)));
}

/* The atom, or its repetition. */
static regex_node *parse_quantifier(parser *p, regex_node *atom)
{
    skip(p);
    if (!is_quantifier(p))
        return atom;
    regex_node *n = regex_node_new(p->t, REGEX_REPEAT);
    regex_node_add(p->t, n, atom);
    uint8_t c = peek(p, 0);
    n->prefer = REGEX_LONG;
    if (c == '{') {
        if (!parse_bounds(p, n))
            return NULL;
    } else {
        n->min = c == '+';
        n->max = c == '?' ? 1 : REGEX_MANY;
        p->at++;
    }
    if (peek(p, 0) == '?' && !p->t->options.extended) {
        p->at++;
        if (n->prefer == REGEX_LONG)
            n->prefer = REGEX_SHORT;
    }
    return n;
}

/* ---- the whole ---- */

static regex_node *parse_anchor(parser *p)
{
    bool start = peek(p, 0) == '^', lines = p->t->options.line_anchor;
    p->at++;
    regex_node *n = assertion(p, start   ? lines ? "(?<![^\\n])" : "\\A"
                                 : lines ? "(?![^\\n])"
                                         : "\\z");
    n->text_end = !start && !lines;
    return n;
}

/* Assertions take no quantifier, unless in parentheses. */
static regex_node *bare(parser *p, regex_node *n, bool is)
{
    p->bare = is && n;
    return n;
}

static regex_node *bare_assertion(parser *p, regex_node *n)
{
    return bare(p, n, n && n->kind == REGEX_ASSERT);
}

static regex_node *parse_atom(parser *p)
{
    bool look = looking_at(p, "(?") && peek(p, 2) != ':';
    p->bare = false;
    switch (peek(p, 0)) {
    case '^':
    case '$':
        return bare(p, parse_anchor(p), true);
    case '.':
        p->at++;
        return regex_set_any(p->t);
    case '[':
        return bare_assertion(p, parse_bracket(p));
    case '\\':
        return bare_assertion(p, parse_escape(p));
    case '(':
        return bare(p, parse_group(p), look);
    case ')':
        if (p->t->options.extended)
            break;
        regex_invalid(p->t, "parentheses () not balanced");
        return NULL;
    default:
        break;
    }
    if (is_quantifier(p)) {
        bad_repeat(p);
        return NULL;
    }
    return one_char(p, (uint32_t)text_get_char(p->s, &p->at));
}

static bool few_nodes(parser *p)
{
    return p->t->nodes <= NODES_MAX || regex_too_complex(p->t);
}

static regex_node *parse_branch(parser *p)
{
    regex_node *cat = regex_node_new(p->t, REGEX_CAT);
    for (;;) {
        skip(p);
        uint8_t c = peek(p, 0);
        if (p->at >= p->s.len || c == '|' || (c == ')' && p->depth > 0))
            return cat->n_kids == 1 ? cat->kids[0] : cat;
        regex_node *n = parse_atom(p);
        if (n == NULL || !few_nodes(p))
            return NULL;
        if (!p->bare)
            n = parse_quantifier(p, n);
        if (n == NULL)
            return NULL;
        regex_node_add(p->t, cat, n);
    }
}

static regex_node *parse_alt(parser *p)
{
    regex_node *n = parse_branch(p);
    if (n == NULL || peek(p, 0) != '|')
        return n;
    regex_node *alt = regex_node_new(p->t, REGEX_ALT);
    regex_node_add(p->t, alt, n);
    while (peek(p, 0) == '|') {
        p->at++;
        n = parse_branch(p);
        if (n == NULL || !few_nodes(p))
            return NULL;
        regex_node_add(p->t, alt, n);
    }
    return alt;
}

static regex_node *parse_literal(parser *p)
{
    regex_node *cat = regex_node_new(p->t, REGEX_CAT);
    while (p->at < p->s.len) {
        if (!few_nodes(p))
            return NULL;
        regex_node_add(p->t, cat,
                       one_char(p, (uint32_t)text_get_char(p->s, &p->at)));
    }
    return cat;
}

static bool bad_option(parser *p)
{
    return regex_invalid(p->t, "invalid embedded option");
}

/* (?xyz) at the beginning. */
static bool parse_options(parser *p)
{
    uint8_t c = peek(p, 2);
    if (p->t->options.extended || !looking_at(p, "(?") ||
        (!is_letter(c) && c < 0x80))
        return true;
    p->at += 2;
    while (is_letter(peek(p, 0))) {
        if (peek(p, 0) == 'g' || !regex_option(p->t, peek(p, 0)))
            return p->t->refused ? false : bad_option(p);
        p->at++;
    }
    if (peek(p, 0) != ')')
        return bad_option(p);
    p->at++;
    return true;
}

/* ***: and ***=, then options. */
static bool parse_start(parser *p)
{
    regex_options *o = &p->t->options;
    if (o->literal)
        return !o->line_stop && !o->line_anchor && !o->expanded
                   ? true
                   : regex_invalid(p->t, "invalid argument to regex function");
    if (looking_at(p, "***=")) {
        o->literal = true;
        p->at += 4;
        return true;
    }
    if (looking_at(p, "***:")) {
        o->extended = false;
        p->at += 4;
    } else if (looking_at(p, "***")) {
        return bad_repeat(p);
    }
    return parse_options(p);
}

bool regex_parse(regex_tree *t, ds_slice pattern)
{
    parser p = {.t = t, .s = pattern};
    if (!parse_start(&p))
        return false;
    t->root = t->options.literal ? parse_literal(&p) : parse_alt(&p);
    return t->root != NULL;
}
