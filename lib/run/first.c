/* SPDX-License-Identifier: Apache-2.0 */
/*
 * first.c - a co-partitioned table comes first: what a task reads beside it is
 * paused, after an assignment, until the table has been read to the end that it
 * had then. Else the first rows would be joined with half a table.
 *
 * Later a table is read as everything else is. Where records move the batch
 * time nothing waits: there a record belongs to a batch by its own time.
 */
#include "run/run.h"

/* The table that the input is of; NULL: none. */
static const ds_plan_table *table_of(const worker *w, const input *in)
{
    const ds_plan_table *t = NULL;

    for (uint32_t i = 0; i < in->n_nodes && !t; i++)
        t = ds_node_reads_table(w->stage->nodes[in->nodes[i]]);
    return t;
}

static void table_end(const worker *w, input *in, int64_t high)
{
    if (in->next >= high)
        return;
    in->first = high;
    ds_log(DS_LOG_INFO,
           "a table is read before the rows that it is joined with",
           DS_KV("job", "%s", w->ctx->plan->job),
           DS_KV("table", "%s", table_of(w, in)->name),
           DS_KV("topic", "%s", in->topic),
           DS_KV("partition", "%d", in->partition),
           DS_KV("records", "%lld", (long long)(high - in->next)));
}

/* The ends of all tables, asked for at once. */
static ds_rc tables_ends(worker *w, ds_err *err)
{
    ds_position *pos = ds_new(w->scratch, ds_position, w->n_inputs + 1);
    input **of = ds_new(w->scratch, input *, w->n_inputs + 1);
    int64_t *low = ds_new(w->scratch, int64_t, w->n_inputs + 1);
    int64_t *high = ds_new(w->scratch, int64_t, w->n_inputs + 1);
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];

        if (!table_of(w, in))
            continue;
        pos[n] = ds_position_of(in->topic, in->partition, 0);
        of[n++] = in;
    }
    DS_TRY(w->reader->type->ends(w->reader, pos, n, low, high, err));
    for (uint32_t i = 0; i < n; i++)
        table_end(w, of[i], high[i]);
    return DS_OK;
}

/* Whether a table of the task is not read yet. */
static bool is_behind(const worker *w, const task *t)
{
    for (uint32_t i = 0; i < w->n_inputs; i++)
        if (w->inputs[i].task == t && w->inputs[i].next < w->inputs[i].first)
            return true;
    return false;
}

static ds_rc first_end(worker *w, input *in, ds_err *err)
{
    ds_position pos = ds_position_of(in->topic, in->partition, in->next);

    in->waits = in->paused = false;
    DS_TRY(w->source->type->pause(w->source, in->topic, in->partition, false,
                                  err));
    return w->source->type->seek(w->source, &pos, 1, err);
}

ds_rc first_place(worker *w, bool resync, ds_err *err)
{
    if (w->holds)
        return DS_OK;
    if (!resync)
        DS_TRY(tables_ends(w, err));
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];
        bool waits = !table_of(w, in) && is_behind(w, in->task);

        if (in->waits && !waits)
            DS_TRY(first_end(w, in, err));
        in->waits = waits;
    }
    return DS_OK;
}

ds_rc first_reached(worker *w, const input *in, ds_err *err)
{
    if (in->next < in->first || is_behind(w, in->task))
        return DS_OK;
    for (uint32_t i = 0; i < w->n_inputs; i++)
        if (w->inputs[i].task == in->task && w->inputs[i].waits)
            DS_TRY(first_end(w, &w->inputs[i], err));
    return DS_OK;
}

ds_rc first_round(worker *w, ds_err *err)
{
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];

        if (!in->waits)
            continue;
        atomic_store(&w->stats.state, "restoring");
        atomic_store(&w->stats.why, "a table is read first");
        if (in->paused)
            continue;
        in->paused = true;
        DS_TRY(w->source->type->pause(w->source, in->topic, in->partition, true,
                                      err));
    }
    return DS_OK;
}
