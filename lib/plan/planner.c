/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planner.c - nodes in order, each planned once.
 */
#include "plan/planner.h"

#include <string.h>

void *planner_grow(ds_arena *a, void *list, uint32_t n, uint32_t *cap,
                   size_t size)
{
    void *more;

    if (n < *cap)
        return list;
    *cap = *cap ? *cap * 2 : 16;
    more = ds_arena_alloc(a, *cap * size, alignof(max_align_t));
    if (n)
        memcpy(more, list, n * size);
    return more;
}

void planner_init(struct planner *p, ds_plan *plan, ds_diags *d)
{
    *p = (struct planner){.plan = plan, .a = plan->arena, .d = d};
    planner_first_stage(p);
}

int planner_topic(struct planner *p, const char *name, ds_topic_kind kind,
                  uint32_t stage)
{
    ds_plan *plan = p->plan;

    for (uint32_t i = 0; i < plan->n_topics; i++)
        if (plan->topics[i].kind == kind &&
            strcmp(plan->topics[i].name, name) == 0)
            return (int)i;
    plan->topics = planner_grow(p->a, plan->topics, plan->n_topics,
                                &p->cap_topics, sizeof(*plan->topics));
    plan->topics[plan->n_topics] =
        (ds_plan_topic){.name = name, .kind = kind, .stage = stage};
    return (int)plan->n_topics++;
}

/* ---- nodes ---- */

/* What most operators leave as it is. */
static void inherit(ds_node *node, const ds_node *input)
{
    node->schema = input->schema;
    node->keys = input->keys;
    node->n_keys = input->n_keys;
    node->records = input->records;
    node->copies = input->copies;
    node->by_key = input->by_key || (node->flags & DS_OP_BY_KEY);
    node->watermarked = input->watermarked;
    node->stage = input->stage;
}

ds_node *planner_node(struct planner *p, const ds_op_type *type,
                      const char *stream, const char *name, const char *op,
                      ds_where where, ds_node *input)
{
    ds_node *node = ds_new(p->a, ds_node, 1);

    node->type = type;
    node->stream = stream;
    node->name = name;
    node->op = op;
    node->where = where;
    node->flags = type->flags;
    node->reg = p->plan->reg;
    node->store = -1;
    node->topic = -1;
    node->event_time = -1;
    if (input) {
        node->inputs = ds_new(p->a, ds_node *, 1);
        node->inputs[0] = input;
        node->n_inputs = 1;
        inherit(node, input);
    }
    return node;
}

static void append(struct planner *p, ds_node *node)
{
    ds_plan *plan = p->plan;

    plan->nodes = planner_grow(p->a, plan->nodes, plan->n_nodes, &p->cap_nodes,
                               sizeof(*plan->nodes));
    node->id = plan->n_nodes;
    plan->nodes[plan->n_nodes++] = node;
}

/* The event time of a node that said nothing about it. */
static void keep_event_time(ds_node *node)
{
    const ds_node *in = node->n_inputs ? node->inputs[0] : NULL;

    if (in && node->event_time < 0 && node->schema == in->schema)
        node->event_time = in->event_time;
    node->watermarked = node->watermarked && node->event_time >= 0;
}

/* Calls plan(). After a mistake nothing is known about what leaves, unless the
 * operator lets all columns through. */
static void run_plan(struct planner *p, ds_node *node)
{
    uint32_t errors = p->d->errors;

    if (!node->broken && node->type->plan)
        node->type->plan(node, p->a, p->d);
    if (p->d->errors != errors || node->schema == NULL)
        node->broken = true;
    keep_event_time(node);
    if (node->broken && (node->type->flags & DS_OP_KEEPS_COLUMNS) &&
        node->n_inputs) {
        inherit(node, node->inputs[0]);
        node->broken = false;
    }
    if (!node->broken)
        planner_reads_begin(p, node);
    planner_reads_default(node);
}

static bool has_key(struct planner *p, const ds_node *node)
{
    if (!(node->flags & DS_OP_BY_KEY) || node->inputs[0]->n_keys)
        return true;
    ds_diag_add(p->d, DS_ERROR, "E0451", node->where,
                "or give its source `key:`, if the topic is partitioned by it",
                "%s needs a key: put keyBy before it", node->op);
    return false;
}

static void check_batch(struct planner *p, const ds_node *node, bool cut)
{
    if (!(node->flags & DS_OP_NEEDS_BATCH) ||
        (!cut && node->inputs[0]->stage == 0))
        return;
    ds_diag_add(p->d, DS_ERROR, "E0450", node->where,
                "key the source topic by the column and say so with `key:` on "
                "the source: then nothing has to cross",
                "%s behind a repartition is not supported in this version: "
                "there, a batch is not yet one thing over all partitions",
                node->op);
}

void planner_add(struct planner *p, ds_node *node)
{
    bool cut;

    if (node->n_inputs && node->inputs[0]->broken) {
        planner_syntax(node->type->params, node->args, p->a, p->d);
        node->broken = true;
        append(p, node);
        return;
    }
    if (node->n_inputs && !has_key(p, node)) {
        planner_syntax(node->type->params, node->args, p->a, p->d);
        node->broken = true;
        append(p, node);
        return;
    }
    cut = (node->flags & DS_OP_BY_KEY) && !node->inputs[0]->by_key;
    check_batch(p, node, cut);
    if (cut && node->type->combine == NULL)
        planner_cut(p, node);
    run_plan(p, node);
    if (cut && node->type->combine && !node->broken)
        planner_cut(p, node);
    append(p, node);
}

/* ---- the finished plan ---- */

static void fill_outputs(struct planner *p)
{
    ds_plan *plan = p->plan;

    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        ds_node *node = plan->nodes[i];
        uint32_t n = 0;

        for (uint32_t k = i + 1; k < plan->n_nodes; k++)
            n += plan->nodes[k]->n_inputs && plan->nodes[k]->inputs[0] == node;
        node->outputs = ds_new(p->a, ds_node *, n + 1);
        node->out_ports = ds_new(p->a, int, n + 1);
        /* What a shuffle sends comes back from a topic. */
        if (strcmp(node->type->name, "shuffle") == 0)
            continue;
        for (uint32_t k = i + 1; k < plan->n_nodes; k++)
            if (plan->nodes[k]->n_inputs && plan->nodes[k]->inputs[0] == node)
                node->outputs[node->n_outputs++] = plan->nodes[k];
    }
}

void planner_finish(struct planner *p)
{
    fill_outputs(p);
    planner_fill_stores(p);
    planner_fill_stages(p);
    planner_reads_spread(p);
}
