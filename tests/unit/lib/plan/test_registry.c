/* SPDX-License-Identifier: Apache-2.0 */
/* test_registry.c - types by name; and the codes, each written down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dstream/registry.h"
#include "plan/codes.h"
#include "yaml/yaml_tree.h"

static const ds_op_type map = {.name = "map"}, filter = {.name = "filter"};
static const ds_codec_type text = {.name = "text"};

static void test_registry(void **state)
{
    ds_registry *reg = ds_registry_new();

    (void)state;
    ds_registry_add_op(reg, &map);
    ds_registry_add_op(reg, &filter);
    ds_registry_add_codec(reg, &text);
    assert_ptr_equal(ds_registry_op(reg, "filter"), &filter);
    assert_ptr_equal(ds_registry_op_at(reg, 0), &map);
    assert_null(ds_registry_op_at(reg, 2));
    assert_null(ds_registry_op(reg, "text"));
    assert_ptr_equal(ds_registry_codec(reg, "text"), &text);
    assert_null(ds_registry_codec_at(reg, 1));
    assert_null(ds_registry_broker(reg, "kafka"));
    assert_null(ds_registry_store(reg, "memory"));
    ds_registry_free(reg);
}

/* A program may bring any number of functions. */
static void test_many(void **state)
{
    ds_registry *reg = ds_registry_new();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        ds_op_type *type = ds_new(ds_registry_arena(reg), ds_op_type, 1);

        type->name = ds_str_printf(ds_registry_arena(reg), "op%d", i);
        ds_registry_add_op(reg, type);
    }
    for (int i = 0; i < 1000; i++) {
        char name[16];

        snprintf(name, sizeof(name), "op%d", i);
        assert_string_equal(ds_registry_op(reg, name)->name, name);
        assert_ptr_equal(ds_registry_op_at(reg, (uint32_t)i),
                         ds_registry_op(reg, name));
    }
    assert_null(ds_registry_op_at(reg, 1000));
    ds_registry_free(reg);
}

static void test_codes(void **state)
{
    ds_arena *a = ds_arena_new(4096);
    ds_diags d;
    ds_slice doc;
    const char *code;

    (void)state;
    ds_diags_init(&d, a);
    assert_true(yaml_read(DS_SOURCE_DIR "/docs/language.md", a, &doc, &d));
    for (uint32_t i = 0; (code = codes_at(i)) != NULL; i++) {
        const char *line =
            ds_str_printf(a, "| %s | %s |\n", code, codes_text(code));

        if (!memmem(doc.ptr, doc.len, line, strlen(line)))
            fail_msg("docs/language.md lacks: %s", line);
        for (uint32_t k = 0; k < i; k++)
            assert_string_not_equal(codes_at(k), code);
    }
    assert_null(codes_text("E9999"));
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
