/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.c - what became of the rows of an epoch.
 *
 * Of each operator: every row that went in is kept, dropped or refused. Summed
 * over a stage's operators that is the law of conservation which progress and
 * logs show:
 *
 *     in + made = out + crossed + kept + filtered + late + dlq + skipped
 *
 * in: records of the stage's topics; made: rows that operators added (a set,
 * several streams that read the same rows, results of a batch); out: rows that
 * sinks and consoles took; crossed: rows that went to a repartition topic;
 * kept: rows that went into aggregates and state; filtered: rows that a
 * condition dropped, that a step made none of, or that reach no sink.
 */
#include "run/run.h"

const char *const ds_tally_names[DS_TALLY_N] = {"in",      "made", "out",
                                                "crossed", "kept", "filtered",
                                                "late",    "dlq",  "skipped"};

static bool op_is(const ds_op *op, const char *name)
{
    return strcmp(op->type->name, name) == 0;
}

static void tally_op(ds_tally *t, const ds_op *op)
{
    bool sink =
        op_is(op, "sink") || op_is(op, "console") || op_is(op, "outside");
    bool shuffle = op_is(op, "shuffle");
    bool gathers = op->type->seal && !sink;
    uint64_t given = sink || shuffle ? 0 : op->rows_out * op->n_outs;
    uint64_t passed = sink || shuffle || gathers ? 0 : op->rows_kept;

    if (op->node->n_inputs == 0 || op_is(op, "unshuffle"))
        t->in += op->rows_in;
    if (sink)
        t->out += op->rows_kept;
    else if (shuffle)
        t->crossed += op->rows_kept;
    else if (gathers)
        t->kept += op->rows_kept;
    t->filtered += op->rows_dropped - op->rows_late;
    if (given >= passed)
        t->made += given - passed;
    else /* nobody reads the stream */
        t->filtered += passed - given;
    t->late += op->rows_late;
    *(op->node->on_error == DS_ON_ERROR_DLQ ? &t->dlq : &t->skipped) +=
        op->rows_refused;
}

static void tally_check(const ds_op *op)
{
#ifndef NDEBUG
    DS_BUG_ON(op->rows_in !=
              op->rows_kept + op->rows_dropped + op->rows_refused);
#else
    (void)op;
#endif
}

void tally_epoch(const worker *w, ds_tally *out)
{
    *out = (ds_tally){.in = w->epoch->turned_away,
                      .dlq = w->epoch->turned_away_dlq};
    out->skipped = out->in - out->dlq;
    for (uint32_t i = 0; i < w->n_tasks; i++) {
        const task *t = &w->tasks[i];

        for (uint32_t k = 0; t->open && k < t->n_ops; k++) {
            tally_check(t->ops[k]);
            tally_op(out, t->ops[k]);
        }
    }
    DS_BUG_ON(out->in + out->made != out->out + out->crossed + out->kept +
                                         out->filtered + out->late + out->dlq +
                                         out->skipped);
}

/* In the order of ds_tally. */
void tally_add(worker_stats *s, const ds_tally *t)
{
    const uint64_t *from = (const uint64_t *)(const void *)t;

    for (size_t i = 0; i < DS_TALLY_N; i++)
        atomic_fetch_add(&s->tally[i], from[i]);
}

void tally_sum(ds_tally *sum, worker_stats *s)
{
    uint64_t *to = (uint64_t *)(void *)sum;

    for (size_t i = 0; i < DS_TALLY_N; i++)
        to[i] += atomic_load(&s->tally[i]);
}
