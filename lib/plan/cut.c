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

#include "base/gcd.h"
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

static void fill_flags(ds_stage *stage, unsigned flags)
{
    stage->keyed =
        stage->keyed || (flags & (DS_OP_STATEFUL | DS_OP_BY_KEY)) != 0;
    stage->every_epoch = stage->every_epoch || (flags & DS_OP_EVERY_EPOCH) != 0;
    stage->needs_batch = stage->needs_batch || (flags & DS_OP_NEEDS_BATCH) != 0;
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
        fill_flags(stage, node->flags);
    }
}

static void fill_cuts(const ds_plan *plan, ds_stage *stage)
{
    uint64_t hash = 0;

    for (uint32_t t = 0; t < plan->n_topics; t++)
        if (plan->topics[t].kind == DS_TOPIC_REPARTITION &&
            plan->topics[t].stage == stage->id)
            hash += ds_hash(plan->topics[t].name, strlen(plan->topics[t].name));
    stage->cuts = (int64_t)(hash >> 2);
}

/* From the last stage to the first: what feeds a timed stage is timed too. */
static void fill_timed(ds_plan *plan)
{
    for (uint32_t i = plan->n_stages; i-- > 0;) {
        ds_stage *stage = &plan->stages[i];

        for (uint32_t t = 0; t < plan->n_topics; t++)
            if (plan->topics[t].kind == DS_TOPIC_REPARTITION &&
                plan->topics[t].stage == i &&
                plan->stages[plan->topics[t].reader].timed)
                stage->paced = true;
        stage->timed = stage->needs_batch || stage->paced || plan->record_clock;
        stage->every_epoch = stage->every_epoch || stage->paced;
        fill_cuts(plan, stage);
    }
}

static void fill_windows(ds_plan *plan)
{
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        const ds_node *node = plan->nodes[i];

        if (node->span == 0)
            continue;
        plan->span = node->span > plan->span ? node->span : plan->span;
        plan->slide =
            (ds_time)gcd_of((uint64_t)node->slide, (uint64_t)plan->slide);
    }
}

void planner_fill_stages(struct planner *p)
{
    fill_windows(p->plan);
    for (uint32_t i = 0; i < p->plan->n_stages; i++)
        fill_stage(p, &p->plan->stages[i]);
    fill_timed(p->plan);
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

/* ---- whether ---- */

/* What a key's bytes are where it decided on the partition: equal keys of other
 * bytes lie elsewhere. */
static const char *key_form(const ds_node *node)
{
    const ds_source_args *s;

    while (node->n_inputs && !reads_topic(node))
        node = node->inputs[0];
    s = node->args;
    if (node->n_inputs == 0 && s && s->table)
        s = s->table->args;
    return node->n_inputs == 0 && s && s->key_codec ? s->key_codec->name : "";
}

static bool all_there(const ds_node *node, bool by_key)
{
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        const ds_node *in = node->inputs[i];

        if (in->stage != node->inputs[0]->stage)
            return false;
        if (!in->single && !(by_key && in->by_key))
            return false;
        if (!in->single && strcmp(key_form(in), key_form(node->inputs[0])) != 0)
            return false;
    }
    return true;
}

static bool one_stage(const ds_node *node)
{
    for (uint32_t i = 1; i < node->n_inputs; i++)
        if (node->inputs[i]->stage != node->inputs[0]->stage)
            return false;
    return true;
}

ds_cut planner_cut_of(const ds_node *node)
{
    if (node->n_inputs == 0)
        return DS_CUT_NONE;
    if (node->flags & DS_OP_ONE)
        return all_there(node, false) ? DS_CUT_NONE : DS_CUT_ONE;
    if (node->flags & DS_OP_BY_KEY)
        return all_there(node, true) ? DS_CUT_NONE : DS_CUT_KEY;
    if (node->type->spread && node->type->spread(node->args))
        return DS_CUT_SPREAD;
    return one_stage(node) ? DS_CUT_NONE : DS_CUT_SAME;
}

/* ---- the cut ---- */

static void read_keys(const ds_node *node)
{
    for (uint32_t i = 0; i < node->n_keys; i++)
        node->wants[node->keys[i]] = true;
}

/* "job.stage.repartition"; of a join "job.stage.left.repartition". */
static const char *cut_topic(struct planner *p, const ds_node *node,
                             const ds_stage *stage, uint32_t port)
{
    const char *job = p->plan->job;

    if (node->n_inputs == 1)
        return ds_str_printf(p->a, "%s.%s.repartition", job, stage->name);
    if (node->n_inputs == 2)
        return ds_str_printf(p->a, "%s.%s.%s.repartition", job, stage->name,
                             port ? "right" : "left");
    return ds_str_printf(p->a, "%s.%s.%u.repartition", job, stage->name,
                         port + 1);
}

static const char *cut_what(struct planner *p, const ds_node *node,
                            const char *what, uint32_t port)
{
    return node->n_inputs == 1 || port == 0
               ? what
               : ds_str_printf(p->a, "%s.%u", what, port + 1);
}

static void cut_mark(ds_node *made, const ds_node *node, ds_cut cut)
{
    made->cut = cut;
    made->for_node = node;
    if (cut == DS_CUT_SPREAD)
        made->spread = node->type->spread(node->args);
}

/* Rows no longer belong to records: the topic's own have another meaning. */
static void make_unshuffled(ds_node *made, const ds_stage *stage)
{
    made->stage = stage->id;
    made->records = false;
    made->copies = false;
    made->by_key = made->cut == DS_CUT_KEY;
    made->single = made->cut == DS_CUT_ONE || made->spread == 1;
}

/* What a repartition topic is, beside its name. */
static void cut_set_topic(struct planner *p, const ds_node *shuffle,
                          const ds_stage *stage)
{
    ds_plan_topic *topic = &p->plan->topics[shuffle->topic];

    topic->reader = stage->id;
    if (shuffle->cut == DS_CUT_ONE)
        topic->partitions = 1;
    else if (shuffle->cut == DS_CUT_SPREAD)
        topic->partitions = shuffle->spread;
}

static ds_node *cut_input(struct planner *p, ds_node *node, uint32_t port,
                          ds_node *input, ds_cut cut, const ds_stage *stage)
{
    const char *topic = cut_topic(p, node, stage, port);
    ds_node *shuffle, *unshuffle;

    read_keys(input);
    shuffle = internal(p, type_of(p, "shuffle"), node,
                       cut_what(p, node, "shuffle", port), input);
    cut_mark(shuffle, node, cut);
    shuffle->topic =
        planner_topic(p, topic, DS_TOPIC_REPARTITION, input->stage);
    cut_set_topic(p, shuffle, stage);
    planner_add(p, shuffle);

    unshuffle = internal(p, type_of(p, "unshuffle"), node,
                         cut_what(p, node, "unshuffle", port), shuffle);
    cut_mark(unshuffle, node, cut);
    unshuffle->topic = shuffle->topic;
    make_unshuffled(unshuffle, stage);
    planner_add(p, unshuffle);
    return unshuffle;
}

/* The combine of an operator with one input; NULL after a mistake. */
static ds_node *cut_combine(struct planner *p, ds_node *node)
{
    ds_node *partial =
        internal(p, node->type->combine, node, "partial", node->inputs[0]);

    read_keys(node->inputs[0]);
    partial->combines = node;
    planner_add(p, partial);
    return partial->broken ? NULL : partial;
}

void planner_cut(struct planner *p, ds_node *node, ds_cut cut)
{
    ds_node *partial = NULL;
    ds_stage *stage;
    uint32_t id;

    if (node->type->combine) {
        partial = cut_combine(p, node);
        if (partial == NULL) {
            node->broken = true;
            return;
        }
    }
    stage = stage_for(p, node->stream);
    id = stage->id;
    for (uint32_t i = 0; i < node->n_inputs; i++)
        node->inputs[i] =
            cut_input(p, node, i, partial ? partial : node->inputs[i], cut,
                      &p->plan->stages[id]);
    node->stage = id;
    node->single = node->inputs[0]->single;
    node->partial = partial;
    /* Without a combine the operator is planned over these rows. */
    if (partial == NULL)
        planner_inherit(node);
}
