/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codecs.h - the formats of this folder.
 */
#ifndef CODEC_CODECS_H
#define CODEC_CODECS_H

#include "dstream/codec.h"

#define CODEC_ERROR "E0601" /* a value that does not decode */

extern const ds_codec_type codec_text;
extern const ds_codec_type codec_json;
extern const ds_codec_type codec_csv;
extern const ds_codec_type codec_raw;

#endif
