/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h - say what to compute. Nothing runs yet; see context.h for that.
 *
 *     ds_job *job = ds_job_new(reg);
 *     ds_job_set(job, "job", "wordcount");
 *     ds_job_source(job, "lines", "kafka",
 *                   DS_OPTS("topic", "lines", "format", "text"));
 *     ds_stream *s = ds_job_stream(job, "counts", "lines");
 *     ds_stream_step(s, "flatMap", "string_to_table(value, ' ') AS word");
 *     ds_stream_step(s, "keyBy", "word");
 *     ds_stream_step(s, "updateStateByKey",
 *                    "coalesce(state, 0) + count(*) AS n");
 *     ds_job_sink(job, "out", "counts", "kafka", DS_OPTS("topic", "counts"));
 *     ds_plan *plan = ds_job_plan(job);
 *
 * Building never fails at the call: mistakes are kept in the job's diags, all
 * of them. ds_job_plan() gives NULL if there was one. YAML files end in the
 * same calls (the _arg ones, whose arguments know where they were written).
 *
 * Thread: any, one at a time.
 */
#ifndef DSTREAM_JOB_H
#define DSTREAM_JOB_H

#include "dstream/public.h"
#include "dstream/registry.h"

DS_PUBLIC_BEGIN

typedef struct ds_job ds_job;
typedef struct ds_stream ds_stream; /* lives as long as its job */
typedef struct ds_plan ds_plan;

ds_job *ds_job_new(const ds_registry *reg);
void ds_job_free(ds_job *job); /* the plan too */
ds_diags *ds_job_diags(ds_job *job);
ds_arena *ds_job_arena(ds_job *job);

/* Settings by their YAML names: "job", "batch", "workers", "errors", … The
 * tables of all names are below. From C a dot goes one level down:
 * "errors.dlq", "kafka.bootstrap.servers". "sources", "tables", "streams" and
 * "sinks" take what stands under them in a file, so a file is a loop over its
 * names. */
void ds_job_set(ds_job *job, const char *name, const char *value);
void ds_job_set_arg(ds_job *job, const ds_text *name, const ds_arg *value);

/* In `opts` too a dot goes one level down: "columns.id", "bigint". */
void ds_job_source(ds_job *job, const char *name, const char *connector,
                   const char *const *opts);
/* `arg` is what stands under the name: {kafka: {…}, strict: true}. */
void ds_job_source_arg(ds_job *job, const ds_text *name, const ds_arg *arg);

/* A table, for joins and queries: `connector` is "kafka" (a compacted topic:
 * the latest row of each key, a null value deletes) or "file". As Spark's
 * static side of a join. */
void ds_job_table(ds_job *job, const char *name, const char *connector,
                  const char *const *opts);
/* {kafka: {…}} or {file: {…}}. */
void ds_job_table_arg(ds_job *job, const ds_text *name, const ds_arg *arg);

ds_stream *ds_job_stream(ds_job *job, const char *name, const char *from);
ds_stream *ds_job_stream_arg(ds_job *job, const ds_text *name,
                             const ds_text *from);
/* Any operator by its YAML name; `arg` stands for its main parameter. */
void ds_stream_step(ds_stream *s, const char *op, const char *arg);
/* Its parameters by name, and id: and on_error:, as DS_OPTS(). A parameter that
 * stands several times is a list. */
void ds_stream_step_opts(ds_stream *s, const char *op, const char *const *opts);
/* `arg`: the operator's argument; `more`: the map it stands in, for id: and
 * on_error:; may be NULL. */
void ds_stream_step_arg(ds_stream *s, const ds_text *op, const ds_arg *arg,
                        const ds_arg *more);

void ds_job_sink(ds_job *job, const char *name, const char *from,
                 const char *connector, const char *const *opts);
void ds_job_sink_arg(ds_job *job, const ds_text *name, const ds_arg *arg);

/* Where `kafka: NAME` is looked up: the properties of that cluster (a map), or
 * NULL if there is none. Without it a name is an error. `name` is "main" when
 * the job says nothing about its cluster; NULL is fine then. */
typedef const ds_arg *ds_cluster_fn(void *arg, const char *name);
void ds_job_set_clusters(ds_job *job, ds_cluster_fn *fn, void *arg);

/* The same for `registry: NAME`; `name` is NULL when the job names none. */
void ds_job_set_registries(ds_job *job, ds_cluster_fn *fn, void *arg);
/* Servers may be asked for schemas while the job is planned. Without it a job
 * whose columns only a registry knows has no plan, though it has no mistake. */
void ds_job_set_online(ds_job *job);
/* Without a cluster (tests, files): records of formats with schemas are JSON
 * objects of the same columns. */
void ds_job_set_plain(ds_job *job);
/* Sinks that are files write records to a topic of their own name instead
 * (tests, --out). */
void ds_job_set_captured(ds_job *job);
/* Without a plan: no server answered (DS_E_UNREACHABLE, DS_E_AUTH); DS_OK: it
 * is incomplete, or has mistakes. */
ds_rc ds_job_failed(const ds_job *job, ds_err *err);
/* What the job is called, once a plan was asked for; NULL: it does not say. */
const char *ds_job_name(const ds_job *job);
/* Whether only a registry knows columns of it. */
bool ds_job_incomplete(const ds_job *job);

/* Test runner: every stream and sink also sends its rows, as JSON objects of
 * all columns, to the topic "tap.<name>", and no file is opened: the rows of a
 * table of a file are JSON objects in the topic "table.<name>" (call before
 * ds_job_plan). */
void ds_job_tap_all(ds_job *job);

/* Check everything, cut stages. NULL: there are errors in the diags. The plan
 * lives as long as the job. */
const ds_plan *ds_job_plan(ds_job *job);

/* The tables behind the file format, for the JSON schema: top level, a source,
 * its kafka:, a sink, its kafka: and console:, errors:, batch:. */
extern const ds_param ds_job_params[];
extern const ds_param ds_source_params[];
extern const ds_param ds_source_kafka_params[];
extern const ds_param ds_source_schema_params[]; /* and of a sink: below */
extern const ds_param ds_table_params[];
extern const ds_param ds_table_kafka_params[];
extern const ds_param ds_table_file_params[];
extern const ds_param ds_stream_params[];
extern const ds_param ds_step_params[]; /* id, on_error */
extern const ds_param ds_sink_params[];
extern const ds_param ds_sink_kafka_params[];
extern const ds_param ds_sink_schema_params[];
extern const ds_param ds_sink_console_params[];
extern const ds_param ds_batch_params[];
extern const ds_param ds_errors_params[];

/* The JSON schema of job files (2020-12), for editors. */
char *ds_job_schema(const ds_registry *reg, ds_arena *a);

DS_PUBLIC_END

#endif
