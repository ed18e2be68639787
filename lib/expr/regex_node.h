/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_node.h - a regular expression as a tree, between its text and PCRE2.
 *
 *     regex_parse.c   PostgreSQL's text to a tree
 *     regex_set.c     sets of characters, as PCRE2 writes them
 *     regex_emit.c    a tree to PCRE2's text; what can be told from the tree
 *     regex_plan.c    how a match is taken apart into its groups
 */
#ifndef EXPR_REGEX_NODE_H
#define EXPR_REGEX_NODE_H

#include "expr/regex.h"
#include "record/show.h"

/* Characters, roughly: which ASCII ones, and whether there are others. */
typedef struct regex_chars {
    uint64_t ascii[2];
    bool wide;
} regex_chars;

typedef enum regex_kind {
    REGEX_SET,    /* one character: `pcre`, `chars` */
    REGEX_ASSERT, /* no character: `pcre` */
    REGEX_LOOK,   /* no character: `pcre` is "(?=" …, kids[0] */
    REGEX_CAT,
    REGEX_ALT,
    REGEX_REPEAT, /* kids[0], min to max times */
    REGEX_GROUP,  /* kids[0] is group `group` */
    REGEX_BACK,   /* the text of group `group` again */
} regex_kind;

typedef enum regex_prefer {
    REGEX_EITHER, /* as what it stands after */
    REGEX_LONG,
    REGEX_SHORT,
} regex_prefer;

#define REGEX_MANY UINT32_MAX

typedef struct regex_node {
    regex_kind kind;
    const char *pcre;
    regex_chars chars;
    struct regex_node **kids;
    uint32_t n_kids, cap;
    uint32_t min, max;   /* max REGEX_MANY: without end */
    regex_prefer prefer; /* of a REPEAT: what its quantifier says */
    uint32_t group;
    bool text_end; /* an ASSERT that holds at the end of the text only */
} regex_node;

/* What the flags and the pattern's own options say. */
typedef struct regex_options {
    bool any_case;
    bool line_stop;   /* . and [^…] do not match a line break */
    bool line_anchor; /* ^ and $ match at line breaks */
    bool expanded;    /* white space and comments do not count */
    bool literal;     /* no character is special */
    bool extended;    /* ERE: no escapes of ARE */
    bool global;      /* g: all matches */
} regex_options;

typedef struct regex_tree {
    ds_arena *arena;
    regex_options options;
    regex_node *root;
    regex_node **groups; /* [1..n_groups]; NULL: it cannot match ({0}) */
    uint32_t n_groups;
    bool backs;      /* back references */
    uint32_t nodes;  /* how much was made of the pattern: it may come from a */
    size_t emitted;  /* row, so all of this is bounded */
    uint32_t folded; /* characters of ranges in both cases */
    const char *why; /* what is wrong */
    bool refused;    /* not wrong, but not supported */
} regex_tree;

/* regex_parse.c: false: `why`. t->arena and t->options are set. */
bool regex_parse(regex_tree *t, ds_slice pattern);
/* One letter of the flags; false: there is no such (or t->refused). */
bool regex_option(regex_tree *t, uint8_t c);
bool regex_invalid(regex_tree *t, const char *what);
bool regex_refuse(regex_tree *t, const char *what);
bool regex_too_complex(regex_tree *t); /* false */
regex_node *regex_node_new(regex_tree *t, regex_kind kind);
void regex_node_add(regex_tree *t, regex_node *to, regex_node *kid);

/* regex_set.c: a set that is being made. */
typedef struct regex_set {
    regex_tree *t;
    ds_buf items; /* between brackets */
    ds_buf parts; /* alternatives beside the brackets: "|…|…" */
    regex_chars chars;
} regex_set;
void regex_set_init(regex_set *s, regex_tree *t);
void regex_set_char(regex_set *s, uint32_t c);
void regex_set_range(regex_set *s, uint32_t from, uint32_t to);
/* "alpha", …; `not`: all others. False: no such class. */
bool regex_set_class(regex_set *s, ds_slice name, bool not );
regex_node *regex_set_done(regex_set *s, bool not );
regex_node *regex_set_any(regex_tree *t);
#define REGEX_WORD "[\\p{Alphabetic}\\p{Nd}_]"

/* regex_emit.c: `groups`: with PCRE2's groups. `dfa`: for pcre2_dfa_match, to
 * which each turn of x+ is another state, but not of xx*. It stops after
 * REGEX_EMIT_MOST bytes: back references to back references grow without end.
 */
#define REGEX_EMIT_MOST 65536u
void regex_emit(ds_buf *b, const regex_tree *t, const regex_node *n,
                bool groups, bool dfa);
bool regex_has(const regex_node *n, regex_kind kind);
typedef struct regex_facts {
    bool agree;  /* PCRE2's match is PostgreSQL's, */
    bool groups; /* and so are its groups */
    regex_prefer prefer;
} regex_facts;
/* `prefer` is set: of the whole. */
void regex_facts_of(const regex_tree *t, regex_facts *f);

/* regex_plan.c: NULL: t->why. */
struct regex_plan *regex_plan_of(regex_tree *t, regex_prefer *prefer);
/* The codes of a plan's parts. */
bool regex_plan_compile(regex_tree *t, struct regex_plan *p);
/* regex.c: NULL: t->why. */
void *regex_code(regex_tree *t, const regex_node *n, bool groups, bool fast);

#endif
