/* SPDX-License-Identifier: Apache-2.0 */
/*
 * function.h - steps that are functions in C.
 *
 *     static ds_rc split(void *arg, const ds_in *line, ds_out *out,
 *                        ds_err *err)
 *     {
 *         ds_slice text = ds_in_text(line, 0);
 *         ...
 *         ds_out_row(out);
 *         ds_out_text(out, 0, word);
 *         return DS_OK;
 *     }
 *
 *     ds_dstream *words = ds_dstream_function(
 *         lines, &(ds_function){.name = "split",
 *                               .columns = DS_OPTS("word", "text"),
 *                               .flat_map = split});
 *
 * Rules. A function is called again with the same rows after an abort or a
 * crash, perhaps cut into batches differently, so:
 *
 *   - its answer follows from what it is given alone: no clock (there is
 *     ds_in_now), no random numbers, no counters, nothing that a table outside
 *     says today and not tomorrow;
 *   - what it does besides answering happens at least once;
 *   - what must last goes into the state of an `update`, and nowhere else.
 *
 * Memory. What it is given lives until it returns, and is not changed. What it
 * gives is copied. Nothing has to be freed.
 *
 * Threads. It is called by the workers, several at once: `arg` is shared by all
 * of them.
 *
 * Errors. DS_E_RECORD refuses the row, with err->msg as the reason, and the
 * step's on_error decides (a `reduce` or `update` refuses the last row that
 * went in). Any other error aborts the batch: DS_E_IO and DS_E_TIMEOUT are
 * tried again, DS_E_FAILED stops the job, and so does what is no ds_rc of a
 * function, such as 1. A column that is set as another type
 * than it has stops the job too.
 *
 * State. `version` says what the state means: another one than the stored
 * state's is refused at the start, until the state is reset (dstream replay, or
 * --reset-state). Change it when the function's meaning changes.
 */
#ifndef DSTREAM_FUNCTION_H
#define DSTREAM_FUNCTION_H

#include "dstream/batch.h"
#include "dstream/public.h"
#include "dstream/registry.h"

DS_PUBLIC_BEGIN

/* ---- a row that is read ---- */

/* Columns are numbered as the stream has them; the types are batch->schema's.
 * A getter of another type than the column has gives nonsense. */
typedef struct ds_in {
    const ds_batch *batch;
    uint32_t row;
} ds_in;

static inline bool ds_in_null(const ds_in *in, uint32_t col)
{
    return ds_col_is_null(&in->batch->cols[col], in->row);
}

/* boolean. NULL: false. */
static inline bool ds_in_bool(const ds_in *in, uint32_t col)
{
    return !ds_in_null(in, col) && in->batch->cols[col].v.b[in->row];
}

/* smallint, integer, bigint, date (days), time, timestamp, timestamptz
 * (microseconds). NULL: 0. */
static inline int64_t ds_in_i64(const ds_in *in, uint32_t col)
{
    return ds_in_null(in, col) ? 0 : in->batch->cols[col].v.i64[in->row];
}

/* real, double precision. NULL: 0. */
static inline double ds_in_f64(const ds_in *in, uint32_t col)
{
    return ds_in_null(in, col) ? 0 : in->batch->cols[col].v.f64[in->row];
}

/* text, varchar, bytea, uuid, jsonb; arrays and rows as bytes. NULL: a null
 * slice. Not NUL-terminated. */
static inline ds_slice ds_in_text(const ds_in *in, uint32_t col)
{
    ds_slice none = {0, 0};

    return ds_in_null(in, col) ? none : in->batch->cols[col].v.str[in->row];
}

/* numeric, interval. NULL: NULL. */
static inline const ds_numeric *ds_in_numeric(const ds_in *in, uint32_t col)
{
    return ds_in_null(in, col) ? 0 : &in->batch->cols[col].v.num[in->row];
}
static inline const ds_interval *ds_in_interval(const ds_in *in, uint32_t col)
{
    return ds_in_null(in, col) ? 0 : &in->batch->cols[col].v.iv[in->row];
}

/* ---- rows that are made ---- */

typedef struct ds_out ds_out;

/* A row more, every column of it NULL; what follows sets it. */
void ds_out_row(ds_out *out);
void ds_out_null(ds_out *out, uint32_t col);
/* Types as of the getters above. Text must be UTF-8 without NUL, else the row
 * is refused; a null slice is NULL. */
void ds_out_bool(ds_out *out, uint32_t col, bool v);
void ds_out_i64(ds_out *out, uint32_t col, int64_t v);
void ds_out_f64(ds_out *out, uint32_t col, double v);
void ds_out_text(ds_out *out, uint32_t col, ds_slice v);
void ds_out_numeric(ds_out *out, uint32_t col, const ds_numeric *v);
void ds_out_interval(ds_out *out, uint32_t col, const ds_interval *v);
/* The same value, of a column of the same type. */
void ds_out_copy(ds_out *out, uint32_t col, const ds_in *from,
                 uint32_t from_col);
/* The batch's time. */
ds_time ds_out_now(const ds_out *out);
/* Memory until the function returns. */
ds_arena *ds_out_arena(ds_out *out);

/* ---- functions ---- */

/* Any number of rows for one (Spark's flatMap; map makes exactly one). */
typedef ds_rc ds_flat_map_fn(void *arg, const ds_in *row, ds_out *out,
                             ds_err *err);
/* Likewise for a batch of columns at once: DS_EACH (batch, i). Which rows come
 * together means nothing. If it refuses (DS_E_RECORD), it is called with each
 * row alone to find out which ones, then with the others. */
typedef ds_rc ds_columns_fn(void *arg, const ds_batch *batch, ds_out *out,
                            ds_err *err);
typedef ds_rc ds_filter_fn(void *arg, const ds_in *row, bool *keep,
                           ds_err *err);
/* One row of two, of the columns besides the key's, in their order; associative
 * and commutative. A single row is its own result. */
typedef ds_rc ds_reduce_fn(void *arg, const ds_in *a, const ds_in *b,
                           ds_out *out, ds_err *err);

/* What updateStateByKey is given for one key. */
typedef struct ds_update {
    ds_in key;          /* the key's columns */
    const ds_in *state; /* the state's columns; NULL: the key is new */
    uint32_t n;         /* of the batch's rows with this key, in order; 0: there
                           are none (Spark calls it then too) */
    const ds_in *rows;  /* all columns of the stream */
} ds_update;

/* The new state, as one row; no row removes the key. */
typedef ds_rc ds_update_fn(void *arg, const ds_update *u, ds_out *state,
                           ds_err *err);

/* One of the functions is set. All of it is copied, `arg` as it is. */
typedef struct ds_function {
    const char *name; /* of the operator: unique among them */
    const char *help; /* one sentence; may be NULL */
    /* DS_OPTS("word", "text", "n", "bigint"): the result's, of an update the
     * state's; NULL with filter and reduce. */
    const char *const *columns;
    const char *version; /* of an update; NULL: "1" */
    void *arg;
    ds_flat_map_fn *flat_map;
    ds_columns_fn *map_columns;
    ds_filter_fn *filter;
    ds_reduce_fn *reduce; /* by key, within the batch */
    ds_update_fn *update; /* state by key */
    bool every_key; /* update: called for every key of the state in every batch,
                       which are all emitted, as Spark does; else for keys with
                       rows */
} ds_function;

/* An operator of that name: in a job file it is a step without arguments. What
 * is wrong with its columns is a mistake of the jobs that name it. */
void ds_registry_add_function(ds_registry *reg, const ds_function *fn);

DS_PUBLIC_END

#endif
