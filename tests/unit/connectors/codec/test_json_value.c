/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_json_value.c - values of random types, arrays and rows among them:
 * written and read again they are the same; changed texts are refused or are
 * values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codecs.h"
#include "record/value.h"
#include "unit/lib/record/values.h"

enum { ROWS = 20, COLS = 5 };

static ds_err err;

static bool has_time(ds_type t)
{
    const ds_schema *fields = ds_row_fields(t);
    if (ds_type_elem(t) != DS_NONE)
        return has_time(ds_type_elem(t));
    for (uint32_t i = 0; fields && i < fields->n; i++)
        if (has_time(fields->fields[i].type))
            return true;
    return t == DS_TIMESTAMP || t == DS_TS;
}

/* Times of any year are no texts that can be read; here only those of ours. */
static ds_type random_codec_type(void)
{
    ds_type t;
    do
        t = random_type();
    while (has_time(t));
    return t;
}

static uint32_t random_columns(ds_field *fields)
{
    static const char *const names[COLS] = {"a", "b", "cc", "d\"d", "e"};
    uint32_t n = 1 + (uint32_t)rand() % COLS;
    for (uint32_t c = 0; c < n; c++)
        fields[c] = (ds_field){names[c], random_codec_type(), 0, false};
    return n;
}

static void encode(const ds_schema *schema, const ds_col *cols, ds_arena *a,
                   ds_slice *out)
{
    ds_codec_spec spec = {.columns = schema};
    ds_row_errors errs = {0};
    ds_codec *c;
    ds_batch b = {
        .schema = schema, .cols = cols, .n = ROWS, .n_sel = ROWS, .arena = a};
    assert_int_equal(codec_json.open(&spec, &c, &err), DS_OK);
    assert_int_equal(codec_json.encode(c, &b, a, out, &errs, &err), DS_OK);
    codec_json.close(c);
}

static void decode(const ds_schema *schema, const ds_slice *in, uint32_t n,
                   ds_arena *a, ds_col *cols, ds_row_errors *errs)
{
    ds_codec_spec spec = {.columns = schema};
    ds_codec *c;
    assert_int_equal(codec_json.open(&spec, &c, &err), DS_OK);
    assert_int_equal(codec_json.decode(c, in, n, a, cols, errs, &err), DS_OK);
    codec_json.close(c);
}

static void test_round_trip(void **state)
{
    (void)state;
    srand(21);
    for (int round = 0; round < 500; round++) {
        ds_arena *a = ds_arena_new(4096);
        ds_field fields[COLS];
        ds_schema schema = {random_columns(fields), fields};
        ds_col cols[COLS], back[COLS];
        ds_slice texts[ROWS], again[ROWS];
        ds_row_errors errs = {0};
        for (uint32_t c = 0; c < schema.n; c++)
            cols[c] = random_col(a, fields[c].type, ROWS);
        encode(&schema, cols, a, texts);
        decode(&schema, texts, ROWS, a, back, &errs);
        if (errs.n)
            fail_msg("%.*s: %s", (int)texts[errs.list[0].row].len,
                     (const char *)texts[errs.list[0].row].ptr,
                     errs.list[0].msg);
        encode(&schema, back, a, again);
        for (uint32_t i = 0; i < ROWS; i++)
            if (!ds_slice_eq(texts[i], again[i]))
                fail_msg("%.*s\n%.*s", (int)texts[i].len,
                         (const char *)texts[i].ptr, (int)again[i].len,
                         (const char *)again[i].ptr);
        ds_arena_free(a);
    }
}

static bool is_valid(ds_type type, const ds_col *col)
{
    if (ds_col_is_null(col, 0))
        return true;
    ds_value v = ds_col_value(col, type, 0);
    return ds_type_phys(type) == DS_PHYS_SLICE ? ds_value_valid(type, v.s)
                                               : ds_fixed_valid(type, &v);
}

static void test_changed(void **state)
{
    (void)state;
    static const char marks[] = "{}[]\"\\,: 019.-enut\n\x80";
    int accepted = 0;
    srand(22);
    for (int round = 0; round < 3000; round++) {
        ds_arena *a = ds_arena_new(4096);
        ds_field fields[COLS];
        ds_schema schema = {random_columns(fields), fields};
        ds_col cols[COLS], back[COLS];
        ds_slice texts[ROWS];
        for (uint32_t c = 0; c < schema.n; c++)
            cols[c] = random_col(a, fields[c].type, ROWS);
        encode(&schema, cols, a, texts);
        for (uint32_t i = 0; i < ROWS; i++) {
            ds_row_errors errs = {0};
            uint32_t len = texts[i].len;
            uint8_t *p = malloc(len); /* so that ASan sees its end */
            memcpy(p, texts[i].ptr, len);
            for (int k = rand() % 3; k > 0; k--)
                p[(uint32_t)rand() % len] = (uint8_t)marks[rand() % 20];
            if (rand() % 8 == 0)
                len = 1 + (uint32_t)rand() % len;
            p = realloc(p, len);
            decode(&schema, &(ds_slice){p, len}, 1, a, back, &errs);
            accepted += errs.n == 0;
            for (uint32_t c = 0; c < schema.n; c++)
                assert_true(is_valid(fields[c].type, &back[c]));
            free(p);
        }
        ds_arena_free(a);
    }
    assert_true(accepted > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
