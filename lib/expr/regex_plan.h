/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_plan.h - how a match is taken apart into its groups.
 *
 * Parts that hold no group and whose quantifiers prefer the same are leaves:
 * nobody asks how they match. Everything else is split: of a concatenation the
 * left part takes as much (or as little) as lets the right one match the rest,
 * of alternatives the first that fits counts, repetitions take what they prefer
 * one after the other. Ends of parts come from pcre2_dfa_match.
 */
#ifndef EXPR_REGEX_PLAN_H
#define EXPR_REGEX_PLAN_H

#include "expr/regex_node.h"

/* regex.c: of PCRE2's text. NULL: *error. */
void *regex_code_of(const char *text, size_t len, bool fast, int *error);
/* Before pcre2_dfa_match: its steps are taken from the budget. */
void regex_count_steps(regex_run *run);

typedef enum regex_plan_kind {
    REGEX_LEAF,
    REGEX_PAIR,    /* kids[0], then kids[1] */
    REGEX_CHOICE,  /* one of the kids */
    REGEX_TURNS,   /* kids[0], min to max times */
    REGEX_BACKREF, /* the text of group `back`, min to max times */
} regex_plan_kind;

enum {
    REGEX_LONGER = 1,
    REGEX_SHORTER = 2,
    REGEX_MIXED = 4,    /* both within */
    REGEX_CAPTURES = 8, /* groups within */
    REGEX_BACKS = 16,   /* back references within */
};

typedef struct regex_plan {
    regex_plan_kind kind;
    unsigned flags;
    const regex_node *node; /* what it matches, as a tree */
    uint32_t group;         /* it is this group; 0: none */
    uint32_t back;
    uint32_t min, max;
    struct regex_plan **kids;
    uint32_t n_kids;
    void *code; /* pcre2_code, for pcre2_dfa_match */
    bool looks; /* what stands around the part counts */
} regex_plan;

#endif
