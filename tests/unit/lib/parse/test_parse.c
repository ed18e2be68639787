/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_parse.c - what is a select list, an expression, a type; where mistakes
 * stand; texts that are out to break the parser.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "parse/parse.h"

static const ds_text_seg first_seg = {0, 1, 1};

static ds_text text_of(const char *s)
{
    ds_text t = ds_text_of(s);
    t.segs = &first_seg;
    t.n_segs = 1;
    return t;
}

/* "E0201 5+3 message" or "" */
static void parse(const char *text, char *out, size_t size)
{
    ds_arena *a = ds_arena_new(4096);
    ds_diags d;
    ds_diags_init(&d, a);
    ds_text t = text_of(text);
    ds_item *items = NULL;
    uint32_t n = 0;
    ds_rc rc = ds_parse_list(&t, a, &d, &items, &n);
    out[0] = 0;
    if (rc < 0)
        snprintf(out, size, "%s %u+%u %s", d.list[0].code, d.list[0].where.col,
                 d.list[0].where.len, d.list[0].msg);
    ds_arena_free(a);
}

static void lists(void **state)
{
    static const char *const cases[][2] = {
        {"a, b AS c, *", ""},
        {"a IS DISTINCT FROM b", ""},
        {"CASE a WHEN 1 THEN 2 END", ""},
        {"a -- a comment", ""},
        {"price > 0 AND AND x", "E0201 15+3 syntax error at or near \"AND\""},
        {"é > 0 AND AND x", "E0201 11+3 syntax error at or near \"AND\""},
        {"page, offset", "E0201 7+6 syntax error at or near \"offset\""},
        {"numeric(10", "E0201 11+0 syntax error at end of input"},
        {"1; DROP TABLE x", "E0201 2+1 syntax error at or near \";\""},
        {"1 FROM t", "E0201 3+4 syntax error at or near \"FROM\""},
        {"a UNION SELECT b", "E0201 3+5 syntax error at or near \"UNION\""},
        {"a EXCEPT SELECT b", "E0201 3+6 syntax error at or near \"EXCEPT\""},
        {"1 WHERE x", "E0201 3+5 syntax error at or near \"WHERE\""},
        {"1 GROUP BY x", "E0201 3+5 syntax error at or near \"GROUP\""},
        {"1 HAVING x", "E0201 3+6 syntax error at or near \"HAVING\""},
        {"1 ORDER BY 2", "E0201 3+5 syntax error at or near \"ORDER\""},
        {"1 LIMIT 2", "E0201 3+5 syntax error at or near \"LIMIT\""},
        {"x INTO y", "E0201 3+4 syntax error at or near \"INTO\""},
        {"1 FOR UPDATE", "E0201 3+3 syntax error at or near \"FOR\""},
        {"DISTINCT a", "E0201 1+8 syntax error at or near \"DISTINCT\""},
        {"ALL a", "E0201 1+3 syntax error at or near \"ALL\""},
        {"1) FROM (SELECT 2", "E0201 2+1 syntax error at or near \")\""},
        {"FROM t", "E0201 1+4 syntax error at or near \"FROM\""},
        {"", "E0201 1+0 an expression is missing"},
        {"/* x */", "E0201 1+1 an expression is missing"},
        {"'abc", "E0201 1+1 unterminated quoted string at or near \"'abc\""},
    };
    char got[500];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parse(cases[i][0], got, sizeof got);
        assert_string_equal(got, cases[i][1]);
    }
}

static void hints(void **state)
{
    static const char *const cases[][2] = {
        {"page, offset",
         "reserved word: the record's offset is the column _offset"},
        {"user.id", "reserved word: quote it, \"user\", or rename the column"},
        {"end > 3", "reserved word: quote it, \"end\", or rename the column"},
        {"a + order",
         "reserved word: quote it, \"order\", or rename the column"},
        {"numeric(10", "a ( is not closed; inside {...} of YAML a comma "
                       "splits the value: quote it"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        ds_diags d;
        ds_diags_init(&d, a);
        ds_text t = text_of(cases[i][0]);
        ds_item *items;
        uint32_t n;
        assert_true(ds_parse_list(&t, a, &d, &items, &n) < 0);
        assert_non_null(d.list[0].hint);
        assert_string_equal(d.list[0].hint, cases[i][1]);
        ds_arena_free(a);
    }
}

static char *repeated(const char *head, const char *s, size_t n,
                      const char *tail)
{
    size_t l = strlen(s);
    char *out = malloc(strlen(head) + l * n + strlen(tail) + 1);
    char *p = stpcpy(out, head);
    for (size_t i = 0; i < n; i++)
        p = stpcpy(p, s);
    strcpy(p, tail);
    return out;
}

static void *hostile_texts(void *arg)
{
    static const struct {
        const char *head, *s;
        size_t n;
        const char *tail;
        const char *code;
    } cases[] = {
        {"", "(", 50000, "", "E0202"},
        {"", "NOT ", 16000, "a", "E0202"},
        {"a", "+a", 20000, "", "E0202"},
        {"", "-(", 20000, "", "E0202"},
        {"", "- ", 30000, "1", "E0202"},
        {"a", " UNION SELECT a", 4000, "", "E0202"},
        {"a", " IS NULL", 8000, "", "E0202"},
        {"a", "::int", 12000, "", "E0202"},
        {"", "f(", 30000, "", "E0202"},
        {"", "CASE WHEN a THEN ", 3000, "", "E0202"},
        {"a", "[1]", 20000, "", "E0202"},
        {"a", ".b", 20000, "", "E0202"},
        {"a", " AT TIME ZONE 'x'", 3000, "", "E0202"},
        {"a", "+a", 120, "", "E0202"},
        {"1", "1", 70000, "", "E0202"},
        {"1 + $a$ ' $a$ + ", "(", 3000, "", "E0202"},
        {"a", " AND b", 10000, "", ""},
        {"x IN (1", ",2", 30000, ")", ""},
        {"a", ", a", 20000, "", ""},
        {"a", "+a", 90, "", ""},
    };
    char got[500];
    int bad = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text =
            repeated(cases[i].head, cases[i].s, cases[i].n, cases[i].tail);
        parse(text, got, sizeof got);
        if (strncmp(got, cases[i].code, strlen(cases[i].code)) != 0 ||
            (cases[i].code[0] == 0 && got[0] != 0)) {
            print_error("%.40s: %s\n", text, got);
            bad++;
        }
        free(text);
    }
    *(int *)arg = bad;
    return NULL;
}

/* Also where the stack is small, and in two threads at once. */
static void hostile(void **state)
{
    pthread_attr_t attr;
    pthread_t threads[2];
    int bad[3] = {0};
    (void)state;
    hostile_texts(&bad[0]);
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, 2 << 20), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            pthread_create(&threads[i], &attr, hostile_texts, &bad[1 + i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_attr_destroy(&attr);
    assert_int_equal(bad[0] + bad[1] + bad[2], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(hints),
        cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
