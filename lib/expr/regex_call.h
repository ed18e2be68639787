/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_call.h - calls with a regular expression: compiled when the pattern
 * and its flags are constants, else kept in a small cache.
 */
#ifndef EXPR_REGEX_CALL_H
#define EXPR_REGEX_CALL_H

#include "expr/regex.h"
#include "expr/set.h"
#include "expr/text.h"

/* What prepare() leaves in a call: the expression, or why there is none. */
typedef struct regex_const {
    const regex *re;
    const char *why;
    bool refused; /* by us, not by PostgreSQL */
} regex_const;

/* How a function uses an expression. */
typedef struct regex_use {
    const char *name;  /* "regexp_count()": it refuses the flag g; or NULL */
    const char *flags; /* fixed ones: of ~*; or NULL */
    int pattern, flag; /* arguments; -1: none */
    regex_want want;
} regex_use;

#define REGEX_KEPT 32

typedef struct regex_kept {
    ds_slice pattern, flags;
    regex_const c;
    regex_run run;
} regex_kept;

/* The expressions of some rows; from malloc, so end it. */
typedef struct regex_cache {
    const regex_use *use;
    const regex_const *constant; /* of all rows, or NULL */
    regex_run run;               /* of the constant one */
    ds_arena *arena;
    regex_kept *kept;
    uint32_t n;
} regex_cache;

void regex_cache_begin(regex_cache *c, const regex_use *use, const void *data);
void regex_cache_end(regex_cache *c);
/* Ready for matches in `text`; NULL: *why. */
regex_run *regex_cache_get(regex_cache *c, ds_slice pattern, ds_slice flags,
                           ds_slice text, const char **why);
/* The same for a set function: the cache lives as long as the epoch. NULL: the
 * row has its error. */
regex_run *regex_set_get(set_row *row, const regex_use *use,
                         const ds_value *args);
void regex_const_compile(const regex_use *use, ds_slice pattern, ds_slice flags,
                         ds_arena *a, regex_const *out);
/* func_def.refuse of all of them. */
const char *regex_refused(tx *call, ds_arena *a, const char **code,
                          uint32_t *arg);
/* What prepare() does. */
void regex_use_prepare(const regex_use *use, tx *call, ds_arena *a);

/* The matches of a text, one after the other. */
typedef struct regex_walk {
    regex_run *run;
    ds_slice text;
    uint32_t from; /* where the next search begins */
    uint32_t begin, end;
} regex_walk;
regex_rc regex_walk_next(regex_walk *w);

#define REGEX_TOO_LONG "the regular expression takes too long on this text"

/* clang-format off */
run_kernel regex_match_cs, regex_match_ci, regex_unmatch_cs, regex_unmatch_ci,
    regex_like, regex_count, regex_instr, regex_substr, regex_substring,
    regex_first, regex_replace, regex_replace_from,
    regex_split_array, regex_similar;
void regex_match_cs_prepare(tx *call, ds_arena *a),
    regex_match_ci_prepare(tx *call, ds_arena *a),
    regex_like_prepare(tx *call, ds_arena *a),
    regex_count_prepare(tx *call, ds_arena *a),
    regex_instr_prepare(tx *call, ds_arena *a),
    regex_substr_prepare(tx *call, ds_arena *a),
    regex_substring_prepare(tx *call, ds_arena *a),
    regex_first_prepare(tx *call, ds_arena *a),
    regex_replace_prepare(tx *call, ds_arena *a),
    regex_replace_from_prepare(tx *call, ds_arena *a),
    regex_split_array_prepare(tx *call, ds_arena *a),
    regex_split_table_prepare(tx *call, ds_arena *a),
    regex_matches_prepare(tx *call, ds_arena *a);
set_fn regex_split_table, regex_matches;
/* clang-format on */

#endif
