/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_diag.c - places in texts, and how mistakes are shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dstream/diag.h"

static void test_where(void **state)
{
    (void)state;
    static const ds_text_seg segs[] = {{0, 3, 10}, {6, 4, 5}, {11, 4, 40}};
    ds_text t = {.s = "h\xc3\xa9llo\nab\xe2\x82\xac"
                      "def",
                 .len = 14,
                 .file = "j.yaml",
                 .n_segs = 3,
                 .segs = segs};
    static const struct {
        uint32_t at, len, line, col, width;
    } rows[] = {
        {0, 1, 3, 10, 1},  {1, 2, 3, 11, 1},  {3, 3, 3, 12, 3},
        {6, 1, 4, 5, 1},   {7, 1, 4, 6, 1},   {11, 3, 4, 40, 3},
        {14, 5, 4, 43, 0}, {99, 1, 4, 43, 0}, {12, 99, 4, 41, 2},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ds_where w = ds_text_where(&t, rows[i].at, rows[i].len);
        assert_string_equal(w.file, "j.yaml");
        assert_int_equal(w.line, rows[i].line);
        assert_int_equal(w.col, rows[i].col);
        assert_int_equal(w.len, rows[i].width);
    }
    ds_text none = ds_text_of("abc");
    ds_where w = ds_text_where(&none, 1, 1);
    assert_null(w.file);
    assert_int_equal(w.line, 0);
}

static char *shown(ds_diags *d, const char *source)
{
    static char *out;
    size_t n;
    free(out);
    FILE *to = open_memstream(&out, &n);
    ds_diags_show(d, source ? ds_slice_of(source) : DS_NULL_SLICE, to);
    fclose(to);
    return out;
}

static void test_show(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    ds_diags d;
    ds_diags_init(&d, a);
    const char *source = "a: 1\r\n\tb: h\xc3\xa9 AND\nc";
    ds_diag_add(&d, DS_ERROR, "E0202", (ds_where){"f", 3, 1, 0}, NULL, "last");
    ds_diag_add(&d, DS_ERROR, "E0201", (ds_where){"f", 2, 8, 3}, "a hint",
                "at \"%s\"", "AND");
    ds_diag_add(&d, DS_ERROR, "E0201", (ds_where){"f", 2, 8, 3}, "a hint",
                "at \"%s\"", "AND");
    ds_diag_add(&d, DS_WARNING, "W0001", (ds_where){"f", 1, 4, 1}, NULL, "one");
    assert_int_equal(d.n, 3);
    assert_int_equal(d.errors, 3);
    assert_string_equal(shown(&d, source), "f:1:4: warning[W0001]: one\n"
                                           "     1 | a: 1\n"
                                           "       |    ^\n"
                                           "f:2:8: error[E0201]: at \"AND\"\n"
                                           "     2 |  b: h\xc3\xa9 AND\n"
                                           "       |        ^^^ a hint\n"
                                           "f:3:1: error[E0202]: last\n"
                                           "     3 | c\n"
                                           "       | ^\n");
    ds_diag_add(&d, DS_ERROR, "E0101", (ds_where){0}, "why", "no place");
    assert_non_null(
        strstr(shown(&d, NULL), "error[E0101]: no place\n       = why\n"));
    ds_arena_free(a);
}

/* The caret stays under its character in a line that had to be cut. */
static void test_long_line(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    ds_diags d;
    char line[100001];
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    line[70000] = '!';
    ds_diags_init(&d, a);
    ds_diag_add(&d, DS_ERROR, "E0001", (ds_where){"f", 1, 70001, 1}, NULL, "m");
    char *text = shown(&d, line);
    assert_true(strlen(text) < 1000);
    char *quote = strchr(text, '\n') + 1, *carets = strchr(quote, '\n') + 1;
    assert_int_equal(strchr(quote, '!') - quote, strchr(carets, '^') - carets);
    ds_arena_free(a);
}

static void test_hostile(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    ds_diags d;
    ds_diags_init(&d, a);
    /* Nothing of what the file holds moves the cursor. */
    ds_diag_add(&d, DS_ERROR, "E0001", (ds_where){"f", 1, 999, 99}, NULL,
                "bad \x1b[2J %s", "\r\n");
    char *text = shown(&d, "a\x1b[31m\xff\xe2\x80\xae");
    assert_null(strchr(text, '\x1b'));
    assert_null(strchr(text, '\r'));
    assert_null(strstr(text, "\xe2\x80\xae"));
    for (int i = 0; i < 1000; i++)
        ds_diag_add(&d, DS_ERROR, "E0002", (ds_where){"f", 7, 1, 1}, NULL, "%d",
                    i);
    assert_int_equal(d.n, 200);
    assert_int_equal(d.errors, 1001);
    assert_non_null(strstr(shown(&d, ""), "only the first 200"));
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where),
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
