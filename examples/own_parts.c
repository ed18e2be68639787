/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_parts.c - parts of one's own in a job: an operator and a sink.
 *
 *     own_parts HOST PORT DIR SECONDS
 *
 * Lines "user page" of a server; the operator `mask` hides digits; the views of
 * each page in the last two seconds go, every half second, to files
 * DIR/<batch time>-<partition>.csv. A file is
 * complete or not there, and written again after a crash it is the same one: by
 * its name the sink's "at least once" becomes exactly once.
 */
#define _POSIX_C_SOURCE 200809L

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dstream/dstream.h>

/* ---- an operator: mask ---- */

struct mask_args {
    ds_text column;
};

/* Once per job: which column it is. The rest of the row passes as it is. */
static void mask_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const struct mask_args *args = node->args;
    const ds_schema *in = ds_node_input(node, 0);
    int *col = ds_new(a, int, 1);

    *col = ds_schema_find(in, args->column.s);
    if (*col < 0 || in->fields[*col].type != DS_STR)
        ds_diag_add(d, DS_ERROR, "E0101",
                    ds_text_where(&args->column, 0, args->column.len), NULL,
                    "mask: `%s` is no column of text", args->column.s);
    ds_node_read_all(node, 0);
    node->planned = col;
}

static ds_slice masked(ds_arena *a, ds_slice text)
{
    uint8_t *copy = ds_arena_alloc(a, text.len + 1, 1);

    for (uint32_t i = 0; i < text.len; i++)
        copy[i] = isdigit(text.ptr[i]) ? '#' : text.ptr[i];
    return (ds_slice){copy, text.len};
}

/* For each batch: new values of one column; the others are shared. */
static ds_rc mask_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    int col = *(const int *)op->node->planned;
    ds_batch *out = ds_new(in->arena, ds_batch, 1);
    ds_col *cols = ds_new(in->arena, ds_col, in->schema->n);
    ds_slice *values = ds_new(in->arena, ds_slice, in->n);

    (void)port;
    memcpy(cols, in->cols, in->schema->n * sizeof(*cols));
    DS_EACH (in, i)
        if (!ds_col_is_null(&in->cols[col], i))
            values[i] = masked(in->arena, in->cols[col].v.str[i]);
    cols[col].v.str = values;
    *out = *in;
    out->cols = cols;
    op->rows_kept += in->n_sel; /* every row that comes in is accounted for */
    return ds_emit(op, out, err);
}

static const ds_param mask_params[] = {
    {.name = "column",
     .type = DS_P_STR,
     .offset = offsetof(struct mask_args, column),
     .help = "The column whose digits are hidden.",
     .required = true,
     .main = true},
    {0},
};

static const ds_op_type mask = {
    .name = "mask",
    .help = "Digits of a column as #.",
    .params = mask_params,
    .args_size = sizeof(struct mask_args),
    .size = sizeof(ds_op),
    .flags = DS_OP_KEEPS_COLUMNS,
    .plan = mask_plan,
    .push = mask_push,
};

/* ---- a sink: files ---- */

struct files_args {
    ds_text dir;
};

struct files {
    char *lines; /* of the batch that is being written */
    size_t len;
    FILE *to;
};

static ds_rc files_open(const ds_sink_use *use, void **out, ds_err *err)
{
    struct files *f = calloc(1, sizeof(*f));

    (void)use;
    *out = f;
    return f ? DS_OK : ds_fail(err, DS_E_LIMIT, "no memory");
}

static void files_drop(struct files *f)
{
    if (f->to)
        fclose(f->to);
    free(f->lines);
    *f = (struct files){0};
}

static void files_close(void *sink)
{
    files_drop(sink);
    free(sink);
}

/* Columns word text, n bigint, as the job below has them. */
static ds_rc files_write(void *sink, const ds_sink_use *use,
                         const ds_batch *rows, ds_err *err)
{
    struct files *f = sink;

    (void)use;
    if (!f->to)
        f->to = open_memstream(&f->lines, &f->len);
    if (!f->to)
        return ds_fail(err, DS_E_LIMIT, "no memory");
    DS_EACH (rows, i) {
        ds_in row = {rows, i};
        ds_slice page = ds_in_text(&row, 0);

        fprintf(f->to, "%.*s,%" PRId64 "\n", (int)page.len,
                (const char *)page.ptr, ds_in_i64(&row, 1));
    }
    return DS_OK;
}

static ds_rc file_put(const struct files *f, const char *path, ds_err *err)
{
    char draft[512];
    FILE *to;

    snprintf(draft, sizeof(draft), "%s.draft", path);
    to = fopen(draft, "w");
    if (!to)
        return ds_fail(err, DS_E_FAILED, "%s: %s", draft, strerror(errno));
    fwrite(f->lines, 1, f->len, to);
    if (fclose(to) || rename(draft, path))
        return ds_fail(err, DS_E_FAILED, "%s: %s", path, strerror(errno));
    return DS_OK;
}

static ds_rc files_commit(void *sink, const ds_sink_use *use,
                          const ds_sink_batch *batch, ds_err *err)
{
    const struct files_args *args = use->args;
    struct files *f = sink;
    char path[480];
    ds_rc rc;

    if (!f->to)
        return DS_OK;
    fflush(f->to);
    snprintf(path, sizeof(path), "%s/%" PRId64 "-%d.csv", args->dir.s,
             batch->time / DS_MS, (int)batch->partition);
    rc = file_put(f, path, err);
    files_drop(f);
    return rc;
}

static const ds_param files_params[] = {
    {.name = "dir",
     .type = DS_P_STR,
     .offset = offsetof(struct files_args, dir),
     .help = "The folder.",
     .required = true,
     .main = true},
    {0},
};

static const ds_sink_type files = {
    .name = "files",
    .help = "A file for each batch and partition.",
    .params = files_params,
    .args_size = sizeof(struct files_args),
    .open = files_open,
    .close = files_close,
    .write = files_write,
    .commit = files_commit,
};

/* ---- the job ---- */

int main(int argc, char **argv)
{
    ds_streaming_context *ssc;
    ds_dstream *s;
    ds_err err = {DS_OK, ""};
    int code = EXIT_SUCCESS;

    if (argc != 5) {
        fputs("usage: own_parts HOST PORT DIR SECONDS\n", stderr);
        return EXIT_FAILURE;
    }
    ssc = ds_streaming_context_new(
        &(ds_streaming_options){.job = "own-parts", .batch = "500ms"});
    ds_registry_add_op(ds_streaming_context_registry(ssc), &mask);
    ds_registry_add_sink(ds_streaming_context_registry(ssc), &files);

    s = ds_socket_text_stream(ssc, "views", argv[1], atoi(argv[2]));
    s = ds_dstream_map(s, "split_part(value, ' ', 2) AS page");
    s = ds_dstream_step(s, "mask", "page");
    s = ds_dstream_key_by(s, "page");
    s = ds_dstream_reduce_by_key_and_window(
        s,
        DS_OPTS("reduce", "count(*) AS n", "length", "2s", "slide", "500ms"));
    ds_dstream_to(s, "files", "files", DS_OPTS("dir", argv[3]));

    if (ds_streaming_context_start(ssc, &err) < 0 ||
        ds_streaming_context_await_or_timeout(ssc, 1000 * atoll(argv[4]), NULL,
                                              &err) < 0 ||
        ds_streaming_context_stop(ssc, true, &err) < 0 ||
        ds_streaming_context_await(ssc, &err) < 0) {
        fprintf(stderr, "own_parts: %s\n", err.msg);
        code = EXIT_FAILURE;
    }
    ds_streaming_context_free(ssc);
    return code;
}
