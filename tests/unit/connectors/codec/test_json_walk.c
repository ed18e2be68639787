/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_json_walk.c - the two ways to find the end of a string agree.
 *
 * A text with a backslash is read byte by byte, one without is not. So each
 * text is walked twice, the second time with an escape in the name of its first
 * field: the answers must be the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/json_walk.h"

static const char plain_start[] = "{\"z\":0,";
static const char escaped_start[] = "{\"\\u007a\":0,";

static const ds_field fields[] = {
    {"n", DS_I64, 0, false},
    {"name_of_a_column", DS_STR, 0, false},
    {"s", DS_STR, 0, false},
};
static const ds_schema schema = {3, fields};
static const ds_slice names[] = {
    {(const uint8_t *)"n", 1},
    {(const uint8_t *)"name_of_a_column", 16},
    {(const uint8_t *)"s", 1},
};

static json_walk plain, read_all;

static int setup(void **state)
{
    (void)state;
    plain = read_all = (json_walk){.columns = &schema, .names = names};
    plain.index = json_index_new();
    read_all.index = json_index_new();
    return plain.index && read_all.index ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    json_index_free(plain.index);
    json_index_free(read_all.index);
    return 0;
}

/* Ends where its memory does. */
static ds_slice joined(const char *start, const char *rest, size_t n)
{
    size_t first = strlen(start);
    uint8_t *p = malloc(first + n);
    memcpy(p, start, first);
    memcpy(p + first, rest, n);
    return (ds_slice){p, (uint32_t)(first + n)};
}

static bool both(const char *rest, size_t n)
{
    json_cell a[3], b[3];
    ds_slice one = joined(plain_start, rest, n);
    ds_slice two = joined(escaped_start, rest, n);
    bool ok = json_walk_object(&plain, one, a);
    bool same = ok == json_walk_object(&read_all, two, b);
    for (int i = 0; same && ok && i < 3; i++)
        same = a[i].kind == b[i].kind && a[i].escaped == b[i].escaped &&
               ds_slice_eq(a[i].raw, b[i].raw);
    if (!same)
        fail_msg("%.*s", (int)one.len, (const char *)one.ptr);
    free((void *)(uintptr_t)one.ptr);
    free((void *)(uintptr_t)two.ptr);
    return ok;
}

static void test_odd_quotes(void **state)
{
    (void)state;
    static const struct {
        const char *rest;
        bool ok;
    } cases[] = {
        {"\"s\":\"a\"}", true},
        {"\"s\":\"a\" }", true},
        {"\"s\" \t\r\n: \"a b\" \t\r\n}", true},
        {"\"s\":\" a \",\"n\":1}", true},
        {"\"\":\"\"}", true},
        {"\"s\":\"\"}", true},
        {"\"s\":[\"\",\"a\",[\"b\" ]]}", true},
        {"\"s\":{\"a\":\"b\"}}", true},
        {"\"s\":\"a\"\"b\"}", false},
        {"\"s\":\"a\" \"b\"}", false},
        {"\"s\":\"a\"b\"c\"}", false},
        {"\"s\":\"a\"true}", false},
        {"\"s\":true\"a\"}", false},
        {"\"s\":1\"a\"}", false},
        {"\"s\":\"a}", false},
        {"\"s\":\"}", false},
        {"\"s\":\"\"\"}", false},
        {"\"s\":\"a\",}", false},
        {"\"s\":\"a\"}\"", false},
        {"\"s\":\"a\"}\"b\"", false},
        {"\"s\"\"t\":1}", false},
        {"s\":1}", false},
        {"\"s:1}", false},
        {"s\"\":1}", false},
        {"\"s\":a\"\"}", false},
        {"\"s\":\"a\nb\"}", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (both(cases[i].rest, strlen(cases[i].rest)) != cases[i].ok)
            fail_msg("%s", cases[i].rest);
}

/* Quotes are counted 16 bytes at a time, and 4080 between two sums. */
static void test_lengths(void **state)
{
    (void)state;
    char text[20000];
    for (size_t n = 0; n < 9000; n += n < 300 ? 1 : 97) {
        size_t len = (size_t)sprintf(text, "\"s\":\"");
        memset(text + len, n % 2 ? 'x' : ' ', n);
        len += n;
        len += (size_t)sprintf(text + len, "\",\"n\":[");
        for (size_t i = 0; i < n / 3; i++)
            len += (size_t)sprintf(text + len, "%s", "\"\",");
        len += (size_t)sprintf(text + len, "\"\"]}");
        assert_true(both(text, len));
    }
}

/* The names of the fields before are remembered by place. */
static void test_places(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "\"n\":1,\"s\":\"a\"}",
        "\"s\":\"a\",\"n\":1}",
        "\"name_of_a_column\":\"a\",\"n\":1}",
        "\"name_of_a_columm\":\"a\",\"n\":1}",
        "\"name_of_a_columns\":\"a\"}",
        "\"a_name_that_is_longer_than_what_is_remembered_of_a_field_a_b\":2}",
    };
    json_cell cells[3];
    for (int i = 0; i < 200; i++) {
        const char *row = rows[rand() % 6];
        both(row, strlen(row));
    }
    ds_slice text = ds_slice_of("{\"n\":1,\"n\":2,\"m\":3}");
    for (int i = 0; i < 3; i++) {
        assert_true(json_walk_object(&plain, text, cells));
        assert_true(ds_slice_eq(cells[0].raw, ds_slice_of("2")));
    }
    /* Beyond the places that are remembered. */
    char many[4096];
    size_t len = 0;
    for (int i = 0; i < 200; i++)
        len += (size_t)sprintf(many + len, "\"f%d\":\"%d\",", i, i);
    len += (size_t)sprintf(many + len, "\"n\":7}");
    assert_true(both(many, len));
    assert_true(both(many, len));
}

static void test_random(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "\"n\":12,\"s\":\"text\",\"name_of_a_column\":\"\"}",
        "\"o\":{\"a\":[1,\"two\",{\"b\":null}],\"c\":true},\"s\":\" x \"}",
        "\"s\" : \"a, b: {c}\" , \"n\" : -1.5e3 , \"t\" : [ \"[\" , \"]\" ] }",
        "\"s\":\"\xc3\xa9\xe2\x82\xac\",\"n\":\"\"}",
    };
    static const char bytes[] = "\"\"\"\"{}[]:,, \t\ntrue1-.\x01\xc3\x80n";
    char text[256];
    int good = 0;
    srand(4);
    for (int i = 0; i < 200000; i++) {
        const char *seed = seeds[rand() % 4];
        size_t n = strlen(seed);
        memcpy(text, seed, n);
        for (int changes = rand() % 4; changes > 0; changes--) {
            size_t at = (size_t)rand() % n;
            char c = bytes[(size_t)rand() % (sizeof(bytes) - 1)];
            if (rand() % 3 == 0) {
                text[at] = c;
            } else if (rand() % 2) {
                memmove(text + at + 1, text + at, n - at);
                text[at] = c;
                n++;
            } else if (n > 1) {
                memmove(text + at, text + at + 1, n - at - 1);
                n--;
            }
        }
        good += both(text, n);
    }
    assert_true(good > 50000 && good < 150000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_odd_quotes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_places, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
