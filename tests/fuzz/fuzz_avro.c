/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_avro.c - an Avro schema, a zero byte, and bytes that are read by it:
 * columns are made of the schema itself.
 */
#include "codec/avro_program.h"
#include "fuzz.h"
#include "record/show.h"

/* Rows in rows make types that are kept for ever: such fields are read as
 * jsonb. */
static bool is_nested(ds_slice schema)
{
    const char *first = memmem(schema.ptr, schema.len, "record", 6);
    const char *end = (const char *)schema.ptr + schema.len;
    return first && memmem(first + 6, (size_t)(end - first - 6), "record", 6);
}

static const ds_schema *json_columns(const avro_type *t, ds_arena *a)
{
    ds_field *fields = ds_new(a, ds_field, t->n + 1);
    ds_schema *s = ds_new(a, ds_schema, 1);
    if (t->kind != AVRO_KIND_RECORD)
        return NULL;
    for (uint32_t i = 0; i < t->n; i++)
        fields[i] = (ds_field){t->fields[i].name, DS_JSON, 0, false};
    *s = (ds_schema){t->n, fields};
    return s;
}

static void fuzz_read(const avro_type *t, const ds_schema *columns,
                      ds_slice bytes, ds_arena *a)
{
    const avro_program *p;
    const char *why = NULL;
    ds_err err = {DS_OK, ""};
    ds_buf b;
    if (avro_compile(t, t, &(avro_target){columns, NULL}, a, &p, &err) < 0)
        return;
    void **values = ds_new(a, void *, columns->n + 1);
    ds_col *cols = ds_new(a, ds_col, columns->n + 1);
    avro_columns_out out = {
        values, ds_new(a, uint64_t *, columns->n + 1), 1, 0, columns, a};
    for (uint32_t i = 0; i < columns->n; i++)
        values[i] =
            ds_arena_alloc(a, ds_type_size(columns->fields[i].type), 16);
    avro_decoder *r = avro_decoder_new();
    if (avro_decode_record(r, p, bytes, &out, &why)) {
        for (uint32_t i = 0; i < columns->n; i++)
            cols[i] = (ds_col){out.valid[i], {values[i]}};
        ds_buf_init(&b, a, 64);
        ds_show_json_row(&b, columns, cols, 0);
    } else {
        FUZZ_CHECK(why && why[0]);
    }
    avro_decoder_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ds_arena *a = ds_arena_new(1 << 14);
    ds_slice text = fuzz_input(data, size);
    ds_slice schema = text, bytes = fuzz_split(&schema, 0);
    const avro_type *t = NULL;
    ds_err err = {DS_OK, ""};
    if (avro_schema_parse(&schema, 1, a, &t, &err) == DS_OK) {
        const ds_schema *columns = NULL;
        if (is_nested(schema))
            columns = json_columns(t, a);
        else if (avro_columns(t, a, &columns, &err) < 0)
            columns = NULL;
        if (columns)
            fuzz_read(t, columns, bytes, a);
    } else {
        FUZZ_CHECK(err.msg[0]);
    }
    ds_arena_free(a);
    free((void *)(uintptr_t)text.ptr);
    return 0;
}
