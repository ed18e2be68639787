/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_show.c - values as PostgreSQL's text and as JSON.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "record/show.h"
#include "values.h"

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

static const char *done(ds_buf *b)
{
    ds_buf_add(b, "", 1);
    return b->s;
}

static const char *text_of(ds_type type, const void *value)
{
    ds_buf b;
    ds_col c = ds_col_const(type, value, 1, arena);
    ds_buf_init(&b, arena, 1);
    ds_show_text(&b, type, &c, 0);
    return done(&b);
}

static const char *json_of(ds_type type, const void *value)
{
    ds_buf b;
    ds_col c = ds_col_const(type, value, 1, arena);
    ds_buf_init(&b, arena, 1);
    ds_show_json(&b, type, &c, 0);
    return done(&b);
}

/* What PostgreSQL 15 prints. */
static void test_doubles(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {100, "100"},
        {123456.789, "123456.789"},
        {0.0001, "0.0001"},
        {0.00012345, "0.00012345"},
        {0.00001, "1e-05"},
        {1e14, "100000000000000"},
        {999999999999999, "999999999999999"},
        {1e15, "1e+15"},
        {1234567890123456, "1.234567890123456e+15"},
        {123456789012345.6, "123456789012345.6"},
        {1e20, "1e+20"},
        {1.5e300, "1.5e+300"},
        {-1e-300, "-1e-300"},
        {9007199254740992.0, "9.007199254740992e+15"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1e23, "9.999999999999999e+22"}, /* half way to the next one */
        {63999999167430656, "6.3999999167430656e+16"},
        {5e-324, "5e-324"},
        {9.5e-323, "9.4e-323"},
        {0x1p-44, "5.684341886080802e-14"},
        {0x1p-1074 * 3, "1.5e-323"},
        {NAN, "NaN"},
        {INFINITY, "Infinity"},
        {-INFINITY, "-Infinity"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(text_of(DS_F64, &rows[i].v), rows[i].text);
    double nan = NAN, inf = -INFINITY, tenth = 0.1;
    assert_string_equal(json_of(DS_F64, &nan), "\"NaN\"");
    assert_string_equal(json_of(DS_F64, &inf), "\"-Infinity\"");
    assert_string_equal(json_of(DS_F64, &tenth), "0.1");
}

/* Whether a text is exactly between v and a double next to it. */
static bool halfway(const char *text, double v)
{
    long double t = strtold(text, NULL);
    return t == ((long double)v + (long double)nextafter(v, INFINITY)) / 2 ||
           t == ((long double)v + (long double)nextafter(v, -INFINITY)) / 2;
}

/* Every double reads back equal, and no shorter text does but for those that
 * stand between two of them. */
static void test_random_doubles(void **state)
{
    (void)state;
    srand(10);
    for (int i = 0; i < 100000; i++) {
        uint64_t bits =
            (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
        if (i % 3 == 0)
            bits &= 0xfff0000000000000ull; /* powers of two */
        double v;
        memcpy(&v, &bits, sizeof(v));
        if (i % 5 == 0)
            v = (double)(rand() % 2000000) / 1000;
        if (!isfinite(v))
            continue;
        const char *text = text_of(DS_F64, &v);
        assert_true(strtod(text, NULL) == v);
        int digits = 0;
        for (const char *p = text; *p && *p != 'e'; p++)
            digits += *p >= '0' && *p <= '9' && (digits || *p != '0');
        char shorter[64];
        if (digits > 1 && strchr(text, '.')) {
            snprintf(shorter, sizeof(shorter), "%.*e", digits - 2, v);
            assert_true(strtod(shorter, NULL) != v || halfway(shorter, v));
        }
        if (i % 1000 == 0)
            ds_arena_reset(arena);
    }
}

static void test_others(void **state)
{
    (void)state;
    int64_t min = INT64_MIN, max = INT64_MAX, zero = 0;
    assert_string_equal(text_of(DS_I64, &min), "-9223372036854775808");
    assert_string_equal(json_of(DS_I64, &max), "9223372036854775807");
    assert_string_equal(text_of(DS_I64, &zero), "0");
    uint8_t yes = 1, no = 0;
    assert_string_equal(text_of(DS_BOOL, &yes), "true");
    assert_string_equal(json_of(DS_BOOL, &no), "false");
    ds_time t = 1767261600500000;
    assert_string_equal(text_of(DS_TS, &t), "2026-01-01 10:00:00.5+00");
    assert_string_equal(json_of(DS_TS, &t), "\"2026-01-01T10:00:00.5Z\"");
    t = -1;
    assert_string_equal(text_of(DS_TS, &t), "1969-12-31 23:59:59.999999+00");
    t = -63540849600000000; /* in 44 BC, the Gregorian calendar continued */
    assert_non_null(strstr(text_of(DS_TS, &t), " BC"));
    ds_slice bytes = {(const uint8_t *)"\x01\xab", 2};
    assert_string_equal(text_of(DS_BYTES, &bytes), "\\x01ab");
    assert_string_equal(json_of(DS_BYTES, &bytes), "\"\\\\x01ab\"");
    assert_string_equal(json_of(DS_STR, NULL), "null");
}

static void test_json_strings(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        uint32_t n;
        const char *json;
    } rows[] = {
        {"", 0, "\"\""},
        {"abc", 3, "\"abc\""},
        {"\"\\/", 3, "\"\\\"\\\\/\""},
        {"\b\f\n\r\t\x01\x1f\x7f", 8, "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""},
        {"\0", 1, "\"\\u0000\""},
        {"\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\""},
        {"a\xff\xc3", 3, "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ds_slice s = {(const uint8_t *)rows[i].s, rows[i].n};
        assert_string_equal(json_of(DS_STR, &s), rows[i].json);
    }
}

/* They are read eight bytes at a time: each place in each length. */
static void test_long_json_strings(void **state)
{
    (void)state;
    static const char *const odd[][2] = {
        {"\"", "\\\""},   {"\\", "\\\\"},           {"\x1f", "\\u001f"},
        {"\n", "\\n"},    {"\x20", "\x20"},         {"\x21", "\x21"},
        {"\x7f", "\x7f"}, {"\xc3\xa9", "\xc3\xa9"}, {"\x80", "\xef\xbf\xbd"},
    };
    char text[128], want[160];
    for (size_t k = 0; k < sizeof(odd) / sizeof(odd[0]); k++)
        for (uint32_t n = 0; n < 40; n++)
            for (uint32_t at = 0; at <= n; at++) {
                snprintf(text, sizeof(text), "%.*s%s%.*s", (int)at,
                         "#############################################",
                         odd[k][0], (int)(n - at),
                         "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");
                snprintf(want, sizeof(want), "\"%.*s%s%.*s\"", (int)at,
                         "#############################################",
                         odd[k][1], (int)(n - at),
                         "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");
                ds_slice s = ds_slice_of(text);
                assert_string_equal(json_of(DS_STR, &s), want);
            }
}

static void test_rows_and_keys(void **state)
{
    (void)state;
    ds_field fields[] = {{"a\"b", DS_I64, 0, false},
                         {"word", DS_STR, 0, false},
                         {"raw", DS_BYTES, 0, false}};
    ds_schema s = {3, fields};
    int64_t seven = 7;
    ds_slice be = {(const uint8_t *)"be", 2}, empty = {NULL, 0};
    ds_col cols[] = {ds_col_const(DS_I64, &seven, 1, arena),
                     ds_col_const(DS_STR, &be, 1, arena),
                     ds_col_const(DS_BYTES, &be, 1, arena)};
    ds_buf b;
    ds_buf_init(&b, arena, 1);
    ds_show_json_row(&b, &s, cols, 0);
    assert_string_equal(done(&b),
                        "{\"a\\\"b\":7,\"word\":\"be\",\"raw\":\"\\\\x6265\"}");
    const uint16_t key[] = {1, 0, 2};
    ds_slice k = ds_show_key(&s, cols, key, 1, 0, arena);
    assert_memory_equal(k.ptr, "be", 2);
    k = ds_show_key(&s, cols, key + 1, 1, 0, arena);
    assert_int_equal(k.len, 1);
    assert_memory_equal(k.ptr, "7", 1);
    k = ds_show_key(&s, cols, key + 2, 1, 0, arena);
    assert_int_equal(k.len, 2);
    k = ds_show_key(&s, cols, key, 2, 0, arena);
    assert_int_equal(k.len, strlen("{\"word\":\"be\",\"a\\\"b\":7}"));
    assert_memory_equal(k.ptr, "{\"word\":\"be\",\"a\\\"b\":7}", k.len);
    cols[1] = ds_col_const(DS_STR, NULL, 1, arena);
    assert_null(ds_show_key(&s, cols, key, 1, 0, arena).ptr);
    cols[1] = ds_col_const(DS_STR, &empty, 1, arena);
    k = ds_show_key(&s, cols, key, 1, 0, arena);
    assert_true(k.ptr && k.len == 0);
}

static void test_printf(void **state)
{
    (void)state;
    ds_buf b;
    ds_buf_init(&b, arena, 1);
    for (int i = 0; i < 100; i++)
        ds_buf_printf(&b, "%d,", i);
    ds_buf_str(&b, "end");
    assert_int_equal(b.len, 10 * 2 + 90 * 3 + 3);
    assert_memory_equal(b.s + b.len - 6, "99,end", 6);
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        bool valid;
    } rows[] = {
        {"", true},
        {"hello, world, hello", true},
        {"\xc2\x80", true},
        {"\xdf\xbf", true},
        {"\xe0\xa0\x80", true},
        {"\xed\x9f\xbf", true},
        {"\xee\x80\x80", true},
        {"\xf0\x90\x80\x80", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"hello, wor\xc3\xa9ld", true},
        {"\x80", false},
        {"\xc0\x80", false},
        {"\xc1\xbf", false},
        {"\xc3", false},
        {"\xc3(", false},
        {"\xe0\x9f\xbf", false},
        {"\xed\xa0\x80", false},
        {"\xed\xbf\xbf", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
        {"\xe2\x82", false},
        {"hello, hello, \xf0\x9f\x98", false},
        {"12345678\xff", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t n = (uint32_t)strlen(rows[i].s);
        uint8_t *p = malloc(n + 1); /* so that ASan sees the end */
        memcpy(p, rows[i].s, n);
        p = realloc(p, n ? n : 1);
        assert_int_equal(ds_utf8_valid((ds_slice){p, n}), rows[i].valid);
        free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_doubles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_doubles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_json_strings, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_rows_and_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_printf, setup, teardown),
        cmocka_unit_test(test_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
