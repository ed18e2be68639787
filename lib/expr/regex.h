/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.h - PostgreSQL's regular expressions on PCRE2.
 *
 * PostgreSQL takes the longest match (or the shortest, if the first quantifier
 * is a non-greedy one), PCRE2 the first alternative. Where both must agree
 * pcre2_match does all of it; elsewhere it finds the start, pcre2_dfa_match the
 * end from there, and groups are found part by part (regex_plan.h). What PCRE2
 * cannot do is refused by name.
 */
#ifndef EXPR_REGEX_H
#define EXPR_REGEX_H

#include <stddef.h>

#include "dstream/slice.h"

#define REGEX_UNSET UINT32_MAX

typedef enum regex_shape {
    REGEX_SPACES, /* \s+ */
    REGEX_SPACE,  /* \s */
    REGEX_TEXT,   /* no special character */
    REGEX_PCRE,
} regex_shape;

/* What the caller will ask for. */
typedef enum regex_want {
    REGEX_WHETHER, /* whether there is a match */
    REGEX_WHERE,   /* where it begins and ends */
    REGEX_GROUPS,  /* and where its groups do */
} regex_want;

struct regex_plan;

typedef struct regex {
    regex_shape shape;
    regex_want want;
    ds_slice text;
    ds_slice search;         /* for PCRE2: any match from a place on */
    void *code;              /* pcre2_code */
    struct regex_plan *plan; /* NULL: PCRE2's match is the right one */
    bool plan_groups;        /* the plan finds the groups too */
    bool shortest;
    bool backs; /* back references: the plan decides whether it matches */
    bool any_case;
    bool global; /* the flag g */
    uint32_t n_groups;
} regex;

/* NULL and *why (in the arena) if the pattern or a flag is wrong or not
 * supported; *refused tells the two apart. Flags: those of regexp_matches. */
const regex *regex_compile(ds_slice pattern, ds_slice flags, regex_want want,
                           ds_arena *a, const char **why, bool *refused);

typedef struct regex_span {
    uint32_t begin, end; /* REGEX_UNSET: the group did not match */
} regex_span;

/* What one thread needs to match; from malloc, so end it. */
typedef struct regex_run {
    const regex *re;
    void *match;   /* pcre2_match_data */
    void *context; /* pcre2_match_context */
    void *stack;   /* pcre2_jit_stack */
    int *work;     /* for pcre2_dfa_match */
    uint32_t n_work;
    void *search;  /* pcre2_code of re->search, once it is needed */
    bool searched; /* the text at hand has a match */
    void *wide;    /* pcre2_match_data with room for many ends */
    uint32_t n_wide;
    uint32_t *ends; /* a stack of lists of ends */
    uint32_t n_ends, cap_ends;
    regex_span *spans; /* the groups of the last match; [0] is all of it */
    uint64_t budget;   /* of steps for one text */
    size_t at;         /* where pcre2_dfa_match is, */
    uint32_t states;   /* and its states there */
} regex_run;
void regex_begin(regex_run *run, const regex *re);
void regex_end(regex_run *run);

typedef enum regex_rc { REGEX_MATCH, REGEX_NONE, REGEX_LIMIT } regex_rc;
/* Before the first match in a text. */
void regex_text(regex_run *run, ds_slice text);
/* The first match from byte `from` on. With REGEX_GROUPS run->spans has its
 * groups until the next call. */
regex_rc regex_next(regex_run *run, ds_slice text, uint32_t from,
                    uint32_t *begin, uint32_t *end);

/* regex_match.c: for regex.c */
regex_rc regex_plan_next(regex_run *run, ds_slice text, uint32_t from,
                         uint32_t *begin, uint32_t *end);

/* The same without pcre2_match, for patterns that take it too many steps. */
regex_rc regex_slow_next(regex_run *run, ds_slice text, uint32_t from,
                         uint32_t *begin, uint32_t *end);

/* White space as \s sees it: the bytes of the character at p, or 0. */
static inline uint32_t regex_space(const uint8_t *p, const uint8_t *end)
{
    if (*p == ' ' || (*p >= '\t' && *p <= '\r'))
        return 1;
    if (*p < 0xe1 || end - p < 3)
        return 0;
    uint32_t c = (uint32_t)(*p & 0xf) << 12 | (uint32_t)(p[1] & 0x3f) << 6 |
                 (p[2] & 0x3f);
    if (*p > 0xe3)
        return 0;
    bool space = c == 0x1680 || (c >= 0x2000 && c <= 0x200a && c != 0x2007) ||
                 c == 0x2028 || c == 0x2029 || c == 0x205f || c == 0x3000;
    return space ? 3 : 0;
}

#endif
