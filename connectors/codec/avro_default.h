/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_default.h - the default of a field, from JSON to Avro's bytes.
 */
#ifndef CODEC_AVRO_DEFAULT_H
#define CODEC_AVRO_DEFAULT_H

#include <jansson.h>

#include "codec/avro_schema.h"

/* False: `why` says what is wrong. */
bool avro_default_encode(const avro_type *t, const json_t *j, ds_arena *a,
                         ds_slice *out, char *why, size_t size);

#endif
