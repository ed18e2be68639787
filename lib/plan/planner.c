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

void planner_inherit(ds_node *node)
{
    const ds_node *input = node->inputs[0];

    node->schema = input->schema;
    node->keys = input->keys;
    node->n_keys = input->n_keys;
    node->by_key = input->by_key || (node->flags & DS_OP_BY_KEY);
    node->single = input->single;
    node->stage = input->stage;
    node->tick = node->slide = input->slide;
    node->records = node->copies = node->watermarked = true;
    node->lag = node->span = 0;
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        if (node->inputs[i]->lag > node->lag)
            node->lag = node->inputs[i]->lag;
        if (node->inputs[i]->span > node->span)
            node->span = node->inputs[i]->span;
        node->watermarked = node->watermarked && node->inputs[i]->watermarked;
        node->records = node->records && node->inputs[i]->records;
        node->copies = node->copies && node->inputs[i]->copies;
    }
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
    node->plan = p->plan;
    node->store = -1;
    node->topic = -1;
    node->event_time = -1;
    node->tick = node->slide = p->plan->batch;
    if (input)
        planner_input(p, node, input);
    return node;
}

void planner_input(struct planner *p, ds_node *node, ds_node *input)
{
    ds_node **inputs = ds_new(p->a, ds_node *, node->n_inputs + 1);

    for (uint32_t i = 0; i < node->n_inputs; i++)
        inputs[i] = node->inputs[i];
    inputs[node->n_inputs++] = input;
    node->inputs = inputs;
    planner_inherit(node);
}

static void append(struct planner *p, ds_node *node)
{
    ds_plan *plan = p->plan;

    plan->nodes = planner_grow(p->a, plan->nodes, plan->n_nodes, &p->cap_nodes,
                               sizeof(*plan->nodes));
    node->id = plan->n_nodes;
    plan->nodes[plan->n_nodes++] = node;
}

/* Streams that become one have one event time only if it is in one column. */
static bool same_event_time(const ds_node *node)
{
    const ds_node *first = node->inputs[0];

    for (uint32_t i = 0; i < node->n_inputs; i++) {
        const ds_node *in = node->inputs[i];

        if (!in->schema || in->event_time < 0 ||
            strcmp(in->schema->fields[in->event_time].name,
                   first->schema->fields[first->event_time].name) != 0)
            return false;
    }
    return true;
}

/* The event time of a node that said nothing about it. */
static void keep_event_time(ds_node *node)
{
    const ds_node *in = node->n_inputs ? node->inputs[0] : NULL;

    if (in && node->event_time < 0 && node->schema == in->schema &&
        same_event_time(node))
        node->event_time = in->event_time;
    node->watermarked = node->watermarked && node->event_time >= 0;
}

/* What can be said of a node that is not planned: mistakes in its texts do not
 * wait for those before it. */
static void look_over(struct planner *p, ds_node *node)
{
    planner_syntax(node->type->params, node->args, p->a, p->d);
    if (node->args && node->type->check)
        node->type->check(node, p->d);
}

/* Calls plan(). After a mistake nothing is known about what leaves, unless the
 * operator lets all columns through. */
static void run_plan(struct planner *p, ds_node *node)
{
    uint32_t errors = p->d->errors;

    if (node->broken)
        look_over(p, node);
    else if (node->type->plan)
        node->type->plan(node, p->a, p->d);
    if (p->d->errors != errors || node->schema == NULL)
        node->broken = true;
    keep_event_time(node);
    if (node->broken && (node->type->flags & DS_OP_KEEPS_COLUMNS) &&
        node->n_inputs) {
        planner_inherit(node);
        node->broken = false;
    }
    if (!node->broken)
        planner_reads_begin(p, node);
    planner_reads_default(node);
}

/* An input without a key, where one is needed. */
static bool has_keys(struct planner *p, const ds_node *node)
{
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        const ds_node *in = node->inputs[i];

        if (!(node->flags & DS_OP_BY_KEY) || in->n_keys)
            continue;
        if (i == 0)
            ds_diag_add(
                p->d, DS_ERROR, "E0451", node->where,
                "or give its source `key:`, if the topic is partitioned by it",
                "%s needs a key: put keyBy before it", node->op);
        else
            ds_diag_add(p->d, DS_ERROR, "E0451", node->where,
                        "or give its source `key:`, if the topic is "
                        "partitioned by it",
                        "%s needs a key on both sides: put keyBy at the end of "
                        "`%s`",
                        node->op, in->stream);
        return false;
    }
    return true;
}

/* The streams of a node are cut into batches alike (Spark: the same
 * slideDuration). */
static bool same_slides(struct planner *p, const ds_node *node)
{
    for (uint32_t i = 1; i < node->n_inputs; i++) {
        const ds_node *in = node->inputs[i];

        if (in->slide == node->inputs[0]->slide || ds_node_reads_table(in))
            continue;
        ds_diag_add(p->d, DS_ERROR, "E0422", node->where,
                    "give both a window with the same slide",
                    "%s needs streams that slide alike: one has a batch every "
                    "%g s, `%s` every %g s",
                    node->op,
                    (double)node->inputs[0]->slide / (double)DS_SECOND,
                    in->stream, (double)in->slide / (double)DS_SECOND);
        return false;
    }
    return true;
}

static bool inputs_broken(const ds_node *node)
{
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i]->broken)
            return true;
    return false;
}

void planner_add(struct planner *p, ds_node *node)
{
    ds_cut cut;

    if (node->n_inputs &&
        (inputs_broken(node) || !has_keys(p, node) || !same_slides(p, node))) {
        look_over(p, node);
        node->broken = true;
        append(p, node);
        return;
    }
    cut = planner_cut_of(node);
    if (cut && node->type->combine == NULL)
        planner_cut(p, node, cut);
    run_plan(p, node);
    if (cut && node->type->combine && !node->broken)
        planner_cut(p, node, cut);
    append(p, node);
}

/* ---- the finished plan ---- */

static void output_add(ds_node *node, ds_node *to, uint32_t port)
{
    node->outputs[node->n_outputs] = to;
    node->out_ports[node->n_outputs++] = (int)port;
}

static void fill_outputs(struct planner *p)
{
    ds_plan *plan = p->plan;
    uint32_t *n = ds_new(p->a, uint32_t, plan->n_nodes + 1);

    for (uint32_t i = 0; i < plan->n_nodes; i++)
        for (uint32_t k = 0; k < plan->nodes[i]->n_inputs; k++)
            n[plan->nodes[i]->inputs[k]->id]++;
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        plan->nodes[i]->outputs = ds_new(p->a, ds_node *, n[i] + 1);
        plan->nodes[i]->out_ports = ds_new(p->a, int, n[i] + 1);
    }
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        ds_node *node = plan->nodes[i];

        /* What a shuffle sends comes back from a topic. */
        for (uint32_t k = 0; k < node->n_inputs; k++)
            if (strcmp(node->inputs[k]->type->name, "shuffle") != 0)
                output_add(node->inputs[k], node, k);
    }
}

void planner_finish(struct planner *p)
{
    fill_outputs(p);
    planner_fill_stores(p);
    planner_fill_stages(p);
    planner_reads_spread(p);
}
