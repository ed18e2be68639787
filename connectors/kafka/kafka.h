/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafka.h - what the files of this folder share.
 *
 *     props.c    which of librdkafka's settings a job may use
 *     client.c   handles: settings, logs, errors, bounded closing; the cluster
 *     admin.c    topics, offsets and groups of the cluster
 *     rows.c     messages of the library to envelopes
 *     source.c   a member of a consumer group
 *     poke.c     wakes the fetcher of old libraries
 *     txn.c      a transactional producer: the calls of a transaction
 *     produce.c  its rows on their way to the brokers
 *     taint.c    requests that ended without an answer
 *     reader.c   reads changelogs
 *
 * The rules behind all of it are in exactly-once.md.
 */
#ifndef KAFKA_KAFKA_H
#define KAFKA_KAFKA_H

#include <librdkafka/rdkafka.h>

#include "dstream/broker.h"
#include "dstream/clock.h"

enum {
    KAFKA_OPEN_MS = 10000,    /* no broker answers: unreachable */
    KAFKA_ADMIN_MS = 10000,   /* one request of the cluster's calls */
    KAFKA_DESCRIBE_MS = 2000, /* where a default is at hand */
    KAFKA_CLOSE_MS = 8000,    /* then a handle is left to its fate */
    KAFKA_QUEUED_MIN = 5000,  /* messages the library fetches ahead */
    KAFKA_SLICE_MS = 500,     /* of blocking calls */
};

typedef struct kafka_prop {
    char *name;
    char *value;
} kafka_prop;

/* What producers have to know of a topic. */
typedef struct kafka_known {
    char *topic;
    int32_t partitions;
    int64_t max_bytes; /* of a batch of records */
} kafka_known;

typedef struct kafka_broker {
    ds_broker base;
    char *job;
    kafka_prop *props; /* as given; names are checked */
    uint32_t n_props;
    ds_time batch;
    int tells_nothing;   /* atomic: it does not answer about settings */
    int transaction_ms;  /* transaction.timeout.ms */
    rd_kafka_t *ru;      /* reads uncommitted, in no group: true log ends */
    rd_kafka_t *offsets; /* asks for the offsets of offsets_group; or NULL */
    char *offsets_group;
    rd_kafka_queue_t
        *deleted;       /* answers to delete_records; NULL: never asked */
    kafka_known *known; /* asked once: each stage has a producer */
    uint32_t n_known;
    char *auth; /* what error_cb said last; guarded by poll */
    rd_kafka_resp_err_t auth_err;
} kafka_broker;

extern const ds_broker_type kafka_type;
extern const ds_source_type kafka_source_type;
extern const ds_txn_type kafka_txn_type;
extern const ds_reader_type kafka_reader_type;

/* ---- props.c ---- */

typedef enum kafka_scope {
    KAFKA_ANY = 0,
    KAFKA_CONSUMER = 1,
    KAFKA_PRODUCER = 2
} kafka_scope;

typedef enum kafka_rule {
    KAFKA_ALLOW,
    KAFKA_SECRET, /* allowed; its value is never shown */
    KAFKA_OWNED,  /* dstream sets it */
    KAFKA_REFUSE  /* nobody may set it */
} kafka_rule;

typedef struct kafka_setting {
    const char *name;
    kafka_scope scope;
    kafka_rule rule;
    const char *why; /* owned or refused: the reason */
} kafka_setting;

/* NULL: no such property. */
const kafka_setting *kafka_setting_find(const char *name);
const kafka_setting *kafka_setting_at(uint32_t i); /* NULL past the last */
void kafka_check_prop(const ds_prop *prop, ds_diags *d);
/* Settings that are wrong only together, and those never checked by lint. */
ds_rc kafka_check_props(const kafka_prop *props, uint32_t n, ds_err *err);
/* The value given for a property or one of its other names, or NULL. */
const char *kafka_prop_get(const kafka_broker *b, const char *name);
int kafka_prop_int(const kafka_broker *b, const char *name, int otherwise);

/* ---- client.c ---- */

/* Fill in `err` from the library's code; `what` completes "cannot ...". */
ds_rc kafka_fail(ds_err *err, rd_kafka_resp_err_t e, const char *detail,
                 const char *what, ...) DS_PRINTF(4, 5);
/* What a code means to the engine. */
ds_rc kafka_rc(rd_kafka_resp_err_t e);
bool kafka_is_auth(rd_kafka_resp_err_t e);
/* Settings of a handle: the job's, then the defaults, then what we own. */
rd_kafka_conf_t *kafka_conf(kafka_broker *b, kafka_scope scope);
void kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value);
void kafka_set_int(rd_kafka_conf_t *conf, const char *name, int64_t value);
/* A default: only where the job says nothing. */
void kafka_default(kafka_broker *b, rd_kafka_conf_t *conf, const char *name,
                   int64_t value);
/* Takes over conf. */
ds_rc kafka_new(kafka_broker *b, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                rd_kafka_t **out, ds_err *err);
/* Destroys a handle in a thread of its own and waits for it, but not for
 * ever. False: it hangs, and what its callbacks use must stay. */
bool kafka_destroy(rd_kafka_t *rk, bool consumer);
ds_rc kafka_open(const ds_broker_spec *spec, ds_broker **out, ds_err *err);
void kafka_close(ds_broker *broker);
ds_rc kafka_cluster_id(ds_broker *broker, ds_arena *a, const char **id,
                       ds_err *err);

/* ---- admin.c ---- */

ds_rc kafka_topic_info(ds_broker *b, const char *topic, ds_topic_info *out,
                       ds_err *err);
ds_rc kafka_topic_match(ds_broker *b, const char *pattern, ds_arena *a,
                        const char *const **names, uint32_t *n, ds_err *err);
ds_rc kafka_topic_ensure(ds_broker *b, const ds_topic_want *want, bool *created,
                         ds_err *err);
ds_rc kafka_watermarks(ds_broker *b, const char *topic, int32_t partition,
                       int64_t *low, int64_t *high, ds_err *err);
ds_rc kafka_offset_at(ds_broker *b, const char *topic, int32_t partition,
                      ds_time t, int64_t *out, ds_err *err);
ds_rc kafka_group_offsets(ds_broker *b, const char *group, ds_position *pos,
                          uint32_t n, int timeout_ms, ds_err *err);
ds_rc kafka_group_members(ds_broker *b, const char *group, int *n, ds_err *err);
ds_rc kafka_topic_config(ds_broker *b, const char *topic, const char *name,
                         ds_arena *a, const char **value, ds_err *err);
void kafka_delete_records(ds_broker *b, const ds_position *pos, uint32_t n);
/* ends.c: as watermarks, of several partitions, on any handle: its isolation
 * level decides. */
ds_rc kafka_ends(rd_kafka_t *rk, const ds_position *pos, uint32_t n,
                 int64_t *low, int64_t *high, ds_err *err);
/* A position that was refused, and the log. */
typedef struct kafka_range {
    int64_t at, low, high;
    bool out;                     /* the log does not hold it */
    ds_time early_from, early_at; /* when one first and last ended before it */
} kafka_range;
typedef struct kafka_part kafka_part;
/* `refused`: what the library says was. */
ds_rc kafka_range_ask(rd_kafka_t *rk, const kafka_part *part, int64_t refused,
                      kafka_range *r, ds_err *err);
/* Whether it may be in the log yet, if it is fetched once more. */
bool kafka_range_passes(kafka_range *r);
ds_rc kafka_range_fail(const kafka_part *part, const kafka_range *r,
                       ds_err *err);
/* exactly-once.md B3, step 2. */
ds_rc kafka_committed(rd_kafka_t *rk, ds_position *pos, uint32_t n,
                      int timeout_ms, ds_err *err);
/* One number of a topic's configuration; -1: not known. */
int64_t kafka_topic_number(kafka_broker *b, const char *topic,
                           const char *name);

/* ---- rows.c ---- */

/* A partition that is being read. */
struct kafka_part {
    const char *topic;
    int32_t partition;
    int64_t next;  /* lower offsets are not wanted */
    uint32_t head; /* what is held of it, index + 1 into held; 0: nothing */
    uint32_t tail;
};

/* Partitions and the messages fetched for them but not given away yet. */
typedef struct kafka_rows {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    kafka_part *parts;
    uint32_t n_parts;
    uint32_t last; /* part of the last message */
    uint32_t turn; /* where to look for rows first */
    rd_kafka_message_t **held;
    uint32_t *link; /* the next one of the same partition, index + 1 */
    uint32_t n_held, cap_held, n_left;
    size_t full_at; /* messages in the queue: the fetcher may wait */
    bool full;      /* it was that full, or large, at the last fetch */
    size_t bytes;
    char **names; /* topics; they live as long as this */
    uint32_t n_names;
} kafka_rows;

void kafka_rows_init(kafka_rows *r, kafka_broker *b, rd_kafka_t *rk);
void kafka_rows_free(kafka_rows *r);
/* Read these and no others; drops what is held. */
void kafka_rows_assign(kafka_rows *r, const ds_position *pos, uint32_t n);
/* Tell the library to read what is assigned. */
rd_kafka_resp_err_t kafka_rows_start(kafka_rows *r);
/* Move them; drops what is held of them. NULL: one is not assigned. */
kafka_part *kafka_rows_find(kafka_rows *r, const char *topic, int32_t p);
void kafka_rows_drop(kafka_rows *r, kafka_part *part);
const char *kafka_rows_name(kafka_rows *r, const char *topic);
/* Wait for messages and hold them. A message that belongs to no partition and
 * says an error is given to `odd`, which may end the call. */
typedef ds_rc kafka_odd(void *arg, const rd_kafka_message_t *m, ds_err *err);
ds_rc kafka_rows_fetch(kafka_rows *r, uint32_t max, int timeout_ms,
                       kafka_odd *odd, void *arg, ds_err *err);
/* Rows of one partition, from what is held. DS_END: nothing. */
ds_rc kafka_rows_next(kafka_rows *r, ds_arena *a, uint32_t max, ds_fetch *out,
                      kafka_odd *odd, void *arg, ds_err *err);
/* Headers as in a Kafka record; null: none. */
ds_slice kafka_headers(ds_arena *a, const rd_kafka_message_t *m);

/* ---- source.c, poke.c ---- */

/* The member's handle, if `s` is one of ours. */
rd_kafka_t *kafka_source_handle(ds_source *s);
const char *kafka_source_group(ds_source *s);
ds_rc kafka_source_open(ds_broker *b, const ds_source_spec *spec,
                        ds_source **out, ds_err *err);

typedef struct kafka_poke kafka_poke;
/* NULL where the library needs none. */
kafka_poke *kafka_poke_start(rd_kafka_t *rk);
void kafka_poke_stop(kafka_poke *p);
/* The partitions that may be asked for, after an assignment. */
void kafka_poke_parts(kafka_poke *p, const kafka_part *parts, uint32_t n);
void kafka_poke_flow(kafka_poke *p); /* the queue was full: for a second */

/* ---- txn.c, produce.c, taint.c ---- */

typedef struct kafka_taint {
    unsigned bits; /* atomic */
} kafka_taint;
void kafka_taint_watch(kafka_taint *t, rd_kafka_conf_t *conf);

typedef struct kafka_acked {
    int64_t next;
    uint64_t epoch; /* the transaction it is of */
} kafka_acked;

typedef struct kafka_txn kafka_txn;
typedef struct kafka_out {
    kafka_txn *txn;
    const char *name;
    rd_kafka_topic_t *rkt;
    int32_t partitions;
    uint32_t number;
    int64_t max_bytes; /* of a record batch, as the broker sees it */
    kafka_acked *acked;
    int32_t turn; /* where null keys go */
    bool used;    /* rows were sent to it */
} kafka_out;

struct kafka_txn {
    ds_txn base;
    kafka_broker *broker;
    char *id;
    rd_kafka_t *rk; /* NULL: reset has to make one */
    bool ready;     /* init_transactions is through */
    kafka_out *outs;
    uint32_t n_outs;
    kafka_taint taint;
    uint64_t epoch;
    int64_t flying, flying_bytes; /* sent, and no report yet */
    int64_t max_flying, max_flying_bytes;
    rd_kafka_resp_err_t error; /* the first failed report */
    uint32_t error_topic;
    int32_t error_partition;
    ds_arena *scratch; /* headers of rows in flight */
};

ds_rc kafka_txn_open(ds_broker *b, const ds_txn_spec *spec, ds_txn **out,
                     ds_err *err);
void kafka_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque);
ds_rc kafka_send(ds_txn *txn, const ds_row *rows, uint32_t n, uint32_t *bad,
                 ds_err *err);
ds_rc kafka_flush(ds_txn *txn, ds_err *err);
/* DS_E_UNKNOWN if the producer is dead; else DS_OK. */
ds_rc kafka_txn_alive(kafka_txn *t, ds_err *err);
/* An rd_kafka_error_t of a transaction's call; destroys it. */
ds_rc kafka_txn_fail(rd_kafka_error_t *e, const char *what, ds_err *err);

ds_rc kafka_reader_open(ds_broker *b, ds_reader **out, ds_err *err);

#endif
