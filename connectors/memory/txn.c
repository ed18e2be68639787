/* SPDX-License-Identifier: Apache-2.0 */
/*
 * txn.c - transactions of the memory cluster.
 *
 * Rows and positions are kept aside and enter the topics together at commit; a
 * transaction that is dropped never happened.
 */
#include <stdlib.h>

#include "dstream/fault.h"
#include "memory/cluster.h"

typedef struct sent_pos {
    char *group;
    char *topic;
    int32_t partition;
    int64_t next;
    ds_marks marks;
} sent_pos;

typedef struct txn {
    ds_txn txn;
    cluster *c;
    log_topic **topics;
    uint32_t n_topics;
    ds_arena *arena; /* of the open transaction */
    ds_row *rows;
    uint32_t n_rows, cap_rows;
    sent_pos *pos;
    uint32_t n_pos;
    int64_t **acked; /* by topic and partition */
    uint32_t turn;   /* for rows without a key */
} txn;

static void txn_clear(txn *t)
{
    ds_arena_reset(t->arena);
    t->rows = NULL;
    t->n_rows = t->cap_rows = 0;
    t->pos = NULL;
    t->n_pos = 0;
}

ds_rc memory_txn_open(ds_broker *b, const ds_txn_spec *spec, ds_txn **out,
                      ds_err *err)
{
    txn *t = calloc(1, sizeof(*t));

    t->txn.type = &memory_txn_type;
    t->c = (cluster *)b;
    t->n_topics = spec->n_topics;
    t->topics = calloc(spec->n_topics + 1, sizeof(*t->topics));
    t->acked = calloc(spec->n_topics + 1, sizeof(*t->acked));
    t->arena = ds_arena_new(1 << 16);
    for (uint32_t i = 0; i < spec->n_topics; i++) {
        pthread_mutex_lock(&t->c->lock);
        t->topics[i] = cluster_topic(t->c, spec->topics[i]);
        pthread_mutex_unlock(&t->c->lock);
    }
    (void)err;
    *out = &t->txn;
    return DS_OK;
}

static void txn_close(ds_txn *base)
{
    txn *t = (txn *)base;

    for (uint32_t i = 0; i < t->n_topics; i++)
        free(t->acked[i]);
    free(t->acked);
    free(t->topics);
    ds_arena_free(t->arena);
    free(t);
}

static ds_rc txn_begin(ds_txn *base, ds_err *err)
{
    txn *t = (txn *)base;

    (void)err;
    txn_clear(t);
    for (uint32_t i = 0; i < t->n_topics; i++) {
        int32_t n = t->topics[i] ? t->topics[i]->n_parts : 0;
        if (n == 0)
            continue; /* a pattern, or a topic that is only read */
        t->acked[i] = realloc(t->acked[i], (size_t)n * sizeof(**t->acked));
        for (int32_t p = 0; p < n; p++)
            t->acked[i][p] = DS_OFFSET_NONE;
    }
    return DS_OK;
}

static int32_t row_partition(txn *t, const ds_row *row)
{
    int32_t n = t->topics[row->topic]->n_parts;

    if (row->partition != DS_PARTITION_BY_KEY)
        return row->partition;
    if (!row->key.ptr)
        return (int32_t)(t->turn++ % (uint32_t)n);
    return ds_murmur2_partition(row->key, n);
}

static ds_rc txn_send(ds_txn *base, const ds_row *rows, uint32_t n,
                      uint32_t *bad, ds_err *err)
{
    txn *t = (txn *)base;

    (void)bad;
    if (t->n_rows + n > t->cap_rows) {
        uint32_t cap = (t->n_rows + n) * 2;
        ds_row *list = ds_new(t->arena, ds_row, cap);
        if (t->n_rows)
            memcpy(list, t->rows, t->n_rows * sizeof(*list));
        t->rows = list;
        t->cap_rows = cap;
    }
    for (uint32_t i = 0; i < n; i++) {
        ds_row *r = &t->rows[t->n_rows++];
        if (n > 1 && i == n / 2)
            DS_TRY(ds_fault("mid_produce", err));
        *r = rows[i];
        DS_BUG_ON(r->topic >= t->n_topics || !t->topics[r->topic]);
        r->partition = row_partition(t, r);
        r->key = ds_slice_copy(t->arena, r->key);
        r->val = ds_slice_copy(t->arena, r->val);
        r->hdr = ds_slice_copy(t->arena, r->hdr);
    }
    return DS_OK;
}

static ds_rc txn_flush(ds_txn *base, ds_err *err)
{
    (void)base;
    (void)err;
    return DS_OK;
}

static ds_rc txn_group_positions(ds_txn *base, const char *group,
                                 const ds_position *pos, uint32_t n,
                                 ds_err *err)
{
    txn *t = (txn *)base;
    sent_pos *list = ds_new(t->arena, sent_pos, t->n_pos + n);

    (void)err;
    if (t->n_pos)
        memcpy(list, t->pos, t->n_pos * sizeof(*list));
    for (uint32_t i = 0; i < n; i++)
        list[t->n_pos++] = (sent_pos){
            ds_str_copy(t->arena, group), ds_str_copy(t->arena, pos[i].topic),
            pos[i].partition, pos[i].next, pos[i].marks};
    t->pos = list;
    return DS_OK;
}

static ds_rc txn_positions(ds_txn *base, ds_source *from,
                           const ds_position *pos, uint32_t n, ds_err *err)
{
    return txn_group_positions(base, memory_source_group(from), pos, n, err);
}

static void txn_append(txn *t)
{
    for (uint32_t i = 0; i < t->n_rows; i++) {
        const ds_row *r = &t->rows[i];
        log_part *p = &t->topics[r->topic]->parts[r->partition];
        memory_record rec = {0, r->ts, r->key, r->val, r->hdr};

        cluster_append(t->c, p, &rec);
        t->acked[r->topic][r->partition] = p->end;
    }
    for (uint32_t i = 0; i < t->n_topics; i++)
        for (int32_t p = 0; t->acked[i] && p < t->topics[i]->n_parts; p++)
            if (t->acked[i][p] != DS_OFFSET_NONE)
                t->topics[i]->parts[p].end++; /* the marker */
    for (uint32_t i = 0; i < t->n_pos; i++) {
        const sent_pos *s = &t->pos[i];
        group_offset *o =
            cluster_offset(t->c, s->group, s->topic, s->partition, true);
        if (o) {
            o->next = s->next;
            o->marks = s->marks;
        }
    }
}

static ds_rc txn_commit(ds_txn *base, ds_err *err)
{
    txn *t = (txn *)base;
    bool fail;

    pthread_mutex_lock(&t->c->lock);
    fail = t->c->fail_commits && t->c->commits++ % 2 == 0;
    if (!fail)
        txn_append(t);
    pthread_mutex_unlock(&t->c->lock);
    txn_clear(t);
    if (fail)
        return ds_fail(err, DS_E_TXN, "the commit was made to fail");
    return DS_OK;
}

static ds_rc txn_abort(ds_txn *base, ds_err *err)
{
    (void)err;
    txn_clear((txn *)base);
    return DS_OK;
}

static int64_t txn_acked(ds_txn *base, uint32_t topic, int32_t partition)
{
    return ((txn *)base)->acked[topic][partition];
}

static unsigned txn_taint(ds_txn *base)
{
    (void)base;
    return 0;
}

static void txn_serve(ds_txn *base)
{
    (void)base;
}

const ds_txn_type memory_txn_type = {
    .close = txn_close,
    .begin = txn_begin,
    .send = txn_send,
    .flush = txn_flush,
    .positions = txn_positions,
    .commit = txn_commit,
    .abort = txn_abort,
    .reset = txn_abort,
    .acked = txn_acked,
    .taint = txn_taint,
    .group_positions = txn_group_positions,
    .serve = txn_serve,
};
