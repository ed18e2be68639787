/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_jsonb.c - JSON texts to jsonb: what comes out is jsonb already, and its
 * plain form is equal to it.
 */
#include "fuzz.h"
#include "record/jsonb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ds_arena *a = ds_arena_new(1 << 14);
    ds_slice text = fuzz_input(data, size), v, again;
    const char *why = NULL;
    if (ds_utf8_valid(text) && jsonb_parse(text, a, &v, &why)) {
        FUZZ_CHECK(jsonb_parse(v, a, &again, &why));
        FUZZ_CHECK(ds_slice_eq(v, again));
        FUZZ_CHECK(jsonb_cmp(v, jsonb_plain(v, a)) == 0);
        (void)jsonb_text(v, a);
        jsonb_kind kind = jsonb_kind_of(v);
        if (kind == JSONB_ARRAY || kind == JSONB_OBJECT) {
            jsonb_iter it = jsonb_begin(v);
            ds_slice key, value;
            uint32_t n = 0;
            for (; jsonb_next(&it, &key, &value); n++)
                if (kind == JSONB_ARRAY)
                    FUZZ_CHECK(jsonb_element(v, n).ptr == value.ptr);
                else
                    FUZZ_CHECK(jsonb_member(v, jsonb_unescape(key, a)).ptr ==
                               value.ptr);
            FUZZ_CHECK(n == jsonb_count(v));
        }
    }
    ds_arena_free(a);
    free((void *)(uintptr_t)text.ptr);
    return 0;
}
