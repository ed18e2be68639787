/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nested.c - arrays and rows: bytes, text and order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record/value.h"
#include "values.h"

static ds_type pair_type(void)
{
    static const ds_field fields[] = {{"a", DS_STR, 0, false},
                                      {"b", DS_I32, 0, false}};
    static const ds_schema schema = {2, fields};
    return ds_row_type(&schema);
}

static const char *shown(ds_arena *a, ds_type type, ds_slice v, bool json)
{
    ds_buf b;
    ds_buf_init(&b, a, 0);
    if (json)
        nested_show_json(&b, type, v);
    else
        nested_show(&b, type, v);
    ds_buf_add(&b, "", 1);
    return b.s;
}

/* What array_in and array_out of a PostgreSQL 15 server make of it. */
static const struct {
    ds_type elem; /* DS_NONE: a row of text and integer */
    const char *in;
    const char *out; /* NULL: an error */
    const char *json_or_error;
} texts[] = {
    {DS_I32, "{}", "{}", "[]"},
    {DS_I32, " { } ", "{}", "[]"},
    {DS_I32, "{1,2,3}", "{1,2,3}", "[1,2,3]"},
    {DS_I32, " { 1 , -2 ,null } ", "{1,-2,NULL}", "[1,-2,null]"},
    {DS_I32, "[1:2]={1,2}", "{1,2}", "[1,2]"},
    {DS_I32, "[2]={1,2}", "{1,2}", "[1,2]"},
    {DS_I32, "[1:3]={1,2}", NULL, "malformed array literal: \"[1:3]={1,2}\""},
    {DS_I32, "[0:1]={1,2}", NULL,
     "arrays that begin at another position than 1 are not supported"},
    {DS_I32, "{{1},{2}}", NULL, "multidimensional arrays are not supported"},
    {DS_I32, "{1,}", NULL, "malformed array literal: \"{1,}\""},
    {DS_I32, "{,1}", NULL, "malformed array literal: \"{,1}\""},
    {DS_I32, "{1", NULL, "malformed array literal: \"{1\""},
    {DS_I32, "1", NULL, "malformed array literal: \"1\""},
    {DS_I32, "", NULL, "malformed array literal: \"\""},
    {DS_I32, "{1}x", NULL, "malformed array literal: \"{1}x\""},
    {DS_I32, "{1x}", NULL, "invalid input syntax for type integer: \"1x\""},
    {DS_I32, "{3000000000}", NULL,
     "value \"3000000000\" is out of range for type integer"},
    {DS_BOOL, "{t,false,NULL}", "{t,f,NULL}", "[true,false,null]"},
    {DS_STR, "{a b, c ,\"\",\"NULL\",null,Null}",
     "{\"a b\",c,\"\",\"NULL\",NULL,NULL}",
     "[\"a b\",\"c\",\"\",\"NULL\",null,null]"},
    {DS_STR, "{\\null,\"a\\\"b\",\"c\\\\d\",\"{\",e\\ }",
     "{\"null\",\"a\\\"b\",\"c\\\\d\",\"{\",\"e \"}",
     "[\"null\",\"a\\\"b\",\"c\\\\d\",\"{\",\"e \"]"},
    {DS_STR, "{a\"b\"}", NULL, "malformed array literal: \"{a\"b\"}\""},
    {DS_STR, "{\"a\"b}", NULL, "malformed array literal: \"{\"a\"b}\""},
    {DS_STR, "{a\\", NULL, "malformed array literal: \"{a\\\""},
    {DS_BYTES, "{\"\\\\x0102\",abc}", "{\"\\\\x0102\",\"\\\\x616263\"}",
     "[\"\\\\x0102\",\"\\\\x616263\"]"},
    {DS_NONE, "(a,1)", "(a,1)", "{\"a\":\"a\",\"b\":1}"},
    {DS_NONE, "(,)", "(,)", "{\"a\":null,\"b\":null}"},
    {DS_NONE, " (\"a \"\"b\\\\\",\"7\") ", "(\"a \"\"b\\\\\",7)",
     "{\"a\":\"a \\\"b\\\\\",\"b\":7}"},
    {DS_NONE, "(\"\", 7)", "(\"\",7)", "{\"a\":\"\",\"b\":7}"},
    {DS_NONE, "( x y ,)", "(\" x y \",)", "{\"a\":\" x y \",\"b\":null}"},
    {DS_NONE, "(a)", NULL, "malformed record literal: \"(a)\""},
    {DS_NONE, "(a,1,2)", NULL, "malformed record literal: \"(a,1,2)\""},
    {DS_NONE, "(a,1)x", NULL, "malformed record literal: \"(a,1)x\""},
    {DS_NONE, "a", NULL, "malformed record literal: \"a\""},
};

static void test_texts(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ds_type type =
            texts[i].elem ? ds_array_type(texts[i].elem) : pair_type();
        ds_value v;
        const char *code = NULL;
        const char *why = ds_value_parse(type, 0, ds_slice_of(texts[i].in),
                                         DS_TIME_NONE, a, &v, &code);
        if (texts[i].out == NULL) {
            assert_non_null(why);
            assert_string_equal(why, texts[i].json_or_error);
            assert_non_null(code);
            continue;
        }
        if (why)
            fail_msg("%s: %s", texts[i].in, why);
        assert_true(nested_valid(type, v.s));
        assert_string_equal(shown(a, type, v.s, false), texts[i].out);
        assert_string_equal(shown(a, type, v.s, true), texts[i].json_or_error);
    }
    ds_arena_free(a);
}

static const ds_type elems[] = {DS_BOOL, DS_I64, DS_F64,
                                DS_STR,  DS_IV,  DS_UUID};

static ds_slice random_array(ds_arena *a, ds_type elem, ds_value *values,
                             bool *nulls, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        nulls[i] = rand() % 4 == 0;
        memset(&values[i], 0, sizeof values[i]);
        random_value(a, elem == DS_UUID || elem == DS_IV ? DS_I64 : elem,
                     &values[i]);
        if (elem == DS_UUID)
            values[i].s = (ds_slice){ds_arena_alloc(a, 16, 1), 16};
        if (elem == DS_IV)
            values[i].iv.us = values[i].i % 1000;
    }
    return array_make(elem, values, nulls, n, a);
}

static void test_elements(void **state)
{
    (void)state;
    srand(3);
    for (int round = 0; round < 2000; round++) {
        ds_arena *a = ds_arena_new(4096);
        ds_type elem = elems[rand() % 6], type = ds_array_type(elem);
        ds_value values[30], v;
        bool nulls[30], null;
        uint32_t n = (uint32_t)rand() % 30, i = 0;
        ds_slice s = random_array(a, elem, values, nulls, n);
        assert_int_equal(array_count(s), n);
        assert_true(nested_valid(type, s));
        assert_int_equal(nested_cmp(type, s, s), 0);
        for (nested_iter it = nested_begin(type, s);
             nested_next(&it, NULL, &null, &v); i++) {
            ds_value w;
            assert_int_equal(null, nulls[i]);
            assert_int_equal(array_get(elem, s, i, &w), !null);
            if (!null) {
                assert_int_equal(ds_value_cmp(elem, &v, &values[i]), 0);
                assert_int_equal(ds_value_cmp(elem, &v, &w), 0);
            }
        }
        assert_int_equal(i, n);
        assert_false(array_get(elem, s, n, &v));
        ds_arena_free(a);
    }
}

/* Changed bytes are refused, or are a value that can be shown. */
static void test_hostile(void **state)
{
    (void)state;
    srand(5);
    int accepted = 0;
    for (int round = 0; round < 20000; round++) {
        ds_arena *a = ds_arena_new(4096);
        ds_type elem = elems[rand() % 6], type = ds_array_type(elem);
        ds_value values[10];
        bool nulls[10];
        ds_slice s =
            random_array(a, elem, values, nulls, (uint32_t)rand() % 10);
        uint32_t len = s.len + (uint32_t)rand() % 3;
        uint8_t *p = calloc(len + 1, 1);
        memcpy(p, s.ptr, s.len);
        for (int k = rand() % 3; k > 0 && len; k--)
            p[(uint32_t)rand() % len] = (uint8_t)rand();
        if (rand() % 3 == 0 && len)
            len = (uint32_t)rand() % len;
        p = realloc(p, len ? len : 1);
        if (nested_valid(type, (ds_slice){p, len})) {
            accepted++;
            shown(a, type, (ds_slice){p, len}, rand() % 2);
        }
        free(p);
        ds_arena_free(a);
    }
    assert_true(accepted > 1000);
}

static void test_order(void **state)
{
    (void)state;
    static const char *const ascending[] = {
        "{}",       "{1}", "{1,1}",    "{1,2}",  "{1,2,0}",
        "{1,NULL}", "{2}", "{2,NULL}", "{NULL}", "{NULL,1}"};
    ds_arena *a = ds_arena_new(4096);
    ds_type type = ds_array_type(DS_I32);
    ds_value v[10];
    const char *code;
    for (int i = 0; i < 10; i++)
        assert_null(ds_value_parse(type, 0, ds_slice_of(ascending[i]),
                                   DS_TIME_NONE, a, &v[i], &code));
    for (int i = 0; i < 10; i++)
        for (int k = 0; k < 10; k++)
            assert_int_equal(ds_value_cmp(type, &v[i], &v[k]),
                             (i > k) - (i < k));
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
