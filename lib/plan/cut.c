/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cut.c - stages: where rows have to move to the task that owns their key.
 *
 *     input --> [combine -->] shuffle ::topic:: unshuffle --> operator
 *
 * A cut comes directly before the operator that needs it, so that what filters
 * and maps before it run where the records are. It is made once per operator:
 * two operators that need the same key have two repartition topics, since what
 * crosses is already combined for one of them.
 */
#include <string.h>

#include "plan/planner.h"

/* ---- stages ---- */

static ds_stage *stage_new(struct planner *p, const char *name)
{
    ds_plan *plan = p->plan;
    ds_stage *stage;

    plan->stages = planner_grow(p->a, plan->stages, plan->n_stages,
                                &p->cap_stages, sizeof(*plan->stages));
    stage = &plan->stages[plan->n_stages];
    *stage = (ds_stage){.id = plan->n_stages++, .name = name};
    stage->group =
        stage->id ? ds_str_printf(p->a, "%s.%s", plan->job, name) : plan->job;
    return stage;
}

void planner_first_stage(struct planner *p)
{
    stage_new(p, "main");
}

static bool stage_known(const ds_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->n_stages; i++)
        if (strcmp(plan->stages[i].name, name) == 0)
            return true;
    return false;
}

/* Named after the stream; the second one of a stream is "counts.2". */
static ds_stage *stage_for(struct planner *p, const char *stream)
{
    const char *name = stream;

    for (int i = 2; stage_known(p->plan, name); i++)
        name = ds_str_printf(p->a, "%s.%d", stream, i);
    return stage_new(p, name);
}

static bool reads_topic(const ds_node *node)
{
    return strcmp(node->type->name, "source") == 0 ||
           strcmp(node->type->name, "unshuffle") == 0;
}

static void fill_stage(struct planner *p, ds_stage *stage)
{
    ds_plan *plan = p->plan;

    stage->nodes = ds_new(p->a, ds_node *, plan->n_nodes + 1);
    stage->sources = ds_new(p->a, ds_node *, plan->n_nodes + 1);
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        ds_node *node = plan->nodes[i];

        if (node->stage != stage->id)
            continue;
        stage->nodes[stage->n_nodes++] = node;
        if (reads_topic(node))
            stage->sources[stage->n_sources++] = node;
        stage->stateful = stage->stateful || (node->flags & DS_OP_STATEFUL);
        stage->every_epoch =
            stage->every_epoch || (node->flags & DS_OP_EVERY_EPOCH);
    }
}

void planner_fill_stages(struct planner *p)
{
    for (uint32_t i = 0; i < p->plan->n_stages; i++)
        fill_stage(p, &p->plan->stages[i]);
}

/* ---- the nodes of a cut ---- */

/* An internal node for `node`, after `input`. */
static ds_node *internal(struct planner *p, const ds_op_type *type,
                         ds_node *node, const char *what, ds_node *input)
{
    ds_node *made = planner_node(p, type, node->stream,
                                 ds_str_printf(p->a, "%s.%s", node->name, what),
                                 node->op, node->where, input);

    made->on_error = node->on_error;
    if (type->args_size)
        made->args =
            ds_arena_alloc(p->a, type->args_size, alignof(max_align_t));
    return made;
}

static const ds_op_type *type_of(struct planner *p, const char *name)
{
    const ds_op_type *type = ds_registry_op(p->plan->reg, name);

    DS_BUG_ON(type == NULL);
    return type;
}

/* Rows no longer belong to records: the topic's own have another meaning. */
static void make_unshuffled(ds_node *node)
{
    node->records = false;
    node->copies = false;
    node->by_key = true;
}

static void read_keys(const ds_node *node)
{
    for (uint32_t i = 0; i < node->n_keys; i++)
        node->wants[node->keys[i]] = true;
}

void planner_cut(struct planner *p, ds_node *node)
{
    ds_node *input = node->inputs[0];
    uint32_t from = input->stage;
    ds_node *shuffle, *unshuffle, *partial = NULL;
    ds_stage *stage;
    const char *topic;

    read_keys(input);
    if (node->type->combine) {
        partial = internal(p, node->type->combine, node, "partial", input);
        partial->combines = node;
        planner_add(p, partial);
        if (partial->broken) {
            node->broken = true;
            return;
        }
        input = partial;
    }
    stage = stage_for(p, node->stream);
    topic = ds_str_printf(p->a, "%s.%s.repartition", p->plan->job, stage->name);

    shuffle = internal(p, type_of(p, "shuffle"), node, "shuffle", input);
    shuffle->topic = planner_topic(p, topic, DS_TOPIC_REPARTITION, from);
    planner_add(p, shuffle);

    unshuffle =
        internal(p, type_of(p, "unshuffle"), node, "unshuffle", shuffle);
    unshuffle->topic = shuffle->topic;
    unshuffle->stage = stage->id;
    make_unshuffled(unshuffle);
    planner_add(p, unshuffle);

    node->inputs[0] = unshuffle;
    node->stage = stage->id;
    node->partial = partial;
    /* Without a combine the operator is planned over these rows. */
    if (partial == NULL) {
        node->records = false;
        node->copies = false;
        node->schema = unshuffle->schema;
        node->keys = unshuffle->keys;
        node->n_keys = unshuffle->n_keys;
    }
}
