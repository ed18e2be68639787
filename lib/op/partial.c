/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partial.c - map-side combine: one row per key and epoch crosses the cut.
 *
 * Rows: the key's columns, then "$0", "$1", ... as ds_agg_parts() says. What is
 * too large for one row takes several, in order.
 */
#include "op/keyed.h"
#include "record/builder.h"

struct partial {
    ds_op op;
    struct keyed keyed;
};

uint32_t keyed_n_parts(const struct keyed_plan *p)
{
    ds_type types[DS_AGG_PARTS];
    uint32_t n = 0;

    for (uint32_t i = 0; i < p->n_aggs; i++)
        n += ds_agg_parts(p->aggs[i], types);
    return n;
}

const ds_schema *keyed_partial_schema(const struct keyed_plan *p, ds_arena *a)
{
    ds_schema *schema = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, p->key->n + keyed_n_parts(p) + 1);

    for (uint32_t i = 0; i < p->key->n; i++)
        fields[schema->n++] = p->key->fields[i];
    for (uint32_t i = 0; i < p->n_aggs; i++) {
        ds_type types[DS_AGG_PARTS];
        uint32_t parts = ds_agg_parts(p->aggs[i], types);

        for (uint32_t k = 0; k < parts; k++, schema->n++)
            fields[schema->n] =
                (ds_field){ds_str_printf(a, "$%u", schema->n - p->key->n),
                           types[k], 0, false};
    }
    schema->fields = fields;
    return schema;
}

static void partial_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct keyed_plan *p = node->combines->planned;
    uint16_t *keys = ds_new(a, uint16_t, p->key->n + 1);

    (void)d;
    for (uint32_t i = 0; i < p->key->n; i++)
        keys[i] = (uint16_t)i;
    node->schema = keyed_partial_schema(p, a);
    node->keys = keys;
    node->n_keys = p->key->n;
    node->records = false;
    node->copies = false;
}

static ds_rc partial_begin(ds_op *op, ds_err *err)
{
    struct partial *p = (struct partial *)op;

    (void)err;
    keyed_begin(&p->keyed, op, op->node->combines->planned, false);
    return DS_OK;
}

static ds_rc partial_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    (void)port;
    return keyed_add(&((struct partial *)op)->keyed, op, in, err);
}

/* Those of which there is more. */
static void groups_left(const bool *more, uint32_t **groups, uint32_t *n,
                        ds_arena *a)
{
    uint32_t *next = NULL;
    uint32_t left = 0;

    for (uint32_t i = 0; i < *n; i++) {
        if (!more[i])
            continue;
        if (next == NULL)
            next = ds_new(a, uint32_t, *n);
        next[left++] = *groups ? (*groups)[i] : i;
    }
    *groups = next;
    *n = left;
}

ds_batch *keyed_parts(const struct keyed *k, const ds_schema *schema,
                      const ds_col *keys, uint32_t **groups, uint32_t *n,
                      ds_arena *a)
{
    ds_batch *out = ds_new(a, ds_batch, 1);
    ds_col *cols = ds_new(a, ds_col, schema->n + 1);
    bool *more = ds_new(a, bool, *n + 1);
    uint32_t at = k->plan->key->n;
    ds_type types[DS_AGG_PARTS];

    for (uint32_t i = 0; i < k->plan->key->n; i++)
        cols[i] = *groups ? ds_col_gather(&keys[i], k->plan->key_types[i],
                                          *groups, *n, a)
                          : keys[i];
    for (uint32_t i = 0; i < k->plan->n_aggs; i++) {
        ds_acc_parts(k->accs[i], *groups, *n, a, &cols[at], more);
        at += ds_agg_parts(k->plan->aggs[i], types);
    }
    *out = (ds_batch){
        .schema = schema, .cols = cols, .n = *n, .n_sel = *n, .arena = a};
    groups_left(more, groups, n, a);
    return out;
}

static ds_rc partial_seal(ds_op *op, ds_err *err)
{
    const struct keyed *k = &((struct partial *)op)->keyed;
    ds_arena *a = op->epoch_arena;
    uint32_t n = ds_groups_n(k->groups);
    ds_col *keys = ds_new(a, ds_col, k->plan->key->n + 1);
    uint32_t *groups = NULL;

    if (n == 0)
        return DS_OK;
    DS_TRY(keyed_check(k, op, err));
    ds_groups_cols(k->groups, a, keys);
    ds_key_fit(k->plan->key, keys, n, a);
    while (n > 0)
        DS_TRY(ds_emit(
            op, keyed_parts(k, op->node->schema, keys, &groups, &n, a), err));
    return DS_OK;
}

const ds_op_type op_partial = {
    .name = "partial",
    .help = "One partial result per key and batch, before a repartition.",
    .size = sizeof(struct partial),
    .flags = DS_OP_INTERNAL,
    .plan = partial_plan,
    .begin = partial_begin,
    .push = partial_push,
    .seal = partial_seal,
};
