/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_jsonb.c - jsonb: input, order, members, as PostgreSQL 15 has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record/jsonb.h"
#include "record/nested.h"

static ds_arena *arena;

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

static ds_slice parse(const char *text)
{
    ds_slice v;
    const char *why;
    if (!jsonb_parse(ds_slice_of(text), arena, &v, &why))
        fail_msg("%s: %s", text, why);
    return v;
}

static const char *str(ds_slice s)
{
    if (s.ptr == NULL)
        return "(none)";
    return ds_strn_copy(arena, (const char *)s.ptr, s.len);
}

#define BAD "invalid input syntax for type json: "

static void test_input(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {" [1,2 , 3]\n", "[1, 2, 3]"},
        {"{}", "{}"},
        {"[]", "[]"},
        {"[{},[]]", "[{}, []]"},
        {"{\"bb\":1,\"a\":{\"y\":[],\"x\":null}}",
         "{\"a\": {\"x\": null, \"y\": []}, \"bb\": 1}"},
        {"{\"a\":1,\"b\":3,\"a\":2,\"\":9}", "{\"\": 9, \"a\": 2, \"b\": 3}"},
        {"{\"\\u0061\":1,\"a\":2}", "{\"a\": 2}"},
        {"{\"é\":1,\"z\":1,\"ab\":1}", "{\"z\": 1, \"ab\": 1, \"é\": 1}"},
        {"true", "true"},
        {" null ", "null"},
        {"-0", "0"},
        {"-0.00e1", "0.0"},
        {"0.00e-3", "0.00000"},
        {"1.50e1", "15.0"},
        {"1E+2", "100"},
        {"1.5e-3", "0.0015"},
        {"12345678901234567890123456789012345678901234567890.10",
         "12345678901234567890123456789012345678901234567890.10"},
        {"1e0", "1"},
        {"\"\\/\\b\\f\\n\\r\\t\\\"\\\\\\u0001\\u00e9\\ud83d\\ude00\"",
         "\"/\\b\\f\\n\\r\\t\\\"\\\\\\u0001é😀\""},
        {"", BAD "The input string ended unexpectedly."},
        {"tru", BAD "Token \"tru\" is invalid."},
        {"01", BAD "Token \"01\" is invalid."},
        {"1.e5", BAD "Token \"1.e5\" is invalid."},
        {"-", BAD "Token \"-\" is invalid."},
        {"+1", BAD "Token \"+\" is invalid."},
        {"[1,]", BAD "Expected JSON value, but found \"]\"."},
        {"[1 2]", BAD "Expected \",\" or \"]\", but found \"2\"."},
        {"{\"a\"}", BAD "Expected \":\", but found \"}\"."},
        {"{\"a\":1,}", BAD "Expected string, but found \"}\"."},
        {"{1:2}", BAD "Expected string or \"}\", but found \"1\"."},
        {"{\"a\":1 \"b\"}",
         BAD "Expected \",\" or \"}\", but found \"\"b\"\"."},
        {"1 2", BAD "Expected end of input, but found \"2\"."},
        {"\"abc", BAD "Token \"\"abc\" is invalid."},
        {"\"a\\qb\"", BAD "Escape sequence \"\\q\" is invalid."},
        {"\"a\tb\"", BAD "Character with value 0x09 must be escaped."},
        {"\"\\u12g4\"", BAD "\"\\u\" must be followed by four hexadecimal "
                            "digits."},
        {"\"\\ud83d\"",
         BAD "Unicode low surrogate must follow a high surrogate."},
        {"\"\\ud83d\\ud83d\"", BAD "Unicode high surrogate must not follow a "
                                   "high surrogate."},
        {"\"\\u0000\"", "unsupported Unicode escape sequence: \\u0000 cannot "
                        "be converted to text."},
        {"1e131072", "value overflows numeric format"},
        {"1e-16384", "value overflows numeric format"},
        {"1e99999999999999999999", "value overflows numeric format"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_slice v;
        const char *why = NULL;
        bool ok = jsonb_parse(ds_slice_of(cases[i].text), arena, &v, &why);
        assert_string_equal(ok ? str(v) : why, cases[i].want);
    }
}

/* Deep, long and swelling texts end with a message, or linearly. */
static void test_hostile(void **state)
{
    enum { N = 1 << 20 };
    char *text = malloc(N + 1);
    ds_slice v;
    const char *why;
    (void)state;
    memset(text, '[', N);
    text[N] = 0;
    assert_false(jsonb_parse(ds_slice_of(text), arena, &v, &why));
    assert_string_equal(
        why, "stack depth limit exceeded: jsonb has at most 512 levels");
    memset(text + JSONB_DEPTH, ']', JSONB_DEPTH);
    assert_true(jsonb_parse((ds_slice){(uint8_t *)text, 2 * JSONB_DEPTH}, arena,
                            &v, &why));
    assert_int_equal(v.len, 2 * JSONB_DEPTH);
    for (uint32_t i = 0; i + 8 <= N; i += 8)
        memcpy(text + i, i ? ",1e99999" : "[1e99999", 8);
    text[N - 1] = ']';
    assert_false(jsonb_parse(ds_slice_of(text), arena, &v, &why));
    assert_string_equal(why,
                        "the numbers of the jsonb value have too many digits");
    for (uint32_t i = 0; i + 8 <= N; i += 8) { /* keys backwards */
        char one[9];
        snprintf(one, sizeof one, "%c\"%02x\": 1", i ? ',' : '{',
                 255 - i / 8 % 256);
        memcpy(text + i, one, 8);
    }
    text[N] = '}';
    assert_true(
        jsonb_parse((ds_slice){(uint8_t *)text, N + 1}, arena, &v, &why));
    assert_int_equal(jsonb_count(v), 256);
    free(text);
}

static void test_order(void **state)
{
    /* Each below the next one; "=": equal to it. */
    static const char *const values[] = {
        "[]",
        "null",
        "\"\"",
        "\"a\"",
        "\"a\\u0001\"",
        "\"ab\"",
        "\"b\"",
        "\"é\"",
        "-10",
        "-9.5",
        "-0.01",
        "0",
        "0.001",
        "0.01",
        "9",
        "9.5",
        "10",
        "12345678901234567890123456789012345678901",
        "false",
        "true",
        "[null]",
        "[1]",
        "[2]",
        "[[]]",
        "[{}]",
        "[1, 2]",
        "[2, 1]",
        "[1, [3], 1]",
        "[1, [1, 2], 1]",
        "[1, [1, 3], 1]",
        "{}",
        "{\"bb\": 9}",
        "{\"c\": 1}",
        "{\"c\": 2}",
        "{\"c\": [1]}",
        "{\"a\": 1, \"b\": 2}",
        "{\"a\": 1, \"cc\": 2}",
        "{\"a\": 2, \"b\": 1}",
        "{\"b\": 1, \"aa\": 1}",
    };
    size_t n = sizeof values / sizeof *values;
    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            int c = jsonb_cmp(parse(values[i]), parse(values[j]));
            if (c != (i > j) - (i < j))
                fail_msg("%s, %s: %d", values[i], values[j], c);
        }
    ds_slice a = parse("{\"a\":[1.0,1.50,-0.0,100]}");
    ds_slice b = parse("{\"a\":[1,1.5,0.000,1e2]}");
    assert_int_equal(jsonb_cmp(a, b), 0);
    assert_string_equal(str(jsonb_plain(a, arena)), str(jsonb_plain(b, arena)));
    b = parse("[\"1.0\", 10]");
    assert_ptr_equal(jsonb_plain(b, arena).ptr, b.ptr);
}

static const char *member(const char *v, const char *key)
{
    return str(jsonb_member(parse(v), ds_slice_of(key)));
}

static const char *element(const char *v, int64_t i)
{
    return str(jsonb_element(parse(v), i));
}

static void test_members(void **state)
{
    const char *v = "{\"\":0,\"a\":{\"b\":\"}\"},\"ab\":[1,{\"ab\":2}],"
                    "\"q\\\"\":\"q\",\"n\\u0001\":1.5,\"é\":true}";
    (void)state;
    assert_string_equal(member(v, ""), "0");
    assert_string_equal(member(v, "a"), "{\"b\": \"}\"}");
    assert_string_equal(member(v, "ab"), "[1, {\"ab\": 2}]");
    assert_string_equal(member(v, "q\""), "\"q\"");
    assert_string_equal(member(v, "n\x01"), "1.5");
    assert_string_equal(member(v, "é"), "true");
    assert_string_equal(member(v, "b"), "(none)");
    assert_string_equal(member(v, "a\": "), "(none)");
    assert_string_equal(member("[1]", "a"), "(none)");
    assert_string_equal(element("[1,[2],\"x\"]", 1), "[2]");
    assert_string_equal(element("[1,[2],\"x\"]", -1), "\"x\"");
    assert_string_equal(element("[1,[2],\"x\"]", -3), "1");
    assert_string_equal(element("[1,[2],\"x\"]", -4), "(none)");
    assert_string_equal(element("[1,[2],\"x\"]", 3), "(none)");
    assert_string_equal(element("[]", 0), "(none)");
    assert_string_equal(element("{\"a\":1}", 0), "(none)");
    assert_int_equal(jsonb_count(parse("[1,[2,3],{}]")), 3);
    assert_int_equal(jsonb_count(parse("{}")), 0);
    assert_string_equal(
        str(jsonb_text(parse("\"a\\\"\\\\\\n\\u001f\""), arena)),
        "a\"\\\n\x1f");
    assert_string_equal(str(jsonb_text(parse("null"), arena)), "(none)");
    assert_string_equal(str(jsonb_text(parse("[null]"), arena)), "[null]");
}

static void test_objects(void **state)
{
    ds_buf b;
    jsonb_pair pairs[100];
    char keys[100][4];
    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(keys[i], 4, "%d", (99 - i) % 12);
        pairs[i].key = ds_slice_of(keys[i]);
        pairs[i].value = ds_slice_of(i % 2 ? "true" : "1");
    }
    ds_buf_init(&b, arena, 16);
    jsonb_add_object(&b, pairs, 100);
    ds_buf_add(&b, "", 1);
    assert_string_equal(
        b.s, "{\"0\": true, \"1\": 1, \"2\": true, \"3\": 1, \"4\": true, "
             "\"5\": 1, \"6\": true, \"7\": 1, \"8\": true, \"9\": 1, "
             "\"10\": true, \"11\": 1}");
    ds_buf_init(&b, arena, 1);
    jsonb_add_object(&b, pairs, 0);
    jsonb_add_string(&b, ds_slice_of("\"\\\b\f\n\r\t\x1f\x7f/é"));
    ds_buf_add(&b, "", 1);
    assert_string_equal(b.s, "{}\"\\\"\\\\\\b\\f\\n\\r\\t\\u001f\x7f/é\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input),   cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_order),   cmocka_unit_test(test_members),
        cmocka_unit_test(test_objects),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
