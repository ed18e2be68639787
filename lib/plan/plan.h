/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - the checked job: nodes, stages, stores, topics. Read-only.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "dstream/node.h"

typedef struct ds_plan ds_plan;

/* Args of the internal operator "source": filled in by lib/build. */
typedef struct ds_source_args {
    ds_text topic;        /* one of these three */
    const ds_arg *topics; /* list */
    ds_text pattern;
    ds_text format;     /* "json" when absent */
    ds_text key;        /* the column the topic is partitioned by */
    ds_text key_format; /* "text" when absent */
    const ds_arg *columns;
    ds_text start; /* earliest | latest | RFC 3339 */
    bool strict;
    bool header;        /* format csv: a line of names stands before each row */
    bool copartitioned; /* a table's */
    /* Said of the source, not of its topics. */
    ds_text event_time; /* a column; the node's event_time is its number */
    ds_time watermark;  /* how late a row may be; 0: no watermark */
    ds_time idle;       /* a partition silent for so long holds none back */
    /* Resolved. The node's schema is `body` (what the record's value holds),
     * and after it, if key_from_record, the column `key` (text; bytea if
     * key_format is raw), which is read from the record's key. */
    const ds_codec_type *codec, *key_codec;
    const ds_schema *body;
    void *options, *key_options; /* of the codecs, see ds_codec_type.plan */
    bool key_from_record;
    const char *const *names; /* topics as in ds_source_spec */
    uint32_t n_names;
    /* The topic is what was received (dstream/receiver.h); NULL: it is not. */
    const ds_receiver_type *receiver;
    const void *receiver_args;
    /* The topic is a co-partitioned table's: its records are read as they are.
     * NULL: it is not. */
    const struct ds_plan_table *table;
} ds_source_args;

/* Args of "sink". */
typedef struct ds_sink_args {
    ds_text topic;
    ds_text format; /* "json" when absent */
    bool header;    /* as in ds_source_args */
    ds_text key;    /* column or expression; absent: the stream's key */
    ds_text key_format;
    const ds_arg *headers; /* map name: expression */
    ds_text where;         /* never set: the planner puts a filter in front */
    const ds_codec_type *codec, *key_codec; /* resolved */
    void *options, *key_options;            /* of the codecs */
    ds_where format_where; /* of the schema or the format; line 0: nowhere */
} ds_sink_args;

/* Args of "console". */
typedef struct ds_console_args {
    int64_t limit;
    ds_text where; /* never set, as above */
} ds_console_args;

/* Args of "outside". */
typedef struct ds_outside_args {
    const ds_sink_type *type;
    const void *args; /* its own */
    const char *job;
    const char *file; /* of the job; NULL: from C */
} ds_outside_args;

typedef struct ds_stage {
    uint32_t id;
    const char *name;  /* "main", or that of its repartition stream */
    const char *group; /* consumer group */
    uint32_t n_nodes;
    ds_node **nodes; /* inputs first */
    uint32_t n_sources;
    ds_node **sources; /* its "source" or "unshuffle" nodes */
    bool keyed;        /* it has stores, or keys in one place: all its topics
                          must have equal partition counts */
    bool every_epoch;  /* a node of it has DS_OP_EVERY_EPOCH, or it is paced */
    bool needs_batch;  /* a node of it has DS_OP_NEEDS_BATCH */
    bool timed; /* its batches are whole over all partitions: a node needs
                   that, or a stage that it feeds is timed, or records
                   move the batch time */
    int64_t
        cuts; /* a number for the repartition topics that it writes; 0: none */
    bool paced; /* it feeds a timed stage: each of its epochs is a batch,
                   and says how far it is */
} ds_stage;

/* A table (`tables:`): rows by key, from a topic or a file. Every process holds
 * all of it; one that is co-partitioned is an input of the stage that joins
 * with it, and lies in the state of its tasks. */
typedef struct ds_plan_table {
    uint32_t id;
    const char *name;
    ds_where where;
    const ds_source_args *args; /* codec, body, key: as of a source */
    const ds_schema *schema;    /* its columns */
    uint16_t key;               /* the number of the key's */
    const ds_schema *values;    /* the others */
    int topic;        /* number in topics; -1: it is a file, and only that */
    const char *path; /* of the file; NULL: a topic. With a topic too: a job
                         test, whose rows stand for the file's */
    ds_time refresh;  /* of a file: how often it is read; 0: once */
    bool copartitioned;
    ds_node
        *source; /* idem: what reads its topic; NULL: nobody joins with it */
    ds_on_error on_error; /* FAIL: a record that does not decode stops the job;
                             else it is left out */
} ds_plan_table;

typedef struct ds_plan_store {
    uint32_t id;
    const char *name;      /* "counts" */
    const char *changelog; /* "<job>.counts.changelog" */
    uint32_t topic;        /* the changelog's number in topics */
    ds_node *node;
    uint32_t nth; /* 1: the second one of the node */
    uint64_t signature;
} ds_plan_store;

typedef enum ds_topic_kind {
    DS_TOPIC_SOURCE,     /* user's */
    DS_TOPIC_SINK,       /* user's */
    DS_TOPIC_DLQ,        /* user's */
    DS_TOPIC_LATE,       /* user's: errors.late */
    DS_TOPIC_TABLE,      /* user's: rows of a table */
    DS_TOPIC_RECEIVED,   /* ours, delete; one partition */
    DS_TOPIC_CHANGELOG,  /* ours, compact */
    DS_TOPIC_REPARTITION /* ours, delete */
} ds_topic_kind;

typedef struct ds_plan_topic {
    const char *name; /* a pattern begins with ^ */
    ds_topic_kind kind;
    uint32_t stage;  /* CHANGELOG: of the store; REPARTITION: that writes it */
    uint32_t reader; /* REPARTITION: the stage that reads it */
    int32_t partitions; /* 0: taken from the cluster at start: a changelog has
                           as many as its stage, a repartition topic as the
                           largest stage that writes to its reader */
    bool tap;           /* SINK: a test runner's, not of the job */
} ds_plan_topic;

struct ds_plan {
    ds_arena *arena; /* the context arena: everything here lives in it */
    const ds_registry *reg;
    const char *job;
    const char *file; /* NULL: from C */
    ds_time batch;
    ds_time span;  /* how long a row is in windows, at most; 0: there is none */
    ds_time slide; /* windows end at multiples of it */
    bool record_clock;     /* batches are cut by the records' timestamps */
    int64_t max_records;   /* per epoch and worker; default 50000 */
    bool max_records_said; /* the job says it */
    int64_t max_bytes;     /* default 16 MiB */
    int workers;           /* 0: min(cores, partitions) */
    int64_t memory;        /* bytes; default 256 MiB */
    const ds_prop *props;  /* librdkafka's */
    uint32_t n_props;

    uint32_t n_nodes;
    ds_node **nodes; /* inputs before outputs */
    uint32_t n_stages;
    ds_stage *stages; /* a stage before those that read what it writes */
    uint32_t n_stores;
    ds_plan_store *stores;
    uint32_t n_tables;
    ds_plan_table *tables;
    bool tables_bad; /* one has mistakes: it is not among them */
    uint32_t n_topics;
    ds_plan_topic *topics;

    int dlq_topic;       /* number in topics, or -1 */
    int late_topic;      /* of rows that come too late: number in topics, also
                            dlq_topic; -1: they are dropped */
    int64_t error_limit; /* errors per error_span */
    ds_time error_span;  /* 0: no limit */
};

/* The co-partitioned table whose topic a source reads; NULL: none. */
const ds_plan_table *ds_node_reads_table(const ds_node *node);

/* A text for people: stages, cuts and why, topics, stores, guarantees. */
char *ds_plan_explain(const ds_plan *plan, ds_arena *a);

#endif
