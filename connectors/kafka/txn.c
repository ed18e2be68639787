/* SPDX-License-Identifier: Apache-2.0 */
/*
 * txn.c - a transactional producer.
 *
 * No call of the library blocks for longer than a slice: with an endless
 * timeout commit and abort wait for ever while the coordinator is away. A
 * commit is repeated until its deadline and never followed by an abort; what
 * does not answer NULL is not known (exactly-once.md C1, H4).
 */
#include <stdlib.h>
#include <unistd.h>

#include "dstream/fault.h"
#include "dstream/log.h"
#include "kafka/kafka.h"
#include "plan/marks.h"

enum {
    TXN_SLICE_MS = 1000,
    TXN_OPEN_MS = 60000, /* an older transaction of the id may have to end */
    TXN_TOPIC_MS = 5000, /* then there is no such topic */
    TXN_RESET_MS = 4000, /* then the caller is asked to call again */
    TXN_MARGIN_MS = 5000,
    TXN_BATCH_BYTES = 1000000,
    TXN_TOPIC_BYTES = 1048588, /* a broker's default max.message.bytes */
};

/* ---- errors ---- */

/* No flag set is as bad as fatal. DS_E_TIMEOUT: the same call again. */
ds_rc kafka_txn_fail(rd_kafka_error_t *e, const char *what, ds_err *err)
{
    ds_rc rc = DS_E_UNKNOWN;
    rd_kafka_resp_err_t code = rd_kafka_error_code(e);
    if (rd_kafka_error_is_fatal(e))
        rc = kafka_is_auth(code) ? DS_E_AUTH : DS_E_UNKNOWN;
    else if (rd_kafka_error_txn_requires_abort(e))
        rc = kafka_is_auth(code) ? DS_E_AUTH : DS_E_TXN;
    else if (rd_kafka_error_is_retriable(e))
        rc = DS_E_TIMEOUT;
    rc = ds_fail(err, rc, "%s %s: %s (%s)",
                 rc == DS_E_AUTH ? "not authorised to" : "cannot", what,
                 rd_kafka_error_string(e), rd_kafka_err2name(code));
    rd_kafka_error_destroy(e);
    return rc;
}

/* ---- the producer ---- */

static void outs_release(kafka_txn *t)
{
    for (uint32_t i = 0; i < t->n_outs; i++) {
        if (t->outs[i].rkt)
            rd_kafka_topic_destroy(t->outs[i].rkt);
        t->outs[i].rkt = NULL;
    }
}

/* The old producer. Its transaction is left to whoever fences it. */
static void producer_drop(kafka_txn *t)
{
    if (!t->rk)
        return;
    rd_kafka_purge(t->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_poll(t->rk, 0);
    outs_release(t);
    rd_kafka_t *rk = t->rk;
    t->rk = NULL;
    t->ready = false;
    if (!kafka_destroy(rk, false))
        ds_log(DS_LOG_WARN, "an old producer is still there; it is fenced",
               DS_KV("id", "%s", t->id));
    t->flying = t->flying_bytes = 0;
    ds_arena_reset(t->scratch);
}

/* Batches must suit the topic that takes least, records the one that takes
 * most. */
static void conf_sizes(kafka_txn *t, rd_kafka_conf_t *conf)
{
    int64_t least = kafka_prop_int(t->broker, "batch.size", TXN_BATCH_BYTES);
    int64_t most = TXN_BATCH_BYTES;
    for (uint32_t i = 0; i < t->n_outs; i++) {
        int64_t max = t->outs[i].max_bytes;
        least = max < least ? max : least;
        most = max > most ? max : most;
    }
    kafka_set_int(conf, "batch.size", least > 1024 ? least : 1024);
    kafka_set_int(conf, "message.max.bytes",
                  most < 1000000000 ? most : 1000000000);
}

static int64_t conf_number(const rd_kafka_conf_t *conf, const char *name)
{
    char text[32];
    size_t size = sizeof(text);
    if (rd_kafka_conf_get(conf, name, text, &size) != RD_KAFKA_CONF_OK)
        return 0;
    return strtoll(text, NULL, 10);
}

static ds_rc outs_attach(kafka_txn *t, ds_err *err)
{
    for (uint32_t i = 0; i < t->n_outs; i++) {
        kafka_out *out = &t->outs[i];
        rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
        rd_kafka_topic_conf_set_opaque(conf, out);
        /* Made early: the first record of a topic would wait a second. */
        out->rkt = rd_kafka_topic_new(t->rk, out->name, conf);
        if (!out->rkt) {
            rd_kafka_topic_conf_destroy(conf);
            return kafka_fail(err, rd_kafka_last_error(), NULL,
                              "write to topic %s", out->name);
        }
    }
    return DS_OK;
}

static ds_rc producer_make(kafka_txn *t, ds_err *err)
{
    rd_kafka_conf_t *conf = kafka_conf(t->broker, KAFKA_PRODUCER);
    conf_sizes(t, conf);
    kafka_set(conf, "transactional.id", t->id);
    rd_kafka_conf_set_dr_msg_cb(conf, kafka_report);
    rd_kafka_conf_set_opaque(conf, t);
    t->max_flying = conf_number(conf, "queue.buffering.max.messages");
    t->max_flying_bytes =
        conf_number(conf, "queue.buffering.max.kbytes") * 1024;
    kafka_taint_watch(&t->taint, conf);
    t->ready = false;
    t->flying = t->flying_bytes = 0;
    DS_TRY(kafka_new(t->broker, RD_KAFKA_PRODUCER, conf, &t->rk, err));
    return outs_attach(t, err);
}

/* init_transactions, for at most `ms`. When it is through, an older
 * transaction of the id is decided. */
static ds_rc producer_init(kafka_txn *t, int ms, ds_err *err)
{
    ds_time until = ds_mono_now() + ms * DS_MS;
    for (;;) {
        rd_kafka_error_t *e = rd_kafka_init_transactions(t->rk, TXN_SLICE_MS);
        if (!e) {
            t->ready = true;
            /* What went wrong before the epoch began cannot hurt it. */
            __atomic_store_n(&t->taint.bits, 0, __ATOMIC_SEQ_CST);
            return DS_OK;
        }
        bool config = rd_kafka_error_code(e) ==
                      RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT;
        ds_rc rc = kafka_txn_fail(e, "start the transactional id", err);
        ds_wrap(err, "transactional id %s", t->id);
        if (config)
            return ds_fail(err, DS_E_CONFIG,
                           "transaction.timeout.ms=%d is more than the broker "
                           "allows (transaction.max.timeout.ms)",
                           t->broker->transaction_ms);
        if (rc != DS_E_TIMEOUT || ds_mono_now() >= until)
            return rc;
    }
}

/* ---- open, close ---- */

/* The engine has seen it, or made it: but not every broker knows it yet. */
static ds_rc topic_ask(kafka_broker *b, const char *topic, ds_err *err)
{
    ds_time until = ds_mono_now() + TXN_TOPIC_MS * DS_MS;
    ds_topic_info info;
    ds_rc rc;
    while ((rc = kafka_topic_info(&b->base, topic, &info, err)) ==
               DS_NOTFOUND &&
           ds_mono_now() < until)
        usleep(50000);
    DS_TRY(rc);
    if (rc == DS_NOTFOUND)
        return ds_fail(err, DS_E_CONFIG, "topic %s does not exist", topic);
    b->known = realloc(b->known, (b->n_known + 1) * sizeof(*b->known));
    DS_BUG_ON(!b->known);
    int64_t max_bytes = kafka_topic_number(b, topic, "max.message.bytes");
    b->known[b->n_known++] =
        (kafka_known){strdup(topic), info.partitions,
                      max_bytes > 0 ? max_bytes : TXN_TOPIC_BYTES};
    return DS_OK;
}

static ds_rc topic_know(kafka_broker *b, const char *topic, kafka_known *out,
                        ds_err *err)
{
    uint32_t i = 0;
    while (i < b->n_known && strcmp(b->known[i].topic, topic) != 0)
        i++;
    if (i == b->n_known)
        DS_TRY(topic_ask(b, topic, err));
    *out = b->known[i];
    return DS_OK;
}

static ds_rc out_open(kafka_txn *t, uint32_t i, const char *topic, ds_err *err)
{
    kafka_out *out = &t->outs[i];
    kafka_known known;
    *out = (kafka_out){.txn = t, .name = strdup(topic), .number = i};
    DS_TRY(topic_know(t->broker, topic, &known, err));
    out->partitions = known.partitions;
    out->max_bytes = known.max_bytes;
    out->acked = calloc((size_t)known.partitions, sizeof(*out->acked));
    DS_BUG_ON(!out->acked);
    return DS_OK;
}

static void txn_free(kafka_txn *t)
{
    for (uint32_t i = 0; i < t->n_outs; i++) {
        free(t->outs[i].acked);
        free((char *)t->outs[i].name);
    }
    free(t->outs);
    free(t->id);
    ds_arena_free(t->scratch);
    free(t);
}

static void txn_close(ds_txn *txn)
{
    kafka_txn *t = (kafka_txn *)txn;
    if (!t)
        return;
    if (t->rk && t->ready && !rd_kafka_fatal_error(t->rk, NULL, 0)) {
        rd_kafka_error_t *e = rd_kafka_abort_transaction(t->rk, TXN_SLICE_MS);
        if (e) /* none was open, or it is not quick */
            rd_kafka_error_destroy(e);
    }
    bool dead = true;
    if (t->rk) {
        outs_release(t);
        dead = kafka_destroy(t->rk, false);
    }
    if (dead) /* else its callbacks still use t */
        txn_free(t);
}

ds_rc kafka_txn_open(ds_broker *broker, const ds_txn_spec *spec, ds_txn **out,
                     ds_err *err)
{
    kafka_txn *t = calloc(1, sizeof(*t));
    DS_BUG_ON(!t);
    t->base.type = &kafka_txn_type;
    t->broker = (kafka_broker *)broker;
    t->id = strdup(spec->id);
    t->scratch = ds_arena_new(1 << 14);
    t->outs = calloc(spec->n_topics + 1, sizeof(*t->outs));
    DS_BUG_ON(!t->outs);
    ds_rc rc = DS_OK;
    for (uint32_t i = 0; rc == DS_OK && i < spec->n_topics; i++) {
        t->n_outs = i + 1;
        rc = out_open(t, i, spec->topics[i], err);
    }
    if (rc == DS_OK)
        rc = producer_make(t, err);
    if (rc == DS_OK)
        rc = producer_init(t, TXN_OPEN_MS, err);
    if (rc < 0)
        txn_close(&t->base);
    else
        *out = &t->base;
    return rc;
}

/* ---- a transaction ---- */

static ds_rc txn_begin(ds_txn *txn, ds_err *err)
{
    kafka_txn *t = (kafka_txn *)txn;
    DS_TRY(kafka_txn_alive(t, err));
    t->epoch++;
    t->error = RD_KAFKA_RESP_ERR_NO_ERROR;
    t->flying = t->flying_bytes = 0; /* a list that was cut may be miscounted */
    rd_kafka_error_t *e = rd_kafka_begin_transaction(t->rk);
    return e ? kafka_txn_fail(e, "begin a transaction", err) : DS_OK;
}

/* The library's form before 2.8, which has no other way to look inside:
 *     "CGMDv2:" generation (4 bytes, this machine's) group 0 member 0 ... */
static bool metadata_is_live(const rd_kafka_consumer_group_metadata_t *md)
{
#if RD_KAFKA_VERSION >= 0x020800ff
    const char *id = rd_kafka_consumer_group_metadata_member_id(md);
    return rd_kafka_consumer_group_metadata_generation_id(md) >= 0 && id &&
           id[0];
#else
    static const char magic[] = "CGMDv2:";
    const size_t head = sizeof(magic) - 1;
    void *p = NULL;
    size_t size = 0;
    bool live = false;
    rd_kafka_error_t *e = rd_kafka_consumer_group_metadata_write(md, &p, &size);
    if (e) {
        rd_kafka_error_destroy(e);
        return false;
    }
    const char *text = p;
    if (size > head + 4 && memcmp(text, magic, head) == 0) {
        int32_t generation;
        memcpy(&generation, text + head, 4);
        const char *group = text + head + 4;
        const char *end = memchr(group, 0, size - head - 4);
        live = generation >= 0 && end && end + 1 < text + size && end[1] != 0;
    }
    rd_kafka_mem_free(NULL, p);
    return live;
#endif
}

static ds_rc metadata_take(ds_source *from,
                           rd_kafka_consumer_group_metadata_t **out,
                           ds_err *err)
{
    rd_kafka_t *rk = kafka_source_handle(from);
    if (!rk)
        return ds_fail(err, DS_E_INVALID,
                       "the positions are of no member of "
                       "this cluster");
    if (ds_breaks("group_id_only")) {
        *out = rd_kafka_consumer_group_metadata_new(kafka_source_group(from));
        return DS_OK;
    }
    *out = rd_kafka_consumer_group_metadata(rk);
    /* Without generation or member the group does not fence us (H3). */
    if (*out && metadata_is_live(*out))
        return DS_OK;
    if (*out)
        rd_kafka_consumer_group_metadata_destroy(*out);
    return ds_fail(err, DS_E_TXN, "this member is not in the group now");
}

static ds_rc send_offsets(kafka_txn *t,
                          const rd_kafka_topic_partition_list_t *list,
                          const rd_kafka_consumer_group_metadata_t *md,
                          ds_err *err)
{
    ds_time until = ds_mono_now() + t->broker->transaction_ms * DS_MS;
    for (;;) {
        rd_kafka_error_t *e = rd_kafka_send_offsets_to_transaction(
            t->rk, list, md, 2 * TXN_SLICE_MS);
        if (!e)
            return DS_OK;
        ds_rc rc = kafka_txn_fail(e, "commit the group's offsets", err);
        if (rc != DS_E_TIMEOUT)
            return rc;
        if (ds_mono_now() >= until)
            return ds_fail(err, DS_E_TXN,
                           "the group's offsets are not taken in time");
    }
}

/* The library takes over the text. */
static void position_add(kafka_txn *t, rd_kafka_topic_partition_list_t *list,
                         const ds_position *pos)
{
    rd_kafka_topic_partition_t *p =
        rd_kafka_topic_partition_list_add(list, pos->topic, pos->partition);
    char text[DS_MARKS_MAX];
    size_t len = ds_marks_show(&pos->marks, text);
    p->offset = pos->next;
    if (len == 0)
        return;
    p->metadata = rd_kafka_mem_malloc(t->rk, len + 1);
    DS_BUG_ON(!p->metadata);
    memcpy(p->metadata, text, len + 1);
    p->metadata_size = len;
}

/* Takes over md. */
static ds_rc positions(kafka_txn *t, rd_kafka_consumer_group_metadata_t *md,
                       const ds_position *pos, uint32_t n, ds_err *err)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)n);
    for (uint32_t i = 0; i < n; i++)
        position_add(t, list, &pos[i]);
    ds_rc rc = send_offsets(t, list, md, err);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_group_metadata_destroy(md);
    return rc;
}

static ds_rc check_positions(kafka_txn *t, uint32_t n, ds_err *err)
{
    if (n == 0) /* the library would send nothing, and nothing would fence */
        return ds_fail(err, DS_E_INVALID, "a transaction without positions");
    DS_BUG_ON(t->flying > 0); /* flush() comes first (H1) */
    return kafka_txn_alive(t, err);
}

static ds_rc txn_positions(ds_txn *txn, ds_source *from, const ds_position *pos,
                           uint32_t n, ds_err *err)
{
    kafka_txn *t = (kafka_txn *)txn;
    rd_kafka_consumer_group_metadata_t *md = NULL;
    DS_TRY(check_positions(t, n, err));
    DS_TRY(metadata_take(from, &md, err));
    return positions(t, md, pos, n, err);
}

/* Nobody is a member: the broker takes them without a generation. It would also
 * with members (H3), so whoever calls this has looked. */
static ds_rc txn_group_positions(ds_txn *txn, const char *group,
                                 const ds_position *pos, uint32_t n,
                                 ds_err *err)
{
    kafka_txn *t = (kafka_txn *)txn;
    DS_TRY(check_positions(t, n, err));
    return positions(t, rd_kafka_consumer_group_metadata_new(group), pos, n,
                     err);
}

static ds_rc txn_commit(ds_txn *txn, ds_err *err)
{
    kafka_txn *t = (kafka_txn *)txn;
    ds_time until =
        ds_mono_now() + (t->broker->transaction_ms + TXN_MARGIN_MS) * DS_MS;
    if (!t->rk)
        return kafka_txn_alive(t, err);
    for (;;) {
        rd_kafka_error_t *e = rd_kafka_commit_transaction(t->rk, TXN_SLICE_MS);
        if (!e)
            return DS_OK;
        ds_rc rc = kafka_txn_fail(e, "commit the transaction", err);
        if (rc == DS_E_TIMEOUT && ds_mono_now() < until)
            continue;
        /* Not even a refusal says what became of it. */
        rc = rc == DS_E_TXN ? DS_E_TXN : DS_E_UNKNOWN;
        if (err)
            err->rc = rc;
        return rc;
    }
}

static ds_rc txn_abort(ds_txn *txn, ds_err *err)
{
    kafka_txn *t = (kafka_txn *)txn;
    ds_time until =
        ds_mono_now() + (t->broker->transaction_ms + TXN_MARGIN_MS) * DS_MS;
    if (!t->rk)
        return kafka_txn_alive(t, err);
    for (;;) {
        rd_kafka_error_t *e = rd_kafka_abort_transaction(t->rk, TXN_SLICE_MS);
        if (!e)
            return DS_OK;
        bool conflict = rd_kafka_error_code(e) == RD_KAFKA_RESP_ERR__CONFLICT;
        ds_rc rc = kafka_txn_fail(e, "abort the transaction", err);
        /* After a commit that timed out the library asks for commit only. */
        if (rc == DS_E_TIMEOUT && !conflict && ds_mono_now() < until) {
            /* Rows that came back to the queue meanwhile would be waited for.
             */
            rd_kafka_purge(t->rk,
                           RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
            continue;
        }
        if (err)
            err->rc = DS_E_UNKNOWN;
        return DS_E_UNKNOWN;
    }
}

/* A producer whose start was interrupted goes on where it was. */
static ds_rc txn_reset(ds_txn *txn, ds_err *err)
{
    kafka_txn *t = (kafka_txn *)txn;
    if (t->rk && (t->ready || rd_kafka_fatal_error(t->rk, NULL, 0)))
        producer_drop(t);
    if (!t->rk) {
        ds_rc rc = producer_make(t, err);
        if (rc < 0) {
            producer_drop(t);
            return rc;
        }
    }
    ds_rc rc = producer_init(t, TXN_RESET_MS, err);
    if (rc < 0 && rc != DS_E_TIMEOUT)
        producer_drop(t);
    return rc;
}

static int64_t txn_acked(ds_txn *txn, uint32_t topic, int32_t partition)
{
    kafka_txn *t = (kafka_txn *)txn;
    if (topic >= t->n_outs || partition < 0 ||
        partition >= t->outs[topic].partitions)
        return -1;
    const kafka_acked *acked = &t->outs[topic].acked[partition];
    return acked->epoch == t->epoch && acked->next > 0 ? acked->next : -1;
}

static unsigned txn_taint(ds_txn *txn)
{
    return __atomic_load_n(&((kafka_txn *)txn)->taint.bits, __ATOMIC_SEQ_CST);
}

static void txn_serve(ds_txn *txn)
{
    kafka_txn *t = (kafka_txn *)txn;
    if (t->rk)
        rd_kafka_poll(t->rk, 0);
}

const ds_txn_type kafka_txn_type = {
    .close = txn_close,
    .begin = txn_begin,
    .send = kafka_send,
    .flush = kafka_flush,
    .positions = txn_positions,
    .commit = txn_commit,
    .abort = txn_abort,
    .reset = txn_reset,
    .acked = txn_acked,
    .taint = txn_taint,
    .group_positions = txn_group_positions,
    .serve = txn_serve,
};
