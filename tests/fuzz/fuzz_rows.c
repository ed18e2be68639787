/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_rows.c - rows and keys of state as they come back from a topic: refused,
 * or values that can be shown, written and read again.
 */
#include "columns.h"
#include "fuzz.h"
#include "record/groups.h"
#include "record/rowfmt.h"

static void rows(ds_slice bytes, ds_arena *a)
{
    ds_col *cols = ds_new(a, ds_col, FUZZ_COLUMNS);
    uint64_t *bad = NULL;
    ds_slice out;
    ds_buf b;
    ds_rows_decode(&bytes, 1, &fuzz_schema, a, cols, &bad);
    if (bad)
        return;
    ds_buf_init(&b, a, 256);
    ds_show_json_row(&b, &fuzz_schema, cols, 0);
    ds_rows_encode(cols, &fuzz_schema, 1, NULL, 1, a, &out);
}

static void keys(ds_slice bytes, ds_arena *a)
{
    ds_type types[FUZZ_COLUMNS];
    ds_col *cols = ds_new(a, ds_col, FUZZ_COLUMNS);
    uint32_t n = 1 + bytes.ptr[0] % 3, from = bytes.ptr[0] % FUZZ_COLUMNS;
    bytes = (ds_slice){bytes.ptr + 1, bytes.len - 1};
    for (uint32_t i = 0; i < n; i++)
        types[i] = fuzz_fields[(from + i) % FUZZ_COLUMNS].type;
    if (!ds_key_decode(&bytes, 1, types, n, a, cols))
        return;
    ds_slice again = ds_key_encode(cols, types, n, 0, a);
    ds_col *back = ds_new(a, ds_col, FUZZ_COLUMNS);
    FUZZ_CHECK(ds_key_decode(&again, 1, types, n, a, back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!fuzz_fields[0].name)
        fuzz_columns_init();
    if (size < 2)
        return -1;
    ds_arena *a = ds_arena_new(1 << 14);
    ds_slice bytes = fuzz_input(data, size);
    ds_slice rest = {bytes.ptr + 1, bytes.len - 1};
    if (bytes.ptr[0] & 1)
        rows(rest, a);
    else
        keys(rest, a);
    ds_arena_free(a);
    free((void *)(uintptr_t)bytes.ptr);
    return 0;
}
