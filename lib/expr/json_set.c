/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_set.c - jsonb values as rows: elements, members, keys.
 */
#include "expr/json.h"

/* ---- arrays ---- */

static void elements(set_row *row, ds_slice v, bool text)
{
    ds_value out;
    if (*v.ptr != '[') {
        set_error(row, "E0704",
                  *v.ptr == '{' ? "cannot extract elements from an object"
                                : "cannot extract elements from a scalar");
        return;
    }
    for (jsonb_iter it = jsonb_begin(v); jsonb_next(&it, NULL, &out.s);) {
        if (text)
            out.s = jsonb_text(out.s, row->arena);
        set_emit(row, &out, out.s.ptr == NULL);
    }
}

void json_set_elements(set_row *row, const ds_value *args, const bool *nulls)
{
    (void)nulls;
    elements(row, args[0].s, false);
}

void json_set_elements_text(set_row *row, const ds_value *args,
                            const bool *nulls)
{
    (void)nulls;
    elements(row, args[0].s, true);
}

/* ---- objects ---- */

static void each(set_row *row, ds_slice v, const char *name, bool text)
{
    ds_value fields[2], out;
    bool nulls[2] = {false, false};
    ds_slice key;
    if (*v.ptr != '{') {
        set_error(
            row, "E0704",
            ds_str_printf(row->arena, "cannot call %s on a non-object", name));
        return;
    }
    for (jsonb_iter it = jsonb_begin(v); jsonb_next(&it, &key, &fields[1].s);) {
        fields[0].s = jsonb_unescape(key, row->arena);
        if (text)
            fields[1].s = jsonb_text(fields[1].s, row->arena);
        nulls[1] = fields[1].s.ptr == NULL;
        out.s = row_make(row->types[row->n_args], fields, nulls, row->arena);
        set_emit(row, &out, false);
    }
}

void json_set_each(set_row *row, const ds_value *args, const bool *nulls)
{
    (void)nulls;
    each(row, args[0].s, "jsonb_each", false);
}

void json_set_each_text(set_row *row, const ds_value *args, const bool *nulls)
{
    (void)nulls;
    each(row, args[0].s, "jsonb_each_text", true);
}

static void each_type(tx *call, ds_type value)
{
    ds_field fields[] = {{.name = "key", .type = DS_STR},
                         {.name = "value", .type = value}};
    call->type = ds_row_type(&(ds_schema){2, fields});
}

void json_each_prepare(tx *call, ds_arena *a)
{
    (void)a;
    each_type(call, DS_JSON);
}

void json_each_text_prepare(tx *call, ds_arena *a)
{
    (void)a;
    each_type(call, DS_STR);
}

void json_set_keys(set_row *row, const ds_value *args, const bool *nulls)
{
    ds_slice v = args[0].s, key, value;
    ds_value out;
    (void)nulls;
    if (*v.ptr != '{') {
        set_error(row, "E0704",
                  *v.ptr == '[' ? "cannot call jsonb_object_keys on an array"
                                : "cannot call jsonb_object_keys on a scalar");
        return;
    }
    for (jsonb_iter it = jsonb_begin(v); jsonb_next(&it, &key, &value);) {
        out.s = jsonb_unescape(key, row->arena);
        set_emit(row, &out, false);
    }
}
