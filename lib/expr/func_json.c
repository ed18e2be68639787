/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func_json.c - jsonb.
 */
#include "expr/func_table.h"
#include "expr/json.h"

#define ANY ((ds_type)FUNC_ANY)
#define ANYELEMENT ((ds_type)FUNC_ANYELEMENT)
#define ANYROW ((ds_type)FUNC_ANYROW)
#define TEXTS DS_ARRAY_OF(S)
/* jsonb_each: the type of its rows is made when the call is checked. */
#define EACH(name, fn, prepare, help, example)                                 \
    {                                                                          \
        name, ANYROW, 1, FUNC_SET, {J}, NULL, prepare, help, example, fn       \
    }

/* A function with a path, and perhaps vars and silent. */
#define PATH_HELP "; the path language of SQL/JSON"
/* clang-format off */
#define PATH(name, res, n, flags, fn, set, help, example, ...)                 \
    {name, res, n, flags, {__VA_ARGS__}, fn, json_path_prepare, help, example, \
     set, NULL, json_path_refuse}
#define PATH3(name, res, flags, fn, set, help, plain, vars, silent)            \
    PATH(name, res, 2, flags, fn, set, help PATH_HELP, plain, J, S),           \
    PATH(name, res, 3, flags, fn, set, help ", with variables", vars,          \
         J, S, J),                                                             \
    PATH(name, res, 4, flags, fn, set,                                         \
         help ", with variables; true: errors are suppressed", silent,         \
         J, S, J, B)
#define PATH_OP(name, fn) PATH(name, B, 2, 0, fn, NULL, NULL, NULL, J, S)

const func_def func_json[] = {
    OP2("->", J, J, S, json_member), OP2("->", J, J, I4, json_element),
    OP2("->>", S, J, S, json_member_text),
    OP2("->>", S, J, I4, json_element_text),
    OP2("#>", J, J, TEXTS, json_at), OP2("#>>", S, J, TEXTS, json_at_text),
    OP2("?", B, J, S, json_exists), OP2("?|", B, J, TEXTS, json_exists_any),
    OP2("?&", B, J, TEXTS, json_exists_all),
    OP2("@>", B, J, J, json_contains), OP2("<@", B, J, J, json_contained),
    OP2("||", J, J, J, json_concat),
    OP2("-", J, J, S, json_delete_key), OP2("-", J, J, I4, json_delete_index),
    OP2("-", J, J, TEXTS, json_delete_keys),
    OP2("#-", J, J, TEXTS, json_delete_path),
    PATH_OP("@?", json_path_exists_op), PATH_OP("@@", json_path_match_op),
    INNER("subscript", J, 2, 0, json_subscript, J, S),
    INNER("subscript", J, 2, 0, json_subscript_int, J, I4),

    CAST(J, B, 0, json_to_bool), CAST(J, I2, 0, json_to_i16),
    CAST(J, I4, 0, json_to_i32), CAST(J, I, 0, json_to_i64),
    CAST(J, F4, 0, json_to_f32), CAST(J, F, 0, json_to_f64),
    CAST(J, N, 0, json_to_num),

    FN("to_jsonb", J, 1, json_to_jsonb, "any value as jsonb",
       "to_jsonb('a \"b\"'::text) = '\"a \\\"b\\\"\"'", ANYELEMENT),
    FN("to_json", J, 1, json_to_jsonb, "as to_jsonb: there is no type json",
       "to_json(1.5) = '1.5'", ANYELEMENT),
    FN("row_to_json", J, 1, json_to_jsonb, "a row as an object; gives jsonb",
       "row_to_json(row(1, 'a')) = '{\"f1\": 1, \"f2\": \"a\"}'", ANYROW),
    FN("array_to_json", J, 1, json_to_jsonb, "an array as jsonb",
       "array_to_json(ARRAY[1, 2]) = '[1, 2]'", FUNC_ANYARRAY),
    FNX("jsonb_build_object", J, 0, FUNC_NULLS, json_build_object,
        "an object without members", "jsonb_build_object() = '{}'", ANY),
    FNX("jsonb_build_object", J, 1, FUNC_NULLS | FUNC_VARIADIC,
        json_build_object, "an object of keys and values, in turn",
        "jsonb_build_object('a', 1, 'b', null) = '{\"a\": 1, \"b\": null}'",
        ANY),
    FNX("json_build_object", J, 0, FUNC_NULLS, json_build_object,
        "as jsonb_build_object", "json_build_object() = '{}'", ANY),
    FNX("json_build_object", J, 1, FUNC_NULLS | FUNC_VARIADIC,
        json_build_object, "as jsonb_build_object: there is no type json",
        "json_build_object('a', 1) = '{\"a\": 1}'", ANY),
    FNX("jsonb_build_array", J, 0, FUNC_NULLS, json_build_array,
        "an array without elements", "jsonb_build_array() = '[]'", ANY),
    FNX("jsonb_build_array", J, 1, FUNC_NULLS | FUNC_VARIADIC,
        json_build_array, "an array of the arguments",
        "jsonb_build_array(1, 'a', null) = '[1, \"a\", null]'", ANY),
    FNX("json_build_array", J, 0, FUNC_NULLS, json_build_array,
        "as jsonb_build_array", "json_build_array() = '[]'", ANY),
    FNX("json_build_array", J, 1, FUNC_NULLS | FUNC_VARIADIC,
        json_build_array, "as jsonb_build_array: there is no type json",
        "json_build_array(1, 2) = '[1, 2]'", ANY),
    FN("jsonb_object", J, 1, json_object_of,
       "an object of texts: keys and values in turn",
       "jsonb_object('{a,1,b,2}') = '{\"a\": \"1\", \"b\": \"2\"}'", TEXTS),
    FN("jsonb_object", J, 2, json_object2, "an object of keys and their texts",
       "jsonb_object('{a,b}', '{1,2}') = '{\"a\": \"1\", \"b\": \"2\"}'",
       TEXTS, TEXTS),

    FN("jsonb_typeof", S, 1, json_typeof,
       "object, array, string, number, boolean or null",
       "jsonb_typeof('[1]') = 'array'", J),
    FN("jsonb_array_length", I4, 1, json_length, "number of elements",
       "jsonb_array_length('[1, 2]') = 2", J),
    FNX("jsonb_extract_path", J, 2, FUNC_VARIADIC, json_extract,
        "what keys and positions lead to; as #>",
        "jsonb_extract_path('{\"a\": [1, 2]}', 'a', '1') = '2'", J, S),
    FNX("jsonb_extract_path_text", S, 2, FUNC_VARIADIC, json_extract_text,
        "the same as text; as #>>",
        "jsonb_extract_path_text('{\"a\": [\"x\"]}', 'a', '0') = 'x'", J, S),
    FN("jsonb_set", J, 3, json_set,
       "with the value at this path replaced or added",
       "jsonb_set('{\"a\": [1, 2]}', '{a,1}', '9') = '{\"a\": [1, 9]}'",
       J, TEXTS, J),
    FN("jsonb_set", J, 4, json_set, "the same; false: nothing is added",
       "jsonb_set('{\"a\": 1}', '{b}', '9', false) = '{\"a\": 1}'",
       J, TEXTS, J, B),
    FNX("jsonb_set_lax", J, 3, FUNC_NULLS, json_set_lax,
        "as jsonb_set; a NULL becomes null",
        "jsonb_set_lax('{\"a\": 1}', '{a}', null) = '{\"a\": null}'",
        J, TEXTS, J),
    FNX("jsonb_set_lax", J, 4, FUNC_NULLS, json_set_lax,
        "the same; false: nothing is added",
        "jsonb_set_lax('{\"a\": 1}', '{b}', null, false) = '{\"a\": 1}'",
        J, TEXTS, J, B),
    FNX("jsonb_set_lax", J, 5, FUNC_NULLS, json_set_lax,
        "and what NULL does: raise_exception, use_json_null, delete_key or "
        "return_target",
        "jsonb_set_lax('{\"a\": 1}', '{a}', null, true, 'delete_key') = '{}'",
        J, TEXTS, J, B, S),
    FN("jsonb_insert", J, 3, json_insert,
       "with a value inserted before this position, or as a new key",
       "jsonb_insert('[1, 2]', '{1}', '9') = '[1, 9, 2]'", J, TEXTS, J),
    FN("jsonb_insert", J, 4, json_insert, "the same; true: after it",
       "jsonb_insert('[1, 2]', '{1}', '9', true) = '[1, 2, 9]'",
       J, TEXTS, J, B),
    FN("jsonb_strip_nulls", J, 1, json_strip_nulls,
       "without the members of objects that are null",
       "jsonb_strip_nulls('{\"a\": null, \"b\": [null]}') = '{\"b\": [null]}'",
       J),
    FN("jsonb_pretty", S, 1, json_pretty, "with line breaks, for people",
       "jsonb_pretty('[1]') = E'[\\n    1\\n]'", J),

    PATH3("jsonb_path_exists", B, 0, json_path_exists, NULL,
          "whether a path finds something",
          "jsonb_path_exists('{\"a\": [1, 2]}', '$.a[*] ? (@ > 1)')",
          "jsonb_path_exists('[1, 2]', '$[*] ? (@ > $x)', '{\"x\": 1}')",
          "jsonb_path_exists('{}', 'strict $.a', '{}', true) IS NULL"),
    PATH3("jsonb_path_match", B, 0, json_path_match, NULL,
          "the truth of a path's predicate",
          "jsonb_path_match('{\"a\": 1}', '$.a == 1')",
          "jsonb_path_match('{\"a\": 1}', '$.a == $x', '{\"x\": 1}')",
          "jsonb_path_match('1', '$', '{}', true) IS NULL"),
    PATH3("jsonb_path_query_array", J, 0, json_path_array, NULL,
          "all that a path finds, as an array",
          "jsonb_path_query_array('[1, 2, 3]', '$[*] ? (@ > 1)') = '[2, 3]'",
          "jsonb_path_query_array('[1, 2, 3]', '$[*] ? (@ > $x)', "
          "'{\"x\": 1}') = '[2, 3]'",
          "jsonb_path_query_array('{}', 'strict $.a', '{}', true) = '[]'"),
    PATH3("jsonb_path_query_first", J, 0, json_path_first, NULL,
          "the first value that a path finds",
          "jsonb_path_query_first('[1, 2]', '$[*]') = '1'",
          "jsonb_path_query_first('[1, 2]', '$[*] ? (@ > $x)', "
          "'{\"x\": 1}') = '2'",
          "jsonb_path_query_first('{}', 'strict $.a', '{}', true) IS NULL"),
    PATH3("jsonb_path_query", J, FUNC_SET, NULL, json_path_set,
          "a row per value that a path finds",
          "jsonb_path_query(doc, '$.items[*].price') AS price",
          "jsonb_path_query(doc, '$.items[*] ? (@.price > $x)', "
          "'{\"x\": 1}') AS item",
          "jsonb_path_query(doc, 'strict $.items[*].price', '{}', true) AS price"),

    SETX("jsonb_array_elements", J, 1, 0, json_set_elements,
         "a row per element", "jsonb_array_elements(items) AS item", J),
    SETX("jsonb_array_elements_text", S, 1, 0, json_set_elements_text,
         "a row per element, as text",
         "jsonb_array_elements_text(items) AS item", J),
    SETX("jsonb_object_keys", S, 1, 0, json_set_keys, "a row per key",
         "jsonb_object_keys(doc) AS name", J),
    EACH("jsonb_each", json_set_each, json_each_prepare,
         "a row (key text, value jsonb) per member",
         "jsonb_each(doc) AS member"),
    EACH("jsonb_each_text", json_set_each_text, json_each_text_prepare,
         "a row (key text, value text) per member",
         "jsonb_each_text(doc) AS member"),
};
/* clang-format on */

const uint32_t func_json_count = sizeof func_json / sizeof *func_json;
