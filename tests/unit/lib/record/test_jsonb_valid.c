/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_jsonb_valid.c - what jsonb_parse() writes is valid, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record/jsonb.h"

static const char *const texts[] = {
    "null",
    "true",
    "0",
    "-12.500",
    "1e3",
    "\"a\\u0001\\n\\\"\\\\é\\u20ac/\"",
    "[]",
    "{}",
    "[1,[2,{}],\"x\"]",
    "{\"bb\":1,\"a\":{\"c\":null},\"a\\n\":[true,false]}",
};

static bool is_written_so(ds_slice v, ds_arena *a)
{
    ds_slice again;
    const char *why;
    return ds_utf8_valid(v) && jsonb_parse(v, a, &again, &why) &&
           ds_slice_eq(v, again);
}

static void test_valid(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ds_slice v;
        const char *why;
        assert_true(jsonb_parse(ds_slice_of(texts[i]), a, &v, &why));
        assert_true(jsonb_valid(v));
    }
    assert_false(jsonb_valid((ds_slice){(const uint8_t *)"", 0}));
    ds_arena_free(a);
}

/* Changed bytes are valid only if they are what would have been written. */
static void test_changed(void **state)
{
    (void)state;
    static const char marks[] = "{}[]\"\\,: 019.-eabu\n\x80";
    int accepted = 0;
    srand(11);
    for (int round = 0; round < 200000; round++) {
        ds_arena *a = ds_arena_new(1024);
        ds_slice v;
        const char *why;
        jsonb_parse(ds_slice_of(texts[rand() % 10]), a, &v, &why);
        uint8_t *p = malloc(v.len + 1);
        uint32_t len = v.len;
        memcpy(p, v.ptr, len);
        for (int k = rand() % 3; k >= 0; k--)
            p[(uint32_t)rand() % len] = (uint8_t)marks[rand() % 20];
        if (rand() % 4 == 0)
            len = (uint32_t)rand() % (len + 1);
        p = realloc(p, len ? len : 1);
        ds_slice changed = {p, len};
        if (jsonb_valid(changed)) {
            accepted++;
            if (!is_written_so(changed, a))
                fail_msg("%.*s", (int)len, (const char *)p);
        } else if (is_written_so(changed, a)) {
            fail_msg("refused: %.*s", (int)len, (const char *)p);
        }
        free(p);
        ds_arena_free(a);
    }
    assert_true(accepted > 1000);
}

static void test_deep(void **state)
{
    (void)state;
    static uint8_t deep[4096];
    memset(deep, '[', sizeof deep);
    assert_false(jsonb_valid((ds_slice){deep, sizeof deep}));
    memset(deep + 512, ']', 512);
    assert_true(jsonb_valid((ds_slice){deep, 1024}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
