/* SPDX-License-Identifier: Apache-2.0 */
/*
 * produce.c - the rows of a transaction on their way to the brokers.
 *
 * Rows are not copied; they stay valid until flush(). Rows without timestamp
 * and headers go in lists, which costs the library half as much. The library
 * takes as many as have room, so that it never refuses one in the middle: a
 * retry could then change their order.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dstream/fault.h"
#include "kafka/kafka.h"

enum {
    PRODUCE_STEP = 1000,
    PRODUCE_BATCH_HEAD = 61, /* of a record batch */
    PRODUCE_STICK = 1000,    /* rows with a null key to one partition */
};

/* ---- reports ---- */

static bool row_was_purged(rd_kafka_resp_err_t e)
{
    return e == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
           e == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

/* The delivery report of a row; inside poll, flush, commit, abort. Offsets
 * after DUPLICATE_SEQUENCE are -1, 0, 1, 2...: too low, never too high
 * (exactly-once.md H5). */
void kafka_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    kafka_txn *t = opaque;
    kafka_out *out = rd_kafka_topic_opaque(m->rkt);
    (void)rk;
    t->flying--;
    t->flying_bytes -= (int64_t)(m->len + m->key_len);
    if (m->err) {
        /* The first reason; that others were dropped because of it is none. */
        if (!t->error || row_was_purged(t->error)) {
            t->error = m->err;
            t->error_topic = out->number;
            t->error_partition = m->partition;
        }
        return;
    }
    if (m->offset < 0 || m->partition < 0 || m->partition >= out->partitions)
        return;
    kafka_acked *acked = &out->acked[m->partition];
    if (acked->epoch != t->epoch)
        *acked = (kafka_acked){-1, t->epoch};
    if (m->offset + 1 > acked->next)
        acked->next = m->offset + 1;
}

ds_rc kafka_txn_alive(kafka_txn *t, ds_err *err)
{
    char text[256];
    if (!t->rk)
        return ds_fail(err, DS_E_UNKNOWN, "there is no producer %s", t->id);
    rd_kafka_resp_err_t e = rd_kafka_fatal_error(t->rk, text, sizeof(text));
    if (!e)
        return DS_OK;
    if (kafka_is_auth(e))
        return kafka_fail(err, e, text, "write as transactional id %s", t->id);
    return ds_fail(err, DS_E_UNKNOWN, "the producer %s is dead: %s", t->id,
                   text);
}

/* Rows were dropped because the transaction had failed: ask why. The library
 * tells whoever tries to begin another one, which it refuses. */
static ds_rc fail_purged(kafka_txn *t, ds_err *err)
{
    char names[256] = "";
    uint32_t n = 0;
    size_t at = 0;
    rd_kafka_error_t *e = rd_kafka_begin_transaction(t->rk);
    if (!e)
        return ds_fail(err, DS_E_UNKNOWN, "no transaction was open");
    rd_kafka_resp_err_t code = rd_kafka_error_code(e);
    for (uint32_t i = 0; i < t->n_outs && at < sizeof(names); i++)
        if (t->outs[i].used)
            at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s",
                                   n++ ? ", " : "", t->outs[i].name);
    ds_rc rc;
    if (kafka_is_auth(code))
        rc = kafka_fail(err, code, NULL, "write to %s%s",
                        n > 1 ? "one of the topics " : "topic ", names);
    else
        rc = ds_fail(err, DS_E_TXN, "the transaction has failed: %s",
                     rd_kafka_error_string(e));
    rd_kafka_error_destroy(e);
    return rc;
}

/* A broker that did not know it may only be behind the others. */
static bool topic_is_there(kafka_txn *t, const char *topic, int32_t partition)
{
    ds_topic_info info;
    ds_rc rc = kafka_topic_info(&t->broker->base, topic, &info, NULL);
    return rc != DS_NOTFOUND && (rc < 0 || partition < info.partitions);
}

static bool topic_was_unknown(rd_kafka_resp_err_t e)
{
    return e == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
           e == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           e == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

/* What a failed row means. The same rows would fail again, if the broker
 * refuses what they are. */
static ds_rc fail_row(kafka_txn *t, rd_kafka_resp_err_t e, uint32_t topic,
                      int32_t partition, ds_err *err)
{
    DS_TRY(kafka_txn_alive(t, err));
    const char *name = t->outs[topic].name;
    if (kafka_is_auth(e))
        return kafka_fail(err, e, NULL, "write to topic %s", name);
    if (row_was_purged(e) || e == RD_KAFKA_RESP_ERR__STATE)
        return fail_purged(t, err);
    if (topic_was_unknown(e) && topic_is_there(t, name, partition))
        return ds_fail(err, DS_E_TXN,
                       "topic %s partition %d was not known for a moment", name,
                       (int)partition);
    switch (e) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return ds_fail(err, DS_E_FAILED,
                       "topic %s partition %d does not take a record: %s", name,
                       (int)partition, rd_kafka_err2str(e));
    default:
        return ds_fail(err, DS_E_TXN,
                       "a record for topic %s partition %d was not written: "
                       "%s",
                       name, (int)partition, rd_kafka_err2str(e));
    }
}

/* ---- sending ---- */

static uint32_t varint_len(int64_t value)
{
    uint64_t z = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    uint32_t n = 1;
    for (; z >= 0x80; z >>= 7)
        n++;
    return n;
}

/* Of a record batch with this row alone. */
static int64_t row_size(const ds_row *row)
{
    int64_t n = 3; /* attributes, differences of timestamp and offset */
    n += varint_len(row->key.ptr ? (int64_t)row->key.len : -1) + row->key.len;
    n += varint_len(row->val.ptr ? (int64_t)row->val.len : -1) + row->val.len;
    n += row->hdr.ptr ? row->hdr.len : 1;
    return PRODUCE_BATCH_HEAD + varint_len(n) + n;
}

static int32_t row_partition(kafka_out *out, const ds_row *row)
{
    if (row->partition != DS_PARTITION_BY_KEY)
        return row->partition;
    if (row->key.ptr)
        return ds_murmur2_partition(row->key, out->partitions);
    return out->turn++ / PRODUCE_STICK % out->partitions;
}

static ds_rc check_row(kafka_txn *t, const ds_row *row, ds_err *err)
{
    if (row->topic >= t->n_outs)
        return ds_fail(err, DS_E_INVALID, "a row for topic number %u",
                       row->topic);
    kafka_out *out = &t->outs[row->topic];
    if (row->partition != DS_PARTITION_BY_KEY &&
        (row->partition < 0 || row->partition >= out->partitions))
        return ds_fail(err, DS_E_INVALID, "topic %s has no partition %d",
                       out->name, (int)row->partition);
    int64_t size = row_size(row);
    if (size > out->max_bytes)
        return ds_fail(err, DS_E_LIMIT,
                       "a record of %lld bytes is larger than topic %s takes "
                       "(max.message.bytes=%lld)",
                       (long long)size, out->name, (long long)out->max_bytes);
    out->used = true;
    return DS_OK;
}

/* Wait until `n` rows have room, or none is in flight. */
static ds_rc wait_room(kafka_txn *t, int64_t n, int64_t bytes, ds_err *err)
{
    ds_time until = ds_mono_now() + (t->broker->transaction_ms + 5000) * DS_MS;
    rd_kafka_poll(t->rk, 0);
    while (t->flying > 0 && (t->flying + n > t->max_flying ||
                             t->flying_bytes + bytes > t->max_flying_bytes)) {
        DS_TRY(kafka_txn_alive(t, err));
        if (t->error)
            return fail_row(t, t->error, t->error_topic, t->error_partition,
                            err);
        if (ds_mono_now() > until)
            return ds_fail(err, DS_E_TXN, "the brokers take no more records");
        rd_kafka_poll(t->rk, 50);
    }
    return DS_OK;
}

static bool row_is_plain(const ds_row *row)
{
    return row->ts == DS_TIME_NONE && !row->hdr.ptr;
}

/* Send a list; *sent are on their way. */
static ds_rc send_list(kafka_txn *t, kafka_out *out, rd_kafka_message_t *list,
                       uint32_t n, bool mixed, ds_err *err)
{
    uint32_t done = 0;
    ds_time until = ds_mono_now() + (t->broker->transaction_ms + 5000) * DS_MS;
    while (done < n) {
        rd_kafka_produce_batch(out->rkt, mixed ? 0 : list[0].partition,
                               mixed ? RD_KAFKA_MSG_F_PARTITION : 0,
                               list + done, (int)(n - done));
        uint32_t first = done;
        while (first < n && !list[first].err)
            first++;
        for (uint32_t i = done; i < n; i++) {
            if (list[i].err)
                continue;
            t->flying++;
            t->flying_bytes += (int64_t)(list[i].len + list[i].key_len);
            if (i > first) /* one before it was refused: the order is lost */
                return ds_fail(err, DS_E_TXN, "the producer's queue is full");
        }
        if (first == n)
            return DS_OK;
        done = first;
        if (list[first].err != RD_KAFKA_RESP_ERR__QUEUE_FULL ||
            ds_mono_now() > until)
            return fail_row(t, list[first].err, out->number,
                            list[first].partition, err);
        rd_kafka_poll(t->rk, 50);
    }
    return DS_OK;
}

/* Rows from i on that go in one list. Moves *i behind them. */
static ds_rc send_plain(kafka_txn *t, const ds_row *rows, uint32_t n,
                        uint32_t *i, ds_err *err)
{
    rd_kafka_message_t list[PRODUCE_STEP];
    uint32_t k = 0, topic = rows[*i].topic;
    kafka_out *out = &t->outs[topic];
    int64_t bytes = 0;
    bool mixed = false;
    while (*i + k < n && k < PRODUCE_STEP) {
        const ds_row *row = &rows[*i + k];
        if (row->topic != topic || !row_is_plain(row))
            break;
        ds_rc rc = check_row(t, row, err);
        if (rc < 0 && k == 0)
            return rc;
        if (rc < 0)
            break; /* the next call says so */
        list[k] = (rd_kafka_message_t){.partition = row_partition(out, row),
                                       .payload = (void *)row->val.ptr,
                                       .len = row->val.len,
                                       .key = (void *)row->key.ptr,
                                       .key_len = row->key.len};
        bytes += row->val.len + row->key.len;
        mixed = mixed || list[k].partition != list[0].partition;
        k++;
    }
    DS_TRY(wait_room(t, k, bytes, err));
    *i += k;
    return send_list(t, out, list, k, mixed, err);
}

static rd_kafka_headers_t *row_headers(kafka_txn *t, const ds_row *row)
{
    ds_header *list;
    uint32_t n;
    if (!row->hdr.ptr || !ds_headers_decode(t->scratch, row->hdr, &list, &n))
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(n);
    for (uint32_t i = 0; i < n; i++)
        rd_kafka_header_add(headers, (const char *)list[i].name.ptr,
                            (ssize_t)list[i].name.len, list[i].value.ptr,
                            (ssize_t)list[i].value.len);
    return headers;
}

/* Milliseconds; never after now, which brokers refuse (contract 4.7); 0 would
 * mean now. */
static int64_t row_time(const ds_row *row, ds_time now)
{
    if (row->ts == DS_TIME_NONE || row->ts > now)
        return now / DS_MS;
    return row->ts < DS_MS ? 1 : row->ts / DS_MS;
}

static ds_rc send_full(kafka_txn *t, const ds_row *row, ds_time now,
                       ds_err *err)
{
    kafka_out *out = &t->outs[row->topic];
    DS_TRY(check_row(t, row, err));
    rd_kafka_headers_t *headers = row_headers(t, row);
    rd_kafka_vu_t vu[7] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = out->rkt},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = row_partition(out, row)},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = 0},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)row->val.ptr, row->val.len}},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {(void *)row->key.ptr, row->key.len}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = row_time(row, now)},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    ds_time until = now + (t->broker->transaction_ms + 5000) * DS_MS;
    for (;;) {
        rd_kafka_error_t *bad = rd_kafka_produceva(t->rk, vu, headers ? 7 : 6);
        if (!bad) {
            t->flying++;
            t->flying_bytes += row->val.len + row->key.len;
            return DS_OK;
        }
        rd_kafka_resp_err_t e = rd_kafka_error_code(bad);
        rd_kafka_error_destroy(bad);
        if (e != RD_KAFKA_RESP_ERR__QUEUE_FULL ||
            ds_clock_wall.now(&ds_clock_wall) > until) {
            if (headers)
                rd_kafka_headers_destroy(headers);
            return fail_row(t, e, row->topic, vu[1].u.i32, err);
        }
        rd_kafka_poll(t->rk, 50);
    }
}

/* Rows from *i on in one step: plain ones up to `end`, or one that is not. */
static ds_rc send_step(kafka_txn *t, const ds_row *rows, uint32_t end,
                       uint32_t *i, ds_time now, ds_err *err)
{
    const ds_row *row = &rows[*i];
    if (row->topic < t->n_outs && row_is_plain(row))
        return send_plain(t, rows, end, i, err);
    if (*i % 64 == 0)
        DS_TRY(wait_room(t, 64, 0, err));
    DS_TRY(send_full(t, row, now, err));
    ++*i;
    return DS_OK;
}

ds_rc kafka_send(ds_txn *txn, const ds_row *rows, uint32_t n, uint32_t *bad,
                 ds_err *err)
{
    kafka_txn *t = (kafka_txn *)txn;
    ds_err mine;
    uint32_t half = n / 2;
    ds_time now = ds_clock_now(&ds_clock_wall);
    err = err ? err : &mine;
    DS_TRY(kafka_txn_alive(t, err));
    for (uint32_t i = 0; i < n;) {
        /* Half of the rows, at least one, are on their way. */
        if (half > 0 && i >= half) {
            half = 0;
            DS_TRY(ds_fault("mid_produce", err));
        }
        *bad = i;
        DS_TRY(send_step(t, rows, half > i ? half : n, &i, now, err));
    }
    return DS_OK;
}

ds_rc kafka_flush(ds_txn *txn, ds_err *err)
{
    kafka_txn *t = (kafka_txn *)txn;
    ds_time until = ds_mono_now() + (t->broker->transaction_ms + 5000) * DS_MS;
    rd_kafka_resp_err_t e;
    DS_TRY(kafka_txn_alive(t, err));
    do {
        e = rd_kafka_flush(t->rk, KAFKA_SLICE_MS);
        DS_TRY(kafka_txn_alive(t, err));
        /* After a failure the rest may wait for ever; abort drops it. */
    } while (e && !t->error && ds_mono_now() < until);
    ds_arena_reset(t->scratch);
    if (t->error)
        return fail_row(t, t->error, t->error_topic, t->error_partition, err);
    if (e)
        return ds_fail(err, DS_E_TXN, "records were not acknowledged in time");
    return DS_OK;
}
