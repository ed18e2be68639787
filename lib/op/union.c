/* SPDX-License-Identifier: Apache-2.0 */
/*
 * union.c - the rows of several streams as one (Spark's DStream.union).
 *
 * The streams have the same columns, by name and type; their order may differ,
 * and is that of the first one. Duplicates stay. Streams of different stages
 * cross into one first: the planner's affair.
 */
#include "op/ops.h"

struct union_args {
    const ds_arg *with;
};

/* Where the columns of the first input are in the others; NULL: as there. */
struct union_plan {
    const uint16_t **cols; /* by port */
};

/* What the job calls an input: where it crosses, its node has our own name. */
static const char *union_name(const ds_node *node, uint32_t port)
{
    const ds_arg *with = ((const struct union_args *)node->args)->with;

    return with->kind == DS_ARG_SCALAR ? with->text.s
                                       : with->items[port - 1]->text.s;
}

static void union_differs(const ds_node *node, uint32_t port, const char *name,
                          ds_type type, const ds_field *other, ds_diags *d)
{
    const char *stream = union_name(node, port);

    if (other)
        ds_diag_add(d, DS_ERROR, "E0423", node->where,
                    "cast one of them in a map",
                    "column `%s` is %s here and %s in `%s`", name,
                    ds_type_name(type), ds_type_name(other->type), stream);
    else
        ds_diag_add(d, DS_ERROR, "E0423", node->where,
                    "union needs the same columns: bring them together with "
                    "map",
                    "`%s` has no column `%s`", stream, name);
}

/* What the other stream has more. */
static void union_extra(const ds_node *node, uint32_t port, ds_diags *d)
{
    const ds_schema *first = ds_node_input(node, 0);
    const ds_schema *other = ds_node_input(node, (int)port);

    DS_BUG_ON(other->n && other->fields == NULL);
    for (uint32_t c = 0; c < other->n; c++)
        if (ds_schema_find(first, other->fields[c].name) < 0)
            ds_diag_add(d, DS_ERROR, "E0423", node->where,
                        "union needs the same columns: bring them together "
                        "with map",
                        "`%s` has a column `%s` more", union_name(node, port),
                        other->fields[c].name);
}

static const uint16_t *union_columns(const ds_node *node, uint32_t port,
                                     ds_arena *a, ds_diags *d)
{
    const ds_schema *first = ds_node_input(node, 0);
    const ds_schema *other = ds_node_input(node, (int)port);
    uint16_t *cols = ds_new(a, uint16_t, first->n + 1);
    bool same = true;

    for (uint32_t c = 0; c < first->n; c++) {
        int at = ds_schema_find(other, first->fields[c].name);
        const ds_field *f = at < 0 ? NULL : &other->fields[at];

        if (f == NULL || f->type != first->fields[c].type)
            union_differs(node, port, first->fields[c].name,
                          first->fields[c].type, f, d);
        cols[c] = (uint16_t)(at < 0 ? 0 : at);
        same = same && at == (int)c;
    }
    union_extra(node, port, d);
    return same ? NULL : cols;
}

/* A pair stream if all are, of the same key. */
static bool union_keyed(const ds_node *node)
{
    const ds_node *first = node->inputs[0];

    for (uint32_t i = 1; i < node->n_inputs; i++) {
        const ds_node *in = node->inputs[i];

        if (in->n_keys != first->n_keys)
            return false;
        for (uint32_t k = 0; k < in->n_keys; k++)
            if (strcmp(in->schema->fields[in->keys[k]].name,
                       first->schema->fields[first->keys[k]].name) != 0)
                return false;
    }
    return true;
}

static void union_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    struct union_plan *p = ds_new(a, struct union_plan, 1);

    p->cols = ds_new(a, const uint16_t *, node->n_inputs);
    for (uint32_t i = 1; i < node->n_inputs; i++)
        p->cols[i] = union_columns(node, i, a, d);
    node->by_key = true;
    for (uint32_t i = 0; i < node->n_inputs; i++)
        node->by_key = node->by_key && node->inputs[i]->by_key;
    if (!union_keyed(node)) {
        node->n_keys = 0;
        node->by_key = false;
    }
    node->planned = p;
}

static ds_rc union_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    const struct union_plan *p = op->node->planned;
    const ds_schema *schema = op->node->schema;
    ds_batch *out;
    ds_col *cols;

    op->rows_kept += in->n_sel;
    if (in->schema == schema)
        return ds_emit(op, in, err);
    out = ds_new(in->arena, ds_batch, 1);
    *out = *in;
    out->schema = schema;
    if (p->cols[port]) {
        cols = ds_new(in->arena, ds_col, schema->n + 1);
        for (uint32_t c = 0; c < schema->n; c++)
            cols[c] = in->cols[p->cols[port][c]];
        out->cols = cols;
    }
    return ds_emit(op, out, err);
}

static const ds_param union_params[] = {
    {.name = "with",
     .type = DS_P_STREAMS,
     .offset = offsetof(struct union_args, with),
     .help = "The other stream, or a list of them: the same columns.",
     .required = true,
     .main = true},
    {0},
};

const ds_op_type op_union = {
    .name = "union",
    .cost = "none within a stage",
    .help = "The rows of several streams as one.",
    .params = union_params,
    .args_size = sizeof(struct union_args),
    .size = sizeof(ds_op),
    .plan = union_plan,
    .push = union_push,
};
