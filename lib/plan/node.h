/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h - one step of the plan. Read-only once the plan is made.
 *
 *     source --> flatMap --> filter --> map --> keyBy --> partial --> shuffle
 *                                                                        :
 *        ....................... a repartition topic, another stage .....:
 *        :
 *     unshuffle --> updateStateByKey --+--> sink
 *                                      +--> console
 *
 * The operators in small letters are internal; their types are looked up in the
 * registry under these names: "source", "sink", "console", "shuffle",
 * "unshuffle", "dead" is none: dead letters are the engine's.
 */
#ifndef PLAN_NODE_H
#define PLAN_NODE_H

#include "dstream/registry.h"

typedef enum ds_on_error {
    DS_ON_ERROR_FAIL,
    DS_ON_ERROR_DLQ,
    DS_ON_ERROR_SKIP
} ds_on_error;

struct ds_node {
    uint32_t id; /* position in plan->nodes: inputs come before outputs */
    const ds_op_type *type;
    const char *stream; /* the stream, source or sink it belongs to */
    const char *name;   /* "counts.updateStateByKey": logs, metrics, errors */
    const char *op;     /* as written, for headers and metrics: "map" */
    ds_where where;
    const void *args; /* type->args_size bytes, checked */
    ds_on_error on_error;

    uint32_t n_inputs;
    ds_node **inputs;
    uint32_t n_outputs;
    ds_node **outputs;
    int *out_ports;

    /* The stream that leaves the node. */
    const ds_schema *schema;
    const uint16_t *keys; /* columns of the key, in key order */
    uint32_t n_keys;      /* 0: no pair stream */
    bool records; /* rows still belong to records: _ts and so on may be named */
    bool copies;  /* only map and filter so far: a sink copies the record's key,
                     timestamp and headers (contract.md 4.1) */
    bool by_key;  /* its partitions are those of the key */
    bool deletes; /* a removed key leaves as a row: tombstones (8.5) */

    void *planned; /* what plan() compiled; the operator's own */
    unsigned flags; /* type->flags, and what plan() adds */
    const ds_node *combines; /* a partial operator: the one it works for */
    const ds_node *partial;  /* the planned operator: its input comes in partial
                                rows from this one, through a repartition */

    uint32_t stage;
    int store;       /* number in plan->stores, or -1 */
    int topic;       /* sink, shuffle: number in plan->topics, or -1 */
    const bool *reads; /* which columns of its output later nodes read; set for
                          source nodes, before open() */
};

static inline const ds_schema *ds_node_input(const ds_node *node, int port)
{
    return node->inputs[port]->schema;
}

#endif
