/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_values.c - texts to values of a type (the first byte): what is read and
 * shown is read again as the same value.
 */
#include "columns.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!fuzz_fields[0].name)
        fuzz_columns_init();
    if (size == 0 || size > 4096)
        return -1;
    ds_type type = fuzz_fields[data[0] % FUZZ_COLUMNS].type;
    ds_arena *a = ds_arena_new(1 << 14);
    ds_slice text = fuzz_input(data + 1, size - 1);
    const char *code = NULL;
    ds_value v, again;
    if (ds_utf8_valid(text) && !memchr(text.ptr, 0, text.len) &&
        !ds_value_parse(type, 0, text, 0, a, &v, &code)) {
        ds_col col = {.v.p = &v};
        ds_buf b;
        ds_buf_init(&b, a, 64);
        ds_show_text(&b, type, &col, 0);
        FUZZ_CHECK(!ds_value_parse(type, 0,
                                   (ds_slice){(const uint8_t *)b.s, b.len}, 0,
                                   a, &again, &code));
        FUZZ_CHECK(ds_value_cmp(type, &v, &again) == 0);
        ds_show_json(&b, type, &col, 0);
    }
    ds_arena_free(a);
    free((void *)(uintptr_t)text.ptr);
    return 0;
}
