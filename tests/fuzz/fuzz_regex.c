/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_regex.c - a text, a pattern and flags, with zero bytes between them.
 *
 * What the functions say of one pattern goes together: parts and matches make
 * the text again, a match is counted if there is one.
 */
#include "fuzz_calls.h"

enum { BARE, ARRAY, LIKE, COUNT, FIRST, SIMILAR };

static const char *const texts[] = {
    [BARE] = ("translate(regexp_replace(a, b, E'\\001\\\\&\\002', 'g' || c), "
              "E'\\001\\002', '')"),
    [ARRAY] = "array_to_string(regexp_split_to_array(a, b, c), '')",
    [LIKE] = "regexp_like(a, b, c)",
    [COUNT] = "regexp_count(a, b, 1, c)",
    [FIRST] = "regexp_match(a, b, c) IS NOT NULL",
    [SIMILAR] = "a SIMILAR TO b",
    "substring(a FROM b)",
    "substring(a SIMILAR b ESCAPE '#')",
    "regexp_substr(a, b, 1, 1, c, 1)",
    "regexp_instr(a, b, 2, 2, 1, c, 0)",
    "regexp_replace(a, b, '<\\1\\2\\9>', c)",
    "a ~* b",
};

enum { N = sizeof texts / sizeof *texts };

static bool has_marks(ds_slice s)
{
    return memchr(s.ptr, 1, s.len) || memchr(s.ptr, 2, s.len);
}

/* Whether the bytes of `part` stand in `all`, in this order. */
static bool within(ds_slice part, ds_slice all)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < all.len && n < part.len; i++)
        n += all.ptr[i] == part.ptr[n];
    return n == part.len;
}

static void together(const ds_slice row[CALLS_TEXTS], ds_arena *a)
{
    ds_slice bare, array, count;
    if (!has_marks(row[0]) && calls_eval(BARE, row, a, &bare))
        FUZZ_CHECK(ds_slice_eq(bare, row[0]));
    if (calls_eval(ARRAY, row, a, &array))
        FUZZ_CHECK(within(array, row[0]));
    if (!calls_eval(COUNT, row, a, &count))
        return;
    bool none = ds_slice_eq(count, ds_slice_of("0"));
    FUZZ_CHECK(!calls_is(LIKE, row, a, none ? "true" : "false"));
    FUZZ_CHECK(!calls_is(FIRST, row, a, none ? "true" : "false"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    calls_init(texts, N);
    ds_arena *a = ds_arena_new(1 << 14);
    ds_slice input = fuzz_input(data, size), row[CALLS_TEXTS], out;
    bool good = calls_row(input, row);
    if (good) {
        together(row, a);
        for (uint32_t i = SIMILAR; i < N; i++)
            (void)calls_eval(i, row, a, &out);
    }
    ds_arena_free(a);
    free((void *)(uintptr_t)input.ptr);
    return good ? 0 : -1;
}
