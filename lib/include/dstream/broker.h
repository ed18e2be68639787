/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker.h - what a job runs on: Kafka, or the memory connector.
 *
 *     ds_broker    the cluster: topics, offsets; one per job
 *     ds_source    a member of a consumer group; one per worker
 *     ds_txn       a transactional producer; one per worker (later two)
 *     ds_reader    reads changelogs on restore; one per worker
 *
 * The protocol between them is exactly-once.md B2 and B3; the engine (lib/run)
 * keeps the order of calls, a connector keeps the meaning of each call and maps
 * its library's errors to ds_rc at this border. Every call returns within its
 * timeout, or within a few seconds where it has none: no call blocks for ever.
 *
 * Thread: broker calls: any, one at a time; the others: the worker that opened
 * them.
 */
#ifndef DSTREAM_BROKER_H
#define DSTREAM_BROKER_H

#include "dstream/batch.h"
#include "dstream/outbox.h"
#include "dstream/param.h"
#include "dstream/public.h"

DS_PUBLIC_BEGIN

typedef struct ds_broker ds_broker;
typedef struct ds_source ds_source;
typedef struct ds_txn ds_txn;
typedef struct ds_reader ds_reader;

/* How far the batches of a partition are, beside its offset (docs/batches.md).
 */
typedef struct ds_marks {
    bool set;          /* false: nothing is known, and the rest means nothing */
    ds_time through;   /* all its batches up to this one are whole; or NONE */
    ds_time batch;     /* the last one that has begun; or NONE */
    int64_t scanned;   /* records below were read: what is in a batch up to
                          `through` has gone into it */
    ds_time watermark; /* of event time; or NONE */
    int64_t cuts; /* which repartition topics were written with it: a number;
                     0: none */
} ds_marks;

/* The next offset to read of one partition. */
typedef struct ds_position {
    const char *topic;
    int32_t partition;
    int64_t next; /* DS_OFFSET_NONE: no offset is known */
    ds_marks marks;
} ds_position;
#define DS_OFFSET_NONE (-1)

static inline ds_position ds_position_of(const char *topic, int32_t partition,
                                         int64_t next)
{
    ds_position at;

    memset(&at, 0, sizeof(at));
    at.topic = topic;
    at.partition = partition;
    at.next = next;
    return at;
}

/* ---- the cluster ---- */

typedef struct ds_prop {
    const char *name;
    const char *value;
    ds_where where;
} ds_prop;

typedef struct ds_broker_spec {
    const char *job;
    const ds_prop *props; /* librdkafka's names */
    uint32_t n_props;
    ds_time batch; /* the interval: settings depend on it */
} ds_broker_spec;

typedef struct ds_topic_info {
    int32_t partitions;
    int32_t replication;
} ds_topic_info;

/* An internal topic, made if it does not exist, checked if it does. */
typedef struct ds_topic_want {
    const char *name;
    int32_t partitions;
    bool compact; /* cleanup.policy=compact; else delete, kept for ever */
} ds_topic_want;

typedef struct ds_fetch {
    const char *topic; /* lives as long as the source */
    int32_t partition;
    int64_t next; /* position after these rows */
    bool eof;     /* the end of the partition was reached at `next` */
    const ds_envelope *rows; /* may be NULL when eof */
} ds_fetch;

typedef enum ds_change_kind {
    DS_ASSIGNED, /* partitions were given to this member; answer with assign */
    DS_REVOKED,  /* all of them are taken away; answer with assign of none */
    DS_LOST      /* as REVOKED, but others may own them already */
} ds_change_kind;

typedef struct ds_change {
    ds_change_kind kind;
    uint32_t n;
    const ds_position *parts; /* next is not set; lives until the answer */
} ds_change;

typedef struct ds_source_spec {
    const char *group;
    const char *member;        /* static member id; NULL: a dynamic member */
    const char *const *topics; /* names; one that begins with ^ is a pattern */
    uint32_t n_topics;
} ds_source_spec;

typedef struct ds_txn_spec {
    const char *id;            /* transactional id: fences older holders */
    const char *const *topics; /* by number: ds_row.topic */
    uint32_t n_topics;
} ds_txn_spec;

/* What the library saw in a transaction (exactly-once.md, Taint). */
enum ds_taint { DS_TAINT_PRODUCER = 1, DS_TAINT_CONSUMER = 2 };

typedef struct ds_broker_type {
    const char *name; /* "kafka", "memory" */
    const char *help;

    /* Lint: whether a property may be set. Adds a mistake or warning to `d`. */
    void (*check_prop)(const ds_prop *prop, ds_diags *d);

    /* DS_E_UNREACHABLE if no broker answers within 10 s. */
    ds_rc (*open)(const ds_broker_spec *spec, ds_broker **out, ds_err *err);
    void (*close)(ds_broker *b);
    ds_rc (*cluster_id)(ds_broker *b, ds_arena *a, const char **id,
                        ds_err *err);
    /* DS_NOTFOUND: no such topic. DS_E_AUTH names topic and operation. */
    ds_rc (*topic_info)(ds_broker *b, const char *topic, ds_topic_info *out,
                        ds_err *err);
    /* Names of existing topics that match a pattern (^regex). */
    ds_rc (*topic_match)(ds_broker *b, const char *pattern, ds_arena *a,
                         const char *const **names, uint32_t *n, ds_err *err);
    /* DS_E_CONFIG if it exists with other settings (names topic and setting).
     * *created tells which. */
    ds_rc (*topic_ensure)(ds_broker *b, const ds_topic_want *want,
                          bool *created, ds_err *err);
    /* Log start and log end (read_uncommitted: the true end, not the LSO). */
    ds_rc (*watermarks)(ds_broker *b, const char *topic, int32_t partition,
                        int64_t *low, int64_t *high, ds_err *err);
    /* First offset whose timestamp is at or after `t`; the end if none. */
    ds_rc (*offset_at)(ds_broker *b, const char *topic, int32_t partition,
                       ds_time t, int64_t *out, ds_err *err);
    /* Committed offsets of a group, stable: waits for pending transactions up
     * to timeout_ms, then DS_E_TIMEOUT. next is DS_OFFSET_NONE where there is
     * none. The marks are set where positions() has stored some. */
    ds_rc (*group_offsets)(ds_broker *b, const char *group, ds_position *pos,
                           uint32_t n, int timeout_ms, ds_err *err);
    /* Number of live members. */
    ds_rc (*group_members)(ds_broker *b, const char *group, int *n,
                           ds_err *err);

    /* A setting of a topic ("delete.retention.ms"); DS_NOTFOUND without it. */
    ds_rc (*topic_config)(ds_broker *b, const char *topic, const char *name,
                          ds_arena *a, const char **value, ds_err *err);

    /* Records of these partitions below `next` are wanted no more. Asks, and
     * waits for no answer: a refusal is logged. */
    void (*delete_records)(ds_broker *b, const ds_position *pos, uint32_t n);

    ds_rc (*source_open)(ds_broker *b, const ds_source_spec *spec,
                         ds_source **out, ds_err *err);
    /* Returns when init_transactions is through: an older transaction of the
     * same id is decided then. */
    ds_rc (*txn_open)(ds_broker *b, const ds_txn_spec *spec, ds_txn **out,
                      ds_err *err);
    ds_rc (*reader_open)(ds_broker *b, ds_reader **out, ds_err *err);

    const struct ds_source_type *source;
    const struct ds_txn_type *txn;
    const struct ds_reader_type *reader;
} ds_broker_type;

/* ---- a group member ---- */

typedef struct ds_source_type {
    /* Leaves nothing open; bounded in time. */
    void (*close)(ds_source *s);

    /* Rows of one partition, at most max_rows, in offset order, without gaps
     * that are not explained; rows below the position given to assign/seek are
     * dropped. DS_OK: *out is filled in; the rows and the bytes behind their
     * slices live as long as `a`. DS_END: nothing within timeout_ms.
     * DS_CHANGED: see change(). DS_E_FENCED: a newer member has our id.
     * DS_E_REJOIN: close this one and open another. DS_E_FAILED with topic,
     * partition, offset in the message: the log is truncated, corrupt, or the
     * offset is gone. Must be called at least every few seconds, also while
     * restoring. */
    ds_rc (*poll)(ds_source *s, ds_arena *a, uint32_t max_rows, int timeout_ms,
                  ds_fetch *out, ds_err *err);
    /* After DS_CHANGED: what changes. The rebalance is answered by assign(). */
    void (*change)(ds_source *s, ds_change *out);
    /* Start reading at these positions (all with next >= 0); n == 0: none.
     * Also the answer to a change. DS_CHANGED, here and of seek(): nothing was
     * done, since there is a change that poll() has to tell first. */
    ds_rc (*assign)(ds_source *s, const ds_position *pos, uint32_t n,
                    ds_err *err);
    /* Go back (or on) within what is assigned: what was fetched is dropped. */
    ds_rc (*seek)(ds_source *s, const ds_position *pos, uint32_t n,
                  ds_err *err);
    /* No more (or again) rows of an assigned partition; some may still come. An
     * assign() forgets it. */
    ds_rc (*pause)(ds_source *s, const char *topic, int32_t partition, bool on,
                   ds_err *err);
    /* Committed offsets of the group, and marks, as this member sees them:
     * stable, waits for pending transactions, up to timeout_ms (DS_E_TIMEOUT:
     * ask again; never taken for "no offset"). */
    ds_rc (*committed)(ds_source *s, ds_position *pos, uint32_t n,
                       int timeout_ms, ds_err *err);
    /* The end of an assigned partition as last heard; asks nobody. -1: not
     * known yet. */
    int64_t (*end)(ds_source *s, const char *topic, int32_t partition);
} ds_source_type;

/* ---- a transaction ---- */

/* Results: DS_OK; DS_E_TXN: abort it; DS_E_UNKNOWN: reset(), then resync;
 * DS_E_FENCED: stop. */
typedef struct ds_txn_type {
    void (*close)(ds_txn *t); /* an open transaction is aborted if that is quick
                               */
    ds_rc (*begin)(ds_txn *t, ds_err *err);
    /* The rows have to stay valid until flush() returns. DS_E_LIMIT with the
     * topic in the message: a record is larger than its topic takes; *bad is
     * its index. */
    ds_rc (*send)(ds_txn *t, const ds_row *rows, uint32_t n, uint32_t *bad,
                  ds_err *err);
    /* Every row is acknowledged, or the transaction has failed. */
    ds_rc (*flush)(ds_txn *t, ds_err *err);
    /* After flush(), and nothing is sent after it (exactly-once.md, H1). All
     * owned partitions, also those that did not move (H2). Marks that are set
     * are stored beside the offset. */
    ds_rc (*positions)(ds_txn *t, ds_source *from, const ds_position *pos,
                       uint32_t n, ds_err *err);
    /* DS_OK: committed. DS_E_UNKNOWN otherwise, or DS_E_TXN when the library is
     * sure that it was not. */
    ds_rc (*commit)(ds_txn *t, ds_err *err);
    /* DS_OK: aborted. Else DS_E_UNKNOWN. */
    ds_rc (*abort)(ds_txn *t, ds_err *err);
    /* A new producer under the same id. The old transaction is decided when it
     * returns DS_OK; DS_E_TIMEOUT: call again. */
    ds_rc (*reset)(ds_txn *t, ds_err *err);
    /* The offset after the last acknowledged row of this transaction in that
     * partition; -1: not known. Valid until begin(). */
    int64_t (*acked)(ds_txn *t, uint32_t topic, int32_t partition);
    /* ds_taint bits since the last begin(). */
    unsigned (*taint)(ds_txn *t);
    /* As positions(), for a group that has no members now (replay). */
    ds_rc (*group_positions)(ds_txn *t, const char *group,
                             const ds_position *pos, uint32_t n, ds_err *err);
    /* A batch-sized rest from librdkafka's threads is served here while the
     * worker has nothing else to do. */
    void (*serve)(ds_txn *t);
} ds_txn_type;

/* ---- reading changelogs ---- */

typedef struct ds_reader_type {
    void (*close)(ds_reader *r);
    /* The log start and end of each (read_uncommitted), pos->next is not used.
     */
    ds_rc (*ends)(ds_reader *r, const ds_position *pos, uint32_t n,
                  int64_t *low, int64_t *high, ds_err *err);
    /* Read these from now on, committed records only. */
    ds_rc (*assign)(ds_reader *r, const ds_position *pos, uint32_t n,
                    ds_err *err);
    /* As ds_source_type.poll, without changes. `next` also passes transaction
     * markers and aborted records at the end (eof). */
    ds_rc (*poll)(ds_reader *r, ds_arena *a, uint32_t max_rows, int timeout_ms,
                  ds_fetch *out, ds_err *err);
} ds_reader_type;

/* First members. */
struct ds_broker {
    const ds_broker_type *type;
};
struct ds_source {
    const ds_source_type *type;
};
struct ds_txn {
    const ds_txn_type *type;
};
struct ds_reader {
    const ds_reader_type *type;
};

DS_PUBLIC_END

#endif
