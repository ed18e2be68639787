/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobtest.h - job tests: YAML files that say what goes in and what comes out
 * (contract.md 3).
 *
 *     jobtest.c          the verb: files, lines, exit code
 *     jobtest_file.c     a test file, checked against its job
 *     jobtest_run.c      one test on the real engine: memory cluster, virtual
 *                        clock, crashes
 *     jobtest_compare.c  expected rows against those that came
 *     jobtest_records.c  expected records of a topic: key, value, headers, time
 *
 * Beside contract.md's steps there are two for the bytes that leave:
 *
 *     - records: {TOPIC: [{key: a, value: '{"n":1}', headers: {h: x}, ts: …}]}
 *
 * compares the records that a topic of the job got since the last such step,
 * as bags; a record lists what matters of it. A value that is a map is compared
 * as JSON, null is a tombstone, headers are a map or a list of maps with one
 * name each (order and repeats count). `fails: TEXT` beside `expect` says that
 * the job stops in this batch, with TEXT in its message.
 */
#ifndef CMD_JOBTEST_H
#define CMD_JOBTEST_H

#include <jansson.h>

#include "dstream/context.h"
#include "dstream/job.h"
#include "memory/memory.h"
#include "plan/plan.h"
#include "record/show.h"
#include "yaml/yaml_job.h"

typedef enum step_kind {
    STEP_ROWS,
    STEP_EXPECT,
    STEP_STATE,
    STEP_RECORDS,
    STEP_CRASH,
    STEP_AT,
    STEP_ADVANCE,
    STEP_LOSE
} step_kind;

typedef struct test_step {
    step_kind kind;
    const ds_arg *arg; /* ROWS: the rows; EXPECT, STATE, RECORDS: the map */
    ds_where where;
    const char *source; /* ROWS: or a table */
    int32_t partition;
    const ds_arg *key, *ts, *headers;
    const char *point; /* CRASH */
    ds_time time;      /* AT, ADVANCE */
    bool strict, exact;
    const ds_arg *watermark; /* EXPECT: of sources, by name; may be NULL */
    const ds_arg *fails; /* EXPECT: part of the message; NULL: it must not */
} test_step;

typedef struct job_test {
    const char *name;
    ds_where where;
    const char *job; /* path of the job file */
    const ds_arg *env;
    uint32_t n_steps;
    test_step *steps;
} job_test;

typedef struct test_file {
    const char *path;
    bool cuts_any;
    bool crashes_none; /* the sweep leaves them out: a start forgets what the
                          tests are about */
    uint32_t n_tests;
    job_test *tests;
} test_file;

/* The source of that name, not one of a table; NULL: none. */
const ds_node *jobtest_source(const ds_plan *plan, const char *name);

/* How one run of a test differs from the plain one. */
typedef struct test_variant {
    const char *name;  /* NULL: the plain run */
    const char *point; /* crash there, once in every batch */
    bool abort;        /* every commit is aborted once */
    uint32_t column_rows, epoch_rows;
} test_variant;

/* Names that an expectation may use, and a job that was checked once. */
typedef struct test_job {
    ds_job *job;
    const ds_plan *plan;
} test_job;

/* Reads and checks a test file; mistakes go to `d` (then false). */
bool test_file_load(const char *path, const ds_registry *reg, ds_arena *a,
                    ds_diags *d, ds_slice *text, test_file *out);
/* The job of a test with its variables; NULL with mistakes in `d`. */
ds_job *test_job_open(const job_test *t, const ds_registry *reg,
                      const ds_plan **plan, ds_diags *d);

/* True: passed. Else `report` (in `a`) says what was wrong, in lines. */
bool test_run(const test_file *f, const job_test *t, const test_variant *v,
              const ds_registry *reg, ds_arena *a, char **report);

/* Rows that came out of a sink or stream. */
typedef struct got_rows {
    const ds_schema *schema; /* NULL: dead letters */
    const uint16_t *keys;
    uint32_t n_keys;
    uint32_t n;
    json_t **rows;
} got_rows;

typedef struct compare_how {
    bool strict, exact;
    bool last_only; /* other cuts: the last row per key counts */
} compare_how;

/* True if they agree; else lines of a difference are added to `diff`. */
bool rows_compare(const ds_arg *expected, const got_rows *got,
                  const compare_how *how, ds_arena *a, ds_buf *diff);
/* The same for a watermark; DS_TIME_NONE agrees with null. */
bool watermark_compare(const ds_arg *expected, ds_time got, ds_buf *diff);
/* The same for records; `last_only`: the last one of each key counts. */
bool records_compare(const ds_arg *expected, const memory_record *got,
                     uint32_t n, const compare_how *how, ds_arena *a,
                     ds_buf *diff);
/* Headers as a test writes them, in Kafka's wire form. */
ds_slice headers_of(const ds_arg *arg, ds_arena *a);
/* Whether a value is the expected one. */
/* Any JSON; NULL: it is none. An integer too large for jansson is read as a
 * real. */
json_t *json_read(ds_slice text);
bool value_matches(const ds_arg *expected, ds_type type, const json_t *got);
/* A YAML value as JSON text; rows of json sources. */
void arg_to_json(const ds_arg *arg, ds_buf *out);
/* A row as people write it: {word: a, n: 2}. */
void arg_show(const ds_arg *arg, ds_buf *out);

/* jobtest_rows.c: a row as the value of a record of this source or table; a
 * scalar as bytes, null a null slice. In `a`. */
ds_slice jobtest_value(ds_arena *a, const ds_source_args *source,
                       const ds_arg *row);
ds_slice jobtest_bytes(const ds_arg *scalar);

#endif
