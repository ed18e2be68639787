/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_json.c - JSON values of records. */
#include "fuzz_formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ds_codec_spec spec = {.columns = &fuzz_schema};
    if (!fuzz_fields[0].name)
        fuzz_columns_init();
    ds_slice val = fuzz_input(data, size);
    round_trip(&codec_json, &spec, val);
    free((void *)(uintptr_t)val.ptr);
    return 0;
}
