/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.h - a job as it was said, and the plan that is made of it.
 *
 *     job.c        the calls: collect, check nothing
 *     settings.c   the top level of the file format
 *     sources.c    a source: its columns, key, topics
 *     tables.c     a table: a topic or a file by key
 *     streams.c    order by `from`, steps
 *     sinks.c      sinks, taps
 *     outside.c    receivers, sinks of programs
 *     topics.c     topics that must not meet
 *     schema.c     the JSON schema
 */
#ifndef BUILD_BUILD_H
#define BUILD_BUILD_H

#include "dstream/job.h"
#include "plan/args.h"
#include "plan/planner.h"

#define BUILD_MAX_STEPS 4000 /* of a job, sources and sinks included */

/* A name and what stands under it. */
struct entry {
    ds_text name;
    const ds_arg *arg;
};

struct entries {
    struct entry *list;
    uint32_t n, cap;
    const ds_text *said; /* the section's name, where a file has it */
    bool wrong;          /* what stands there is no map */
};

struct step {
    ds_text op;
    const ds_arg *arg;  /* may be NULL */
    const ds_arg *more; /* may be NULL */
};

struct ds_stream {
    ds_job *job;
    ds_text name;
    ds_text from;
    struct step *steps;
    uint32_t n_steps, cap_steps;
    bool broken; /* what it says was not understood: nothing follows from it */

    /* While planning. */
    const char **named; /* other streams that its steps name */
    uint32_t n_named, cap_named;
    int seen;      /* 0 not yet, 1 on the way, 2 done */
    bool used;     /* a sink comes of it */
    ds_node *last; /* what leaves it */
};

struct batch_settings {
    ds_time interval;
    ds_where interval_where;
    int clock;
    int64_t max_records, max_bytes;
};

struct error_settings {
    ds_text dlq;
    int on_error; /* a ds_on_error */
    ds_text limit;
    ds_text late;
};

struct settings {
    int64_t dstream;
    ds_text job, description;
    struct batch_settings batch;
    int delivery;
    const ds_arg *kafka, *registry;
    int64_t workers, memory;
    struct error_settings errors;
    const ds_arg *sources, *tables, *streams, *sinks;
};

/* A source, while planning. */
struct source {
    ds_text name;
    const ds_arg *topic_arg; /* for positions; may be NULL */
    ds_source_args *args;
    ds_node *node; /* NULL: it has mistakes */
    bool used;
};

/* What stands under `kafka:` of a source or a table: the args of the operator,
 * and what is needed to make them. */
struct kafka_in {
    ds_source_args args;
    const ds_arg *properties;
    ds_codec_schema schema;
};

/* A topic that the job writes, and where that stands. */
struct written {
    const char *topic;
    ds_where where;
};

struct ds_job {
    ds_arena *arena;
    const ds_registry *reg;
    ds_diags diags;
    ds_cluster_fn *cluster;
    void *cluster_arg;
    ds_cluster_fn *registries;
    void *registries_arg;
    bool online;     /* servers may be asked for schemas */
    bool plain;      /* formats with schemas are JSON */
    bool captured;   /* files are topics */
    bool incomplete; /* they would have to be */
    ds_err failed;   /* why they did not answer; rc 0: nothing failed */
    bool tap;
    bool planned;
    const char *file; /* NULL: from C */

    struct entries settings, sources, tables, sinks;
    ds_stream **streams;
    uint32_t n_streams, cap_streams;

    /* While planning. */
    struct settings set;
    struct planner planner;
    ds_plan *plan;
    struct source *srcs; /* as many as sources */
    ds_on_error on_error;
    uint32_t n_steps;
    struct written *written;
    uint32_t n_written, cap_written;
    ds_prop *props;
    uint32_t n_props, cap_props;
    bool registry_wrong;     /* which was said */
    const ds_prop *registry; /* NULL: the job has none */
    uint32_t n_registry;
};

/* A key of `schema:` of sources and sinks alike. */
#define BUILD_FRAMING                                                          \
    {                                                                          \
        .name = "framing", .type = DS_P_ENUM,                                  \
        .offset = offsetof(ds_codec_schema, framing), .def = "auto",           \
        .choices = "auto|confluent|none", /* as ds_schema_framing */           \
            .help =                                                            \
                "Whether a record begins with the id of its schema; auto: if " \
                "the job has a registry."                                      \
    }

/* settings.c: false only if the plan cannot even begin. */
void build_settings(ds_job *job);
/* settings.c: properties of `kafka:` or of a source. */
void build_props(ds_job *job, const ds_arg *props);
/* sources.c */
void build_sources(ds_job *job);
/* sources.c: a codec by the name of its format; NULL after a mistake. */
const ds_codec_type *build_codec(ds_job *job, const ds_text *name,
                                 const char *absent);
/* sources.c: `header` is for csv only. */
void build_header(ds_job *job, const ds_arg *arg, bool header,
                  const ds_codec_type *codec);
/* sources.c: fills in what is the job's. */
void build_codec_use(const ds_job *job, ds_codec_use *use);
/* sources.c: where the schema of a format is said, else the format, of a
 * source's or sink's `kafka`. */
ds_where build_codec_where(const ds_arg *kafka);
bool build_codec_plan(ds_job *job, const ds_codec_type *codec,
                      const ds_codec_use *use, ds_where where,
                      const ds_arg *declared, void **options,
                      const ds_schema **columns);
/* sources.c: what stands in for a format with schemas. */
const ds_codec_type *build_codec_plain(const ds_job *job,
                                       const ds_codec_type *codec,
                                       const char *plain);
bool build_is_topic(const char *s);
/* sources.c: one column `value`. */
const ds_schema *build_lone(ds_job *job, ds_type type);
/* outside.c: the receiver that a source names, what stands under it, and the
 * rest of what the source says; NULL: none. */
const ds_receiver_type *build_receiver(const ds_job *job, const ds_arg *arg,
                                       const ds_arg **under,
                                       const ds_arg **rest);
/* outside.c: args of the source. False: it has mistakes. */
bool build_received(ds_job *job, struct source *src,
                    const ds_receiver_type *type, const ds_arg *arg);
/* outside.c: likewise of a sink. */
const ds_sink_type *build_outside_type(ds_job *job, const ds_arg *arg,
                                       const ds_arg **under,
                                       const ds_arg **rest);
/* outside.c: whether only programs have such a step or sink, which is then a
 * mistake. */
bool build_is_program(ds_job *job, const ds_text *name);
void build_outside(ds_job *job, const ds_sink_type *type, const ds_text *name,
                   ds_node *input, const ds_arg *arg);
/* sources.c: what a map says about topics, bytes and columns. False: there are
 * mistakes. `src` has a name, and gets args and the topic's names. */
bool build_kafka_in(ds_job *job, struct source *src, const ds_arg *arg,
                    const ds_param *params, const char *what, bool strict);
/* sources.c: the body's columns, and the key behind them if it is none of
 * them; NULL after a mistake. */
const ds_schema *build_with_key(ds_job *job, ds_source_args *s, uint16_t *key);
/* sources.c: the columns of the values, of a file too; NULL after a mistake. */
const ds_schema *build_body(ds_job *job, struct source *src, const ds_arg *arg,
                            const ds_codec_schema *schema);
/* sources.c: false: a column must not have this name. */
bool build_check_column(ds_job *job, const ds_text *name);
/* tables.c */
void build_tables(ds_job *job);
/* tables.c: whether a table has this name, also one with mistakes. */
bool build_is_table(const ds_job *job, const char *name);
/* tables.c: the table of that name; NULL: none, or one with mistakes. */
ds_plan_table *build_table_find(const ds_job *job, const char *name);
/* tables.c: the co-partitioned table becomes an input of the join. */
void build_table_join(ds_job *job, ds_node *node, const ds_text *name);
/* tables.c: the node looks into tables that the process does not hold. */
void build_tables_whole(ds_job *job, const ds_node *node);
/* tables.c: which tables nobody reads. */
void build_tables_used(ds_job *job);
/* streams.c */
void build_streams(ds_job *job);
/* streams.c: the node that a `from` means. NULL after a mistake. */
ds_node *build_from(ds_job *job, const ds_text *from);
/* streams.c: what a file says of a stream, as calls. */
void build_stream_arg(ds_job *job, const ds_text *name, const ds_arg *arg);
/* streams.c: the args of a node, from what was written. */
void build_args(ds_job *job, ds_node *node, const ds_arg *arg);
/* sinks.c */
void build_sinks(ds_job *job);
void build_taps(ds_job *job);
/* topics.c */
void build_written(ds_job *job, const ds_text *topic);
void build_check_topics(ds_job *job);

#endif
