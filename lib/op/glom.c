/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glom.c - the rows of a partition as one array (Spark's DStream.glom): of a
 * single column an array of its values, of several one of rows. One row per
 * partition and batch, also of a partition without rows: an empty array.
 */
#include "op/ops.h"
#include "record/builder.h"
#include "record/nested.h"

struct glom {
    ds_op op;
    ds_value *values; /* elements so far */
    bool *nulls;
    uint32_t n, cap;
};

struct glom_plan {
    ds_type elem;
};

static void glom_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    struct glom_plan *p = ds_new(a, struct glom_plan, 1);
    const ds_schema *in = ds_node_input(node, 0);
    ds_schema *out = ds_new(a, ds_schema, 1);
    ds_field *field = ds_new(a, ds_field, 1);

    if (in->n == 1 && ds_type_elem(in->fields[0].type) != DS_NONE) {
        ds_diag_add(d, DS_ERROR, "E0103", node->where,
                    "make the array jsonb first: to_jsonb(...)",
                    "glom makes an array, and an array of arrays is not "
                    "supported");
        return;
    }
    p->elem = in->n == 1 ? in->fields[0].type : ds_row_type(in);
    *field = (ds_field){in->n == 1 ? in->fields[0].name : "rows",
                        ds_array_type(p->elem),
                        in->n == 1 ? in->fields[0].mod : ds_mod_row(in), false};
    *out = (ds_schema){1, field};
    node->planned = p;
    node->schema = out;
    node->n_keys = 0;
    node->by_key = false;
    node->records = false;
    node->copies = false;
}

static ds_rc glom_begin(ds_op *op, ds_err *err)
{
    struct glom *g = (struct glom *)op;

    (void)err;
    g->n = g->cap = 0;
    return DS_OK;
}

static void glom_grow(struct glom *g, ds_arena *a, uint32_t n)
{
    uint32_t cap = g->cap ? g->cap : 256;
    ds_value *values;
    bool *nulls;

    if (g->n + n <= g->cap)
        return;
    while (cap < g->n + n)
        cap *= 2;
    values = ds_new(a, ds_value, cap);
    nulls = ds_new(a, bool, cap);
    if (g->n) {
        memcpy(values, g->values, g->n * sizeof(*values));
        memcpy(nulls, g->nulls, g->n * sizeof(*nulls));
    }
    g->values = values;
    g->nulls = nulls;
    g->cap = cap;
}

static ds_slice row_of(const ds_batch *in, ds_type type, uint32_t row,
                       ds_value *values, bool *nulls)
{
    for (uint32_t c = 0; c < in->schema->n; c++) {
        nulls[c] = ds_col_is_null(&in->cols[c], row);
        if (!nulls[c])
            values[c] =
                ds_col_value(&in->cols[c], in->schema->fields[c].type, row);
    }
    return row_make(type, values, nulls, in->arena);
}

static ds_rc glom_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    const struct glom_plan *p = op->node->planned;
    struct glom *g = (struct glom *)op;
    bool single = in->schema->n == 1;
    ds_value *values = ds_new(in->arena, ds_value, in->schema->n + 1);
    bool *nulls = ds_new(in->arena, bool, in->schema->n + 1);

    (void)port;
    (void)err;
    glom_grow(g, op->epoch_arena, in->n_sel);
    DS_EACH (in, i) {
        g->nulls[g->n] = single && ds_col_is_null(&in->cols[0], i);
        if (!single)
            g->values[g->n].s = row_of(in, p->elem, i, values, nulls);
        else if (!g->nulls[g->n])
            g->values[g->n] = ds_col_value(&in->cols[0], p->elem, i);
        g->n++;
    }
    op->rows_kept += in->n_sel;
    return DS_OK;
}

static ds_rc glom_seal(ds_op *op, ds_err *err)
{
    const struct glom_plan *p = op->node->planned;
    struct glom *g = (struct glom *)op;
    ds_arena *a = op->epoch_arena;
    ds_slice *value = ds_new(a, ds_slice, 1);
    ds_col *col = ds_new(a, ds_col, 1);
    ds_batch *out = ds_new(a, ds_batch, 1);

    if (nested_size(ds_array_type(p->elem), g->values, g->nulls, g->n) >
        UINT32_MAX)
        return ds_fail(err, DS_E_FAILED,
                       "%s: the rows of partition %d take more than 4 GiB",
                       op->node->name, op->partition);
    *value = array_make(p->elem, g->values, g->nulls, g->n, a);
    if (value->ptr == NULL)
        *value = (ds_slice){(const uint8_t *)"", 0};
    *col = (ds_col){.v.str = value};
    *out = (ds_batch){.schema = op->node->schema,
                      .cols = col,
                      .n = 1,
                      .n_sel = 1,
                      .arena = a};
    return ds_emit(op, out, err);
}

const ds_op_type op_glom = {
    .name = "glom",
    .cost = "a copy of the rows",
    .help = "The rows of each partition as one array.",
    .size = sizeof(struct glom),
    .flags = DS_OP_NEEDS_BATCH | DS_OP_EVERY_EPOCH,
    .plan = glom_plan,
    .begin = glom_begin,
    .push = glom_push,
    .seal = glom_seal,
};
