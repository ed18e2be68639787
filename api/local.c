/* SPDX-License-Identifier: Apache-2.0 */
/* local.c - jobs that need no Kafka. */
#include "api/local.h"

#include "memory/memory.h"

bool local_is(const ds_plan *plan)
{
    for (uint32_t i = 0; i < plan->n_topics; i++)
        switch (plan->topics[i].kind) {
        case DS_TOPIC_RECEIVED:
        case DS_TOPIC_CHANGELOG:
        case DS_TOPIC_REPARTITION:
            break;
        default:
            return false;
        }
    return true;
}

void local_trim_topic(ds_broker *memory, const char *topic, int64_t keep)
{
    int32_t n = memory_partitions(memory, topic);

    for (int32_t p = 0; p < n; p++) {
        int64_t low, high;

        if (memory->type->watermarks(memory, topic, p, &low, &high, NULL) ==
                DS_OK &&
            high - keep > low)
            memory_trim(memory, topic, p, high - keep);
    }
}

void local_trim_read(ds_broker *memory, const char *topic, const char *group)
{
    int32_t n = memory_partitions(memory, topic);

    for (int32_t p = 0; p < n; p++) {
        ds_position pos = {
            .topic = topic, .partition = p, .next = DS_OFFSET_NONE};

        if (memory->type->group_offsets(memory, group, &pos, 1, 0, NULL) ==
                DS_OK &&
            pos.next > 0)
            memory_trim(memory, topic, p, pos.next);
    }
}

/* The group that reads one of the job's own topics. */
static const char *group_of(const ds_plan *plan, uint32_t topic)
{
    for (uint32_t i = 0; i < plan->n_stages; i++) {
        const ds_stage *s = &plan->stages[i];

        for (uint32_t k = 0; k < s->n_sources; k++)
            if (strcmp(s->sources[k]->type->name, "unshuffle") == 0 &&
                s->sources[k]->topic == (int)topic)
                return s->group;
    }
    return plan->stages[0].group;
}

void local_trim(ds_broker *memory, const ds_plan *plan)
{
    for (uint32_t i = 0; i < plan->n_topics; i++) {
        const ds_plan_topic *t = &plan->topics[i];

        if (t->kind == DS_TOPIC_CHANGELOG)
            local_trim_topic(memory, t->name, 2);
        else if (t->kind == DS_TOPIC_REPARTITION ||
                 t->kind == DS_TOPIC_RECEIVED)
            local_trim_read(memory, t->name, group_of(plan, i));
    }
}
