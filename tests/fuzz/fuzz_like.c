/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_like.c - a text, a pattern of LIKE and an escape character, with zero
 * bytes between them; against a matcher that needs no thought.
 */
#include "fuzz_calls.h"

enum { MATCH, NOT, ESCAPED, ANY_CASE, LOWER };

static const char *const texts[] = {
    [MATCH] = "a LIKE b",
    [NOT] = "a NOT LIKE b",
    [ESCAPED] = "a LIKE b ESCAPE c",
    [ANY_CASE] = "a ILIKE b",
    [LOWER] = "lower(a) ILIKE lower(b)",
    "a::bytea LIKE b::bytea",
    "a NOT ILIKE b ESCAPE c",
};

enum { N = sizeof texts / sizeof *texts, LIKE_BYTES = 200 };

static uint32_t char_len(ds_slice s)
{
    uint32_t n = 1;
    while (n < s.len && (s.ptr[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static ds_slice after(ds_slice s, uint32_t n)
{
    return (ds_slice){s.ptr + n, s.len - n};
}

/* Whether p matches t, by what matched the rest: reach[i] for the i last bytes
 * of t. */
static bool plainly(ds_slice t, ds_slice p)
{
    bool reach[LIKE_BYTES + 1] = {true}, next[LIKE_BYTES + 1];
    const uint8_t *list[LIKE_BYTES];
    uint32_t n = 0;
    for (ds_slice s = p; s.len; n++) {
        list[n] = s.ptr;
        if (*s.ptr == '\\')
            s = after(s, 1);
        s = after(s, char_len(s));
    }
    while (n-- > 0) {
        memset(next, 0, sizeof next);
        for (uint32_t left = 0; left <= t.len; left++) {
            ds_slice s = after(t, t.len - left);
            if (left && (*s.ptr & 0xc0) == 0x80)
                continue;
            uint32_t len = left ? char_len(s) : 0;
            const uint8_t *c = list[n] + (*list[n] == '\\');
            if (*list[n] == '%')
                next[left] = reach[left] || (left && next[left - len]);
            else if (left && *list[n] == '_')
                next[left] = reach[left - len];
            else if (left && (size_t)(p.ptr + p.len - c) >= len &&
                     memcmp(c, s.ptr, len) == 0)
                next[left] = reach[left - len];
        }
        memcpy(reach, next, sizeof reach);
    }
    return reach[t.len];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    calls_init(texts, N);
    ds_arena *a = ds_arena_new(1 << 14);
    ds_slice input = fuzz_input(data, size), row[CALLS_TEXTS], out;
    bool good = calls_row(input, row);
    if (good) {
        bool small = row[0].len <= LIKE_BYTES && row[1].len <= LIKE_BYTES;
        if (calls_eval(MATCH, row, a, &out)) {
            bool match = ds_slice_eq(out, ds_slice_of("true"));
            FUZZ_CHECK(calls_is(NOT, row, a, match ? "false" : "true"));
            FUZZ_CHECK(!match || !calls_is(ANY_CASE, row, a, "false"));
            if (small &&
                (row[1].len == 0 || row[1].ptr[row[1].len - 1] != '\\'))
                FUZZ_CHECK(plainly(row[0], row[1]) == match);
        }
        for (uint32_t i = ESCAPED; i < N; i++)
            (void)calls_eval(i, row, a, &out);
    }
    ds_arena_free(a);
    free((void *)(uintptr_t)input.ptr);
    return good ? 0 : -1;
}
