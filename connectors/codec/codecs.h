/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codecs.h - the formats of this folder.
 */
#ifndef CODEC_CODECS_H
#define CODEC_CODECS_H

#include "dstream/codec.h"

#define CODEC_ERROR "E0601"    /* a value that does not decode */
#define CODEC_ID_ERROR "E0602" /* it names a schema that is not there */
#define CODEC_SCHEMA_ERROR                                                     \
    "E0603"                        /* its schema cannot be read by the job's   \
                                    */
#define CODEC_ENCODE_ERROR "E0604" /* a row that the schema cannot hold */

extern const ds_codec_type codec_text;
extern const ds_codec_type codec_json;
extern const ds_codec_type codec_csv;
extern const ds_codec_type codec_raw;
extern const ds_codec_type codec_avro;

#endif
