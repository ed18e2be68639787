/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_avro_bounds.c - schemas that are small and mean something very large:
 * all of this ends at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/avro_program.h"
#include "record/builder.h"
#include "record/show.h"

static ds_rc parse(ds_slice text, ds_arena *a, const avro_type **t, ds_err *err)
{
    *err = (ds_err){DS_OK, ""};
    return avro_schema_parse(&text, 1, a, t, err);
}

static ds_slice done(const ds_buf *b)
{
    return (ds_slice){(const uint8_t *)b->s, b->len};
}

/* A record in which `fan` fields are records in which ... `levels` deep; the
 * innermost has a field of type `last`. */
static const avro_type *tower(uint32_t levels, uint32_t fan, const char *last,
                              ds_arena *a)
{
    const avro_type *t = NULL;
    ds_err err;
    ds_buf b;
    ds_buf_init(&b, a, 4096);
    for (uint32_t k = levels; k > 0; k--)
        ds_buf_printf(&b,
                      "{\"type\": \"record\", \"name\": \"R%u\", \"fields\": "
                      "[{\"name\": \"f0\", \"type\": ",
                      k);
    ds_buf_printf(&b, "\"%s\"", last);
    for (uint32_t k = 1; k <= levels; k++) {
        ds_buf_str(&b, "}");
        for (uint32_t i = 1; i < fan && k > 1; i++)
            ds_buf_printf(&b, ", {\"name\": \"f%u\", \"type\": \"R%u\"}", i,
                          k - 1);
        ds_buf_str(&b, "]}");
    }
    if (parse(done(&b), a, &t, &err) != DS_OK)
        fail_msg("%s", err.msg);
    return t;
}

static const char *decode(const avro_type *t, const ds_schema *columns,
                          ds_slice bytes, ds_arena *a)
{
    const avro_program *p;
    const char *why;
    ds_err err = {DS_OK, ""};
    void **values = ds_new(a, void *, columns->n);
    avro_columns_out out = {
        values, ds_new(a, uint64_t *, columns->n), 1, 0, columns, a};
    if (avro_compile(t, t, &(avro_target){columns, NULL}, a, &p, &err) < 0)
        return ds_str_copy(a, err.msg);
    for (uint32_t i = 0; i < columns->n; i++)
        values[i] =
            ds_arena_alloc(a, ds_type_size(columns->fields[i].type), 16);
    avro_decoder *r = avro_decoder_new();
    bool ok = avro_decode_record(r, p, bytes, &out, &why);
    why = ok ? "ok" : ds_str_copy(a, why);
    avro_decoder_free(r);
    return why;
}

/* 2^30 records without a byte. */
static void test_nothing_many_times(void **state)
{
    (void)state;
    static const ds_field fields[] = {{"f0", DS_JSON, 0, false}};
    static const ds_schema json = {1, fields};
    ds_arena *a = ds_arena_new(1 << 16);
    const avro_type *t = tower(30, 2, "null", a);
    ds_slice nothing = {(const uint8_t *)"", 0};
    assert_string_equal(decode(t, &json, nothing, a),
                        "column \"f0\": a value is longer than 16 MiB as JSON");
    /* The same, skipped: the second field of the record is no column. */
    avro_target target = {&json, (const bool[]){false}};
    const avro_program *p;
    const char *why;
    ds_err err = {DS_OK, ""};
    assert_int_equal(avro_compile(t, t, &target, a, &p, &err), DS_OK);
    void *no_values[] = {NULL};
    uint64_t *no_valid[] = {NULL};
    avro_columns_out out = {no_values, no_valid, 1, 0, &json, a};
    avro_decoder *r = avro_decoder_new();
    assert_false(avro_decode_record(r, p, nothing, &out, &why));
    assert_string_equal(why, "too many values without bytes");
    avro_decoder_free(r);
    ds_arena_free(a);
}

/* 10^14 fields, if each was written out. */
static void test_many_fields(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1 << 16);
    const avro_type *t = tower(15, 10, "int", a);
    const ds_schema *columns;
    ds_err err = {DS_OK, ""};
    assert_int_equal(avro_columns(t, a, &columns, &err), DS_OK);
    assert_int_equal(columns->n, 10);
    for (uint32_t i = 0; i < columns->n; i++)
        assert_int_equal(columns->fields[i].type, DS_JSON);
    assert_string_equal(
        decode(t, columns, (ds_slice){(const uint8_t *)"", 0}, a),
        "column \"f0\": the record is truncated");
    /* What is small stays rows, also with itself inside. */
    assert_int_equal(avro_columns(tower(3, 2, "int", a), a, &columns, &err),
                     DS_OK);
    assert_non_null(ds_row_fields(columns->fields[0].type));
    ds_arena_free(a);
}

/* Each union may be the one or the other, and the innermost is neither. */
static void test_default_of_unions(void **state)
{
    (void)state;
    enum { LEVELS = 28 };
    ds_arena *a = ds_arena_new(1 << 16);
    const avro_type *t = NULL;
    ds_err err;
    ds_buf b, def;
    ds_buf_init(&b, a, 4096);
    ds_buf_init(&def, a, 4096);
    ds_buf_str(&b, "{\"type\": \"record\", \"name\": \"T\", \"fields\": [");
    for (uint32_t k = 0; k <= LEVELS; k++)
        for (uint32_t side = 0; side < 2; side++) {
            ds_buf_printf(&b,
                          "{\"name\": \"t%u_%u\", \"type\": {\"type\": "
                          "\"record\", \"name\": \"R%u_%u\", \"fields\": "
                          "[{\"name\": \"x\", \"type\": ",
                          k, side, k, side);
            if (k)
                ds_buf_printf(&b, "[\"R%u_0\", \"R%u_1\"]}]}}, ", k - 1, k - 1);
            else
                ds_buf_str(&b, "\"int\"}]}}, ");
        }
    for (uint32_t k = 0; k <= LEVELS; k++)
        ds_buf_str(&def, "{\"x\": ");
    ds_buf_str(&def, "true");
    for (uint32_t k = 0; k <= LEVELS; k++)
        ds_buf_str(&def, "}");
    ds_buf_printf(&b,
                  "{\"name\": \"d\", \"type\": \"R%d_0\", \"default\": %.*s}]}",
                  LEVELS, (int)def.len, def.s);
    assert_int_equal(parse(done(&b), a, &t, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.msg, "the default of field \"d\" of T"));
    ds_arena_free(a);
}

/* A record that cannot be read is not read as an empty one elsewhere. */
static void test_failed_part(void **state)
{
    (void)state;
    static const char writer[] =
        "{\"type\": \"record\", \"name\": \"T\", \"fields\": ["
        "{\"name\": \"u\", \"type\": [\"null\", {\"type\": \"record\", "
        "\"name\": \"R\", \"fields\": [{\"name\": \"v\", \"type\": "
        "\"string\"}]}]}, {\"name\": \"r\", \"type\": \"R\"}]}";
    static const char reader[] =
        "{\"type\": \"record\", \"name\": \"T\", \"fields\": ["
        "{\"name\": \"u\", \"type\": [\"null\", {\"type\": \"record\", "
        "\"name\": \"R\", \"fields\": [{\"name\": \"v\", \"type\": "
        "\"int\"}]}]}, {\"name\": \"r\", \"type\": \"R\"}]}";
    ds_arena *a = ds_arena_new(1 << 16);
    const avro_type *w, *r;
    const ds_schema *columns;
    const avro_program *p;
    ds_err err;
    assert_int_equal(parse(ds_slice_of(writer), a, &w, &err), DS_OK);
    assert_int_equal(parse(ds_slice_of(reader), a, &r, &err), DS_OK);
    assert_int_equal(avro_columns(r, a, &columns, &err), DS_OK);
    assert_int_equal(
        avro_compile(w, r, &(avro_target){columns, NULL}, a, &p, &err),
        DS_E_CONFIG);
    assert_string_equal(err.msg, "field r.v: string cannot be read as int");
    ds_arena_free(a);
}

/* Names are compared with names: their number is bounded. */
static void test_many_names(void **state)
{
    (void)state;
    static const char *const lists[][3] = {
        {"{\"type\": \"record\", \"name\": \"T\", \"fields\": [",
         "{\"name\": \"f%u\", \"type\": \"T\"}", "]}"},
        {"{\"type\": \"enum\", \"name\": \"T\", \"symbols\": [", "\"s%u\"",
         "]}"},
        {"{\"type\": \"fixed\", \"name\": \"T\", \"size\": 1, \"aliases\": [",
         "\"a%u\"", "]}"},
    };
    for (size_t k = 0; k < 3; k++) {
        ds_arena *a = ds_arena_new(1 << 16);
        const avro_type *t;
        ds_err err;
        ds_buf b;
        ds_buf_init(&b, a, 4096);
        ds_buf_str(&b, lists[k][0]);
        for (uint32_t i = 0; i < 25000; i++) {
            ds_buf_str(&b, i ? "," : "");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            ds_buf_printf(&b, lists[k][1], i);
#pragma GCC diagnostic pop
        }
        ds_buf_str(&b, lists[k][2]);
        assert_int_equal(parse(done(&b), a, &t, &err), DS_E_CONFIG);
        ds_arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_many_times),
        cmocka_unit_test(test_many_fields),
        cmocka_unit_test(test_default_of_unions),
        cmocka_unit_test(test_failed_part),
        cmocka_unit_test(test_many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
