/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stores.c - the state of a job: names, changelogs, signatures.
 *
 * A signature says what the bytes of a store mean. It changes with the
 * operator's expressions and types, and with the stage that feeds it (the same
 * key may then live in another partition), not with a map before it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/planner.h"

/* ---- signature ---- */

/* An expression as written, blanks folded. */
static void put_text(FILE *to, const char *s)
{
    bool blank = false;

    for (; *s; s++) {
        bool is_blank = strchr(" \t\r\n", *s) != NULL;

        if (!is_blank)
            fprintf(to, "%s%c", blank ? " " : "", *s);
        blank = is_blank;
    }
    fputc('\n', to);
}

static void put_tree(FILE *to, const ds_arg *arg)
{
    if (arg == NULL)
        return;
    if (arg->kind == DS_ARG_SCALAR)
        put_text(to, arg->text.s);
    for (uint32_t i = 0; arg->kind != DS_ARG_SCALAR && i < arg->n; i++) {
        if (arg->kind == DS_ARG_MAP)
            fprintf(to, "%s: ", arg->names[i].s);
        put_tree(to, arg->items[i]);
    }
}

static void put_args(FILE *to, const ds_node *node)
{
    for (const ds_param *p = node->type->params; p && p->name; p++) {
        const void *at = (const char *)node->args + p->offset;

        if (p->type == DS_P_EXPR && ((const ds_text *)at)->s)
            put_text(to, ((const ds_text *)at)->s);
        else if (p->type == DS_P_SELECT || p->type == DS_P_EXPRS)
            put_tree(to, *(const ds_arg *const *)at);
    }
}

static void put_types(FILE *to, const ds_node *node)
{
    for (uint32_t i = 0; i < node->n_keys; i++)
        fprintf(to, "key %s\n",
                ds_type_name(node->schema->fields[node->keys[i]].type));
    for (uint32_t i = 0; i < node->schema->n; i++)
        if (!ds_node_is_key(node, i))
            fprintf(to, "%s %s\n", node->schema->fields[i].name,
                    ds_type_name(node->schema->fields[i].type));
}

static uint64_t signature(const ds_plan *plan, const ds_node *node,
                          uint32_t nth)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    uint64_t hash;

    DS_BUG_ON(to == NULL);
    fprintf(to, "%s\n%s\n", node->type->name, plan->stages[node->stage].name);
    put_types(to, node);
    if (node->canon)
        put_text(to, node->canon);
    else
        put_args(to, node);
    if (node->store_names)
        put_text(to, node->store_names[nth]);
    DS_BUG_ON(fclose(to) != 0);
    hash = ds_hash(text, len);
    free(text);
    return hash;
}

/* ---- names ---- */

/* Of the operator: the stream's, or "counts.2" for its second one without an
 * id. */
static const char *store_name(struct planner *p, const ds_node *node)
{
    uint32_t before = 0;

    if (node->id_text)
        return node->id_text;
    for (uint32_t i = 0; i < node->id; i++) {
        const ds_node *other = p->plan->nodes[i];

        before += (other->flags & DS_OP_STATEFUL) && !other->id_text &&
                  strcmp(other->stream, node->stream) == 0;
    }
    if (before == 0)
        return node->stream;
    return ds_str_printf(p->a, "%s.%u", node->stream, before + 1);
}

static void check_unique(struct planner *p, const ds_node *node,
                         const char *name)
{
    for (uint32_t i = 0; i < p->plan->n_stores; i++)
        if (strcmp(p->plan->stores[i].name, name) == 0) {
            ds_diag_add(p->d, DS_ERROR, "E0124", node->where,
                        "give one of them another `id:`",
                        "the state of %s has the same name, `%s`, as that of "
                        "%s",
                        node->name, name, p->plan->stores[i].node->name);
            return;
        }
}

/* The nth store of a node. */
static void add_store(struct planner *p, ds_node *node, const char *name,
                      uint32_t nth)
{
    ds_plan *plan = p->plan;
    ds_plan_store *store;

    check_unique(p, node, name);
    plan->stores = planner_grow(p->a, plan->stores, plan->n_stores,
                                &p->cap_stores, sizeof(*plan->stores));
    store = &plan->stores[plan->n_stores];
    *store = (ds_plan_store){
        .id = plan->n_stores++, .name = name, .node = node, .nth = nth};
    store->changelog = ds_str_printf(p->a, "%s.%s.changelog", plan->job, name);
    store->topic = (uint32_t)planner_topic(p, store->changelog,
                                           DS_TOPIC_CHANGELOG, node->stage);
    store->signature = signature(plan, node, nth);
    if (nth == 0)
        node->store = (int)store->id;
}

static void add_stores(struct planner *p, ds_node *node)
{
    const char *name = store_name(p, node);

    if (node->store_names == NULL) {
        add_store(p, node, name, 0);
        return;
    }
    for (uint32_t i = 0; i < 2; i++)
        add_store(p, node,
                  ds_str_printf(p->a, "%s.%s", name, node->store_names[i]), i);
}

void planner_fill_stores(struct planner *p)
{
    for (uint32_t i = 0; i < p->plan->n_nodes; i++)
        if (p->plan->nodes[i]->flags & DS_OP_STATEFUL)
            add_stores(p, p->plan->nodes[i]);
}
