/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_csv.c - CSV values of records; the first byte: with a header or not. */
#include "fuzz_formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ds_codec_spec spec = {.columns = &fuzz_schema};
    if (!fuzz_fields[0].name)
        fuzz_columns_init();
    if (size == 0)
        return -1;
    spec.header = data[0] & 1;
    ds_slice val = fuzz_input(data + 1, size - 1);
    round_trip(&codec_csv, &spec, val);
    free((void *)(uintptr_t)val.ptr);
    return 0;
}
