/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - parts of batches: ready under a hidden name, then shown. */
#include "file/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dstream/log.h"
#include "dstream/registry.h"
#include "record/show.h"

enum { NAME_MAX_BYTES = 160, PARTS_MAX = 100000 };

/* A part that is ready and waits for its transaction. */
struct part {
    struct part *next;
    ds_time time;
    char *hidden; /* its path */
};

struct files {
    char *dir;  /* of the prefix */
    char *base; /* its last piece */
    uint32_t mark;
    struct part *ready;
    ds_arena *arena; /* of the batch that is written */
    ds_buf text;
    bool writing;
};

/* Of the hidden files of this process. */
static atomic_uint serial;

static ds_rc file_failed(ds_err *err, const char *what, const char *path)
{
    /* A full or lost disk may come back: the batch is tried again. */
    return ds_fail(err, DS_E_IO, "%s %s: %s", what, path, strerror(errno));
}

/* ---- names ---- */

static char *text_of(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
static char *text_of(const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&s, fmt, ap);
    va_end(ap);
    DS_BUG_ON(n < 0);
    return s;
}

static char *folder_path(const struct files *f, const ds_sink_use *use,
                         ds_time time)
{
    const struct file_sink_args *args = use->args;

    return text_of("%s/%s-%" PRId64 "%s%s", f->dir, f->base, time / DS_MS,
                   args->suffix.s ? "." : "",
                   args->suffix.s ? args->suffix.s : "");
}

/* Sinks may have a prefix in common: whose hidden file it is. Nobody else shows
 * it, or takes it away. */
static uint32_t mark_of(const ds_sink_use *use)
{
    const struct file_sink_args *args = use->args;
    char *s = text_of("%s %s", use->job, args->suffix.s ? args->suffix.s : "");
    uint32_t mark = (uint32_t)ds_hash(s, strlen(s));

    free(s);
    return mark;
}

static char *hidden_path(const struct files *f, const ds_sink_use *use,
                         const ds_sink_batch *batch)
{
    return text_of("%s/.%s.%" PRId64 ".%d.%016" PRIx64 ".%08" PRIx32
                   ".%lx-%u.tmp",
                   f->dir, f->base, batch->time, use->partition, batch->token,
                   f->mark, (long)getpid(), atomic_fetch_add(&serial, 1));
}

/* What a hidden name says; false: it is none of this sink and partition. */
static bool hidden_read(const struct files *f, const ds_sink_use *use,
                        const char *name, ds_time *time, uint64_t *token)
{
    size_t n = strlen(f->base);
    int32_t partition;
    uint32_t mark;
    int used = 0;

    if (name[0] != '.' || strncmp(name + 1, f->base, n) != 0)
        return false;
    if (sscanf(name + 1 + n,
               ".%" SCNd64 ".%" SCNd32 ".%16" SCNx64 ".%8" SCNx32 ".%n", time,
               &partition, token, &mark, &used) != 4 ||
        used == 0)
        return false;
    n = strlen(name);
    return partition == use->partition && mark == f->mark && n > 4 &&
           strcmp(name + n - 4, ".tmp") == 0;
}

/* ---- shown ---- */

static void dir_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* The first name that is free. link() never takes the place of a file, as
 * rename() would. */
static int part_link(const char *hidden, const char *folder, int32_t partition)
{
    for (int i = 1; i < PARTS_MAX; i++) {
        char *to = i == 1 ? text_of("%s/part-%05d", folder, partition)
                          : text_of("%s/part-%05d-%d", folder, partition, i);
        int rc = link(hidden, to);

        free(to);
        if (rc == 0 || errno != EEXIST)
            return rc;
    }
    return -1;
}

static ds_rc part_show(struct files *f, const ds_sink_use *use,
                       const struct part *p, ds_err *err)
{
    char *folder = folder_path(f, use, p->time);
    ds_rc rc = DS_OK;

    if (mkdir(folder, 0777) < 0 && errno != EEXIST)
        rc = file_failed(err, "cannot make folder", folder);
    else if (part_link(p->hidden, folder, use->partition) < 0 &&
             errno != ENOENT) /* whoever took over has shown it */
        rc = file_failed(err, "cannot name a part in", folder);
    if (rc == DS_OK) {
        dir_sync(folder);
        (void)unlink(p->hidden);
        dir_sync(f->dir);
    }
    free(folder);
    return rc;
}

static void parts_forget(struct files *f, bool remove)
{
    while (f->ready) {
        struct part *p = f->ready;

        f->ready = p->next;
        if (remove)
            (void)unlink(p->hidden);
        free(p->hidden);
        free(p);
    }
}

static ds_rc file_done(void *sink, const ds_sink_use *use, ds_err *err)
{
    struct files *f = sink;

    for (const struct part *p = f->ready; p; p = p->next)
        if (part_show(f, use, p, err) < 0)
            return ds_fail(err, DS_E_FAILED,
                           "a batch has committed and its file cannot be "
                           "shown: the next start does it");
    parts_forget(f, false);
    return DS_OK;
}

/* ---- open ---- */

/* What a crash has left: finished, or never committed. */
static ds_rc hidden_settle(struct files *f, const ds_sink_use *use, DIR *d,
                           ds_err *err)
{
    const struct dirent *e;

    while ((e = readdir(d)) != NULL) {
        struct part p = {0};
        uint64_t token;
        ds_rc rc = DS_OK;

        if (!hidden_read(f, use, e->d_name, &p.time, &token))
            continue;
        p.hidden = text_of("%s/%s", f->dir, e->d_name);
        if (token == use->committed)
            rc = part_show(f, use, &p, err);
        else
            (void)unlink(p.hidden);
        free(p.hidden);
        DS_TRY(rc);
    }
    return DS_OK;
}

static void file_close(void *sink)
{
    struct files *f = sink;

    if (f == NULL)
        return;
    /* Whether they have committed is not known here: the next open() is told.
     */
    parts_forget(f, false);
    if (f->arena)
        ds_arena_free(f->arena);
    free(f->dir);
    free(f->base);
    free(f);
}

/* The prefix, relative to the job's file. */
static char *prefix_of(const ds_sink_use *use)
{
    const char *path = ((const struct file_sink_args *)use->args)->path.s;
    const char *slash = use->job_file ? strrchr(use->job_file, '/') : NULL;

    if (path[0] == '/' || slash == NULL)
        return text_of("%s%s", strchr(path, '/') ? "" : "./", path);
    return text_of("%.*s/%s", (int)(slash - use->job_file), use->job_file,
                   path);
}

static ds_rc file_open(const ds_sink_use *use, void **out, ds_err *err)
{
    struct files *f = calloc(1, sizeof(*f));
    char *prefix = prefix_of(use);
    char *slash = strrchr(prefix, '/');
    DIR *d;
    ds_rc rc;

    DS_BUG_ON(f == NULL);
    f->dir = slash == prefix ? strdup("/")
                             : strndup(prefix, (size_t)(slash - prefix));
    f->base = strdup(slash + 1);
    f->mark = mark_of(use);
    free(prefix);
    f->arena = ds_arena_new(1 << 16);
    d = opendir(f->dir);
    rc = d ? hidden_settle(f, use, d, err)
           : ds_fail(err, DS_E_FAILED, "folder %s of sink %s: %s", f->dir,
                     use->name, strerror(errno));
    if (d)
        closedir(d);
    if (rc < 0) {
        file_close(f);
        return rc;
    }
    *out = f;
    return DS_OK;
}

/* ---- rows ---- */

static ds_rc file_write(void *sink, const ds_sink_use *use, const ds_batch *in,
                        ds_err *err)
{
    struct files *f = sink;
    const struct file_sink_args *args = use->args;

    (void)err;
    if (!f->writing) {
        ds_arena_reset(f->arena);
        ds_buf_init(&f->text, f->arena, 1 << 14);
        f->writing = true;
    }
    DS_EACH (in, i) {
        if (args->format == FILE_TEXT)
            ds_show_tuple(&f->text, in->schema, in->cols, i);
        else
            ds_show_json_row(&f->text, in->schema, in->cols, i);
        ds_buf_str(&f->text, "\n");
    }
    return DS_OK;
}

static int bytes_write(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        p += done;
        n -= (size_t)done;
    }
    return fsync(fd);
}

static ds_rc hidden_write(const struct files *f, const char *path, ds_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int rc;

    if (fd < 0)
        return file_failed(err, "cannot write", path);
    rc = bytes_write(fd, f->text.s, f->text.len);
    if (close(fd) < 0 || rc < 0) {
        ds_rc failed = file_failed(err, "cannot write", path);

        (void)unlink(path);
        return failed;
    }
    dir_sync(f->dir);
    return DS_OK;
}

/* Parts of a transaction that did not commit are of another token, or of the
 * same records once more: away with them. */
static void stale_forget(struct files *f, uint64_t token)
{
    char mark[32];

    snprintf(mark, sizeof(mark), ".%016" PRIx64 ".", token);
    if (f->ready && strstr(f->ready->hidden, mark) == NULL)
        parts_forget(f, true);
}

static ds_rc file_commit(void *sink, const ds_sink_use *use,
                         const ds_sink_batch *batch, ds_err *err)
{
    struct files *f = sink;
    struct part *p;
    char *path;
    ds_rc rc;

    stale_forget(f, batch->token);
    for (struct part **at = &f->ready; *at;) { /* this batch, once more */
        p = *at;
        if (p->time != batch->time) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        (void)unlink(p->hidden);
        free(p->hidden);
        free(p);
    }
    f->writing = false;
    path = hidden_path(f, use, batch);
    rc = hidden_write(f, path, err);
    if (rc < 0) {
        free(path);
        return rc;
    }
    p = calloc(1, sizeof(*p));
    DS_BUG_ON(p == NULL);
    *p = (struct part){f->ready, batch->time, path};
    f->ready = p;
    return DS_OK;
}

/* ---- lint ---- */

static void file_check(const void *args, const ds_schema *columns,
                       ds_where where, ds_diags *d)
{
    const struct file_sink_args *a = args;
    const char *slash = a->path.s ? strrchr(a->path.s, '/') : NULL;
    const char *base = slash ? slash + 1 : a->path.s;

    (void)columns;
    (void)where;
    if (a->path.s && (base[0] == 0 || strlen(base) > NAME_MAX_BYTES))
        ds_diag_add(d, DS_ERROR, "E0105", ds_text_where(&a->path, 0, 1),
                    "as in /srv/out/counts: the folders are then "
                    "/srv/out/counts-TIME",
                    "the path ends with the first part of a name, of 1 to %d "
                    "bytes",
                    NAME_MAX_BYTES);
    if (a->suffix.s &&
        (a->suffix.s[0] == 0 || strchr(a->suffix.s, '/') || a->suffix.len > 50))
        ds_diag_add(d, DS_ERROR, "E0105", ds_text_where(&a->suffix, 0, 1),
                    "as in txt: the folders are then PATH-TIME.txt",
                    "a suffix is the end of a name, of 1 to 50 bytes");
}

static const ds_param file_params[] = {
    {.name = "path",
     .type = DS_P_STR,
     .offset = offsetof(struct file_sink_args, path),
     .required = true,
     .main = true,
     .help = "The folders of batches begin with it: PATH-TIME[.SUFFIX]."},
    {.name = "suffix",
     .type = DS_P_STR,
     .offset = offsetof(struct file_sink_args, suffix),
     .help = "They end with it."},
    {.name = "format",
     .type = DS_P_ENUM,
     .offset = offsetof(struct file_sink_args, format),
     .def = "text",
     .choices = "text|json",
     .help = "A line per row: (be,2) as Spark writes it, or a JSON object."},
    {.name = "roll", .type = DS_P_ARG, .later = true},
    {0},
};

const ds_sink_type file_sink = {
    .name = "file",
    .help = "A folder per batch with the rows as lines: Spark's "
            "saveAsTextFiles.",
    .params = file_params,
    .args_size = sizeof(struct file_sink_args),
    .check = file_check,
    .open = file_open,
    .close = file_close,
    .write = file_write,
    .commit = file_commit,
    .done = file_done,
};

void ds_register_files(ds_registry *reg)
{
    ds_registry_add_sink(reg, &file_sink);
}
