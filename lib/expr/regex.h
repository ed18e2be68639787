/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.h - PostgreSQL's regular expressions on PCRE2.
 *
 * PostgreSQL takes the longest match, PCRE2 the first alternative. Where both
 * must agree pcre2_match does all of it; elsewhere it finds the start and
 * pcre2_dfa_match the longest end from there. What neither can do as
 * PostgreSQL does (non-greedy quantifiers, back references) is refused by name.
 */
#ifndef EXPR_REGEX_H
#define EXPR_REGEX_H

#include "dstream/slice.h"

typedef enum regex_shape {
    REGEX_SPACES, /* \s+ */
    REGEX_SPACE,  /* \s */
    REGEX_TEXT,   /* no special character */
    REGEX_PCRE,
} regex_shape;

typedef struct regex {
    regex_shape shape;
    ds_slice text;
    void *code;   /* pcre2_code */
    bool longest; /* the end has to be looked for */
} regex;

/* NULL and *why (in the arena) if the pattern is wrong or not supported;
 * *refused tells the two apart. `flags` as in regexp_split_to_table. */
const regex *regex_compile(ds_slice pattern, ds_slice flags, ds_arena *a,
                           const char **why, bool *refused);

/* What one thread needs to match; from malloc, so end it. */
typedef struct regex_run {
    const regex *re;
    void *match; /* pcre2_match_data */
    void *context;
    int *work;
    uint64_t budget; /* of bytes to look at for one text */
} regex_run;
void regex_begin(regex_run *run, const regex *re);
void regex_end(regex_run *run);

typedef enum regex_rc { REGEX_MATCH, REGEX_NONE, REGEX_LIMIT } regex_rc;
/* Before the first match in a text. */
void regex_text(regex_run *run, ds_slice text);
/* The first match from byte `from` on. */
regex_rc regex_next(regex_run *run, ds_slice text, uint32_t from,
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
