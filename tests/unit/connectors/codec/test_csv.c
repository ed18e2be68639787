/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_csv.c - CSV rows in and out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/codecs.h"
#include "record/builder.h"
#include "record/show.h"

static const ds_field fields[] = {{"id", DS_I64, 0, true},
                                  {"name", DS_STR, 0, false},
                                  {"ok", DS_BOOL, 0, false}};
static const ds_schema schema = {3, fields};

/* What a value decodes to, or the error, as text. */
static const char *decoded(ds_slice val, bool header, bool strict, ds_arena *a)
{
    const ds_codec_spec spec = {
        .columns = &schema, .header = header, .strict = strict};
    ds_col cols[3];
    ds_row_errors errs = {0};
    ds_codec *c;
    ds_err err;
    ds_buf b;
    assert_int_equal(codec_csv.open(&spec, &c, &err), DS_OK);
    assert_int_equal(codec_csv.decode(c, &val, 1, a, cols, &errs, &err), DS_OK);
    codec_csv.close(c);
    if (errs.n)
        return errs.list[0].msg;
    ds_buf_init(&b, a, 64);
    ds_show_json_row(&b, &schema, cols, 0);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static void test_decode(void **state)
{
    (void)state;
    static const struct {
        const char *csv, *want;
        bool header, strict;
    } cases[] = {
        {"1,abc,t", "{\"id\":1,\"name\":\"abc\",\"ok\":true}", 0, 0},
        {"1,abc,t\r\n", "{\"id\":1,\"name\":\"abc\",\"ok\":true}", 0, 0},
        {"1,abc,t\n", "{\"id\":1,\"name\":\"abc\",\"ok\":true}", 0, 0},
        {"1,,", "{\"id\":1,\"name\":null,\"ok\":null}", 0, 0},
        {"1,\"\",false", "{\"id\":1,\"name\":\"\",\"ok\":false}", 0, 0},
        {"\"1\",\"a,\"\"b\"\"\r\nc\",",
         "{\"id\":1,\"name\":\"a,\\\"b\\\"\\r\\nc\",\"ok\":null}", 0, 0},
        {"1,\" a \",", "{\"id\":1,\"name\":\" a \",\"ok\":null}", 0, 0},
        {"1,a\rb,", "{\"id\":1,\"name\":\"a\\rb\",\"ok\":null}", 0, 0},
        {",a,t", "null value in column \"id\" violates not-null constraint", 0,
         0},
        {"x,a,t", "column \"id\": invalid input syntax for type bigint: \"x\"",
         0, 0},
        {"1,a", "2 CSV fields stand where 3 columns are expected", 0, 0},
        {"1,a,t,4", "4 CSV fields stand where 3 columns are expected", 0, 0},
        {"1,\"a,t", "unterminated CSV quoted field", 0, 0},
        {"1,\"a\"b,t",
         "CSV field 2: a quote stands inside, or text after a closing quote", 0,
         0},
        {"1,a\"b,t",
         "CSV field 2: a quote stands inside, or text after a closing quote", 0,
         0},
        {"1,a,t\n2,b,f", "text stands after the CSV row", 0, 0},
        {"", "a CSV row was expected, not an empty value", 0, 0},
        {"1,\xff,t", "invalid byte sequence for encoding \"UTF8\"", 0, 0},
        {"ok,more,id\nt,x,5", "{\"id\":5,\"name\":null,\"ok\":true}", 1, 0},
        {"ok,more,id\nt,x,5", "unknown field \"more\"", 1, 1},
        {"id,name\n5", "1 CSV fields stand under a header of 2", 1, 0},
        {"id,name,ok\n", "no CSV row stands after the header", 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_arena *a = ds_arena_new(1024);
        assert_string_equal(decoded(ds_slice_of(cases[i].csv), cases[i].header,
                                    cases[i].strict, a),
                            cases[i].want);
        ds_arena_free(a);
    }
}

static const char *const parts[] = {"a", "\"",       ",",  "\r\n", "\n",
                                    " ", "\xc3\xa4", "\\", "\t",   "''"};

/* Any text and NULL come back as they were. */
static void test_round_trip(void **state)
{
    (void)state;
    srand(3);
    for (int round = 0; round < 2000; round++) {
        ds_arena *a = ds_arena_new(1024);
        const ds_codec_spec spec = {.columns = &schema, .header = round % 2};
        ds_col_builder b[3];
        ds_col cols[3], back[3];
        ds_buf text;
        int64_t id = rand();
        uint8_t ok = rand() % 2;
        ds_buf_init(&text, a, 16);
        for (int i = rand() % 8; i > 0; i--)
            ds_buf_str(&text, parts[rand() % 10]);
        ds_slice name = {(const uint8_t *)text.s, text.len};
        for (int i = 0; i < 3; i++)
            ds_col_builder_init(&b[i], fields[i].type, a, 1);
        ds_col_builder_add(&b[0], &id);
        if (rand() % 5)
            ds_col_builder_add(&b[1], &name);
        else
            ds_col_builder_add_null(&b[1]);
        ds_col_builder_add(&b[2], &ok);
        for (int i = 0; i < 3; i++)
            cols[i] = ds_col_builder_done(&b[i]);
        const ds_batch rows = {
            .schema = &schema, .cols = cols, .n = 1, .n_sel = 1, .arena = a};
        ds_row_errors errs = {0};
        ds_slice val;
        ds_codec *c;
        ds_err err;
        assert_int_equal(codec_csv.open(&spec, &c, &err), DS_OK);
        assert_int_equal(codec_csv.encode(c, &rows, a, &val, &errs, &err),
                         DS_OK);
        assert_int_equal(codec_csv.decode(c, &val, 1, a, back, &errs, &err),
                         DS_OK);
        codec_csv.close(c);
        assert_int_equal(errs.n, 0);
        assert_int_equal(back[0].v.i64[0], id);
        assert_int_equal(ds_col_is_null(&back[1], 0),
                         ds_col_is_null(&cols[1], 0));
        if (!ds_col_is_null(&cols[1], 0))
            assert_true(ds_slice_eq(back[1].v.str[0], name));
        ds_arena_free(a);
    }
}

/* One column: nothing is NULL, "" an empty text. */
static void test_one_column(void **state)
{
    (void)state;
    const ds_schema one = {1, &fields[1]};
    const ds_codec_spec spec = {.columns = &one};
    const ds_slice vals[] = {{(const uint8_t *)"", 0}, ds_slice_of("\"\"")};
    ds_arena *a = ds_arena_new(1024);
    ds_row_errors errs = {0};
    ds_codec *c;
    ds_col col;
    ds_err err;
    assert_int_equal(codec_csv.open(&spec, &c, &err), DS_OK);
    assert_int_equal(codec_csv.decode(c, vals, 2, a, &col, &errs, &err), DS_OK);
    codec_csv.close(c);
    assert_int_equal(errs.n, 0);
    assert_true(ds_col_is_null(&col, 0));
    assert_int_equal(col.v.str[1].len, 0);
    assert_false(ds_col_is_null(&col, 1));
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_one_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
