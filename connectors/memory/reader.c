/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c - changelogs of the memory cluster, read on restore. */
#include <stdlib.h>

#include "memory/cluster.h"

typedef struct reader {
    ds_reader reader;
    cluster *c;
    ds_position *pos;
    uint32_t n;
} reader;

ds_rc memory_reader_open(ds_broker *b, ds_reader **out, ds_err *err)
{
    reader *r = calloc(1, sizeof(*r));

    (void)err;
    r->reader.type = &memory_reader_type;
    r->c = (cluster *)b;
    *out = &r->reader;
    return DS_OK;
}

static void reader_close(ds_reader *base)
{
    reader *r = (reader *)base;

    free(r->pos);
    free(r);
}

static ds_rc reader_ends(ds_reader *base, const ds_position *pos, uint32_t n,
                         int64_t *low, int64_t *high, ds_err *err)
{
    reader *r = (reader *)base;

    for (uint32_t i = 0; i < n; i++)
        DS_TRY(ds_broker_memory.watermarks(&r->c->broker, pos[i].topic,
                                           pos[i].partition, &low[i], &high[i],
                                           err));
    return DS_OK;
}

static ds_rc reader_assign(ds_reader *base, const ds_position *pos, uint32_t n,
                           ds_err *err)
{
    reader *r = (reader *)base;

    (void)err;
    r->pos = realloc(r->pos, (n + 1) * sizeof(*pos));
    if (n)
        memcpy(r->pos, pos, n * sizeof(*pos));
    r->n = n;
    return DS_OK;
}

static ds_rc reader_poll(ds_reader *base, ds_arena *a, uint32_t max_rows,
                         int timeout_ms, ds_fetch *out, ds_err *err)
{
    reader *r = (reader *)base;
    ds_rc rc = DS_END;

    (void)timeout_ms;
    (void)err;
    pthread_mutex_lock(&r->c->lock);
    for (uint32_t i = 0; i < r->n && rc == DS_END; i++) {
        log_topic *t = cluster_topic(r->c, r->pos[i].topic);
        if (t && cluster_fetch(r->c, t, r->pos[i].partition, max_rows, a,
                               &r->pos[i].next, out))
            rc = DS_OK;
    }
    pthread_mutex_unlock(&r->c->lock);
    return rc;
}

const ds_reader_type memory_reader_type = {
    .close = reader_close,
    .ends = reader_ends,
    .assign = reader_assign,
    .poll = reader_poll,
};
