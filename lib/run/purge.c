/* SPDX-License-Identifier: Apache-2.0 */
/*
 * purge.c - repartition topics, and those of receivers, keep what nobody has
 * read, and no more.
 *
 * Records below the committed position are deleted, never above it: a position
 * that was only read may be taken back by an abort (exactly-once.md, G 19). The
 * broker is asked now and then and not waited for; what it did not delete it
 * deletes the next time.
 *
 * A topic that does not hold what its reader has committed was deleted, made
 * anew or cut by somebody: rows would be missing, or read twice.
 */
#include <inttypes.h>

#include "run/run.h"

#define PURGE_EVERY (10 * DS_SECOND)

/* A topic of ours that nobody else reads. */
static bool is_ours(const worker *w, const input *in)
{
    const ds_plan *plan = w->ctx->plan;

    for (uint32_t i = 0; i < plan->n_topics; i++)
        if (!strcmp(plan->topics[i].name, in->topic))
            return plan->topics[i].kind == DS_TOPIC_REPARTITION ||
                   plan->topics[i].kind == DS_TOPIC_RECEIVED;
    return false;
}

void purge_tick(worker *w)
{
    ds_time every = w->ctx->opts.purge ? w->ctx->opts.purge : PURGE_EVERY;
    ds_broker *b = w->ctx->broker;
    ds_time now = ds_mono_now();
    ds_position *pos;
    uint32_t n = 0;

    if (!b->type->delete_records || now - w->purged < every)
        return;
    pos = ds_new(w->scratch, ds_position, w->n_inputs + 1);
    for (uint32_t i = 0; i < w->n_inputs; i++) {
        input *in = &w->inputs[i];

        if (in->position > in->purged && is_ours(w, in))
            pos[n++] = ds_position_of(in->topic, in->partition, in->position);
    }
    /* Somebody else's question may take its time: the next tick will do. */
    if (n && pthread_mutex_trylock(&w->ctx->cluster) == 0) {
        b->type->delete_records(b, pos, n);
        pthread_mutex_unlock(&w->ctx->cluster);
        for (uint32_t i = 0; i < w->n_inputs; i++)
            w->inputs[i].purged = w->inputs[i].position;
        w->purged = now;
    }
    ds_arena_reset(w->scratch);
}

ds_rc purge_check(const char *topic, int32_t partition, const char *group,
                  int64_t committed, int64_t low, int64_t high, ds_err *err)
{
    if (committed < 0 || (committed >= low && committed <= high))
        return DS_OK;
    return ds_fail(err, DS_E_DECISION,
                   "topic %s partition %d holds offsets %" PRId64 " to %" PRId64
                   ", but group %s has committed %" PRId64
                   ": it was deleted, made anew, or records were deleted "
                   "before they were read. Start over with `dstream replay "
                   "FILE --to-earliest --execute`",
                   topic, (int)partition, low, high, group, committed);
}
