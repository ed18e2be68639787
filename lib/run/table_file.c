/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_file.c - tables that are files: read whole, and read again when they
 * have changed.
 *
 * A file that is being written must not become a table. It is taken only if it
 * has not been touched for a moment, looks the same after it was read, and is
 * whole: every row decodes, and the last line of csv has its end, since a row
 * that is cut in its last field looks like a row. An empty file takes no rows
 * away. A writer that renames a finished file into place is never caught
 * half-way.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/tables.h"

#define CHUNK_ROWS 4096
#define SETTLED DS_SECOND /* untouched for so long */
#define LOOK_AGAIN                                                             \
    (5 * DS_SECOND) /* after a failure, if `refresh` is longer                 \
                     */
#define START_TRIES 20

/* ---- the bytes ---- */

static struct table_stamp stamp_of(const struct stat *st)
{
    return (struct table_stamp){
        .size = st->st_size,
        .mtime_ns =
            st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec,
        .ctime_ns =
            st->st_ctim.tv_sec * INT64_C(1000000000) + st->st_ctim.tv_nsec,
        .inode = st->st_ino,
        .device = st->st_dev};
}

static bool stamp_is(const struct table_stamp *x, const struct table_stamp *y)
{
    return x->size == y->size && x->mtime_ns == y->mtime_ns &&
           x->ctime_ns == y->ctime_ns && x->inode == y->inode &&
           x->device == y->device;
}

static ds_rc file_look(const char *path, struct table_stamp *out, ds_err *err)
{
    struct stat st;

    if (stat(path, &st))
        return ds_fail(err, DS_E_FAILED, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return ds_fail(err, DS_E_FAILED, "%s: no plain file", path);
    *out = stamp_of(&st);
    return DS_OK;
}

static ds_rc bytes_read(int fd, const char *path, size_t size, uint8_t *to,
                        size_t *n, ds_err *err)
{
    *n = 0;
    while (*n < size) {
        ssize_t got = read(fd, to + *n, size - *n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ds_fail(err, DS_E_FAILED, "%s: %s", path, strerror(errno));
        if (got == 0)
            break;
        *n += (size_t)got;
    }
    return DS_OK;
}

/* All of it. DS_CHANGED: it was written meanwhile. */
static ds_rc file_bytes(const struct tables *ts, const char *path, ds_arena *a,
                        struct table_stamp *stamp, ds_slice *out, ds_err *err)
{
    struct table_stamp after = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    size_t n = 0;
    uint8_t *to;
    ds_rc rc;

    if (fd < 0)
        return ds_fail(err, DS_E_FAILED, "%s: %s", path, strerror(errno));
    rc = fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
             ? DS_OK
             : ds_fail(err, DS_E_FAILED, "%s: no plain file", path);
    *stamp = stamp_of(&st);
    if (rc == DS_OK && stamp->size > ts->limit)
        rc = ds_fail(err, DS_E_FAILED,
                     "%s: %" PRId64 " bytes are more than the %" PRId64
                     " that tables may take: a fourth of `memory:`",
                     path, stamp->size, ts->limit);
    to = rc == DS_OK ? ds_arena_alloc(a, (size_t)stamp->size + 1, 1) : NULL;
    if (rc == DS_OK) /* one byte more: it may have grown */
        rc = bytes_read(fd, path, (size_t)stamp->size + 1, to, &n, err);
    close(fd);
    DS_TRY(rc);
    DS_TRY(file_look(path, &after, err));
    if ((int64_t)n != stamp->size || !stamp_is(stamp, &after))
        return DS_CHANGED;
    *out = (ds_slice){to, (uint32_t)n};
    return DS_OK;
}

/* ---- lines ---- */

struct lines {
    const char *path;
    const uint8_t *p, *end;
    uint32_t line; /* of p, from 1 */
    bool csv;
    ds_slice header; /* with its line end; null: none */
};

/* The next row and the line where it begins. DS_END: there are no more. A line
 * end inside quotes is no end of a row of csv. */
static ds_rc line_next(struct lines *l, ds_slice *row, uint32_t *line,
                       ds_err *err)
{
    bool quoted = false, ended = false;
    const uint8_t *q = l->p;

    *line = l->line;
    if (l->p == l->end)
        return DS_END;
    for (; q < l->end && !ended; q++) {
        quoted ^= l->csv && *q == '"';
        l->line += *q == '\n';
        ended = *q == '\n' && !quoted;
    }
    if (!ended && quoted)
        return ds_fail(err, DS_E_FAILED,
                       "%s:%u: a quoted field does not end: the file is "
                       "half-written, or a quote is missing",
                       l->path, *line);
    if (!ended && l->csv)
        return ds_fail(err, DS_E_FAILED,
                       "%s:%u: the last line has no line end: the file is "
                       "half-written",
                       l->path, *line);
    *row = (ds_slice){l->p, (uint32_t)(q - l->p)};
    l->p = q;
    while (row->len &&
           (row->ptr[row->len - 1] == '\n' || row->ptr[row->len - 1] == '\r'))
        row->len--;
    return DS_OK;
}

static void lines_init(struct lines *l, const char *path, ds_slice text,
                       bool csv)
{
    *l = (struct lines){.path = path,
                        .p = text.ptr,
                        .end = text.ptr + text.len,
                        .line = 1,
                        .csv = csv};
    if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0)
        l->p += 3; /* a byte order mark */
}

/* ---- the header of csv ---- */

static bool header_has(ds_slice header, const char *name)
{
    size_t n = strlen(name);

    for (uint32_t at = 0, from = 0; at <= header.len; at++) {
        ds_slice f;

        if (at < header.len && header.ptr[at] != ',')
            continue;
        f = (ds_slice){header.ptr + from, at - from};
        from = at + 1;
        if (f.len >= 2 && f.ptr[0] == '"' && f.ptr[f.len - 1] == '"')
            f = (ds_slice){f.ptr + 1, f.len - 2};
        if (f.len == n && memcmp(f.ptr, name, n) == 0)
            return true;
    }
    return false;
}

/* A column that no field has would be NULL in every row. */
static ds_rc header_take(struct lines *l, const ds_schema *columns, ds_arena *a,
                         ds_err *err)
{
    ds_slice row = DS_NULL_SLICE;
    uint32_t line;
    uint8_t *to;
    ds_rc rc = line_next(l, &row, &line, err);

    DS_TRY(rc);
    if (rc == DS_END)
        return ds_fail(err, DS_E_FAILED,
                       "%s:1: the file is empty, and `header` is true",
                       l->path);
    for (uint32_t i = 0; i < columns->n; i++)
        if (!header_has(row, columns->fields[i].name))
            return ds_fail(err, DS_E_FAILED,
                           "%s:%u: the header has no field \"%s\"", l->path,
                           line, columns->fields[i].name);
    to = ds_arena_alloc(a, row.len + 1, 1);
    memcpy(to, row.ptr, row.len);
    to[row.len] = '\n';
    l->header = (ds_slice){to, row.len + 1};
    return DS_OK;
}

static ds_slice with_header(const struct lines *l, ds_slice row, ds_arena *a)
{
    uint8_t *to;

    if (!l->header.ptr)
        return row;
    to = ds_arena_alloc(a, l->header.len + row.len, 1);
    memcpy(to, l->header.ptr, l->header.len);
    memcpy(to + l->header.len, row.ptr, row.len);
    return (ds_slice){to, l->header.len + row.len};
}

/* ---- rows ---- */

static ds_rc rows_refused(const struct lines *l, const ds_row_errors *errs,
                          const uint32_t *line, ds_err *err)
{
    const ds_row_error *first = NULL;

    for (uint32_t i = 0; i < errs->n; i++)
        if (!first || errs->list[i].row < first->row)
            first = &errs->list[i];
    if (!first)
        return DS_OK;
    return ds_fail(err, DS_E_FAILED, "%s:%u: error[%s]: %s", l->path,
                   line[first->row], first->code, first->msg);
}

/* The next rows; DS_END: there are no more. */
static ds_rc chunk_add(struct lines *l, struct table_rows *r,
                       struct table_codec *c, ds_err *err)
{
    ds_arena *a = ds_arena_new(1 << 16);
    ds_slice *vals = ds_new(a, ds_slice, CHUNK_ROWS);
    uint32_t *line = ds_new(a, uint32_t, CHUNK_ROWS), n = 0;
    ds_row_errors errs = {0};
    ds_rc rc = DS_OK, ended = DS_OK;

    while (n < CHUNK_ROWS && ended == DS_OK) {
        ended = line_next(l, &vals[n], &line[n], err);
        if (ended == DS_OK && vals[n].len) { /* not an empty line */
            vals[n] = with_header(l, vals[n], a);
            n++;
        }
    }
    /* A row before the place where the file ends too early comes first. */
    if (n)
        rc = table_rows_add(r, c, NULL, vals, n, &errs, ended < 0 ? NULL : err);
    if (rc == DS_OK && errs.n)
        rc = rows_refused(l, &errs, line, err);
    ds_arena_free(a);
    return rc < 0 ? rc : ended;
}

static ds_rc rows_read(struct run_table *t, ds_slice text, struct table_rows *r,
                       ds_err *err)
{
    const ds_source_args *args = t->plan->args;
    struct lines l;
    ds_rc rc = DS_OK;

    lines_init(&l, t->plan->path, text, !strcmp(args->codec->name, "csv"));
    if (args->header)
        DS_TRY(header_take(&l, args->body, r->arena, err));
    while (rc == DS_OK)
        rc = chunk_add(&l, r, &t->codec, err);
    return rc == DS_END ? DS_OK : rc;
}

/* What is no mistake, but may be one. */
static void rows_tell(const struct tables *ts, const struct run_table *t,
                      const struct table_rows *r, const ds_table *made)
{
    uint64_t twice = r->n - ds_table_n(made);

    if (r->no_key)
        ds_log(DS_LOG_WARN, "rows of a table's file have no key: left out",
               DS_KV("job", "%s", ts->ctx->plan->job),
               DS_KV("table", "%s", t->plan->name),
               DS_KV("file", "%s", t->plan->path),
               DS_KV("rows", "%u", r->no_key));
    if (twice)
        ds_log(DS_LOG_WARN,
               "keys stand twice in a table's file: the last row counts",
               DS_KV("job", "%s", ts->ctx->plan->job),
               DS_KV("table", "%s", t->plan->name),
               DS_KV("file", "%s", t->plan->path),
               DS_KV("rows", "%" PRIu64, twice));
}

/* Most writers cut a file before they have anything to write. */
static ds_rc only_cut(const struct run_table *t, ds_slice text, ds_err *err)
{
    if (text.len || ds_table_n(tables_newest(t)) == 0)
        return DS_OK;
    return ds_fail(err, DS_E_FAILED,
                   "%s: the file is empty: it is about to be written (a table "
                   "without rows is an empty line)",
                   t->plan->path);
}

/* DS_CHANGED: it is being written. */
static ds_rc file_read(struct tables *ts, struct run_table *t,
                       struct table_stamp *stamp, ds_arena *a, ds_err *err)
{
    const ds_plan_table *plan = t->plan;
    struct table_rows r;
    ds_slice text = DS_NULL_SLICE;
    ds_table *empty, *made;
    ds_rc rc = file_bytes(ts, plan->path, a, stamp, &text, err);

    if (rc != DS_OK)
        return rc;
    DS_TRY(only_cut(t, text, err));
    table_rows_init(&r, a);
    DS_TRY(rows_read(t, text, &r, err));
    empty = ds_table_new(plan->schema, plan->key, plan->values);
    made = ds_table_with(empty, r.keys, r.rows, r.n);
    ds_table_drop(empty);
    rows_tell(ts, t, &r, made);
    DS_TRY(tables_publish(ts, t, made, err));
    tables_count(ts, t, "null_key", r.no_key);
    return DS_OK;
}

static ds_rc file_take(struct tables *ts, struct run_table *t, ds_err *err)
{
    ds_arena *a = ds_arena_new(1 << 16);
    struct table_stamp stamp = {0};
    ds_rc rc = file_read(ts, t, &stamp, a, err);

    ds_arena_free(a);
    if (rc == DS_OK)
        t->file.read = stamp;
    else if (rc < 0)
        t->file.failed = stamp;
    return rc;
}

ds_rc table_file_read(struct tables *ts, struct run_table *t, ds_err *err)
{
    ds_rc rc = DS_CHANGED;

    for (int i = 0; rc == DS_CHANGED && i < START_TRIES; i++) {
        if (i)
            ds_clock_wall.sleep(&ds_clock_wall, 100 * DS_MS);
        rc = file_take(ts, t, err);
    }
    t->file.due = ds_mono_now() + t->plan->refresh;
    if (rc == DS_CHANGED)
        rc = ds_fail(err, DS_E_FAILED, "%s: it is being written all the time",
                     t->plan->path);
    if (rc < 0)
        ds_wrap(err, "table %s", t->plan->name);
    return rc;
}

/* ---- again ---- */

/* True: what is there is new, and nobody has touched it for a moment. */
static bool file_waits(struct tables *ts, struct run_table *t)
{
    struct table_stamp now = {0};
    ds_err err = {DS_OK, ""};
    ds_time age;
    bool known;

    if (file_look(t->plan->path, &now, &err) < 0) {
        /* Once, also if it was there and wrong before. */
        if (!t->file.bad || t->file.failed.inode)
            tables_failed(ts, t, &err);
        t->file.bad = true;
        t->file.failed = (struct table_stamp){0};
        return false;
    }
    known = stamp_is(&now, t->file.bad ? &t->file.failed : &t->file.read);
    if (known && !t->file.bad)
        t->current = ds_mono_now();
    if (known)
        return false;
    if (t->file.bad && stamp_is(&now, &t->file.read)) { /* it is back */
        t->file.bad = false;
        t->current = ds_mono_now();
        return false;
    }
    /* One of the future, by another machine's clock, does not come of age. */
    age = ds_clock_now(&ds_clock_wall) - now.mtime_ns / 1000;
    if (age > -SETTLED && age < SETTLED) {
        t->file.due = ds_mono_now() + SETTLED / 4;
        return false;
    }
    return true;
}

static void file_read_again(struct tables *ts, struct run_table *t)
{
    ds_err err = {DS_OK, ""};
    ds_rc rc = file_take(ts, t, &err);

    if (rc == DS_CHANGED) {
        t->file.due = ds_mono_now() + SETTLED / 4;
        return;
    }
    t->file.bad = rc < 0;
    if (rc < 0)
        tables_failed(ts, t, &err);
    else
        ds_log(DS_LOG_INFO, "table read again",
               DS_KV("job", "%s", ts->ctx->plan->job),
               DS_KV("table", "%s", t->plan->name),
               DS_KV("rows", "%" PRIu64, ds_table_n(tables_newest(t))));
}

void table_file_refresh(struct tables *ts, struct run_table *t)
{
    ds_time now = ds_mono_now(), refresh = t->plan->refresh;

    if (!refresh || now < t->file.due)
        return;
    t->file.due = now + refresh;
    if (file_waits(ts, t))
        file_read_again(ts, t);
    if (t->file.bad && refresh > LOOK_AGAIN)
        t->file.due = now + LOOK_AGAIN;
}
