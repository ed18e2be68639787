/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - the memory connector: the cluster itself. */
#include "memory/memory.h"

#include <regex.h>
#include <stdlib.h>

#include "memory/cluster.h"

/* An allocation for many records; for each its own where the address sanitizer
 * shall see who reads beyond it. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHUNK_BYTES 0
#endif
#endif
#if !defined(CHUNK_BYTES) && defined(__SANITIZE_ADDRESS__)
#define CHUNK_BYTES 0
#endif
#ifndef CHUNK_BYTES
#define CHUNK_BYTES ((size_t)256 << 10)
#endif

static cluster *cluster_of(ds_broker *b)
{
    return (cluster *)b;
}

log_topic *cluster_topic(cluster *c, const char *name)
{
    for (uint32_t i = 0; i < c->n_topics; i++)
        if (!strcmp(c->topics[i]->name, name))
            return c->topics[i];
    return NULL;
}

log_part *cluster_part(cluster *c, const char *topic, int32_t partition)
{
    log_topic *t = cluster_topic(c, topic);

    if (!t || partition < 0 || partition >= t->n_parts)
        return NULL;
    return &t->parts[partition];
}

static log_topic *topic_make(cluster *c, const char *name, int32_t n)
{
    log_topic *t = cluster_topic(c, name);

    if (!t) {
        t = calloc(1, sizeof(*t));
        t->name = strdup(name);
        c->topics = realloc(c->topics, (c->n_topics + 1) * sizeof(*c->topics));
        c->topics[c->n_topics++] = t;
    }
    if (n > t->n_parts) {
        t->parts = realloc(t->parts, (size_t)n * sizeof(*t->parts));
        memset(t->parts + t->n_parts, 0,
               (size_t)(n - t->n_parts) * sizeof(*t->parts));
        t->n_parts = n;
    }
    return t;
}

/* Null stays null, empty gets an address. */
static ds_slice bytes_put(uint8_t **at, ds_slice s)
{
    ds_slice copy = {*at, s.len};

    if (!s.ptr)
        return DS_NULL_SLICE;
    if (s.len)
        memcpy(*at, s.ptr, s.len);
    *at += s.len;
    return copy;
}

static void chunk_drop(log_part *p, log_chunk *chunk)
{
    if (--chunk->n > 0)
        return;
    if (p->open == chunk)
        p->open = NULL;
    free(chunk);
}

/* Room for a record's bytes, in p->open. */
static uint8_t *chunk_take(log_part *p, size_t size)
{
    log_chunk *chunk = p->open;

    if (!chunk || chunk->cap - chunk->used < size) {
        size_t cap = size > CHUNK_BYTES ? size : CHUNK_BYTES;
        chunk = malloc(sizeof(*chunk) + cap);
        DS_BUG_ON(!chunk);
        *chunk = (log_chunk){.cap = cap};
        p->open = chunk;
    }
    chunk->n++;
    chunk->used += size;
    return chunk->bytes + chunk->used - size;
}

void cluster_append(cluster *c, log_part *p, const memory_record *rec)
{
    size_t size = (size_t)rec->key.len + rec->val.len + rec->hdr.len;
    uint8_t *at = chunk_take(p, size + 1);
    memory_record *r;

    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 64;
        p->recs = realloc(p->recs, p->cap * sizeof(*p->recs));
        p->chunks = realloc(p->chunks, p->cap * sizeof(*p->chunks));
    }
    p->chunks[p->n] = p->open;
    r = &p->recs[p->n++];
    r->off = p->end++;
    r->ts = rec->ts == DS_TIME_NONE ? ds_clock_now(c->clock) : rec->ts;
    r->key = bytes_put(&at, rec->key);
    r->val = bytes_put(&at, rec->val);
    r->hdr = bytes_put(&at, rec->hdr);
    *at = 0;
}

uint32_t log_find(const log_part *p, int64_t off)
{
    uint32_t lo = 0, hi = p->n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (p->recs[mid].off < off)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool cluster_fetch(cluster *c, log_topic *t, int32_t partition, uint32_t max,
                   ds_arena *a, int64_t *next, ds_fetch *out)
{
    log_part *p = &t->parts[partition];
    uint32_t from = log_find(p, *next);
    uint32_t n = p->n - from < max ? p->n - from : max;
    ds_envelope *env;

    (void)c;
    if (n == 0 && *next >= p->end)
        return false;
    *out = (ds_fetch){.topic = t->name, .partition = partition};
    if (n) {
        ds_slice *slices = ds_new(a, ds_slice, 3 * (size_t)n);
        ds_time *ts = ds_new(a, ds_time, n);
        int64_t *off = ds_new(a, int64_t, n);

        for (uint32_t i = 0; i < n; i++) {
            const memory_record *r = &p->recs[from + i];
            slices[i] = r->key;
            slices[n + i] = r->val;
            slices[2 * (size_t)n + i] = r->hdr;
            ts[i] = r->ts;
            off[i] = r->off;
        }
        env = ds_new(a, ds_envelope, 1);
        *env = (ds_envelope){n,      t->name,    partition,
                             slices, slices + n, slices + 2 * (size_t)n,
                             ts,     off};
        out->rows = env;
        *next = off[n - 1] + 1;
    }
    if (from + n == p->n) {
        *next = p->end;
        out->eof = true;
    }
    out->next = *next;
    return true;
}

group_offset *cluster_offset(cluster *c, const char *group, const char *topic,
                             int32_t partition, bool make)
{
    log_topic *t = cluster_topic(c, topic);

    for (uint32_t i = 0; i < c->n_offsets; i++) {
        group_offset *o = &c->offsets[i];
        if (o->topic == t && o->partition == partition &&
            !strcmp(o->group, group))
            return o;
    }
    if (!make || !t)
        return NULL;
    c->offsets = realloc(c->offsets, (c->n_offsets + 1) * sizeof(*c->offsets));
    c->offsets[c->n_offsets] =
        (group_offset){strdup(group), t, partition, DS_OFFSET_NONE, {0}};
    return &c->offsets[c->n_offsets++];
}

/* ---- memory.h ---- */

void memory_topic(ds_broker *b, const char *topic, int32_t partitions)
{
    cluster *c = cluster_of(b);

    pthread_mutex_lock(&c->lock);
    topic_make(c, topic, partitions);
    pthread_mutex_unlock(&c->lock);
}

int32_t memory_partitions(ds_broker *b, const char *topic)
{
    cluster *c = cluster_of(b);
    log_topic *t;
    int32_t n;

    pthread_mutex_lock(&c->lock);
    t = cluster_topic(c, topic);
    n = t ? t->n_parts : 0;
    pthread_mutex_unlock(&c->lock);
    return n;
}

void memory_put(ds_broker *b, const char *topic, int32_t partition,
                const memory_record *rec)
{
    cluster *c = cluster_of(b);
    log_part *p;

    pthread_mutex_lock(&c->lock);
    p = cluster_part(c, topic, partition);
    DS_BUG_ON(!p);
    cluster_append(c, p, rec);
    pthread_mutex_unlock(&c->lock);
}

bool memory_get(ds_broker *b, const char *topic, int32_t partition, int64_t off,
                memory_record *out)
{
    cluster *c = cluster_of(b);
    log_part *p;
    bool found = false;

    pthread_mutex_lock(&c->lock);
    p = cluster_part(c, topic, partition);
    if (p) {
        uint32_t i = log_find(p, off);
        found = i < p->n;
        if (found)
            *out = p->recs[i];
    }
    pthread_mutex_unlock(&c->lock);
    return found;
}

void memory_trim(ds_broker *b, const char *topic, int32_t partition,
                 int64_t off)
{
    cluster *c = cluster_of(b);
    log_part *p;

    pthread_mutex_lock(&c->lock);
    p = cluster_part(c, topic, partition);
    if (p) {
        uint32_t n = log_find(p, off);
        for (uint32_t i = 0; i < n; i++)
            chunk_drop(p, p->chunks[i]);
        memmove(p->recs, p->recs + n, (p->n - n) * sizeof(*p->recs));
        memmove(p->chunks, p->chunks + n, (p->n - n) * sizeof(*p->chunks));
        p->n -= n;
    }
    pthread_mutex_unlock(&c->lock);
}

void memory_fail_commits(ds_broker *b, bool on)
{
    cluster_of(b)->fail_commits = on;
}

/* ---- ds_broker_type ---- */

static void memory_check_prop(const ds_prop *prop, ds_diags *d)
{
    (void)prop;
    (void)d;
}

ds_broker *memory_new(ds_clock *clock)
{
    cluster *c = calloc(1, sizeof(*c));

    c->broker.type = &ds_broker_memory;
    c->clock = clock;
    pthread_mutex_init(&c->lock, NULL);
    return &c->broker;
}

static ds_rc memory_open(const ds_broker_spec *spec, ds_broker **out,
                         ds_err *err)
{
    (void)spec;
    (void)err;
    *out = memory_new(&ds_clock_wall);
    return DS_OK;
}

static void topic_free(log_topic *t)
{
    for (int32_t p = 0; p < t->n_parts; p++) {
        for (uint32_t i = 0; i < t->parts[p].n; i++)
            chunk_drop(&t->parts[p], t->parts[p].chunks[i]);
        free(t->parts[p].recs);
        free(t->parts[p].chunks);
    }
    free(t->parts);
    free(t->name);
    free(t);
}

static void memory_close(ds_broker *b)
{
    cluster *c = cluster_of(b);

    for (uint32_t i = 0; i < c->n_topics; i++)
        topic_free(c->topics[i]);
    for (uint32_t i = 0; i < c->n_offsets; i++)
        free(c->offsets[i].group);
    free(c->topics);
    free(c->offsets);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static ds_rc memory_cluster_id(ds_broker *b, ds_arena *a, const char **id,
                               ds_err *err)
{
    (void)b;
    (void)a;
    (void)err;
    *id = "memory";
    return DS_OK;
}

static ds_rc memory_topic_info(ds_broker *b, const char *topic,
                               ds_topic_info *out, ds_err *err)
{
    int32_t n = memory_partitions(b, topic);

    (void)err;
    if (!n)
        return DS_NOTFOUND;
    *out = (ds_topic_info){n, 1};
    return DS_OK;
}

static ds_rc memory_topic_match(ds_broker *b, const char *pattern, ds_arena *a,
                                const char *const **names, uint32_t *n,
                                ds_err *err)
{
    cluster *c = cluster_of(b);
    const char **list;
    regex_t re;

    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
        return ds_fail(err, DS_E_CONFIG, "%s is no regular expression",
                       pattern);
    pthread_mutex_lock(&c->lock);
    list = ds_new(a, const char *, c->n_topics + 1);
    *n = 0;
    for (uint32_t i = 0; i < c->n_topics; i++)
        if (!c->topics[i]->internal &&
            !regexec(&re, c->topics[i]->name, 0, NULL, 0))
            list[(*n)++] = c->topics[i]->name;
    pthread_mutex_unlock(&c->lock);
    regfree(&re);
    *names = list;
    return DS_OK;
}

static ds_rc memory_topic_ensure(ds_broker *b, const ds_topic_want *want,
                                 bool *created, ds_err *err)
{
    cluster *c = cluster_of(b);
    log_topic *t;
    ds_rc rc = DS_OK;

    pthread_mutex_lock(&c->lock);
    t = cluster_topic(c, want->name);
    *created = !t;
    if (!t) {
        t = topic_make(c, want->name, want->partitions);
        t->compact = want->compact;
        t->internal = true;
    } else if (t->n_parts != want->partitions) {
        rc = ds_fail(err, DS_E_CONFIG,
                     "topic %s has %d partitions, the job needs %d", want->name,
                     t->n_parts, want->partitions);
    }
    pthread_mutex_unlock(&c->lock);
    return rc;
}

static ds_rc memory_watermarks(ds_broker *b, const char *topic,
                               int32_t partition, int64_t *low, int64_t *high,
                               ds_err *err)
{
    cluster *c = cluster_of(b);
    log_part *p;

    pthread_mutex_lock(&c->lock);
    p = cluster_part(c, topic, partition);
    if (p) {
        *low = p->start;
        *high = p->end;
    }
    pthread_mutex_unlock(&c->lock);
    if (!p)
        return ds_fail(err, DS_E_CONFIG, "there is no partition %d of topic %s",
                       partition, topic);
    return DS_OK;
}

static ds_rc memory_offset_at(ds_broker *b, const char *topic,
                              int32_t partition, ds_time t, int64_t *out,
                              ds_err *err)
{
    cluster *c = cluster_of(b);
    log_part *p;

    (void)err;
    pthread_mutex_lock(&c->lock);
    p = cluster_part(c, topic, partition);
    *out = p ? p->end : 0;
    for (uint32_t i = p ? p->n : 0; i-- > 0;)
        if (p->recs[i].ts >= t)
            *out = p->recs[i].off;
    pthread_mutex_unlock(&c->lock);
    return DS_OK;
}

static ds_rc memory_group_offsets(ds_broker *b, const char *group,
                                  ds_position *pos, uint32_t n, int timeout_ms,
                                  ds_err *err)
{
    cluster *c = cluster_of(b);

    (void)timeout_ms;
    (void)err;
    pthread_mutex_lock(&c->lock);
    for (uint32_t i = 0; i < n; i++) {
        group_offset *o =
            cluster_offset(c, group, pos[i].topic, pos[i].partition, false);
        pos[i].next = o ? o->next : DS_OFFSET_NONE;
        pos[i].marks = o ? o->marks : (ds_marks){0};
    }
    pthread_mutex_unlock(&c->lock);
    return DS_OK;
}

static ds_rc memory_group_members(ds_broker *b, const char *group, int *n,
                                  ds_err *err)
{
    (void)group;
    (void)err;
    *n = cluster_of(b)->members;
    return DS_OK;
}

static ds_rc memory_topic_config(ds_broker *b, const char *topic,
                                 const char *name, ds_arena *a,
                                 const char **value, ds_err *err)
{
    (void)b;
    (void)topic;
    (void)name;
    (void)a;
    (void)value;
    (void)err;
    return DS_NOTFOUND;
}

static void memory_delete_records(ds_broker *b, const ds_position *pos,
                                  uint32_t n)
{
    cluster *c = cluster_of(b);

    for (uint32_t i = 0; i < n; i++) {
        log_part *p;

        memory_trim(b, pos[i].topic, pos[i].partition, pos[i].next);
        pthread_mutex_lock(&c->lock);
        p = cluster_part(c, pos[i].topic, pos[i].partition);
        if (p && pos[i].next > p->start)
            p->start = pos[i].next < p->end ? pos[i].next : p->end;
        pthread_mutex_unlock(&c->lock);
    }
}

const ds_broker_type ds_broker_memory = {
    .name = "memory",
    .help = "A cluster inside the process, for tests and embedded runs.",
    .check_prop = memory_check_prop,
    .open = memory_open,
    .close = memory_close,
    .cluster_id = memory_cluster_id,
    .topic_info = memory_topic_info,
    .topic_match = memory_topic_match,
    .topic_ensure = memory_topic_ensure,
    .watermarks = memory_watermarks,
    .offset_at = memory_offset_at,
    .group_offsets = memory_group_offsets,
    .group_members = memory_group_members,
    .topic_config = memory_topic_config,
    .delete_records = memory_delete_records,
    .source_open = memory_source_open,
    .txn_open = memory_txn_open,
    .reader_open = memory_reader_open,
    .source = &memory_source_type,
    .txn = &memory_txn_type,
    .reader = &memory_reader_type,
};

void ds_register_memory(ds_registry *reg)
{
    ds_registry_add_broker(reg, &ds_broker_memory);
}
