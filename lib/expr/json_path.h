/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_path.h - SQL/JSON paths: a text is parsed to a tree, which walks a
 * value.
 *
 *     strict $.a[*] ? (@.b > 1).c
 *
 *     ROOT -next-> KEY a -> ALL_ELEMENTS -> FILTER -> KEY c
 *                                           left: GREATER (CURRENT -> KEY b, 1)
 */
#ifndef EXPR_JSON_PATH_H
#define EXPR_JSON_PATH_H

#include "expr/json.h"
#include "expr/regex.h"

typedef enum path_kind {
    PATH_LITERAL,  /* text: as jsonb */
    PATH_ROOT,     /* $ */
    PATH_CURRENT,  /* @ */
    PATH_LAST,     /* last, in a subscript */
    PATH_VARIABLE, /* $name */
    PATH_KEY,      /* .name */
    PATH_ALL_MEMBERS,
    PATH_ALL_ELEMENTS,
    PATH_SUBSCRIPT,
    PATH_ANY, /* **: levels first..last */
    PATH_FILTER,
    PATH_TYPE, /* the methods */
    PATH_SIZE,
    PATH_DOUBLE,
    PATH_CEILING,
    PATH_FLOOR,
    PATH_ABS,
    PATH_KEYVALUE,
    PATH_PLUS, /* unary */
    PATH_MINUS,
    PATH_ADD, /* in the order of path_names */
    PATH_SUB,
    PATH_MUL,
    PATH_DIV,
    PATH_MOD,
    PATH_AND, /* from here on: predicates */
    PATH_OR,
    PATH_NOT,
    PATH_IS_UNKNOWN,
    PATH_EXISTS,
    PATH_EQUAL,
    PATH_NOT_EQUAL,
    PATH_LESS,
    PATH_LESS_EQUAL,
    PATH_GREATER,
    PATH_GREATER_EQUAL,
    PATH_STARTS_WITH,
    PATH_LIKE_REGEX,
} path_kind;

static inline bool path_is_predicate(path_kind k)
{
    return k >= PATH_AND;
}

#define PATH_DEEPEST UINT32_MAX /* last, as a level of ** */

typedef struct path_node path_node;

typedef struct path_range {
    path_node *from, *to; /* to: NULL: one element */
    struct path_range *next;
} path_range;

struct path_node {
    path_kind kind;
    ds_slice text;           /* of a literal, key or variable */
    path_node *left, *right; /* operands; the predicate of a filter */
    path_node *next;         /* the accessor after it */
    path_range *ranges;      /* of a subscript */
    uint32_t first, last;    /* of ** */
    const regex *re;
    uint32_t re_number;
};

typedef struct path {
    path_node *root;
    bool lax;
    uint32_t n_regex;
    const char *error; /* why there is no root */
} path;

/* Never NULL; look at `error`. */
const path *path_parse(ds_slice text, ds_arena *a);

/* ---- json_path_lex.c ---- */

typedef enum path_token {
    TOKEN_END,
    TOKEN_STRING = 256,
    TOKEN_IDENT,
    TOKEN_VARIABLE,
    TOKEN_INT,
    TOKEN_NUMBER,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_ANY, /* ** */
    TOKEN_EQUAL,
    TOKEN_NOT_EQUAL,
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER_EQUAL,
} path_token;

typedef struct path_lexer {
    ds_arena *arena;
    const uint8_t *p, *end;
    int token;     /* a path_token, or the character itself */
    ds_slice text; /* of a string, name or number, without escapes */
    ds_slice near; /* what a message shows; empty: the end */
    const char *error;
} path_lexer;

bool path_lex(path_lexer *x);
/* "... at or near the token"; false. */
bool path_lex_fail(path_lexer *x, const char *what);
/* Whether the token is this word, in any case (true, false, null as they
 * are). */
bool path_is_word(const path_lexer *x, const char *word);

/* ---- json_path_run.c ---- */

enum { PATH_SPARE = 8 };

typedef struct path_items {
    ds_slice *list;
    uint32_t n, cap;
} path_items;

/* An object whose parts have ids (keyvalue): PostgreSQL counts the bytes of its
 * own format. */
typedef struct path_base {
    ds_slice object;
    int64_t id;
} path_base;

typedef struct path_run {
    const path *path;
    ds_arena *arena;
    ds_slice vars; /* null: none */
    regex_run *regex;
    bool *regex_begun;
    /* Of one value: */
    ds_slice root, current;
    path_base base;
    int64_t next_id;
    int64_t size; /* of the array around a subscript */
    bool ignore;  /* structural errors */
    bool throws;  /* errors are kept */
    bool hard;    /* one that is never suppressed */
    const char *error;
    uint64_t budget;              /* steps that are left */
    path_items spare[PATH_SPARE]; /* lists to be used again */
    uint32_t n_spare;
} path_run;

typedef enum path_rc { PATH_OK, PATH_NONE, PATH_ERROR } path_rc;

void path_begin(path_run *w, const path *p, ds_slice vars, ds_arena *a);
void path_end(path_run *w);
/* What the path finds in a value; out NULL: only whether it finds something.
 * PATH_ERROR: w->error, NULL: it was suppressed (silent). */
path_rc path_find(path_run *w, ds_slice v, bool silent, path_items *out);
void path_add(path_run *w, path_items *items, ds_slice v);

/* ---- json_path_value.c: numbers and methods, as jsonb texts ---- */

/* NULL, or the error; *hard: not to be suppressed. */
const char *path_arithmetic(path_kind op, ds_slice x, ds_slice y, ds_arena *a,
                            ds_slice *out, bool *hard);
ds_slice path_negate(ds_slice number, ds_arena *a);
ds_slice path_round(path_kind how, ds_slice number, ds_arena *a);
const char *path_double(ds_slice v, ds_arena *a, ds_slice *out);
/* The position that a number is, without its fraction. */
bool path_position(ds_slice number, int64_t *out);
ds_slice path_number(int64_t n, ds_arena *a);
int64_t path_object_id(const path_base *base, ds_slice v);
/* {"id": .., "key": .., "value": ..} */
ds_slice path_keyvalue(int64_t id, ds_slice key, ds_slice value, ds_arena *a);

#endif
