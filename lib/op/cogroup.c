/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cogroup.c - the values of both sides by key, as arrays in order of arrival
 * (contract.md 5.3).
 *
 * A side that lacks the key has empty arrays.
 */
#include "op/join.h"
#include "record/nested.h"

/* ---- plan ---- */

static bool side_fields(const struct join_side *s, const ds_node *node,
                        const char *stream, ds_field *to, ds_diags *d)
{
    bool ok = true;

    for (uint32_t c = 0; c < s->vals->n; c++) {
        const ds_field *f = &s->vals->fields[c];

        to[c] = *f;
        if (ds_type_elem(f->type) == DS_NONE) {
            to[c].type = ds_array_type(f->type);
            continue;
        }
        ds_diag_add(d, DS_ERROR, "E0444", node->where,
                    "arrays have one dimension: make a jsonb of it with "
                    "to_jsonb, or leave it out",
                    "%s makes an array of each column, and `%s` of `%s` is one "
                    "already",
                    node->op, f->name, stream);
        ok = false;
    }
    return ok;
}

static bool output_plan(const struct join_plan *p, ds_node *node, ds_arena *a,
                        ds_diags *d)
{
    const struct join_side *l = &p->side[JOIN_LEFT], *r = &p->side[JOIN_RIGHT];
    uint32_t n = p->key->n + l->vals->n + r->vals->n;
    ds_field *fields = ds_new(a, ds_field, n + 1);
    ds_schema *out = ds_new(a, ds_schema, 1);
    uint16_t *keys = ds_new(a, uint16_t, p->key->n + 1);
    bool ok;

    memcpy(fields, p->key->fields, p->key->n * sizeof(*fields));
    for (uint32_t k = 0; k < p->key->n; k++)
        keys[k] = (uint16_t)k;
    ok = side_fields(l, node, node->stream, fields + p->key->n, d);
    ok = side_fields(r, node, ((const struct join_args *)node->args)->with.s,
                     fields + p->key->n + l->vals->n, d) &&
         ok;
    *out = (ds_schema){n, fields};
    node->schema = out;
    node->keys = keys;
    node->n_keys = p->key->n;
    node->records = false;
    node->copies = false;
    return ok;
}

static void cogroup_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    struct join_plan *p = ds_new(a, struct join_plan, 1);

    if (!join_plan_sides(p, node, a, d) || !output_plan(p, node, a, d))
        return;
    ds_node_read_all(node, JOIN_LEFT);
    ds_node_read_all(node, JOIN_RIGHT);
    node->planned = p;
}

/* ---- the end of a batch ---- */

/* Room for the values of the largest group. */
struct values {
    ds_value *values;
    bool *nulls;
};

static ds_rc array_of(const struct rows_index *x, uint32_t group,
                      const ds_col *c, ds_type elem, struct values *tmp,
                      ds_arena *a, ds_slice *out)
{
    uint32_t n = x->start[group + 1] - x->start[group];
    const uint32_t *rows = x->order + x->start[group];

    for (uint32_t i = 0; i < n; i++) {
        tmp->nulls[i] = ds_col_is_null(c, rows[i]);
        tmp->values[i] = ds_col_value(c, elem, rows[i]);
    }
    if (nested_size(ds_array_type(elem), tmp->values, tmp->nulls, n) >
        UINT32_MAX)
        return DS_E_LIMIT;
    *out = array_make(elem, tmp->values, tmp->nulls, n, a);
    return DS_OK;
}

static ds_rc column_arrays(const struct join *j, int side, uint32_t col,
                           const struct rows_index *x, ds_col *out, ds_err *err)
{
    const struct join_plan *p = j->op.node->planned;
    const ds_field *f = &p->side[side].vals->fields[col];
    ds_arena *a = j->op.epoch_arena;
    uint32_t n = ds_groups_n(j->groups), rows = j->rows[side].n;
    ds_col values = rows_col(&j->rows[side], p->side[side].cols[col]);
    ds_slice *arrays = ds_new(a, ds_slice, n + 1);
    struct values tmp = {ds_new(a, ds_value, rows + 1),
                         ds_new(a, bool, rows + 1)};

    for (uint32_t g = 0; g < n; g++)
        if (array_of(x, g, &values, f->type, &tmp, a, &arrays[g]) < 0)
            return ds_fail(err, DS_E_FAILED,
                           "%s: an array of column `%s` is larger than 4 GiB",
                           j->op.node->name, f->name);
    *out = (ds_col){.v.str = arrays};
    return DS_OK;
}

static ds_rc cogroup_seal(ds_op *op, ds_err *err)
{
    const struct join *j = (struct join *)op;
    const struct join_plan *p = op->node->planned;
    ds_arena *a = op->epoch_arena;
    uint32_t n = ds_groups_n(j->groups);
    ds_col *cols = ds_new(a, ds_col, op->node->schema->n + 1);
    ds_col *to = cols + p->key->n;
    ds_batch *out = ds_new(a, ds_batch, 1);

    if (n == 0)
        return DS_OK;
    ds_groups_cols(j->groups, a, cols);
    ds_key_fit(p->key, cols, n, a);
    for (int s = JOIN_LEFT; s <= JOIN_RIGHT; s++) {
        struct rows_index x =
            rows_by_group(j->rows[s].groups, j->rows[s].n, n, a);

        for (uint32_t c = 0; c < p->side[s].vals->n; c++)
            DS_TRY(column_arrays(j, s, c, &x, to++, err));
    }
    *out = (ds_batch){.schema = op->node->schema,
                      .cols = cols,
                      .n = n,
                      .n_sel = n,
                      .arena = a};
    return ds_emit(op, out, err);
}

static const ds_param cogroup_params[] = {
    JOIN_WITH,
    {0},
};

const ds_op_type op_cogroup = {
    .name = "cogroup",
    .cost = "a copy of the rows of both",
    .help = "The values of both streams by key, as arrays.",
    .params = cogroup_params,
    .args_size = sizeof(struct join_args),
    .size = sizeof(struct join),
    .flags = DS_OP_BY_KEY | DS_OP_NEEDS_BATCH,
    .plan = cogroup_plan,
    .begin = join_begin,
    .push = join_push,
    .seal = cogroup_seal,
};
