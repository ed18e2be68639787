/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_text.c - the formats of one column.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codecs.h"
#include "record/builder.h"

static const ds_field text_field = {"value", DS_STR, 0, false};
static const ds_field bytes_field = {"value", DS_BYTES, 0, false};
static const ds_field number_field = {"value", DS_I64, 0, false};
static const ds_field strict_field = {"value", DS_STR, 0, true};

static void test_check(void **state)
{
    (void)state;
    static const ds_field two[] = {{"a", DS_STR, 0, false},
                                   {"b", DS_I64, 0, false}};
    const ds_schema text = {1, &text_field}, bytes = {1, &bytes_field},
                    number = {1, &number_field}, both = {2, two}, none = {0};
    ds_err err;
    assert_int_equal(codec_text.check(&text, true, &err), DS_OK);
    assert_int_equal(codec_text.check(&number, false, &err), DS_OK);
    assert_int_equal(codec_text.check(&number, true, &err), DS_E_CONFIG);
    assert_int_equal(codec_text.check(&both, false, &err), DS_E_CONFIG);
    assert_string_equal(err.msg, "format text holds one column, not 2");
    assert_int_equal(codec_raw.check(&bytes, true, &err), DS_OK);
    assert_int_equal(codec_raw.check(&text, false, &err), DS_OK);
    assert_int_equal(codec_raw.check(&text, true, &err), DS_E_CONFIG);
    assert_int_equal(codec_raw.check(&number, false, &err), DS_E_CONFIG);
    assert_int_equal(codec_json.check(&both, true, &err), DS_OK);
    assert_int_equal(codec_json.check(&none, true, &err), DS_E_CONFIG);
}

static void decode(const ds_codec_type *type, const ds_field *field,
                   const ds_slice *vals, uint32_t n, ds_arena *a, ds_col *col,
                   ds_row_errors *errs)
{
    const ds_schema s = {1, field};
    const ds_codec_spec spec = {.columns = &s};
    ds_codec *c;
    ds_err err;
    assert_int_equal(type->open(&spec, &c, &err), DS_OK);
    assert_int_equal(type->decode(c, vals, n, a, col, errs, &err), DS_OK);
    type->close(c);
}

static void test_decode(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    const ds_slice vals[] = {
        ds_slice_of("abc"),     DS_NULL_SLICE,
        ds_slice_of(""),        ds_slice_of("\xff"),
        {(uint8_t *)"a\0b", 3}, ds_slice_of("\xf0\x9f\x98\x80"),
    };
    ds_col col;
    ds_row_errors errs = {0};
    decode(&codec_text, &text_field, vals, 6, a, &col, &errs);
    assert_int_equal(errs.n, 2);
    assert_int_equal(errs.list[0].row, 3);
    assert_int_equal(errs.list[1].row, 4);
    assert_string_equal(errs.list[0].code, "E0601");
    assert_true(ds_slice_eq(col.v.str[0], vals[0]));
    assert_true(ds_col_is_null(&col, 1));
    assert_false(ds_col_is_null(&col, 2));
    assert_true(ds_col_is_null(&col, 3) && ds_col_is_null(&col, 4));
    assert_false(ds_col_is_null(&col, 5));
    errs = (ds_row_errors){0};
    decode(&codec_text, &strict_field, vals, 3, a, &col, &errs);
    assert_int_equal(errs.n, 1);
    assert_int_equal(errs.list[0].row, 1);
    errs = (ds_row_errors){0};
    decode(&codec_raw, &bytes_field, vals, 6, a, &col, &errs);
    assert_int_equal(errs.n, 0);
    assert_true(ds_slice_eq(col.v.str[4], vals[4]));
    assert_true(ds_col_is_null(&col, 1) && !ds_col_is_null(&col, 2));
    ds_arena_free(a);
}

static void test_encode(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    ds_err err;
    ds_row_errors errs = {0};
    ds_col_builder b;
    ds_codec *c;
    ds_slice out[2000];
    const uint32_t sel[] = {1, 2};
    ds_schema s = {1, &text_field};
    ds_codec_spec spec = {.columns = &s};
    ds_slice empty = {NULL, 0}, abc = ds_slice_of("abc");
    ds_col_builder_init(&b, DS_STR, a, 3);
    ds_col_builder_add(&b, &abc);
    ds_col_builder_add_null(&b);
    ds_col_builder_add(&b, &empty);
    ds_col col = ds_col_builder_done(&b);
    ds_batch batch = {&s, &col, 3, 2, sel, NULL, NULL, a};
    assert_int_equal(codec_text.open(&spec, &c, &err), DS_OK);
    assert_int_equal(codec_text.encode(c, &batch, a, out, &errs, &err), DS_OK);
    assert_null(out[0].ptr);
    assert_true(out[1].ptr && out[1].len == 0);
    codec_text.close(c);

    s.fields = &number_field;
    ds_col_builder_init(&b, DS_I64, a, 2000);
    for (int64_t i = 0; i < 2000; i++) {
        if (i % 5 == 0)
            ds_col_builder_add_null(&b);
        else
            ds_col_builder_add(&b, &(int64_t){i * 1000000007});
    }
    col = ds_col_builder_done(&b);
    batch = (ds_batch){&s, &col, 2000, 2000, NULL, NULL, NULL, a};
    assert_int_equal(codec_text.open(&spec, &c, &err), DS_OK);
    assert_int_equal(codec_text.encode(c, &batch, a, out, &errs, &err), DS_OK);
    for (int64_t i = 0; i < 2000; i++) {
        const char *want = ds_str_printf(a, "%lld", (long long)i * 1000000007);
        assert_true(i % 5 == 0 ? out[i].ptr == NULL
                               : ds_slice_eq(out[i], ds_slice_of(want)));
    }
    codec_text.close(c);
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_encode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
