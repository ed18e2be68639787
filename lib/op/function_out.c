/* SPDX-License-Identifier: Apache-2.0 */
/* function_out.c - the rows that a function of a program makes. */
#include "op/function.h"
#include "record/show.h"
#include "record/value.h"

void out_init(ds_out *out, const ds_schema *schema, ds_time now, ds_arena *a,
              uint32_t expect)
{
    *out = (ds_out){.arena = a, .schema = schema, .now = now};
    out->cols = ds_new(a, ds_col_builder, schema->n + 1);
    out->row = ds_new(a, struct out_value, schema->n + 1);
    for (uint32_t i = 0; i < schema->n; i++)
        ds_col_builder_init(&out->cols[i], schema->fields[i].type, a, expect);
}

void out_end(ds_out *out)
{
    if (!out->open)
        return;
    for (uint32_t i = 0; i < out->schema->n; i++) {
        if (out->row[i].set)
            ds_col_builder_add(&out->cols[i], &out->row[i].v);
        else
            ds_col_builder_add_null(&out->cols[i]);
        out->row[i].set = false;
    }
    out->open = false;
    out->n++;
}

void out_cut(ds_out *out, uint32_t n)
{
    for (uint32_t i = 0; i < out->schema->n; i++) {
        ds_col_builder *b = &out->cols[i];

        for (uint32_t row = n; row < b->n; row++)
            ds_bit_clear(b->valid, row);
        b->n = n;
        out->row[i].set = false;
    }
    out->open = false;
    out->n = n;
    out->refused = NULL;
}

ds_batch *out_batch(const ds_out *out)
{
    ds_batch *b = ds_new(out->arena, ds_batch, 1);
    ds_col *cols = ds_new(out->arena, ds_col, out->schema->n + 1);

    for (uint32_t i = 0; i < out->schema->n; i++)
        cols[i] = ds_col_builder_done(&out->cols[i]);
    *b = (ds_batch){.schema = out->schema,
                    .cols = cols,
                    .n = out->n,
                    .n_sel = out->n,
                    .arena = out->arena};
    return b;
}

ds_rc out_check(const ds_out *out, const ds_node *node, ds_err *err)
{
    if (!out->misused)
        return DS_OK;
    return ds_fail(err, DS_E_FAILED, "%s: function %s %s", node->name,
                   function_of(node)->name, out->misused);
}

/* ---- calls of the program ---- */

void ds_out_row(ds_out *out)
{
    out_end(out);
    out->open = true;
}

/* Where the value goes; NULL: the program may not put it there. */
static struct out_value *value_at(ds_out *out, uint32_t col, ds_phys phys,
                                  const char *as)
{
    if (out->misused)
        return NULL;
    if (!out->open)
        out->misused = "sets a column and has begun no row";
    else if (col >= out->schema->n)
        out->misused = ds_str_printf(out->arena, "sets column %u of %u", col,
                                     out->schema->n);
    else if (ds_type_phys(out->schema->fields[col].type) != phys)
        out->misused =
            ds_str_printf(out->arena, "sets column %s, which is %s, as %s",
                          out->schema->fields[col].name,
                          ds_type_name(out->schema->fields[col].type), as);
    else
        return &out->row[col];
    return NULL;
}

static void refuse(ds_out *out, uint32_t col, const char *why)
{
    if (!out->refused)
        out->refused = ds_str_printf(out->arena, "column %s: %s",
                                     out->schema->fields[col].name, why);
}

void ds_out_null(ds_out *out, uint32_t col)
{
    if (out->open && col < out->schema->n)
        out->row[col].set = false;
    else if (!out->misused)
        out->misused = "sets a column that is not there";
}

void ds_out_bool(ds_out *out, uint32_t col, bool v)
{
    struct out_value *to = value_at(out, col, DS_PHYS_BOOL, "boolean");

    if (to) {
        to->set = true;
        to->v.b = v;
    }
}

void ds_out_i64(ds_out *out, uint32_t col, int64_t v)
{
    struct out_value *to = value_at(out, col, DS_PHYS_I64, "bigint");
    ds_type type;

    if (!to)
        return;
    type = out->schema->fields[col].type;
    if ((type == DS_I16 && v != (int16_t)v) ||
        (type == DS_I32 && v != (int32_t)v))
        refuse(out, col, "the number is out of range");
    to->set = true;
    to->v.i64 = v;
}

void ds_out_f64(ds_out *out, uint32_t col, double v)
{
    struct out_value *to = value_at(out, col, DS_PHYS_F64, "double precision");

    if (!to)
        return;
    to->set = true;
    to->v.f64 = out->schema->fields[col].type == DS_F32 ? (double)(float)v : v;
}

/* Whether it is a value of the column's type. */
static bool text_fits(ds_type type, ds_slice v)
{
    if (type == DS_BYTES)
        return true;
    if (type == DS_STR)
        return ds_utf8_valid(v) && !(v.len && memchr(v.ptr, 0, v.len));
    return ds_value_valid(type, v);
}

void ds_out_text(ds_out *out, uint32_t col, ds_slice v)
{
    struct out_value *to = value_at(out, col, DS_PHYS_SLICE, "text");

    if (!to)
        return;
    to->set = v.ptr != NULL;
    if (!v.ptr)
        return;
    if (!text_fits(out->schema->fields[col].type, v))
        refuse(out, col, "the bytes are no value of its type");
    to->v.text = ds_slice_copy(out->arena, v);
}

void ds_out_numeric(ds_out *out, uint32_t col, const ds_numeric *v)
{
    struct out_value *to = value_at(out, col, DS_PHYS_NUM, "numeric");

    if (!to)
        return;
    to->set = v != NULL;
    if (v)
        to->v.num = *v;
}

void ds_out_interval(ds_out *out, uint32_t col, const ds_interval *v)
{
    struct out_value *to = value_at(out, col, DS_PHYS_IV, "interval");

    if (!to)
        return;
    to->set = v != NULL;
    if (v)
        to->v.iv = *v;
}

void ds_out_copy(ds_out *out, uint32_t col, const ds_in *from,
                 uint32_t from_col)
{
    ds_type type = from_col < from->batch->schema->n
                       ? from->batch->schema->fields[from_col].type
                       : DS_NONE;
    struct out_value *to =
        value_at(out, col, ds_type_phys(type), ds_type_name(type));
    size_t size = ds_type_size(type);

    if (!to)
        return;
    if (type != out->schema->fields[col].type) {
        out->misused = "copies a column of another type";
        return;
    }
    to->set = !ds_in_null(from, from_col);
    if (!to->set)
        return;
    memcpy(&to->v,
           (const uint8_t *)from->batch->cols[from_col].v.p + from->row * size,
           size);
    if (ds_type_phys(type) == DS_PHYS_SLICE)
        to->v.text = ds_slice_copy(out->arena, to->v.text);
}

ds_time ds_out_now(const ds_out *out)
{
    return out->now;
}

ds_arena *ds_out_arena(ds_out *out)
{
    return out->arena;
}
