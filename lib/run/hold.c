/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold.c - a partition that waits at a record which cannot be decoded now
 * (DS_CODE_WAIT): for want of a server's answer, not because it is bad.
 *
 * The input gets a limit, as before a record that stops the job: the epoch runs
 * again up to it and commits. Then the partition is paused, the others go on,
 * and after a while it is read again from that record. Nobody else waits: no
 * transaction is open meanwhile, and the group member polls as ever.
 */
#include <stdlib.h>

#include "run/run.h"

#define HOLD (1000 * DS_MS)
#define REASONS_MAX 16

/* Readers of the status may hold it: a reason stays until the worker goes. */
const char *hold_reason(worker *w, const char *msg)
{
    for (uint32_t i = 0; i < w->n_reasons; i++)
        if (!strcmp(w->reasons[i], msg))
            return w->reasons[i];
    if (w->n_reasons == REASONS_MAX)
        return "waiting for a server";
    if (!w->reasons)
        w->reasons = calloc(REASONS_MAX, sizeof(*w->reasons));
    DS_BUG_ON(!w->reasons);
    w->reasons[w->n_reasons] = strdup(msg);
    DS_BUG_ON(!w->reasons[w->n_reasons]);
    return w->reasons[w->n_reasons++];
}

void hold_forget(worker *w)
{
    for (uint32_t i = 0; i < w->n_reasons; i++)
        free(w->reasons[i]);
    free(w->reasons);
    w->reasons = NULL;
    w->n_reasons = 0;
}

ds_rc hold_set(worker *w, const ds_envelope *env, uint32_t rec, const char *msg,
               ds_err *err)
{
    input *in = assign_input(w, env->topic, env->partition);

    DS_BUG_ON(!in);
    if (env->off[rec] < in->limit) {
        in->limit = env->off[rec];
        in->limit_batch = in->task->now;
        in->hold_until = ds_mono_now() + HOLD;
        in->held = hold_reason(w, msg);
    }
    return ds_fail(err, DS_E_RECORD, "topic %s partition %d offset %lld: %s",
                   env->topic, env->partition, (long long)env->off[rec], msg);
}

static void hold_show(worker *w, const input *in)
{
    atomic_store(&w->stats.why, in->held);
    atomic_store(&w->stats.state, "stalled");
}

static ds_rc hold_end(worker *w, input *in, ds_err *err)
{
    ds_position pos = ds_position_of(in->topic, in->partition, in->next);

    in->held = NULL;
    in->limit = INT64_MAX;
    if (!in->paused)
        return DS_OK;
    in->paused = false;
    DS_TRY(w->source->type->pause(w->source, in->topic, in->partition, false,
                                  err));
    return w->source->type->seek(w->source, &pos, 1, err);
}

ds_rc hold_round(worker *w, ds_err *err)
{
    ds_time now = ds_mono_now();

    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];

        if (!in->held)
            continue;
        if (now >= in->hold_until) {
            hold_show(w, in);
            DS_TRY(hold_end(w, in, err));
            continue;
        }
        hold_show(w, in);
        if (in->paused)
            continue;
        ds_log(DS_LOG_WARN, in->held, DS_KV("job", "%s", w->ctx->plan->job),
               DS_KV("topic", "%s", in->topic),
               DS_KV("partition", "%d", in->partition),
               DS_KV("offset", "%lld", (long long)in->limit));
        in->paused = true;
        DS_TRY(w->source->type->pause(w->source, in->topic, in->partition, true,
                                      err));
    }
    return DS_OK;
}

const input *hold_any(const worker *w)
{
    for (uint32_t i = 0; i < w->n_inputs; i++)
        if (w->inputs[i].held)
            return &w->inputs[i];
    return NULL;
}
