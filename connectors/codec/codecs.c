/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codecs.c - the list of formats.
 */
#include "codec/codecs.h"

#include "dstream/registry.h"

void ds_register_codecs(ds_registry *reg)
{
    ds_registry_add_codec(reg, &codec_text);
    ds_registry_add_codec(reg, &codec_json);
    ds_registry_add_codec(reg, &codec_csv);
    ds_registry_add_codec(reg, &codec_raw);
    ds_registry_add_codec(reg, &codec_avro);
}
