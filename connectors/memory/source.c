/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - a group member of the memory cluster.
 *
 * Each group has one member here: it is assigned every partition of its topics
 * at its first poll, and again when partitions are added.
 */
#include <regex.h>
#include <stdlib.h>

#include "memory/cluster.h"

typedef struct input {
    log_topic *topic;
    int32_t partition;
    int64_t next;
} input;

typedef struct member {
    ds_source source;
    cluster *c;
    char *group;
    char **topics;
    uint32_t n_topics;
    input *inputs; /* those assigned */
    uint32_t n_inputs;
    uint32_t turn;         /* the input to look at next */
    ds_position *assigned; /* of the change that waits for its answer */
    uint32_t n_assigned;
    bool joined;
    bool revoking;
} member;

static bool topic_wanted(const member *m, const log_topic *t)
{
    for (uint32_t i = 0; i < m->n_topics; i++) {
        regex_t re;
        bool match;

        if (m->topics[i][0] != '^') {
            if (!strcmp(m->topics[i], t->name))
                return true;
            continue;
        }
        if (t->internal || regcomp(&re, m->topics[i], REG_EXTENDED | REG_NOSUB))
            continue;
        match = !regexec(&re, t->name, 0, NULL, 0);
        regfree(&re);
        if (match)
            return true;
    }
    return false;
}

/* All partitions that the member should have now. */
static void member_plan(member *m)
{
    m->n_assigned = 0;
    for (uint32_t t = 0; t < m->c->n_topics; t++) {
        log_topic *topic = m->c->topics[t];
        if (!topic_wanted(m, topic))
            continue;
        m->assigned =
            realloc(m->assigned, (m->n_assigned + (size_t)topic->n_parts) *
                                     sizeof(*m->assigned));
        for (int32_t p = 0; p < topic->n_parts; p++)
            m->assigned[m->n_assigned++] =
                ds_position_of(topic->name, p, DS_OFFSET_NONE);
    }
}

static bool member_grew(const member *m)
{
    uint32_t n = 0;

    for (uint32_t t = 0; t < m->c->n_topics; t++)
        if (topic_wanted(m, m->c->topics[t]))
            n += (uint32_t)m->c->topics[t]->n_parts;
    return n != m->n_inputs;
}

ds_rc memory_source_open(ds_broker *b, const ds_source_spec *spec,
                         ds_source **out, ds_err *err)
{
    member *m = calloc(1, sizeof(*m));

    (void)err;
    m->source.type = &memory_source_type;
    m->c = (cluster *)b;
    m->group = strdup(spec->group);
    m->n_topics = spec->n_topics;
    m->topics = calloc(spec->n_topics + 1, sizeof(*m->topics));
    for (uint32_t i = 0; i < spec->n_topics; i++)
        m->topics[i] = strdup(spec->topics[i]);
    pthread_mutex_lock(&m->c->lock);
    m->c->members++;
    pthread_mutex_unlock(&m->c->lock);
    *out = &m->source;
    return DS_OK;
}

static void member_close(ds_source *s)
{
    member *m = (member *)s;

    pthread_mutex_lock(&m->c->lock);
    m->c->members--;
    pthread_mutex_unlock(&m->c->lock);
    for (uint32_t i = 0; i < m->n_topics; i++)
        free(m->topics[i]);
    free(m->topics);
    free(m->group);
    free(m->inputs);
    free(m->assigned);
    free(m);
}

static ds_rc member_fetch(member *m, ds_arena *a, uint32_t max, ds_fetch *out)
{
    for (uint32_t k = 0; k < m->n_inputs; k++) {
        input *in = &m->inputs[(m->turn + k) % m->n_inputs];
        if (cluster_fetch(m->c, in->topic, in->partition, max, a, &in->next,
                          out)) {
            m->turn = (m->turn + k + 1) % m->n_inputs;
            return DS_OK;
        }
    }
    return DS_END;
}

static ds_rc member_poll(ds_source *s, ds_arena *a, uint32_t max_rows,
                         int timeout_ms, ds_fetch *out, ds_err *err)
{
    member *m = (member *)s;
    ds_rc rc = DS_CHANGED;

    (void)err;
    pthread_mutex_lock(&m->c->lock);
    if (!m->joined) {
        member_plan(m);
    } else if (m->revoking || (m->n_inputs && member_grew(m))) {
        m->revoking = true;
    } else {
        rc = member_fetch(m, a, max_rows, out);
    }
    pthread_mutex_unlock(&m->c->lock);
    if (rc == DS_END && timeout_ms > 0)
        m->c->clock->sleep(m->c->clock, timeout_ms * DS_MS);
    return rc;
}

static void member_change(ds_source *s, ds_change *out)
{
    member *m = (member *)s;

    if (m->revoking)
        *out = (ds_change){.kind = DS_REVOKED};
    else
        *out = (ds_change){DS_ASSIGNED, m->n_assigned, m->assigned};
}

static ds_rc member_assign(ds_source *s, const ds_position *pos, uint32_t n,
                           ds_err *err)
{
    member *m = (member *)s;

    (void)err;
    pthread_mutex_lock(&m->c->lock);
    m->inputs = realloc(m->inputs, (n + 1) * sizeof(*m->inputs));
    for (uint32_t i = 0; i < n; i++)
        m->inputs[i] = (input){cluster_topic(m->c, pos[i].topic),
                               pos[i].partition, pos[i].next};
    m->n_inputs = n;
    m->joined = !m->revoking;
    m->revoking = false;
    pthread_mutex_unlock(&m->c->lock);
    return DS_OK;
}

static ds_rc member_seek(ds_source *s, const ds_position *pos, uint32_t n,
                         ds_err *err)
{
    member *m = (member *)s;

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < m->n_inputs; k++)
            if (m->inputs[k].partition == pos[i].partition &&
                !strcmp(m->inputs[k].topic->name, pos[i].topic))
                m->inputs[k].next = pos[i].next;
    return DS_OK;
}

/* Rows are cheap here, and nobody misses those that come. */
static ds_rc member_pause(ds_source *s, const char *topic, int32_t partition,
                          bool on, ds_err *err)
{
    (void)s;
    (void)topic;
    (void)partition;
    (void)on;
    (void)err;
    return DS_OK;
}

static ds_rc member_committed(ds_source *s, ds_position *pos, uint32_t n,
                              int timeout_ms, ds_err *err)
{
    member *m = (member *)s;

    return ds_broker_memory.group_offsets(&m->c->broker, m->group, pos, n,
                                          timeout_ms, err);
}

static int64_t member_end(ds_source *s, const char *topic, int32_t partition)
{
    member *m = (member *)s;
    int64_t low, high;

    return ds_broker_memory.watermarks(&m->c->broker, topic, partition, &low,
                                       &high, NULL) == DS_OK
               ? high
               : -1;
}

const ds_source_type memory_source_type = {
    .close = member_close,
    .poll = member_poll,
    .change = member_change,
    .assign = member_assign,
    .seek = member_seek,
    .pause = member_pause,
    .committed = member_committed,
    .end = member_end,
};

const char *memory_source_group(const ds_source *s)
{
    return ((const member *)s)->group;
}
