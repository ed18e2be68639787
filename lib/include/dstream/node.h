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
 *
 * Before plan() is called the planner has set args, on_error, inputs, and, from
 * input 0, schema, keys, n_keys, watermarked, tick, slide and by_key (a
 * DS_OP_BY_KEY operator: by_key is true); records and copies if they are true
 * of all inputs. "source" and "unshuffle" come with all of it set; their
 * plan(), if any, only adds to it. deletes is false before plan().
 *
 * A node has one input or, where its arguments name other streams (DS_P_STREAM,
 * DS_P_STREAMS), several: those come after input 0 in the order of the
 * parameters. All of them lie in one stage, if need be behind cuts.
 *
 * A DS_OP_BY_KEY operator with a combine is planned over the rows before the
 * cut: its plan() sees their schema. If a cut is needed, its combine is planned
 * with the same input, and then the input is replaced by the unshuffle node,
 * whose rows are the partial ones; node->partial tells.  Without a combine it
 * is planned over the unshuffle node.
 *
 * An unshuffle node has the shuffle node as input 0, for what it says about the
 * rows; the shuffle node has no outputs. Both have the same topic.
 */
#ifndef DSTREAM_NODE_H
#define DSTREAM_NODE_H

#include "dstream/public.h"
#include "dstream/registry.h"

DS_PUBLIC_BEGIN

typedef enum ds_on_error {
    DS_ON_ERROR_FAIL,
    DS_ON_ERROR_DLQ,
    DS_ON_ERROR_SKIP,
    DS_ON_ERROR_NULL, /* what failed is NULL, the row goes on */
} ds_on_error;

/* How rows cross to another stage. */
typedef enum ds_cut {
    DS_CUT_NONE,
    DS_CUT_KEY,    /* to the partition of their key */
    DS_CUT_ONE,    /* to a stage of one partition */
    DS_CUT_SPREAD, /* round over all partitions */
    DS_CUT_SAME    /* to the partition of the same number */
} ds_cut;

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
    bool single;  /* its stage has one partition */
    ds_time tick; /* it runs in batches whose time is a multiple of it (us): the
                     slide of what comes in */
    ds_time slide; /* that of what leaves; windows set it in plan() */
    ds_time span;  /* how long rows are in the windows up to here; idem */
    bool deletes;  /* a removed key leaves as a row: tombstones (8.5) */
    /* The column that is the rows' event time, or -1. A plan() that makes other
     * columns says where it went; who says nothing and passes its input's
     * schema on keeps it, who says nothing and makes another one loses it. */
    int event_time;
    bool watermarked; /* with it: all sources that it came from say how late a
                         row may be */
    ds_time lag;      /* its rows are later than the watermark less this: those
                         of a join that waits leave when it is past them */

    void *planned;           /* what plan() compiled; the operator's own */
    unsigned flags;          /* type->flags, and what plan() adds */
    const ds_node *combines; /* a partial operator: the one it works for */
    const ds_node *partial;  /* the planned operator: its input comes in partial
                                rows from this one, through a repartition */

    ds_cut cut;              /* shuffle, unshuffle */
    int32_t spread;          /* idem, SPREAD: over how many partitions */
    const ds_node *for_node; /* idem: the node that needs the cut */

    uint32_t stage;
    int store;         /* number in plan->stores, or -1 */
    int topic;         /* sink, shuffle: number in plan->topics, or -1 */
    const bool *reads; /* which columns of its output later nodes read; set for
                          all nodes once the plan is made */

    uint32_t n_tables; /* tables that it reads: ds_node_table() */
    const struct ds_plan_table **tables;

    /* For plan(). */
    const ds_registry *reg;
    const struct ds_plan *plan;     /* what is known of it; its tables are */
    const char *const *store_names; /* two stores, op->store and op->second,
                                       with these names; NULL: one */
    const char *canon; /* stateful: what its state means, as a canonical text
                          (expressions deparsed, types): part of the store's
                          signature. NULL: its arguments as written */
    const ds_schema *state; /* stateful: the columns of its store's values, if
                               they are not those of the node beside its key */

    /* The planner's own. */
    bool *wants;         /* reads, while it is being made */
    bool reads_said;     /* ds_node_read was called for its inputs */
    bool broken;         /* it has mistakes: what follows cannot be planned */
    const char *id_text; /* id:, names its store; NULL: none */
};

/* For plan(): this node reads that column, all columns, no column of what
 * comes in at `port`. A node that says nothing reads all. Columns that only
 * pass through need not be said if node->schema is the input's own pointer
 * (filter); else a column that goes on is a column read. */
void ds_node_read(ds_node *node, int port, uint32_t col);
void ds_node_read_all(ds_node *node, int port);
void ds_node_read_none(ds_node *node, int port);

/* Whether the node needs whole batches (DS_OP_NEEDS_BATCH). */
static inline bool ds_node_needs_batch(const ds_node *node)
{
    return (node->flags & DS_OP_NEEDS_BATCH) != 0;
}

/* For plan(): the number in node->tables (and op->tables) of the table of that
 * name, which the node reads from now on; -1: the job has no such table. */
int ds_node_table(ds_node *node, const char *name);

/* Whether a column of what leaves is of the key. */
static inline bool ds_node_is_key(const ds_node *node, uint32_t col)
{
    for (uint32_t i = 0; i < node->n_keys; i++)
        if (node->keys[i] == col)
            return true;
    return false;
}

static inline const ds_schema *ds_node_input(const ds_node *node, int port)
{
    return node->inputs[port]->schema;
}

DS_PUBLIC_END

#endif
