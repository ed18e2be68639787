/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_json.c - what decodes, what does not, and what is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/codecs.h"
#include "record/show.h"

static const ds_field fields[] = {
    {"n", DS_I64, 0, false}, {"x", DS_F64, 0, false},
    {"s", DS_STR, 0, false}, {"b", DS_BOOL, 0, false},
    {"t", DS_TS, 0, false},  {"r", DS_BYTES, 0, false},
};
static const ds_schema schema = {6, fields};

static ds_arena *arena;
static ds_err err;

static ds_codec *open_codec(const ds_codec_type *type, ds_codec_spec spec)
{
    ds_codec *c;
    assert_int_equal(type->open(&spec, &c, &err), DS_OK);
    return c;
}

static int setup(void **state)
{
    (void)state;
    arena = ds_arena_new(4096);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ds_arena_free(arena);
    return 0;
}

/* Decodes one value that ends where its memory does. Returns the row as JSON
 * without the columns that are NULL, or "! " and the error. */
static const char *decoded(ds_codec *c, const ds_schema *s, const void *value,
                           size_t n)
{
    ds_col cols[8];
    ds_row_errors errs = {0};
    uint8_t *copy = value ? malloc(n ? n : 1) : NULL;
    if (n)
        memcpy(copy, value, n);
    ds_slice v = {copy, (uint32_t)n};
    ds_buf b;
    ds_buf_init(&b, arena, 64);
    assert_int_equal(codec_json.decode(c, &v, 1, arena, cols, &errs, &err),
                     DS_OK);
    if (errs.n) {
        assert_int_equal(errs.n, 1);
        assert_string_equal(errs.list[0].code, "E0601");
        ds_buf_printf(&b, "! %s", errs.list[0].msg);
    }
    for (uint32_t i = 0; i < s->n; i++) {
        if (cols[i].v.p == NULL || ds_col_is_null(&cols[i], 0))
            continue;
        assert_int_equal(errs.n, 0);
        ds_buf_printf(&b, "%s%s=", b.len ? " " : "", s->fields[i].name);
        ds_show_json(&b, s->fields[i].type, &cols[i], 0);
    }
    free(copy);
    ds_buf_add(&b, "", 1);
    return b.s;
}

struct row {
    const char *json;
    size_t n; /* 0: strlen */
    const char *want;
};

#define JSON(text) text, sizeof(text) - 1

static void check(ds_codec *c, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = decoded(c, &schema, rows[i].json, rows[i].n);
        bool error = rows[i].want[0] == '!';
        bool same = error ? got[0] == '!' && strstr(got, rows[i].want + 2)
                          : strcmp(got, rows[i].want) == 0;
        if (!same)
            fail_msg("%s\n  gives %s\n  not   %s", rows[i].json, got,
                     rows[i].want);
    }
}

static void test_values(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {JSON("{}"), ""},
        {JSON(" \t\r\n{ \"n\" : 1 , \"s\" : \"a\" } \n"), "n=1 s=\"a\""},
        {JSON("{\"n\":9223372036854775807}"), "n=9223372036854775807"},
        {JSON("{\"n\":-9223372036854775808}"), "n=-9223372036854775808"},
        {JSON("{\"n\":-0}"), "n=0"},
        {JSON("{\"n\":null,\"s\":null}"), ""},
        {JSON("{\"x\":1}"), "x=1"},
        {JSON("{\"x\":-0.0}"), "x=-0"},
        {JSON("{\"x\":1.5e3}"), "x=1500"},
        {JSON("{\"x\":0.1}"), "x=0.1"},
        {JSON("{\"x\":123456789012345678901234567890}"),
         "x=1.2345678901234568e+29"},
        {JSON("{\"x\":1E+2}"), "x=100"},
        {JSON("{\"x\":5e-324}"), "x=5e-324"},
        {JSON("{\"b\":true}"), "b=true"},
        {JSON("{\"b\":false}"), "b=false"},
        {JSON("{\"t\":\"2026-01-01T10:00:00+02:00\"}"),
         "t=\"2026-01-01T08:00:00Z\""},
        {JSON("{\"t\":\"2026-01-01T10:00:00\\u002b02:00\"}"),
         "t=\"2026-01-01T08:00:00Z\""},
        {JSON("{\"r\":\"\\\\x01aB\"}"), "r=\"\\\\x01ab\""},
        {JSON("{\"r\":\"\\\\x\"}"), "r=\"\\\\x\""},
        {JSON("{\"s\":\"\"}"), "s=\"\""},
        {JSON("{\"s\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"),
         "s=\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {JSON("{\"s\":\"\\u00e9\\u20AC\\ud83d\\ude00\"}"),
         "s=\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {JSON("{\"s\":\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"}"),
         "s=\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\""},
        {JSON("{\"s\":\"{\\\"n\\\":[1,2]}\"}"), "s=\"{\\\"n\\\":[1,2]}\""},
        {JSON("{\"s\":\"a\\\\\",\"n\":1}"), "n=1 s=\"a\\\\\""},
        /* Names. */
        {JSON("{\"\\u006e\":1}"), "n=1"},
        {JSON("{\"N\":1,\"nn\":2,\"\":3,\"n\\u0000\":4}"), ""},
        /* Of a field that comes twice the last one counts. */
        {JSON("{\"n\":1,\"n\":2}"), "n=2"},
        {JSON("{\"n\":\"bad\",\"n\":2}"), "n=2"},
        {JSON("{\"n\":1,\"n\":null}"), ""},
        /* Fields that are no columns. */
        {JSON("{\"o\":{\"n\":7,\"a\":[{},[],[1,{\"n\":8}]]},\"n\":1}"), "n=1"},
        {JSON("{\"o\":1e999,\"p\":123456789012345678901234567890,\"n\":1}"),
         "n=1"},
        {JSON("{\"o\":\"\\u0000\",\"n\":1}"), "n=1"},
        {JSON("{\"o\":[],\"p\":{},\"q\":true,\"n\":1}"), "n=1"},
        /* Columns in another order. */
        {JSON("{\"b\":true,\"s\":\"x\",\"x\":2,\"n\":1}"),
         "n=1 x=2 s=\"x\" b=true"},
    };
    ds_codec *c = open_codec(&codec_json, (ds_codec_spec){.columns = &schema});
    check(c, rows, sizeof(rows) / sizeof(rows[0]));
    codec_json.close(c);
}

static const struct row refused[] = {
    {NULL, 0, "! a JSON object was expected, not a null value"},
    {JSON(""), "! a JSON object was expected, not an empty value"},
    {JSON("  "), "! invalid input syntax for type json"},
    {JSON("null"), "! a JSON object was expected, not a null"},
    {JSON("[]"), "! a JSON object was expected, not an array"},
    {JSON("1"), "! a JSON object was expected, not a number"},
    {JSON("\"a\""), "! a JSON object was expected, not a string"},
    {JSON("true"), "! a JSON object was expected, not a boolean"},
    /* Types. */
    {JSON("{\"n\":1.5}"), "! column \"n\": invalid input syntax for type "
                          "bigint: \"1.5\""},
    {JSON("{\"n\":1.0}"), "! invalid input syntax for type bigint"},
    {JSON("{\"n\":1e3}"), "! invalid input syntax for type bigint"},
    {JSON("{\"n\":1e400}"), "! invalid input syntax for type bigint"},
    {JSON("{\"n\":9223372036854775808}"),
     "! value \"9223372036854775808\" is out of range for type bigint"},
    {JSON("{\"n\":-9223372036854775809}"), "! is out of range"},
    {JSON("{\"n\":123456789012345678901234567890}"), "! is out of range"},
    {JSON("{\"n\":\"1\"}"), "! cannot cast a JSON string to type bigint"},
    {JSON("{\"n\":true}"), "! cannot cast a JSON boolean to type bigint"},
    {JSON("{\"n\":[]}"), "! cannot cast a JSON array to type bigint"},
    {JSON("{\"x\":1e400}"), "! out of range for type double precision"},
    {JSON("{\"x\":\"1\"}"), "! cannot cast a JSON string"},
    {JSON("{\"s\":1}"), "! cannot cast a JSON number to type text"},
    {JSON("{\"s\":{}}"), "! cannot cast a JSON object to type text"},
    {JSON("{\"s\":\"a\\u0000b\"}"), "! \\u0000 cannot be converted"},
    {JSON("{\"b\":1}"), "! cannot cast a JSON number to type boolean"},
    {JSON("{\"b\":\"true\"}"), "! cannot cast a JSON string"},
    {JSON("{\"t\":\"yesterday\"}"),
     "! invalid input syntax for type timestamp with time zone: "
     "\"yesterday\""},
    {JSON("{\"t\":1700000000}"), "! cannot cast a JSON number"},
    {JSON("{\"r\":\"ab\"}"), "! invalid input syntax for type bytea"},
    {JSON("{\"r\":\"\\\\x1\"}"), "! invalid input syntax for type bytea"},
    {JSON("{\"r\":\"\\\\x1g\"}"), "! invalid input syntax for type bytea"},
    /* Syntax. */
    {JSON("{"), "! the text ends early"},
    {JSON("{\"n\""), "! the text ends early"},
    {JSON("{\"n\":"), "! the text ends early"},
    {JSON("{\"n\":1"), "! the text ends early"},
    {JSON("{\"n\":1,"), "! the text ends early"},
    {JSON("{\"n\":1,}"), "! a field's name was expected"},
    {JSON("{,\"n\":1}"), "! a field's name was expected"},
    {JSON("{\"n\":1,,\"s\":\"\"}"), "! a field's name was expected"},
    {JSON("{\"n\" 1}"), "! \":\" was expected"},
    {JSON("{\"n\":1 2}"), "! \",\" or \"}\" was expected"},
    {JSON("{\"n\":1 \"s\":2}"), "! \",\" or \"}\" was expected"},
    {JSON("{\"n\":1\"s\":2}"), "! invalid"},
    {JSON("{n:1}"), "! a field's name was expected"},
    {JSON("{1:1}"), "! a field's name was expected"},
    {JSON("{'n':1}"), "! a field's name was expected"},
    {JSON("{\"n\":1}}"), "! something follows the value"},
    {JSON("{\"n\":1}{}"), "! something follows the value"},
    {JSON("{\"n\":1} x"), "! something follows the value"},
    {JSON("{\"n\":1}\0"), "! invalid"},
    {JSON("\0{\"n\":1}"), "! invalid"},
    {JSON("\xef\xbb\xbf{\"n\":1}"), "! invalid"},
    {JSON("{\"n\":1]"), "! \",\" or \"}\" was expected"},
    {JSON("{\"o\":[1,]}"), "! a value was expected"},
    {JSON("{\"o\":[,1]}"), "! a value was expected"},
    {JSON("{\"o\":[1 2]}"), "! \",\" or \"]\" was expected"},
    {JSON("{\"o\":[1}"), "! \",\" or \"]\" was expected"},
    {JSON("{\"o\":[\"a\":1]}"), "! \",\" or \"]\" was expected"},
    {JSON("{\"o\":}"), "! a value was expected"},
    /* Words and numbers, in a field that nobody reads. */
    {JSON("{\"o\":nul}"), "! unknown word"},
    {JSON("{\"o\":nulll}"), "! invalid"},
    {JSON("{\"o\":True}"), "! a value was expected"},
    {JSON("{\"o\":NaN}"), "! a value was expected"},
    {JSON("{\"o\":truefalse}"), "! invalid"},
    {JSON("{\"o\":01}"), "! invalid"},
    {JSON("{\"o\":+1}"), "! a value was expected"},
    {JSON("{\"o\":.5}"), "! a value was expected"},
    {JSON("{\"o\":1.}"), "! an invalid number"},
    {JSON("{\"o\":1e}"), "! an invalid number"},
    {JSON("{\"o\":1e+}"), "! an invalid number"},
    {JSON("{\"o\":-}"), "! an invalid number"},
    {JSON("{\"o\":0x1}"), "! invalid"},
    {JSON("{\"o\":1_0}"), "! invalid"},
    {JSON("{\"o\":1/*c*/}"), "! invalid"},
    /* Strings. */
    {JSON("{\"o\":\"a}"), "! a string does not end"},
    {JSON("{\"o\":\"a\\\"}"), "! a string does not end"},
    {JSON("{\"o\":\"\\x\"}"), "! an invalid escape sequence"},
    {JSON("{\"o\":\"\\u12\"}"), "! an invalid escape sequence"},
    {JSON("{\"o\":\"\\u12g4\"}"), "! an invalid escape sequence"},
    {JSON("{\"o\":\"\\ud800\"}"), "! an invalid escape sequence"},
    {JSON("{\"o\":\"\\udc00\"}"), "! an invalid escape sequence"},
    {JSON("{\"o\":\"\\ud800\\ud800\"}"), "! an invalid escape sequence"},
    {JSON("{\"o\":\"\\ud800x\"}"), "! an invalid escape sequence"},
    {JSON("{\"\\ud800\":1}"), "! an invalid escape sequence"},
    {JSON("{\"o\":\"a\nb\"}"), "! control character"},
    {JSON("{\"o\":\"a\0b\"}"), "! control character"},
    {JSON("{\\\"o\":1}"), "! invalid"},
    {JSON("{\"o\":\"a\" \"b\"}"), "! \",\" or \"}\" was expected"},
    {JSON("{\"o\":\"a\"\"b\"}"), "! \",\" or \"}\" was expected"},
    {JSON("{\"o\":\"a\"b}"), "! \",\" or \"}\" was expected"},
    /* UTF-8, anywhere. */
    {JSON("{\"o\":\"\xff\"}"), "! invalid byte sequence"},
    {JSON("{\"o\":\"\xc0\x80\"}"), "! invalid byte sequence"},
    {JSON("{\"o\":\"\xed\xa0\x80\"}"), "! invalid byte sequence"},
    {JSON("{\"o\xff\":1}"), "! invalid byte sequence"},
    {JSON("{\"o\":1}\xff"), "! invalid"},
    {JSON("{\"o\":\"\xe2\x82"), "! invalid"},
};

static void test_refused(void **state)
{
    (void)state;
    ds_codec *c = open_codec(&codec_json, (ds_codec_spec){.columns = &schema});
    check(c, refused, sizeof(refused) / sizeof(refused[0]));
    codec_json.close(c);
}

static void test_depth(void **state)
{
    (void)state;
    ds_codec *c = open_codec(&codec_json, (ds_codec_spec){.columns = &schema});
    for (int objects = 0; objects < 2; objects++)
        for (int depth = 60; depth < 70; depth++) {
            char buf[2000];
            int n = 0;
            for (int i = 0; i < depth; i++)
                n +=
                    sprintf(buf + n, "%s", i == 0 || objects ? "{\"o\":" : "[");
            n += sprintf(buf + n, "1");
            for (int i = depth - 1; i >= 0; i--)
                n += sprintf(buf + n, i == 0 || objects ? "}" : "]");
            const char *got = decoded(c, &schema, buf, (size_t)n);
            assert_int_equal(got[0] == '!', depth > 64);
        }
    /* Very deep, and very many. */
    size_t n = 1 << 20;
    char *big = malloc(n);
    memset(big, '[', n);
    memcpy(big, "{\"o\":", 5);
    assert_non_null(strstr(decoded(c, &schema, big, n), "nested more than 64"));
    free(big);
    codec_json.close(c);
}

static void test_large(void **state)
{
    (void)state;
    ds_codec *c = open_codec(&codec_json, (ds_codec_spec){.columns = &schema});
    for (size_t size = 1000; size < 3000000; size *= 7) {
        char *big = malloc(size + 100);
        int at = sprintf(big, "{\"n\":7,\"s\":\"\\n");
        memset(big + at, 'x', size);
        memcpy(big + at + size, "\"}", 2);
        const char *got = decoded(c, &schema, big, (size_t)at + size + 2);
        assert_memory_equal(got, "n=7 s=\"\\nxxx", 12);
        assert_int_equal(strlen(got), size + 10);
        free(big);
    }
    codec_json.close(c);
}

static void test_not_null_and_strict(void **state)
{
    (void)state;
    static const ds_field strict_fields[] = {{"n", DS_I64, 0, true},
                                             {"s", DS_STR, 0, false}};
    static const ds_schema s = {2, strict_fields};
    ds_codec *c =
        open_codec(&codec_json, (ds_codec_spec){.columns = &s, .strict = true});
    static const struct {
        const char *json, *want;
    } rows[] = {
        {"{\"n\":1}", "n=1"},
        {"{\"n\":null}", "! null value in column \"n\" violates not-null "
                         "constraint"},
        {"{\"s\":\"x\"}", "! null value in column \"n\" violates not-null "
                          "constraint"},
        {"{\"n\":1,\"o\":2}", "! field \"o\" is no column"},
        {"{\"n\":1,\"s\":\"x\"}", "n=1 s=\"x\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(decoded(c, &s, rows[i].json, strlen(rows[i].json)),
                            rows[i].want);
    codec_json.close(c);
}

/* A column that nobody reads is not made, but its values are still checked. */
static void test_want(void **state)
{
    (void)state;
    const bool want[6] = {true};
    ds_codec *c = open_codec(&codec_json,
                             (ds_codec_spec){.columns = &schema, .want = want});
    assert_string_equal(decoded(c, &schema, JSON("{\"n\":1,\"s\":\"\\n\"}")),
                        "n=1");
    assert_int_equal(decoded(c, &schema, JSON("{\"n\":1,\"s\":2}"))[0], '!');
    assert_int_equal(decoded(c, &schema, JSON("{\"n\":1,\"x\":1e999}"))[0],
                     '!');
    codec_json.close(c);
}

static void test_batch(void **state)
{
    (void)state;
    enum { ROWS = 300 };
    ds_codec *c = open_codec(&codec_json, (ds_codec_spec){.columns = &schema});
    ds_slice vals[ROWS], out[ROWS];
    ds_col cols[6];
    ds_row_errors errs = {0};
    uint32_t sel[ROWS], n_sel = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        vals[i] = ds_slice_of(
            i % 7 == 0 ? "{oops"
            : i % 3
                ? ds_str_printf(arena, "{\"s\":\"\\u00e9%u\",\"n\":%u}", i, i)
                : ds_str_printf(arena, "{\"n\":%u,\"s\":\"x%u\"}", i, i));
        if (i % 7)
            sel[n_sel++] = i;
    }
    assert_int_equal(codec_json.decode(c, vals, ROWS, arena, cols, &errs, &err),
                     DS_OK);
    assert_int_equal(errs.n, 43);
    for (uint32_t i = 0; i < ROWS; i++)
        assert_int_equal(ds_col_is_null(&cols[0], i), i % 7 == 0);
    ds_batch b = {.schema = &schema,
                  .cols = cols,
                  .n = ROWS,
                  .n_sel = n_sel,
                  .sel = sel,
                  .arena = arena};
    assert_int_equal(codec_json.encode(c, &b, arena, out, &errs, &err), DS_OK);
    for (uint32_t k = 0; k < n_sel; k++) {
        uint32_t i = sel[k];
        const char *want = ds_str_printf(
            arena,
            "{\"n\":%u,\"x\":null,\"s\":\"%s%u\",\"b\":null,\"t\":null,"
            "\"r\":null}",
            i, i % 3 ? "\xc3\xa9" : "x", i);
        assert_true(ds_slice_eq(out[k], ds_slice_of(want)));
    }
    codec_json.close(c);
}

/* Valid records with bytes changed and cut off: nothing is read past the end,
 * and no row is both refused and given. */
static void test_hostile(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "{\"n\":12,\"x\":-1.5e3,\"s\":\"a\\u00e9\\n\",\"b\":true,"
        "\"t\":\"2026-01-01T00:00:00Z\",\"r\":\"\\\\x00ff\"}",
        "{\"o\":{\"a\":[1,2,{\"b\":null}],\"c\":\"\\ud83d\\ude00\"},\"n\":1}",
    };
    static const char alphabet[] = "{}[]:,\"\\ntfu0123456789eE+-. \xff\xc3\xa9";
    ds_codec *c = open_codec(&codec_json, (ds_codec_spec){.columns = &schema});
    srand(12);
    int accepted = 0;
    for (int i = 0; i < 100000; i++) {
        char buf[256];
        const char *seed = seeds[i % 2];
        size_t n = strlen(seed);
        memcpy(buf, seed, n);
        for (int k = rand() % 4; k > 0; k--)
            buf[(size_t)rand() % n] =
                alphabet[(size_t)rand() % sizeof(alphabet)];
        if (rand() % 4 == 0)
            n = (size_t)rand() % n;
        const char *got = decoded(c, &schema, buf, n);
        accepted += got[0] != '!';
        if (i % 100 == 0)
            ds_arena_reset(arena);
    }
    assert_true(accepted > 10000);
    codec_json.close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_null_and_strict, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_want, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
