/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - jsonb: kernels, and what they share.
 *
 * Kernels that pick a part of a value point into it; those that make one write
 * into a buffer that the rows of a vector share.
 */
#ifndef EXPR_JSON_H
#define EXPR_JSON_H

#include "expr/func.h"
#include "record/jsonb.h"

/* json_get.c: -> ->> #> #>> ? ?| ?&, subscripts, lengths, types. */
run_kernel json_member, json_member_text, json_element, json_element_text,
    json_at, json_at_text, json_extract, json_extract_text, json_subscript,
    json_subscript_int, json_exists, json_exists_any, json_exists_all,
    json_length, json_typeof;
/* What a path leads to, or a null slice. */
ds_slice json_follow(ds_slice v, ds_slice path);
/* A path's step as the position in an array, as strtol reads it. */
bool json_index(ds_slice text, int64_t *out);

/* json_contain.c */
run_kernel json_contains, json_contained;

/* json_edit.c: || - #- jsonb_set jsonb_insert, without nulls, pretty. */
run_kernel json_concat, json_delete_key, json_delete_keys, json_delete_index,
    json_strip_nulls, json_pretty;
/* json_splice.c: changes at the end of a path. */
run_kernel json_delete_path, json_set, json_set_lax, json_insert;

/* json_build.c */
run_kernel json_build_object, json_build_array, json_to_jsonb, json_object_of,
    json_object2;

/* json_cast.c */
run_kernel json_to_bool, json_to_i16, json_to_i32, json_to_i64, json_to_f32,
    json_to_f64, json_to_num;

/* json_set.c */
set_fn json_set_elements, json_set_elements_text, json_set_each,
    json_set_each_text, json_set_keys;
void json_each_prepare(tx *call, ds_arena *a);
void json_each_text_prepare(tx *call, ds_arena *a);

/* json_path.c: jsonb_path_..., the operators at-question-mark and at-at */
run_kernel json_path_exists, json_path_match, json_path_array, json_path_first,
    json_path_exists_op, json_path_match_op;
set_fn json_path_set;
void json_path_prepare(tx *call, ds_arena *a);
const char *json_path_refuse(tx *call, ds_arena *a, const char **code,
                             uint32_t *arg);

/* A buffer for the values of a vector. */
ds_buf json_buffer(run *r);
/* Before a value of about `need` bytes: a new piece of memory rather than a
 * longer one, which would copy what the rows before have. Where it begins. */
uint32_t json_room(ds_buf *b, uint32_t need);
/* What was written since `from`. */
static inline ds_slice json_since(const ds_buf *b, uint32_t from)
{
    return (ds_slice){(const uint8_t *)b->s + from, b->len - from};
}
/* What was written is more than a value may have: no need to go on. */
enum { JSON_MOST = 64 << 20 };
static inline bool json_large(const ds_buf *b, uint32_t from)
{
    return b->len - from > JSON_MOST;
}
/* Gives a value that was made to a row, or refuses it as too deep or large. */
void json_give(run *r, const run_step *s, uint32_t row, ds_slice v);
/* Whether looking through a value for each of these texts takes no more than a
 * moment; else the row is refused. */
bool json_affordable(run *r, const run_step *s, uint32_t row, ds_slice v,
                     ds_slice texts);
/* A null slice is NULL. */
static inline void json_give_part(run *r, const run_step *s, uint32_t row,
                                  ds_slice v)
{
    RUN_DST(r, s)->v.str[row] = v;
    if (v.ptr == NULL)
        run_set_null(r, s->dst, row);
}
static inline ds_slice json_arg(const run *r, const run_step *s, uint32_t k,
                                uint32_t row)
{
    return RUN_ARG(r, s, k)->v.str[row];
}
static inline bool json_arg_null(const run *r, const run_step *s, uint32_t k,
                                 uint32_t row)
{
    return run_is_null(RUN_ARG(r, s, k), row);
}
static inline bool json_is_scalar(ds_slice v)
{
    return jsonb_kind_of(v) < JSONB_ARRAY;
}

#endif
