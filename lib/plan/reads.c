/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reads.c - which columns are read at all, so that no other one is decoded.
 *
 * plan() says what a node reads of its input. What only passes through is
 * found afterwards, from the sinks back to the sources.
 */
#include <string.h>

#include "plan/planner.h"

void ds_node_read(ds_node *node, int port, uint32_t col)
{
    ds_node *input = node->inputs[port];

    node->reads_said = true;
    if (input->wants && col < input->schema->n)
        input->wants[col] = true;
}

void ds_node_read_all(ds_node *node, int port)
{
    ds_node *input = node->inputs[port];

    node->reads_said = true;
    if (input->wants)
        memset(input->wants, true, input->schema->n);
}

void ds_node_read_none(ds_node *node, int port)
{
    (void)port;
    node->reads_said = true;
}

void planner_reads_begin(struct planner *p, ds_node *node)
{
    if (node->wants == NULL)
        node->wants = ds_new(p->a, bool, node->schema->n + 1);
}

/* A node that said nothing reads all; a combine reads what its operator said.
 */
void planner_reads_default(ds_node *node)
{
    bool said =
        node->reads_said || (node->combines && node->combines->reads_said);

    for (uint32_t i = 0; i < node->n_inputs && !said; i++)
        ds_node_read_all(node, (int)i);
}

void planner_reads_spread(struct planner *p)
{
    ds_plan *plan = p->plan;

    for (uint32_t i = plan->n_nodes; i-- > 0;) {
        ds_node *node = plan->nodes[i];

        node->reads = node->wants;
        /* A record in a repartition topic is read as it was written. */
        if (strcmp(node->type->name, "unshuffle") == 0)
            memset(node->wants, true, node->schema->n);
        for (uint32_t k = 0; k < node->n_inputs; k++) {
            ds_node *input = node->inputs[k];

            if (input->schema != node->schema)
                continue;
            for (uint32_t c = 0; c < node->schema->n; c++)
                input->wants[c] = input->wants[c] || node->wants[c];
        }
    }
}
