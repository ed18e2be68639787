/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobtest_rows.c - rows of a test file as the bytes of records.
 */
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/jobtest.h"

static bool is_text(const ds_source_args *args)
{
    return args->format.s &&
           (!strcmp(args->format.s, "text") || !strcmp(args->format.s, "raw"));
}

ds_slice jobtest_bytes(const ds_arg *v)
{
    return !v || v->null ? DS_NULL_SLICE
                         : (ds_slice){(const uint8_t *)v->text.s, v->text.len};
}

/* The key column of a source that has it in the record's key only is no field
 * of the value. */
static const ds_arg *value_columns(ds_arena *a, const ds_source_args *args,
                                   const ds_arg *row)
{
    ds_arg *out = ds_new(a, ds_arg, 1);
    ds_text *names = ds_new(a, ds_text, row->n + 1);
    const ds_arg **items = ds_new(a, const ds_arg *, row->n + 1);

    if (!args->key_from_record || row->kind != DS_ARG_MAP)
        return row;
    *out = *row;
    out->n = 0;
    for (uint32_t i = 0; i < row->n; i++) {
        if (!strcmp(row->names[i].s, args->key.s))
            continue;
        names[out->n] = row->names[i];
        items[out->n++] = row->items[i];
    }
    out->names = names;
    out->items = items;
    return out;
}

/* JSON to the source's format, by its own codec; NULL columns whatever the
 * columns say, so that a row can be wrong on purpose. */
static bool json_to_format(ds_arena *a, const ds_source_args *args,
                           ds_slice *val)
{
    const ds_codec_type *json = ds_registry_codec(cmd_registry(), "json");
    const ds_schema *body = args->body;
    ds_schema free = {body->n, NULL};
    ds_field *fields = ds_new(a, ds_field, body->n + 1);
    ds_col *cols = ds_new(a, ds_col, body->n + 1);
    ds_row_errors errs = {0};
    ds_codec *from, *to;
    ds_err err;
    ds_rc rc;

    for (uint32_t i = 0; i < body->n; i++) {
        fields[i] = body->fields[i];
        fields[i].not_null = false;
    }
    free.fields = fields;
    const ds_codec_spec in = {.columns = &free},
                        out = {.columns = body, .header = args->header};
    const ds_batch row = {
        .schema = body, .cols = cols, .n = 1, .n_sel = 1, .arena = a};
    if (json->open(&in, &from, &err) < 0)
        return false;
    rc = json->decode(from, val, 1, a, cols, &errs, &err);
    json->close(from);
    if (rc < 0 || errs.n || args->codec->open(&out, &to, &err) < 0)
        return false;
    rc = args->codec->encode(to, &row, a, val, &errs, &err);
    args->codec->close(to);
    return rc == DS_OK && errs.n == 0;
}

ds_slice jobtest_value(ds_arena *a, const ds_source_args *args,
                       const ds_arg *row)
{
    ds_buf b;

    if (row->kind == DS_ARG_SCALAR)
        return jobtest_bytes(row);
    if (is_text(args))
        return jobtest_bytes(ds_arg_find(row, "value"));
    ds_buf_init(&b, a, 128);
    arg_to_json(value_columns(a, args, row), &b);
    ds_slice val = {(const uint8_t *)b.s, b.len};
    if (strcmp(args->codec->name, "json") != 0)
        json_to_format(a, args, &val);
    return val;
}
