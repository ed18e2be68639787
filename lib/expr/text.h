/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - functions on text and bytea: their kernels, and what they share.
 *
 * Texts are valid UTF-8 without NUL, so a character's first byte tells its
 * length. A result that is part of an argument points into it.
 */
#ifndef EXPR_TEXT_H
#define EXPR_TEXT_H

#include "expr/func.h"
#include "record/show.h"

/* No function makes more of its arguments: memory is bounded by the input. */
#define TEXT_MAX (16u << 20)
#define TEXT_NOWHERE UINT32_MAX

#define ARG_STR(k) (RUN_ARG(r, s, k)->v.str)
#define ARG_I64(k) (RUN_ARG(r, s, k)->v.i64)

static const ds_slice text_empty = {(const uint8_t *)"", 0};

static inline uint32_t text_char_len(uint8_t lead)
{
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* The bytes of the character at p; never past the end. */
static inline uint32_t text_char_at(ds_slice s, uint32_t at)
{
    uint32_t n = text_char_len(s.ptr[at]);
    return n < s.len - at ? n : s.len - at;
}

static inline bool text_is_start(uint8_t c)
{
    return (c & 0xc0) != 0x80;
}

/* str.c */
int64_t text_chars(ds_slice s);
/* The byte where the n-th character (from 0) begins; the length past the end.
 */
uint32_t text_byte_of(ds_slice s, int64_t n);
/* The first occurrence of b in a from byte `from` on, or TEXT_NOWHERE. */
uint32_t text_find(ds_slice a, ds_slice b, uint32_t from);
/* Refuses the row and sets *out to '' if `len` is too much. */
bool text_fits(run *r, const run_step *s, uint32_t row, uint64_t len,
               ds_slice *out);
/* Whether it takes no more than a moment to look through b bytes for each of a;
 * else the row is refused. */
bool text_quick(run *r, const run_step *s, uint32_t row, uint32_t a,
                uint32_t b);
/* Simple case mappings, as the C library's in C.UTF-8. */
int32_t text_upper_char(int32_t c);
int32_t text_lower_char(int32_t c);
/* The character at `at`, which moves past it. */
int32_t text_get_char(ds_slice s, uint32_t *at);
/* Writes it; returns its length. */
uint32_t text_put_char(int32_t c, uint8_t *p);

/* text_any.c: argument k of a call, which is not NULL, as text. It is the text
 * itself or stands in `b`. */
ds_slice text_of_arg(const run *r, const run_step *s, uint32_t k, uint32_t row,
                     ds_buf *b);
/* Whether argument k is NULL, of whatever type. */
bool text_null_arg(const run *r, const run_step *s, uint32_t k, uint32_t row);
/* text_quote.c */
void text_quote_literal(ds_buf *b, ds_slice s);
void text_quote_ident(ds_buf *b, ds_slice s);
/* text_convert.c: the first byte that is no UTF-8, the length if there is
 * none, and how many bytes PostgreSQL shows of it. */
uint32_t text_bad_utf8(ds_slice s, uint32_t *n);

/* clang-format off */
run_kernel str_concat, str_lower, str_upper, str_initcap, str_length,
    str_octets, str_bits, str_btrim, str_ltrim, str_rtrim, str_substr2,
    str_substr3, str_split_part, str_left, str_right, str_strpos,
    str_starts_with, str_reverse;
run_kernel str_replace, str_repeat, str_lpad, str_rpad, str_translate,
    str_overlay, str_ascii, str_chr, str_unistr, str_normalize,
    str_is_normalized;
run_kernel bytes_btrim, bytes_ltrim, bytes_rtrim, bytes_substr2, bytes_substr3,
    bytes_overlay, bytes_position, bytes_get_byte, bytes_set_byte,
    bytes_get_bit, bytes_set_bit, bytes_bit_count;
run_kernel text_concat, text_concat_ws, text_format, text_quote_ident_rows,
    text_quote_literal_rows, text_quote_nullable;
run_kernel text_md5, text_sha224, text_sha256, text_sha384, text_sha512,
    text_encode, text_decode, text_to_ascii, text_convert_from, text_convert_to;
run_kernel text_to_array, text_from_array;
set_fn text_to_table;
run_kernel like_match, like_not_match, like_imatch, like_not_imatch,
    like_escape, like_bytes, like_not_bytes;
/* clang-format on */
void like_prepare(tx *call, ds_arena *a);
void str_initcap_prepare(tx *call, ds_arena *a);

#endif
