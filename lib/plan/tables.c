/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables.c - which tables a node reads.
 */
#include <string.h>

#include "plan/planner.h"

const ds_plan_table *ds_node_reads_table(const ds_node *node)
{
    const ds_source_args *s = node->args;

    return s && strcmp(node->type->name, "source") == 0 ? s->table : NULL;
}

int ds_node_table(ds_node *node, const char *name)
{
    const ds_plan *plan = node->plan;
    const ds_plan_table *t = NULL;

    for (uint32_t i = 0; i < node->n_tables; i++)
        if (strcmp(node->tables[i]->name, name) == 0)
            return (int)i;
    for (uint32_t i = 0; i < plan->n_tables; i++)
        if (strcmp(plan->tables[i].name, name) == 0)
            t = &plan->tables[i];
    if (!t)
        return -1;
    if (!node->tables)
        node->tables =
            ds_new(plan->arena, const ds_plan_table *, plan->n_tables);
    node->tables[node->n_tables] = t;
    return (int)node->n_tables++;
}
