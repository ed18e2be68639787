/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op.h - what an operator is.
 *
 * An operator type is a constant struct. An instance belongs to one task, and
 * a task to one thread, so operators need no locks.
 *
 *   plan()     once per job: check arguments, compute the output schema.
 *   start()    once per job, before its first task: servers may be asked.
 *   open()     once per task: make what evaluation needs.
 *   begin()    a batch starts: op->now is its time; epoch_arena and overlay are
 *              those of the epoch, in which several batches may follow each
 *              other. A node runs only in batches whose time is a multiple of
 *              its tick.
 *   push()     rows of input; hand results on with ds_emit(). `port`: which of
 *              the node's inputs they come from.
 *   seal()     the batch ends: emit what is still owed. An operator's seal is
 *              called after those of all operators before it.
 *   deliver()  the epoch is about to commit.
 *   close()    the task goes away. Memory goes with the task arena; close()
 *              is for what an arena cannot hold.
 *
 * Only name, help, size and push are required.
 *
 * Order within a batch: one begin, any number of pushes, one seal. After an
 * abort the same records come again, possibly cut differently; so an operator
 * keeps nothing of its own from one batch to the next. What must last goes into
 * the store. What belongs to the batch is allocated in op->epoch_arena in
 * begin() or later. In a stage that is not timed, a batch is whatever one epoch
 * has read.
 *
 * Thread: plan() and start() main; all others the worker that owns the task.
 */
#ifndef DSTREAM_OP_H
#define DSTREAM_OP_H

#include "dstream/batch.h"
#include "dstream/outbox.h"
#include "dstream/param.h"
#include "dstream/public.h"
#include "dstream/store.h"
#include "dstream/table.h"

DS_PUBLIC_BEGIN

typedef struct ds_node ds_node; /* step of the plan; read-only after plan() */
typedef struct ds_op ds_op;

enum ds_op_flags {
    DS_OP_STATEFUL = 1 << 0,      /* has a store */
    DS_OP_BY_KEY = 1 << 1,        /* input must be partitioned by its key */
    DS_OP_INTERNAL = 1 << 2,      /* made by the planner; no job names it */
    DS_OP_NEEDS_BATCH = 1 << 3,   /* what it makes of a batch needs the whole
                                     batch, of all partitions; plan() may set it
                                     on the node */
    DS_OP_EVERY_EPOCH = 1 << 4,   /* may owe rows in an epoch without input;
                                     plan() may set it on the node */
    DS_OP_NULLS = 1 << 6,         /* on_error: null may be said of it */
    DS_OP_ONE = 1 << 7,           /* the rows of all partitions come to one
                                     task */
    DS_OP_KEEPS_COLUMNS = 1 << 5, /* what leaves has the columns of what came,
                                     even if plan() found a mistake: the steps
                                     after it are checked all the same */
};

typedef struct ds_op_type {
    const char *name; /* as in YAML: "reduceByKey" */
    const char *help; /* one sentence */
    /* For the table of operators: what it keeps between batches and what a
     * batch costs, in a few words; NULL: nothing to say. */
    const char *keeps, *cost;
    const ds_param *params;
    size_t args_size; /* sizeof the struct the params fill in */
    size_t size;      /* sizeof the instance, whose first member is a ds_op */
    unsigned flags;

    /* Mistakes go to `d`. Compiled things go to node->planned (context arena).
     * Sets node->schema, keys, n_keys. */
    void (*plan)(ds_node *node, ds_arena *a, ds_diags *d);
    /* Called in place of plan() after a mistake in the arguments, or in what
     * comes in: what can be said of those that are there. NULL: nothing. */
    void (*check)(ds_node *node, ds_diags *d);
    ds_rc (*start)(const ds_node *node, ds_err *err);
    ds_rc (*open)(ds_op *op, ds_err *err);
    ds_rc (*begin)(ds_op *op, ds_err *err);
    ds_rc (*push)(ds_op *op, int port, const ds_batch *in, ds_err *err);
    ds_rc (*seal)(ds_op *op, ds_err *err);
    /* Everything of the epoch is done but its commit: what goes elsewhere than
     * to topics and stores goes now. An error aborts the epoch. */
    ds_rc (*deliver)(ds_op *op, ds_err *err);
    /* It has committed. An error stops the job. */
    ds_rc (*delivered)(ds_op *op, ds_err *err);
    void (*close)(ds_op *op);

    /* Map-side combine: this internal operator runs before the cut and turns
     * rows into one partial row per key and epoch; its plan() finds the planned
     * operator in node->combines. NULL: rows cross as they are. */
    const struct ds_op_type *combine;

    /* An internal operator that the builder puts in front; NULL: none. */
    const struct ds_op_type *before;

    /* Rows go round over that many partitions, and the operator comes after
     * that; 0: no. Called with the args. NULL: no. */
    int32_t (*spread)(const void *args);
} ds_op_type;

/* The first rows of a batch, as lines without their ends. */
typedef struct ds_shown {
    const ds_slice *lines;
    uint32_t n;
    int64_t rows;  /* that the batch has */
    int64_t limit; /* no more lines than that are shown */
} ds_shown;

/* What the engine does for its operators. */
typedef struct ds_op_host {
    /* Rows that were refused: dead letter, skip or fail, by node->on_error.
     * `rest` is `in` without them. With fail it returns DS_E_RECORD, which the
     * operator passes up: the engine runs the epoch again up to that record.
     * An operator never returns DS_E_RECORD by itself. */
    ds_rc (*reject)(ds_op *op, const ds_batch *in, const ds_row_errors *errs,
                    const ds_batch **rest, ds_err *err);
    /* on_error null: items of `in` that were refused; the operator makes them
     * NULL. Counts and tells them as reject() does. */
    ds_rc (*null_items)(ds_op *op, const ds_batch *in,
                        const ds_row_errors *errs, ds_err *err);
    /* An aggregate of many records was refused (sum out of range): the given
     * record, the last one that went in, is made responsible. Always returns
     * DS_E_RECORD, which the operator passes up: the engine runs the epoch
     * again, and admit() keeps that record from this operator. */
    ds_rc (*reject_record)(ds_op *op, const ds_envelope *env, uint32_t rec,
                           const char *code, const char *msg, ds_err *err);
    /* `in` without the records that this operator refused with reject_record.
     * Others still get them. */
    const ds_batch *(*admit)(ds_op *op, const ds_batch *in);
    /* The rows of a batch for standard output, printed when the epoch has
     * committed: what the tasks of a worker have of one batch shows as one. */
    void (*print)(ds_op *op, const ds_shown *rows);
    /* Rows dropped on purpose, by reason: "filtered", "empty" (a set without
     * rows), "no_window" (the slide is longer than the window), "null_key",
     * "null_time". */
    void (*discard)(ds_op *op, uint32_t n, const char *reason);
    /* Rows that came after their time, dropped and counted; they go where
     * errors.late says. */
    void (*late)(ds_op *op, const ds_batch *rows);
    /* How far the task's inputs were read when its last transaction committed,
     * and (next) will have been when this one has: a number. */
    uint64_t (*token)(ds_op *op, bool next);
} ds_op_host;

/* Zeroed and filled in by the engine before open(). */
struct ds_op {
    const ds_op_type *type;
    const ds_node *node; /* shared by all tasks */
    const ds_op_host *host;
    void *task;            /* the engine's */
    ds_arena *task_arena;  /* lives as long as the task */
    ds_arena *epoch_arena; /* of the epoch that is being processed */
    uint64_t epoch;        /* its number: what hangs on another one is gone */
    ds_time now;           /* the batch's time */
    int32_t partition;     /* of the task */
    int32_t partitions;    /* of the store's changelog: the stage's tasks */
    ds_store *store;       /* DS_OP_STATEFUL, else NULL */
    ds_overlay *overlay;   /* of the epoch that is being processed */
    ds_store *second;      /* of two: node->store_names */
    ds_overlay *second_overlay;
    ds_outbox *outbox;       /* rows that leave the task */
    const ds_table **tables; /* those of node->tables, as this batch sees them;
                                set before begin() */
    /* Of the epoch. Nothing is lost without a name (run/tally.h):
     *     rows_in = rows_kept + rows_dropped + rows_refused
     * push() counts in rows_kept the rows of its input that live on: in rows
     * that it emits, in groups, in state, in records. discard() and reject()
     * count the others. */
    uint64_t rows_in, rows_out, rows_kept, rows_dropped, rows_late,
        rows_refused;
    bool stamps;      /* shuffle: rows carry the batch time in front */
    ds_time decoding; /* likewise: a source's time in its codec */
    /* Event time (node->event_time). A source says the largest of the rows
     * that its last push() let through, DS_TIME_NONE if there was none; the
     * engine makes the task's watermark of it, the minimum of all sources. */
    ds_time event_max;
    ds_time watermark;        /* as it stands after this batch's rows: known in
                                 seal() */
    ds_time watermark_before; /* after the previous batch: rows at or before it
                                 are late; DS_TIME_NONE: there is none */
    uint32_t n_outs;          /* downstream; use ds_emit() */
    ds_op **outs;
    int *out_ports;
};

/* Give a batch to what follows. A batch in which no row counts is dropped
 * here, so operators need not test for it. */
static inline ds_rc ds_emit(ds_op *op, const ds_batch *out, ds_err *err)
{
    if (out->n_sel == 0)
        return DS_OK;
    op->rows_out += out->n_sel;
    for (uint32_t i = 0; i < op->n_outs; i++) {
        ds_op *next = op->outs[i];
        next->rows_in += out->n_sel;
        DS_TRY(next->type->push(next, op->out_ports[i], out, err));
    }
    return DS_OK;
}

DS_PUBLIC_END

#endif
