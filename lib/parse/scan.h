/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.h - the tokens of a text, as PostgreSQL's own scanner sees them.
 */
#ifndef PARSE_SCAN_H
#define PARSE_SCAN_H

#include "dstream/diag.h"
#include "dstream/error.h"

typedef struct scan_token {
    uint32_t at, len;
    int id;         /* PostgreSQL's token number */
    bool reserved;  /* a keyword that cannot be a column's name */
    uint32_t depth; /* of parentheses around it */
} scan_token;

typedef struct scan_tokens {
    const ds_text *text;
    scan_token *list;
    uint32_t n;
    uint32_t open; /* parentheses that are not closed */
} scan_tokens;

/* Reports lexical errors, and texts that are too long or too deep. */
ds_rc scan_text(const ds_text *text, ds_arena *a, ds_diags *d,
                scan_tokens *out);
/* The token at or after byte `at`; NULL past the last. */
const scan_token *scan_find(const scan_tokens *t, uint32_t at);
/* Whether the token is this word, in any case. */
bool scan_is(const scan_tokens *t, const scan_token *tok, const char *word);
/* The byte of the n-th character (from 0) of s. */
uint32_t scan_byte_of(const char *s, uint32_t len, uint32_t n);

#endif
