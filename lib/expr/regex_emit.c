/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_emit.c - a tree as PCRE2's text, and when PCRE2's first match is the
 * match that PostgreSQL takes.
 *
 * It is, if there is one way only to match a text of a given length
 * (`one_way`), if at most one quantifier has a choice, or if every match ends
 * at the end of the text.
 */
#include "expr/regex_node.h"

typedef struct emit {
    ds_buf *b;
    const regex_tree *t;
    bool groups;
    bool dfa;
    bool strip; /* in the place of a back reference: without assertions */
} emit;

static void emit_node(const emit *e, const regex_node *n);

static void emit_kids(const emit *e, const regex_node *n, const char *between)
{
    for (uint32_t i = 0; i < n->n_kids; i++) {
        if (i > 0)
            ds_buf_str(e->b, between);
        emit_node(e, n->kids[i]);
    }
}

static void emit_repeat(const emit *e, const regex_node *n)
{
    bool bare = n->kids[0]->kind == REGEX_SET;
    if (n->max == 0)
        return;
    if (!bare)
        ds_buf_str(e->b, "(?:");
    emit_node(e, n->kids[0]);
    if (!bare)
        ds_buf_str(e->b, ")");
    bool twice = e->dfa && bare && n->min == 1 && n->max == REGEX_MANY;
    if (twice)
        emit_node(e, n->kids[0]);
    if ((n->min == 0 || twice) && n->max == REGEX_MANY)
        ds_buf_str(e->b, "*");
    else if (n->min == 1 && n->max == REGEX_MANY)
        ds_buf_str(e->b, "+");
    else if (n->min == 0 && n->max == 1)
        ds_buf_str(e->b, "?");
    else if (n->max == REGEX_MANY)
        ds_buf_printf(e->b, "{%u,}", n->min);
    else
        ds_buf_printf(e->b, "{%u,%u}", n->min, n->max);
    if (n->prefer == REGEX_SHORT && n->min != n->max)
        ds_buf_str(e->b, "?");
}

static void emit_back(const emit *e, const regex_node *n)
{
    emit inner = *e;
    inner.groups = false;
    inner.strip = true;
    ds_buf_str(e->b, "(?:");
    emit_node(&inner, e->t->groups[n->group]->kids[0]);
    ds_buf_str(e->b, ")");
}

static void emit_node(const emit *e, const regex_node *n)
{
    if (e->b->len > REGEX_EMIT_MOST)
        return;
    switch (n->kind) {
    case REGEX_SET:
        ds_buf_str(e->b, n->pcre);
        break;
    case REGEX_ASSERT:
        if (!e->strip)
            ds_buf_str(e->b, n->pcre);
        break;
    case REGEX_LOOK:
        if (e->strip)
            break;
        ds_buf_str(e->b, n->pcre);
        emit_kids(e, n, "");
        ds_buf_str(e->b, ")");
        break;
    case REGEX_CAT:
        emit_kids(e, n, "");
        break;
    case REGEX_ALT:
        ds_buf_str(e->b, "(?:");
        emit_kids(e, n, "|");
        ds_buf_str(e->b, ")");
        break;
    case REGEX_REPEAT:
        emit_repeat(e, n);
        break;
    case REGEX_GROUP:
        ds_buf_str(e->b, e->groups ? "(" : "(?:");
        emit_kids(e, n, "");
        ds_buf_str(e->b, ")");
        break;
    case REGEX_BACK:
        emit_back(e, n);
        break;
    }
}

void regex_emit(ds_buf *b, const regex_tree *t, const regex_node *n,
                bool groups, bool dfa)
{
    emit e = {.b = b, .t = t, .groups = groups, .dfa = dfa};
    emit_node(&e, n);
}

bool regex_has(const regex_node *n, regex_kind kind)
{
    if (n->kind == kind)
        return true;
    for (uint32_t i = 0; i < n->n_kids; i++)
        if (regex_has(n->kids[i], kind))
            return true;
    return false;
}

/* ---- what may come first ---- */

static void join(regex_chars *to, const regex_chars *c)
{
    to->ascii[0] |= c->ascii[0];
    to->ascii[1] |= c->ascii[1];
    to->wide = to->wide || c->wide;
}

static bool disjoint(const regex_chars *a, const regex_chars *b)
{
    return !(a->ascii[0] & b->ascii[0]) && !(a->ascii[1] & b->ascii[1]) &&
           !(a->wide && b->wide);
}

/* Adds the characters that n may begin with; whether it may be empty. */
static bool first_of(const regex_node *n, regex_chars *out)
{
    bool empty = true;
    switch (n->kind) {
    case REGEX_SET:
        join(out, &n->chars);
        return false;
    case REGEX_CAT:
        for (uint32_t i = 0; i < n->n_kids && empty; i++)
            empty = first_of(n->kids[i], out);
        return empty;
    case REGEX_ALT:
        empty = false;
        for (uint32_t i = 0; i < n->n_kids; i++)
            empty = first_of(n->kids[i], out) || empty;
        return empty;
    case REGEX_REPEAT:
        empty = first_of(n->kids[0], out);
        return empty || n->min == 0;
    case REGEX_GROUP:
        return first_of(n->kids[0], out);
    default:
        return true;
    }
}

/* ---- one way only ---- */

static bool one_way(const regex_node *n, const regex_chars *follow,
                    bool in_repeat);

static bool one_way_cat(const regex_node *n, const regex_chars *follow,
                        bool in_repeat)
{
    regex_chars next = *follow;
    for (uint32_t i = n->n_kids; i-- > 0;) {
        regex_chars first = {{0, 0}, false};
        if (!one_way(n->kids[i], &next, in_repeat))
            return false;
        if (first_of(n->kids[i], &first))
            join(&first, &next);
        next = first;
    }
    return true;
}

/* The first character tells which branch it is; an empty one comes last. */
static bool one_way_alt(const regex_node *n, const regex_chars *follow,
                        bool in_repeat)
{
    regex_chars seen = {{0, 0}, false};
    for (uint32_t i = 0; i < n->n_kids; i++) {
        regex_chars first = {{0, 0}, false};
        bool empty = first_of(n->kids[i], &first);
        if (empty && i + 1 < n->n_kids)
            return false;
        if (empty)
            join(&first, follow);
        if (!disjoint(&seen, &first) || !one_way(n->kids[i], follow, in_repeat))
            return false;
        join(&seen, &first);
    }
    return true;
}

/* The next character tells whether there is another turn. */
static bool one_way_repeat(const regex_node *n, const regex_chars *follow)
{
    regex_chars first = {{0, 0}, false}, next = *follow;
    bool variable = n->min != n->max;
    if (first_of(n->kids[0], &first))
        return n->kids[0]->kind == REGEX_SET;
    if (variable && !disjoint(&first, follow))
        return false;
    if (n->max > 1)
        join(&next, &first);
    return one_way(n->kids[0], &next, true);
}

static bool one_way(const regex_node *n, const regex_chars *follow,
                    bool in_repeat)
{
    switch (n->kind) {
    case REGEX_CAT:
        return one_way_cat(n, follow, in_repeat);
    case REGEX_ALT:
        return one_way_alt(n, follow, in_repeat);
    case REGEX_REPEAT:
        return one_way_repeat(n, follow);
    case REGEX_GROUP:
        return one_way(n->kids[0], follow, in_repeat);
    case REGEX_BACK:
        return false;
    default:
        return true;
    }
}

/* ---- quantifiers ---- */

typedef struct choices {
    uint32_t n;           /* quantifiers that have a choice */
    bool greedy, lazy;    /* some prefer so, also without a choice */
    bool more, less;      /* those with a choice do */
    bool simple;          /* they repeat single characters; no branches */
    bool repeated_groups; /* a group within a repetition */
    bool nested;          /* a group within a group */
    uint32_t run;         /* choices since a group began or ended */
    bool long_run;        /* there was more than one */
} choices;

static void count(const regex_node *n, choices *c, bool in_group,
                  bool in_repeat)
{
    if (n->kind == REGEX_LOOK)
        return;
    if (n->kind == REGEX_ALT || n->kind == REGEX_BACK) {
        c->simple = false;
        c->greedy = true;
    }
    if (n->kind == REGEX_REPEAT) {
        if (n->min != n->max) {
            c->n++;
            c->more = c->more || n->prefer != REGEX_SHORT;
            c->less = c->less || n->prefer == REGEX_SHORT;
            c->run++;
            c->long_run = c->long_run || c->run > 1;
        }
        c->greedy = c->greedy || n->prefer == REGEX_LONG;
        c->lazy = c->lazy || n->prefer == REGEX_SHORT;
        c->simple = c->simple && n->kids[0]->kind == REGEX_SET;
        in_repeat = true;
    }
    bool group = n->kind == REGEX_GROUP;
    if (group) {
        c->nested = c->nested || in_group;
        c->repeated_groups = c->repeated_groups || in_repeat;
        c->run = 0;
    }
    for (uint32_t i = 0; i < n->n_kids; i++)
        count(n->kids[i], c, in_group || group, in_repeat);
    if (group)
        c->run = 0;
}

/* Whether every match of the greedy pattern ends where the text does. */
static bool ends_text(const regex_tree *t, bool greedy)
{
    const regex_node *n = t->root;
    while (n->kind == REGEX_CAT || n->kind == REGEX_GROUP) {
        if (n->n_kids == 0)
            return false;
        n = n->kids[n->n_kids - 1];
    }
    if (n->kind == REGEX_ASSERT)
        return n->text_end;
    return greedy && n->kind == REGEX_REPEAT && n->prefer == REGEX_LONG &&
           n->max == REGEX_MANY && n->kids[0]->kind == REGEX_SET &&
           strcmp(n->kids[0]->pcre, ".") == 0;
}

void regex_facts_of(const regex_tree *t, regex_facts *f)
{
    regex_chars none = {{0, 0}, false};
    choices c = {.simple = true};
    count(t->root, &c, false, false);
    bool other = f->prefer == REGEX_SHORT ? c.greedy : c.lazy;
    bool way = !t->backs && !other && one_way(t->root, &none, false);
    bool single =
        c.simple && c.n <= 1 && !(f->prefer == REGEX_SHORT ? c.more : c.less);
    bool ends = !t->backs && ends_text(t, f->prefer != REGEX_SHORT);
    f->agree = way || single || ends;
    f->groups = f->agree && !c.repeated_groups &&
                (way || single || (c.simple && !c.nested && !c.long_run));
}
