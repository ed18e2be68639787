/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_shim.h - the parts of simdjson and of the C++ library that the codecs
 * use, callable from C. No exception gets out.
 */
#ifndef CODEC_JSON_SHIM_H
#define CODEC_JSON_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct json_index json_index;

/* NULL: out of memory. */
json_index *json_index_new(void);
void json_index_free(json_index *x);

/* Where the tokens of a text begin, in ascending order: brackets, braces,
 * colons, commas, strings (at their opening quote), and whatever else stands
 * outside strings. Returns NULL, or what is wrong: bytes that are no UTF-8, a
 * control character in a string, a string without its end. Nothing else has
 * been checked. The list lives until the next call. */
const char *json_index_run(json_index *x, const uint8_t *p, size_t n,
                           const uint32_t **at, uint32_t *n_at);

/* The number's text to the nearest double; false: its size is out of range. */
bool json_to_double(const uint8_t *p, size_t n, double *out);

bool json_utf8_valid(const uint8_t *p, size_t n);

#ifdef __cplusplus
}
#endif

#endif
