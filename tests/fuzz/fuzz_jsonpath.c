/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_jsonpath.c - a JSON text, an SQL/JSON path and variables, with zero
 * bytes between them; and the operators that look into jsonb.
 */
#include "fuzz_calls.h"
#include "record/jsonb.h"

enum { ARRAY, FIRST, EXISTS, SILENT, EDITED };

#define VARS "CASE WHEN c = '' THEN '{}' ELSE c::jsonb END"

/* Of the first ones what is given is jsonb. */
static const char *const texts[] = {
    [ARRAY] = "jsonb_path_query_array(a::jsonb, b, " VARS ")",
    [FIRST] = "jsonb_path_query_first(a::jsonb, b, " VARS ")",
    [EXISTS] = "jsonb_path_exists(a::jsonb, b, " VARS ")",
    [SILENT] = "jsonb_path_query_array(a::jsonb, b, '{}', true)",
    [EDITED] = "jsonb_set(a::jsonb, string_to_array(b, ','), '[1.50]')",
    "jsonb_insert(a::jsonb, string_to_array(b, ','), '{\"x\": null}')",
    "a::jsonb #- string_to_array(b, ',')",
    "a::jsonb - b",
    "a::jsonb - length(b)",
    "a::jsonb || b::jsonb",
    "jsonb_strip_nulls(a::jsonb)",
    "to_jsonb(a::jsonb)",
    "jsonb_build_object(b, a::jsonb, c, b)",
    "jsonb_build_array(b, a::jsonb, c)",
};

static const char *const others[] = {
    "a::jsonb @> b::jsonb",
    "a::jsonb = b::jsonb",
    "a::jsonb < b::jsonb",
    "a::jsonb ? b",
    "a::jsonb ?| string_to_array(b, ',')",
    "a::jsonb #>> string_to_array(b, ',')",
    "a::jsonb ->> b",
    "a::jsonb ->> -1",
    "a::jsonb @@ b",
    "jsonb_pretty(a::jsonb)",
    "jsonb_typeof(a::jsonb)",
    "(a::jsonb)::numeric",
    "(a::jsonb)::integer",
    "(a::jsonb)::float8",
    "jsonb_array_length(a::jsonb)",
};

enum {
    N_JSONB = sizeof texts / sizeof *texts,
    N_OTHERS = sizeof others / sizeof *others,
    N = N_JSONB + N_OTHERS,
};

static void init(void)
{
    const char *all[N];
    for (uint32_t i = 0; i < N; i++)
        all[i] = i < N_JSONB ? texts[i] : others[i - N_JSONB];
    calls_init(all, N);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    init();
    ds_arena *a = ds_arena_new(1 << 14);
    ds_slice input = fuzz_input(data, size), row[CALLS_TEXTS], out;
    bool good = calls_row(input, row);
    for (uint32_t i = 0; i < N && good; i++)
        if (calls_eval(i, row, a, &out) && i < N_JSONB && i != EXISTS)
            FUZZ_CHECK(jsonb_valid(out));
    if (good && calls_is(EXISTS, row, a, "false"))
        FUZZ_CHECK(!calls_eval(FIRST, row, a, &out));
    ds_arena_free(a);
    free((void *)(uintptr_t)input.ptr);
    return good ? 0 : -1;
}
