/* SPDX-License-Identifier: Apache-2.0 */
/* test_tree.c - YAML to trees: values, places, limits, variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "yaml/yaml_tree.h"

static ds_arena *arena;
static ds_diags diags;

static const char *env_get(void *arg, const char *name)
{
    (void)arg;
    return !strcmp(name, "X")       ? "ten"
           : !strcmp(name, "EMPTY") ? ""
           : !strcmp(name, "TRICK") ? "${file:/etc/passwd}"
                                    : NULL;
}

static const ds_arg *parse_n(const char *text, size_t n)
{
    static yaml_vars vars = {.on = true, .get = env_get};

    ds_arena_free(arena);
    arena = ds_arena_new(1 << 16);
    ds_diags_init(&diags, arena);
    return yaml_parse((ds_slice){(const uint8_t *)text, (uint32_t)n}, "f.yaml",
                      &vars, arena, &diags);
}

static const ds_arg *parse(const char *text)
{
    return parse_n(text, strlen(text));
}

static void assert_at(const ds_arg *map, const char *key, const char *needle,
                      uint32_t line, uint32_t col)
{
    const ds_arg *v = ds_arg_find(map, key);
    const char *at;
    ds_where w;

    assert_non_null(v);
    at = strstr(v->text.s, needle);
    assert_non_null(at);
    w = ds_text_where(&v->text, (uint32_t)(at - v->text.s), 1);
    if (w.line != line || w.col != col)
        fail_msg("%s: %s stands at %u:%u, not at %u:%u", key, needle, w.line,
                 w.col, line, col);
}

static void places(void **state)
{
    const ds_arg *m = parse("plain: a + bad\n"                /* 1 */
                            "single: 'it''s bad'\n"           /* 2 */
                            "double: \"a\\tb \\u00e9 bad\"\n" /* 3 */
                            "literal: |\n"                    /* 4 */
                            "  SELECT a,\n"                   /* 5 */
                            "         bad\n"                  /* 6 */
                            "  FROM x\n"                      /* 7 */
                            "folded: >\n"                     /* 8 */
                            "  one two\n"                     /* 9 */
                            "  three bad\n"                   /* 10 */
                            "multi: one\n"                    /* 11 */
                            "  two bad\n"                     /* 12 */
                            "é: {k: é bad}\n");               /* 13 */

    (void)state;
    assert_non_null(m);
    assert_at(m, "plain", "bad", 1, 12);
    assert_at(m, "single", "bad", 2, 16);
    assert_at(m, "double", "bad", 3, 22);
    assert_at(m, "literal", "bad", 6, 10);
    assert_at(m, "literal", "FROM", 7, 3);
    assert_at(m, "folded", "bad", 10, 9);
    assert_at(m, "multi", "bad", 12, 7);
    assert_at(ds_arg_find(m, "é"), "k", "bad", 13, 10);
    assert_int_equal(diags.errors, 0);
}

static void variables(void **state)
{
    const ds_arg *m = parse("a: ${X} bad\n"
                            "b: ${NONE:-dflt}\n"
                            "c: $$ {x} '\\s+$'\n"
                            "d: ${TRICK}\n"
                            "e: ${EMPTY:-full}\n");

    (void)state;
    assert_string_equal(ds_arg_find(m, "a")->text.s, "ten bad");
    assert_at(m, "a", "bad", 1, 9);
    assert_string_equal(ds_arg_find(m, "b")->text.s, "dflt");
    assert_string_equal(ds_arg_find(m, "c")->text.s, "$ {x} '\\s+$'");
    assert_string_equal(ds_arg_find(m, "d")->text.s, "${file:/etc/passwd}");
    assert_string_equal(ds_arg_find(m, "e")->text.s, "full");
    assert_int_equal(diags.errors, 0);

    parse("a: ${NONE}\nb: ${NONE:?say where}\nc: ${file:x}\nd: ${a b}\n"
          "e: ${X\n");
    assert_int_equal(diags.errors, 5);
    assert_string_equal(diags.list[0].code, "E0520");
    assert_int_equal(diags.list[0].where.line, 1);
    assert_int_equal(diags.list[0].where.col, 4);
    assert_string_equal(diags.list[1].msg, "${NONE}: say where");
}

static void secrets(void **state)
{
    char dir[] = "/tmp/dstream-secrets-XXXXXX", path[200];
    yaml_vars vars = {.on = true, .secrets_dir = dir};
    const char *text = "a: ${file:pw}\n";
    const char *bad = "a: ${file:../pw}\nb: ${file:link}\nc: ${file:open}\n"
                      "d: ${file:/etc/passwd}\n";
    const ds_arg *m;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path),
             "umask 077; cd %s && printf 'geheim\\n' > pw && "
             "ln -s pw link && echo x > open && chmod 644 open",
             dir);
    assert_int_equal(system(path), 0);
    parse("x: y\n");
    m = yaml_parse(ds_slice_of(text), "f", &vars, arena, &diags);
    assert_string_equal(ds_arg_find(m, "a")->text.s, "geheim");
    assert_int_equal(diags.errors, 0);
    yaml_parse(ds_slice_of(bad), "f", &vars, arena, &diags);
    assert_int_equal(diags.errors, 4);
    snprintf(path, sizeof(path), "rm -r %s", dir);
    assert_int_equal(system(path), 0);
}

/* What must be refused, and with which code. */
static void refusals(void **state)
{
    static const struct {
        const char *text, *code;
    } rows[] = {
        {"a: 1\na: 2\n", "E0112"},
        {"{a: 1, a: 2}", "E0112"},
        {"x: &x {a: 1}\ny:\n  <<: *x\n", "E0114"},
        {"a: !!python/object:x 1\n", "E0115"},
        {"a: !include f\n", "E0115"},
        {"a: *none\n", "E0116"},
        {"a: &a [*a]\n", "E0116"},
        {"a: 1\n---\nb: 2\n", "E0117"},
        {"a: [1, 2\n", "E0110"},
        {"\tx: 1\n", "E0110"},
        {"a: \"\\0\"\n", "E0110"},
        {"a: \xff\xfe\n", "E0110"},
        {"", "E0110"},
        {"? [a]\n: b\n", "E0113"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        parse(rows[i].text);
        if (diags.errors == 0 || strcmp(diags.list[0].code, rows[i].code) != 0)
            fail_msg("row %zu: %s", i,
                     diags.errors ? diags.list[0].code : "no error");
    }
}

static void limits(void **state)
{
    size_t n = 1000000;
    char *big = malloc(n + 1);
    const char *laugh = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
                        "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                        "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
                        "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";

    (void)state;
    memset(big, '[', n);
    assert_null(parse_n(big, n));
    assert_string_equal(diags.list[0].code, "E0111");
    memset(big, 'x', n);
    assert_null(parse_n(big, n));
    assert_string_equal(diags.list[0].code, "E0111");
    for (size_t i = 0; i + 2 <= n; i += 2)
        memcpy(big + i, "- ", 2);
    assert_null(parse_n(big, n));
    assert_null(parse(laugh));
    assert_string_equal(diags.list[0].code, "E0111");
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),  cmocka_unit_test(variables),
        cmocka_unit_test(secrets), cmocka_unit_test(refusals),
        cmocka_unit_test(limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
