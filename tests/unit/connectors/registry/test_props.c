/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_props.c - what may stand under `registry:`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/props.h"
#include "registry/registry.h"

#define MAX 5

static const struct {
    const char *props[2 * MAX]; /* name, value, ... */
    const char *error;          /* NULL: they are good */
    const char *url, *user, *password;
} cases[] = {
    {{"url", "http://r:8081"}, NULL, "http://r:8081", NULL, NULL},
    {{"url", "https://r:8081/path//"}, NULL, "https://r:8081/path", NULL, NULL},
    {{"schema.registry.url", "http://r"}, NULL, "http://r", NULL, NULL},
    {{"url", " http://a , http://b"}, NULL, "http://a", NULL, NULL},
    {{"url", "http://us%40r:p%3a@r:1"}, NULL, "http://r:1", "us@r", "p:"},
    {{"url", "http://r", "basic.auth.user.info", "u:p:q"},
     NULL,
     "http://r",
     "u",
     "p:q"},
    {{"url", "http://r", "basic.auth.credentials.source", "USER_INFO",
      "schema.registry.basic.auth.user.info", "u:p"},
     NULL,
     "http://r",
     "u",
     "p"},
    {{NULL}, "a registry needs its url", NULL, NULL, NULL},
    {{"url", ""}, "a registry needs its url", NULL, NULL, NULL},
    {{"url", "r:8081"}, "it is no URL", NULL, NULL, NULL},
    {{"url", "file:///etc/passwd"}, "begins with http://", NULL, NULL, NULL},
    {{"url", "gopher://r"}, "begins with http://", NULL, NULL, NULL},
    {{"url", "http://r?x=1"}, "nothing follows its path", NULL, NULL, NULL},
    {{"url", "http://r", "nrl", "x"},
     "no property of a registry is named `nrl`",
     NULL,
     NULL,
     NULL},
    {{"url", "http://r", "schema.registry.url", "http://r"},
     "schema.registry.url stands twice",
     NULL,
     NULL,
     NULL},
    {{"url", "http://r", "basic.auth.user.info", "secret"},
     "basic.auth.user.info is user:password",
     NULL,
     NULL,
     NULL},
    {{"url", "http://r", "basic.auth.credentials.source", "SASL_INHERIT"},
     "basic.auth.credentials.source is URL or USER_INFO",
     NULL,
     NULL,
     NULL},
    {{"url", "http://r", "basic.auth.credentials.source", "USER_INFO"},
     "needs basic.auth.user.info",
     NULL,
     NULL,
     NULL},
    {{"url", "http://r", "request.timeout.ms", "0"},
     "request.timeout.ms is a number from 100 to 60000",
     NULL,
     NULL,
     NULL},
    {{"url", "http://r", "ssl.key.location", "k.pem"},
     "ssl.key.location needs ssl.certificate.location",
     NULL,
     NULL,
     NULL},
};

static uint32_t props_of(const char *const *text, ds_prop *props)
{
    uint32_t n = 0;

    for (; n < MAX && text[2 * n]; n++)
        props[n] = (ds_prop){.name = text[2 * n], .value = text[2 * n + 1]};
    return n;
}

static void assert_text(const char *got, const char *want)
{
    assert_int_equal(got == NULL, want == NULL);
    if (want)
        assert_string_equal(got, want);
}

static void test_props(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        ds_arena *a = ds_arena_new(1024);
        ds_prop props[MAX];
        uint32_t n = props_of(cases[i].props, props);
        registry_props p;
        ds_err err = {DS_OK, ""};
        ds_rc rc =
            registry_props_read(props, n, (ds_where){0}, &p, a, NULL, &err);

        if (cases[i].error) {
            assert_int_equal(rc, DS_E_CONFIG);
            if (!strstr(err.msg, cases[i].error))
                fail_msg("%s: not %s", err.msg, cases[i].error);
            assert_null(strstr(err.msg, "secret"));
        } else {
            assert_int_equal(rc, DS_OK);
            assert_string_equal(p.urls[0], cases[i].url);
            assert_text(p.user, cases[i].user);
            assert_text(p.password, cases[i].password);
        }
        ds_arena_free(a);
    }
}

/* All mistakes at once, with the nearest name. */
static void test_lint(void **state)
{
    const ds_prop props[] = {{.name = "ur", .value = "x"},
                             {.name = "ssl.ca.lokation", .value = "x"}};
    ds_arena *a = ds_arena_new(1024);
    ds_diags d;

    (void)state;
    ds_diags_init(&d, a);
    registry_schemas.check(props, 2, (ds_where){0}, &d);
    assert_int_equal(d.errors, 2);
    assert_string_equal(d.list[1].hint, "did you mean `ssl.ca.location`?");
    ds_diags_init(&d, a);
    registry_schemas.check(
        (const ds_prop[]){{.name = "url", .value = "http://u:p@far"}}, 1,
        (ds_where){0}, &d);
    assert_int_equal(d.errors, 0);
    assert_int_equal(d.n, 1);
    assert_string_equal(d.list[0].code, "W0510");
    ds_arena_free(a);
}

/* The same properties are the same client. */
static void test_shared(void **state)
{
    const ds_prop one = {.name = "url", .value = "http://127.0.0.1:1"};
    const ds_prop two = {.name = "url", .value = "http://127.0.0.1:2"};
    registry *a, *b, *c;
    ds_err err = {DS_OK, ""};

    (void)state;
    assert_int_equal(registry_open(&one, 1, &a, &err), DS_OK);
    assert_int_equal(registry_open(&one, 1, &b, &err), DS_OK);
    assert_int_equal(registry_open(&two, 1, &c, &err), DS_OK);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
}

/* Nobody there: an error, and the next one at once without asking. */
static void test_absent(void **state)
{
    const ds_prop props = {.name = "url", .value = "http://127.0.0.1:1"};
    ds_arena *a = ds_arena_new(1024);
    registry_schema s;
    registry *r;
    ds_err err = {DS_OK, ""};

    (void)state;
    assert_int_equal(registry_open(&props, 1, &r, &err), DS_OK);
    for (int i = 0; i < 2; i++) {
        err.msg[0] = 0;
        assert_int_equal(registry_by_id(r, 7, a, &s, &err), DS_E_UNREACHABLE);
        assert_non_null(
            strstr(err.msg, "the schema registry http://127.0.0.1:1"));
    }
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_props),
        cmocka_unit_test(test_lint),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
