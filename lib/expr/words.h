/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.h - short texts compared a word at a time, without a call.
 */
#ifndef EXPR_WORDS_H
#define EXPR_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t load8(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static inline uint32_t load4(const uint8_t *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static inline uint32_t load2(const uint8_t *p)
{
    uint16_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* Whether n bytes are the same: words, the last one over the one before it; no
 * branch on what they hold. */
static inline bool words_eq(const uint8_t *p, const uint8_t *q, uint32_t n)
{
    if (n > 64)
        return memcmp(p, q, n) == 0;
    if (n >= 8) {
        uint64_t diff = load8(p + n - 8) ^ load8(q + n - 8);
        for (uint32_t i = 0; i + 8 < n; i += 8)
            diff |= load8(p + i) ^ load8(q + i);
        return diff == 0;
    }
    if (n >= 4)
        return ((load4(p) ^ load4(q)) |
                (load4(p + n - 4) ^ load4(q + n - 4))) == 0;
    if (n >= 2)
        return ((load2(p) ^ load2(q)) |
                (load2(p + n - 2) ^ load2(q + n - 2))) == 0;
    return n == 0 || *p == *q;
}

/* A high bit in each byte of v that is 0; above the first one there may be
 * false ones. */
static inline uint64_t zero_bytes(uint64_t v)
{
    return (v - 0x0101010101010101ull) & ~v & 0x8080808080808080ull;
}

static inline uint64_t eight_of(uint8_t c)
{
    return 0x0101010101010101ull * c;
}

#endif
