/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - messages of the library to envelopes.
 *
 *     queue --1000 at a time--> held[] --per partition--> envelope in an arena
 *
 * Messages are held until their rows are asked for, chained by partition, then
 * copied and given back at once: the library needs about 450 bytes for each,
 * whatever its size, and its fetch buffers live as long as any message of them.
 *
 * The library's own position is not to be trusted (exactly-once.md C3): what
 * lies below `next` is dropped here, and `next` moves with rows and with the
 * end of the partition.
 */
#include <stdlib.h>

#include "kafka/kafka.h"

enum {
    ROWS_STEP = 1000, /* messages per call of the library */
    ROWS_FULL_BYTES =
        8 << 20, /* that many at once: the fetcher may have waited */
    ROWS_MAX_BYTES = 8 << 20, /* of one envelope, unless one row is larger */
};

void kafka_rows_init(kafka_rows *r, kafka_broker *b, rd_kafka_t *rk)
{
    int most = kafka_prop_int(b, "queued.min.messages", KAFKA_QUEUED_MIN);
    *r = (kafka_rows){.rk = rk,
                      .queue = rd_kafka_queue_get_consumer(rk),
                      .full_at = (size_t)most / 2};
}

static void drop_held(kafka_rows *r)
{
    for (uint32_t i = 0; i < r->n_held; i++)
        if (r->held[i])
            rd_kafka_message_destroy(r->held[i]);
    r->n_held = r->n_left = 0;
    for (uint32_t i = 0; i < r->n_parts; i++)
        r->parts[i].head = r->parts[i].tail = 0;
}

void kafka_rows_free(kafka_rows *r)
{
    drop_held(r);
    if (r->queue)
        rd_kafka_queue_destroy(r->queue);
    for (uint32_t i = 0; i < r->n_names; i++)
        free(r->names[i]);
    free(r->names);
    free(r->parts);
    free(r->held);
    free(r->link);
    *r = (kafka_rows){0};
}

const char *kafka_rows_name(kafka_rows *r, const char *topic)
{
    for (uint32_t i = 0; i < r->n_names; i++)
        if (strcmp(r->names[i], topic) == 0)
            return r->names[i];
    r->names = realloc(r->names, (r->n_names + 1) * sizeof(*r->names));
    DS_BUG_ON(!r->names);
    r->names[r->n_names] = strdup(topic);
    return r->names[r->n_names++];
}

void kafka_rows_assign(kafka_rows *r, const ds_position *pos, uint32_t n)
{
    drop_held(r);
    r->parts = realloc(r->parts, (n + 1) * sizeof(*r->parts));
    DS_BUG_ON(!r->parts);
    for (uint32_t i = 0; i < n; i++)
        r->parts[i] = (kafka_part){.topic = kafka_rows_name(r, pos[i].topic),
                                   .partition = pos[i].partition,
                                   .next = pos[i].next};
    r->n_parts = n;
    r->last = r->turn = 0;
}

kafka_part *kafka_rows_find(kafka_rows *r, const char *topic, int32_t p)
{
    if (r->last < r->n_parts) {
        kafka_part *part = &r->parts[r->last];
        if (part->partition == p && strcmp(part->topic, topic) == 0)
            return part;
    }
    for (uint32_t i = 0; i < r->n_parts; i++) {
        kafka_part *part = &r->parts[i];
        if (part->partition == p && strcmp(part->topic, topic) == 0) {
            r->last = i;
            return part;
        }
    }
    return NULL;
}

/* The library stops the partitions of the old assignment later, in its own
 * thread, and dies if it is told to stop one twice. It does one thing after
 * another there: when it has answered a few questions, it has also stopped. */
static void wait_stopped(rd_kafka_t *rk)
{
    for (int i = 0; i < 4; i++) {
        rd_kafka_topic_partition_list_t *list = NULL;
        if (rd_kafka_assignment(rk, &list) == RD_KAFKA_RESP_ERR_NO_ERROR)
            rd_kafka_topic_partition_list_destroy(list);
    }
}

rd_kafka_resp_err_t kafka_rows_start(kafka_rows *r)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    if (r->n_parts > 0)
        list = rd_kafka_topic_partition_list_new((int)r->n_parts);
    for (uint32_t i = 0; i < r->n_parts; i++) {
        kafka_part *part = &r->parts[i];
        rd_kafka_topic_partition_list_add(list, part->topic, part->partition)
            ->offset = part->next;
    }
    rd_kafka_resp_err_t e = rd_kafka_assign(r->rk, list);
    if (list)
        rd_kafka_topic_partition_list_destroy(list);
    wait_stopped(r->rk);
    return e;
}

static void pop(kafka_rows *r, kafka_part *part)
{
    uint32_t i = part->head - 1;
    rd_kafka_message_destroy(r->held[i]);
    r->held[i] = NULL;
    part->head = r->link[i];
    if (!part->head)
        part->tail = 0;
    r->n_left--;
}

void kafka_rows_drop(kafka_rows *r, kafka_part *part)
{
    while (part->head)
        pop(r, part);
}

static void hold(kafka_rows *r, rd_kafka_message_t *m, kafka_part *part)
{
    uint32_t i = r->n_held++;
    r->held[i] = m;
    r->link[i] = 0;
    if (part->tail)
        r->link[part->tail - 1] = i + 1;
    else
        part->head = i + 1;
    part->tail = i + 1;
    r->n_left++;
}

static void room(kafka_rows *r, uint32_t n)
{
    if (r->n_held + n <= r->cap_held)
        return;
    r->cap_held = r->n_held + n;
    r->held = realloc(r->held, r->cap_held * sizeof(*r->held));
    r->link = realloc(r->link, r->cap_held * sizeof(*r->link));
    DS_BUG_ON(!r->held || !r->link);
}

/* One call of the library. The rebalance callback runs inside it, so that its
 * messages may belong to partitions which are ours no more: those are dropped,
 * by what is assigned when it has returned. */
static ds_rc fetch_once(kafka_rows *r, uint32_t max, int timeout_ms,
                        uint32_t *got, kafka_odd *odd, void *arg, ds_err *err)
{
    rd_kafka_message_t *list[ROWS_STEP];
    ssize_t n = rd_kafka_consume_batch_queue(r->queue, timeout_ms, list,
                                             max < ROWS_STEP ? max : ROWS_STEP);
    ds_rc rc = DS_OK;
    *got = n > 0 ? (uint32_t)n : 0;
    room(r, *got);
    for (uint32_t i = 0; i < *got; i++) {
        rd_kafka_message_t *m = list[i];
        kafka_part *part =
            m->rkt
                ? kafka_rows_find(r, rd_kafka_topic_name(m->rkt), m->partition)
                : NULL;
        r->bytes += m->err ? 0 : m->len + m->key_len;
        if (part) {
            hold(r, m, part);
            continue;
        }
        if (m->err && rc == DS_OK)
            rc = odd(arg, m, err);
        rd_kafka_message_destroy(m);
    }
    return rc;
}

ds_rc kafka_rows_fetch(kafka_rows *r, uint32_t max, int timeout_ms,
                       kafka_odd *odd, void *arg, ds_err *err)
{
    uint32_t got;
    if (r->n_left == 0)
        r->n_held = 0;
    r->full = rd_kafka_queue_length(r->queue) >= r->full_at;
    r->bytes = 0;
    DS_TRY(fetch_once(r, ROWS_STEP, 0, &got, odd, arg, err));
    if (got == 0 && timeout_ms > 0) {
        /* A longer list would be waited for until it is full. */
        DS_TRY(fetch_once(r, 1, timeout_ms, &got, odd, arg, err));
        if (got == 1)
            DS_TRY(fetch_once(r, ROWS_STEP, 0, &got, odd, arg, err));
    }
    while (got == ROWS_STEP && r->n_held < max)
        DS_TRY(fetch_once(r, ROWS_STEP, 0, &got, odd, arg, err));
    r->full = r->full || r->bytes >= ROWS_FULL_BYTES;
    return DS_OK;
}

/* ---- headers ---- */

static uint8_t *put_varint(uint8_t *p, int64_t value)
{
    uint64_t z = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    while (z >= 0x80) {
        *p++ = (uint8_t)(z | 0x80);
        z >>= 7;
    }
    *p++ = (uint8_t)z;
    return p;
}

ds_slice kafka_headers(ds_arena *a, const rd_kafka_message_t *m)
{
    enum { VARINT = 10 };
    rd_kafka_headers_t *list;
    const char *name;
    const void *value;
    size_t size, total = VARINT, n = 0;
    if (rd_kafka_message_headers(m, &list))
        return DS_NULL_SLICE;
    for (; !rd_kafka_header_get_all(list, n, &name, &value, &size); n++)
        total += strlen(name) + size + 2 * VARINT;
    if (n == 0)
        return DS_NULL_SLICE;
    uint8_t *start = ds_arena_alloc(a, total, 1);
    uint8_t *p = put_varint(start, (int64_t)n);
    for (size_t i = 0; !rd_kafka_header_get_all(list, i, &name, &value, &size);
         i++) {
        ds_slice text = ds_slice_of(name); /* goes without its NUL */
        p = put_varint(p, text.len);
        memcpy(p, text.ptr, text.len);
        p = put_varint(p + text.len, value ? (int64_t)size : -1);
        if (value && size)
            memcpy(p, value, size);
        p += value ? size : 0;
    }
    return (ds_slice){start, (uint32_t)(p - start)};
}

/* ---- envelopes ---- */

struct columns {
    ds_slice *key, *val, *hdr;
    ds_time *ts;
    int64_t *off;
    uint8_t *bytes;
};

static ds_slice copy_bytes(struct columns *c, const void *p, size_t n)
{
    if (!p)
        return DS_NULL_SLICE;
    ds_slice s = {c->bytes, (uint32_t)n};
    if (n)
        memcpy(c->bytes, p, n);
    c->bytes += n;
    return s;
}

static ds_time message_time(const rd_kafka_message_t *m)
{
    rd_kafka_timestamp_type_t type;
    int64_t ms = rd_kafka_message_timestamp(m, &type);
    return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || ms < 0 ? DS_TIME_NONE
                                                              : ms * DS_MS;
}

static void copy_row(struct columns *c, uint32_t row, uint32_t cap, ds_arena *a,
                     const rd_kafka_message_t *m)
{
    /* A null value and an empty one differ; the library says so by pointer. */
    c->key[row] = copy_bytes(c, m->key, m->key_len);
    c->val[row] = copy_bytes(c, m->payload, m->len);
    c->ts[row] = message_time(m);
    c->off[row] = m->offset;
    ds_slice hdr = kafka_headers(a, m);
    if (hdr.ptr && !c->hdr)
        c->hdr = ds_new(a, ds_slice, cap);
    if (hdr.ptr)
        c->hdr[row] = hdr;
}

/* How many rows of the partition come next, and their bytes; what is dropped
 * (below `next`) is gone afterwards. */
static uint32_t measure(kafka_rows *r, kafka_part *part, uint32_t max,
                        size_t *bytes)
{
    uint32_t n = 0;
    *bytes = 0;
    while (part->head && !r->held[part->head - 1]->err &&
           r->held[part->head - 1]->offset < part->next)
        pop(r, part);
    for (uint32_t i = part->head; i && n < max; i = r->link[i - 1]) {
        const rd_kafka_message_t *m = r->held[i - 1];
        size_t size = m->len + m->key_len;
        if (m->err || (n > 0 && *bytes + size > ROWS_MAX_BYTES))
            break;
        *bytes += size;
        n++;
    }
    return n;
}

static const ds_envelope *take(kafka_rows *r, kafka_part *part, uint32_t cap,
                               size_t bytes, ds_arena *a)
{
    struct columns c = {
        .key = ds_new(a, ds_slice, cap),
        .val = ds_new(a, ds_slice, cap),
        .ts = ds_new(a, ds_time, cap),
        .off = ds_new(a, int64_t, cap),
        .bytes = ds_arena_alloc(a, bytes + 1, 1),
    };
    uint32_t n = 0;
    for (uint32_t i = 0; i < cap; i++) {
        const rd_kafka_message_t *m = r->held[part->head - 1];
        DS_BUG_ON(!m); /* measure() has counted them */

        if (m->offset >= part->next) { /* a fetch can bring one twice */
            copy_row(&c, n++, cap, a, m);
            part->next = m->offset + 1;
        }
        pop(r, part);
    }
    ds_envelope *env = ds_new(a, ds_envelope, 1);
    *env = (ds_envelope){.n = n,
                         .topic = part->topic,
                         .partition = part->partition,
                         .key = c.key,
                         .val = c.val,
                         .hdr = c.hdr,
                         .ts = c.ts,
                         .off = c.off};
    return env;
}

/* The next rows of one partition, if there are any. */
static void next_rows(kafka_rows *r, kafka_part *part, ds_arena *a,
                      uint32_t max, ds_fetch *out)
{
    size_t bytes;
    *out = (ds_fetch){.topic = part->topic, .partition = part->partition};
    uint32_t n = measure(r, part, max, &bytes);
    if (n > 0)
        out->rows = take(r, part, n, bytes, a);
    if (out->rows && out->rows->n == 0)
        out->rows = NULL;
}

/* What comes after them: the end of the partition, or an error. DS_END: neither
 * rows nor news. */
static ds_rc next_news(kafka_rows *r, kafka_part *part, ds_fetch *out,
                       kafka_odd *odd, void *arg, ds_err *err)
{
    const rd_kafka_message_t *m = part->head ? r->held[part->head - 1] : NULL;
    if (m && m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (m->offset > part->next)
            part->next = m->offset;
        /* One from before a seek back says nothing about the end. */
        out->eof = m->offset >= part->next;
        pop(r, part);
    } else if (m && m->err && !out->rows) {
        ds_rc rc = odd(arg, m, err);
        pop(r, part);
        DS_TRY(rc);
    }
    out->next = part->next;
    return out->rows || out->eof ? DS_OK : DS_END;
}

ds_rc kafka_rows_next(kafka_rows *r, ds_arena *a, uint32_t max, ds_fetch *out,
                      kafka_odd *odd, void *arg, ds_err *err)
{
    for (uint32_t i = 0; r->n_left > 0 && i < r->n_parts;) {
        uint32_t at = (r->turn + i) % r->n_parts;
        kafka_part *part = &r->parts[at];
        if (!part->head) {
            i++;
            continue;
        }
        next_rows(r, part, a, max ? max : 1, out);
        ds_rc rc = next_news(r, part, out, odd, arg, err);
        if (rc == DS_OK)
            r->turn = at; /* go on with it: longer batches */
        if (rc != DS_END)
            return rc;
    }
    return DS_END;
}
