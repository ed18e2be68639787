/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonb_scan.h - over strings, eight bytes at a time.
 */
#ifndef RECORD_JSONB_SCAN_H
#define RECORD_JSONB_SCAN_H

#include "record/jsonb.h"

/* Every byte of a word that is `c` has its highest bit set; above the first
 * one there may be false ones. */
static inline uint64_t jsonb_has(uint64_t word, uint8_t c)
{
    uint64_t x = word ^ (0x0101010101010101ull * c);
    return (x - 0x0101010101010101ull) & ~x & 0x8080808080808080ull;
}

static inline uint64_t jsonb_has_control(uint64_t word)
{
    return (word - 0x2020202020202020ull) & ~word & 0x8080808080808080ull;
}

/* The first quote, backslash or control character from p on, or `end`. */
static inline const uint8_t *jsonb_string_stop(const uint8_t *p,
                                               const uint8_t *end)
{
    while (end - p >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        uint64_t hit = jsonb_has(word, '"') | jsonb_has(word, '\\') |
                       jsonb_has_control(word);
        if (hit)
            return p + __builtin_ctzll(hit) / 8;
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\' && *p >= 0x20)
        p++;
    return p;
}

/* The first quote or backslash from p on in jsonb's own text, or `end`. */
static inline const uint8_t *jsonb_quote(const uint8_t *p, const uint8_t *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        uint64_t hit = jsonb_has(word, '"') | jsonb_has(word, '\\');
        if (hit)
            return p + __builtin_ctzll(hit) / 8;
    }
    while (p < end && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* Past the closing quote of the string that begins at p, in such a text. */
static inline const uint8_t *jsonb_string_end(const uint8_t *p,
                                              const uint8_t *end)
{
    p++;
    for (;;) {
        p = jsonb_quote(p, end);
        if (*p == '"')
            return p + 1;
        p += 2;
    }
}

/* Past the value that begins at p, in jsonb's own text. */
const uint8_t *jsonb_value_end(const uint8_t *p, const uint8_t *end);

/* The byte that the escape at *p stands for; moves past it. jsonb's own text
 * has \u only for control characters. */
static inline uint8_t jsonb_unescape_one(const uint8_t **p)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const uint8_t *e = *p;
    *p = e + 2;
    if (e[1] == 'u') {
        *p = e + 6;
        int low = e[5] <= '9' ? e[5] - '0' : e[5] - 'a' + 10;
        return (uint8_t)((e[4] - '0') * 16 + low);
    }
    const char *which = strchr(from, e[1]);
    return which ? (uint8_t)to[which - from] : e[1];
}

/* One character to UTF-8, up to 4 bytes. */
static inline uint32_t jsonb_utf8(uint32_t c, uint8_t *to)
{
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    uint32_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (uint32_t i = n - 1; i > 0; i--, c >>= 6)
        to[i] = (uint8_t)(0x80 | (c & 0x3f));
    to[0] = (uint8_t)(0xf0 << (4 - n) | c);
    return n;
}

/* A key of an object while its members are put in order. */
typedef struct jsonb_sort_key {
    const uint8_t *ptr; /* unescaped */
    uint32_t len;
    uint32_t i; /* which member */
} jsonb_sort_key;
/* By length, then bytes; of equal keys the last member stays. Gives how many
 * stay. */
uint32_t jsonb_sort_keys(jsonb_sort_key *keys, uint32_t n);

/* jsonb_lex.c: JSON text in tokens. */
typedef struct jsonb_lexer {
    ds_arena *arena;
    const uint8_t *p, *end; /* what is not read yet */
    const uint8_t *at;      /* where the token begins; it ends at p */
    uint8_t kind;           /* {}[],: as they are, '"', '0', t, f, n; 0: end */
    ds_slice text;          /* of a string: as jsonb has it, with quotes */
    ds_slice raw;           /* the same, unescaped */
    const char *why;        /* after an error */
} jsonb_lexer;
/* The next token. False: why. */
bool jsonb_lex(jsonb_lexer *x);
/* Fails: "... but found the token", or that the text ended. */
bool jsonb_lex_expected(jsonb_lexer *x, const char *what);
/* The number of a token as numeric_out writes it; `room`: how many digits may
 * still come from exponents. False: why. */
bool jsonb_lex_number(jsonb_lexer *x, ds_slice token, uint32_t *room,
                      ds_slice *out);

#endif
